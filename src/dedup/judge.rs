//! Candidates, what is known, and the moment in; what becomes of each, out.

use std::sync::Arc;

use super::candidate::{Candidate, MOST_COMMON, address_keys, published_key, read_texts};
use super::likeness::{Likeness, by_text, by_title, leads_with_text};
use super::overrides::{Overrides, addresses};
use super::revise::revise;
use super::text::own_part;
use super::unite::judge_first_text;
use super::withdraw::heed_notice;
use crate::model::{
    Admitted, Bearers, Entry, Evidence, Key, KeyKind, Lookalikes, Member, Related, Sources, Story,
    StoryId, Timestamp, Verdict,
};

/// More bearers of one title than this are not worth remembering: two
/// already say that the title is no evidence.
const MOST_BEARERS: usize = 3;

/// Stories of which one remembers that it resembles them.
const MOST_RELATED: usize = 8;

/// What the operator decided that bears on identity.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Roles and ranks: who leads.
    pub sources: &'a Sources,
    /// Whose name minted ids bear: `tag:AUTHORITY,2026:…` (RFC 4151).
    pub authority: &'a str,
    /// Which addresses are one story, and which are not, whatever is judged.
    pub overrides: &'a Overrides,
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
    /// How many are new, and one too many for now.
    pub waiting: usize,
    /// The stories that the document lists now, removed ones among them.
    pub listed: Vec<StoryId>,
}

/// Judges the entries of one document against all that is known. What is
/// admitted is known from then on; judging a document twice changes nothing.
pub fn judge(
    candidates: Vec<Candidate>,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Judged {
    judge_within(candidates, known, rules, now, usize::MAX)
}

/// The same, with so many that may be new: the others are passed over, and
/// new when the source lists them again.
pub fn judge_within(
    mut candidates: Vec<Candidate>,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    allowance: usize,
) -> Judged {
    read_texts(&mut candidates, known);
    let mut judged = Judged::default();
    for candidate in candidates {
        let boilerplate = candidate.boilerplate.clone();
        let place = find(&candidate, known, rules);
        match place {
            Place::Told(id, _) | Place::Forgotten(id) => {
                judged.known += 1;
                judged.listed.push(id);
            }
            Place::Like(..) | Place::Unnamed if judged.new.len() >= allowance => {
                judged.waiting += 1;
                continue;
            }
            Place::Like(..) | Place::Unnamed => judged.new.push(candidate.date),
        }
        let admitted = match place {
            Place::Told(id, member) => revise(candidate, known, id, member, rules, now),
            Place::Like(id, evidence) => {
                Some(join(candidate, known, id, evidence, Vec::new(), rules, now))
            }
            Place::Forgotten(_) => None,
            Place::Unnamed => Some(by_its_text(candidate, known, rules, now)),
        };
        if let Some(admitted) = admitted {
            file(&admitted, known);
            let further = judge_first_text(&admitted, &boilerplate, known, rules, now);
            judged.listed.push(admitted.story.id);
            judged.listed.extend(further.iter().map(|further| further.story.id));
            judged.admitted.push(admitted);
            judged.admitted.extend(further);
        }
    }
    judged.listed.sort_unstable();
    judged.listed.dedup();
    judged
}

/// Where an entry belongs by its names: ids, addresses, title.
pub(super) enum Place {
    /// It is this member of this story.
    Told(StoryId, usize),
    /// It is about what this story is about.
    Like(StoryId, Evidence),
    /// Its story has been removed; keys outlive stories so that nothing old
    /// returns as news.
    Forgotten(StoryId),
    /// No name of it is known: its text decides.
    Unnamed,
}

pub(super) fn find(candidate: &Candidate, known: &Lookalikes, rules: &Rules<'_>) -> Place {
    let named: Vec<StoryId> =
        candidate.names().iter().flat_map(|name| bearers(known, name)).copied().collect();
    for id in &named {
        let Some(story) = known.stories.get(id).filter(|story| story.stands()) else { continue };
        if let Some(member) = story.member_of(&candidate.entry.source, |entry| candidate.is(entry))
        {
            return Place::Told(*id, member);
        }
    }
    if let Some((id, evidence)) =
        forced(candidate, known, rules).or_else(|| by_address(candidate, known, rules))
    {
        return Place::Like(id, evidence);
    }
    if let Some(id) = named.iter().find(|id| !known.stories.contains_key(id)) {
        return Place::Forgotten(*id);
    }
    match by_title(candidate, known, rules) {
        Some((id, evidence)) => Place::Like(id, evidence),
        None => Place::Unnamed,
    }
}

/// Joins the story whose text it has, or founds one.
pub(super) fn by_its_text(
    candidate: Candidate,
    known: &Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Admitted {
    let Likeness { best, related } = by_text(&candidate, known, rules, None);
    match best {
        Some((id, evidence)) => join(candidate, known, id, evidence, related, rules, now),
        None => found(candidate, known, related, rules, now),
    }
}

/// The story that the operator joins it with.
fn forced(
    candidate: &Candidate,
    known: &Lookalikes,
    rules: &Rules<'_>,
) -> Option<(StoryId, Evidence)> {
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
            .flat_map(|key| bearers(known, key))
            .filter_map(|id| known.stories.get(id))
            .find(bears);
        if let Some(story) = story {
            return Some((story.id, Evidence::Forced { with: partner.to_owned() }));
        }
    }
    None
}

/// T0: the oldest story that bears the address, or the publisher's own name of the page.
fn by_address(
    candidate: &Candidate,
    known: &Lookalikes,
    rules: &Rules<'_>,
) -> Option<(StoryId, Evidence)> {
    let bearer = |key: &Key| {
        bearers(known, key)
            .iter()
            .filter_map(|id| known.stories.get(id))
            .find(|story| story.stands() && !rules.overrides.bar(&candidate.entry, story))
    };
    if let (Some(address), Some(key)) = (&candidate.address, candidate.address_key())
        && let Some(story) = bearer(&key)
    {
        let as_original =
            candidate.link.as_ref() != Some(address) && candidate.entry.original.is_some();
        let address = address.clone();
        return Some((story.id, Evidence::SameAddress { address, as_original }));
    }
    let story = bearer(&candidate.page_key()?)?;
    let address = candidate.entry.content_id.clone()?;
    Some((story.id, Evidence::SameAddress { address, as_original: false }))
}

/// The stories that bear a key, oldest first.
pub(super) fn bearers<'a>(known: &'a Lookalikes, key: &Key) -> &'a [StoryId] {
    known.by_key.get(key).map(Bearers::as_slice).unwrap_or_default()
}

