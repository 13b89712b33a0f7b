//! Finds the story that an entry belongs to, and puts the entry there or founds a story of it.

use std::sync::Arc;

use super::compare::leads_with_text;
use super::entry_keys::Candidate;
use super::key_hash::{address_keys, published_key};
use super::near_duplicate::{Join, Likeness, likeness};
use super::overrides::addresses;
use super::recognise::{is_same, is_unchanged, learn};
use super::rules::Rules;
use super::story_index::{rare, stories_with};
use super::text::own_part;
use super::withdraw::heed_notice;
use crate::model::{
    Admitted, Entry, Evidence, Habits, Key, KeyKind, Lookalikes, Member, Related, Story, StoryId,
    Timestamp, Verdict,
};

/// The most entries of one story. Its record has to stay readable, however often one announcement is
/// repeated.
const MOST_MEMBERS: usize = 250;

/// The most of them that one source lists.
const MOST_OF_A_SOURCE: usize = 10;

/// Stories that are remembered as resembling one.
const MOST_RELATED: usize = 8;

/// Where an entry belongs.
pub(super) enum Place {
    /// It is this member of this story.
    Known(StoryId, usize),
    /// It is new: about what another story is about, or not.
    About(Likeness),
    /// It is about what this story is about, which holds as many entries as a story may. Nothing is
    /// recorded of it, however often it is listed.
    Crowded(StoryId),
    /// Its story has been removed; keys outlive stories so that nothing old
    /// returns as news.
    Forgotten(StoryId),
}

/// An entry of this age whose id is new is news, though its page was that of something old.
const NEWS: std::time::Duration = std::time::Duration::from_secs(28 * 24 * 3600);

pub(super) fn find(
    candidate: &Candidate,
    known: &Lookalikes,
    rules: &Rules<'_>,
    habits: &mut Habits,
) -> Place {
    let named: Vec<StoryId> =
        candidate.names().iter().flat_map(|name| stories_with(known, name)).copied().collect();
    let looked_up: Vec<StoryId> =
        candidate.lookup_names().flat_map(|name| stories_with(known, name)).copied().collect();
    if let Some((id, member)) = stated_in(&looked_up, candidate, known, |_| true) {
        let stated = &known.stories[&id].members[member].entry;
        if !candidate.entry.says_the_same_as(stated) {
            learn(habits, candidate, stated);
        }
        return Place::Known(id, member);
    }
    // Of an entry that was cut off there may be nothing but its title.
    let titled = candidate.title_keys().first().map_or(&[][..], |title| stories_with(known, title));
    if let Some((id, member)) = stated_in(titled, candidate, known, |entry| entry.cut_off) {
        return Place::Known(id, member);
    }
    if let Some(best) = forced(candidate, known, rules) {
        let likeness = Likeness { best: Some(best), ..Likeness::default() };
        return crowded(candidate, &likeness, known).unwrap_or(Place::About(likeness));
    }
    let likeness = likeness(candidate, known, rules, None);
    if let Some(crowded) = crowded(candidate, &likeness, known) {
        return crowded;
    }
    let by_page = likeness
        .best
        .as_ref()
        .is_some_and(|best| matches!(best.evidence, Evidence::SameAddress { .. }));
    if !by_page && let Some(id) = forgotten(candidate, known) {
        return Place::Forgotten(id);
    }
    note_reused(candidate, &named, known, habits);
    Place::About(likeness)
}

/// The story among these, and the place in it, where the source of an entry stated it before.
fn stated_in(
    stories: &[StoryId],
    candidate: &Candidate,
    known: &Lookalikes,
    may_be: impl Fn(&Entry) -> bool,
) -> Option<(StoryId, usize)> {
    let find = |is_it: fn(&Candidate, &Entry) -> bool| {
        stories.iter().find_map(|id| {
            let story = known.stories.get(id).filter(|story| story.stands())?;
            let is_it = |entry: &Entry| may_be(entry) && is_it(candidate, entry);
            Some((*id, story.member_of(&candidate.entry.source, is_it)?))
        })
    };
    find(is_unchanged).or_else(|| find(is_same))
}

