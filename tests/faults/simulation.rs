//! Simulates thirty days of a hostile network from a seed: nothing may be lost, repeated or made up.
//!
//! The daemon is real, in a process of its own; HTTP is real, too. Only time is not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gazetted::model::Timestamp;

use super::apart::Apart;
use super::dice::{Dice, seed, times};
use super::support::published;
use crate::support::binary::Gazetted;
use crate::support::http::get;
use crate::support::site::{Answer, Coded, Gate, Request, Site};
use crate::support::world::START;

const STEP: Duration = Duration::from_secs(6 * 3600);
const DAY: usize = 4;
const DAYS: usize = 30;
/// Longer than anything that went wrong may keep a source from being asked.
const CALM: usize = 16;
/// One in so many sources carries what others announce.
const WIRES: usize = 5;
const SITES: usize = 8;

/// Something that a department announced.
#[derive(Debug, Clone)]
struct Announcement {
    page: String,
    title: String,
    text: String,
    at: Timestamp,
}

/// What the world outside is like.
struct World {
    dice: Dice,
    now: Timestamp,
    hostile: bool,
    /// What each source lists, the latest last.
    listed: Vec<Vec<Announcement>>,
    /// Every page that was ever announced.
    announced: BTreeSet<String>,
    /// Faults by name, to be told at the end.
    faults: BTreeMap<&'static str, usize>,
    /// Opened when all is over.
    never: Gate,
}

fn is_wire(source: usize) -> bool {
    source.is_multiple_of(WIRES)
}

impl World {
    /// Departments announce something, and wires carry some of it.
    fn time_passes(&mut self) {
        self.now = self.now.after(STEP);
        for source in (0..self.listed.len()).filter(|source| !is_wire(*source)) {
            if !self.hostile || !self.dice.one_in(3 * DAY) {
                continue;
            }
            let number = self.listed[source].len() + 1;
            let words: Vec<String> =
                (0..40).map(|_| format!("word{}", self.dice.below(4000))).collect();
            let announcement = Announcement {
                page: format!("https://office-{source}.example.org/news/{number}"),
                title: format!("Office {source} says {number} about {} {}", words[0], words[1]),
                text: words.join(" "),
                at: self.now,
            };
            self.announced.insert(announcement.page.clone());
            if self.dice.one_in(3) {
                let wire = self.dice.below(self.listed.len().div_ceil(WIRES)) * WIRES;
                self.listed[wire].push(announcement.clone());
            }
            self.listed[source].push(announcement);
        }
    }

