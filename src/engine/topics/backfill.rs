//! Old stories of new sources, which wait in archives for a volume, and the records of archives.

use std::collections::BTreeSet;

use super::Topics;
use crate::engine::archive::Archive;
use crate::engine::turn_in_progress::TurnInProgress;
use crate::model::Timestamp;

impl Topics {
    /// The topics whose backfill has waited long enough for volumes.
    pub(in crate::engine) fn due_backfills(&self, now: Timestamp) -> impl Iterator<Item = usize> {
        let is_due = move |topic: &usize| {
            // An archive that is made anew comes first.
            let is_closing = !self.is_unpublished(*topic) && !self.is_behind(*topic);
            is_closing && self.archives[*topic].is_backfill_due(now)
        };
        self.backfilled.iter().copied().filter(is_due)
    }

    /// Notes whether stories of a topic's archive wait for a volume.
    pub(in crate::engine) fn note_backfill(&mut self, topic: usize) {
        match self.archives[topic].has_backfill() {
            true => self.backfilled.insert(topic),
            false => self.backfilled.remove(&topic),
        };
    }

    /// Writes the changed records of archives: of those alone whose feed the turn touched.
    pub(in crate::engine) fn record_archives(&mut self, work: &mut TurnInProgress<'_>) {
        for feed in work.touched().clone() {
            if let Some(topic) = self.plan.topics.get(feed) {
                let site = &self.plan.server.site;
                work.commit.engine.extend(self.archives[feed].changed_record(&topic.id, site));
            }
        }
    }
}

/// The topics whose archive has stories that wait for a volume.
pub(super) fn topics_with_one(archives: &[Archive]) -> BTreeSet<usize> {
    (0..archives.len()).filter(|topic| archives[*topic].has_backfill()).collect()
}
