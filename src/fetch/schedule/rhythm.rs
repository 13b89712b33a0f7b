//! Learns from the dates of a source's entries how many are to be expected when.
//!
//! The rate of a source is estimated over two windows, a quick and a slow one,
//! and shaped by hour, weekday and the time since its newest entry. The wait is
//! the time after which the expected item-hours of undetected news reach a
//! price: at a constant rate that is the square-root rule, which is optimal for
//! the mean delay, with no need to know the other sources (PROTOCOL §3.2).

use std::time::Duration;

use crate::fetch::exact_math::{exp2, pow};
use crate::model::{DecayedCounts, Rhythm, Timestamp};

/// Half-lives of the two windows, in hours.
const FAST: f64 = 7.0 * 24.0;
const SLOW: f64 = 60.0 * 24.0;

/// Entries in hours that are assumed of a source before anything is seen.
const PRIOR: DecayedCounts = DecayedCounts { entries: 0.3, hours: 72.0 };

/// How many entries' worth of "no hour is special" the patterns start with.
const EVENNESS: f64 = 24.0;

/// How far back a first document is believed to tell today's rate.
const OLDEST: Duration = Duration::from_secs(90 * 86_400);

/// How far before the last poll an entry's date may lie and still be its arrival:
/// departments date announcements to the morning and list them at noon.
const BACKDATED: Duration = Duration::from_secs(2 * 86_400);

/// Arrivals by age of the newest entry, against what the rate alone expects:
/// news comes in runs. Until hours, factor.
const BY_AGE: [(f64, f64); 4] = [(1.0, 1.9), (3.0, 1.35), (12.0, 1.1), (24.0, 1.05)];

/// The same later on, by how many entries the rate expects in that time: what is
/// silent for longer than usual may have ended. Until entries, factor.
const BY_SILENCE: [(f64, f64); 4] = [(1.0, 0.95), (3.0, 0.85), (6.0, 0.6), (f64::INFINITY, 0.35)];

const WEEK: Duration = Duration::from_secs(7 * 86_400);
const YEAR: Duration = Duration::from_secs(366 * 86_400);

/// Hours looked ahead.
const HORIZON: u32 = 7 * 24;

/// Takes in what a poll at `now` found: the dates of new entries.
pub(in crate::fetch) fn learn(rhythm: &mut Rhythm, new: &[Timestamp], now: Timestamp) {
    let arrivals = arrivals(rhythm, new, now);
    rhythm.began.get_or_insert(now);
    if rhythm.as_of.is_none() {
        // The first document looks back as far as its oldest entry.
        let dates = || new.iter().copied().filter(|&date| date <= now);
        rhythm.newest = dates().max();
        rhythm.as_of = dates().min().map(|oldest| oldest.max(now.before(OLDEST)));
    }
    forget(rhythm, now);
    for &arrival in &arrivals {
        count(rhythm, arrival, now);
    }
}

/// When the new entries arrived, oldest first: their own dates where those can
/// be believed, else now.
fn arrivals(rhythm: &Rhythm, new: &[Timestamp], now: Timestamp) -> Vec<Timestamp> {
    let mut arrivals: Vec<_> = match rhythm.as_of {
        None => {
            let oldest = now.before(OLDEST);
            new.iter().copied().filter(|&date| date >= oldest && date <= now).collect()
        }
        Some(as_of) => {
            let oldest = as_of.before(BACKDATED);
            let believed = |date| if date >= oldest && date <= now { date } else { now };
            new.iter().copied().map(believed).collect()
        }
    };
    arrivals.sort_unstable();
    arrivals
}

/// Moves the windows on to `now`: what was seen counts less, and more time was watched.
fn forget(rhythm: &mut Rhythm, now: Timestamp) {
    let passed = rhythm.as_of.map_or(0.0, |as_of| hours(as_of.until(now)));
    for (window, half_life) in [(&mut rhythm.fast, FAST), (&mut rhythm.slow, SLOW)] {
        let kept = exp2(-passed / half_life);
        window.entries *= kept;
        window.hours = window.hours * kept + watched(passed, half_life);
    }
    rhythm.as_of = Some(rhythm.as_of.map_or(now, |as_of| as_of.max(now)));
}

