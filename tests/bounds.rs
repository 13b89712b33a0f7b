//! Tests the bounds on what topics and the store keep, as readers see stories leave.

use std::time::Duration;

use gazetted::clock::Clock;

use crate::support::world::{World, atom};

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);
const PAGE: &str = "https://www.gov.uk/government/news/closer-ties-in-the-region";
const TITLE: &str = "Closer ties in the region against organised crime";

/// One announcement of the second of April.
fn announcement() -> String {
    atom(&[("urn:ties", PAGE, TITLE, "2025-04-02T11:05:00Z")])
}

/// The `n`th announcement, dated on the `n`th of March.
fn entry(n: usize) -> [String; 4] {
    [
        format!("urn:a:{n}"),
        format!("https://a.example/{n}"),
        title(n),
        format!("2025-03-{n:02}T12:00:00Z"),
    ]
}

fn title(n: usize) -> String {
    const OF: [&str; 9] = [
        "a harbour",
        "two bridges",
        "the old mint",
        "our forests",
        "new schools",
        "salt water",
        "night trains",
        "clean air",
        "winter wheat",
    ];
    format!("The ministry speaks of {}", OF[n - 1])
}

fn listing(entries: impl IntoIterator<Item = [String; 4]>) -> String {
    let entries: Vec<_> = entries.into_iter().collect();
    let entries: Vec<_> =
        entries.iter().map(|[id, url, title, at]| (&**id, &**url, &**title, &**at)).collect();
    atom(&entries)
}

fn titles(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(title).collect()
}

