//! Recognises an entry that its source stated before, by agreement of ID, link and content.
//!
//! No one of the three is trusted alone. Some sources make up new ids at every poll, some give all
//! entries one id or one link, some number the places of a list. Two that agree outvote the third;
//! where only one can be compared, it decides. What a source does is learned ([`Habits`]).

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::address::canonical;
use super::diff_names::differences;
use super::entry_id::{guid_is_link, is_iri, names_itself};
use super::entry_keys::{Boilerplate, Candidate, FEWEST_SAID, boilerplate_of};
use super::entry_reuse::{Agreement, is_another, may_be_instalment, may_be_reused};
use super::key_hash::{guid_key, link_key, listed_title_key, titled_guid_key, wording_keys};
use super::number::Figures;
use super::shingles::Passages;
use super::story_index::stories_with;
use super::text_match::MOSTLY;
use super::title::{Title, TitleMatch, title_match};
use crate::model::{Entry, Habits, Key, Lookalikes, Member};

/// Settled entries of a document that are read beside a new one.
const MOST_NEIGHBOURS: usize = 16;

/// Whether two entries of one document are one that it lists twice. Two ids name two entries, unless
/// they have one page and one text.
pub(super) fn is_repeat(candidate: &Candidate, other: &Candidate) -> bool {
    let (entry, known) = (&candidate.entry, &*other.entry);
    if entry.cut_off
        || known.cut_off
        || entry.content_id.is_some() && entry.content_id == known.content_id
    {
        return is_same(candidate, known);
    }
    let same_link = candidate.link.as_ref().zip(other.link.as_ref()).map(|(own, link)| own == link);
    match (same_guid(candidate, known, &other.link), same_link) {
        (Some(true), _) => is_same(candidate, known),
        (Some(false), Some(true)) => {
            let says = says(candidate, known);
            says.text && says.agreed() > 1
        }
        (None, Some(true)) => true,
        (Some(false), _) | (None, Some(false)) => false,
        (None, None) => {
            entry.title == known.title
                && entry.url == known.url
                && entry.dated() == known.dated()
                && entry.text == known.text
        }
    }
}

/// Whether `known` is the candidate, as its source stated it before.
pub(super) fn is_same(candidate: &Candidate, known: &Entry) -> bool {
    let entry = &candidate.entry;
    if known.source != entry.source {
        return false;
    }
    if entry.cut_off || known.cut_off {
        return is_continued(candidate, known);
    }
    if entry.content_id.is_some() && entry.content_id == known.content_id {
        return true;
    }
    let known_link = known.url.as_ref().map(canonical);
    let known_page = known.page.as_ref().map(canonical);
    // A link that leads where another link of the source did, which is gone.
    let pages = [&candidate.link, &candidate.page];
    let leads_there = pages.iter().any(|page| page.is_some() && **page == known_page)
        || candidate.page.is_some() && candidate.page == known_link;
    if leads_there && says(candidate, known).agreed() > 0 && left_the_document(candidate, known) {
        return true;
    }
    let same_guid = same_guid(candidate, known, &known_link);
    let same_link = candidate.link.as_ref().zip(known_link.as_ref()).map(|(own, link)| own == link);
    match (same_guid, same_link) {
        (Some(true), Some(true)) => !is_another(candidate, known, Agreement::OfTwoNames),
        (None, Some(true)) => !is_another(candidate, known, Agreement::OfOneName),
        (Some(true), _) => has_kept_its_id(candidate, known, same_link.is_some()),
        // One page for everything, or a page whose id changes.
        (Some(false), Some(true)) => {
            let says = says(candidate, known);
            says.is_all()
                || id_left_the_document(candidate, known)
                    && (says.agreed() > 1 || says.text && is_reworded(candidate, known))
        }
        (Some(false) | None, Some(false)) => was_moved(candidate, known),
        (Some(false) | None, None) => is_same_without_link(candidate, known, same_guid),
    }
}

/// Whether both have one id; none where one of them has none of its own: an id that is the link and
/// a time says no more than the link.
fn same_guid(candidate: &Candidate, known: &Entry, known_link: &Option<String>) -> Option<bool> {
    let is_link = |guid: &str, link: &Option<String>| guid_is_link(guid, link.as_deref());
    match (&candidate.guid, &known.guid) {
        (Some(own), Some(theirs)) if own == theirs => Some(true),
        (Some(own), Some(theirs))
            if is_link(own, &candidate.link) || is_link(theirs, known_link) =>
        {
            None
        }
        (Some(_), Some(_)) => Some(false),
        _ => None,
    }
}

