//! Passage keys as stories bear and lose them in; which stories may bear one, from memory, out.
//!
//! A story has a handful of names but dozens of passages, and what sled costs
//! goes with the number of keys. So a story's passages are one record a span
//! of time, and the way back, from passage to stories, is kept here alone: it
//! is read in when the store opens. Passages are evidence for weeks, not for
//! ever ([`Commit::passages_from`](super::Commit::passages_from)), which bounds it.
//!
//! Of a passage's hash four bytes are kept, beside four that number its story. So what is
//! found [may](Passages::bearers) bear a passage, and is asked whether it does: by its own
//! record, which has every byte. By chance that is in vain once in some thousand passages. Who
//! chooses texts so that hashes begin alike makes us read records in vain, sixty-four a
//! passage, or crowds out an older bearer by as many newer ones: no more than whoever
//! quotes the passage itself does. A text whose own passages begin alike is found by them
//! until it loses one.

mod sorted;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use crate::model::{Key, KeyKind, StoryId, Timestamp};

use super::MOST_BEARERS;
use sorted::Sorted;

/// A passage's hash as its key has it, the span of time first.
type Hash = [u8; 16];

/// The index as readers and the writer share it.
pub(super) type Shared = Arc<RwLock<Passages>>;

/// Which stories bear which passages.
#[derive(Debug, Default)]
pub(super) struct Passages {
    /// By span of time: the beginning of a hash, and the number of a story.
    spans: BTreeMap<u32, Sorted>,
    /// What the numbers mean. A story may have several.
    stories: Vec<(Timestamp, StoryId)>,
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
            Change::Borne(key, first_seen, id) => self.insert(&key, (first_seen, id)),
            Change::Lost(key, first_seen, id) => self.remove(&key, (first_seen, id)),
            Change::From(first) => self.forget(first),
        }
    }

    /// As [`Bearers`](super::records::Bearers): of very many the newest are known.
    fn insert(&mut self, key: &Key, story: (Timestamp, StoryId)) {
        let present = self.present(key);
        if present.iter().any(|(_, known)| *known == story) {
            return;
        }
        let oldest = present.iter().min_by_key(|(_, known)| known);
        let oldest = oldest.filter(|_| present.len() >= MOST_BEARERS);
        if oldest.is_some_and(|(_, known)| *known >= story) {
            return;
        }
        let number = self.number_of(story);
        let span = self.spans.entry(span_of(key)).or_default();
        if let Some((oldest, _)) = oldest {
            span.remove(*oldest);
        }
        span.insert(first_of(key) | u64::from(number));
    }

    fn remove(&mut self, key: &Key, story: (Timestamp, StoryId)) {
        for (borne, _) in self.present(key).into_iter().filter(|(_, known)| *known == story) {
            if let Some(span) = self.spans.get_mut(&span_of(key)) {
                span.remove(borne);
            }
        }
    }

    /// Forgets spans of time, and the numbers that were of their stories alone.
    fn forget(&mut self, first: u32) {
        let kept = self.spans.split_off(&first);
        if std::mem::replace(&mut self.spans, kept).is_empty() {
            return;
        }
        let mut is_used = vec![false; self.stories.len()];
        for borne in self.spans.values().flat_map(Sorted::iter) {
            is_used[number_in(borne)] = true;
        }
        // In their order, so that what is sorted stays so.
        let mut next = 0;
        let mut renumbered = Vec::with_capacity(is_used.len());
        for is_used in &is_used {
            renumbered.push(next);
            next += u32::from(*is_used);
        }
        for span in self.spans.values_mut() {
            span.renew(|borne| borne >> 32 << 32 | u64::from(renumbered[number_in(borne)]));
        }
        let mut is_used = is_used.into_iter();
        self.stories.retain(|_| is_used.next().unwrap_or_default());
        self.stories.shrink_to_fit();
    }

    /// The stories that may bear a passage, by (first_seen, id): all that do, of very many
    /// the newest, and seldom one whose passage only begins alike.
    pub(super) fn bearers(&self, key: &Key) -> Vec<(Timestamp, StoryId)> {
        let mut stories: Vec<_> = self.present(key).into_iter().map(|(_, story)| story).collect();
        stories.sort();
        stories
    }

    fn present(&self, key: &Key) -> Vec<(u64, (Timestamp, StoryId))> {
        let (first, span) = (first_of(key), self.spans.get(&span_of(key)));
        let borne = span.map(|span| span.range(first, first | u64::from(u32::MAX)));
        borne.into_iter().flatten().map(|one| (*one, self.stories[number_in(*one)])).collect()
    }

    /// A story's changes come together, so the last number is nearly always its own.
    fn number_of(&mut self, story: (Timestamp, StoryId)) -> u32 {
        if self.stories.last() != Some(&story) {
            if self.stories.len() == self.stories.capacity() {
                self.stories.reserve_exact(64 + self.stories.len() / 8);
            }
            self.stories.push(story);
        }
        u32::try_from(self.stories.len() - 1).expect("fewer stories than sled has pages")
    }

    /// The index of all passages that stories bear, span of time by span of time.
    pub(super) fn of<E>(
        stories: impl Iterator<Item = Result<(u32, Timestamp, StoryId, Vec<Key>), E>>,
    ) -> Result<Self, E> {
        let mut passages = Self::default();
        let (mut present, mut borne) = (None, Vec::new());
        for story in stories {
            let (span, first_seen, id, keys) = story?;
            if let Some(before) = present.replace(span).filter(|before| *before != span) {
                passages.fill(before, std::mem::take(&mut borne));
            }
            let number = u64::from(passages.number_of((first_seen, id)));
            borne.extend(keys.iter().map(|key| first_of(key) | number));
        }
        if let Some(last) = present {
            passages.fill(last, borne);
        }
        Ok(passages)
    }

    /// Takes in a span of time whole: which stories bear what.
    fn fill(&mut self, span: u32, mut borne: Vec<u64>) {
        borne.sort_unstable();
        borne.dedup();
        if borne.chunk_by(begin_alike).any(|alike| alike.len() > MOST_BEARERS) {
            let newest = |alike: &[u64]| {
                let mut alike = alike.to_vec();
                alike.sort_by_key(|one| Reverse(self.stories[number_in(*one)]));
                alike.truncate(MOST_BEARERS);
                alike
            };
            borne = borne.chunk_by(begin_alike).flat_map(newest).collect();
            borne.sort_unstable();
        }
        self.spans.insert(span, Sorted::of(&borne));
    }
}

