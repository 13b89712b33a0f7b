//! Opens a store in its directory, or says what is wrong and what to do.

use std::any::Any;
use std::fs::{self, File, TryLockError};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::super::files::create_directory;
use super::super::{StoreError, disk_space};
use super::chunks::{Fault, Stage};
use super::codec::Unreadable;
use super::records::{FORMAT, Header};
use super::sled_log::damage_before_commits;
use super::store_dir::{Epoch, StoreDir, strangers, sync_directory, unwritable};
use super::{SledStore, apply, index, key_codec, read};

/// The remedy for damage, at the end of every message about it.
pub(super) const REMEDY: &str = "run `gazetted check --store` to see what can be saved, or `gazetted restore FILE` with the last backup";

/// Opens the store in a directory, which is made if there is none.
pub(super) fn open(path: &Path, cache: u64) -> Result<SledStore, StoreError> {
    if path.is_dir() && !path.join("lock").exists() {
        // Not even a lock is left in a directory named by mistake.
        refuse_strangers(path)?;
    }
    let store_dir = StoreDir::claim(path)?;
    if !store_dir.engine().exists() {
        refuse_emptied(&store_dir)?;
        refuse_strangers(path)?;
        make_room(&store_dir)?;
        create(&store_dir)?;
    }
    let (db, header) = open_verified(&store_dir, cache)?;
    let Header { format, commits, .. } = header;
    store_dir.write_epoch(Epoch { format, commits }).map_err(|error| unwritable(path, &error))?;
    if let Err(error) = disk_space::lay_in_ballast(&store_dir.ballast()) {
        tracing::debug!(%error, "no ballast was laid in");
    }
    tracing::info!(path = %path.display(), stories = header.stories, "store open");
    SledStore::start(Arc::new(store_dir), db, header)
}

/// Opens a store that is there already.
pub(super) fn open_existing(path: &Path, cache: u64) -> Result<SledStore, StoreError> {
    drop(claim_existing(path)?);
    open(path, cache)
}

/// The directory of a store that is there.
pub(super) fn claim_existing(path: &Path) -> Result<StoreDir, StoreError> {
    // What stands under another name for a moment is put back by claiming.
    if !["sled", "sled.old", "epoch"].iter().any(|name| path.join(name).exists()) {
        return Err(StoreError::Missing(path.display().to_string()));
    }
    let store_dir = StoreDir::claim(path)?;
    if !store_dir.engine().exists() {
        refuse_emptied(&store_dir)?;
        return Err(StoreError::Missing(path.display().to_string()));
    }
    Ok(store_dir)
}

/// Opens the engine that is there, and makes sure that it is the store that
/// was left, in the format of this program, and not an older state of it.
pub(super) fn open_verified(
    store_dir: &StoreDir,
    cache: u64,
) -> Result<(sled::Db, Header), StoreError> {
    let path = store_dir.path();
    make_room(store_dir)?;
    let epoch = store_dir.epoch()?;
    if let Some(Epoch { format, .. }) = epoch {
        refuse_other_format(path, format)?;
    }
    refuse_torn_log(store_dir)?;
    let db = open_engine(&store_dir.engine(), path, cache)?;
    let header = catch_sled_panics(path, || read::header(&db))?;
    let header = verify(path, header, epoch)?;
    Ok((db, header))
}

/// Makes an empty engine that survives a power cut from its first second: the
/// files sled never syncs are synced, and it is opened once more, because
/// sled notices damage only to a store which has a snapshot, and writes one
/// only on opening.
fn create(store_dir: &StoreDir) -> Result<(), StoreError> {
    let path = store_dir.path();
    let new = store_dir.new_engine();
    create_directory(&new).map_err(|error| unwritable(path, &error))?;
    let db = open_engine(&new, path, CACHE_TO_CREATE)?;
    let header = new_header(path)?;
    catch_sled_panics(path, || write_header(&db, &header))?;
    drop(db);
    finish_engine(path, &new)?;
    store_dir.install(None).map_err(|error| unwritable(path, &error))?;
    let epoch = Epoch { format: FORMAT, commits: 0 };
    store_dir.write_epoch(epoch).map_err(|error| unwritable(path, &error))?;
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        sync_directory(parent).map_err(|error| unwritable(path, &error))?;
    }
    Ok(())
}

/// The header of a new store.
pub(super) fn new_header(path: &Path) -> Result<Header, StoreError> {
    let no_randomness = || io::Error::other("the system has no random numbers to give");
    Header::new().ok_or_else(|| unwritable(path, &no_randomness()))
}

