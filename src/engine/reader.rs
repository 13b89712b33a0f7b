//! The store as a turn reads it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Story, StoryId, Timestamp, TopicVersion};
use crate::store::{Store, StoreError};

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

    /// One story.
    pub fn story(&self, id: StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        match self.recent.get(&id) {
            Some(story) => Ok(Some(story.clone())),
            None => Ok(self.store.story(id)?.map(Arc::new)),
        }
    }

    /// The date by which a topic's version orders a story; `None` if the story is not there.
    pub(super) fn date_in(
        &self,
        version: TopicVersion,
        story: StoryId,
    ) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.store.place_of(version, story)?.map(|place| place.date))
    }

    /// The store as the last turn left it.
    pub(super) fn store(&self) -> &'a dyn Store {
        self.store
    }
}
