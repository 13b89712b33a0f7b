//! What comes into topics, and when, in; which topic has fallen silent, told once, out.
//!
//! A topic's rhythm is read from its archive, which is there anyway. What was told
//! is kept as a stamp of no document, so that a restart does not tell it again.

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::{info, warn};

use crate::config::Plan;
use crate::fetch;
use crate::model::{Stamp, Timestamp, TopicId, TopicSilence};
use crate::store::{Commit, Store, StoreError};

use super::filing::Filing;

/// Stamps of this kind are of no document: no path begins so.
const SILENT: &str = "silent:";

/// How often all topics are listened to.
const EVERY: Duration = Duration::from_secs(3600);

/// How far back a topic's rhythm is read.
const BACK: Duration = Duration::from_secs(400 * 24 * 3600);

/// Which topics are silent, as far as it was told.
#[derive(Debug, Default)]
pub(super) struct Listening {
    last: Option<Timestamp>,
    silent: BTreeMap<TopicId, Told>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    since: Timestamp,
    /// Whether a story has come since.
    ended: bool,
}

/// What there is to tell once it is committed.
pub(super) enum Heard {
    Silent { topic: TopicId, since: Timestamp, why: String },
    Speaks { topic: TopicId, since: Timestamp },
    Forgotten { topic: TopicId },
}

impl Listening {
    /// As the store remembers it.
    pub(super) fn open(
        store: &dyn Store,
        plan: &Plan,
        filing: &Filing,
    ) -> Result<Self, StoreError> {
        let mut listening = Self::default();
        for (topic, since, _) in stamped(store)? {
            let place = plan.topics.iter().position(|known| known.id == topic);
            let latest = place.and_then(|place| filing.arrivals(place).next_back());
            let ended = latest.is_some_and(|latest| latest > since);
            listening.silent.insert(topic, Told { since, ended });
        }
        Ok(listening)
    }

    /// Listens to the topics that are silent, and every so often to all; what is to
    /// be remembered of it goes with `commit`.
    pub(super) fn listen(
        &mut self,
        plan: &Plan,
        filing: &Filing,
        now: Timestamp,
        commit: &mut Commit,
    ) -> Vec<Heard> {
        let all = self.last.is_none_or(|last| last.until(now) >= EVERY);
        let mut heard = Vec::new();
        for (place, topic) in plan.topics.iter().enumerate() {
            let told = self.silent.get(&topic.id);
            let Some(latest) = filing.arrivals(place).next_back() else { continue };
            match told {
                Some(told) if !told.ended && latest > told.since => {
                    heard.push(Heard::Speaks { topic: topic.id.clone(), since: told.since });
                }
                _ if !all
                    || topic.mute_silence
                    || told.is_some_and(|told| told.since == latest) => {}
                _ => {
                    let oldest = now.before(BACK);
                    let arrivals: Vec<_> =
                        filing.arrivals(place).filter(|at| *at >= oldest).collect();
                    if let Some(silence) = fetch::silence_of(&arrivals, now) {
                        let (topic, since) = (topic.id.clone(), silence.since);
                        let hash = since.as_millis() as u64;
                        commit.stamps.push((path(&topic), Stamp { hash, modified: now }));
                        heard.push(Heard::Silent { topic, since, why: silence.to_string() });
                    }
                }
            }
        }
        if all {
            self.last = Some(now);
            let gone = |topic: &&TopicId| plan.topics.iter().all(|known| known.id != **topic);
            for topic in self.silent.keys().filter(gone) {
                commit.unstamped.push(path(topic));
                heard.push(Heard::Forgotten { topic: topic.clone() });
            }
        }
        heard
    }

    /// Tells what was heard, now that it is durable.
    pub(super) fn tell(&mut self, heard: Vec<Heard>) {
        for one in heard {
            match one {
                Heard::Silent { topic, since, why } => {
                    warn!(event = "topic_silent", %topic, "topic {topic} is silent: {why}");
                    self.silent.insert(topic, Told { since, ended: false });
                }
                Heard::Speaks { topic, since } => {
                    info!(event = "topic_speaks", %topic, "topic {topic} speaks again: it had been silent since {since}");
                    self.silent.insert(topic, Told { since, ended: true });
                }
                Heard::Forgotten { topic } => drop(self.silent.remove(&topic)),
            }
        }
    }
}

/// The silences that were told, the last of each topic.
pub(crate) fn silences(store: &dyn Store, plan: &Plan) -> Result<Vec<TopicSilence>, StoreError> {
    let mut silences = Vec::new();
    for (topic, since, told) in stamped(store)? {
        let Some(place) = plan.topics.iter().position(|known| known.id == topic) else { continue };
        let archive = super::archive_of(store, plan.fingerprint(place))?;
        let ended = archive.iter().map(|(at, _)| *at).find(|at| *at > since);
        silences.push(TopicSilence { topic, since, told, ended });
    }
    Ok(silences)
}

/// Topics, since when they were silent, and when that was told.
fn stamped(store: &dyn Store) -> Result<Vec<(TopicId, Timestamp, Timestamp)>, StoreError> {
    let read = |(path, stamp): (String, Stamp)| {
        let topic = TopicId::new(path.strip_prefix(SILENT)?);
        Some((topic, Timestamp::from_millis(stamp.hash as i64), stamp.modified))
    };
    Ok(store.stamps()?.into_iter().filter_map(read).collect())
}

fn path(topic: &TopicId) -> String {
    format!("{SILENT}{topic}")
}
