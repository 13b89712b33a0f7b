//! Reads whole documents and compares them with what was agreed.
//!
//! Every file in `tests/feeds/documents` has its reading in `tests/feeds/readings`, in the form
//! that `gazetted parse --json` prints. After a change that is meant:
//! `UPDATE_EXPECTED=1 cargo test feeds::`, and read the difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gazetted::model::{Document, SourceId, Timestamp};
use gazetted::parse::{self, Limits};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use url::Url;

mod cases;
mod forms;
mod promises;

const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/feeds/documents");
const READINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/feeds/readings");
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/feeds");

fn document(path: &Path) -> Document {
    Document {
        source: SourceId::new("recorded"),
        url: None,
        content_type: None,
        body: fs::read(path).unwrap().into(),
        at: Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
    }
}

fn reading(path: &Path) -> serde_json::Value {
    let document = document(path);
    match parse::parse(&document, &Limits::default()) {
        Ok(parsed) => serde_json::to_value(parse::report(&parsed, document.at)).unwrap(),
        Err(failure) => serde_json::json!({
            "failure": failure.kind.as_str(),
            "message": failure.message,
        }),
    }
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_in(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[test]
fn every_class_of_document_is_read_as_agreed() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut different = Vec::new();
    for path in files_in(Path::new(DOCUMENTS)) {
        let read = reading(&path);
        let name = path.file_name().unwrap().display();
        let expected = Path::new(READINGS).join(format!("{name}.json"));
        if update {
            fs::write(&expected, format!("{read:#}\n")).unwrap();
        }
        let agreed: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&expected).unwrap_or_default())
                .unwrap_or_default();
        if read != agreed {
            different.push(format!("{}: read\n{read:#}\nagreed\n{agreed:#}", path.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n\n"));
}

/// Of one recorded document: how many entries it has by the manifest, how
/// many were read, and how many of those have a title, an address and a date.
struct Recorded {
    entries: usize,
    read: Option<Read>,
}

#[derive(Default)]
struct Read {
    entries: usize,
    titled: usize,
    linked: usize,
    dated: usize,
}

/// The recorded documents by folder, if they are there.
fn recorded() -> Option<BTreeMap<String, Vec<Recorded>>> {
    let manifest = fs::read_to_string(Path::new(RECORDED).join("MANIFEST.tsv")).ok()?;
    let mut classes: BTreeMap<String, Vec<Recorded>> = BTreeMap::new();
    for line in manifest.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (file, entries) = (columns[0], columns[7].parse().unwrap());
        let parsed = parse::parse(&document(&Path::new(RECORDED).join(file)), &Limits::default());
        let read = parsed.ok().map(|parsed| Read {
            entries: parsed.entries.len(),
            titled: parsed.entries.iter().filter(|entry| !entry.title.is_empty()).count(),
            linked: parsed.entries.iter().filter(|entry| entry.url.is_some()).count(),
            dated: parsed.entries.iter().filter(|entry| entry.dated().is_some()).count(),
        });
        let class = file.split('/').next().unwrap().to_owned();
        classes.entry(class).or_default().push(Recorded { entries, read });
    }
    Some(classes)
}

#[test]
fn recorded_feeds_are_read_with_all_their_entries() {
    let Some(classes) = recorded() else {
        println!("skipped: no recorded feeds in {RECORDED}");
        return;
    };
    // The least share of entries with a title, with an address, with a date:
    // some have none, and what they have must not get lost.
    let floors = BTreeMap::from([
        ("broken", (1.0, 1.0, 1.0)),
        ("departments", (1.0, 1.0, 1.0)),
        ("departments-contentapi", (1.0, 1.0, 0.97)),
        ("gov", (1.0, 1.0, 0.99)),
        ("jsonfeed", (1.0, 1.0, 1.0)),
        ("news", (1.0, 1.0, 0.9)),
        ("old", (0.67, 0.67, 0.45)),
        ("platforms", (0.9, 0.97, 1.0)),
        ("podcasts", (1.0, 1.0, 1.0)),
    ]);
    for (class, documents) in classes {
        let (titled, linked, dated) = floors[class.as_str()];
        let mut sum = Read::default();
        for document in &documents {
            let read = document.read.as_ref().expect("every recorded feed can be read");
            assert_eq!(read.entries, document.entries, "entries of a document in {class}");
            sum.entries += read.entries;
            sum.titled += read.titled;
            sum.linked += read.linked;
            sum.dated += read.dated;
        }
        let share = |part: usize| part as f64 / sum.entries as f64;
        println!(
            "{class}: {} documents, {} entries, {:.3} titled, {:.3} linked, {:.3} dated",
            documents.len(),
            sum.entries,
            share(sum.titled),
            share(sum.linked),
            share(sum.dated),
        );
        assert!(share(sum.titled) >= titled, "titles in {class}: {}", share(sum.titled));
        assert!(share(sum.linked) >= linked, "links in {class}: {}", share(sum.linked));
        assert!(share(sum.dated) >= dated, "dates in {class}: {}", share(sum.dated));
    }
}

#[test]
fn the_address_of_a_document_resolves_its_links() {
    let path = Path::new(DOCUMENTS).join("rss-2.0-extended.xml");
    let mut document = document(&path);
    document.url = Some(Url::parse("https://other.example/feed").unwrap());
    let parsed = parse::parse(&document, &Limits::default()).unwrap();
    let content = parsed.entries[0].content.as_deref().unwrap();
    assert!(content.contains("https://other.example/places/islay"), "{content}");
}

/// What is put into a document at some place, to see what it does.
const INSERTS: &[&str] = &[
    "<",
    ">",
    "&",
    "\"",
    "'",
    "]]>",
    "<![CDATA[",
    "<!--",
    "-->",
    "<item>",
    "</item>",
    "<entry>",
    "</channel>",
    "<title>",
    "</title>",
    "&lt;script&gt;",
    "<script>alert(1)</script>",
    "&#0;",
    "&#x1b;",
    "\u{0}",
    "\u{1b}[31m",
    "\u{202e}",
    "<p onclick='x'>",
    "&lt;img src=x onerror=y&gt;",
    "javascript:alert(1)",
    "<?xml version='1.0' encoding='utf-16'?>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    " xml:base='http://['",
    " xmlns='x'",
    "99999999999999999999",
    "&lt;table&gt;&lt;b&gt;&lt;a&gt;",
];

/// A runner with a fixed seed: the same run every time. The fuzzer looks further.
fn deterministic(cases: u32) -> TestRunner {
    let config = Config { failure_persistence: None, cases, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

#[test]
fn no_document_makes_a_reading_break_its_promises() {
    let documents: Vec<Vec<u8>> =
        files_in(Path::new(DOCUMENTS)).iter().map(|path| fs::read(path).unwrap()).collect();
    let change = (any::<Index>(), select(INSERTS), 0_usize..40);
    let changed = (select(documents), proptest::collection::vec(change, 0..8), any::<Index>());
    let cases = Config::default().cases;
    let outcome = deterministic(cases).run(&changed, |(bytes, changes, end)| {
        let mut bytes = bytes;
        for (at, insert, dropped) in changes {
            let at = at.index(bytes.len() + 1);
            let to = (at + dropped).min(bytes.len());
            bytes.splice(at..to, insert.bytes());
        }
        if end.index(4) == 0 {
            bytes.truncate(end.index(bytes.len() + 1));
        }
        let document = Document {
            source: SourceId::new("changed"),
            url: Url::parse("https://example.org/feed").ok(),
            content_type: None,
            body: bytes.into(),
            at: Timestamp::parse_rfc3339("2026-01-01T00:00:00Z").unwrap(),
        };
        match parse::parse(&document, &Limits::default()) {
            Ok(parsed) => {
                let broken = promises::broken(&parsed, document.at);
                prop_assert!(broken.is_empty(), "{}", broken.join("\n"));
            }
            Err(failure) => prop_assert!(!failure.message.is_empty()),
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn recorded_feeds_are_read_within_the_promises() {
    if !Path::new(RECORDED).is_dir() {
        println!("skipped: no recorded feeds in {RECORDED}");
        return;
    }
    for path in files_in(Path::new(RECORDED)) {
        let document = document(&path);
        if let Ok(parsed) = parse::parse(&document, &Limits::default()) {
            let broken = promises::broken(&parsed, document.at);
            assert!(broken.is_empty(), "{}: {}", path.display(), broken.join("\n"));
        }
    }
}
