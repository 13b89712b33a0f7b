//! Rows that come and go in; the same in order, many to a record, out.
//!
//! A story has a place in every topic it is in, twice where archives are kept, and one in the
//! order of stories; what sled costs goes with the number of its keys. So a **sequence**, an
//! ordered set of rows, stands in **blocks** of up to some two hundred. A block that is written
//! for each row anew would cost more than the keys did: rows that have come or gone
//! wait in memory, and one **journal** record a batch says on disk which. When very many wait, each
//! batch settles a slice of them, in their order, so that those of one block go into it together.
//! Once a round through all has ended, the journals from before it are not wanted any more.
//!
//! Settling twice changes nothing, so a store that is opened again takes all that
//! its journals say for waiting, and goes on with the round where it was.

use std::collections::{BTreeMap, VecDeque};
use std::ops::{Bound, Range};
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::chunks::{Fault, Stage, Values, parts_after};
use super::codec::Unreadable;
use super::layout::{self, Kind};
use blocks::{before_or_at, settle};
pub(super) use blocks::{read_block, rows_of};

mod blocks;

/// What is wrong with journals that are not those of which the header knows.
const NOT_EXPECTED: &str = "a journal before it is gone, or it should be";

/// What a sequence orders: a moment and a story, as bytes that sort as is meant.
pub(super) type Row = [u8; 24];

/// The sequence of all stories by when they were first seen. Generations of places count from 0.
pub(super) const ORDER: u32 = u32::MAX;

/// When rows are settled, and how many.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// So many rows wait at most, but for those of one batch.
    waiting: usize,
    /// So many journals are kept at most, but for those of one round.
    journals: usize,
    /// So many waiting rows are settled in a batch at least.
    slice: usize,
}

impl Default for Bounds {
    /// Three megabytes of memory. The more wait, the more go into a block at once.
    fn default() -> Self {
        Self { waiting: 1 << 16, journals: 512, slice: 4096 }
    }
}

/// The rows that wait, as readers and the writer share them.
pub(super) type Shared = Arc<RwLock<Sequences>>;

/// Which journals stand, and how far the round through all rows that wait has come: what the header has of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Journals {
    stand: Range<u64>,
    round: Option<Round>,
}

/// A round through the rows that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    /// Which it has settled last.
    after: (u32, Row),
    /// The journal that it began with: those before it are settled when it has ended.
    first: u64,
}

/// A row comes or goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) sequence: u32,
    pub(super) row: Row,
    /// Whether it is there from now on.
    pub(super) there: bool,
}

/// What the blocks do not have yet.
#[derive(Debug, Default)]
pub(super) struct Sequences {
    bounds: Bounds,
    /// Whether a row is there, whatever its block says.
    waiting: BTreeMap<(u32, Row), bool>,
    /// The journals that tell of these rows: number and further parts, the oldest first.
    journals: VecDeque<(u64, u32)>,
    /// The number of the next journal.
    next: u64,
    round: Option<Round>,
}

/// What a batch makes of the rows that wait, once it is durable.
#[derive(Debug, Default)]
pub(super) struct Settled {
    settled: Vec<(u32, Row)>,
    changes: Vec<Change>,
    /// Its journal: number and further parts.
    journal: Option<(u64, u32)>,
    /// Journals before this one are gone.
    gone: u64,
    round: Option<Round>,
}

impl Sequences {
    /// What waits in a store that was closed, in whatever way. Its header says which `journals` stand.
    pub(super) fn open(tree: &sled::Tree, journals: &Journals) -> Result<Self, Fault> {
        let mut sequences = Self::after(journals);
        let mut expected = journals.stand.clone();
        for pair in tree.scan_prefix(Kind::Journal.prefix()) {
            let (key, head) = pair?;
            let number = layout::journal_of(&key).filter(|number| expected.next() == Some(*number));
            let number = number.ok_or_else(|| Fault::malformed(&key, NOT_EXPECTED))?;
            let changes = tree.joined(&key, &head)?.and_then(|payload| read_journal(&payload));
            for change in changes.map_err(|why| Fault::record(&key, why))? {
                sequences.waiting.insert((change.sequence, change.row), change.there);
            }
            sequences.journals.push_back((number, parts_after(&head)));
        }
        match expected.next() {
            Some(gone) => Err(Fault::malformed(&layout::journal(gone), NOT_EXPECTED)),
            None => Ok(sequences),
        }
    }

