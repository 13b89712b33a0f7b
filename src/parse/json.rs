//! Rewrites a JSON Feed so that feed-rs takes it, and notes an outline of it.

mod aliases;
mod broken_off;
mod repair;

use std::borrow::Cow;

use serde_json::{Map, Value};
use url::Url;

use super::date::Dates;
use super::normalise::{left_out_warning, newest};
use super::outline::{Link, Note, Outline};
use super::{Break, Limits};
use crate::model::{Failure, FailureKind, Timestamp};

/// A JSON Feed in the form that feed-rs knows.
#[derive(Debug)]
pub(super) struct Normalised {
    pub(super) text: String,
    pub(super) outline: Outline,
}

/// Reads a JSON Feed, forgiving about what is missing or of another type.
pub(super) fn normalise(
    text: &str,
    base: Option<&Url>,
    limits: &Limits,
) -> Result<Normalised, Failure> {
    let mut outline = Outline::default();
    if count_values(text) > limits.elements {
        let message = format!("it holds more than {} values", limits.elements);
        return Err(Failure::new(FailureKind::TooLarge, message));
    }
    let Some(mut feed) = read_feed_object(text, &mut outline) else {
        return Err(super::not_a_feed::explain(text, base));
    };
    let version = string(&feed, "version").unwrap_or_default();
    let mut items = feed.remove("items").map(listed);
    let says_so = version.contains("jsonfeed.org/version/1");
    if let Some(Ok(items)) = items.as_mut().filter(|_| !says_so) {
        aliases::rename(items);
    }
    let is_named =
        || ["title", "feed_url", "home_page_url"].iter().any(|key| feed.contains_key(*key));
    // The last of a list that breaks off may lack its address.
    let are_entries = |items: &[Value]| {
        let is_half = outline.broken_off == Some(Break::WithinLast);
        let whole = items.len().saturating_sub(usize::from(is_half));
        aliases::are_entries(items) || aliases::are_entries(&items[..whole])
    };
    let is_feed = says_so
        || matches!(&items, Some(Ok(items)) if holds_entry(items) && is_named() || are_entries(items));
    if !is_feed {
        return Err(super::not_a_feed::explain(text, base));
    }
    outline.format = match version.rsplit('/').next() {
        _ if !says_so && !is_named() => "JSON".to_owned(),
        Some(number) if !number.is_empty() => {
            format!("JSON Feed {}", &super::clean::cut_to(number, 8))
        }
        _ => "JSON Feed".to_owned(),
    };
    read_feed(&feed, &mut outline);

    let mut items = match items.take() {
        Some(Ok(items)) => items,
        Some(Err(kind)) => {
            let message = format!("a JSON Feed whose `items` are {kind} instead of a list");
            return Err(Failure::new(FailureKind::NotAFeed, message));
        }
        None => {
            outline.warnings.push("the JSON Feed has no `items`".to_owned());
            Vec::new()
        }
    };
    let mut stated = dates_of(&items, &mut outline, base);
    let dates: Vec<_> = stated.iter().map(|(published, updated)| published.or(*updated)).collect();
    let mut is_last_kept = true;
    if let Some(kept) = newest(&dates, limits.entries) {
        let left_out = items.len() - limits.entries;
        outline.warnings.push(left_out_warning(limits.entries, left_out));
        (outline.left_out, outline.is_limited) = (left_out, true);
        is_last_kept = kept.last().copied().unwrap_or(true);
        let mut of_items = kept.iter();
        items.retain(|_| of_items.next().copied().unwrap_or(true));
        let mut of_dates = kept.iter();
        stated.retain(|_| of_dates.next().copied().unwrap_or(true));
    }
    let mut kept = Vec::with_capacity(items.len());
    for (item, (published, updated)) in items.into_iter().zip(stated) {
        let Value::Object(mut item) = item else {
            outline.warnings.push("an item that is not an object was left out".to_owned());
            continue;
        };
        outline.entries.push(Note { published, updated, ..read_item(&item) });
        normalise_item(&mut item);
        kept.push(Value::Object(item));
    }
    if let Some(last) = outline.entries.last_mut() {
        last.is_last = is_last_kept;
    }
    feed.insert("items".to_owned(), Value::Array(kept));
    normalise_feed(&mut feed, version);
    Ok(Normalised { text: Value::Object(feed).to_string(), outline })
}

/// Reads the object of a feed, or a list of items without one around it.
fn read_feed_object(text: &str, outline: &mut Outline) -> Option<Map<String, Value>> {
    match read_value(text, outline)? {
        Value::Object(feed) => Some(feed),
        items @ Value::Array(_) => Some(Map::from_iter([("items".to_owned(), items)])),
        _ => None,
    }
}

