//! Chance, once a start; whatever nobody else may guess, derived from it.

use std::fmt;

use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

/// Bytes that nobody outside knows: tokens and secrets are hashes under them.
///
/// This is the only thing in the program that is left to chance. Whoever
/// decides takes it as a value, as `now` is taken, so that deciding stays pure.
#[derive(Clone, Serialize, Deserialize)]
pub struct Seed([u8; 32]);

impl Seed {
    /// A new one from the system; none, where the system has no randomness to give.
    pub fn fresh() -> Option<Self> {
        let mut bytes = [0; 32];
        SystemRandom::new().fill(&mut bytes).ok().map(|()| Self(bytes))
    }

    /// One of these bytes.
    pub fn of(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// One that only whoever has this one can tell.
    pub fn child(&self, parts: &[&[u8]]) -> Self {
        Self(*self.hash(parts).as_bytes())
    }

    /// The bytes, for a key of a cipher.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// 128 bits in hexadecimal that only whoever has the seed can tell, and that
    /// are the same for the same parts.
    pub fn token(&self, parts: &[&[u8]]) -> String {
        self.hash(parts).to_hex()[..32].to_owned()
    }

    fn hash(&self, parts: &[&[u8]]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        for part in parts {
            // With its length, so that no two lists of parts are the same bytes.
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        hasher.finalize()
    }
}

/// No log line shows it.
impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn tokens_depend_on_the_seed_and_on_every_part() {
        let (one, other) = (Seed::fresh().unwrap(), Seed::fresh().unwrap());
        assert_eq!(one.token(&[b"a", b"b"]), one.clone().token(&[b"a", b"b"]));
        assert_ne!(one.token(&[b"a", b"b"]), other.token(&[b"a", b"b"]));
        assert_ne!(one.token(&[b"a", b"b"]), one.token(&[b"ab", b""]));
        assert_eq!(one.token(&[]).len(), 32);
    }
}
