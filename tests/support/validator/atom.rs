//! Validates Atom feeds.

use std::collections::BTreeSet;

use super::xml::{ATOM, Element, HISTORY};
use super::{Report, html, text, value};

/// Registered relations, as far as the validator knows them.
const RELATIONS: &[&str] = &[
    "alternate",
    "current",
    "describedby",
    "edit",
    "edit-media",
    "enclosure",
    "first",
    "hub",
    "last",
    "license",
    "next",
    "next-archive",
    "payment",
    "prev-archive",
    "previous",
    "related",
    "replies",
    "search",
    "self",
    "service",
    "up",
    "via",
];

/// Those of archived feeds (RFC 5005).
const OF_ARCHIVES: &[&str] =
    &["current", "first", "last", "next", "next-archive", "prev-archive", "previous"];

/// What a feed may hold of Atom itself, and a source, but for the entries.
const OF_FEED: &[&str] = &[
    "author",
    "category",
    "contributor",
    "entry",
    "generator",
    "icon",
    "id",
    "link",
    "logo",
    "rights",
    "subtitle",
    "title",
    "updated",
];

/// What an entry may hold.
const OF_ENTRY: &[&str] = &[
    "author",
    "category",
    "content",
    "contributor",
    "id",
    "link",
    "published",
    "rights",
    "source",
    "summary",
    "title",
    "updated",
];

/// Elements that may stand once, of a feed and of an entry.
const ONCE: &[&str] = &[
    "content",
    "generator",
    "icon",
    "id",
    "logo",
    "published",
    "rights",
    "source",
    "subtitle",
    "summary",
    "title",
    "updated",
];

pub(super) fn feed(feed: &Element, report: &mut Report) {
    report.unless(feed.space == ATOM, "InvalidNamespace", &*feed.space);
    feed.only_attributes(&[], report);
    said_of_feed(feed, true, report);
    let mut entry_seen = false;
    for child in &feed.children {
        let is_atom = child.space == ATOM;
        entry_seen |= is_atom && child.name == "entry";
        let late = entry_seen && is_atom && child.name != "entry";
        report.unless(!late, "MisplacedMetadata", &*child.name);
    }
    let entries: Vec<_> = feed.all(ATOM, "entry").collect();
    let lacks_author = feed.first(ATOM, "author").is_none();
    report.unless(!(lacks_author && entries.is_empty()), "MissingElement", "author of a feed");
    let (mut ids, mut dates) = (BTreeSet::new(), BTreeSet::new());
    for told in entries {
        let child = |name| told.first(ATOM, name).map(|child| child.text.as_str());
        if let Some(id) = child("id") {
            report.unless(ids.insert(id), "DuplicateEntries", id);
        }
        if let Some(date) = child("updated") {
            report.unless(dates.insert(date), "DuplicateUpdated", date);
        }
        entry(told, lacks_author, report);
    }
    if feed.first(HISTORY, "archive").is_some() {
        let links_to = |rel: &[&str]| {
            let mut links = feed.all(ATOM, "link");
            links.any(|link| link.attribute("rel").is_some_and(|told| rel.contains(&told)))
        };
        report.unless(links_to(&["current"]), "MissingCurrentInArchive", "");
        report.unless(links_to(&["prev-archive", "next-archive"]), "ArchiveIncomplete", "");
    }
}

/// What a feed says of itself, or an entry of the feed that it is from.
fn said_of_feed(feed: &Element, is_whole: bool, report: &mut Report) {
    let missing = if is_whole { "MissingElement" } else { "MissingSourceElement" };
    for name in ["id", "title", "updated"] {
        report.unless(feed.first(ATOM, name).is_some(), missing, format!("{name} of a feed"));
    }
    feed.only_elements(report);
    known(feed, OF_FEED, report);
    children(feed, report);
    let links: Vec<_> = feed.all(ATOM, "link").collect();
    let themselves = links.iter().filter(|link| link.attribute("rel") == Some("self"));
    for link in themselves.clone().filter(|_| is_whole) {
        of_itself(link, report);
    }
    report.unless(!is_whole || themselves.count() > 0, "MissingSelf", "");
}

/// A link of a feed to itself, in Atom and in RSS.
pub(super) fn of_itself(link: &Element, report: &mut Report) {
    let href = link.attribute("href").unwrap_or_default();
    report.unless(href.contains("://"), "RelativeSelf", href);
    let is_here = value::canonical(href).as_ref() == Some(&report.address);
    let what = format!("{href}, not {}", report.address);
    report.unless(is_here, "SelfDoesntMatchLocation", what);
}

fn entry(entry: &Element, feed_lacks_author: bool, report: &mut Report) {
    entry.only_attributes(&[], report);
    entry.only_elements(report);
    for name in ["id", "title", "updated"] {
        let found = entry.first(ATOM, name).is_some();
        report.unless(found, "MissingElement", format!("{name} of an entry"));
    }
    let has = |name| entry.first(ATOM, name).is_some();
    let by_source =
        entry.first(ATOM, "source").is_some_and(|it| it.first(ATOM, "author").is_some());
    let has_author = has("author") || by_source || !feed_lacks_author;
    report.unless(has_author, "MissingElement", "author of an entry");
    let content = entry.first(ATOM, "content");
    let is_far = content.is_some_and(|content| content.attribute("src").is_some());
    report.unless(!is_far || has("summary"), "MissingSummary", "");
    report.unless(content.is_some() || has("summary"), "MissingTextualContent", "");
    let links = || entry.all(ATOM, "link");
    let rel = |link: &Element| link.attribute("rel").unwrap_or("alternate").to_owned();
    let leads_on = links().any(|link| rel(link) == "alternate");
    report.unless(content.is_some() || leads_on, "MissingContentOrAlternate", "");
    for link in links() {
        let rel = rel(link);
        report.unless(!OF_ARCHIVES.contains(&&*rel), "FeedHistoryRelInEntry", rel);
    }
    children(entry, report);
    known(entry, OF_ENTRY, report);
    if let Some(source) = entry.first(ATOM, "source") {
        source.only_attributes(&[], report);
        said_of_feed(source, false, report);
        let nested = source.first(ATOM, "entry").is_none();
        report.unless(nested, "UndefinedElement", "an entry in a source");
    }
}

