//! Lists places and stories of the store in the order of a feed.

use super::{EVERYTHING, SLICE};
use crate::model::{Story, StoryId, TopicVersion};
use crate::store::{Store, StoreError, TopicPlace};

/// The places of a topic, or of every story, that come after one, newest first.
pub(crate) fn after(
    store: &dyn Store,
    topic: Option<TopicVersion>,
    place: TopicPlace,
    limit: usize,
) -> Result<Vec<TopicPlace>, StoreError> {
    store.places(topic.unwrap_or(EVERYTHING), Some(place), limit)
}

/// The newest places of a topic, or of every story.
pub(crate) fn newest(
    store: &dyn Store,
    topic: Option<TopicVersion>,
    limit: usize,
) -> Result<Vec<TopicPlace>, StoreError> {
    store.places(topic.unwrap_or(EVERYTHING), None, limit)
}

/// Whether a topic holds a place.
pub(crate) fn holds(
    store: &dyn Store,
    topic: TopicVersion,
    place: TopicPlace,
) -> Result<bool, StoreError> {
    Ok(store.place_of(topic, place.story)? == Some(place))
}

/// Whether a story has a place in a topic, or stands at all.
pub(crate) fn has_place(
    store: &dyn Store,
    topic: Option<TopicVersion>,
    story: StoryId,
) -> Result<bool, StoreError> {
    Ok(store.place_of(topic.unwrap_or(EVERYTHING), story)?.is_some())
}

/// The stories of a topic, or every story that stands, the newest place first; `visit` ends it by
/// `false`.
pub(crate) fn newest_first(
    store: &dyn Store,
    topic: Option<TopicVersion>,
    mut visit: impl FnMut(Story) -> bool,
) -> Result<(), StoreError> {
    let mut older_than: Option<TopicPlace> = None;
    loop {
        let places = store.places(topic.unwrap_or(EVERYTHING), older_than, SLICE)?;
        let Some(last) = places.last() else { return Ok(()) };
        older_than = Some(*last);
        for place in places {
            if let Some(story) = store.story(place.story)?
                && !visit(story)
            {
                return Ok(());
            }
        }
    }
}
