//! Long records as values that are short enough for sled, and the batch of writes that a commit means.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLockReadGuard, RwLockWriteGuard};

use sled::IVec;

use crate::model::StoryId;

use super::card::Touched;
use super::codec::{self, Unreadable};
use super::index::{Index, Shared};
use super::key_codec;

/// The longest part of a record in one value. A page holds up to 17 values,
/// and one above 128 KB goes to a file of its own which sled never syncs.
const PART: usize = 6000;

/// The length of the count of further parts, which precedes the first part.
const COUNT: usize = 4;

/// A record may be rewritten while its parts are read; this often in a row never happens.
const TRIES: usize = 16;

/// An error below the level of stories.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// sled failed.
    #[error(transparent)]
    Engine(#[from] sled::Error),
    /// sled gave something that is not what was put in.
    #[error("the record {key:?} cannot be read: {why}")]
    Record {
        /// Its key, as far as it is text.
        key: String,
        /// The reason.
        why: Unreadable,
    },
}

impl Fault {
    pub(super) fn record(key: &[u8], why: Unreadable) -> Self {
        let key = key.escape_ascii().to_string();
        Self::Record { key, why }
    }

    /// A key, or what it leads to, has not the form it must have.
    pub(super) fn malformed(key: &[u8], what: &str) -> Self {
        Self::record(key, Unreadable::Contents(what.to_owned()))
    }
}

/// Somewhere values are read by key.
pub(super) trait Values {
    /// The value under a key.
    fn value(&self, key: &[u8]) -> Result<Option<IVec>, sled::Error>;

    /// The payload of the record under a key.
    fn record(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Fault> {
        Ok(self.found(key)?.map(|found| found.payload))
    }

    /// The record under a key.
    fn found(&self, key: &[u8]) -> Result<Option<Found>, Fault> {
        let mut before = None;
        for _ in 0..TRIES {
            let Some(head) = self.value(key)? else { return Ok(None) };
            let why = match self.joined(key, &head)? {
                Ok(payload) => return Ok(Some(Found { payload, parts: parts_after(&head) })),
                Err(why) => why,
            };
            // The head holds the checksum of the whole: the same head again
            // means that nobody rewrote the record meanwhile.
            if before.replace(head.clone()) == Some(head) {
                return Err(Fault::record(key, why));
            }
        }
        Err(Fault::malformed(key, "it is rewritten all the time"))
    }

    /// Head and further parts as the payload they make, if they do.
    fn joined(&self, key: &[u8], head: &[u8]) -> Result<Result<Vec<u8>, Unreadable>, Fault> {
        let Some((count, first)) = head.split_first_chunk::<COUNT>() else {
            return Ok(Err(Unreadable::Short));
        };
        let count = u32::from_le_bytes(*count);
        if count == 0 {
            return Ok(codec::unseal(first).map(<[u8]>::to_vec));
        }
        let mut sealed = first.to_vec();
        for number in 0..count {
            match self.value(&key_codec::chunk(key, number))? {
                Some(part) => sealed.extend_from_slice(&part),
                None => return Ok(Err(Unreadable::Short)),
            }
        }
        Ok(codec::unseal(&sealed).map(<[u8]>::to_vec))
    }
}

impl Values for sled::Tree {
    fn value(&self, key: &[u8]) -> Result<Option<IVec>, sled::Error> {
        self.get(key)
    }
}

/// A record that was looked up.
pub(super) struct Found {
    pub(super) payload: Vec<u8>,
    /// How many further parts it has. A writer that replaces the record need not look again.
    pub(super) parts: u32,
}

/// How many further parts a record's head announces; none where it is not to be believed.
pub(super) fn parts_after(head: &[u8]) -> u32 {
    let count = head.first_chunk::<COUNT>().map_or(0, |count| u32::from_le_bytes(*count));
    if count as usize <= codec::LONGEST / PART { count } else { 0 }
}

/// Whether a value is certainly not what was written. Of a part of a long record this cannot be said.
pub(super) fn is_altered(key: &[u8], value: &[u8]) -> bool {
    let is_part = key.starts_with(&key_codec::Kind::Chunk.prefix());
    !is_part
        && value.split_first_chunk::<COUNT>().is_none_or(|(count, sealed)| {
            u32::from_le_bytes(*count) == 0 && codec::unseal(sealed).is_err()
        })
}

/// A tree as it will be: reads see what was staged.
pub(super) struct Stage<'t> {
    tree: &'t sled::Tree,
    /// As sled's batch will have it: nothing is copied once more.
    writes: HashMap<IVec, Option<IVec>>,
    /// Where records are put together.
    room: Vec<u8>,
    /// The cards that were touched.
    pub(super) cards: HashMap<StoryId, Touched>,
    index: &'t Shared,
}

