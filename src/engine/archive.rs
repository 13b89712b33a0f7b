//! A topic's archive: which of its stories closed volumes hold, and which are open yet.
//!
//! It derives from the lists of stories in [`volume_records`](super::volume_records), from the
//! topic's places, and from its record ([`EngineRecord::Archive`]).
//!
//! A source's first document lists its old entries. A volume for each source would be small, and a
//! reader would fetch a thousand of them after an import. So old entries of several sources are
//! gathered until they fill a volume, but no longer than [`BACKFILL_WAIT`].

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::fair_share;
use super::volume_records::{ListedStory, StoryList, closed_volumes, mark, paths_of};
use crate::model::{EngineRecord, SourceId, StoryId, Timestamp, TopicId, TopicVersion};
use crate::publish::{Site, Volume};
use crate::store::{Store, StoreError, TopicPlace};

/// A story that is older than this when it comes is not news for a feed that stands.
const OLD: Duration = Duration::from_secs(14 * 24 * 3600);

/// A feed stands once its first stories came so long ago: readers may follow it.
const STANDING: Duration = Duration::from_secs(24 * 3600);

/// Old stories of a new source are in the archive this long after they came, at the next poll.
const BACKFILL_WAIT: Duration = Duration::from_secs(3600);

/// The archive of one topic. When what a story says was last news is in the store: there can be very
/// many stories.
#[derive(Debug, Default)]
pub(super) struct Archive {
    /// Whether there are volumes in the store that it does not lead to.
    stale: bool,
    /// How many stories had their last news when.
    arrivals: BTreeMap<Timestamp, u32>,
    /// The stories whose last news no volume tells, so that the feed must.
    open: Untold,
    /// Old stories of new sources, which wait for a volume and are left out of the feed.
    backfill: Untold,
    /// The last volume that closed. It may be gone: no name is given twice.
    last: Option<Volume>,
    /// Whether its record is to be written.
    is_record_changed: bool,
    /// The closed volumes.
    closed: BTreeSet<Volume>,
    /// The stories that the oldest of them tells, once that was asked for.
    oldest: Option<(Volume, Vec<StoryId>)>,
}

/// Stories that no volume tells as they are, by when what they say was last news.
#[derive(Debug, Default)]
struct Untold {
    order: BTreeSet<(Timestamp, StoryId)>,
    dates: BTreeMap<StoryId, Timestamp>,
}

impl Untold {
    fn of(stories: &[(Timestamp, StoryId)]) -> Self {
        let dates = stories.iter().map(|(date, story)| (*story, *date));
        Self { order: stories.iter().copied().collect(), dates: dates.collect() }
    }

    fn insert(&mut self, date: Timestamp, story: StoryId) {
        self.remove(story);
        self.order.insert((date, story));
        self.dates.insert(story, date);
    }

    /// Returns the date that the story had, if it was there.
    fn remove(&mut self, story: StoryId) -> Option<Timestamp> {
        let date = self.dates.remove(&story)?;
        self.order.remove(&(date, story));
        Some(date)
    }

    fn holds(&self, story: StoryId) -> bool {
        self.dates.contains_key(&story)
    }

    fn len(&self) -> usize {
        self.dates.len()
    }

    /// The oldest first.
    fn iter(&self) -> impl Iterator<Item = (Timestamp, StoryId)> {
        self.order.iter().copied()
    }
}

impl Archive {
    /// The archive of a topic as the store has it. Volumes that name another
    /// site are of no use to readers of this one.
    pub(super) fn open(
        topic: &TopicId,
        version: TopicVersion,
        records: &[EngineRecord],
        store: &dyn Store,
        site: &Site,
    ) -> Result<Self, StoreError> {
        Self::of(topic, archive_of(store, version)?, records, store, site)
    }

