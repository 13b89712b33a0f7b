//! The directory of automatic backups beside a store: which it holds, when the next is due, which go.
//!
//! A backup is named by its time and a running number. The number alone
//! decides which one is newer, so that a clock that was wrong removes no good backup.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::model::Timestamp;

use super::backup::{Contents, backup_while, verify_backup};
use super::disk_space::{self, DiskSpace};
use super::files::{PRIVATE, create, create_directory, make_private, sync_directory, with_suffix};
use super::{Store, StoreError};

/// How many automatic backups are kept.
const KEPT: usize = 3;

/// Records that are written between two looks at the free space.
const LOOK_EVERY: u32 = 256;

/// The suffix of their names.
const ENDING: &str = ".backup";

/// The name of a backup that is sent elsewhere, or restored.
const IN_TRANSIT: &str = "in-transit";

/// The automatic backups of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backups {
    directory: PathBuf,
}

/// One automatic backup. It was verified before it got its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBackup {
    /// The file.
    pub file: PathBuf,
    /// When it was made, by the clock of that time.
    pub made: Timestamp,
    /// Bytes of the file.
    pub bytes: u64,
    number: u64,
}

/// The result of an automatic backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupOutcome {
    /// It is written and verified.
    Written(StoredBackup, Contents),
    /// The disk has less room than twice the last one took, or would have less than must stay free.
    TooLittleRoom {
        /// Bytes free.
        free: u64,
        /// Bytes that must be.
        needed: u64,
    },
}

impl Backups {
    /// Those of the store in a directory.
    pub fn beside(store: &Path) -> Self {
        Self { directory: with_suffix(store, "-backups") }
    }

    /// Where they are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// All that are there, the oldest first.
    pub fn list(&self) -> Vec<StoredBackup> {
        let entries = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let mut backups: Vec<_> = entries.filter_map(|entry| stored(&entry)).collect();
        backups.sort_by_key(|backup| backup.number);
        backups
    }

    /// The newest.
    pub fn newest(&self) -> Option<StoredBackup> {
        self.list().pop()
    }

    /// The newest that is still whole, read to its end.
    pub fn newest_verified(&self) -> Option<StoredBackup> {
        self.list().into_iter().rev().find(|backup| verify_backup(&backup.file).is_ok())
    }

