//! The core loop: applies turn after turn to the engine and publishes the feeds that change.
//!
//! Everything that makes the daemon act is a variant of [`Event`]. A change of the store becomes a
//! turn, and [`Pipeline::apply`] is the one place where turns are applied and where the loop
//! decides how to deal with a full disk. Polls run side by side and change nothing.
//!
//! | file | does |
//! |---|---|
//! | `polls` | starts and collects polls; `read_source`, `backfill` and `enrich_entries` read one |
//! | `websub` | talks to sources' hubs and to our own hub's subscribers |
//! | `engine_driver` | applies a turn, makes it durable, renders feeds |
//! | `cluster_node` | in a cluster: applies what comes from the stream, and assigns sources |
//! | `apply_turn`, `replan` | act on what a turn reports, and on a new plan |
//! | `disk_watch` | stops the intake while the disk is full |
//! | `publish_throttle`, `poll_batch` | decide when to publish and when to commit |
//! | `crash_marks` | finds the source that a process died of |
//! | `liveness` | shows others that the loop is alive |

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::config::Plan;
use crate::engine::{TopicFillResult, Turn};
use crate::fetch::Refusal;
use crate::model::{Failure, Poll, Source, SourceId, Timestamp};
use crate::store::StoreError;
use crate::stream::{Received, Stream, StreamError};

mod apply_turn;
mod backfill;
mod cluster_node;
mod compute;
mod crash_marks;
mod disk_watch;
mod engine_driver;
mod enrich_entries;
mod known_text;
mod liveness;
mod log_poll;
mod matched_terms;
mod page_check;
mod poll_batch;
mod polls;
mod publish_throttle;
mod read_context;
mod read_source;
mod recheck;
mod replan;
mod request;
mod shared_pages;
mod websub;

use disk_watch::DiskWatch;
use log_poll::PollNews;
use poll_batch::Ended;
use polls::{PollWish, Polls};
use publish_throttle::PublishThrottle;
use websub::{WebSub, WebSubEvent};

pub use cluster_node::{ClusterNode, ClusterStatus, CompileShared, NodeStatus, UpgradeStep};
pub use engine_driver::EngineDriver;
pub use liveness::{Liveness, TICK};
pub use request::{BackupRefused, BackupWriter, Filled, ReplanError, Request};
pub use websub::Callbacks;

/// How long polls under way may take once the daemon is told to stop.
const LAST_POLLS: Duration = Duration::from_secs(10);

/// Something that makes the loop act.
enum Event {
    /// Something is due.
    Due,
    /// A turn that a full disk kept out may be tried again.
    Retry,
    /// A poll ended.
    Polled(Box<Ended>),
    /// A hub or a subscriber sent or answered something.
    WebSub(Box<WebSubEvent>),
    /// The published documents are compressed, which took this long.
    Compressed(Duration),
    /// A message came from the stream.
    Received(Result<Box<Received>, StreamError>),
    /// Another part of the daemon requests something.
    Requested(Request),
}

/// Requests that are answered later.
#[derive(Default)]
struct Waiting {
    settled: Vec<oneshot::Sender<()>>,
    plan: Option<AwaitedPlan>,
    fill: Option<AwaitedFill>,
    /// The plan that was appended last, compiled.
    compiled: Option<Arc<Plan>>,
}

/// A plan that is being put in force, for the request for it.
struct AwaitedPlan {
    /// In a cluster: when the request is answered at the latest.
    until: Option<Instant>,
    /// Receives whether the plan is in force.
    in_force: oneshot::Sender<Result<(), ReplanError>>,
    /// Receives the results when the topics are filled.
    done: oneshot::Sender<Filled>,
}

/// The changed topics of a plan that is in force, for the request for it.
struct AwaitedFill {
    done: oneshot::Sender<Filled>,
    /// The changes of topics so far.
    results: Vec<TopicFillResult>,
}

/// The state of publishing.
#[derive(Default)]
struct Publishing {
    throttle: PublishThrottle,
    /// News that is not published yet, and so not logged.
    unlogged: Vec<PollNews>,
    /// Compresses the published documents.
    compressing: JoinSet<Duration>,
}

