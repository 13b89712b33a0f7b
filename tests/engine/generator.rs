//! Makes polls from a seed: news, copies, revisions, removals, failures, over months.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use gazetted::model::{
    Entry, Failure, FailureKind, Feed, Freshness, Hints, Location, Outcome, Poll, Reading, Source,
    SourceId, Timestamp, Unchanged, Validators,
};

/// Sources of every plan.
pub const SOURCES: u64 = 6;

/// Entries that a document lists.
const LISTED: usize = 8;

/// When every history begins: ten days before the end of a month.
pub fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2025-03-22T06:00:00Z").unwrap()
}

/// Numbers of a fixed sequence (SplitMix64).
#[derive(Debug, Clone)]
pub struct Numbers(u64);

impl Numbers {
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Makes one poll after another.
pub struct Generator {
    numbers: Numbers,
    now: Timestamp,
    next: u64,
    listed: Vec<VecDeque<(u64, u64, Timestamp)>>,
    /// At most so many new entries come with one document.
    pub news: u64,
    /// So many polls in a hundred find nothing changed.
    pub quiet: u64,
}

impl Generator {
    pub fn new(seed: u64) -> Self {
        let listed = (0..SOURCES).map(|_| VecDeque::new()).collect();
        Self { numbers: Numbers::of(seed), now: start(), next: 1, listed, news: 2, quiet: 40 }
    }

    /// Some time passes.
    pub fn pass(&mut self) -> Timestamp {
        let minutes = self.numbers.below(240);
        self.now = self.now.after(Duration::from_secs(60 * minutes + self.numbers.below(60)));
        self.now
    }

    /// One poll, some time after the one before.
    pub fn poll(&mut self) -> Poll {
        let at = self.pass();
        let source = self.numbers.below(SOURCES);
        if self.numbers.percent(self.quiet) {
            return poll(source, at, unchanged());
        }
        if self.numbers.percent(5) {
            let failure = Failure::new(FailureKind::Timeout, "there was no answer");
            return poll(source, at, Outcome::Failed(failure));
        }
        for _ in 0..self.numbers.below(self.news + 1) {
            let (number, dated) = match self.numbers.percent(35) {
                true => self.another(at),
                false => {
                    self.next += 1;
                    let hours = self.numbers.below(72);
                    (self.next, at.before(Duration::from_secs(3600 * hours)))
                }
            };
            self.listed[source as usize].push_front((number, 0, dated));
        }
        let mut deleted = Vec::new();
        if self.numbers.percent(15) && !self.listed[source as usize].is_empty() {
            let place = self.numbers.below(self.listed[source as usize].len() as u64) as usize;
            let (_, revision, dated) = &mut self.listed[source as usize][place];
            *revision += 1;
            *dated = at;
        }
        if self.numbers.percent(6)
            && let Some((number, ..)) = self.listed[source as usize].pop_back()
        {
            deleted.push((guid(source, number), None));
        }
        self.listed[source as usize].truncate(LISTED);
        let listed = self.listed[source as usize].clone();
        let entries = listed
            .iter()
            .map(|(number, revision, dated)| Arc::new(entry(source, *number, *revision, *dated)));
        read(source, at, entries.collect(), deleted, self.numbers.next())
    }

    /// What another source has listed lately, to be copied.
    fn another(&mut self, at: Timestamp) -> (u64, Timestamp) {
        let source = self.numbers.below(SOURCES) as usize;
        match self.listed[source].front() {
            Some((number, _, dated)) => (*number, *dated),
            None => {
                self.next += 1;
                (self.next, at)
            }
        }
    }