/// The same where the document broke off within one of them: one of them may have no more than an
/// id, a link or a title. A title alone names an entry only if its document has it once.
fn is_continued(candidate: &Candidate, known: &Entry) -> bool {
    let entry = &candidate.entry;
    let guid = entry.guid.as_ref().zip(known.guid.as_ref()).map(|(own, theirs)| own == theirs);
    let links = entry.url.as_ref().zip(known.url.as_ref());
    let link = links.map(|(own, theirs)| canonical(own) == canonical(theirs));
    let same_title = !entry.title.is_empty()
        && !known.title.is_empty()
        && Title::of_entry(known).words == candidate.title.words;
    match (guid, link) {
        (Some(true), _) => {
            let id = entry.guid.as_deref().unwrap_or_default();
            let is_own = names_itself(id) && !candidate.habits.guid.is_reused();
            is_own || same_title || link == Some(true)
        }
        // An ID that is the link says no more than the link.
        (Some(false), Some(true)) => {
            same_guid(candidate, known, &known.url.as_ref().map(canonical)).is_none()
        }
        (Some(false), _) => false,
        (None, Some(same)) => same,
        (None, None) => {
            let dates = entry.dated().zip(known.dated());
            let is_dated_alike = dates.is_none_or(|(own, theirs)| own == theirs);
            same_title && is_dated_alike && candidate.title_step.is_none()
        }
    }
}

/// Whether the id that both have means one entry, where their links differ or are missing. An id may
/// be a place in the list, or stand for whatever is latest: the title or the text has to agree. A
/// specific one is believed where there is no text to compare, until the source is seen to give it to others.
fn has_kept_its_id(candidate: &Candidate, known: &Entry, has_moved: bool) -> bool {
    let entry = &candidate.entry;
    let says = says(candidate, known);
    if says.title && says.text {
        return true;
    }
    if link_is_listed(candidate, known) || is_another(candidate, known, Agreement::OfOneName) {
        return false;
    }
    if says.title {
        // An ID and a title that stay the same are those of a series, where link and date are new.
        return !has_moved || says.date || !may_be_instalment(candidate, known);
    }
    let title = Title::of_entry(known);
    if title_is_listed(candidate, known, &title) {
        return false;
    }
    if says.text {
        return true;
    }
    let id = candidate.guid.as_deref().unwrap_or_default();
    let is_believed = || {
        let is_unique = names_itself(id) && !candidate.habits.guid.is_reused();
        let has_texts = !entry.text.is_empty() && !known.text.is_empty();
        is_unique && if has_texts { !has_moved && is_iri(id) } else { !has_moved || says.date }
    };
    title_match(&candidate.title, &title).agreement() >= 0 || is_believed()
}

/// The same where one of them has no link of its own.
fn is_same_without_link(candidate: &Candidate, known: &Entry, same_guid: Option<bool>) -> bool {
    let entry = &candidate.entry;
    let same_date = entry.published == known.published;
    let same_text = have_one_text(entry, known);
    // A title alone does not show it: auction results have one title every week.
    let new_id_alone = same_date
        && same_text
        && (known.published.is_some() || !known.text.is_empty())
        && id_left_the_document(candidate, known);
    let names_nothing = |guid: &String| entry.guid.as_ref() == Some(guid) || !names_itself(guid);
    let no_ids = same_guid.is_none()
        && candidate.guid.is_none()
        && known.guid.as_ref().is_none_or(names_nothing)
        && match (same_date, same_text) {
            (true, true) => true,
            (false, false) => false,
            // Another entry of the document may have this title.
            _ => wording_left_the_document(candidate, known) && !contradicts(entry, known),
        };
    let same_words = entry.title == known.title && entry.url == known.url;
    same_words && (new_id_alone || no_ids) || was_moved(candidate, known)
}

/// Whether an entry says under another id and link what the known one did, which has left the document: to
/// the second or, under a date that lost its time, word for word; a site that moves to another system adds
/// words of its own.
fn was_moved(candidate: &Candidate, known: &Entry) -> bool {
    let says = says(candidate, known);
    let entry = &candidate.entry;
    let dates = entry.dated().zip(known.dated());
    let is_same_day =
        || dates.is_some_and(|(own, theirs)| own.is_midnight() && own.day() == theirs.day());
    let is_timed = || dates.is_some_and(|(own, _)| !own.is_midnight());
    // A text that is the same is long enough, or it is not.
    let is_framed = || {
        says.date
            && says.text
            && entry.text != known.text
            && candidate.title_step.is_none()
            && is_timed()
            && !contradicts(entry, known)
    };
    // Texts are read in full last: a document may hold megabytes of them.
    says.title
        && left_the_document(candidate, known)
        && (says.is_enough && (says.date || is_same_day()) || is_framed())
}

