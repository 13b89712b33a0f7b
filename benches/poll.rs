//! Measures what polling sources on loopback costs, beside a bare client and other programs.
//!
//! `cargo bench --bench poll [-- SOURCES...]` runs the whole daemon, store and feeds and all,
//! over 1,000 and 10,000 sources (or as many as are named), each number in a process of
//! its own: cold, with nothing changed, with one in twenty changed, while somebody reads a
//! feed, after a restart; and up to 1,000 of them over TLS, a connection each. `--cold` ends
//! after the first pass, and `--tls` does only those over TLS, for a profile. `--known` starts a daemon that knows so many
//! sources, of one story each, and polls none.

#![allow(unreachable_pub)] // a program exports nothing

#[path = "poll/certificate.rs"]
mod certificate;
#[path = "poll/floor.rs"]
mod floor;
#[path = "poll/known.rs"]
mod known;
#[path = "poll/origin.rs"]
mod origin;
#[path = "poll/reader.rs"]
mod reader;

use std::fmt::Write as _;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use certificate::Certificate;
use gazetted::clock::Clock;
use gazetted::config::Plan;
use gazetted::daemon::{self, Daemon};
use gazetted::model::Timestamp;
use gazetted::publish::Address;
use gazetted::store;
use origin::{AS_ORIGIN, Origin};
use reader::Reader;
use tokio::net::TcpListener;

/// As the daemon has it.
#[cfg(feature = "jemalloc")]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

type Error = Box<dyn std::error::Error>;

/// The argument that makes this program measure one number of sources.
const ALONE: &str = "--alone";

/// The argument that ends it after the first pass.
const COLD: &str = "--cold";

/// The argument that leaves out all passes but those over TLS.
const TLS: &str = "--tls";

/// Where it finds the directory of that measurement.
const DIRECTORY: &str = "GAZETTED_BENCH_DIRECTORY";

/// As many sources are asked over TLS, and by other programs.
const FEW: usize = 1_000;

/// Topics beside the one of everything.
const TOPICS: [(&str, &str); 5] = [
    ("sanctions", "sanctions OR \"asset freeze\""),
    ("borders", "title:border* AND NOT weather"),
    ("balkans", "Kosovo OR Serbia OR Albania OR \"western balkans\""),
    ("departments", "title:department AND announcement"),
    ("near", "treaty NEAR/5 security"),
];

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [first, directory] = &arguments[..]
        && first == AS_ORIGIN
    {
        return Ok(origin::serve(Path::new(directory))?);
    }
    let mut counts: Vec<usize> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    if counts.is_empty() {
        counts = vec![1_000, 10_000];
    }
    if arguments.iter().any(|argument| argument == known::KNOWN) {
        return counts.into_iter().try_for_each(|count| known::bench(&arguments, count));
    }
    if arguments.iter().any(|argument| argument == ALONE) {
        // As the daemon's client would; the bench asks the origin before there is one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let directory = PathBuf::from(std::env::var_os(DIRECTORY).ok_or("no directory")?);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let origin = Origin::start(&directory)?;
        runtime.block_on(measure(&origin, counts[0], &directory))?;
        return match arguments.iter().any(|argument| [COLD, TLS].contains(&&**argument)) {
            true => Ok(()),
            false => peers(&origin, counts[0].min(FEW)),
        };
    }
    println!(
        "{:>8} {:<26} {:>12} {:>10} {:>9} {:>12} {:>10} {:>10}",
        "sources",
        "pass",
        "CPU ms each",
        "seconds",
        "requests",
        "connections",
        "MiB now",
        "MiB peak"
    );
    for count in counts {
        let directory = tempfile::tempdir()?;
        let made = Certificate::in_directory(directory.path());
        let mut alone = Command::new(std::env::current_exe()?);
        alone.args([ALONE, &count.to_string()]).env(DIRECTORY, directory.path());
        alone.args(arguments.iter().filter(|argument| [COLD, TLS].contains(&&***argument)));
        match made.make(origin::ORIGINS)? {
            // The daemon's client trusts it as it trusts the system's.
            true => drop(alone.env("SSL_CERT_FILE", &made.certificate)),
            false => println!("TLS is left out: openssl is not installed"),
        }
        let done = alone.status()?;
        if !done.success() {
            return Err(format!("{count} sources: {done}").into());
        }
    }
    Ok(())
}