    /// Removes what a backup that was cut short left. Returns how many files that were.
    ///
    /// # Errors
    /// They cannot be removed.
    pub fn tidy(&self) -> io::Result<usize> {
        if !self.directory.exists() {
            return Ok(0);
        }
        make_private(&self.directory)?;
        let mut removed = 0;
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let whole = name.to_str().and_then(|name| name.strip_suffix(".partial"));
            let is_partial = whole.is_some_and(|name| parse(name).is_some() || name == IN_TRANSIT);
            if is_partial || name == IN_TRANSIT {
                fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Writes another backup, verifies it, and only then removes what is superfluous. `min_free`
    /// bytes of the disk stay free, as for the store itself. Ends early, with an error, once `go_on` says no.
    ///
    /// # Errors
    /// The store cannot be read, or the file not be written. All others stay as they are.
    pub fn write(
        &self,
        store: &dyn Store,
        now: Timestamp,
        min_free: Option<u64>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<BackupOutcome, StoreError> {
        let number = self.newest().map_or(1, |newest| newest.number + 1);
        let file = self.directory.join(name(now, number));
        let contents = match self.write_file(store, &file, min_free, go_on)? {
            Ok(contents) => contents,
            Err(NoRoom { free, needed }) => {
                return Ok(BackupOutcome::TooLittleRoom { free, needed });
            }
        };
        for superfluous in superfluous(&self.list()) {
            fs::remove_file(&superfluous.file).map_err(|error| self.failed(&error))?;
        }
        sync_directory(&self.directory).map_err(|error| self.failed(&error))?;
        Ok(BackupOutcome::Written(
            StoredBackup { file, made: now, bytes: contents.bytes, number },
            contents,
        ))
    }

    /// A place for a backup that is here only while it is sent elsewhere, or restored.
    ///
    /// # Errors
    /// The directory cannot be created.
    pub fn in_transit(&self) -> Result<BackupInTransit, StoreError> {
        create_directory(&self.directory).map_err(|error| self.failed(&error))?;
        Ok(BackupInTransit { file: self.directory.join(IN_TRANSIT), backups: self.clone() })
    }

    /// Writes and verifies a backup, if the disk has room for it beside what has to stay free.
    fn write_file(
        &self,
        store: &dyn Store,
        file: &Path,
        min_free: Option<u64>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Result<Contents, NoRoom>, StoreError> {
        create_directory(&self.directory).map_err(|error| self.failed(&error))?;
        let disk = disk_space::of_disk(&self.directory);
        let (free, total) = disk.map_err(|error| self.failed(&error))?;
        let last = self.newest().map_or(0, |newest| newest.bytes);
        // As much more as polling needs to go on again, should it stop.
        let kept_free = DiskSpace { free, total, used: 0 }.needed(min_free);
        let kept_free = kept_free.saturating_add(kept_free / 2);
        let needed = last.saturating_mul(2).max(last.saturating_add(kept_free));
        if free < needed {
            return Ok(Err(NoRoom { free, needed }));
        }
        let (low, looked) = (Cell::new(None), Cell::new(0_u32));
        let has_room = || {
            looked.set(looked.get().wrapping_add(1));
            if looked.get() % LOOK_EVERY != 1 {
                return low.get().is_none();
            }
            let free = disk_space::of_disk(&self.directory).map(|(free, _)| free);
            low.set(free.ok().filter(|free| *free < kept_free));
            low.get().is_none()
        };
        match (backup_while(store, file, &|| go_on() && has_room()), low.get()) {
            (Err(_), Some(free)) => Ok(Err(NoRoom { free, needed: kept_free })),
            (written, _) => written.map(Ok),
        }
    }

    fn failed(&self, error: &io::Error) -> StoreError {
        StoreError::Backup { file: self.directory.display().to_string(), what: error.to_string() }
    }
}

/// Too little of the disk is free for a backup.
struct NoRoom {
    free: u64,
    needed: u64,
}

/// A backup that is here only while it is sent elsewhere, or restored. It is removed when this is dropped.
#[derive(Debug)]
pub struct BackupInTransit {
    file: PathBuf,
    backups: Backups,
}

impl BackupInTransit {
    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Creates the file, which only its owner can read, to be filled from elsewhere.
    ///
    /// # Errors
    /// It cannot be created.
    pub fn create(&self) -> io::Result<fs::File> {
        create(&self.file, PRIVATE)
    }

    /// Writes and verifies it, as [`Backups::write`] does.
    ///
    /// # Errors
    /// The store cannot be read, the file cannot be written, or the disk has too little room.
    pub fn write(
        &self,
        store: &dyn Store,
        min_free: Option<u64>,
        go_on: &dyn Fn() -> bool,
    ) -> Result<Contents, StoreError> {
        let written = self.backups.write_file(store, &self.file, min_free, go_on)?;
        written.map_err(|NoRoom { free, needed }| StoreError::Backup {
            file: self.file.display().to_string(),
            what: format!("the disk has {free} bytes free, and {needed} are needed"),
        })
    }
}

impl Drop for BackupInTransit {
    fn drop(&mut self) {
        // If it stays, `Backups::tidy` removes it.
        let _ = fs::remove_file(&self.file);
    }
}

/// Whether it is time for another. A time in the future says that the clock was
/// wrong then, or is now.
pub fn is_due(newest: Option<Timestamp>, now: Timestamp, interval: Duration) -> bool {
    newest.is_none_or(|newest| newest > now || newest.until(now) >= interval)
}

/// All but the newest; and but the last of those that are more than twice as
/// large as the newest: a store that lost most of its stories must not replace
/// the backups that have them.
fn superfluous(all: &[StoredBackup]) -> Vec<&StoredBackup> {
    let Some(newest) = all.last() else { return Vec::new() };
    let older = &all[..all.len().saturating_sub(KEPT)];
    let is_much_larger = |backup: &&StoredBackup| backup.bytes / 2 > newest.bytes;
    let last_large = older.iter().rev().find(is_much_larger);
    older.iter().filter(|backup| Some(*backup) != last_large).collect()
}

/// `2025-04-02T110500Z.17.backup`
fn name(made: Timestamp, number: u64) -> String {
    format!("{}.{number}{ENDING}", made.to_chrono().format("%Y-%m-%dT%H%M%SZ"))
}

/// The time and the number in a name.
fn parse(name: &str) -> Option<(Timestamp, u64)> {
    let (made, number) = name.strip_suffix(ENDING)?.split_once('.')?;
    let (hour, rest) = made.split_at_checked("2025-04-02T11".len())?;
    let (minute, second) = rest.split_at_checked(2)?;
    let made = Timestamp::parse_rfc3339(&format!("{hour}:{minute}:{second}"))?;
    Some((made, number.parse().ok()?))
}

fn stored(entry: &fs::DirEntry) -> Option<StoredBackup> {
    let (made, number) = parse(entry.file_name().to_str()?)?;
    let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
    Some(StoredBackup { file: entry.path(), made, bytes: metadata.len(), number })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::samples::{admitted, at, done, key, kinds, story};
    use super::super::{Commit, InMemory, restore};
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    fn with_stories(count: u8) -> InMemory {
        let store = InMemory::new();
        let keys = kinds().map(|kind| key(kind, 1));
        let stories = (0..count).map(|n| admitted(story(n, at(n.into()), 400), &keys)).collect();
        done(store.commit(Commit { admitted: stories, ..Commit::default() })).unwrap();
        store
    }

    fn write(backups: &Backups, store: &InMemory, now: Timestamp) -> StoredBackup {
        match backups.write(store, now, Some(0), &|| true).unwrap() {
            BackupOutcome::Written(written, _) => written,
            refused => panic!("{refused:?}"),
        }
    }

    #[test]
    fn three_are_kept_whatever_the_clock_says_and_each_is_whole_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let backups = Backups::beside(&dir.path().join("data.one"));
        assert_eq!(backups.directory(), dir.path().join("data.one-backups"));
        let start = Timestamp::from_secs(1_743_591_900);
        // On time, a year ahead, back again, and in 1970.
        let times = [start, start.after(DAY), start.after(365 * DAY), start.after(2 * DAY), at(7)];
        let store = with_stories(9);
        let made: Vec<_> = times.map(|now| write(&backups, &store, now)).into();
        assert_eq!(backups.list(), made[2..]);
        assert_eq!(backups.newest_verified().as_ref(), made.last());
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(backups.directory()), 0o700);
        for backup in backups.list() {
            assert_eq!(mode(&backup.file), 0o600);
            let store = dir.path().join(format!("restored-{}", backup.number));
            assert_eq!(restore(&backup.file, &store, 1 << 20, false).unwrap().stories, 9);
        }
        // A damaged one is not named while another is whole.
        fs::write(&made[4].file, "rotten").unwrap();
        assert_eq!(backups.newest_verified().as_ref(), Some(&made[3]));
    }

    #[test]
    fn backups_of_a_store_that_lost_its_stories_do_not_replace_the_last_that_has_them() {
        let dir = tempfile::tempdir().unwrap();
        let backups = Backups::beside(&dir.path().join("store"));
        let now = |n: u32| Timestamp::from_secs(1_743_591_900).after(n * DAY);
        let large: Vec<_> = (0..3).map(|n| write(&backups, &with_stories(200), now(n))).collect();
        let small: Vec<_> = (3..8).map(|n| write(&backups, &with_stories(1), now(n))).collect();
        assert!(large[2].bytes > 3 * small[0].bytes, "{large:?} {small:?}");
        let kept = backups.list();
        assert_eq!((&kept[..1], &kept[1..]), (&large[2..], &small[2..]));
        // Once there is as much again, it goes as any other.
        (8..11).for_each(|n| drop(write(&backups, &with_stories(200), now(n))));
        assert_eq!(backups.list().len(), KEPT);
        assert!(!backups.list().contains(&large[2]));
    }

    #[test]
    fn none_is_written_into_the_room_that_is_to_stay_free() {
        let dir = tempfile::tempdir().unwrap();
        let backups = Backups::beside(&dir.path().join("store"));
        let refused = backups.write(&with_stories(3), at(1), Some(u64::MAX / 4), &|| true);
        assert!(matches!(refused, Ok(BackupOutcome::TooLittleRoom { .. })), "{refused:?}");
        assert_eq!(backups.list(), []);
    }

    #[test]
    fn what_was_cut_short_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let backups = Backups::beside(&dir.path().join("store"));
        assert_eq!(backups.tidy().unwrap(), 0);
        let whole = write(&backups, &with_stories(3), at(1));
        let stopped = backups.write(&with_stories(3), at(2), None, &|| false);
        assert!(matches!(stopped, Err(StoreError::Backup { .. })), "{stopped:?}");
        for name in [&name(at(3), 2), "notes", "notes.partial", IN_TRANSIT] {
            fs::write(backups.directory().join(name.to_owned() + ".partial"), "").unwrap();
        }
        fs::write(backups.directory().join(IN_TRANSIT), "").unwrap();
        assert_eq!(backups.tidy().unwrap(), 3);
        assert_eq!(backups.list(), [whole]);
        assert_eq!(fs::read_dir(backups.directory()).unwrap().count(), 3);
    }

    #[test]
    fn one_in_transit_is_whole_and_private_and_goes() {
        let dir = tempfile::tempdir().unwrap();
        let backups = Backups::beside(&dir.path().join("store"));
        let in_transit = backups.in_transit().unwrap();
        assert_eq!(in_transit.write(&with_stories(3), Some(0), &|| true).unwrap().stories, 3);
        assert_eq!(verify_backup(in_transit.file()).unwrap().stories, 3);
        assert_eq!(backups.list(), []);
        drop(in_transit.create().unwrap());
        assert_eq!(fs::metadata(in_transit.file()).unwrap().permissions().mode() & 0o777, 0o600);
        let refused = in_transit.write(&with_stories(3), Some(u64::MAX / 4), &|| true);
        assert!(refused.unwrap_err().to_string().contains("are needed"));
        drop(in_transit);
        assert_eq!(fs::read_dir(backups.directory()).unwrap().count(), 0);
    }

    #[test]
    fn one_is_due_after_the_interval_and_when_the_clock_was_ahead() {
        let now = Timestamp::from_secs(1_743_591_900);
        for (newest, due) in [
            (None, true),
            (Some(now), false),
            (Some(now.before(DAY / 2)), false),
            (Some(now.before(DAY)), true),
            (Some(now.after(DAY)), true),
        ] {
            assert_eq!(is_due(newest, now, DAY), due, "{newest:?}");
        }
    }

    #[test]
    fn names_read_as_they_were_written() {
        let made = Timestamp::from_secs(1_743_591_900);
        assert_eq!(name(made, 17), "2025-04-02T110500Z.17.backup");
        assert_eq!(parse(&name(made, 17)), Some((made, 17)));
        for other in
            ["", ".backup", "a.1.backup", "2025-04-02T110500Z.backup", "é025-04-02T1105.1.backup"]
        {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
