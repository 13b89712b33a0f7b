//! Requests of other parts of the daemon to the loop, each with the sender for its answer.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::config::Plan;
use crate::engine::{Polled, TopicFillResult};
use crate::fetch::Refusal;
use crate::model::SourceId;
use crate::websub::inbound::CallbackAnswer;
use crate::websub::outbound::{RequestRefused, SubscriptionRequest};

/// Why a plan was not put in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReplanError {
    /// There is no loop any more.
    #[error("gazetted is stopping")]
    Stopping,
    /// Nothing can be written.
    #[error("the disk is full, and the plan in force stays; make room and reload")]
    DiskFull,
}

/// A request to the loop.
#[derive(Debug)]
pub enum Request {
    /// Poll a source now, unless a hold or the floor forbids it and nobody insists (P14).
    PollNow {
        /// The source.
        source: SourceId,
        /// Whether holds and the floor are ignored.
        insists: bool,
        /// Receives the published poll, or why there is none.
        done: oneshot::Sender<Result<Polled, Refusal>>,
    },
    /// Put a plan in force.
    Replan {
        /// The plan, compiled.
        plan: Arc<Plan>,
        /// Receives whether the plan is in force, as soon as that is decided.
        in_force: oneshot::Sender<Result<(), ReplanError>>,
        /// Receives the changes of topics, once the plan is in force and its topics are filled.
        done: oneshot::Sender<Vec<TopicFillResult>>,
    },
    /// Answer a hub's call at a callback: a verification or a denial.
    CallBack {
        /// The callback's token.
        token: String,
        /// The call's query.
        query: Vec<(String, String)>,
        /// Receives the answer.
        done: oneshot::Sender<CallbackAnswer>,
    },
    /// Take a request to our hub.
    Subscribe {
        /// The request.
        request: SubscriptionRequest,
        /// The client, if known.
        client: Option<IpAddr>,
        /// Receives whether the request will be verified.
        done: oneshot::Sender<Result<(), RequestRefused>>,
    },
    /// Answer when no poll is due or under way, no topic is being filled, and every change is
    /// published.
    Settled {
        /// Receives the answer then.
        done: oneshot::Sender<()>,
    },
    /// Answer, to show that the loop is alive.
    Heartbeat {
        /// Receives the answer at once.
        done: oneshot::Sender<()>,
    },
    /// End, once the work under way is published.
    Stop,
}
