//! Tests of a source's state after polls, without any network.

use std::time::Duration;

use super::*;
use crate::fetch::tests::web_source;
use crate::model::{Feed, Freshness, Hints, ReadBy, Unchanged};

const HOUR: Duration = Duration::from_secs(3600);

/// A source's polls, an hour apart.
struct Story {
    source: Source,
    state: SourceState,
    now: Timestamp,
}

impl Story {
    fn new() -> Self {
        let now = Timestamp::parse_rfc3339("2025-04-02T11:00:00Z").unwrap();
        Self { source: web_source("one", "http://a/feed"), state: SourceState::default(), now }
    }

    fn takes(&mut self, outcome: Outcome, new: usize, known: usize) -> &SourceState {
        self.now = self.now.after(HOUR);
        let poll = Poll::of(&self.source, self.now, outcome);
        let news = News { new: vec![self.now; new], known, ..News::default() };
        record_poll(&poll, &news, &mut self.state, &self.source, &Settings::default());
        &self.state
    }
}

fn document(hints: Hints) -> Outcome {
    Outcome::Read(Box::new(Reading {
        validators: Validators { etag: Some(b"\"a\"".to_vec()), ..Validators::default() },
        freshness: Freshness::default(),
        bytes: 100,
        hash: 7,
        moved: None,
        feed: Feed::default(),
        entries: Vec::new(),
        hints,
        warnings: vec!["repaired".to_owned()],
        broken_off: false,
        back: None,
        read_by: ReadBy::default(),
    }))
}

fn unmodified() -> Outcome {
    Outcome::Unchanged(Unchanged { not_modified: true, ..Unchanged::default() })
}

fn failure(kind: FailureKind) -> Outcome {
    Outcome::Failed(Failure::new(kind, "trouble"))
}

#[test]
fn every_poll_is_counted_and_gives_a_due_time_with_a_reason() {
    for outcome in [document(Hints::default()), unmodified(), failure(FailureKind::Dns)] {
        let mut story = Story::new();
        let state = story.takes(outcome.clone(), 0, 0).clone();
        assert_eq!((state.polls, state.last_poll), (1, Some(story.now)));
        assert!(state.next_poll >= story.now.after(HOUR), "{outcome:?}");
        assert!(state.not_before >= story.now.after(HOUR), "{outcome:?}");
        assert!(!state.because.is_empty());
    }
}

#[test]
fn the_same_polls_leave_the_same_memory() {
    let told = || {
        let mut story = Story::new();
        for n in 0..50 {
            story.takes(document(Hints::default()), n % 3, 5);
            story.takes(unmodified(), 0, 0);
            story.takes(failure(FailureKind::Timeout), 0, 0);
        }
        story.state
    };
    assert_eq!(told(), told());
}

#[test]
fn a_row_of_failures_is_counted_and_ended_by_one_good_answer() {
    let mut story = Story::new();
    story.takes(failure(FailureKind::Dns), 0, 0);
    let began = story.now;
    let state = story.takes(failure(FailureKind::Refused), 0, 0);
    assert_eq!((state.failures, state.failing_since), (2, Some(began)));
    assert_eq!(state.failure.as_ref().unwrap().kind, FailureKind::Refused);
    let state = story.takes(unmodified(), 0, 0);
    assert_eq!((state.failures, state.failing_since, &state.failure), (0, None, &None));
}

#[test]
fn p37_a_failure_that_may_pass_is_warned_of_at_the_third_in_a_row_and_others_at_once() {
    let (refused, broken) = (FailureKind::Refused, FailureKind::NotAFeed);
    for (kinds, warned) in [
        (vec![refused; 2], None),
        (vec![refused; 9], Some(2)),
        (vec![FailureKind::Status, refused, FailureKind::Dns], Some(2)),
        (vec![broken; 3], Some(0)),
        (vec![refused, broken, refused, refused], Some(1)),
        (vec![FailureKind::Crash], Some(0)),
    ] {
        let mut story = Story::new();
        for (n, kind) in kinds.iter().enumerate() {
            let state = story.takes(failure(*kind), 0, 0);
            assert!(state.failure.is_some(), "it shows at once");
            let told = usize::from(warned.is_some_and(|warned| warned <= n));
            assert_eq!(state.events.len(), told, "{kinds:?} after {n}");
        }
        let told = if warned.is_some() { 2 } else { 0 };
        assert_eq!(story.takes(unmodified(), 0, 0).events.len(), told, "{kinds:?}: recovered");
        assert_eq!(story.takes(failure(refused), 0, 0).events.len(), told, "it counts anew");
    }
}

