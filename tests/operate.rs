//! Tests an operator's commands with the real binary: what they change and print.

use std::fs;
use std::path::Path;
use std::process::Output;

use gazetted::control::{self, Door};
use serde_json::Value;

use crate::faults::support::{configured, source};
use crate::support::binary::{Gazetted, RunningDaemon};
use crate::support::http::get;
use crate::support::site::{Answer, Site};
use crate::support::world::World;

const BALKANS: &str = "https://www.gov.uk/government/news/uk-to-tackle-western-balkan-migrant-transit-routes-and-serious-organised-crime-with-closer-ties-in-the-region";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a command that fails says, and its exit code.
fn refused(output: &Output) -> (Option<i32>, String) {
    assert!(!output.status.success(), "{}", text(&output.stdout));
    (output.status.code(), text(&output.stderr))
}

/// The demonstration after one poll of each source, with nobody running.
fn polled() -> Gazetted {
    let demo = Gazetted::demo();
    demo.succeed(&["poll"]);
    demo
}

/// The same with a daemon.
fn running() -> (Gazetted, RunningDaemon) {
    let demo = Gazetted::demo();
    let daemon = demo.start();
    demo.succeed(&["poll"]);
    (demo, daemon)
}

/// The pages of the entries that the story at an address is made of.
fn told_at(demo: &Gazetted, address: &str) -> Vec<String> {
    let story: Value =
        serde_json::from_str(&demo.succeed(&["explain", address, "--json"])).unwrap();
    let entries = story["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["url"].as_str().unwrap().to_owned()).collect()
}

fn change(file: &Path, from: &str, to: &str) {
    let before = fs::read_to_string(file).unwrap();
    assert!(before.contains(from), "{from} in {before}");
    fs::write(file, before.replacen(from, to, 1)).unwrap();
}

fn including(demo: &Gazetted, pattern: &str) {
    change(&demo.config(), "include = [", &format!("include = [\"{pattern}\", "));
}

/// Every file of a directory, with its bytes.
fn files(directory: &Path) -> Vec<(std::ffi::OsString, u64)> {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    let mut files: Vec<_> =
        entries.map(|entry| (entry.file_name(), entry.metadata().unwrap().len())).collect();
    files.sort();
    files
}

#[test]
fn a_command_that_only_reads_makes_no_store() {
    let demo = Gazetted::demo();
    for command in [&["status"][..], &["export", "stories"], &["explain", BALKANS], &["compact"]] {
        let (code, said) = refused(&demo.run(command));
        assert_eq!(code, Some(1), "{command:?}: {said}");
        assert!(said.contains("there is no store at"), "{command:?}: {said}");
    }
    assert!(!demo.path().join("store").exists());
}

#[test]
fn a_backup_of_a_running_daemon_restores_every_story() {
    let (demo, daemon) = running();
    let before = demo.succeed(&["export", "stories"]);
    let file = demo.path().join("all.backup");
    let file = file.to_str().unwrap();
    let contents: Value = serde_json::from_str(&demo.succeed(&["backup", file, "--json"])).unwrap();
    assert_eq!(contents["stories"], before.lines().count());
    assert_eq!(contents["bytes"], fs::metadata(file).unwrap().len());

    let (code, said) = refused(&demo.run(&["restore", file]));
    assert_eq!(code, Some(75), "{said}");
    daemon.end("TERM");
    let (code, said) = refused(&demo.run(&["restore", file]));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is in good order") && said.contains("--replace"), "{said}");

    fs::remove_dir_all(demo.path().join("store")).unwrap();
    demo.succeed(&["restore", file]);
    assert_eq!(demo.succeed(&["export", "stories"]), before);
    demo.succeed(&["restore", file, "--replace"]);
    assert_eq!(demo.succeed(&["export", "stories"]), before);
}

#[test]
fn a_backup_that_was_cut_short_changes_nothing() {
    let demo = polled();
    let file = demo.path().join("all.backup");
    let name = file.to_str().unwrap();
    demo.succeed(&["backup", name]);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    let before = demo.succeed(&["export", "stories"]);
    let (code, said) = refused(&demo.run(&["restore", name, "--replace"]));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(name), "{said}");
    assert_eq!(demo.succeed(&["export", "stories"]), before);
}

