//! A commit in; the writes it means out, staged.

use std::collections::{HashMap, HashSet};

use sled::IVec;

use crate::model::{Fingerprint, Key, KeyKind, Story, StoryId, Timestamp};

use super::chunks::{Fault, Found, Stage, Values};
use super::passages::Change;
use super::records::{
    Bearers, Header, Record, Retired, StoryHead, TopicPlaces, merge_keys, read_passages,
    write_passages,
};
use super::{Commit, Place, PlaceChange, codec, layout, passages};

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
    if let Some(first) = &commit.passages_from {
        header.first_span = header.first_span.max(passages::span_of(first));
        stage.passages.push(Change::From(header.first_span));
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
    for subscriber in &commit.subscribers {
        put_packed(stage, layout::subscriber(subscriber.id()), subscriber)?;
    }
    for id in &commit.unsubscribed {
        stage.remove(layout::subscriber(*id))?;
    }
    for path in &commit.unarchived {
        stage.remove(layout::archived(path))?;
    }
    for (path, text) in &commit.archived {
        put_packed(stage, layout::archived(path), text)?;
    }
    Ok(())
}

/// Which keys a story gets and which it drops.
#[derive(Debug, Default)]
pub(super) struct KeyChange {
    pub(super) new: Vec<Key>,
    pub(super) dropped: Vec<Key>,
}

/// Every admitted story once, as it was judged last, with all that happened
/// to its keys: a document that lists a story twenty times writes it once.
fn latest(commit: &Commit) -> Vec<(&Story, KeyChange)> {
    let mut order: Vec<(&Story, KeyChange)> = Vec::new();
    let mut places: HashMap<StoryId, usize> = HashMap::new();
    for admitted in &commit.admitted {
        let place = *places.entry(admitted.story.id).or_insert_with(|| {
            order.push((&admitted.story, KeyChange::default()));
            order.len() - 1
        });
        let (story, keys) = &mut order[place];
        *story = &admitted.story;
        if !admitted.dropped.is_empty() {
            keys.new.retain(|key| !admitted.dropped.contains(key));
            keys.dropped.extend_from_slice(&admitted.dropped);
        }
        keys.new.extend_from_slice(&admitted.keys);
    }
    order
}

fn admit(
    stage: &mut Stage<'_>,
    header: &mut Header,
    story: &Story,
    change: &KeyChange,
) -> Result<(), Fault> {
    let key = layout::story(story.id);
    let (before, parts) = match stage.found(&key)? {
        Some(Found { payload, parts }) => {
            let head = StoryHead::read(&payload).map_err(|why| Fault::record(&key, why))?;
            (head.0, parts)
        }
        None => {
            header.stories += 1;
            (head_of_retired(stage, story)?, 0)
        }
    };
    let had = all_keys(stage, &before, story.id, header.first_span)?;
    let has = merge_keys(&had, &change.dropped, &change.new, header.first_span);
    if had.is_empty() {
        bear(stage, has.iter(), story.first_seen, story.id)?;
    } else if before.first_seen == story.first_seen {
        let [old, new] = [&had, &has].map(|keys| keys.iter().collect::<HashSet<_>>());
        unbear(stage, had.iter().filter(|key| !new.contains(key)), story.first_seen, story.id)?;
        bear(stage, has.iter().filter(|key| !old.contains(key)), story.first_seen, story.id)?;
    } else {
        unbear(stage, had.iter(), before.first_seen, story.id)?;
        bear(stage, has.iter(), story.first_seen, story.id)?;
    }
    if before.first_seen != story.first_seen {
        stage.unmark(layout::order(before.first_seen, story.id));
    }
    for span in before.spans {
        stage.remove(layout::passages(span, story.id))?;
    }
    let names = has.partition_point(|key| key.kind != KeyKind::Passage);
    let mut spans = Vec::new();
    for passages in has[names..].chunk_by(|a, b| passages::span_of(a) == passages::span_of(b)) {
        let span = passages::span_of(&passages[0]);
        spans.push(span);
        let key = layout::passages(span, story.id);
        // A story that has just come has none.
        let parts = if had.is_empty() { 0 } else { stage.parts(&key)? };
        stage.put_over(parts, key, |room| {
            write_passages(story.first_seen, passages, room);
            Ok(())
        })?;
    }
    let keys = has[..names].to_vec();
    let head = StoryHead { first_seen: story.first_seen, keys, spans };
    stage.mark(layout::order(story.first_seen, story.id));
    stage.put_over(parts, key, |room| {
        head.write(room);
        codec::pack(story, room)
    })
}

/// What there is of a story that is not kept: where it was retired it is so no longer.
fn head_of_retired(stage: &mut Stage<'_>, story: &Story) -> Result<StoryHead, Fault> {
    let Some(Retired { first_seen, keys, .. }) = retired_of(stage, story.id)? else {
        let first_seen = story.first_seen;
        return Ok(StoryHead { first_seen, keys: Vec::new(), spans: Vec::new() });
    };
    stage.remove(layout::retired(story.id))?;
    Ok(StoryHead { first_seen, keys, spans: Vec::new() })
}

