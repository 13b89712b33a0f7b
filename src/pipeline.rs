//! THE CORE LOOP: has the engine apply turn after turn, and the feeds follow.
//!
//! Everything that can make the daemon act is a variant of [`Event`]. What changes the store
//! becomes a turn, and [`Pipeline::apply`] is the one place where turns are applied and where it
//! is decided what a full disk means. Polls run side by side and change nothing.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use tracing::error;

use crate::clock::Clock;
use crate::config::Plan;
use crate::engine::{Polled, TopicFillResult, Turn};
use crate::fetch::{Agenda, Fetcher, Refusal};
use crate::model::{Failure, FailureKind, Outcome, Poll, Source, SourceId, Timestamp};
use crate::store::StoreError;

mod applying;
mod compute;
mod editor;
mod enriching;
mod highlights;
mod hub;
mod log_poll;
mod poll_batch;
mod publish_throttle;
mod pulse;
mod push;
mod reaching;
mod reading;
mod replanning;
mod request;
mod rounds;

mod scheduling;
mod work;

use hub::OwnHub;
use log_poll::News;
use poll_batch::{Ended, PollBatch};
use publish_throttle::PublishThrottle;
use push::{Hubs, Word, heard};
use work::{LoopWork, Work};

pub use editor::Editor;
pub use pulse::{Pulse, TICK};
pub use push::Callbacks;
pub use request::Request;

/// How long a full disk is left alone before the polls in hand are tried again.
const RETRY: Duration = Duration::from_secs(30);

/// How long polls under way may take once the daemon is told to stop.
const LAST_POLLS: Duration = Duration::from_secs(10);

/// What makes the loop act.
enum Event {
    /// A source is due.
    Due,
    /// Polls that a full disk kept out may go in by now.
    Retry,
    /// A poll ended.
    Polled(Ended),
    /// A hub has sent something, or was asked.
    Heard(Box<Word>),
    /// A subscriber of our hub was asked, or told.
    Told(hub::Word),
    /// What was published is compressed, which took so long.
    Compressed(Duration),
    /// Somebody asks.
    Asked(Request),
}

/// Polls under way, and those that ended.
#[derive(Default)]
struct Polls {
    tasks: JoinSet<Poll>,
    /// What each task reads.
    sources: HashMap<Id, Arc<Source>>,
    /// Those that ended and are not committed.
    batch: PollBatch,
}

/// Somebody who wants a source polled now.
#[derive(Debug)]
pub(in crate::pipeline) struct Wish {
    /// Whether a hold and the floor are to be ignored.
    insists: bool,
    done: oneshot::Sender<Result<Polled, Refusal>>,
}

/// Who waits for what.
#[derive(Default)]
struct Waiting {
    polls: HashMap<SourceId, Vec<Wish>>,
    rest: Vec<oneshot::Sender<()>>,
    /// For the plan that is being put in force, and what that has changed of topics so far.
    plan: Option<(oneshot::Sender<Vec<TopicFillResult>>, Vec<TopicFillResult>)>,
}

/// What is being published.
#[derive(Default)]
struct Publishing {
    throttle: PublishThrottle,
    /// News that is not published yet.
    unreported: Vec<News>,
    /// Compresses what was published.
    compressing: JoinSet<Duration>,
}

/// The core loop and all it owns.
pub struct Pipeline {
    /// What is being read; dropped before the polls that read it.
    work: LoopWork,
    /// Sources that the last process died of, until they are set aside.
    crashed: Vec<SourceId>,
    clock: Clock,
    editor: Editor,
    fetcher: Arc<Fetcher>,
    agenda: Agenda,
    /// The plan that agenda and fetcher follow.
    scheduled: Arc<Plan>,
    requests: mpsc::Receiver<Request>,
    polls: Polls,
    waiting: Waiting,
    /// The only sources to poll, where that is not every source of the plan.
    only: Option<BTreeSet<SourceId>>,
    pulse: Arc<Pulse>,
    publishing: Publishing,
    /// What is under way with hubs, where they may call.
    hubs: Option<Hubs>,
    /// Our own, where there is one.
    hub: Option<OwnHub>,
    /// Whether less of the disk is free than is to stay so.
    is_low: bool,
    /// When that is looked at next.
    look_at: Instant,
    /// When what a full disk keeps out is tried again.
    retry_at: Instant,
}

