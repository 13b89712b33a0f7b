//! A source's offer and a hub's words in; what to ask the hub, and what to answer it, out. Pure.
//!
//! The subscriber's half of WebSub, and of rssCloud, which is the same but for its
//! words (PROTOCOL §1b, W1-W15). The loop sends what [`request`] asks for, hands the
//! callback's queries to [`verify`] and its bodies to [`authentic`], and stores the
//! [`Subscription`] with the rest of the source's memory. Tokens and secrets are
//! derived from a seed: whoever lacks it cannot guess them, and they are kept.
//!
//! # The way in
//!
//! Hubs call at `push/TOKEN` under `[hub] callback_url`. A proxy in front forwards that
//! to `/push/TOKEN` as it forwards feeds: the path as it stands, GET with its query, POST
//! with its body (up to `[polling] max_body`) and the headers `Content-Type` and
//! `X-Hub-Signature`. It must not cache, and should not log the path: the token in it is
//! what keeps strangers out.

mod link;

use std::time::Duration;

use url::Url;
use url::form_urlencoded::{self, Serializer};

use crate::model::{
    Failure, Offer, Protocol, PushState, Seed, Signature, SourceId, SourceState, Subscription,
    Timestamp,
};

pub(super) use link::offered;

/// The Content-Type of a request to a hub.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A source whose hub pushes is looked at this often all the same (W13).
pub(super) const BACKUP: Duration = DAY;

/// What hubs are asked to push for; they answer with what they will.
const LEASE: Duration = Duration::from_secs(10 * 86_400);

/// A cloud forgets who does not register again (W15).
const CLOUD_LEASE: Duration = Duration::from_secs(25 * 3600);

/// A hub that does not answer is asked again (W8), so often, and then daily.
const AGAIN: Duration = Duration::from_secs(3600);
const HOURLY: u32 = 24;

/// However short its leases are, no hub is asked more often.
const SHORTEST: Duration = Duration::from_secs(300);

/// How late a hub may push before it counts as having let news pass (W13).
const LATE: Duration = Duration::from_secs(600);

/// How long it is then not relied upon.
pub(super) const DISTRUST: Duration = Duration::from_secs(7 * 86_400);

/// Only sources with news in this time are worth a subscription (W14).
const LIVELY: Duration = Duration::from_secs(30 * 86_400);

const DAY: Duration = Duration::from_secs(86_400);

/// A subscription to ask a hub for, and what to remember of it once it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whom to ask.
    pub hub: Url,
    /// Where it is to push to.
    pub callback: Url,
    /// To be stored before it is sent: the hub may verify at once.
    pub subscription: Subscription,
}

impl Request {
    /// The body of the request (W3, W15).
    pub fn form(&self) -> String {
        let mut form = Serializer::new(String::new());
        let offer = &self.subscription.offer;
        match offer.protocol {
            Protocol::WebSub => {
                form.append_pair("hub.mode", "subscribe")
                    .append_pair("hub.topic", offer.topic.as_str())
                    .append_pair("hub.callback", self.callback.as_str())
                    .append_pair("hub.lease_seconds", &LEASE.as_secs().to_string());
                if let Some(secret) = &self.subscription.secret {
                    form.append_pair("hub.secret", secret);
                }
            }
            Protocol::RssCloud => {
                let port = self.callback.port_or_known_default().unwrap_or(80);
                let secure = self.callback.scheme() == "https";
                form.append_pair("notifyProcedure", "")
                    .append_pair("domain", self.callback.host_str().unwrap_or_default())
                    .append_pair("port", &port.to_string())
                    .append_pair("path", self.callback.path())
                    .append_pair("protocol", if secure { "https-post" } else { "http-post" })
                    .append_pair("url1", offer.topic.as_str());
            }
        }
        form.finish()
    }

