//! Saves the records of a store that may be damaged, and says what cannot be saved.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::{Key, KeyKind};

use super::super::{Record, StoreError};
use super::chunks::{Fault, Values, is_altered};
use super::key_codec::{self, Kind};
use super::records::read_story_head;
use super::sled_log::{Log, Pair, State};
use super::staged_cards::read_card;

/// How often an unreadable range is halved: finer than a page in any store
/// that fits on a disk, as the keys that are many are evenly spread hashes.
const HALVINGS: u32 = 16;

/// A range of keys that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Gap {
    pub(super) from: Vec<u8>,
    pub(super) to: Vec<u8>,
}

/// Visits every readable key of a kind with its value, in order; what lies
/// between is returned. A damaged page hides the keys in it and no others.
pub(super) fn each(tree: &sled::Tree, kind: Kind, mut visit: impl FnMut(&[u8], &[u8])) -> Vec<Gap> {
    let from = kind.prefix().to_vec();
    let to = key_codec::end_of(&from);
    let mut gaps = Vec::new();
    walk(tree, from, to, HALVINGS, &mut visit, &mut gaps);
    gaps
}

/// Puts what is left in the files of an engine into an empty one. Returns the keys
/// of which only an older state is left.
pub(super) fn refill(log: &Log, tree: &sled::Tree) -> Result<HashSet<Vec<u8>>, sled::Error> {
    let mut stale = HashSet::new();
    // Whether a value from a damaged page was seen to be altered.
    let mut doubtful: HashMap<Vec<u8>, bool> = HashMap::new();
    for Pair { key, value, state } in log.pairs() {
        let altered = is_altered(&key, &value);
        if doubtful.get(&key).is_some_and(|before| !before || altered) {
            continue;
        }
        tree.insert(&key, &*value)?;
        match state {
            State::Current => {}
            State::Doubtful => drop(doubtful.insert(key, altered)),
            State::Stale => drop(stale.insert(key)),
        }
    }
    Ok(stale)
}

/// The records that are left of a damaged store.
#[derive(Debug, Default)]
pub(super) struct Salvage {
    /// Keys with an older value than they had last.
    stale: HashSet<Vec<u8>>,
}

impl Salvage {
    pub(super) fn new(stale: HashSet<Vec<u8>>) -> Self {
        Self { stale }
    }

    /// Visits every record that cannot be derived: itself, or how it is lost.
    ///
    /// An older state may hold a story which another one took in since. Such a story
    /// is passed over, as its published id leads to the other one.
    pub(super) fn ground(
        &self,
        tree: &sled::Tree,
        first_span: u32,
        mut visit: impl FnMut(Result<Record, String>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if self.stale.is_empty() {
            return ground(tree, first_span, |_, record| visit(record));
        }
        let (mut older, mut published) = (Vec::new(), HashSet::new());
        ground(tree, first_span, |key, record| match record {
            Ok(record @ Record::Story { .. }) if self.stale.contains(key) => {
                older.push(record);
                Ok(())
            }
            record => {
                if let Ok(Record::Story { keys, .. }) = &record {
                    published.extend(published_ids(keys));
                }
                visit(record)
            }
        })?;
        let is_told_elsewhere = |record: &Record| match record {
            Record::Story { keys, .. } => published_ids(keys).any(|id| published.contains(&id)),
            _ => false,
        };
        older
            .into_iter()
            .filter(|record| !is_told_elsewhere(record))
            .try_for_each(|record| visit(Ok(record)))
    }
}

fn published_ids(keys: &[Key]) -> impl Iterator<Item = Key> + '_ {
    keys.iter().filter(|key| key.kind == KeyKind::Published).copied()
}

