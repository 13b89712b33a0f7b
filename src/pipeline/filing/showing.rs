//! Stories as they are filed in; which of them a feed shows, and for which words, out.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Filing, OF_EVERYTHING};
use crate::config::Plan;
use crate::model::{Story, StoryId};
use crate::topics::{Field, Subject};

/// For which words stories are in the feeds that show them. To find them, a story
/// is read anew; so they are kept for as long as it is shown and stays as it is.
#[derive(Debug, Default)]
pub(in crate::pipeline) struct Highlights(HashMap<(usize, StoryId), Vec<String>>);

impl Highlights {
    /// Forgets those of stories that are not what they were.
    pub(in crate::pipeline) fn forget(&mut self, changed: &HashSet<StoryId>) {
        self.0.retain(|(_, story), _| !changed.contains(story));
    }

    /// Finds those of what a topic shows now, and keeps no others of it.
    pub(in crate::pipeline) fn follow(
        &mut self,
        topic: usize,
        stories: &[Arc<Story>],
        filing: &Filing,
    ) {
        let shown: HashSet<StoryId> = stories.iter().map(|story| story.id).collect();
        self.0.retain(|(of, story), _| *of != topic || shown.contains(story));
        for story in stories {
            self.0.entry((topic, story.id)).or_insert_with(|| filing.words(topic, story));
        }
    }

    /// Those of a story in a topic.
    pub(in crate::pipeline) fn of(&self, topic: usize, story: StoryId) -> Vec<String> {
        self.0.get(&(topic, story)).cloned().unwrap_or_default()
    }
}

impl Filing {
    /// How many stories to look at for the feed of everything. Some may be
    /// hidden, and of the newest four hundred a hundred are left.
    pub(super) fn looked_at(&self) -> usize {
        let hides = self.plan.topics.iter().any(|topic| topic.private);
        if hides { 4 * OF_EVERYTHING } else { OF_EVERYTHING }
    }

    /// Leaves out of the feed of everything the stories that private topics alone hold.
    pub(in crate::pipeline) fn show_everybody(&self, stories: &mut Vec<Arc<Story>>) {
        // What left a private topic is for everybody as little as before.
        let forget =
            self.plan.topics.iter().any(|topic| topic.private && topic.bounds.is_bounded());
        stories.retain(|story| {
            let archives = self.archives.iter().enumerate();
            let holds = archives.filter(|(_, archive)| archive.holds(story.id));
            let mut holds: Vec<usize> = holds.map(|(topic, _)| topic).collect();
            if holds.is_empty() && forget {
                holds = self.topics_of(story).into_iter().map(|(topic, _)| topic).collect();
                holds.retain(|topic| *topic < self.plan.topics.len());
            }
            !self.plan.hides(&holds)
        });
        stories.truncate(OF_EVERYTHING);
    }

    pub(in crate::pipeline) fn words(&self, topic: usize, story: &Story) -> Vec<String> {
        words(&self.plan, topic, story)
    }
}

/// The words of a story that put it into a topic, each once, as they stand first.
pub(crate) fn words(plan: &Plan, topic: usize, story: &Story) -> Vec<String> {
    const TOLD: usize = 8;
    let subject = Subject::of(story, &plan.sources, &plan.language);
    let mut words: Vec<String> = Vec::new();
    for mark in plan.queries.highlights(&subject, topic) {
        let member = &story.members[mark.member];
        let text = if mark.field == Field::Title { &member.entry.title } else { member.text() };
        let found = text.get(mark.range).unwrap_or_default().to_lowercase();
        if !found.is_empty() && words.len() < TOLD && !words.contains(&found) {
            words.push(found);
        }
    }
    words
}
