//! The calls of our hub to callbacks and to other hubs, each in a task of its own.

use std::sync::Arc;

use crate::clock::Clock;
use crate::fetch::{Call, CallAnswer, Fetcher};
use crate::model::{Failure, FailureKind, SubscriberId, network_of};
use crate::websub::outbound::Unverified;

/// The result of looking up a callback's host.
pub(in crate::pipeline) struct LookedUp {
    pub(super) open: Unverified,
    pub(super) answer: Result<(), Failure>,
}

/// The result of verifying a request at its callback.
pub(in crate::pipeline) struct Verified {
    pub(super) open: Unverified,
    pub(super) answer: Result<(), Failure>,
}

/// The result of a delivery to a subscriber.
pub(in crate::pipeline) struct Delivered {
    pub(super) id: SubscriberId,
    /// Hash of the feed that was sent.
    pub(super) hash: u64,
    pub(super) answer: Result<CallAnswer, Failure>,
}

/// The result of a ping to another hub.
pub(in crate::pipeline) struct Pinged {
    /// The announced feeds: their paths, and the hashes to record.
    pub(super) feeds: Vec<(String, u64)>,
    pub(super) answer: Result<(), Failure>,
}

/// Makes the calls.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) clock: Clock,
}

impl Caller {
    /// Looks up the callback's host, and whether it may be called.
    pub(super) async fn look_up(self, open: Unverified) -> LookedUp {
        let (fetcher, callback) = (self.fetcher, open.request.callback.clone());
        // A request whose lookup panicked would be looked up for ever.
        let looking = tokio::spawn(async move { fetcher.locate(&callback).await });
        let broken = |_| Err(Failure::new(FailureKind::Internal, "the lookup failed inside"));
        match looking.await.unwrap_or_else(broken) {
            Ok(address) => {
                let address = address.map(network_of);
                LookedUp { open: Unverified { address, ..open }, answer: Ok(()) }
            }
            Err(failure) => LookedUp { open, answer: Err(failure) },
        }
    }

    /// Asks a callback to confirm a request. Only a success with the challenge as its body confirms
    /// it (H2).
    pub(super) async fn verify(self, open: Unverified, challenge: String) -> Verified {
        let answered = self.call(Call::get(open.request.verification_url(&challenge))).await;
        let answer = answered.and_then(|answered| match (is_success(&answered), &answered.body) {
            (Ok(()), body) if *body == challenge.as_bytes() => Ok(()),
            (Ok(()), _) => Err(failure("the answer is not the challenge")),
            (Err(status), _) => Err(status),
        });
        Verified { open, answer }
    }

    pub(super) async fn deliver(self, id: SubscriberId, hash: u64, call: Call) -> Delivered {
        Delivered { id, hash, answer: self.call(call).await }
    }

    pub(super) async fn ping(self, feeds: Vec<(String, u64)>, call: Call) -> Pinged {
        let answer = self.call(call).await.and_then(|answered| is_success(&answered));
        Pinged { feeds, answer }
    }

    /// Tells a callback that its subscription ended. Nobody waits for the answer.
    pub(super) async fn send_denial(self, call: Call) {
        let _ = self.call(call).await;
    }

    async fn call(&self, call: Call) -> Result<CallAnswer, Failure> {
        let Self { fetcher, clock } = self.clone();
        let calling = tokio::spawn(async move { fetcher.call(&call, clock.now()).await });
        let broken = |_| Err(Failure::new(FailureKind::Internal, "the call failed inside"));
        calling.await.unwrap_or_else(broken)
    }
}

/// A redirect is a failure: a subscriber that moves subscribes again (H8).
pub(super) fn is_success(answer: &CallAnswer) -> Result<(), Failure> {
    match answer.status {
        200..=299 => Ok(()),
        status => Err(failure(&format!("it answers {status}"))),
    }
}

fn failure(message: &str) -> Failure {
    Failure::new(FailureKind::Status, message)
}

/// The part of a feed's address that a log may show: the query may hold a key.
pub(super) fn shown(topic: &str) -> &str {
    topic.split('?').next().unwrap_or_default()
}