#[test]
fn a_backup_that_cannot_be_written_says_where_it_can_be() {
    let (demo, _daemon) = running();
    let (code, said) = refused(&demo.run(&["backup", "/nonexistent/all.backup"]));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("a place that it may write"), "{said}");
}

#[test]
fn a_sound_store_is_counted_and_a_damaged_one_is_repaired() {
    let demo = polled();
    let count = demo.stories().len();
    let report = demo.succeed(&["check", "--store", "--json"]);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["sound"], true);
    assert_eq!(report["survey"]["stories"], count);
    assert!(demo.succeed(&["check", "--store", "--repair"]).ends_with("nothing is wrong\n"));
    demo.succeed(&["compact"]);

    let engine = sled::open(demo.path().join("store/sled")).unwrap();
    let story = engine.scan_prefix(b"s").keys().next().unwrap().unwrap();
    engine.insert(story, b"nonsense that is no record").unwrap();
    engine.flush().unwrap();
    drop(engine);
    let damaged = demo.run(&["check", "--store"]);
    assert_eq!(damaged.status.code(), Some(74), "{}", text(&damaged.stdout));
    let said = text(&damaged.stdout) + &text(&damaged.stderr);
    assert!(said.contains("gazetted check --store --repair"), "{said}");
    let repaired = demo.succeed(&["check", "--store", "--repair"]);
    assert!(repaired.contains("is kept in"), "{repaired}");
    assert!(demo.succeed(&["check", "--store"]).contains("nothing is wrong"));
    assert_eq!(demo.stories().len(), count - 1);

    // Where nothing can be read, nothing is made in its place.
    let log = demo.path().join("store/sled/db");
    let mut bytes = fs::read(&log).unwrap();
    bytes.iter_mut().for_each(|byte| *byte ^= 0xff);
    fs::write(&log, bytes).unwrap();
    let (code, said) = refused(&demo.run(&["check", "--store", "--repair"]));
    assert!(code == Some(74) && said.contains("gazetted restore FILE"), "{said}");
    let (code, said) = refused(&demo.run(&["run"]));
    assert!(code == Some(74) && said.contains("is damaged"), "{said}");
}

#[test]
fn a_reload_answers_with_each_change() {
    let (demo, daemon) = running();
    let config = demo.config();
    assert_eq!(demo.succeed(&["reload"]), "nothing changed\n");

    change(&config, "title = \"Home Office\"", "title = \"The Home Office\"");
    change(&config, "[server]", "[logging]\nformat = \"json\"\n\n[server]");
    let topic = demo.path().join("topics/sanctions.toml");
    change(
        &topic,
        "\n(@sanctions_stories AND NOT @sanctions_long)",
        "\nminister\nOR (@sanctions_stories AND NOT @sanctions_long)",
    );
    let said = demo.succeed(&["reload"]);
    let title = "source home-office: title changed from Home Office to The Home Office\n";
    assert!(said.contains(title), "{said}");
    assert!(said.contains("[logging]: format changed; restart gazetted to use it\n"), "{said}");
    let sanctions = said.lines().find(|line| line.starts_with("topic sanctions:")).unwrap();
    assert!(
        sanctions.contains("query changed, ") && sanctions.contains(" matched again, +"),
        "{said}"
    );

    let (_, log) = daemon.end("TERM");
    for line in said.lines() {
        assert!(log.contains(line), "{line} in {log}");
    }
}

#[test]
fn a_bad_file_is_refused_by_a_reload_and_the_daemon_goes_on() {
    let (demo, daemon) = running();
    change(&demo.config(), "[server]", "[sever]");
    let (code, said) = refused(&demo.run(&["reload"]));
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("sever"), "{said}");
    assert_eq!(get(daemon.address, "/healthz").status, 200);
}

