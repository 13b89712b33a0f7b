//! HTML in; the tags and text of it that may leave, and whether their nesting is sound, out.

use std::borrow::Cow;

use memchr::{memchr, memchr2, memchr3};
use url::Url;

use super::boundary_before;
use super::policy::{self, Fate};
use crate::charset::is_allowed;
use crate::control_characters::{close_isolates, holds_override};
use crate::markup::{Kind, Pieces};

/// HTML of which every tag was written by us.
#[derive(Debug)]
pub(super) struct Rewritten {
    pub(super) html: String,
    pub(super) nesting: Nesting,
    /// Whether the end was left out because the result would have been too long.
    pub(super) cut: bool,
}

/// How the elements of HTML stand in one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nesting {
    /// As a browser would read them.
    Sound,
    /// To be mended by a parser of HTML.
    Unsound,
    /// Deeper than anybody writes by hand; parsers take quadratic time over it.
    TooDeep,
}

const MAX_DEPTH: usize = 200;
/// Where nesting is to be mended, a browser's rules open what was open before
/// again and again: the result grows with the square of the depth.
const MAX_UNSOUND_DEPTH: usize = 40;

/// Writes the tags and text of `html` that may leave, in `limit` bytes at most. Links that are
/// written out in full can make the result much longer than what was given.
pub(super) fn rewrite(html: &str, base: Option<&Url>, limit: usize) -> Rewritten {
    let mut rewriter = Rewriter {
        base,
        limit,
        out: String::with_capacity(html.len().min(limit)),
        open: Vec::new(),
        closing: 0,
        sound: true,
        full: false,
    };
    let mut pieces = Pieces::of(html);
    while let Some(piece) = pieces.next() {
        match piece.kind {
            Kind::Text(text) | Kind::CData(text) => rewriter.text(text),
            Kind::Stray => rewriter.text("&lt;"),
            Kind::Aside(_) => {}
            // As a browser does: a tag that never ends is no tag, and hides what follows.
            Kind::Unclosed(_) => break,
            Kind::Open { name, attributes, empty } => {
                let name = lower(name);
                match policy::fate(&name) {
                    Fate::Stays => rewriter.start(&name, attributes),
                    Fate::Goes => {}
                    // XHTML ends such an element in its tag, and text follows.
                    Fate::GoesWithContent if empty => {}
                    Fate::GoesWithContent => {
                        let end = end_of(&html[piece.end..], &name);
                        pieces.skip_to(piece.end + end);
                    }
                }
            }
            Kind::Close { name } => rewriter.end(&lower(name)),
        }
        if rewriter.open.len() > if rewriter.sound { MAX_DEPTH } else { MAX_UNSOUND_DEPTH } {
            return Rewritten { html: String::new(), nesting: Nesting::TooDeep, cut: false };
        }
        if rewriter.full {
            break;
        }
    }
    rewriter.finish()
}

/// Where an element's end tag starts, in bytes from here; the end of the text
/// for an element that never ends, as in a browser.
fn end_of(rest: &str, name: &str) -> usize {
    let mut at = 0;
    while let Some(found) = memchr(b'<', &rest.as_bytes()[at..]) {
        let tag = &rest[at + found..];
        let close = tag.strip_prefix("</").and_then(|tag| tag.get(..name.len()));
        if close.is_some_and(|close| close.eq_ignore_ascii_case(name)) {
            return at + found;
        }
        at += found + 1;
    }
    rest.len()
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

struct Rewriter<'b> {
    base: Option<&'b Url>,
    /// Bytes of the result at most, with all end tags.
    limit: usize,
    out: String,
    /// Elements open in the result.
    open: Vec<&'static str>,
    /// Bytes of their end tags.
    closing: usize,
    sound: bool,
    /// Whether something was left out because the result is as long as it may be.
    full: bool,
}

