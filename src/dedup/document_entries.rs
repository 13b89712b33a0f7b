//! Prepares the entries of one document: finds repeats, and names that several of them share.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::address::canonical;
use super::entry_id::{guid_is_link, names_itself};
use super::entry_keys::{Candidate, SharedNames, candidate};
use super::key_hash::{link_key, titled_guid_key};
use super::recognise::{is_repeat, texts_agree};
use super::rules::Rules;
use super::title::Title;
use crate::model::{Entry, Key, Timestamp};

/// How much of what a source lists is read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Everything: what is not there has left the source's document.
    Whole,
    /// Some entries: those of a delivery, of a document that breaks off, or of the store.
    Part,
}

impl Extent {
    /// That of a source's document, which may be `partial` (P52) or break off.
    pub fn of_document(partial: bool, broken_off: bool) -> Self {
        if partial || broken_off { Self::Part } else { Self::Whole }
    }
}

/// Prepares the entries of one document to be looked up and judged. An entry that repeats
/// another of the same document is dropped: the later `updated` wins (Q5).
pub fn candidates(
    entries: &[Arc<Entry>],
    extent: Extent,
    rules: &Rules<'_>,
    now: Timestamp,
) -> Vec<Candidate> {
    let shared = shared_names(entries);
    let mut kept: Vec<Candidate> = Vec::with_capacity(entries.len());
    let mut place_of: HashMap<Key, usize> = HashMap::new();
    for entry in entries {
        let candidate = candidate(entry.clone(), &shared, rules, now);
        let names: Vec<Key> =
            candidate.own_keys().iter().copied().chain(own_link(&candidate)).collect();
        let mut places = names.iter().filter_map(|name| place_of.get(name).copied());
        match places.find(|place| is_repeat(&candidate, &kept[*place])) {
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
        .flat_map(|candidate| {
            let titled = candidate.entry.guid.as_deref().map(|guid| {
                titled_guid_key(&candidate.entry.source, guid, &candidate.title.normal())
            });
            candidate.own_keys().iter().copied().chain(own_link(candidate)).chain(titled)
        })
        .collect();
    let listed = (extent == Extent::Whole).then(|| Arc::new(listed));
    note_title_steps(&mut kept);
    for candidate in &mut kept {
        candidate.listed = listed.clone();
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

/// Whether two entries with one link are two: other titles or other texts, and ids that do
/// not merely repeat the link.
fn tells_apart(one: &Entry, other: &Entry, link: &str) -> bool {
    let own_id =
        |entry: &Entry| entry.guid.as_deref().is_none_or(|guid| !guid_is_link(guid, Some(link)));
    let may_be_two = own_id(one) && own_id(other) && (one.guid.is_none() || one.guid != other.guid);
    may_be_two && (have_other_titles(one, other) || have_other_texts(one, other))
}

/// Whether two entries of one title say different things. Without two ids that show it, the dates
/// have to differ, too: a page is listed again when its text is changed.
fn have_other_texts(one: &Entry, other: &Entry) -> bool {
    let texts = !one.text.is_empty() && !other.text.is_empty() && !texts_agree(one, None, other);
    let dates = one.dated().zip(other.dated()).is_some_and(|(one, other)| one != other);
    texts && (dates || one.guid.is_some() && other.guid.is_some())
}

/// The name of a link within its source, for finding repeats in a document.
fn own_link(candidate: &Candidate) -> Option<Key> {
    candidate.link.as_deref().map(|link| link_key(&candidate.entry.source, link))
}
