//! What is known of a source between polls; survives `kill -9` (P12).

use std::sync::LazyLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Failure, FloodState, Habits, Hints, Interned, RecheckRound, SourceEvent, SourceId,
    Subscription, TextState, Timestamp, Validators,
};

/// What is known of one source between polls. Only `fetch::record_poll` changes it. There is one
/// for each of very many sources: what few of them have is boxed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceState {
    /// Hash of the configured place that it is a memory of: of another, it says nothing.
    pub of: Option<u64>,
    /// What makes the next request conditional.
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
    /// What the last good answer said that bears on when the source is asked again.
    pub answer: LastAnswer,
    /// Why then, in words: shown by `status`.
    pub because: Interned,
    /// When it was last asked.
    pub last_poll: Option<Timestamp>,
    /// When it last answered well.
    pub last_success: Option<Timestamp>,
    /// When it last listed something new.
    pub last_news: Option<Timestamp>,
    /// How far the pages of its entries have been looked at.
    pub round: Option<Box<RecheckRound>>,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure, until a success.
    pub failure: Option<Box<Failure>>,
    /// When the row of failures began.
    pub failing_since: Option<Timestamp>,
    /// Whether the row of failures was warned of.
    pub warned: bool,
    /// How often in a row the process died while it read this source alone.
    pub crashes: u32,
    /// Not to be asked before a moment, whatever the schedule says.
    pub hold: Option<Hold>,
    /// A permanent redirect that is being watched or was adopted (P45).
    pub moved: Option<Box<Moved>>,
    /// What the document last said of itself.
    pub feed: Described,
    /// What the document last asked of its readers, as far as that is [worth remembering](Hints::remembered).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hints: Option<Box<Hints>>,
    /// What had to be repaired or left out of the last document.
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
    /// Documents before which entries had been missed, which older pages then told.
    pub filled: u64,
    /// What a hub was asked to push, and what came of it.
    pub push: Option<Box<Subscription>>,
    /// The date of the newest entry before the silence that its operator was told of.
    pub silent: Option<Timestamp>,
    /// What became of it lately, the latest last.
    pub events: Vec<SourceEvent>,
    /// What polls cost all sources, as it stood after this one's last.
    pub priced: PollPrice,
    /// How much of it was new today, and what waits.
    pub intake: FloodState,
    /// What was learned of its ids, links and dates.
    pub habits: Habits,
    /// What is known of the texts of its entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Box<TextState>>,
}

impl SourceState {
    /// The hash of the operator's rules by which its document was last read.
    pub fn text_rules(&self) -> Option<u64> {
        self.text.as_ref().and_then(|text| text.rules)
    }

    /// Whether it is not asked any more until the operator says so.
    pub fn rests(&self) -> bool {
        self.endings >= 2
    }

    /// What the document last asked of its readers.
    pub fn hints(&self) -> &Hints {
        static NONE: LazyLock<Hints> = LazyLock::new(Hints::default);
        self.hints.as_deref().unwrap_or(&NONE)
    }
}

/// What a document says of itself, as far as anybody asks for it between polls. Each entry
/// has all of it.
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

/// What the last good answer said that bears on when the source is asked again: with it, a
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
    /// What is held.
    pub scope: HoldScope,
}

/// What holds a source at a moment, for people.
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
}

impl Moved {
    /// Whether it has proved itself by then, and the configuration should follow (P45).
    pub fn is_proven(&self, at: Timestamp) -> bool {
        const SUCCESSES: u32 = 3;
        const SPREAD: Duration = Duration::from_secs(86_400);
        self.successes >= SUCCESSES && self.since.until(at) >= SPREAD
    }
}

/// What polls cost where the operator has set a budget: the state of one control
/// over all sources, of which each source keeps what it last heard.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PollPrice {
    /// The power of two by which the configured price is multiplied.
    pub level: f64,
    /// How many polls had borne upon it: the latest is the one in force.
    pub turn: u64,
}

/// What has been learned of when a source lists something new: decayed counts,
/// which `fetch` reads as a rate by hour and weekday.
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

/// What a source's last document listed, as far as the next one is compared with it.
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
    /// Entries.
    pub entries: f64,
    /// Hours.
    pub hours: f64,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_small_because_there_is_one_for_each_of_very_many_sources() {
        assert!(size_of::<SourceState>() <= 640, "{}", size_of::<SourceState>());
    }
}