    /// The archive of a topic that holds these stories, each by when it was last news.
    pub(super) fn of(
        topic: &TopicId,
        stories: Vec<(Timestamp, StoryId)>,
        records: &[EngineRecord],
        store: &dyn Store,
        site: &Site,
    ) -> Result<Self, StoreError> {
        let (mut archive, mut closed) = (Self::default(), HashMap::new());
        for volume in closed_volumes(topic, store)? {
            match StoryList::read(topic, volume, |path| store.archived(path))? {
                Some(list) if list.site == mark(site) => {
                    archive.closed.insert(volume);
                    for ListedStory { story, date, .. } in list.stories {
                        let last = closed.entry(story).or_insert(date);
                        *last = date.max(*last);
                    }
                }
                _ => archive.stale = true,
            }
        }
        let record = records.iter().find_map(|record| match record {
            EngineRecord::Archive { topic: of, base_url, last, backfill } if of == topic => {
                Some((last.as_deref().filter(|_| *base_url == site.base_url), backfill))
            }
            _ => None,
        });
        let (last, backfill) = record.unzip();
        let last = last.flatten().and_then(|last| last.parse().ok());
        archive.last = last.max(archive.closed.last().copied());
        let backfill: BTreeSet<StoryId> = backfill.into_iter().flatten().copied().collect();
        for (date, story) in stories {
            archive.arrived(date);
            if closed.get(&story).is_none_or(|closed| date > *closed) {
                match backfill.contains(&story) {
                    true => archive.backfill.insert(date, story),
                    false => archive.open.insert(date, story),
                }
            }
        }
        archive.is_record_changed = archive.backfill.len() != backfill.len();
        Ok(archive)
    }

    /// The archive of the same stories without volumes: the site has moved, and all are made anew.
    /// Their names are only given again `elsewhere`, below another address.
    pub(super) fn anew(self, stories: &[(Timestamp, StoryId)], elsewhere: bool) -> Self {
        let open = Untold::of(stories);
        let (backfill, closed) = Default::default();
        let last = self.last.filter(|_| !elsewhere);
        Self { open, backfill, last, is_record_changed: true, closed, oldest: None, ..self }
    }

    /// Whether there are volumes in the store that it does not lead to.
    pub(super) fn has_stale(&self) -> bool {
        self.stale
    }

    /// The paths of volumes in the store that it does not lead to.
    pub(super) fn paths_besides(
        &self,
        topic: &TopicId,
        store: &dyn Store,
    ) -> Result<Vec<String>, StoreError> {
        let gone = closed_volumes(topic, store)?.into_iter();
        let gone = gone.filter(|volume| !self.closed.contains(volume));
        Ok(gone.flat_map(|volume| paths_of(topic, volume)).collect())
    }

    /// The moments at which there was news, the oldest first.
    pub(super) fn arrivals(&self) -> impl DoubleEndedIterator<Item = Timestamp> {
        self.arrivals.keys().copied()
    }

    /// Whether a story of the topic can have been [late](Self::came_late), whenever it came: few have
    /// a date so long before the last news.
    pub(super) fn can_be_late(&self, place: &TopicPlace) -> bool {
        let last = self.arrivals.keys().next_back();
        last.is_some_and(|last| self.came_late(place, *last))
    }

    /// Whether a story of the topic that came then was old, and the feed stood by then: readers find
    /// it in a volume, and do not get it as news.
    pub(super) fn came_late(&self, place: &TopicPlace, came: Timestamp) -> bool {
        let first = self.arrivals.keys().next();
        first.is_some_and(|first| place.date.until(came) > OLD && first.until(came) > STANDING)
    }

    fn arrived(&mut self, at: Timestamp) {
        *self.arrivals.entry(at).or_default() += 1;
    }

    fn left(&mut self, at: Timestamp) {
        if let Entry::Occupied(mut left) = self.arrivals.entry(at) {
            *left.get_mut() -= 1;
            if *left.get() == 0 {
                left.remove();
            }
        }
    }

