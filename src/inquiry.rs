//! Answers questions about the stored data, as data.
//!
//! The command line, the pages and the control socket ask the same questions
//! and get the same answers. Reading only.

use std::sync::{Arc, RwLock};

use serde::{Deserialize, Serialize};
use url::Url;

use crate::config::{InUse, Plan};
use crate::dedup;
use crate::engine::{self, FillProgress, SourceStates};
use crate::fetch::{self, Holds};
use crate::model::{
    Key, LookBack, SourceHold, SourceId, SourceState, Story, StoryId, Timestamp, Topic, TopicId,
};
use crate::store::{Store, StoreError, TopicPlace};
use losses::Wanted;
use try_query::Scope;

pub mod changes;

mod details;

pub mod explain;

pub mod export;

pub mod losses;

pub mod polled;

pub mod samples;

pub mod static_site;

pub mod split;

pub mod status;

pub mod try_query;

/// Everything that can be asked about: the plan, the stories, the memories.
pub struct Records {
    plan: RwLock<Arc<Plan>>,
    store: Arc<dyn Store>,
    source_states: SourceStates,
    fill_progress: Arc<FillProgress>,
    /// The options that need a restart, as a running daemon uses them.
    in_use: Option<InUse>,
}

impl Records {
    /// Records over a plan, a store and what is remembered of the sources.
    pub fn new(plan: Arc<Plan>, store: Arc<dyn Store>, source_states: SourceStates) -> Self {
        let (fill_progress, in_use) = Default::default();
        Self { plan: RwLock::new(plan), store, source_states, fill_progress, in_use }
    }

    /// The same of a daemon, which may be filling topics, and which starts with the plan.
    pub fn of_daemon(self, fill_progress: Arc<FillProgress>) -> Self {
        let in_use = Some(InUse::since_start(&self.plan()));
        Self { fill_progress, in_use, ..self }
    }

    /// The options that need a restart, as they are used now.
    pub fn in_use(&self) -> InUse {
        self.in_use.clone().unwrap_or_else(|| InUse::since_start(&self.plan()))
    }

    /// The plan in force.
    pub fn plan(&self) -> Arc<Plan> {
        self.plan.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Answers by `plan` from now on.
    pub fn replan(&self, plan: Arc<Plan>) {
        *self.plan.write().unwrap_or_else(std::sync::PoisonError::into_inner) = plan;
    }

    /// The store.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The state of one source.
    pub fn source_state(&self, source: &SourceId) -> SourceState {
        let source_states =
            self.source_states.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        source_states.get(source).map(|state| SourceState::clone(state)).unwrap_or_default()
    }

    /// The holds of origins, as they follow from what is remembered of all sources.
    pub fn holds(&self) -> Holds {
        let plan = self.plan();
        let source_states =
            self.source_states.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let known = plan.sources.values().filter_map(|source| {
            let state = source_states.get(&source.id)?;
            // Of an address that the operator has changed, it says nothing.
            let is_of_it = state.of.is_none_or(|of| of == source.location.hash());
            is_of_it.then_some((&**source, &**state))
        });
        Holds::of(known)
    }

    /// The holds and floors that a poll of this source would override at this moment, in words.
    pub fn overridden(&self, source: &SourceId, now: Timestamp) -> Vec<String> {
        let plan = self.plan();
        let Some(source) = plan.sources.get(source) else { return Vec::new() };
        let hold = self.hold(&source.id, now);
        fetch::overridden(source, &self.source_state(&source.id), hold.as_ref(), &plan.polling, now)
    }

    /// The hold of a source at a moment, if there is one.
    pub fn hold(&self, source: &SourceId, now: Timestamp) -> Option<SourceHold> {
        let plan = self.plan();
        let source = plan.sources.get(source)?;
        self.holds().hold(source, &self.source_state(&source.id), now)
    }

    /// The story that `name` means: its id, its published id, or the address
    /// of any of its entries.
    pub fn find(&self, name: &str) -> Result<Option<Story>, StoreError> {
        if let Ok(id) = name.parse::<StoryId>()
            && let Some(story) = self.store.story(id)?
        {
            return self.followed(story).map(Some);
        }
        let mut keys: Vec<Key> = vec![dedup::published_key(name)];
        keys.extend(Url::parse(name).ok().into_iter().flat_map(|url| dedup::keys_of_address(&url)));
        let known = self.store.lookalikes(&keys)?;
        let bearer = keys.iter().filter_map(|key| known.by_key.get(key)).flatten();
        let mut bearers = bearer.filter_map(|id| known.stories.get(id));
        bearers.next().map(|story| self.followed(Story::clone(story))).transpose()
    }

    /// The story itself, or the one that an operator has joined it with.
    fn followed(&self, story: Story) -> Result<Story, StoreError> {
        let mut seen = vec![story.id];
        let mut story = story;
        while let Some(into) = story.merged_into
            && !seen.contains(&into)
            && let Some(next) = self.store.story(into)?
        {
            seen.push(into);
            story = next;
        }
        Ok(story)
    }

    /// Whether a topic keeps a story that its query has.
    fn keeps(&self, topic: usize, story: &Story) -> Result<bool, StoreError> {
        let plan = self.plan();
        let Topic { bounds, .. } = &plan.topics[topic];
        let place = TopicPlace { date: plan.topics[topic].date_of(story), story: story.id };
        let version = engine::listed_version(&*self.store, &plan, topic)?;
        Ok(!bounds.is_bounded() || engine::holds(&*self.store, version, place)?)
    }

    /// Every story, oldest first, a slice at a time; `visit` ends it by `false`.
    pub fn each_story(&self, mut visit: impl FnMut(Story) -> bool) -> Result<(), StoreError> {
        let mut after: Option<(Timestamp, StoryId)> = None;
        loop {
            let stories = self.store.stories(after, SLICE)?;
            let Some(last) = stories.last() else { return Ok(()) };
            after = Some((last.first_seen, last.id));
            for story in stories {
                if !visit(story) {
                    return Ok(());
                }
            }
        }
    }
}

/// Stories read at a time.
const SLICE: usize = 500;

/// The questions of the commands that only read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Question {
    /// How is every source doing? One [`status::SourceReport`] each.
    Status,
    /// By which configuration? One hash, [`Plan::digest`].
    Digest,
    /// Which topics fell silent? One [`crate::model::TopicSilence`] each.
    Silences,
    /// Which topics are being filled? One [`crate::engine::TopicFillProgress`] each.
    FillProgress,
    /// How is our hub doing? One [`status::HubStatus`], or nothing where there is none.
    Hub,
    /// The stored data and its size: one [`status::KeptStatus`].
    Kept,
    /// Which changes wait for a restart? One line each.
    Pending,
    /// Which losses would a plan bring? One [`losses::Losses`].
    Losses {
        /// The parts of the plan that take something away.
        wanted: Wanted,
    },
    /// Why is this story what it is? One [`explain::ExplainedStory`], or nothing.
    Explain {
        /// An address or an id.
        story: String,
    },
    /// How is an entry kept out of its story? One [`split::SplitAnswer`], or nothing.
    Split {
        /// The story: an address or an id.
        story: String,
        /// The entry's address.
        address: Url,
    },
    /// Every story: one [`export::ExportedStory`] each.
    Export,
    /// Everything that cannot be derived, but for secrets: one [`store::Record`](crate::store::Record) each.
    Records,
    /// The published archive: [`changes::ArchiveLine`]s.
    Archive {
        /// The stories dated since, if any are wanted.
        since: Option<Timestamp>,
        /// Stories to look up, by address or id.
        named: Vec<String>,
    },
    /// The stories that a query would have matched: one [`try_query::TrialAnswer`].
    Try {
        /// In the language of topics.
        query: String,
        /// How far to look back, by the stories' dates.
        span: LookBack,
        /// A topic to compare with.
        topic: Option<TopicId>,
        /// So many stories are reported.
        sample: usize,
        /// So many stories that nearly match are reported.
        near: usize,
    },
}

