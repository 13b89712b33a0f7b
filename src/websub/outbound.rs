//! Our own hub: what requests to it ask, what callbacks are sent, and when a delivery is due.
//!
//! The publisher's half of WebSub (PROTOCOL §2.4, H1-H10). The server reads a request
//! ([`SubscriptionRequest::parse`]). The loop records it ([`SubscriptionRequest::recorded`]), so
//! that a restart forgets none, asks the callback to confirm it
//! ([`SubscriptionRequest::verification_url`]) and records the confirmation
//! ([`SubscriptionRequest::confirmed`]). From then on the subscriber is sent the feed whenever it
//! differs from the last delivery ([`delivery_due`], [`delivery_headers`]). A failed delivery is
//! retried at growing intervals until the lease ends. It always sends the feed as it is then, so
//! nothing is queued (H8).

mod publish_pings;

mod verification_queue;

use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;
use url::form_urlencoded::{self, Serializer};

use super::Signature;
use crate::model::{Subscriber, SubscriptionMode, SubscriptionTerms, Timestamp};

pub use publish_pings::{PublishPings, changed_feeds, ping_form};
pub use verification_queue::{Unverified, VerificationQueue};

/// The hub's path, as feeds name it.
pub const PATH: &str = "/hub";

/// The length of a lease where the request names none, and its bounds (H5).
const LEASE: Duration = Duration::from_secs(10 * DAY);
const SHORTEST: Duration = Duration::from_secs(DAY);
const LONGEST: Duration = Duration::from_secs(15 * DAY);
const DAY: u64 = 86_400;

/// The least time between two deliveries to one callback (H9).
const PACE: Duration = Duration::from_secs(10);

/// The wait after a first failure. It doubles with each further one, up to the second value.
const WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

/// The longest secret (H3) and the longest address, in bytes.
const MOST_SECRET: usize = 199;
const MOST_ADDRESS: usize = 2048;

/// A request to our hub to subscribe or unsubscribe.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionRequest {
    /// The feed's address.
    pub topic: String,
    /// The address that shall receive deliveries.
    pub callback: Url,
    /// The mode, the secret and the lease.
    pub terms: SubscriptionTerms,
}

/// Why a request is refused at once (H1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RequestRefused {
    /// The request is malformed.
    #[error("{0}")]
    Malformed(&'static str),
    /// The topic is not a feed of ours, or needs another key.
    #[error("hub.topic: there is no such feed here; write its address as its rel=self has it")]
    NoSuchFeed,
    /// Too many requests wait for verification.
    #[error("too many requests wait to be verified; ask again in a minute")]
    Busy,
    /// The host, or everybody together, has the most subscriptions allowed.
    #[error("there are too many subscriptions")]
    TooMany,
}

/// Leaves out the callback's path and the secret: no log line may show them.
impl std::fmt::Debug for SubscriptionRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {}", self.terms.mode, crate::model::host_of(&self.callback))
    }
}

