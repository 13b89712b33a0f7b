//! Reads values of the model from a sled tree.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLockReadGuard};

use sled::IVec;

use crate::model::{Key, KeyKind, Lookalikes, Story, StoryId, Timestamp, TopicVersion};

use super::super::{Record, TopicPlace};
use super::apply::retired_of;
use super::card::Card;
use super::chunks::{Fault, Values};
use super::index::{self, Index, Loading};
use super::key_codec::{self, Kind};
use super::records::{Header, Retired, TopicRecord};
use super::staged_cards::read_card;

pub(super) fn header(tree: &sled::Tree) -> Result<Option<Header>, Fault> {
    let key = key_codec::header();
    let Some(payload) = tree.record(&key)? else { return Ok(None) };
    Header::read(&payload).map(Some).map_err(|why| Fault::record(&key, why))
}

/// The paths of archived documents that begin so, in order.
pub(super) fn archive(tree: &sled::Tree, under: &str) -> Result<Vec<String>, Fault> {
    let paths = keys(tree, &key_codec::archived(under), None).map(|key| {
        let key = key?;
        let path = key_codec::text_of(&key).map(str::to_owned);
        path.ok_or_else(|| Fault::malformed(&key, "it names no path"))
    });
    paths.collect()
}

pub(super) fn lookalikes(
    tree: &sled::Tree,
    index: &index::Shared,
    keys: &[Key],
) -> Result<Lookalikes, Fault> {
    // In their order, so that those which lie together are looked for together.
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let may = {
        let index = locked(index);
        let may = keys.into_iter().map(|key| (key, index.bearers(&key)));
        may.filter(|(_, bearers)| !bearers.is_empty()).collect::<Vec<_>>()
    };
    let mut found = Lookalikes::default();
    let mut borne: HashMap<StoryId, Vec<Key>> = HashMap::new();
    for (key, bearers) in may {
        for (first_seen, id) in bearers {
            let borne = match borne.entry(id) {
                Entry::Occupied(borne) => borne.into_mut(),
                Entry::Vacant(unread) => unread.insert(keys_of(tree, first_seen, id)?),
            };
            if borne.contains(&key) {
                found.by_key.entry(key).or_default().push(id);
            }
        }
    }
    let is_found: HashSet<StoryId> = found.by_key.values().flatten().copied().collect();
    for id in is_found {
        if let Some(story) = story(tree, id)? {
            found.stories.insert(id, Arc::new(story));
        }
    }
    Ok(found)
}

/// The keys that a story bears, also where it is retired.
fn keys_of(tree: &sled::Tree, first_seen: Timestamp, id: StoryId) -> Result<Vec<Key>, Fault> {
    Ok(match read_card(tree, first_seen, id)? {
        Some(card) => card.keys,
        None => retired_of(tree, id)?.map(|retired| retired.keys).unwrap_or_default(),
    })
}

pub(super) fn locked(index: &index::Shared) -> RwLockReadGuard<'_, Index> {
    index.read().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn story(tree: &sled::Tree, id: StoryId) -> Result<Option<Story>, Fault> {
    match record(tree, Kind::Story, &key_codec::story(id))? {
        Some(Record::Story { story, .. }) => Ok(Some(*story)),
        _ => Ok(None),
    }
}

/// The cards of stories, in the order of (first_seen, id), with their keys in sled.
pub(super) fn cards(
    tree: &sled::Tree,
    after: Option<(Timestamp, StoryId)>,
) -> impl Iterator<Item = Result<(StoryId, Timestamp, Card), Fault>> + use<> {
    let tree = tree.clone();
    let after = after.map(|(first_seen, id)| key_codec::card(first_seen, id));
    pairs(&tree, &Kind::Card.prefix(), after).filter_map(move |pair| {
        let read = |(key, head): (IVec, IVec)| {
            let (first_seen, id) = key_codec::card_of(&key)
                .ok_or_else(|| Fault::malformed(&key, "it names no story"))?;
            let payload = payload_of(&tree, &key, &head)?;
            let card = payload.map(|payload| Card::read(&payload)).transpose();
            let card = card.map_err(|why| Fault::record(&key, why))?;
            Ok(card.map(|card| (id, first_seen, card)))
        };
        pair.and_then(read).transpose()
    })
}

