//! Compiles the configuration file to a plan, or to the list of all its problems.

mod changes;

mod compile;

mod file;

mod gather;

mod in_use;

pub mod opml;

mod problem;

mod read;

mod shared;

mod store_path;

mod text;

mod unclosed_list;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use changes::{Change, Effect, changes, pending};
pub use in_use::InUse;
pub use problem::{Note, Problem, Problems, Severity, counted};
pub use text::Position;

use gather::Gathered;
use url::Url;

use crate::dedup::Overrides;
use crate::model::{NodeName, Secret, Seed, Sources, Topic, TopicId, TopicVersion};
use crate::options::read::choices;
use crate::options::value::Filter;
use crate::store::Retention;
use crate::topics::{Language, TopicSet};
use crate::{fetch, parse, publish};

/// A configuration that compiled: nothing after it can fail because of the file.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The files it was read from.
    pub files: Vec<PathBuf>,
    /// A hash of all that they say; comments and order of keys do not count.
    pub digest: u64,
    /// Where the store is and how much memory it may use.
    pub store: StorePlan,
    /// Where to listen and what to say of ourselves.
    pub server: ServerPlan,
    /// How sources are asked.
    pub polling: fetch::Settings,
    /// Files that are written beside the server.
    pub publish: PublishPlan,
    /// Bounds on documents.
    pub parsing: parse::Limits,
    /// How hubs reach us, and which is ours.
    pub hub: HubPlan,
    /// Filter and format of the log.
    pub logging: LoggingPlan,
    /// The feeds that are read.
    pub sources: Sources,
    /// The feeds that are published; the same order as in `queries`.
    pub topics: Vec<Topic>,
    /// The topics' queries, compiled.
    pub queries: TopicSet,
    /// How words are stemmed.
    pub language: Language,
    /// Texts that topics must and must not match.
    pub samples: Vec<Sample>,
    /// Whether a reload is refused where one of them fails.
    pub reload: Reload,
    /// The operator's corrections of which entries are one story.
    pub overrides: Overrides,
    /// Who may read the topics that are not for everybody.
    pub access_rules: BTreeMap<TopicId, publish::AccessRule>,
    /// The cluster that this machine belongs to; `None` if it is alone.
    pub cluster: Option<Arc<ClusterPlan>>,
    /// The part that all nodes of a cluster share, as a configuration file; `None` for a machine
    /// alone.
    pub shared: Option<Arc<str>>,
    /// The part of the main file that the nodes of a cluster do not share.
    local: Arc<shared::Local>,
    /// See [`Plan::public_version`].
    public_version: Option<TopicVersion>,
    /// The options as they were written.
    written_options: Arc<changes::WrittenOptions>,
}

/// A plan, and what its author may not have meant.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The plan.
    pub plan: Plan,
    /// Warnings alone.
    pub warnings: Problems,
}

impl Plan {
    /// A hash of all that decides which stories are in a topic, how they are ordered and which
    /// of them stay: a stored place counts only under it.
    pub fn topic_version(&self, topic: usize) -> TopicVersion {
        let TopicVersion(query) = self.queries.topic_version(topic, &self.sources);
        let Topic { id, revisions, bounds, .. } = &self.topics[topic];
        let order = *revisions as u64 + 1;
        let mut hash = xxhash_rust::xxh3::Xxh3::with_seed(order);
        hash.update(&query.to_le_bytes());
        // Two topics of one query close their volumes at times of their own.
        hash.update(id.as_str().as_bytes());
        if bounds.is_bounded() {
            let age = bounds.age.map_or(u128::MAX, |age| age.as_millis());
            hash.update(&age.to_le_bytes());
            hash.update(&bounds.stories.unwrap_or(usize::MAX).to_le_bytes());
        }
        TopicVersion(hash.digest())
    }

    /// The version of the places of the stories that everybody may see; `None` where no topic is
    /// private, so that everybody may see every story.
    pub fn public_version(&self) -> Option<TopicVersion> {
        self.public_version
    }

