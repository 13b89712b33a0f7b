//! The site's settings, and the addresses and IDs that are derived from its base URL.

use std::borrow::Cow;

use url::Url;

use super::text_escape::line;
use crate::model::{SourceId, StoryId, Timestamp, Topic, TopicId};

/// The settings that all published feeds share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Where readers reach this server; ends in `/`. Every absolute address
    /// starts with it, never with the Host header.
    pub base_url: Url,
    /// The name of the whole.
    pub title: String,
    /// A WebSub hub to name in every feed (Q13).
    pub hub: Option<Url>,
    /// Who mints the feeds' ids: the authority part of `tag:AUTHORITY,2026:…`,
    /// a host name or e-mail address in lower case. Readers know a feed by its
    /// id, so an operator who moves to another host keeps this as it was (Q7).
    pub authority: String,
    /// Whether readers can look at `/sources`: not where operators have a
    /// listener of their own.
    pub shows_sources: bool,
    /// The longest document of a feed, in bytes (`[publish] max_feed`).
    pub max_feed: usize,
}

impl Site {
    /// The longest document of a feed, unless the operator says otherwise.
    pub const MAX_FEED: usize = 4_000_000;

    /// A site without a hub, whose ids are minted in the name of its host.
    pub fn new(base_url: Url, title: impl Into<String>) -> Self {
        Self {
            authority: Self::authority_of(&base_url),
            base_url,
            title: title.into(),
            hub: None,
            shows_sources: true,
            max_feed: Self::MAX_FEED,
        }
    }

    /// The authority to use where the operator names none: the host of the base URL.
    pub fn authority_of(base_url: &Url) -> String {
        match base_url.host() {
            Some(url::Host::Domain(name)) => name.trim_end_matches('.').to_ascii_lowercase(),
            Some(url::Host::Ipv4(address)) => address.to_string(),
            // A tag's authority has no brackets and no colons (RFC 4151 §2.1).
            Some(url::Host::Ipv6(_)) | None => "localhost".to_owned(),
        }
    }

    /// The site as a topic's feeds tell of it. A private topic names no hub:
    /// a hub reads what it passes on, and passes it on to anybody.
    pub(super) fn of_topic(&self, topic: &Topic) -> Cow<'_, Self> {
        match self.hub {
            Some(_) if topic.private => Cow::Owned(Self { hub: None, ..self.clone() }),
            _ => Cow::Borrowed(self),
        }
    }

    /// The site's title as documents carry it: one line, never empty.
    pub(super) fn name(&self) -> String {
        match line(&self.title) {
            name if name.is_empty() => self.authority.clone(),
            name => name,
        }
    }

    /// The absolute address of a path that starts with `/`.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{}", self.base_url, path.trim_start_matches('/'))
    }

    /// Where the server's root is as readers see it: `/`, or `/news/` behind a proxy.
    pub(super) fn root(&self) -> &str {
        self.base_url.path()
    }

    /// The id of a topic's feed: independent of where it is served.
    pub(super) fn topic_id(&self, topic: &TopicId) -> String {
        self.tag(&format!("topic:{topic}"))
    }

    /// The id of the feed of all stories.
    pub(super) fn stories_id(&self) -> String {
        self.tag("stories")
    }

    /// The id of the feed of what a query finds; `asked` is the query as in its address.
    pub(super) fn search_id(&self, asked: &str) -> String {
        // Forms encode what a URI need not: an id stands in its shortest form (RFC 3986 §6.2.2).
        self.tag(&format!("search:{}", asked.replace("%7E", "~")))
    }

    /// The id of a source that states none.
    pub(super) fn source_id(&self, source: &SourceId) -> String {
        self.tag(&format!("source:{source}"))
    }

    /// The id of the feed of what one source tells.
    pub(super) fn source_feed_id(&self, source: &SourceId) -> String {
        self.tag(&format!("source:{source}:feed"))
    }

    /// The id of the feed of what becomes of sources.
    pub(super) fn events_id(&self) -> String {
        self.tag("sources:events")
    }

    /// The id of one thing that became of a source or a topic.
    pub(super) fn event_id(&self, of: &str, name: &str, at: Timestamp, kind: &str) -> String {
        self.tag(&format!("{of}:{name}:event:{}:{kind}", at.as_millis()))
    }

    fn tag(&self, specific: &str) -> String {
        format!("tag:{},2026:{specific}", self.authority)
    }
}

/// The path of a topic's page; its feeds' paths add an ending.
pub(super) fn topic_path(topic: &TopicId) -> String {
    format!("/topics/{topic}")
}

/// The path of a source's feeds without their ending.
pub(super) fn source_path(source: &SourceId) -> String {
    format!("/sources/{source}")
}

/// The path of a story's page.
pub(super) fn story_path(story: &StoryId) -> String {
    format!("/stories/{story}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_minted_in_the_name_of_the_host() {
        for (base, authority) in [
            ("https://News.Example.org/", "news.example.org"),
            ("http://127.0.0.1:8484/", "127.0.0.1"),
            ("http://[::1]:8484/", "localhost"),
        ] {
            let site = Site::new(base.parse().unwrap(), "News");
            assert_eq!(site.authority, authority);
        }
    }

    #[test]
    fn a_feed_keeps_its_id_when_the_site_moves() {
        let mut site = Site::new("https://old.example/".parse().unwrap(), "News");
        let id = site.topic_id(&TopicId::new("sanctions"));
        assert_eq!(id, "tag:old.example,2026:topic:sanctions");
        site.base_url = "https://new.example/feeds/".parse().unwrap();
        assert_eq!(site.topic_id(&TopicId::new("sanctions")), id);
        assert_eq!(site.address("/opml"), "https://new.example/feeds/opml");
    }
}
