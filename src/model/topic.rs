//! A query over stories, which is published as feeds.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Story, Timestamp, TopicId};

/// A topic as the plan holds it; its compiled query is in the `TopicSet`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name in addresses.
    pub id: TopicId,
    /// The title that readers see.
    pub title: String,
    /// One or two sentences for readers; may be empty.
    pub description: String,
    /// The query as written.
    pub query: String,
    /// Which changes of a story give its entry a new `updated`.
    pub revisions: Revisions,
    /// How many stories its feed holds.
    pub entries: usize,
    /// The bounds on its stories.
    pub bounds: TopicBounds,
    /// Names it had before: their addresses lead here for ever (Q33).
    pub formerly: Vec<TopicId>,
    /// Do not report when it falls silent.
    pub mute_silence: bool,
    /// Whether only who bears a key may read it: then nothing public tells of it.
    pub private: bool,
    /// Whether its feed says which words put a story in it.
    pub explain: bool,
}

/// Bounds on a topic's stories, by the dates that its feed gives them. `None` keeps all that are
/// stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TopicBounds {
    /// They stay for so long after their date.
    pub age: Option<Duration>,
    /// So many stay, the newest.
    pub stories: Option<usize>,
}

impl TopicBounds {
    /// Whether stories ever leave for it.
    pub fn is_bounded(&self) -> bool {
        self.age.is_some() || self.stories.is_some()
    }
}

/// Which changes of a story give its entry in the feed a new `updated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Revisions {
    /// None: an entry is dated once and for ever.
    Quiet,
    /// Those which the source itself dates by its own `updated`.
    #[default]
    Major,
    /// Every change of what the entry says.
    All,
}

impl Topic {
    /// When a story's entry in this topic's feed was last changed, as the
    /// feed shall say: `atom:updated`, and the order of its entries.
    pub fn date_of(&self, story: &Story) -> Timestamp {
        self.revisions.date_of(story)
    }
}

impl Revisions {
    /// When a story's entry was last changed, where a feed shows these revisions.
    pub fn date_of(self, story: &Story) -> Timestamp {
        match self {
            Self::Quiet => story.dated,
            Self::Major => story.updated,
            Self::All => story.revised.max(story.updated),
        }
    }
}

/// A hash of everything that decides which stories are in a topic. A stored place counts only under
/// the version that it was found with, so it is never stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TopicVersion(pub u64);

impl TopicVersion {
    /// Under which a topic's stories are listed a second time, by when they
    /// were first seen: the order of its archive.
    pub fn archive(self) -> Self {
        Self(self.0 ^ 0x6172_6368_6976_6573)
    }
}
