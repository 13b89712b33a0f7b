//! Runs our hub: delivers changed feeds to subscribers and pings another hub.
//!
//! The loop decides; calls run beside it, a bounded number at once. A delivery sends the feed as it
//! is at that moment, so nothing is queued and a restart loses nothing: every subscriber whose last
//! delivery differs from the published feed is due.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::pending;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::{error, info, warn};
use url::Url;

use super::calls::{Caller, Delivered, LookedUp, Pinged, Verified, is_success, shown};
use super::changes::Changes;
use crate::engine::Turn;
use crate::fetch::Call;
use crate::model::{Seed, Subscriber, SubscriberId, Timestamp};
use crate::pipeline::Pipeline;
use crate::publish::{ResponseCache, Site};
use crate::store::StoreError;
use crate::websub::outbound::{
    self as protocol, FeedCopy, PublishPings, SubscriptionRequest, VerificationQueue,
};

/// The most deliveries at once, in all and to one host.
const DELIVERING: usize = 32;
const DELIVERING_TO_HOST: usize = 4;

/// The most denials sent at once.
const DENYING: usize = 8;

/// An event of our hub.
pub(in crate::pipeline) enum OutboundEvent {
    /// Hosts of callbacks were looked up.
    LookedUp(Vec<LookedUp>),
    /// Callbacks answered a verification.
    Verified(Vec<Verified>),
    /// Deliveries ended.
    Delivered(Vec<Delivered>),
    /// A ping to another hub ended.
    Pinged(Result<Pinged, JoinError>),
    /// A denial was sent.
    Denied,
}

/// The work under way with our hub's subscribers.
pub(in crate::pipeline) struct Outbound {
    pub(super) seed: Seed,
    /// Number of verifications so far: each has a challenge of its own.
    pub(super) verifications: u64,
    /// Subscribers with a request that an earlier run did not verify.
    unverified: Vec<SubscriberId>,
    changes: watch::Receiver<()>,
    /// Whether something may be due now.
    may_be_due: bool,
    /// When something will be due.
    wake_at: Option<Timestamp>,
    /// Requests that are not verified yet.
    pub(super) queue: VerificationQueue,
    pub(super) looking_up: JoinSet<LookedUp>,
    pub(super) verifying: JoinSet<Verified>,
    delivering: JoinSet<Delivered>,
    /// Subscribers with a delivery under way, and their hosts.
    under_way: HashMap<SubscriberId, String>,
    pinging: JoinSet<Pinged>,
    pings: PublishPings,
    denying: JoinSet<()>,
    /// Denials to send.
    denials: VecDeque<Url>,
    /// Changed subscribers that a full disk keeps out of the store.
    unstored: Changes,
}

/// The work that is due for subscribers.
#[derive(Default)]
struct Due {
    deliveries: Vec<(SubscriberId, FeedCopy)>,
    ended: Vec<SubscriberId>,
    dropped: Vec<SubscriberId>,
    wake_at: Option<Timestamp>,
}

impl Outbound {
    /// The next event; pending for ever while there is none.
    pub(super) async fn next(&mut self, full: bool) -> OutboundEvent {
        if full {
            // The results of calls could not be stored.
            return pending().await;
        }
        tokio::select! {
            Some(first) = self.looking_up.join_next() => {
                OutboundEvent::LookedUp(all_that_ended(first, &mut self.looking_up))
            }
            Some(first) = self.verifying.join_next() => {
                OutboundEvent::Verified(all_that_ended(first, &mut self.verifying))
            }
            Some(first) = self.delivering.join_next() => {
                OutboundEvent::Delivered(all_that_ended(first, &mut self.delivering))
            }
            Some(pinged) = self.pinging.join_next() => OutboundEvent::Pinged(pinged),
            Some(_) = self.denying.join_next() => OutboundEvent::Denied,
            else => pending().await,
        }
    }

