//! Tests which stories a running daemon makes of sources, their pages and the operator's corrections.

mod by_hand;

mod cases;

mod corpus;

mod kinds;

mod labelled;

mod landings;

mod listings;

mod orders;

mod releases;

mod score;

mod series;

mod unseen;

use std::time::Duration;

use crate::support::site::Answer;
use crate::support::world::{World, atom};

const HOUR: Duration = Duration::from_secs(3600);
const DATE: &str = "2025-04-02T11:05:00Z";

/// Some hundred words about a summit, as a press office writes them.
fn full_text() -> String {
    let sentences = [
        "Ministers from eleven countries met in the port city to agree a plan for shared coast patrols.",
        "The plan adds nine vessels, two aircraft and a joint control room that opens in the autumn.",
        "Each country keeps command of its own crews while a rotating desk assigns calls for help.",
        "Fishing communities asked for the change after a winter in which four boats were lost.",
        "A first exercise takes place off the northern islands before the end of the summer season.",
        "Funding of sixty million comes from a common budget line that was set aside last year.",
        "Observers from two neighbouring states will follow the work and may join at a later stage.",
        "A report on response times is due every six months and will be open to the public.",
    ];
    sentences.join(" ")
}

/// A document with one entry of this date and text.
fn telling(id: &str, link: &str, title: &str, date: &str, text: &str) -> String {
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:{id}</id><title>{id}</title><updated>{date}</updated>\
         <entry><id>urn:{id}</id><title>{title}</title><updated>{date}</updated><link href=\"{link}\"/>\
         <content type=\"html\">{text}</content></entry></feed>"
    )
}

fn page(text: &str) -> String {
    let paragraphs: String =
        text.split_inclusive(". ").map(|sentence| format!("<p>{sentence}</p>")).collect();
    format!(
        "<!doctype html><html><head><title>A page</title></head><body><nav>Home</nav><article><h1>Patrols</h1>{paragraphs}</article></body></html>"
    )
}

/// The page that the one entry of `patrols` links to.
fn found() -> Answer {
    Answer::ok(page(&full_text())).header("Content-Type", "text/html")
}

