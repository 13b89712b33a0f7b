//! Limits how many new entries a source may bring in a day.
//!
//! A source that renames all its entries at every poll would flood the topics
//! and fill the disk. So it may bring so many new entries a day and no more;
//! the others wait, and are judged when it lists them again. From then on
//! it brings nothing new at all until half of what it lists was in its
//! document before: names that last.

use std::collections::HashSet;

use crate::model::{FloodState, Timestamp};

use super::entry_keys::Candidate;

/// The names of a document's entries, as far as they need to be compared.
pub fn listed(candidates: &[Candidate]) -> Vec<Vec<u64>> {
    let short = |hash: [u8; 16]| u64::from_be_bytes(*hash.first_chunk().unwrap_or(&[0; 8]));
    let names = |one: &Candidate| one.names().iter().map(|name| short(name.hash)).collect();
    candidates.iter().map(names).collect()
}

/// How many entries of a document that lists these may be new, where `most` may be on one day.
pub fn allowance(listed: &[Vec<u64>], intake: &FloodState, most: usize, now: Timestamp) -> usize {
    if intake.since.is_some() {
        let before: HashSet<u64> = intake.listed.iter().copied().collect();
        let lasting = |names: &&Vec<u64>| names.iter().any(|name| before.contains(name));
        if 2 * listed.iter().filter(lasting).count() < listed.len() {
            return 0;
        }
    }
    let taken = if intake.day == now.day() { intake.taken } else { 0 };
    most.saturating_sub(taken)
}

/// The state after a document of which so many entries were new, and so many wait; `whole` unless it
/// leaves out entries that are known.
pub fn took_in(
    intake: &FloodState,
    (new, waiting): (usize, usize),
    listed: Vec<Vec<u64>>,
    whole: bool,
    now: Timestamp,
) -> FloodState {
    let taken = if intake.day == now.day() { intake.taken } else { 0 };
    let waits = waiting > 0 || intake.since.is_some() && !whole;
    FloodState {
        day: now.day(),
        taken: taken + new,
        waiting,
        since: waits.then(|| intake.since.unwrap_or(now)),
        listed: match (waits, whole) {
            (false, _) => Vec::new(),
            (true, true) => listed.into_iter().flatten().collect(),
            (true, false) => intake.listed.clone(),
        },
    }
}
