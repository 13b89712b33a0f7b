//! Stories in; their places in topics and archives, and what each feed holds, out.
//!
//! Places are derived: they count only under the fingerprint of the query
//! they were found by, so a changed query is filled anew from the stored stories.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Plan;
use crate::model::{Admitted, Fingerprint, Stamp, Story, StoryId, Timestamp};
use crate::publish::Volume;
use crate::store::{Commit, Place, PlaceChange, Store, StoreError};
use crate::topics::Subject;

use super::archive::{self, Archive, archive_of};

/// The topic that every story is in: `/stories.atom`.
const EVERYTHING: Fingerprint = Fingerprint(0);

/// How many stories its feed holds.
const OF_EVERYTHING: usize = 100;

/// Stories or places read from the store at a time.
const SLICE: usize = 500;

/// Where stories stand under one plan. A topic is named by its place in the
/// plan; the number after the last is the feed of everything.
pub(super) struct Filing {
    plan: Arc<Plan>,
    /// Each topic as its query stands, and after them [`EVERYTHING`].
    fingerprints: Vec<Fingerprint>,
    /// Each topic's archive; the feed of everything has none.
    archives: Vec<Archive>,
}

impl Filing {
    /// The filing under a plan. Topics that the store has not seen are filled
    /// from its stories; those that are no more are dropped.
    pub(super) async fn open(plan: Arc<Plan>, store: &Arc<dyn Store>) -> Result<Self, StoreError> {
        let topics = 0..plan.topics.len();
        let mut fingerprints: Vec<Fingerprint> =
            topics.map(|topic| plan.fingerprint(topic)).collect();
        fingerprints.push(EVERYTHING);
        let mut filing = Self { plan, fingerprints, archives: Vec::new() };
        let names = tokio::task::block_in_place(|| names(&**store))?;
        let changed = tokio::task::block_in_place(|| filing.changed(&names, &**store))?;
        let matched = filing.fill(store).await?;
        filing.open_archives(store).await?;
        filing.tell_changes(&changed, matched);
        filing.name(names, store).await?;
        Ok(filing)
    }

    async fn open_archives(&mut self, store: &Arc<dyn Store>) -> Result<(), StoreError> {
        let (plan, mut stale) = (self.plan.clone(), Vec::new());
        self.archives = tokio::task::block_in_place(|| {
            let topics = plan.topics.iter().zip(&self.fingerprints);
            let archives = topics.map(|(topic, fingerprint)| {
                Archive::open(&topic.id, *fingerprint, &**store, &plan.server.site, &mut stale)
            });
            archives.collect::<Result<_, _>>()
        })?;
        let is_topic = |id: &str| plan.topics.iter().any(|topic| topic.id.as_str() == id);
        archive::clear(is_topic, stale, &**store).await
    }

    /// The topics that are published already and whose query has changed, by
    /// their places, with the stories they have had.
    fn changed(
        &self,
        names: &BTreeMap<String, Fingerprint>,
        store: &dyn Store,
    ) -> Result<BTreeMap<usize, BTreeSet<StoryId>>, StoreError> {
        let mut changed = BTreeMap::new();
        for (place, topic) in self.plan.topics.iter().enumerate() {
            if let Some(before) = names.get(topic.id.as_str())
                && *before != self.fingerprints[place]
            {
                let stories = archive_of(store, *before)?;
                changed.insert(place, stories.into_iter().map(|(_, story)| story).collect());
            }
        }
        Ok(changed)
    }

    fn tell_changes(&self, changed: &BTreeMap<usize, BTreeSet<StoryId>>, matched: usize) {
        for (place, before) in changed {
            let topic = &self.plan.topics[*place].id;
            let now: BTreeSet<StoryId> = self.archives[*place].stories().collect();
            let (added, lost) = (now.difference(before).count(), before.difference(&now).count());
            tracing::info!(
                event = "topic_changed", %topic, matched, added, lost,
                "topic {topic}: query changed, {matched} stories matched again, +{added} −{lost}"
            );
        }
    }

    /// Keeps what each topic's places stand under, so that a later run, and a
    /// check of a changed configuration, can tell what a change has changed.
    async fn name(
        &self,
        names: BTreeMap<String, Fingerprint>,
        store: &Arc<dyn Store>,
    ) -> Result<(), StoreError> {
        let topics = self.plan.topics.iter().zip(&self.fingerprints);
        let now: BTreeMap<String, Fingerprint> =
            topics.map(|(topic, fingerprint)| (topic.id.to_string(), *fingerprint)).collect();
        if now == names {
            return Ok(());
        }
        // It is no document: nothing but the fingerprint is to be told of it.
        let stamp =
            |fingerprint: &Fingerprint| Stamp { hash: fingerprint.0, modified: Timestamp::EPOCH };
        let gone = names.keys().filter(|name| !now.contains_key(*name));
        let commit = Commit {
            stamps: now.iter().map(|(name, topic)| (stamp_path(name), stamp(topic))).collect(),
            unstamped: gone.map(|name| stamp_path(name)).collect(),
            ..Commit::default()
        };
        store.commit(commit).await
    }

