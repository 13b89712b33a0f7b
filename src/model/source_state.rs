//! The state of a source between polls; survives `kill -9` (P12).

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Failure, FloodState, Habits, Hints, ReadBy, RecheckRound, SourceEvent, SourceId, Subscription,
    TextState, Timestamp, Validators,
};

/// The state of one source between polls. Only `fetch::record_poll` changes it. There is one for
/// each of very many sources, so rare parts are boxed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// Hash of the configured location that the state belongs to. For another location it is void.
    pub of: Option<u64>,
    /// The validators that make the next request conditional.
    pub validators: Validators,
    /// Hash of the last document that was read.
    pub hash: Option<u64>,
    /// When the next poll is due.
    pub next_poll: Timestamp,
    /// When that was set; `not_before` and `hold` are set by polls alone (P40).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<Timestamp>,
    /// Hash of the configuration by which it was set; zero where that is not known.
    pub scheduled_by: u64,
    /// Short hash of the configuration by which it was last asked: credentials, proxy, limits.
    /// Zero where that is not known.
    pub asked_by: u16,
    /// The parts of the last good answer that decide when the source is asked again.
    pub answer: LastAnswer,
    /// The reason for that time, in words: shown by `status`.
    pub because: Arc<str>,
    /// When it was last asked.
    pub last_poll: Option<Timestamp>,
    /// Time of the last successful poll.
    pub last_success: Option<Timestamp>,
    /// When it last listed something new.
    pub last_news: Option<Timestamp>,
    /// Progress of the round over its entries' pages.
    pub round: Option<Box<RecheckRound>>,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure, until a success.
    pub failure: Option<Box<Failure>>,
    /// When the row of failures began.
    pub failing_since: Option<Timestamp>,
    /// Whether the row of failures was warned of.
    pub warned: bool,
    /// Times in a row that the process died while it read this source alone.
    pub crashes: u32,
    /// Not to be asked before a moment, whatever the schedule says.
    pub hold: Option<Hold>,
    /// A permanent redirect that is being watched or was adopted (P45).
    pub moved: Option<Box<Moved>>,
    /// The metadata of the last document.
    pub feed: Described,
    /// The last document's hints for polling, as far as they are [kept](Hints::remembered).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hints: Option<Box<Hints>>,
    /// Repairs and omissions in the last document.
    pub warnings: Vec<String>,
    /// How many polls there were.
    pub polls: u64,
    /// How many of them brought a 304.
    pub not_modified: u64,
    /// Bytes received in all.
    pub bytes: u64,
    /// Whether the source has ever given a validator (P22).
    pub gave_validators: bool,
    /// Before when not even the operator has it asked: the floor and any hold (P14).
    pub not_before: Timestamp,
    /// When it lists something new, as far as is known.
    pub rhythm: Rhythm,
    /// How often in a row it said that it has ended or is gone; at two it rests
    /// until the operator asks for it (P32, P39).
    pub endings: u32,
    /// How what it lists overlaps from document to document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<Box<Listed>>,
    /// Documents of which nothing was known: entries may have been missed.
    pub gaps: u64,
    /// When the last of those was.
    pub last_gap: Option<Timestamp>,
    /// Gaps whose missed entries were then found on older pages.
    pub filled: u64,
    /// The subscription at its hub.
    pub push: Option<Box<Subscription>>,
    /// The date of the newest entry before the silence that was reported.
    pub silent: Option<Timestamp>,
    /// Recent changes in its condition, the latest last.
    pub events: Vec<SourceEvent>,
    /// The price of polls to all sources, as of this source's last poll.
    pub priced: PollPrice,
    /// Today's new entries, and those that wait.
    pub intake: FloodState,
    /// The learned reliability of its IDs, links and dates.
    pub habits: Habits,
    /// State of the texts of its entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Box<TextState>>,
}

impl SourceState {
    /// Whether its last document says the same by today's configuration: by these rules of the
    /// operator, and within limits of this hash.
    pub fn is_read_by(&self, rules: Option<u64>, limits: u64) -> bool {
        let Some(text) = &self.text else { return rules.is_none() };
        text.rules == rules && text.limits.is_none_or(|before| before == limits)
    }

    /// Records the configuration by which its last document was read.
    pub fn was_read_by(&mut self, ReadBy { rules, limits, .. }: ReadBy) {
        let known = self.text.as_ref().map(|text| (text.rules, text.limits)).unwrap_or_default();
        if known != (rules, limits) {
            let text = self.text.get_or_insert_default();
            (text.rules, text.limits) = (rules, limits);
        }
    }

    /// Whether it is not asked any more until the operator says so.
    pub fn rests(&self) -> bool {
        self.endings >= 2
    }