/// The story that an entry would join, if that holds as many entries as it may.
fn crowded(candidate: &Candidate, likeness: &Likeness, known: &Lookalikes) -> Option<Place> {
    let story = known.stories.get(&likeness.best.as_ref()?.story)?;
    let source = &candidate.entry.source;
    let of_source = story.members.iter().filter(|member| member.entry.source == *source).count();
    let is_full = story.members.len() >= MOST_MEMBERS || of_source >= MOST_OF_A_SOURCE;
    is_full.then_some(Place::Crowded(story.id))
}

/// Whether two stories have room for each other's entries.
pub(super) fn have_room(one: &Story, other: &Story) -> bool {
    one.members.len() + other.members.len() <= MOST_MEMBERS
}

/// The story of this entry that was removed, if one was. What another source listed at its page and
/// was removed tells nothing of it, if it is news.
pub(super) fn forgotten(candidate: &Candidate, known: &Lookalikes) -> Option<StoryId> {
    let of_source = |name: &&Key| name.kind == KeyKind::Own;
    let gone = |names: &mut dyn Iterator<Item = &Key>| {
        let mut ids = names.flat_map(|name| stories_with(known, name));
        ids.find(|id| !known.stories.contains_key(*id)).copied()
    };
    let own = gone(&mut candidate.names().iter().filter(of_source));
    let any = own.or_else(|| gone(&mut candidate.names().iter()))?;
    // A page that is used for one notice after the other is new with each.
    let has_new_id = candidate.guid.is_some()
        && candidate.own_keys().first().is_some_and(|own| stories_with(known, own).is_empty());
    let read = candidate.read_at;
    let is_recent = candidate.date.apart(read) < NEWS;
    let is_news = match own {
        Some(_) => has_new_id && is_recent && candidate.entry.dated().is_some(),
        None => is_recent,
    };
    (!is_news).then_some(any)
}

/// Notes where a new entry has the id or the link of another of its source.
fn note_reused(candidate: &Candidate, named: &[StoryId], known: &Lookalikes, habits: &mut Habits) {
    let entry = &candidate.entry;
    let members =
        named.iter().filter_map(|id| known.stories.get(id)).flat_map(|story| &story.members);
    let mut others = members.filter(|member| member.entry.source == entry.source).peekable();
    if others.peek().is_none() {
        return;
    }
    let (mut guid, mut link) = (false, false);
    for other in others {
        guid |= entry.guid.is_some() && entry.guid == other.entry.guid;
        link |= entry.url.is_some() && entry.url == other.entry.url;
    }
    if guid {
        habits.guid.saw_reused();
    }
    if link {
        habits.link.saw_reused();
    }
}

