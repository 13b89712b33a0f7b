//! Tries the texts that topics must and must not match.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Records;
use crate::config::{Plan, Sample};
use crate::model::Story;
use crate::store::StoreError;

/// The samples of a plan that failed, and those that could not be tried.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SampleResults {
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
    /// The text of the sample, or the address of a stored story.
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
pub fn try_samples(plan: &Plan, story: impl Fn(&str) -> Option<Story>) -> SampleResults {
    let mut results = SampleResults::default();
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
                    results.untried.push(sample.clone());
                    continue;
                }
            },
        };
        if explanation.matched != sample.must_match {
            results.failed.push(FailedSample {
                at: sample.at.clone(),
                topic: plan.topics[sample.topic].id.to_string(),
                must_match: sample.must_match,
                text: sample.text.clone(),
                because: explanation.summary,
            });
        }
    }
    results
}

/// The stored stories that a plan's samples name.
pub fn story_addresses(plan: &Plan) -> BTreeSet<&String> {
    plan.samples.iter().map(|sample| &sample.text).filter(|text| is_address(text)).collect()
}

impl Records {
    /// Tries the samples of a plan, which need not be the one in force, on what is stored.
    pub fn try_samples(&self, plan: &Plan) -> Result<SampleResults, StoreError> {
        let mut named = std::collections::BTreeMap::new();
        for address in story_addresses(plan) {
            named.extend(self.find(address)?.map(|story| (address.clone(), story)));
        }
        Ok(try_samples(plan, |address| named.get(address).cloned()))
    }
}

/// Whether a sample names a stored story, rather than being a text.
fn is_address(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
        && !text.contains(char::is_whitespace)
}