    /// When it has to be looked at, even if nothing happens.
    pub(super) fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.wake_at.into_iter().chain(self.queue.wake_at(now)).min()
    }

    /// Whether nothing is under way.
    pub(super) fn is_settled(&self) -> bool {
        !self.may_be_due
            && !self.changes.has_changed().unwrap_or(false)
            && self.looking_up.is_empty()
            && self.verifying.is_empty()
            && self.delivering.is_empty()
            && self.pinging.is_empty()
            && self.denying.is_empty()
    }

    /// Finds what is due for subscribers, who are ordered by feed. `site`: `None` if there is no
    /// hub any more.
    fn find_due(
        &self,
        subscribers: &BTreeMap<SubscriberId, Subscriber>,
        cache: &ResponseCache,
        site: Option<&Site>,
        now: Timestamp,
    ) -> Due {
        let mut due = Due::default();
        let mut last: Option<(&str, Option<FeedCopy>)> = None;
        for (id, subscriber) in subscribers {
            if subscriber.expires <= now {
                // A request that waits for verification is not over.
                due.ended.extend(subscriber.asked.is_none().then_some(*id));
                continue;
            }
            let topic = subscriber.topic.as_str();
            let feed = match &last {
                Some((known, feed)) if *known == topic => feed,
                _ => {
                    let feed = site.and_then(|site| cache.feed_at(topic, site));
                    &last.insert((topic, feed)).1
                }
            };
            let Some(feed) = feed else {
                due.dropped.push(*id);
                continue;
            };
            let mut later = Some(subscriber.expires);
            match protocol::delivery_due(subscriber, feed.hash, now) {
                _ if self.under_way.contains_key(id) => {}
                Some(at) if at <= now => due.deliveries.push((*id, feed.clone())),
                at => later = at.into_iter().chain(later).min(),
            }
            due.wake_at = due.wake_at.into_iter().chain(later).min();
        }
        // The longest wait comes first.
        due.deliveries.sort_by_key(|(id, _)| subscribers[id].not_before);
        due
    }
}

impl Pipeline {
    /// Opens our hub: from now on it takes requests, if the plan has one, and another hub is pinged
    /// about changes, if the plan names one.
    pub fn open_hub(&mut self) {
        let Some(seed) = Seed::fresh() else {
            error!(event = "push_off", "the system gives no random bytes: our hub stays closed");
            return;
        };
        let subscribers = self.driver.engine().subscribers();
        let is_unverified =
            |(id, one): (&SubscriberId, &Subscriber)| one.asked.as_ref().map(|_| *id);
        let hub = Outbound {
            seed,
            verifications: 0,
            unverified: subscribers.iter().filter_map(is_unverified).collect(),
            changes: self.driver.cache().watch(),
            may_be_due: true,
            wake_at: None,
            queue: VerificationQueue::default(),
            looking_up: JoinSet::new(),
            verifying: JoinSet::new(),
            delivering: JoinSet::new(),
            under_way: HashMap::new(),
            pinging: JoinSet::new(),
            pings: PublishPings::default(),
            denying: JoinSet::new(),
            denials: VecDeque::new(),
            unstored: Changes::default(),
        };
        self.websub.outbound = Some(hub);
        self.count_subscribers();
    }

    /// Has the requests that another node has recorded verified here, if this node leads.
    pub(in crate::pipeline) fn verify_later(&mut self, requests: &[(SubscriptionRequest, u64)]) {
        let leads = self.leads();
        if let Some(hub) = self.websub.outbound.as_mut().filter(|_| leads) {
            let id =
                |request: &SubscriptionRequest| SubscriberId::of(&request.topic, &request.callback);
            hub.unverified.extend(requests.iter().map(|(request, _)| id(request)));
            hub.may_be_due = true;
        }
    }

    /// Looks at all subscribers: this node leads from now on.
    pub(in crate::pipeline) fn serve_all_subscribers(&mut self) {
        let subscribers = self.driver.engine().subscribers().iter();
        let asked = subscribers.filter(|(_, one)| one.asked.is_some()).map(|(id, _)| *id);
        if let Some(hub) = &mut self.websub.outbound {
            hub.unverified = asked.collect();
            hub.may_be_due = true;
        }
    }

    /// Updates the gauge of confirmed subscribers.
    fn count_subscribers(&self) {
        let subscribers = self.driver.engine().subscribers().values();
        self.driver.metrics().subscribed(subscribers.filter(|one| one.is_confirmed()).count());
    }

    pub(super) fn caller(&self) -> Caller {
        Caller { fetcher: self.polls.fetcher().clone(), clock: self.clock.clone() }
    }

