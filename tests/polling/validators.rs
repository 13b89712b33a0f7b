//! Tests the rules about ETag and Last-Modified: the conditions of the next request.

use gazetted::model::{FailureKind, Outcome, Unchanged};

use super::world::{DAY, FEED, HOUR, World, failure};
use crate::support::site::{Answer, Site};
use crate::support::world::{self as daemon, atom};

const ETAG: &str = "if-none-match";
const DATE: &str = "if-modified-since";

/// What a site that gives these answers in turn sees as conditions of its requests.
async fn conditions(answers: Vec<Answer>) -> Vec<(Option<String>, Option<String>)> {
    let polls = answers.len() + 1;
    let site = Site::start().await;
    site.script("/feed", answers);
    let mut world = World::one(&site.url("/feed"));
    for _ in 0..polls {
        world.poll().await;
    }
    let log = site.requests("/feed");
    assert_eq!(log.len(), polls);
    log.iter().map(|request| (request.header(ETAG), request.header(DATE))).collect()
}

fn some(etag: &str, date: &str) -> (Option<String>, Option<String>) {
    let one = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    (one(etag), one(date))
}

fn tagged(etag: &str) -> Answer {
    Answer::ok(FEED).header("ETag", etag)
}

#[tokio::test]
async fn p01_first_contact_carries_no_condition() {
    assert_eq!(conditions(vec![]).await, [some("", "")]);
}

#[tokio::test]
async fn p02_last_modified_is_returned_byte_for_byte() {
    for date in [
        "Sun, 3 Mar 2024 5:00:00 GMT",
        "Wed, 01 Jan 2024 12:00:00 GMT",
        "Mon, 01 Jan 2024 12:00:00 +0200",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "yesterday",
    ] {
        let seen = conditions(vec![Answer::ok(FEED).header("Last-Modified", date)]).await;
        assert_eq!(seen[1], some("", date));
    }
}

#[tokio::test]
async fn p03_an_etag_is_returned_byte_for_byte() {
    let long = format!("\"{}\"", "x".repeat(1024));
    let odd: Vec<u8> = (0x80..=0xff).collect();
    let tags: [&[u8]; 7] = [b"\"a\"", b"W/\"a\"", b"a", b"\"a,b\"", b"\"\"", &odd, long.as_bytes()];
    for tag in tags {
        let site = Site::start().await;
        site.script("/feed", [Answer::ok(FEED).header("ETag", tag)]);
        let mut world = World::one(&site.url("/feed"));
        world.poll().await;
        world.poll().await;
        assert_eq!(site.requests("/feed")[1].bytes(ETAG).as_deref(), Some(tag));
    }
}

#[tokio::test]
async fn p04_both_conditions_are_sent_where_both_are_known() {
    let seen = conditions(vec![tagged("\"a\"").header("Last-Modified", "then")]).await;
    assert_eq!(seen[1], some("\"a\"", "then"));
}

#[tokio::test]
async fn p05_a_validator_the_server_never_sent_is_never_sent() {
    let dated = Answer::ok(FEED).header("Date", "Wed, 02 Apr 2025 11:05:00 GMT");
    assert_eq!(conditions(vec![dated]).await[1], some("", ""));
    assert_eq!(conditions(vec![tagged("\"a\"")]).await[1], some("\"a\"", ""));
}

#[tokio::test]
async fn p06_an_answer_replaces_both_validators_as_a_set() {
    let first = tagged("\"a\"").header("Last-Modified", "then");
    let second = Answer::ok("<feed>two").header("Last-Modified", "now");
    assert_eq!(conditions(vec![first, second]).await[2], some("", "now"));
}

#[tokio::test]
async fn p07_one_changed_half_updates_that_half() {
    let answer =
        |body, etag, date| Answer::ok(body).header("ETag", etag).header("Last-Modified", date);
    let seen =
        conditions(vec![answer("<feed>1", "\"a\"", "then"), answer("<feed>2", "\"b\"", "then")])
            .await;
    assert_eq!(seen[2], some("\"b\"", "then"));
    let seen =
        conditions(vec![answer("<feed>1", "\"a\"", "then"), answer("<feed>2", "\"a\"", "now")])
            .await;
    assert_eq!(seen[2], some("\"a\"", "now"));
}

