//! A sled tree in; what it holds, as values of the model, out.

use std::collections::{BTreeMap, HashMap};

use crate::model::{Fingerprint, Key, Lookalikes, Memory, SourceId, Story, StoryId, Timestamp};

use super::apply::bearers_at;
use super::chunks::{Fault, Values};
use super::layout::{self, Kind};
use super::records::{self, Header, Record, Retired, TopicPlaces};
use super::{Place, Stamp, codec};

pub(super) fn header(tree: &sled::Tree) -> Result<Option<Header>, Fault> {
    let key = layout::header();
    let Some(payload) = tree.record(&key)? else { return Ok(None) };
    Header::read(&payload).map(Some).map_err(|why| Fault::record(&key, why))
}

pub(super) fn memories(tree: &sled::Tree) -> Result<BTreeMap<SourceId, Memory>, Fault> {
    named(tree, Kind::Memory, |payload| codec::unpack(payload))
        .map(|memory| memory.map(|(source, memory)| (SourceId::new(source), memory)))
        .collect()
}

pub(super) fn listed(tree: &sled::Tree) -> Result<BTreeMap<SourceId, Vec<StoryId>>, Fault> {
    named(tree, Kind::Listed, |payload| {
        let (ids, rest) = payload.as_chunks::<16>();
        if rest.is_empty() { Ok(ids.to_vec()) } else { Err(codec::Unreadable::Short) }
    })
    .map(|listed| {
        let (source, ids) = listed?;
        Ok((SourceId::new(source), ids.into_iter().map(StoryId::from_bytes).collect()))
    })
    .collect()
}

pub(super) fn stamps(tree: &sled::Tree) -> Result<BTreeMap<String, Stamp>, Fault> {
    named(tree, Kind::Stamp, |payload| codec::unpack(payload)).collect()
}

pub(super) fn lookalikes(tree: &sled::Tree, keys: &[Key]) -> Result<Lookalikes, Fault> {
    let mut found = Lookalikes::default();
    // Retired stories are looked up once, too.
    let mut seen: HashMap<StoryId, ()> = HashMap::new();
    for key in keys {
        if found.by_key.contains_key(key) {
            continue;
        }
        let bearers = bearers_at(tree, &layout::bearers(key))?;
        if bearers.is_empty() {
            continue;
        }
        for (_, id) in bearers.iter() {
            if seen.insert(id, ()).is_none()
                && let Some(story) = story(tree, id)?
            {
                found.stories.insert(id, story);
            }
        }
        found.by_key.insert(*key, bearers.iter().map(|(_, id)| id).collect());
    }
    Ok(found)
}

pub(super) fn story(tree: &sled::Tree, id: StoryId) -> Result<Option<Story>, Fault> {
    Ok(story_and_keys(tree, id)?.map(|(story, _)| story))
}

fn story_and_keys(tree: &sled::Tree, id: StoryId) -> Result<Option<(Story, Vec<Key>)>, Fault> {
    let key = layout::story(id);
    let Some(payload) = tree.record(&key)? else { return Ok(None) };
    let (story, keys) = records::read_story(&payload).map_err(|why| Fault::record(&key, why))?;
    if story.id != id {
        return Err(Fault::malformed(&key, "it holds another story"));
    }
    Ok(Some((story, keys)))
}

/// Stories with their keys in the order of (first_seen, id).
fn in_order(
    tree: &sled::Tree,
    after: Option<(Timestamp, StoryId)>,
) -> impl Iterator<Item = Result<(Story, Vec<Key>), Fault>> + use<> {
    let tree = tree.clone();
    let mut from = match after {
        Some((first_seen, id)) => layout::order(first_seen, id),
        None => Kind::Order.prefix().to_vec(),
    };
    if after.is_some() {
        from.push(0);
    }
    tree.range(from..layout::end_of(&Kind::Order.prefix())).keys().filter_map(move |key| {
        let key = match key {
            Ok(key) => key,
            Err(error) => return Some(Err(error.into())),
        };
        let Some((_, id)) = layout::order_of(&key) else {
            return Some(Err(Fault::malformed(&key, "it names no story")));
        };
        // Retired since its place in the order was read, perhaps.
        story_and_keys(&tree, id).transpose()
    })
}

