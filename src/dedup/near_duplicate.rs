//! Finds the stories that an entry may be about, and which of them it is about.

use std::collections::{BTreeMap, HashMap};

use super::compare::{compare, leading};
use super::comparison::{Comparison, date_of};
use super::diff_names::ACCOUNT;
use super::digest::may_be_one_text;
use super::entry_keys::{Candidate, candidate_of};
use super::rules::Rules;
use super::shingles::Passages;
use super::story_index::{MOST_COMMON, stories_with};
use super::text_match::{FEWEST_SHARED, FULL_TEXT, MOSTLY};
use super::weights::{MERGED, RELATED};
use crate::model::{
    Entry, Evidence, Factor, FactorKind, Forbidden, Lookalikes, Member, Related, Role, Story,
    StoryId, Timestamp,
};

/// Stories compared with an entry, those with the most shingles in common.
const MOST_COMPARED: usize = 12;

/// The same of those that share a title.
const MOST_TITLED: usize = 8;

/// Hundredths of a shorter text from which on two stories are shown side by side.
const SHOWN: u32 = 30;

/// Where an entry belongs.
#[derive(Debug, Default)]
pub(super) struct Likeness {
    /// The story that it is about, and why.
    pub(super) best: Option<Join>,
    /// Further stories that are parts of what this entry says in full.
    pub(super) parts: Vec<Join>,
    /// Stories that it resembles.
    pub(super) related: Vec<Related>,
}

/// A story that an entry joins, and what was weighed.
#[derive(Debug, Clone)]
pub(super) struct Join {
    pub(super) story: StoryId,
    pub(super) evidence: Evidence,
    pub(super) factors: Vec<Factor>,
}

impl Join {
    /// Whether it is so near to certain that stories may be merged for it.
    pub(super) fn is_certain(&self) -> bool {
        self.total() >= MERGED
    }

    /// The sum of the evidence, in tenths of a bit.
    pub(super) fn total(&self) -> i32 {
        Factor::sum(&self.factors)
    }
}

/// Compares an entry with every story that shares a key with it, `besides` one that has it already.
pub(super) fn likeness(
    candidate: &Candidate,
    known: &Lookalikes,
    rules: &Rules<'_>,
    besides: Option<StoryId>,
) -> Likeness {
    let by_shingle = by_shingle(candidate, known);
    let common = match &candidate.passages {
        Some(passages) if !by_shingle.is_empty() => common(candidate, passages, known, besides),
        _ => candidate.boilerplate.to_vec(),
    };
    let mut comparisons: Vec<Comparison<'_>> = stories_like(candidate, &by_shingle, &common, known)
        .into_iter()
        .filter(|story| Some(story.id) != besides && story.stands())
        .map(|story| compare(candidate, &common, (story, besides), known, rules))
        .collect();
    let holds_parts = mark_lists(candidate, &mut comparisons, rules);
    comparisons.sort_by(|one, other| {
        let next = |of: &Comparison<'_>| (of.apart, of.story.first_seen, of.story.id);
        other.total().cmp(&one.total()).then_with(|| next(one).cmp(&next(other)))
    });
    let mut likeness = Likeness::default();
    for comparison in comparisons {
        let join = || Join {
            story: comparison.story.id,
            evidence: comparison.evidence.clone(),
            factors: comparison.factors.clone(),
        };
        if comparison.joins() && likeness.best.is_none() {
            likeness.best = Some(join());
            continue;
        }
        if holds_parts && comparison.joins() && is_part(&comparison) {
            likeness.parts.push(join());
            continue;
        }
        likeness.related.extend(related(comparison));
    }
    likeness
}

/// A story that an entry resembles and does not join, for showing.
fn related(comparison: Comparison<'_>) -> Option<Related> {
    let overlap = comparison.overlap;
    let shares = overlap.is_some_and(|overlap| overlap.shared > 0 && overlap.reaches(SHOWN));
    let titled = comparison.factors.iter().any(|factor| {
        use FactorKind::{TitleEqual, TitleNear, TitleWithPublisher};
        matches!(factor.kind, TitleEqual | TitleNear | TitleWithPublisher)
    });
    if !(shares || titled && comparison.total() >= RELATED) {
        return None;
    }
    let (shared, of) = overlap.map_or((0, 0), |overlap| (overlap.shared, overlap.of));
    let enough = overlap.is_some_and(|overlap| overlap.reaches(MOSTLY)) || titled;
    let forbidden =
        comparison.against.clone().or_else(|| comparison.joins().then_some(Forbidden::Better));
    Some(Related {
        story: comparison.story.id,
        shared,
        of,
        forbidden: forbidden.filter(|_| enough),
        factors: comparison.factors,
    })
}

