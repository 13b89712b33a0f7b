//! The directory of a store: its lock, its epoch, and the tidying of what was cut short.
//!
//! ```text
//! lock      held while a process has the store
//! epoch     what the store must at least hold, so that an emptied or rolled-back one is noticed
//! ballast   room held back for starting on a full disk
//! in-work   sources that are being read, for the next start if this process dies of one
//! sled/     the engine's own files
//! sled.new  an engine being made, or being thrown away: worthless
//! sled.old  the engine while another takes its place
//! sled.try  what was read from the files of a damaged engine: worthless
//! sled.*-N  engines that were put aside, for people to look at and remove
//! ```

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::StoreError;
use super::super::files::{
    PRIVATE, create, create_directory, make_private, restrict, restrict_umask,
};

pub(super) use super::super::files::sync_directory;

/// The store's directory, locked.
#[derive(Debug)]
pub(super) struct StoreDir {
    path: PathBuf,
    /// The lock ends when the file is closed, however the process ends.
    _lock: File,
}

/// How often the lock is tried for, and how far apart.
const TRIES: u32 = 25;
const BETWEEN: Duration = Duration::from_millis(20);

/// Locks the directory against other processes. A lock outlives its holder for
/// a moment where the process starts another at that time: until the child
/// becomes its own program it has the file open too. So one refusal is none yet.
fn lock_patiently(lock: &File, path: &Path) -> Result<(), StoreError> {
    for turn in 0..TRIES {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if turn + 1 < TRIES => std::thread::sleep(BETWEEN),
            Err(TryLockError::WouldBlock) => break,
            Err(TryLockError::Error(error)) => return Err(unwritable(path, &error)),
        }
    }
    Err(StoreError::InUse(path.display().to_string()))
}

/// A lower bound of the store's contents, to notice a store that was rolled back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch {
    pub(super) format: u32,
    pub(super) commits: u64,
}

impl StoreDir {
    /// Locks the directory, which is made if need be, and tidies what an
    /// earlier process left half done.
    pub(super) fn claim(path: &Path) -> Result<Self, StoreError> {
        restrict_umask();
        create_directory(path).map_err(|error| unwritable(path, &error))?;
        let lock = open_lock(&path.join("lock")).map_err(|error| unwritable(path, &error))?;
        lock_patiently(&lock, path)?;
        let store_dir = Self { path: path.to_owned(), _lock: lock };
        store_dir.close_to_others();
        store_dir.tidy().map_err(|error| unwritable(path, &error))?;
        Ok(store_dir)
    }

    /// The directory.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn engine(&self) -> PathBuf {
        self.path.join("sled")
    }

    pub(super) fn new_engine(&self) -> PathBuf {
        self.path.join("sled.new")
    }

    /// Where what is left of a damaged engine is put.
    pub(super) fn scratch(&self) -> PathBuf {
        self.path.join("sled.try")
    }

    fn old_engine(&self) -> PathBuf {
        self.path.join("sled.old")
    }

    pub(super) fn ballast(&self) -> PathBuf {
        self.path.join("ballast")
    }

    /// Takes the permissions of others away from a store that an earlier version left open.
    /// What is in the directory and not the store's stays as it is.
    fn close_to_others(&self) {
        match self.restrict() {
            Ok(0) => {}
            Ok(files) => tracing::warn!(
                event = "store_made_private",
                path = %self.path.display(),
                files,
                "others could read the store; only its owner can now"
            ),
            Err(error) => tracing::warn!(
                event = "store_readable",
                path = %self.path.display(),
                "others may read the store, and this user cannot change that ({error}); run `chmod -R go-rwx {}` as its owner",
                self.path.display()
            ),
        }
    }

    /// How many files and directories of the store were open to others, and are not any more.
    fn restrict(&self) -> io::Result<usize> {
        let mut changed = 0;
        let is_store = self.engine().exists() || self.path.join("epoch").exists();
        if is_store || strangers(&self.path)?.is_empty() {
            let mode = PermissionsExt::mode(&fs::metadata(&self.path)?.permissions());
            changed += usize::from(restrict(&self.path, mode)?);
        }
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if is_ours(&entry.file_name().to_string_lossy()) {
                changed += make_private(&entry.path())?;
            }
        }
        Ok(changed)
    }

    /// Finishes or undoes a replacement that was cut short.
    fn tidy(&self) -> io::Result<()> {
        let [engine, old, new] = [self.engine(), self.old_engine(), self.new_engine()];
        if !engine.exists() && old.exists() {
            tracing::warn!(path = %old.display(), "taking back the engine whose replacement was cut short");
            fs::rename(&old, &engine)?;
        }
        if old.exists() {
            let aside = self.aside("replaced");
            tracing::warn!(path = %aside.display(), "putting aside an engine that was replaced");
            fs::rename(&old, aside)?;
        }
        for worthless in [new, self.scratch()] {
            if worthless.exists() {
                tracing::info!(path = %worthless.display(), "removing what an interrupted command left");
                fs::remove_dir_all(worthless)?;
            }
        }
        sync_directory(&self.path)
    }

    /// Puts the finished new engine in the place of the present one, if there
    /// is one; that is kept under another name, or thrown away.
    pub(super) fn install(&self, keep_as: Option<&Path>) -> io::Result<()> {
        let [engine, old, new] = [self.engine(), self.old_engine(), self.new_engine()];
        let had_one = engine.exists();
        if had_one {
            fs::rename(&engine, &old)?;
        }
        fs::rename(&new, &engine)?;
        sync_directory(&self.path)?;
        if had_one {
            fs::rename(&old, keep_as.unwrap_or(&new))?;
            sync_directory(&self.path)?;
        }
        if had_one && keep_as.is_none() {
            fs::remove_dir_all(&new)?;
        }
        Ok(())
    }

    /// The first free name for an engine that is put aside.
    pub(super) fn aside(&self, why: &str) -> PathBuf {
        let name = |number| self.path.join(format!("sled.{why}-{number}"));
        let number = (1u32..).find(|number| !name(*number).exists());
        name(number.unwrap_or(u32::MAX))
    }

    /// The least that the store must hold; `None` if it was never written.
    pub(super) fn epoch(&self) -> Result<Option<Epoch>, StoreError> {
        let text = match fs::read_to_string(self.path.join("epoch")) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unwritable(&self.path, &error)),
        };
        let number = |name: &str| -> Option<u64> {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().parse().ok()
        };
        let epoch = || {
            let format = u32::try_from(number("format ")?).ok()?;
            Some(Epoch { format, commits: number("commits ")? })
        };
        epoch().map(Some).ok_or_else(|| StoreError::Damaged {
            path: self.path.display().to_string(),
            what:
                "its file `epoch` is not one; run `gazetted check --store --repair`, which writes it again"
                    .to_owned(),
        })
    }

    /// Writes the epoch so that any death leaves the old one or the new one.
    pub(super) fn write_epoch(&self, epoch: Epoch) -> io::Result<()> {
        let Epoch { format, commits } = epoch;
        let new = self.path.join("epoch.new");
        let mut file = create(&new, PRIVATE)?;
        write!(
            file,
            "gazetted store: what it must at least hold\nformat {format}\ncommits {commits}\n"
        )?;
        file.sync_all()?;
        fs::rename(new, self.path.join("epoch"))?;
        sync_directory(&self.path)
    }
}

