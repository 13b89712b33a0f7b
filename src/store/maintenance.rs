//! The results of checking, repairing and compacting a store.

use std::path::PathBuf;

use serde::Serialize;

/// So many problems are listed; of more, only the number.
const LISTED: usize = 100;

/// The result of checking a store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct IntegrityCheck {
    /// Number of stories.
    pub stories: u64,
    /// Retired stories whose keys are kept.
    pub retired: u64,
    /// Sources that are remembered.
    pub sources: u64,
    /// Places in topics.
    pub places: u64,
    /// Records of the backend: its memory and opening time go with their number.
    pub records: u64,
    /// Bytes of all records.
    pub live_bytes: u64,
    /// Bytes the files take.
    pub file_bytes: u64,
    /// The problems, a hundred at most.
    pub problems: Vec<String>,
    /// How many things are wrong in all.
    pub problem_count: u64,
}

impl IntegrityCheck {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problem_count == 0
    }

    /// Whether [compaction](super::compact) would win back much.
    pub fn is_wasteful(&self) -> bool {
        self.file_bytes > (64 << 20) && self.file_bytes / 4 > self.live_bytes
    }

    pub(super) fn problem(&mut self, key: &[u8], what: &str) {
        self.problem_count += 1;
        if self.problems.len() < LISTED {
            self.problems.push(format!("{}: {what}", key.escape_ascii()));
        }
    }
}

/// The result of repairing a store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// Stories that were saved.
    pub stories: u64,
    /// How many there were, as far as that is known.
    pub expected: Option<u64>,
    /// Damaged places whose contents their checksums restored: nothing of these is lost.
    pub restored: usize,
    /// The records that could not be saved.
    pub losses: Vec<String>,
    /// Where the store as it was is kept.
    pub kept: PathBuf,
}

/// The result of compacting a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Compaction {
    /// Stories in the store.
    pub stories: u64,
    /// Bytes it took before.
    pub before: u64,
    /// Bytes it takes now.
    pub after: u64,
}
