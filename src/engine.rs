//! The deterministic state machine that decides everything the store holds.
//!
//! Everything that reaches the daemon from outside and changes the store is a [`Turn`].
//! [`Engine::apply`] turns one into a [`Step`]: the one commit to write, the feeds that it
//! touched and what to report. It reads no clock (`now` is the turn's) and the store only
//! through a [`Reader`], which shows it as the turn before left it. So the same turns give the
//! same records, feed bodies, archive volumes and Last-Modified, however often the feeds were
//! published, the daemon was restarted or killed, and however polls were grouped into turns.
//!
//! A step's commit may have to wait, for a full disk. It is then written later as it is: the
//! engine is never taken back to an earlier state.
//!
//! | file | decides |
//! |---|---|
//! | `polls` | what the entries of polls are, and what is recorded of their sources |
//! | `topics` | which stories each feed holds (`topics/feed_stories`); `topics/fill` fills changed topics, `topics/backfill` gathers old stories of new sources |
//! | `retention_walk` | which stories are kept no longer |
//! | `archive`, `volumes`, `volume_records` | which archive volumes close, what they say, and what the store keeps of them |
//! | `silence` | which topics fell silent |
//! | `feeds` | every feed's Last-Modified |
//! | `plan` | what a new configuration changes |
//! | `sequenced`, `ownership` | in a cluster: which node may append what, and which sources it owns |
//! | `websub` | subscriptions at sources' hubs, and subscribers of ours |

mod archive;
mod fair_share;
mod feeds;
mod ingested;
pub mod ownership;
mod plan;
mod polls;
mod reader;
mod retention_walk;
mod sequenced;
mod silence;
mod startup_progress;
mod topic_fill;
mod topics;
mod turn;
mod turn_in_progress;
mod volume_records;
mod volumes;
mod websub;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::config::Plan;
use crate::fetch::PollBudget;
use crate::model::{
    EngineRecord, Key, Progress, SourceId, SourceState, Subscriber, SubscriberId, Timestamp,
};
use crate::store::{Commit, Store, StoreError};

pub use crate::model::RULES_VERSION;
pub use ingested::{Ingested, Polled};
pub use reader::Reader;
pub use sequenced::{ANY_RULES, Sequenced, StreamState, genesis, plan_hash};
pub use startup_progress::StartupProgress;
pub use topic_fill::{FillProgress, TopicFillProgress, TopicFillResult, grouped};
pub use topics::FeedStories;
pub use turn::{Event, HubAnswer, Step, Turn};

pub(crate) use archive::archive_of;
pub(crate) use polls::rules;
pub(crate) use retention_walk::retiring;
pub(crate) use silence::silences;
pub(crate) use topics::{
    Topics, after, has_place, holds, listed_version, listed_versions, names, newest, newest_first,
    words,
};
pub(crate) use volume_records::closed_volumes;
pub(crate) use websub::callbacks_of;

use feeds::{Feeds, Looks};
use silence::Silences;
use turn_in_progress::TurnInProgress;

/// Clocks are set back by so much every now and then, and that voids nothing.
const SKEW: Duration = Duration::from_secs(60);

/// The state of every source, written by the engine and read for reports.
pub type SourceStates = Arc<RwLock<BTreeMap<SourceId, Arc<SourceState>>>>;

/// The state that turns change.
pub struct Engine {
    plan: Arc<Plan>,
    progress: Progress,
    /// The progress in the last commit.
    recorded: Progress,
    source_states: SourceStates,
    topics: Topics,
    feeds: Feeds,
    silences: Silences,
    /// The control of the poll budget.
    poll_budget: PollBudget,
    /// Shingles of earlier spans of time were forgotten.
    shingles_from: Option<Key>,
    subscribers: BTreeMap<SubscriberId, Subscriber>,
    /// Of feeds, by path: the hash that a hub elsewhere accepted last.
    pinged: BTreeMap<String, u64>,
    /// The topics whose archive is made anew, by turns of its own.
    behind: BTreeSet<usize>,
    /// The stories that sources list, once the walk of the day has asked for them.
    listed: Option<retention_walk::Listed>,
    /// How many stories the walk has retired, for the log.
    retired: usize,
    /// The state of the stream; `None` on a machine alone.
    stream: Option<StreamState>,
}

