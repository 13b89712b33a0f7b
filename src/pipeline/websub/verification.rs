//! Verifies requests to our hub: looks up each callback's host, then asks the callback to confirm.
//!
//! A request is answered at once. A host without an address, or with a private one, is found out
//! afterwards and leaves no trace: the answer reveals nothing about a name. Every other request is
//! stored until its callback has answered, so that it is verified even after a restart (H1).

use std::collections::BTreeMap;
use std::net::IpAddr;

use tracing::{debug, info};

use super::calls::{Caller, LookedUp, Verified, shown};
use super::changes::Changes;
use super::outbound::Outbound;
use crate::engine::Turn;
use crate::model::{Failure, FailureKind, Subscriber, SubscriberId, SubscriptionMode, host_of};
use crate::pipeline::Pipeline;
use crate::publish::Site;
use crate::store::StoreError;
use crate::websub::outbound::{RequestRefused, SubscriptionRequest, Unverified};

/// The most subscriptions in all, of one host, and of one address, which many hosts may share.
const MOST: usize = 10_000;
const MOST_OF_HOST: usize = 200;
const MOST_OF_ADDRESS: usize = 1000;

/// Subscribers, and requests to become one.
type Subscribers = BTreeMap<SubscriberId, Subscriber>;

impl Outbound {
    /// Whether there is room for a subscriber at this host.
    fn has_room(subscribers: &Subscribers, host: &str) -> bool {
        let of_host = subscribers.values().filter(|known| known.host() == host).count();
        subscribers.len() < MOST && of_host < MOST_OF_HOST
    }

    /// Whether there is room for a subscriber at the address of its host.
    fn has_room_at(subscribers: &Subscribers, address: Option<IpAddr>) -> bool {
        let Some(address) = address else { return true };
        let is_there = |known: &&Subscriber| known.address == Some(address);
        subscribers.values().filter(is_there).count() < MOST_OF_ADDRESS
    }

    fn verify(&mut self, caller: Caller, open: Unverified) {
        self.verifications += 1;
        let challenge = self.seed.token(&[b"challenge", &self.verifications.to_le_bytes()]);
        self.verifying.spawn(caller.verify(open, challenge));
    }
}

impl Pipeline {
    /// Takes a request to our hub, or refuses it at once (H1).
    pub(in crate::pipeline) fn subscribe(
        &mut self,
        request: SubscriptionRequest,
        client: Option<IpAddr>,
    ) -> Result<(), RequestRefused> {
        let (plan, now) = (self.driver.plan().clone(), self.clock.now());
        if self.is_closed() {
            return Err(RequestRefused::Busy);
        }
        let site = &plan.server.site;
        let hub = self.websub.outbound.as_mut().filter(|_| plan.hub.runs_hub);
        let hub = hub.ok_or(RequestRefused::NoSuchFeed)?;
        self.driver.cache().feed_at(&request.topic, site).ok_or(RequestRefused::NoSuchFeed)?;
        let subscribers = self.driver.engine().subscribers();
        let is_known = subscribers.contains_key(&id_of(&request));
        match request.terms.mode {
            // There is nothing to end.
            SubscriptionMode::Unsubscribe if !is_known => return Ok(()),
            SubscriptionMode::Subscribe
                if !is_known && !Outbound::has_room(subscribers, host_of(&request.callback)) =>
            {
                return Err(RequestRefused::TooMany);
            }
            SubscriptionMode::Subscribe | SubscriptionMode::Unsubscribe => {}
        }
        // Deliveries to this daemon itself would be useless.
        if is_our_own(&request, site) {
            return Ok(());
        }
        hub.queue.add(request, client, now)
    }

    /// Starts the lookups and calls that are due.
    pub(super) fn start_verifications(&mut self) {
        let (caller, now, leads) = (self.caller(), self.clock.now(), self.leads());
        let Some(hub) = &mut self.websub.outbound else { return };
        while let Some(open) = hub.queue.next_to_look_up() {
            hub.looking_up.spawn(caller.clone().look_up(open));
        }
        while leads && let Some(open) = hub.queue.next_to_call(now) {
            hub.verify(caller.clone(), open);
        }
    }

    /// Stores the requests whose callbacks may be called, all at once.
    pub(super) async fn looked_up(&mut self, looked_up: Vec<LookedUp>) -> Result<(), StoreError> {
        let (mut requests, mut changes) = (Vec::new(), Changes::default());
        // Another node verifies what it finds recorded.
        let leads = self.leads();
        for LookedUp { open, answer } in looked_up {
            let Some(hub) = &mut self.websub.outbound else { return Ok(()) };
            let subscribers = self.driver.engine().subscribers();
            let is_new = !subscribers.contains_key(&id_of(&open.request));
            let allowed = answer.and_then(|()| {
                match is_new && !Outbound::has_room_at(subscribers, open.address) {
                    true => Err(Failure::new(FailureKind::Forbidden, "its address has enough")),
                    false => Ok(()),
                }
            });
            let request = open.request.clone();
            let is_queued = hub.queue.looked_up(open, allowed.is_ok() && leads);
            let is_taken = is_queued || (!leads && allowed.is_ok());
            if let Err(failure) = allowed {
                log_unconfirmed(&request, &failure);
            }
            match self.feed_hash(&request).filter(|_| is_taken) {
                Some(hash) => requests.push((request, hash)),
                None if !leads => {}
                None => changes.take_back(&request, self.driver.engine().subscribers()),
            }
        }
        self.store_subscribers(changes).await?;
        self.store_requests(requests).await
    }

