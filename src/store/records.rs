//! The records that hold more than one value of the model: bytes in, fields out, and back.
//!
//! A story's keys stand before its compressed text: they are hashes, which
//! nothing compresses, and they are wanted without it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::model::{Key, KeyKind, Memory, SourceId, Story, StoryId, Subscriber, Timestamp};

use super::codec::{self, Unreadable};
use super::layout::{self, Kind};
use super::passages;
use super::{MOST_BEARERS, MOST_KEYS, Stamp};

/// One thing the store knows that cannot be derived from the others: what a
/// backup consists of, and what moves from one engine to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A source's memory.
    Memory {
        /// Whose.
        source: SourceId,
        /// What is remembered.
        memory: Box<Memory>,
    },
    /// What a source's document lists.
    Listed {
        /// Whose.
        source: SourceId,
        /// The stories its entries belong to.
        stories: Vec<StoryId>,
    },
    /// When something served last changed.
    Stamp {
        /// Its path.
        path: String,
        /// When, and into what.
        stamp: Stamp,
    },
    /// A subscriber of our hub.
    Subscriber {
        /// It.
        subscriber: Box<Subscriber>,
    },
    /// A document that is kept as it was published.
    Archived {
        /// Its path.
        path: String,
        /// All of it.
        text: String,
    },
    /// A story that is kept no longer.
    Retired {
        /// Which.
        story: StoryId,
        /// When its first entry was read.
        first_seen: Timestamp,
        /// When it was retired.
        at: Timestamp,
        /// Its keys.
        #[serde(with = "keys_as_bytes")]
        keys: Vec<Key>,
    },
    /// A story.
    Story {
        /// It.
        story: Box<Story>,
        /// Its keys.
        #[serde(with = "keys_as_bytes")]
        keys: Vec<Key>,
    },
}

impl Record {
    /// The record of a kind that cannot be derived.
    pub(super) fn read(kind: Kind, key: &[u8], payload: &[u8]) -> Result<Self, Unreadable> {
        let nameless = || Unreadable::Contents("its key names nothing".to_owned());
        let name = || layout::text_of(key).ok_or_else(nameless);
        let id = || layout::story_of(key).ok_or_else(nameless);
        match kind {
            Kind::Memory => Ok(Self::Memory {
                source: SourceId::new(name()?),
                memory: Box::new(codec::unpack(payload)?),
            }),
            Kind::Listed => match payload.as_chunks() {
                (ids, []) => Ok(Self::Listed {
                    source: SourceId::new(name()?),
                    stories: ids.iter().copied().map(StoryId::from_bytes).collect(),
                }),
                _ => Err(Unreadable::Short),
            },
            Kind::Stamp => {
                Ok(Self::Stamp { path: name()?.to_owned(), stamp: codec::unpack(payload)? })
            }
            Kind::Subscriber => Ok(Self::Subscriber { subscriber: codec::unpack(payload)? }),
            Kind::Archived => {
                Ok(Self::Archived { path: name()?.to_owned(), text: codec::unpack(payload)? })
            }
            Kind::Retired => {
                let Retired { first_seen, at, keys } = Retired::read(payload)?;
                Ok(Self::Retired { story: id()?, first_seen, at, keys })
            }
            Kind::Story => {
                let (story, keys) = read_story(payload)?;
                if story.id != id()? {
                    return Err(Unreadable::Contents("it holds another story".to_owned()));
                }
                Ok(Self::Story { story: Box::new(story), keys })
            }
            _ => Err(Unreadable::Contents("it is derived from others".to_owned())),
        }
    }
}

/// What the store says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// The layout of the records.
    pub(super) format: u32,
    /// What is not in that layout yet: see `migrate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) behind: Option<Behind>,
    /// How many batches were written in all.
    pub(super) commits: u64,
    /// How many stories there are.
    pub(super) stories: u64,
    /// The next generation of places.
    pub(super) generation: u32,
    /// Passages of earlier spans of time are forgotten.
    #[serde(default)]
    pub(super) first_span: u32,
}

impl Header {
    pub(super) fn new(format: u32) -> Self {
        Self { format, behind: None, commits: 0, stories: 0, generation: 0, first_span: 0 }
    }

    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        codec::unpack(payload)
    }
}