/// Visits every record with its key. A story whose card is lost comes without keys, and the loss
/// is told, too.
fn ground(
    tree: &sled::Tree,
    first_span: u32,
    mut visit: impl FnMut(&[u8], Result<Record, String>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let kinds = [
        Kind::SourceState,
        Kind::Listed,
        Kind::Engine,
        Kind::Archived,
        Kind::Subscriber,
        Kind::Story,
        Kind::Retired,
    ];
    for kind in kinds {
        let mut visited = Ok(());
        let gaps = each(tree, kind, |key, _| {
            let lost = |why: &str| format!("{}: {why}", key.escape_ascii());
            let found = match caught(|| record(tree, kind, key)) {
                Ok(None) => return,
                Ok(Some(record)) => Ok(record),
                Err(why) => Err(lost(&why)),
            };
            let found = found.map(|record| match record {
                Record::Story { story, .. } => {
                    let keys = caught(|| keys_of(tree, key, first_span));
                    let without = keys
                        .as_ref()
                        .err()
                        .map(|why| lost(&format!("the keys by which it is found: {why}")));
                    (Record::Story { story, keys: keys.unwrap_or_default() }, without)
                }
                other => (other, None),
            });
            if visited.is_err() {
                return;
            }
            visited = match found {
                Ok((record, None)) => visit(key, Ok(record)),
                Ok((record, Some(loss))) => {
                    visit(key, Ok(record)).and_then(|()| visit(key, Err(loss)))
                }
                Err(loss) => visit(key, Err(loss)),
            };
        });
        visited?;
        for Gap { from, to } in gaps {
            let range = format!("{} to {}", from.escape_ascii(), to.escape_ascii());
            visit(&from, Err(format!("{range}: this range cannot be read")))?;
        }
    }
    Ok(())
}

fn record(tree: &sled::Tree, kind: Kind, key: &[u8]) -> Result<Option<Record>, Fault> {
    let Some(payload) = tree.record(key)? else { return Ok(None) };
    Record::read(kind, key, &payload).map(Some).map_err(|why| Fault::record(key, why))
}

/// The keys on the card of the story whose record stands under a key.
fn keys_of(tree: &sled::Tree, key: &[u8], first_span: u32) -> Result<Vec<Key>, Fault> {
    let gone = || Fault::malformed(key, "its card is gone");
    let payload = tree.record(key)?.ok_or_else(gone)?;
    let (first_seen, _) = read_story_head(&payload).map_err(|why| Fault::record(key, why))?;
    let id = key_codec::story_of(key).ok_or_else(gone)?;
    let mut keys = read_card(tree, first_seen, id)?.ok_or_else(gone)?.keys;
    keys.retain(|key| key.kind != KeyKind::Passage || key.span() >= first_span);
    Ok(keys)
}

/// Reads something that may be damaged; why it cannot be read, in words. sled panics on some kinds of damage.
fn caught<T>(read: impl FnOnce() -> Result<T, Fault>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(|fault| fault.to_string()),
        Err(_) => Err("it cannot be read".to_owned()),
    }
}

fn walk(
    tree: &sled::Tree,
    mut from: Vec<u8>,
    to: Vec<u8>,
    halvings: u32,
    visit: &mut dyn FnMut(&[u8], &[u8]),
    gaps: &mut Vec<Gap>,
) {
    // sled panics on some kinds of damage and reports others.
    let reached_the_end = catch_unwind(AssertUnwindSafe(|| {
        for pair in tree.range(from.clone()..to.clone()) {
            let Ok((key, value)) = pair else { return false };
            visit(&key, &value);
            from = key.to_vec();
            from.push(0);
        }
        true
    }));
    if matches!(reached_the_end, Ok(true)) {
        return;
    }
    match middle(&from, &to).filter(|_| halvings > 0) {
        Some(middle) => {
            walk(tree, from, middle.clone(), halvings - 1, visit, gaps);
            walk(tree, middle, to, halvings - 1, visit, gaps);
        }
        None => match gaps.last_mut() {
            Some(last) if last.to == from => last.to = to,
            _ => gaps.push(Gap { from, to }),
        },
    }
}

/// A key about half-way between two, if there is room.
fn middle(from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    let number = |key: &[u8]| {
        let mut bytes = [0; 16];
        let length = key.len().min(16);
        bytes[..length].copy_from_slice(&key[..length]);
        u128::from_be_bytes(bytes)
    };
    let (low, high) = (number(from), number(to));
    let middle = (low + high.checked_sub(low)? / 2).to_be_bytes().to_vec();
    (middle.as_slice() > from && middle.as_slice() < to).then_some(middle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_middle_lies_strictly_between(mut ends: [Vec<u8>; 2]) {
            ends.sort();
            let [from, to] = ends;
            if let Some(middle) = middle(&from, &to) {
                prop_assert!(from < middle && middle < to);
            }
        }
    }
}
