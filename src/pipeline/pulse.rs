//! What the loop shows of itself, without being asked: that it lives, and when it acts next.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use crate::model::Timestamp;

/// Signs of life that the server reads without waiting for the loop.
#[derive(Debug, Default)]
pub struct Pulse {
    next_poll: AtomicI64,
    stopped: AtomicBool,
}

impl Pulse {
    /// When the next poll is planned: nothing that is served changes before (Q28).
    pub fn next_poll(&self) -> Option<Timestamp> {
        match self.next_poll.load(Ordering::Relaxed) {
            0 => None,
            millis => Some(Timestamp::from_millis(millis)),
        }
    }

    /// Whether the loop still runs; why not, in words, otherwise.
    pub fn alive(&self) -> Result<(), String> {
        match self.stopped.load(Ordering::Relaxed) {
            false => Ok(()),
            true => Err("the core loop has ended".to_owned()),
        }
    }

    pub(super) fn expect(&self, next_poll: Option<Timestamp>) {
        self.next_poll.store(next_poll.map_or(0, Timestamp::as_millis), Ordering::Relaxed);
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}
