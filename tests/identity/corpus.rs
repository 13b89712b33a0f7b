//! A labelled corpus: kinds of announcements, copies and look-alikes, each in many variations.
//!
//! A case is a few documents of a few sources, read one after the other; every entry is labelled
//! with the announcement that it really is. Even cases are for learning weights, odd ones are only
//! measured; the two halves share no names, places or organisations.

mod kinds;
mod maker;
mod texts;

use std::collections::BTreeMap;
use std::sync::Arc;

use gazetted::dedup::{Extent, Overrides, Rules, candidates, judge};
use gazetted::model::{
    Entry, Habits, Location, Lookalikes, Role, Source, SourceId, Sources, StoryId, Timestamp,
};
use url::Url;

pub use kinds::everything;

/// The moment from which hours are counted.
const START: &str = "2026-11-09T09:00:00Z";

/// One entry as a source lists it.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    /// The announcement that it is.
    pub label: &'static str,
    pub guid: Option<String>,
    pub link: Option<String>,
    pub original: Option<String>,
    pub title: String,
    pub text: String,
    /// Hours after the start; none where the source gives no date.
    pub hour: Option<i64>,
}

/// An entry at a page of its own, which is its id as well.
pub fn listed(label: &'static str, link: &str, title: &str, text: &str, hour: i64) -> Listed {
    Listed {
        label,
        guid: Some(link.to_owned()),
        link: Some(link.to_owned()),
        title: title.to_owned(),
        text: text.to_owned(),
        hour: Some(hour),
        ..Listed::default()
    }
}

/// A document of a source.
#[derive(Debug, Clone)]
pub struct Document {
    pub source: &'static str,
    pub entries: Vec<Listed>,
}

impl Document {
    /// The same without texts.
    fn brief(&self) -> Self {
        let mut brief = self.clone();
        brief.entries.iter_mut().for_each(|entry| entry.text.clear());
        brief
    }
}

/// What one variation of a kind lists.
#[derive(Debug, Clone)]
pub struct Case {
    pub kind: &'static str,
    pub number: usize,
    /// Whether the entries of one source change from document to document: their order is fixed.
    pub within_source: bool,
    pub documents: Vec<Document>,
}

impl Case {
    /// Whether weights are learned from it.
    pub fn is_training(&self) -> bool {
        self.number.is_multiple_of(2)
    }

    /// The documents in an order of this number; those of one source stay in theirs.
    fn ordered(&self, order: u64) -> Vec<Document> {
        if order == 0 {
            return self.documents.clone();
        }
        let mut queues: BTreeMap<&str, std::collections::VecDeque<Document>> = BTreeMap::new();
        for document in &self.documents {
            queues.entry(document.source).or_default().push_back(document.clone());
        }
        let mut ordered = Vec::new();
        let mut turn = order;
        while ordered.len() < self.documents.len() {
            turn = xxhash_rust::xxh3::xxh3_64_with_seed(&turn.to_le_bytes(), self.number as u64);
            let waiting: Vec<&str> = queues
                .iter()
                .filter(|(_, queue)| !queue.is_empty())
                .map(|(name, _)| *name)
                .collect();
            let source = waiting[turn as usize % waiting.len()];
            ordered.extend(queues.get_mut(source).and_then(|queue| queue.pop_front()));
        }
        ordered
    }
}

/// Sources of the corpus: those whose names begin so are the publisher's own, lists of its, or others'.
fn source(name: &'static str, position: usize) -> Source {
    let role = match name {
        name if name.starts_with("dept") || name.starts_with("office") => Role::Department,
        name if name.starts_with("list") => Role::Listing,
        _ => Role::Syndicator,
    };
    Source { role, position, ..Source::at(SourceId::new(name), Location::File(name.into())) }
}

/// What a source listed at one reading, and the story that it was in then.
#[derive(Debug, Clone)]
pub struct Placed {
    pub label: &'static str,
    /// Nothing where the entry is in no story: it is lost.
    pub story: Option<StoryId>,
}

