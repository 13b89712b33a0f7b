//! Counts the work of evaluating queries, and ends it at a bound.
//!
//! Every loop of the evaluation spends units here, so that the same query over the same stories
//! takes the same number of units on every machine. The count is the bound that tests can hold.
//! Now and then the owner is asked as well whether to go on: the time may be up, or nobody may
//! be waiting any more.

use std::cell::Cell;
use std::fmt;

/// How many units pass between two questions to the owner: about a tenth of a millisecond.
const INTERVAL: u64 = 1 << 15;

/// The most places of one term that are held at a time where work is bounded: 12 MiB.
const MOST_SPANS: usize = 1 << 20;

/// The work that evaluations may still do. A unit is a few nanoseconds.
///
/// Once it is spent, evaluating returns soon, with a result that means nothing.
/// [`Bounded`](super::Bounded) turns that into [`Spent`].
pub struct Work<'a> {
    allowed: Cell<u64>,
    left: Cell<u64>,
    /// The owner is asked when no more than this is left.
    ask_at: Cell<u64>,
    go_on: Option<&'a dyn Fn() -> bool>,
}

/// The evaluation was ended: its work was spent, or its owner ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this takes too much work")]
pub struct Spent;

impl Work<'static> {
    /// Work without a bound: for queries of the configuration.
    pub fn unlimited() -> Self {
        Self {
            allowed: Cell::new(u64::MAX),
            left: Cell::new(u64::MAX),
            ask_at: Cell::new(0),
            go_on: None,
        }
    }
}

impl<'a> Work<'a> {
    /// So many units, for as long as `go_on` says so.
    pub fn bounded(units: u64, go_on: &'a dyn Fn() -> bool) -> Self {
        Self {
            allowed: Cell::new(units),
            left: Cell::new(units),
            ask_at: Cell::new(units.saturating_sub(INTERVAL)),
            go_on: Some(go_on),
        }
    }

    /// Units that were spent. Those of the last step may exceed what was allowed.
    pub fn spent(&self) -> u64 {
        self.allowed.get() - self.left.get()
    }

    /// Fails if the work is spent. Asks the owner.
    pub fn check(&self) -> Result<(), Spent> {
        if self.ask() { Ok(()) } else { Err(Spent) }
    }

    /// Whether more than half of what was allowed is spent.
    pub fn is_half_spent(&self) -> bool {
        self.left.get() < self.allowed.get() / 2
    }

    /// Whether there is a bound at all.
    pub(super) fn is_bounded(&self) -> bool {
        self.go_on.is_some()
    }

    /// Spends units. Returns whether to go on.
    #[inline]
    pub(super) fn spend(&self, units: u64) -> bool {
        let left = self.left.get().saturating_sub(units);
        self.left.set(left);
        left > self.ask_at.get() || self.ask()
    }

    /// Spends what handling so many places costs, and ends where they take too much memory.
    pub(super) fn spend_on_spans(&self, spans: usize) -> bool {
        if spans > MOST_SPANS && self.is_bounded() {
            self.end();
        }
        // Sorting them is most of it.
        self.spend(4 * spans as u64)
    }

    /// Fails if the work is spent. Does not ask the owner.
    pub(super) fn result<T>(&self, of: T) -> Result<T, Spent> {
        if self.left.get() > 0 { Ok(of) } else { Err(Spent) }
    }

    /// Whether to go on, with a question to the owner.
    #[cold]
    pub(super) fn ask(&self) -> bool {
        let left = self.left.get();
        if left == 0 {
            return false;
        }
        if self.go_on.is_some_and(|go_on| !go_on()) {
            self.end();
            return false;
        }
        self.ask_at.set(if self.is_bounded() { left.saturating_sub(INTERVAL) } else { 0 });
        true
    }

    fn end(&self) {
        self.allowed.set(self.spent());
        self.left.set(0);
        self.ask_at.set(0);
    }
}

impl fmt::Debug for Work<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (spent, left) = (self.spent(), self.left.get());
        f.debug_struct("Work").field("spent", &spent).field("left", &left).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_ends_at_its_bound_and_stays_ended() {
        let go_on = || true;
        let work = Work::bounded(10, &go_on);
        assert!(work.spend(9));
        assert_eq!((work.spent(), work.result(())), (9, Ok(())));
        assert!(!work.spend(5));
        assert!(!work.spend(0));
        assert_eq!((work.spent(), work.result(()), work.check()), (10, Err(Spent), Err(Spent)));
    }

    #[test]
    fn the_owner_is_asked_now_and_then_and_may_end_it() {
        let (asked, allowed) = (Cell::new(0), Cell::new(3));
        let go_on = || {
            asked.set(asked.get() + 1);
            asked.get() <= allowed.get()
        };
        let work = Work::bounded(u64::MAX / 2, &go_on);
        let spent = (0..10 * INTERVAL).take_while(|_| work.spend(1)).count() as u64;
        assert_eq!((asked.get(), spent), (4, 4 * INTERVAL - 1));
        assert_eq!(work.result(()), Err(Spent));
        allowed.set(u64::MAX);
        assert!(!work.spend(0), "an end is final");
    }

    #[test]
    fn work_without_a_bound_never_ends() {
        let work = Work::unlimited();
        assert!(work.spend(u64::MAX / 2) && work.spend_on_spans(2 * MOST_SPANS));
        assert_eq!(work.check(), Ok(()));
    }
}
