//! Keeps sources' states, stories and published archives through restarts.
//!
//! A storage backend holds to two traits and to the same contract tests: [`Store`] is a store that is
//! open, [`Backend`] makes, opens, checks, repairs and compacts one in a directory. The backend is `sled`,
//! and all that belongs to it is in its directory. [`InMemory`] forgets everything; the loop is
//! tried against it.
//!
//! # What is in it
//!
//! *Ground records* cannot be derived from anything else: sources' state, the stories that each
//! source lists, stories with the keys they bear, retired stories (their keys alone), the engine's own
//! records, archived documents, subscribers of our hub. They are what a backup holds ([`Record`]).
//! All else can be made again from them. A topic's places derive from its query and stand under
//! its fingerprint, so they can be large and never stale; the engine fills them again.
//!
//! Automatic [`Backups`] are beside the store, for when nothing is left of it.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::{
    Admitted, EngineRecord, Key, Lookalikes, SourceId, SourceState, Story, StoryId, Subscriber,
    SubscriberId, Timestamp, TopicVersion,
};

mod backup;
mod backups;
mod crash_mark_file;
mod disk_space;
mod files;
mod import_check;
mod in_memory;
mod maintenance;
mod record;
mod retention;
mod sled;
mod story_keys;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod samples;

pub use backup::{Contents, backup, is_backup, restore, verify_backup};
pub use backups::{BackupInTransit, BackupOutcome, Backups, StoredBackup, is_due};
pub use crash_mark_file::{CrashMarkFile, Mark, Stage};
pub use disk_space::DiskSpace;
pub use files::{PRIVATE, Replacement, SHARED, restrict_umask, with_suffix};
pub use import_check::{Fit, ImportCheck, topics_to_refill};
pub use in_memory::InMemory;
pub use maintenance::{Compaction, IntegrityCheck, Repair};
pub use record::Record;
pub use retention::Retention;

/// A story's place in a topic. A feed's order is the greatest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TopicPlace {
    /// The date by which the topic orders it.
    pub date: Timestamp,
    /// Which story.
    pub story: StoryId,
}

/// A story enters, moves within or leaves a topic. It has one place in a topic at most; a story
/// that is not there has none, and a change of its place is passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceChange {
    /// The topic, as its query stands.
    pub topic: TopicVersion,
    /// Which story.
    pub story: StoryId,
    /// The date it had there, if it was there: for readers of the change. The store knows it.
    pub from: Option<Timestamp>,
    /// The date it has there now; `None` takes it out.
    pub to: Option<Timestamp>,
}

/// All changes of one turn. They are written whole or not at all, in the order of the fields. Stories
/// that an earlier commit retired are forgotten before others are admitted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// Sources' states as they are now.
    pub source_states: Vec<(SourceId, Arc<SourceState>)>,
    /// The stories that sources' documents list now, retired ones among them,
    /// in place of what they listed before: their keys are not to be forgotten.
    pub listed: Vec<(SourceId, Vec<StoryId>)>,
    /// Stories as they are now, in the order they were judged; a later one of the same id wins.
    pub admitted: Vec<Admitted>,
    /// Passages of earlier spans of time than this passage key's are evidence
    /// no longer, and are not kept any more.
    pub passages_from: Option<Key>,
    /// Stories that are kept no longer, and when that was decided. Their keys
    /// stay, so that an old entry which is listed again is not news. Their
    /// places go with them.
    pub retired: Vec<(StoryId, Timestamp)>,
    /// Retired stories whose keys go as well.
    pub forgotten: Vec<StoryId>,
    /// Records taken over from a backup as they are.
    pub restored: Vec<Record>,
    /// Topics whose places are to be dropped.
    pub dropped: Vec<TopicVersion>,
    /// Places in topics.
    pub places: Vec<PlaceChange>,
    /// Topics whose places are complete from now on.
    pub filled: Vec<TopicVersion>,
    /// Records of the engine's own state as they are now.
    pub engine: Vec<EngineRecord>,
    /// Keys of such records that go.
    pub engine_removed: Vec<String>,
    /// Subscribers of our hub as they are now.
    pub subscribers: Vec<Subscriber>,
    /// The subscribers that ended.
    pub unsubscribed: Vec<SubscriberId>,
    /// Paths whose archived documents go.
    pub unarchived: Vec<String>,
    /// Documents that are kept as they are published now, by path.
    pub archived: Vec<(String, String)>,
}

