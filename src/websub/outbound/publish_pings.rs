//! Publish pings: which changed feeds another hub is told about, and when.

use std::collections::BTreeMap;

use url::Url;
use url::form_urlencoded::Serializer;

use super::retry_wait;
use crate::model::Timestamp;

/// The most feeds in one ping.
const MOST: usize = 100;

/// The feeds that changed since the hub last accepted them, each with the hash to record then.
pub fn changed_feeds(
    known: &BTreeMap<String, u64>,
    hub: &Url,
    feeds: Vec<(String, u64)>,
) -> Vec<(String, u64)> {
    let salt = xxhash_rust::xxh3::xxh3_64(hub.as_str().as_bytes());
    let feeds = feeds.into_iter().map(|(path, hash)| (path, hash ^ salt));
    let changed = feeds.filter(|(path, hash)| known.get(path) != Some(hash));
    changed.take(MOST).collect()
}

/// When the other hub may be pinged again.
#[derive(Debug, Default)]
pub struct PublishPings {
    /// No ping before this time.
    pub not_before: Timestamp,
    failures: u32,
}

impl PublishPings {
    /// When the next ping may be sent, if not at once. A clock that was ahead may have left a time
    /// that no failure sets.
    pub fn waits(&self, now: Timestamp) -> Option<Timestamp> {
        let is_set =
            self.not_before > now && self.not_before <= now.after(retry_wait(self.failures));
        is_set.then_some(self.not_before)
    }

    /// Records an accepted ping. Returns whether the previous one failed.
    pub fn accepted(&mut self, now: Timestamp) -> bool {
        self.not_before = now;
        std::mem::take(&mut self.failures) > 0
    }

    /// Records a failed ping. Returns whether it is the first in a row.
    pub fn failed(&mut self, now: Timestamp) -> bool {
        self.not_before = now.after(retry_wait(self.failures));
        self.failures = self.failures.saturating_add(1);
        self.failures == 1
    }
}

/// The body of a ping. `base` is the site's address.
pub fn ping_form(feeds: &[(String, u64)], base: &Url) -> String {
    let mut form = Serializer::new(String::new());
    form.append_pair("hub.mode", "publish");
    for (path, _) in feeds {
        form.append_pair("hub.url", &format!("{base}{}", path.trim_start_matches('/')));
    }
    form.finish()
}
