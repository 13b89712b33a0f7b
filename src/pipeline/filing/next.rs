//! Topics to fill and the stored stories in; their places, and what filling them has changed, out.

use std::collections::{BTreeMap, BTreeSet};

use super::stands::{doubt_path, doubtful, stamp_path, unchanging};
use super::window::Window;
use super::{Filing, Refilled, archive_of};
use crate::model::{Fingerprint, Story, StoryId, Timestamp};
use crate::store::{Commit, Place, PlaceChange, Store, StoreError};

/// The filing that follows once its topics are filled from the stored
/// stories, a slice at a time; until then the one before it is published.
pub(super) struct Next {
    pub(super) filing: Filing,
    /// The topics to fill. New stories are filed in them, too.
    pub(super) missing: BTreeSet<Fingerprint>,
    /// What each of them that has bounds holds, with when it was first seen.
    windows: Vec<Option<Window<Timestamp>>>,
    pub(super) after: Option<(Timestamp, StoryId)>,
    pub(super) matched: usize,
}

impl Next {
    /// A filing whose `missing` topics are empty yet.
    pub(super) fn of(filing: Filing, missing: BTreeSet<Fingerprint>) -> Self {
        let topics = filing.plan.topics.iter();
        let windows = topics.map(|topic| Window::of(topic.bounds)).collect();
        Self { filing, missing, windows, after: None, matched: 0 }
    }

    /// A story's changes of place in the topics that are being filled, and of those that
    /// leave for it: what is news of them, the archive does not know yet.
    pub(super) fn places(
        &mut self,
        before: Option<&Story>,
        story: &Story,
        now: Timestamp,
    ) -> Vec<PlaceChange> {
        if self.missing.is_empty() {
            return Vec::new();
        }
        let mut places = Vec::new();
        for (topic, (from, to)) in self.filing.moves(before, story) {
            let of = self.filing.fingerprints[topic];
            let (from, to) = match self.windows.get_mut(topic) {
                Some(Some(window)) => window.shift(story.id, (from, to), story.first_seen, now),
                _ => (from, to),
            };
            places.push(PlaceChange { topic: of, story: story.id, from, to });
            if from.is_some() != to.is_some() {
                let seen = |date: Option<Timestamp>| date.map(|_| story.first_seen);
                let (topic, from, to) = (of.archive(), seen(from), seen(to));
                places.push(PlaceChange { topic, story: story.id, from, to });
            }
        }
        for (topic, window) in self.windows.iter_mut().enumerate() {
            let of = self.filing.fingerprints[topic];
            for (Place { date, story }, seen) in window.iter_mut().flat_map(|one| one.shed(now)) {
                places.extend(gone(of, story, date, seen));
            }
        }
        places.retain(|place| self.missing.contains(&place.topic));
        places
    }

    /// The changes of place of a story that goes, in the topics that are being filled.
    pub(super) fn remove(&mut self, story: &Story) -> Vec<PlaceChange> {
        let mut places = Vec::new();
        for (topic, date) in self.filing.topics_of(story) {
            if let Some(Some(window)) = self.windows.get_mut(topic) {
                window.leave(story.id, date);
            }
            places.extend(gone(self.filing.fingerprints[topic], story.id, date, story.first_seen));
        }
        places.retain(|place| self.missing.contains(&place.topic));
        places
    }

    /// What has changed of the topics that were published before.
    pub(super) fn refilled(
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
            let before: BTreeSet<StoryId> =
                archive_of(store, *before)?.into_iter().map(|(_, story)| story).collect();
            let now: BTreeSet<StoryId> = self.filing.archives[place].stories().collect();
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
    pub(super) fn last_commit(
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

/// A story leaves a topic and its archive.
fn gone(
    topic: Fingerprint,
    story: StoryId,
    date: Timestamp,
    first_seen: Timestamp,
) -> [PlaceChange; 2] {
    [(topic, date), (topic.archive(), first_seen)].map(|(topic, date)| PlaceChange {
        topic,
        story,
        from: Some(date),
        to: None,
    })
}
