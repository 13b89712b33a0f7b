//! Assigns partitions of the sources to nodes. Pure.
//!
//! A partition is all sources of some hosts. So politeness to a host needs no coordination between
//! nodes: one node alone asks it.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use crate::fetch;
use crate::model::{Assignment, NodeName, PARTITIONS, Partition, Source, SourceState};

/// A node may own so much more than its share, in hundredths.
const TOLERANCE: u64 = 10;

/// The partition of a source: by the host that is asked for it now.
pub fn partition_of(source: &Source, state: &SourceState) -> Partition {
    let origin = fetch::origin_of(source, state);
    // Two ports of one host are one partition.
    let host = origin.split_once("://").map_or(&*origin, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    (xxh3_64(host.as_bytes()) % u64::from(PARTITIONS)) as Partition
}

/// Assigns every partition to one of `nodes`: to its owner before, where that keeps the loads
/// within a tenth of the mean, else to the node with the least load. `weights` are the numbers of
/// sources in the partitions. Returns the nodes and the place of each partition's owner in them.
pub fn assign(
    before: Option<&Assignment>,
    nodes: &BTreeSet<NodeName>,
    weights: &BTreeMap<Partition, u64>,
) -> (Vec<NodeName>, Vec<u8>) {
    // An assignment names a node by one byte.
    let nodes: Vec<NodeName> = nodes.iter().take(usize::from(u8::MAX)).cloned().collect();
    if nodes.is_empty() {
        return (nodes, Vec::new());
    }
    // A partition without sources counts a little: sources may come.
    let weight = |partition: Partition| 100 * weights.get(&partition).copied().unwrap_or(0) + 1;
    let mut partitions: Vec<Partition> = (0..PARTITIONS).collect();
    // The heaviest first: the light ones then even out the loads.
    partitions.sort_by_key(|partition| (std::cmp::Reverse(weight(*partition)), *partition));
    let total: u64 = partitions.iter().map(|partition| weight(*partition)).sum();
    let most = total.div_ceil(nodes.len() as u64) * (100 + TOLERANCE / 2) / 100;
    let mut loads = vec![0; nodes.len()];
    let mut owners = vec![u8::MAX; usize::from(PARTITIONS)];
    let mut unassigned = Vec::new();
    for partition in partitions {
        let owner = before.and_then(|before| before.owner(partition));
        let place = owner.and_then(|owner| nodes.iter().position(|node| node == owner));
        match place {
            Some(place) if loads[place] == 0 || loads[place] + weight(partition) <= most => {
                loads[place] += weight(partition);
                owners[usize::from(partition)] = place as u8;
            }
            _ => unassigned.push(partition),
        }
    }
    for partition in unassigned {
        let least = (0..nodes.len()).min_by_key(|place| loads[*place]).unwrap_or_default();
        loads[least] += weight(partition);
        owners[usize::from(partition)] = least as u8;
    }
    (nodes, owners)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;
    use crate::model::{Location, SourceId};

    fn names(count: usize) -> BTreeSet<NodeName> {
        (0..count).map(|number| NodeName::new(format!("n{number}"))).collect()
    }

    fn assignment((nodes, owners): (Vec<NodeName>, Vec<u8>)) -> Assignment {
        let leader = NodeName::new("n0");
        let at = crate::model::Timestamp::EPOCH;
        Assignment { term: 1, leader, alive: nodes.clone(), nodes, owners, at }
    }

    fn of(url: &str) -> Partition {
        let location = Location::web(url, Url::parse(url).unwrap());
        partition_of(&Source::at(SourceId::new("a"), location), &SourceState::default())
    }

    #[test]
    fn sources_of_one_host_are_in_one_partition_whatever_the_scheme_and_port() {
        let one = of("https://www.gov.example/a.atom");
        assert_eq!(one, of("http://www.gov.example/b.atom"));
        assert_eq!(one, of("https://www.gov.example:8443/c"));
        assert_ne!(one, of("https://other.gov.example/a.atom"));
        assert_eq!(of("http://[::1]:80/a"), of("http://[::1]:8081/b"));
    }

    proptest! {
        /// Loads stay even, and no partition moves between nodes that stay, unless that evens them.
        #[test]
        fn loads_are_even_and_little_moves(
            heavy in prop::collection::vec((0..PARTITIONS, 1..20u64), 200..400),
            before in 1..6usize, after in 1..6usize,
        ) {
            let weights: BTreeMap<_, _> = heavy.into_iter().collect();
            let first = assignment(assign(None, &names(before), &weights));
            let second = assignment(assign(Some(&first), &names(after), &weights));
            let load = |of: &Assignment, node: &NodeName| -> u64 {
                let owned = (0..PARTITIONS).filter(|at| of.owner(*at) == Some(node));
                owned.map(|at| 100 * weights.get(&at).copied().unwrap_or(0) + 1).sum()
            };
            for assigned in [&first, &second] {
                let total: u64 = assigned.nodes.iter().map(|node| load(assigned, node)).sum();
                let mean = total / assigned.nodes.len() as u64;
                let heaviest = 100 * weights.values().max().unwrap() + 1;
                for node in &assigned.nodes {
                    let load = load(assigned, node);
                    prop_assert!(load <= mean * 110 / 100 + heaviest, "{load} of {mean}");
                }
            }
            let moved = (0..PARTITIONS).filter(|at| first.owner(*at) != second.owner(*at)).count();
            if before == after {
                prop_assert_eq!(moved, 0);
            }
            let same = assignment(assign(Some(&second), &names(after), &weights));
            prop_assert_eq!(&same.owners, &second.owners);
        }
    }
}
