//! Subscriptions at sources' hubs: when to ask a hub, and how to check what it sends.
//!
//! The subscriber's half of WebSub, and of rssCloud, which differs only in its parameters
//! (PROTOCOL §1b, W1-W15). The loop sends what [`next_request`] returns, passes the callback's
//! queries to [`answer_callback`] and its bodies to [`is_authentic`], and stores the
//! [`Subscription`] with the source's state. Tokens and secrets are derived from a seed, so that
//! nobody without it can guess them.
//!
//! # Callbacks
//!
//! Hubs call at `push/TOKEN` under `[hub] callback_url`. A proxy in front passes that to
//! `/push/TOKEN` as it passes feeds: the path unchanged, GET with its query, POST with its body
//! (up to `[polling] max_body`) and the headers `Content-Type` and `X-Hub-Signature`. It must not
//! cache, and should not log the path: the token in it is secret.

mod link_header;

use std::time::Duration;

use url::Url;
use url::form_urlencoded::{self, Serializer};

use super::Signature;
use crate::model::{
    Failure, HubOffer, HubProtocol, PushState, Seed, SourceId, SourceState, Subscription, Timestamp,
};

pub use link_header::offer_in_links;

/// The Content-Type of a request to a hub.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// A source whose hub is trusted is still polled this often (W13).
pub const BACKUP_INTERVAL: Duration = DAY;

/// The lease that hubs are asked for. They grant what they like.
const LEASE: Duration = Duration::from_secs(10 * 86_400);

/// A cloud forgets a subscriber that does not register again (W15).
const CLOUD_LEASE: Duration = Duration::from_secs(25 * 3600);

/// The interval at which a hub that does not answer is asked again (W8): hourly a day long, then
/// daily.
const AGAIN: Duration = Duration::from_secs(3600);
const HOURLY: u32 = 24;

/// No hub is asked more often, however short its leases are.
const SHORTEST: Duration = Duration::from_secs(300);

/// A hub that has not pushed an entry after this time has missed it (W13).
const LATE: Duration = Duration::from_secs(600);

/// How long a hub that missed an entry is not trusted.
pub const DISTRUST: Duration = Duration::from_secs(7 * 86_400);

/// Only sources with a new entry within this time are worth a subscription (W14).
const LIVELY: Duration = Duration::from_secs(30 * 86_400);

/// No wait that a hub asks for is longer (P26).
const LONGEST_WAIT: Duration = Duration::from_secs(31 * 86_400);

const DAY: Duration = Duration::from_secs(86_400);

/// A request to a hub, and the subscription to store before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubRequest {
    /// The hub to ask.
    pub hub: Url,
    /// The address that the hub shall push to.
    pub callback: Url,
    /// To be stored before the request is sent: the hub may verify at once.
    pub subscription: Subscription,
}

