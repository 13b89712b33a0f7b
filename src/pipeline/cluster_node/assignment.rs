//! Assigns the sources to nodes, and follows the assignment in force.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;
use tracing::info;

use super::CHECK_INTERVAL;
use crate::engine::ownership::assign;
use crate::engine::{StreamState, Turn};
use crate::model::{Assignment, NodeName, Partition, SourceId};
use crate::pipeline::Pipeline;
use crate::store::StoreError;
use crate::stream::node_state::NodeState;
use crate::stream::uptime;

/// After so long sources are counted again: some have moved to other hosts.
const COUNTED: Duration = Duration::from_secs(60);

/// The number of sources in each partition. Counting them takes long where there are many.
#[derive(Default)]
pub(super) struct Weights(Option<(Instant, BTreeMap<Partition, u64>)>);

impl Weights {
    /// The numbers, counted again if that is due.
    fn current(
        &mut self,
        count: impl FnOnce() -> BTreeMap<Partition, u64>,
    ) -> &BTreeMap<Partition, u64> {
        let counted = self.0.take().filter(|(at, _)| at.elapsed() < COUNTED);
        &self.0.insert(counted.unwrap_or_else(|| (Instant::now(), count()))).1
    }

    /// Has sources counted again: the plan has changed.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

/// A partition of this node that another may still be polling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    until: Instant,
    /// Until then a silent node may poll because of a turn: nobody can report that it has given up.
    silent_until: Instant,
    /// The sequence at which this node gained it. Where it had no owner, the nodes that had it
    /// earlier may not report that they have lost it.
    gained: Option<u64>,
}

impl Held {
    /// Held for so long, whatever other nodes report.
    pub(super) fn until(until: Instant) -> Self {
        Self { until, silent_until: until, gained: None }
    }

    /// Held until all others have applied the turn at `sequence`, and for so long at most.
    pub(super) fn gained_at(sequence: u64, until: Instant, silent_until: Instant) -> Self {
        Self { until, silent_until, gained: Some(sequence) }
    }

    /// Is held for `rest` at most once all others have applied the turn by which this node gained it:
    /// they have given their polls up then.
    fn shorten(&mut self, others: &[Option<&NodeState>], now: Instant, rest: Duration) {
        let has_given_up = |sequence: u64| {
            let has_applied = |state: &NodeState| state.writes && state.sequence >= sequence;
            others.iter().all(|other| other.is_some_and(has_applied))
        };
        if self.gained.is_some_and(has_given_up) {
            self.gained = None;
            self.until = self.until.min((now + rest).max(self.silent_until));
        }
    }
}

impl Pipeline {
    /// Does what is due for the cluster: the state of this node is reported, sources are assigned.
    pub(in crate::pipeline) async fn tend_cluster(&mut self) -> Result<(), StoreError> {
        let spacing = self.driver.plan().polling.spacing;
        let Some(cluster) = &mut self.cluster else { return Ok(()) };
        let now = Instant::now();
        let is_due = now >= cluster.next_check;
        if !is_due && !cluster.may_reassign {
            return Ok(());
        }
        cluster.next_check = now + CHECK_INTERVAL;
        let before = cluster.held.len();
        if before > 0 {
            let members = cluster.membership.members();
            let state = self.driver.engine().stream();
            let alive = state.and_then(|state| state.assignment.as_ref());
            let alive = alive.map_or(&[][..], |assigned| &assigned.alive);
            let others = alive.iter().filter(|node| **node != cluster.plan.node);
            let others: Vec<_> = others
                .map(|node| members.get(node).map(|member| &member.heartbeat.state))
                .collect();
            // The last request may have been a moment before.
            let rest = cluster.plan.node_timeout / 8 + spacing;
            cluster.held.values_mut().for_each(|held| held.shorten(&others, now, rest));
        }
        cluster.held.retain(|_, held| held.until > now);
        let is_released = cluster.held.len() < before;
        self.report();
        if is_released {
            self.plan_all();
        }
        self.try_again();
        self.answer_if_unconfirmed();
        if self.can_write() && !self.is_cut_off() {
            self.append_check().await?;
            self.reassign().await?;
        }
        Ok(())
    }

