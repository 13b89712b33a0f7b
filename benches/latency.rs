//! Measures how long an entry takes from its origin to the served feed and to a WebSub subscriber.
//!
//! `cargo bench --bench latency [-- ROUNDS]` runs the whole daemon with its store on disk.
//! Time counts from when the origin has written the last byte of its answer, so it is the
//! daemon's alone: how soon a source is asked is the schedule's matter.

use std::io::{BufRead, BufReader, Error, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use gazetted::clock::Clock;
use gazetted::config::Plan;
use gazetted::daemon::{self, Daemon};
use gazetted::model::Timestamp;
use gazetted::store;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// Entries of the source's document, and how long each is.
const ENTRIES: usize = 50;
const ENTRY: usize = 1_700;

/// What the origin lists last, and when it last told so.
#[derive(Default)]
struct Origin {
    newest: usize,
    written: Option<Instant>,
}

fn main() -> Outcome<()> {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(100);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure(rounds))
}

async fn measure(rounds: usize) -> Outcome<()> {
    let origin = Arc::new(Mutex::new(Origin { newest: ENTRIES, written: None }));
    let source = serve({
        let origin = origin.clone();
        move |stream| publish(stream, &origin)
    })?;
    let (told, deliveries) = mpsc::channel();
    let subscriber = serve(move |stream| listen(stream, &told))?;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("gazetted.toml");
    std::fs::write(
        &file,
        format!(
            "[store]\npath = \"store\"\n[server]\nbase_url = \"http://{address}/\"\n\
             [hub]\nserve = true\n[polling]\nspacing = \"0s\"\nallow_private = [\"127.0.0.0/8\"]\n\
             [[source]]\nid = \"dep\"\nurl = \"http://{source}/feed\"\ninterval = \"1h\"\n\
             [[topic]]\nid = \"all\"\ntitle = \"All\"\nquery = \"announcement\"\n"
        ),
    )?;
    let plan = Plan::load(&file).map_err(|problems| problems.to_string())?.plan;
    let store = daemon::at_low_priority(|| store::open(&plan.store.path, plan.store.cache))?;
    let clock = Clock::by_hand(Timestamp::from_secs(1_743_600_000));
    let daemon = Daemon::start(plan, store, listener, clock.clone()).await?;
    daemon.handle().settled().await;

    let feed = format!("http%3A//{address}/topics/all.atom");
    let form = format!(
        "hub.mode=subscribe&hub.topic={feed}&hub.callback=http%3A//{subscriber}/&hub.secret=s&\
         hub.lease_seconds=1296000"
    );
    let length = form.len();
    let head = format!("POST /hub HTTP/1.1\r\nHost: h\r\nContent-Length: {length}\r\n\r\n");
    let mut reader = TcpStream::connect(address)?;
    reader.set_nodelay(true)?;
    let (status, _, _) = tokio::task::block_in_place(|| ask(&mut reader, &(head + &form)))?;
    if status != 202 {
        return Err(format!("the hub answers {status}").into());
    }
    daemon.handle().settled().await;

    let (mut served, mut pushed) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let (tag, _) = tokio::task::block_in_place(|| read_feed(&mut reader, "\"\""))?;
        let newest = {
            let mut origin = origin.lock().unwrap_or_else(PoisonError::into_inner);
            (origin.newest, origin.written) = (origin.newest + 1, None);
            origin.newest
        };
        clock.advance(Duration::from_secs(2 * 3600));
        let seen = tokio::task::block_in_place(|| -> Outcome<Instant> {
            loop {
                let (_, body) = read_feed(&mut reader, &tag)?;
                if body.contains(&title(newest)) {
                    return Ok(Instant::now());
                }
            }
        })?;
        let patience = Duration::from_secs(20);
        let delivered = tokio::task::block_in_place(|| deliveries.recv_timeout(patience))?;
        let written = origin.lock().unwrap_or_else(PoisonError::into_inner).written;
        let written = written.ok_or("the origin was not asked")?;
        served.push(seen.saturating_duration_since(written));
        pushed.push(delivered.saturating_duration_since(written));
        daemon.handle().settled().await;
    }
    println!(
        "{:<32} {:>9} {:>9} {:>9}   of {rounds} rounds, ms",
        "from the origin's last byte to", "p50", "p99", "worst"
    );
    report("the served feed", served);
    report("a WebSub subscriber", pushed);
    daemon.stop().await?;
    Ok(())
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share).round() as usize];
    let [p50, p99, worst] = [0.5, 0.99, 1.0].map(|share| at(share).as_secs_f64() * 1000.0);
    println!("{what:<32} {p50:>9.2} {p99:>9.2} {worst:>9.2}");
}