    /// Every feed: the topics, and the one of everything.
    pub(super) fn all(&self) -> BTreeSet<usize> {
        (0..self.fingerprints.len()).collect()
    }

    /// Says how many stories were matched for it.
    async fn fill(&self, store: &Arc<dyn Store>) -> Result<usize, StoreError> {
        let filled: BTreeSet<Fingerprint> =
            tokio::task::block_in_place(|| store.filled())?.into_iter().collect();
        let wanted: BTreeSet<Fingerprint> =
            self.fingerprints.iter().flat_map(|topic| [*topic, topic.archive()]).collect();
        let missing: BTreeSet<Fingerprint> = wanted.difference(&filled).copied().collect();
        let dropped: Vec<Fingerprint> = filled.difference(&wanted).copied().collect();
        if missing.is_empty() && dropped.is_empty() {
            return Ok(0);
        }
        // What an earlier run began to fill and did not finish is begun anew.
        let dropped = dropped.into_iter().chain(missing.iter().copied()).collect();
        store.commit(Commit { dropped, ..Commit::default() }).await?;
        let (mut after, mut matched) = (None, 0);
        while !missing.is_empty() {
            let stories = tokio::task::block_in_place(|| store.stories(after, SLICE))?;
            let Some(last) = stories.last() else { break };
            after = Some((last.first_seen, last.id));
            matched += stories.len();
            let mut places: Vec<PlaceChange> =
                stories.iter().flat_map(|story| self.first_places(story)).collect();
            places.retain(|place| missing.contains(&place.topic));
            store.commit(Commit { places, ..Commit::default() }).await?;
        }
        let filled = missing.into_iter().collect();
        store.commit(Commit { filled, ..Commit::default() }).await?;
        Ok(matched)
    }

    /// Moves a story to where it belongs now. Returns its changes of place;
    /// adds the feeds that show them to `touched`.
    pub(super) fn file(
        &mut self,
        admitted: &Admitted,
        touched: &mut BTreeSet<usize>,
    ) -> Vec<PlaceChange> {
        let (before, story) = (admitted.before.as_deref(), &admitted.story);
        let is_taken_back =
            before.is_some_and(|before| before.withdrawn.is_some() != story.withdrawn.is_some());
        let mut places = Vec::new();
        for (topic, (from, to)) in self.moves(before, story) {
            touched.insert(topic);
            let fingerprint = self.fingerprints[topic];
            places.push(PlaceChange { topic: fingerprint, story: story.id, from, to });
            let archived = match (self.archives.get_mut(topic), from, to) {
                (Some(archive), _, None) => archive.remove(story.id).map(|date| (Some(date), None)),
                // As readers see it, nothing happened.
                (Some(_), Some(from), Some(to)) if from == to && !is_taken_back => None,
                (Some(archive), ..) => {
                    let filed = archive.file(story.id, story.changed);
                    filed.map(|(from, to)| (from, Some(to)))
                }
                (None, ..) => {
                    let seen = |date: Option<Timestamp>| date.map(|_| story.first_seen);
                    (from.is_some() != to.is_some()).then(|| (seen(from), seen(to)))
                }
            };
            if let Some((from, to)) = archived {
                let topic = fingerprint.archive();
                places.push(PlaceChange { topic, story: story.id, from, to });
            }
        }
        places
    }

    /// Takes a story out of every feed and archive.
    pub(super) fn remove(
        &mut self,
        story: &Story,
        touched: &mut BTreeSet<usize>,
    ) -> Vec<PlaceChange> {
        let mut places = Vec::new();
        for (topic, date) in self.topics_of(story) {
            touched.insert(topic);
            let fingerprint = self.fingerprints[topic];
            let gone =
                |topic, date| PlaceChange { topic, story: story.id, from: Some(date), to: None };
            places.push(gone(fingerprint, date));
            let filed = match self.archives.get_mut(topic) {
                Some(archive) => archive.remove(story.id),
                None => Some(story.first_seen),
            };
            places.extend(filed.map(|date| gone(fingerprint.archive(), date)));
        }
        places
    }

    /// The places of a story in topics that do not know it.
    fn first_places(&self, story: &Story) -> Vec<PlaceChange> {
        let place =
            |topic, date| PlaceChange { topic, story: story.id, from: None, to: Some(date) };
        let topics = self.topics_of(story).into_iter();
        let places = topics.flat_map(|(topic, date)| {
            let topic = self.fingerprints[topic];
            [place(topic, date), place(topic.archive(), story.first_seen)]
        });
        places.collect()
    }

