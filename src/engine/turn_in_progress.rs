//! The turn that the engine is applying: its commit so far, and the store as that commit leaves it.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::Reader;
use super::turn::{Event, Step};
use crate::model::{
    Admitted, SourceId, SourceState, Sources, Story, StoryId, Timestamp, TopicVersion, Verdict,
};
use crate::store::{Commit, PlaceChange, StoreError, TopicPlace};

/// A turn that is being applied. Reads see the store with the commit so far, so that a poll sees the
/// changes of the polls before it in the same turn.
pub(super) struct TurnInProgress<'a> {
    reader: &'a Reader<'a>,
    pub(super) commit: Commit,
    /// The time of the poll or other part that is being applied.
    pub(super) now: Timestamp,
    /// The time from which the age of stories is counted.
    pub(super) horizon: Timestamp,
    pub(super) events: Vec<Event>,
    pub(super) polls: Vec<super::Polled>,
    /// The feeds that the turn touched.
    touched: BTreeSet<usize>,
    /// The feeds that the current part of the turn touched.
    touched_now: BTreeSet<usize>,
    source_states: BTreeMap<SourceId, Arc<SourceState>>,
    /// The changed stories as they are now; `None` for a retired one.
    stories: HashMap<StoryId, Option<Arc<Story>>>,
    /// The number of new stories less the number of retired ones.
    story_count_change: i64,
    /// Retired stories with the time of retirement; `None` if even their keys were forgotten.
    retired: BTreeMap<StoryId, Option<Timestamp>>,
    changed: Vec<(Verdict, Arc<Story>)>,
    placed: RefCell<Placed>,
}

/// The places of the turn by topic and story, as far as anybody has asked.
#[derive(Default)]
struct Placed {
    dates: HashMap<(TopicVersion, StoryId), Option<Timestamp>>,
    /// How many changes of the commit are among them.
    seen: usize,
}

impl<'a> TurnInProgress<'a> {
    pub(super) fn new(reader: &'a Reader<'a>, now: Timestamp, horizon: Timestamp) -> Self {
        Self {
            reader,
            commit: Commit::default(),
            now,
            horizon,
            events: Vec::new(),
            polls: Vec::new(),
            touched: BTreeSet::new(),
            touched_now: BTreeSet::new(),
            source_states: BTreeMap::new(),
            stories: HashMap::new(),
            story_count_change: 0,
            retired: BTreeMap::new(),
            changed: Vec::new(),
            placed: RefCell::default(),
        }
    }

    /// The finished step, and the states of the sources after it.
    pub(super) fn finish(mut self) -> (Step, BTreeMap<SourceId, Arc<SourceState>>) {
        self.commit.source_states = self.source_states.clone().into_iter().collect();
        let step = Step {
            at: self.now,
            commit: self.commit,
            touched: self.touched,
            polls: self.polls,
            changed: self.changed,
            events: self.events,
        };
        (step, self.source_states)
    }

    pub(super) fn reader(&self) -> &'a Reader<'a> {
        self.reader
    }

    /// Advances the time, which never runs backwards.
    pub(super) fn advance(&mut self, at: Timestamp) -> Timestamp {
        self.now = self.now.max(at);
        self.touched_now.clear();
        self.now
    }

    pub(super) fn touch(&mut self, feed: usize) {
        self.touched.insert(feed);
        self.touched_now.insert(feed);
    }

    /// The feeds that the turn touched.
    pub(super) fn touched(&self) -> &BTreeSet<usize> {
        &self.touched
    }

    /// The feeds that the current part of the turn touched.
    pub(super) fn touched_now(&self) -> &BTreeSet<usize> {
        &self.touched_now
    }

    /// A source's state, if the turn has changed it.
    pub(super) fn source_state(&self, source: &SourceId) -> Option<&SourceState> {
        self.source_states.get(source).map(|state| &**state)
    }

    pub(super) fn remember(&mut self, source: SourceId, state: SourceState) {
        self.source_states.insert(source, Arc::new(state));
    }

    /// Records a story that was judged.
    pub(super) fn admit(&mut self, admitted: Admitted) {
        let story = &admitted.story;
        self.story_count_change += i64::from(admitted.before.is_none());
        self.stories.insert(story.id, Some(story.clone()));
        self.changed.push((admitted.verdict, story.clone()));
        self.commit.admitted.push(admitted);
    }

