//! A commit as the writes that it means.

use std::collections::{HashMap, HashSet};

use sled::IVec;

use crate::model::{Key, KeyKind, Story, StoryId, Timestamp, TopicVersion};

use super::super::story_keys::merge_keys;
use super::super::{Commit, PlaceChange, Record, TopicPlace};
use super::card::Card;
use super::chunks::{Fault, Stage, Values};
use super::index::Slot;
use super::records::{Header, Retired, TopicRecord, write_story_head};
use super::{codec, key_codec};

/// Stages all that `commit` changes.
pub(super) fn apply(
    commit: &Commit,
    stage: &mut Stage<'_>,
    header: &mut Header,
) -> Result<(), Fault> {
    for (source, state) in &commit.source_states {
        put_packed(stage, key_codec::source_state(source), &**state)?;
    }
    for (source, stories) in &commit.listed {
        stage.put(
            key_codec::listed(source),
            stories.iter().map(|id| *id.as_bytes()).collect::<Vec<_>>().as_flattened(),
        )?;
    }
    // A story that the commit itself retires is forgotten after that; any other was forgotten before
    // entries of the same commit were judged, which may found it anew.
    let retired: HashSet<StoryId> = commit.retired.iter().map(|(story, _)| *story).collect();
    let (last_forgotten, forgotten): (Vec<StoryId>, Vec<StoryId>) =
        commit.forgotten.iter().partition(|story| retired.contains(*story));
    for story in forgotten {
        forget(stage, header, story)?;
    }
    // A document that lists a story twenty times writes it once: as it was judged last.
    let last: HashMap<StoryId, usize> =
        commit.admitted.iter().enumerate().map(|(at, one)| (one.story.id, at)).collect();
    for (at, admitted) in commit.admitted.iter().enumerate() {
        let story = &*admitted.story;
        let is_new = admit(stage, header, story, &admitted.dropped, &admitted.keys)?;
        if last.get(&story.id) == Some(&at) {
            put_story(stage, story, is_new)?;
        }
    }
    if let Some(first) = &commit.passages_from {
        header.first_span = header.first_span.max(first.span());
        stage.index_mut().forget_passages(header.first_span);
    }
    for (story, at) in &commit.retired {
        retire(stage, header, *story, *at)?;
    }
    for story in last_forgotten {
        forget(stage, header, story)?;
    }
    for record in &commit.restored {
        restore(stage, header, record)?;
    }
    for topic in &commit.dropped {
        stage.remove(key_codec::topic(*topic))?;
        stage.index_mut().topics.forget(*topic);
    }
    for change in &commit.places {
        place(stage, header, change)?;
    }
    for topic in &commit.filled {
        let number = number_of(stage, header, *topic)?;
        put_topic(stage, *topic, TopicRecord { number, filled: true })?;
    }
    for record in &commit.engine {
        put_packed(stage, key_codec::engine(&record.key()), record)?;
    }
    for key in &commit.engine_removed {
        stage.remove(key_codec::engine(key))?;
    }
    for subscriber in &commit.subscribers {
        put_packed(stage, key_codec::subscriber(subscriber.id()), subscriber)?;
    }
    for id in &commit.unsubscribed {
        stage.remove(key_codec::subscriber(*id))?;
    }
    for path in &commit.unarchived {
        stage.remove(key_codec::archived(path))?;
    }
    for (path, text) in &commit.archived {
        put_packed(stage, key_codec::archived(path), text)?;
    }
    Ok(())
}

/// Gives a story its keys, and a card if it has none. Whether it was not there.
fn admit(
    stage: &mut Stage<'_>,
    header: &mut Header,
    story: &Story,
    dropped: &[Key],
    new: &[Key],
) -> Result<bool, Fault> {
    let card = stage.card(story.id)?.map(|card| card.keys.clone());
    let is_new = card.is_none();
    let had = match card {
        Some(keys) => keys,
        None => {
            header.stories += 1;
            take_retired(stage, header, story.id)?.map(|retired| retired.keys).unwrap_or_default()
        }
    };
    let has = merge_keys(&had, dropped, new, header.first_span);
    stage.index_mut().know(story.id, story.first_seen);
    stage.date_card(story.id, story.first_seen)?;
    bear(stage, story.id, &had, has)?;
    Ok(is_new)
}

fn put_story(stage: &mut Stage<'_>, story: &Story, is_new: bool) -> Result<(), Fault> {
    let key = key_codec::story(story.id);
    let parts = if is_new { 0 } else { stage.parts(&key)? };
    stage.put_over(parts, key, |room| {
        write_story_head(story.first_seen, room);
        codec::pack(story, room)
    })
}

/// Gives a story other keys than it had, and takes keys from the stories that it crowds out.
fn bear(stage: &mut Stage<'_>, id: StoryId, had: &[Key], has: Vec<Key>) -> Result<(), Fault> {
    let evicted = stage.index_mut().bear(id, had, &has);
    if let Some(card) = stage.card_mut(id)? {
        card.keys = has;
    }
    for slot in evicted.own {
        lose(stage, id, slot)?;
    }
    for (other, slot) in evicted.others {
        lose(stage, other, slot)?;
    }
    Ok(())
}

