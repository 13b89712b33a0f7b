//! Sources that rename their entries at every poll, or bring very many.

use std::time::Duration;

use super::*;
use crate::dedup::{allowance, judge_within, listed, took_in};
use crate::model::FloodState;

const MOST: usize = 40;

impl Desk {
    /// Reads a document of a source that may bring [`MOST`] new entries a day.
    fn read_within(&mut self, intake: &mut FloodState, entries: &[Entry]) -> Judged {
        let mut known = std::mem::take(&mut self.known);
        let rules = self.rules();
        let entries: Vec<_> = entries.iter().cloned().map(Arc::new).collect();
        let candidates = candidates(&entries, Extent::Whole, &rules, self.now);
        let listed = listed(&candidates);
        let allowance = allowance(&listed, intake, MOST, self.now);
        let judged = judge_within(candidates, &mut known, &rules, self.now, allowance);
        let counts = (judged.new.len(), judged.waiting);
        *intake = took_in(intake, counts, listed, true, self.now);
        self.known = known;
        judged
    }

    fn an_hour_later(&mut self) {
        self.now = self.now.after(Duration::from_secs(3600));
    }
}

/// Ten announcements; under names of their own for each `turn`.
fn ten(turn: usize) -> Vec<Entry> {
    let one = |n: usize| {
        let title = format!("Announcement {n} on the flooding of the river at place {}", n * 7);
        let [guid, link] = [format!("urn:{turn}:{n}"), format!("https://a.example/{turn}/{n}")];
        entry("fcdo", &guid, &link, &title)
    };
    (0..10).map(one).collect()
}

#[test]
fn a_source_that_renames_everything_at_every_poll_brings_one_days_worth() {
    let mut desk = Desk::new();
    let mut intake = FloodState::default();
    for turn in 0..200 {
        desk.read_within(&mut intake, &ten(turn));
        desk.an_hour_later();
    }
    assert_eq!(desk.known.stories.len(), MOST);
    let keys: usize = desk.known.by_key.values().map(|bearers| bearers.len()).sum();
    assert!(keys < 10 * MOST, "{keys} keys");
    assert_eq!(intake.waiting, 10);
    assert!(intake.since.is_some() && intake.listed.len() < 100, "{intake:?}");
}

#[test]
fn what_waited_is_taken_in_once_the_source_keeps_its_names() {
    let mut desk = Desk::new();
    let mut intake = FloodState::default();
    for turn in 0..100 {
        desk.read_within(&mut intake, &ten(turn));
        desk.an_hour_later();
    }
    let names_that_last = ten(1000);
    assert_eq!(desk.read_within(&mut intake, &names_that_last).waiting, 10);
    desk.an_hour_later();
    let judged = desk.read_within(&mut intake, &names_that_last);
    assert_eq!((judged.new.len(), judged.waiting), (10, 0));
    assert_eq!((intake.since, intake.listed.len()), (None, 0));
}

#[test]
fn a_burst_of_true_news_is_told_on_the_next_day_at_the_latest() {
    let mut desk = Desk::new();
    let mut intake = FloodState::default();
    let burst: Vec<Entry> = (0..7).flat_map(ten).collect();
    let judged = desk.read_within(&mut intake, &burst);
    assert_eq!((judged.new.len(), judged.waiting), (MOST, 30));
    for _ in 0..24 {
        desk.an_hour_later();
        desk.read_within(&mut intake, &burst);
    }
    assert_eq!((desk.known.stories.len(), intake.since), (70, None));
}

#[test]
fn a_revision_of_what_is_known_never_waits() {
    let mut desk = Desk::new();
    let mut intake = FloodState::default();
    desk.read_within(&mut intake, &ten(0));
    for turn in 1..20 {
        desk.an_hour_later();
        desk.read_within(&mut intake, &ten(turn));
    }
    assert!(intake.since.is_some());
    let mut revised = ten(0);
    revised[3].title += ", revised";
    revised[3].updated = Some(desk.now);
    let judged = desk.read_within(&mut intake, &revised);
    assert_eq!((judged.known, judged.waiting), (10, 0));
    assert_eq!(judged.admitted.len(), 1);
}