fn count(rhythm: &mut Rhythm, arrival: Timestamp, now: Timestamp) {
    let age = hours(arrival.until(now));
    rhythm.fast.entries += exp2(-age / FAST);
    rhythm.slow.entries += exp2(-age / SLOW);
    let (hour, day) = (hour_of(arrival), day_of(arrival));
    if rhythm.hours[hour].max(rhythm.days[day]) == u16::MAX {
        rhythm.hours.iter_mut().chain(&mut rhythm.days).for_each(|count| *count /= 2);
    }
    rhythm.hours[hour] += 1;
    rhythm.days[day] += 1;
    match rhythm.newest {
        Some(newest) if newest < arrival => {
            let gap = newest.until(arrival);
            rhythm.longest = Some(rhythm.longest.map_or(gap, |longest| longest.max(gap)));
            if date_of(newest) != date_of(arrival) {
                rhythm.active_days = rhythm.active_days.saturating_add(1);
            }
            rhythm.newest = Some(arrival);
        }
        Some(_) => {}
        None => rhythm.newest = Some(arrival),
    }
}

/// Entries an hour, before any pattern.
pub(super) fn rate(rhythm: &Rhythm) -> f64 {
    let over =
        |watched: DecayedCounts| (watched.entries + PRIOR.entries) / (watched.hours + PRIOR.hours);
    (over(rhythm.fast) + over(rhythm.slow)) / 2.0
}

/// How long to wait from `now` until the expected item-hours of undetected news
/// reach `price` (the more, the rarer the polls), a week at most. With an
/// `evenness` of 0 the mean over entries is best served, with 1 every source
/// gets the same interval.
pub(super) fn wait(rhythm: &Rhythm, now: Timestamp, price: f64, evenness: f64) -> Duration {
    let threshold = price * pow(24.0 * rate(rhythm), evenness);
    let hazard = Hazard::of(rhythm);
    let (mut waited, mut expected, mut item_hours) = (0.0, 0.0, 0.0);
    let mut at = now;
    for _ in 0..=HORIZON {
        let step = until_next_hour(at);
        let rate = hazard.at(at);
        // Within a step the rate is constant and the cost a parabola.
        let cost = item_hours + expected * step + rate * step * step / 2.0;
        if cost >= threshold {
            waited += crossing(rate, expected, threshold - item_hours).min(step);
            break;
        }
        item_hours = cost;
        expected += rate * step;
        waited += step;
        at = at.after(Duration::from_secs_f64(step * 3600.0));
    }
    Duration::from_secs_f64(waited.min(f64::from(HORIZON)) * 3600.0)
}

/// Entries to be expected between the newest and `now`, by hour and weekday and
/// by the slow window alone, as it stood at the newest: the silence itself must
/// not make silence usual. It is counted over a year at the most.
pub(in crate::fetch) fn expected_since(rhythm: &Rhythm, since: Timestamp, now: Timestamp) -> f64 {
    let hazard = Hazard { rate: slow_rate_at(rhythm, since).1, ..Hazard::of(rhythm) };
    let now = now.min(since.after(YEAR));
    // The pattern shifts entries within the week, and neither adds nor takes away.
    let weeks = (since.until(now).as_secs() / WEEK.as_secs()) as u32;
    let (mut at, mut sum) =
        (since.after(WEEK * weeks), f64::from(weeks) * hazard.rate * hours(WEEK));
    while at < now {
        let step = until_next_hour(at).min(hours(at.until(now)));
        sum += hazard.patterned(at) * step;
        at = at.after(Duration::from_secs_f64((step * 3600.0).max(0.001)));
    }
    sum
}

/// Entries between `since` and `now` by the slow window as it stood at `since`,
/// before the silence that is in doubt began to count; none where too few
/// entries had been seen by then to expect anything.
pub(super) fn expected_by_then(rhythm: &Rhythm, since: Timestamp, now: Timestamp) -> f64 {
    const EVIDENCE: f64 = 3.0;
    match slow_rate_at(rhythm, since) {
        (entries, rate) if entries >= EVIDENCE => rate * hours(since.until(now)),
        _ => 0.0,
    }
}

