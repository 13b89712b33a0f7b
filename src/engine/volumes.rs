//! Closes archive volumes, in the turn that makes them close.

use std::collections::BTreeSet;

use super::Engine;
use super::archive::Archive;
use super::turn_in_progress::TurnInProgress;
use crate::model::{SourceId, Story, StoryId, Topic};
use crate::publish::{self, Volume};
use crate::store::StoreError;

/// As many volumes close in one turn of an archive that is made anew: all in one commit
/// would be more than memory should hold.
const TOGETHER: usize = 8;

impl Engine {
    /// Closes the volumes whose time has come, of the feeds that are touched and of those whose
    /// backfill is due. `backfill` is what the first document of a source that has entries listed:
    /// as far as that is too old for a feed, it is gathered for volumes, so that its subscribers are
    /// not flooded.
    pub(super) fn close_volumes(
        &mut self,
        backfill: &BTreeSet<StoryId>,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let plan = self.plan.clone();
        self.topics.due_backfills(work.now).for_each(|feed| work.touch(feed));
        for feed in work.touched_now().clone() {
            let Some(topic) = plan.topics.get(feed) else { continue };
            if self.topics.is_unpublished(feed) {
                continue;
            }
            self.drop_volumes(feed, topic, work)?;
            // An archive that is made anew goes on in turns of its own.
            if self.behind.contains(&feed) && self.topics.is_behind(feed) {
                continue;
            }
            self.behind.remove(&feed);
            match backfill.is_empty() {
                true => self.close_backfill(feed, topic, work)?,
                false => self.gather_old(feed, topic, backfill, work)?,
            }
            let lead = |story, work: &TurnInProgress<'_>| work.lead(story, &plan.sources);
            self.close(feed, topic, usize::MAX, lead, work)?;
        }
        Ok(())
    }

    /// Has the volumes go none of whose stories is kept any more.
    fn drop_volumes(
        &mut self,
        feed: usize,
        topic: &Topic,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        if !self.plan.store.retention.is_bounded() && !topic.bounds.is_bounded() {
            return Ok(());
        }
        let version = self.topics.version(feed).archive();
        let Some(archive) = self.topics.archive(feed) else { return Ok(()) };
        let closed_now = &work.commit.archived;
        let text = |path: &str| {
            let kept = closed_now.iter().find(|(closed, _)| closed == path);
            match kept {
                Some((_, text)) => Ok(Some(text.clone())),
                None => work.reader().store().archived(path),
            }
        };
        let is_kept = |story| Ok(work.date_in(version, story)?.is_some());
        let gone = archive.forget(&topic.id, text, is_kept)?;
        work.commit.archived.retain(|(path, _)| !gone.contains(path));
        work.commit.unarchived.extend(gone);
        Ok(())
    }

    /// Has those of some stories that are too old for a feed wait for a volume, and closes those
    /// whose time has come.
    fn gather_old(
        &mut self,
        feed: usize,
        topic: &Topic,
        stories: &BTreeSet<StoryId>,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let mut newest = BTreeSet::new();
        for place in work.newest(self.topics.version(feed), topic.entries)? {
            let date_in = |version, story| work.date_in(version, story);
            if !self.topics.came_late(feed, &place, date_in)? {
                newest.insert(place.story);
            }
        }
        if let Some(archive) = self.topics.archive(feed) {
            archive.gather(stories.difference(&newest).copied());
        }
        self.close_backfill(feed, topic, work)
    }

    /// Closes the volumes of a feed's backfill whose time has come.
    fn close_backfill(
        &mut self,
        feed: usize,
        topic: &Topic,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let closing =
            |archive: &Archive, work: &TurnInProgress<'_>| archive.closing_backfill(work.now);
        self.close_all(feed, topic, usize::MAX, closing, work)?;
        self.topics.note_backfill(feed);
        Ok(())
    }

    /// Closes at most so many volumes of a feed. Returns how many. `lead` says which source leads a
    /// story, as far as that matters.
    fn close(
        &mut self,
        feed: usize,
        topic: &Topic,
        most: usize,
        lead: impl Fn(StoryId, &TurnInProgress<'_>) -> Result<Option<SourceId>, StoreError>,
        work: &mut TurnInProgress<'_>,
    ) -> Result<usize, StoreError> {
        let closing = |archive: &Archive, work: &TurnInProgress<'_>| {
            archive.closing(topic.entries, work.now, |story| lead(story, work))
        };
        self.close_all(feed, topic, most, closing, work)
    }

