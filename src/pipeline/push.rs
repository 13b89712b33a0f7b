//! Hubs' calls and sources' offers in; requests to hubs, and pushed documents as polls, out.
//!
//! A request to a hub waits on the agenda like a poll, under a name of its own, so
//! that a hub is asked as politely as any origin. Nothing that a hub sends is
//! believed before it was checked against what is remembered of the source.

use std::collections::{BTreeSet, HashSet};
use std::future::pending;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tracing::{debug, error, info, warn};

use crate::config::Plan;
use crate::fetch::{self, Fetcher, websub};
use crate::model::{
    Enrich, Failure, FailureKind, Hold, HoldScope, Memory, Protocol, Seed, Source, SourceId,
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
    callbacks: Callbacks,
    deliveries: mpsc::Receiver<Delivery>,
    reading: JoinSet<Read>,
    asking: JoinSet<Asked>,
    /// Sources whose hub stands on the agenda.
    planned: HashSet<SourceId>,
    /// Sources whose hub's turn has come.
    due: Vec<SourceId>,
    /// Sources that are said to have news while they are being polled: the answer
    /// may have been made before.
    pinged: BTreeSet<SourceId>,
}

impl Hubs {
    fn new(seed: Seed) -> Self {
        let (callbacks, deliveries) = Callbacks::closed();
        Self {
            seed,
            callbacks,
            deliveries,
            planned: HashSet::new(),
            reading: JoinSet::new(),
            asking: JoinSet::new(),
            due: Vec::new(),
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

/// Whether the operator lets a source's hub push; where it is to call, then.
fn callbacks_of<'a>(plan: &'a Plan, source: &Source) -> Option<&'a url::Url> {
    plan.hub.callbacks.as_ref().filter(|_| source.push)
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

    /// Forgets the subscription of a source whose hub may not push any more: its
    /// callbacks are closed, so nothing is to be counted on.
    pub(super) fn end_push(&self, source: &Source, memory: &mut Memory) {
        if memory.push.is_some() && callbacks_of(self.editor.plan(), source).is_none() {
            websub::uncover(memory, self.clock.now());
            memory.push = None;
            self.editor.note(&source.id, memory.clone());
        }
    }

    /// Opens the callbacks of a source's hub, and enters on the agenda when that is to
    /// be asked, if ever.
    pub(super) fn plan_hub(&mut self, source: &Source, memory: &Memory) {
        let Some(hubs) = &mut self.hubs else { return };
        let id = &source.id;
        let due = callbacks_of(self.editor.plan(), source).and_then(|callbacks| {
            hubs.callbacks.open(id, memory.push.as_deref());
            websub::due(id, memory, callbacks).zip(websub::offer(memory))
        });
        let Some((due, offer)) = due else { return self.forget_hub(id, memory.push.as_deref()) };
        let trouble = memory.push.as_ref().and_then(|push| push.trouble.as_ref());
        let hold = trouble.map(|(_, until)| Hold { until: *until, scope: HoldScope::Origin });
        let memory = Memory { next_poll: due, hold, ..Memory::default() };
        hubs.planned.insert(id.clone());
        self.agenda.plan_errand(&errand_of(id), &offer.hub, &memory);
    }

    /// Has a source's hub asked no more; what it was asked for before may go on.
    pub(super) fn forget_hub(&mut self, id: &SourceId, goes_on: Option<&Subscription>) {
        let Some(hubs) = &mut self.hubs else { return };
        hubs.callbacks.open(id, goes_on);
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
        let (due, seed, now) = (std::mem::take(&mut hubs.due), hubs.seed.clone(), self.clock.now());
        let plan = self.editor.plan().clone();
        let (mut requests, mut memories) = (Vec::new(), Vec::new());
        for id in due {
            let mut memory = self.editor.memory(&id);
            let callbacks = plan.sources.get(&id).and_then(|source| callbacks_of(&plan, source));
            let request = callbacks
                .and_then(|callbacks| websub::request(&id, &memory, callbacks, &seed, now));
            let Some(request) = request else {
                self.hub_done(&id);
                continue;
            };
            memory.push = Some(Box::new(request.subscription.clone()));
            memories.push((id.clone(), memory));
            requests.push((id, request));
        }
        match self.editor.remember(memories).await {
            Err(StoreError::Full { .. }) => {
                let later = Memory { next_poll: now.after(RETRY), ..Memory::default() };
                for (id, request) in requests {
                    self.agenda.finished(&errand_of(&id), now);
                    self.agenda.plan_errand(&errand_of(&id), &request.hub, &later);
                }
                return Ok(());
            }
            remembered => remembered?,
        }
        for (id, request) in requests {
            if let Some(hubs) = &mut self.hubs {
                hubs.callbacks.open(&id, Some(&request.subscription));
                hubs.asking.spawn(ask(self.fetcher.clone(), id, request));
            }
        }
        Ok(())
    }

    /// A request to a hub has ended, or is not to be made.
    fn hub_done(&mut self, id: &SourceId) {
        self.agenda.finished(&errand_of(id), self.clock.now());
        if let Some(source) = self.editor.plan().sources.get(id).cloned() {
            self.plan_hub(&source, &self.editor.memory(id));
        }
    }

    /// Answers a hub that verifies, or says no, at a callback (W7, W9).
    pub(super) async fn call_back(
        &mut self,
        token: &str,
        query: &[(String, String)],
    ) -> Result<websub::Answer, StoreError> {
        let not_ours = Ok(websub::Answer::NotOurs);
        let source = self.hubs.as_ref().and_then(|hubs| hubs.callbacks.source(token));
        let plan = self.editor.plan().clone();
        let Some(source) = source.and_then(|id| plan.sources.get(&id)) else { return not_ours };
        let (id, now) = (&source.id, self.clock.now());
        let mut memory = self.editor.memory(id);
        let Some(push) = &mut memory.push else { return not_ours };
        let answer = websub::verify(push, token, query, now);
        let (hub, lease) = (push.offer.hub.clone(), push.expires);
        let is_cloud = push.offer.protocol == Protocol::RssCloud;
        match answer {
            websub::Answer::NotOurs => return not_ours,
            websub::Answer::Noted => websub::uncover(&mut memory, now),
            websub::Answer::Echo(_) => {}
        }
        match self.editor.remember(vec![(id.clone(), memory)]).await {
            // Without room nothing is taken on; the hub is asked again.
            Err(StoreError::Full { .. }) => return not_ours,
            remembered => remembered?,
        }
        match (&answer, lease) {
            (websub::Answer::Noted, _) => {
                warn!(event = "push_denied", source = %id, "{hub} will not push {id}: it is polled");
            }
            (_, Some(until)) if !is_cloud => {
                info!(event = "push_active", source = %id, %until, "{hub} pushes {id} until {until}");
            }
            // A cloud's challenge: its yes is the answer to the request.
            _ => {}
        }
        self.replan_source(source);
        Ok(answer)
    }

    /// Deals with what comes from hubs, and with what was done for them.
    pub(super) async fn heard(&mut self, word: Word) -> Result<(), StoreError> {
        match word {
            Word::Delivered(delivery) => self.delivered(delivery),
            Word::Asked(Ok(asked)) => self.asked(asked).await?,
            Word::Read(Ok(read)) => self.read(read).await?,
            Word::Read(Err(broken)) | Word::Asked(Err(broken)) => {
                error!(event = "push_panicked", "a push panicked; please report it: {broken}");
            }
        }
        Ok(())
    }

    /// Has a delivery read; a mere word that there is news needs no reading.
    fn delivered(&mut self, delivery: Delivery) {
        let Some(hubs) = &mut self.hubs else { return };
        let plan = self.editor.plan().clone();
        let source = hubs.callbacks.source(&delivery.token);
        let Some(source) = source.and_then(|id| plan.sources.get(&id)).cloned() else { return };
        let Some(push) = self.editor.memory(&source.id).push else { return };
        match push.offer.protocol {
            Protocol::WebSub => {
                let (clock, work) = (self.clock.clone(), self.work.0.clone());
                hubs.reading.spawn(read(delivery, source, *push, plan, clock, work));
            }
            Protocol::RssCloud if websub::is_ping(&push, &delivery.body) => {
                self.count(&source.id, "ping", |push, now| {
                    push.delivered += 1;
                    push.last_delivery = Some(now);
                });
                self.hasten(&source);
            }
            Protocol::RssCloud => self.count(&source.id, "unreadable", |_, _| {}),
        }
    }

    /// Counts a delivery, also in the source's memory.
    fn count(
        &self,
        id: &SourceId,
        result: &'static str,
        change: impl FnOnce(&mut Subscription, Timestamp),
    ) {
        self.editor.ledger().pushed(id, result);
        let mut memory = self.editor.memory(id);
        if let Some(push) = &mut memory.push {
            change(push, self.clock.now());
            self.editor.note(id, memory);
        }
    }

    async fn read(&mut self, Read { source, came, turn }: Read) -> Result<(), StoreError> {
        let id = &source.id;
        let taken = match came {
            // A reload may have closed the callback meanwhile.
            Ok(_) if self.editor.memory(id).push.is_none() => Ok(()),
            Ok(poll) => {
                self.editor.ledger().pushed(id, "read");
                self.ingest(vec![*poll]).await?;
                // Its hub pushes no full texts: a poll soon adds them.
                if source.enrich != Enrich::None {
                    self.hasten(&source);
                }
                Ok(())
            }
            Err(Spoilt::Forged) => {
                let known = self.editor.memory(id).push.map_or(0, |push| push.forged);
                if known == 0 {
                    warn!(event = "push_forged", source = %id, "what came for {id} is not signed by its hub and is left alone; further ones are counted");
                }
                self.count(id, "forged", |push, _| push.forged += 1);
                Ok(())
            }
            Err(Spoilt::Unreadable(failure)) => {
                debug!(event = "push_unreadable", source = %id, "what was pushed for {id} cannot be read: {failure}");
                self.count(id, "unreadable", |_, _| {});
                Ok(())
            }
        };
        if let Some(turn) = turn {
            turn.committed();
        }
        taken
    }

    /// Records what a hub said to a request.
    async fn asked(
        &mut self,
        Asked { source: id, round, answer }: Asked,
    ) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut memory = self.editor.memory(&id);
        if let Some(push) = memory.push.as_mut().filter(|push| push.round == round) {
            let (hub, was_failing) = (push.offer.hub.clone(), push.trouble.is_some());
            match &answer {
                Ok(()) => websub::accepted(push, now),
                Err(failure) => websub::failed(push, failure, now),
            }
            match answer {
                Ok(()) => debug!(event = "hub_asked", source = %id, "{hub} was asked for {id}"),
                Err(failure) if was_failing => {
                    debug!(event = "hub_still_failing", source = %id, "{hub} still cannot be asked for {id}: {failure}");
                }
                Err(failure) => {
                    warn!(event = "hub_failing", source = %id, "{hub} cannot be asked for {id}, which is polled: {failure}");
                }
            }
            match self.editor.remember(vec![(id.clone(), memory)]).await {
                // The answer is asked for again.
                Err(StoreError::Full { .. }) => {}
                remembered => remembered?,
            }
        }
        self.hub_done(&id);
        Ok(())
    }

