//! Format 2, in which the bearers of each name, each place, each story's place in the order and
//! passages were records of their own, in; format 3, in which they stand on sheets and in blocks, out.

use crate::model::{Key, KeyKind};

use super::super::chunks::{Fault, Stage, Values};
use super::super::layout::{self, Kind};
use super::super::records::{Header, Retired, StoryHead};
use super::super::sequences::{Change, ORDER};
use super::super::sheets::Of;
use super::{After, former, slice};

/// One slice of it.
pub(super) fn keys(
    stage: &mut Stage<'_>,
    header: &mut Header,
    after: After<'_>,
    size: usize,
) -> Result<Option<Vec<u8>>, Fault> {
    let (retired, story) = (Kind::Retired.prefix(), Kind::Story.prefix());
    let ranges =
        [former::BEARERS, former::ORDER, former::PLACE, &retired, &story, former::PASSAGES];
    let ranges = ranges.map(<[u8]>::to_vec);
    slice(stage, &ranges, after, size, |stage, key| gather(stage, header, key))
}

fn gather(stage: &mut Stage<'_>, header: &mut Header, key: &[u8]) -> Result<(), Fault> {
    let bad = |why| Fault::record(key, why);
    if let Some(change) = row(key) {
        stage.rows.push(change);
    } else if key.starts_with(&Kind::Retired.prefix()) {
        return gather_retired(stage, header, key);
    } else if key.starts_with(&Kind::Story.prefix()) {
        let Some(id) = layout::story_of(key) else { return Ok(()) };
        let Some(payload) = stage.tree().record(key)? else { return Ok(()) };
        let (former::Head { first_seen, keys, spans: former }, packed) =
            former::Head::read(&payload).map_err(bad)?;
        let first_span = header.first_span;
        let mut passages = Vec::new();
        for span in former.into_iter().filter(|span| *span >= first_span) {
            let key = former::passages_key(span, id);
            let read = stage.tree().record(&key).and_then(|payload| {
                let read = payload.map(|payload| former::passages(span, &payload));
                read.transpose().map_err(|why| Fault::record(&key, why))
            });
            match read {
                Ok(read) => passages.extend(read.map(|keys| (span, keys))),
                // A story without its passages is a story still.
                Err(unreadable @ Fault::Record { .. }) => {
                    tracing::warn!(error = %unreadable, "a story goes without these passages");
                }
                Err(fault) => return Err(fault),
            }
        }
        let mut write_down = |of, keys: &[Key]| stage.write_down(header, of, id, first_seen, keys);
        let sheets = match keys.is_empty() {
            true => Vec::new(),
            false => vec![write_down(Of::Names, &keys)],
        };
        let passages = passages.into_iter();
        let spans = passages.map(|(span, keys)| (span, write_down(Of::Passages(span), &keys)));
        let spans = spans.collect();
        let mut story = Vec::new();
        StoryHead { first_seen, keys, sheets, spans }.write(&mut story);
        story.extend_from_slice(packed);
        return stage.put(key.into(), &story);
    }
    // Found again by its story's own keys, or in its block.
    stage.remove(key.into())
}

fn gather_retired(stage: &mut Stage<'_>, header: &mut Header, key: &[u8]) -> Result<(), Fault> {
    let Some(id) = layout::story_of(key) else { return Ok(()) };
    let Some(payload) = stage.tree().record(key)? else { return Ok(()) };
    let (first_seen, at, mut keys) =
        former::retired(&payload).map_err(|why| Fault::record(key, why))?;
    keys.retain(|key| key.kind != KeyKind::Passage);
    let sheets = match keys.is_empty() {
        true => Vec::new(),
        false => vec![stage.write_down(header, Of::Names, id, first_seen, &keys)],
    };
    stage.put(key.into(), &Retired { first_seen, at, keys, sheets }.write())
}

/// What a place in the order, or in a topic, is as a row.
fn row(key: &[u8]) -> Option<Change> {
    let (kind, rest) = key.split_at_checked(1)?;
    let (sequence, row) = match kind {
        former::ORDER => (ORDER, rest),
        former::PLACE => {
            let (generation, row) = rest.split_first_chunk::<4>()?;
            (u32::from_be_bytes(*generation), row)
        }
        _ => return None,
    };
    Some(Change { sequence, row: row.try_into().ok()?, there: true })
}
