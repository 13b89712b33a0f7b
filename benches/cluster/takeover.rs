//! How long the sources of a killed node are not polled.

use std::time::{Duration, Instant};

use super::node::{Node, cluster, polling, wait_until};
use super::origin::Origin;
use super::servers::Servers;
use super::{Outcome, report};

const HOSTS: usize = 16;
const SOURCES: usize = 64;

pub fn measure(servers: &Servers) -> Outcome<()> {
    let origin = Origin::start(HOSTS, SOURCES)?;
    let config = polling(&origin.sources(), "1s");
    let node = |name| Node::new(&(config.clone() + &cluster(servers, "takeover", name, true)));
    let mut nodes = [node("a")?, node("b")?];
    nodes[0].init()?;
    for node in &mut nodes {
        node.start()?;
    }
    for kills_leader in [false, true] {
        wait_until("both nodes own sources", || nodes[0].is_shared_by(&["a", "b"]))?;
        let leader = usize::from(nodes[0].status()?["leader"] == "b");
        let killed = if kills_leader { leader } else { 1 - leader };
        // Everything is polled by then, and the handover is over.
        std::thread::sleep(Duration::from_secs(25));
        let at = Instant::now();
        nodes[killed].kill();
        wait_until("all sources are polled again", || {
            // What was under way when it was killed does not count.
            let since = at + Duration::from_millis(50);
            Ok(origin.seen().iter().all(|seen| seen.asked.is_some_and(|asked| asked > since)))
        })?;
        let kind = if kills_leader { "the leader" } else { "another node" };
        report(
            &format!("all sources polled again after {kind} is killed, s"),
            format!("{:.1}", at.elapsed().as_secs_f64()),
            "30 at most",
        );
        nodes[killed].start()?;
    }
    Ok(())
}