    /// Retires a story.
    pub(super) fn retire(&mut self, story: StoryId) {
        self.story_count_change -= 1;
        self.stories.insert(story, None);
        self.retired.insert(story, Some(self.horizon));
        self.commit.retired.push((story, self.horizon));
    }

    /// Forgets the keys of a retired story.
    pub(super) fn forget(&mut self, story: StoryId) {
        self.retired.insert(story, None);
        self.commit.forgotten.push(story);
    }

    /// A story with the changes of this turn.
    pub(super) fn story(&self, id: StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        match self.stories.get(&id) {
            Some(changed) => Ok(changed.clone()),
            None => self.reader.story(id),
        }
    }

    /// The source that leads a story now.
    pub(super) fn lead(
        &self,
        story: StoryId,
        sources: &Sources,
    ) -> Result<Option<SourceId>, StoreError> {
        let story = self.story(story)?;
        Ok(story.map(|story| story.lead(sources).entry.source.clone()))
    }

    /// The number of stories with the changes of this turn.
    pub(super) fn count(&self) -> Result<u64, StoreError> {
        Ok(self.reader.store().count()?.saturating_add_signed(self.story_count_change))
    }

    /// Stories after this one, in the order of first sight, with the changes of this turn.
    pub(super) fn stories(
        &self,
        after: Option<(Timestamp, StoryId)>,
        limit: usize,
    ) -> Result<Vec<Arc<Story>>, StoreError> {
        let order = |story: &Story| (story.first_seen, story.id);
        let (mut found, mut last) = (Vec::new(), after);
        let end = loop {
            let page = self.reader.store().stories(last, limit)?;
            let is_end = page.len() < limit;
            last = page.last().map(order).or(last);
            let unchanged = page.into_iter().filter(|story| !self.stories.contains_key(&story.id));
            found.extend(unchanged.map(Arc::new));
            if is_end || found.len() >= limit {
                break (!is_end).then_some(last).flatten();
            }
        };
        let within = |story: &&Arc<Story>| {
            let place = Some(order(story));
            place > after && (end.is_none() || place <= end)
        };
        found.extend(self.stories.values().flatten().filter(within).cloned());
        found.sort_by_key(|story| order(story));
        found.truncate(limit);
        Ok(found)
    }

    /// Retired stories by id, after this one, with the time of their retirement.
    pub(super) fn retired(
        &self,
        after: Option<StoryId>,
        limit: usize,
    ) -> Result<Vec<(StoryId, Timestamp)>, StoreError> {
        let (mut found, mut last) = (Vec::new(), after);
        let end = loop {
            let page = self.reader.store().retired(last, limit)?;
            let is_end = page.len() < limit;
            last = page.last().map(|(id, _)| *id).or(last);
            found.extend(page.into_iter().filter(|(id, _)| !self.retired.contains_key(id)));
            if is_end || found.len() >= limit {
                break (!is_end).then_some(last).flatten();
            }
        };
        let own = self.retired.iter().filter_map(|(id, at)| Some((*id, (*at)?)));
        found
            .extend(own.filter(|(id, _)| Some(*id) > after && (end.is_none() || Some(*id) <= end)));
        found.sort_unstable();
        found.truncate(limit);
        Ok(found)
    }

    /// The stories that each source lists, with the changes of this turn.
    pub(super) fn listed(&self) -> Result<BTreeMap<SourceId, Vec<StoryId>>, StoreError> {
        let mut listed = self.reader.store().listed()?;
        listed.extend(self.commit.listed.iter().cloned());
        Ok(listed)
    }

    /// The stories that a source lists, with the changes of this turn.
    pub(super) fn listed_by(&self, source: &SourceId) -> Result<Vec<StoryId>, StoreError> {
        match self.commit.listed.iter().rev().find(|(of, _)| of == source) {
            Some((_, listed)) => Ok(listed.clone()),
            None => self.reader.store().listed_by(source),
        }
    }