/// Reads a value, after repairs if it takes some.
fn read_value(text: &str, outline: &mut Outline) -> Option<Value> {
    if let Ok(value) = serde_json::from_str(text) {
        return Some(value);
    }
    let mut text = Cow::Borrowed(text);
    if let Some(repaired) = without_lone_surrogates(&text) {
        outline.warnings.push("halves of characters were replaced".to_owned());
        text = Cow::Owned(repaired);
    }
    if let Some(repaired) = repair::repaired(&text) {
        outline.warnings.push("values that JSON does not know were replaced".to_owned());
        text = Cow::Owned(repaired);
    }
    if let Some(closed) = broken_off::closed(&text) {
        let message = "the document breaks off: what was whole was kept";
        outline.warnings.push(message.to_owned());
        outline.broken_off = Some(closed.broken_off);
        text = Cow::Owned(closed.text);
    }
    serde_json::from_str(&text).ok()
}

/// JSON without escapes of half a character, which strict readers refuse; none where it has none.
/// They stand where a text was cut in the middle of an emoji.
fn without_lone_surrogates(text: &str) -> Option<String> {
    let unit = |at: usize| -> Option<u16> {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut repaired = String::new();
    let (mut from, mut at) = (0, 0);
    while let Some(found) = memchr::memchr(b'\\', &text.as_bytes()[at..]) {
        at += found;
        match (unit(at), unit(at + 6)) {
            (Some(0xD800..=0xDBFF), Some(0xDC00..=0xDFFF)) => at += 12,
            (Some(0xD800..=0xDFFF), _) => {
                repaired.push_str(&text[from..at]);
                repaired.push(char::REPLACEMENT_CHARACTER);
                at += 6;
                from = at;
            }
            // The character behind the backslash may be one itself.
            _ => at += 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        }
    }
    (from > 0).then(|| repaired + &text[from..])
}

/// Whether a list that does not say that it is a feed's holds anything like an entry.
fn holds_entry(items: &[Value]) -> bool {
    let has =
        |item: &Map<String, Value>, keys: &[&str]| keys.iter().any(|key| item.contains_key(*key));
    items.iter().filter_map(Value::as_object).any(|item| {
        has(item, &["id", "url"])
            && has(item, &["title", "content_html", "content_text", "summary", "date_published"])
    })
}

/// The items as a list. PHP writes a list with gaps as an object with numbers for names, and some
/// write a single item without a list. Where they are something else, returns what they are.
fn listed(items: Value) -> Result<Vec<Value>, &'static str> {
    match items {
        Value::Array(items) => Ok(items),
        Value::Null => Ok(Vec::new()),
        Value::Object(item) if item.contains_key("id") || item.contains_key("url") => {
            Ok(vec![Value::Object(item)])
        }
        Value::Object(items) => {
            let mut numbered: Vec<(Option<u64>, Value)> =
                items.into_iter().map(|(key, item)| (key.parse().ok(), item)).collect();
            numbered.sort_by_key(|(number, _)| *number);
            Ok(numbered.into_iter().map(|(_, item)| item).collect())
        }
        Value::String(_) => Err("a text"),
        Value::Number(_) | Value::Bool(_) => Err("a single value"),
    }
}

/// When an item was published and when it was changed.
type Stated = (Option<Timestamp>, Option<Timestamp>);

/// The dates of the items, all read in one order of day and month.
fn dates_of(items: &[Value], outline: &mut Outline, base: Option<&Url>) -> Vec<Stated> {
    let read = |dates: &mut Dates| -> Vec<Stated> {
        let mut date = |item: &Value, key| dates.read(&string(item.as_object()?, key)?);
        let stated = |item| (date(item, "date_published"), date(item, "date_modified"));
        items.iter().map(stated).collect()
    };
    let mut dates = Dates::of(base);
    dates.speak(outline.feed.language.as_deref());
    let mut stated = read(&mut dates);
    if let Some(mut again) = dates.again() {
        stated = read(&mut again);
        dates = again;
    }
    outline.warnings.extend(dates.warning());
    stated
}

/// Hubs of a feed that are kept.
const MAX_HUBS: usize = 16;

/// How many values a text of JSON holds. Each takes many times the two bytes that it is
/// written in, so they are counted before any is read.
fn count_values(text: &str) -> usize {
    let (mut values, mut in_string, mut escaped) = (1, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => values += 1,
            _ => {}
        }
    }
    values
}

