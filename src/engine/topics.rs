//! Where stories stand: their places in topics and archives, and what each feed holds.
//!
//! Places are derived: they count only under the version of the query they were found by, so a
//! changed query is filled anew from the stored stories. Until that is done, its topic is
//! published under the version before, or as an empty feed where there is none.

mod backfill;
mod feed_stories;
mod fill;
mod former;
mod listing;
mod matching;
mod versions;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Plan;
use crate::model::{Admitted, EngineRecord, Story, StoryId, Timestamp, TopicId, TopicVersion};
use crate::publish::Volume;
use crate::store::{PlaceChange, Store, StoreError, TopicPlace};

pub use feed_stories::FeedStories;
pub(crate) use listing::{after, has_place, holds, newest, newest_first};
pub(crate) use matching::words;
pub(crate) use versions::{listed_version, listed_versions, names};

use super::archive::{Archive, archive_of};
use super::startup_progress::StartupProgress;
use super::topic_fill::FillProgress;
use super::turn_in_progress::TurnInProgress;
use super::volume_records::{self, mark};
use fill::Fill;
use matching::{Change, Moves};
use versions::{Known, Now, unnamed};
use window::Window;

/// The topic that every story is in: `/stories.atom`.
const EVERYTHING: TopicVersion = TopicVersion(0);

/// How many stories its feed holds.
const OF_EVERYTHING: usize = 100;

/// Stories or places read from the store at a time.
const SLICE: usize = 200;

/// Where stories stand under the plan in force. A topic is named by its place in the plan; the
/// number after the last is the feed of all stories. The one after that has no feed: where topics
/// are private, it holds the stories that everybody may see.
pub(crate) struct Topics {
    plan: Arc<Plan>,
    /// The version that each topic is published under, and after them [`EVERYTHING`] and, where
    /// topics are private, [`Plan::public_version`].
    live: Vec<TopicVersion>,
    /// Each topic's archive; the feed of all stories has none.
    archives: Vec<Archive>,
    /// The topics whose archive has stories that wait for a volume.
    backfilled: BTreeSet<usize>,
    /// The places of each topic with bounds.
    windows: Vec<Option<Window>>,
    /// The topics that are to be published under another version once they are filled.
    fill: Option<Box<Fill>>,
    /// How far they are filled.
    fill_progress: Arc<FillProgress>,
}

/// The versions under which a plan's topics are published.
struct LiveVersions {
    live: Vec<TopicVersion>,
    /// The places in the plan of the topics to fill, each with its version.
    missing: Vec<(usize, TopicVersion)>,
}

impl LiveVersions {
    /// Marks every topic as filled: no story is stored, so no query finds any. That spares a first
    /// start the records of each topic in two commits.
    fn fill_with_nothing(&mut self, records: &[EngineRecord], work: &mut TurnInProgress<'_>) {
        for (place, version) in self.missing.drain(..) {
            self.live[place] = version;
            work.commit.filled.extend(versions::both(version));
        }
        // Places that an earlier fill has left.
        work.commit.dropped.extend(versions::unfinished(records));
    }
}

impl Topics {
    /// The topics of a plan as the store has them. Volumes that name another site, and those of
    /// topics that are gone, are left to [`Topics::drop_stale`].
    pub(super) fn open(
        plan: Arc<Plan>,
        records: &[EngineRecord],
        store: &dyn Store,
        startup: &StartupProgress,
    ) -> Result<Self, StoreError> {
        let (known, published) = (Known::of(records, store)?, versions::published(records));
        let live_of = |place: usize, id: &TopicId| {
            let wanted = plan.topic_version(place);
            let before = published.get(id).filter(|before| known.filled.contains(before));
            match before {
                Some(before) if !known.trusted.contains(&wanted) => *before,
                _ => wanted,
            }
        };
        let topics = plan.topics.iter().enumerate();
        let live = topics.map(|(place, topic)| live_of(place, &topic.id)).chain(unnamed(&plan));
        let live: Vec<_> = live.collect();
        let topics = || plan.topics.iter().zip(&live);
        let archives = topics().enumerate().map(|(place, (topic, version))| {
            startup.reach("reading the archives of topics", place + 1, plan.topics.len());
            Archive::open(&topic.id, *version, records, store, &plan.server.site)
        });
        let archives = archives.collect::<Result<Vec<_>, _>>()?;
        let windows = topics().map(|(topic, live)| Window::open(topic.bounds, *live, store));
        let windows = windows.collect::<Result<_, _>>()?;
        let backfilled = backfill::topics_with_one(&archives);
        let (fill, fill_progress) = Default::default();
        Ok(Self { plan, live, archives, backfilled, windows, fill, fill_progress })
    }

