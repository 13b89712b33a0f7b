//! Stories in; their places in topics and archives, and what each feed holds, out.
//!
//! Places are derived: they count only under the fingerprint of the query
//! they were found by, so a changed query is filled anew from the stored stories.

mod listing;

mod next;

mod showing;

mod stands;

mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Plan;
use crate::model::{Admitted, Fingerprint, Story, StoryId, Timestamp};
use crate::publish::Volume;
use crate::store::{Commit, Place, PlaceChange, Store, StoreError};

pub(crate) use listing::{after, holds, latest_first};
pub(super) use showing::Highlights;
pub(crate) use showing::words;
pub(crate) use stands::names;

pub(crate) use super::archive::archive_of;
use super::archive::{self, Archive};
use super::filling::Fillings;
use super::opening::Opening;
use super::refilled::{Refilled, grouped};
use next::Next;
use stands::{doubt_path, doubtful, unchanging};
use window::Window;

/// The topic that every story is in: `/stories.atom`.
const EVERYTHING: Fingerprint = Fingerprint(0);

/// How many stories its feed holds.
const OF_EVERYTHING: usize = 100;

/// Stories or places read from the store at a time.
pub(super) const SLICE: usize = 200;

/// How many stories are matched between two lines of the log.
const TOLD_EVERY: usize = 20_000;

/// Where stories stand under one plan. A topic is named by its place in the
/// plan; the number after the last is the feed of everything.
pub(super) struct Filing {
    plan: Arc<Plan>,
    /// What each topic's places stand under, and after them [`EVERYTHING`].
    fingerprints: Vec<Fingerprint>,
    /// Each topic's archive; the feed of everything has none.
    archives: Vec<Archive>,
    /// What each topic that has bounds holds.
    windows: Vec<Option<Window>>,
    /// What is archived of topics that are no more, or for another site.
    stale: Vec<String>,
    next: Option<Box<Next>>,
    /// How far that is.
    fillings: Arc<Fillings>,
}

impl Filing {
    /// The filing under a plan as the store has it. A topic whose query has
    /// changed stands as it stood until it is filled again: see [`Filing::step`].
    pub(super) async fn open(
        plan: Arc<Plan>,
        store: &Arc<dyn Store>,
        opening: &Opening,
    ) -> Result<Self, StoreError> {
        let mut filing = tokio::task::block_in_place(|| {
            let (names, doubtful) = (names(&**store)?, doubtful(&**store)?);
            let filled: BTreeSet<Fingerprint> = store.filled()?.into_iter().collect();
            let mut filing = Self::under(plan.clone());
            for (topic, stands) in plan.topics.iter().zip(&mut filing.fingerprints) {
                let before = names.get(topic.id.as_str()).filter(|before| filled.contains(before));
                if (!filled.contains(stands) || doubtful.contains(stands))
                    && let Some(before) = before
                {
                    *stands = *before;
                }
            }
            filing.load(&**store, opening)?;
            Ok(filing)
        })?;
        filing.prepare(plan, store).await?;
        Ok(filing)
    }

    /// As the queries of a plan stand, without archives.
    fn under(plan: Arc<Plan>) -> Self {
        let topics = (0..plan.topics.len()).map(|topic| plan.fingerprint(topic));
        let fingerprints = topics.chain([EVERYTHING]).collect();
        let (archives, windows, stale) = (Vec::new(), Vec::new(), Vec::new());
        let fillings = Arc::default();
        Self { plan, fingerprints, archives, windows, stale, next: None, fillings }
    }

