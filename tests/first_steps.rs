//! From nothing to the first feed, as a new operator walks it, by the real binary.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::faults::support::until;
use crate::support::binary::Launched;
use crate::support::http::get;
use crate::support::site::{Answer, Site};

/// A recorded feed of the demonstration.
fn recorded(name: &str) -> Vec<u8> {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/demo");
    fs::read(demo.join(name)).unwrap()
}

/// A command of somebody who has nothing yet.
fn gazetted(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gazetted"));
    command.args(arguments).current_dir(directory);
    for name in ["GAZETTED_CONFIG", "NOTIFY_SOCKET", "RUNTIME_DIRECTORY", "STATE_DIRECTORY"] {
        command.env_remove(name);
    }
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    gazetted(directory, arguments).output().unwrap()
}

/// Runs a command that succeeds; what it printed, and what it noted.
fn succeed(directory: &Path, arguments: &[&str]) -> (String, String) {
    let output = run(directory, arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (said, noted) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {said}{noted}");
    (said, noted)
}

/// Any free port, rather than the one that every configuration begins with.
fn on_any_port(config: &Path) {
    let text = fs::read_to_string(config).unwrap();
    assert!(text.contains("listen = \"127.0.0.1:8484\""), "{text}");
    fs::write(config, text.replace("127.0.0.1:8484", "127.0.0.1:0")).unwrap();
}

fn starts(directory: &Path, config: &str) -> crate::support::binary::RunningDaemon {
    Launched::by(gazetted(directory, &["run", "--config", config])).listening()
}

#[tokio::test(flavor = "multi_thread")]
async fn five_minutes_from_a_reading_list_to_the_first_feed() {
    let site = Site::start().await;
    let mut list = String::from("<opml version=\"2.0\"><head/><body><outline text=\"UK\">");
    for name in ["home-office", "foreign-commonwealth-development-office"] {
        let path = format!("/{name}.atom");
        site.document(&path, recorded(&format!("{name}.atom")));
        list += &format!("<outline type=\"rss\" text=\"{name}\" xmlUrl=\"{}\"/>", site.url(&path));
    }
    list += "</outline></body></opml>";
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("list.opml"), list).unwrap();

    let (said, noted) = succeed(home, &["init", "news", "--opml", "list.opml"]);
    assert!(said.contains("2 sources"), "{said}");
    assert!(noted.contains("found: home-office"), "{noted}");
    // The site of this test is at a private address, so the operator has to decide.
    let decision = "home-office is not polled: ";
    assert!(noted.contains(decision) && noted.contains("allow_private = true"), "{noted}");
    let config = home.join("news/gazetted.toml");
    let written = fs::read_to_string(&config).unwrap();
    assert_eq!(written.matches("\n# allow_private = true\n").count(), 2, "{written}");
    fs::write(&config, written.replace("\n# allow_private", "\nallow_private")).unwrap();
    assert!(written.contains("# id = \"sanctions\"") && written.contains("tags = [\"uk\"]"));

    let (said, _) = succeed(home, &["check", "--config", "news/gazetted.toml"]);
    assert!(said.contains("2 sources, 1 topic,"), "{said}");
    on_any_port(&config);
    let daemon = starts(home, "news/gazetted.toml");
    let feed = until("the first feed has stories", || {
        let feed = get(daemon.address, "/topics/everything.json");
        let items = serde_json::from_str::<Value>(feed.text()).ok()?["items"].as_array()?.clone();
        (!items.is_empty()).then_some(items)
    });
    assert!(feed.iter().all(|item| item["title"].as_str().is_some_and(|title| !title.is_empty())));
    succeed(home, &["status", "--ready", "--config", "news/gazetted.toml"]);

    // What is there stays as it is.
    let before = fs::read_to_string(&config).unwrap();
    let again = run(home, &["init", "news", "--opml", "list.opml"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("source add"));
    assert_eq!(fs::read_to_string(&config).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_is_found_on_the_page_that_advertises_it_or_where_feeds_are() {
    let site = Site::start().await;
    let page = "<!DOCTYPE html><html><head><title>The Home Office</title>\
        <link rel=\"alternate\" type=\"application/atom+xml\" href=\"/news.atom\">\
        <link rel=\"alternate\" type=\"application/rss+xml\" href=\"/other.rss\"></head></html>";
    let html = |body: &str| Answer::ok(body.to_owned()).header("Content-Type", "text/html");
    let (advertising, plain) = (html(page), html("<html><body>Hello</body></html>"));
    site.answer("/", move |_| advertising.clone());
    site.answer("/plain", move |_| plain.clone());
    site.document("/news.atom", recorded("home-office.atom"));
    site.document("/other.rss", recorded("wired-gov.rss"));
    site.document("/plain/feed.xml", recorded("hm-treasury.atom"));
    let home = tempfile::tempdir().unwrap();
    let home = home.path();

    let root = site.url("/");
    let (_, noted) = succeed(home, &["init", ".", "--url", root.as_str()]);
    assert!(noted.contains("/news.atom") && noted.contains("also has"), "{noted}");
    let config = home.join("gazetted.toml");
    let written = fs::read_to_string(&config).unwrap();
    assert!(
        written.contains(&format!("url = \"{}\"\nallow_private = true", site.url("/news.atom")))
    );
    on_any_port(&config);
    let mut daemon = starts(home, "gazetted.toml");

    // A running daemon reads what is added, and the file keeps all that stood in it.
    let before = fs::read_to_string(&config).unwrap();
    let plain = site.url("/plain");
    let add = ["--config", "gazetted.toml", "source", "add", plain.as_str(), "--json"];
    let (said, _) = succeed(home, &add);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["reloaded"]["in_force"], true, "{said}");
    let id = said["sources"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(said["sources"][0]["url"], site.url("/plain/feed.xml").as_str());
    let after = fs::read_to_string(&config).unwrap();
    let lost = before.lines().find(|line| !after.lines().any(|kept| kept == *line));
    assert_eq!(lost, None);
    daemon.logged("reloaded");
    until("the new source is read", || {
        let known = get(daemon.address, &format!("/sources/{id}.atom"));
        (known.status == 200 && known.text().contains("<entry>")).then_some(())
    });
    // What is a source already is not added twice, and what has no feed says so.
    let (said, noted) =
        succeed(home, &["source", "add", root.as_str(), "--config", "gazetted.toml"]);
    assert!(noted.contains("is a source already"), "{noted}");
    assert!(said.contains("gazetted.toml: "), "{said}");
    site.script("/nothing", [Answer::status(404)]);
    let nothing = site.url("/nothing");
    let refused = run(home, &["source", "add", nothing.as_str(), "--config", "gazetted.toml"]);
    assert_eq!(refused.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_an_operator_names_leads_to_no_other_private_address() {
    let (site, inside) = (Site::start().await, Site::start().await);
    inside.document("/feed", recorded("home-office.atom"));
    let html = |body: &str| Answer::ok(body.to_owned()).header("Content-Type", "text/html");
    let link = |address: &str| {
        format!("<link rel=\"alternate\" type=\"application/atom+xml\" href=\"{address}\">")
    };
    let page = |links: &[&str]| {
        let links: String = links.iter().map(|address| link(address)).collect();
        html(&format!("<!DOCTYPE html><html><head><title>A page</title>{links}</head></html>"))
    };
    let inner = inside.url("/feed").to_string();
    let (alone, both) = (page(&[inner.as_str()]), page(&[inner.as_str(), "/news.atom"]));
    site.answer("/alone", move |_| alone.clone());
    site.answer("/both", move |_| both.clone());
    let elsewhere = inner.clone();
    site.answer("/moved", move |_| Answer::redirect(301, &elsewhere));
    site.document("/news.atom", recorded("hm-treasury.atom"));
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    succeed(home, &["init", "--govuk", "cabinet-office"]);
    let config = home.join("gazetted.toml");
    let before = fs::read_to_string(&config).unwrap();
    let add = |address: &str| {
        run(home, &["source", "add", address, "--config", "gazetted.toml", "--json"])
    };

    for path in ["/alone", "/moved"] {
        let refused = add(site.url(path).as_str());
        let noted = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(1), "{path}: {noted}");
        assert!(noted.contains("private address"), "{path}: {noted}");
        assert_eq!(fs::read_to_string(&config).unwrap(), before, "{path}");
    }
    let added = add(site.url("/both").as_str());
    let said: Value = serde_json::from_slice(&added.stdout).unwrap();
    assert_eq!(said["sources"].as_array().unwrap().len(), 1, "{said}");
    assert_eq!(said["sources"][0]["url"], site.url("/news.atom").as_str());
    assert_eq!(said["sources"][0]["allow_private"], true, "{said}");
    let note = said["notes"][0].as_str().unwrap();
    assert!(note.contains(&format!("`gazetted source add {inner}`")), "{note}");
    assert_eq!(inside.log().len(), 0, "nothing was asked inside");

    // The operator may name it.
    let added = add(&inner);
    let said: Value = serde_json::from_slice(&added.stdout).unwrap();
    assert_eq!(said["sources"][0]["allow_private"], true, "{said}");
}

#[test]
fn a_reading_list_opens_no_private_network() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let inner = ["http://169.254.169.254/latest/meta-data", "http://localhost:8080/feed"];
    let outlines: String =
        inner.iter().map(|address| format!("<outline text='Inner' xmlUrl='{address}'/>")).collect();
    let list = format!(
        "<opml><body>{outlines}<outline text='Outer' xmlUrl='https://a.example/feed'/></body></opml>"
    );
    fs::write(home.join("list.opml"), list).unwrap();
    succeed(home, &["init", "--govuk", "cabinet-office"]);
    fs::create_dir(home.join("sources.d")).unwrap();

    let import = ["import", "list.opml", "--config", "gazetted.toml"];
    let (said, _) = succeed(home, &[&import[..], &["--json"]].concat());
    let said: Value = serde_json::from_str(&said).unwrap();
    let needs = |source: &Value| source["needs_allow_private"] == true;
    let sources = said["sources"].as_array().unwrap();
    assert_eq!(sources.iter().filter(|source| needs(source)).count(), 2, "{said}");
    assert!(sources.iter().all(|source| source.get("allow_private").is_none()), "{said}");

    let (said, noted) = succeed(home, &[&import[..], &["--to", "sources.d/new.toml"]].concat());
    assert!(said.contains("3 sources written"), "{said}");
    for (id, address) in ["inner", "inner-2"].iter().zip(inner) {
        let decision = format!("note: {id} is not polled: {address} is a private address");
        assert!(noted.contains(&decision) && noted.contains("`allow_private = true`"), "{noted}");
    }
    assert!(!noted.contains("outer"), "{noted}");
    let written = fs::read_to_string(home.join("sources.d/new.toml")).unwrap();
    assert_eq!(written.matches("\n# allow_private = true\nurl = ").count(), 2, "{written}");
    assert!(!written.contains("\nallow_private"), "{written}");
    succeed(home, &["check", "--config", "gazetted.toml"]);

    // `source add --opml` and `init --opml` read the same lists.
    fs::remove_file(home.join("sources.d/new.toml")).unwrap();
    let add = ["source", "add", "--opml", "list.opml", "--config", "gazetted.toml"];
    let (_, noted) = succeed(home, &add);
    assert!(noted.contains("note: inner is not polled"), "{noted}");
    let written = fs::read_to_string(home.join("gazetted.toml")).unwrap();
    assert_eq!(written.matches("\n# allow_private = true\nurl = ").count(), 2, "{written}");
    assert!(!written.contains("\nallow_private"), "{written}");
}

#[test]
fn without_a_feed_it_begins_with_departments_in_full() {
    let home = tempfile::tempdir().unwrap();
    let (said, _) = succeed(home.path(), &["init"]);
    assert!(said.contains("5 sources"), "{said}");
    succeed(home.path(), &["check", "--config", "gazetted.toml"]);
    let written = fs::read_to_string(home.path().join("gazetted.toml")).unwrap();
    assert!(
        written.contains("organisations/home-office.atom\"\ntags = [\"uk\"]\nenrich = \"govuk\"")
    );
    let add = ["source", "add", "--govuk", "cabinet-office", "--config", "gazetted.toml"];
    succeed(home.path(), &add);
    let (said, _) = succeed(home.path(), &["check", "--config", "gazetted.toml"]);
    assert!(said.contains("6 sources"), "{said}");
}
