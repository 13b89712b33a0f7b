//! Prepares the entries of one document: finds repeats, and names that several of them share.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::address::canonical;
use super::entry_id::{guid_is_link, names_itself};
use super::entry_keys::{Candidate, SharedNames, candidate};
use super::key_hash::link_key;
use super::recognise::is_same;
use super::rules::Rules;
use super::title::Title;
use crate::model::{Entry, Key, Timestamp};

/// Prepares the entries of one document to be looked up and judged. An entry that repeats
/// another of the same document is dropped: the later `updated` wins (Q5).
pub fn candidates(entries: &[Arc<Entry>], rules: &Rules<'_>, now: Timestamp) -> Vec<Candidate> {
    let shared = shared_names(entries);
    let mut kept: Vec<Candidate> = Vec::with_capacity(entries.len());
    let mut place_of: HashMap<Key, usize> = HashMap::new();
    for entry in entries {
        let candidate = candidate(entry.clone(), &shared, rules, now);
        let names: Vec<Key> =
            candidate.own_keys().iter().copied().chain(own_link(&candidate)).collect();
        let mut places = names.iter().filter_map(|name| place_of.get(name).copied());
        match places.find(|place| is_same(&candidate, &kept[*place].entry)) {
            Some(place) if candidate.entry.updated > kept[place].entry.updated => {
                place_of.extend(names.into_iter().map(|name| (name, place)));
                kept[place] = candidate;
            }
            Some(_) => {}
            None => {
                place_of.extend(names.into_iter().map(|name| (name, kept.len())));
                kept.push(candidate);
            }
        }
    }
    let listed: HashSet<Key> = kept
        .iter()
        .flat_map(|candidate| candidate.own_keys().iter().copied().chain(own_link(candidate)))
        .collect();
    let listed = Arc::new(listed);
    note_title_steps(&mut kept);
    for candidate in &mut kept {
        candidate.listed = Arc::clone(&listed);
    }
    kept
}

/// Notes where a document gives one title to several entries, and how far these are apart.
fn note_title_steps(candidates: &mut [Candidate]) {
    let mut by_title: HashMap<Key, Vec<usize>> = HashMap::new();
    for (place, candidate) in candidates.iter().enumerate() {
        if let Some(title) = candidate.title_keys().first() {
            by_title.entry(*title).or_default().push(place);
        }
    }
    for mut places in by_title.into_values().filter(|places| places.len() > 1) {
        places.sort_by_key(|place| candidates[*place].entry.dated());
        let steps = places.windows(2).map(|two| {
            let dates = [two[0], two[1]].map(|place| candidates[place].entry.dated());
            let [Some(one), Some(other)] = dates else { return Duration::ZERO };
            one.apart(other)
        });
        let least = steps.min();
        for place in places {
            candidates[place].title_step = least;
        }
    }
}

/// The names that several entries of a document have.
fn shared_names(entries: &[Arc<Entry>]) -> SharedNames {
    let mut links: HashMap<String, &Entry> = HashMap::new();
    let mut guids: HashMap<&str, (&Entry, Option<String>)> = HashMap::new();
    let mut titles: HashMap<String, HashSet<String>> = HashMap::new();
    let mut shared = SharedNames::default();
    for entry in entries {
        for (page, most) in [(&entry.original, 2), (&entry.page, 1)] {
            let Some(page) = page.as_ref().map(canonical) else { continue };
            let titles = titles.entry(page.clone()).or_default();
            titles.insert(Title::of(&entry.title, "").normal());
            if titles.len() > most {
                shared.links.insert(page);
            }
        }
        let link = entry.url.as_ref().map(canonical);
        if let Some(guid) = entry.guid.as_deref() {
            match guids.get(guid) {
                Some((other, at)) if *at != link && have_other_titles(entry, other) => {
                    shared.guids.insert(guid.to_owned());
                }
                Some((other, _)) if !names_itself(guid) && have_other_titles(entry, other) => {
                    shared.guids.insert(guid.to_owned());
                }
                Some(_) => {}
                None => {
                    guids.insert(guid, (entry, link.clone()));
                }
            }
        }
        let Some(link) = link else { continue };
        match links.get(&link) {
            Some(other) if tells_apart(entry, other, &link) => {
                shared.links.insert(link);
            }
            Some(_) => {}
            None => {
                links.insert(link, entry);
            }
        }
    }
    shared
}

fn have_other_titles(one: &Entry, other: &Entry) -> bool {
    Title::of(&one.title, "").words != Title::of(&other.title, "").words
}

/// Whether two entries with one link are two: other titles, and ids that do
/// not merely repeat the link.
fn tells_apart(one: &Entry, other: &Entry, link: &str) -> bool {
    let own_id =
        |entry: &Entry| entry.guid.as_deref().is_none_or(|guid| !guid_is_link(guid, Some(link)));
    have_other_titles(one, other)
        && own_id(one)
        && own_id(other)
        && (one.guid.is_none() || one.guid != other.guid)
}

/// The name of a link within its source, for finding repeats in a document.
fn own_link(candidate: &Candidate) -> Option<Key> {
    candidate.link.as_deref().map(|link| link_key(&candidate.entry.source, link))
}
