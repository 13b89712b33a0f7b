//! Compares two texts: how much they share, and whether they name different things.

use std::time::Duration;

use super::diff_names::{ACCOUNT, Differences, differences};
use super::negation::denies;
use super::number::{Figures, title_words};
use super::shingles::{FEWEST_WORDS, LENGTH, Overlap, Passages};
use super::title::{Title, TitleMatch, share_a_word, telling_hashes, title_match};
use super::weights::weight;
use crate::model::{Entry, FactorKind, Forbidden, Member};

/// Hundredths of the shorter text that a copy has in common with the other.
pub(super) const MOSTLY: u32 = 50;

/// Hundredths below which two texts share little.
const SOME: u32 = 30;

/// Fewer shared shingles than this are a phrase.
pub(super) const FEWEST_SHARED: u32 = 8;

/// The same where they are all that a text has of its own: any word of its own is in so many.
const FEWEST_OF_A_SENTENCE: u32 = 5;

/// A text of so many words is an account rather than a summary.
pub(super) const FULL_TEXT: usize = Member::ACCOUNT;

/// A text of fewer words is a sentence or two, which say the same in other words.
const SUMMARY: usize = 40;

/// With fewer different names and numbers in a text, these say nothing.
const FEWEST_NAMES: u32 = 4;

/// Hundredths of the shorter text from which on names matter less.
const NEARLY_WHOLE: u32 = 75;

/// Hundredths of either text from which on the two are one.
pub(super) const WORD_FOR_WORD: u32 = 90;

/// Hundredths of the shorter text, or of its names, below which it has much of its own.
pub(super) const TWO_THIRDS: u32 = 67;

/// A piece that begins within so many hundredths of a text stands at its beginning.
const BEGINNING: usize = 10;

/// With fewer words that say something, a summary can say nothing different.
const FEWEST_TELLING: u32 = 3;

/// A summary of so many words that say something, none of which the other has, is of something else.
const FEWEST_STRANGE: u32 = 5;

/// A summary of so many words that say something, all of which the other has, may only put them otherwise.
const FEWEST_REARRANGED: u32 = 12;

/// Summaries under one title that share none of so many names and numbers are of two announcements.
const FEWEST_STRANGERS: u32 = 2;

/// A title with less information, in tenths of a bit, may be that of another notice.
const TELLING_TITLE: i32 = 360;

/// The next notice of a form comes on another day.
const DAY: Duration = Duration::from_secs(20 * 3600);

/// A copy that is dated so much later than its original seldom only edits it.
const SAME_DAY: Duration = Duration::from_secs(36 * 3600);

/// The evidence of two texts for or against one announcement.
#[derive(Debug)]
pub(super) struct TextMatch {
    pub(super) overlap: Overlap,
    /// How much they share; nothing where that says nothing.
    pub(super) level: Option<FactorKind>,
    /// That they name different things, or that one of them is something else.
    pub(super) conflict: Option<(FactorKind, Forbidden)>,
    /// Whether they are word for word the same, but for what is added.
    pub(super) is_equal: bool,
}

/// A text beside the entry that says it.
pub(super) type EntryText<'a> = (&'a Entry, &'a Passages);

/// Compares two texts; shingles that are `common` to many texts count for nothing.
pub(super) fn text_match(one: EntryText<'_>, other: EntryText<'_>, common: &[u64]) -> TextMatch {
    let mut found = compared(one, other, common);
    if found.level.is_some_and(|level| weight(level) > 0) && shares_a_frame_alone(one, other) {
        (found.level, found.is_equal) = (Some(FactorKind::TextSome), false);
    }
    found
}

/// The same, whatever their titles are.
fn compared(one: EntryText<'_>, other: EntryText<'_>, common: &[u64]) -> TextMatch {
    let (own, others) = (one.1, other.1);
    if own.len().min(others.len()) < SUMMARY {
        return summaries(one, other);
    }
    let overlap = own.overlap(others, common);
    // Of an instalment all but a sentence may be boilerplate: that sentence tells it from the others.
    let whole = || own.overlap(others, &[]).reaches(WORD_FOR_WORD);
    let one_sentence = || overlap.shared >= FEWEST_OF_A_SENTENCE && overlap.reaches(100) && whole();
    let both_ways = overlap.of_longer * WORD_FOR_WORD <= overlap.shared * 100;
    let shares = overlap.shared >= FEWEST_SHARED || one_sentence();
    let level = match () {
        () if !shares || !overlap.reaches(SOME) => {
            return apart(one, other, overlap);
        }
        () if both_ways => FactorKind::TextEqual,
        () if is_quoted(own, others, &overlap) => FactorKind::TextQuoted,
        () if overlap.reaches(TWO_THIRDS) => FactorKind::TextContained,
        () if !overlap.reaches(MOSTLY) => FactorKind::TextSome,
        () if overlap.of_longer >= 2 * overlap.of => FactorKind::TextQuoted,
        () => FactorKind::TextMostly,
    };
    let found = differences(own, others, common);
    let conflict = conflict(one, other, &overlap, found);
    // One of them may have a line of its own above or below.
    let is_whole = overlap.shared == overlap.of && overlap.of_longer * 80 <= overlap.shared * 100;
    let is_equal = (both_ways || is_whole) && !found.may_differ_in_names();
    TextMatch { overlap, level: Some(level), is_equal, conflict }
}

