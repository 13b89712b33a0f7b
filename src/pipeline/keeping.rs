//! What is to be kept, the store and the moment in; what goes with the next commit, out.
//!
//! Once a day of polls a walk through the store begins; each gathering of
//! polls takes one slice of it along in its commit, so neither polls nor readers wait for it.
//! Stories go first; their keys stay for longer, so that an old entry which a
//! source lists again is not news.

use std::collections::BTreeSet;

use crate::model::{StoryId, Timestamp};
use crate::store::{self, Commit, Retention, Slice, Store, StoreError};

use super::filing::Filing;

/// Stories looked at in one gathering.
const SLICE: usize = 200;

/// The walk through the store, and how far it has come.
#[derive(Debug, Default)]
pub(super) struct Keeping {
    /// The day on which the last walk began.
    day: Option<i64>,
    walk: Walk,
}

#[derive(Debug, Default)]
enum Walk {
    /// Until tomorrow.
    #[default]
    Rests,
    /// Among the stories, after this one.
    Stories(Option<(Timestamp, StoryId)>),
    /// Among the stories that went earlier, after this one.
    Keys(Option<StoryId>),
}

impl Keeping {
    /// Adds the next slice to `commit`, and the feeds that lose a story to `touched`.
    pub(super) fn step(
        &mut self,
        retention: &Retention,
        store: &dyn Store,
        filing: &mut Filing,
        now: Timestamp,
        commit: &mut Commit,
        touched: &mut BTreeSet<usize>,
    ) -> Result<(), StoreError> {
        if !retention.is_bounded() {
            return Ok(());
        }
        let day = now.as_secs() / (24 * 3600);
        if matches!(self.walk, Walk::Rests) && self.day != Some(day) {
            self.day = Some(day);
            self.walk = Walk::Stories(None);
        }
        self.walk = match self.walk {
            Walk::Rests => Walk::Rests,
            Walk::Stories(after) => {
                let Slice { found, next } =
                    store::stale_stories(store, retention, now, after, SLICE)?;
                for story in found {
                    // What this very gathering changed is not stale any more.
                    if commit.admitted.iter().all(|admitted| admitted.story.id != story.id) {
                        commit.places.extend(filing.remove(&story, touched));
                        commit.retired.push((story.id, now));
                    }
                }
                next.map_or(Walk::Keys(None), |next| Walk::Stories(Some(next)))
            }
            Walk::Keys(after) => {
                let mut listed = store::all_listed(store)?;
                listed.extend(commit.listed.iter().flat_map(|(_, stories)| stories));
                let Slice { found, next } =
                    store::stale_keys(store, retention, &listed, now, after, SLICE)?;
                commit.forgotten.extend(found);
                next.map_or(Walk::Rests, |next| Walk::Keys(Some(next)))
            }
        };
        Ok(())
    }
}
