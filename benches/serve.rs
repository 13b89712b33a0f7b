//! How much processor time an answer costs, beside a bare hyper and nginx; and how
//! long readers wait while every feed is rendered anew.
//!
//! Each server is a process of its own, so that its time can be read from
//! `/proc`; the load comes from this one: 64 connections that are kept alive.
//! The feed has 50 entries. Run it with `cargo bench --bench serve`; nginx is
//! measured where it is installed. `-- --waits` measures how long readers wait alone.

use std::convert::Infallible;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use gazetted::daemon::Background;
use gazetted::model::{
    Entry, Evidence, Member, Revisions, SourceId, Sources, Story, StoryId, Timestamp, Topic,
    TopicId,
};
use gazetted::publish::{
    self, Backend, CallbackBackend, FeedBackend, HubBackend, Metrics, ResponseCache, SearchBackend,
    Settings, Site, SourcesBackend, StatusBackend, StoryBackend,
};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const CONNECTIONS: usize = 64;
const ROUND: Duration = Duration::from_secs(3);
const ROUNDS: usize = 3;
const REST: Duration = Duration::from_millis(20);
const TOPICS: u8 = 20;
const PATH: &str = "/topics/bench-0.atom";
const OURS: &str = "gazetted";
const NAMES: [&str; 3] = ["hyper", OURS, "nginx"];
const KINDS: usize = 3;

/// The argument that leaves the comparison out.
const WAITS: &str = "--waits";
type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let role = std::env::args().nth(1).unwrap_or_default();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    match role.as_str() {
        OURS => runtime.block_on(ours()),
        "hyper" => runtime.block_on(bare_hyper()),
        _ if std::env::args().any(|argument| argument == WAITS) => {
            runtime.block_on(waiting_alone())
        }
        _ => runtime.block_on(compare()),
    }
}

/// The least of several rounds counts. The servers take turns, so that whatever else
/// the machine does is everybody's.
async fn compare() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let mut servers = Vec::new();
    for name in NAMES {
        match Server::start(name, directory.path())? {
            Some(server) => servers.push((name, requests(&server).await?, server)),
            None => println!("{name} is not installed"),
        }
    }
    println!("{:8} {:>10} {:>12} {:>12}", "server", "answer", "µs CPU", "answers/s");
    for kind in 0..KINDS {
        let mut least = vec![(f64::INFINITY, 0.0); servers.len()];
        for _ in 0..ROUNDS {
            for (place, (_, requests, server)) in servers.iter().enumerate() {
                let measured = measure(server, &requests[kind].1).await?;
                if measured.0 < least[place].0 {
                    least[place] = measured;
                }
            }
        }
        for ((name, requests, _), (micros, rate)) in servers.iter().zip(least) {
            println!("{name:8} {:>10} {micros:>12.2} {rate:>12.0}", requests[kind].0);
        }
    }
    if let Some((_, requests, server)) = servers.iter_mut().find(|(name, ..)| *name == OURS) {
        waiting(server, requests).await?;
    }
    Ok(())
}

async fn waiting_alone() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let mut server = Server::start(OURS, directory.path())?.ok_or("we are not installed")?;
    let requests = requests(&server).await?;
    waiting(&mut server, &requests).await
}

/// How long a reader waits at a moderate load, while nothing happens and while all
/// topics are rendered anew, over and over. The rounds alternate.
async fn waiting(server: &mut Server, requests: &[(&str, String)]) -> Result<(), Failure> {
    println!("\n{:>10} {:>12} {:>12} {:>12}", "answer", "", "p50 µs", "p99 µs");
    for (kind, request) in requests {
        let mut least = [(u128::MAX, u128::MAX); 2];
        for _ in 0..ROUNDS {
            for rendering in [0, 1] {
                let mut waits = waits(server.address, request).await?;
                waits.sort_unstable();
                let at = |share: usize| waits[waits.len() * share / 100].as_micros();
                least[rendering] = least[rendering].min((at(99), at(50)));
                server.toggle_rendering()?;
                // What is being rendered is rendered to the end.
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        for ((p99, p50), what) in least.into_iter().zip(["idle", "rendering"]) {
            println!("{kind:>10} {what:>12} {p50:>12} {p99:>12}");
        }
    }
    Ok(())
}

/// Every client asks, waits for the answer, and rests for a while.
async fn waits(address: SocketAddr, request: &str) -> Result<Vec<Duration>, Failure> {
    let request: Arc<[u8]> = request.as_bytes().into();
    let until = Instant::now() + ROUND;
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let request = request.clone();
        clients.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let (mut buffer, mut waits) = (Vec::with_capacity(256 * 1024), Vec::new());
            while Instant::now() < until {
                let asked = Instant::now();
                stream.write_all(&request).await?;
                read_answer(&mut stream, &mut buffer).await?;
                waits.push(asked.elapsed());
                tokio::time::sleep(REST).await;
            }
            Ok::<_, std::io::Error>(waits)
        });
    }
    let mut all = Vec::new();
    while let Some(done) = clients.join_next().await {
        all.extend(done??);
    }
    Ok(all)
}

