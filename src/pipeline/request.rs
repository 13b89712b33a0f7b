//! Requests of other parts of the daemon to the loop, each with the sender for its answer.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::oneshot;

use super::cluster_node::{ClusterStatus, UpgradeStep};
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
    /// The plan cannot be appended.
    #[error("the other nodes cannot be reached, and the plan in force stays")]
    CutOff,
    /// The cluster is being upgraded.
    #[error(
        "the cluster is paused, and the plan in force stays; `gazetted cluster resume` ends the pause"
    )]
    Paused,
    /// The servers have not answered for some seconds. The plan may come into force later.
    #[error(
        "the NATS servers do not answer: it is not known yet whether the plan comes into force. The log says so when it does"
    )]
    Unconfirmed,
    /// The plan was in force and is so no longer.
    #[error("another plan came into force before the topics were filled")]
    Superseded,
    /// The plan's turn could not be applied.
    #[error("the plan could not be applied, and the plan in force stays; the log says why")]
    Failed,
    /// A backup is being written, which must be of one moment.
    #[error("a backup is being written, and the plan in force stays; reload again when it is done")]
    BackingUp,
    /// The plan is too long for the stream.
    #[error("the configuration is longer than 64 MiB, and the plan in force stays")]
    TooLarge,
    /// The files of this node are not those of the plan in force.
    #[error(
        "this node's files are not based on the plan in force; take the files of the node that was reloaded last and reload again, or use `gazetted reload --force`"
    )]
    Other,
}

/// The changes of topics by a plan, once they are filled; an error if that plan is in force no longer.
pub type Filled = Result<Vec<TopicFillResult>, ReplanError>;

/// Why no backup is written now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BackupRefused {
    /// There is no loop any more.
    #[error("gazetted is stopping")]
    Stopping,
    /// Places in changed topics belong to no sequence of the stream yet.
    #[error(
        "changed topics are being filled, and a backup of a node must be of one sequence: `gazetted status` shows when they are done"
    )]
    Filling,
}

/// Writes a backup of a store that does not change meanwhile.
pub struct BackupWriter(pub Box<dyn FnOnce() + Send>);

impl std::fmt::Debug for BackupWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BackupWriter")
    }
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
        /// Whether it may replace a plan that this node's files do not belong to.
        force: bool,
        /// Receives whether the plan is in force, as soon as that is decided.
        in_force: oneshot::Sender<Result<(), ReplanError>>,
        /// Receives the changes of topics, once the plan is in force and its topics are filled.
        done: oneshot::Sender<Filled>,
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
    /// Report the state of the cluster.
    Cluster {
        /// Receives it; `None` on a machine alone.
        done: oneshot::Sender<Option<ClusterStatus>>,
    },
    /// Have nobody poll, or everybody again.
    Pause {
        /// Whether to pause.
        pauses: bool,
        /// Receives why it is not in force.
        done: oneshot::Sender<Result<(), String>>,
    },
    /// Take the next step of an upgrade.
    Upgrade {
        /// Receives the step, or why it cannot be taken.
        done: oneshot::Sender<Result<UpgradeStep, String>>,
    },
    /// Have all nodes skip a turn that none of them can apply.
    Skip {
        /// Where it is in the stream.
        sequence: u64,
        /// Receives why that cannot be.
        done: oneshot::Sender<Result<(), String>>,
    },
    /// Call this while nothing is applied.
    Backup {
        /// Writes the backup.
        write: BackupWriter,
        /// Receives why it is not called.
        done: oneshot::Sender<Result<(), BackupRefused>>,
    },
    /// Answer, to show that the loop is alive.
    Heartbeat {
        /// Receives the answer at once.
        done: oneshot::Sender<()>,
    },
    /// End, once the work under way is published.
    Stop,
}
