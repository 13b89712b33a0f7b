//! The engine's input and output: turns and steps.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Polled, TopicFillResult};
use crate::config::Plan;
use crate::model::{
    Assignment, Failure, NodeName, Poll, Seed, SourceId, Story, Subscriber, SubscriberId,
    SubscriptionTerms, Timestamp, TopicId, TopicVersion, Verdict,
};
use crate::store::Commit;
use crate::websub::inbound::{CallbackAnswer, HubRequest};
use crate::websub::outbound::SubscriptionRequest;

/// Anything from outside that changes the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Turn {
    /// Polls ended, in this order; no source twice. Each has its own time.
    Polls(Vec<Poll>),
    /// A document that a source's hub pushed was read.
    PushReceived(Box<Poll>),
    /// A plan comes into force.
    #[serde(skip)]
    Plan {
        /// The plan, compiled.
        plan: Arc<Plan>,
        /// Time of the turn.
        at: Timestamp,
    },
    /// The last turns were dated by a clock that was ahead. It is earlier.
    ClockCorrected {
        /// The present time.
        at: Timestamp,
    },
    /// These versions of topics are filled, and are published from now on.
    TopicFilled {
        /// The topics, each with its version.
        topics: Vec<(TopicId, TopicVersion)>,
        /// Time of the turn.
        at: Timestamp,
    },
    /// Further volumes are closed of archives that have more to close than one turn holds.
    ArchiveContinued {
        /// Time of the turn.
        at: Timestamp,
    },
    /// A request to a source's hub is about to be sent.
    HubRequested {
        /// The source.
        source: SourceId,
        /// The seed of the request's token and secret.
        seed: Seed,
        /// Time of the turn.
        at: Timestamp,
    },
    /// A source's hub has answered.
    HubAnswered {
        /// The source.
        source: SourceId,
        /// The number of the request.
        round: u32,
        /// The answer.
        answer: Result<(), Failure>,
        /// Time of the turn.
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
        /// Time of the turn.
        at: Timestamp,
    },
    /// A hub's notice of news came, without the document.
    PingReceived {
        /// The source.
        source: SourceId,
        /// Time of the turn.
        at: Timestamp,
    },
    /// A push at a source's callback was not signed by its hub.
    PushRejected {
        /// The source.
        source: SourceId,
        /// Time of the turn.
        at: Timestamp,
    },
    /// A source is to be polled as soon as its floor and holds allow.
    PollRequested {
        /// The source.
        source: SourceId,
        /// Time of the turn.
        at: Timestamp,
    },
    /// Requests to our hub are recorded.
    SubscriptionRequested {
        /// The requests, each with the hash of its feed at the time.
        requests: Vec<(SubscriptionRequest, u64)>,
        /// Time of the turn.
        at: Timestamp,
    },
    /// Subscribers of our hub changed or ended.
    SubscribersUpdated {
        /// The changed subscribers, as they are now.
        updated: Vec<Subscriber>,
        /// The subscribers that ended.
        removed: Vec<SubscriberId>,
        /// Their requests that are answered by it. Any other request stays: another node may have
        /// recorded it after this turn was made.
        #[serde(default)]
        answered: Vec<(SubscriberId, SubscriptionTerms)>,
        /// Time of the turn.
        at: Timestamp,
    },
    /// The leader of a cluster assigns the sources to nodes.
    Assign(Assignment),
    /// Nobody polls from now on, for an upgrade of a cluster.
    Pause {
        /// Time of the turn.
        at: Timestamp,
    },
    /// The nodes of a cluster poll again.
    Resume {
        /// Time of the turn.
        at: Timestamp,
    },
    /// A node compares its clock with the stream's time. Nothing changes.
    ClockChecked,
    /// Another rules version is in force from now on.
    RulesVersion {
        /// The version.
        number: u32,
    },
    /// All nodes skip a turn that none of them can apply. Those that stopped there look for this.
    Skip {
        /// Where the turn is in the stream.
        sequence: u64,
    },
    /// A hub elsewhere has accepted a ping.
    HubNotified {
        /// The feeds, by path, with their hashes.
        feeds: Vec<(String, u64)>,
        /// Time of the turn.
        at: Timestamp,
    },
}

