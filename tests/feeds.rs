//! Documents in; what they are read as, compared with what was agreed, out.
//!
//! Every file in `tests/feeds` has its reading beside it, in the form that
//! `gazetted parse --json` prints. After a change that is meant:
//! `UPDATE_EXPECTED=1 cargo test feeds::`, and read the difference.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use gazetted::model::{Document, SourceId, Timestamp};
use gazetted::parse::{self, Limits};
use url::Url;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/feeds");
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
    match parse::parse(&document(path), &Limits::default()) {
        Ok(parsed) => serde_json::to_value(parse::report(&parsed)).unwrap(),
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
    let documents = files_in(Path::new(FOLDER))
        .into_iter()
        .filter(|path| !path.to_string_lossy().ends_with(".expected.json"));
    for path in documents {
        let read = reading(&path);
        let expected = PathBuf::from(format!("{}.expected.json", path.display()));
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
    let path = Path::new(FOLDER).join("rss-2.0-extended.xml");
    let mut document = document(&path);
    document.url = Some(Url::parse("https://other.example/feed").unwrap());
    let parsed = parse::parse(&document, &Limits::default()).unwrap();
    let content = parsed.entries[0].content.as_deref().unwrap();
    assert!(content.contains("https://other.example/places/islay"), "{content}");
}
