//! Requests to our hub, and what changed on the shelf, in; subscribers kept, asked and told, out.
//!
//! The loop decides and remembers; calls run beside it, a bounded number at once. A
//! subscriber is told of the feed as it is at that moment, so nothing waits in a queue
//! and a restart loses nothing: whoever has another feed than the shelf is told.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::pending;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::{debug, error, info, warn};
use url::Url;

use crate::fetch::Call;
use crate::model::{Seed, Subscriber, SubscriberId, Timestamp, host_of};
use crate::publish::hub::{self as rules, Asked, Copied, Mode, NotGranted};
use crate::publish::{Shelf, Site};
use crate::store::{Commit, StoreError};

use super::Pipeline;

mod calls;
mod pings;

use calls::{Delivered, Line, Pinged, Verified, is_success, shown};
use pings::Pings;

/// Callbacks that are asked at once, and of one host; and of one host in a minute, so
/// that nobody can have us bother others.
const VERIFYING: usize = 64;
const VERIFYING_AT_HOST: usize = 8;
const A_MINUTE: u32 = 60;

/// Subscribers that are told at once, and of one host.
const DELIVERING: usize = 32;
const DELIVERING_TO_HOST: usize = 4;

/// Subscriptions in all, and of one host.
const MOST: usize = 10_000;
const MOST_OF_HOST: usize = 200;

/// Farewells said at once.
const LEAVING: usize = 8;

/// What happened to our hub.
pub(super) enum Word {
    /// A callback was asked.
    Verified(Result<Verified, JoinError>),
    /// Subscribers were told.
    Delivered(Vec<Delivered>),
    /// A hub elsewhere was told.
    Pinged(Result<Pinged, JoinError>),
    /// A farewell was said.
    Left,
}

/// Our hub: its subscribers, and what is under way with them.
pub(super) struct OwnHub {
    seed: Seed,
    /// Questions so far: each has a challenge of its own.
    questions: u64,
    subscribers: BTreeMap<SubscriberId, Subscriber>,
    changes: watch::Receiver<()>,
    /// Whether there may be something to do now.
    stirred: bool,
    /// When there will be.
    wake_at: Option<Timestamp>,
    verifying: JoinSet<Verified>,
    /// Of each host, how many are being asked, and how many were since when.
    asked_hosts: HashMap<String, Often>,
    delivering: JoinSet<Delivered>,
    /// Who is being told, at which host.
    under_way: HashMap<SubscriberId, String>,
    pinging: JoinSet<Pinged>,
    pings: Pings,
    leaving: JoinSet<()>,
    farewells: VecDeque<Url>,
}

#[derive(Debug, Clone, Copy)]
struct Often {
    now: usize,
    since: Timestamp,
    times: u32,
}

/// What there is to do for subscribers.
#[derive(Default)]
struct Round {
    due: Vec<(SubscriberId, Copied)>,
    ended: Vec<SubscriberId>,
    dropped: Vec<SubscriberId>,
    wake_at: Option<Timestamp>,
}

impl OwnHub {
    /// What comes next; for ever, while nothing does.
    pub(super) async fn next(&mut self) -> Word {
        tokio::select! {
            Some(verified) = self.verifying.join_next() => Word::Verified(verified),
            Some(delivered) = self.delivering.join_next() => {
                let mut all: Vec<Delivered> = delivered.into_iter().collect();
                while let Some(delivered) = self.delivering.try_join_next() {
                    all.extend(delivered);
                }
                Word::Delivered(all)
            }
            Some(pinged) = self.pinging.join_next() => Word::Pinged(pinged),
            Some(_) = self.leaving.join_next() => Word::Left,
            else => pending().await,
        }
    }

    /// When it has to be looked at, whatever comes.
    pub(super) fn wake_at(&self) -> Option<Timestamp> {
        self.wake_at
    }

    /// Whether nothing is under way.
    pub(super) fn rests(&self) -> bool {
        !self.stirred
            && !self.changes.has_changed().unwrap_or(false)
            && self.verifying.is_empty()
            && self.delivering.is_empty()
            && self.pinging.is_empty()
            && self.leaving.is_empty()
    }

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

