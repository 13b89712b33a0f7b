//! Tests what the server answers to searches.

use std::sync::atomic::Ordering;

use gazetted::publish::{AccessRule, NotSearched};

use super::world::{World, story, topic};
use crate::support::world::atom;

const HINT: &str = "Nearly the same stories are in";

#[tokio::test]
async fn a_topic_that_is_not_for_everybody_is_not_hinted_at() {
    let world = World::telling(vec![story(1)]).await;
    assert!(world.get("/search?q=sanctions").await.text().contains(HINT));
    world.cache.restrict([(topic().id, AccessRule::new([("press".to_owned(), "key".to_owned())]))]);
    let page = world.get("/search?q=peace").await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains(HINT), "{}", page.text());
    assert!(!page.text().contains("/topics/"), "{}", page.text());
}

#[tokio::test]
async fn a_search_that_could_not_look_at_everything_says_so() {
    let world = World::telling(vec![story(1)]).await;
    let page = world.get("/search?q=peace&since=7d").await;
    let told = "Only the 10000 stories that changed since 27 March 2025 were searched";
    assert!(page.text().contains(told), "{}", page.text());
}

#[tokio::test]
async fn a_search_that_takes_too_much_is_a_503_and_one_that_is_too_large_a_400() {
    let world = World::telling(vec![story(1)]).await;
    for (why, status, later, told) in [
        (NotSearched::TooMuchWork, 503, "60", "takes too much work"),
        (NotSearched::Busy, 503, "5", "searches wait already"),
        (NotSearched::NotAQuery(vec!["at most 64 KiB".to_owned()]), 400, "", "64 KiB"),
    ] {
        *world.desk.searches_fail.lock().unwrap() = Some(why);
        for path in ["/search?q=peace", "/search.atom?q=peace", "/search.json?q=peace"] {
            let answer = world.get(path).await;
            assert_eq!((answer.status, answer.header("retry-after")), (status, later), "{path}");
            assert!(answer.text().contains(told), "{path}: {}", answer.text());
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_that_is_too_large_for_a_stranger_is_an_analyst_s_to_write() {
    let entry = ("urn:1", "https://dep.example/1", "Sanctions announced", "2025-04-02T11:05:00Z");
    let daemon = crate::support::world::World::new().await;
    let daemon = daemon.source("dep", atom(&[entry])).topic("long", "/\\w{9}/").start().await;
    assert_eq!(daemon.titles("long").await, ["Sanctions announced"]);
    let refused = daemon.get("/search?q=%2F%5Cw%7B9%7D%2F").await;
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("at most 64 KiB"), "{}", refused.text());
    let found = daemon.get("/search?q=%2F%5Cw%7B2%7D%2F").await;
    assert_eq!(found.status, 200);
    assert!(found.text().contains("1 of 1 story"), "{}", found.text());
}

#[tokio::test]
async fn a_search_counts_for_whoever_asks_and_not_for_the_proxy() {
    let world = World::telling(vec![story(1)]).await;
    for (stated, client) in [
        ("198.51.100.7", Some("198.51.100.7")),
        ("10.9.9.9, 198.51.100.7", Some("198.51.100.7")),
        ("2001:db8:1:1:6::7", Some("2001:db8:1:1::")),
        ("unknown", None),
    ] {
        world.ask("GET", "/search?q=peace", &[("X-Forwarded-For", stated)]).await;
        let client = client.map(|client| client.parse().unwrap());
        assert_eq!(world.desk.searched_by.lock().unwrap().pop(), Some(client), "{stated}");
    }
}

#[tokio::test]
async fn a_search_that_cannot_be_made_now_is_a_503_that_says_when_to_come_back() {
    let world = World::telling(vec![story(1)]).await;
    world.desk.failing.store(true, Ordering::Relaxed);
    for path in ["/search?q=peace", "/search.atom?q=peace"] {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"), "{path}");
    }
    assert_eq!(world.get("/search").await.status, 200);
}

/// Queries that strain the parser, the compiler or the evaluation, and those that mean nothing.
const STRANGE_QUERIES: [&str; 30] = [
    "abc* OR th* OR gov*",
    "***",
    "\"a* b* c* d*\"",
    "first(99999999999, a)",
    "atleast(99999999999999999999, a)",
    "a NEAR/99999999999 b",
    "a NOT NEAR/0 a",
    "score(a^99999999999) >= 99999999999999",
    "score(a^-1e999) >= nan",
    "score()",
    "/(a+)+$/",
    "/a{1000}{1000}/",
    "/\\p{L}{200}/",
    "/(?=a)/",
    "//",
    "/(?i-u)\\xff/",
    "a\0b",
    "\u{202e}\u{202d}abc",
    "@@@",
    "source:a*",
    "link:/a",
    "\"><script>alert(1)</script>",
    "{{ 7*7 }}",
    "a\r\nX: y",
    "\"\"",
    "\"",
    "caps()",
    "title:title:title:a",
    "NOT NOT a",
    "a SAME/sentence b SAME/paragraph c",
];

/// Addresses behind every end of a list.
const STRANGE_PATHS: [&str; 14] = [
    "/search?q=a&page=99999999999999999999999",
    "/search?q=a&page=-1",
    "/search?q=a&since=99999999999y",
    "/search?q=a&since=1ns",
    "/search?q=a&q=b&q=c",
    "/search.atom?q=%ff%fe",
    "/search.json?q=(((",
    "/stories?before=9223372036854775807-00000000000000000000000000000000",
    "/stories?before=-1",
    "/stories?before=0001-01-01T00:00:00Z",
    "/stories.json?before=9999-12-31T23:59:59Z",
    "/stories/%ff",
    "/topics/..%2f..%2fetc?before=2100-01-01T00:00:00Z",
    "/topics/all/archive/99999999999999999999.atom",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_stranger_asks_is_an_error_of_the_server() {
    let entry = ("urn:1", "https://dep.example/1", "Sanctions announced", "2025-04-02T11:05:00Z");
    let daemon = crate::support::world::World::new().await;
    let daemon = daemon.source("dep", atom(&[entry])).topic("all", "sanctions").start().await;
    let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let nested = |open: &str, close: &str, deep| open.repeat(deep) + "a" + &close.repeat(deep);
    let mut queries = STRANGE_QUERIES.map(str::to_owned).to_vec();
    queries.push(nested("(", ")", 200));
    queries.push(nested("NOT ", "", 300));
    queries.push(nested("atleast(1,", ")", 60));
    let mut paths: Vec<String> = STRANGE_PATHS.map(str::to_owned).to_vec();
    for query in queries {
        let query: String = encoded(&query);
        paths.push(format!("/search?since=all&q={query}"));
        paths.push(format!("/search.atom?since=all&q={query}"));
    }
    for path in paths {
        let answer = daemon.get(&path).await;
        assert!(answer.status < 500, "{path}: {}\n{}", answer.status, answer.text());
        assert!(answer.body.len() < 100_000, "{path}: {} bytes", answer.body.len());
        assert!(!answer.text().contains("<script"), "{path}: {}", answer.text());
    }
    assert_eq!(daemon.get("/search?since=all&q=sanctions").await.status, 200);
}