/// A source whose entry says on its page alone what the topic asks for.
async fn patrols() -> World {
    let world = World::new().await;
    let link = world.site.url("/news/patrols");
    world.site.answer("/news/patrols", |_| found());
    let document = atom(&[("urn:1", link.as_str(), "A plan is agreed by ministers at sea", DATE)]);
    world
        .source("coast", document)
        .lines("enrich = \"page\"")
        .topic("boats", "\"coast patrols\" AND vessel")
        .start()
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_fetched_once_and_its_words_decide_the_topic() {
    let world = patrols().await;
    assert_eq!(world.titles("boats").await, ["A plan is agreed by ministers at sea"]);
    assert_eq!(world.site.requests("/news/patrols").len(), 1);
    for _ in 0..3 {
        world.pass(2 * HOUR).await;
    }
    assert_eq!(world.site.requests("/news/patrols").len(), 1, "{}", world.site.story());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_gone_twice_withdraws_its_story_though_the_document_never_changes() {
    let world = patrols().await;
    let looked = |world: &World| world.site.requests("/news/patrols").len();
    world.pass(25 * HOUR).await;
    assert_eq!(looked(&world), 2, "a day later it is looked at again");
    world.site.answer("/news/patrols", |_| Answer::status(410));
    world.pass(24 * HOUR).await;
    assert_eq!((looked(&world), world.titles("boats").await.len()), (3, 1), "once proves nothing");
    world.pass(24 * HOUR).await;
    assert_eq!((looked(&world), world.titles("boats").await.len()), (4, 0));
    let feed = world.get("/topics/boats.atom").await;
    assert!(feed.text().contains("deleted-entry"), "{}", feed.text());
    world.site.answer("/news/patrols", |_| found());
    world.pass(24 * HOUR).await;
    assert_eq!(world.titles("boats").await.len(), 1, "it is there again, and so is the story");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_document_is_asked_for_again_because_of_its_pages() {
    let world = patrols().await;
    for hour in 0..40 * 12 {
        if hour == 100 {
            world.site.answer("/news/patrols", |_| Answer::status(410));
        }
        world.pass(2 * HOUR).await;
    }
    assert_eq!(world.titles("boats").await.len(), 0, "it is withdrawn");
    let looked = world.site.requests("/news/patrols").len();
    assert!((10..=14).contains(&looked), "{looked}\n{}", world.site.story());
    let polls = world.site.requests("/coast");
    let unconditional = polls.iter().filter(|request| !request.is_conditional()).count();
    assert!(polls.len() > 40, "{}", polls.len());
    assert_eq!(unconditional, 1, "{}", world.site.story());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_pages_than_one_poll_fetches_are_had_by_later_ones_that_bring_nothing() {
    const COUNT: usize = 30;
    let mut world = World::new().await;
    let links: Vec<String> =
        (0..COUNT).map(|number| world.site.url(&format!("/news/{number}")).to_string()).collect();
    for number in 0..COUNT {
        let text = format!("{} This is vessel number v{number}.", full_text());
        let target = format!("/news/{number}");
        world
            .site
            .answer(&target, move |_| Answer::ok(page(&text)).header("Content-Type", "text/html"));
    }
    let titles: Vec<String> =
        (0..COUNT).map(|number| format!("Vessel {number} is named")).collect();
    let entries: Vec<(&str, &str, &str, &str)> = links
        .iter()
        .zip(&titles)
        .map(|(link, title)| (link.as_str(), link.as_str(), title.as_str(), DATE))
        .collect();
    world = world
        .source("coast", atom(&entries))
        .lines("enrich = \"page\"")
        .topic("boats", "\"coast patrols\"");
    let world = world.start().await;
    let looked = |world: &World, times: usize| {
        let of = |number| world.site.requests(&format!("/news/{number}")).len();
        (0..COUNT).filter(|number| of(*number) >= times).count()
    };
    assert_eq!((looked(&world, 1), world.titles("boats").await.len()), (20, 20));
    world.pass(2 * HOUR).await;
    assert_eq!((looked(&world, 1), world.titles("boats").await.len()), (30, 30));
    assert_eq!(looked(&world, 2), 0, "{}", world.site.story());
    // The day after, a few a poll, and each in its turn.
    world.pass(23 * HOUR).await;
    assert_eq!(looked(&world, 2), 5, "{}", world.site.story());
    for _ in 0..5 {
        world.pass(2 * HOUR).await;
    }
    assert_eq!((looked(&world, 2), looked(&world, 3)), (30, 0), "{}", world.site.story());
    let polls = world.site.requests("/coast");
    assert_eq!(polls.iter().filter(|request| !request.is_conditional()).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_cannot_be_had_delays_and_loses_nothing() {
    let mut world = World::new().await;
    let link = world.site.url("/news/gone");
    let document = atom(&[("urn:1", link.as_str(), "A plan is agreed by ministers at sea", DATE)]);
    world = world.source("coast", document).lines("enrich = \"page\"").topic("plans", "plan");
    let world = world.start().await;
    assert_eq!(world.titles("plans").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_under_other_titles_and_addresses_are_known_by_their_text() {
    let copy = format!("From our desk. {} Read more news on our site.", full_text());
    let world = World::new()
        .await
        .source(
            "coast",
            telling(
                "coast",
                "https://coast.example/a",
                "Eleven countries agree shared patrols",
                DATE,
                &full_text(),
            ),
        )
        .source(
            "mirror",
            telling("mirror", "https://mirror.example/9", "Sea rescue plan unveiled", DATE, &copy),
        )
        .topic("plans", "patrols")
        .start()
        .await;
    let stories = world.stories();
    assert_eq!(stories.len(), 1, "{stories:#?}");
    assert!(stories[0].entries.iter().any(|entry| entry.tier == "T2"), "{stories:#?}");
    let page = world.get(&format!("/stories/{}", stories[0].id)).await;
    assert!(page.text().contains("<mark>"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_of_what_was_told_long_ago_meet_by_their_text_in_whatever_poll_they_come() {
    const LONG_AGO: &str = "2021-11-02T09:00:00Z";
    let copy = format!("From our desk. {} Read more news on our site.", full_text());
    let (coast, mirror) = ("https://coast.example/a", "https://mirror.example/9");
    let original = telling("coast", coast, "Eleven countries agree", LONG_AGO, &full_text());
    let copied = telling("mirror", mirror, "Sea rescue plan unveiled", LONG_AGO, &copy);
    for (first, second) in [((&original, "coast"), "mirror"), ((&copied, "mirror"), "coast")] {
        let world = World::new()
            .await
            .source(first.1, first.0.as_str())
            .source(second, telling(second, "https://else.example/", "", LONG_AGO, ""))
            .start()
            .await;
        world.pass(2 * HOUR).await;
        let late = if second == "coast" { &original } else { &copied };
        world.site.document(&format!("/{second}"), late.as_str());
        world.pass(2 * HOUR).await;
        let stories = world.stories();
        let both = stories.iter().find(|story| story.entries.len() == 2);
        let both = both.unwrap_or_else(|| panic!("{second} last: {stories:#?}"));
        assert!(both.entries.iter().any(|entry| entry.tier == "T2"), "{both:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_word_joins_and_parts_what_is_stored_already() {
    let (one, other) = ("https://one.example/a", "https://other.example/b");
    let mut world = World::new()
        .await
        .source("one", atom(&[("urn:a", one, "The first of two announcements here", DATE)]))
        .source("other", atom(&[("urn:b", other, "Another thing said in other words", DATE)]))
        .topic("all", "announcement OR thing")
        .start()
        .await;
    let before = world.stories();
    assert_eq!(before.len(), 2);
    let forced = format!("[[story]]\nforce = [\"{one}\", \"{other}\"]\n");
    world.reconfigure(|config| config.push_str(&forced)).await;
    let joined = world.stories();
    assert_eq!(joined.len(), 1, "{joined:#?}");
    assert_eq!(joined[0].entries.len(), 2);
    assert!(before.iter().any(|story| story.published_id == joined[0].published_id));
    assert_eq!(world.titles("all").await.len(), 1);
    world.restart().await;
    assert_eq!(world.titles("all").await.len(), 1, "also after a restart");
    world.reconfigure(|config| *config = config.replace("force =", "never =")).await;
    assert_eq!(world.titles("all").await.len(), 2);
    let mut ids: Vec<_> = world.stories().into_iter().map(|story| story.published_id).collect();
    let mut had: Vec<_> = before.into_iter().map(|story| story.published_id).collect();
    ids.sort();
    had.sort();
    assert_eq!(ids, had, "each has its own id again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tombstone_withdraws_what_its_source_told() {
    let link = "https://one.example/a";
    let world = World::new()
        .await
        .source("one", atom(&[("urn:a", link, "An announcement that is taken back", DATE)]))
        .topic("all", "announcement")
        .start()
        .await;
    assert_eq!(world.titles("all").await.len(), 1);
    let tombstone = atom(&[]).replace(
        "</feed>",
        "<at:deleted-entry xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" ref=\"urn:a\" when=\"2025-04-03T09:30:00Z\"/></feed>",
    );
    world.site.document("/one", tombstone);
    world.pass(2 * HOUR).await;
    let feed = world.get("/topics/all.atom").await;
    assert!(feed.text().contains("deleted-entry"), "{}", feed.text());
    assert_eq!(feed.text().matches("<entry>").count(), 0);
}
