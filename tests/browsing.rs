//! Tests how people find their way: pages of older stories, spans, help, and what a browser asks for.

use std::time::Duration;

use serde_json::Value;

use crate::support::world::{World, atom};

/// Announcements about fish, the first the oldest, an hour apart.
fn announcements(count: usize) -> String {
    announcements_of(0..count)
}

fn announcements_of(numbers: impl Iterator<Item = usize>) -> String {
    let titles: Vec<_> = numbers
        .map(|n| {
            let (day, hour) = (1 + n / 24, n % 24);
            (
                format!("urn:fish:{n}"),
                format!("https://dep.example/fish/{n}"),
                format!("Fish landed at quay number {n} in {}", ["Hull", "Fleetwood"][n % 2]),
                format!("2025-03-{day:02}T{hour:02}:00:00Z"),
            )
        })
        .collect();
    let rows: Vec<_> = titles
        .iter()
        .map(|(id, url, title, date)| (id.as_str(), url.as_str(), title.as_str(), date.as_str()))
        .collect();
    atom(&rows)
}

async fn quays(count: usize) -> World {
    World::new().await.source("dep", announcements(count)).topic("fish", "fish").start().await
}

/// The address that a link with this text leads to.
fn link(page: &str, text: &str) -> Option<String> {
    let before = page.split(&format!("\">{text}</a>")).next().filter(|start| *start != page)?;
    let href = before.rsplit_once("href=\"")?.1;
    Some(href.replace("&#38;", "&").replace("&amp;", "&"))
}

