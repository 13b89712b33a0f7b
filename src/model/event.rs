//! Changes in a source's condition, each reported once.

use serde::{Deserialize, Serialize};

use super::{Timestamp, TopicId};

/// A change in a source's condition, reported once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEvent {
    /// The poll that showed it.
    pub at: Timestamp,
    /// The kind of change.
    pub kind: EventKind,
    /// How it came about, in words; what helps follows from the kind.
    pub note: String,
}

/// The kinds of change in a source's condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// It cannot be read any more.
    Failing,
    /// It can be read again.
    Recovered,
    /// A permanent redirect has proved itself: the configuration should follow (P45).
    Moved,
    /// It answered 410 twice and is not asked any more (P39).
    Gone,
    /// Its document says that it has ended (P32).
    Ended,
    /// It answers, but has listed nothing new for far longer than it ever did.
    Silent,
    /// It lists something new after such a silence.
    Speaks,
    /// Entries may have been missed between two polls.
    Gap,
    /// It brings more new entries than it may: the others wait.
    Floods,
    /// Nothing waits any more.
    Steady,
}

impl EventKind {
    /// The word used in logs, feeds and `status`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Recovered => "recovered",
            Self::Moved => "moved",
            Self::Gone => "gone",
            Self::Ended => "ended",
            Self::Silent => "silent",
            Self::Speaks => "speaks",
            Self::Gap => "gap",
            Self::Floods => "floods",
            Self::Steady => "steady",
        }
    }

    /// The same as a reader's sentence has it, after the source's name.
    pub fn says(self) -> &'static str {
        match self {
            Self::Failing => "cannot be read",
            Self::Recovered => "can be read again",
            Self::Moved => "has moved",
            Self::Gone => "is gone",
            Self::Ended => "has ended",
            Self::Silent => "is silent",
            Self::Speaks => "speaks again",
            Self::Gap => "may have been missed in part",
            Self::Floods => "brings too much that is new",
            Self::Steady => "is read in full again",
        }
    }
}

/// A time in which no story came into a topic for far longer than ever before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopicSilence {
    /// The topic.
    pub topic: TopicId,
    /// When the last story before it was first seen.
    pub since: Timestamp,
    /// When it was reported.
    pub reported: Timestamp,
    /// When the first story after it was seen, if one was.
    pub ended: Option<Timestamp>,
}
