//! Tests that other users of the machine can read and redirect nothing: modes, links, sockets and files of secrets.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::binary::{Gazetted, Launched};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

/// A path and everything below it that group or others may use.
fn open_to_others(path: &Path) -> Vec<PathBuf> {
    let mut open = Vec::new();
    let mut paths = vec![path.to_owned()];
    while let Some(path) = paths.pop() {
        if path.is_dir() {
            paths.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        if mode(&path) & 0o077 != 0 {
            open.push(path);
        }
    }
    open
}

/// The command in a process whose umask hides nothing.
fn unmasked(gazetted: &Gazetted, arguments: &[&str]) -> Command {
    let inner = gazetted.command(arguments);
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0000; exec \"$0\" \"$@\""]).arg(inner.get_program());
    command.args(inner.get_args());
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn succeed(mut command: Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    output
}

#[test]
fn whatever_the_umask_nothing_of_the_store_is_open_to_others() {
    let demo = Gazetted::demo();
    let [store, backup, lossless, plain, list] =
        ["store", "all.backup", "all.jsonl", "plain.jsonl", "sources.opml"]
            .map(|name| demo.path().join(name));
    let daemon = Launched::by(unmasked(&demo, &["run"])).listening();
    demo.succeed(&["poll"]);
    assert_eq!(mode(&demo.path().join("store.sock")), 0o600);
    assert_eq!(open_to_others(&store), [""; 0].map(PathBuf::from));
    let file = |path: &PathBuf| path.to_str().unwrap().to_owned();
    succeed(unmasked(&demo, &["backup", &file(&backup)]));
    daemon.end("TERM");
    let of_stopped = demo.path().join("stopped.backup");
    succeed(unmasked(&demo, &["backup", &file(&of_stopped)]));
    succeed(unmasked(&demo, &["export", "stories", "--lossless", "-o", &file(&lossless)]));
    succeed(unmasked(&demo, &["export", "stories", "-o", &file(&plain)]));
    succeed(unmasked(&demo, &["export", "opml", "-o", &file(&list)]));
    assert_eq!([&backup, &of_stopped, &lossless, &plain].map(|path| mode(path)), [0o600; 4]);
    assert_eq!(mode(&list), 0o666, "what is for everybody follows the umask");
    for command in
        [&["compact"][..], &["check", "--store"], &["restore", &file(&backup), "--replace"]]
    {
        succeed(unmasked(&demo, command));
        assert_eq!(open_to_others(&store), [""; 0].map(PathBuf::from), "{command:?}");
    }
    fs::remove_dir_all(&store).unwrap();
    succeed(unmasked(&demo, &["import", "stories", &file(&lossless)]));
    assert_eq!(open_to_others(&store), [""; 0].map(PathBuf::from));
}

#[test]
fn a_store_that_was_open_to_others_is_closed_at_the_start_and_the_log_says_so() {
    let demo = Gazetted::demo();
    demo.succeed(&["poll"]);
    let store = demo.path().join("store");
    fs::create_dir(store.join("sled.damaged-1")).unwrap();
    // Not the store's: an operator put it there.
    let theirs = store.join("notes");
    fs::write(&theirs, "").unwrap();
    let opened = Command::new("chmod").args(["-R", "a+rX"]).arg(&store).status().unwrap();
    assert!(opened.success() && open_to_others(&store).len() > 5);
    let mut daemon = demo.start();
    let line = daemon.logged("others could read the store");
    assert!(line.contains("WARN") && line.contains("store"), "{line}");
    assert_eq!(open_to_others(&store), [theirs]);
    daemon.end("TERM");
    let (_, log) = demo.start().end("TERM");
    assert!(!log.contains("others could read"), "{log}");
}