    /// It follows from the queries and from which of them are private, in whatever order.
    fn hash_of_public(&self) -> Option<TopicVersion> {
        let topics = self.topics.iter().enumerate();
        let queries: BTreeSet<_> = topics
            .map(|(place, topic)| {
                let TopicVersion(query) = self.queries.topic_version(place, &self.sources);
                (query, topic.private)
            })
            .collect();
        let mut hash = xxhash_rust::xxh3::Xxh3::with_seed(u64::MAX);
        for (query, private) in queries {
            hash.update(&query.to_le_bytes());
            hash.update(&[u8::from(private)]);
        }
        self.has_private_topics().then(|| TopicVersion(hash.digest()))
    }

    /// Says what this plan takes away whole: an empty file, or a pattern of `include` with a typing error,
    /// loses every topic, and readers unsubscribe from feeds that are gone.
    pub fn loss_since(&self, before: &Self) -> Option<String> {
        let losses = [
            (before.sources.len(), self.sources.len(), "sources"),
            (before.topics.len(), self.topics.len(), "topics"),
        ];
        let lost = losses.into_iter().find(|(had, has, _)| *had > 0 && *has == 0);
        lost.map(|(had, _, what)| {
            format!(
                "the configuration has no {what}, and the plan in force has {had}; correct the file, \
                 or use `gazetted reload --force` if that is meant"
            )
        })
    }

    /// Whether any topic is private.
    pub fn has_private_topics(&self) -> bool {
        self.topics.iter().any(|topic| topic.private)
    }

    /// Whether a story in these topics, and in no others, is kept from who
    /// bears no key: none of them is for everybody. Any source's story in no
    /// topic at all is public, as its source is.
    pub fn hides(&self, topics: &[usize]) -> bool {
        !topics.is_empty() && topics.iter().all(|topic| self.topics[*topic].private)
    }

    /// Who may read which topic, by the names that it has and had.
    pub fn access_rules(&self) -> Vec<(TopicId, publish::AccessRule)> {
        let rule = |topic: &Topic| {
            let rule = self.access_rules.get(&topic.id)?;
            let names = std::iter::once(&topic.id).chain(&topic.formerly);
            Some(names.map(|name| (name.clone(), rule.clone())).collect::<Vec<_>>())
        };
        self.topics.iter().filter_map(rule).flatten().collect()
    }

    /// Reads a configuration file with all it includes and compiles it.
    ///
    /// The error holds everything that is wrong, warnings among it, each with
    /// its place and a remedy.
    pub fn load(path: &Path) -> Result<Loaded, Problems> {
        compile::compile(gather::gather(path), &compile::Environment::of_process())
    }

    /// Compiles a plan that the nodes of a cluster share, with the rest of the configuration as
    /// `own` has it. This node's files are not read: they may be being edited.
    pub fn of_shared(text: &str, own: &Self) -> Result<Loaded, Problems> {
        let path = own.files.first().cloned().unwrap_or_default();
        let mut gathered = Gathered::default();
        gathered.files.push(text::File::new(&path, text.to_owned()));
        let read = read::read(&gathered.files, 0, &mut gathered.problems);
        gathered.incomplete = read.is_none();
        let mut read = read.unwrap_or_default();
        if read.config.server.operators.is_some() && own.local.server.operators.is_none() {
            let message = "the nodes have a listener for operators, and this node has none";
            let help = "set `[server] operators` on this node, too: it decides what readers see";
            gathered.problems.push(Problem::error(message, help, Position::of_file(path)));
        }
        shared::add_local(&mut read.config, shared::Local::clone(&own.local));
        gathered.parts.push(read);
        let mut loaded = compile::compile(gathered, &compile::Environment::of_process())?;
        loaded.plan.files.clone_from(&own.files);
        loaded.plan.shared = loaded.plan.cluster.is_some().then(|| text.into());
        Ok(loaded)
    }

