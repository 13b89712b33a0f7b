//! Keeps a topic within its bounds: which stories may enter it, and which leave.
//!
//! What a topic with bounds holds is kept in memory, so that a story enters only if it may stay:
//! one that left does not return by a change that its source does not date anew. Who leaves a full topic
//! is [shared fairly](fair_share) between the sources of the last day's news.

use std::collections::{BTreeMap, BTreeSet};

use super::SLICE;
use super::matching::Change;
use crate::engine::fair_share;
use crate::model::{SourceId, StoryId, Timestamp, TopicBounds, TopicVersion};
use crate::store::{Store, StoreError, TopicPlace};

/// The places that a topic with bounds holds.
#[derive(Debug)]
pub(super) struct Window {
    bounds: TopicBounds,
    places: BTreeSet<TopicPlace>,
}

impl Window {
    /// A topic that holds these places, if it has bounds.
    pub(super) fn holding(
        bounds: TopicBounds,
        places: impl IntoIterator<Item = TopicPlace>,
    ) -> Option<Self> {
        bounds.is_bounded().then(|| Self { bounds, places: places.into_iter().collect() })
    }

    /// The window of a topic as its places are stored.
    pub(super) fn open(
        bounds: TopicBounds,
        topic: TopicVersion,
        store: &dyn Store,
    ) -> Result<Option<Self>, StoreError> {
        let Some(mut window) = Self::holding(bounds, []) else { return Ok(None) };
        window.places.extend(store.places(topic, None, usize::MAX)?);
        Ok(Some(window))
    }

    /// The same places within other bounds.
    pub(super) fn within(self, bounds: TopicBounds) -> Self {
        Self { bounds, ..self }
    }

    /// A story's change of place as it happens within the bounds; both dates are gone where
    /// nothing does.
    pub(super) fn shift(&mut self, story: StoryId, (from, to): Change, now: Timestamp) -> Change {
        let at = |date| TopicPlace { date, story };
        let is_new = from.is_none();
        let from = from.filter(|date| self.places.remove(&at(*date)));
        let to = to.filter(|date| self.admits(at(*date), is_new, now));
        self.places.extend(to.map(at));
        (from, to)
    }

    /// Whether a place may stay. News of the last day may take the room of a source that has more.
    fn admits(&self, place: TopicPlace, is_new: bool, now: Timestamp) -> bool {
        let is_full = self.bounds.stories.is_some_and(|most| self.places.len() >= most);
        let is_news = is_new && place.date >= fair_share::since(now);
        let oldest = self.places.first().copied();
        let has_room = !is_full || is_news || oldest.is_some_and(|oldest| place > oldest);
        !self.outlived(place, now) && has_room
    }

    fn outlived(&self, place: TopicPlace, now: Timestamp) -> bool {
        self.bounds.age.is_some_and(|age| place.date < now.before(age))
    }

    /// Forgets a story that goes.
    pub(super) fn leave(&mut self, story: StoryId, date: Timestamp) {
        self.places.remove(&TopicPlace { date, story });
    }

    /// Takes out what is beyond the bounds, the oldest first, a slice at most. `lead` says which source
    /// leads a story.
    pub(super) fn shed(
        &mut self,
        now: Timestamp,
        lead: impl Fn(StoryId) -> Result<Option<SourceId>, StoreError>,
    ) -> Result<Vec<TopicPlace>, StoreError> {
        let most = self.bounds.stories.unwrap_or(usize::MAX);
        let surplus = self.places.len().saturating_sub(most);
        let newest_to_go = surplus.checked_sub(1).and_then(|at| self.places.iter().nth(at));
        let is_news = newest_to_go.is_some_and(|place| place.date >= fair_share::since(now));
        let shed: Vec<TopicPlace> = if is_news {
            let dated = self.places.iter().map(|place| (place.date, place.story));
            let stays = fair_share::keep(dated, most, now, lead)?;
            let stays = |place: &TopicPlace| stays.contains(&place.story);
            let goes = self.places.iter().filter(|one| self.outlived(**one, now) || !stays(one));
            goes.take(SLICE).copied().collect()
        } else {
            let goes =
                |(at, place): &(usize, &TopicPlace)| *at < surplus || self.outlived(**place, now);
            let places = self.places.iter().enumerate().take_while(goes);
            places.take(SLICE).map(|(_, place)| *place).collect()
        };
        for place in &shed {
            self.places.remove(place);
        }
        Ok(shed)
    }
}

/// The places that a topic with bounds may hold once it is filled, each with the time when its
/// story was first seen.
#[derive(Debug)]
pub(super) struct Candidates {
    bounds: TopicBounds,
    /// Places dated earlier stay outside.
    oldest: Option<Timestamp>,
    places: BTreeMap<TopicPlace, Timestamp>,
    /// Whether older places were dropped to make room.
    dropped: bool,
    /// Whether a place left after that: older ones may have to take it.
    lacking: bool,
}

impl Candidates {
    /// Nothing yet, of a topic that has bounds.
    pub(super) fn of(bounds: TopicBounds, now: Timestamp) -> Option<Self> {
        let oldest = bounds.age.map(|age| now.before(age));
        bounds.is_bounded().then(|| Self {
            bounds,
            oldest,
            places: BTreeMap::new(),
            dropped: false,
            lacking: false,
        })
    }