impl Engine {
    /// The state as the last turn left it in the store, and the step that puts `plan` in force
    /// at `at`. Where the plan is the one that was in force, the step changes nothing.
    pub fn open(
        plan: Arc<Plan>,
        store: &dyn Store,
        at: Timestamp,
        startup: &StartupProgress,
    ) -> Result<(Self, Step), StoreError> {
        let records = store.engine_records()?;
        let progress = records.iter().find_map(|record| match record {
            EngineRecord::Progress(progress) => Some(*progress),
            _ => None,
        });
        let progress = progress.unwrap_or_default();
        let topics = Topics::open(plan.clone(), &records, store, startup)?;
        startup.begin("reading the states of sources", plan.sources.len());
        let source_states = store.source_states()?;
        let poll_budget = PollBudget::restore(source_states.values().map(|state| &**state));
        let pinged = records.iter().filter_map(|record| match record {
            EngineRecord::Ping { path, hash, .. } => Some((path.clone(), *hash)),
            _ => None,
        });
        let mut engine = Self {
            feeds: Feeds::open(&records),
            silences: Silences::open(&records, &plan, &topics),
            plan: plan.clone(),
            progress,
            recorded: progress,
            source_states: Arc::new(RwLock::new(source_states)),
            topics,
            poll_budget,
            shingles_from: None,
            subscribers: store.subscribers()?.into_iter().map(|one| (one.id(), one)).collect(),
            pinged: pinged.collect(),
            behind: BTreeSet::new(),
            listed: None,
            retired: 0,
            stream: StreamState::of(&records).filter(|_| plan.cluster.is_some()),
        };
        engine.behind = engine.topics.backlog().into_iter().collect();
        let recent = Default::default();
        // Where the last turn is dated in the future, a clock was ahead. The nodes of a cluster
        // have the times of the stream.
        let is_alone = engine.stream.is_none();
        if is_alone && engine.progress.applied > at.after(SKEW) {
            engine.set_back(at);
        }
        // A restart under the same plan is no turn of its own.
        let looks = Looks::of(&plan);
        let is_same = !is_alone || engine.progress.plan == looks.digest(&plan);
        let at = if is_same { engine.progress.applied } else { at };
        let step = engine.begin(at, &Reader::new(store, &recent), |engine, work| {
            if !is_same {
                // The bounds of retention may be others, so the walk begins anew.
                engine.progress.walk_day = None;
                work.events.push(Event::Planned);
            }
            engine.follow_plan(plan, &looks, !is_same, work)?;
            if is_alone {
                StreamState::leave(&records, &mut work.commit);
            } else if engine.topics.lacks_everything() {
                // A restored snapshot: what it holds was filled before it was written.
                engine.topics.refill(work)?;
            }
            Ok(())
        })?;
        Ok((engine, step))
    }

    /// Applies a turn. The state is then as if the step's commit were written.
    ///
    /// # Errors
    /// The store cannot be read; the engine is of no use any more.
    pub fn apply(&mut self, turn: Turn, reader: &Reader<'_>) -> Result<Step, StoreError> {
        match turn {
            Turn::Polls(polls) => {
                self.begin(Timestamp::EPOCH, reader, |engine, work| engine.polls(polls, work))
            }
            Turn::PushReceived(poll) => self
                .begin(Timestamp::EPOCH, reader, |engine, work| engine.push_received(*poll, work)),
            Turn::Plan { plan, at } => {
                self.begin(at, reader, |engine, work| engine.replan(plan, work))
            }
            Turn::Assign(_)
            | Turn::Pause { .. }
            | Turn::Resume { .. }
            | Turn::RulesVersion { .. }
            | Turn::Skip { .. }
            | Turn::ClockChecked => self.begin(turn.at(), reader, |engine, work| {
                engine.cluster_turn(turn, work);
                Ok(())
            }),
            Turn::ClockCorrected { at } => {
                self.set_back(at);
                self.begin(at, reader, |engine, work| {
                    engine.reschedule(work);
                    Ok(())
                })
            }
            Turn::TopicFilled { topics, at } => {
                self.begin(at, reader, |engine, work| engine.topic_filled(&topics, work))
            }
            Turn::ArchiveContinued { at } => {
                self.begin(at, reader, |engine, work| engine.continue_archives(work))
            }
            Turn::HubRequested { .. }
            | Turn::HubAnswered { .. }
            | Turn::HubCallback { .. }
            | Turn::PingReceived { .. }
            | Turn::PushRejected { .. }
            | Turn::PollRequested { .. } => {
                let at = turn.at();
                self.begin(at, reader, |engine, work| {
                    engine.hub_turn(turn, work);
                    Ok(())
                })
            }
            Turn::SubscriptionRequested { .. }
            | Turn::SubscribersUpdated { .. }
            | Turn::HubNotified { .. } => {
                let at = turn.at();
                self.begin(at, reader, |engine, work| {
                    engine.subscriber_turn(turn, work);
                    Ok(())
                })
            }
        }
    }

    /// The clock was ahead, and it is earlier.
    fn set_back(&mut self, at: Timestamp) {
        self.progress.applied = self.progress.applied.min(at);
        self.progress.horizon = self.progress.horizon.set_back(at);
        self.progress.silence_checked = self.progress.silence_checked.filter(|last| *last <= at);
    }

