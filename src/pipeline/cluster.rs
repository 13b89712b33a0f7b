//! A node of a cluster: which sources it polls, when it acts for all nodes, and whether it is ready.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::{error, info, warn};

use super::Pipeline;
use super::request::ReplanError;
use crate::config::{ClusterPlan, Plan, Problems};
use crate::engine::ownership::partition_of;
use crate::engine::{Event, Turn};
use crate::model::{NodeName, Partition, SourceId, SourceState, Timestamp};
use crate::store::StoreError;
use crate::stream::membership::{Membership, PollGuard};
use crate::stream::node_state::{COMPARED_EVERY, NodeState};
use crate::stream::{Message, Received, Stream, StreamError};

pub use status::{ClusterStatus, NodeStatus};

mod assignment;
mod status;

/// How far this machine's clock may be off the stream's time.
const CLOCK: Duration = Duration::from_secs(2);

/// Between two looks at what has to be done for the cluster.
const LOOK: Duration = Duration::from_millis(500);

/// Before an append whose outcome is unknown is tried again.
const SETTLE: Duration = Duration::from_millis(200);

/// This node among the others.
pub struct ClusterNode {
    pub(super) plan: Arc<ClusterPlan>,
    pub(super) membership: Membership,
    /// Why no further turn is applied.
    pub(super) stopped: Option<String>,
    /// Partitions that another node may still be polling, and until when.
    held: BTreeMap<Partition, Instant>,
    /// The last turn that this process has appended, its number and when.
    appended: Option<(u64, Timestamp)>,
    /// How far this machine's clock is ahead of the stream's time.
    clock_offset: i64,
    /// When this node was last known to have applied all turns.
    current: Instant,
    /// A state digest for the next heartbeat.
    digest: Option<(u64, crate::model::StateDigest)>,
    /// Whether the assignment may have to change.
    pub(super) may_reassign: bool,
    /// The sequence at which topics began to be filled, and since when this node is done.
    fill: Option<(u64, Option<Instant>)>,
    next_look: Instant,
    /// When an append whose outcome is unknown is tried again.
    settle_at: Instant,
    /// The plan that this node's files last belonged to, by its hash.
    follows: Option<u64>,
    was_ready: bool,
}

impl ClusterNode {
    /// A node that has applied the stream as far as `state`.
    pub fn new(plan: Arc<ClusterPlan>, membership: Membership, follows: Option<u64>) -> Self {
        Self {
            plan,
            membership,
            stopped: None,
            held: BTreeMap::new(),
            appended: None,
            clock_offset: 0,
            current: Instant::now(),
            digest: None,
            may_reassign: true,
            fill: None,
            next_look: Instant::now(),
            settle_at: Instant::now(),
            follows,
            was_ready: false,
        }
    }