/// Writes the header of an engine that was filled, as the last of its records.
pub(super) fn write_header(db: &sled::Db, header: &Header) -> Result<(), Fault> {
    let index = index::Shared::default();
    let mut stage = Stage::new(db, &index);
    apply::put_packed(&mut stage, key_codec::header(), header)?;
    db.apply_batch(stage.into_batch()?)?;
    db.flush()?;
    Ok(())
}

/// An empty engine needs none to speak of.
const CACHE_TO_CREATE: u64 = 1 << 20;

/// Makes a finished engine durable, and gives it its snapshot.
pub(super) fn finish_engine(path: &Path, engine: &Path) -> Result<(), StoreError> {
    sync_engine(engine).map_err(|error| unwritable(path, &error))?;
    drop(open_engine(engine, path, CACHE_TO_CREATE)?);
    sync_engine(engine).map_err(|error| unwritable(path, &error))
}

/// Syncs every file and directory of an engine.
fn sync_engine(engine: &Path) -> io::Result<()> {
    for entry in fs::read_dir(engine)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_engine(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_directory(engine)
}

/// Opens sled in a thread of its own: what panics there ends nothing else.
pub(super) fn open_engine(engine: &Path, path: &Path, cache: u64) -> Result<sled::Db, StoreError> {
    remove_half_written_snapshots(engine).map_err(|error| unwritable(path, &error))?;
    let config = sled::Config::new()
        .path(engine)
        .cache_capacity(cache.max(1 << 20))
        .flush_every_ms(Some(1000));
    let opening = std::thread::Builder::new()
        .name("store-open".to_owned())
        .spawn(move || open_unlocked(&config))
        .map_err(|error| unwritable(path, &error))?;
    match opening.join() {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(error)) => Err(explain(path, error.into())),
        Err(panic) => Err(panicked(path, panic.as_ref())),
    }
}

/// Our own lock is held, so whoever holds sled's is a thread of an engine
/// which this process closed a moment ago.
pub(super) fn open_unlocked(config: &sled::Config) -> sled::Result<sled::Db> {
    const TRIES: u32 = 500;
    for _ in 0..TRIES {
        match config.open() {
            Err(error) if is_lock(&error) => std::thread::sleep(Duration::from_millis(10)),
            opened => return opened,
        }
    }
    config.open()
}

/// Waits until sled has let go of an engine that this process closed a moment
/// ago: until then a thread of it still writes, and a copy would be of two minds.
pub(super) fn wait_for_sled(engine: &Path) -> io::Result<()> {
    const TRIES: u32 = 500;
    let file = match File::open(engine.join("db")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened?,
    };
    for _ in 0..TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            locked => return Ok(locked?),
        }
    }
    Err(io::Error::new(io::ErrorKind::WouldBlock, "its engine does not close"))
}

/// sled says so in words only.
fn is_lock(error: &sled::Error) -> bool {
    matches!(error, sled::Error::Io(error) if error.to_string().contains("could not acquire lock"))
}

