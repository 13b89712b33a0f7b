//! Turns as bytes: named fields, compressed, and sealed with the secret of the cluster.
//!
//! Everything is sealed, not only what is secret: whoever may write to the NATS servers, but does
//! not have the secret, cannot make the nodes publish anything. The seal covers the node and the
//! number of the message, so no message can be taken for another.

use std::cell::RefCell;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zstd::bulk::{Compressor, Decompressor};

use crate::model::Seed;

/// The format of the bytes.
const FORMAT: u8 = 1;

/// Each message has a key of its own, derived from so many random bytes.
const SALT: usize = 16;

/// The most bytes of one message, uncompressed: hostile bytes must not fill the memory.
const MOST: u64 = 256 << 20;

/// zstd's own default, 3, takes half as long again for a fiftieth less.
const LEVEL: i32 = 1;

thread_local! {
    /// To make a context takes longer than to compress a turn of a few kilobytes.
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Made by a later version.
    #[error("its format is {0}, which this version of gazetted does not read")]
    Format(u8),
    /// Sealed with another secret, or changed since.
    #[error(
        "it is not sealed with this cluster's secret: is `cluster_secret_file` the same on all nodes?"
    )]
    Seal,
    /// Not what is expected.
    #[error("its contents are damaged: {0}")]
    Contents(String),
}

/// Encodes and seals messages.
#[derive(Debug, Clone)]
pub struct Codec {
    secret: Seed,
}

/// The bytes of a value before compression.
pub fn size_of(value: &impl Serialize) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    let mut serializer = rmp_serde::Serializer::new(&mut counter).with_struct_map();
    // A counter takes everything, and these types serialise.
    let _ = value.serialize(&mut serializer);
    counter.0
}

impl Codec {
    /// A codec of the stream that begins with `genesis`, with the secret of the cluster. Nothing of a
    /// former stream can be read by it.
    pub fn new(secret: &Seed, genesis: &str) -> Self {
        Self { secret: secret.child(&[b"stream", genesis.as_bytes()]) }
    }

    /// The bytes of a value. They can be read only at the same `place`.
    pub fn encode(&self, value: &impl Serialize, place: &[&[u8]]) -> Result<Vec<u8>, Unreadable> {
        let damaged = |error: &dyn std::fmt::Display| Unreadable::Contents(error.to_string());
        let packed = rmp_serde::to_vec_named(value).map_err(|error| damaged(&error))?;
        if packed.len() as u64 >= MOST {
            return Err(damaged(&"it is too long"));
        }
        let compressed = compress(&packed).map_err(|error| damaged(&error))?;
        self.seal(compressed, place)
    }

    /// Seals bytes as they are.
    pub fn seal(&self, mut sealed: Vec<u8>, place: &[&[u8]]) -> Result<Vec<u8>, Unreadable> {
        let damaged = |error: &dyn std::fmt::Display| Unreadable::Contents(error.to_string());
        let fresh = Seed::fresh().ok_or_else(|| damaged(&"the system provides no random bytes"))?;
        let salt = &fresh.bytes()[..SALT];
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        self.key(salt, place)?
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut sealed)
            .map_err(|_| Unreadable::Seal)?;
        let mut bytes = Vec::with_capacity(1 + SALT + sealed.len());
        bytes.push(FORMAT);
        bytes.extend(salt);
        bytes.extend(sealed);
        Ok(bytes)
    }

    /// The value of bytes that [`Codec::encode`] made for the same place.
    pub fn decode<T: DeserializeOwned>(
        &self,
        bytes: &[u8],
        place: &[&[u8]],
    ) -> Result<T, Unreadable> {
        let compressed = self.open(bytes, place)?;
        let damaged = |error: &dyn std::fmt::Display| Unreadable::Contents(error.to_string());
        let length = zstd::zstd_safe::get_frame_content_size(&compressed).ok().flatten();
        let length = length.ok_or_else(|| damaged(&"its length is missing"))?;
        if length >= MOST {
            return Err(damaged(&"it is too long"));
        }
        let packed = decompress(&compressed, length as usize).map_err(|error| damaged(&error))?;
        rmp_serde::from_slice(&packed).map_err(|error| damaged(&error))
    }

    /// The bytes that [`Codec::seal`] sealed for the same place.
    pub fn open(&self, bytes: &[u8], place: &[&[u8]]) -> Result<Vec<u8>, Unreadable> {
        let (format, rest) = bytes.split_first().ok_or(Unreadable::Seal)?;
        if *format != FORMAT {
            return Err(Unreadable::Format(*format));
        }
        let (salt, sealed) = rest.split_at_checked(SALT).ok_or(Unreadable::Seal)?;
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key([0; NONCE_LEN]);
        let opened = self
            .key(salt, place)?
            .open_in_place(nonce, Aad::empty(), &mut sealed)
            .map_err(|_| Unreadable::Seal)?
            .len();
        sealed.truncate(opened);
        Ok(sealed)
    }

    /// The key of one message. No two have one, so every nonce can be zero.
    fn key(&self, salt: &[u8], place: &[&[u8]]) -> Result<LessSafeKey, Unreadable> {
        let of_place: Vec<&[u8]> = [salt].into_iter().chain(place.iter().copied()).collect();
        let seed = self.secret.child(&of_place);
        let key =
            UnboundKey::new(&CHACHA20_POLY1305, seed.bytes()).map_err(|_| Unreadable::Seal)?;
        Ok(LessSafeKey::new(key))
    }
}

fn compress(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    COMPRESSOR.with_borrow_mut(|slot| {
        let mut compressor = slot.take().map_or_else(|| Compressor::new(LEVEL), Ok)?;
        let compressed = compressor.compress(bytes)?;
        *slot = Some(compressor);
        Ok(compressed)
    })
}

fn decompress(bytes: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let mut decompressor = slot.take().map_or_else(Decompressor::new, Ok)?;
        let decompressed = decompressor.decompress(bytes, length)?;
        *slot = Some(decompressor);
        Ok(decompressed)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_at_its_place_and_nowhere_else() {
        let codec = Codec::new(&Seed::of([7; 32]), "g");
        let value = vec!["a".to_owned(), "b".repeat(10_000)];
        let bytes = codec.encode(&value, &[b"a", b"1"]).unwrap();
        assert!(bytes.len() < 200, "{}", bytes.len());
        assert_eq!(codec.decode::<Vec<String>>(&bytes, &[b"a", b"1"]).unwrap(), value);
        for place in [&[&b"a"[..], b"2"], &[b"b", b"1"]] {
            assert_eq!(codec.decode::<Vec<String>>(&bytes, place), Err(Unreadable::Seal));
        }
        for (secret, genesis) in [(8, "g"), (7, "former")] {
            let other = Codec::new(&Seed::of([secret; 32]), genesis);
            assert_eq!(other.decode::<Vec<String>>(&bytes, &[b"a", b"1"]), Err(Unreadable::Seal));
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(codec.decode::<Vec<String>>(&changed, &[b"a", b"1"]).is_err(), "byte {at}");
            assert!(codec.decode::<Vec<String>>(&bytes[..at], &[b"a", b"1"]).is_err());
        }
        assert_ne!(codec.encode(&value, &[b"a", b"1"]).unwrap(), bytes, "no key is used twice");
    }
}