/// One source that tells the first six announcements, and two topics of all
/// that it tells: one with bounds, one without.
async fn world(bounds: &str) -> World {
    let world = World::new().await.source("a", listing((1..=6).map(entry)));
    let world = world.topic("all", "ministry").topic("some", "ministry");
    world.lines(bounds).start().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_keeps_its_newest_stories_and_what_left_is_no_news_again() {
    let mut world = world("stories = 3").await;
    assert_eq!(world.titles("some").await, titles([6, 5, 4]));
    assert_eq!(world.titles("all").await, titles([6, 5, 4, 3, 2, 1]));

    // What left is said in other words, which its source does not date anew.
    let mut told: Vec<_> = (1..=7).map(entry).collect();
    told[1][2] += " once more";
    world.site.document("/a", listing(told.clone()));
    world.pass(DAY).await;
    assert_eq!(world.titles("some").await, titles([7, 6, 5]));
    assert!(world.titles("all").await.contains(&format!("{} once more", title(2))));
    world.restart().await;
    assert_eq!(world.titles("some").await, titles([7, 6, 5]));

    // Dated anew by its source it is news, and takes the place of the oldest.
    told[0][3] = "2025-04-04T08:00:00Z".to_owned();
    world.site.document("/a", listing(told));
    world.pass(DAY).await;
    assert_eq!(world.titles("some").await, titles([1, 7, 6]));
    assert_eq!(world.stories().len(), 7, "they are stored all the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_leaves_a_topic_when_its_time_is_over_whether_or_not_anything_is_new() {
    let mut world = world("keep = \"30d\"").await;
    // It is the third of April, nine o'clock.
    assert_eq!(world.titles("some").await, titles([6, 5, 4]));
    // Before polls hours apart agree on it, the time might be a clock's that is ahead.
    world.pass(DAY - 6 * HOUR).await;
    assert_eq!(world.titles("some").await, titles([6, 5, 4]));
    world.pass(6 * HOUR).await;
    assert_eq!(world.titles("some").await, titles([6, 5]));
    world.stop().await;
    world.clock.advance(DAY - 6 * HOUR);
    world.restart().await;
    world.pass(6 * HOUR).await;
    assert_eq!(world.titles("some").await, titles([6]));
    let exported = world.stories();
    let held = exported.iter().filter(|story| story.topics == ["all", "some"]);
    assert_eq!((held.count(), exported.len()), (1, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bounds_fill_the_topic_anew() {
    let mut world = world("stories = 2").await;
    assert_eq!(world.titles("some").await, titles([6, 5]));
    let before = world.get("/topics/all.atom").await.body;
    for (from, to, left) in [
        ("stories = 2", "stories = 4", 4),
        ("stories = 4", "stories = 1", 1),
        ("stories = 1", "", 6),
    ] {
        world.reconfigure(|config| *config = config.replace(from, to)).await;
        assert_eq!(world.titles("some").await, titles((7 - left..=6).rev()), "{to}");
    }
    assert_eq!(world.get("/topics/all.atom").await.body, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_a_private_topic_is_shown_to_nobody_else() {
    let world = World::new().await.source("a", listing((1..=6).map(entry)));
    std::fs::write(world.directory.path().join("keys"), "press:9f2c41d07be84a55\n").unwrap();
    let world = world.lines("[access]\nkeys_file = \"keys\"");
    let world = world.topic("internal", "ministry").lines("access = \"key\"\nstories = 2");
    let world = world.start().await;
    for path in ["/stories.atom", "/sources/a.atom", "/search.json?q=ministry"] {
        let answer = world.get(path).await;
        assert!(answer.status == 200 && !answer.text().contains("ministry speaks"), "{path}");
    }
    let own = world.get("/topics/internal.json?key=9f2c41d07be84a55").await;
    assert_eq!(own.text().matches("\"title\":\"The ministry speaks").count(), 2, "{}", own.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_all_stories_the_newest_are_kept_and_old_ones_listed_again_are_no_news() {
    let mut world = world("").await;
    world.keep_by("stories = 4");
    world.restart().await;
    for n in 6..=9 {
        world.site.document("/a", listing([entry(n)]));
        world.pass(DAY).await;
        world.pass(DAY).await;
    }
    // A walk begins each day, and takes its slices with the polls of that day.
    world.pass(DAY).await;
    let kept = |world: &World| {
        let stories = world.stories().into_iter().map(|story| story.title);
        stories.collect::<std::collections::BTreeSet<_>>()
    };
    // Of those that were first seen together any one may be the fourth.
    let newest = kept(&world);
    assert!(newest.len() == 4 && newest.is_superset(&titles(7..=9).into_iter().collect()));
    assert_eq!(world.titles("all").await.len(), 4);
    let feed = world.get("/topics/all.atom").await.body;

    // The source lists all of them again, those that went in other words.
    let mut told: Vec<_> = (1..=9).map(entry).collect();
    let gone = told.iter_mut().filter(|entry| !newest.contains(&entry[2]));
    gone.for_each(|entry| entry[2] += ", again");
    world.site.document("/a", listing(told));
    for _ in 0..3 {
        world.pass(DAY).await;
    }
    assert_eq!(kept(&world), newest);
    assert_eq!(world.get("/topics/all.atom").await.body, feed);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_lists_is_recognised_for_as_long_as_it_does_so() {
    let mut world = world("").await;
    world.keep_by("keep = \"20d\"\nkeep_keys = \"1d\"");
    world.restart().await;
    for _ in 0..25 {
        world.pass(DAY).await;
    }
    assert_eq!(world.stories().len(), 0, "all are older than twenty days");
    // Said in other words, so that the document is read again.
    let mut told: Vec<_> = (1..=6).map(entry).collect();
    for turn in ["first", "second"] {
        told.iter_mut().for_each(|entry| entry[2] = format!("{}, {turn}", entry[2]));
        world.site.document("/a", listing(told.clone()));
        for _ in 0..5 {
            world.pass(DAY).await;
        }
        assert_eq!(world.stories().len(), 0, "told the {turn} time");
    }
    // Left out for longer than keys are kept, one is as new as any other.
    world.site.document("/a", listing([entry(7)]));
    for _ in 0..5 {
        world.pass(DAY).await;
    }
    world.site.document("/a", listing([entry(1), entry(7)]));
    world.pass(DAY).await;
    assert_eq!(world.stories().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_removed_source_listed_is_forgotten() {
    let world = World::new().await.source("a", listing((1..=6).map(entry)));
    let mut world = world.source("b", listing([entry(7)])).topic("all", "ministry");
    world.keep_by("keep = \"20d\"\nkeep_keys = \"1d\"");
    world.restart().await;
    for _ in 0..25 {
        world.pass(DAY).await;
    }
    let remembered =
        |world: &World| world.handle().records().store().retired(None, 100).unwrap().len();
    assert_eq!((world.stories().len(), remembered(&world)), (0, 7));
    world
        .reconfigure(|config| {
            let from = config.find("[[source]]\nid = \"a\"").unwrap();
            let length = config[from + 2..].find("[[").unwrap();
            config.replace_range(from..from + 2 + length, "");
        })
        .await;
    for _ in 0..5 {
        world.pass(DAY).await;
    }
    assert_eq!(remembered(&world), 1, "the other source lists it still");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_that_is_old_enough_goes_and_does_not_come_back_as_news() {
    let mut world = World::new()
        .await
        .source("fcdo", announcement())
        .topic("crime", "\"organised crime\"")
        .start()
        .await;
    world.keep("30d");
    world.restart().await;
    assert_eq!(world.titles("crime").await.len(), 1);
    for _ in 0..31 {
        world.pass(DAY).await;
    }
    // It is polled seldom by then, and later than it was due: until polls agree, that is doubted.
    for _ in 0..72 {
        world.pass(HOUR).await;
    }
    assert_eq!(world.titles("crime").await, Vec::<String>::new());
    assert_eq!(world.stories().len(), 0);
    // The source still lists it, in other words by now.
    world.site.document("/fcdo", announcement().replace("About it", "More about it"));
    world.pass(8 * DAY).await;
    assert_eq!(world.titles("crime").await, Vec::<String>::new());
    let news = atom(&[(
        "n",
        "https://www.gov.uk/government/news/n",
        "News of organised crime",
        "2025-05-12T08:00:00Z",
    )]);
    world.site.document("/fcdo", news);
    world.pass(8 * DAY).await;
    assert_eq!(world.titles("crime").await, ["News of organised crime"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_story_past_its_time_stays_silent_though_its_source_revises_it_before_it_was_taken_away()
{
    let mut world = World::new().await.source("fcdo", announcement()).topic("crime", "crime");
    world.keep("30d");
    let world = world.start().await;
    let story = world.stories()[0].id.clone();
    for _ in 0..29 {
        world.pass(DAY).await;
    }
    // The walk of this day comes to its end.
    for _ in 0..3 {
        world.pass(HOUR).await;
    }
    // The very poll after which it would go finds it revised.
    let revised = announcement()
        .replace("About it", "Quite another thing")
        .replace("2025-04-02T11:05:00Z", "2025-05-03T11:05:00Z");
    world.site.document("/fcdo", revised);
    world.pass(40 * HOUR).await;
    for _ in 0..3 {
        world.pass(DAY).await;
        assert_eq!(world.titles("crime").await, Vec::<String>::new());
        assert!(world.stories().iter().all(|kept| kept.id != story));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_leaps_ahead_and_back_removes_nothing_and_a_long_pause_only_delays_it() {
    let text: String = (0..80).map(|n| format!("harbour{n} police{n} ")).collect();
    let told = announcement().replace("About it", &text);
    let copy =
        told.replace("www.gov.uk", "wired.example").replace(TITLE, "Ports and crime: an overview");
    let mut world = World::new().await.source("fcdo", told.clone());
    world = world.source("wired", atom(&[])).lines("role = \"syndicator\"");
    world = world.topic("crime", "crime").lines("keep = \"60d\"");
    world.keep("30d");
    let mut world = world.start().await;
    let start = world.clock.now();
    world.pass(400 * DAY).await;
    assert_eq!(world.titles("crime").await.len(), 1, "a leap is not believed");
    world.stop().await;
    world.clock = Clock::by_hand(start.after(3 * HOUR));
    world.restart().await;
    world.site.document("/wired", copy);
    world.pass(2 * HOUR).await;
    let stories = world.stories();
    assert_eq!(stories.len(), 1, "what a copy is known by is kept as well: {stories:?}");
    assert_eq!(stories[0].entries.len(), 2);
    // A machine that was off for a year.
    world.pass(400 * DAY).await;
    assert_eq!(world.titles("crime").await.len(), 1);
    for _ in 0..8 {
        world.pass(HOUR).await;
    }
    assert_eq!((world.titles("crime").await.len(), world.stories().len()), (0, 0));
}
