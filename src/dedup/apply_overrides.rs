//! Applies the operator's `force` and `never` to stories that are stored already.

use std::collections::BTreeSet;
use std::sync::Arc;

use url::Url;

use super::address::canonical;
use super::compare::{compare, leading};
use super::entry_keys::{Candidate, address_keys, candidate_of, published_key};
use super::judge::{Place, find, place_entry};
use super::merge::{Why, admit, unite};
use super::near_duplicate::likeness;
use super::overrides::addresses;
use super::rules::{Rules, bearers, file, new_keys, rare};
use super::title::Title;
use super::withdraw::follow_the_lead;
use crate::model::{
    Admitted, Entry, Evidence, Habits, Key, Lookalikes, Member, Story, StoryId, Timestamp, Verdict,
};

/// The keys under which a story with an entry at this address is found,
/// whichever entry's page it is.
pub fn keys_of_address(url: &Url) -> [Key; 2] {
    address_keys(&canonical(url))
}

/// The story that has an entry with this address, and which entry.
pub fn story_at<'a>(url: &Url, known: &'a Lookalikes) -> Option<(&'a Story, usize)> {
    let address = canonical(url);
    let stories = standing(known).into_iter().filter_map(|id| known.stories.get(&id));
    stories.map(Arc::as_ref).find_map(|story| {
        let bears = |member: &Member| addresses(&member.entry).contains(&address);
        let own_page =
            |member: &Member| member.entry.url.as_ref().map(canonical).as_ref() == Some(&address);
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

/// What `gazetted split` writes so that the entry at `place` stays out of the
/// story: pairs of addresses for `never`. Empty where there is nothing to part.
pub fn split_pairs(story: &Story, place: usize) -> Vec<[String; 2]> {
    let own = story.members.get(place).and_then(|member| page_of(&member.entry));
    let Some(own) = own else { return Vec::new() };
    // An entry that joined leaves the founder; the founder leaves everybody.
    let others = if place == 0 { &story.members[1..] } else { &story.members[..1] };
    let others = others.iter().filter_map(|other| page_of(&other.entry));
    others.filter(|other| *other != own).map(|other| [other, own.clone()]).collect()
}

fn page_of(entry: &Entry) -> Option<String> {
    entry.url.as_ref().map(canonical)
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

/// Parts what a title alone had joined, where a text that has come since says that it is two.
pub(super) fn part_by_text(
    id: StoryId,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let Some(story) = known.stories.get(&id).cloned().filter(|story| story.stands()) else {
        return;
    };
    let parts = |place: usize| {
        let member = &story.members[place];
        if !matches!(member.evidence, Evidence::SameTitle { .. }) || member.entry.text.is_empty() {
            return false;
        }
        let mut others = Story::clone(&story);
        others.members.remove(place);
        let candidate = candidate_of(member.entry.clone(), rules, member.joined);
        compare(&candidate, &[], (&others, None), known, rules).texts_part()
    };
    let leaving: BTreeSet<usize> = (1..story.members.len()).filter(|place| parts(*place)).collect();
    if !leaving.is_empty() {
        take_out(story, &leaving, Verdict::Revised, known, rules, now, done);
    }
}

/// Takes members out of a story, and finds a place for each.
fn take_out(
    before: Arc<Story>,
    leaving: &BTreeSet<usize>,
    verdict: Verdict,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let id = before.id;
    let mut story = Story::clone(&before);
    let (gone, stay): (Vec<_>, Vec<_>) =
        story.members.drain(..).enumerate().partition(|(place, _)| leaving.contains(place));
    story.members = stay.into_iter().map(|(_, member)| member).collect();
    story.changed = now;
    follow_the_lead(&mut story, rules, now);
    let kept = keys_of(&story, rules, now);
    let dropped = keys_of(&before, rules, now);
    let dropped = dropped.into_iter().filter(|key| !kept.contains(key)).collect();
    let keys = kept.into_iter().filter(|key| !bearers(known, key).contains(&id)).collect();
    admit(story, Some(before), keys, dropped, verdict, known, done);
    for (_, member) in gone {
        settle(member, id, verdict, known, rules, now, done);
    }
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
    let followers: Vec<usize> = (1..story.members.len())
        .filter(|place| !leaving.contains(place) && follows(story, *place, &leaving))
        .collect();
    leaving.extend(followers);
    leaving
}

/// Whether a member is in the story because of one that leaves, and of none that stays.
fn follows(story: &Story, place: usize, leaving: &BTreeSet<usize>) -> bool {
    let entry = &story.members[place].entry;
    let title_of = |entry: &Entry| Title::of(&entry.title, &entry.feed.title).normal();
    let own_title = title_of(entry);
    let because_of: Box<dyn Fn(&Entry) -> bool + '_> = match &story.members[place].evidence {
        Evidence::SameAddress { address: page, .. } | Evidence::Forced { with: page } => {
            Box::new(move |other| addresses(other).contains(page))
        }
        Evidence::SameText { leader, .. } => Box::new(move |other| other.source == *leader),
        Evidence::SameTitle { title, .. } => Box::new(move |other| {
            let other = title_of(other);
            other == own_title || other == *title
        }),
        Evidence::Founded | Evidence::Parted { .. } => return false,
    };
    let any = |leaves: bool| {
        story.members.iter().enumerate().any(|(other, member)| {
            other != place && leaving.contains(&other) == leaves && because_of(&member.entry)
        })
    };
    any(true) && !any(false)
}

/// Judges an entry that left a story anew.
fn settle(
    left: Member,
    from: StoryId,
    verdict: Verdict,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let candidate = candidate_of(left.entry.clone(), rules, left.joined);
    if let Some(forwarder) = forwarder_of(&candidate, known) {
        let mut story = Story::clone(forwarder);
        story.merged_into = None;
        story.members = vec![Member { evidence: Evidence::Founded, ..left }];
        story.changed = now;
        let mut keys = new_keys(&candidate, &story, known);
        keys.extend(rare(candidate.leading_keys(), &story, known));
        let before = Arc::clone(forwarder);
        return admit(story, Some(before), keys, Vec::new(), verdict, known, done);
    }
    let likeness = match find(&candidate, known, rules, &mut Habits::default()) {
        Place::About(likeness) => likeness,
        // The keys of its names were dropped from its old story alone: whatever
        // else bears them is removed or forwards, and cannot take it in.
        Place::Known(..) | Place::Forgotten(_) => likeness(&candidate, known, rules, None),
    };
    let mut admitted = place_entry(candidate, known, likeness, rules, left.joined);
    let story = Arc::make_mut(&mut admitted.story);
    let place = story.members.len() - 1;
    let by_hand = verdict == Verdict::Overridden;
    if admitted.verdict == Verdict::New && by_hand {
        story.members[place].evidence = Evidence::Parted { from };
    }
    story.members[place].revised = left.revised;
    story.members[place].withdrawn = left.withdrawn;
    follow_the_lead(story, rules, now);
    story.changed = now;
    if by_hand {
        admitted.verdict = Verdict::Overridden;
    }
    file(&admitted, known);
    done.push(admitted);
}

/// The story that this entry founded, if that now forwards to another.
fn forwarder_of<'a>(candidate: &Candidate, known: &'a Lookalikes) -> Option<&'a Arc<Story>> {
    candidate
        .names()
        .iter()
        .filter_map(|name| known.by_key.get(name))
        .flatten()
        .filter_map(|id| known.stories.get(id))
        .find(|story| !story.stands() && candidate.is(&story.members[0].entry))
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

/// The keys under which a story is found, but for its published id.
pub(super) fn keys_of(story: &Story, rules: &Rules<'_>, now: Timestamp) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    let nothing = Lookalikes::default();
    for member in &story.members {
        let candidate = candidate_of(member.entry.clone(), rules, now.min(member.joined));
        keys.extend(new_keys(&candidate, story, &nothing));
    }
    if let Some((leader, _)) = leading(story, rules) {
        let candidate = candidate_of(leader.entry.clone(), rules, now.min(leader.joined));
        keys.extend(candidate.leading_keys());
    }
    keys.remove(&published_key(&story.published_id));
    keys
}
