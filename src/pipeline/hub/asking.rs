//! Requests to our hub in; whoever's callback confirms one, as a subscriber, out.
//!
//! A request is answered at once. What can never be admitted, because its host has no address or
//! a private one, is found out afterwards and leaves no trace: the answer tells nobody what is
//! behind a name. Every other request is kept from then on until its callback was heard: whatever
//! happens to the daemon in between, the callback is asked (H1).

use std::collections::BTreeMap;

use tracing::{debug, info};

use super::calls::{Line, LookedUp, Verified, shown};
use super::requests::Open;
use super::{OwnHub, Pipeline};
use crate::engine::Turn;
use crate::model::{Failure, Mode, Subscriber, SubscriberId, host_of};
use crate::publish::Site;
use crate::publish::hub::{Asked, NotGranted};
use crate::store::StoreError;

/// Subscriptions in all, of one host, and of one address, which many hosts may share.
const MOST: usize = 10_000;
const MOST_OF_HOST: usize = 200;
const MOST_OF_ADDRESS: usize = 1000;

/// Everybody who is subscribed, or asks to be.
type Subscribers = BTreeMap<SubscriberId, Subscriber>;

impl OwnHub {
    /// Whether there is room for a subscriber at this host.
    fn has_room(subscribers: &Subscribers, host: &str) -> bool {
        let of_host = subscribers.values().filter(|known| known.host() == host).count();
        subscribers.len() < MOST && of_host < MOST_OF_HOST
    }

    /// Whether there is room for a subscriber at the address of its host.
    fn has_room_at(subscribers: &Subscribers, open: &Open) -> bool {
        let Some(address) = open.address else { return true };
        let there = |known: &&Subscriber| known.address == Some(address);
        subscribers.values().filter(there).count() < MOST_OF_ADDRESS
    }

    fn ask(&mut self, line: Line, open: Open) {
        self.questions += 1;
        let challenge = self.seed.token(&[b"challenge", &self.questions.to_le_bytes()]);
        self.verifying.spawn(line.verify(open, challenge));
    }
}

/// What is to be kept of a subscriber once a callback was heard; nothing of one who
/// never confirmed anything and asks for nothing more.
fn settle(
    id: SubscriberId,
    left: Subscriber,
    kept: &mut Vec<Subscriber>,
    gone: &mut Vec<SubscriberId>,
) {
    match left.is_confirmed() || left.asked.is_some() {
        true => kept.push(left),
        false => gone.push(id),
    }
}

impl Pipeline {
    /// Takes a request (H1); says why not, otherwise.
    pub(in crate::pipeline) fn subscribe(
        &mut self,
        asked: Asked,
        client: Option<std::net::IpAddr>,
    ) -> Result<(), NotGranted> {
        let (plan, now) = (self.editor.plan().clone(), self.clock.now());
        if self.is_closed() {
            return Err(NotGranted::Busy);
        }
        let cache = self.editor.cache().clone();
        let site = &plan.server.site;
        let hub = self.hub.as_mut().filter(|_| plan.hub.serves).ok_or(NotGranted::NoSuchFeed)?;
        cache.feed_at(&asked.topic, site).ok_or(NotGranted::NoSuchFeed)?;
        let subscribers = self.editor.engine().subscribers();
        let is_known = subscribers.contains_key(&SubscriberId::of(&asked.topic, &asked.callback));
        match asked.wish.mode {
            // Nobody has to be asked whether nothing is to end.
            Mode::Unsubscribe if !is_known => return Ok(()),
            Mode::Subscribe
                if !is_known && !OwnHub::has_room(subscribers, host_of(&asked.callback)) =>
            {
                return Err(NotGranted::TooMany);
            }
            Mode::Subscribe | Mode::Unsubscribe => {}
        }
        // What we would tell ourselves we know.
        if is_our_own(&asked, site) {
            return Ok(());
        }
        hub.requests.take(asked, client, now)
    }

    /// Has hosts looked up and callbacks asked whose turn it is.
    pub(super) fn see_to_requests(&mut self) {
        let (line, now) = (self.line(), self.clock.now());
        let Some(hub) = &mut self.hub else { return };
        while let Some(open) = hub.requests.next_to_look_up() {
            hub.looking_up.spawn(line.clone().look_up(open));
        }
        while let Some(open) = hub.requests.next_to_ask(now) {
            hub.ask(line.clone(), open);
        }
    }

