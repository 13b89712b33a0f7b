//! Sends and receives heartbeats, and compares the states that they report.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use tracing::debug;

use super::{ANSWER, Shared, lock};
use crate::model::{NodeName, Seed};
use crate::stream::election::heartbeat_interval;
use crate::stream::jetstream::connection::Connection;
use crate::stream::node_state::{Heartbeat, Member};
use crate::stream::uptime;

/// A node without a heartbeat for so long is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

/// The leader's answer to a heartbeat.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    /// The sequence up to which the leader may have assigned sources.
    sequence: u64,
}

/// Sends heartbeats, and receives the leader's answers.
pub(super) async fn send(
    connection: Connection,
    shared: Arc<Mutex<Shared>>,
    changed: Arc<watch::Sender<()>>,
    leads: Arc<Notify>,
) {
    let mut ticks = interval(heartbeat_interval(connection.plan().node_timeout));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let subject = connection.subject("heartbeat");
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = leads.notified() => {}
        }
        let sent = uptime::now();
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

/// Receives the heartbeats of all nodes, and answers them while this node leads.
pub(super) async fn receive(
    connection: Connection,
    shared: Arc<Mutex<Shared>>,
    changed: Arc<watch::Sender<()>>,
) {
    loop {
        let subscribed = connection.client().subscribe(connection.subject("heartbeat")).await;
        let Ok(mut heartbeats) = subscribed else {
            sleep(ANSWER).await;
            continue;
        };
        while let Some(message) = heartbeats.next().await {
            let decoded = connection.codec().decode::<Heartbeat>(&message.payload, &[b"heartbeat"]);
            let Ok(heartbeat) = decoded else {
                debug!(event = "heartbeat_ignored", "a heartbeat is not of this cluster");
                continue;
            };
            let (node, now) = (heartbeat.node.clone(), uptime::now());
            let nonce = heartbeat.nonce.clone();
            let (answer, is_new) = {
                let mut shared = lock(&shared);
                compare(&mut shared, &heartbeat, &connection);
                let member = Member { last_heartbeat: now, heartbeat };
                let is_same_timeout =
                    member.heartbeat.node_timeout == connection.plan().node_timeout;
                let before = shared.members.insert(node.clone(), member);
                shared.members.retain(|_, member| now - member.last_heartbeat < FORGOTTEN);
                let leads =
                    shared.election.may_answer(now) && !shared.is_assigning && is_same_timeout;
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
    let (own, plan, now) = (connection.node(), connection.plan(), uptime::now());
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
            && now - member.last_heartbeat < plan.node_timeout
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
