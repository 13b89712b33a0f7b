//! Compares two wordings of a text word by word, and quotes the changes for readers.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::model::Piece;

/// Words of one text that are compared with another's.
const MOST_WORDS_COMPARED: usize = 20_000;

/// Words of a text that are compared for an excerpt. A change behind them is named without its words.
const MOST_WORDS: usize = 2000;

/// Words kept before and behind a change.
const CONTEXT: usize = 5;

/// Changes in one text that are quoted, and their characters in all: with more, the text is
/// another rather than changed.
const MOST_CHANGES: usize = 4;
const MOST_CHARACTERS: usize = 400;

/// The words that changed with a few around them; nothing where too much changed to be quoted.
pub(super) fn excerpt(before: &str, after: &str) -> Vec<Piece> {
    let (before, after) = (beginning(before), beginning(after));
    let pieces = differences(before, after);
    let is_change = |piece: &Piece| !matches!(piece, Piece::Kept(_));
    let is_too_much = pieces.iter().filter(|piece| is_change(piece)).count() > 2 * MOST_CHANGES;
    if is_too_much || !pieces.iter().any(is_change) {
        return Vec::new();
    }
    let last = pieces.len() - 1;
    let short: Vec<Piece> = pieces
        .into_iter()
        .enumerate()
        .map(|(at, piece)| match piece {
            Piece::Kept(words) => Piece::Kept(around(&words, at > 0, at < last)),
            change => change,
        })
        .filter(|piece| !matches!(piece, Piece::Kept(words) if words.is_empty()))
        .collect();
    let length: usize = short.iter().map(characters).sum();
    if length > MOST_CHARACTERS { Vec::new() } else { short }
}

/// The changes from one wording of a text to the next, word by word.
pub fn differences(before: &str, after: &str) -> Vec<Piece> {
    let words = |text| -> Vec<&str> {
        str::split_inclusive(text, char::is_whitespace).take(MOST_WORDS_COMPARED).collect()
    };
    let (before, after) = (words(before), words(after));
    let gone = |at: usize, len: usize| Piece::Gone(before[at..at + len].concat());
    let come = |at: usize, len: usize| Piece::Come(after[at..at + len].concat());
    let mut pieces = Vec::new();
    for change in capture_diff_slices(Algorithm::Myers, &before, &after) {
        match change {
            DiffOp::Equal { new_index, len, .. } => {
                pieces.push(Piece::Kept(after[new_index..new_index + len].concat()));
            }
            DiffOp::Delete { old_index, old_len, .. } => pieces.push(gone(old_index, old_len)),
            DiffOp::Insert { new_index, new_len, .. } => pieces.push(come(new_index, new_len)),
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                pieces.push(gone(old_index, old_len));
                pieces.push(come(new_index, new_len));
            }
        }
    }
    pieces
}

fn characters(piece: &Piece) -> usize {
    let (Piece::Kept(words) | Piece::Gone(words) | Piece::Come(words)) = piece;
    words.chars().count()
}

/// The beginning of a text, in whole words.
fn beginning(text: &str) -> &str {
    let end = text.match_indices(char::is_whitespace).nth(MOST_WORDS);
    end.map_or(text, |(end, _)| &text[..end])
}

/// The part of kept words near the changes before them, behind them, or both.
fn around(words: &str, has_before: bool, has_behind: bool) -> String {
    let all: Vec<&str> = words.split_inclusive(char::is_whitespace).collect();
    let wanted = CONTEXT * (usize::from(has_before) + usize::from(has_behind));
    if all.len() <= wanted {
        return words.to_owned();
    }
    let first = if has_before { all[..CONTEXT].concat() } else { String::new() };
    let last = if has_behind { all[all.len() - CONTEXT..].concat() } else { String::new() };
    match (has_before, has_behind) {
        (true, true) => format!("{}… {last}", with_space(&first)),
        (true, false) => format!("{}…", first.trim_end()),
        _ => format!("… {last}"),
    }
}

fn with_space(words: &str) -> String {
    format!("{} ", words.trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(pieces: &[Piece]) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Kept(words) => words.clone(),
            Piece::Gone(words) => format!("[-{words}]"),
            Piece::Come(words) => format!("[+{words}]"),
        };
        pieces.iter().map(piece).collect()
    }

    #[test]
    fn the_words_that_changed_are_quoted_with_those_around_them() {
        let long = "one two three four five six seven eight nine ten ";
        for (before, after, change) in [
            (
                "The fee is £40 until May.",
                "The fee is £45 until May.",
                "The fee is [-£40 ][+£45 ]until May.",
            ),
            (
                &*format!("{long}old {long}"),
                &*format!("{long}new {long}"),
                "… six seven eight nine ten [-old ][+new ]one two three four five…",
            ),
            (
                &*format!("a {long}{long}b"),
                &*format!("A {long}{long}B"),
                "[-a ][+A ]one two three four five … six seven eight nine ten [-b][+B]",
            ),
            ("Same words.", "Same words.", ""),
            ("", "It is told now.", "[+It is told now.]"),
        ] {
            assert_eq!(shown(&excerpt(before, after)), change);
        }
        let other: String = (0..40).map(|n| format!("other{n} {} ", n % 3)).collect();
        assert_eq!(excerpt(&long.repeat(8), &other), []);
    }

    #[test]
    fn differences_are_told_by_words() {
        let pieces =
            differences("The fee is £40 until May.", "The fee is £45 until further notice.");
        let expected = [
            Piece::Kept("The fee is ".to_owned()),
            Piece::Gone("£40 ".to_owned()),
            Piece::Come("£45 ".to_owned()),
            Piece::Kept("until ".to_owned()),
            Piece::Gone("May.".to_owned()),
            Piece::Come("further notice.".to_owned()),
        ];
        assert_eq!(pieces, expected);
    }

    proptest! {
        #[test]
        fn both_wordings_can_be_read_off_the_differences(before in "([a-d] ){0,12}", after in "([a-d] ){0,12}") {
            let (mut old, mut new) = (String::new(), String::new());
            for piece in differences(&before, &after) {
                match piece {
                    Piece::Kept(words) => {
                        old.push_str(&words);
                        new.push_str(&words);
                    }
                    Piece::Gone(words) => old.push_str(&words),
                    Piece::Come(words) => new.push_str(&words),
                }
            }
            prop_assert_eq!((old, new), (before, after));
        }

        #[test]
        fn an_excerpt_is_short(before in "([a-d]{1,9} ){0,90}", after in "([a-d]{1,9} ){0,90}") {
            let length: usize = excerpt(&before, &after).iter().map(characters).sum();
            prop_assert!(length <= MOST_CHARACTERS);
        }
    }
}
