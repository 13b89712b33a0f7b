//! Hashes words, prefixes and labels, so that texts and queries compare numbers.

use std::hash::{BuildHasherDefault, Hasher};

use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A hash that texts and queries compare instead of strings.
///
/// A hash of fixed definition, so that a subject need not know the queries it
/// will meet. Two strings of one symbol would be one word to us, everywhere
/// and always; a writer who can choose words gains nothing by looking for such
/// a pair, since he could write the other word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Symbol(pub(super) u64);

/// Seeds, so that a word's form, its stem and a label never meet.
const FORM: u64 = 1;
const CASED: u64 = 2;
const PREFIX: u64 = 3;
const VOCABULARY: u64 = 4;
const LABEL: u64 = 0x100;
const STEM: u64 = 0x200;

impl Symbol {
    /// A folded word: `=exact`.
    pub(super) fn form(form: &str) -> Self {
        Self(xxh3_64_with_seed(form.as_bytes(), FORM))
    }

    /// A word with its capitals: `caps()`.
    pub(super) fn cased(cased: &str) -> Self {
        Self(xxh3_64_with_seed(cased.as_bytes(), CASED))
    }

    /// The folded beginning of words: `prefix*`.
    pub(super) fn prefix(prefix: &str) -> Self {
        Self(xxh3_64_with_seed(prefix.as_bytes(), PREFIX))
    }

    /// A stem in the language of that number.
    pub(super) fn stem(stem: &str, language: u64) -> Self {
        Self(xxh3_64_with_seed(stem.as_bytes(), STEM + language))
    }

    /// A vocabulary where a clause stands, in that field.
    pub(super) fn vocabulary(name: &str, field: Option<super::query::Field>) -> Self {
        let field = field.map_or("", super::query::Field::as_str);
        Self(xxh3_64_with_seed(format!("{field}:@{name}").as_bytes(), VOCABULARY))
    }

    /// A vocabulary where something with places stands, in that field.
    pub(super) fn vocabulary_places(name: &str, field: Option<super::query::Field>) -> Self {
        let field = field.map_or("", super::query::Field::as_str);
        Self(xxh3_64_with_seed(format!("{field}:@{name}@").as_bytes(), VOCABULARY))
    }

    /// A normalised value of a field of labels.
    pub(super) fn label(field: super::query::Field, value: &str) -> Self {
        Self(xxh3_64_with_seed(value.as_bytes(), LABEL + field as u64))
    }
}

/// Hashes keys that are hashes already.
pub(super) type BySymbol = BuildHasherDefault<AlreadyHashed>;

#[derive(Default)]
pub(super) struct AlreadyHashed(u64);

impl Hasher for AlreadyHashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only 64-bit keys come here; anything else still hashes, slowly.
        self.0 = xxh3_64_with_seed(bytes, self.0);
    }
}
