//! Fills changed topics from the stored stories, a slice at a time.
//!
//! What a slice finds is derived data: it counts from [`Turn::TopicFilled`](super::super::Turn)
//! on, and what a version holds then does not depend on when its slices were matched. So the
//! places of topics without bounds are written as they are found, while the few of a topic with
//! bounds stay in memory until it is known which they are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::matching::{Change, matches};
use super::versions::{self, Filling as FillingVersions, Now};
use super::window::{Candidates, Window};
use super::{EVERYTHING, SLICE, Topics};
use crate::config::Plan;
use crate::engine::archive::Archive;
use crate::engine::turn_in_progress::TurnInProgress;
use crate::engine::{Reader, TopicFillResult, grouped};
use crate::model::{Story, StoryId, Timestamp, TopicId, TopicVersion};
use crate::store::{Commit, PlaceChange, StoreError, TopicPlace};

/// How many stories are matched between two lines of the log.
const LOGGED_EVERY: usize = 20_000;

/// The topics that are being filled.
pub(super) struct Fill {
    /// By their place in the plan.
    topics: BTreeMap<usize, Filling>,
    /// Where each was in an earlier plan, by whose query it is published meanwhile.
    former: BTreeMap<usize, (Arc<Plan>, usize)>,
    after: Option<(Timestamp, StoryId)>,
    matched: usize,
    complete: bool,
}

struct Filling {
    version: TopicVersion,
    /// The stories found so far, where the topic has bounds.
    candidates: Option<Candidates>,
    /// Whether it is a topic of the plan: the feed of all stories has no archive.
    has_archive: bool,
}

impl Fill {
    /// Begins to fill `missing`, if that is anything. Topics are published by the queries of the
    /// `known` plans meanwhile, as far as they stand under a version of one of those.
    pub(super) fn begin(
        plan: &Plan,
        live: &[TopicVersion],
        missing: Vec<(usize, TopicVersion)>,
        known: &[Arc<Plan>],
        now: Timestamp,
    ) -> Option<Self> {
        let mut former = BTreeMap::new();
        for (place, _) in &missing {
            let Some(topic) = plan.topics.get(*place) else { continue };
            let before = known.iter().find_map(|known| {
                let before = known.topics.iter().position(|before| before.id == topic.id)?;
                (known.topic_version(before) == live[*place]).then(|| (known.clone(), before))
            });
            former.extend(before.map(|before| (*place, before)));
        }
        let filling = |(place, version): (usize, TopicVersion)| {
            let bounds = plan.topics.get(place).map(|topic| topic.bounds).unwrap_or_default();
            let has_archive = place < plan.topics.len();
            (place, Filling { version, candidates: Candidates::of(bounds, now), has_archive })
        };
        let topics: BTreeMap<_, _> = missing.into_iter().map(filling).collect();
        (!topics.is_empty()).then_some(Self {
            topics,
            former,
            after: None,
            matched: 0,
            complete: false,
        })
    }

    /// The places in the plan of the topics that are being filled.
    pub(super) fn topics(&self) -> impl Iterator<Item = usize> {
        self.topics.keys().copied()
    }

    /// Everything that is being filled.
    pub(super) fn versions(&self) -> impl Iterator<Item = TopicVersion> {
        self.topics.values().map(|filling| filling.version)
    }

    /// The versions, for the records of them.
    pub(super) fn filling_versions(&self) -> FillingVersions {
        let without_former = self.topics().filter(|topic| !self.has_former(*topic));
        FillingVersions {
            versions: self.versions().collect(),
            without_former: without_former.collect(),
        }
    }

    pub(super) fn has(&self, topic: usize) -> bool {
        self.topics.contains_key(&topic)
    }

    pub(super) fn lacks(&self, version: TopicVersion) -> bool {
        self.versions().any(|filling| filling == version)
    }

    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether a topic is published by the query of an earlier plan.
    pub(super) fn has_former(&self, topic: usize) -> bool {
        self.former.contains_key(&topic)
    }

