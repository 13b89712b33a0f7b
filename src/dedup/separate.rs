//! Takes entries out of a story that they do not belong to, and finds a place for each.
//!
//! A title alone proves little: what joined by it is judged again when another entry with the title
//! comes, and when the text of one of them does. What no longer fits the entry that leads
//! the story leaves it, the founder included, so that a reader finds nothing else under the story's
//! ID than before.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::compare::compare;
use super::comparison::Comparison;
use super::entry_keys::{Candidate, candidate_of};
use super::near_duplicate::likeness;
use super::overrides::addresses;
use super::place::{Place, find, place_entry};
use super::recognise::is_same;
use super::rules::Rules;
use super::story_index::{admit, file, note_taken, rare, stories_with};
use super::story_keys::keys_of;
use super::title::Title;
use super::withdraw::follow_the_lead;
use crate::model::{
    Admitted, Entry, Evidence, Factor, FactorKind, Habits, Key, Lookalikes, Member, Story, StoryId,
    Timestamp, Verdict,
};

/// The keys of entries that may be judged again together with these: what to load beside the keys
/// of the candidates themselves.
pub fn keys_to_judge_again<'a>(
    candidates: impl Iterator<Item = &'a Candidate>,
    known: &Lookalikes,
    rules: &Rules<'_>,
) -> Vec<Key> {
    let candidates: Vec<&Candidate> = candidates.collect();
    let keys = candidates.iter().flat_map(|one| one.names().iter().chain(one.title_keys()));
    let ids: BTreeSet<StoryId> = keys.flat_map(|key| stories_with(known, key)).copied().collect();
    let stories = ids.iter().filter_map(|id| known.stories.get(id));
    let mut keys = Vec::new();
    for story in stories.filter(|story| story.stands()) {
        // A founder becomes doubtful as soon as somebody of more weight joins it by a title.
        let founder = (!rules.speaks_for_itself(&story.members[0].entry)).then_some(0);
        let exchanges = |lead: &Entry| {
            candidates.iter().any(|one| {
                let entry = &one.entry;
                entry.source == lead.source
                    && (entry.guid == lead.guid || entry.url == lead.url)
                    && entry.text != lead.text
            })
        };
        let by_text = by_text_of_the_lead(story, rules);
        let by_text = by_text.filter(|_| exchanges(&story.lead(rules.sources).entry));
        let mut doubtful = by_title_alone(story, rules).into_iter().chain(founder).chain(by_text);
        let is_doubtful = doubtful.next().is_some();
        // Others may follow an entry that leaves.
        for member in story.members.iter().filter(|_| is_doubtful) {
            keys.extend(candidate_of(member.entry.clone(), rules, member.joined).keys());
        }
    }
    keys
}

/// Judges again what joined by a title, now that an entry with this title has come.
pub(super) fn judge_titles_again(
    story: &Story,
    titles: &[Key],
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let titled = titles.iter().flat_map(|key| stories_with(known, key)).copied();
    let ids: BTreeSet<StoryId> = titled.chain([story.id]).collect();
    if ids.len() > 1 {
        for id in ids {
            judge_again(id, known, rules, now, done);
        }
    }
}

/// A story that has not been merged into another.
fn standing(id: StoryId, known: &Lookalikes) -> Option<Arc<Story>> {
    known.stories.get(&id).cloned().filter(|story| story.stands())
}

/// Takes out of a story what its title alone had joined, where it would not join now.
pub(super) fn judge_again(
    id: StoryId,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let Some(story) = standing(id, known) else { return };
    let doubtful = by_title_alone(&story, rules);
    if doubtful.is_empty() {
        return;
    }
    let mut rest = Story::clone(&story);
    let mut place = 0;
    rest.members.retain(|_| {
        place += 1;
        !doubtful.contains(&(place - 1))
    });
    let leaves = |place: &usize| {
        let member = &story.members[*place];
        let candidate = candidate_of(member.entry.clone(), rules, member.joined);
        let here = compare(&candidate, &[], (&rest, None), known, rules);
        if !here.joins() {
            return true;
        }
        let there = likeness(&candidate, known, rules, Some(id)).best;
        there.is_some_and(|there| there.total() > here.total())
    };
    let leaving: BTreeSet<usize> = doubtful.iter().copied().filter(leaves).collect();
    if !leaving.is_empty() {
        leave(story, leaving, known, rules, now, done);
    }
}

