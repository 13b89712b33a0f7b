//! Ground records in; a new engine, with all that derives from them made anew, out.
//!
//! Compaction, repair and restoring are one thing: an engine is filled beside
//! the present one, made durable, and takes its place in one rename. Cut
//! short at any moment, they leave the store as it was.

use std::fs::TryLockError;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::chunks::Stage;
use super::home::{Epoch, Home, unwritable};
use super::layout::Kind;
use super::open::{self, fenced};
use super::records::{FORMAT, Header};
use super::sequences::{self, Sequences};
use super::{Commit, Record, StoreError, apply};

/// Records in one batch: nothing is durable before the end, so this bounds only memory.
const BATCH: usize = 500;

/// An engine being filled.
pub(super) struct Rebuild<'h> {
    home: &'h Home,
    db: sled::Db,
    header: Header,
    sequences: Sequences,
    waiting: Commit,
}

impl<'h> Rebuild<'h> {
    pub(super) fn start(home: &'h Home, cache: u64) -> Result<Self, StoreError> {
        let path = home.path();
        let new = home.new_engine();
        std::fs::create_dir_all(&new).map_err(|error| unwritable(path, &error))?;
        let db = open::open_engine(&new, path, cache)?;
        Ok(Self {
            home,
            db,
            header: Header::new(),
            sequences: Sequences::default(),
            waiting: Commit::default(),
        })
    }

    /// Takes one record over.
    pub(super) fn add(&mut self, record: Record) -> Result<(), StoreError> {
        self.waiting.restored.push(record);
        if self.waiting.restored.len() < BATCH {
            return Ok(());
        }
        self.write()
    }

    /// Takes over what is not a record: places of topics.
    pub(super) fn commit(&mut self, commit: Commit) -> Result<(), StoreError> {
        self.write()?;
        self.waiting = commit;
        self.write()
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let commit = std::mem::take(&mut self.waiting);
        let (free, _) = super::room::of_disk(self.home.path())
            .map_err(|error| unwritable(self.home.path(), &error))?;
        if free < super::room::TO_OPEN {
            let path = self.home.path().display().to_string();
            return Err(StoreError::Full { path, free, needed: super::room::TO_OPEN });
        }
        self.put(&commit, false)
    }

    /// Has no row wait: what is made anew is as small as it can be.
    fn settle(&mut self) -> Result<(), StoreError> {
        while !self.sequences.is_settled() {
            self.put(&Commit::default(), true)?;
        }
        Ok(())
    }

    fn put(&mut self, commit: &Commit, hurry: bool) -> Result<(), StoreError> {
        let Self { home, db, header, sequences, .. } = self;
        fenced(home.path(), || {
            let mut stage = Stage::new(db);
            apply::apply(commit, &mut stage, header)?;
            let rows = std::mem::take(&mut stage.rows);
            let settled = sequences.stage(&mut stage, rows, hurry, |_| Ok(true))?;
            db.apply_batch(stage.into_batch()?)?;
            header.journals = sequences.journals_after(&settled);
            sequences.take(settled);
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
        self.settle()?;
        let path = self.home.path();
        // One more than any epoch on disk: should the new epoch not be
        // written any more, the new engine is still not behind the old one.
        self.header.commits = commits + 1;
        let Self { home, db, header, .. } = self;
        fenced(path, || {
            let mut stage = Stage::new(&db);
            apply::put_packed(&mut stage, super::layout::header(), &header)?;
            db.apply_batch(stage.into_batch()?)?;
            db.flush()?;
            Ok(())
        })?;
        drop(db);
        open::settle(path, &home.new_engine())?;
        let epoch = Epoch { format: FORMAT, commits: header.commits };
        home.install(keep_as)
            .and_then(|()| home.write_epoch(epoch))
            .map_err(|error| unwritable(path, &error))
    }
}

/// What a compaction came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Compaction {
    /// Stories in the store.
    pub stories: u64,
    /// Bytes it took before.
    pub before: u64,
    /// Bytes it takes now.
    pub after: u64,
}

/// Writes the store anew, without the room that removed records left in it:
/// less disk, less memory, and faster opening. Needs the room for a second
/// store while it runs, and the store for itself.
///
/// # Errors
/// Any damage ends it, and the store stays as it was: compaction loses nothing.
pub fn compact(path: &Path, cache: u64) -> Result<Compaction, StoreError> {
    let home = open::claim_existing(path)?;
    let before = super::room::used_by(&home.engine());
    let (db, header) = open::open_verified(&home, cache)?;
    let mut rebuild = Rebuild::start(&home, cache)?;
    rebuild.header.first_span = header.first_span;
    let sequences = fenced(path, || Sequences::open(&db, &header.journals))?.shared();
    for record in super::read::records(&db, &sequences) {
        rebuild.add(fenced(path, || record)?)?;
    }
    copy_places(path, (&db, &sequences), &mut rebuild)?;
    let stories = rebuild.stories()?;
    if stories != header.stories {
        let what = format!("{stories} of {} stories were found; {}", header.stories, open::REMEDY);
        return Err(open::damaged(path, &what));
    }
    drop(db);
    rebuild.install(header.commits, None)?;
    Ok(Compaction { stories, before, after: super::room::used_by(&home.engine()) })
}

fn copy_places(
    path: &Path,
    (db, sequences): (&sled::Db, &sequences::Shared),
    rebuild: &mut Rebuild<'_>,
) -> Result<(), StoreError> {
    use super::{PlaceChange, read};
    for (topic, places) in fenced(path, || read::topics(db))? {
        let mut older_than = None;
        loop {
            let page = fenced(path, || read::places(db, sequences, topic, older_than, 10_000))?;
            let Some(last) = page.last() else { break };
            older_than = Some(*last);
            let enter = |place: super::Place| PlaceChange {
                topic,
                story: place.story,
                from: None,
                to: Some(place.date),
            };
            let places = page.into_iter().map(enter).collect();
            rebuild.commit(Commit { places, ..Commit::default() })?;
        }
        if places.filled {
            rebuild.commit(Commit { filled: vec![topic], ..Commit::default() })?;
        }
    }
    Ok(())
}

/// What a repair came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// Stories that were saved.
    pub stories: u64,
    /// How many there were, as far as that can still be told.
    pub expected: Option<u64>,
    /// What could not be saved.
    pub losses: Vec<String>,
    /// Where the store as it was is kept.
    pub kept: PathBuf,
}

