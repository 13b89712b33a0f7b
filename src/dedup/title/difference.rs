//! Finds the words that one of two titles has and the other has not.

use super::{Title, are_forms, stem};

/// Every word of one title may be compared with every word of the other, so that of a title longer
/// than any headline only the beginning is.
const MOST_WORDS: usize = 60;

/// The stems of each title that the other has not, and those of both. Stop words are left out.
pub(super) fn differences<'a>(
    one: &'a Title,
    other: &'a Title,
) -> (Vec<&'a str>, Vec<&'a str>, Vec<&'a str>) {
    let stems = |title: &'a Title| -> Vec<&'a str> {
        let telling = (0..title.words.len()).filter(|at| !title.is_silent(*at)).take(MOST_WORDS);
        telling.map(|at| stem(&title.words[at])).collect()
    };
    let (mut own, mut others) = (stems(one), stems(other));
    let mut shared = Vec::new();
    let mut take = |fits: &dyn Fn(&str, &str) -> bool| {
        own.retain(|word| {
            let Some(at) = others.iter().position(|known| fits(word, known)) else { return true };
            shared.push(*word);
            others.remove(at);
            false
        });
    };
    take(&|one, other| one == other);
    take(&are_forms);
    // A word said twice is not one more.
    own.retain(|word| !shared.contains(word));
    others.retain(|word| !shared.contains(word));
    (own, others, shared)
}

/// Whether two titles are one but for some words in one place, as those of a
/// series are: `Minister visits Dravenia`, `Minister visits Colombrey`.
pub(super) fn share_a_frame(one: &[String], other: &[String]) -> bool {
    let shorter = one.len().min(other.len());
    let same = |(a, b): &(&String, &String)| a == b || stem(a) == stem(b);
    let before = one.iter().zip(other).take_while(same).count();
    let behind = one.iter().rev().zip(other.iter().rev()).take_while(same).count();
    let frame = (before + behind).min(shorter);
    frame < shorter && frame >= 2 && frame * 2 >= shorter
}

/// The places of the words of one title that the other has in no form.
pub(super) fn more_words(own: &Title, other: &Title) -> Vec<usize> {
    let is_theirs = |word: &String| {
        other
            .words
            .iter()
            .take(MOST_WORDS)
            .any(|their| stem(word) == stem(their) || are_forms(word, their))
    };
    let places = 0..own.words.len().min(MOST_WORDS);
    places.filter(|at| !is_theirs(&own.words[*at])).collect()
}

/// Those of them that say something.
pub(super) fn telling_words(own: &Title, other: &Title) -> Vec<usize> {
    let telling = more_words(own, other).into_iter();
    telling.filter(|at| !own.is_silent(*at)).collect()
}
