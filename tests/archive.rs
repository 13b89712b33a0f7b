//! Tests that archived feeds stay as they are over months, and that a walk through them meets every story.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use atom_syndication::Feed;
use gazetted::store;

use crate::support::world::{World, atom};

const DAY: Duration = Duration::from_secs(24 * 3600);
const FORMATS: [&str; 3] = ["atom", "rss", "json"];

/// An entry of a department by its number, as it stands on a day.
fn entry(number: u32, day: &str) -> [String; 4] {
    let page = format!("https://www.gov.uk/government/news/crime-{number}");
    let updated = format!("{day}T08:00:00Z");
    [format!("{page}#{updated}"), page, format!("Crime report no. {number} as of {day}"), updated]
}

fn listing(entries: &[[String; 4]]) -> String {
    let parts = entries.iter().map(|[id, page, title, at]| (&**id, &**page, &**title, &**at));
    atom(&parts.collect::<Vec<_>>())
}

/// Two stories of April, and one of May, with which April's volume closes.
async fn in_may() -> World {
    in_may_with("").await
}

/// The same, with further lines in the topic's table.
async fn in_may_with(lines: &str) -> World {
    let april = [entry(2, "2025-04-02"), entry(1, "2025-04-01")];
    let world = World::new().await.source("fcdo", listing(&april)).topic("crime", "crime");
    let world = world.lines(lines).start().await;
    assert_eq!(world.get("/topics/crime/archive/2025-04.atom").await.status, 404);
    world.site.document("/fcdo", listing(&[entry(3, "2025-05-03"), april[0].clone()]));
    world.pass(31 * DAY).await;
    world
}

/// The archived feeds that the feed leads to, by path, in every format.
async fn archived(world: &World) -> BTreeMap<String, Vec<u8>> {
    let mut volumes = BTreeMap::new();
    for format in FORMATS {
        for month in ["2025-04", "2025-05", "2025-06"] {
            let path = format!("/topics/crime/archive/{month}.{format}");
            let answer = world.get(&path).await;
            if answer.status == 200 {
                volumes.insert(path, answer.body);
            }
        }
    }
    volumes
}

/// Every entry that a walk from the feed back meets, by id, with the `updated` it is met with
/// first; and how many documents that took.
async fn walk(world: &World) -> (BTreeMap<String, String>, usize) {
    let (mut met, mut documents) = (BTreeMap::new(), 0);
    let mut next = Some("/topics/crime.atom".to_owned());
    while let Some(path) = next {
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200, "{path}");
        let feed = Feed::read_from(&answer.body[..]).unwrap();
        let ids: BTreeSet<_> = feed.entries.iter().map(|entry| &entry.id).collect();
        assert_eq!(ids.len(), feed.entries.len(), "{path} tells each story once");
        for entry in &feed.entries {
            met.entry(entry.id.clone()).or_insert_with(|| entry.updated.to_rfc3339());
        }
        documents += 1;
        let link = feed.links.iter().find(|link| link.rel == "prev-archive");
        next = link.map(|link| link.href.replace("https://feeds.example.org/", "/"));
    }
    (met, documents)
}

