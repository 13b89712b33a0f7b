//! Revises a story when a source says something new of an entry that it stated before.

use std::sync::Arc;

use super::compare::leads_with_text;
use super::entry_keys::Candidate;
use super::history::bound;
use super::place::forgotten;
use super::recognise::stated_before;
use super::rules::Rules;
use super::story_index::{rare, stories_with, unkeyed};
use super::text::own_part;
use super::text_diff::excerpt;
use super::withdraw::{heed_notice, is_to_be_checked, note_missing};
use crate::model::{
    Admitted, Enriched, Entry, Habits, Lookalikes, Revision, Role, Story, StoryId, Timestamp,
    Verdict, is_own_page,
};

/// Replaces an entry by its new wording. Nothing happens when the source says the same.
pub(super) fn revise(
    mut candidate: Candidate,
    known: &Lookalikes,
    id: StoryId,
    member: usize,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Option<Admitted> {
    let before = known.stories.get(&id)?;
    let told = &before.members[member].entry;
    if candidate.entry.cut_off && !told.cut_off {
        // Part of an entry would replace the whole of it.
        return None;
    }
    let missing = candidate.entry.missing;
    keep_what_was_fetched(&mut candidate.entry, told);
    // A document fetched late, by an older copy of a cache, revises nothing.
    let older =
        matches!((candidate.entry.updated, told.updated), (Some(now), Some(then)) if now < then);
    let same = candidate.entry.says_the_same_as(told);
    let mut story = Story::clone(before);
    if older || (same && candidate.entry.enriched == told.enriched) {
        if story.members[member].entry.missing != candidate.entry.missing {
            Arc::make_mut(&mut story.members[member].entry).missing = candidate.entry.missing;
        }
        note_missing(&mut story, member, missing);
        heed_notice(&mut story, member, rules, now);
        return (story != **before).then(|| {
            story.changed = now;
            unkeyed(story, before)
        });
    }
    let words_changed = candidate.entry.text != told.text;
    let mut keys = candidate.new_keys(&story, known);
    let leading_keys = if words_changed { candidate.leading_keys() } else { Vec::new() };
    let completed = told.cut_off
        || is_completion(&candidate.entry, told)
        || candidate.entry.is_other_cut_of(told);
    // Another address or id alone is not a change that a reader sees.
    let moved = is_only_moved(&candidate.entry, told);
    if !completed && !same && !moved {
        // A change that cannot be shown in words gives the story no new date.
        if record(&mut story, &candidate.entry, member, rules, now) {
            date(&mut story, &candidate.entry, member, rules, now);
        }
    }
    story.members[member].own = own_part(&candidate.entry);
    story.members[member].entry = candidate.entry;
    story.changed = now;
    note_missing(&mut story, member, missing);
    heed_notice(&mut story, member, rules, now);
    if leads_with_text(&story, member, rules) {
        keys.extend(rare(leading_keys, &story, known));
    }
    let verdict = match (&story.withdrawn, &before.withdrawn) {
        (now, then) if now != then => Verdict::Withdrawn,
        _ if completed || same || moved => Verdict::Completed,
        _ => Verdict::Revised,
    };
    Some(Admitted {
        story: Arc::new(story),
        before: Some(before.clone()),
        keys,
        dropped: Vec::new(),
        verdict,
    })
}

/// An entry that comes without what was fetched for it before keeps that: as
/// it is where the source says what it said then, else until it is fetched again.
fn keep_what_was_fetched(entry: &mut Arc<Entry>, told: &Arc<Entry>) {
    // Whoever has just read the page, and does not say that it is gone, has found it.
    let found = entry.enriched.is_some() && entry.missing.is_none();
    let missing = if found { None } else { told.missing };
    if entry.missing != missing {
        Arc::make_mut(entry).missing = missing;
    }
    let (None, Some(enriched)) = (entry.enriched, told.enriched) else { return };
    let stated = entry.statement();
    if stated == enriched.stated {
        entry.clone_from(told);
        return;
    }
    let entry = Arc::make_mut(entry);
    entry.enriched = Some(Enriched { stated, stale: true, ..enriched });
    entry.content.clone_from(&told.content);
    entry.text.clone_from(&told.text);
    entry.tags.clone_from(&told.tags);
    entry.content_id.clone_from(&told.content_id);
    entry.page.clone_from(&told.page);
    entry.change_note.clone_from(&told.change_note);
    entry.withdrawn = told.withdrawn;
    entry.withdrawn_because.clone_from(&told.withdrawn_because);
    if entry.original.is_none() {
        entry.original.clone_from(&told.original);
    }
    if entry.language.is_none() {
        entry.language.clone_from(&told.language);
    }
}

/// Whether what is new was fetched, while the source says what it said.
fn is_completion(entry: &Entry, told: &Entry) -> bool {
    let Some(enriched) = entry.enriched.filter(|enriched| !enriched.stale) else { return false };
    match told.enriched {
        None => told.statement() == enriched.stated,
        Some(before) => before.stale && before.stated == enriched.stated,
    }
}

/// Remembers the former wording. Returns whether there is a change to show.
fn record(
    story: &mut Story,
    entry: &Entry,
    member: usize,
    rules: &Rules<'_>,
    now: Timestamp,
) -> bool {
    let told = &story.members[member].entry;
    let text_changed = entry.text != told.text;
    let revision = Revision {
        at: now,
        source: entry.source.clone(),
        link: entry.url.as_ref().map(|url| url.to_string()),
        major: entry.updated > told.updated,
        title: (entry.title != told.title).then(|| told.title.clone()),
        summary: (entry.summary != told.summary).then(|| told.summary.clone().unwrap_or_default()),
        text: text_changed.then(|| told.text.clone()),
        text_changed,
        change: if text_changed { excerpt(&told.text, &entry.text) } else { Vec::new() },
        note: entry.change_note.clone().filter(|note| told.change_note.as_ref() != Some(note)),
    };
    let says_something = revision.title.is_some()
        || revision.summary.is_some()
        || text_changed
        || revision.major
        || revision.note.is_some();
    if says_something {
        let lead = story.lead(rules.sources).entry.source.clone();
        story.history.push(revision);
        bound(&mut story.history, &lead);
    }
    says_something
}

/// When the story changed, by our clock and by its sources' own word.
fn date(story: &mut Story, entry: &Entry, member: usize, rules: &Rules<'_>, now: Timestamp) {
    let stated = &story.members[member].entry;
    let told_date = stated.updated.or(stated.published);
    story.revised = now;
    story.members[member].revised = Some(now);
    // A syndicator's date moves when it repeats the story, not when the story changes.
    let role = |entry: &Entry| {
        rules.sources.get(&entry.source).map_or(Role::Syndicator, |source| source.role)
    };
    // Nor does that of whoever only cites the page that another leads with.
    let lead = story.lead(rules.sources);
    let is_citation = || {
        lead.entry.source != entry.source
            && !is_own_page(&entry.source, entry.url.as_ref(), rules.sources)
    };
    let counts =
        role(&lead.entry) == Role::Syndicator || role(entry) != Role::Syndicator && !is_citation();
    let date_of = |entry: &Entry| entry.updated.or(entry.published);
    // A date in the future that has not moved does not date the change.
    let is_new = |date: &Timestamp| *date <= now || Some(*date) != told_date;
    let date = date_of(entry).filter(is_new).map(|date| date.min(now));
    if let Some(date) = date.filter(|date| counts && *date > story.updated) {
        story.updated = date;
    }
}

/// Whether an entry says what it said, at another address or under another id.
fn is_only_moved(entry: &Entry, stated: &Entry) -> bool {
    let here = Entry {
        url: stated.url.clone(),
        original: stated.original.clone(),
        page: stated.page.clone(),
        ..entry.clone()
    };
    here.says_the_same_as(stated)
}

/// How near to a poll a date lies that follows the poll.
const AT_THE_POLL: std::time::Duration = std::time::Duration::from_secs(600);

/// Keeps the dates of entries whose source dates them anew at every poll, though no word changed.
///
/// A source does so where the dates of all entries that were known moved at once, or, where there
/// is but one, from the time of one poll to that of another.
pub(super) fn keep_rolling_dates(
    candidates: &mut [Candidate],
    known: &Lookalikes,
    habits: &mut Habits,
    now: Timestamp,
) {
    let mut moved: Vec<(usize, Option<Timestamp>, Option<Timestamp>)> = Vec::new();
    let (mut dated, mut followed) = (0, true);
    for (place, candidate) in candidates.iter().enumerate() {
        let entry = &candidate.entry;
        let Some(member) = stated_before(candidate, known) else { continue };
        let stated = &member.entry;
        let (Some(is), Some(was)) = (entry.dated(), stated.dated()) else { continue };
        dated += 1;
        let says_the_same = entry.title == stated.title
            && entry.summary == stated.summary
            && (stated.enriched.is_some() || entry.text == stated.text);
        let later = is > was || entry.updated > stated.updated;
        if says_the_same && later {
            followed &= is.apart(now) <= AT_THE_POLL && was.apart(member.joined) <= AT_THE_POLL;
            moved.push((place, stated.published, stated.updated));
        }
    }
    if moved.is_empty() {
        // Several that kept their dates show that the source has mended its ways.
        habits.rolling_dates &= dated < 2;
        return;
    }
    habits.rolling_dates |= moved.len() == dated && (moved.len() > 1 || followed);
    if !habits.rolling_dates {
        return;
    }
    for (place, published, updated) in moved {
        let entry = Arc::make_mut(&mut candidates[place].entry);
        entry.published = published;
        entry.updated = updated;
    }
}

/// Whether an entry's full text should be fetched: it is new, its source says
/// something new, the last attempt failed, or it is time to see whether the page
/// still stands. `since` is when this source was last read.
pub fn wants_enrichment(
    candidate: &Candidate,
    known: &Lookalikes,
    since: Timestamp,
    now: Timestamp,
) -> Wanted {
    let Some(member) = stated_before(candidate, known) else {
        return if is_forgotten(candidate, known) { Wanted::No } else { Wanted::New };
    };
    let stated = candidate.entry.stated();
    match member.entry.enriched {
        Some(enriched) if enriched.stated != stated => Wanted::New,
        Some(enriched) if enriched.stale => Wanted::Again,
        Some(_) if is_to_be_checked(member, since, now) => Wanted::Check,
        Some(_) => Wanted::Read,
        None if member.entry.statement() != stated => Wanted::New,
        None => Wanted::Again,
    }
}

/// Whether all that is known of an entry is that its story is kept no longer: nothing
/// comes of it, so nothing is fetched for it.
fn is_forgotten(candidate: &Candidate, known: &Lookalikes) -> bool {
    let mut named = candidate.names().iter().flat_map(|name| stories_with(known, name));
    named.all(|id| !known.stories.contains_key(id)) && forgotten(candidate, known).is_some()
}

/// Whether an entry's full text should be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// It is new, or says something new.
    New,
    /// It was tried for these very words, and failed.
    Again,
    /// It is there; whether its page still is, is to be seen.
    Check,
    /// It is there.
    Read,
    /// Nothing comes of it.
    No,
}
