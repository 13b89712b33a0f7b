//! Merges sources: one that has moved to another source's address is not asked beside it (P49).

use std::num::NonZeroU64;

use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::Agenda;
use crate::fetch::source_origin::{moved_to, undoes_a_move};
use crate::model::{Source, SourceId, SourceState};

impl Agenda {
    /// The source that is asked in this one's place, because this one has
    /// permanently moved to the address of that one (P49).
    pub fn merged(&self, id: &SourceId) -> Option<&SourceId> {
        let host = self.host(*self.numbers.get(id)?)?;
        Some(&self.slots[host].id)
    }

    /// The source at the end of a chain of moves. Of sources that moved in a circle one is asked:
    /// the first by name, which is the same after a restart.
    pub(super) fn host(&self, number: usize) -> Option<usize> {
        let mut chain = vec![self.next_host(number)?];
        let host = loop {
            let Some(next) = self.next_host(chain[chain.len() - 1]) else {
                break chain[chain.len() - 1];
            };
            if let Some(start) = chain.iter().position(|known| *known == next) {
                let circle = chain[start..].iter().copied();
                break circle.min_by_key(|number| &self.slots[*number].id)?;
            }
            chain.push(next);
        };
        (host != number).then_some(host)
    }

    /// The source that is configured with the address that this one has moved to. One that rests,
    /// or that finds no feed there, stands for nobody else.
    fn next_host(&self, number: usize) -> Option<usize> {
        let host = *self.homes.get(&self.slots[number].moved?.get())?;
        (host != number && self.slots[host].is_host).then_some(host)
    }

    /// Notes a source's configured address and the one it has moved to.
    pub(super) fn house(&mut self, number: usize, source: &Source, source_state: &SourceState) {
        let Some(url) = source.location.url() else { return };
        let hash = |url: &Url| xxh3_64(url.as_str().as_bytes());
        self.leave_home(number);
        let slot = &mut self.slots[number];
        slot.home = hash(url);
        slot.moved = moved_to(url, source_state).map(hash).and_then(NonZeroU64::new);
        let failure = source_state.failure.as_deref();
        slot.is_host = !source_state.rests() && !failure.is_some_and(undoes_a_move);
        self.homes.entry(slot.home).or_insert(number);
    }

    pub(super) fn leave_home(&mut self, number: usize) {
        let home = self.slots[number].home;
        if self.homes.get(&home) == Some(&number) {
            self.homes.remove(&home);
        }
    }
}
