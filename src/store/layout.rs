//! What a record is about in; the sled key it stands under out, and back.
//!
//! The first byte tells records apart. Numbers are big-endian, so that keys
//! sort as what they mean.

use sled::IVec;

use crate::model::{Fingerprint, Key, KeyKind, SourceId, StoryId, SubscriberId, Timestamp};

use super::Place;
use super::sequences::Row;
use super::sheets::{Of, SheetId};

/// A key of so many bytes takes no detour to the heap.
const SHORT: usize = 64;

/// The first byte of a key. The values are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum Kind {
    /// `a`, path: an archived document.
    Archived = b'a',
    /// `b`, sequence, row: the rows of a sequence from this one on, up to the next block.
    Block = b'b',
    /// `c`, another record's key, number: a further part of a long record.
    Chunk = b'c',
    /// `h`: the header.
    Header = b'h',
    /// `j`, number: rows that came and went in one batch.
    Journal = b'j',
    /// `l`, source: what it lists.
    Listed = b'l',
    /// `m`, source: its memory.
    Memory = b'm',
    /// `n`, number: stories with names they bear.
    Names = b'n',
    /// `r`, story: a retired story.
    Retired = b'r',
    /// `s`, story: a story.
    Story = b's',
    /// `t`, fingerprint: a topic's generation of places.
    Topic = b't',
    /// `u`, subscriber: a subscriber of our hub.
    Subscriber = b'u',
    /// `v`, key: a record of the engine's own state.
    Engine = b'v',
    /// `y`, span of time, number: stories with passages of that span which they bear.
    Passages = b'y',
}

impl Kind {
    /// Every kind, in the order of their bytes.
    pub(super) const ALL: [Self; 14] = [
        Self::Archived,
        Self::Block,
        Self::Chunk,
        Self::Header,
        Self::Journal,
        Self::Listed,
        Self::Memory,
        Self::Names,
        Self::Retired,
        Self::Story,
        Self::Topic,
        Self::Subscriber,
        Self::Engine,
        Self::Passages,
    ];

    /// What all keys of this kind begin with.
    pub(super) const fn prefix(self) -> [u8; 1] {
        [self as u8]
    }

    fn key(self, parts: &[&[u8]]) -> IVec {
        // Nearly all are short: they are put together on the stack.
        let mut short = [0; SHORT];
        let mut long = Vec::new();
        let length = 1 + parts.iter().map(|part| part.len()).sum::<usize>();
        let key = match short.get_mut(..length) {
            Some(short) => short,
            None => {
                long.resize(length, 0);
                &mut *long
            }
        };
        key[0] = self as u8;
        let mut at = 1;
        for part in parts {
            key[at..at + part.len()].copy_from_slice(part);
            at += part.len();
        }
        (&*key).into()
    }
}

pub(super) fn header() -> IVec {
    Kind::Header.key(&[])
}

pub(super) fn memory(source: &SourceId) -> IVec {
    Kind::Memory.key(&[source.as_str().as_bytes()])
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

pub(super) fn topic(fingerprint: Fingerprint) -> IVec {
    Kind::Topic.key(&[&fingerprint.0.to_be_bytes()])
}

/// All blocks of a sequence.
pub(super) fn blocks(sequence: u32) -> IVec {
    Kind::Block.key(&[&sequence.to_be_bytes()])
}

pub(super) fn block(sequence: u32, from: &Row) -> IVec {
    Kind::Block.key(&[&sequence.to_be_bytes(), from])
}

pub(super) fn journal(number: u64) -> IVec {
    Kind::Journal.key(&[&number.to_be_bytes()])
}

/// A story's row in the order of stories.
pub(super) fn order(first_seen: Timestamp, id: StoryId) -> Row {
    let mut row = [0; 24];
    row[..8].copy_from_slice(&ascending(first_seen));
    row[8..].copy_from_slice(id.as_bytes());
    row
}

/// A place's row in its topic. Inverted, so that the greatest place comes first.
pub(super) fn place(place: Place) -> Row {
    order(place.date, place.story).map(|byte| !byte)
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

/// All sheets of passages of a span of time.
pub(super) fn passages_of_span(span: u32) -> IVec {
    Kind::Passages.key(&[&span.to_be_bytes()])
}

pub(super) fn sheet(id: SheetId) -> IVec {
    let number = id.number.to_be_bytes();
    match id.of {
        Of::Names => Kind::Names.key(&[&number]),
        Of::Passages(span) => Kind::Passages.key(&[&span.to_be_bytes(), &number]),
    }
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

pub(super) fn block_of(key: &[u8]) -> Option<(u32, Row)> {
    let (sequence, row) = key.get(1..)?.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*sequence), row.try_into().ok()?))
}

