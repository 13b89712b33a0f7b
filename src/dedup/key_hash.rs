//! Makes the keys under which entries and stories are found: hashes of addresses, IDs and shingles.

use url::Url;

use super::address::canonical;
use crate::model::{Entry, Key, KeyKind, SourceId, Timestamp};

/// The unit of time of shingle keys, in seconds: four weeks. That is twice the time that two copies
/// may lie apart, so every copy is found within two units.
pub(super) const SPAN: i64 = 28 * 24 * 3600;

/// The key of a [`canonical`] address.
pub fn address_key(address: &str) -> Key {
    key(KeyKind::Address, &[address])
}

/// The keys under which the story of an entry with this page is found.
pub fn keys_of_page(page: &Url) -> [Key; 2] {
    let address = canonical(page);
    [address_key(&address), page_link_key(&address)]
}

/// The key of an id that a story is published under.
pub fn published_key(id: &str) -> Key {
    key(KeyKind::Published, &[id])
}

/// The keys of every story that has an entry with this canonical address: as its identity, as the
/// page of a copy that names another original, or as a list that several entries link to. The name
/// of an [entry](entry_name) is an address, too.
pub(super) fn address_keys(address: &str) -> Vec<Key> {
    match named_entry(address) {
        Some(entry) => vec![entry],
        None => vec![address_key(address), page_link_key(address), list_link_key(address)],
    }
}

/// The key of an entry's own page, where that is not its identity.
pub(super) fn page_link_key(address: &str) -> Key {
    key(KeyKind::Link, &[address])
}

/// The key of a link that is no page of the entry's own.
pub(super) fn list_link_key(address: &str) -> Key {
    key(KeyKind::Link, &["list", address])
}

/// The beginning of the name of an entry that has no page of its own.
const ENTRY: &str = "urn:gazetted:entry:";

/// The name of an entry that has no page of its own, of the key under which it is found.
pub(super) fn entry_name(key: &Key) -> String {
    let digits = key.hash.iter().map(|byte| format!("{byte:02x}"));
    digits.fold(ENTRY.to_owned(), |name, digits| name + &digits)
}

/// The key of an entry of this name; nothing where it is no such name.
fn named_entry(name: &str) -> Option<Key> {
    let number = u128::from_str_radix(name.strip_prefix(ENTRY)?, 16).ok()?;
    Some(Key { kind: KeyKind::Own, hash: number.to_be_bytes() })
}

/// The key of an id together with a title, within its source.
pub(super) fn titled_guid_key(source: &SourceId, guid: &str, title: &str) -> Key {
    own_key(source, "titled", &format!("{guid}\n{title}"))
}

/// The key of a title that a document lists, within its source.
pub(super) fn listed_title_key(source: &SourceId, title: &str) -> Key {
    own_key(source, "listed title", title)
}

/// The keys of what an entry says and when, within its source: by its text, and by the text that its
/// document has, of which part may have been set aside.
pub(super) fn wording_keys(entry: &Entry) -> impl Iterator<Item = Key> {
    let url = entry.url.as_ref().map_or("", |url| url.as_str());
    let date = entry.published.map_or(0, |date| date.as_secs());
    let text = Some(("text", xxhash_rust::xxh3::xxh3_64(entry.text.as_bytes())));
    let whole = entry.whole.map(|whole| ("whole text", whole));
    let key_of = move |(kind, hash)| {
        own_key(&entry.source, kind, &format!("{url}\n{}\n{date}\n{hash}", entry.title))
    };
    text.into_iter().chain(whole).map(key_of)
}

/// The key of what an entry without a page of its own is called, within its source.
pub(super) fn words_key(entry: &Entry) -> Key {
    let url = entry.url.as_ref().map_or("", |url| url.as_str());
    own_key(&entry.source, "words", &format!("{url}\n{}", entry.title))
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
