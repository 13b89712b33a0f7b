//! Takes a feed out of a text that holds it escaped, or as the argument of a function.
//!
//! A web service of ASP.NET answers with `<string>` around the escaped document. Others escape the
//! whole document once, or answer a script with JSON in a call (JSONP).

use super::normalise::text_of;
use super::repair;
use crate::markup::{Kind, Pieces};

/// The warning for people to read.
pub(super) const WARNING: &str = "the feed stands escaped or in a call within something else";

/// The feed within a text that is not one; none where there is none.
pub(super) fn opened(text: &str) -> Option<String> {
    argument(text).map(str::to_owned).or_else(|| unescaped(text))
}

/// The document that all text of this one is once it is unescaped.
fn unescaped(text: &str) -> Option<String> {
    if !text.contains("&lt;") && !text.contains("<![CDATA[") {
        return None;
    }
    let inner = text_of(text);
    let inner = inner.trim_start();
    let first = Pieces::of(inner).find(|piece| matches!(piece.kind, Kind::Open { .. }))?;
    let is_feed = inner.starts_with('<') && repair::find_root(inner) == Some(first.start);
    is_feed.then(|| inner.to_owned())
}

/// The object of JSON that a function is called with.
fn argument(text: &str) -> Option<&str> {
    let text = text.trim_start_matches("/**/").trim();
    let (function, argument) = text.split_once('(')?;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.');
    let object = argument.trim_end_matches([';', ' ', '\n', '\r']).strip_suffix(')')?.trim();
    (!function.is_empty() && function.trim_end().chars().all(is_name) && object.starts_with('{'))
        .then_some(object)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_is_found_in_what_stands_around_it() {
        let rss = "<rss><channel><item><title>A</title></item></channel></rss>";
        let escaped = "&lt;rss&gt;&lt;channel&gt;&lt;item&gt;&lt;title&gt;A&lt;/title&gt;\
            &lt;/item&gt;&lt;/channel&gt;&lt;/rss&gt;";
        for (text, inner) in [
            (escaped.to_owned(), Some(rss)),
            (format!("<?xml version='1.0'?>\n<string xmlns='urn:x'>{escaped}</string>"), Some(rss)),
            (format!("<html><body><pre>{escaped}</pre></body></html>"), Some(rss)),
            (format!("<html><body><p>An example:</p><pre>{escaped}</pre></body></html>"), None),
            (format!("<response><![CDATA[{rss}]]></response>"), Some(rss)),
            ("<string>&lt;p&gt;No feed&lt;/p&gt;</string>".to_owned(), None),
            ("feed({\"version\":1});".to_owned(), Some("{\"version\":1}")),
            ("/**/ a.b_c( {\"version\":1} )\n".to_owned(), Some("{\"version\":1}")),
            ("Maintenance (until {noon})".to_owned(), None),
            ("We are back (soon)".to_owned(), None),
            ("<p>text</p>".to_owned(), None),
        ] {
            assert_eq!(opened(&text).as_deref(), inner, "{text}");
        }
    }
}