    /// When it has to be looked at, even if nothing happens.
    pub(super) fn look_at(&self) -> Instant {
        self.next_look
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
        if let Some(assigned) = state.and_then(|state| state.assignment.as_ref())
            && let Some(rest) = cluster.plan.node_timeout.checked_sub(assigned.at.until(now))
        {
            let owned = (0..crate::model::PARTITIONS)
                .filter(|at| assigned.owner(*at) == Some(&cluster.plan.node));
            let until = Instant::now() + rest + CLOCK;
            cluster.held = owned.map(|partition| (partition, until)).collect();
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
        let is_paused = self.driver.engine().stream().is_none_or(|state| state.applied.paused);
        cluster.plan.polls
            && cluster.stopped.is_none()
            && !is_paused
            && !cluster.clock_is_off()
            && cluster.membership.may_start()
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

    /// Whether turns may be applied.
    pub(super) fn can_apply(&self) -> bool {
        !self.driver.is_blocked()
            && !self.disk.is_low()
            && self.cluster.as_ref().is_none_or(|cluster| cluster.stopped.is_none())
    }

    /// When an append whose outcome is unknown is to be tried again.
    pub(super) fn settle_at(&self) -> Option<Instant> {
        let settle_at = self.cluster.as_ref().map(|cluster| cluster.settle_at);
        settle_at.filter(|_| self.stream.is_in_doubt())
    }

    /// Finds out whether the last turn is in the stream. It is applied when it comes back.
    pub(super) async fn settle(&mut self) {
        if self.stream.is_in_doubt()
            && let Err(error) = self.stream.settle().await
        {
            if let Some(cluster) = &mut self.cluster {
                cluster.settle_at = Instant::now() + SETTLE;
            }
            if !matches!(error, StreamError::Unavailable(_)) {
                self.stop_applying(&error.to_string());
            }
        }
    }

    /// Appends a turn, and applies everything up to it. `None` if the turn will be applied later.
    pub(super) async fn append(
        &mut self,
        message: Message,
    ) -> Result<Option<super::apply_turn::Applied>, StoreError> {
        let now = self.clock.now();
        let number = match self.stream.append(message).await {
            Ok(number) => number,
            Err(error @ StreamError::Unavailable(_)) => {
                warn!(event = "append_waits", "a turn waits until it can be appended: {error}");
                return Ok(None);
            }
            Err(error) => {
                self.stop_applying(&error.to_string());
                return Ok(None);
            }
        };
        let patience = Instant::now() + Duration::from_secs(3);
        if let Some(cluster) = &mut self.cluster {
            cluster.appended = Some((number, now));
        }
        while self.can_apply() {
            // Cancelling it loses nothing.
            let Ok(next) = tokio::time::timeout_at(patience, self.stream.next()).await else {
                return Ok(None);
            };
            match next {
                Ok(received) => {
                    let is_it = received.is_own && received.number == number;
                    let applied = self.receive(received).await?;
                    if is_it {
                        return Ok(applied);
                    }
                }
                Err(error) => self.stop_applying(&error.to_string()),
            }
        }
        Ok(None)
    }

    /// Applies what comes from the stream.
    pub(super) async fn receive(
        &mut self,
        received: Received,
    ) -> Result<Option<super::apply_turn::Applied>, StoreError> {
        let Some(cluster) = &mut self.cluster else {
            return match received.message {
                Some(Message::Turn(turn)) => {
                    let applied = self.driver.apply(turn).await;
                    self.written(applied, true).await
                }
                _ => Ok(None),
            };
        };
        let is_own = received.is_own;
        if is_own
            && let Some((number, before)) = cluster.appended
            && received.number == number
        {
            // It was appended between then and now.
            let (at, now) = (received.at, self.clock.now());
            let ahead = before.as_millis() - at.as_millis();
            let behind = at.as_millis() - now.as_millis();
            cluster.clock_offset = if ahead > 0 { ahead } else { -behind.max(0) };
        }
        let sequence = received.sequence;
        let (turn, follows) = match received.message.clone() {
            Some(Message::Turn(turn)) => (Some(turn), None),
            Some(Message::Plan { text, follows, at }) => match self.compiled(&text) {
                Ok(plan) => (Some(Turn::Plan { plan: Arc::new(plan), at }), follows),
                Err(problems) => {
                    let first = problems.0.first().map(ToString::to_string).unwrap_or_default();
                    let count = problems.0.len();
                    self.stop_applying(&format!(
                        "the plan at sequence {sequence} cannot be used on this node ({count} problems): {first}"
                    ));
                    return Ok(None);
                }
            },
            Some(Message::Genesis(_)) | None => (None, None),
        };
        self.note_received(turn.as_ref(), is_own);
        let is_plan = matches!(turn, Some(Turn::Plan { .. }));
        let step = self.driver.apply_sequenced(received.with_turn(turn, follows)).await;
        let step = match step {
            Err(super::engine_driver::Unapplied::Panicked(why)) => {
                self.stop_applying(&format!(
                    "applying the turn at sequence {sequence} failed ({why}); please report it"
                ));
                return Ok(None);
            }
            Err(super::engine_driver::Unapplied::Store(error)) => Err(error),
            Ok(step) => Ok(step),
        };
        let is_refused =
            is_plan && step.as_ref().is_ok_and(|step| !step.events.contains(&Event::Planned));
        if is_refused
            && is_own
            && let Some(awaited) = &mut self.waiting.plan
        {
            let _ = awaited.in_force.take().map(|sender| sender.send(Err(ReplanError::Other)));
            self.waiting.plan = None;
        }
        let applied = self.written(step, is_own).await;
        self.applied();
        applied
    }

    /// Compiles a plan that the nodes share.
    fn compiled(&self, text: &str) -> Result<Plan, Problems> {
        if let Some(plan) = self
            .waiting
            .compiled
            .as_ref()
            .filter(|plan| plan.shared.as_deref().is_some_and(|shared| shared == text))
        {
            return Ok(Plan::clone(plan));
        }
        let plan = self.driver.plan();
        let file = plan.files.first().cloned().unwrap_or_default();
        tokio::task::block_in_place(|| Plan::of_shared(text, &file)).map(|loaded| loaded.plan)
    }

    /// A turn is applied.
    fn applied(&mut self) {
        let engine = self.driver.engine();
        let (Some(cluster), Some(state)) = (&mut self.cluster, engine.stream()) else { return };
        if state.applied.sequence % COMPARED_EVERY == 0 {
            cluster.digest = Some((state.applied.sequence, state.applied.digest));
        }
        self.report();
    }

    /// No further turn is applied until an operator acts. Readers are served as before.
    pub(super) fn stop_applying(&mut self, why: &str) {
        let Some(cluster) = &mut self.cluster else { return };
        if cluster.stopped.is_none() {
            error!(event = "stream_stopped", "this node applies no further turn: {why}");
            cluster.stopped = Some(why.to_owned());
        }
        self.polls.abort_all();
        self.report();
    }

    /// Has the heartbeats say how far this node is, and decides whether it is ready.
    pub(super) fn report(&mut self) {
        let is_filling = self.driver.engine().is_filling() && !self.driver.engine().is_filled();
        let can_write = !self.driver.is_blocked() && !self.disk.is_low();
        let Some(state) = self.driver.engine().stream() else { return };
        let sequence = state.applied.sequence;
        let Some(cluster) = &mut self.cluster else { return };
        if let Some(current) = cluster.membership.current() {
            cluster.current = cluster.current.max(current);
        }
        let lag = cluster.current.elapsed();
        let not_ready = if let Some(why) = &cluster.stopped {
            Some(why.clone())
        } else if let Some(sequence) = cluster.membership.diverged() {
            Some(format!("its state differs from the leader's at sequence {sequence}"))
        } else if lag > cluster.plan.ready_lag {
            Some(format!("it has not been up to date with the leader for {} s", lag.as_secs()))
        } else if cluster.clock_is_off() {
            let offset = cluster.clock_offset;
            Some(format!("its clock is {offset} ms ahead of the stream's time: it does not poll"))
        } else {
            None
        };
        let is_ready = not_ready.is_none();
        match &not_ready {
            Some(why) if cluster.was_ready => {
                warn!(event = "not_ready", "this node is not ready: {why}")
            }
            None if !cluster.was_ready => {
                info!(event = "node_ready", sequence, "this node is ready at sequence {sequence}")
            }
            _ => {}
        }
        cluster.was_ready = is_ready;
        let polls = cluster.plan.polls
            && cluster.stopped.is_none()
            && can_write
            && !cluster.clock_is_off()
            && cluster.membership.diverged().is_none();
        cluster.membership.report(NodeState {
            sequence,
            digest: cluster.digest,
            fills: is_filling,
            polls,
            lag: lag.as_secs(),
            not_ready: not_ready.clone(),
            clock_offset: cluster.clock_offset,
        });
        self.liveness.lag(not_ready);
    }

    /// A plan is in force from here on.
    pub(super) fn plan_followed(&mut self) {
        let engine = self.driver.engine();
        let (Some(cluster), Some(state)) = (&mut self.cluster, engine.stream()) else { return };
        cluster.fill = engine.is_filling().then_some((state.applied.sequence, None));
        cluster.may_reassign = true;
    }

    /// This node's files are the plan in force.
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
