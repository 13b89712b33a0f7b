//! A server of sources on several hosts, which have news at every request or never.

use std::io::{BufRead, BufReader, Error, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use gazetted::model::Timestamp;

/// Entries of a document, and how long each is.
const ENTRIES: u64 = 20;
const ENTRY: usize = 1_700;

/// The server. It ends with the process.
pub struct Origin {
    addresses: Vec<SocketAddr>,
    shared: Arc<Shared>,
}

struct Shared {
    has_news: AtomicBool,
    requests: AtomicU64,
    sources: Mutex<Vec<Seen>>,
}

/// What was seen of one source.
#[derive(Clone)]
pub struct Seen {
    /// The number of its newest announcement.
    newest: u64,
    /// When it was last asked for.
    pub asked: Option<Instant>,
    /// When the last byte of each edition was written, in order.
    pub written: Vec<Instant>,
}

impl Origin {
    /// Serves so many sources on so many hosts.
    pub fn start(hosts: usize, sources: usize) -> Result<Self, Error> {
        let seen = Seen { newest: ENTRIES, asked: None, written: Vec::new() };
        let shared = Arc::new(Shared {
            has_news: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            sources: Mutex::new(vec![seen; sources]),
        });
        let mut addresses = Vec::new();
        for host in 1..=hosts {
            let listener = TcpListener::bind(format!("127.0.2.{host}:0"))?;
            addresses.push(listener.local_addr()?);
            let shared = shared.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let shared = shared.clone();
                    std::thread::spawn(move || answer(stream, &shared));
                }
            });
        }
        Ok(Self { addresses, shared })
    }

    /// The addresses of all sources.
    pub fn sources(&self) -> Vec<String> {
        let of = |number: usize| {
            let host = self.addresses[number % self.addresses.len()];
            format!("http://{host}/{number}")
        };
        (0..self.seen().len()).map(of).collect()
    }

    /// From now on every request brings news, or none does.
    pub fn have_news(&self, has_news: bool) {
        self.shared.has_news.store(has_news, Ordering::Relaxed);
    }

    /// The number of requests so far.
    pub fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::Relaxed)
    }

    /// What was seen of each source.
    pub fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        seen(&self.shared)
    }
}

fn seen(shared: &Shared) -> MutexGuard<'_, Vec<Seen>> {
    shared.sources.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The title of a source's announcement.
pub fn title(source: usize, number: u64) -> String {
    format!("Announcement {number} of department {source}")
}

/// The edition of a source's document that first lists an announcement of this number.
pub fn edition_of(number: u64) -> usize {
    (number - ENTRIES) as usize
}

/// The newest entries, a minute apart.
fn document(source: usize, newest: u64) -> String {
    let mut document = format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:d:{source}</id>\
         <title>Department {source}</title><updated>2025-04-02T00:00:00Z</updated>"
    );
    for number in (newest + 1 - ENTRIES..=newest).rev() {
        let at = Timestamp::from_secs(1_743_000_000 + 60 * number as i64);
        let text: String = (0..ENTRY as u64 / 12)
            .map(|word| {
                format!("word{} ", (source as u64 * 7_919 + number * 31 + word * 7) % 9_973)
            })
            .collect();
        document += &format!(
            "<entry><id>urn:{source}:{number}</id><title>{}</title><updated>{at}</updated>\
             <link href=\"https://dep.example/{source}/{number}\"/><summary>{text}</summary></entry>",
            title(source, number)
        );
    }
    document + "</feed>"
}

/// Answers the requests of one connection.
fn answer(mut stream: TcpStream, shared: &Shared) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    loop {
        let (mut line, mut source, mut tag) = (String::new(), 0, String::new());
        loop {
            line.clear();
            if requests.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(target) = line.strip_prefix("GET /") {
                source = target.split(' ').next().and_then(|one| one.parse().ok()).unwrap_or(0);
            }
            if line.to_ascii_lowercase().starts_with("if-none-match:") {
                tag = line[14..].trim().to_owned();
            }
            if line == "\r\n" {
                break;
            }
        }
        shared.requests.fetch_add(1, Ordering::Relaxed);
        let newest = {
            let mut sources = seen(shared);
            let seen = &mut sources[source];
            seen.asked = Some(Instant::now());
            seen.newest += u64::from(shared.has_news.load(Ordering::Relaxed));
            seen.newest
        };
        let own = format!("\"{newest}\"");
        let answer = if tag == own {
            format!("HTTP/1.1 304 Not Modified\r\nETag: {own}\r\n\r\n")
        } else {
            let body = document(source, newest);
            let length = body.len();
            format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml\r\nETag: {own}\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            )
        };
        stream.write_all(answer.as_bytes())?;
        let written = &mut seen(shared)[source].written;
        written.resize(edition_of(newest) + 1, Instant::now());
    }
}
