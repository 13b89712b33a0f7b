//! Validates RSS 2.0 documents.

use std::collections::BTreeSet;

use super::xml::{ATOM, CONTENT, CORE, Element};
use super::{Report, atom, html, text, value};

/// What a channel may hold of RSS itself.
const OF_CHANNEL: &[&str] = &[
    "category",
    "cloud",
    "copyright",
    "description",
    "docs",
    "generator",
    "image",
    "item",
    "language",
    "lastBuildDate",
    "link",
    "managingEditor",
    "pubDate",
    "rating",
    "skipDays",
    "skipHours",
    "title",
    "ttl",
    "webMaster",
];

/// What an item may hold.
const OF_ITEM: &[&str] = &[
    "author",
    "category",
    "comments",
    "description",
    "enclosure",
    "guid",
    "link",
    "pubDate",
    "source",
    "title",
];

pub(super) fn rss(rss: &Element, report: &mut Report) {
    report.unless(rss.space.is_empty(), "InvalidNamespace", &*rss.space);
    rss.only_attributes(&["version"], report);
    let version = rss.attribute("version").unwrap_or_default();
    report.unless(version == "2.0", "InvalidRSSVersion", version);
    match &rss.children[..] {
        [only] if only.name == "channel" => channel(only, report),
        _ => report.say("MissingElement", "channel"),
    }
}

fn channel(channel: &Element, report: &mut Report) {
    channel.only_attributes(&[], report);
    channel.only_elements(report);
    for name in ["title", "link", "description"] {
        let found = channel.first("", name).is_some();
        report.unless(found, "MissingElement", format!("{name} of a channel"));
    }
    let mut item_seen = false;
    for child in &channel.children {
        let place = format!("<{}> of a channel", child.name);
        item_seen |= child.name == "item";
        let late = item_seen && child.name != "item";
        report.unless(!late, "MisplacedItem", &*place);
        let again = ["category", "item", "link"].contains(&&*child.name) && !child.space.is_empty()
            || channel.all(&child.space, &child.name).count() == 1
            || ["category", "item"].contains(&&*child.name);
        report.unless(again, "DuplicateElement", &*place);
        match (child.space.as_str(), child.name.as_str()) {
            ("", "title") => {
                report.unless(!child.text.is_empty(), "NotBlank", &*place);
                text::plain(&child.text, &place, child.numbers, report);
            }
            ("", "description" | "copyright" | "category") => {
                text::plain(&child.text, &place, child.numbers, report);
            }
            ("", "link" | "docs") => value::address(&child.text, &place, report),
            ("", "lastBuildDate" | "pubDate") => value::rfc2822(&child.text, &place, report),
            ("", "language") => {
                report.unless(value::is_language(&child.text), "InvalidLanguage", place);
            }
            ("", known) if OF_CHANNEL.contains(&known) => {}
            (ATOM, "link") => atom::link(child, report),
            _ => report.say("UndefinedElement", place),
        }
    }
    let mut themselves =
        channel.all(ATOM, "link").filter(|link| link.attribute("rel") == Some("self")).peekable();
    report.unless(themselves.peek().is_some(), "MissingAtomSelfLink", "");
    themselves.for_each(|link| atom::of_itself(link, report));
    let mut guids = BTreeSet::new();
    for told in channel.all("", "item") {
        if let Some(guid) = told.first("", "guid") {
            report.unless(guids.insert(&guid.text), "DuplicateValue", &*guid.text);
        }
        item(told, report);
    }
}