impl Rewriter<'_> {
    fn text(&mut self, text: &str) {
        if !self.may_hold_text() && !text.trim().is_empty() {
            self.sound = false;
        }
        let start = self.out.len();
        escape_into(&mut self.out, text);
        if self.out.len() + self.closing > self.limit {
            self.full = true;
            cut_escaped(&mut self.out, start, self.limit.saturating_sub(self.closing));
        }
    }

    fn may_hold_text(&self) -> bool {
        !matches!(
            self.open.last(),
            Some(&("table" | "tbody" | "thead" | "tfoot" | "tr" | "colgroup"))
        )
    }

    fn start(&mut self, name: &str, attributes: &str) {
        let Ok(at) = policy::TAGS.binary_search(&name) else { return };
        let name = policy::TAGS[at];
        self.close_implied(name);
        self.sound &= self.may_start(name);
        let start = self.out.len();
        if !policy::write_tag(&mut self.out, name, attributes, self.base) {
            return;
        }
        let closing = match name {
            "br" | "hr" | "img" | "wbr" | "col" => 0,
            _ => name.len() + "</>".len(),
        };
        if self.out.len() + self.closing + closing > self.limit {
            self.full = true;
            self.out.truncate(start);
        } else if closing > 0 {
            self.closing += closing;
            self.open.push(name);
        }
    }

    /// Closes what a browser would close before this element.
    fn close_implied(&mut self, name: &str) {
        if policy::is_block(name) && self.open.last() == Some(&"p") {
            self.pop();
        }
        let last = self.open.last().copied();
        let same = match name {
            "li" => last == Some("li"),
            "dt" | "dd" => matches!(last, Some("dt" | "dd")),
            "tr" => {
                if matches!(last, Some("td" | "th")) {
                    self.pop();
                }
                self.open.last() == Some(&"tr")
            }
            "td" | "th" => matches!(last, Some("td" | "th")),
            _ => false,
        };
        if same {
            self.pop();
        }
    }

    /// Whether a browser would put this element where it stands.
    fn may_start(&self, name: &str) -> bool {
        let parent = self.open.last().copied().unwrap_or_default();
        match name {
            "tr" => matches!(parent, "table" | "tbody" | "thead" | "tfoot"),
            "td" | "th" => parent == "tr",
            "tbody" | "thead" | "tfoot" | "caption" | "colgroup" => parent == "table",
            "col" => matches!(parent, "table" | "colgroup"),
            "a" => self.may_hold_text() && !self.open.contains(&"a"),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.may_hold_text() && !parent.starts_with('h') && !self.open.contains(&"p")
            }
            _ => self.may_hold_text() && !(policy::is_block(name) && self.open.contains(&"p")),
        }
    }

    fn end(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| *open == name) else {
            // Nothing to close: `</p>` alone would make an empty paragraph.
            return;
        };
        let implied =
            |open: &&str| matches!(*open, "p" | "li" | "dt" | "dd" | "td" | "th" | "tr" | "tbody");
        self.sound &= self.open[at + 1..].iter().all(implied);
        while self.open.len() > at {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(name) = self.open.pop() {
            self.closing -= name.len() + "</>".len();
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
    }

    fn finish(mut self) -> Rewritten {
        while !self.open.is_empty() {
            self.pop();
        }
        let trimmed = self.out.trim();
        let html = if trimmed.len() == self.out.len() { self.out } else { trimmed.to_owned() };
        let nesting = if self.sound { Nesting::Sound } else { Nesting::Unsound };
        Rewritten { html, nesting, cut: self.full }
    }
}

/// Cuts escaped text, which begins at `start`, so that no more than `limit` bytes are left
/// in all, and no half of a character or reference.
pub(super) fn cut_escaped(out: &mut String, start: usize, limit: usize) {
    let end = boundary_before(out, limit.max(start));
    out.truncate(end);
    let text = &out[start..];
    if let Some(at) = text.rfind('&').filter(|at| !text[*at..].contains(';')) {
        out.truncate(start + at);
    }
}

/// Text as HTML writes it, its entities in one form.
fn escape_into(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    if memchr3(b'&', b'>', 0xC2, bytes).is_none() && !holds_override(bytes) {
        out.push_str(text);
        return;
    }
    let decoded = htmlize::unescape(text);
    for c in decoded.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{A0}' => out.push_str("&nbsp;"),
            c if is_allowed(c) => out.push(c),
            _ => {}
        }
    }
}

