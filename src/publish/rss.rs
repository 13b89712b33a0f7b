//! Writes an RSS 2.0 feed with the rss crate.

use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Enclosure, Guid, Item, Source};

use super::Format;
use super::dates::http_date;
use super::feed_item::FeedItem;
use super::feed_meta::{FeedMeta, at};
use super::site::Site;
use super::text_escape::{escape, numbered, to_be_numbered};
use crate::model::Timestamp;

/// Atom's namespace: RSS borrows its links and its date of the last change.
const ATOM: &str = "http://www.w3.org/2005/Atom";

/// The feed as bytes, which depend on the arguments alone (Q20).
pub(super) fn render(meta: &FeedMeta, items: &[FeedItem<'_>], site: &Site) -> Vec<u8> {
    let told = items.iter().filter(|told| told.withdrawn.is_none());
    let channel = Channel {
        title: to_be_numbered(&meta.title),
        link: site.address(&meta.page),
        description: to_be_numbered(&meta.description),
        generator: Some("gazetted".to_owned()),
        last_build_date: Some(http_date(meta.updated)),
        namespaces: [("atom".to_owned(), ATOM.to_owned())].into(),
        extensions: atom([("link", links(meta, site))]),
        items: told.map(item).collect(),
        ..Channel::default()
    };
    numbered(channel.write_to(Vec::new()).expect("writing to memory cannot fail"))
}

fn links(meta: &FeedMeta, site: &Site) -> Vec<Extension> {
    let address = meta.address(Format::Rss, site);
    let mut links = vec![link("self", &address, ("type", Format::Rss.media_type()))];
    if let Some(hub) = site.hub.as_ref().filter(|_| !meta.place.archived) {
        links.push(link("hub", hub.as_str(), ("title", "WebSub hub")));
    }
    for (relation, stem) in meta.place.links() {
        let address = site.address(&at(stem, Format::Rss));
        links.push(link(relation, &address, ("type", Format::Rss.media_type())));
    }
    links
}

fn item(item: &FeedItem<'_>) -> Item {
    // A summary alone is the description. Beside a full text the description must
    // come first and may not be missing (Q41).
    let description = item.summary().unwrap_or_else(|| escape(&item.excerpt));
    Item {
        title: Some(to_be_numbered(&item.title)),
        link: Some(item.url.clone()),
        description: Some(description),
        content: item.content(),
        guid: Some(Guid { value: item.id.clone(), permalink: item.id == item.url }),
        pub_date: Some(http_date(item.published)),
        categories: item.categories.iter().map(|label| category(label)).collect(),
        enclosure: item.enclosures.first().map(|file| Enclosure {
            url: file.url.clone(),
            // RSS requires a number; zero stands for an unknown length.
            length: file.length.unwrap_or(0).to_string(),
            mime_type: file.media_type.to_owned(),
        }),
        source: Some(Source {
            url: source_url(item).to_owned(),
            title: Some(to_be_numbered(&item.source.name)),
        }),
        dublin_core_ext: Some(DublinCoreExtension {
            creators: item.authors.clone(),
            rights: item.rights.iter().map(|rights| to_be_numbered(rights)).collect(),
            ..DublinCoreExtension::default()
        }),
        extensions: atom([("link", copies(item)), ("updated", vec![updated(item.updated)])]),
        ..Item::default()
    }
}

fn category(label: &str) -> Category {
    Category { name: to_be_numbered(label), domain: None }
}

/// A link for each copy, as in Atom.
fn copies(item: &FeedItem<'_>) -> Vec<Extension> {
    let linked = item.copies.iter().filter_map(|copy| Some((copy, copy.url.as_ref()?)));
    linked.map(|(copy, url)| link("via", url, ("title", &to_be_numbered(&copy.by)))).collect()
}

/// RSS has no element for the date of a revision, so Atom's is used.
fn updated(moment: Timestamp) -> Extension {
    Extension {
        name: "atom:updated".to_owned(),
        value: Some(moment.to_string()),
        ..Extension::default()
    }
}

/// `<source url>` must be an address: the source's feed, else its page, else the story's.
fn source_url<'a>(item: &'a FeedItem<'_>) -> &'a str {
    let source = &item.source;
    source.feed.as_deref().or(source.page.as_deref()).unwrap_or(&item.page)
}

fn link(rel: &str, href: &str, more: (&str, &str)) -> Extension {
    let attributes = [("rel", rel), ("href", href), more];
    Extension {
        name: "atom:link".to_owned(),
        attrs: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..Extension::default()
    }
}

fn atom<const N: usize>(elements: [(&str, Vec<Extension>); N]) -> ExtensionMap {
    let elements = elements.map(|(name, extensions)| (name.to_owned(), extensions));
    ExtensionMap::from([("atom".to_owned(), elements.into())])
}
