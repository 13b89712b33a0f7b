//! The state of a node, as its heartbeats report it to the others.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::model::{NodeName, StateDigest};

/// Digests are compared at sequences that are multiples of this.
pub const COMPARED_EVERY: u64 = 64;

/// The state of a node, as its heartbeats report it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NodeState {
    /// The last sequence that is applied.
    pub sequence: u64,
    /// A sequence and the state digest there, for comparison.
    pub digest: Option<(u64, StateDigest)>,
    /// Whether changed topics are being filled.
    pub fills: bool,
    /// Whether it polls, as far as it is up to itself.
    pub polls: bool,
    /// Whether it can write what it applies. One that cannot may have applied less than `sequence`.
    pub writes: bool,
    /// How far behind the stream it is, in seconds.
    pub lag: u64,
    /// Why it is not ready.
    pub not_ready: Option<String>,
    /// How far its clock is ahead of the stream's time, in milliseconds.
    pub clock_offset: i64,
}

/// A message by which a node shows that it is alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heartbeat {
    /// The sender.
    pub node: NodeName,
    /// The term of its leadership, if it leads.
    pub term: Option<u64>,
    /// Its state.
    pub state: NodeState,
    /// Random characters that the answer is sealed for.
    #[serde(default)]
    pub nonce: String,
    /// Its `node_timeout`, which is to be the same on all nodes.
    #[serde(default)]
    pub node_timeout: Duration,
    /// The rules version that it applies.
    pub rules: u32,
    /// The version of its program.
    pub version: String,
}

/// A node as others see it.
#[derive(Debug, Clone)]
pub struct Member {
    /// When its last heartbeat came.
    pub last_heartbeat: Instant,
    /// Its last heartbeat.
    pub heartbeat: Heartbeat,
}
