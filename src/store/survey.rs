//! A store in; whether every record and every derived record is right, out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::model::{Key, StoryId};

use super::apply::{head_of, retired_of};
use super::chunks::{Fault, Values, parts_after};
use super::home::Home;
use super::layout::{self, Kind};
use super::open::{self, fenced};
use super::rebuild::read_log;
use super::records::{Header, Record, Retired, TopicPlaces};
use super::sequences::{self, ORDER, Row, Sequences};
use super::sheets::{self, Of, SheetId};
use super::sled_log::Damage;
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
    refuse_damage(&home)?;
    let (db, header) = open::open_verified(&home, cache)?;
    let mut survey = Survey { file_bytes: room::used_by(&home.engine()), ..Survey::default() };
    let mut standing = Standing { header: header.clone(), ..Standing::default() };
    // What of these cannot be read is told below, where its own record is met.
    let topics = fenced(path, || read::topics(&db)).unwrap_or_default();
    let sequences = fenced(path, || Sequences::open(&db, &header.journals));
    let sequences = sequences.unwrap_or_else(|error| {
        survey.problem(&Kind::Journal.prefix(), &error.to_string());
        Sequences::default()
    });
    let sequences = sequences.shared();
    for kind in [Kind::Names, Kind::Passages] {
        salvage::each(&db, kind, |key, value| {
            let _ = fenced(path, || standing.note_sheet(&db, key, value));
        });
    }
    let mut counts: BTreeMap<Kind, u64> = BTreeMap::new();
    for kind in Kind::ALL {
        let gaps = salvage::each(&db, kind, |key, value| {
            *counts.entry(kind).or_default() += 1;
            survey.records += 1;
            survey.live_bytes += (key.len() + value.len()) as u64;
            let judged = fenced(path, || judge(&db, kind, key, &standing));
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
    let mut ordered = 0;
    each_row(path, &db, &sequences, ORDER, |row| {
        let (first_seen, id) = layout::order_of(&row);
        ordered += 1;
        let head = fenced(path, || head_of(&*db, id)).ok().flatten();
        if head.is_none_or(|head| head.first_seen != first_seen) {
            survey.problem(&layout::story(id), "the order of stories has it where it is not");
        }
    });
    if ordered < survey.stories {
        survey.problem(&layout::blocks(ORDER), "stories have no place in the order of stories");
    }
    for (topic, places) in topics {
        each_row(path, &db, &sequences, places.generation, |row| {
            survey.places += 1;
            let story = layout::story(layout::place_of(&row).story);
            if fenced(path, || Ok(db.value(&story)?)).is_ok_and(|story| story.is_none()) {
                let what = "a story that is not there has a place in it";
                survey.problem(&layout::topic(topic), what);
            }
        });
    }
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

/// Refuses an engine whose files are damaged. sled would open some of them, and wipe
/// what follows the damage.
fn refuse_damage(home: &Home) -> Result<(), StoreError> {
    const MOST: usize = 5;
    let log = read_log(home)?;
    let Damage { restored, losses } = log.damage();
    if log.damage().is_none() {
        return Ok(());
    }
    let mut what = format!(
        "its files are damaged: {restored} wrong bytes can be restored, and {} things are lost",
        losses.len()
    );
    for loss in losses.iter().take(MOST) {
        what += &format!("; lost: {loss}");
    }
    if let Some(more @ 1..) = losses.len().checked_sub(MOST) {
        what += &format!("; and {more} more");
    }
    Err(open::damaged(home.path(), &format!("{what}; {}", open::REMEDY)))
}

/// Visits the rows of a sequence, as far as they can be read.
fn each_row(
    path: &Path,
    db: &sled::Tree,
    sequences: &sequences::Shared,
    sequence: u32,
    mut visit: impl FnMut(Row),
) {
    const PAGE: usize = 10_000;
    let mut after = None;
    loop {
        let rows = fenced(path, || sequences::rows(db, sequences, sequence, after, PAGE));
        let rows = rows.unwrap_or_default();
        after = rows.last().copied();
        let is_last = rows.len() < PAGE;
        rows.into_iter().for_each(&mut visit);
        if is_last {
            return;
        }
    }
}

/// What all records together say.
#[derive(Debug, Default)]
struct Standing {
    header: Header,
    /// Which story stands on which sheet.
    written: HashSet<(StoryId, SheetId)>,
    /// The names that a story has on its sheets: the sum of a hash of each.
    names: HashMap<StoryId, u64>,
}

impl Standing {
    fn note_sheet(&mut self, tree: &sled::Tree, key: &[u8], value: &[u8]) -> Result<(), Fault> {
        let bad = |why| Fault::record(key, why);
        let Some(id) = layout::sheet_of(key) else { return Ok(()) };
        let payload = tree.joined(key, value)?.map_err(bad)?;
        for borne in sheets::read(id.of, &payload) {
            let (story, borne) = borne.map_err(bad)?;
            self.written.insert((story, id));
            if id.of == Of::Names {
                let sum = self.names.entry(story).or_default();
                *sum = sum.wrapping_add(sum_of(&borne.keys));
            }
        }
        Ok(())
    }

    /// Whether a story is found by each of its names, and by no other.
    fn finds(&self, story: StoryId, keys: &[Key], sheets: &[u32]) -> bool {
        let id = |number: &u32| Of::Names.sheet(*number);
        sheets.iter().all(|number| self.written.contains(&(story, id(number))))
            && self.names.get(&story).copied().unwrap_or_default() == sum_of(keys)
    }
}

fn sum_of(keys: &[Key]) -> u64 {
    let hash = |key: &Key| xxh3_64_with_seed(&key.hash, key.kind as u64);
    keys.iter().map(hash).fold(0, u64::wrapping_add)
}

/// What is wrong with one record, if anything is.
fn judge(
    tree: &sled::Tree,
    kind: Kind,
    key: &[u8],
    standing: &Standing,
) -> Result<Option<&'static str>, Fault> {
    let payload = || -> Result<Vec<u8>, Fault> {
        tree.record(key)?.ok_or_else(|| Fault::malformed(key, "it is gone"))
    };
    let bad = |why| Fault::record(key, why);
    match kind {
        Kind::Chunk => Ok(judge_chunk(tree, key)?),
        Kind::Header => Header::read(&payload()?).map(|_| None).map_err(bad),
        Kind::Memory | Kind::Listed | Kind::Engine | Kind::Archived | Kind::Subscriber => {
            Record::read(kind, key, &payload()?).map(|_| None).map_err(bad)
        }
        Kind::Topic => TopicPlaces::read(&payload()?).map(|_| None).map_err(bad),
        Kind::Story => {
            let record = Record::read(kind, key, &payload()?).map_err(bad)?;
            let Record::Story { story, keys } = record else { return Ok(Some("it is no story")) };
            let Some(head) = head_of(tree, story.id)? else { return Ok(Some("it is gone")) };
            for (span, number) in head.spans {
                let sheet = Of::Passages(span).sheet(number);
                if span >= standing.header.first_span
                    && !standing.written.contains(&(story.id, sheet))
                {
                    return Ok(Some("passages of it are gone"));
                }
            }
            let is_found = standing.finds(story.id, &keys, &head.sheets);
            Ok((!is_found).then_some("it is not found by its keys, and them alone"))
        }
        Kind::Retired => {
            let Some(id) = layout::story_of(key) else { return Ok(Some("it names no story")) };
            let Retired { keys, sheets, .. } = Retired::read(&payload()?).map_err(bad)?;
            if tree.value(&layout::story(id))?.is_some() {
                return Ok(Some("it is retired and not"));
            }
            let is_found = standing.finds(id, &keys, &sheets);
            Ok((!is_found).then_some("it is not found by its keys, and them alone"))
        }
        Kind::Names | Kind::Passages => judge_sheet(tree, key, &payload()?, &standing.header),
        Kind::Block => {
            let rows = sequences::rows_of(&payload()?).map_err(bad)?;
            let Some((sequence, begins)) = layout::block_of(key) else {
                return Ok(Some("it is no block"));
            };
            if sequence != ORDER && sequence >= standing.header.generation {
                return Ok(Some("the header does not know of it"));
            }
            let after = [key, &[0]].concat();
            let next = tree.range(after..layout::end_of(&layout::blocks(sequence))).keys().next();
            let next = next.transpose()?.and_then(|next| layout::block_of(&next));
            let belongs = |row: &Row| *row >= begins && next.is_none_or(|(_, next)| *row < next);
            Ok((!rows.iter().all(belongs)).then_some("it holds rows of another block"))
        }
        Kind::Journal => sequences::read_journal(&payload()?).map(|_| None).map_err(bad),
    }
}

/// Whether each story on a sheet knows that it stands there.
fn judge_sheet(
    tree: &sled::Tree,
    key: &[u8],
    payload: &[u8],
    header: &Header,
) -> Result<Option<&'static str>, Fault> {
    let Some(id) = layout::sheet_of(key) else { return Ok(Some("it is no sheet")) };
    // What is forgotten is removed as time allows.
    if matches!(id.of, Of::Passages(span) if span < header.first_span) {
        return Ok(None);
    }
    if id.number >= header.sheets {
        return Ok(Some("the header does not know of it"));
    }
    for borne in sheets::read(id.of, payload) {
        let (story, borne) = borne.map_err(|why| Fault::record(key, why))?;
        let head = match head_of(tree, story)? {
            Some(head) => head,
            None => retired_of(tree, story)?.map(Retired::into_head).unwrap_or_default(),
        };
        let knows = match id.of {
            Of::Names => head.sheets.contains(&id.number),
            Of::Passages(span) => head.spans.contains(&(span, id.number)),
        };
        if !knows || head.first_seen != borne.first_seen {
            return Ok(Some("it finds a story that does not bear it"));
        }
    }
    Ok(None)
}

fn judge_chunk(tree: &sled::Tree, key: &[u8]) -> Result<Option<&'static str>, sled::Error> {
    let Some((of, number)) = layout::chunk_of(key) else {
        return Ok(Some("it belongs to nothing"));
    };
    let head = tree.value(of)?;
    let wanted = head.is_some_and(|head| number < parts_after(&head));
    Ok((!wanted).then_some("it belongs to nothing"))
}
