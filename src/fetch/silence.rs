//! Notices when a source, or a topic, has been silent for longer than its rhythm explains.

use std::fmt;
use std::time::Duration;

use super::schedule;
use crate::model::{Rhythm, SourceState, Timestamp};

/// Entries that should have come: the chance of none is e to the minus this, one
/// in three thousand. Departments go quiet over holidays, so chance is not enough:
const MISSED: f64 = 8.0;

/// the silence must also be this much longer than any that was seen before,
const BEYOND: u32 = 2;

/// and last this long, so that a long weekend is no news.
const LEAST: Duration = Duration::from_secs(3 * 86_400);

/// Entries that must have been seen before anything is called unusual,
const EVIDENCE: u32 = 10;

/// on so many days since the source is watched: the dates of a first document may be those of a
/// site's move,
const ACTIVE_DAYS: u16 = 5;

/// which must have been watched for so long before it fell silent, so that its weeks are known.
const WATCHED: Duration = Duration::from_secs(14 * 86_400);

/// A silence far beyond a source's rhythm: one event, until the source speaks again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence {
    /// The date of its newest entry.
    pub since: Timestamp,
    /// How many entries were to be expected since then.
    pub expected: f64,
    /// The longest silence before this one.
    pub longest: Option<Duration>,
}

/// Whether a source, though it answers, has been silent for longer than its
/// learned rhythm of hours, weekdays and recesses explains. The same silence has
/// the same `since`, by which the caller raises it once and mutes it.
pub fn silence(state: &SourceState, now: Timestamp) -> Option<Silence> {
    if state.rests() || state.failure.is_some() {
        return None;
    }
    beyond(&state.rhythm, now)
}

/// The same of anything that arrives, oldest first: a topic's stories. What arrives
/// at one moment counts once, for it tells nothing of how often to expect more.
pub fn silence_of(arrivals: &[Timestamp], now: Timestamp) -> Option<Silence> {
    if arrivals.last()?.until(now) < LEAST {
        return None;
    }
    let mut rhythm = Rhythm::default();
    for &at in arrivals {
        match rhythm.newest {
            // The first arrivals say when a topic was first filled, not how often stories come.
            None => {
                schedule::learn(&mut rhythm, &[], at);
                rhythm.newest = Some(at);
            }
            Some(newest) if newest < at => schedule::learn(&mut rhythm, &[at], at),
            Some(_) => {}
        }
    }
    schedule::learn(&mut rhythm, &[], now);
    beyond(&rhythm, now)
}

fn beyond(rhythm: &Rhythm, now: Timestamp) -> Option<Silence> {
    let since = rhythm.newest?;
    let seen: u32 = rhythm.days.iter().map(|&count| u32::from(count)).sum();
    let lasted = since.until(now);
    if seen < EVIDENCE || rhythm.active_days < ACTIVE_DAYS || lasted < LEAST {
        return None;
    }
    if rhythm.began?.until(since) < WATCHED {
        return None;
    }
    if rhythm.longest.is_some_and(|longest| lasted < longest * BEYOND) {
        return None;
    }
    let expected = schedule::expected_since(rhythm, since, now);
    (expected >= MISSED).then_some(Silence { since, expected, longest: rhythm.longest })
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { since, expected, longest } = self;
        write!(f, "nothing new since {since}, where about {expected:.0} were to be expected")?;
        match longest.map(|longest| longest.as_secs() / 86_400) {
            Some(days) if days > 1 => write!(f, "; it was never silent for more than {days} days"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind};

    const HOUR: Duration = Duration::from_secs(3600);
    const DAY: Duration = Duration::from_secs(86_400);

    fn start() -> Timestamp {
        Timestamp::parse_rfc3339("2025-01-06T00:00:00Z").unwrap() // a Monday
    }

    /// Five entries every working day, but none in the weeks of recess.
    fn department(weeks: u32, recess: &[u32]) -> (SourceState, Timestamp) {
        let mut state = SourceState::default();
        schedule::learn(&mut state.rhythm, &[], start());
        for day in (0..weeks * 7).filter(|day| day % 7 < 5 && !recess.contains(&(day / 7))) {
            for hour in [9, 10, 11, 14, 16] {
                let now = start().after(DAY * day + HOUR * hour);
                schedule::learn(&mut state.rhythm, &[now], now);
            }
        }
        (state, start().after(DAY * 7 * weeks))
    }

    /// The silence after so many days without anything new.
    fn after(state: &SourceState, now: Timestamp, days: u32) -> Option<Silence> {
        let mut state = state.clone();
        let now = now.after(DAY * days);
        schedule::learn(&mut state.rhythm, &[], now);
        silence(&state, now)
    }

    #[test]
    fn a_weekend_is_no_silence_but_two_weeks_are() {
        let (state, now) = department(12, &[]);
        assert_eq!(after(&state, now, 0), None);
        assert_eq!(after(&state, now, 1), None, "a bank holiday");
        let silence = after(&state, now, 12).unwrap();
        assert_eq!(silence.since, state.rhythm.newest.unwrap());
        assert!(silence.expected > 30.0);
    }

    #[test]
    fn a_recess_that_was_seen_before_is_no_silence() {
        let (state, now) = department(30, &[10, 11]);
        assert_eq!(after(&state, now, 14), None);
        assert!(after(&state, now, 40).is_some());
    }

    #[test]
    fn a_rhythm_must_have_been_watched_before_a_silence_is_one() {
        // A site that moved: its entries share one date, and nothing has come since.
        let mut moved = SourceState::default();
        schedule::learn(&mut moved.rhythm, &[start(); 20], start().after(DAY * 20));
        // Another whose first document reaches back over a month of daily entries.
        let mut archive = SourceState::default();
        let dates: Vec<_> = (0..30).map(|day| start().after(DAY * day)).collect();
        schedule::learn(&mut archive.rhythm, &dates, start().after(DAY * 50));
        // Two busy days.
        let mut brief = SourceState::default();
        schedule::learn(&mut brief.rhythm, &[], start());
        for hour in 0..48 {
            let now = start().after(HOUR * hour);
            schedule::learn(&mut brief.rhythm, &[now], now);
        }
        // Many entries on each of two days, a fortnight apart.
        let mut batches = SourceState::default();
        schedule::learn(&mut batches.rhythm, &[], start());
        for day in [0, 15] {
            let now = start().after(DAY * day + HOUR);
            schedule::learn(&mut batches.rhythm, &[now; 20], now);
        }
        for (name, state) in
            [("moved", moved), ("archive", archive), ("brief", brief), ("batches", batches)]
        {
            for days in [0, 3, 20, 60] {
                let found = after(&state, start().after(DAY * 50), days);
                assert_eq!(found, None, "{name} after {days} days");
            }
        }
    }

    #[test]
    fn a_source_that_fails_or_rests_or_is_hardly_known_is_not_called_silent() {
        let (state, now) = department(12, &[]);
        let failure = Some(Box::new(Failure::new(FailureKind::Dns, "no address")));
        let mut hardly = SourceState::default();
        for hour in 0..9 {
            let now = start().after(HOUR * hour);
            schedule::learn(&mut hardly.rhythm, &[now], now);
        }
        assert!(after(&state, now, 60).is_some());
        for state in [
            SourceState { failure, ..state.clone() },
            SourceState { endings: 2, ..state },
            SourceState::default(),
            hardly,
        ] {
            assert_eq!(after(&state, now, 60), None);
        }
    }
}
