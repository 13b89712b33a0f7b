//! Makes the keys under which entries and stories are found: hashes of addresses, IDs and shingles.

use url::Url;

use super::address::canonical;
use crate::model::{Key, KeyKind, SourceId, Timestamp};

/// What passage keys count time in, in seconds: four weeks, twice what two
/// copies may lie apart, so that every copy is within two of them.
pub(super) const SPAN: i64 = 28 * 24 * 3600;

/// The key of a [`canonical`] address.
pub fn address_key(address: &str) -> Key {
    key(KeyKind::Address, &[address])
}

/// The keys under which the story of an entry with this page is found.
pub fn keys_of_page(page: &Url) -> [Key; 2] {
    address_keys(&canonical(page))
}

/// The key of an id that a story is published under.
pub fn published_key(id: &str) -> Key {
    key(KeyKind::Published, &[id])
}

/// The keys of whatever story has an entry with this canonical address: as
/// its identity, or as the page of a copy that names another original.
pub(super) fn address_keys(address: &str) -> [Key; 2] {
    [key(KeyKind::Address, &[address]), key(KeyKind::Link, &[address])]
}

/// A passage as a key in its span of time.
pub(super) fn passage_key(date: Timestamp, passage: u64) -> Key {
    let span = u32::try_from(date.as_secs().div_euclid(SPAN)).unwrap_or(0);
    Key::passage(span, passage)
}

/// The first passage key of the span of time that holds `date`: every passage key
/// below it belongs to an older span, and may be forgotten together with the rest.
pub fn first_passage_of(date: Timestamp) -> Key {
    passage_key(date, 0)
}

/// The key of an id within its source.
pub(super) fn guid_key(source: &SourceId, guid: &str) -> Key {
    own_key(source, "guid", guid)
}

/// The key of a link within its source.
pub(super) fn link_key(source: &SourceId, link: &str) -> Key {
    own_key(source, "link", link)
}

pub(super) fn own_key(source: &SourceId, what: &str, value: &str) -> Key {
    key(KeyKind::Own, &[source.as_str(), what, value])
}

/// Half a BLAKE3 hash over parts that cannot run into each other.
pub(super) fn key(kind: KeyKind, parts: &[&str]) -> Key {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&[kind as u8]);
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    Key { kind, hash }
}
