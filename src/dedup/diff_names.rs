//! Lines two texts up by the shingles they share, and finds the places where each names something else.
//!
//! A copy adds, drops and rewords. An instalment of a series keeps the words
//! and changes what they are about: between the same two phrases one text
//! names Monday and the other Tuesday. Counting what two texts share does not see
//! that where the phrases are long; lining them up does.

use std::ops::Range;

use super::negation::is_denial;
use super::rarity::is_stop_hash;
use super::shingles::{LENGTH, Passages};
use super::word_kind::Kind;

/// Of texts lined up, what differs between the phrases they share.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Differences {
    /// Stretches in which each text says something that the other does not.
    pub(super) replaced: usize,
    /// Those of them in which each names other names, numbers or dates.
    pub(super) renamed: usize,
    /// Those of the renamed that are phrases: a sentence may merely have been put there.
    pub(super) swapped: usize,
    /// Those of them in which two names or numbers differ, or with which the texts begin: who,
    /// where and when.
    pub(super) facts: usize,
    /// Those of them that are sentences rather than words.
    pub(super) retold: usize,
    /// Phrases in which both name another thing of one kind: a number, a month, a weekday, a name that
    /// is no spelling of the other's.
    pub(super) opposed: usize,
    /// Phrases in which each has other words in a script without capitals: who, where and when, or
    /// another wording.
    pub(super) unmarked: usize,
    /// Phrases at the beginning in which each has one other word that says something and is neither name,
    /// number nor day.
    pub(super) reworded: usize,
    /// Phrases that one of them denies: "will be extended" and "will not be extended".
    pub(super) denied: usize,
    /// Whether before or behind what they share each has an account of its own.
    pub(super) go_apart: bool,
}

impl Differences {
    /// Whether the texts may name different things anywhere.
    pub(super) fn may_differ_in_names(&self) -> bool {
        self.renamed + self.facts + self.opposed + self.unmarked + self.denied > 0
    }
}

/// The words of a stretch.
type Words<'a> = &'a [(u64, Kind)];

/// So many words on both sides are a sentence of each one's own.
const SENTENCE: usize = 12;

/// A lead with so many names and numbers that the other text has nowhere says who, where and when.
const FACTS_OF_A_LEAD: usize = 3;

/// Whether what a text begins with is more than a header or a new first sentence: an eighth of it.
fn is_lead(stretch: &Range<usize>, text: &Passages) -> bool {
    stretch.len() * 8 >= text.len()
}

/// An end of so many passages, boilerplate left out, is an account of something else.
pub(super) const ACCOUNT: u32 = 80;

/// Lines two texts up by the passages that occur once in each. What is
/// `common` to many texts is no account of anything.
pub(super) fn differences(one: &Passages, other: &Passages, common: &[u64]) -> Differences {
    let anchors = anchors(one, other);
    let (Some(first), Some(last)) = (anchors.first(), anchors.last()) else {
        return Differences::default();
    };
    let mut found = Differences::default();
    for pair in anchors.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let between = (from.0 + LENGTH..to.0, from.1 + LENGTH..to.1);
        found.denied += usize::from(is_denied((one, &between.0), (other, &between.1)));
        let own = of(one, &between.0);
        let others = of(other, &between.1);
        if own.is_empty() || others.is_empty() {
            continue;
        }
        found.replaced += 1;
        found.retold += usize::from(own.len().min(others.len()) >= SENTENCE);
        // A sentence may only have been moved; in a phrase every number counts.
        let phrases = length(own).max(length(others)) < SENTENCE;
        let figures = phrases
            && lacks(own, |hash| has(others, hash), Kind::is_figure)
            && lacks(others, |hash| has(own, hash), Kind::is_figure);
        if phrases {
            found.opposed += usize::from(are_opposed((one, own), (other, others)));
            found.unmarked += usize::from(are_unmarked((one, own), (other, others)));
            let is_early = between.0.start <= SENTENCE;
            found.reworded +=
                usize::from(is_early && has_one_word(own, others) && has_one_word(others, own));
        }
        if is_one_date(own, others) {
            continue;
        }
        if figures || each_names_its_own(1, (one, own), (other, others)) {
            found.renamed += 1;
            found.swapped += usize::from(phrases);
            found.facts +=
                usize::from(phrases && each_names_its_own(2, (one, own), (other, others)));
        }
    }
    // What stands before the first shared phrase, and behind the last: a
    // header or a footer of somebody's own, unless both have one of their own.
    let edges =
        [(0..first.0, 0..first.1), (last.0 + LENGTH..one.len(), last.1 + LENGTH..other.len())];
    for (own, others) in edges {
        let (words, theirs) = (of(one, &own), of(other, &others));
        // A header or a footer denies nothing of the text.
        let is_one_phrase = words.iter().filter(|(word, _)| has(theirs, *word)).count() >= 2;
        found.denied += usize::from(is_one_phrase && is_denied((one, &own), (other, &others)));
        let its_own = each_names_its_own(1, (one, words), (other, theirs));
        // With a few words of its own a text says of whom it speaks.
        let longest = length(words).max(length(theirs));
        let is_opening = own.start == 0 && longest < SENTENCE;
        // Fewer words behind what they share are the end of its last sentence, not a footer.
        if is_opening || (own.start > 0 && longest < LENGTH) {
            found.opposed += usize::from(are_opposed((one, words), (other, theirs)));
            found.unmarked += usize::from(are_unmarked((one, words), (other, theirs)));
        }
        let opens = (is_opening && each_begins_its_own(one, words, other, theirs))
            || (own.start == 0
                && is_lead(&own, one)
                && is_lead(&others, other)
                && each_names_its_own(FACTS_OF_A_LEAD, (one, words), (other, theirs)));
        found.swapped += usize::from(opens);
        found.facts += usize::from(opens);
        found.replaced += usize::from(its_own);
        found.renamed += usize::from(its_own);
        found.retold += usize::from(own.len().min(others.len()) >= SENTENCE);
        let telling = |text: &Passages, edge: &Range<usize>| {
            let passages = text.in_order.get(edge.start..edge.end.min(text.in_order.len()));
            let passages = passages.unwrap_or_default().iter();
            passages.filter(|hash| common.binary_search(hash).is_err()).count() >= ACCOUNT as usize
        };
        found.go_apart |= its_own && telling(one, &own) && telling(other, &others);
    }
    found
}

