//! A sled tree in; what it holds, as values of the model, out.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use sled::IVec;

use crate::model::{
    Fingerprint, Key, KeyKind, Lookalikes, Memory, SourceId, Story, StoryId, Subscriber, Timestamp,
};

use super::apply::{bearers_at, head_of, passages_of};
use super::chunks::{Fault, Values};
use super::layout::{self, Kind};
use super::passages::{Passages, Shared, span_of};
use super::records::{Header, Record, TopicPlaces, read_passages};
use super::{Place, Stamp};

pub(super) fn header(tree: &sled::Tree) -> Result<Option<Header>, Fault> {
    let key = layout::header();
    let Some(payload) = tree.record(&key)? else { return Ok(None) };
    Header::read(&payload).map(Some).map_err(|why| Fault::record(&key, why))
}

pub(super) fn memories(tree: &sled::Tree) -> Result<BTreeMap<SourceId, Box<Memory>>, Fault> {
    let memories = ground(tree, Kind::Memory, None);
    only(memories, |record| match record {
        Record::Memory { source, memory } => Some((source, memory)),
        _ => None,
    })
    .collect()
}

pub(super) fn listed(tree: &sled::Tree) -> Result<BTreeMap<SourceId, Vec<StoryId>>, Fault> {
    let listed = ground(tree, Kind::Listed, None);
    only(listed, |record| match record {
        Record::Listed { source, stories } => Some((source, stories)),
        _ => None,
    })
    .collect()
}

pub(super) fn listed_by(tree: &sled::Tree, source: &SourceId) -> Result<Vec<StoryId>, Fault> {
    match record(tree, Kind::Listed, &layout::listed(source))? {
        Some(Record::Listed { stories, .. }) => Ok(stories),
        _ => Ok(Vec::new()),
    }
}

pub(super) fn stamps(tree: &sled::Tree) -> Result<BTreeMap<String, Stamp>, Fault> {
    let stamps = ground(tree, Kind::Stamp, None);
    only(stamps, |record| match record {
        Record::Stamp { path, stamp } => Some((path, stamp)),
        _ => None,
    })
    .collect()
}

pub(super) fn subscribers(tree: &sled::Tree) -> Result<Vec<Subscriber>, Fault> {
    let subscribers = ground(tree, Kind::Subscriber, None);
    only(subscribers, |record| match record {
        Record::Subscriber { subscriber } => Some(*subscriber),
        _ => None,
    })
    .collect()
}

/// The paths of archived documents that begin so, in order.
pub(super) fn archive(tree: &sled::Tree, under: &str) -> Result<Vec<String>, Fault> {
    let paths = keys(tree, &layout::archived(under), None).map(|key| {
        let key = key?;
        let path = layout::text_of(&key).map(str::to_owned);
        path.ok_or_else(|| Fault::malformed(&key, "it names no path"))
    });
    paths.collect()
}

pub(super) fn archived(tree: &sled::Tree, path: &str) -> Result<Option<String>, Fault> {
    match record(tree, Kind::Archived, &layout::archived(path))? {
        Some(Record::Archived { text, .. }) => Ok(Some(text)),
        _ => Ok(None),
    }
}

pub(super) fn lookalikes(
    tree: &sled::Tree,
    passages: &Shared,
    keys: &[Key],
) -> Result<Lookalikes, Fault> {
    let mut found = Lookalikes::default();
    // Retired stories are looked up once, too.
    let mut seen = HashSet::new();
    let mut borne = HashMap::new();
    for key in keys {
        if found.by_key.contains_key(key) {
            continue;
        }
        let bearers: Vec<(Timestamp, StoryId)> = if key.kind == KeyKind::Passage {
            let may = passages.read().unwrap_or_else(PoisonError::into_inner).bearers(key);
            bearing(tree, key, may, &mut borne)?
        } else {
            bearers_at(tree, &layout::bearers(key))?.iter().collect()
        };
        if bearers.is_empty() {
            continue;
        }
        for (_, id) in &bearers {
            if seen.insert(*id)
                && let Some(story) = story(tree, *id)?
            {
                found.stories.insert(*id, Arc::new(story));
            }
        }
        found.by_key.insert(*key, bearers.into_iter().map(|(_, id)| id).collect());
    }
    Ok(found)
}

