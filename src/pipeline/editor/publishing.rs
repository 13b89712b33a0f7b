//! Feeds that changed in; their documents on the shelf out.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::Editor;
use crate::model::{Stamp, Story, StoryId, Timestamp, Topic};
use crate::pipeline::filing::Highlights;
use crate::publish;
use crate::store::{Commit, StoreError};

/// What is committed and not on the shelf yet.
#[derive(Debug, Default)]
pub(super) struct Unpublished {
    feeds: BTreeSet<usize>,
    /// The moment of the last gathering that changed them.
    at: Timestamp,
    /// When work on the first of them began.
    since: Option<Instant>,
}

impl Unpublished {
    pub(super) fn add(&mut self, feeds: BTreeSet<usize>, at: Timestamp, began: Instant) {
        self.feeds.extend(feeds);
        self.at = self.at.max(at);
        self.since.get_or_insert(began);
    }

    /// The feeds that changed, and when the last of them did.
    pub(super) fn feeds(&self) -> (BTreeSet<usize>, Timestamp) {
        (self.feeds.clone(), self.at)
    }
}

impl Editor {
    /// Whether [`Editor::publish`] has something to do.
    pub fn has_unpublished(&self) -> bool {
        !self.unpublished.feeds.is_empty()
    }

    /// Has the shelf serve what changed since it was called last. New documents are
    /// served in identity alone until somebody has the shelf
    /// [compress](publish::Shelf::compress) them.
    pub async fn publish(&mut self) -> Result<(), StoreError> {
        let Unpublished { feeds, at, since } = std::mem::take(&mut self.unpublished);
        if feeds.is_empty() {
            return Ok(());
        }
        self.close_volumes(&feeds, at).await?;
        self.display(&feeds)?;
        let stamps = tokio::task::block_in_place(|| self.shelf.show(self.render(&feeds), at));
        if let Some(since) = since {
            self.ledger.gathered(since.elapsed());
        }
        self.stamp(stamps).await?;
        self.take_stock()
    }

    /// Everything anew, in every coding.
    pub(super) async fn publish_all(&mut self, now: Timestamp) -> Result<(), StoreError> {
        // Before anything is placed: what is private now is not shown once more.
        self.shelf.guard(self.plan.guards());
        let all = self.filing.all();
        self.shed(now).await?;
        self.displayed = vec![Vec::new(); all.len()];
        self.highlights = Highlights::default();
        self.unpublished = Unpublished::default();
        self.close_volumes(&all, now).await?;
        self.display(&all)?;
        let stamps = tokio::task::block_in_place(|| self.shelf.place(self.render(&all), now));
        self.stamp(stamps).await?;
        self.shelf.keep_topics(&self.plan.topics);
        self.take_stock()
    }

    /// Tells the ledger how much there is now.
    fn take_stock(&self) -> Result<(), StoreError> {
        for (topic, stories) in self.plan.topics.iter().zip(&self.displayed) {
            self.ledger.published(&topic.id, stories.len());
        }
        let (count, room) =
            tokio::task::block_in_place(|| Ok((self.store.count()?, self.store.room()?)))?;
        self.ledger.stored(count, room.map_or(0, |room| room.used));
        Ok(())
    }

    /// Looks up which stories these feeds hold now.
    fn display(&mut self, feeds: &BTreeSet<usize>) -> Result<(), StoreError> {
        for &feed in feeds {
            let ids = tokio::task::block_in_place(|| self.filing.on_feed(feed, &*self.store))?;
            let mut stories = Vec::with_capacity(ids.len());
            for id in ids {
                stories.extend(self.story(id)?);
            }
            stories.sort_by_key(|story| Reverse((self.filing.date(feed, story), story.id)));
            if feed == self.plan.topics.len() {
                self.filing.show_everybody(&mut stories);
            } else if self.plan.topics[feed].explain {
                self.highlights.follow(feed, &stories, &self.filing);
            }
            self.displayed[feed] = stories;
        }
        let on_display = self.on_display();
        self.at_hand.retain(|id, _| on_display.contains(id));
        Ok(())
    }

    pub(super) fn on_display(&self) -> HashSet<StoryId> {
        self.displayed.iter().flatten().map(|story| story.id).collect()
    }

    fn story(&mut self, id: StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        if let Some(story) = self.at_hand.get(&id) {
            return Ok(Some(story.clone()));
        }
        let story = tokio::task::block_in_place(|| self.store.story(id))?.map(Arc::new);
        self.at_hand.extend(story.iter().map(|story| (id, story.clone())));
        Ok(story)
    }

    /// Puts down when what is served was modified, so that Last-Modified survives a
    /// restart (Q24).
    async fn stamp(&self, stamps: Vec<(String, Stamp)>) -> Result<(), StoreError> {
        match stamps.is_empty() {
            true => Ok(()),
            // A full disk loses nothing: the stamps are found again at the next start.
            false => match self.store.commit(Commit { stamps, ..Commit::default() }).await {
                Err(StoreError::Full { .. }) => Ok(()),
                stamped => stamped,
            },
        }
    }

    fn render(&self, feeds: &BTreeSet<usize>) -> Vec<publish::Rendered> {
        let (plan, site) = (&*self.plan, &*self.plan.server.site);
        let mut rendered = Vec::new();
        for &feed in feeds {
            let stories = &self.displayed[feed];
            rendered.extend(match plan.topics.get(feed) {
                Some(topic) => {
                    let archived = self.filing.last_volume(feed);
                    let words = |story: &Story| self.highlights.of(feed, story.id);
                    let sources = &plan.sources;
                    publish::render_topic_after(archived, topic, stories, &words, sources, site)
                }
                None => publish::render_stories(stories, &plan.sources, site),
            });
        }
        let topics: Vec<(Topic, Vec<Arc<Story>>)> =
            plan.topics.iter().cloned().zip(self.displayed.iter().cloned()).collect();
        rendered.extend(publish::render_site(&topics, &plan.sources, site));
        rendered
    }
}
