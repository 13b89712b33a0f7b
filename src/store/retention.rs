//! What is kept for how long in; slices of what is kept no longer, for the next commit, out.
//!
//! Nothing is removed here. The loop asks for a slice, takes the stories'
//! places and pages away, and commits; then asks for the next. So neither
//! polls nor readers wait for more than a slice.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::model::{Lookalikes, Story, StoryId, Timestamp};

use super::{Store, StoreError};

/// What is kept. `None` keeps everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Stories are kept for so long after they last changed.
    pub age: Option<Duration>,
    /// So many stories are kept, those first seen last.
    pub stories: Option<u64>,
    /// Keys of a retired story are kept for so long after its retirement, and
    /// beyond that for as long as a source lists it.
    pub keys: Option<Duration>,
}

impl Retention {
    /// Whether stories ever go.
    pub fn is_bounded(&self) -> bool {
        self.age.is_some() || self.stories.is_some()
    }
}

impl Retention {
    /// Whether a story is kept no longer for its age. It follows from the story
    /// alone, so that what is judged does not depend on how far the walk has come.
    pub fn outlived(&self, story: &Story, now: Timestamp) -> bool {
        self.age.is_some_and(|age| story.changed < now.before(age))
    }

    /// Has stories that are kept no longer known by their keys alone, as they
    /// will be once they are retired.
    pub fn let_go(&self, known: &mut Lookalikes, now: Timestamp) {
        known.stories.retain(|_, story| !self.outlived(story, now));
    }
}

/// A slice of a walk through the store, and where the next one begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice<T, After> {
    /// What is kept no longer.
    pub found: Vec<T>,
    /// After which the walk goes on; `None` at its end.
    pub next: Option<After>,
}

/// Stories to be retired among the `size` that follow `after`: for
/// [`Commit::retired`](super::Commit::retired), with their places to be removed.
/// Commit each slice before asking for the next.
pub fn stale_stories(
    store: &dyn Store,
    retention: &Retention,
    now: Timestamp,
    after: Option<(Timestamp, StoryId)>,
    size: usize,
) -> Result<Slice<Story, (Timestamp, StoryId)>, StoreError> {
    let surplus =
        retention.stories.map_or(0, |most| store.count().map_or(0, |n| n.saturating_sub(most)));
    let mut surplus = usize::try_from(surplus).unwrap_or(usize::MAX);
    let oldest = retention.age.map(|age| now.before(age));
    let page = store.stories(after, size)?;
    let mut slice = Slice { found: Vec::new(), next: None };
    let whole = page.len() == size;
    for story in page {
        // No story changes before it is first seen, and they come in that
        // order: neither bound can reach beyond this one.
        if surplus == 0 && oldest.is_none_or(|oldest| story.first_seen >= oldest) {
            slice.next = None;
            return Ok(slice);
        }
        slice.next = Some((story.first_seen, story.id));
        if surplus > 0 || retention.outlived(&story, now) {
            surplus = surplus.saturating_sub(1);
            slice.found.push(story);
        }
    }
    if !whole {
        slice.next = None;
    }
    Ok(slice)
}

/// Retired stories whose keys are old enough to go, among the `size` that follow
/// `after`: for [`Commit::forgotten`](super::Commit::forgotten), less what
/// [`all_listed`] says: forgotten, that would come back as news.
pub fn stale_keys(
    store: &dyn Store,
    retention: &Retention,
    now: Timestamp,
    after: Option<StoryId>,
    size: usize,
) -> Result<Slice<StoryId, StoryId>, StoreError> {
    let Some(age) = retention.keys else { return Ok(Slice { found: Vec::new(), next: None }) };
    let oldest = now.before(age);
    let page = store.retired(after, size)?;
    let next = page.last().map(|(id, _)| *id).filter(|_| page.len() == size);
    let stale = |(_, at): &(StoryId, Timestamp)| *at < oldest;
    Ok(Slice { found: page.iter().filter(|one| stale(one)).map(|(id, _)| *id).collect(), next })
}

/// What any source still lists.
pub fn all_listed(store: &dyn Store) -> Result<BTreeSet<StoryId>, StoreError> {
    Ok(store.listed()?.into_values().flatten().collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::samples::{admitted, at, done, id, source, story};
    use super::super::{Commit, InMemory};
    use super::*;

    /// Stories 0 to 9, first seen a second after each other; 3 changed at 100.
    fn ten_stories() -> InMemory {
        let store = InMemory::new();
        let stories = (0..10).map(|number| {
            let mut story = story(number, at(i64::from(number)), 5);
            if number == 3 {
                story.changed = at(100);
            }
            admitted(story, &[])
        });
        done(store.commit(Commit { admitted: stories.collect(), ..Commit::default() })).unwrap();
        store
    }

    /// Retires all that is stale, in slices of `size`.
    fn retire(
        store: &InMemory,
        retention: &Retention,
        now: Timestamp,
        size: usize,
    ) -> Vec<StoryId> {
        let (mut retired, mut after) = (Vec::new(), None);
        loop {
            let slice = stale_stories(store, retention, now, after, size).unwrap();
            let gone: Vec<_> = slice.found.iter().map(|story| (story.id, now)).collect();
            retired.extend(gone.iter().map(|(id, _)| *id));
            done(store.commit(Commit { retired: gone, ..Commit::default() })).unwrap();
            let Some(next) = slice.next else { return retired };
            after = Some(next);
        }
    }

    #[test]
    fn age_counts_from_the_last_change_and_number_from_first_sight() {
        let secs = |secs| Some(Duration::from_secs(secs));
        for size in [1, 2, 3, 100] {
            for (age, stories, stale) in [
                (None, None, vec![]),
                (secs(15), None, vec![0, 1, 2, 4]),
                (None, Some(7), vec![0, 1, 2]),
                (None, Some(70), vec![]),
                (secs(15), Some(5), vec![0, 1, 2, 3, 4]),
                (secs(0), None, vec![0, 1, 2, 4, 5, 6, 7, 8, 9]),
            ] {
                let retention = Retention { age, stories, keys: None };
                let stale: Vec<_> = stale.into_iter().map(id).collect();
                let found = retire(&ten_stories(), &retention, at(20), size);
                assert_eq!(found, stale, "{retention:?} in slices of {size}");
            }
        }
    }

    #[test]
    fn keys_are_kept_for_their_time_from_retirement_on() {
        let store = ten_stories();
        let retired = (0..4).map(|number| (id(number), at(10 * i64::from(number)))).collect();
        let listed = vec![(source(1), vec![id(1)]), (source(2), vec![id(1), id(7)])];
        done(store.commit(Commit { retired, listed, ..Commit::default() })).unwrap();
        let keep = Retention { keys: Some(Duration::from_secs(20)), ..Retention::default() };
        let stale = |after, size| stale_keys(&store, &keep, at(45), after, size).unwrap();
        assert_eq!(stale(None, 9), Slice { found: vec![id(0), id(1), id(2)], next: None });
        assert_eq!(stale(None, 2), Slice { found: vec![id(0), id(1)], next: Some(id(1)) });
        assert_eq!(stale(Some(id(1)), 2), Slice { found: vec![id(2)], next: Some(id(3)) });
        assert_eq!(all_listed(&store).unwrap(), [id(1), id(7)].into());
    }
}
