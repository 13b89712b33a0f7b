//! The records that are more than one packed value: their bytes written and read.

use serde::{Deserialize, Serialize};

use crate::model::{Key, Seed, SourceId, Story, StoryId, Timestamp};

use super::super::story_keys::{read_keys, write_keys};
use super::Record;
use super::codec::{self, Unreadable};
use super::key_codec::{self, Kind};

impl Record {
    /// Reads a record of a kind that cannot be rebuilt from other records. A story comes without its
    /// keys, which are on its card.
    pub(super) fn read(kind: Kind, key: &[u8], payload: &[u8]) -> Result<Self, Unreadable> {
        let invalid_key = || Unreadable::Contents("its key names nothing".to_owned());
        let name = || key_codec::text_of(key).ok_or_else(invalid_key);
        let id = || key_codec::story_of(key).ok_or_else(invalid_key);
        match kind {
            Kind::SourceState => Ok(Self::SourceState {
                source: SourceId::new(name()?),
                state: Box::new(codec::unpack(payload)?),
            }),
            Kind::Listed => match payload.as_chunks() {
                (ids, []) => Ok(Self::Listed {
                    source: SourceId::new(name()?),
                    stories: ids.iter().copied().map(StoryId::from_bytes).collect(),
                }),
                _ => Err(Unreadable::Short),
            },
            Kind::Engine => Ok(Self::Engine { record: codec::unpack(payload)? }),
            Kind::Subscriber => Ok(Self::Subscriber { subscriber: codec::unpack(payload)? }),
            Kind::Archived => {
                Ok(Self::Archived { path: name()?.to_owned(), text: codec::unpack(payload)? })
            }
            Kind::Retired => {
                let Retired { first_seen, retired_at, keys } = Retired::read(payload)?;
                Ok(Self::Retired { story: id()?, first_seen, at: retired_at, keys })
            }
            Kind::Story => {
                let story = read_story(payload)?;
                if story.id != id()? {
                    return Err(Unreadable::Contents("it holds another story".to_owned()));
                }
                Ok(Self::Story { story: Box::new(story), keys: Vec::new() })
            }
            _ => Err(Unreadable::Contents("it is rebuilt from other records".to_owned())),
        }
    }
}

/// The format of the store's records. Fields of a record come and go without a new one;
/// whoever changes anything else raises it. A store of another format is refused.
pub(super) const FORMAT: u32 = 5;

/// Facts about the whole store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Header {
    /// The format of the records.
    pub(super) format: u32,
    /// How many batches were written in all.
    pub(super) commits: u64,
    /// How many stories there are.
    pub(super) stories: u64,
    /// How many retired stories there are.
    pub(super) retired: u64,
    /// The number of the next topic. None is used twice.
    pub(super) next_topic: u32,
    /// Passages of earlier spans of time are forgotten.
    pub(super) first_span: u32,
    /// The secret under which the index hashes keys. It belongs to the store, so that a restart
    /// changes nothing.
    pub(super) secret: u64,
}

impl Header {
    /// The header of a new store; `None` where the system has no randomness to give.
    pub(super) fn new() -> Option<Self> {
        let token = Seed::fresh()?.token(&[b"the secret of a store's index"]);
        let secret = u64::from_str_radix(token.get(..16)?, 16).ok()?;
        Some(Self { format: FORMAT, secret, ..Self::default() })
    }

    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        codec::unpack(payload)
    }
}

/// Writes the head of a story's record: when it was first seen, which is where its card stands.
/// The packed story is to follow.
pub(super) fn write_story_head(first_seen: Timestamp, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&key_codec::ascending(first_seen));
}

/// The time when a story was first seen, and the packed story.
pub(super) fn read_story_head(payload: &[u8]) -> Result<(Timestamp, &[u8]), Unreadable> {
    read_timestamp(payload)
}

fn read_story(payload: &[u8]) -> Result<Story, Unreadable> {
    let (first_seen, packed) = read_story_head(payload)?;
    let story: Story = codec::unpack(packed)?;
    if story.first_seen != first_seen || story.members.is_empty() {
        return Err(Unreadable::Contents("the story contradicts its own record".to_owned()));
    }
    Ok(story)
}

/// A story that was retired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Retired {
    pub(super) first_seen: Timestamp,
    pub(super) retired_at: Timestamp,
    /// In the order they came, none twice.
    pub(super) keys: Vec<Key>,
}

impl Retired {
    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        let (first_seen, rest) = read_timestamp(payload)?;
        let (retired_at, rest) = read_timestamp(rest)?;
        let (keys, _) = read_keys(rest).ok_or(Unreadable::Short)?;
        Ok(Self { first_seen, retired_at, keys })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = key_codec::ascending(self.first_seen).to_vec();
        bytes.extend_from_slice(&key_codec::ascending(self.retired_at));
        write_keys(&self.keys, &mut bytes);
        bytes
    }
}

/// The number that cards know a topic by, and whether its places are complete. A topic that
/// is dropped and comes back gets a new number, so that dropping it is one write, however many places
/// it had: cards lose places of unknown topics when they are next written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TopicRecord {
    pub(super) number: u32,
    pub(super) filled: bool,
}

impl TopicRecord {
    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        let (number, rest) = payload.split_first_chunk::<4>().ok_or(Unreadable::Short)?;
        Ok(Self { number: u32::from_be_bytes(*number), filled: rest == [1] })
    }

    pub(super) fn write(self) -> [u8; 5] {
        let [a, b, c, d] = self.number.to_be_bytes();
        [a, b, c, d, u8::from(self.filled)]
    }
}

pub(super) fn read_timestamp(bytes: &[u8]) -> Result<(Timestamp, &[u8]), Unreadable> {
    let (moment, rest) = bytes.split_first_chunk::<8>().ok_or(Unreadable::Short)?;
    Ok((key_codec::from_ascending(*moment), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_reading_a_record_panic(bytes: Vec<u8>) {
            let _ = (read_story(&bytes), Retired::read(&bytes));
            let _ = (TopicRecord::read(&bytes), Header::read(&bytes), codec::unpack::<Record>(&bytes));
        }
    }
}