/// Everything that is known while a case is read.
pub struct World {
    pub known: Lookalikes,
    pub sources: Sources,
    overrides: Overrides,
    habits: BTreeMap<&'static str, Habits>,
    now: Timestamp,
}

impl World {
    pub fn of(case: &Case) -> Self {
        let mut sources = Sources::new();
        for document in &case.documents {
            let position = sources.len();
            let source = source(document.source, position);
            sources.entry(source.id.clone()).or_insert_with(|| Arc::new(source));
        }
        Self {
            known: Lookalikes::default(),
            sources,
            overrides: Overrides::default(),
            habits: BTreeMap::new(),
            now: Timestamp::parse_rfc3339("2026-11-20T09:00:00Z").unwrap(),
        }
    }

    pub fn rules(&self, source: &str) -> Rules<'_> {
        let habits = self.habits.get(source).copied().unwrap_or_default();
        let sources = &self.sources;
        Rules { sources, authority: "corpus.example", overrides: &self.overrides, habits }
    }

    /// Reads a document.
    pub fn read(&mut self, document: &Document) {
        self.now = self.now.after(std::time::Duration::from_secs(3600));
        let source = document.source;
        let entries: Vec<Arc<Entry>> =
            document.entries.iter().map(|listed| Arc::new(entry(source, listed))).collect();
        let mut known = std::mem::take(&mut self.known);
        let candidates = candidates(&entries, Extent::Whole, &self.rules(source), self.now);
        let judged = judge(candidates, &mut known, &self.rules(source), self.now);
        self.known = known;
        self.habits.insert(source, judged.habits);
    }

    /// Where each entry of a document is now.
    fn placed(&self, document: &Document) -> Vec<Placed> {
        let place = |listed: &Listed| Placed {
            label: listed.label,
            story: self.story_of(&entry(document.source, listed)),
        };
        document.entries.iter().map(place).collect()
    }

    fn story_of(&self, entry: &Entry) -> Option<StoryId> {
        let mut stories: Vec<_> =
            self.known.stories.values().filter(|story| story.stands()).collect();
        stories.sort_by_key(|story| story.id);
        let holds = |fits: &dyn Fn(&Entry) -> bool| {
            let fits = |known: &Entry| known.source == entry.source && fits(known);
            stories
                .iter()
                .find(|story| story.members.iter().any(|member| fits(&member.entry)))
                .map(|story| story.id)
        };
        holds(&|known| {
            known.guid == entry.guid && known.url == entry.url && known.title == entry.title
        })
        .or_else(|| holds(&|known| known.url == entry.url && known.title == entry.title))
        .or_else(|| holds(&|known| known.title == entry.title && known.text == entry.text))
    }

    /// The story that one has become.
    fn followed(&self, mut id: StoryId) -> StoryId {
        while let Some(into) = self.known.stories.get(&id).and_then(|story| story.merged_into) {
            id = into;
        }
        id
    }
}

/// The entry that a source states.
pub fn entry(source: &str, listed: &Listed) -> Entry {
    let start = Timestamp::parse_rfc3339(START).unwrap().as_secs();
    let url = |text: &Option<String>| text.as_deref().and_then(|text| Url::parse(text).ok());
    let date = listed.hour.map(|hour| Timestamp::from_secs(start + hour * 3600));
    Entry {
        guid: listed.guid.clone(),
        url: url(&listed.link),
        original: url(&listed.original),
        title: listed.title.clone(),
        summary: Some(listed.text.lines().next().unwrap_or_default().to_owned()),
        text: listed.text.clone(),
        published: date,
        updated: date,
        ..Entry::of(SourceId::new(source))
    }
}

/// Which entries have their text when they are first listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Texts {
    AtOnce,
    /// None of them: everything is listed again with its text afterwards.
    Late,
    /// None ever has: titles and addresses alone.
    Never,
}

