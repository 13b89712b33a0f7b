//! Applies turns to the engine, makes each durable, and publishes the feeds that changed.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use crate::config::Plan;
use crate::engine::{
    Engine, Event, FillProgress, Ingested, Reader, Sequenced, SourceStates, StartupProgress, Step,
    StreamState, TopicFillResult, Turn,
};
use crate::model::{Poll, SourceId, SourceState, Story, StoryId, Timestamp};
use crate::publish::{FirstPage, Metrics, ResponseCache};
use crate::store::{Store, StoreError};

use super::compute::blocking;
use super::matched_terms::MatchedTerms;
use publish::Unpublished;

mod publish;

/// The most changed stories kept in memory until they are published, beside those on display. An
/// import brings more between two publications, and most of those are on no feed.
const AT_HAND: usize = 1000;

/// Up to this many stories are matched against changed topics at once.
const FEW: u64 = 200;

/// Why a turn of the stream was not applied.
pub(super) enum Unapplied {
    /// The store cannot be read or written.
    Store(StoreError),
    /// A fault of ours. The engine is of no use any more.
    Panicked(String),
}

impl From<StoreError> for Unapplied {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The engine, its store and its published feeds. The only writer.
pub struct EngineDriver {
    engine: Engine,
    store: Arc<dyn Store>,
    cache: Arc<ResponseCache>,
    metrics: Arc<Metrics>,
    /// A step that a full disk kept out of the store. It is written before anything else.
    unwritten: Option<Step>,
    /// The stories of each feed as published, newest first.
    displayed: Vec<Vec<Arc<Story>>>,
    /// How many stories each feed leads to with its earlier pages.
    first_pages: Vec<FirstPage>,
    /// Those stories by ID, so that feeds share them and none is read twice.
    at_hand: HashMap<StoryId, Arc<Story>>,
    matched_terms: MatchedTerms,
    unpublished: Unpublished,
}

impl EngineDriver {
    /// Opens the engine at the state in the store. Every feed is published when this returns. `now`
    /// is when the plan comes into force, if it differs from the last. Topics with a new query are
    /// filled from the stored stories: at once if there are few, else by [`EngineDriver::step`], and
    /// are served unchanged until then.
    pub async fn open(
        plan: Arc<Plan>,
        store: Arc<dyn Store>,
        cache: Arc<ResponseCache>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let progress = StartupProgress::default();
        Self::open_with_progress(plan, store, cache, now, &progress).await
    }

    /// Like [`EngineDriver::open`], with reports of its progress.
    pub async fn open_with_progress(
        plan: Arc<Plan>,
        store: Arc<dyn Store>,
        cache: Arc<ResponseCache>,
        now: Timestamp,
        opening: &StartupProgress,
    ) -> Result<Self, StoreError> {
        let opened = blocking(|| Engine::open(plan, &*store, now, opening));
        let (engine, step) = opened?;
        let mut driver = Self {
            displayed: vec![Vec::new(); engine.all_feeds().len()],
            first_pages: vec![FirstPage::default(); engine.all_feeds().len()],
            engine,
            store,
            cache,
            metrics: Arc::default(),
            unwritten: None,
            at_hand: HashMap::new(),
            matched_terms: MatchedTerms::default(),
            unpublished: Unpublished::default(),
        };
        let is_new = step.events.contains(&Event::Planned);
        driver.write(step).await?.events.iter().for_each(super::log_poll::of_event);
        let few = blocking(|| driver.store.count())? < FEW;
        // In a cluster a turn ends it.
        let is_alone = driver.engine.stream().is_none();
        let is_due = is_alone && few && (is_new || driver.engine.lacks_everything());
        // Under the same plan as before, this belongs to the last turn.
        let at = if is_new { now } else { driver.engine.now() };
        while is_due && driver.is_filling() {
            if let Some(refilled) = driver.step(at).await? {
                super::log_poll::topics_changed(&refilled);
            }
        }
        opening.begin("rendering the feeds of topics", driver.plan().topics.len());
        driver.publish_all().await?;
        opening.begin("planning the polls of sources", driver.plan().sources.len());
        Ok(driver)
    }