pub(super) fn journal_of(key: &[u8]) -> Option<u64> {
    Some(u64::from_be_bytes(key.get(1..)?.try_into().ok()?))
}

pub(super) fn order_of(row: &Row) -> (Timestamp, StoryId) {
    let (mut moment, mut id) = ([0; 8], [0; 16]);
    moment.copy_from_slice(&row[..8]);
    id.copy_from_slice(&row[8..]);
    (from_ascending(moment), StoryId::from_bytes(id))
}

pub(super) fn place_of(row: &Row) -> Place {
    let (date, story) = order_of(&row.map(|byte| !byte));
    Place { date, story }
}

pub(super) fn topic_of(key: &[u8]) -> Option<Fingerprint> {
    Some(Fingerprint(u64::from_be_bytes(key.get(1..)?.try_into().ok()?)))
}

pub(super) fn sheet_of(key: &[u8]) -> Option<SheetId> {
    let (kind, rest) = key.split_first()?;
    let (of, number) = match rest.as_chunks::<4>() {
        ([number], []) if *kind == Kind::Names as u8 => (Of::Names, number),
        ([span, number], []) if *kind == Kind::Passages as u8 => {
            (Of::Passages(u32::from_be_bytes(*span)), number)
        }
        _ => return None,
    };
    Some(SheetId { of, number: u32::from_be_bytes(*number) })
}

/// The key of the record that a chunk belongs to, and the chunk's number.
pub(super) fn chunk_of(key: &[u8]) -> Option<(&[u8], u32)> {
    let (of, number) = key.get(1..)?.split_last_chunk::<4>()?;
    Some((of, u32::from_be_bytes(*number)))
}

/// An identity key from its kind and hash.
pub(super) fn key_of(bytes: &[u8]) -> Option<Key> {
    let (kind, hash) = bytes.split_first()?;
    Some(Key { kind: kind_of(*kind)?, hash: hash.try_into().ok()? })
}

fn kind_of(byte: u8) -> Option<KeyKind> {
    KeyKind::ALL.into_iter().find(|kind| *kind as u8 == byte)
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

    fn any_place() -> impl Strategy<Value = Place> {
        (any::<i64>(), any::<[u8; 16]>()).prop_map(|(date, story)| Place {
            date: Timestamp::from_millis(date),
            story: StoryId::from_bytes(story),
        })
    }

    proptest! {
        #[test]
        fn rows_of_places_sort_as_places_the_greatest_first(a in any_place(), b in any_place()) {
            prop_assert_eq!(place(b).cmp(&place(a)), a.cmp(&b));
            prop_assert_eq!(place_of(&place(a)), a);
        }

        #[test]
        fn rows_of_stories_sort_as_they_were_first_seen(a in any_place(), b in any_place()) {
            prop_assert_eq!(order(a.date, a.story).cmp(&order(b.date, b.story)), a.cmp(&b));
            prop_assert_eq!(order_of(&order(a.date, a.story)), (a.date, a.story));
        }

        #[test]
        fn keys_of_blocks_sort_as_their_rows(a in any_place(), b in any_place()) {
            let [a, b] = [a, b].map(place);
            prop_assert_eq!(block(7, &a).cmp(&block(7, &b)), a.cmp(&b));
            prop_assert_eq!(block_of(&block(7, &a)), Some((7, a)));
        }

        #[test]
        fn every_key_with_a_prefix_is_before_its_end(prefix: Vec<u8>, rest: Vec<u8>) {
            let key = Kind::Memory.key(&[&prefix, &rest]);
            prop_assert!(*key < *end_of(&Kind::Memory.key(&[&prefix])));
        }

        #[test]
        fn no_bytes_make_reading_a_key_panic(bytes: Vec<u8>) {
            let _ = (text_of(&bytes), story_of(&bytes), block_of(&bytes), journal_of(&bytes));
            let _ = (topic_of(&bytes), sheet_of(&bytes), chunk_of(&bytes));
        }
    }

    #[test]
    fn chunks_of_records_whose_keys_begin_alike_do_not_meet() {
        let short = memory(&SourceId::new("a"));
        let long = memory(&SourceId::new("a\0\0\0\0"));
        assert_ne!(chunk(&short, 0), chunk(&long, 0));
        assert_eq!(chunk_of(&chunk(&long, 3)), Some((&long[..], 3)));
    }
}