impl Values for Stage<'_> {
    fn value(&self, key: &[u8]) -> Result<Option<IVec>, sled::Error> {
        match self.writes.get(key) {
            Some(staged) => Ok(staged.clone()),
            None => self.tree.get(key),
        }
    }
}

impl<'t> Stage<'t> {
    pub(super) fn new(tree: &'t sled::Tree, index: &'t Shared) -> Self {
        let (writes, room, cards) = (HashMap::new(), Vec::new(), HashMap::new());
        Self { tree, writes, room, cards, index }
    }

    /// The index, which is changed while a batch is staged. A reader that finds in it what is not in
    /// the tree yet finds nothing.
    pub(super) fn index(&self) -> RwLockReadGuard<'t, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn index_mut(&self) -> RwLockWriteGuard<'t, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a record in place of what stood there.
    pub(super) fn put(&mut self, key: IVec, payload: &[u8]) -> Result<(), Fault> {
        let parts = self.parts(&key)?;
        self.put_over(parts, key, |room| {
            room.extend_from_slice(payload);
            Ok(())
        })
    }

    /// Puts the record that `write` writes in place of one that has so many further parts;
    /// none where there is none.
    pub(super) fn put_over(
        &mut self,
        parts: u32,
        key: IVec,
        write: impl FnOnce(&mut Vec<u8>) -> Result<(), Unreadable>,
    ) -> Result<(), Fault> {
        let mut room = std::mem::take(&mut self.room);
        room.clear();
        room.extend_from_slice(&[0; COUNT]);
        codec::seal(&mut room, write).map_err(|why| Fault::record(&key, why))?;
        let end_of_first = room.len().min(COUNT + PART);
        let (first, rest) = room.split_at_mut(end_of_first);
        let rest = rest.chunks(PART);
        let count = u32::try_from(rest.len())
            .map_err(|_| Fault::record(&key, Unreadable::TooLong(rest.len())))?;
        first[..COUNT].copy_from_slice(&count.to_le_bytes());
        for (number, part) in (0..).zip(rest) {
            self.writes.insert(key_codec::chunk(&key, number), Some(part.into()));
        }
        for number in count..parts {
            self.writes.insert(key_codec::chunk(&key, number), None);
        }
        self.writes.insert(key, Some((&*first).into()));
        self.room = room;
        Ok(())
    }

    /// How many further parts the record under a key has.
    pub(super) fn parts(&self, key: &[u8]) -> Result<u32, Fault> {
        Ok(self.value(key)?.map_or(0, |head| parts_after(&head)))
    }

    /// Removes a record, if it is there.
    pub(super) fn remove(&mut self, key: IVec) -> Result<(), Fault> {
        let parts = self.parts(&key)?;
        self.remove_parts(key, parts);
        Ok(())
    }

    /// Removes a record that has so many further parts.
    pub(super) fn remove_parts(&mut self, key: IVec, parts: u32) {
        for number in 0..parts {
            self.writes.insert(key_codec::chunk(&key, number), None);
        }
        self.writes.insert(key, None);
    }

    /// Everything staged, as one batch.
    pub(super) fn into_batch(mut self) -> Result<sled::Batch, Fault> {
        self.write_cards()?;
        let mut batch = sled::Batch::default();
        for (key, value) in self.writes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        Ok(batch)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_shrinks_leaves_no_part_behind() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let index = Shared::default();
        for length in [0, 10, PART - 5, PART - 4, 5 * PART, 3 * PART, 0] {
            let payload: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let mut stage = Stage::new(&db, &index);
            stage.put(b"mkey".into(), &payload).unwrap();
            assert_eq!(stage.record(b"mkey").unwrap().as_ref(), Some(&payload));
            db.apply_batch(stage.into_batch().unwrap()).unwrap();
            assert_eq!(db.record(b"mkey").unwrap(), Some(payload));
            let sealed = length + 5;
            assert_eq!(db.len(), 1 + sealed.saturating_sub(1) / PART, "{length}");
        }
        let mut stage = Stage::new(&db, &index);
        stage.remove(b"mkey".into()).unwrap();
        db.apply_batch(stage.into_batch().unwrap()).unwrap();
        assert_eq!(db.len(), 0);
    }

    #[test]
    fn a_lost_part_is_an_error_and_never_a_shorter_record() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let index = Shared::default();
        let mut stage = Stage::new(&db, &index);
        stage.put(b"mkey".into(), &vec![7; 3 * PART]).unwrap();
        db.apply_batch(stage.into_batch().unwrap()).unwrap();
        db.remove(key_codec::chunk(b"mkey", 1)).unwrap();
        assert!(matches!(db.record(b"mkey"), Err(Fault::Record { why: Unreadable::Short, .. })));
    }
}
