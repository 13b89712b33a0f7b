//! Polls that ended in; which go into one commit, and when, out.
//!
//! A commit costs about the same, in time and in wear of the disk, however many polls it
//! holds. What brings something is committed at once, with all that ended meanwhile. Most
//! polls find nothing changed, though, and while others are under way nobody waits for what
//! these have to say: then committing takes a fifth of the time at most.

use std::time::Duration;

use tokio::task::{Id, JoinError};
use tokio::time::Instant;

use super::Pipeline;
use crate::model::{Outcome, Poll};

/// As many polls go into one commit.
const MOST: usize = 256;

/// No further poll does once those there are have brought so many entries: all that is made
/// of them is in memory at the same time, and a larger commit costs each of them as much.
const ENTRIES: usize = 500;

/// Committing rests so many times as long as it took...
const RESTS: u32 = 4;

/// ...but never longer than this.
const LONGEST: Duration = Duration::from_millis(50);

/// How a poll's task ended.
pub(super) type Ended = Result<(Id, Poll), JoinError>;

/// Polls that ended and are not committed.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    ended: Vec<Ended>,
    entries: usize,
    /// Whether one of them is not to wait for others.
    presses: bool,
    rested_at: Option<Instant>,
}

impl Gathering {
    /// A poll has ended.
    pub(super) fn add(&mut self, ended: Ended) {
        self.presses |= match &ended {
            Ok((_, poll)) => {
                !matches!(poll.outcome, Outcome::Unchanged { .. }) || poll.pages.is_some()
            }
            Err(_) => true,
        };
        self.entries += ended.as_ref().map_or(0, |(_, poll)| poll.entries().len());
        self.ended.push(ended);
    }

    /// Whether a further one may go with them.
    pub(super) fn has_room(&self) -> bool {
        self.ended.len() < MOST && self.entries < ENTRIES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ended.is_empty()
    }

    /// Whether they are to be committed now, others being under way or not.
    pub(super) fn is_due(&self, polling: bool, now: Instant) -> bool {
        let rested = || self.rested_at.is_none_or(|at| at <= now);
        !self.is_empty() && (self.presses || !polling || !self.has_room() || rested())
    }

    /// When they are to be in any case.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.rested_at.filter(|_| !self.is_empty())
    }

    /// All of them, in the order in which they ended.
    pub(super) fn take(&mut self) -> Vec<Ended> {
        (self.entries, self.presses) = (0, false);
        std::mem::take(&mut self.ended)
    }

    /// Some were committed, which took so long until now.
    pub(super) fn committed(&mut self, took: Duration, now: Instant) {
        self.rested_at = Some(now + (took * RESTS).min(LONGEST));
    }
}

impl Pipeline {
    /// A poll has ended, and others may have meanwhile.
    pub(super) fn gather(&mut self, first: Ended) {
        self.pulse.progressed();
        self.gathering.add(first);
        while self.gathering.has_room()
            && let Some(ended) = self.polls.try_join_next_with_id()
        {
            self.gathering.add(ended);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;
    use crate::model::{Failure, FailureKind, Freshness, SourceId, Timestamp};

    /// A poll that found nothing changed.
    fn quiet() -> Poll {
        let (validators, freshness, moved) = (None, Freshness::default(), None);
        let outcome =
            Outcome::Unchanged { validators, freshness, bytes: 0, moved, not_modified: true };
        Poll { source: SourceId::new("a"), at: Timestamp::from_secs(1), outcome, pages: None }
    }

    /// Where committing was done just now and took ten milliseconds.
    async fn after_a_commit(polls: impl IntoIterator<Item = Poll>) -> (Gathering, Instant) {
        let (mut gathering, now) = (Gathering::default(), Instant::now());
        gathering.committed(Duration::from_millis(10), now);
        for poll in polls {
            let mut tasks = JoinSet::new();
            tasks.spawn(async { poll });
            gathering.add(tasks.join_next_with_id().await.unwrap());
        }
        (gathering, now)
    }

    #[tokio::test]
    async fn what_found_nothing_changed_waits_for_others_that_are_under_way() {
        let (gathering, now) = after_a_commit([quiet()]).await;
        let rested = now + Duration::from_millis(40);
        assert!(!gathering.is_due(true, now) && gathering.is_due(true, rested));
        assert_eq!(gathering.due_at(), Some(rested));
        assert!(gathering.is_due(false, now), "there is nobody to wait for");
        let (mut gathering, now) = after_a_commit(vec![quiet(); MOST]).await;
        assert!(gathering.is_due(true, now), "that is enough for one commit");
        assert_eq!(gathering.take().len(), MOST);
        assert!(!gathering.is_due(false, now) && gathering.due_at().is_none());
    }

    #[tokio::test]
    async fn what_brings_something_waits_for_nobody_and_takes_with_it_what_does() {
        let failure = Failure::new(FailureKind::Timeout, "there was no answer");
        let failed = Poll { outcome: Outcome::Failed(failure), ..quiet() };
        let (mut gathering, now) = after_a_commit([quiet(), failed]).await;
        assert!(gathering.is_due(true, now));
        assert_eq!(gathering.take().len(), 2);
        gathering.add(after_a_commit([quiet()]).await.0.take().remove(0));
        assert!(!gathering.is_due(true, now), "what pressed is gone");
    }
}