/// The stories that this one resembles, both ways, with what was weighed: for showing. `known`
/// must hold what is found under [`keys_of_entries`](super::keys_of_entries) of the story.
pub fn near(story: &Story, known: &Lookalikes, rules: &Rules<'_>, now: Timestamp) -> Vec<Related> {
    let leader =
        leading(story, rules).map_or_else(|| story.lead(rules.sources), |(leader, _)| leader);
    let candidate = candidate_of(leader.entry.clone(), rules, now.min(leader.joined));
    let Likeness { best, parts, mut related } = likeness(&candidate, known, rules, Some(story.id));
    let joins = best.into_iter().chain(parts).map(|join| {
        let (shared, of) = match join.evidence {
            Evidence::SameText { shared, of, .. } => (shared, of),
            _ => (0, 0),
        };
        let forbidden = Some(Forbidden::Better);
        Related { story: join.story, shared, of, forbidden, factors: join.factors }
    });
    let mut near: Vec<Related> = joins.collect();
    near.append(&mut related);
    near
}

/// The stories to compare an entry with: those at its page, those with its title, and those that
/// share the most shingles.
fn stories_like<'a>(
    candidate: &Candidate,
    by_shingle: &[(u64, [&[StoryId]; 2])],
    common: &[u64],
    known: &'a Lookalikes,
) -> Vec<&'a Story> {
    let mut found: BTreeMap<StoryId, &Story> = BTreeMap::new();
    let mut add = |id: &StoryId| {
        if let Some(story) = known.stories.get(id) {
            found.insert(*id, story);
        }
    };
    let pages = [candidate.address_key(), candidate.page_key(), candidate.content_key()];
    pages.iter().flatten().flat_map(|key| stories_with(known, key)).for_each(&mut add);
    for key in candidate.title_keys() {
        stories_with(known, key).iter().rev().take(MOST_TITLED).for_each(&mut add);
    }
    for story in most_alike(by_shingle, common, known) {
        found.insert(story.id, story);
    }
    found.into_values().collect()
}

/// Shingles of the entry that are no evidence: its document's boilerplate,
/// those of many stories, and the text between them.
fn common(
    candidate: &Candidate,
    passages: &Passages,
    known: &Lookalikes,
    besides: Option<StoryId>,
) -> Vec<u64> {
    let boilerplate = &candidate.boilerplate;
    let mut common = passages.around(boilerplate, |passage| {
        // A story that was led on both sides of the turn of a span has keys in both.
        let [early, late] = candidate.passage_keys(passage).map(|key| stories_with(known, &key));
        let late = late.iter().filter(|id| !early.contains(id));
        early.iter().chain(late).filter(|id| Some(**id) != besides).count() > MOST_COMMON
    });
    if !boilerplate.is_empty() {
        common.extend_from_slice(boilerplate);
        common.sort_unstable();
        common.dedup();
    }
    common
}

/// The shingles of the entry that are keys of stories, and of which.
fn by_shingle<'a>(candidate: &Candidate, known: &'a Lookalikes) -> Vec<(u64, [&'a [StoryId]; 2])> {
    let hashes = candidate.passage_hashes().iter();
    let stories_of = |passage| candidate.passage_keys(passage).map(|key| stories_with(known, &key));
    let by_shingle = hashes.map(|passage| (*passage, stories_of(*passage)));
    by_shingle.filter(|(_, ids)| ids.iter().any(|ids| !ids.is_empty())).collect()
}

/// The stories that share the most keys with the entry.
fn most_alike<'a>(
    by_shingle: &[(u64, [&[StoryId]; 2])],
    common: &[u64],
    known: &'a Lookalikes,
) -> Vec<&'a Story> {
    let mut shared: HashMap<StoryId, usize> = HashMap::new();
    for (passage, ids) in by_shingle {
        if common.binary_search(passage).is_ok() {
            continue;
        }
        for id in ids.iter().copied().flatten() {
            *shared.entry(*id).or_default() += 1;
        }
    }
    let mut alike: Vec<(usize, &Story)> = shared
        .into_iter()
        .filter_map(|(id, count)| Some((count, &**known.stories.get(&id)?)))
        .filter(|(_, story)| story.stands())
        .collect();
    alike.sort_by_key(|(count, story)| (std::cmp::Reverse(*count), story.first_seen, story.id));
    alike.truncate(MOST_COMPARED);
    alike.into_iter().map(|(_, story)| story).collect()
}

