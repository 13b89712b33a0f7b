//! Decides whether a name that two entries of a source have was given to another announcement.
//!
//! Some sources have one entry, one page or one ID for whatever is latest. Two names that agree outvote what
//! an entry says, unless it is a paragraph about something else; one name alone does not.

use std::borrow::Cow;
use std::time::Duration;

use super::address::canonical;
use super::entry_id::guid_is_link;
use super::entry_keys::Candidate;
use super::shingles::Passages;
use super::text_match::MOSTLY;
use super::title::{Title, TitleMatch, title_match};
use crate::model::Entry;

/// The names in which two entries agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Agreement {
    /// An ID and a link, each of its own.
    OfTwoNames,
    /// An ID or a link, or an ID that is the link.
    OfOneName,
}

/// Fewer words than this may be a sentence that was written anew.
const PARAGRAPH: usize = 40;

/// Fewer words than this say too little to differ.
const SENTENCE: usize = 12;

/// Dates that are so far apart are not those of a revision within the hour.
const HALF_A_DAY: Duration = Duration::from_secs(12 * 3600);

/// Hundredths of phrases that texts of one office share whatever they are about.
const FEW_PHRASES: u32 = 20;

/// Hundredths of the words that say something, below which two texts are not about one thing.
const AKIN: u32 = 25;

/// Whether an entry says something else than the known one, though they agree in names: their texts share
/// hardly a phrase and few words, and their dates differ. The text of a page and the text of a feed are never
/// compared.
pub(super) fn is_another(candidate: &Candidate, known: &Entry, agreement: Agreement) -> bool {
    let entry = &candidate.entry;
    let dates = entry.dated().zip(known.dated());
    if entry.text == known.text && !entry.text.is_empty()
        || entry.enriched.is_some() != known.enriched.is_some()
        || dates.is_some_and(|(own, theirs)| own == theirs)
    {
        return false;
    }
    let is_later = dates.is_some_and(|(own, theirs)| own.apart(theirs) >= HALF_A_DAY);
    let titles = title_match(&candidate.title, &Title::of_entry(known));
    let is_one_name = agreement == Agreement::OfOneName || guid_is_of_link(candidate);
    let is_reusable = is_one_name || may_be_reused(candidate);
    // What makes two entries two between sources makes them two within one.
    let are_instalments =
        is_later && is_reusable && matches!(titles, TitleMatch::Figures | TitleMatch::Renames);
    let read = match &candidate.passages {
        Some(read) => Some(Cow::Borrowed(read)),
        None => Passages::of(entry).map(Cow::Owned),
    };
    let Some((own, theirs)) = read.zip(Passages::of(known)) else {
        // A site that counts its pages from one again has other titles there.
        return are_instalments || is_later && is_one_name && titles == TitleMatch::Differs;
    };
    let least = match titles.agreement() > 0 && !may_be_reused(candidate) {
        false if is_one_name => SENTENCE,
        _ => PARAGRAPH,
    };
    let overlap = own.overlap(&theirs, &[]);
    let (telling, shared) = own.telling_shared(&theirs);
    are_instalments && !overlap.reaches(MOSTLY)
        || own.len().min(theirs.len()) >= least
            && !overlap.reaches(FEW_PHRASES)
            && shared * 100 < telling * AKIN
}

/// Whether the entry's ID says no more than its link: it is the link, or the number in it.
fn guid_is_of_link(candidate: &Candidate) -> bool {
    let (Some(guid), Some(link)) = (&candidate.guid, &candidate.link) else { return true };
    let number = |text: &str| -> Option<String> {
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let start = digits.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |at| at + 1);
        Some(digits[start..].to_owned()).filter(|digits| !digits.is_empty())
    };
    // Drupal writes `12 at https://site.example`.
    let id = guid.split(" at ").next().unwrap_or_default();
    guid_is_link(guid, Some(link)) || number(id).is_some_and(|id| Some(id) == number(link))
}

/// The last part of a path with so many words is the headline of one announcement.
const HEADLINE: usize = 5;

/// Whether the entry's link may be used for one announcement after the other: it has neither a
/// number nor a headline. Without a link nothing shows that it is not.
pub(super) fn may_be_reused(candidate: &Candidate) -> bool {
    candidate.link.as_deref().is_none_or(|link| {
        let (page, query) = link.split_once('?').unwrap_or((link, ""));
        let last = page.rsplit('/').find(|part| !part.is_empty()).unwrap_or_default();
        let has_digit = |part: &str| part.contains(|c: char| c.is_ascii_digit());
        !has_digit(last) && !has_digit(query) && last.split(['-', '_']).count() < HEADLINE
    })
}

/// Whether an entry with the known one's ID and title, at another link and of another date, may be the next of a
/// series: nothing in its text is the same, and its source does not give new links to old entries.
pub(super) fn may_be_instalment(candidate: &Candidate, known: &Entry) -> bool {
    let entry = &candidate.entry;
    let has_texts = !entry.text.is_empty() && !known.text.is_empty();
    let shares = || {
        let both = Passages::of(entry).zip(Passages::of(known));
        both.is_some_and(|(own, theirs)| {
            let overlap = own.overlap(&theirs, &[]);
            overlap.shared > 0 && overlap.reaches(MOSTLY / 2)
        })
    };
    let later = entry.dated().zip(known.dated()).is_some_and(|(own, theirs)| own > theirs);
    let link = known.url.as_ref().map(canonical);
    let is_numbered =
        |link: Option<&str>| link.is_some_and(|link| link.contains(|c: char| c.is_ascii_digit()));
    later
        && !candidate.habits.link.is_unstable()
        && is_numbered(candidate.link.as_deref())
        && is_numbered(link.as_deref())
        && !(has_texts && shares())
}
