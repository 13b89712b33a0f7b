//! The promises that every reading keeps, and which of them a reading breaks.

use gazetted::model::{Entry, Timestamp};
use gazetted::parse::Parsed;
use url::Url;

/// 1990-01-01T00:00:00Z, in seconds.
const YEAR_1990: i64 = 631_152_000;

/// The promises broken, in words; none for a good reading.
pub(crate) fn broken(parsed: &Parsed, at: Timestamp) -> Vec<String> {
    let mut broken = Vec::new();
    line(&parsed.feed.title, "the feed's title", &mut broken);
    if parsed.feed.updated.is_some_and(|date| date > at) {
        broken.push("the feed's date is later than the document".to_owned());
    }
    for entry in &parsed.entries {
        entry_of(entry, &mut broken);
    }
    broken
}

fn entry_of(entry: &Entry, broken: &mut Vec<String>) {
    line(&entry.title, "a title", broken);
    text(entry.guid.as_deref().unwrap_or_default(), "an id", broken);
    text(&entry.text, "a text", broken);
    for name in entry.authors.iter().chain(&entry.categories) {
        line(name, "a name", broken);
    }
    for html in entry.summary.iter().chain(&entry.content) {
        text(html, "HTML", broken);
        tags(html, broken);
    }
    let addresses = [&entry.url, &entry.original, &entry.image, &entry.comments];
    let files = entry.enclosures.iter().map(|enclosure| &enclosure.url);
    for address in addresses.into_iter().flatten().chain(files) {
        web(address, broken);
    }
    for date in entry.published.iter().chain(&entry.updated) {
        if date.as_secs() < YEAR_1990 {
            broken.push(format!("a date before there were feeds: {date}"));
        }
    }
}

fn text(text: &str, what: &str, broken: &mut Vec<String>) {
    let forbidden = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    if text.contains(forbidden) {
        broken.push(format!("{what} holds a control character: {text:?}"));
    }
}

fn line(written: &str, what: &str, broken: &mut Vec<String>) {
    text(written, what, broken);
    let lower = written.to_lowercase();
    for name in ["script", "style", "b", "a", "p", "img", "br", "iframe", "svg", "object"] {
        let tag = format!("<{name}");
        let ends = lower.split(&tag).skip(1).any(|rest| rest.starts_with(['>', ' ', '/']));
        // `a <b c` compares; a tag that can do something has attributes or an end.
        if ends && (name.len() > 1 || lower.contains(&format!("{tag}>"))) {
            broken.push(format!("{what} holds {tag}: {written:?}"));
        }
    }
    if written.contains(['\n', '\r', '\t']) || written.trim() != written {
        broken.push(format!("{what} is not one trimmed line: {written:?}"));
    }
}

fn web(address: &Url, broken: &mut Vec<String>) {
    if !matches!(address.scheme(), "http" | "https") || address.password().is_some() {
        broken.push(format!("an address is not one of the web: {address}"));
    }
}

/// Elements that can do nothing.
const HARMLESS: &str = " a abbr acronym address article aside b bdi blockquote br caption center \
    cite code col colgroup dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 \
    header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section small span strike \
    strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr ";
const ATTRIBUTES: &str =
    " alt colspan datetime dir height href lang rel rowspan span src start title width ";

fn tags(html: &str, broken: &mut Vec<String>) {
    let mut open = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let Some(end) = rest[start..].find('>') else {
            broken.push(format!("a tag does not end: {html:?}"));
            return;
        };
        let tag = &rest[start + 1..start + end];
        rest = &rest[start + end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                broken.push(format!("</{name}> closes nothing: {html:?}"));
            }
            continue;
        }
        let name = tag.split(' ').next().unwrap_or_default();
        if !HARMLESS.contains(&format!(" {name} ")) {
            broken.push(format!("<{name}> is not harmless: {html:?}"));
        }
        attributes(tag[name.len()..].trim(), html, broken);
        if !matches!(name, "br" | "hr" | "img" | "wbr" | "col") {
            open.push(name);
        }
    }
    if !open.is_empty() {
        broken.push(format!("{open:?} are not closed: {html:?}"));
    }
}

fn attributes(mut rest: &str, html: &str, broken: &mut Vec<String>) {
    while !rest.is_empty() {
        let Some((name, (value, after))) =
            rest.split_once("=\"").and_then(|(name, rest)| Some((name, rest.split_once('"')?)))
        else {
            broken.push(format!("attributes cannot be read: {rest:?} in {html:?}"));
            return;
        };
        rest = after.trim_start();
        if !ATTRIBUTES.contains(&format!(" {name} ")) {
            broken.push(format!("{name} is not harmless: {html:?}"));
        }
        let schemes = ["http://", "https://", "mailto:", "data:image/"];
        let lower = value.to_ascii_lowercase();
        if matches!(name, "href" | "src") && !schemes.iter().any(|scheme| lower.starts_with(scheme))
        {
            broken.push(format!("{name} leads to {value:?}"));
        }
    }
}
