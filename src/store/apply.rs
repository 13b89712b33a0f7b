//! A commit in; the writes it means out, staged.

use std::collections::{HashMap, HashSet};

use crate::model::{Fingerprint, Key, Story, StoryId, Timestamp};

use super::chunks::{Fault, Stage, Values};
use super::records::{Bearers, Header, Record, Retired, StoryHead, TopicPlaces, merge_keys};
use super::{Commit, Place, PlaceChange, codec, layout};

/// Stages all that `commit` changes.
pub(super) fn apply(
    commit: &Commit,
    stage: &mut Stage<'_>,
    header: &mut Header,
) -> Result<(), Fault> {
    for (source, memory) in &commit.memories {
        put_packed(stage, layout::memory(source), memory)?;
    }
    for (source, stories) in &commit.listed {
        stage.put(
            layout::listed(source),
            stories.iter().map(|id| *id.as_bytes()).collect::<Vec<_>>().as_flattened(),
        )?;
    }
    for (story, keys) in latest(commit) {
        admit(stage, header, story, &keys)?;
    }
    for (story, at) in &commit.retired {
        retire(stage, header, *story, *at)?;
    }
    for story in &commit.forgotten {
        forget(stage, *story)?;
    }
    for record in &commit.restored {
        restore(stage, header, record)?;
    }
    for topic in &commit.dropped {
        stage.remove(layout::topic(*topic))?;
    }
    place(stage, header, &commit.places)?;
    for topic in &commit.filled {
        let places = TopicPlaces { filled: true, ..places_of(stage, header, *topic)? };
        stage.put(layout::topic(*topic), &places.write())?;
    }
    for (path, stamp) in &commit.stamps {
        put_packed(stage, layout::stamp(path), stamp)?;
    }
    for path in &commit.unstamped {
        stage.remove(layout::stamp(path))?;
    }
    Ok(())
}

/// Every admitted story once, as it was judged last, with all its new keys:
/// a document that lists a story twenty times writes it once.
fn latest(commit: &Commit) -> Vec<(&Story, Vec<Key>)> {
    let mut order: Vec<(&Story, Vec<Key>)> = Vec::new();
    let mut places: HashMap<StoryId, usize> = HashMap::new();
    for admitted in &commit.admitted {
        let place = *places.entry(admitted.story.id).or_insert_with(|| {
            order.push((&admitted.story, Vec::new()));
            order.len() - 1
        });
        let (story, keys) = &mut order[place];
        *story = &admitted.story;
        keys.extend_from_slice(&admitted.keys);
    }
    order
}

fn admit(
    stage: &mut Stage<'_>,
    header: &mut Header,
    story: &Story,
    new_keys: &[Key],
) -> Result<(), Fault> {
    let key = layout::story(story.id);
    let before = match head_of(stage, story.id)? {
        Some(before) => before,
        None => {
            header.stories += 1;
            let retired = retired_of(stage, story.id)?;
            stage.remove(layout::retired(story.id))?;
            retired.map_or_else(
                || StoryHead { first_seen: story.first_seen, keys: Vec::new() },
                |Retired { first_seen, keys, .. }| StoryHead { first_seen, keys },
            )
        }
    };
    let (keys, lost) = merge_keys(&before.keys, new_keys);
    if before.first_seen == story.first_seen {
        let known: HashSet<&Key> = before.keys.iter().collect();
        unbear(stage, &lost, story.first_seen, story.id)?;
        bear(stage, keys.iter().filter(|key| !known.contains(key)), story.first_seen, story.id)?;
    } else {
        stage.unmark(layout::order(before.first_seen, story.id));
        unbear(stage, &before.keys, before.first_seen, story.id)?;
        bear(stage, keys.iter(), story.first_seen, story.id)?;
    }
    let packed = codec::pack(story).map_err(|why| Fault::record(&key, why))?;
    let head = StoryHead { first_seen: story.first_seen, keys };
    stage.mark(layout::order(story.first_seen, story.id));
    stage.put(key, &head.write(&packed))
}

fn retire(
    stage: &mut Stage<'_>,
    header: &mut Header,
    id: StoryId,
    at: Timestamp,
) -> Result<(), Fault> {
    let Some(StoryHead { first_seen, keys }) = head_of(stage, id)? else { return Ok(()) };
    stage.remove(layout::story(id))?;
    stage.unmark(layout::order(first_seen, id));
    header.stories = header.stories.saturating_sub(1);
    stage.put(layout::retired(id), &Retired { first_seen, at, keys }.write())
}

fn forget(stage: &mut Stage<'_>, id: StoryId) -> Result<(), Fault> {
    let Some(retired) = retired_of(stage, id)? else { return Ok(()) };
    unbear(stage, &retired.keys, retired.first_seen, id)?;
    stage.remove(layout::retired(id))
}

