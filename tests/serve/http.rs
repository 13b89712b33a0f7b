//! How feeds are served: Q20 to Q35.

use std::io::Read;
use std::sync::atomic::Ordering;

use gazetted::model::TopicId;
use gazetted::publish::{Absence, AccessRule, Settings};

use super::world::{Answer, World, entry, now, story, told};

const FEED: &str = "/topics/sanctions.atom";
const CODINGS: [&str; 4] = ["identity", "gzip", "br", "zstd"];

/// A feed long enough for every coding to be worth it.
async fn world() -> World {
    World::telling((1..40).map(story).collect()).await
}

async fn coded(world: &World, coding: &str) -> Answer {
    world.ask("GET", FEED, &[("Accept-Encoding", coding)]).await
}

fn decoded(answer: &Answer) -> Vec<u8> {
    let mut body = Vec::new();
    match answer.header("content-encoding") {
        "" => body.clone_from(&answer.body),
        "gzip" => {
            flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut body).unwrap();
        }
        "br" => {
            brotli::Decompressor::new(&answer.body[..], 4096).read_to_end(&mut body).unwrap();
        }
        "zstd" => body = zstd::decode_all(&answer.body[..]).unwrap(),
        other => panic!("{other} was never offered"),
    }
    body
}

#[tokio::test]
async fn q20_the_same_state_gives_the_same_bytes() {
    let one = world().await;
    let other = World::start().await;
    // Rendered at another time, elsewhere, after something else.
    other.tell_at(vec![story(9)], now());
    other
        .tell_at((1..40).map(story).collect(), now().after(std::time::Duration::from_secs(86_400)));
    for path in ["/", "/opml", "/stories.json", "/topics/sanctions", FEED] {
        let (a, b) = (one.get(path).await, other.get(path).await);
        assert_eq!(a.body, b.body, "{path}");
        assert_eq!(a.header("etag"), b.header("etag"), "{path}");
    }
}

#[tokio::test]
async fn q27_every_coding_is_served_to_who_prefers_it() {
    let world = world().await;
    let plain = world.get(FEED).await;
    assert_eq!(plain.header("content-encoding"), "");
    let mut tags = vec![plain.header("etag").to_owned()];
    for coding in &CODINGS[1..] {
        let answer = coded(&world, coding).await;
        assert_eq!(answer.header("content-encoding"), *coding);
        assert_eq!(answer.header("content-length"), answer.body.len().to_string());
        assert!(answer.body.len() < plain.body.len() / 4, "{coding}");
        assert_eq!(decoded(&answer), plain.body, "{coding}");
        tags.push(answer.header("etag").to_owned());
    }
    for coding in CODINGS {
        let vary = "Accept-Encoding, Sec-Fetch-Dest";
        assert_eq!(coded(&world, coding).await.header("vary"), vary, "{coding}");
    }
    let count = tags.len();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), count, "a strong tag for each representation (Q21)");
    assert!(tags.iter().all(|tag| tag.starts_with('"') && tag.ends_with('"')), "{tags:?}");
    assert_eq!(coded(&world, "gzip;q=0, identity;q=0.5").await.header("content-encoding"), "");
    assert_eq!(coded(&world, "identity;q=0, *;q=0").await.status, 406);
}

#[tokio::test]
async fn q22_the_tag_of_any_coding_is_enough() {
    let world = world().await;
    for held in CODINGS {
        let tag = coded(&world, held).await.header("etag").to_owned();
        for accepted in CODINGS {
            for sent in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}")] {
                let headers = [("Accept-Encoding", accepted), ("If-None-Match", sent.as_str())];
                let answer = world.ask("GET", FEED, &headers).await;
                assert_eq!(answer.status, 304, "{held} held, {accepted} accepted, {sent}");
                assert_eq!(answer.header("etag"), tag, "the tag that matched");
            }
        }
    }
    assert_eq!(world.ask("GET", FEED, &[("If-None-Match", "*")]).await.status, 304);
    assert_eq!(world.ask("GET", FEED, &[("If-None-Match", "\"other\"")]).await.status, 200);

    let tag = world.get(FEED).await.header("etag").to_owned();
    world.tell(vec![story(1)]);
    assert_eq!(world.ask("GET", FEED, &[("If-None-Match", &tag)]).await.status, 200, "news");
}

#[tokio::test]
async fn q23_a_date_counts_only_without_a_tag() {
    let world = world().await;
    let modified = world.get(FEED).await.header("last-modified").to_owned();
    assert_eq!(modified, "Thu, 03 Apr 2025 09:00:00 GMT");
    for (since, tag, status) in [
        (modified.as_str(), None, 304),
        ("Thu, 03 Apr 2025 09:00:01 GMT", None, 304),
        ("Thu, 03 Apr 2025 08:59:59 GMT", None, 200),
        ("not a date", None, 200),
        (modified.as_str(), Some("\"other\""), 200),
    ] {
        let mut headers = vec![("If-Modified-Since", since)];
        headers.extend(tag.map(|tag| ("If-None-Match", tag)));
        assert_eq!(world.ask("GET", FEED, &headers).await.status, status, "{headers:?}");
    }
}

