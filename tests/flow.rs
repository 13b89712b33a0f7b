//! Tests what subscribers see of sources on a scripted site over time, restarts and reloads.

mod broken_off;

use std::sync::Arc;
use std::time::Duration;

use gazetted::model::{Outcome, Poll};
use gazetted::pipeline::{EngineDriver, Pipeline, Request};
use gazetted::publish::ResponseCache;
use gazetted::store::{InMemory, Store};
use tokio::sync::{mpsc, oneshot};

use crate::support::site::Answer;
use crate::support::world::{World, atom};

const HOUR: Duration = Duration::from_secs(3600);
const PAGE: &str = "https://www.gov.uk/government/news/closer-ties-in-the-region";
const TITLE: &str = "Closer ties in the region against organised crime";
const DATE: &str = "2025-04-02T11:05:00Z";

fn announcement() -> String {
    atom(&[(&format!("{PAGE}#{DATE}"), PAGE, TITLE, DATE)])
}

/// Two departments and a syndicator who tell one thing.
async fn three_tellings() -> World {
    let copy = atom(&[("urn:copy:1", "https://copies.example/1", TITLE, "2025-04-02T12:00:00Z")]);
    World::new()
        .await
        .source("fcdo", announcement())
        .source("home-office", announcement())
        .source("wired", copy)
        .lines("role = \"syndicator\"")
        .topic("crime", "\"organised crime\"")
        .topic("everything", "crime OR ties OR weather")
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_announcement_in_three_sources_is_published_once_and_names_them_all() {
    let world = three_tellings().await;
    assert_eq!(world.titles("crime").await, [TITLE]);
    let feed = world.get("/topics/crime.atom").await;
    assert_eq!(feed.text().matches("<entry>").count(), 1);
    assert!(feed.text().contains("Also published by"), "{}", feed.text());
    assert_eq!(world.stories()[0].entries.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_is_applied_however_many_requests_wait() {
    let world = World::new().await.source("fcdo", announcement()).topic("crime", "crime");
    let (store, plan, now) = (Arc::<InMemory>::default(), world.plan(), world.clock.now());
    let cache: Arc<ResponseCache> = Arc::default();
    let driver = EngineDriver::open(Arc::new(plan), store.clone(), cache, now).await.unwrap();
    let (requests, incoming) = mpsc::channel(20_001);
    let ask = |_| {
        let (done, answered) = oneshot::channel();
        requests.try_send(Request::Heartbeat { done }).unwrap();
        answered
    };
    let answers: Vec<_> = (0..20_000).map(ask).collect();
    let pipeline = Pipeline::new(driver, world.clock.clone(), incoming).unwrap();
    let running = tokio::spawn(pipeline.run());
    for answer in answers {
        answer.await.unwrap();
    }
    assert_eq!(store.count().unwrap(), 1, "the poll went before some of the requests");
    requests.send(Request::Stop).await.unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_polls_of_an_unchanged_site_are_a_hundred_304_and_change_no_byte() {
    let world = three_tellings().await;
    let before = world.get("/topics/crime.atom").await;
    for _ in 0..100 {
        world.pass(2 * HOUR).await;
    }
    let requests = world.site.requests("/fcdo");
    assert_eq!(requests.len(), 101, "{}", world.site.story());
    assert!(requests[1..].iter().all(|request| request.is_conditional()));
    let after = world.get("/topics/crime.atom").await;
    let told = |answer: &crate::support::http::Answer| {
        (
            answer.body.clone(),
            answer.header("etag").map(str::to_owned),
            answer.header("last-modified").map(str::to_owned),
        )
    };
    assert_eq!(told(&before), told(&after));
    let again = world
        .get_with(
            "/topics/crime.atom",
            ("If-None-Match", before.header("etag").unwrap().to_owned()),
        )
        .await;
    assert_eq!(again.status, 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_keeps_the_published_id_and_moves_the_date() {
    let world = three_tellings().await;
    let before = world.stories();
    let later = "2025-04-03T08:30:00Z";
    world.site.document("/fcdo", atom(&[(&format!("{PAGE}#{later}"), PAGE, TITLE, later)]));
    world.pass(2 * HOUR).await;
    let after = world.stories();
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].published_id, before[0].published_id);
    assert_eq!(after[0].updated, later);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_fails_changes_nothing_that_subscribers_see() {
    let world = three_tellings().await;
    let before = world.get("/topics/crime.atom").await;
    for answer in [
        Answer::status(500),
        Answer::ok("<html><title>Please log in</title></html>"),
        Answer::ok(""),
        Answer::hang_up(),
        Answer::status(410),
        Answer::ok("<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><entry>"),
    ] {
        world.site.script("/fcdo", [answer]);
        world.pass(Duration::from_secs(60 * 24 * 3600)).await;
        assert_eq!(world.get("/topics/crime.atom").await.body, before.body);
    }
    assert!(world.site.requests("/home-office").len() > 6, "the others are polled all the while");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_breaks_off_takes_nothing_from_a_story_and_brings_new_ones() {
    let world = three_tellings().await;
    let before = world.get("/topics/crime.atom").await;
    let half = |document: String| document[..document.find("</summary>").unwrap() - 9].to_owned();
    world.site.document("/fcdo", half(announcement()));
    world.pass(2 * HOUR).await;
    assert_eq!(world.get("/topics/crime.atom").await.body, before.body);
    let other = atom(&[("urn:2", "https://www.gov.uk/2", "Weather is seen to", DATE)]);
    world.site.document("/fcdo", half(other));
    world.pass(2 * HOUR).await;
    let stories = world.stories();
    assert!(stories.iter().any(|story| story.title == "Weather is seen to"), "{stories:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_nothing_is_asked_early_and_everything_conditionally() {
    let mut world = three_tellings().await;
    let before = world.get("/topics/crime.atom").await;
    world.restart().await;
    assert_eq!(world.site.requests("/fcdo").len(), 1, "not before it is due");
    let after = world.get("/topics/crime.atom").await;
    assert_eq!(before.body, after.body);
    assert_eq!(before.header("last-modified"), after.header("last-modified"));
    world.pass(2 * HOUR).await;
    let requests = world.site.requests("/fcdo");
    assert_eq!(requests.len(), 2);
    assert!(requests[1].is_conditional());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_topic_has_its_history_and_a_removed_one_is_gone_for_good() {
    let mut world = three_tellings().await;
    world
        .reconfigure(|config| {
            *config = config
                .replace("id = \"crime\"", "id = \"ties\"")
                .replace("\"organised crime\"", "\"closer ties\"");
        })
        .await;
    assert_eq!(world.titles("ties").await, [TITLE]);
    assert_eq!(world.get("/topics/crime.atom").await.status, 410);
    world.restart().await;
    assert_eq!(world.get("/topics/crime.atom").await.status, 410, "also after a restart");
    assert_eq!(world.get("/topics/never.atom").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_topic_leads_readers_to_its_new_name() {
    let mut world = three_tellings().await;
    world
        .reconfigure(|config| {
            *config = config.replace("id = \"crime\"", "id = \"ties\"\nformerly = [\"crime\"]");
        })
        .await;
    let moved = world.get("/topics/crime.atom").await;
    assert_eq!(moved.status, 301);
    assert!(moved.header("location").unwrap().ends_with("/topics/ties.atom"), "{moved:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_whose_revision_leaves_the_topic_leaves_its_feed() {
    let world = World::new()
        .await
        .source("fcdo", announcement())
        .topic("crime", "\"organised crime\"")
        .start()
        .await;
    assert_eq!(world.titles("crime").await.len(), 1);
    let other = "Closer ties in the region about the weather";
    world.site.document("/fcdo", atom(&[("x", PAGE, other, "2025-04-03T08:30:00Z")]));
    world.pass(2 * HOUR).await;
    assert_eq!(world.titles("crime").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_address_begins_with_no_memory_of_the_one_before() {
    let mut world = three_tellings().await;
    world.site.script("/fcdo", [Answer::status(410)]);
    world.pass(Duration::from_secs(8 * 24 * 3600)).await;
    world.pass(Duration::from_secs(8 * 24 * 3600)).await;
    let asked = world.site.requests("/fcdo").len();
    world.pass(Duration::from_secs(90 * 24 * 3600)).await;
    assert_eq!(world.site.requests("/fcdo").len(), asked, "it rests");
    world.site.document("/moved", announcement());
    let (old, new) = (world.site.url("/fcdo").to_string(), world.site.url("/moved").to_string());
    world.reconfigure(|config| *config = config.replace(&old, &new)).await;
    let requests = world.site.requests("/moved");
    assert_eq!(requests.len(), 1, "{}", world.site.story());
    assert!(!requests[0].is_conditional());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_changes_is_filed_anew() {
    let mut world = three_tellings().await;
    world
        .reconfigure(|config| {
            *config = config.replace("id = \"crime\"", "id = \"crime\"\nrevisions = \"quiet\"")
        })
        .await;
    world
        .reconfigure(|config| {
            *config = config.replace("revisions = \"quiet\"", "revisions = \"all\"")
        })
        .await;
    let other = "Closer ties in the region about the weather";
    for source in ["fcdo", "home-office"] {
        world
            .site
            .document(&format!("/{source}"), atom(&[("x", PAGE, other, "2025-04-03T08:30:00Z")]));
    }
    world.site.document(
        "/wired",
        atom(&[("urn:copy:1", "https://copies.example/1", other, "2025-04-03T08:30:00Z")]),
    );
    world.pass(2 * HOUR).await;
    assert_eq!(world.titles("crime").await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_in_the_future_is_taken_once_and_never_moves() {
    let ahead = |note: &str| atom(&[("urn:a", PAGE, TITLE, "2031-01-01T00:00:00Z")]) + note;
    let world = World::new()
        .await
        .source("fcdo", ahead(""))
        .topic("crime", "\"organised crime\"")
        .start()
        .await;
    let before = (world.stories(), world.get("/topics/crime.atom").await.body);
    assert_eq!(before.0[0].updated, crate::support::world::START);
    for round in 0..3 {
        world.site.document("/fcdo", ahead(&format!("<!-- {round} -->")));
        world.pass(2 * HOUR).await;
    }
    assert_eq!(world.site.requests("/fcdo").len(), 4);
    assert_eq!(before, (world.stories(), world.get("/topics/crime.atom").await.body));
}

/// Invariant 8: state after a poll depends on the state before it and on the
/// poll alone. The polls of a run, as values that went through JSON, give an
/// empty store the same stories and the same bytes, however they are gathered.
#[tokio::test(flavor = "multi_thread")]
async fn the_polls_of_a_run_replay_into_an_empty_store() {
    let world = three_tellings().await;
    let mut polls: Vec<Poll> = Vec::new();
    let later = "2025-04-03T10:30:00Z";
    let documents = [
        atom(&[(&format!("{PAGE}#{later}"), PAGE, TITLE, later)]),
        atom(&[(
            "n1",
            "https://www.gov.uk/government/news/n1",
            "News about the weather and crime",
            later,
        )]),
        announcement(),
    ];
    let mut fresh = World::new().await;
    for source in ["fcdo", "home-office", "wired"] {
        fresh = fresh.source(source, announcement());
    }
    let fresh = fresh
        .topic("crime", "\"organised crime\"")
        .topic("everything", "crime OR ties OR weather")
        .start()
        .await;
    for (round, document) in documents.iter().cycle().take(9).enumerate() {
        let source = ["fcdo", "home-office", "wired"][round % 3];
        fresh.site.document(&format!("/{source}"), format!("{document}<!-- {round} -->"));
        fresh.clock.advance(2 * HOUR);
        for source in ["fcdo", "home-office", "wired"] {
            // Whichever the loop had not begun by itself.
            if let Some(Ok(polled)) =
                fresh.handle().poll_now(gazetted::model::SourceId::new(source), false).await
            {
                polls.push(polled.poll);
            }
        }
        fresh.handle().settled().await;
    }
    polls.sort_by_key(|poll| poll.at);
    assert!(polls.iter().any(|poll| matches!(poll.outcome, Outcome::Read(_))));
    let written: Vec<String> =
        polls.iter().map(|poll| serde_json::to_string(poll).unwrap()).collect();
    let mut polls: Vec<Poll> =
        written.iter().map(|poll| serde_json::from_str(poll).unwrap()).collect();
    // The sources of the other world have the same names at other addresses.
    for poll in &mut polls {
        poll.location = world.plan().sources[&poll.source].location.hash();
    }

    let one_by_one = replay(&world, polls.iter().map(|poll| vec![poll.clone()]).collect()).await;
    let in_pairs = replay(&world, polls.chunks(2).map(<[Poll]>::to_vec).collect()).await;
    let at_once = replay(&world, vec![polls]).await;
    assert_eq!(one_by_one.0, in_pairs.0);
    assert_eq!(one_by_one.0, at_once.0);
    assert_eq!(one_by_one.1, in_pairs.1);
    assert_eq!(one_by_one.1, at_once.1);
    assert!(!one_by_one.0.is_empty());
}

/// What pages say is in the polls, also in those that brought no document.
#[tokio::test(flavor = "multi_thread")]
async fn polls_that_looked_at_pages_again_replay_too() {
    let mut world = World::new().await;
    let link = world.site.url("/news/1");
    let text = "Ministers said a number of things to those who had come to hear them. ".repeat(9);
    let page = format!("<html><body><article><h1>News</h1><p>{text}</p></article></body></html>");
    world
        .site
        .answer("/news/1", move |_| Answer::ok(page.clone()).header("Content-Type", "text/html"));
    world = world.source("fcdo", atom(&[])).lines("enrich = \"page\"").topic("all", "ministers");
    let mut world = world.start().await;
    // Asked by hand alone: a poll that falls due by itself would come between.
    world.reconfigure(|config| *config = config.replace("\"1h\"", "\"60d\"")).await;
    let entry = ("urn:1", link.as_str(), "What ministers said", "2025-04-02T11:05:00Z");
    world.site.document("/fcdo", atom(&[entry]));
    let mut polls: Vec<Poll> = Vec::new();
    for day in 0..4 {
        if day == 2 {
            world.site.answer("/news/1", |_| Answer::status(410));
        }
        world.clock.advance(25 * HOUR);
        let source = gazetted::model::SourceId::new("fcdo");
        polls.push(world.handle().poll_now(source, false).await.unwrap().unwrap().poll);
        world.handle().settled().await;
    }
    let bare = |poll: &&Poll| matches!(poll.outcome, Outcome::Unchanged(_));
    assert!(polls.iter().filter(bare).any(|poll| poll.pages.is_some()));
    let written = serde_json::to_string(&polls).unwrap();
    let polls: Vec<Poll> = serde_json::from_str(&written).unwrap();
    let one_by_one = replay(&world, polls.iter().map(|poll| vec![poll.clone()]).collect()).await;
    let twice = polls.iter().flat_map(|poll| [vec![poll.clone()], vec![poll.clone()]]).collect();
    assert!(one_by_one.0[0].contains("\"withdrawn\":{"), "{:?}", one_by_one.0);
    assert_eq!(one_by_one, replay(&world, vec![polls]).await);
    assert_eq!(one_by_one, replay(&world, twice).await);
}

/// The stories, as the store has them, and the feeds, after these gatherings.
async fn replay(
    world: &World,
    gatherings: Vec<Vec<Poll>>,
) -> (Vec<String>, Vec<(String, Vec<u8>)>) {
    use gazetted::store::Store;
    let store: Arc<InMemory> = Arc::default();
    let cache: Arc<ResponseCache> = Arc::default();
    let now = world.clock.now();
    let mut driver = EngineDriver::open(Arc::new(world.plan()), store.clone(), cache.clone(), now)
        .await
        .unwrap();
    for polls in gatherings {
        driver.ingest(&polls).await.unwrap();
        driver.publish().await.unwrap();
    }
    let stories = store.stories(None, 1000).unwrap();
    let stories = stories.iter().map(|story| serde_json::to_string(story).unwrap()).collect();
    let feeds = cache.paths().into_iter().filter(|path| path.starts_with("/topics/"));
    (stories, feeds.map(|path| (path.clone(), cache.body(&path).unwrap().to_vec())).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_explains_itself_says_which_words_put_a_story_in_it() {
    let world = World::new()
        .await
        .source("fcdo", announcement())
        .topic("crime", "\"organised crime\" OR region")
        .lines("explain = true")
        .topic("silent", "region")
        .start()
        .await;
    for path in ["/topics/crime.atom", "/topics/crime.rss", "/topics/crime.json", "/topics/crime"] {
        let text = world.get(path).await.text().to_owned();
        assert!(text.contains("Matched: "), "{path}: {text}");
        assert!(text.contains("organised crime"), "{path}: {text}");
    }
    for path in ["/topics/silent.atom", "/topics/silent", "/stories.atom"] {
        assert!(!world.get(path).await.text().contains("Matched: "), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_readers_page_back_to_the_first_story_and_meet_each_once() {
    let entries: Vec<[String; 4]> = (0..130)
        .map(|n| {
            let (day, minute) = (1 + n / 60, n % 60);
            let date = format!("2025-03-{day:02}T10:{minute:02}:00Z");
            [
                format!("urn:n:{n}"),
                format!("https://n.example/{n}"),
                format!("Notice number {n}"),
                date,
            ]
        })
        .collect();
    let entries: Vec<_> =
        entries.iter().map(|[id, link, title, date]| (&**id, &**link, &**title, &**date)).collect();
    let world =
        World::new().await.source("fcdo", atom(&entries)).topic("all", "notice").start().await;
    for first in ["/stories.json", "/topics/all.json?before=2030-01-01T00:00:00%2B00:00"] {
        let (mut path, mut seen, mut pages) = (Some(first.to_owned()), Vec::new(), 0);
        while let Some(next) = path {
            let answer = world.get(&next).await;
            assert_eq!(answer.status, 200, "{next}");
            let feed: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            let items = feed["items"].as_array().unwrap();
            seen.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            assert_ne!(feed["next_url"], feed["feed_url"]);
            path =
                feed["next_url"].as_str().map(|url| url.replace("https://feeds.example.org", ""));
            pages += 1;
            assert!(pages < 10, "{path:?}");
        }
        let met: std::collections::BTreeSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), met.len()), (130, 130), "{first}");
    }
    assert_eq!(world.get("/stories.json?before=yesterday").await.status, 400);
    assert_eq!(world.get("/topics/none.json?before=2025-03-01T00:00:00Z").await.status, 404);
}