fn restore(stage: &mut Stage<'_>, header: &mut Header, record: &Record) -> Result<(), Fault> {
    match record {
        Record::Memory { source, memory } => put_packed(stage, layout::memory(source), memory),
        Record::Listed { source, stories } => {
            let ids: Vec<_> = stories.iter().map(|id| *id.as_bytes()).collect();
            stage.put(layout::listed(source), ids.as_flattened())
        }
        Record::Stamp { path, stamp } => put_packed(stage, layout::stamp(path), stamp),
        Record::Story { story, keys } => admit(stage, header, story, keys),
        // A story that was committed since the record was read is not retired by it.
        Record::Retired { story, .. } if head_of(stage, *story)?.is_some() => Ok(()),
        Record::Retired { story, first_seen, at, keys } => {
            forget(stage, *story)?;
            let (keys, _) = merge_keys(&[], keys);
            bear(stage, keys.iter(), *first_seen, *story)?;
            let retired = Retired { first_seen: *first_seen, at: *at, keys };
            stage.put(layout::retired(*story), &retired.write())
        }
    }
}

fn place(stage: &mut Stage<'_>, header: &mut Header, changes: &[PlaceChange]) -> Result<(), Fault> {
    let mut generations: HashMap<Fingerprint, u32> = HashMap::new();
    for change in changes {
        let generation = match generations.get(&change.topic) {
            Some(generation) => *generation,
            None => {
                let generation = places_of(stage, header, change.topic)?.generation;
                generations.insert(change.topic, generation);
                generation
            }
        };
        let at = |date| layout::place(generation, Place { date, story: change.story });
        if let Some(date) = change.from {
            stage.unmark(at(date));
        }
        if let Some(date) = change.to {
            stage.mark(at(date));
        }
    }
    Ok(())
}

/// A topic's generation of places: the one it has, else a new one.
fn places_of(
    stage: &mut Stage<'_>,
    header: &mut Header,
    topic: Fingerprint,
) -> Result<TopicPlaces, Fault> {
    let key = layout::topic(topic);
    if let Some(payload) = stage.record(&key)? {
        return TopicPlaces::read(&payload).map_err(|why| Fault::record(&key, why));
    }
    let places = TopicPlaces { generation: header.generation, filled: false };
    header.generation += 1;
    stage.put(key, &places.write())?;
    Ok(places)
}

/// Makes a story findable by these keys.
pub(super) fn bear<'k>(
    stage: &mut Stage<'_>,
    keys: impl Iterator<Item = &'k Key>,
    first_seen: Timestamp,
    id: StoryId,
) -> Result<(), Fault> {
    for key in keys {
        let at = layout::bearers(key);
        let mut bearers = bearers_at(stage, &at)?;
        bearers.insert(first_seen, id);
        stage.put(at, &bearers.write())?;
    }
    Ok(())
}

fn unbear(
    stage: &mut Stage<'_>,
    keys: &[Key],
    first_seen: Timestamp,
    id: StoryId,
) -> Result<(), Fault> {
    for key in keys {
        let at = layout::bearers(key);
        let mut bearers = bearers_at(stage, &at)?;
        bearers.remove(first_seen, id);
        if bearers.is_empty() {
            stage.remove(at)?;
        } else {
            stage.put(at, &bearers.write())?;
        }
    }
    Ok(())
}

/// The stories under a key of [`layout::bearers`].
pub(super) fn bearers_at(values: &impl Values, at: &[u8]) -> Result<Bearers, Fault> {
    let Some(payload) = values.record(at)? else { return Ok(Bearers::default()) };
    Bearers::read(&payload).map_err(|why| Fault::record(at, why))
}

fn head_of(values: &impl Values, id: StoryId) -> Result<Option<StoryHead>, Fault> {
    let key = layout::story(id);
    let Some(payload) = values.record(&key)? else { return Ok(None) };
    let (head, _) = StoryHead::read(&payload).map_err(|why| Fault::record(&key, why))?;
    Ok(Some(head))
}

fn retired_of(values: &impl Values, id: StoryId) -> Result<Option<Retired>, Fault> {
    let key = layout::retired(id);
    let Some(payload) = values.record(&key)? else { return Ok(None) };
    Retired::read(&payload).map(Some).map_err(|why| Fault::record(&key, why))
}

pub(super) fn put_packed<T: serde::Serialize>(
    stage: &mut Stage<'_>,
    key: Vec<u8>,
    value: &T,
) -> Result<(), Fault> {
    let packed = codec::pack(value).map_err(|why| Fault::record(&key, why))?;
    stage.put(key, &packed)
}
