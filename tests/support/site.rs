//! A web site on loopback that follows a script for each path and logs every request.
//!
//! The site speaks raw bytes: an answer can state headers that no library would
//! write, stop in the middle of a body, or wait at a [`Gate`] until the test opens it.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// The head's bytes, up to and with the empty line.
    pub raw: Vec<u8>,
    /// The body, where a Content-Length announced one.
    pub body: Vec<u8>,
    /// Path and query as sent.
    pub target: String,
    /// Which of the site's connections it came over, counted from 0.
    pub connection: usize,
    /// Where that connection came from.
    pub peer: SocketAddr,
    /// When its head was complete.
    pub at: Instant,
    /// How many requests were under way at the site just then, this one included.
    pub under_way: usize,
}

impl Request {
    /// A request of which only the head is known.
    fn head(raw: &[u8]) -> Self {
        Self {
            raw: raw.to_vec(),
            body: Vec::new(),
            target: String::new(),
            connection: 0,
            peer: SocketAddr::from(([0, 0, 0, 0], 0)),
            at: Instant::now(),
            under_way: 0,
        }
    }

    /// The method.
    pub fn method(&self) -> String {
        let line = self.raw.split(|&byte| byte == b' ').next().unwrap_or_default();
        String::from_utf8_lossy(line).into_owned()
    }

    /// All values of a header, as bytes.
    pub fn all(&self, name: &str) -> Vec<Vec<u8>> {
        self.raw
            .split(|&byte| byte == b'\n')
            .skip(1)
            .filter_map(|line| {
                let colon = line.iter().position(|&byte| byte == b':')?;
                line[..colon]
                    .eq_ignore_ascii_case(name.as_bytes())
                    .then(|| line[colon + 1..].trim_ascii().to_vec())
            })
            .collect()
    }

    /// A header's first value, as bytes.
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.all(name).into_iter().next()
    }

    /// A header's first value, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        self.bytes(name).map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    /// Connection, method, path and conditions, with the time since `start`: a line of a log.
    pub fn line(&self, start: Instant) -> String {
        let since = self.at.duration_since(start);
        let condition = if self.is_conditional() { " if changed" } else { "" };
        let (method, target) = (self.method(), &self.target);
        format!("{since:>12.3?} connection {} {method} {target}{condition}", self.connection)
    }

    /// Whether it carries a condition.
    pub fn is_conditional(&self) -> bool {
        self.bytes("if-none-match").is_some() || self.bytes("if-modified-since").is_some()
    }
}