    /// Runs what a turn does and closes its commit. Time never runs backwards.
    fn begin(
        &mut self,
        at: Timestamp,
        reader: &Reader<'_>,
        act: impl FnOnce(&mut Self, &mut TurnInProgress<'_>) -> Result<(), StoreError>,
    ) -> Result<Step, StoreError> {
        let now = at.max(self.progress.applied);
        let horizon = match self.progress.horizon.at {
            // Before the first poll.
            Timestamp::EPOCH => now,
            horizon => horizon,
        };
        let mut work = TurnInProgress::new(reader, now, horizon);
        act(self, &mut work)?;
        self.feeds.record(&mut work);
        self.topics.record_archives(&mut work);
        let (mut step, source_states) = work.finish();
        if !step.commit.is_empty() || self.progress != self.recorded {
            self.progress.applied = step.at;
            self.recorded = self.progress;
            step.commit.engine.push(EngineRecord::Progress(self.progress));
        }
        let mut known = self.source_states.write().unwrap_or_else(PoisonError::into_inner);
        known.extend(source_states);
        drop(known);
        Ok(step)
    }

    /// Has those who read this engine's reports read them of `next`, which replaces it.
    pub fn hand_over(&self, next: &mut Self) {
        let read = std::mem::replace(&mut next.source_states, self.source_states.clone());
        let states = std::mem::take(&mut *read.write().unwrap_or_else(PoisonError::into_inner));
        *self.source_states.write().unwrap_or_else(PoisonError::into_inner) = states;
        next.topics.report_to(self.topics.fill_progress());
    }

    /// The state of every source, for reports.
    pub fn source_states(&self) -> SourceStates {
        self.source_states.clone()
    }

    /// Looks at the state of one source, which is large, without a copy.
    pub fn with_source_state<T>(
        &self,
        source: &SourceId,
        look: impl FnOnce(&SourceState) -> T,
    ) -> T {
        let source_states = self.source_states.read().unwrap_or_else(PoisonError::into_inner);
        let place = self.plan.sources.get(source).map(|source| source.location.hash());
        // What an address did says nothing of the one that the operator put in its place.
        let is_of = |of: Option<u64>| of.is_none() || place.is_none() || of == place;
        match source_states.get(source).filter(|state| is_of(state.of)) {
            Some(state) => look(state),
            None => look(&SourceState::default()),
        }
    }

    /// The plan in force.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Time of the last turn that was applied.
    pub fn now(&self) -> Timestamp {
        self.progress.applied
    }

    /// Whether the last turn is dated later than `at`, because a clock was ahead.
    pub fn is_ahead_of(&self, at: Timestamp) -> bool {
        self.progress.applied > at.after(SKEW)
    }

    /// Every feed: the topics by their place in the plan, and after them the one of all stories.
    pub fn all_feeds(&self) -> BTreeSet<usize> {
        self.topics.all()
    }

    /// The stories that a feed holds.
    pub fn on_feed(&self, feed: usize, reader: &Reader<'_>) -> Result<FeedStories, StoreError> {
        self.topics.on_feed(feed, reader)
    }

    /// How many stories a feed leads to with its earlier pages, counted up to `most`; none where
    /// that is not for everybody to know.
    pub fn count_of(
        &self,
        feed: usize,
        most: usize,
        reader: &Reader<'_>,
    ) -> Result<Option<usize>, StoreError> {
        self.topics.count(feed, most, reader)
    }

    /// Where stories stand, for those who render feeds.
    pub(crate) fn topics(&self) -> &Topics {
        &self.topics
    }

    /// When the documents of a feed were last modified.
    pub fn modified(&self, feed: usize) -> Timestamp {
        self.feeds.modified(&self.plan, feed)
    }

    /// When what belongs to no single topic was last modified.
    pub fn site_modified(&self) -> Timestamp {
        self.feeds.site_modified()
    }

    /// The topics that were published once and are not in the plan.
    pub fn gone_topics(&self) -> Vec<crate::model::TopicId> {
        self.feeds.gone(&self.plan)
    }

    /// The subscribers of our hub.
    pub fn subscribers(&self) -> &BTreeMap<SubscriberId, Subscriber> {
        &self.subscribers
    }

    /// The feeds that another hub accepted last: paths and hashes.
    pub fn pinged(&self) -> &BTreeMap<String, u64> {
        &self.pinged
    }

    /// Whether topics are being filled.
    pub fn is_filling(&self) -> bool {
        self.topics.is_filling()
    }

    /// Whether every topic is to be filled: the store was restored or repaired.
    pub fn lacks_everything(&self) -> bool {
        self.topics.lacks_everything()
    }

    /// Whether filling has nothing left to match, so that [`Turn::TopicFilled`] is due.
    pub fn is_filled(&self) -> bool {
        self.topics.is_filled()
    }

    /// The topics being filled, for [`Turn::TopicFilled`].
    pub fn filling(&self) -> Vec<(crate::model::TopicId, crate::model::TopicVersion)> {
        self.topics.filling()
    }

    /// How far changed topics are filled, for those who report on it.
    pub fn fill_progress(&self) -> Arc<FillProgress> {
        self.topics.fill_progress()
    }

    /// Matches a slice of the stored stories against the topics that are being filled. The
    /// commit holds derived data alone: places that count only from [`Turn::TopicFilled`] on.
    pub fn fill(&mut self, reader: &Reader<'_>) -> Result<Commit, StoreError> {
        self.topics.fill_slice(reader)
    }

    /// Whether volumes wait to be closed by [`Turn::ArchiveContinued`].
    pub fn has_archive_backlog(&self) -> bool {
        self.topics.has_archive_backlog()
    }
}
