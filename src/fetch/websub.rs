//! A source's offer and a hub's words in; what to ask the hub, and what to answer it, out. Pure.
//!
//! The subscriber's half of WebSub (PROTOCOL §1b, W1-W14). The loop sends what
//! [`request`] asks for, hands the callback's queries to [`verify`] and its bodies to
//! [`authentic`], and stores the [`Subscription`] with the rest of the source's memory.
//! Tokens and secrets come from a hash under the daemon's own key: whoever lacks the
//! key cannot guess them, and the same state gives the same ones.

mod link;

use std::time::Duration;

use ring::hmac;
use url::Url;
use url::form_urlencoded::Serializer;

use crate::model::{Memory, Offer, SourceId, Subscription, Timestamp};

pub(super) use link::offered;

/// The Content-Type of a subscription request.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A source whose hub pushes is looked at this often all the same (W13).
pub(super) const BACKUP: Duration = Duration::from_secs(86_400);

/// What hubs are asked to push for; they answer with what they will.
const LEASE: Duration = Duration::from_secs(10 * 86_400);

/// A hub that does not answer is asked again (W8).
const AGAIN: Duration = Duration::from_secs(3600);

/// How late a hub may push before it counts as having let news pass (W13).
const LATE: Duration = Duration::from_secs(600);

/// How long it is then not relied upon.
const DISTRUST: Duration = Duration::from_secs(7 * 86_400);

/// Only sources with news in this time are worth a subscription (W14).
const LIVELY: Duration = Duration::from_secs(30 * 86_400);

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
    /// The body of the request (W3).
    pub fn form(&self) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("hub.mode", "subscribe")
            .append_pair("hub.topic", self.subscription.offer.topic.as_str())
            .append_pair("hub.callback", self.callback.as_str())
            .append_pair("hub.lease_seconds", &LEASE.as_secs().to_string());
        if let Some(secret) = &self.subscription.secret {
            form.append_pair("hub.secret", secret);
        }
        form.finish()
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
/// and hub and topic are taken from the same place (W1, W2).
pub fn offer(memory: &Memory) -> Option<Offer> {
    if let Some(offer) = &memory.validators.offer {
        return Some(offer.clone());
    }
    let topic = memory.hints.self_url.clone()?;
    let https = memory.hints.hubs.iter().find(|hub| hub.scheme() == "https");
    let hub = https.or_else(|| memory.hints.hubs.iter().find(|hub| hub.scheme() == "http"))?;
    Some(Offer { hub: hub.clone(), topic })
}

/// What to ask a hub for now, if anything: at first sight of a hub of a lively
/// source, hourly until it confirms, and before its lease ends. `callbacks` is the
/// address under which callbacks are served, with a slash at its end.
pub fn request(
    source: &SourceId,
    memory: &Memory,
    callbacks: &Url,
    key: &[u8; 32],
    now: Timestamp,
) -> Option<Request> {
    if due(source, memory)? > now {
        return None;
    }
    let offer = offer(memory)?;
    let known = memory.push.as_ref();
    let round = known.map_or(0, |known| known.round).wrapping_add(1);
    let token = derived(key, "token", source, round);
    let kept = known.filter(|known| known.offer == offer);
    // In the clear, a secret would be none (W5); a hub of our own may be on loopback.
    let private = offer.hub.scheme() == "https" || is_loopback(&offer.hub);
    let subscription = Subscription {
        secret: private.then(|| derived(key, "secret", source, 0)),
        former: kept.and_then(|known| match known.confirmed {
            // Until the new one is confirmed, pushes come to the one that last was.
            Some(confirmed) if confirmed >= known.asked => Some(known.token.clone()),
            _ => known.former.clone(),
        }),
        token: token.clone(),
        round,
        asked: now,
        confirmed: kept.and_then(|known| known.confirmed),
        expires: kept.and_then(|known| known.expires),
        denied: false,
        distrusted_until: kept.and_then(|known| known.distrusted_until),
        forged: known.map_or(0, |known| known.forged),
        offer,
    };
    let callback = callbacks.join(&token).ok()?;
    Some(Request { hub: subscription.offer.hub.clone(), callback, subscription })
}

