//! What the configuration says that bears on identity, and the look-ups by key that all rules use.

use crate::model::{Admitted, Bearers, Habits, Key, KeyKind, Lookalikes, Sources, Story, StoryId};

use super::entry_keys::{Candidate, MOST_COMMON};
use super::overrides::Overrides;

/// Of more stories that bear one title no further one is found by it: it says hardly anything.
const MOST_BEARERS: usize = 8;

/// What is given when entries are judged.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Roles and ranks: who leads.
    pub sources: &'a Sources,
    /// The authority of minted ids: `tag:AUTHORITY,2026:…` (RFC 4151).
    pub authority: &'a str,
    /// Which addresses are one story, and which are not, whatever is judged.
    pub overrides: &'a Overrides,
    /// What was learned of the ids of the source whose document is judged.
    pub habits: Habits,
}

/// The stories that bear a key, oldest first.
pub(super) fn bearers<'a>(known: &'a Lookalikes, key: &Key) -> &'a [StoryId] {
    known.by_key.get(key).map(Bearers::as_slice).unwrap_or_default()
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
    keys.extend(candidate.said_key());
    keys.extend_from_slice(candidate.title_keys());
    keys.retain(|key| match known.by_key.get(key) {
        Some(bearers) if key.kind == KeyKind::Title && bearers.len() >= MOST_BEARERS => false,
        Some(bearers) => !bearers.contains(&story.id),
        None => true,
    });
    keys
}

/// Adds what was admitted to what is known.
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
