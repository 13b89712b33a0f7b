//! Sources on loopback in; what polling them costs, beside a bare client and others, out.
//!
//! `cargo bench --bench poll [-- SOURCES...]` asks 1,000 and 10,000 sources (or as many
//! as are named) three times: cold, with nothing changed, and with one in twenty changed.
//! It measures the stages from agenda to parser, through their real interfaces.

#![allow(unreachable_pub)] // a program exports nothing

#[path = "poll/origin.rs"]
mod origin;

use std::collections::HashMap;
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use gazetted::fetch::{Agenda, Fetched, Fetcher, News, Settings, settle};
use gazetted::model::{
    Document, Enrich, Failure, Location, Memory, Outcome, Pace, Poll, Reading, Role, Source,
    SourceId, Timestamp,
};
use gazetted::parse::{self, Limits};
use http_body_util::{BodyExt, Empty};
use origin::{AS_ORIGIN, ORIGINS, Origin};
use tokio::task::JoinSet;

type Error = Box<dyn std::error::Error>;

/// Bounds wide enough for every document of the origin.
const LIMITS: Limits =
    Limits { entries: 500, field: 256 << 10, depth: 100, elements: 200_000, attributes: 256 };

fn main() -> Result<(), Error> {
    if std::env::args().any(|argument| argument == AS_ORIGIN) {
        return Ok(origin::serve()?);
    }
    let mut counts: Vec<usize> =
        std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    if counts.is_empty() {
        counts = vec![1_000, 10_000];
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    println!(
        "{:>8} {:<22} {:>12} {:>10} {:>9} {:>12}",
        "sources", "pass", "CPU ms each", "seconds", "requests", "connections"
    );
    for count in counts {
        let origin = Origin::start()?;
        runtime.block_on(measure(&origin, count))?;
        peers(&origin, count.min(1_000))?;
    }
    println!("peak memory {} MiB, now {} MiB", memory("VmHWM:"), memory("VmRSS:"));
    Ok(())
}

/// The passes of one number of sources.
async fn measure(origin: &Origin, count: usize) -> Result<(), Error> {
    let mut poller = Poller::new(origin, count)?;
    for pass in ["cold", "unchanged", "unchanged again", "one in twenty changed"] {
        if pass.starts_with("one") {
            ask(&format!("{}/change/{}", root(origin), count / 20)).await?;
        }
        let before = counted(origin).await?;
        let meter = Meter::start();
        poller.pass().await;
        let (cpu, wall) = meter.stop();
        let after = counted(origin).await?;
        report(count, pass, cpu, wall, [after[0] - before[0], after[1] - before[1]]);
    }
    println!("{:>8} {:<22} {:>12} MiB", count, "memory when idle", memory("VmRSS:"));

    for (pass, kept) in [("floor, kept connection", true), ("floor, new connection", false)] {
        let before = counted(origin).await?;
        let meter = Meter::start();
        floor(origin, count, kept).await?;
        let (cpu, wall) = meter.stop();
        let after = counted(origin).await?;
        report(count, pass, cpu, wall, [after[0] - before[0], after[1] - before[1]]);
    }
    Ok(())
}

fn report(count: usize, pass: &str, cpu: Duration, wall: Duration, counts: [u64; 2]) {
    let each = cpu.as_secs_f64() * 1000.0 / count as f64;
    let [requests, connections] = counts;
    println!(
        "{count:>8} {pass:<22} {each:>12.4} {:>10.2} {requests:>9} {connections:>12}",
        wall.as_secs_f64()
    );
}

/// The stages from agenda to parser over all sources.
struct Poller {
    settings: Settings,
    fetcher: Arc<Fetcher>,
    agenda: Agenda,
    sources: HashMap<SourceId, Arc<Source>>,
    memories: HashMap<SourceId, Memory>,
    now: Timestamp,
}

impl Poller {
    fn new(origin: &Origin, count: usize) -> Result<Self, Error> {
        let settings = Settings {
            spacing: Duration::ZERO,
            concurrency: ORIGINS,
            allow_private: vec!["127.0.0.0/8".parse()?],
            ..Settings::default()
        };
        let mut sources = HashMap::new();
        for number in 0..count {
            let url: url::Url = origin.address(number).parse()?;
            let source = Source {
                id: SourceId::new(number.to_string()),
                title: String::new(),
                location: Location::Web { written: url.to_string(), url },
                tags: Vec::new(),
                role: Role::Department,
                rank: 0,
                position: number,
                enrich: Enrich::None,
                pace: Pace::default(),
                headers: Vec::new(),
                allow_private: false,
                push: true,
            };
            sources.insert(source.id.clone(), Arc::new(source));
        }
        let memories = sources.keys().map(|id| (id.clone(), Memory::default())).collect();
        let fetcher = Arc::new(Fetcher::new(&settings)?);
        let agenda = Agenda::new(settings.spacing, settings.concurrency);
        let now = Timestamp::from_secs(1_743_600_000);
        Ok(Self { settings, fetcher, agenda, sources, memories, now })
    }

    /// Asks every source once, as many at a time as the agenda lets start.
    async fn pass(&mut self) {
        self.now = self.now.after(Duration::from_secs(8 * 86_400));
        for (id, source) in &self.sources {
            let memory = self.memories.entry(id.clone()).or_default();
            memory.next_poll = self.now;
            self.agenda.plan(source, memory);
        }
        let mut polls = JoinSet::new();
        loop {
            while let Some(id) = self.agenda.start(self.now) {
                let (fetcher, source) = (self.fetcher.clone(), self.sources[&id].clone());
                let (memory, now) = (self.memories[&id].clone(), self.now);
                polls.spawn(async move { poll(&fetcher, &source, &memory, now).await });
            }
            let Some(Ok(poll)) = polls.join_next().await else { break };
            self.take(&poll);
        }
    }

    fn take(&mut self, poll: &Poll) {
        let (source, settings) = (&self.sources[&poll.source], &self.settings);
        let Some(memory) = self.memories.get_mut(&poll.source) else { return };
        let news = match &poll.outcome {
            Outcome::Read(_) => News { new: vec![poll.at], known: 34 },
            _ => News::default(),
        };
        settle(poll, &news, memory, source, settings);
        self.agenda.finished(&poll.source, poll.at);
    }
}

/// One poll, up to its entries.
async fn poll(fetcher: &Fetcher, source: &Source, memory: &Memory, now: Timestamp) -> Poll {
    let outcome = match fetcher.fetch(source, memory, now).await {
        Ok(Fetched::Document { document, validators, freshness, bytes, hash, moved }) => {
            match parsed(document).await {
                Ok(parsed) => Outcome::Read(Box::new(Reading {
                    validators,
                    freshness,
                    bytes,
                    hash,
                    moved,
                    feed: parsed.feed,
                    entries: parsed.entries,
                    hints: parsed.hints,
                    warnings: parsed.warnings,
                })),
                Err(failure) => Outcome::Failed(failure),
            }
        }
        Ok(Fetched::Unchanged { validators, freshness, bytes, moved, not_modified }) => {
            Outcome::Unchanged { validators, freshness, bytes, moved, not_modified }
        }
        Err(failure) => Outcome::Failed(failure),
    };
    assert!(!matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    Poll { source: source.id.clone(), at: now, outcome }
}

async fn parsed(document: Document) -> Result<parse::Parsed, Failure> {
    let parsing = tokio::task::spawn_blocking(move || parse::parse(&document, &LIMITS));
    parsing.await.unwrap_or_else(|panic| {
        Err(Failure::new(gazetted::model::FailureKind::Internal, panic.to_string()))
    })
}

/// The same conditional requests by a bare client that does nothing else.
async fn floor(origin: &Origin, count: usize, kept: bool) -> Result<(), Error> {
    let mut clients = JoinSet::new();
    for (first, port) in origin.ports.clone().into_iter().enumerate() {
        clients.spawn(async move {
            let mut connection = None;
            for number in (first..count).step_by(ORIGINS) {
                let mut sender = match connection.take() {
                    Some(sender) => sender,
                    None => connect(port).await?,
                };
                let edition = u8::from(number < count / 20);
                let request = hyper::Request::get(format!("/{number}.atom"))
                    .header("Host", "127.0.0.1")
                    .header("If-None-Match", format!("\"{number}-{edition}\""))
                    .body(Empty::<bytes::Bytes>::new())?;
                let answer = sender.send_request(request).await?;
                assert_eq!(answer.status(), 304);
                answer.into_body().collect().await?;
                connection = kept.then_some(sender);
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
        });
    }
    while let Some(done) = clients.join_next().await {
        done?.map_err(|error| error.to_string())?;
    }
    Ok(())
}

type Sender = hyper::client::conn::http1::SendRequest<Empty<bytes::Bytes>>;

async fn connect(port: u16) -> Result<Sender, Box<dyn std::error::Error + Send + Sync>> {
    let stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let stream = hyper_util::rt::TokioIo::new(stream);
    let (sender, connection) = hyper::client::conn::http1::handshake(stream).await?;
    tokio::spawn(connection);
    Ok(sender)
}

fn root(origin: &Origin) -> String {
    format!("http://127.0.0.1:{}", origin.ports[0])
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
    let addresses: Vec<_> = (0..count).map(|number| origin.address(number)).collect();
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