    /// Files a story that enters the topic, or of which there is news in it; `before` is the date
    /// that it has there. Returns the dates before and after, unless nothing changes.
    pub(super) fn file(
        &mut self,
        story: StoryId,
        before: Option<Timestamp>,
        at: Timestamp,
    ) -> Option<(Option<Timestamp>, Timestamp)> {
        // A story that no volume holds yet will be in one as it is then.
        if self.open.holds(story) {
            return None;
        }
        // A clock that was ahead may have dated the volume that holds it.
        let after = before.map(|before| before.after(Duration::from_millis(1)));
        let at = after.map_or(at, |after| at.max(after));
        if let Some(before) = before {
            self.left(before);
            self.is_record_changed |= self.backfill.remove(story).is_some();
        }
        self.arrived(at);
        self.open.insert(at, story);
        Some((before, at))
    }

    /// Takes out a story of this date, which stays in the volumes that tell it.
    pub(super) fn remove(&mut self, story: StoryId, date: Timestamp) {
        self.left(date);
        self.open.remove(story);
        self.is_record_changed |= self.backfill.remove(story).is_some();
    }

    /// Has old stories of a new source wait for a volume, as far as they are open.
    pub(super) fn gather(&mut self, old: impl Iterator<Item = StoryId>) {
        for story in old {
            if let Some(date) = self.open.remove(story) {
                self.backfill.insert(date, story);
                self.is_record_changed = true;
            }
        }
    }

    /// Whether stories wait for a volume.
    pub(super) fn has_backfill(&self) -> bool {
        self.backfill.len() > 0
    }

    /// Whether the first of them has waited long enough. A date to come is of a clock that was ahead.
    pub(super) fn is_backfill_due(&self, now: Timestamp) -> bool {
        let first = self.backfill.iter().next();
        first.is_some_and(|(came, _)| came > now || came.until(now) >= BACKFILL_WAIT)
    }