    /// The feeds a story was in or is in now, with the date that each orders it by.
    fn moves(
        &self,
        before: Option<&Story>,
        story: &Story,
    ) -> BTreeMap<usize, (Option<Timestamp>, Option<Timestamp>)> {
        let mut moves: BTreeMap<usize, (Option<Timestamp>, Option<Timestamp>)> = BTreeMap::new();
        for (topic, date) in before.map(|before| self.topics_of(before)).unwrap_or_default() {
            moves.entry(topic).or_default().0 = Some(date);
        }
        for (topic, date) in self.topics_of(story) {
            moves.entry(topic).or_default().1 = Some(date);
        }
        moves
    }

    /// The feeds a story is in, with the date that each orders it by. A story
    /// that was merged into another is in none.
    fn topics_of(&self, story: &Story) -> Vec<(usize, Timestamp)> {
        if !story.stands() {
            return Vec::new();
        }
        let subject = Subject::of(story, &self.plan.sources, &self.plan.language);
        let topics = self.plan.queries.matches(&subject);
        let everything = self.plan.topics.len();
        topics
            .into_iter()
            .chain([everything])
            .map(|topic| (topic, self.date(topic, story)))
            .collect()
    }

    /// The date by which a feed orders a story.
    pub(super) fn date(&self, topic: usize, story: &Story) -> Timestamp {
        match self.plan.topics.get(topic) {
            Some(topic) => topic.date_of(story),
            None => story.updated,
        }
    }

    /// The stories that a feed holds: the newest, and those whose last news
    /// no volume of its archive tells.
    pub(super) fn on_feed(
        &self,
        topic: usize,
        store: &dyn Store,
    ) -> Result<BTreeSet<StoryId>, StoreError> {
        let limit =
            self.plan.topics.get(topic).map_or_else(|| self.looked_at(), |topic| topic.entries);
        let newest = store.places(self.fingerprints[topic], None, limit)?;
        let untold = self.archives.get(topic).into_iter().flat_map(Archive::untold);
        Ok(newest.into_iter().map(|place| place.story).chain(untold).collect())
    }

    /// How many stories to look at for the feed of everything. Some may be
    /// hidden, and of the newest four hundred a hundred are left.
    fn looked_at(&self) -> usize {
        let hides = self.plan.topics.iter().any(|topic| topic.private);
        if hides { 4 * OF_EVERYTHING } else { OF_EVERYTHING }
    }

    /// Leaves out of the feed of everything the stories that private topics alone hold.
    pub(super) fn show_everybody(&self, stories: &mut Vec<Arc<Story>>) {
        stories.retain(|story| {
            let archives = self.archives.iter().enumerate();
            let holds = archives.filter(|(_, archive)| archive.holds(story.id));
            !self.plan.hides(&holds.map(|(topic, _)| topic).collect::<Vec<_>>())
        });
        stories.truncate(OF_EVERYTHING);
    }

    /// The last volume of a topic's archive, which its feed leads to.
    pub(super) fn last_volume(&self, topic: usize) -> Option<Volume> {
        self.archives.get(topic)?.last()
    }

    /// A topic's archive, to close volumes of.
    pub(super) fn archive(&mut self, topic: usize) -> Option<&mut Archive> {
        self.archives.get_mut(topic)
    }
}

/// The topics that are published, by name, as their queries stand.
pub(crate) fn names(store: &dyn Store) -> Result<BTreeMap<String, Fingerprint>, StoreError> {
    let stamps = store.stamps()?.into_iter();
    Ok(stamps
        .filter_map(|(path, stamp)| {
            Some((path.strip_prefix(NAMED)?.to_owned(), Fingerprint(stamp.hash)))
        })
        .collect())
}

/// Stamps of this kind are of no document: no path begins so.
const NAMED: &str = "topic:";

fn stamp_path(topic: &str) -> String {
    format!("{NAMED}{topic}")
}

/// Every story that stands, the latest changed first; `visit` ends it by `false`.
pub(crate) fn latest_first(
    store: &dyn Store,
    mut visit: impl FnMut(Story) -> bool,
) -> Result<(), StoreError> {
    let mut older_than: Option<Place> = None;
    loop {
        let places = store.places(EVERYTHING, older_than, SLICE)?;
        let Some(last) = places.last() else { return Ok(()) };
        older_than = Some(*last);
        for place in places {
            if let Some(story) = store.story(place.story)?
                && !visit(story)
            {
                return Ok(());
            }
        }
    }
}
