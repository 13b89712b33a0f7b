//! Finds damage in the part of a log that sled reads when it opens a store.
//!
//! There sled takes damage for the end of the log, and wipes what follows. After a power
//! cut that is right, as nothing of it was synced. It is wrong when commits follow: each
//! was synced, with all before it, before the next one began.

use std::fs::File;
use std::io;
use std::path::Path;

use super::frame::{Kind, SEGMENT};
use super::segment::{self, Condition, Segment};
use super::snapshot::Snapshot;

/// Where the log is damaged, by its place in the file, although commits follow that were synced.
pub(in crate::store) fn damage_before_commits(directory: &Path) -> io::Result<Option<u64>> {
    let file = match File::open(directory.join("db")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let known = Snapshot::newest(directory)?.read_from();
    let tail: Vec<_> = segment::all(&file, known, Found::of)?.into_iter().flatten().collect();
    let newest = tail.iter().map(|found| found.start).max();
    let commits = || tail.iter().flat_map(|found| &found.commits);
    // The newest segment ends where nothing more was written.
    let ends = tail.iter().filter(|found| Some(found.start) != newest);
    let damage = tail.iter().flat_map(|found| &found.damage);
    let damage = damage.chain(ends.flat_map(|found| &found.open_end));
    let first = damage.filter(|(position, _)| *position >= known).min();
    // Nobody knows of the last commit whether it was synced.
    let is_followed = |position: u64| commits().filter(|commit| **commit > position).count() > 1;
    Ok(first.and_then(|(position, at)| is_followed(*position).then_some(*at)))
}

/// The contents of a segment. Positions in the log come first, places in the file second.
struct Found {
    start: u64,
    damage: Vec<(u64, u64)>,
    open_end: Option<(u64, u64)>,
    commits: Vec<u64>,
}

impl Found {
    fn of(segment: Segment) -> Option<Self> {
        let (start, base) = (segment.number? * SEGMENT as u64, segment.base);
        let position = |from: u64| (start + from - base, from);
        let mut damage: Vec<_> = segment.places.iter().map(|place| position(place.from)).collect();
        damage.extend(segment.is_headless.then_some((start, base)));
        let mut commits = Vec::new();
        for frame in segment.frames {
            match (frame.condition, frame.header.kind) {
                (Condition::Intact, Kind::Batch) => commits.push(frame.position),
                (Condition::Intact, _) => {}
                _ => damage.push((frame.position, frame.at)),
            }
        }
        let open_end = segment.open_end.map(|place| position(place.from));
        Some(Self { start, damage, open_end, commits })
    }
}