/// Saves what can be read into a new engine, makes all derived records anew,
/// and keeps the store as it was beside it, untouched.
///
/// Where anything was lost, sources' validators are forgotten: every document
/// is read again, so that what it still lists comes back. Topics are filled
/// again in any case.
///
/// # Errors
/// sled cannot read anything at all, or there is no room for two more copies.
pub fn repair(path: &Path, cache: u64) -> Result<Repair, StoreError> {
    let home = open::claim_existing(path)?;
    let (db, scratch) = open_copy(&home, cache)?;
    let header = fenced(path, || super::read::header(&db)).ok().flatten();
    let epoch = home.epoch().ok().flatten();
    let stated = header.as_ref().map(|header| header.format);
    for format in stated.into_iter().chain(epoch.as_ref().map(|epoch| epoch.format)) {
        open::refuse_other_format(path, format)?;
    }
    let made = epoch.map_or(0, |epoch| epoch.commits);
    let found = header.as_ref().map_or(0, |header| header.commits);
    let mut rebuild = Rebuild::start(&home, cache)?;
    rebuild.header.first_span = header.as_ref().map_or(0, |header| header.first_span);
    let mut losses = Vec::new();
    if header.is_none() {
        losses.push("the header, which says how much there was".to_owned());
    } else if found < made {
        losses.push(format!("the last commits: of {made} at least, {found} are left"));
    }
    let mut memories = Vec::new();
    super::salvage::ground(&db, |record| match record {
        Ok(Record::Memory { source, memory }) => {
            memories.push((source, memory));
            Ok(())
        }
        Ok(record) => rebuild.add(record),
        Err(loss) => {
            losses.push(loss);
            Ok(())
        }
    })?;
    let stories = rebuild.stories()?;
    let expected = header.map(|header| header.stories);
    let lost = !losses.is_empty() || expected.is_none_or(|expected| stories < expected);
    for (source, mut memory) in memories {
        if lost {
            memory.validators = Default::default();
            memory.hash = None;
        }
        rebuild.add(Record::Memory { source, memory })?;
    }
    drop(db);
    std::fs::remove_dir_all(&scratch).map_err(|error| unwritable(path, &error))?;
    let kept = home.aside("damaged");
    rebuild.install(made.max(found), Some(&kept))?;
    Ok(Repair { stories, expected, losses, kept })
}

/// Opens a copy of the engine: whole, or else without what sled makes anew, its
/// settings and the snapshot of its log. Opening writes, and the original is evidence.
fn open_copy(home: &Home, cache: u64) -> Result<(sled::Db, PathBuf), StoreError> {
    const MADE_ANEW: [&[&str]; 4] = [&[], &["conf"], &["snap."], &["conf", "snap."]];
    let path = home.path();
    let scratch = home.scratch();
    let mut last = None;
    for without in MADE_ANEW {
        let copied = wait_for_sled(&home.engine())
            .and_then(|()| wait_for_sled(&scratch))
            .and_then(|()| remove_if_there(&scratch))
            .and_then(|()| copy_engine(&home.engine(), &scratch, without));
        copied.map_err(|error| unwritable(path, &error))?;
        match open::open_engine(&scratch, path, cache) {
            Ok(db) if holds_something(path, &db) => return Ok((db, scratch)),
            Ok(_) | Err(StoreError::Damaged { .. }) => {}
            Err(other) => last = Some(other),
        }
    }
    Err(last.unwrap_or_else(|| {
        let what = "nothing of it can be read; run `gazetted restore FILE` with the last backup";
        open::damaged(path, what)
    }))
}

fn remove_if_there(directory: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(directory) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Whether there is anything to be saved in an engine that opened: its header,
/// or, where that is damaged, any story. What sled makes of its log without the
/// snapshot may be nothing at all.
fn holds_something(path: &Path, db: &sled::Db) -> bool {
    let mut stories = 0;
    fenced(path, || super::read::header(db)).is_ok_and(|header| header.is_some()) || {
        super::salvage::each(db, Kind::Story, |_, _| stories += 1);
        stories > 0
    }
}

/// Waits until sled has let go of an engine that this process closed a moment
/// ago: until then a thread of it still writes, and a copy would be of two minds.
fn wait_for_sled(engine: &Path) -> std::io::Result<()> {
    const TRIES: u32 = 500;
    let file = match std::fs::File::open(engine.join("db")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            locked => return Ok(locked?),
        }
    }
    Err(std::io::Error::new(std::io::ErrorKind::WouldBlock, "its engine does not close"))
}

fn copy_engine(from: &Path, to: &Path, without: &[&str]) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let left_out = |start: &&str| name.to_string_lossy().starts_with(start);
        if entry.file_type()?.is_dir() {
            copy_engine(&entry.path(), &to.join(name), &[])?;
        } else if !without.iter().any(left_out) {
            std::fs::copy(entry.path(), to.join(name))?;
        }
    }
    Ok(())
}
