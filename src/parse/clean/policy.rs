//! The elements and attributes of HTML that may leave, and those that are markup in a title.

use std::borrow::Cow;

pub(super) use crate::markup::is_block;
use crate::markup::{Kind, Pieces, keys, position};

/// Elements that may leave. `bdo` is not among them: it turns a text round, whatever the
/// text says, and the W3C's validator counts it among the risks.
pub(super) const TAGS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
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
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "mark",
    "nav",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "section",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "time",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Their attributes.
pub(super) const ATTRIBUTES: &[(&str, &str)] = &[
    ("a", "href"),
    ("col", "span"),
    ("colgroup", "span"),
    ("img", "alt"),
    ("img", "height"),
    ("img", "src"),
    ("img", "width"),
    ("ol", "start"),
    ("td", "colspan"),
    ("td", "rowspan"),
    ("th", "colspan"),
    ("th", "rowspan"),
    ("time", "datetime"),
];

/// Attributes of all of them.
pub(super) const ATTRIBUTES_OF_ALL: &[&str] = &["dir", "lang", "title"];

/// The `rel` of every link.
pub(super) const REL: &str = "noopener noreferrer";

/// Elements that go with all they contain, which is not text for people.
pub(super) const GONE_WITH_CONTENT: &[&str] = &[
    "iframe", "noembed", "noframes", "noscript", "script", "select", "style", "svg", "template",
    "textarea", "title", "xmp",
];

/// Those of which browsers show the content.
pub(super) const CONTROLS: &[&str] = &["select", "textarea", "xmp"];

/// Elements that go and leave what they contain, and do nothing to the elements around them
/// where they are closed in their order.
const UNNOTICED: &[&str] = &["big", "font", "o:p", "picture", "source"];

/// Attributes that say what an element is for. They do not leave.
pub(super) const ATTRIBUTES_OF_CONTAINERS: &[&str] = &["class", "id", "role"];

/// Other elements of HTML, which a title may hold and must not keep.
const OTHER_TAGS: &[&str] = &[
    "applet", "area", "audio", "base", "basefont", "bgsound", "big", "blink", "body", "button",
    "canvas", "datalist", "dialog", "dir", "embed", "fieldset", "font", "form", "frame",
    "frameset", "head", "html", "iframe", "input", "label", "legend", "link", "map", "marquee",
    "math", "menu", "meta", "meter", "nobr", "noembed", "noframes", "noscript", "object",
    "optgroup", "option", "output", "param", "picture", "progress", "script", "select", "slot",
    "source", "style", "svg", "template", "textarea", "title", "track", "video", "xmp",
];

static TAG_KEYS: [u128; TAGS.len()] = keys(TAGS);

/// A name in lower case.
pub(super) fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// The treatment of an element, known by its name in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It may stay.
    Stays,
    /// It goes, what it contains stays.
    Goes,
    /// It goes with all it contains.
    GoesWithContent,
}

pub(super) fn fate(name: &str) -> Fate {
    if position(&TAG_KEYS, name).is_some() {
        Fate::Stays
    } else if GONE_WITH_CONTENT.contains(&name) {
        Fate::GoesWithContent
    } else {
        Fate::Goes
    }
}

/// An element that the rewriting keeps account of: one that may leave, or goes unnoticed.
pub(super) fn shaping(name: &str) -> Option<&'static str> {
    let at = position(&TAG_KEYS, name);
    at.map(|at| TAGS[at]).or_else(|| UNNOTICED.iter().copied().find(|known| *known == name))
}

/// Whether this is the name of an element of HTML.
pub(super) fn is_known(name: &str) -> bool {
    name.len() <= 10 && {
        let lower = name.to_ascii_lowercase();
        let name = lower.as_str();
        position(&TAG_KEYS, name).is_some() || OTHER_TAGS.binary_search(&name).is_ok()
    }
}

/// Whether a piece of a title is markup. `Vec<T>` is not: nothing ends it, it
/// has no attributes, and HTML does not know it.
pub(super) fn is_markup(kind: Kind<'_>) -> bool {
    match kind {
        Kind::Open { name, attributes, empty } => {
            empty || attributes.contains('=') || is_known(name)
        }
        Kind::Close { .. } => true,
        _ => false,
    }
}

/// Whether a text holds a tag that is meant as one.
pub(super) fn holds_markup(text: &str) -> bool {
    holds(text, is_markup)
}

/// Whether a text holds tags that only HTML has a reason for: an end tag, a block or a break, or a
/// tag with attributes.
pub(super) fn holds_structure(text: &str) -> bool {
    holds(text, |kind| match kind {
        Kind::Open { name, attributes, empty } => {
            let name = lower(name);
            is_known(&name)
                && (empty || attributes.contains('=') || is_block(&name) || name == "br")
        }
        Kind::Close { .. } => true,
        _ => false,
    })
}

/// Whether a text holds anything that a line of plain text may not: a tag, a comment, a
/// declaration or a CDATA section.
pub(super) fn holds_markup_or_sections(text: &str) -> bool {
    holds(text, |kind| matches!(kind, Kind::CData(_) | Kind::Aside(_)) || is_markup(kind))
}

fn holds(text: &str, wanted: fn(Kind<'_>) -> bool) -> bool {
    let mut pieces = Pieces::of(text);
    while let Some(piece) = pieces.next() {
        match piece.kind {
            Kind::Open { name, attributes, .. } if attributes.contains('<') => {
                if !unclosed_tag(&text[piece.start..piece.end]).is_empty() {
                    return true;
                }
                let inner = attributes.find('<').unwrap_or_default();
                pieces.skip_to(piece.start + 1 + name.len() + inner);
            }
            kind if wanted(kind) => return true,
            Kind::Unclosed(rest) if !unclosed_tag(rest).is_empty() => return true,
            Kind::Unclosed(_) => pieces.skip_to(piece.start + 1),
            _ => {}
        }
    }
    pieces.gave_up()
}

/// The name of an element of HTML whose tag never ends; empty for `a <b`,
/// which more likely compares.
pub(super) fn unclosed_tag(rest: &str) -> &str {
    let tag = rest[1..].split('<').next().unwrap_or_default();
    let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let compares = name.len() < 2 && !tag.contains('=');
    if is_known(name) && !compares { name } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::markup::BLOCKS;

    #[test]
    fn the_lists_are_sorted() {
        for list in [TAGS, BLOCKS, OTHER_TAGS] {
            assert!(list.is_sorted());
        }
    }
}
