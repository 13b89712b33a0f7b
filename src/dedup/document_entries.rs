//! Prepares the entries of one document: finds repeats, and names that several of them share.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::address::canonical;
use super::diff_names::differences;
use super::entry_id::{guid_is_link, guid_repeats_link, names_itself};
use super::entry_keys::{Candidate, SharedNames, candidate};
use super::key_hash::{link_key, listed_title_key, titled_guid_key, wording_keys};
use super::number::Figures;
use super::recognise::is_repeat;
use super::rules::Rules;
use super::shingles::Passages;
use super::text_match::MOSTLY;
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
            let (source, title) = (&candidate.entry.source, candidate.title.normal());
            let titled =
                candidate.guid.as_deref().map(|guid| titled_guid_key(source, guid, &title));
            let title = listed_title_key(source, &title);
            let wording = candidate.link.is_none().then(|| wording_keys(&candidate.entry));
            let own = candidate.own_keys().iter().copied().chain(own_link(candidate));
            own.chain(titled).chain([title]).chain(wording.into_iter().flatten())
        })
        .collect();
    let listed = (extent == Extent::Whole).then(|| Arc::new(listed));
    note_title_steps(&mut kept);
    let said: Vec<Option<(Key, u64)>> = kept
        .iter()
        .map(|candidate| {
            let key = candidate.said_key()?;
            Some((key, xxhash_rust::xxh3::xxh3_64(candidate.entry.text.as_bytes())))
        })
        .collect();
    let mut times: HashMap<(Key, u64), usize> = HashMap::new();
    for said in said.iter().flatten() {
        *times.entry(*said).or_default() += 1;
    }
    for (candidate, said) in kept.iter_mut().zip(said) {
        candidate.listed = listed.clone();
        candidate.is_said_once = said.is_some_and(|said| times.get(&said) == Some(&1));
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

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The first entry of a document with some name, and its text once it was compared.
struct First<'e> {
    entry: &'e Entry,
    link: Option<String>,
    passages: OnceCell<Option<Passages>>,
}

impl<'e> First<'e> {
    fn new(entry: &'e Entry, link: Option<String>) -> Self {
        Self { entry, link, passages: OnceCell::new() }
    }

    /// Whether another entry says something else, by its title or its text.
    fn says_other_than(&self, entry: &Entry) -> bool {
        have_other_titles(self.entry, entry) || self.has_other_text_than(entry)
    }

    /// Whether another entry has another text, or the same but for what it names: two notices of one
    /// template.
    fn has_other_text_than(&self, entry: &Entry) -> bool {
        let (one, other) = (&self.entry.text, &entry.text);
        if one.is_empty() || other.is_empty() || one == other {
            return false;
        }
        let own = self.passages.get_or_init(|| Passages::of(self.entry));
        let Some((own, theirs)) = own.as_ref().zip(Passages::of(entry)) else { return true };
        !own.overlap(&theirs, &[]).reaches(MOSTLY)
            || differences(own, &theirs, &[]).may_differ_in_names()
    }

    /// Whether another entry with this link is not this one: it says something else, and the ids do
    /// not show that it is what became of it.
    fn is_told_apart_from(&self, entry: &Entry, link: &str) -> bool {
        let [own, theirs] = [self.entry, entry]
            .map(|entry| entry.guid.as_deref().filter(|guid| !guid_repeats_link(guid, link)));
        // An id that is the link and a time says when the page was changed.
        let is_version = |guid: Option<&str>| guid.is_some_and(|id| guid_is_link(id, Some(link)));
        match own.filter(|_| own == theirs) {
            _ if is_version(own) || is_version(theirs) => false,
            None => self.says_other_than(entry) || self.is_days_apart_from(entry),
            _ if self.is_another_instalment(entry) => true,
            // A new title of one page under one id, whatever id, is a new wording.
            Some(id) => !names_itself(id) && self.has_other_text_than(entry),
        }
    }

    /// Whether the two are dated more than a day apart: what a document lists twice has one date.
    fn is_days_apart_from(&self, entry: &Entry) -> bool {
        let dates = self.entry.dated().zip(entry.dated());
        dates.is_some_and(|(one, other)| one.apart(other) > DAY)
    }

    /// Whether the two are instalments of a series: their titles name different numbers or dates, and
    /// their texts are others.
    fn is_another_instalment(&self, entry: &Entry) -> bool {
        let [own, theirs] = [&self.entry.title, &entry.title].map(|title| Figures::of(title));
        own.contradict(&theirs).is_some()
            && (self.has_other_text_than(entry) || self.entry.dated() != entry.dated())
    }
}

/// The names that several entries of a document have.
fn shared_names(entries: &[Arc<Entry>]) -> SharedNames {
    let mut links: HashMap<String, First<'_>> = HashMap::new();
    let mut guids: HashMap<&str, First<'_>> = HashMap::new();
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
        if let Some(guid) = entry.guid.as_deref().filter(|guid| !shared.guids.contains(*guid)) {
            match guids.get(guid) {
                Some(first)
                    if (first.link != link || !names_itself(guid))
                        && first.says_other_than(entry)
                        || first.is_another_instalment(entry) =>
                {
                    shared.guids.insert(guid.to_owned());
                }
                Some(_) => {}
                None => {
                    guids.insert(guid, First::new(entry, link.clone()));
                }
            }
        }
        let Some(link) = link.filter(|link| !shared.links.contains(link)) else { continue };
        match links.get(&link) {
            Some(first) if first.is_told_apart_from(entry, &link) => {
                shared.links.insert(link);
            }
            Some(_) => {}
            None => {
                links.insert(link.clone(), First::new(entry, Some(link)));
            }
        }
    }
    shared
}

fn have_other_titles(one: &Entry, other: &Entry) -> bool {
    Title::of(&one.title, "").words != Title::of(&other.title, "").words
}

/// The name of a link within its source, for finding repeats in a document.
fn own_link(candidate: &Candidate) -> Option<Key> {
    candidate.link.as_deref().map(|link| link_key(&candidate.entry.source, link))
}
