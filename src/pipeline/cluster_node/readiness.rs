//! Decides whether this node is ready, has its heartbeats report it, and stops the node where it
//! cannot go on.

use std::time::Duration;

use tokio::time::Instant;
use tracing::{error, info, warn};

use super::node_facts::NodeFacts;
use crate::pipeline::Pipeline;
use crate::publish::NodeFigures;
use crate::stream::node_state::NodeState;
use crate::stream::uptime;

/// Why a node applies no further turn.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) why: String,
    /// The sequence of a turn that cannot be applied, and that an operator may have skipped.
    pub(super) at: Option<u64>,
    /// When to go on, because the cause may be gone by then.
    pub(super) until: Option<Instant>,
}

/// Before a plan is tried again that could not be used.
const TRY_AGAIN: Duration = Duration::from_secs(5);

impl Pipeline {
    /// No further turn is applied until an operator acts. Readers are served as before.
    pub(in crate::pipeline) fn stop_applying(&mut self, why: &str) {
        self.stop(Stopped { why: why.to_owned(), at: None, until: None });
    }

    /// No further turn is applied, because of the one at this sequence. Further messages are read
    /// only to learn whether it is to be skipped.
    pub(super) fn stop_at(&mut self, sequence: u64, why: &str) {
        let why = format!(
            "the turn at sequence {sequence} {why}. If all nodes stopped at it, `gazetted cluster skip {sequence}` has them go on without it"
        );
        self.stop(Stopped { why, at: Some(sequence), until: None });
    }

    /// No further turn is applied for some seconds.
    pub(super) fn stop_for_now(&mut self, why: &str) {
        let until = Some(Instant::now() + TRY_AGAIN);
        self.stop(Stopped { why: why.to_owned(), at: None, until });
    }

    /// Goes on where the time for that has come.
    pub(super) fn try_again(&mut self) {
        let Some(cluster) = &mut self.cluster else { return };
        let until = cluster.stopped.as_ref().and_then(|stopped| stopped.until);
        if until.is_some_and(|until| until <= Instant::now()) {
            (cluster.stopped, cluster.after_filling) = (None, None);
            let applied = self.driver.engine().stream().map(|state| state.applied.sequence);
            self.stream.reread(applied.unwrap_or_default());
        }
    }

    fn stop(&mut self, stopped: Stopped) {
        let Some(cluster) = &mut self.cluster else { return };
        if cluster.stopped.is_none() {
            let why = &stopped.why;
            error!(event = "stream_stopped", "this node applies no further turn: {why}");
            cluster.stopped = Some(stopped);
        }
        self.polls.abort_all();
        self.report();
    }

    /// Whether the node stopped at a turn that an operator may have skipped.
    pub(in crate::pipeline) fn is_stopped_at_turn(&self) -> bool {
        let stopped = self.cluster.as_ref().and_then(|cluster| cluster.stopped.as_ref());
        stopped.is_some_and(|stopped| stopped.at.is_some())
    }

    /// Has the heartbeats say how far this node is, and decides whether it is ready.
    pub(in crate::pipeline) fn report(&mut self) {
        let is_filling = self.driver.engine().is_filling() && !self.driver.engine().is_filled();
        let can_write = self.can_write();
        let Some(state) = self.driver.engine().stream() else { return };
        let (applied, assignment) = (&state.applied, state.assignment.as_ref());
        let Some(cluster) = &mut self.cluster else { return };
        // The engine may have counted the turn that it could not apply.
        let stopped_at = cluster.stopped.as_ref().and_then(|stopped| stopped.at);
        let before_it = stopped_at.map_or(u64::MAX, |at| at.saturating_sub(1));
        let sequence = applied.sequence.min(before_it);
        if let Some(current) = cluster.membership.current() {
            cluster.current = cluster.current.max(Some(current));
        }
        let lag = uptime::since(cluster.current.unwrap_or(cluster.began));
        let (own, in_force) = (cluster.plan.rules, applied.rules);
        let membership = &cluster.membership;
        let not_ready = NodeFacts {
            stopped: cluster.stopped.as_ref().map(|stopped| &*stopped.why),
            diverged: membership.diverged(),
            rules: [own, in_force],
            is_paused: applied.paused,
            node_timeout: cluster.plan.node_timeout,
            leader_timeout: membership.leader_timeout(),
            has_caught_up: cluster.current.is_some(),
            is_led_by_another: membership.is_led_by_another(),
            lag,
            can_write,
            ready_lag: cluster.plan.ready_lag,
            clock_offset: cluster.clock_is_off().then_some(cluster.clock_offset),
        }
        .why_not_ready();
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
        let is_sound = cluster.stopped.is_none()
            && can_write
            && !cluster.clock_is_off()
            && cluster.membership.diverged().is_none();
        let state = NodeState {
            sequence,
            digest: cluster.digest,
            fills: is_filling,
            polls: cluster.plan.polls && is_sound && own == in_force,
            writes: can_write,
            lag: lag.as_secs(),
            not_ready: not_ready.clone(),
            clock_offset: cluster.clock_offset,
        };
        // While it is paused, leaders of all rules versions write the same.
        let may_lead = is_sound && (own == in_force || applied.paused);
        cluster.membership.report(state, may_lead);
        let owned = assignment.map_or(0, |assigned| assigned.count_of(&cluster.plan.node));
        self.driver.metrics().cluster().report(NodeFigures {
            sequence,
            lag_turns: cluster.membership.furthest().saturating_sub(sequence),
            lag_seconds: lag.as_secs(),
            partitions: owned,
            is_leader: cluster.membership.term().is_some(),
            is_diverged: cluster.membership.diverged().is_some(),
        });
        self.liveness.set_not_ready(not_ready);
        self.liveness.take_messages(!self.is_cut_off_or_paused());
    }
}
