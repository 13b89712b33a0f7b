//! How far a node has applied the stream, and which node owns which sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{NodeName, Timestamp};

/// The number of the engine's rules: it is raised with every change after which the same turns
/// lead to another state.
pub const RULES_VERSION: u32 = 13;

/// Shares of the sources, by host. Every source is in one.
pub const PARTITIONS: u16 = 1024;

/// A share of the sources.
pub type Partition = u16;

/// The last turn that a store holds the changes of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// The stream, by the ID of its first turn.
    pub genesis: String,
    /// Where the turn is in the stream.
    pub sequence: u64,
    /// When the stream received it.
    pub at: Timestamp,
    /// The number of the last applied turn of every node.
    pub numbers: BTreeMap<NodeName, u64>,
    /// Chained over all changes since the stream began.
    pub digest: StateDigest,
    /// The rules version in force.
    pub rules: u32,
    /// Hash of the text of the plan in force.
    pub plan: u64,
    /// Whether nobody polls, for an upgrade.
    #[serde(default)]
    pub paused: bool,
    /// The sequences that an operator has had skipped.
    #[serde(default)]
    pub skipped: BTreeSet<u64>,
}

/// A chained hash of the state. Nodes compare it at equal sequences.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StateDigest(pub [u8; 16]);

impl fmt::Display for StateDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for StateDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The owner of every partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The leadership that assigned them.
    pub term: u64,
    /// The node that assigned them, and acts for all nodes.
    pub leader: NodeName,
    /// The nodes that were alive. A partition that leaves a node which is not among them needs no
    /// handover: that node stopped polling long ago.
    pub alive: Vec<NodeName>,
    /// The nodes that poll.
    pub nodes: Vec<NodeName>,
    /// The owner of each partition, by its place in `nodes`.
    pub owners: Vec<u8>,
    /// When the stream received it.
    pub at: Timestamp,
}

impl Assignment {
    /// The owner of a partition.
    pub fn owner(&self, partition: Partition) -> Option<&NodeName> {
        self.nodes.get(usize::from(*self.owners.get(usize::from(partition))?))
    }

    /// Whether a node begins to lead with this assignment: it may have led before, and lost the
    /// leadership in between.
    pub fn begins_lead_of(&self, node: &NodeName, before: Option<&Self>) -> bool {
        let has_led = |before: &Self| before.leader == *node && before.term == self.term;
        self.leader == *node && !before.is_some_and(has_led)
    }

    /// The number of partitions of a node.
    pub fn count_of(&self, node: &NodeName) -> usize {
        (0..PARTITIONS).filter(|partition| self.owner(*partition) == Some(node)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_begins_to_lead_with_every_new_term() {
        let of = |leader: &str, term| Assignment {
            term,
            leader: NodeName::new(leader),
            alive: Vec::new(),
            nodes: Vec::new(),
            owners: Vec::new(),
            at: Timestamp::EPOCH,
        };
        let own = NodeName::new("a");
        for (before, now, begins) in [
            (None, of("a", 1), true),
            (Some(of("a", 1)), of("a", 1), false),
            (Some(of("a", 1)), of("a", 3), true),
            (Some(of("b", 2)), of("a", 3), true),
            (Some(of("a", 1)), of("b", 2), false),
        ] {
            assert_eq!(now.begins_lead_of(&own, before.as_ref()), begins, "{before:?} {now:?}");
        }
    }
}
