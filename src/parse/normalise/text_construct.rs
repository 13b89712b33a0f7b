//! Reads the tag of an Atom text construct, and writes one that feed-rs accepts.
//!
//! Atom 0.3 says `type` and `mode`, Atom 1.0 `type`; real feeds say anything.
//! feed-rs gives the whole feed up over a type that it does not know.

use std::borrow::Cow;

use super::super::outline::Link;
use super::edits::Edits;
use super::noting;
use crate::markup::{self, Kind, Piece, attributes};

/// The new name of an element that feed-rs is not to read.
pub(super) const LEFT_OUT: &str = "left-out";

/// How the content of a text construct is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    Html,
    Xhtml,
    /// Text or HTML, in base64.
    Base64,
    /// Not in the document, or nothing that can be read.
    Elsewhere,
}

/// An Atom text construct.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Construct {
    pub(super) form: Form,
    /// The type that feed-rs is to see; none where the written one will do.
    shown: Option<&'static str>,
}

/// Reads the tag of an element of Atom, if that is a text construct.
pub(super) fn read(name: &str, inside: &str) -> Option<Construct> {
    if !matches!(name, "title" | "subtitle" | "summary" | "rights" | "content" | "info") {
        return None;
    }
    let kind = markup::attribute(inside, "type");
    let mode = markup::attribute(inside, "mode").map(str::trim);
    if mode.is_none() && !inside.contains("src") {
        // Nearly all documents say one of these.
        match kind {
            None | Some("text") => return Some(Construct { form: Form::Text, shown: None }),
            Some("html") => return Some(Construct { form: Form::Html, shown: None }),
            Some("xhtml") => return Some(Construct { form: Form::Xhtml, shown: None }),
            Some(_) => {}
        }
    }
    let content = name == "content";
    if content && markup::attribute(inside, "src").is_some() {
        return Some(Construct { form: Form::Elsewhere, shown: None });
    }
    let kind = kind.unwrap_or("text").trim().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let form = match (kind, mode) {
        (_, Some("base64")) => Form::Base64,
        (kind, Some("escaped")) if kind.contains("html") => Form::Html,
        (kind, _) if kind == "xhtml" || kind.contains("xhtml") => Form::Xhtml,
        (kind, _) if kind.contains("html") => Form::Html,
        ("" | "text" | "text/plain", Some("xml")) => Form::Xhtml,
        (kind, _) if kind.ends_with("+xml") || kind.ends_with("/xml") => Form::Xhtml,
        (kind, _) if kind.contains('/') && !kind.starts_with("text/") => {
            // A picture cannot be read as content, and a title cannot be a picture.
            if content { Form::Elsewhere } else { Form::Base64 }
        }
        _ => Form::Text,
    };
    let shown = match form {
        Form::Text => Some("text"),
        Form::Html => Some("html"),
        Form::Xhtml => Some("xhtml"),
        Form::Base64 if kind.contains("html") => Some("html"),
        Form::Base64 => Some("text"),
        Form::Elsewhere => None,
    };
    Some(Construct { form, shown })
}

impl Construct {
    /// The tag that feed-rs is to see, where it differs from the written one.
    pub(super) fn tag(self, name: &str, inside: &str, piece: Piece<'_>) -> Option<String> {
        let empty = matches!(piece.kind, Kind::Open { empty: true, .. });
        let end = if empty { "/>" } else { ">" };
        if self.form == Form::Elsewhere {
            return Some(format!("<{LEFT_OUT}{end}"));
        }
        let shown = self.shown?;
        let mut tag = format!("<{name} type=\"{shown}\"");
        for (name, value) in attributes(inside) {
            if name.starts_with("xml:") {
                tag.push_str(&format!(" {name}=\"{}\"", value.replace('"', "&quot;")));
            }
        }
        tag.push_str(end);
        Some(tag)
    }

    /// Where the content is, when it is not in the document.
    pub(super) fn source(self, inside: &str) -> Option<Link> {
        let src = markup::attribute(inside, "src")?;
        Some(Link {
            rel: "content".to_owned(),
            href: noting::decoded(src),
            media_type: markup::attribute(inside, "type").map(noting::decoded),
            length: None,
            language: None,
        })
    }
}

/// Takes a type that feed-rs does not know from a title or description of
/// another vocabulary.
pub(super) fn correct_media_type(edits: &mut Edits, piece: Piece<'_>, name: &str, inside: &str) {
    let Some(kind) = markup::attribute(inside, "type") else { return };
    if kind == "html" {
        return;
    }
    let shown = if kind.contains("html") { " type=\"html\"" } else { "" };
    let empty = matches!(piece.kind, Kind::Open { empty: true, .. });
    let end = if empty { "/>" } else { ">" };
    edits.replace(piece.start, piece.end, format!("<{name}{shown}{end}"));
}

/// The text in base64, escaped for XML; what cannot be decoded is left out.
pub(super) fn from_base64(content: &str) -> Cow<'static, str> {
    let mut bytes = Vec::with_capacity(content.len() * 3 / 4);
    let (mut buffer, mut bits) = (0_u32, 0_u32);
    for byte in content.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => continue,
        };
        buffer = buffer << 6 | u32::from(six);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xFF) as u8);
        }
    }
    let text: String = String::from_utf8_lossy(&bytes)
        .chars()
        .map(|c| if crate::control_characters::is_odd_space(c) { ' ' } else { c })
        .filter(|c| crate::charset::is_allowed(*c))
        .collect();
    Cow::Owned(htmlize::escape_text(text).into_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_form_follows_type_and_mode_whatever_they_say() {
        for (name, inside, form, shown) in [
            ("title", "", Form::Text, None),
            ("title", " type='html'", Form::Html, None),
            ("title", " type='text/html' mode='escaped'", Form::Html, Some("html")),
            ("content", " type='application/xhtml+xml' mode='xml'", Form::Xhtml, Some("xhtml")),
            ("content", " type='text/plain' mode='base64'", Form::Base64, Some("text")),
            ("content", " type='image/png'", Form::Elsewhere, None),
            ("content", " type='image/svg+xml'", Form::Xhtml, Some("xhtml")),
            ("content", " src='http://x/'", Form::Elsewhere, None),
            ("summary", " type='CDATA'", Form::Text, Some("text")),
            ("summary", " type='text/plain'", Form::Text, Some("text")),
        ] {
            let made = read(name, inside).unwrap();
            assert_eq!((made.form, made.shown), (form, shown), "{name}{inside}");
        }
        assert_eq!(read("link", ""), None);
    }

    #[test]
    fn base64_is_decoded_and_escaped() {
        assert_eq!(from_base64("PGI+SGk8L2I+ICYK\n"), "&lt;b&gt;Hi&lt;/b&gt; &amp;\n");
    }
}