    /// The versions of a plan's topics, as far as the store has them.
    fn live_versions(&self, plan: &Plan, Known { filled, trusted }: &Known) -> LiveVersions {
        let mut versions = LiveVersions { live: Vec::new(), missing: Vec::new() };
        for (place, topic) in plan.topics.iter().enumerate() {
            let wanted = plan.topic_version(place);
            let before = self.place_of(&topic.id).map(|place| self.live[place]);
            let is_kept = before == Some(wanted) && !self.lacks(wanted);
            let live = match before {
                _ if is_kept || trusted.contains(&wanted) => wanted,
                Some(before) if filled.contains(&before) => before,
                _ => wanted,
            };
            if live != wanted || !trusted.contains(&wanted) {
                versions.missing.push((place, wanted));
            }
            versions.live.push(live);
        }
        for version in unnamed(plan) {
            if !trusted.contains(&version) {
                versions.missing.push((versions.live.len(), version));
            }
            versions.live.push(version);
        }
        versions
    }

    /// Puts a plan in force: the topics whose version is not filled are filled from now on, and
    /// the others stand as they stood. Until they are filled, topics take in what the queries of
    /// earlier plans find, as far as those are stored.
    pub(super) fn replan(
        &mut self,
        plan: Arc<Plan>,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let store = work.reader().store();
        let records = store.engine_records()?;
        let mut versions = self.live_versions(&plan, &Known::of(&records, store)?);
        if store.count()? == 0 {
            versions.fill_with_nothing(&records, work);
        }
        let LiveVersions { live, missing } = versions;
        let is_same_site = mark(&self.plan.server.site) == mark(&plan.server.site);
        let (mut archives, mut known_windows, site) = (Vec::new(), Vec::new(), &plan.server.site);
        for (topic, version) in plan.topics.iter().zip(&live) {
            let known = self.place_of(&topic.id).filter(|place| self.live[*place] == *version);
            let (archive, window) = match known {
                Some(place) => {
                    let archive = std::mem::take(&mut self.archives[place]);
                    (archive, self.windows[place].take())
                }
                None => (Archive::open(&topic.id, *version, &records, store, site)?, None),
            };
            archives.push(match is_same_site {
                true => archive,
                false => {
                    let stories = archive_of(store, *version)?;
                    archive.anew(&stories, self.plan.server.site.base_url != site.base_url)
                }
            });
            known_windows.push(window);
        }
        // A topic that was never published has no earlier query, also after a restart.
        let wanted = missing.iter().filter(|(place, version)| live[*place] != *version);
        let wanted = wanted.filter_map(|(place, _)| {
            let topic = plan.topics.get(*place)?;
            Some((&topic.id, live[*place]))
        });
        let known = former::known(&records, &wanted.collect(), &plan.sources);
        let fills = Fill::begin(&plan, &live, missing, &known, work.horizon);
        let mut windows = Vec::with_capacity(known_windows.len());
        for (place, window) in known_windows.into_iter().enumerate() {
            // Until a topic is filled, it keeps what it kept.
            let former = fills.as_ref().and_then(|fill| fill.former_bounds(place));
            let bounds = former.unwrap_or(plan.topics[place].bounds);
            windows.push(match window.filter(|_| bounds.is_bounded()) {
                Some(window) => Some(window.within(bounds)),
                None => Window::open(bounds, live[place], store)?,
            });
        }
        let former = fills.as_ref().map(Fill::former).unwrap_or_default();
        former::record(&plan, &former, &records, work);
        let filling = fills.as_ref().map(Fill::filling_versions);
        let now = Now { plan: &plan, live: &live, filling };
        versions::record(now, &records, store, work)?;
        match &fills {
            Some(fill) => {
                let topics = fill.topics().filter_map(|place| plan.topics.get(place));
                self.fill_progress.begin(topics.map(|topic| topic.id.clone()), store.count()?);
            }
            None => self.fill_progress.end(),
        }
        self.fill = fills.map(Box::new);
        (self.plan, self.live, self.archives, self.windows) = (plan, live, archives, windows);
        self.backfilled = backfill::topics_with_one(&self.archives);
        self.drop_stale(is_same_site, work)
    }