    /// Starts the deliveries, pings and verifications that are due.
    pub(in crate::pipeline) async fn serve_subscribers(&mut self) -> Result<(), StoreError> {
        self.start_verifications();
        let (plan, caller, now) = (self.driver.plan().clone(), self.caller(), self.clock.now());
        let cache = self.driver.cache().clone();
        if !self.leads() {
            // The leader of a cluster delivers, and looks at everything when it begins to.
            if let Some(hub) = &mut self.websub.outbound {
                hub.changes.mark_unchanged();
                (hub.may_be_due, hub.wake_at) = (false, None);
                hub.unstored = Changes::default();
            }
            return Ok(());
        }
        self.store_changes().await?;
        // After a restore feeds are empty until they are filled: nobody is sent that.
        let is_closed = self.is_closed() || self.driver.engine().lacks_everything();
        let Some(hub) = self.websub.outbound.as_mut().filter(|_| !is_closed) else {
            return Ok(());
        };
        let changed = hub.changes.has_changed().unwrap_or(false);
        if !changed && !hub.may_be_due && hub.wake_at.is_none_or(|wake_at| wake_at > now) {
            return Ok(());
        }
        hub.changes.mark_unchanged();
        hub.may_be_due = false;
        let unverified = std::mem::take(&mut hub.unverified);
        let site = &*plan.server.site;
        let subscribers = self.driver.engine().subscribers();
        let due = hub.find_due(subscribers, &cache, plan.hub.runs_hub.then_some(site), now);
        hub.wake_at = due.wake_at;
        let ours = site.hub.as_ref().map(Url::to_string).unwrap_or_default();
        for (id, feed) in due.deliveries {
            let subscriber = &subscribers[&id];
            let host = subscriber.host();
            let at_host = hub.under_way.values().filter(|under_way| *under_way == host).count();
            if hub.delivering.len() >= DELIVERING || at_host >= DELIVERING_TO_HOST {
                // The end of another delivery makes this due again.
                continue;
            }
            let call = Call {
                url: subscriber.callback.clone(),
                headers: protocol::delivery_headers(subscriber, &feed, &ours),
                body: Some(feed.body),
                own: false,
            };
            hub.under_way.insert(id, host.to_owned());
            hub.delivering.spawn(caller.clone().deliver(id, feed.hash, call));
        }
        if let Some(elsewhere) = plan.hub.external_hub.as_ref().filter(|_| hub.pinging.is_empty()) {
            let known = self.driver.engine().pinged();
            let changed = protocol::changed_feeds(known, elsewhere, cache.public_feeds());
            match hub.pings.waits(now) {
                _ if changed.is_empty() => {}
                Some(later) => {
                    hub.wake_at = hub.wake_at.into_iter().chain([later]).min();
                }
                None => {
                    let call = Call::form(
                        elsewhere.clone(),
                        protocol::ping_form(&changed, &site.base_url),
                    );
                    hub.pinging.spawn(caller.clone().ping(changed, call));
                }
            }
        }
        let why = if plan.hub.runs_hub { "the feed is gone" } else { "there is no hub any more" };
        self.drop_subscribers(due.ended, due.dropped, why).await?;
        self.verify_again(unverified).await?;
        self.send_denials(&caller);
        Ok(())
    }

    /// Removes subscribers. Only those that are dropped before their lease ends are notified (H5, H10).
    async fn drop_subscribers(
        &mut self,
        ended: Vec<SubscriberId>,
        dropped: Vec<SubscriberId>,
        why: &str,
    ) -> Result<(), StoreError> {
        let Some(hub) = &mut self.websub.outbound else { return Ok(()) };
        let subscribers = self.driver.engine().subscribers();
        for subscriber in ended.iter().filter_map(|id| subscribers.get(id)) {
            let (host, feed) = (subscriber.host(), shown(&subscriber.topic));
            info!(
                event = "subscriber_ended",
                host, feed, "the subscription of {host} to {feed} has ended: it was not renewed"
            );
        }
        for subscriber in dropped.iter().filter_map(|id| subscribers.get(id)) {
            let (host, feed) = (subscriber.host(), shown(&subscriber.topic));
            info!(
                event = "subscriber_dropped",
                host, feed, "deliveries of {feed} to {host} end: {why}"
            );
            hub.denials.push_back(protocol::denial_url(subscriber, why));
        }
        let asked = |id: &SubscriberId| subscribers.get(id)?.asked.clone();
        let mut changes = Changes::default();
        ended.into_iter().for_each(|id| changes.remove(id, None));
        // There is nothing to verify any more.
        dropped.into_iter().for_each(|id| changes.remove(id, asked(&id)));
        self.store_subscribers(changes).await
    }

    fn send_denials(&mut self, caller: &Caller) {
        let Some(hub) = &mut self.websub.outbound else { return };
        while hub.denying.len() < DENYING
            && let Some(url) = hub.denials.pop_front()
        {
            hub.denying.spawn(caller.clone().send_denial(Call::get(url)));
        }
    }

