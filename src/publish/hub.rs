//! A request to our hub in; what its subscriber is asked and told, and when, out. Pure.
//!
//! The publisher's half of WebSub (PROTOCOL §2.4, H1-H10). The server reads a request
//! ([`Asked::parse`]); the loop asks the callback whether it is meant
//! ([`Asked::question`]), which it notes beforehand ([`Asked::noted`]) so that a restart
//! forgets no question, keeps whoever says so ([`Asked::granted`]), and has them told
//! of the feed as it is whenever it is another than they have ([`due`], [`headers`]).
//! A delivery that fails is tried again, ever more rarely, until the lease ends; since
//! what is delivered is the feed as it is then, nothing has to be queued (H8).

use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use url::Url;
use url::form_urlencoded::{self, Serializer};

use super::response_cache::Held;
use super::{Format, ResponseCache, Site};
use crate::model::{Mode, Signature, Subscriber, Timestamp, Wish};

/// Where it is, in the address that feeds name.
pub const PATH: &str = "/hub";

/// How long a subscription lasts, as it is asked for, within these bounds (H5).
const LEASE: Duration = Duration::from_secs(10 * DAY);
const SHORTEST: Duration = Duration::from_secs(DAY);
const LONGEST: Duration = Duration::from_secs(15 * DAY);
const DAY: u64 = 86_400;

/// Between two deliveries to one callback (H9).
const PACE: Duration = Duration::from_secs(10);

/// After a first failure, which doubles with each further one up to the second.
const WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

/// The longest secret (H3), and the longest address.
const MOST_SECRET: usize = 199;
const MOST_ADDRESS: usize = 2048;

/// A request to our hub.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The feed's address.
    pub topic: String,
    /// Whom to tell.
    pub callback: Url,
    /// What for.
    pub wish: Wish,
}

/// Why a request is not even seen to (H1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotGranted {
    /// It is none.
    #[error("{0}")]
    NotARequest(&'static str),
    /// It is about nothing of ours, or about something that needs another key.
    #[error("hub.topic: there is no such feed here; write its address as its rel=self has it")]
    NoSuchFeed,
    /// Too many wait to be asked back.
    #[error("too many requests wait to be verified; ask again in a minute")]
    Busy,
    /// This host, or everybody, has as many subscriptions as there may be.
    #[error("there are too many subscriptions")]
    TooMany,
}

/// The callback's path is what keeps strangers out, and the secret is one: no log line shows them.
impl std::fmt::Debug for Asked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} at {}", self.wish.mode, crate::model::host_of(&self.callback))
    }
}