/// Of the stories that may bear a passage, those that do.
fn bearing(
    tree: &sled::Tree,
    key: &Key,
    mut may: Vec<(Timestamp, StoryId)>,
    borne: &mut HashMap<(u32, StoryId), Vec<Key>>,
) -> Result<Vec<(Timestamp, StoryId)>, Fault> {
    let span = span_of(key);
    for (_, id) in &may {
        if let Entry::Vacant(unread) = borne.entry((span, *id)) {
            let at = layout::passages(span, *id);
            let read = tree.record(&at)?.map(|payload| read_passages(span, &payload));
            let read = read.transpose().map_err(|why| Fault::record(&at, why))?;
            unread.insert(read.map(|(_, keys)| keys).unwrap_or_default());
        }
    }
    may.retain(|(_, id)| borne[&(span, *id)].contains(key));
    Ok(may)
}

pub(super) fn story(tree: &sled::Tree, id: StoryId) -> Result<Option<Story>, Fault> {
    match record(tree, Kind::Story, &layout::story(id))? {
        Some(Record::Story { story, .. }) => Ok(Some(*story)),
        _ => Ok(None),
    }
}

/// Stories in the order of (first_seen, id), as records.
fn in_order(
    tree: &sled::Tree,
    after: Option<(Timestamp, StoryId)>,
) -> impl Iterator<Item = Result<Record, Fault>> + use<> {
    let tree = tree.clone();
    let after = after.map(|(first_seen, id)| layout::order(first_seen, id));
    keys(&tree, &Kind::Order.prefix(), after).filter_map(move |key| {
        let read = || {
            let key = key?;
            let (_, id) = layout::order_of(&key)
                .ok_or_else(|| Fault::malformed(&key, "it names no story"))?;
            // Retired since its place in the order was read, perhaps.
            record(&tree, Kind::Story, &layout::story(id))
        };
        read().transpose()
    })
}

pub(super) fn stories(
    tree: &sled::Tree,
    after: Option<(Timestamp, StoryId)>,
    limit: usize,
) -> Result<Vec<Story>, Fault> {
    let stories = only(in_order(tree, after), |record| match record {
        Record::Story { story, .. } => Some(*story),
        _ => None,
    });
    stories.take(limit).collect()
}

fn topic(tree: &sled::Tree, topic: Fingerprint) -> Result<Option<TopicPlaces>, Fault> {
    let key = layout::topic(topic);
    let Some(payload) = tree.record(&key)? else { return Ok(None) };
    TopicPlaces::read(&payload).map(Some).map_err(|why| Fault::record(&key, why))
}

pub(super) fn places(
    tree: &sled::Tree,
    of: Fingerprint,
    older_than: Option<Place>,
    limit: usize,
) -> Result<Vec<Place>, Fault> {
    let Some(TopicPlaces { generation, .. }) = topic(tree, of)? else { return Ok(Vec::new()) };
    let older_than = older_than.map(|place| layout::place(generation, place));
    let places = keys(tree, &layout::places(generation), older_than).take(limit);
    places
        .map(|key| {
            let key = key?;
            let place = layout::place_of(&key).map(|(_, place)| place);
            place.ok_or_else(|| Fault::malformed(&key, "it names no story"))
        })
        .collect()
}

/// Every topic that has places, with their generation.
pub(super) fn topics(tree: &sled::Tree) -> Result<Vec<(Fingerprint, TopicPlaces)>, Fault> {
    let mut topics = Vec::new();
    for key in keys(tree, &Kind::Topic.prefix(), None) {
        let key = key?;
        let fingerprint =
            layout::topic_of(&key).ok_or_else(|| Fault::malformed(&key, "it names no topic"))?;
        if let Some(places) = topic(tree, fingerprint)? {
            topics.push((fingerprint, places));
        }
    }
    Ok(topics)
}

