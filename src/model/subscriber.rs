//! Who asked our hub to be told of a feed, and what it has been told.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Timestamp;

/// Somebody who is told whenever a feed of ours changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// The feed's address, byte for byte as the subscriber wrote it.
    pub topic: String,
    /// Where it is told.
    pub callback: Url,
    /// The address of its host, or its network of IPv6, when it confirmed that last.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// What deliveries are signed with.
    pub secret: Option<String>,
    /// When it confirmed what it is subscribed to now; before that, when it asked.
    pub since: Timestamp,
    /// When that ends, unless it asks again; at once, before it has confirmed anything.
    pub expires: Timestamp,
    /// What the feed that it has hashes to.
    pub has: u64,
    /// Nothing is delivered before this.
    pub not_before: Timestamp,
    /// Deliveries that failed in a row.
    pub failures: u32,
    /// When that row began.
    pub failing_since: Option<Timestamp>,
    /// Why the last of them failed.
    pub trouble: Option<String>,
    /// Deliveries that were taken in.
    pub delivered: u64,
    /// When the last of them was.
    pub last_delivery: Option<Timestamp>,
    /// What it asked for that its callback has not confirmed or denied yet.
    #[serde(default)]
    pub asked: Option<Wish>,
}

/// What is asked for at our hub.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// To be told, or to be told no more.
    pub mode: Mode,
    /// What to sign deliveries with.
    pub secret: Option<String>,
    /// For how long.
    pub lease: Duration,
}

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// To be told.
    Subscribe,
    /// To be told no more.
    Unsubscribe,
}

/// The secret is one.
impl std::fmt::Debug for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} for {:?}", self.mode, self.lease)
    }
}

/// What tells one subscription from another: feed and callback, in the order of feeds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriberId([u8; 32]);

impl Subscriber {
    /// Its id.
    pub fn id(&self) -> SubscriberId {
        SubscriberId::of(&self.topic, &self.callback)
    }

    /// All of its callback that is shown to anybody: the path is what keeps strangers out.
    pub fn host(&self) -> &str {
        host_of(&self.callback)
    }

    /// Whether it has ever confirmed anything: who only asked is told nothing.
    pub fn is_confirmed(&self) -> bool {
        self.expires > self.since
    }

    /// How long it has left.
    pub fn lease(&self, now: Timestamp) -> Duration {
        now.until(self.expires)
    }
}

/// The host of a callback.
pub fn host_of(callback: &Url) -> &str {
    callback.host_str().unwrap_or("nowhere")
}

impl SubscriberId {
    /// The id of whoever is told of this feed at this callback.
    pub fn of(topic: &str, callback: &Url) -> Self {
        let mut id = [0; 32];
        id[..16].copy_from_slice(&blake3::hash(topic.as_bytes()).as_bytes()[..16]);
        id[16..].copy_from_slice(&blake3::hash(callback.as_str().as_bytes()).as_bytes()[..16]);
        Self(id)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The first bytes, in hexadecimal: enough to tell two apart, and nothing of what they name.
impl std::fmt::Debug for SubscriberId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0[12..20].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