impl SubscriptionRequest {
    /// Reads a form. Unknown parameters are ignored (H1).
    pub fn parse(form: &[u8]) -> Result<Self, RequestRefused> {
        let value = |name: &str| {
            let mut pairs = form_urlencoded::parse(form);
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let malformed = RequestRefused::Malformed;
        let mode = match value("hub.mode").as_deref() {
            Some("subscribe") => SubscriptionMode::Subscribe,
            Some("unsubscribe") => SubscriptionMode::Unsubscribe,
            Some("publish") => {
                return Err(malformed("hub.mode: only this site itself publishes here"));
            }
            _ => return Err(malformed("hub.mode: write subscribe or unsubscribe")),
        };
        let topic = value("hub.topic").ok_or(malformed("hub.topic is missing"))?;
        let callback = value("hub.callback").ok_or(malformed("hub.callback is missing"))?;
        if topic.len().max(callback.len()) > MOST_ADDRESS {
            return Err(malformed("hub.topic or hub.callback is too long"));
        }
        let callback = Url::parse(&callback).ok().filter(is_callback);
        let callback = callback.ok_or(malformed(
            "hub.callback: write an http or https address without user, password and fragment",
        ))?;
        let secret = value("hub.secret").filter(|secret| !secret.is_empty());
        if secret.as_ref().is_some_and(|secret| secret.len() > MOST_SECRET) {
            return Err(malformed("hub.secret: write fewer than 200 bytes"));
        }
        let lease = match value("hub.lease_seconds").filter(|lease| !lease.is_empty()) {
            Some(lease) => {
                let seconds =
                    lease.parse().map_err(|_| malformed("hub.lease_seconds: write a number"))?;
                Duration::from_secs(seconds).clamp(SHORTEST, LONGEST)
            }
            None => LEASE,
        };
        Ok(Self { topic, callback, terms: SubscriptionTerms { mode, secret, lease } })
    }

    /// The address that asks the callback to confirm the request. A success with the challenge as
    /// its body confirms it (H2).
    pub fn verification_url(&self, challenge: &str) -> Url {
        let lease = self.terms.lease.as_secs().to_string();
        let subscribes = self.terms.mode == SubscriptionMode::Subscribe;
        let mut pairs = vec![
            ("hub.mode", if subscribes { "subscribe" } else { "unsubscribe" }),
            ("hub.topic", &self.topic),
            ("hub.challenge", challenge),
        ];
        if subscribes {
            pairs.push(("hub.lease_seconds", &lease));
        }
        with_query(&self.callback, &pairs)
    }

    /// The unanswered request of a subscriber.
    pub fn pending_of(subscriber: &Subscriber) -> Option<Self> {
        let (topic, callback) = (subscriber.topic.clone(), subscriber.callback.clone());
        subscriber.asked.clone().map(|terms| Self { topic, callback, terms })
    }

    /// The subscriber with this request recorded, to be stored until the callback answers (H4).
    /// `before` is the subscriber as stored. `has` is the feed's hash at the request: a change
    /// before the confirmation is delivered.
    pub fn recorded(&self, before: Option<&Subscriber>, has: u64, now: Timestamp) -> Subscriber {
        let stranger = || Subscriber {
            topic: self.topic.clone(),
            callback: self.callback.clone(),
            address: None,
            secret: None,
            since: now,
            expires: now,
            has,
            not_before: now,
            failures: 0,
            failing_since: None,
            trouble: None,
            delivered: 0,
            last_delivery: None,
            asked: None,
        };
        let known = before.cloned().unwrap_or_else(stranger);
        Subscriber { asked: Some(self.terms.clone()), ..known }
    }

    /// The subscriber after the callback confirmed the request (H4). A renewal keeps the hash of
    /// the last delivery, so a due delivery still follows.
    pub fn confirmed(&self, recorded: &Subscriber, now: Timestamp) -> Subscriber {
        Subscriber {
            secret: self.terms.secret.clone(),
            since: now,
            expires: now.after(self.terms.lease),
            ..self.without(recorded)
        }
    }

    /// The subscriber without this request, after the callback answered. A later request stays.
    pub fn without(&self, recorded: &Subscriber) -> Subscriber {
        let later = recorded.asked.clone().filter(|terms| *terms != self.terms);
        Subscriber { asked: later, ..recorded.clone() }
    }
}

fn is_callback(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

/// The address that tells a callback that its subscription ended (H10).
pub fn denial_url(subscriber: &Subscriber, reason: &str) -> Url {
    let pairs = [("hub.mode", "denied"), ("hub.topic", &*subscriber.topic), ("hub.reason", reason)];
    with_query(&subscriber.callback, &pairs)
}

/// Appends to the callback's own query (H2).
fn with_query(callback: &Url, pairs: &[(&str, &str)]) -> Url {
    let more = Serializer::new(String::new()).extend_pairs(pairs).finish();
    let query = match callback.query() {
        Some(own) if !own.is_empty() => format!("{own}&{more}"),
        _ => more,
    };
    let mut url = callback.clone();
    url.set_query(Some(&query));
    url
}

/// When a feed with this hash is to be delivered. `None` if the subscriber has it. A wait longer
/// than any that is ever set is void: a clock was ahead.
pub fn delivery_due(subscriber: &Subscriber, hash: u64, now: Timestamp) -> Option<Timestamp> {
    let is_void = subscriber.not_before > now.after(LONGEST_WAIT);
    let at = if is_void { now } else { subscriber.not_before };
    (subscriber.has != hash).then_some(at)
}

/// Records a delivery of the feed with this hash.
pub fn record_delivered(subscriber: &mut Subscriber, hash: u64, now: Timestamp) {
    subscriber.has = hash;
    subscriber.not_before = now.after(PACE);
    subscriber.delivered += 1;
    subscriber.last_delivery = Some(now);
    (subscriber.failures, subscriber.failing_since, subscriber.trouble) = (0, None, None);
}

/// Records a failed delivery. It is retried until the lease ends (H8).
pub fn record_failed(
    subscriber: &mut Subscriber,
    why: String,
    retry_after: Option<Duration>,
    now: Timestamp,
) {
    let asked = retry_after.unwrap_or_default().min(LONGEST_WAIT);
    subscriber.not_before = now.after(retry_wait(subscriber.failures).max(asked));
    subscriber.failing_since.get_or_insert(now);
    subscriber.failures = subscriber.failures.saturating_add(1);
    subscriber.trouble = Some(why);
}

/// The wait after a failure that followed `failures` others.
pub fn retry_wait(failures: u32) -> Duration {
    WAIT.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_WAIT)
}

/// The headers of a delivery: those that the feed is served with, the hub (which a private feed
/// does not name to everybody) and the signature (H3, H7).
pub fn delivery_headers(
    subscriber: &Subscriber,
    feed: &FeedCopy,
    hub: &str,
) -> Vec<(&'static str, String)> {
    let named = format!("<{hub}>; rel=\"hub\"");
    let link = match feed.link.contains(&named) {
        true => feed.link.clone(),
        false => format!("{}, {named}", feed.link),
    };
    let mut headers = vec![("content-type", feed.content_type.clone()), ("link", link)];
    if let Some(secret) = &subscriber.secret {
        headers.push((Signature::HEADER, Signature::of(secret, &feed.body).to_string()));
    }
    headers
}

/// A feed as it is served, to be delivered.
#[derive(Debug, Clone)]
pub struct FeedCopy {
    /// Hash of its bytes.
    pub hash: u64,
    /// Its Content-Type header.
    pub content_type: String,
    /// Its Link header.
    pub link: String,
    /// Its bytes, shared with the response cache.
    pub body: Bytes,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Result<SubscriptionRequest, RequestRefused> {
        let whole = [("hub.topic", "https://news.example/a.atom")];
        let form = Serializer::new(String::new()).extend_pairs(pairs).extend_pairs(whole).finish();
        SubscriptionRequest::parse(form.as_bytes())
    }

