//! Processor time of a poll: of a machine alone, and of a node with the stream.

use std::time::Duration;

use super::node::{Node, cluster, polling, wait_until};
use super::origin::Origin;
use super::servers::Servers;
use super::{Outcome, report};

/// Sources, and their hosts.
pub const SOURCES: usize = 500;
const HOSTS: usize = 20;

/// How long polls are counted.
const COUNTED: Duration = Duration::from_secs(15);

/// Before that, after a change.
const CALM: Duration = Duration::from_secs(4);

/// The machine is shared, so the least of so many rounds counts.
const ROUNDS: usize = 3;

/// Milliseconds of processor time of a poll.
#[derive(Clone, Copy)]
pub struct Cost {
    /// Of a poll that finds nothing changed.
    pub unchanged: f64,
    /// Of a poll with one new entry.
    pub changed: f64,
}

impl Cost {
    /// The lesser of two measurements.
    pub fn least(self, other: Self) -> Self {
        let (unchanged, changed) = (other.unchanged, other.changed);
        Self { unchanged: self.unchanged.min(unchanged), changed: self.changed.min(changed) }
    }
}

/// Starts a node whose sources are all read.
pub fn begin(mut node: Node, origin: &Origin) -> Outcome<Node> {
    let before = origin.requests();
    origin.have_news(false);
    node.start()?;
    let all = before + 3 * SOURCES as u64;
    wait_until("all sources are read", || Ok(origin.requests() >= all))?;
    Ok(node)
}

/// Measures a node that polls.
pub fn of(node: &Node, origin: &Origin) -> Outcome<Cost> {
    let mut each = [0.0; 2];
    for (each, has_news) in each.iter_mut().zip([false, true]) {
        origin.have_news(has_news);
        std::thread::sleep(CALM);
        let (cpu, requests) = (node.cpu_time()?, origin.requests());
        std::thread::sleep(COUNTED);
        let (cpu, polls) = (node.cpu_time()? - cpu, origin.requests() - requests);
        *each = cpu.as_secs_f64() * 1000.0 / polls as f64;
    }
    Ok(Cost { unchanged: each[0], changed: each[1] })
}

pub fn origin() -> Outcome<Origin> {
    Ok(Origin::start(HOSTS, SOURCES)?)
}

/// Compares a machine alone with a node.
pub fn measure(servers: &Servers) -> Outcome<()> {
    let origin = origin()?;
    let config = polling(&origin.sources(), "2s");
    let mut costs: [Option<Cost>; 2] = [None, None];
    for round in 0..ROUNDS {
        let name = format!("cost-{round}");
        for (cost, table) in costs.iter_mut().zip([None, Some(cluster(servers, &name, "a", true))])
        {
            let node = Node::new(&(config.clone() + table.as_deref().unwrap_or_default()))?;
            if table.is_some() {
                node.init()?;
            }
            let found = of(&begin(node, &origin)?, &origin)?;
            *cost = Some(cost.map_or(found, |cost| cost.least(found)));
        }
    }
    let [Some(alone), Some(with)] = costs else { return Err("nothing was measured".into()) };
    let added = with.unchanged - alone.unchanged;
    let share = 100.0 * (with.changed / alone.changed - 1.0);
    report(
        "unchanged poll, alone and with the stream, CPU ms",
        format!("{:.3} {:.3} (+{added:.3})", alone.unchanged, with.unchanged),
        "+0.10 at most",
    );
    report(
        "changed poll, alone and with the stream, CPU ms",
        format!("{:.3} {:.3} (+{share:.0} %)", alone.changed, with.changed),
        "+15 % at most",
    );
    Ok(())
}