    /// Nothing that waits, after journals of which nothing is known any more.
    pub(super) fn after(journals: &Journals) -> Self {
        Self { next: journals.stand.end, round: journals.round, ..Self::default() }
    }

    /// For readers and a writer.
    pub(super) fn shared(self) -> Shared {
        Arc::new(RwLock::new(self))
    }

    /// What stands once this is written.
    pub(super) fn journals_after(&self, settled: &Settled) -> Journals {
        let next = settled.journal.map_or(self.next, |(number, _)| number + 1);
        let first = self.journals.front().map_or(self.next, |(first, _)| *first);
        Journals { stand: first.max(settled.gone)..next, round: settled.round }
    }

    /// Whether nothing waits.
    pub(super) fn is_settled(&self) -> bool {
        self.waiting.is_empty() && self.journals.is_empty()
    }

    /// Stages changes, and a slice of those that wait where they are many, or `hurry` says so.
    /// Rows of sequences that are not kept are settled by being forgotten.
    pub(super) fn stage(
        &self,
        stage: &mut Stage<'_>,
        changes: Vec<Change>,
        hurry: bool,
        mut is_kept: impl FnMut(u32) -> Result<bool, Fault>,
    ) -> Result<Settled, Fault> {
        let mut journal = None;
        if !changes.is_empty() {
            let key = layout::journal(self.next);
            stage.put_over(0, key.clone(), |room| {
                write_journal(&changes, room);
                Ok(())
            })?;
            journal = Some((self.next, stage.parts(&key)?));
        }
        let mut settled = Settled { changes, journal, round: self.round, ..Settled::default() };
        let Bounds { waiting, journals, slice } = self.bounds;
        if !hurry && self.waiting.len() <= waiting && self.journals.len() <= journals {
            return Ok(settled);
        }
        let (after, first) = match self.round {
            Some(Round { after, first }) => (Bound::Excluded(after), first),
            None => (Bound::Unbounded, self.next),
        };
        let slice = slice.max(2 * settled.changes.len());
        let rows = self.waiting.range((after, Bound::Unbounded)).take(slice);
        let rows: Vec<Change> = rows
            .map(|((sequence, row), there)| Change {
                sequence: *sequence,
                row: *row,
                there: *there,
            })
            .collect();
        let mut rest = &rows[..];
        while let Some(change) = rest.first() {
            if is_kept(change.sequence)? {
                rest = settle(stage, rest)?;
            } else {
                let of_another = |other: &Change| other.sequence != change.sequence;
                rest = &rest[rest.iter().position(of_another).unwrap_or(rest.len())..];
            }
        }
        settled.settled = rows.iter().map(|change| (change.sequence, change.row)).collect();
        settled.round = settled.settled.last().map(|last| Round { after: *last, first });
        if rows.len() < slice {
            // The round is at its end.
            settled.round = None;
            settled.gone = first;
            for (number, parts) in self.journals.iter().take_while(|(number, _)| *number < first) {
                stage.remove_parts(layout::journal(*number), *parts);
            }
        }
        Ok(settled)
    }

    /// What a batch has made of the rows that wait, once it is in the tree.
    pub(super) fn take(&mut self, settled: Settled) {
        for row in settled.settled {
            self.waiting.remove(&row);
        }
        for Change { sequence, row, there } in settled.changes {
            self.waiting.insert((sequence, row), there);
        }
        while self.journals.front().is_some_and(|(number, _)| *number < settled.gone) {
            self.journals.pop_front();
        }
        if let Some(journal) = settled.journal {
            self.journals.push_back(journal);
            self.next = journal.0 + 1;
        }
        self.round = settled.round;
    }

