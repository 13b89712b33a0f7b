//! Finds feeds in the response cache by their addresses, for our hub.

use axum::http::HeaderMap;

use super::response_cache::Held;
use super::{Format, ResponseCache, Site};
use crate::websub::outbound::FeedCopy;

impl ResponseCache {
    /// The feed at an address, if the address may name it: a private feed with a key that admits,
    /// any other without a query (H9).
    pub fn feed_at(&self, address: &str, site: &Site) -> Option<FeedCopy> {
        let path = address.strip_prefix(site.base_url.as_str())?;
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        let path = format!("/{path}");
        let may = match self.access_rule_of(&path) {
            Some(rule) => rule.admits(query, &HeaderMap::new()).is_some(),
            None => query.is_none(),
        };
        let Some(Held::Here(feed)) = self.find(&path).filter(|_| may) else { return None };
        is_feed(feed.content_type.to_str().ok()?).then(|| FeedCopy {
            hash: feed.hash,
            content_type: feed.content_type.to_str().unwrap_or_default().to_owned(),
            link: feed.link.as_ref().and_then(|link| link.to_str().ok()).unwrap_or_default().into(),
            body: feed.identity().clone(),
        })
    }

    /// The public feeds: their paths and hashes.
    pub fn public_feeds(&self) -> Vec<(String, u64)> {
        let feed = |path: String| match self.find(&path)? {
            Held::Here(feed) if is_feed(feed.content_type.to_str().ok()?) => {
                self.access_rule_of(&path).is_none().then_some((path, feed.hash))
            }
            _ => None,
        };
        self.paths().into_iter().filter_map(feed).collect()
    }
}

fn is_feed(content_type: &str) -> bool {
    Format::ALL.into_iter().any(|format| format.content_type() == content_type)
}