    /// Looks through all subscribers; they stand in the order of their feeds.
    fn look(&self, shelf: &Shelf, site: &Site, serves: bool, now: Timestamp) -> Round {
        let mut round = Round::default();
        let mut at_hand: Option<(&str, Option<Copied>)> = None;
        for (id, subscriber) in &self.subscribers {
            if subscriber.expires <= now {
                round.ended.push(*id);
                continue;
            }
            let topic = subscriber.topic.as_str();
            let feed = match &at_hand {
                Some((known, feed)) if *known == topic => feed,
                _ => {
                    let feed = serves.then(|| shelf.feed_at(topic, site)).flatten();
                    &at_hand.insert((topic, feed)).1
                }
            };
            let Some(feed) = feed else {
                round.dropped.push(*id);
                continue;
            };
            let mut later = Some(subscriber.expires);
            match rules::due(subscriber, feed.hash) {
                _ if self.under_way.contains_key(id) => {}
                Some(due) if due <= now => round.due.push((*id, feed.clone())),
                due => later = due.into_iter().chain(later).min(),
            }
            round.wake_at = round.wake_at.into_iter().chain(later).min();
        }
        // Whoever has waited longest comes first.
        round.due.sort_by_key(|(id, _)| self.subscribers[id].not_before);
        round
    }
}

impl Pipeline {
    /// Opens our hub: from now on it takes requests, where the plan has it, and a hub
    /// elsewhere is told of changes, where the plan has one.
    pub fn open_hub(&mut self) -> Result<(), StoreError> {
        let Some(seed) = Seed::fresh() else {
            error!(event = "push_off", "the system gives no random bytes: our hub stays closed");
            return Ok(());
        };
        let store = self.editor.store();
        let subscribers = store.subscribers()?.into_iter();
        let hub = OwnHub {
            seed,
            questions: 0,
            subscribers: subscribers.map(|subscriber| (subscriber.id(), subscriber)).collect(),
            changes: self.editor.shelf().watch(),
            stirred: true,
            wake_at: None,
            verifying: JoinSet::new(),
            asked_hosts: HashMap::new(),
            delivering: JoinSet::new(),
            under_way: HashMap::new(),
            pinging: JoinSet::new(),
            pings: Pings::open(&*store)?,
            leaving: JoinSet::new(),
            farewells: VecDeque::new(),
        };
        self.editor.ledger().subscribed(hub.subscribers.len());
        self.hub = Some(hub);
        Ok(())
    }

    fn line(&self) -> Line {
        Line { fetcher: self.fetcher.clone(), clock: self.clock.clone() }
    }

    /// Takes a request in and has its callback asked (H1); says why not, otherwise.
    pub(super) fn subscribe(&mut self, asked: Asked) -> Result<(), NotGranted> {
        let (plan, line, now) = (self.editor.plan().clone(), self.line(), self.clock.now());
        let shelf = self.editor.shelf().clone();
        let hub = self.hub.as_mut().filter(|_| plan.hub.serves).ok_or(NotGranted::NoSuchFeed)?;
        let feed = shelf.feed_at(&asked.topic, &plan.server.site).ok_or(NotGranted::NoSuchFeed)?;
        let known = hub.subscribers.contains_key(&SubscriberId::of(&asked.topic, &asked.callback));
        let host = host_of(&asked.callback).to_owned();
        match asked.mode {
            // Nobody has to be asked whether nothing is to end.
            Mode::Unsubscribe if !known => return Ok(()),
            Mode::Subscribe if !known && !hub.has_room(&host) => return Err(NotGranted::TooMany),
            Mode::Subscribe | Mode::Unsubscribe => {}
        }
        hub.admit(&host, now)?;
        hub.questions += 1;
        let challenge = hub.seed.token(&[b"challenge", &hub.questions.to_le_bytes()]);
        hub.verifying.spawn(line.verify(asked, feed.hash, challenge));
        Ok(())
    }

