//! Decides whether an origin may be asked now, by its holds and its last request.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::fetch::holds::Refusals;
use crate::fetch::source_origin::FILE;
use crate::model::{SourceState, Timestamp};

/// An origin with more sources than this is asked at shorter intervals (P34).
const MANY_SOURCES: usize = 1000;

/// For each so many sources of such an origin, one more request may be under way.
const SOURCES_PER_REQUEST: usize = 2000;

/// The most requests under way at one origin, however many sources it has.
const MAX_REQUESTS: usize = 6;

/// The requests to one scheme, host and port, or to one file.
#[derive(Debug, Default)]
pub(super) struct Origin {
    pub(super) name: String,
    /// Whether requests to it are kept apart: files need no spacing.
    is_spaced: bool,
    /// How many sources and hubs are on the agenda at this origin.
    pub(super) sources: usize,
    pub(super) in_flight: usize,
    /// The slots that are due, the next one first.
    pub(super) queue: VecDeque<usize>,
    /// The earliest next start.
    pub(super) next_start: Timestamp,
    /// Whether it was asked since it is on the agenda.
    pub(super) is_asked: bool,
    /// Refusals of its server, and the hold that follows from them (P28).
    pub(super) refusals: Refusals<usize>,
    /// The address where it was last reached.
    pub(super) address: Option<IpAddr>,
    /// Whether it waits until fewer requests to its address are under way.
    pub(super) awaits_address: bool,
    /// Its time in `ready`, if it is there.
    pub(super) ready_at: Option<Timestamp>,
}

impl Origin {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), is_spaced: !name.starts_with(FILE), ..Self::default() }
    }

    /// Whether one more request may be under way (P34).
    pub(super) fn has_room(&self) -> bool {
        let most = match self.sources {
            many if many > MANY_SOURCES => (1 + many / SOURCES_PER_REQUEST).min(MAX_REQUESTS),
            _ => 1,
        };
        !self.is_spaced || self.in_flight < most
    }

    /// The time between the starts of two requests (P34).
    pub(super) fn gap(&self, spacing: Duration) -> Duration {
        match u32::try_from(self.sources) {
            _ if !self.is_spaced => Duration::ZERO,
            Ok(many) if self.sources > MANY_SOURCES => {
                spacing.min(Duration::from_secs(3600) / many)
            }
            _ => spacing,
        }
    }

    /// Applies the stored state of a source to its origin: its refusals (P28), and the last poll by an
    /// earlier run or by another node, as long as this agenda has not asked the origin.
    pub(super) fn apply_state(&mut self, source: usize, state: &SourceState, spacing: Duration) {
        if let Some(last) = state.last_poll.filter(|_| !self.is_asked) {
            self.next_start = self.next_start.max(last.after(self.gap(spacing)));
        }
        self.refusals.apply_state(source, state, self.is_spaced);
    }
}
