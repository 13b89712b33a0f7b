//! What the rest of the daemon asks of the loop; whom to tell what comes of it.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::config::Plan;
use crate::engine::{Polled, TopicFillResult};
use crate::fetch::{Refusal, websub};
use crate::model::SourceId;
use crate::publish::hub::{Asked, NotGranted};

/// What the rest of the daemon asks of the loop.
#[derive(Debug)]
pub enum Request {
    /// Poll a source now, unless a hold or the floor forbids (P14).
    PollNow {
        /// Which.
        source: SourceId,
        /// Whether a hold and the floor are to be ignored.
        insists: bool,
        /// Told when the poll is published, or why there is none.
        done: oneshot::Sender<Result<Polled, Refusal>>,
    },
    /// Put a plan in force.
    Replan {
        /// The plan, compiled.
        plan: Arc<Plan>,
        /// Told when it is in force, with what that changed of topics.
        done: oneshot::Sender<Vec<TopicFillResult>>,
    },
    /// Answer a hub that calls back to verify, or to say no.
    CallBack {
        /// The callback's token.
        token: String,
        /// The call's query.
        query: Vec<(String, String)>,
        /// Told what to answer.
        done: oneshot::Sender<websub::Answer>,
    },
    /// See to a request to our hub.
    Subscribe {
        /// What is asked.
        asked: Asked,
        /// Who asks, if that is known.
        client: Option<IpAddr>,
        /// Told whether it will be seen to.
        done: oneshot::Sender<Result<(), NotGranted>>,
    },
    /// Tell when no poll is due nor under way and no topic is being filled: what
    /// was due is published.
    Settled {
        /// Told then.
        done: oneshot::Sender<()>,
    },
    /// Answer, to show that the loop is alive.
    Heartbeat {
        /// Told at once.
        done: oneshot::Sender<()>,
    },
    /// End, once what is under way is published.
    Stop,
}
