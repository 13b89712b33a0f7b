//! Renders the feeds that changed and puts them into the response cache.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use super::EngineDriver;
use crate::engine::{FeedStories, Reader};
use crate::model::{Story, StoryId, Topic};
use crate::pipeline::compute::blocking;
use crate::pipeline::matched_terms::MatchedTerms;
use crate::publish::{self, FirstPage, Metrics, Total};
use crate::store::StoreError;

/// Changes that are committed and not published yet.
#[derive(Debug, Default)]
pub(super) struct Unpublished {
    feeds: BTreeSet<usize>,
    /// Whether everything is published anew, because a plan came into force.
    all: bool,
    /// Start of the turn that is being applied.
    began: Option<Instant>,
    /// Start of the first turn that changed these feeds.
    since: Option<Instant>,
}

impl Unpublished {
    /// A turn begins.
    pub(super) fn began(&mut self, at: Instant) {
        self.began = Some(at);
    }

    /// A plan came into force.
    pub(super) fn all(&mut self) {
        self.all = true;
    }

    /// A turn that changed these feeds is durable.
    pub(super) fn add(&mut self, feeds: &BTreeSet<usize>, metrics: &Metrics) {
        let Some(began) = self.began.take() else {
            self.feeds.extend(feeds);
            return;
        };
        if feeds.is_empty() {
            metrics.gathered(began.elapsed());
        } else {
            self.feeds.extend(feeds);
            self.since.get_or_insert(began);
        }
    }
}

impl EngineDriver {
    /// Whether [`EngineDriver::publish`] has something to do.
    pub fn has_unpublished(&self) -> bool {
        self.unpublished.all || !self.unpublished.feeds.is_empty()
    }

    /// Publishes the changes since the last call. New documents are served uncompressed until
    /// [`ResponseCache::compress`](publish::ResponseCache::compress) is called.
    pub async fn publish(&mut self) -> Result<(), StoreError> {
        if self.unpublished.all {
            return self.publish_all().await;
        }
        let Unpublished { feeds, since, .. } = std::mem::take(&mut self.unpublished);
        if feeds.is_empty() {
            return Ok(());
        }
        self.display(&feeds)?;
        blocking(|| self.show(&feeds));
        if let Some(since) = since {
            self.metrics.gathered(since.elapsed());
        }
        self.take_stock()
    }

    /// Publishes everything anew, and withdraws removed topics (Q33).
    pub(in crate::pipeline) async fn publish_all(&mut self) -> Result<(), StoreError> {
        // Before anything is published: a topic that is private now must not be shown again.
        self.cache.restrict(self.plan().access_rules());
        let all = self.engine.all_feeds();
        self.displayed = vec![Vec::new(); all.len()];
        self.first_pages = vec![FirstPage::default(); all.len()];
        self.matched_terms = MatchedTerms::default();
        self.unpublished = super::Unpublished::default();
        self.display(&all)?;
        blocking(|| self.show(&all));
        self.cache.keep_topics(&self.plan().topics, &self.engine.gone_topics());
        self.take_stock()
    }

    /// Updates the gauges.
    fn take_stock(&self) -> Result<(), StoreError> {
        for (topic, stories) in self.plan().topics.iter().zip(&self.displayed) {
            self.metrics.published(&topic.id, stories.len());
        }
        let (count, room) = blocking(|| Ok((self.store.count()?, self.store.disk_space()?)))?;
        self.metrics.stored(count, room.map_or(0, |room| room.used));
        Ok(())
    }

    /// Looks up the stories of these feeds.
    fn display(&mut self, feeds: &BTreeSet<usize>) -> Result<(), StoreError> {
        for &feed in feeds {
            let reader = Reader::new(&*self.store, &self.at_hand);
            let (FeedStories { stories: ids, first_page }, count) = blocking(|| {
                let count = self.engine.count_of(feed, Total::MOST + 1, &reader)?;
                Ok::<_, StoreError>((self.engine.on_feed(feed, &reader)?, count))
            })?;
            let mut stories = self.stories(ids)?;
            let mut first_page = first_page.map(|ids| self.stories(ids)).transpose()?;
            let topics = self.engine.topics();
            stories.sort_by_key(|story| Reverse((topics.date(feed, story), story.id)));
            if feed == self.plan().topics.len() {
                topics.show_everybody(&mut stories);
                first_page.iter_mut().for_each(|page| topics.show_everybody(page));
            } else if self.plan().topics[feed].explain {
                let page = first_page.iter().flatten();
                let shown: Vec<_> = stories.iter().chain(page).cloned().collect();
                self.matched_terms.follow(feed, &shown, topics);
            }
            self.displayed[feed] = stories;
            self.first_pages[feed] = FirstPage { stories: first_page, total: count.map(Total::of) };
        }
        let on_display = self.on_display();
        let topics = self.engine.topics();
        self.at_hand.retain(|id, _| on_display.contains(id) || topics.is_open(*id));
        Ok(())
    }

    fn stories(
        &mut self,
        ids: impl IntoIterator<Item = StoryId>,
    ) -> Result<Vec<Arc<Story>>, StoreError> {
        ids.into_iter().filter_map(|id| self.story(id).transpose()).collect()
    }

    fn story(&mut self, id: StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        if let Some(story) = self.at_hand.get(&id) {
            return Ok(Some(story.clone()));
        }
        let story = blocking(|| self.store.story(id))?.map(Arc::new);
        self.at_hand.extend(story.iter().map(|story| (id, story.clone())));
        Ok(story)
    }

    /// Renders these feeds and the documents that belong to no single topic.
    fn show(&self, feeds: &BTreeSet<usize>) {
        let (plan, site) = (&**self.plan(), &*self.plan().server.site);
        for &feed in feeds {
            let (stories, first) = (&self.displayed[feed], &self.first_pages[feed]);
            let rendered = match plan.topics.get(feed) {
                Some(topic) => {
                    let archived = self.engine.topics().last_volume(feed);
                    let words = |story: &Story| self.matched_terms.of(feed, story.id);
                    let sources = &plan.sources;
                    publish::render_topic_after(
                        archived, first, topic, stories, &words, sources, site,
                    )
                }
                None => publish::render_stories(stories, first, &plan.sources, site),
            };
            self.cache.show(rendered, self.engine.modified(feed));
        }
        let topics: Vec<(Topic, Vec<Arc<Story>>)> =
            plan.topics.iter().cloned().zip(self.displayed.iter().cloned()).collect();
        let rendered = publish::render_site(&topics, &plan.sources, site);
        self.cache.show(rendered, self.engine.site_modified());
    }
}
