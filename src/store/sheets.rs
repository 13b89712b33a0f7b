//! Which story bears which keys in; the same, many stories to a record, out.
//!
//! A story bears a handful of names and dozens of passages, and what sled costs goes with
//! the number of its keys. So the stories of one batch write what they bear on **sheets**:
//! one for names, one for the passages of each span of time, and a further one when a sheet is
//! full. The head of a story's own record says on which sheets it stands. The way
//! back, from a key to stories, is the index ([`super::index`]), which is read in from the sheets.

use std::collections::BTreeMap;

use crate::model::{Key, KeyKind, StoryId, Timestamp};

use super::chunks::{Fault, Found, Stage, Values};
use super::codec::Unreadable;
use super::records::{Header, KEY, keys_in, read_moment, write_key};
use super::{index, layout};

/// A sheet with more bytes than this takes no further story: nearly all stay one value, in sled's way.
const FULL: usize = 5_000;

/// What a sheet holds of stories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Of {
    /// All keys but passages.
    Names,
    /// The passages of a span of time.
    Passages(u32),
}

/// One sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SheetId {
    pub(super) of: Of,
    pub(super) number: u32,
}

/// What one story has on one sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Borne {
    pub(super) first_seen: Timestamp,
    /// In the order they came, none twice.
    pub(super) keys: Vec<Key>,
}

/// The stories on a sheet.
pub(super) type Sheet = BTreeMap<StoryId, Borne>;

/// Reads a sheet, story by story.
pub(super) fn read(
    of: Of,
    mut payload: &[u8],
) -> impl Iterator<Item = Result<(StoryId, Borne), Unreadable>> {
    std::iter::from_fn(move || {
        if payload.is_empty() {
            return None;
        }
        let read = read_one(of, payload);
        // What comes after something unreadable is unreadable.
        payload = read.as_ref().map_or(&[], |(_, rest)| *rest);
        Some(read.map(|(one, _)| one))
    })
}

fn read_one(of: Of, payload: &[u8]) -> Result<((StoryId, Borne), &[u8]), Unreadable> {
    let (opening, rest) = read_opening(of, payload)?;
    let (keys, rest) = rest.split_at_checked(opening.length).ok_or(Unreadable::Short)?;
    let keys = read_keys(of, keys)?;
    Ok(((opening.story, Borne { first_seen: opening.first_seen, keys }), rest))
}

/// What stands before a story's keys.
struct Opening {
    story: StoryId,
    first_seen: Timestamp,
    /// Bytes of keys that follow.
    length: usize,
}

fn read_opening(of: Of, payload: &[u8]) -> Result<(Opening, &[u8]), Unreadable> {
    let (story, rest) = payload.split_first_chunk::<16>().ok_or(Unreadable::Short)?;
    let (first_seen, rest) = read_moment(rest)?;
    let (count, rest) = rest.split_first_chunk::<2>().ok_or(Unreadable::Short)?;
    let length = usize::from(u16::from_le_bytes(*count)) * of.length();
    Ok((Opening { story: StoryId::from_bytes(*story), first_seen, length }, rest))
}

fn read_keys(of: Of, bytes: &[u8]) -> Result<Vec<Key>, Unreadable> {
    match of {
        Of::Names => keys_in(bytes),
        Of::Passages(span) => {
            let (rests, _) = bytes.as_chunks();
            Ok(rests.iter().map(|rest| index::key_of(span, rest)).collect())
        }
    }
}

/// What one story has on a sheet, without reading what the others have.
fn find(of: Of, mut payload: &[u8], story: StoryId) -> Result<Option<Borne>, Unreadable> {
    while !payload.is_empty() {
        let (opening, rest) = read_opening(of, payload)?;
        let (keys, rest) = rest.split_at_checked(opening.length).ok_or(Unreadable::Short)?;
        if opening.story == story {
            let keys = read_keys(of, keys)?;
            return Ok(Some(Borne { first_seen: opening.first_seen, keys }));
        }
        payload = rest;
    }
    Ok(None)
}

impl Of {
    /// Where a key stands.
    pub(super) fn key(key: &Key) -> Self {
        match key.kind {
            KeyKind::Passage => Self::Passages(index::span_of(key)),
            _ => Self::Names,
        }
    }

    /// The sheet with a number.
    pub(super) fn sheet(self, number: u32) -> SheetId {
        SheetId { of: self, number }
    }

    /// Bytes of a key as it stands there.
    fn length(self) -> usize {
        match self {
            Self::Names => KEY,
            Self::Passages(_) => 12,
        }
    }

    /// Bytes of so many keys of one story.
    fn weight(self, keys: usize) -> usize {
        16 + 8 + 2 + keys * self.length()
    }
}

fn write(of: Of, sheet: &Sheet, room: &mut Vec<u8>) {
    for (story, borne) in sheet {
        room.extend_from_slice(story.as_bytes());
        room.extend_from_slice(&layout::ascending(borne.first_seen));
        // Published ids are beyond `MOST_KEYS`, and as many as fit are far beyond that.
        let count = u16::try_from(borne.keys.len()).unwrap_or(u16::MAX);
        room.extend_from_slice(&count.to_le_bytes());
        for key in &borne.keys[..usize::from(count)] {
            match of {
                Of::Names => write_key(key, room),
                Of::Passages(_) => room.extend_from_slice(&key.hash[4..]),
            }
        }
    }
}