/// Whether a page only says in other words what it said: neither its title nor its text names anything else. A page
/// that may be overwritten keeps its title.
fn is_reworded(candidate: &Candidate, known: &Entry) -> bool {
    let titles = title_match(&candidate.title, &Title::of_entry(known));
    !matches!(titles, TitleMatch::Figures | TitleMatch::Renames)
        && (titles.agreement() >= 0 || !may_be_reused(candidate))
        && !contradicts(&candidate.entry, known)
}

/// Whether the texts of two entries without names of their own name different things: two vacancies.
fn contradicts(one: &Entry, other: &Entry) -> bool {
    let figures = |entry: &Entry| Figures::of(&entry.text);
    figures(one).contradict(&figures(other)).is_some()
        || Passages::of(one).zip(Passages::of(other)).is_some_and(|(own, theirs)| {
            let found = differences(&own, &theirs, &[]);
            found.renamed + found.opposed + found.unmarked > 0
        })
}

/// Whether a source states one text of both, whatever was set aside or fetched.
fn have_one_text(one: &Entry, other: &Entry) -> bool {
    one.text == other.text || one.whole.is_some() && one.whole == other.whole
}

/// Whether an entry says just what its source stated of the other.
fn says_just_that(entry: &Entry, known: &Entry) -> bool {
    entry.title == known.title
        && entry.published == known.published
        && entry.updated == known.updated
        && have_one_text(entry, known)
}

/// Which parts of what two entries say agree.
#[derive(Debug, Clone, Copy)]
struct Says {
    title: bool,
    date: bool,
    text: bool,
    /// Whether the texts prove something: they are long enough, or nothing else in the document says the same.
    is_enough: bool,
}

impl Says {
    fn agreed(self) -> usize {
        usize::from(self.title) + usize::from(self.date) + usize::from(self.text)
    }

    fn is_all(self) -> bool {
        self.agreed() == 3 && self.is_enough
    }
}

/// Whether two entries have one text, or nearly so. The first's passages may have been read before.
fn texts_agree(one: &Entry, read: Option<&Passages>, other: &Entry) -> bool {
    let similar = || {
        let own = read
            .map_or_else(|| Passages::of(one).map(Cow::Owned), |read| Some(Cow::Borrowed(read)))?;
        Some(own.overlap(&Passages::of(other)?, &[]).reaches(MOSTLY))
    };
    !one.text.is_empty() && one.text == other.text || similar().unwrap_or(false)
}

fn says(candidate: &Candidate, known: &Entry) -> Says {
    let entry = &candidate.entry;
    let title = Title::of_entry(known);
    let same_text = !entry.text.is_empty() && entry.text == known.text;
    Says {
        title: !title.words.is_empty() && title.words == candidate.title.words,
        date: entry.dated().is_some() && entry.dated() == known.dated(),
        text: texts_agree(entry, candidate.passages.as_ref(), known),
        is_enough: same_text
            && (candidate.is_said_once
                || entry.text.split_whitespace().take(FEWEST_SAID).count() == FEWEST_SAID),
    }
}

/// Whether neither the known entry's id nor its link is in the document any more, as far as that is
/// known.
fn left_the_document(candidate: &Candidate, known: &Entry) -> bool {
    let Some(listed) = &candidate.listed else { return false };
    let source = &known.source;
    let by_guid = known.guid.as_deref().map(|guid| guid_key(source, guid));
    let by_link = known.url.as_ref().map(|url| link_key(source, &canonical(url)));
    ![by_guid, by_link].iter().flatten().any(|name| listed.contains(name))
}

/// Whether another entry of the document has the known entry's link.
fn link_is_listed(candidate: &Candidate, known: &Entry) -> bool {
    let Some((listed, url)) = candidate.listed.as_ref().zip(known.url.as_ref()) else {
        return false;
    };
    let link = canonical(url);
    candidate.link.as_ref() != Some(&link) && listed.contains(&link_key(&known.source, &link))
}

/// Whether another entry of the document has the known entry's title, which the candidate has not.
fn title_is_listed(candidate: &Candidate, known: &Entry, title: &Title) -> bool {
    let is_listed = |listed: &Arc<HashSet<Key>>| {
        listed.contains(&listed_title_key(&known.source, &title.normal()))
    };
    !title.words.is_empty() && candidate.listed.as_ref().is_some_and(is_listed)
}