/// The slow window's entries, and its rate, as they stood at an earlier moment
/// after which nothing came.
fn slow_rate_at(rhythm: &Rhythm, then: Timestamp) -> (f64, f64) {
    let silent = rhythm.as_of.map_or(0.0, |as_of| hours(then.until(as_of)));
    let kept = exp2(-silent / SLOW);
    let entries = rhythm.slow.entries / kept;
    let watched = ((rhythm.slow.hours - watched(silent, SLOW)) / kept).max(0.0);
    (entries, (entries + PRIOR.entries) / (watched + PRIOR.hours))
}

/// The decayed hours of having watched for so long.
fn watched(hours: f64, half_life: f64) -> f64 {
    half_life / std::f64::consts::LN_2 * (1.0 - exp2(-hours / half_life))
}

/// Where `rate·x²/2 + expected·x = left`.
fn crossing(rate: f64, expected: f64, left: f64) -> f64 {
    // This form of the root stands for both rate and expected near zero.
    let root = (expected * expected + 2.0 * rate * left).sqrt();
    if root + expected > 0.0 { 2.0 * left / (root + expected) } else { f64::INFINITY }
}

/// The expected entries an hour at any moment.
struct Hazard<'a> {
    rhythm: &'a Rhythm,
    rate: f64,
    by_hour: f64,
    by_day: f64,
}

impl<'a> Hazard<'a> {
    fn of(rhythm: &'a Rhythm) -> Self {
        let total = |counts: &[u16]| counts.iter().map(|&count| f64::from(count)).sum::<f64>();
        Self {
            rhythm,
            rate: rate(rhythm),
            by_hour: 24.0 / (total(&rhythm.hours) + EVENNESS),
            by_day: 7.0 / (total(&rhythm.days) + EVENNESS),
        }
    }

    /// By rate, hour and weekday.
    fn patterned(&self, at: Timestamp) -> f64 {
        let hour = f64::from(self.rhythm.hours[hour_of(at)]) + EVENNESS / 24.0;
        let day = f64::from(self.rhythm.days[day_of(at)]) + EVENNESS / 7.0;
        self.rate * hour * self.by_hour * day * self.by_day
    }

    /// And by the age of the newest entry.
    fn at(&self, at: Timestamp) -> f64 {
        let factor = self.rhythm.newest.map_or(1.0, |newest| {
            let age = hours(newest.until(at));
            let step = |steps: &[(f64, f64)], of: f64| {
                steps.iter().find(|(until, _)| of < *until).map(|(_, factor)| *factor)
            };
            step(&BY_AGE, age).or_else(|| step(&BY_SILENCE, age * self.rate)).unwrap_or(1.0)
        });
        self.patterned(at) * factor
    }
}

fn hours(span: Duration) -> f64 {
    span.as_secs_f64() / 3600.0
}

fn until_next_hour(at: Timestamp) -> f64 {
    (3_600_000 - at.as_millis().rem_euclid(3_600_000)) as f64 / 3_600_000.0
}

/// The hour of the day, UTC.
pub(super) fn hour_of(at: Timestamp) -> usize {
    (at.as_secs().div_euclid(3600)).rem_euclid(24) as usize
}

/// The day, UTC, counted from 1970.
fn date_of(at: Timestamp) -> i64 {
    at.as_secs().div_euclid(86_400)
}