impl Records {
    /// Answers a question, a value at a time; `line` ends it by `false`.
    pub fn answer(
        &self,
        question: &Question,
        now: Timestamp,
        mut line: impl FnMut(serde_json::Value) -> bool,
    ) -> Result<(), StoreError> {
        match question {
            Question::Status => {
                self.status(now).iter().map(as_json).all(line);
            }
            Question::Digest => {
                line(as_json(&self.plan().digest));
            }
            Question::Silences => {
                self.silences()?.iter().map(as_json).all(line);
            }
            Question::FillProgress => {
                self.fill_progress.all().iter().map(as_json).all(line);
            }
            Question::Hub => {
                self.hub_status()?.iter().map(as_json).all(line);
            }
            Question::Kept => {
                line(as_json(&self.kept(now)?));
            }
            Question::Pending => {
                self.pending().iter().map(as_json).all(line);
            }
            Question::Losses { wanted } => {
                line(as_json(&self.losses(wanted, now)?));
            }
            Question::Explain { story } => {
                if let Some(story) = self.find(story)? {
                    line(as_json(&self.explained(&story, now)?));
                }
            }
            Question::Split { story, address } => {
                if let Some(split) = self.split(story, address)? {
                    line(as_json(&split));
                }
            }
            Question::Try { query, span, topic, sample, near } => {
                let versus = topic.clone();
                let scope = Scope {
                    span: span.clone(),
                    most: usize::MAX,
                    most_text: usize::MAX,
                    skip: 0,
                    sample: *sample,
                    near: *near,
                    versus,
                    public: false,
                };
                line(as_json(&self.trial(query, &scope, now)?));
            }
            Question::Archive { since, named } => self.tell_archive(*since, named, line)?,
            Question::Records => self.export_records(|record| line(as_json(record)))?,
            Question::Export => self.export(|story| line(as_json(story)))?,
        }
        Ok(())
    }
}

/// Our own plain data always has a JSON form.
fn as_json(value: &impl Serialize) -> serde_json::Value {
    serde_json::to_value(value).unwrap_or_default()
}