/// The words of a stretch; none where the phrases around it overlap.
fn of<'a>(text: &'a Passages, stretch: &Range<usize>) -> Words<'a> {
    text.words.get(stretch.clone()).unwrap_or_default()
}

/// How many words a stretch has, where a word has two characters if these are words by themselves.
fn length(words: Words<'_>) -> usize {
    let characters = words.iter().filter(|(_, kind)| *kind == Kind::Ideograph).count();
    words.len() - characters / 2
}

/// Whether just one of these words says something that the others lack, and it is an ordinary one.
fn has_one_word(words: Words<'_>, theirs: Words<'_>) -> bool {
    let mut lacking = words.iter().filter(|(hash, _)| !is_stop_hash(*hash) && !has(theirs, *hash));
    lacking.next().is_some_and(|(_, kind)| *kind == Kind::Plain) && lacking.next().is_none()
}

/// More words than this on one side alone are another sentence, rather than one with "not" in it.
const MOST_OF_A_DENIAL: usize = 4;

/// Words around a phrase in which a negation may stand as well: "does not apply" is "n'est pas".
const AROUND: usize = 3;

/// Whether one of two phrases denies what the other says: it has a negation, and the other has none
/// within it or close to it.
fn is_denied(
    (one, own): (&Passages, &Range<usize>),
    (other, others): (&Passages, &Range<usize>),
) -> bool {
    let is_short = |(text, stretch): (&Passages, &Range<usize>), theirs: Words<'_>| {
        let words = of(text, stretch);
        words.len() < SENTENCE
            && words.iter().filter(|(word, _)| !has(theirs, *word)).count() <= MOST_OF_A_DENIAL
    };
    let denies = |text: &Passages, stretch: Range<usize>| {
        let has_word = |word: u64| text.has_word(word);
        let end = stretch.end.min(text.words.len());
        (stretch.start..end).any(|at| is_denial(&text.words, at, &has_word))
    };
    let around = |stretch: &Range<usize>| {
        stretch.start.saturating_sub(AROUND)..stretch.end.max(stretch.start) + AROUND
    };
    let alone = |(text, stretch): (&Passages, &Range<usize>),
                 (another, there): (&Passages, &Range<usize>)| {
        denies(text, stretch.clone()) && !denies(another, around(there))
    };
    let sides = [(one, own), (other, others)];
    is_short(sides[0], of(other, others))
        && is_short(sides[1], of(one, own))
        && (alone(sides[0], sides[1]) || alone(sides[1], sides[0]))
}

