//! Nodes of a test: the real binary, each with a store of its own, and their comparison.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::network::Machine;
use super::servers::Servers;
use super::world::World;
use crate::faults::preload;
use crate::faults::support::{as_seen_by, with_a_small_disk};
use crate::support::binary::{Gazetted, Launched, RunningDaemon};
use crate::support::http::get;

/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// A node, whether or not it runs.
pub struct Node {
    pub name: &'static str,
    pub gazetted: Gazetted,
    daemon: Option<RunningDaemon>,
    machine: Option<Machine>,
    /// Where its processes see a small file system.
    disk: Option<PathBuf>,
    /// Further environment of its process.
    environment: Vec<(&'static str, String)>,
    preloaded: Vec<&'static str>,
}

/// The tables that make a machine a node.
pub fn membership(servers: &Servers, name: &str, cluster: &str) -> String {
    let servers = servers.list();
    format!(
        "[cluster]\nservers = {servers}\nname = {cluster:?}\nnode = {name:?}\ncluster_secret_file = \"secret\"\n"
    )
}

impl Node {
    /// A node that is not started.
    pub fn new(world: &World, servers: &Servers, name: &'static str, cluster: &str) -> Self {
        Self::on(None, world, servers, name, cluster, "")
    }

    /// A node on a machine of its own, with further tables.
    pub fn on(
        machine: Option<Machine>,
        world: &World,
        servers: &Servers,
        name: &'static str,
        cluster: &str,
        tables: &str,
    ) -> Self {
        let host = machine.as_ref().map_or("127.0.0.1".to_owned(), |at| at.address.to_string());
        let listen = format!("listen = \"{host}:0\"");
        let tables = membership(servers, name, cluster) + tables;
        Self::with(world.gazetted(&listen, &tables), name, machine)
    }

    /// A node with this configuration.
    pub fn with(gazetted: Gazetted, name: &'static str, machine: Option<Machine>) -> Self {
        let (environment, preloaded) = (Vec::new(), Vec::new());
        Self { name, gazetted, daemon: None, machine, disk: None, environment, preloaded }
    }

    /// Has its processes run on the library that a file of tests/faults makes.
    pub fn preload(&mut self, library: &'static str, (variable, value): (&'static str, &Path)) {
        self.preloaded.push(library);
        self.environment.push((variable, value.to_str().unwrap().to_owned()));
    }

    /// Moves its store to a small file system, which exists while the node runs.
    pub fn move_to_small_disk(&mut self) {
        let config = self.gazetted.config();
        let written = std::fs::read_to_string(&config).unwrap();
        let moved = written.replace("path = \"store\"", "path = \"disk/store\"");
        std::fs::write(&config, moved).unwrap();
        let disk = self.gazetted.path().join("disk");
        std::fs::create_dir(&disk).unwrap();
        // Its control socket is elsewhere, so that others see it, and they find it by this link.
        let directory = self.gazetted.path().to_str().unwrap().to_owned();
        std::os::unix::fs::symlink("../control.sock", disk.join("store.sock")).unwrap();
        self.disk = Some(disk);
        self.environment.push(("RUNTIME_DIRECTORY", directory));
    }

    /// The small file system of the running node.
    pub fn small_disk(&self) -> PathBuf {
        as_seen_by(self.daemon().id(), self.disk.as_ref().unwrap())
    }

    /// Has it kill or freeze itself in a commit when [`Node::at_commit`] says so.
    pub fn prepare_at_commit(&mut self) {
        let path = self.at_commit_path();
        self.preload("commit", ("AT_COMMIT", &path));
    }

    fn at_commit_path(&self) -> PathBuf {
        self.gazetted.path().join("at-commit")
    }

    /// Sends this signal to the running node in the middle of its next commit: before the store has
    /// synced, or `after`.
    pub fn at_commit(&self, signal: i32, after: bool) {
        let path = self.at_commit_path();
        let written = path.with_extension("new");
        std::fs::write(&written, format!("{signal} {}", i32::from(after))).unwrap();
        std::fs::rename(written, &path).unwrap();
        until("the node commits something", || !path.exists());
    }

    /// A command as this node's machine runs it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let command = self.gazetted.command(arguments);
        let mut command = match &self.machine {
            Some(machine) => machine.running(command),
            None => command,
        };
        self.preloaded.iter().for_each(|library| preload::on(library, &mut command));
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Begins the stream of the cluster with this node's store.
    pub fn init(&self) {
        // A cluster of servers elects a leader first.
        until("the servers make the stream", || {
            let output = self.command(&["cluster", "init"]).output().unwrap();
            let refused = !output.status.success();
            if refused {
                println!("cluster init: {}", String::from_utf8_lossy(&output.stderr));
            }
            !refused
        });
    }

    /// Starts it and waits until it listens.
    pub fn start(&mut self) {
        assert!(self.try_start());
    }

