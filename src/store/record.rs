//! One thing that a store knows and cannot derive: what backups and exports consist of.

use serde::{Deserialize, Serialize};

use crate::model::{
    EngineRecord, Key, SourceId, SourceState, Story, StoryId, Subscriber, Timestamp, TopicVersion,
};

use super::{TopicPlace, story_keys};

/// One thing the store knows that cannot be derived from the others: what a
/// backup consists of, and what moves from one engine to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A source's state.
    #[serde(rename = "memory")]
    SourceState {
        /// The source.
        source: SourceId,
        /// The state.
        #[serde(rename = "memory")]
        state: Box<SourceState>,
    },
    /// The stories that a source's document lists.
    Listed {
        /// The source.
        source: SourceId,
        /// The stories its entries belong to.
        stories: Vec<StoryId>,
    },
    /// A record of the engine's own state.
    Engine {
        /// The record.
        record: EngineRecord,
    },
    /// A subscriber of our hub.
    Subscriber {
        /// The value.
        subscriber: Box<Subscriber>,
    },
    /// A document that is kept as it was published.
    Archived {
        /// Its path.
        path: String,
        /// All of it.
        text: String,
    },
    /// A story that is kept no longer.
    Retired {
        /// The story's ID.
        story: StoryId,
        /// When its first entry was read.
        first_seen: Timestamp,
        /// When it was retired.
        at: Timestamp,
        /// Its keys.
        #[serde(with = "story_keys::as_bytes")]
        keys: Vec<Key>,
    },
    /// Places in a topic. They are derived; but on a node of a cluster they depend on when stories
    /// changed, so a node that begins from a backup needs them.
    Places {
        /// The topic.
        topic: TopicVersion,
        /// Some of its places.
        places: Vec<TopicPlace>,
    },
    /// Topics whose places are complete.
    Filled {
        /// The topics.
        topics: Vec<TopicVersion>,
    },
    /// A story.
    Story {
        /// The value.
        story: Box<Story>,
        /// Its keys.
        #[serde(with = "story_keys::as_bytes")]
        keys: Vec<Key>,
    },
}