/// A server in a process of its own, which ends with this.
struct Server {
    process: Child,
    /// Whose time is counted: the worker, where there is a master.
    pid: u32,
    address: SocketAddr,
}

impl Server {
    fn start(name: &str, directory: &Path) -> Result<Option<Self>, Failure> {
        if name == "nginx" {
            return Self::nginx(directory);
        }
        let mut process = Command::new(std::env::current_exe()?)
            .arg(name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or("the server has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse()?;
        Ok(Some(Self { pid: process.id(), process, address }))
    }

    /// nginx with one worker and the same file, compressed beforehand.
    fn nginx(directory: &Path) -> Result<Option<Self>, Failure> {
        let root = directory.join("topics");
        std::fs::create_dir_all(&root)?;
        let body = feed();
        std::fs::write(root.join("bench-0.atom"), &body)?;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        gzip.write_all(&body)?;
        std::fs::write(root.join("bench-0.atom.gz"), gzip.finish()?)?;
        // A port that was free a moment ago: nginx cannot say which one it chose.
        let address = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let configuration = directory.join("nginx.conf");
        std::fs::write(&configuration, nginx_configuration(address, directory))?;
        let started = Command::new("nginx").arg("-c").arg(&configuration).spawn();
        let Ok(process) = started else { return Ok(None) };
        let master = process.id();
        let children = format!("/proc/{master}/task/{master}/children");
        let deadline = Instant::now() + Duration::from_secs(5);
        // The master listens before there is a worker to answer.
        while Instant::now() < deadline {
            if let Ok(pid) = std::fs::read_to_string(&children)?.trim().parse() {
                return Ok(Some(Self { process, pid, address }));
            }
            std::thread::yield_now();
        }
        Err("nginx has no worker".into())
    }

    /// Has ours begin, or cease, to render all topics over and over.
    fn toggle_rendering(&mut self) -> Result<(), Failure> {
        let input = self.process.stdin.as_mut().ok_or("the server has no input")?;
        Ok(input.write_all(b"r").and_then(|()| input.flush())?)
    }

    /// Processor time used so far.
    fn used(&self) -> Result<Duration, Failure> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid))?;
        let after_name = stat.rsplit_once(") ").ok_or("an unknown form of /proc/PID/stat")?.1;
        let fields: Vec<_> = after_name.split(' ').collect();
        let ticks = fields[11].parse::<u64>()? + fields[12].parse::<u64>()?;
        Ok(Duration::from_millis(ticks * 10)) // 100 ticks a second, on every Linux we know
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked, not killed: nginx's worker would outlive its master.
        drop(self.process.stdin.take());
        if let Ok(pid) = i32::try_from(self.process.id()) {
            let pid = rustix::process::Pid::from_raw(pid);
            let _ =
                pid.map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
        }
        let _ = self.process.wait();
    }
}

fn nginx_configuration(address: SocketAddr, directory: &Path) -> String {
    let directory = directory.display();
    format!(
        "daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log stderr crit;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; keepalive_requests 100000000; gzip_static on; sendfile on;\n\
         open_file_cache max=10; types {{ application/atom+xml atom; }}\n\
         server {{ listen {address}; root {directory}; }} }}\n"
    )
}

