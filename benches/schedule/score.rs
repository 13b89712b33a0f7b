//! Scores a policy on feeds: delays, losses and polls a day.

use crate::feeds::{Feed, HISTORY, MEASURED, WARM_UP};
use crate::policies::{CAP, FLOOR, Policy};

/// Entries that a document lists.
const WINDOW: usize = 20;

/// How one policy with one parameter did. Delays are in hours.
#[derive(Debug, Clone, Copy)]
pub struct Score {
    pub parameter: f64,
    pub polls: f64,
    pub by_item: f64,
    pub by_feed: f64,
    pub p95: f64,
    pub lost: f64,
}

/// A policy's scores over its parameter, by polls a day.
pub struct Curve(Vec<Score>);

impl Curve {
    pub fn of(feeds: &[Feed], values: &[f64], make: fn(f64) -> Box<dyn Policy>) -> Self {
        let mut scores: Vec<_> = values
            .iter()
            .map(|value| Score { parameter: *value, ..score(feeds, || make(*value)) })
            .collect();
        scores.sort_by(|one, other| one.polls.total_cmp(&other.polls));
        Self(scores)
    }

    /// A number of the score at this many polls a day, between the nearest two by logarithms.
    pub fn at(&self, polls: f64, number: fn(&Score) -> f64) -> Option<f64> {
        let above = self.0.iter().position(|score| score.polls >= polls)?;
        let [low, high] = [self.0.get(above.checked_sub(1)?)?, &self.0[above]];
        let share = (polls / low.polls).ln() / (high.polls / low.polls).ln();
        Some((number(low).ln() * (1.0 - share) + number(high).ln() * share).exp())
    }
}

fn score(feeds: &[Feed], make: impl Fn() -> Box<dyn Policy>) -> Score {
    let start = HISTORY * 24.0;
    let (from, end) = (start + WARM_UP * 24.0, start + (WARM_UP + MEASURED) * 24.0);
    let (mut delays, mut by_feed, mut polls, mut lost) = (Vec::new(), Vec::new(), 0u64, 0u64);
    for (number, feed) in feeds.iter().enumerate() {
        let mut policy = make();
        let (mut seen, first_delay) = (0, delays.len());
        // The first polls are spread over an hour.
        let mut now = start + number as f64 / feeds.len() as f64;
        while now < end {
            let listed = feed.times.partition_point(|time| *time <= now);
            let window = &feed.times[listed.saturating_sub(WINDOW)..listed];
            let visible = listed.saturating_sub(WINDOW).max(seen);
            let new = &feed.times[visible..listed];
            if now >= from {
                polls += 1;
                lost += (visible - seen) as u64;
                delays.extend(new.iter().filter(|time| **time >= from).map(|time| now - time));
            }
            seen = listed;
            now += policy.wait(now, new, window).clamp(FLOOR, CAP);
        }
        // What is still unseen at the end has waited this long at least.
        let unseen = feed.times[seen..].iter().filter(|time| **time >= from && **time < end);
        delays.extend(unseen.map(|time| end - time));
        let of_feed = &delays[first_delay..];
        if !of_feed.is_empty() {
            by_feed.push(of_feed.iter().sum::<f64>() / of_feed.len() as f64);
        }
    }
    delays.sort_by(f64::total_cmp);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    Score {
        parameter: 0.0,
        polls: polls as f64 / MEASURED / feeds.len() as f64,
        by_item: mean(&delays),
        by_feed: mean(&by_feed),
        p95: delays.get(delays.len() * 95 / 100).copied().unwrap_or(0.0),
        lost: lost as f64 / (delays.len() as f64 + lost as f64).max(1.0),
    }
}

/// The mean delay of even polls at the rates of hindsight, each as the square root
/// of the feed's own, within floor and cap.
pub fn bound(feeds: &[Feed], budget: f64) -> f64 {
    let start = (HISTORY + WARM_UP) * 24.0;
    let counts: Vec<_> = feeds
        .iter()
        .map(|feed| (feed.times.len() - feed.times.partition_point(|time| *time < start)) as f64)
        .collect();
    let polls = |scale: f64| -> Vec<f64> {
        counts.iter().map(|count| (scale * count.sqrt()).clamp(1.0 / CAP, 1.0 / FLOOR)).collect()
    };
    let (mut low, mut high) = (1e-9, 1e3);
    for _ in 0..200 {
        let middle = f64::sqrt(low * high);
        let a_day = polls(middle).iter().sum::<f64>() * 24.0 / feeds.len() as f64;
        if a_day > budget { high = middle } else { low = middle }
    }
    let spent = polls(low);
    let waited: f64 = std::iter::zip(&counts, &spent).map(|(count, rate)| count / rate / 2.0).sum();
    waited / counts.iter().sum::<f64>()
}