    /// Appends a turn that changes nothing, where the node needs to read one of its own. Where the
    /// clock was off, it shows whether it still is: this node appends no other. Where nobody leads, it
    /// renews the right to poll, however rarely the sources of this node are due.
    async fn append_check(&mut self) -> Result<(), StoreError> {
        let is_paused = self.is_paused();
        let state = self.driver.engine().stream();
        let assigned = state.and_then(|state| state.assignment.as_ref());
        let Some(cluster) = &mut self.cluster else { return Ok(()) };
        if cluster.clock_checked.elapsed() < cluster.plan.node_timeout / 4 {
            return Ok(());
        }
        let owns = || assigned.is_some_and(|assigned| assigned.count_of(&cluster.plan.node) > 0);
        let needs_right = || {
            let may_poll = cluster.plan.polls && cluster.stopped.is_none() && !is_paused;
            may_poll && cluster.membership.needs_turn() && owns()
        };
        if !cluster.clock_is_off() && !needs_right() {
            return Ok(());
        }
        cluster.clock_checked = Instant::now();
        self.apply(Turn::ClockChecked).await.map(drop)
    }

    /// Assigns the sources, if this node leads and something has changed.
    async fn reassign(&mut self) -> Result<(), StoreError> {
        let engine = self.driver.engine();
        let (Some(cluster), Some(state)) = (&mut self.cluster, engine.stream()) else {
            return Ok(());
        };
        let Some(term) = cluster.membership.term() else { return Ok(()) };
        // After a freeze the heartbeats of others wait to be read: its own comes behind them.
        if !cluster.membership.is_led() || cluster.membership.diverged().is_some() {
            return Ok(());
        }
        cluster.may_reassign = false;
        let before = state.assignment.as_ref();
        let known: Vec<NodeName> = before.map_or(Vec::new(), |before| before.alive.clone());
        let alive = cluster.membership.alive(&known);
        let members = cluster.membership.members();
        let timeout = cluster.plan.node_timeout;
        let polls = |node: &NodeName, keeps_up: bool| {
            let knows = members.get(node).map(|member| {
                member.heartbeat.state.polls && member.heartbeat.node_timeout == timeout
            });
            let polled = || before.is_some_and(|before| before.nodes.contains(node));
            keeps_up && knows.unwrap_or_else(polled)
        };
        let nodes: BTreeSet<NodeName> = alive
            .iter()
            .filter(|(node, keeps_up)| polls(node, **keeps_up))
            .map(|(node, _)| node.clone())
            .collect();
        let weights = cluster.weights.current(|| engine.weights());
        let (nodes, owners) = assign(before, &nodes, weights);
        let is_same = before.is_some_and(|before| {
            before.term == term && before.nodes == nodes && before.owners == owners
        });
        if is_same {
            return Ok(());
        }
        let (leader, at) = (cluster.plan.node.clone(), state.applied.at);
        let names: Vec<&str> = nodes.iter().map(NodeName::as_str).collect();
        info!(
            event = "assigns",
            term,
            nodes = names.join(" "),
            "the sources are assigned to {} nodes",
            nodes.len()
        );
        let alive = alive.into_keys().collect();
        cluster.membership.assigning();
        let turn = Turn::Assign(Assignment { term, leader, alive, nodes, owners, at });
        self.apply(turn).await?;
        Ok(())
    }

