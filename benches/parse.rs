//! Measures parsing of recorded feeds in megabytes and entries a second, beside bare feed-rs and others.
//!
//! `cargo bench --bench parse`. Compares with Python's feedparser where
//! `FEEDPARSER_PYTHON` names a Python that has it, and with `sfeed` where that is
//! installed; a process a document is what `sfeed` is, so its start counts.
//! Only documents that bare feed-rs reads are measured, by all alike.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gazetted::model::{Document, SourceId, Timestamp};
use gazetted::parse::{self, Limits};

const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/feeds");
/// The best of so many runs counts: the others were disturbed.
const RUNS: usize = 5;

struct Recorded {
    path: PathBuf,
    document: Document,
}

fn recorded(folder: &Path, found: &mut Vec<Recorded>) {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            recorded(&path, found);
        } else if !matches!(path.extension().and_then(|end| end.to_str()), Some("md" | "tsv")) {
            let document = Document {
                source: SourceId::new("recorded"),
                url: None,
                content_type: None,
                body: fs::read(&path).unwrap().into(),
                at: Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
            };
            found.push(Recorded { path, document });
        }
    }
}

/// The shortest time that one pass over all documents took, and the entries it found.
fn best(feeds: &[Recorded], read: impl Fn(&Document) -> usize) -> (Duration, usize) {
    let pass = || {
        let start = Instant::now();
        let entries = feeds.iter().map(|feed| black_box(read(&feed.document))).sum();
        (start.elapsed(), entries)
    };
    (0..RUNS).map(|_| pass()).min().unwrap()
}

fn bare(document: &Document) -> Option<usize> {
    feed_rs::parser::parse(&document.body[..]).ok().map(|feed| feed.entries.len())
}

/// feedparser reads the same files, named on its input, and says how long it took.
fn feedparser(python: &str, feeds: &[Recorded]) -> Option<(Duration, usize)> {
    const SCRIPT: &str = "
import sys, time, feedparser
data = [open(name, 'rb').read() for name in sys.stdin.read().splitlines()]
start = time.perf_counter()
entries = sum(len(feedparser.parse(one).entries) for one in data)
print(time.perf_counter() - start, entries)
";
    let mut child = Command::new(python)
        .args(["-W", "ignore", "-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .ok()?;
    let names: Vec<String> = feeds.iter().map(|feed| feed.path.display().to_string()).collect();
    child.stdin.take()?.write_all(names.join("\n").as_bytes()).ok()?;
    let output = String::from_utf8(child.wait_with_output().ok()?.stdout).ok()?;
    let (seconds, entries) = output.trim().split_once(' ')?;
    Some((Duration::from_secs_f64(seconds.parse().ok()?), entries.parse().ok()?))
}

fn sfeed(feeds: &[Recorded]) -> Option<(Duration, usize)> {
    let start = Instant::now();
    let mut entries = 0;
    for feed in feeds {
        let input = fs::File::open(&feed.path).ok()?;
        let output = Command::new("sfeed").stdin(input).output().ok()?;
        entries += output.stdout.iter().filter(|byte| **byte == b'\n').count();
    }
    Some((start.elapsed(), entries))
}

fn main() {
    let mut feeds = Vec::new();
    if Path::new(RECORDED).is_dir() {
        recorded(Path::new(RECORDED), &mut feeds);
    }
    feeds.retain(|feed| bare(&feed.document).is_some_and(|entries| entries > 0));
    if feeds.is_empty() {
        println!("skipped: no recorded feeds in {RECORDED}");
        return;
    }
    let bytes: usize = feeds.iter().map(|feed| feed.document.body.len()).sum();
    println!("{} documents, {bytes} bytes", feeds.len());

    let limits = Limits::default();
    let reference = best(&feeds, |document| bare(document).unwrap_or(0));
    let show = |name: &str, (time, entries): (Duration, usize)| {
        let seconds = time.as_secs_f64();
        println!(
            "{name:<34} {:>8.1} MB/s {:>9.0} entries/s   {:>6.3} of bare feed-rs",
            bytes as f64 / 1e6 / seconds,
            entries as f64 / seconds,
            reference.0.as_secs_f64() / seconds,
        );
    };
    show("bare feed-rs", reference);
    show(
        "decode, normalise, feed-rs",
        best(&feeds, |document| parse::skim(document, &limits).unwrap_or(0)),
    );
    show(
        "the whole stage",
        best(&feeds, |document| {
            parse::parse(document, &limits).map_or(0, |parsed| parsed.entries.len())
        }),
    );
    if let Some(measured) =
        std::env::var("FEEDPARSER_PYTHON").ok().and_then(|python| feedparser(&python, &feeds))
    {
        show("feedparser", measured);
    }
    if let Some(measured) = sfeed(&feeds) {
        show("sfeed, a process a document", measured);
    }
}
