//! Which versions of topics are published, and which are not what their query finds.

use std::collections::{BTreeMap, BTreeSet};

use super::EVERYTHING;
use crate::config::Plan;
use crate::engine::turn_in_progress::TurnInProgress;
use crate::model::{EngineRecord, TopicId, TopicVersion};
use crate::store::{Store, StoreError};

/// The topics that are published, by name, each with its version.
pub(crate) fn names(store: &dyn Store) -> Result<BTreeMap<String, TopicVersion>, StoreError> {
    let published = published(&store.engine_records()?).into_iter();
    Ok(published.map(|(topic, version)| (topic.to_string(), version)).collect())
}

/// The version whose places a topic of a plan lists: the one published before, until its own is filled.
pub(crate) fn listed_version(
    store: &dyn Store,
    plan: &Plan,
    topic: usize,
) -> Result<TopicVersion, StoreError> {
    let wanted = plan.topic_version(topic);
    match store.filled()?.contains(&wanted) {
        true => Ok(wanted),
        false => Ok(listed_versions(store, plan)?(topic)),
    }
}

/// The same of every topic, by its place in the plan.
pub(crate) fn listed_versions<'a>(
    store: &dyn Store,
    plan: &'a Plan,
) -> Result<impl Fn(usize) -> TopicVersion + use<'a>, StoreError> {
    let filled: BTreeSet<TopicVersion> = store.filled()?.into_iter().collect();
    let published = published(&store.engine_records()?);
    Ok(move |topic: usize| {
        let wanted = plan.topic_version(topic);
        let before = published.get(&plan.topics[topic].id).filter(|_| !filled.contains(&wanted));
        before.copied().unwrap_or(wanted)
    })
}

/// The same of records that are read.
pub(super) fn published(records: &[EngineRecord]) -> BTreeMap<TopicId, TopicVersion> {
    let version = |record: &EngineRecord| match record {
        EngineRecord::TopicVersion { topic, version } => Some((topic.clone(), *version)),
        _ => None,
    };
    records.iter().filter_map(version).collect()
}

/// The versions whose places are not, or are no longer, what their query finds.
pub(super) fn unfinished(records: &[EngineRecord]) -> BTreeSet<TopicVersion> {
    let version = |record: &EngineRecord| match record {
        EngineRecord::Unfinished { version } => Some(*version),
        _ => None,
    };
    records.iter().filter_map(version).collect()
}

/// The versions that come after those of the topics: all stories, and those that everybody may see.
pub(super) fn unnamed(plan: &Plan) -> impl Iterator<Item = TopicVersion> {
    [EVERYTHING].into_iter().chain(plan.public_version())
}

/// The versions in a store.
pub(super) struct Known {
    /// Those that were complete once: good enough to be published until others are.
    pub(super) filled: BTreeSet<TopicVersion>,
    /// Those whose places are what their query finds.
    pub(super) trusted: BTreeSet<TopicVersion>,
}

impl Known {
    pub(super) fn of(records: &[EngineRecord], store: &dyn Store) -> Result<Self, StoreError> {
        let unfinished = unfinished(records);
        let filled: BTreeSet<TopicVersion> = store.filled()?.into_iter().collect();
        let is_trusted = |version: &TopicVersion| {
            both(*version).iter().all(|of| filled.contains(of) && !unfinished.contains(of))
        };
        let trusted = filled.iter().copied().filter(is_trusted).collect();
        Ok(Self { filled, trusted })
    }
}

/// A version as places of its topic and of its archive.
pub(super) fn both(version: TopicVersion) -> [TopicVersion; 2] {
    [version, version.archive()]
}

/// The topics that are being filled.
pub(super) struct FillingVersions {
    pub(super) versions: Vec<TopicVersion>,
    /// Those that are not published by the query of an earlier plan, by their place in the plan.
    pub(super) without_former: Vec<usize>,
}

/// The present state of all topics.
pub(super) struct Now<'a> {
    pub(super) plan: &'a Plan,
    /// The published versions, by the topic's place in the plan.
    pub(super) live: &'a [TopicVersion],
    pub(super) filling: Option<FillingVersions>,
}

/// Records which versions are published, so that a later run, and a check of a changed
/// configuration, can tell what a change has changed, and which must not be taken for complete
/// after a crash. Drops what nobody needs any more.
pub(super) fn record(
    now: Now<'_>,
    records: &[EngineRecord],
    store: &dyn Store,
    work: &mut TurnInProgress<'_>,
) -> Result<(), StoreError> {
    let Now { plan, live, filling } = now;
    let begun: BTreeSet<TopicVersion> =
        filling.iter().flat_map(|filling| &filling.versions).copied().flat_map(both).collect();
    let published_before = published(records);
    for (topic, version) in plan.topics.iter().zip(live) {
        if !begun.contains(version) && published_before.get(&topic.id) != Some(version) {
            let (topic, version) = (topic.id.clone(), *version);
            work.commit.engine.push(EngineRecord::TopicVersion { topic, version });
        }
    }
    for (topic, version) in published_before {
        if plan.topics.iter().all(|planned| planned.id != topic) {
            let key = EngineRecord::TopicVersion { topic, version }.key();
            work.commit.engine_removed.push(key);
        }
    }

    // A topic that is published by another query than its own takes in what that finds.
    let strays = filling.iter().flat_map(|filling| &filling.without_former);
    let strays = strays.filter_map(|place| live.get(*place)).copied().flat_map(both);
    let doubted: BTreeSet<TopicVersion> = begun.iter().copied().chain(strays).collect();
    let known = unfinished(records);
    for version in doubted.difference(&known) {
        work.commit.engine.push(EngineRecord::Unfinished { version: *version });
    }
    let needed: BTreeSet<TopicVersion> =
        live.iter().copied().flat_map(both).chain(begun.iter().copied()).collect();
    // The places that an earlier run has left are found again, so their doubts stay.
    let settled = |of: &&TopicVersion| filling.is_none() || !needed.contains(of);
    for version in known.difference(&doubted).filter(settled) {
        work.commit.engine_removed.push(EngineRecord::Unfinished { version: *version }.key());
    }
    let stored = store.filled()?.into_iter().chain(known);
    let useless = stored.filter(|of| !needed.contains(of));
    let dropped: BTreeSet<TopicVersion> = useless.chain(begun).collect();
    work.commit.dropped.extend(dropped);
    Ok(())
}
