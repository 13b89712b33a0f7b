//! Candidates, what is known, and the moment in; what becomes of each, out.

use std::time::Duration;

use super::candidate::{Candidate, published_key};
use crate::model::{
    Admitted, Entry, Evidence, Key, KeyKind, Lookalikes, Member, Role, Sources, Story, StoryId,
    Timestamp, Verdict,
};

/// How far apart two tellings under one title may be dated (T1).
const TITLE_WINDOW: Duration = Duration::from_secs(7 * 24 * 3600);

/// More bearers of one title than this are not worth remembering: two
/// already say that the title is no evidence.
const MOST_BEARERS: usize = 3;

/// What the operator decided that bears on identity.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Roles and ranks: who leads.
    pub sources: &'a Sources,
    /// Whose name minted ids bear: `tag:AUTHORITY,2026:…` (RFC 4151).
    pub authority: &'a str,
}

/// What became of a document's entries.
#[derive(Debug, Default)]
pub struct Judged {
    /// Stories that were founded or changed, in document order.
    pub admitted: Vec<Admitted>,
    /// Dates of the entries that this source had not told before.
    pub new: Vec<Timestamp>,
    /// How many it had told before.
    pub known: usize,
}

/// Judges the entries of one document against all that is known. What is
/// admitted is known from then on; judging a document twice changes nothing.
pub fn judge(
    candidates: Vec<Candidate>,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Judged {
    let mut judged = Judged::default();
    for candidate in candidates {
        let place = find(&candidate, known, now);
        match place {
            Place::Told(..) | Place::Forgotten => judged.known += 1,
            _ => judged.new.push(candidate.entry.dated().unwrap_or(now).min(now)),
        }
        let admitted = match place {
            Place::Told(id, member) => revise(candidate, known, id, member, rules, now),
            Place::Like(id, evidence) => Some(join(candidate, known, id, evidence, now)),
            Place::Forgotten => None,
            Place::Nowhere => Some(found(candidate, known, rules, now)),
        };
        if let Some(admitted) = admitted {
            file(&admitted, known);
            judged.admitted.push(admitted);
        }
    }
    judged
}

/// Where an entry belongs.
enum Place {
    /// It is this member of this story.
    Told(StoryId, usize),
    /// It is about what this story is about.
    Like(StoryId, Evidence),
    /// Its story has been removed; keys outlive stories so that nothing old
    /// returns as news.
    Forgotten,
    /// Nothing like it is known.
    Nowhere,
}

fn find(candidate: &Candidate, known: &Lookalikes, now: Timestamp) -> Place {
    let bearers = |key: Key| known.by_key.get(&key).map(Vec::as_slice).unwrap_or_default();
    let named: Vec<StoryId> = candidate
        .own_keys()
        .iter()
        .copied()
        .chain(candidate.address_key())
        .flat_map(bearers)
        .copied()
        .collect();
    for id in &named {
        let Some(story) = known.stories.get(id) else { continue };
        if let Some(member) = story.member_of(&candidate.entry.source, |entry| candidate.is(entry))
        {
            return Place::Told(*id, member);
        }
    }
    if let (Some(address), Some(key)) = (&candidate.address, candidate.address_key())
        && let Some(id) = bearers(key).iter().find(|id| known.stories.contains_key(id))
    {
        let as_original = candidate.entry.original.is_some();
        return Place::Like(*id, Evidence::SameAddress { address: address.clone(), as_original });
    }
    if named.iter().any(|id| !known.stories.contains_key(id)) {
        return Place::Forgotten;
    }
    match same_title(candidate, known, now) {
        Some((id, evidence)) => Place::Like(id, evidence),
        None => Place::Nowhere,
    }
}

/// T1: the one story that bears the title, unless something speaks against it.
fn same_title(
    candidate: &Candidate,
    known: &Lookalikes,
    now: Timestamp,
) -> Option<(StoryId, Evidence)> {
    let title = candidate.title.as_deref()?;
    let [id] = known.by_key.get(&candidate.title_key()?)?.as_slice() else { return None };
    let story = known.stories.get(id)?;
    let apart = story.dated.apart(candidate.entry.dated().unwrap_or(now).min(now));
    let host = host_of(&candidate.entry);
    let elsewhere = story.members.iter().all(|member| host_of(&member.entry) != host);
    (apart <= TITLE_WINDOW && elsewhere).then(|| {
        (*id, Evidence::SameTitle { title: title.to_owned(), hours_apart: apart.as_secs() / 3600 })
    })
}

/// Who speaks: the host of the entry's identity address, else the source.
fn host_of(entry: &Entry) -> &str {
    entry
        .original
        .as_ref()
        .or(entry.url.as_ref())
        .and_then(|url| url.host_str())
        .map_or(entry.source.as_str(), |host| host.strip_prefix("www.").unwrap_or(host))
}

/// What the source says now takes the place of what it said; nothing happens
/// when it says the same.
fn revise(
    candidate: Candidate,
    known: &Lookalikes,
    id: StoryId,
    member: usize,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Option<Admitted> {
    let before = known.stories.get(&id)?;
    let told = &before.members[member].entry;
    // A document fetched late, by an older copy of a cache, revises nothing.
    let older =
        matches!((candidate.entry.updated, told.updated), (Some(now), Some(then)) if now < then);
    if candidate.entry.says_the_same_as(told) || older {
        return None;
    }
    let mut story = before.clone();
    let keys = new_keys(&candidate, &story, known);
    let dated = candidate.entry.updated.or(candidate.entry.published).map(|date| date.min(now));
    story.members[member].entry = candidate.entry;
    story.members[member].revised = Some(now);
    story.revised = now;
    story.changed = now;
    // A syndicator's date moves when it repeats the story, not when the story changes.
    let role = |entry: &Entry| {
        rules.sources.get(&entry.source).map_or(Role::Syndicator, |source| source.role)
    };
    let counts = role(&story.members[member].entry) != Role::Syndicator
        || role(&story.lead(rules.sources).entry) == Role::Syndicator;
    if let Some(date) = dated.filter(|date| counts && *date > story.updated) {
        story.updated = date;
    }
    Some(Admitted {
        story,
        before: Some(Box::new(before.clone())),
        keys,
        verdict: Verdict::Revised,
    })
}

fn join(
    candidate: Candidate,
    known: &Lookalikes,
    id: StoryId,
    evidence: Evidence,
    now: Timestamp,
) -> Admitted {
    let before = &known.stories[&id];
    let mut story = before.clone();
    let keys = new_keys(&candidate, &story, known);
    story.members.push(Member { entry: candidate.entry, evidence, joined: now, revised: None });
    story.changed = now;
    Admitted { story, before: Some(Box::new(before.clone())), keys, verdict: Verdict::Joined }
}

fn found(candidate: Candidate, known: &Lookalikes, rules: &Rules<'_>, now: Timestamp) -> Admitted {
    let id = story_id(&candidate, known);
    let own_id =
        candidate.published_key().filter(|key| known.by_key.get(key).is_none_or(Vec::is_empty));
    let published_id = match (&candidate.entry.guid, own_id) {
        (Some(guid), Some(_)) => guid.clone(),
        _ => format!("tag:{},2026:story:{id}", rules.authority),
    };
    let entry = &candidate.entry;
    let dated = entry.dated().unwrap_or(now).min(now);
    let updated = entry.updated.or(entry.published).unwrap_or(now).min(now);
    let mut story = Story {
        id,
        published_id,
        first_seen: now,
        dated,
        updated,
        revised: updated,
        changed: now,
        members: Vec::new(),
    };
    let mut keys = new_keys(&candidate, &story, known);
    keys.push(published_key(&story.published_id));
    story.members.push(Member {
        entry: candidate.entry,
        evidence: Evidence::Founded,
        joined: now,
        revised: None,
    });
    Admitted { story, before: None, keys, verdict: Verdict::New }
}

/// The keys of the candidate under which its story is not yet known.
fn new_keys(candidate: &Candidate, story: &Story, known: &Lookalikes) -> Vec<Key> {
    let mut keys = candidate.own_keys().to_vec();
    keys.extend(candidate.address_key());
    keys.extend(candidate.title_key());
    keys.retain(|key| match known.by_key.get(key) {
        Some(bearers) if key.kind == KeyKind::Title && bearers.len() >= MOST_BEARERS => false,
        Some(bearers) => !bearers.contains(&story.id),
        None => true,
    });
    keys
}

/// A story's id is a hash of its founding entry's first key, the address where it has one,
/// so any two processes that admit the story agree on it. Where a story of that
/// id stands already, the hash is taken again.
fn story_id(candidate: &Candidate, known: &Lookalikes) -> StoryId {
    let key = candidate.address_key().or(candidate.own_keys().first().copied());
    let mut hasher = blake3::Hasher::new_derive_key("gazetted 2026 story id");
    if let Some(key) = key {
        hasher.update(&[key.kind as u8]).update(&key.hash);
    }
    let mut bytes = [0; 16];
    let mut stream = hasher.finalize_xof();
    loop {
        stream.fill(&mut bytes);
        let id = StoryId::from_bytes(bytes);
        if !known.stories.contains_key(&id) {
            return id;
        }
    }
}

/// What was admitted is known from now on.
fn file(admitted: &Admitted, known: &mut Lookalikes) {
    for key in &admitted.keys {
        let bearers = known.by_key.entry(*key).or_default();
        if !bearers.contains(&admitted.story.id) {
            bearers.push(admitted.story.id);
        }
    }
    known.stories.insert(admitted.story.id, admitted.story.clone());
}
