//! Tests the pages for people and for monitoring: Q36.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gazetted::model::{
    Failure, FailureKind, Outcome, Poll, SourceId, SourceState, TopicId, Verdict,
};
use gazetted::publish::{Audience, Settings};

use super::world::{World, at, copy, entry, now, state, story, told};

#[tokio::test]
async fn q36_pages_offer_their_feeds() {
    let world = World::telling(vec![story(1)]).await;
    for path in ["/", "/topics/sanctions"] {
        let page = world.get(path).await;
        for (media_type, ending) in
            [("atom+xml", "atom"), ("rss+xml", "rss"), ("feed+json", "json")]
        {
            let link = format!(
                "<link rel=\"alternate\" type=\"application/{media_type}\" \
                 title=\"Sanctions &#38; designations ("
            );
            assert!(page.text().contains(&link), "{link} in {path}");
            assert!(page.text().contains(&format!("href=\"/topics/sanctions.{ending}\"")));
        }
    }
}

#[tokio::test]
async fn an_injected_feed_cannot_run_a_script() {
    let script = "<script>alert(1)</script>\"><img src=x onerror=alert(1)>";
    let mut hostile = entry(1);
    hostile.title = script.to_owned();
    hostile.text = script.to_owned();
    hostile.feed.title = script.to_owned();
    hostile.source = gazetted::model::SourceId::new("unknown");
    let said = told(1, vec![hostile, copy("wire", 1)]);
    let page = format!("/stories/{}", said.id);
    let world = World::telling(vec![said]).await;
    for path in ["/", "/topics/sanctions", page.as_str()] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text().contains("<script"), "{path}");
        assert!(!answer.text().contains("<img"), "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{path}");
    }
}

#[tokio::test]
async fn a_story_s_page_lists_those_who_carried_it_in_the_order_of_their_dates() {
    let copy_at = |time: &str| {
        let published = Some(at(&format!("2025-04-02T{time}:00Z")));
        gazetted::model::Entry { published, updated: published, ..copy("wire", 1) }
    };
    let said = told(1, vec![entry(1), copy_at("10:30"), copy_at("09:30")]);
    let path = format!("/stories/{}", said.id);
    let world = World::telling(vec![said]).await;
    let page = world.get(&path).await;
    let places = ["11:05", "09:30", "10:30"]
        .map(|time| page.text().find(&format!("2 April 2025, {time}</time>")).unwrap());
    assert!(places.is_sorted(), "the lead, then the copies: {places:?}\n{}", page.text());
}

#[tokio::test]
async fn a_story_s_page_says_who_carried_it_and_why_it_is_one_story() {
    let said = told(1, vec![copy("wire", 1), entry(1)]);
    let path = format!("/stories/{}", said.id);
    let world = World::telling(vec![said]).await;
    let page = world.get(&path).await;
    for part in [
        "The 2 places where it was published",
        "seen here first",
        "has the same title, 2 hours apart",
        "Permanent ID: <code>",
        "href=\"/topics/sanctions\"",
        "tag:fcdo.example,2005:/news/1",
    ] {
        assert!(page.text().contains(part), "{part}");
    }
    let lead = page.text().find("Foreign, Commonwealth").unwrap();
    let copy = page.text().rfind("The Wire").unwrap();
    assert!(lead < copy, "the lead comes first");
    let again = world.ask("GET", &path, &[("If-None-Match", page.header("etag"))]).await;
    assert_eq!(again.status, 304);
}

#[tokio::test]
async fn the_sources_page_puts_what_fails_first_with_a_remedy() {
    let world = World::start().await;
    let well = SourceState {
        last_success: Some(now()),
        polls: 4,
        not_modified: 3,
        ..SourceState::default()
    };
    let failing = SourceState {
        failures: 3,
        failing_since: Some(now()),
        failure: Some(Box::new(Failure::new(FailureKind::Dns, "no address for wire.example"))),
        because: "backing off".into(),
        ..SourceState::default()
    };
    *world.desk.states.lock().unwrap() = vec![state("fcdo", well), state("wire", failing)];
    let page = world.get("/sources").await;
    let text = page.text();
    assert!(text.contains("2 sources, 1 of them healthy."));
    assert!(
        text.contains("no address for wire.example (3 times in a row since 3 April 2025, 09:00)")
    );
    assert!(text.contains("Check the host name"));
    assert!(text.find("The Wire").unwrap() < text.find("Foreign, Commonwealth").unwrap());
}

