//! Splits text with tags into pieces (tags, text, comments …), whatever state it is in.
//!
//! The one tokenizer, for XML and HTML alike. It never fails:
//! what is broken comes out as a piece that says so. It builds nothing; every
//! piece borrows from the text.

use std::sync::LazyLock;

use memchr::memmem::Finder;
use memchr::{memchr, memchr3};

/// A stretch of the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece<'a> {
    /// Where it starts, in bytes.
    pub(crate) start: usize,
    /// Where the next piece starts.
    pub(crate) end: usize,
    /// Its kind.
    pub(crate) kind: Kind<'a>,
}

/// The kind of a stretch of text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind<'a> {
    /// Anything between tags, undecoded; never empty.
    Text(&'a str),
    /// A start tag, or an empty element.
    Open {
        /// The name as written, prefix and all.
        name: &'a str,
        /// The text between the name and the end of the tag.
        attributes: &'a str,
        /// Whether it ends in `/>`.
        empty: bool,
    },
    /// An end tag.
    Close {
        /// The name as written.
        name: &'a str,
    },
    /// The inside of a CDATA section.
    CData(&'a str),
    /// A comment, a document type or a processing instruction.
    Aside(&'a str),
    /// A `<` that starts nothing.
    Stray,
    /// A CDATA section, comment or tag that the text ends in; reaches to its end.
    Unclosed(&'a str),
}

/// Walks the pieces of a text.
#[derive(Debug, Clone)]
pub(crate) struct Pieces<'a> {
    text: &'a str,
    at: usize,
    search: Search,
}

/// Keeps the search for the ends of pieces linear, whatever the text is.
#[derive(Debug, Clone, Copy, Default)]
struct Search {
    /// Bytes that may still be searched for the end of a tag. Going on within a tag, as
    /// some callers do, searches the same bytes again; each byte may be searched a few times.
    left: usize,
    // Ends that were searched for in vain. Searching again for each `<!--` of a text that
    // consists of them would take quadratic time.
    comment_end: bool,
    cdata_end: bool,
    instruction_end: bool,
    document_type_end: bool,
    close_end: bool,
    // The same, for so many bytes at the end of the text: a tag is also searched for in what was the
    // quoted value of another.
    tag_end: usize,
    double_quote: usize,
    single_quote: usize,
}

impl<'a> Pieces<'a> {
    /// The pieces of `text` from its start.
    pub(crate) fn of(text: &'a str) -> Self {
        let left = SEARCHES * text.len() + 1024;
        Self { text, at: 0, search: Search { left, ..Search::default() } }
    }

    /// Whether so much was searched for ends of tags that no more is: what is a tag may have come
    /// out as something else.
    pub(crate) fn gave_up(&self) -> bool {
        self.search.left == 0
    }

    /// Goes on at `at`, which must be a character's start, at or after here or
    /// within the piece that came last.
    pub(crate) fn skip_to(&mut self, at: usize) {
        self.at = at.min(self.text.len());
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    #[inline]
    fn next(&mut self) -> Option<Piece<'a>> {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).filter(|rest| !rest.is_empty())?;
        let (length, kind) = if rest[0] == b'<' {
            tag(&self.text[start..], &mut self.search)
        } else {
            let length = memchr(b'<', rest).unwrap_or(rest.len());
            (length, Kind::Text(&self.text[start..start + length]))
        };
        self.at = start + length;
        Some(Piece { start, end: self.at, kind })
    }
}

/// The piece at the start of `rest`, which begins with `<`, and its length.
#[inline]
fn tag<'a>(rest: &'a str, search: &mut Search) -> (usize, Kind<'a>) {
    let bytes = rest.as_bytes();
    match bytes.get(1) {
        Some(b'/') => close(rest, search),
        Some(b'!') if rest.starts_with("<!--") => {
            until(rest, 4, &COMMENT_END, &mut search.comment_end, Kind::Aside)
        }
        Some(b'!') if rest.starts_with("<![CDATA[") => {
            until(rest, 9, &CDATA_END, &mut search.cdata_end, Kind::CData)
        }
        Some(b'!') if bytes.get(2).is_some_and(u8::is_ascii_alphabetic) => {
            document_type(rest, &mut search.document_type_end)
        }
        Some(b'?') => until(rest, 2, &INSTRUCTION_END, &mut search.instruction_end, Kind::Aside),
        Some(first) if is_name_start(*first) => open(rest, search),
        _ => (1, Kind::Stray),
    }
}

static COMMENT_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("-->"));
static CDATA_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("]]>"));
static INSTRUCTION_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("?>"));