fn numbers(page: &str) -> Vec<usize> {
    let after = page.split("quay number ").skip(1);
    let numbers = after.filter_map(|rest| rest.split(' ').next()?.parse().ok());
    let mut numbers: Vec<usize> = numbers.collect();
    numbers.dedup();
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_and_all_stories_lead_to_every_older_story_with_counts() {
    let world = quays(120).await;
    for first in ["/topics/fish", "/stories"] {
        let (mut path, mut seen, mut ranges) = (first.to_owned(), Vec::new(), Vec::new());
        loop {
            let page = world.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            let text = page.text().to_owned();
            let range = text.split("<span>").find_map(|rest| rest.split_once(" of 120</span>"));
            ranges.push(range.map(|(range, _)| range.to_owned()).unwrap_or_default());
            for number in numbers(&text) {
                if !seen.contains(&number) {
                    seen.push(number);
                }
            }
            match link(&text, "older") {
                Some(older) => path = older,
                None => break,
            }
        }
        assert_eq!(ranges, ["50", "51–100", "101–120"], "{first}");
        assert_eq!(seen, (0..120).rev().collect::<Vec<_>>(), "{first}: newest first, each once");
        let last = world.get(&path).await;
        assert_eq!(link(last.text(), "newest").as_deref(), Some(first));
    }
    let page = world.get("/topics/fish").await;
    assert!(page.text().contains("<h2 class=\"date\">5 March 2025</h2>"), "{}", page.text());
    assert_eq!(world.get("/topics/fish?before=banana").await.status, 400);
    assert_eq!(world.get("/topics/nothing?before=2025-03-01T00:00:00Z").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn old_stories_that_came_late_hide_none_of_those_before_them() {
    // So many that they fill the feed, too.
    for old in [4, 10] {
        let world = World::new().await.source("dep", announcements_of(20..120));
        let world = world.topic("fish", "fish").lines("entries = 10").start().await;
        world.site.document("/dep", announcements_of((0..old).chain(116..121)));
        world.pass(Duration::from_secs(2 * 3600)).await;
        let quays = numbers(world.get("/topics/fish.atom").await.text());
        assert!(quays.contains(&2) && !quays.contains(&50), "old news is in the feed: {quays:?}");
        let (mut path, mut seen) = ("/topics/fish".to_owned(), Vec::new());
        loop {
            let page = world.get(&path).await;
            seen.extend(numbers(page.text()));
            let Some(older) = link(page.text(), "older") else { break };
            path = older;
        }
        seen.dedup();
        assert_eq!(seen, (20..121).rev().chain((0..old).rev()).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_behind_the_last_says_so_and_leads_back() {
    let world = quays(60).await;
    let behind = world.get("/search?q=fish&since=all&page=200").await;
    assert!(behind.text().contains("There are no more stories on this page."), "{}", behind.text());
    assert!(!behind.text().contains("Ask for less"), "{}", behind.text());
    let last = world.get(&link(behind.text(), "The last page with stories").unwrap()).await;
    assert!(last.text().contains("<span>51–60 of 60</span>"), "{}", last.text());
    for path in ["/topics/fish", "/stories"] {
        let behind = world.get(&format!("{path}?before=0001-01-01T00:00:00Z")).await;
        assert!(behind.text().contains("There are no earlier stories."), "{}", behind.text());
        assert!(!behind.text().contains("Nothing yet"), "{}", behind.text());
        assert_eq!(link(behind.text(), "newest").as_deref(), Some(path));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_stories_are_counted_and_lead_nowhere() {
    let world = quays(3).await;
    let page = world.get("/topics/fish").await;
    assert!(page.text().contains("<span>3 stories</span>"), "{}", page.text());
    assert_eq!(link(page.text(), "older"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_leads_to_its_older_results() {
    let world = quays(120).await;
    let first = world.get("/search?q=hull+OR+fleetwood&since=all").await;
    assert!(first.text().contains("120 of all 120 stories"), "{}", first.text());
    assert!(first.text().contains("<span>1–50 of 120</span>"), "{}", first.text());
    let second = world.get(&link(first.text(), "older").unwrap()).await;
    assert!(second.text().contains("<span>51–100 of 120</span>"), "{}", second.text());
    let third = world.get(&link(second.text(), "older").unwrap()).await;
    assert!(third.text().contains("<span>101–120 of 120</span>"), "{}", third.text());
    assert_eq!(link(third.text(), "older"), None);
    assert!(link(third.text(), "newer").unwrap().ends_with("page=2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_takes_any_span_and_refuses_what_is_none() {
    let world = quays(60).await;
    for (since, heading) in [
        ("730d", "30 of 60 stories of the past 730 days"),
        ("2y", "30 of 60 stories of the past 2 years"),
        ("12w", "30 of 60 stories of the past 12 weeks"),
        ("all", "30 of all 60 stories"),
        ("1h", "There is no story of the past hour"),
    ] {
        let page = world.get(&format!("/search?q=hull&since={since}")).await;
        assert!(page.text().contains(heading), "{since}: {}", page.text());
    }
    for since in ["banana", "-3d", "0d", "90"] {
        for path in ["search", "search.atom"] {
            let page = world.get(&format!("/{path}?q=hull&since={since}")).await;
            assert_eq!(page.status, 400, "{path} {since}");
            assert!(
                page.text().contains("is not a span of time; write for example 30d"),
                "{since}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_usual_window_is_empty_everything_is_searched() {
    let world = quays(4).await;
    world.pass(std::time::Duration::from_secs(200 * 86_400)).await;
    let page = world.get("/search?q=hull").await;
    assert!(page.text().contains("2 of all 4 stories"), "{}", page.text());
    assert!(page.text().contains("No story is from the past 90 days"), "{}", page.text());
    let asked = world.get("/search?q=hull&since=90d").await;
    assert!(asked.text().contains("There is no story of the past 90 days"), "{}", asked.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_shows_what_nearly_matches_and_what_it_could_ask() {
    let entry = |n: usize, title: &'static str| {
        let urls = ["https://dep.example/1", "https://dep.example/2", "https://dep.example/3"];
        (["urn:1", "urn:2", "urn:3"][n], urls[n], title, "2025-04-02T11:05:00Z")
    };
    let document = atom(&[
        entry(0, "Sanctions on Russia"),
        entry(1, "Sanctions on Belarus"),
        entry(2, "Sanctions hit a Russian bank"),
    ]);
    let world = World::new().await.source("dep", document).topic("s", "sanctions").start().await;
    let page = world.get("/search?q=sanctions+AND+Russia").await;
    let text = page.text();
    assert!(text.contains("1 of 3 stories"), "{text}");
    let near = text.split_once("Stories that nearly match (2)").expect(text).1;
    assert!(
        near.contains("Sanctions on Belarus") && near.contains("<code>Russia</code> is nowhere"),
        "{near}"
    );
    assert!(
        text.contains(
            "<code>russia</code> does not find “Russian”, which is in 1 story that does not match"
        ),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_that_finds_nothing_says_which_term_is_nowhere() {
    let world = quays(4).await;
    let page = world.get("/search?q=quay+AND+(steel+OR+tariff*)").await;
    let text = page.text();
    for advice in [
        "No story has <code>steel</code> or <code>tariff*</code>",
        "<code>quay</code> is in 4 stories",
    ] {
        assert!(text.contains(advice), "{advice}: {text}");
    }
    let found = world.get("/search?q=quay+OR+steel").await;
    assert!(!found.text().contains("No story has"), "{}", found.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn words_side_by_side_can_be_meant_in_three_ways() {
    let world = quays(4).await;
    let page = world.get("/search?q=quay+hull").await;
    assert_eq!(page.status, 400);
    for (name, query) in [
        ("both words", "quay AND hull"),
        ("the exact phrase", "&#34;quay hull&#34;"),
        ("either word", "quay OR hull"),
    ] {
        assert!(page.text().contains(query), "{query}: {}", page.text());
        let found = world.get(&link(page.text(), name).expect(name)).await;
        assert_eq!(found.status, 200, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_of_queries_is_explained_on_a_page() {
    let world = quays(1).await;
    let page = world.get("/search/help").await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("<h1>Topics: what a query can say</h1>"), "{}", page.text());
    assert!(page.text().contains("NOT NEAR"), "{}", page.text());
    let search = world.get("/search").await;
    assert_eq!(link(search.text(), "How to write a search").as_deref(), Some("/search/help"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_a_browser_opens_explains_itself_and_stays_a_feed_for_all_others() {
    let world = quays(3).await;
    for path in ["/topics/fish.atom", "/topics/fish.json", "/stories.rss", "/search.atom?q=fish"] {
        let feed = world.get(path).await;
        assert!(!feed.header("content-type").unwrap().starts_with("text/html"), "{path}");
        let opened = world.get_with(path, ("Sec-Fetch-Dest", "document".to_owned())).await;
        assert_eq!(opened.status, 200, "{path}");
        assert!(opened.header("content-type").unwrap().starts_with("text/html"), "{path}");
        assert!(opened.text().contains("This is a feed"), "{path}");
        let address = format!("https://feeds.example.org{path}");
        assert!(opened.text().contains(&address), "{path}: {}", opened.text());
        for answer in [&feed, &opened] {
            assert_eq!(answer.header("vary"), Some("Accept-Encoding, Sec-Fetch-Dest"), "{path}");
        }
        let same = world.get_with(path, ("Sec-Fetch-Dest", "empty".to_owned())).await;
        assert_eq!(same.body, feed.body, "{path}");
    }
    let missing = world.get_with("/topics/x.atom", ("Sec-Fetch-Dest", "document".to_owned())).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_every_site_has_is_there() {
    let world = quays(1).await;
    let robots = world.get("/robots.txt").await;
    assert_eq!((robots.status, robots.text()), (200, "User-agent: *\nDisallow: /search\n"));
    let icon = world.get("/favicon.ico").await;
    assert_eq!((icon.status, icon.header("content-type")), (200, Some("image/svg+xml")));
    assert_eq!(world.get("/.well-known/security.txt").await.status, 404, "nobody is named");
    for (path, to) in [("/topics/fish/", "topics/fish"), ("/search/?q=a", "search?q=a")] {
        let moved = world.get(path).await;
        assert_eq!(moved.status, 301, "{path}");
        let to = format!("https://feeds.example.org/{to}");
        assert_eq!(moved.header("location"), Some(to.as_str()), "{path}");
    }
    assert_eq!(world.get("//evil.example/").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_to_tell_of_security_problems_is_published() {
    let mut world = World::new().await.source("dep", announcements(1)).topic("fish", "fish");
    world.lines_first("[server]\nsecurity_contact = \"mailto:security@example.org\"");
    let world = world.start().await;
    let answer = world.get("/.well-known/security.txt").await;
    assert_eq!(answer.status, 200);
    let text = answer.text();
    assert!(
        text.starts_with("Contact: mailto:security@example.org\nExpires: 2025-09-30T"),
        "{text}"
    );
    assert!(
        text.contains("Canonical: https://feeds.example.org/.well-known/security.txt"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_json_for_whoever_reads_no_pages() {
    let world = quays(1).await;
    for (accept, is_json) in [
        ("application/json", true),
        ("application/problem+json, */*;q=0.1", true),
        ("text/html,application/json", false),
        ("*/*", false),
    ] {
        let answer = world.get_with("/nothing", ("Accept", accept.to_owned())).await;
        assert_eq!(answer.status, 404);
        let content_type = answer.header("content-type").unwrap();
        assert_eq!(content_type == "application/problem+json", is_json, "{accept}: {content_type}");
        if is_json {
            let problem: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(problem["status"], 404);
            assert_eq!(problem["detail"], "There is nothing at this address.");
        }
        assert!(answer.header("vary").unwrap().contains("Accept"));
    }
    for (search, reason) in [
        ("q=fish&since=banana", "`banana` is not a span of time"),
        ("q=fish+AND", "something is missing at the end"),
    ] {
        let path = format!("/search?{search}");
        let answer = world.get_with(&path, ("Accept", "application/json".to_owned())).await;
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(reason), "{path}: {problem}");
    }
}