/// When [`request`] is worth calling for this source; none while no hub offers
/// anything, or while the source is not lively enough (W8, W14).
pub fn due(source: &SourceId, memory: &Memory) -> Option<Timestamp> {
    let offer = offer(memory)?;
    let newest = memory.rhythm.newest?;
    if memory.rests() || memory.last_poll?.until(newest.after(LIVELY)).is_zero() {
        return None;
    }
    let Some(known) = memory.push.as_ref().filter(|known| known.offer == offer) else {
        return Some(Timestamp::EPOCH);
    };
    if known.denied {
        return Some(known.asked.after(DISTRUST));
    }
    match (known.confirmed, known.expires) {
        (Some(confirmed), Some(expires)) if confirmed >= known.asked => {
            // At four fifths of the lease, and up to a twentieth of it later.
            let lease = confirmed.until(expires);
            let hash = xxhash_rust::xxh3::xxh3_64(source.as_str().as_bytes());
            let jitter = lease / 20 * ((hash % 1000) as u32) / 1000;
            Some(confirmed.after(lease / 5 * 4 + jitter))
        }
        _ => Some(known.asked.after(AGAIN)),
    }
}

/// Takes in what a hub says of a subscription at its callback (W7, W9): the query's
/// `hub.mode`, `hub.topic`, `hub.challenge` and `hub.lease_seconds`.
pub fn verify(
    subscription: &mut Subscription,
    token: &str,
    query: &[(String, String)],
    now: Timestamp,
) -> Answer {
    let value = |name| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let ours = value("hub.topic") == Some(subscription.offer.topic.as_str());
    let answered = subscription.confirmed.is_some_and(|confirmed| confirmed >= subscription.asked);
    match (value("hub.mode"), value("hub.challenge")) {
        (Some("denied"), _) if ours && is_token(subscription, token) => {
            subscription.denied = true;
            (subscription.confirmed, subscription.expires) = (None, None);
            Answer::Noted
        }
        (Some("subscribe"), Some(challenge))
            if ours && !answered && same(token, &subscription.token) =>
        {
            let lease = value("hub.lease_seconds").and_then(|seconds| seconds.parse().ok());
            let lease = lease.map_or(LEASE, Duration::from_secs).min(LEASE * 3);
            subscription.confirmed = Some(now);
            subscription.expires = Some(now.after(lease));
            subscription.denied = false;
            subscription.former = None;
            Answer::Echo(challenge.to_owned())
        }
        _ => Answer::NotOurs,
    }
}

/// Whether this token is one that the hub may push to; any other gets 410 (W11).
pub fn is_token(subscription: &Subscription, token: &str) -> bool {
    same(token, &subscription.token)
        || subscription.former.as_ref().is_some_and(|former| same(token, former))
}

/// Whether a pushed body is the hub's: signed, where a secret was agreed (W10). A
/// body that is not is answered like any other, counted, and left alone.
pub fn authentic(subscription: &mut Subscription, signature: Option<&str>, body: &[u8]) -> bool {
    let Some(secret) = &subscription.secret else { return true };
    let signed = signature.is_some_and(|signature| is_signed(secret, signature, body));
    subscription.forged += u64::from(!signed);
    signed
}

fn is_signed(secret: &str, signature: &str, body: &[u8]) -> bool {
    let Some((method, digest)) = signature.trim().split_once('=') else { return false };
    let algorithm = match method.to_ascii_lowercase().as_str() {
        "sha1" => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        "sha256" => hmac::HMAC_SHA256,
        "sha384" => hmac::HMAC_SHA384,
        "sha512" => hmac::HMAC_SHA512,
        _ => return false,
    };
    let Some(digest) = unhex(digest) else { return false };
    hmac::verify(&hmac::Key::new(algorithm, secret.as_bytes()), body, &digest).is_ok()
}

/// Whether the hub is relied upon at this time: then the source is only looked at daily.
pub fn covers(memory: &Memory, now: Timestamp) -> bool {
    memory.push.as_ref().is_some_and(|push| {
        let trusted = push.distrusted_until.is_none_or(|until| until <= now);
        !push.denied && trusted && push.expires.is_some_and(|expires| expires > now)
    })
}

/// Compares what a poll found new with what a hub that is relied upon should have
/// pushed by then; one that let news pass is not relied upon for a while (W13).
pub(super) fn compare(memory: &mut Memory, new: &[Timestamp], now: Timestamp) {
    if !covers(memory, now) {
        return;
    }
    let Some(push) = &mut memory.push else { return };
    // What is older than the subscription was never the hub's to push.
    let since = push.confirmed.unwrap_or(now);
    if new.iter().any(|&entry| entry > since && entry.after(LATE) < now) {
        push.distrusted_until = Some(now.after(DISTRUST));
    }
}

/// 128 bits that nobody can guess without the key, in hexadecimal (W4, W5).
fn derived(key: &[u8; 32], what: &str, source: &SourceId, round: u32) -> String {
    let mut hasher = blake3::Hasher::new_keyed(key);
    hasher.update(what.as_bytes()).update(&round.to_le_bytes()).update(source.as_str().as_bytes());
    hasher.finalize().to_hex()[..32].to_owned()
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

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
