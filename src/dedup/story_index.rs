//! Looks stories up by their keys, and records changes of stories and keys.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Admitted, Bearers, Key, Lookalikes, MOST_BEARERS, Story, StoryId, Verdict};

/// A shingle that more stories have, or more entries of one document, is boilerplate: it is no
/// evidence.
pub(super) const MOST_COMMON: usize = 4;

/// No more stories than this are found by one title or link: it says hardly anything.
pub(super) const MOST_STORIES: usize = 8;

/// The stories that have a key, oldest first.
pub(super) fn stories_with<'a>(known: &'a Lookalikes, key: &Key) -> &'a [StoryId] {
    known.by_key.get(key).map(Bearers::as_slice).unwrap_or_default()
}

/// Of a text's keys those that are not boilerplate and not the story's already.
pub(super) fn rare(keys: Vec<Key>, story: &Story, known: &Lookalikes) -> Vec<Key> {
    let worth = |key: &Key| {
        let ids = stories_with(known, key);
        ids.len() <= MOST_COMMON && !ids.contains(&story.id)
    };
    keys.into_iter().filter(worth).collect()
}

/// Adds what was admitted to what is known.
pub(super) fn file(admitted: &Admitted, known: &mut Lookalikes) {
    for key in &admitted.dropped {
        if let Some(ids) = known.by_key.get_mut(key) {
            ids.retain(|id| *id != admitted.story.id);
        }
    }
    for key in &admitted.keys {
        add_bearer(known.by_key.entry(*key).or_default(), &admitted.story, &known.stories);
    }
    known.stories.insert(admitted.story.id, admitted.story.clone());
}

/// Adds a story to those that have a key, as the store will show them: the oldest first, and of
/// very many the newest.
fn add_bearer(ids: &mut Bearers, story: &Story, stories: &HashMap<StoryId, Arc<Story>>) {
    if ids.contains(&story.id) {
        return;
    }
    let age = |story: &Story| (story.first_seen, story.id);
    let is_newer = |id: &StoryId| stories.get(id).is_some_and(|other| age(other) > age(story));
    let place = ids.iter().position(is_newer).unwrap_or(ids.len());
    ids.insert(place, story.id);
    if ids.len() > MOST_BEARERS {
        ids.remove(0);
    }
}

/// Notes the IDs of all stories that are known by their keys alone.
pub(super) fn note_taken(known: &mut Lookalikes) {
    let retired = known.by_key.values().flatten().filter(|id| !known.stories.contains_key(*id));
    known.taken.extend(retired);
}

/// Takes back that a story was founded.
pub(super) fn unfile(founded: &Admitted, known: &mut Lookalikes) {
    for key in &founded.keys {
        if let Some(ids) = known.by_key.get_mut(key) {
            ids.retain(|id| *id != founded.story.id);
        }
    }
    known.stories.remove(&founded.story.id);
}

/// A story that changed, though nothing under which it is found.
pub(super) fn unkeyed(story: Story, before: &Arc<Story>) -> Admitted {
    let verdict =
        if story.withdrawn == before.withdrawn { Verdict::Completed } else { Verdict::Withdrawn };
    Admitted {
        story: Arc::new(story),
        before: Some(before.clone()),
        keys: Vec::new(),
        dropped: Vec::new(),
        verdict,
    }
}

/// Files a change of a story.
pub(super) fn admit(
    story: Story,
    before: Option<Arc<Story>>,
    keys: Vec<Key>,
    dropped: Vec<Key>,
    verdict: Verdict,
    known: &mut Lookalikes,
    done: &mut Vec<Admitted>,
) {
    let story = Arc::new(story);
    let admitted = Admitted { story, before, keys, dropped, verdict };
    file(&admitted, known);
    done.push(admitted);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn stories_with_a_key_are_in_the_order_in_which_the_store_shows_them() {
        let story = |byte: u8| {
            let seen = Timestamp::from_secs(i64::from(byte / 2));
            Story::new(StoryId::from_bytes([byte; 16]), String::new(), seen)
        };
        let mut stories = HashMap::new();
        let mut ids = Bearers::new();
        for byte in [9, 4, 5, 8, 4, 200, 7] {
            add_bearer(&mut ids, &story(byte), &stories);
            stories.insert(story(byte).id, Arc::new(story(byte)));
        }
        let of = |bytes: &[u8]| bytes.iter().map(|byte| story(*byte).id).collect::<Vec<_>>();
        assert_eq!(ids.to_vec(), of(&[4, 5, 7, 8, 9, 200]));
        for byte in 10..=MOST_BEARERS as u8 + 5 {
            add_bearer(&mut ids, &story(byte), &stories);
            stories.insert(story(byte).id, Arc::new(story(byte)));
        }
        assert_eq!(ids.len(), MOST_BEARERS);
        assert_eq!(ids.first(), Some(&story(7).id), "the oldest of too many goes");
    }
}
