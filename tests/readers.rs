//! Tests what other people's programs make of the demonstration's feeds.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use gazetted::model::Timestamp;
use serde_json::Value;

use crate::support::binary::{Gazetted, RunningDaemon};
use crate::support::http::get;

const TOPICS: [&str; 4] =
    ["western-balkans", "sanctions", "migration-and-organised-crime", "ukraine"];

/// The demonstration, with every source polled once.
fn polled() -> (Gazetted, RunningDaemon) {
    let demo = Gazetted::demo();
    let daemon = demo.start();
    demo.succeed(&["poll"]);
    (demo, daemon)
}

/// The published ids of the stories that are in a topic.
fn published(stories: &[Value]) -> BTreeSet<String> {
    let in_topics = stories.iter().filter(|story| story["topics"] != Value::Array(Vec::new()));
    in_topics.map(|story| story["published_id"].as_str().unwrap().to_owned()).collect()
}

/// Runs a program with this on its standard input.
fn fed(command: &mut Command, input: &[u8]) -> Output {
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

// newsboat.

/// A newsboat of the test's own, subscribed to every topic as Atom and as RSS.
struct Newsboat {
    directory: PathBuf,
}

impl Newsboat {
    fn subscribe(demo: &Gazetted, daemon: &RunningDaemon) -> Self {
        let directory = demo.path().join("newsboat");
        std::fs::create_dir(&directory).unwrap();
        let feeds = TOPICS.iter().flat_map(|topic| ["atom", "rss"].map(|format| (topic, format)));
        let urls: String = feeds
            .map(|(topic, format)| format!("http://{}/topics/{topic}.{format}\n", daemon.address))
            .collect();
        std::fs::write(directory.join("urls"), urls).unwrap();
        std::fs::write(directory.join("config"), "").unwrap();
        Self { directory }
    }

    /// Reads every feed again; how many entries are unread then.
    fn reload(&self) -> usize {
        let output = Command::new("newsboat")
            .current_dir(&self.directory)
            .env("HOME", &self.directory)
            .args(["-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload", "print-unread"])
            .output()
            .unwrap();
        let printed = printed(&output);
        printed.split(' ').next().unwrap().parse().unwrap_or_else(|_| panic!("{printed:?}"))
    }

    /// Asks or changes its cache; the rows.
    fn cache(&self, statement: &str) -> Vec<Vec<Value>> {
        let script = "import json, sqlite3, sys\n\
                      cache = sqlite3.connect(sys.argv[1])\n\
                      print(json.dumps(cache.execute(sys.argv[2]).fetchall()))\n\
                      cache.commit()";
        let output = Command::new("python3")
            .args(["-c", script])
            .arg(self.directory.join("cache.db"))
            .arg(statement)
            .output()
            .unwrap();
        serde_json::from_str(&printed(&output)).unwrap()
    }

    /// The ids it holds; what stands in several feeds or formats it knows by its id.
    fn ids(&self) -> BTreeSet<String> {
        let rows = self.cache("select guid from rss_item");
        let ids: BTreeSet<_> = rows.iter().map(|row| row[0].as_str().unwrap().to_owned()).collect();
        assert_eq!(ids.len(), rows.len(), "nothing twice");
        ids
    }
}

/// A day later: a department revised its page, a syndicator carries another
/// one, and one announcement is new.
fn a_day_later(demo: &Gazetted) {
    let sources = demo.path().join("demo");
    for file in std::fs::read_dir(sources.join("later")).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), sources.join(file.file_name())).unwrap();
    }
    let insert = |name: &str, before: &str, entry: &str| {
        let path = sources.join(name);
        let document = std::fs::read_to_string(&path).unwrap();
        assert!(document.contains(before), "{name}");
        std::fs::write(path, document.replacen(before, &format!("{entry}{before}"), 1)).unwrap();
    };
    insert(
        "wired-gov.rss",
        "<item>",
        "<item><title>UK sanctions hit West Bank violence network</title>\
         <link>https://www.wired-gov.net/wg/news.nsf/articles/west+bank?open</link>\
         <guid>https://www.wired-gov.net/wg/news.nsf/articles/west+bank?open</guid>\
         <pubDate>Wed, 21 May 2025 10:00:00 +0100</pubDate>\
         <description>Original article link: https://www.gov.uk/government/news/uk-sanctions-hit-west-bank-violence-network</description></item>",
    );
    insert(
        "home-office.atom",
        "<entry>",
        "<entry><id>https://www.gov.uk/government/news/invented#2026-02-13T09:00:00Z</id>\
         <updated>2026-02-13T09:00:00Z</updated>\
         <link rel=\"alternate\" href=\"https://www.gov.uk/government/news/invented\"/>\
         <title>News story: New sanctions against people smugglers</title>\
         <summary>Made up for a test.</summary></entry>",
    );
}

