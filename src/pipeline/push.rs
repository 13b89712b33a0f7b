//! Asks sources' hubs to push, and takes in what they send.
//!
//! A request to a hub waits on the agenda like a poll, under a name of its own, so
//! that a hub is asked as politely as any origin. Nothing that a hub sends is
//! believed before it was checked against what is remembered of the source.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::future::pending;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tracing::{debug, error, warn};

use crate::engine::{Turn, callbacks_of};
use crate::fetch::{Fetcher, websub};
use crate::model::{
    Enrich, Failure, FailureKind, Hold, HoldScope, Protocol, Seed, Source, SourceId, SourceState,
    Subscription, Timestamp,
};
use crate::publish::Delivery;
use crate::store::StoreError;

use super::{Pipeline, RETRY};

mod callbacks;

mod delivery;

use delivery::{Read, Spoilt, read};

pub use callbacks::Callbacks;

/// Deliveries read at once.
const READING: usize = 2;

/// What the name of a request to a source's hub begins with; no source's has a blank.
const HUB: &str = "hub of ";

/// Something that was done for, or came from, a hub.
pub(super) enum Word {
    /// A hub, or a stranger who knows a token, has sent something.
    Delivered(Delivery),
    /// What was sent has been read.
    Read(Result<Read, JoinError>),
    /// A hub was asked.
    Asked(Result<Asked, JoinError>),
}

/// What came of asking a hub.
pub(super) struct Asked {
    source: SourceId,
    round: u32,
    answer: Result<(), Failure>,
}

/// All that is under way with hubs.
pub(super) struct Hubs {
    seed: Seed,
    /// Requests so far: each has a token and a secret of its own.
    requests: u64,
    callbacks: Callbacks,
    deliveries: mpsc::Receiver<Delivery>,
    reading: JoinSet<Read>,
    asking: JoinSet<Asked>,
    /// Sources whose hub stands on the agenda.
    planned: HashSet<SourceId>,
    /// Sources whose hub's turn has come.
    due: Vec<SourceId>,
    /// Until when hubs push sources.
    pushed: BTreeMap<SourceId, Timestamp>,
    /// Sources that are said to have news while they are being polled: the answer
    /// may have been made before.
    pinged: BTreeSet<SourceId>,
}

impl Hubs {
    fn new(seed: Seed) -> Self {
        let (callbacks, deliveries) = Callbacks::closed();
        Self {
            seed,
            requests: 0,
            callbacks,
            deliveries,
            planned: HashSet::new(),
            reading: JoinSet::new(),
            asking: JoinSet::new(),
            due: Vec::new(),
            pushed: BTreeMap::new(),
            pinged: BTreeSet::new(),
        }
    }

    /// What comes next; for ever, while nothing does. On a full disk nothing more is taken in.
    pub(super) async fn next(&mut self, full: bool) -> Word {
        let room = self.reading.len() < READING && !full;
        tokio::select! {
            Some(read) = self.reading.join_next() => Word::Read(read),
            Some(asked) = self.asking.join_next() => Word::Asked(asked),
            Some(delivery) = self.deliveries.recv(), if room => Word::Delivered(delivery),
            else => pending().await,
        }
    }

    /// Whether any source is being pushed, so that news may come at any moment.
    pub(super) fn push(&self, now: Timestamp) -> bool {
        self.pushed.values().any(|until| *until > now)
    }

    /// Whether nothing is under way.
    pub(super) fn rests(&self) -> bool {
        self.asking.is_empty() && !self.owes()
    }

    /// Whether something was taken in and is not published yet.
    pub(super) fn owes(&self) -> bool {
        !self.reading.is_empty() || !self.deliveries.is_empty()
    }

    /// Takes nothing more in.
    pub(super) fn close(&mut self) {
        self.deliveries.close();
    }
}

/// The source whose hub a name on the agenda stands for.
fn source_of(errand: &SourceId) -> Option<SourceId> {
    errand.as_str().strip_prefix(HUB).map(SourceId::new)
}

fn errand_of(source: &SourceId) -> SourceId {
    SourceId::new(format!("{HUB}{source}"))
}

impl Pipeline {
    /// Opens callbacks: from now on, hubs are asked to push where the plan says so.
    /// `None` where the system has no randomness for their secrets.
    pub fn open_callbacks(&mut self) -> Option<Callbacks> {
        let Some(seed) = Seed::fresh() else {
            error!(event = "push_off", "the system gives no random bytes: no hub is asked to push");
            return None;
        };
        let hubs = Hubs::new(seed);
        let callbacks = hubs.callbacks.clone();
        self.hubs = Some(hubs);
        if self.editor.plan().hub.callbacks.is_some() {
            self.plan_all();
        }
        Some(callbacks)
    }

