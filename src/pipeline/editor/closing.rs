//! What no volume of an archive tells yet in; the volumes that close, rendered and kept, out.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::Editor;
use crate::model::{Story, StoryId, Timestamp, Topic};
use crate::publish::{self, Volume};
use crate::store::{Commit, StoreError};

/// As many volumes close in one commit: a source's archive may fill dozens.
const TOGETHER: usize = 8;

/// Changed stories kept at hand until they are published, beside those on display: what an import
/// brings between two times of that is more than memory should hold, and most of it is on no feed.
const AT_HAND: usize = 1000;

impl Editor {
    /// Where as much is at hand as is to be held, closes the volumes that it fills: what they tell
    /// need not be read again for that, and is let go.
    pub(super) async fn make_room(&mut self) -> Result<(), StoreError> {
        let displayed: usize = self.displayed.iter().map(Vec::len).sum();
        if self.at_hand.len() < AT_HAND + displayed {
            return Ok(());
        }
        let (feeds, at) = self.unpublished.feeds();
        self.close_volumes(&feeds, at).await?;
        let displayed = self.on_display();
        let filing = &self.filing;
        self.at_hand.retain(|id, _| displayed.contains(id) || filing.is_untold(*id));
        Ok(())
    }

    /// Closes the volumes whose time has come, and keeps them as they are
    /// published now, before any feed leads to them.
    pub(super) async fn close_volumes(
        &mut self,
        feeds: &BTreeSet<usize>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (plan, bounded) = (self.plan.clone(), self.plan.store.retention.is_bounded());
        let stale = self.filing.take_stale();
        if !stale.is_empty() {
            self.store.commit(Commit { unarchived: stale, ..Commit::default() }).await?;
        }
        for (&feed, topic) in feeds.iter().filter_map(|feed| Some((feed, plan.topics.get(*feed)?)))
        {
            let Some(archive) = self.filing.archive(feed) else { continue };
            let mut commit = Commit::default();
            if bounded || topic.bounds.is_bounded() {
                archive.forget(&topic.id, &*self.store, &mut commit.unarchived)?;
            }
            let closing = archive.closing(now);
            for together in closing.chunks(TOGETHER) {
                let mut previous = self.filing.last_volume(feed);
                for (volume, ids) in together {
                    let kept = self.volume(feed, topic, (*volume, previous), ids)?;
                    commit.archived.extend(kept);
                    previous = Some(*volume);
                }
                match self.store.commit(std::mem::take(&mut commit)).await {
                    // They stay open, and so in the feed.
                    Err(StoreError::Full { .. }) => return Ok(()),
                    closed => closed?,
                }
                if let Some(archive) = self.filing.archive(feed) {
                    for (volume, ids) in together {
                        archive.close(*volume, ids);
                    }
                }
            }
            if !commit.is_empty() {
                self.store.commit(commit).await?;
            }
        }
        Ok(())
    }

    /// All that is kept of a volume, by path.
    fn volume(
        &mut self,
        feed: usize,
        topic: &Topic,
        (volume, previous): (Volume, Option<Volume>),
        ids: &[StoryId],
    ) -> Result<Vec<(String, String)>, StoreError> {
        let plan = self.plan.clone();
        let (site, sources) = (&*plan.server.site, &plan.sources);
        let mut stories = Vec::with_capacity(ids.len());
        for id in ids {
            // Not `self.story`: a long archive is not to be held.
            let at_hand = self.at_hand.get(id).cloned();
            stories.extend(match at_hand {
                Some(story) => Some(story),
                None => tokio::task::block_in_place(|| self.store.story(*id))?.map(Arc::new),
            });
        }
        stories.sort_by_key(|story| Reverse((topic.date_of(story), story.id)));
        let words = |story: &Story| self.filing.words(feed, story);
        let volumes = (volume, previous);
        let rendered = publish::render_volume(topic, volumes, &stories, &words, sources, site);
        let feeds: Vec<_> = rendered.iter().filter_map(ending_and_text).collect();
        let feeds: Vec<_> = feeds.iter().map(|(ending, text)| (*ending, &**text)).collect();
        let path = format!("{}{volume}.{}", publish::archive_path(&topic.id), publish::WOVEN);
        let mut kept = vec![(path, publish::weave(&feeds))];
        let archive = self.filing.archive(feed);
        kept.extend(archive.map(|archive| archive.contents(&topic.id, volume, ids, site)));
        Ok(kept)
    }
}

fn ending_and_text(feed: &publish::Rendered) -> Option<(&str, Cow<'_, str>)> {
    let (_, ending) = feed.path.rsplit_once('.')?;
    // Whoever is to make good what is no text looks at every byte; whoever finds none, at many at once.
    let text = std::str::from_utf8(&feed.body);
    Some((ending, text.map_or_else(|_| String::from_utf8_lossy(&feed.body), Cow::Borrowed)))
}