#[test]
fn a_document_without_overlap_is_a_gap_from_the_second_on() {
    let gap_after = |overlaps: usize| {
        let mut story = Story::new();
        story.takes(document(Hints::default()), 20, 0);
        for _ in 0..overlaps {
            story.takes(document(Hints::default()), 1, 19);
        }
        story.takes(document(Hints::default()), 20, 0).clone()
    };
    let mut story = Story::new();
    assert_eq!(story.takes(document(Hints::default()), 20, 0).gaps, 0, "the first document");
    assert_eq!(story.takes(document(Hints::default()), 1, 0).gaps, 0, "it may list one at a time");
    let complete = Hints { complete: true, ..Hints::default() };
    assert_eq!(story.takes(document(complete), 20, 0).gaps, 0, "it lists all there is");
    assert_eq!(gap_after(0).gaps, 1);
    let state = gap_after(3);
    assert_eq!((state.gaps, state.last_gap), (1, state.last_poll));
    assert!(state.warnings.last().unwrap().contains("missed"));
    assert!(state.last_poll.unwrap().until(state.next_poll) < HOUR * 2, "it is asked sooner");
}

#[test]
fn a_gap_hides_no_longer_than_one_document() {
    let mut story = Story::new();
    story.takes(document(Hints::default()), 20, 0);
    for _ in 0..5 {
        story.takes(document(Hints::default()), 1, 19);
    }
    story.takes(document(Hints::default()), 20, 0);
    let state = story.takes(document(Hints::default()), 1, 19);
    assert_eq!((state.gaps, state.warnings.len()), (1, 1));
}

#[test]
fn an_end_that_is_taken_back_is_forgotten() {
    let mut story = Story::new();
    let ended = Hints { ended: true, ..Hints::default() };
    assert_eq!(story.takes(document(ended.clone()), 0, 1).endings, 1);
    assert_eq!(story.takes(document(Hints::default()), 0, 1).endings, 0);
    assert_eq!(story.takes(failure(FailureKind::Gone), 0, 0).endings, 1);
    assert_eq!(story.takes(unmodified(), 0, 0).endings, 0);
    story.takes(document(ended), 0, 1);
    assert!(story.takes(unmodified(), 0, 0).rests());
}

#[test]
fn an_operators_new_address_starts_without_the_old_ones_redirect() {
    let mut story = Story::new();
    let to = Url::parse("http://b/feed").unwrap();
    let Outcome::Read(mut reading) = document(Hints::default()) else { unreachable!() };
    reading.moved = Some(to.clone());
    let moved = story.takes(Outcome::Read(reading), 0, 1).moved.clone().unwrap();
    assert_eq!((moved.to, moved.successes), (to, 1));
    assert_eq!(story.takes(unmodified(), 0, 0).moved.as_ref().unwrap().successes, 2);
    story.source = web_source("one", "http://c/feed");
    assert_eq!(story.takes(unmodified(), 0, 0).moved, None);
}

#[test]
fn a_memory_written_before_a_field_was_added_is_read() {
    let mut story = Story::new();
    story.takes(document(Hints::default()), 3, 1);
    let mut stored = serde_json::to_value(&story.state).unwrap();
    for field in ["rhythm", "endings", "not_before", "gaps", "last_gap"] {
        assert!(stored.as_object_mut().unwrap().remove(field).is_some(), "{field}");
    }
    let read: SourceState = serde_json::from_value(stored).unwrap();
    assert_eq!(read.next_poll, story.state.next_poll);
}
