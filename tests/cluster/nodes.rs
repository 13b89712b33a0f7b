//! Nodes of a test: the real binary, each with a store of its own, and sites that they poll.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::servers::Servers;
use crate::support::binary::{Gazetted, RunningDaemon};
use crate::support::http::get;
use crate::support::site::{Answer, Site};
use crate::support::world::atom;

/// What the sources have announced so far.
pub type Announced = Arc<Mutex<Vec<usize>>>;

/// Sites that have news at most polls.
pub struct World {
    pub sites: Vec<Site>,
    pub announced: Announced,
    /// Sources of each site.
    sources: usize,
    /// How often each source is polled.
    interval: &'static str,
}

/// How long an answer of a site takes, so that two requests at a time would be seen.
const TAKES: Duration = Duration::from_millis(100);

fn page(source: usize, number: usize) -> String {
    format!("https://www.gov.uk/government/news/office-{source}-announcement-{number}")
}

fn title(source: usize, number: usize) -> String {
    format!("Announcement {number} of office {source} about crime")
}

/// What a source lists: its own news, and the last of another source's as a copy.
fn listing(source: usize, announced: &[usize]) -> Vec<u8> {
    let own = (1..=announced[source])
        .rev()
        .take(15)
        .map(|n| [format!("{}#1", page(source, n)), page(source, n), title(source, n)]);
    let other = (source + 1) % announced.len();
    let copied = announced[other];
    let copy = (copied > 0 && source.is_multiple_of(3)).then(|| {
        [format!("urn:copy:{source}:{copied}"), page(other, copied), title(other, copied)]
    });
    let rows: Vec<[String; 3]> = own.chain(copy).collect();
    let rows: Vec<[&str; 4]> = rows
        .iter()
        .map(|[id, page, title]| [id.as_str(), page, title, "2025-04-02T11:05:00Z"])
        .collect();
    atom(&rows.iter().map(|row| (*row).into()).collect::<Vec<_>>()).into()
}

impl World {
    pub async fn start() -> Self {
        Self::of(6, 4, "1s").await
    }

    /// Sites on so many hosts, with so many sources each.
    pub async fn of(hosts: usize, sources: usize, interval: &'static str) -> Self {
        let announced: Announced = Arc::new(Mutex::new(vec![0; hosts * sources]));
        let mut sites = Vec::new();
        for host in 0..hosts {
            let site = Site::start_on(&format!("127.0.1.{}", host + 1)).await;
            for number in 0..sources {
                let (source, announced) = (host * sources + number, announced.clone());
                site.answer(&format!("/office-{source}"), move |_| {
                    let mut announced = announced.lock().unwrap();
                    announced[source] += 1;
                    let tag = format!("\"{:06}\"", announced[source]);
                    Answer::ok(listing(source, &announced)).header("ETag", tag).taking(TAKES)
                });
            }
            sites.push(site);
        }
        Self { sites, announced, sources, interval }
    }

    /// From now on there is no news.
    pub fn end(&self) {
        for (host, site) in self.sites.iter().enumerate() {
            for number in 0..self.sources {
                let source = host * self.sources + number;
                let body = listing(source, &self.announced.lock().unwrap());
                site.document(&format!("/office-{source}"), body);
            }
        }
    }

    /// A node that polls these sites.
    pub fn node(&self, servers: &Servers, name: &str, cluster: &str) -> Gazetted {
        let mut config = "[server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://feeds.example/\"\n\
             [store]\npath = \"store\"\nbackups = \"never\"\n\
             [polling]\nallow_private = [\"127.0.0.0/8\"]\nspacing = \"0s\"\nfloor = \"1s\"\nhard_floor = \"1s\"\nnew_a_day = 100000\n\
             [[topic]]\nid = \"crime\"\ntitle = \"Crime\"\nquery = \"crime\"\nentries = 20\n\
             [[topic]]\nid = \"odd\"\ntitle = \"Odd\"\nquery = '\"office 3\" OR \"office 7\"'\nentries = 10\n"
            .to_owned();
        for (host, site) in self.sites.iter().enumerate() {
            for number in 0..self.sources {
                let source = host * self.sources + number;
                let url = site.url(&format!("/office-{source}"));
                config += &format!(
                    "[[source]]\nid = \"office-{source}\"\nurl = \"{url}\"\ninterval = \"{}\"\n",
                    self.interval
                );
            }
        }
        config += &format!(
            "[cluster]\nservers = {}\nname = {cluster:?}\nnode = {name:?}\ncluster_secret_file = \"secret\"\n",
            servers.list()
        );
        let gazetted = Gazetted::with(&config);
        std::fs::write(gazetted.path().join("secret"), "0123456789abcdef".repeat(4)).unwrap();
        gazetted
    }

