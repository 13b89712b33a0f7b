//! A store in; whether every record and every derived record is right, out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

use crate::model::{Key, StoryId, Timestamp};

use super::apply::bearers_at;
use super::chunks::{Fault, Values, parts_after};
use super::layout::{self, Kind};
use super::open::{self, fenced};
use super::records::{Bearers, Header, Record, Retired, StoryHead, TopicPlaces, read_passages};
use super::{StoreError, read, room, salvage};

/// This many problems are told; of more, only the number.
const TOLD: usize = 100;

/// What a survey of the store found.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Survey {
    /// Stories.
    pub stories: u64,
    /// Retired stories whose keys are kept.
    pub retired: u64,
    /// Sources that are remembered.
    pub sources: u64,
    /// Places in topics.
    pub places: u64,
    /// sled's records: its memory and opening time go with their number.
    pub records: u64,
    /// Bytes of all records.
    pub live_bytes: u64,
    /// Bytes the files take.
    pub file_bytes: u64,
    /// What is wrong, up to a hundred things.
    pub problems: Vec<String>,
    /// How many things are wrong in all.
    pub problem_count: u64,
}

impl Survey {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.problem_count == 0
    }

    /// Whether [`compact`](super::compact()) would win back much.
    pub fn is_wasteful(&self) -> bool {
        self.file_bytes > (64 << 20) && self.file_bytes / 4 > self.live_bytes
    }

    fn problem(&mut self, key: &[u8], what: &str) {
        self.problem_count += 1;
        if self.problems.len() < TOLD {
            self.problems.push(format!("{}: {what}", key.escape_ascii()));
        }
    }
}

/// Reads every record of a store that nobody has open, and compares what
/// derives from others with them. What it finds wrong, [`repair`](super::repair()) rights.
///
/// # Errors
/// The store does not open at all; the message says what remains to be done.
pub fn check(path: &Path, cache: u64) -> Result<Survey, StoreError> {
    let home = open::claim_existing(path)?;
    let (db, header) = open::open_verified(&home, cache)?;
    let mut survey = Survey { file_bytes: room::used_by(&home.engine()), ..Survey::default() };
    let topics = fenced(path, || read::topics(&db)).unwrap_or_default();
    let standing = Standing {
        generations: topics.iter().map(|(_, places)| places.generation).collect(),
        first_span: header.first_span,
    };
    let mut counts: BTreeMap<Kind, u64> = BTreeMap::new();
    for kind in Kind::ALL {
        let gaps = salvage::each(&db, kind, |key, value| {
            *counts.entry(kind).or_default() += 1;
            survey.records += 1;
            survey.live_bytes += (key.len() + value.len()) as u64;
            let judged = fenced(path, || judge(&db, kind, key, value, &standing));
            match judged {
                Ok(None) => {}
                Ok(Some(what)) => survey.problem(key, what),
                Err(error) => survey.problem(key, &error.to_string()),
            }
        });
        for gap in gaps {
            let what = format!("up to {}: this range cannot be read", gap.to.escape_ascii());
            survey.problem(&gap.from, &what);
        }
    }
    let count = |kind| counts.get(&kind).copied().unwrap_or(0);
    survey.stories = count(Kind::Story);
    survey.retired = count(Kind::Retired);
    survey.sources = count(Kind::Memory);
    survey.places = count(Kind::Place);
    if header.stories != survey.stories {
        survey.problem(&layout::header(), "it states a wrong number of stories");
    }
    for (from, to) in layout::foreign_ranges() {
        let stranger = fenced(path, || Ok(db.range(from..to).keys().next().transpose()?));
        if let Ok(Some(key)) = stranger {
            survey.problem(&key, "records of this kind are unknown");
        }
    }
    Ok(survey)
}

/// What is not garbage.
struct Standing {
    /// The generations of places that topics have.
    generations: BTreeSet<u32>,
    /// Passages of earlier spans of time are forgotten.
    first_span: u32,
}

