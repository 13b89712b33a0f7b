//! Recognises titles in two languages: "New bridge opens in Tarn / Un nouveau pont ouvre à Tarn".

use std::ops::Range;

use super::Title;
use super::information::{reads_as_english, reads_as_foreign};
use crate::dedup::number::Figures;

/// With fewer words a part of a title is no sentence in another language.
const FEWEST_WORDS: usize = 4;

/// Whether a part of a title may say the same as the rest in another language. Each has the words of a title, a bar or a
/// slash stands between them, and either they are in two scripts or only one of them is in English. The part
/// names no other numbers.
pub(super) fn is_translation(title: &Title, part: Range<usize>, rest: &Title) -> bool {
    let edge = if part.start > 0 { part.start } else { part.end };
    let part = title.cut(part);
    let figures = |title: &Title| Figures::of_words(&title.words);
    title.bars.contains(&edge)
        && [&part, rest].iter().all(|title| title.words.len() >= FEWEST_WORDS)
        && figures(&part).contradict(&figures(rest)).is_none()
        && (is_latin(&part) != is_latin(rest)
            || reads_as_english(&part) && reads_as_foreign(rest)
            || reads_as_english(rest) && reads_as_foreign(&part))
}

/// Whether all letters of a title are Latin.
fn is_latin(title: &Title) -> bool {
    let letters = title.words.iter().flat_map(|word| word.chars());
    letters.filter(|letter| letter.is_alphabetic()).all(|letter| letter < '\u{370}')
}
