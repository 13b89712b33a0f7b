//! Retires stories that are kept no longer, a slice with each poll.
//!
//! Once a day of polls a walk through the stories begins; each poll takes one slice of it
//! along, so neither polls nor readers wait for it. Stories go first; their keys stay for
//! longer, so that an old entry which a source lists again is not news. How far the walk has
//! come is stored, so that a daemon which is often restarted finishes it all the same.

use std::borrow::Borrow;
use std::collections::HashMap;

use super::Engine;
use super::polls::Gone;
use super::turn::Event;
use super::turn_in_progress::TurnInProgress;
use crate::model::{SourceId, Story, StoryId, Timestamp, WalkPosition};
use crate::store::{Retention, Store, StoreError};

/// Stories looked at with one poll.
const SLICE: usize = 200;

impl Engine {
    /// Goes on with the walk, or begins the day's. Returns the stories that it removed.
    pub(super) fn walk(&mut self, work: &mut TurnInProgress<'_>) -> Result<Gone, StoreError> {
        let plan = self.plan.clone();
        let (retention, now) = (&plan.store.retention, work.horizon);
        let mut gone = Gone::default();
        if !retention.is_bounded() {
            return Ok(gone);
        }
        if self.progress.walk == WalkPosition::Finished && self.progress.walk_day != Some(now.day())
        {
            self.progress.walk_day = Some(now.day());
            self.progress.walk = WalkPosition::Stories(None);
        }
        self.progress.walk = match self.progress.walk {
            WalkPosition::Finished => WalkPosition::Finished,
            WalkPosition::Stories(after) => {
                let next = self.retire_after(retention, after, &mut gone, work)?;
                self.retired += gone.retired.len();
                if next.is_none() && self.retired > 0 {
                    let (retired, left) = (std::mem::take(&mut self.retired), work.count()?);
                    work.events.push(Event::StoriesRetired { retired, left });
                }
                next.map_or(WalkPosition::Retired(None), |next| WalkPosition::Stories(Some(next)))
            }
            WalkPosition::Retired(after) => {
                let next = self.forget_after(retention, after, &mut gone, work)?;
                next.map_or(WalkPosition::Finished, |next| WalkPosition::Retired(Some(next)))
            }
        };
        if self.progress.walk == WalkPosition::Finished {
            self.listed = None;
        }
        Ok(gone)
    }

    /// Records the stories that a source's document lists now.
    pub(super) fn list(
        &mut self,
        source: &SourceId,
        stories: Vec<StoryId>,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        if let Some(listed) = &mut self.listed {
            listed.replace(&work.listed_by(source)?, &stories);
        }
        work.commit.listed.push((source.clone(), stories));
        Ok(())
    }

    /// Retires the stale stories in the slice after a story. Returns where the next slice begins.
    fn retire_after(
        &mut self,
        retention: &Retention,
        after: Option<(Timestamp, StoryId)>,
        gone: &mut Gone,
        work: &mut TurnInProgress<'_>,
    ) -> Result<Option<(Timestamp, StoryId)>, StoreError> {
        let now = work.horizon;
        let mut surplus = match retention.stories {
            Some(_) => retention.surplus(work.count()?),
            None => 0,
        };
        let page = work.stories(after, SLICE)?;
        let next = next_slice(&page);
        let (stale, is_end) = stale(page, retention, &mut surplus, now);
        for story in stale {
            self.topics.remove(&story, work)?;
            work.retire(story.id);
            gone.retired.insert(story.id);
        }
        Ok(next.filter(|_| !is_end))
    }

    /// Forgets retired stories in the slice after one, unless a source of the plan lists them still: they
    /// would come back as news. Returns where the next slice begins.
    fn forget_after(
        &mut self,
        retention: &Retention,
        after: Option<StoryId>,
        gone: &mut Gone,
        work: &mut TurnInProgress<'_>,
    ) -> Result<Option<StoryId>, StoreError> {
        let Some(age) = retention.keys else { return Ok(None) };
        let oldest = work.horizon.before(age);
        let page = work.retired(after, SLICE)?;
        let next = page.last().map(|(id, _)| *id).filter(|_| page.len() == SLICE);
        let stale: Vec<StoryId> =
            page.into_iter().filter(|(_, at)| *at < oldest).map(|(id, _)| id).collect();
        if stale.is_empty() {
            return Ok(next);
        }
        // The lists of all sources are much to read: once for a walk.
        let listed = match self.listed.take() {
            Some(listed) => listed,
            None => {
                let mut listed = Listed::default();
                for (source, stories) in work.listed()? {
                    // Nobody polls a source that is not in the plan, so its list never changes.
                    if self.plan.sources.contains_key(&source) {
                        listed.replace(&[], &stories);
                    }
                }
                listed
            }
        };
        for story in stale.into_iter().filter(|story| !listed.holds(*story)) {
            work.forget(story);
            gone.forgotten.insert(story);
        }
        self.listed = Some(listed);
        Ok(next)
    }
}

/// Visits the stored stories that a walk by these bounds would retire, the oldest first.
pub(crate) fn retiring(
    retention: &Retention,
    store: &dyn Store,
    now: Timestamp,
    mut visit: impl FnMut(Story),
) -> Result<(), StoreError> {
    if !retention.is_bounded() {
        return Ok(());
    }
    let (mut surplus, mut after) = (retention.surplus(store.count()?), None);
    loop {
        let page = store.stories(after, SLICE)?;
        after = next_slice(&page);
        let (stale, is_end) = stale(page, retention, &mut surplus, now);
        stale.into_iter().for_each(&mut visit);
        if is_end || after.is_none() {
            return Ok(());
        }
    }
}

/// Where the slice after a page begins, unless the page was the last.
fn next_slice(page: &[impl Borrow<Story>]) -> Option<(Timestamp, StoryId)> {
    let last = page.last().filter(|_| page.len() == SLICE).map(Borrow::borrow);
    last.map(|story: &Story| (story.first_seen, story.id))
}

/// The stories of a page that a walk retires, and whether the walk ends with them.
fn stale<S: Borrow<Story>>(
    page: Vec<S>,
    retention: &Retention,
    surplus: &mut u64,
    now: Timestamp,
) -> (Vec<S>, bool) {
    let oldest = retention.age.map(|age| now.before(age));
    let mut stale = Vec::new();
    for one in page {
        let story = one.borrow();
        // No story changes before it is first seen, and they come in that order: neither bound can
        // reach beyond this one.
        if *surplus == 0 && oldest.is_none_or(|oldest| story.first_seen >= oldest) {
            return (stale, true);
        }
        if retention.retires(story, surplus, now) {
            stale.push(one);
        }
    }
    (stale, false)
}

/// How many sources of the plan list each story.
#[derive(Debug, Default)]
pub(super) struct Listed(HashMap<StoryId, u32>);

impl Listed {
    /// A source lists these `stories` in place of those.
    fn replace(&mut self, before: &[StoryId], stories: &[StoryId]) {
        for story in stories {
            *self.0.entry(*story).or_default() += 1;
        }
        for story in before {
            if let Some(count) = self.0.get_mut(story) {
                *count = count.saturating_sub(1);
            }
        }
    }

    fn holds(&self, story: StoryId) -> bool {
        self.0.get(&story).is_some_and(|count| *count > 0)
    }
}
