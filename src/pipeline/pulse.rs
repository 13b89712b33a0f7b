//! What the loop shows of itself, without being asked: that it lives, and when it acts next.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::model::Timestamp;

/// Signs of life that the server reads without waiting for the loop.
#[derive(Debug, Default)]
pub struct Pulse {
    next_poll: AtomicI64,
    stopped: AtomicBool,
    /// Why nothing new is admitted for the time being.
    stalled: Mutex<Option<String>>,
}

impl Pulse {
    /// When the next poll is planned: nothing that is served changes before (Q28).
    pub fn next_poll(&self) -> Option<Timestamp> {
        match self.next_poll.load(Ordering::Relaxed) {
            0 => None,
            millis => Some(Timestamp::from_millis(millis)),
        }
    }

    /// Whether the loop runs and admits what it reads; why not, in words, otherwise.
    pub fn alive(&self) -> Result<(), String> {
        self.runs()?;
        match &*self.stalled.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(why.clone()),
            None => Ok(()),
        }
    }

    /// Whether the loop runs; why the daemon should be restarted, otherwise.
    pub fn runs(&self) -> Result<(), String> {
        match self.stopped.load(Ordering::Relaxed) {
            true => Err("the core loop has ended".to_owned()),
            false => Ok(()),
        }
    }

    /// Says why nothing new is admitted, or that it is again. Returns whether it was stalled.
    pub(super) fn stall(&self, why: Option<String>) -> bool {
        let mut stalled = self.stalled.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *stalled, why).is_some()
    }

    pub(super) fn expect(&self, next_poll: Option<Timestamp>) {
        self.next_poll.store(next_poll.map_or(0, Timestamp::as_millis), Ordering::Relaxed);
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}