/// How far a store has come that is being taken from one format to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Behind {
    /// The format that what follows is in.
    pub(super) format: u32,
    /// The key after which it does.
    pub(super) after: Vec<u8>,
}

/// What a story is stored as, less the story itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoryHead {
    pub(super) first_seen: Timestamp,
    /// Its keys but for passages, in the order they came, none twice.
    pub(super) keys: Vec<Key>,
    /// The spans of time in which it bears, or bore, passages; ascending.
    pub(super) spans: Vec<u32>,
}

impl StoryHead {
    /// The head of a stored story, and its packed text.
    pub(super) fn read(payload: &[u8]) -> Result<(Self, &[u8]), Unreadable> {
        let (first_seen, rest) = read_moment(payload)?;
        let (keys, rest) = read_keys(rest)?;
        let (count, rest) = rest.split_first().ok_or(Unreadable::Short)?;
        let (spans, rest) =
            rest.split_at_checked(4 * usize::from(*count)).ok_or(Unreadable::Short)?;
        let (spans, _) = spans.as_chunks();
        let spans = spans.iter().map(|span| u32::from_be_bytes(*span)).collect();
        Ok((Self { first_seen, keys, spans }, rest))
    }

    /// At the end of `bytes`; the packed text is to follow.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&layout::ascending(self.first_seen));
        write_keys(&self.keys, bytes);
        // The newest: those that are forgotten last.
        let spans = &self.spans[self.spans.len().saturating_sub(MOST_SPANS)..];
        bytes.push(spans.len() as u8);
        spans.iter().for_each(|span| bytes.extend_from_slice(&span.to_be_bytes()));
    }
}

/// What stood there in format 1: first seen, all keys, passages too; packed text.
pub(super) fn read_former_head(payload: &[u8]) -> Result<(Timestamp, Vec<Key>, &[u8]), Unreadable> {
    let (first_seen, rest) = read_moment(payload)?;
    let (keys, packed) = read_keys(rest)?;
    Ok((first_seen, keys, packed))
}

/// A story's texts, as its lead changes, date from so many spans of time at most.
const MOST_SPANS: usize = 255;

/// The passages of one span of time that a story bears.
pub(super) fn read_passages(
    span: u32,
    payload: &[u8],
) -> Result<(Timestamp, Vec<Key>), Unreadable> {
    let (first_seen, rest) = read_moment(payload)?;
    match rest.as_chunks() {
        (rests, []) => {
            Ok((first_seen, rests.iter().map(|rest| passages::key_of(span, rest)).collect()))
        }
        _ => Err(Unreadable::Short),
    }
}

pub(super) fn write_passages(first_seen: Timestamp, keys: &[Key], bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&layout::ascending(first_seen));
    keys.iter().for_each(|key| bytes.extend_from_slice(&key.hash[4..]));
}

/// A story and its keys as they are stored.
fn read_story(payload: &[u8]) -> Result<(Story, Vec<Key>), Unreadable> {
    let (head, packed) = StoryHead::read(payload)?;
    let story: Story = codec::unpack(packed)?;
    if story.first_seen != head.first_seen || story.members.is_empty() {
        return Err(Unreadable::Contents("the story contradicts its own record".to_owned()));
    }
    Ok((story, head.keys))
}

/// A story that is kept no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retired {
    pub(super) first_seen: Timestamp,
    pub(super) at: Timestamp,
    /// In the order they came, none twice.
    pub(super) keys: Vec<Key>,
}

impl Retired {
    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        let (first_seen, rest) = read_moment(payload)?;
        let (at, rest) = read_moment(rest)?;
        let (keys, _) = read_keys(rest)?;
        Ok(Self { first_seen, at, keys })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = layout::ascending(self.first_seen).to_vec();
        bytes.extend_from_slice(&layout::ascending(self.at));
        write_keys(&self.keys, &mut bytes);
        bytes
    }
}

