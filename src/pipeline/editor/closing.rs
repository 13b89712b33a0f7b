//! What no volume of an archive tells yet in; the volumes that close, rendered and kept, out.

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
            let mut closing = archive.closing(now);
            while !closing.is_empty() {
                let mut previous = self.filing.last_volume(feed);
                let mut closed = Vec::new();
                for (volume, ids) in closing.iter().take(TOGETHER) {
                    let (held, kept) = self.volume(feed, topic, (*volume, previous), ids)?;
                    commit.archived.extend(kept);
                    previous = Some(*volume);
                    closed.push((*volume, &ids[..held]));
                    // Stories that did not fit stay open, and come before those of later volumes.
                    if held < ids.len() {
                        break;
                    }
                }
                match self.store.commit(std::mem::take(&mut commit)).await {
                    // They stay open, and so in the feed.
                    Err(StoreError::Full { .. }) => return Ok(()),
                    closed => closed?,
                }
                let Some(archive) = self.filing.archive(feed) else { break };
                closed.into_iter().for_each(|(volume, ids)| archive.close(volume, ids));
                closing = archive.closing(now);
            }
            if !commit.is_empty() {
                self.store.commit(commit).await?;
            }
        }
        Ok(())
    }

    /// All that is kept of a volume, by path, and how many of the stories fit in it.
    fn volume(
        &mut self,
        feed: usize,
        topic: &Topic,
        (volume, previous): (Volume, Option<Volume>),
        ids: &[StoryId],
    ) -> Result<(usize, Vec<(String, String)>), StoreError> {
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
        let words = |story: &Story| self.filing.words(feed, story);
        let volumes = (volume, previous);
        let closed = publish::render_volume(topic, volumes, &stories, &words, sources, site);
        let left_out = stories.get(closed.stories).map(|story| story.id);
        let held = ids.iter().position(|id| Some(*id) == left_out).unwrap_or(ids.len());
        let mut kept = vec![(publish::volume_record(&topic.id, volume), closed.text)];
        let archive = self.filing.archive(feed);
        kept.extend(archive.map(|archive| archive.contents(&topic.id, volume, &ids[..held], site)));
        Ok((held, kept))
    }
}