    /// Makes a source that is said to have news due as soon as may be (W15).
    pub(super) fn hasten(&mut self, source: &Source) {
        if let Some(hubs) = &mut self.hubs
            && self.under_way.values().any(|asked| asked.id == source.id)
        {
            hubs.pinged.insert(source.id.clone());
            return;
        }
        let mut memory = self.editor.memory(&source.id);
        let polling = &self.editor.plan().polling;
        if fetch::hasten(&mut memory, source, polling, self.clock.now()) {
            self.editor.note(&source.id, memory);
            self.replan_source(source);
        }
    }

    /// One line when a hub has let news pass that a poll found (W13).
    pub(super) fn tell_if_distrusted(&self, source: &Source, before: bool, now: Timestamp) {
        let id = &source.id;
        self.editor.with_memory(id, |memory| {
            if let Some(push) = &memory.push
                && websub::is_distrusted(memory, now)
                && !before
            {
                let hub = &push.offer.hub;
                warn!(event = "push_distrusted", source = %id, "{hub} let news of {id} pass: it is polled as ever for a week");
            }
        });
    }

    /// A poll has ended during which its source was said to have news.
    pub(super) fn hasten_if_pinged(&mut self, source: &Source) {
        if self.hubs.as_mut().is_some_and(|hubs| hubs.pinged.remove(&source.id)) {
            self.hasten(source);
        }
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
