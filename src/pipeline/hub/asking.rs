//! Requests to our hub in; whoever's callback confirms one, as a subscriber, out.
//!
//! A request is kept from before it is answered until its callback was heard: whatever
//! happens to the daemon in between, the callback is asked (H1).

use std::time::Duration;

use tracing::{debug, info};

use super::calls::{Line, Verified, shown};
use super::{Often, OwnHub, Pipeline};
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
    fn has_room(&self, host: &str) -> bool {
        let of_host = self.subscribers.values().filter(|known| known.host() == host).count();
        self.subscribers.len() < MOST && of_host < MOST_OF_HOST
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

    /// Knows of a subscriber what is left once a callback was heard; nothing of one who
    /// never confirmed anything and asks for nothing more.
    fn settle(&mut self, id: SubscriberId, left: Subscriber) -> Option<Subscriber> {
        if !left.is_confirmed() && left.asked.is_none() {
            self.subscribers.remove(&id);
            return None;
        }
        self.subscribers.insert(id, left.clone());
        Some(left)
    }
}

impl Pipeline {
    /// Keeps a request and has its callback asked (H1); says why not, otherwise.
    pub(in crate::pipeline) async fn subscribe(
        &mut self,
        asked: Asked,
    ) -> Result<Result<(), NotGranted>, StoreError> {
        let noted = match self.note(&asked) {
            Ok(Some(noted)) => noted,
            Ok(None) => return Ok(Ok(())),
            Err(why) => return Ok(Err(why)),
        };
        let kept = self.keep_subscribers(vec![noted.clone()], Vec::new()).await?;
        let line = self.line();
        let Some(hub) = &mut self.hub else { return Ok(Err(NotGranted::NoSuchFeed)) };
        if !kept {
            hub.was_asked(noted.host());
            return Ok(Err(NotGranted::Busy));
        }
        hub.subscribers.insert(noted.id(), noted);
        hub.ask(line, asked);
        Ok(Ok(()))
    }

    /// What is to be kept of a request; nothing, where it asks for nothing.
    fn note(&mut self, asked: &Asked) -> Result<Option<Subscriber>, NotGranted> {
        let (plan, now) = (self.editor.plan().clone(), self.clock.now());
        let shelf = self.editor.shelf().clone();
        let hub = self.hub.as_mut().filter(|_| plan.hub.serves).ok_or(NotGranted::NoSuchFeed)?;
        let feed = shelf.feed_at(&asked.topic, &plan.server.site).ok_or(NotGranted::NoSuchFeed)?;
        let known = hub.subscribers.get(&SubscriberId::of(&asked.topic, &asked.callback));
        let host = host_of(&asked.callback);
        match asked.wish.mode {
            // Nobody has to be asked whether nothing is to end.
            Mode::Unsubscribe if known.is_none() => return Ok(None),
            Mode::Subscribe if known.is_none() && !hub.has_room(host) => {
                return Err(NotGranted::TooMany);
            }
            Mode::Subscribe | Mode::Unsubscribe => {}
        }
        let noted = asked.noted(known, feed.hash, now);
        hub.admit(host, now)?;
        Ok(Some(noted))
    }

    /// Has the callbacks asked that an earlier run has not heard. What that run let in
    /// is within the bounds; what is beyond them by now waits for the next start.
    pub(super) async fn ask_again(&mut self, unheard: Vec<SubscriberId>) -> Result<(), StoreError> {
        let (plan, line, now) = (self.editor.plan().clone(), self.line(), self.clock.now());
        let shelf = self.editor.shelf().clone();
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        let Some(hub) = &mut self.hub else { return Ok(()) };
        for id in unheard {
            let Some(noted) = hub.subscribers.get(&id) else { continue };
            let Some(asked) = Asked::of(noted) else { continue };
            let site = &plan.server.site;
            if !plan.hub.serves || shelf.feed_at(&asked.topic, site).is_none() {
                match hub.settle(id, asked.answered(noted)) {
                    Some(known) => kept.push(known),
                    None => gone.push(id),
                }
            } else if hub.admit(host_of(&asked.callback), now).is_ok() {
                hub.ask(line.clone(), asked);
            }
        }
        self.keep_subscribers(kept, gone).await.map(drop)
    }

    /// Keeps who has confirmed a request; whoever has not stays as they were (H4, H6).
    pub(super) async fn verified(&mut self, verified: Verified) -> Result<(), StoreError> {
        let (Verified { asked, answer }, now) = (verified, self.clock.now());
        let Some(hub) = &mut self.hub else { return Ok(()) };
        let (host, feed) = (host_of(&asked.callback).to_owned(), shown(&asked.topic).to_owned());
        hub.was_asked(&host);
        let id = SubscriberId::of(&asked.topic, &asked.callback);
        let Some(noted) = hub.subscribers.get(&id) else { return Ok(()) };
        if let Err(failure) = answer {
            debug!(
                event = "subscriber_unconfirmed",
                host, feed, "{host} does not confirm what it asked of {feed}: {failure}"
            );
            let (kept, gone) = match hub.settle(id, asked.answered(noted)) {
                Some(known) => (vec![known], Vec::new()),
                None => (Vec::new(), vec![id]),
            };
            return self.keep_subscribers(kept, gone).await.map(drop);
        }
        if asked.wish.mode == Mode::Unsubscribe {
            hub.subscribers.remove(&id);
            info!(
                event = "subscriber_left",
                host, feed, "{host} is told of {feed} no more, as it asked"
            );
            return self.keep_subscribers(Vec::new(), vec![id]).await.map(drop);
        }
        let (subscriber, is_new) = (asked.granted(noted, now), !noted.is_confirmed());
        let until = subscriber.expires;
        // Without room it is asked again after the next start.
        if self.keep_subscribers(vec![subscriber.clone()], Vec::new()).await?
            && let Some(hub) = &mut self.hub
        {
            hub.subscribers.insert(id, subscriber);
            self.editor.ledger().subscribed(hub.confirmed());
            match is_new {
                true => {
                    info!(event = "subscriber_confirmed", host, feed, %until, "{host} is told of {feed} until {until}");
                }
                false => {
                    debug!(event = "subscriber_renewed", host, feed, %until, "{host} is told of {feed} until {until}");
                }
            }
        }
        Ok(())
    }
}
