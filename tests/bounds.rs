//! Bounds on what topics and the store keep in; what readers see as stories leave, out.

use std::time::Duration;

use crate::support::world::{World, atom};

const DAY: Duration = Duration::from_secs(24 * 3600);

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
    world.pass(DAY).await;
    assert_eq!(world.titles("some").await, titles([6, 5]));
    world.stop().await;
    world.clock.advance(DAY);
    world.restart().await;
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