pub(super) fn join(
    candidate: Candidate,
    known: &Lookalikes,
    id: StoryId,
    evidence: Evidence,
    related: Vec<Related>,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Admitted {
    let before = &known.stories[&id];
    let mut story = Story::clone(before);
    let mut keys = new_keys(&candidate, &story, known);
    let leading_keys = candidate.leading_keys();
    let last = story.members.len();
    story.members.push(member(candidate.entry, evidence, now));
    relate(&mut story, related);
    story.changed = now;
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
        .filter(|key| known.by_key.get(key).is_none_or(|bearers| bearers.is_empty()));
    let published_id = match (&candidate.entry.guid, own_id) {
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
    let mut keys = new_keys(&candidate, &story, known);
    keys.extend(rare(candidate.leading_keys(), &story, known));
    keys.push(published_key(&story.published_id));
    story.members.push(member(candidate.entry, Evidence::Founded, now));
    heed_notice(&mut story, 0, rules, now);
    let story = Arc::new(story);
    Admitted { story, before: None, keys, dropped: Vec::new(), verdict: Verdict::New }
}

/// An entry as it joins, its text measured.
fn member(entry: Arc<Entry>, evidence: Evidence, now: Timestamp) -> Member {
    let mut member = Member::new(entry, evidence, now);
    member.own = own_part(&member.entry);
    member.measure();
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

/// Of a text's keys those that are not boilerplate and not the story's already.
pub(super) fn rare(keys: Vec<Key>, story: &Story, known: &Lookalikes) -> Vec<Key> {
    let worth = |key: &Key| {
        let bearers = bearers(known, key);
        bearers.len() <= MOST_COMMON && !bearers.contains(&story.id)
    };
    keys.into_iter().filter(worth).collect()
}

/// The keys of the candidate under which its story is not yet known.
pub(super) fn new_keys(candidate: &Candidate, story: &Story, known: &Lookalikes) -> Vec<Key> {
    let mut keys = candidate.own_keys().to_vec();
    keys.extend(candidate.address_key());
    keys.extend(candidate.page_key());
    keys.extend(candidate.link_key());
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
pub(super) fn file(admitted: &Admitted, known: &mut Lookalikes) {
    for key in &admitted.dropped {
        if let Some(bearers) = known.by_key.get_mut(key) {
            bearers.retain(|id| *id != admitted.story.id);
        }
    }
    for key in &admitted.keys {
        let bearers = known.by_key.entry(*key).or_default();
        if !bearers.contains(&admitted.story.id) {
            bearers.push(admitted.story.id);
        }
    }
    known.stories.insert(admitted.story.id, admitted.story.clone());
}
