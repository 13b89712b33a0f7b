//! A new store of the records of another: compaction, repair and restoring.
//!
//! A new engine is filled beside the present one, made durable, and takes its place in one rename.
//! Cut short at any moment, all three leave the store as it was.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::model::{Timestamp, TopicVersion};

use super::super::files::create_directory;
use super::super::{
    AddRecord, Commit, Compaction, PlaceChange, Record, Repair, StoreError, disk_space,
};
use super::chunks::Stage;
use super::index::{self, Index};
use super::key_codec::Kind;
use super::open::{self, catch_sled_panics};
use super::records::{FORMAT, Header};
use super::sled_log::Log;
use super::store_dir::{Epoch, StoreDir, sync_directory, unwritable};
use super::{apply, read, salvage};

/// Records in one batch: nothing is durable before the end, so this bounds only memory.
const BATCH: usize = 500;

/// An engine being filled.
pub(super) struct Rebuild<'h> {
    store_dir: &'h StoreDir,
    db: sled::Db,
    header: Header,
    /// By which the rules about keys are kept in the new store, too.
    index: index::Shared,
    waiting: Commit,
}

impl<'h> Rebuild<'h> {
    /// `header` says what is not a record: the secret of the index, and the first span of time.
    pub(super) fn start(
        store_dir: &'h StoreDir,
        header: Header,
        cache: u64,
    ) -> Result<Self, StoreError> {
        let path = store_dir.path();
        let new = store_dir.new_engine();
        create_directory(&new).map_err(|error| unwritable(path, &error))?;
        let db = open::open_engine(&new, path, cache)?;
        let index = Index::new(header.secret, header.first_span).shared();
        let header = Header { commits: 0, stories: 0, retired: 0, next_topic: 0, ..header };
        Ok(Self { store_dir, db, header, index, waiting: Commit::default() })
    }

    /// Takes one record over.
    pub(super) fn add(&mut self, record: Record) -> Result<(), StoreError> {
        self.waiting.restored.push(record);
        if self.waiting.restored.len() < BATCH {
            return Ok(());
        }
        self.write()
    }

    /// Takes over what derives from records: places of the stories that were added last, and the
    /// topics that are complete.
    fn derive(&mut self, places: Vec<PlaceChange>, filled: Vec<TopicVersion>) {
        self.waiting.places.extend(places);
        self.waiting.filled.extend(filled);
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let commit = std::mem::take(&mut self.waiting);
        let (free, _) = disk_space::of_disk(self.store_dir.path())
            .map_err(|error| unwritable(self.store_dir.path(), &error))?;
        if free < disk_space::TO_OPEN {
            let path = self.store_dir.path().display().to_string();
            return Err(StoreError::Full { path, free, needed: disk_space::TO_OPEN });
        }
        let Self { store_dir, db, header, index, .. } = self;
        catch_sled_panics(store_dir.path(), || {
            let mut stage = Stage::new(db, index);
            apply::apply(&commit, &mut stage, header)?;
            db.apply_batch(stage.into_batch()?)?;
            Ok(())
        })
    }

    /// How many stories it holds when all is written.
    pub(super) fn stories(&mut self) -> Result<u64, StoreError> {
        self.write()?;
        Ok(self.header.stories)
    }

    /// Puts it in the place of the present engine. `commits` is how many the
    /// store has had in all; the present engine is kept under the other name, or not.
    pub(super) fn install(
        mut self,
        commits: u64,
        keep_as: Option<&Path>,
    ) -> Result<(), StoreError> {
        self.write()?;
        let path = self.store_dir.path();
        // One more than any epoch on disk: should the new epoch not be
        // written any more, the new engine is still not behind the old one.
        self.header.commits = commits + 1;
        let Self { store_dir, db, header, .. } = self;
        catch_sled_panics(path, || open::write_header(&db, &header))?;
        drop(db);
        open::finish_engine(path, &store_dir.new_engine())?;
        let epoch = Epoch { format: FORMAT, commits: header.commits };
        store_dir
            .install(keep_as)
            .and_then(|()| store_dir.write_epoch(epoch))
            .map_err(|error| unwritable(path, &error))
    }
}

/// Writes the store anew. Any damage ends it, and the store stays as it was: compaction loses nothing.
pub(super) fn compact(path: &Path, cache: u64) -> Result<Compaction, StoreError> {
    let store_dir = open::claim_existing(path)?;
    let before = disk_space::used_by(&store_dir.engine());
    let (db, header) = open::open_verified(&store_dir, cache)?;
    let topics = catch_sled_panics(path, || read::topics(&db))?;
    let names: HashMap<u32, TopicVersion> =
        topics.iter().map(|(topic, record)| (record.number, *topic)).collect();
    let mut rebuild = Rebuild::start(&store_dir, header.clone(), cache)?;
    let others = read::other_records(&db).chain(read::ground(&db, Kind::Retired, None));
    for record in others {
        rebuild.add(catch_sled_panics(path, || record)?)?;
    }
    for card in read::cards(&db, None) {
        let (story, _, card) = catch_sled_panics(path, || card)?;
        let enter = |(number, date): &(u32, Timestamp)| {
            let topic = *names.get(number)?;
            Some(PlaceChange { topic, story, from: None, to: Some(*date) })
        };
        let places = card.places.iter().filter_map(enter).collect();
        let record =
            catch_sled_panics(path, || read::with_keys(&db, story, card, header.first_span))?;
        if let Some(record) = record {
            rebuild.derive(places, Vec::new());
            rebuild.add(record)?;
        }
    }
    let filled = topics.iter().filter(|(_, topic)| topic.filled).map(|(topic, _)| *topic);
    rebuild.derive(Vec::new(), filled.collect());
    let stories = rebuild.stories()?;
    if stories != header.stories {
        let what = format!("{stories} of {} stories were found; {}", header.stories, open::REMEDY);
        return Err(open::damaged(path, &what));
    }
    drop(db);
    rebuild.install(header.commits, None)?;
    Ok(Compaction { stories, before, after: disk_space::used_by(&store_dir.engine()) })
}

