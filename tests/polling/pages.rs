//! Rules about the pages of entries: a running daemon whose source has `enrich = "page"`, and the
//! sites of its pages.

use std::time::Duration;

use gazetted::model::FailureKind;

use super::world::{self, DAY, HOUR};
use crate::support::site::{Answer, Coded, Site};
use crate::support::world::{World, atom};

const RULES: &str = "User-agent: *\nDisallow: /news/private\n";

const TEXT: &str = "The harbour fund paid for the works on the pilot station at Carrow. ";

/// A feed of these pages, each with the title of its place.
fn listing(pages: &[(&url::Url, &str)]) -> String {
    let entries: Vec<_> =
        pages.iter().map(|(page, title)| (page.as_str(), page.as_str(), *title, DATE)).collect();
    atom(&entries)
}

const DATE: &str = "2025-04-02T11:05:00Z";

fn html(title: &str, text: &str) -> Answer {
    let text = text.repeat(20);
    Answer::ok(format!(
        "<!DOCTYPE html><html lang=en><head><title>{title}</title></head><body><div id=main>\
         <article><h1>{title}</h1><p>{text}</p><p>{text}</p></article></div></body></html>"
    ))
    .header("Content-Type", "text/html")
}

/// A world with a source `dep` that reads the pages of its entries.
async fn reading(world: World, pages: &[(&url::Url, &str)]) -> World {
    world.source("dep", listing(pages)).lines("enrich = \"page\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn p26_p28_a_429_for_the_page_of_an_entry_holds_its_origin() {
    for (header, hours) in [(Some("86400"), 24), (None, 1)] {
        let world = World::new().await;
        let page = world.site.url("/news/1");
        let refusal = Answer::status(429);
        let refusal = match header {
            Some(seconds) => refusal.header("Retry-After", seconds),
            None => refusal,
        };
        world.site.script("/news/1", [refusal, html("News 1", TEXT)]);
        let world = reading(world, &[(&page, "News 1")]).await;
        let world = world.source("neighbour", atom(&[])).start().await;
        let asked = world.site.log().len();
        let due = world.clock.now().after(HOUR * hours);
        while world.clock.now().after(HOUR / 4) < due {
            world.pass(HOUR / 4).await;
            assert_eq!(world.site.log().len(), asked, "{}", world.site.story());
        }
        let status = world.handle().records().status(world.clock.now());
        let held: Vec<_> = status.iter().filter(|source| source.held_by.is_some()).collect();
        assert_eq!(held.len(), 2, "both sources show the hold");
        for _ in 0..8 {
            world.pass(HOUR).await;
        }
        assert!(!world.site.requests("/neighbour").is_empty(), "{}", world.site.story());
        assert_eq!(world.site.requests("/news/1").len(), 2, "{}", world.site.story());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn p26_p28_a_429_of_another_origin_holds_its_pages_alone() {
    let elsewhere = Site::start_on("127.0.0.2").await;
    let pages: Vec<_> = (1..=4).map(|n| elsewhere.url(&format!("/news/{n}"))).collect();
    let wait = Answer::status(429).header("Retry-After", "86400");
    elsewhere.script("/news/1", [wait, html("News", TEXT)]);
    for n in 2..=4 {
        let text = format!("{TEXT}It has {n} boats. ");
        elsewhere.answer(&format!("/news/{n}"), move |_| html("News", &text));
    }
    let world = World::new().await;
    let world = reading(world, &[(&pages[0], "News 1")]).await;
    let mut world = world.source("two", atom(&[])).lines("enrich = \"page\"").start().await;
    let polls = world.site.requests("/dep").len();
    for hour in 0..20 {
        let second = listing(&[(&pages[1], "News 2"), (&pages[0], "News 1")]);
        match hour {
            3 => world.site.document("/dep", second),
            6 => world.site.document("/two", listing(&[(&pages[2], "News 3")])),
            // Neither a restart nor another client forgets it.
            2 | 12 => world.restart().await,
            9 => {
                let change = |config: &mut String| {
                    *config = config.replacen("[polling]\n", "[polling]\ntimeout = \"50s\"\n", 1);
                };
                world.reconfigure(change).await;
            }
            _ => {}
        }
        world.pass(HOUR).await;
    }
    assert!(world.site.requests("/dep").len() > polls + 6, "the source is polled as ever");
    let asked: Vec<_> = elsewhere.log().iter().map(|request| request.target.clone()).collect();
    assert_eq!(asked, ["/robots.txt", "/news/1"]);
    for _ in 0..12 {
        world.pass(HOUR).await;
    }
    assert_eq!(elsewhere.requests("/news/2").len(), 1, "{}", elsewhere.story());
    assert_eq!(elsewhere.requests("/news/3").len(), 1, "{}", elsewhere.story());
}

#[tokio::test(flavor = "multi_thread")]
async fn p28_a_503_for_a_page_holds_neither_its_source_nor_the_neighbours() {
    let world = World::new().await;
    let page = world.site.url("/news/1");
    world.site.script(
        "/news/1",
        [Answer::status(503).header("Retry-After", "86400"), html("News 1", TEXT)],
    );
    let world = reading(world, &[(&page, "News 1")]).await.start().await;
    for _ in 0..20 {
        world.pass(HOUR).await;
    }
    assert!(world.site.requests("/dep").len() > 6, "{}", world.site.story());
    assert_eq!(world.site.requests("/news/1").len(), 1, "the page is left alone as it asks");
    for _ in 0..12 {
        world.pass(HOUR).await;
    }
    assert_eq!(world.site.requests("/news/1").len(), 2, "{}", world.site.story());
}

#[tokio::test]
async fn p71_a_robots_txt_that_is_long_is_read_as_far_as_the_limit() {
    let long =
        format!("{RULES}{}", "# a comment of forty-nine bytes, to fill the file\n".repeat(12_300));
    assert!(long.len() > 600 << 10);
    let beyond =
        format!("User-agent: *\nDisallow: /private\n{}Disallow: /news\n", "# x\n".repeat(128_000));
    for (robots, private) in [
        (Answer::ok(long.clone()), true),
        (Answer::ok(long.clone()).coded(Coded::Gzip), true),
        (Answer::ok(long.clone()).coded(Coded::Brotli), true),
        (Answer::ok(beyond), false),
    ] {
        let site = Site::start().await;
        site.script("/robots.txt", [robots]);
        site.document("/news/private/1", "<p>page</p>");
        site.document("/news/1", "<p>page</p>");
        let world = patient(&site);
        for _ in 0..3 {
            assert!(world.page(&site.url("/news/1")).await.is_ok());
            assert_eq!(world.page(&site.url("/news/private/1")).await.is_err(), private);
        }
        assert_eq!(site.requests("/robots.txt").len(), 1);
    }
}

#[tokio::test]
async fn p71_a_robots_txt_that_cannot_be_read_forbids_all_for_an_hour() {
    let garbage = Answer::ok("User-agent: *\nAllow: /\n").header("Content-Encoding", "gzip");
    for (robots, kind) in [
        (garbage, FailureKind::Coding),
        (Answer::status(500), FailureKind::Denied),
        (Answer::status(503), FailureKind::Denied),
        (Answer::hang_up(), FailureKind::Protocol),
        (Answer::ok("User-agent: *\n").promising(4000), FailureKind::Protocol),
        (Answer::redirect(302, "gopher://min.example/"), FailureKind::Redirect),
        (Answer::status(429), FailureKind::TooMany),
    ] {
        let site = Site::start().await;
        site.script("/robots.txt", [robots.clone(), Answer::ok(RULES)]);
        site.document("/news/1", "<p>page</p>");
        let mut world = patient(&site);
        for _ in 0..3 {
            let failure = world.page(&site.url("/news/1")).await.unwrap_err();
            assert_eq!(failure.kind, kind, "{robots:?}");
            let is_limited = kind == FailureKind::TooMany;
            assert!(is_limited || failure.message.contains("robots.txt"), "{failure}");
        }
        assert_eq!((site.requests("/robots.txt").len(), site.requests("/news/1").len()), (1, 0));
        world.now = world.now.after(HOUR);
        assert!(world.page(&site.url("/news/1")).await.is_ok(), "{robots:?}");
        assert_eq!(site.requests("/robots.txt").len(), 2);
        world.now = world.now.after(HOUR * 20);
        assert!(world.page(&site.url("/news/1")).await.is_ok());
        assert_eq!(site.requests("/robots.txt").len(), 2, "what was read holds for a day");
    }
}

#[tokio::test]
async fn p71_a_robots_txt_that_never_ends_is_not_asked_for_before_every_page() {
    let site = Site::start().await;
    let never = crate::support::site::Gate::closed();
    site.script("/robots.txt", [Answer::ok(RULES).behind(&never)]);
    site.document("/news/1", "<p>page</p>");
    let settings = gazetted::fetch::Settings {
        spacing: Duration::ZERO,
        timeout: Duration::from_millis(50),
        ..world::settings()
    };
    let world = world::World::of(settings, [world::source("one", &site.url("/feed"))]);
    for _ in 0..3 {
        let failure = world.page(&site.url("/news/1")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Timeout);
    }
    assert_eq!(site.requests("/robots.txt").len(), 1);
}

#[tokio::test]
async fn p26_a_robots_txt_that_asks_to_wait_is_left_alone_for_that_long() {
    for status in [429, 503] {
        let site = Site::start().await;
        let wait = Answer::status(status).header("Retry-After", "14400");
        site.script("/robots.txt", [wait, Answer::ok(RULES)]);
        site.document("/news/1", "<p>page</p>");
        let mut world = patient(&site);
        for _ in 0..4 {
            assert!(world.page(&site.url("/news/1")).await.is_err());
            assert_eq!(site.log().len(), 1, "{status}");
            world.now = world.now.after(HOUR - Duration::from_secs(1));
        }
        world.now = world.now.after(HOUR);
        assert!(world.page(&site.url("/news/1")).await.is_ok());
    }
}

/// A fetcher's world without spacing, whose source is on this site.
fn patient(site: &Site) -> world::World {
    let settings = gazetted::fetch::Settings { spacing: Duration::ZERO, ..world::settings() };
    world::World::of(settings, [world::source("one", &site.url("/feed"))])
}

/// The title of the entry whose page is asked for.
const TITLE: &str = "New pilot station opens at Carrow";

/// The text of a page that is not the entry's.
const OTHER: &str = "Officials met in Colombo to discuss the tuna quota with delegates. ";

/// Whether another page's text got into the story, and whether its own did.
async fn read_by(page: &str, script: impl FnOnce(&Site)) -> (bool, bool) {
    let world = World::new().await;
    let page = world.site.url(page);
    script(&world.site);
    let world = reading(world, &[(&page, TITLE)]).await;
    let world = world.topic("other", "colombo").topic("own", "\"harbour fund\"");
    let world = world.topic("all", "carrow").start().await;
    world.pass(DAY).await;
    world.pass(DAY).await;
    assert_eq!(world.titles("all").await, [TITLE], "the entry stays whatever its page is");
    let story = &world.stories()[0];
    assert!(!serde_json::to_string(story).unwrap().contains("\"withdrawn\":{"), "{story:?}");
    (!world.titles("other").await.is_empty(), !world.titles("own").await.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_another_page_is_not_taken_for_the_announcements() {
    let home = || html("Ministry of Ports", OTHER);
    for (asked, path) in [
        ("/news/1", "/"),
        ("/news/2025/04/1", "/news/2025/"),
        ("/news/1", "/en/"),
        ("/news/1", "/sorry/page-not-found"),
        ("/?p=7", "/"),
        ("/show.php?id=7", "/show.php"),
    ] {
        for status in [301, 302] {
            let read = read_by(asked, |site| {
                site.script(asked, [Answer::redirect(status, path)]);
                site.answer(path, move |_| home());
            });
            assert_eq!(read.await, (false, false), "{asked} to {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_stands_before_the_announcement_is_not_taken_for_it() {
    let form = "<form><input name=user><input type=password></form>";
    let login = format!("<!DOCTYPE html><title>Sign in</title><h1>Sign in</h1>{form}<p>{OTHER}");
    for (name, answer) in [
        ("a login", Answer::ok(login).header("Content-Type", "text/html")),
        ("a consent", html("Before you continue to the Ministry", OTHER)),
        ("a check for robots", html("Just a moment...", OTHER)),
        ("an error page", html("Page not found - Ministry of Ports", OTHER)),
    ] {
        let read = read_by("/news/1", |site| site.script("/news/1", [answer.clone()]));
        assert_eq!(read.await, (false, false), "{name}");
        let read = read_by("/news/1", |site| {
            site.script("/news/1", [Answer::redirect(302, "/gate/check?for=%2Fnews%2F1")]);
            site.script("/gate/check?for=%2Fnews%2F1", [answer.clone()]);
        });
        assert_eq!(read.await, (false, false), "{name}, behind a redirect");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_before_one_page_says_nothing_of_the_others_of_its_host() {
    for (gates, asked_at_once) in [(1, 3), (3, 2)] {
        let world = World::new().await;
        let paths = [1, 2, 3].map(|number| format!("/news/{number}"));
        let pages = paths.clone().map(|path| world.site.url(&path));
        for (place, path) in paths.iter().enumerate() {
            let gate = html("Before you continue to the Ministry", OTHER);
            let page = html(&format!("{TITLE} {place}"), &format!("{TEXT}It has {place} boats. "));
            let answers = if place < gates { vec![gate, page] } else { vec![page] };
            world.site.script(path, answers);
        }
        let titles = [0, 1, 2].map(|place| format!("{TITLE} {place}"));
        let listed: Vec<_> = pages.iter().zip(titles.iter().map(String::as_str)).collect();
        let world = reading(world, &listed).await.topic("own", "\"harbour fund\"").start().await;
        let asked = || paths.iter().filter(|path| !world.site.requests(path).is_empty()).count();
        assert_eq!(asked(), asked_at_once, "{}", world.site.story());
        for _ in 0..12 {
            world.pass(HOUR).await;
        }
        assert_eq!(world.titles("own").await.len(), 3, "{}", world.site.story());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_announcement_is_read_wherever_its_address_leads() {
    for (asked, at, title) in [
        ("/news/1", "/news/1", "Ministry of Ports | Newsroom"),
        ("/news/1", "/news/1/", "Ministry of Ports | Newsroom"),
        ("/news/1?utm_source=rss", "/news/1?utm_source=rss", TITLE),
        ("/?p=7", "/2025/04/pilot-station/", TITLE),
        ("/node/12", "/press/pilot-station-carrow", "New pilot station opens at Carrow - Ministry"),
        ("/news/1/print", "/news/1", "Pilot station opens at Carrow | Ports"),
    ] {
        let read = read_by(asked, |site| {
            if asked != at {
                site.script(asked, [Answer::redirect(301, at)]);
            }
            site.script(at, [html(title, TEXT)]);
        });
        assert_eq!(read.await, (false, true), "{asked} to {at}");
    }
}

/// A page without an announcement, which leads on to another by itself.
fn leads_on(to: &str) -> Answer {
    let html = format!("<meta http-equiv=refresh content=\"0; url={to}\"><p>You are sent on.</p>");
    Answer::ok(format!("<!DOCTYPE html><html>{html}</html>")).header("Content-Type", "text/html")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_leads_on_by_itself_is_followed_once() {
    for (to, is_own) in [("/new/1", true), ("/again", false), ("/", false)] {
        let read = read_by("/news/1", |site| {
            site.script("/news/1", [leads_on(to)]);
            site.script("/again", [leads_on("/new/1")]);
            site.script("/new/1", [html(TITLE, TEXT)]);
            site.script("/", [html("Ministry of Ports", OTHER)]);
        });
        assert_eq!(read.await, (false, is_own), "{to}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_counts_for_the_host_that_refused_also_behind_a_page_that_leads_there() {
    let (world, other) = (World::new().await, Site::start_on("127.0.0.2").await);
    let paths = [1, 2, 3].map(|number| format!("/news/{number}"));
    for path in &paths {
        world.site.script(path, [leads_on(other.url(path).as_str())]);
        other.script(path, [Answer::status(503)]);
    }
    let pages = paths.clone().map(|path| world.site.url(&path));
    let listed: Vec<_> = pages.iter().map(|page| (page, TITLE)).collect();
    let world = reading(world, &listed).await.start().await;
    for path in &paths {
        assert_eq!(world.site.requests(path).len(), 1, "{}", world.site.story());
    }
    let asked: usize = paths.iter().map(|path| other.requests(path).len()).sum();
    assert_eq!(asked, 1, "{}", other.story());
    let warnings = &world.handle().records().status(world.clock.now())[0].warnings;
    assert!(warnings.iter().any(|warning| warning.contains("(4 asked for)")), "{warnings:?}");
}
