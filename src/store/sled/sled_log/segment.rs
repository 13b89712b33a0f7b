//! Finds the frames of a log's segments, and the places that cannot be read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::thread;

use super::frame::{
    Header, Kind, LONGEST_HEADER, SEGMENT, SEGMENT_HEADER, WrongByte, intact, with_one_wrong_byte,
};
use super::node::{Link, Node};

/// The size of the smallest unit that a failing disk cannot read.
const SECTOR: usize = 4096;

/// A frame, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) header: Header,
    /// Where it begins in the file.
    pub(super) at: u64,
    /// Where it is in the log: what has a greater position was written later.
    pub(super) position: u64,
    pub(super) condition: Condition,
}

/// How far a frame can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    Intact,
    /// This byte is wrong; the checksum says what it was.
    Restored(WrongByte),
    /// Its checksum is wrong in more than one byte.
    Damaged,
}

/// Bytes of the file that cannot be read, or only in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) from: u64,
    pub(super) to: u64,
    /// The log's position after it, if it is known.
    pub(super) until: Option<u64>,
}

/// The contents of a segment.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// Where it begins in the file.
    pub(super) base: u64,
    /// Its number; none where nothing in it can be read.
    pub(super) number: Option<u64>,
    pub(super) frames: Vec<Frame>,
    pub(super) places: Vec<Place>,
    /// The bytes after the last frame. It is damaged only if the log goes on in a later segment.
    pub(super) open_end: Option<Place>,
    /// Whether its own header is damaged. Every frame repeats what it says.
    pub(super) is_headless: bool,
}

/// Scans the segments of a log that may reach beyond the position `known`, and makes something of each.
/// A long log takes as long to read as to open, so every processor reads a part of it.
pub(super) fn all<T: Send>(
    file: &File,
    known: u64,
    make: impl Fn(Segment) -> T + Sync,
) -> io::Result<Vec<T>> {
    let length = file.metadata()?.len();
    let parts = thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let share = length.div_ceil(SEGMENT as u64).div_ceil(parts).max(1) * SEGMENT as u64;
    let is_wanted = |base: &u64| {
        let number = number_of(&bytes(file, *base, SEGMENT_HEADER));
        number.is_none_or(|number| (number + 1) * SEGMENT as u64 > known)
    };
    let read = |base| {
        let bytes = bytes(file, base, SEGMENT.min((length - base) as usize));
        make(scan(&bytes, base))
    };
    let part = |from: u64| {
        let bases = (from..length.min(from + share)).step_by(SEGMENT);
        bases.filter(is_wanted).map(read).collect::<Vec<T>>()
    };
    let part = &part;
    Ok(thread::scope(|scope| {
        let starts = (0..length).step_by(share as usize);
        let parts: Vec<_> = starts.map(|from| scope.spawn(move || part(from))).collect();
        let done = parts.into_iter().map(|part| part.join());
        let done = done.map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done.flatten().collect()
    }))
}

/// Bytes of the file; zeros where the disk does not give them.
pub(super) fn bytes(file: &File, at: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    if file.read_exact_at(&mut bytes, at).is_err() {
        for (number, sector) in bytes.chunks_mut(SECTOR).enumerate() {
            if file.read_exact_at(sector, at + (number * SECTOR) as u64).is_err() {
                sector.fill(0);
            }
        }
    }
    bytes
}

/// Scans the bytes of a segment which begins at `base` of the file; the last one may be short.
fn scan(bytes: &[u8], base: u64) -> Segment {
    // sled wipes what it gives up with zeros. Fewer other bytes than a header are not a frame.
    let fewest = SEGMENT_HEADER / 2;
    if bytes.iter().filter(|&&byte| byte != 0).take(fewest).count() < fewest {
        return Segment { base, ..Segment::default() };
    }
    let stated = number_of(bytes);
    let first = || next_intact(bytes, SEGMENT_HEADER).map(|(_, header)| header.segment);
    let number = stated.or_else(first);
    let mut segment = Segment { base, number, is_headless: stated.is_none(), ..Segment::default() };
    let place = |from: usize, to: usize| Place {
        from: base + from as u64,
        to: base + to as u64,
        until: number.map(|number| number * SEGMENT as u64 + to as u64),
    };
    let mut at = SEGMENT_HEADER;
    // Whether what stands here follows a frame of this segment's number.
    let mut follows = true;
    while at + LONGEST_HEADER <= SEGMENT && at < bytes.len() {
        let rest = &bytes[at..];
        let mut found = intact(rest).map(|header| (header, Condition::Intact));
        let mut resumes = None;
        if found.is_none() {
            resumes = next_intact(bytes, at + 1);
            if let Some(number) = number.filter(|_| follows) {
                let limit = resumes.as_ref().map_or(bytes.len(), |(next, _)| *next) - at;
                found = frame_with_damage(&rest[..limit], number);
            }
        }
        if let Some((header, condition)) = found {
            let position = header.segment * SEGMENT as u64 + at as u64;
            follows = Some(header.segment) == number;
            segment.frames.push(Frame { header, at: base + at as u64, position, condition });
            if condition == Condition::Damaged {
                segment.places.push(place(at, at + header.end()));
            }
            at += header.end();
            continue;
        }
        let next = resumes.as_ref().map_or(bytes.len(), |(next, _)| *next);
        match resumes {
            Some((_, header)) if Some(header.segment) == number => {
                segment.places.push(place(at, next));
                follows = true;
            }
            // From here on it holds what was there before.
            _ => {
                if follows {
                    segment.open_end = Some(place(at, next));
                }
                follows = false;
            }
        }
        at = next;
    }
    if at >= bytes.len() && bytes.len() < SEGMENT && segment.open_end.is_none() {
        segment.open_end = Some(place(at.min(bytes.len()), bytes.len()));
    }
    segment
}

/// The frame that must begin here, as far as its bytes can be believed.
fn frame_with_damage(bytes: &[u8], number: u64) -> Option<(Header, Condition)> {
    let belongs = |header: &Header| header.segment == number;
    if let Some((header, wrong)) = with_one_wrong_byte(bytes, belongs, holds) {
        return Some((header, Condition::Restored(wrong)));
    }
    Header::read(bytes).filter(belongs).map(|header| (header, Condition::Damaged))
}

/// Whether a body has the form of its kind.
fn holds(header: &Header, body: &[u8]) -> bool {
    match header.kind {
        Kind::Node(false) => Node::read(body).is_some(),
        Kind::Link(false) => Link::read(body).is_some(),
        Kind::Node(true) | Kind::Link(true) | Kind::Batch => body.len() == 8,
        Kind::Free => body.is_empty(),
        Kind::Padding | Kind::State => true,
    }
}

/// The next intact frame at or after a place, whichever segment it was written to.
fn next_intact(bytes: &[u8], from: usize) -> Option<(usize, Header)> {
    (from..bytes.len()).find_map(|at| Some((at, intact(&bytes[at..])?)))
}

/// The number that a segment's own header states, if it is intact.
fn number_of(bytes: &[u8]) -> Option<u64> {
    const MASK: u64 = i64::MAX as u64;
    let (checksum, rest) = bytes.get(..SEGMENT_HEADER)?.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*checksum) != !crc32fast::hash(rest) {
        return None;
    }
    let position = u64::from_le_bytes(*rest.first_chunk::<8>()?) ^ MASK;
    position.is_multiple_of(SEGMENT as u64).then_some(position / SEGMENT as u64)
}
