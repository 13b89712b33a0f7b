//! Keeps turns of polls within a size that all nodes can read at once. Pure.

use std::collections::VecDeque;

use crate::model::{Failure, FailureKind, Outcome, Poll};
use crate::stream::codec::size_of;

/// The largest poll, in bytes before compression.
const LARGEST_POLL: usize = 32 << 20;

/// No further poll joins a turn of this size.
const FULL_TURN: usize = 512 << 10;

/// Splits polls into turns, in their order. A poll that is too large for the stream is a failure of
/// its source.
pub(super) fn split(polls: Vec<Poll>) -> VecDeque<Vec<Poll>> {
    let (mut turns, mut turn, mut size) = (VecDeque::new(), Vec::new(), 0);
    for (poll, of_poll) in polls.into_iter().map(bounded) {
        turn.push(poll);
        size += of_poll;
        if size >= FULL_TURN {
            turns.push_back(std::mem::take(&mut turn));
            size = 0;
        }
    }
    if !turn.is_empty() {
        turns.push_back(turn);
    }
    turns
}

/// A poll with its size; a failure where it is too large.
fn bounded(poll: Poll) -> (Poll, usize) {
    let size = size_of(&poll);
    if size <= LARGEST_POLL {
        return (poll, size);
    }
    let why = format!(
        "its document holds {} MiB of entries, and the nodes of a cluster share {} MiB at most",
        size >> 20,
        LARGEST_POLL >> 20
    );
    let outcome = Outcome::Failed(Failure::new(FailureKind::TooLarge, why));
    let poll = Poll { outcome, pages: None, ..poll };
    let size = size_of(&poll);
    (poll, size)
}

/// Whether a poll is too large for the stream.
pub(in crate::pipeline) fn is_too_large(poll: &Poll) -> bool {
    size_of(poll) > LARGEST_POLL
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::{SourceId, Timestamp};

    /// A poll that brings so many bytes.
    fn poll(source: usize, bytes: usize) -> Poll {
        let failure = Failure::new(FailureKind::Timeout, "x".repeat(bytes));
        Poll {
            source: SourceId::new(format!("s{source}")),
            location: 0,
            at: Timestamp::from_secs(1),
            outcome: Outcome::Failed(failure),
            pages: None,
        }
    }

    #[test]
    fn turns_are_bounded_and_keep_the_order_of_polls() {
        let sizes = [10, 300_000, 300_000, 5, 20 << 20, 7, 8];
        let polls = sizes.iter().enumerate().map(|(place, size)| poll(place, *size));
        let turns = split(polls.collect());
        let places: Vec<Vec<&str>> = turns
            .iter()
            .map(|turn| turn.iter().map(|poll| poll.source.as_str()).collect())
            .collect();
        assert_eq!(places, [vec!["s0", "s1", "s2"], vec!["s3", "s4"], vec!["s5", "s6"]]);
        assert!(split(Vec::new()).is_empty());
    }

    #[test]
    fn a_poll_that_is_too_large_is_a_failure_of_its_source() {
        let turns = split(vec![poll(0, 40 << 20), poll(1, 10)]);
        let polls: Vec<&Poll> = turns.iter().flatten().collect();
        let [first, second] = [0, 1].map(|place| match &polls[place].outcome {
            Outcome::Failed(failure) => failure,
            other => panic!("{other:?}"),
        });
        assert_eq!(first.kind, FailureKind::TooLarge);
        assert!(first.message.contains("40 MiB"), "{first}");
        assert_eq!(second.kind, FailureKind::Timeout);
    }
}
