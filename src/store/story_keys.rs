//! The rules by which stories bear keys, the same for every storage backend.

use std::collections::HashSet;

use crate::model::{Key, KeyKind};

/// A story is found by this many keys at most. Published ids are beyond that.
const MOST_KEYS: usize = 1000;

/// The keys of a story after some were dropped and others came: those that are not passages in the
/// order they came, then passages, sorted; none twice, and no passage of a span before the first. Of too
/// many, passages go first, the oldest first, and published ids stay.
pub(super) fn merge_keys(
    before: &[Key],
    dropped: &[Key],
    new: &[Key],
    first_span: u32,
) -> Vec<Key> {
    let dropped: HashSet<&Key> = dropped.iter().collect();
    let mut seen = HashSet::with_capacity(before.len() + new.len());
    let all = before.iter().filter(|key| !dropped.contains(key)).chain(new).copied();
    let (mut passages, mut kept): (Vec<Key>, Vec<Key>) =
        all.filter(|key| seen.insert(*key)).partition(|key| key.kind == KeyKind::Passage);
    passages.retain(|key| key.span() >= first_span);
    passages.sort();
    let surplus = (kept.len() + passages.len()).saturating_sub(MOST_KEYS);
    passages.drain(..surplus.min(passages.len()));
    let mut surplus = kept.len().saturating_sub(MOST_KEYS);
    for kind in [KeyKind::Own, KeyKind::Title, KeyKind::Link, KeyKind::Address] {
        kept.retain(|key| {
            let goes = surplus > 0 && key.kind == kind;
            surplus -= usize::from(goes);
            !goes
        });
    }
    kept.extend(passages);
    kept
}

/// Bytes of a key: its kind and its hash.
const KEY: usize = 1 + 16;

/// Reads keys, and returns what follows them; `None` where they are cut short or of an unknown kind.
pub(super) fn read_keys(bytes: &[u8]) -> Option<(Vec<Key>, &[u8])> {
    let (count, rest) = bytes.split_first_chunk::<2>()?;
    let (keys, rest) = rest.split_at_checked(KEY * usize::from(u16::from_le_bytes(*count)))?;
    let keys = keys.as_chunks::<KEY>().0.iter().map(|[kind, hash @ ..]| {
        let kind = KeyKind::ALL.into_iter().find(|known| *known as u8 == *kind)?;
        Some(Key { kind, hash: *hash })
    });
    Some((keys.collect::<Option<_>>()?, rest))
}

/// Writes the number of keys, then the kind and hash of each. [`merge_keys`] keeps the number small enough.
pub(super) fn write_keys(keys: &[Key], bytes: &mut Vec<u8>) {
    let count = u16::try_from(keys.len()).unwrap_or(u16::MAX);
    bytes.extend_from_slice(&count.to_le_bytes());
    for key in &keys[..usize::from(count)] {
        bytes.push(key.kind as u8);
        bytes.extend_from_slice(&key.hash);
    }
}

/// Keys as one string of bytes: half the size of lists of numbers. In JSON, as base64.
pub(super) mod as_bytes {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde::de::{Deserialize, Deserializer, Error, Visitor};
    use serde::ser::Serializer;

    use crate::model::Key;

    pub(in super::super) fn serialize<S: Serializer>(
        keys: &[Key],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(2 + super::KEY * keys.len());
        super::write_keys(keys, &mut bytes);
        match serializer.is_human_readable() {
            true => serializer.serialize_str(&STANDARD.encode(&bytes)),
            false => serializer.serialize_bytes(&bytes),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<Key>, D::Error> {
        if from.is_human_readable() {
            let text = String::deserialize(from)?;
            return read(&STANDARD.decode(text).map_err(D::Error::custom)?);
        }
        from.deserialize_bytes(Keys)
    }

    fn read<E: Error>(bytes: &[u8]) -> Result<Vec<Key>, E> {
        let keys = super::read_keys(bytes).map(|(keys, _)| keys);
        keys.ok_or_else(|| E::custom("the keys cannot be read"))
    }

    struct Keys;

    impl Visitor<'_> for Keys {
        type Value = Vec<Key>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("keys as bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<Key>, E> {
            read(bytes)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_that_is_renamed_for_ever_forgets_its_oldest_names() {
        let own = |n: u32| {
            let mut hash = [0; 16];
            hash[..4].copy_from_slice(&n.to_be_bytes());
            Key { kind: KeyKind::Own, hash }
        };
        let lasting =
            [KeyKind::Published, KeyKind::Address].map(|kind| Key { kind, hash: [9; 16] });
        let mut keys = lasting.to_vec();
        for n in 0..3000 {
            keys = merge_keys(&keys, &[], &[own(n), own(n), lasting[1]], 0);
            let oldest = own((n + 1).saturating_sub(998));
            assert_eq!(keys.get(2), Some(&oldest), "{n}");
        }
        assert_eq!((keys.len(), &keys[..2]), (MOST_KEYS, &lasting[..]));
    }
}