    /// The directory of the store that a file names, even where it cannot be used as a
    /// configuration. None where it cannot be read.
    pub fn store_path(file: &Path) -> Option<PathBuf> {
        store_path::of_broken_file(file, &compile::Environment::of_process())
    }

    /// Whether a file is part of the configuration.
    pub fn reads(&self, file: &Path) -> bool {
        let same = |known: &PathBuf| {
            known == file
                || known.canonicalize().is_ok_and(|known| Some(known) == file.canonicalize().ok())
        };
        self.files.iter().any(same)
    }
}

impl LoggingPlan {
    /// Directives as the file takes them; the error says what to write instead.
    ///
    /// # Errors
    /// They are no filter.
    pub fn filter_of(text: &str) -> Result<String, String> {
        match text.parse::<Filter>() {
            Ok(Filter(filter)) => Ok(filter),
            Err(complaint) => Err(format!("{}: {}", complaint.what, complaint.help)),
        }
    }
}

/// The compiled `[store]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StorePlan {
    /// Its directory.
    pub path: PathBuf,
    /// Bytes of cache.
    pub cache: u64,
    /// Bytes of its disk that stay free: with less, nothing more is taken in. None is a share
    /// of the disk.
    pub min_free: Option<u64>,
    /// How long stories and keys are kept.
    pub retention: Retention,
    /// How often a backup is written beside it, if ever.
    pub backups: Option<Duration>,
}

/// The compiled `[server]` table.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerPlan {
    /// Where to listen.
    pub listen: publish::Address,
    /// Where to listen to operators, if they have a listener of their own.
    pub operators: Option<publish::Address>,
    /// The part that all published feeds have in common.
    pub site: Arc<publish::Site>,
    /// Bounds on clients.
    pub limits: publish::Settings,
}

/// The compiled `[hub]` table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HubPlan {
    /// The address that sources' hubs call, up to the slash before a callback's token. `None` if
    /// no hub is asked to push.
    pub callback_base: Option<Url>,
    /// Whether this daemon runs a hub for its own feeds.
    pub runs_hub: bool,
    /// The external hub that is notified of every change.
    pub external_hub: Option<Url>,
}

/// The compiled `[cluster]` table.
#[derive(Debug, Clone)]
pub struct ClusterPlan {
    /// The name of the cluster.
    pub name: String,
    /// This machine's name.
    pub node: NodeName,
    /// The addresses of the NATS servers.
    pub servers: Vec<String>,
    /// The seed of the NKey that this machine has there.
    pub nkey: Option<Secret>,
    /// The certificate authority of the servers.
    pub ca_file: Option<PathBuf>,
    /// This machine's certificate and key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    /// The secret that all nodes share.
    pub secret: Seed,
    /// The rules version that this program applies.
    pub rules: u32,
    /// Whether this machine polls sources.
    pub polls: bool,
    /// How long a node may be silent or behind.
    pub node_timeout: Duration,
    /// How long turns stay in the stream.
    pub keep: Duration,
    /// How often a snapshot is put on the servers; `None` for never.
    pub snapshots: Option<Duration>,
    /// How far behind a node may be and be ready.
    pub ready_lag: Duration,
}

/// The compiled `[publish]` table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishPlan {
    /// Where the site is kept as files.
    pub directory: Option<PathBuf>,
    /// Private topics that are written there all the same.
    pub private: Vec<TopicId>,
}

/// The compiled `[logging]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggingPlan {
    /// `tracing_subscriber::EnvFilter` directives.
    pub filter: String,
    /// Lines for people, or JSON for programs.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people and journald.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// When a reload is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reload {
    /// When the configuration cannot be used.
    #[default]
    Lenient,
    /// Also when a topic's sample fails.
    Strict,
}

choices! { LogFormat, Reload }

/// A text that a topic must, or must not, match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The topic's place in the plan.
    pub topic: usize,
    /// The text, or a stored story's address.
    pub text: String,
    /// Whether the topic must match it.
    pub must_match: bool,
    /// File, line and column, for the report.
    pub at: String,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod reference;