/// Makes a store of the records that `fill` adds, in the place of the one that is there, if any,
/// which is kept beside it. Returns where.
pub(super) fn replace(
    path: &Path,
    cache: u64,
    fill: &mut dyn FnMut(AddRecord<'_>) -> Result<(), StoreError>,
) -> Result<Option<PathBuf>, StoreError> {
    let store_dir = StoreDir::claim(path)?;
    let commits = store_dir.epoch().ok().flatten().map_or(0, |epoch| epoch.commits);
    let mut rebuild = Rebuild::start(&store_dir, open::new_header(path)?, cache)?;
    fill(&mut |record| rebuild.add(record))?;
    let kept = store_dir.aside("replaced");
    rebuild.install(commits, Some(&kept))?;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        sync_directory(parent).map_err(|error| unwritable(path, &error))?;
    }
    Ok(kept.exists().then_some(kept))
}

/// Saves what is left into a new engine, makes all derived records anew, and
/// keeps the store as it was beside it, untouched. sled does not open what is damaged.
///
/// Where anything was lost, sources' validators are forgotten: every document
/// is read again, so that what it still lists comes back. Topics are filled
/// again in any case. A store of a node of a cluster is not part of the stream afterwards.
///
/// # Errors
/// Nothing at all is left, or there is no room for two more copies.
pub(super) fn repair(path: &Path, cache: u64) -> Result<Repair, StoreError> {
    let store_dir = open::claim_existing(path)?;
    let log = read_log(&store_dir)?;
    let scratch = store_dir.scratch();
    create_directory(&scratch).map_err(|error| unwritable(path, &error))?;
    let db = open::open_engine(&scratch, path, cache)?;
    let stale = catch_sled_panics(path, || Ok(salvage::refill(&log, &db)?))?;
    let mut losses = log.damage().losses.clone();
    let header = catch_sled_panics(path, || read::header(&db)).ok().flatten();
    let epoch = store_dir.epoch().ok().flatten();
    let stated = header.as_ref().map(|header| header.format);
    for format in stated.into_iter().chain(epoch.as_ref().map(|epoch| epoch.format)) {
        open::refuse_other_format(path, format)?;
    }
    let made = epoch.map_or(0, |epoch| epoch.commits);
    let found = header.as_ref().map_or(0, |header| header.commits);
    let begun = match &header {
        Some(header) => header.clone(),
        None => open::new_header(path)?,
    };
    let first_span = begun.first_span;
    let mut rebuild = Rebuild::start(&store_dir, begun, cache)?;
    if header.is_none() {
        losses.push("the header, which says how much there was".to_owned());
    } else if found < made {
        losses.push(format!("the last commits: of {made} at least, {found} are left"));
    }
    let mut source_states = Vec::new();
    salvage::records(&db, &stale, first_span, |record| match record {
        Ok(Record::SourceState { source, state }) => {
            source_states.push((source, state));
            Ok(())
        }
        // Its state is not that of the other nodes any more.
        Ok(Record::Engine { record }) if record.is_of_stream() => Ok(()),
        Ok(record) => rebuild.add(record),
        Err(loss) => {
            losses.push(loss);
            Ok(())
        }
    })?;
    let stories = rebuild.stories()?;
    if stories == 0 && !losses.is_empty() && header.as_ref().is_none_or(|header| header.stories > 0)
    {
        let what = "nothing of it can be read; run `gazetted restore FILE` with the last backup";
        return Err(open::damaged(path, what));
    }
    let expected = header.map(|header| header.stories);
    let lost = !losses.is_empty() || expected.is_none_or(|expected| stories < expected);
    for (source, mut state) in source_states {
        if lost {
            state.validators = Default::default();
            state.hash = None;
        }
        rebuild.add(Record::SourceState { source, state })?;
    }
    drop(db);
    std::fs::remove_dir_all(&scratch).map_err(|error| unwritable(path, &error))?;
    let kept = store_dir.aside("damaged");
    rebuild.install(made.max(found), Some(&kept))?;
    Ok(Repair { stories, expected, restored: log.damage().restored, losses, kept })
}

/// Reads the files of an engine that nobody has open.
pub(super) fn read_log(store_dir: &StoreDir) -> Result<Log, StoreError> {
    let engine = store_dir.engine();
    open::wait_for_sled(&engine).and_then(|()| Log::read(&engine)).map_err(|error| {
        match error.kind() {
            std::io::ErrorKind::NotFound => {
                let what =
                    "its file `sled/db` is gone; run `gazetted restore FILE` with the last backup";
                open::damaged(store_dir.path(), what)
            }
            _ => unwritable(store_dir.path(), &error),
        }
    })
}
