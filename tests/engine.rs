//! The engine is deterministic: the same turns give the same store, bodies, Last-Modified and archive.
//!
//! What happens without disturbance over the store in memory is compared with what happens over the
//! daemon's own store on disk while other things happen in between.

mod generator;
mod replay;
#[cfg(feature = "cluster")]
mod sequenced;
#[cfg(feature = "cluster")]
mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use gazetted::dedup;
use gazetted::engine::{Ingested, Turn};
use gazetted::model::{EngineRecord, MOST_BEARERS, Timestamp};
use gazetted::store::{InMemory, Store};
use proptest::prelude::*;

use generator::Generator;
use replay::{Disturbed, Outcome, Recorded, config, record, replay, with_private};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What `turns` come to, one by one and published after each, over the store in memory.
async fn undisturbed(recorded: &Recorded) -> Outcome {
    replay(recorded, &mut Disturbed::grouping(1)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn how_many_stories_are_kept_does_not_depend_on_how_polls_are_grouped() {
    let plan = config("[store]\npath = \"store\"\nkeep = \"1d\"\n", "entries = 10");
    let mut generator = Generator::new(7);
    generator.news = 5;
    let recorded = record(&[plan], &mut generator, 120).await;
    let alone = undisturbed(&recorded).await;
    let kept = |result: &Outcome| {
        result.records.iter().filter(|record| record.contains("\"story\":{\"story\"")).count()
    };
    assert!(kept(&alone) > 0, "something is kept");
    for size in [1, 2, 7, 64] {
        let together = replay(&recorded, &mut Disturbed::grouping(size).on_disk()).await;
        assert_eq!(kept(&alone), kept(&together), "in groups of {size}");
        alone.assert_same(&together, &format!("in groups of {size}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn volumes_and_last_modified_do_not_depend_on_when_feeds_are_published() {
    let recorded = record(&[config("", "entries = 6")], &mut Generator::new(11), 300).await;
    let each = replay(&recorded, &mut Disturbed::publishing(1)).await;
    assert!(each.volumes() > 5, "{}", each.volumes());
    for every in [3, 64, 1000] {
        let seldom = replay(&recorded, &mut Disturbed::publishing(every).on_disk()).await;
        each.assert_same(&seldom, &format!("published every {every} turns"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_whose_clock_is_past_the_end_of_the_month_changes_nothing() {
    let plan = config("[store]\npath = \"store\"\nkeep = \"20d\"\n", "entries = 6\nkeep = \"9d\"");
    let recorded = record(&[plan], &mut Generator::new(13), 200).await;
    let straight = undisturbed(&recorded).await;
    let restarted = replay(&recorded, &mut Disturbed::restarting(40, 60 * DAY).on_disk()).await;
    straight.assert_same(&restarted, "restarted with a clock sixty days ahead");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_in_force_from_its_turn_on_however_long_its_topics_take_to_fill() {
    let plans = [config("", "entries = 6"), config("", "entries = 9").replace("harbour", "ferry")];
    let recorded = record(&plans, &mut Generator::new(17), 400).await;
    let at_once = replay(&recorded, &mut Disturbed::filling(true)).await;
    let slowly = replay(&recorded, &mut Disturbed::filling(false).on_disk()).await;
    at_once.assert_same(&slowly, "filled before or after the polls that follow");
    // What is served until a topic is filled, and its Last-Modified, are among it.
    assert!(at_once.noted() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_while_topics_are_filled_changes_nothing() {
    // The topic of the second plan asks for sources, too: what it finds depends on more than words.
    let plans = [
        config("", "entries = 6"),
        config("", "entries = 9").replace("query = \"harbour\"", "query = \"ferry OR source:s1\""),
        config("", "entries = 6")
            .replace("query = \"harbour\"", "query = \"bridge AND NOT source:s2\""),
    ];
    let mut generator = Generator::new(71);
    generator.news = 6;
    let recorded = record(&plans, &mut generator, 500).await;
    let straight = replay(&recorded, &mut Disturbed::grouping(1).noting()).await;
    for every in [1, 3] {
        let often = Disturbed::restarting(every, 20 * DAY);
        let restarted = replay(&recorded, &mut often.noting()).await;
        straight.assert_same(&restarted, &format!("restarted after every {every} turns"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_does_not_depend_on_restarts_or_on_when_topics_are_filled() {
    // Not every story is in the topic of all, so that some are in private topics alone.
    let public = config("", "entries = 6").replace("\"notice\"", "\"ferry\"");
    let plans = [with_private("bridge", &public), with_private("harbour", &public), public];
    for changes in [1, 2, 3] {
        let recorded = record(&plans[..changes], &mut Generator::new(41), 120).await;
        let straight = undisturbed(&recorded).await;
        assert!(changes == 3 || straight.hidden() > 0, "{changes}");
        for seed in [43, 47] {
            let disturbed = replay(&recorded, &mut Disturbed::at_random(seed).on_disk()).await;
            straight.assert_same(&disturbed, &format!("{changes} plans, seed {seed}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_never_holds_more_than_its_entries_and_with_its_archive_every_story() {
    for seed in [19, 23] {
        let plan = config("", "entries = 6");
        let recorded = record(std::slice::from_ref(&plan), &mut Generator::new(seed), 250).await;
        let result = undisturbed(&recorded).await;
        for path in ["/topics/harbour.json", "/topics/all.json"] {
            let feed: serde_json::Value = serde_json::from_str(result.body(path)).unwrap();
            let held = feed["items"].as_array().unwrap().len();
            let most = if path.contains("all") { 50 } else { 6 };
            assert!(held > 0 && held <= most, "{path}: {held}");
        }
        let rss = result.body("/topics/harbour.rss").matches("<item>").count();
        assert!(rss > 0 && rss <= 6, "{rss}");
        let told = result.told("harbour");
        let held = result.held("harbour");
        assert!(held.len() > 20, "{}", held.len());
        assert!(held.is_subset(&told), "{:?}", held.difference(&told).collect::<Vec<_>>());
    }
}

/// The text of all volumes of a topic.
fn archived(store: &dyn Store, topic: &str) -> (usize, String) {
    let closed = store.archive(&format!("/topics/{topic}/archive/")).unwrap();
    let told = closed.iter().map(|path| store.archived(path).unwrap().unwrap()).collect();
    (closed.len(), told)
}

fn titles(cache: &gazetted::publish::ResponseCache) -> Vec<String> {
    let body = cache.body("/topics/harbour.json").unwrap();
    let feed: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let items = feed["items"].as_array().unwrap().iter();
    items.map(|item| item["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_entries_of_new_sources_go_into_volumes_together_within_an_hour() {
    let plan = config("", "entries = 8");
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, mut cache) = replay::opened(&plan, &store, generator::start()).await;
    let mut generator = Generator::new(29);
    let now = generator::start().after(HOUR);
    driver.ingest(&[generator.listing(0, now, &[1, 2, 3, 4, 5, 6, 7, 8])]).await.unwrap();
    driver.publish().await.unwrap();
    let before = titles(&cache);
    assert_eq!(before.len(), 8);
    let old = |source: u64| (300 + 100 * source..320 + 100 * source).collect::<Vec<u64>>();
    let came = |source: u64| now.after(HOUR + Duration::from_secs(source));
    for source in [1, 2] {
        driver.ingest(&[generator.listing(source, came(source), &old(source))]).await.unwrap();
        driver.publish().await.unwrap();
        assert_eq!(titles(&cache), before, "no subscriber is flooded");
        assert_eq!(archived(&*store, "harbour").0, 0, "they wait for a volume");
        // They wait on after a restart.
        (driver, cache) = replay::opened(&plan, &store, came(source)).await;
    }
    // The revision of a story that waits is news.
    driver.ingest(&[generator::revised(1, came(60), 400)]).await.unwrap();
    driver.publish().await.unwrap();
    assert!(titles(&cache).contains(&generator::title(1, 400)), "{:?}", titles(&cache));
    let (with_news, _) = archived(&*store, "harbour");
    assert_eq!(with_news, 1, "the feed holds eight, and has made room for the revision");
    let later = |poll: Duration| came(1).after(poll);
    driver.ingest(&[generator.listing(0, later(HOUR - SECOND), &[1])]).await.unwrap();
    assert_eq!(archived(&*store, "harbour").0, with_news, "they wait for an hour");
    driver.ingest(&[generator.listing(0, later(HOUR), &[1])]).await.unwrap();
    let (count, told) = archived(&*store, "harbour");
    assert_eq!(count, with_news + 1, "there is one volume for both sources");
    for source in [1, 2] {
        for number in old(source) {
            let is_told = told.contains(&generator::title(source, number));
            assert_eq!(is_told, number != 400, "{number} is in the volume, or in the feed");
        }
    }
    driver.publish().await.unwrap();
    assert!(titles(&cache).contains(&generator::title(1, 400)));
}

#[tokio::test(flavor = "multi_thread")]
async fn old_entries_that_fill_a_volume_do_not_wait() {
    let plan = config("", "entries = 8");
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, _) = replay::opened(&plan, &store, generator::start()).await;
    let mut generator = Generator::new(29);
    let old: Vec<u64> = (1..240).collect();
    driver.ingest(&[generator.listing(1, generator::start(), &old)]).await.unwrap();
    assert_eq!(archived(&*store, "harbour").0, 2, "the last thirty-one wait");
}

/// Applies a plan, and fills its topics.
async fn replanned(driver: &mut gazetted::pipeline::EngineDriver, config: &str, at: Timestamp) {
    driver.apply(Turn::Plan { plan: replay::plan(config), at }).await.unwrap();
    while driver.is_filling() {
        driver.step(at).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_of_one_query_have_archives_of_their_own() {
    let mut plan = config("", "entries = 9");
    plan += "[[topic]]\nid = \"few\"\ntitle = \"Few\"\nquery = \"harbour\"\nentries = 4\n";
    let recorded = record(&[plan], &mut Generator::new(53), 150).await;
    let straight = undisturbed(&recorded).await;
    let restarted = replay(&recorded, &mut Disturbed::restarting(1, Duration::ZERO)).await;
    straight.assert_same(&restarted, "restarted after every turn");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_applies_no_override_that_no_turn_has_applied() {
    let (one, other) = ("https://s0.example/1", "https://s1.example/elsewhere");
    let plan = format!(
        "{}[[story]]\nforce = [\"{one}\", \"{other}\"]\n",
        config("", "entries = 6").replace("[[source]]", "\n[[source]]")
    );
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, _) = replay::opened(&plan, &store, generator::start()).await;
    let at = |hours: u32| generator::start().after(HOUR * hours);
    let stands = |store: &InMemory| {
        let stories = store.stories(None, usize::MAX).unwrap();
        stories.iter().filter(|story| story.stands()).count()
    };
    driver.ingest(&[generator::moved(0, at(1), 1, one)]).await.unwrap();
    driver.ingest(&[generator::moved(1, at(2), 9, "https://s1.example/9")]).await.unwrap();
    assert_eq!(stands(&store), 2);
    driver.ingest(&[generator::moved(1, at(3), 9, other)]).await.unwrap();
    let before = stands(&store);
    drop(driver);
    drop(replay::opened(&plan, &store, at(4)).await);
    assert_eq!(stands(&store), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_of_a_volume_is_given_twice() {
    let whole = config("", "entries = 8");
    let without = whole.split("[[topic]]\nid = \"harbour\"").next().unwrap();
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, _) = replay::opened(&whole, &store, generator::start()).await;
    let (mut generator, mut given) = (Generator::new(59), BTreeMap::new());
    let mut check = |store: &InMemory| {
        for path in store.archive("/topics/harbour/archive/").unwrap() {
            let text = store.archived(&path).unwrap().unwrap();
            let before = given.entry(path.clone()).or_insert_with(|| text.clone());
            assert!(*before == text, "{path} has changed");
        }
        given.len()
    };
    for round in 0..3 {
        let at = generator::start().after(HOUR * (10 * round + 1));
        for number in 1..30 {
            let (at, number) = (at.after(SECOND * 60 * number), 100 * round + number);
            driver.ingest(&[generator.listing(0, at, &[number.into()])]).await.unwrap();
        }
        let closed = check(&store);
        let at = at.after(HOUR);
        replanned(&mut driver, without, at).await;
        assert_eq!(store.archive("/topics/harbour/archive/").unwrap(), [""; 0]);
        if round == 1 {
            (driver, _) = replay::opened(without, &store, at).await;
        }
        replanned(&mut driver, &whole, at).await;
        assert!(check(&store) > closed, "what the topic has made anew has further names");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_before_a_query_changes_is_told_in_a_volume_after_it() {
    let plan = config("", "entries = 8");
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, _) = replay::opened(&plan, &store, generator::start()).await;
    let mut generator = Generator::new(61);
    let at = |minutes: u32| generator::start().after(SECOND * 60 * minutes);
    for number in 1..30 {
        let poll = generator.listing(0, at(number), &[u64::from(number)]);
        driver.ingest(&[poll]).await.unwrap();
    }
    let title = generator::title(0, 1);
    assert!(archived(&*store, "harbour").1.contains(&title));
    driver.ingest(&[generator::revised(0, at(40), 1)]).await.unwrap();
    let before = archived(&*store, "harbour").1.matches(&title).count();
    let wider = plan.replace("query = \"harbour\"", "query = \"harbour OR quay\"");
    replanned(&mut driver, &wider, at(50)).await;
    for number in 60..90 {
        let poll = generator.listing(0, at(number), &[u64::from(number)]);
        driver.ingest(&[poll]).await.unwrap();
    }
    let (_, told) = archived(&*store, "harbour");
    assert!(told.matches(&title).count() > before, "{before}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_lists_one_announcement_anew_for_ever_takes_no_room_for_ever() {
    const ROUNDS: u64 = 60;
    let store: Arc<InMemory> = Arc::default();
    let plan = config("", "entries = 6");
    let (mut driver, _) = replay::opened(&plan, &store, generator::start()).await;
    let mut generator = Generator::new(67);
    driver.ingest(&[generator.listing(0, generator::start(), &[5])]).await.unwrap();
    for round in 1..=ROUNDS {
        let at = generator::start().after(HOUR * u32::try_from(round).unwrap());
        let ingested = driver.ingest(&[generator::copied(1, at, 5, round)]).await.unwrap();
        let Ingested { new, joined, left_out, .. } = ingested[0];
        let expected = if round <= 10 { (0, 1, 0) } else { (0, 0, 1) };
        assert_eq!((new, joined, left_out), expected, "round {round}");
    }
    let stories = store.stories(None, usize::MAX).unwrap();
    assert_eq!(stories.len(), 1);
    let members = &stories[0].members;
    assert_eq!(members.len(), 11, "the original, and ten copies");
    assert!(members.iter().any(|member| member.entry.source.as_str() == "s0"));
}

/// Of very many stories with one page the oldest are not found by it any longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_story_never_takes_the_id_of_one_that_is_not_found_any_longer() {
    const NOTICES: u64 = 80;
    let store: Arc<InMemory> = Arc::default();
    let plan = config("", "entries = 6");
    let (mut driver, _) = replay::opened(&plan, &store, generator::start()).await;
    for number in 1..=NOTICES {
        let at = generator::start().after(DAY * (2 * number) as u32);
        driver.ingest(&[generator::on_one_page(number, at)]).await.unwrap();
    }
    let stories = store.stories(None, usize::MAX).unwrap();
    let titles: BTreeSet<_> =
        stories.iter().map(|story| story.members[0].entry.title.clone()).collect();
    assert_eq!((titles.len() as u64, store.count().unwrap()), (NOTICES, NOTICES));
    let [page, _] = dedup::keys_of_page(&generator::board());
    let found = store.lookalikes(&[page]).unwrap();
    assert_eq!(found.by_key[&page].len(), MOST_BEARERS, "some are not found by it");
}

#[tokio::test(flavor = "multi_thread")]
async fn q24_two_changes_in_one_second_have_two_dates() {
    let store: Arc<InMemory> = Arc::default();
    let at = generator::start().after(HOUR);
    let (mut driver, cache) =
        replay::opened(&config("", "entries = 6"), &store, generator::start()).await;
    let mut generator = Generator::new(37);
    let mut dates = Vec::new();
    for (source, number) in [(0, 1), (1, 2), (2, 3)] {
        driver.ingest(&[generator.listing(source, at, &[number])]).await.unwrap();
        driver.publish().await.unwrap();
        let documents = cache.documents();
        let feed = documents.iter().find(|one| one.path == "/topics/harbour.atom").unwrap();
        dates.push(at.until(feed.modified.unwrap()).as_secs());
    }
    assert_eq!(dates, [0, 1, 2]);
}

/// When silences were last looked for is stored, so a restart does not look sooner.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_does_not_look_for_silences_sooner() {
    let plan = config("", "entries = 6");
    let store: Arc<InMemory> = Arc::default();
    let checked = |store: &InMemory| {
        let records = store.engine_records().unwrap();
        records.into_iter().find_map(|record| match record {
            EngineRecord::Progress(progress) => progress.silence_checked,
            _ => None,
        })
    };
    let mut generator = Generator::new(31);
    let mut at = generator::start();
    for minutes in [0, 20, 20, 30] {
        let before = checked(&store);
        at = at.after(Duration::from_secs(60 * minutes));
        // At the first start the plan comes into force; the others have a clock far ahead.
        let ahead = if before.is_some() { 30 * DAY } else { Duration::ZERO };
        let (mut driver, _) = replay::opened(&plan, &store, at.after(ahead)).await;
        driver.ingest(&[generator.listing(0, at, &[1])]).await.unwrap();
        let since = before.map_or(Duration::MAX, |before| before.until(at));
        assert_eq!(checked(&store) != before, since >= HOUR, "after {minutes} minutes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 0, ..ProptestConfig::default() })]

    /// Over a month's end, with every bound of the store and of topics.
    #[test]
    fn whatever_happens_between_turns_changes_nothing(seed in any::<u64>()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        runtime.block_on(async {
            let store = "[store]\npath = \"store\"\nkeep = \"25d\"\nstories = 90\nkeep_keys = \"10d\"\n";
            let bounds = "entries = 5\nkeep = \"12d\"\nstories = 30\nexplain = true";
            let plans = [config(store, bounds),
                with_private("bridge", &config(store, bounds).replace("harbour", "ferry")),
                config("", "entries = 7").replace("feeds.example", "news.example")];
            let recorded = record(&plans, &mut Generator::new(seed), 150).await;
            let straight = undisturbed(&recorded).await;
            let disturbed = replay(&recorded, &mut Disturbed::at_random(seed ^ 1).on_disk()).await;
            straight.assert_same(&disturbed, &format!("seed {seed}"));
        });
    }
}

/// Raise `gazetted::engine::RULES_VERSION` with every change of this digest: the same turns then
/// lead to another state than before.
const DIGEST: &str = "3c37f793f2d8c841";

#[tokio::test(flavor = "multi_thread")]
async fn five_thousand_turns_have_a_known_digest() {
    let store = "[store]\npath = \"store\"\nkeep = \"25d\"\nstories = 400\nkeep_keys = \"10d\"\n";
    let plans = [config(store, "entries = 6"), config(store, "entries = 6\nkeep = \"12d\"")];
    let mut generator = Generator::new(2026);
    generator.quiet = 85;
    let recorded = record(&plans, &mut generator, 5_000).await;
    assert_eq!(recorded.digest(), DIGEST, "rules version {}", gazetted::engine::RULES_VERSION);
}
