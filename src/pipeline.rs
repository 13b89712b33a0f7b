//! Due sources, pushes and new plans in; a store and a shelf that follow them, out.
//!
//! THE CORE LOOP: the only module that knows all stages. Everything that can
//! make the daemon act is a variant of [`Event`]; one poll's life is
//! [`Editor::ingest`], top to bottom, then [`Editor::publish`]. Polls run side by side and change
//! nothing; this loop alone writes.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use tracing::{error, info};

use crate::clock::Clock;
use crate::fetch::{Agenda, Fetcher, Refusal, websub};
use crate::model::{Failure, FailureKind, Hold, Outcome, Poll, Source, SourceId, Timestamp};
use crate::store::StoreError;

mod archive;
mod compute;
mod editor;
mod enriching;
mod filing;

mod filling;

mod gathering;

mod hub;

mod ingested;

mod keeping;

mod listening;

mod opening;

mod press;

mod pulse;

mod push;

mod reaching;

mod reading;

mod refilled;

mod replanning;

mod request;

mod rounds;

mod scheduling;

mod telling;

mod work;

use gathering::{Ended, Gathering};
use hub::OwnHub;
use press::Press;
use push::{Hubs, Word, heard};
use telling::News;
use work::{LoopWork, Work};

pub(crate) use editor::rules;
pub use editor::{Editor, Memories};
pub(crate) use filing::{after, archive_of, holds, latest_first, names, words};
pub use filling::{Fillings, TopicFilling};
pub use ingested::Ingested;
pub(crate) use listening::silences;
pub use opening::Opening;
pub use pulse::{Pulse, TICK};
pub use push::Callbacks;
pub use refilled::Refilled;
pub use request::{Polled, Request};

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

