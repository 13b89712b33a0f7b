//! Takes requests to our hub, and asks their callbacks whether they are meant.
//!
//! A request is kept from before it is answered until its callback was heard: whatever
//! happens to the daemon in between, the callback is asked (H1).

use std::collections::BTreeMap;
use std::time::Duration;

use tracing::{debug, info};

use super::calls::{Line, Verified, shown};
use super::{Often, OwnHub, Pipeline};
use crate::engine::Turn;
use crate::model::{Mode, Subscriber, SubscriberId, Timestamp, host_of};
use crate::publish::hub::{Asked, NotGranted};
use crate::store::StoreError;

/// Callbacks that are asked at once, and of one host; and of one host in a minute, so
/// that nobody can have us bother others.
const VERIFYING: usize = 64;
const VERIFYING_AT_HOST: usize = 8;
const A_MINUTE: u32 = 60;

/// Subscriptions in all, and of one host.
const MOST: usize = 10_000;
const MOST_OF_HOST: usize = 200;

impl OwnHub {
    /// Whether one more callback of this host may be asked now.
    fn admit(&mut self, host: &str, now: Timestamp) -> Result<(), NotGranted> {
        let minute = Duration::from_secs(60);
        self.asked_hosts.retain(|_, often| often.now > 0 || often.since.until(now) < minute);
        let often = self.asked_hosts.entry(host.to_owned());
        let often = often.or_insert(Often { now: 0, since: now, times: 0 });
        if often.since.until(now) >= minute {
            (often.since, often.times) = (now, 0);
        }
        let busy = self.verifying.len() >= VERIFYING
            || often.now >= VERIFYING_AT_HOST
            || often.times >= A_MINUTE;
        if busy {
            return Err(NotGranted::Busy);
        }
        (often.now, often.times) = (often.now + 1, often.times + 1);
        Ok(())
    }

    /// Whether there is room for a subscriber at this host.
    fn has_room(subscribers: &BTreeMap<SubscriberId, Subscriber>, host: &str) -> bool {
        let of_host = subscribers.values().filter(|known| known.host() == host).count();
        subscribers.len() < MOST && of_host < MOST_OF_HOST
    }

    fn ask(&mut self, line: Line, asked: Asked) {
        self.questions += 1;
        let challenge = self.seed.token(&[b"challenge", &self.questions.to_le_bytes()]);
        self.verifying.spawn(line.verify(asked, challenge));
    }

    /// Takes in that a callback of this host was asked.
    fn was_asked(&mut self, host: &str) {
        if let Some(often) = self.asked_hosts.get_mut(host) {
            often.now = often.now.saturating_sub(1);
        }
    }
}

/// What is to be kept of a subscriber once a callback was heard; nothing of one who
/// never confirmed anything and asks for nothing more.
fn settled(id: SubscriberId, left: Subscriber) -> (Option<Subscriber>, Option<SubscriberId>) {
    match left.is_confirmed() || left.asked.is_some() {
        true => (Some(left), None),
        false => (None, Some(id)),
    }
}

impl Pipeline {
    /// Keeps a request and has its callback asked (H1); says why not, otherwise.
    pub(in crate::pipeline) async fn subscribe(
        &mut self,
        asked: Asked,
    ) -> Result<Result<(), NotGranted>, StoreError> {
        let has = match self.admit(&asked) {
            Ok(Some(has)) => has,
            Ok(None) => return Ok(Ok(())),
            Err(why) => return Ok(Err(why)),
        };
        let at = self.clock.now();
        match self.apply(Turn::SubscriptionRequested { asked, has, at }).await? {
            Some(_) => Ok(Ok(())),
            None => Ok(Err(NotGranted::Busy)),
        }
    }

    /// Has a callback asked about a request that is kept.
    pub(in crate::pipeline) fn ask_callback(&mut self, asked: Asked) {
        let line = self.line();
        if let Some(hub) = &mut self.hub {
            hub.ask(line, asked);
        }
    }

