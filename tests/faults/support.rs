//! Writes configurations for the tests of faults, and waits for their effects.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::binary::{Gazetted, Launched};
use crate::support::site::Site;

/// How long anything may take before a test fails.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

/// A configuration with the topic `all`, JSON logs, and these further lines of the tables.
pub fn configured(polling: &str, server: &str) -> String {
    format!(
        "[store]\npath = \"store\"\n[logging]\nformat = \"json\"\n\
         [server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://feeds.example.org/\"\n{server}\n\
         [polling]\nspacing = \"0s\"\nfloor = \"1s\"\nhard_floor = \"1s\"\n\
         allow_private = [\"127.0.0.0/8\"]\n{polling}\n\
         [[topic]]\nid = \"all\"\ntitle = \"All\"\nquery = \"crime\"\n"
    )
}

/// A source at the path of its name.
pub fn source(site: &Site, id: &str, interval: &str) -> String {
    let url = site.url(&format!("/{id}"));
    format!("[[source]]\nid = \"{id}\"\nurl = \"{url}\"\ninterval = \"{interval}\"\n")
}

/// The published id of the story of each page; no page has two.
pub fn published(gazetted: &Gazetted) -> BTreeMap<String, String> {
    let mut published = BTreeMap::new();
    for story in gazetted.stories() {
        let text = |name: &str| story[name].as_str().unwrap().to_owned();
        let before = published.insert(text("url"), text("published_id"));
        assert_eq!(before, None, "one page is two stories: {story}");
    }
    published
}

/// Asks again and again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = std::time::Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(std::time::Instant::now() < end, "{what}: not within {PATIENCE:?}");
        std::thread::yield_now();
    }
}

/// A daemon whose directory `disk` is a file system of 64 MiB, and that directory as the daemon
/// sees it; none where that cannot be had, which is said.
pub fn on_a_small_disk(
    gazetted: &Gazetted,
    change: impl FnOnce(&mut Command),
) -> Option<(Launched, PathBuf)> {
    let disk = gazetted.path().join("disk");
    let mut command = with_a_small_disk(&gazetted.command(&["run"]), &disk)?;
    change(&mut command);
    let launched = Launched::by(command);
    let seen = as_seen_by(launched.id(), &disk);
    Some((launched, seen))
}

/// The same command with a file system of 64 MiB at this directory, which nobody else sees; none
/// where that cannot be had, which is said.
pub fn with_a_small_disk(run: &Command, disk: &Path) -> Option<Command> {
    std::fs::create_dir_all(disk).unwrap();
    let mut command = Command::new("unshare");
    command
        .args(["--user", "--map-root-user", "--mount", "sh", "-c"])
        .arg("mount -t tmpfs -o size=64m none \"$0\" || exit 99; exec \"$@\"")
        .arg(disk)
        .arg(run.get_program())
        .args(run.get_args());
    for (name, value) in run.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let possible = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none"])
        .arg(disk)
        .status();
    if !possible.is_ok_and(|status| status.success()) {
        println!("skipped: no file system of its own can be mounted here (unshare, tmpfs)");
        return None;
    }
    Some(command)
}

/// A path as a process with file systems of its own sees it.
pub fn as_seen_by(process: u32, path: &Path) -> PathBuf {
    let root = Path::new("/proc").join(process.to_string()).join("root");
    root.join(path.strip_prefix("/").unwrap())
}
