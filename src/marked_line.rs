//! Shows a line of text so that marks on the next line stand under a place in it.
//!
//! Columns are those of a terminal: a wide character takes two, a combining one none, and a tab
//! is shown as one space.

use std::ops::Range;

use unicode_width::UnicodeWidthChar;

use crate::control_characters::printable;

/// As much of a line as fits on a screen, and the columns of a place in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct MarkedLine {
    /// The part of the line that is shown.
    pub(crate) text: String,
    /// The columns before the place.
    pub(crate) before: usize,
    /// The columns of the place, at least one.
    pub(crate) width: usize,
}

impl MarkedLine {
    /// The columns of a line that is shown whole. A longer one would be wrapped, and the marks
    /// would stand under another part of it.
    const LONGEST: usize = 100;
    /// The columns before the place that a shortened line keeps.
    const BEFORE: usize = 20;

    /// Marks the characters `place` of `line`.
    pub(crate) fn new(line: &str, place: Range<usize>) -> Self {
        let cells: Vec<(char, usize)> = line
            .chars()
            .map(shown)
            .map(|character| (character, character.width().unwrap_or_default()))
            .collect();
        let columns = |part: &[(char, usize)]| part.iter().map(|(_, width)| width).sum::<usize>();
        let start = place.start.min(cells.len());
        let mut from = 0;
        if columns(&cells) > Self::LONGEST {
            from = start;
            while from > 0 && columns(&cells[from - 1..start]) <= Self::BEFORE {
                from -= 1;
            }
        }
        let mut to = from;
        let mut used = 0;
        while let Some((_, width)) =
            cells.get(to).filter(|(_, width)| used + width <= Self::LONGEST)
        {
            used += width;
            to += 1;
        }
        let mut text: String = cells[from..to].iter().map(|(character, _)| character).collect();
        let mut before = columns(&cells[from..start]);
        if from > 0 {
            text.insert(0, '…');
            before += 1;
        }
        if to < cells.len() {
            text.push('…');
        }
        let end = place.end.clamp(start, to.max(start));
        Self { text, before, width: columns(&cells[start..end]).max(1) }
    }
}

/// The character, or a space for one that would move the marks or be shown nowhere.
fn shown(character: char) -> char {
    let mut buffer = [0; 4];
    match character {
        '\t' | '\n' => ' ',
        character => printable(character.encode_utf8(&mut buffer)).chars().next().unwrap_or(' '),
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    /// Where the needle stands in the text that is shown, in columns.
    fn column_of_needle(marked: &MarkedLine, needle: &str) -> Option<usize> {
        marked.text.find(needle).map(|at| marked.text[..at].width())
    }

    #[test]
    fn marks_stand_under_the_place_whatever_comes_before_it() {
        let long = "x ".repeat(300);
        let wide = "制裁と貿易 ".repeat(40);
        for before in ["", "a ", "\t\t", "制裁 ", "e\u{301}te\u{301} ", &long, &wide] {
            for (needle, width) in [("needle", 6), ("針", 2)] {
                for after in ["", " y", &long, &wide] {
                    let line = format!("{before}{needle}{after}");
                    let start = before.chars().count();
                    let marked = MarkedLine::new(&line, start..start + needle.chars().count());
                    assert_eq!(column_of_needle(&marked, needle), Some(marked.before), "{line}");
                    assert_eq!(marked.width, width, "{line}");
                    assert!(marked.text.width() <= 102, "{}", marked.text);
                }
            }
        }
    }

    #[test]
    fn a_place_that_is_longer_than_the_screen_is_marked_as_far_as_it_is_shown() {
        let marked = MarkedLine::new(&"x".repeat(300), 10..300);
        assert_eq!((marked.before, marked.width), (10, 90));
        assert_eq!(marked.text.width(), 101);
    }

    #[test]
    fn a_place_behind_the_line_is_marked_after_its_end() {
        assert_eq!(
            MarkedLine::new("ab", 2..2),
            MarkedLine { text: "ab".to_owned(), before: 2, width: 1 }
        );
        assert_eq!(MarkedLine::new("", 7..9).width, 1);
    }
}
