//! Reads the inside of an element as text or as HTML.

use crate::markup::{self, Kind, Pieces};

/// The inside of an element as HTML: its markup without prefixes where it holds any, else its
/// text, which is HTML that was escaped.
pub(super) fn html_of(raw: &str) -> String {
    if !Pieces::of(raw).any(|piece| matches!(piece.kind, Kind::Open { .. })) {
        return text_of(raw);
    }
    let mut html = String::with_capacity(raw.len());
    for piece in Pieces::of(raw) {
        match piece.kind {
            Kind::Open { name, attributes, empty } => {
                let name = markup::split_name(name).1;
                let end = if empty { "/>" } else { ">" };
                html.push_str(&format!("<{name}{attributes}{end}"));
            }
            Kind::Close { name } => {
                html.push_str(&format!("</{}>", markup::split_name(name).1));
            }
            Kind::Text(text) => html.push_str(text),
            Kind::CData(text) => html.push_str(&htmlize::escape_text(text)),
            _ => {}
        }
    }
    html
}

/// The text inside an element, decoded; tags inside it are left out.
pub(in crate::parse) fn text_of(raw: &str) -> String {
    if !raw.contains(['<', '&']) {
        return raw.trim().to_owned();
    }
    let mut text = String::with_capacity(raw.len());
    for piece in Pieces::of(raw) {
        match piece.kind {
            Kind::Text(inner) => text.push_str(&htmlize::unescape(inner)),
            Kind::CData(inner) => text.push_str(inner),
            _ => {}
        }
    }
    text.trim().to_owned()
}