    /// The plans by whose queries topics are published.
    pub(super) fn former_plans(&self) -> Vec<Arc<Plan>> {
        self.former.values().map(|(plan, _)| plan.clone()).collect()
    }

    /// The topics that a story is in by the queries of earlier plans, each with its date there.
    pub(super) fn matched_before(&self, story: &Story) -> Vec<(usize, Timestamp)> {
        let mut matched = Vec::new();
        let mut at_hand: Option<(&Arc<Plan>, Vec<usize>)> = None;
        for (topic, (plan, before)) in &self.former {
            let found = match &at_hand {
                Some((known, found)) if Arc::ptr_eq(known, plan) => found,
                _ => &at_hand.insert((plan, matches(plan, story))).1,
            };
            if found.contains(before) {
                matched.push((*topic, plan.topics[*before].date_of(story)));
            }
        }
        matched
    }

    /// Takes in a story's change of place under the version that is being filled.
    pub(super) fn shift(
        &mut self,
        topic: usize,
        story: &Story,
        (from, to): Change,
        places: &mut Vec<PlaceChange>,
    ) {
        let Some(filling) = self.topics.get_mut(&topic) else { return };
        let id = story.id;
        if let Some(candidates) = &mut filling.candidates {
            candidates.shift(id, (from, to), story.first_seen);
            return;
        }
        let of = filling.version;
        places.push(PlaceChange { topic: of, story: id, from, to });
        if filling.has_archive && from.is_some() != to.is_some() {
            let seen = |date: Option<Timestamp>| date.map(|_| story.first_seen);
            let (from, to) = (seen(from), seen(to));
            places.push(PlaceChange { topic: of.archive(), story: id, from, to });
        }
    }
}

impl Topics {
    /// The plans by whose queries topics are published until they are filled.
    pub(in crate::engine) fn former_plans(&self) -> Vec<Arc<Plan>> {
        let mut plans = self.fill.as_ref().map_or(Vec::new(), |fill| fill.former_plans());
        plans.dedup_by(|one, other| Arc::ptr_eq(one, other));
        plans
    }

    /// The topics being filled, each with its version.
    pub(in crate::engine) fn filling(&self) -> Vec<(TopicId, TopicVersion)> {
        let fill = self.fill.iter().flat_map(|fill| &fill.topics);
        let named = |(place, filling): (&usize, &Filling)| {
            let topic = self.plan.topics.get(*place);
            (topic.map_or_else(stories_feed, |topic| topic.id.clone()), filling.version)
        };
        fill.map(named).collect()
    }

    /// Matches the next slice of the stored stories.
    pub(in crate::engine) fn fill_slice(
        &mut self,
        reader: &Reader<'_>,
    ) -> Result<Commit, StoreError> {
        let mut commit = Commit::default();
        let Some(mut fill) = self.fill.take_if(|fill| !fill.complete) else { return Ok(commit) };
        let stories = reader.stories(fill.after, SLICE)?;
        for story in stories.iter().filter(|story| story.stands()) {
            for topic in matches(&self.plan, story) {
                if fill.has(topic) {
                    let date = self.date(topic, story);
                    fill.shift(topic, story, (None, Some(date)), &mut commit.places);
                }
            }
        }
        let before = fill.matched / LOGGED_EVERY;
        fill.matched += stories.len();
        self.fill_progress.reach(fill.matched);
        if fill.matched / LOGGED_EVERY > before {
            let matched = fill.matched;
            tracing::info!(
                event = "topics_filling",
                matched,
                "changed topics are being filled: {} stories matched so far",
                grouped(matched)
            );
        }
        fill.after = stories.last().map(|story| (story.first_seen, story.id)).or(fill.after);
        if stories.len() < SLICE {
            let again = fill.topics.values_mut().filter_map(|one| one.candidates.as_mut());
            // A story left that others had made room for: only another pass finds them again.
            let again = again.filter_map(|candidates| candidates.begin_again().then_some(()));
            let again = again.count() > 0;
            fill.complete = !again;
            if again {
                (fill.after, fill.matched) = (None, 0);
            }
        }
        self.fill = Some(fill);
        Ok(commit)
    }