impl Asked {
    /// Reads a form; parameters that nobody knows are ignored (H1).
    pub fn parse(form: &[u8]) -> Result<Self, NotGranted> {
        let value = |name: &str| {
            let mut pairs = form_urlencoded::parse(form);
            pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let not = NotGranted::NotARequest;
        let mode = match value("hub.mode").as_deref() {
            Some("subscribe") => Mode::Subscribe,
            Some("unsubscribe") => Mode::Unsubscribe,
            Some("publish") => return Err(not("hub.mode: nobody else publishes here")),
            _ => return Err(not("hub.mode: write subscribe or unsubscribe")),
        };
        let topic = value("hub.topic").ok_or(not("hub.topic is missing"))?;
        let callback = value("hub.callback").ok_or(not("hub.callback is missing"))?;
        if topic.len().max(callback.len()) > MOST_ADDRESS {
            return Err(not("hub.topic or hub.callback is too long"));
        }
        let callback = Url::parse(&callback).ok().filter(is_callback);
        let callback = callback.ok_or(not(
            "hub.callback: write an http or https address without user, password and fragment",
        ))?;
        let secret = value("hub.secret").filter(|secret| !secret.is_empty());
        if secret.as_ref().is_some_and(|secret| secret.len() > MOST_SECRET) {
            return Err(not("hub.secret: write fewer than 200 bytes"));
        }
        let lease = match value("hub.lease_seconds").filter(|lease| !lease.is_empty()) {
            Some(lease) => {
                let seconds =
                    lease.parse().map_err(|_| not("hub.lease_seconds: write a number"))?;
                Duration::from_secs(seconds).clamp(SHORTEST, LONGEST)
            }
            None => LEASE,
        };
        Ok(Self { topic, callback, wish: Wish { mode, secret, lease } })
    }

    /// What the callback is asked, to learn whether the request is meant; it is if the
    /// answer is a success with the challenge for its body (H2).
    pub fn question(&self, challenge: &str) -> Url {
        let lease = self.wish.lease.as_secs().to_string();
        let subscribes = self.wish.mode == Mode::Subscribe;
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

    /// The request of a subscriber who has asked and not been heard.
    pub fn of(subscriber: &Subscriber) -> Option<Self> {
        let (topic, callback) = (subscriber.topic.clone(), subscriber.callback.clone());
        subscriber.asked.clone().map(|wish| Self { topic, callback, wish })
    }

    /// What is kept of whoever asks, until their callback has been heard: what there was
    /// of them, beside what they want now (H4). `has` is what the feed hashes to when it
    /// is asked for: what changes until it is granted is told.
    pub fn noted(&self, before: Option<&Subscriber>, has: u64, now: Timestamp) -> Subscriber {
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
        Subscriber { asked: Some(self.wish.clone()), ..known }
    }

    /// The subscriber that a confirmed request makes of the one who was noted (H4).
    /// Whoever renews may have something coming, so what they have stays.
    pub fn granted(&self, noted: &Subscriber, now: Timestamp) -> Subscriber {
        Subscriber {
            secret: self.wish.secret.clone(),
            since: now,
            expires: now.after(self.wish.lease),
            ..self.answered(noted)
        }
    }

    /// Whoever was noted, after their callback was heard. What they have asked for since
    /// then stands.
    pub fn answered(&self, noted: &Subscriber) -> Subscriber {
        let later = noted.asked.clone().filter(|wish| *wish != self.wish);
        Subscriber { asked: later, ..noted.clone() }
    }
}

fn is_callback(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

/// What a subscriber is asked whom we tell no more (H10).
pub fn denial(subscriber: &Subscriber, reason: &str) -> Url {
    let pairs = [("hub.mode", "denied"), ("hub.topic", &*subscriber.topic), ("hub.reason", reason)];
    with_query(&subscriber.callback, &pairs)
}

/// The callback's own query stays as it is (H2).
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

/// When a subscriber is to be told of a feed that hashes to this, unless it has it. A clock
/// that was ahead puts nobody off: a wait that is longer than any is void.
pub fn due(subscriber: &Subscriber, hash: u64, now: Timestamp) -> Option<Timestamp> {
    let is_void = subscriber.not_before > now.after(LONGEST_WAIT);
    let at = if is_void { now } else { subscriber.not_before };
    (subscriber.has != hash).then_some(at)
}

/// Takes in that a subscriber has taken the feed that hashes to this.
pub fn told(subscriber: &mut Subscriber, hash: u64, now: Timestamp) {
    subscriber.has = hash;
    subscriber.not_before = now.after(PACE);
    subscriber.delivered += 1;
    subscriber.last_delivery = Some(now);
    (subscriber.failures, subscriber.failing_since, subscriber.trouble) = (0, None, None);
}

/// Takes in that a delivery failed. It is tried again, until the lease ends (H8).
pub fn failed(
    subscriber: &mut Subscriber,
    why: String,
    retry_after: Option<Duration>,
    now: Timestamp,
) {
    let asked = retry_after.unwrap_or_default().min(LONGEST_WAIT);
    subscriber.not_before = now.after(wait(subscriber.failures).max(asked));
    subscriber.failing_since.get_or_insert(now);
    subscriber.failures = subscriber.failures.saturating_add(1);
    subscriber.trouble = Some(why);
}

/// How long to wait after one more failure than these.
pub fn wait(failures: u32) -> Duration {
    WAIT.saturating_mul(2_u32.saturating_pow(failures)).min(LONGEST_WAIT)
}

/// Headers of a delivery: what the feed is served with, the hub, which a private feed
/// does not name to everybody, and the signature (H3, H7).
pub fn headers(subscriber: &Subscriber, feed: &Copied, hub: &str) -> Vec<(&'static str, String)> {
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

/// A feed as it is served: what subscribers are told.
#[derive(Debug, Clone)]
pub struct Copied {
    /// What its bytes hash to.
    pub hash: u64,
    /// Its Content-Type header.
    pub content_type: String,
    /// Its Link header.
    pub link: String,
    /// Its bytes, shared with the shelf.
    pub body: Bytes,
}

impl ResponseCache {
    /// The feed of ours that an address names, to whoever can name it: a private one
    /// with a key that opens it, any other with nothing behind it (H9).
    pub fn feed_at(&self, address: &str, site: &Site) -> Option<Copied> {
        let path = address.strip_prefix(site.base_url.as_str())?;
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        let path = format!("/{path}");
        let may = match self.guard_of(&path) {
            Some(guard) => guard.admits(query, &HeaderMap::new()).is_some(),
            None => query.is_none(),
        };
        let Some(Held::Here(feed)) = self.find(&path).filter(|_| may) else { return None };
        is_feed(feed.content_type.to_str().ok()?).then(|| Copied {
            hash: feed.hash,
            content_type: feed.content_type.to_str().unwrap_or_default().to_owned(),
            link: feed.link.as_ref().and_then(|link| link.to_str().ok()).unwrap_or_default().into(),
            body: feed.identity().clone(),
        })
    }

    /// The feeds that are for everybody, by path, and what they hash to.
    pub fn public_feeds(&self) -> Vec<(String, u64)> {
        let feed = |path: String| match self.find(&path)? {
            Held::Here(feed) if is_feed(feed.content_type.to_str().ok()?) => {
                self.guard_of(&path).is_none().then_some((path, feed.hash))
            }
            _ => None,
        };
        self.paths().into_iter().filter_map(feed).collect()
    }
}

fn is_feed(content_type: &str) -> bool {
    Format::ALL.into_iter().any(|format| format.content_type() == content_type)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Result<Asked, NotGranted> {
        let whole = [("hub.topic", "https://news.example/a.atom")];
        let form = Serializer::new(String::new()).extend_pairs(pairs).extend_pairs(whole).finish();
        Asked::parse(form.as_bytes())
    }

    fn asked(callback: &str) -> Asked {
        form(&[("hub.mode", "subscribe"), ("hub.callback", callback)]).unwrap()
    }

    #[test]
    fn h02_a_question_goes_behind_the_query_that_is_there() {
        for (callback, start) in [
            ("https://r.example/cb?a=b&c=%2F+", "https://r.example/cb?a=b&c=%2F+&hub.mode="),
            ("https://r.example/cb?", "https://r.example/cb?hub.mode="),
            ("https://r.example", "https://r.example/?hub.mode="),
        ] {
            let question = asked(callback).question("c");
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
            form(&pairs).map(|asked| asked.wish.lease.as_secs() / DAY)
        };
        let days = ["", "0", "60", "172800", "99999999999"].map(|seconds| lease(seconds).unwrap());
        assert_eq!(days, [10, 1, 1, 2, 15]);
        assert!(lease("ten").is_err());
    }

    #[test]
    fn what_is_no_request_is_told_why() {
        for (pairs, why) in [
            (&[][..], "hub.mode"),
            (&[("hub.mode", "subscribe")], "hub.callback"),
            (&[("hub.mode", "publish")], "nobody else"),
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
    fn h08_failures_are_tried_again_for_days_and_ever_more_rarely() {
        let now = Timestamp::from_secs(1_000_000);
        let asked = asked("https://r.example/");
        let mut subscriber = asked.granted(&asked.noted(None, 1, now), now);
        assert_eq!((due(&subscriber, 1, now), due(&subscriber, 2, now)), (None, Some(now)));
        let (mut tries, mut at) = (0, now);
        while at < subscriber.expires {
            failed(&mut subscriber, "503".to_owned(), None, at);
            tries += 1;
            at = due(&subscriber, 2, at).unwrap();
        }
        assert!((40..60).contains(&tries), "{tries} tries in ten days");
        told(&mut subscriber, 2, at);
        assert_eq!(
            (due(&subscriber, 2, at), due(&subscriber, 3, at)),
            (None, Some(at.after(PACE)))
        );
        // Told by a clock that was ahead, it waits no longer than it would otherwise.
        let back = at.before(LONGEST_WAIT * 40);
        assert_eq!(due(&subscriber, 3, back), Some(back));
        assert_eq!((subscriber.failures, subscriber.failing_since), (0, None));
        failed(&mut subscriber, "429".to_owned(), Some(Duration::from_secs(3600)), at);
        assert_eq!(due(&subscriber, 3, at), Some(at.after(Duration::from_secs(3600))));
    }
}