#[tokio::test]
async fn p08_validators_are_kept_though_the_bytes_are_the_same() {
    let second = tagged("\"b\"").header("Last-Modified", "now");
    assert_eq!(conditions(vec![tagged("\"a\""), second]).await[2], some("\"b\"", "now"));
}

#[tokio::test]
async fn p09_a_304_updates_what_it_names_and_keeps_the_rest() {
    let first = tagged("\"a\"").header("Last-Modified", "then");
    let new = Answer::status(304).header("ETag", "\"b\"");
    let seen = conditions(vec![first, new, Answer::status(304)]).await;
    assert_eq!(seen[2], some("\"b\"", "then"));
    assert_eq!(seen[3], some("\"b\"", "then"));
}

#[tokio::test]
async fn p10_failures_leave_the_validators_alone() {
    let seen = conditions(vec![
        tagged("\"a\""),
        Answer::status(429),
        Answer::status(503).header("ETag", "\"x\""),
        Answer::status(404).header("Last-Modified", "x"),
        tagged("\"x\"").promising(4000),
    ])
    .await;
    assert!(seen[1..].iter().all(|seen| *seen == some("\"a\"", "")), "{seen:?}");
}

#[tokio::test]
async fn p11_a_bad_body_does_not_bring_its_validators() {
    let bad = [
        tagged("\"bad\"").promising(4000),
        tagged("\"bad\"").header("Content-Encoding", "gzip").body("\x1f\u{8b}\x08"),
        tagged("\"bad\"").header("Content-Encoding", "gzip").body(b"\x1f\x8b\x08\0cut".to_vec()),
        tagged("\"bad\"").body("<html>not a feed"),
        tagged("\"bad\"").body(vec![b'<'; 11 << 20]),
        tagged("\"bad\"").body("<rss><channel><item><title>One</title></item><item><tit"),
    ];
    for bad in bad {
        let seen = conditions(vec![tagged("\"a\""), bad]).await;
        assert_eq!(seen[2], some("\"a\"", ""));
    }
}

/// A proxy that breaks off every answer keeps its origin's ETag in the head.
#[tokio::test(flavor = "multi_thread")]
async fn p11_a_document_that_breaks_off_twice_does_not_bring_its_validators() {
    let entry =
        |n: u32| (format!("urn:{n}"), format!("https://dep.example/{n}"), format!("News {n}"));
    let entries: Vec<_> = (1..=4).map(entry).collect();
    let date = "2025-04-02T11:05:00Z";
    let entries: Vec<_> =
        entries.iter().map(|(id, link, title)| (&**id, &**link, &**title, date)).collect();
    let whole = atom(&entries);
    let half = whole[..whole.find("urn:3").unwrap()].to_owned();
    for broken_polls in 1..4 {
        let world = daemon::World::new().await;
        let world = world.source("dep", half.clone()).topic("news", "news");
        let (whole, half, mut polls) = (whole.clone(), half.clone(), 0);
        world.site.answer("/dep", move |request| {
            polls += 1;
            let answer = match request.header(ETAG).as_deref() {
                _ if polls <= broken_polls => Answer::ok(half.clone()),
                Some("\"whole\"") => Answer::status(304),
                _ => Answer::ok(whole.clone()),
            };
            answer.header("ETag", "\"whole\"").header("Content-Type", "application/atom+xml")
        });
        let world = world.start().await;
        for _ in 0..broken_polls + 2 {
            world.pass(HOUR * 5).await;
        }
        assert_eq!(world.titles("news").await.len(), 4, "{broken_polls}: {}", world.site.story());
        let last = world.site.requests("/dep").pop().unwrap();
        assert_eq!(last.header(ETAG).as_deref(), Some("\"whole\""), "the whole document's is kept");
    }
}

#[tokio::test]
async fn p12_after_a_kill_the_first_request_is_conditional_and_not_early() {
    let site = Site::start().await;
    site.script("/feed", [tagged("\"a\"")]);
    let mut world = World::one(&site.url("/feed"));
    world.run(HOUR / 2).await;
    let due = world.source_state().next_poll;
    world.restart();
    world.run(DAY * 8).await;
    assert_eq!(site.requests("/feed")[1].header(ETAG).as_deref(), Some("\"a\""));
    assert!(world.log[1].0 >= due);
}

