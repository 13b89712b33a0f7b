//! Tells titles of the same folded words apart by what is written.
//!
//! Folded words find the titles to compare. What is written decides whether they are one: Habo and Håbo
//! are two municipalities.

use super::title::{Title, stem};

/// Whether two titles of the same folded words name different things all the same: names with other
/// marks or, at the same place of the same sentence, with another ending; amounts in other currencies.
pub(super) fn are_spelt_apart(one: &Title, other: &Title) -> bool {
    one.style.pays_otherwise(&other.style) || marks_differ(one, other) || endings_differ(one, other)
}

/// Whether a name that both have has other marks in each. A title that has none at all was written
/// without.
fn marks_differ(one: &Title, other: &Title) -> bool {
    let has_marks = |title: &Title| title.spelling.iter().any(|word| !word.marks.is_empty());
    if !has_marks(one) || !has_marks(other) {
        return false;
    }
    let is_known = |at: usize| {
        let mut theirs =
            (0..other.words.len()).filter(|there| other.words[*there] == one.words[at]);
        let marks = |there: usize| other.spelling[there].marks == one.spelling[at].marks;
        theirs.clone().next().is_none() || theirs.any(marks)
    };
    (0..one.words.len()).any(|at| {
        let tells = one.style.is_vietnamese || one.capitals[at] && one.style.capitals_tell;
        tells && !is_known(at)
    })
}

/// Whether two titles are one word for word but for the ending of a name: Niger, Nigeria. In the same
/// sentence a name has the same case.
fn endings_differ(one: &Title, other: &Title) -> bool {
    let names = |at: usize| {
        one.names[at] && other.names[at] && stem(&one.words[at]) != stem(&other.words[at])
    };
    one.words.len() == other.words.len()
        && one.style.capitals_tell
        && other.style.capitals_tell
        && (0..one.words.len()).all(|at| one.words[at] == other.words[at] || names(at))
        && one.words != other.words
}
