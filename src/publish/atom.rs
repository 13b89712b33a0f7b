//! Writes an Atom feed (RFC 4287) with atom_syndication.

use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{
    Category, Content, Entry, Feed, FixedDateTime, Generator, Link, Person, Source, Text, TextType,
};

use super::Format;
use super::account::{Account, Publisher};
use super::legible::{looks_like_markup, numbered, to_be_numbered};
use super::masthead::{Masthead, at};
use super::site::Site;
use crate::model::Timestamp;

/// The namespace of feed paging and archiving (RFC 5005).
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// The namespace of tombstones (RFC 6721).
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// The feed as bytes, which depend on the arguments alone (Q20).
pub(super) fn render(masthead: &Masthead, accounts: &[Account<'_>], site: &Site) -> Vec<u8> {
    let told = accounts.iter().filter(|told| told.withdrawn.is_none());
    let mut feed = Feed {
        id: masthead.id.clone(),
        title: text(&masthead.title),
        subtitle: Some(text(&masthead.description)),
        updated: date(masthead.updated),
        // Every entry names its own authors; this one keeps an empty feed valid (Q1).
        authors: vec![person(&site.name())],
        generator: Some(Generator { value: "gazetted".to_owned(), ..Generator::default() }),
        icon: Some(site.address(super::pages::ICON_PATH)),
        links: links(masthead, site),
        entries: told.map(entry).collect(),
        ..Feed::default()
    };
    bury(&mut feed, accounts);
    if masthead.place.archived {
        mark_archived(&mut feed);
    }
    numbered(feed.write_to(Vec::new()).expect("writing to memory cannot fail"))
}

fn links(masthead: &Masthead, site: &Site) -> Vec<Link> {
    let mut links = vec![
        link("self", masthead.address(Format::Atom, site), Some(Format::Atom.media_type())),
        link("alternate", site.address(&masthead.page), Some("text/html")),
    ];
    let place = &masthead.place;
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
fn bury(feed: &mut Feed, accounts: &[Account<'_>]) {
    let tombstones: Vec<_> = accounts.iter().filter_map(tombstone).collect();
    if !tombstones.is_empty() {
        feed.namespaces.insert("at".to_owned(), TOMBSTONES.to_owned());
        let names = BTreeMap::from([("deleted-entry".to_owned(), tombstones)]);
        feed.extensions.insert("at".to_owned(), names);
    }
}

fn tombstone(account: &Account<'_>) -> Option<Extension> {
    let when = account.withdrawn?;
    let attributes = [("ref", account.id.clone()), ("when", when.to_string())];
    let publisher = &account.source;
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

fn entry(account: &Account<'_>) -> Entry {
    let language = account.language.map(str::to_owned);
    Entry {
        id: account.id.clone(),
        title: Text { lang: language.clone(), ..text(&account.title) },
        updated: date(account.updated),
        published: Some(date(account.published)),
        authors: account.authors.iter().map(|name| person(name)).collect(),
        categories: account.categories.iter().map(|label| category(label)).collect(),
        links: entry_links(account),
        rights: account.rights.as_deref().map(text),
        source: Some(source(&account.source)),
        summary: account.summary().map(|html| Text { lang: language.clone(), ..Text::html(html) }),
        content: account.content().map(|html| Content {
            value: Some(html),
            content_type: Some("html".to_owned()),
            lang: language,
            ..Content::default()
        }),
        ..Entry::default()
    }
}

fn entry_links(account: &Account<'_>) -> Vec<Link> {
    let mut links = vec![link("alternate", account.url.as_str(), Some("text/html"))];
    if let Some(original) = &account.original {
        let title = original.host.clone();
        links.push(Link { title, ..link("via", original.url.as_str(), None) });
    }
    for copy in &account.copies {
        if let Some(url) = &copy.url {
            let title = Some(to_be_numbered(&copy.by));
            links.push(Link { title, ..link("via", url.as_str(), None) });
        }
    }
    for file in &account.enclosures {
        links.push(Link {
            length: file.length.map(|bytes| bytes.to_string()),
            ..link("enclosure", file.url.as_str(), Some(file.media_type))
        });
    }
    if account.page != account.url {
        let title = Some("Who published this, and why it is one story".to_owned());
        links.push(Link { title, ..link("related", account.page.as_str(), Some("text/html")) });
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
        let value = super::legible::escape(plain);
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