fn item(item: &Element, report: &mut Report) {
    item.only_attributes(&[], report);
    item.only_elements(report);
    let has = |space, name| item.first(space, name).is_some();
    let says = has("", "title") || has("", "description");
    report.unless(says, "ItemMustContainTitleOrDescription", "");
    report.unless(has("", "guid"), "MissingGuid", "");
    for (own, space, other) in [
        ("author", CORE, "creator"),
        ("category", CORE, "subject"),
        ("pubDate", CORE, "date"),
        ("source", CORE, "source"),
        ("guid", ATOM, "id"),
        ("pubDate", ATOM, "published"),
    ] {
        let twice = has("", own) && has(space, other);
        report.unless(!twice, "DuplicateItemSemantics", format!("{own} and {other}"));
    }
    let files = item.all("", "enclosure").count();
    report.unless(files <= 1, "DuplicateEnclosure", "");
    let mut seen: Vec<&str> = Vec::new();
    for child in &item.children {
        let place = format!("<{}> of an item", child.name);
        let many = matches!(
            (child.space.as_str(), child.name.as_str()),
            ("", "category" | "enclosure") | (ATOM, "link") | (CORE, "creator")
        );
        let once = many || item.all(&child.space, &child.name).count() == 1;
        report.unless(once, "DuplicateElement", &*place);
        let known: &[&str] = match (child.space.as_str(), child.name.as_str()) {
            ("", "guid") => &["isPermaLink"],
            ("", "source") => &["url"],
            ("", "category") => &["domain"],
            ("", "enclosure") => &["url", "length", "type"],
            (ATOM, "link") => &["href", "rel", "type", "hreflang", "title", "length"],
            _ => &[],
        };
        child.only_attributes(known, report);
        of_item(child, &place, &seen, report);
        seen.push(&child.name);
    }
}

fn of_item(child: &Element, place: &str, seen: &[&str], report: &mut Report) {
    let plain = |report: &mut Report| text::plain(&child.text, place, child.numbers, report);
    match (child.space.as_str(), child.name.as_str()) {
        ("", "title" | "category") => {
            report.unless(!child.text.is_empty(), "NotBlank", place);
            plain(report);
        }
        ("", "link" | "comments") => value::address(&child.text, place, report),
        ("", "description") => html::fragment(&child.text, place, report),
        (CONTENT, "encoded") => {
            let after = seen.contains(&"description");
            report.unless(after, "NeedDescriptionBeforeContent", "");
            html::fragment(&child.text, place, report);
        }
        ("", "pubDate") => value::rfc2822(&child.text, place, report),
        ("", "guid") => guid(child, report),
        ("", "source") => {
            match child.attribute("url") {
                Some(url) => value::address(url, place, report),
                None => report.say("MissingAttribute", "url of a source"),
            }
            plain(report);
        }
        ("", "enclosure") => enclosure(child, report),
        (ATOM, "link") => atom::link(child, report),
        (ATOM, "updated") => value::rfc3339(&child.text, place, report),
        (CORE, "rights") => plain(report),
        (CORE, "creator") => {}
        ("", known) if OF_ITEM.contains(&known) => {}
        _ => report.say("UndefinedElement", place),
    }
}

fn guid(guid: &Element, report: &mut Report) {
    let id = guid.text.as_str();
    match guid.attribute("isPermaLink").unwrap_or("true") {
        "false" => {
            let short = id.len() < 9 && id.bytes().all(|byte| byte.is_ascii_digit());
            report.unless(!short, "NotSufficientlyUnique", id);
        }
        "true" => {
            let minted = ["tag:", "urn:uuid:"].iter().any(|scheme| id.starts_with(scheme));
            report.unless(!minted, "InvalidPermalink", id);
            let is_address = url::Url::parse(id).is_ok_and(|url| url.has_host());
            report.unless(minted || is_address, "InvalidHttpGUID", id);
        }
        other => report.say("InvalidBooleanAttribute", other),
    }
}

fn enclosure(file: &Element, report: &mut Report) {
    let attribute = |name| file.attribute(name);
    for name in ["url", "length", "type"] {
        report.unless(attribute(name).is_some(), "MissingAttribute", format!("{name} of a file"));
    }
    let length = attribute("length").unwrap_or("0");
    report.unless(length.parse::<u64>().is_ok(), "InvalidIntegerAttribute", length);
    value::media_type(attribute("type").unwrap_or("text/plain"), "enclosure", report);
    let address = attribute("url").unwrap_or_default();
    value::address(address, "enclosure", report);
    let of_the_web = address.starts_with("http://") || address.starts_with("https://");
    report.unless(of_the_web, "InvalidURLAttribute", address);
}
