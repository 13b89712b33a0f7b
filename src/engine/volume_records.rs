//! Keeps a list of the stories of each closed volume, beside the text of its feeds.
//!
//! The lists are small and stand together, so that a start reads the stories of all volumes and
//! none of their texts.

use std::collections::HashMap;
use std::fmt::Write;

use crate::model::{StoryId, Timestamp, Topic, TopicId};
use crate::publish::{Site, Volume, volume_record};
use crate::store::{Store, StoreError};

/// The path below which the lists of all volumes are kept, by topic.
const LISTS: &str = "/volumes/";

/// The stories of a volume, and the site that it was rendered for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoryList {
    pub(super) site: String,
    pub(super) stories: Vec<ListedStory>,
}

/// A story as a volume tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListedStory {
    pub(super) story: StoryId,
    /// The date of its last news.
    pub(super) date: Timestamp,
    /// When it had last been revised.
    pub(super) revised: Option<Timestamp>,
}

impl StoryList {
    /// The list of a volume; `None` if there is none or it cannot be read.
    pub(super) fn read(
        topic: &TopicId,
        volume: Volume,
        text: impl FnOnce(&str) -> Result<Option<String>, StoreError>,
    ) -> Result<Option<Self>, StoreError> {
        Ok(text(&list_path(topic, volume))?.and_then(|text| Self::parse(&text)))
    }

    /// The path and the text under which it is kept.
    pub(super) fn record(&self, topic: &TopicId, volume: Volume) -> (String, String) {
        let mut text = format!("{}\n", self.site);
        for ListedStory { story, date, revised } in &self.stories {
            let _ = write!(text, "{story} {}", date.as_millis());
            let _ = match revised {
                Some(revised) => writeln!(text, " {}", revised.as_millis()),
                None => writeln!(text),
            };
        }
        (list_path(topic, volume), text)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let site = lines.next()?.to_owned();
        let moment = |word: &str| word.parse().ok().map(Timestamp::from_millis);
        let story = |line: &str| {
            let mut words = line.split(' ');
            let (story, date) = (words.next()?.parse().ok()?, moment(words.next()?)?);
            let revised = words.next().map(moment);
            Some(ListedStory {
                story,
                date,
                revised: revised.map_or(Some(None), |at| at.map(Some))?,
            })
        };
        Some(Self { site, stories: lines.map(story).collect::<Option<_>>()? })
    }
}

/// The closed volumes of a topic, the oldest first.
pub(crate) fn closed_volumes(
    topic: &TopicId,
    store: &dyn Store,
) -> Result<Vec<Volume>, StoreError> {
    let below = format!("{LISTS}{topic}/");
    let paths = store.archive(&below)?;
    let name = |path: &String| path.strip_prefix(&below)?.parse().ok();
    let mut volumes: Vec<Volume> = paths.iter().filter_map(name).collect();
    volumes.sort_unstable();
    Ok(volumes)
}

/// The stories that the volumes of a topic tell, each as the last of them tells it.
pub(super) fn told_last(
    topic: &TopicId,
    store: &dyn Store,
    site: &Site,
) -> Result<HashMap<StoryId, ListedStory>, StoreError> {
    let mut last = HashMap::new();
    for volume in closed_volumes(topic, store)? {
        let list = StoryList::read(topic, volume, |path| store.archived(path))?;
        let list = list.filter(|list| list.site == mark(site));
        let stories = list.into_iter().flat_map(|list| list.stories);
        last.extend(stories.map(|listed| (listed.story, listed)));
    }
    Ok(last)
}

/// All that is kept of the volumes of topics that are no more.
pub(super) fn of_no_topic(topics: &[Topic], store: &dyn Store) -> Result<Vec<String>, StoreError> {
    let mut paths = Vec::new();
    for path in store.archive(LISTS)? {
        let Some((topic, volume)) = path.strip_prefix(LISTS).and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        if topics.iter().all(|known| known.id.as_str() != topic) {
            let topic = TopicId::new(topic);
            paths.extend(volume.parse().ok().map(|volume| volume_record(&topic, volume)));
            paths.push(path);
        }
    }
    Ok(paths)
}

/// All that is kept of a volume.
pub(super) fn paths_of(topic: &TopicId, volume: Volume) -> [String; 2] {
    [volume_record(topic, volume), list_path(topic, volume)]
}

/// The parts of a site that its volumes show: addresses, and the authority of its IDs.
pub(super) fn mark(site: &Site) -> String {
    format!("{} {}", site.base_url, site.authority)
}

fn list_path(topic: &TopicId, volume: Volume) -> String {
    format!("{LISTS}{topic}/{volume}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_list_reads_as_it_was_written_and_nothing_else_is_one() {
        let story = |byte, at, revised: Option<i64>| ListedStory {
            story: StoryId::from_bytes([byte; 16]),
            date: Timestamp::from_millis(at),
            revised: revised.map(Timestamp::from_millis),
        };
        let list = StoryList {
            site: "https://feeds.example/ feeds.example".to_owned(),
            stories: vec![
                story(7, 1_767_225_600_001, Some(1_767_225_600_007)),
                story(200, -5, None),
            ],
        };
        let topic = TopicId::new("harbour");
        let volume: Volume = "2026-11-2".parse().unwrap();
        let (path, text) = list.record(&topic, volume);
        let read = |text: Option<&str>| {
            StoryList::read(&topic, volume, |asked| {
                assert_eq!(asked, path);
                Ok(text.map(str::to_owned))
            })
        };
        assert_eq!(read(Some(&text)).unwrap(), Some(list));
        for broken in [None, Some(""), Some("site\nx"), Some("site\n00 12"), Some("site\n\n")] {
            assert_eq!(read(broken).unwrap(), None, "{broken:?}");
        }
    }
}