/// What is wrong with one record, if anything is.
fn judge(
    tree: &sled::Tree,
    kind: Kind,
    key: &[u8],
    value: &[u8],
    standing: &Standing,
) -> Result<Option<&'static str>, Fault> {
    let payload = || -> Result<Vec<u8>, Fault> {
        tree.record(key)?.ok_or_else(|| Fault::malformed(key, "it is gone"))
    };
    let bad = |why| Fault::record(key, why);
    match kind {
        Kind::Chunk => Ok(judge_chunk(tree, key)?),
        Kind::Header => Header::read(&payload()?).map(|_| None).map_err(bad),
        Kind::Memory | Kind::Listed | Kind::Stamp | Kind::Archived | Kind::Subscriber => {
            Record::read(kind, key, &payload()?).map(|_| None).map_err(bad)
        }
        Kind::Topic => TopicPlaces::read(&payload()?).map(|_| None).map_err(bad),
        Kind::Story => {
            let record = Record::read(kind, key, &payload()?).map_err(bad)?;
            let Record::Story { story, keys } = record else { return Ok(Some("it is no story")) };
            if tree.value(&layout::order(story.first_seen, story.id))?.is_none() {
                return Ok(Some("it has no place in the order of stories"));
            }
            let spans = live_head(tree, story.id)?.map_or(Vec::new(), |head| head.spans);
            for span in spans.into_iter().filter(|span| *span >= standing.first_span) {
                if tree.value(&layout::passages(span, story.id))?.is_none() {
                    return Ok(Some("passages of it are gone"));
                }
            }
            judge_borne(tree, &keys, story.first_seen, story.id)
        }
        Kind::Passages => {
            let Some((span, id)) = layout::passages_of(key) else {
                return Ok(Some("it names no story"));
            };
            let (first_seen, _) = read_passages(span, &payload()?).map_err(bad)?;
            let wanted = live_head(tree, id)?
                .is_some_and(|head| head.first_seen == first_seen && head.spans.contains(&span));
            Ok((!wanted).then_some("passages of no story"))
        }
        Kind::Retired => {
            let Some(id) = layout::story_of(key) else { return Ok(Some("it names no story")) };
            let Retired { first_seen, keys, .. } = Retired::read(&payload()?).map_err(bad)?;
            if tree.value(&layout::story(id))?.is_some() {
                return Ok(Some("it is retired and not"));
            }
            judge_borne(tree, &keys, first_seen, id)
        }
        Kind::Order => {
            let Some((first_seen, id)) = layout::order_of(key) else {
                return Ok(Some("it names no story"));
            };
            if !value.is_empty() {
                return Ok(Some("it says more than its key"));
            }
            let head = live_head(tree, id)?;
            let right = head.is_some_and(|head| head.first_seen == first_seen);
            Ok((!right).then_some("it orders a story that is not there"))
        }
        Kind::Bearers => judge_bearers(tree, key, &Bearers::read(&payload()?).map_err(bad)?),
        Kind::Place => {
            let Some((generation, place)) = layout::place_of(key) else {
                return Ok(Some("it names no story"));
            };
            // What a dropped topic left is removed as time allows.
            if !standing.generations.contains(&generation) {
                return Ok(None);
            }
            if !value.is_empty() {
                return Ok(Some("it says more than its key"));
            }
            let there = tree.value(&layout::story(place.story))?.is_some();
            Ok((!there).then_some("a story that is not there has a place in a topic"))
        }
    }
}

fn judge_chunk(tree: &sled::Tree, key: &[u8]) -> Result<Option<&'static str>, sled::Error> {
    let Some((of, number)) = layout::chunk_of(key) else {
        return Ok(Some("it belongs to nothing"));
    };
    let head = tree.value(of)?;
    let wanted = head.is_some_and(|head| number < parts_after(&head));
    Ok((!wanted).then_some("it belongs to nothing"))
}

/// Whether a story is found by each of its keys.
fn judge_borne(
    tree: &sled::Tree,
    keys: &[Key],
    first_seen: Timestamp,
    id: StoryId,
) -> Result<Option<&'static str>, Fault> {
    for key in keys {
        let bearers = bearers_at(tree, &layout::bearers(key))?;
        if !bearers.contains(first_seen, id) && !bearers.is_full() {
            return Ok(Some("it is not found by one of its keys"));
        }
    }
    Ok(None)
}

/// Whether each story found by a key bears it.
fn judge_bearers(
    tree: &sled::Tree,
    at: &[u8],
    bearers: &Bearers,
) -> Result<Option<&'static str>, Fault> {
    let Some(key) = layout::bearers_of(at) else { return Ok(Some("it is no key")) };
    for (first_seen, id) in bearers.iter() {
        let head = match live_head(tree, id)? {
            Some(head) => Some((head.first_seen, head.keys)),
            None => retired_head(tree, id)?,
        };
        if !head.is_some_and(|(seen, keys)| seen == first_seen && keys.contains(&key)) {
            return Ok(Some("it finds a story that does not bear it"));
        }
    }
    Ok(None)
}

fn live_head(tree: &sled::Tree, id: StoryId) -> Result<Option<StoryHead>, Fault> {
    let key = layout::story(id);
    let Some(payload) = tree.record(&key)? else { return Ok(None) };
    StoryHead::read(&payload).map(|(head, _)| Some(head)).map_err(|why| Fault::record(&key, why))
}

fn retired_head(tree: &sled::Tree, id: StoryId) -> Result<Option<(Timestamp, Vec<Key>)>, Fault> {
    let key = layout::retired(id);
    let Some(payload) = tree.record(&key)? else { return Ok(None) };
    let retired = Retired::read(&payload).map_err(|why| Fault::record(&key, why))?;
    Ok(Some((retired.first_seen, retired.keys)))
}