    /// Stores changed subscribers, and removes others: at once, or when the disk has room.
    pub(super) async fn store_subscribers(&mut self, changes: Changes) -> Result<(), StoreError> {
        if let Some(hub) = &mut self.websub.outbound {
            hub.unstored.extend(changes);
        }
        self.store_changes().await
    }

    async fn store_changes(&mut self) -> Result<(), StoreError> {
        let (at, is_closed) = (self.clock.now(), self.is_closed());
        let hub = self.websub.outbound.as_mut().filter(|_| !is_closed);
        let Some(hub) = hub.filter(|hub| !hub.unstored.is_empty()) else { return Ok(()) };
        let changes = std::mem::take(&mut hub.unstored);
        self.apply(changes.into_turn(at)).await?;
        self.count_subscribers();
        Ok(())
    }

    /// Acts on an event of our hub.
    pub(super) async fn outbound_event(&mut self, event: OutboundEvent) -> Result<(), StoreError> {
        if let Some(hub) = &mut self.websub.outbound {
            hub.may_be_due = true;
        }
        match event {
            OutboundEvent::LookedUp(looked_up) => self.looked_up(looked_up).await,
            OutboundEvent::Verified(verified) => self.verified(verified).await,
            OutboundEvent::Delivered(delivered) => self.deliveries_ended(delivered).await,
            OutboundEvent::Pinged(Ok(pinged)) => self.pinged(pinged).await,
            OutboundEvent::Pinged(Err(_)) | OutboundEvent::Denied => Ok(()),
        }
    }

    /// Records the results of deliveries (H8).
    async fn deliveries_ended(&mut self, delivered: Vec<Delivered>) -> Result<(), StoreError> {
        let (now, metrics) = (self.clock.now(), self.driver.metrics());
        let mut changes = Changes::default();
        let Some(hub) = &mut self.websub.outbound else { return Ok(()) };
        for Delivered { id, hash, answer } in delivered {
            hub.under_way.remove(&id);
            let known = self.driver.engine().subscribers().get(&id).cloned();
            let Some(mut subscriber) = known else { continue };
            let (host, feed) = (subscriber.host().to_owned(), shown(&subscriber.topic).to_owned());
            if matches!(&answer, Ok(said) if said.status == 410) {
                metrics.delivered("gone");
                info!(
                    event = "subscriber_gone",
                    host, feed, "{host} answers 410: deliveries of {feed} to it end"
                );
                changes.remove(id, None);
                continue;
            }
            let retry_after = answer.as_ref().ok().and_then(|said| said.retry_after);
            match answer.and_then(|said| is_success(&said)) {
                Ok(()) => {
                    metrics.delivered("taken");
                    if subscriber.failures > 0 {
                        info!(
                            event = "subscriber_recovered",
                            host, feed, "{host} accepts {feed} again"
                        );
                    }
                    protocol::record_delivered(&mut subscriber, hash, now);
                }
                Err(failure) => {
                    metrics.delivered("failed");
                    if subscriber.failures == 0 {
                        warn!(
                            event = "subscriber_failing",
                            host,
                            feed,
                            "{feed} cannot be delivered to {host}, and is tried again: {failure}"
                        );
                    }
                    protocol::record_failed(&mut subscriber, failure.to_string(), retry_after, now);
                }
            }
            changes.update(id, subscriber);
        }
        self.store_subscribers(changes).await
    }

    /// Records another hub's answer to a ping.
    async fn pinged(&mut self, Pinged { feeds, answer }: Pinged) -> Result<(), StoreError> {
        let now = self.clock.now();
        let elsewhere = self.driver.plan().hub.external_hub.clone();
        let (Some(hub), Some(elsewhere)) = (&mut self.websub.outbound, elsewhere) else {
            return Ok(());
        };
        match answer {
            Ok(()) => {
                if hub.pings.accepted(now) {
                    info!(event = "ping_recovered", "{elsewhere} accepts pings again");
                }
                self.apply(Turn::HubNotified { feeds, at: now }).await.map(drop)
            }
            Err(failure) => {
                if hub.pings.failed(now) {
                    warn!(
                        event = "ping_failing",
                        "{elsewhere} cannot be pinged, which is tried again: {failure}"
                    );
                }
                Ok(())
            }
        }
    }
}

/// The first task that ended and all that ended with it: one commit is enough for all.
fn all_that_ended<T: 'static>(first: Result<T, JoinError>, more: &mut JoinSet<T>) -> Vec<T> {
    let more = std::iter::from_fn(|| more.try_join_next());
    std::iter::once(first).chain(more).filter_map(Result::ok).collect()
}
