//! What is known of a source between polls; survives `kill -9` (P12).

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Failure, Feed, Hints, Timestamp, Validators};

/// What is known of one source between polls. Only `fetch::settle` changes it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// What makes the next request conditional.
    pub validators: Validators,
    /// Hash of the last document that was read.
    pub hash: Option<u64>,
    /// When the next poll is due.
    pub next_poll: Timestamp,
    /// Why then, in words: shown by `status`.
    pub because: String,
    /// When it was last asked.
    pub last_poll: Option<Timestamp>,
    /// When it last answered well.
    pub last_success: Option<Timestamp>,
    /// When it last listed something new.
    pub last_news: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// The last failure, until a success.
    pub failure: Option<Failure>,
    /// When the row of failures began.
    pub failing_since: Option<Timestamp>,
    /// Not to be asked before a moment, whatever the schedule says.
    pub hold: Option<Hold>,
    /// A permanent redirect that is being watched or was adopted (P45).
    pub moved: Option<Moved>,
    /// What the document last said of itself.
    pub feed: Feed,
    /// What the document last asked of its readers.
    pub hints: Hints,
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
}

/// A time before which a source, or its whole origin, is not to be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Until when.
    pub until: Timestamp,
    /// What is held.
    pub scope: HoldScope,
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
    /// Where it leads.
    pub to: Url,
    /// When it was first seen.
    pub since: Timestamp,
    /// How many good answers came from there.
    pub successes: u32,
}
