//! Validates JSON Feeds against version 1.1 of the specification.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{Report, html, text, value};

/// What a member must be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Address,
    Date,
    Html,
    Number,
    Flag,
    Language,
    MediaType,
    Texts,
    List,
}

use Kind::{Address, Date, Flag, Html, Language, List, MediaType, Number, Text, Texts};

const OF_FEED: &[(&str, Kind, bool)] = &[
    ("version", Address, true),
    ("title", Text, true),
    ("items", List, true),
    ("home_page_url", Address, false),
    ("feed_url", Address, false),
    ("description", Text, false),
    ("user_comment", Text, false),
    ("next_url", Address, false),
    ("icon", Address, false),
    ("favicon", Address, false),
    ("authors", List, false),
    ("language", Language, false),
    ("expired", Flag, false),
    ("hubs", List, false),
];

const OF_ITEM: &[(&str, Kind, bool)] = &[
    ("id", Text, true),
    ("url", Address, false),
    ("external_url", Address, false),
    ("title", Text, false),
    ("content_html", Html, false),
    ("content_text", Text, false),
    ("summary", Text, false),
    ("image", Address, false),
    ("banner_image", Address, false),
    ("date_published", Date, false),
    ("date_modified", Date, false),
    ("authors", List, false),
    ("tags", Texts, false),
    ("language", Language, false),
    ("attachments", List, false),
];

const OF_AUTHOR: &[(&str, Kind, bool)] =
    &[("name", Text, false), ("url", Address, false), ("avatar", Address, false)];

const OF_HUB: &[(&str, Kind, bool)] = &[("type", Text, true), ("url", Address, true)];

const OF_ATTACHMENT: &[(&str, Kind, bool)] = &[
    ("url", Address, true),
    ("mime_type", MediaType, true),
    ("title", Text, false),
    ("size_in_bytes", Number, false),
    ("duration_in_seconds", Number, false),
];

pub(super) fn check(body: &[u8], address: &str, report: &mut Report) {
    let feed: Map<String, Value> = match serde_json::from_slice(body) {
        Ok(feed) => feed,
        Err(error) => return report.say("InvalidJson", error.to_string()),
    };
    members(&feed, "feed", OF_FEED, report);
    let version = feed.get("version").and_then(Value::as_str).unwrap_or_default();
    let known = version == "https://jsonfeed.org/version/1.1";
    report.unless(known, "JsonMember", format!("version {version:?}"));
    let member = |name| feed.get(name).and_then(Value::as_str);
    let itself = member("feed_url").unwrap_or_default();
    let what = format!("{itself}, not {address}");
    report.unless(itself == address, "SelfDoesntMatchLocation", what);
    report.unless(member("next_url") != Some(itself), "JsonNextUrl", itself);
    each(feed.get("authors"), "author", OF_AUTHOR, report);
    each(feed.get("hubs"), "hub", OF_HUB, report);
    let mut ids = BTreeSet::new();
    for item in each(feed.get("items"), "item", OF_ITEM, report) {
        let id = item.get("id").map(Value::to_string).unwrap_or_default();
        report.unless(!id.trim_matches('"').is_empty(), "JsonMember", "the id is empty");
        report.unless(ids.insert(id.clone()), "JsonDuplicateId", &*id);
        let has_text = item.contains_key("content_html") || item.contains_key("content_text");
        report.unless(has_text, "JsonMember", format!("{id} has no content"));
        each(item.get("attachments"), "attachment", OF_ATTACHMENT, report);
        for author in each(item.get("authors"), "author", OF_AUTHOR, report) {
            report.unless(!author.is_empty(), "JsonMember", format!("an author of {id} is nobody"));
        }
    }
}

/// The objects of a list, each held against its members.
fn each<'v>(
    list: Option<&'v Value>,
    place: &str,
    known: &[(&str, Kind, bool)],
    report: &mut Report,
) -> Vec<&'v Map<String, Value>> {
    let objects = list.and_then(Value::as_array).into_iter().flatten();
    let objects = objects.filter_map(|value| {
        report.unless(value.is_object(), "JsonMember", format!("{place}: {value}"));
        value.as_object()
    });
    let objects: Vec<_> = objects.collect();
    objects.iter().for_each(|object| members(object, place, known, report));
    objects
}

fn members(
    object: &Map<String, Value>,
    place: &str,
    known: &[(&str, Kind, bool)],
    report: &mut Report,
) {
    for (name, _, needed) in known {
        let missing = *needed && !object.contains_key(*name);
        report.unless(!missing, "JsonMember", format!("{place} has no {name}"));
    }
    for (name, value) in object {
        let what = format!("{name} of {place}: {value}");
        match known.iter().find(|(of, ..)| of == name) {
            Some((_, kind, _)) => member(value, *kind, what, report),
            // What others add begins with an underscore, and no dot is in it.
            None => {
                let marked = name.len() > 1 && name.starts_with('_') && !name.contains('.');
                report.unless(marked, "JsonUnknown", what);
            }
        }
    }
}

fn member(value: &Value, kind: Kind, what: String, report: &mut Report) {
    let is_texts =
        |list: &Vec<Value>| list.iter().all(|one| one.as_str().is_some_and(|one| !one.is_empty()));
    let fits = match kind {
        Number => value.is_u64() || value.is_f64(),
        Flag => value.is_boolean(),
        List => value.is_array(),
        Texts => value.as_array().is_some_and(is_texts),
        Text | Html | Address | Date | Language | MediaType => value.is_string(),
    };
    report.unless(fits, "JsonMember", &*what);
    let Some(said) = value.as_str() else { return };
    text::characters(said, &what, report);
    let control = said.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'));
    report.unless(!control, "BadCharacters", &*what);
    match kind {
        Address => value::address(said, &what, report),
        Date => value::rfc3339(said, &what, report),
        Html => html::fragment(said, &what, report),
        Language => report.unless(value::is_language(said), "InvalidLanguage", what),
        MediaType => value::media_type(said, &what, report),
        _ => {}
    }
}
