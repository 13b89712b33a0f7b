//! Keeps the schedule of polls, starts those that are due and collects those that ended.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::Instant;
use tracing::error;

use super::EngineDriver;
use super::compute::ComputeThreads;
use super::crash_marks::{CrashMarks, LoopMarks};
use super::liveness::Liveness;
use super::poll_batch::{Ended, PollBatch};
use super::read_context::ReadTools;
use super::read_source;
use crate::clock::Clock;
use crate::config::Plan;
use crate::engine::Polled;
use crate::fetch::{AddressToAsk, Agenda, Fetcher, Refusal, Start};
use crate::model::{Failure, FailureKind, Outcome, Poll, Source, SourceId, SourceState, Timestamp};
use crate::stream::membership::PollGuard;

/// A request for a poll, to be answered once the poll is published or refused.
pub(super) struct PollWish {
    /// Whether holds and the floor are ignored.
    pub(super) insists: bool,
    pub(super) done: oneshot::Sender<Result<Polled, Refusal>>,
}

/// The schedule, the polls under way, and those that ended and are not committed.
pub(super) struct Polls {
    /// Dropped before the tasks, which hold marks of their own.
    marks: LoopMarks,
    /// Sources that the last process died of, until that is recorded.
    crashed: Vec<SourceId>,
    fetcher: Arc<Fetcher>,
    agenda: Agenda,
    /// The only sources to poll, where not every source of the plan is polled.
    only: Option<BTreeSet<SourceId>>,
    /// Polls under way. A poll of a node that may poll no more is given up.
    tasks: JoinSet<Option<Poll>>,
    /// The source that each task reads.
    sources: HashMap<Id, (Arc<Source>, AbortHandle)>,
    batch: PollBatch,
    given_up: Vec<Arc<Source>>,
    waiting: HashMap<SourceId, Vec<PollWish>>,
    liveness: Arc<Liveness>,
    threads: ComputeThreads,
}

impl Polls {
    pub(super) fn new(plan: &Plan, liveness: Arc<Liveness>) -> Result<Self, Failure> {
        let (marks, crashed) = CrashMarks::open(plan);
        liveness.set_patience(&plan.polling);
        Ok(Self {
            marks: LoopMarks(marks),
            crashed,
            fetcher: Arc::new(Fetcher::new(&plan.polling)?.counting(liveness.progress())),
            agenda: Agenda::new(plan.polling.spacing, plan.polling.concurrency),
            only: None,
            tasks: JoinSet::new(),
            sources: HashMap::new(),
            batch: PollBatch::default(),
            given_up: Vec::new(),
            waiting: HashMap::new(),
            liveness,
            threads: ComputeThreads::default(),
        })
    }

    pub(super) fn only(&mut self, sources: BTreeSet<SourceId>, plan: &Plan) {
        for id in plan.sources.keys().filter(|id| !sources.contains(*id)) {
            self.agenda.forget(id);
        }
        self.only = Some(sources);
    }

    pub(super) fn fetcher(&self) -> &Arc<Fetcher> {
        &self.fetcher
    }

    /// The parts of the pipeline that all readings share.
    pub(super) fn tools(&self, clock: &Clock) -> ReadTools {
        let (marks, threads) = (self.marks.0.clone(), self.threads.clone());
        ReadTools { clock: clock.clone(), marks, threads }
    }

    /// The schedule, for requests to hubs, which wait in it like polls.
    pub(super) fn agenda(&mut self) -> &mut Agenda {
        &mut self.agenda
    }

    /// The sources that the last process died of, as failed polls.
    pub(super) fn take_crashed(&mut self, plan: &Plan, at: Timestamp) -> Vec<Poll> {
        let failure = Failure::new(
            FailureKind::Crash,
            "gazetted died while it read this source, and again while it read nothing else",
        );
        let crashed = std::mem::take(&mut self.crashed).into_iter();
        let sources = crashed.filter_map(|id| plan.sources.get(&id));
        sources.map(|source| Poll::of(source, at, Outcome::Failed(failure.clone()))).collect()
    }

    /// The sources of a plan that are polled. Makes room for all of them at once.
    pub(super) fn expect_all(&mut self, plan: &Plan) -> Vec<Arc<Source>> {
        let is_polled =
            |source: &&Arc<Source>| self.only.as_ref().is_none_or(|only| only.contains(&source.id));
        let sources: Vec<_> = plan.sources.values().filter(is_polled).cloned().collect();
        self.agenda.expect(sources.len());
        sources
    }

    /// Enters a source on the agenda, or moves it to the due time in its state.
    pub(super) fn plan(&mut self, source: &Source, state: &SourceState) {
        self.agenda.plan(source, state);
    }

    /// Takes a source off the agenda.
    pub(super) fn forget(&mut self, id: &SourceId) {
        self.agenda.forget(id);
    }

