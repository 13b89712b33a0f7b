//! Kills the daemon during heavy polling (D1): by the origin's own ledger nothing is lost or repeated.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::dice::{Dice, seed, times};
use super::support::{configured, published, source};
use crate::support::binary::{Gazetted, Launched, RunningDaemon};
use crate::support::http::get;
use crate::support::site::{Answer, Site};
use crate::support::world::atom;

const PATIENCE: Duration = Duration::from_secs(120);
const SOURCES: usize = 24;
/// They are at several origins: each is asked one thing at a time.
const SITES: usize = 4;

/// What each source has announced: whoever asks it finds one announcement more.
type Told = Arc<Mutex<[usize; SOURCES]>>;

fn page(source: usize, number: usize) -> String {
    format!("https://www.gov.uk/government/news/office-{source}-announcement-{number}")
}

/// The last twenty announcements as a department lists them when there are
/// `told`: the latest but one was revised, and bears a new id for it.
fn listing(source: usize, told: usize) -> String {
    let announced = (1..=told).rev().take(20).map(|n| {
        let day = if n < told { "03" } else { "02" };
        let date = format!("2025-04-{day}T11:05:00Z");
        let title = format!("Announcement {n} of office {source} about crime");
        [format!("{}#{date}", page(source, n)), page(source, n), title, date]
    });
    document(announced)
}

/// What the others announced last, as somebody carries it who tells it a day later.
fn carried(told: &[usize; SOURCES]) -> String {
    let latest = told.iter().enumerate().filter(|(_, told)| **told > 0);
    document(latest.map(|(source, &n)| {
        let title = format!("Announcement {n} of office {source} about crime");
        let id = format!("urn:carried:{source}:{n}");
        [id, page(source, n), title, "2025-04-04T06:00:00Z".to_owned()]
    }))
}

fn document(rows: impl Iterator<Item = [String; 4]>) -> String {
    let rows: Vec<[String; 4]> = rows.collect();
    let rows: Vec<_> = rows.iter().map(|row| row.each_ref().map(String::as_str).into()).collect();
    atom(&rows)
}

/// Departments and one who carries them, each asked every second; and a calm one.
async fn world(told: &Told) -> (Vec<Site>, Gazetted, Receiver<()>) {
    let mut sites = Vec::new();
    for n in 1..=SITES {
        sites.push(Site::start_on(&format!("127.0.0.{n}")).await);
    }
    let (ask, asked) = mpsc::channel();
    let mut config = configured("", "");
    let mut add = |site: &Site, id: &str, interval: &str, role: &str| {
        config += &source(site, id, interval);
        config += &format!("role = \"{role}\"\n");
    };
    for source in 0..SOURCES {
        let site = &sites[source % SITES];
        add(site, &format!("office-{source}"), "1s", "department");
        let (ask, told) = (ask.clone(), told.clone());
        site.answer(&format!("/office-{source}"), move |_| {
            let told = {
                let mut told = told.lock().unwrap();
                told[source] += 1;
                told[source]
            };
            // Whoever counted requests may have gone.
            let _ = ask.send(());
            Answer::ok(listing(source, told)).header("ETag", format!("\"{told:06}\""))
        });
    }
    let site = &sites[0];
    add(site, "wire", "1s", "syndicator");
    let all = told.clone();
    site.answer("/wire", move |_| Answer::ok(carried(&all.lock().unwrap())));
    add(site, "calm", "1h", "department");
    let rows = ["tag:calm", "https://www.gov.uk/calm", "A calm crime", "2025-04-01T00:00:00Z"];
    site.document("/calm", document(std::iter::once(rows.map(str::to_owned))));
    (sites, Gazetted::with(&config), asked)
}

/// What a subscriber has seen: the id under each address.
#[derive(Default)]
struct Subscriber(BTreeMap<String, String>);

impl Subscriber {
    /// Reads the feed: no address and no id twice, and none under another id than before.
    fn look(&mut self, daemon: &RunningDaemon) {
        let feed = get(daemon.address, "/stories.json");
        let feed: Value = serde_json::from_slice(&feed.body).unwrap();
        let (mut ids, mut pages) = (BTreeSet::new(), BTreeSet::new());
        for item in feed["items"].as_array().unwrap() {
            let text = |name: &str| item[name].as_str().unwrap().to_owned();
            assert!(ids.insert(text("id")), "twice: {item}");
            assert!(pages.insert(text("url")), "one address twice in a feed: {item}");
            let before = self.0.insert(text("url"), text("id"));
            assert!(before.is_none_or(|before| before == text("id")), "repeated: {item}");
        }
    }
}