impl HubRequest {
    /// The request's body (W3, W15).
    pub fn form(&self) -> String {
        let mut form = Serializer::new(String::new());
        let offer = &self.subscription.offer;
        match offer.protocol {
            HubProtocol::WebSub => {
                form.append_pair("hub.mode", "subscribe")
                    .append_pair("hub.topic", offer.topic.as_str())
                    .append_pair("hub.callback", self.callback.as_str())
                    .append_pair("hub.lease_seconds", &LEASE.as_secs().to_string());
                if let Some(secret) = &self.subscription.secret {
                    form.append_pair("hub.secret", secret);
                }
            }
            HubProtocol::RssCloud => {
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

    /// Whether the body of a successful answer accepts the request: a cloud refuses with
    /// `<notifyResult success="false" …>`, or the same in JSON, and status 200.
    pub fn is_granted(&self, answer: &[u8]) -> bool {
        let text = String::from_utf8_lossy(answer).to_ascii_lowercase();
        let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
        let says_no = text.contains("success=false") || text.contains("success:false");
        self.subscription.offer.protocol == HubProtocol::WebSub || !says_no
    }
}

/// The answer to a hub's call at a callback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallbackAnswer {
    /// 200 with this text (W7).
    Echo(String),
    /// 404: nobody here asked for this (W7).
    Unknown,
    /// 200: the hub denied the subscription, and the source is polled (W9).
    DenialNoted,
}

/// The hub that a source offers: from its Link headers, else from its document, with the topic
/// from the same place (W1, W2); else its cloud (W15).
pub fn offer(state: &SourceState) -> Option<HubOffer> {
    if let Some(offer) = &state.validators.offer {
        return Some(HubOffer::clone(offer));
    }
    let (hints, topic) = (state.hints(), state.hints().self_url.clone());
    let https = hints.hubs.iter().find(|hub| hub.scheme() == "https");
    let hub = https.or_else(|| hints.hubs.iter().find(|hub| hub.scheme() == "http"));
    if let (Some(hub), Some(topic)) = (hub, &topic) {
        let (hub, topic) = (hub.clone(), topic.clone());
        return Some(HubOffer { hub, topic, protocol: HubProtocol::WebSub });
    }
    let topic = topic.or_else(|| Url::parse(state.validators.of.as_deref()?).ok())?;
    Some(HubOffer { hub: hints.cloud.clone()?, topic, protocol: HubProtocol::RssCloud })
}

/// The request to send to a source's hub at `now`, if one is due: when an active source first
/// offers a hub, hourly until the hub confirms, and before the lease ends. `callbacks` is the
/// address under which callbacks are served, with a slash at its end.
pub fn next_request(
    source: &SourceId,
    state: &SourceState,
    callbacks: &Url,
    seed: &Seed,
    now: Timestamp,
) -> Option<HubRequest> {
    if next_request_at(source, state, callbacks)? > now {
        return None;
    }
    let offer = offer(state)?;
    let known = state.push.as_deref();
    let round = known.map_or(0, |known| known.round).wrapping_add(1);
    let derived =
        |what: &[u8]| seed.token(&[what, source.as_str().as_bytes(), &round.to_le_bytes()]);
    let kept = known.filter(|known| is_for(known, &offer, callbacks));
    let is_cloud = offer.protocol == HubProtocol::RssCloud;
    // A cloud knows us by our path: it would notify a new one beside the old one.
    let token = kept.filter(|_| is_cloud).map(|known| known.token.clone());
    let token = token.unwrap_or_else(|| derived(b"token"));
    // A secret sent in clear text would not be one (W5). Loopback is safe.
    let private = !is_cloud && (offer.hub.scheme() == "https" || is_loopback(&offer.hub));
    let secret = kept.and_then(|known| known.secret.clone());
    let subscription = Subscription {
        secret: private.then(|| secret.unwrap_or_else(|| derived(b"secret"))),
        former: kept.filter(|_| !is_cloud).and_then(|known| match is_answered(known) {
            // Pushes come to the last confirmed token until the new one is confirmed.
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
    Some(HubRequest { hub: subscription.offer.hub.clone(), callback, subscription })
}

/// Whether a subscription is for this offer and these callbacks.
fn is_for(known: &Subscription, offer: &HubOffer, callbacks: &Url) -> bool {
    known.offer == *offer && known.callbacks.as_ref() == Some(callbacks)
}

/// Whether the hub has confirmed the last request.
fn is_answered(known: &Subscription) -> bool {
    known.confirmed.is_some_and(|confirmed| confirmed >= known.asked)
}

/// When the next request to a source's hub is due. `None` while the source offers no hub or has
/// too few entries to be worth a subscription (W8, W14).
pub fn next_request_at(
    source: &SourceId,
    state: &SourceState,
    callbacks: &Url,
) -> Option<Timestamp> {
    let offer = offer(state)?;
    let newest = state.rhythm.newest?;
    if state.rests() || state.last_poll?.until(newest.after(LIVELY)).is_zero() {
        return None;
    }
    let Some(known) = &state.push else { return Some(Timestamp::EPOCH) };
    if !is_for(known, &offer, callbacks) {
        // A source that keeps naming other hubs does not have them asked more often.
        return Some(known.asked.after(AGAIN));
    }
    if known.denied {
        return Some(known.asked.after(DISTRUST));
    }
    match (known.confirmed, known.expires) {
        (Some(confirmed), _) if is_answered(known) && offer.protocol == HubProtocol::RssCloud => {
            Some(confirmed.after(DAY))
        }
        (Some(confirmed), Some(expires)) if is_answered(known) => {
            // After four fifths of the lease, plus up to a twentieth.
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

/// Records that the hub accepted the request. A WebSub hub confirms later, at the callback; a
/// cloud has verified the callback by now.
pub fn record_accepted(subscription: &mut Subscription, now: Timestamp) {
    subscription.trouble = None;
    if subscription.offer.protocol == HubProtocol::RssCloud {
        confirm(subscription, CLOUD_LEASE, now);
    }
}

/// Records that the request failed or was refused.
pub fn record_failed(subscription: &mut Subscription, failure: &Failure, now: Timestamp) {
    let wait = failure.retry_after.unwrap_or_default().min(LONGEST_WAIT);
    subscription.trouble = Some((failure.message.clone(), now.after(wait)));
}

/// Records a hub's call at a callback (W7, W9, W15) and returns the answer. The query has
/// `hub.mode`, `hub.topic`, `hub.challenge` and `hub.lease_seconds`, or a cloud's `url` and
/// `challenge`.
pub fn answer_callback(
    subscription: &mut Subscription,
    token: &str,
    query: &[(String, String)],
    now: Timestamp,
) -> CallbackAnswer {
    let value = |name| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let topic = Some(subscription.offer.topic.as_str());
    let pending = !is_answered(subscription) && same(token, &subscription.token);
    if subscription.offer.protocol == HubProtocol::RssCloud {
        return match value("challenge") {
            Some(challenge) if pending && value("url") == topic => {
                CallbackAnswer::Echo(challenge.into())
            }
            _ => CallbackAnswer::Unknown,
        };
    }
    match (value("hub.mode"), value("hub.challenge")) {
        _ if value("hub.topic") != topic => CallbackAnswer::Unknown,
        (Some("denied"), _) if is_token(subscription, token) => {
            subscription.denied = true;
            (subscription.since, subscription.confirmed, subscription.expires) = (None, None, None);
            CallbackAnswer::DenialNoted
        }
        (Some("subscribe"), Some(challenge)) if pending => {
            let lease = value("hub.lease_seconds").and_then(|seconds| seconds.parse().ok());
            let lease = lease.map_or(LEASE, Duration::from_secs).min(LEASE * 3);
            confirm(subscription, lease, now);
            CallbackAnswer::Echo(challenge.to_owned())
        }
        _ => CallbackAnswer::Unknown,
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

/// Whether the hub may push to this token; any other gets 410 (W11).
pub fn is_token(subscription: &Subscription, token: &str) -> bool {
    tokens(subscription).any(|known| same(token, known))
}

/// The tokens at which the hub may call.
pub fn tokens(subscription: &Subscription) -> impl Iterator<Item = &str> {
    std::iter::once(&subscription.token).chain(&subscription.former).map(String::as_str)
}

/// Whether a pushed body is from the hub: correctly signed, where a secret was agreed (W10). Any
/// other body is answered in the same way, counted and ignored.
pub fn is_authentic(subscription: &Subscription, signature: Option<&str>, body: &[u8]) -> bool {
    let Some(secret) = &subscription.secret else { return true };
    let signature = signature.and_then(|signature| signature.parse::<Signature>().ok());
    signature.is_some_and(|signature| signature.is_of(secret, body))
}

/// Whether a body is a cloud's ping: a form that names the topic (W15).
pub fn is_ping(subscription: &Subscription, body: &[u8]) -> bool {
    let topic = subscription.offer.topic.as_str();
    subscription.offer.protocol == HubProtocol::RssCloud
        && form_urlencoded::parse(body).any(|(key, value)| key == "url" && value == topic)
}

/// Until when the hub is trusted, if it is trusted at `now`: the source is then polled only daily.
pub fn trusted_until(state: &SourceState, now: Timestamp) -> Option<Timestamp> {
    let push = state.push.as_ref()?;
    let until = push.expires.filter(|_| push.state(now) == PushState::Active)?;
    // A hub that the source no longer names may not receive its pings any more.
    (offer(state).as_ref() == Some(&push.offer)).then_some(until)
}

/// Whether the hub is trusted at `now`.
pub fn is_trusted(state: &SourceState, now: Timestamp) -> bool {
    trusted_until(state, now).is_some()
}

/// Whether the hub is distrusted because it missed an entry (W13).
pub fn is_distrusted(state: &SourceState, now: Timestamp) -> bool {
    state.push.as_ref().is_some_and(|push| push.state(now) == PushState::Distrusted)
}

/// Compares a poll's new entries with what a trusted hub should have pushed by then. A hub that
/// missed one is distrusted for a while (W13).
pub fn compare_with_poll(state: &mut SourceState, new: &[Timestamp], now: Timestamp) {
    if !is_trusted(state, now) {
        return;
    }
    let Some(push) = &mut state.push else { return };
    // The hub did not have to push entries from before the subscription.
    let since = push.since.or(push.confirmed).unwrap_or(now);
    if new.iter().any(|&entry| entry > since && entry.after(LATE) < now) {
        push.distrusted_until = Some(now.after(DISTRUST));
    }
}

/// Polls the source as if it had no hub, after the hub's denial or the operator's decision (W9).
pub fn resume_polling(state: &mut SourceState, now: Timestamp) {
    let Some(push) = &state.push else { return };
    let due = push.otherwise_due.max(now);
    if due < state.next_poll {
        state.next_poll = due;
        state.scheduled = Some(now);
        state.because = "its hub does not push any more".into();
    }
}

/// Compares two tokens in a time that does not reveal where they differ.
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
