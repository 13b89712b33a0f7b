//! How long an entry takes from the end of a poll on one node to the feed that another serves.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::node::{Node, cluster, polling};
use super::origin::{Origin, edition_of};
use super::servers::Servers;
use super::{Outcome, report, spread};

/// Editions that are measured.
const EDITIONS: usize = 100;

/// Between two requests of the reader.
const PAUSE: Duration = Duration::from_micros(500);

pub fn measure(servers: &Servers) -> Outcome<()> {
    let origin = Origin::start(1, 1)?;
    let config = polling(&origin.sources(), "1s");
    let [mut polls, mut serves] = [("a", true), ("b", false)].map(|(name, polls)| {
        Node::new(&(config.clone() + &cluster(servers, "latency", name, polls)))
    });
    let (polls, serves) = (polls.as_mut(), serves.as_mut());
    let (Ok(polls), Ok(serves)) = (polls, serves) else { return Err("no directory".into()) };
    polls.init()?;
    polls.start()?;
    serves.start()?;
    origin.have_news(true);
    let mut feed = serves.connect()?;
    let (mut times, mut tag, mut last) = (Vec::new(), "\"\"".to_owned(), 0);
    while times.len() < EDITIONS {
        std::thread::sleep(PAUSE);
        let (read, body) = read_feed(&mut feed, &tag)?;
        let now = Instant::now();
        tag = read;
        let newest = newest(&body).filter(|newest| *newest > last);
        let Some(newest) = newest else { continue };
        // The first editions come before both nodes are up to date.
        if last > 0 && newest > 25 {
            let written = origin.seen()[0].written[edition_of(newest)];
            times.push(now.saturating_duration_since(written));
        }
        last = newest;
    }
    report(
        "from a poll's last byte to another node's feed, ms",
        spread(times),
        "p50 10, p99 100 at most (p50 / p99 / worst)",
    );
    Ok(())
}

/// The number of the newest announcement of a feed.
fn newest(body: &str) -> Option<u64> {
    let titles = body.split("Announcement ").skip(1);
    titles.filter_map(|rest| rest.split(' ').next()?.parse().ok()).max()
}

/// The tag of the feed, and its text unless that is the known tag.
fn read_feed(stream: &mut TcpStream, known: &str) -> Outcome<(String, String)> {
    write!(stream, "GET /topics/all.atom HTTP/1.1\r\nHost: h\r\nIf-None-Match: {known}\r\n\r\n")?;
    let mut answer = BufReader::new(stream);
    let (mut tag, mut length, mut line) = (known.to_owned(), 0, String::new());
    let mut is_unchanged = false;
    loop {
        line.clear();
        if answer.read_line(&mut line)? == 0 {
            return Err("the server hung up".into());
        }
        let lower = line.trim_end().to_ascii_lowercase();
        is_unchanged |= lower.starts_with("http/1.1 304");
        if let Some(found) = lower.strip_prefix("etag: ") {
            tag = found.to_owned();
        } else if let Some(found) = lower.strip_prefix("content-length: ") {
            length = found.parse()?;
        } else if lower.is_empty() {
            break;
        }
    }
    let mut body = vec![0; if is_unchanged { 0 } else { length }];
    answer.read_exact(&mut body)?;
    Ok((tag, String::from_utf8(body)?))
}
