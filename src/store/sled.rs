//! The store on disk: the storage backend sled.
//!
//! # Records
//!
//! sled's cost, in time, memory and disk space, grows with the number of keys. So a story has two:
//! its record, and its [`card`] with its identity keys and its places in topics. Cards are small and
//! adjacent: when the store opens, one scan of them builds the [`index`] in memory, which finds
//! stories by identity key and orders the places of topics. The index is not stored.
//! A topic that is dropped loses its number. A card that still names it loses that place when the card
//! is next written. The same holds for passages that are no longer evidence.
//!
//! # How sled is used, and why so
//!
//! There is one tree, and a commit is one batch, because a batch on one tree is crash-atomic. One
//! writer thread gathers the commits that wait, applies them, flushes once, and calls `fdatasync` on
//! sled's file, because sled's own flush does not survive a power cut. Only then does it answer them.
//! No value is longer than six kilobytes, because sled puts longer pages into files that it never
//! syncs. `open`, `store_dir` and `writer` handle sled's other limits.
//!
//! # When files are damaged
//!
//! `sled_log` reads sled's files without sled. Opening refuses a log with damage before commits,
//! because sled would wipe those commits. Checking reports the damage. Repairing fills a new engine
//! with the records that can be read.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use sled::IVec;

use crate::model::{
    EngineRecord, Key, Lookalikes, SourceId, SourceState, Story, StoryId, Subscriber, Timestamp,
    TopicVersion,
};

use super::{
    AddRecord, Backend, Commit, Committed, Compaction, DiskSpace, IntegrityCheck, Record, Repair,
    Store, StoreError, TopicPlace, disk_space,
};
use chunks::Fault;
use key_codec::Kind;
use open::catch_sled_panics;
use records::Header;
use store_dir::{StoreDir, unwritable};
use writer::{WriteStop, Writer};

mod apply;
mod card;
mod chunks;
mod codec;
mod index;
mod integrity_check;
mod key_codec;
mod open;
mod read;
mod rebuild;
mod records;
mod salvage;
mod sled_log;
mod staged_cards;
mod store_dir;
mod writer;

#[cfg(test)]
mod repair_tests;
#[cfg(test)]
mod tests;

/// The storage backend sled.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sled;

impl Backend for Sled {
    fn open(&self, path: &Path, cache: u64) -> Result<Arc<dyn Store>, StoreError> {
        open::open(path, cache).map(|store| Arc::new(store) as Arc<dyn Store>)
    }

    fn open_existing(&self, path: &Path, cache: u64) -> Result<Arc<dyn Store>, StoreError> {
        open::open_existing(path, cache).map(|store| Arc::new(store) as Arc<dyn Store>)
    }

    fn is_in_use(&self, path: &Path) -> bool {
        matches!(open::claim_existing(path), Err(StoreError::InUse(_)))
    }

    fn check(&self, path: &Path, cache: u64) -> Result<IntegrityCheck, StoreError> {
        integrity_check::check(path, cache)
    }

    fn repair(&self, path: &Path, cache: u64) -> Result<Repair, StoreError> {
        rebuild::repair(path, cache)
    }

    fn compact(&self, path: &Path, cache: u64) -> Result<Compaction, StoreError> {
        rebuild::compact(path, cache)
    }