/// Words of the beginning of a text that says what is announced.
const LEAD: usize = 16;

/// Whether what two texts share is what their office puts around announcements of every kind: their titles have no word
/// in common, and neither's beginning is anywhere in the other.
fn shares_a_frame_alone((own, read): EntryText<'_>, (other, theirs): EntryText<'_>) -> bool {
    let has_telling_title = |entry: &Entry| !telling_hashes(&entry.title).is_empty();
    has_telling_title(own)
        && has_telling_title(other)
        && !share_a_word(&own.title, &other.title)
        && !has_lead(read, theirs)
        && !has_lead(theirs, read)
}

/// Whether a phrase of the beginning of a text is in another.
fn has_lead(text: &Passages, other: &Passages) -> bool {
    let lead = text.in_order.iter().take(LEAD - LENGTH + 1);
    lead.clone().any(|passage| other.in_order.contains(passage))
}

/// Whether a paragraph is quoted in something much longer: not whole, or not where that begins.
fn is_quoted(one: &Passages, other: &Passages, overlap: &Overlap) -> bool {
    let (longer, part) = if overlap.first_is_longer { (one, other) } else { (other, one) };
    part.len() < FULL_TEXT
        && overlap.of_longer >= 3 * overlap.of
        && (!overlap.reaches(WORD_FOR_WORD) || longer.begins_at(part) > BEGINNING)
}

/// Two texts that share hardly a phrase.
fn apart(one: EntryText<'_>, other: EntryText<'_>, overlap: Overlap) -> TextMatch {
    let named_apart = names_differ(one.1, other.1, &overlap);
    let level = match () {
        () if one.1.len().min(other.1.len()) >= FULL_TEXT => FactorKind::TextDiffers,
        () => FactorKind::SummaryDiffers,
    };
    let conflict = named_apart.map(|forbidden| (FactorKind::FactsDiffer, forbidden));
    let conflict = conflict.filter(|_| level == FactorKind::SummaryDiffers);
    TextMatch { overlap, level: Some(level), conflict, is_equal: false }
}

/// Texts of which one is no longer than a few sentences.
fn summaries(one: EntryText<'_>, other: EntryText<'_>) -> TextMatch {
    let (own, others) = (one.1, other.1);
    let overlap = own.overlap(others, &[]);
    let (shorter, longer) = if own.len() <= others.len() { (own, others) } else { (others, own) };
    let (telling, known) = shorter.telling_shared(longer);
    let are_short = longer.len() < SUMMARY;
    let found = differences(own, others, &[]);
    let is_rearranged = || {
        telling >= FEWEST_REARRANGED
            && known == telling
            && overlap.shared >= FEWEST_SHARED
            && overlap.reaches(MOSTLY)
    };
    let stands = overlap.shared >= 2 && overlap.reaches(70) || is_rearranged();
    let facts = |entry: &Entry| Figures::of(&entry.text);
    let dates = || are_short && facts(one.0).contradict(&facts(other.0)).is_some();
    let (names, named) = shorter.names_shared(longer);
    let strangers = named > 0 && names == 0 && longer.has_names();
    let denies = |entry: &Entry| denies(&title_words(&entry.text));
    let are_strangers = || {
        are_short
            && names == 0
            && named >= FEWEST_STRANGERS
            && have_one_title(one.0, other.0).is_some()
    };
    let is_denied = || are_short && denies(one.0) != denies(other.0);
    let share = |hundredths: u32| known * 100 >= telling * hundredths;
    let level = match () {
        () if stands && (is_quoted(own, others, &overlap) || is_denied()) => {
            Some(FactorKind::SummaryShares)
        }
        () if stands => Some(FactorKind::SummaryContained),
        () if telling < FEWEST_TELLING => None,
        () if share(if are_short { 40 } else { 60 }) => Some(FactorKind::SummaryShares),
        () if known == 0 && telling >= FEWEST_STRANGE => Some(FactorKind::TextDiffers),
        () if !share(if are_short { 20 } else { 34 }) => Some(FactorKind::SummaryDiffers),
        () => None,
    };
    let is_turned = found.denied > 0;
    let contradict = found.renamed > 0
        || is_turned
        || dates()
        || are_two_notices(one.0, other.0, &found)
        || are_strangers();
    let differs =
        matches!(level, Some(FactorKind::SummaryDiffers | FactorKind::TextDiffers)) && strangers;
    // Most of one is in the other, but for who, where or when: a template.
    let is_form = || found.facts > 0 || is_turned || are_two_notices(one.0, other.0, &found);
    let kind = match stands && is_form() {
        true => FactorKind::Contradicts,
        false => FactorKind::FactsDiffer,
    };
    let conflict = (contradict || differs).then_some((kind, Forbidden::Facts));
    let is_equal = stands && overlap.of_longer * WORD_FOR_WORD <= overlap.shared * 100;
    TextMatch { overlap, level, conflict, is_equal: is_equal && !found.may_differ_in_names() }
}

