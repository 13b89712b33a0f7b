//! Merges two stories that stand already, where it is nearly certain that they are one.
//!
//! The higher-ranked story, or the older one, absorbs the other, whose page then redirects. No date
//! moves. Two stories are never merged merely because a third text resembles both: that is how
//! strangers end in one story. They are merged in two cases. A story without a text gets its first
//! one, and that is compared as the text of a new entry would be. Or an entry that speaks for
//! itself has all of what the stories say in part: excerpts came before their original.

use super::compare::{compare, leading, site_of};
use super::entry_keys::{Boilerplate, Candidate, candidate_of};
use super::history::bound;
use super::near_duplicate::{Join, Likeness, likeness};
use super::number::Figures;
use super::place::{have_room, relate};
use super::recognise::is_same;
use super::rules::Rules;
use super::shingles::Passages;
use super::story_index::{admit, file, stories_with, unkeyed};
use super::story_keys::keys_of;
use super::text_match::{FULL_TEXT, MOSTLY};
use super::withdraw::follow_the_lead;
use crate::model::{
    Admitted, Evidence, Factor, FactorKind, Key, KeyKind, Lookalikes, Member, Story, StoryId,
    Timestamp, Verdict,
};

/// Evidence against two stories of which an entry says both.
const PARTING: [FactorKind; 8] = [
    FactorKind::Contradicts,
    FactorKind::OneNameDiffers,
    FactorKind::GoesOn,
    FactorKind::TitleRenames,
    FactorKind::TitleFigures,
    FactorKind::OneSource,
    FactorKind::OneSite,
    FactorKind::OtherGovernment,
];

/// Merges the stories that are parts of what the entry says which was just admitted to a story.
pub(super) fn merge_parts(
    into: StoryId,
    parts: Vec<Join>,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let mut target = into;
    for part in parts {
        let stories =
            (known.stories.get(&target).cloned(), known.stories.get(&part.story).cloned());
        let (Some(story), Some(other)) = stories else { continue };
        let decided = |story: &Story| {
            let by_hand = |member: &Member| {
                matches!(member.evidence, Evidence::Forced { .. } | Evidence::Parted { .. })
            };
            story.members.iter().any(by_hand)
        };
        if !part.is_certain()
            || !story.stands()
            || !other.stands()
            || decided(&story)
            || decided(&other)
            || !have_room(&story, &other)
        {
            continue;
        }
        let parted = other.members.iter().any(|member| {
            let candidate = candidate_of(member.entry.clone(), rules, member.joined);
            let comparison = compare(&candidate, &[], (&story, Some(other.id)), known, rules);
            let against = |factor: &Factor| PARTING.contains(&factor.kind);
            comparison.against == Some(crate::model::Forbidden::Never)
                || comparison.factors.iter().any(against)
        });
        if parted {
            continue;
        }
        let (stays, goes) = order(story.as_ref(), other.as_ref(), rules);
        let evidence = match (part.evidence, leading(&story, rules)) {
            (Evidence::SameText { shared, of, .. }, Some((leader, _))) => {
                Evidence::SameText { shared, of, leader: leader.entry.source.clone() }
            }
            (evidence, _) => evidence,
        };
        let because = Why { evidence, factors: part.factors };
        let founded = |moved: &Member| moved.evidence == Evidence::Founded;
        unite(stays, goes, Verdict::Merged, founded, &because, known, rules, now, done);
        target = stays;
    }
}

/// Which of two stories absorbs the other: that of the source whose word counts more, among equals
/// the one that was seen first, as everywhere.
fn order(one: &Story, other: &Story, rules: &Rules<'_>) -> (StoryId, StoryId) {
    let standing = |story: &Story| (story.authority(rules.sources), story.first_seen, story.id);
    if standing(other) < standing(one) { (other.id, one.id) } else { (one.id, other.id) }
}

/// Why entries are moved to another story.
pub(super) struct Why {
    pub(super) evidence: Evidence,
    pub(super) factors: Vec<Factor>,
}

/// Judges the first text of a story, which came with what was just admitted to it.
pub(super) fn judge_first_text(
    admitted: &Admitted,
    boilerplate: &Boilerplate,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let Some(story) = known.stories.get(&admitted.story.id).cloned() else { return };
    let decided = |member: &Member| {
        matches!(member.evidence, Evidence::Forced { .. } | Evidence::Parted { .. })
    };
    let Some(before) = admitted.before.as_deref().filter(|_| story.stands()) else { return };
    let Some((leader, passages)) = leading(&story, rules) else { return };
    let had = leading(before, rules).map_or(0, |(_, passages)| passages.len());
    let is_first = had == 0 || (had < FULL_TEXT && passages.len() >= FULL_TEXT);
    // The same holds where a member whose text is late takes the lead by it.
    let of_leader = before.members.iter().find(|member| {
        member.joined == leader.joined
            && member.entry.source == leader.entry.source
            && member.entry.url == leader.entry.url
    });
    let late = of_leader.is_some_and(|member| {
        let told = Passages::of(&member.entry).map_or(0, |passages| passages.len());
        told < FULL_TEXT && passages.len() >= FULL_TEXT
    });
    if !(is_first || late) || story.members.iter().any(decided) {
        return;
    }
    let mut candidate = candidate_of(leader.entry.clone(), rules, leader.joined);
    candidate.boilerplate = boilerplate.clone();
    // Stories of its copies under other titles would have met in it had it come first.
    let mut at = Some(story.id);
    while let Some(id) = at {
        at = follow(id, &candidate, known, rules, now, done);
    }
}