fn until<'a>(
    rest: &'a str,
    from: usize,
    end: &Finder<'_>,
    missing: &mut bool,
    kind: impl Fn(&'a str) -> Kind<'a>,
) -> (usize, Kind<'a>) {
    let found = if *missing { None } else { end.find(&rest.as_bytes()[from..]) };
    match found {
        Some(length) => (from + length + end.needle().len(), kind(&rest[from..from + length])),
        None => {
            *missing = true;
            (rest.len(), Kind::Unclosed(rest))
        }
    }
}

#[inline]
fn open<'a>(rest: &'a str, search: &mut Search) -> (usize, Kind<'a>) {
    let bytes = rest.as_bytes();
    let name_end = 1 + bytes[1..].iter().take_while(|byte| is_name(**byte)).count();
    let Some(end) = tag_end(bytes, name_end, search) else {
        return (rest.len(), Kind::Unclosed(rest));
    };
    let empty = bytes[end - 1] == b'/' && end > name_end;
    let attributes = &rest[name_end..if empty { end - 1 } else { end }];
    (end + 1, Kind::Open { name: &rest[1..name_end], attributes, empty })
}

/// Where the `>` of a start tag is, which is none of those in quotes.
#[inline]
fn tag_end(bytes: &[u8], mut at: usize, search: &mut Search) -> Option<usize> {
    for _ in 0..MAX_QUOTES {
        if bytes.len() - at <= search.tag_end || search.left == 0 {
            return None;
        }
        let Some(found) = memchr3(b'>', b'"', b'\'', &bytes[at..]) else {
            search.tag_end = bytes.len() - at;
            return None;
        };
        search.left = search.left.saturating_sub(found + 1);
        let found = at + found;
        if bytes[found] == b'>' {
            return Some(found);
        }
        at = found + 1;
        // A quote opens a value only after `=`: "don't" as a bare word does not.
        if bytes[..found].trim_ascii_end().ends_with(b"=") {
            let quote = bytes[found];
            let missing =
                if quote == b'"' { &mut search.double_quote } else { &mut search.single_quote };
            let is_missing = bytes.len() - at <= *missing;
            let length = if is_missing { None } else { memchr(quote, &bytes[at..]) };
            let Some(length) = length else {
                *missing = bytes.len() - at;
                return None;
            };
            search.left = search.left.saturating_sub(length + 1);
            at += length + 1;
        }
    }
    None
}

/// Quotes in one tag. Without a bound, tags whose quotes do not match could each
/// be looked for an end in all the text that follows.
const MAX_QUOTES: usize = 600;

/// How often each byte of a text may be searched for the end of a tag, on average.
const SEARCHES: usize = 4;

#[inline]
fn close<'a>(rest: &'a str, search: &mut Search) -> (usize, Kind<'a>) {
    let bytes = rest.as_bytes();
    if !bytes.get(2).is_some_and(|byte| is_name_start(*byte)) {
        return (1, Kind::Stray);
    }
    let name_end = 2 + bytes[2..].iter().take_while(|byte| is_name(**byte)).count();
    let end = match search.left {
        0 => None,
        _ if search.close_end => None,
        _ => memchr(b'>', &bytes[name_end..]),
    };
    match end {
        Some(length) => {
            search.left = search.left.saturating_sub(length + 1);
            (name_end + length + 1, Kind::Close { name: &rest[2..name_end] })
        }
        None => {
            search.close_end = true;
            (rest.len(), Kind::Unclosed(rest))
        }
    }
}

/// `<!DOCTYPE …>`, with an internal subset in brackets or without.
fn document_type<'a>(rest: &'a str, missing: &mut bool) -> (usize, Kind<'a>) {
    let mut nested = 0_usize;
    let bytes = if *missing { "" } else { rest };
    for (at, byte) in bytes.bytes().enumerate() {
        match byte {
            b'[' => nested += 1,
            b']' => nested = nested.saturating_sub(1),
            b'>' if nested == 0 => return (at + 1, Kind::Aside(&rest[..=at])),
            _ => {}
        }
    }
    *missing = true;
    (rest.len(), Kind::Unclosed(rest))
}

fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte == b':' || byte >= 0x80
}

pub(crate) fn is_name(byte: u8) -> bool {
    is_name_start(byte) || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
}

/// The attributes of a tag: names and undecoded values, quoted or not.
pub(crate) fn attributes(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == '/' || c == '=');
        if rest.is_empty() {
            return None;
        }
        let name_end = rest
            .find(|c: char| c.is_ascii_whitespace() || c == '=' || c == '/')
            .unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        let Some(value) = after.trim_ascii_start().strip_prefix('=') else {
            rest = after;
            return Some((name, ""));
        };
        let value = value.trim_ascii_start();
        let (value, after) = match value.as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => {
                let inside = &value[1..];
                let end = memchr(*quote, inside.as_bytes()).unwrap_or(inside.len());
                (&inside[..end], inside.get(end + 1..).unwrap_or_default())
            }
            _ => {
                value.split_at(value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len()))
            }
        };
        rest = after;
        Some((name, value))
    })
}

