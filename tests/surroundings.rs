//! Tests that the surroundings of an announcement reach no topic and no reader, wherever its text comes from.

mod controls;
mod layouts;
mod unseen;

use std::time::Duration;

use gazetted::model::Story;
use gazetted::store;
use serde_json::Value;

use crate::support::binary::Gazetted;
use crate::support::site::Answer;
use crate::support::world::World;

const HOUR: Duration = Duration::from_secs(3600);

const BODY: &str = "<p>The minister for ports opened the new pilot station at Carrow on Tuesday.</p><p>It replaces a building of 1931 and serves forty ships a week, and the harbour fund paid for the works.</p>";

const LIST: &str = "<p><strong>Original article link:</strong> <a href=\"https://dep.example/news/pilot\">https://dep.example/news/pilot</a></p><h3>Latest News from<br>Harbour Office</h3><p><a href=\"/a\">Talks on fishing with Sri Lanka</a></p><p>02/04/2025 11:05:00</p><p>Officials met in Colombo to discuss the tuna quota.</p><p><a href=\"/b\">Aid for Haiti</a></p><p>01/04/2025 09:15:00</p><p>A ship with medicine has left for Port-au-Prince.</p>";

fn rss(items: &str) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>Wire</title><link>https://wire.example/</link><description>d</description>{items}</channel></rss>"
    )
}

fn item(link: &str, title: &str, html: &str) -> String {
    let html = html.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<item><title>{title}</title><link>{link}</link><pubDate>Wed, 02 Apr 2025 11:05:00 GMT</pubDate><description>{html}</description></item>"
    )
}

