//! A store in; what each topic's places stand under, and which are in doubt, out.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Fingerprint, Stamp, Timestamp};
use crate::store::{Store, StoreError};

/// The topics that are published, by name, as their queries stand.
pub(crate) fn names(store: &dyn Store) -> Result<BTreeMap<String, Fingerprint>, StoreError> {
    let stamps = store.stamps()?.into_iter();
    Ok(stamps
        .filter_map(|(path, stamp)| {
            Some((path.strip_prefix(NAMED)?.to_owned(), Fingerprint(stamp.hash)))
        })
        .collect())
}

/// Stamps of these kinds are of no document: no path begins so.
const NAMED: &str = "topic:";
const DOUBTED: &str = "doubtful:";

/// The places that are not, or no more, what their query finds.
pub(super) fn doubtful(store: &dyn Store) -> Result<BTreeSet<Fingerprint>, StoreError> {
    let stamps = store.stamps()?.into_iter();
    let doubtful = stamps.filter(|(path, _)| path.starts_with(DOUBTED));
    Ok(doubtful.map(|(_, stamp)| Fingerprint(stamp.hash)).collect())
}

pub(super) fn doubt_path(of: Fingerprint) -> String {
    format!("{DOUBTED}{:016x}", of.0)
}

/// A stamp that tells of nothing but a fingerprint.
pub(super) fn unchanging(of: Fingerprint) -> Stamp {
    Stamp { hash: of.0, modified: Timestamp::EPOCH }
}

pub(super) fn stamp_path(topic: &str) -> String {
    format!("{NAMED}{topic}")
}
