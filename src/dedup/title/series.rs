//! Tells instalments of a series apart that have one title: by their dates alone.
//!
//! A title that a source gives to several of its own entries names the series. Which instalment a
//! copy is of, only its date shows: it follows its original by less than half the time between two
//! instalments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::Title;
use crate::dedup::entry_keys::Candidate;
use crate::dedup::rarity::is_periodical;
use crate::dedup::rules::Rules;
use crate::dedup::story_index::stories_with;
use crate::model::{Entry, Lookalikes, Member, SourceId, Story, StoryId, Timestamp};

/// A copy may be dated so long before its original: time zones and dates without a time differ.
pub(in crate::dedup) const CLOCKS_DIFFER: Duration = Duration::from_secs(16 * 3600);

/// A copy of a series may be dated before its original by this part of the time between instalments.
const SLOPPY_PART: u32 = 8;

/// Instalments of what is published again and again are taken to be so far apart.
const PERIOD: Duration = Duration::from_secs(3 * 24 * 3600);

/// A copy follows its instalment by so much at most. Dates further apart than four days weigh against any title alone.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Members of a story whose titles are looked at.
pub(in crate::dedup) const MOST_TITLES: usize = 16;

/// The use of a title elsewhere than in the story that an entry is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dedup) enum Recurrence {
    /// No other story has it.
    None,
    /// Other stories have it, each by another source.
    Elsewhere,
    /// It is that of a series, and the dates say that both are one instalment.
    ThisInstalment,
    /// It is that of a series, and nothing says that both are one instalment.
    Series,
}

/// An entry that has the title, and the story it is in.
struct Use<'a> {
    story: StoryId,
    source: &'a SourceId,
    date: Option<Timestamp>,
    is_original: bool,
}

/// How the title that the candidate shares with this story, where it may be spelt like `theirs`, is
/// used otherwise. The story `besides` holds the candidate already.
pub(in crate::dedup) fn recurrence(
    candidate: &Candidate,
    theirs: &Title,
    (story, besides): (&Story, Option<StoryId>),
    known: &Lookalikes,
    rules: &Rules<'_>,
) -> Recurrence {
    let keys = candidate.title_keys().iter().flat_map(|key| stories_with(known, key));
    let ids: BTreeSet<StoryId> = keys.copied().chain([story.id]).collect();
    let titles = [candidate.title.set(), theirs.set()];
    let stories = ids.iter().filter_map(|id| known.stories.get(id));
    let standing = stories.filter(|other| other.stands());
    let uses: Vec<Use<'_>> =
        standing.flat_map(|other| uses_in(other, candidate, &titles, rules)).collect();
    let elsewhere: Vec<&Use<'_>> =
        uses.iter().filter(|one| one.story != story.id && Some(one.story) != besides).collect();
    let own = use_of(&candidate.entry, story.id, rules);
    let Some((step, is_known)) = least_step(candidate, &own, &uses) else {
        return if elsewhere.is_empty() { Recurrence::None } else { Recurrence::Elsewhere };
    };
    let longest = (step / 2).min(LONGEST);
    // Between known instalments a copy that is dated before one is of the one before.
    let before = if is_known { step / SLOPPY_PART } else { longest }.min(CLOCKS_DIFFER);
    let window = Window { before, longest };
    let is_instalment = |one: &&Use<'_>| {
        let is_sibling = |other: &Use<'_>| one.source == other.source && one.story != other.story;
        uses.iter().any(is_sibling) || one.source == own.source
    };
    let here = uses_in(story, candidate, &titles, rules);
    let Some(origin) = origins(&here).next() else { return Recurrence::Series };
    // Two copies of which nobody has the original may be of two instalments.
    let is_one_known = candidate.title_step.is_some()
        || own.is_original
        || origin.is_original
        || uses.iter().any(|one| one.source == own.source)
        || is_instalment(&origin);
    let other_instalments = elsewhere.into_iter().filter(is_instalment);
    let is_near_another = origins(other_instalments)
        .any(|one| is_copy_of(&own, one, window) || is_copy_of(origin, one, window));
    if is_one_known && is_copy_of(&own, origin, window) && !is_near_another {
        Recurrence::ThisInstalment
    } else {
        Recurrence::Series
    }
}

