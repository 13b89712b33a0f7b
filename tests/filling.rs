//! Tests that a changed topic is served as it was until the new one is complete.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use gazetted::engine::{TopicFillProgress, TopicFillResult, Turn};
use gazetted::inquiry::Records;
use gazetted::model::{
    EngineRecord, Entry, Feed, Freshness, Hints, Outcome, Poll, Reading, SourceId, Timestamp,
    TopicId, Validators,
};
use gazetted::pipeline::{EngineDriver, Pipeline, ReplanError, Request};
use gazetted::publish::{Before, ResponseCache};
use gazetted::store::{InMemory, Store};
use tokio::sync::{mpsc, oneshot};

use crate::support::binary::{Gazetted, Launched, RunningDaemon};
use crate::support::http::get;
use crate::support::world::{World, atom};

/// More than are filled at a time.
const STORIES: usize = 450;

/// Every other story is about a harbour, every fifth about a bridge.
fn title(number: usize) -> String {
    let about = if number.is_multiple_of(2) { "harbour" } else { "river" };
    let too = if number.is_multiple_of(5) { " and its bridge" } else { "" };
    format!("Notice {number} about the {about}{too}")
}

fn poll(world: &World, numbers: impl Iterator<Item = usize>) -> Vec<Poll> {
    let source = SourceId::new("office");
    let entry = |number: usize| {
        let mut entry = Entry::of(SourceId::new("office"));
        entry.guid = Some(format!("tag:example.org,2025:{number}"));
        entry.title = title(number);
        entry
    };
    let reading = Reading {
        validators: Validators::default(),
        freshness: Freshness::default(),
        bytes: 0,
        hash: 0,
        broken_off: false,
        back: None,
        read_by: Default::default(),
        moved: None,
        feed: Feed::default(),
        entries: numbers.map(entry).map(Arc::new).collect(),
        hints: Hints::default(),
        warnings: Vec::new(),
    };
    let outcome = Outcome::Read(Box::new(reading));
    vec![Poll::of(&world.plan().sources[&source], world.clock.now(), outcome)]
}

async fn configured(query: &str) -> World {
    World::new().await.source("office", "").topic("works", query).lines("entries = 1000")
}

fn titles(cache: &ResponseCache) -> Vec<usize> {
    let feed = cache.body("/topics/works.json").expect("the topic is served");
    let feed: serde_json::Value = serde_json::from_slice(&feed).unwrap();
    let items = feed["items"].as_array().unwrap().iter();
    let number = |title: &str| title.split(' ').nth(1).unwrap().parse().unwrap();
    let mut numbers: Vec<usize> =
        items.map(|item| number(item["title"].as_str().unwrap())).collect();
    numbers.sort_unstable();
    numbers
}

