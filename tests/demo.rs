//! Tests what a newcomer sees of the demonstration, by the real binary.

use serde_json::Value;

use crate::support::binary::{Gazetted, RunningDaemon};
use crate::support::http::get;

const BALKANS: &str = "https://www.gov.uk/government/news/uk-to-tackle-western-balkan-migrant-transit-routes-and-serious-organised-crime-with-closer-ties-in-the-region";
const SRI_LANKA: &str =
    "UK sanctions for human rights violations and abuses during the Sri Lankan civil war";

/// Runs the demonstration until every source was polled once.
fn polled(demo: &Gazetted) -> RunningDaemon {
    let daemon = demo.start();
    demo.succeed(&["poll"]);
    daemon
}

fn story_of(stories: &[Value], what: impl Fn(&Value) -> bool) -> &Value {
    let found: Vec<&Value> = stories.iter().filter(|story| what(story)).collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0]
}

fn sources_of(story: &Value) -> Vec<&str> {
    let entries = story["entries"].as_array().unwrap();
    let mut sources: Vec<&str> =
        entries.iter().map(|entry| entry["source"].as_str().unwrap()).collect();
    sources.sort_unstable();
    sources
}

#[test]
fn the_list_of_sources_offers_a_feed_of_every_one() {
    let demo = Gazetted::demo();
    let daemon = polled(&demo);
    let list = get(daemon.address, "/sources.opml");
    let text = list.text();
    assert_eq!(text.matches("xmlUrl=").count(), 10, "{text}");
    assert!(!text.contains("\">\n    </outline>"), "no group is empty: {text}");
}

#[test]
fn the_announcement_of_2_april_2025_is_one_story_that_names_all_its_copies() {
    let demo = Gazetted::demo();
    let daemon = polled(&demo);
    let stories = demo.stories();
    let story = story_of(&stories, |story| {
        story["entries"].as_array().unwrap().iter().any(|entry| entry["url"] == BALKANS)
    });
    assert_eq!(sources_of(story).len(), 4, "{story:#}");
    assert_eq!(story["entries"][0]["source"], "fcdo");
    assert!(story["topics"].as_array().unwrap().contains(&"western-balkans".into()), "{story:#}");

    let feed = get(daemon.address, "/topics/western-balkans.atom");
    assert_eq!(feed.status, 200);
    assert_eq!(
        feed.text().matches("closer ties in the region</title>").count(),
        1,
        "{}",
        feed.text()
    );
    assert_eq!(
        feed.text().matches("Also published by").count(),
        feed.text().matches("Also published by").count().max(1)
    );
    let entry = feed.text().split("<entry>").find(|entry| entry.contains(BALKANS)).unwrap();
    assert_eq!(entry.matches("rel=\"via\"").count(), 3, "{entry}");
}

#[test]
fn the_announcement_of_25_march_2025_is_one_story_in_sanctions() {
    let demo = Gazetted::demo();
    let daemon = polled(&demo);
    let stories = demo.stories();
    let story = story_of(&stories, |story| story["title"].as_str().unwrap().contains(SRI_LANKA));
    assert!(story["topics"].as_array().unwrap().contains(&"sanctions".into()), "{story:#}");
    let feed = get(daemon.address, "/topics/sanctions.atom");
    let titles = feed.text().split("<entry>").filter(|entry| entry.contains(SRI_LANKA)).count();
    assert_eq!(titles, 1, "{}", feed.text());
}

#[test]
fn it_reads_ten_sources_and_publishes_four_topics_that_all_have_stories() {
    let demo = Gazetted::demo();
    let daemon = polled(&demo);
    let status = demo.succeed(&["status", "--json"]);
    let states: Vec<Value> =
        status.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let states: Vec<_> = states.iter().filter(|state| !state["id"].is_null()).collect();
    assert_eq!(states.len(), 10, "{status}");
    assert!(states.iter().all(|state| state["state"] == "ok"), "{status}");
    let opml = get(daemon.address, "/opml");
    let feeds = opml.text().matches("xmlUrl=").count();
    assert!(feeds >= 4, "{}", opml.text());
    let front = get(daemon.address, "/");
    for topic in ["western-balkans", "sanctions"] {
        assert!(front.text().contains(&format!("/topics/{topic}")), "{}", front.text());
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(get(daemon.address, path).status, 200, "{path}");
    }
}

#[test]
fn a_revision_comes_under_the_old_published_id() {
    let demo = Gazetted::demo();
    let _daemon = polled(&demo);
    let before = demo.stories();
    let is_it = |story: &Value| {
        story["entries"].as_array().unwrap().iter().any(|entry| entry["url"] == BALKANS)
    };
    let published_id = story_of(&before, is_it)["published_id"].clone();
    let later = demo.path().join("demo/later");
    let mut revised = 0;
    for file in std::fs::read_dir(&later).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), demo.path().join("demo").join(file.file_name())).unwrap();
        revised += 1;
    }
    assert!(revised > 0);
    demo.succeed(&["poll"]);
    let after = demo.stories();
    assert_eq!(after.len(), before.len());
    let story = story_of(&after, is_it);
    assert_eq!(story["published_id"], published_id);
    assert!(story["updated"].as_str() > story_of(&before, is_it)["updated"].as_str(), "{story:#}");
}

#[test]
fn explain_says_why_with_and_without_a_daemon() {
    let demo = Gazetted::demo();
    let daemon = polled(&demo);
    let asked = demo.succeed(&["explain", BALKANS, "--json"]);
    let explained: Value = serde_json::from_str(&asked).unwrap();
    assert_eq!(explained["entries"].as_array().unwrap().len(), 4);
    let topic = |id: &str| {
        explained["topics"].as_array().unwrap().iter().find(|topic| topic["id"] == id).unwrap()
    };
    assert_eq!(topic("western-balkans")["explanation"]["matched"], true);
    assert_eq!(topic("sanctions")["explanation"]["matched"], false);
    let (code, log) = daemon.end("TERM");
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(demo.succeed(&["explain", BALKANS, "--json"]), asked);
    let people = demo.succeed(&["explain", BALKANS]);
    for word in ["T0", "leads", "in western-balkans", "not in sanctions"] {
        assert!(people.contains(word), "no {word:?} in\n{people}");
    }
    assert!(!demo.run(&["explain", "https://www.gov.uk/nothing"]).status.success());
}

#[test]
fn a_second_daemon_is_refused_with_75_and_a_bad_file_with_78() {
    let demo = Gazetted::demo();
    let _daemon = polled(&demo);
    let second = demo.run(&["run"]);
    assert_eq!(second.status.code(), Some(75), "{}", String::from_utf8_lossy(&second.stderr));
    let bad = Gazetted::with("[server]\nlisten = \"nowhere\"\nunknwon = 1\n");
    let refused = bad.run(&["run"]);
    assert_eq!(refused.status.code(), Some(78));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    for part in ["gazetted.toml:2:", "gazetted.toml:3:", "unknwon"] {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
}