    /// A document of `source` that lists entries of these numbers, each dated as many hours
    /// before the history begins.
    pub fn listing(&mut self, source: u64, at: Timestamp, numbers: &[u64]) -> Poll {
        let entries = numbers.iter().map(|number| {
            let dated = start().before(Duration::from_secs(3600 * number));
            let mut entry = entry(source, *number, 0, dated);
            entry.title = title(source, *number);
            Arc::new(entry)
        });
        read(source, at, entries.collect(), Vec::new(), self.numbers.next())
    }
}

/// A document that lists one entry of [`Generator::listing`], revised.
pub fn revised(source: u64, at: Timestamp, number: u64) -> Poll {
    let mut entry = entry(source, number, 1, at);
    entry.title = title(source, number);
    read(source, at, vec![Arc::new(entry)], Vec::new(), number)
}

/// A document that lists one entry of [`Generator::listing`] at another address.
pub fn moved(source: u64, at: Timestamp, number: u64, address: &str) -> Poll {
    let mut entry = entry(source, number, 0, at);
    entry.title = title(source, number);
    entry.url = address.parse().ok();
    let hash = at.as_secs().unsigned_abs();
    read(source, at, vec![Arc::new(entry)], Vec::new(), hash)
}

/// A document that lists a notice anew, as a copy of the one at [`Generator::listing`]'s address.
pub fn copied(source: u64, at: Timestamp, number: u64, round: u64) -> Poll {
    let mut entry = entry(source, number, 0, at);
    entry.title = title(0, number);
    entry.guid = Some(guid(source, 1_000 + round));
    entry.url = format!("https://s{source}.example/again/{round}").parse().ok();
    entry.original = format!("https://s0.example/{number}").parse().ok();
    read(source, at, vec![Arc::new(entry)], Vec::new(), round)
}

/// A page that shows one notice after the other.
pub fn board() -> url::Url {
    "https://s0.example/notices/2025/board".parse().unwrap()
}

/// A document whose one entry is a notice on a page that shows one notice after the other.
pub fn on_one_page(number: u64, at: Timestamp) -> Poll {
    let mut entry = entry(0, number, 0, at);
    entry.url = Some(board());
    entry.title = entry.text.split(' ').take(6).collect::<Vec<_>>().join(" ");
    read(0, at, vec![Arc::new(entry)], Vec::new(), number)
}

/// The title of an entry that [`Generator::listing`] lists.
pub fn title(source: u64, number: u64) -> String {
    format!("Notice {number} of office {source} about the harbour")
}

/// The address of a source's document.
pub fn address(source: u64) -> String {
    format!("https://s{source}.example/feed")
}

fn guid(source: u64, number: u64) -> String {
    format!("tag:s{source}.example,2025:{number}")
}

fn entry(source: u64, number: u64, revision: u64, dated: Timestamp) -> Entry {
    const ABOUT: [&str; 4] = ["harbour", "bridge", "ferry", "harbour and the ferry"];
    const WORDS: [&str; 16] = [
        "timber", "signal", "winter", "copper", "ledger", "meadow", "anchor", "candle", "violet",
        "hammer", "saddle", "pepper", "mirror", "basket", "garden", "lantern",
    ];
    let mut entry = Entry::of(SourceId::new(format!("s{source}")));
    entry.guid = Some(guid(source, number));
    entry.url = format!("https://s{source}.example/{number}").parse().ok();
    let about = ABOUT[(number % 4) as usize];
    let suffix = if revision > 0 { format!(", revision {revision}") } else { String::new() };
    entry.title = format!("Notice {number} about the {about}{suffix}");
    let mut words = Numbers::of(number);
    let text: Vec<&str> = (0..40).map(|_| WORDS[words.below(16) as usize]).collect();
    entry.text = format!("{} {}", text.join(" "), revision);
    entry.summary = Some(format!("<p>{}</p>", entry.text));
    entry.published = Some(dated);
    entry.updated = Some(dated);
    entry
}

fn unchanged() -> Outcome {
    Outcome::Unchanged(Unchanged { not_modified: true, ..Unchanged::default() })
}

fn poll(source: u64, at: Timestamp, outcome: Outcome) -> Poll {
    let address = address(source);
    let location = Location::web(&address, address.parse().unwrap());
    Poll::of(&Source::at(SourceId::new(format!("s{source}")), location), at, outcome)
}

fn read(
    source: u64,
    at: Timestamp,
    entries: Vec<Arc<Entry>>,
    deleted: Vec<(String, Option<Timestamp>)>,
    hash: u64,
) -> Poll {
    let reading = Reading {
        validators: Validators::default(),
        freshness: Freshness::default(),
        bytes: 100,
        hash,
        broken_off: false,
        back: None,
        read_by: Default::default(),
        moved: None,
        feed: Feed::default(),
        entries,
        hints: Hints { deleted, ..Hints::default() },
        warnings: Vec::new(),
    };
    poll(source, at, Outcome::Read(Box::new(reading)))
}