/// Takes an entry whose page has changed out of a story that it no longer belongs to. The one that
/// leads stays, and so does what the operator joined.
pub(super) fn judge_moved(
    id: StoryId,
    member: usize,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let Some(story) = standing(id, known) else { return };
    let (moved, lead) = (&story.members[member], story.lead(rules.sources));
    if std::ptr::eq(moved, lead) || matches!(moved.evidence, Evidence::Forced { .. }) {
        return;
    }
    let mut rest = Story::clone(&story);
    rest.members.remove(member);
    let candidate = candidate_of(moved.entry.clone(), rules, moved.joined);
    if !compare(&candidate, &[], (&rest, None), known, rules).joins() {
        leave(story, [member].into(), known, rules, now, done);
    }
}

/// Takes out of a story what had joined by the text of its lead, where either has exchanged that for
/// another, or where it now contradicts what another source says of itself. A copy that does not follow a
/// correction stays.
pub(super) fn judge_texts_again(
    admitted: &Admitted,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let (Some(before), Some(story)) = (&admitted.before, known.stories.get(&admitted.story.id))
    else {
        return;
    };
    if !story.stands() || story.members.len() != before.members.len() {
        return;
    }
    let lead = story.lead(rules.sources);
    let changed = |place: usize| {
        let (was, is) = (&before.members[place].entry, &story.members[place].entry);
        was.source == is.source && was.text != is.text
    };
    let lead_changed = (0..story.members.len())
        .any(|place| std::ptr::eq(&story.members[place], lead) && changed(place));
    let mut alone = Story::clone(story);
    alone.members = vec![lead.clone()];
    // A text that is gone says nothing.
    let has_texts = |member: &Member| !member.entry.text.is_empty() && !lead.entry.text.is_empty();
    let is_other = |place: &usize| {
        let member = &story.members[*place];
        let candidate = candidate_of(member.entry.clone(), rules, member.joined);
        let comparison = compare(&candidate, &[], (&alone, None), known, rules);
        // Nobody else's words may stand for those of an office.
        let is_contradicted = || {
            rules.speaks_for_itself(&member.entry)
                && !comparison.joins()
                && comparison.factors.iter().any(contradicts)
        };
        is_unlike(&comparison) || is_contradicted()
    };
    let doubtful = by_text_of_the_lead(story, rules);
    let doubtful = doubtful.filter(|place| lead_changed || changed(*place));
    let doubtful = doubtful.filter(|place| has_texts(&story.members[*place]));
    let leaving: BTreeSet<usize> = doubtful.filter(is_other).collect();
    if !leaving.is_empty() {
        leave(story.clone(), leaving, known, rules, now, done);
    }
}

/// The places of the entries that joined a story by the text of the source that leads it.
fn by_text_of_the_lead<'a>(
    story: &'a Story,
    rules: &Rules<'_>,
) -> impl Iterator<Item = usize> + use<'a> {
    let is_by_text = |member: &Member| matches!(member.evidence, Evidence::SameText { .. });
    let lead = story.members.iter().any(is_by_text).then(|| story.lead(rules.sources));
    let joined = move |member: &Member| {
        lead.is_some_and(|lead| {
            !std::ptr::eq(member, lead)
                && matches!(&member.evidence, Evidence::SameText { leader, .. } if *leader == lead.entry.source)
        })
    };
    let members = story.members.iter().enumerate();
    members.filter(move |(_, member)| joined(member)).map(|(place, _)| place)
}