    /// The same of an archive that is made anew. Its newest stories stay open: it would take long to
    /// read who leads very many.
    fn close_anew(
        &mut self,
        feed: usize,
        topic: &Topic,
        most: usize,
        work: &mut TurnInProgress<'_>,
    ) -> Result<usize, StoreError> {
        self.close(feed, topic, most, |_, _| Ok(None), work)
    }

    fn close_all(
        &mut self,
        feed: usize,
        topic: &Topic,
        most: usize,
        closing: impl Fn(
            &Archive,
            &TurnInProgress<'_>,
        ) -> Result<Vec<(Volume, Vec<StoryId>)>, StoreError>,
        work: &mut TurnInProgress<'_>,
    ) -> Result<usize, StoreError> {
        let mut closed = 0;
        loop {
            let archive = self.topics.archive(feed);
            let volumes = archive.map(|archive| closing(archive, work)).transpose()?;
            let volumes = volumes.unwrap_or_default();
            let mut is_whole = true;
            for (volume, stories) in volumes {
                if closed == most {
                    return Ok(closed);
                }
                is_whole = self.close_volume(feed, topic, volume, &stories, work)?;
                closed += 1;
                // Other stories come into the next one.
                if !is_whole {
                    break;
                }
            }
            if is_whole {
                return Ok(closed);
            }
        }
    }

    /// Closes volumes of feeds whose archive is as a plan or a filling has left it, as many as
    /// one turn holds; the others are left to [`Engine::continue_archives`].
    pub(super) fn begin_archives(
        &mut self,
        feeds: &BTreeSet<usize>,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let plan = self.plan.clone();
        let mut left = TOGETHER;
        for &feed in feeds {
            let Some(topic) = plan.topics.get(feed) else { continue };
            if self.topics.is_unpublished(feed) {
                continue;
            }
            left -= self.close_anew(feed, topic, left, work)?;
        }
        self.behind = self.topics.backlog().into_iter().collect();
        Ok(())
    }

    /// Has what is too old for a feed that was just filled wait for volumes.
    pub(super) fn gather_filled(
        &mut self,
        feed: usize,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let plan = self.plan.clone();
        let Some(topic) = plan.topics.get(feed) else { return Ok(()) };
        let open = self.topics.archive(feed).map(|archive| archive.open_stories().collect());
        let open: BTreeSet<StoryId> = open.unwrap_or_default();
        if open.len() <= topic.entries {
            self.gather_old(feed, topic, &open, work)?;
        }
        Ok(())
    }

    /// Goes on with archives that have more volumes to close than one turn holds.
    pub(super) fn continue_archives(
        &mut self,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let plan = self.plan.clone();
        let mut left = TOGETHER;
        for feed in self.topics.backlog() {
            let Some(topic) = plan.topics.get(feed).filter(|_| left > 0) else { continue };
            work.touch(feed);
            left -= self.close_anew(feed, topic, left, work)?;
        }
        self.behind = self.topics.backlog().into_iter().collect();
        self.feeds.touch(&plan, work);
        Ok(())
    }

    /// Closes a volume: renders it as it is published from now on. Returns whether it holds all of these
    /// stories; those that do not fit in it stay open.
    fn close_volume(
        &mut self,
        feed: usize,
        topic: &Topic,
        volume: Volume,
        ids: &[StoryId],
        work: &mut TurnInProgress<'_>,
    ) -> Result<bool, StoreError> {
        let plan = self.plan.clone();
        let (site, sources) = (&*plan.server.site, &plan.sources);
        let mut stories = Vec::with_capacity(ids.len());
        for id in ids {
            stories.extend(work.story(*id)?);
        }
        let words = |story: &Story| self.topics.words(feed, story);
        let volumes = (volume, self.topics.last_volume(feed));
        let closed = publish::render_volume(topic, volumes, &stories, &words, sources, site);
        let left_out = stories.get(closed.stories).map(|story| story.id);
        let held = ids.iter().position(|id| Some(*id) == left_out).unwrap_or(ids.len());
        let record = publish::volume_record(&topic.id, volume);
        work.commit.archived.push((record, closed.text));
        if let Some(archive) = self.topics.archive(feed) {
            let held = &ids[..held];
            let revised =
                |id| stories.iter().find(|story| story.id == id).map(|story| story.revised);
            let list = archive.list(held, revised, site);
            work.commit.archived.push(list.record(&topic.id, volume));
            archive.close(volume, held);
        }
        Ok(held == ids.len())
    }
}