/// The core loop.
pub struct Pipeline {
    polls: Polls,
    websub: WebSub,
    driver: EngineDriver,
    /// The order of all turns.
    stream: Stream,
    /// This machine among others; `None` if it is alone.
    cluster: Option<Box<ClusterNode>>,
    /// Backups under way on a node of a cluster.
    backups: JoinSet<()>,
    /// Polls that ended, each the polls of one turn, which could not be appended yet.
    unappended: VecDeque<Vec<Poll>>,
    /// Sources whose hubs sent notice of news during their polls.
    hastened: Vec<Arc<Source>>,
    clock: Clock,
    /// The plan that the schedule and the fetcher follow.
    scheduled: Arc<Plan>,
    requests: mpsc::Receiver<Request>,
    /// Whether the last event was a request: other events go before the next one.
    has_served: bool,
    waiting: Waiting,
    publishing: Publishing,
    disk: DiskWatch,
    liveness: Arc<Liveness>,
    /// Has others follow a plan that another node has put in force.
    follow_plan: Option<PlanFollower>,
}

/// Receives a plan that came into force without a request for it.
type PlanFollower = Box<dyn Fn(Arc<Plan>) + Send>;

impl Pipeline {
    /// Calls this with every plan that another node has put in force.
    pub fn follow_plans(&mut self, follow: impl Fn(Arc<Plan>) + Send + 'static) {
        self.follow_plan = Some(Box::new(follow));
    }

    /// Builds the loop over an opened engine. It fails on a proxy or a certificate store that
    /// cannot be used.
    pub fn new(
        driver: EngineDriver,
        clock: Clock,
        requests: mpsc::Receiver<Request>,
    ) -> Result<Self, Failure> {
        let plan = driver.plan().clone();
        let liveness = Arc::new(Liveness::default());
        let mut pipeline = Self {
            polls: Polls::new(&plan, liveness.clone())?,
            websub: WebSub::default(),
            driver,
            stream: Stream::default(),
            cluster: None,
            backups: JoinSet::new(),
            unappended: VecDeque::new(),
            hastened: Vec::new(),
            clock,
            scheduled: plan,
            requests,
            has_served: false,
            waiting: Waiting::default(),
            publishing: Publishing::default(),
            disk: DiskWatch::default(),
            liveness,
            follow_plan: None,
        };
        pipeline.recall_holds();
        pipeline.plan_all();
        Ok(pipeline)
    }

    /// Polls only these sources.
    pub fn only(mut self, sources: BTreeSet<SourceId>) -> Self {
        self.polls.only(sources, self.driver.plan());
        self
    }

    /// Shows whether the loop is alive.
    pub fn liveness(&self) -> Arc<Liveness> {
        self.liveness.clone()
    }

    /// Runs until [`Request::Stop`]. Only a failing store ends it early: without a place to
    /// remember entries, going on would publish duplicates.
    pub async fn run(mut self) -> Result<(), StoreError> {
        let liveness = self.liveness();
        let ended = self.act().await;
        liveness.stop();
        ended?;
        self.finish().await
    }

    async fn act(&mut self) -> Result<(), StoreError> {
        let crashed = self.polls.take_crashed(self.driver.plan(), self.clock.now());
        if !crashed.is_empty() {
            self.unappended.push_back(crashed);
        }
        loop {
            self.check_disk()?;
            self.tend_cluster().await?;
            self.hasten_pinged().await?;
            let is_due = !self.unappended.is_empty() || self.polls.is_batch_due(Instant::now());
            if is_due && !self.is_closed() {
                self.apply_polls().await?;
            }
            self.correct_clock().await?;
            self.start_due();
            self.ask_hubs().await?;
            self.receive_after_filling().await?;
            self.fill_topics().await?;
            self.publish_when_due().await?;
            self.serve_subscribers().await?;
            self.answer_if_settled();
            let event = self.next_event().await;
            self.has_served = matches!(event, Event::Requested(_));
            self.liveness.acts();
            match event {
                Event::Due => {}
                Event::Compressed(took) => self.compressed(took),
                Event::Retry => self.retry().await?,
                Event::Polled(ended) => self.polls.gather(*ended),
                Event::Received(Ok(received)) => drop(self.receive(*received).await?),
                Event::Received(Err(error)) => self.stop_applying(&error.to_string()),
                Event::WebSub(event) => self.websub_event(*event).await?,
                Event::Requested(Request::Stop) => return Ok(()),
                Event::Requested(request) => self.request(request).await?,
            }
        }
    }