/// Says what may not stand here; of other vocabularies anything may.
fn known(parent: &Element, known: &[&str], report: &mut Report) {
    for child in &parent.children {
        let is_known = known.contains(&child.name.as_str()) && child.space == ATOM;
        let is_other = !child.space.is_empty() && child.space != ATOM;
        let what = format!("<{}> in <{}>", child.name, parent.name);
        report.unless(is_known || is_other, "UndefinedElement", what);
    }
}

/// What a feed, a source and an entry say in the same words.
fn children(parent: &Element, report: &mut Report) {
    for name in ONCE {
        let count = parent.all(ATOM, name).count();
        report.unless(count <= 1, "DuplicateElement", *name);
    }
    let mut alternates = BTreeSet::new();
    for child in parent.children.iter().filter(|child| child.space == ATOM) {
        let place = format!("<{}> in <{}>", child.name, parent.name);
        match child.name.as_str() {
            "id" => {
                child.only_attributes(&[], report);
                value::id(&child.text, &place, report);
            }
            "updated" | "published" => {
                child.only_attributes(&[], report);
                value::rfc3339(&child.text, &place, report);
            }
            "icon" | "logo" => value::address(&child.text, &place, report),
            "title" | "subtitle" | "rights" | "summary" => construct(child, &place, report),
            "content" => content(child, &place, report),
            "author" | "contributor" => person(child, &place, report),
            "category" => {
                child.only_attributes(&["term", "scheme", "label"], report);
                let term = child.attribute("term");
                report.unless(term.is_some(), "MissingAttribute", "term");
                report.unless(term != Some(""), "AttrNotBlank", "term");
            }
            "generator" => {
                child.only_attributes(&["uri", "version"], report);
                report.unless(!child.text.is_empty(), "NotBlank", place);
            }
            "link" => {
                link(child, report);
                let rel = child.attribute("rel").unwrap_or("alternate");
                let kind = (child.attribute("type"), child.attribute("hreflang"));
                let once = rel != "alternate" || alternates.insert(kind);
                report.unless(once, "DuplicateAtomLink", format!("{place}: {kind:?}"));
            }
            _ => {}
        }
    }
}

/// A link, in Atom and in RSS.
pub(super) fn link(link: &Element, report: &mut Report) {
    link.only_attributes(&["href", "rel", "type", "hreflang", "title", "length"], report);
    report.unless(link.text.trim().is_empty(), "AtomLinkNotEmpty", &*link.text);
    let rel = link.attribute("rel").unwrap_or("alternate");
    let known = RELATIONS.contains(&rel) || rel.contains(':');
    report.unless(known, "UnregisteredAtomLinkRel", rel);
    match link.attribute("href") {
        Some(href) => value::address(href, rel, report),
        None => report.say("MissingAttribute", "href"),
    }
    for name in ["rel", "title", "length"] {
        report.unless(link.attribute(name) != Some(""), "AttrNotBlank", name);
    }
    if let Some(kind) = link.attribute("type") {
        value::media_type(kind, rel, report);
        let is_feed = ["application/atom+xml", "application/rss+xml"].contains(&kind);
        report.unless(rel != "self" || is_feed, "SelfNotAtom", kind);
    }
    if let Some(title) = link.attribute("title") {
        text::plain(title, "title of a link", link.numbers, report);
    }
    if let Some(length) = link.attribute("length") {
        report.unless(length.parse::<u64>().is_ok(), "InvalidIntegerAttribute", length);
    }
    if let Some(language) = link.attribute("hreflang") {
        report.unless(value::is_language(language), "InvalidLanguage", language);
    }
}

/// A text that says what it is.
fn construct(element: &Element, place: &str, report: &mut Report) {
    element.only_attributes(&["type"], report);
    report.unless(!element.text.is_empty(), "NotBlank", place);
    for child in &element.children {
        report.say("UndefinedElement", format!("<{}> in {place}", child.name));
    }
    match element.attribute("type").unwrap_or("text") {
        "text" => {
            let what = format!("{place}: {:?}", element.text);
            report.unless(!text::markup(&element.text), "ContainsUndeclaredHTML", what);
        }
        "html" => html::fragment(&element.text, place, report),
        other => report.say("InvalidTextType", other),
    }
}

fn content(element: &Element, place: &str, report: &mut Report) {
    element.only_attributes(&["type", "src"], report);
    match element.attribute("type") {
        None | Some("text" | "html") => construct(element, place, report),
        Some(kind) => value::media_type(kind, place, report),
    }
}

fn person(person: &Element, place: &str, report: &mut Report) {
    person.only_attributes(&[], report);
    person.only_elements(report);
    match person.first(ATOM, "name") {
        Some(name) => text::name(&name.text, place, report),
        None => report.say("MissingElement", "name of a person"),
    }
    for child in &person.children {
        let known = child.space == ATOM && ["name", "email", "uri"].contains(&&*child.name);
        report.unless(known, "UndefinedElement", format!("<{}> in {place}", child.name));
        let once = person.all(ATOM, &child.name).count() == 1;
        report.unless(once, "DuplicateElement", format!("<{}> in {place}", child.name));
    }
}