/// Has an entry join the story that it is about, or found one.
pub(super) fn place_entry(
    candidate: Candidate,
    known: &Lookalikes,
    likeness: Likeness,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Admitted {
    let Likeness { best, related, .. } = likeness;
    match best {
        Some(best) => join(candidate, known, best, related, rules, now),
        None => found(candidate, known, related, rules, now),
    }
}

/// The story that the operator joins it with.
fn forced(candidate: &Candidate, known: &Lookalikes, rules: &Rules<'_>) -> Option<Join> {
    for partner in rules.overrides.partners_of(&candidate.entry) {
        let ids = address_keys(partner);
        let bears = |story: &&Arc<Story>| {
            let named = |entry: &Entry| addresses(entry).iter().any(|address| address == partner);
            story.stands()
                && story.members.iter().any(|member| named(&member.entry))
                && !rules.overrides.bar(&candidate.entry, story)
        };
        let story = ids
            .iter()
            .flat_map(|key| stories_with(known, key))
            .filter_map(|id| known.stories.get(id))
            .find(bears);
        if let Some(story) = story {
            let evidence = Evidence::Forced { with: partner.to_owned() };
            return Some(Join { story: story.id, evidence, factors: Vec::new() });
        }
    }
    None
}

/// Adds an entry to a story.
pub(super) fn join(
    candidate: Candidate,
    known: &Lookalikes,
    why: Join,
    related: Vec<Related>,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Admitted {
    let before = &known.stories[&why.story];
    let mut story = Story::clone(before);
    let mut keys = candidate.new_keys(&story, known);
    let leading_keys = candidate.leading_keys();
    let last = story.members.len();
    story
        .members
        .push(Member { factors: why.factors, ..member(candidate.entry, why.evidence, now) });
    relate(&mut story, related);
    story.changed = now;
    // Readers meet the announcement of whoever leads now, whatever date the copies had.
    let led = before.lead(rules.sources).entry.source.clone();
    let lead = &story.lead(rules.sources).entry;
    if lead.source != led {
        let date = lead.updated.or(lead.published).unwrap_or(now).min(now);
        story.updated = story.updated.max(date);
    }
    heed_notice(&mut story, last, rules, now);
    if leads_with_text(&story, last, rules) {
        keys.extend(rare(leading_keys, &story, known));
    }
    Admitted {
        story: Arc::new(story),
        before: Some(before.clone()),
        keys,
        dropped: Vec::new(),
        verdict: Verdict::Joined,
    }
}

/// Founds a story of an entry.
pub(super) fn found(
    candidate: Candidate,
    known: &Lookalikes,
    related: Vec<Related>,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Admitted {
    let id = story_id(&candidate, known);
    let own_id = candidate
        .published_key()
        .filter(|key| known.by_key.get(key).is_none_or(|ids| ids.is_empty()));
    let published_id = match (&candidate.guid, own_id) {
        (Some(guid), Some(_)) => guid.clone(),
        _ => format!("tag:{},2026:story:{id}", rules.authority),
    };
    let entry = &candidate.entry;
    let updated = entry.updated.or(entry.published).unwrap_or(now).min(now);
    let mut story = Story {
        dated: candidate.date,
        updated,
        revised: updated,
        related,
        ..Story::new(id, published_id, now)
    };
    let mut keys = candidate.new_keys(&story, known);
    keys.extend(rare(candidate.leading_keys(), &story, known));
    keys.push(published_key(&story.published_id));
    story.members.push(member(candidate.entry, Evidence::Founded, now));
    heed_notice(&mut story, 0, rules, now);
    let story = Arc::new(story);
    Admitted { story, before: None, keys, dropped: Vec::new(), verdict: Verdict::New }
}

/// An entry as it joins.
fn member(entry: Arc<Entry>, evidence: Evidence, now: Timestamp) -> Member {
    let mut member = Member::new(entry, evidence, now);
    member.own = own_part(&member.entry);
    member
}

/// Remembers what a story nearly was one with: the most alike, once each.
pub(super) fn relate(story: &mut Story, related: Vec<Related>) {
    for other in related {
        if story.related.iter().all(|known| known.story != other.story) {
            story.related.push(other);
        }
    }
    let order = |one: &Related, other: &Related| {
        let cross = |a: &Related, b: &Related| u64::from(a.shared) * u64::from(b.of);
        cross(other, one).cmp(&cross(one, other)).then(one.story.cmp(&other.story))
    };
    story.related.sort_by(order);
    story.related.truncate(MOST_RELATED);
}

/// The ID of a story that an entry founds: the first one that no story has.
fn story_id(candidate: &Candidate, known: &Lookalikes) -> StoryId {
    let is_free = |id: &StoryId| !known.stories.contains_key(id) && !known.taken.contains(id);
    let mut ids = story_ids(candidate);
    // They never run out.
    ids.find(is_free).unwrap_or_else(|| StoryId::from_bytes([0; 16]))
}

/// The IDs that a story may have which an entry founds: hashes of the entry's first key, the
/// address where it has one, so any two processes that admit the story agree on it.
pub fn story_ids(candidate: &Candidate) -> impl Iterator<Item = StoryId> + use<> {
    let key = candidate.address_key().or(candidate.own_keys().first().copied());
    let mut hasher = blake3::Hasher::new_derive_key("gazetted 2026 story id");
    if let Some(key) = key {
        hasher.update(&[key.kind as u8]).update(&key.hash);
    }
    let mut stream = hasher.finalize_xof();
    std::iter::repeat_with(move || {
        let mut bytes = [0; 16];
        stream.fill(&mut bytes);
        StoryId::from_bytes(bytes)
    })
}