/// The weekday, UTC, 0 = Monday. 1970 began on a Thursday.
pub(super) fn day_of(at: Timestamp) -> usize {
    (at.day() + 3).rem_euclid(7) as usize
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);
    const DAY: Duration = Duration::from_secs(86_400);

    fn start() -> Timestamp {
        Timestamp::parse_rfc3339("2025-04-02T00:00:00Z").unwrap() // a Wednesday
    }

    /// The rhythm learned in `days` days with entries at these hours, polled hourly.
    fn learned(days: u32, at_hours: &[u32], weekends: bool) -> (Rhythm, Timestamp) {
        let mut rhythm = Rhythm::default();
        let mut now = start();
        learn(&mut rhythm, &[], now);
        for hour in 0..days * 24 {
            now = now.after(HOUR);
            let news = at_hours.contains(&(hour % 24)) && (weekends || day_of(now) < 5);
            let new = if news { vec![now] } else { Vec::new() };
            learn(&mut rhythm, &new, now);
        }
        (rhythm, now)
    }

    #[test]
    fn hours_and_weekdays_are_those_of_the_calendar() {
        for (date, hour, day) in [
            ("1970-01-01T00:00:00Z", 0, 3),
            ("2025-04-02T11:59:59Z", 11, 2),
            ("2025-04-06T23:00:00Z", 23, 6),
            ("1969-12-31T23:30:00Z", 23, 2),
        ] {
            let date = Timestamp::parse_rfc3339(date).unwrap();
            assert_eq!((hour_of(date), day_of(date)), (hour, day), "{date}");
        }
    }

    #[test]
    fn the_rate_of_a_steady_source_is_found() {
        let (rhythm, _) = learned(120, &[3, 9, 15, 21], true);
        let found = 24.0 * rate(&rhythm);
        assert!((3.2..4.4).contains(&found), "{found} a day");
    }

    #[test]
    fn a_first_document_tells_the_rate_by_its_dates() {
        let now = start();
        let dates: Vec<_> = (0..20).map(|n| now.before(DAY * n)).collect();
        let mut rhythm = Rhythm::default();
        learn(&mut rhythm, &dates, now);
        let found = 24.0 * rate(&rhythm);
        assert!((0.7..1.3).contains(&found), "{found} a day");
        assert_eq!(rhythm.newest, Some(now));
    }

    #[test]
    fn a_busier_source_is_asked_sooner_and_a_higher_price_waits_longer() {
        let every: [&[u32]; 3] = [&[9], &[1, 9, 17], &[1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23]];
        let waits = every.map(|hours| {
            let (rhythm, midnight) = learned(60, hours, true);
            let over_a_day = |price| -> Duration {
                (0..24).map(|hour| wait(&rhythm, midnight.after(HOUR * hour), price, 0.35)).sum()
            };
            assert!(over_a_day(1.0) < over_a_day(4.0));
            over_a_day(1.0)
        });
        assert!(waits.is_sorted_by(|slow, busy| slow > busy), "{waits:?}");
    }

    #[test]
    fn at_a_constant_rate_the_wait_is_the_square_root_rule() {
        let rhythm = Rhythm::default();
        let rate = rate(&rhythm);
        let waited = wait(&rhythm, start(), 1.5, 0.0).as_secs_f64() / 3600.0;
        assert!((waited / (2.0 * 1.5 / rate).sqrt() - 1.0).abs() < 1e-6, "{waited}");
    }

    #[test]
    fn a_source_that_is_silent_at_night_is_not_asked_at_night() {
        let (rhythm, midnight) = learned(90, &[9, 10, 11, 14, 15, 16], false);
        let evening = midnight.after(HOUR * 19);
        let morning = midnight.after(HOUR * 9);
        assert!(wait(&rhythm, evening, 0.7, 0.35) > 2 * wait(&rhythm, morning, 0.7, 0.35));
    }

    #[test]
    fn the_wait_is_never_longer_than_a_week() {
        let mut rhythm = Rhythm::default();
        learn(&mut rhythm, &[], start());
        let now = start().after(DAY * 2000);
        learn(&mut rhythm, &[], now);
        assert_eq!(wait(&rhythm, now, 1e9, 0.35), DAY * 7);
    }

    #[test]
    fn as_many_entries_are_expected_as_came_and_silence_does_not_lower_it() {
        let (mut rhythm, now) = learned(120, &[9, 15], false);
        let later = now.after(DAY * 7);
        learn(&mut rhythm, &[], later);
        let week = expected_since(&rhythm, now, later);
        assert!((8.0..12.0).contains(&week), "{week}");
        let counted = |weeks: u32, more: Duration| {
            expected_since(&rhythm, now, now.after(DAY * 7 * weeks + more))
        };
        for more in [HOUR * 10, DAY * 5 + HOUR / 3] {
            let difference = counted(9, more) - counted(0, more) - 9.0 * week;
            assert!(difference.abs() < 1e-9, "{difference}");
        }
        assert_eq!(counted(60, HOUR), counted(53, HOUR), "a year at the most");
    }
}