    /// Follows a changed `[polling]` table.
    pub(super) fn follow_settings(&mut self, plan: &Plan) -> Result<(), Failure> {
        let fetcher = Fetcher::new(&plan.polling)?;
        self.fetcher = Arc::new(fetcher.counting(self.liveness.progress()));
        self.liveness.set_patience(&plan.polling);
        Ok(())
    }

    /// Has the fetcher leave the servers alone that a source's state names.
    pub(super) fn recall_holds(&self, state: &SourceState, now: Timestamp) {
        self.fetcher.recall_holds(state, now);
    }

    /// When a request may start next.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.agenda.wake_at()
    }

    /// Starts the polls that are due. Returns the sources whose hubs are due to be asked.
    pub(super) fn start_due(
        &mut self,
        driver: &EngineDriver,
        clock: &Clock,
        guard: Option<&PollGuard>,
    ) -> Vec<SourceId> {
        let (now, mut hubs) = (clock.now(), Vec::new());
        while let Some(start) = self.agenda.start(now) {
            match start {
                Start::Poll(source) => self.start(&source, driver, clock, guard.cloned()),
                Start::HubRequest(source) => hubs.push(source),
            }
        }
        hubs
    }

    fn start(
        &mut self,
        id: &SourceId,
        driver: &EngineDriver,
        clock: &Clock,
        guard: Option<PollGuard>,
    ) {
        let plan = driver.plan();
        let Some(source) = plan.sources.get(id).cloned() else { return };
        let insists = self.waiting.get(id).is_some_and(|all| all.iter().any(|one| one.insists));
        let address = match (self.agenda.merged(id), insists) {
            (Some(_), _) => AddressToAsk::ConfiguredOnly,
            (None, true) => AddressToAsk::ConfiguredFirst,
            (None, false) => AddressToAsk::Current,
        };
        let poll = read_source::read(
            self.fetcher.clone(),
            source.clone(),
            driver.source_state(id),
            address,
            plan.clone(),
            driver.store(),
            self.tools(clock),
        );
        self.liveness.progressed();
        let task = match guard {
            None => self.tasks.spawn(async { Some(poll.await) }),
            Some(guard) => self.tasks.spawn(async move {
                tokio::select! {
                    // First: after a freeze, the answer may be there as well.
                    biased;
                    () = guard.lapsed() => None,
                    poll = poll => Some(poll),
                }
            }),
        };
        self.sources.insert(task.id(), (source, task));
    }

    /// Whether a source is being polled.
    pub(super) fn is_under_way(&self, source: &SourceId) -> bool {
        self.sources.values().any(|(polled, _)| polled.id == *source)
    }

    pub(super) fn are_under_way(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Whether no poll is due, under way or uncommitted.
    pub(super) fn are_settled(&self, now: Timestamp) -> bool {
        let is_due = self.agenda.wake_at().is_some_and(|next| next <= now);
        self.tasks.is_empty() && self.batch.is_empty() && !is_due
    }

    /// The next poll that ends.
    pub(super) async fn next_ended(&mut self) -> Option<Ended> {
        self.tasks.join_next_with_id().await
    }

    /// Adds a poll that ended to the batch, with all that ended meanwhile.
    pub(super) fn gather(&mut self, first: Ended) {
        self.liveness.progressed();
        self.batch.add(first);
        while self.batch.has_room()
            && let Some(ended) = self.tasks.try_join_next_with_id()
        {
            self.batch.add(ended);
        }
    }

    /// Whether a further poll may join the batch.
    pub(super) fn has_room(&self) -> bool {
        self.batch.has_room()
    }

    pub(super) fn is_batch_due(&self, now: Instant) -> bool {
        self.batch.is_due(self.are_under_way(), now)
    }

    pub(super) fn batch_due_at(&self) -> Option<Instant> {
        self.batch.due_at()
    }

    /// The polls of the batch, in the order in which they ended.
    pub(super) fn take_batch(&mut self, driver: &EngineDriver, now: Timestamp) -> Vec<Poll> {
        let ended = self.batch.take().into_iter();
        ended.filter_map(|ended| self.poll_of(ended, driver, now)).collect()
    }

    /// The batch is committed, which took this long until now.
    pub(super) fn batch_committed(&mut self, took: Duration, now: Instant) {
        self.batch.committed(took, now);
    }

    /// A poll that panicked is its source's failure and affects no other source. A failure
    /// counts for nothing, where a reload has the source asked otherwise since.
    fn poll_of(&mut self, ended: Ended, driver: &EngineDriver, now: Timestamp) -> Option<Poll> {
        let task = ended.as_ref().map_or_else(|broken| broken.id(), |(task, _)| *task);
        let (source, _) = self.sources.remove(&task)?;
        let broken = match ended {
            Ok((_, None)) => {
                self.give_up(source, now);
                return None;
            }
            Ok((_, Some(poll))) => {
                let configured = driver.plan().sources.get(&source.id).cloned();
                let is_failed = matches!(poll.outcome, Outcome::Failed(_));
                let configured = configured.filter(|now| {
                    is_failed
                        && now.location == source.location
                        && (now.headers != source.headers
                            || now.allow_private != source.allow_private)
                });
                let Some(configured) = configured else { return Some(poll) };
                self.poll_again(&configured, driver, now);
                return None;
            }
            Err(broken) => broken,
        };
        let id = &source.id;
        self.marks.0.committed(id);
        if broken.is_cancelled() {
            // Another node polls the source from now on, or the runtime ends: neither is the
            // source's failure.
            self.give_up(source, now);
            return None;
        }
        error!(event = "poll_panicked", source = %id, "poll of {id} panicked; please report it");
        let failure =
            Failure::new(FailureKind::Internal, "the poll failed inside; please report it");
        Some(Poll::of(&source, now, Outcome::Failed(failure)))
    }

    /// A poll was given up. The source has its place in the schedule again once it is planned.
    fn give_up(&mut self, source: Arc<Source>, now: Timestamp) {
        self.committed(&source.id, now);
        self.given_up.push(source);
    }

    /// The sources whose polls were given up since the last call.
    pub(super) fn take_given_up(&mut self) -> Vec<Arc<Source>> {
        std::mem::take(&mut self.given_up)
    }

    /// Drops a poll. The source is due as it was before, and commands that wait for it wait for the
    /// next one.
    fn poll_again(&mut self, source: &Source, driver: &EngineDriver, now: Timestamp) {
        self.committed(&source.id, now);
        self.plan(source, &driver.source_state(&source.id));
        for wish in self.waiting.remove(&source.id).unwrap_or_default() {
            self.poll_now(source.id.clone(), wish, None, now);
        }
    }

    /// Polls a source on request, unless a hold or the floor forbids it and nobody insists (P14).
    pub(super) fn poll_now(
        &mut self,
        source: SourceId,
        wish: PollWish,
        refusal: Option<&Refusal>,
        now: Timestamp,
    ) {
        let refusal = match self.agenda.merged(&source) {
            _ if refusal.is_some() => refusal.cloned(),
            Some(other) => Some(Refusal::Merged(other.clone())),
            // A poll that is under way counts: nothing is read twice.
            None => match self.agenda.poll_early(&source, wish.insists, now) {
                Ok(()) | Err(Refusal::UnderWay) => None,
                Err(refusal) => Some(refusal),
            },
        };
        match refusal {
            Some(refusal) => drop(wish.done.send(Err(refusal))),
            None => self.waiting.entry(source).or_default().push(wish),
        }
    }

    /// Answers a request once any node has polled the source.
    pub(super) fn wait_for(&mut self, source: SourceId, wish: PollWish) {
        self.waiting.entry(source).or_default().push(wish);
    }

    /// Gives up the polls of these sources.
    pub(super) fn abort(&self, is_lost: impl Fn(&SourceId) -> bool) {
        for (_, task) in self.sources.values().filter(|(source, _)| is_lost(&source.id)) {
            task.abort();
        }
    }

    /// Whether somebody waits for a poll of this source.
    pub(super) fn is_awaited(&self, source: &SourceId) -> bool {
        self.waiting.contains_key(source)
    }

    /// Requests them again, under a new plan: it may refuse them, or put them off.
    pub(super) fn request_again(&mut self, refusal: Option<&Refusal>, now: Timestamp) {
        for (source, waiting) in std::mem::take(&mut self.waiting) {
            for wish in waiting {
                self.poll_now(source.clone(), wish, refusal, now);
            }
        }
    }

    /// Refuses every request that waits for a poll.
    pub(super) fn refuse_all(&mut self, refusal: &Refusal) {
        for wish in self.waiting.drain().flat_map(|(_, waiting)| waiting) {
            let _ = wish.done.send(Err(refusal.clone()));
        }
    }

    /// Refuses the requests for sources whose origins are held by now (P28). Returns the sources.
    pub(super) fn refuse_held(&mut self, now: Timestamp) -> Vec<SourceId> {
        let held = |id: &SourceId| Some((id.clone(), self.agenda.reason_to_wait(id, now)?));
        let held: Vec<_> = self.waiting.keys().filter_map(held).collect();
        for (id, refusal) in &held {
            for wish in self.waiting.remove(id).unwrap_or_default() {
                let _ = wish.done.send(Err(refusal.clone()));
            }
        }
        held.into_iter().map(|(id, _)| id).collect()
    }

    /// A source's poll is committed, or void. Frees its place on the agenda.
    pub(super) fn committed(&mut self, source: &SourceId, now: Timestamp) {
        self.marks.0.committed(source);
        self.agenda.locate(source, |origin| self.fetcher.address_of(origin));
        self.agenda.finished(source, now);
    }

    /// Answers the requests that waited for a poll.
    pub(super) fn answer(&mut self, source: &SourceId, answer: &Result<Polled, Refusal>) {
        for wish in self.waiting.remove(source).unwrap_or_default() {
            let _ = wish.done.send(answer.clone());
        }
    }

    /// Gives up the polls under way.
    pub(super) fn abort_all(&mut self) {
        self.tasks.abort_all();
    }
}
