//! Whether a store can take over a record of another.
//!
//! Stories move as records, a line of JSON each. What is here already stays as
//! it is: the same story is passed over, so that an import that was cut short
//! can be begun again, and another story under its id is a conflict.

use std::collections::BTreeSet;

use crate::model::{EngineRecord, Key, KeyKind, SourceId, StoryId, Subscriber, SubscriberId};

use super::{Commit, Record, Store, StoreError};

/// The effect of importing a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// It is not here yet.
    New,
    /// It is here, or something later that was said of the same.
    Known,
    /// It contradicts what is here.
    Conflict(String),
}

/// Compares records with a store as it was before any of them came.
pub struct ImportCheck<'a> {
    store: &'a dyn Store,
    /// The names of what there is of every kind but stories: there can be very many.
    sources: BTreeSet<SourceId>,
    listing: BTreeSet<SourceId>,
    engine: BTreeSet<String>,
    subscribers: BTreeSet<SubscriberId>,
}

impl<'a> ImportCheck<'a> {
    /// Reads what the store has.
    pub fn of(store: &'a dyn Store) -> Result<Self, StoreError> {
        Ok(Self {
            store,
            sources: store.source_states()?.into_keys().collect(),
            listing: store.listed()?.into_keys().collect(),
            engine: store.engine_records()?.iter().map(EngineRecord::key).collect(),
            subscribers: store.subscribers()?.iter().map(Subscriber::id).collect(),
        })
    }

    /// Whether the store can take over a record.
    pub fn fit(&self, record: &Record) -> Result<Fit, StoreError> {
        let known = |known| if known { Fit::Known } else { Fit::New };
        let store = self.store;
        Ok(match record {
            Record::SourceState { source, .. } => known(self.sources.contains(source)),
            Record::Listed { source, .. } => known(self.listing.contains(source)),
            Record::Engine { record } => known(self.engine.contains(&record.key())),
            // Derived.
            Record::Places { .. } | Record::Filled { .. } => Fit::Known,
            Record::Archived { path, .. } => known(store.archived(path)?.is_some()),
            Record::Subscriber { subscriber } => known(self.subscribers.contains(&subscriber.id())),
            Record::Retired { story, keys, .. } => {
                let here = store.story(*story)?.is_some();
                known(here || bears(store, keys, |bearer| bearer == *story)?)
            }
            Record::Story { story, keys } => match store.story(story.id)? {
                Some(here) if here == **story => Fit::Known,
                Some(_) => Fit::Conflict(format!("the store has another story {}", story.id)),
                None => {
                    let ids: Vec<Key> =
                        keys.iter().filter(|key| key.kind == KeyKind::Published).copied().collect();
                    match bears(store, &ids, |bearer| bearer != story.id)? {
                        true => Fit::Conflict(format!(
                            "the store has published another story as {}",
                            story.published_id
                        )),
                        false => Fit::New,
                    }
                }
            },
        })
    }
}

/// Whether a story that `is` so bears any of these keys.
fn bears(
    store: &dyn Store,
    keys: &[Key],
    is: impl Fn(StoryId) -> bool,
) -> Result<bool, StoreError> {
    Ok(store.lookalikes(keys)?.by_key.into_values().flatten().any(is))
}

/// The commit after which topics are filled again: stories come in that they do not have.
pub fn topics_to_refill(store: &dyn Store) -> Result<Commit, StoreError> {
    Ok(Commit { dropped: store.filled()?, ..Commit::default() })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::super::InMemory;
    use super::super::samples::{any_commit, done, everything, topic};
    use super::*;

    fn records(store: &dyn Store) -> Vec<Record> {
        store.records().collect::<Result<_, _>>().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn records_that_went_through_json_make_the_same_store(
            commits in prop::collection::vec(any_commit(), 0..8)
        ) {
            let [here, there] = [InMemory::new(), InMemory::new()];
            for commit in commits {
                done(here.commit(commit)).unwrap();
            }
            for record in records(&here) {
                let line = serde_json::to_string(&record).unwrap();
                let record: Record = serde_json::from_str(&line).unwrap();
                // The stories of samples share published ids.
                let check = ImportCheck::of(&there).unwrap();
                prop_assert_ne!(check.fit(&record).unwrap(), Fit::Known);
                done(there.commit(Commit { restored: vec![record], ..Commit::default() })).unwrap();
            }
            let nameless = |record: &Record| {
                matches!(record, Record::Retired { keys, .. } if keys.is_empty())
            };
            let check = ImportCheck::of(&there).unwrap();
            for record in records(&here).iter().filter(|record| !nameless(record)) {
                prop_assert_eq!(check.fit(record).unwrap(), Fit::Known);
            }
            for store in [&here, &there] {
                let dropped = (0..4).map(topic).collect();
                done(store.commit(Commit { dropped, ..Commit::default() })).unwrap();
            }
            prop_assert_eq!(everything(&there), everything(&here));
        }
    }
}
