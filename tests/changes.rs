//! Tests that a change of the configuration has an effect, and that nothing goes without a word.

use std::fs;
use std::time::Duration;

use serde_json::Value;

use crate::faults::support::{configured, source, until};
use crate::support::binary::{Gazetted, Launched};
use crate::support::site::{Answer, Site};
use crate::support::world::{World, atom};

const HOUR: Duration = Duration::from_secs(3600);

/// A document of announcements, each with the hour of its date in its title.
fn announcements(hours: std::ops::Range<usize>) -> String {
    let entries = hours.map(|hour| {
        let page = format!("https://www.gov.uk/government/news/{hour}");
        let title = format!("Crime report of hour {hour} of the day");
        (page, title, format!("2025-04-02T{hour:02}:05:00Z"))
    });
    let entries: Vec<_> = entries.collect();
    let entries: Vec<_> = entries
        .iter()
        .map(|(page, title, date)| (page.as_str(), page.as_str(), title.as_str(), date.as_str()))
        .collect();
    atom(&entries)
}

/// Writes another configuration, by a change of the text.
fn change(gazetted: &Gazetted, from: &str, to: &str) {
    let before = fs::read_to_string(gazetted.config()).unwrap();
    assert!(before.contains(from), "{from} in {before}");
    fs::write(gazetted.config(), before.replacen(from, to, 1)).unwrap();
}