/// A turn with a time of its own.
macro_rules! dated {
    ($at:ident) => {
        Self::Plan { $at, .. }
            | Self::TopicFilled { $at, .. }
            | Self::ArchiveContinued { $at }
            | Self::ClockCorrected { $at }
            | Self::HubRequested { $at, .. }
            | Self::HubAnswered { $at, .. }
            | Self::HubCallback { $at, .. }
            | Self::PingReceived { $at, .. }
            | Self::PushRejected { $at, .. }
            | Self::PollRequested { $at, .. }
            | Self::SubscriptionRequested { $at, .. }
            | Self::SubscribersUpdated { $at, .. }
            | Self::Pause { $at }
            | Self::Resume { $at }
            | Self::HubNotified { $at, .. }
    };
}

impl Turn {
    /// Whether it is about the cluster alone, so that every rules version can apply it. What is
    /// written of such a turn must stay readable for earlier and later versions.
    pub fn is_control(&self) -> bool {
        matches!(
            self,
            Self::Assign(_)
                | Self::Pause { .. }
                | Self::Resume { .. }
                | Self::RulesVersion { .. }
                | Self::Skip { .. }
                | Self::ClockChecked
        )
    }

    /// The turn, dated no later than `latest`. Polls keep their own times.
    pub fn dated_by(mut self, latest: Timestamp) -> Self {
        match &mut self {
            dated!(at) => *at = (*at).min(latest),
            Self::PushReceived(poll) => poll.at = poll.at.min(latest),
            _ => {}
        }
        self
    }

    /// When it happened. A turn about nodes alone moves no time.
    pub fn at(&self) -> Timestamp {
        match self {
            dated!(at) => *at,
            Self::PushReceived(poll) => poll.at,
            Self::Polls(polls) => polls.iter().map(|poll| poll.at).max().unwrap_or_default(),
            Self::Assign(_)
            | Self::RulesVersion { .. }
            | Self::Skip { .. }
            | Self::ClockChecked => Timestamp::EPOCH,
        }
    }
}

/// The result of a turn.
#[derive(Debug, Default)]
pub struct Step {
    /// Time of the turn.
    pub at: Timestamp,
    /// The changes, to be written in one commit.
    pub commit: Commit,
    /// The feeds that changed by it.
    pub touched: BTreeSet<usize>,
    /// The results of its polls, in order.
    pub polls: Vec<Polled>,
    /// The stories that changed by it.
    pub changed: Vec<(Verdict, Arc<Story>)>,
    /// Events to report once the commit is durable.
    pub events: Vec<Event>,
}

/// The result of a turn of a source's hub.
#[derive(Debug, Clone, PartialEq)]
pub enum HubAnswer {
    /// A request to send to the hub.
    Request(Box<HubRequest>),
    /// The hub has answered a request.
    Answered {
        /// Which hub.
        hub: Url,
        /// The answer.
        answer: Result<(), Failure>,
        /// Whether the request before had failed, too.
        was_failing: bool,
    },
    /// The answer to a callback.
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
    /// A source's document lists more entries than are kept; the one before did not, or was read
    /// within other limits.
    EntriesLeftOut {
        /// The source.
        source: SourceId,
        /// How many entries were left out.
        left_out: usize,
    },
    /// Stories were retired: there are more than are kept, or they are older.
    StoriesRetired {
        /// How many.
        retired: usize,
        /// How many are left.
        left: u64,
    },
    /// A plan is in force.
    Planned,
    /// Topics that changed are published.
    TopicsFilled(Vec<TopicFillResult>),
    /// A hub's turn has a result.
    Hub {
        /// The source.
        source: SourceId,
        /// The result.
        answer: Box<HubAnswer>,
    },
    /// Sources are assigned to nodes.
    Assigned {
        /// The assignment before.
        before: Option<Assignment>,
    },
    /// The stream has lost turns that it had acknowledged.
    TurnsLost {
        /// The node that had appended them.
        node: NodeName,
        /// Their number.
        count: u64,
    },
    /// A turn that this program applied is skipped by the other nodes.
    AppliedUnlikeOthers {
        /// Where the turn is in the stream.
        sequence: u64,
    },
    /// A turn was dropped: its node does not have the rules version in force.
    OtherRules {
        /// The node.
        node: NodeName,
        /// The rules version of the turn.
        rules: u32,
    },
    /// Another rules version is in force.
    RulesVersion(u32),
    /// Times of so many sources were void, because a clock had been ahead.
    ClockWasAhead(usize),
}
