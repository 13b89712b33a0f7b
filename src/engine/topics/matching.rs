//! Which topics a story is in, and for which words.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{OF_EVERYTHING, Topics};
use crate::config::Plan;
use crate::model::{Story, Timestamp};
use crate::topics::Field;

/// A story's date in a feed before and after a change, where it is in it.
pub(super) type Change = (Option<Timestamp>, Option<Timestamp>);

/// Changes of a story's place.
#[derive(Debug, Default)]
pub(super) struct Moves {
    /// By topic, under the version that is published.
    pub(super) live: BTreeMap<usize, Change>,
    /// By topic, under the version that is being filled.
    pub(super) filling: BTreeMap<usize, Change>,
}

/// The feeds that a story is in, each with the date that it orders it by.
#[derive(Debug, Default)]
struct Matched {
    live: Vec<(usize, Timestamp)>,
    filling: Vec<(usize, Timestamp)>,
}

impl Topics {
    /// The feeds a story was in or is in now, with the date that each orders it by.
    pub(super) fn moves(&self, before: Option<&Story>, story: &Story) -> Moves {
        let mut moves = Moves::default();
        let was = before.map(|before| self.matched(before)).unwrap_or_default();
        let is = self.matched(story);
        for (topic, date) in was.live {
            moves.live.entry(topic).or_default().0 = Some(date);
        }
        for (topic, date) in is.live {
            moves.live.entry(topic).or_default().1 = Some(date);
        }
        for (topic, date) in was.filling {
            moves.filling.entry(topic).or_default().0 = Some(date);
        }
        for (topic, date) in is.filling {
            moves.filling.entry(topic).or_default().1 = Some(date);
        }
        moves
    }

    /// The feeds a story is in. A story that was merged into another is in none.
    fn matched(&self, story: &Story) -> Matched {
        let mut matched = Matched::default();
        if !story.stands() {
            return matched;
        }
        for topic in matches(&self.plan, story) {
            let date = self.date(topic, story);
            match &self.fill {
                Some(fill) if fill.has(topic) => {
                    matched.filling.push((topic, date));
                    // Nobody knows any more what the query before it finds.
                    if !fill.has_former(topic) && !self.is_unpublished(topic) {
                        matched.live.push((topic, date));
                    }
                }
                _ => matched.live.push((topic, date)),
            }
        }
        let sources = &self.plan.sources;
        let former = self.fill.iter().flat_map(|fill| fill.matched_before(story, sources));
        matched.live.extend(former);
        matched
    }

    /// How many stories to look at for the feed of all stories. Until it is known which of them
    /// everybody may see, some are hidden, and of the newest four hundred a hundred are left.
    pub(super) fn looked_at(&self) -> usize {
        match self.plan.has_private_topics() && self.public().is_none() {
            true => 4 * OF_EVERYTHING,
            false => OF_EVERYTHING,
        }
    }

    /// Leaves out of the feed of all stories those that private topics alone hold, until it is
    /// known which they are. A story that left a private topic is hidden as before.
    pub(crate) fn show_everybody(&self, stories: &mut Vec<Arc<Story>>) {
        if self.plan.has_private_topics() && self.public().is_none() {
            let public = self.plan.topics.len() + 1;
            stories.retain(|story| matches(&self.plan, story).contains(&public));
        }
        stories.truncate(OF_EVERYTHING);
    }

    /// The words of a story that put it into a topic.
    pub(crate) fn words(&self, topic: usize, story: &Story) -> Vec<String> {
        words(&self.plan, topic, story)
    }
}

/// The feeds of a plan that a story is in, that of all stories among them, and the number of the
/// stories that everybody may see.
pub(super) fn matches(plan: &Plan, story: &Story) -> Vec<usize> {
    let subject = plan.queries.subject(story, &plan.sources);
    let mut topics = plan.queries.matches(&subject);
    let is_public = plan.has_private_topics() && !plan.hides(&topics);
    topics.push(plan.topics.len());
    topics.extend(is_public.then_some(plan.topics.len() + 1));
    topics
}

/// The words of a story that put it into a topic, each once, as they stand first.
pub(crate) fn words(plan: &Plan, topic: usize, story: &Story) -> Vec<String> {
    const MOST: usize = 8;
    let subject = plan.queries.whole_subject(story, &plan.sources);
    let mut words: Vec<String> = Vec::new();
    for mark in plan.queries.highlights(&subject, topic) {
        let member = &story.members[mark.member];
        let text = if mark.field == Field::Title { &member.entry.title } else { member.text() };
        let found = text.get(mark.range).unwrap_or_default().to_lowercase();
        if !found.is_empty() && words.len() < MOST && !words.contains(&found) {
            words.push(found);
        }
    }
    words
}
