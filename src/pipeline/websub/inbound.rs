//! Asks sources' hubs to push, and takes in what they send.
//!
//! A request to a hub waits on the agenda like a poll, so that a hub is asked as politely as any
//! origin. Nothing that a hub sends is used before it was checked against the source's
//! subscription.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::future::pending;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tracing::{debug, error, warn};

use super::callbacks::Callbacks;
use super::delivery::{DeliveryRead, Unusable, read};
use crate::config::Plan;
use crate::engine::{Turn, callbacks_of};
use crate::fetch::{Agenda, Fetcher};
use crate::model::{
    Enrich, Failure, FailureKind, HubProtocol, Seed, Source, SourceId, SourceState, Subscription,
    Timestamp,
};
use crate::pipeline::Pipeline;
use crate::pipeline::cluster_node::turn_size::is_too_large;
use crate::pipeline::known_text::KnownText;
use crate::publish::Delivery;
use crate::store::StoreError;
use crate::websub::inbound::{self as protocol, CallbackAnswer, HubRequest};

/// The most deliveries read at once.
const READING: usize = 2;

/// The wait before a hub is asked again that could not be asked for a full disk.
const AFTER_FULL_DISK: std::time::Duration = std::time::Duration::from_secs(30);

/// An event of a source's hub.
pub(in crate::pipeline) enum InboundEvent {
    /// A hub, or a stranger who knows a token, sent a document or a ping.
    Delivered(Delivery),
    /// A delivery has been read.
    Read(Result<DeliveryRead, JoinError>),
    /// A hub has answered a request.
    Answered(Result<HubAnswered, JoinError>),
}

/// A hub's answer to a request.
pub(in crate::pipeline) struct HubAnswered {
    source: SourceId,
    round: u32,
    answer: Result<(), Failure>,
}

/// The work under way with sources' hubs.
pub(in crate::pipeline) struct Inbound {
    seed: Seed,
    /// Number of requests so far: each has a token and a secret of its own.
    requests: u64,
    callbacks: Callbacks,
    deliveries: mpsc::Receiver<Delivery>,
    reading: JoinSet<DeliveryRead>,
    asking: JoinSet<HubAnswered>,
    /// Sources with a request to their hub on the agenda.
    planned: HashSet<SourceId>,
    /// Sources whose hubs are due to be asked.
    due: Vec<SourceId>,
    /// When the subscriptions of pushed sources end.
    pushed: BTreeMap<SourceId, Timestamp>,
    /// Sources that were pinged during a poll, whose answer may be older than the news.
    pinged: BTreeSet<SourceId>,
}

impl Inbound {
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

    /// The next event; pending for ever while there is none. On a full disk no delivery is read, and
    /// those that have been read wait: they could not be applied.
    pub(super) async fn next(&mut self, full: bool) -> InboundEvent {
        let has_room = self.reading.len() < READING && !full;
        tokio::select! {
            Some(read) = self.reading.join_next(), if !full => InboundEvent::Read(read),
            Some(answered) = self.asking.join_next() => InboundEvent::Answered(answered),
            Some(delivery) = self.deliveries.recv(), if has_room => InboundEvent::Delivered(delivery),
            else => pending().await,
        }
    }

    /// Whether a hub pushes any source, so that news may come at any moment.
    pub(super) fn is_any_pushed(&self, now: Timestamp) -> bool {
        self.pushed.values().any(|until| *until > now)
    }

    /// Whether nothing is under way.
    pub(super) fn is_settled(&self) -> bool {
        self.asking.is_empty() && !self.has_deliveries()
    }

    /// Whether accepted deliveries are not read yet.
    pub(super) fn has_deliveries(&self) -> bool {
        !self.reading.is_empty() || !self.deliveries.is_empty()
    }

    /// Takes no more deliveries.
    pub(super) fn close(&mut self) {
        self.deliveries.close();
    }

    /// These sources' hubs are due to be asked.
    pub(super) fn are_due(&mut self, sources: Vec<SourceId>) {
        self.due.extend(sources);
    }

    /// Whether a ping for a source came during its poll.
    pub(super) fn was_pinged(&mut self, source: &SourceId) -> bool {
        self.pinged.remove(source)
    }

    /// Opens the callbacks of a source's subscription, and enters the next request to its hub on
    /// the agenda.
    pub(super) fn plan_hub(
        &mut self,
        source: &Source,
        state: &SourceState,
        plan: &Plan,
        agenda: &mut Agenda,
    ) {
        let (id, push) = (&source.id, state.push.as_deref());
        match push.and_then(|push| push.expires) {
            Some(until) => self.pushed.insert(id.clone(), until),
            None => self.pushed.remove(id),
        };
        let due = callbacks_of(plan, source).and_then(|callbacks| {
            self.callbacks.open(id, push);
            protocol::next_request_at(id, state, callbacks).zip(protocol::offer(state))
        });
        let Some((due, offer)) = due else { return self.forget_hub(id, push, agenda) };
        let held_until = push.and_then(|push| push.trouble.as_ref()).map(|(_, until)| *until);
        self.planned.insert(id.clone());
        agenda.plan_hub_request(id, &offer.hub, due, held_until);
    }