impl Commit {
    /// Whether it changes nothing. Such a commit is answered by the writer
    /// and writes nothing: a way to ask whether it is alive.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Resolves when a commit is durable. It need not be awaited for the commit to happen.
pub type Committed = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send>>;

/// A storage backend's operations on an open store. One process, one writer.
///
/// Reads may block for milliseconds: call them where that hurts nobody. They
/// see a commit from the moment its future resolves, perhaps a little before.
pub trait Store: Send + Sync + 'static {
    /// The state of every source.
    fn source_states(&self) -> Result<BTreeMap<SourceId, Arc<SourceState>>, StoreError>;
    /// The stories that every source's document listed when last read.
    fn listed(&self) -> Result<BTreeMap<SourceId, Vec<StoryId>>, StoreError>;
    /// The same of one source.
    fn listed_by(&self, source: &SourceId) -> Result<Vec<StoryId>, StoreError> {
        Ok(self.listed()?.remove(source).unwrap_or_default())
    }
    /// The stories that bear any of these keys, ordered by (first_seen, id). They are [`MOST_BEARERS`](crate::model::MOST_BEARERS)
    /// a key at most: a story that newer ones crowd out bears the key no longer. An id without its story is a retired one:
    /// known, no news, and kept no longer.
    fn lookalikes(&self, keys: &[Key]) -> Result<Lookalikes, StoreError>;
    /// Writes all of it or nothing; the future resolves when it is durable.
    /// Commits take effect in the order of the calls; a call blocks while
    /// very many others wait. After [`StoreError::Full`] a later commit may
    /// succeed; after any other error none will.
    fn commit_shared(&self, commit: Arc<Commit>) -> Committed;
    /// Like [`Store::commit_shared`], for a commit that nobody else needs.
    fn commit(&self, commit: Commit) -> Committed {
        self.commit_shared(Arc::new(commit))
    }
    /// Whether there is a story of this ID, be it retired.
    fn is_known(&self, id: StoryId) -> Result<bool, StoreError>;
    /// One story, unless it is retired.
    fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError>;
    /// Up to `limit` stories in the order of (first_seen, id), after the given
    /// place; fewer only at the end.
    fn stories(
        &self,
        after: Option<(Timestamp, StoryId)>,
        limit: usize,
    ) -> Result<Vec<Story>, StoreError>;
    /// Up to `limit` places of a topic, the greatest first, less than the given one.
    fn places(
        &self,
        topic: TopicVersion,
        older_than: Option<TopicPlace>,
        limit: usize,
    ) -> Result<Vec<TopicPlace>, StoreError>;
    /// The place of a story in a topic, if it has one there. It takes the same reads where there is no such
    /// story, so that time does not tell a stranger of it.
    fn place_of(
        &self,
        topic: TopicVersion,
        story: StoryId,
    ) -> Result<Option<TopicPlace>, StoreError>;
    /// The topics whose places are complete.
    fn filled(&self) -> Result<Vec<TopicVersion>, StoreError>;
    /// Up to `limit` retired stories by id, after the given one, with the time of their retirement.
    fn retired(
        &self,
        after: Option<StoryId>,
        limit: usize,
    ) -> Result<Vec<(StoryId, Timestamp)>, StoreError>;
    /// The records of the engine's own state, in the order of their keys.
    fn engine_records(&self) -> Result<Vec<EngineRecord>, StoreError>;
    /// Who is subscribed at our hub, in the order of their ids.
    fn subscribers(&self) -> Result<Vec<Subscriber>, StoreError>;
    /// The paths of archived documents that begin so, in order.
    fn archive(&self, under: &str) -> Result<Vec<String>, StoreError>;
    /// An archived document.
    fn archived(&self, path: &str) -> Result<Option<String>, StoreError>;
    /// How many stories there are.
    fn count(&self) -> Result<u64, StoreError>;
    /// Everything that cannot be derived, in an order in which it may be read
    /// while commits go on: whatever says that a document was read comes
    /// before the stories which that reading brought, so that at worst a
    /// document is read again. Without commits under way, equal contents give
    /// equal sequences.
    fn records(&self) -> Box<dyn Iterator<Item = Result<Record, StoreError>> + '_>;
    /// How much room its disk has; `None` where it needs none.
    fn disk_space(&self) -> Result<Option<DiskSpace>, StoreError>;
    /// Waits for what is under way and closes; a second call does nothing.
    /// Every other call after it is an error.
    fn close(&self) -> Result<(), StoreError>;
}

/// Takes one record over into a store that is being made.
pub type AddRecord<'a> = &'a mut dyn FnMut(Record) -> Result<(), StoreError>;

