//! The index in memory: which stories may bear a key, and where topics place stories.
//!
//! sled's cost grows with the number of its keys, and a story has dozens of identity keys. So the index
//! is in memory only. It is read from the [cards](super::card) when the store opens.
//!
//! An entry has eight bytes: four of a key's hash, and the number of a story that has the key. So a
//! story that is found [may](Index::bearers) have the key. Its card has every byte and decides. About
//! one in some thousand lookups reads a card for nothing.
//!
//! The hash of a name is taken under a secret of the store, so that nobody can choose names with the
//! same four bytes: of very many stories with one entry only the newest are kept. The hash of a passage
//! is the beginning of its own. Texts that are chosen so that these agree cost up to sixty-four reads of
//! cards a passage, or crowd out an older story, as quotations of the same passage would.

mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::{Arc, RwLock};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::{Key, KeyKind, MOST_BEARERS, StoryId, Timestamp};

use super::card::Card;
pub(super) use places::Topics;

/// The index as readers and the writer share it.
pub(super) type Shared = Arc<RwLock<Index>>;

/// Keys that are kept together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Group {
    /// All keys but passages.
    Names,
    /// The passages of a span of time.
    Passages(u32),
}

/// The indexed part of a key: its group, and the beginning of its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Slot {
    group: Group,
    /// In the upper half; the number of a story goes into the lower.
    hash: u64,
}

impl Slot {
    pub(super) fn of(key: &Key, secret: u64) -> Self {
        let (group, hash) = match key.kind {
            KeyKind::Passage => (Group::Passages(key.span()), key.passage_hash()),
            _ => {
                let mut bytes = [key.kind as u8; 17];
                bytes[1..].copy_from_slice(&key.hash);
                (Group::Names, xxh3_64_with_seed(&bytes, secret))
            }
        };
        Self { group, hash: hash >> 32 << 32 }
    }
}

/// Which stories bear which keys, and where topics place them.
#[derive(Debug, Default)]
pub(super) struct Index {
    stories: Stories,
    bearers: BTreeMap<Group, BTreeSet<u64>>,
    /// Passages of earlier spans of time are forgotten.
    first_span: u32,
    pub(super) topics: Topics,
}

/// The stories that lose a key because [`MOST_BEARERS`] newer stories have it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Evicted {
    /// A key that is not listed for this story, because very many newer stories bear it.
    pub(super) own: Vec<Slot>,
    /// The stories that are too old to be known by it any longer.
    pub(super) others: Vec<(StoryId, Slot)>,
}

impl Index {
    pub(super) fn new(secret: u64, first_span: u32) -> Self {
        let stories = Stories { secret, ..Stories::default() };
        Self { stories, first_span, ..Self::default() }
    }

    /// For readers and a writer.
    pub(super) fn shared(self) -> Shared {
        Arc::new(RwLock::new(self))
    }

    pub(super) fn first_span(&self) -> u32 {
        self.first_span
    }

    /// When a story was first seen, if it is known.
    pub(super) fn first_seen(&self, id: StoryId) -> Option<Timestamp> {
        self.stories.number(id).map(|number| self.stories.of(number).0)
    }

    /// Makes a story known, and when it was first seen.
    pub(super) fn know(&mut self, id: StoryId, first_seen: Timestamp) {
        match self.stories.number(id) {
            Some(number) => self.stories.known[number as usize].0 = first_seen,
            None => drop(self.stories.add(id, first_seen)),
        }
    }

    /// Forgets a story that bears nothing any more and is in no topic.
    pub(super) fn forget(&mut self, id: StoryId) {
        self.stories.remove(id);
    }

