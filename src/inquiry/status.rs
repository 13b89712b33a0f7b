//! Reports the condition of every source, with the reasons.

use std::collections::BTreeSet;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Records;
use crate::engine;
use crate::fetch;
use crate::model::{
    Enrich, FailureKind, HoldScope, Source, SourceEvent, SourceHold, SourceState, Subscriber,
    Subscription, Timestamp, TopicSilence,
};
use crate::options::value::Period;
use crate::store::{Backups, StoreError};

/// How one source is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Its name.
    pub id: String,
    /// The title that readers see.
    pub title: String,
    /// `ok`, `failing`, `held`, `silent`, `ended` or `gone`, or `new` before the first poll.
    pub state: String,
    /// Time of the last poll.
    pub last_poll: Option<String>,
    /// Its result: `new entries`, `nothing new`, or a kind of failure.
    #[serde(default)]
    pub last_outcome: Option<String>,
    /// Time of the last successful poll.
    #[serde(default)]
    pub last_success: Option<String>,
    /// Time of the last new entry.
    pub last_news: Option<String>,
    /// Time of the next poll.
    pub next_poll: Option<String>,
    /// The reason for that time.
    pub because: String,
    /// Before this time, not even an operator's request polls it.
    #[serde(default)]
    pub not_before: Option<String>,
    /// Until when its server asked to be left alone.
    #[serde(default)]
    pub held_until: Option<String>,
    /// The scope of the hold: `source` or `origin`.
    #[serde(default)]
    pub held: Option<String>,
    /// The source whose poll caused the hold; another one, if the hold is the origin's.
    #[serde(default)]
    pub held_by: Option<String>,
    /// The server's answer that caused the hold.
    #[serde(default)]
    pub held_reason: Option<String>,
    /// Entries a day, as learned.
    #[serde(default)]
    pub rate: Option<f64>,
    /// Unreliable IDs, links or dates, as learned from its documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub habits: Vec<String>,
    /// Consecutive failures.
    pub failures: u32,
    /// The kind of the last failure.
    pub failure_kind: Option<String>,
    /// The failure, in words.
    pub failure: Option<String>,
    /// Time of the first of these failures.
    pub failing_since: Option<String>,
    /// Polls in all.
    pub polls: u64,
    /// Polls that brought a 304.
    pub not_modified: u64,
    /// The same as a share of all polls.
    #[serde(default)]
    pub not_modified_share: f64,
    /// Bytes received in all.
    pub bytes: u64,
    /// The `ETag` that the next request will carry.
    pub etag: Option<String>,
    /// The `Last-Modified` that the next request will carry.
    pub last_modified: Option<String>,
    /// Repairs and omissions in the last document.
    pub warnings: Vec<String>,
    /// Where the source says it has moved for good: the line for the configuration.
    pub moved_to: Option<String>,
    /// Gaps before which entries may have been missed.
    #[serde(default)]
    pub gaps: u64,
    /// When the last of them was.
    #[serde(default)]
    pub last_gap: Option<String>,
    /// Gaps that older pages filled.
    #[serde(default)]
    pub filled: u64,
    /// Since when it has been silent beyond its rhythm.
    #[serde(default)]
    pub silent_since: Option<String>,
    /// The subscription at its hub, if there is one.
    pub push: Option<PushStatus>,
    /// Recent changes in its condition, the latest last.
    #[serde(default)]
    pub events: Vec<Event>,
}

/// A recorded change in a source's condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Time of the event.
    pub at: String,
    /// `failing`, `recovered`, `moved`, `gone`, `ended`, `silent`, `speaks`, `gap`, `floods` or `steady`.
    pub kind: String,
    /// The details, in words.
    pub note: String,
}

/// The state of a subscription at a source's hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PushStatus {
    /// `asked`, `active`, `denied`, `distrusted`, or, by a cloud, `registered`.
    pub state: String,
    /// The hub.
    pub hub: String,
    /// End of the subscription, unless it is renewed.
    pub until: Option<String>,
    /// End of the time for which it is not relied upon, because it missed news.
    pub distrusted_until: Option<String>,
    /// Accepted pushes.
    pub delivered: u64,
    /// Time of the last one.
    pub last_delivery: Option<String>,
    /// Pushes without the hub's valid signature.
    pub forged: u64,
    /// Why the last request to it failed.
    pub trouble: Option<String>,
}

