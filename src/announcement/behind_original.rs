//! Sets aside the list of other announcements that follows the link to the original.
//!
//! Notes to editors follow it as well, and so does the text itself where the link stands above it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::line_kind::{
    DATE, begins_facts, date_in, is_date, is_dated_statement, is_field, is_listed, is_prose,
};
use super::text_lines::{Layout, Line};
use super::vocabulary::{Heading, INLINE_OTHERS, heading};
use crate::model::Reason;

/// Words that must stand before the link for the list behind it to be set aside.
const LEAST_WORDS_BEFORE: usize = 8;

/// Whether a line that lost its line ends is a list of other announcements: it begins with the
/// heading of one, or has their dates.
fn is_run_on_list(text: &str) -> bool {
    let words: Vec<Range<usize>> = words(text).take(MOST_WORDS_OF_A_HEADING + 1).collect();
    match heading_of_run_on(text, &words) {
        Some(Heading::Facts) => false,
        Some(Heading::Others | Heading::PerhapsOthers | Heading::Events) => true,
        _ => has_dates_of_items(text),
    }
}

/// Whether a text has two dates that stand beside titles, and not in sentences.
fn has_dates_of_items(text: &str) -> bool {
    let (mut of_items, mut of_sentences) = (0, 0);
    for date in DATE.find_iter(text) {
        match stands_apart(&text[..date.start()], &text[date.end()..]) {
            true => of_items += 1,
            false => of_sentences += 1,
        }
    }
    of_items >= 2 && of_items >= of_sentences
}

/// Whether a date between these texts is not part of a sentence: no preposition or article stands
/// before it, and a title or a sentence begins behind it, or nothing.
fn stands_apart(before: &str, behind: &str) -> bool {
    let letters = before.trim_end().chars().rev().take(MOST_LETTERS);
    let word: String = letters.take_while(|c| !c.is_whitespace()).collect();
    let word = word.chars().rev().collect::<String>().to_lowercase();
    let word = word.trim_start_matches(['(', '[']);
    if !word.is_empty() && PREPOSITIONS.split(' ').any(|preposition| preposition == word) {
        return false;
    }
    let behind = match before.ends_with(['(', '[']) {
        true => behind.trim_start_matches([')', ']']),
        false => TIME.find(behind).map_or(behind, |time| &behind[time.end()..]),
    };
    let is_mark = |c: char| c.is_whitespace() || "|-–—·•\"“„«".contains(c);
    let next = behind.trim_start_matches(is_mark).chars().next();
    next.is_none_or(|c| c.is_uppercase() || c.is_numeric())
}

/// The time of day behind a date.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^,?\s*(?:at |um |à |a las |alle |kl\. )?\d{1,2}[:.h]\d{2}(?::\d{2})?(?:\s?[ap]\.?m\.?\b)?(?:\s?(?:Uhr|h|GMT|UTC|CES?T|BST)\b)?")
        .expect("a fixed pattern")
});

/// More letters than any word before the date of a sentence has.
const MOST_LETTERS: usize = 12;

/// Words before the dates of sentences.
const PREPOSITIONS: &str = "on since from until till by to before after of and between the am vom zum bis seit ab den \
    dem der und von le du au dès depuis avant et jusqu'au jusqu’au el del al desde hasta y de il \
    dal dell' e em no até op van tot vanaf en fra från til og och dnia od do z i w dne dňa a от \
    до на с по и від з την στις από έως la din până më nga";

/// Sets aside such a line, up to notes to editors.
fn set_aside_run_on_list(layout: &mut Layout<'_>, index: usize) {
    let text = &layout.lines[index].text;
    let words: Vec<Range<usize>> = words(text).take(MOST_WORDS + 1).collect();
    if words.len() > MOST_WORDS {
        return;
    }
    let is_facts = |at: &usize| heading_of_run_on(text, &words[*at..]) == Some(Heading::Facts);
    if let Some(facts) = (1..words.len()).find(is_facts) {
        let start = words[facts].start;
        if !layout.split(index, start) {
            return;
        }
    }
    layout.lines[index].set_aside = Some(Reason::BehindOriginal);
}

