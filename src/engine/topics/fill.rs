//! Fills changed topics from the stored stories, a slice at a time.
//!
//! What a slice finds is derived data: it counts from [`Turn::TopicFilled`](super::super::Turn)
//! on, and what a version holds then does not depend on when its slices were matched. So the
//! places of topics without bounds are written as they are found, while the few of a topic with
//! bounds stay in memory until it is known which they are.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use super::former::{self, FormerQueries};
use super::matching::{Change, matches};
use super::versions::{self, FillingVersions, Now};
use super::window::{Candidates, Window};
use super::{EVERYTHING, SLICE, Topics};
use crate::config::Plan;
use crate::engine::archive::{Archive, archive_of};
use crate::engine::topic_fill::FillProgress;
use crate::engine::turn_in_progress::TurnInProgress;
use crate::engine::volume_records::{self, ListedStory};
use crate::engine::{Reader, TopicFillResult, grouped};
use crate::model::{Sources, Story, StoryId, Timestamp, TopicBounds, TopicId, TopicVersion};
use crate::store::{Commit, PlaceChange, StoreError, TopicPlace};

/// How many stories are matched between two lines of the log.
const LOGGED_EVERY: usize = 20_000;

/// The topics that are being filled.
pub(super) struct Fill {
    /// By their place in the plan.
    topics: BTreeMap<usize, Filling>,
    /// The query of an earlier plan by which each is published meanwhile.
    former: BTreeMap<usize, (Arc<FormerQueries>, usize)>,
    /// When stories were revised last, of those that were.
    revised: HashMap<StoryId, Timestamp>,
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
    /// Begins to fill `missing`, if that is anything. Topics are published by the `known` queries of
    /// earlier plans meanwhile, as far as they stand under a version of one of those.
    pub(super) fn begin(
        plan: &Plan,
        live: &[TopicVersion],
        missing: Vec<(usize, TopicVersion)>,
        known: &[Arc<FormerQueries>],
        now: Timestamp,
    ) -> Option<Self> {
        let mut former = BTreeMap::new();
        for (place, _) in &missing {
            let Some(topic) = plan.topics.get(*place) else { continue };
            let before = known
                .iter()
                .find_map(|known| Some((known.clone(), known.place_of(&topic.id, live[*place])?)));
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
            revised: HashMap::new(),
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

    /// The bounds by which a topic is published with the query of an earlier plan.
    pub(super) fn former_bounds(&self, topic: usize) -> Option<TopicBounds> {
        self.former.get(&topic).map(|(former, place)| former.bounds(*place))
    }

    /// The queries of earlier plans by which topics are published.
    pub(super) fn former(&self) -> Vec<Arc<FormerQueries>> {
        let mut all: Vec<Arc<FormerQueries>> = Vec::new();
        for (former, _) in self.former.values() {
            if !all.iter().any(|known| Arc::ptr_eq(known, former)) {
                all.push(former.clone());
            }
        }
        all
    }

    /// The topics that a story is in by the queries of earlier plans, each with its date there.
    pub(super) fn matched_before(
        &self,
        story: &Story,
        sources: &Sources,
    ) -> Vec<(usize, Timestamp)> {
        let mut matched = Vec::new();
        for former in self.former() {
            let found: BTreeMap<usize, Timestamp> = former.matches(story, sources).collect();
            let of_it = self.former.iter().filter(|(_, (of, _))| Arc::ptr_eq(of, &former));
            matched
                .extend(of_it.filter_map(|(topic, (_, place))| Some((*topic, *found.get(place)?))));
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
        if story.revised > story.first_seen {
            self.revised.insert(id, story.revised);
        }
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
    /// Reports how far topics are filled there from now on.
    pub(in crate::engine) fn report_to(&mut self, progress: Arc<FillProgress>) {
        progress.take_over(&self.fill_progress);
        self.fill_progress = progress;
    }

    /// How far what is to follow is filled, for those who report on it.
    pub(in crate::engine) fn fill_progress(&self) -> Arc<FillProgress> {
        self.fill_progress.clone()
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
        let stories = reader.store().stories(fill.after, SLICE)?;
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
        if self.filling() != topics {
            return Ok(Vec::new());
        }
        while self.fill.as_ref().is_some_and(|fill| !fill.complete) {
            let commit = self.fill_slice(work.reader())?;
            work.commit.places.extend(commit.places);
        }
        let Some(fill) = self.fill.take() else { return Ok(Vec::new()) };
        let store = work.reader().store();
        let records = store.engine_records()?;
        let published = versions::published(&records);
        let Fill { topics, revised, matched, .. } = *fill;
        let mut all = Vec::new();
        for (place, Filling { version, candidates, .. }) in topics {
            work.touch(place.min(self.plan.topics.len()));
            work.commit.filled.extend([version, version.archive()]);
            let Some(topic) = self.plan.topics.get(place).cloned() else { continue };
            let site = self.plan.server.site.clone();
            // What is news in the topic since it was first seen is news under its new query, too.
            let is_restored = published.get(&topic.id) == Some(&version);
            let (mut live, mut told) = (HashMap::new(), HashMap::new());
            if is_restored {
                told = volume_records::told_last(&topic.id, store, &site)?;
            } else {
                let stories = archive_of(store, self.live[place])?.into_iter();
                live.extend(stories.map(|(date, story)| (story, date)));
            }
            let last_news =
                |story: StoryId, seen: Timestamp| match (told.get(&story), revised.get(&story)) {
                    // A restored store says nothing of news but that no volume tells the last revision.
                    (Some(ListedStory { date, revised: Some(told), .. }), Some(revised))
                        if revised > told =>
                    {
                        seen.max(*revised).max(date.after(Duration::from_millis(1)))
                    }
                    _ => live.get(&story).map_or(seen, |date| seen.max(*date)),
                };
            let held = candidates.map(|candidates| candidates.into_places(work.horizon));
            let now: BTreeSet<StoryId>;
            let (archive, window) = match &held {
                Some(held) => {
                    let mut dated = Vec::new();
                    for (TopicPlace { date, story }, seen) in held {
                        let news = last_news(*story, *seen);
                        dated.push((news, *story));
                        let at = |topic, date| PlaceChange {
                            topic,
                            story: *story,
                            from: None,
                            to: Some(date),
                        };
                        work.commit.places.push(at(version, *date));
                        work.commit.places.push(at(version.archive(), news));
                    }
                    now = dated.iter().map(|(_, story)| *story).collect();
                    let archive = Archive::of(&topic.id, dated, &records, store, &site)?;
                    (archive, Window::holding(topic.bounds, held.keys().copied()))
                }
                None => {
                    let mut seen = archive_of(store, version)?;
                    // The places that the slices have just found are in the store with this turn.
                    seen.extend(found(&work.commit.places, version.archive()));
                    seen.sort_unstable();
                    seen.dedup();
                    let of = version.archive();
                    for (date, story) in &mut seen {
                        let (from, to) = (*date, last_news(*story, *date));
                        if from != to {
                            let (story, from, to) = (*story, Some(from), Some(to));
                            work.commit.places.push(PlaceChange { topic: of, story, from, to });
                        }
                        *date = to;
                    }
                    now = seen.iter().map(|(_, story)| *story).collect();
                    (Archive::of(&topic.id, seen, &records, store, &site)?, None)
                }
            };
            if published.get(&topic.id).is_some_and(|before| *before != version) {
                all.push(TopicFillResult {
                    topic: topic.id.clone(),
                    matched,
                    added: now.iter().filter(|story| !live.contains_key(*story)).count(),
                    lost: live.keys().filter(|story| !now.contains(*story)).count(),
                });
            }
            (self.live[place], self.archives[place], self.windows[place]) =
                (version, archive, window);
            self.note_backfill(place);
        }
        let now = Now { plan: &self.plan, live: &self.live, filling: None };
        versions::record(now, &records, store, work)?;
        former::record(&self.plan, &[], &records, work);
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
