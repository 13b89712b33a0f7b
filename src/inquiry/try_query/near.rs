//! Keeps the stories that are nearest to a query without matching it.

use std::sync::Arc;

use crate::model::Story;
use crate::publish::NearStory;
use crate::topics::NearMiss;

/// The nearest stories so far. Of equally near ones, those that were added first.
pub(super) struct Nearest {
    most: usize,
    stories: Vec<(u32, NearStory)>,
}

impl Nearest {
    /// Keeps so many.
    pub(super) fn of(most: usize) -> Self {
        Self { most, stories: Vec::new() }
    }

    /// Whether any is kept at all.
    pub(super) fn is_wanted(&self) -> bool {
        self.most > 0
    }

    pub(super) fn add(&mut self, story: &Arc<Story>, miss: Option<NearMiss>) {
        let Some(NearMiss { gap, told }) = miss else { return };
        let at = self.stories.partition_point(|(other, _)| *other <= gap);
        if at < self.most {
            self.stories.insert(at, (gap, NearStory { story: story.clone(), lacking: told }));
            self.stories.truncate(self.most);
        }
    }

    /// The nearest first.
    pub(super) fn stories(self) -> Vec<NearStory> {
        self.stories.into_iter().map(|(_, story)| story).collect()
    }
}
