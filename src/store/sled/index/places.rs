//! Where topics place stories, in memory: for each topic its places in order.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;

use crate::model::{StoryId, Timestamp, TopicVersion};

use super::super::records::TopicRecord;

/// A topic's places in ascending order.
type Places = BTreeSet<(Timestamp, StoryId)>;

/// The topics that have places.
#[derive(Debug, Default)]
pub(in super::super) struct Topics {
    known: BTreeMap<TopicVersion, TopicRecord>,
    places: HashMap<u32, Places>,
}

impl Topics {
    /// Makes a topic known, or whether its places are complete.
    pub(in super::super) fn know(&mut self, topic: TopicVersion, record: TopicRecord) {
        self.known.insert(topic, record);
        self.places.entry(record.number).or_default();
    }

    /// Forgets a topic and its places.
    pub(in super::super) fn forget(&mut self, topic: TopicVersion) {
        if let Some(record) = self.known.remove(&topic) {
            self.places.remove(&record.number);
        }
    }

    pub(in super::super) fn get(&self, topic: TopicVersion) -> Option<TopicRecord> {
        self.known.get(&topic).copied()
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = (TopicVersion, TopicRecord)> {
        self.known.iter().map(|(topic, record)| (*topic, *record))
    }

    /// Whether a number is that of a topic.
    pub(in super::super) fn is_known(&self, number: u32) -> bool {
        self.places.contains_key(&number)
    }

    /// The places of a topic, to be changed.
    pub(super) fn of(&mut self, number: u32) -> Option<&mut Places> {
        self.places.get_mut(&number)
    }

    /// Up to `limit` places of a topic, the greatest first, less than the given one.
    pub(in super::super) fn places(
        &self,
        number: u32,
        older_than: Option<(Timestamp, StoryId)>,
        limit: usize,
    ) -> Vec<(Timestamp, StoryId)> {
        let Some(places) = self.places.get(&number) else { return Vec::new() };
        let end = older_than.map_or(Bound::Unbounded, Bound::Excluded);
        places.range((Bound::Unbounded, end)).rev().take(limit).copied().collect()
    }
}
