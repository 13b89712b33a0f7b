//! Judges the words that one of two titles has more than the other.
//!
//! A word more differs as much as a word in another's place: Sudan and South Sudan, a minister and the
//! deputy minister, a search and its end are two. It says nothing only where it is of the kind that
//! copies add: a publisher, a display type, a date, who says so.

use std::ops::Range;

use super::Title;
use super::label::{IsNamed, Label, label_of};

/// Whether the words that a title has more, by their places, are of the kind that copies add.
pub(super) fn are_added_by_copies(whole: &Title, more: &[usize], is_named: IsNamed<'_>) -> bool {
    let (Some(first), Some(last)) = (more.first(), more.last()) else { return true };
    let count = whole.words.len();
    let all_more =
        |range: &Range<usize>| range.clone().all(|at| more.contains(&at) || whole.is_silent(at));
    // Small words beside them belong to them: "…, the trust says".
    let before = 0..last + 1;
    let behind =
        (0..*first).rev().take_while(|at| whole.is_silent(*at)).last().unwrap_or(*first)..count;
    let is_label = |range: Range<usize>| {
        all_more(&range) && range.len() < count && {
            let label = label_of(whole, range.clone(), is_named);
            matches!(label, Label::DisplayType | Label::Date)
                || matches!(label, Label::Publisher) && is_named(&whole.words[range]).is_some()
        }
    };
    let is_attribution = |range: Range<usize>| {
        all_more(&range)
            && range.len() <= MOST_WORDS_OF_A_SPEAKER
            && whole.words[range].last().is_some_and(|word| SAYS.contains(&word.as_str()))
    };
    is_label(before) || is_label(*first..count) || is_attribution(behind)
}

/// Words by which a title ends in who says so: "…, the harbour trust says".
const MOST_WORDS_OF_A_SPEAKER: usize = 4;

/// Folded verbs of saying.
const SAYS: &[&str] = &[
    "say",
    "says",
    "said",
    "sagt",
    "dit",
    "disent",
    "dice",
    "dicen",
    "dicono",
    "diz",
    "zegt",
    "zeggen",
    "sier",
    "sager",
    "mowi",
    "сообщил",
    "сообщили",
    "заявив",
];

/// Whether one title is the beginning of the other that an ellipsis cuts off.
pub(super) fn is_cut_from(part: &Title, whole: &Title) -> bool {
    let Some((last, rest)) = part.words.split_last() else { return false };
    part.style.is_cut
        && rest.len() >= FEWEST_WORDS_OF_A_BEGINNING
        && whole.words.len() > rest.len()
        && whole.words.starts_with(rest)
        && whole.words[rest.len()].starts_with(last.as_str())
}

/// A beginning of fewer words may be that of another title.
const FEWEST_WORDS_OF_A_BEGINNING: usize = 4;
