//! The operator's `force` and `never`: which addresses belong together and which never do.

use std::collections::{BTreeMap, BTreeSet};

use url::Url;

use super::address::canonical;
use super::entry_id::names_itself;
use super::key_hash::{address_keys, entry_name, guid_key, words_key};
use super::list_page::is_specific;
use crate::model::{Entry, Key, Story};

/// The operator's decisions about single announcements: `[[story]]` in the configuration.
///
/// Addresses are compared in their canonical spelling. `never` is stronger than `force`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Each address with all that it is one story with.
    force: BTreeMap<String, BTreeSet<String>>,
    /// Each address with all that it is never one story with.
    never: BTreeMap<String, BTreeSet<String>>,
}

impl Overrides {
    /// Takes groups of addresses: those of one `force` are one story, as are
    /// groups that share an address; of one `never` no two are.
    pub fn new<'a>(
        force: impl IntoIterator<Item = &'a [Url]>,
        never: impl IntoIterator<Item = &'a [Url]>,
    ) -> Self {
        let mut groups: Vec<BTreeSet<String>> = Vec::new();
        for group in force {
            let mut joined: BTreeSet<String> = group.iter().map(canonical).collect();
            groups.retain(|other| {
                let apart = other.is_disjoint(&joined);
                if !apart {
                    joined.extend(other.iter().cloned());
                }
                apart
            });
            groups.push(joined);
        }
        let mut overrides = Self::default();
        for group in groups {
            partner_up(&mut overrides.force, &group);
        }
        for group in never {
            partner_up(&mut overrides.never, &group.iter().map(canonical).collect());
        }
        overrides
    }

    /// Pairs that are both forced together and kept apart, so that the
    /// configuration can refuse them.
    pub fn contradictions(&self) -> Vec<(&str, &str)> {
        let pairs = self.never.iter().flat_map(|(one, others)| {
            others.iter().map(move |other| (one.as_str(), other.as_str()))
        });
        pairs
            .filter(|(one, other)| {
                one < other && self.force.get(*one).is_some_and(|group| group.contains(*other))
            })
            .collect()
    }

    /// The keys of every address that is named: what to load before [`enforce()`](super::enforce()).
    pub fn keys(&self) -> Vec<Key> {
        let addresses: BTreeSet<&String> = self.force.keys().chain(self.never.keys()).collect();
        addresses.into_iter().flat_map(|address| address_keys(address)).collect()
    }

    /// Every address that is named here and not in `other`.
    pub fn added_to<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a str> {
        let known =
            |name: &&String| other.force.contains_key(*name) || other.never.contains_key(*name);
        let all: BTreeSet<&String> = self.force.keys().chain(self.never.keys()).collect();
        all.into_iter().filter(move |name| !known(name)).map(String::as_str)
    }

    /// Whether it forces any two addresses together that `other` does not.
    pub fn forces_more_than(&self, other: &Self) -> bool {
        self.force.iter().any(|(address, partners)| {
            !other.force.get(address).is_some_and(|forced| forced.is_superset(partners))
        })
    }

    /// Addresses that are one story with this one.
    pub(super) fn partners(&self, address: &str) -> impl Iterator<Item = &str> {
        self.force.get(address).into_iter().flatten().map(String::as_str)
    }

    /// Addresses that are one story with those of an entry.
    pub(super) fn partners_of(&self, entry: &Entry) -> Vec<&str> {
        if self.force.is_empty() {
            return Vec::new();
        }
        addresses(entry).iter().flat_map(|address| self.partners(address)).collect()
    }

    /// Groups of addresses that are one story each, in order.
    pub(super) fn groups(&self) -> BTreeSet<BTreeSet<&str>> {
        self.force
            .iter()
            .map(|(address, partners)| {
                partners.iter().map(String::as_str).chain([address.as_str()]).collect()
            })
            .collect()
    }

    /// Whether two addresses are never one story.
    pub(super) fn part(&self, one: &str, other: &str) -> bool {
        self.never.get(one).is_some_and(|others| others.contains(other))
    }

    /// Whether an entry is never in one story with another.
    pub(super) fn part_entries(&self, one: &Entry, other: &Entry) -> bool {
        if self.never.is_empty() {
            return false;
        }
        let others = addresses(other);
        addresses(one).iter().any(|one| others.iter().any(|other| self.part(one, other)))
    }

    /// Whether an entry never joins a story.
    pub(super) fn bar(&self, entry: &Entry, story: &Story) -> bool {
        !self.never.is_empty()
            && story.members.iter().any(|member| self.part_entries(entry, &member.entry))
    }
}

/// The addresses by which an operator may name an entry: those of its pages, the original that it
/// names, and the names of an entry without a page of its own.
pub(super) fn addresses(entry: &Entry) -> Vec<String> {
    let pages = entry.url.iter().chain(&entry.original).chain(&entry.page).map(canonical);
    let names = if has_own_page(entry) { Vec::new() } else { names_of(entry) };
    pages.chain(names).collect()
}

/// The address that means this entry and no other.
pub fn address_of(entry: &Entry) -> String {
    let page = entry.url.as_ref().filter(|_| has_own_page(entry)).map(canonical);
    page.unwrap_or_else(|| names_of(entry).swap_remove(0))
}

/// Whether an entry links to a page of its own: neither to nothing nor to a list.
fn has_own_page(entry: &Entry) -> bool {
    entry.url.as_ref().is_some_and(is_specific)
}

/// The names of an entry by its ID, if that is specific, and by its title.
fn names_of(entry: &Entry) -> Vec<String> {
    let guid = entry.guid.as_deref().filter(|guid| names_itself(guid));
    let by_guid = guid.map(|guid| guid_key(&entry.source, guid));
    by_guid.iter().chain([&words_key(entry)]).map(entry_name).collect()
}

fn partner_up(partners: &mut BTreeMap<String, BTreeSet<String>>, group: &BTreeSet<String>) {
    for address in group {
        let others = group.iter().filter(|other| *other != address).cloned();
        partners.entry(address.clone()).or_default().extend(others);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn urls(list: &[&str]) -> Vec<Url> {
        list.iter().map(|url| Url::parse(url).unwrap()).collect()
    }

    #[test]
    fn groups_that_share_an_address_are_one() {
        let (ab, bc, d) = (
            urls(&["https://example.org/a", "https://example.org/b"]),
            urls(&["https://www.example.org/b/", "https://example.org/c"]),
            urls(&["https://example.org/d", "https://example.org/e"]),
        );
        let overrides = Overrides::new([&ab[..], &d[..], &bc[..]], []);
        let partners: Vec<&str> = overrides.partners("https://example.org/a").collect();
        assert_eq!(partners, ["https://example.org/b", "https://example.org/c"]);
        assert_eq!(overrides.groups().len(), 2);
    }

    #[test]
    fn what_is_both_forced_and_forbidden_is_named() {
        let ab = urls(&["https://example.org/a", "https://example.org/b"]);
        let bc = urls(&["https://example.org/b", "https://example.org/c"]);
        let ac = urls(&["https://example.org/a", "https://example.org/c"]);
        assert_eq!(
            Overrides::new([&ab[..], &bc[..]], [&ac[..]]).contradictions(),
            [("https://example.org/a", "https://example.org/c")]
        );
        assert_eq!(Overrides::new([&ab[..]], [&ac[..]]).contradictions(), []);
    }
}
