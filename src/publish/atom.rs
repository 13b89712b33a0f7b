//! Writes an Atom feed (RFC 4287) with atom_syndication.

use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Source, Text, TextType,
};

use super::Format;
use super::feed_item::{FeedItem, Publisher};
use super::feed_meta::{FeedMeta, at};
use super::site::Site;
use super::text_escape::{looks_like_markup, numbered, to_be_numbered};
use crate::model::Timestamp;

/// The namespace of feed paging and archiving (RFC 5005).
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// The namespace of tombstones (RFC 6721).
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// The feed as bytes, which depend on the arguments alone (Q20).
pub(super) fn render(meta: &FeedMeta, items: &[FeedItem<'_>], site: &Site) -> Vec<u8> {
    let told = items.iter().filter(|told| told.withdrawn.is_none());
    let mut feed = Feed {
        id: meta.id.clone(),
        title: text(&meta.title),
        subtitle: Some(text(&meta.description)),
        updated: date(meta.updated),
        // Every entry names its own authors; this one keeps an empty feed valid (Q1).
        authors: vec![person(&site.name())],
        generator: Some(Generator { value: "gazetted".to_owned(), ..Generator::default() }),
        icon: Some(site.address(super::pages::ICON_PATH)),
        links: links(meta, site),
        entries: told.map(entry).collect(),
        ..Feed::default()
    };
    bury(&mut feed, items);
    if meta.place.archived {
        mark_archived(&mut feed);
    }
    numbered(feed.write_to(Vec::new()).expect("writing to memory cannot fail"))
}

fn links(meta: &FeedMeta, site: &Site) -> Vec<Link> {
    let mut links = vec![
        link("self", meta.address(Format::Atom, site), Some(Format::Atom.media_type())),
        link("alternate", site.address(&meta.page), Some("text/html")),
    ];
    let place = &meta.place;
    if let Some(hub) = site.hub.as_ref().filter(|_| !place.archived) {
        links.push(link("hub", hub.as_str(), None));
    }
    for (relation, stem) in place.links() {
        let address = site.address(&at(stem, Format::Atom));
        links.push(link(relation, address, Some(Format::Atom.media_type())));
    }
    links
}

/// `<fh:archive/>`: this document will not gain entries (RFC 5005 §4).
fn mark_archived(feed: &mut Feed) {
    feed.namespaces.insert("fh".to_owned(), HISTORY.to_owned());
    let names = BTreeMap::from([("archive".to_owned(), vec![element("fh:archive", "")])]);
    feed.extensions.insert("fh".to_owned(), names);
}

/// `<at:deleted-entry>` for what was taken back, with the source that did:
/// without it a reader may not believe a feed that is not the entry's own (Q15).
fn bury(feed: &mut Feed, items: &[FeedItem<'_>]) {
    let tombstones: Vec<_> = items.iter().filter_map(tombstone).collect();
    if !tombstones.is_empty() {
        feed.namespaces.insert("at".to_owned(), TOMBSTONES.to_owned());
        let names = BTreeMap::from([("deleted-entry".to_owned(), tombstones)]);
        feed.extensions.insert("at".to_owned(), names);
    }
}

fn tombstone(item: &FeedItem<'_>) -> Option<Extension> {
    let when = item.withdrawn?;
    let attributes = [("ref", item.id.clone()), ("when", when.to_string())];
    let publisher = &item.source;
    let said = [
        ("id", publisher.id.clone()),
        ("title", publisher.title.clone()),
        ("updated", publisher.updated.to_string()),
    ];
    let said = said.map(|(name, value)| (name.to_owned(), vec![element(name, &value)]));
    let source = Extension { children: said.into(), ..element("source", "") };
    Some(Extension {
        attrs: attributes.map(|(name, value)| (name.to_owned(), value)).into(),
        children: BTreeMap::from([("source".to_owned(), vec![source])]),
        ..element("at:deleted-entry", "")
    })
}

fn element(name: &str, value: &str) -> Extension {
    let value = (!value.is_empty()).then(|| value.to_owned());
    Extension { name: name.to_owned(), value, ..Extension::default() }
}

fn entry(item: &FeedItem<'_>) -> Entry {
    let language = item.language.map(str::to_owned);
    Entry {
        id: item.id.clone(),
        title: Text { lang: language.clone(), ..text(&item.title) },
        updated: date(item.updated),
        published: Some(date(item.published)),
        authors: item.authors.iter().map(|name| person(name)).collect(),
        categories: item.categories.iter().map(|label| category(label)).collect(),
        links: entry_links(item),
        rights: item.rights.as_deref().map(text),
        source: Some(source(&item.source)),
        summary: item.summary().map(|html| Text { lang: language.clone(), ..Text::html(html) }),
        content: item.content().map(|html| Content {
            value: Some(html),
            content_type: Some("html".to_owned()),
            lang: language,
            ..Content::default()
        }),
        ..Entry::default()
    }
}

fn entry_links(item: &FeedItem<'_>) -> Vec<Link> {
    let mut links = vec![link("alternate", item.url.as_str(), Some("text/html"))];
    if let Some(original) = &item.original {
        let title = original.host.clone();
        links.push(Link { title, ..link("via", original.url.as_str(), None) });
    }
    for copy in &item.copies {
        if let Some(url) = &copy.url {
            let title = Some(to_be_numbered(&copy.by));
            links.push(Link { title, ..link("via", url.as_str(), None) });
        }
    }
    for file in &item.enclosures {
        links.push(Link {
            length: file.length.map(|bytes| bytes.to_string()),
            ..link("enclosure", file.url.as_str(), Some(file.media_type))
        });
    }
    if item.page != item.url {
        let title = Some("Who published this, and why it is one story".to_owned());
        links.push(Link { title, ..link("related", item.page.as_str(), Some("text/html")) });
    }
    links
}

/// `atom:source`: the lead's feed, as that feed describes itself (Q8).
fn source(publisher: &Publisher) -> Source {
    let mut links = Vec::new();
    if let Some(feed) = &publisher.feed {
        links.push(link("self", feed.as_str(), None));
    }
    if let Some(page) = &publisher.page {
        links.push(link("alternate", page.as_str(), Some("text/html")));
    }
    Source {
        id: publisher.id.clone(),
        title: text(&publisher.title),
        updated: date(publisher.updated),
        authors: publisher.authors.iter().map(|name| person(name)).collect(),
        rights: publisher.rights.as_deref().map(text),
        links,
        ..Source::default()
    }
}

/// Plain text; where a reader that guesses could see markup in it, declared
/// as HTML and escaped once more, so that none has to guess (Q10).
pub(super) fn text(plain: &str) -> Text {
    if looks_like_markup(plain) {
        let value = super::text_escape::escape(plain);
        Text { value, r#type: TextType::Html, ..Text::default() }
    } else {
        Text::plain(plain)
    }
}

pub(super) fn link(rel: &str, href: impl Into<String>, mime_type: Option<&str>) -> Link {
    Link {
        rel: rel.to_owned(),
        href: href.into(),
        mime_type: mime_type.map(str::to_owned),
        ..Link::default()
    }
}

pub(super) fn person(name: &str) -> Person {
    Person { name: name.to_owned(), ..Person::default() }
}

pub(super) fn category(label: &str) -> Category {
    Category { term: label.to_owned(), ..Category::default() }
}

/// To the second, like every date we print: what changed within one second is one change.
pub(super) fn date(moment: Timestamp) -> FixedDateTime {
    Timestamp::from_secs(moment.as_secs()).to_chrono().fixed_offset()
}
