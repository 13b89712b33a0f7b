//! Keys as stories bear and lose them in; which stories may bear one, from memory, out.
//!
//! A story has a handful of names and dozens of passages, and what sled costs
//! goes with the number of keys. So the way from a key to stories is kept here alone: it
//! is read in from the [`sheets`](super::sheets) when the store opens. Passages are evidence for weeks, not for
//! ever ([`Commit::passages_from`](super::Commit::passages_from)); a name is a name as long as its story is known.
//!
//! Of a key four bytes are kept, beside four that number its story. So what is
//! found [may](Index::bearers) bear the key, and is asked whether it does: by its own
//! record, which has every byte. By chance that is in vain once in some thousand keys.
//!
//! Of names these bytes are a hash under a secret of this process, so that nobody can choose names which
//! begin alike: they would crowd out others, of which the newest are kept alone. Of a passage they are the
//! first of its own. Who chooses texts so that these begin alike makes us read records in vain, sixty-four a
//! passage, or crowds out an older bearer by as many newer ones: no more than whoever
//! quotes the passage itself does. A story whose own keys begin alike stands here once for them: with one
//! it loses all, but for those of which it is said that they [stay](Change::Stays).

mod sorted;

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, RwLock};

use crate::model::{Key, KeyKind, StoryId, Timestamp};

use super::MOST_BEARERS;
use super::sheets::{Borne, Of};
use sorted::Sorted;

/// A passage's hash as its key has it, the span of time first.
type Hash = [u8; 16];

/// The index as readers and the writer share it.
pub(super) type Shared = Arc<RwLock<Index>>;

/// Which stories bear which keys.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Names, and passages by span of time: the beginning of a hash, and the number of a story.
    borne: BTreeMap<Of, Sorted>,
    secret: RandomState,
    /// What the numbers mean. A story may have several.
    stories: Vec<(Timestamp, StoryId)>,
}

/// What a commit does to the index.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    /// A story bears a key.
    Borne(Key, Timestamp, StoryId),
    /// A story bears a key no longer.
    Lost(Key, Timestamp, StoryId),
    /// A story that has lost others bears a key still.
    Stays(Key, Timestamp, StoryId),
    /// Passages of earlier spans of time are forgotten.
    From(u32),
}

impl Index {
    /// Applies the changes of one batch.
    pub(super) fn apply(&mut self, changes: impl IntoIterator<Item = Change>) {
        // In the order of the index, so that those which lie together are met together.
        let place = |change: &Change| match change {
            Change::Borne(key, ..) | Change::Lost(key, ..) | Change::Stays(key, ..) => {
                (Of::key(key), self.first_of(key))
            }
            // What is forgotten is borne by nobody from then on.
            Change::From(_) => (Of::Passages(u32::MAX), u64::MAX),
        };
        let changes = changes.into_iter().map(|change| (place(&change), change));
        let mut changes: Vec<_> = changes.collect();
        // Those of keys that begin alike stay in theirs.
        changes.sort_by_key(|(place, _)| *place);
        let (mut numbers, mut lost) = (HashMap::new(), HashSet::new());
        for (place, change) in changes {
            match change {
                Change::Borne(key, first_seen, id) => {
                    self.insert(&key, (first_seen, id), &mut numbers);
                }
                Change::Lost(key, first_seen, id) => {
                    if self.remove(&key, (first_seen, id)) {
                        lost.insert((place, id));
                    }
                }
                Change::Stays(key, first_seen, id) => {
                    if lost.contains(&(place, id)) {
                        self.insert(&key, (first_seen, id), &mut numbers);
                    }
                }
                Change::From(first) => self.forget(first),
            }
        }
    }

    /// Of very many that bear a key the newest are known.
    fn insert(
        &mut self,
        key: &Key,
        story: (Timestamp, StoryId),
        numbers: &mut HashMap<(Timestamp, StoryId), u32>,
    ) {
        let present = self.present(key);
        if present.iter().any(|(_, known)| *known == story) {
            return;
        }
        let oldest = present.iter().min_by_key(|(_, known)| known);
        let oldest = oldest.filter(|_| present.len() >= MOST_BEARERS);
        if oldest.is_some_and(|(_, known)| *known >= story) {
            return;
        }
        let number = *numbers.entry(story).or_insert_with(|| self.number_of(story));
        let borne = self.first_of(key) | u64::from(number);
        let keys = self.borne.entry(Of::key(key)).or_default();
        if let Some((oldest, _)) = oldest {
            keys.remove(*oldest);
        }
        keys.insert(borne);
    }