#[test]
#[ignore = "needs newsboat (Debian package newsboat) and python3 (Debian package python3)"]
fn newsboat_shows_every_story_once_and_again_only_what_is_new() {
    let (demo, daemon) = polled();
    let newsboat = Newsboat::subscribe(&demo, &daemon);
    let unread = newsboat.reload();
    let before = demo.stories();
    let known = published(&before);
    assert_eq!(newsboat.ids(), known);
    assert_eq!(unread, known.len());

    newsboat.cache("update rss_item set unread = 0");
    assert_eq!(newsboat.reload(), 0, "nothing happened");

    a_day_later(&demo);
    demo.succeed(&["poll"]);
    let after = demo.stories();
    assert_eq!(after.len(), before.len() + 1, "a revision and a copy are no new stories");
    let copies = |stories: &[Value]| -> usize {
        stories.iter().map(|story| story["entries"].as_array().unwrap().len()).sum()
    };
    assert_eq!(copies(&after), copies(&before) + 2, "the copy joined");
    let unread = newsboat.reload();
    assert_eq!(unread, 1, "only the new story is unread");
    assert_eq!(published(&after).difference(&known).count(), 1);
    assert_eq!(newsboat.ids(), published(&after), "nothing is lost");
}

// feedparser.

const FEEDPARSER: &str = r#"
import calendar, datetime, feedparser, json, sys
for url in sys.stdin.read().split():
    feed = feedparser.parse(url)
    entries = [{
        "id": entry.id,
        "url": entry.link,
        "updated": datetime.datetime.fromtimestamp(
            calendar.timegm(entry.updated_parsed), datetime.timezone.utc
        ).strftime("%Y-%m-%dT%H:%M:%SZ"),
    } for entry in feed.entries]
    said = str(feed.get("bozo_exception", ""))
    print(json.dumps({"url": url, "bozo": int(feed.bozo), "said": said, "title": feed.feed.title, "entries": entries}))
"#;

#[test]
#[ignore = "needs feedparser (PyPI package feedparser; Debian package python3-feedparser)"]
fn feedparser_reads_every_feed_without_complaint_and_as_it_was_meant() {
    let (demo, daemon) = polled();
    let stories = demo.stories();
    let feeds: Vec<_> =
        TOPICS.iter().flat_map(|topic| ["atom", "rss"].map(|format| (*topic, format))).collect();
    let urls: Vec<_> = feeds
        .iter()
        .map(|(topic, format)| format!("http://{}/topics/{topic}.{format}", daemon.address))
        .collect();
    let output = fed(Command::new("python3").args(["-c", FEEDPARSER]), urls.join("\n").as_bytes());
    let printed = printed(&output);
    assert_eq!(printed.lines().count(), feeds.len());
    for ((topic, format), line) in feeds.into_iter().zip(printed.lines()) {
        let feed: Value = serde_json::from_str(line).unwrap();
        assert_eq!(feed["bozo"], 0, "{feed:#}");
        let read: BTreeMap<_, _> = feed["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (entry["id"].as_str(), (&entry["url"], &entry["updated"])))
            .collect();
        let told: BTreeMap<_, _> = stories
            .iter()
            .filter(|story| story["topics"].as_array().unwrap().contains(&topic.into()))
            .map(|story| (story["published_id"].as_str(), (&story["url"], &story["updated"])))
            .collect();
        assert!(!told.is_empty());
        assert_eq!(read, told, "{topic}.{format}");
    }
}

// xmllint.

#[test]
#[ignore = "needs xmllint (Debian package libxml2-utils)"]
fn all_xml_is_well_formed() {
    let (_demo, daemon) = polled();
    let feeds =
        TOPICS.map(|topic| [format!("/topics/{topic}.atom"), format!("/topics/{topic}.rss")]);
    let others = ["/stories.atom", "/stories.rss", "/opml", "/sources.opml", "/icon.svg"];
    for path in feeds.concat().into_iter().chain(others.map(str::to_owned)) {
        let answer = get(daemon.address, &path);
        assert_eq!(answer.status, 200, "{path}");
        let linted = fed(Command::new("xmllint").args(["--noout", "-"]), &answer.body);
        let said = String::from_utf8_lossy(&linted.stderr);
        assert!(linted.status.success() && said.is_empty(), "{path}: {said}");
    }
}

// sfeed.

#[test]
#[ignore = "needs sfeed (Debian package sfeed)"]
fn sfeed_reads_in_atom_and_rss_what_the_json_feed_says() {
    let (_demo, daemon) = polled();
    for topic in TOPICS {
        let json = get(daemon.address, &format!("/topics/{topic}.json"));
        let json: Value = serde_json::from_slice(&json.body).unwrap();
        let told = |item: &Value| {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            let date = Timestamp::parse_rfc3339(&text("date_published")).unwrap();
            [date.as_secs().to_string(), text("title"), text("url"), text("id")]
        };
        let told: Vec<_> = json["items"].as_array().unwrap().iter().map(told).collect();
        assert!(!told.is_empty(), "{topic}");
        for format in ["atom", "rss"] {
            let feed = get(daemon.address, &format!("/topics/{topic}.{format}"));
            let lines = printed(&fed(&mut Command::new("sfeed"), &feed.body));
            let read = |line: &str| {
                let fields: Vec<&str> = line.split('\t').collect();
                // Date, title, link, content, its type, id, and others.
                [fields[0], fields[1], fields[2], fields[5]].map(str::to_owned)
            };
            let read: Vec<_> = lines.lines().map(read).collect();
            assert_eq!(read, told, "{topic}.{format}");
        }
    }
}