pub(super) fn stories(
    tree: &sled::Tree,
    after: Option<(Timestamp, StoryId)>,
    limit: usize,
) -> Result<Vec<Story>, Fault> {
    let after = after.map(|(first_seen, id)| key_codec::card(first_seen, id));
    let stories = keys(tree, &Kind::Card.prefix(), after).filter_map(|key| {
        let read = |key: IVec| {
            let (_, id) = key_codec::card_of(&key)
                .ok_or_else(|| Fault::malformed(&key, "it names no story"))?;
            // It may have been retired since.
            story(tree, id)
        };
        key.and_then(read).transpose()
    });
    stories.take(limit).collect()
}

pub(super) fn places(
    index: &index::Shared,
    of: TopicVersion,
    older_than: Option<TopicPlace>,
    limit: usize,
) -> Vec<TopicPlace> {
    let index = locked(index);
    let Some(TopicRecord { number, .. }) = index.topics.get(of) else { return Vec::new() };
    let older_than = older_than.map(|TopicPlace { date, story }| (date, story));
    let places = index.topics.places(number, older_than, limit).into_iter();
    places.map(|(date, story)| TopicPlace { date, story }).collect()
}

pub(super) fn place_of(
    tree: &sled::Tree,
    index: &index::Shared,
    of: TopicVersion,
    story: StoryId,
) -> Result<Option<TopicPlace>, Fault> {
    let (record, first_seen) = {
        let index = locked(index);
        (index.topics.get(of), index.first_seen(story))
    };
    // A card that is not there is looked for all the same, which takes as long as to find one.
    let first_seen = first_seen.unwrap_or(Timestamp::from_millis(0));
    let card = read_card(tree, first_seen, story)?.unwrap_or_default();
    let Some(TopicRecord { number, .. }) = record else { return Ok(None) };
    let place = card.places.into_iter().find(|(topic, _)| *topic == number);
    Ok(place.map(|(_, date)| TopicPlace { date, story }))
}

/// Every topic that has places.
pub(super) fn topics(tree: &sled::Tree) -> Result<Vec<(TopicVersion, TopicRecord)>, Fault> {
    let topics = pairs(tree, &Kind::Topic.prefix(), None).map(|pair| {
        let (key, head) = pair?;
        let topic =
            key_codec::topic_of(&key).ok_or_else(|| Fault::malformed(&key, "it names no topic"))?;
        let record = tree.joined(&key, &head)?.and_then(|payload| TopicRecord::read(&payload));
        Ok((topic, record.map_err(|why| Fault::record(&key, why))?))
    });
    topics.collect()
}

/// Everything that cannot be derived; see `Store::records` for the order.
pub(super) fn records(
    tree: &sled::Tree,
    first_span: u32,
) -> impl Iterator<Item = Result<Record, Fault>> + use<> {
    let whole = tree.clone();
    let stories = cards(tree, None).filter_map(move |card| {
        let read = |(id, _, card)| with_keys(&whole, id, card, first_span);
        card.and_then(read).transpose()
    });
    // A story that is retired meanwhile is met twice, and never missed.
    other_records(tree).chain(stories).chain(ground(tree, Kind::Retired, None))
}

/// The records that cannot be derived, but for stories and retired stories.
pub(super) fn other_records(
    tree: &sled::Tree,
) -> impl Iterator<Item = Result<Record, Fault>> + use<> {
    let kinds = [Kind::SourceState, Kind::Listed, Kind::Engine, Kind::Archived, Kind::Subscriber];
    kinds.map(|kind| ground(tree, kind, None)).into_iter().flatten()
}

