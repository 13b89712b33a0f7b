//! Writes a page anew without what no article consists of: scripts, styles, comments, drawings.
//!
//! Every `<` of the result is written here, so that the parser that reads it sees the tags seen
//! here, and no more than [`MOST_ATTRIBUTES`] in each: it compares each attribute of a tag with
//! all before it, and a tag of a million attributes would keep it busy for minutes.

use memchr::{memchr, memchr_iter};

use crate::cancel::Cancelled;
use crate::markup::{Kind, Pieces, attributes};
use crate::model::{Failure, FailureKind};

/// Attributes kept of one tag.
const MOST_ATTRIBUTES: usize = 24;

/// The longest name of an element; longer ones are no HTML.
const LONGEST_NAME: usize = 64;

/// Tags and references to characters in a page. A parser takes each as a token of its own, and
/// keeps a note of each that is wrong; no article needs nearly as many.
const MOST_TOKENS: usize = 150_000;

/// Elements that go with all they contain.
const GONE_WITH_CONTENT: &[&str] = &[
    "iframe", "math", "noembed", "noframes", "script", "select", "style", "svg", "template",
    "textarea", "xmp",
];

/// Tags that go and leave what they contain: each changes how all that follows is read.
const GONE: &[&str] = &["frameset", "plaintext"];

/// Attributes that tell where the article is, and those that may be in it.
const ATTRIBUTES: &[&str] = &[
    "alt",
    "aria-hidden",
    "aria-modal",
    "class",
    "colspan",
    "content",
    "data-lazy-src",
    "data-original",
    "data-src",
    "data-srcset",
    "datetime",
    "dir",
    "height",
    "hidden",
    "href",
    "id",
    "itemprop",
    "lang",
    "name",
    "property",
    "rel",
    "role",
    "rowspan",
    "src",
    "srcset",
    "start",
    "style",
    "summary",
    "title",
    "width",
];

/// The page without all that, in one pass. The result is at most a few times as long.
pub(super) fn simplify(html: &str, cancelled: &Cancelled) -> Result<String, Failure> {
    let mut out = String::with_capacity(html.len());
    let mut pieces = Pieces::of(html);
    let mut tokens = 0;
    while let Some(piece) = pieces.next() {
        cancelled.check()?;
        tokens += 1 + memchr_iter(b'&', &html.as_bytes()[piece.start..piece.end]).count();
        if tokens > MOST_TOKENS {
            let message = format!("the page has more than {MOST_TOKENS} tags and references");
            return Err(Failure::new(FailureKind::NotAFeed, message));
        }
        match piece.kind {
            Kind::Text(text) => out.push_str(text),
            Kind::Stray => out.push_str("&lt;"),
            Kind::Aside(aside) => {
                // Whether there is one decides how tables in paragraphs are read.
                let start = aside.get(..9).unwrap_or_default();
                if start.eq_ignore_ascii_case("<!doctype") {
                    out.push_str("<!DOCTYPE html>");
                }
            }
            Kind::CData(_) => {}
            // A tag or comment that never ends hides what follows, as in a browser.
            Kind::Unclosed(_) => break,
            Kind::Open { name, attributes, empty } => {
                let name = name.to_ascii_lowercase();
                if GONE_WITH_CONTENT.contains(&name.as_str()) {
                    let closed = empty && matches!(name.as_str(), "svg" | "math");
                    if !closed {
                        pieces.skip_to(piece.end + end_of(&html[piece.end..], &name));
                    }
                } else if is_kept(&name) {
                    write_tag(&mut out, &name, attributes, empty);
                }
            }
            Kind::Close { name } => {
                let name = name.to_ascii_lowercase();
                if is_kept(&name) && !GONE_WITH_CONTENT.contains(&name.as_str()) {
                    out.push_str("</");
                    out.push_str(&name);
                    out.push('>');
                }
            }
        }
    }
    Ok(out)
}

fn is_kept(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b':'))
        && !GONE.contains(&name)
}

fn write_tag(out: &mut String, name: &str, inside: &str, empty: bool) {
    out.push('<');
    out.push_str(name);
    let known = attributes(inside).filter_map(|(given, value)| {
        let known = ATTRIBUTES.iter().find(|known| known.eq_ignore_ascii_case(given))?;
        Some((*known, value))
    });
    for (given, value) in known.take(MOST_ATTRIBUTES) {
        out.push(' ');
        out.push_str(given);
        out.push_str("=\"");
        for c in value.chars() {
            match c {
                '"' => out.push_str("&quot;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                c => out.push(c),
            }
        }
        out.push('"');
    }
    out.push_str(if empty { "/>" } else { ">" });
}

/// Where an element's end tag starts, in bytes from here; the end of the text for an element
/// that never ends, as in a browser.
fn end_of(rest: &str, name: &str) -> usize {
    let mut at = 0;
    while let Some(found) = memchr(b'<', &rest.as_bytes()[at..]) {
        at += found;
        let close = rest[at..].strip_prefix("</").and_then(|tag| tag.get(..name.len()));
        if close.is_some_and(|close| close.eq_ignore_ascii_case(name)) {
            return at;
        }
        at += 1;
    }
    rest.len()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_article_goes_and_the_rest_stays() {
        for (page, simple) in [
            (
                "<!doctype HTML><HTML lang=en><p class='a \"b'>x &amp; y",
                "<!DOCTYPE html><html lang=\"en\"><p class=\"a &quot;b\">x &amp; y",
            ),
            ("a<script>if (1<b) '</p>'</script>b<style>p>a{}</STYLE>c", "abc"),
            ("a<!-- <p> -->b<svg><p>x</p></svg>c<svg/>d", "abcd"),
            ("<img src=a onload=x data-x=1 SRCSET='b 1x'/>", "<img src=\"a\" srcset=\"b 1x\"/>"),
            ("1 < 2 <b title='>'>", "1 &lt; 2 <b title=\"&gt;\">"),
            ("a<plaintext>b</p>", "ab</p>"),
            ("a<p title='b", "a"),
        ] {
            assert_eq!(simplify(page, &Cancelled::never()).unwrap(), simple, "{page}");
        }
    }

    #[test]
    fn a_page_of_nothing_but_tags_and_references_is_refused() {
        for piece in ["<", "&", "&amp;", "</x>", "<b>", "<p title='&lt;'>"] {
            let refused = simplify(&piece.repeat(200_000), &Cancelled::never()).unwrap_err();
            assert!(refused.message.contains("tags and references"), "{piece}");
        }
    }

    #[test]
    fn no_tag_keeps_more_attributes_than_it_may() {
        let many: String = (0..1000).map(|n| format!(" class={n}")).collect();
        let simple = simplify(&format!("<p{many}>"), &Cancelled::never()).unwrap();
        assert_eq!(simple.matches(" class=").count(), MOST_ATTRIBUTES);
    }
}
