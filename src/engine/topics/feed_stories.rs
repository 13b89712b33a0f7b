//! The stories that a feed holds, and how many it leads to.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Topics;
use crate::engine::Reader;
use crate::engine::archive::Archive;
use crate::model::{StoryId, Timestamp, TopicVersion};
use crate::publish::PAGE;
use crate::store::{StoreError, TopicPlace};

/// A feed looks through so many times the stories that it holds for those that are not late.
const SLICES_OF_A_FEED: usize = 4;

/// The stories that a feed holds.
#[derive(Debug, Default)]
pub struct FeedStories {
    /// Which they are.
    pub stories: BTreeSet<StoryId>,
    /// The stories of the topic's first page, newest first, where the feed leaves any of them out.
    pub first_page: Option<Vec<StoryId>>,
}

impl Topics {
    /// The stories that a feed holds: those that no volume of its archive tells, and the newest
    /// of the others, [`entries`](Self::entries) in all. Those that were old when they came are
    /// passed over.
    pub(in crate::engine) fn on_feed(
        &self,
        topic: usize,
        reader: &Reader<'_>,
    ) -> Result<FeedStories, StoreError> {
        if self.is_unpublished(topic) {
            return Ok(FeedStories::default());
        }
        let limit = self.entries(topic);
        let open = self.archives.get(topic).into_iter().flat_map(Archive::open_stories);
        // More are open only while an archive is made anew.
        let mut stories: BTreeSet<StoryId> = open.collect();
        if stories.len() > limit {
            stories.clear();
        }
        let places = reader.store().places(self.listed(topic), None, limit)?;
        let mut slice = Cow::Borrowed(&places);
        for _ in 0..SLICES_OF_A_FEED {
            let date = |version, story| reader.date_in(version, story);
            for place in &*slice {
                if stories.len() < limit && !self.came_late(topic, place, date)? {
                    stories.insert(place.story);
                }
            }
            let last = slice.last().filter(|_| slice.len() == limit && stories.len() < limit);
            let Some(last) = last.copied() else { break };
            slice = Cow::Owned(reader.store().places(self.listed(topic), Some(last), limit)?);
        }
        let first_page = places.iter().take(PAGE).map(|place| place.story);
        let is_whole = first_page.clone().all(|story| stories.contains(&story));
        Ok(FeedStories { first_page: (!is_whole).then(|| first_page.collect()), stories })
    }

    /// How many stories a feed leads to with its earlier pages, counted up to `most`. None for the
    /// feed of all stories until those that everybody may see are known.
    pub(in crate::engine) fn count(
        &self,
        topic: usize,
        most: usize,
        reader: &Reader<'_>,
    ) -> Result<Option<usize>, StoreError> {
        let is_everything = topic == self.plan.topics.len();
        if is_everything && self.plan.has_private_topics() && self.public().is_none() {
            return Ok(None);
        }
        Ok(Some(reader.store().places(self.listed(topic), None, most)?.len()))
    }

    /// How many stories a feed holds at most.
    pub(in crate::engine) fn entries(&self, topic: usize) -> usize {
        self.plan.topics.get(topic).map_or_else(|| self.looked_at(), |topic| topic.entries)
    }

    /// Whether a story was old when it came to a topic whose feed stood by then. `date_in` reads when
    /// it came.
    pub(in crate::engine) fn came_late(
        &self,
        topic: usize,
        place: &TopicPlace,
        date_in: impl Fn(TopicVersion, StoryId) -> Result<Option<Timestamp>, StoreError>,
    ) -> Result<bool, StoreError> {
        let archive = self.archives.get(topic).filter(|archive| archive.can_be_late(place));
        let Some(archive) = archive else { return Ok(false) };
        let came = date_in(self.live[topic].archive(), place.story)?;
        Ok(came.is_some_and(|came| archive.came_late(place, came)))
    }
}
