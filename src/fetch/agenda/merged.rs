//! Merges sources: one that has moved to another source's address is not asked beside it (P49).
//! Once a day its own address is asked, since the redirect may have been a mistake.

use std::num::NonZeroU64;

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::Agenda;
use crate::fetch::source_origin::{moved_to, undoes_a_move};
use crate::model::{Source, SourceId, SourceState, Timestamp};

impl Agenda {
    /// The source that is asked in this one's place, because this one has
    /// permanently moved to the address of that one (P49).
    pub fn merged(&self, id: &SourceId) -> Option<&SourceId> {
        let replacement = self.replacement(*self.numbers.get(id)?)?;
        Some(&self.slots[replacement].id)
    }

    /// The source at the end of a chain of moves. Of sources that moved in a circle one is asked:
    /// the first by name, which is the same after a restart.
    pub(super) fn replacement(&self, number: usize) -> Option<usize> {
        let mut chain = vec![self.next_replacement(number)?];
        let replacement = loop {
            let Some(next) = self.next_replacement(chain[chain.len() - 1]) else {
                break chain[chain.len() - 1];
            };
            if let Some(start) = chain.iter().position(|known| *known == next) {
                let circle = chain[start..].iter().copied();
                break circle.min_by_key(|number| &self.slots[*number].id)?;
            }
            chain.push(next);
        };
        (replacement != number).then_some(replacement)
    }

    /// The source that is configured with the address that this one has moved to. One that rests,
    /// or that finds no feed there, stands for no other.
    fn next_replacement(&self, number: usize) -> Option<usize> {
        let replacement = *self.address_owners.get(&self.slots[number].moved?.get())?;
        (replacement != number && self.slots[replacement].is_replacement).then_some(replacement)
    }

    /// Notes a source's configured address and the one it has moved to.
    pub(super) fn note_addresses(
        &mut self,
        number: usize,
        source: &Source,
        source_state: &SourceState,
    ) {
        let Some(url) = source.location.url() else { return };
        let hash = |url: &Url| xxh3_64(url.as_str().as_bytes());
        self.release_address(number);
        let slot = &mut self.slots[number];
        slot.address = hash(url);
        slot.moved = moved_to(url, source_state).map(hash).and_then(NonZeroU64::new);
        slot.check_at = source_state.moved.as_ref().map_or(Timestamp::EPOCH, |to| to.check_at());
        let failure = source_state.failure.as_deref();
        slot.is_replacement = !source_state.rests() && !failure.is_some_and(undoes_a_move);
        self.address_owners.entry(slot.address).or_insert(number);
    }

    pub(super) fn release_address(&mut self, number: usize) {
        let address = self.slots[number].address;
        if self.address_owners.get(&address) == Some(&number) {
            self.address_owners.remove(&address);
        }
    }
}
