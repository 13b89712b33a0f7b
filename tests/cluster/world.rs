//! Sites that announce something at every poll, and the truth about what they announced.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::nodes::until;
use crate::support::binary::Gazetted;
use crate::support::site::{Answer, Request, Site};
use crate::support::world::atom;

/// How many announcements each source has made.
type Announced = Arc<Mutex<Vec<usize>>>;

/// How long an answer of a site takes, so that two requests at a time are seen.
const TAKES: Duration = Duration::from_millis(200);

/// Sites that have news at every poll.
pub struct World {
    pub sites: Vec<Site>,
    announced: Announced,
    shape: Shape,
}

/// How many sources there are, and how they are polled.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub hosts: usize,
    /// Sources of each host.
    pub sources: usize,
    /// How often each source is polled.
    pub interval: Duration,
    /// The least time between two requests to one host.
    pub spacing: Duration,
    /// The first two bytes of the hosts' addresses.
    pub network: [u8; 2],
}

impl Shape {
    /// Few sources, polled often.
    pub const SMALL: Self = Self {
        hosts: 6,
        sources: 2,
        interval: Duration::from_secs(1),
        spacing: Duration::from_millis(300),
        network: [127, 0],
    };
    /// 200 sources on 20 hosts. A debug build on two cores keeps up with them.
    pub const LARGE: Self = Self {
        hosts: 20,
        sources: 10,
        interval: Duration::from_secs(15),
        spacing: Duration::from_millis(400),
        ..Self::SMALL
    };

    fn all(self) -> usize {
        self.hosts * self.sources
    }
}

fn page(source: usize, number: usize) -> String {
    format!("https://www.gov.uk/government/news/office-{source}-announcement-{number}")
}

fn title(source: usize, number: usize) -> String {
    format!("Announcement {number} of office {source} about crime")
}

/// Whether other sources carry this announcement: 30 % of them.
fn is_carried(source: usize, number: usize) -> bool {
    let key = [source, number].map(|part| part.to_le_bytes());
    xxhash_rust::xxh3::xxh3_64(&key.concat()) % 10 < 3
}

/// The document of a source: its own news, all but the last of it revised, and what it carries of two others.
fn listing(source: usize, announced: &[usize]) -> Vec<u8> {
    let count = announced[source];
    let own = (1..=count).rev().take(15).map(|n| {
        let date = format!("2025-04-{}T11:05:00Z", if n < count { "03" } else { "02" });
        [format!("{}#{date}", page(source, n)), page(source, n), title(source, n), date]
    });
    let carried = [1, 2].into_iter().flat_map(|distance| {
        let other = (source + distance) % announced.len();
        let last = (1..=announced[other]).rev().filter(move |n| is_carried(other, *n)).take(5);
        last.map(move |n| {
            let id = format!("urn:carried:{source}:{other}:{n}");
            [id, page(other, n), title(other, n), "2025-04-04T06:00:00Z".to_owned()]
        })
    });
    let rows: Vec<[String; 4]> = own.chain(carried).collect();
    let rows: Vec<_> = rows.iter().map(|row| row.each_ref().map(String::as_str).into()).collect();
    atom(&rows).into()
}

impl World {
    pub async fn start() -> Self {
        Self::of(Shape::SMALL).await
    }

    pub async fn of(shape: Shape) -> Self {
        let announced: Announced = Arc::new(Mutex::new(vec![0; shape.all()]));
        let mut sites = Vec::new();
        for host in 0..shape.hosts {
            let [first, second] = shape.network;
            sites.push(Site::start_on(&format!("{first}.{second}.1.{}", host + 1)).await);
        }
        let world = Self { sites, announced, shape };
        world.begin();
        world
    }

    /// From now on there is news at every poll.
    pub fn begin(&self) {
        for source in 0..self.shape.all() {
            let announced = self.announced.clone();
            self.site_of(source).answer(&format!("/office-{source}"), move |_| {
                let mut announced = announced.lock().unwrap();
                announced[source] += 1;
                let tag = format!("\"{:06}\"", announced[source]);
                Answer::ok(listing(source, &announced)).header("ETag", tag).taking(TAKES)
            });
        }
    }

    /// From now on there is no news.
    pub fn end(&self) {
        for source in 0..self.shape.all() {
            let body = listing(source, &self.announced.lock().unwrap());
            let tag = format!("\"{:016x}\"", xxhash_rust::xxh3::xxh3_64(&body));
            self.site_of(source).answer(&format!("/office-{source}"), move |request| {
                let answer = match request.header("if-none-match").as_ref() == Some(&tag) {
                    true => Answer::status(304),
                    false => Answer::ok(body.clone()),
                };
                answer.header("ETag", &tag).taking(TAKES)
            });
        }
    }

