//! A store that keeps nothing on disk.
//!
//! The plain statement of what a store means: the loop is tried against it,
//! and the storage backend that is used must not differ from it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::{
    EngineRecord, Key, KeyKind, Lookalikes, MOST_BEARERS, SourceId, SourceState, Story, StoryId,
    Subscriber, SubscriberId, Timestamp, TopicVersion,
};

use super::story_keys::merge_keys;
use super::{Commit, Committed, DiskSpace, Record, Store, StoreError, TopicPlace};

/// A store that lasts as long as the process.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    closed: bool,
    source_states: BTreeMap<SourceId, Arc<SourceState>>,
    listed: BTreeMap<SourceId, Vec<StoryId>>,
    engine: BTreeMap<String, EngineRecord>,
    subscribers: BTreeMap<SubscriberId, Subscriber>,
    archived: BTreeMap<String, String>,
    stories: BTreeMap<StoryId, (Story, Vec<Key>)>,
    order: BTreeSet<(Timestamp, StoryId)>,
    /// The stories that bear a key, by (first_seen, id).
    bearers: BTreeMap<Key, BTreeSet<(Timestamp, StoryId)>>,
    first_span: u32,
    retired: BTreeMap<StoryId, Retired>,
    places: BTreeMap<TopicVersion, BTreeSet<TopicPlace>>,
    filled: BTreeSet<TopicVersion>,
}

/// A story that is kept no longer.
#[derive(Debug)]
struct Retired {
    first_seen: Timestamp,
    at: Timestamp,
    keys: Vec<Key>,
}

impl InMemory {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    fn state(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.closed { Err(StoreError::Closed("in memory".to_owned())) } else { Ok(state) }
    }
}

impl State {
    fn apply(&mut self, commit: Commit) {
        self.source_states.extend(commit.source_states);
        self.listed.extend(commit.listed);
        let retired: BTreeSet<StoryId> = commit.retired.iter().map(|(story, _)| *story).collect();
        let (last_forgotten, forgotten): (Vec<StoryId>, Vec<StoryId>) =
            commit.forgotten.iter().partition(|story| retired.contains(*story));
        forgotten.into_iter().for_each(|story| self.forget(story));
        for admitted in commit.admitted {
            let story = Arc::unwrap_or_clone(admitted.story);
            self.admit(story, &admitted.dropped, &admitted.keys);
        }
        if let Some(first) = commit.passages_from {
            self.forget_passages(first.span());
        }
        for (story, at) in commit.retired {
            self.retire(story, at);
        }
        last_forgotten.into_iter().for_each(|story| self.forget(story));
        for record in commit.restored {
            self.restore(record);
        }
        for topic in commit.dropped {
            self.places.remove(&topic);
            self.filled.remove(&topic);
        }
        for change in commit.places {
            if self.stories.contains_key(&change.story) {
                let places = self.places.entry(change.topic).or_default();
                places.retain(|place| place.story != change.story);
                places.extend(change.to.map(|date| TopicPlace { date, story: change.story }));
            }
        }
        self.filled.extend(commit.filled);
        self.engine.extend(commit.engine.into_iter().map(|record| (record.key(), record)));
        for key in commit.engine_removed {
            self.engine.remove(&key);
        }
        self.subscribers.extend(commit.subscribers.into_iter().map(|one| (one.id(), one)));
        for id in commit.unsubscribed {
            self.subscribers.remove(&id);
        }
        for path in commit.unarchived {
            self.archived.remove(&path);
        }
        self.archived.extend(commit.archived);
    }

    fn admit(&mut self, story: Story, dropped: &[Key], new: &[Key]) {
        let (seen, before) = if let Some((before, keys)) = self.stories.remove(&story.id) {
            self.order.remove(&(before.first_seen, before.id));
            (before.first_seen, keys)
        } else if let Some(retired) = self.retired.remove(&story.id) {
            (retired.first_seen, retired.keys)
        } else {
            (story.first_seen, Vec::new())
        };
        let keys = merge_keys(&before, dropped, new, self.first_span);
        let id = story.id;
        self.order.insert((story.first_seen, id));
        // A key that stays is not borne anew: no story is evicted for it.
        let moved = |key: &&Key| seen != story.first_seen || !keys.contains(key);
        let lost: Vec<Key> = before.iter().filter(moved).copied().collect();
        self.unbear(&lost, seen, id);
        let gained = |key: &&Key| seen != story.first_seen || !before.contains(key);
        let gained: Vec<Key> = keys.iter().filter(gained).copied().collect();
        let first_seen = story.first_seen;
        self.stories.insert(id, (story, keys));
        self.bear(&gained, first_seen, id);
    }

