//! Reads what is left in the files of a damaged sled store, without sled.
//!
//! sled 0.34.7 refuses a store for one wrong byte, or silently drops what was
//! written after it. Here every frame of the log is looked for by itself: each
//! has a checksum, its page, and its place in the order of the log. A page is
//! its newest whole frame and the changes after it. One wrong byte in a frame is
//! restored from the checksum. Where the newest state of a page is lost, an older one that
//! nothing has overwritten yet fills its range of keys, after all that is newer.
//!
//! It knows nothing of what keys and values mean, except that there is one
//! tree, in segments of sled's own size, without sled's compression.

mod coverage;
mod cursor;
mod frame;
mod node;
mod pages;
mod segment;
mod snapshot;
mod tail;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use frame::{Kind, SEGMENT};
use node::{Data, Link, Node};
use pages::{Base, Pages, Step};
use segment::{Condition, Frame, Place};
use snapshot::Snapshot;

pub(super) use pages::State;
pub(super) use tail::damage_before_commits;

/// The size of the smallest unit that a failing disk cannot read.
const SECTOR: usize = 4096;

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) state: State,
}

/// The damage in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Damage {
    /// Frames with one wrong byte, which their checksum restored.
    pub(super) restored: usize,
    /// The lost parts: places in the file, and ranges of keys.
    pub(super) losses: Vec<String>,
}

impl Damage {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// The log of a sled store, read once to know what is where.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    blobs: PathBuf,
    steps: Vec<Step>,
    damage: Damage,
}

impl Log {
    /// Reads the log in a directory that sled has not open.
    pub(super) fn read(directory: &Path) -> io::Result<Self> {
        let file = File::open(directory.join("db"))?;
        let mut log = Self {
            file,
            blobs: directory.join("blobs"),
            steps: Vec::new(),
            damage: Damage::default(),
        };
        let snapshot = Snapshot::newest(directory)?;
        let mut pages = Pages::default();
        let mut newest = None;
        let (mut places, mut open_ends, mut restored) = (Vec::new(), Vec::new(), Vec::new());
        let length = log.file.metadata()?.len();
        for base in (0..length).step_by(SEGMENT) {
            let bytes = log.bytes(base, SEGMENT.min((length - base) as usize));
            let segment = segment::scan(&bytes, base);
            newest = newest.max(segment.number);
            places.extend(segment.places);
            if let Some(place) = segment.open_end {
                open_ends.push((segment.number, place));
            }
            if segment.is_headless && segment.number.is_some() {
                log.damage.restored += 1;
            }
            for frame in segment.frames {
                if matches!(frame.condition, Condition::Restored(_)) {
                    restored.push(frame);
                }
                match frame.condition {
                    // Too little of it can be read to be of use.
                    Condition::Damaged if log.node(&frame).is_none() => {
                        pages.lose(&frame);
                    }
                    _ => pages.add(frame),
                }
            }
        }
        // The newest segment is still being filled.
        let cut = open_ends.into_iter().filter(|(number, _)| number.is_none() || *number != newest);
        places.extend(cut.map(|(_, place)| place));
        let missing = snapshot.as_ref().map(|snapshot| pages.compare(snapshot));
        let is_known = |until: Option<u64>| {
            let known = snapshot.as_ref().map(Snapshot::read_from);
            until.zip(known).is_some_and(|(until, known)| until <= known)
        };
        let counts = |place: &&Place| match &missing {
            Some(missing) if is_known(place.until) => {
                missing.range(place.from..place.to).next().is_some()
            }
            _ => true,
        };
        let counting = places.iter().filter(counts);
        let losses =
            counting.map(|Place { from, to, .. }| format!("bytes {from} to {to} of the file `db`"));
        log.damage.losses = losses.collect();
        // sled reads all that is not in the snapshot, also what does not count any more.
        let counts = |frame: &&Frame| {
            let is_of_page = !matches!(frame.header.kind, Kind::Padding | Kind::Batch);
            !is_known(Some(frame.position)) || is_of_page && pages.counts(frame)
        };
        log.damage.restored += restored.iter().filter(counts).count();
        let (steps, losses) = pages.steps(&|frame| log.node(frame));
        log.steps = steps;
        log.damage.losses.extend(losses);
        Ok(log)
    }

    pub(super) fn damage(&self) -> &Damage {
        &self.damage
    }

    /// Every pair that is left, the newest pages first. A key comes again only
    /// after a doubtful value.
    pub(super) fn pairs(&self) -> impl Iterator<Item = Pair> + '_ {
        self.steps.iter().flat_map(|step| self.pairs_of(step))
    }

    fn pairs_of(&self, step: &Step) -> Vec<Pair> {
        let node = match &step.base {
            Base::Frame(frame) => self.node(frame),
            Base::Bounds(range) => Some(Node::between(range.from.clone(), range.to.clone())),
        };
        let Some(mut node) = node else { return Vec::new() };
        for frame in &step.links {
            let body = self.body(frame);
            if let Some(link) = body.as_deref().and_then(Link::read) {
                node.apply(&link);
            }
        }
        let Data::Leaf(pairs) = node.data else { return Vec::new() };
        let state = step.state;
        pairs
            .into_iter()
            .filter(|(key, _)| step.ranges.iter().any(|range| range.contains(key)))
            .map(|(key, value)| Pair { key, value, state })
            .collect()
    }

    /// The page in a frame, as far as it can be read.
    fn node(&self, frame: &Frame) -> Option<Node> {
        if !matches!(frame.header.kind, Kind::Node(_)) {
            return None;
        }
        let (node, is_whole) = Node::read_what_is_left(&self.body(frame)?)?;
        (is_whole || frame.condition == Condition::Damaged).then_some(node)
    }

    /// The contents of a frame, its wrong byte restored.
    fn body(&self, frame: &Frame) -> Option<Vec<u8>> {
        let Frame { header, at, .. } = frame;
        let mut bytes = self.bytes(*at, header.end());
        if let Condition::Restored(wrong) = frame.condition {
            *bytes.get_mut(wrong.at)? ^= wrong.by;
        }
        let body = bytes.split_off(header.size);
        match header.kind {
            Kind::Node(true) | Kind::Link(true) => {
                self.blob(u64::from_le_bytes(body.try_into().ok()?))
            }
            _ => Some(body),
        }
    }

    /// The contents of a file of its own: a checksum, a kind, and the body.
    fn blob(&self, number: u64) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.blobs.join(number.to_string())).ok()?;
        let (checksum, rest) = bytes.split_first_chunk::<4>()?;
        let is_intact = crc32fast::hash(rest) == u32::from_le_bytes(*checksum);
        is_intact.then(|| rest.get(1..).unwrap_or_default().to_vec())
    }

    /// Bytes of the file; zeros where the disk does not give them.
    fn bytes(&self, at: u64, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        if self.file.read_exact_at(&mut bytes, at).is_err() {
            for (number, sector) in bytes.chunks_mut(SECTOR).enumerate() {
                if self.file.read_exact_at(sector, at + (number * SECTOR) as u64).is_err() {
                    sector.fill(0);
                }
            }
        }
        bytes
    }
}