/// The undecoded value of one attribute, names compared as written.
pub(crate) fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    attributes(text).find(|(given, _)| *given == name).map(|(_, value)| value)
}

/// A qualified name's prefix, empty where it has none, and local name.
pub(crate) fn split_name(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

/// Elements that take a line of their own.
pub(crate) const BLOCKS: &[&str] = &[
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

static BLOCK_KEYS: [u128; BLOCKS.len()] = keys(BLOCKS);

/// Whether an element takes a line of its own.
pub(crate) fn is_block(name: &str) -> bool {
    position(&BLOCK_KEYS, name).is_some()
}

/// Names as numbers in the same order: a search among them compares no strings.
pub(crate) const fn keys<const N: usize>(names: &[&str]) -> [u128; N] {
    let mut keys = [0; N];
    let mut at = 0;
    while at < N {
        keys[at] = key(names[at]);
        at += 1;
    }
    keys
}

/// The first sixteen bytes of a name, which are more than any of ours has.
const fn key(name: &str) -> u128 {
    let name = name.as_bytes();
    let mut key = 0;
    let mut at = 0;
    while at < 16 {
        key = key << 8 | if at < name.len() { name[at] as u128 } else { 0 };
        at += 1;
    }
    key
}

/// Where a name stands among the keys of names, in lower case.
pub(crate) fn position(keys: &[u128], name: &str) -> Option<usize> {
    if name.len() > 16 { None } else { keys.binary_search(&key(name)).ok() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str) -> Vec<Kind<'_>> {
        Pieces::of(text).map(|piece| piece.kind).collect()
    }

    #[test]
    fn every_kind_of_piece_is_distinguished() {
        let open = |name, attributes, empty| Kind::Open { name, attributes, empty };
        for (text, expected) in [
            (
                "a<b>c</b>",
                vec![
                    Kind::Text("a"),
                    open("b", "", false),
                    Kind::Text("c"),
                    Kind::Close { name: "b" },
                ],
            ),
            ("<a:b c='>' d=\"/>\"/>", vec![open("a:b", " c='>' d=\"/>\"", true)]),
            ("<a don't>", vec![open("a", " don't", false)]),
            ("<!-- <b> --><![CDATA[<c>]]>", vec![Kind::Aside(" <b> "), Kind::CData("<c>")]),
            (
                "<!DOCTYPE x [<!ENTITY y \"z\">]>",
                vec![Kind::Aside("<!DOCTYPE x [<!ENTITY y \"z\">]>")],
            ),
            ("1 < 2", vec![Kind::Text("1 "), Kind::Stray, Kind::Text(" 2")]),
            ("<![CDATA[x", vec![Kind::Unclosed("<![CDATA[x")]),
            ("<a href=\"", vec![Kind::Unclosed("<a href=\"")]),
        ] {
            assert_eq!(kinds(text), expected, "{text}");
        }
    }

    #[test]
    fn attributes_are_read_quoted_or_not() {
        let read: Vec<_> = attributes(" a='1' b=\"2\" c=3 d e = '' ").collect();
        assert_eq!(read, [("a", "1"), ("b", "2"), ("c", "3"), ("d", ""), ("e", "")]);
    }

    /// Goes on within each tag, as callers may: whatever the text is, the bytes of all pieces
    /// together are a small multiple of the text's.
    #[test]
    fn going_on_within_pieces_takes_linear_work() {
        for piece in
            ["<q ", "<q a=\"", "<q a='<x>' ", "</a", "<b", "<!--", "<![CDATA[", "<?a", "<a>"]
        {
            for last in ["", ">", "\">", "]]>"] {
                let text = piece.repeat(20_000) + last;
                let mut pieces = Pieces::of(&text);
                let mut work = 0;
                while let Some(piece) = pieces.next() {
                    work += match piece.kind {
                        // A piece that never ends was searched for its end once.
                        Kind::Unclosed(_) => 1,
                        _ => piece.end - piece.start,
                    };
                    if matches!(piece.kind, Kind::Open { .. } | Kind::Unclosed(_)) {
                        pieces.skip_to(piece.start + 1);
                    }
                }
                assert!(work <= (SEARCHES + 3) * text.len(), "{piece}{last}: {work}");
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_cover_any_text_without_gaps(text in "[<>/!\\[\\]a-c\"'= CDAT-]{0,60}") {
            let mut at = 0;
            for piece in Pieces::of(&text) {
                prop_assert_eq!(piece.start, at);
                prop_assert!(piece.end > at);
                if let Kind::Open { attributes: inside, .. } = piece.kind {
                    prop_assert!(attributes(inside).count() <= inside.len());
                }
                at = piece.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