    /// Has the volumes go that no archive leads to.
    fn drop_stale(
        &self,
        is_same_site: bool,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let store = work.reader().store();
        work.commit.unarchived.extend(volume_records::of_no_topic(&self.plan.topics, store)?);
        for (topic, archive) in self.plan.topics.iter().zip(&self.archives) {
            if !is_same_site || archive.has_stale() {
                work.commit.unarchived.extend(archive.paths_besides(&topic.id, store)?);
            }
        }
        Ok(())
    }

    fn place_of(&self, id: &TopicId) -> Option<usize> {
        self.plan.topics.iter().position(|topic| topic.id == *id)
    }

    /// Whether a version is being filled.
    fn lacks(&self, version: TopicVersion) -> bool {
        self.fill.as_ref().is_some_and(|fill| fill.lacks(version))
    }

    /// Whether topics are being filled.
    pub(super) fn is_filling(&self) -> bool {
        self.fill.is_some()
    }

    /// Whether not even all stories are listed: the store was restored or repaired.
    pub(super) fn lacks_everything(&self) -> bool {
        self.lacks(EVERYTHING)
    }

    /// Whether every stored story is matched against the topics that are being filled.
    pub(super) fn is_filled(&self) -> bool {
        self.fill.as_ref().is_some_and(|fill| fill.is_complete())
    }

    /// Every feed: the topics, and the one of all stories.
    pub(super) fn all(&self) -> BTreeSet<usize> {
        (0..=self.plan.topics.len()).collect()
    }

    /// Moves a story to where it belongs now.
    pub(super) fn file(
        &mut self,
        admitted: &Admitted,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let (before, story) = (admitted.before.as_deref(), &*admitted.story);
        let is_taken_back =
            before.is_some_and(|before| before.withdrawn.is_some() != story.withdrawn.is_some());
        let Moves { live, filling } = self.moves(before, story);
        let is_public = self.moves_public(&live, &filling);
        for (topic, (from, to)) in live {
            let (from, to) = match self.windows.get_mut(topic) {
                Some(Some(window)) => window.shift(story.id, (from, to), work.horizon),
                _ => (from, to),
            };
            if (from, to) == (None, None) {
                continue;
            }
            self.touch(topic, is_public, work);
            let version = self.live[topic];
            work.commit.places.push(PlaceChange { topic: version, story: story.id, from, to });
            // The feed of all stories has no archive.
            let Some(archive) = self.archives.get_mut(topic) else { continue };
            // As readers see it, nothing happened.
            if from.is_some() && from == to && !is_taken_back {
                continue;
            }
            let filed = match before {
                Some(_) => work.date_in(version.archive(), story.id)?,
                None => None,
            };
            let archived = match to {
                Some(_) => {
                    let filed = archive.file(story.id, filed, story.changed);
                    filed.map(|(from, to)| (from, Some(to)))
                }
                None => filed.map(|date| {
                    archive.remove(story.id, date);
                    (Some(date), None)
                }),
            };
            if let Some((from, to)) = archived {
                let topic = version.archive();
                work.commit.places.push(PlaceChange { topic, story: story.id, from, to });
            }
        }
        if let Some(fill) = &mut self.fill {
            for (topic, change) in filling {
                fill.shift(topic, story, change, &mut work.commit.places);
            }
        }
        Ok(())
    }

    /// Takes what is beyond the bounds of topics out of them, a slice of each.
    pub(super) fn shed(&mut self, work: &mut TurnInProgress<'_>) -> Result<(), StoreError> {
        for (topic, window) in self.windows.iter_mut().enumerate() {
            let Some(window) = window else { continue };
            let lead = |story| work.lead(story, &self.plan.sources);
            for TopicPlace { date, story } in window.shed(work.horizon, lead)? {
                work.touch(topic);
                let archive = self.archives.get_mut(topic);
                leave(self.live[topic], archive, story, date, work)?;
            }
        }
        Ok(())
    }

