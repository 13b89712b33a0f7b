//! A node of a cluster: which sources it polls, when it acts for all nodes, and whether it is ready.
//!
//! | file | does |
//! |---|---|
//! | `turns` | appends turns, and applies what comes from the stream |
//! | `readiness`, `node_facts` | report the state of this node and whether it is ready, and stop it where it cannot go on |
//! | `turn_size` | keeps turns within a size that all nodes can read |
//! | `assignment` | assigns the sources to nodes |
//! | `commands` | carries out an operator's `pause`, `upgrade` and `skip` |
//! | `status` | shows the state of the cluster |

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Pipeline;
use crate::config::{ClusterPlan, Plan, Problems};
use crate::engine::ownership::partition_of;
use crate::engine::{StreamState, Turn};
use crate::fetch::Refusal;
use crate::model::{NodeName, Partition, Poll, SourceId, SourceState, Timestamp};
use crate::stream::membership::{Membership, PollGuard};
use crate::stream::{Received, Stream, uptime};
use assignment::{Held, Weights};
use readiness::Stopped;

pub use commands::UpgradeStep;
pub use status::{ClusterStatus, NodeStatus};

mod assignment;
mod commands;
mod node_facts;
mod readiness;
mod status;
pub(super) mod turn_size;
mod turns;

/// How far this machine's clock may be off the stream's time.
const CLOCK: Duration = Duration::from_secs(2);

/// The interval of checks of what has to be done for the cluster.
const CHECK_INTERVAL: Duration = Duration::from_millis(500);

/// Compiles a plan that the nodes share, with this node's own part of another plan.
pub type CompileShared = fn(&str, &Plan) -> Result<Plan, Problems>;

/// This node among the others.
pub struct ClusterNode {
    pub(super) plan: Arc<ClusterPlan>,
    pub(super) membership: Membership,
    compile: CompileShared,
    /// Why no further turn is applied.
    stopped: Option<Stopped>,
    /// The turn by which topics are published that this node has not filled: it fills them first.
    after_filling: Option<Received>,
    /// Sequences that an operator has all nodes skip, and that this node has not reached.
    skips: BTreeSet<u64>,
    /// Partitions that another node may still be polling.
    held: BTreeMap<Partition, Held>,
    /// Until then others may poll what the run before knew that they had lost.
    held_by_run_before: Option<Instant>,
    /// The last turn that this process has appended and that was confirmed in time.
    appended: Option<Appended>,
    /// How far this machine's clock is ahead of the stream's time.
    clock_offset: i64,
    /// When this process began to apply the stream.
    began: Instant,
    /// When this node was last known to have applied all turns.
    current: Option<Instant>,
    /// A state digest for the next heartbeat.
    digest: Option<(u64, crate::model::StateDigest)>,
    /// Whether the assignment may have to change.
    pub(super) may_reassign: bool,
    weights: Weights,
    /// The sequence at which topics began to be filled, and since when this node is done.
    fill: Option<(u64, Option<Instant>)>,
    next_check: Instant,
    /// The plan that this node's files last belonged to, by its hash.
    follows: Option<u64>,
    was_ready: bool,
    /// When a turn that changes nothing was last appended.
    clock_checked: Instant,
}

/// A turn that this process has appended.
struct Appended {
    /// Its number among the node's.
    number: u64,
    /// Time before it was sent, by this machine's clock.
    at: Timestamp,
    /// The same by the clock that only goes on.
    sent: Instant,
}

impl ClusterNode {
    /// A node that has applied the stream as far as its store. `follows`: the hash of the plan that
    /// its files belong to.
    pub fn new(
        plan: Arc<ClusterPlan>,
        membership: Membership,
        compile: CompileShared,
        follows: Option<u64>,
    ) -> Self {
        Self {
            plan,
            membership,
            compile,
            stopped: None,
            after_filling: None,
            skips: BTreeSet::new(),
            held: BTreeMap::new(),
            held_by_run_before: None,
            appended: None,
            clock_offset: 0,
            began: uptime::now(),
            current: None,
            digest: None,
            may_reassign: true,
            weights: Weights::default(),
            fill: None,
            next_check: Instant::now(),
            follows,
            was_ready: false,
            clock_checked: Instant::now(),
        }
    }

    /// When the next check is due, even if nothing happens.
    pub(super) fn check_at(&self) -> Instant {
        self.next_check
    }

    /// Returns when another node, or the leadership, has changed.
    pub(super) async fn changed(&mut self) {
        self.membership.changed().await;
        self.may_reassign = true;
    }

    fn clock_is_off(&self) -> bool {
        self.clock_offset.unsigned_abs() > CLOCK.as_millis() as u64
    }

    /// Shows poll tasks whether they may go on.
    pub(super) fn guard(&self) -> PollGuard {
        self.membership.guard()
    }

    /// The plan that this node's files last belonged to, by its hash.
    pub(super) fn follows(&self) -> Option<u64> {
        self.follows
    }
}

impl Pipeline {
    /// Makes this machine a node of a cluster.
    pub fn join(&mut self, node: ClusterNode, stream: Stream) {
        let cluster = self.cluster.insert(Box::new(node));
        self.stream = stream;
        let state = self.driver.engine().stream();
        let now = self.clock.now();
        // The run before may have been about to wait for another node.
        if let Some(StreamState { applied, assignment: Some(assigned) }) = state
            && let Some(rest) = cluster.plan.node_timeout.checked_sub(assigned.at.until(now))
        {
            let owned = (0..crate::model::PARTITIONS)
                .filter(|at| assigned.owner(*at) == Some(&cluster.plan.node));
            let present = Instant::now();
            let until = present + rest + CLOCK;
            // Nodes that are alive report that they have given up.
            let is_any_silent = applied.numbers.keys().any(|node| !assigned.alive.contains(node));
            let silent_until = if is_any_silent { until } else { present };
            let held = Held::gained_at(applied.sequence, until, silent_until);
            cluster.held = owned.map(|partition| (partition, held)).collect();
            cluster.held_by_run_before = Some(silent_until);
        }
        self.report();
        self.plan_all();
    }

