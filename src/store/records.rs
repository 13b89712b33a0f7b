//! The records that hold more than one value of the model: bytes in, fields out, and back.
//!
//! A story's keys stand before its compressed text: they are hashes, which
//! nothing compresses, and they are wanted without it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::model::{Key, KeyKind, Memory, SourceId, Story, StoryId, Subscriber, Timestamp};

use super::codec::{self, Unreadable};
use super::layout::{self, Kind};
use super::sequences::Journals;
use super::{MOST_KEYS, Stamp, index};

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
                let Retired { first_seen, at, keys, .. } = Retired::read(payload)?;
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

/// The format of the store's records. Fields of a record come and go without a new one;
/// whoever changes anything else raises it. A store of another format is refused.
pub(super) const FORMAT: u32 = 4;

/// What the store says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Header {
    /// The layout of the records.
    pub(super) format: u32,
    /// How many batches were written in all.
    pub(super) commits: u64,
    /// How many stories there are.
    pub(super) stories: u64,
    /// The next generation of places.
    pub(super) generation: u32,
    /// Passages of earlier spans of time are forgotten.
    #[serde(default)]
    pub(super) first_span: u32,
    /// The number of the next sheet.
    #[serde(default)]
    pub(super) sheets: u32,
    /// What of rows is not in blocks yet.
    #[serde(default)]
    pub(super) journals: Journals,
}

impl Header {
    pub(super) fn new() -> Self {
        Self {
            format: FORMAT,
            commits: 0,
            stories: 0,
            generation: 0,
            first_span: 0,
            sheets: 0,
            journals: Journals::default(),
        }
    }

    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        codec::unpack(payload)
    }
}

/// What a story is stored as, less the story itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct StoryHead {
    pub(super) first_seen: Timestamp,
    /// Its keys but for passages, in the order they came, none twice.
    pub(super) keys: Vec<Key>,
    /// The sheets on which these stand.
    pub(super) sheets: Vec<u32>,
    /// The spans of time in which it bears, or bore, passages, ascending; and the sheet of each.
    pub(super) spans: Vec<(u32, u32)>,
}

impl StoryHead {
    /// The head of a stored story, and its packed text.
    pub(super) fn read(payload: &[u8]) -> Result<(Self, &[u8]), Unreadable> {
        let (first_seen, rest) = read_moment(payload)?;
        let (keys, rest) = read_keys(rest)?;
        let (sheets, rest) = read_numbers(rest)?;
        let (spans, rest) = read_numbers(rest)?;
        let spans = spans.as_chunks().0.iter().map(|[span, sheet]| (*span, *sheet)).collect();
        Ok((Self { first_seen, keys, sheets, spans }, rest))
    }

    /// At the end of `bytes`; the packed text is to follow.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&layout::ascending(self.first_seen));
        write_keys(&self.keys, bytes);
        write_numbers(&self.sheets, bytes);
        let spans: Vec<u32> = self.spans.iter().flat_map(|(span, sheet)| [*span, *sheet]).collect();
        write_numbers(&spans, bytes);
    }
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
    /// The sheets on which these stand.
    pub(super) sheets: Vec<u32>,
}

impl Retired {
    /// What it has left of what a story has.
    pub(super) fn into_head(self) -> StoryHead {
        let Self { first_seen, keys, sheets, .. } = self;
        StoryHead { first_seen, keys, sheets, spans: Vec::new() }
    }

    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        let (first_seen, rest) = read_moment(payload)?;
        let (at, rest) = read_moment(rest)?;
        let (keys, rest) = read_keys(rest)?;
        let (sheets, _) = read_numbers(rest)?;
        Ok(Self { first_seen, at, keys, sheets })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = layout::ascending(self.first_seen).to_vec();
        bytes.extend_from_slice(&layout::ascending(self.at));
        write_keys(&self.keys, &mut bytes);
        write_numbers(&self.sheets, &mut bytes);
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
    passages.retain(|key| index::span_of(key) >= first_span);
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

pub(super) fn read_moment(bytes: &[u8]) -> Result<(Timestamp, &[u8]), Unreadable> {
    let (moment, rest) = bytes.split_first_chunk::<8>().ok_or(Unreadable::Short)?;
    Ok((layout::from_ascending(*moment), rest))
}

/// How many, then kind and hash of each.
pub(super) fn read_keys(bytes: &[u8]) -> Result<(Vec<Key>, &[u8]), Unreadable> {
    let (count, rest) = bytes.split_first_chunk::<2>().ok_or(Unreadable::Short)?;
    let length = KEY * usize::from(u16::from_le_bytes(*count));
    let (keys, rest) = rest.split_at_checked(length).ok_or(Unreadable::Short)?;
    Ok((keys_in(keys)?, rest))
}

/// Bytes of a key: its kind and hash.
pub(super) const KEY: usize = 1 + 16;

/// So many keys as there are, one behind the other.
pub(super) fn keys_in(bytes: &[u8]) -> Result<Vec<Key>, Unreadable> {
    let unknown = || Unreadable::Contents("it bears a key of an unknown kind".to_owned());
    bytes.chunks(KEY).map(|key| layout::key_of(key).ok_or_else(unknown)).collect()
}

pub(super) fn write_key(key: &Key, bytes: &mut Vec<u8>) {
    bytes.push(key.kind as u8);
    bytes.extend_from_slice(&key.hash);
}

/// [`merge_keys`] has seen to it that the number fits.
pub(super) fn write_keys(keys: &[Key], bytes: &mut Vec<u8>) {
    let count = u16::try_from(keys.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&count.to_le_bytes());
    keys[..usize::from(count)].iter().for_each(|key| write_key(key, bytes));
}

/// How many, then each.
fn read_numbers(bytes: &[u8]) -> Result<(Vec<u32>, &[u8]), Unreadable> {
    let (count, rest) = bytes.split_first_chunk::<2>().ok_or(Unreadable::Short)?;
    let length = 4 * usize::from(u16::from_le_bytes(*count));
    let (numbers, rest) = rest.split_at_checked(length).ok_or(Unreadable::Short)?;
    let (numbers, _) = numbers.as_chunks();
    Ok((numbers.iter().map(|number| u32::from_be_bytes(*number)).collect(), rest))
}

/// A story stands on no more sheets than it has keys, and has no more spans than passages.
fn write_numbers(numbers: &[u32], bytes: &mut Vec<u8>) {
    let count = u16::try_from(numbers.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&count.to_le_bytes());
    for number in &numbers[..usize::from(count)] {
        bytes.extend_from_slice(&number.to_be_bytes());
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
        let mut bytes = Vec::with_capacity(2 + super::KEY * keys.len());
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
        fn no_bytes_make_reading_a_record_panic(bytes: Vec<u8>) {
            let _ = (read_story(&bytes), Retired::read(&bytes));
            let _ = (TopicPlaces::read(&bytes), Header::read(&bytes), codec::unpack::<Record>(&bytes));
        }
    }
}
