//! Gathers the knowledge by which the texts of a source are separated from their surroundings: its
//! rules, the lines that it repeats, and the entries that are stored.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use url::Url;

use crate::announcement::Surroundings;
use crate::dedup;
use crate::model::{Source, TextState};
use crate::store::Store;

/// Links that are looked up for one document or page.
const MOST_LOOKUPS: u32 = 200;

/// Knowledge of a source's texts, to be taken to another thread.
#[derive(Clone)]
pub(super) struct KnownText {
    source: Arc<Source>,
    text: Option<Box<TextState>>,
    store: Option<Arc<dyn Store>>,
}

impl KnownText {
    /// With what the source's state says of its texts; `store` tells which links lead to
    /// known entries.
    pub(super) fn of(
        source: Arc<Source>,
        text: Option<Box<TextState>>,
        store: Option<Arc<dyn Store>>,
    ) -> Self {
        Self { source, text, store }
    }

    /// Reads something with it.
    pub(super) fn with<T>(&self, read: impl FnOnce(&Surroundings<'_>) -> T) -> T {
        let seen = RefCell::new(HashMap::new());
        let left = Cell::new(MOST_LOOKUPS);
        let is_known = |url: &Url| {
            let known = seen.borrow().get(url).copied();
            known.unwrap_or_else(|| {
                let known = self.is_stored(url, &left);
                seen.borrow_mut().insert(url.clone(), known);
                known
            })
        };
        read(&Surroundings {
            rules: self.source.text(),
            edges: self.text.as_deref().map(|text| &text.edges),
            is_known: &is_known,
        })
    }

    /// Whether a page is one of a stored entry. A store that cannot be read ends the daemon soon
    /// enough.
    fn is_stored(&self, url: &Url, left: &Cell<u32>) -> bool {
        let Some(store) = self.store.as_ref().filter(|_| left.get() > 0) else { return false };
        left.set(left.get() - 1);
        let keys = dedup::keys_of_page(url);
        let known = store.lookalikes(&keys);
        known.is_ok_and(|known| keys.iter().any(|key| known.by_key.contains_key(key)))
    }
}
