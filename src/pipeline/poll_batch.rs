//! Decides which polls go into one commit, and when.
//!
//! A commit costs about the same, in time and in wear of the disk, however many polls it holds. A
//! poll with a result is committed at once, with all that ended meanwhile. Most polls find nothing
//! changed, and nobody waits for those: while other polls are under way, committing them takes a
//! fifth of the time at most.

use std::time::Duration;

use tokio::task::{Id, JoinError};
use tokio::time::Instant;

use crate::model::{Outcome, Poll};

/// The most polls in one commit.
const MOST: usize = 256;

/// No poll joins a batch that has this many entries: all of them are in memory at once, and a
/// larger commit is no cheaper for each.
const ENTRIES: usize = 500;

/// Commits of unchanged polls pause for this many times the last commit's time...
const RESTS: u32 = 4;

/// ...but never longer than this.
const LONGEST: Duration = Duration::from_millis(50);

/// The result of a poll's task.
pub(super) type Ended = Result<(Id, Option<Poll>), JoinError>;

/// The polls that ended and are not committed.
#[derive(Debug, Default)]
pub(super) struct PollBatch {
    ended: Vec<Ended>,
    entries: usize,
    /// Whether one of them has a result and does not wait for others.
    is_urgent: bool,
    rested_at: Option<Instant>,
}

impl PollBatch {
    /// Adds a poll that ended.
    pub(super) fn add(&mut self, ended: Ended) {
        self.is_urgent |= match &ended {
            Ok((_, None)) => false,
            Ok((_, Some(poll))) => {
                !matches!(poll.outcome, Outcome::Unchanged(_)) || poll.pages.is_some()
            }
            Err(_) => true,
        };
        let poll = ended.as_ref().ok().and_then(|(_, poll)| poll.as_ref());
        self.entries += poll.map_or(0, |poll| poll.entries().len());
        self.ended.push(ended);
    }

    /// Whether a further poll may join.
    pub(super) fn has_room(&self) -> bool {
        self.ended.len() < MOST && self.entries < ENTRIES
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ended.is_empty()
    }

    /// Whether the batch is to be committed now. `polling`: whether polls are under way.
    pub(super) fn is_due(&self, polling: bool, now: Instant) -> bool {
        let rested = || self.rested_at.is_none_or(|at| at <= now);
        !self.is_empty() && (self.is_urgent || !polling || !self.has_room() || rested())
    }

    /// When the batch is due in any case.
    pub(super) fn due_at(&self) -> Option<Instant> {
        self.rested_at.filter(|_| !self.is_empty())
    }

    /// Takes the polls, in the order in which they ended.
    pub(super) fn take(&mut self) -> Vec<Ended> {
        (self.entries, self.is_urgent) = (0, false);
        std::mem::take(&mut self.ended)
    }

    /// Records a commit that took this long until now.
    pub(super) fn committed(&mut self, took: Duration, now: Instant) {
        self.rested_at = Some(now + (took * RESTS).min(LONGEST));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::task::JoinSet;

    use super::*;
    use crate::model::{Failure, FailureKind, SourceId, Timestamp, Unchanged};

    /// A poll that found nothing changed.
    fn quiet() -> Poll {
        let outcome = Outcome::Unchanged(Unchanged::default());
        Poll {
            source: SourceId::new("a"),
            location: 0,
            at: Timestamp::from_secs(1),
            outcome,
            pages: None,
        }
    }

    /// Where committing was done just now and took ten milliseconds.
    async fn after_a_commit(polls: impl IntoIterator<Item = Poll>) -> (PollBatch, Instant) {
        let (mut batch, now) = (PollBatch::default(), Instant::now());
        batch.committed(Duration::from_millis(10), now);
        for poll in polls {
            let mut tasks = JoinSet::new();
            tasks.spawn(async { Some(poll) });
            batch.add(tasks.join_next_with_id().await.unwrap());
        }
        (batch, now)
    }

    #[tokio::test]
    async fn what_found_nothing_changed_waits_for_others_that_are_under_way() {
        let (batch, now) = after_a_commit([quiet()]).await;
        let rested = now + Duration::from_millis(40);
        assert!(!batch.is_due(true, now) && batch.is_due(true, rested));
        assert_eq!(batch.due_at(), Some(rested));
        assert!(batch.is_due(false, now), "there is nobody to wait for");
        let (mut batch, now) = after_a_commit(vec![quiet(); MOST]).await;
        assert!(batch.is_due(true, now), "that is enough for one commit");
        assert_eq!(batch.take().len(), MOST);
        assert!(!batch.is_due(false, now) && batch.due_at().is_none());
    }

    #[tokio::test]
    async fn what_brings_something_waits_for_nobody_and_takes_with_it_what_does() {
        let failure = Failure::new(FailureKind::Timeout, "there was no answer");
        let failed = Poll { outcome: Outcome::Failed(failure), ..quiet() };
        let (mut batch, now) = after_a_commit([quiet(), failed]).await;
        assert!(batch.is_due(true, now));
        assert_eq!(batch.take().len(), 2);
        batch.add(after_a_commit([quiet()]).await.0.take().remove(0));
        assert!(!batch.is_due(true, now), "what pressed is gone");
    }
}
