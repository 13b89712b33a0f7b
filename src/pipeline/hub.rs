//! Our hub: asks callbacks whether requests are meant, and delivers changed feeds.
//!
//! The loop decides and remembers; calls run beside it, a bounded number at once. A
//! subscriber is told of the feed as it is at that moment, so nothing waits in a queue
//! and a restart loses nothing: whoever has another feed than the shelf is told.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::pending;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tracing::{error, info, warn};
use url::Url;

use crate::engine::Turn;
use crate::fetch::Call;
use crate::model::{Seed, Subscriber, SubscriberId, Timestamp};
use crate::publish::hub::{self as rules, Copied};
use crate::publish::{ResponseCache, Site};
use crate::store::StoreError;

use super::Pipeline;

mod asking;
mod calls;
mod pings;
mod requests;

use calls::{Delivered, Line, LookedUp, Pinged, Verified, is_success, shown};
use pings::Pings;
use requests::Requests;

/// Subscribers that are told at once, and of one host.
const DELIVERING: usize = 32;
const DELIVERING_TO_HOST: usize = 4;

/// Farewells said at once.
const LEAVING: usize = 8;

/// What happened to our hub.
pub(super) enum Word {
    /// Hosts of callbacks were looked up.
    LookedUp(Vec<LookedUp>),
    /// Callbacks were asked.
    Verified(Vec<Verified>),
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
    /// Whose callbacks an earlier run has not heard, until they are asked again.
    unheard: Vec<SubscriberId>,
    changes: watch::Receiver<()>,
    /// Whether there may be something to do now.
    stirred: bool,
    /// When there will be.
    wake_at: Option<Timestamp>,
    /// Requests whose callbacks were not heard yet.
    requests: Requests,
    looking_up: JoinSet<LookedUp>,
    verifying: JoinSet<Verified>,
    delivering: JoinSet<Delivered>,
    /// Who is being told, at which host.
    under_way: HashMap<SubscriberId, String>,
    pinging: JoinSet<Pinged>,
    pings: Pings,
    leaving: JoinSet<()>,
    farewells: VecDeque<Url>,
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
    pub(super) async fn next(&mut self, full: bool) -> Word {
        if full {
            // What came of calls could not be kept.
            return pending().await;
        }
        tokio::select! {
            Some(first) = self.looking_up.join_next() => {
                Word::LookedUp(all_that_ended(first, &mut self.looking_up))
            }
            Some(first) = self.verifying.join_next() => {
                Word::Verified(all_that_ended(first, &mut self.verifying))
            }
            Some(first) = self.delivering.join_next() => {
                Word::Delivered(all_that_ended(first, &mut self.delivering))
            }
            Some(pinged) = self.pinging.join_next() => Word::Pinged(pinged),
            Some(_) = self.leaving.join_next() => Word::Left,
            else => pending().await,
        }
    }

    /// When it has to be looked at, whatever comes.
    pub(super) fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        self.wake_at.into_iter().chain(self.requests.wake_at(now)).min()
    }

    /// Whether nothing is under way.
    pub(super) fn rests(&self) -> bool {
        !self.stirred
            && !self.changes.has_changed().unwrap_or(false)
            && self.looking_up.is_empty()
            && self.verifying.is_empty()
            && self.delivering.is_empty()
            && self.pinging.is_empty()
            && self.leaving.is_empty()
    }

    /// Looks through all subscribers; they stand in the order of their feeds.
    fn look(
        &self,
        subscribers: &BTreeMap<SubscriberId, Subscriber>,
        cache: &ResponseCache,
        (site, serves): (&Site, bool),
        now: Timestamp,
    ) -> Round {
        let mut round = Round::default();
        let mut at_hand: Option<(&str, Option<Copied>)> = None;
        for (id, subscriber) in subscribers {
            if subscriber.expires <= now {
                // What somebody has asked for and is not heard of yet is not over.
                round.ended.extend(subscriber.asked.is_none().then_some(*id));
                continue;
            }
            let topic = subscriber.topic.as_str();
            let feed = match &at_hand {
                Some((known, feed)) if *known == topic => feed,
                _ => {
                    let feed = serves.then(|| cache.feed_at(topic, site)).flatten();
                    &at_hand.insert((topic, feed)).1
                }
            };
            let Some(feed) = feed else {
                round.dropped.push(*id);
                continue;
            };
            let mut later = Some(subscriber.expires);
            match rules::due(subscriber, feed.hash, now) {
                _ if self.under_way.contains_key(id) => {}
                Some(due) if due <= now => round.due.push((*id, feed.clone())),
                due => later = due.into_iter().chain(later).min(),
            }
            round.wake_at = round.wake_at.into_iter().chain(later).min();
        }
        // Whoever has waited longest comes first.
        round.due.sort_by_key(|(id, _)| subscribers[id].not_before);
        round
    }
}