    /// The state of every source, for reports.
    pub fn source_states(&self) -> SourceStates {
        self.engine.source_states()
    }

    /// The progress of filling changed topics, for reports.
    pub fn fill_progress(&self) -> Arc<FillProgress> {
        self.engine.fill_progress()
    }

    /// The counters for `/metrics`.
    pub fn metrics(&self) -> Arc<Metrics> {
        self.metrics.clone()
    }

    /// The state that turns change.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The state of one source.
    pub fn source_state(&self, source: &SourceId) -> SourceState {
        self.engine.with_source_state(source, SourceState::clone)
    }

    /// Looks at the state of one source, which is large, without a copy.
    pub(super) fn with_source_state<T>(
        &self,
        source: &SourceId,
        look: impl FnOnce(&SourceState) -> T,
    ) -> T {
        self.engine.with_source_state(source, look)
    }

    /// The store, for readers.
    pub(super) fn store(&self) -> Arc<dyn Store> {
        self.store.clone()
    }

    pub(super) fn cache(&self) -> &Arc<ResponseCache> {
        &self.cache
    }

    /// The plan in force.
    pub fn plan(&self) -> &Arc<Plan> {
        self.engine.plan()
    }

    /// Whether topics are being filled, or their archives closed.
    pub fn is_filling(&self) -> bool {
        self.engine.is_filling() || self.engine.has_archive_backlog()
    }

    /// Fills a slice of the changed topics. After the last slice they are published (Q33), and
    /// their changes are returned.
    pub async fn step(
        &mut self,
        at: Timestamp,
    ) -> Result<Option<Vec<TopicFillResult>>, StoreError> {
        let Some(turn) = self.turn_due(at) else {
            self.fill_slice().await?;
            return Ok(None);
        };
        let step = self.apply(turn).await?;
        self.publish().await?;
        let refilled = step.events.into_iter().find_map(|event| match event {
            Event::TopicsFilled(refilled) => Some(refilled),
            _ => None,
        });
        Ok(refilled)
    }

    /// The turn that is due for changed topics; `None` if a slice is due instead.
    pub fn turn_due(&self, at: Timestamp) -> Option<Turn> {
        match (self.engine.is_filling(), self.engine.is_filled()) {
            (true, true) => Some(Turn::TopicFilled { topics: self.engine.filling(), at }),
            (true, false) => None,
            (false, _) => Some(Turn::ArchiveContinued { at }),
        }
    }

    /// Matches a slice of the stored stories against changed topics.
    pub async fn fill_slice(&mut self) -> Result<Step, StoreError> {
        let reader = Reader::new(&*self.store, &self.at_hand);
        let commit = blocking(|| self.engine.fill(&reader))?;
        self.write(Step { commit, ..Step::default() }).await
    }

    /// Applies polls. The feeds that change by it are published by the next
    /// [`EngineDriver::publish`]. Returns the result of each poll, in order.
    pub async fn ingest(&mut self, polls: &[Poll]) -> Result<Vec<Ingested>, StoreError> {
        let step = self.apply(Turn::Polls(polls.to_vec())).await?;
        Ok(step.polls.into_iter().map(|polled| polled.ingested).collect())
    }

    /// Applies a turn of the stream and makes it durable.
    pub(super) async fn apply_sequenced(&mut self, turn: Sequenced) -> Result<Step, Unapplied> {
        let began = Instant::now();
        let reader = Reader::new(&*self.store, &self.at_hand);
        let engine = &mut self.engine;
        // All nodes would end at the same turn, and again after every restart.
        let applied =
            blocking(|| catch_unwind(AssertUnwindSafe(|| engine.apply_sequenced(turn, &reader))));
        let step = match applied {
            Ok(step) => step?,
            Err(panic) => {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
                return Err(Unapplied::Panicked(text.unwrap_or("it panicked").to_owned()));
            }
        };
        self.unpublished.began(began);
        Ok(self.write(step).await?)
    }