/// What was remembered of a source before a poll of it, as far as one tells of a change.
struct Before {
    hold: Option<Hold>,
    distrusted: bool,
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
    requests: mpsc::Receiver<Request>,
    polls: JoinSet<Poll>,
    /// Those of them that ended and are not committed.
    gathering: Gathering,
    under_way: HashMap<Id, Arc<Source>>,
    waiting_for: HashMap<SourceId, Vec<oneshot::Sender<Result<Polled, Refusal>>>>,
    waiting_for_rest: Vec<oneshot::Sender<()>>,
    /// The only sources to poll, where that is not every source of the plan.
    only: Option<BTreeSet<SourceId>>,
    pulse: Arc<Pulse>,
    press: Press,
    /// News that is not published yet.
    untold: Vec<News>,
    /// Compresses what was published.
    compressing: JoinSet<Duration>,
    /// What is under way with hubs, where they may call.
    hubs: Option<Hubs>,
    /// Our own, where there is one.
    hub: Option<OwnHub>,
    /// Polls that could not be committed because the disk is full.
    kept_out: Vec<Poll>,
    /// When they are tried again.
    retry_at: Instant,
    /// Sources whose times were set by a clock that was ahead, until they are stored.
    set_ahead: Vec<SourceId>,
    /// When topics are filled on.
    fill_at: Instant,
    /// Who waits for the plan that follows.
    replanning: Option<oneshot::Sender<Vec<Refilled>>>,
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
            editor,
            fetcher,
            agenda,
            requests,
            polls: JoinSet::new(),
            gathering: Gathering::default(),
            under_way: HashMap::new(),
            waiting_for: HashMap::new(),
            waiting_for_rest: Vec::new(),
            only: None,
            pulse,
            press: Press::default(),
            untold: Vec::new(),
            compressing: JoinSet::new(),
            hubs: None,
            hub: None,
            kept_out: Vec::new(),
            retry_at: Instant::now(),
            set_ahead: Vec::new(),
            fill_at: Instant::now(),
            replanning: None,
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
        let ended = self.turn().await;
        pulse.stop();
        ended?;
        self.finish().await
    }

    async fn turn(&mut self) -> Result<(), StoreError> {
        let crashed = std::mem::take(&mut self.crashed);
        self.set_aside(crashed).await?;
        loop {
            if self.gathering.is_due(!self.polls.is_empty(), Instant::now()) {
                self.ingest(Vec::new()).await?;
            }
            self.store_rescheduled().await?;
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
                Event::Retry => self.ingest(Vec::new()).await?,
                Event::Polled(ended) => self.gather(ended),
                Event::Heard(word) => self.heard(*word).await?,
                Event::Told(word) => self.told(word).await?,
                Event::Asked(Request::Subscribe { asked, client, done }) => {
                    let _ = done.send(self.subscribe(asked, client));
                }
                Event::Asked(Request::CallBack { token, query, done }) => {
                    let _ = done.send(self.call_back(&token, &query).await?);
                }
                Event::Asked(Request::PollNow { source, done }) => self.poll_now(source, done),
                Event::Asked(Request::Replan { plan, done }) => {
                    self.replanning = Some(done);
                    let prepared = self.editor.prepare(plan).await;
                    self.unless_full(prepared)?;
                }
                Event::Asked(Request::Settled { done }) => self.waiting_for_rest.push(done),
                Event::Asked(Request::Heartbeat { done }) => {
                    let _ = done.send(());
                }
                Event::Asked(Request::Stop) => return Ok(()),
            }
        }
    }

    async fn next_event(&mut self) -> Event {
        // On a full disk nothing new is asked for; what is known stays served.
        let full = !self.kept_out.is_empty();
        let wake_at = self.agenda.wake_at().filter(|_| !full);
        let publish_at = self.publish_at();
        // What is yet to be published is news from now on.
        self.pulse.expect(publish_at.map(|_| self.clock.now()).or(wake_at));
        self.pulse.waits(!self.polls.is_empty(), wake_at);
        let commit_at = self.gathering.due_at();
        let tell_at = self.hub.as_ref().and_then(|hub| hub.wake_at(self.clock.now()));
        tokio::select! {
            biased;
            request = self.requests.recv() => Event::Asked(request.unwrap_or(Request::Stop)),
            Some(ended) = self.polls.join_next_with_id() => Event::Polled(ended),
            word = heard(&mut self.hubs, full) => Event::Heard(Box::new(word)),
            word = hub::next(&mut self.hub) => Event::Told(word),
            Some(done) = self.compressing.join_next() => Event::Compressed(done.unwrap_or_default()),
            () = tokio::time::sleep_until(publish_at.unwrap_or(self.retry_at)), if publish_at.is_some() => Event::Due,
            () = tokio::time::sleep_until(commit_at.unwrap_or(self.retry_at)), if commit_at.is_some() => Event::Due,
            () = self.clock.sleep_until(wake_at.unwrap_or(Timestamp::EPOCH)), if wake_at.is_some() => Event::Due,
            () = self.clock.sleep_until(tell_at.unwrap_or(Timestamp::EPOCH)), if tell_at.is_some() => Event::Due,
            () = tokio::time::sleep_until(self.retry_at), if full => Event::Retry,
            () = tokio::time::sleep_until(self.fill_at), if self.editor.is_filling() => Event::Due,
        }
    }

    /// A poll that panicked is that source's failure and costs only itself. One
    /// of a source that a reload took away meanwhile, or gave another address,
    /// counts for nothing.
    fn landed(&mut self, ended: Ended) -> Option<Poll> {
        let (task, poll, aborted) = match ended {
            Ok((task, poll)) => (task, Some(poll), false),
            Err(broken) => (broken.id(), None, broken.is_cancelled()),
        };
        let asked = self.under_way.remove(&task)?;
        let source = &asked.id;
        if aborted || poll.is_none() {
            self.work.0.committed(source);
        }
        if aborted {
            // The runtime ends around us, which says nothing of the source.
            return None;
        }
        let configured = self.editor.plan().sources.get(source).cloned();
        if configured.as_ref().is_none_or(|now| now.location != asked.location) {
            self.work.0.committed(source);
            self.agenda.finished(source, self.clock.now());
            if let Some(source) = &configured {
                self.agenda.plan(source, &self.editor.memory(&source.id));
            }
            for done in self.waiting_for.remove(source).unwrap_or_default() {
                let _ = done.send(Err(Refusal::Unknown));
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
        while self.kept_out.is_empty()
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
        let memory = self.editor.memory(&id);
        let (fetcher, plan) = (self.fetcher.clone(), plan.clone());
        let (store, clock) = (self.editor.store(), self.clock.clone());
        let work = self.work.0.clone();
        let poll = reading::read(fetcher, source.clone(), memory, plan, store, clock, work);
        self.pulse.progressed();
        let task = self.polls.spawn(poll).id();
        self.under_way.insert(task, source);
    }

    fn before(&self, poll: &Poll) -> Before {
        self.editor.with_memory(&poll.source, |memory| Before {
            hold: memory.hold,
            distrusted: websub::is_distrusted(memory, poll.at),
        })
    }

    /// Has the editor take in what was kept out, what ended, and what else there is.
    async fn ingest(&mut self, more: Vec<Poll>) -> Result<(), StoreError> {
        let began = Instant::now();
        let mut polls = std::mem::take(&mut self.kept_out);
        for ended in self.gathering.take() {
            polls.extend(self.landed(ended));
        }
        polls.extend(more);
        let before: Vec<Before> = polls.iter().map(|poll| self.before(poll)).collect();
        let ingested = match self.editor.ingest(&polls).await {
            Err(full @ StoreError::Full { .. }) => {
                if self.pulse.alive().is_ok() {
                    error!(event = "disk_full", "polling stops until there is room: {full}");
                }
                self.pulse.stall(Some(full.to_string()));
                for poll in &polls {
                    for done in self.waiting_for.remove(&poll.source).unwrap_or_default() {
                        let _ = done.send(Err(Refusal::DiskFull));
                    }
                }
                self.kept_out = polls;
                self.retry_at = Instant::now() + RETRY;
                return Ok(());
            }
            ingested => ingested?,
        };
        self.gathering.committed(began.elapsed(), Instant::now());
        self.untold.extend(
            polls.iter().zip(&ingested).filter_map(|(poll, ingested)| News::of(poll, ingested)),
        );
        // Who had a source polled sees what came of it.
        if polls.iter().any(|poll| self.waiting_for.contains_key(&poll.source)) {
            self.publish().await?;
        }
        if self.pulse.stall(None) {
            info!(event = "disk_has_room", "there is room again: polling goes on");
        }
        let mut holds = false;
        for ((poll, ingested), before) in polls.into_iter().zip(ingested).zip(before) {
            telling::of_poll(&poll, &ingested);
            let source = self.editor.plan().sources.get(&poll.source).cloned();
            if let Outcome::Pushed(_) = poll.outcome {
                // Whoever waits for a poll has not had one.
                source.inspect(|source| self.replan_source(source));
                continue;
            }
            self.work.0.committed(&poll.source);
            self.agenda.locate(&poll.source, |origin| self.fetcher.address_of(origin));
            self.agenda.finished(&poll.source, self.clock.now());
            if let Some(source) = source {
                self.replan_source(&source);
                self.hasten_if_pinged(&source);
                self.tell_if_distrusted(&source, before.distrusted, poll.at);
            }
            holds |= self.editor.with_memory(&poll.source, |memory| memory.hold != before.hold);
            for done in self.waiting_for.remove(&poll.source).unwrap_or_default() {
                let _ = done.send(Ok(Polled { poll: poll.clone(), ingested: ingested.clone() }));
            }
        }
        if holds {
            self.tell_who_waits_in_vain();
        }
        Ok(())
    }

    /// Whoever waits for a source whose origin is to be left alone since is told so; it
    /// is asked when it is due (P28).
    fn tell_who_waits_in_vain(&mut self) {
        let now = self.clock.now();
        let put_off = |id: &SourceId| Some((id.clone(), self.agenda.put_off(id, now)?));
        let held: Vec<_> = self.waiting_for.keys().filter_map(put_off).collect();
        for (id, until) in held {
            if let Some(source) = self.editor.plan().sources.get(&id).cloned() {
                self.replan_source(&source);
            }
            for done in self.waiting_for.remove(&id).unwrap_or_default() {
                let _ = done.send(Err(Refusal::Held(until)));
            }
        }
    }

    fn tell_if_settled(&mut self) {
        let due = self.agenda.wake_at().is_some_and(|next| next <= self.clock.now());
        let hubs_rest = self.hubs.as_ref().is_none_or(Hubs::rests);
        let told = self.hub.as_ref().is_none_or(OwnHub::rests);
        let rests = self.polls.is_empty() && self.gathering.is_empty() && !due && hubs_rest && told;
        if rests && !self.editor.is_filling() && self.is_published() {
            for done in self.waiting_for_rest.drain(..) {
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
            tokio::time::timeout_at(until, self.polls.join_next_with_id()).await
        {
            self.gather(ended);
            self.ingest(Vec::new()).await?;
        }
        self.ingest(Vec::new()).await?;
        self.polls.abort_all();
        self.keep_requests().await?;
        // What hubs were thanked for is published, too.
        self.hubs.iter_mut().for_each(Hubs::close);
        while self.hubs.as_ref().is_some_and(Hubs::owes)
            && let Ok(word) = tokio::time::timeout_at(until, heard(&mut self.hubs, false)).await
        {
            self.heard(word).await?;
        }
        self.publish().await
    }
}
