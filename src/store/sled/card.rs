//! The card of a story: the keys it bears and its places in topics.
//!
//! A card stands beside the record of its story, because it is small and the record is not: the index is
//! read in from the cards alone when the store opens.

use crate::model::{Key, KeyKind, StoryId, Timestamp};

use super::super::story_keys::{read_keys, write_keys};
use super::chunks::{Fault, Found, Stage, Values};
use super::codec::Unreadable;
use super::index::Index;
use super::key_codec;
use super::records::read_moment;

/// What is known of a story beside what it says.
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
            let (date, after) = read_moment(after)?;
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

    /// Leaves out what has lapsed since the card was written: old passages, and dropped topics.
    fn renew(&mut self, index: &Index) {
        let first = index.first_span();
        self.keys.retain(|key| key.kind != KeyKind::Passage || key.span() >= first);
        self.places.retain(|(topic, _)| index.topics.is_known(*topic));
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

/// The card of a story that was first seen at a moment, as it was written.
pub(super) fn read_card(
    values: &impl Values,
    first_seen: Timestamp,
    id: StoryId,
) -> Result<Option<Card>, Fault> {
    let key = key_codec::card(first_seen, id);
    let Some(payload) = values.record(&key)? else { return Ok(None) };
    Card::read(&payload).map(Some).map_err(|why| Fault::record(&key, why))
}

/// A card that a batch touches.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// When the stored card says the story was first seen, and how many further parts it has.
    stored: Option<(Timestamp, u32)>,
    /// The card as it will be; `None` where there is none, or none any more.
    card: Option<(Timestamp, Card)>,
    is_changed: bool,
}

impl Stage<'_> {
    /// A story's card as it will be; `None` where the story is not there.
    pub(super) fn card(&mut self, id: StoryId) -> Result<Option<&Card>, Fault> {
        Ok(self.touched(id)?.card.as_ref().map(|(_, card)| card))
    }

    /// A story's card, to be changed.
    pub(super) fn card_mut(&mut self, id: StoryId) -> Result<Option<&mut Card>, Fault> {
        let touched = self.touched(id)?;
        touched.is_changed |= touched.card.is_some();
        Ok(touched.card.as_mut().map(|(_, card)| card))
    }

    /// Gives a story a card that says when it was first seen: the one it has, or an empty one.
    pub(super) fn date_card(&mut self, id: StoryId, at: Timestamp) -> Result<&mut Card, Fault> {
        let touched = self.touched(id)?;
        touched.is_changed = true;
        let (first_seen, card) = touched.card.get_or_insert_with(|| (at, Card::default()));
        *first_seen = at;
        Ok(card)
    }

    /// Takes a story's card away.
    pub(super) fn take_card(&mut self, id: StoryId) -> Result<Option<(Timestamp, Card)>, Fault> {
        let touched = self.touched(id)?;
        touched.is_changed = true;
        Ok(touched.card.take())
    }

    fn touched(&mut self, id: StoryId) -> Result<&mut Touched, Fault> {
        let touched = match self.cards.remove(&id) {
            Some(touched) => touched,
            None => self.touch(id)?,
        };
        Ok(self.cards.entry(id).or_insert(touched))
    }

    fn touch(&self, id: StoryId) -> Result<Touched, Fault> {
        let Some(first_seen) = self.index().first_seen(id) else { return Ok(Touched::default()) };
        let key = key_codec::card(first_seen, id);
        let Some(Found { payload, parts }) = self.found(&key)? else {
            return Ok(Touched::default());
        };
        let mut card = Card::read(&payload).map_err(|why| Fault::record(&key, why))?;
        card.renew(&self.index());
        Ok(Touched {
            stored: Some((first_seen, parts)),
            card: Some((first_seen, card)),
            is_changed: false,
        })
    }

    /// Stages the records of all cards that were changed.
    pub(super) fn write_cards(&mut self) -> Result<(), Fault> {
        let touched = std::mem::take(&mut self.cards).into_iter();
        for (id, Touched { stored, card, .. }) in touched.filter(|(_, touched)| touched.is_changed)
        {
            let mut parts = 0;
            match (stored, &card) {
                (Some((before, stored)), Some((now, _))) if before == *now => parts = stored,
                (Some((before, stored)), _) => {
                    self.remove_parts(key_codec::card(before, id), stored);
                }
                (None, _) => {}
            }
            if let Some((first_seen, card)) = card {
                self.put_over(parts, key_codec::card(first_seen, id), |room| {
                    card.write(room);
                    Ok(())
                })?;
            }
        }
        Ok(())
    }
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