/// No text that says one value is longer, in bytes.
const MOST_OF_A_VALUE: usize = 1000;

/// Whether two texts that are too short to be compared by their phrases are one but for their numbers: the value
/// of today and that of yesterday.
pub(super) fn differ_in_numbers(one: &Entry, other: &Entry) -> bool {
    if [one, other].iter().any(|entry| entry.text.is_empty() || entry.text.len() > MOST_OF_A_VALUE)
    {
        return false;
    }
    let words = |entry: &Entry| title_words(&entry.text);
    let is_word = |word: &&String| !word.contains(|c: char| c.is_ascii_digit());
    let (own, theirs) = (words(one), words(other));
    if own.len().max(theirs.len()) >= 2 * FEWEST_WORDS {
        return false;
    }
    let shared = own.iter().filter(is_word).filter(|word| theirs.contains(word)).count();
    shared * 2 >= own.len().min(theirs.len())
        && Figures::of(&one.text).contradict(&Figures::of(&other.text)).is_some()
}

/// Whether what differs between two texts of one title makes them two notices of one form rather than
/// a notice and its copy: they name different things in one place, and either the title is not telling, or
/// they are days apart.
fn are_two_notices(one: &Entry, other: &Entry, found: &Differences) -> bool {
    // A copy that is edited has other words in other places as well.
    let is_edited = found.opposed * 2 < found.replaced;
    let is_named_apart = found.unmarked > 0 || found.opposed > 0 && !is_edited;
    // What is recalled, or permitted, may be a common noun: one word alone is another in a text of a day later.
    let is_reworded = || found.reworded == 1 && found.replaced == 1 && are_apart(one, other, DAY);
    if !is_named_apart && !is_reworded() {
        return false;
    }
    have_one_title(one, other).is_some_and(|rarity| {
        rarity < TELLING_TITLE || is_named_apart && are_apart(one, other, SAME_DAY)
    })
}

/// How rare the title of two entries is, where both have nearly the same.
fn have_one_title(one: &Entry, other: &Entry) -> Option<i32> {
    let [own, theirs] = [one, other].map(Title::of_entry);
    let is_one =
        matches!(title_match(&own, &theirs), TitleMatch::Equal { .. } | TitleMatch::Near { .. });
    is_one.then(|| own.rarity().min(theirs.rarity()))
}

/// Whether two entries are dated further apart.
fn are_apart(one: &Entry, other: &Entry, least: Duration) -> bool {
    one.dated().zip(other.dated()).is_some_and(|(one, other)| one.apart(other) > least)
}

/// The evidence against two texts that share much.
fn conflict(
    one: EntryText<'_>,
    other: EntryText<'_>,
    overlap: &Overlap,
    found: Differences,
) -> Option<(FactorKind, Forbidden)> {
    let (own, others) = (one.1, other.1);
    let titles = [one.0.title.as_str(), other.0.title.as_str()];
    if is_part_of_a_list(own, others, overlap, titles) {
        return Some((FactorKind::Lists, Forbidden::Listing));
    }
    if let Some(forbidden) = names_differ(own, others, overlap) {
        return Some((FactorKind::NamesDiffer, forbidden));
    }
    if found.go_apart && !overlap.reaches(TWO_THIRDS) {
        return Some((FactorKind::GoesOn, Forbidden::Listing));
    }
    let Differences { replaced, renamed, retold, swapped, facts, denied, .. } = found;
    let words = own.len().min(others.len());
    let often = renamed * 100 >= words || renamed * 2 >= replaced;
    let is_series = (renamed >= 2 && often)
        || (renamed >= 1 && retold >= 2 && !overlap.reaches(NEARLY_WHOLE))
        || facts > 0
        || denied > 0
        || are_two_notices(one.0, other.0, &found);
    let kind = match () {
        () if is_series => FactorKind::Contradicts,
        () if swapped > 0 => FactorKind::OneNameDiffers,
        () => return None,
    };
    let places = renamed.max(denied);
    Some((kind, Forbidden::Renamed { places: u32::try_from(places).unwrap_or(u32::MAX) }))
}