    /// Up to `limit` rows of a sequence in their order, after one.
    pub(super) fn rows(
        &self,
        tree: &sled::Tree,
        sequence: u32,
        after: Option<Row>,
        limit: usize,
    ) -> Result<Vec<Row>, Fault> {
        let from = after.map_or(Bound::Included((sequence, [0; 24])), |after| {
            Bound::Excluded((sequence, after))
        });
        let waiting = self.waiting.range((from, Bound::Included((sequence, [0xff; 24]))));
        let mut waiting = waiting.map(|((_, row), there)| (*row, *there)).peekable();
        let (mut rows, mut last) = (Vec::new(), after);
        let first = layout::block(sequence, &after.unwrap_or_default());
        let first = before_or_at(tree, sequence, &first)?.unwrap_or(first);
        for pair in tree.range(first.to_vec()..layout::end_of(&layout::blocks(sequence))) {
            let (key, head) = pair?;
            for row in read_block(tree, &key, &head)? {
                // A block that was parted while this is read is met twice in part.
                if last.is_some_and(|last| row <= last) {
                    continue;
                }
                last = Some(row);
                while rows.len() < limit
                    && let Some((earlier, there)) = waiting.next_if(|(other, _)| *other < row)
                {
                    rows.extend(there.then_some(earlier));
                }
                let there = waiting.next_if(|(other, _)| *other == row);
                rows.extend(there.is_none_or(|(_, there)| there).then_some(row));
                if rows.len() >= limit {
                    rows.truncate(limit);
                    return Ok(rows);
                }
            }
        }
        let rest = waiting.filter(|(_, there)| *there).map(|(row, _)| row);
        rows.extend(rest.take(limit - rows.len()));
        Ok(rows)
    }
}

/// As [`Sequences::rows`], of what is shared.
pub(super) fn rows(
    tree: &sled::Tree,
    shared: &Shared,
    sequence: u32,
    after: Option<Row>,
    limit: usize,
) -> Result<Vec<Row>, Fault> {
    shared.read().unwrap_or_else(PoisonError::into_inner).rows(tree, sequence, after, limit)
}

/// Bytes of a change in a journal.
const CHANGE: usize = 4 + 24 + 1;

