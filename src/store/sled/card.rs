//! The card of a story: the keys it bears and its places in topics.
//!
//! A card stands beside the record of its story, because it is small and the record is not: the index is
//! read in from the cards alone when the store opens.

use crate::model::{Key, KeyKind, Timestamp};

use super::super::story_keys::{read_keys, write_keys};
use super::codec::Unreadable;
use super::key_codec;
use super::records::read_timestamp;

/// The keys and places of a story.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Card {
    /// Names in the order they came, then passages, sorted; none twice.
    pub(super) keys: Vec<Key>,
    /// The numbers of topics, each with the date by which it orders the story.
    pub(super) places: Vec<(u32, Timestamp)>,
}

impl Card {
    pub(super) fn read(payload: &[u8]) -> Result<Self, Unreadable> {
        let (mut keys, rest) = read_keys(payload).ok_or(Unreadable::Short)?;
        let (spans, mut rest) = read_count(rest)?;
        for _ in 0..spans {
            let (span, after) = read_number(rest)?;
            let (count, after) = read_count(after)?;
            let (hashes, after) = after.split_at_checked(8 * count).ok_or(Unreadable::Short)?;
            let hashes = hashes.as_chunks().0.iter().map(|hash| u64::from_be_bytes(*hash));
            keys.extend(hashes.map(|hash| Key::passage(span, hash)));
            rest = after;
        }
        let (count, mut rest) = read_count(rest)?;
        let mut places = Vec::with_capacity(count.min(rest.len() / 12));
        for _ in 0..count {
            let (topic, after) = read_number(rest)?;
            let (date, after) = read_timestamp(after)?;
            places.push((topic, date));
            rest = after;
        }
        Ok(Self { keys, places })
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let passages = self.keys.partition_point(|key| key.kind != KeyKind::Passage);
        let (names, passages) = self.keys.split_at(passages);
        write_keys(names, bytes);
        let of_one_span = |one: &Key, other: &Key| one.span() == other.span();
        write_count(passages.chunk_by(of_one_span).count(), bytes);
        for passages in passages.chunk_by(of_one_span) {
            bytes.extend_from_slice(&passages[0].span().to_be_bytes());
            write_count(passages.len(), bytes);
            for passage in passages {
                bytes.extend_from_slice(&passage.passage_hash().to_be_bytes());
            }
        }
        write_count(self.places.len(), bytes);
        for (topic, date) in &self.places {
            bytes.extend_from_slice(&topic.to_be_bytes());
            bytes.extend_from_slice(&key_codec::ascending(*date));
        }
    }

    /// Puts the story into a topic, moves it there, or takes it out. Returns the date it had there.
    pub(super) fn place(&mut self, topic: u32, date: Option<Timestamp>) -> Option<Timestamp> {
        let present = self.places.iter().position(|(other, _)| *other == topic);
        match (present, date) {
            (Some(at), Some(date)) => Some(std::mem::replace(&mut self.places[at].1, date)),
            (Some(at), None) => Some(self.places.swap_remove(at).1),
            (None, Some(date)) => {
                self.places.push((topic, date));
                None
            }
            (None, None) => None,
        }
    }
}

/// Cards hold at most a thousand keys, and a topic once.
fn write_count(count: usize, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&(count as u32).to_be_bytes());
}

fn read_count(bytes: &[u8]) -> Result<(usize, &[u8]), Unreadable> {
    read_number(bytes).map(|(count, rest)| (count as usize, rest))
}

fn read_number(bytes: &[u8]) -> Result<(u32, &[u8]), Unreadable> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or(Unreadable::Short)?;
    Ok((u32::from_be_bytes(*number), rest))
}

/// A card that a batch touches.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// When the stored card says the story was first seen, and how many further parts it has.
    pub(super) stored: Option<(Timestamp, u32)>,
    /// The card as it will be; `None` where there is none, or none any more.
    pub(super) card: Option<(Timestamp, Card)>,
    pub(super) is_changed: bool,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_card_reads_as_it_was_written(
            names in prop::collection::vec((0..5usize, any::<[u8; 16]>()), 0..12),
            passages in prop::collection::btree_set((0..4u32, any::<u64>()), 0..40),
            places in prop::collection::vec((any::<u32>(), any::<i64>()), 0..8),
        ) {
            let names = names.into_iter().map(|(kind, hash)| Key { kind: KeyKind::ALL[kind], hash });
            let passages = passages.into_iter().map(|(span, hash)| Key::passage(span, hash));
            let places = places.into_iter();
            let card = Card {
                keys: names.chain(passages).collect(),
                places: places.map(|(topic, at)| (topic, Timestamp::from_millis(at))).collect(),
            };
            let mut bytes = Vec::new();
            card.write(&mut bytes);
            prop_assert_eq!(Card::read(&bytes).unwrap(), card);
        }

        #[test]
        fn no_bytes_make_reading_a_card_panic(bytes: Vec<u8>) {
            let _ = Card::read(&bytes);
        }
    }
}
