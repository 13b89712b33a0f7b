//! A store in; places and stories in the order of a feed, out.

use super::{EVERYTHING, SLICE};
use crate::model::{Fingerprint, Story};
use crate::store::{Place, Store, StoreError};

/// The places of a topic, or of every story, that come after one, newest first.
pub(crate) fn after(
    store: &dyn Store,
    topic: Option<Fingerprint>,
    place: Place,
    limit: usize,
) -> Result<Vec<Place>, StoreError> {
    store.places(topic.unwrap_or(EVERYTHING), Some(place), limit)
}

/// Every story that stands, the latest changed first; `visit` ends it by `false`.
pub(crate) fn latest_first(
    store: &dyn Store,
    mut visit: impl FnMut(Story) -> bool,
) -> Result<(), StoreError> {
    let mut older_than: Option<Place> = None;
    loop {
        let places = store.places(EVERYTHING, older_than, SLICE)?;
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
