//! Reads the dates of ISO 8601 at the start of a text, in all its forms.

use chrono::{Datelike, NaiveDate};

/// A year, month and day at the start of a text, and what follows them:
/// `2025-04-02T…`, `2025-04`, `2025-092`.
pub(super) fn date(text: &str) -> Option<((i32, u32, u32), &str)> {
    let year = text.get(..4)?;
    if !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (number, rest) = (year.parse().ok()?, &text[4..]);
    if let Some(basic) = text.get(4..8).filter(|_| is_basic(text)) {
        return Some(((number, basic[..2].parse().ok()?, basic[2..].parse().ok()?), &text[8..]));
    }
    if rest.is_empty() {
        return Some(((number, 1, 1), rest));
    }
    if let Some((day, rest)) = iso_week(number, rest) {
        return Some(((day.year(), day.month(), day.day()), rest));
    }
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (month, rest) = leading(&rest[1..]);
    if month.len() == 3 {
        let day = NaiveDate::from_yo_opt(number, month.parse().ok()?)?;
        return Some(((number, day.month(), day.day()), rest));
    }
    let month = Some(month).filter(|month| matches!(month.len(), 1 | 2))?.parse().ok()?;
    let (day, rest) = match rest.strip_prefix(separator) {
        Some(rest) => {
            let (day, rest) = leading(rest);
            (Some(day).filter(|day| matches!(day.len(), 1 | 2))?.parse().ok()?, rest)
        }
        None => (1, rest),
    };
    let rest = rest.strip_prefix(['T', 't', '_']).unwrap_or(rest);
    Some(((number, month, day), rest))
}

/// The day of an ISO week, behind its year: `-W48-6`, `W486`, `-W48`. And what follows it.
fn iso_week(year: i32, rest: &str) -> Option<(NaiveDate, &str)> {
    let rest = rest.strip_prefix('-').unwrap_or(rest).strip_prefix('W')?;
    let week = rest.get(..2)?.parse().ok()?;
    let behind = rest[2..].strip_prefix('-').unwrap_or(&rest[2..]);
    let weekday = behind.bytes().next().filter(|byte| (b'1'..=b'7').contains(byte));
    let weekday = weekday.map_or(0, |byte| byte - b'1');
    let is_stated = behind.starts_with(|c: char| c.is_ascii_digit());
    let day = NaiveDate::from_isoywd_opt(year, week, chrono::Weekday::try_from(weekday).ok()?)?;
    Some((day, if is_stated { &behind[1..] } else { behind }))
}

/// Whether a text begins with a date of ISO 8601's basic form and goes on: `20251128T100000Z`.
fn is_basic(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits == 8 && matches!(text.as_bytes().get(8), Some(b'T' | b't' | b' ' | b'-' | b'_'))
}

fn leading(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}
