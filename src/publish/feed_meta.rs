//! A feed's metadata in every format: ID, title, description, addresses and links.

use url::form_urlencoded;

use super::archive::Volume;
use super::feed_item::FeedItem;
use super::site::{Site, source_path, topic_path};
use super::{Format, Rendered};
use crate::model::{LookBack, Source, Timestamp, Topic, TopicId};

/// The date of a feed without entries. A feed must have a date, and that may not be the time of
/// rendering (Q7, Q20).
pub(super) const NOTHING_YET: Timestamp = Timestamp::from_secs(946_684_800); // 2000-01-01

/// A feed's metadata, in every format.
#[derive(Debug, Clone)]
pub(super) struct FeedMeta {
    /// Its id: constant, and independent of its address (Q7).
    pub id: String,
    /// Its title, never empty.
    pub title: String,
    /// Its description, never empty.
    pub description: String,
    /// Its path without the ending that names the format.
    pub stem: String,
    /// The path of the page that shows the same.
    pub page: String,
    /// The latest change of its entries.
    pub updated: Timestamp,
    /// Its links to archived feeds.
    pub place: ArchiveLinks,
    /// Stem of the page of earlier stories, for a feed without an archive. Only JSON Feed has
    /// pages.
    pub earlier: Option<String>,
    /// Stem of the pages of earlier stories, which begin after any of its own.
    pub pages: Option<String>,
}

/// The parameters after `/search?` for a query and a span.
pub(super) fn search_query(query: &str, span: &LookBack) -> String {
    let mut asked = form_urlencoded::Serializer::new(String::new());
    asked.append_pair("q", query);
    let since = span.to_string();
    // The usual window was never part of the id of a feed, however it was asked for.
    if !since.is_empty() && since != format!("{}d", LookBack::USUAL_DAYS) {
        asked.append_pair("since", &since);
    }
    asked.finish()
}

/// The links between a feed and its archived feeds (RFC 5005 §4, Q16).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ArchiveLinks {
    /// Whether it is an archived feed, which will not change.
    pub archived: bool,
    /// Stem of the archived feed before it.
    pub previous: Option<String>,
    /// Stem of the feed that readers subscribe to, in an archived feed.
    pub current: Option<String>,
}

impl ArchiveLinks {
    /// The link relations of RFC 5005 with the stems they lead to.
    pub(super) fn links(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let links = [("current", &self.current), ("prev-archive", &self.previous)];
        links.into_iter().filter_map(|(relation, stem)| Some((relation, stem.as_deref()?)))
    }
}