/// Takes from a story the keys that the index keeps in a slot.
fn lose(stage: &mut Stage<'_>, id: StoryId, slot: Slot) -> Result<(), Fault> {
    let secret = stage.index().secret();
    let stays = |key: &Key| Slot::of(key, secret) != slot;
    if let Some(card) = stage.card_mut(id)? {
        card.keys.retain(stays);
    } else if let Some(mut retired) = retired_of(stage, id)? {
        retired.keys.retain(stays);
        stage.put(key_codec::retired(id), &retired.write())?;
    }
    Ok(())
}

/// The keys of a retired story, which is not retired any longer.
fn take_retired(
    stage: &mut Stage<'_>,
    header: &mut Header,
    id: StoryId,
) -> Result<Option<Retired>, Fault> {
    // Most stories are new, and no record of them need be looked for.
    if stage.index().first_seen(id).is_none() {
        return Ok(None);
    }
    let retired = retired_of(stage, id)?;
    if retired.is_some() {
        header.retired = header.retired.saturating_sub(1);
        stage.remove(key_codec::retired(id))?;
    }
    Ok(retired)
}

fn retire(
    stage: &mut Stage<'_>,
    header: &mut Header,
    id: StoryId,
    at: Timestamp,
) -> Result<(), Fault> {
    let Some((first_seen, Card { keys, places })) = stage.take_card(id)? else { return Ok(()) };
    // Evidence against a story that is gone proves nothing.
    let names: Vec<Key> = keys.iter().filter(|key| key.kind != KeyKind::Passage).copied().collect();
    let mut index = stage.index_mut();
    index.bear(id, &keys, &names);
    for (topic, date) in places {
        index.place(topic, id, Some(date), None);
    }
    drop(index);
    stage.remove(key_codec::story(id))?;
    header.stories = header.stories.saturating_sub(1);
    header.retired += 1;
    stage.put(key_codec::retired(id), &Retired { first_seen, retired_at: at, keys: names }.write())
}

fn forget(stage: &mut Stage<'_>, header: &mut Header, id: StoryId) -> Result<(), Fault> {
    let Some(retired) = retired_of(stage, id)? else { return Ok(()) };
    header.retired = header.retired.saturating_sub(1);
    let mut index = stage.index_mut();
    index.bear(id, &retired.keys, &[]);
    index.forget(id);
    drop(index);
    stage.remove(key_codec::retired(id))
}

fn restore(stage: &mut Stage<'_>, header: &mut Header, record: &Record) -> Result<(), Fault> {
    match record {
        Record::SourceState { source, state } => {
            put_packed(stage, key_codec::source_state(source), state)
        }
        Record::Listed { source, stories } => {
            let ids: Vec<_> = stories.iter().map(|id| *id.as_bytes()).collect();
            stage.put(key_codec::listed(source), ids.as_flattened())
        }
        Record::Engine { record } => put_packed(stage, key_codec::engine(&record.key()), record),
        Record::Subscriber { subscriber } => {
            put_packed(stage, key_codec::subscriber(subscriber.id()), subscriber)
        }
        Record::Archived { path, text } => put_packed(stage, key_codec::archived(path), text),
        Record::Story { story, keys } => {
            let is_new = admit(stage, header, story, &[], keys)?;
            put_story(stage, story, is_new)
        }
        // A story that was committed since the record was read is not retired by it.
        Record::Retired { story, .. } if stage.card(*story)?.is_some() => Ok(()),
        Record::Retired { story, first_seen, at, keys } => {
            forget(stage, header, *story)?;
            header.retired += 1;
            let keys = merge_keys(&[], &[], keys, u32::MAX);
            let retired = Retired { first_seen: *first_seen, retired_at: *at, keys: keys.clone() };
            stage.put(key_codec::retired(*story), &retired.write())?;
            stage.index_mut().know(*story, *first_seen);
            bear(stage, *story, &[], keys)
        }
        Record::Places { topic, places } => places.iter().try_for_each(|entered| {
            let TopicPlace { date, story } = *entered;
            place(stage, header, &PlaceChange { topic: *topic, story, from: None, to: Some(date) })
        }),
        Record::Filled { topics } => topics.iter().try_for_each(|topic| {
            let number = number_of(stage, header, *topic)?;
            put_topic(stage, *topic, TopicRecord { number, filled: true })
        }),
    }
}

/// A story enters, moves within or leaves a topic.
fn place(stage: &mut Stage<'_>, header: &mut Header, change: &PlaceChange) -> Result<(), Fault> {
    let PlaceChange { topic, story, to, .. } = *change;
    if stage.card(story)?.is_none() {
        return Ok(());
    }
    let number = number_of(stage, header, topic)?;
    let Some(card) = stage.card_mut(story)? else { return Ok(()) };
    let from = card.place(number, to);
    stage.index_mut().place(number, story, from, to);
    Ok(())
}

/// The number that cards know a topic by: the one it has, else a new one.
fn number_of(
    stage: &mut Stage<'_>,
    header: &mut Header,
    topic: TopicVersion,
) -> Result<u32, Fault> {
    let known = stage.index().topics.get(topic);
    if let Some(record) = known {
        return Ok(record.number);
    }
    let number = header.next_topic;
    header.next_topic += 1;
    put_topic(stage, topic, TopicRecord { number, filled: false })?;
    Ok(number)
}

fn put_topic(stage: &mut Stage<'_>, topic: TopicVersion, record: TopicRecord) -> Result<(), Fault> {
    stage.index_mut().topics.know(topic, record);
    stage.put(key_codec::topic(topic), &record.write())
}

pub(super) fn retired_of(values: &impl Values, id: StoryId) -> Result<Option<Retired>, Fault> {
    let key = key_codec::retired(id);
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