    /// Has a known story, which had these keys, bear those. Of very many stories with one
    /// key the newest keep it.
    pub(super) fn bear(&mut self, id: StoryId, had: &[Key], has: &[Key]) -> Evicted {
        let Some(number) = self.stories.number(id) else { return Evicted::default() };
        let slots = |keys: &[Key]| {
            let mut slots: Vec<Slot> = keys.iter().map(|key| self.slot(key)).collect();
            // In the order of the index, so that those which lie together are met together.
            slots.sort_unstable();
            slots.dedup();
            slots
        };
        let (had, has) = (slots(had), slots(has));
        let lost = had.iter().filter(|slot| has.binary_search(slot).is_err());
        let gained = has.iter().filter(|slot| had.binary_search(slot).is_err());
        for slot in lost {
            self.remove(*slot, number);
        }
        let mut evicted = Evicted::default();
        for slot in gained {
            match self.insert(*slot, number) {
                Some(out) if out == number => evicted.own.push(*slot),
                Some(other) => evicted.others.push((self.stories.of(other).1, *slot)),
                None => {}
            }
        }
        evicted
    }

    /// Adds a bearer. Returns whichever of the bearers is one too many: the oldest.
    fn insert(&mut self, slot: Slot, number: u32) -> Option<u32> {
        let bearers = self.bearers.entry(slot.group).or_default();
        let numbers: Vec<u32> = bearers.range(alike(slot.hash)).map(number_in).collect();
        let age = |number: &u32| self.stories.of(*number);
        let oldest = numbers.iter().copied().min_by_key(age);
        let oldest = oldest.filter(|_| numbers.len() >= MOST_BEARERS);
        if let Some(oldest) = oldest {
            if self.stories.of(oldest) >= self.stories.of(number) {
                return Some(number);
            }
            bearers.remove(&(slot.hash | u64::from(oldest)));
        }
        bearers.insert(slot.hash | u64::from(number));
        oldest
    }

    fn remove(&mut self, slot: Slot, number: u32) {
        if let Some(bearers) = self.bearers.get_mut(&slot.group) {
            bearers.remove(&(slot.hash | u64::from(number)));
        }
    }

    /// Forgets the passages of earlier spans of time.
    pub(super) fn forget_passages(&mut self, first_span: u32) {
        self.first_span = self.first_span.max(first_span);
        let first = self.first_span;
        self.bearers.retain(|group, _| !matches!(group, Group::Passages(span) if *span < first));
    }

    /// The stories that may bear a key, by (first_seen, id): all that do, and rarely one whose key
    /// only begins with the same bytes.
    pub(super) fn bearers(&self, key: &Key) -> Vec<(Timestamp, StoryId)> {
        let Slot { group, hash } = self.slot(key);
        let bearers = self.bearers.get(&group);
        let bearers = bearers.map(|all| all.range(alike(hash)));
        let numbers = bearers.into_iter().flatten().map(number_in);
        let mut stories: Vec<_> = numbers.map(|number| self.stories.of(number)).collect();
        stories.sort_unstable();
        stories
    }

    /// The secret under which names are hashed.
    pub(super) fn secret(&self) -> u64 {
        self.stories.secret
    }

    fn slot(&self, key: &Key) -> Slot {
        Slot::of(key, self.secret())
    }

    /// Puts a story into a topic, moves it there, or takes it out.
    pub(super) fn place(
        &mut self,
        topic: u32,
        id: StoryId,
        from: Option<Timestamp>,
        to: Option<Timestamp>,
    ) {
        let Some(places) = self.topics.of(topic).filter(|_| self.stories.number(id).is_some())
        else {
            return;
        };
        if let Some(from) = from {
            places.remove(&(from, id));
        }
        places.extend(to.map(|to| (to, id)));
    }
}

/// All numbers that begin with this hash.
fn alike(hash: u64) -> RangeInclusive<u64> {
    hash..=hash | u64::from(u32::MAX)
}

/// The number of the story that follows a hash.
fn number_in(borne: &u64) -> u32 {
    (borne & u64::from(u32::MAX)) as u32
}

/// The stories that are known, by number, and their numbers.
#[derive(Debug, Default)]
struct Stories {
    known: Vec<(Timestamp, StoryId)>,
    /// Numbers of stories that were forgotten, to be given again.
    free: Vec<u32>,
    /// The beginning of a hash of each id, and its number.
    numbers: BTreeSet<u64>,
    secret: u64,
}

