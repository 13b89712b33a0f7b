//! A masthead and accounts in; an Atom feed (RFC 4287) out.

use std::collections::BTreeMap;

use atom_syndication::extension::Extension;
use atom_syndication::{Category, Feed, FixedDateTime, Generator, Link, Person, Text, TextType};

use super::Format;
use super::account::{Account, Publisher};
use super::legible::{looks_like_markup, numbered, to_be_numbered};
use super::masthead::{Masthead, at};
use super::site::Site;
use super::xml::{Xml, split_after};
use crate::model::Timestamp;

/// The namespace of feed paging and archiving (RFC 5005).
const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// The namespace of tombstones (RFC 6721).
const TOMBSTONES: &str = "http://purl.org/atompub/tombstones/1.0";

/// The feed as bytes, which depend on the arguments alone (Q20).
pub(super) fn render(masthead: &Masthead, accounts: &[Account<'_>], site: &Site) -> Vec<u8> {
    let frame = frame(masthead, accounts, site).write_to(Vec::new());
    let frame = frame.expect("writing to memory cannot fail");
    let (before, behind) = split_after(&frame, "</subtitle>");
    let mut feed =
        Xml::with_room(frame.len() + accounts.iter().map(Account::length).sum::<usize>());
    feed.raw(before);
    accounts.iter().filter(|told| told.withdrawn.is_none()).for_each(|told| entry(told, &mut feed));
    feed.raw(behind);
    numbered(feed.into_bytes())
}

/// The feed without its entries, which come right behind the subtitle.
pub(super) fn frame(masthead: &Masthead, accounts: &[Account<'_>], site: &Site) -> Feed {
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
        ..Feed::default()
    };
    bury(&mut feed, accounts);
    if masthead.place.archived {
        mark_archived(&mut feed);
    }
    feed
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

fn entry(account: &Account<'_>, to: &mut Xml) {
    let language = account.language.map(|language| ("xml:lang", language));
    let html = [language, Some(("type", "html"))];
    to.start("entry", []);
    words("title", language, &account.title, to);
    to.element("id", &account.id);
    to.element("updated", &date(account.updated).to_rfc3339());
    people(&account.authors, to);
    for label in &account.categories {
        to.empty("category", [Some(("term", label.as_str()))]);
    }
    entry_links(account, to);
    to.element("published", &date(account.published).to_rfc3339());
    if let Some(rights) = &account.rights {
        words("rights", None, rights, to);
    }
    source(&account.source, to);
    if let Some(summary) = &account.summary {
        to.element_with("summary", html, summary);
    }
    if let Some(content) = &account.content {
        to.element_with("content", html, content);
    }
    to.end("entry");
}

fn entry_links(account: &Account<'_>, to: &mut Xml) {
    let mut link = |rel, href, more: [Option<(&str, &str)>; 3]| {
        to.empty("link", [Some(("href", href)), Some(("rel", rel))].into_iter().chain(more));
    };
    let page = Some(("type", "text/html"));
    link("alternate", &account.url, [page, None, None]);
    if let Some(original) = &account.original {
        let title = original.host.as_deref().map(|host| ("title", host));
        link("via", &original.url, [None, title, None]);
    }
    for copy in &account.copies {
        if let Some(url) = &copy.url {
            link("via", url, [None, Some(("title", &to_be_numbered(&copy.by))), None]);
        }
    }
    for file in &account.enclosures {
        let length = file.length.map(|bytes| bytes.to_string());
        let length = length.as_deref().map(|length| ("length", length));
        link("enclosure", &file.url, [Some(("type", file.media_type)), None, length]);
    }
    if account.page != account.url {
        let title = Some(("title", "Who published this, and why it is one story"));
        link("related", &account.page, [page, title, None]);
    }
}

/// `atom:source`: who leads, in its own words (Q8).
fn source(publisher: &Publisher, to: &mut Xml) {
    to.start("source", []);
    words("title", None, &publisher.title, to);
    to.element("id", &publisher.id);
    to.element("updated", &date(publisher.updated).to_rfc3339());
    people(&publisher.authors, to);
    if let Some(feed) = &publisher.feed {
        to.empty("link", [Some(("href", feed.as_str())), Some(("rel", "self"))]);
    }
    if let Some(page) = &publisher.page {
        let page = [("href", page.as_str()), ("rel", "alternate"), ("type", "text/html")];
        to.empty("link", page.map(Some));
    }
    if let Some(rights) = &publisher.rights {
        words("rights", None, rights, to);
    }
    to.end("source");
}

fn people(names: &[String], to: &mut Xml) {
    for name in names {
        to.start("author", []);
        to.element("name", name);
        to.end("author");
    }
}

/// The same as [`text`].
fn words(name: &str, language: Option<(&str, &str)>, plain: &str, to: &mut Xml) {
    match looks_like_markup(plain) {
        true => {
            let html = super::legible::escape(plain);
            to.element_with(name, [language, Some(("type", "html"))], &html);
        }
        false => to.element_with(name, [language], plain),
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
