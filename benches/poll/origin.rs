//! A process that serves any number of sources, also over TLS.
//!
//! It runs as a process of its own, so that its work is not counted as the poller's.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::certificate::Certificate;

/// Addresses, each an origin of its own: as many requests can be under way.
pub const ORIGINS: usize = 64;

/// Entries of a document, and how long each is: 62 KB in all.
const ENTRIES: usize = 35;
const ENTRY: usize = 1_700;

/// The argument that makes this program the origin.
pub const AS_ORIGIN: &str = "--as-origin";

/// Counted over all connections of the origin.
#[derive(Default)]
struct Counts {
    connections: AtomicU64,
    requests: AtomicU64,
    /// Documents with a number below this have changed once.
    changed: AtomicU64,
}

/// The origin's process, and where it listens: with TLS, where it has a certificate,
/// it closes each connection after one answer, as it would by the next poll anyway.
pub struct Origin {
    child: Child,
    pub places: Vec<SocketAddr>,
    pub secure: Vec<SocketAddr>,
}

impl Origin {
    /// Starts this very program as the origin, with the certificate of a directory.
    pub fn start(directory: &Path) -> std::io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(AS_ORIGIN)
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| std::io::Error::other("no output"))?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let mut places: Vec<SocketAddr> =
            line.split_whitespace().filter_map(|place| place.parse().ok()).collect();
        let secure = places.split_off(ORIGINS.min(places.len()));
        Ok(Self { child, places, secure })
    }

    /// Where the document with this number is.
    pub fn address(&self, number: usize, secure: bool) -> String {
        let (scheme, places) =
            if secure { ("https", &self.secure) } else { ("http", &self.places) };
        format!("{scheme}://{}/{number}.atom", places[number % places.len()])
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until the process is killed.
pub fn serve(directory: &Path) -> std::io::Result<()> {
    // Another machine's processors would do this: here it is behind what is measured.
    rustix::process::setpriority_process(None, 10)?;
    let counts = Arc::new(Counts::default());
    let tls = tls(&Certificate::in_directory(directory));
    let plain = (1..=ORIGINS).map(|host| (host, None));
    let secure = (1..=ORIGINS).filter_map(|host| Some((host, Some(tls.clone()?))));
    let listeners: Vec<_> = plain
        .chain(secure)
        .map(|(host, tls)| Ok((TcpListener::bind(format!("127.0.0.{host}:0"))?, tls)))
        .collect::<std::io::Result<_>>()?;
    for (listener, _) in &listeners {
        print!("{} ", listener.local_addr()?);
    }
    println!();
    std::io::stdout().flush()?;
    let threads: Vec<_> = listeners
        .into_iter()
        .map(|(listener, tls)| {
            let counts = counts.clone();
            std::thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    let (counts, tls) = (counts.clone(), tls.clone());
                    counts.connections.fetch_add(1, Ordering::Relaxed);
                    std::thread::spawn(move || {
                        stream.set_nodelay(true).ok()?;
                        match tls {
                            None => answer(stream, &counts, false),
                            Some(tls) => {
                                let session = ServerConnection::new(tls).ok()?;
                                answer(StreamOwned::new(session, stream), &counts, true)
                            }
                        }
                    });
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| drop(thread.join()));
    Ok(())
}

/// What TLS is spoken with; none without a certificate.
fn tls(from: &Certificate) -> Option<Arc<ServerConfig>> {
    let certificate = CertificateDer::from_pem_file(&from.certificate).ok()?;
    let key = PrivateKeyDer::from_pem_file(&from.key).ok()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .ok()?;
    // As large sites do: sessions are resumed whatever else came between.
    config.ticketer = rustls::crypto::ring::Ticketer::new().ok()?;
    Some(Arc::new(config))
}

/// Answers the requests of one connection, or the first: `/N.atom` is a document, `/counts`
/// what was counted, `/change/N` changes the documents below N.
fn answer<S: Read + Write>(stream: S, counts: &Counts, once: bool) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let (mut line, mut target, mut tag) = (String::new(), None, None);
        while reader.read_line(&mut line).ok()? > 2 {
            target = target.or_else(|| line.split(' ').nth(1).map(str::to_owned));
            if line.to_ascii_lowercase().starts_with("if-none-match:") {
                tag = Some(line[14..].trim().to_owned());
            }
            line.clear();
        }
        let target = target?;
        if target == "/counts" {
            let text = format!(
                "{} {}",
                counts.requests.load(Ordering::Relaxed),
                counts.connections.load(Ordering::Relaxed)
            );
            let length = text.len();
            write!(reader.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}")
                .ok()?;
            continue;
        }
        if let Some(count) = target.strip_prefix("/change/") {
            counts.changed.store(count.parse().ok()?, Ordering::Relaxed);
            write!(reader.get_mut(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").ok()?;
            continue;
        }
        counts.requests.fetch_add(1, Ordering::Relaxed);
        let number: u64 = target[1..].split('.').next()?.parse().ok()?;
        let edition = u64::from(number < counts.changed.load(Ordering::Relaxed));
        let known = format!("\"{number}-{edition}\"");
        let close = if once { "Connection: close\r\n" } else { "" };
        let head = format!(
            "ETag: {known}\r\nLast-Modified: Wed, 02 Apr 2025 11:0{edition}:00 GMT\r\n\
             Content-Type: application/atom+xml\r\nCache-Control: max-age=300\r\n{close}"
        );
        let answer = if tag.as_deref() == Some(known.as_str()) {
            format!("HTTP/1.1 304 Not Modified\r\n{head}\r\n").into_bytes()
        } else {
            let body = zipped(document(number, edition).as_bytes())?;
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\n{head}Content-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
            );
            [head.as_bytes(), &body].concat()
        };
        reader.get_mut().write_all(&answer).ok()?;
        reader.get_mut().flush().ok()?;
        if once {
            return Some(());
        }
    }
}

/// A document of 62 KB whose entries are its own; a new edition has one new entry.
fn document(number: u64, edition: u64) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <id>tag:origin.example,2025:{number}</id><title>Department {number}</title>\
         <updated>2025-04-02T11:00:00Z</updated>"
    );
    for entry in 0..ENTRIES as u64 {
        let entry = entry + 1 - edition;
        let mut words = String::with_capacity(ENTRY);
        let mut dice = number.wrapping_mul(1_000_003).wrapping_add(entry).wrapping_mul(0x9e37_79b9);
        while words.len() < ENTRY - 300 {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            // Now and then a word that topics ask for, among four thousand others.
            match (dice >> 33) % 256 {
                known if known < WORDS.len() as u64 => words.push_str(WORDS[known as usize]),
                _ => made_up(dice >> 40, &mut words),
            }
            words.push(' ');
        }
        let day = 1 + (34 - entry.min(34)) % 28;
        text.push_str(&format!(
            "<entry><id>tag:origin.example,2025:{number}/{entry}</id>\
             <title>Announcement {entry} of department {number}</title>\
             <link href=\"https://origin.example/{number}/{entry}\"/>\
             <updated>2025-03-{day:02}T09:00:00Z</updated>\
             <summary type=\"html\">&lt;p&gt;{words}&lt;/p&gt;</summary></entry>"
        ));
    }
    text.push_str("</feed>");
    text
}

/// One of some thousand words of two syllables or three.
fn made_up(dice: u64, words: &mut String) {
    for turn in 0..2 + dice % 2 {
        let dice = (dice >> (turn * 6 + 1)) as usize;
        words.push(char::from(b"bdfgklmnprstvz"[dice % 14]));
        words.push(char::from(b"aeiou"[dice / 14 % 5]));
    }
}

const WORDS: [&str; 16] = [
    "minister",
    "sanctions",
    "border",
    "agreement",
    "trade",
    "defence",
    "statement",
    "partners",
    "funding",
    "review",
    "guidance",
    "visit",
    "treaty",
    "security",
    "growth",
    "region",
];

fn zipped(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    to.write_all(bytes).ok()?;
    to.finish().ok()
}