    /// Takes in a story's change of place.
    pub(super) fn shift(&mut self, story: StoryId, (from, to): Change, first_seen: Timestamp) {
        let at = |date| TopicPlace { date, story };
        if let Some(from) = from.filter(|from| Some(*from) != to) {
            let is_gone = self.places.remove(&at(from)).is_some();
            // One that moves to a later date takes its own place.
            let stays = to.is_some_and(|to| to > from);
            self.lacking |= is_gone && self.dropped && !stays;
        }
        let to = to.filter(|date| self.oldest.is_none_or(|oldest| *date >= oldest));
        self.places.extend(to.map(|date| (at(date), first_seen)));
        while self.bounds.stories.is_some_and(|most| self.places.len() > most) {
            self.places.pop_first();
            self.dropped = true;
        }
    }

    /// Whether another pass over the stories is necessary, which then begins.
    pub(super) fn begin_again(&mut self) -> bool {
        let again = std::mem::take(&mut self.lacking);
        if again {
            self.dropped = false;
        }
        again
    }

    /// The places that the topic holds.
    pub(super) fn into_places(self, now: Timestamp) -> BTreeMap<TopicPlace, Timestamp> {
        let oldest = self.bounds.age.map(|age| now.before(age));
        let stays = |place: &TopicPlace| oldest.is_none_or(|oldest| place.date >= oldest);
        self.places.into_iter().filter(|(place, _)| stays(place)).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    const NOW: i64 = 1000;

    fn story(number: u8) -> StoryId {
        StoryId::from_bytes([number; 16])
    }

    fn window(age: Option<u64>, stories: Option<usize>) -> Window {
        let bounds = TopicBounds { age: age.map(Duration::from_secs), stories };
        Window { bounds, places: BTreeSet::new() }
    }

    fn enter(window: &mut Window, number: u8, date: i64) -> bool {
        let to = Some(Timestamp::from_secs(date));
        window.shift(story(number), (None, to), Timestamp::from_secs(NOW)).1.is_some()
    }

    fn shed(window: &mut Window, now: i64) -> Vec<StoryId> {
        // All are of one source.
        let shed = window.shed(Timestamp::from_secs(now), |_| Ok(None)).unwrap().into_iter();
        shed.map(|place| place.story).collect()
    }

    #[test]
    fn the_newest_stay_and_what_left_does_not_return_under_its_old_date() {
        let mut window = window(None, Some(2));
        assert!((1..=3).all(|number| enter(&mut window, number, i64::from(number))));
        assert_eq!(shed(&mut window, NOW), [story(1)]);
        let again = Some(Timestamp::from_secs(1));
        let moved = window.shift(story(1), (again, again), Timestamp::from_secs(NOW));
        assert_eq!(moved, (None, None), "it is not there and does not enter");
        assert!(enter(&mut window, 1, 9), "dated anew it is news");
        assert_eq!(shed(&mut window, NOW), [story(2)]);
    }

    #[test]
    fn a_story_stays_as_long_after_its_date_as_it_is_to() {
        let mut window = window(Some(100), None);
        assert!(!enter(&mut window, 1, NOW - 101));
        assert!(enter(&mut window, 2, NOW - 100));
        assert_eq!(shed(&mut window, NOW), []);
        assert_eq!(shed(&mut window, NOW + 1), [story(2)]);
    }

    #[test]
    fn only_a_place_that_becomes_free_needs_another_pass() {
        let at = |date| Some(Timestamp::from_secs(date));
        for (to, again) in [(at(9), false), (at(2), true), (None, true)] {
            let bounds = TopicBounds { age: None, stories: Some(2) };
            let mut candidates = Candidates::of(bounds, Timestamp::from_secs(NOW)).unwrap();
            let seen = Timestamp::from_secs(1);
            for number in 3..6 {
                candidates.shift(story(number), (None, at(number.into())), seen);
            }
            candidates.shift(story(5), (at(5), to), seen);
            assert_eq!(candidates.begin_again(), again, "{to:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_enters_and_leaves_it_holds_the_newest_of_what_was_there(
            moves in prop::collection::vec((0..20u8, 0..NOW), 1..60), most in 1..8usize,
        ) {
            let (mut window, mut all) = (window(None, Some(most)), BTreeMap::new());
            for (number, date) in moves {
                let to = Timestamp::from_secs(date);
                let from: Option<Timestamp> = all.insert(number, to);
                // Only what a source dates anew is news, and then it is newer.
                let to = from.map_or(to, |from| from.max(to));
                all.insert(number, to);
                window.shift(story(number), (from, Some(to)), Timestamp::from_secs(NOW));
                shed(&mut window, NOW);
                let mut newest: Vec<_> =
                    all.iter().map(|(number, date)| (*date, story(*number))).collect();
                newest.sort();
                newest.drain(..newest.len().saturating_sub(most));
                let held: Vec<_> =
                    window.places.iter().map(|place| (place.date, place.story)).collect();
                prop_assert_eq!(held, newest);
            }
        }
    }
}
