//! The plain data that the agenda keeps about one source.

use std::net::IpAddr;
use std::num::NonZeroU64;

use crate::model::{SourceId, Timestamp};

/// One source on the agenda, of very many.
#[derive(Debug)]
pub(super) struct Slot {
    /// The source, or the source whose hub this is.
    pub(super) id: SourceId,
    pub(super) is_hub: bool,
    pub(super) origin: usize,
    pub(super) state: State,
    pub(super) not_before: Timestamp,
    /// Whether it is to be asked in spite of a hold, because its operator says so.
    pub(super) insists: bool,
    /// Hash of the configured address.
    pub(super) address: u64,
    /// Hash of the address that it has moved to, if it has.
    pub(super) moved: Option<NonZeroU64>,
    /// When its configured address is to be asked, although another source is asked in its place.
    pub(super) check_at: Timestamp,
    /// Whether it may be asked in the place of sources that have moved to its address.
    pub(super) is_replacement: bool,
}

impl Slot {
    pub(super) fn new(id: SourceId, is_hub: bool, origin: usize) -> Self {
        Self {
            id,
            is_hub,
            origin,
            state: State::Idle,
            not_before: Timestamp::default(),
            insists: false,
            address: 0,
            moved: None,
            check_at: Timestamp::default(),
            is_replacement: false,
        }
    }
}

/// The reason why a source waits.
#[derive(Debug)]
pub(super) enum State {
    /// Not planned: it rests, or its poll has landed and is not settled yet.
    Idle,
    /// Due at a moment that has not come.
    Sleeping(Timestamp),
    /// In its origin's queue.
    Waiting,
    /// Being asked. Few are at a time.
    InFlight(Box<Flight>),
}

/// A request that is under way.
#[derive(Debug)]
pub(super) struct Flight {
    /// The origin that is asked, which may no longer be that of the source.
    pub(super) of: usize,
    pub(super) at: Option<IpAddr>,
    /// When it is to be asked again, if that is known already.
    pub(super) next: Option<Timestamp>,
    pub(super) forgotten: bool,
}
