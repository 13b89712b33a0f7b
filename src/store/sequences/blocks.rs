//! Changes that have waited in; the blocks of their sequence with them, out.

use super::super::chunks::{Fault, Stage, Values};
use super::super::codec::Unreadable;
use super::super::layout;
use super::{Change, Row};

/// A block has so many rows at most: one value, in sled's way.
pub(super) const FULL: usize = 240;

/// What is too much for one block is parted into such as have so many at most, so that they have room.
const PARTED: usize = 180;

/// Where all that comes comes at one end, the blocks behind it are as good as full.
const FILLED: usize = 220;

/// Puts the first of these changes, which are in order, and all others of the same block into it.
pub(super) fn settle<'c>(
    stage: &mut Stage<'_>,
    changes: &'c [Change],
) -> Result<&'c [Change], Fault> {
    let Change { sequence, row, .. } = changes[0];
    let tree = stage.tree();
    let key = before_or_at(tree, sequence, &layout::block(sequence, &row))?;
    let rows = match &key {
        Some(key) => match tree.get(key)? {
            Some(head) => read_block(tree, key, &head)?,
            None => Vec::new(),
        },
        None => Vec::new(),
    };
    let is_stored = key.is_some();
    let key = key.unwrap_or_else(|| layout::block(sequence, &[0; 24]));
    let after = [&key[..], &[0]].concat();
    let next = tree.range(after..layout::end_of(&layout::blocks(sequence))).keys().next();
    let next = next.transpose()?.as_deref().and_then(layout::block_of);
    let belongs = |change: &Change| {
        change.sequence == sequence && next.is_none_or(|(_, next)| change.row < next)
    };
    let (these, rest) = changes.split_at(changes.iter().take_while(|one| belongs(one)).count());
    let (first, last) = (rows.first().copied(), rows.last().copied());
    let rows = merged(&rows, these);
    if rows.is_empty() {
        if is_stored {
            stage.remove_parts(key, 0);
        }
        return Ok(rest);
    }
    let at_the_end = last.is_some_and(|last| these[0].row > last);
    let at_the_beginning = first.is_some_and(|first| these[these.len() - 1].row < first);
    let parts: Vec<&[Row]> = match rows.len() {
        ..=FULL => vec![&rows],
        _ if at_the_end => rows.chunks(FILLED).collect(),
        _ if at_the_beginning => rows.rchunks(FILLED).rev().collect(),
        count => rows.chunks(count.div_ceil(count.div_ceil(PARTED))).collect(),
    };
    let mut key = Some(key);
    for part in parts {
        // The first part stays where the block was, whatever comes before it.
        let key = key.take().unwrap_or_else(|| layout::block(sequence, &part[0]));
        stage.put_over(0, key, |room| {
            room.extend_from_slice(part.as_flattened());
            Ok(())
        })?;
    }
    Ok(rest)
}

/// Rows with changes applied to them, both in order.
fn merged(rows: &[Row], changes: &[Change]) -> Vec<Row> {
    let mut merged = Vec::with_capacity(rows.len() + changes.len());
    let mut rows = rows.iter().copied().peekable();
    for change in changes {
        while let Some(row) = rows.next_if(|row| *row < change.row) {
            merged.push(row);
        }
        rows.next_if_eq(&change.row);
        merged.extend(change.there.then_some(change.row));
    }
    merged.extend(rows);
    merged
}

/// The last block of a sequence whose key is not after this one.
pub(super) fn before_or_at(
    tree: &sled::Tree,
    sequence: u32,
    key: &[u8],
) -> Result<Option<sled::IVec>, sled::Error> {
    let first = layout::blocks(sequence);
    tree.range::<&[u8], _>(&*first..=key).keys().next_back().transpose()
}

pub(in super::super) fn read_block(
    tree: &sled::Tree,
    key: &[u8],
    head: &[u8],
) -> Result<Vec<Row>, Fault> {
    let payload = tree.joined(key, head)?.map_err(|why| Fault::record(key, why))?;
    rows_of(&payload).map_err(|why| Fault::record(key, why))
}

/// The rows of a block, which are in order.
pub(in super::super) fn rows_of(payload: &[u8]) -> Result<Vec<Row>, Unreadable> {
    match payload.as_chunks() {
        (rows, []) if rows.is_sorted() => Ok(rows.to_vec()),
        (_, []) => Err(Unreadable::Contents("its rows are in no order".to_owned())),
        _ => Err(Unreadable::Short),
    }
}