/// The keys of a story that had some, drops some and gets more: names in the
/// order they came, then passages in theirs, those before `first_span` left
/// out. No story has more than [`MOST_KEYS`]: the oldest go first, passages
/// and a source's own ids before all else. One that renames its entries at
/// every poll would otherwise make the story grow for ever.
pub(super) fn merge_keys(
    before: &[Key],
    dropped: &[Key],
    new: &[Key],
    first_span: u32,
) -> Vec<Key> {
    let dropped: HashSet<&Key> = dropped.iter().collect();
    let mut seen = HashSet::with_capacity(before.len() + new.len());
    let all = before.iter().filter(|key| !dropped.contains(key)).chain(new).copied();
    let (mut passages, mut kept): (Vec<Key>, Vec<Key>) =
        all.filter(|key| seen.insert(*key)).partition(|key| key.kind == KeyKind::Passage);
    passages.retain(|key| passages::span_of(key) >= first_span);
    passages.sort();
    let surplus = (kept.len() + passages.len()).saturating_sub(MOST_KEYS);
    passages.drain(..surplus.min(passages.len()));
    let mut surplus = kept.len().saturating_sub(MOST_KEYS);
    for kind in [KeyKind::Own, KeyKind::Title, KeyKind::Link, KeyKind::Address] {
        kept.retain(|key| {
            let goes = surplus > 0 && key.kind == kind;
            surplus -= usize::from(goes);
            !goes
        });
    }
    kept.extend(passages);
    kept
}

/// The stories that bear one key, by (first_seen, id).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Bearers(Vec<(Timestamp, StoryId)>);

impl Bearers {
    const ONE: usize = 8 + 16;

    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        if !payload.len().is_multiple_of(Self::ONE) {
            return Err(Unreadable::Short);
        }
        let bearers = payload.chunks_exact(Self::ONE).map(|one| {
            let (first_seen, id) = read_moment(one)?;
            let id = id.try_into().map_err(|_| Unreadable::Short)?;
            Ok((first_seen, StoryId::from_bytes(id)))
        });
        bearers.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for (first_seen, id) in &self.0 {
            bytes.extend_from_slice(&layout::ascending(*first_seen));
            bytes.extend_from_slice(id.as_bytes());
        }
    }

    /// Which of the newest is kept does not depend on the order of arrival.
    pub(super) fn insert(&mut self, first_seen: Timestamp, id: StoryId) {
        let bearer = (first_seen, id);
        if let Err(at) = self.0.binary_search(&bearer) {
            self.0.insert(at, bearer);
        }
        if self.0.len() > MOST_BEARERS {
            self.0.remove(0);
        }
    }

    pub(super) fn remove(&mut self, first_seen: Timestamp, id: StoryId) {
        self.0.retain(|bearer| *bearer != (first_seen, id));
    }

    pub(super) fn contains(&self, first_seen: Timestamp, id: StoryId) -> bool {
        self.0.contains(&(first_seen, id))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() == MOST_BEARERS
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Timestamp, StoryId)> {
        self.0.iter().copied()
    }
}

/// Which generation of places is a topic's, and whether it is complete.
/// A topic that is dropped and comes back gets a new one, so that dropping is
/// one write however many places there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TopicPlaces {
    pub(super) generation: u32,
    pub(super) filled: bool,
}

impl TopicPlaces {
    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        let (generation, rest) = payload.split_first_chunk::<4>().ok_or(Unreadable::Short)?;
        let generation = u32::from_be_bytes(*generation);
        Ok(Self { generation, filled: rest == [1] })
    }

    pub(super) fn write(self) -> Vec<u8> {
        let mut bytes = self.generation.to_be_bytes().to_vec();
        bytes.push(u8::from(self.filled));
        bytes
    }
}

fn read_moment(bytes: &[u8]) -> Result<(Timestamp, &[u8]), Unreadable> {
    let (moment, rest) = bytes.split_first_chunk::<8>().ok_or(Unreadable::Short)?;
    Ok((layout::from_ascending(*moment), rest))
}