/// The three kinds of request, as bytes, once each is answered as it should be.
async fn requests(server: &Server) -> Result<Vec<(&'static str, String)>, Failure> {
    let head = format!("GET {PATH} HTTP/1.1\r\nHost: bench\r\nUser-Agent: reader/1.0\r\n");
    let plain = format!("{head}\r\n");
    let mut stream = TcpStream::connect(server.address).await?;
    let mut buffer = Vec::new();
    stream.write_all(plain.as_bytes()).await?;
    let answer = read_answer(&mut stream, &mut buffer).await?;
    let tag = header(&answer, "etag").ok_or("the server sends no ETag")?;
    let requests = vec![
        ("304", format!("{head}If-None-Match: {tag}\r\n\r\n")),
        ("gzip", format!("{head}Accept-Encoding: gzip\r\n\r\n")),
        ("plain", plain),
    ];
    for ((_, request), part) in requests.iter().zip([" 304 ", ": gzip", " 200 "]) {
        stream.write_all(request.as_bytes()).await?;
        let answer = read_answer(&mut stream, &mut buffer).await?;
        answer.contains(part).then_some(()).ok_or(answer)?;
    }
    Ok(requests)
}

/// Processor time an answer in microseconds, and answers a second.
async fn measure(server: &Server, request: &str) -> Result<(f64, f64), Failure> {
    let request: Arc<[u8]> = request.as_bytes().into();
    let (before, start) = (server.used()?, Instant::now());
    let mut clients = JoinSet::new();
    for _ in 0..CONNECTIONS {
        clients.spawn(client(server.address, request.clone(), start + ROUND));
    }
    let mut answers = 0_u64;
    while let Some(done) = clients.join_next().await {
        answers += done??;
    }
    let used = server.used()?.saturating_sub(before);
    let answers = answers.max(1) as f64;
    Ok((used.as_secs_f64() * 1e6 / answers, answers / start.elapsed().as_secs_f64()))
}

async fn client(address: SocketAddr, request: Arc<[u8]>, until: Instant) -> std::io::Result<u64> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(256 * 1024);
    let mut answers = 0;
    while Instant::now() < until {
        stream.write_all(&request).await?;
        read_answer(&mut stream, &mut buffer).await?;
        answers += 1;
    }
    Ok(answers)
}

/// Reads one answer, head and body, and returns its head.
async fn read_answer(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<String> {
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
        let length = header(&head, "content-length").and_then(|length| length.parse().ok());
        let whole = end + 4 + length.unwrap_or(0_usize);
        while buffer.len() < whole {
            if stream.read_buf(buffer).await? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        return Ok(head);
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
}

/// Says where it listens, and serves until its input ends; every byte of it has the
/// rendering begin or cease.
async fn ours() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let cache = Arc::new(ResponseCache::new());
    cache.place(rendered(0), Timestamp::from_secs(1_743_600_000));
    println!("{}", listener.local_addr()?);
    let stop = CancellationToken::new();
    let serving =
        publish::serve(listener, cache.clone(), Arc::new(Nobody), Settings::default(), stop);
    let (toggle, toggled) = tokio::sync::watch::channel(false);
    let background = Background::start()?;
    background.spawn_on_own_thread(rendering(cache, toggled));
    let input = async {
        let mut input = tokio::io::stdin();
        while !matches!(input.read(&mut [0; 1]).await, Ok(0) | Err(_)) {
            toggle.send_modify(|rendering| *rendering = !*rendering);
        }
    };
    tokio::select! { () = serving => {}, () = input => {} }
    Ok(())
}

/// Renders all topics, each time with other words, where the daemon does: on a thread
/// that gives way to those that answer.
async fn rendering(cache: Arc<ResponseCache>, mut toggled: tokio::sync::watch::Receiver<bool>) {
    let mut edition = 0;
    while toggled.wait_for(|rendering| *rendering).await.is_ok() {
        edition += 1;
        let at = Timestamp::from_secs(1_743_600_000 + edition);
        cache.place(rendered(edition), at);
    }
}

/// The least that hyper can do: one body, one tag, no choice.
async fn bare_hyper() -> Result<(), Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let plain = Bytes::from(feed());
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    gzip.write_all(&plain)?;
    let gzip = Bytes::from(gzip.finish()?);
    let accepting = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let (plain, gzip) = (plain.clone(), gzip.clone());
            let _ = stream.set_nodelay(true);
            let service = service_fn(move |request| {
                let answer = bare_answer(&request, &plain, &gzip);
                async move { answer }
            });
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    };
    tokio::select! { () = accepting => {}, () = input_ends() => {} }
    Ok(())
}

