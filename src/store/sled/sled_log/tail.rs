//! Finds damage in the part of a log that sled reads when it opens a store.
//!
//! There sled takes damage for the end of the log, and wipes what follows. After a power
//! cut that is right, as nothing of it was synced. It is wrong when commits follow: each
//! was synced, with all before it, before the next one began.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::frame::{Kind, SEGMENT, SEGMENT_HEADER};
use super::segment::{self, Condition};
use super::snapshot::Snapshot;

/// Where the log is damaged, by its place in the file, although commits follow that were synced.
pub(in crate::store) fn damage_before_commits(directory: &Path) -> io::Result<Option<u64>> {
    let file = match File::open(directory.join("db")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let known = Snapshot::newest(directory)?.map_or(0, |snapshot| snapshot.read_from());
    let length = file.metadata()?.len();
    let mut damage = Vec::new();
    let mut open_ends = Vec::new();
    let mut commits = Vec::new();
    let mut newest = 0;
    for base in (0..length).step_by(SEGMENT) {
        let mut header = [0; SEGMENT_HEADER];
        let is_whole = file.read_exact_at(&mut header, base).is_ok();
        let stated = segment::number_of(&header);
        let is_read = |number: u64| (number + 1) * SEGMENT as u64 > known;
        if !is_whole || stated.is_some_and(|number| !is_read(number)) {
            continue;
        }
        let mut bytes = vec![0; SEGMENT.min((length - base) as usize)];
        file.read_exact_at(&mut bytes, base)?;
        let found = segment::scan(&bytes, base);
        let Some(number) = found.number.filter(|number| is_read(*number)) else { continue };
        let start = number * SEGMENT as u64;
        newest = newest.max(start);
        if found.is_headless {
            damage.push((start, base));
        }
        damage.extend(found.places.iter().map(|place| (start + place.from - base, place.from)));
        open_ends.extend(found.open_end.map(|place| (start + place.from - base, place.from)));
        for frame in found.frames {
            match (frame.condition, frame.header.kind) {
                (Condition::Intact, Kind::Batch) => commits.push(frame.position),
                (Condition::Intact, _) => {}
                _ => damage.push((frame.position, frame.at)),
            }
        }
    }
    // The newest segment ends where nothing more was written.
    damage.extend(open_ends.iter().filter(|(position, _)| *position < newest));
    damage.retain(|(position, _)| *position >= known);
    let first = damage.into_iter().min();
    // Of the last commit nobody knows whether it was synced.
    let is_before_commits =
        |(position, _): &(u64, u64)| commits.iter().filter(|commit| *commit > position).count() > 1;
    Ok(first.filter(is_before_commits).map(|(_, at)| at))
}