    /// Takes a source's hub off the agenda. The callbacks of `subscription` stay open.
    pub(super) fn forget_hub(
        &mut self,
        id: &SourceId,
        subscription: Option<&Subscription>,
        agenda: &mut Agenda,
    ) {
        self.callbacks.open(id, subscription);
        if subscription.is_none() {
            self.pushed.remove(id);
        }
        if self.planned.remove(id) {
            agenda.forget_hub_request(id);
        }
    }
}

impl Pipeline {
    /// Opens callbacks: from now on, hubs are asked to push where the plan allows it. `None` if
    /// the system has no randomness for their secrets.
    pub fn open_callbacks(&mut self) -> Option<Callbacks> {
        let Some(seed) = Seed::fresh() else {
            error!(event = "push_off", "the system gives no random bytes: no hub is asked to push");
            return None;
        };
        let inbound = Inbound::new(seed);
        let callbacks = inbound.callbacks.clone();
        self.websub.inbound = Some(inbound);
        if self.driver.plan().hub.callback_base.is_some() {
            self.plan_all();
        }
        Some(callbacks)
    }

    /// Asks the hubs that are due. The request is durable before it is sent: a hub may verify at
    /// once.
    pub(in crate::pipeline) async fn ask_hubs(&mut self) -> Result<(), StoreError> {
        let Some(inbound) = self.websub.inbound.as_mut().filter(|inbound| !inbound.due.is_empty())
        else {
            return Ok(());
        };
        let (due, at) = (std::mem::take(&mut inbound.due), self.clock.now());
        for id in due {
            let Some(inbound) = &mut self.websub.inbound else { return Ok(()) };
            inbound.requests += 1;
            let seed = inbound.seed.child(&[b"request", &inbound.requests.to_le_bytes()]);
            let applied = self.apply(Turn::HubRequested { source: id.clone(), seed, at }).await?;
            match applied {
                Some(applied) if applied.asks_hub => {}
                Some(_) => self.hub_request_finished(&id),
                // If the request was made, it is sent once there is room on the disk.
                None => self.put_off_hub(&id),
            }
        }
        Ok(())
    }

    /// Sends a request to a hub.
    pub(in crate::pipeline) fn send_hub_request(&mut self, id: SourceId, request: HubRequest) {
        let fetcher = self.polls.fetcher().clone();
        if let Some(inbound) = &mut self.websub.inbound {
            inbound.callbacks.open(&id, Some(&request.subscription));
            inbound.asking.spawn(ask(fetcher, id, request));
        }
    }

    /// Has a hub asked later, because the disk is full.
    fn put_off_hub(&mut self, id: &SourceId) {
        let now = self.clock.now();
        let offer = self.driver.with_source_state(id, protocol::offer);
        let agenda = self.polls.agenda();
        agenda.hub_request_finished(id, now);
        if let Some(offer) = offer {
            agenda.plan_hub_request(id, &offer.hub, now.after(AFTER_FULL_DISK), None);
        }
    }

    /// A request to a hub has ended, or is not sent.
    fn hub_request_finished(&mut self, id: &SourceId) {
        let now = self.clock.now();
        self.polls.agenda().hub_request_finished(id, now);
        if let Some(source) = self.driver.plan().sources.get(id).cloned() {
            let state = self.driver.source_state(id);
            self.websub.plan_hub(&source, &state, self.driver.plan(), self.polls.agenda());
        }
    }

    /// Answers a hub that verifies or denies a subscription at a callback (W7, W9). `None` if what it
    /// says cannot be recorded now.
    pub(in crate::pipeline) async fn call_back(
        &mut self,
        token: &str,
        query: Vec<(String, String)>,
    ) -> Result<Option<CallbackAnswer>, StoreError> {
        let inbound = self.websub.inbound.as_ref();
        let source = inbound.and_then(|inbound| inbound.callbacks.source(token));
        let Some(source) = source else { return Ok(Some(CallbackAnswer::Unknown)) };
        let (token, at) = (token.to_owned(), self.clock.now());
        let applied = self.apply(Turn::HubCallback { source, token, query, at }).await?;
        Ok(applied.map(|applied| applied.callback.unwrap_or(CallbackAnswer::Unknown)))
    }

