//! What is to be kept, the store and the moment in; what goes with the next commit, out.
//!
//! Once a day of polls a walk through the store begins; each gathering of
//! polls takes one slice of it along in its commit, so neither polls nor readers wait for it.
//! Stories go first; their keys stay for longer, so that an old entry which a
//! source lists again is not news. How far it has come is a stamp, so that a
//! daemon which is often restarted comes to its end all the same.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Stamp, StoryId, Timestamp};
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Walk {
    /// Until tomorrow.
    #[default]
    Rests,
    /// Among the stories, after this one.
    Stories(Option<(Timestamp, StoryId)>),
    /// Among the stories that went earlier, after this one.
    Keys(Option<StoryId>),
}

/// Stamps of these names are of no document: no path begins so.
const RESTS: &str = "keeping:rests";
const STORIES: &str = "keeping:stories";
const KEYS: &str = "keeping:keys";

impl Keeping {
    /// Where the last run left it.
    pub(super) fn recall(stamps: &BTreeMap<String, Stamp>) -> Self {
        let at = |name: &str| stamps.get(name).copied();
        let walk = match (at(STORIES), at(KEYS)) {
            (Some(stamp), _) => Walk::Stories(Some((stamp.modified, first_after(stamp.hash)))),
            (_, Some(stamp)) => Walk::Keys(Some(first_after(stamp.hash))),
            _ => Walk::Rests,
        };
        Self { day: at(RESTS).map(|stamp| day(stamp.modified)), walk }
    }

    /// Puts down how far it has come with what it found.
    fn note(&self, commit: &mut Commit, now: Timestamp) {
        let short =
            |id: StoryId| u64::from_be_bytes(*id.as_bytes().first_chunk().unwrap_or(&[0; 8]));
        let (name, stamp) = match self.walk {
            Walk::Stories(Some((seen, id))) => (STORIES, Stamp { hash: short(id), modified: seen }),
            Walk::Keys(Some(id)) => (KEYS, Stamp { hash: short(id), modified: Timestamp::EPOCH }),
            _ => (RESTS, Stamp { hash: 0, modified: now }),
        };
        commit.stamps.push((name.to_owned(), stamp));
        let others = [RESTS, STORIES, KEYS].into_iter().filter(|other| *other != name);
        commit.unstamped.extend(others.map(str::to_owned));
    }

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
        if matches!(self.walk, Walk::Rests) && self.day != Some(day(now)) {
            self.day = Some(day(now));
            self.walk = Walk::Stories(None);
        }
        let rested = self.walk == Walk::Rests;
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
                let Slice { mut found, next } =
                    store::stale_keys(store, retention, now, after, SLICE)?;
                // What all sources list is much to read, and wanted for few slices.
                if !found.is_empty() {
                    let mut listed = store::all_listed(store)?;
                    listed.extend(commit.listed.iter().flat_map(|(_, stories)| stories));
                    found.retain(|story| !listed.contains(story));
                }
                commit.forgotten.extend(found);
                next.map_or(Walk::Rests, |next| Walk::Keys(Some(next)))
            }
        };
        if !rested {
            self.note(commit, now);
        }
        Ok(())
    }
}

fn day(now: Timestamp) -> i64 {
    now.as_secs() / (24 * 3600)
}

/// A story's id, or one just before it: of an id the stamp holds the first half.
fn first_after(half: u64) -> StoryId {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&half.to_be_bytes());
    StoryId::from_bytes(id)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_next_run_goes_on_where_this_one_came_to() {
        let now = Timestamp::from_secs(1_743_591_900);
        let id = first_after(7 << 40);
        let mut stored = BTreeMap::new();
        for walk in [
            Walk::Stories(Some((now, id))),
            Walk::Keys(Some(id)),
            Walk::Rests,
            Walk::Stories(Some((now, first_after(9)))),
        ] {
            let mut commit = Commit::default();
            Keeping { day: Some(day(now)), walk }.note(&mut commit, now);
            stored.extend(commit.stamps);
            for name in &commit.unstamped {
                stored.remove(name);
            }
            let recalled = Keeping::recall(&stored);
            assert_eq!(recalled.walk, walk);
            assert!(walk != Walk::Rests || recalled.day == Some(day(now)));
        }
    }
}