/// What a story bears as one sheet has it.
pub(super) fn on_sheet(
    values: &impl Values,
    id: SheetId,
    story: StoryId,
) -> Result<Option<Borne>, Fault> {
    let key = layout::sheet(id);
    let Some(payload) = values.record(&key)? else { return Ok(None) };
    find(id.of, &payload, story).map_err(|why| Fault::record(&key, why))
}

/// The sheets that a batch touches, until all of it is known.
#[derive(Debug, Default)]
pub(super) struct Sheets {
    touched: BTreeMap<SheetId, Touched>,
    /// The sheet to write on, and how many bytes are on it.
    open: BTreeMap<Of, (u32, usize)>,
}

#[derive(Debug)]
struct Touched {
    /// How many further parts its record has; `None`: there is no record yet.
    parts: Option<u32>,
    sheet: Sheet,
    is_changed: bool,
}

impl Sheets {
    /// What a story bears on a sheet that was touched.
    pub(super) fn borne(&self, id: SheetId, story: StoryId) -> Option<Option<&Borne>> {
        self.touched.get(&id).map(|touched| touched.sheet.get(&story))
    }
}

impl Stage<'_> {
    /// Writes down what a story bears beside what it has on other sheets; on which sheet.
    pub(super) fn write_down(
        &mut self,
        header: &mut Header,
        of: Of,
        story: StoryId,
        first_seen: Timestamp,
        keys: &[Key],
    ) -> u32 {
        let fresh = |(_, size): &(u32, usize)| *size < FULL;
        let (number, size) =
            self.sheets.open.get(&of).copied().filter(fresh).unwrap_or_else(|| {
                header.sheets += 1;
                (header.sheets - 1, 0)
            });
        self.sheets.open.insert(of, (number, size + of.weight(keys.len())));
        let new = || Touched { parts: None, sheet: Sheet::new(), is_changed: true };
        let touched = self.sheets.touched.entry(of.sheet(number)).or_insert_with(new);
        touched.is_changed = true;
        let borne = touched.sheet.entry(story);
        let borne = borne.or_insert_with(|| Borne { first_seen, keys: Vec::new() });
        borne.first_seen = first_seen;
        borne.keys.extend(keys);
        number
    }

    /// Strikes out what a story bears on a sheet.
    pub(super) fn strike(&mut self, id: SheetId, story: StoryId) -> Result<(), Fault> {
        let touched = self.touched(id)?;
        touched.is_changed |= touched.sheet.remove(&story).is_some();
        Ok(())
    }

    /// Strikes out some of it; whether the story bears nothing there any more.
    pub(super) fn strike_some(
        &mut self,
        id: SheetId,
        story: StoryId,
        is_lost: impl Fn(&Key) -> bool,
    ) -> Result<bool, Fault> {
        let touched = self.touched(id)?;
        let Some(borne) = touched.sheet.get_mut(&story) else { return Ok(true) };
        let before = borne.keys.len();
        borne.keys.retain(|key| !is_lost(key));
        touched.is_changed |= borne.keys.len() < before;
        let bears_nothing = borne.keys.is_empty();
        if bears_nothing {
            touched.sheet.remove(&story);
        }
        Ok(bears_nothing)
    }

    /// A sheet, to be changed.
    fn touched(&mut self, id: SheetId) -> Result<&mut Touched, Fault> {
        let touched = match self.sheets.touched.remove(&id) {
            Some(touched) => touched,
            None => self.touch(id)?,
        };
        Ok(self.sheets.touched.entry(id).or_insert(touched))
    }

    fn touch(&self, id: SheetId) -> Result<Touched, Fault> {
        let key = layout::sheet(id);
        let Some(Found { payload, parts }) = self.found(&key)? else {
            return Ok(Touched { parts: None, sheet: Sheet::new(), is_changed: false });
        };
        let sheet = read(id.of, &payload).collect::<Result<_, _>>();
        let sheet = sheet.map_err(|why| Fault::record(&key, why))?;
        Ok(Touched { parts: Some(parts), sheet, is_changed: false })
    }

    /// A sheet, for whoever has other reasons to change it.
    #[cfg(test)]
    pub(super) fn sheet(&mut self, id: SheetId) -> Result<&mut Sheet, Fault> {
        let touched = self.touched(id)?;
        touched.is_changed = true;
        Ok(&mut touched.sheet)
    }

    /// Stages the records of all sheets that were changed.
    pub(super) fn write_sheets(&mut self) -> Result<(), Fault> {
        for (id, touched) in std::mem::take(&mut self.sheets).touched {
            let Touched { parts, sheet, is_changed } = touched;
            let key = layout::sheet(id);
            if !is_changed {
                continue;
            }
            if !sheet.is_empty() {
                self.put_over(parts.unwrap_or(0), key, |room| {
                    write(id.of, &sheet, room);
                    Ok(())
                })?;
            } else if parts.is_some() {
                self.remove(key)?;
            }
        }
        Ok(())
    }
}
