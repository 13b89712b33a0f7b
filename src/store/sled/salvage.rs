//! Saves the records of a store that may be damaged, and says what cannot be saved.

use std::collections::{HashMap, HashSet};

use crate::model::{Key, KeyKind, Story};

use super::super::{Record, StoreError};
use super::chunks::{Fault, is_altered};
use super::key_codec::{self, Kind};
use super::read;
use super::sled_log::{Log, Pair, State};
use super::staged_cards::read_card;

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
/// is reported, too.
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
        for key in read::keys(tree, &kind.prefix(), None) {
            let key = match key {
                Ok(key) => key,
                Err(why) => {
                    visit(&kind.prefix(), Err(why.to_string()))?;
                    break;
                }
            };
            let lost = |why: Fault| format!("{}: {why}", key.escape_ascii());
            match read::record(tree, kind, &key) {
                Ok(None) => {}
                Ok(Some(Record::Story { story, .. })) => {
                    let keys = keys_of(tree, &story, first_span);
                    let lost = keys.as_ref().err().map(|why| {
                        format!("{}: the keys by which it is found: {why}", key.escape_ascii())
                    });
                    visit(&key, Ok(Record::Story { story, keys: keys.unwrap_or_default() }))?;
                    lost.map_or(Ok(()), |lost| visit(&key, Err(lost)))?;
                }
                Ok(Some(record)) => visit(&key, Ok(record))?,
                Err(why) => visit(&key, Err(lost(why)))?,
            }
        }
    }
    Ok(())
}

/// The keys on a story's card.
fn keys_of(tree: &sled::Tree, story: &Story, first_span: u32) -> Result<Vec<Key>, Fault> {
    let card = read_card(tree, story.first_seen, story.id)?;
    let gone = || Fault::malformed(&key_codec::story(story.id), "its card is gone");
    Ok(read::keys_from(first_span, card.ok_or_else(gone)?))
}
