//! Records turns, and applies them again while other things happen in between.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use gazetted::config::Plan;
use gazetted::engine::Turn;
use gazetted::model::{Poll, SourceId, Timestamp, TopicVersion};
use gazetted::pipeline::EngineDriver;
use gazetted::publish::ResponseCache;
use gazetted::store::{self, InMemory, Store, TopicPlace};
use tempfile::TempDir;

use super::generator::{Generator, Numbers, SOURCES, address, start};

/// A configuration: `store` is its table, `lines` are further ones of the topic "harbour".
pub fn config(store: &str, lines: &str) -> String {
    let mut config =
        "[server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://feeds.example/\"\n".to_owned();
    config += if store.is_empty() { "[store]\npath = \"store\"\n" } else { store };
    for source in 0..SOURCES {
        let url = address(source);
        write!(config, "[[source]]\nid = \"s{source}\"\nurl = \"{url}\"\n").unwrap();
    }
    config += "[[topic]]\nid = \"all\"\ntitle = \"All\"\nquery = \"notice\"\nentries = 50\n";
    config += "[[topic]]\nid = \"bridge\"\ntitle = \"Bridges\"\nquery = \"bridge\"\nentries = 4\n";
    write!(
        config,
        "[[topic]]\nid = \"harbour\"\ntitle = \"Ships\"\nquery = \"harbour\"\n{lines}\n"
    )
    .unwrap();
    config
}

/// The same, where a topic is private: some stories are in no other.
pub fn with_private(topic: &str, config: &str) -> String {
    let id = format!("id = \"{topic}\"\n");
    config.replacen(&id, &format!("{id}access = \"key\"\n"), 1).replacen(
        "[store]\n",
        "[access]\nkeys_file = \"keys\"\n[store]\n",
        1,
    )
}

/// A configuration, compiled.
pub fn plan(config: &str) -> Arc<Plan> {
    let directory = tempfile::tempdir().unwrap();
    let keys = directory.path().join("keys");
    std::fs::write(&keys, "press:a-key-of-more-than-thirty-two-characters\n").unwrap();
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    let path = directory.path().join("gazetted.toml");
    std::fs::write(&path, config).unwrap();
    Arc::new(Plan::load(&path).unwrap().plan)
}

/// Opens an engine over a store.
pub async fn opened(
    config: &str,
    store: &Arc<InMemory>,
    now: Timestamp,
) -> (EngineDriver, Arc<ResponseCache>) {
    open(plan(config), store.clone(), now).await
}

async fn open(
    plan: Arc<Plan>,
    store: Arc<dyn Store>,
    now: Timestamp,
) -> (EngineDriver, Arc<ResponseCache>) {
    let cache: Arc<ResponseCache> = Arc::default();
    (EngineDriver::open(plan, store, cache.clone(), now).await.unwrap(), cache)
}

/// A store in memory, or the daemon's own in a directory.
struct Kept {
    store: Arc<dyn Store>,
    directory: Option<TempDir>,
}

impl Kept {
    fn new(on_disk: bool) -> Self {
        if !on_disk {
            return Self { store: Arc::<InMemory>::default(), directory: None };
        }
        let directory = tempfile::tempdir().unwrap();
        Self { store: opened_in(&directory), directory: Some(directory) }
    }

    /// As a restart does.
    fn reopen(&mut self) {
        if let Some(directory) = &self.directory {
            self.store.close().unwrap();
            self.store = opened_in(directory);
        }
    }
}

fn opened_in(directory: &TempDir) -> Arc<dyn Store> {
    store::open(&directory.path().join("store"), 16 << 20).unwrap()
}

/// Turns, and what they came to when they were recorded.
pub struct Recorded {
    plan: Arc<Plan>,
    turns: Vec<Turn>,
    records: Vec<String>,
}