impl Pipeline {
    /// A loop over what `editor` has opened. The failure is an operator's: a
    /// proxy or certificate store that cannot be used.
    pub fn new(
        editor: Editor,
        clock: Clock,
        requests: mpsc::Receiver<Request>,
    ) -> Result<Self, Failure> {
        let polling = &editor.plan().polling;
        let pulse = Arc::new(Pulse::default());
        pulse.allow(polling);
        let fetcher = Arc::new(Fetcher::new(polling)?.counting(pulse.progress()));
        let agenda = Agenda::new(polling.spacing, polling.concurrency);
        let (work, crashed) = Work::open(editor.plan());
        let mut pipeline = Self {
            work: LoopWork(work),
            crashed,
            clock,
            scheduled: editor.plan().clone(),
            editor,
            fetcher,
            agenda,
            requests,
            polls: Polls::default(),
            waiting: Waiting::default(),
            only: None,
            pulse,
            publishing: Publishing::default(),
            hubs: None,
            hub: None,
            is_low: false,
            look_at: Instant::now(),
            retry_at: Instant::now(),
        };
        pipeline.plan_all();
        Ok(pipeline)
    }

    /// Polls these sources and no others.
    pub fn only(mut self, sources: BTreeSet<SourceId>) -> Self {
        for id in self.editor.plan().sources.keys().filter(|id| !sources.contains(*id)) {
            self.agenda.forget(id);
        }
        self.only = Some(sources);
        self
    }

    /// The loop's signs of life.
    pub fn pulse(&self) -> Arc<Pulse> {
        self.pulse.clone()
    }

    /// Runs until [`Request::Stop`]. Only a failing store ends it early: with
    /// nowhere to remember what was seen, going on would publish duplicates.
    pub async fn run(mut self) -> Result<(), StoreError> {
        let pulse = self.pulse();
        let ended = self.act().await;
        pulse.stop();
        ended?;
        self.finish().await
    }

    async fn act(&mut self) -> Result<(), StoreError> {
        let crashed = std::mem::take(&mut self.crashed);
        self.set_aside(crashed).await?;
        loop {
            self.watch_room()?;
            if !self.is_closed()
                && self.polls.batch.is_due(!self.polls.tasks.is_empty(), Instant::now())
            {
                self.ingest().await?;
            }
            self.correct_clock().await?;
            self.start_due_polls();
            self.ask_hubs().await?;
            self.fill_topics().await?;
            self.publish_when_due().await?;
            self.tell_subscribers().await?;
            self.tell_if_settled();
            let event = self.next_event().await;
            self.pulse.acts();
            match event {
                Event::Due => {}
                Event::Compressed(took) => self.compressed(took),
                Event::Retry => self.retry().await?,
                Event::Polled(ended) => self.gather(ended),
                Event::Heard(word) => self.heard(*word).await?,
                Event::Told(word) => self.told(word).await?,
                Event::Asked(Request::Subscribe { asked, client, done }) => {
                    let _ = done.send(self.subscribe(asked, client));
                }
                Event::Asked(Request::CallBack { token, query, done }) => {
                    let _ = done.send(self.call_back(&token, query).await?);
                }
                Event::Asked(Request::PollNow { source, insists, done }) => {
                    self.poll_now(source, Wish { insists, done });
                }
                Event::Asked(Request::Replan { plan, done }) => self.replan(plan, done).await?,
                Event::Asked(Request::Settled { done }) => self.waiting.rest.push(done),
                Event::Asked(Request::Heartbeat { done }) => {
                    let _ = done.send(());
                }
                Event::Asked(Request::Stop) => return Ok(()),
            }
        }
    }

