//! Gives the members of items the names of JSON Feed, where a site's own API uses others.
//!
//! A list of items without anything around it is what WordPress and many others answer.

use serde_json::{Map, Value};

/// The names of JSON Feed, and other names for the same, the best first.
const ALIASES: [(&str, &[&str]); 7] = [
    ("id", &["guid", "uuid"]),
    ("url", &["link", "permalink", "href"]),
    ("title", &["headline", "name"]),
    ("content_html", &["content", "body"]),
    ("summary", &["excerpt", "description", "teaser"]),
    (
        "date_published",
        &["date_gmt", "datePublished", "published", "pubDate", "date", "publication_date"],
    ),
    ("date_modified", &["modified_gmt", "dateModified", "updated", "modified", "lastUpdate"]),
];

/// Renames the members of the items that have other names for what JSON Feed asks for.
pub(super) fn rename(items: &mut [Value]) {
    for item in items.iter_mut().filter_map(Value::as_object_mut) {
        for (name, others) in ALIASES {
            let has_own = item.contains_key(name) && text_of(item, name).is_some();
            let found = others.iter().filter(|_| !has_own).find_map(|other| text_of(item, other));
            let found = found.or_else(|| text_of(item, name).filter(|_| item[name].is_object()));
            if let Some(text) = found {
                item.insert(name.to_owned(), text);
            }
        }
    }
}

/// The text of a member, which WordPress puts into an object of its own.
fn text_of(item: &Map<String, Value>, name: &str) -> Option<Value> {
    let value = item.get(name)?;
    let value = value.get("rendered").unwrap_or(value);
    let is_text = value.is_number() || value.as_str().is_some_and(|text| !text.trim().is_empty());
    is_text.then(|| value.clone())
}

/// Whether these are entries: objects of which each has an address, and some have a title.
pub(super) fn are_entries(items: &[Value]) -> bool {
    let has =
        |item: &Value, name| item.get(name).is_some_and(|it| it.is_string() || it.is_number());
    items.iter().all(|item| has(item, "url")) && items.iter().any(|item| has(item, "title"))
}
