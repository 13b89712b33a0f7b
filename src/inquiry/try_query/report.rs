//! The result of a tried query on the control socket and under `--json`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{NotTried, Records, Scope, Trial, Versus};
use crate::config::Plan;
use crate::model::{Story, Timestamp, TopicId};
use crate::publish::{FoundStory, Marked, NearStory, Week};
use crate::store::StoreError;
use crate::topics::Work;

/// The answer to [`Question::Try`](crate::inquiry::Question::Try).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TrialAnswer {
    /// It is not a query: the reason, in words.
    Refused(Vec<String>),
    /// No topic is called as the one that it is compared with.
    UnknownTopic {
        /// The name that was asked for.
        topic: TopicId,
        /// The names of all topics.
        known: Vec<TopicId>,
    },
    /// The stories that it matches.
    Tried(Box<TrialReport>),
}

/// A trial as `gazetted try --json` prints it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialReport {
    /// The query, as it was given.
    pub query: String,
    /// Stories dated earlier were left out.
    pub since: String,
    /// How far back was looked, in words: `90 days`, `all time`.
    pub span: String,
    /// How many stories it would have caught.
    pub count: usize,
    /// How many stories were looked at.
    pub looked_at: usize,
    /// How many a week, the newest week last.
    pub weeks: Vec<Week>,
    /// The newest of what was caught.
    pub sample: Vec<CaughtReport>,
    /// Where it differs from a topic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versus: Option<VersusReport>,
    /// Topics that hold nearly the same stories.
    pub alike: Vec<String>,
    /// Warnings about the query.
    pub warnings: Vec<String>,
    /// Suggestions from the archive, with counts.
    pub advice: Vec<String>,
    /// Stories that are one term short, or that a NOT leaves out, the nearest first.
    pub near: Vec<NearReport>,
}

/// A story that nearly matches, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NearReport {
    /// Which story.
    #[serde(flatten)]
    pub story: StoryLine,
    /// The missing term or condition.
    pub lacking: String,
}

/// A story that was caught, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaughtReport {
    /// Which story.
    #[serde(flatten)]
    pub story: StoryLine,
    /// Its title with marks.
    pub marked_title: Vec<Marked>,
    /// A part of its text with marks.
    pub excerpt: Vec<Marked>,
}

/// A story in a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryLine {
    /// Its id with us.
    pub id: String,
    /// The lead's title.
    pub title: String,
    /// The lead's link.
    pub url: Option<String>,
    /// Its date.
    pub dated: String,
    /// The source that leads it.
    pub source: String,
}

/// Where a query differs from a topic, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersusReport {
    /// The topic.
    pub topic: String,
    /// How many stories the query has and the topic has not.
    pub added: usize,
    /// The newest of them.
    pub adds: Vec<StoryLine>,
    /// How many stories the topic has and the query has not.
    pub lost: usize,
    /// The newest of them.
    pub loses: Vec<StoryLine>,
}

impl Records {
    /// Tries a query and reports as data.
    pub fn trial(
        &self,
        query: &str,
        scope: &Scope,
        now: Timestamp,
    ) -> Result<TrialAnswer, StoreError> {
        let plan = self.plan();
        match self.tried(query, scope, now, &Work::unlimited()) {
            Ok(trial) => {
                let report = TrialReport::of(&trial, query, scope, &plan, now);
                Ok(TrialAnswer::Tried(Box::new(report)))
            }
            Err(NotTried::Refused(problems)) => Ok(TrialAnswer::Refused(problems)),
            Err(NotTried::UnknownTopic(topic)) => {
                let known = plan.topics.iter().map(|topic| topic.id.clone()).collect();
                Ok(TrialAnswer::UnknownTopic { topic, known })
            }
            Err(NotTried::Store(error)) => Err(error),
            // Work without a bound is never spent.
            Err(NotTried::Spent(spent)) => Ok(TrialAnswer::Refused(vec![spent.to_string()])),
        }
    }
}

impl TrialReport {
    fn of(trial: &Trial, query: &str, scope: &Scope, plan: &Plan, now: Timestamp) -> Self {
        let lines = |stories: &[Arc<Story>]| {
            stories.iter().map(|story| StoryLine::of(story, plan)).collect()
        };
        let caught = |caught: &FoundStory| CaughtReport {
            story: StoryLine::of(&caught.story, plan),
            marked_title: caught.title.clone(),
            excerpt: caught.excerpt.clone(),
        };
        let near = |near: &NearStory| NearReport {
            story: StoryLine::of(&near.story, plan),
            lacking: near.lacking.clone(),
        };
        let versus = |(topic, versus): (&TopicId, &Versus)| VersusReport {
            topic: topic.to_string(),
            added: versus.added,
            adds: lines(&versus.adds),
            lost: versus.lost,
            loses: lines(&versus.loses),
        };
        let finding = &trial.finding;
        Self {
            query: query.to_owned(),
            since: finding.span.since(now).to_string(),
            span: finding.span.in_words(),
            count: finding.count,
            looked_at: finding.looked_at,
            weeks: finding.weeks.clone(),
            sample: finding.stories.iter().map(caught).collect(),
            versus: scope.versus.as_ref().zip(trial.versus.as_ref()).map(versus),
            alike: finding.alike.iter().map(|topic| topic.id.to_string()).collect(),
            warnings: finding.warnings.clone(),
            advice: finding.advice.clone(),
            near: finding.near.iter().map(near).collect(),
        }
    }
}

impl StoryLine {
    /// A story as `plan` leads it.
    pub fn of(story: &Story, plan: &Plan) -> Self {
        let entry = &story.lead(&plan.sources).entry;
        Self {
            id: story.id.to_string(),
            title: entry.title.clone(),
            url: entry.url.as_ref().map(ToString::to_string),
            dated: story.dated.to_string(),
            source: entry.source.to_string(),
        }
    }
}
