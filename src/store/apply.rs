//! A commit in; the writes it means out, staged.

use std::collections::{HashMap, HashSet};

use sled::IVec;

use crate::model::{Fingerprint, Key, KeyKind, Story, StoryId, Timestamp};

use super::chunks::{Fault, Found, Stage, Values};
use super::index::{self, Change};
use super::records::{Header, Record, Retired, StoryHead, TopicPlaces, merge_keys};
use super::sequences::{self, ORDER, Row};
use super::sheets::Of;
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
    if let Some(first) = &commit.passages_from {
        header.first_span = header.first_span.max(index::span_of(first));
        stage.borne.push(Change::From(header.first_span));
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
    for record in &commit.engine {
        put_packed(stage, layout::engine(&record.key()), record)?;
    }
    for key in &commit.engine_removed {
        stage.remove(layout::engine(key))?;
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
            (head.0, Some(parts))
        }
        None => {
            header.stories += 1;
            (head_of_retired(stage, story)?, None)
        }
    };
    let had = all_keys(stage, &before, story.id, header.first_span)?;
    let has = merge_keys(&had, &change.dropped, &change.new, header.first_span);
    let is_moved = before.first_seen != story.first_seen;
    let order = |first_seen| layout::order(first_seen, story.id);
    if is_moved && parts.is_some() {
        stage.rows.push(row(ORDER, order(before.first_seen), false));
    }
    if is_moved || parts.is_none() {
        stage.rows.push(row(ORDER, order(story.first_seen), true));
    }
    let head = if had.is_empty() || is_moved {
        erase(stage, &before, story.id, &had)?;
        let nothing = StoryHead { first_seen: story.first_seen, ..StoryHead::default() };
        bear(stage, header, nothing, story.id, &[], &has)?
    } else {
        bear(stage, header, before, story.id, &had, &has)?
    };
    stage.put_over(parts.unwrap_or(0), key, |room| {
        head.write(room);
        codec::pack(story, room)
    })
}

fn row(sequence: u32, row: Row, there: bool) -> sequences::Change {
    sequences::Change { sequence, row, there }
}

/// A story's names stand on so many sheets at most.
const MOST_SHEETS: usize = 16;

/// Has a story, which had these keys, bear those: on its sheets and in the index. Its head after that.
fn bear(
    stage: &mut Stage<'_>,
    header: &mut Header,
    head: StoryHead,
    id: StoryId,
    had: &[Key],
    has: &[Key],
) -> Result<StoryHead, Fault> {
    let StoryHead { first_seen, keys: _, mut sheets, spans } = head;
    let before: HashSet<&Key> = had.iter().collect();
    // Asked only for keys that the story had: most have just come.
    let after: HashSet<&Key> = has.iter().filter(|_| !had.is_empty()).collect();
    let lost = had.iter().filter(|key| !after.contains(key));
    let lost: Vec<_> = lost.map(|key| Change::Lost(*key, first_seen, id)).collect();
    // A key that begins as a lost one does is lost with it, and stays all the same.
    let change = |key: &Key| match before.contains(key) {
        true => Change::Stays(*key, first_seen, id),
        false => Change::Borne(*key, first_seen, id),
    };
    let has_changed = |key: &&Key| !lost.is_empty() || !before.contains(key);
    stage.borne.extend(lost.iter().copied().chain(has.iter().filter(has_changed).map(change)));

    let [(had, had_passages), (has, passages)] = [had, has]
        .map(|keys| keys.split_at(keys.partition_point(|key| key.kind != KeyKind::Passage)));
    if had.iter().any(|key| !after.contains(key)) {
        let mut stay = Vec::new();
        for number in sheets {
            if !stage.strike_some(Of::Names.sheet(number), id, |key| !after.contains(key))? {
                stay.push(number);
            }
        }
        sheets = stay;
    }
    let mut gained: Vec<Key> = has.iter().filter(|key| !before.contains(key)).copied().collect();
    if !gained.is_empty() && sheets.len() >= MOST_SHEETS {
        // A source that renames its entries at every poll would have the story stand on ever more.
        for number in sheets.drain(..) {
            stage.strike(Of::Names.sheet(number), id)?;
        }
        gained = has.to_vec();
    }
    if !gained.is_empty() {
        let number = stage.write_down(header, Of::Names, id, first_seen, &gained);
        if !sheets.contains(&number) {
            sheets.push(number);
        }
    }
    let of_one_span = |a: &Key, b: &Key| index::span_of(a) == index::span_of(b);
    let mut stays = Vec::new();
    for (span, number) in spans {
        let of_span = |key: &&Key| index::span_of(key) == span;
        let there = |keys: &[Key]| keys.iter().filter(of_span).copied().collect::<Vec<_>>();
        if span < header.first_span {
            continue;
        }
        let present = there(had_passages);
        if !present.is_empty() && present == there(passages) {
            stays.push((span, number));
        } else {
            stage.strike(Of::Passages(span).sheet(number), id)?;
        }
    }
    let mut spans = Vec::new();
    for passages in passages.chunk_by(of_one_span) {
        let span = index::span_of(&passages[0]);
        spans.push(match stays.iter().find(|(stays, _)| *stays == span) {
            Some(stays) => *stays,
            None => (span, stage.write_down(header, Of::Passages(span), id, first_seen, passages)),
        });
    }
    Ok(StoryHead { first_seen, keys: has.to_vec(), sheets, spans })
}

