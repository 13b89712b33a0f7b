//! Saves the records of a store that may be damaged, and says what cannot be saved.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::model::{Key, KeyKind};

use super::StoreError;
use super::apply::head_of;
use super::chunks::{Fault, Values, is_altered};
use super::layout::{self, Kind};
use super::records::Record;
use super::sheets::Of;
use super::sled_log::{Log, Pair, State};

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
    let to = layout::end_of(&from);
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

/// What is left of a store, once it is put in an engine that can be read.
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
        mut visit: impl FnMut(Result<Record, String>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        if self.stale.is_empty() {
            return ground(tree, |_, record| visit(record));
        }
        let (mut older, mut published) = (Vec::new(), HashSet::new());
        ground(tree, |key, record| match record {
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

fn ground(
    tree: &sled::Tree,
    mut visit: impl FnMut(&[u8], Result<Record, String>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let kinds = [
        Kind::Memory,
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
            let read = || -> Result<Option<Record>, Fault> {
                let Some(payload) = tree.record(key)? else { return Ok(None) };
                let record = Record::read(kind, key, &payload);
                let record = record.map_err(|why| Fault::record(key, why))?;
                Ok(Some(with_passages_left(tree, record)))
            };
            let record = match catch_unwind(AssertUnwindSafe(read)) {
                Ok(Ok(record)) => record.map(Ok),
                Ok(Err(fault)) => Some(Err(format!("{}: {fault}", key.escape_ascii()))),
                Err(_) => Some(Err(format!("{}: it cannot be read", key.escape_ascii()))),
            };
            if let (Ok(()), Some(record)) = (&visited, record) {
                visited = visit(key, record);
            }
        });
        visited?;
        for Gap { from, to } in gaps {
            let range = format!("{} to {}", from.escape_ascii(), to.escape_ascii());
            visit(&from, Err(format!("{range}: this range cannot be read")))?;
        }
    }
    Ok(())
}

/// A story with those of its passages that can be read: without any it is a story still.
fn with_passages_left(tree: &sled::Tree, mut record: Record) -> Record {
    if let Record::Story { story, keys } = &mut record
        && let Ok(Some(head)) = head_of(tree, story.id)
    {
        for (span, number) in head.spans {
            let borne = tree.borne(Of::Passages(span).sheet(number), story.id).ok().flatten();
            keys.extend(borne.into_iter().flat_map(|borne| borne.keys));
        }
    }
    record
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
