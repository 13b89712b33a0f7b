//! A story in; why its entries are one, and why it is in each topic or not, out.

use serde::{Deserialize, Serialize};

use super::Records;
use crate::model::{Evidence, Story};
use crate::topics::{Explanation, Subject};

/// Everything that was decided about a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedStory {
    /// Its id with us.
    pub id: String,
    /// The id it is published under.
    pub published_id: String,
    /// The lead's title.
    pub title: String,
    /// The lead's link.
    pub url: Option<String>,
    /// When its first entry was read.
    pub first_seen: String,
    /// What feeds say by default.
    pub updated: String,
    /// The entries: the lead first, then the copies.
    pub entries: Vec<ExplainedEntry>,
    /// Every topic, in the order of the configuration.
    pub topics: Vec<ExplainedTopic>,
}

/// An entry and why it is in the story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedEntry {
    /// Who says so.
    pub source: String,
    /// Whether its title, link and text stand for the story.
    pub leads: bool,
    /// Its title.
    pub title: String,
    /// Its link.
    pub url: Option<String>,
    /// When it joined.
    pub joined: String,
    /// When what it says last changed.
    pub revised: Option<String>,
    /// The tier of the judgement.
    pub tier: String,
    /// The evidence, for programs.
    pub evidence: Evidence,
    /// The evidence, for people.
    pub because: String,
}

/// A topic, and why the story is in it or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedTopic {
    /// Its name.
    pub id: String,
    /// What the query found and missed.
    pub explanation: Explanation,
}

impl Records {
    /// Why a story is what it is.
    pub fn explained(&self, story: &Story) -> ExplainedStory {
        let plan = self.plan();
        let lead = story.lead(&plan.sources);
        let subject = Subject::of(story, &plan.sources, &plan.language);
        let members = std::iter::once(lead).chain(story.copies(&plan.sources));
        let entries = members.enumerate().map(|(place, member)| ExplainedEntry {
            source: member.entry.source.to_string(),
            leads: place == 0,
            title: member.entry.title.clone(),
            url: member.entry.url.as_ref().map(ToString::to_string),
            joined: member.joined.to_string(),
            revised: member.revised.map(|revised| revised.to_string()),
            tier: member.evidence.tier().as_str().to_owned(),
            evidence: member.evidence.clone(),
            because: member.evidence.to_string(),
        });
        let topics = plan.topics.iter().enumerate().map(|(place, topic)| ExplainedTopic {
            id: topic.id.to_string(),
            explanation: plan.queries.explain(&subject, place),
        });
        ExplainedStory {
            id: story.id.to_string(),
            published_id: story.published_id.clone(),
            title: lead.entry.title.clone(),
            url: lead.entry.url.as_ref().map(ToString::to_string),
            first_seen: story.first_seen.to_string(),
            updated: story.updated.to_string(),
            entries: entries.collect(),
            topics: topics.collect(),
        }
    }
}