/// Takes a story off its sheets and out of the index.
fn erase(stage: &mut Stage<'_>, head: &StoryHead, id: StoryId, had: &[Key]) -> Result<(), Fault> {
    stage.borne.extend(had.iter().map(|key| Change::Lost(*key, head.first_seen, id)));
    for number in &head.sheets {
        stage.strike(Of::Names.sheet(*number), id)?;
    }
    for (span, number) in &head.spans {
        stage.strike(Of::Passages(*span).sheet(*number), id)?;
    }
    Ok(())
}

/// What there is of a story that is not kept: where it was retired it is so no longer.
fn head_of_retired(stage: &mut Stage<'_>, story: &Story) -> Result<StoryHead, Fault> {
    let Some(retired) = retired_of(stage, story.id)? else {
        return Ok(StoryHead { first_seen: story.first_seen, ..StoryHead::default() });
    };
    stage.remove(layout::retired(story.id))?;
    Ok(retired.into_head())
}

fn retire(
    stage: &mut Stage<'_>,
    header: &mut Header,
    id: StoryId,
    at: Timestamp,
) -> Result<(), Fault> {
    let Some(head) = head_of(stage, id)? else { return Ok(()) };
    // Evidence against a story that is gone proves nothing.
    let (passages, _) = passages_of(stage, &head, id, header.first_span)?;
    let StoryHead { first_seen, keys, sheets, spans } = head;
    let of_passages = StoryHead { first_seen, spans, ..StoryHead::default() };
    erase(stage, &of_passages, id, &passages)?;
    stage.remove(layout::story(id))?;
    stage.rows.push(row(ORDER, layout::order(first_seen, id), false));
    header.stories = header.stories.saturating_sub(1);
    stage.put(layout::retired(id), &Retired { first_seen, at, keys, sheets }.write())
}

fn forget(stage: &mut Stage<'_>, id: StoryId) -> Result<(), Fault> {
    let Some(retired) = retired_of(stage, id)? else { return Ok(()) };
    let head = retired.into_head();
    erase(stage, &head, id, &head.keys)?;
    stage.remove(layout::retired(id))
}

fn restore(stage: &mut Stage<'_>, header: &mut Header, record: &Record) -> Result<(), Fault> {
    match record {
        Record::Memory { source, memory } => put_packed(stage, layout::memory(source), memory),
        Record::Listed { source, stories } => {
            let ids: Vec<_> = stories.iter().map(|id| *id.as_bytes()).collect();
            stage.put(layout::listed(source), ids.as_flattened())
        }
        Record::Engine { record } => put_packed(stage, layout::engine(&record.key()), record),
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
            let nothing = StoryHead { first_seen: *first_seen, ..StoryHead::default() };
            let StoryHead { first_seen, keys, sheets, .. } =
                bear(stage, header, nothing, *story, &[], &keys)?;
            let retired = Retired { first_seen, at: *at, keys, sheets };
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
        let at = |date| layout::place(Place { date, story: change.story });
        stage.rows.extend(change.from.map(|date| row(generation, at(date), false)));
        stage.rows.extend(change.to.map(|date| row(generation, at(date), true)));
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

/// All keys of a story: names, then passages.
fn all_keys(
    values: &impl Values,
    head: &StoryHead,
    id: StoryId,
    first_span: u32,
) -> Result<Vec<Key>, Fault> {
    let mut keys = head.keys.clone();
    keys.extend(passages_of(values, head, id, first_span)?.0);
    Ok(keys)
}

/// The passages a story bears, but for those that are forgotten; and whether all of them are
/// where its head says.
pub(super) fn passages_of(
    values: &impl Values,
    head: &StoryHead,
    id: StoryId,
    first_span: u32,
) -> Result<(Vec<Key>, bool), Fault> {
    let (mut passages, mut all_there) = (Vec::new(), true);
    for (span, number) in head.spans.iter().filter(|(span, _)| *span >= first_span) {
        let borne = values.borne(Of::Passages(*span).sheet(*number), id)?;
        all_there &= borne.is_some();
        passages.extend(borne.into_iter().flat_map(|borne| borne.keys));
    }
    Ok((passages, all_there))
}

pub(super) fn head_of(values: &impl Values, id: StoryId) -> Result<Option<StoryHead>, Fault> {
    let key = layout::story(id);
    let Some(payload) = values.record(&key)? else { return Ok(None) };
    let (head, _) = StoryHead::read(&payload).map_err(|why| Fault::record(&key, why))?;
    Ok(Some(head))
}

pub(super) fn retired_of(values: &impl Values, id: StoryId) -> Result<Option<Retired>, Fault> {
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