/// Takes no more than `most`, somewhere between two steps of the daemon.
fn dawdle(dice: &mut Dice, most: Duration) {
    let until = Instant::now() + most * u32::try_from(dice.below(1000)).unwrap() / 1000;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
}

/// The sources that the daemon blames for its death.
fn set_aside(gazetted: &Gazetted) -> Vec<String> {
    let status = gazetted.succeed(&["status", "--json"]);
    let rows = status.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let crashed = rows.filter(|row| row["failure_kind"] == "crash");
    crashed.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn d01_kills_lose_nothing_repeat_nothing_and_ask_nobody_early() {
    let kills = times(20, 200);
    let told = Told::default();
    let (sites, gazetted, asked) = world(&told).await;
    let mut dice = Dice::new(seed());
    let mut subscriber = Subscriber::default();

    // All sources are known before the first kill.
    let mut daemon = gazetted.start();
    let mut unknown: BTreeSet<String> = (0..SOURCES).map(|n| format!("office-{n}")).collect();
    unknown.insert("calm".to_owned());
    while !unknown.is_empty() {
        let line: Value = serde_json::from_str(&daemon.logged("\"news\"")).unwrap();
        unknown.remove(line["source"].as_str().unwrap());
    }
    subscriber.look(&daemon);
    daemon.signal("KILL");
    daemon.ended();
    let known = sites.iter().map(|site| site.log().len()).collect::<Vec<_>>();

    for kill in 0..kills {
        while asked.try_recv().is_ok() {}
        let mut launched = Launched::by(gazetted.command(&["run"]));
        match dice.below(6) {
            // While it starts, at whatever it is just doing.
            0 => {
                dawdle(&mut dice, Duration::from_millis(60));
                launched.end("KILL");
                continue;
            }
            1 => {
                launched.logged("store open");
                dawdle(&mut dice, Duration::from_millis(20));
                launched.end("KILL");
                continue;
            }
            2 => daemon = launched.listening(),
            3 => {
                daemon = launched.listening();
                (0..=dice.below(3)).for_each(|_| drop(daemon.logged("\"news\"")));
            }
            _ => {
                daemon = launched.listening();
                subscriber.look(&daemon);
                (0..=dice.below(2 * SOURCES)).for_each(|_| asked.recv_timeout(PATIENCE).unwrap());
            }
        }
        subscriber.look(&daemon);
        dawdle(&mut dice, Duration::from_millis(30));
        daemon.signal("KILL");
        assert_eq!(daemon.ended().0, None, "kill {kill}: it had ended by itself");
    }

    // It is not killed any more: every source is asked once more, and ends.
    let mut daemon = gazetted.start();
    (0..2 * SOURCES).for_each(|_| asked.recv_timeout(PATIENCE).unwrap());
    daemon.logged("\"news\"");
    // What was killed while it was read alone waits for an hour, unless its operator has it polled.
    for source in set_aside(&gazetted) {
        gazetted.succeed(&["poll", &source]);
    }
    subscriber.look(&daemon);
    let (code, log) = daemon.end("TERM");
    assert_eq!(code, Some(0), "{log}");

    let published = published(&gazetted);
    for (url, id) in &subscriber.0 {
        assert_eq!(published.get(url), Some(id), "{url}: lost, or under another id");
    }
    let told = *told.lock().unwrap();
    let announced =
        (0..SOURCES).flat_map(|source| (1..=told[source]).map(move |n| page(source, n)));
    let announced: BTreeSet<String> = announced.chain(["https://www.gov.uk/calm".into()]).collect();
    let kept: BTreeSet<String> = published.into_keys().collect();
    let lost: Vec<_> = announced.difference(&kept).collect();
    assert!(lost.is_empty(), "announced and not kept: {lost:?}");
    assert_eq!(kept.len(), announced.len(), "kept and not announced");

    assert_eq!(sites[0].requests("/calm").len(), 1, "not due, however often it is started");
    for (site, known) in sites.iter().zip(known) {
        for request in &site.log()[known..] {
            assert!(request.is_conditional() || request.target == "/wire", "{}", request.target);
        }
    }
    for source in 0..SOURCES {
        let requests = sites[source % SITES].requests(&format!("/office-{source}"));
        let tags: Vec<_> =
            requests.iter().filter_map(|request| request.header("if-none-match")).collect();
        assert!(tags.is_sorted() && tags.len() > 2, "validators never go back: {tags:?}");
    }
    println!(
        "{kills} kills: {} announcements in {} polls, 0 lost, 0 repeated, 0 failed starts",
        announced.len(),
        sites.iter().map(|site| site.log().len()).sum::<usize>()
    );
}
