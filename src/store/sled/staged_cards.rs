//! Reads the cards of stories, and stages changed ones in a batch.

use crate::model::{KeyKind, StoryId, Timestamp};

use super::card::{Card, Touched};
use super::chunks::{Fault, Found, Stage, Values};
use super::index::Index;
use super::key_codec;

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
        renew(&mut card, &self.index());
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

/// Drops what has lapsed since the card was written: old shingles, and dropped topics.
fn renew(card: &mut Card, index: &Index) {
    let first = index.first_span();
    card.keys.retain(|key| key.kind != KeyKind::Passage || key.span() >= first);
    card.places.retain(|(topic, _)| index.topics.is_known(*topic));
}
