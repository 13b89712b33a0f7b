//! Tests with the real binary that every change of the configuration takes effect.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::faults::support::{configured, source, until};
use crate::support::binary::{Gazetted, RunningDaemon};
use crate::support::http::get;
use crate::support::site::{Answer, Site};
use crate::support::world::atom;

const PAGES: &str = "https://www.gov.uk/government/news";

fn announcement() -> String {
    let page = format!("{PAGES}/crime");
    atom(&[(&page, &page, "Closer ties against crime", "2025-04-02T11:05:00Z")])
}

fn change(file: &Path, from: &str, to: &str) {
    let before = fs::read_to_string(file).unwrap();
    assert!(before.contains(from), "{from} in {before}");
    fs::write(file, before.replacen(from, to, 1)).unwrap();
}

fn json_lines(text: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(text);
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What `status --json` says of one source.
fn status(gazetted: &Gazetted, id: &str) -> Value {
    json_lines(gazetted.succeed(&["status", id, "--json"]).as_bytes()).remove(0)
}

fn stderr(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A site that opens to one token alone.
async fn guarded() -> Site {
    let site = Site::start().await;
    site.answer("/one", |request| match request.header("authorization").as_deref() {
        Some("Bearer right") => Answer::ok(announcement()),
        _ => Answer::status(401),
    });
    site
}

/// A configuration whose source asks rarely, with a token that is wrong.
fn with_token(site: &Site) -> Gazetted {
    let slow = configured("ceiling = \"30d\"", "").replace("\"1s\"", "\"1h\"");
    let source = source(site, "one", "1d") + "token_file = \"token\"\n";
    let gazetted = Gazetted::with(&(slow + &source));
    fs::write(gazetted.path().join("token"), "wrong\n").unwrap();
    gazetted
}

fn polled_times(site: &Site, times: usize) {
    until("it is polled", || (site.requests("/one").len() >= times).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_token_is_tried_at_once_at_a_reload_and_at_a_start() {
    for by_reload in [true, false] {
        let site = guarded().await;
        let gazetted = with_token(&site);
        let mut daemon = gazetted.start();
        polled_times(&site, 1);
        until("it is recorded", || (status(&gazetted, "one")["failures"] == 1).then_some(()));
        // A reload that changes nothing of it asks nobody.
        gazetted.succeed(&["reload"]);
        assert_eq!(site.requests("/one").len(), 1);
        // The content of the file alone is another.
        fs::write(gazetted.path().join("token"), "right\n").unwrap();
        if by_reload {
            let said = gazetted.succeed(&["reload"]);
            assert!(said.contains("another value of the headers Authorization"), "{said}");
            assert!(!said.contains("right"), "{said}");
        } else {
            assert_eq!(daemon.end("TERM").0, Some(0));
            daemon = gazetted.start();
        }
        daemon.logged("\"news\"");
        assert_eq!(status(&gazetted, "one")["state"], "ok");
        assert_eq!(site.requests("/one").len(), 2, "it is asked once");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_our_own_guard_asks_nobody_sets_no_floor_and_ends_with_its_cause() {
    let site = Site::start().await;
    site.document("/one", announcement());
    let refusing = configured("", "").replace("allow_private = [\"127.0.0.0/8\"]", "");
    let refusing = refusing.replace("floor = \"1s\"", "floor = \"1h\"");
    let gazetted = Gazetted::with(&(refusing + &source(&site, "one", "1h")));
    let mut daemon = gazetted.start();
    let failed = || (status(&gazetted, "one")["failure_kind"] == "forbidden").then_some(());
    until("the guard refuses it", failed);
    assert_eq!(status(&gazetted, "one")["not_before"], Value::Null);
    let output = gazetted.run(&["poll", "one", "--json"]);
    assert_eq!(json_lines(&output.stdout)[0]["outcome"], "failed", "it may be tried again");
    assert_eq!(site.log().len(), 0);
    change(&gazetted.config(), "interval = \"1h\"", "interval = \"1h\"\nallow_private = true");
    let said = gazetted.succeed(&["reload"]);
    assert!(said.contains("source one: allow_private changed from false to true"), "{said}");
    daemon.logged("\"news\"");
}

#[test]
fn one_refused_connection_waits_the_interval_of_the_source_and_is_shown_at_once() {
    let config = configured("", "").replace("\"1s\"", "\"5m\"");
    // Nobody listens there.
    let source = "[[source]]\nid = \"one\"\nurl = \"http://127.0.0.1:9/\"\ninterval = \"5m\"\n";
    let gazetted = Gazetted::with(&(config + source));
    let daemon = gazetted.start();
    until("it fails", || (status(&gazetted, "one")["failures"] == 1).then_some(()));
    let seen = status(&gazetted, "one");
    let at = |name: &str| {
        let text = seen[name].as_str().unwrap();
        gazetted::model::Timestamp::parse_rfc3339(text).unwrap()
    };
    let wait = at("last_poll").until(at("next_poll")).as_secs();
    assert!((300..=330).contains(&wait), "{wait} s: {seen}");
    assert_eq!((&seen["state"], &seen["failure_kind"]), (&"failing".into(), &"refused".into()));
    assert!(get(daemon.address, "/sources").text().contains("refused the connection"));
    let (_, log) = daemon.end("TERM");
    assert!(!log.contains("source_failing"), "the first may pass by itself: {log}");
}

/// Two sources at one origin, whose first answer is a refusal for two hours.
async fn busy() -> (Site, Gazetted) {
    let site = Site::start().await;
    site.script(
        "/one",
        [Answer::status(429).header("Retry-After", "7200"), Answer::ok(announcement())],
    );
    let mut config = configured("", "");
    for id in ["one", "two"] {
        config += &source(&site, id, "1h");
    }
    site.document("/two", announcement());
    (site, Gazetted::with(&config))
}

/// A daemon whose origin is held by the poll of `one`.
fn held(gazetted: &Gazetted) -> RunningDaemon {
    let mut daemon = gazetted.start();
    // The first to be asked may be the other.
    let _ = gazetted.run(&["poll", "one"]);
    until("it is refused", || (status(gazetted, "one")["state"] == "held").then_some(()));
    daemon.logged("\"ready\"");
    daemon
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_shown_at_every_source_that_it_keeps_waiting() {
    let (_site, gazetted) = busy().await;
    let daemon = held(&gazetted);
    let (one, two) = (status(&gazetted, "one"), status(&gazetted, "two"));
    for source in [&one, &two] {
        assert_eq!((&source["state"], &source["held"]), (&"held".into(), &"origin".into()));
        assert_eq!(source["held_by"], "one", "{source}");
        assert!(source["held_reason"].as_str().unwrap().contains("429"), "{source}");
        assert_eq!(source["held_until"], one["held_until"]);
    }
    assert!(two["because"].as_str().unwrap().contains("when one was polled"), "{two}");
    assert!(two["next_poll"].as_str() >= two["held_until"].as_str(), "{two}");
    let page = get(daemon.address, "/sources");
    assert!(page.text().contains("When one was polled, its server asked"), "{}", page.text());
    let metrics = get(daemon.address, "/metrics");
    for source in ["one", "two"] {
        let held = format!("gazetted_source_held{{source=\"{source}\"}} 1");
        assert!(metrics.text().contains(&held), "{held} in {}", metrics.text());
    }

    let output = gazetted.run(&["poll", "two", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let report = &json_lines(&output.stdout)[0];
    assert_eq!(report["outcome"], "refused");
    assert_eq!(report["next_poll"], one["held_until"]);
    let why = report["message"].as_str().unwrap();
    assert!(why.contains("when one was polled") && why.contains("429"), "{why}");
    let output = gazetted.run(&["poll", "two"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("0 polled, 0 failed") && said.contains("1 not polled"), "{said}");
    assert!(!said.contains("1970"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_that_the_operator_insists_on_says_what_it_overrides_and_asks_once() {
    let (site, gazetted) = busy().await;
    let daemon = held(&gazetted);
    let before = site.requests("/one").len();
    let output = gazetted.run(&["poll", "--now", "one"]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("one: overrides its server asked to be left alone"), "{said}");
    assert_eq!(site.requests("/one").len(), before + 1);
    // It was answered well: nothing holds its neighbour any more.
    let two = status(&gazetted, "two");
    assert_eq!((&two["held_until"], &two["held_by"]), (&Value::Null, &Value::Null), "{two}");
    assert_eq!(gazetted.run(&["poll", "--now"]).status.code(), Some(2), "which, is to be said");
    daemon.end("TERM");
    // The same without a daemon: its floor, and `hard_floor`, are overridden.
    let lines = gazetted.run(&["poll", "--now", "one", "--json"]);
    let report = &json_lines(&lines.stdout)[0];
    assert_eq!(report["outcome"], "unchanged", "{report}");
    assert_eq!(site.requests("/one").len(), before + 2);
}

/// A configuration whose one topic fails a sample if its query is `tax`.
async fn with_sample(reload: &str) -> (Site, Gazetted) {
    let site = Site::start().await;
    site.document("/one", announcement());
    let config = configured("", "")
        .replace("query = \"crime\"", "query = \"crime\"\nmust_match = [\"Crime and its ties\"]");
    let config = format!("reload = \"{reload}\"\n{config}{}", source(&site, "one", "1h"));
    (site, Gazetted::with(&config))
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_are_tried_at_a_start_and_at_a_reload() {
    for (reload, in_force) in [("lenient", true), ("strict", false)] {
        let (_site, gazetted) = with_sample(reload).await;
        let mut daemon = gazetted.start();
        daemon.logged("\"news\"");
        change(&gazetted.config(), "query = \"crime\"", "query = \"tax\"");
        let output = gazetted.run(&["reload", "--json"]);
        let answer = &json_lines(&output.stdout)[0];
        assert_eq!(answer["in_force"], in_force, "{answer}");
        assert!(answer["problems"][0].as_str().unwrap().contains("does not match what it must"));
        assert_eq!(output.status.code(), Some(if in_force { 0 } else { 78 }));
        let logged: Value = serde_json::from_str(&daemon.logged("\"sample_failed\"")).unwrap();
        assert_eq!(logged["topic"], "all");
        let published = get(daemon.address, "/topics/all.json").text().contains("Closer ties");
        assert_eq!(published, !in_force);
        daemon.end("TERM");
        // A start cannot go back to anything, and warns.
        let mut daemon = gazetted.start();
        daemon.logged("\"sample_failed\"");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_that_would_take_every_topic_or_source_away_is_refused() {
    let (_site, gazetted) = with_sample("lenient").await;
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    let whole = fs::read_to_string(gazetted.config()).unwrap();
    let address = daemon.address;
    let served = || get(address, "/topics/all.atom").status;
    let [topic, source] = ["[[topic]]", "[[source]]"].map(|table| whole.find(table).unwrap());
    let without_topic = format!("{}{}", &whole[..topic], &whole[source..]);
    // A topic moved to a file that a mistyped pattern does not find.
    let mistyped = format!("include = [\"topcs.d/*.toml\"]\n{without_topic}");
    for file in [&without_topic, &mistyped] {
        fs::write(gazetted.config(), file).unwrap();
        let output = gazetted.run(&["reload", "--json"]);
        let answer = &json_lines(&output.stdout)[0];
        assert_eq!(output.status.code(), Some(78), "{answer}");
        assert!(answer["problems"].to_string().contains("has no topics"), "{answer}");
        assert_eq!(served(), 200);
    }
    // An editor on a full disk leaves this, and a signal has it read.
    fs::write(gazetted.config(), "").unwrap();
    daemon.signal("HUP");
    daemon.logged("the configuration has no sources");
    assert_eq!(served(), 200);
    // Whoever means it says so.
    fs::write(gazetted.config(), &without_topic).unwrap();
    gazetted.succeed(&["reload", "--force"]);
    assert_eq!(served(), 410);
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_says_by_which_configuration_and_can_use_the_file() {
    let (_site, gazetted) = with_sample("lenient").await;
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    let page = format!("{PAGES}/crime");
    let explained = |more: &[&str]| {
        let output = gazetted.run(&[&["explain", &page, "--json"], more].concat());
        let story = json_lines(&output.stdout).remove(0);
        (story["topics"][0]["explanation"]["matched"].clone(), stderr(&output))
    };
    let (matched, said) = explained(&[]);
    assert_eq!((matched, said.as_str()), (true.into(), ""));
    // A comment makes no difference.
    change(&gazetted.config(), "query", "# the query\nquery");
    assert_eq!(explained(&[]).1, "");
    change(&gazetted.config(), "query = \"crime\"", "query = \"tax\"");
    let (matched, said) = explained(&[]);
    assert_eq!(matched, true);
    assert!(said.contains("differs from the one in force"), "{said}");
    let (matched, said) = explained(&["--file"]);
    assert_eq!((matched, said.as_str()), (false.into(), ""));
    gazetted.succeed(&["reload"]);
    let (matched, said) = explained(&[]);
    assert_eq!((matched, said.as_str()), (false.into(), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_daemon_is_asked_while_the_file_is_broken() {
    let (site, gazetted) = with_sample("lenient").await;
    let mut daemon = gazetted.start();
    daemon.logged("\"news\"");
    let page = format!("{PAGES}/crime");
    let good = fs::read_to_string(gazetted.config()).unwrap();
    for broken in [
        good.replace("query = \"crime\"", "query = \"(crime\""),
        good.replace("[server]", "[server\n= nonsense \"\"\""),
        format!("\u{0}{good}"),
    ] {
        fs::write(gazetted.config(), broken).unwrap();
        for command in [
            &["status"][..],
            &["status", "--ready"],
            &["explain", &page],
            &["try", "crime"],
            &["log", "info"],
            &["export", "stories"],
        ] {
            let output = gazetted.run(command);
            assert!(output.status.success(), "{command:?}: {}", stderr(&output));
            assert!(stderr(&output).contains("cannot be used"), "{}", stderr(&output));
        }
        let output = gazetted.run(&["reload"]);
        assert_eq!(output.status.code(), Some(78), "{}", stderr(&output));
    }
    assert_eq!(site.requests("/one").len(), 1);
    daemon.end("TERM");
    let output = gazetted.run(&["status"]);
    assert_eq!(output.status.code(), Some(78), "there is nobody to ask: {}", stderr(&output));
}

#[test]
fn an_unknown_name_is_answered_with_near_names_alone() {
    let demo = Gazetted::demo();
    demo.succeed(&["poll"]);
    for (command, near) in [
        (["status", "home-ofice"], Some("did you mean home-office?")),
        (["status", "nope"], None),
        (["poll", "nope"], None),
        (["poll", "home-ofice"], Some("did you mean home-office?")),
    ] {
        let output = demo.run(&command);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{command:?}: {said}");
        assert!(said.contains("no source is called"), "{said}");
        assert_eq!(said.contains("did you mean"), near.is_some(), "{said}");
        assert!(said.contains(near.unwrap_or_default()), "{said}");
    }
}

#[test]
fn the_configuration_is_named_before_or_behind_the_command() {
    let demo = Gazetted::demo();
    let config = demo.config();
    let config = config.to_str().unwrap();
    for arguments in [
        &["--config", config, "check"][..],
        &["check", "--config", config],
        &["--config", config, "export", "opml"],
        &["export", "opml", "--config", config],
    ] {
        let mut command = demo.command(arguments);
        let output = command.env("GAZETTED_CONFIG", "/nonexistent").output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    }
    let said = stderr(&demo.run(&["export", "opml"]));
    assert!(said.contains("left out: fcdo: a file"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_what_may_not_be_meant_and_a_start_does_not() {
    let public = "[server]\nlisten = \"127.0.0.1:0\"\n[store]\npath = \"store\"\n\
                  [[topic]]\nid = \"all\"\ntitle = \"All\"\nquery = \"crime\"\n\
                  [[source]]\nid = \"a\"\nurl = \"https://a.example.org/feed\"\n";
    for (config, warning) in [
        (public.to_owned(), "without `[polling] from` and `[server] base_url`"),
        (public.replace("\"store\"", "\"file/store\""), "cannot be written"),
        (format!("include = [\"more/*.toml\"]\n{public}"), "`more/*.toml` matches no file"),
    ] {
        let gazetted = Gazetted::with(&config);
        fs::write(gazetted.path().join("file"), "").unwrap();
        let said = gazetted.succeed(&["check"]);
        assert!(said.contains(warning), "{warning} in {said}");
        let output = gazetted.run(&["export", "opml"]);
        assert_eq!(stderr(&output), "", "a command that uses it has better to say");
    }
    let named = public.replace("[server]", "[polling]\nfrom = \"me@example.org\"\n[server]");
    let named = named.replace("[server]", "[server]\nbase_url = \"https://news.example.org/\"");
    let shipped = "include = [\"topics.d/*.toml\", \"sources.d/*.toml\", \"overrides*.toml\"]\n";
    let gazetted = Gazetted::with(&format!("{shipped}{named}"));
    let said = gazetted.succeed(&["check"]);
    assert!(!said.contains("warning"), "{said}");
    change(&gazetted.config(), "topics.d/*.toml", "topics.d");
    fs::create_dir(gazetted.path().join("topics.d")).unwrap();
    let said = gazetted.succeed(&["check"]);
    assert!(
        said.contains("`topics.d` is a directory") && said.contains("topics.d/*.toml"),
        "{said}"
    );
}