impl Stories {
    fn of(&self, number: u32) -> (Timestamp, StoryId) {
        self.known[number as usize]
    }

    fn number(&self, id: StoryId) -> Option<u32> {
        let hash = self.hash(id);
        let mut numbers = self.numbers.range(alike(hash)).map(number_in);
        numbers.find(|number| self.of(*number).1 == id)
    }

    fn hash(&self, id: StoryId) -> u64 {
        xxh3_64_with_seed(id.as_bytes(), self.secret) >> 32 << 32
    }

    fn add(&mut self, id: StoryId, first_seen: Timestamp) -> u32 {
        let number = self.next(id, first_seen);
        self.numbers.insert(self.hash(id) | u64::from(number));
        number
    }

    /// A number for a story, by which it is not found yet.
    fn next(&mut self, id: StoryId, first_seen: Timestamp) -> u32 {
        if let Some(number) = self.free.pop() {
            self.known[number as usize] = (first_seen, id);
            return number;
        }
        if self.known.len() == self.known.capacity() {
            self.known.reserve_exact(64 + self.known.len() / 8);
        }
        self.known.push((first_seen, id));
        u32::try_from(self.known.len() - 1).expect("fewer stories than sled has pages")
    }

    fn remove(&mut self, id: StoryId) {
        if let Some(number) = self.number(id) {
            self.numbers.remove(&(self.hash(id) | u64::from(number)));
            self.free.push(number);
        }
    }
}

/// An index that is read from cards: everything is gathered, and sorted once.
#[derive(Debug, Default)]
pub(super) struct Loading {
    index: Index,
    numbers: Vec<u64>,
    bearers: BTreeMap<Group, Vec<u64>>,
    places: BTreeMap<u32, Vec<(Timestamp, StoryId)>>,
}

impl Loading {
    /// `index` knows its secret, its first span and its topics.
    pub(super) fn into(index: Index) -> Self {
        Self { index, ..Self::default() }
    }

    /// Adds a story.
    pub(super) fn add(&mut self, id: StoryId, first_seen: Timestamp, card: &Card) {
        let Self { index, numbers, bearers, places } = self;
        let number = index.stories.next(id, first_seen);
        push(numbers, index.stories.hash(id) | u64::from(number));
        let first = index.first_span;
        let counts = |key: &&Key| key.kind != KeyKind::Passage || key.span() >= first;
        for key in card.keys.iter().filter(counts) {
            let slot = index.slot(key);
            push(bearers.entry(slot.group).or_default(), slot.hash | u64::from(number));
        }
        for (topic, date) in &card.places {
            if index.topics.is_known(*topic) {
                push(places.entry(*topic).or_default(), (*date, id));
            }
        }
    }

    pub(super) fn done(self) -> Index {
        let Self { mut index, numbers, bearers, places } = self;
        // Made at once, a set is more compact.
        index.stories.numbers = numbers.into_iter().collect();
        for (group, bearers) in bearers {
            index.bearers.insert(group, bearers.into_iter().collect());
        }
        for (topic, places) in places {
            if let Some(known) = index.topics.of(topic) {
                *known = places.into_iter().collect();
            }
        }
        index
    }
}

