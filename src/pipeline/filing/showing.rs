//! Stories as they are filed in; which of them a feed shows, and for which words, out.

use std::sync::Arc;

use super::{Filing, OF_EVERYTHING};
use crate::model::Story;
use crate::topics::{Field, Subject};

impl Filing {
    /// How many stories to look at for the feed of everything. Some may be
    /// hidden, and of the newest four hundred a hundred are left.
    pub(super) fn looked_at(&self) -> usize {
        let hides = self.plan.topics.iter().any(|topic| topic.private);
        if hides { 4 * OF_EVERYTHING } else { OF_EVERYTHING }
    }

    /// Leaves out of the feed of everything the stories that private topics alone hold.
    pub(in crate::pipeline) fn show_everybody(&self, stories: &mut Vec<Arc<Story>>) {
        stories.retain(|story| {
            let archives = self.archives.iter().enumerate();
            let holds = archives.filter(|(_, archive)| archive.holds(story.id));
            !self.plan.hides(&holds.map(|(topic, _)| topic).collect::<Vec<_>>())
        });
        stories.truncate(OF_EVERYTHING);
    }

    /// The words of a story that put it into a topic, each once, as they stand first.
    pub(in crate::pipeline) fn words(&self, topic: usize, story: &Story) -> Vec<String> {
        const TOLD: usize = 8;
        let subject = Subject::of(story, &self.plan.sources, &self.plan.language);
        let mut words: Vec<String> = Vec::new();
        for mark in self.plan.queries.highlights(&subject, topic) {
            let entry = &story.members[mark.member].entry;
            let text = if mark.field == Field::Title { &entry.title } else { &entry.text };
            let found = text.get(mark.range).unwrap_or_default().to_lowercase();
            if !found.is_empty() && words.len() < TOLD && !words.contains(&found) {
                words.push(found);
            }
        }
        words
    }
}
