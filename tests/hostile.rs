//! Hostile documents and pages: what each costs the real binary in memory and processor time.
//!
//! `HOSTILE=: cargo test --test all -- --ignored --nocapture hostile::measured` prints a table, a
//! form a line, each with a daemon of its own. `HOSTILE=page:` and `HOSTILE=adopted` choose forms.

use std::process::Command;

use crate::faults::dice::is_soak;
use crate::faults::support::{configured, until};
use crate::support::binary::{Gazetted, Launched, RunningDaemon};
use crate::support::hostile::{Form, documents, pages};
use crate::support::http::get;
use crate::support::site::{Answer, Coded, Site};
use crate::support::world::atom;

/// Memory that a document or a page may take beside what the daemon has, in MiB.
const MOST_MEMORY: u64 = 200;

/// Processor time that it may take, in hundredths of a second.
const MOST_TIME: u64 = 300;

/// Address space of the daemon at most, in KiB. A form that escapes all bounds ends the daemon
/// rather than the machine.
const ADDRESS_SPACE: u64 = 3 << 20;

enum Kind {
    Document,
    Page,
}

/// Bytes that the query of an address may have.
const MOST_QUERY: usize = 2_000;

/// The query, as an address writes it.
fn encoded(query: &str) -> String {
    url::form_urlencoded::byte_serialize(query.as_bytes()).collect()
}

/// Searches that ask for as much as the query of an address can.
fn searches() -> Vec<(&'static str, String)> {
    let filled = |part: &dyn Fn(usize) -> String, or: &str| {
        let longer = |query: &String, number| format!("{query}{or}{}", part(number));
        let queries = (1..).scan(part(0), |query, number| {
            let next = longer(query, number);
            Some(std::mem::replace(query, next))
        });
        queries.take_while(|query| encoded(query).len() <= MOST_QUERY - 20).last().unwrap()
    };
    let common = "(the OR the* OR =the OR met OR tee OR tee*)";
    let near = format!("({common} NEAR/99 {common})");
    let times = |n| format!("atleast({}, {common})", 90_000 + n);
    let pattern = |n| format!("/(e|t)[ehmt ]{{{}}}z{{2}}\\b/", n % 16 + 5);
    vec![
        ("nested NEAR", format!("(({near} NEAR/99 {near}) NEAR/99 {common})")),
        ("many NEAR", filled(&|_| near.clone(), " OR ")),
        ("atleast", filled(&times, " OR ")),
        ("common words", filled(&|_| "\"the x\"".to_owned(), " OR ")),
        ("patterns", filled(&pattern, " OR ")),
        ("counted repetition", "/(?s).*(e|t).{150}\\bzz/".to_owned()),
        ("nested repetition", "/((t?h?e? ?){7}){7}z/".to_owned()),
        ("alternation", format!("/({})z/", filled(&|n| format!("tee {n}x"), "|"))),
    ]
}

/// Starts a daemon that has at most [`ADDRESS_SPACE`].
fn start(gazetted: &Gazetted) -> RunningDaemon {
    let mut command = Command::new("sh");
    let script = format!("ulimit -v {ADDRESS_SPACE} && exec \"$@\"");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_gazetted"), "run"]);
    command.env("GAZETTED_CONFIG", gazetted.config());
    command.env_remove("NOTIFY_SOCKET").env_remove("STATE_DIRECTORY");
    // As the unit has it.
    command.env("MALLOC_ARENA_MAX", "2");
    Launched::by(command).listening()
}

/// A source that sends this form, and the lines that configure it.
fn source(site: &Site, number: usize, kind: &Kind, (name, body): &Form) -> String {
    let path = format!("/{number}");
    let url = site.url(&path);
    let mut lines = format!("[[source]]\nid = \"s{number}\"\nurl = \"{url}\"\ninterval = \"1h\"\n");
    match kind {
        Kind::Document => {
            site.script(&path, [Answer::ok(body.as_str()).coded(Coded::Gzip)]);
        }
        Kind::Page => {
            let page = site.url(&format!("/page/{number}"));
            let title = format!("Crime: {name}");
            let entry = (page.as_str(), page.as_str(), title.as_str(), "2025-04-02T11:05:00Z");
            site.document(&path, atom(&[entry]));
            let answer = Answer::ok(body.as_str()).coded(Coded::Gzip);
            site.script(page.path(), [answer.header("Content-Type", "text/html; charset=utf-8")]);
            lines += "enrich = \"page\"\n";
        }
    }
    lines
}