/// Of each story the entry whose date counts: the original, else the earliest, as copies of copies
/// come later and later.
fn origins<'a>(uses: impl IntoIterator<Item = &'a Use<'a>>) -> impl Iterator<Item = &'a Use<'a>> {
    let mut origins: BTreeMap<StoryId, &Use<'_>> = BTreeMap::new();
    let rank = |one: &Use<'_>| (!one.is_original, one.date.is_none(), one.date);
    for one in uses {
        let first = origins.entry(one.story).or_insert(one);
        if rank(one) < rank(first) {
            *first = one;
        }
    }
    origins.into_values()
}

/// The entries of a story, but for the candidate itself, that have one of these titles.
fn uses_in<'a>(
    story: &'a Story,
    candidate: &Candidate,
    titles: &[Option<String>; 2],
    rules: &Rules<'_>,
) -> Vec<Use<'a>> {
    let own = &candidate.entry;
    let name = |entry: &'_ Entry| {
        (entry.source.clone(), entry.guid.clone(), entry.url.clone(), entry.dated())
    };
    let is_other =
        |member: &&Member| !Arc::ptr_eq(&member.entry, own) && name(&member.entry) != name(own);
    let members = story.members.iter().filter(is_other).take(MOST_TITLES);
    let has_it = |member: &&Member| {
        Title::of_entry(&member.entry).set().is_some_and(|set| titles.contains(&Some(set)))
    };
    members.filter(has_it).map(|member| use_of(&member.entry, story.id, rules)).collect()
}

fn use_of<'a>(entry: &'a Entry, story: StoryId, rules: &Rules<'_>) -> Use<'a> {
    let is_original = rules.speaks_for_itself(entry);
    Use { story, source: &entry.source, date: entry.dated(), is_original }
}

/// The least time between two entries that one source gave the title, and whether two are known. Nothing
/// where none gave it to two, unless its words say that it comes back.
fn least_step(candidate: &Candidate, own: &Use<'_>, uses: &[Use<'_>]) -> Option<(Duration, bool)> {
    let is_periodical = candidate.title.words.iter().any(|word| is_periodical(word));
    let mut least = candidate.title_step;
    let mut note = |one: &Use<'_>, other: &Use<'_>| {
        let step = match (one.date, other.date) {
            (Some(one), Some(other)) => one.apart(other),
            _ => Duration::ZERO,
        };
        least = Some(least.map_or(step, |least| least.min(step)));
    };
    for (place, one) in uses.iter().enumerate() {
        if one.source == own.source {
            note(own, one);
        }
        for other in &uses[place + 1..] {
            if one.source == other.source && one.story != other.story {
                note(one, other);
            }
        }
    }
    let stated = is_periodical.then_some((PERIOD, false));
    least.map(|step| (step, true)).into_iter().chain(stated).min()
}

/// How far a copy may be dated from its original.
#[derive(Debug, Clone, Copy)]
struct Window {
    before: Duration,
    longest: Duration,
}

/// Whether by their dates one may be a copy of the other. Of two copies none comes first.
fn is_copy_of(one: &Use<'_>, other: &Use<'_>, window: Window) -> bool {
    let (Some(date), Some(other_date)) = (one.date, other.date) else { return false };
    let (original, copy) = match (one.is_original, other.is_original) {
        (true, false) => (date, other_date),
        (false, true) => (other_date, date),
        _ => return date.apart(other_date) <= window.longest,
    };
    // A date without a time stands for its whole day.
    let is_of_that_day = copy.is_midnight() && copy.day() == original.day();
    let most = if copy < original && !is_of_that_day { window.before } else { window.longest };
    original.apart(copy) <= most
}
