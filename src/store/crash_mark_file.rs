//! The file beside the store that names the sources which are being read.
//!
//! ```text
//! W 00f3a1c2d4e5f607 home-office     in work beside others
//! S 00f3a1c2d4e5f607 home-office     was in work when the process died; is to be read alone
//! A 00f3a1c2d4e5f607 home-office     in work, alone
//! ```
//!
//! Each mark is a slot of fixed length, written in place and never synced: the death of a
//! process does not lose what the kernel has taken. A power cut may lose a mark, or bring
//! back an old one, which costs its source one turn alone. The number is a hash of the
//! source's location: what one address did says nothing of another.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use super::files::PRIVATE;
use crate::model::SourceId;

/// Its name in the store's directory.
pub(super) const NAME: &str = "in-work";

/// Bytes of a mark; a name is at most 64 of them.
const SLOT: usize = 128;

/// Written when the file is made, so that a disk which fills later has room for them.
const SLOTS_AT_FIRST: usize = 64;

/// More was never written.
const LONGEST: u64 = 1 << 20;

/// The state of a marked source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// In work beside others.
    Concurrent,
    /// To be read alone.
    Suspect,
    /// In work, alone.
    Alone,
}

/// A source that a file named when it was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Where it stands.
    pub slot: usize,
    /// Which source.
    pub source: SourceId,
    /// The hash of its location.
    pub location: u64,
    /// The way it was being read.
    pub stage: Stage,
}

/// The file, open.
#[derive(Debug)]
pub struct CrashMarkFile(File);

impl CrashMarkFile {
    /// Opens the file of the store in this directory, which is locked by this process. Returns
    /// it with the marks that are left in it.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn open(store: &Path) -> io::Result<(Self, Vec<Mark>)> {
        let mut options = File::options();
        options.create(true).truncate(false).read(true).write(true).mode(PRIVATE);
        // A link in its place is not followed.
        options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
        let file = options.open(store.join(NAME))?;
        let mut found = Vec::new();
        (&file).take(LONGEST).read_to_end(&mut found)?;
        if found.len() < SLOTS_AT_FIRST * SLOT {
            let missing = vec![0; SLOTS_AT_FIRST * SLOT - found.len()];
            file.write_all_at(&missing, found.len() as u64)?;
        }
        let read = |(slot, bytes): (usize, &[u8])| Mark::read(slot, bytes);
        Ok((Self(file), found.chunks(SLOT).enumerate().filter_map(read).collect()))
    }

    /// Writes a mark in place of whatever stands there.
    ///
    /// # Errors
    /// The file cannot be written, or the name is too long for a slot.
    pub fn write(&self, mark: &Mark) -> io::Result<()> {
        let letter = match mark.stage {
            Stage::Concurrent => 'W',
            Stage::Suspect => 'S',
            Stage::Alone => 'A',
        };
        let mut bytes = format!("{letter} {:016x} {}\n", mark.location, mark.source).into_bytes();
        if bytes.len() > SLOT {
            return Err(io::Error::other(format!("the name {} is too long", mark.source)));
        }
        bytes.resize(SLOT, 0);
        self.put(mark.slot, &bytes)
    }

    /// Removes the mark in a slot.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn clear(&self, slot: usize) -> io::Result<()> {
        self.put(slot, &[0; SLOT])
    }

    fn put(&self, slot: usize, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, (slot * SLOT) as u64)
    }
}

impl Mark {
    /// Reads a slot; none where it is empty, or was cut short by a power cut.
    fn read(slot: usize, bytes: &[u8]) -> Option<Self> {
        let line = std::str::from_utf8(bytes).ok()?.split_once('\n')?.0;
        let mut words = line.splitn(3, ' ');
        let stage = match words.next()? {
            "W" => Stage::Concurrent,
            "S" => Stage::Suspect,
            "A" => Stage::Alone,
            _ => return None,
        };
        let location = u64::from_str_radix(words.next()?, 16).ok()?;
        let source = SourceId::new(words.next().filter(|name| !name.is_empty())?);
        Some(Self { slot, source, location, stage })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mark(slot: usize, source: &str, stage: Stage) -> Mark {
        Mark { slot, source: SourceId::new(source), location: slot as u64 + 7, stage }
    }

    #[test]
    fn marks_are_found_by_whoever_opens_the_file_next() {
        let dir = tempfile::tempdir().unwrap();
        let (file, found) = CrashMarkFile::open(dir.path()).unwrap();
        assert_eq!(found, []);
        let marks = [
            mark(0, "home-office", Stage::Concurrent),
            mark(2, "fcdo", Stage::Suspect),
            mark(SLOTS_AT_FIRST + 9, "wired-gov", Stage::Alone),
        ];
        marks.iter().for_each(|mark| file.write(mark).unwrap());
        file.write(&mark(1, "gone", Stage::Alone)).unwrap();
        file.clear(1).unwrap();
        assert_eq!(CrashMarkFile::open(dir.path()).unwrap().1, marks);
        let shorter = mark(0, "x", Stage::Suspect);
        file.write(&shorter).unwrap();
        assert_eq!(CrashMarkFile::open(dir.path()).unwrap().1[0], shorter);
        assert!(file.write(&mark(0, &"x".repeat(SLOT), Stage::Alone)).is_err());
    }

    proptest! {
        #[test]
        fn whatever_stands_in_the_file_is_read_without_a_fault(bytes: Vec<u8>) {
            let dir = tempfile::tempdir().unwrap();
            std::fs::write(dir.path().join(NAME), &bytes).unwrap();
            let (file, found) = CrashMarkFile::open(dir.path()).unwrap();
            found.iter().for_each(|mark| file.write(mark).unwrap());
            prop_assert_eq!(CrashMarkFile::open(dir.path()).unwrap().1, found);
        }
    }
}