/// Reads a case in an order, and returns where everything ended.
pub fn read(case: &Case, order: u64, texts: Texts) -> Vec<Placed> {
    let mut world = World::of(case);
    let order = if case.within_source { 0 } else { order };
    let documents = case.ordered(order);
    if texts == Texts::Late && !case.within_source {
        documents.iter().for_each(|document| world.read(&document.brief()));
    }
    let documents: Vec<Document> = match texts {
        Texts::Never => documents.iter().map(Document::brief).collect(),
        Texts::AtOnce | Texts::Late => documents,
    };
    let mut placed = Vec::new();
    for document in &documents {
        world.read(document);
        // A source changes what it says of an entry, so its place counts at once.
        if case.within_source {
            placed.extend(world.placed(document));
        }
    }
    if !case.within_source {
        placed.extend(case.documents.iter().flat_map(|document| world.placed(document)));
    }
    for one in &mut placed {
        one.story = one.story.map(|id| world.followed(id));
    }
    placed
}

/// Of all pairs of entries, the share that every order decides as the first does.
pub fn agreement(cases: &[Case], orders: std::ops::Range<u64>, texts: Texts) -> f64 {
    let (mut agreed, mut all) = (0.0, 0.0);
    for case in cases {
        let first = read(case, orders.start, texts);
        for order in orders.clone().skip(1) {
            let other = read(case, order, texts);
            let joined = |placed: &[Placed], one: usize, two: usize| {
                placed[one].story.is_some() && placed[one].story == placed[two].story
            };
            for one in 0..first.len() {
                for two in one + 1..first.len() {
                    all += 1.0;
                    agreed += f64::from(joined(&first, one, two) == joined(&other, one, two));
                }
            }
        }
    }
    agreed / all
}

/// How much of what is joined is joined rightly, and of what should be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measure {
    pub joined: f64,
    pub wanted: f64,
    pub right: f64,
    /// Entries that are in no story.
    pub lost: usize,
    cubed_precision: f64,
    cubed_recall: f64,
    count: f64,
}

impl Measure {
    pub fn add(&mut self, placed: &[Placed]) {
        self.lost += placed.iter().filter(|one| one.story.is_none()).count();
        for (at, one) in placed.iter().enumerate() {
            let (mut same_story, mut same_label, mut both) = (0.0, 0.0, 0.0);
            for (other_at, other) in placed.iter().enumerate() {
                let joined = at == other_at || (one.story.is_some() && one.story == other.story);
                let wanted = one.label == other.label;
                same_story += f64::from(u8::from(joined));
                same_label += f64::from(u8::from(wanted));
                both += f64::from(u8::from(joined && wanted));
                if other_at > at {
                    self.joined += f64::from(u8::from(joined));
                    self.wanted += f64::from(u8::from(wanted));
                    self.right += f64::from(u8::from(joined && wanted));
                }
            }
            self.cubed_precision += both / same_story;
            self.cubed_recall += both / same_label;
            self.count += 1.0;
        }
    }

    /// Takes the counts of another.
    pub fn extend(&mut self, other: &Self) {
        self.joined += other.joined;
        self.wanted += other.wanted;
        self.right += other.right;
        self.lost += other.lost;
        self.cubed_precision += other.cubed_precision;
        self.cubed_recall += other.cubed_recall;
        self.count += other.count;
    }

    pub fn precision(&self) -> f64 {
        if self.joined == 0.0 { 1.0 } else { self.right / self.joined }
    }

    pub fn recall(&self) -> f64 {
        if self.wanted == 0.0 { 1.0 } else { self.right / self.wanted }
    }

    pub fn b_cubed(&self) -> f64 {
        let (precision, recall) =
            (self.cubed_precision / self.count, self.cubed_recall / self.count);
        2.0 * precision * recall / (precision + recall)
    }
}

/// The figures of each kind, over these orders.
pub fn measured(
    cases: &[Case],
    orders: std::ops::Range<u64>,
    texts: Texts,
) -> BTreeMap<&'static str, Measure> {
    let mut measures: BTreeMap<&'static str, Measure> = BTreeMap::new();
    for case in cases {
        for order in orders.clone() {
            measures.entry(case.kind).or_default().add(&read(case, order, texts));
        }
    }
    measures
}
