//! Values of the model as checked, compressed bytes of a known version.
//!
//! `version, checksum, payload`. The checksum is ours because sled's own does
//! not cover every way in which a file can be wrong; nothing is believed of a
//! payload, its length least of all, before the checksum was.

use std::cell::RefCell;
use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use xxhash_rust::xxh3::xxh3_64;

/// The version of all values. Fields that are added do not change it: they
/// are stored by name and absent ones take their default.
const VERSION: u8 = 1;

/// Version and checksum.
const SEAL: usize = 5;

/// Uncompressed length and method.
const PACKING: usize = 5;

/// Nothing longer is unpacked: many times what all limits on documents let in.
pub(super) const LONGEST: usize = 256 << 20;

/// Below this, compressing saves less than it costs.
const WORTHWHILE: usize = 200;

/// zstd's own default, 3, makes real texts of a few kilobytes smaller by a fiftieth, and takes
/// half as long again.
const LEVEL: i32 = 1;

/// A volume of an archive says the same in three documents, farther apart than level 1 looks back.
/// Level 2 makes volumes of 0.4 and 0.8 MB smaller by a quarter and two fifths in the same time,
/// level 3 by a twentieth more in half as long again. Of 1.9 MB, level 3 saves two fifths more.
const LONG_LEVELS: [(usize, i32); 2] = [(1 << 20, 3), (256 << 10, 2)];

/// As much room is kept from one record to the next.
const KEPT: usize = 1 << 20;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

thread_local! {
    static PACKER: RefCell<Packer> = RefCell::default();
    static DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Why bytes are not a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("it is cut short")]
    Short,
    #[error("its checksum is wrong")]
    Checksum,
    #[error("it has version {0}, which this program does not know")]
    Version(u8),
    #[error("it is {0} bytes long, more than any record may be")]
    TooLong(usize),
    #[error("{0}")]
    Contents(String),
}

/// Puts what `write` writes at the end of `room`, after a version and a checksum.
pub(super) fn seal<T>(
    room: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<T, Unreadable>,
) -> Result<T, Unreadable> {
    room.push(VERSION);
    let at = room.len();
    room.extend_from_slice(&[0; SEAL - 1]);
    let written = write(room)?;
    let (stated, payload) = room[at..].split_at_mut(SEAL - 1);
    stated.copy_from_slice(&checksum(payload));
    Ok(written)
}

/// The payload of sealed bytes.
pub(super) fn unseal(sealed: &[u8]) -> Result<&[u8], Unreadable> {
    let (version, rest) = sealed.split_first().ok_or(Unreadable::Short)?;
    if *version != VERSION {
        return Err(Unreadable::Version(*version));
    }
    let (stated, payload) = rest.split_first_chunk::<4>().ok_or(Unreadable::Short)?;
    if *stated == checksum(payload) { Ok(payload) } else { Err(Unreadable::Checksum) }
}

/// Puts a value at the end of `room`, compressed where that helps.
pub(super) fn pack<T: Serialize>(value: &T, room: &mut Vec<u8>) -> Result<(), Unreadable> {
    PACKER.with_borrow_mut(|packer| packer.pack(value, room))
}

/// The value of packed bytes.
pub(super) fn unpack<T: DeserializeOwned>(packed: &[u8]) -> Result<T, Unreadable> {
    let (length, rest) = packed.split_first_chunk::<4>().ok_or(Unreadable::Short)?;
    let length = u32::from_le_bytes(*length) as usize;
    if length > LONGEST {
        return Err(Unreadable::TooLong(length));
    }
    let plain = match rest.split_first().ok_or(Unreadable::Short)? {
        (&PLAIN, bytes) => return rmp_serde::from_slice(bytes).map_err(contents),
        (&ZSTD, bytes) => decompress(bytes, length)?,
        (other, _) => return Err(Unreadable::Contents(format!("unknown compression {other}"))),
    };
    rmp_serde::from_slice(&plain).map_err(contents)
}

/// The compressor and its buffers: made once a thread, not for every record.
#[derive(Default)]
struct Packer {
    /// A context is a few hundred kilobytes.
    compressor: Option<zstd::bulk::Compressor<'static>>,
    plain: Vec<u8>,
    compressed: Vec<u8>,
}