#[tokio::test]
async fn health_and_readiness_are_two_questions() {
    let world = World::start().await;
    world.desk.unready.store(true, Ordering::Relaxed);
    assert_eq!(world.get("/healthz").await.status, 200);
    let unready = world.get("/readyz").await;
    assert_eq!((unready.status, unready.header("retry-after")), (503, "5"));
    assert_eq!(unready.text(), "the first shelf does not stand yet\n");
    world.desk.unready.store(false, Ordering::Relaxed);
    assert_eq!(world.get("/readyz").await.status, 200);
    assert_eq!(world.get("/readyz").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_desk_that_cannot_answer_is_no_reader_s_concern() {
    let settings = Settings { backend_timeout: Duration::from_millis(50), ..Settings::default() };
    let world = World::with(settings).await;
    for cause in [&world.desk.failing, &world.desk.silent] {
        cause.store(true, Ordering::Relaxed);
        let answer = world.get("/sources").await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, "5"));
        assert!(!answer.text().contains("the store is closed"), "the log says why, not the page");
        cause.store(false, Ordering::Relaxed);
    }
    assert_eq!(world.get("/sources").await.status, 200);
}

#[tokio::test]
async fn metrics_count_what_happened_and_what_is() {
    let world = World::telling(vec![story(1)]).await;
    let source_state =
        SourceState { failures: 2, last_news: Some(now()), ..SourceState::default() };
    *world.desk.states.lock().unwrap() = vec![state("fcdo", source_state)];
    let metrics = &world.desk.metrics;
    let failure = Failure::new(FailureKind::Timeout, "no answer");
    let source = SourceId::new("fcdo");
    metrics.polled(&Poll {
        source,
        location: 0,
        at: now(),
        outcome: Outcome::Failed(failure),
        pages: None,
    });
    let mut said = story(1);
    said.members[0].joined = at("2025-04-02T11:07:00Z");
    metrics.admitted(&[(Verdict::New, said.into())]);
    metrics.committed(Duration::from_millis(3));
    metrics.stored(12, 34_567);
    metrics.published(&TopicId::new("sanctions"), 1);
    world.get("/topics/sanctions.atom").await;
    world.ask("GET", "/topics/sanctions.atom", &[("If-None-Match", "*")]).await;

    let answer = world.get("/metrics").await;
    assert!(answer.header("content-type").starts_with("application/openmetrics-text; version=1.0"));
    for line in [
        "gazetted_polls_total{source=\"fcdo\",outcome=\"timeout\"} 1\n",
        "gazetted_news_delay_seconds_bucket{le=\"240.0\",source=\"fcdo\"} 1\n",
        "gazetted_news_delay_seconds_sum{source=\"fcdo\"} 120.0\n",
        "gazetted_verdicts_total{verdict=\"new\"} 1\n",
        "gazetted_commit_seconds_count 1\n",
        "gazetted_store_bytes 34567\n",
        "gazetted_topic_stories{topic=\"sanctions\"} 1\n",
        "gazetted_source_up{source=\"fcdo\"} 0\n",
        "gazetted_source_failures{source=\"fcdo\"} 2\n",
        "gazetted_ready 1\n",
        "gazetted_shelf_changed_timestamp_seconds 1743670800\n",
        "gazetted_requests_total{path=\"/topics/sanctions.atom\",topic=\"sanctions\",answer=\"full\"} 1\n",
        "gazetted_requests_total{path=\"/topics/sanctions.atom\",topic=\"sanctions\",answer=\"unchanged\"} 1\n",
        "gazetted_requests_total{path=\"/opml\",topic=\"\",answer=\"full\"} 0\n",
        "# EOF\n",
    ] {
        assert!(answer.text().contains(line), "{line} in {}", answer.text());
    }
    assert!(answer.text().ends_with("# EOF\n"));
}

#[tokio::test]
async fn operators_pages_can_be_kept_from_readers() {
    let world = World::with(Settings { audience: Audience::Readers, ..Settings::default() }).await;
    for (path, status) in [("/sources", 404), ("/metrics", 404), ("/healthz", 200)] {
        assert_eq!(world.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_story_that_was_joined_with_another_leads_there() {
    let (mut merged, other) = (story(1), story(2));
    merged.merged_into = Some(other.id);
    let path = format!("/stories/{}", merged.id);
    let there = format!("https://news.example/stories/{}", other.id);
    let world = World::telling(vec![merged, other]).await;
    let answer = world.get(&path).await;
    assert_eq!((answer.status, answer.header("location")), (301, there.as_str()));
}