/// A storage backend's operations on a directory, while nobody has the store open. `cache` is how
/// many bytes of memory it may take for its own cache.
pub trait Backend: Sync {
    /// Opens the store in a directory, which is made if there is none. A directory that holds something
    /// else than a store, or less than the store it held before, is [`StoreError::Damaged`]: a store that
    /// comes up empty would publish everything as new.
    fn open(&self, path: &Path, cache: u64) -> Result<Arc<dyn Store>, StoreError>;
    /// As `open`, but a store that is not there is [`StoreError::Missing`], and none is made.
    fn open_existing(&self, path: &Path, cache: u64) -> Result<Arc<dyn Store>, StoreError>;
    /// Whether another process has the store.
    fn is_in_use(&self, path: &Path) -> bool;
    /// Reads every record and compares those that must agree. What it finds wrong, `repair` rights.
    fn check(&self, path: &Path, cache: u64) -> Result<IntegrityCheck, StoreError>;
    /// Saves what can be read into a new store, makes all that derives from it anew, and keeps
    /// the store as it was beside it, untouched. Where anything was lost, sources' validators are forgotten:
    /// every document is read again, so that what it still lists comes back. Topics are filled
    /// again in any case.
    fn repair(&self, path: &Path, cache: u64) -> Result<Repair, StoreError>;
    /// Writes the store anew, without the room that removed records left in it: less disk, less memory,
    /// and faster opening. Any damage ends it, and the store stays as it was.
    fn compact(&self, path: &Path, cache: u64) -> Result<Compaction, StoreError>;
    /// Makes a store of the records that `fill` adds, in the place of one that is there, in whatever
    /// state. Cut short at any moment, it leaves all as it was. Returns where the store that was there is kept.
    fn replace(
        &self,
        path: &Path,
        cache: u64,
        fill: &mut dyn FnMut(AddRecord<'_>) -> Result<(), StoreError>,
    ) -> Result<Option<PathBuf>, StoreError>;
}

/// The storage backend of this program.
const BACKEND: &dyn Backend = &sled::Sled;

/// See [`Backend::open`].
pub fn open(path: &Path, cache: u64) -> Result<Arc<dyn Store>, StoreError> {
    BACKEND.open(path, cache)
}

/// See [`Backend::open_existing`].
pub fn open_existing(path: &Path, cache: u64) -> Result<Arc<dyn Store>, StoreError> {
    BACKEND.open_existing(path, cache)
}

/// Whether another process has the store in a directory.
pub fn is_in_use(path: &Path) -> bool {
    BACKEND.is_in_use(path)
}

/// See [`Backend::check`].
pub fn check(path: &Path, cache: u64) -> Result<IntegrityCheck, StoreError> {
    BACKEND.check(path, cache)
}

/// See [`Backend::repair`].
pub fn repair(path: &Path, cache: u64) -> Result<Repair, StoreError> {
    BACKEND.repair(path, cache)
}

/// See [`Backend::compact`].
pub fn compact(path: &Path, cache: u64) -> Result<Compaction, StoreError> {
    BACKEND.compact(path, cache)
}

/// Why the store cannot go on. Each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
        /// The reason and the remedy.
        what: String,
    },
    /// The disk is full. Nothing was lost, and nothing but room is needed to go on (exit code 74).
    #[error(
        "the disk of the store {path} is full: {free} bytes are free, at least {needed} are needed; make room on it"
    )]
    Full {
        /// Where the store is.
        path: String,
        /// Bytes that are free.
        free: u64,
        /// Bytes that must be free.
        needed: u64,
    },
    /// The disk is failing or may not be written (exit code 74).
    #[error("the store {path} cannot be written: {what}")]
    Unwritable {
        /// Where it is.
        path: String,
        /// The reason and the remedy.
        what: String,
    },
    /// Another version wrote it, in another format (exit code 78).
    #[error(
        "the store {path} has format {found}, and this version of gazetted reads format {known} only: until 1.0 stores are not converted. Run the version that wrote it; or write a backup with that version, move the directory away, and run `gazetted restore FILE` with this one"
    )]
    OtherFormat {
        /// Where it is.
        path: String,
        /// Its format.
        found: u32,
        /// The format that this program reads.
        known: u32,
    },
    /// There is none, for a command that needs one (exit code 1).
    #[error("there is no store at {0}; is `path` under `[store]` right?")]
    Missing(String),
    /// A store in good order would be replaced by a backup (exit code 1).
    #[error(
        "the store {path} is in good order and holds {stories} stories; `gazetted restore --replace {file}` puts the backup in its place and keeps the store as it is under another name"
    )]
    InTheWay {
        /// Where it is.
        path: String,
        /// Its stories.
        stories: u64,
        /// The backup.
        file: String,
    },
    /// A backup cannot be read or written (exit code 1).
    #[error("the backup {file} cannot be used: {what}")]
    Backup {
        /// The name.
        file: String,
        /// The reason.
        what: String,
    },
    /// It was closed before (a fault of the program).
    #[error("the store {0} is closed")]
    Closed(String),
}

impl StoreError {
    /// The program's exit code where this ends it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Missing(_) | Self::Closed(_) | Self::InTheWay { .. } | Self::Backup { .. } => 1,
            Self::Damaged { .. } | Self::Full { .. } | Self::Unwritable { .. } => 74,
            Self::InUse(_) => 75,
            Self::OtherFormat { .. } => 78,
        }
    }
}
