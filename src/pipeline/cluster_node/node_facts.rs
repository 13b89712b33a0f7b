//! Decides whether a node of a cluster is ready, from what is known of it. Pure.

use std::time::Duration;

/// The facts that decide whether a node is ready.
#[derive(Debug, Clone)]
pub(super) struct NodeFacts<'a> {
    /// Why it applies no further turn.
    pub(super) stopped: Option<&'a str>,
    /// The sequence at which its state differs from the others'.
    pub(super) diverged: Option<u64>,
    /// The rules version of its program, and the one in force.
    pub(super) rules: [u32; 2],
    /// Whether an operator has paused the cluster.
    pub(super) is_paused: bool,
    pub(super) node_timeout: Duration,
    /// The `node_timeout` of the leader, if there is one.
    pub(super) leader_timeout: Option<Duration>,
    /// Whether it was up to date with a leader since it started.
    pub(super) has_caught_up: bool,
    pub(super) is_led_by_another: bool,
    /// The time since it was up to date with a leader, or since it started.
    pub(super) lag: Duration,
    pub(super) ready_lag: Duration,
    /// Whether its disk has room.
    pub(super) can_write: bool,
    /// How far its clock is ahead of the stream's time, in milliseconds, if that is too far.
    pub(super) clock_offset: Option<i64>,
}

impl NodeFacts<'_> {
    /// Why the node is not ready; `None` if it is.
    pub(super) fn why_not_ready(&self) -> Option<String> {
        if let Some(why) = self.stopped {
            return Some(why.to_owned());
        }
        if let Some(sequence) = self.diverged {
            return Some(format!(
                "its state differs from that of the others at sequence {sequence}"
            ));
        }
        let [own, in_force] = self.rules;
        if own != in_force && !self.is_paused {
            let remedy = match own < in_force {
                true => "install the version of gazetted that the other nodes run",
                false => "run the earlier version, and begin with `gazetted cluster upgrade`",
            };
            return Some(format!(
                "rules version {in_force} is in force, and this program applies version {own}: {remedy}"
            ));
        }
        if let Some(of_leader) = self.leader_timeout.filter(|other| *other != self.node_timeout) {
            let (own, of_leader) = (self.node_timeout.as_secs_f64(), of_leader.as_secs_f64());
            return Some(format!(
                "its `node_timeout` is {own} s, and the leader's is {of_leader} s: write the same on all nodes"
            ));
        }
        if !self.has_caught_up && self.is_led_by_another {
            return Some("it has not caught up with the stream yet".to_owned());
        }
        if self.lag > self.ready_lag {
            let lag = self.lag.as_secs();
            return Some(match self.can_write {
                true => format!("it has not been up to date with the leader for {lag} s"),
                false => format!("its disk is full: it has applied nothing for {lag} s"),
            });
        }
        let offset = self.clock_offset?;
        let side = if offset > 0 { "ahead of" } else { "behind" };
        let by = offset.unsigned_abs();
        Some(format!("its clock is {by} ms {side} the stream's time: it does not poll"))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    type Change<'a> = &'a dyn Fn(&mut NodeFacts<'_>);

    #[test]
    fn each_fault_is_named_and_a_node_without_one_is_ready() {
        let sound = NodeFacts {
            stopped: None,
            diverged: None,
            rules: [7, 7],
            is_paused: false,
            node_timeout: Duration::from_secs(20),
            leader_timeout: Some(Duration::from_secs(20)),
            has_caught_up: true,
            is_led_by_another: true,
            lag: Duration::from_secs(3),
            ready_lag: Duration::from_secs(30),
            can_write: true,
            clock_offset: None,
        };
        let with = |change: Change<'_>| {
            let mut facts = sound.clone();
            change(&mut facts);
            facts.why_not_ready()
        };
        assert_eq!(with(&|_| {}), None);
        let faults: [(Change<'_>, &str); 9] = [
            (&|facts| facts.stopped = Some("a turn cannot be read"), "cannot be read"),
            (&|facts| facts.diverged = Some(64), "at sequence 64"),
            (&|facts| facts.rules = [7, 8], "install the version"),
            (&|facts| facts.rules = [8, 7], "cluster upgrade"),
            (&|facts| facts.leader_timeout = Some(Duration::from_secs(30)), "30 s"),
            // A node that was away for days, in the first seconds after its start.
            (&|facts| facts.has_caught_up = false, "not caught up"),
            (&|facts| facts.lag = Duration::from_secs(31), "for 31 s"),
            (&|facts| facts.clock_offset = Some(3000), "3000 ms ahead of"),
            (&|facts| facts.clock_offset = Some(-3000), "3000 ms behind"),
        ];
        for (change, why) in faults {
            let found = with(change).unwrap();
            assert!(found.contains(why), "{found}");
        }
        let ready: [Change<'_>; 3] = [
            &|facts| (facts.rules, facts.is_paused) = ([7, 8], true),
            &|facts| facts.leader_timeout = None,
            // Nobody leads, or this node does: it serves as before the restart.
            &|facts| (facts.has_caught_up, facts.is_led_by_another) = (false, false),
        ];
        for change in ready {
            assert_eq!(with(change), None);
        }
    }
}