/// KiB of memory at most until now, and hundredths of a second of processor time.
fn usage(process: u32) -> (u64, u64) {
    let memory = crate::faults::apart::status_of(process, "VmHWM");
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks = |at: usize| fields[at].parse::<u64>().unwrap();
    (memory, ticks(11) + ticks(12))
}

/// Waits until this many sources were polled; how each is doing.
fn polled(gazetted: &Gazetted, sources: usize) -> Vec<serde_json::Value> {
    until("every source is polled", || {
        let output = gazetted.run(&["status", "--json"]);
        let lines = String::from_utf8(output.stdout).unwrap();
        let polled: Vec<serde_json::Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|source: &serde_json::Value| source["polls"].as_u64() > Some(0))
            .collect();
        (polled.len() >= sources).then_some(polled)
    })
}

fn forms() -> Vec<(Kind, Form)> {
    let documents = documents().into_iter().map(|form| (Kind::Document, form));
    documents.chain(pages().into_iter().map(|form| (Kind::Page, form))).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a quiet machine, and HOSTILE in the environment: it measures processor time"]
async fn measured_form_by_form() {
    let Ok(chosen) = std::env::var("HOSTILE") else { return };
    let mut over = Vec::new();
    for (kind, form) in forms() {
        let what = match kind {
            Kind::Document => format!("document: {}", form.0),
            Kind::Page => format!("page: {}", form.0),
        };
        if !what.contains(&chosen) {
            continue;
        }
        let site = Site::start().await;
        let config = configured("max_body = \"32MiB\"", "") + &source(&site, 0, &kind, &form);
        let idle = Gazetted::with(&configured("", ""));
        let before = {
            let daemon = start(&idle);
            let before = usage(daemon.id());
            daemon.end("TERM");
            before
        };
        let gazetted = Gazetted::with(&config);
        let daemon = start(&gazetted);
        let status = polled(&gazetted, 1);
        let feed = get(daemon.address, "/topics/all.atom").body.len();
        let after = usage(daemon.id());
        let memory = (after.0.saturating_sub(before.0)) >> 10;
        let time = after.1.saturating_sub(before.1);
        let outcome = status[0]["failure"].as_str().unwrap_or("read").to_owned();
        let line = format!(
            "{what:<34} {:>9} bytes {memory:>5} MiB {:>6.2} s  feed {feed:>8}  {outcome:.60} {}",
            form.1.len(),
            time as f64 / 100.0,
            status[0]["warnings"]
        );
        println!("{line}");
        if memory > MOST_MEMORY || time > MOST_TIME {
            over.push(line);
        }
        assert_eq!(daemon.end("TERM").0, Some(0), "{what}");
    }
    println!("more than {MOST_MEMORY} MiB or 3 s: {}\n{}", over.len(), over.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a quiet machine, and HOSTILE in the environment: it measures processor time"]
async fn measured_search_by_search() {
    let Ok(chosen) = std::env::var("HOSTILE") else { return };
    let site = Site::start().await;
    let gazetted = Gazetted::with(&archive(&site));
    let daemon = start(&gazetted);
    polled(&gazetted, 10);
    for (form, query) in searches() {
        if !format!("search: {form}").contains(&chosen) {
            continue;
        }
        let path = format!("/search?since=365d&q={}", encoded(&query));
        measure(&daemon, &format!("search: {form}"), &path, &[200, 400, 503]);
    }
    assert_eq!(daemon.end("TERM").0, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a quiet machine, and HOSTILE in the environment: it measures processor time"]
async fn measured_list_by_list() {
    if !std::env::var("HOSTILE").is_ok_and(|chosen| "list: ".contains(&chosen)) {
        return;
    }
    let site = Site::start().await;
    let config = archive(&site);
    let topic = "[[topic]]\nid = \"inner\"\ntitle = \"Inner\"\nquery = \"meeting AND tee\"\naccess = [\"press\"]\n";
    let gazetted = Gazetted::with(&format!("{config}[access]\nkeys_file = \"keys\"\n{topic}"));
    std::fs::write(gazetted.path().join("keys"), "press:9f2c41d07be84a55\n").unwrap();
    let daemon = start(&gazetted);
    polled(&gazetted, 10);
    let later = "/stories?before=2100-01-01T00:00:00Z";
    measure(&daemon, "list: stories, all of them hidden", later, &[200]);
    measure(&daemon, "list: a search, all of them hidden", "/search?since=all&q=tee", &[200]);
    assert_eq!(daemon.end("TERM").0, Some(0));
}

/// Asks once, and prints what that takes of the processor.
fn measure(daemon: &RunningDaemon, name: &str, path: &str, statuses: &[u16]) {
    let before = usage(daemon.id()).1;
    let answer = get(daemon.address, path);
    let time = usage(daemon.id()).1 - before;
    println!("{name:<36} {} {:>6.2} s", answer.status, time as f64 / 100.0);
    assert!(statuses.contains(&answer.status), "{name}: {}", answer.status);
}

/// The configuration of ten sources with five thousand stories of a thousand words.
fn archive(site: &Site) -> String {
    let text = "the tee met the zz? ".repeat(200);
    let mut config = configured("max_body = \"32MiB\"", "");
    for source in 0..10 {
        // Entries without a date are of today.
        let entries: String = (source * 500..source * 500 + 500)
            .map(|n| {
                format!(
                    "<entry><id>urn:{n}</id><title>Meeting {n} of the tees</title>\
                     <link href=\"https://a.example/{n}\"/><content>{n} {text}</content></entry>"
                )
            })
            .collect();
        let document = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{entries}</feed>");
        site.script(&format!("/{source}"), [Answer::ok(document).coded(Coded::Gzip)]);
        config += &crate::faults::support::source(site, &source.to_string(), "1h");
    }
    config
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_daemon_while_it_reads_hostile_input() {
    let site = Site::start().await;
    let mut config = configured("max_body = \"32MiB\"", "");
    let costly = ["395 fonts", "less than"];
    let forms: Vec<_> = forms().into_iter().filter(|(_, form)| costly.contains(&form.0)).collect();
    assert!(forms.len() >= costly.len());
    for (number, (kind, form)) in forms.iter().enumerate() {
        config += &source(&site, number, kind, form);
    }
    let gazetted = Gazetted::with(&config);
    let daemon = start(&gazetted);
    until("every form is being read", || {
        (0..forms.len())
            .all(|number| !site.requests(&format!("/{number}")).is_empty())
            .then_some(())
    });
    let (code, log) = daemon.end("TERM");
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("stopped"), "{log}");
}

/// The forms that cost most, or did before there were bounds; all of them in the long run.
const SHORT: [&str; 15] = [
    "paragraphs",
    "cells",
    "fonts",
    "reopened",
    "fostered",
    "less than",
    "ampersands",
    "attributes",
    "many long links",
    "many authors",
    "keywords",
    "media",
    "json numbers",
    "195 elements",
    "395 fonts",
];

#[tokio::test(flavor = "multi_thread")]
async fn no_document_and_no_page_takes_more_memory_than_it_may() {
    let site = Site::start().await;
    // One at a time, so that the highest is that of one form.
    let mut config = configured("max_body = \"32MiB\"\nconcurrency = 1", "");
    let mut forms = forms();
    forms.retain(|(_, (name, _))| is_soak() || SHORT.contains(name));
    for (number, (kind, form)) in forms.iter().enumerate() {
        config += &source(&site, number, kind, form);
    }
    site.document(
        "/good",
        atom(&[("urn:g", "https://b.example/", "Crime", "2025-04-02T11:05:00Z")]),
    );
    config += &crate::faults::support::source(&site, "good", "1h");
    let gazetted = Gazetted::with(&config);
    let daemon = start(&gazetted);
    let before = usage(daemon.id()).0;
    for sources in 1..=forms.len() {
        polled(&gazetted, sources);
    }
    let status = polled(&gazetted, forms.len() + 1);
    let memory = usage(daemon.id()).0.saturating_sub(before) >> 10;
    println!("{} forms, one after the other: {memory} MiB at most", forms.len());
    assert!(memory <= MOST_MEMORY, "{memory} MiB");
    let good = status.iter().find(|source| source["id"] == "good").unwrap();
    assert!(good["failure"].is_null(), "{good}");
    let panicked: Vec<_> =
        status.iter().filter(|source| source["failure_kind"] == "internal").collect();
    assert!(panicked.is_empty(), "{panicked:?}");
    assert_eq!(daemon.end("TERM").0, Some(0));
}