#[tokio::test]
async fn p13_true_304s_are_believed_for_ever_and_a_stuck_server_is_tested_now_and_then() {
    // A source that lists something every day, and then says 304 for ever.
    let site = Site::start().await;
    let mut polls = 0;
    let mut stuck = false;
    site.answer("/daily", move |request| {
        polls += 1;
        stuck |= polls > 60;
        let answer = if stuck && request.is_conditional() {
            Answer::status(304)
        } else {
            Answer::ok(format!("<feed>{polls}"))
        };
        answer.header("ETag", "\"stuck\"")
    });
    let mut world = World::one(&site.url("/daily"));
    world.run(DAY * 60).await;
    let unconditional: Vec<_> = std::iter::zip(site.requests("/daily"), &world.log)
        .skip(61)
        .filter(|(request, _)| !request.is_conditional())
        .map(|(_, (at, _))| *at)
        .collect();
    assert!(!unconditional.is_empty(), "the stuck server was never tested");
    assert!(unconditional.windows(2).all(|pair| pair[0].until(pair[1]) >= DAY * 8));

    // A source that lists something every month.
    site.document("/monthly", FEED);
    let mut world = World::one(&site.url("/monthly"));
    world.run(DAY * 60).await;
    let log = site.requests("/monthly");
    assert!(log.len() > 10);
    assert!(log[1..].iter().all(|request| request.is_conditional()));
}

#[tokio::test]
async fn p14_a_refresh_by_hand_is_conditional_and_obeys_floor_and_hold() {
    let site = Site::start().await;
    site.script("/feed", [tagged("\"a\""), tagged("\"a\""), Answer::status(429)]);
    let mut world = World::one(&site.url("/feed"));
    world.run(HOUR / 2).await;
    assert!(world.hurry().unwrap_err().to_string().contains("asked a short while ago"));
    world.run(HOUR).await;
    if world.log.len() == 1 {
        world.hurry().unwrap();
        world.run(HOUR / 60).await;
    }
    assert_eq!(site.requests("/feed")[1].header(ETAG).as_deref(), Some("\"a\""));
    world.run_until(3).await;
    world.run(HOUR / 2).await;
    assert!(world.hurry().unwrap_err().to_string().contains("left alone"));
    assert_eq!(site.requests("/feed").len(), 3);
}

#[tokio::test]
async fn p15_validators_go_to_the_address_that_sent_them_and_to_no_other() {
    let site = Site::start().await;
    let (b, c) = (site.url("/b"), site.url("/c"));
    let to = |url: &url::Url| Answer::redirect(302, url.as_str());
    site.script("/a", [to(&b), to(&b), to(&c)]);
    site.script("/b", [tagged("\"b\"")]);
    site.script("/c", [tagged("\"c\"")]);
    let mut world = World::one(&site.url("/a"));
    for _ in 0..3 {
        world.poll().await;
    }
    assert!(site.requests("/a").iter().all(|request| !request.is_conditional()));
    assert_eq!(site.requests("/b")[1].header(ETAG).as_deref(), Some("\"b\""));
    assert!(!site.requests("/c")[0].is_conditional());
}

#[tokio::test]
async fn p16_and_p17_a_new_source_costs_one_get() {
    let site = Site::start().await;
    site.script("/feed", [tagged("\"a\"")]);
    let mut world = World::one(&site.url("/feed"));
    world.run(HOUR - HOUR / 60).await;
    let log = site.log();
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].method(), "GET");
    assert_eq!(log[0].bytes("range"), None);
}

#[tokio::test]
async fn a_304_that_nobody_asked_for_is_a_failure() {
    let site = Site::start().await;
    site.script("/feed", [Answer::status(304)]);
    let mut world = World::one(&site.url("/feed"));
    assert_eq!(failure(world.poll().await).kind, FailureKind::Status);
}

#[tokio::test]
async fn p72_the_same_bytes_again_are_unchanged() {
    let site = Site::start().await;
    site.script("/feed", [Answer::ok(FEED)]);
    let mut world = World::one(&site.url("/feed"));
    assert!(matches!(world.poll().await, Outcome::Read(_)));
    assert!(matches!(
        world.poll().await,
        Outcome::Unchanged(Unchanged { not_modified: false, .. })
    ));
}
