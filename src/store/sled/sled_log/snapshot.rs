//! Reads sled's snapshot: where every page was when the store was opened last.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::cursor::Cursor;
use super::frame::SEGMENT;

/// The contents of a snapshot.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// It knows the log up to this position.
    until: u64,
    /// The frames of each page, the whole page first.
    pub(super) pages: BTreeMap<u64, Vec<Pointer>>,
}

/// Where a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) position: u64,
    pub(super) at: u64,
}

impl Snapshot {
    /// From here on sled reads the log when it opens a store: from the start of a segment.
    pub(super) fn read_from(&self) -> u64 {
        self.until / SEGMENT as u64 * SEGMENT as u64
    }

    /// The newest snapshot of a directory; an empty one where there is none, or it is damaged.
    pub(super) fn newest(directory: &Path) -> io::Result<Self> {
        let mut names = Vec::new();
        for entry in fs::read_dir(directory)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            // Half-written ones have a further ending.
            if name.starts_with("snap.") && name.matches('.').count() == 1 {
                names.push(name);
            }
        }
        let Some(newest) = names.into_iter().max() else { return Ok(Self::default()) };
        Ok(Self::read(&fs::read(directory.join(newest))?).unwrap_or_default())
    }

    /// The snapshot in these bytes, if their checksum is right.
    fn read(bytes: &[u8]) -> Option<Self> {
        let (rest, checksum) = bytes.split_last_chunk::<4>()?;
        let (body, _length) = rest.split_last_chunk::<8>()?;
        if crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let mut cursor = Cursor(body);
        // A position is stored as one more than it is; zero is none.
        let until = cursor.position()?.checked_sub(1)?;
        let _active_segment = cursor.number()?;
        let mut pages = BTreeMap::new();
        for page in 0.. {
            if cursor.0.is_empty() {
                break;
            }
            let frames = match cursor.byte()? {
                0 => {
                    pointer(&mut cursor)?;
                    continue;
                }
                count => (0..count)
                    .map(|_| {
                        let pointer = pointer(&mut cursor)?;
                        let _size = cursor.number()?;
                        Some(pointer)
                    })
                    .collect::<Option<Vec<_>>>()?,
            };
            pages.insert(page, frames);
        }
        Some(Self { until, pages })
    }
}

fn pointer(cursor: &mut Cursor<'_>) -> Option<Pointer> {
    let position = cursor.position()?;
    let in_a_file_of_its_own = cursor.byte()? == 1;
    let at = cursor.number()?;
    if in_a_file_of_its_own {
        cursor.position()?;
    }
    Some(Pointer { position, at })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_reading_a_snapshot_panic(mut bytes: Vec<u8>) {
            bytes.extend([0; 8]);
            let checksum = crc32fast::hash(&bytes[..bytes.len() - 8]);
            bytes.extend(checksum.to_le_bytes());
            let _ = Snapshot::read(&bytes);
        }
    }
}