/// A story's record with the keys on its card, unless it was retired since.
pub(super) fn with_keys(
    tree: &sled::Tree,
    id: StoryId,
    card: Card,
    first_span: u32,
) -> Result<Option<Record>, Fault> {
    let Some(story) = story(tree, id)? else { return Ok(None) };
    Ok(Some(Record::Story { story: Box::new(story), keys: keys_from(first_span, card) }))
}

/// The keys on a card without the passages of earlier spans of time.
pub(super) fn keys_from(first_span: u32, card: Card) -> Vec<Key> {
    let mut keys = card.keys;
    keys.retain(|key| key.kind != KeyKind::Passage || key.span() >= first_span);
    keys
}

/// The index as the records have it: read in when the store opens, while nobody writes.
pub(super) fn index(tree: &sled::Tree, header: &Header) -> Result<Index, Fault> {
    let mut index = Index::new(header.secret, header.first_span);
    for (topic, record) in topics(tree)? {
        index.topics.know(topic, record);
    }
    let mut loading = Loading::into(index);
    for card in cards(tree, None) {
        let (id, first_seen, card) = card?;
        loading.add(id, first_seen, &card);
    }
    for pair in pairs(tree, &Kind::Retired.prefix(), None) {
        let (key, head) = pair?;
        let read = || -> Result<(StoryId, Retired), Fault> {
            let id = key_codec::story_of(&key)
                .ok_or_else(|| Fault::malformed(&key, "it names no story"))?;
            let retired = tree.joined(&key, &head)?.and_then(|payload| Retired::read(&payload));
            Ok((id, retired.map_err(|why| Fault::record(&key, why))?))
        };
        let (id, Retired { first_seen, keys, .. }) = read()?;
        loading.add(id, first_seen, &Card { keys, places: Vec::new() });
    }
    Ok(loading.done())
}

/// Records of a kind that cannot be derived, by key.
pub(super) fn ground(
    tree: &sled::Tree,
    kind: Kind,
    after: Option<IVec>,
) -> impl Iterator<Item = Result<Record, Fault>> + use<> {
    let tree = tree.clone();
    pairs(&tree, &kind.prefix(), after).filter_map(move |pair| {
        let read = |(key, head): (IVec, IVec)| {
            let Some(payload) = payload_of(&tree, &key, &head)? else { return Ok(None) };
            Record::read(kind, &key, &payload).map(Some).map_err(|why| Fault::record(&key, why))
        };
        pair.and_then(read).transpose()
    })
}

/// The payload of a record whose head was read. A short record need not be looked up again; one that
/// was rewritten meanwhile must be.
fn payload_of(tree: &sled::Tree, key: &[u8], head: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
    match tree.joined(key, head)? {
        Ok(payload) => Ok(Some(payload)),
        Err(_) => tree.record(key),
    }
}

/// A record that cannot be derived, if it is still there.
pub(super) fn record(tree: &sled::Tree, kind: Kind, key: &[u8]) -> Result<Option<Record>, Fault> {
    let Some(payload) = tree.record(key)? else { return Ok(None) };
    Record::read(kind, key, &payload).map(Some).map_err(|why| Fault::record(key, why))
}

/// Keys that begin with `prefix` and come after `after`, in order.
pub(super) fn keys(
    tree: &sled::Tree,
    prefix: &[u8],
    after: Option<IVec>,
) -> impl Iterator<Item = Result<IVec, Fault>> + use<> {
    pairs(tree, prefix, after).map(|pair| pair.map(|(key, _)| key))
}

/// The same with their values.
pub(super) fn pairs(
    tree: &sled::Tree,
    prefix: &[u8],
    after: Option<IVec>,
) -> impl Iterator<Item = Result<(IVec, IVec), Fault>> + use<> {
    let from = match after {
        Some(key) => [&key[..], &[0]].concat(),
        None => prefix.to_vec(),
    };
    tree.range(from..key_codec::end_of(prefix)).map(|pair| Ok(pair?))
}