    async fn store_requests(
        &mut self,
        requests: Vec<(SubscriptionRequest, u64)>,
    ) -> Result<(), StoreError> {
        if !requests.is_empty() {
            let at = self.clock.now();
            self.apply(Turn::SubscriptionRequested { requests, at }).await?;
        }
        Ok(())
    }

    /// The hash of the feed that a request is for; `None` if the feed is gone.
    fn feed_hash(&self, request: &SubscriptionRequest) -> Option<u64> {
        let plan = self.driver.plan();
        let feed = self.driver.cache().feed_at(&request.topic, &plan.server.site)?;
        plan.hub.runs_hub.then_some(feed.hash)
    }

    /// Verifies the requests that an earlier run left. All of them were within the limits of that
    /// run; any beyond them now waits for the next start.
    pub(super) async fn verify_again(
        &mut self,
        unverified: Vec<SubscriberId>,
    ) -> Result<(), StoreError> {
        let (plan, now) = (self.driver.plan().clone(), self.clock.now());
        let (cache, site) = (self.driver.cache().clone(), &plan.server.site);
        let mut changes = Changes::default();
        for id in unverified {
            let Some(hub) = &mut self.websub.outbound else { return Ok(()) };
            let subscribers = self.driver.engine().subscribers();
            let pending = subscribers.get(&id).and_then(SubscriptionRequest::pending_of);
            let Some(request) = pending else { continue };
            if !plan.hub.runs_hub || cache.feed_at(&request.topic, site).is_none() {
                changes.take_back(&request, subscribers);
            } else {
                let _ = hub.queue.add(request, None, now);
            }
        }
        self.store_subscribers(changes).await?;
        self.start_verifications();
        Ok(())
    }

    /// Stores the requests whose hosts are not looked up yet: the next start verifies them.
    pub(in crate::pipeline) async fn store_unverified(&mut self) -> Result<(), StoreError> {
        let Some(hub) = &self.websub.outbound else { return Ok(()) };
        let open = hub.queue.not_looked_up().cloned();
        let requests = open.filter_map(|open| Some((open.clone(), self.feed_hash(&open)?)));
        self.store_requests(requests.collect()).await
    }

    /// Stores the confirmed requests. An unconfirmed request changes nothing (H4, H6).
    pub(super) async fn verified(&mut self, verified: Vec<Verified>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let mut changes = Changes::default();
        for Verified { open, answer } in verified {
            let Some(hub) = &mut self.websub.outbound else { return Ok(()) };
            hub.queue.called(&open);
            let Unverified { request, address, .. } = open;
            let subscribers = self.driver.engine().subscribers();
            if let Err(failure) = answer {
                log_unconfirmed(&request, &failure);
                changes.take_back(&request, subscribers);
                continue;
            }
            let (host, feed) = (host_of(&request.callback), shown(&request.topic));
            let id = id_of(&request);
            let Some(recorded) = changes.get(&id, subscribers) else { continue };
            if request.terms.mode == SubscriptionMode::Unsubscribe {
                info!(event = "subscriber_left", host, feed, "{host} has unsubscribed from {feed}");
                changes.answer(&request, None);
                continue;
            }
            let is_new = !recorded.is_confirmed();
            let subscriber = Subscriber { address, ..request.confirmed(recorded, now) };
            let until = subscriber.expires;
            match is_new {
                true => {
                    info!(event = "subscriber_confirmed", host, feed, %until, "{host} is subscribed to {feed} until {until}");
                }
                false => {
                    debug!(event = "subscriber_renewed", host, feed, %until, "{host} is subscribed to {feed} until {until}");
                }
            }
            changes.answer(&request, Some(subscriber));
        }
        self.store_subscribers(changes).await
    }
}

fn id_of(request: &SubscriptionRequest) -> SubscriberId {
    SubscriberId::of(&request.topic, &request.callback)
}

/// Whether a callback is this daemon itself, as its readers reach it.
fn is_our_own(request: &SubscriptionRequest, site: &Site) -> bool {
    request.callback.origin() == site.base_url.origin()
}

fn log_unconfirmed(request: &SubscriptionRequest, failure: &Failure) {
    let (host, feed) = (host_of(&request.callback), shown(&request.topic));
    debug!(
        event = "subscriber_unconfirmed",
        host, feed, "{host} does not confirm its request for {feed}: {failure}"
    );
}