    /// Acts on an event of a source's hub.
    pub(super) async fn inbound_event(&mut self, event: InboundEvent) -> Result<(), StoreError> {
        match event {
            InboundEvent::Delivered(delivery) => self.delivered(delivery).await?,
            InboundEvent::Answered(Ok(answered)) => self.hub_answered(answered).await?,
            InboundEvent::Read(Ok(read)) => self.delivery_read(read).await?,
            InboundEvent::Read(Err(broken)) | InboundEvent::Answered(Err(broken)) => {
                error!(event = "push_panicked", "a push panicked; please report it: {broken}");
            }
        }
        Ok(())
    }

    /// Has a delivery read; a ping needs no reading.
    async fn delivered(&mut self, delivery: Delivery) -> Result<(), StoreError> {
        let Some(inbound) = &mut self.websub.inbound else { return Ok(()) };
        let plan = self.driver.plan().clone();
        let source = inbound.callbacks.source(&delivery.token);
        let Some(source) = source.and_then(|id| plan.sources.get(&id)).cloned() else {
            return Ok(());
        };
        let state = self.driver.source_state(&source.id);
        let Some(push) = state.push else { return Ok(()) };
        match push.offer.protocol {
            HubProtocol::WebSub => {
                let tools = self.polls.tools(&self.clock);
                let text = KnownText::of(source.clone(), state.text, None);
                inbound.reading.spawn(read(delivery, source, *push, text, plan, tools));
            }
            HubProtocol::RssCloud if protocol::is_ping(&push, &delivery.body) => {
                let (id, at) = (source.id.clone(), self.clock.now());
                self.driver.metrics().pushed(&id, "ping");
                self.note_ping(&source);
                self.apply(Turn::PingReceived { source: id, at }).await?;
                self.plan_source(&source);
            }
            HubProtocol::RssCloud => self.driver.metrics().pushed(&source.id, "unreadable"),
        }
        Ok(())
    }

    /// Applies a delivery that has been read.
    async fn delivery_read(&mut self, read: DeliveryRead) -> Result<(), StoreError> {
        let DeliveryRead { source, result, mark } = read;
        let (id, metrics) = (&source.id, self.driver.metrics());
        let push = self.driver.source_state(id).push;
        let applied = match result {
            // A reload may have closed the callback meanwhile.
            Ok(_) if push.is_none() => Ok(()),
            Ok(poll) if self.cluster.is_some() && is_too_large(&poll) => {
                metrics.pushed(id, "unreadable");
                debug!(event = "push_unreadable", source = %id, "a push for {id} is too large for the nodes of a cluster to share");
                Ok(())
            }
            Ok(poll) => {
                metrics.pushed(id, "read");
                if source.enrich != Enrich::None {
                    self.note_ping(&source);
                }
                self.apply(Turn::PushReceived(poll)).await.map(drop)
            }
            Err(Unusable::Forged) => {
                if push.is_none_or(|push| push.forged == 0) {
                    warn!(event = "push_forged", source = %id, "a push for {id} is not signed by its hub and is ignored; further ones are counted");
                }
                metrics.pushed(id, "forged");
                let turn = Turn::PushRejected { source: id.clone(), at: self.clock.now() };
                self.apply(turn).await.map(drop)
            }
            Err(Unusable::Unreadable(failure)) => {
                debug!(event = "push_unreadable", source = %id, "a push for {id} cannot be read: {failure}");
                metrics.pushed(id, "unreadable");
                Ok(())
            }
        };
        if let Some(mark) = mark {
            mark.committed();
        }
        applied
    }

    /// Records a hub's answer to a request.
    async fn hub_answered(&mut self, answered: HubAnswered) -> Result<(), StoreError> {
        let HubAnswered { source, round, answer } = answered;
        let (id, at) = (source.clone(), self.clock.now());
        self.apply(Turn::HubAnswered { source, round, answer, at }).await?;
        self.hub_request_finished(&id);
        Ok(())
    }

    /// Notes a ping that came during a poll: the poll's answer may be older.
    pub(in crate::pipeline) fn note_ping(&mut self, source: &Source) {
        if let Some(inbound) = &mut self.websub.inbound
            && self.polls.is_under_way(&source.id)
        {
            inbound.pinged.insert(source.id.clone());
        }
    }

    /// Makes a source with a ping due as soon as its floor allows (W15).
    pub(in crate::pipeline) async fn hasten(&mut self, source: &Source) -> Result<(), StoreError> {
        let (id, at) = (source.id.clone(), self.clock.now());
        self.apply(Turn::PollRequested { source: id, at }).await?;
        self.plan_source(source);
        Ok(())
    }
}

async fn ask(fetcher: Arc<Fetcher>, source: SourceId, request: HubRequest) -> HubAnswered {
    let round = request.subscription.round;
    let asking = tokio::spawn(async move { fetcher.subscribe(&request).await });
    let broken = |_| Err(Failure::new(FailureKind::Internal, "the request failed inside"));
    HubAnswered { source, round, answer: asking.await.unwrap_or_else(broken) }
}