    /// Whether it was there.
    fn remove(&mut self, key: &Key, story: (Timestamp, StoryId)) -> bool {
        let present = self.present(key).into_iter().filter(|(_, known)| *known == story);
        let present: Vec<u64> = present.map(|(borne, _)| borne).collect();
        if let Some(keys) = self.borne.get_mut(&Of::key(key)) {
            present.iter().for_each(|borne| keys.remove(*borne));
        }
        !present.is_empty()
    }

    /// Forgets spans of time, and the numbers that were of their stories alone.
    fn forget(&mut self, first: u32) {
        let before = self.borne.len();
        self.borne.retain(|of, _| !matches!(of, Of::Passages(span) if *span < first));
        if self.borne.len() == before {
            return;
        }
        let mut is_used = vec![false; self.stories.len()];
        for borne in self.borne.values().flat_map(Sorted::iter) {
            is_used[number_in(borne)] = true;
        }
        // In their order, so that what is sorted stays so.
        let mut next = 0;
        let mut renumbered = Vec::with_capacity(is_used.len());
        for is_used in &is_used {
            renumbered.push(next);
            next += u32::from(*is_used);
        }
        for keys in self.borne.values_mut() {
            keys.renew(|borne| borne >> 32 << 32 | u64::from(renumbered[number_in(borne)]));
        }
        let mut is_used = is_used.into_iter();
        self.stories.retain(|_| is_used.next().unwrap_or_default());
        self.stories.shrink_to_fit();
    }

    /// The stories that may bear a key, by (first_seen, id): all that do, of very many
    /// the newest, and seldom one whose key only begins alike.
    pub(super) fn bearers(&self, key: &Key) -> Vec<(Timestamp, StoryId)> {
        let mut stories: Vec<_> = self.present(key).into_iter().map(|(_, story)| story).collect();
        stories.sort();
        stories
    }

    /// What is there of a key: numbers, and the stories they are of.
    fn present(&self, key: &Key) -> Vec<(u64, (Timestamp, StoryId))> {
        let first = self.first_of(key);
        let keys = self.borne.get(&Of::key(key));
        let borne = keys.map(|keys| keys.range(first, first | u64::from(u32::MAX)));
        borne.into_iter().flatten().map(|one| (one, self.stories[number_in(one)])).collect()
    }

    /// How all that is kept of a key begins.
    fn first_of(&self, key: &Key) -> u64 {
        match key.kind {
            KeyKind::Passage => first_of_passage(key),
            _ => self.secret.hash_one((key.kind, key.hash)) >> 32 << 32,
        }
    }

    /// A number for a story; another than it has from batches before.
    fn number_of(&mut self, story: (Timestamp, StoryId)) -> u32 {
        if self.stories.len() == self.stories.capacity() {
            self.stories.reserve_exact(64 + self.stories.len() / 8);
        }
        self.stories.push(story);
        u32::try_from(self.stories.len() - 1).expect("fewer stories than sled has pages")
    }

    /// The index of what stands on sheets: all of names and, span of time by span of time, of passages.
    pub(super) fn of<E>(
        borne: impl Iterator<Item = Result<(Of, StoryId, Borne), E>>,
    ) -> Result<Self, E> {
        let mut index = Self::default();
        let (mut present, mut numbers) = (None, Vec::new());
        let mut known = HashMap::new();
        for story in borne {
            let (of, id, Borne { first_seen, keys }) = story?;
            if let Some(before) = present.replace(of).filter(|before| *before != of) {
                index.fill(before, std::mem::take(&mut numbers));
            }
            // What a story bears stands on several sheets.
            let number = known.entry((first_seen, id));
            let number = *number.or_insert_with_key(|story| index.number_of(*story));
            let number = u64::from(number);
            numbers.extend(keys.iter().map(|key| index.first_of(key) | number));
        }
        if let Some(last) = present {
            index.fill(last, numbers);
        }
        Ok(index)
    }

