//! Which feeds a hub elsewhere is to be told of, and when.

use std::collections::BTreeMap;

use url::Url;
use url::form_urlencoded::Serializer;

use crate::model::Timestamp;
use crate::publish::Site;
use crate::publish::hub::wait;

/// Feeds that one request tells of.
const MOST: usize = 100;

/// The feeds that a hub does not know as they are, each with the hash that it will know.
pub(super) fn news(
    known: &BTreeMap<String, u64>,
    hub: &Url,
    feeds: Vec<(String, u64)>,
) -> Vec<(String, u64)> {
    let salt = xxhash_rust::xxh3::xxh3_64(hub.as_str().as_bytes());
    let feeds = feeds.into_iter().map(|(path, hash)| (path, hash ^ salt));
    let news = feeds.filter(|(path, hash)| known.get(path) != Some(hash));
    news.take(MOST).collect()
}

/// When a hub elsewhere may be told again.
#[derive(Debug, Default)]
pub(super) struct Pings {
    /// It is not asked before this.
    pub(super) not_before: Timestamp,
    failures: u32,
}

impl Pings {
    /// A ping was accepted. Returns whether the one before had failed.
    pub(super) fn accepted(&mut self, now: Timestamp) -> bool {
        self.not_before = now;
        std::mem::take(&mut self.failures) > 0
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
