//! A topic's archive: which of its stories closed volumes hold, and which are open yet.
//!
//! It derives from the lists of stories in [`volume_records`](super::volume_records) and from the
//! topic's places.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::volume_records::{StoryList, closed_volumes, mark, paths_of};
use crate::model::{StoryId, Timestamp, TopicId, TopicVersion};
use crate::publish::{Site, Volume};
use crate::store::{Store, StoreError, TopicPlace};

/// Places read from the store at a time.
const SLICE: usize = 500;

/// A story that is older than this when it comes is not news for a feed that stands.
const OLD: Duration = Duration::from_secs(14 * 24 * 3600);

/// A feed stands once its first stories came so long ago: readers may follow it.
const STANDING: Duration = Duration::from_secs(24 * 3600);

/// The archive of one topic.
#[derive(Debug, Default)]
pub(super) struct Archive {
    /// Whether there are volumes in the store that it does not lead to.
    stale: bool,
    /// Every story of the topic, by when what it says was last news.
    filed: HashMap<StoryId, Timestamp>,
    /// How many had their last news when.
    arrivals: BTreeMap<Timestamp, u32>,
    /// Those whose last news no volume tells.
    open: BTreeSet<(Timestamp, StoryId)>,
    /// The closed volumes.
    closed: BTreeSet<Volume>,
    /// The stories that the oldest of them tells, once that was asked for.
    oldest: Option<(Volume, Vec<StoryId>)>,
}

impl Archive {
    /// The archive of a topic as the store has it. Volumes that name another
    /// site are of no use to readers of this one.
    pub(super) fn open(
        topic: &TopicId,
        version: TopicVersion,
        store: &dyn Store,
        site: &Site,
    ) -> Result<Self, StoreError> {
        Self::of(topic, archive_of(store, version)?, store, site)
    }

    /// The archive of a topic that holds these stories, each by when it was last news.
    pub(super) fn of(
        topic: &TopicId,
        stories: Vec<(Timestamp, StoryId)>,
        store: &dyn Store,
        site: &Site,
    ) -> Result<Self, StoreError> {
        let filed = HashMap::with_capacity(stories.len());
        let (mut archive, mut closed) = (Self { filed, ..Self::default() }, HashMap::new());
        for volume in closed_volumes(topic, store)? {
            match StoryList::read(topic, volume, |path| store.archived(path))? {
                Some(list) if list.site == mark(site) => {
                    archive.closed.insert(volume);
                    for (story, date) in list.stories {
                        let last = closed.entry(story).or_insert(date);
                        *last = date.max(*last);
                    }
                }
                _ => archive.stale = true,
            }
        }
        for (date, story) in stories {
            archive.filed.insert(story, date);
            archive.arrived(date);
            if closed.get(&story).is_none_or(|closed| date > *closed) {
                archive.open.insert((date, story));
            }
        }
        Ok(archive)
    }

