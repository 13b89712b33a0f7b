//! A week of news in; what the programs of subscribers show of it, day by day, out.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use crate::support::site::Answer;
use crate::support::world::{World, atom};

const DAY: Duration = Duration::from_secs(24 * 3600);
const FORMATS: [&str; 2] = ["atom", "rss"];

/// What a department lists on a day: the last four announcements, of which the first was revised
/// on the third day and got a better title, undated, on the fourth.
fn department(day: u32, stem: &str) -> String {
    let entries: Vec<[String; 4]> = (1..=day)
        .rev()
        .take(4)
        .map(|number| {
            let page = format!("https://www.gov.uk/government/news/{stem}-{number}");
            let revised = number == 1 && day >= 3;
            let date = if revised { 5 } else { 2 + number };
            let updated = format!("2025-04-{date:02}T09:00:00Z");
            let better = if number == 1 && day >= 4 { " (corrected)" } else { "" };
            let title = format!("Crime report {number} of the {stem}{better}");
            // As GOV.UK does: a revision has an id of its own.
            [format!("{page}#{updated}"), page, title, updated]
        })
        .collect();
    listing(&entries)
}

/// What a syndicator lists: what the department told the day before, under ids which it makes
/// anew on the sixth day.
fn syndicator(day: u32) -> String {
    let entries: Vec<[String; 4]> = (1..day)
        .rev()
        .map(|number| {
            let id =
                if day < 6 { format!("urn:wire:{number}") } else { format!("urn:new:{number}") };
            let page = format!("https://wire.example/{number}");
            let title = format!("Crime report {number} of the ministry");
            [id, page, title, format!("2025-04-{:02}T10:00:00Z", 2 + number)]
        })
        .collect();
    listing(&entries)
}

fn listing(entries: &[[String; 4]]) -> String {
    let parts = entries.iter().map(|[id, page, title, at]| (&**id, &**page, &**title, &**at));
    atom(&parts.collect::<Vec<_>>())
}

/// Lets a week pass. `shown` polls a feed with a program and returns the ids of what that
/// program shows as new: on each day what is new, never anything again, and nothing is lost.
async fn a_week(mut shown: impl FnMut(&str, &str) -> Vec<String>) {
    let world = World::new().await;
    let world = world
        .source("ministry", department(0, "ministry"))
        .source("office", department(0, "office"))
        .source("wire", syndicator(0))
        .topic("crime", "crime");
    let mut world = world.start().await;
    let mut known = BTreeSet::new();
    for day in 1..=7 {
        world.site.document("/ministry", department(day, "ministry"));
        world.site.document("/office", department(day, "office"));
        world.site.document("/wire", syndicator(day));
        match day {
            // A bad morning: whoever asks now learns nothing, and nothing is lost.
            4 => world.site.script("/ministry", [Answer::status(500), Answer::ok("<html></html>")]),
            5 => {
                world.reconfigure(|config| *config = config.replace("crime'''", "crimes'''")).await
            }
            _ => {}
        }
        for _ in 0..4 {
            world.pass(DAY / 4).await;
        }
        let stories: BTreeSet<_> =
            world.stories().into_iter().map(|story| story.published_id).collect();
        let news: BTreeSet<_> = stories.difference(&known).cloned().collect();
        // A report of each department; what is missed on a bad day comes on the next.
        assert!((1..=3).contains(&news.len()), "day {day}, and copies are no news: {news:?}");
        for format in FORMATS {
            let url = format!("http://{}/topics/crime.{format}", world.address());
            let listed = tokio::task::block_in_place(|| shown(format, &url));
            let once: BTreeSet<_> = listed.iter().cloned().collect();
            assert_eq!(once.len(), listed.len(), "day {day}, {format}: {listed:?}");
            assert_eq!(once, news, "day {day}, {format}");
        }
        known = stories;
    }
    assert_eq!(known.len(), 14);
}

fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a script of Python prints of a feed, as JSON.
fn python(script: &str, arguments: [&str; 2]) -> Vec<String> {
    let output = Command::new("python3").args(["-c", script]).args(arguments).output().unwrap();
    serde_json::from_str(&printed(&output)).unwrap()
}

const READER: &str = r#"
import json, sys, reader
url, database = sys.argv[1:]
reader = reader.make_reader(database)
reader.add_feed(url, exist_ok=True)
reader.update_feed(url)
shown = list(reader.get_entries(read=False))
for entry in shown:
    reader.mark_entry_as_read(entry)
print(json.dumps([entry.id for entry in shown]))
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs reader (PyPI packages reader and sgmllib3k)"]
async fn reader_shows_a_week_of_news_without_a_repeat_or_a_loss() {
    let directory = tempfile::tempdir().unwrap();
    a_week(|format, url| {
        let database = directory.path().join(format);
        python(READER, [url, database.to_str().unwrap()])
    })
    .await;
}

const NEWSBOAT: &str = r#"
import json, os, sqlite3, subprocess, sys
url, home = sys.argv[1:]
os.makedirs(home, exist_ok=True)
open(f"{home}/urls", "w").write(url + "\n")
open(f"{home}/config", "w").close()
subprocess.run(
    ["newsboat", "-C", "config", "-u", "urls", "-c", "cache.db", "-x", "reload"],
    cwd=home, env={**os.environ, "HOME": home}, check=True, stdout=sys.stderr)
cache = sqlite3.connect(f"{home}/cache.db")
shown = cache.execute("select guid from rss_item where unread = 1").fetchall()
cache.execute("update rss_item set unread = 0")
cache.commit()
print(json.dumps([guid for guid, in shown]))
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs newsboat (Debian package newsboat) and python3 (Debian package python3)"]
async fn newsboat_shows_a_week_of_news_without_a_repeat_or_a_loss() {
    let directory = tempfile::tempdir().unwrap();
    a_week(|format, url| {
        let home = directory.path().join(format);
        python(NEWSBOAT, [url, home.to_str().unwrap()])
    })
    .await;
}

/// An rss2email that files its letters in a directory.
fn rss2email(home: &Path, arguments: &[&str]) {
    let mut command = Command::new("r2e");
    command.env("HOME", home).current_dir(home).args(["-c", "r2e.cfg", "-d", "r2e.json"]);
    printed(&command.args(arguments).output().unwrap());
}

/// The ids of what its new letters tell; they count as read then.
fn letters(home: &Path) -> Vec<String> {
    let letters = std::fs::read_dir(home.join("mail/news/new")).unwrap();
    let ids = letters.map(|letter| {
        let letter = letter.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&letter).unwrap()).into_owned();
        std::fs::remove_file(letter).unwrap();
        // A long header goes on in the next line, after a space.
        let text = text.replace("\n ", "");
        let id = text.lines().find_map(|line| line.strip_prefix("X-RSS-ID:"));
        id.unwrap_or_else(|| panic!("no id in {text}")).trim().to_owned()
    });
    ids.collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs r2e (Debian package rss2email)"]
async fn rss2email_sends_a_week_of_news_without_a_repeat_or_a_loss() {
    let directory = tempfile::tempdir().unwrap();
    a_week(|format, url| {
        let home = directory.path().join(format);
        if !home.exists() {
            for part in ["cur", "new", "tmp"] {
                std::fs::create_dir_all(home.join("mail/news").join(part)).unwrap();
            }
            let mail = home.join("mail");
            let configuration = format!(
                "[DEFAULT]\nfrom = feeds@example.org\nto = me@example.org\n\
                 email-protocol = maildir\nmaildir-path = {}\nmaildir-mailbox = news\n",
                mail.display()
            );
            std::fs::write(home.join("r2e.cfg"), configuration).unwrap();
            rss2email(&home, &["add", "news", url]);
        }
        rss2email(&home, &["run"]);
        letters(&home)
    })
    .await;
}