#[tokio::test]
async fn q25_a_304_has_its_headers_and_nothing_else() {
    let world = world().await;
    let full = world.get(FEED).await;
    let answer = world.ask("GET", FEED, &[("If-None-Match", full.header("etag"))]).await;
    assert_eq!(answer.status, 304);
    for name in ["date", "etag", "vary", "cache-control", "last-modified"] {
        assert!(!answer.header(name).is_empty(), "{name}");
        assert!(name == "date" || answer.header(name) == full.header(name), "{name}");
    }
    for name in ["content-type", "content-length", "content-encoding"] {
        assert_eq!(answer.header(name), "", "{name}");
    }
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn q26_head_is_get_without_the_body() {
    let world = world().await;
    for path in [FEED, "/", "/opml", "/nowhere", "/healthz"] {
        for coding in CODINGS {
            let headers = [("Accept-Encoding", coding)];
            let mut get = world.ask("GET", path, &headers).await;
            let mut head = world.ask("HEAD", path, &headers).await;
            assert!(head.body.is_empty(), "{path}");
            for answer in [&mut get, &mut head] {
                answer.body.clear();
                answer.headers.remove("date");
            }
            assert_eq!(get, head, "{path} {coding}");
        }
    }
}

#[tokio::test]
async fn q28_answers_hold_until_the_next_poll() {
    let world = world().await;
    for (seconds, max_age) in [(-1, 300), (0, 300), (1200, 1200), (100_000, 3600)] {
        world.desk.next_poll.store(seconds, Ordering::Relaxed);
        let answer = world.get(FEED).await;
        let expected =
            format!("public, max-age={max_age}, stale-while-revalidate=60, stale-if-error=86400");
        assert_eq!(answer.header("cache-control"), expected);
        assert_eq!(answer.header("age"), "");
    }
}

#[tokio::test]
async fn q29_types_are_those_that_validators_expect() {
    let world = world().await;
    for (path, content_type) in [
        (FEED, "application/atom+xml; charset=utf-8"),
        ("/topics/sanctions.rss", "application/rss+xml; charset=utf-8"),
        ("/topics/sanctions.json", "application/feed+json"),
        ("/stories.atom", "application/atom+xml; charset=utf-8"),
        ("/opml", "text/x-opml; charset=utf-8"),
        ("/topics/sanctions", "text/html; charset=utf-8"),
        ("/style.css", "text/css; charset=utf-8"),
        ("/healthz", "text/plain; charset=utf-8"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), content_type, "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn q30_any_site_s_scripts_may_read_feeds() {
    let world = world().await;
    let answer = world.get(FEED).await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(
        answer.header("access-control-expose-headers"),
        "ETag, Last-Modified, Link, Retry-After"
    );
    let preflight = world.ask("OPTIONS", FEED, &[("Origin", "https://reader.example")]).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(
        preflight.header("access-control-allow-headers"),
        "If-None-Match, If-Modified-Since"
    );
    assert_eq!(preflight.header("access-control-max-age"), "86400");
    assert_eq!(preflight.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn q31_link_headers_name_self_hub_and_the_other_formats() {
    let world = world().await;
    let at = |ending: &str| format!("<https://news.example/topics/sanctions.{ending}>");
    let types = [
        ("atom", "application/atom+xml"),
        ("rss", "application/rss+xml"),
        ("json", "application/feed+json"),
    ];
    for (ending, _) in types {
        let answer = world.get(&format!("/topics/sanctions.{ending}")).await;
        let mut links: Vec<_> = answer.header("link").split(", ").collect();
        links.sort_unstable();
        let others = types.into_iter().filter(|(other, _)| *other != ending);
        let others = others.map(|(other, media_type)| {
            format!("{}; rel=\"alternate\"; type=\"{media_type}\"", at(other))
        });
        let own = [
            format!("{}; rel=\"self\"", at(ending)),
            "<https://hub.example/>; rel=\"hub\"".to_owned(),
        ];
        let mut expected: Vec<_> = own.into_iter().chain(others).collect();
        expected.sort_unstable();
        assert_eq!(links, expected, "{ending}");
    }
}

#[tokio::test]
async fn q32_ranges_are_not_offered() {
    let world = world().await;
    let answer = world.ask("GET", FEED, &[("Range", "bytes=0-9")]).await;
    assert_eq!((answer.status, answer.header("accept-ranges")), (200, "none"));
}

#[tokio::test]
async fn q33_moved_gone_and_unknown_differ() {
    let world = world().await;
    world.cache.withdraw("/topics/old.atom", Absence::MovedTo(FEED.to_owned()));
    world.cache.withdraw("/topics/ended.atom", Absence::Gone);

    let moved = world.get("/topics/old.atom").await;
    assert_eq!(moved.status, 301);
    assert_eq!(moved.header("location"), "https://news.example/topics/sanctions.atom");
    assert_eq!(world.get("/topics/ended.atom").await.status, 410);
    for path in ["/topics/none.atom", "/topics/", "/..%2f", "/stories/xyz", "/stories/00"] {
        let unknown = world.get(path).await;
        assert_eq!((unknown.status, unknown.header("cache-control")), (404, "public, max-age=60"));
    }
}

#[tokio::test]
async fn q35_instance_manipulation_is_ignored() {
    let world = World::telling(vec![story(1), story(2)]).await;
    let had = world.get(FEED).await;
    world.tell(vec![story(1), story(2), story(3)]);
    let headers = [("A-IM", "feed"), ("If-None-Match", had.header("etag"))];
    let answer = world.ask("GET", FEED, &headers).await;
    assert_eq!((answer.status, answer.header("im")), (200, ""));
    assert_eq!(answer.body, world.get(FEED).await.body, "the whole feed");
}

#[tokio::test]
async fn q35_who_asks_for_it_is_sent_the_new_entries_alone_where_that_is_configured() {
    let world = World::with(Settings { deltas: true, ..Settings::default() }).await;
    world.tell(vec![story(1), story(2)]);
    let had = world.get(FEED).await;
    world.tell(vec![story(1), story(2), story(3)]);
    let now = world.get(FEED).await;
    for coding in CODINGS {
        let tag = had.header("etag").replace("\"", "");
        let tag = if coding == "identity" { tag } else { format!("{tag}-{coding}") };
        let tag = format!("\"{tag}\"");
        let headers = [("A-IM", "feed"), ("If-None-Match", tag.as_str())];
        let news = world.ask("GET", FEED, &headers).await;
        assert_eq!((news.status, news.header("im")), (226, "feed"), "{coding}");
        assert_eq!(news.header("etag"), now.header("etag"));
        assert_eq!(news.header("cache-control"), "no-store");
        let feed = atom_syndication::Feed::read_from(&news.body[..]).unwrap();
        assert_eq!(feed.entries.len(), 1);
        assert_eq!(feed.entries[0].title.value, "Announcement 3");
    }
    for (tag, status) in [("\"never\"", 200), (now.header("etag"), 304)] {
        let headers = [("A-IM", "feed"), ("If-None-Match", tag)];
        assert_eq!(world.ask("GET", FEED, &headers).await.status, status, "{tag}");
    }
    let without = [("If-None-Match", had.header("etag"))];
    assert_eq!(world.ask("GET", FEED, &without).await.status, 200, "nobody asked for less");
}

#[tokio::test]
async fn an_address_of_ours_comes_from_the_configuration_never_from_the_host_header() {
    let world = World::telling(vec![told(1, vec![entry(1)])]).await;
    let request = b"GET /topics/sanctions.atom HTTP/1.1\r\nHost: evil.example\r\n\
                    X-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n";
    let answer = world.raw(request).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.text().contains("evil.example"));
    assert!(!answer.header("link").contains("evil.example"));
}

#[tokio::test]
async fn a_guarded_topic_opens_to_its_keys_alone() {
    let world = world().await;
    let rule_of = |keys: &[(&str, &str)]| {
        AccessRule::new(keys.iter().map(|(name, key)| ((*name).to_owned(), (*key).to_owned())))
    };
    let topic = TopicId::new("sanctions");
    world.cache.restrict([(topic.clone(), rule_of(&[("press", "k1"), ("desk", "k2")]))]);
    let archived = "/topics/sanctions/archive/2025-01.atom";
    for path in [FEED, "/topics/sanctions", "/topics/sanctions.json", archived] {
        let refused = world.get(path).await;
        assert_eq!((refused.status, refused.header("cache-control")), (401, "no-store"), "{path}");
        assert!(refused.header("www-authenticate").starts_with("Basic realm="), "{path}");
        assert_eq!(world.get(&format!("{path}?key=wrong")).await.status, 401, "{path}");
    }
    let opened = world.get(&format!("{FEED}?key=k1")).await;
    assert_eq!(opened.status, 200);
    assert!(opened.header("cache-control").starts_with("private, "));
    let basic = [("Authorization", "Basic ZGVzazprMg==")]; // desk:k2
    assert_eq!(world.ask("GET", FEED, &basic).await.status, 200);
    assert_eq!(world.get("/opml").await.status, 200, "what is public stays so");

    world.cache.restrict([(topic, rule_of(&[("desk", "k2")]))]);
    assert_eq!(world.get(&format!("{FEED}?key=k1")).await.status, 401, "revoked");
    world.cache.restrict([]);
    assert_eq!(world.get(FEED).await.status, 200);
}
