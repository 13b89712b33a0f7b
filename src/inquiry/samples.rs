//! Tries the texts that topics must and must not match.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Records;
use crate::config::{Plan, Sample};
use crate::model::Story;
use crate::store::StoreError;

/// The outcome of trying a plan's samples.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tried {
    /// Samples that a topic treats otherwise than its author expects.
    pub failed: Vec<FailedSample>,
    /// Addresses of stories that are not stored, or that could not be looked up.
    pub untried: Vec<Sample>,
}

/// A sample that a topic treats otherwise than its author expects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedSample {
    /// File, line and column.
    pub at: String,
    /// The topic.
    pub topic: String,
    /// Whether the topic must match it.
    pub must_match: bool,
    /// The text, or a stored story's address.
    pub text: String,
    /// The part of the query that decided.
    pub because: String,
}

impl std::fmt::Display for FailedSample {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { at, topic, must_match, text, because } = self;
        let what =
            if *must_match { "does not match what it must" } else { "matches what it must not" };
        write!(f, "{at}: topic {topic} {what}\n    {text}\n    {because}")
    }
}

/// Tries the samples of a plan. `story` finds the stored story at an address.
pub fn tried(plan: &Plan, story: impl Fn(&str) -> Option<Story>) -> Tried {
    let mut tried = Tried::default();
    for sample in &plan.samples {
        let explanation = match is_address(&sample.text) {
            false if sample.must_match => {
                plan.queries.explain_in_any_language(&sample.text, sample.topic)
            }
            false => plan.queries.explain_text(&sample.text, sample.topic),
            true => match story(&sample.text) {
                Some(story) => {
                    let subject = plan.queries.whole_subject(&story, &plan.sources);
                    plan.queries.explain(&subject, sample.topic)
                }
                None => {
                    tried.untried.push(sample.clone());
                    continue;
                }
            },
        };
        if explanation.matched != sample.must_match {
            tried.failed.push(FailedSample {
                at: sample.at.clone(),
                topic: plan.topics[sample.topic].id.to_string(),
                must_match: sample.must_match,
                text: sample.text.clone(),
                because: explanation.summary,
            });
        }
    }
    tried
}

/// The stored stories that a plan's samples name.
pub fn addresses(plan: &Plan) -> BTreeSet<&String> {
    plan.samples.iter().map(|sample| &sample.text).filter(|text| is_address(text)).collect()
}

impl Records {
    /// Tries the samples of a plan, which need not be the one in force, on what is stored.
    pub fn samples(&self, plan: &Plan) -> Result<Tried, StoreError> {
        let mut named = std::collections::BTreeMap::new();
        for address in addresses(plan) {
            named.extend(self.find(address)?.map(|story| (address.clone(), story)));
        }
        Ok(tried(plan, |address| named.get(address).cloned()))
    }
}

/// Whether a sample names a stored story, rather than being a text.
fn is_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
        && !text.contains(char::is_whitespace)
}