    /// The same; false where its small file system cannot be had.
    pub fn try_start(&mut self) -> bool {
        let run = self.command(&["run"]);
        let run = match &self.disk {
            Some(disk) => with_a_small_disk(&run, disk),
            None => Some(run),
        };
        self.daemon = run.map(|run| Launched::by(run).listening());
        self.daemon.is_some()
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        let (code, log) = self.daemon.take().unwrap().end("KILL");
        self.keep(&log);
        assert_eq!(code, None, "{log}");
        assert_sound(&log);
    }

    /// The running node is dead, or about to be.
    pub fn died(&mut self) {
        let (code, log) = self.daemon.take().unwrap().ended();
        self.keep(&log);
        assert_eq!(code, None, "{log}");
        assert_sound(&log);
    }

    /// Ends it as an operator does, and returns its log.
    pub fn stop(&mut self) -> String {
        self.daemon().signal("TERM");
        self.stopped()
    }

    /// It was told to end; returns its log.
    fn stopped(&mut self) -> String {
        let (code, log) = self.daemon.take().unwrap().ended();
        self.keep(&log);
        assert_eq!(code, Some(0), "{log}");
        assert_sound(&log);
        log
    }

    /// Adds a log to the file of this node in the directory `GAZETTED_LOGS`.
    fn keep(&self, log: &str) {
        if let Some(directory) = std::env::var_os("GAZETTED_LOGS") {
            let path = Path::new(&directory).join(format!("{}.log", self.name));
            let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
            std::io::Write::write_all(&mut file, format!("{log}\n").as_bytes()).unwrap();
        }
    }

    /// The running process.
    pub fn daemon(&self) -> &RunningDaemon {
        self.daemon.as_ref().unwrap()
    }

    /// The same, to read its log.
    pub fn daemon_mut(&mut self) -> &mut RunningDaemon {
        self.daemon.as_mut().unwrap()
    }

    /// Its machine.
    pub fn machine(&self) -> &Machine {
        self.machine.as_ref().unwrap()
    }

    /// Whether a connection that a site accepted is this node's.
    pub fn is_peer(&self, peer: SocketAddr) -> bool {
        let Some(daemon) = &self.daemon else { return false };
        let process = Path::new("/proc").join(daemon.id().to_string());
        let Ok(connections) = std::fs::read_to_string(process.join("net/tcp")) else {
            return false;
        };
        let port = format!(":{:04X}", peer.port());
        let sockets: Vec<String> = connections
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>())
            .filter(|fields| fields.len() > 9 && fields[1].ends_with(&port))
            .map(|fields| format!("socket:[{}]", fields[9]))
            .collect();
        let files = std::fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        let targets = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        targets.into_iter().any(|file| sockets.iter().any(|socket| file == Path::new(socket)))
    }

    /// The status of the cluster as this node reports it; null where it does not answer.
    pub fn status(&self) -> Value {
        let output = self.command(&["cluster", "status", "--json"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
    }

    /// The reason why this node is not ready, as it reports it.
    pub fn not_ready(&self) -> Option<String> {
        let status = self.status();
        let nodes = status["nodes"].as_array()?.iter();
        let own = nodes.into_iter().find(|node| node["node"] == self.name)?;
        own["not_ready"].as_str().map(str::to_owned)
    }
}

/// Shows the logs of the nodes of a test that fails.
impl Drop for Node {
    fn drop(&mut self) {
        if let Some(daemon) = self.daemon.take()
            && std::thread::panicking()
        {
            // Frozen, it would not end.
            let (_, log) = daemon.end("KILL");
            let lines = log.lines().filter(|line| !line.contains("event=\"news\""));
            let lines: Vec<&str> = lines.collect();
            let last = lines.len().saturating_sub(60);
            println!("The log of node {}:\n{}", self.name, lines[last..].join("\n"));
        }
    }
}

/// No log says that nodes have parted, or that turns were lost.
fn assert_sound(log: &str) {
    for event in ["\"diverged\"", "\"turns_lost\"", "diverged", "turns_lost"] {
        assert!(!log.contains(event), "{event}: {log}");
    }
}

/// Fails where nodes differ in their state or in any byte that they serve.
pub fn compare(nodes: &[&Node]) {
    // Without polls no turn comes, and all nodes are at the same sequence soon.
    until("the cluster pauses", || nodes[0].gazetted.run(&["cluster", "pause"]).status.success());
    let state = |node: &&Node| {
        let status = node.status();
        (status["sequence"].as_u64().unwrap_or(0), status["digest"].clone())
    };
    until("all nodes have the same state", || {
        let states: Vec<_> = nodes.iter().map(state).collect();
        states[0].0 > 0 && states.iter().all(|one| *one == states[0])
    });
    // What is applied is published soon after.
    let differing = || {
        let expected = served(nodes[0].daemon());
        let others = nodes[1..].iter().map(|node| served(node.daemon()));
        let pairs = others.flat_map(|other| other.into_iter().zip(expected.clone()));
        pairs.into_iter().find(|(other, expected)| other != expected)
    };
    let mut last = None;
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        match differing() {
            None => return,
            found if Instant::now() > end => panic!("{found:?}\n{last:?}"),
            found => last = found,
        }
        std::thread::sleep(LOOK);
    }
}

