//! A view of the store that can only be read.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::model::{Key, Lookalikes, SourceId, Story, StoryId, Timestamp, TopicVersion};
use crate::store::{Store, StoreError, TopicPlace};

/// The store as the last turn left it, and stories of it that are in memory anyway.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    store: &'a dyn Store,
    recent: &'a HashMap<StoryId, Arc<Story>>,
}

impl<'a> Reader<'a> {
    /// Reads `store`; `recent` holds some of its stories as they are now.
    pub fn new(store: &'a dyn Store, recent: &'a HashMap<StoryId, Arc<Story>>) -> Self {
        Self { store, recent }
    }

    /// The stories that bear any of these keys.
    pub fn lookalikes(&self, keys: &[Key]) -> Result<Lookalikes, StoreError> {
        self.store.lookalikes(keys)
    }

    /// Whether there is a story of this ID, be it retired.
    pub fn is_known(&self, id: StoryId) -> Result<bool, StoreError> {
        self.store.is_known(id)
    }

    /// One story.
    pub fn story(&self, id: StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        match self.recent.get(&id) {
            Some(story) => Ok(Some(story.clone())),
            None => Ok(self.store.story(id)?.map(Arc::new)),
        }
    }

    /// Stories in the order of first sight, after this one.
    pub fn stories(
        &self,
        after: Option<(Timestamp, StoryId)>,
        limit: usize,
    ) -> Result<Vec<Story>, StoreError> {
        self.store.stories(after, limit)
    }

    /// Retired stories by id, after this one, with the time of their retirement.
    pub fn retired(
        &self,
        after: Option<StoryId>,
        limit: usize,
    ) -> Result<Vec<(StoryId, Timestamp)>, StoreError> {
        self.store.retired(after, limit)
    }

    /// The stories that every source's document listed when last read.
    pub fn listed(&self) -> Result<BTreeMap<SourceId, Vec<StoryId>>, StoreError> {
        self.store.listed()
    }

    /// Places of a topic's version, the greatest first, less than the given one.
    pub fn places(
        &self,
        version: TopicVersion,
        older_than: Option<TopicPlace>,
        limit: usize,
    ) -> Result<Vec<TopicPlace>, StoreError> {
        self.store.places(version, older_than, limit)
    }

    /// How many stories there are.
    pub fn count(&self) -> Result<u64, StoreError> {
        self.store.count()
    }

    /// An archived document.
    pub fn archived(&self, path: &str) -> Result<Option<String>, StoreError> {
        self.store.archived(path)
    }

    /// The store, for what reads a whole topic at a start or a reload.
    pub(super) fn store(&self) -> &'a dyn Store {
        self.store
    }
}
