//! A sled tree in; what it holds, as values of the model, out.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, PoisonError};

use sled::IVec;

use crate::model::{
    EngineRecord, Fingerprint, Key, KeyKind, Lookalikes, Memory, SourceId, Story, StoryId,
    Subscriber, Timestamp,
};

use super::Place;
use super::apply::{head_of, passages_of, retired_of};
use super::chunks::{Fault, Values};
use super::index::{self, Index};
use super::layout::{self, Kind};
use super::records::{Header, Record, Retired, StoryHead, TopicPlaces};
use super::sequences::{self, ORDER};
use super::sheets::{self, Of};

/// Stories whose places in the order are read at once.
const PAGE: usize = 1000;

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

pub(super) fn engine_records(tree: &sled::Tree) -> Result<Vec<EngineRecord>, Fault> {
    let records = ground(tree, Kind::Engine, None);
    only(records, |record| match record {
        Record::Engine { record } => Some(record),
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
    index: &index::Shared,
    keys: &[Key],
) -> Result<Lookalikes, Fault> {
    // In their order, so that those which lie together are looked for together.
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let index = index.read().unwrap_or_else(PoisonError::into_inner);
    let may = keys.into_iter().map(|key| (key, index.bearers(&key)));
    let may: Vec<_> = may.filter(|(_, bearers)| !bearers.is_empty()).collect();
    drop(index);
    let mut found = Lookalikes::default();
    // Retired stories are looked up once, too.
    let mut known: HashMap<StoryId, Known> = HashMap::new();
    for (key, mut bearers) in may {
        let mut fault = None;
        bearers.retain(|(_, id)| {
            let known = match known.entry(*id) {
                Entry::Occupied(known) => Ok(known.into_mut()),
                Entry::Vacant(unread) => Known::read(tree, *id).map(|known| unread.insert(known)),
            };
            known.and_then(|known| known.bears(tree, *id, &key)).unwrap_or_else(|why| {
                fault = Some(why);
                false
            })
        });
        if let Some(fault) = fault {
            return Err(fault);
        }
        if !bearers.is_empty() {
            found.by_key.insert(key, bearers.into_iter().map(|(_, id)| id).collect());
        }
    }
    let is_found: HashSet<StoryId> = found.by_key.values().flatten().copied().collect();
    for (id, known) in known.into_iter().filter(|(id, _)| is_found.contains(id)) {
        if let Some(packed) = known.packed {
            let story = Record::read(Kind::Story, &layout::story(id), &packed);
            let story = story.map_err(|why| Fault::record(&layout::story(id), why))?;
            if let Record::Story { story, .. } = story {
                found.stories.insert(id, Arc::new(*story));
            }
        }
    }
    Ok(found)
}

/// What may bear a key, as far as that was asked.
struct Known {
    head: StoryHead,
    /// The story's record, unless it is retired.
    packed: Option<Vec<u8>>,
    passages: HashMap<u32, Vec<Key>>,
}

impl Known {
    fn read(tree: &sled::Tree, id: StoryId) -> Result<Self, Fault> {
        let (head, packed) = match tree.record(&layout::story(id))? {
            Some(payload) => {
                let head = StoryHead::read(&payload).map(|(head, _)| head);
                (head.map_err(|why| Fault::record(&layout::story(id), why))?, Some(payload))
            }
            None => (retired_of(tree, id)?.map(Retired::into_head).unwrap_or_default(), None),
        };
        Ok(Self { head, packed, passages: HashMap::new() })
    }

    fn bears(&mut self, tree: &sled::Tree, id: StoryId, key: &Key) -> Result<bool, Fault> {
        if key.kind != KeyKind::Passage {
            return Ok(self.head.keys.contains(key));
        }
        let span = index::span_of(key);
        let borne = match self.passages.entry(span) {
            Entry::Occupied(borne) => borne.into_mut(),
            Entry::Vacant(unread) => {
                unread.insert(passages(tree, &self.head, id, |other| other == span)?)
            }
        };
        Ok(borne.contains(key))
    }
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
    sequences: &sequences::Shared,
    after: Option<(Timestamp, StoryId)>,
) -> impl Iterator<Item = Result<Record, Fault>> + use<> {
    let (tree, sequences) = (tree.clone(), Arc::clone(sequences));
    let mut after = after.map(|(first_seen, id)| layout::order(first_seen, id));
    let mut is_more = true;
    let mut rows = VecDeque::new();
    std::iter::from_fn(move || {
        let mut next = || {
            loop {
                if rows.is_empty() && is_more {
                    rows = sequences::rows(&tree, &sequences, ORDER, after, PAGE)?.into();
                    is_more = rows.len() == PAGE;
                }
                let Some(row) = rows.pop_front() else { return Ok(None) };
                after = Some(row);
                let (_, id) = layout::order_of(&row);
                // Retired since its place in the order was read, perhaps.
                if let Some(story) = record(&tree, Kind::Story, &layout::story(id))? {
                    return Ok(Some(story));
                }
            }
        };
        next().transpose()
    })
}

pub(super) fn stories(
    tree: &sled::Tree,
    sequences: &sequences::Shared,
    after: Option<(Timestamp, StoryId)>,
    limit: usize,
) -> Result<Vec<Story>, Fault> {
    let stories = only(in_order(tree, sequences, after), |record| match record {
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
    sequences: &sequences::Shared,
    of: Fingerprint,
    older_than: Option<Place>,
    limit: usize,
) -> Result<Vec<Place>, Fault> {
    let Some(TopicPlaces { generation, .. }) = topic(tree, of)? else { return Ok(Vec::new()) };
    let rows = sequences::rows(tree, sequences, generation, older_than.map(layout::place), limit)?;
    Ok(rows.iter().map(layout::place_of).collect())
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
pub(super) fn records(
    tree: &sled::Tree,
    sequences: &sequences::Shared,
) -> impl Iterator<Item = Result<Record, Fault>> + use<> {
    let readings = [Kind::Memory, Kind::Listed, Kind::Engine, Kind::Archived, Kind::Subscriber];
    let readings = readings.map(|kind| ground(tree, kind, None));
    // A story that is retired meanwhile is met twice, and never missed.
    let stories = in_order(tree, sequences, None).chain(ground(tree, Kind::Retired, None));
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
        keys.extend(passages(tree, &head, story.id, |span| span >= first_span)?);
    }
    Ok(record)
}

/// The passages that a story bears in such spans of time, as its head said a moment ago. Where a
/// commit has moved them to another sheet meanwhile, as its head says now.
fn passages(
    tree: &sled::Tree,
    head: &StoryHead,
    id: StoryId,
    wanted: impl Fn(u32) -> bool,
) -> Result<Vec<Key>, Fault> {
    let mut head = head.clone();
    loop {
        head.spans.retain(|(span, _)| wanted(*span));
        let (passages, all_there) = passages_of(tree, &head, id, 0)?;
        if all_there {
            return Ok(passages);
        }
        let now = head_of(tree, id)?.unwrap_or_default();
        let mut spans = now.spans;
        spans.retain(|(span, _)| wanted(*span));
        if spans == head.spans {
            // Nobody moved them: they are gone, which `check` tells.
            return Ok(passages);
        }
        head.spans = spans;
    }
}

/// Which stories bear which keys: what the index is made of on opening.
pub(super) fn index(tree: &sled::Tree, first_span: u32) -> Result<Index, Fault> {
    let names = Kind::Names.prefix().to_vec();
    let names = tree.range(names.clone()..layout::end_of(&names));
    let from = layout::passages_of_span(first_span).to_vec();
    let passages = tree.range(from..layout::end_of(&Kind::Passages.prefix()));
    let sheets = names.chain(passages).map(|pair| -> Result<_, Fault> {
        let (key, head) = pair?;
        let id = layout::sheet_of(&key).ok_or_else(|| Fault::malformed(&key, "it is no sheet"))?;
        // Nobody writes while a store is opened.
        let payload = tree.joined(&key, &head)?.map_err(|why| Fault::record(&key, why))?;
        let borne = sheets::read(id.of, &payload).collect::<Result<Vec<_>, _>>();
        Ok((id.of, borne.map_err(|why| Fault::record(&key, why))?))
    });
    Index::of(sheets.flat_map(|sheet| {
        let (of, borne, fault) = match sheet {
            Ok((of, borne)) => (of, borne, None),
            Err(fault) => (Of::Names, Vec::new(), Some(Err(fault))),
        };
        borne.into_iter().map(move |(id, borne)| Ok((of, id, borne))).chain(fault)
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