/// Every record of a node that does not run, as `export stories --lossless` writes them.
pub fn exported(node: &Gazetted) -> Vec<String> {
    let lines = node.succeed(&["export", "stories", "--lossless"]);
    lines.lines().map(str::to_owned).collect()
}

/// The end of a test: after a last round of polls, nodes have the same state, serve the same bytes and
/// hold the same records; no announcement is missing or twice. They are stopped then.
pub fn assert_agree(world: &World, nodes: &mut [&mut Node]) {
    world.settle();
    let exports = loop {
        compare(&nodes.iter().map(|node| &**node).collect::<Vec<_>>());
        let exports = stop_all(nodes);
        // A turn that came while they stopped, such as the leader's about one that stopped before it,
        // is not at all of them.
        let mut applied = exports.iter().map(|export| last_applied(export));
        let first = applied.next();
        if applied.all(|other| Some(other) == first) {
            break exports;
        }
        nodes.iter_mut().for_each(|node| node.start());
    };
    for export in &exports[1..] {
        assert_same(export, &exports[0]);
    }
    for node in &*nodes {
        world.assert_whole(&node.gazetted.stories());
    }
}

/// The sequence of the turn that was applied last.
fn last_applied(export: &[String]) -> u64 {
    let sequence = |line: &String| {
        let record: Value = serde_json::from_str(line).ok()?;
        record["engine"]["record"]["applied"]["sequence"].as_u64()
    };
    export.iter().find_map(sequence).expect("a record of the last turn")
}

/// Stops these nodes at once, and returns the records of each.
fn stop_all(nodes: &mut [&mut Node]) -> Vec<Vec<String>> {
    nodes.iter().for_each(|node| node.daemon().signal("TERM"));
    for node in &mut *nodes {
        node.stopped();
    }
    nodes.iter().map(|node| exported(&node.gazetted)).collect()
}

/// Fails where two exports differ, and shows where.
pub fn assert_same(found: &[String], expected: &[String]) {
    for (found, expected) in found.iter().zip(expected) {
        let same = found.bytes().zip(expected.bytes()).take_while(|(one, other)| one == other);
        let from = same.count().saturating_sub(100);
        let part = |line: &str| line.chars().skip(from).take(300).collect::<String>();
        assert!(found == expected, "{}\n{}\nin {:.60}", part(found), part(expected), expected);
    }
    assert_eq!(found.len(), expected.len());
}

/// Waits until this holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < end, "timed out waiting until {what}");
        std::thread::sleep(LOOK);
    }
}

/// The sequence that a node has applied.
pub fn sequence(node: &Node) -> u64 {
    node.status()["sequence"].as_u64().unwrap_or(0)
}

/// The number of partitions that `owner` owns, as `node` reports it.
pub fn partitions(node: &Node, owner: &str) -> u64 {
    let status = node.status();
    let nodes = status["nodes"].as_array().cloned().unwrap_or_default();
    let found = nodes.iter().find(|one| one["node"] == owner);
    found.and_then(|one| one["partitions"].as_u64()).unwrap_or(0)
}

/// The place of the node that leads, as any node knows it.
pub fn leader(nodes: &[Node], names: &[&str]) -> usize {
    let mut found = None;
    until("a node leads", || {
        let mut known = nodes.iter().filter_map(|node| {
            let leader = node.status()["leader"].as_str()?.to_owned();
            names.iter().position(|name| *name == leader)
        });
        found = known.next();
        found.is_some()
    });
    found.unwrap()
}

/// Waits until every one of these nodes owns its part of the sources.
pub fn until_all_own(nodes: &[&Node]) {
    // One assignment gives each its part. The number of partitions says little about it: those with
    // sources count much more than the others.
    until("all nodes own sources", || nodes.iter().all(|node| partitions(nodes[0], node.name) > 1));
}

/// Everything that a node serves about topics, by path: status, ETag, Last-Modified and body. The
/// volumes of archives are found by the links to them.
pub fn served(daemon: &RunningDaemon) -> BTreeMap<String, [String; 4]> {
    let mut paths: Vec<String> = [
        "/topics/crime.atom",
        "/topics/crime.rss",
        "/topics/crime.json",
        "/topics/odd.atom",
        "/topics/odd.json",
        "/stories.atom",
        "/topics.opml",
        "/",
        "/topics/crime",
    ]
    .map(str::to_owned)
    .into();
    let mut served = BTreeMap::new();
    while let Some(path) = paths.pop() {
        let answer = get(daemon.address, &path);
        let header = |name| answer.header(name).unwrap_or("none").to_owned();
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if let Some(volume) = previous_volume(&text)
            && !served.contains_key(&volume)
        {
            paths.push(volume);
        }
        let answer = [answer.status.to_string(), header("etag"), header("last-modified"), text];
        served.insert(path, answer);
    }
    served
}

/// The path of the volume before, where a feed or a volume names one.
fn previous_volume(feed: &str) -> Option<String> {
    let tag = feed.split('<').find(|tag| tag.contains("rel=\"prev-archive\""))?;
    let address = tag.split("href=\"").nth(1)?.split('"').next()?;
    address.strip_prefix("https://feeds.example").map(str::to_owned)
}
