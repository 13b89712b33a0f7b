//! Watches sources and topics over weeks, and what their operator is told.

use std::fmt::Write;
use std::time::Duration;

use gazetted::inquiry::status::SourceReport;

use super::world::{DAY, HOUR};
use crate::support::site::Answer;
use crate::support::world::{World, atom};

/// A document of the announcements with these numbers, newest first, and where the
/// older ones are.
pub(super) fn document(
    numbers: impl DoubleEndedIterator<Item = u32>,
    next: Option<&str>,
) -> String {
    let words = ["harbour", "railway", "vaccine", "reservoir", "customs", "forestry", "passport"];
    let told: Vec<_> = numbers
        .rev()
        .map(|n| {
            let page = format!("https://dep.example/{n}");
            let word = words[n as usize % words.len()];
            let title = format!("Announcement {n} about the {word} of district {}", n * 7);
            (page, title)
        })
        .collect();
    let entries: Vec<_> = told
        .iter()
        .map(|(page, title)| (page.as_str(), page.as_str(), title.as_str(), "2025-04-03T08:00:00Z"))
        .collect();
    let link = next.map_or(String::new(), |next| format!("<link rel=\"next\" href=\"{next}\"/>"));
    atom(&entries).replace("<id>tag:site.example", &format!("{link}<id>tag:site.example"))
}

pub(super) fn status(world: &World, id: &str) -> SourceReport {
    let all = world.handle().records().status(world.clock.now());
    all.into_iter().find(|status| status.id == id).unwrap()
}

/// The kinds of all that became of a source, in order.
pub(super) fn events(world: &World, id: &str) -> Vec<String> {
    status(world, id).events.into_iter().map(|event| event.kind).collect()
}