    fn retire(&mut self, id: StoryId, at: Timestamp) {
        let Some((story, mut keys)) = self.stories.remove(&id) else { return };
        self.order.remove(&(story.first_seen, id));
        let passages: Vec<Key> = keys.extract_if(.., |key| key.kind == KeyKind::Passage).collect();
        self.unbear(&passages, story.first_seen, id);
        for places in self.places.values_mut() {
            places.retain(|place| place.story != id);
        }
        self.retired.insert(id, Retired { first_seen: story.first_seen, at, keys });
    }

    fn forget_passages(&mut self, first_span: u32) {
        self.first_span = self.first_span.max(first_span);
        let first = self.first_span;
        let stays = |key: &Key| key.kind != KeyKind::Passage || key.span() >= first;
        self.bearers.retain(|key, _| stays(key));
        for (_, keys) in self.stories.values_mut() {
            keys.retain(stays);
        }
    }

    fn forget(&mut self, id: StoryId) {
        let Some(retired) = self.retired.remove(&id) else { return };
        self.unbear(&retired.keys, retired.first_seen, id);
    }

    fn restore(&mut self, record: Record) {
        match record {
            Record::SourceState { source, state: source_state } => {
                drop(self.source_states.insert(source, Arc::from(source_state)))
            }
            Record::Listed { source, stories } => drop(self.listed.insert(source, stories)),
            Record::Engine { record } => drop(self.engine.insert(record.key(), record)),
            Record::Subscriber { subscriber } => {
                self.subscribers.insert(subscriber.id(), *subscriber);
            }
            Record::Archived { path, text } => drop(self.archived.insert(path, text)),
            Record::Story { story, keys } => self.admit(*story, &[], &keys),
            Record::Retired { story, .. } if self.stories.contains_key(&story) => {}
            Record::Retired { story, first_seen, at, keys } => {
                self.forget(story);
                let keys = merge_keys(&[], &[], &keys, u32::MAX);
                self.retired.insert(story, Retired { first_seen, at, keys: keys.clone() });
                self.bear(&keys, first_seen, story);
            }
            Record::Places { topic, places } => {
                self.places.entry(topic).or_default().extend(places);
            }
            Record::Filled { topics } => self.filled.extend(topics),
        }
    }

    fn bear(&mut self, keys: &[Key], first_seen: Timestamp, id: StoryId) {
        for key in keys {
            let bearers = self.bearers.entry(*key).or_default();
            bearers.insert((first_seen, id));
            if bearers.len() > MOST_BEARERS
                && let Some((_, oldest)) = bearers.pop_first()
            {
                // The eviction is permanent.
                let story = self.stories.get_mut(&oldest).map(|(_, keys)| keys);
                let retired = self.retired.get_mut(&oldest).map(|retired| &mut retired.keys);
                for keys in story.into_iter().chain(retired) {
                    keys.retain(|other| other != key);
                }
            }
        }
    }

    fn unbear(&mut self, keys: &[Key], first_seen: Timestamp, id: StoryId) {
        for key in keys {
            if let Entry::Occupied(mut bearers) = self.bearers.entry(*key) {
                bearers.get_mut().remove(&(first_seen, id));
                if bearers.get().is_empty() {
                    bearers.remove();
                }
            }
        }
    }

    fn records(&self) -> Vec<Record> {
        let source_states =
            self.source_states.iter().map(|(source, source_state)| Record::SourceState {
                source: source.clone(),
                state: Box::new(SourceState::clone(source_state)),
            });
        let listed = self.listed.iter().map(|(source, stories)| Record::Listed {
            source: source.clone(),
            stories: stories.clone(),
        });
        let engine = self.engine.values().map(|record| Record::Engine { record: record.clone() });
        let subscribers = self
            .subscribers
            .values()
            .map(|subscriber| Record::Subscriber { subscriber: Box::new(subscriber.clone()) });
        let archived = self
            .archived
            .iter()
            .map(|(path, text)| Record::Archived { path: path.clone(), text: text.clone() });
        let stories = self.order.iter().map(|(_, id)| {
            let (story, keys) = &self.stories[id];
            Record::Story { story: Box::new(story.clone()), keys: keys.clone() }
        });
        let retired = self.retired.iter().map(|(story, retired)| Record::Retired {
            story: *story,
            first_seen: retired.first_seen,
            at: retired.at,
            keys: retired.keys.clone(),
        });
        let readings = source_states.chain(listed).chain(engine).chain(archived).chain(subscribers);
        readings.chain(stories).chain(retired).collect()
    }
}