    /// Whether what a hub answered the request with is a yes: a cloud says no with
    /// `<notifyResult success="false" …>`, or the like in JSON, and status 200.
    pub(super) fn is_granted(&self, answer: &[u8]) -> bool {
        let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
        let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
        let says_no = text.contains("success=false") || text.contains("success:false");
        self.subscription.offer.protocol == Protocol::WebSub || !says_no
    }
}

/// What to answer a hub that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 200 with this text (W7).
    Echo(String),
    /// 404: we did not ask for this (W7).
    NotOurs,
    /// 200: it has said no, and polling goes on as ever (W9).
    Noted,
}

/// Where a source's news can be had from: its Link headers say, else its document,
/// and hub and topic are taken from the same place (W1, W2); else its cloud (W15).
pub fn offer(state: &SourceState) -> Option<Offer> {
    if let Some(offer) = &state.validators.offer {
        return Some(Offer::clone(offer));
    }
    let (hints, topic) = (state.hints(), state.hints().self_url.clone());
    let https = hints.hubs.iter().find(|hub| hub.scheme() == "https");
    let hub = https.or_else(|| hints.hubs.iter().find(|hub| hub.scheme() == "http"));
    if let (Some(hub), Some(topic)) = (hub, &topic) {
        let (hub, topic) = (hub.clone(), topic.clone());
        return Some(Offer { hub, topic, protocol: Protocol::WebSub });
    }
    let topic = topic.or_else(|| Url::parse(state.validators.of.as_deref()?).ok())?;
    Some(Offer { hub: hints.cloud.clone()?, topic, protocol: Protocol::RssCloud })
}

/// What to ask a hub for now, if anything: at first sight of a hub of a lively
/// source, hourly until it confirms, and before its lease ends. `callbacks` is the
/// address under which callbacks are served, with a slash at its end.
pub fn request(
    source: &SourceId,
    state: &SourceState,
    callbacks: &Url,
    seed: &Seed,
    now: Timestamp,
) -> Option<Request> {
    if due(source, state, callbacks)? > now {
        return None;
    }
    let offer = offer(state)?;
    let known = state.push.as_deref();
    let round = known.map_or(0, |known| known.round).wrapping_add(1);
    let derived =
        |what: &[u8]| seed.token(&[what, source.as_str().as_bytes(), &round.to_le_bytes()]);
    let kept = known.filter(|known| is_for(known, &offer, callbacks));
    let is_cloud = offer.protocol == Protocol::RssCloud;
    // A cloud knows us by our path: another would be told beside it.
    let token = kept.filter(|_| is_cloud).map(|known| known.token.clone());
    let token = token.unwrap_or_else(|| derived(b"token"));
    // In the clear, a secret would be none (W5); a hub of our own may be on loopback.
    let private = !is_cloud && (offer.hub.scheme() == "https" || is_loopback(&offer.hub));
    let secret = kept.and_then(|known| known.secret.clone());
    let subscription = Subscription {
        secret: private.then(|| secret.unwrap_or_else(|| derived(b"secret"))),
        former: kept.filter(|_| !is_cloud).and_then(|known| match is_answered(known) {
            // Until the new one is confirmed, pushes come to the one that last was.
            true => Some(known.token.clone()),
            false => known.former.clone(),
        }),
        token: token.clone(),
        callbacks: Some(callbacks.clone()),
        round,
        asked: now,
        unanswered: kept
            .filter(|known| !is_answered(known))
            .map_or(1, |known| known.unanswered.saturating_add(1)),
        trouble: None,
        since: kept.and_then(|known| known.since),
        confirmed: kept.and_then(|known| known.confirmed),
        expires: kept.and_then(|known| known.expires),
        denied: false,
        distrusted_until: kept.and_then(|known| known.distrusted_until),
        forged: known.map_or(0, |known| known.forged),
        delivered: known.map_or(0, |known| known.delivered),
        last_delivery: known.and_then(|known| known.last_delivery),
        otherwise_due: known.map_or(state.next_poll, |known| known.otherwise_due),
        offer,
    };
    let callback = callbacks.join(&token).ok()?;
    Some(Request { hub: subscription.offer.hub.clone(), callback, subscription })
}