    /// Whether a request is seen to: the hash of the feed that it is about; nothing,
    /// where it asks for nothing.
    fn admit(&mut self, asked: &Asked) -> Result<Option<u64>, NotGranted> {
        let (plan, now) = (self.editor.plan().clone(), self.clock.now());
        if self.is_closed() {
            return Err(NotGranted::Busy);
        }
        let shelf = self.editor.shelf().clone();
        let subscribers = self.editor.engine().subscribers();
        let hub = self.hub.as_mut().filter(|_| plan.hub.serves).ok_or(NotGranted::NoSuchFeed)?;
        let feed = shelf.feed_at(&asked.topic, &plan.server.site).ok_or(NotGranted::NoSuchFeed)?;
        let is_known = subscribers.contains_key(&SubscriberId::of(&asked.topic, &asked.callback));
        let host = host_of(&asked.callback);
        match asked.wish.mode {
            // Nobody has to be asked whether nothing is to end.
            Mode::Unsubscribe if !is_known => return Ok(None),
            Mode::Subscribe if !is_known && !OwnHub::has_room(subscribers, host) => {
                return Err(NotGranted::TooMany);
            }
            Mode::Subscribe | Mode::Unsubscribe => {}
        }
        hub.admit(host, now)?;
        Ok(Some(feed.hash))
    }

    /// Has the callbacks asked that an earlier run has not heard. What that run let in
    /// is within the bounds; what is beyond them by now waits for the next start.
    pub(super) async fn ask_again(&mut self, unheard: Vec<SubscriberId>) -> Result<(), StoreError> {
        let (plan, line, now) = (self.editor.plan().clone(), self.line(), self.clock.now());
        let shelf = self.editor.shelf().clone();
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        let Some(hub) = &mut self.hub else { return Ok(()) };
        for id in unheard {
            let Some(noted) = self.editor.engine().subscribers().get(&id) else { continue };
            let Some(asked) = Asked::of(noted) else { continue };
            let site = &plan.server.site;
            if !plan.hub.serves || shelf.feed_at(&asked.topic, site).is_none() {
                let (left, none) = settled(id, asked.answered(noted));
                kept.extend(left);
                gone.extend(none);
            } else if hub.admit(host_of(&asked.callback), now).is_ok() {
                hub.ask(line.clone(), asked);
            }
        }
        self.keep_subscribers(kept, gone).await
    }

    /// Keeps who has confirmed a request; whoever has not stays as they were (H4, H6).
    pub(super) async fn verified(&mut self, verified: Verified) -> Result<(), StoreError> {
        let (Verified { asked, answer }, now) = (verified, self.clock.now());
        let Some(hub) = &mut self.hub else { return Ok(()) };
        let (host, feed) = (host_of(&asked.callback).to_owned(), shown(&asked.topic).to_owned());
        hub.was_asked(&host);
        let id = SubscriberId::of(&asked.topic, &asked.callback);
        let noted = self.editor.engine().subscribers().get(&id).cloned();
        let Some(noted) = noted else { return Ok(()) };
        if let Err(failure) = answer {
            debug!(
                event = "subscriber_unconfirmed",
                host, feed, "{host} does not confirm what it asked of {feed}: {failure}"
            );
            let (left, none) = settled(id, asked.answered(&noted));
            let (kept, gone) = (left.into_iter().collect(), none.into_iter().collect());
            return self.keep_subscribers(kept, gone).await;
        }
        if asked.wish.mode == Mode::Unsubscribe {
            info!(
                event = "subscriber_left",
                host, feed, "{host} is told of {feed} no more, as it asked"
            );
            return self.keep_subscribers(Vec::new(), vec![id]).await;
        }
        let (subscriber, is_new) = (asked.granted(&noted, now), !noted.is_confirmed());
        let until = subscriber.expires;
        self.keep_subscribers(vec![subscriber], Vec::new()).await?;
        match is_new {
            true => {
                info!(event = "subscriber_confirmed", host, feed, %until, "{host} is told of {feed} until {until}");
            }
            false => {
                debug!(event = "subscriber_renewed", host, feed, %until, "{host} is told of {feed} until {until}");
            }
        }
        Ok(())
    }
}