    async fn next_event(&mut self) -> Event {
        // On a full disk nothing new is asked for; what is known stays served.
        let full = self.is_closed();
        let wake_at = self.agenda.wake_at().filter(|_| !full);
        let publish_at = self.publish_at();
        let now = self.clock.now();
        // What is yet to be published is news from now on, and what hubs push comes at any time.
        let is_any_time =
            publish_at.is_some() || self.hubs.as_ref().is_some_and(|hubs| hubs.push(now));
        self.pulse.expect(if is_any_time { Some(now) } else { wake_at });
        self.pulse.waits(!self.polls.tasks.is_empty(), wake_at);
        let commit_at = self.polls.batch.due_at().filter(|_| !full);
        let tell_at = self.hub.as_ref().and_then(|hub| hub.wake_at(now)).filter(|_| !full);
        let fills = self.editor.is_filling() && !full;
        let gathers = !full || self.polls.batch.has_room();
        tokio::select! {
            biased;
            request = self.requests.recv() => Event::Asked(request.unwrap_or(Request::Stop)),
            Some(ended) = self.polls.tasks.join_next_with_id(), if gathers => Event::Polled(ended),
            word = heard(&mut self.hubs, full) => Event::Heard(Box::new(word)),
            word = hub::next(&mut self.hub, full) => Event::Told(word),
            Some(done) = self.publishing.compressing.join_next() => Event::Compressed(done.unwrap_or_default()),
            () = tokio::time::sleep_until(publish_at.unwrap_or(self.retry_at)), if publish_at.is_some() => Event::Due,
            () = tokio::time::sleep_until(commit_at.unwrap_or(self.retry_at)), if commit_at.is_some() => Event::Due,
            () = self.clock.sleep_until(wake_at.unwrap_or(Timestamp::EPOCH)), if wake_at.is_some() => Event::Due,
            () = self.clock.sleep_until(tell_at.unwrap_or(Timestamp::EPOCH)), if tell_at.is_some() => Event::Due,
            () = tokio::time::sleep_until(self.retry_at), if full => Event::Retry,
            () = std::future::ready(()), if fills => Event::Due,
        }
    }

    /// A poll that panicked is that source's failure and costs only itself. One
    /// of a source that a reload took away meanwhile, or gave another address, counts for
    /// nothing; nor does a failure, where the source is asked otherwise since.
    fn landed(&mut self, ended: Ended) -> Option<Poll> {
        let (task, poll, aborted) = match ended {
            Ok((task, poll)) => (task, Some(poll), false),
            Err(broken) => (broken.id(), None, broken.is_cancelled()),
        };
        let asked = self.polls.sources.remove(&task)?;
        let source = &asked.id;
        if aborted || poll.is_none() {
            self.work.0.committed(source);
        }
        if aborted {
            // The runtime ends around us, which says nothing of the source.
            return None;
        }
        let configured = self.editor.plan().sources.get(source).cloned();
        let is_other = |now: &Arc<Source>| {
            now.location != asked.location
                || (now.headers != asked.headers || now.allow_private != asked.allow_private)
                    && matches!(&poll, Some(Poll { outcome: Outcome::Failed(_), .. }))
        };
        if configured.as_ref().is_none_or(is_other) {
            self.work.0.committed(source);
            self.agenda.finished(source, self.clock.now());
            if let Some(source) = &configured {
                self.agenda.plan(source, &self.editor.source_state(&source.id));
            }
            for wish in self.waiting.polls.remove(source).unwrap_or_default() {
                self.poll_now(source.clone(), wish);
            }
            return None;
        }
        poll.or_else(|| {
            error!(event = "poll_panicked", %source, "poll of {source} panicked; please report it");
            let failure =
                Failure::new(FailureKind::Internal, "the poll failed inside; please report it");
            let outcome = Outcome::Failed(failure);
            Some(Poll { source: source.clone(), at: self.clock.now(), outcome, pages: None })
        })
    }