/// Whether this subscription is the one to be had.
fn is_for(known: &Subscription, offer: &Offer, callbacks: &Url) -> bool {
    known.offer == *offer && known.callbacks.as_ref() == Some(callbacks)
}

/// Whether the hub has confirmed what it was last asked for.
fn is_answered(known: &Subscription) -> bool {
    known.confirmed.is_some_and(|confirmed| confirmed >= known.asked)
}

/// When [`request`] is worth calling for this source; none while no hub offers
/// anything, or while the source is not lively enough (W8, W14).
pub fn due(source: &SourceId, state: &SourceState, callbacks: &Url) -> Option<Timestamp> {
    let offer = offer(state)?;
    let newest = state.rhythm.newest?;
    if state.rests() || state.last_poll?.until(newest.after(LIVELY)).is_zero() {
        return None;
    }
    let Some(known) = &state.push else { return Some(Timestamp::EPOCH) };
    if !is_for(known, &offer, callbacks) {
        // However often a source names another hub, none is asked more often.
        return Some(known.asked.after(AGAIN));
    }
    if known.denied {
        return Some(known.asked.after(DISTRUST));
    }
    match (known.confirmed, known.expires) {
        (Some(confirmed), _) if is_answered(known) && offer.protocol == Protocol::RssCloud => {
            Some(confirmed.after(DAY))
        }
        (Some(confirmed), Some(expires)) if is_answered(known) => {
            // At four fifths of the lease, and up to a twentieth of it later.
            let lease = confirmed.until(expires);
            let hash = xxhash_rust::xxh3::xxh3_64(source.as_str().as_bytes());
            let jitter = lease / 20 * ((hash % 1000) as u32) / 1000;
            Some(confirmed.after((lease / 5 * 4 + jitter).max(SHORTEST)))
        }
        _ => {
            let again = known.asked.after(if known.unanswered > HOURLY { DAY } else { AGAIN });
            Some(known.trouble.as_ref().map_or(again, |(_, until)| again.max(*until)))
        }
    }
}

/// Takes in that the hub has taken the request. A WebSub hub's yes comes later, to
/// the callback; a cloud has asked for its challenge by now and means it.
pub fn accepted(subscription: &mut Subscription, now: Timestamp) {
    subscription.trouble = None;
    if subscription.offer.protocol == Protocol::RssCloud {
        confirm(subscription, CLOUD_LEASE, now);
    }
}

/// Takes in that the hub could not be asked, or refused.
pub fn failed(subscription: &mut Subscription, failure: &Failure, now: Timestamp) {
    let wait = failure.retry_after.unwrap_or_default().min(super::schedule::FURTHEST);
    subscription.trouble = Some((failure.message.clone(), now.after(wait)));
}

/// Takes in what a hub says of a subscription at its callback (W7, W9, W15): the
/// query's `hub.mode`, `hub.topic`, `hub.challenge` and `hub.lease_seconds`, or a
/// cloud's `url` and `challenge`.
pub fn verify(
    subscription: &mut Subscription,
    token: &str,
    query: &[(String, String)],
    now: Timestamp,
) -> Answer {
    let value = |name| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let topic = Some(subscription.offer.topic.as_str());
    let pending = !is_answered(subscription) && same(token, &subscription.token);
    if subscription.offer.protocol == Protocol::RssCloud {
        return match value("challenge") {
            Some(challenge) if pending && value("url") == topic => Answer::Echo(challenge.into()),
            _ => Answer::NotOurs,
        };
    }
    match (value("hub.mode"), value("hub.challenge")) {
        _ if value("hub.topic") != topic => Answer::NotOurs,
        (Some("denied"), _) if is_token(subscription, token) => {
            subscription.denied = true;
            (subscription.since, subscription.confirmed, subscription.expires) = (None, None, None);
            Answer::Noted
        }
        (Some("subscribe"), Some(challenge)) if pending => {
            let lease = value("hub.lease_seconds").and_then(|seconds| seconds.parse().ok());
            let lease = lease.map_or(LEASE, Duration::from_secs).min(LEASE * 3);
            confirm(subscription, lease, now);
            Answer::Echo(challenge.to_owned())
        }
        _ => Answer::NotOurs,
    }
}