    /// How many requests each host has had.
    pub fn requests(&self) -> Vec<usize> {
        self.sites.iter().map(|site| site.log().len()).collect()
    }

    /// Fails if a host was ever asked for two things at a time.
    pub fn assert_polite(&self) {
        for site in &self.sites {
            let most = site.log().iter().map(|request| request.under_way).max().unwrap_or(0);
            assert!(most <= 1, "{most} requests at a time:\n{}", site.story());
        }
    }

    /// Every announcement is a story, and none is two.
    pub fn assert_whole(&self, stories: &[Value]) {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for story in stories {
            let title = story["title"].as_str().unwrap_or_default().to_owned();
            *found.entry(title).or_default() += 1;
        }
        let announced = self.announced.lock().unwrap().clone();
        for (source, count) in announced.into_iter().enumerate() {
            for number in 1..=count {
                let times = found.remove(&title(source, number)).unwrap_or(0);
                assert_eq!(times, 1, "{} is {times} stories", title(source, number));
            }
        }
        assert!(found.is_empty(), "{found:?}");
    }

    /// Ends the news, and waits until each source is read once more, so that nothing it announced
    /// is left.
    pub fn settle(&self) {
        self.end();
        let read = |site: &Site| {
            let paths: BTreeMap<String, usize> =
                site.log().into_iter().fold(BTreeMap::new(), |mut paths, request| {
                    *paths.entry(request.target).or_default() += 1;
                    paths
                });
            paths
        };
        let before: Vec<_> = self.sites.iter().map(read).collect();
        until("a last round of polls", || {
            let now = self.sites.iter().map(read);
            now.zip(&before).all(|(now, before)| {
                let again = |(path, count): (&String, &usize)| now[path] >= count + 2;
                before.iter().all(again)
            })
        });
    }
}

/// Fails where two nodes differ in their state or in any byte that they serve.
pub fn compare(nodes: &[(&Gazetted, &RunningDaemon)]) {
    // Without polls no turn comes, and all nodes are at the same sequence soon.
    until("the cluster pauses", || nodes[0].0.run(&["cluster", "pause"]).status.success());
    let state = |(node, _): &(&Gazetted, &RunningDaemon)| {
        let status = status(node);
        (status["sequence"].as_u64().unwrap_or(0), status["digest"].clone())
    };
    until("all nodes have the same state", || {
        let states: Vec<_> = nodes.iter().map(state).collect();
        states[0].0 > 0 && states.iter().all(|one| *one == states[0])
    });
    // What is applied is published soon after.
    let differing = || {
        let expected = served(nodes[0].1);
        let others = nodes[1..].iter().flat_map(|(_, daemon)| served(daemon));
        others.zip(expected.into_iter().cycle()).find(|(other, expected)| other != expected)
    };
    let end = Instant::now() + Duration::from_secs(30);
    while let Some((other, expected)) = differing() {
        assert!(Instant::now() < end, "{other}\n{expected}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until this holds.
pub fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(120);
    while !holds() {
        assert!(Instant::now() < end, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// What `gazetted cluster status --json` says.
pub fn status(node: &Gazetted) -> Value {
    let output = node.run(&["cluster", "status", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// The sequence that a node has applied.
pub fn sequence(node: &Gazetted) -> u64 {
    status(node)["sequence"].as_u64().unwrap_or(0)
}

/// The shares that a node owns, by the word of `of`.
pub fn shares(of: &Gazetted, node: &str) -> u64 {
    let status = status(of);
    let nodes = status["nodes"].as_array().cloned().unwrap_or_default();
    let found = nodes.iter().find(|one| one["node"] == node);
    found.and_then(|one| one["partitions"].as_u64()).unwrap_or(0)
}

/// Everything that a node serves about topics: paths, ETags, Last-Modified and bodies.
pub fn served(daemon: &RunningDaemon) -> Vec<String> {
    let paths = [
        "/topics/crime.atom",
        "/topics/crime.rss",
        "/topics/crime.json",
        "/topics/odd.atom",
        "/topics/odd.json",
        "/stories.atom",
        "/topics.opml",
        "/",
        "/topics/crime",
    ];
    let show = |path: &str| {
        let answer = get(daemon.address, path);
        let header = |name| answer.header(name).unwrap_or("none").to_owned();
        let (tag, modified) = (header("etag"), header("last-modified"));
        format!("{path} {} {tag} {modified} {}", answer.status, answer.text())
    };
    paths.iter().map(|path| show(path)).collect()
}