impl Pipeline {
    /// Opens our hub: from now on it takes requests, where the plan has it, and a hub
    /// elsewhere is told of changes, where the plan has one.
    pub fn open_hub(&mut self) {
        let Some(seed) = Seed::fresh() else {
            error!(event = "push_off", "the system gives no random bytes: our hub stays closed");
            return;
        };
        let subscribers = self.editor.engine().subscribers();
        let is_unheard = |(id, one): (&SubscriberId, &Subscriber)| one.asked.as_ref().map(|_| *id);
        let hub = OwnHub {
            seed,
            questions: 0,
            unheard: subscribers.iter().filter_map(is_unheard).collect(),
            changes: self.editor.cache().watch(),
            stirred: true,
            wake_at: None,
            requests: Requests::default(),
            looking_up: JoinSet::new(),
            verifying: JoinSet::new(),
            delivering: JoinSet::new(),
            under_way: HashMap::new(),
            pinging: JoinSet::new(),
            pings: Pings::default(),
            leaving: JoinSet::new(),
            farewells: VecDeque::new(),
        };
        self.hub = Some(hub);
        self.count_subscribers();
    }

    /// Counts those who are told, or will be.
    fn count_subscribers(&self) {
        let subscribers = self.editor.engine().subscribers().values();
        self.editor.metrics().subscribed(subscribers.filter(|one| one.is_confirmed()).count());
    }

    fn line(&self) -> Line {
        Line { fetcher: self.fetcher.clone(), clock: self.clock.clone() }
    }