fn bare_answer(
    request: &Request<hyper::body::Incoming>,
    plain: &Bytes,
    gzip: &Bytes,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let headers = request.headers();
    let mut response = Response::new(Full::default());
    if headers.contains_key("if-none-match") {
        *response.status_mut() = hyper::StatusCode::NOT_MODIFIED;
    } else if headers.contains_key("accept-encoding") {
        *response.body_mut() = Full::new(gzip.clone());
        let coding = hyper::header::HeaderValue::from_static("gzip");
        response.headers_mut().insert("content-encoding", coding);
    } else {
        *response.body_mut() = Full::new(plain.clone());
    }
    let tag = hyper::header::HeaderValue::from_static("\"bench\"");
    response.headers_mut().insert("etag", tag);
    Ok(response)
}

async fn input_ends() {
    let mut input = tokio::io::stdin();
    while !matches!(input.read(&mut [0; 64]).await, Ok(0) | Err(_)) {}
}

/// A desk at which nothing is asked.
struct Nobody;

impl Backend for Nobody {}

impl StatusBackend for Nobody {
    fn now(&self) -> Timestamp {
        Timestamp::from_secs(1_743_600_000)
    }

    fn site(&self) -> Arc<Site> {
        Arc::new(site())
    }

    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn healthy(&self) -> Result<(), String> {
        Ok(())
    }

    fn next_poll(&self) -> Option<Timestamp> {
        Some(Timestamp::from_secs(1_743_600_900))
    }

    fn metrics(&self) -> Arc<Metrics> {
        Arc::default()
    }
}

impl SourcesBackend for Nobody {}

impl StoryBackend for Nobody {}

impl SearchBackend for Nobody {}

impl CallbackBackend for Nobody {}

impl HubBackend for Nobody {}

impl FeedBackend for Nobody {}

fn site() -> Site {
    let base = "http://127.0.0.1/".parse().expect("it is a URL");
    Site::new(base, "Bench")
}

fn feed() -> Vec<u8> {
    let atom = rendered(0).into_iter().find(|document| document.path == PATH);
    atom.map(|document| document.body.to_vec()).unwrap_or_default()
}

/// Feeds of 50 entries with a paragraph or two each, and their pages.
fn rendered(edition: i64) -> Vec<publish::Rendered> {
    let stories: Vec<_> = (0..50).map(|number| story(number, edition)).collect();
    let topic = |number: u8| Topic {
        id: TopicId::new(format!("bench-{number}")),
        title: format!("Bench {number}"),
        description: String::new(),
        query: "bench".to_owned(),
        revisions: Revisions::Major,
        entries: 50,
        bounds: Default::default(),
        formerly: Vec::new(),
        mute_silence: false,
        private: false,
        explain: false,
    };
    let render = |number| publish::render_topic(&topic(number), &stories, &Sources::new(), &site());
    (0..TOPICS).flat_map(render).collect()
}

fn story(number: u8, edition: i64) -> Arc<Story> {
    let dated = Timestamp::from_secs(1_743_590_000 - i64::from(number) * 3_600);
    let mut entry = Entry::of(SourceId::new("department"));
    entry.title = format!("Announcement {number} on measures {edition} against networks abroad");
    entry.url = format!("https://department.example/news/{number}").parse().ok();
    entry.published = Some(dated);
    let words = ["minister", "sanctions", "region", "partners", "funding", "border", "agreement"];
    let text: Vec<_> = (0..120_usize)
        .map(|place| words[(place * place + usize::from(number) * 31) % words.len()])
        .collect();
    entry.content = Some(format!("<p>{}</p>", text.join(" ")));
    let id = StoryId::from_bytes([number; 16]);
    let published_id = format!("tag:department.example,2026:{number}");
    let mut story = Story::new(id, published_id, dated);
    story.members = vec![Member::new(entry, Evidence::Founded, dated)];
    Arc::new(story)
}