/// Has a story follow its leading text, the candidate's, into the story that it is most like, or that
/// one into it; the story of both, if the text leads that too.
fn follow(
    id: StoryId,
    candidate: &Candidate,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) -> Option<StoryId> {
    let story = known.stories.get(&id)?.clone();
    let (leader, passages) = leading(&story, rules)?;
    if !is_same(candidate, &leader.entry) {
        return None;
    }
    let Likeness { best, related, .. } = likeness(candidate, known, rules, Some(id));
    let alone = speaks_for_all(&story, leader, &passages);
    let like = best.filter(|best| {
        let other = known.stories.get(&best.story);
        let by_text = matches!(best.evidence, Evidence::SameText { .. });
        let with_text = best.is_certain() && best.factors.iter().any(speaks_for_text);
        (by_text || with_text)
            && alone
            && other.is_some_and(|other| {
                have_room(&story, other) && may_be_one(&story, leader, other, rules)
            })
    });
    let Some(like) = like else {
        let mut shown = Story::clone(&story);
        relate(&mut shown, related);
        if shown != *story {
            let admitted = unkeyed(shown, &story);
            file(&admitted, known);
            done.push(admitted);
        }
        return None;
    };
    let other = known.stories.get(&like.story)?.clone();
    let (stays, goes) = order(&other, &story, rules);
    let evidence = match like.evidence {
        Evidence::SameText { shared, of, .. } if stays == id => {
            Evidence::SameText { shared, of, leader: leader.entry.source.clone() }
        }
        evidence => evidence,
    };
    let because = Why { evidence, factors: like.factors };
    let founded = |moved: &Member| moved.evidence == Evidence::Founded;
    unite(stays, goes, Verdict::Merged, founded, &because, known, rules, now, done);
    Some(stays)
}

/// Whether a finding is that a text has most of another.
fn speaks_for_text(factor: &Factor) -> bool {
    use FactorKind::{SummaryContained, TextContained, TextEqual, TextMostly};
    matches!(factor.kind, TextEqual | TextContained | TextMostly | SummaryContained)
}

/// Whether a text that came late is what the whole story is about: no other member's text tells
/// something else. One source's change of mind does not move the others.
fn speaks_for_all(story: &Story, leader: &Member, passages: &Passages) -> bool {
    let mut others = story.members.iter().filter(|member| !std::ptr::eq(*member, leader));
    others.all(|member| {
        Passages::of(&member.entry).is_none_or(|text| {
            text.len() < FULL_TEXT && text.len() * 2 < passages.len()
                || passages.overlap(&text, &[]).reaches(MOSTLY)
        })
    })
}

/// Whether nothing but its leading text speaks against two stories being one.
fn may_be_one(story: &Story, leader: &Member, other: &Story, rules: &Rules<'_>) -> bool {
    // What speaks against the leader's own entry was weighed with its text.
    let mut others = story.members.iter().filter(|member| !std::ptr::eq(*member, leader));
    others.all(|member| {
        let entry = &member.entry;
        let own = Figures::of(&entry.title);
        other.members.iter().all(|known| {
            known.entry.source != entry.source
                && !matches!(known.evidence, Evidence::Parted { .. })
                && own.contradict(&Figures::of(&known.entry.title)).is_none()
        }) && site_of(entry, other).is_none()
            && !rules.overrides.bar(entry, other)
    })
}

/// Gives the entries of one story to another, to which it forwards from then
/// on. Those for which `moved_by` holds are there `because` of this.
#[allow(clippy::too_many_arguments)] // The store's two stories, why, and what everything here takes.
pub(super) fn unite(
    stays: StoryId,
    goes: StoryId,
    verdict: Verdict,
    moved_by: impl Fn(&Member) -> bool,
    because: &Why,
    known: &mut Lookalikes,
    rules: &Rules<'_>,
    now: Timestamp,
    done: &mut Vec<Admitted>,
) {
    let (Some(into), Some(other)) =
        (known.stories.get(&stays).cloned(), known.stories.get(&goes).cloned())
    else {
        return;
    };
    let mut story = Story::clone(&into);
    story.members.extend(other.members.iter().map(|moved| {
        let (evidence, factors) = match moved_by(moved) {
            true => (because.evidence.clone(), because.factors.clone()),
            false => (moved.evidence.clone(), moved.factors.clone()),
        };
        Member { evidence, factors, ..moved.clone() }
    }));
    // The founder of the story that stays is its first, whatever the dates.
    story.members[1..].sort_by_key(|member| member.joined);
    story.related.retain(|related| related.story != goes);
    story.history.extend(other.history.iter().cloned());
    story.history.sort_by_key(|revision| revision.at);
    story.changed = now;
    follow_the_lead(&mut story, rules, now);
    let lead = story.lead(rules.sources).entry.source.clone();
    bound(&mut story.history, &lead);

    let mut forwarder = Story::clone(&other);
    forwarder.merged_into = Some(stays);
    forwarder.members.truncate(1);
    forwarder.related.clear();
    forwarder.history.clear();
    forwarder.changed = now;
    // By its names it is still found, so that a split revives it; as evidence it is no more.
    let lost = |key: &Key| matches!(key.kind, KeyKind::Title | KeyKind::Passage);
    let dropped = keys_of(&other, rules, now).into_iter().filter(lost).collect();
    admit(forwarder, Some(other), Vec::new(), dropped, verdict, known, done);

    let keys = keys_of(&story, rules, now);
    let keys = keys.into_iter().filter(|key| !stories_with(known, key).contains(&stays)).collect();
    admit(story, Some(into), keys, Vec::new(), verdict, known, done);
}