    /// Whether this machine polls a source: it is alone, or it owns the source and nobody else
    /// can still be polling it.
    pub(super) fn polls_here(&self, source: &crate::model::Source) -> bool {
        let Some(cluster) = &self.cluster else { return true };
        let engine = self.driver.engine();
        if !engine.is_owner(&cluster.plan.node, &source.id) {
            return false;
        }
        cluster.held.is_empty() || {
            let of = |state: &SourceState| partition_of(source, state);
            let partition = engine.with_source_state(&source.id, of);
            !cluster.held.contains_key(&partition)
        }
    }

    /// Whether polls may be started now.
    pub(super) fn may_poll(&self) -> bool {
        let Some(cluster) = &self.cluster else { return true };
        cluster.plan.polls
            && cluster.stopped.is_none()
            && !self.is_paused()
            && !cluster.clock_is_off()
            && cluster.membership.may_start()
    }

    /// Whether only turns about the cluster itself may be appended, because of an upgrade: an
    /// operator has begun one, or this program does not have the rules version in force.
    pub(super) fn is_paused(&self) -> bool {
        let Some(cluster) = &self.cluster else { return false };
        let state = self.driver.engine().stream();
        state.is_none_or(|state| state.applied.paused || state.applied.rules != cluster.plan.rules)
    }

    /// Whether this machine acts for all nodes.
    pub(super) fn leads(&self) -> bool {
        let Some(cluster) = &self.cluster else { return true };
        let state = self.driver.engine().stream();
        cluster.membership.term().is_some()
            && state.is_some_and(|state| state.is_leader(&cluster.plan.node))
    }

    /// Whether nothing can be appended, so that nothing new is taken in.
    pub(super) fn is_cut_off(&self) -> bool {
        self.stream.is_in_doubt()
            || self.cluster.as_ref().is_some_and(|cluster| cluster.stopped.is_some())
    }

    /// Whether this node takes in no messages of hubs and subscribers, although its disk has room.
    pub(super) fn is_cut_off_or_paused(&self) -> bool {
        self.is_cut_off() || self.is_paused()
    }

    /// Why no source is polled on request; `None` if that is possible.
    pub(super) fn poll_refusal(&self) -> Option<Refusal> {
        match () {
            () if self.is_unwritable() => Some(Refusal::DiskFull),
            () if self.is_cut_off() => Some(Refusal::CutOff),
            () if self.is_paused() => Some(Refusal::Paused),
            () => None,
        }
    }

    /// The turns of polls that ended. The nodes of a cluster share turns of a bounded size.
    pub(super) fn turns_of(&self, polls: Vec<Poll>) -> VecDeque<Vec<Poll>> {
        match &self.cluster {
            Some(_) => turn_size::split(polls),
            None if polls.is_empty() => VecDeque::new(),
            None => VecDeque::from([polls]),
        }
    }

    /// Makes the polls of turns that the servers have lost again.
    pub(super) fn turns_lost(&mut self, node: &NodeName) {
        if self.cluster.as_ref().is_none_or(|cluster| cluster.plan.node != *node) {
            return;
        }
        let now = self.clock.now();
        for id in self.polls.agenda().under_way() {
            let waits = |polls: &Vec<Poll>| polls.iter().any(|poll| poll.source == id);
            if self.polls.is_under_way(&id) || self.unappended.iter().any(waits) {
                continue;
            }
            self.polls.committed(&id, now);
            if let Some(source) = self.driver.plan().sources.get(&id).cloned() {
                self.plan_source(&source);
            }
        }
    }

    /// Whether turns may be applied.
    pub(super) fn can_apply(&self) -> bool {
        let goes_on =
            |cluster: &ClusterNode| cluster.stopped.is_none() && cluster.after_filling.is_none();
        self.can_write() && self.cluster.as_deref().is_none_or(goes_on)
    }

    /// Follows a plan that has come into force.
    pub(super) fn plan_followed(&mut self) {
        let engine = self.driver.engine();
        let (Some(cluster), Some(state)) = (&mut self.cluster, engine.stream()) else { return };
        cluster.fill = engine.is_filling().then_some((state.applied.sequence, None));
        cluster.may_reassign = true;
        cluster.weights.forget();
    }

    /// Records that this node's files are the plan in force.
    pub(super) fn files_follow(&mut self) {
        let hash = self.driver.engine().stream().map(|state| state.applied.plan);
        if let Some(cluster) = &mut self.cluster {
            cluster.follows = hash;
        }
    }

    /// The owner of a source, if that is another node.
    pub(super) fn other_owner(&self, source: &SourceId) -> Option<NodeName> {
        let cluster = self.cluster.as_ref()?;
        self.driver.engine().owner_of(source).filter(|owner| **owner != cluster.plan.node).cloned()
    }

    /// Acts on what other nodes were sent: a hub's notice during a poll of this node, whose answer
    /// may be older, and requests to our hub, which the leader verifies.
    fn note_received(&mut self, turn: Option<&Turn>, is_own: bool) {
        let source = match turn {
            Some(Turn::SubscriptionRequested { requests, .. }) if !is_own => {
                return self.verify_later(requests);
            }
            Some(Turn::PingReceived { source, .. }) => source,
            Some(Turn::PushReceived(poll)) => &poll.source,
            _ => return,
        };
        if let Some(source) = self.driver.plan().sources.get(source).cloned() {
            self.note_ping(&source);
        }
    }
}