impl Packer {
    fn pack<T: Serialize>(&mut self, value: &T, room: &mut Vec<u8>) -> Result<(), Unreadable> {
        self.plain.clear();
        rmp_serde::encode::write_named(&mut self.plain, value).map_err(contents)?;
        let too_long = Unreadable::TooLong(self.plain.len());
        if self.plain.len() > LONGEST {
            return Err(too_long);
        }
        let length = u32::try_from(self.plain.len()).map_err(|_| too_long)?;
        if self.plain.len() >= WORTHWHILE {
            self.compress()?;
        } else {
            self.compressed.clear();
        }
        let is_shorter = !self.compressed.is_empty() && self.compressed.len() < self.plain.len();
        let (method, bytes) =
            if is_shorter { (ZSTD, &self.compressed) } else { (PLAIN, &self.plain) };
        room.reserve(PACKING + bytes.len());
        room.extend_from_slice(&length.to_le_bytes());
        room.push(method);
        room.extend_from_slice(bytes);
        // One long record is no reason to hold so much for ever.
        self.plain.shrink_to(KEPT);
        self.compressed.shrink_to(KEPT);
        Ok(())
    }

    fn compress(&mut self) -> Result<(), Unreadable> {
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => none.insert(zstd::bulk::Compressor::new(LEVEL).map_err(contents)?),
        };
        let long = LONG_LEVELS.iter().find(|(least, _)| self.plain.len() >= *least);
        let level = long.map_or(LEVEL, |(_, level)| *level);
        compressor.set_compression_level(level).map_err(contents)?;
        self.compressed.clear();
        self.compressed.reserve(zstd::zstd_safe::compress_bound(self.plain.len()));
        compressor.compress_to_buffer(&self.plain, &mut self.compressed).map_err(contents)?;
        Ok(())
    }
}

fn decompress(bytes: &[u8], length: usize) -> Result<Vec<u8>, Unreadable> {
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let mut decompressor = match slot.take() {
            Some(decompressor) => decompressor,
            None => zstd::bulk::Decompressor::new().map_err(contents)?,
        };
        let plain: io::Result<Vec<u8>> = decompressor.decompress(bytes, length);
        *slot = Some(decompressor);
        plain.map_err(contents)
    })
}

fn checksum(payload: &[u8]) -> [u8; 4] {
    let [a, b, c, d, ..] = xxh3_64(payload).to_le_bytes();
    [a, b, c, d]
}

fn contents(error: impl std::fmt::Display) -> Unreadable {
    Unreadable::Contents(error.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    fn packed<T: Serialize>(value: &T) -> Vec<u8> {
        let mut room = Vec::new();
        pack(value, &mut room).unwrap();
        room
    }

    #[derive(Serialize)]
    struct Older<'a> {
        title: &'a str,
        gone: u8,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newer {
        title: String,
        #[serde(default)]
        added: Vec<String>,
    }

    #[test]
    fn a_record_of_an_older_version_reads_with_defaults_for_what_it_lacks() {
        let older = packed(&Older { title: "UK sanctions", gone: 1 });
        let newer = Newer { title: "UK sanctions".to_owned(), added: Vec::new() };
        assert_eq!(unpack::<Newer>(&older), Ok(newer));
    }

    #[test]
    fn a_length_beyond_all_bounds_is_refused_before_it_is_allocated() {
        let mut packed = packed(&"x".repeat(1000));
        packed[..4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(unpack::<String>(&packed), Err(Unreadable::TooLong(u32::MAX as usize)));
    }

    #[test]
    fn a_version_from_the_future_is_named() {
        assert_eq!(unseal(&[9, 0, 0, 0, 0]), Err(Unreadable::Version(9)));
    }

    proptest! {
        #[test]
        fn unpacking_gives_what_was_packed(title in ".{0,2000}", added: Vec<String>) {
            let value = Newer { title, added };
            let mut sealed = Vec::new();
            seal(&mut sealed, |room| pack(&value, room)).unwrap();
            prop_assert_eq!(unpack::<Newer>(unseal(&sealed).unwrap()).unwrap(), value);
        }

        #[test]
        fn one_wrong_bit_is_always_noticed(text in ".{1,600}", at: prop::sample::Index, bit in 0..8) {
            let mut sealed = Vec::new();
            seal(&mut sealed, |room| pack(&text, room)).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1u8 << bit;
            prop_assert!(unseal(&sealed).is_err());
        }

        #[test]
        fn no_bytes_make_unpacking_panic(bytes: Vec<u8>) {
            let _ = unpack::<Newer>(&bytes);
        }
    }
}
