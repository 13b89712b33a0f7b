//! WebSub's plain data: what hubs offer, our subscriptions there, and our own hub's subscribers.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Timestamp;

/// A hub that announces changes of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HubOffer {
    /// The hub's address.
    pub hub: Url,
    /// The topic to subscribe to: the address that the source gives itself (W2).
    pub topic: Url,
    /// The hub's protocol.
    #[serde(default)]
    pub protocol: HubProtocol,
}

/// The protocol that a hub speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HubProtocol {
    /// The hub pushes the document itself, signed.
    #[default]
    WebSub,
    /// The hub sends a ping without the document (W15).
    RssCloud,
}

/// Our subscription at a source's hub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The hub and the topic.
    pub offer: HubOffer,
    /// The address under which callbacks were served at the last request.
    #[serde(default)]
    pub callbacks: Option<Url>,
    /// The last segment of the callback's path: unguessable, new at each renewal (W4).
    pub token: String,
    /// The token before it, valid until the hub confirms the new one.
    #[serde(default)]
    pub former: Option<String>,
    /// The secret for the hub's signatures, where it is asked over https (W5).
    #[serde(default)]
    pub secret: Option<String>,
    /// The number of the last request.
    pub round: u32,
    /// Time of the last request.
    pub asked: Timestamp,
    /// Requests in a row that the hub did not confirm.
    #[serde(default)]
    pub unanswered: u32,
    /// Why the last request failed, and until when the hub is not asked again.
    #[serde(default)]
    pub trouble: Option<(String, Timestamp)>,
    /// Start of the present period without a gap between leases.
    #[serde(default)]
    pub since: Option<Timestamp>,
    /// Time of the last confirmation.
    #[serde(default)]
    pub confirmed: Option<Timestamp>,
    /// End of the lease.
    #[serde(default)]
    pub expires: Option<Timestamp>,
    /// Whether the hub denied the subscription (W9).
    #[serde(default)]
    pub denied: bool,
    /// Until when the source is polled as if it had no hub, because the hub missed an entry (W13).
    #[serde(default)]
    pub distrusted_until: Option<Timestamp>,
    /// Pushes with a missing or wrong signature (W10).
    #[serde(default)]
    pub forged: u64,
    /// Accepted pushes and pings.
    #[serde(default)]
    pub delivered: u64,
    /// Time of the last of them.
    #[serde(default)]
    pub last_delivery: Option<Timestamp>,
    /// When the source would be due without the hub.
    #[serde(default)]
    pub otherwise_due: Timestamp,
}

/// The state of a subscription at a source's hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushState {
    /// Requested and not confirmed, or expired.
    Asked,
    /// The hub pushes documents.
    Active,
    /// A cloud sends pings.
    Registered,
    /// The hub denied the subscription.
    Denied,
    /// The hub pushes, but missed an entry.
    Distrusted,
}

impl PushState {
    /// The word used in `status` and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Active => "active",
            Self::Registered => "registered",
            Self::Denied => "denied",
            Self::Distrusted => "distrusted",
        }
    }
}

impl Subscription {
    /// The state at `now`.
    pub fn state(&self, now: Timestamp) -> PushState {
        match self.offer.protocol {
            _ if self.denied => PushState::Denied,
            _ if self.expires.is_none_or(|expires| expires <= now) => PushState::Asked,
            HubProtocol::RssCloud => PushState::Registered,
            HubProtocol::WebSub if self.distrusted_until.is_some_and(|until| until > now) => {
                PushState::Distrusted
            }
            HubProtocol::WebSub => PushState::Active,
        }
    }
}

/// A subscriber of our own hub, for one feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// The feed's address, byte for byte as the subscriber wrote it.
    pub topic: String,
    /// The address that receives deliveries.
    pub callback: Url,
    /// The IP address of the callback's host at the last confirmation; for IPv6 its network.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// The secret that signs deliveries.
    pub secret: Option<String>,
    /// Confirmation time; the request time until confirmed.
    pub since: Timestamp,
    /// End of the lease; equal to `since` until confirmed.
    pub expires: Timestamp,
    /// Hash of the feed that the subscriber received last.
    pub has: u64,
    /// No delivery before this time.
    pub not_before: Timestamp,
    /// Failed deliveries in a row.
    pub failures: u32,
    /// Time of the first of them.
    pub failing_since: Option<Timestamp>,
    /// The reason of the last of them.
    pub trouble: Option<String>,
    /// Successful deliveries.
    pub delivered: u64,
    /// Time of the last of them.
    pub last_delivery: Option<Timestamp>,
    /// A request that the callback has neither confirmed nor denied yet.
    #[serde(default)]
    pub asked: Option<SubscriptionTerms>,
}

/// The terms of a request to our hub.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionTerms {
    /// Subscribe or unsubscribe.
    pub mode: SubscriptionMode,
    /// The secret that shall sign deliveries.
    pub secret: Option<String>,
    /// The length of the lease.
    pub lease: Duration,
}

/// The kind of a request to our hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SubscriptionMode {
    /// Begins or renews a subscription.
    Subscribe,
    /// Ends a subscription.
    Unsubscribe,
}

/// Leaves the secret out.
impl std::fmt::Debug for SubscriptionTerms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} for {:?}", self.mode, self.lease)
    }
}

/// Identifies a subscriber by feed and callback; ordered by feed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SubscriberId([u8; 32]);

impl Subscriber {
    /// The subscriber's ID.
    pub fn id(&self) -> SubscriberId {
        SubscriberId::of(&self.topic, &self.callback)
    }

    /// The callback's host. Nothing else of the callback is ever shown: its path is a secret.
    pub fn host(&self) -> &str {
        host_of(&self.callback)
    }

    /// Whether the callback has ever confirmed. Nothing is delivered before.
    pub fn is_confirmed(&self) -> bool {
        self.expires > self.since
    }

    /// The rest of the lease.
    pub fn lease(&self, now: Timestamp) -> Duration {
        now.until(self.expires)
    }
}

/// The host of a callback.
pub fn host_of(callback: &Url) -> &str {
    callback.host_str().unwrap_or("nowhere")
}

impl SubscriberId {
    /// The ID of the subscriber of this feed at this callback.
    pub fn of(topic: &str, callback: &Url) -> Self {
        let mut id = [0; 32];
        id[..16].copy_from_slice(&blake3::hash(topic.as_bytes()).as_bytes()[..16]);
        id[16..].copy_from_slice(&blake3::hash(callback.as_str().as_bytes()).as_bytes()[..16]);
        Self(id)
    }

    /// The ID's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// Shows a few bytes in hexadecimal: they tell IDs apart and reveal nothing of the addresses.
impl std::fmt::Debug for SubscriberId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0[12..20].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
