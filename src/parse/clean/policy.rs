//! The elements, attributes and addresses of HTML that may leave, and how a tag of it is written.

use url::Url;

use super::picture;
use crate::markup::{Kind, Pieces, attributes};

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

/// Elements that go with all they contain, which is no text for people.
pub(super) const GONE_WITH_CONTENT: &[&str] = &[
    "iframe", "noembed", "noframes", "noscript", "script", "select", "style", "svg", "template",
    "textarea", "title", "xmp",
];

/// Elements that go and leave what they contain, and do nothing to the elements around them
/// where they are closed in their order.
const UNNOTICED: &[&str] = &["big", "font", "o:p"];

/// Attributes that say what an element is for. They do not leave.
pub(super) const ATTRIBUTES_OF_CONTAINERS: &[&str] = &["class", "id", "role"];

/// Elements that take a line of their own.
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
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
    "ul",
];

/// Other elements of HTML, which a title may hold and must not keep.
const OTHER_TAGS: &[&str] = &[
    "applet", "area", "audio", "base", "basefont", "bgsound", "big", "blink", "body", "button",
    "canvas", "datalist", "dialog", "dir", "embed", "fieldset", "font", "form", "frame",
    "frameset", "head", "html", "iframe", "input", "label", "legend", "link", "map", "marquee",
    "math", "menu", "meta", "meter", "nobr", "noembed", "noframes", "noscript", "object",
    "optgroup", "option", "output", "param", "picture", "progress", "script", "select", "slot",
    "source", "style", "svg", "template", "textarea", "title", "track", "video", "xmp",
];

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
    if TAGS.binary_search(&name).is_ok() {
        Fate::Stays
    } else if GONE_WITH_CONTENT.contains(&name) {
        Fate::GoesWithContent
    } else {
        Fate::Goes
    }
}

/// An element that the rewriting keeps account of: one that may leave, or goes unnoticed.
pub(super) fn shaping(name: &str) -> Option<&'static str> {
    let at = TAGS.binary_search(&name).ok();
    at.map(|at| TAGS[at]).or_else(|| UNNOTICED.iter().copied().find(|known| *known == name))
}

/// Whether an element takes a line of its own.
pub(super) fn is_block(name: &str) -> bool {
    BLOCKS.binary_search(&name).is_ok()
}

/// Whether this is the name of an element of HTML.
pub(super) fn is_known(name: &str) -> bool {
    name.len() <= 10 && {
        let lower = name.to_ascii_lowercase();
        let name = lower.as_str();
        TAGS.binary_search(&name).is_ok() || OTHER_TAGS.binary_search(&name).is_ok()
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
            kind if is_markup(kind) => return true,
            Kind::Unclosed(rest) if !unclosed_tag(rest).is_empty() => return true,
            Kind::Unclosed(_) => pieces.skip_to(piece.start + 1),
            _ => {}
        }
    }
    false
}

/// The name of an element of HTML whose tag never ends; empty for `a <b`,
/// which more likely compares.
pub(super) fn unclosed_tag(rest: &str) -> &str {
    let tag = rest[1..].split('<').next().unwrap_or_default();
    let name = tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let compares = name.len() < 2 && !tag.contains('=');
    if is_known(name) && !compares { name } else { "" }
}

/// Writes the start tag that may leave; false where the element must go
/// without leaving its tag: a picture without address, a link that leads nowhere.
pub(super) fn write_tag(out: &mut String, name: &str, inside: &str, base: Option<&Url>) -> bool {
    let start = out.len();
    out.push('<');
    out.push_str(name);
    let kept = match name {
        "a" => write_link(out, inside, base),
        "img" => picture::write(out, inside, base),
        _ => true,
    };
    if !kept {
        out.truncate(start);
        return false;
    }
    if !inside.is_empty() {
        let mut written = 0_u32;
        for (given, value) in attributes(inside) {
            let given = given.to_ascii_lowercase();
            let of_all = ATTRIBUTES_OF_ALL.iter().position(|known| *known == given);
            let bit = match of_all {
                Some(at) => 1 << at,
                None if matches!(name, "a" | "img") => 0,
                None => {
                    match ATTRIBUTES.iter().position(|known| *known == (name, given.as_str())) {
                        Some(at) => 1 << (at + 4),
                        None => 0,
                    }
                }
            };
            if bit != 0 && written & bit == 0 {
                written |= bit;
                write_attribute(out, &given, &htmlize::unescape_attribute(value));
            }
        }
    }
    out.push('>');
    true
}

pub(super) fn write_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    for c in value.chars().filter(|c| crate::charset::is_allowed(*c)) {
        match c {
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{A0}' => out.push_str("&nbsp;"),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn write_link(out: &mut String, inside: &str, base: Option<&Url>) -> bool {
    let href = attributes(inside).find(|(name, _)| name.eq_ignore_ascii_case("href"));
    let Some(address) = href.and_then(|(_, value)| {
        let value = htmlize::unescape_attribute(value);
        // A place within a page that is not this one.
        if value.trim_start().starts_with('#') { None } else { resolve(&value, base) }
    }) else {
        return false;
    };
    if !matches!(address.scheme(), "http" | "https" | "mailto") {
        return false;
    }
    write_attribute(out, "href", address.as_str());
    write_attribute(out, "rel", REL);
    true
}

/// An absolute address without a password in it.
pub(in crate::parse) fn resolve(written: &str, base: Option<&Url>) -> Option<Url> {
    let written = written.trim();
    if written.is_empty() || written.len() > 2048 {
        return None;
    }
    let mut address = match (Url::parse(written), base) {
        (Ok(address), _) => address,
        (Err(url::ParseError::RelativeUrlWithoutBase), Some(base)) => base.join(written).ok()?,
        (Err(url::ParseError::RelativeUrlWithoutBase), None) if written.starts_with("//") => {
            Url::parse(&format!("https:{written}")).ok()?
        }
        _ => return None,
    };
    if !address.username().is_empty() || address.password().is_some() {
        address.set_username("").ok()?;
        address.set_password(None).ok()?;
    }
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted() {
        for list in [TAGS, BLOCKS, OTHER_TAGS] {
            assert!(list.is_sorted());
        }
    }
}
