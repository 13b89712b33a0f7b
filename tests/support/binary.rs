//! A configuration in; the real binary, as a command or as a daemon, out.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

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

    /// Starts the daemon and waits for the line that says where to look.
    pub fn start(&self) -> RunningDaemon {
        let mut command = self.command(&["run"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line
            .rsplit("listening on ")
            .next()
            .and_then(|rest| rest.trim_end_matches([')', '\n']).parse().ok());
        let Some(address) = address else {
            let output = child.wait_with_output().unwrap();
            panic!("no address in {line:?}\n{}", String::from_utf8_lossy(&output.stderr));
        };
        RunningDaemon { child: Some(child), address }
    }
}

/// A daemon of this test; killed with it.
pub struct RunningDaemon {
    child: Option<Child>,
    /// Where it listens.
    pub address: SocketAddr,
}

impl RunningDaemon {
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
    pub fn end(mut self, signal: &str) -> (Option<i32>, String) {
        self.signal(signal);
        let output = self.child.take().unwrap().wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

impl Drop for RunningDaemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
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