fn title(number: usize) -> String {
    format!("Announcement number {number} of the department")
}

/// The newest entries, an hour apart.
fn document(newest: usize) -> String {
    let mut document = "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:d</id>\
        <title>Department</title><updated>2025-04-02T00:00:00Z</updated>"
        .to_owned();
    for number in (newest + 1 - ENTRIES..=newest).rev() {
        let at = Timestamp::from_secs(1_743_000_000 + 3600 * number as i64);
        let text: String =
            (0..ENTRY / 12).map(|word| format!("word{} ", number * 31 + word * 7)).collect();
        document += &format!(
            "<entry><id>urn:{number}</id><title>{}</title><updated>{at}</updated>\
             <link href=\"https://dep.example/{number}\"/><summary>{text}</summary></entry>",
            title(number)
        );
    }
    document + "</feed>"
}

/// A server on a port of its own, a thread a connection.
fn serve<S>(converse: S) -> Result<SocketAddr, Error>
where
    S: Fn(TcpStream) -> Result<(), Error> + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let converse = Arc::new(converse);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let converse = converse.clone();
            std::thread::spawn(move || converse(stream));
        }
    });
    Ok(address)
}

/// Answers every request with the document as it is.
fn publish(stream: TcpStream, origin: &Mutex<Origin>) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while message(&mut requests)?.is_some() {
        let newest = origin.lock().unwrap_or_else(PoisonError::into_inner).newest;
        let body = document(newest);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml\r\nETag: \"{newest}\"\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes())?;
        origin.lock().unwrap_or_else(PoisonError::into_inner).written = Some(Instant::now());
    }
    Ok(())
}

/// Confirms what it is asked, and says when a delivery was there.
fn listen(stream: TcpStream, told: &mpsc::Sender<Instant>) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some((head, _)) = message(&mut requests)? {
        let mut said = String::new();
        if head.starts_with("POST") {
            let _ = told.send(Instant::now());
        } else {
            let rest = head.split("hub.challenge=").nth(1).unwrap_or_default();
            said = rest.split(['&', ' ']).next().unwrap_or_default().to_owned();
        }
        let length = said.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{said}");
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}

/// The head and body of the next message; none at the end.
fn message(from: &mut impl BufRead) -> Result<Option<(String, Vec<u8>)>, Error> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let from_here = head.len();
        if from.read_line(&mut head)? == 0 {
            return Ok(None);
        }
        let line = head[from_here..].trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(stated) = line.strip_prefix("content-length:") {
            length = stated.trim().parse().map_err(Error::other)?;
        }
    }
    // A 304 has no body, whatever it states.
    let length = if head.starts_with("HTTP/1.1 304") { 0 } else { length };
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(Some((head, body)))
}

/// The status, head and body of the answer to a request.
fn ask(stream: &mut TcpStream, request: &str) -> Outcome<(u16, String, Vec<u8>)> {
    stream.write_all(request.as_bytes())?;
    let (head, body) = message(&mut BufReader::new(stream))?.ok_or("the server hung up")?;
    let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    Ok((status, head, body))
}

/// The feed's tag, and its text unless that is the tag given.
fn read_feed(stream: &mut TcpStream, known: &str) -> Outcome<(String, String)> {
    let request =
        format!("GET /topics/all.atom HTTP/1.1\r\nHost: h\r\nIf-None-Match: {known}\r\n\r\n");
    let (_, head, body) = ask(stream, &request)?;
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: "));
    Ok((tag.unwrap_or_default().to_owned(), String::from_utf8(body)?))
}
