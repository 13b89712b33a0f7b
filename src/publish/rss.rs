//! A masthead and accounts in; an RSS 2.0 feed out.

use std::collections::BTreeMap;

use rss::extension::dublincore::DublinCoreExtension;
use rss::extension::{Extension, ExtensionMap};
use rss::{Category, Channel, Enclosure, Guid, Item, Source};

use super::Format;
use super::account::Account;
use super::dates::http_date;
use super::legible::{numbered, to_be_numbered};
use super::masthead::{Masthead, at};
use super::site::Site;
use crate::model::Timestamp;

/// Atom's namespace: RSS borrows its links.
const ATOM: &str = "http://www.w3.org/2005/Atom";

/// The feed as bytes, which depend on the arguments alone (Q20).
pub(super) fn render(masthead: &Masthead, accounts: &[Account<'_>], site: &Site) -> Vec<u8> {
    let channel = Channel {
        title: to_be_numbered(&masthead.title),
        link: site.address(&masthead.page),
        description: to_be_numbered(&masthead.description),
        generator: Some("gazetted".to_owned()),
        last_build_date: Some(http_date(masthead.updated)),
        namespaces: BTreeMap::from([("atom".to_owned(), ATOM.to_owned())]),
        extensions: atom([("link", links(masthead, site))]),
        items: accounts.iter().filter(|told| told.withdrawn.is_none()).map(item).collect(),
        ..Channel::default()
    };
    numbered(channel.write_to(Vec::new()).expect("writing to memory cannot fail"))
}

fn links(masthead: &Masthead, site: &Site) -> Vec<Extension> {
    let address = masthead.address(Format::Rss, site);
    let mut links = vec![link("self", &address, ("type", Format::Rss.media_type()))];
    if let Some(hub) = site.hub.as_ref().filter(|_| !masthead.place.archived) {
        links.push(link("hub", hub.as_str(), ("title", "WebSub hub")));
    }
    for (relation, stem) in masthead.place.links() {
        let address = site.address(&at(stem, Format::Rss));
        links.push(link(relation, &address, ("type", Format::Rss.media_type())));
    }
    links
}

fn item(account: &Account<'_>) -> Item {
    // Without a full account the short one is the description; with one, the
    // description must come before it and may not be missing (Q41).
    let description = match (&account.content, &account.summary) {
        (_, Some(summary)) => summary.clone(),
        (Some(_), None) => super::legible::escape(&account.excerpt),
        (None, None) => String::new(),
    };
    Item {
        title: Some(to_be_numbered(&account.title)),
        link: Some(account.url.clone()),
        description: Some(description),
        content: account.content.clone(),
        guid: Some(Guid { value: account.id.clone(), permalink: account.id == account.url }),
        pub_date: Some(http_date(account.published)),
        categories: account.categories.iter().map(|label| category(label)).collect(),
        enclosure: account.enclosures.first().map(|file| Enclosure {
            url: file.url.clone(),
            // RSS wants a number; zero is its word for "not known".
            length: file.length.unwrap_or(0).to_string(),
            mime_type: file.media_type.to_owned(),
        }),
        source: Some(Source {
            url: source_url(account),
            title: Some(to_be_numbered(&account.source.name)),
        }),
        dublin_core_ext: Some(DublinCoreExtension {
            creators: account.authors.clone(),
            rights: account.rights.iter().map(|rights| to_be_numbered(rights)).collect(),
            ..DublinCoreExtension::default()
        }),
        extensions: atom([("link", copies(account)), ("updated", vec![updated(account.updated)])]),
        ..Item::default()
    }
}

/// `<source url>` must be an address: the source's feed, else its page, else the story's.
fn source_url(account: &Account<'_>) -> String {
    let source = &account.source;
    source.feed.clone().or_else(|| source.page.clone()).unwrap_or_else(|| account.page.clone())
}

/// A link per copy, as in Atom.
fn copies(account: &Account<'_>) -> Vec<Extension> {
    let linked = account.copies.iter().filter_map(|copy| Some((copy, copy.url.as_ref()?)));
    linked.map(|(copy, url)| link("via", url, ("title", &to_be_numbered(&copy.by)))).collect()
}

/// RSS has no word for a revision; Atom's is understood beside it.
fn updated(moment: Timestamp) -> Extension {
    Extension {
        name: "atom:updated".to_owned(),
        value: Some(moment.to_string()),
        ..Extension::default()
    }
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

fn category(label: &str) -> Category {
    Category { name: to_be_numbered(label), domain: None }
}
