//! Reads the ids of entries, and bounds them: an id is stored, published and looked up.

use xxhash_rust::xxh3::xxh3_128;

use super::clean::cut_to;
use crate::charset;

/// The longest id, in bytes.
const MOST_BYTES: usize = 2048;

/// Bytes of the beginning that is kept of a longer one.
const MOST_OF_THE_BEGINNING: usize = 256;

/// An id as it is kept.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EntryId {
    pub(super) text: String,
    /// Whether it was longer than any id may be.
    pub(super) is_shortened: bool,
}

/// The id as the source gave it, byte for byte but for white space around it. One that is too long
/// is kept as a hash of all of it and its beginning: the same at every poll, and no address.
pub(super) fn read(written: &str) -> Option<EntryId> {
    let id = written.trim_matches([' ', '\t', '\r', '\n']);
    let id: String = id.chars().filter(|c| charset::is_allowed(*c)).collect();
    if id.is_empty() {
        return None;
    }
    let is_shortened = id.len() > MOST_BYTES;
    let text = match is_shortened {
        true => {
            let beginning = cut_to(&id, MOST_OF_THE_BEGINNING);
            format!("{:032x} {beginning}", xxh3_128(id.as_bytes()))
        }
        false => id,
    };
    Some(EntryId { text, is_shortened })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_long_id_stays_one_and_the_same() {
        let long = |end: &str| format!("https://a.example/go?u={}{end}", "\u{e9}/".repeat(4000));
        let [one, again, other] =
            [long("1"), format!(" {}\n", long("1")), long("2")].map(|id| read(&id).unwrap());
        assert_eq!(one, again);
        assert_ne!(one.text, other.text);
        assert!(one.is_shortened && one.text.len() < 300, "{one:?}");
        assert!(one.text.contains("https://a.example/go?u="), "{one:?}");
        assert!(url::Url::parse(&one.text).is_err(), "{one:?}");
        for written in ["x".repeat(2048), "tag:a.example,2025:1".to_owned()] {
            assert_eq!(read(&written), Some(EntryId { text: written, is_shortened: false }));
        }
        assert_eq!(read(" \u{1} "), None);
    }
}