    /// Sources are assigned anew: polls of those that this node has lost are given up, and those
    /// that it has gained wait until the node before can have none under way.
    pub(in crate::pipeline) fn assigned(&mut self, before: Option<&Assignment>) {
        let engine = self.driver.engine();
        let (Some(cluster), Some(StreamState { applied, assignment: Some(now) })) =
            (&mut self.cluster, engine.stream())
        else {
            return;
        };
        let own = &cluster.plan.node;
        let present = Instant::now();
        let whole = present + cluster.plan.node_timeout;
        let all_silent = present + cluster.membership.wait_for_all_but(&now.alive);
        let all_silent = all_silent.max(cluster.held_by_run_before.unwrap_or(present));
        for partition in 0..crate::model::PARTITIONS {
            let old = before.and_then(|before| before.owner(partition));
            if now.owner(partition) != Some(own) {
                cluster.held.remove(&partition);
            } else if before.is_some() && old != Some(own) {
                let silent = old.filter(|old| !now.alive.contains(old));
                let held = match silent {
                    Some(silent) => {
                        let until = present + cluster.membership.wait_for(silent);
                        Held::until(until.max(all_silent))
                    }
                    None => {
                        let gained = old.map(|_| applied.sequence);
                        Held { until: whole, silent_until: all_silent, gained }
                    }
                };
                if held.until > present {
                    cluster.held.insert(partition, held);
                }
            }
        }
        let count = now.count_of(own);
        info!(
            event = "assigned",
            partitions = count,
            "this node owns {count} of the 1024 partitions of the sources"
        );
        let is_lost = |id: &SourceId| !engine.is_owner(own, id);
        let begins_to_lead = now.begins_lead_of(own, before);
        self.polls.abort(is_lost);
        if begins_to_lead {
            self.serve_all_subscribers();
        }
        self.report();
        self.plan_all();
    }

    /// Whether the turn that follows a filling is due: this node leads, and all others that are
    /// alive are filled, or have had time enough.
    pub(in crate::pipeline) fn may_end_filling(&mut self) -> bool {
        if !self.leads() {
            return self.cluster.is_none();
        }
        let Some(cluster) = &mut self.cluster else { return true };
        if !self.driver.engine().is_filling() {
            return true;
        }
        let Some((began, done)) = &mut cluster.fill else { return true };
        let done = *done.get_or_insert_with(Instant::now);
        if done.elapsed() >= cluster.plan.node_timeout {
            return true;
        }
        let members = cluster.membership.members();
        members.values().all(|member| {
            let state = &member.heartbeat.state;
            uptime::since(member.last_heartbeat) >= cluster.plan.node_timeout
                || (state.sequence >= *began && !state.fills)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sources_are_counted_once_a_minute_and_after_a_new_plan() {
        let (mut weights, mut counted) = (Weights::default(), 0);
        let mut look = |weights: &mut Weights| {
            weights.current(|| {
                counted += 1;
                BTreeMap::from([(7, counted)])
            })[&7]
        };
        assert_eq!([look(&mut weights), look(&mut weights)], [1, 1]);
        weights.forget();
        assert_eq!([look(&mut weights), look(&mut weights)], [2, 2]);
        tokio::time::advance(COUNTED).await;
        assert_eq!(look(&mut weights), 3);
    }

    const REST: Duration = Duration::from_secs(3);

    #[test]
    fn a_partition_is_held_until_all_others_have_given_it_up() {
        let now = Instant::now();
        let whole = now + Duration::from_secs(20);
        let state = |writes, sequence| NodeState { sequence, writes, ..NodeState::default() };
        let until = |gained, others: &[Option<&NodeState>]| {
            let mut held = Held { until: whole, silent_until: now, gained };
            held.shorten(others, now, REST);
            held.until
        };
        let (behind, there, full) = (state(true, 6), state(true, 7), state(false, 9));
        assert_eq!(until(Some(7), &[Some(&there)]), now + REST);
        assert_eq!(until(Some(7), &[]), now + REST, "this node is alone");
        let waits = [
            until(Some(7), &[Some(&behind)]),
            until(Some(7), &[Some(&full)]),
            until(Some(7), &[Some(&there), None]),
            // The owner before has, but not the one before that.
            until(Some(7), &[Some(&there), Some(&behind)]),
            until(None, &[Some(&there)]),
        ];
        assert_eq!(waits, [whole; 5]);
        // A node that is silent, and had the partition earlier, may have had the right to poll since.
        let silent_until = now + Duration::from_secs(9);
        let mut held = Held { until: whole, silent_until, gained: Some(7) };
        held.shorten(&[Some(&there)], now, REST);
        assert_eq!(held.until, silent_until);
    }
}
