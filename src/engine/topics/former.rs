//! The queries by which topics are published until they are filled, kept through restarts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::config::Plan;
use crate::engine::turn_in_progress::TurnInProgress;
use crate::model::{
    EngineRecord, Revisions, Sources, Story, Timestamp, TopicBounds, TopicId, TopicVersion,
};
use crate::topics::{Language, TopicSet, Vocabulary};

/// Queries as they are stored, with all that they depend on but the sources.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    topics: Vec<WrittenTopic>,
    vocabulary: Vocabulary,
    language: Language,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct WrittenTopic {
    id: TopicId,
    query: String,
    revisions: Revisions,
    #[serde(default, skip_serializing_if = "is_unbounded")]
    bounds: TopicBounds,
    /// The version that the topic had by it.
    version: TopicVersion,
    /// The part of the version that the query makes.
    matches: TopicVersion,
}

fn is_unbounded(bounds: &TopicBounds) -> bool {
    !bounds.is_bounded()
}

/// Some topics of an earlier plan.
#[derive(Debug)]
pub(super) struct FormerQueries {
    topics: Vec<WrittenTopic>,
    queries: TopicSet,
    text: String,
}

impl FormerQueries {
    /// Those of the stored queries by which `wanted` topics are published. A query that asks for
    /// what has changed of the sources finds other stories than it did, and is left out.
    fn read(
        text: &str,
        wanted: &BTreeMap<&TopicId, TopicVersion>,
        sources: &Sources,
    ) -> Option<Self> {
        let mut written: Written = serde_json::from_str(text).ok()?;
        written.topics.retain(|topic| wanted.get(&topic.id) == Some(&topic.version));
        let (mut topics, mut queries) = (Vec::new(), Vec::new());
        for topic in written.topics {
            let query = [(topic.id.clone(), topic.query.clone())];
            let alone = TopicSet::compile(&query, &written.vocabulary, &written.language);
            let is_same =
                |(alone, _): &(TopicSet, _)| alone.topic_version(0, sources) == topic.matches;
            if alone.is_ok_and(|alone| is_same(&alone)) {
                queries.extend(query);
                topics.push(topic);
            }
        }
        if topics.is_empty() {
            return None;
        }
        let Written { vocabulary, language, .. } = written;
        let (queries, _) = TopicSet::compile(&queries, &vocabulary, &language).ok()?;
        let written = Written { topics: topics.clone(), vocabulary, language };
        let text = serde_json::to_string(&written).ok()?;
        Some(Self { topics, queries, text })
    }

    /// Where the query by which a version of a topic was found is in the list.
    pub(super) fn place_of(&self, id: &TopicId, version: TopicVersion) -> Option<usize> {
        self.topics.iter().position(|topic| topic.id == *id && topic.version == version)
    }

    /// The bounds of the topic at a place in the list.
    pub(super) fn bounds(&self, place: usize) -> TopicBounds {
        self.topics[place].bounds
    }

    /// The places in the list of the topics that a story is in, each with its date there.
    pub(super) fn matches(
        &self,
        story: &Story,
        sources: &Sources,
    ) -> impl Iterator<Item = (usize, Timestamp)> {
        let matched = self.queries.matches(&self.queries.subject(story, sources));
        matched.into_iter().map(|topic| (topic, self.topics[topic].revisions.date_of(story)))
    }
}

/// The stored queries of earlier plans by which `wanted` topics are published, the newest first.
pub(super) fn known(
    records: &[EngineRecord],
    wanted: &BTreeMap<&TopicId, TopicVersion>,
    sources: &Sources,
) -> Vec<Arc<FormerQueries>> {
    let in_force = records.iter().filter_map(|record| match record {
        EngineRecord::Queries { text } => Some(text),
        _ => None,
    });
    let former = records.iter().flat_map(|record| match record {
        EngineRecord::FormerPlans { texts } => &texts[..],
        _ => &[],
    });
    let read = |text: &String| FormerQueries::read(text, wanted, sources).map(Arc::new);
    in_force.chain(former).filter_map(read).collect()
}

/// Records the queries in force, and the `former` ones by which topics are published.
pub(super) fn record(
    plan: &Plan,
    former: &[Arc<FormerQueries>],
    records: &[EngineRecord],
    work: &mut TurnInProgress<'_>,
) {
    let topics = plan.topics.iter().enumerate().map(|(place, topic)| WrittenTopic {
        id: topic.id.clone(),
        query: topic.query.clone(),
        revisions: topic.revisions,
        bounds: topic.bounds,
        version: plan.topic_version(place),
        matches: plan.queries.topic_version(place, &plan.sources),
    });
    let (vocabulary, language) = (plan.queries.vocabulary().clone(), plan.language.clone());
    let written = Written { topics: topics.collect(), vocabulary, language };
    let texts = former.iter().map(|former| former.text.clone()).collect();
    let former = EngineRecord::FormerPlans { texts };
    let queries = serde_json::to_string(&written).map(|text| EngineRecord::Queries { text });
    let changed = queries.into_iter().chain([former]).filter(|record| !records.contains(record));
    work.commit.engine.extend(changed);
}