    /// Opens the callbacks of a source's hub, and enters on the agenda when that is to
    /// be asked, if ever.
    pub(super) fn plan_hub(&mut self, source: &Source, state: &SourceState) {
        let Some(hubs) = &mut self.hubs else { return };
        let id = &source.id;
        match state.push.as_ref().and_then(|push| push.expires) {
            Some(until) => hubs.pushed.insert(id.clone(), until),
            None => hubs.pushed.remove(id),
        };
        let due = callbacks_of(self.editor.plan(), source).and_then(|callbacks| {
            hubs.callbacks.open(id, state.push.as_deref());
            websub::due(id, state, callbacks).zip(websub::offer(state))
        });
        let Some((due, offer)) = due else { return self.forget_hub(id, state.push.as_deref()) };
        let trouble = state.push.as_ref().and_then(|push| push.trouble.as_ref());
        let hold = trouble.map(|(_, until)| Hold { until: *until, scope: HoldScope::Origin });
        let state = SourceState { next_poll: due, hold, ..SourceState::default() };
        hubs.planned.insert(id.clone());
        self.agenda.plan_errand(&errand_of(id), &offer.hub, &state);
    }

    /// Has a source's hub asked no more; what it was asked for before may go on.
    pub(super) fn forget_hub(&mut self, id: &SourceId, goes_on: Option<&Subscription>) {
        let Some(hubs) = &mut self.hubs else { return };
        hubs.callbacks.open(id, goes_on);
        if goes_on.is_none() {
            hubs.pushed.remove(id);
        }
        if hubs.planned.remove(id) {
            self.agenda.forget(&errand_of(id));
        }
    }

    /// Whether what the agenda has started is a request to a hub, which is then noted.
    pub(super) fn is_hubs_turn(&mut self, started: &SourceId) -> bool {
        let source = source_of(started);
        if let (Some(source), Some(hubs)) = (&source, &mut self.hubs) {
            hubs.due.push(source.clone());
        }
        source.is_some()
    }

    /// Asks the hubs whose turn has come. What is asked for is durable before it is
    /// sent: a hub may verify at once.
    pub(super) async fn ask_hubs(&mut self) -> Result<(), StoreError> {
        let Some(hubs) = self.hubs.as_mut().filter(|hubs| !hubs.due.is_empty()) else {
            return Ok(());
        };
        let (due, at) = (std::mem::take(&mut hubs.due), self.clock.now());
        for id in due {
            let Some(hubs) = &mut self.hubs else { return Ok(()) };
            hubs.requests += 1;
            let seed = hubs.seed.child(&[b"request", &hubs.requests.to_le_bytes()]);
            let applied = self.apply(Turn::HubRequested { source: id.clone(), seed, at }).await?;
            match applied {
                Some(applied) if applied.asks => {}
                Some(_) => self.hub_done(&id),
                // Where the disk is full, the request is sent once there is room, if it was made.
                None => self.put_off_hub(&id),
            }
        }
        Ok(())
    }

    /// Sends a request to a hub.
    pub(super) fn ask_hub(&mut self, id: SourceId, request: websub::Request) {
        if let Some(hubs) = &mut self.hubs {
            hubs.callbacks.open(&id, Some(&request.subscription));
            hubs.asking.spawn(ask(self.fetcher.clone(), id, request));
        }
    }

    /// Has a hub asked later: the disk is full.
    fn put_off_hub(&mut self, id: &SourceId) {
        let now = self.clock.now();
        let later = SourceState { next_poll: now.after(RETRY), ..SourceState::default() };
        self.agenda.finished(&errand_of(id), now);
        let offer = self.editor.with_source_state(id, websub::offer);
        if let Some(offer) = offer {
            self.agenda.plan_errand(&errand_of(id), &offer.hub, &later);
        }
    }

    /// A request to a hub has ended, or is not to be made.
    fn hub_done(&mut self, id: &SourceId) {
        self.agenda.finished(&errand_of(id), self.clock.now());
        if let Some(source) = self.editor.plan().sources.get(id).cloned() {
            self.plan_hub(&source, &self.editor.source_state(id));
        }
    }

    /// Answers a hub that verifies, or says no, at a callback (W7, W9).
    pub(super) async fn call_back(
        &mut self,
        token: &str,
        query: Vec<(String, String)>,
    ) -> Result<websub::Answer, StoreError> {
        let source = self.hubs.as_ref().and_then(|hubs| hubs.callbacks.source(token));
        let Some(source) = source else { return Ok(websub::Answer::NotOurs) };
        let (token, at) = (token.to_owned(), self.clock.now());
        let applied = self.apply(Turn::HubCallback { source, token, query, at }).await?;
        // Without room nothing is taken on; the hub is asked again.
        Ok(applied.and_then(|applied| applied.callback).unwrap_or(websub::Answer::NotOurs))
    }

