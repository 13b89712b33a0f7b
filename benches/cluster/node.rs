//! A gazetted process with a store of its own, alone or as a node of a cluster.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::Outcome;
use super::servers::{Servers, free_port};

/// The program that this bench was built with.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_gazetted");

/// Linux counts processor time in ticks, of which a second has so many.
const TICKS: u64 = 100;

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(300);

/// A configuration in a directory of its own, and the process that runs with it.
pub struct Node {
    directory: TempDir,
    program: PathBuf,
    address: SocketAddr,
    process: Option<Child>,
}

/// The configuration of sources that are polled at an interval.
pub fn polling(sources: &[String], interval: &str) -> String {
    let mut text = "[polling]\nallow_private = [\"127.0.0.0/8\"]\nspacing = \"0s\"\nfloor = \"1s\"\nhard_floor = \"1s\"\nnew_a_day = 1000000\n\
         [[topic]]\nid = \"all\"\ntitle = \"All\"\nquery = \"announcement\"\n\
         [[topic]]\nid = \"few\"\ntitle = \"Few\"\nquery = '\"department 3\" OR word77'\n"
        .to_owned();
    for (number, url) in sources.iter().enumerate() {
        let _ = write!(
            text,
            "[[source]]\nid = \"s{number}\"\nurl = \"{url}\"\ninterval = \"{interval}\"\n"
        );
    }
    text
}

/// The table that makes a machine a node of a cluster.
pub fn cluster(servers: &Servers, name: &str, node: &str, polls: bool) -> String {
    format!(
        "[cluster]\nservers = {}\nname = {name:?}\nnode = {node:?}\npolls = {polls}\ncluster_secret_file = \"secret\"\n",
        servers.list()
    )
}

impl Node {
    /// A node that is not started.
    pub fn new(config: &str) -> Outcome<Self> {
        Self::of(Path::new(PROGRAM), config)
    }

    /// The same, of another build.
    pub fn of(program: &Path, config: &str) -> Outcome<Self> {
        let directory = TempDir::new()?;
        let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
        let text = format!(
            "[server]\nlisten = \"{address}\"\nbase_url = \"https://feeds.example/\"\n\
             [store]\npath = \"store\"\nbackups = \"never\"\n{config}"
        );
        std::fs::write(directory.path().join("gazetted.toml"), text)?;
        std::fs::write(directory.path().join("secret"), "0123456789abcdef".repeat(4))?;
        Ok(Self { directory, program: program.to_owned(), address, process: None })
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.directory.path().join("gazetted.toml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env("GAZETTED_CONFIG", self.config());
        command
    }

    /// Begins the stream of a cluster. The servers elect a leader first.
    pub fn init(&self) -> Outcome<()> {
        wait_until("the stream", || {
            let done = self.command(&["cluster", "init"]).stderr(Stdio::null()).output();
            Ok(done?.status.success())
        })
    }

    /// Starts it and waits until it serves.
    pub fn start(&mut self) -> Outcome<()> {
        let log = std::fs::File::create(self.directory.path().join("log"))?;
        self.process = Some(self.command(&["run"]).stdout(Stdio::null()).stderr(log).spawn()?);
        wait_until("the node serves", || Ok(TcpStream::connect(self.address).is_ok()))
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// The state of the cluster, as this node sees it.
    pub fn status(&self) -> Outcome<Value> {
        let output = self.command(&["cluster", "status", "--json"]).output()?;
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }

    /// Whether each of these nodes owns a part of the sources.
    pub fn is_shared_by(&self, names: &[&str]) -> Outcome<bool> {
        let status = self.status()?;
        let owns = |name: &&str| {
            let nodes = status["nodes"].as_array().map_or(&[][..], Vec::as_slice);
            let node = nodes.iter().find(|node| node["node"] == **name);
            node.is_some_and(|node| node["partitions"].as_u64() > Some(100))
        };
        Ok(names.iter().all(owns))
    }

    /// A connection for [`Node::get`].
    pub fn connect(&self) -> Outcome<TcpStream> {
        let stream = TcpStream::connect(self.address)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    /// A figure of `/metrics`, if it is there.
    pub fn metric(&self, name: &str) -> Outcome<Option<u64>> {
        let mut stream = self.connect()?;
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.and_then(|value| value.trim().parse().ok()))
    }

    fn proc(&self, path: &str) -> Outcome<PathBuf> {
        let process = self.process.as_ref().ok_or("the node does not run")?;
        Ok(PathBuf::from(format!("/proc/{}/{path}", process.id())))
    }

    /// The processor time that it has taken.
    pub fn cpu_time(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(self.proc("stat")?)?;
        // After the name of the program, which may hold anything.
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let ticks: u64 = fields.skip(11).take(2).filter_map(|one| one.parse::<u64>().ok()).sum();
        Ok(Duration::from_millis(1000 / TICKS * ticks))
    }

    /// Its memory, in KiB.
    pub fn memory(&self) -> Outcome<u64> {
        let status = std::fs::read_to_string(self.proc("status")?)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|text| text.split_whitespace().next()?.parse().ok());
        Ok(number.ok_or("no VmRSS")?)
    }

    /// The number of its threads.
    pub fn threads(&self) -> Outcome<usize> {
        Ok(std::fs::read_dir(self.proc("task")?)?.count())
    }

    /// The numbers of its open files, and of the sockets that listen.
    pub fn files(&self) -> Outcome<usize> {
        let is_file = |name: &str| !name.starts_with("socket:");
        let links = std::fs::read_dir(self.proc("fd")?)?.flatten();
        let names = links.filter_map(|link| std::fs::read_link(link.path()).ok());
        Ok(names.filter(|name| is_file(&name.to_string_lossy())).count())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits until this holds.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> Outcome<bool>) -> Outcome<()> {
    let end = Instant::now() + PATIENCE;
    while !holds()? {
        if Instant::now() > end {
            return Err(format!("timed out waiting until {what}").into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
