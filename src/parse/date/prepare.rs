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

/// Arabic, Persian, Hindi and full-width digits as ASCII has them.
pub(super) fn with_ascii_digits(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let digit = |c: char| {
        let zeros = [0x660, 0x6F0, 0x966, 0xFF10];
        let value = zeros.iter().filter_map(|zero| u32::from(c).checked_sub(*zero));
        value.filter(|value| *value < 10).find_map(|value| char::from_digit(value, 10))
    };
    Cow::Owned(text.chars().map(|c| digit(c).unwrap_or(c)).collect())
}
