//! Format 1, in which passages were keys like others, in; format 2, in which
//! a story's passages are a record a span of time and found by memory, out.

use serde::Deserialize;

use crate::model::{Key, KeyKind};

use super::super::chunks::{Fault, Stage, Values};
use super::super::layout::{self, Kind};
use super::super::records::Header;
use super::super::{codec, index};
use super::{After, former, slice};

/// One slice of it.
pub(super) fn passages(
    stage: &mut Stage<'_>,
    _: &mut Header,
    after: After<'_>,
    size: usize,
) -> Result<Option<Vec<u8>>, Fault> {
    // The number was left as it was at first: such a header says from when on
    // passages are kept, and its store is in the new format but for the number.
    #[derive(Deserialize)]
    struct Stated {
        first_span: Option<u32>,
    }
    if let Some(payload) = stage.tree().record(&layout::header())?
        && after.is_empty()
        && codec::unpack::<Stated>(&payload).is_ok_and(|stated| stated.first_span.is_some())
    {
        return Ok(None);
    }
    let found_by = [former::BEARERS, &[KeyKind::Passage as u8]].concat();
    let ranges = [found_by, Kind::Retired.prefix().to_vec(), Kind::Story.prefix().to_vec()];
    slice(stage, &ranges, after, size, part)
}

fn part(stage: &mut Stage<'_>, key: &[u8]) -> Result<(), Fault> {
    let bad = |why| Fault::record(key, why);
    let Some(id) = layout::story_of(key) else { return stage.remove(key.into()) };
    let Some(payload) = stage.tree().record(key)? else { return Ok(()) };
    if key.starts_with(&Kind::Retired.prefix()) {
        let (first_seen, at, mut keys) = former::retired(&payload).map_err(bad)?;
        // Evidence against a story that is gone proves nothing.
        keys.retain(|key| key.kind != KeyKind::Passage);
        return stage.put(key.into(), &former::write_retired(first_seen, at, &keys));
    }
    let (first_seen, keys, packed) = former::story_of_format_1(&payload).map_err(bad)?;
    let (mut borne, names): (Vec<Key>, Vec<Key>) =
        keys.into_iter().partition(|key| key.kind == KeyKind::Passage);
    borne.sort();
    let mut spans = Vec::new();
    for of_span in borne.chunk_by(|a, b| index::span_of(a) == index::span_of(b)) {
        let span = index::span_of(&of_span[0]);
        spans.push(span);
        let passages = former::write_passages(first_seen, of_span);
        stage.put(former::passages_key(span, id).into(), &passages)?;
    }
    let mut story = Vec::new();
    former::Head { first_seen, keys: names, spans }.write(&mut story);
    story.extend_from_slice(packed);
    stage.put(key.into(), &story)
}
