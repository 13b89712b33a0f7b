//! Finds damage in the part of a log that sled reads when it opens a store.
//!
//! There sled takes damage for the end of the log, and wipes what follows. After a power
//! cut that is right, as nothing of it was synced. It is wrong when commits follow: each
//! was synced, with all before it, before the next one began.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::thread;

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
    let segments = length.div_ceil(SEGMENT as u64);
    // A long log takes as long to read as to open, so every processor reads a part of it.
    let parts = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let share = segments.div_ceil(parts).max(1) * SEGMENT as u64;
    let found = thread::scope(|scope| {
        let starts = (0..parts).map(|part| part * share).take_while(|start| *start < length);
        let parts: Vec<_> = starts
            .map(|start| {
                let (file, end) = (&file, length.min(start + share));
                scope.spawn(move || Found::read(file, start..end, known))
            })
            .collect();
        parts.into_iter().try_fold(Found::default(), |mut all, part| {
            let part = part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            all.damage.extend(part.damage);
            all.open_ends.extend(part.open_ends);
            all.commits.extend(part.commits);
            all.newest = all.newest.max(part.newest);
            Ok::<_, io::Error>(all)
        })
    })?;
    Ok(found.first_before_commits(known))
}

/// The contents of the part of a log that sled reads. Positions in the log come first, places in
/// the file second.
#[derive(Debug, Default)]
struct Found {
    damage: Vec<(u64, u64)>,
    open_ends: Vec<(u64, u64)>,
    commits: Vec<u64>,
    /// Where the newest segment begins.
    newest: u64,
}

impl Found {
    /// Reads the segments in `range` of the file that sled reads from the position `known` on.
    fn read(file: &File, range: Range<u64>, known: u64) -> io::Result<Self> {
        let is_read = |number: u64| (number + 1) * SEGMENT as u64 > known;
        let mut all = Self::default();
        let mut bytes = vec![0; SEGMENT];
        for base in range.clone().step_by(SEGMENT) {
            let mut header = [0; SEGMENT_HEADER];
            let is_whole = file.read_exact_at(&mut header, base).is_ok();
            let stated = segment::number_of(&header);
            if !is_whole || stated.is_some_and(|number| !is_read(number)) {
                continue;
            }
            let bytes = &mut bytes[..SEGMENT.min((range.end - base) as usize)];
            file.read_exact_at(bytes, base)?;
            let found = segment::scan(bytes, base);
            let Some(number) = found.number.filter(|number| is_read(*number)) else { continue };
            let start = number * SEGMENT as u64;
            all.newest = all.newest.max(start);
            if found.is_headless {
                all.damage.push((start, base));
            }
            let position = |from: u64| (start + from - base, from);
            all.damage.extend(found.places.iter().map(|place| position(place.from)));
            all.open_ends.extend(found.open_end.map(|place| position(place.from)));
            for frame in found.frames {
                match (frame.condition, frame.header.kind) {
                    (Condition::Intact, Kind::Batch) => all.commits.push(frame.position),
                    (Condition::Intact, _) => {}
                    _ => all.damage.push((frame.position, frame.at)),
                }
            }
        }
        Ok(all)
    }

    /// The place of the first damage after which more than one commit follows: nobody
    /// knows of the last commit whether it was synced.
    fn first_before_commits(self, known: u64) -> Option<u64> {
        let Self { mut damage, open_ends, commits, newest } = self;
        // The newest segment ends where nothing more was written.
        damage.extend(open_ends.into_iter().filter(|(position, _)| *position < newest));
        let (position, at) = damage.into_iter().filter(|(position, _)| *position >= known).min()?;
        (commits.iter().filter(|commit| **commit > position).count() > 1).then_some(at)
    }
}