/// Names in a directory that do not belong to a store: it may be the wrong directory.
pub(super) fn strangers(path: &Path) -> io::Result<Vec<String>> {
    let mut strangers = Vec::new();
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let ours = is_ours(&name) && name != "sled";
        if !ours && !name.starts_with('.') && name != "lost+found" {
            strangers.push(name);
        }
    }
    strangers.sort();
    Ok(strangers)
}

/// Whether a store makes files or directories of this name.
fn is_ours(name: &str) -> bool {
    ["lock", "epoch", "epoch.new", "ballast", super::super::crash_mark_file::NAME, "sled"]
        .contains(&name)
        || name.starts_with("sled.")
}

/// Opens the file that is locked. It is never written, and a link in its place is not followed.
fn open_lock(lock: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true).mode(PRIVATE);
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()).open(lock)
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unwritable { path: path.display().to_string(), what: error.to_string() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn engine(path: &Path, contents: &str) {
        fs::create_dir(path).unwrap();
        fs::write(path.join("db"), contents).unwrap();
    }

    #[test]
    fn a_replacement_cut_short_anywhere_leaves_one_whole_engine() {
        for (present, kept) in [
            (&["sled"][..], "sled"),
            (&["sled", "sled.new"], "sled"),
            (&["sled.old", "sled.new"], "sled.old"),
            (&["sled.old", "sled"], "sled"),
        ] {
            let dir = tempfile::tempdir().unwrap();
            for name in present {
                engine(&dir.path().join(name), name);
            }
            let store_dir = StoreDir::claim(dir.path()).unwrap();
            assert_eq!(
                fs::read_to_string(store_dir.engine().join("db")).unwrap(),
                kept,
                "{present:?}"
            );
            assert!(
                !store_dir.old_engine().exists() && !store_dir.new_engine().exists(),
                "{present:?}"
            );
        }
    }

    #[test]
    fn a_directory_is_claimed_by_one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = StoreDir::claim(dir.path()).unwrap();
        assert!(matches!(StoreDir::claim(dir.path()), Err(StoreError::InUse(_))));
        drop(first);
        assert!(StoreDir::claim(dir.path()).is_ok());
    }

    #[test]
    fn an_epoch_reads_as_it_was_written_and_nonsense_is_damage() {
        let dir = tempfile::tempdir().unwrap();
        let store_dir = StoreDir::claim(dir.path()).unwrap();
        assert_eq!(store_dir.epoch(), Ok(None));
        let epoch = Epoch { format: 1, commits: 41 };
        store_dir.write_epoch(epoch).unwrap();
        assert_eq!(store_dir.epoch(), Ok(Some(epoch)));
        fs::write(dir.path().join("epoch"), "commits many").unwrap();
        assert!(matches!(store_dir.epoch(), Err(StoreError::Damaged { .. })));
    }
}
