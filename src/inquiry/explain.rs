//! Explains why entries are one story, and why the story is in each topic or not.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Records;
use crate::config::Plan;
use crate::dedup;
use crate::engine::rules;
use crate::model::{
    Evidence, Factor, Lookalikes, Member, Related, Revision, Story, Timestamp, Topic, Withdrawal,
};
use crate::store::StoreError;
use crate::topics::Explanation;

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
    /// The date that feeds show by default.
    pub updated: String,
    /// The entries: the lead first, then the copies.
    pub entries: Vec<ExplainedEntry>,
    /// Stories with much of the same text, which are another all the same.
    pub near: Vec<NearStory>,
    /// Changes by sources, oldest first.
    pub revisions: Vec<ExplainedRevision>,
    /// Since when and how it is known that it no longer applies.
    pub withdrawn: Option<Withdrawal>,
    /// Every topic, in the order of the configuration.
    pub topics: Vec<ExplainedTopic>,
}

/// A story that nearly was the same one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NearStory {
    /// Its id with us.
    pub id: String,
    /// The lead's title.
    pub title: String,
    /// Passages that both texts have.
    pub shared: u32,
    /// Passages of the shorter text.
    pub of: u32,
    /// The evidence against joining, if the texts alone would have joined them.
    pub forbidden: Option<String>,
    /// The weighed evidence, for programs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<Factor>,
}

/// One change of what a source says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedRevision {
    /// When the change was read.
    pub at: String,
    /// Whose entry changed.
    pub source: String,
    /// Whether the source dates it itself.
    pub major: bool,
    /// The title before, where it changed.
    pub former_title: Option<String>,
    /// Whether the text changed.
    pub text_changed: bool,
    /// The source's own note on the change.
    pub note: Option<String>,
}

/// An entry and why it is in the story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedEntry {
    /// Who says so.
    pub source: String,
    /// Whether its title, link and text stand for the story.
    #[serde(rename = "leads")]
    pub is_primary: bool,
    /// Its title.
    pub title: String,
    /// Its link.
    pub url: Option<String>,
    /// The ID that its source gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    /// Its name for `split` and `join`, where it has no page of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
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
    /// The weighed evidence of the join, for programs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<Factor>,
    /// A remark on its text, if that is not entirely its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// The surroundings of the announcement, which neither topics nor identity use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<ExplainedPiece>,
    /// The share of its text that stood in the leading text, if the text decided.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<String>,
}

/// A piece of text that was set aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainedPiece {
    /// The reason, in words.
    pub reason: String,
    /// How it begins.
    pub text: String,
}

/// A topic, and why the story is in it or not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedTopic {
    /// Its name.
    pub id: String,
    /// The terms that the query found and missed.
    pub explanation: Explanation,
    /// Whether it left all the same, being older than what the topic keeps.
    #[serde(default)]
    pub left: bool,
}

impl Records {
    /// Why a story is what it is.
    pub fn explained(&self, story: &Story, now: Timestamp) -> Result<ExplainedStory, StoreError> {
        let plan = self.plan();
        let lead = story.lead(&plan.sources);
        let members = std::iter::once(lead).chain(story.copies(&plan.sources));
        let entries = members.enumerate().map(|(place, member)| ExplainedEntry {
            source: member.entry.source.to_string(),
            is_primary: place == 0,
            title: member.entry.title.clone(),
            url: member.entry.url.as_ref().map(ToString::to_string),
            guid: member.entry.guid.clone(),
            name: Some(dedup::address_of(&member.entry)).filter(|name| name.starts_with("urn:")),
            joined: member.joined.to_string(),
            revised: member.revised.map(|revised| revised.to_string()),
            tier: member.evidence.tier().as_str().to_owned(),
            evidence: member.evidence.clone(),
            because: member.evidence.to_string(),
            factors: member.factors.clone(),
            remark: dedup::listing_remark(&member.entry),
            set_aside: member
                .entry
                .set_aside
                .iter()
                .map(|piece| ExplainedPiece {
                    reason: piece.reason.to_string(),
                    text: piece.text.clone(),
                })
                .collect(),
            shared: shared(story, member),
        });
        let mut topics = topics_of(story, &plan);
        for (place, topic) in topics.iter_mut().enumerate() {
            topic.left = topic.explanation.matched && !self.keeps(place, story)?;
        }
        Ok(ExplainedStory {
            id: story.id.to_string(),
            published_id: story.published_id.clone(),
            title: lead.entry.title.clone(),
            url: lead.entry.url.as_ref().map(ToString::to_string),
            first_seen: story.first_seen.to_string(),
            updated: story.updated.to_string(),
            entries: entries.collect(),
            near: self.near(story, now)?,
            revisions: story.history.iter().map(revision).collect(),
            withdrawn: story.withdrawn.clone(),
            topics,
        })
    }

    /// The stories whose text is much like this one's, whichever came first.
    pub fn related(
        &self,
        story: &Story,
        now: Timestamp,
    ) -> Result<(Vec<Related>, Lookalikes), StoreError> {
        let plan = self.plan();
        let stories = [(story.id, Arc::new(story.clone()))].into();
        let alone = Lookalikes { stories, ..Lookalikes::default() };
        let keys = dedup::keys_of_entries(&alone, &rules(&plan), now);
        let known = self.store.lookalikes(&keys)?;
        Ok((dedup::near(story, &known, &rules(&plan), now), known))
    }

    fn near(&self, story: &Story, now: Timestamp) -> Result<Vec<NearStory>, StoreError> {
        let plan = self.plan();
        let (near, known) = self.related(story, now)?;
        Ok(near
            .into_iter()
            .filter_map(|related| {
                let other = known.stories.get(&related.story)?;
                Some(NearStory {
                    id: other.id.to_string(),
                    title: other.lead(&plan.sources).entry.title.clone(),
                    shared: related.shared,
                    of: related.of,
                    forbidden: related.forbidden.map(|forbidden| forbidden.to_string()),
                    factors: related.factors,
                })
            })
            .collect())
    }
}

/// Why a story is in each topic of a plan or not, by the queries alone.
pub fn topics_of(story: &Story, plan: &Plan) -> Vec<ExplainedTopic> {
    let subject = plan.queries.whole_subject(story, &plan.sources);
    let explained = |(place, topic): (usize, &Topic)| ExplainedTopic {
        id: topic.id.to_string(),
        explanation: plan.queries.explain(&subject, place),
        left: false,
    };
    plan.topics.iter().enumerate().map(explained).collect()
}

/// The passages of a member's text that are why it joined.
fn shared(story: &Story, member: &Member) -> Vec<String> {
    let Some(leader) = story.leader_of(member) else { return Vec::new() };
    let text = &member.entry.text;
    let passages = dedup::shared_passages(&member.entry, &leader.entry);
    passages.into_iter().filter_map(|range| text.get(range)).map(str::to_owned).collect()
}

fn revision(revision: &Revision) -> ExplainedRevision {
    ExplainedRevision {
        at: revision.at.to_string(),
        source: revision.source.to_string(),
        major: revision.major,
        former_title: revision.title.clone(),
        text_changed: revision.text_changed,
        note: revision.note.clone(),
    }
}
