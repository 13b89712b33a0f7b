//! A masthead and accounts in; an RSS 2.0 feed out.

use rss::Channel;
use rss::extension::{Extension, ExtensionMap, dublincore};

use super::Format;
use super::account::Account;
use super::dates::http_date;
use super::legible::{numbered, to_be_numbered};
use super::masthead::{Masthead, at};
use super::site::Site;
use super::xml::{Xml, split_before};

/// Atom's namespace: RSS borrows its links.
pub(super) const ATOM: &str = "http://www.w3.org/2005/Atom";

/// The namespace of full accounts.
const CONTENT: &str = "http://purl.org/rss/1.0/modules/content/";

/// The feed as bytes, which depend on the arguments alone (Q20).
pub(super) fn render(masthead: &Masthead, accounts: &[Account<'_>], site: &Site) -> Vec<u8> {
    let frame = frame(masthead, accounts, site).write_to(Vec::new());
    let frame = frame.expect("writing to memory cannot fail");
    let (before, behind) = split_before(&frame, "</channel>");
    let mut feed =
        Xml::with_room(frame.len() + accounts.iter().map(Account::length).sum::<usize>());
    feed.raw(before);
    accounts.iter().filter(|told| told.withdrawn.is_none()).for_each(|told| item(told, &mut feed));
    feed.raw(behind);
    numbered(feed.into_bytes())
}

/// The channel without its items, which come last in it.
pub(super) fn frame(masthead: &Masthead, accounts: &[Account<'_>], site: &Site) -> Channel {
    let mut told = accounts.iter().filter(|told| told.withdrawn.is_none()).peekable();
    let mut spaces = vec![("atom", ATOM)];
    spaces.extend(told.peek().map(|_| ("dc", dublincore::NAMESPACE)));
    spaces.extend(told.any(|told| told.content.is_some()).then_some(("content", CONTENT)));
    let spaces = spaces.into_iter().map(|(name, space)| (name.to_owned(), space.to_owned()));
    Channel {
        title: to_be_numbered(&masthead.title),
        link: site.address(&masthead.page),
        description: to_be_numbered(&masthead.description),
        generator: Some("gazetted".to_owned()),
        last_build_date: Some(http_date(masthead.updated)),
        namespaces: spaces.collect(),
        extensions: atom([("link", links(masthead, site))]),
        ..Channel::default()
    }
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

fn item(account: &Account<'_>, to: &mut Xml) {
    to.start("item", []);
    to.element("title", &to_be_numbered(&account.title));
    to.element("link", &account.url);
    // Without a full account the short one is the description; with one, the
    // description must come before it and may not be missing (Q41).
    match (&account.content, &account.summary) {
        (_, Some(summary)) => to.character_data("description", summary),
        (Some(_), None) => {
            to.character_data("description", &super::legible::escape(&account.excerpt));
        }
        (None, None) => to.character_data("description", ""),
    }
    for label in &account.categories {
        to.element("category", &to_be_numbered(label));
    }
    if let Some(file) = account.enclosures.first() {
        // RSS wants a number; zero is its word for "not known".
        let length = file.length.unwrap_or(0).to_string();
        let told = [("url", &*file.url), ("length", &length), ("type", file.media_type)];
        to.empty("enclosure", told.map(Some));
    }
    let is_page = (account.id != account.url).then_some(("isPermaLink", "false"));
    to.element_with("guid", [is_page], &account.id);
    to.element("pubDate", &http_date(account.published));
    let by = to_be_numbered(&account.source.name);
    to.element_with("source", [Some(("url", source_url(account)))], &by);
    if let Some(content) = &account.content {
        to.character_data("content:encoded", content);
    }
    for copy in &account.copies {
        // A link per copy, as in Atom.
        if let Some(url) = &copy.url {
            let title = to_be_numbered(&copy.by);
            let via = [("href", url.as_str()), ("rel", "via"), ("title", &title)];
            to.element_with("atom:link", via.map(Some), "");
        }
    }
    // RSS has no word for a revision; Atom's is understood beside it.
    to.element("atom:updated", &account.updated.to_string());
    account.authors.iter().for_each(|name| to.element("dc:creator", name));
    if let Some(rights) = &account.rights {
        to.element("dc:rights", &to_be_numbered(rights));
    }
    to.end("item");
}

/// `<source url>` must be an address: the source's feed, else its page, else the story's.
pub(super) fn source_url<'a>(account: &'a Account<'_>) -> &'a str {
    let source = &account.source;
    source.feed.as_deref().or(source.page.as_deref()).unwrap_or(&account.page)
}

pub(super) fn link(rel: &str, href: &str, more: (&str, &str)) -> Extension {
    let attributes = [("rel", rel), ("href", href), more];
    Extension {
        name: "atom:link".to_owned(),
        attrs: attributes.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..Extension::default()
    }
}

pub(super) fn atom<const N: usize>(elements: [(&str, Vec<Extension>); N]) -> ExtensionMap {
    let elements = elements.map(|(name, extensions)| (name.to_owned(), extensions));
    ExtensionMap::from([("atom".to_owned(), elements.into())])
}
