//! Applies the operator's `force` and `never` to stories that are stored already.

use std::collections::BTreeSet;
use std::sync::Arc;

use url::Url;

use super::address::canonical;
use super::entry_keys::candidate_of;
use super::key_hash::address_keys;
use super::merge::{Why, unite};
use super::overrides::{address_of, addresses};
use super::rules::Rules;
use super::separate::{add_followers, take_out};
use crate::model::{
    Admitted, Evidence, Key, Lookalikes, Member, Story, StoryId, Timestamp, Verdict,
};

/// The keys under which a story with an entry at this address is found,
/// whichever entry's page it is.
pub fn keys_of_address(url: &Url) -> Vec<Key> {
    address_keys(&canonical(url))
}

/// The story that has an entry with this address, and which entry.
pub fn story_at<'a>(url: &Url, known: &'a Lookalikes) -> Option<(&'a Story, usize)> {
    let address = canonical(url);
    let stories = standing(known).into_iter().filter_map(|id| known.stories.get(&id));
    stories.map(Arc::as_ref).find_map(|story| {
        let bears = |member: &Member| addresses(&member.entry).contains(&address);
        let own_page = |member: &Member| address_of(&member.entry) == address;
        let place = story.members.iter().position(own_page);
        Some((story, place.or_else(|| story.members.iter().position(bears))?))
    })
}

/// Every key of these stories' entries: what to load, beside
/// [`Overrides::keys`](super::Overrides::keys), before [`enforce()`].
pub fn keys_of_entries(known: &Lookalikes, rules: &Rules<'_>, now: Timestamp) -> Vec<Key> {
    let members = standing(known).into_iter().flat_map(|id| known.stories[&id].members.clone());
    let keys: BTreeSet<Key> = members
        .flat_map(|member| candidate_of(member.entry, rules, now.min(member.joined)).keys())
        .collect();
    keys.into_iter().collect()
}

/// Applies `force` and `never` to stories that are stored already; what holds already is left alone.
///
/// Where `never` parts two entries of a story, the one that joined later leaves, and what
/// had joined because of it; they are judged anew. Where `force` names entries of
/// two stories, the story that was seen first takes the entries of the other, which from
/// then on forwards to it. No published id ever changes: an entry that
/// leaves founds a story of its own, or revives the one it had founded before.
pub fn enforce(known: &mut Lookalikes, rules: &Rules<'_>, now: Timestamp) -> Vec<Admitted> {
    let mut done = Vec::new();
    for id in standing(known) {
        part(id, known, rules, now, &mut done);
    }
    for group in rules.overrides.groups() {
        merge(&group, known, rules, now, &mut done);
    }
    done
}

/// The pairs of addresses for `never` that `gazetted split` writes, so that the entry at `place` stays
/// out of the story. Empty where there is nothing to part.
pub fn split_pairs(story: &Story, place: usize) -> Vec<[String; 2]> {
    let Some(own) = story.members.get(place).map(|member| address_of(&member.entry)) else {
        return Vec::new();
    };
    // An entry that joined leaves the founder; the founder leaves everybody.
    let others = if place == 0 { &story.members[1..] } else { &story.members[..1] };
    let others = others.iter().map(|other| address_of(&other.entry));
    others.filter(|other| *other != own).map(|other| [other, own.clone()]).collect()
}

/// The stories that stand, oldest first.
fn standing(known: &Lookalikes) -> Vec<StoryId> {
    let mut stories: Vec<_> = known.stories.values().filter(|story| story.stands()).collect();
    stories.sort_by_key(|story| (story.first_seen, story.id));
    stories.into_iter().map(|story| story.id).collect()
}

/// Takes out of a story what may not be in it, and finds a place for it.
fn part(
    id: StoryId,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let Some(before) = known.stories.get(&id).cloned() else { return };
    let leaving = leaving(&before, rules);
    if leaving.is_empty() {
        return;
    }
    take_out(before, &leaving, Verdict::Overridden, known, rules, now, done);
}

/// The places of the members that leave: barred from one that came before,
/// or in the story only because of one that leaves.
fn leaving(story: &Story, rules: &Rules<'_>) -> BTreeSet<usize> {
    let mut leaving = BTreeSet::new();
    for (place, member) in story.members.iter().enumerate() {
        let mut staying = (0..place).filter(|other| !leaving.contains(other));
        if staying
            .any(|other| rules.overrides.part_entries(&member.entry, &story.members[other].entry))
        {
            leaving.insert(place);
        }
    }
    add_followers(story, &mut leaving, 0);
    leaving
}

/// Makes one story of all that have an entry with an address of the group.
fn merge(
    group: &BTreeSet<&str>,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let named = |member: &Member| {
        addresses(&member.entry).into_iter().find(|address| group.contains(address.as_str()))
    };
    let mut stories = standing(known)
        .into_iter()
        .filter(|id| known.stories[id].members.iter().any(|member| named(member).is_some()))
        .collect::<Vec<_>>()
        .into_iter();
    let Some(target) = stories.next() else { return };
    for id in stories {
        let (Some(into), Some(other)) = (known.stories.get(&target), known.stories.get(&id)) else {
            continue;
        };
        if other.members.iter().any(|member| rules.overrides.bar(&member.entry, into)) {
            continue;
        }
        let with = into.members.iter().find_map(named).unwrap_or_default();
        let moved_by = |moved: &Member| {
            matches!(moved.evidence, Evidence::Founded | Evidence::Parted { .. })
                || named(moved).is_some()
        };
        let because = Why { evidence: Evidence::Forced { with }, factors: Vec::new() };
        let verdict = Verdict::Overridden;
        unite(target, id, verdict, moved_by, &because, known, rules, now, done);
    }
}