impl FeedMeta {
    /// Of a topic's feed, before which `archived` was filled.
    pub(super) fn of_topic(
        topic: &Topic,
        items: &[FeedItem<'_>],
        archived: Option<Volume>,
        site: &Site,
    ) -> Self {
        let path = topic_path(&topic.id);
        let previous = archived.map(|volume| volume_path(&topic.id, volume));
        Self {
            id: site.topic_id(&topic.id),
            title: title_of(topic),
            description: description_of(topic),
            stem: path.clone(),
            page: path.clone(),
            updated: latest(items),
            place: ArchiveLinks { previous, ..ArchiveLinks::default() },
            earlier: None,
            pages: Some(path),
        }
    }

    /// Of an archived feed of a topic: the same feed, continued (Q16). Which
    /// volume comes after it is not known when it closes, and may not be in it.
    pub(super) fn of_volume(
        topic: &Topic,
        volume: Volume,
        previous: Option<Volume>,
        items: &[FeedItem<'_>],
        site: &Site,
    ) -> Self {
        let stem = |volume| volume_path(&topic.id, volume);
        let feed = Self::of_topic(topic, items, None, site);
        Self {
            place: ArchiveLinks {
                archived: true,
                previous: previous.map(stem),
                current: Some(feed.stem),
            },
            stem: stem(volume),
            ..feed
        }
    }

    /// Of the feed of all stories.
    pub(super) fn of_everything(items: &[FeedItem<'_>], site: &Site) -> Self {
        Self {
            id: site.stories_id(),
            title: site.name(),
            description: format!("Every story of {}.", site.name()),
            stem: "/stories".to_owned(),
            page: "/".to_owned(),
            updated: latest(items),
            place: ArchiveLinks::default(),
            earlier: None,
            pages: Some("/stories".to_owned()),
        }
    }

    /// Of what a query finds, looking so far back.
    pub(super) fn of_search(
        query: &str,
        span: &LookBack,
        items: &[FeedItem<'_>],
        site: &Site,
    ) -> Self {
        let asked = search_query(query, span);
        let shown = super::text_escape::line(query);
        Self {
            id: site.search_id(&asked),
            title: format!("{shown} – {}", site.name()),
            description: format!("Stories of {} that match: {shown}", site.name()),
            stem: format!("/search?{asked}"),
            page: format!("/search?{asked}"),
            updated: latest(items),
            place: ArchiveLinks::default(),
            earlier: None,
            pages: None,
        }
    }

    /// Of the entries of one source.
    pub(super) fn of_source(source: &Source, items: &[FeedItem<'_>], site: &Site) -> Self {
        let title = super::text_escape::line(&source.title);
        Self {
            id: site.source_feed_id(&source.id),
            description: format!("Entries of {title}, as {} reads them.", site.name()),
            title,
            stem: source_path(&source.id),
            page: if site.shows_sources { "/sources" } else { "/" }.to_owned(),
            updated: latest(items),
            place: ArchiveLinks::default(),
            earlier: None,
            pages: None,
        }
    }

    /// The absolute address of this feed in a format.
    pub(super) fn address(&self, format: Format, site: &Site) -> String {
        site.address(&self.path(format))
    }

    /// The path of this feed in a format.
    pub(super) fn path(&self, format: Format) -> String {
        at(&self.stem, format)
    }

    /// This feed in a format, ready to be served.
    pub(super) fn rendered(&self, format: Format, mut body: Vec<u8>, site: &Site) -> Rendered {
        // It stays in memory for long.
        body.shrink_to_fit();
        Rendered {
            path: self.path(format),
            content_type: format.content_type(),
            body: body.into(),
            link: Some(self.link(format, site)),
        }
    }

    /// The Link header of an archived feed of a topic: what its bytes cannot say.
    pub(super) fn link_of_volume(
        topic: &TopicId,
        volume: Volume,
        next: Option<Volume>,
        format: Format,
        site: &Site,
    ) -> String {
        let address = |volume, format| site.address(&at(&volume_path(topic, volume), format));
        let mut link = format!("<{}>; rel=\"self\"", address(volume, format));
        for other in Format::ALL.into_iter().filter(|other| *other != format) {
            let (address, media_type) = (address(volume, other), other.media_type());
            link += &format!(", <{address}>; rel=\"alternate\"; type=\"{media_type}\"");
        }
        if let Some(next) = next {
            link += &format!(", <{}>; rel=\"next-archive\"", address(next, format));
        }
        link
    }

    /// The Link header: what a subscriber's hub, or another format, is called (Q31).
    fn link(&self, format: Format, site: &Site) -> String {
        let mut link = format!("<{}>; rel=\"self\"", self.address(format, site));
        if let Some(hub) = &site.hub {
            link += &format!(", <{hub}>; rel=\"hub\"");
        }
        for other in Format::ALL.into_iter().filter(|other| *other != format) {
            let address = self.address(other, site);
            link += &format!(", <{address}>; rel=\"alternate\"; type=\"{}\"", other.media_type());
        }
        link
    }
}

/// The path of an archived feed without its ending.
pub(super) fn volume_path(topic: &TopicId, volume: Volume) -> String {
    format!("{}/archive/{volume}", topic_path(topic))
}

/// The path of a feed in a format; the ending stands before what is asked.
pub(super) fn at(stem: &str, format: Format) -> String {
    match stem.split_once('?') {
        Some((stem, asked)) => format!("{stem}.{}?{asked}", format.ending()),
        None => format!("{stem}.{}", format.ending()),
    }
}

/// A topic's title for readers.
pub(super) fn title_of(topic: &Topic) -> String {
    match super::text_escape::line(&topic.title) {
        title if title.is_empty() => topic.id.to_string(),
        title => title,
    }
}

/// A topic's description for readers.
pub(super) fn description_of(topic: &Topic) -> String {
    match super::text_escape::line(&topic.description) {
        description if description.is_empty() => format!("Stories on {}.", title_of(topic)),
        description => description,
    }
}

/// The latest change of anything a feed tells, a withdrawal too, never the
/// time of rendering (Q7).
fn latest(items: &[FeedItem<'_>]) -> Timestamp {
    let changes = items.iter().map(|item| item.withdrawn.unwrap_or(item.updated));
    changes.max().unwrap_or(NOTHING_YET)
}
