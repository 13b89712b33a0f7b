//! Sends heartbeats, observes those of other nodes, and holds or observes the leadership.
//!
//! This runs beside the loop. The loop reports what it has applied ([`Membership::report`]) and
//! asks what it may do.

mod heartbeats;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tracing::{debug, info, warn};

use super::divergence::Divergence;
use super::election::{Claim, Election, Writer, heartbeat_interval};
use super::jetstream::Refused;
use super::jetstream::connection::Connection;
use super::node_state::{Member, NodeState};
use super::polling_right::{LifeSigns, PollingRight};
use super::uptime;
use crate::model::NodeName;

/// How long servers or the leader may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// How soon a poll is given up after the machine was suspended.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// The message that shows who leads.
#[derive(Debug, Serialize, Deserialize)]
struct Leader {
    /// The leader; `None` if it has resigned.
    node: Option<NodeName>,
    /// Its `node_timeout`.
    node_timeout: Duration,
    /// Shows which process has written it: an answer may be lost, and the message stored.
    #[serde(default)]
    instance: String,
}

#[derive(Debug)]
struct Shared {
    own: NodeState,
    /// The last sequence at which this node has assigned sources.
    assigned: u64,
    /// Whether an assignment is being appended, so that no heartbeat may be answered.
    is_assigning: bool,
    election: Election,
    right: PollingRight,
    turns: LifeSigns,
    members: BTreeMap<NodeName, Member>,
    divergence: Divergence,
    /// The sequence at which this node's state differs from the others'.
    diverged: Option<u64>,
    /// The term of the last leader that sent a heartbeat, and its node.
    leader: Option<(u64, NodeName)>,
    /// The leader's `node_timeout`.
    leader_timeout: Option<Duration>,
    /// The sequences that were applied, and when: a node is compared with an earlier one.
    history: Vec<(Instant, u64)>,
}

/// This node among the others.
#[derive(Debug)]
pub struct Membership {
    connection: Connection,
    instance: String,
    shared: Arc<Mutex<Shared>>,
    changes: watch::Receiver<()>,
    _tasks: JoinSet<()>,
}

/// Shows whether a node may still poll, without waiting for the loop.
#[derive(Debug, Clone)]
pub struct PollGuard {
    shared: Arc<Mutex<Shared>>,
}

impl PollGuard {
    /// Returns when the node may poll no more.
    pub async fn lapsed(&self) {
        loop {
            let until = {
                let shared = lock(&self.shared);
                shared.right.ends_at(shared.own.sequence)
            };
            match until {
                // A timer stands still while the machine is suspended.
                Some(until) if until > uptime::now() => {
                    sleep((until - uptime::now()).min(LONGEST_SLEEP)).await;
                }
                _ => return,
            }
        }
    }
}

impl Membership {
    /// Begins to send heartbeats. `instance` identifies this process among those of its node.
    pub fn begin(connection: Connection, instance: String, own: NodeState) -> Self {
        let node_timeout = connection.plan().node_timeout;
        let shared = Arc::new(Mutex::new(Shared {
            own,
            assigned: 0,
            is_assigning: false,
            election: Election::new(node_timeout),
            right: PollingRight::new(node_timeout),
            turns: LifeSigns::new(node_timeout, uptime::now()),
            members: BTreeMap::new(),
            divergence: Divergence::default(),
            diverged: None,
            leader: None,
            leader_timeout: None,
            history: Vec::new(),
        }));
        let (changed, changes) = watch::channel(());
        let changed = Arc::new(changed);
        let mut tasks = JoinSet::new();
        let leads = Arc::new(Notify::new());
        let notices = (changed.clone(), leads.clone());
        tasks.spawn(lead(connection.clone(), instance.clone(), shared.clone(), notices));
        tasks.spawn(heartbeats::send(connection.clone(), shared.clone(), changed.clone(), leads));
        tasks.spawn(heartbeats::receive(connection.clone(), shared.clone(), changed));
        Self { connection, instance, shared, changes, _tasks: tasks }
    }