impl Store for InMemory {
    fn source_states(&self) -> Result<BTreeMap<SourceId, Arc<SourceState>>, StoreError> {
        let state = self.state()?;
        Ok(state.source_states.clone())
    }

    fn listed(&self) -> Result<BTreeMap<SourceId, Vec<StoryId>>, StoreError> {
        Ok(self.state()?.listed.clone())
    }

    fn lookalikes(&self, keys: &[Key]) -> Result<Lookalikes, StoreError> {
        let state = self.state()?;
        let mut found = Lookalikes::default();
        for key in keys {
            let Some(bearers) = state.bearers.get(key) else { continue };
            let ids: crate::model::Bearers = bearers.iter().map(|(_, id)| *id).collect();
            for id in &ids {
                if let Some((story, _)) = state.stories.get(id) {
                    found.stories.insert(*id, Arc::new(story.clone()));
                }
            }
            found.by_key.insert(*key, ids);
        }
        Ok(found)
    }

    fn commit_shared(&self, commit: Arc<Commit>) -> Committed {
        let commit = Arc::unwrap_or_clone(commit);
        let done = self.state().map(|mut state| state.apply(commit));
        Box::pin(std::future::ready(done))
    }

    fn is_known(&self, id: StoryId) -> Result<bool, StoreError> {
        let state = self.state()?;
        Ok(state.stories.contains_key(&id) || state.retired.contains_key(&id))
    }

    fn story(&self, id: StoryId) -> Result<Option<Story>, StoreError> {
        Ok(self.state()?.stories.get(&id).map(|(story, _)| story.clone()))
    }

    fn stories(
        &self,
        after: Option<(Timestamp, StoryId)>,
        limit: usize,
    ) -> Result<Vec<Story>, StoreError> {
        let state = self.state()?;
        let later = state.order.iter().filter(|place| after.is_none_or(|after| **place > after));
        Ok(later.take(limit).map(|(_, id)| state.stories[id].0.clone()).collect())
    }

    fn places(
        &self,
        topic: TopicVersion,
        older_than: Option<TopicPlace>,
        limit: usize,
    ) -> Result<Vec<TopicPlace>, StoreError> {
        let state = self.state()?;
        let places = state.places.get(&topic).into_iter().flatten().rev();
        let older = places.filter(|place| older_than.is_none_or(|than| **place < than));
        Ok(older.take(limit).copied().collect())
    }

    fn place_of(
        &self,
        topic: TopicVersion,
        story: StoryId,
    ) -> Result<Option<TopicPlace>, StoreError> {
        let state = self.state()?;
        let mut places = state.places.get(&topic).into_iter().flatten();
        Ok(places.find(|place| place.story == story).copied())
    }

    fn filled(&self) -> Result<Vec<TopicVersion>, StoreError> {
        Ok(self.state()?.filled.iter().copied().collect())
    }

    fn retired(
        &self,
        after: Option<StoryId>,
        limit: usize,
    ) -> Result<Vec<(StoryId, Timestamp)>, StoreError> {
        let state = self.state()?;
        let later = state.retired.iter().filter(|(id, _)| after.is_none_or(|after| **id > after));
        Ok(later.take(limit).map(|(id, retired)| (*id, retired.at)).collect())
    }

    fn engine_records(&self) -> Result<Vec<EngineRecord>, StoreError> {
        Ok(self.state()?.engine.values().cloned().collect())
    }

    fn subscribers(&self) -> Result<Vec<Subscriber>, StoreError> {
        Ok(self.state()?.subscribers.values().cloned().collect())
    }

    fn archive(&self, under: &str) -> Result<Vec<String>, StoreError> {
        let state = self.state()?;
        let paths = state.archived.keys().filter(|path| path.starts_with(under));
        Ok(paths.cloned().collect())
    }

    fn archived(&self, path: &str) -> Result<Option<String>, StoreError> {
        Ok(self.state()?.archived.get(path).cloned())
    }

    fn count(&self) -> Result<u64, StoreError> {
        Ok(self.state()?.stories.len() as u64)
    }

    fn records(&self) -> Box<dyn Iterator<Item = Result<Record, StoreError>> + '_> {
        match self.state() {
            Ok(state) => Box::new(state.records().into_iter().map(Ok)),
            Err(closed) => Box::new(std::iter::once(Err(closed))),
        }
    }

    fn disk_space(&self) -> Result<Option<DiskSpace>, StoreError> {
        Ok(None)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).closed = true;
        Ok(())
    }
}
