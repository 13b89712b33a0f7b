//! Shows whether the loop is alive and polls make progress, without waiting for the loop.
//!
//! Somebody outside ticks ([`Liveness::tick`]). A stall is counted in ticks, not in time: while
//! the machine is paused nobody ticks, and a clock that is set makes no tick of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::fetch;
use crate::model::Timestamp;

/// Between two ticks.
pub const TICK: Duration = Duration::from_secs(5);

/// The longest step of the loop: a plan with thousands of topics takes a while.
const LONGEST_STEP: Duration = Duration::from_secs(120);

/// The longest parse of a document or a page. A set clock is noticed as soon.
const LONGEST_PARSE: Duration = Duration::from_secs(20);

/// The loop's state, which the server reads without waiting for the loop.
#[derive(Debug, Default)]
pub struct Liveness {
    next_poll: AtomicI64,
    stopped: AtomicBool,
    /// Why nothing new is taken in at present.
    stalled: Mutex<Option<String>>,
    /// Why this node of a cluster is not ready.
    not_ready: Mutex<Option<String>>,
    /// Whether messages of hubs and subscribers cannot be taken in now.
    is_shut: AtomicBool,
    /// Number of steps that the loop has begun.
    steps: AtomicU64,
    /// Whether the loop is at a step.
    busy: AtomicBool,
    /// Number of polls that began or ended, and of requests that ended.
    progress: Arc<AtomicU64>,
    /// Whether polls are under way.
    polling: AtomicBool,
    /// When the loop will start the next poll.
    wake_at: AtomicI64,
    /// Ticks that polls may go without any progress.
    patience: AtomicU32,
    watch: Mutex<Watch>,
}

impl Liveness {
    /// When the next poll is planned: no served document changes before (Q28).
    pub fn next_poll(&self) -> Option<Timestamp> {
        timestamp(&self.next_poll)
    }

    /// Whether the loop runs and takes polls in; otherwise the reason.
    pub fn alive(&self) -> Result<(), String> {
        self.runs()?;
        if let Some(why) = &*self.not_ready.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(why.clone());
        }
        match &*self.stalled.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(why) => Err(why.clone()),
            None => Ok(()),
        }
    }

    /// Whether the loop runs and polls make progress; otherwise why to restart the daemon.
    pub fn runs(&self) -> Result<(), String> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err("the core loop has ended".to_owned());
        }
        self.watch().restart_reason(self.patience.load(Ordering::Relaxed)).map_or(Ok(()), Err)
    }

    /// Checks the loop. To be called every [`TICK`].
    pub fn tick(&self, now: Timestamp) {
        let due = timestamp(&self.wake_at).is_some_and(|wake_at| wake_at <= now);
        let seen = TickState {
            step: self.steps.load(Ordering::Relaxed),
            is_busy: self.busy.load(Ordering::Relaxed),
            progress: self.progress.load(Ordering::Relaxed),
            is_waiting: due || self.polling.load(Ordering::Relaxed),
        };
        self.watch().tick(seen);
    }

    /// Sets or clears the reason why nothing new is taken in. Returns whether there was one.
    pub(super) fn set_stalled(&self, why: Option<String>) -> bool {
        let mut stalled = self.stalled.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *stalled, why).is_some()
    }

    /// Sets or clears the reason why this node of a cluster is not ready.
    pub(super) fn set_not_ready(&self, why: Option<String>) {
        *self.not_ready.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Whether messages of hubs and subscribers can be taken in now.
    pub fn takes_messages(&self) -> bool {
        !self.is_shut.load(Ordering::Relaxed)
    }

    pub(super) fn take_messages(&self, takes: bool) {
        self.is_shut.store(!takes, Ordering::Relaxed);
    }

    pub(super) fn expect(&self, next_poll: Option<Timestamp>) {
        self.next_poll.store(next_poll.map_or(0, Timestamp::as_millis), Ordering::Relaxed);
    }

    /// Derives from the settings how long polls may go without progress: every request and every
    /// parse has its own deadline.
    pub(super) fn set_patience(&self, polling: &fetch::Settings) {
        // Twice, for a server's robots.txt before its page.
        let longest = polling.timeout * 2 + polling.spacing + LONGEST_PARSE * 2;
        let ticks = longest.div_duration_f64(TICK).ceil();
        self.patience.store(ticks as u32, Ordering::Relaxed);
    }

    /// The counter of polls that begin or end, and of requests that end.
    pub(super) fn progress(&self) -> Arc<AtomicU64> {
        self.progress.clone()
    }

    /// Counts a poll that began or ended.
    pub(super) fn progressed(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }

    /// The loop waits; it starts the next poll at `wake_at`.
    pub(super) fn waits(&self, polling: bool, wake_at: Option<Timestamp>) {
        self.polling.store(polling, Ordering::Relaxed);
        self.wake_at.store(wake_at.map_or(0, Timestamp::as_millis), Ordering::Relaxed);
        self.busy.store(false, Ordering::Relaxed);
    }

    /// The loop begins a step.
    pub(super) fn acts(&self) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.busy.store(true, Ordering::Relaxed);
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn watch(&self) -> MutexGuard<'_, Watch> {
        self.watch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn timestamp(millis: &AtomicI64) -> Option<Timestamp> {
    match millis.load(Ordering::Relaxed) {
        0 => None,
        millis => Some(Timestamp::from_millis(millis)),
    }
}

/// The loop's state at one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct TickState {
    step: u64,
    is_busy: bool,
    progress: u64,
    /// Whether polls are under way, or are due and there is room for them.
    is_waiting: bool,
}