    async fn next_event(&mut self) -> Event {
        // While nothing is taken in, the known documents stay served.
        let full = self.is_closed();
        let wake_at = self.polls.wake_at().filter(|_| !full && self.may_poll());
        let publish_at = self.publish_at();
        let now = self.clock.now();
        // An unpublished change is news from now on. A hub pushes and other nodes poll at any time.
        let is_any_time = publish_at.is_some()
            || self.websub.is_any_pushed(now)
            || self.driver.is_filling()
            || self.cluster.is_some();
        self.liveness.expect(if is_any_time { Some(now) } else { wake_at });
        // Polls that ended stay where they are meanwhile.
        self.liveness.waits(self.polls.are_under_way() && !full, wake_at);
        let commit_at = self.polls.batch_due_at().filter(|_| !full);
        let subscribers_at = self.websub.wake_at(now).filter(|_| !full);
        let may_fill = !full || self.fills_first() && self.can_write();
        let fills = self.driver.is_filling() && may_fill && self.has_filling_to_do();
        let gathers = !full || self.polls.has_room();
        let (retry_at, retries) = (self.disk.retry_at(), self.is_unwritable());
        let reads = self.can_apply() || self.is_stopped_at_turn();
        let check_at = self.cluster.as_ref().map(|cluster| cluster.check_at());
        let cache = self.driver.cache().clone();
        let requests = &mut self.requests;
        let request = async { Event::Requested(requests.recv().await.unwrap_or(Request::Stop)) };
        let other = async {
            tokio::select! {
                biased;
                received = self.stream.next(), if reads => Event::Received(received.map(Box::new)),
                () = other_nodes(&mut self.cluster) => Event::Due,
                Some(ended) = self.polls.next_ended(), if gathers => Event::Polled(Box::new(ended)),
                event = self.websub.next(full) => Event::WebSub(Box::new(event)),
                Some(_) = self.backups.join_next() => Event::Due,
                Some(done) = self.publishing.compressing.join_next() => Event::Compressed(done.unwrap_or_default()),
                () = cache.compression_due() => Event::Due,
                () = tokio::time::sleep_until(publish_at.unwrap_or(retry_at)), if publish_at.is_some() => Event::Due,
                () = tokio::time::sleep_until(commit_at.unwrap_or(retry_at)), if commit_at.is_some() => Event::Due,
                () = self.clock.sleep_until(wake_at.unwrap_or(Timestamp::EPOCH)), if wake_at.is_some() => Event::Due,
                () = self.clock.sleep_until(subscribers_at.unwrap_or(Timestamp::EPOCH)), if subscribers_at.is_some() => Event::Due,
                () = tokio::time::sleep_until(check_at.unwrap_or(retry_at)), if check_at.is_some() => Event::Due,
                () = tokio::time::sleep_until(retry_at), if retries => Event::Retry,
                () = std::future::ready(()), if fills => Event::Due,
            }
        };
        // However many requests wait, polls that ended wait for one of them at most.
        if self.has_served {
            tokio::select! { biased; event = other => event, event = request => event }
        } else {
            tokio::select! { biased; event = request => event, event = other => event }
        }
    }

    async fn request(&mut self, request: Request) -> Result<(), StoreError> {
        match request {
            Request::Subscribe { request, client, done } => {
                let _ = done.send(self.subscribe(request, client));
            }
            Request::CallBack { token, query, done } => {
                // Without an answer the hub tries again.
                if let Some(answer) = self.call_back(&token, query).await? {
                    let _ = done.send(answer);
                }
            }
            Request::PollNow { source, insists, done } => {
                self.poll_now(source, PollWish { insists, done }).await?;
            }
            Request::Replan { plan, force, in_force, done } => {
                self.replan(plan, force, in_force, done).await?;
            }
            Request::Cluster { done } => {
                let _ = done.send(self.cluster_status());
            }
            Request::Pause { pauses, done } => {
                let _ = done.send(self.pause(pauses).await?);
            }
            Request::Upgrade { done } => {
                let _ = done.send(self.upgrade().await?);
            }
            Request::Skip { sequence, done } => {
                let _ = done.send(self.skip(sequence).await);
            }
            Request::Backup { done, .. } if self.driver.engine().is_filling() => {
                let _ = done.send(Err(BackupRefused::Filling));
            }
            Request::Backup { write, done } => {
                let _ = done.send(Ok(()));
                // Nothing is applied until it ends: the backup is of one sequence.
                self.backups.spawn_blocking(write.0);
            }
            Request::Settled { done } => self.waiting.settled.push(done),
            Request::Heartbeat { done } => {
                let _ = done.send(());
            }
            Request::Stop => {}
        }
        Ok(())
    }

