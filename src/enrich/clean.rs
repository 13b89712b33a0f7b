//! HTML as a page has it in; HTML that cannot do anything, and its plain text, out.

use std::collections::HashSet;

use ammonia::{Builder, UrlRelative};
use url::Url;

/// Elements nested deeper than this are no page that somebody wrote, and cost
/// a parser quadratic time or its stack.
pub(super) const MOST_DEPTH: usize = 400;

/// A piece of HTML, sanitised.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Cleaned {
    /// Well-formed; nothing in it runs.
    pub(super) html: String,
    /// The same as plain text, a paragraph a line.
    pub(super) text: String,
}

/// Sanitises HTML; relative addresses are taken against `base`.
pub(super) fn clean(html: &str, base: &Url) -> Cleaned {
    if depth(html) > MOST_DEPTH {
        let text = text(html);
        return Cleaned { html: htmlize::escape_text(&text).into_owned(), text };
    }
    let html = Builder::default()
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::RewriteWithBase(base.clone()))
        .link_rel(Some("noopener noreferrer"))
        .clean(html)
        .to_string();
    let html = html.trim().to_owned();
    let text = text(&html);
    Cleaned { html, text }
}

/// The text of HTML: without tags, a block a line.
pub(super) fn text(html: &str) -> String {
    let mut raw = String::with_capacity(html.len());
    let mut rest = html;
    // A line break of the source is a space, but for preformatted text.
    let mut as_written = false;
    let flow = |raw: &mut String, text: &str, as_written: bool| {
        raw.extend(text.chars().map(|c| if c == '\n' && !as_written { ' ' } else { c }));
    };
    while let Some(at) = rest.find('<') {
        flow(&mut raw, &rest[..at], as_written);
        let (tag, after) = split_tag(&rest[at..]);
        if name_of(tag).eq_ignore_ascii_case("pre") {
            as_written = !tag.starts_with("</");
        }
        if name_of(tag).is_empty() && !tag.starts_with("<!") {
            flow(&mut raw, tag, as_written);
        }
        if breaks_line(name_of(tag)) {
            raw.push('\n');
        }
        rest = after;
    }
    flow(&mut raw, rest, as_written);
    let plain = htmlize::unescape(raw);
    let lines = plain.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// How deep elements are nested, as far as tags tell. Elements that browsers
/// close by themselves do not count.
pub(super) fn depth(html: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (tag, after) = split_tag(&rest[at..]);
        rest = after;
        let name = name_of(tag);
        if name.is_empty() || closes_itself(name) || tag.ends_with("/>") {
            continue;
        }
        if tag.starts_with("</") {
            depth = depth.saturating_sub(1);
        } else {
            depth += 1;
            deepest = deepest.max(depth);
        }
    }
    deepest
}

/// A tag at the beginning of `html`, and what follows it. A `>` in a quoted
/// attribute ends nothing.
fn split_tag(html: &str) -> (&str, &str) {
    if let Some(comment) = html.strip_prefix("<!--") {
        let end = comment.find("-->").map_or(html.len(), |end| end + 7);
        return html.split_at(end);
    }
    let mut quote = None;
    for (at, c) in html.char_indices() {
        match (quote, c) {
            (None, '>') => return html.split_at(at + 1),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    // No tag at all: a lone `<` in a text.
    html.split_at(1)
}

fn name_of(tag: &str) -> &str {
    let name = tag.trim_start_matches('<').trim_start_matches('/');
    let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
    if tag.ends_with('>') { &name[..end] } else { "" }
}

fn is_any(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

fn breaks_line(name: &str) -> bool {
    const BLOCKS: &[&str] = &[
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "caption",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "td",
        "th",
        "tr",
        "ul",
    ];
    is_any(name, BLOCKS)
}

fn closes_itself(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link",
        "meta", "option", "p", "source", "tbody", "td", "tfoot", "th", "thead", "tr", "track",
        "wbr",
    ];
    is_any(name, NAMES)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base() -> Url {
        Url::parse("https://www.gov.uk/government/news/a").unwrap()
    }

    #[test]
    fn what_could_run_is_gone_and_addresses_are_whole() {
        let cleaned = clean(
            "<p onclick=go()>See <a href='/b'>b</a><script>go()</script> <a href='javascript:go()'>c</a></p><iframe src=x></iframe>",
            &base(),
        );
        assert_eq!(
            cleaned.html,
            "<p>See <a href=\"https://www.gov.uk/b\" rel=\"noopener noreferrer\">b</a> <a rel=\"noopener noreferrer\">c</a></p>"
        );
        assert_eq!(cleaned.text, "See b c");
    }

    #[test]
    fn each_block_is_a_line() {
        for (html, expected) in [
            (
                "<h2>Title</h2><p>One &amp; <b>two</b>\nthree</p><ul><li>a<li>b</ul>",
                "Title\nOne & two three\na\nb",
            ),
            ("1 < 2", "1 < 2"),
            ("<pre>one\ntwo</pre>three\nfour", "one\ntwo\nthree four"),
            ("<a title=\"a > b\">link</a>", "link"),
            ("<!-- > hidden --> shown", "shown"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn html_nested_without_end_is_taken_as_text() {
        let deep = format!("{}deep{}", "<div>".repeat(100_000), "</div>".repeat(100_000));
        assert_eq!(clean(&deep, &base()).html, "deep");
        assert_eq!(depth(&"<p>one<li>two<br>".repeat(1000)), 0);
    }

    proptest! {
        #[test]
        fn any_text_can_be_cleaned(html in "[a-z<>/\"'=!& -]{0,60}") {
            let cleaned = clean(&html, &base());
            prop_assert!(!cleaned.html.contains("<script"));
        }
    }
}