fn confirm(subscription: &mut Subscription, lease: Duration, now: Timestamp) {
    if subscription.expires.is_none_or(|expires| expires <= now) {
        subscription.since = Some(now);
    }
    subscription.confirmed = Some(now);
    subscription.expires = Some(now.after(lease));
    (subscription.unanswered, subscription.denied) = (0, false);
    subscription.former = None;
}

/// Whether this token is one that the hub may push to; any other gets 410 (W11).
pub fn is_token(subscription: &Subscription, token: &str) -> bool {
    tokens(subscription).any(|known| same(token, known))
}

/// The tokens that the hub may call at.
pub fn tokens(subscription: &Subscription) -> impl Iterator<Item = &str> {
    std::iter::once(&subscription.token).chain(&subscription.former).map(String::as_str)
}

/// Whether a pushed body is the hub's: signed, where a secret was agreed (W10). A
/// body that is not is answered like any other, counted, and left alone.
pub fn authentic(subscription: &Subscription, signature: Option<&str>, body: &[u8]) -> bool {
    let Some(secret) = &subscription.secret else { return true };
    let signature = signature.and_then(|signature| signature.parse::<Signature>().ok());
    signature.is_some_and(|signature| signature.is_of(secret, body))
}

/// Whether a body says that there is news, and no more: a form that names an address (W15).
pub fn is_ping(subscription: &Subscription, body: &[u8]) -> bool {
    let topic = subscription.offer.topic.as_str();
    subscription.offer.protocol == Protocol::RssCloud
        && form_urlencoded::parse(body).any(|(key, value)| key == "url" && value == topic)
}

/// Until when the hub is relied upon, if it is at this time: then the source is
/// only looked at daily.
pub(super) fn covered_until(state: &SourceState, now: Timestamp) -> Option<Timestamp> {
    let push = state.push.as_ref()?;
    let until = push.expires.filter(|_| push.state(now) == PushState::Active)?;
    // A hub that the source does not name any more need not be told by it.
    (offer(state).as_ref() == Some(&push.offer)).then_some(until)
}

/// Whether the hub is relied upon at this time.
pub fn covers(state: &SourceState, now: Timestamp) -> bool {
    covered_until(state, now).is_some()
}

/// Whether it is not relied upon because it let news pass (W13).
pub fn is_distrusted(state: &SourceState, now: Timestamp) -> bool {
    state.push.as_ref().is_some_and(|push| push.state(now) == PushState::Distrusted)
}

/// Compares what a poll found new with what a hub that is relied upon should have
/// pushed by then; one that let news pass is not relied upon for a while (W13).
pub(super) fn compare(state: &mut SourceState, new: &[Timestamp], now: Timestamp) {
    if !covers(state, now) {
        return;
    }
    let Some(push) = &mut state.push else { return };
    // What is older than the subscription was never the hub's to push.
    let since = push.since.or(push.confirmed).unwrap_or(now);
    if new.iter().any(|&entry| entry > since && entry.after(LATE) < now) {
        push.distrusted_until = Some(now.after(DISTRUST));
    }
}

/// Nobody pushes any more, by the hub's word or the operator's: the source is due
/// when it would have been without (W9).
pub fn uncover(state: &mut SourceState, now: Timestamp) {
    let Some(push) = &state.push else { return };
    let due = push.otherwise_due.max(now);
    if due < state.next_poll {
        state.next_poll = due;
        state.scheduled = Some(now);
        state.because = "its hub does not push any more".into();
    }
}

/// Compares two tokens in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    let hash = |text: &str| blake3::hash(text.as_bytes());
    hash(one) == hash(other)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
