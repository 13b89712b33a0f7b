//! Commits in, reads out, on sled.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::model::{
    EngineRecord, Fingerprint, Key, Lookalikes, Memory, SourceId, Story, StoryId, Subscriber,
    Timestamp,
};

use super::chunks::Fault;
use super::home::{Home, unwritable};
use super::open::fenced;
use super::records::Header;
use super::sequences::{self, Sequences};
use super::writer::{Broken, Writer};
use super::{Commit, Committed, Place, Record, Room, Store, StoreError, index, read, room};

/// The store on disk. [`open`](super::open()) makes one.
#[derive(Debug)]
pub struct SledStore {
    home: RwLock<Option<Arc<Home>>>,
    path: PathBuf,
    /// `None` once it is closed.
    db: RwLock<Option<sled::Db>>,
    writer: Mutex<Option<Writer>>,
    index: index::Shared,
    sequences: sequences::Shared,
    broken: Broken,
}

impl SledStore {
    pub(super) fn start(home: Arc<Home>, db: sled::Db, header: Header) -> Result<Self, StoreError> {
        let broken = Broken::default();
        let index = fenced(home.path(), || read::index(&db, header.first_span))?;
        let index = index::Shared::new(index.into());
        let sequences = fenced(home.path(), || Sequences::open(&db, &header.journals))?.shared();
        let file = home.engine().join("db");
        let file =
            File::options().write(true).open(&file).map_err(|error| unwritable(&file, &error))?;
        let writer = Writer::start(&home, db.clone(), file, header, (&index, &sequences), &broken)?;
        Ok(Self {
            path: home.path().to_owned(),
            home: RwLock::new(Some(home)),
            db: RwLock::new(Some(db)),
            writer: Mutex::new(Some(writer)),
            index,
            sequences,
            broken,
        })
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn db(&self) -> Result<sled::Db, StoreError> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        db.clone().ok_or_else(|| self.closed())
    }

    fn closed(&self) -> StoreError {
        StoreError::Closed(self.path.display().to_string())
    }

    /// A read. One that meets damage ends the writing too: what is decided on
    /// the ground of a damaged store would damage it further.
    fn read<T>(&self, read: impl FnOnce(&sled::Tree) -> Result<T, Fault>) -> Result<T, StoreError> {
        let db = self.db()?;
        fenced(&self.path, || read(&db)).inspect_err(|error| self.note(error))
    }

    fn note(&self, error: &StoreError) {
        if matches!(error, StoreError::Damaged { .. }) && self.broken.set(error.clone()).is_ok() {
            tracing::error!(%error, "damage found; the store takes no more commits");
        }
    }
}

impl Store for SledStore {
    fn memories(&self) -> Result<BTreeMap<SourceId, Box<Memory>>, StoreError> {
        self.read(read::memories)
    }

    fn listed(&self) -> Result<BTreeMap<SourceId, Vec<StoryId>>, StoreError> {
        self.read(read::listed)
    }

    fn listed_by(&self, source: &SourceId) -> Result<Vec<StoryId>, StoreError> {
        self.read(|tree| read::listed_by(tree, source))
    }

    fn lookalikes(&self, keys: &[Key]) -> Result<Lookalikes, StoreError> {
        self.read(|tree| read::lookalikes(tree, &self.index, keys))
    }

    fn commit(&self, commit: Commit) -> Committed {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match &*writer {
            Some(writer) => writer.commit(commit),
            None => Box::pin(std::future::ready(Err(self.closed()))),
        }
    }

    fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        self.read(|tree| read::story(tree, id))
    }

    fn stories(
        &self,
        after: Option<(Timestamp, StoryId)>,
        limit: usize,
    ) -> Result<Vec<Story>, StoreError> {
        self.read(|tree| read::stories(tree, &self.sequences, after, limit))
    }

    fn places(
        &self,
        topic: Fingerprint,
        older_than: Option<Place>,
        limit: usize,
    ) -> Result<Vec<Place>, StoreError> {
        self.read(|tree| read::places(tree, &self.sequences, topic, older_than, limit))
    }

    fn filled(&self) -> Result<Vec<Fingerprint>, StoreError> {
        self.read(read::filled)
    }

    fn retired(
        &self,
        after: Option<StoryId>,
        limit: usize,
    ) -> Result<Vec<(StoryId, Timestamp)>, StoreError> {
        self.read(|tree| read::retired(tree, after, limit))
    }

    fn engine_records(&self) -> Result<Vec<EngineRecord>, StoreError> {
        self.read(read::engine_records)
    }

    fn subscribers(&self) -> Result<Vec<Subscriber>, StoreError> {
        self.read(read::subscribers)
    }

    fn archive(&self, under: &str) -> Result<Vec<String>, StoreError> {
        self.read(|tree| read::archive(tree, under))
    }

    fn archived(&self, path: &str) -> Result<Option<String>, StoreError> {
        self.read(|tree| read::archived(tree, path))
    }

    fn count(&self) -> Result<u64, StoreError> {
        self.read(|tree| Ok(read::header(tree)?.map_or(0, |header| header.stories)))
    }

    fn records(&self) -> Box<dyn Iterator<Item = Result<Record, StoreError>> + '_> {
        let db = match self.db() {
            Ok(db) => db,
            Err(closed) => return Box::new(std::iter::once(Err(closed))),
        };
        let mut records = Some(read::records(&db, &self.sequences));
        Box::new(std::iter::from_fn(move || {
            let next = fenced(&self.path, || records.as_mut().and_then(Iterator::next).transpose());
            // Whatever comes after damage is not to be trusted.
            let next = next.inspect_err(|error| self.note(error)).transpose();
            if !matches!(next, Some(Ok(_))) {
                records = None;
            }
            next
        }))
    }

    fn room(&self) -> Result<Option<Room>, StoreError> {
        let disk = room::of_disk(&self.path);
        let (free, total) = disk.map_err(|error| unwritable(&self.path, &error))?;
        Ok(Some(Room { free, total, used: room::used_by(&self.path) }))
    }

    fn close(&self) -> Result<(), StoreError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            writer.close();
        }
        let db = self.db.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(db);
        // The lock goes last: nobody may find the engine half closed.
        self.home.write().unwrap_or_else(PoisonError::into_inner).take();
        self.broken.get().map_or(Ok(()), |error| Err(error.clone()))
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        // Whatever is wrong was logged when it was found.
        let _ = self.close();
    }
}
