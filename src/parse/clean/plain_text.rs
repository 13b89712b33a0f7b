//! Writes HTML as plain text: the text of an entry for matching, and titles of one line.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::policy::{self, Fate, lower};
use crate::charset::is_allowed;
use crate::control_characters::{close_isolates, is_needless_hint};
use crate::markup::{Kind, Pieces};

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
                } else if let Kind::Open { .. } = piece.kind
                    && let Some(end) = end_of_reading(&name, &html[piece.end..])
                {
                    pieces.skip_to(piece.end + end);
                } else if matches!(piece.kind, Kind::Open { empty: false, .. })
                    && policy::fate(&name) == Fate::GoesWithContent
                {
                    let inside = end_of(&html[piece.end..], &name);
                    pieces.skip_to(inside.map_or(html.len(), |inside| piece.end + inside));
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
    let mut rest = text;
    loop {
        let (run, after) = rest.split_at(plain_run(rest.as_bytes()));
        out.push_str(run);
        let mut chars = after.chars();
        let Some(c) = chars.next() else { return };
        if c.is_whitespace() {
            space(out);
        } else if is_allowed(c) && !is_needless_hint(out.chars().next_back().unwrap_or(' '), c) {
            out.push(c);
        }
        rest = chars.as_str();
    }
}

/// How many bytes at the start of a text may stay: words with one space between them.
fn plain_run(text: &[u8]) -> usize {
    // Only these bytes begin white space, a character that may not leave, or an invisible one.
    let is_doubtful =
        |byte: u8| byte <= b' ' || matches!(byte, 0x7F | 0xC2 | 0xE1..=0xE3 | 0xEF | 0xF3);
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        let is_between_words =
            *byte == b' ' && at > 0 && text.get(at + 1).is_some_and(|next| !is_doubtful(*next));
        if is_doubtful(*byte) && !is_between_words {
            break;
        }
        at += 1;
    }
    at
}

fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '\n']) {
        out.push(' ');
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
    without_markup(fold(&title))
}

/// Takes out tags until none is left, as what stands around one can make another with it:
/// `<obj<b>ect>`, or a tag in a CDATA section.
fn without_markup(mut title: String) -> String {
    for _ in 0..8 {
        if !policy::holds_markup_or_sections(&title) {
            return title;
        }
        title = fold(&without_tags(&title));
    }
    fold(&title.replace('<', ""))
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
                } else if let Kind::Open { .. } = piece.kind
                    && let Some(end) = end_of_reading(&name, &text[piece.end..])
                {
                    pieces.skip_to(piece.end + end);
                } else if matches!(&*name, "script" | "style")
                    && matches!(piece.kind, Kind::Open { .. })
                    && let Some(end) = end_of(&text[piece.end..], &name)
                {
                    pieces.skip_to(piece.end + end);
                }
            }
            Kind::CData(inner) => bare.push_str(inner),
            Kind::Aside(_) => {}
            // A tag that never ends hides nothing: the tags after it are tags.
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

/// Where the reading beside a word of a ruby ends, or the bracket around it. It is not part of the
/// text: quotations leave it out.
fn end_of_reading(name: &str, rest: &str) -> Option<usize> {
    let is_reading = matches!(name, "rt" | "rp");
    let end = memchr(b'<', rest.as_bytes()).filter(|_| is_reading)?;
    let tag = rest[end..].strip_prefix("</")?.get(..name.len())?;
    tag.eq_ignore_ascii_case(name).then_some(end)
}

/// Where an element's end tag starts, in bytes from here.
fn end_of(rest: &str, name: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = memchr(b'<', &rest.as_bytes()[at..]) {
        let tag = &rest[at + found..];
        let close = tag.strip_prefix("</").and_then(|tag| tag.get(..name.len()));
        if close.is_some_and(|close| close.eq_ignore_ascii_case(name)) {
            return Some(at + found);
        }
        at += found + 1;
    }
    None
}
