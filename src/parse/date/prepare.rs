//! Prepares the text of a date: without markup, with ASCII digits and a decimal point.

use std::borrow::Cow;

use crate::markup::{self, Kind, Pieces};

/// The text of a date that is written as markup: what a `<time>` states, else what it shows.
pub(super) fn without_markup(text: &str) -> Cow<'_, str> {
    if !text.contains('<') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::new();
    for piece in Pieces::of(text) {
        match piece.kind {
            Kind::Open { attributes, .. } => {
                if let Some(stated) = ["datetime", "content"]
                    .iter()
                    .find_map(|name| markup::attribute(attributes, name))
                    .filter(|stated| !stated.trim().is_empty())
                {
                    return Cow::Borrowed(stated);
                }
            }
            Kind::Text(inner) | Kind::CData(inner) => shown.push_str(inner),
            _ => {}
        }
    }
    Cow::Owned(shown)
}

/// A date with a point before the fraction of its seconds: `11:05:00,123`.
pub(super) fn with_decimal_point(text: &str) -> Cow<'_, str> {
    let is_fraction = |at: &usize| {
        let (before, behind) = (&text.as_bytes()[..*at], text.as_bytes().get(at + 1));
        matches!(before, [.., b':', b'0'..=b'6', b'0'..=b'9'])
            && behind.is_some_and(u8::is_ascii_digit)
    };
    match text.find(',').filter(is_fraction) {
        Some(at) => Cow::Owned(format!("{}.{}", &text[..at], &text[at + 1..])),
        None => Cow::Borrowed(text),
    }
}

/// The date behind a label: `发布时间：2026-11-28`.
pub(super) fn without_label(text: &str) -> &str {
    let label = text.split_once(':').filter(|(label, _)| !label.contains(char::is_numeric));
    label.map_or(text, |(_, date)| date)
}

/// The milliseconds since 1970 of `/Date(1795860000000+0100)/`, as ASP.NET writes a date in JSON. The
/// zone does not change the moment.
pub(super) fn milliseconds(text: &str) -> Option<i64> {
    let inner = text.trim().trim_matches(['/', '\\']).strip_prefix("Date(")?.strip_suffix(')')?;
    let end = inner.find(['+', '-']).filter(|end| *end > 0).unwrap_or(inner.len());
    inner[..end].parse().ok()
}

/// Digits of the scripts that departments write, and colons of full width, as ASCII has them.
pub(super) fn with_ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let digit = |c: char| {
        let value = ZEROS.iter().filter_map(|zero| u32::from(c).checked_sub(*zero));
        value.filter(|value| *value < 10).find_map(|value| char::from_digit(value, 10))
    };
    let ascii = |c| if c == '：' { ':' } else { digit(c).unwrap_or(c) };
    Cow::Owned(text.chars().map(ascii).collect())
}

/// The zeros of scripts with digits of their own: Arabic, Persian, those of India, Thai, Lao, Tibetan,
/// Burmese, Khmer, and full-width.
const ZEROS: [u32; 17] = [
    0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0,
    0xF20, 0x1040, 0x17E0, 0xFF10,
];