pub(super) fn filled(tree: &sled::Tree) -> Result<Vec<Fingerprint>, Fault> {
    let topics = topics(tree)?.into_iter();
    Ok(topics.filter(|(_, places)| places.filled).map(|(topic, _)| topic).collect())
}

pub(super) fn retired(
    tree: &sled::Tree,
    after: Option<StoryId>,
    limit: usize,
) -> Result<Vec<(StoryId, Timestamp)>, Fault> {
    let retired = ground(tree, Kind::Retired, after.map(layout::retired));
    let retired = only(retired, |record| match record {
        Record::Retired { story, at, .. } => Some((story, at)),
        _ => None,
    });
    retired.take(limit).collect()
}

/// Everything that cannot be derived; see `Store::records` for the order.
pub(super) fn records(tree: &sled::Tree) -> impl Iterator<Item = Result<Record, Fault>> + use<> {
    let readings = [Kind::Memory, Kind::Listed, Kind::Stamp, Kind::Archived, Kind::Subscriber];
    let readings = readings.map(|kind| ground(tree, kind, None));
    // A story that is retired meanwhile is met twice, and never missed.
    let stories = in_order(tree, None).chain(ground(tree, Kind::Retired, None));
    let whole = tree.clone();
    let stories = stories.map(move |record| with_passages(&whole, record?));
    readings.into_iter().flatten().chain(stories)
}

/// A story's record with its passages among its keys; any other as it is.
pub(super) fn with_passages(tree: &sled::Tree, mut record: Record) -> Result<Record, Fault> {
    if let Record::Story { story, keys } = &mut record
        && let Some(head) = head_of(tree, story.id)?
    {
        let first_span = header(tree)?.map_or(0, |header| header.first_span);
        keys.extend(passages_of(tree, &head, story.id, first_span)?);
    }
    Ok(record)
}

/// Which stories bear which passages: what the index is made of on opening.
pub(super) fn passages(tree: &sled::Tree, first_span: u32) -> Result<Passages, Fault> {
    let from = layout::passages_of_span(first_span).to_vec();
    let records = tree.range(from..layout::end_of(&Kind::Passages.prefix()));
    Passages::of(records.map(|pair| {
        let (key, head) = pair?;
        let (span, id) =
            layout::passages_of(&key).ok_or_else(|| Fault::malformed(&key, "it names no story"))?;
        // Nobody writes while a store is opened.
        let payload = tree.joined(&key, &head)?;
        let read = payload.and_then(|payload| read_passages(span, &payload));
        let (first_seen, keys) = read.map_err(|why| Fault::record(&key, why))?;
        Ok((span, first_seen, id, keys))
    }))
}

/// Records of a kind that cannot be derived, by key.
fn ground(
    tree: &sled::Tree,
    kind: Kind,
    after: Option<IVec>,
) -> impl Iterator<Item = Result<Record, Fault>> + use<> {
    let tree = tree.clone();
    keys(&tree, &kind.prefix(), after)
        .filter_map(move |key| key.and_then(|key| record(&tree, kind, &key)).transpose())
}

/// A record that cannot be derived, if it is still there.
fn record(tree: &sled::Tree, kind: Kind, key: &[u8]) -> Result<Option<Record>, Fault> {
    let Some(payload) = tree.record(key)? else { return Ok(None) };
    Record::read(kind, key, &payload).map(Some).map_err(|why| Fault::record(key, why))
}

/// Of records, those that `is_one` makes something of; and all faults.
fn only<T, Is: Fn(Record) -> Option<T>>(
    records: impl Iterator<Item = Result<Record, Fault>>,
    is_one: Is,
) -> impl Iterator<Item = Result<T, Fault>> {
    records.filter_map(move |record| record.map(&is_one).transpose())
}

/// Keys that begin with `prefix` and come after `after`, in order.
fn keys(
    tree: &sled::Tree,
    prefix: &[u8],
    after: Option<IVec>,
) -> impl Iterator<Item = Result<IVec, Fault>> + use<> {
    let from = match after {
        Some(key) => [&key[..], &[0]].concat(),
        None => prefix.to_vec(),
    };
    tree.range(from..layout::end_of(prefix)).keys().map(|key| Ok(key?))
}
