//! Lets a long computation notice that nobody waits for its result any more.
//!
//! A thread that computes cannot be stopped from outside. So whoever waits keeps a
//! [`Waiting`], the computation a [`Cancelled`], and its long loops ask that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::model::{Failure, FailureKind};

/// Held by whoever waits for a result; dropping it cancels the computation.
#[derive(Debug, Default)]
pub struct Waiting(Arc<AtomicBool>);

/// Asked by a computation whether its result is still wanted.
#[derive(Debug, Clone, Default)]
pub struct Cancelled(Arc<AtomicBool>);

impl Waiting {
    /// The computation's view of whether it is cancelled.
    pub fn cancelled(&self) -> Cancelled {
        Cancelled(self.0.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Cancelled {
    /// A computation that is always waited for.
    pub fn never() -> Self {
        Self::default()
    }

    /// Whether the result is not wanted any more.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Ends a loop with `?` once the result is not wanted any more.
    ///
    /// # Errors
    /// Nobody waits for the result; nobody reads this failure either.
    pub fn check(&self) -> Result<(), Failure> {
        if self.is_set() {
            return Err(Failure::new(FailureKind::TooLarge, "cancelled before it was done"));
        }
        Ok(())
    }
}
