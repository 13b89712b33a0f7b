//! When next, by table.

use super::*;
use crate::fetch::tests::web_source;
use crate::model::Location;

/// A Wednesday.
fn now() -> Timestamp {
    Timestamp::parse_rfc3339("2025-04-02T11:00:00Z").unwrap()
}

fn date(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

/// A source that has been asked often and is well.
fn known() -> SourceState {
    SourceState { polls: 100, gave_validators: true, ..SourceState::default() }
}

/// How long until the next poll, and why, of a source with a configured interval.
fn wait(interval: Duration, state: &SourceState, facts: &PollFacts) -> (Duration, &'static str) {
    let mut source = web_source("one", "http://a/");
    source.pace.get_or_insert_default().interval = Some(interval);
    let next = next(state, facts, &source, &Settings::default(), now());
    (now().until(next.at), next.because)
}

/// Whether a wait is this long, give or take the jitter that is added.
fn about(wait: Duration, expected: Duration) -> bool {
    wait >= expected && wait <= expected + (expected / 50).min(MOST_JITTER)
}

#[test]
fn the_longest_of_all_that_is_asked_for_decides_and_is_named() {
    let lifetime = |long| Freshness { lifetime: Some(long), ..Freshness::default() };
    let plain = PollFacts::default();
    let ttl = SourceState {
        hints: Some(Box::new(Hints { ttl: Some(3 * HOUR), ..Hints::default() })),
        ..known()
    };
    for (interval, state, facts, expected, because) in [
        (2 * HOUR, known(), plain, 2 * HOUR, "configured interval"),
        (MINUTE, known(), plain, HOUR, "unless it says so"),
        (
            MINUTE,
            known(),
            PollFacts { freshness: lifetime(10 * MINUTE), ..plain },
            10 * MINUTE,
            "holds",
        ),
        (
            MINUTE,
            known(),
            PollFacts { freshness: lifetime(MINUTE), ..plain },
            5 * MINUTE,
            "more often than this",
        ),
        (HOUR, known(), PollFacts { freshness: lifetime(2 * DAY), ..plain }, 2 * DAY, "holds"),
        (HOUR, known(), PollFacts { freshness: lifetime(400 * DAY), ..plain }, WEEK, "holds"),
        (HOUR, ttl.clone(), plain, 3 * HOUR, "ttl"),
        (5 * HOUR, ttl, plain, 5 * HOUR, "configured interval"),
        (
            HOUR,
            SourceState { polls: 100, ..SourceState::default() },
            plain,
            4 * HOUR,
            "no validators",
        ),
        (
            HOUR,
            SourceState { polls: 100, ..SourceState::default() },
            PollFacts { size: LARGE + 1, ..plain },
            DAY,
            "large",
        ),
    ] {
        let (wait, why) = wait(interval, &state, &facts);
        assert!(about(wait, expected), "{wait:?} instead of {expected:?}: {why}");
        assert!(why.contains(because), "{why:?} does not say {because:?}");
    }
}

#[test]
fn the_operators_limits_hold_for_the_learned_rhythm() {
    let mut source = web_source("one", "http://a/");
    let mut state = known();
    learn(&mut state.rhythm, &[], now().before(DAY * 400));
    learn(&mut state.rhythm, &[], now());
    let asked = |source: &Source| {
        now().until(next(&state, &PollFacts::default(), source, &Settings::default(), now()).at)
    };
    assert!(asked(&source) > 10 * HOUR);
    source.pace.get_or_insert_default().max = Some(5 * HOUR);
    assert!(about(asked(&source), 5 * HOUR));
    source.pace.get_or_insert_default().min = Some(9 * HOUR);
    assert!(about(asked(&source), 9 * HOUR));
}

#[test]
fn p37_p38_failures_wait_longer_each_time() {
    for (kind, hours) in [
        (FailureKind::Timeout, [1, 2, 4, 8, 16, 24, 24, 24]),
        (FailureKind::Status, [1, 2, 4, 8, 16, 24, 24, 24]),
        (FailureKind::Denied, [4, 8, 16, 24, 24, 24, 24, 24]),
        (FailureKind::NotFound, [1, 2, 4, 8, 16, 32, 64, 128]),
        (FailureKind::TooMany, [2, 4, 8, 16, 32, 64, 128, 168]),
        (FailureKind::Gone, [24, 24, 24, 24, 24, 24, 24, 24]),
    ] {
        for (row, hours) in (1..).zip(hours) {
            let state = SourceState { failures: row, failing_since: Some(now()), ..known() };
            let facts = PollFacts { failure: Some(kind), ..PollFacts::default() };
            let (wait, why) = wait(HOUR, &state, &facts);
            assert!(about(wait, HOUR * hours), "{kind:?} {row}: {wait:?}, {why}");
        }
    }
}

#[test]
fn p37_a_failing_source_is_tried_again_from_the_floor_that_is_in_force_for_it() {
    let refused = PollFacts { failure: Some(FailureKind::Refused), ..PollFacts::default() };
    let offers = LastAnswer { lifetime: Some(5 * MINUTE), ..LastAnswer::default() };
    for (interval, answer, minutes) in [
        // It offered to be asked every five minutes while it answered.
        (5 * MINUTE, offers, [5, 10, 20, 40, 80]),
        (20 * MINUTE, offers, [20, 40, 80, 160, 320]),
        // It did not, so the floor is an hour.
        (5 * MINUTE, LastAnswer::default(), [60, 120, 240, 480, 960]),
        (DAY, LastAnswer::default(), [1440, 1440, 1440, 1440, 1440]),
    ] {
        for (row, minutes) in (1..).zip(minutes) {
            let state =
                SourceState { failures: row, failing_since: Some(now()), answer, ..known() };
            let (wait, why) = wait(interval, &state, &refused);
            assert!(about(wait, MINUTE * minutes), "{interval:?} {row}: {wait:?}, {why}");
        }
    }
}

#[test]
fn a_source_that_killed_us_is_tried_again_after_an_hour_then_two_up_to_a_day() {
    let facts = PollFacts { failure: Some(FailureKind::Crash), ..PollFacts::default() };
    let mut file = web_source("one", "http://a/");
    file.location = Location::File("/feeds/one".into());
    for source in [web_source("one", "http://a/"), file] {
        let quick = Settings { floor: MINUTE, hard_floor: MINUTE, ..Settings::default() };
        for (crashes, hours) in (1..).zip([1, 2, 4, 8, 16, 24, 24]) {
            // Failures of other kinds in the same row do not count.
            let state = SourceState { failures: crashes + 9, crashes, ..known() };
            let next = next(&state, &facts, &source, &quick, now());
            assert!(about(now().until(next.at), HOUR * hours), "{crashes}: {next:?}");
        }
    }
}

#[test]
fn the_ceiling_bounds_a_configured_interval() {
    assert!(about(wait(DAY * 150, &known(), &PollFacts::default()).0, WEEK));
}

#[test]
fn p37_after_a_month_of_failures_a_source_is_asked_weekly() {
    let since = Some(now().before(DAY * 31));
    let state = SourceState { failures: 40, failing_since: since, ..known() };
    let facts = PollFacts { failure: Some(FailureKind::Dns), ..PollFacts::default() };
    assert!(about(wait(HOUR, &state, &facts).0, WEEK));
}

#[test]
fn a_failure_never_shortens_a_long_interval() {
    let facts = PollFacts { failure: Some(FailureKind::Dns), ..PollFacts::default() };
    let state = SourceState { failures: 1, ..known() };
    assert!(about(wait(DAY * 6, &state, &facts).0, DAY * 6));
}

#[test]
fn p30_skipped_hours_and_days_are_left_out() {
    let hints = |hours: &[u8], days: &[u8]| Hints {
        skip_hours: hours.to_vec(),
        skip_days: days.to_vec(),
        ..Hints::default()
    };
    let all: Vec<u8> = (0..24).collect();
    for (hints, from, allowed) in [
        (hints(&[], &[]), "2025-04-02T11:30:00Z", "2025-04-02T11:30:00Z"),
        (hints(&[11, 12], &[]), "2025-04-02T11:30:00Z", "2025-04-02T13:00:00Z"),
        (hints(&[24], &[]), "2025-04-02T00:30:00Z", "2025-04-02T01:00:00Z"),
        (hints(&[23, 0], &[]), "2025-04-02T23:59:59Z", "2025-04-03T01:00:00Z"),
        (hints(&[], &[2]), "2025-04-02T11:30:00Z", "2025-04-03T00:00:00Z"),
        (hints(&[0], &[2, 3]), "2025-04-02T11:30:00Z", "2025-04-04T01:00:00Z"),
        (hints(&all, &[]), "2025-04-02T11:30:00Z", "2025-04-02T11:30:00Z"),
        (hints(&[], &[0, 1, 2, 3, 4, 5, 6]), "2025-04-02T11:30:00Z", "2025-04-02T11:30:00Z"),
    ] {
        assert_eq!(out_of_skipped(date(from), &hints), date(allowed), "{hints:?}");
    }
}

#[test]
fn p31_the_phase_is_kept_to_where_it_is_near() {
    let hints = |period, base: &str| Hints {
        update_period: Some(period),
        update_base: Some(date(base)),
        ..Hints::default()
    };
    for (hints, from, phased) in [
        (hints(DAY, "2000-01-01T12:00:00Z"), "2025-04-02T11:00:00Z", "2025-04-02T12:00:00Z"),
        (hints(DAY, "2000-01-01T10:00:00Z"), "2025-04-02T11:00:00Z", "2025-04-02T11:00:00Z"),
        (hints(DAY, "2030-01-01T12:00:00Z"), "2025-04-02T11:00:00Z", "2025-04-02T12:00:00Z"),
        (hints(HOUR, "2000-01-01T00:10:00Z"), "2025-04-02T11:00:00Z", "2025-04-02T11:00:00Z"),
        (Hints::default(), "2025-04-02T11:00:00Z", "2025-04-02T11:00:00Z"),
    ] {
        assert_eq!(in_phase(date(from), &hints), date(phased), "{hints:?}");
    }
}

#[test]
fn p21_jitter_is_never_negative_nor_more_than_a_fiftieth() {
    let source = web_source("one", "http://a/");
    for hours in [1, 5, 24, 168, 744] {
        for n in 0..200 {
            let now = now().after(MINUTE * n);
            let jitter = jitter(&source, now, now.after(HOUR * hours));
            assert!(jitter <= (HOUR * hours / 50).min(MOST_JITTER));
        }
    }
}