/// The passes of one number of sources.
async fn measure(origin: &Origin, count: usize, directory: &Path) -> Result<(), Error> {
    let clock = Clock::by_hand(Timestamp::from_secs(1_743_600_000));
    let mut bench =
        Bench { origin, count, clock, directory: directory.join("plain"), secure: false };
    if std::env::args().any(|argument| argument == TLS) {
        return measure_secure(bench, count / 20, directory).await;
    }
    let daemon = bench.pass("cold", async |bench| bench.start().await).await?;
    if std::env::args().any(|argument| argument == COLD) {
        return Ok(daemon.stop().await?);
    }
    // After eight days of 304s a source is asked for its document whole, to see whether
    // they were true (P13).
    for pass in ["unchanged", "unchanged, in full", "one in twenty changed"] {
        if pass.starts_with("one") {
            ask(&format!("{}/change/{}", root(origin), count / 20)).await?;
        }
        bench.pass(pass, async |bench| bench.a_week_on(&daemon).await).await?;
    }
    bench.while_reading(&daemon).await?;
    daemon.stop().await?;
    let daemon = bench.pass("restart, nothing due", async |bench| bench.start().await).await?;
    daemon.stop().await?;
    let changed = count / 20;
    for (pass, kept) in [("floor, kept connection", true), ("floor, new connection", false)] {
        let asked =
            async |bench: &Bench<'_>| floor::plain(bench.origin, bench.count, changed, kept).await;
        bench.pass(pass, asked).await?;
    }
    match origin.secure.is_empty() {
        true => Ok(()),
        false => measure_secure(bench, changed, directory).await,
    }
}

/// The same over TLS.
async fn measure_secure(bench: Bench<'_>, changed: usize, directory: &Path) -> Result<(), Error> {
    let count = bench.count.min(FEW);
    let mut bench = Bench { count, directory: directory.join("secure"), secure: true, ..bench };
    // As they have by now in a full run.
    ask(&format!("{}/change/{changed}", root(bench.origin))).await?;
    let daemon = bench.pass("TLS, cold", async |bench| bench.start().await).await?;
    for pass in ["TLS, unchanged", "TLS, unchanged, in full", "TLS, unchanged again"] {
        bench.pass(pass, async |bench| bench.a_week_on(&daemon).await).await?;
    }
    daemon.stop().await?;
    let trusted = Certificate::in_directory(directory).certificate;
    for pass in ["TLS, floor", "TLS, floor again"] {
        let asked = async |bench: &Bench<'_>| {
            floor::secure(bench.origin, bench.count, changed, &trusted).await
        };
        bench.pass(pass, asked).await?;
    }
    Ok(())
}

/// A reader reads for so long, at least.
const READING: Duration = Duration::from_secs(3);

/// Longer than any source waits for its next poll.
const WEEK: Duration = Duration::from_secs(8 * 86_400);

struct Bench<'a> {
    origin: &'a Origin,
    count: usize,
    clock: Clock,
    directory: PathBuf,
    secure: bool,
}

