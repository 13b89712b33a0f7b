//! Sends heartbeats, observes those of other nodes, and holds or observes the leadership.
//!
//! This runs beside the loop. The loop reports what it has applied ([`Membership::report`]) and
//! asks what it may do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_nats::HeaderMap;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tracing::{debug, info, warn};

use super::divergence::Divergence;
use super::election::{Claim, Election, PollingRight, pulse};
use super::jetstream::Refused;
use super::jetstream::connection::Connection;
use super::node_state::{Heartbeat, Member, NodeState};
use crate::model::{NodeName, Seed};

/// How long servers or the leader may take to answer.
const ANSWER: Duration = Duration::from_secs(2);

/// The leader's answer to a heartbeat.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    /// The sequence up to which the leader may have assigned sources.
    sequence: u64,
}

/// The message that shows who leads.
#[derive(Debug, Serialize, Deserialize)]
struct Leader {
    /// The node; `None` if it has resigned.
    node: Option<NodeName>,
    /// Its `node_timeout`.
    node_timeout: Duration,
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
    members: BTreeMap<NodeName, Member>,
    divergence: Divergence,
    /// The sequence at which this node's state differs from the others'.
    diverged: Option<u64>,
    /// The term of the last leader that was heard, and its node.
    leader: Option<(u64, NodeName)>,
    /// When the loop last reported that this node can act for all nodes.
    could_lead: Option<Instant>,
    /// The leader's `node_timeout`.
    leader_timeout: Option<Duration>,
    /// The sequences that were applied, and when: a node is compared with an earlier one.
    history: Vec<(Instant, u64)>,
}

/// This node among the others.
#[derive(Debug)]
pub struct Membership {
    connection: Connection,
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
                Some(until) if until > Instant::now() => tokio::time::sleep_until(until).await,
                _ => return,
            }
        }
    }
}

impl Membership {
    /// Begins to send heartbeats.
    pub fn begin(connection: Connection, own: NodeState) -> Self {
        let node_timeout = connection.plan().node_timeout;
        let shared = Arc::new(Mutex::new(Shared {
            own,
            assigned: 0,
            is_assigning: false,
            election: Election::new(node_timeout),
            right: PollingRight::new(node_timeout),
            members: BTreeMap::new(),
            divergence: Divergence::default(),
            diverged: None,
            leader: None,
            could_lead: None,
            leader_timeout: None,
            history: Vec::new(),
        }));
        let (changed, changes) = watch::channel(());
        let changed = Arc::new(changed);
        let mut tasks = JoinSet::new();
        tasks.spawn(lead(connection.clone(), shared.clone(), changed.clone()));
        tasks.spawn(beat(connection.clone(), shared.clone(), changed.clone()));
        tasks.spawn(listen(connection.clone(), shared.clone(), changed));
        Self { connection, shared, changes, _tasks: tasks }
    }

    /// Returns when something has changed.
    pub async fn changed(&mut self) {
        if self.changes.changed().await.is_err() {
            std::future::pending().await
        }
    }

    /// Takes in what the loop has applied, and whether this node can act for all nodes.
    pub fn report(&self, own: NodeState, may_lead: bool) {
        let mut shared = lock(&self.shared);
        let now = Instant::now();
        if let Some((sequence, digest)) = own.digest {
            shared.divergence.applied(sequence, digest, now);
        }
        (shared.own, shared.could_lead) = (own, may_lead.then_some(now));
    }

    /// Whether polls may be started now.
    pub fn may_start(&self) -> bool {
        let shared = lock(&self.shared);
        let until = shared.right.starts_until(shared.own.sequence);
        shared.diverged.is_none() && until.is_some_and(|until| Instant::now() < until)
    }

    /// When this node is last known to have applied what the leader had.
    pub fn current(&self) -> Option<Instant> {
        let shared = lock(&self.shared);
        shared.right.since(shared.own.sequence)
    }

    /// The leader's `node_timeout`, if there is a leader.
    pub fn leader_timeout(&self) -> Option<Duration> {
        lock(&self.shared).leader_timeout
    }