    /// Keeps the requests whose callbacks may be asked, all at once.
    pub(super) async fn looked_up(&mut self, looked_up: Vec<LookedUp>) -> Result<(), StoreError> {
        let (mut requests, mut kept, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        for LookedUp { open, answer } in looked_up {
            let Some(hub) = &mut self.hub else { return Ok(()) };
            let subscribers = self.editor.engine().subscribers();
            let id = SubscriberId::of(&open.asked.topic, &open.asked.callback);
            let is_new = !subscribers.contains_key(&id);
            let may_be_asked = match &answer {
                Ok(_) if is_new && !OwnHub::has_room_at(subscribers, &open) => Err(Failure::new(
                    crate::model::FailureKind::Forbidden,
                    "its address has enough",
                )),
                Ok(_) => Ok(()),
                Err(failure) => Err(failure.clone()),
            };
            let asked = open.asked.clone();
            let is_asked = hub.requests.looked_up(open, may_be_asked.is_ok());
            if let Err(failure) = may_be_asked {
                unconfirmed(&asked, &failure);
            }
            match self.feed_of(&asked).filter(|_| is_asked) {
                Some(has) => requests.push((asked, has)),
                None => self.answered(&asked, &mut kept, &mut gone),
            }
        }
        self.note(requests).await?;
        self.keep_subscribers(kept, gone).await
    }

    /// Has the engine know what is asked for.
    async fn note(&mut self, requests: Vec<(Asked, u64)>) -> Result<(), StoreError> {
        if !requests.is_empty() {
            let at = self.clock.now();
            self.apply(Turn::SubscriptionRequested { requests, at }).await?;
        }
        Ok(())
    }

    /// The hash of the feed that a request is about; nothing, where that has gone.
    fn feed_of(&self, asked: &Asked) -> Option<u64> {
        let plan = self.editor.plan();
        let feed = self.editor.cache().feed_at(&asked.topic, &plan.server.site)?;
        plan.hub.serves.then_some(feed.hash)
    }

    /// Takes back what a request asked for.
    fn answered(&self, asked: &Asked, kept: &mut Vec<Subscriber>, gone: &mut Vec<SubscriberId>) {
        let id = SubscriberId::of(&asked.topic, &asked.callback);
        // Whoever was never kept leaves nothing to write.
        let Some(noted) =
            self.editor.engine().subscribers().get(&id).filter(|noted| noted.asked.is_some())
        else {
            return;
        };
        settle(id, asked.answered(noted), kept, gone);
    }

    /// Has the callbacks asked that an earlier run has not heard. What that run let in
    /// is within the bounds; what is beyond them by now waits for the next start.
    pub(super) async fn ask_again(&mut self, unheard: Vec<SubscriberId>) -> Result<(), StoreError> {
        let (plan, now) = (self.editor.plan().clone(), self.clock.now());
        let cache = self.editor.cache().clone();
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for id in unheard {
            let Some(hub) = &mut self.hub else { return Ok(()) };
            let noted = self.editor.engine().subscribers().get(&id);
            let Some(asked) = noted.and_then(Asked::of) else { continue };
            let site = &plan.server.site;
            if !plan.hub.serves || cache.feed_at(&asked.topic, site).is_none() {
                self.answered(&asked, &mut kept, &mut gone);
            } else {
                let _ = hub.requests.take(asked, None, now);
            }
        }
        self.keep_subscribers(kept, gone).await?;
        self.see_to_requests();
        Ok(())
    }

    /// Keeps the requests whose hosts nobody has looked up yet: the next start does.
    pub(in crate::pipeline) async fn keep_requests(&mut self) -> Result<(), StoreError> {
        let Some(hub) = &self.hub else { return Ok(()) };
        let open = hub.requests.not_looked_up().cloned();
        let requests = open.filter_map(|asked| Some((asked.clone(), self.feed_of(&asked)?)));
        self.note(requests.collect()).await
    }

    /// Keeps who has confirmed a request; whoever has not stays as they were (H4, H6).
    pub(super) async fn verified(&mut self, verified: Vec<Verified>) -> Result<(), StoreError> {
        let now = self.clock.now();
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        for Verified { open, answer } in verified {
            let Some(hub) = &mut self.hub else { return Ok(()) };
            hub.requests.was_asked(&open);
            let Open { asked, address, .. } = open;
            if let Err(failure) = answer {
                unconfirmed(&asked, &failure);
                self.answered(&asked, &mut kept, &mut gone);
                continue;
            }
            let (host, feed) =
                (host_of(&asked.callback).to_owned(), shown(&asked.topic).to_owned());
            let id = SubscriberId::of(&asked.topic, &asked.callback);
            let Some(noted) = self.editor.engine().subscribers().get(&id) else { continue };
            if asked.wish.mode == Mode::Unsubscribe {
                info!(
                    event = "subscriber_left",
                    host, feed, "{host} is told of {feed} no more, as it asked"
                );
                gone.push(id);
                continue;
            }
            let is_new = !noted.is_confirmed();
            let subscriber = Subscriber { address, ..asked.granted(noted, now) };
            let until = subscriber.expires;
            kept.push(subscriber);
            match is_new {
                true => {
                    info!(event = "subscriber_confirmed", host, feed, %until, "{host} is told of {feed} until {until}");
                }
                false => {
                    debug!(event = "subscriber_renewed", host, feed, %until, "{host} is told of {feed} until {until}");
                }
            }
        }
        self.keep_subscribers(kept, gone).await
    }
}

/// Whether a callback is this daemon itself, as its readers reach it.
fn is_our_own(asked: &Asked, site: &Site) -> bool {
    asked.callback.origin() == site.base_url.origin()
}

fn unconfirmed(asked: &Asked, failure: &Failure) {
    let (host, feed) = (host_of(&asked.callback), shown(&asked.topic));
    debug!(
        event = "subscriber_unconfirmed",
        host, feed, "{host} does not confirm what it asked of {feed}: {failure}"
    );
}
