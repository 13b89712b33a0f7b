//! How much space the store's disk has, and whether that is enough.

use std::fs;
use std::io;
use std::ops::RangeInclusive;
use std::path::Path;

use rustix::fs::FallocateFlags;

/// sled writes when it is opened: without this much room it would fail half-way.
pub(super) const TO_OPEN: u64 = 16 << 20;

/// Below this no commit begins: better refused than torn off by a full disk.
pub(super) const TO_COMMIT: u64 = 4 << 20;

/// Held back, so that a daemon which finds the disk full can start all the
/// same: a third of what is free, but neither less nor more than this.
const BALLAST: RangeInclusive<u64> = TO_OPEN..=(32 << 20);

/// By default a twentieth of the disk stays free, but neither more than this nor less than
/// leaves the room to start again.
const LOW: RangeInclusive<u64> = (TO_OPEN + (8 << 20))..=(256 << 20);

/// How much room the store's disk has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskSpace {
    /// Bytes free to us.
    pub free: u64,
    /// Bytes of the disk.
    pub total: u64,
    /// Bytes that the store takes.
    pub used: u64,
}

impl DiskSpace {
    /// How many bytes should stay free, where `min_free` leaves that open.
    pub fn needed(&self, min_free: Option<u64>) -> u64 {
        min_free.unwrap_or_else(|| (self.total / 20).clamp(*LOW.start(), *LOW.end()))
    }

    /// Whether there is so little that nothing more should be taken in, given
    /// whether that was so before: what stops at one bound goes on only at
    /// one and a half of it, lest it stop and go with every file that comes and goes.
    pub fn is_low(&self, min_free: Option<u64>, was_low: bool) -> bool {
        let bound = self.needed(min_free);
        self.free < if was_low { bound.saturating_add(bound / 2) } else { bound }
    }
}

/// Free and all bytes of the disk that holds `path`.
pub(super) fn of_disk(path: &Path) -> io::Result<(u64, u64)> {
    let disk = rustix::fs::statvfs(path)?;
    Ok((disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize)))
}

/// Bytes on disk of all files below a directory; what vanishes meanwhile counts nothing.
pub(super) fn used_by(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir(directory) else { return 0 };
    let sizes = entries.flatten().map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => used_by(&entry.path()),
        Ok(metadata) => metadata.blocks().saturating_mul(512),
        Err(_) => 0,
    });
    sizes.sum()
}

/// Lays in ballast where there is none and room enough. That it fails harms nobody.
pub(super) fn lay_in_ballast(file: &Path) -> io::Result<()> {
    let (free, _) = of_disk(file.parent().unwrap_or(file))?;
    let size = (free / 3).min(*BALLAST.end());
    if file.exists() || size < *BALLAST.start() {
        return Ok(());
    }
    let ballast = super::files::create(file, super::files::PRIVATE)?;
    let laid = rustix::fs::fallocate(&ballast, FallocateFlags::empty(), 0, size);
    laid.map_err(|error| {
        // Ballast that weighs nothing would only deceive.
        let _ = fs::remove_file(file);
        error.into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_is_a_twentieth_of_the_disk_within_bounds_and_ends_later_than_it_begins() {
        let space = |free, total| DiskSpace { free, total, used: 0 };
        for (free, total, low, still_low) in [
            (23 << 20, 64 << 20, true, true),
            (25 << 20, 64 << 20, false, true),
            (37 << 20, 64 << 20, false, false),
            (60 << 20, 2 << 30, true, true),
            (120 << 20, 2 << 30, false, true),
            (255 << 20, 1 << 40, true, true),
            (300 << 20, 1 << 40, false, true),
            (400 << 20, 1 << 40, false, false),
        ] {
            let space = space(free, total);
            assert_eq!(space.is_low(None, false), low, "{free} of {total}");
            assert_eq!(space.is_low(None, true), still_low, "{free} of {total}, low before");
        }
        assert!(space(99, 1 << 40).is_low(Some(100), false));
        assert!(!space(149, 1 << 40).is_low(Some(100), false));
        assert!(space(149, 1 << 40).is_low(Some(100), true));
    }
}