    /// Looks after whoever is to be told, if anything has changed or fallen due.
    pub(super) async fn tell_subscribers(&mut self) -> Result<(), StoreError> {
        let (plan, line, now) = (self.editor.plan().clone(), self.line(), self.clock.now());
        let shelf = self.editor.shelf().clone();
        let Some(hub) = &mut self.hub else { return Ok(()) };
        let changed = hub.changes.has_changed().unwrap_or(false);
        if !changed && !hub.stirred && hub.wake_at.is_none_or(|wake_at| wake_at > now) {
            return Ok(());
        }
        hub.changes.mark_unchanged();
        hub.stirred = false;
        let site = &plan.server.site;
        let round = hub.look(&shelf, site, plan.hub.serves, now);
        hub.wake_at = round.wake_at;
        let ours = site.hub.as_ref().map(Url::to_string).unwrap_or_default();
        for (id, feed) in round.due {
            let subscriber = &hub.subscribers[&id];
            let host = subscriber.host();
            let at_host = hub.under_way.values().filter(|under_way| *under_way == host).count();
            if hub.delivering.len() >= DELIVERING || at_host >= DELIVERING_TO_HOST {
                // The end of a delivery has us look again.
                continue;
            }
            let call = Call {
                url: subscriber.callback.clone(),
                headers: rules::headers(subscriber, &feed, &ours),
                body: Some(feed.body),
                own: false,
            };
            hub.under_way.insert(id, host.to_owned());
            hub.delivering.spawn(line.clone().deliver(id, feed.hash, call));
        }
        if let Some(elsewhere) = plan.hub.elsewhere.as_ref().filter(|_| hub.pinging.is_empty()) {
            let news = hub.pings.news(elsewhere, shelf.public_feeds());
            match hub.pings.not_before {
                _ if news.is_empty() => {}
                later if later > now => {
                    hub.wake_at = hub.wake_at.into_iter().chain([later]).min();
                }
                _ => {
                    let call = Call::form(elsewhere.clone(), pings::form(&news, site));
                    hub.pinging.spawn(line.clone().ping(news, call));
                }
            }
        }
        let why = if plan.hub.serves { "the feed is gone" } else { "there is no hub any more" };
        self.drop_subscribers(round.ended, round.dropped, why).await?;
        self.say_farewells(&line);
        Ok(())
    }

    /// Whose lease has ended goes without a word; whoever is dropped is told (H5, H10).
    async fn drop_subscribers(
        &mut self,
        ended: Vec<SubscriberId>,
        dropped: Vec<SubscriberId>,
        why: &str,
    ) -> Result<(), StoreError> {
        let Some(hub) = &mut self.hub else { return Ok(()) };
        for subscriber in ended.iter().filter_map(|id| hub.subscribers.remove(id)) {
            let (host, feed) = (subscriber.host(), shown(&subscriber.topic));
            info!(
                event = "subscriber_ended",
                host, feed, "the subscription of {host} to {feed} has ended: it was not renewed"
            );
        }
        for subscriber in dropped.iter().filter_map(|id| hub.subscribers.remove(id)) {
            let (host, feed) = (subscriber.host(), shown(&subscriber.topic));
            info!(
                event = "subscriber_dropped",
                host, feed, "{host} is told of {feed} no more: {why}"
            );
            hub.farewells.push_back(rules::denial(&subscriber, why));
        }
        self.keep_subscribers(Vec::new(), [ended, dropped].concat()).await.map(drop)
    }

    fn say_farewells(&mut self, line: &Line) {
        let Some(hub) = &mut self.hub else { return };
        while hub.leaving.len() < LEAVING
            && let Some(url) = hub.farewells.pop_front()
        {
            hub.leaving.spawn(line.clone().say(Call::get(url)));
        }
    }

    /// Makes durable what subscribers have become. Whether there was room for it.
    async fn keep_subscribers(
        &mut self,
        subscribers: Vec<Subscriber>,
        unsubscribed: Vec<SubscriberId>,
    ) -> Result<bool, StoreError> {
        let count = self.hub.as_ref().map_or(0, |hub| hub.subscribers.len());
        self.editor.ledger().subscribed(count);
        let commit = Commit { subscribers, unsubscribed, ..Commit::default() };
        if commit.is_empty() {
            return Ok(true);
        }
        match self.editor.store().commit(commit).await {
            Err(StoreError::Full { .. }) => Ok(false),
            kept => kept.map(|()| true),
        }
    }

    /// Deals with what happened to our hub.
    pub(super) async fn told(&mut self, word: Word) -> Result<(), StoreError> {
        if let Some(hub) = &mut self.hub {
            hub.stirred = true;
        }
        match word {
            Word::Verified(Ok(verified)) => self.verified(verified).await,
            Word::Delivered(delivered) => self.delivered_to(delivered).await,
            Word::Pinged(Ok(pinged)) => self.pinged(pinged).await,
            Word::Verified(Err(_)) | Word::Pinged(Err(_)) | Word::Left => Ok(()),
        }
    }

