//! Reads what is left in the files of a damaged sled store, without sled.
//!
//! sled 0.34.7 refuses a store for one wrong byte, or silently drops what was written after it. Its log
//! consists of frames: pages of the tree, and changes of pages. Each has a checksum, the number of its page,
//! and a position in the log. [`Log::replay`] repeats them in the order of their positions: a page
//! replaces all that was known of its range of keys. Where the newest state of a page is lost, an
//! older one stays. One wrong byte in a frame is restored from the checksum.
//!
//! It knows nothing of what keys and values mean, except that there is one
//! tree, in segments of sled's own size, without sled's compression.

mod cursor;
mod frame;
mod node;
mod segment;
mod snapshot;
mod tail;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use frame::Kind;
use node::{Data, Link, Node};
use segment::{Condition, Frame, Place, Segment};
use snapshot::Snapshot;

pub(super) use node::Bounds;
pub(super) use tail::damage_before_commits;

/// The damage in a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Damage {
    /// Frames with one wrong byte, which their checksum restored.
    pub(super) restored: usize,
    /// The lost places in the files.
    pub(super) losses: Vec<String>,
}

impl Damage {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// A step on the way to the newest state of the tree.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Removes all keys within these bounds.
    Clear(Bounds),
    /// Sets the value of a key.
    Set(Vec<u8>, Vec<u8>, State),
    /// Removes a key.
    Remove(Vec<u8>),
}

/// How far a value can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// It is what the tree held last.
    Current,
    /// Its page is damaged: it may be altered.
    Doubtful,
    /// Later changes are lost: it may have been replaced or removed.
    Stale,
}

/// The last frames of a page, by their positions in the log.
#[derive(Debug, Clone, Copy, Default)]
struct Page {
    /// The last frame that says all of it, or that it ended.
    whole: u64,
    /// The last frame that is known to have been written, be it lost.
    written: u64,
}

/// The log of a sled store, read once to know what is where.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    blobs: PathBuf,
    /// The frames that the tree is made of, by position.
    frames: Vec<Frame>,
    pages: HashMap<u64, Page>,
    damage: Damage,
}

impl Log {
    /// Reads the log in a directory that sled has not open.
    pub(super) fn read(directory: &Path) -> io::Result<Self> {
        let file = File::open(directory.join("db"))?;
        let snapshot = Snapshot::newest(directory)?;
        let segments = segment::all(&file, 0, |segment| segment)?;
        let headless = segments.iter().filter(|one| one.is_headless && one.number.is_some());
        let restored_headers = headless.count();
        let (frames, places) = contents(segments);
        let (blobs, pages, damage) = (directory.join("blobs"), HashMap::new(), Damage::default());
        let mut log = Self { file, blobs, frames, pages, damage };
        log.find_pages();
        let missing = log.missing(&snapshot);
        log.damage.losses = losses(&places, missing, snapshot.read_from());
        log.damage.restored = restored_headers + log.restored(snapshot.read_from());
        log.leave_out_superseded();
        Ok(log)
    }

    pub(super) fn damage(&self) -> &Damage {
        &self.damage
    }

    /// Notes what the frames say of each page.
    fn find_pages(&mut self) {
        for frame in &self.frames {
            let is_damaged = frame.condition == Condition::Damaged;
            let page = self.pages.entry(frame.header.page).or_default();
            match (frame.header.kind, is_damaged) {
                (Kind::Node(_) | Kind::Free | Kind::State, false) => {
                    (page.whole, page.written) = (frame.position, frame.position);
                }
                (Kind::Node(_) | Kind::Link(_), true) => page.written = frame.position,
                _ => {}
            }
        }
    }

    /// Where frames were that the snapshot knows, that nothing replaced, and that cannot be read.
    fn missing(&mut self, snapshot: &Snapshot) -> BTreeSet<u64> {
        let mut missing = BTreeSet::new();
        for (number, pointers) in &snapshot.pages {
            let page = self.pages.entry(*number).or_default();
            for pointer in pointers {
                let found = self.frames.binary_search_by_key(&pointer.position, |one| one.position);
                let is_there =
                    found.is_ok_and(|at| self.frames[at].condition != Condition::Damaged);
                if pointer.position > page.whole && !is_there {
                    page.written = page.written.max(pointer.position);
                    missing.insert(pointer.at);
                }
            }
        }
        missing
    }