impl Recorded {
    /// A digest of all that the store holds after the turns.
    pub fn digest(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for record in &self.records {
            hasher.update(record.as_bytes()).update(b"\n");
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }
}

/// Records so many turns: polls, now and then the next plan, and what follows from that.
pub async fn record(configs: &[String], generator: &mut Generator, count: usize) -> Recorded {
    let plans: Vec<_> = configs.iter().map(|config| plan(config)).collect();
    let store: Arc<InMemory> = Arc::default();
    let (mut driver, _) = open(plans[0].clone(), store.clone(), start()).await;
    let mut turns = Vec::new();
    let mut next = 1;
    while turns.len() < count || driver.is_filling() {
        if driver.is_filling() {
            match driver.turn_due(generator.pass()) {
                Some(turn) => turns.push(turn),
                None => {
                    driver.fill_slice().await.unwrap();
                    turns.push(Turn::Polls(vec![generator.poll()]));
                }
            }
        } else if plans.len() > 1 && turns.len() > count * next / 5 {
            let plan = plans[next % plans.len()].clone();
            turns.push(Turn::Plan { plan, at: generator.pass() });
            next += 1;
        } else {
            turns.push(Turn::Polls(vec![generator.poll()]));
        }
        driver.apply(turns.last().unwrap().clone()).await.unwrap();
    }
    Recorded { plan: plans[0].clone(), turns, records: records(&*store) }
}

fn records(store: &dyn Store) -> Vec<String> {
    store.records().map(|record| serde_json::to_string(&record.unwrap()).unwrap()).collect()
}

/// What happens between turns.
pub struct Disturbed {
    group: usize,
    publish: usize,
    restart: Option<(usize, Duration)>,
    fill: bool,
    /// What is served is noted before every turn but polls.
    notes: bool,
    numbers: Option<Numbers>,
    on_disk: bool,
}

impl Disturbed {
    fn none() -> Self {
        let (publish, restart, numbers) = (usize::MAX, None, None);
        Self { group: 1, publish, restart, fill: false, notes: false, numbers, on_disk: false }
    }

    /// Over the daemon's own store instead of the one in memory.
    pub fn on_disk(self) -> Self {
        Self { on_disk: true, ..self }
    }

    /// Polls are applied so many in a turn.
    pub fn grouping(group: usize) -> Self {
        Self { group, publish: 1, ..Self::none() }
    }

    /// Feeds are published after so many turns.
    pub fn publishing(publish: usize) -> Self {
        Self { publish, ..Self::none() }
    }

    /// There is a restart after so many turns, with a clock so far ahead.
    pub fn restarting(every: usize, ahead: Duration) -> Self {
        Self { restart: Some((every, ahead)), ..Self::none() }
    }

    /// Topics are filled as soon, or as late, as may be.
    pub fn filling(at_once: bool) -> Self {
        Self { fill: at_once, notes: true, ..Self::none() }
    }

    /// What is served is noted before every turn but polls.
    pub fn noting(self) -> Self {
        Self { notes: true, ..self }
    }

    /// All of that at random, and kills, and compressing.
    pub fn at_random(seed: u64) -> Self {
        Self { numbers: Some(Numbers::of(seed)), ..Self::none() }
    }
}

/// A path, what is served there, and its Last-Modified.
type Served = (String, String, i64);

/// What turns came to.
pub struct Outcome {
    pub records: Vec<String>,
    documents: Vec<Served>,
    /// What was served before the end, where that was noted.
    noted: Vec<Served>,
    /// The places of every topic and archive, and of all stories.
    places: Vec<(TopicVersion, Vec<TopicPlace>)>,
    kept: Kept,
    plan: Arc<Plan>,
}

/// Applies recorded turns to an empty store.
pub async fn replay(recorded: &Recorded, disturbed: &mut Disturbed) -> Outcome {
    let mut kept = Kept::new(disturbed.on_disk);
    let mut plan = recorded.plan.clone();
    let (mut driver, mut cache) = open(plan.clone(), kept.store.clone(), start()).await;
    let mut turns = recorded.turns.iter().peekable();
    let (mut applied, mut now, mut noted) = (0, start(), Vec::new());
    while let Some(turn) = turns.next() {
        let group = match &mut disturbed.numbers {
            Some(numbers) => 1 + numbers.below(9) as usize,
            None => disturbed.group,
        };
        let turn = match turn {
            Turn::Polls(first) => {
                let mut polls = first.clone();
                while polls.len() < group
                    && let Some(Turn::Polls(further)) = turns.peek()
                    && further.iter().all(|poll| !has(&polls, &poll.source))
                {
                    polls.extend(further.clone());
                    turns.next();
                }
                Turn::Polls(polls)
            }
            turn => turn.clone(),
        };
        now = turn.at();
        if disturbed.notes && !matches!(turn, Turn::Polls(_)) {
            driver.publish().await.unwrap();
            noted.extend(served(&cache));
        }
        if let Turn::Plan { plan: next, .. } = &turn {
            plan = next.clone();
        }
        driver.apply(turn).await.unwrap();
        applied += 1;
        let (mut publishes, mut restarts, mut fills) =
            (applied % disturbed.publish == 0, None, disturbed.fill);
        if let Some((every, ahead)) = disturbed.restart {
            restarts = (applied % every == 0).then_some(ahead);
        }
        if let Some(numbers) = &mut disturbed.numbers {
            publishes = numbers.percent(30);
            fills = numbers.percent(30);
            let ahead = Duration::from_secs(3600 * numbers.below(2000));
            restarts = numbers.percent(8).then_some(ahead);
            if numbers.percent(20) {
                cache.compress();
            }
        }
        if publishes {
            driver.publish().await.unwrap();
        }
        while fills && driver.is_filling() && driver.turn_due(now).is_none() {
            driver.fill_slice().await.unwrap();
        }
        if let Some(ahead) = restarts {
            drop(driver);
            kept.reopen();
            (driver, cache) = open(plan.clone(), kept.store.clone(), now.after(ahead)).await;
        }
    }
    driver.publish().await.unwrap();
    drop(driver);
    // What is served is what a start serves.
    kept.reopen();
    let (_, shelf_after) = open(plan.clone(), kept.store.clone(), now).await;
    let documents = served(&shelf_after);
    for (before, after) in served(&cache).iter().zip(&documents) {
        assert_eq!((&before.0, before.2), (&after.0, after.2), "the Last-Modified after a restart");
        assert_text(&before.1, &after.1, &after.0);
    }
    let records = records(&*kept.store);
    let filled = kept.store.filled().unwrap().into_iter();
    let places = filled.map(|of| (of, kept.store.places(of, None, usize::MAX).unwrap()));
    Outcome { records, documents, noted, places: places.collect(), kept, plan }
}

fn served(cache: &ResponseCache) -> Vec<Served> {
    let dated = |at: Option<Timestamp>| at.map_or(0, Timestamp::as_secs);
    let documents = cache.documents().into_iter();
    documents.map(|one| (one.path, one.text, dated(one.modified))).collect()
}

fn has(polls: &[Poll], source: &SourceId) -> bool {
    polls.iter().any(|poll| poll.source == *source)
}

/// Fails with the first line that differs.
fn assert_text(one: &str, another: &str, what: &str) {
    for (one, another) in one.lines().zip(another.lines()) {
        let same = one.bytes().zip(another.bytes()).take_while(|(a, b)| a == b).count();
        let from = |line: &str| line.chars().skip(same.saturating_sub(200)).take(400).collect();
        let (one, another): (String, String) = (from(one), from(another));
        assert_eq!(one, another, "{what}");
    }
    assert_eq!(one.lines().count(), another.lines().count(), "{what}");
}

impl Outcome {
    /// Fails with the first thing that differs.
    pub fn assert_same(&self, other: &Self, how: &str) {
        for (one, another) in self.records.iter().zip(&other.records) {
            assert_text(one, another, how);
        }
        assert_eq!(self.records.len(), other.records.len(), "{how}: records");
        assert_eq!(self.places, other.places, "{how}: places");
        for (served, others) in [(&self.noted, &other.noted), (&self.documents, &other.documents)] {
            for (one, another) in served.iter().zip(others) {
                assert_eq!((&one.0, one.2), (&another.0, another.2), "{how}: Last-Modified");
                assert_text(&one.1, &another.1, &format!("{how}: {}", one.0));
            }
            assert_eq!(served.len(), others.len(), "{how}: documents");
        }
    }

