//! Writes stories as the lines of `gazetted export stories`.

use serde::Serialize;

use super::Records;
use crate::model::{Evidence, Member, Story, Timestamp};
use crate::store::{Record, StoreError};

/// A story as one line of JSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExportedStory {
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
    /// The topics it is in.
    pub topics: Vec<String>,
    /// The entries: the lead first, then the copies.
    pub entries: Vec<ExportedEntry>,
}

/// One entry of an exported story.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExportedEntry {
    /// Who says so.
    pub source: String,
    /// Its id within the source.
    pub id: Option<String>,
    /// Its link.
    pub url: Option<String>,
    /// Its title.
    pub title: String,
    /// When it says it was published.
    pub published: Option<String>,
    /// When it says it was changed.
    pub updated: Option<String>,
    /// The tier of the judgement.
    pub tier: &'static str,
    /// Why it is in the story.
    pub evidence: Evidence,
}

impl Records {
    /// Every story as `export stories` writes it, oldest first. One that was
    /// merged into another is told there.
    pub fn export(&self, mut line: impl FnMut(&ExportedStory) -> bool) -> Result<(), StoreError> {
        let mut told = Ok(());
        self.each_story(|story| match self.exported(&story) {
            _ if !story.stands() => true,
            Ok(story) => line(&story),
            Err(error) => {
                told = Err(error);
                false
            }
        })?;
        told
    }

    /// All that another store needs to go on where this one is, in the order of
    /// [`Store::records`](crate::store::Store::records).
    pub fn export_records(&self, mut line: impl FnMut(&Record) -> bool) -> Result<(), StoreError> {
        for record in self.store().records() {
            let mut record = record?;
            match &mut record {
                // Holds what a hub signs with; whoever takes over asks it anew.
                Record::SourceState { state, .. } => state.push = None,
                // Their secrets are known to this hub alone: they subscribe anew.
                Record::Subscriber { .. } => continue,
                _ => {}
            }
            if !line(&record) {
                break;
            }
        }
        Ok(())
    }

    /// One story as `export stories` writes it.
    pub fn exported(&self, story: &Story) -> Result<ExportedStory, StoreError> {
        let plan = self.plan();
        let lead = story.lead(&plan.sources);
        let subject = plan.queries.whole_subject(story, &plan.sources);
        let mut topics = Vec::new();
        for topic in plan.queries.matches(&subject) {
            if self.keeps(topic, story)? {
                topics.push(plan.topics[topic].id.to_string());
            }
        }
        Ok(ExportedStory {
            id: story.id.to_string(),
            published_id: story.published_id.clone(),
            title: lead.entry.title.clone(),
            url: lead.entry.url.as_ref().map(ToString::to_string),
            first_seen: story.first_seen.to_string(),
            updated: story.updated.to_string(),
            topics,
            entries: std::iter::once(lead)
                .chain(story.copies(&plan.sources))
                .map(exported_entry)
                .collect(),
        })
    }
}

fn exported_entry(member: &Member) -> ExportedEntry {
    let entry = &member.entry;
    let date = |date: Option<Timestamp>| date.map(|date| date.to_string());
    ExportedEntry {
        source: entry.source.to_string(),
        id: entry.guid.clone(),
        url: entry.url.as_ref().map(ToString::to_string),
        title: entry.title.clone(),
        published: date(entry.published),
        updated: date(entry.updated),
        tier: member.evidence.tier().as_str(),
        evidence: member.evidence.clone(),
    }
}