    /// Enters every source of the plan on the agenda, or moves it to its present due time.
    fn plan_all(&mut self) {
        let plan = self.driver.plan().clone();
        for source in self.polls.expect_all(&plan) {
            self.plan_source(&source);
        }
    }

    /// Has a new fetcher know which servers asked to be left alone.
    fn recall_holds(&self) {
        let now = self.clock.now();
        for id in self.driver.plan().sources.keys() {
            self.driver.with_source_state(id, |state| self.polls.recall_holds(state, now));
        }
    }

    /// Where the last turn is dated in the future, a clock was ahead: the engine goes back to the
    /// present time, and what that clock put off is void (P40).
    async fn correct_clock(&mut self) -> Result<(), StoreError> {
        let at = self.clock.now();
        if self.cluster.is_none()
            && self.driver.engine().is_ahead_of(at)
            && self.apply(Turn::ClockCorrected { at }).await?.is_some()
        {
            self.plan_all();
        }
        Ok(())
    }

    /// Polls a source on request. Another node's sources are polled there.
    async fn poll_now(&mut self, source: SourceId, wish: PollWish) -> Result<(), StoreError> {
        let (refusal, now) = (self.poll_refusal(), self.clock.now());
        let Some(owner) = self.other_owner(&source).filter(|_| refusal.is_none()) else {
            self.polls.poll_now(source, wish, refusal.as_ref(), now);
            return Ok(());
        };
        if wish.insists {
            let _ = wish.done.send(Err(Refusal::OtherNode(owner.to_string())));
            return Ok(());
        }
        self.polls.wait_for(source.clone(), wish);
        self.apply(Turn::PollRequested { source, at: now }).await.map(drop)
    }

    fn start_due(&mut self) {
        if !self.is_closed() && self.may_poll() {
            let guard = self.cluster.as_ref().map(|cluster| cluster.guard());
            let hubs = self.polls.start_due(&self.driver, &self.clock, guard.as_ref());
            self.websub.hubs_are_due(hubs);
        }
    }

    /// Has the engine apply the polls that ended.
    async fn apply_polls(&mut self) -> Result<(), StoreError> {
        let began = Instant::now();
        let polls = self.polls.take_batch(&self.driver, self.clock.now());
        for source in self.polls.take_given_up() {
            self.plan_source(&source);
        }
        let further = self.turns_of(polls);
        self.unappended.extend(further);
        while !self.is_closed()
            && let Some(polls) = self.unappended.pop_front()
        {
            self.apply(Turn::Polls(polls)).await?;
        }
        self.polls.batch_committed(began.elapsed(), Instant::now());
        Ok(())
    }

    fn answer_if_settled(&mut self) {
        let is_settled = self.polls.are_settled(self.clock.now())
            && self.unappended.is_empty()
            && self.websub.is_settled()
            && !self.driver.is_filling()
            && self.is_published();
        if is_settled {
            for done in self.waiting.settled.drain(..) {
                let _ = done.send(());
            }
        }
    }

    /// Reads, applies and publishes the polls under way, if they end soon. Any other poll is given
    /// up whole: nothing of it is stored, so the next start begins it anew.
    async fn finish(mut self) -> Result<(), StoreError> {
        let until = Instant::now() + LAST_POLLS;
        if self.is_cut_off() {
            self.polls.abort_all();
        }
        // A delivery that was acknowledged to its hub is published, too, however long a poll takes.
        self.websub.close_callbacks();
        loop {
            let delivers = self.websub.has_deliveries() && !self.is_closed();
            if !delivers && !self.polls.are_under_way() {
                break;
            }
            tokio::select! {
                biased;
                event = self.websub.next_inbound(), if delivers => self.websub_event(event).await?,
                Some(ended) = self.polls.next_ended() => {
                    self.polls.gather(ended);
                    self.retry().await?;
                    if !self.is_closed() {
                        self.apply_polls().await?;
                    }
                }
                () = tokio::time::sleep_until(until) => break,
            }
        }
        self.retry().await?;
        if !self.is_closed() {
            self.apply_polls().await?;
        }
        self.polls.abort_all();
        self.store_unverified().await?;
        self.hasten_pinged().await?;
        if let Some(cluster) = &self.cluster {
            cluster.membership.resign().await;
        }
        self.publish().await
    }
}

/// Returns when another node has changed; never on a machine alone.
async fn other_nodes(cluster: &mut Option<Box<ClusterNode>>) {
    match cluster {
        Some(cluster) => cluster.changed().await,
        None => std::future::pending().await,
    }
}
