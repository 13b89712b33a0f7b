//! What the engine is given, and what comes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Polled, TopicFillResult};
use crate::config::Plan;
use crate::model::{
    Failure, Poll, Seed, SourceId, Story, Subscriber, SubscriberId, Timestamp, TopicId,
    TopicVersion, Verdict,
};
use crate::store::Commit;
use crate::websub::inbound::{CallbackAnswer, HubRequest};
use crate::websub::outbound::SubscriptionRequest;

/// Everything from outside that changes the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Polls ended, in this order; no source twice. Each has its own time.
    Polls(Vec<Poll>),
    /// A document that a source's hub pushed was read.
    PushReceived(Box<Poll>),
    /// A plan comes into force. Several machines would send the text that it is compiled from.
    #[serde(skip)]
    Plan {
        /// The plan, compiled.
        plan: Arc<Plan>,
        /// When.
        at: Timestamp,
    },
    /// The last turns were dated by a clock that was ahead. It is earlier.
    ClockCorrected {
        /// What time it is.
        at: Timestamp,
    },
    /// These versions of topics are filled, and are published from now on.
    TopicFilled {
        /// The topics, each with its version.
        topics: Vec<(TopicId, TopicVersion)>,
        /// When.
        at: Timestamp,
    },
    /// Further volumes are closed of archives that have more to close than one turn holds.
    ArchiveContinued {
        /// When.
        at: Timestamp,
    },
    /// A request to a source's hub is about to be sent.
    HubRequested {
        /// The source.
        source: SourceId,
        /// What the request's token and secret are derived from.
        seed: Seed,
        /// When.
        at: Timestamp,
    },
    /// A source's hub has answered.
    HubAnswered {
        /// The source.
        source: SourceId,
        /// The number of the request.
        round: u32,
        /// What it said.
        answer: Result<(), Failure>,
        /// When.
        at: Timestamp,
    },
    /// A hub verifies or denies a subscription at its callback.
    HubCallback {
        /// The source.
        source: SourceId,
        /// The callback's token.
        token: String,
        /// The call's query.
        query: Vec<(String, String)>,
        /// When.
        at: Timestamp,
    },
    /// A hub's notice of news came, without the document.
    PingReceived {
        /// The source.
        source: SourceId,
        /// When.
        at: Timestamp,
    },
    /// What came at a source's callback was not signed by its hub.
    PushRejected {
        /// The source.
        source: SourceId,
        /// When.
        at: Timestamp,
    },
    /// A source is to be polled as soon as its floor and holds allow.
    PollRequested {
        /// The source.
        source: SourceId,
        /// When.
        at: Timestamp,
    },
    /// Subscribers ask our hub.
    SubscriptionRequested {
        /// What each asks, and the hash of the feed when it was asked for.
        requests: Vec<(SubscriptionRequest, u64)>,
        /// When.
        at: Timestamp,
    },
    /// What became of subscribers of our hub.
    SubscribersUpdated {
        /// Those who are some, as they are now.
        updated: Vec<Subscriber>,
        /// Those who are none any more.
        removed: Vec<SubscriberId>,
        /// When.
        at: Timestamp,
    },
    /// A hub elsewhere has accepted a ping.
    HubNotified {
        /// The feeds, by path, with their hashes.
        feeds: Vec<(String, u64)>,
        /// When.
        at: Timestamp,
    },
}

impl Turn {
    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Polls(polls) => polls.iter().map(|poll| poll.at).max().unwrap_or_default(),
            Self::PushReceived(poll) => poll.at,
            Self::Plan { at, .. }
            | Self::TopicFilled { at, .. }
            | Self::ArchiveContinued { at }
            | Self::ClockCorrected { at }
            | Self::HubRequested { at, .. }
            | Self::HubAnswered { at, .. }
            | Self::HubCallback { at, .. }
            | Self::PingReceived { at, .. }
            | Self::PushRejected { at, .. }
            | Self::PollRequested { at, .. }
            | Self::SubscriptionRequested { at, .. }
            | Self::SubscribersUpdated { at, .. }
            | Self::HubNotified { at, .. } => *at,
        }
    }
}

/// What a turn comes to.
#[derive(Debug, Default)]
pub struct Step {
    /// Time of the turn.
    pub at: Timestamp,
    /// All that it changes, to be written at once.
    pub commit: Commit,
    /// The feeds that changed by it.
    pub touched: BTreeSet<usize>,
    /// What its polls came to, in their order.
    pub polls: Vec<Polled>,
    /// The stories that changed by it.
    pub changed: Vec<(Verdict, Arc<Story>)>,
    /// What to report once it is written.
    pub events: Vec<Event>,
}

/// What a turn of a source's hub comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum HubAnswer {
    /// A request to send to the hub.
    Request(Box<HubRequest>),
    /// The hub has answered a request.
    Answered {
        /// Which hub.
        hub: Url,
        /// What it said.
        answer: Result<(), Failure>,
        /// Whether the request before had failed, too.
        was_failing: bool,
    },
    /// What to answer a callback.
    Callback {
        /// Which hub.
        hub: Url,
        /// The answer.
        answer: CallbackAnswer,
        /// Until when the hub pushes, if it has just said so.
        until: Option<Timestamp>,
    },
}

/// Something to report.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A topic fell silent.
    TopicSilent {
        /// The topic.
        topic: TopicId,
        /// Why it is thought so.
        why: String,
    },
    /// A topic that was silent has news again.
    TopicSpeaks {
        /// The topic.
        topic: TopicId,
        /// Since when it was silent.
        since: Timestamp,
    },
    /// A hub has let news pass that a poll found (W13).
    PushDistrusted {
        /// The source.
        source: SourceId,
        /// Its hub.
        hub: Url,
    },
    /// A plan is in force.
    Planned,
    /// Topics that changed are published.
    TopicsFilled(Vec<TopicFillResult>),
    /// What a turn of a hub says or asks.
    Hub {
        /// The source.
        source: SourceId,
        /// What.
        answer: Box<HubAnswer>,
    },
    /// Times of so many sources were void, because a clock had been ahead.
    ClockWasAhead(usize),
}
