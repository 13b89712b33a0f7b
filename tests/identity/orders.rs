//! Measures how well stories meet when a running daemon reads the labelled set in several orders.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use gazetted::inquiry::export::ExportedEntry;

use super::labelled::{Telling, document, everything, is_department};
use super::score::{self, Measure, Told, shuffled};
use crate::support::world::World;

const HOUR: Duration = Duration::from_secs(3600);

/// Documents are written in so many instalments.
const STEPS: usize = 12;

/// A daemon that reads a file for each source of the set.
struct Desk {
    world: World,
    files: BTreeMap<&'static str, Vec<usize>>,
    set: Vec<Telling>,
}

impl Desk {
    async fn open(set: Vec<Telling>) -> Self {
        let mut world = World::new().await;
        let mut lines = String::new();
        let names: BTreeSet<&str> = set.iter().map(|telling| telling.source).collect();
        for name in &names {
            let path = world.directory.path().join(format!("{name}.xml"));
            std::fs::write(&path, document(name, &[], false)).unwrap();
            let role = if is_department(name) { "department" } else { "syndicator" };
            write!(
                lines,
                "[[source]]\nid = \"{name}\"\nfile = {path:?}\nrole = \"{role}\"\ninterval = \"1h\"\n"
            )
            .unwrap();
        }
        world = world.lines(&lines).start().await;
        Self { world, files: BTreeMap::new(), set }
    }

    /// Has these tellings of the set listed as well, and read.
    async fn list(&mut self, places: &[usize], brief: bool) {
        for place in places {
            let listed = self.files.entry(self.set[*place].source).or_default();
            if !listed.contains(place) {
                listed.push(*place);
            }
        }
        for (source, listed) in &self.files {
            // As feeds do: the latest that was added stands on top.
            let told: Vec<&Telling> = listed.iter().rev().map(|place| &self.set[*place]).collect();
            let path = self.world.directory.path().join(format!("{source}.xml"));
            std::fs::write(path, document(source, &told, brief)).unwrap();
        }
        self.world.pass(HOUR).await;
    }

    /// What stands together.
    fn stories(&self) -> Vec<Vec<Told>> {
        let links = |entries: Vec<ExportedEntry>| entries.into_iter().filter_map(|entry| entry.url);
        let stories = self.world.stories().into_iter();
        score::told(&self.set, stories.map(|story| links(story.entries).collect()))
    }
}

fn by_date(set: &[Telling]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..set.len()).collect();
    places.sort_by_key(|place| set[*place].hour);
    places
}

fn reversed(mut places: Vec<usize>) -> Vec<usize> {
    places.reverse();
    places
}

/// Reads the set in an order, a few entries at a time.
async fn read(set: Vec<Telling>, order: &[usize]) -> Desk {
    let mut desk = Desk::open(set).await;
    for part in order.chunks(order.len().div_ceil(STEPS)) {
        desk.list(part, false).await;
    }
    desk
}

fn check(order: &str, desk: &Desk) {
    score::check(order, &desk.set, &desk.stories());
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_meet_and_look_alikes_do_not_as_they_are_dated() {
    let set = everything();
    let order = by_date(&set);
    check("by date", &read(set, &order).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_meet_and_look_alikes_do_not_from_the_latest_back() {
    let set = everything();
    let order = reversed(by_date(&set));
    check("latest first", &read(set, &order).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_meet_and_look_alikes_do_not_in_any_order() {
    for seed in 0..2 {
        let set = everything();
        let order = shuffled(set.len(), seed);
        check(&format!("shuffled {seed}"), &read(set, &order).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_meet_and_look_alikes_do_not_with_the_syndicators_first() {
    let set = everything();
    let order = reversed((0..set.len()).collect());
    check("copies first", &read(set, &order).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_meet_and_look_alikes_do_not_when_all_are_read_at_once() {
    let set = everything();
    let order: Vec<usize> = (0..set.len()).collect();
    let mut desk = Desk::open(set).await;
    desk.list(&order, false).await;
    check("all at once", &desk);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_meet_though_their_texts_come_after_their_summaries() {
    for seed in 0..2 {
        let set = everything();
        let order = shuffled(set.len(), seed);
        let mut desk = Desk::open(set).await;
        for part in order.chunks(order.len().div_ceil(STEPS)) {
            desk.list(part, true).await;
        }
        desk.list(&[], false).await;
        check(&format!("texts later {seed}"), &desk);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_texts_titles_join_nothing_wrongly() {
    let bare = || {
        everything().into_iter().map(|telling| Telling {
            text: String::new(),
            summary: String::new(),
            ..telling
        })
    };
    for seed in 0..3 {
        let set: Vec<Telling> = bare().collect();
        let order = shuffled(set.len(), seed);
        let desk = read(set, &order).await;
        let stories = desk.stories();
        let (measure, faults) = (Measure::of(&desk.set, &stories), score::faults(&stories));
        println!("titles alone {seed}: {measure:.4?}\n{faults}");
        assert!(measure.precision >= 1.0, "{faults}");
        assert!(measure.recall >= 0.15, "{measure:?}");
    }
}
