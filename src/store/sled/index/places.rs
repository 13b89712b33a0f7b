//! Where topics place stories, in memory: for each topic its places in order.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use crate::model::{StoryId, Timestamp, TopicVersion};

use super::super::records::TopicRecord;

/// A chunk has so many places at most.
const FULL: usize = 512;

/// A date and the number of a story. Twelve bytes, because there are several for every story.
#[derive(Debug, Clone, Copy)]
#[repr(Rust, packed(4))]
pub(super) struct Row {
    date: i64,
    story: u32,
}

impl Row {
    pub(super) fn new(date: Timestamp, story: u32) -> Self {
        Self { date: date.as_millis(), story }
    }

    fn date(self) -> Timestamp {
        Timestamp::from_millis(self.date)
    }

    /// By date, then by the story's id.
    fn cmp(self, other: Self, id_of: impl Fn(u32) -> StoryId) -> Ordering {
        let (one, two) = (self.story, other.story);
        self.date().cmp(&other.date()).then_with(|| match one == two {
            true => Ordering::Equal,
            false => id_of(one).cmp(&id_of(two)),
        })
    }
}

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

    pub(super) fn of(&mut self, number: u32) -> Option<&mut Places> {
        self.places.get_mut(&number)
    }

    /// Takes in all places of a topic at once.
    pub(super) fn fill(&mut self, number: u32, rows: Vec<Row>, id_of: impl Fn(u32) -> StoryId) {
        self.places.insert(number, Places::of(rows, id_of));
    }

    pub(super) fn places(
        &self,
        number: u32,
        older_than: Option<(Timestamp, StoryId)>,
        limit: usize,
        id_of: impl Fn(u32) -> StoryId,
    ) -> Vec<(Timestamp, StoryId)> {
        let Some(Places(chunks)) = self.places.get(&number) else { return Vec::new() };
        let is_older = |row: &Row| match older_than {
            Some(than) => (row.date(), id_of(row.story)) < than,
            None => true,
        };
        let end = chunks.partition_point(|chunk| chunk.first().is_some_and(is_older));
        let Some((last, before)) = chunks[..end].split_last() else { return Vec::new() };
        let last = &last[..last.partition_point(is_older)];
        let rows = last.iter().rev().chain(before.iter().rev().flat_map(|one| one.iter().rev()));
        rows.take(limit).map(|row| (row.date(), id_of(row.story))).collect()
    }
}

/// The places of a topic in ascending order, in chunks; no chunk is empty. A B-tree of the standard library
/// would take twice as much memory.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<Vec<Row>>);

impl Places {
    fn of(mut rows: Vec<Row>, id_of: impl Fn(u32) -> StoryId) -> Self {
        rows.sort_unstable_by(|one, other| one.cmp(*other, &id_of));
        Self(rows.chunks(FULL).map(<[Row]>::to_vec).collect())
    }

    pub(super) fn insert(&mut self, row: Row, id_of: impl Fn(u32) -> StoryId) {
        let (chunk, at) = match self.find(row, &id_of) {
            Ok(_) => return,
            Err(place) => place,
        };
        let count = self.0.len();
        match self.0.get_mut(chunk) {
            None => self.0.push(vec![row]),
            // Most that comes is the newest: the chunks behind it stay full.
            Some(full) if full.len() == FULL && at == FULL && chunk + 1 == count => {
                self.0.push(vec![row]);
            }
            Some(full) if full.len() == FULL => {
                let mut upper = full.split_off(FULL / 2);
                full.shrink_to_fit();
                match at.checked_sub(full.len()) {
                    Some(at) => upper.insert(at, row),
                    None => full.insert(at, row),
                }
                self.0.insert(chunk + 1, upper);
            }
            Some(rows) => {
                if rows.len() == rows.capacity() {
                    // Not twice as much: that would be half empty.
                    rows.reserve_exact(8 + rows.len() / 8);
                }
                rows.insert(at, row);
            }
        }
    }

    pub(super) fn remove(&mut self, row: Row, id_of: impl Fn(u32) -> StoryId) {
        if let Ok((chunk, at)) = self.find(row, &id_of) {
            self.0[chunk].remove(at);
            if self.0[chunk].is_empty() {
                self.0.remove(chunk);
            }
        }
    }

    /// The chunk and the place in it where a row stands, or belongs.
    fn find(
        &self,
        row: Row,
        id_of: impl Fn(u32) -> StoryId,
    ) -> Result<(usize, usize), (usize, usize)> {
        let not_after = |chunk: &Vec<Row>| chunk[0].cmp(row, &id_of) != Ordering::Greater;
        let chunk = self.0.partition_point(not_after).saturating_sub(1);
        let Some(rows) = self.0.get(chunk) else { return Err((chunk, 0)) };
        let found = rows.binary_search_by(|other| other.cmp(row, &id_of));
        found.map(|at| (chunk, at)).map_err(|at| (chunk, at))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Numbers are not in the order of the ids.
    fn id(number: u32) -> StoryId {
        StoryId::from_bytes([(number as u8).reverse_bits(); 16])
    }

    const TOPIC: TopicVersion = TopicVersion(7);
    const NUMBER: u32 = 3;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn they_are_in_the_order_of_a_set_of_the_standard_library(
            begun in prop::collection::vec((0..200i64, 0..250u32), 0..1500),
            steps in prop::collection::vec((0..200i64, 0..250u32, 0..3u8), 0..2000),
            page in 1..400usize,
        ) {
            let at = Timestamp::from_millis;
            let mut plain: BTreeSet<_> = begun.iter().map(|(date, n)| (at(*date), id(*n))).collect();
            let begun: BTreeSet<(i64, u32)> = begun.into_iter().collect();
            let rows = begun.into_iter().map(|(date, n)| Row::new(at(date), n)).collect();
            let mut topics = Topics::default();
            topics.know(TOPIC, TopicRecord { number: NUMBER, filled: true });
            topics.fill(NUMBER, rows, id);
            for (date, number, step) in steps {
                let row = Row::new(at(date), number);
                let places = topics.of(NUMBER).unwrap();
                if step == 0 {
                    places.remove(row, id);
                    plain.remove(&(at(date), id(number)));
                } else {
                    places.insert(row, id);
                    plain.insert((at(date), id(number)));
                }
            }
            let mut all: Vec<(Timestamp, StoryId)> = Vec::new();
            loop {
                let rows = topics.places(NUMBER, all.last().copied(), page, id);
                all.extend(&rows);
                if rows.len() < page {
                    break;
                }
            }
            prop_assert_eq!(all, plain.into_iter().rev().collect::<Vec<_>>());
            let chunks = &topics.places[&NUMBER].0;
            prop_assert!(chunks.iter().all(|chunk| (1..=FULL).contains(&chunk.len())));
            topics.forget(TOPIC);
            prop_assert!(!topics.is_known(NUMBER));
        }
    }
}
