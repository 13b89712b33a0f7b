//! Stories in; their places in topics and archives, and what each feed holds, out.
//!
//! Places are derived: they count only under the fingerprint of the query
//! they were found by, so a changed query is filled anew from the stored stories.

mod listing;

mod showing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::config::Plan;
use crate::model::{Admitted, Fingerprint, Stamp, Story, StoryId, Timestamp};
use crate::publish::Volumes;
use crate::store::{Commit, Place, PlaceChange, Store, StoreError};
use crate::topics::Subject;

pub(crate) use listing::{after, latest_first};
pub(super) use showing::Highlights;

use super::refilled::{Refilled, grouped};

/// The topic that every story is in: `/stories.atom`.
const EVERYTHING: Fingerprint = Fingerprint(0);

/// How many stories its feed holds.
const OF_EVERYTHING: usize = 100;

/// Stories or places read from the store at a time.
pub(super) const SLICE: usize = 200;

/// How many stories are matched between two lines of the log.
const TOLD_EVERY: usize = 20_000;

/// Of each feed a story was in or is in, the dates it was and is ordered by.
type Moves = BTreeMap<usize, (Option<Timestamp>, Option<Timestamp>)>;

/// Where stories stand under one plan. A topic is named by its place in the
/// plan; the number after the last is the feed of everything.
pub(super) struct Filing {
    plan: Arc<Plan>,
    /// What each topic's places stand under, and after them [`EVERYTHING`].
    fingerprints: Vec<Fingerprint>,
    /// Each topic's stories by when they were first seen: what its archive is made of.
    archives: Vec<Vec<(Timestamp, StoryId)>>,
    next: Option<Box<Next>>,
}

/// The filing that follows once its topics are filled from the stored
/// stories, a slice at a time; until then the one before it is published.
struct Next {
    filing: Filing,
    /// The topics to fill. New stories are filed in them, too.
    missing: BTreeSet<Fingerprint>,
    after: Option<(Timestamp, StoryId)>,
    matched: usize,
}