    /// How many documents were noted before the end.
    pub fn noted(&self) -> usize {
        self.noted.len()
    }

    /// How many stories are in no feed but private ones.
    pub fn hidden(&self) -> usize {
        let held = |of: TopicVersion| {
            self.places.iter().find(|(known, _)| *known == of).map_or(0, |(_, held)| held.len())
        };
        held(TopicVersion(0)) - self.plan.public_version().map_or(held(TopicVersion(0)), held)
    }

    /// How many volumes closed.
    pub fn volumes(&self) -> usize {
        let paths = self.kept.store.archive("/topics/").unwrap();
        paths.iter().filter(|path| path.ends_with(".feeds")).count()
    }

    /// What is served at a path.
    pub fn body(&self, path: &str) -> &str {
        let document = self.documents.iter().find(|(known, ..)| known == path);
        &document.unwrap_or_else(|| panic!("{path} is served")).1
    }

    /// The stories of a topic that its feed or a volume tells, by published id.
    pub fn told(&self, topic: &str) -> BTreeSet<String> {
        let mut text = self.body(&format!("/topics/{topic}.json")).to_owned();
        for path in self.kept.store.archive(&format!("/topics/{topic}/archive/")).unwrap() {
            text += &self.kept.store.archived(&path).unwrap().unwrap();
        }
        let stories = self.kept.store.stories(None, 100_000).unwrap().into_iter();
        stories.map(|story| story.published_id).filter(|id| text.contains(&**id)).collect()
    }

    /// The stories that a topic holds, by published id.
    pub fn held(&self, topic: &str) -> BTreeSet<String> {
        let place = self.plan.topics.iter().position(|one| one.id.as_str() == topic).unwrap();
        let stories = self.kept.store.stories(None, 100_000).unwrap().into_iter();
        let is_in = |story: &gazetted::model::Story| {
            let subject = self.plan.queries.subject(story, &self.plan.sources);
            story.stands() && self.plan.queries.is_in(&subject, place)
        };
        stories.filter(is_in).map(|story| story.published_id).collect()
    }
}
