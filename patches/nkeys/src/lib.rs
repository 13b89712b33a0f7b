//! Reads the seeds of NKeys, by which NATS servers know their clients, and signs with them.
//!
//! async-nats calls three functions of the crate `nkeys`, which depends on 27 crates that nothing
//! else needs. These are the same three, with the signatures of ring.
//!
//! An NKey is written in base 32: its kind, then 32 bytes, then a checksum.

use std::fmt;

use data_encoding::BASE32_NOPAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

/// The first five bits of a seed, which make it begin with `S`.
const SEED: u8 = 18;

/// The bytes of a seed: the mark of seeds and the kind in two bytes, the secret, the checksum.
const SEED_LENGTH: usize = 2 + 32 + 2;

/// A key that signs, and the kind of its owner.
pub struct KeyPair {
    /// The first byte of the public key. That of a user makes it begin with `U`.
    kind: u8,
    keys: Ed25519KeyPair,
}

impl KeyPair {
    /// Reads a seed, such as `nk -gen user` prints.
    ///
    /// # Errors
    /// The text is not a seed, or was mistyped.
    pub fn from_seed(seed: &str) -> Result<Self, Error> {
        let bytes = BASE32_NOPAD.decode(seed.as_bytes()).map_err(|_| Error::Encoding)?;
        let bytes: [u8; SEED_LENGTH] = bytes.try_into().map_err(|_| Error::Length)?;
        let (content, sum) = bytes.split_at(SEED_LENGTH - 2);
        if checksum(content).to_le_bytes() != sum {
            return Err(Error::Checksum);
        }
        let (kind, secret) = content.split_at(2);
        let kind = u16::from_be_bytes([kind[0], kind[1]]);
        if kind >> 11 != u16::from(SEED) {
            return Err(Error::Kind);
        }
        let keys = Ed25519KeyPair::from_seed_unchecked(secret).map_err(|_| Error::Length)?;
        // Five bits of the mark, eight of the kind, three that are not used.
        Ok(Self { kind: (kind >> 3) as u8, keys })
    }

    /// The public key, as servers' configurations name it.
    pub fn public_key(&self) -> String {
        let mut bytes = vec![self.kind];
        bytes.extend(self.keys.public_key().as_ref());
        bytes.extend(checksum(&bytes).to_le_bytes());
        BASE32_NOPAD.encode(&bytes)
    }

    /// Signs a message.
    ///
    /// # Errors
    /// None: the result is that of the crate whose place this takes.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(self.keys.sign(message).as_ref().to_vec())
    }
}

/// CRC-16/XMODEM.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum: u16, _| {
            if sum & 0x8000 == 0 { sum << 1 } else { (sum << 1) ^ 0x1021 }
        })
    })
}

/// Why a text is not a seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// It is not base 32 without padding.
    Encoding,
    /// It is not as long as a seed.
    Length,
    /// The checksum differs.
    Checksum,
    /// It is an NKey, but not a seed.
    Kind,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoding => "not base 32",
            Self::Length => "not as long as a seed",
            Self::Checksum => "the checksum differs",
            Self::Kind => "not a seed",
        })
    }
}

impl std::error::Error for Error {}
