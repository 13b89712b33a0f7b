//! Subscriptions in; the callbacks that are open for them, and a way from those to the loop, out.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::mpsc;

use crate::fetch::websub;
use crate::model::{SourceId, Subscription};
use crate::publish::Delivery;

/// Deliveries that may wait for the loop; the server bounds their bytes.
const WAITING: usize = 64;

/// The callbacks that are open, for the server: which hubs may call, and where what
/// they send goes.
#[derive(Debug, Clone)]
pub struct Callbacks {
    directory: Arc<RwLock<Directory>>,
    deliveries: mpsc::Sender<Delivery>,
}

/// Whose callback a token is. Tokens are kept as hashes, so that the time a look-up
/// takes tells nothing of those that are known.
#[derive(Debug, Default)]
struct Directory {
    sources: HashMap<blake3::Hash, SourceId>,
    tokens: HashMap<SourceId, Vec<blake3::Hash>>,
}

impl Callbacks {
    /// None are open; the loop's end of the way.
    pub(super) fn closed() -> (Self, mpsc::Receiver<Delivery>) {
        let (sender, deliveries) = mpsc::channel(WAITING);
        (Self { directory: Arc::default(), deliveries: sender }, deliveries)
    }

    /// Whether a hub may call at this token.
    pub fn knows(&self, token: &str) -> bool {
        self.source(token).is_some()
    }

    /// Puts a delivery in the loop's queue, unless that is full.
    pub fn deliver(&self, delivery: Delivery) -> bool {
        self.deliveries.try_send(delivery).is_ok()
    }

    pub(super) fn source(&self, token: &str) -> Option<SourceId> {
        let directory = self.directory.read().unwrap_or_else(PoisonError::into_inner);
        directory.sources.get(&blake3::hash(token.as_bytes())).cloned()
    }

    /// Opens the callbacks of a source's subscription, and closes those before.
    pub(super) fn open(&self, source: &SourceId, subscription: Option<&Subscription>) {
        let hash = |token: &str| blake3::hash(token.as_bytes());
        let now: Vec<_> =
            subscription.map(websub::tokens).into_iter().flatten().map(hash).collect();
        let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        if directory.tokens.get(source).map_or(&[][..], Vec::as_slice) == now {
            return;
        }
        for token in directory.tokens.remove(source).unwrap_or_default() {
            directory.sources.remove(&token);
        }
        directory.sources.extend(now.iter().map(|token| (*token, source.clone())));
        if !now.is_empty() {
            directory.tokens.insert(source.clone(), now);
        }
    }
}