/// Words of a line in which a heading is looked for at each of them. A longer line is no list.
const MOST_WORDS: usize = 4000;

/// The longest heading that is looked for where nothing ends it, in words.
const MOST_WORDS_OF_A_HEADING: usize = 5;

/// The kind of heading that the words of a text begin with, if something else begins behind it: a
/// colon ends it, or a capital or a number follows at least two words.
fn heading_of_run_on(text: &str, words: &[Range<usize>]) -> Option<Heading> {
    let first = words.first()?;
    if text[first.start..].starts_with(char::is_lowercase) {
        return None;
    }
    (1..words.len().min(MOST_WORDS_OF_A_HEADING + 1)).find_map(|count| {
        let written = &text[first.start..words[count - 1].end];
        let next = &text[words[count].start..];
        let is_ended = written.ends_with([':', '：']);
        let is_followed =
            count > 1 && !written.ends_with('.') && next.starts_with(|c: char| !c.is_lowercase());
        if is_ended || is_followed { heading(written) } else { None }
    })
}

/// Where the words of a text stand, in bytes.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut end = 0;
    text.split_inclusive(char::is_whitespace).filter_map(move |part| {
        let start = end;
        end += part.len();
        let word = part.trim_end();
        (!word.is_empty()).then(|| start..start + word.len())
    })
}

/// Sets aside the list of other announcements behind the link: titles, dates and sentences, up to
/// notes to editors. Prose before that stays: a link can stand over its text as well.
pub(super) fn set_aside(layout: &mut Layout<'_>, behind: usize) {
    let words_before: usize = (0..behind)
        .map(|index| &layout.lines[index])
        .filter(|line| line.set_aside.is_none())
        .map(|line| line.word_count())
        .sum();
    if words_before < LEAST_WORDS_BEFORE {
        return;
    }
    let rest: Vec<usize> = layout
        .kept()
        .filter(|index| *index >= behind)
        .take_while(|index| !begins_facts(&layout.lines[*index]))
        .collect();
    let starts_list = |index: &usize| {
        let line = &layout.lines[*index];
        is_listed(line) || INLINE_OTHERS.find(&line.text).is_some_and(|found| found.start() == 0)
    };
    if let [only] = rest[..]
        && !is_listed(&layout.lines[only])
        && is_run_on_list(&layout.lines[only].text)
    {
        set_aside_run_on_list(layout, only);
        return;
    }
    let Some(first) = rest.iter().position(starts_list) else { return };
    let list: Vec<&Line> = rest[first..].iter().map(|index| &layout.lines[*index]).collect();
    if is_list(&list) {
        for index in rest[first..].iter().copied() {
            layout.lines[index].set_aside = Some(Reason::BehindOriginal);
        }
    }
}

/// Whether lines behind the link to the original are a list of other announcements, rather than
/// the facts or the parts of the announcement.
fn is_list(lines: &[&Line]) -> bool {
    let is_heading = INLINE_OTHERS.is_match(&lines[0].text);
    let is_mark =
        |line: &Line| line.is_mostly_linked() || is_listed(line) && date_in(&line.text).is_some();
    let listed = lines.iter().filter(|line| is_listed(line)).count();
    let has_prose = lines.windows(2).any(|pair| is_prose(pair[0]) && is_prose(pair[1]));
    // In a list, a link or a date stands above each sentence; parts of a text have titles alone.
    let unmarked = (0..lines.len()).filter(|at| {
        let above = &lines[at.saturating_sub(2)..*at];
        is_prose(lines[*at]) && !above.iter().any(|line| is_mark(line))
    });
    let is_in_parts = !is_heading && unmarked.count() >= 2;
    let stated =
        lines.iter().filter(|line| is_field(line) && !is_date(line) || is_dated_statement(line));
    let states_facts = 2 * stated.count() > lines.len();
    let is_marked = is_heading || lines.iter().any(|line| is_mark(line));
    let is_titles = listed >= 3 && lines.iter().all(|line| is_listed(line));
    let is_list = is_marked && 5 * listed >= 2 * lines.len() || is_titles;
    is_list && !has_prose && !is_in_parts && !states_facts
}