/// Counts ticks without progress. Pure.
#[derive(Debug, Default)]
struct Watch {
    seen: TickState,
    /// Ticks in a row at which the loop was at the same step.
    in_step: u32,
    /// Ticks in a row at which polls waited and none began or ended.
    idle: u32,
}

impl Watch {
    fn tick(&mut self, seen: TickState) {
        let before = std::mem::replace(&mut self.seen, seen);
        let in_step = seen.is_busy && before.is_busy && seen.step == before.step;
        self.in_step = if in_step { self.in_step + 1 } else { 0 };
        // During a long step the loop neither begins a poll nor takes one in.
        let waits = |seen: TickState| seen.is_waiting && !seen.is_busy;
        let idle = waits(seen) && waits(before) && seen.progress == before.progress;
        self.idle = if idle { self.idle + 1 } else { 0 };
    }

    /// Why to restart the daemon, if there is a reason.
    fn restart_reason(&self, patience: u32) -> Option<String> {
        let seconds = |ticks: u32| u64::from(ticks) * TICK.as_secs();
        if seconds(self.in_step) >= LONGEST_STEP.as_secs() {
            let seconds = seconds(self.in_step);
            return Some(format!("the core loop has been at one step for {seconds} s"));
        }
        (self.idle > 0 && self.idle >= patience).then(|| {
            let seconds = seconds(self.idle);
            format!("polls are due or under way, and none has begun or ended for {seconds} s")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reason to restart after these ticks, with a patience of 10.
    fn after(ticks: impl IntoIterator<Item = TickState>) -> Option<String> {
        let mut watch = Watch::default();
        ticks.into_iter().for_each(|seen| watch.tick(seen));
        watch.restart_reason(10)
    }

    #[test]
    fn only_what_stands_still_although_it_could_go_on_is_a_stall() {
        let rests = TickState::default();
        let waits = TickState { is_waiting: true, ..rests };
        let busy = TickState { is_busy: true, ..waits };
        let for_ever = |seen: TickState| vec![seen; 100];
        let each = |of: fn(u64) -> TickState| (0..100).map(of).collect::<Vec<_>>();
        for (what, ticks, stall) in [
            ("nothing is due, or all origins are held", for_ever(rests), None),
            ("polls do not begin or end", for_ever(waits), Some("none has begun or ended")),
            ("not for long yet", vec![waits; 10], None),
            ("the loop is stuck", for_ever(busy), Some("one step")),
            ("the loop is at a long step", vec![busy; 20], None),
            (
                "it takes step after step, while slow servers take their time",
                each(|n| TickState { step: n, is_busy: true, progress: n / 9, is_waiting: true }),
                None,
            ),
            (
                "a slow poll ends now and then",
                each(|n| TickState { progress: n / 9, is_waiting: true, ..TickState::default() }),
                None,
            ),
            (
                "polls are stuck, while readers and hubs keep the loop awake",
                each(|n| TickState { step: n, is_waiting: true, ..TickState::default() }),
                Some("none has begun or ended"),
            ),
            (
                "after a long step polls have their time anew",
                [vec![waits; 8], vec![busy; 20], vec![waits; 10]].concat(),
                None,
            ),
            ("it goes on again", [for_ever(waits), vec![rests]].concat(), None),
        ] {
            let found = after(ticks);
            let fits = match (&found, stall) {
                (None, None) => true,
                (Some(found), Some(stall)) => found.contains(stall),
                _ => false,
            };
            assert!(fits, "{what}: {found:?}");
        }
    }

    #[test]
    fn polls_are_given_the_time_that_their_own_deadlines_give_them() {
        let liveness = Liveness::default();
        let polling = fetch::Settings::default();
        liveness.set_patience(&polling);
        liveness.waits(true, None);
        let ticks = (polling.timeout * 2).as_secs() / TICK.as_secs();
        (0..=ticks).for_each(|_| liveness.tick(Timestamp::EPOCH));
        assert_eq!(liveness.runs(), Ok(()));
        (0..=ticks).for_each(|_| liveness.tick(Timestamp::EPOCH));
        assert!(liveness.runs().is_err() && liveness.alive().is_err());
        liveness.progressed();
        liveness.tick(Timestamp::EPOCH);
        assert_eq!(liveness.runs(), Ok(()));
    }
}