    /// Takes a story out of every feed and archive.
    pub(super) fn remove(
        &mut self,
        story: &Story,
        work: &mut TurnInProgress<'_>,
    ) -> Result<(), StoreError> {
        let Moves { live, filling } = self.moves(Some(story), story);
        let is_public = self.moves_public(&live, &filling);
        for (topic, (date, _)) in live {
            let Some(date) = date else { continue };
            self.touch(topic, is_public, work);
            if let Some(Some(window)) = self.windows.get_mut(topic) {
                window.leave(story.id, date);
            }
            let archive = self.archives.get_mut(topic);
            leave(self.live[topic], archive, story.id, date, work)?;
        }
        if let Some(fill) = &mut self.fill {
            for (topic, (date, _)) in filling {
                fill.shift(topic, story, (date, None), &mut work.commit.places);
            }
        }
        Ok(())
    }

    /// The date by which a feed orders a story.
    pub(crate) fn date(&self, topic: usize, story: &Story) -> Timestamp {
        match self.plan.topics.get(topic) {
            Some(topic) => topic.date_of(story),
            None => story.updated,
        }
    }

    /// Whether a topic is filled for the first time: its feed is empty until that is done.
    pub(super) fn is_unpublished(&self, topic: usize) -> bool {
        self.live.get(topic).is_some_and(|live| self.lacks(*live))
    }

    /// The version that a topic is published under.
    pub(super) fn version(&self, topic: usize) -> TopicVersion {
        self.live[topic]
    }

    /// The version of the stories that everybody may see, if topics are private and these are known.
    fn public(&self) -> Option<TopicVersion> {
        let public = *self.live.get(self.plan.topics.len() + 1)?;
        (!self.lacks(public)).then_some(public)
    }

    /// The version whose places a feed lists.
    fn listed(&self, topic: usize) -> TopicVersion {
        let is_everything = topic == self.plan.topics.len();
        self.public().filter(|_| is_everything).unwrap_or(self.live[topic])
    }

    /// Has a topic's feed published anew. The feed of all stories, and the places behind it, count
    /// where what everybody may see changes.
    fn touch(&self, topic: usize, is_public: bool, work: &mut TurnInProgress<'_>) {
        let everything = self.plan.topics.len();
        if is_public || topic < everything {
            work.touch(topic.min(everything));
        }
    }

    /// Whether what everybody may see changes with these moves: otherwise the feed of all stories
    /// stays as it is, and its Last-Modified says nothing of what is hidden.
    fn moves_public(
        &self,
        live: &BTreeMap<usize, Change>,
        filling: &BTreeMap<usize, Change>,
    ) -> bool {
        let public = self.plan.topics.len() + 1;
        !self.plan.has_private_topics()
            || live.contains_key(&public)
            || filling.contains_key(&public)
    }

    /// When there was news in a topic, the oldest first.
    pub(super) fn arrivals(&self, topic: usize) -> impl DoubleEndedIterator<Item = Timestamp> {
        self.archives.get(topic).into_iter().flat_map(Archive::arrivals)
    }

    /// Whether no volume of some topic's archive tells a story yet.
    pub(crate) fn is_open(&self, story: StoryId) -> bool {
        self.archives.iter().any(|archive| archive.is_open(story))
    }

    /// The last volume of a topic's archive, which its feed leads to.
    pub(crate) fn last_volume(&self, topic: usize) -> Option<Volume> {
        self.archives.get(topic)?.last()
    }

    /// A topic's archive, to close volumes of.
    pub(super) fn archive(&mut self, topic: usize) -> Option<&mut Archive> {
        self.archives.get_mut(topic)
    }

    /// The topics whose archive has more open stories than their feed may hold.
    pub(super) fn backlog(&self) -> Vec<usize> {
        (0..self.archives.len()).filter(|topic| self.is_behind(*topic)).collect()
    }

    /// Whether a topic is one of them.
    pub(super) fn is_behind(&self, topic: usize) -> bool {
        !self.is_unpublished(topic) && self.archives[topic].open_count() > self.entries(topic)
    }

    /// Whether there are such topics.
    pub(super) fn has_archive_backlog(&self) -> bool {
        !self.backlog().is_empty()
    }
}

/// Takes a story out of a topic and of its archive.
fn leave(
    version: TopicVersion,
    archive: Option<&mut Archive>,
    story: StoryId,
    date: Timestamp,
    work: &mut TurnInProgress<'_>,
) -> Result<(), StoreError> {
    let gone = |topic, date| PlaceChange { topic, story, from: Some(date), to: None };
    work.commit.places.push(gone(version, date));
    if let Some(archive) = archive
        && let Some(filed) = work.date_in(version.archive(), story)?
    {
        archive.remove(story, filed);
        work.commit.places.push(gone(version.archive(), filed));
    }
    Ok(())
}
