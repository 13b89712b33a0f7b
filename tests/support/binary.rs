//! Runs the real binary, as a command or as a daemon.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// How long a line of a log is awaited before the test fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// A directory with a configuration, and the binary to use it with.
pub struct Gazetted {
    directory: TempDir,
}

impl Gazetted {
    /// The demonstration, copied so that its store and its port are the test's own.
    pub fn demo() -> Self {
        let gazetted = Self { directory: TempDir::new().unwrap() };
        copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config")), gazetted.path());
        let config = gazetted.config();
        std::fs::rename(gazetted.path().join("demo.toml"), &config).unwrap();
        let written = std::fs::read_to_string(&config).unwrap();
        let moved = written.replace("127.0.0.1:8484", "127.0.0.1:0");
        assert_ne!(written, moved, "config/demo.toml states its address");
        let moved: String = moved
            .lines()
            .map(|line| if line.starts_with("path = ") { "path = \"store\"" } else { line })
            .flat_map(|line| [line, "\n"])
            .collect();
        std::fs::write(config, moved).unwrap();
        gazetted
    }

    /// A configuration of the test's own.
    pub fn with(config: &str) -> Self {
        let gazetted = Self { directory: TempDir::new().unwrap() };
        std::fs::write(gazetted.config(), config).unwrap();
        gazetted
    }

    /// Its directory.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Its configuration file.
    pub fn config(&self) -> PathBuf {
        self.path().join("gazetted.toml")
    }

    /// The command with these arguments, not started yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gazetted"));
        command
            .args(arguments)
            .env("GAZETTED_CONFIG", self.config())
            .env_remove("NOTIFY_SOCKET")
            .env_remove("RUNTIME_DIRECTORY")
            .env_remove("STATE_DIRECTORY")
            .env_remove("JOURNAL_STREAM");
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that succeeds; what it printed.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(
            output.status.success(),
            "{arguments:?}: {}\n{}",
            output.status,
            text(&output.stderr)
        );
        text(&output.stdout)
    }

    /// Every story, as `export stories` writes it.
    pub fn stories(&self) -> Vec<Value> {
        let lines = self.succeed(&["export", "stories"]);
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// Starts the daemon and waits for the line that says where to look.
    pub fn start(&self) -> RunningDaemon {
        Launched::by(self.command(&["run"])).listening()
    }
}

/// A daemon of this test that may not serve yet; killed with it.
pub struct Launched {
    child: Option<Child>,
    lines: Receiver<String>,
    log: Vec<String>,
}

impl Launched {
    /// Starts a daemon and waits for nothing.
    pub fn by(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let errors = BufReader::new(child.stderr.take().unwrap());
        let (line, lines) = mpsc::channel();
        // Read all the while, so that the daemon never waits for its own log.
        std::thread::spawn(move || {
            for logged in errors.lines() {
                if logged.map(|logged| line.send(logged)).is_err() {
                    break;
                }
            }
        });
        Self { child: Some(child), lines, log: Vec::new() }
    }

    /// Waits for the line that says where to look.
    pub fn listening(mut self) -> RunningDaemon {
        let mut line = String::new();
        let told = self.child.as_mut().unwrap().stdout.take().unwrap();
        BufReader::new(told).read_line(&mut line).unwrap();
        let address = line
            .rsplit("listening on ")
            .next()
            .and_then(|rest| rest.trim_end_matches([')', '\n']).parse().ok());
        match address {
            Some(address) => RunningDaemon { launched: self, address },
            None => panic!("no address in {line:?}\n{}", self.ended().1),
        }
    }

    /// Waits for the next line it logs that holds these words.
    pub fn logged(&mut self, words: &str) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.log.push(line),
                Err(_) => panic!("no {words:?} in the log:\n{}", self.log.join("\n")),
            }
            let line = &self.log[self.log.len() - 1];
            if line.contains(words) {
                return line.clone();
            }
        }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Sends a signal by name, as `kill -s NAME` does.
    pub fn signal(&self, name: &str) {
        let status =
            Command::new("kill").args(["-s", name, &self.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// Ends it and returns its exit code and what it logged.
    pub fn end(self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        self.ended()
    }

    /// Waits for its end; its exit code and what it logged.
    pub fn ended(mut self) -> (Option<i32>, String) {
        let status = self.child.take().unwrap().wait().unwrap();
        self.log.extend(self.lines.iter());
        (status.code(), self.log.join("\n"))
    }
}

impl Drop for Launched {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A daemon of this test that serves; killed with it.
pub struct RunningDaemon {
    launched: Launched,
    /// Where it listens.
    pub address: SocketAddr,
}

impl RunningDaemon {
    /// Its process.
    pub fn id(&self) -> u32 {
        self.launched.id()
    }

    /// Waits for the next line it logs that holds these words.
    pub fn logged(&mut self, words: &str) -> String {
        self.launched.logged(words)
    }

    /// Sends a signal by name, as `kill -s NAME` does.
    pub fn signal(&self, name: &str) {
        self.launched.signal(name);
    }

    /// Ends it and returns its exit code and what it logged.
    pub fn end(self, signal: &str) -> (Option<i32>, String) {
        self.launched.end(signal)
    }

    /// Waits for its end; its exit code and what it logged.
    pub fn ended(self) -> (Option<i32>, String) {
        self.launched.ended()
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        // What a demonstration by hand left behind.
        if entry.file_name() == "demo-data" {
            continue;
        }
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            std::fs::create_dir_all(&to).unwrap();
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}