    /// How many of the frames that sled would read were restored.
    fn restored(&self, read_from: u64) -> usize {
        let counts = |frame: &&Frame| {
            let page = self.pages.get(&frame.header.page).copied().unwrap_or_default();
            let is_of_page = !matches!(frame.header.kind, Kind::Padding | Kind::Batch);
            frame.position > read_from || is_of_page && frame.position >= page.whole
        };
        let restored = |frame: &&Frame| matches!(frame.condition, Condition::Restored(_));
        self.frames.iter().filter(restored).filter(counts).count()
    }

    /// Leaves out what counts no more. Older states of pages count where newer ones are lost.
    fn leave_out_superseded(&mut self) {
        let (is_whole, pages) = (self.damage.losses.is_empty(), &self.pages);
        self.frames.retain(|frame| {
            let whole = pages.get(&frame.header.page).map_or(0, |page| page.whole);
            match frame.header.kind {
                Kind::Node(_) if frame.condition == Condition::Damaged => frame.position > whole,
                Kind::Node(_) => !is_whole || frame.position == whole,
                Kind::Link(_) => frame.position > whole && frame.condition != Condition::Damaged,
                _ => false,
            }
        });
    }

    /// Calls `apply` with the changes that make an empty tree what this one was last.
    pub(super) fn replay<Error>(
        &self,
        mut apply: impl FnMut(Change) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut bounds: HashMap<u64, Bounds> = HashMap::new();
        for frame in &self.frames {
            let number = frame.header.page;
            let page = self.pages.get(&number).copied().unwrap_or_default();
            if matches!(frame.header.kind, Kind::Link(_)) {
                let (of, body) = (bounds.get(&number), self.body(frame));
                let link = body.as_deref().and_then(Link::read);
                let state =
                    if frame.position < page.written { State::Stale } else { State::Current };
                if let (Some(of), Some(link)) = (of, link)
                    && let Some(change) = link.within(of, state)
                {
                    apply(change)?;
                }
                continue;
            }
            let Some(node) = self.node(frame) else { continue };
            let pairs = match node.data {
                Data::Leaf(pairs) => pairs,
                Data::Index(children) => {
                    // Where the state of a page is lost, its parent knows the bounds that its
                    // changes are written within.
                    for (child, of) in children {
                        let page = self.pages.get(&child).copied().unwrap_or_default();
                        if page.whole == 0 || page.written > page.whole {
                            bounds.insert(child, of);
                        }
                    }
                    continue;
                }
            };
            let state = match frame.condition {
                Condition::Damaged => State::Doubtful,
                _ if frame.position < page.written => State::Stale,
                _ => State::Current,
            };
            if state != State::Doubtful {
                apply(Change::Clear(node.bounds.clone()))?;
            }
            for (key, value) in pairs {
                apply(Change::Set(key, value, state))?;
            }
            bounds.insert(number, node.bounds);
        }
        Ok(())
    }

    /// The page in a frame, as far as it can be read.
    fn node(&self, frame: &Frame) -> Option<Node> {
        let (node, is_whole) = Node::read_what_is_left(&self.body(frame)?)?;
        (is_whole || frame.condition == Condition::Damaged).then_some(node)
    }

    /// The contents of a frame, its wrong byte restored.
    fn body(&self, frame: &Frame) -> Option<Vec<u8>> {
        let Frame { header, at, .. } = frame;
        let mut bytes = segment::bytes(&self.file, *at, header.end());
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
}

/// The frames of all segments by position, and the places that cannot be read.
fn contents(segments: Vec<Segment>) -> (Vec<Frame>, Vec<Place>) {
    let newest = segments.iter().filter_map(|segment| segment.number).max();
    let (mut frames, mut places) = (Vec::new(), Vec::new());
    for segment in segments {
        frames.extend(segment.frames);
        places.extend(segment.places);
        // The newest segment is still being filled.
        let is_newest = segment.number.is_some() && segment.number == newest;
        places.extend(segment.open_end.filter(|_| !is_newest));
    }
    frames.sort_unstable_by_key(|frame| frame.position);
    (frames, places)
}

/// The losses in words. A place that the snapshot knows counts where something is missing in it.
fn losses(places: &[Place], mut missing: BTreeSet<u64>, read_from: u64) -> Vec<String> {
    let mut losses = Vec::new();
    for Place { from, to, until } in places {
        let missing_here: Vec<u64> = missing.range(from..to).copied().collect();
        let is_known = until.is_some_and(|until| until <= read_from);
        if !is_known || !missing_here.is_empty() {
            losses.push(format!("bytes {from} to {to} of the file `db`"));
        }
        for at in missing_here {
            missing.remove(&at);
        }
    }
    if let Some(first) = missing.first() {
        let count = missing.len();
        losses
            .push(format!("{count} parts of the file `db` that were there, from byte {first} on"));
    }
    losses
}
