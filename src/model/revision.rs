//! Earlier wordings of a story, and its withdrawal.

use serde::{Deserialize, Serialize};

use super::{SourceId, Timestamp};

/// One change of what an entry says. Where a field says what stood there
/// before, it changed; what stands there now is in the next revision or in the entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// When the change was read.
    pub at: Timestamp,
    /// Whose entry changed.
    pub source: SourceId,
    /// The link of the entry, which tells it from others of that source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Whether the source says so itself, by a later `updated`.
    #[serde(default)]
    pub major: bool,
    /// The title before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The summary before: sanitised HTML; empty where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The text before, unless it was too long to keep or has been let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Whether the text changed, kept or not.
    #[serde(default)]
    pub text_changed: bool,
    /// The changed words of the text, with a few around them; empty where too much changed to be
    /// quoted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub change: Vec<Piece>,
    /// The source's own note on the change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A stretch of a text compared with a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// It stands in both.
    Kept(String),
    /// It stood in the earlier alone.
    Gone(String),
    /// It stands in the later alone.
    Come(String),
}

/// That something published no longer applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withdrawal {
    /// Since when: the source's own word, else when it was noticed.
    pub at: Timestamp,
    /// Who says so.
    pub source: SourceId,
    /// How it is known.
    pub by: WithdrawnBy,
    /// Why, in the words of the publisher's notice, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a withdrawal is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithdrawnBy {
    /// The document holds a tombstone for the entry (RFC 6721).
    Tombstone,
    /// The page says so.
    Notice,
    /// The page has been gone twice (404 or 410).
    Missing,
}
