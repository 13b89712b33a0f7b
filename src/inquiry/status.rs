//! What is remembered of the sources in; how each is doing, and why, out.

use serde::{Deserialize, Serialize};

use super::Records;
use crate::model::{Memory, Source, Subscription, Timestamp};

/// How one source is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// Its name.
    pub id: String,
    /// What readers see.
    pub title: String,
    /// `ok`, `failing`, `held`, or `new` before the first poll.
    pub state: String,
    /// When it was last asked.
    pub last_poll: Option<String>,
    /// When it last listed something new.
    pub last_news: Option<String>,
    /// When it is due next.
    pub next_poll: Option<String>,
    /// Why then.
    pub because: String,
    /// Failures in a row.
    pub failures: u32,
    /// The kind of the last failure.
    pub failure_kind: Option<String>,
    /// What failed, in words.
    pub failure: Option<String>,
    /// When the row of failures began.
    pub failing_since: Option<String>,
    /// Polls in all.
    pub polls: u64,
    /// Polls that brought a 304.
    pub not_modified: u64,
    /// Bytes received in all.
    pub bytes: u64,
    /// The validators the next request will carry.
    pub etag: Option<String>,
    /// The other one.
    pub last_modified: Option<String>,
    /// What had to be repaired or left out of the last document.
    pub warnings: Vec<String>,
    /// Where the source says it has moved for good: the line for the configuration.
    pub moved_to: Option<String>,
    /// What its hub was asked to push, if it was asked.
    pub push: Option<PushStatus>,
}

/// What came of asking a source's hub to push.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushStatus {
    /// `asked`, `active`, `denied`, `distrusted`, or, by a cloud, `registered`.
    pub state: String,
    /// The hub.
    pub hub: String,
    /// Until when it pushes, unless it is asked again.
    pub until: Option<String>,
    /// Until when it is not relied upon, having let news pass.
    pub distrusted_until: Option<String>,
    /// Pushes that were taken in.
    pub delivered: u64,
    /// When the last of them came.
    pub last_delivery: Option<String>,
    /// Pushes that the hub had not signed.
    pub forged: u64,
    /// Why it could not be asked the last time.
    pub trouble: Option<String>,
}

impl Records {
    /// How every source of the plan is doing, in the order of the configuration.
    pub fn status(&self, now: Timestamp) -> Vec<SourceStatus> {
        let plan = self.plan();
        let mut sources: Vec<&Source> = plan.sources.values().map(|source| &**source).collect();
        sources.sort_by_key(|source| source.position);
        sources.into_iter().map(|source| status_of(source, &self.memory(&source.id), now)).collect()
    }
}

fn status_of(source: &Source, memory: &Memory, now: Timestamp) -> SourceStatus {
    let date = |date: Option<Timestamp>| date.map(|date| date.to_string());
    let bytes =
        |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| bytes.escape_ascii().to_string());
    let held = memory.hold.is_some_and(|hold| hold.until > now);
    let state = match (memory.polls, &memory.failure, held) {
        (0, _, _) => "new",
        (_, _, true) => "held",
        (_, Some(_), _) => "failing",
        (_, None, _) => "ok",
    };
    SourceStatus {
        id: source.id.to_string(),
        title: source.title.clone(),
        state: state.to_owned(),
        last_poll: date(memory.last_poll),
        last_news: date(memory.last_news),
        next_poll: date(memory.last_poll.map(|_| memory.next_poll)),
        because: memory.because.clone(),
        failures: memory.failures,
        failure_kind: memory.failure.as_ref().map(|failure| failure.kind.as_str().to_owned()),
        failure: memory.failure.as_ref().map(|failure| failure.message.clone()),
        failing_since: date(memory.failing_since),
        polls: memory.polls,
        not_modified: memory.not_modified,
        bytes: memory.bytes,
        etag: bytes(&memory.validators.etag),
        last_modified: bytes(&memory.validators.last_modified),
        warnings: memory.warnings.clone(),
        moved_to: memory.moved.as_ref().map(|moved| moved.to.to_string()),
        push: memory.push.as_ref().map(|push| push_status(push, now)),
    }
}

fn push_status(push: &Subscription, now: Timestamp) -> PushStatus {
    let date = |date: Option<Timestamp>| date.map(|date| date.to_string());
    let until = push.expires.filter(|expires| *expires > now);
    let distrusted_until = push.distrusted_until.filter(|until| *until > now);
    PushStatus {
        state: push.state(now).as_str().to_owned(),
        hub: push.offer.hub.to_string(),
        until: date(until),
        distrusted_until: date(distrusted_until),
        delivered: push.delivered,
        last_delivery: date(push.last_delivery),
        forged: push.forged,
        trouble: push.trouble.as_ref().map(|(why, _)| why.clone()),
    }
}