/// A door that answers wait at until the test opens it.
#[derive(Debug, Clone)]
pub struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    /// A closed gate.
    pub fn closed() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    async fn pass(&self) {
        // The sender lives as long as this gate, so that waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}

/// How a body is compressed on its way.
#[derive(Debug, Clone, Copy)]
pub enum Coded {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// One scripted answer.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Vec<u8>,
    length: Option<usize>,
    /// Sent in the place of all else.
    raw: Option<Vec<u8>>,
    gate: Option<Gate>,
    takes: Duration,
    end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Keep,
    Close,
    /// Nothing is sent at all; the connection is closed.
    Silent,
}

impl Answer {
    /// An answer of this status without a body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            length: None,
            raw: None,
            gate: None,
            takes: Duration::ZERO,
            end: End::Keep,
        }
    }

    /// 200 with this body.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..Self::status(200) }
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).header("Location", to)
    }

    /// An answer that is sent byte for byte, head and body.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { raw: Some(bytes.into()), ..Self::status(200) }
    }

    /// The connection is closed without an answer.
    pub fn hang_up() -> Self {
        Self { end: End::Silent, ..Self::status(200) }
    }

    /// With a body, whatever the status.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// With one more header, byte for byte.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.as_bytes().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// With the body compressed once more, and saying so.
    pub fn coded(mut self, coding: Coded) -> Self {
        let (name, body) = compress(coding, &self.body);
        self.body = body;
        match self.headers.iter_mut().find(|(name, _)| name == b"Content-Encoding") {
            Some((_, value)) => value.extend(format!(", {name}").bytes()),
            None => return self.header("Content-Encoding", name),
        }
        self
    }

    /// The body as it is sent.
    pub fn sent_body(&self) -> Vec<u8> {
        self.body.clone()
    }

    /// With a Content-Length that promises this many bytes; the connection is
    /// closed after those that there are.
    pub fn promising(mut self, length: usize) -> Self {
        self.length = Some(length);
        self.end = End::Close;
        self
    }

    /// Waits at a gate before it is sent.
    pub fn behind(mut self, gate: &Gate) -> Self {
        self.gate = Some(gate.clone());
        self
    }

    /// Takes so long to be made.
    pub fn taking(mut self, time: Duration) -> Self {
        self.takes = time;
        self
    }

    fn to_bytes(&self) -> Vec<u8> {
        if let Some(raw) = &self.raw {
            return raw.clone();
        }
        let mut bytes = format!("HTTP/1.1 {} Scripted\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend([name.as_slice(), b": ", value, b"\r\n"].concat());
        }
        if !matches!(self.status, 204 | 304) {
            let length = self.length.unwrap_or(self.body.len());
            bytes.extend(format!("Content-Length: {length}\r\n").bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

fn compress(coding: Coded, bytes: &[u8]) -> (&'static str, Vec<u8>) {
    match coding {
        Coded::Gzip => {
            let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            to.write_all(bytes).unwrap();
            ("gzip", to.finish().unwrap())
        }
        Coded::Deflate => {
            let mut to = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
            to.write_all(bytes).unwrap();
            ("deflate", to.finish().unwrap())
        }
        Coded::Brotli => {
            let mut coded = Vec::new();
            brotli::CompressorWriter::new(&mut coded, 4096, 1, 20).write_all(bytes).unwrap();
            ("br", coded)
        }
        Coded::Zstd => ("zstd", zstd::encode_all(bytes, 1).unwrap()),
    }
}

type Script = Box<dyn FnMut(&Request) -> Answer + Send>;

#[derive(Default)]
struct State {
    scripts: HashMap<String, Script>,
    /// For a path with whatever query.
    below: HashMap<String, Script>,
    log: Vec<Request>,
    connections: usize,
    under_way: usize,
}

/// A scripted site. It ends when it is dropped.
pub struct Site {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    _server: JoinSet<()>,
}

impl Site {
    /// A site on a free port of 127.0.0.1. Paths without a script are 404.
    pub async fn start() -> Self {
        Self::start_on("127.0.0.1").await
    }

    /// A site on a free port of this address.
    pub async fn start_on(address: &str) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let mut server = JoinSet::new();
        server.spawn(accept(listener, state.clone()));
        Self { address, state, _server: server }
    }

    /// The address of a path of this site.
    pub fn url(&self, target: &str) -> Url {
        Url::parse(&format!("http://{}{target}", self.address)).unwrap()
    }

    /// Answers a path with these, one after the other; the last is repeated.
    pub fn script(&self, target: &str, answers: impl IntoIterator<Item = Answer>) {
        let mut answers = answers.into_iter().collect::<Vec<_>>().into_iter();
        let mut last = None;
        self.answer(target, move |_| {
            last = answers.next().or(last.take());
            last.clone().unwrap_or_else(|| Answer::status(500))
        });
    }

    /// Answers a path by a function of the request.
    pub fn answer(&self, target: &str, script: impl FnMut(&Request) -> Answer + Send + 'static) {
        self.state().scripts.insert(target.to_owned(), Box::new(script));
    }

    /// Answers a path by a function of the request, whatever query is behind it.
    pub fn answer_below(
        &self,
        path: &str,
        script: impl FnMut(&Request) -> Answer + Send + 'static,
    ) {
        self.state().below.insert(path.to_owned(), Box::new(script));
    }

    /// Serves a document as a good server does: with an ETag and a
    /// Last-Modified, and 304 to whoever has it.
    pub fn document(&self, target: &str, body: impl Into<Vec<u8>>) {
        let body = body.into();
        let tag = format!("\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(&body));
        self.answer(target, move |request| {
            let answer = if request.header("if-none-match").as_ref() == Some(&tag) {
                Answer::status(304)
            } else {
                Answer::ok(body.clone()).header("Content-Type", "application/atom+xml")
            };
            answer.header("ETag", &tag).header("Last-Modified", "Wed, 02 Apr 2025 11:05:00 GMT")
        });
    }

    /// The requests for a path, in the order in which they came.
    pub fn requests(&self, target: &str) -> Vec<Request> {
        self.state().log.iter().filter(|request| request.target == target).cloned().collect()
    }

    /// All requests, in the order in which they came.
    pub fn log(&self) -> Vec<Request> {
        self.state().log.clone()
    }

    /// The last request.
    pub fn last(&self) -> Option<Request> {
        self.state().log.last().cloned()
    }

    /// The log as text, for a test that fails.
    pub fn story(&self) -> String {
        let log = self.log();
        let start = log.first().map(|request| request.at);
        let lines = log.iter().filter_map(|request| start.map(|start| request.line(start)));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.state().connections
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, peer)) = listener.accept().await {
        let number = {
            let mut state = state.lock().unwrap();
            state.connections += 1;
            state.connections - 1
        };
        connections.spawn(serve(stream, (number, peer), state.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(
    mut stream: TcpStream,
    (connection, peer): (usize, SocketAddr),
    state: Arc<Mutex<State>>,
) {
    let _ = stream.set_nodelay(true);
    let mut received = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            let mut piece = [0; 4096];
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                // A TLS handshake, say: a plain server answers that in plain words.
                Ok(_) if !piece[0].is_ascii_uppercase() && received.is_empty() => {
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                    return;
                }
                Ok(read) => received.extend_from_slice(&piece[..read]),
            }
        };
        let raw: Vec<u8> = received.drain(..end).collect();
        let announced = Request::head(&raw).header("content-length");
        let length = announced.and_then(|length| length.parse().ok()).unwrap_or(0);
        while received.len() < length {
            let mut piece = [0; 4096];
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return,
                Ok(read) => received.extend_from_slice(&piece[..read]),
            }
        }
        let body: Vec<u8> = received.drain(..length).collect();
        let target = raw.split(|&byte| byte == b' ').nth(1).unwrap_or_default();
        let target = String::from_utf8_lossy(target).into_owned();
        let answer = {
            let mut state = state.lock().unwrap();
            state.under_way += 1;
            let request = Request {
                raw,
                body,
                target,
                connection,
                peer,
                at: Instant::now(),
                under_way: state.under_way,
            };
            state.log.push(request.clone());
            let path = request.target.split('?').next().unwrap_or_default();
            let State { scripts, below, .. } = &mut *state;
            match scripts.get_mut(&request.target).or_else(|| below.get_mut(path)) {
                Some(script) => script(&request),
                None => Answer::status(404),
            }
        };
        if let Some(gate) = &answer.gate {
            gate.pass().await;
        }
        tokio::time::sleep(answer.takes).await;
        state.lock().unwrap().under_way -= 1;
        if answer.end == End::Silent {
            return;
        }
        if stream.write_all(&answer.to_bytes()).await.is_err() || answer.end == End::Close {
            return;
        }
    }
}
