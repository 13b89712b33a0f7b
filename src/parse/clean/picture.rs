//! Finds the picture that an image's tag means, and leaves out those that only count readers.

use url::Url;

use super::attribute::{resolve, write_attribute};
use super::policy::lower;
use crate::markup::{Kind, Pieces, attribute, attributes};

/// Writes the attributes of a picture; false where it has no address, or only
/// counts who looks at it.
pub(super) fn write(out: &mut String, inside: &str, base: Option<&Url>) -> bool {
    let mut picture = Picture::default();
    for (name, value) in attributes(inside) {
        picture.read(&lower(name), value);
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

/// The words that stand for the pictures of cleaned HTML, a picture a line. Names of files and single
/// words, such as "Logo", say nothing.
pub(in crate::parse) fn shown_by(html: &str) -> String {
    let alternative = |piece: Kind<'_>| match piece {
        Kind::Open { name: "img", attributes, .. } => {
            let text = super::fold(&htmlize::unescape_attribute(attribute(attributes, "alt")?));
            let is_phrase =
                text.split(' ').count() >= 3 || !text.is_ascii() && text.chars().count() >= 8;
            is_phrase.then_some(text)
        }
        _ => None,
    };
    let lines: Vec<String> = Pieces::of(html).filter_map(|piece| alternative(piece.kind)).collect();
    lines.join("\n")
}

/// Attributes that name the picture, beside those that leave.
pub(super) const ATTRIBUTES: &[&str] = &[
    "data-actualsrc",
    "data-lazy",
    "data-lazy-src",
    "data-lazy-srcset",
    "data-orig-file",
    "data-original",
    "data-original-src",
    "data-src",
    "data-srcset",
    "data-url",
    "srcset",
    "style",
];

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

    /// Whether it only reports to somebody that it was looked at.
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
