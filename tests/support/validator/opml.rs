//! Validates OPML 2.0 lists.

use super::xml::Element;
use super::{Report, html, value};

/// What an outline may say.
const OF_OUTLINE: &[&str] = &[
    "category",
    "created",
    "description",
    "htmlUrl",
    "isBreakpoint",
    "isComment",
    "language",
    "text",
    "title",
    "type",
    "url",
    "version",
    "xmlUrl",
];

pub(super) fn opml(opml: &Element, report: &mut Report) {
    opml.only_attributes(&["version"], report);
    let version = opml.attribute("version").unwrap_or_default();
    report.unless(version == "2.0", "InvalidOPMLVersion", version);
    for name in ["head", "body"] {
        report.unless(opml.first("", name).is_some(), "MissingElement", name);
    }
    for child in opml.children.iter().flat_map(|part| &part.children) {
        let place = format!("<{}>", child.name);
        match child.name.as_str() {
            "title" | "ownerName" => html::fragment(&child.text, &place, report),
            "dateCreated" | "dateModified" => value::rfc2822(&child.text, &place, report),
            "outline" => outline(child, report),
            _ => report.say("UndefinedElement", place),
        }
    }
    let outlines = opml.all("", "body").flat_map(|body| body.all("", "outline")).count();
    report.unless(outlines > 0, "MissingElement", "outline");
}

fn outline(outline: &Element, report: &mut Report) {
    outline.only_attributes(OF_OUTLINE, report);
    outline.only_elements(report);
    let attribute = |name| outline.attribute(name);
    report.unless(attribute("text").is_some(), "MissingAttribute", "text of an outline");
    if attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("rss")) {
        let name = attribute("text").unwrap_or_default();
        report.unless(attribute("xmlUrl").is_some(), "MissingXmlURL", name);
        report.unless(attribute("title").is_some(), "MissingTitleAttr", name);
    } else {
        let of_feeds = ["description", "htmlUrl", "language", "title", "version", "xmlUrl"];
        let is_feed =
            attribute("type").is_none() && of_feeds.iter().any(|n| attribute(n).is_some());
        report.unless(!is_feed, "MissingOutlineType", attribute("text").unwrap_or_default());
    }
    for name in ["xmlUrl", "htmlUrl"] {
        if let Some(url) = attribute(name) {
            value::address(url, name, report);
        }
    }
    for name in ["text", "title", "description"] {
        if let Some(text) = attribute(name) {
            html::fragment(text, name, report);
        }
    }
    for child in &outline.children {
        match child.name.as_str() {
            "outline" => self::outline(child, report),
            other => report.say("UndefinedElement", other),
        }
    }
}
