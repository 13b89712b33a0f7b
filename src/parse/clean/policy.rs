//! A tag as a source wrote it in; the tag that may leave, or none, out.

use url::Url;

use super::super::markup::attributes;

/// Elements that may leave.
pub(super) const TAGS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "article",
    "aside",
    "b",
    "bdi",
    "bdo",
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

/// What every link says of itself.
pub(super) const REL: &str = "noopener noreferrer";

/// Elements that go with all they contain, which is no text for people.
const GONE_WITH_CONTENT: &[&str] = &[
    "iframe", "noembed", "noframes", "script", "select", "style", "svg", "template", "textarea",
    "title", "xmp",
];

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

/// What is to be done about an element, known by its name in lower case.
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

/// Whether a text holds a tag of an element of HTML.
pub(super) fn holds_known_tag(text: &str) -> bool {
    use super::super::markup::{Kind, Pieces};
    text.contains('<')
        && Pieces::of(text).any(|piece| match piece.kind {
            Kind::Open { name, .. } | Kind::Close { name } => is_known(name),
            _ => false,
        })
}

/// Writes the start tag that may leave; false where the element must go
/// without leaving its tag: a picture without address, a link that leads nowhere.
pub(super) fn write_tag(out: &mut String, name: &str, inside: &str, base: Option<&Url>) -> bool {
    let start = out.len();
    out.push('<');
    out.push_str(name);
    let kept = match name {
        "a" => write_link(out, inside, base),
        "img" => write_picture(out, inside, base),
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

fn write_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    for c in value.chars().filter(|c| super::super::decode::is_allowed(*c)) {
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

fn write_picture(out: &mut String, inside: &str, base: Option<&Url>) -> bool {
    let mut picture = Picture::default();
    for (name, value) in attributes(inside) {
        picture.read(&name.to_ascii_lowercase(), value);
    }
    let Some(address) = picture.address(base).filter(|address| !picture.is_tracker(address)) else {
        return false;
    };
    write_attribute(out, "src", &address);
    for (name, value) in
        [("alt", picture.alt), ("height", picture.height), ("width", picture.width)]
    {
        if let Some(value) = value {
            write_attribute(out, name, &htmlize::unescape_attribute(value));
        }
    }
    true
}

/// An image's attributes, undecoded.
#[derive(Debug, Default)]
struct Picture<'a> {
    src: Option<&'a str>,
    /// Where a script would take the address from.
    lazy: Option<&'a str>,
    set: Option<&'a str>,
    alt: Option<&'a str>,
    width: Option<&'a str>,
    height: Option<&'a str>,
    hidden: bool,
}

impl<'a> Picture<'a> {
    fn read(&mut self, name: &str, value: &'a str) {
        let slot = match name {
            "src" => &mut self.src,
            "data-src" | "data-lazy-src" | "data-original" | "data-lazy" | "data-original-src"
            | "data-actualsrc" | "data-orig-file" | "data-url" => &mut self.lazy,
            "srcset" | "data-srcset" | "data-lazy-srcset" => &mut self.set,
            "alt" => &mut self.alt,
            "width" => &mut self.width,
            "height" => &mut self.height,
            "style" => {
                let style: String = value.split_whitespace().collect();
                self.hidden |=
                    style.contains("display:none") || style.contains("visibility:hidden");
                return;
            }
            _ => return,
        };
        if slot.is_none() && !value.trim().is_empty() {
            *slot = Some(value);
        }
    }

    /// The address of the picture that is meant, not of what holds its place.
    fn address(&self, base: Option<&Url>) -> Option<String> {
        let read = |value: &str| {
            let value = htmlize::unescape_attribute(value);
            if is_data_picture(value.trim()) {
                return Some(value.trim().to_owned());
            }
            resolve(&value, base)
                .filter(|address| matches!(address.scheme(), "http" | "https"))
                .map(String::from)
        };
        let set = self.set.and_then(|set| set.split_whitespace().next());
        let set = set.map(|first| first.trim_end_matches(','));
        let holds_place = self.src.is_none_or(|src| {
            let lower = src.to_ascii_lowercase();
            lower.starts_with("data:")
                || ["placeholder", "spacer", "blank.", "lazy", "transparent", "1x1"]
                    .iter()
                    .any(|word| lower.contains(word))
        });
        let first = if holds_place { self.lazy.or(set) } else { None };
        first.and_then(read).or_else(|| self.src.and_then(read)).or_else(|| set.and_then(read))
    }

    /// Whether it only tells somebody that it was looked at.
    fn is_tracker(&self, address: &str) -> bool {
        let tiny = |value: Option<&str>| {
            value.is_some_and(|value| {
                matches!(value.trim().trim_end_matches("px").trim(), "0" | "1")
            })
        };
        let counts = TRACKERS.iter().any(|tracker| address.contains(tracker));
        self.hidden || tiny(self.width) || tiny(self.height) || counts
    }
}

/// Parts of addresses of pictures that only count who reads.
const TRACKERS: &[&str] = &[
    "//feeds.feedburner.com/~r/",
    "//feeds.feedburner.com/~ff/",
    "//feedads.g.doubleclick.net/",
    "//ad.doubleclick.net/",
    "//pixel.wp.com/",
    "//stats.wordpress.com/",
    "//feeds.wordpress.com/1.0/",
    "//www.google-analytics.com/",
    "//pixel.quantserve.com/",
    "//b.scorecardresearch.com/",
    "//sb.scorecardresearch.com/",
    "//res.feedsportal.com/",
    "//da.feedsportal.com/",
    "//www.facebook.com/tr?",
    "/tracking-pixel",
    "/pixel.gif",
    "/count.gif",
    "medium.com/_/stat",
];

/// Whether this is a picture within an address, of a kind that cannot run.
pub(super) fn is_data_picture(address: &str) -> bool {
    const KINDS: [&str; 5] = ["png", "gif", "jpeg", "jpg", "webp"];
    let Some(kind) = address.get(..11).filter(|start| start.eq_ignore_ascii_case("data:image/"))
    else {
        return false;
    };
    let rest = &address[kind.len()..];
    address.len() <= 65_536
        && rest
            .find([';', ','])
            .is_some_and(|end| KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(&rest[..end])))
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