impl Bench<'_> {
    /// A daemon over the sources, which has polled what was due.
    async fn start(&self) -> Result<Daemon, Error> {
        std::fs::create_dir_all(&self.directory)?;
        let path = self.directory.join("gazetted.toml");
        std::fs::write(&path, self.config()?)?;
        let plan = Plan::load(&path).map_err(|problems| problems.to_string())?.plan;
        let store = daemon::at_low_priority(|| store::open(&plan.store.path, plan.store.cache))?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let daemon = Daemon::start(plan, store, listener, self.clock.clone()).await?;
        daemon.handle().settled().await;
        Ok(daemon)
    }

    /// Has every source fall due, and waits until nothing is due nor under way. What is
    /// asked and spent for that counts from the first moment.
    async fn a_week_on(&self, daemon: &Daemon) -> Result<(), Error> {
        self.clock.advance(WEEK);
        daemon.handle().settled().await;
        Ok(())
    }

    fn config(&self) -> Result<String, Error> {
        let store = self.directory.join("store");
        let mut text = format!(
            "[store]\npath = {store:?}\n[polling]\nallow_private = [\"127.0.0.0/8\"]\nspacing = \"0s\"\n"
        );
        for (id, query) in TOPICS {
            write!(text, "[[topic]]\nid = \"{id}\"\ntitle = \"{id}\"\nquery = '''{query}'''\n")?;
        }
        for number in 0..self.count {
            let address = self.origin.address(number, self.secure);
            write!(text, "[[source]]\nid = \"s{number}\"\nurl = \"{address}\"\n")?;
        }
        Ok(text)
    }

    /// How long a reader waits for a feed while nothing else happens, and while all
    /// sources are polled.
    async fn while_reading(&mut self, daemon: &Daemon) -> Result<(), Error> {
        const FEED: &str = "/topics/sanctions.atom";
        let Some(&Address::Net(place)) = daemon.address() else { return Ok(()) };
        let reader = Reader::start(place, FEED);
        tokio::time::sleep(READING).await;
        let (idle, asked) = reader.stop()?;
        let (reader, began) = (Reader::start(place, FEED), Instant::now());
        self.pass("unchanged, and read", async |bench| bench.a_week_on(daemon).await).await?;
        // Few sources are polled in less time than it takes to learn what is rare.
        while began.elapsed() < READING {
            self.a_week_on(daemon).await?;
        }
        let (busy, asked_then) = reader.stop()?;
        println!(
            "{:>8} a feed at p99, idle: {idle:.1?} of {asked}; while polling: {busy:.1?} of {asked_then}",
            self.count
        );
        Ok(())
    }

    /// Measures one pass.
    async fn pass<T>(
        &mut self,
        name: &str,
        work: impl AsyncFnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let before = counted(self.origin).await?;
        forget_peak();
        let meter = Meter::start();
        let done = work(self).await?;
        let (cpu, wall) = meter.stop();
        let after = counted(self.origin).await?;
        let (count, each) = (self.count, cpu.as_secs_f64() * 1000.0 / self.count as f64);
        println!(
            "{count:>8} {name:<26} {each:>12.4} {:>10.2} {:>9} {:>12} {:>10} {:>10}",
            wall.as_secs_f64(),
            after[0] - before[0],
            after[1] - before[1],
            memory("VmRSS:"),
            memory("VmHWM:")
        );
        Ok(done)
    }
}

/// Has the kernel measure the peak of memory anew.
fn forget_peak() {
    // Where that is not allowed, the peak is that of all passes so far.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

fn root(origin: &Origin) -> String {
    format!("http://{}", origin.places[0])
}

async fn ask(address: &str) -> Result<String, Error> {
    Ok(reqwest::get(address).await?.text().await?)
}

/// Requests and connections that the origin has seen.
async fn counted(origin: &Origin) -> Result<[u64; 2], Error> {
    let text = ask(&format!("{}/counts", root(origin))).await?;
    let mut numbers = text.split(' ').filter_map(|number| number.parse().ok());
    Ok([numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)])
}

/// Other programs over the same addresses, where they are installed.
fn peers(origin: &Origin, count: usize) -> Result<(), Error> {
    let addresses: Vec<_> = (0..count).map(|number| origin.address(number, false)).collect();
    for (name, script) in [
        ("feedparser, requests", include_str!("poll/peers.py")),
        ("reader", include_str!("poll/reader.py")),
    ] {
        let mut child = Command::new("python3")
            .args(["-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A script that cannot start does not read; that shows below.
            let _ = stdin.write_all(addresses.join("\n").as_bytes());
        }
        let output = child.wait_with_output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        match text.split_whitespace().collect::<Vec<_>>()[..] {
            [cold, unchanged] => {
                println!("{count:>8} {name:<22} {cold:>12} cold, {unchanged} unchanged");
            }
            _ => println!("{count:>8} {name:<22} skipped: not installed"),
        }
    }
    Ok(())
}

/// CPU time of this process, and the time on the wall.
struct Meter {
    cpu: Duration,
    wall: Instant,
}

impl Meter {
    fn start() -> Self {
        Self { cpu: cpu_time(), wall: Instant::now() }
    }

    fn stop(self) -> (Duration, Duration) {
        (cpu_time() - self.cpu, self.wall.elapsed())
    }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// A line of this process's status, in MiB.
fn memory(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes = status.lines().find_map(|found| found.strip_prefix(line));
    let number = kilobytes.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0) / 1024
}
