//! Documents beside this repository that were once read wrongly, and controls beside them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gazetted::clock::Clock;
use gazetted::model::{Entry, Timestamp};
use gazetted::parse::{self, Limits, Parsed};

use crate::support::site::Answer;
use crate::support::world::World;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/cases/reading");
const HOUR: Duration = Duration::from_secs(3600);

/// A part of a reading, as text.
type Part = fn(&Parsed) -> String;

/// The path of a case, if the cases are there.
fn case(name: &str) -> Option<PathBuf> {
    let path = Path::new(CASES).join(name);
    if !Path::new(CASES).is_dir() {
        println!("skipped: no cases in {CASES}");
        return None;
    }
    assert!(path.is_file(), "{name} is gone");
    Some(path)
}

fn read(path: &Path, content_type: Option<&str>) -> Result<Parsed, String> {
    let mut document = super::document(path);
    document.content_type = content_type.map(str::to_owned);
    document.at = Timestamp::parse_rfc3339("2026-11-29T00:00:00Z").unwrap();
    parse::parse(&document, &Limits::default()).map_err(|failure| failure.to_string())
}

fn first(parsed: &Parsed) -> &Entry {
    &parsed.entries[0]
}

fn title(parsed: &Parsed) -> String {
    first(parsed).title.clone()
}

fn text(parsed: &Parsed) -> String {
    first(parsed).text.replace('\n', " ")
}

fn title_and_text(parsed: &Parsed) -> String {
    format!("{} / {}", title(parsed), text(parsed))
}