impl Filing {
    /// The filing under a plan as the store has it. A topic whose query has
    /// changed stands as it stood until it is filled again: see [`Filing::step`].
    pub(super) async fn open(plan: Arc<Plan>, store: &Arc<dyn Store>) -> Result<Self, StoreError> {
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
            filing.load(&**store)?;
            Ok(filing)
        })?;
        filing.prepare(plan, store).await?;
        Ok(filing)
    }

    /// As the queries of a plan stand, without archives.
    fn under(plan: Arc<Plan>) -> Self {
        let topics = (0..plan.topics.len()).map(|topic| plan.fingerprint(topic));
        let fingerprints = topics.chain([EVERYTHING]).collect();
        Self { plan, fingerprints, archives: Vec::new(), next: None }
    }

    fn load(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let topics = &self.fingerprints[..self.plan.topics.len()];
        self.archives =
            topics.iter().map(|topic| archive(store, *topic)).collect::<Result<_, _>>()?;
        Ok(())
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
        self.next = None;
        let (filled, doubtful) =
            tokio::task::block_in_place(|| Ok((store.filled()?, doubtful(&**store)?)))?;
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
        self.next = Some(Box::new(Next { filing, missing, after: None, matched: 0 }));
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
    ) -> Result<Option<Vec<Refilled>>, StoreError> {
        let Some(next) = &mut self.next else { return Ok(None) };
        if !next.missing.is_empty() {
            let stories = tokio::task::block_in_place(|| store.stories(next.after, SLICE))?;
            let places: Vec<PlaceChange> = tokio::task::block_in_place(|| {
                stories.iter().flat_map(|story| next.places(None, story)).collect()
            });
            if !places.is_empty() {
                store.commit(Commit { places, ..Commit::default() }).await?;
            }
            let before = next.matched / TOLD_EVERY;
            next.matched += stories.len();
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
        let (commit, refilled) = tokio::task::block_in_place(|| {
            next.filing.load(&**store)?;
            let names = names(&**store)?;
            let refilled = next.refilled(&names, &**store)?;
            Ok((next.last_commit(&names, &**store)?, refilled))
        })?;
        if !commit.is_empty() {
            store.commit(commit).await?;
        }
        if let Some(next) = self.next.take() {
            *self = next.filing;
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
        touched: &mut BTreeSet<usize>,
    ) -> Vec<PlaceChange> {
        let (before, story) = (admitted.before.as_deref(), &admitted.story);
        let moves = self.moves(before, story);
        for (&topic, (from, to)) in &moves {
            touched.insert(topic);
            let Some(archive) = self.archives.get_mut(topic) else { continue };
            let place = (story.first_seen, story.id);
            match (archive.binary_search(&place), from.is_some(), to.is_some()) {
                (Err(at), _, true) => archive.insert(at, place),
                (Ok(at), true, false) => drop(archive.remove(at)),
                _ => {}
            }
        }
        let mut places = self.places(moves, story);
        places.extend(self.next.iter().flat_map(|next| next.places(before, story)));
        places
    }

    /// Takes a story out of every feed and archive.
    pub(super) fn remove(
        &mut self,
        story: &Story,
        touched: &mut BTreeSet<usize>,
    ) -> Vec<PlaceChange> {
        for (topic, _) in self.topics_of(story) {
            touched.insert(topic);
            if let Some(archive) = self.archives.get_mut(topic) {
                archive.retain(|(_, id)| *id != story.id);
            }
        }
        let mut places = self.without(story);
        if let Some(next) = &self.next {
            let gone = next.filing.without(story).into_iter();
            places.extend(gone.filter(|place| next.missing.contains(&place.topic)));
        }
        places
    }

    /// The changes of place of a story that goes.
    fn without(&self, story: &Story) -> Vec<PlaceChange> {
        let gone = |topic, date| PlaceChange { topic, story: story.id, from: Some(date), to: None };
        let topics = self.topics_of(story).into_iter();
        let of = |(topic, date): (usize, Timestamp)| {
            let topic = self.fingerprints[topic];
            [gone(topic, date), gone(topic.archive(), story.first_seen)]
        };
        topics.flat_map(of).collect()
    }

    /// What the moves of a story change of places.
    fn places(&self, moves: Moves, story: &Story) -> Vec<PlaceChange> {
        let mut places = Vec::new();
        for (topic, (from, to)) in moves {
            let topic = self.fingerprints[topic];
            let seen = |date: Option<Timestamp>| date.map(|_| story.first_seen);
            places.push(PlaceChange { topic, story: story.id, from, to });
            if from.is_some() != to.is_some() {
                let (topic, from, to) = (topic.archive(), seen(from), seen(to));
                places.push(PlaceChange { topic, story: story.id, from, to });
            }
        }
        places
    }

    /// The feeds a story was in or is in now, with the date that each orders it by.
    fn moves(&self, before: Option<&Story>, story: &Story) -> Moves {
        let mut moves = Moves::new();
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

    /// The stories that a feed holds: the newest, and those that are in no
    /// closed volume of its archive yet.
    pub(super) fn on_feed(
        &self,
        topic: usize,
        store: &dyn Store,
        now: Timestamp,
    ) -> Result<BTreeSet<StoryId>, StoreError> {
        let limit =
            self.plan.topics.get(topic).map_or_else(|| self.looked_at(), |topic| topic.entries);
        let newest = store.places(self.fingerprints[topic], None, limit)?;
        Ok(newest
            .into_iter()
            .map(|place| place.story)
            .chain(self.volumes(topic, now).open)
            .collect())
    }

    /// When a topic's stories came, the oldest first.
    pub(super) fn arrivals(&self, topic: usize) -> &[(Timestamp, StoryId)] {
        self.archives.get(topic).map(Vec::as_slice).unwrap_or_default()
    }

    /// A topic's archive; the feed of everything has none.
    pub(super) fn volumes(&self, topic: usize, now: Timestamp) -> Volumes {
        self.archives
            .get(topic)
            .map(|stories| Volumes::of(stories.clone(), now))
            .unwrap_or_default()
    }
}

impl Next {
    /// A story's changes of place in the topics that are being filled.
    fn places(&self, before: Option<&Story>, story: &Story) -> Vec<PlaceChange> {
        if self.missing.is_empty() {
            return Vec::new();
        }
        let places = self.filing.places(self.filing.moves(before, story), story).into_iter();
        places.filter(|place| self.missing.contains(&place.topic)).collect()
    }

    /// What has changed of the topics that were published before.
    fn refilled(
        &self,
        names: &BTreeMap<String, Fingerprint>,
        store: &dyn Store,
    ) -> Result<Vec<Refilled>, StoreError> {
        let mut all = Vec::new();
        for (place, topic) in self.filing.plan.topics.iter().enumerate() {
            let now = self.filing.fingerprints[place];
            let Some(before) = names.get(topic.id.as_str()).filter(|before| **before != now) else {
                continue;
            };
            let stories =
                |of: &[(Timestamp, StoryId)]| of.iter().map(|(_, story)| *story).collect();
            let before: BTreeSet<StoryId> = stories(&archive(store, *before)?);
            let now: BTreeSet<StoryId> = stories(&self.filing.archives[place]);
            all.push(Refilled {
                topic: topic.id.clone(),
                matched: self.matched,
                added: now.difference(&before).count(),
                lost: before.difference(&now).count(),
            });
        }
        Ok(all)
    }

    /// All at once: what was filled is complete, what stood before goes, and
    /// what each topic stands under is kept, so that a later run, and a check
    /// of a changed configuration, can tell what a change has changed.
    fn last_commit(
        &self,
        names: &BTreeMap<String, Fingerprint>,
        store: &dyn Store,
    ) -> Result<Commit, StoreError> {
        let Filing { plan, fingerprints, .. } = &self.filing;
        let (wanted, doubtful) = (self.filing.kept(), doubtful(store)?);
        let filled: BTreeSet<Fingerprint> = store.filled()?.into_iter().collect();
        let topics = plan.topics.iter().zip(fingerprints);
        let now: BTreeMap<String, Fingerprint> =
            topics.map(|(topic, stands)| (topic.id.to_string(), *stands)).collect();
        let changed = now.iter().filter(|(name, stands)| names.get(*name) != Some(stands));
        let gone = names.keys().filter(|name| !now.contains_key(*name));
        Ok(Commit {
            dropped: filled.union(&doubtful).filter(|of| !wanted.contains(of)).copied().collect(),
            filled: self.missing.iter().copied().collect(),
            stamps: changed.map(|(name, stands)| (stamp_path(name), unchanging(*stands))).collect(),
            unstamped: gone
                .map(|name| stamp_path(name))
                .chain(doubtful.iter().map(|of| doubt_path(*of)))
                .collect(),
            ..Commit::default()
        })
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

/// Stamps of these kinds are of no document: no path begins so.
const NAMED: &str = "topic:";
const DOUBTED: &str = "doubtful:";

/// The places that are not, or no more, what their query finds.
fn doubtful(store: &dyn Store) -> Result<BTreeSet<Fingerprint>, StoreError> {
    let stamps = store.stamps()?.into_iter();
    let doubtful = stamps.filter(|(path, _)| path.starts_with(DOUBTED));
    Ok(doubtful.map(|(_, stamp)| Fingerprint(stamp.hash)).collect())
}

fn doubt_path(of: Fingerprint) -> String {
    format!("{DOUBTED}{:016x}", of.0)
}

/// A stamp that tells of nothing but a fingerprint.
fn unchanging(of: Fingerprint) -> Stamp {
    Stamp { hash: of.0, modified: Timestamp::EPOCH }
}

fn stamp_path(topic: &str) -> String {
    format!("{NAMED}{topic}")
}

/// A topic's stories by when they were first seen, the oldest first.
pub(crate) fn archive(
    store: &dyn Store,
    topic: Fingerprint,
) -> Result<Vec<(Timestamp, StoryId)>, StoreError> {
    let mut stories = Vec::new();
    let mut older_than: Option<Place> = None;
    loop {
        let places = store.places(topic.archive(), older_than, SLICE)?;
        let Some(last) = places.last() else { break };
        older_than = Some(*last);
        stories.extend(places.iter().map(|place| (place.date, place.story)));
    }
    stories.sort_unstable();
    Ok(stories)
}