    /// Deals with what comes from hubs, and with what was done for them.
    pub(super) async fn heard(&mut self, word: Word) -> Result<(), StoreError> {
        match word {
            Word::Delivered(delivery) => self.delivered(delivery).await?,
            Word::Asked(Ok(asked)) => self.asked(asked).await?,
            Word::Read(Ok(read)) => self.read(read).await?,
            Word::Read(Err(broken)) | Word::Asked(Err(broken)) => {
                error!(event = "push_panicked", "a push panicked; please report it: {broken}");
            }
        }
        Ok(())
    }

    /// Has a delivery read; a mere notice of news needs no reading.
    async fn delivered(&mut self, delivery: Delivery) -> Result<(), StoreError> {
        let Some(hubs) = &mut self.hubs else { return Ok(()) };
        let plan = self.editor.plan().clone();
        let source = hubs.callbacks.source(&delivery.token);
        let Some(source) = source.and_then(|id| plan.sources.get(&id)).cloned() else {
            return Ok(());
        };
        let Some(push) = self.editor.source_state(&source.id).push else { return Ok(()) };
        match push.offer.protocol {
            Protocol::WebSub => {
                let (clock, work) = (self.clock.clone(), self.work.0.clone());
                hubs.reading.spawn(read(delivery, source, *push, plan, clock, work));
            }
            Protocol::RssCloud if websub::is_ping(&push, &delivery.body) => {
                let (id, at) = (source.id.clone(), self.clock.now());
                self.editor.metrics().pushed(&id, "ping");
                self.note_news(&source);
                self.apply(Turn::PingReceived { source: id, at }).await?;
                self.replan_source(&source);
            }
            Protocol::RssCloud => self.editor.metrics().pushed(&source.id, "unreadable"),
        }
        Ok(())
    }

    async fn read(&mut self, Read { source, came, turn }: Read) -> Result<(), StoreError> {
        let (id, metrics) = (&source.id, self.editor.metrics());
        let push = self.editor.source_state(id).push;
        let taken = match came {
            // A reload may have closed the callback meanwhile.
            Ok(_) if push.is_none() => Ok(()),
            Ok(poll) => {
                metrics.pushed(id, "read");
                if source.enrich != Enrich::None {
                    self.note_news(&source);
                }
                self.apply(Turn::PushReceived(poll)).await.map(drop)
            }
            Err(Spoilt::Forged) => {
                if push.is_none_or(|push| push.forged == 0) {
                    warn!(event = "push_forged", source = %id, "what came for {id} is not signed by its hub and is left alone; further ones are counted");
                }
                metrics.pushed(id, "forged");
                let turn = Turn::PushRejected { source: id.clone(), at: self.clock.now() };
                self.apply(turn).await.map(drop)
            }
            Err(Spoilt::Unreadable(failure)) => {
                debug!(event = "push_unreadable", source = %id, "what was pushed for {id} cannot be read: {failure}");
                metrics.pushed(id, "unreadable");
                Ok(())
            }
        };
        if let Some(turn) = turn {
            turn.committed();
        }
        taken
    }

    /// Records what a hub said to a request.
    async fn asked(&mut self, Asked { source, round, answer }: Asked) -> Result<(), StoreError> {
        let (id, at) = (source.clone(), self.clock.now());
        self.apply(Turn::HubAnswered { source, round, answer, at }).await?;
        self.hub_done(&id);
        Ok(())
    }

    /// A source that is being polled is said to have news: the answer may have been made before.
    fn note_news(&mut self, source: &Source) {
        if let Some(hubs) = &mut self.hubs
            && self.polls.sources.values().any(|asked| asked.id == source.id)
        {
            hubs.pinged.insert(source.id.clone());
        }
    }

    /// Makes a source that is said to have news due as soon as may be (W15).
    pub(super) async fn hasten(&mut self, source: &Source) -> Result<(), StoreError> {
        let (id, at) = (source.id.clone(), self.clock.now());
        self.apply(Turn::PollRequested { source: id, at }).await?;
        self.replan_source(source);
        Ok(())
    }

    /// Whether news of a source came while it was being polled.
    pub(super) fn was_pinged(&mut self, source: &SourceId) -> bool {
        self.hubs.as_mut().is_some_and(|hubs| hubs.pinged.remove(source))
    }
}

async fn ask(fetcher: Arc<Fetcher>, source: SourceId, request: websub::Request) -> Asked {
    let round = request.subscription.round;
    let asking = tokio::spawn(async move { fetcher.subscribe(&request).await });
    let broken = |_| Err(Failure::new(FailureKind::Internal, "the request failed inside"));
    Asked { source, round, answer: asking.await.unwrap_or_else(broken) }
}

/// What comes of hubs next; for ever, where none may call.
pub(super) async fn heard(hubs: &mut Option<Hubs>, full: bool) -> Word {
    match hubs {
        Some(hubs) => hubs.next(full).await,
        None => std::future::pending().await,
    }
}
