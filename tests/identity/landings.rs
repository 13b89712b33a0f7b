//! Measures how well stories meet when texts come later than summaries, in several orders of polls.
//!
//! The same as [`super::orders`] without a daemon, whose polls end in an order of chance: here
//! every order has a number.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use gazetted::dedup::{Extent, Overrides, Rules, candidates, judge};
use gazetted::model::{Document, Location, Lookalikes, Role, Source, SourceId, Sources, Timestamp};
use gazetted::parse::{Limits, parse};

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::labelled::{Telling, document, everything, is_department};
use super::score::{self, Told, shuffled};

const HOUR: Duration = Duration::from_secs(3600);

/// Documents are written in so many instalments.
const STEPS: usize = 12;

/// Orders that are tried of each kind.
const SEEDS: u64 = 7;

/// The same where everything is there from the beginning, which is soon read.
const FIRST: u64 = 8;

/// Which entries have their text when they are first listed.
#[derive(Debug, Clone, Copy)]
enum Texts {
    /// All that have one.
    AtOnce,
    /// None of them.
    Later,
    /// Those of about every other source.
    LaterOfSome,
}

/// What is known, and what every source lists.
struct Desk {
    known: Lookalikes,
    sources: Sources,
    overrides: Overrides,
    now: Timestamp,
    files: BTreeMap<&'static str, Vec<usize>>,
    set: Vec<Telling>,
}

impl Desk {
    fn new() -> Self {
        let set = everything();
        let names: BTreeSet<&'static str> = set.iter().map(|telling| telling.source).collect();
        let files: BTreeMap<_, _> = names.into_iter().map(|name| (name, Vec::new())).collect();
        let sources = files.keys().enumerate().map(|(position, name)| {
            let source = source(name, position);
            (source.id.clone(), Arc::new(source))
        });
        Self {
            known: Lookalikes::default(),
            sources: sources.collect(),
            overrides: Overrides::default(),
            now: Timestamp::parse_rfc3339("2025-04-03T09:00:00Z").unwrap(),
            files,
            set,
        }
    }

    /// An hour later: every source is read, in the order of this number.
    fn read(&mut self, landing: u64, brief: impl Fn(&str) -> bool) {
        self.now = self.now.after(HOUR);
        let names: Vec<&'static str> = self.files.keys().copied().collect();
        for place in shuffled(names.len(), landing) {
            let name = names[place];
            let told: Vec<&Telling> =
                self.files[name].iter().rev().map(|place| &self.set[*place]).collect();
            let document = Document {
                source: SourceId::new(name),
                url: None,
                content_type: None,
                body: document(name, &told, brief(name)).into(),
                at: self.now,
            };
            let entries = parse(&document, &Limits::default()).unwrap().entries;
            let rules = Rules {
                sources: &self.sources,
                authority: "x.example",
                overrides: &self.overrides,
                habits: Default::default(),
            };
            let candidates = candidates(&entries, Extent::Whole, &rules, self.now);
            judge(candidates, &mut self.known, &rules, self.now);
        }
    }

    fn stories(&self) -> Vec<Vec<Told>> {
        let standing = self.known.stories.values().filter(|story| story.stands());
        let links = standing.map(|story| {
            let links = story.members.iter().filter_map(|member| member.entry.url.as_ref());
            links.map(ToString::to_string).collect()
        });
        score::told(&self.set, links)
    }
}

fn source(name: &str, position: usize) -> Source {
    let role = if is_department(name) { Role::Department } else { Role::Syndicator };
    Source { role, position, ..Source::at(SourceId::new(name), Location::File(name.into())) }
}

/// The set listed a few entries at a time, and then everything with its text.
fn listed(seed: u64, texts: Texts) -> Desk {
    let mut desk = Desk::new();
    let order = shuffled(desk.set.len(), seed);
    let brief = |name: &str| match texts {
        Texts::AtOnce => false,
        Texts::Later => true,
        Texts::LaterOfSome => xxh3_64_with_seed(name.as_bytes(), seed).is_multiple_of(2),
    };
    for (step, part) in order.chunks(order.len().div_ceil(STEPS)).enumerate() {
        for place in part {
            desk.files.get_mut(desk.set[*place].source).unwrap().push(*place);
        }
        desk.read(seed * 100 + step as u64, brief);
    }
    desk.read(seed * 100 + 99, |_| false);
    desk
}

fn check(texts: Texts) {
    for seed in 0..SEEDS {
        let desk = listed(seed, texts);
        let measure = score::check(&format!("{texts:?} {seed}"), &desk.set, &desk.stories());
        assert!(measure.recall >= 0.97, "{texts:?} {seed}: {measure:?}");
    }
}

#[test]
fn copies_meet_in_whatever_order_the_first_polls_land() {
    for seed in 0..FIRST {
        let mut desk = Desk::new();
        for (place, telling) in desk.set.iter().enumerate() {
            desk.files.get_mut(telling.source).unwrap().push(place);
        }
        desk.read(seed, |_| false);
        let measure = score::check(&format!("at first {seed}"), &desk.set, &desk.stories());
        assert!(measure.recall >= 0.96, "{seed}: {measure:?}");
    }
}

#[test]
fn copies_meet_in_whatever_order_the_polls_land() {
    check(Texts::AtOnce);
}

#[test]
fn copies_meet_in_whatever_order_their_late_texts_land() {
    check(Texts::Later);
}

#[test]
fn copies_meet_in_whatever_order_the_late_texts_of_some_land() {
    check(Texts::LaterOfSome);
}