#[test]
fn no_command_writes_through_a_link_that_somebody_put_in_its_way() {
    let demo = Gazetted::demo();
    demo.succeed(&["poll"]);
    let at = |name: &str| demo.path().join(name);
    let victim = at("victim");
    let list = at("list.opml");
    fs::write(&list, "<opml version=\"2.0\"><body><outline type=\"rss\" text=\"NCA\" xmlUrl=\"https://nca.example/feed\"/></body></opml>").unwrap();
    for command in [
        &["backup", "out"][..],
        &["export", "stories", "--lossless", "-o", "out"],
        &["export", "opml", "-o", "out"],
    ] {
        for planted in ["out.partial", "out"] {
            fs::write(&victim, "theirs").unwrap();
            let _ = fs::remove_file(at("out"));
            symlink(&victim, at(planted)).unwrap();
            succeed({
                let mut command = demo.command(command);
                command.current_dir(demo.path());
                command
            });
            assert_eq!(fs::read_to_string(&victim).unwrap(), "theirs", "{command:?} {planted}");
            assert!(fs::symlink_metadata(at("out")).unwrap().is_file(), "{command:?} {planted}");
            assert!(!at("out.partial").exists(), "{command:?} {planted}");
        }
    }
    // Restoring writes the store's own files.
    demo.succeed(&["backup", at("out").to_str().unwrap()]);
    for planted in ["store/epoch.new", "store/ballast"] {
        let _ = fs::remove_file(at(planted));
        symlink(at("nowhere"), at(planted)).unwrap();
    }
    demo.succeed(&["restore", at("out").to_str().unwrap(), "--replace"]);
    symlink(at("nowhere"), at("new.toml")).unwrap();
    let refused =
        demo.run(&["import", list.to_str().unwrap(), "--to", at("new.toml").to_str().unwrap()]);
    assert!(!refused.status.success(), "{}", text(&refused.stdout));
    assert!(!at("nowhere").exists());
    // A device is not replaced by a file.
    let refused = demo.run(&["backup", "/dev/null"]);
    assert!(text(&refused.stderr).contains("not a regular file"), "{}", text(&refused.stderr));
    assert!(!fs::symlink_metadata("/dev/null").unwrap().is_file());
    // An export is written to it instead, so that a shell can pass it on.
    let list = demo.succeed(&["export", "opml", "-o", "/dev/stdout"]);
    assert!(list.contains("<opml"), "{list}");
    assert!(fs::symlink_metadata("/dev/stdout").unwrap().is_symlink());
}

#[test]
fn stores_whose_names_differ_behind_a_dot_have_a_socket_each() {
    let named = |name: &str, demo: &Gazetted| {
        let config = demo.path().join(format!("{name}.toml"));
        let text = fs::read_to_string(demo.config()).unwrap();
        assert!(text.contains("path = \"store\""));
        fs::write(&config, text.replace("path = \"store\"", &format!("path = \"{name}\"")))
            .unwrap();
        config
    };
    let demo = Gazetted::demo();
    let [one, two] = ["data.one", "data.two"].map(|name| named(name, &demo));
    let with = |config: &Path, arguments: &[&str]| {
        let mut command = demo.command(arguments);
        command.env("GAZETTED_CONFIG", config);
        command
    };
    let first = Launched::by(with(&one, &["run"])).listening();
    let second = Launched::by(with(&two, &["run"])).listening();
    assert!(
        demo.path().join("data.one.sock").exists() && demo.path().join("data.two.sock").exists()
    );
    succeed(with(&one, &["status"]));
    succeed(with(&two, &["status"]));
    second.end("TERM");
    // The other still answers.
    succeed(with(&one, &["log", "debug"]));
    first.end("TERM");
    // A file that is no socket is nobody's to remove.
    fs::write(demo.path().join("data.two.sock"), "theirs").unwrap();
    let mut daemon = Launched::by(with(&two, &["run"])).listening();
    daemon.logged("commands cannot reach this daemon");
    daemon.end("TERM");
    assert_eq!(fs::read_to_string(demo.path().join("data.two.sock")).unwrap(), "theirs");
}

#[test]
fn a_file_of_secrets_that_every_user_may_read_is_warned_of() {
    let demo = Gazetted::demo();
    let text = fs::read_to_string(demo.config()).unwrap();
    let closed = "[access]\nkeys_file = \"keys\"\n\n[[source]]\nid = \"a\"\nurl = \"https://127.0.0.1:9/a\"\ntoken_file = \"token\"\n\n\
         [[source]]\nid = \"b\"\nurl = \"https://127.0.0.1:9/b\"\nusername = \"me\"\npassword_file = \"password\"\n\n[[source]]";
    fs::write(demo.config(), text.replacen("[[source]]", closed, 1)).unwrap();
    let names = ["keys", "token", "password"];
    let write = |bits| {
        for name in names {
            let path = demo.path().join(name);
            let secret = if name == "keys" { "press:0123456789abcdef\n" } else { "s3cret\n" };
            fs::write(&path, secret).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(bits)).unwrap();
        }
    };
    // The keys are read where a topic needs them.
    let topic = "access = \"key\"\nid = ";
    let topics = demo.path().join("topics");
    let some = fs::read_dir(&topics).unwrap().next().unwrap().unwrap().path();
    let with_key = fs::read_to_string(&some).unwrap().replacen("id = ", topic, 1);
    fs::write(&some, with_key).unwrap();
    let warned = || {
        let report: Value = serde_json::from_slice(&demo.run(&["check", "--json"]).stdout).unwrap();
        assert_eq!(report["usable"], true, "{report}");
        let problems = report["problems"].as_array().unwrap().clone();
        let of_modes = |problem: &Value| {
            let message = problem["message"].as_str().unwrap().to_owned();
            message.contains("every user of this machine may").then_some(message)
        };
        problems.iter().filter_map(of_modes).collect::<Vec<_>>()
    };
    for (bits, may) in [
        (0o644, Some("read")),
        (0o604, Some("read")),
        (0o602, Some("change")),
        (0o640, None),
        (0o600, None),
        (0o400, None),
    ] {
        write(bits);
        let warned = warned();
        assert_eq!(warned.len(), if may.is_some() { 3 } else { 0 }, "{bits:o}: {warned:?}");
        for name in names.iter().filter(|_| may.is_some()) {
            let told =
                warned.iter().any(|warned| warned.contains(name) && warned.contains(may.unwrap()));
            assert!(told, "{bits:o} {name}: {warned:?}");
        }
    }
}

