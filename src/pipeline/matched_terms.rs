//! Caches the query terms that matched the stories of topics with `explain = true`.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::engine::Topics;
use crate::model::{Story, StoryId};

/// The matched terms of the stories on display. Finding them means matching a story again, so they
/// are kept as long as the story is shown and unchanged.
#[derive(Debug, Default)]
pub(super) struct MatchedTerms(HashMap<(usize, StoryId), Vec<String>>);

impl MatchedTerms {
    /// Forgets the terms of changed stories.
    pub(super) fn forget(&mut self, changed: &HashSet<StoryId>) {
        self.0.retain(|(_, story), _| !changed.contains(story));
    }

    /// Finds the terms of the stories that a topic shows now, and forgets its others.
    pub(super) fn follow(&mut self, topic: usize, stories: &[Arc<Story>], topics: &Topics) {
        let shown: HashSet<StoryId> = stories.iter().map(|story| story.id).collect();
        self.0.retain(|(of, story), _| *of != topic || shown.contains(story));
        for story in stories {
            self.0.entry((topic, story.id)).or_insert_with(|| topics.words(topic, story));
        }
    }

    /// The terms of a story in a topic.
    pub(super) fn of(&self, topic: usize, story: StoryId) -> Vec<String> {
        self.0.get(&(topic, story)).cloned().unwrap_or_default()
    }
}