    /// Takes in names, or a span of time, whole: which stories bear what.
    fn fill(&mut self, of: Of, mut borne: Vec<u64>) {
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
        self.borne.insert(of, Sorted::of(&borne));
    }
}

fn begin_alike(one: &u64, other: &u64) -> bool {
    one >> 32 == other >> 32
}

fn number_in(borne: u64) -> usize {
    (borne & u64::from(u32::MAX)) as usize
}

/// The beginning of a passage's own hash, which follows its span of time.
fn first_of_passage(key: &Key) -> u64 {
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

    use super::super::in_memory::Bearers;
    use super::*;

    /// Every key with the stories that bear it: what their own records say.
    type Plain = BTreeMap<Key, Bearers>;

    fn story(number: u8) -> (Timestamp, StoryId) {
        (Timestamp::from_secs(i64::from(number / 3)), StoryId::from_bytes([number; 16]))
    }

    /// A passage of one of two spans, the last part of which is not kept; or a name.
    fn key(of: u8, begun: u8, ended: u8) -> Key {
        let mut rest = [0; 12];
        (rest[0], rest[3], rest[4]) = (begun << 7, begun, ended);
        let key = key_of(of.into(), &rest);
        if of < 2 { key } else { Key { kind: KeyKind::Address, ..key } }
    }

    fn is_alike(one: &Key, other: &Key) -> bool {
        let begin_alike =
            (span_of(one), first_of_passage(one)) == (span_of(other), first_of_passage(other));
        one == other || begin_alike && [one, other].map(|key| key.kind) == [KeyKind::Passage; 2]
    }

    proptest! {
        #[test]
        fn it_knows_what_the_records_say_and_of_very_many_bearers_the_newest(
            steps in prop::collection::vec((0..3u8, 0..2u8, any::<u8>(), 0..40), 0..900),
        ) {
            let (mut index, mut plain) = (Index::default(), Plain::new());
            for (of, begun, number, step) in steps {
                let (key, (first_seen, id)) = (key(of, begun, 0), story(number));
                match step {
                    0 if key.kind == KeyKind::Passage => {
                        let first = span_of(&key);
                        index.apply([Change::From(first)]);
                        plain.retain(|key, _| key.kind != KeyKind::Passage || span_of(key) >= first);
                    }
                    1..10 => {
                        index.apply([Change::Lost(key, first_seen, id)]);
                        plain.entry(key).or_default().remove(first_seen, id);
                    }
                    _ => {
                        index.apply([Change::Borne(key, first_seen, id)]);
                        plain.entry(key).or_default().insert(first_seen, id);
                    }
                }
            }
            for (key, bearers) in plain {
                prop_assert_eq!(index.bearers(&key), bearers.iter().collect::<Vec<_>>());
            }
        }

        #[test]
        fn what_begins_alike_adds_to_the_bearers_and_hides_none(
            borne in prop::collection::btree_set((0..3u8, 0..60u8, 0..4u8, 0..3u8), 0..400),
        ) {
            let (mut index, mut plain) = (Index::default(), Plain::new());
            let mut records: BTreeMap<_, Vec<Key>> = BTreeMap::new();
            for (of, number, begun, ended) in borne {
                let (key, (first_seen, id)) = (key(of, begun, ended), story(number));
                index.apply([Change::Borne(key, first_seen, id)]);
                plain.entry(key).or_default().insert(first_seen, id);
                let of = if of < 2 { Of::Passages(of.into()) } else { Of::Names };
                records.entry((of, first_seen, id)).or_default().push(key);
            }
            let records = records.into_iter().map(|((of, first_seen, id), keys)| {
                Ok::<_, ()>((of, id, Borne { first_seen, keys }))
            });
            let reopened = Index::of(records);
            for key in plain.keys() {
                let alike = plain.iter().filter(|(other, _)| is_alike(key, other));
                let alike: BTreeSet<_> = alike.flat_map(|(_, bearers)| bearers.iter()).collect();
                let may = index.bearers(key);
                prop_assert_eq!(&may, &alike.into_iter().collect::<Vec<_>>());
                prop_assert_eq!(reopened.as_ref().map(|index| index.bearers(key)), Ok(may));
            }
        }
    }
}