/// The text of HTML for people and for matching: a paragraph a line, entities
/// decoded, white space folded.
pub(in crate::parse) fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len() / 2);
    let mut pieces = Pieces::of(html);
    while let Some(piece) = pieces.next() {
        match piece.kind {
            Kind::Text(inner) if inner.contains('&') => {
                fold_into(&mut text, &htmlize::unescape(inner))
            }
            Kind::Text(inner) | Kind::CData(inner) => fold_into(&mut text, inner),
            Kind::Stray => text.push('<'),
            Kind::Open { name, .. } | Kind::Close { name } => {
                let name = lower(name);
                if policy::is_block(&name) || matches!(&*name, "br" | "tr") {
                    end_line(&mut text);
                } else if matches!(&*name, "td" | "th") {
                    fold_into(&mut text, " ");
                } else if matches!(piece.kind, Kind::Open { empty: false, .. })
                    && policy::fate(&name) == Fate::GoesWithContent
                {
                    pieces.skip_to(piece.end + end_of(&html[piece.end..], &name));
                }
            }
            Kind::Aside(_) | Kind::Unclosed(_) => {}
        }
    }
    end_line(&mut text);
    text.truncate(text.trim_end().len());
    text
}

fn end_line(text: &mut String) {
    let kept = text.trim_end_matches(' ').len();
    text.truncate(kept);
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
}

/// Appends text with each run of white space as one space.
fn fold_into(out: &mut String, text: &str) {
    if text.starts_with(char::is_whitespace) {
        space(out);
    }
    let mut words = text.split_whitespace();
    if let Some(first) = words.next() {
        push_allowed(out, first);
    }
    for word in words {
        space(out);
        push_allowed(out, word);
    }
    if text.ends_with(char::is_whitespace) {
        space(out);
    }
}

fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '\n']) {
        out.push(' ');
    }
}

fn push_allowed(out: &mut String, word: &str) {
    // Only these bytes begin a character that may not leave.
    let doubtful = |byte: u8| byte < 0x20 || matches!(byte, 0x7F | 0xC2 | 0xE2 | 0xEF);
    if word.bytes().any(doubtful) {
        out.extend(word.chars().filter(|c| is_allowed(*c)));
    } else {
        out.push_str(word);
    }
}

/// One line, white space folded, no characters that may not leave, and no isolate left open.
pub(in crate::parse) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(&mut out, text);
    out.truncate(out.trim_end().len());
    match close_isolates(&out) {
        Cow::Owned(closed) => closed,
        Cow::Borrowed(_) => out,
    }
}

/// A title: one line of plain text, whatever it was written as.
///
/// Sources escape titles once too often, or once too rarely; a tag of HTML is
/// never meant to be read as such, `Vec<T>` is.
pub(in crate::parse) fn title(text: &str) -> String {
    if memchr2(b'<', b'&', text.as_bytes()).is_none() {
        return fold(text);
    }
    let mut title = Cow::Borrowed(text);
    for _ in 0..4 {
        let bare = if title.contains('<') { without_tags(&title) } else { title.to_string() };
        let decoded = htmlize::unescape(&bare);
        if decoded == title {
            break;
        }
        title = Cow::Owned(decoded.into_owned());
    }
    if policy::holds_markup(&title) {
        title = Cow::Owned(without_tags(&title));
    }
    fold(&title)
}

fn without_tags(text: &str) -> String {
    let mut bare = String::with_capacity(text.len());
    let mut pieces = Pieces::of(text);
    while let Some(piece) = pieces.next() {
        match piece.kind {
            // A tag that another begins in is none.
            Kind::Open { name, attributes, .. } if attributes.contains('<') => {
                let inner = attributes.find('<').unwrap_or_default();
                let end = piece.start + 1 + name.len() + inner;
                if policy::unclosed_tag(&text[piece.start..piece.end]).is_empty() {
                    bare.push_str(&text[piece.start..end]);
                }
                pieces.skip_to(end);
            }
            Kind::Open { name, .. } | Kind::Close { name } if policy::is_markup(piece.kind) => {
                let name = lower(name);
                if policy::is_block(&name) || name == "br" {
                    bare.push(' ');
                } else if matches!(&*name, "script" | "style")
                    && matches!(piece.kind, Kind::Open { .. })
                {
                    pieces.skip_to(piece.end + end_of(&text[piece.end..], &name));
                }
            }
            Kind::CData(inner) => bare.push_str(inner),
            Kind::Aside(_) => {}
            // What never ends hides nothing: the tags after it are tags.
            Kind::Unclosed(rest) => {
                let name = policy::unclosed_tag(rest);
                if name.is_empty() {
                    bare.push('<');
                }
                pieces.skip_to(piece.start + 1 + name.len());
            }
            _ => bare.push_str(&text[piece.start..piece.end]),
        }
    }
    bare
}