fn ids(cache: &ResponseCache) -> Vec<String> {
    let feed = cache.body("/topics/works.json").unwrap();
    let feed: serde_json::Value = serde_json::from_slice(&feed).unwrap();
    let ids = feed["items"].as_array().unwrap().iter();
    ids.map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

fn about(word: &str, last: usize) -> Vec<usize> {
    (0..last).filter(|number| title(*number).contains(word)).collect()
}

async fn opened(world: &World, store: &Arc<InMemory>) -> (EngineDriver, Arc<ResponseCache>) {
    let cache: Arc<ResponseCache> = Arc::default();
    let plan = Arc::new(world.plan());
    let now = world.clock.now();
    (EngineDriver::open(plan, store.clone(), cache.clone(), now).await.unwrap(), cache)
}

async fn filled(driver: &mut EngineDriver, world: &World) -> Vec<TopicFillResult> {
    loop {
        if let Some(refilled) = driver.step(world.clock.now()).await.unwrap() {
            return refilled;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_is_heard_while_another_fills_its_topics() {
    let (harbours, bridges) = (configured("harbour").await, configured("bridge").await);
    let rivers = configured("river").await;
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, cache) = opened(&harbours, &store).await;
    driver.ingest(&poll(&harbours, 0..STORIES)).await.unwrap();
    driver.publish().await.unwrap();
    let (requests, incoming) = mpsc::channel(8);
    let reload = |world: &World| {
        let ((in_force, is_in_force), (done, filled)) = (oneshot::channel(), oneshot::channel());
        let plan = Arc::new(world.plan());
        requests.try_send(Request::Replan { plan, force: false, in_force, done }).unwrap();
        (is_in_force, filled)
    };
    // The first needs more slices than are filled between two requests.
    let (first, second) = (reload(&bridges), reload(&rivers));
    let pipeline = Pipeline::new(driver, rivers.clock.clone(), incoming).unwrap();
    let running = tokio::spawn(pipeline.run());
    assert_eq!(first.0.await.unwrap(), Ok(()));
    assert_eq!(second.0.await.unwrap(), Ok(()));
    assert_eq!(first.1.await.unwrap(), Err(ReplanError::Superseded));
    assert_eq!(second.1.await.unwrap().unwrap().len(), 1);
    assert_eq!(titles(&cache), about("river", STORIES));
    requests.send(Request::Stop).await.unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_topic_is_served_as_it_was_until_it_is_filled_and_misses_nothing() {
    let (harbours, bridges) = (configured("harbour").await, configured("bridge").await);
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, cache) = opened(&harbours, &store).await;
    driver.ingest(&poll(&harbours, 0..STORIES)).await.unwrap();
    driver.publish().await.unwrap();
    assert_eq!(titles(&cache), about("harbour", STORIES));
    let before = ids(&cache);

    let (plan, at) = (Arc::new(bridges.plan()), bridges.clock.now());
    driver.apply(Turn::Plan { plan, at }).await.unwrap();
    driver.publish().await.unwrap();
    assert_eq!(driver.step(bridges.clock.now()).await.unwrap(), None, "one slice is not all");
    assert!(driver.is_filling());
    let told = |matched, of| TopicFillProgress { topic: TopicId::new("works"), matched, of };
    assert_eq!(driver.fill_progress().all(), [told(200, STORIES as u64)]);
    assert_eq!(titles(&cache), about("harbour", STORIES));
    // Older pages lead on from the old feed.
    let records =
        Records::new(Arc::new(bridges.plan()), store.clone(), driver.source_states().clone());
    let top = Before { date: Timestamp::from_secs(4_000_000_000), story: None };
    let older = records.earlier(Some(&TopicId::new("works")), top).unwrap().unwrap();
    assert_eq!(older.total.map(|total| total.count), Some(about("harbour", STORIES).len()));
    // What comes in meanwhile is in the old feed at once, and in the new one later.
    driver.ingest(&poll(&bridges, 0..STORIES + 10)).await.unwrap();
    driver.publish().await.unwrap();
    assert_eq!(titles(&cache), about("harbour", STORIES + 10));

    let refilled = filled(&mut driver, &bridges).await;
    assert_eq!(driver.fill_progress().all(), []);
    assert_eq!(titles(&cache), about("bridge", STORIES + 10));
    let (added, lost) = (46, 184);
    assert_eq!((refilled[0].added, refilled[0].lost), (added, lost));
    assert_eq!(
        refilled[0].to_string(),
        format!("{} stories matched again, +46 −184", refilled[0].matched)
    );
    assert!(ids(&cache).iter().filter(|id| before.contains(id)).count() >= 45, "ids stay");
    assert_eq!(store.filled().unwrap().len(), 4, "what stood before is dropped");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_keeps_less_keeps_what_it_kept_until_it_is_filled() {
    for restarts in [false, true] {
        let harbours = configured("harbour").await;
        let few = configured("harbour").await.lines("stories = 7");
        let store: Arc<InMemory> = Arc::default();
        let (mut driver, cache) = opened(&harbours, &store).await;
        driver.ingest(&poll(&harbours, 0..STORIES)).await.unwrap();
        let (plan, at) = (Arc::new(few.plan()), few.clock.now());
        driver.apply(Turn::Plan { plan, at }).await.unwrap();
        if restarts {
            driver = EngineDriver::open(Arc::new(few.plan()), store.clone(), cache.clone(), at)
                .await
                .unwrap();
        }
        assert_eq!(driver.step(few.clock.now()).await.unwrap(), None, "one slice is not all");
        for more in 1..4 {
            driver.ingest(&poll(&few, 0..STORIES + more)).await.unwrap();
        }
        driver.publish().await.unwrap();
        assert_eq!(titles(&cache), about("harbour", STORIES + 3), "it is served as it was");
        let refilled = filled(&mut driver, &few).await;
        let left = about("harbour", STORIES + 3);
        assert_eq!((refilled[0].added, refilled[0].lost), (0, left.len() - 7), "{restarts}");
        assert_eq!(titles(&cache).len(), 7);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_with_a_changed_topic_serves_the_old_feed_also_after_a_crash_in_the_filling() {
    let (harbours, bridges) = (configured("harbour").await, configured("bridge").await);
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, _) = opened(&harbours, &store).await;
    driver.ingest(&poll(&harbours, 0..STORIES)).await.unwrap();
    driver.publish().await.unwrap();
    drop(driver);

    for _ in 0..2 {
        let (mut driver, cache) = opened(&bridges, &store).await;
        assert_eq!(titles(&cache), about("harbour", STORIES), "ready with the old feed");
        assert!(driver.is_filling());
        assert_eq!(driver.step(bridges.clock.now()).await.unwrap(), None);
        // Killed here: nothing of the driver is left but the store.
    }
    let (mut driver, cache) = opened(&bridges, &store).await;
    driver.ingest(&poll(&bridges, 0..STORIES + 10)).await.unwrap();
    driver.publish().await.unwrap();
    filled(&mut driver, &bridges).await;
    assert_eq!(titles(&cache), about("bridge", STORIES + 10));
    drop(driver);
    let (driver, cache) = opened(&bridges, &store).await;
    assert!(!driver.is_filling(), "what was filled is not filled again");
    assert_eq!(titles(&cache), about("bridge", STORIES + 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_taken_back_in_the_middle_leaves_nothing_behind() {
    let (harbours, bridges) = (configured("harbour").await, configured("bridge").await);
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, _) = opened(&harbours, &store).await;
    driver.ingest(&poll(&harbours, 0..STORIES)).await.unwrap();
    driver.publish().await.unwrap();
    drop(driver);

    let (mut driver, _) = opened(&bridges, &store).await;
    driver.step(bridges.clock.now()).await.unwrap();
    driver.ingest(&poll(&bridges, 0..STORIES + 10)).await.unwrap();
    driver.publish().await.unwrap();
    drop(driver);

    let (driver, cache) = opened(&harbours, &store).await;
    assert!(!driver.is_filling(), "the feed went on by its query all the time");
    assert_eq!(titles(&cache), about("harbour", STORIES + 10));
    assert_eq!(store.filled().unwrap().len(), 4);
    let records = store.engine_records().unwrap();
    assert!(records.iter().all(|one| !matches!(one, EngineRecord::Unfinished { .. })));
}

/// Files whose entries are all taken in at the first start.
const FILES: usize = 10;
const ENTRIES: usize = 500;

/// A store with so many stories that filling a topic takes many steps.
fn archive() -> Gazetted {
    let mut config =
        "[server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://feeds.example.org/\"\n\
                      [logging]\nformat = \"json\"\n[store]\npath = \"store\"\n[publish]\nmax_feed = \"10MB\"\n"
            .to_owned();
    for file in 0..FILES {
        write!(config, "[[source]]\nid = \"office-{file}\"\nfile = \"{file}.xml\"\n").unwrap();
    }
    config += "[[topic]]\nid = \"works\"\ntitle = \"Works\"\nentries = 5000\nquery = \"harbour\"\n";
    let gazetted = Gazetted::with(&config);
    for file in 0..FILES {
        let rows: Vec<[String; 3]> = (file * ENTRIES..(file + 1) * ENTRIES)
            .map(|number| {
                let link = format!("https://office-{file}.example/{number}");
                [format!("urn:{number}"), link, title(number)]
            })
            .collect();
        let rows: Vec<_> = rows
            .iter()
            .map(|[id, link, title]| (&**id, &**link, &**title, "2025-04-01T09:00:00Z"))
            .collect();
        std::fs::write(gazetted.path().join(format!("{file}.xml")), atom(&rows)).unwrap();
    }
    gazetted
}

/// How far the topic is filled, as an operator is told.
fn filling(gazetted: &Gazetted) -> Option<(u64, u64)> {
    let lines = gazetted.succeed(&["status", "--json"]);
    let mut lines = lines.lines().map(serde_json::from_str::<serde_json::Value>);
    let of_it = lines.find_map(|line| line.ok().filter(|line| line["state"] == "filling"))?;
    assert_eq!(of_it["topic"], "works");
    Some((of_it["matched"].as_u64()?, of_it["of"].as_u64()?))
}

/// What is published of the topic, on all pages of its feed: the id of each title.
fn served(daemon: &RunningDaemon) -> BTreeMap<String, String> {
    let (mut ids, mut number) = (BTreeMap::new(), 0);
    let mut next = Some("/topics/works.json".to_owned());
    while let Some(path) = next {
        let page: serde_json::Value =
            serde_json::from_slice(&get(daemon.address, &path).body).unwrap();
        let text = |item: &serde_json::Value, name: &str| item[name].as_str().unwrap().to_owned();
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| (text(item, "title"), text(item, "id"))));
        number += items.len();
        let address = page["next_url"].as_str();
        next = address.map(|url| url.strip_prefix("https://feeds.example.org").unwrap().to_owned());
    }
    assert_eq!(ids.len(), number, "nothing stands there twice");
    ids
}

#[test]
fn a_topic_whose_filling_was_killed_is_filled_at_the_next_start_and_holds_nothing_twice() {
    let all = FILES * ENTRIES;
    let gazetted = archive();
    gazetted.succeed(&["poll"]);
    let stories = gazetted.stories();
    assert_eq!(stories.len(), all);
    let mut stood = "harbour";
    let mut killed = 0;
    // However fast the machine is: some kill comes while there is something to fill.
    for wanted in ["bridge", "harbour"].into_iter().cycle().take(20) {
        let config = std::fs::read_to_string(gazetted.config()).unwrap();
        let line = |word: &str| format!("query = \"{word}\"");
        assert!(config.contains(&line(stood)));
        std::fs::write(gazetted.config(), config.replace(&line(stood), &line(wanted))).unwrap();
        let daemon = Launched::by(gazetted.command(&["run"])).listening();
        let (matched, of) = filling(&gazetted).unwrap_or_default();
        daemon.signal("KILL");
        let (_, log) = daemon.ended();
        if log.contains("\"topic_changed\"") || matched == of {
            stood = wanted;
            continue;
        }
        killed += 1;
        assert_eq!(of, all as u64);
        let mut daemon = Launched::by(gazetted.command(&["run"])).listening();
        daemon.logged("\"topic_changed\"");
        let ids = served(&daemon);
        assert_eq!(ids.len(), about(wanted, all).len(), "{wanted}");
        assert_eq!(filling(&gazetted), None);
        daemon.end("TERM");
        for story in &stories {
            let published = ids.get(story["title"].as_str().unwrap());
            assert!(published.is_none_or(|id| id == story["published_id"].as_str().unwrap()));
        }
        stood = wanted;
        if killed == 2 {
            break;
        }
    }
    assert!(killed > 0, "no kill came while a topic was being filled");
    let kept = |stories: Vec<serde_json::Value>| -> Vec<_> {
        stories.into_iter().map(|story| [story["id"].clone(), story["entries"].clone()]).collect()
    };
    assert_eq!(kept(gazetted.stories()), kept(stories));
}
