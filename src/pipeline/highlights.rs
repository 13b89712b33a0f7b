//! Keeps the words for which stories are in topics that explain themselves.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::engine::Topics;
use crate::model::{Story, StoryId};

/// For which words stories are in the feeds that show them. To find them, a story
/// is read anew; so they are kept for as long as it is shown and stays as it is.
#[derive(Debug, Default)]
pub(super) struct Highlights(HashMap<(usize, StoryId), Vec<String>>);

impl Highlights {
    /// Forgets those of stories that are not what they were.
    pub(super) fn forget(&mut self, changed: &HashSet<StoryId>) {
        self.0.retain(|(_, story), _| !changed.contains(story));
    }

    /// Finds those of what a topic shows now, and keeps no others of it.
    pub(super) fn follow(&mut self, topic: usize, stories: &[Arc<Story>], topics: &Topics) {
        let shown: HashSet<StoryId> = stories.iter().map(|story| story.id).collect();
        self.0.retain(|(of, story), _| *of != topic || shown.contains(story));
        for story in stories {
            self.0.entry((topic, story.id)).or_insert_with(|| topics.words(topic, story));
        }
    }

    /// Those of a story in a topic.
    pub(super) fn of(&self, topic: usize, story: StoryId) -> Vec<String> {
        self.0.get(&(topic, story)).cloned().unwrap_or_default()
    }
}
