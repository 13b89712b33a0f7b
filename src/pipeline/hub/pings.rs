//! The feeds as they are in; what a hub elsewhere is to be told of them, out.
//!
//! What it was told of is kept as stamps of no documents, so that a restart neither
//! forgets a change nor tells of it again.

use std::collections::BTreeMap;

use url::Url;
use url::form_urlencoded::Serializer;

use crate::model::{Stamp, Timestamp};
use crate::publish::Site;
use crate::publish::hub::wait;
use crate::store::{Store, StoreError};

/// Stamps of this kind are of no document: no path begins so.
const PINGED: &str = "pinged:";

/// Feeds that one request tells of.
const MOST: usize = 100;

/// What a hub elsewhere knows.
#[derive(Debug, Default)]
pub(super) struct Pings {
    /// Of feeds, by path: what they hashed to, and the hub.
    told: BTreeMap<String, u64>,
    /// It is not asked before this.
    pub(super) not_before: Timestamp,
    failures: u32,
}

impl Pings {
    /// As the store remembers it.
    pub(super) fn open(store: &dyn Store) -> Result<Self, StoreError> {
        let stamps = store.stamps()?.into_iter();
        let told = stamps
            .filter_map(|(path, stamp)| Some((path.strip_prefix(PINGED)?.to_owned(), stamp.hash)));
        Ok(Self { told: told.collect(), ..Self::default() })
    }

    /// The feeds it does not know as they are, each with what it will know.
    pub(super) fn news(&self, hub: &Url, feeds: Vec<(String, u64)>) -> Vec<(String, u64)> {
        let salt = xxhash_rust::xxh3::xxh3_64(hub.as_str().as_bytes());
        let feeds = feeds.into_iter().map(|(path, hash)| (path, hash ^ salt));
        let news = feeds.filter(|(path, hash)| self.told.get(path) != Some(hash));
        news.take(MOST).collect()
    }

    /// Takes in that it was told; what is to be remembered of that. Whether it had failed before.
    pub(super) fn told(
        &mut self,
        feeds: Vec<(String, u64)>,
        now: Timestamp,
    ) -> (Vec<(String, Stamp)>, bool) {
        let had_failed = std::mem::take(&mut self.failures) > 0;
        self.not_before = now;
        let stamp = |(path, hash): &(String, u64)| {
            (format!("{PINGED}{path}"), Stamp { hash: *hash, modified: now })
        };
        let stamps = feeds.iter().map(stamp).collect();
        self.told.extend(feeds);
        (stamps, had_failed)
    }

    /// Takes in that it could not be told. Whether that is new.
    pub(super) fn failed(&mut self, now: Timestamp) -> bool {
        self.not_before = now.after(wait(self.failures));
        self.failures = self.failures.saturating_add(1);
        self.failures == 1
    }
}

/// What it is sent.
pub(super) fn form(feeds: &[(String, u64)], site: &Site) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("hub.mode", "publish");
    for (path, _) in feeds {
        form.append_pair("hub.url", &format!("{}{}", site.base_url, path.trim_start_matches('/')));
    }
    form.finish()
}
