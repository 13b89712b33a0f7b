//! Counts what the daemon does, and writes it for `/metrics` as OpenMetrics.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::text::{encode_eof, encode_registry};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::source_status::SourceStatus;
use crate::model::{Outcome, Poll, SourceId, Story, Timestamp, TopicId, Verdict};

pub use cluster_metrics::{ClusterMetrics, NodeFigures};

mod cluster_metrics;

/// Counts what happens, for operators. The loop tells it; nothing is decided by it.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// The metrics that count stories which not everybody may see.
    of_all_stories: Registry,
    polls: Family<Polled, Counter>,
    pushes: Family<Pushed, Counter>,
    deliveries: Family<Delivered, Counter>,
    subscribers: Gauge,
    bytes: Family<OfSource, Counter>,
    entries: Family<OfSource, Counter>,
    news_delay: Family<OfSource, Histogram, fn() -> Histogram>,
    verdicts: Family<Judged, Counter>,
    gathering: Histogram,
    commit: Histogram,
    topic_stories: Mutex<BTreeMap<TopicId, usize>>,
    stories: Gauge,
    store_bytes: Gauge,
    backup_made: Gauge,
    backup_bytes: Gauge,
    cluster: ClusterMetrics,
}

/// The values that are read at a scrape rather than counted.
pub(super) struct ScrapeValues<'a> {
    pub sources: &'a [SourceStatus],
    /// The answers by path, as far as the reader may know the paths.
    pub tallies: Vec<(String, Arc<Tally>)>,
    /// When the response cache last changed, as far as the reader may know.
    pub changed: Option<Timestamp>,
    /// Whether there are stories that the reader may not know of: then nothing counts them.
    pub hides: bool,
    /// Whether what is read is admitted.
    pub ready: bool,
    pub now: Timestamp,
}

/// How often a document was sent, and how often its reader had it already.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub full: AtomicU64,
    pub unchanged: AtomicU64,
}