/// How many, then kind and hash of each.
fn read_keys(bytes: &[u8]) -> Result<(Vec<Key>, &[u8]), Unreadable> {
    let (count, rest) = bytes.split_first_chunk::<2>().ok_or(Unreadable::Short)?;
    let length = 17 * usize::from(u16::from_le_bytes(*count));
    let (keys, rest) = rest.split_at_checked(length).ok_or(Unreadable::Short)?;
    let unknown = || Unreadable::Contents("it bears a key of an unknown kind".to_owned());
    let keys = keys.chunks_exact(17).map(|key| layout::key_of(key).ok_or_else(unknown));
    Ok((keys.collect::<Result<_, _>>()?, rest))
}

/// [`merge_keys`] has seen to it that the number fits.
fn write_keys(keys: &[Key], bytes: &mut Vec<u8>) {
    let count = u16::try_from(keys.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&count.to_le_bytes());
    for key in &keys[..usize::from(count)] {
        bytes.push(key.kind as u8);
        bytes.extend_from_slice(&key.hash);
    }
}

/// Keys as one string of bytes: half the size of lists of numbers. In JSON, as base64.
mod keys_as_bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::Deserialize;
    use serde::de::{Error, Visitor};
    use serde::{Deserializer, Serializer};

    use crate::model::Key;

    pub(super) fn serialize<S: Serializer>(keys: &[Key], serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(2 + 17 * keys.len());
        super::write_keys(keys, &mut bytes);
        match serializer.is_human_readable() {
            true => serializer.serialize_str(&STANDARD.encode(&bytes)),
            false => serializer.serialize_bytes(&bytes),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Key>, D::Error> {
        struct Keys;
        impl Visitor<'_> for Keys {
            type Value = Vec<Key>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("keys as bytes")
            }

            fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<Key>, E> {
                super::read_keys(bytes).map(|(keys, _)| keys).map_err(E::custom)
            }
        }
        if from.is_human_readable() {
            let text = String::deserialize(from)?;
            let bytes = STANDARD.decode(text).map_err(D::Error::custom)?;
            return super::read_keys(&bytes).map(|(keys, _)| keys).map_err(D::Error::custom);
        }
        from.deserialize_bytes(Keys)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_story_that_is_renamed_for_ever_forgets_its_oldest_names() {
        let own = |n: u32| {
            let mut hash = [0; 16];
            hash[..4].copy_from_slice(&n.to_be_bytes());
            Key { kind: KeyKind::Own, hash }
        };
        let lasting =
            [KeyKind::Published, KeyKind::Address].map(|kind| Key { kind, hash: [9; 16] });
        let mut keys = lasting.to_vec();
        for n in 0..3000 {
            keys = merge_keys(&keys, &[], &[own(n), own(n), lasting[1]], 0);
            let oldest = own((n + 1).saturating_sub(998));
            assert_eq!(keys.get(2), Some(&oldest), "{n}");
        }
        assert_eq!((keys.len(), &keys[..2]), (MOST_KEYS, &lasting[..]));
    }

    proptest! {
        #[test]
        fn which_bearers_are_kept_does_not_depend_on_the_order_of_arrival(
            mut ids in prop::collection::btree_set(any::<(i32, u8)>(), 0..200), turn: usize,
        ) {
            let all: Vec<_> = std::mem::take(&mut ids).into_iter().collect();
            let bearer = |(at, id): (i32, u8)| (Timestamp::from_secs(at.into()), StoryId::from_bytes([id; 16]));
            let mut turned = all.clone();
            turned.rotate_left(turn % all.len().max(1));
            let [mut one, mut other] = [Bearers::default(), Bearers::default()];
            all.iter().for_each(|b| { let (at, id) = bearer(*b); one.insert(at, id) });
            turned.iter().for_each(|b| { let (at, id) = bearer(*b); other.insert(at, id) });
            prop_assert_eq!(&one, &other);
            prop_assert!(one.iter().count() == all.len().min(MOST_BEARERS));
            let mut bytes = Vec::new();
            one.write(&mut bytes);
            prop_assert_eq!(Bearers::read(&bytes).unwrap(), one);
        }

        #[test]
        fn no_bytes_make_reading_a_record_panic(bytes: Vec<u8>) {
            let _ = (read_story(&bytes), Retired::read(&bytes), Bearers::read(&bytes));
            let _ = (TopicPlaces::read(&bytes), Header::read(&bytes), codec::unpack::<Record>(&bytes));
        }
    }
}
