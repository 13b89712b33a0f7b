//! Notices that a source lists more between two polls than its document holds.
//!
//! A document that shares nothing with the one before it is a gap: what was listed in between may
//! have been missed. A source whose ids and links change at every poll is none, as long as its
//! titles and texts stay.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use xxhash_rust::xxh3::Xxh3;

use super::News;
use crate::model::{Entry, Reading, SourceState, Timestamp};

/// Titles and texts of one document that are remembered.
const REMEMBERED: usize = 64;

/// Shorter turnovers than this are no different: no source is polled so often.
const SHORTEST: Duration = Duration::from_secs(60);

/// A turnover of this time bounds no wait.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// How a document and the one before it overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Overlap {
    /// It was the first, or lists one entry or none: nothing can be said.
    Unknown,
    /// They share entries.
    Some,
    /// They share nothing.
    None,
}

/// How a document overlaps with the one before it.
pub(super) fn overlap(state: &SourceState, reading: &Reading, news: &News, first: bool) -> Overlap {
    if reading.back.as_ref().is_some_and(|back| back.reached) {
        // The document alone did not overlap.
        return Overlap::None;
    }
    // A partial document leaves out what is known on purpose (P52), and a complete one lists
    // all there is.
    if news.known > 0 || reading.freshness.partial || reading.hints.complete {
        return Overlap::Some;
    }
    let listed = news.new.len() + news.intake.as_ref().map_or(0, |intake| intake.waiting);
    if first || listed < 2 {
        return Overlap::Unknown;
    }
    if repeats(state, &reading.entries) { Overlap::Some } else { Overlap::None }
}

/// Whether entries were missed before a document of which no entry is known by its id or link:
/// then its older pages are worth asking for, until something is known again.
pub fn misses(state: &SourceState, entries: &[Arc<Entry>]) -> bool {
    state.hash.is_some() && entries.len() > 1 && !repeats(state, entries)
}

/// Whether a title and text of these entries was listed by the last document.
fn repeats(state: &SourceState, entries: &[Arc<Entry>]) -> bool {
    let Some(listed) = &state.listed else { return false };
    let known: HashSet<u32> = listed.contents.iter().copied().collect();
    contents(entries).iter().any(|content| known.contains(content))
}

/// Remembers what a document lists, for the next to be compared with it.
pub(super) fn remember(state: &mut SourceState, entries: &[Arc<Entry>]) {
    state.listed.get_or_insert_default().contents = contents(entries);
}

/// Hashes of what entries say, whatever their ids and links are.
fn contents(entries: &[Arc<Entry>]) -> Vec<u32> {
    let said = entries.iter().filter(|entry| !entry.title.is_empty() || !entry.text.is_empty());
    said.take(REMEMBERED).map(|entry| content(entry)).collect()
}

fn content(entry: &Entry) -> u32 {
    // The text of an entry's page is not what the document says of it.
    let text = match (&entry.summary, entry.enriched) {
        (Some(summary), _) => summary,
        (None, None) => &entry.text,
        (None, Some(_)) => "",
    };
    let mut hash = Xxh3::new();
    hash.update(entry.title.as_bytes());
    hash.update(b"\0");
    hash.update(text.as_bytes());
    (hash.digest() >> 32) as u32
}

/// Learns in how short a time the source turns over.
pub(super) fn learn(state: &mut SourceState, overlap: Overlap, news: &News, now: Timestamp) {
    match overlap {
        Overlap::Unknown => {}
        Overlap::None => {
            let polled = state.rhythm.as_of.map(|as_of| as_of.until(now));
            let dates = || news.new.iter().copied().filter(|date| *date <= now);
            let listed = dates().min().zip(dates().max()).map(|(first, last)| first.until(last));
            // The document reaches back over what it lists: half of that overlaps.
            let reach = listed.filter(|reach| !reach.is_zero());
            let times = [polled, reach, of(state)];
            let shortest = times.into_iter().flatten().min().unwrap_or(LONGEST);
            let listed = state.listed.get_or_insert_default();
            listed.turnover = Some((shortest / 2).max(SHORTEST));
        }
        Overlap::Some if news.new.len() <= news.known => relax(state),
        Overlap::Some => {}
    }
}

/// Has a source polled less often that did not turn over.
pub(super) fn relax(state: &mut SourceState) {
    if let Some(listed) = &mut state.listed {
        listed.turnover = listed.turnover.map(|time| time * 2).filter(|time| *time < LONGEST);
    }
}

/// In how short a time a source may turn over, if it is known to.
pub(super) fn of(state: &SourceState) -> Option<Duration> {
    state.listed.as_ref()?.turnover
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceId;

    fn entries(numbers: std::ops::Range<u32>, round: u32) -> Vec<Arc<Entry>> {
        let entry = |number| Entry {
            guid: Some(format!("{number}-{round}")),
            title: format!("Announcement {number}"),
            text: format!("Text {number}"),
            ..Entry::of(SourceId::new("one"))
        };
        numbers.map(|number| Arc::new(entry(number))).collect()
    }

    #[test]
    fn entries_that_only_change_their_ids_are_not_missed() {
        let last = entries(0..10, 1);
        let mut state = SourceState { hash: Some(1), ..SourceState::default() };
        remember(&mut state, &last);
        for (listed, missed) in [
            (entries(0..10, 2), false),
            (entries(9..19, 2), false),
            (entries(10..20, 2), true),
            (entries(10..11, 2), false),
            (entries(0..0, 2), false),
        ] {
            assert_eq!(misses(&state, &listed), missed, "{}", listed.len());
        }
        assert!(!misses(&SourceState::default(), &entries(10..20, 2)), "the first document");
    }

    #[test]
    fn a_source_that_turns_over_is_polled_more_often_until_it_does_not() {
        let hour = Duration::from_secs(3600);
        let now = Timestamp::from_secs(1_743_000_000);
        let mut state = SourceState::default();
        state.rhythm.as_of = Some(now.before(hour * 4));
        let dates: Vec<_> = (0..10).map(|n| now.before(hour * n / 6)).collect();
        let news = News { new: dates, ..News::default() };
        learn(&mut state, Overlap::None, &news, now);
        assert_eq!(of(&state), Some(hour * 9 / 6 / 2));
        let overlapping = News { new: vec![now], known: 9, ..News::default() };
        learn(&mut state, Overlap::Some, &overlapping, now);
        assert_eq!(of(&state), Some(hour * 9 / 6));
        let mostly_new = News { new: vec![now; 9], known: 1, ..News::default() };
        learn(&mut state, Overlap::Some, &mostly_new, now);
        assert_eq!(of(&state), Some(hour * 9 / 6), "it stays while little overlaps");
        for _ in 0..8 {
            relax(&mut state);
        }
        assert_eq!(of(&state), None);
    }
}