/// Every stored story by its published id, with its `updated`.
fn stored(world: &World) -> BTreeMap<String, String> {
    let dated = |text: &str| text.replace('Z', "+00:00");
    let stories = world.stories().into_iter();
    stories.map(|story| (story.published_id, dated(&story.updated))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_of_a_topic_that_explains_itself_says_for_which_words_as_the_feed_does() {
    let world = in_may_with("explain = true").await;
    let volumes = archived(&world).await;
    assert_eq!(volumes.len(), 3, "{:?}", volumes.keys());
    for (path, bytes) in volumes {
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(text.matches("Matched: crime.").count(), 2, "{path}: {text}");
    }
    for bytes in archived(&in_may().await).await.into_values() {
        assert!(!String::from_utf8(bytes).unwrap().contains("Matched: "));
    }
}

/// Twenty entries of another site, all dated anew every hour.
fn flood(hour: u32, day: u32) -> String {
    let entry = |number: u32| {
        let updated = format!("2025-04-{day:02}T{hour:02}:{number}:00Z");
        let title = format!("Crime report no. {number}, edition of {hour}:00");
        [format!("urn:{number}"), format!("https://flood.example/{number}"), title, updated]
    };
    listing(&(10..30).map(entry).collect::<Vec<_>>())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_brings_very_much_does_not_push_out_the_news_of_others_for_a_day() {
    let mut news = entry(1, "2025-04-03");
    news[3] = "2025-04-03T07:00:00Z".to_owned();
    let world = World::new().await.source("fcdo", listing(std::slice::from_ref(&news)));
    let world = world.source("flood", flood(8, 3)).topic("crime", "crime").lines("entries = 6");
    let world = world.topic("few", "crime").lines("stories = 4").start().await;
    for hour in [9, 11, 13, 15] {
        for topic in ["crime", "few"] {
            let titles = world.titles(topic).await;
            assert!(titles.contains(&news[2]), "{topic} at {hour}: {titles:?}");
        }
        assert_eq!(world.titles("crime").await.len(), 6);
        assert_eq!(world.titles("few").await.len(), 4);
        // Old entries of a new source wait for a volume, until the next poll at most.
        if hour > 9 {
            assert_eq!(walk(&world).await.0, stored(&world), "at {hour}");
        }
        world.site.document("/flood", flood(hour, 3));
        world.pass(DAY / 12).await;
    }
    // A leap of the clock is believed once polls hours apart agree on it.
    for (hour, time) in [(11, DAY), (17, DAY / 3)] {
        world.site.document("/flood", flood(hour, 4));
        world.pass(time).await;
    }
    assert!(!world.titles("crime").await.contains(&news[2]));
    assert!(!world.titles("few").await.contains(&news[2]));
    assert_eq!(walk(&world).await.0, stored(&world), "it is in a volume");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_that_no_volume_tells_is_in_a_later_one_after_a_restore() {
    let mut world = in_may().await;
    world.site.document("/fcdo", listing(&[entry(1, "2025-05-04")]));
    world.pass(DAY).await;
    world.stop().await;
    let (store, backup) = (world.plan().store.path, world.directory.path().join("backup"));
    let opened = store::open(&store, 16 << 20).unwrap();
    store::backup(&*opened, &backup).unwrap();
    drop(opened);
    store::restore(&backup, &store, 16 << 20, true).unwrap();
    world.restart().await;
    assert_eq!(walk(&world).await.0, stored(&world));
    // The feed has room for fifty.
    let news: Vec<_> = (100..160).map(|number| entry(number, "2025-05-05")).collect();
    world.site.document("/fcdo", listing(&news));
    world.pass(DAY).await;
    assert_eq!(walk(&world).await.0, stored(&world));
}

/// A page of the stories before May, as JSON tells it.
const BEFORE_MAY: &str = "/topics/crime.json?before=2025-05-01T00:00:00Z";

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_earlier_stories_says_for_which_words_where_its_topic_explains_itself() {
    let page = in_may_with("explain = true").await.get(BEFORE_MAY).await.text().to_owned();
    assert_eq!(page.matches("Matched: crime.").count(), 2, "{page}");
    let page = in_may().await.get(BEFORE_MAY).await.text().to_owned();
    assert!(page.contains("Crime report no. 1") && !page.contains("Matched: "), "{page}");
}

/// Forty entries, the newest first, each of twenty thousand letters.
fn long_texts() -> String {
    let mut document = atom(&[]).replace("</feed>", "");
    for number in (10..50).rev() {
        let page = format!("https://www.gov.uk/government/news/crime-{number}");
        let text = format!("crime number {number} was told of ").repeat(650);
        document += &format!(
            "<entry><id>{page}</id><title>Crime report no. {number}</title>\
             <updated>2025-04-01T08:{number}:00Z</updated><link href=\"{page}\"/>\
             <content>{text}</content></entry>"
        );
    }
    document + "</feed>"
}

#[tokio::test(flavor = "multi_thread")]
async fn q40_a_json_feed_stays_below_250_kb_and_its_pages_tell_the_rest_each_story_once() {
    let world = World::new().await.source("fcdo", long_texts()).topic("crime", "crime");
    let world = world.start().await;
    let whole = world.get("/topics/crime.atom").await;
    assert!(whole.body.len() > 750_000, "{}", whole.body.len());
    for first in ["/topics/crime.json", "/stories.json"] {
        let (mut met, mut paths) = (Vec::new(), BTreeSet::new());
        let mut next = Some(first.to_owned());
        while let Some(path) = next {
            assert!(paths.insert(path.clone()), "{path} repeats");
            let answer = world.get(&path).await;
            assert!(answer.body.len() < 250_000, "{path}: {}", answer.body.len());
            let feed: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(feed["feed_url"], format!("https://feeds.example.org{path}"));
            let items = feed["items"].as_array().unwrap();
            met.extend(items.iter().map(|item| item["title"].as_str().unwrap().to_owned()));
            let told = feed["next_url"].as_str();
            next = told.map(|next| next.replace("https://feeds.example.org/", "/"));
        }
        let all: Vec<_> =
            (10..50).rev().map(|number| format!("Crime report no. {number}")).collect();
        assert_eq!(met, all, "{first}");
        assert!(paths.len() >= 4, "{paths:?}");
    }
}

/// Thirty entries of April, the `n`th with a text of about `n` times 3 kB in Atom, and one of May.
fn long_april() -> [String; 2] {
    let entry = |page: &str, title: &str, updated: &str, text: &str| {
        format!(
            "<entry><id>{page}</id><title>{title}</title><updated>{updated}</updated>\
             <link href=\"{page}\"/><content type=\"html\">{text}</content></entry>"
        )
    };
    let of_april: String = (1..31)
        .map(|number| {
            let page = format!("https://www.gov.uk/government/news/crime-{number}");
            let line = format!(
                "&lt;p&gt;\"Crime\" number {number} was told of &amp;amp; again.&lt;/p&gt;"
            );
            let text = line.repeat(number * 40) + &format!("&lt;p&gt;End of {number}.&lt;/p&gt;");
            let day = format!("2025-04-{number:02}T08:00:00Z");
            entry(&page, &format!("Crime report no. {number}"), &day, &text)
        })
        .collect();
    let page = "https://www.gov.uk/government/news/crime-31";
    let of_may = entry(page, "Crime report no. 31", "2025-05-03T08:00:00Z", "crime in May");
    [of_april, of_may].map(|entries| atom(&[]).replace("</feed>", &(entries + "</feed>")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_keeps_to_its_length_with_the_longest_texts_shortened_and_volumes_hold_fewer() {
    const MAX_FEED: usize = 1_000_000;
    let [april, may] = long_april();
    let world = World::new().await.lines("[publish]\nmax_feed = \"1MB\"");
    let world = world.source("fcdo", april).topic("crime", "crime").start().await;
    let ends =
        |text: &str| (1..31).filter(|number| text.contains(&format!("End of {number}."))).count();
    for format in ["atom", "rss"] {
        let feed = world.get(&format!("/topics/crime.{format}")).await;
        assert!(feed.body.len() <= MAX_FEED, "{format}: {}", feed.body.len());
        assert!(feed.body.len() > MAX_FEED / 2, "{format}: {}", feed.body.len());
        let text = feed.text();
        assert_eq!(text.matches("Read the whole text").count(), 30 - ends(text), "{format}");
        assert!((10..25).contains(&ends(text)), "{}: the short ones are whole", ends(text));
        assert!(text.contains("End of 10.") && !text.contains("End of 30."), "{format}");
    }
    // Each shortened text ends with a whole paragraph and leads to the story's page.
    let feed = Feed::read_from(&world.get("/topics/crime.atom").await.body[..]).unwrap();
    let longest = feed.entries.iter().find(|entry| entry.title.value.ends_with("no. 30")).unwrap();
    let html = longest.content().and_then(|content| content.value()).unwrap();
    let (own, link) = html.split_once("<p>This text is shortened. <a href=\"").unwrap();
    assert!(
        own.ends_with("again.</p>") && own.matches("<p>").count() == own.matches("</p>").count()
    );
    let page = link.split('"').next().unwrap().replace("https://feeds.example.org/", "/");
    assert!(page.starts_with("/stories/"), "{page}");
    assert!(world.get(&page).await.text().contains("End of 30."));

    // In May the volumes of April close: every text in them is whole, and none is lost.
    world.site.document("/fcdo", may);
    world.pass(31 * DAY).await;
    let (met, documents) = walk(&world).await;
    assert_eq!(met, stored(&world));
    assert!(documents >= 3, "{documents}");
    let mut whole = 0;
    for part in ["", "-2", "-3", "-4", "-5", "-6", "-7", "-8"] {
        let volume = world.get(&format!("/topics/crime/archive/2025-04{part}.atom")).await;
        if volume.status == 200 {
            assert!(volume.body.len() <= MAX_FEED, "{part}: {}", volume.body.len());
            assert!(!volume.text().contains("Read the whole text"), "{part}");
            whole += ends(volume.text());
        }
    }
    assert_eq!(whole, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn q16_a_closed_volume_keeps_its_bytes_and_what_is_revised_is_news_again() {
    let mut world = in_may().await;
    let april = archived(&world).await;
    assert_eq!(april.len(), 3, "one volume, in three formats: {:?}", april.keys());
    assert_eq!(walk(&world).await, (stored(&world), 2));

    // Report 1, told in April's volume, is revised in May.
    let revised = entry(1, "2025-05-05");
    world.site.document("/fcdo", listing(&[revised, entry(3, "2025-05-03")]));
    world.pass(2 * DAY).await;
    assert_eq!(archived(&world).await, april);
    assert_eq!(world.titles("crime").await[0], "Crime report no. 1 as of 2025-05-05");
    assert_eq!(walk(&world).await, (stored(&world), 2));

    world.restart().await;
    assert_eq!(archived(&world).await, april);

    // In June, May's volume closes and tells it as it is now.
    world.site.document("/fcdo", listing(&[entry(4, "2025-06-04")]));
    world.pass(30 * DAY).await;
    let may = archived(&world).await;
    assert_eq!(may.len(), 6);
    assert!(april.iter().all(|(path, bytes)| may[path] == *bytes));
    let text = String::from_utf8_lossy(&may["/topics/crime/archive/2025-05.atom"]);
    assert!(text.contains("no. 1 as of 2025-05-05") && text.contains("no. 3"), "{text}");
    assert!(!text.contains("no. 2"), "nothing happened to it: {text}");
    let (met, documents) = walk(&world).await;
    assert_eq!((met, documents), (stored(&world), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_joins_late_brings_no_old_story_back_into_the_feed() {
    let mut world = in_may().await;
    world.reconfigure(|config| config.push_str("entries = 1\n")).await;
    assert_eq!(world.titles("crime").await, ["Crime report no. 3 as of 2025-05-03"]);
    let before = archived(&world).await;
    let copy = atom(&[(
        "urn:copy:2",
        "https://www.gov.uk/government/news/crime-2",
        "Crime report no. 2 as of 2025-04-02",
        "2025-04-02T08:00:00Z",
    )]);
    world.site.document("/wired", copy);
    let url = world.site.url("/wired");
    let wired = format!("[[source]]\nid = \"wired\"\nurl = \"{url}\"\ninterval = \"1h\"\n");
    world
        .reconfigure(|config| *config = config.replacen("[[source]]", &(wired + "[[source]]"), 1))
        .await;
    world.pass(DAY).await;
    let told: usize = world.stories().iter().map(|story| story.entries.len()).sum();
    assert_eq!(told, 4, "the copy is known");
    assert_eq!(world.titles("crime").await, ["Crime report no. 3 as of 2025-05-03"]);
    assert_eq!(archived(&world).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wider_query_adds_volumes_and_changes_none() {
    let weather = [
        "https://www.gov.uk/government/news/weather",
        "https://www.gov.uk/government/news/weather",
        "Weather",
        "2025-04-01T08:00:00Z",
    ];
    let listed = [entry(1, "2025-04-01"), weather.map(str::to_owned)];
    let world = World::new().await.source("fcdo", listing(&listed)).topic("crime", "crime");
    let mut world = world.start().await;
    world.site.document("/fcdo", listing(&[entry(3, "2025-05-03")]));
    world.pass(31 * DAY).await;
    let before = archived(&world).await;
    world
        .reconfigure(|config| *config = config.replace("'''crime'''", "'''crime OR weather'''"))
        .await;
    let after = archived(&world).await;
    assert_eq!(after.len(), 3, "{:?}", after.keys());
    assert_eq!(before, after);
    let late = world.get("/topics/crime/archive/2025-04-2.atom").await;
    assert!(
        late.status == 200 && late.text().contains("<title>Weather</title>"),
        "{}",
        late.text()
    );
    assert_eq!(walk(&world).await, (stored(&world), 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_moves_makes_its_archive_anew_and_a_topic_that_goes_takes_its_along() {
    let mut world = in_may().await;
    let before = archived(&world).await;
    world
        .reconfigure(|config| *config = config.replace("feeds.example.org", "news.example.org"))
        .await;
    let after = archived(&world).await;
    assert!(before.keys().eq(after.keys()));
    for (path, body) in &after {
        let text = String::from_utf8_lossy(body);
        assert!(
            text.contains("https://news.example.org/") && !text.contains("feeds.example.org"),
            "{path}"
        );
    }
    world
        .reconfigure(|config| *config = config.replace("id = \"crime\"", "id = \"weather\""))
        .await;
    assert!(archived(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_none_of_whose_stories_is_kept_goes_with_them() {
    let mut world = in_may().await;
    world.keep("40d");
    world.restart().await;
    assert_eq!(archived(&world).await.len(), 3);
    world.site.document("/fcdo", listing(&[entry(4, "2025-06-03")]));
    for _ in 0..3 {
        world.pass(15 * DAY).await;
    }
    let kept: Vec<_> = archived(&world).await.into_keys().collect();
    assert!(!kept.is_empty() && kept.iter().all(|path| path.contains("2025-05")), "{kept:?}");
}