    fn load(&mut self, store: &dyn Store, opening: &Opening) -> Result<(), StoreError> {
        let Self { plan, fingerprints, stale, .. } = self;
        *stale = archive::of_no_topic(&plan.topics, store)?;
        let topics = || plan.topics.iter().zip(&*fingerprints);
        let archives = topics().enumerate().map(|(place, (topic, fingerprint))| {
            opening.reach("reading the archives of topics", place + 1, plan.topics.len());
            Archive::open(&topic.id, *fingerprint, store, &plan.server.site, stale)
        });
        self.archives = archives.collect::<Result<_, _>>()?;
        let windows = topics().map(|(topic, stands)| Window::open(topic.bounds, *stands, store));
        self.windows = windows.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Takes up what the store has again, after a commit that did not come about.
    pub(super) fn recall(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        self.load(store, &Opening::default())
    }

    /// Everything that places are kept under.
    fn kept(&self) -> BTreeSet<Fingerprint> {
        self.fingerprints.iter().flat_map(|topic| [*topic, topic.archive()]).collect()
    }

    /// Begins to fill what a plan needs and the store has not. What an earlier
    /// run began and did not finish is begun anew.
    pub(super) async fn prepare(
        &mut self,
        plan: Arc<Plan>,
        store: &Arc<dyn Store>,
    ) -> Result<(), StoreError> {
        self.abandon();
        let (filled, doubtful, count) = tokio::task::block_in_place(|| {
            Ok((store.filled()?, doubtful(&**store)?, store.count()?))
        })?;
        let filing = Self::under(plan);
        let (wanted, stands) = (filing.kept(), self.kept());
        let filled: BTreeSet<Fingerprint> = filled.into_iter().collect();
        let missing: BTreeSet<Fingerprint> = wanted
            .iter()
            .filter(|topic| !filled.contains(topic) || doubtful.contains(topic))
            .copied()
            .collect();
        if !missing.is_empty() {
            // Until it is filled, what stands at a start under an older query takes in what the
            // new one finds. Neither may be taken for complete after a crash.
            let current = Self::under(self.plan.clone()).kept();
            let doubts = missing.iter().chain(stands.difference(&current));
            let abandoned =
                doubtful.iter().filter(|of| !wanted.contains(of) && !stands.contains(of));
            let commit = Commit {
                dropped: missing.iter().chain(abandoned).copied().collect(),
                stamps: doubts.map(|of| (doubt_path(*of), unchanging(*of))).collect(),
                ..Commit::default()
            };
            store.commit(commit).await?;
        }
        let topics = filing.plan.topics.iter().zip(&filing.fingerprints);
        let lacking = topics
            .filter(|(_, stands)| missing.contains(stands) || missing.contains(&stands.archive()));
        self.fillings.begin(lacking.map(|(topic, _)| topic.id.clone()), count);
        self.next = Some(Box::new(Next::of(filing, missing)));
        Ok(())
    }

    /// Whether a filing is to follow.
    pub(super) fn is_filling(&self) -> bool {
        self.next.is_some()
    }

    /// Whether what is to follow is complete already.
    pub(super) fn lacks_nothing(&self) -> bool {
        self.next.as_ref().is_none_or(|next| next.missing.is_empty())
    }

    /// Gives up the filing that was to follow.
    pub(super) fn abandon(&mut self) {
        self.next = None;
        self.fillings.end();
    }

    /// How far what is to follow is filled, for those who report on it.
    pub(super) fn fillings(&self) -> Arc<Fillings> {
        self.fillings.clone()
    }

    /// The plan it stands under.
    pub(super) fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Fills a slice of what is to follow, and has it follow when that was the
    /// last: says then what has changed of the topics that were published before.
    pub(super) async fn step(
        &mut self,
        store: &Arc<dyn Store>,
        now: Timestamp,
    ) -> Result<Option<Vec<Refilled>>, StoreError> {
        let Some(next) = &mut self.next else { return Ok(None) };
        if !next.missing.is_empty() {
            let stories = tokio::task::block_in_place(|| store.stories(next.after, SLICE))?;
            let places: Vec<PlaceChange> = tokio::task::block_in_place(|| {
                stories.iter().flat_map(|story| next.places(None, story, now)).collect()
            });
            if !places.is_empty() {
                store.commit(Commit { places, ..Commit::default() }).await?;
            }
            let before = next.matched / TOLD_EVERY;
            next.matched += stories.len();
            self.fillings.reach(next.matched);
            if next.matched / TOLD_EVERY > before {
                let matched = next.matched;
                tracing::info!(
                    event = "topics_filling",
                    matched,
                    "changed topics are being filled: {} stories matched so far",
                    grouped(matched)
                );
            }
            next.after = stories.last().map(|story| (story.first_seen, story.id));
            if stories.len() == SLICE {
                return Ok(None);
            }
        }
        self.follow(store).await.map(Some)
    }

    async fn follow(&mut self, store: &Arc<dyn Store>) -> Result<Vec<Refilled>, StoreError> {
        let Some(next) = &mut self.next else { return Ok(Vec::new()) };
        // At a start under the queries of the run before, it has just been loaded.
        let stays = next.missing.is_empty()
            && Arc::ptr_eq(&next.filing.plan, &self.plan)
            && next.filing.fingerprints == self.fingerprints;
        let (commit, refilled) = tokio::task::block_in_place(|| {
            if stays {
                next.filing.archives = std::mem::take(&mut self.archives);
                next.filing.windows = std::mem::take(&mut self.windows);
                next.filing.stale = std::mem::take(&mut self.stale);
            } else {
                next.filing.load(&**store, &Opening::default())?;
            }
            let names = names(&**store)?;
            let refilled = next.refilled(&names, &**store)?;
            Ok((next.last_commit(&names, &**store)?, refilled))
        })?;
        if !commit.is_empty() {
            store.commit(commit).await?;
        }
        if let Some(next) = self.next.take() {
            let fillings = self.fillings.clone();
            *self = Self { fillings, ..next.filing };
            self.fillings.end();
        }
        Ok(refilled)
    }

    /// Every feed: the topics, and the one of everything.
    pub(super) fn all(&self) -> BTreeSet<usize> {
        (0..self.fingerprints.len()).collect()
    }

    /// Moves a story to where it belongs now. Returns its changes of place;
    /// adds the feeds that show them to `touched`.
    pub(super) fn file(
        &mut self,
        admitted: &Admitted,
        now: Timestamp,
        touched: &mut BTreeSet<usize>,
    ) -> Vec<PlaceChange> {
        let (before, story) = (admitted.before.as_deref(), &admitted.story);
        let is_taken_back =
            before.is_some_and(|before| before.withdrawn.is_some() != story.withdrawn.is_some());
        let mut places = Vec::new();
        for (topic, (from, to)) in self.moves(before, story) {
            let (from, to) = match self.windows.get_mut(topic) {
                Some(Some(window)) => window.shift(story.id, (from, to), (), now),
                _ => (from, to),
            };
            if (from, to) == (None, None) {
                continue;
            }
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
        places.extend(self.next.iter_mut().flat_map(|next| next.places(before, story, now)));
        places
    }

    /// Takes what is beyond the bounds of topics out of them, a slice of each.
    pub(super) fn shed(
        &mut self,
        now: Timestamp,
        touched: &mut BTreeSet<usize>,
    ) -> Vec<PlaceChange> {
        let mut places = Vec::new();
        for (topic, window) in self.windows.iter_mut().enumerate() {
            for (Place { date, story }, ()) in window.iter_mut().flat_map(|one| one.shed(now)) {
                touched.insert(topic);
                let of = self.fingerprints[topic];
                let filed = self.archives[topic].remove(story).map(|date| (of.archive(), date));
                places.extend(
                    [(of, date)].into_iter().chain(filed).map(|(topic, date)| PlaceChange {
                        topic,
                        story,
                        from: Some(date),
                        to: None,
                    }),
                );
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
            if let Some(Some(window)) = self.windows.get_mut(topic) {
                window.leave(story.id, date);
            }
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
        places.extend(self.next.iter_mut().flat_map(|next| next.remove(story)));
        places
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
        let subject = self.plan.queries.subject(story, &self.plan.sources);
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

    /// When there was news in a topic, the oldest first.
    pub(super) fn arrivals(&self, topic: usize) -> impl DoubleEndedIterator<Item = Timestamp> {
        self.archives.get(topic).into_iter().flat_map(Archive::arrivals)
    }

    /// Whether no volume of some topic's archive tells a story yet.
    pub(super) fn is_untold(&self, story: StoryId) -> bool {
        self.archives.iter().any(|archive| archive.is_untold(story))
    }

    /// The last volume of a topic's archive, which its feed leads to.
    pub(super) fn last_volume(&self, topic: usize) -> Option<Volume> {
        self.archives.get(topic)?.last()
    }

    /// A topic's archive, to close volumes of.
    pub(super) fn archive(&mut self, topic: usize) -> Option<&mut Archive> {
        self.archives.get_mut(topic)
    }

    /// The paths of what is archived and of no use any more: told once.
    pub(super) fn take_stale(&mut self) -> Vec<String> {
        std::mem::take(&mut self.stale)
    }
}