/// The standard output and the standard error of a command, and its exit code.
fn said(gazetted: &Gazetted, arguments: &[&str]) -> (Option<i32>, String) {
    let output = gazetted.run(arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

/// A daemon that has read announcements of these hours.
async fn with_stories(hours: std::ops::Range<usize>) -> (Site, Gazetted) {
    let site = Site::start().await;
    site.document("/one", announcements(hours));
    let gazetted = Gazetted::with(&(configured("", "") + &source(&site, "one", "1s")));
    (site, gazetted)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_a_limit_cut_is_read_again_once_the_limit_changes() {
    for (limit, topic, stories) in [("entries = 2", "all", 6), ("field = \"50B\"", "deep", 5)] {
        let long = announcements(0..5)
            .replace("About it", "About it and much else, in many words until the last word comes");
        let world = World::new().await.lines("[parsing]").lines(limit);
        let world = world.source("cut", long).source("whole", announcements(9..10));
        let world = world.topic("all", "crime").topic("deep", "\"last word\"");
        let mut world = world.start().await;
        world.pass(HOUR * 5).await;
        assert!(world.titles(topic).await.len() < stories, "{limit}");
        let unconditional = |world: &World| {
            ["/cut", "/whole"].map(|path| {
                let asked = world.site.requests(path);
                asked.iter().filter(|request| !request.is_conditional()).count()
            })
        };
        assert_eq!(unconditional(&world), [1, 1], "{limit}: {}", world.site.story());
        let polls = world.site.log().len();
        world.reconfigure(|config| *config = config.replace(limit, "")).await;
        assert_eq!(world.site.log().len(), polls, "a reload asks nobody");
        for _ in 0..2 {
            world.pass(HOUR * 5).await;
            assert_eq!(world.titles(topic).await.len(), stories, "{limit}");
            assert_eq!(unconditional(&world), [2, 1], "{limit}: {}", world.site.story());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_that_are_left_out_are_logged_once() {
    let (site, gazetted) = with_stories(0..5).await;
    change(&gazetted, "[[topic]]", "[parsing]\nentries = 2\n[[topic]]");
    let mut daemon = gazetted.start();
    let line: Value = serde_json::from_str(&daemon.logged("entries_left_out")).unwrap();
    assert_eq!((&line["level"], &line["left_out"]), (&"INFO".into(), &3.into()), "{line}");
    site.document("/one", announcements(0..6));
    until("the change is read", || (gazetted.stories().len() == 3).then_some(()));
    let log = daemon.end("TERM").1;
    assert_eq!(log.matches("entries_left_out").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stories_that_a_lower_bound_removes_are_counted_before_and_after() {
    let (_site, gazetted) = with_stories(0..6).await;
    change(&gazetted, "path = \"store\"", "path = \"store\"\nbackups = \"never\"");
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    assert!(!said(&gazetted, &["check"]).1.contains("will be removed"));
    change(&gazetted, "path = \"store\"", "path = \"store\"\nstories = 2");
    let warning = "4 of 6 stored stories will be removed";
    let (code, text) = said(&gazetted, &["check"]);
    assert!(code == Some(0) && text.contains(warning) && text.contains("no backup"), "{text}");
    let (code, text) = said(&gazetted, &["check", "--archive", "--since", "9000d"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains(warning) && text.contains("topic all: +0 −4 stories, 2 in all"),
        "{text}"
    );
    let (_, text) = said(&gazetted, &["check", "--archive", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["removal"]["stories"], 4, "{text}");
    // Whoever wants to be asked is.
    let config = fs::read_to_string(gazetted.config()).unwrap();
    fs::write(gazetted.config(), format!("reload = \"strict\"\n{config}")).unwrap();
    let (code, text) = said(&gazetted, &["reload"]);
    assert!(code == Some(78) && text.contains(warning), "{text}");
    assert_eq!(gazetted.stories().len(), 6);
    let (code, text) = said(&gazetted, &["reload", "--force"]);
    assert!(code == Some(0) && text.contains(warning), "{text}");
    let line: Value = serde_json::from_str(&daemon.logged("stories_retired")).unwrap();
    assert_eq!((&line["retired"], &line["left"]), (&4.into(), &2.into()), "{line}");
    assert_eq!(gazetted.stories().len(), 2);
    // What is in force takes nothing more away.
    assert!(!said(&gazetted, &["check"]).1.contains("will be removed"));
    daemon.end("TERM");
    // Without a daemon the store is asked.
    change(&gazetted, "stories = 2", "stories = 1");
    assert!(said(&gazetted, &["check"]).1.contains("1 of 2 stored stories will be removed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_names_nothing_is_warned_of_and_a_renamed_source_is_recognised() {
    let (_site, gazetted) = with_stories(0..2).await;
    for (query, warning) in [
        ("source:onee", "no source is called `onee`"),
        ("source:onee", "did you mean source:one?"),
        ("crime OR tag:ukk", "no source has the tag `ukk`"),
        ("crime OR tag:ukk", "did you mean tag:uk?"),
        ("NOT role:syndicator AND crime", "no source has the role `syndicator`"),
        ("crime AND @far", "no source has the tag `abroad`"),
    ] {
        let config = fs::read_to_string(gazetted.config()).unwrap();
        let named = config.replace("query = \"crime\"", &format!("query = \"{query}\""));
        let tagged = named.replace("interval =", "tags = [\"uk\"]\ninterval =");
        fs::write(gazetted.config(), tagged + "[vocabulary]\nfar = [\"tag:abroad\", \"x\"]\n")
            .unwrap();
        let (code, text) = said(&gazetted, &["check"]);
        assert!(code == Some(0) && text.contains(warning), "{query}: {text}");
        assert!(text.contains("| query = "), "the place is shown: {text}");
        fs::write(gazetted.config(), config).unwrap();
    }
    for query in ["source:one", "source:\"One\" OR role:department", "source:o*", "org:nobody"] {
        let config = fs::read_to_string(gazetted.config()).unwrap();
        let named = config.replace("query = \"crime\"", &format!("query = '{query}'"));
        fs::write(gazetted.config(), named).unwrap();
        let (_, text) = said(&gazetted, &["check"]);
        assert!(!text.contains("no source"), "{query}: {text}");
        fs::write(gazetted.config(), config).unwrap();
    }
    change(&gazetted, "query = \"crime\"", "query = \"source:one\"");
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    change(&gazetted, "id = \"one\"", "id = \"two\"");
    let (_, text) = said(&gazetted, &["reload"]);
    assert!(
        text.contains("source two: added, with the address of the removed source one"),
        "{text}"
    );
    assert_eq!(text.matches("no source is called `one`").count(), 1, "said once: {text}");
    assert!(text.contains("write the id or the title of a [[source]]: two"), "{text}");
    // The stories of the source under its new name come with its next poll.
    let counts = "+0 −0 (stories of 1 added source come with the next poll)";
    assert!(text.contains(&format!("2 stories matched again, {counts}")), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_restart_is_named_until_it_is_taken_back() {
    let (_site, gazetted) = with_stories(0..2).await;
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    let reload = || said(&gazetted, &["reload"]).1;
    change(&gazetted, "spacing = \"0s\"", "spacing = \"2s\"");
    let waits = "[polling]: spacing changed; restart gazetted to use it";
    for _ in 0..2 {
        assert_eq!(reload().trim(), waits);
        assert!(gazetted.succeed(&["status"]).contains(waits));
    }
    change(&gazetted, "spacing = \"2s\"", "spacing = \"0s\"");
    assert_eq!(reload().trim(), "nothing changed");
    assert!(!gazetted.succeed(&["status"]).contains("restart"));

    // The store that is open is the daemon's, whatever its file says.
    change(&gazetted, "path = \"store\"", "path = \"other\"");
    daemon.signal("HUP");
    daemon.logged("[store]: path changed");
    let (code, text) = said(&gazetted, &["reload"]);
    assert!(code == Some(1) && text.contains("still has the former store"), "{text}");
    change(&gazetted, "path = \"other\"", "path = \"store\"");
    assert_eq!(reload().trim(), "nothing changed");
    assert!(gazetted.succeed(&["status"]).contains("kept: 2 stories"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_daemon_names_the_store_and_not_the_address() {
    let (_site, gazetted) = with_stories(0..2).await;
    let daemon = gazetted.start();
    change(&gazetted, "127.0.0.1:0", &daemon.address.to_string());
    let (code, log) = Launched::by(gazetted.command(&["run"])).ended();
    assert!(code == Some(75) && log.contains("in use by another process"), "{code:?} {log}");
    // Another store at the same address is another matter.
    change(&gazetted, "path = \"store\"", "path = \"other\"");
    let (code, log) = Launched::by(gazetted.command(&["run"])).ended();
    assert!(code == Some(1) && log.contains("choose another address"), "{code:?} {log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_host_in_base_url_says_how_feeds_keep_their_ids() {
    let (_site, gazetted) = with_stories(0..2).await;
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    change(&gazetted, "https://feeds.example.org/", "https://feeds.example.org/news/");
    assert!(!said(&gazetted, &["reload"]).1.contains("authority"), "the host is the same");
    change(&gazetted, "feeds.example.org", "other.example.org");
    let warning = "write `authority = \"feeds.example.org\"` to keep the IDs";
    for command in ["check", "reload"] {
        let (code, text) = said(&gazetted, &[command]);
        assert!(code == Some(0) && text.contains(warning), "{command}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn corrections_say_what_they_name_in_vain_and_a_join_is_taken_back() {
    let (_site, gazetted) = with_stories(1..4).await;
    change(&gazetted, "[store]", "include = [\"overrides*.toml\"]\n[store]");
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    let page = |hour: usize| format!("https://www.gov.uk/government/news/{hour}");
    gazetted.succeed(&["join", &page(1), &page(2)]);
    assert_eq!(gazetted.stories().len(), 2);
    gazetted.succeed(&["split", &page(1), &page(2)]);
    assert_eq!(gazetted.stories().len(), 3);
    let overrides = gazetted.path().join("overrides.toml");
    let written = fs::read_to_string(&overrides).unwrap();
    assert!(!written.contains("force") && written.contains("never"), "{written}");

    let table = |other: &str| format!("[[story]]\nforce = [\"{}\", \"{other}\"]\n", page(1));
    fs::write(&overrides, table("https://www.gov.uk/government/news/1x")).unwrap();
    let text = said(&gazetted, &["reload"]).1;
    assert!(
        text.contains("no stored story has an entry at https://gov.uk/government/news/1x"),
        "{text}"
    );
    fs::write(&overrides, table(&page(3))).unwrap();
    let text = said(&gazetted, &["reload"]).1;
    assert!(!text.contains("no stored story"), "{text}");
    assert_eq!(gazetted.stories().len(), 2);
    fs::write(&overrides, "").unwrap();
    let text = said(&gazetted, &["reload"]).1;
    assert!(text.contains("`gazetted split` takes them apart"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_that_was_a_mistake_is_left_within_a_day() {
    for home_is_a_feed in [true, false] {
        let world = World::new().await;
        let world = world.source("dep", announcements(0..1)).topic("all", "crime");
        let moved = Answer::redirect(301, "/general");
        world.site.script("/dep", [moved]);
        world.site.document("/general", announcements(0..1));
        let world = world.start().await;
        world.pass(HOUR * 2).await;
        match home_is_a_feed {
            true => world.site.document("/dep", announcements(0..4)),
            false => world.site.script("/dep", [Answer::ok("<!DOCTYPE html><title>Gone</title>")]),
        }
        for _ in 0..18 {
            world.pass(HOUR).await;
        }
        assert_eq!(world.site.requests("/dep").len(), 1, "{}", world.site.story());
        let status = || world.handle().records().status(world.clock.now()).remove(0);
        assert!(status().moved_to.is_some());
        for _ in 0..10 {
            world.pass(HOUR).await;
        }
        let home = world.site.requests("/dep").len();
        let state = status();
        assert_eq!(state.moved_to.is_none(), home_is_a_feed);
        assert_eq!((state.failure, state.state.as_str()), (None, "ok"));
        match home_is_a_feed {
            true => assert!(home > 3 && world.stories().len() == 4, "{}", world.site.story()),
            false => assert_eq!(home, 2, "once a day: {}", world.site.story()),
        }
    }
}

/// The page of an entry.
fn page(text: &str) -> Answer {
    let text = format!("{text} ").repeat(20);
    Answer::ok(format!(
        "<!DOCTYPE html><html lang=en><head><title>A page about crime</title></head><body><article>\
         <h1>A page about crime</h1><p>{text}</p><p>{text}</p><div class=more>{text} elsewhere</div>\
         </article></body></html>"
    ))
    .header("Content-Type", "text/html")
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_read_again_at_once_when_what_is_read_of_them_changes() {
    let world = World::new().await;
    let address = world.site.url("/news/1");
    let entry = [("urn:1", address.as_str(), "A page about crime", "2025-04-02T11:05:00Z")];
    world.site.script("/news/1", [Answer::status(404), page("The harbour fund paid for it.")]);
    let world = world.source("dep", atom(&entry)).lines("enrich = \"page\"");
    let world = world.topic("harbour", "\"harbour fund\"").topic("more", "elsewhere");
    let mut world = world.start().await;
    let requests = |world: &World| world.site.requests("/news/1").len();
    async fn texts(world: &World) -> [usize; 2] {
        [world.titles("harbour").await.len(), world.titles("more").await.len()]
    }
    assert_eq!((requests(&world), texts(&world).await), (1, [0, 0]));
    let warnings = world.handle().records().status(world.clock.now()).remove(0).warnings;
    assert!(warnings.iter().any(|one| one.contains("none of its entries' pages")), "{warnings:?}");
    world.pass(HOUR * 5).await;
    assert_eq!(requests(&world), 1, "the next round is tomorrow's");
    let change = |from: &'static str, to: &'static str| {
        move |config: &mut String| {
            assert!(config.contains(from), "{config}");
            *config = config.replacen(from, to, 1);
        }
    };
    world.reconfigure(change("enrich = \"page\"", "rank = 1")).await;
    world.pass(HOUR * 5).await;
    assert_eq!(requests(&world), 1);
    world.reconfigure(change("rank = 1", "enrich = \"page\"")).await;
    world.pass(HOUR * 5).await;
    assert_eq!((requests(&world), texts(&world).await), (2, [1, 1]), "{}", world.site.story());
    let status = || world.handle().records().status(world.clock.now()).remove(0);
    assert_eq!(status().warnings, [""; 0]);
    world.reconfigure(change("enrich = \"page\"", "enrich = \"page\"\ncut = [\"div.more\"]")).await;
    for _ in 0..2 {
        world.pass(HOUR * 5).await;
        assert_eq!((requests(&world), texts(&world).await), (3, [1, 0]), "{}", world.site.story());
    }
}

#[test]
fn a_restore_prints_where_the_former_store_is_kept() {
    let demo = Gazetted::demo();
    demo.succeed(&["poll"]);
    let file = demo.path().join("all.backup");
    let file = file.to_str().unwrap();
    demo.succeed(&["backup", file]);
    let text = demo.succeed(&["restore", file, "--replace"]);
    let kept = demo.path().join("store/sled.replaced-1");
    assert!(kept.exists() && text.contains(kept.to_str().unwrap()), "{text}");
    let (code, text) = said(&demo, &["import", "stories", file]);
    assert!(code == Some(1) && text.contains("gazetted restore"), "{text}");
    let (code, text) = said(&demo, &["poll", "--now"]);
    assert!(code == Some(2) && text.contains("`gazetted poll --now SOURCE`"), "{text}");
    let (code, text) = said(&demo, &["parse", "/nothere"]);
    assert!(code == Some(1) && text.contains("there is no file /nothere"), "{text}");
}