/// Marks comparisons with a text that holds several announcements. Returns whether the entry is
/// instead the original whose parts came first.
fn mark_lists(
    candidate: &Candidate,
    comparisons: &mut [Comparison<'_>],
    rules: &Rules<'_>,
) -> bool {
    let Some(passages) = &candidate.passages else { return false };
    let held = held_texts(comparisons);
    let holds_strangers = holds_strangers(&held);
    let is_original = holds_strangers
        && is_original_of_all(candidate, comparisons, rules)
        && may_be_one_text(&candidate.entry, held.iter().copied());
    for comparison in comparisons {
        let is_held = comparison
            .overlap
            .is_some_and(|overlap| overlap.reaches(MOSTLY) && overlap.shared >= FEWEST_SHARED);
        if is_held && (holds_strangers && !is_original || tells_another(comparison, passages)) {
            comparison.oppose(FactorKind::Lists, Forbidden::Listing);
        }
    }
    is_original || !holds_strangers
}

/// The leading texts of stories that the entry's text, the longer one, holds.
fn held_texts<'a>(comparisons: &'a [Comparison<'_>]) -> Vec<(&'a Entry, &'a Passages)> {
    let is_held = |comparison: &&Comparison<'_>| {
        comparison.overlap.is_some_and(|overlap| {
            overlap.reaches(MOSTLY) && overlap.shared >= FEWEST_SHARED && overlap.first_is_longer
        })
    };
    let leading = comparisons.iter().filter(is_held).filter_map(|held| held.leading.as_ref());
    leading.map(|(leader, passages)| (&*leader.entry, passages)).collect()
}

/// Whether two of these texts have nothing to do with each other: a page that lists announcements is
/// none of them.
fn holds_strangers(held: &[(&Entry, &Passages)]) -> bool {
    let strangers =
        |one: &Passages, other: &Passages| one.overlap(other, &[]).shared < FEWEST_SHARED;
    held.iter()
        .enumerate()
        .any(|(place, (_, one))| held[place + 1..].iter().any(|(_, other)| strangers(one, other)))
}

/// Whether an entry can be no list of what the other stories say: its source speaks for itself,
/// theirs only carry what others publish, and it is dated before all of them.
fn is_original_of_all(
    candidate: &Candidate,
    comparisons: &[Comparison<'_>],
    rules: &Rules<'_>,
) -> bool {
    let role = |member: &Member| {
        let source = rules.sources.get(&member.entry.source);
        source.map_or(Role::Syndicator, |source| source.role)
    };
    let own = rules.sources.get(&candidate.entry.source).map(|source| source.role);
    own == Some(Role::Department)
        && candidate.entry.original.is_none()
        && candidate.entry.dated().is_some()
        && comparisons.iter().filter(|comparison| comparison.joins()).all(|comparison| {
            comparison.story.members.iter().all(|member| {
                role(member) == Role::Syndicator
                    && member.entry.dated().is_some()
                    && date_of(member) >= candidate.date
            })
        })
}

/// Whether a story is a part of the entry's text or the whole of it, so that the two are one
/// almost certainly.
fn is_part(comparison: &Comparison<'_>) -> bool {
    comparison.total() >= MERGED
        && comparison.against.is_none()
        && comparison.overlap.is_some_and(|overlap| overlap.reaches(MOSTLY))
}

/// Whether a story's leading text, much longer than the entry's, holds the text of a copy, too, that has
/// nothing in common with the entry's: then it lists announcements, though nobody could tell before.
fn tells_another(comparison: &Comparison<'_>, passages: &Passages) -> bool {
    let (Some((leader, _)), Some(overlap)) = (&comparison.leading, comparison.overlap) else {
        return false;
    };
    if overlap.first_is_longer
        || overlap.of_longer * 2 < overlap.of * 3
        || overlap.of_longer < overlap.of + ACCOUNT
    {
        return false;
    }
    let copies = comparison.story.members.iter().filter(|member| !std::ptr::eq(*member, *leader));
    copies
        .filter_map(|member| Passages::of(&member.entry))
        .any(|copy| copy.len() >= FULL_TEXT && copy.overlap(passages, &[]).shared < FEWEST_SHARED)
}