    /// The volumes that close of them now: full ones, and all once they have waited long enough.
    pub(super) fn closing_backfill(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(Volume, Vec<StoryId>)>, StoreError> {
        let most = if self.is_backfill_due(now) { 0 } else { usize::MAX };
        Volume::closing(self.backfill.iter(), self.last, most, now, |_, _| Ok(BTreeSet::new()))
    }

    /// The record of the archive, if it has changed since it was written.
    pub(super) fn changed_record(&mut self, topic: &TopicId, site: &Site) -> Option<EngineRecord> {
        let is_changed = std::mem::take(&mut self.is_record_changed);
        is_changed.then(|| EngineRecord::Archive {
            topic: topic.clone(),
            base_url: site.base_url.clone(),
            last: self.last.map(|last| last.to_string()),
            backfill: self.backfill.iter().map(|(_, story)| story).collect(),
        })
    }

    /// The stories whose last news no volume holds.
    pub(super) fn open_stories(&self) -> impl Iterator<Item = StoryId> {
        self.open.iter().map(|(_, story)| story)
    }

    /// Whether a volume is to hold a story that no volume tells yet.
    pub(super) fn is_open(&self, story: StoryId) -> bool {
        self.open.holds(story) || self.backfill.holds(story)
    }

    /// The last volume that closed.
    pub(super) fn last(&self) -> Option<Volume> {
        self.closed.last().copied()
    }

    /// How many there are.
    pub(super) fn open_count(&self) -> usize {
        self.open.len()
    }

    /// The volumes that close now, where at most so many stories may stay open. `lead` says which
    /// source leads a story.
    pub(super) fn closing(
        &self,
        most: usize,
        now: Timestamp,
        lead: impl Fn(StoryId) -> Result<Option<SourceId>, StoreError>,
    ) -> Result<Vec<(Volume, Vec<StoryId>)>, StoreError> {
        let keep = |open: &[(Timestamp, StoryId)], most| {
            fair_share::keep(open.iter().copied(), most, now, &lead)
        };
        Volume::closing(self.open.iter(), self.last, most, now, keep)
    }

    /// The list of a volume's stories, to be kept beside its feeds. `revised` says when a story was
    /// revised last.
    pub(super) fn list(
        &self,
        stories: &[StoryId],
        revised: impl Fn(StoryId) -> Option<Timestamp>,
        site: &Site,
    ) -> StoryList {
        let listed = |story: &StoryId| {
            let open = self.open.dates.get(story).or_else(|| self.backfill.dates.get(story));
            let date = open.copied().unwrap_or_default();
            ListedStory { story: *story, date, revised: revised(*story) }
        };
        StoryList { site: mark(site), stories: stories.iter().map(listed).collect() }
    }

    /// A volume is closed, durably.
    pub(super) fn close(&mut self, volume: Volume, stories: &[StoryId]) {
        for story in stories {
            self.open.remove(*story);
            self.backfill.remove(*story);
        }
        self.closed.insert(volume);
        (self.last, self.is_record_changed) = (self.last.max(Some(volume)), true);
    }

    /// Drops the oldest volumes, as long as none of their stories is kept any
    /// more; returns the paths that go. `text` reads what is stored under a path, and `is_kept` says
    /// whether the topic has a story.
    pub(super) fn forget(
        &mut self,
        topic: &TopicId,
        text: impl Fn(&str) -> Result<Option<String>, StoreError>,
        is_kept: impl Fn(StoryId) -> Result<bool, StoreError>,
    ) -> Result<Vec<String>, StoreError> {
        let mut gone = Vec::new();
        while let Some(oldest) = self.closed.first().copied() {
            let mut holds = match self.oldest.take().filter(|(volume, _)| *volume == oldest) {
                Some((_, holds)) => holds,
                None => {
                    let list = StoryList::read(topic, oldest, &text)?;
                    let stories = list.into_iter().flat_map(|list| list.stories);
                    stories.map(|listed| listed.story).collect()
                }
            };
            let mut kept = None;
            for (place, story) in holds.iter().enumerate() {
                if is_kept(*story)? {
                    kept = Some(place);
                    break;
                }
            }
            if let Some(kept) = kept {
                // The next look begins with the story that was there.
                holds.swap(0, kept);
                self.oldest = Some((oldest, holds));
                break;
            }
            gone.extend(paths_of(topic, oldest));
            self.closed.remove(&oldest);
        }
        Ok(gone)
    }
}

/// A topic's stories by when what they say was last news, the oldest first.
pub(crate) fn archive_of(
    store: &dyn Store,
    topic: TopicVersion,
) -> Result<Vec<(Timestamp, StoryId)>, StoreError> {
    let places = store.places(topic.archive(), None, usize::MAX)?.into_iter();
    let mut stories: Vec<_> = places.map(|place| (place.date, place.story)).collect();
    stories.reverse();
    Ok(stories)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(hours: u64) -> Timestamp {
        Timestamp::from_secs(1_743_600_000).after(Duration::from_secs(3600 * hours))
    }

    #[test]
    fn a_revision_is_open_although_a_clock_that_was_ahead_dated_its_volume() {
        let story = StoryId::from_bytes([7; 16]);
        for revised in [at(1), at(240), at(300)] {
            let mut archive = Archive::default();
            archive.file(story, None, at(240));
            let closing = archive.closing(0, at(240), |_| Ok(None));
            let (volume, stories) = &closing.unwrap()[0];
            archive.close(*volume, stories);
            assert!(!archive.is_open(story));
            let (before, after) = archive.file(story, Some(at(240)), revised).unwrap_or_default();
            assert!(archive.is_open(story) && before < Some(after), "{revised}");
        }
    }

    #[test]
    fn a_volume_that_is_gone_leaves_its_name_to_no_other() {
        let story = |byte| StoryId::from_bytes([byte; 16]);
        let (topic, mut archive, mut names) =
            (TopicId::new("harbour"), Archive::default(), Vec::new());
        for byte in 0..3 {
            archive.file(story(byte), None, at(byte.into()));
            for (volume, stories) in archive.closing(0, at(byte.into()), |_| Ok(None)).unwrap() {
                archive.close(volume, &stories);
                names.push(volume.to_string());
            }
            archive.remove(story(byte), at(byte.into()));
            let gone = archive.forget(&topic, |_| Ok(None), |_| Ok(false));
            assert!(gone.is_ok_and(|gone| !gone.is_empty()) && archive.last().is_none());
        }
        assert_eq!(names, ["2025-04", "2025-04-2", "2025-04-3"]);
    }
}