    /// Whether another node was heard that leads.
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
        lock(&self.shared).election.term(Instant::now())
    }

    /// Every node that was heard.
    pub fn members(&self) -> BTreeMap<NodeName, Member> {
        lock(&self.shared).members.clone()
    }

    /// The sequence at which this node's state differs from the others'.
    pub fn diverged(&self) -> Option<u64> {
        lock(&self.shared).diverged
    }

    /// The nodes that are alive, for the leader, and whether each of them keeps up. Those that the
    /// leader before may have heard later than this node are alive until it has led for
    /// `node_timeout`.
    pub fn alive(&self, known: &[NodeName]) -> BTreeMap<NodeName, bool> {
        let (now, limit) = (Instant::now(), self.connection.plan().node_timeout);
        let mut shared = lock(&self.shared);
        let applied = shared.own.sequence;
        shared.history.retain(|(at, _)| now - *at < 2 * limit);
        shared.history.push((now, applied));
        let long_ago = shared.history.iter().rev().find(|(at, _)| now - *at >= limit);
        let expected = long_ago.map_or(0, |(_, sequence)| *sequence);
        let heard = shared.members.iter().filter(|(_, member)| now - member.heard < limit);
        let mut alive: BTreeMap<_, _> = heard
            .map(|(node, member)| (node.clone(), member.heartbeat.state.sequence >= expected))
            .collect();
        if shared.election.began().is_some_and(|began| now - began < limit) {
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
        let last = {
            let shared = lock(&self.shared);
            shared.election.term(Instant::now()).is_some()
        };
        if last {
            let claim =
                lock(&self.shared).election.observe(0, false, Duration::MAX, Instant::now());
            if let Claim::Write { expected } = claim {
                let _ = write_leader(&self.connection, None, expected).await;
                lock(&self.shared).election.refused();
            }
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds the leadership, or waits for it.
async fn lead(connection: Connection, shared: Arc<Mutex<Shared>>, changed: Arc<watch::Sender<()>>) {
    let mut ticks = interval(pulse(connection.plan().node_timeout));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
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
        let is_free = leader.as_ref().is_some_and(|leader| leader.node.is_none());
        // A leader with a longer one renews more seldom.
        let timeout = leader.as_ref().map(|leader| leader.node_timeout);
        let timeout = timeout.unwrap_or_default().max(connection.plan().node_timeout);
        let (claim, held, may_lead) = {
            let mut shared = lock(&shared);
            let held = shared.election.holds();
            let claim = shared.election.observe(sequence, is_free, timeout, Instant::now());
            shared.leader_timeout = leader.filter(|_| !is_free).map(|leader| leader.node_timeout);
            let has_lost = held && !shared.election.holds();
            if has_lost {
                warn!(event = "leads_no_more", "another node leads the cluster");
            }
            // A loop that hangs acts for nobody.
            let may_lead = shared
                .could_lead
                .is_some_and(|at| at.elapsed() < connection.plan().node_timeout / 2);
            (claim, held && !has_lost, may_lead)
        };
        let Claim::Write { expected } = claim else { continue };
        if !may_lead {
            // Another node need not wait until it has seen no renewal for long enough.
            if held && write_leader(&connection, None, expected).await.is_ok() {
                lock(&shared).election.refused();
                warn!(
                    event = "leads_no_more",
                    "this node gives the leadership up: it is not ready"
                );
                let _ = changed.send(());
            }
            continue;
        }
        let sent = Instant::now();
        let before = lock(&shared).election.term(sent);
        match write_leader(&connection, Some(connection.node().clone()), expected).await {
            Ok(sequence) => {
                let term = {
                    let mut shared = lock(&shared);
                    shared.election.written(sequence, sent);
                    shared.election.term(Instant::now())
                };
                if before.is_none()
                    && let Some(term) = term
                {
                    info!(event = "leads", term, "this node leads the cluster (term {term})");
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
    expected: u64,
) -> Result<u64, Refused> {
    let body = connection
        .codec()
        .encode(&Leader { node, node_timeout: connection.plan().node_timeout }, &[b"leader"]);
    let body = body.map_err(|error| Refused::Other(error.to_string()))?;
    let subject = connection.subject("leader");
    connection.publish_on(subject, HeaderMap::new(), expected, body.into(), ANSWER).await
}

/// Sends heartbeats, and takes in the leader's answers.
async fn beat(connection: Connection, shared: Arc<Mutex<Shared>>, changed: Arc<watch::Sender<()>>) {
    let mut ticks = interval(pulse(connection.plan().node_timeout));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let subject = connection.subject("heartbeat");
    loop {
        ticks.tick().await;
        let sent = Instant::now();
        // An answer to another heartbeat, of whenever, is none to this one.
        let Some(nonce) = Seed::fresh().map(|seed| seed.token(&[b"heartbeat"])) else { continue };
        let heartbeat = {
            let shared = lock(&shared);
            Heartbeat {
                node: connection.node().clone(),
                term: shared.election.term(sent),
                state: shared.own.clone(),
                nonce: nonce.clone(),
                node_timeout: connection.plan().node_timeout,
                rules: connection.plan().rules,
                version: env!("CARGO_PKG_VERSION").to_owned(),
            }
        };
        let Ok(body) = connection.codec().encode(&heartbeat, &[b"heartbeat"]) else { continue };
        let asked = connection.client().request(subject.clone(), body.into());
        let Ok(Ok(answered)) = timeout(ANSWER, asked).await else { continue };
        let place = [b"answer", connection.node().as_str().as_bytes(), nonce.as_bytes()];
        if let Ok(Answer { sequence }) = connection.codec().decode(&answered.payload, &place) {
            lock(&shared).right.answered(sent, sequence);
            let _ = changed.send(());
        }
    }
}

/// Takes in other nodes' heartbeats, and answers them while this node leads.
async fn listen(
    connection: Connection,
    shared: Arc<Mutex<Shared>>,
    changed: Arc<watch::Sender<()>>,
) {
    loop {
        let heard = connection.client().subscribe(connection.subject("heartbeat")).await;
        let Ok(mut heard) = heard else {
            sleep(ANSWER).await;
            continue;
        };
        while let Some(message) = heard.next().await {
            let decoded = connection.codec().decode::<Heartbeat>(&message.payload, &[b"heartbeat"]);
            let Ok(heartbeat) = decoded else {
                debug!(event = "heartbeat_ignored", "a heartbeat is not of this cluster");
                continue;
            };
            let (node, now) = (heartbeat.node.clone(), Instant::now());
            let nonce = heartbeat.nonce.clone();
            let (answer, is_new) = {
                let mut shared = lock(&shared);
                compare(&mut shared, &heartbeat, &connection);
                let member = Member { heard: now, heartbeat };
                let is_same_timeout =
                    member.heartbeat.node_timeout == connection.plan().node_timeout;
                let before = shared.members.insert(node.clone(), member);
                let leads =
                    shared.election.term(now).is_some() && !shared.is_assigning && is_same_timeout;
                let sequence = shared.own.sequence.max(shared.assigned);
                (leads.then_some(Answer { sequence }), before.is_none())
            };
            if let (Some(answer), Some(reply)) = (answer, message.reply) {
                let place = [b"answer", node.as_str().as_bytes(), nonce.as_bytes()];
                if let Ok(body) = connection.codec().encode(&answer, &place) {
                    let _ = connection.client().publish(reply, body.into()).await;
                }
            }
            if is_new {
                let _ = changed.send(());
            }
        }
    }
}

/// Compares the state of this node with another's. Programs of different rules versions may write
/// the same state differently.
fn compare(shared: &mut Shared, heartbeat: &Heartbeat, connection: &Connection) {
    let (own, plan, now) = (connection.node(), connection.plan(), Instant::now());
    if let Some(term) = heartbeat.term
        && shared.leader.as_ref().is_none_or(|(known, _)| *known <= term)
    {
        shared.leader = Some((term, heartbeat.node.clone()));
    }
    if heartbeat.node != *own
        && heartbeat.rules == plan.rules
        && let Some((sequence, digest)) = heartbeat.state.digest
    {
        shared.divergence.observed(heartbeat.node.clone(), sequence, digest, now);
    }
    if shared.diverged.is_some() {
        return;
    }
    let Shared { divergence, members, leader, .. } = shared;
    let counts = |(node, member): (&NodeName, &Member)| {
        *node != *own
            && member.heartbeat.rules == plan.rules
            && now - member.heard < plan.node_timeout
    };
    let alive =
        members.iter().filter(|(node, member)| counts((node, member))).map(|(node, _)| node);
    let leader = leader.as_ref().map(|(_, node)| node);
    shared.diverged = divergence.found(alive, leader, now, plan.node_timeout);
    if let Some(sequence) = shared.diverged {
        tracing::error!(
            event = "diverged",
            sequence,
            "the state of this node differs from that of the others at sequence {sequence}: restore a snapshot of another node, and report this"
        );
    }
}