/// Whether no entry of the document says what the known one said any more, as far as that is known.
fn wording_left_the_document(candidate: &Candidate, known: &Entry) -> bool {
    let Some(listed) = &candidate.listed else { return false };
    !wording_keys(known).any(|wording| listed.contains(&wording))
}

/// Whether no entry of the document has the known entry's id and title any more, as far as that is
/// known. The id alone may be a place in the list, which another entry has now.
fn id_left_the_document(candidate: &Candidate, known: &Entry) -> bool {
    let Some(listed) = &candidate.listed else { return false };
    known.guid.as_deref().is_none_or(|guid| {
        let title = Title::of_entry(known).normal();
        !listed.contains(&titled_guid_key(&known.source, guid, &title))
    })
}

/// Learns from a recognised entry whether its source keeps IDs and links.
pub(super) fn learn(habits: &mut Habits, candidate: &Candidate, known: &Entry) {
    let guids = candidate.entry.guid.as_ref().zip(known.guid.as_ref());
    let link = |entry: &Entry| entry.url.as_ref().map(canonical);
    if let Some((own, theirs)) = guids {
        let is_link = guid_is_link(own, link(&candidate.entry).as_deref());
        habits.guid.saw(own == theirs || is_link);
    }
    habits.link.saw(link(&candidate.entry) == link(known));
}

/// The member of a known story that the candidate is.
pub(super) fn stated_before<'a>(
    candidate: &Candidate,
    known: &'a Lookalikes,
) -> Option<&'a Member> {
    let stories = candidate
        .lookup_names()
        .flat_map(|name| stories_with(known, name))
        .filter_map(|id| known.stories.get(id))
        .filter(|story| story.stands());
    let members = || stories.clone().flat_map(|story| &story.members);
    members()
        .find(|member| is_unchanged(candidate, &member.entry))
        .or_else(|| members().find(|member| is_same(candidate, &member.entry)))
}

/// Whether `known` is the candidate, in the same words: of several that it may be, this one.
pub(super) fn is_unchanged(candidate: &Candidate, known: &Entry) -> bool {
    says_just_that(&candidate.entry, known) && is_same(candidate, known)
}

/// Whether judging the entry will change nothing, because its source stated it
/// before in the same words. `known` need only hold what is found under
/// [`Candidate::lookup_names`]; for every other entry, judging needs
/// [`Candidate::keys`].
pub fn is_settled(candidate: &Candidate, known: &Lookalikes) -> bool {
    let entry = &candidate.entry;
    stated_before(candidate, known).is_some_and(|member| {
        let same = match (entry.enriched, member.entry.enriched) {
            (None, Some(enriched)) => enriched.stated == entry.statement(),
            (now, then) => now == then && entry.says_the_same_as(&member.entry),
        };
        same && entry.missing.is_none() && member.withdrawn.is_none()
    })
}

/// Whether the source stated this entry before, whatever it said. `known` need only
/// hold what is found under [`Candidate::lookup_names`].
pub fn is_told(candidate: &Candidate, known: &Lookalikes) -> bool {
    stated_before(candidate, known).is_some()
}

/// Whether an entry, taken from what is stored and looked at anew, is still what its source
/// stated last.
pub fn is_current(candidate: &Candidate, known: &Lookalikes) -> bool {
    stated_before(candidate, known)
        .is_some_and(|member| member.entry.stated() == candidate.entry.stated())
}

/// The entry as it was stated before, with what was fetched for it.
pub fn as_told(candidate: &Candidate, known: &Lookalikes) -> Option<Arc<Entry>> {
    stated_before(candidate, known).map(|member| member.entry.clone())
}

/// Reads the texts of one document's candidates, where some are not [settled](is_settled): theirs,
/// and as many of their neighbours' as it takes to see what the document repeats below everything.
/// `known` need only hold what is found under [`Candidate::lookup_names`]. A document that says nothing
/// new costs nothing.
pub fn read_texts(candidates: &mut [Candidate], known: &Lookalikes) {
    let unread: Vec<bool> = candidates
        .iter()
        .map(|candidate| !candidate.is_read() && !is_settled(candidate, known))
        .collect();
    if !unread.contains(&true) {
        return;
    }
    let mut neighbours = MOST_NEIGHBOURS;
    for (candidate, unread) in candidates.iter_mut().zip(unread) {
        if unread || (!candidate.is_read() && neighbours > 0) {
            neighbours -= usize::from(!unread);
            candidate.read();
        }
    }
    let boilerplate: Boilerplate = boilerplate_of(candidates);
    for candidate in candidates {
        candidate.set_boilerplate(&boilerplate);
    }
}