    /// The last document's hints for polling.
    pub fn hints(&self) -> &Hints {
        static NONE: LazyLock<Hints> = LazyLock::new(Hints::default);
        self.hints.as_deref().unwrap_or(&NONE)
    }
}

/// The part of a document's metadata that is needed between polls. Each entry has all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Described {
    /// The page it belongs to, as text: see [`Described::page`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<Box<str>>,
}

impl Described {
    /// The page it belongs to.
    pub fn page(&self) -> Option<Url> {
        Url::parse(self.url.as_deref()?).ok()
    }
}

/// The parts of the last good answer that decide when the source is asked again. With them a
/// changed configuration decides anew from the same facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LastAnswer {
    /// How long it holds, from `max-age` or `Expires`.
    pub lifetime: Option<Duration>,
    /// Whether a document came that is large to fetch without validators (P22).
    pub large: bool,
    /// Whether entries may have been missed before it.
    pub gap: bool,
}

/// A time before which a source, or its whole origin, is not to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Until when.
    pub until: Timestamp,
    /// The scope of the hold.
    pub scope: HoldScope,
}

/// The hold of a source at a moment, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHold {
    /// Until when.
    pub until: Timestamp,
    /// How far it reaches.
    pub scope: HoldScope,
    /// The source whose poll the server answered so.
    pub by: SourceId,
    /// The answer, in words.
    pub reason: String,
}

/// How far a hold reaches (P28).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldScope {
    /// The source alone.
    Source,
    /// Every source of its origin.
    Origin,
}

/// A permanent redirect, seen a number of times (P45).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The configured address that it was seen at: of another, it says nothing.
    #[serde(default)]
    pub from: Option<Url>,
    /// Where it leads.
    pub to: Url,
    /// When it was first seen.
    pub since: Timestamp,
    /// How many good answers came from there.
    pub successes: u32,
    /// When the configured address was last asked, after the redirect was first seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Timestamp>,
}

impl Moved {
    /// A day after the configured address was asked last. A redirect may have been a mistake.
    pub fn check_at(&self) -> Timestamp {
        self.checked.unwrap_or(self.since).after(Duration::from_secs(86_400))
    }

    /// Whether the configured address is to be asked again by then. It is left alone until the
    /// redirect has proved itself (P45).
    pub fn is_to_be_checked(&self, at: Timestamp) -> bool {
        self.is_proven(at) && self.check_at() <= at
    }

    /// Whether it has proved itself by then, and the configuration should follow (P45).
    pub fn is_proven(&self, at: Timestamp) -> bool {
        const SUCCESSES: u32 = 3;
        const SPREAD: Duration = Duration::from_secs(86_400);
        self.successes >= SUCCESSES && self.since.until(at) >= SPREAD
    }
}

/// The price of polls under the operator's budget: the state of one control over all sources, of
/// which each source keeps the last value.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PollPrice {
    /// The power of two by which the configured price is multiplied.
    pub level: f64,
    /// How many polls had borne upon it: the latest is the one in force.
    pub turn: u64,
}

/// The times at which a source lists new entries, as decayed counts. `fetch` reads them as a rate
/// by hour and weekday.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Rhythm {
    /// Up to when the counts are decayed.
    pub as_of: Option<Timestamp>,
    /// Entries, and hours watched, that count less by half every 7 days.
    pub fast: DecayedCounts,
    /// The same, by half every 60 days.
    pub slow: DecayedCounts,
    /// Entries by hour of the day, UTC.
    pub hours: [u16; 24],
    /// Entries by weekday, Monday first.
    pub days: [u16; 7],
    /// Date of the newest entry.
    pub newest: Option<Timestamp>,
    /// The longest time that passed between two entries, recess included.
    pub longest: Option<Duration>,
    /// Since when every answer was a 304 (P13).
    pub unmodified_since: Option<Timestamp>,
    /// The last unconditional request that was made to test those 304s (P13).
    pub probed: Option<Timestamp>,
    /// When a 304 was last followed by a changed document (P13).
    pub changed: Option<Timestamp>,
    /// Since when the source is watched.
    pub began: Option<Timestamp>,
    /// On how many days new entries came since then.
    pub active_days: u16,
}

/// The part of a source's last document that the next one is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    /// Hashes of the titles and texts that the document listed, the first of them.
    pub contents: Vec<u32>,
    /// In how short a time the source may list more than its document holds, since it once did:
    /// it is polled so often, as far as it permits. The time grows while documents overlap.
    pub turnover: Option<Duration>,
}

/// Decayed counts of what was seen in how much time.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct DecayedCounts {
    /// Entries seen.
    pub entries: f64,
    /// Hours watched.
    pub hours: f64,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_small_because_there_is_one_for_each_of_very_many_sources() {
        assert!(size_of::<SourceState>() <= 664, "{}", size_of::<SourceState>());
    }
}
