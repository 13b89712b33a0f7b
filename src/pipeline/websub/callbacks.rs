//! The open callbacks of sources' hubs, and the queue from the server to the loop.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{mpsc, watch};

use crate::model::{SourceId, Subscription};
use crate::publish::Delivery;
use crate::websub::inbound;

/// The most deliveries that wait for the loop. The server bounds their bytes.
const WAITING: usize = 64;

/// The open callbacks, for the server: which hubs may call, and where their deliveries go.
#[derive(Debug, Clone)]
pub struct Callbacks {
    tokens: Arc<RwLock<Tokens>>,
    deliveries: mpsc::Sender<Delivery>,
    /// Changes with every callback that is opened.
    opened: watch::Sender<()>,
}

/// The source of each token. Tokens are kept as hashes, so that the time of a lookup reveals
/// nothing about them.
#[derive(Debug, Default)]
struct Tokens {
    by_token: HashMap<blake3::Hash, SourceId>,
    by_source: HashMap<SourceId, Vec<blake3::Hash>>,
}

impl Callbacks {
    /// Builds a set without open callbacks. Returns it with the loop's end of the queue.
    pub(super) fn closed() -> (Self, mpsc::Receiver<Delivery>) {
        let (sender, deliveries) = mpsc::channel(WAITING);
        (
            Self { tokens: Arc::default(), deliveries: sender, opened: watch::Sender::new(()) },
            deliveries,
        )
    }

    /// Whether a hub may call at this token.
    pub fn knows(&self, token: &str) -> bool {
        self.source(token).is_some()
    }

    /// Returns once a hub may call at this token.
    pub async fn opened(&self, token: &str) {
        let mut opened = self.opened.subscribe();
        // The sender lives as long as this value, so that waiting cannot fail.
        while !self.knows(token) && opened.changed().await.is_ok() {}
    }

    /// Queues a delivery for the loop. Returns false if the queue is full.
    pub fn deliver(&self, delivery: Delivery) -> bool {
        self.deliveries.try_send(delivery).is_ok()
    }

    pub(super) fn source(&self, token: &str) -> Option<SourceId> {
        let tokens = self.tokens.read().unwrap_or_else(PoisonError::into_inner);
        tokens.by_token.get(&blake3::hash(token.as_bytes())).cloned()
    }

    /// Opens the callbacks of a source's subscription, and closes its former ones.
    pub(super) fn open(&self, source: &SourceId, subscription: Option<&Subscription>) {
        let hash = |token: &str| blake3::hash(token.as_bytes());
        let now: Vec<_> =
            subscription.map(inbound::tokens).into_iter().flatten().map(hash).collect();
        let mut tokens = self.tokens.write().unwrap_or_else(PoisonError::into_inner);
        if tokens.by_source.get(source).map_or(&[][..], Vec::as_slice) == now {
            return;
        }
        for token in tokens.by_source.remove(source).unwrap_or_default() {
            tokens.by_token.remove(&token);
        }
        tokens.by_token.extend(now.iter().map(|token| (*token, source.clone())));
        if !now.is_empty() {
            tokens.by_source.insert(source.clone(), now);
            self.opened.send_replace(());
        }
    }
}