    /// The same archive without volumes: the site has moved, and all are made anew.
    pub(super) fn anew(self) -> Self {
        let open = self.filed.iter().map(|(story, date)| (*date, *story)).collect();
        Self { open, closed: BTreeSet::new(), oldest: None, ..self }
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

    /// The stories of the topic.
    pub(super) fn stories(&self) -> impl Iterator<Item = StoryId> {
        self.filed.keys().copied()
    }

    /// The moments at which there was news, the oldest first.
    pub(super) fn arrivals(&self) -> impl DoubleEndedIterator<Item = Timestamp> {
        self.arrivals.keys().copied()
    }

    /// Whether a story of the topic was old when it came, and the feed stood by then: readers find
    /// it in a volume, and are not told of it as news.
    pub(super) fn came_late(&self, place: &TopicPlace) -> bool {
        let came = self.filed.get(&place.story).zip(self.arrivals.keys().next());
        came.is_some_and(|(came, first)| {
            place.date.until(*came) > OLD && first.until(*came) > STANDING
        })
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

    /// Files a story that enters the topic, or of which there is news in it.
    /// Returns the date it had and the date it has, unless that stays.
    pub(super) fn file(
        &mut self,
        story: StoryId,
        at: Timestamp,
    ) -> Option<(Option<Timestamp>, Timestamp)> {
        let before = self.filed.get(&story).copied();
        // A story that no volume holds yet will be in one as it is then.
        if before.is_some_and(|before| before >= at || self.open.contains(&(before, story))) {
            return None;
        }
        if let Some(before) = self.filed.insert(story, at) {
            self.left(before);
        }
        self.arrived(at);
        self.open.insert((at, story));
        Some((before, at))
    }

    /// Takes a story out, which stays in the volumes that tell it. Returns the date it had.
    pub(super) fn remove(&mut self, story: StoryId) -> Option<Timestamp> {
        let date = self.filed.remove(&story)?;
        self.left(date);
        self.open.remove(&(date, story));
        Some(date)
    }

    /// The stories whose last news no volume holds.
    pub(super) fn open_stories(&self) -> impl Iterator<Item = StoryId> {
        self.open.iter().map(|(_, story)| *story)
    }

    /// Whether a story is one of them.
    pub(super) fn is_open(&self, story: StoryId) -> bool {
        self.filed.get(&story).is_some_and(|date| self.open.contains(&(*date, story)))
    }

    /// The last volume that closed.
    pub(super) fn last(&self) -> Option<Volume> {
        self.closed.last().copied()
    }

    /// How many there are.
    pub(super) fn open_count(&self) -> usize {
        self.open.len()
    }

    /// The volumes that close now, where at most so many stories may stay open.
    pub(super) fn closing(&self, most: usize, now: Timestamp) -> Vec<(Volume, Vec<StoryId>)> {
        Volume::closing(self.open.iter().copied(), self.last(), most, now)
    }

    /// The volumes that these stories close in at once, as far as they are open.
    pub(super) fn closing_at_once(
        &self,
        stories: &BTreeSet<StoryId>,
        now: Timestamp,
    ) -> Vec<(Volume, Vec<StoryId>)> {
        let open = self.open.iter().filter(|(_, story)| stories.contains(story));
        Volume::closing(open.copied(), self.last(), 0, now)
    }

    /// The list of a volume's stories, to be kept beside its feeds.
    pub(super) fn list(&self, stories: &[StoryId], site: &Site) -> StoryList {
        let dated = |story: &StoryId| (*story, self.filed.get(story).copied().unwrap_or_default());
        StoryList { site: mark(site), stories: stories.iter().map(dated).collect() }
    }

    /// A volume is closed, durably.
    pub(super) fn close(&mut self, volume: Volume, stories: &[StoryId]) {
        for story in stories {
            if let Some(date) = self.filed.get(story) {
                self.open.remove(&(*date, *story));
            }
        }
        self.closed.insert(volume);
    }

    /// Drops the oldest volumes, as long as none of their stories is kept any
    /// more; returns the paths that go. `text` reads what is kept under a path.
    pub(super) fn forget(
        &mut self,
        topic: &TopicId,
        text: impl Fn(&str) -> Result<Option<String>, StoreError>,
    ) -> Result<Vec<String>, StoreError> {
        let mut gone = Vec::new();
        while let Some(oldest) = self.closed.first().copied() {
            let holds = match self.oldest.take().filter(|(volume, _)| *volume == oldest) {
                Some((_, holds)) => holds,
                None => {
                    let list = StoryList::read(topic, oldest, &text)?;
                    let stories = list.into_iter().flat_map(|list| list.stories);
                    stories.map(|(story, _)| story).collect()
                }
            };
            if holds.iter().any(|story| self.filed.contains_key(story)) {
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
    let mut stories = Vec::new();
    let mut older_than: Option<TopicPlace> = None;
    loop {
        let places = store.places(topic.archive(), older_than, SLICE)?;
        let Some(last) = places.last() else { break };
        older_than = Some(*last);
        stories.extend(places.iter().map(|place| (place.date, place.story)));
    }
    stories.sort_unstable();
    Ok(stories)
}