/// The demonstration with one more source, whose file is at `name`.
fn with_file_source(name: &str) -> Gazetted {
    let demo = Gazetted::demo();
    let text = fs::read_to_string(demo.config()).unwrap();
    let source = format!("[[source]]\nid = \"odd\"\nfile = \"{name}\"\n\n[[source]]");
    fs::write(demo.config(), text.replacen("[[source]]", &source, 1)).unwrap();
    demo
}

#[test]
fn a_source_whose_file_is_absent_or_no_file_fails_the_check_and_disturbs_nothing_else() {
    for (kind, said) in [
        ("absent", "there is no file"),
        ("directory", "it is a directory"),
        ("pipe", "it is a named pipe"),
        ("socket", "it is a socket"),
        ("device", "it is a device"),
        ("link-to-pipe", "it is a named pipe"),
    ] {
        let demo = with_file_source(if kind == "device" { "/dev/zero" } else { "odd" });
        let odd = demo.path().join("odd");
        let pipe =
            |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
        match kind {
            "directory" => fs::create_dir(&odd).unwrap(),
            "pipe" => pipe(&odd),
            "socket" => drop(std::os::unix::net::UnixListener::bind(&odd).unwrap()),
            "link-to-pipe" => {
                pipe(&demo.path().join("pipe"));
                symlink("pipe", &odd).unwrap();
            }
            _ => {}
        }
        let checked = demo.run(&["check"]);
        let report = text(&checked.stdout);
        assert_eq!(checked.status.code(), Some(78), "{kind}: {report}");
        assert!(report.contains(said) && report.contains("gazetted.toml:"), "{kind}: {report}");
        let report: Value = serde_json::from_slice(&demo.run(&["check", "--json"]).stdout).unwrap();
        assert_eq!(report["usable"], false, "{kind}");
        assert_eq!(report["problems"][0]["severity"], "error", "{kind}: {report}");

        let daemon = demo.start();
        let polled = demo.run(&["poll", "--json"]);
        let reports: Vec<Value> =
            text(&polled.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let failed: Vec<_> =
            reports.iter().filter(|report| report["outcome"] == "failed").collect();
        assert_eq!(failed.len(), 1, "{kind}: {reports:?}");
        assert_eq!(failed[0]["source"], "odd", "{kind}");
        assert!(reports.len() > 2 && !demo.stories().is_empty(), "{kind}");
        let status = demo.succeed(&["status", "odd"]);
        assert!(status.contains("cannot be read"), "{kind}: {status}");
        assert!(demo.run(&["reload"]).status.success(), "{kind}");
        let (code, log) = daemon.end("TERM");
        assert_eq!(code, Some(0), "{kind}: {log}");
    }
}

#[test]
fn a_file_that_becomes_a_pipe_while_it_is_watched_does_not_hold_up_a_stop() {
    let demo = with_file_source("odd.atom");
    let odd = demo.path().join("odd.atom");
    fs::write(&odd, crate::support::world::atom(&[])).unwrap();
    demo.succeed(&["check"]);
    let daemon = demo.start();
    demo.succeed(&["poll"]);
    fs::remove_file(&odd).unwrap();
    assert!(Command::new("mkfifo").arg(&odd).status().unwrap().success());
    let polled = demo.run(&["poll", "odd", "--json"]);
    assert!(text(&polled.stdout).contains("named pipe"), "{}", text(&polled.stdout));
    assert_eq!(daemon.end("TERM").0, Some(0));
}
