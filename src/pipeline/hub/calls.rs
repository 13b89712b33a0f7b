//! Whom to ask or tell what in; what came of it out. Each call is a task of its own.

use std::sync::Arc;

use super::requests::Open;
use crate::clock::Clock;
use crate::fetch::{Call, Fetcher, Said};
use crate::model::{Failure, FailureKind, SubscriberId, network_of};

/// What came of looking up the host of a callback.
pub(in crate::pipeline) struct LookedUp {
    pub(super) open: Open,
    pub(super) answer: Result<(), Failure>,
}

/// What came of asking a callback whether a request is meant.
pub(in crate::pipeline) struct Verified {
    pub(super) open: Open,
    pub(super) answer: Result<(), Failure>,
}

/// What came of telling a subscriber.
pub(in crate::pipeline) struct Delivered {
    pub(super) id: SubscriberId,
    /// What the feed that was sent hashes to.
    pub(super) hash: u64,
    pub(super) answer: Result<Said, Failure>,
}

/// What came of telling a hub elsewhere.
pub(in crate::pipeline) struct Pinged {
    /// Stamps of the feeds it was told of: paths, and what they hash to there.
    pub(super) feeds: Vec<(String, u64)>,
    pub(super) answer: Result<(), Failure>,
}

/// Where calls go out.
#[derive(Clone)]
pub(super) struct Line {
    pub(super) fetcher: Arc<Fetcher>,
    pub(super) clock: Clock,
}

impl Line {
    /// Looks up whether there is a host that may be asked, and where.
    pub(super) async fn look_up(self, open: Open) -> LookedUp {
        match self.fetcher.locate(&open.asked.callback).await {
            Ok(address) => {
                let address = address.map(network_of);
                LookedUp { open: Open { address, ..open }, answer: Ok(()) }
            }
            Err(failure) => LookedUp { open, answer: Err(failure) },
        }
    }

    /// Asks a callback: only a success with the challenge for its body is a yes (H2).
    pub(super) async fn verify(self, open: Open, challenge: String) -> Verified {
        let said = self.call(Call::get(open.asked.question(&challenge))).await;
        let answer = said.and_then(|said| match (is_success(&said), &said.body) {
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
        let answer = self.call(call).await.and_then(|said| is_success(&said));
        Pinged { feeds, answer }
    }

    /// Nobody waits for what a farewell comes to.
    pub(super) async fn say(self, call: Call) {
        let _ = self.call(call).await;
    }

    async fn call(&self, call: Call) -> Result<Said, Failure> {
        let Self { fetcher, clock } = self.clone();
        let calling = tokio::spawn(async move { fetcher.call(&call, clock.now()).await });
        let broken = |_| Err(Failure::new(FailureKind::Internal, "the call failed inside"));
        calling.await.unwrap_or_else(broken)
    }
}

/// A redirect is none: whoever moves subscribes anew (H8).
pub(super) fn is_success(said: &Said) -> Result<(), Failure> {
    match said.status {
        200..=299 => Ok(()),
        status => Err(failure(&format!("it answers {status}"))),
    }
}

fn failure(message: &str) -> Failure {
    Failure::new(FailureKind::Status, message)
}

/// All of a feed's address that a log may hold: what follows may be a key.
pub(super) fn shown(topic: &str) -> &str {
    topic.split('?').next().unwrap_or_default()
}