fn string(object: &Map<String, Value>, key: &str) -> Option<String> {
    match object.get(key)? {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn read_feed(feed: &Map<String, Value>, outline: &mut Outline) {
    let hints = &mut outline.hints;
    let address = |key| string(feed, key).and_then(|text| super::clean::resolve(&text, None));
    hints.self_url = address("feed_url");
    hints.next = address("next_url");
    hints.ended = feed.get("expired").and_then(Value::as_bool).unwrap_or(false);
    for hub in feed.get("hubs").and_then(Value::as_array).into_iter().flatten().take(MAX_HUBS) {
        let hub = hub.as_object().and_then(|hub| string(hub, "url"));
        hints.hubs.extend(hub.and_then(|hub| super::clean::resolve(&hub, None)));
    }
    if let Some(href) = string(feed, "home_page_url") {
        outline.feed.links.push(Link { rel: "alternate".to_owned(), href, ..Link::default() });
    }
    outline.feed.language = string(feed, "language");
}

fn read_item(item: &Map<String, Value>) -> Note {
    let mut note = Note { language: string(item, "language"), ..Note::default() };
    for (key, rel) in [
        ("url", "alternate"),
        ("external_url", "related"),
        ("image", "image"),
        ("banner_image", "image"),
    ] {
        if let Some(href) = string(item, key) {
            note.links.push(Link { rel: rel.to_owned(), href, ..Link::default() });
        }
    }
    for attachment in item.get("attachments").and_then(Value::as_array).into_iter().flatten() {
        let Some(attachment) = attachment.as_object() else { continue };
        if let Some(href) = string(attachment, "url") {
            note.enclosures.push(Link {
                rel: "enclosure".to_owned(),
                href,
                media_type: string(attachment, "mime_type"),
                length: attachment.get("size_in_bytes").and_then(Value::as_u64),
                language: None,
            });
        }
    }
    note
}

/// feed-rs wants a version and a title, and strings for strings.
fn normalise_feed(feed: &mut Map<String, Value>, version: String) {
    let version = if version.starts_with("https://jsonfeed.org/version/1") {
        version
    } else {
        "https://jsonfeed.org/version/1.1".to_owned()
    };
    let title = string(feed, "title").unwrap_or_default();
    strings(feed, &["home_page_url", "feed_url", "language", "description", "icon", "favicon"]);
    people(feed);
    feed.insert("version".to_owned(), version.into());
    feed.insert("title".to_owned(), title.into());
}

fn normalise_item(item: &mut Map<String, Value>) {
    strings(
        item,
        &[
            "id",
            "url",
            "external_url",
            "title",
            "content_html",
            "content_text",
            "summary",
            "date_published",
            "date_modified",
        ],
    );
    people(item);
    // Noted beside: feed-rs would take the page that an entry cites for the entry's own.
    item.remove("attachments");
    item.remove("external_url");
    if let Some(tags) = item.get_mut("tags") {
        let tags_of = |value: &Value| match value {
            Value::String(tag) => Some(Value::from(tag.as_str())),
            Value::Number(tag) => Some(Value::from(tag.to_string())),
            _ => None,
        };
        *tags = match tags {
            Value::Array(list) => Value::Array(list.iter().filter_map(tags_of).collect()),
            Value::String(list) => Value::Array(list.split(',').map(|t| t.trim().into()).collect()),
            _ => Value::Null,
        };
    }
}

/// Makes these members strings, or takes them out.
fn strings(object: &mut Map<String, Value>, keys: &[&str]) {
    for key in keys {
        if object.get(*key).is_some_and(|value| !value.is_string()) {
            match string(object, key) {
                Some(text) => object.insert((*key).to_owned(), text.into()),
                None => object.remove(*key),
            };
        }
    }
}

/// Makes `author` and `authors` objects with a name.
fn people(object: &mut Map<String, Value>) {
    let person = |value: Value| match value {
        Value::String(name) => Some(serde_json::json!({ "name": name })),
        Value::Object(mut person) => {
            strings(&mut person, &["name", "url", "avatar"]);
            Some(Value::Object(person))
        }
        _ => None,
    };
    if let Some(author) = object.remove("author").and_then(person) {
        object.insert("author".to_owned(), author);
    }
    if let Some(authors) = object.remove("authors") {
        let list = match authors {
            Value::Array(list) => list,
            one => vec![one],
        };
        let list = list.into_iter().filter_map(person).collect();
        object.insert("authors".to_owned(), Value::Array(list));
    }
}
