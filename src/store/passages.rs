//! Passage keys as stories bear and lose them in; which stories bear one, from memory, out.
//!
//! A story has a handful of names but dozens of passages, and what sled costs
//! goes with the number of keys. So a story's passages are one record a span
//! of time, and the way back, from passage to stories, is kept here alone: it
//! is read in when the store opens. Passages are evidence for weeks, not for
//! ever ([`Commit::passages_from`](super::Commit::passages_from)), which bounds it.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, RwLock};

use crate::model::{Key, KeyKind, StoryId, Timestamp};

use super::MOST_BEARERS;

/// A passage's hash as its key has it, the span of time first.
type Hash = [u8; 16];

/// The index as readers and the writer share it.
pub(super) type Shared = Arc<RwLock<Passages>>;

/// Which stories bear which passages.
#[derive(Debug, Default)]
pub(super) struct Passages {
    bearers: BTreeSet<(Hash, u32)>,
    /// What the numbers mean: four bytes a passage instead of twenty-four.
    stories: Vec<(Timestamp, StoryId)>,
    numbers: HashMap<(Timestamp, StoryId), u32>,
}

/// What a commit does to the index.
#[derive(Debug)]
pub(super) enum Change {
    /// A story bears a passage.
    Borne(Key, Timestamp, StoryId),
    /// A story bears a passage no longer.
    Lost(Key, Timestamp, StoryId),
    /// Passages of earlier spans of time are forgotten.
    From(u32),
}

impl Passages {
    pub(super) fn apply(&mut self, change: Change) {
        match change {
            Change::Borne(key, first_seen, id) => self.insert(key.hash, (first_seen, id)),
            Change::Lost(key, first_seen, id) => {
                if let Some(number) = self.numbers.get(&(first_seen, id)) {
                    self.bearers.remove(&(key.hash, *number));
                }
            }
            Change::From(span) => self.bearers = self.bearers.split_off(&(first_of(span), 0)),
        }
    }

    /// As [`Bearers`](super::records::Bearers): of very many the newest are known.
    fn insert(&mut self, hash: Hash, story: (Timestamp, StoryId)) {
        let present: Vec<u32> = self.numbers_of(hash).collect();
        let oldest = present.iter().copied().min_by_key(|number| self.story(*number));
        if let Some(oldest) = oldest.filter(|_| present.len() >= MOST_BEARERS) {
            if self.story(oldest) >= story {
                return;
            }
            self.bearers.remove(&(hash, oldest));
        }
        let number = self.number_of(story);
        self.bearers.insert((hash, number));
    }

    /// The stories that bear a passage, by (first_seen, id).
    pub(super) fn bearers(&self, key: &Key) -> Vec<(Timestamp, StoryId)> {
        let mut stories: Vec<_> =
            self.numbers_of(key.hash).map(|number| self.story(number)).collect();
        stories.sort();
        stories
    }

    fn numbers_of(&self, hash: Hash) -> impl Iterator<Item = u32> {
        self.bearers.range((hash, 0)..=(hash, u32::MAX)).map(|(_, number)| *number)
    }

    fn story(&self, number: u32) -> (Timestamp, StoryId) {
        self.stories[number as usize]
    }

    fn number_of(&mut self, story: (Timestamp, StoryId)) -> u32 {
        let next = u32::try_from(self.stories.len()).expect("fewer stories than sled has pages");
        let number = *self.numbers.entry(story).or_insert(next);
        if number == next {
            self.stories.push(story);
        }
        number
    }
}

/// The span of time that a passage's key is of.
pub(super) fn span_of(key: &Key) -> u32 {
    let [a, b, c, d, ..] = key.hash;
    u32::from_be_bytes([a, b, c, d])
}

/// A passage's key from its span and the rest of its hash.
pub(super) fn key_of(span: u32, rest: &[u8; 12]) -> Key {
    let mut hash = first_of(span);
    hash[4..].copy_from_slice(rest);
    Key { kind: KeyKind::Passage, hash }
}

fn first_of(span: u32) -> Hash {
    let mut hash = [0; 16];
    hash[..4].copy_from_slice(&span.to_be_bytes());
    hash
}