impl Tally {
    /// Whether it was asked for at all.
    pub(super) fn is_any(&self) -> bool {
        [&self.full, &self.unchanged].iter().any(|count| count.load(Ordering::Relaxed) > 0)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSource {
    source: Name<SourceId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Polled {
    source: Name<SourceId>,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Pushed {
    source: Name<SourceId>,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Delivered {
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTopic {
    topic: Name<TopicId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Judged {
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Served {
    path: String,
    /// Of which topic it is a feed or the page; empty otherwise.
    topic: String,
    answer: &'static str,
}

/// A name of the configuration as a label's value: shared, not copied.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Name<T>(T);

impl<T: std::fmt::Display> EncodeLabelValue for Name<T> {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.0.to_string().encode(encoder)
    }
}

/// From a minute to eleven days: how old news is when it is first seen.
fn news_delays() -> Histogram {
    Histogram::new(exponential_buckets(60.0, 4.0, 8))
}

/// From a millisecond to eight seconds.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 14))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("gazetted"),
            of_all_stories: Registry::with_prefix("gazetted"),
            polls: Family::default(),
            pushes: Family::default(),
            deliveries: Family::default(),
            subscribers: Gauge::default(),
            bytes: Family::default(),
            entries: Family::default(),
            news_delay: Family::new_with_constructor(news_delays),
            verdicts: Family::default(),
            gathering: durations(),
            commit: durations(),
            topic_stories: Mutex::default(),
            stories: Gauge::default(),
            store_bytes: Gauge::default(),
            backup_made: Gauge::default(),
            backup_bytes: Gauge::default(),
            cluster: ClusterMetrics::default(),
        };
        metrics.register();
        metrics
    }
}

impl Metrics {
    /// Metrics that have counted nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn register(&mut self) {
        let to = &mut self.registry;
        to.register("polls", "Polls by outcome", self.polls.clone());
        to.register("pushes", "Deliveries by hubs of sources, by result", self.pushes.clone());
        to.register("subscribers", "Subscriptions at our hub", self.subscribers.clone());
        let delivered = "Deliveries to subscribers of our hub, by result";
        to.register("deliveries", delivered, self.deliveries.clone());
        drop(self.deliveries.get_or_create(&Delivered { result: "taken" }));
        to.register("entries", "Entries read", self.entries.clone());
        let bytes = "Bytes received of a source";
        to.register_with_unit("poll", bytes, Unit::Bytes, self.bytes.clone());
        let made = "When the last automatic backup was made; 0 where there is none";
        to.register("backup_timestamp_seconds", made, self.backup_made.clone());
        let backup = "Size of the last automatic backup";
        to.register_with_unit("backup", backup, Unit::Bytes, self.backup_bytes.clone());
        let delay = "From an entry's publication to when it was first seen";
        to.register_with_unit("news_delay", delay, Unit::Seconds, self.news_delay.clone());
        let gathering = "From the end of polls to their stories being served";
        to.register_with_unit("gathering", gathering, Unit::Seconds, self.gathering.clone());
        let commit = "From asking for a commit to its being durable";
        to.register_with_unit("commit", commit, Unit::Seconds, self.commit.clone());
        let store = "Space the store takes on disk";
        to.register_with_unit("store", store, Unit::Bytes, self.store_bytes.clone());
        let to = &mut self.of_all_stories;
        to.register("verdicts", "Entries by verdict", self.verdicts.clone());
        to.register("stories", "Stories in the store", self.stories.clone());
    }

    /// The metrics of a node of a cluster.
    pub fn cluster(&self) -> &ClusterMetrics {
        &self.cluster
    }

    /// A poll was settled.
    pub fn polled(&self, poll: &Poll) {
        let source = Name(poll.source.clone());
        let (outcome, bytes, entries) = match &poll.outcome {
            Outcome::Read(reading) => ("read", reading.bytes, reading.entries.len()),
            Outcome::Unchanged(answer) if answer.not_modified => ("not-modified", answer.bytes, 0),
            Outcome::Unchanged(answer) => ("same-bytes", answer.bytes, 0),
            Outcome::Failed(failure) => (failure.kind.as_str(), 0, 0),
            // No poll: it is counted when it comes.
            Outcome::Pushed(reading) => {
                let entries = reading.entries.len() as u64;
                self.entries.get_or_create(&OfSource { source }).inc_by(entries);
                return;
            }
        };
        self.polls.get_or_create(&Polled { source: source.clone(), outcome }).inc();
        let of_source = OfSource { source };
        self.bytes.get_or_create(&of_source).inc_by(bytes);
        self.entries.get_or_create(&of_source).inc_by(entries as u64);
    }

    /// A hub sent something: `read`, `ping`, `forged` or `unreadable`.
    pub fn pushed(&self, source: &SourceId, result: &'static str) {
        self.pushes.get_or_create(&Pushed { source: Name(source.clone()), result }).inc();
    }

    /// A delivery to a subscriber of our hub ended: `taken`, `failed` or `gone`.
    pub fn delivered(&self, result: &'static str) {
        self.deliveries.get_or_create(&Delivered { result }).inc();
    }

    /// How many subscriptions there are at our hub.
    pub fn subscribed(&self, subscriptions: usize) {
        self.subscribers.set(subscriptions.try_into().unwrap_or(i64::MAX));
    }

    /// Entries were judged.
    pub fn admitted(&self, admitted: &[(Verdict, Arc<Story>)]) {
        for (came_to, story) in admitted {
            let verdict = came_to.as_str();
            self.verdicts.get_or_create(&Judged { verdict }).inc();
            if matches!(came_to, Verdict::New | Verdict::Joined) {
                self.seen(story);
            }
        }
    }

    /// The youngest member of a story is news: how old was it?
    fn seen(&self, story: &Story) {
        let Some(member) = story.members.iter().max_by_key(|member| member.joined) else {
            return;
        };
        if let Some(published) = member.entry.published {
            let label = OfSource { source: Name(member.entry.source.clone()) };
            let delay = published.until(member.joined);
            self.news_delay.get_or_create(&label).observe(delay.as_secs_f64());
        }
    }

    /// The time from the end of a batch of polls until their changes are served.
    pub fn gathered(&self, took: Duration) {
        self.gathering.observe(took.as_secs_f64());
    }

    /// A commit became durable in this time.
    pub fn committed(&self, took: Duration) {
        self.commit.observe(took.as_secs_f64());
    }

    /// How many stories the store holds, in how many bytes.
    pub fn stored(&self, stories: u64, bytes: u64) {
        self.stories.set(stories.try_into().unwrap_or(i64::MAX));
        self.store_bytes.set(bytes.try_into().unwrap_or(i64::MAX));
    }

    /// When the last automatic backup was made, and its size.
    pub fn backed_up(&self, made: Timestamp, bytes: u64) {
        self.backup_made.set(made.as_secs());
        self.backup_bytes.set(bytes.try_into().unwrap_or(i64::MAX));
    }

    /// How many stories a topic's feed holds.
    pub fn published(&self, topic: &TopicId, stories: usize) {
        let mut counts = self.topic_stories.lock().unwrap_or_else(PoisonError::into_inner);
        counts.insert(topic.clone(), stories);
    }

    /// Everything as OpenMetrics text: what was counted, and what can be seen now.
    pub(super) fn text(&self, values: ScrapeValues<'_>) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        encode_registry(&mut text, &self.registry)?;
        if !values.hides {
            encode_registry(&mut text, &self.of_all_stories)?;
        }
        if let Some(registry) = self.cluster.registry() {
            encode_registry(&mut text, registry)?;
        }
        encode_registry(&mut text, &of_sources(values.sources, values.now))?;
        encode_registry(&mut text, &of_daemon(values.ready, values.changed))?;
        encode_registry(&mut text, &self.of_topics(&values.tallies))?;
        encode_registry(&mut text, &of_readers(values.tallies))?;
        encode_eof(&mut text)?;
        Ok(text)
    }

    /// How many stories each topic holds, of the topics whose feeds are among `served`.
    fn of_topics(&self, served: &[(String, Arc<Tally>)]) -> Registry {
        let shown: BTreeSet<&str> = served.iter().map(|(path, _)| topic_of(path)).collect();
        let counts = self.topic_stories.lock().unwrap_or_else(PoisonError::into_inner);
        let family = Family::<OfTopic, Gauge>::default();
        for (topic, stories) in counts.iter().filter(|(topic, _)| shown.contains(topic.as_str())) {
            let label = OfTopic { topic: Name(topic.clone()) };
            family.get_or_create(&label).set((*stories).try_into().unwrap_or(i64::MAX));
        }
        let mut registry = Registry::with_prefix("gazetted");
        registry.register("topic_stories", "Stories in a topic's feed", family);
        registry
    }
}

/// How each source is now.
fn of_sources(states: &[SourceStatus], now: Timestamp) -> Registry {
    let mut registry = Registry::with_prefix("gazetted_source");
    let mut gauge = |name: &str, help: &str, value: &dyn Fn(&SourceStatus) -> Option<i64>| {
        let family = Family::<OfSource, Gauge>::default();
        for state in states {
            if let Some(value) = value(state) {
                let label = OfSource { source: Name(state.source.id.clone()) };
                family.get_or_create(&label).set(value);
            }
        }
        registry.register(name, help, family);
    };
    let seconds = |moment: Option<Timestamp>| moment.map(Timestamp::as_secs);
    gauge("up", "Whether the source answers and is being read", &|state| {
        Some(i64::from(state.condition(now).is_up()))
    });
    gauge("failures", "Failures in a row", &|state| Some(state.state.failures.into()));
    gauge("last_news_timestamp_seconds", "When it last listed something new", &|state| {
        seconds(state.state.last_news)
    });
    gauge("last_success_timestamp_seconds", "When it last answered well", &|state| {
        seconds(state.state.last_success)
    });
    gauge("next_poll_timestamp_seconds", "When it is asked next", &|state| {
        let next = state.next_poll(now);
        seconds(Some(next).filter(|next| *next > Timestamp::EPOCH))
    });
    gauge("held", "Whether its server asked to be left alone", &|state| {
        Some(i64::from(state.held(now).is_some()))
    });
    gauge("held_until_timestamp_seconds", "Until when its server is left alone", &|state| {
        seconds(state.held(now).map(|hold| hold.until))
    });
    registry
}

/// How the daemon itself is now.
fn of_daemon(ready: bool, changed: Option<Timestamp>) -> Registry {
    let mut registry = Registry::with_prefix("gazetted");
    let gauge = |value: i64| {
        let gauge = Gauge::<i64>::default();
        gauge.set(value);
        gauge
    };
    let help = "Whether the loop runs and admits what it reads";
    registry.register("ready", help, gauge(ready.into()));
    if let Some(changed) = changed {
        let help = "When anything that is served last changed";
        registry.register("shelf_changed_timestamp_seconds", help, gauge(changed.as_secs()));
    }
    registry
}

/// How often each document was asked for.
fn of_readers(served: Vec<(String, Arc<Tally>)>) -> Registry {
    let mut registry = Registry::with_prefix("gazetted");
    let family = Family::<Served, Counter>::default();
    for (path, tally) in served {
        let topic = topic_of(&path).to_owned();
        let full = tally.full.load(Ordering::Relaxed);
        let unchanged = tally.unchanged.load(Ordering::Relaxed);
        for (answer, count) in [("full", full), ("unchanged", unchanged)] {
            family
                .get_or_create(&Served { path: path.clone(), topic: topic.clone(), answer })
                .inc_by(count);
        }
    }
    registry.register(
        "requests",
        "Requests for documents in the response cache, by answer",
        family,
    );
    registry
}

/// The topic whose feed or page a path is; nothing otherwise.
fn topic_of(path: &str) -> &str {
    let rest = path.strip_prefix("/topics/").unwrap_or_default();
    rest.split(['.', '/']).next().unwrap_or_default()
}