    fn replace(
        &self,
        path: &Path,
        cache: u64,
        fill: &mut dyn FnMut(AddRecord<'_>) -> Result<(), StoreError>,
    ) -> Result<Option<PathBuf>, StoreError> {
        rebuild::replace(path, cache, fill)
    }
}

/// A store that is open.
#[derive(Debug)]
struct SledStore {
    store_dir: RwLock<Option<Arc<StoreDir>>>,
    path: PathBuf,
    /// `None` once it is closed.
    db: RwLock<Option<sled::Db>>,
    writer: Mutex<Option<Writer>>,
    index: index::Shared,
    write_stop: WriteStop,
}

impl SledStore {
    fn start(store_dir: Arc<StoreDir>, db: sled::Db, header: Header) -> Result<Self, StoreError> {
        let write_stop = WriteStop::default();
        let index = catch_sled_panics(store_dir.path(), || read::index(&db, &header))?.shared();
        let file = store_dir.engine().join("db");
        let file =
            File::options().write(true).open(&file).map_err(|error| unwritable(&file, &error))?;
        let writer = Writer::start(&store_dir, db.clone(), file, header, &index, &write_stop)?;
        Ok(Self {
            path: store_dir.path().to_owned(),
            store_dir: RwLock::new(Some(store_dir)),
            db: RwLock::new(Some(db)),
            writer: Mutex::new(Some(writer)),
            index,
            write_stop,
        })
    }

    fn db(&self) -> Result<sled::Db, StoreError> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        db.clone().ok_or_else(|| self.closed())
    }

    fn closed(&self) -> StoreError {
        StoreError::Closed(self.path.display().to_string())
    }

    /// Reads, and stops all writing if the read finds damage: decisions based on a damaged store
    /// would damage it further.
    fn read<T>(&self, read: impl FnOnce(&sled::Tree) -> Result<T, Fault>) -> Result<T, StoreError> {
        let db = self.db()?;
        catch_sled_panics(&self.path, || read(&db)).inspect_err(|error| self.record_damage(error))
    }

    /// Reads up to `limit` records of a kind, by key, after the given one, and picks a part of each.
    fn all<T, All: FromIterator<T>>(
        &self,
        kind: Kind,
        after: Option<IVec>,
        limit: usize,
        pick: impl Fn(Record) -> Option<T>,
    ) -> Result<All, StoreError> {
        self.read(|tree| {
            let records = read::ground(tree, kind, after);
            records.filter_map(|record| record.map(&pick).transpose()).take(limit).collect()
        })
    }

    /// Reads the record under a key, and picks a part of it.
    fn one<T>(
        &self,
        kind: Kind,
        key: &[u8],
        pick: impl Fn(Record) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        self.read(|tree| Ok(read::record(tree, kind, key)?.and_then(pick)))
    }

    fn record_damage(&self, error: &StoreError) {
        if matches!(error, StoreError::Damaged { .. }) && self.write_stop.set(error.clone()).is_ok()
        {
            tracing::error!(%error, "damage found; the store takes no more commits");
        }
    }
}

/// Takes the value of one kind of record.
macro_rules! pick {
    ($record:pat => $value:expr) => {
        |record| match record {
            $record => Some($value),
            _ => None,
        }
    };
}

impl Store for SledStore {
    fn source_states(&self) -> Result<BTreeMap<SourceId, Arc<SourceState>>, StoreError> {
        let pick = pick!(Record::SourceState { source, state } => (source, Arc::from(state)));
        self.all(Kind::SourceState, None, usize::MAX, pick)
    }

    fn listed(&self) -> Result<BTreeMap<SourceId, Vec<StoryId>>, StoreError> {
        let pick = pick!(Record::Listed { source, stories } => (source, stories));
        self.all(Kind::Listed, None, usize::MAX, pick)
    }

    fn listed_by(&self, source: &SourceId) -> Result<Vec<StoryId>, StoreError> {
        let pick = pick!(Record::Listed { stories, .. } => stories);
        let listed = self.one(Kind::Listed, &key_codec::listed(source), pick)?;
        Ok(listed.unwrap_or_default())
    }

    fn lookalikes(&self, keys: &[Key]) -> Result<Lookalikes, StoreError> {
        self.read(|tree| read::lookalikes(tree, &self.index, keys))
    }

    fn commit_shared(&self, commit: Arc<Commit>) -> Committed {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match &*writer {
            Some(writer) => writer.commit(commit),
            None => Box::pin(std::future::ready(Err(self.closed()))),
        }
    }

    fn is_known(&self, id: StoryId) -> Result<bool, StoreError> {
        self.read(|_| Ok(read::locked(&self.index).first_seen(id).is_some()))
    }

    fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        self.read(|tree| read::story(tree, id))
    }

    fn stories(
        &self,
        after: Option<(Timestamp, StoryId)>,
        limit: usize,
    ) -> Result<Vec<Story>, StoreError> {
        self.read(|tree| read::stories(tree, after, limit))
    }

    fn places(
        &self,
        topic: TopicVersion,
        older_than: Option<TopicPlace>,
        limit: usize,
    ) -> Result<Vec<TopicPlace>, StoreError> {
        self.read(|_| Ok(read::places(&self.index, topic, older_than, limit)))
    }

    fn place_of(
        &self,
        topic: TopicVersion,
        story: StoryId,
    ) -> Result<Option<TopicPlace>, StoreError> {
        self.read(|tree| read::place_of(tree, &self.index, topic, story))
    }

    fn filled(&self) -> Result<Vec<TopicVersion>, StoreError> {
        self.read(|_| {
            let index = read::locked(&self.index);
            let filled = index.topics.iter().filter(|(_, record)| record.filled);
            Ok(filled.map(|(topic, _)| topic).collect())
        })
    }

    fn retired(
        &self,
        after: Option<StoryId>,
        limit: usize,
    ) -> Result<Vec<(StoryId, Timestamp)>, StoreError> {
        let pick = pick!(Record::Retired { story, at, .. } => (story, at));
        self.all(Kind::Retired, after.map(key_codec::retired), limit, pick)
    }

    fn engine_records(&self) -> Result<Vec<EngineRecord>, StoreError> {
        self.all(Kind::Engine, None, usize::MAX, pick!(Record::Engine { record } => record))
    }

    fn subscribers(&self) -> Result<Vec<Subscriber>, StoreError> {
        let pick = pick!(Record::Subscriber { subscriber } => *subscriber);
        self.all(Kind::Subscriber, None, usize::MAX, pick)
    }

    fn archive(&self, under: &str) -> Result<Vec<String>, StoreError> {
        self.read(|tree| read::archive(tree, under))
    }

    fn archived(&self, path: &str) -> Result<Option<String>, StoreError> {
        let pick = pick!(Record::Archived { text, .. } => text);
        self.one(Kind::Archived, &key_codec::archived(path), pick)
    }

    fn count(&self) -> Result<u64, StoreError> {
        self.read(|tree| Ok(read::header(tree)?.map_or(0, |header| header.stories)))
    }

    fn records(&self) -> Box<dyn Iterator<Item = Result<Record, StoreError>> + '_> {
        let db = match self.db() {
            Ok(db) => db,
            Err(closed) => return Box::new(std::iter::once(Err(closed))),
        };
        let first_span = self.index.read().unwrap_or_else(PoisonError::into_inner).first_span();
        let mut records = Some(read::records(&db, first_span));
        Box::new(std::iter::from_fn(move || {
            let next = catch_sled_panics(&self.path, || {
                records.as_mut().and_then(Iterator::next).transpose()
            });
            // Records behind damage cannot be trusted.
            let next = next.inspect_err(|error| self.record_damage(error)).transpose();
            if !matches!(next, Some(Ok(_))) {
                records = None;
            }
            next
        }))
    }

    fn disk_space(&self) -> Result<Option<DiskSpace>, StoreError> {
        let disk = disk_space::of_disk(&self.path);
        let (free, total) = disk.map_err(|error| unwritable(&self.path, &error))?;
        Ok(Some(DiskSpace { free, total, used: disk_space::used_by(&self.path) }))
    }

    fn close(&self) -> Result<(), StoreError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            writer.close();
        }
        let db = self.db.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(db);
        // The lock is released last, so that nobody opens an engine that is still closing.
        self.store_dir.write().unwrap_or_else(PoisonError::into_inner).take();
        self.write_stop.get().map_or(Ok(()), |error| Err(error.clone()))
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // Errors were logged when they were found.
        let _ = self.close();
    }
}