/// How our hub is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubStatus {
    /// Subscriptions, those to private topics too.
    pub subscriptions: usize,
    /// Hosts that they are at.
    pub hosts: usize,
    /// Subscriptions whose last delivery failed.
    pub failing: usize,
}

/// The stored data, with its limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptStatus {
    /// Stories in all.
    pub stories: u64,
    /// How many there may be, if that is bounded.
    pub most_stories: Option<u64>,
    /// How long they are kept after they last changed, if that is bounded.
    pub keep: Option<String>,
    /// Bytes that the store takes on its disk.
    pub bytes: u64,
    /// Bytes that are free there.
    pub free: u64,
    /// The last automatic backup, if there is one.
    #[serde(default)]
    pub backup: Option<BackupStatus>,
    /// Each topic that has bounds of its own.
    pub topics: Vec<KeptTopic>,
}

/// An automatic backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupStatus {
    /// The file.
    pub file: String,
    /// When it was made.
    pub made: String,
    /// How long ago that is, in seconds.
    pub age: u64,
    /// Its size.
    pub bytes: u64,
}

impl BackupStatus {
    /// The last one of the store in a directory.
    pub fn newest(store: &Path, now: Timestamp) -> Option<Self> {
        let newest = Backups::beside(store).newest()?;
        Some(Self {
            file: newest.file.display().to_string(),
            made: newest.made.to_string(),
            age: newest.made.until(now).as_secs(),
            bytes: newest.bytes,
        })
    }
}

/// The stories that a topic keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTopic {
    /// Its name.
    pub topic: String,
    /// Stories in it.
    pub stories: usize,
    /// How many there may be, if that is bounded.
    pub most_stories: Option<usize>,
    /// How long they stay after their date, if that is bounded.
    pub keep: Option<String>,
}

impl Records {
    /// The stored data, and its size.
    pub fn kept(&self, now: Timestamp) -> Result<KeptStatus, StoreError> {
        let plan = self.plan();
        let (bounds, room) = (&plan.store.retention, self.store().disk_space()?);
        let listed = engine::listed_versions(&**self.store(), &plan)?;
        let mut topics = Vec::new();
        for (place, topic) in plan.topics.iter().enumerate() {
            if topic.bounds.is_bounded() {
                let held = engine::archive_of(&**self.store(), listed(place))?;
                topics.push(KeptTopic {
                    topic: topic.id.to_string(),
                    stories: held.len(),
                    most_stories: topic.bounds.stories,
                    keep: topic.bounds.age.map(|age| Period(age).to_string()),
                });
            }
        }
        Ok(KeptStatus {
            stories: self.store().count()?,
            most_stories: bounds.stories,
            keep: bounds.age.map(|age| Period(age).to_string()),
            bytes: room.map_or(0, |room| room.used),
            free: room.map_or(0, |room| room.free),
            backup: BackupStatus::newest(self.in_use().store(), now),
            topics,
        })
    }

    /// How every source of the plan is doing, in the order of the configuration.
    pub fn status(&self, now: Timestamp) -> Vec<SourceReport> {
        let plan = self.plan();
        let mut sources: Vec<&Source> = plan.sources.values().map(|source| &**source).collect();
        sources.sort_by_key(|source| source.position);
        let holds = self.holds();
        let status = |source: &Source| {
            let source_state = self.source_state(&source.id);
            let hold = holds.hold(source, &source_state, now);
            status_of(source, &source_state, hold, now)
        };
        sources.into_iter().map(status).collect()
    }

    /// How our hub is doing, if there is one or was.
    pub fn hub_status(&self) -> Result<Option<HubStatus>, StoreError> {
        let mut subscribers = self.store().subscribers()?;
        subscribers.retain(Subscriber::is_confirmed);
        let hosts: BTreeSet<&str> = subscribers.iter().map(Subscriber::host).collect();
        let status = HubStatus {
            subscriptions: subscribers.len(),
            hosts: hosts.len(),
            failing: subscribers.iter().filter(|one| one.failures > 0).count(),
        };
        Ok((self.plan().hub.runs_hub || !subscribers.is_empty()).then_some(status))
    }

    /// Who is subscribed at our hub, less those to what is not for everybody.
    pub fn subscribers(&self) -> Result<Vec<Subscriber>, StoreError> {
        // Only a private topic is asked for with something behind its address.
        let is_public =
            |subscriber: &Subscriber| subscriber.is_confirmed() && !subscriber.topic.contains('?');
        Ok(self.store().subscribers()?.into_iter().filter(is_public).collect())
    }

