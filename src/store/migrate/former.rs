//! Records of earlier formats in; what they hold, out.

use crate::model::{Key, StoryId, Timestamp};

use super::super::codec::Unreadable;
use super::super::records::{read_keys, read_moment, write_keys};
use super::super::{index, layout};

/// `i`, kind, hash: the stories that bore a key, until format 3.
pub(super) const BEARERS: &[u8] = b"i";

/// `o`, first seen, story: the order of stories, until format 3.
pub(super) const ORDER: &[u8] = b"o";

/// `p`, generation, date and story, both inverted: a place in a topic, until format 3.
pub(super) const PLACE: &[u8] = b"p";

/// `x`, span of time, story: the passages of that span which it bore, in format 2.
pub(super) const PASSAGES: &[u8] = b"x";

/// First seen, all keys, passages too, packed text: a story in format 1.
pub(super) fn story_of_format_1(
    payload: &[u8],
) -> Result<(Timestamp, Vec<Key>, &[u8]), Unreadable> {
    let (first_seen, rest) = read_moment(payload)?;
    let (keys, packed) = read_keys(rest)?;
    Ok((first_seen, keys, packed))
}

/// A story in format 2, less the packed text that followed.
pub(super) struct Head {
    pub(super) first_seen: Timestamp,
    pub(super) keys: Vec<Key>,
    pub(super) spans: Vec<u32>,
}

impl Head {
    pub(super) fn read(payload: &[u8]) -> Result<(Self, &[u8]), Unreadable> {
        let (first_seen, rest) = read_moment(payload)?;
        let (keys, rest) = read_keys(rest)?;
        let (count, rest) = rest.split_first().ok_or(Unreadable::Short)?;
        let (spans, rest) =
            rest.split_at_checked(4 * usize::from(*count)).ok_or(Unreadable::Short)?;
        let (spans, _) = spans.as_chunks();
        let spans = spans.iter().map(|span| u32::from_be_bytes(*span)).collect();
        Ok((Self { first_seen, keys, spans }, rest))
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        const MOST_SPANS: usize = u8::MAX as usize;
        bytes.extend_from_slice(&layout::ascending(self.first_seen));
        write_keys(&self.keys, bytes);
        let spans = &self.spans[self.spans.len().saturating_sub(MOST_SPANS)..];
        bytes.push(spans.len() as u8);
        spans.iter().for_each(|span| bytes.extend_from_slice(&span.to_be_bytes()));
    }
}

/// A retired story in formats 1 and 2: first seen, when it was retired, keys.
pub(super) fn retired(payload: &[u8]) -> Result<(Timestamp, Timestamp, Vec<Key>), Unreadable> {
    let (first_seen, rest) = read_moment(payload)?;
    let (at, rest) = read_moment(rest)?;
    let (keys, _) = read_keys(rest)?;
    Ok((first_seen, at, keys))
}

pub(super) fn write_retired(first_seen: Timestamp, at: Timestamp, keys: &[Key]) -> Vec<u8> {
    let mut bytes = [first_seen, at].map(layout::ascending).concat();
    write_keys(keys, &mut bytes);
    bytes
}

pub(super) fn passages_key(span: u32, id: StoryId) -> Vec<u8> {
    [PASSAGES, &span.to_be_bytes(), id.as_bytes()].concat()
}

/// The passages of one span of time that a story bore, in format 2.
pub(super) fn passages(span: u32, payload: &[u8]) -> Result<Vec<Key>, Unreadable> {
    let (_, rest) = read_moment(payload)?;
    match rest.as_chunks() {
        (rests, []) => Ok(rests.iter().map(|rest| index::key_of(span, rest)).collect()),
        _ => Err(Unreadable::Short),
    }
}

pub(super) fn write_passages(first_seen: Timestamp, keys: &[Key]) -> Vec<u8> {
    let mut bytes = layout::ascending(first_seen).to_vec();
    keys.iter().for_each(|key| bytes.extend_from_slice(&key.hash[4..]));
    bytes
}