pub(super) fn stories(
    tree: &sled::Tree,
    after: Option<(Timestamp, StoryId)>,
    limit: usize,
) -> Result<Vec<Story>, Fault> {
    in_order(tree, after).take(limit).map(|found| found.map(|(story, _)| story)).collect()
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
    let all = layout::places(generation);
    let from = match older_than {
        Some(place) => {
            let mut next = layout::place(generation, place);
            next.push(0);
            next
        }
        None => all.clone(),
    };
    let keys = tree.range(from..layout::end_of(&all)).keys().take(limit);
    keys.map(|key| {
        let key = key?;
        let place = layout::place_of(&key).map(|(_, place)| place);
        place.ok_or_else(|| Fault::malformed(&key, "it names no story"))
    })
    .collect()
}

/// Every topic that has places, with their generation.
pub(super) fn topics(tree: &sled::Tree) -> Result<Vec<(Fingerprint, TopicPlaces)>, Fault> {
    let mut topics = Vec::new();
    for key in tree.scan_prefix(Kind::Topic.prefix()).keys() {
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

/// Retired stories by id.
fn all_retired(
    tree: &sled::Tree,
    after: Option<StoryId>,
) -> impl Iterator<Item = Result<(StoryId, Retired), Fault>> + use<> {
    let tree = tree.clone();
    let from = match after {
        Some(id) => {
            let mut next = layout::retired(id);
            next.push(0);
            next
        }
        None => Kind::Retired.prefix().to_vec(),
    };
    tree.range(from..layout::end_of(&Kind::Retired.prefix())).keys().filter_map(move |key| {
        let read = || {
            let key = key?;
            let id = layout::story_of(&key)
                .ok_or_else(|| Fault::malformed(&key, "it names no story"))?;
            let Some(payload) = tree.record(&key)? else { return Ok(None) };
            let retired = Retired::read(&payload).map_err(|why| Fault::record(&key, why))?;
            Ok(Some((id, retired)))
        };
        read().transpose()
    })
}

pub(super) fn retired(
    tree: &sled::Tree,
    after: Option<StoryId>,
    limit: usize,
) -> Result<Vec<(StoryId, Timestamp)>, Fault> {
    let some = all_retired(tree, after).take(limit);
    some.map(|retired| retired.map(|(id, retired)| (id, retired.at))).collect()
}

/// Everything that cannot be derived; see `Store::records` for the order.
pub(super) fn records(tree: &sled::Tree) -> impl Iterator<Item = Result<Record, Fault>> + use<> {
    let whole = tree.clone();
    let memories = named(tree, Kind::Memory, |payload| codec::unpack(payload)).map(|memory| {
        let (source, memory) = memory?;
        Ok(Record::Memory { source: SourceId::new(source), memory: Box::new(memory) })
    });
    let listed = std::iter::once_with(move || listed(&whole)).flat_map(|listed| match listed {
        Ok(listed) => listed
            .into_iter()
            .map(|(source, stories)| Ok(Record::Listed { source, stories }))
            .collect(),
        Err(fault) => vec![Err(fault)],
    });
    let stamps = named(tree, Kind::Stamp, |payload| codec::unpack(payload)).map(|stamp| {
        let (path, stamp) = stamp?;
        Ok(Record::Stamp { path, stamp })
    });
    let retired = all_retired(tree, None).map(|retired| {
        let (story, Retired { first_seen, at, keys }) = retired?;
        Ok(Record::Retired { story, first_seen, at, keys })
    });
    let stories = in_order(tree, None).map(|found| {
        let (story, keys) = found?;
        Ok(Record::Story { story: Box::new(story), keys })
    });
    // A story that is retired meanwhile is met twice, and never missed.
    memories.chain(listed).chain(stamps).chain(stories).chain(retired)
}

/// Records of a kind whose keys are text.
fn named<T, R>(
    tree: &sled::Tree,
    kind: Kind,
    read: R,
) -> impl Iterator<Item = Result<(String, T), Fault>> + use<T, R>
where
    R: Fn(&[u8]) -> Result<T, codec::Unreadable>,
{
    let tree = tree.clone();
    tree.scan_prefix(kind.prefix()).keys().filter_map(move |key| {
        let read = || {
            let key = key?;
            let name =
                layout::text_of(&key).ok_or_else(|| Fault::malformed(&key, "it is not text"))?;
            let Some(payload) = tree.record(&key)? else { return Ok(None) };
            let value = read(&payload).map_err(|why| Fault::record(&key, why))?;
            Ok(Some((name.to_owned(), value)))
        };
        read().transpose()
    })
}