    /// The topics that fell silent, each with its last silence.
    pub fn silences(&self) -> Result<Vec<TopicSilence>, StoreError> {
        engine::silences(&**self.store(), &self.plan())
    }
}

fn status_of(
    source: &Source,
    source_state: &SourceState,
    hold: Option<SourceHold>,
    now: Timestamp,
) -> SourceReport {
    let date = |date: Option<Timestamp>| date.map(|date| date.to_string());
    let text = |bytes: &Option<Vec<u8>>| {
        bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    // A hold by another source's answer is all that keeps this one waiting.
    let foreign = hold.as_ref().filter(|hold| {
        hold.by != source.id && hold.until > source_state.next_poll && !source_state.rests()
    });
    let next_poll = match (&foreign, source_state.last_poll) {
        (Some(hold), _) => Some(hold.until),
        (None, last) => last.map(|_| source_state.next_poll),
    };
    let because = match &foreign {
        Some(SourceHold { by, .. }) => {
            format!("its server asked to be left alone when {by} was polled")
        }
        None => source_state.because.to_string(),
    };
    let gone =
        source_state.failure.as_ref().is_some_and(|failure| failure.kind == FailureKind::Gone);
    let state = match (source_state.polls, &source_state.failure) {
        (0, _) if hold.is_none() => "new",
        _ if source_state.rests() && gone => "gone",
        _ if source_state.hints().ended => "ended",
        _ if hold.is_some() => "held",
        (_, Some(_)) => "failing",
        (_, None) if source_state.intake.since.is_some() => "floods",
        (_, None) if source_state.silent.is_some() => "silent",
        (_, None) => "ok",
    };
    let round = source_state.round.as_ref().filter(|_| source.enrich != Enrich::None);
    let pages = round.and_then(|round| round.pages.all_failed());
    SourceReport {
        id: source.id.to_string(),
        title: source.title.to_string(),
        state: state.to_owned(),
        last_poll: date(source_state.last_poll),
        last_outcome: source_state.last_poll.map(|_| outcome(source_state).to_owned()),
        last_success: date(source_state.last_success),
        last_news: date(source_state.last_news),
        next_poll: date(next_poll),
        because,
        not_before: date(Some(source_state.not_before).filter(|until| *until > now)),
        held_until: date(hold.as_ref().map(|hold| hold.until)),
        held_by: hold.as_ref().map(|hold| hold.by.to_string()),
        held_reason: hold.as_ref().map(|hold| hold.reason.clone()),
        held: hold.map(|hold| match hold.scope {
            HoldScope::Source => "source".to_owned(),
            HoldScope::Origin => "origin".to_owned(),
        }),
        rate: fetch::rate_a_day(source_state),
        habits: source_state.habits.remarks(),
        failures: source_state.failures,
        failure_kind: source_state.failure.as_ref().map(|failure| failure.kind.as_str().to_owned()),
        failure: source_state.failure.as_ref().map(|failure| failure.message.clone()),
        failing_since: date(source_state.failing_since),
        polls: source_state.polls,
        not_modified: source_state.not_modified,
        not_modified_share: source_state.not_modified as f64 / source_state.polls.max(1) as f64,
        bytes: source_state.bytes,
        etag: text(&source_state.validators.etag),
        last_modified: text(&source_state.validators.last_modified),
        warnings: source_state.warnings.iter().cloned().chain(pages).collect(),
        moved_to: source_state.moved.as_ref().map(|moved| moved.to.to_string()),
        gaps: source_state.gaps,
        last_gap: date(source_state.last_gap),
        filled: source_state.filled,
        silent_since: date(source_state.silent),
        push: source_state.push.as_ref().map(|push| push_status(push, now)),
        events: source_state.events.iter().map(event).collect(),
    }
}

/// The result of the last poll.
fn outcome(source_state: &SourceState) -> &'static str {
    match &source_state.failure {
        Some(failure) => failure.kind.as_str(),
        None if source_state.last_news.is_some()
            && source_state.last_news == source_state.last_poll =>
        {
            "new entries"
        }
        None => "nothing new",
    }
}

fn event(event: &SourceEvent) -> Event {
    Event {
        at: event.at.to_string(),
        kind: event.kind.as_str().to_owned(),
        note: event.note.clone(),
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