/// Every story that the world has stored, once it is stopped.
async fn stored(world: &mut World) -> Vec<Story> {
    world.stop().await;
    let plan = world.plan();
    store::open(&plan.store.path, plan.store.cache).unwrap().stories(None, 100).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_in_the_document_or_on_the_page_puts_no_story_into_its_topics() {
    let world = World::new().await;
    let page = world.site.url("/page/1");
    let html = format!(
        "<!DOCTYPE html><html lang=en><body><nav><a href=/>Home</a></nav><div id=main><article><h1>Pilot station</h1>{}{LIST}</article></div></body></html>",
        BODY.repeat(3)
    );
    world.site.script("/page/1", [Answer::ok(html).header("Content-Type", "text/html")]);
    let world = world
        .source(
            "wire",
            rss(&item("https://wire.example/1", "Pilot station", &format!("{BODY}{LIST}"))),
        )
        .source(
            "pages",
            rss(&item(page.as_str(), "A pilot station at last", "<p>Ships are served.</p>")),
        )
        .lines("enrich = \"page\"")
        .topic("ports", "\"pilot station\"")
        .topic("asia", "\"sri lanka\" OR colombo")
        .topic("haiti", "haiti OR \"port-au-prince\"")
        .start()
        .await;
    assert_eq!(world.titles("asia").await, [""; 0]);
    assert_eq!(world.titles("haiti").await, [""; 0]);
    let feed = world.get("/topics/ports.atom").await;
    assert!(feed.text().contains("harbour fund paid"), "{}", feed.text());
    for word in ["Sri Lanka", "Haiti", "Latest News", "Original article"] {
        assert!(!feed.text().contains(word), "{word}: {}", feed.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_footer_is_learned_over_documents_and_leaves_the_topic_without_a_revision() {
    let footer = "<p>The website of the ministry has more on the Western Balkans.</p>";
    let visit = |n: usize| {
        let text = format!(
            "<p>The minister visited harbour {n} and met the crew of ship {n}.</p>{footer}"
        );
        item(
            &format!("https://dep.example/visit/{n}"),
            &format!("Visit of the minister to harbour {n}"),
            &text,
        )
    };
    let mut world = World::new()
        .await
        .source("dep", rss(&visit(1)))
        .topic("balkans", "\"western balkans\"")
        .topic("visits", "visit")
        .start()
        .await;
    assert_eq!(world.titles("balkans").await.len(), 1, "one entry shows no footer");
    for n in 2..=8 {
        let listed: String = (1..=n).rev().take(2).map(visit).collect();
        world.site.document("/dep", rss(&listed));
        world.pass(2 * HOUR).await;
    }
    // The first four taught it; those that are still listed are read again without it.
    let still = world.titles("balkans").await;
    assert!(still.len() <= 4, "{still:?}");
    assert!(!still.iter().any(|title| title.ends_with("7") || title.ends_with("8")), "{still:?}");
    assert_eq!(world.titles("visits").await.len(), 8);
    for story in stored(&mut world).await {
        assert!(story.history.is_empty(), "{story:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_rules_have_effect_though_the_document_stays() {
    let text = format!("{BODY}<div class=\"note\">A note on Haiti.</div>");
    let mut world = World::new()
        .await
        .source("dep", rss(&item("https://dep.example/1", "Pilot station", &text)))
        .topic("haiti", "haiti")
        .topic("ports", "station")
        .start()
        .await;
    assert_eq!(world.titles("haiti").await.len(), 1);
    world
        .reconfigure(|config| {
            *config = config.replace("id = \"dep\"", "id = \"dep\"\ncut = [\"div.note\"]");
        })
        .await;
    world.pass(2 * HOUR).await;
    assert_eq!(world.titles("haiti").await, [""; 0]);
    assert_eq!(world.titles("ports").await.len(), 1);
    assert!(stored(&mut world).await[0].history.is_empty());
}

fn configured(lines: &str) -> Gazetted {
    Gazetted::with(&format!(
        "[[source]]\nid = \"dep\"\nfile = \"dep.xml\"\n{lines}\n[[topic]]\nid = \"bridges\"\ntitle = \"Bridges\"\nquery = \"bridge\"\n"
    ))
}

#[test]
fn bad_rules_are_errors_with_their_place() {
    for (lines, words) in [
        ("cut = [\"div.more\", \"div..\"]", "`div..` is not a CSS selector"),
        ("start_after = \" \"", "`start_after` is empty"),
        ("end_before = \"\"", "`end_before` is empty"),
    ] {
        let gazetted = configured(lines);
        let output = gazetted.run(&["check"]);
        assert_eq!(output.status.code(), Some(78), "{lines}");
        let printed =
            String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains(words) && printed.contains(":4:"), "{printed}");
    }
}

#[test]
fn parse_shows_what_rules_set_aside_and_markers_that_are_missing() {
    let text = "<p>Press release</p><p>The bridge opens.</p><div class=\"ad\">Buy.</div><p>About the ministry</p><p>We rule.</p>";
    let document = rss(&item("https://dep.example/1", "Bridge", text));
    let read = |lines: &str| -> Value {
        let gazetted = configured(lines);
        std::fs::write(gazetted.path().join("dep.xml"), &document).unwrap();
        serde_json::from_str(&gazetted.succeed(&["parse", "--source", "dep", "--json"])).unwrap()
    };
    let by_rules =
        "cut = [\".ad\"]\nstart_after = \"Press release\"\nend_before = \"About the ministry\"";
    let report = read(by_rules);
    let entry = &report["entries"][0];
    assert_eq!(entry["text"], "The bridge opens.", "{report}");
    assert_eq!(entry["html"], "<p>The bridge opens.</p>");
    let set_aside: Vec<&str> = entry["set_aside"]
        .as_array()
        .unwrap()
        .iter()
        .map(|piece| piece["text"].as_str().unwrap())
        .collect();
    assert_eq!(set_aside, ["Buy.", "Press release", "About the ministry We rule."]);
    assert_eq!(report["warnings"].as_array().unwrap().len(), 0);
    let report = read("end_before = \"Imprint\"");
    assert!(report["entries"][0]["text"].as_str().unwrap().contains("We rule."));
    assert!(report["warnings"][0].as_str().unwrap().contains("end_before"), "{report}");
}