    fn answer(&mut self, source: usize, request: &Request) -> Answer {
        let entries = self.listed[source].clone();
        if !self.hostile || !self.dice.one_in(3) {
            let document = document(source, &entries, |_, entry| dated(entry.at));
            let tag = format!("\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(document.as_bytes()));
            return match request.header("if-none-match") == Some(tag.clone()) {
                true => Answer::status(304).header("ETag", tag),
                false => Answer::ok(document).header("ETag", tag),
            };
        }
        let (name, answer) = self.fault(source, entries);
        *self.faults.entry(name).or_default() += 1;
        answer
    }

    /// Something other than what the source meant to say.
    fn fault(&mut self, source: usize, mut entries: Vec<Announcement>) -> (&'static str, Answer) {
        let good = document(source, &entries, |_, entry| dated(entry.at));
        let number = self.dice.below(1_000_000);
        let noise: Vec<u8> = (0..300).map(|_| self.dice.below(256) as u8).collect();
        match self.dice.below(21) {
            0 => ("500", Answer::status(500).body("<title>Oops</title>")),
            1 => ("503", Answer::status(503).header("Retry-After", (number % 90_000).to_string())),
            2 => ("429", Answer::status(429)),
            3 => ("404", Answer::status(404).body("Not found")),
            4 => ("403", Answer::status(403)),
            5 => ("hangs up", Answer::hang_up()),
            6 => ("breaks off", Answer::ok(good.clone()).promising(good.len() + 900)),
            7 => ("noise", Answer::ok(noise)),
            8 => ("a page", Answer::ok("<!doctype html><title>Sorry</title><p>Maintenance")),
            9 => ("nothing", Answer::ok("")),
            10 => ("no gzip", Answer::ok(good).header("Content-Encoding", "gzip")),
            11 => ("a bomb", Answer::ok(vec![b' '; 3 << 20]).coded(Coded::Gzip)),
            12 => ("a circle", Answer::redirect(302, &format!("/{source}"))),
            13 => ("inside", Answer::redirect(301, "http://10.0.0.1/feed")),
            14 => ("304 for no reason", Answer::status(304)),
            15 => {
                let cut = good.len() * self.dice.below(100) / 100;
                ("half a document", Answer::ok(good[..cut].to_owned()))
            }
            16 => {
                let renamed = |_, entry: &Announcement| {
                    (format!("{}?{number}", entry.page), entry.at.to_string())
                };
                ("other ids", Answer::ok(document(source, &entries, renamed)))
            }
            17 => {
                let turn = number % entries.len().max(1);
                entries.rotate_left(turn);
                let document = document(source, &entries, |_, entry| dated(entry.at));
                ("another order", Answer::ok(document))
            }
            18 => {
                let dates = ["9999-12-31T23:59:60Z", "0001-01-01T00:00:00Z", "yesterday"];
                let wrong = |n: usize, entry: &Announcement| {
                    (entry.page.clone(), dates[(n + number) % 3].to_owned())
                };
                ("wrong dates", Answer::ok(document(source, &entries, wrong)))
            }
            19 => {
                let entities =
                    "<!DOCTYPE feed [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>";
                ("entities", Answer::ok(good.replace("?>", &format!("?>{entities}"))))
            }
            // Each takes the time of the wall.
            _ if !self.dice.one_in(12) => ("hangs up", Answer::hang_up()),
            _ => ("a tarpit", Answer::ok(good).behind(&self.never)),
        }
    }
}

fn dated(at: Timestamp) -> (String, String) {
    (String::new(), at.to_string())
}

/// A feed; `say` gives each entry's id (none: its page) and date.
fn document(
    source: usize,
    entries: &[Announcement],
    say: impl Fn(usize, &Announcement) -> (String, String),
) -> String {
    let mut document = format!(
        "<?xml version=\"1.0\"?><feed xmlns=\"http://www.w3.org/2005/Atom\">\
         <id>urn:source:{source}</id><title>Source {source}</title>"
    );
    for (n, entry) in entries.iter().enumerate().rev().take(40) {
        let (id, date) = say(n, entry);
        let id = if id.is_empty() { &entry.page } else { &id };
        let id = if is_wire(source) { format!("urn:wire:{source}:{id}") } else { id.clone() };
        let Announcement { page, title, text, .. } = entry;
        document += &format!(
            "<entry><id>{id}</id><title>{title}</title><updated>{date}</updated>\
             <link href=\"{page}\"/><content>{text}</content></entry>"
        );
    }
    document + "</feed>"
}

/// What a subscriber has seen: the id of each page.
#[derive(Default)]
struct Subscriber(BTreeMap<String, String>);

impl Subscriber {
    fn look(&mut self, daemon: &Apart) {
        let feed = get(daemon.address, "/topics/all.atom");
        assert_eq!(feed.status, 200);
        let feed = feed_rs::parser::parse(&feed.body[..]).expect("the feed is one, always");
        let mut ids = BTreeSet::new();
        for entry in feed.entries {
            assert!(ids.insert(entry.id.clone()), "twice in a feed: {}", entry.id);
            let page = entry.links[0].href.clone();
            let before = self.0.insert(page.clone(), entry.id.clone());
            assert!(before.is_none_or(|id| id == entry.id), "again under another id: {page}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn d21_after_thirty_hostile_days_every_announcement_is_one_story() {
    let sources = times(10, 300);
    let (seed, start) = (seed(), Timestamp::parse_rfc3339(START).unwrap());
    println!("GAZETTED_SEED={seed} has this run again");
    let world = Arc::new(Mutex::new(World {
        dice: Dice::new(seed),
        now: start,
        hostile: true,
        listed: vec![Vec::new(); sources],
        announced: BTreeSet::new(),
        faults: BTreeMap::new(),
        never: Gate::closed(),
    }));
    let mut dice = Dice::new(seed + 1);
    let mut sites = Vec::new();
    for n in 1..=SITES {
        sites.push(Site::start_on(&format!("127.0.0.{n}")).await);
    }
    let mut config = String::from(
        "[store]\npath = \"store\"\n[server]\nbase_url = \"https://feeds.example.org/\"\n\
         [polling]\nallow_private = [\"127.0.0.0/8\"]\nspacing = \"0s\"\nconnect_timeout = \"1s\"\ntimeout = \"1s\"\n\
         max_document = \"1MiB\"\n\
         [[topic]]\nid = \"all\"\ntitle = \"All\"\nquery = \"says\"\nentries = 200\n",
    );
    let (ask, asked) = mpsc::channel();
    for source in 0..sources {
        let site = &sites[source % SITES];
        let role = if is_wire(source) { "syndicator" } else { "department" };
        let url = site.url(&format!("/{source}"));
        config += &format!(
            "[[source]]\nid = \"s{source}\"\nurl = \"{url}\"\ninterval = \"6h\"\nrole = \"{role}\"\n"
        );
        let (world, ask) = (world.clone(), ask.clone());
        site.answer(&format!("/{source}"), move |request| {
            let _ = ask.send(());
            world.lock().unwrap().answer(source, request)
        });
    }
    let gazetted = Gazetted::with(&config);
    let mut daemon = Apart::start(&gazetted.config(), start);
    let mut subscriber = Subscriber::default();
    let (mut kills, mut stops, mut reloads) = (0, 0, 0);
    for step in 0..(DAYS + CALM) * DAY {
        {
            let mut world = world.lock().unwrap();
            world.hostile = step < DAYS * DAY;
            world.time_passes();
        }
        match dice.below(4 * DAY) {
            0 => {
                while asked.try_recv().is_ok() {}
                daemon.begin_to_pass(STEP);
                // Where nobody is asked, it dies at rest.
                for _ in 0..dice.below(12) {
                    let _ = asked.recv_timeout(Duration::from_millis(200));
                }
                daemon = Apart::start(&gazetted.config(), daemon.kill());
                kills += 1;
            }
            1 => {
                let now = daemon.now;
                daemon.stop();
                daemon = Apart::start(&gazetted.config(), now);
                daemon.pass(STEP);
                stops += 1;
            }
            2 => {
                let title = format!("title = \"All, {step}\"");
                std::fs::write(gazetted.config(), config.replace("title = \"All\"", &title))
                    .unwrap();
                daemon.pass(STEP);
                daemon.reload();
                reloads += 1;
            }
            _ => daemon.pass(STEP),
        }
        if step.is_multiple_of(DAY) {
            subscriber.look(&daemon);
        }
    }
    subscriber.look(&daemon);
    daemon.stop();

    let world = world.lock().unwrap();
    let published = published(&gazetted);
    let kept: BTreeSet<String> = published.keys().cloned().collect();
    let made_up: Vec<_> = kept.difference(&world.announced).collect();
    assert!(made_up.is_empty(), "nobody announced {made_up:?}");
    let lost: Vec<_> = world.announced.difference(&kept).collect();
    assert!(lost.is_empty(), "announced and lost: {lost:?}");
    for (page, id) in &subscriber.0 {
        assert_eq!(published.get(page), Some(id), "{page}");
    }
    let most = (DAYS + CALM) * DAY + 2 + kills + stops;
    let mut requests = 0;
    for source in 0..sources {
        let asked = sites[source % SITES].requests(&format!("/{source}")).len();
        // A circle is seen at its second step.
        assert!(asked <= most, "source {source} was asked {asked} times");
        requests += asked;
    }
    println!(
        "{sources} sources, {DAYS} hostile days and {CALM} calm ones: {requests} requests, {} \
         announcements, each one story; {kills} kills, {stops} stops, {reloads} reloads; {:?}",
        kept.len(),
        world.faults
    );
}
