//! A topic's archive: which of its stories closed volumes hold, and which are open yet.
//!
//! What a volume holds is kept beside its feeds, under its path without an ending, the feeds
//! being one text; everything else here derives from that and from the topic's places.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::model::{StoryId, Timestamp, Topic, TopicId, TopicVersion};
use crate::publish::{Site, Volume, archive_path, volume_record};
use crate::store::{Store, StoreError, TopicPlace};

/// Places read from the store at a time.
const SLICE: usize = 500;

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

/// The stories of a volume, and the site that it was rendered for.
#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    site: String,
    stories: Vec<(StoryId, Timestamp)>,
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
        let (mut archive, mut closed) = (Self::default(), HashMap::new());
        let below = archive_path(topic);
        let paths = store.archive(&below)?;
        let volume_of = |path: &String| path.strip_prefix(&below)?.parse::<Volume>().ok();
        for (path, volume) in paths.iter().filter_map(|path| Some((path, volume_of(path)?))) {
            match contents_at(store.archived(path)?) {
                Some(contents) if contents.site == mark(site) => {
                    archive.closed.insert(volume);
                    for (story, date) in contents.stories {
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
        let kept: BTreeSet<String> =
            self.closed.iter().flat_map(|volume| paths_of(topic, *volume)).collect();
        let mut paths = store.archive(&archive_path(topic))?;
        paths.retain(|path| !kept.contains(path));
        Ok(paths)
    }

    /// The stories of the topic.
    pub(super) fn stories(&self) -> impl Iterator<Item = StoryId> {
        self.filed.keys().copied()
    }

    /// The moments at which there was news, the oldest first.
    pub(super) fn arrivals(&self) -> impl DoubleEndedIterator<Item = Timestamp> {
        self.arrivals.keys().copied()
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

    /// Whether a story is in the topic.
    pub(super) fn holds(&self, story: StoryId) -> bool {
        self.filed.contains_key(&story)
    }

    /// Files a story that enters the topic, or of which there is news in it.
    /// Returns the date it had and the date it has, unless that stays.
    pub(super) fn file(
        &mut self,
        story: StoryId,
        at: Timestamp,
    ) -> Option<(Option<Timestamp>, Timestamp)> {
        let before = self.filed.get(&story).copied();
        // What no volume tells yet will be told as it stands then.
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

    /// The record of a volume's contents beside its feeds: path and text.
    pub(super) fn contents(
        &self,
        topic: &TopicId,
        volume: Volume,
        stories: &[StoryId],
        site: &Site,
    ) -> (String, String) {
        let dated = |story: &StoryId| (*story, self.filed.get(story).copied().unwrap_or_default());
        let contents = Contents { site: mark(site), stories: stories.iter().map(dated).collect() };
        let text = serde_json::to_string(&contents).expect("these are strings and numbers");
        (format!("{}{volume}", archive_path(topic)), text)
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
                    let contents = contents_at(text(&format!("{}{oldest}", archive_path(topic)))?);
                    let holds = contents.into_iter().flat_map(|contents| contents.stories);
                    holds.map(|(story, _)| story).collect()
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

/// The stories of a volume, if its stored contents can be read.
fn contents_at(text: Option<String>) -> Option<Contents> {
    text.and_then(|text| serde_json::from_str(&text).ok())
}

/// The paths of what is archived of topics that are no more.
pub(super) fn of_no_topic(topics: &[Topic], store: &dyn Store) -> Result<Vec<String>, StoreError> {
    let mut paths = store.archive("/topics/")?;
    paths.retain(|path| {
        let id = path.split('/').nth(2).unwrap_or_default();
        topics.iter().all(|topic| topic.id.as_str() != id)
    });
    Ok(paths)
}

/// Everything that is kept of a volume.
fn paths_of(topic: &TopicId, volume: Volume) -> impl Iterator<Item = String> {
    [volume_record(topic, volume), format!("{}{volume}", archive_path(topic))].into_iter()
}

/// The parts of a site that its volumes show: addresses, and the authority of its IDs.
pub(super) fn mark(site: &Site) -> String {
    format!("{} {}", site.base_url, site.authority)
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
