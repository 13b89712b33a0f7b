//! Decides whether an origin may be asked now, by its holds and its last request.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use crate::fetch::holds::Refusals;
use crate::fetch::source_origin::FILE;
use crate::model::{SourceState, Timestamp};

/// An origin with more sources than this is asked closer together (P34).
const MANY: usize = 1000;

/// A further request may be under way for every so many sources of such an origin.
const PER_FLIGHT: usize = 2000;

/// Under way at one origin, however many sources it has.
const MOST_FLIGHTS: usize = 6;

/// A scheme, host and port; or one file.
#[derive(Debug, Default)]
pub(super) struct Origin {
    pub(super) name: String,
    spaced: bool,
    pub(super) sources: usize,
    pub(super) in_flight: usize,
    pub(super) line: VecDeque<usize>,
    /// The earliest next start.
    pub(super) next_start: Timestamp,
    /// Whether it was asked since it is on the agenda.
    pub(super) is_asked: bool,
    /// Refusals of its server, and the hold that follows from them (P28).
    pub(super) refusals: Refusals<usize>,
    /// Where it was reached last.
    pub(super) address: Option<IpAddr>,
    /// Whether it waits for others at its address.
    pub(super) crowded: bool,
    /// Under which time it stands in `ready`, if it does.
    pub(super) ready_at: Option<Timestamp>,
}

impl Origin {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), spaced: !name.starts_with(FILE), ..Self::default() }
    }

    /// Whether one more request may be under way (P34).
    pub(super) fn has_room(&self) -> bool {
        let most = match self.sources {
            many if many > MANY => (1 + many / PER_FLIGHT).min(MOST_FLIGHTS),
            _ => 1,
        };
        !self.spaced || self.in_flight < most
    }

    /// Between the starts of two requests (P34).
    pub(super) fn gap(&self, spacing: Duration) -> Duration {
        match u32::try_from(self.sources) {
            _ if !self.spaced => Duration::ZERO,
            Ok(many) if self.sources > MANY => spacing.min(Duration::from_secs(3600) / many),
            _ => spacing,
        }
    }

    /// Follows what is remembered of a source, as far as the whole origin goes by it (P28).
    /// Before this agenda asks it, it is spaced from the last poll of a run or of a node before.
    pub(super) fn heed(&mut self, source: usize, state: &SourceState, spacing: Duration) {
        if let Some(last) = state.last_poll.filter(|_| !self.is_asked) {
            self.next_start = self.next_start.max(last.after(self.gap(spacing)));
        }
        self.refusals.heed(source, state, self.spaced);
    }
}
