//! Saves the records of a store that may be damaged, and says what cannot be saved.

use std::collections::HashSet;

use crate::model::{Key, KeyKind, Story};

use super::super::{Record, StoreError};
use super::chunks::{Fault, is_altered};
use super::key_codec::{self, Kind};
use super::read;
use super::sled_log::{Bounds, Change, Log, State};
use super::staged_cards::read_card;

/// Puts what is left in the files of an engine into an empty one. Returns the keys
/// of which only an older state is left.
pub(super) fn refill(log: &Log, tree: &sled::Tree) -> Result<HashSet<Vec<u8>>, sled::Error> {
    let mut stale = HashSet::new();
    log.replay(|change| {
        match change {
            Change::Clear(Bounds { low, high, .. }) => {
                let keys = match high.is_empty() {
                    true => tree.range(low..).keys(),
                    false => tree.range(low..high).keys(),
                };
                for key in keys.collect::<Result<Vec<_>, _>>()? {
                    tree.remove(&key)?;
                    stale.remove(&*key);
                }
            }
            // An older value that is whole is better.
            Change::Set(key, value, State::Doubtful) if is_altered(&key, &value) => {}
            Change::Set(key, value, state) => {
                tree.insert(&key, value)?;
                match state {
                    State::Stale => stale.insert(key),
                    State::Current | State::Doubtful => stale.remove(&key),
                };
            }
            Change::Remove(key) => {
                tree.remove(&key)?;
                stale.remove(&key);
            }
        }
        Ok::<_, sled::Error>(())
    })?;
    Ok(stale)
}

/// Visits every record that cannot be derived: itself, or how it is lost. `stale` are the keys with
/// an older value than they had last.
///
/// An older state may hold a story which another one took in since. Such a story
/// is passed over, as its published id leads to the other one.
pub(super) fn records(
    tree: &sled::Tree,
    stale: &HashSet<Vec<u8>>,
    first_span: u32,
    mut visit: impl FnMut(Result<Record, String>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let (mut older, mut published) = (Vec::new(), HashSet::new());
    each_record(tree, first_span, |key, record| {
        if let Ok(Record::Story { keys, .. }) = &record {
            if stale.contains(key) {
                older.extend(record);
                return Ok(());
            }
            published.extend(published_ids(keys));
        }
        visit(record)
    })?;
    older.retain(|record| match record {
        Record::Story { keys, .. } => !published_ids(keys).any(|id| published.contains(&id)),
        _ => true,
    });
    older.into_iter().try_for_each(|record| visit(Ok(record)))
}

fn published_ids(keys: &[Key]) -> impl Iterator<Item = Key> + '_ {
    keys.iter().filter(|key| key.kind == KeyKind::Published).copied()
}

/// Visits every record with its key. A story whose card is lost comes without keys, and the loss
/// is reported, too.
fn each_record(
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
