//! Tests what subscribers' programs show of a week of news, day by day.

mod week;

use std::path::Path;
use std::process::{Command, Output};

use week::{Feed, a_week};

fn printed(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {error}", output.status);
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a script of Python prints of each feed, as JSON. Besides the address it is given a path
/// of its own, under which it keeps what it knows.
fn python(script: &str, feeds: &[Feed], directory: &Path) -> Vec<Vec<String>> {
    let shown = |feed: &Feed| {
        let mut command = Command::new("python3");
        command.args(["-c", script, &feed.url]).arg(directory.join(feed.format));
        serde_json::from_str(&printed(&command.output().unwrap())).unwrap()
    };
    feeds.iter().map(shown).collect()
}

// reader.

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
    a_week(&["atom", "rss", "json"], |feeds| python(READER, feeds, directory.path())).await;
}

// feedparser, as programs use it: they keep the validators and the ids.

const FEEDPARSER: &str = r#"
import feedparser, json, os, sys
url, file = sys.argv[1:]
known = json.load(open(file)) if os.path.exists(file) else {"ids": []}
feed = feedparser.parse(url, etag=known.get("etag"), modified=known.get("modified"))
assert not feed.bozo, feed.bozo_exception
shown = [entry.id for entry in feed.entries if entry.id not in known["ids"]]
known = {"ids": known["ids"] + shown, "etag": feed.get("etag"), "modified": feed.get("modified")}
json.dump(known, open(file, "w"))
print(json.dumps(shown))
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs feedparser (PyPI package feedparser; Debian package python3-feedparser)"]
async fn feedparser_reads_a_week_of_news_without_a_repeat_or_a_loss() {
    let directory = tempfile::tempdir().unwrap();
    a_week(&["atom", "rss"], |feeds| python(FEEDPARSER, feeds, directory.path())).await;
}

// newsboat.

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
    a_week(&["atom", "rss"], |feeds| python(NEWSBOAT, feeds, directory.path())).await;
}

// Liferea, a program of the desktop: it is started, told to ask for its feeds, and ended.

const LIFEREA: &str = r#"
import json, os, pathlib, queue, signal, sqlite3, subprocess, sys, threading
home, *feeds = sys.argv[1:]
home = pathlib.Path(home)
settings = home / ".config/glib-2.0/settings/keyfile"
subscriptions = home / ".config/liferea/feedlist.opml"
if not subscriptions.exists():
    for file in settings, subscriptions:
        file.parent.mkdir(parents=True)
    # It asks when it is told to, not when it starts.
    settings.write_text("[net/sf/liferea]\nstartup-feed-action=1\n")
    outlines = "".join(
        f'<outline text="{n}" title="{n}" type="rss" id="feed{n}" xmlUrl="{url}" updateInterval="-1"/>'
        for n, url in enumerate(feeds))
    subscriptions.write_text(f'<opml version="1.0"><head/><body>{outlines}</body></opml>')
environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
environment |= {"HOME": str(home), "GSETTINGS_BACKEND": "keyfile"}
liferea = subprocess.Popen(
    ["liferea", "--mainwindow-state=hidden", "--debug-update", "--debug-net"],
    env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    text=True, errors="replace")
# What it says is read to the end: it would wait, were nobody to read it.
said = queue.Queue()
threading.Thread(target=lambda: [said.put(line) for line in liferea.stdout], daemon=True).start()
name, path = "org.gnome.feed.Reader", "/org/gnome/feed/Reader"
subprocess.run(["gdbus", "wait", "--session", "--timeout", "60", name], check=True)
for order in ["SetOnline", "true"], ["Refresh"]:
    subprocess.run(
        ["gdbus", "call", "--session", "--dest", name, "--object-path", path, "--method",
         f"{name}.{order[0]}", *order[1:]], check=True, stdout=subprocess.DEVNULL)
waiting = len(feeds)
while waiting:
    line = said.get()
    print(line, end="", file=sys.stderr)
    waiting -= "new items, cache limit" in line or "status code: 304" in line
liferea.send_signal(signal.SIGTERM)
try:
    liferea.wait(timeout=20)
except subprocess.TimeoutExpired:
    # Once in a long while it hangs in its own end, when all is in its database.
    liferea.kill()
    liferea.wait()
items = sqlite3.connect(home / ".local/share/liferea/liferea.db")
shown = [
    [guid for guid, in items.execute("select source_id from items where read = 0 and node_id = ?", [f"feed{n}"])]
    for n in range(len(feeds))]
items.execute("update items set read = 1")
items.commit()
print(json.dumps(shown))
"#;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs liferea under Xvfb (Debian packages liferea, xvfb, xauth, dbus-daemon and libglib2.0-bin)"]
async fn liferea_shows_a_week_of_news_without_a_repeat_or_a_loss() {
    let home = tempfile::tempdir().unwrap();
    a_week(&["atom", "rss"], |feeds| {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", "120", "xvfb-run", "-a", "dbus-run-session", "--"]);
        command.args(["python3", "-c", LIFEREA]).arg(home.path());
        command.args(feeds.iter().map(|feed| &feed.url));
        let printed = printed(&command.output().unwrap());
        serde_json::from_str(printed.lines().last().unwrap()).unwrap()
    })
    .await;
}

// rss2email.

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

/// The letters that come of a feed.
fn posted(feed: &Feed, directory: &Path) -> Vec<String> {
    let home = directory.join(feed.format);
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
        rss2email(&home, &["add", "news", &feed.url]);
    }
    rss2email(&home, &["run"]);
    letters(&home)
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs r2e (Debian package rss2email)"]
async fn rss2email_sends_a_week_of_news_without_a_repeat_or_a_loss() {
    let directory = tempfile::tempdir().unwrap();
    a_week(&["atom", "rss"], |feeds| {
        feeds.iter().map(|feed| posted(feed, directory.path())).collect()
    })
    .await;
}
