//! Reports topics that fall silent, and that have news again, once each.
//!
//! A topic's rhythm is read from its archive, which is there anyway.

use std::collections::BTreeMap;
use std::time::Duration;

use super::topics::Topics;
use super::turn::Event;
use super::turn_in_progress::TurnInProgress;
use crate::config::Plan;
use crate::fetch;
use crate::model::{EngineRecord, Progress, Timestamp, TopicId, TopicSilence};
use crate::store::{Store, StoreError};

/// How often all topics are checked.
const EVERY: Duration = Duration::from_secs(3600);

/// How far back a topic's rhythm is read.
const BACK: Duration = Duration::from_secs(400 * 24 * 3600);

/// The silences that were reported, the last of each topic.
#[derive(Debug, Default)]
pub(super) struct Silences(BTreeMap<TopicId, Reported>);

#[derive(Debug, Clone, Copy)]
struct Reported {
    since: Timestamp,
    /// Whether a story has come since.
    ended: bool,
}

impl Silences {
    pub(super) fn open(records: &[EngineRecord], plan: &Plan, topics: &Topics) -> Self {
        let mut silences = Self::default();
        for (topic, since, _) in last_reports(records) {
            let place = plan.topics.iter().position(|known| known.id == topic);
            let latest = place.and_then(|place| topics.arrivals(place).next_back());
            let ended = latest.is_some_and(|latest| latest > since);
            silences.0.insert(topic, Reported { since, ended });
        }
        silences
    }

    /// Checks the silent topics that have news now, and every so often all others.
    pub(super) fn check(
        &mut self,
        plan: &Plan,
        topics: &Topics,
        progress: &mut Progress,
        work: &mut TurnInProgress<'_>,
    ) {
        let now = work.now;
        for place in work.touched_now().clone() {
            let Some(topic) = plan.topics.get(place) else { continue };
            let Some(known) = self.0.get_mut(&topic.id).filter(|known| !known.ended) else {
                continue;
            };
            if topics.arrivals(place).next_back().is_some_and(|latest| latest > known.since) {
                known.ended = true;
                let since = known.since;
                work.events.push(Event::TopicSpeaks { topic: topic.id.clone(), since });
            }
        }
        // Under a clock that is ahead every topic would be silent.
        if progress.horizon.is_doubted() {
            return;
        }
        if progress.silence_checked.is_some_and(|last| last.until(now) < EVERY) {
            return;
        }
        progress.silence_checked = Some(now);
        for (place, topic) in plan.topics.iter().enumerate() {
            let Some(latest) = topics.arrivals(place).next_back() else { continue };
            let is_known = self.0.get(&topic.id).is_some_and(|known| known.since == latest);
            if topic.mute_silence || is_known {
                continue;
            }
            let oldest = now.before(BACK);
            let arrivals: Vec<_> = topics.arrivals(place).filter(|at| *at >= oldest).collect();
            if let Some(silence) = fetch::silence_of(&arrivals, now) {
                let (topic, since) = (topic.id.clone(), silence.since);
                self.0.insert(topic.clone(), Reported { since, ended: false });
                let record = EngineRecord::Silence { topic: topic.clone(), since, reported: now };
                work.commit.engine.push(record);
                work.events.push(Event::TopicSilent { topic, why: silence.to_string() });
            }
        }
        self.0.retain(|topic, known| {
            let is_planned = plan.topics.iter().any(|planned| planned.id == *topic);
            if !is_planned {
                let (topic, since) = (topic.clone(), known.since);
                let key = EngineRecord::Silence { topic, since, reported: now }.key();
                work.commit.engine_removed.push(key);
            }
            is_planned
        });
    }
}

/// The silences that were reported, the last of each topic.
pub(crate) fn silences(store: &dyn Store, plan: &Plan) -> Result<Vec<TopicSilence>, StoreError> {
    let mut silences = Vec::new();
    let listed = super::listed_versions(store, plan)?;
    for (topic, since, reported) in last_reports(&store.engine_records()?) {
        let Some(place) = plan.topics.iter().position(|known| known.id == topic) else { continue };
        let archive = super::archive_of(store, listed(place))?;
        let ended = archive.iter().map(|(at, _)| *at).find(|at| *at > since);
        silences.push(TopicSilence { topic, since, reported, ended });
    }
    Ok(silences)
}

/// Topics, since when they were silent, and when that was reported.
fn last_reports(records: &[EngineRecord]) -> Vec<(TopicId, Timestamp, Timestamp)> {
    let silence = |record: &EngineRecord| match record {
        EngineRecord::Silence { topic, since, reported } => {
            Some((topic.clone(), *since, *reported))
        }
        _ => None,
    };
    records.iter().filter_map(silence).collect()
}