    /// Looks after whoever is to be told, if anything has changed or fallen due.
    pub(super) async fn tell_subscribers(&mut self) -> Result<(), StoreError> {
        self.see_to_requests();
        let (plan, line, now) = (self.editor.plan().clone(), self.line(), self.clock.now());
        let cache = self.editor.cache().clone();
        let Some(hub) = self.hub.as_mut().filter(|_| !self.is_low && !self.editor.is_blocked())
        else {
            return Ok(());
        };
        let changed = hub.changes.has_changed().unwrap_or(false);
        if !changed && !hub.stirred && hub.wake_at.is_none_or(|wake_at| wake_at > now) {
            return Ok(());
        }
        hub.changes.mark_unchanged();
        hub.stirred = false;
        let unheard = std::mem::take(&mut hub.unheard);
        let site = &plan.server.site;
        let subscribers = self.editor.engine().subscribers();
        let round = hub.look(subscribers, &cache, (site, plan.hub.serves), now);
        hub.wake_at = round.wake_at;
        let ours = site.hub.as_ref().map(Url::to_string).unwrap_or_default();
        for (id, feed) in round.due {
            let subscriber = &subscribers[&id];
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
            let known = self.editor.engine().pinged();
            let news = pings::news(known, elsewhere, cache.public_feeds());
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
        self.ask_again(unheard).await?;
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
        let subscribers = self.editor.engine().subscribers();
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
                host, feed, "{host} is told of {feed} no more: {why}"
            );
            hub.farewells.push_back(rules::denial(subscriber, why));
        }
        self.keep_subscribers(Vec::new(), [ended, dropped].concat()).await
    }

    fn say_farewells(&mut self, line: &Line) {
        let Some(hub) = &mut self.hub else { return };
        while hub.leaving.len() < LEAVING
            && let Some(url) = hub.farewells.pop_front()
        {
            hub.leaving.spawn(line.clone().say(Call::get(url)));
        }
    }

    /// Has the engine know what subscribers have become.
    async fn keep_subscribers(
        &mut self,
        updated: Vec<Subscriber>,
        removed: Vec<SubscriberId>,
    ) -> Result<(), StoreError> {
        if !updated.is_empty() || !removed.is_empty() {
            let at = self.clock.now();
            self.apply(Turn::SubscribersUpdated { updated, removed, at }).await?;
        }
        self.count_subscribers();
        Ok(())
    }

    /// Deals with what happened to our hub.
    pub(super) async fn told(&mut self, word: Word) -> Result<(), StoreError> {
        if let Some(hub) = &mut self.hub {
            hub.stirred = true;
        }
        match word {
            Word::LookedUp(looked_up) => self.looked_up(looked_up).await,
            Word::Verified(verified) => self.verified(verified).await,
            Word::Delivered(delivered) => self.delivered_to(delivered).await,
            Word::Pinged(Ok(pinged)) => self.pinged(pinged).await,
            Word::Pinged(Err(_)) | Word::Left => Ok(()),
        }
    }

    /// Records what subscribers answered (H8).
    async fn delivered_to(&mut self, delivered: Vec<Delivered>) -> Result<(), StoreError> {
        let (now, metrics) = (self.clock.now(), self.editor.metrics());
        let (mut kept, mut gone) = (Vec::new(), Vec::new());
        let Some(hub) = &mut self.hub else { return Ok(()) };
        for Delivered { id, hash, answer } in delivered {
            hub.under_way.remove(&id);
            let known = self.editor.engine().subscribers().get(&id).cloned();
            let Some(mut subscriber) = known else { continue };
            let (host, feed) = (subscriber.host().to_owned(), shown(&subscriber.topic).to_owned());
            if matches!(&answer, Ok(said) if said.status == 410) {
                metrics.delivered("gone");
                info!(
                    event = "subscriber_gone",
                    host, feed, "{host} answers 410 and is told of {feed} no more"
                );
                gone.push(id);
                continue;
            }
            let retry_after = answer.as_ref().ok().and_then(|said| said.retry_after);
            match answer.and_then(|said| is_success(&said)) {
                Ok(()) => {
                    metrics.delivered("taken");
                    if subscriber.failures > 0 {
                        info!(
                            event = "subscriber_recovered",
                            host, feed, "{host} takes {feed} again"
                        );
                    }
                    rules::told(&mut subscriber, hash, now);
                }
                Err(failure) => {
                    metrics.delivered("failed");
                    if subscriber.failures == 0 {
                        warn!(
                            event = "subscriber_failing",
                            host,
                            feed,
                            "{host} cannot be told of {feed}, which is tried again: {failure}"
                        );
                    }
                    rules::failed(&mut subscriber, failure.to_string(), retry_after, now);
                }
            }
            kept.push(subscriber);
        }
        self.keep_subscribers(kept, gone).await
    }

    /// Records what a hub elsewhere answered.
    async fn pinged(&mut self, Pinged { feeds, answer }: Pinged) -> Result<(), StoreError> {
        let now = self.clock.now();
        let elsewhere = self.editor.plan().hub.elsewhere.clone();
        let (Some(hub), Some(elsewhere)) = (&mut self.hub, elsewhere) else { return Ok(()) };
        match answer {
            Ok(()) => {
                if hub.pings.accepted(now) {
                    info!(event = "ping_recovered", "{elsewhere} can be told of changes again");
                }
                self.apply(Turn::HubNotified { feeds, at: now }).await.map(drop)
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

/// What ended together with the first, so that one commit is enough for all.
fn all_that_ended<T: 'static>(first: Result<T, JoinError>, more: &mut JoinSet<T>) -> Vec<T> {
    let more = std::iter::from_fn(|| more.try_join_next());
    std::iter::once(first).chain(more).filter_map(Result::ok).collect()
}

/// What comes of our hub next; for ever, where there is none.
pub(super) async fn next(hub: &mut Option<OwnHub>, full: bool) -> Word {
    match hub {
        Some(hub) => hub.next(full).await,
        None => pending().await,
    }
}
