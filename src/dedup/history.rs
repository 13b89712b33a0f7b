//! Bounds the former wordings that a story remembers, so that no source pushes out another's.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::{Revision, SourceId};

/// Revisions that a story remembers.
const MOST_REVISIONS: usize = 20;

/// Bytes of former texts that a story remembers.
const MOST_FORMER_TEXT: usize = 24 * 1024;

/// Drops the oldest revisions, and the texts of the oldest that are left, down to the bounds. Each is
/// taken from the source that has most; of two that have as many, the source that leads keeps its own.
pub(super) fn bound(history: &mut Vec<Revision>, lead: &SourceId) {
    while history.len() > MOST_REVISIONS {
        let Some(oldest) = oldest_of_most(history, lead, |_| 1) else { return };
        history.remove(oldest);
    }
    let bytes = |revision: &Revision| revision.text.as_ref().map_or(0, String::len);
    while history.iter().map(bytes).sum::<usize>() > MOST_FORMER_TEXT {
        let Some(oldest) = oldest_of_most(history, lead, bytes) else { return };
        history[oldest].text = None;
    }
}

/// The oldest revision with a `size`, of the source whose revisions have the greatest in all.
fn oldest_of_most(
    history: &[Revision],
    lead: &SourceId,
    size: impl Fn(&Revision) -> usize,
) -> Option<usize> {
    let mut sizes: BTreeMap<&SourceId, usize> = BTreeMap::new();
    for revision in history {
        *sizes.entry(&revision.source).or_default() += size(revision);
    }
    let (most, _) = sizes
        .into_iter()
        .max_by_key(|(source, size)| (*size, *source != lead, Reverse(*source)))?;
    history.iter().position(|revision| revision.source == *most && size(revision) > 0)
}