/// Whether two stretches name different things of one kind. `today`, `Thursday` and `26 November` are of three
/// kinds, and may be one day.
fn are_opposed(
    (one, own): (&Passages, Words<'_>),
    (other, others): (&Passages, Words<'_>),
) -> bool {
    let lacking = |words: Words<'_>, theirs: Words<'_>, text: &Passages| -> Vec<Kind> {
        let is_known = |(hash, kind): &(u64, Kind)| match kind {
            Kind::Figure(_) => has(theirs, *hash),
            Kind::Name(Some(_)) => text.has_word(*hash) || is_spelt_otherwise(*kind, theirs),
            Kind::Month(_) | Kind::Weekday(_) => has_kind(theirs, *kind),
            _ => true,
        };
        words.iter().filter(|word| !is_known(word)).map(|(_, kind)| *kind).collect()
    };
    let (own, others) = (lacking(own, others, other), lacking(others, own, one));
    let of_one_kind = |(own, other): (Kind, Kind)| match (own, other) {
        (Kind::Figure(form), Kind::Figure(other)) => form == other,
        (own, other) => std::mem::discriminant(&own) == std::mem::discriminant(&other),
    };
    own.iter().any(|own| others.iter().any(|other| of_one_kind((*own, *other))))
}

/// Whether each of two stretches has words of its own in a script without capitals.
fn are_unmarked(
    (one, own): (&Passages, Words<'_>),
    (other, others): (&Passages, Words<'_>),
) -> bool {
    let lacks = |words: Words<'_>, theirs: Words<'_>, text: &Passages| {
        words.iter().any(|(hash, kind)| match kind {
            Kind::Ideograph => !has(theirs, *hash),
            Kind::Uncased => !text.has_word(*hash),
            _ => false,
        })
    };
    lacks(own, others, other) && lacks(others, own, one)
}

/// Whether of two stretches one only writes as a weekday what the other writes as a date.
fn is_one_date(own: Words<'_>, others: Words<'_>) -> bool {
    let only = |words: Words<'_>, theirs: Words<'_>, is_it: fn(Kind) -> bool| {
        let mut facts = words
            .iter()
            .filter(|(hash, kind)| (kind.is_name() || kind.is_figure()) && !has(theirs, *hash))
            .peekable();
        facts.peek().is_some() && facts.all(|(_, kind)| is_it(*kind))
    };
    let is_weekday = |kind| matches!(kind, Kind::Weekday(_));
    let is_date = |kind| matches!(kind, Kind::Month(_) | Kind::Figure(_));
    only(own, others, is_weekday) && only(others, own, is_date)
        || only(own, others, is_date) && only(others, own, is_weekday)
}

/// Whether among these words is the same name or day in another spelling: `Nov` for `November`, `Kiev` for
/// `Kyiv`.
fn is_spelt_otherwise(kind: Kind, words: Words<'_>) -> bool {
    (kind.is_day() || matches!(kind, Kind::Name(Some(_)))) && has_kind(words, kind)
}

/// Whether a stretch has a name that the other text has nowhere.
fn lacks_a_name(words: Words<'_>, theirs: Words<'_>, text: &Passages) -> bool {
    words.iter().any(|(hash, kind)| {
        kind.is_name() && !text.has_word(*hash) && !is_spelt_otherwise(*kind, theirs)
    })
}

fn has_kind(words: Words<'_>, kind: Kind) -> bool {
    words.iter().any(|(_, known)| *known == kind)
}

/// Whether each of two stretches has so many names or numbers that the other text has nowhere.
fn each_names_its_own(
    least: usize,
    (one, own): (&Passages, Words<'_>),
    (other, others): (&Passages, Words<'_>),
) -> bool {
    let lacking = |words: Words<'_>, theirs: Words<'_>, text: &Passages| {
        let is_lacking = |(hash, kind): &&(u64, Kind)| {
            (kind.is_name() || kind.is_figure())
                && !text.has_word(*hash)
                && !is_spelt_otherwise(*kind, theirs)
        };
        words.iter().filter(is_lacking).count()
    };
    lacking(own, others, other) >= least && lacking(others, own, one) >= least
}

/// Whether two openings name different things: each has a number, or a word to begin with, that
/// the other text has nowhere.
fn each_begins_its_own(
    one: &Passages,
    own: Words<'_>,
    other: &Passages,
    others: Words<'_>,
) -> bool {
    let lacking = |words: Words<'_>, theirs: Words<'_>, text: &Passages| {
        lacks(words, |hash| text.has_word(hash), Kind::is_figure)
            || lacks_a_name(words, theirs, text)
            || words
                .first()
                .is_some_and(|(hash, kind)| *kind == Kind::Capital && !text.has_word(*hash))
    };
    lacking(own, others, other) && lacking(others, own, one)
}

/// Whether a word of this kind is not known there.
fn lacks(words: Words<'_>, known: impl Fn(u64) -> bool, is_of_kind: fn(Kind) -> bool) -> bool {
    words.iter().any(|(hash, kind)| is_of_kind(*kind) && !known(*hash))
}

fn has(words: Words<'_>, hash: u64) -> bool {
    words.iter().any(|(known, _)| *known == hash)
}

/// The places of passages that both texts have once, in an order that both have.
fn anchors(one: &Passages, other: &Passages) -> Vec<(usize, usize)> {
    let (own, others) = (once(&one.in_order), once(&other.in_order));
    let mut pairs: Vec<(usize, usize)> = Vec::with_capacity(own.len().min(others.len()));
    let mut rest = others.iter().peekable();
    for (hash, place) in &own {
        while rest.next_if(|(known, _)| known < hash).is_some() {}
        if let Some((_, there)) = rest.next_if(|(known, _)| known == hash) {
            pairs.push((*place, *there));
        }
    }
    pairs.sort_unstable();
    longest_rising(&pairs)
}

/// The passages that occur once, by hash, with their places.
fn once(in_order: &[u64]) -> Vec<(u64, usize)> {
    let mut placed: Vec<(u64, usize)> =
        in_order.iter().enumerate().map(|(place, hash)| (*hash, place)).collect();
    placed.sort_unstable();
    let mut kept = Vec::with_capacity(placed.len());
    for run in placed.chunk_by(|one, other| one.0 == other.0) {
        if let [single] = run {
            kept.push(*single);
        }
    }
    kept
}

/// The longest part of the pairs, which ascend by their first, that ascends by
/// the second as well: what was moved elsewhere does not line up.
fn longest_rising(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Of every length, the pair that ends a rising part of it lowest.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (at, (_, there)) in pairs.iter().enumerate() {
        let length = ends.partition_point(|end| pairs[*end].1 < *there);
        before.push(length.checked_sub(1).map(|shorter| ends[shorter]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut rising = Vec::with_capacity(ends.len());
    let mut at = ends.last().copied();
    while let Some(place) = at {
        rising.push(pairs[place]);
        at = before[place];
    }
    rising.reverse();
    rising
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::{Entry, SourceId};

    fn passages(text: &str) -> Passages {
        let entry = Entry { text: text.to_owned(), ..Entry::of(SourceId::new("a")) };
        Passages::of(&entry).unwrap()
    }

    const CALL: &str = "The Prime Minister spoke to the President of Dravenia this afternoon about the bridge. They agreed that the work on it has to go on through the winter, and that teams of both would meet in Varrel on 3 May. The minister thanked them for the help of 40 engineers who stay until the summer.";

    #[test]
    fn what_is_renamed_between_shared_phrases_is_counted() {
        for (change, expected) in [
            (vec![], (0, 0)),
            (vec![("this afternoon", "yesterday evening")], (1, 0)),
            (vec![("Dravenia", "Colombrey")], (1, 1)),
            (vec![("Varrel on 3 May", "Tarn on 4 June"), ("40", "60")], (2, 2)),
            // What one of them only leaves out or puts in is not renamed.
            (vec![(" of Dravenia", ""), (" on 3 May", "")], (0, 0)),
            (vec![("the bridge", "the long bridge at Orm")], (1, 0)),
        ] {
            let mut text = CALL.to_owned();
            for (from, to) in &change {
                text = text.replace(from, to);
            }
            let found = differences(&passages(CALL), &passages(&text), &[]);
            assert_eq!((found.replaced, found.renamed), expected, "{change:?}");
        }
    }

    #[test]
    fn a_phrase_that_one_text_denies_is_counted() {
        for (from, to, expected) in [
            ("has to go on", "does not have to go on", 1),
            ("would meet", "would not meet", 1),
            ("would meet", "would never again meet", 1),
            ("would meet", "would meet not only in spring but", 0),
            ("would meet", "would soon meet", 0),
            ("who stay", "who do not stay", 1),
        ] {
            let found = differences(&passages(CALL), &passages(&CALL.replace(from, to)), &[]);
            assert_eq!(found.denied, expected, "{to}");
        }
    }

    #[test]
    fn sentences_put_in_another_order_are_not_renamed() {
        let sentences: Vec<&str> = CALL.split_inclusive(". ").collect();
        let shuffled = [sentences[2], " ", sentences[0], sentences[1]].concat();
        assert_eq!(differences(&passages(CALL), &passages(&shuffled), &[]).renamed, 0);
    }

    #[test]
    fn only_a_beginning_of_its_own_on_both_sides_is_a_difference() {
        let framed = format!("News from the Wire of Tuesday. {CALL} Read More on the Wire.");
        let found = differences(&passages(CALL), &passages(&framed), &[]);
        assert_eq!(found, Differences::default());
        let varrel = format!("Friends in Nessock, good evening to you all. {CALL}");
        let tarn = format!("Dear people of Hexley, what a fine day it is. {CALL}");
        assert_eq!(differences(&passages(&varrel), &passages(&tarn), &[]).renamed, 1);
    }
}