    /// Keeps who has confirmed a request; whoever has not stays as they were (H4, H6).
    async fn verified(&mut self, verified: Verified) -> Result<(), StoreError> {
        let Verified { asked, has, answer } = verified;
        let Some(hub) = &mut self.hub else { return Ok(()) };
        let (host, feed) = (host_of(&asked.callback).to_owned(), shown(&asked.topic).to_owned());
        if let Some(often) = hub.asked_hosts.get_mut(&host) {
            often.now = often.now.saturating_sub(1);
        }
        if let Err(failure) = answer {
            debug!(
                event = "subscriber_unconfirmed",
                host, feed, "{host} does not confirm what it asked of {feed}: {failure}"
            );
            return Ok(());
        }
        let id = SubscriberId::of(&asked.topic, &asked.callback);
        if asked.mode == Mode::Unsubscribe {
            hub.subscribers.remove(&id);
            info!(
                event = "subscriber_left",
                host, feed, "{host} is told of {feed} no more, as it asked"
            );
            return self.keep_subscribers(Vec::new(), vec![id]).await.map(drop);
        }
        let before = hub.subscribers.get(&id);
        if before.is_none() && !hub.has_room(&host) {
            return Ok(());
        }
        let subscriber = asked.granted(before, has, self.clock.now());
        let (until, is_new) = (subscriber.expires, before.is_none());
        if self.keep_subscribers(vec![subscriber.clone()], Vec::new()).await?
            && let Some(hub) = &mut self.hub
        {
            hub.subscribers.insert(id, subscriber);
            self.editor.ledger().subscribed(hub.subscribers.len());
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

    /// Records what subscribers answered (H8).
    async fn delivered_to(&mut self, delivered: Vec<Delivered>) -> Result<(), StoreError> {
        let (now, ledger) = (self.clock.now(), self.editor.ledger());
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        let Some(hub) = &mut self.hub else { return Ok(()) };
        for Delivered { id, hash, answer } in delivered {
            hub.under_way.remove(&id);
            let Some(subscriber) = hub.subscribers.get_mut(&id) else { continue };
            let (host, feed) = (subscriber.host().to_owned(), shown(&subscriber.topic).to_owned());
            if matches!(&answer, Ok(said) if said.status == 410) {
                ledger.delivered("gone");
                info!(
                    event = "subscriber_gone",
                    host, feed, "{host} answers 410 and is told of {feed} no more"
                );
                hub.subscribers.remove(&id);
                gone.push(id);
                continue;
            }
            let retry_after = answer.as_ref().ok().and_then(|said| said.retry_after);
            match answer.and_then(|said| is_success(&said)) {
                Ok(()) => {
                    ledger.delivered("taken");
                    if subscriber.failures > 0 {
                        info!(
                            event = "subscriber_recovered",
                            host, feed, "{host} takes {feed} again"
                        );
                    }
                    rules::told(subscriber, hash, now);
                }
                Err(failure) => {
                    ledger.delivered("failed");
                    if subscriber.failures == 0 {
                        warn!(
                            event = "subscriber_failing",
                            host,
                            feed,
                            "{host} cannot be told of {feed}, which is tried again: {failure}"
                        );
                    }
                    rules::failed(subscriber, failure.to_string(), retry_after, now);
                }
            }
            kept.push(subscriber.clone());
        }
        // Without room it is known until a restart, after which it is delivered again.
        self.keep_subscribers(kept, gone).await.map(drop)
    }

    /// Records what a hub elsewhere answered.
    async fn pinged(&mut self, Pinged { feeds, answer }: Pinged) -> Result<(), StoreError> {
        let now = self.clock.now();
        let elsewhere = self.editor.plan().hub.elsewhere.clone();
        let (Some(hub), Some(elsewhere)) = (&mut self.hub, elsewhere) else { return Ok(()) };
        match answer {
            Ok(()) => {
                let (stamps, had_failed) = hub.pings.told(feeds, now);
                if had_failed {
                    info!(event = "ping_recovered", "{elsewhere} can be told of changes again");
                }
                match self.editor.store().commit(Commit { stamps, ..Commit::default() }).await {
                    Err(StoreError::Full { .. }) => Ok(()),
                    kept => kept,
                }
            }
            Err(failure) => {
                if hub.pings.failed(now) {
                    warn!(
                        event = "ping_failing",
                        "{elsewhere} cannot be told of changes, which is tried again: {failure}"
                    );
                }
                Ok(())
            }
        }
    }
}

/// What comes of our hub next; for ever, where there is none.
pub(super) async fn next(hub: &mut Option<OwnHub>) -> Word {
    match hub {
        Some(hub) => hub.next().await,
        None => pending().await,
    }
}