fn begin_alike(one: &u64, other: &u64) -> bool {
    one >> 32 == other >> 32
}

fn number_in(borne: u64) -> usize {
    (borne & u64::from(u32::MAX)) as usize
}

/// How all that is kept of a passage begins.
fn first_of(key: &Key) -> u64 {
    let [_, _, _, _, a, b, c, d, ..] = key.hash;
    u64::from(u32::from_be_bytes([a, b, c, d])) << 32
}

/// The span of time that a passage's key is of.
pub(super) fn span_of(key: &Key) -> u32 {
    let [a, b, c, d, ..] = key.hash;
    u32::from_be_bytes([a, b, c, d])
}

/// A passage's key from its span and the rest of its hash.
pub(super) fn key_of(span: u32, rest: &[u8; 12]) -> Key {
    let mut hash = Hash::default();
    hash[..4].copy_from_slice(&span.to_be_bytes());
    hash[4..].copy_from_slice(rest);
    Key { kind: KeyKind::Passage, hash }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::records::Bearers;
    use super::*;

    /// Every passage with the stories that bear it: what their own records say.
    type Plain = BTreeMap<Key, Bearers>;

    fn story(number: u8) -> (Timestamp, StoryId) {
        (Timestamp::from_secs(i64::from(number / 3)), StoryId::from_bytes([number; 16]))
    }

    /// A passage of one of two spans; the last part of it is not kept.
    fn passage(span: bool, begun: u8, ended: u8) -> Key {
        let mut rest = [0; 12];
        (rest[0], rest[3], rest[4]) = (begun << 7, begun, ended);
        key_of(u32::from(span), &rest)
    }

    fn is_alike(one: &Key, other: &Key) -> bool {
        (span_of(one), first_of(one)) == (span_of(other), first_of(other))
    }

    proptest! {
        #[test]
        fn it_knows_what_the_records_say_and_of_very_many_bearers_the_newest(
            steps in prop::collection::vec((any::<bool>(), 0..2u8, any::<u8>(), 0..40), 0..900),
        ) {
            let (mut passages, mut plain) = (Passages::default(), Plain::new());
            for (span, begun, number, step) in steps {
                let (key, (first_seen, id)) = (passage(span, begun, 0), story(number));
                match step {
                    0 => {
                        let first = span_of(&key);
                        passages.apply(Change::From(first));
                        plain.retain(|key, _| span_of(key) >= first);
                    }
                    1..10 => {
                        passages.apply(Change::Lost(key, first_seen, id));
                        plain.entry(key).or_default().remove(first_seen, id);
                    }
                    _ => {
                        passages.apply(Change::Borne(key, first_seen, id));
                        plain.entry(key).or_default().insert(first_seen, id);
                    }
                }
            }
            for (key, bearers) in plain {
                prop_assert_eq!(passages.bearers(&key), bearers.iter().collect::<Vec<_>>());
            }
        }

        #[test]
        fn what_begins_alike_adds_to_the_bearers_and_hides_none(
            borne in prop::collection::btree_set((any::<bool>(), 0..60u8, 0..4u8, 0..3u8), 0..400),
        ) {
            let (mut passages, mut plain) = (Passages::default(), Plain::new());
            let mut records: BTreeMap<_, Vec<Key>> = BTreeMap::new();
            for (span, number, begun, ended) in borne {
                let (key, (first_seen, id)) = (passage(span, begun, ended), story(number));
                passages.apply(Change::Borne(key, first_seen, id));
                plain.entry(key).or_default().insert(first_seen, id);
                records.entry((span_of(&key), first_seen, id)).or_default().push(key);
            }
            let records = records.into_iter().map(|((span, first_seen, id), keys)| {
                Ok::<_, ()>((span, first_seen, id, keys))
            });
            let reopened = Passages::of(records);
            for key in plain.keys() {
                let alike = plain.iter().filter(|(other, _)| is_alike(key, other));
                let alike: BTreeSet<_> = alike.flat_map(|(_, bearers)| bearers.iter()).collect();
                let may = passages.bearers(key);
                prop_assert_eq!(&may, &alike.into_iter().collect::<Vec<_>>());
                prop_assert_eq!(reopened.as_ref().map(|passages| passages.bearers(key)), Ok(may));
            }
        }
    }
}