    /// Fills every topic at once, of a store that was restored: its places are derived data, and
    /// no turn belongs to them.
    pub(in crate::engine) fn refill(
        &mut self,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let topics = self.filling();
        self.publish_filled(&topics, work).map(drop)
    }

    /// Publishes what is filled under its new version. Matches first what is not matched yet, so
    /// that the turn means the same wherever it is applied. Returns what that has changed.
    pub(in crate::engine) fn publish_filled(
        &mut self,
        topics: &[(TopicId, TopicVersion)],
        work: &mut TurnInProgress<'_>,
    ) -> Result<Vec<TopicFillResult>, StoreError> {
        while self.fill.as_ref().is_some_and(|fill| !fill.complete) {
            let commit = self.fill_slice(work.reader())?;
            work.commit.places.extend(commit.places);
        }
        let is_same = self.filling() == topics;
        let Some(fill) = self.fill.take_if(|_| is_same) else { return Ok(Vec::new()) };
        let store = work.reader().store();
        let records = store.engine_records()?;
        let published = versions::published(&records);
        let Fill { topics, matched, .. } = *fill;
        let mut all = Vec::new();
        for (place, Filling { version, candidates, .. }) in topics {
            work.touch(place.min(self.plan.topics.len()));
            work.commit.filled.extend([version, version.archive()]);
            let Some(topic) = self.plan.topics.get(place).cloned() else { continue };
            let site = self.plan.server.site.clone();
            let held = candidates.map(|candidates| candidates.into_places(work.horizon));
            let (archive, window) = match &held {
                Some(held) => {
                    let seen = held.iter().map(|(place, seen)| (*seen, place.story)).collect();
                    for (TopicPlace { date, story }, seen) in held {
                        let at = |topic, date| PlaceChange {
                            topic,
                            story: *story,
                            from: None,
                            to: Some(date),
                        };
                        work.commit.places.push(at(version, *date));
                        work.commit.places.push(at(version.archive(), *seen));
                    }
                    let archive = Archive::of(&topic.id, seen, store, &site)?;
                    (archive, Window::holding(topic.bounds, held.keys().copied()))
                }
                None => {
                    let mut seen = crate::engine::archive_of(store, version)?;
                    // The places that the slices have just found are in the store with this turn.
                    seen.extend(found(&work.commit.places, version.archive()));
                    seen.sort_unstable();
                    seen.dedup();
                    (Archive::of(&topic.id, seen, store, &site)?, None)
                }
            };
            if published.get(&topic.id).is_some_and(|before| *before != version) {
                let before: BTreeSet<StoryId> = self.archives[place].stories().collect();
                let now: BTreeSet<StoryId> = archive.stories().collect();
                all.push(TopicFillResult {
                    topic: topic.id.clone(),
                    matched,
                    added: now.difference(&before).count(),
                    lost: before.difference(&now).count(),
                });
            }
            (self.live[place], self.archives[place], self.windows[place]) =
                (version, archive, window);
        }
        let now = Now { plan: &self.plan, live: &self.live, filling: None };
        versions::record(now, &records, store, work)?;
        self.fill_progress.end();
        Ok(all)
    }
}

/// The places that a commit adds to a version.
fn found(
    places: &[PlaceChange],
    version: TopicVersion,
) -> impl Iterator<Item = (Timestamp, StoryId)> {
    let of_it = places.iter().filter(move |change| change.topic == version);
    of_it.filter_map(|change| Some((change.to?, change.story)))
}

/// The name of the feed of all stories among the topics being filled.
fn stories_feed() -> TopicId {
    debug_assert_eq!(EVERYTHING, TopicVersion(0));
    TopicId::new("")
}