pub(super) fn read_journal(payload: &[u8]) -> Result<Vec<Change>, Unreadable> {
    let (changes, rest) = payload.as_chunks::<CHANGE>();
    let changes = changes.iter().map(|change| {
        let (sequence, rest) = change.split_first_chunk::<4>()?;
        let (row, there) = rest.split_first_chunk::<24>()?;
        let there = match there {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        Some(Change { sequence: u32::from_be_bytes(*sequence), row: *row, there })
    });
    let changes = changes.collect::<Option<Vec<_>>>().filter(|_| rest.is_empty());
    changes.ok_or_else(|| Unreadable::Contents("it is no journal".to_owned()))
}

fn write_journal(changes: &[Change], room: &mut Vec<u8>) {
    for Change { sequence, row, there } in changes {
        room.extend_from_slice(&sequence.to_be_bytes());
        room.extend_from_slice(row);
        room.push(u8::from(*there));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Rows that lie close and rows that lie anywhere.
    fn row(number: u16) -> Row {
        let mut row = [0; 24];
        row[6..8].copy_from_slice(&number.to_be_bytes());
        row[20] = 1;
        row
    }

    impl Sequences {
        fn journals(&self) -> Journals {
            self.journals_after(&Settled { round: self.round, ..Settled::default() })
        }
    }

    /// One batch, as the writer has it.
    fn write(tree: &sled::Tree, sequences: &mut Sequences, changes: Vec<Change>, hurry: bool) {
        let mut stage = Stage::new(tree);
        let settled = sequences.stage(&mut stage, changes, hurry, |one| Ok(one != 9)).unwrap();
        tree.apply_batch(stage.into_batch().unwrap()).unwrap();
        sequences.take(settled);
    }

    /// All rows, read so many at a time.
    fn all(tree: &sled::Tree, sequences: &Sequences, sequence: u32, page: usize) -> Vec<Row> {
        let mut all: Vec<Row> = Vec::new();
        loop {
            let rows = sequences.rows(tree, sequence, all.last().copied(), page).unwrap();
            all.extend(&rows);
            if rows.len() < page {
                return all;
            }
        }
    }

    fn count_of_blocks(tree: &sled::Tree) -> usize {
        tree.scan_prefix(Kind::Block.prefix()).count()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

        #[test]
        fn they_hold_what_sets_of_the_standard_library_hold_whatever_was_settled_and_reopened(
            bounds in (0..900usize, 0..6usize, 1..500usize),
            batches in prop::collection::vec(
                (0..3u32, any::<u16>(), 1..700u16, 1..40u16, 0..5u8, any::<bool>()), 1..30,
            ),
            page in 1..400usize,
        ) {
            let db = sled::Config::new().temporary(true).open().unwrap();
            let (waiting, journals, slice) = bounds;
            let bounds = Bounds { waiting, journals, slice };
            let mut sequences = Sequences { bounds, ..Sequences::default() };
            let mut plain: [BTreeSet<Row>; 3] = Default::default();
            for (sequence, first, count, step, kind, reopened) in batches {
                let there = kind > 1;
                let rows = (0..count).map(|n| row(first.wrapping_add(n.wrapping_mul(step))));
                let changes = rows.map(|row| Change { sequence, row, there }).collect::<Vec<_>>();
                for Change { row, .. } in &changes {
                    match there {
                        true => plain[sequence as usize].insert(*row),
                        false => plain[sequence as usize].remove(row),
                    };
                }
                write(&db, &mut sequences, changes, false);
                if reopened {
                    sequences = Sequences { bounds, ..Sequences::open(&db, &sequences.journals()).unwrap() };
                }
                for (sequence, plain) in (0..).zip(&plain) {
                    let plain: Vec<Row> = plain.iter().copied().collect();
                    prop_assert_eq!(all(&db, &sequences, sequence, page), plain);
                }
            }
            let mut rounds = 0;
            while !sequences.is_settled() {
                write(&db, &mut sequences, Vec::new(), true);
                rounds += 1;
                prop_assert!(rounds < 200_000, "it comes to an end");
            }
            let nothing_waits = Sequences::open(&db, &sequences.journals()).unwrap();
            prop_assert!(nothing_waits.is_settled());
            for (sequence, plain) in (0..).zip(&plain) {
                let plain: Vec<Row> = plain.iter().copied().collect();
                prop_assert_eq!(all(&db, &nothing_waits, sequence, page), plain);
            }
            for pair in db.scan_prefix(Kind::Block.prefix()) {
                let (key, head) = pair.unwrap();
                let rows = read_block(&db, &key, &head).unwrap().len();
                prop_assert!((1..=blocks::FULL).contains(&rows), "{} rows", rows);
            }
        }

        #[test]
        fn no_bytes_make_reading_a_journal_or_a_block_panic(bytes: Vec<u8>) {
            let _ = (read_journal(&bytes), rows_of(&bytes));
        }
    }

    #[test]
    fn few_rows_wait_and_few_journals_stand_however_many_come() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let bounds = Bounds { waiting: 1000, journals: 20, slice: 100 };
        let mut sequences = Sequences { bounds, ..Sequences::default() };
        for batch in 0..2000u16 {
            let rows = (0..10).map(|n| row(batch.wrapping_mul(7919).wrapping_add(n * 13)));
            let changes = rows.map(|row| Change { sequence: 1, row, there: true });
            write(&db, &mut sequences, changes.collect(), false);
            assert!(sequences.waiting.len() <= 1100, "{}", sequences.waiting.len());
            // As many as come while a round lasts, twice.
            assert!(sequences.journals.len() <= 60, "{}", sequences.journals.len());
        }
        assert!(count_of_blocks(&db) > 30);
    }

    #[test]
    fn few_journals_stand_however_often_the_store_is_opened_again() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let bounds = Bounds { waiting: 1000, journals: 20, slice: 100 };
        let mut sequences = Sequences { bounds, ..Sequences::default() };
        for batch in 0..400u16 {
            let rows = (0..30).map(|n| row(batch.wrapping_mul(7919).wrapping_add(n * 13)));
            let changes = rows.map(|row| Change { sequence: 1, row, there: true });
            write(&db, &mut sequences, changes.collect(), false);
            let journals = sequences.journals();
            sequences = Sequences { bounds, ..Sequences::open(&db, &journals).unwrap() };
            assert!(sequences.journals.len() <= 60, "{}", sequences.journals.len());
        }
    }

    #[test]
    fn rows_of_a_sequence_that_is_not_kept_are_forgotten() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let mut sequences = Sequences::default();
        let change = |sequence| Change { sequence, row: row(1), there: true };
        write(&db, &mut sequences, vec![change(8), change(9)], false);
        while !sequences.is_settled() {
            write(&db, &mut sequences, Vec::new(), true);
        }
        assert_eq!(all(&db, &sequences, 8, 9), [row(1)]);
        assert_eq!(all(&db, &sequences, 9, 9), [[0; 24]; 0]);
        assert_eq!(count_of_blocks(&db), 1);
    }
}
