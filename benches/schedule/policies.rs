//! The polling policies that are compared, ours and others': the hours until the next poll.
//!
//! The others are written anew from what their authors say of them.

use std::time::Duration;

use gazetted::fetch::{News, Settings, record_poll};
use gazetted::model::{
    Feed, Freshness, Hints, Location, Outcome, Poll, Reading, Source, SourceId, SourceState,
    Timestamp, Unchanged, Validators,
};

/// Nobody polls more often than this, nor less often than that; in hours.
pub const FLOOR: f64 = 1.0;
pub const CAP: f64 = 168.0;

/// Decides from what a poller sees.
pub trait Policy {
    /// Hours to wait after a poll at `now` (hours) that brought entries at `new`;
    /// `window` is the document, oldest first.
    fn wait(&mut self, now: f64, new: &[f64], window: &[f64]) -> f64;
}

pub struct Fixed {
    pub hours: f64,
}

impl Policy for Fixed {
    fn wait(&mut self, _: f64, _: &[f64], _: &[f64]) -> f64 {
        self.hours
    }
}

/// Halves the interval on news, doubles it on none.
pub struct Backoff {
    hours: f64,
    most: f64,
}

impl Backoff {
    pub fn up_to(most: f64) -> Self {
        Self { hours: 4.0, most }
    }
}

impl Policy for Backoff {
    fn wait(&mut self, _: f64, new: &[f64], _: &[f64]) -> f64 {
        self.hours = if new.is_empty() { self.hours * 2.0 } else { self.hours / 2.0 };
        self.hours = self.hours.clamp(FLOOR, self.most.max(FLOOR));
        self.hours
    }
}

/// Raises the rate of polls by a step on news, lowers it by a factor on none.
pub struct Aimd {
    rate: f64,
    least: f64,
}

impl Aimd {
    pub fn up_to(most: f64) -> Self {
        Self { rate: 0.25, least: 1.0 / most }
    }
}

impl Policy for Aimd {
    fn wait(&mut self, _: f64, new: &[f64], _: &[f64]) -> f64 {
        self.rate = if new.is_empty() { self.rate * 0.8 } else { self.rate + 0.2 };
        self.rate = self.rate.clamp(self.least.min(1.0 / FLOOR), 1.0 / FLOOR);
        1.0 / self.rate
    }
}

/// A week divided by the entries of the last week, a day at most.
pub struct Miniflux {
    factor: f64,
    seen: Vec<f64>,
}

impl Miniflux {
    pub fn new(factor: f64) -> Self {
        Self { factor, seen: Vec::new() }
    }
}

impl Policy for Miniflux {
    fn wait(&mut self, now: f64, new: &[f64], _: &[f64]) -> f64 {
        self.seen.extend(new);
        self.seen.retain(|time| now - time < 168.0);
        let wait = match self.seen.len() {
            0 => 24.0,
            count => 168.0 / (count as f64 * self.factor),
        };
        wait.clamp(FLOOR, 24.0)
    }
}

/// Half the mean interval of the document, longer where the newest entry is old.
pub struct CommaFeed {
    most: f64,
}

impl CommaFeed {
    pub fn up_to(most: f64) -> Self {
        Self { most }
    }
}

impl Policy for CommaFeed {
    fn wait(&mut self, now: f64, _: &[f64], window: &[f64]) -> f64 {
        let (Some(first), Some(last)) = (window.first(), window.last()) else { return self.most };
        let age_in_days = (now - last) / 24.0;
        let share = match age_in_days {
            days if days >= 30.0 => 1.0,
            days if days >= 14.0 => 0.5,
            days if days >= 7.0 => 0.25,
            _ => {
                let mean = (last - first) / (window.len().max(2) - 1) as f64;
                return (mean / 2.0).clamp(FLOOR, self.most.max(FLOOR));
            }
        };
        (self.most * share).max(FLOOR)
    }
}

/// A share of the newest entry's age.
pub struct AdaptiveTtl {
    factor: f64,
}

impl AdaptiveTtl {
    pub fn new(factor: f64) -> Self {
        Self { factor }
    }
}

impl Policy for AdaptiveTtl {
    fn wait(&mut self, now: f64, _: &[f64], window: &[f64]) -> f64 {
        window.last().map_or(CAP, |last| self.factor * (now - last))
    }
}

/// The moving average of the document's intervals, times a factor.
pub struct MavSync {
    factor: f64,
}

impl MavSync {
    pub fn new(factor: f64) -> Self {
        Self { factor }
    }
}

impl Policy for MavSync {
    fn wait(&mut self, now: f64, _: &[f64], window: &[f64]) -> f64 {
        match window {
            [] => CAP,
            [first, ..] => self.factor * (now - first) / window.len() as f64,
        }
    }
}

/// The real thing: `fetch::record_poll` over polls as the loop would hand them in.
pub struct Hazard {
    settings: Settings,
    source: Source,
    state: SourceState,
}

impl Hazard {
    pub fn new(price: f64, evenness: f64) -> Self {
        let id = SourceId::new("feed");
        let settings = Settings { price, evenness, ..Settings::default() };
        let url = url::Url::parse("https://example.org/feed").expect("a constant that parses");
        let source = Source::at(id, Location::Web { url, written: None });
        // A source that has been known for a while: no spread of new ones.
        let state = SourceState { polls: 10, ..SourceState::default() };
        Self { settings, source, state }
    }
}

/// The simulation begins on a Monday.
fn moment(hours: f64) -> Timestamp {
    Timestamp::from_secs(1_735_516_800).after(Duration::from_secs_f64(hours * 3600.0))
}

impl Policy for Hazard {
    fn wait(&mut self, now: f64, new: &[f64], window: &[f64]) -> f64 {
        let at = moment(now);
        let outcome = if new.is_empty() {
            Outcome::Unchanged(Unchanged { not_modified: true, ..Unchanged::default() })
        } else {
            Outcome::Read(Box::new(Reading {
                validators: Validators { etag: Some(b"\"tag\"".to_vec()), ..Validators::default() },
                freshness: Freshness::default(),
                bytes: 1,
                hash: at.as_millis() as u64,
                moved: None,
                feed: Feed::default(),
                entries: Vec::new(),
                hints: Hints::default(),
                warnings: Vec::new(),
                broken_off: false,
                back: None,
                read_by: Default::default(),
            }))
        };
        let news = News {
            new: new.iter().map(|time| moment(*time)).collect(),
            known: window.len() - new.len().min(window.len()),
            ..News::default()
        };
        let poll = Poll::of(&self.source, at, outcome);
        record_poll(&poll, &news, &mut self.state, &self.source, &self.settings);
        at.until(self.state.next_poll).as_secs_f64() / 3600.0
    }
}