/// Whether the shorter of two texts is one of several that the longer puts in
/// a row. A copy that was cut short is cut at its end and keeps something of the title; what
/// stands in the middle of a text twice as long was put there. Where much of the
/// shorter is not in the longer, only what they share can be what was put there.
fn is_part_of_a_list(
    one: &Passages,
    other: &Passages,
    overlap: &Overlap,
    titles: [&str; 2],
) -> bool {
    let (longer, part) = if overlap.first_is_longer { (one, other) } else { (other, one) };
    let held = if overlap.reaches(TWO_THIRDS) { overlap.of } else { overlap.shared };
    part.len() >= FULL_TEXT
        && overlap.of_longer >= (held * 2).max(held + ACCOUNT)
        && (longer.begins_at(part) > 25 || !share_a_word(titles[0], titles[1]))
}

/// Two versions of one text share most of its numbers, and of its numbers and
/// names; two instalments of a series share the words around them. The less of
/// the texts is shared, the more of the names must be.
fn names_differ(one: &Passages, other: &Passages, overlap: &Overlap) -> Option<Forbidden> {
    let wanted = if overlap.reaches(NEARLY_WHOLE) { 50 } else { TWO_THIRDS };
    [one.figures_shared(other), one.names_shared(other)]
        .into_iter()
        .find(|(shared, of)| *of >= FEWEST_NAMES && shared * 100 < of * wanted)
        .map(|(shared, of)| Forbidden::Names { shared, of })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::SourceId;

    fn compare(one: &str, other: &str) -> TextMatch {
        let entry = |text: &str| Entry { text: text.to_owned(), ..Entry::of(SourceId::new("a")) };
        let (one, other) = (entry(one), entry(other));
        let read = |entry: &Entry| Passages::of(entry).unwrap();
        text_match((&one, &read(&one)), (&other, &read(&other)), &[])
    }

    #[test]
    fn summaries_of_one_announcement_share_words_and_those_of_two_contradict() {
        for (one, other, level, contradicts) in [
            (
                "Dana Whitcombe will lead the Harbour Authority from January.",
                "The Harbour Authority has a new chief from January 2027, Dana Whitcombe.",
                Some(FactorKind::SummaryShares),
                false,
            ),
            (
                "Canada calls on all parties to talk at once.",
                "Norway condemns the attack on the hospital and summons the ambassador.",
                Some(FactorKind::TextDiffers),
                false,
            ),
            (
                "Heavy rain on Tuesday 10 November between 06:00 and 18:00. Some flooding of homes is possible.",
                "Heavy rain on Friday 13 November between 03:00 and 12:00. Some flooding of homes is possible.",
                Some(FactorKind::SummaryShares),
                true,
            ),
            (
                "High Street, Alderford, is closed from 12 to 14 November for gas main works.",
                "High Street, Marlow End, will close on 20 November so that a crane can be put up.",
                None,
                true,
            ),
        ] {
            let found = compare(one, other);
            assert_eq!(found.level, level, "{one}");
            assert_eq!(found.conflict.is_some(), contradicts, "{one} {:?}", found.conflict);
        }
    }

    const AWARD: &str = "Alderford will receive two million pounds from the fund for town centres, which was set up to bring empty shops back into use. Ministers chose the town from a hundred and twelve applications because of the strength of its partnership with local firms and colleges. The money will pay for new paving, trees and lighting and for a market hall that can be used for concerts in the evening.";

    #[test]
    fn instalments_that_differ_in_one_place_contradict_each_other() {
        let other = AWARD.replace("Alderford will receive two", "Stanwick will receive three");
        let kind = compare(AWARD, &other).conflict.map(|(kind, _)| kind);
        assert_eq!(kind, Some(FactorKind::Contradicts));
        let edited =
            format!("Source: the department. {}", AWARD.replace("empty shops", "vacant shops"));
        let found = compare(AWARD, &edited);
        assert!(found.conflict.is_none(), "{found:?}");
        assert_eq!(found.level, Some(FactorKind::TextContained));
    }
}