    /// The date by which a topic's version orders a story, with the changes of this turn; `None` if the
    /// story is not there.
    pub(super) fn date_in(
        &self,
        version: TopicVersion,
        story: StoryId,
    ) -> Result<Option<Timestamp>, StoreError> {
        let mut placed = self.placed.borrow_mut();
        let Placed { dates, seen } = &mut *placed;
        let new = &self.commit.places[*seen..];
        dates.extend(new.iter().map(|change| ((change.topic, change.story), change.to)));
        *seen = self.commit.places.len();
        match dates.get(&(version, story)) {
            Some(date) => Ok(*date),
            None => self.reader.date_in(version, story),
        }
    }

    /// The newest places of a topic's version, with the changes of this turn.
    pub(super) fn newest(
        &self,
        version: TopicVersion,
        limit: usize,
    ) -> Result<BTreeSet<TopicPlace>, StoreError> {
        let at = |story, date: Option<Timestamp>| date.map(|date| TopicPlace { date, story });
        let of_it = |change: &&PlaceChange| change.topic == version;
        let changes = || self.commit.places.iter().filter(of_it);
        let left = changes().filter(|change| change.from.is_some()).count();
        let mut places: BTreeSet<TopicPlace> =
            self.reader.store().places(version, None, limit + left)?.into_iter().collect();
        let is_whole = places.len() < limit + left;
        let oldest = places.first().copied().filter(|_| !is_whole);
        for change in changes() {
            if let Some(from) = at(change.story, change.from) {
                places.remove(&from);
            }
            places.extend(at(change.story, change.to).filter(|to| Some(*to) > oldest));
        }
        while places.len() > limit {
            places.pop_first();
        }
        Ok(places)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::{InMemory, Store};

    fn id(number: u8) -> StoryId {
        StoryId::from_bytes([number; 16])
    }

    fn admitted(number: u8, revision: i64, before: Option<Arc<Story>>) -> Admitted {
        // Some are first seen at the same time.
        let seen = Timestamp::from_secs(i64::from(number / 3));
        let mut story = Story::new(id(number), format!("urn:{number}"), seen);
        story.changed = Timestamp::from_secs(100 + revision);
        let (keys, dropped, verdict) = (Vec::new(), Vec::new(), Verdict::New);
        Admitted { story: Arc::new(story), before, keys, dropped, verdict }
    }

    proptest! {
        /// A turn reads the store as it will be once the turn is written.
        #[test]
        fn a_turn_reads_the_store_as_it_will_be(
            stored in prop::collection::btree_set(0..30u8, 0..30),
            steps in prop::collection::vec((0..30u8, 0..3u8), 0..30), limit in 1..9usize,
        ) {
            let store = InMemory::new();
            let first = stored.iter().map(|number| admitted(*number, 0, None)).collect();
            let commit = Commit { admitted: first, ..Commit::default() };
            futures_now(store.commit(commit));
            let recent = HashMap::new();
            let reader = Reader::new(&store, &recent);
            let mut work = TurnInProgress::new(&reader, Timestamp::from_secs(1000), Timestamp::from_secs(1000));
            for (number, what) in steps {
                let before = work.story(id(number)).unwrap();
                let is_gone = work.retired.contains_key(&id(number));
                let is_retired = work.retired(None, 99).unwrap().iter().any(|one| one.0 == id(number));
                match (what, before) {
                    // A story that the turn has removed comes back in a later one.
                    (0, before) if !is_gone => {
                        work.admit(admitted(number, i64::from(what) + 1, before));
                    }
                    (1, Some(_)) => work.retire(id(number)),
                    (2, None) if is_retired => work.forget(id(number)),
                    _ => {}
                }
            }
            let slices = |work: &TurnInProgress<'_>| {
                let (mut all, mut after) = (Vec::new(), None);
                loop {
                    let slice = work.stories(after, limit).unwrap();
                    let Some(last) = slice.last() else { return all };
                    after = Some((last.first_seen, last.id));
                    all.extend(slice.iter().map(|story| Story::clone(story)));
                }
            };
            let (stories, retired) = (slices(&work), work.retired(None, 99).unwrap());
            let count = work.count().unwrap();
            let (step, _) = work.finish();
            futures_now(store.commit(step.commit));
            prop_assert_eq!(stories, store.stories(None, 99).unwrap());
            prop_assert_eq!(retired, store.retired(None, 99).unwrap());
            prop_assert_eq!(count, store.count().unwrap());
        }
    }

    /// A store in memory commits at once.
    fn futures_now(commit: crate::store::Committed) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(commit).unwrap();
    }
}