/// Adds to very many, of which a standard vector would hold up to as much again in reserve.
fn push<T>(all: &mut Vec<T>, one: T) {
    if all.len() == all.capacity() {
        all.reserve_exact(64 + all.len() / 4);
    }
    all.push(one);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn story(number: u8) -> (Timestamp, StoryId) {
        (Timestamp::from_secs(i64::from(number / 3)), StoryId::from_bytes([number; 16]))
    }

    /// A passage of one of two spans, or a name.
    fn key(of: u8, begun: u8, ended: u8) -> Key {
        let passage = u64::from(begun) << 32 | u64::from(ended);
        let key = Key::passage(of.into(), passage);
        if of < 2 { key } else { Key { kind: KeyKind::Address, ..key } }
    }

    /// The keys of every story, and of every key the bearers: what cards say.
    #[derive(Default)]
    struct Plain(BTreeMap<(Timestamp, StoryId), Vec<Key>>);

    impl Plain {
        fn bearers(&self, key: &Key) -> Vec<(Timestamp, StoryId)> {
            let bears = self.0.iter().filter(|(_, keys)| keys.contains(key));
            bears.map(|(story, _)| *story).collect()
        }
    }

    proptest! {
        #[test]
        fn it_knows_what_cards_say_and_says_who_loses_a_key_to_newer_stories(
            steps in prop::collection::vec((0..3u8, 0..2u8, any::<u8>(), 0..40), 0..900),
        ) {
            let (mut index, mut plain) = (Index::default(), Plain::default());
            for (of, begun, number, step) in steps {
                let (key, (first_seen, id)) = (key(of, begun, 0), story(number));
                index.know(id, first_seen);
                let had = plain.0.get(&(first_seen, id)).cloned().unwrap_or_default();
                let mut has = had.clone();
                match step {
                    0 if key.kind == KeyKind::Passage => {
                        index.forget_passages(key.span());
                        let first = key.span();
                        let lapsed = |key: &Key| key.kind == KeyKind::Passage && key.span() < first;
                        plain.0.values_mut().for_each(|keys| keys.retain(|key| !lapsed(key)));
                        continue;
                    }
                    1..10 => has.retain(|other| *other != key),
                    _ if key.kind == KeyKind::Passage && key.span() < index.first_span() => continue,
                    _ if has.contains(&key) => {}
                    _ => has.push(key),
                }
                let Evicted { own, others } = index.bear(id, &had, &has);
                has.retain(|key| !own.contains(&index.slot(key)));
                plain.0.insert((first_seen, id), has);
                for (other, slot) in others {
                    let keys = plain.0.iter_mut().find(|((_, id), _)| *id == other).unwrap().1;
                    keys.retain(|key| index.slot(key) != slot);
                }
                prop_assert!(plain.bearers(&key).len() <= MOST_BEARERS);
                prop_assert_eq!(index.bearers(&key), plain.bearers(&key));
            }
            let mut loading = Loading::into(Index::new(0, index.first_span()));
            for ((first_seen, id), keys) in &plain.0 {
                loading.add(*id, *first_seen, &Card { keys: keys.clone(), places: Vec::new() });
            }
            let reopened = loading.done();
            for key in plain.0.values().flatten() {
                prop_assert_eq!(index.bearers(key), plain.bearers(key));
                prop_assert_eq!(reopened.bearers(key), plain.bearers(key));
            }
        }

        #[test]
        fn what_begins_alike_adds_to_the_bearers_and_hides_none(
            borne in prop::collection::btree_set((0..2u8, 0..60u8, 0..4u8, 0..3u8), 0..200),
        ) {
            let (mut index, mut plain) = (Index::default(), Plain::default());
            for (of, number, begun, ended) in borne {
                let (first_seen, id) = story(number);
                index.know(id, first_seen);
                let keys = plain.0.entry((first_seen, id)).or_default();
                let had = keys.clone();
                keys.push(key(of, begun, ended));
                prop_assert_eq!(index.bear(id, &had, keys), Evicted::default());
            }
            let all: BTreeSet<Key> = plain.0.values().flatten().copied().collect();
            for key in &all {
                let alike = all.iter().filter(|other| index.slot(other) == index.slot(key));
                let alike: BTreeSet<_> = alike.flat_map(|key| plain.bearers(key)).collect();
                prop_assert_eq!(index.bearers(key), alike.into_iter().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_forgotten_story_gives_its_number_to_another() {
        let mut index = Index::default();
        for number in 0..200 {
            let (first_seen, id) = story(number);
            index.know(id, first_seen);
            assert_eq!(index.first_seen(id), Some(first_seen));
            index.forget(id);
            assert_eq!(index.first_seen(id), None);
        }
        assert_eq!(index.stories.known.len(), 1);
    }
}