/// sled writes a snapshot while opening; killed then, it never opens again
/// until the half-written file is gone. The log it was made from is whole.
fn remove_half_written_snapshots(engine: &Path) -> io::Result<()> {
    for entry in fs::read_dir(engine)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(".generating") {
            tracing::warn!(file = %path.display(), "removing a half-written snapshot; nothing is lost");
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// sled cannot be opened on a full disk, so the ballast goes first.
fn make_room(store_dir: &StoreDir) -> Result<(), StoreError> {
    let path = store_dir.path();
    let free = || disk_space::of_disk(path).map_err(|error| unwritable(path, &error));
    let needed = disk_space::TO_OPEN;
    if free()?.0 >= needed {
        return Ok(());
    }
    if store_dir.ballast().exists() {
        tracing::warn!(path = %path.display(), "the disk is full: dropping the ballast to be able to start");
        fs::remove_file(store_dir.ballast()).map_err(|error| unwritable(path, &error))?;
    }
    let (free, _) = free()?;
    if free >= needed {
        return Ok(());
    }
    Err(StoreError::Full { path: path.display().to_string(), free, needed })
}

/// sled would wipe what follows damage in its log, synced commits among it.
fn refuse_torn_log(store_dir: &StoreDir) -> Result<(), StoreError> {
    let (path, engine) = (store_dir.path(), store_dir.engine());
    let torn = wait_for_sled(&engine).and_then(|()| damage_before_commits(&engine));
    match torn.map_err(|error| unwritable(path, &error))? {
        Some(at) => Err(damaged(
            path,
            &format!("its log is damaged at byte {at} of `sled/db`, and commits follow; {REMEDY}"),
        )),
        None => Ok(()),
    }
}

pub(super) fn refuse_other_format(path: &Path, found: u32) -> Result<(), StoreError> {
    if found == FORMAT {
        return Ok(());
    }
    Err(StoreError::OtherFormat { path: path.display().to_string(), found, known: FORMAT })
}

/// A store that was written and is gone is not begun anew.
fn refuse_emptied(store_dir: &StoreDir) -> Result<(), StoreError> {
    let Some(Epoch { format, commits }) = store_dir.epoch()? else { return Ok(()) };
    refuse_other_format(store_dir.path(), format)?;
    Err(damaged(
        store_dir.path(),
        &format!(
            "its data are gone: there is no `sled` directory, though {commits} commits were made. Run `gazetted restore FILE` with the last backup; to begin anew all the same, and publish everything again, remove the file `epoch`"
        ),
    ))
}

/// Only an empty directory becomes a new store.
fn refuse_strangers(path: &Path) -> Result<(), StoreError> {
    let mut strangers = strangers(path).map_err(|error| unwritable(path, &error))?;
    strangers.retain(|name| name != "sled");
    if strangers.is_empty() {
        return Ok(());
    }
    let strangers = strangers.join(", ");
    Err(damaged(
        path,
        &format!(
            "it holds no store but other things ({strangers}). Name an empty or new directory as `path` under `[store]`, or run `gazetted restore FILE`"
        ),
    ))
}

/// The header must be there and must not be behind the epoch.
fn verify(path: &Path, header: Option<Header>, epoch: Option<Epoch>) -> Result<Header, StoreError> {
    let Some(header) = header else {
        return Err(damaged(path, &format!("it opened empty; {REMEDY}")));
    };
    refuse_other_format(path, header.format)?;
    match epoch {
        Some(epoch) if header.commits < epoch.commits => Err(damaged(
            path,
            &format!(
                "it is an older state of itself: {} commits are in it, {} were made; {REMEDY}",
                header.commits, epoch.commits
            ),
        )),
        None if header.commits > 0 => {
            tracing::warn!(path = %path.display(), "the store had no file `epoch`; writing it again");
            Ok(header)
        }
        _ => Ok(header),
    }
}

pub(super) fn damaged(path: &Path, what: &str) -> StoreError {
    StoreError::Damaged { path: path.display().to_string(), what: what.to_owned() }
}

/// Runs a function that uses sled, and turns its errors and panics into the store's error. sled
/// panics on some kinds of damage.
pub(super) fn catch_sled_panics<T>(
    path: &Path,
    run: impl FnOnce() -> Result<T, Fault>,
) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(done) => done.map_err(|fault| explain(path, fault)),
        Err(panic) => Err(panicked(path, panic.as_ref())),
    }
}

fn panicked(path: &Path, panic: &(dyn Any + Send)) -> StoreError {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given");
    damaged(path, &format!("its engine gave up ({said}); {REMEDY}"))
}

/// The error in the operator's terms.
pub(super) fn explain(path: &Path, fault: Fault) -> StoreError {
    match fault {
        Fault::Engine(error) if is_lock(&error) => StoreError::InUse(path.display().to_string()),
        Fault::Engine(sled::Error::Io(error)) => match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Unwritable {
                path: path.display().to_string(),
                what: "its disk became full in the middle of writing; make room on it and start again: nothing that was committed is lost".to_owned(),
            },
            io::ErrorKind::UnexpectedEof => {
                damaged(path, &format!("a file of it is cut short ({error}); {REMEDY}"))
            }
            _ => unwritable(path, &error),
        },
        Fault::Engine(error) => damaged(path, &format!("{error}; {REMEDY}")),
        // What was written is never so long.
        Fault::Record { key, why: why @ Unreadable::TooLong(_) } => StoreError::Unwritable {
            path: path.display().to_string(),
            what: format!(
                "the record {key} cannot be written: {why}. Everything before it is stored; please report it"
            ),
        },
        fault @ Fault::Record { .. } => damaged(path, &format!("{fault}; {REMEDY}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_too_long_is_no_damage() {
        let fault = |why| explain(Path::new("store"), Fault::record(b"m:office", why));
        let long = fault(Unreadable::TooLong(1 << 30)).to_string();
        assert!(long.contains("m:office") && !long.contains("damaged"), "{long}");
        assert!(matches!(fault(Unreadable::Checksum), StoreError::Damaged { .. }));
    }
}
