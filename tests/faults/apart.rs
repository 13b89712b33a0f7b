//! Runs a daemon in a process of its own, with a clock that the test sets.
//!
//! A month passes in it as fast as it can be polled, it can be killed like any
//! other process, and what it takes of memory is its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use gazetted::clock::Clock;
use gazetted::config::Plan;
use gazetted::daemon::Daemon;
use gazetted::model::Timestamp;
use gazetted::store;

/// Set in the process that is the daemon: its configuration, and the time.
const CONFIG: &str = "GAZETTED_TEST_CONFIG";
const NOW: &str = "GAZETTED_TEST_NOW";

/// Not a test of its own: the daemon. A line on its input says how many seconds
/// pass, or that its configuration has changed; it answers once all that was due is published.
#[test]
fn is_a_daemon_apart() {
    let Ok(config) = std::env::var(CONFIG) else { return };
    let now = Timestamp::parse_rfc3339(&std::env::var(NOW).unwrap()).unwrap();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let plan = Plan::load(Path::new(&config)).unwrap_or_else(|problems| panic!("{problems}"));
        let plan = plan.plan;
        let store = store::open(&plan.store.path, plan.store.cache).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let clock = Clock::by_hand(now);
        let daemon = Daemon::start(plan, store, listener, clock.clone()).await.unwrap();
        daemon.handle().settled().await;
        println!("\nlistens {}", daemon.address().unwrap());
        for line in std::io::stdin().lines() {
            match line.unwrap().parse() {
                Ok(seconds) => clock.advance(Duration::from_secs(seconds)),
                Err(_) => {
                    let loaded = Plan::load(Path::new(&config)).unwrap();
                    daemon.handle().replan(loaded.plan, false).await.unwrap();
                }
            }
            daemon.handle().settled().await;
            println!("settled");
        }
        daemon.stop().await.unwrap();
        println!("stopped");
    });
}

/// A daemon apart; killed with this.
pub struct Apart {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    /// What time it is there.
    pub now: Timestamp,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Apart {
    /// Starts it, and lets it poll whatever is due.
    pub fn start(config: &Path, now: Timestamp) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["faults::apart::is_a_daemon_apart", "--exact", "--nocapture"])
            .env(CONFIG, config)
            .env(NOW, now.to_string())
            // As the unit has it.
            .env("MALLOC_ARENA_MAX", "2")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut apart = Self {
            orders: child.stdin.take(),
            answers: BufReader::new(child.stdout.take().unwrap()),
            child,
            now,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
        };
        apart.address = apart.hear("listens ").parse().unwrap();
        apart
    }

    /// Lets time pass, and every poll that falls due in it.
    pub fn pass(&mut self, time: Duration) {
        self.begin_to_pass(time);
        self.hear("settled");
    }

    /// Lets time pass without waiting for what falls due.
    pub fn begin_to_pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
        writeln!(self.orders.as_ref().unwrap(), "{}", time.as_secs()).unwrap();
    }

    /// Has it read its configuration again.
    pub fn reload(&mut self) {
        writeln!(self.orders.as_ref().unwrap(), "reload").unwrap();
        self.hear("settled");
    }

    /// Stops it as a signal would.
    pub fn stop(mut self) {
        drop(self.orders.take());
        self.hear("stopped");
    }

    /// Kills it; what time it was.
    pub fn kill(mut self) -> Timestamp {
        self.child.kill().unwrap();
        self.now
    }

    /// KiB of memory it has.
    pub fn memory(&self) -> u64 {
        status_of(self.child.id(), "VmRSS")
    }

    /// Files and sockets it has open.
    pub fn open_files(&self) -> usize {
        fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    /// What follows `word` on the first line that begins with it.
    fn hear(&mut self, word: &str) -> String {
        let mut lines = (&mut self.answers).lines().map(Result::unwrap);
        let line = lines.find(|line| line.starts_with(word));
        line.unwrap_or_else(|| panic!("it ended before it {word}"))[word.len()..].to_owned()
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A number of KiB in what the kernel says of a process.
pub fn status_of(process: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
