//! Reports the state of a cluster as one of its nodes sees it.

use serde::{Deserialize, Serialize};

use crate::model::{NodeName, PARTITIONS};
use crate::pipeline::Pipeline;
use crate::stream::uptime;

/// The state of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterStatus {
    /// The name of the cluster.
    pub name: String,
    /// The node that answers.
    pub node: NodeName,
    /// The last sequence that it has applied.
    pub sequence: u64,
    /// The state digest there.
    pub digest: String,
    /// The ID of the stream.
    pub genesis: String,
    /// Hash of the plan in force.
    pub plan: String,
    /// The node that leads, and its term.
    pub leader: Option<NodeName>,
    /// The term of the last assignment.
    pub term: Option<u64>,
    /// Whether nobody polls, for an upgrade.
    pub paused: bool,
    /// The rules version in force.
    #[serde(default)]
    pub rules: u32,
    /// The sequence of a turn at which this node stopped, and that `gazetted cluster skip` passes.
    #[serde(default)]
    pub stopped_at: Option<u64>,
    /// All nodes that have sent a heartbeat lately.
    pub nodes: Vec<NodeStatus>,
}

/// The state of one node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeStatus {
    /// Its name.
    pub node: NodeName,
    /// The last sequence that it has applied.
    pub sequence: u64,
    /// Seconds since it was up to date with the leader.
    pub lag: u64,
    /// Seconds since its last heartbeat.
    pub heard: u64,
    /// The number of its partitions of the sources, of 1,024.
    pub partitions: usize,
    /// The rules version that it applies.
    pub rules: u32,
    /// The version of its program.
    pub version: String,
    /// How far its clock is ahead of the stream's time, in milliseconds.
    pub clock_offset: i64,
    /// Why it is not ready; `None` if it is.
    pub not_ready: Option<String>,
}

impl NodeStatus {
    /// Whether it has sent no heartbeat for so long that it may be gone: it sends them far more often.
    pub fn is_silent(&self) -> bool {
        self.heard > 10
    }
}

impl Pipeline {
    /// The state of the cluster; `None` on a machine alone.
    pub(in crate::pipeline) fn cluster_status(&self) -> Option<ClusterStatus> {
        let (cluster, state) = (self.cluster.as_ref()?, self.driver.engine().stream()?);
        let assignment = state.assignment.as_ref();
        let members = cluster.membership.members().into_iter();
        let nodes = members.map(|(node, member)| NodeStatus {
            partitions: assignment.map_or(0, |assigned| assigned.count_of(&node)),
            sequence: member.heartbeat.state.sequence,
            lag: member.heartbeat.state.lag,
            heard: uptime::since(member.last_heartbeat).as_secs(),
            rules: member.heartbeat.rules,
            version: member.heartbeat.version,
            clock_offset: member.heartbeat.state.clock_offset,
            not_ready: member.heartbeat.state.not_ready,
            node,
        });
        Some(ClusterStatus {
            name: cluster.plan.name.clone(),
            node: cluster.plan.node.clone(),
            sequence: state.applied.sequence,
            digest: state.applied.digest.to_string(),
            genesis: state.applied.genesis.clone(),
            plan: format!("{:016x}", state.applied.plan),
            leader: assignment.map(|assigned| assigned.leader.clone()),
            term: assignment.map(|assigned| assigned.term),
            paused: state.applied.paused,
            rules: state.applied.rules,
            stopped_at: cluster.stopped.as_ref().and_then(|stopped| stopped.at),
            nodes: nodes.collect(),
        })
    }
}

impl ClusterStatus {
    /// The number of all partitions.
    pub const PARTITIONS: u16 = PARTITIONS;
}
