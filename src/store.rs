//! What survives a restart: polls' results in, known stories out.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;

use crate::model::{
    Admitted, Fingerprint, Key, Lookalikes, Memory, SourceId, Stamp, Story, StoryId, Timestamp,
};

/// A story's place in a topic: newest first is the order of its feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The date by which the topic orders it.
    pub date: Timestamp,
    /// Which story.
    pub story: StoryId,
}

/// A story enters, moves within or leaves a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceChange {
    /// The topic, as its query stands.
    pub topic: Fingerprint,
    /// Which story.
    pub story: StoryId,
    /// The date it had there, if it was there.
    pub from: Option<Timestamp>,
    /// The date it has there now, if it still is.
    pub to: Option<Timestamp>,
}

/// All that one gathering of polls changes. Goes in whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Sources' memories as they are now.
    pub memories: Vec<(SourceId, Memory)>,
    /// Stories as they are now, in the order they were judged; a later one of the same id wins.
    pub admitted: Vec<Admitted>,
    /// Places in topics.
    pub places: Vec<PlaceChange>,
    /// Topics whose places are complete from now on.
    pub filled: Vec<Fingerprint>,
    /// Topics whose places are to be dropped.
    pub dropped: Vec<Fingerprint>,
    /// Stamps of what is served, by path.
    pub stamps: Vec<(String, Stamp)>,
}

/// Resolves when a commit is durable.
pub type Committed = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// What an engine must do. Reads may block for milliseconds: call them where
/// that hurts nobody. One process, one writer.
pub trait Store: Send + Sync + 'static {
    /// What is remembered of every source.
    fn memories(&self) -> Result<BTreeMap<SourceId, Memory>, StoreError>;
    /// The stories that bear any of these keys.
    fn lookalikes(&self, keys: &[Key]) -> Result<Lookalikes, StoreError>;
    /// Writes all of it or nothing; the future resolves when it is durable.
    /// Commits take effect in the order of the calls.
    fn commit(&self, commit: Commit) -> Committed;
    /// One story.
    fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError>;
    /// Up to `limit` stories in the order of (first_seen, id), after the given place.
    fn stories(
        &self,
        after: Option<(Timestamp, StoryId)>,
        limit: usize,
    ) -> Result<Vec<Story>, StoreError>;
    /// Up to `limit` places of a topic, newest first, older than the given one.
    fn places(
        &self,
        topic: Fingerprint,
        older_than: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Place>, StoreError>;
    /// The topics whose places are complete.
    fn filled(&self) -> Result<Vec<Fingerprint>, StoreError>;
    /// Stamps of what was served, by path.
    fn stamps(&self) -> Result<BTreeMap<String, Stamp>, StoreError>;
    /// How many stories there are.
    fn count(&self) -> Result<u64, StoreError>;
    /// Waits for what is under way and closes. Nothing may be called after it.
    fn close(&self) -> Result<(), StoreError>;
}

/// Why the store cannot go on. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has it (exit code 75).
    #[error(
        "the store {0} is in use by another process; stop that daemon first, or ask it instead"
    )]
    InUse(String),
    /// It is damaged (exit code 74).
    #[error("the store {path} is damaged: {what}")]
    Damaged {
        /// Where it is.
        path: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// The disk is full or failing (exit code 74).
    #[error("the store {path} cannot be written: {what}")]
    Unwritable {
        /// Where it is.
        path: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// A later version wrote it (exit code 78).
    #[error(
        "the store {path} was written by a later version of gazetted (format {found}, this one reads up to {known}); install that version again, or restore an export"
    )]
    TooNew {
        /// Where it is.
        path: String,
        /// Its format.
        found: u32,
        /// The latest this program reads.
        known: u32,
    },
}
