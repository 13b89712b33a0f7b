//! Finds out whether the state of this node differs from that of the others. Pure.
//!
//! Nodes report state digests at certain sequences. Digests are chained, so two nodes that differ
//! once differ at every later sequence. The nodes in the minority have to be restored; where there
//! is none, those that differ from the leader.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::model::{NodeName, StateDigest};

/// Digests that are remembered for comparison.
const DIGESTS: usize = 64;

/// Digests at equal sequences.
#[derive(Debug, Default)]
pub struct Divergence {
    own: BTreeMap<u64, StateDigest>,
    /// Digests of other nodes at sequences that this node has not reached.
    ahead: BTreeMap<(u64, NodeName), StateDigest>,
    /// The last comparison with each other node: where, and whether the digests were the same.
    compared: BTreeMap<NodeName, (u64, bool)>,
    /// The first sequence at which another node was seen to differ, and when.
    first: Option<(u64, Instant)>,
    /// The sequence at which this node was found to differ from the others.
    found: Option<u64>,
}

impl Divergence {
    /// The digest of this node at a sequence.
    pub fn applied(&mut self, sequence: u64, digest: StateDigest, now: Instant) {
        self.own.insert(sequence, digest);
        if self.own.len() > DIGESTS {
            self.own.pop_first();
        }
        let later = self.ahead.split_off(&(sequence + 1, NodeName::new("")));
        for ((at, node), other) in std::mem::replace(&mut self.ahead, later) {
            self.observed(node, at, other, now);
        }
    }

    /// The digest of another node at a sequence.
    pub fn observed(&mut self, node: NodeName, sequence: u64, digest: StateDigest, now: Instant) {
        let last = self.own.last_key_value().map(|(last, _)| *last);
        if last.is_none_or(|last| sequence > last) {
            self.ahead.insert((sequence, node), digest);
            if self.ahead.len() > DIGESTS {
                self.ahead.pop_first();
            }
            return;
        }
        let Some(own) = self.own.get(&sequence) else { return };
        let is_same = *own == digest;
        self.compared.insert(node, (sequence, is_same));
        match self.compared.values().all(|(_, is_same)| *is_same) {
            true => self.first = None,
            false => self.first = self.first.or(Some((sequence, now))),
        }
    }

    /// The sequence at which this node differs from most others, or from the leader where as many
    /// agree with it as differ. `alive`: the other nodes that count. Those that were not compared
    /// since the first difference are waited for, but not longer than `patience`.
    pub fn found<'a>(
        &mut self,
        alive: impl Iterator<Item = &'a NodeName>,
        leader: Option<&NodeName>,
        now: Instant,
        patience: Duration,
    ) -> Option<u64> {
        let Some((sequence, since)) = self.first.filter(|_| self.found.is_none()) else {
            return self.found;
        };
        let (mut same, mut different) = (1, 0);
        for node in alive {
            match self.compared.get(node).filter(|(at, _)| *at >= sequence) {
                Some((_, true)) => same += 1,
                Some((_, false)) => different += 1,
                None if now < since + patience => return None,
                None => {}
            }
        }
        let of_leader = leader.and_then(|leader| self.compared.get(leader));
        let leader_differs = of_leader.is_some_and(|(_, is_same)| !is_same);
        let is_minority = different > same || (different == same && leader_differs);
        self.found = is_minority.then_some(sequence);
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Nodes named `a`, `b` ... hold these states, and `a` leads. Which of them find that they
    /// differ, after comparing in any order?
    fn minority(states: &[u8]) -> Vec<bool> {
        let names: Vec<NodeName> = (0..states.len())
            .map(|n| NodeName::new(char::from(b'a' + n as u8).to_string()))
            .collect();
        let now = Instant::now();
        let digest = |state: u8| StateDigest([state; 16]);
        let found = (0..states.len()).map(|own| {
            let mut divergence = Divergence::default();
            let others = || (0..states.len()).filter(|other| *other != own);
            let mut last = None;
            for (count, other) in others().enumerate() {
                // Some are ahead of this node, and some behind it.
                if count == 1 {
                    divergence.applied(64, digest(states[own]), now);
                }
                divergence.observed(names[other].clone(), 64, digest(states[other]), now);
                let alive = others().map(|other| &names[other]);
                last = divergence.found(alive, Some(&names[0]), now, PATIENCE);
                assert!(count + 2 == states.len() || last.is_none(), "too early");
            }
            if states.len() == 2 {
                divergence.applied(64, digest(states[own]), now);
                let alive = others().map(|other| &names[other]);
                last = divergence.found(alive, Some(&names[0]), now, PATIENCE);
            }
            last.is_some()
        });
        found.collect()
    }

    #[test]
    fn the_minority_differs_and_where_there_is_none_those_that_differ_from_the_leader() {
        assert_eq!(minority(&[1, 1]), [false, false]);
        assert_eq!(minority(&[1, 2]), [false, true]);
        assert_eq!(minority(&[1, 1, 2]), [false, false, true]);
        assert_eq!(minority(&[2, 1, 1]), [true, false, false], "the leader is alone");
        assert_eq!(minority(&[1, 1, 2, 2]), [false, false, true, true]);
        assert_eq!(minority(&[1, 2, 3]), [true, true, true]);
    }

    #[test]
    fn a_node_that_says_nothing_is_not_waited_for_without_end() {
        let (mut divergence, now) = (Divergence::default(), Instant::now());
        let [leader, other] = ["a", "b"].map(NodeName::new);
        divergence.applied(64, StateDigest([1; 16]), now);
        divergence.observed(leader.clone(), 64, StateDigest([2; 16]), now);
        let mut found =
            |at| divergence.found([&leader, &other].into_iter(), Some(&leader), at, PATIENCE);
        assert_eq!(found(now), None);
        assert_eq!(found(now + PATIENCE), Some(64));
    }

    #[test]
    fn a_node_that_was_restored_differs_no_more() {
        let (mut divergence, now) = (Divergence::default(), Instant::now());
        let nodes = ["b", "c"].map(NodeName::new);
        let mut digests = |sequence: u64, b: u8, c: u8| {
            divergence.applied(sequence, StateDigest([1; 16]), now);
            for (node, state) in nodes.iter().zip([b, c]) {
                divergence.observed(node.clone(), sequence, StateDigest([state; 16]), now);
            }
            divergence.found(nodes.iter(), None, now, PATIENCE)
        };
        assert_eq!(digests(64, 2, 1), None, "the other is in the minority");
        assert_eq!(digests(128, 1, 1), None);
        assert_eq!(digests(192, 2, 2), Some(192));
    }
}