fn address(parsed: &Parsed) -> String {
    first(parsed).url.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn title_and_address(parsed: &Parsed) -> String {
    format!("{} / {}", title(parsed), address(parsed))
}

fn published(parsed: &Parsed) -> String {
    first(parsed).published.map(|moment| moment.to_string()).unwrap_or_default()
}

fn count(parsed: &Parsed) -> String {
    parsed.entries.len().to_string()
}

/// Each case that is one document, with the part that was read wrongly.
const DOCUMENTS: &[(&str, Part, &str)] = &[
    ("word-xmlns-pi-cdata.xml", text, "First words. The rest of the release."),
    ("comment-bang.xml", text, "One Two"),
    ("html-cdata-unclosed.xml", text, "One Two words"),
    ("html-svg-unclosed.xml", text, "One Two words"),
    ("title-in-body.xml", text, "Body words"),
    ("atom-html-cdata.xml", text, "Body words"),
    ("json-external.json", address, "https://min.example/1"),
    ("json-rel.json", address, "https://min.example/n/1"),
    ("soft-hyphen.xml", title, "Umweltministerium legt Zahlen vor"),
    ("ctrl-chars.xml", title, "Line one break here"),
    ("wbr.xml", text, "Umweltministerium sagt"),
    ("tr-weekday-behind.xml", published, "2025-11-30T10:00:00Z"),
    ("hr.xml", published, "2025-11-28T10:00:00Z"),
    ("nl-weekday.xml", published, "2018-10-08T10:09:29Z"),
    ("gb-slash.xml", published, "2025-04-02T10:00:00Z"),
    ("us-slash.xml", published, "2025-04-02T10:00:00Z"),
    ("fr-h.xml", published, "2025-11-28T10:30:00Z"),
    ("iso-basic.xml", published, "2025-11-28T10:00:00Z"),
    ("dup-title-empty.xml", title, "Real title here"),
    ("dup-link-empty.xml", address, "https://min.example/n/1"),
    ("word-if.xml", text, "1. First measure"),
    ("word-endif-cmt.xml", text, "1. First measure"),
    ("xml-deep-div.xml", text, "Deep words"),
    ("deep-div.xml", text, "Deep words"),
    (
        "drupal-link-anchor.xml",
        title_and_address,
        "Council of ministers met / https://min.example/news/a",
    ),
    ("drupal-relative-node.xml", address, "https://min.example/node/12"),
    ("title-multi-lang.xml", title, "Titel auf Deutsch hier"),
    ("media-noimage-type.xml", |parsed| first(parsed).enclosures.len().to_string(), "0"),
    ("xhtml-rss-body.xml", text, "Full body text"),
    ("json-text-lt.json", |parsed| text(parsed).contains("<b>").to_string(), "true"),
    ("a10-author.xml", |parsed| first(parsed).authors.join(", "), "Press Office"),
    ("lamanche-mixed.xml", title_and_text, "Été à Coutances / Réunion du conseil"),
    ("esc-cdata.xml", text, "Real words"),
    ("cdata-nested.xml", text, "a ]]> b"),
    ("bare-amp-space.rss", title, "Foreign, Commonwealth & Development Office: visit"),
    ("amp-and-quote.rss", title, "Using \"x\" & y"),
    ("bare-amp.atom", title_and_text, "Trade & industry / One & two"),
    ("ent-in-link.xml", address, "https://min.example/a?x=1&copy=3&region=4&notice=5"),
];

#[test]
fn each_document_is_read_rightly() {
    let mut wrong = Vec::new();
    for (name, part, expected) in DOCUMENTS {
        let Some(path) = case(name) else { return };
        match read(&path, None) {
            Ok(parsed) if part(&parsed) == *expected => {}
            Ok(parsed) => wrong.push(format!("{name}: {:?}", part(&parsed))),
            Err(failure) => wrong.push(format!("{name}: {failure}")),
        }
    }
    for (name, content_type, expected) in [
        (
            "http-latin1-xml-1251.xml",
            "text/xml; charset=ISO-8859-1",
            "Заявление министра иностранных дел",
        ),
        ("http-utf8-xml-latin1.xml", "text/xml; charset=utf-8", "Erklärung für Österreich"),
    ] {
        let Some(path) = case(name) else { return };
        let read = read(&path, Some(content_type)).map(|parsed| title(&parsed));
        if read.as_deref() != Ok(expected) {
            wrong.push(format!("{name}: {read:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn documents_are_read_with_their_newest_entries_and_pages_refused() {
    let Some(path) = case("asc-600.xml") else { return };
    let oldest_first = read(&path, None).unwrap();
    let newest = "Notice number 599 of series";
    assert!(oldest_first.entries.iter().any(|entry| entry.title == newest));
    let Some(path) = case("namespaces-on-every-item.rss") else { return };
    let items = fs::read_to_string(&path).unwrap().matches("<item").count();
    assert_eq!(count(&read(&path, None).unwrap()), items.to_string());
    let Some(path) = case("lang-name.xml") else { return };
    let named = read(&path, None).unwrap();
    assert!(named.feed.language.is_none_or(|language| language == "en"));
    let Some(path) = case("html-js-rss.xml") else { return };
    let refused = read(&path, None).unwrap_err();
    assert!(refused.contains("page"), "{refused}");
}

/// A world on 29 November 2026, when the cases were made.
async fn world() -> World {
    let mut world = World::new().await;
    world.clock = Clock::by_hand(Timestamp::parse_rfc3339("2026-11-29T09:00:00Z").unwrap());
    world
}

/// Polls the documents of a case one after the other.
async fn polled(names: &[&str]) -> Option<World> {
    let paths: Vec<PathBuf> = names.iter().map(|name| case(name)).collect::<Option<_>>()?;
    let world = world().await.source("dep", fs::read(&paths[0]).unwrap());
    let world = world.topic("all", "congress").start().await;
    for path in &paths[1..] {
        world.site.document("/dep", fs::read(path).unwrap());
        world.pass(2 * HOUR).await;
    }
    Some(world)
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_in_a_row_store_as_many_stories_as_there_are_announcements() {
    let mut wrong = Vec::new();
    for (names, expected) in [
        (&["jsessionid-1.xml", "jsessionid-2.xml"][..], 3),
        (&["phpsessid-1.xml", "phpsessid-2.xml"], 1),
        (&["cache-buster-1.xml", "cache-buster-2.xml"], 3),
        (&["scheme-and-www-flip-1.xml", "scheme-and-www-flip-2.xml"], 3),
        (&["own-parameter.xml"], 3),
        (&["guid-not-available.xml"], 4),
        (&["guid-is-the-site-1.xml", "guid-is-the-site-2.xml"], 4),
        (&["guid-is-the-position-1.xml", "guid-is-the-position-2.xml"], 6),
        (&["one-link-1.xml", "one-link-2.xml", "one-link-3.xml"], 5),
        (&["warnings-page-1.xml", "warnings-page-2.xml"], 2),
        (&["title-edited-1.xml", "title-edited-2.xml"], 1),
        (&["future-date-edited-1.xml", "future-date-edited-2.xml"], 1),
    ] {
        let Some(world) = polled(names).await else { return };
        let stored = world.stories().len();
        if stored != expected {
            wrong.push(format!("{}: {stored} stories", names[0]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_does_not_move_a_date_in_the_future() {
    let Some(world) = polled(&["future-date-edited-1.xml"]).await else { return };
    let updated = |feed: &str| feed.split("<updated>").nth(2).map(|rest| rest[..20].to_owned());
    let before = updated(world.get("/topics/all.atom").await.text());
    let Some(path) = case("future-date-edited-2.xml") else { return };
    world.site.document("/dep", fs::read(path).unwrap());
    world.pass(2 * HOUR).await;
    assert!(before.is_some());
    assert_eq!(updated(world.get("/topics/all.atom").await.text()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_match_words_with_marks_that_nobody_sees() {
    for (name, query) in [
        ("soft-hyphen.xml", "Umweltministerium"),
        ("wbr.xml", "Umweltministerium"),
        ("decomposed-accent.xml", "Réunion"),
    ] {
        let Some(path) = case(name) else { return };
        let world = world().await.source("dep", fs::read(path).unwrap());
        let world = world.topic("asked", query).start().await;
        assert_eq!(world.titles("asked").await.len(), 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_answers_are_read_as_curl_reads_them() {
    for name in [
        "space-before-colon.http",
        "folded-header.http",
        "latin-1-value.http",
        "bare-line-feeds.http",
        "content-encoding-utf-8.http",
    ] {
        let Some(path) = case(name) else { return };
        let world = world().await.source("dep", "");
        world.site.script("/dep", [Answer::raw(fs::read(path).unwrap())]);
        let world = world.topic("all", "entry").start().await;
        assert_eq!(world.stories().len(), 1, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_that_moved_is_not_called_silent() {
    let Some(world) = polled(&["moved-site.xml"]).await else { return };
    world.pass(HOUR).await;
    let answer = world.get("/sources.atom").await;
    let events = answer.text();
    assert!(events.contains("<feed") && !events.contains("silent"), "{events}");
}