    /// Returns when something has changed.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            std::future::pending().await
        }
    }

    /// Records what the loop has applied, and whether this node can act for all nodes.
    pub fn report(&self, own: NodeState, may_lead: bool) {
        let mut shared = lock(&self.shared);
        let now = uptime::now();
        if let Some((sequence, digest)) = own.digest {
            shared.divergence.applied(sequence, digest, now);
        }
        shared.election.report(may_lead, now);
        shared.own = own;
    }

    /// Whether polls may be started now.
    pub fn may_start(&self) -> bool {
        let shared = lock(&self.shared);
        let until = shared.right.starts_until(shared.own.sequence);
        shared.diverged.is_none() && until.is_some_and(|until| uptime::now() < until)
    }

    /// Whether a leader has answered lately, and this node has applied what it had assigned.
    pub fn is_led(&self) -> bool {
        let shared = lock(&self.shared);
        shared.right.is_led(shared.own.sequence, uptime::now())
    }

    /// A turn of this process that was `sent` then is in the stream at `sequence`.
    pub fn appended(&self, sent: Instant, sequence: u64) {
        lock(&self.shared).right.appended(sent, sequence);
    }

    /// Whether a turn is due that only renews the right to poll.
    pub fn needs_turn(&self) -> bool {
        lock(&self.shared).right.needs_turn(uptime::now())
    }

    /// A turn of a node was received.
    pub fn received(&self, node: &NodeName) {
        lock(&self.shared).turns.received(node, uptime::now());
    }

    /// How much longer this node waits before it polls what `silent` has lost.
    pub fn wait_for(&self, silent: &NodeName) -> Duration {
        lock(&self.shared).turns.wait_for(silent, uptime::now())
    }

    /// How much longer it waits for all nodes but those that are `alive`.
    pub fn wait_for_all_but(&self, alive: &[NodeName]) -> Duration {
        lock(&self.shared).turns.wait_for_all_but(alive, uptime::now())
    }

    /// When this node is last known to have applied everything.
    pub fn current(&self) -> Option<Instant> {
        let shared = lock(&self.shared);
        shared.right.since(shared.own.sequence)
    }

    /// The leader's `node_timeout`, if there is a leader.
    pub fn leader_timeout(&self) -> Option<Duration> {
        lock(&self.shared).leader_timeout
    }

    /// Whether another node leads, by its heartbeats.
    pub fn is_led_by_another(&self) -> bool {
        let shared = lock(&self.shared);
        shared.leader.as_ref().is_some_and(|(_, leader)| leader != self.connection.node())
    }

    /// Shows poll tasks whether they may go on.
    pub fn guard(&self) -> PollGuard {
        PollGuard { shared: self.shared.clone() }
    }

    /// The term of this node's leadership, if it may act by it.
    pub fn term(&self) -> Option<u64> {
        lock(&self.shared).election.term(uptime::now())
    }

    /// Every node that has sent a heartbeat lately.
    pub fn members(&self) -> BTreeMap<NodeName, Member> {
        lock(&self.shared).members.clone()
    }

    /// The furthest sequence that any node has reported.
    pub fn furthest(&self) -> u64 {
        let shared = lock(&self.shared);
        let reported = shared.members.values().map(|member| member.heartbeat.state.sequence);
        reported.max().unwrap_or_default()
    }

    /// The sequence at which this node's state differs from the others'.
    pub fn diverged(&self) -> Option<u64> {
        lock(&self.shared).diverged
    }

    /// The nodes that are alive, for the leader, and whether each of them keeps up. Those of
    /// `known`, of which the leader before may have had later heartbeats than this node, are alive
    /// as long as they may poll by its answers.
    pub fn alive(&self, known: &[NodeName]) -> BTreeMap<NodeName, bool> {
        let (now, limit) = (uptime::now(), self.connection.plan().node_timeout);
        let mut shared = lock(&self.shared);
        let applied = shared.own.sequence;
        shared.history.retain(|(at, _)| now - *at < 2 * limit);
        shared.history.push((now, applied));
        let long_ago = shared.history.iter().rev().find(|(at, _)| now - *at >= limit);
        let expected = long_ago.map_or(0, |(_, sequence)| *sequence);
        let recent =
            shared.members.iter().filter(|(_, member)| now - member.last_heartbeat < limit);
        let mut alive: BTreeMap<_, _> = recent
            .map(|(node, member)| (node.clone(), member.heartbeat.state.sequence >= expected))
            .collect();
        // A turn is a sign of life, too, where heartbeats do not come.
        for node in shared.turns.recent(now) {
            alive.entry(node.clone()).or_insert(true);
        }
        if shared.election.others_may_poll_until().is_some_and(|until| now < until) {
            for node in known {
                alive.entry(node.clone()).or_insert(true);
            }
        }
        alive
    }

    /// No heartbeat is answered until [`Membership::assigned`]: the answers given so far count
    /// only for what was assigned before.
    pub fn assigning(&self) {
        lock(&self.shared).is_assigning = true;
    }

    /// The assignment is in the stream at this sequence.
    pub fn assigned(&self, sequence: u64) {
        let mut shared = lock(&self.shared);
        (shared.assigned, shared.is_assigning) = (sequence, false);
    }

    /// Gives the leadership up, so that another node need not wait.
    pub async fn resign(&self) {
        let last = lock(&self.shared).election.last_written(uptime::now());
        if let Some(expected) = last {
            let _ = write_leader(&self.connection, None, &self.instance, expected).await;
            lock(&self.shared).election.refused();
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds the leadership, or waits for it.
async fn lead(
    connection: Connection,
    instance: String,
    shared: Arc<Mutex<Shared>>,
    (changed, leads): (Arc<watch::Sender<()>>, Arc<Notify>),
) {
    let mut ticks = interval(heartbeat_interval(connection.plan().node_timeout));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let ends_in = lock(&shared).election.ends_in(uptime::now());
        tokio::select! {
            _ = ticks.tick() => {}
            () = sleep(ends_in.unwrap_or_default()), if ends_in.is_some() => {}
        }
        let (stream, subject) = (connection.leader_stream_name(), connection.subject("leader"));
        let found = match connection.last_on(&stream, &subject, ANSWER).await {
            Ok(found) => found,
            Err(why) => {
                debug!(event = "leader_unknown", "the leadership cannot be read: {why}");
                continue;
            }
        };
        let sequence = found.as_ref().map_or(0, |found| found.sequence);
        let leader = found.as_ref().and_then(|found| {
            connection.codec().decode::<Leader>(&found.payload, &[b"leader"]).ok()
        });
        let writer = match &leader {
            Some(leader) if leader.node.is_none() => Writer::Resigned,
            Some(leader) if leader.instance == instance => Writer::Own,
            _ => Writer::Other,
        };
        // A leader with a longer one renews more seldom.
        let timeout = leader.as_ref().map(|leader| leader.node_timeout);
        let timeout = timeout.unwrap_or_default().max(connection.plan().node_timeout);
        let claim = {
            let mut shared = lock(&shared);
            let held = shared.election.holds();
            let claim = shared.election.observe(sequence, writer, timeout, uptime::now());
            let leads = leader.filter(|_| writer != Writer::Resigned);
            shared.leader_timeout = leads.map(|leader| leader.node_timeout);
            let has_lost = held && !shared.election.holds();
            if has_lost {
                warn!(event = "leads_no_more", "another node leads the cluster");
            }
            claim
        };
        let expected = match claim {
            Claim::Wait => continue,
            Claim::Write { expected } => expected,
            Claim::Resign { expected } => {
                if write_leader(&connection, None, &instance, expected).await.is_ok() {
                    lock(&shared).election.refused();
                    warn!(
                        event = "leads_no_more",
                        "this node gives the leadership up: it is not ready"
                    );
                    let _ = changed.send(());
                }
                continue;
            }
        };
        let sent = uptime::now();
        let before = lock(&shared).election.term(sent);
        let node = Some(connection.node().clone());
        match write_leader(&connection, node, &instance, expected).await {
            Ok(sequence) => {
                let term = {
                    let mut shared = lock(&shared);
                    shared.election.written(sequence, sent);
                    shared.election.term(uptime::now())
                };
                if before.is_none()
                    && let Some(term) = term
                {
                    info!(event = "leads", term, "this node leads the cluster (term {term})");
                    // It assigns sources once its own heartbeat is answered.
                    leads.notify_one();
                }
                let _ = changed.send(());
            }
            Err(Refused::WrongLast) => {
                lock(&shared).election.refused();
                if before.is_some() {
                    warn!(event = "leads_no_more", "another node leads the cluster");
                }
            }
            Err(Refused::Other(why)) => {
                debug!(event = "leader_unwritten", "the leadership cannot be renewed: {why}");
            }
        }
    }
}

async fn write_leader(
    connection: &Connection,
    node: Option<NodeName>,
    instance: &str,
    expected: u64,
) -> Result<u64, Refused> {
    let (node_timeout, instance) = (connection.plan().node_timeout, instance.to_owned());
    let leader = Leader { node, node_timeout, instance };
    let body = connection.codec().encode(&leader, &[b"leader"]);
    let body = body.map_err(|error| Refused::Other(error.to_string()))?;
    let subject = connection.subject("leader");
    connection.publish_on(subject, HeaderMap::new(), expected, body.into(), ANSWER).await
}