fn retire(
    stage: &mut Stage<'_>,
    header: &mut Header,
    id: StoryId,
    at: Timestamp,
) -> Result<(), Fault> {
    let Some(head) = head_of(stage, id)? else { return Ok(()) };
    // Evidence against a story that is gone proves nothing.
    let passages = passages_of(stage, &head, id, header.first_span)?;
    let StoryHead { first_seen, keys, spans } = head;
    unbear(stage, passages.iter(), first_seen, id)?;
    for span in spans {
        stage.remove(layout::passages(span, id))?;
    }
    stage.remove(layout::story(id))?;
    stage.unmark(layout::order(first_seen, id));
    header.stories = header.stories.saturating_sub(1);
    stage.put(layout::retired(id), &Retired { first_seen, at, keys }.write())
}

fn forget(stage: &mut Stage<'_>, id: StoryId) -> Result<(), Fault> {
    let Some(retired) = retired_of(stage, id)? else { return Ok(()) };
    unbear(stage, retired.keys.iter(), retired.first_seen, id)?;
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
        Record::Subscriber { subscriber } => {
            put_packed(stage, layout::subscriber(subscriber.id()), subscriber)
        }
        Record::Archived { path, text } => put_packed(stage, layout::archived(path), text),
        Record::Story { story, keys } => {
            let change = KeyChange { new: keys.clone(), dropped: Vec::new() };
            admit(stage, header, story, &change)
        }
        // A story that was committed since the record was read is not retired by it.
        Record::Retired { story, .. } if head_of(stage, *story)?.is_some() => Ok(()),
        Record::Retired { story, first_seen, at, keys } => {
            forget(stage, *story)?;
            let keys = merge_keys(&[], &[], keys, u32::MAX);
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
        if key.kind == KeyKind::Passage {
            stage.passages.push(Change::Borne(*key, first_seen, id));
            continue;
        }
        let at = layout::bearers(key);
        let (mut bearers, parts) = found_bearers(stage, &at)?;
        bearers.insert(first_seen, id);
        put_bearers(stage, at, parts, &bearers)?;
    }
    Ok(())
}

fn unbear<'k>(
    stage: &mut Stage<'_>,
    keys: impl Iterator<Item = &'k Key>,
    first_seen: Timestamp,
    id: StoryId,
) -> Result<(), Fault> {
    for key in keys {
        if key.kind == KeyKind::Passage {
            stage.passages.push(Change::Lost(*key, first_seen, id));
            continue;
        }
        let at = layout::bearers(key);
        let (mut bearers, parts) = found_bearers(stage, &at)?;
        bearers.remove(first_seen, id);
        if bearers.is_empty() {
            stage.remove(at)?;
        } else {
            put_bearers(stage, at, parts, &bearers)?;
        }
    }
    Ok(())
}

/// The stories under a key of [`layout::bearers`].
pub(super) fn bearers_at(values: &impl Values, at: &[u8]) -> Result<Bearers, Fault> {
    found_bearers(values, at).map(|(bearers, _)| bearers)
}

/// The same, and how many further parts their record has.
fn found_bearers(values: &impl Values, at: &[u8]) -> Result<(Bearers, u32), Fault> {
    let Some(Found { payload, parts }) = values.found(at)? else {
        return Ok((Bearers::default(), 0));
    };
    let bearers = Bearers::read(&payload).map_err(|why| Fault::record(at, why))?;
    Ok((bearers, parts))
}

fn put_bearers(
    stage: &mut Stage<'_>,
    at: IVec,
    parts: u32,
    bearers: &Bearers,
) -> Result<(), Fault> {
    stage.put_over(parts, at, |room| {
        bearers.write(room);
        Ok(())
    })
}

/// All keys of a story: names, then passages.
fn all_keys(
    values: &impl Values,
    head: &StoryHead,
    id: StoryId,
    first_span: u32,
) -> Result<Vec<Key>, Fault> {
    let mut keys = head.keys.clone();
    keys.extend(passages_of(values, head, id, first_span)?);
    Ok(keys)
}

/// The passages a story bears, but for those that are forgotten.
pub(super) fn passages_of(
    values: &impl Values,
    head: &StoryHead,
    id: StoryId,
    first_span: u32,
) -> Result<Vec<Key>, Fault> {
    let mut passages = Vec::new();
    for span in head.spans.iter().filter(|span| **span >= first_span) {
        let key = layout::passages(*span, id);
        if let Some(payload) = values.record(&key)? {
            let read = read_passages(*span, &payload).map_err(|why| Fault::record(&key, why))?;
            passages.extend(read.1);
        }
    }
    Ok(passages)
}

pub(super) fn head_of(values: &impl Values, id: StoryId) -> Result<Option<StoryHead>, Fault> {
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
    key: IVec,
    value: &T,
) -> Result<(), Fault> {
    let parts = stage.parts(&key)?;
    stage.put_over(parts, key, |room| codec::pack(value, room))
}