    /// The site that a source is on.
    pub fn site_of(&self, source: usize) -> &Site {
        &self.sites[source / self.shape.sources]
    }

    /// A configuration that polls these sites: `server` are further lines of `[server]`, and `rest`
    /// further tables.
    pub fn gazetted(&self, server: &str, rest: &str) -> Gazetted {
        let Shape { interval, spacing, network: [first, second], .. } = self.shape;
        let (interval, spacing) = (interval.as_millis(), spacing.as_millis());
        let mut config = format!(
            "[server]\nbase_url = \"https://feeds.example/\"\n{server}\n\
             [store]\npath = \"store\"\nbackups = \"never\"\n\
             [polling]\nallow_private = [\"{first}.{second}.0.0/16\"]\nspacing = \"{spacing}ms\"\nfloor = \"1s\"\nhard_floor = \"1s\"\nnew_a_day = 100000\n\
             [[topic]]\nid = \"crime\"\ntitle = \"Crime\"\nquery = \"crime\"\nentries = 20\n\
             [[topic]]\nid = \"odd\"\ntitle = \"Odd\"\nquery = '\"office 3\" OR \"office 7\"'\nentries = 10\n"
        );
        for source in 0..self.shape.all() {
            let id = format!("office-{source}");
            let url = self.site_of(source).url(&format!("/{id}"));
            config += &format!(
                "[[source]]\nid = \"{id}\"\nurl = \"{url}\"\ninterval = \"{interval}ms\"\n"
            );
        }
        let gazetted = Gazetted::with(&(config + rest));
        std::fs::write(gazetted.path().join("secret"), "0123456789abcdef".repeat(4)).unwrap();
        gazetted
    }

    /// How many requests each host has had.
    pub fn requests(&self) -> Vec<usize> {
        self.sites.iter().map(|site| site.log().len()).collect()
    }

    /// How many announcements there are.
    pub fn announcements(&self) -> usize {
        self.announced.lock().unwrap().iter().sum()
    }

    /// How often each source was polled in this time, by its path.
    pub fn polls(&self, from: Instant, to: Instant) -> BTreeMap<String, usize> {
        let paths = (0..self.shape.all()).map(|source| (format!("/office-{source}"), 0));
        let mut polls: BTreeMap<String, usize> = paths.collect();
        for request in self.sites.iter().flat_map(Site::log) {
            if (from..to).contains(&request.at) {
                *polls.entry(request.target).or_default() += 1;
            }
        }
        polls
    }

    /// How many requests there were in each five seconds from this moment on.
    pub fn requests_in_each_5_s(&self, from: Instant) -> Vec<usize> {
        let mut counts = Vec::new();
        for request in self.sites.iter().flat_map(Site::log) {
            if let Some(since) = request.at.checked_duration_since(from) {
                let place = since.as_secs() as usize / 5;
                counts.resize(counts.len().max(place + 1), 0);
                counts[place] += 1;
            }
        }
        counts
    }

    /// How many polls of a source its interval gives in this time.
    pub fn expected(&self, time: Duration) -> usize {
        (time.as_secs_f64() / self.shape.interval.as_secs_f64()) as usize
    }

    /// A request that is under way now.
    pub fn under_way(&self) -> Option<Request> {
        let last = self.sites.iter().filter_map(Site::last);
        last.filter(|request| request.at.elapsed() < TAKES / 2).max_by_key(|request| request.at)
    }

    /// The shortest time between the requests to one host.
    pub fn closest(&self) -> Duration {
        let of = |site: &Site| {
            let log = site.log();
            let times = log.windows(2).map(|two| two[1].at - two[0].at);
            times.min().unwrap_or(Duration::MAX)
        };
        self.sites.iter().map(of).min().unwrap_or(Duration::MAX)
    }

    /// Fails if a host was ever asked for two things at a time, or too soon after the request before.
    /// A request may be under way for some time before the site has it, so half of that is allowed.
    pub fn assert_polite(&self) {
        for site in &self.sites {
            let most = site.log().iter().map(|request| request.under_way).max().unwrap_or(0);
            assert!(most <= 1, "{most} requests at a time:\n{}", site.story());
        }
        let closest = self.closest();
        assert!(closest >= self.shape.spacing / 2, "two requests within {closest:?}");
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
        let start = Instant::now();
        // The first of two has been read when the second begins.
        until("a last round of polls", || {
            self.polls(start, Instant::now()).values().all(|polls| *polls >= 2)
        });
    }
}