/// Whether nothing but the day is alike: neither page nor title nor text.
fn is_unlike(comparison: &Comparison<'_>) -> bool {
    use FactorKind::{
        SameDay, SummaryDiffers, TextDiffers, TitleDiffers, TitleRenames, TitleReplaces,
    };
    let agrees = |factor: &Factor| factor.weight > 0 && factor.kind != SameDay;
    let differs = |factor: &Factor| {
        let kinds = [TitleDiffers, TitleReplaces, TitleRenames, TextDiffers, SummaryDiffers];
        kinds.contains(&factor.kind)
    };
    !comparison.factors.iter().any(agrees) && comparison.factors.iter().any(differs)
}

/// Whether a finding is that two texts say different things.
fn contradicts(factor: &Factor) -> bool {
    use FactorKind::{Contradicts, FactsDiffer, NamesDiffer};
    matches!(factor.kind, Contradicts | FactsDiffer | NamesDiffer)
}

/// Takes members out of a story with those that are in it because of them.
fn leave(
    story: Arc<Story>,
    mut leaving: BTreeSet<usize>,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let lead = story.lead(rules.sources);
    let stays = story.members.iter().position(|one| std::ptr::eq(one, lead));
    add_followers(&story, &mut leaving, stays.unwrap_or(0));
    take_out(story, &leaving, Verdict::Revised, known, rules, now, done);
}

/// The places of the entries that nothing but a title ties to the one that leads the story.
fn by_title_alone(story: &Story, rules: &Rules<'_>) -> BTreeSet<usize> {
    let is_titled = |member: &Member| matches!(member.evidence, Evidence::SameTitle { .. });
    if !story.members.iter().any(is_titled) {
        return BTreeSet::new();
    }
    let lead = story.lead(rules.sources);
    let is_doubtful = |member: &Member| {
        is_titled(member) || (is_titled(lead) && member.evidence == Evidence::Founded)
    };
    let members = story.members.iter().enumerate();
    let doubtful = members.filter(|(_, one)| !std::ptr::eq(*one, lead) && is_doubtful(one));
    doubtful.map(|(place, _)| place).collect()
}

/// Takes members out of a story, and finds a place for each.
pub(super) fn take_out(
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
    // Whoever is first then has no other to belong to.
    if leaving.contains(&0) {
        let first = &mut story.members[0];
        (first.evidence, first.factors) = (Evidence::Founded, Vec::new());
    }
    story.changed = now;
    follow_the_lead(&mut story, rules, now);
    let kept = keys_of(&story, rules, now);
    let dropped = keys_of(&before, rules, now);
    let dropped = dropped.into_iter().filter(|key| !kept.contains(key)).collect();
    let keys = kept.into_iter().filter(|key| !stories_with(known, key).contains(&id)).collect();
    admit(story, Some(before), keys, dropped, verdict, known, done);
    for (_, member) in gone {
        settle(member, id, verdict, known, rules, now, done);
    }
}

/// Adds the members that are in a story because of one that leaves; never the one at `stays`.
pub(super) fn add_followers(story: &Story, leaving: &mut BTreeSet<usize>, stays: usize) {
    let followers: Vec<usize> = (0..story.members.len())
        .filter(|place| *place != stays && !leaving.contains(place))
        .filter(|place| follows(story, *place, leaving))
        .collect();
    leaving.extend(followers);
}

/// Whether a member is in the story because of one that leaves, and of none that stays.
fn follows(story: &Story, place: usize, leaving: &BTreeSet<usize>) -> bool {
    let entry = &story.members[place].entry;
    let title_of = |entry: &Entry| Title::of_entry(entry).normal();
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
        let mut keys = candidate.new_keys(&story, known);
        keys.extend(rare(candidate.leading_keys(), &story, known));
        let before = Arc::clone(forwarder);
        return admit(story, Some(before), keys, Vec::new(), verdict, known, done);
    }
    let likeness = match find(&candidate, known, rules, &mut Habits::default()) {
        Place::About(likeness) => likeness,
        // The keys of its names were dropped from its old story alone: whatever
        // else bears them is removed or forwards, and cannot take it in.
        Place::Known(..) | Place::Crowded(_) | Place::Forgotten(_) => {
            likeness(&candidate, known, rules, None)
        }
    };
    note_taken(known);
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
        .find(|story| !story.stands() && is_same(candidate, &story.members[0].entry))
}
