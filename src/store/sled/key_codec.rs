//! The sled keys that records stand under: written and read.
//!
//! The first byte tells the kinds of records apart. Numbers are big-endian, so that keys sort as
//! the values they stand for.

use sled::IVec;
use smallvec::SmallVec;

use crate::model::{SourceId, StoryId, SubscriberId, Timestamp, TopicVersion};

/// A key of so many bytes takes no detour to the heap.
const SHORT: usize = 64;

/// The first byte of a key. The values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Kind {
    /// `a`, path: an archived document.
    Archived = b'a',
    /// `c`, another record's key, number: a further part of a long record.
    Chunk = b'c',
    /// `h`: the header.
    Header = b'h',
    /// `k`, first seen, story: the card of a story.
    Card = b'k',
    /// `l`, source: what it lists.
    Listed = b'l',
    /// `m`, source: its memory.
    SourceState = b'm',
    /// `r`, story: a retired story.
    Retired = b'r',
    /// `s`, story: a story.
    Story = b's',
    /// `t`, fingerprint: the number of a topic in cards, and whether its places are complete.
    Topic = b't',
    /// `u`, subscriber: a subscriber of our hub.
    Subscriber = b'u',
    /// `v`, key: a record of the engine's own state.
    Engine = b'v',
}

impl Kind {
    /// Every kind, in the order of their bytes.
    pub(super) const ALL: [Self; 11] = [
        Self::Archived,
        Self::Chunk,
        Self::Header,
        Self::Card,
        Self::Listed,
        Self::SourceState,
        Self::Retired,
        Self::Story,
        Self::Topic,
        Self::Subscriber,
        Self::Engine,
    ];

    /// The first byte of all keys of this kind.
    pub(super) const fn prefix(self) -> [u8; 1] {
        [self as u8]
    }

    fn key(self, parts: &[&[u8]]) -> IVec {
        // Nearly all are short: they are put together on the stack.
        let mut key: SmallVec<[u8; SHORT]> = SmallVec::new();
        key.push(self as u8);
        parts.iter().for_each(|part| key.extend_from_slice(part));
        (&*key).into()
    }
}

pub(super) fn header() -> IVec {
    Kind::Header.key(&[])
}

pub(super) fn source_state(source: &SourceId) -> IVec {
    Kind::SourceState.key(&[source.as_str().as_bytes()])
}

pub(super) fn listed(source: &SourceId) -> IVec {
    Kind::Listed.key(&[source.as_str().as_bytes()])
}

pub(super) fn story(id: StoryId) -> IVec {
    Kind::Story.key(&[id.as_bytes()])
}

pub(super) fn retired(id: StoryId) -> IVec {
    Kind::Retired.key(&[id.as_bytes()])
}

pub(super) fn topic(topic_version: TopicVersion) -> IVec {
    Kind::Topic.key(&[&topic_version.0.to_be_bytes()])
}

/// The card of a story. Cards are in the order in which stories were first seen.
pub(super) fn card(first_seen: Timestamp, id: StoryId) -> IVec {
    Kind::Card.key(&[&ascending(first_seen), id.as_bytes()])
}

pub(super) fn engine(key: &str) -> IVec {
    Kind::Engine.key(&[key.as_bytes()])
}

pub(super) fn subscriber(id: SubscriberId) -> IVec {
    Kind::Subscriber.key(&[id.as_bytes()])
}

/// An archived document; with the beginning of a path, what all those below it begin with.
pub(super) fn archived(path: &str) -> IVec {
    Kind::Archived.key(&[path.as_bytes()])
}

/// The `number`th further part of a record, from 0.
pub(super) fn chunk(of: &[u8], number: u32) -> IVec {
    Kind::Chunk.key(&[of, &number.to_be_bytes()])
}

/// Ranges of keys that no kind has.
pub(super) fn foreign_ranges() -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
    let starts = Kind::ALL.iter().map(|kind| kind.prefix().to_vec());
    let ends = Kind::ALL.iter().map(|kind| end_of(&kind.prefix()));
    let from = std::iter::once(Vec::new()).chain(ends);
    from.zip(starts.chain([vec![0xff; 64]])).filter(|(from, to)| from < to)
}

/// The first key that does not begin with `prefix`; `prefix` is not all 0xff.
pub(super) fn end_of(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < 0xff {
            end.push(last + 1);
            break;
        }
    }
    end
}

/// A key's text after its first byte.
pub(super) fn text_of(key: &[u8]) -> Option<&str> {
    std::str::from_utf8(key.get(1..)?).ok()
}

/// A key's story after its first byte.
pub(super) fn story_of(key: &[u8]) -> Option<StoryId> {
    key.get(1..)?.try_into().ok().map(StoryId::from_bytes)
}

pub(super) fn card_of(key: &[u8]) -> Option<(Timestamp, StoryId)> {
    let (first_seen, id) = key.get(1..)?.split_first_chunk::<8>()?;
    Some((from_ascending(*first_seen), StoryId::from_bytes(id.try_into().ok()?)))
}

pub(super) fn topic_of(key: &[u8]) -> Option<TopicVersion> {
    Some(TopicVersion(u64::from_be_bytes(key.get(1..)?.try_into().ok()?)))
}

/// The key of the record that a chunk belongs to, and the chunk's number.
pub(super) fn chunk_of(key: &[u8]) -> Option<(&[u8], u32)> {
    let (of, number) = key.get(1..)?.split_last_chunk::<4>()?;
    Some((of, u32::from_be_bytes(*number)))
}

/// With the sign inverted, a negative number sorts before a positive one.
pub(super) fn ascending(moment: Timestamp) -> [u8; 8] {
    (moment.as_millis() ^ i64::MIN).to_be_bytes()
}

pub(super) fn from_ascending(bytes: [u8; 8]) -> Timestamp {
    Timestamp::from_millis(i64::from_be_bytes(bytes) ^ i64::MIN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn keys_of_cards_sort_as_their_stories_were_first_seen(
            one: (i64, [u8; 16]), other: (i64, [u8; 16]),
        ) {
            let [one, other] = [one, other]
                .map(|(at, id)| (Timestamp::from_millis(at), StoryId::from_bytes(id)));
            prop_assert_eq!(card(one.0, one.1).cmp(&card(other.0, other.1)), one.cmp(&other));
            prop_assert_eq!(card_of(&card(one.0, one.1)), Some(one));
        }

        #[test]
        fn every_key_with_a_prefix_is_before_its_end(prefix: Vec<u8>, rest: Vec<u8>) {
            let key = Kind::SourceState.key(&[&prefix, &rest]);
            prop_assert!(*key < *end_of(&Kind::SourceState.key(&[&prefix])));
        }

        #[test]
        fn no_bytes_make_reading_a_key_panic(bytes: Vec<u8>) {
            let _ = (text_of(&bytes), story_of(&bytes), card_of(&bytes));
            let _ = (topic_of(&bytes), chunk_of(&bytes));
        }
    }

    #[test]
    fn chunks_of_records_whose_keys_begin_alike_do_not_meet() {
        let short = source_state(&SourceId::new("a"));
        let long = source_state(&SourceId::new("a\0\0\0\0"));
        assert_ne!(chunk(&short, 0), chunk(&long, 0));
        assert_eq!(chunk_of(&chunk(&long, 3)), Some((&long[..], 3)));
    }
}