    fn asked(callback: &str) -> SubscriptionRequest {
        form(&[("hub.mode", "subscribe"), ("hub.callback", callback)]).unwrap()
    }

    #[test]
    fn h02_a_verification_keeps_the_callbacks_own_query() {
        for (callback, start) in [
            ("https://r.example/cb?a=b&c=%2F+", "https://r.example/cb?a=b&c=%2F+&hub.mode="),
            ("https://r.example/cb?", "https://r.example/cb?hub.mode="),
            ("https://r.example", "https://r.example/?hub.mode="),
        ] {
            let question = asked(callback).verification_url("c");
            assert!(question.as_str().starts_with(start), "{question}");
            assert!(question.as_str().ends_with("&hub.lease_seconds=864000"), "{question}");
        }
    }

    #[test]
    fn h05_a_lease_is_from_one_to_fifteen_days() {
        let lease = |seconds| {
            let pairs = [
                ("hub.mode", "subscribe"),
                ("hub.callback", "https://r.example/"),
                ("hub.lease_seconds", seconds),
            ];
            form(&pairs).map(|asked| asked.terms.lease.as_secs() / DAY)
        };
        let days = ["", "0", "60", "172800", "99999999999"].map(|seconds| lease(seconds).unwrap());
        assert_eq!(days, [10, 1, 1, 2, 15]);
        assert!(lease("ten").is_err());
    }

    #[test]
    fn a_malformed_request_is_refused_with_the_reason() {
        for (pairs, why) in [
            (&[][..], "hub.mode"),
            (&[("hub.mode", "subscribe")], "hub.callback"),
            (&[("hub.mode", "publish")], "only this site itself"),
            (&[("hub.mode", "subscribe"), ("hub.callback", "file:///etc/passwd")], "http or https"),
            (&[("hub.mode", "subscribe"), ("hub.callback", "http://u:p@r.example/")], "password"),
            (&[("hub.mode", "subscribe"), ("hub.callback", "/cb")], "http or https"),
        ] {
            let refusal = form(pairs).unwrap_err().to_string();
            assert!(refusal.contains(why), "{refusal}");
        }
        let secret = "é".repeat(100);
        let long = [
            ("hub.mode", "subscribe"),
            ("hub.callback", "https://r.example/"),
            ("hub.secret", &secret),
        ];
        assert!(form(&long).unwrap_err().to_string().contains("200 bytes"));
    }

    #[test]
    fn h08_failed_deliveries_are_retried_for_days_at_growing_intervals() {
        let now = Timestamp::from_secs(1_000_000);
        let asked = asked("https://r.example/");
        let mut subscriber = asked.confirmed(&asked.recorded(None, 1, now), now);
        assert_eq!(
            (delivery_due(&subscriber, 1, now), delivery_due(&subscriber, 2, now)),
            (None, Some(now))
        );
        let (mut tries, mut at) = (0, now);
        while at < subscriber.expires {
            record_failed(&mut subscriber, "503".to_owned(), None, at);
            tries += 1;
            at = delivery_due(&subscriber, 2, at).unwrap();
        }
        assert!((40..60).contains(&tries), "{tries} tries in ten days");
        record_delivered(&mut subscriber, 2, at);
        assert_eq!(
            (delivery_due(&subscriber, 2, at), delivery_due(&subscriber, 3, at)),
            (None, Some(at.after(PACE)))
        );
        // A wait set by a clock that was ahead is void.
        let back = at.before(LONGEST_WAIT * 40);
        assert_eq!(delivery_due(&subscriber, 3, back), Some(back));
        assert_eq!((subscriber.failures, subscriber.failing_since), (0, None));
        record_failed(&mut subscriber, "429".to_owned(), Some(Duration::from_secs(3600)), at);
        assert_eq!(delivery_due(&subscriber, 3, at), Some(at.after(Duration::from_secs(3600))));
    }
}