/// A source that always lists its last five, of which it has told some, one a poll.
pub(super) async fn sliding() -> World {
    let world = World::new().await.source("dep", document(1..6, None)).start().await;
    for n in 2..7 {
        world.site.document("/dep", document(n..n + 5, None));
        world.pass(2 * HOUR).await;
    }
    assert_eq!(world.stories().len(), 10);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_document_no_longer_lists_is_fetched_from_older_pages_until_something_is_known() {
    let world = sliding().await;
    // Ten more came than the document holds: its second page still has some of them.
    world.site.document("/dep", document(21..26, Some("/dep?p=2")));
    world.site.document("/dep?p=2", document(16..21, Some("/dep?p=3")));
    world.site.document("/dep?p=3", document(9..16, Some("/dep?p=4")));
    world.site.document("/dep?p=4", document(1..9, None));
    world.pass(2 * HOUR).await;
    assert_eq!(world.stories().len(), 25, "nothing was missed");
    assert_eq!(world.site.requests("/dep?p=3").len(), 1);
    assert!(world.site.requests("/dep?p=4").is_empty(), "page 3 told of what was known");
    let status = status(&world, "dep");
    assert_eq!((status.gaps, status.filled), (0, 1));
    assert!(events(&world, "dep").is_empty());
    // An unchanged document is not followed again.
    world.pass(2 * HOUR).await;
    assert_eq!(world.site.requests("/dep?p=2").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gap_that_cannot_be_filled_is_told_and_a_refusal_of_a_page_is_heeded() {
    let world = sliding().await;
    world.site.document("/dep", document(31..36, Some("/dep?p=2")));
    world.site.script("/dep?p=2", [Answer::status(429).header("Retry-After", "86400")]);
    world.pass(2 * HOUR).await;
    let told = status(&world, "dep");
    assert_eq!((told.gaps, told.filled, world.stories().len()), (1, 0, 15));
    assert!(told.warnings.iter().any(|said| said.contains("may have been missed")), "{told:?}");
    assert_eq!((told.state.as_str(), told.held.as_deref()), ("held", Some("origin")));
    assert_eq!(events(&world, "dep"), ["gap"]);
    let asked = world.site.log().len();
    world.pass(Duration::from_secs(86_000)).await;
    assert_eq!(world.site.log().len(), asked, "the refusal holds the source, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_another_server_and_pages_without_end_are_not_followed() {
    let world = sliding().await;
    world.site.document("/dep", document(31..36, Some("https://elsewhere.example/dep?p=2")));
    world.pass(2 * HOUR).await;
    assert_eq!(status(&world, "dep").gaps, 1);

    let world = sliding().await;
    world.site.document("/dep", document(500..505, Some("/dep?p=2")));
    for page in 2..40 {
        let numbers = 500 - 5 * page..505 - 5 * page;
        let next = format!("/dep?p={}", page + 1);
        world.site.document(&format!("/dep?p={page}"), document(numbers, Some(&next)));
    }
    world.pass(2 * HOUR).await;
    let pages = world.site.log().iter().filter(|asked| asked.target.contains("?p=")).count();
    assert_eq!((pages, status(&world, "dep").gaps), (10, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_a_source_is_told_once_and_listed_in_a_feed_that_a_restart_leaves_alone() {
    let mut world = World::new()
        .await
        .source("dep", document(1..6, None))
        .source("other", document(7..9, None))
        .start()
        .await;
    assert_eq!(world.get("/sources.atom").await.text().matches("<entry>").count(), 0);
    world.site.script("/dep", [Answer::status(500)]);
    world.pass(2 * HOUR).await;
    world.pass(4 * HOUR).await;
    world.pass(8 * HOUR).await;
    assert_eq!(events(&world, "dep"), ["failing"], "not once for each failure");
    world.site.document("/dep", document(1..6, None));
    world.pass(2 * DAY).await;
    assert_eq!(events(&world, "dep"), ["failing", "recovered"]);

    let moved = world.site.url("/moved").to_string();
    world.site.script("/dep", [Answer::redirect(301, &moved)]);
    world.site.document("/moved", document(1..6, None));
    for _ in 0..5 {
        world.pass(8 * HOUR).await;
    }
    assert_eq!(events(&world, "dep"), ["failing", "recovered", "moved"]);
    assert_eq!(status(&world, "dep").moved_to, Some(moved.clone()));
    world.site.script("/moved", [Answer::status(410)]);
    world.site.script("/dep", [Answer::status(410)]);
    world.pass(40 * DAY).await;
    world.pass(40 * DAY).await;
    world.pass(40 * DAY).await;
    assert_eq!(events(&world, "dep").last().unwrap(), "gone");
    assert_eq!(status(&world, "dep").state, "gone");

    let feed = world.get("/sources.atom").await;
    let text = feed.text();
    assert_eq!(text.matches("<entry>").count(), events(&world, "dep").len(), "{text}");
    assert!(text.contains(&format!("configure url = &amp;quot;{moved}&amp;quot;")), "{text}");
    assert!(text.contains("<title>dep is gone</title>"), "{text}");
    let mut ids: Vec<_> = text.split("<id>").skip(1).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), text.matches("<id>").count());
    let tag = feed.header("etag").unwrap().to_owned();
    world.restart().await;
    let again = world.get("/sources.atom").await;
    assert_eq!((&again.body, again.header("etag")), (&feed.body, Some(tag.as_str())));
    assert_eq!(world.get_with("/sources.atom", ("If-None-Match", tag)).await.status, 304);
    assert!(world.get("/sources").await.text().contains("sources.atom"));
}

/// The announcements with these numbers under ids and links that are other at every poll.
pub(super) fn renamed(numbers: std::ops::Range<u32>, round: u32) -> String {
    document(numbers, None)
        .replace("https://dep.example/", &format!("https://dep.example/r{round}/"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_turns_over_is_reported_from_the_second_document_on_and_polled_sooner() {
    let world = World::new().await.source("dep", document(1..11, None)).start().await;
    world.site.document("/dep", document(11..21, None));
    world.pass(2 * HOUR).await;
    let told = status(&world, "dep");
    assert_eq!((told.gaps, world.stories().len()), (1, 20));
    assert!(told.warnings.iter().any(|said| said.contains("may have been missed")), "{told:?}");
    assert_eq!(events(&world, "dep"), ["gap"]);
    world.site.document("/dep", document(21..31, None));
    world.pass(2 * HOUR).await;
    assert_eq!((status(&world, "dep").gaps, events(&world, "dep").len()), (2, 1), "once a day");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_whose_ids_and_links_change_at_every_poll_has_no_gap() {
    let world = World::new().await.source("dep", renamed(1..11, 0)).start().await;
    for round in 1..4 {
        world.site.document("/dep", renamed(round..round + 10, round));
        world.pass(2 * HOUR).await;
    }
    assert_eq!((status(&world, "dep").gaps, events(&world, "dep").len()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn older_pages_of_wordpress_are_found_without_a_link_to_them() {
    let generator = "<generator uri=\"https://wordpress.org/\">WordPress</generator>";
    let wordpress = |numbers: std::ops::Range<u32>| {
        document(numbers, None)
            .replace("<id>tag:site.example", &format!("{generator}<id>tag:site.example"))
    };
    let world = World::new().await.source("dep", wordpress(1..11)).start().await;
    world.site.document("/dep", wordpress(21..31));
    world.site.document("/dep?paged=2", wordpress(11..21));
    world.site.document("/dep?paged=3", wordpress(1..11));
    world.pass(2 * HOUR).await;
    let told = status(&world, "dep");
    assert_eq!((told.gaps, told.filled, world.stories().len()), (0, 1, 30));
}

/// Four months in which each of these sources has news every working day.
async fn weeks_of_news(lines: &str) -> World {
    let mut config = String::new();
    for id in ["loud", "muted"] {
        let mute = id == "muted";
        write!(config, "[[topic]]\nid = \"{id}\"\ntitle = \"{id}\"\nquery = \"source:{id}\"\nmute_silence = {mute}\n").unwrap();
    }
    let world = World::new()
        .await
        .source("loud", document(1..2, None))
        .source("muted", document(1001..1002, None))
        .lines(lines)
        .lines(&config)
        .start()
        .await;
    for day in 1..60_u32 {
        world.pass(DAY).await;
        if day % 7 < 5 {
            world.site.document("/loud", document(1 + day.saturating_sub(9)..day + 2, None));
            world.site.document("/muted", document(1001 + day.saturating_sub(9)..1002 + day, None));
        }
    }
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_and_a_topic_that_fall_silent_are_told_once_unless_they_are_muted() {
    let mut world = weeks_of_news("mute_silence = true").await;
    assert!(events(&world, "loud").is_empty(), "weekends are no silence");
    for _ in 0..30 {
        world.pass(DAY).await;
    }
    assert_eq!(events(&world, "loud"), ["silent"]);
    assert_eq!(status(&world, "loud").state, "silent");
    assert!(events(&world, "muted").is_empty());
    let silences = world.handle().records().silences().unwrap();
    assert_eq!(silences.iter().map(|one| one.topic.as_str()).collect::<Vec<_>>(), ["loud"]);
    let page = world.get("/sources").await;
    assert!(page.text().contains("No story came into the topic loud since"), "{}", page.text());

    world.restart().await;
    world.pass(10 * DAY).await;
    assert_eq!(events(&world, "loud"), ["silent"], "nor is it told again");
    assert_eq!(world.handle().records().silences().unwrap(), silences);

    world.site.document("/loud", document(55..80, None));
    world.pass(DAY).await;
    assert_eq!(events(&world, "loud"), ["silent", "speaks"]);
    let feed = world.get("/sources.atom").await;
    for title in
        ["loud is silent", "loud speaks again", "Topic loud is silent", "Topic loud speaks again"]
    {
        assert!(feed.text().contains(&format!("<title>{title}</title>")), "{}", feed.text());
    }
    assert_eq!(feed.text().matches("<entry>").count(), 4);
}
