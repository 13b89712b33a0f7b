//! Counts the work of a node of a cluster. On a machine alone nothing of it is shown.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use super::durations;

/// How far a node has come, and what it does in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NodeFigures {
    /// The last sequence that is applied.
    pub sequence: u64,
    /// By how many turns another node is further.
    pub lag_turns: u64,
    /// Seconds since it was up to date with the leader.
    pub lag_seconds: u64,
    /// The partitions of the sources that it owns.
    pub partitions: usize,
    /// Whether it leads.
    pub is_leader: bool,
    /// Whether its state differs from that of the other nodes.
    pub is_diverged: bool,
}

/// The metrics of a node.
#[derive(Debug)]
pub struct ClusterMetrics {
    registry: Registry,
    /// Whether this machine is a node.
    is_node: AtomicBool,
    sequence: Gauge,
    lag_turns: Gauge,
    lag_seconds: Gauge,
    append: Histogram,
    dropped_polls: Counter,
    partitions: Gauge,
    is_leader: Gauge,
    is_diverged: Gauge,
}

impl Default for ClusterMetrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("gazetted"),
            is_node: AtomicBool::new(false),
            sequence: Gauge::default(),
            lag_turns: Gauge::default(),
            lag_seconds: Gauge::default(),
            append: durations(),
            dropped_polls: Counter::default(),
            partitions: Gauge::default(),
            is_leader: Gauge::default(),
            is_diverged: Gauge::default(),
        };
        let to = &mut metrics.registry;
        let help = "The last sequence of the stream that this node has applied";
        to.register("stream_sequence", help, metrics.sequence.clone());
        let help = "By how many turns another node is further";
        to.register("stream_lag_turns", help, metrics.lag_turns.clone());
        let help = "Since when this node was last up to date with the leader";
        to.register_with_unit("stream_lag", help, Unit::Seconds, metrics.lag_seconds.clone());
        let help = "From appending a turn to the servers' confirmation";
        to.register_with_unit("stream_append", help, Unit::Seconds, metrics.append.clone());
        let help = "Polls that their node was not entitled to append";
        to.register("stream_dropped_polls", help, metrics.dropped_polls.clone());
        let help = "Partitions of the sources that this node owns, of 1,024";
        to.register("node_partitions", help, metrics.partitions.clone());
        let help = "Whether this node leads the cluster";
        to.register("node_is_leader", help, metrics.is_leader.clone());
        let help = "Whether the state of this node differs from that of the others";
        to.register("node_diverged", help, metrics.is_diverged.clone());
        metrics
    }
}

impl ClusterMetrics {
    /// Takes in the state of this node.
    pub fn report(&self, figures: NodeFigures) {
        let count = |number: u64| number.try_into().unwrap_or(i64::MAX);
        self.sequence.set(count(figures.sequence));
        self.lag_turns.set(count(figures.lag_turns));
        self.lag_seconds.set(count(figures.lag_seconds));
        self.partitions.set(count(figures.partitions as u64));
        self.is_leader.set(figures.is_leader.into());
        self.is_diverged.set(figures.is_diverged.into());
        self.is_node.store(true, Ordering::Relaxed);
    }

    /// The servers confirmed a turn after this time.
    pub fn appended(&self, took: Duration) {
        self.append.observe(took.as_secs_f64());
    }

    /// Polls were dropped.
    pub fn dropped(&self, polls: usize) {
        self.dropped_polls.inc_by(polls as u64);
    }

    /// The metrics to show; `None` on a machine alone.
    pub(super) fn registry(&self) -> Option<&Registry> {
        self.is_node.load(Ordering::Relaxed).then_some(&self.registry)
    }
}