    fn start_due_polls(&mut self) {
        let now = self.clock.now();
        while !self.is_closed()
            && let Some(id) = self.agenda.start(now)
        {
            if !self.is_hubs_turn(&id) {
                self.start(id);
            }
        }
    }

    fn start(&mut self, id: SourceId) {
        let plan = self.editor.plan();
        let Some(source) = plan.sources.get(&id).cloned() else { return };
        let state = self.editor.source_state(&id);
        let (fetcher, plan) = (self.fetcher.clone(), plan.clone());
        let (store, clock) = (self.editor.store(), self.clock.clone());
        let work = self.work.0.clone();
        let poll = reading::read(fetcher, source.clone(), state, plan, store, clock, work);
        self.pulse.progressed();
        let task = self.polls.tasks.spawn(poll).id();
        self.polls.sources.insert(task, source);
    }

    /// Has the engine take in the polls that ended.
    async fn ingest(&mut self) -> Result<(), StoreError> {
        let began = Instant::now();
        let mut polls = Vec::new();
        for ended in self.polls.batch.take() {
            polls.extend(self.landed(ended));
        }
        if !polls.is_empty() {
            self.apply(Turn::Polls(polls)).await?;
        }
        self.polls.batch.committed(began.elapsed(), Instant::now());
        Ok(())
    }

    /// Whoever waits for a source whose origin is to be left alone since is told so; it
    /// is asked when it is due (P28).
    fn tell_who_waits_in_vain(&mut self) {
        let now = self.clock.now();
        let put_off = |id: &SourceId| Some((id.clone(), self.agenda.put_off(id, now)?));
        let held: Vec<_> = self.waiting.polls.keys().filter_map(put_off).collect();
        for (id, refusal) in held {
            if let Some(source) = self.editor.plan().sources.get(&id).cloned() {
                self.replan_source(&source);
            }
            for wish in self.waiting.polls.remove(&id).unwrap_or_default() {
                let _ = wish.done.send(Err(refusal.clone()));
            }
        }
    }

    fn tell_if_settled(&mut self) {
        let due = self.agenda.wake_at().is_some_and(|next| next <= self.clock.now());
        let hubs_rest = self.hubs.as_ref().is_none_or(Hubs::rests);
        let told = self.hub.as_ref().is_none_or(OwnHub::rests);
        let rests =
            self.polls.tasks.is_empty() && self.polls.batch.is_empty() && !due && hubs_rest && told;
        if rests && !self.editor.is_filling() && self.is_published() {
            for done in self.waiting.rest.drain(..) {
                let _ = done.send(());
            }
        }
    }

    /// What is under way is still read, judged and published, if it ends soon.
    /// A poll that does not is given up whole: nothing of it is remembered, so
    /// the next start begins it anew.
    async fn finish(mut self) -> Result<(), StoreError> {
        let until = Instant::now() + LAST_POLLS;
        while let Ok(Some(ended)) =
            tokio::time::timeout_at(until, self.polls.tasks.join_next_with_id()).await
        {
            self.gather(ended);
            self.retry().await?;
            if !self.is_closed() {
                self.ingest().await?;
            }
        }
        self.retry().await?;
        if !self.is_closed() {
            self.ingest().await?;
        }
        self.polls.tasks.abort_all();
        self.keep_requests().await?;
        // What hubs were thanked for is published, too.
        self.hubs.iter_mut().for_each(Hubs::close);
        while self.hubs.as_ref().is_some_and(Hubs::owes)
            && !self.is_closed()
            && let Ok(word) = tokio::time::timeout_at(until, heard(&mut self.hubs, false)).await
        {
            self.heard(word).await?;
        }
        self.publish().await
    }
}