    /// Reads the state anew from the store, after a turn that the engine could not apply.
    pub(super) async fn reopen(&mut self, plan: Arc<Plan>) -> Result<(), StoreError> {
        let (store, now) = (self.store.clone(), self.engine.now());
        let opened = tokio::task::block_in_place(|| {
            Engine::open(plan, &*store, now, &StartupProgress::default())
        });
        let (mut engine, step) = opened?;
        self.engine.hand_over(&mut engine);
        self.engine = engine;
        self.at_hand.clear();
        self.matched_terms = MatchedTerms::default();
        self.write(step).await?;
        self.publish_all().await
    }

    /// Makes the store part of a stream.
    pub async fn begin_stream(&mut self, state: StreamState) -> Result<(), StoreError> {
        let commit = self.engine.begin_stream(state);
        self.write(Step { commit, ..Step::default() }).await.map(drop)
    }

    /// Applies a turn and makes it durable.
    ///
    /// # Errors
    /// After [`StoreError::Full`] the turn is applied and not durable: [`EngineDriver::retry`] writes
    /// it, and no other turn is to be applied before. Any other error ends the daemon.
    pub async fn apply(&mut self, turn: Turn) -> Result<Step, StoreError> {
        let began = Instant::now();
        let reader = Reader::new(&*self.store, &self.at_hand);
        let step = blocking(|| self.engine.apply(turn, &reader))?;
        self.unpublished.began(began);
        self.write(step).await
    }

    /// Writes the step that a full disk kept out, if there is one.
    pub async fn retry(&mut self) -> Result<Option<Step>, StoreError> {
        match self.unwritten.take() {
            Some(step) => self.write(step).await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether a full disk keeps a step out.
    pub fn is_blocked(&self) -> bool {
        self.unwritten.is_some()
    }

    /// Makes a step durable, and records it.
    async fn write(&mut self, mut step: Step) -> Result<Step, StoreError> {
        let mut retired: Vec<StoryId> = Vec::new();
        if !step.commit.is_empty() {
            let committing = Instant::now();
            let commit = Arc::new(std::mem::take(&mut step.commit));
            match self.store.commit_shared(commit.clone()).await {
                Err(full @ StoreError::Full { .. }) => {
                    step.commit = Arc::unwrap_or_clone(commit);
                    self.unwritten = Some(step);
                    return Err(full);
                }
                written => written?,
            }
            if !step.polls.is_empty() {
                self.metrics.committed(committing.elapsed());
            }
            retired = commit.retired.iter().map(|(story, _)| *story).collect();
        }
        let counted = step.polls.iter().filter(|polled| !polled.is_void);
        counted.for_each(|polled| self.metrics.polled(&polled.poll));
        self.metrics.admitted(&step.changed);
        self.matched_terms.forget(&step.changed.iter().map(|(_, story)| story.id).collect());
        self.at_hand.extend(step.changed.iter().map(|(_, story)| (story.id, story.clone())));
        // After that: a story may change and retire in one turn.
        for story in retired {
            self.at_hand.remove(&story);
        }
        if step.events.contains(&Event::Planned) {
            self.unpublished.all();
        }
        self.unpublished.add(&step.touched, &self.metrics);
        self.make_room();
        Ok(step)
    }

    /// Drops stories that are neither on display nor in an open archive volume.
    fn make_room(&mut self) {
        let displayed: usize = self.displayed.iter().map(Vec::len).sum();
        if self.at_hand.len() < AT_HAND + displayed {
            return;
        }
        let displayed = self.on_display();
        let topics = self.engine.topics();
        self.at_hand.retain(|id, _| displayed.contains(id) || topics.is_open(*id));
        if self.at_hand.len() > 2 * (AT_HAND + displayed.len()) {
            self.at_hand.retain(|id, _| displayed.contains(id));
        }
    }

    fn on_display(&self) -> HashSet<StoryId> {
        self.displayed.iter().flatten().map(|story| story.id).collect()
    }
}