#[test]
fn the_log_can_be_made_to_say_more() {
    let (demo, daemon) = running();
    let (code, said) = refused(&demo.run(&["log", "lowd"]));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("`lowd` is not a log filter"), "{said}");
    demo.succeed(&["log", "trace"]);
    demo.succeed(&["poll"]);
    let (_, log) = daemon.end("TERM");
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "{log}");
}

#[test]
fn commands_for_a_daemon_say_so_where_none_runs() {
    let demo = polled();
    for command in [&["reload"][..], &["log", "debug"]] {
        let (code, said) = refused(&demo.run(command));
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("`gazetted run` starts one"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_with_another_store_is_not_asked() {
    let (one, other) = (World::new().await.start().await, World::new().await.start().await);
    let socket = one.directory.path().join("shared.sock");
    let door = Door::open(socket.clone()).unwrap();
    let (errands, _taken) = tokio::sync::mpsc::channel(1);
    let serving = tokio::spawn(door.serve(one.handle(), one.clock.clone(), errands));
    assert!(control::connect_at(&socket, &one.plan().store.path).await.is_some());
    assert!(control::connect_at(&socket, &other.plan().store.path).await.is_none());
    serving.abort();
}

#[test]
fn the_control_socket_goes_with_the_daemon() {
    let (demo, daemon) = running();
    let socket = demo.path().join("store.sock");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&socket).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    daemon.end("TERM");
    assert!(!socket.exists());
}

#[test]
fn a_copy_is_split_from_its_story_and_joined_again() {
    let (demo, _daemon) = running();
    including(&demo, "overrides*.toml");
    demo.succeed(&["reload"]);
    let together = told_at(&demo, BALKANS);
    let copy = together.iter().find(|url| !url.contains("www.gov.uk")).unwrap().clone();
    let count = demo.stories().len();

    let said = demo.succeed(&["split", BALKANS, &copy]);
    assert!(said.contains("[[story]]: changed"), "{said}");
    assert!(!told_at(&demo, BALKANS).contains(&copy));
    assert_eq!(told_at(&demo, &copy), [copy.as_str()]);
    assert_eq!(demo.stories().len(), count + 1);
    let overrides = demo.path().join("overrides.toml");
    let split = fs::read_to_string(&overrides).unwrap();
    assert!(split.contains("never = ["), "{split}");

    // What was parted on purpose is not joined by mistake: the file would contradict itself.
    let (code, said) = refused(&demo.run(&["join", BALKANS, &copy]));
    assert_eq!(code, Some(78), "{said}");
    assert_eq!(fs::read_to_string(&overrides).unwrap(), split);

    fs::write(&overrides, "").unwrap();
    demo.succeed(&["join", BALKANS, &copy]);
    assert_eq!(told_at(&demo, &copy).len(), together.len());
    let said = demo.succeed(&["join", &copy, BALKANS]);
    assert!(said.starts_with("they are one story already"), "{said}");
}

#[test]
fn an_override_that_nothing_includes_is_printed_and_no_file_is_left() {
    let demo = polled();
    let before = files(demo.path());
    let copy = told_at(&demo, BALKANS).into_iter().find(|url| !url.contains("gov.uk")).unwrap();
    let output = demo.run(&["split", BALKANS, &copy]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("[[story]]\nnever = ["), "{}", text(&output.stdout));
    assert!(text(&output.stderr).contains("overrides*.toml"), "{}", text(&output.stderr));
    assert_eq!(files(demo.path()), before);
    let (_, said) = refused(&demo.run(&["split", BALKANS, "https://example.org/elsewhere"]));
    assert!(said.contains("no entry at https://example.org/elsewhere"), "{said}");
}

const LIST: &str = r#"<opml version="2.0"><body><outline text="Home Affairs">
<outline type="rss" text="NCA" xmlUrl="https://nca.example/feed"/>
<outline type="rss" text="Odd" xmlUrl="gopher://odd.example/feed"/></outline></body></opml>"#;

#[test]
fn a_reading_list_becomes_sources_and_comes_back_as_opml() {
    let demo = polled();
    let list = demo.path().join("list.opml");
    fs::write(&list, LIST).unwrap();
    let list = list.to_str().unwrap();
    let output = demo.run(&["import", list]);
    assert!(text(&output.stdout).contains("[[source]]\nid = \"nca\""), "{output:?}");
    assert!(text(&output.stderr).contains("left out: "), "{output:?}");

    let to = demo.path().join("imported.toml");
    demo.succeed(&["import", list, "--to", to.to_str().unwrap()]);
    let written = fs::read_to_string(&to).unwrap();
    let (_, said) = refused(&demo.run(&["import", list, "--to", to.to_str().unwrap()]));
    assert!(said.contains("not part of the configuration"), "{said}");

    including(&demo, "imported.toml");
    let said = demo.succeed(&["import", list, "--to", to.to_str().unwrap()]);
    assert!(said.starts_with("0 sources"), "{said}");
    assert_eq!(fs::read_to_string(&to).unwrap().trim_end(), written.trim_end());
    let opml = demo.succeed(&["export", "opml"]);
    assert!(opml.contains("xmlUrl=\"https://nca.example/feed\""), "{opml}");
    assert!(opml.contains("text=\"home-affairs\""), "{opml}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poll_by_hand_does_not_wait_for_an_origin_that_asks_to_be_left_alone() {
    let site = Site::start().await;
    let mut config = configured("", "");
    for id in ["one", "two", "three"] {
        let busy = || Answer::status(429).header("Retry-After", "7200");
        site.answer(&format!("/{id}"), move |_| busy());
        config += &source(&site, id, "1h");
    }
    let output = Gazetted::with(&config).run(&["poll", "--json"]);
    let reports: Vec<Value> =
        text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let said = |outcome: &str, what: &str| {
        let says = |report: &&Value| {
            report["outcome"] == outcome && report["message"].as_str().unwrap().contains(what)
        };
        reports.iter().filter(says).count()
    };
    assert_eq!((said("failed", "429"), said("refused", "left alone")), (1, 2), "{reports:?}");
}

#[test]
fn a_secret_is_in_no_output_of_any_command() {
    let demo = polled();
    fs::write(demo.path().join("token"), "s3cr3t-t0ken\n").unwrap();
    let source = "[[source]]\nid = \"closed\"\nurl = \"https://127.0.0.1:9/feed\"\n\
                  token_file = \"token\"\nheaders = { X-Key = \"s3cr3t-key\" }\n\n[[source]]";
    change(&demo.config(), "[[source]]", source);
    let daemon = demo.start();
    demo.succeed(&["log", "trace"]);
    let mut said = String::new();
    for command in [
        &["poll", "closed"][..],
        &["poll", "closed", "--json"],
        &["status", "--json"],
        &["check", "--json"],
        &["export", "opml"],
        &["export", "stories"],
        &["export", "stories", "--lossless"],
        &["explain", BALKANS],
        &["reload"],
    ] {
        let output = demo.run(command);
        said += &(text(&output.stdout) + &text(&output.stderr));
    }
    for page in
        ["/", "/sources", "/opml", "/metrics", "/sources.atom", "/sources/closed.atom", "/readyz"]
    {
        said += get(daemon.address, page).text();
    }
    change(&demo.config(), "s3cr3t-key", "s3cr3t-other");
    said += &demo.succeed(&["reload"]);
    // A proxy that nobody answers at, and one that is mistyped.
    let proxied = "[polling]\nproxy = \"http://reader:s3cr3t-word@127.0.0.1:9\"\n\n[[source]]";
    change(&demo.config(), "[[source]]", proxied);
    for command in [&["reload"][..], &["poll", "closed"], &["check", "--json"]] {
        let output = demo.run(command);
        said += &(text(&output.stdout) + &text(&output.stderr));
    }
    change(&demo.config(), "http://reader:", "ftp://reader:");
    for command in [&["check"][..], &["check", "--json"], &["reload"]] {
        let (_, refusal) = refused(&demo.run(command));
        said += &refusal;
    }
    let (_, log) = daemon.end("TERM");
    said += &log;
    assert!(said.contains("source closed: another value of the headers X-Key, Auth"), "{said}");
    assert!(!said.contains("s3cr3t"), "{said}");
}
