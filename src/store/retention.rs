//! How long stories and their keys are kept.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{Lookalikes, Story, Timestamp};

/// The limits of stored data. `None` keeps everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Retention {
    /// Stories are kept for so long after they last changed.
    pub age: Option<Duration>,
    /// So many stories are kept, those first seen last.
    pub stories: Option<u64>,
    /// Keys of a retired story are kept for so long after its retirement, and
    /// beyond that for as long as a source lists it.
    pub keys: Option<Duration>,
}

impl Retention {
    /// Whether stories ever go.
    pub fn is_bounded(&self) -> bool {
        self.age.is_some() || self.stories.is_some()
    }

    /// How many of so many stories are more than are kept.
    pub fn surplus(&self, count: u64) -> u64 {
        self.stories.map_or(0, |most| count.saturating_sub(most))
    }

    /// Whether a walk that comes to a story, the oldest first, retires it. Each that goes makes the
    /// `surplus` smaller.
    pub fn retires(&self, story: &Story, surplus: &mut u64, now: Timestamp) -> bool {
        let retires = *surplus > 0 || self.outlived(story, now);
        *surplus = surplus.saturating_sub(u64::from(retires));
        retires
    }

    /// Whether a story is kept no longer for its age. It follows from the story
    /// alone, so that what is judged does not depend on how far the walk has come.
    pub fn outlived(&self, story: &Story, now: Timestamp) -> bool {
        self.age.is_some_and(|age| story.changed < now.before(age))
    }

    /// Has stories that are kept no longer known by their keys alone, as they
    /// will be once they are retired.
    pub fn let_go(&self, known: &mut Lookalikes, now: Timestamp) {
        known.stories.retain(|_, story| !self.outlived(story, now));
    }
}
