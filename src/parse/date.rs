//! A date as feeds write them in; a moment out, or nothing where it cannot be read.
//!
//! Reads RFC 3339 and W3C-DTF with parts missing, RFC 822 with everything that
//! is done to it, `asctime`, JavaScript's dates, numeric dates, and month names of
//! the European languages. What states no zone is read as UTC.

mod names;

use chrono::{Duration, NaiveDate, NaiveDateTime};

use crate::model::Timestamp;

/// Dates before this year are mistakes: there were no feeds, and no web.
const FIRST_YEAR: i32 = 1990;

/// The moment a date states, unless it cannot be read or lies before 1990.
///
/// One that lies in the future stays as it is: held to the moment of reading, it
/// would be another at every reading, and its entry revised each time. Whoever
/// publishes it holds it to when it was first read (Q6).
pub(super) fn read(text: &str) -> Option<Timestamp> {
    believed(parse(text)?)
}

/// A stated moment as far as it is believed: not before 1990.
pub(super) fn believed(moment: Timestamp) -> Option<Timestamp> {
    Some(moment).filter(|moment| *moment >= earliest())
}

fn earliest() -> Timestamp {
    NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1)
        .and_then(|date| date.and_hms_opt(0, 0, 0))
        .map_or(Timestamp::EPOCH, |moment| Timestamp::from(moment.and_utc()))
}

/// The moment a date states.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.len() > 100 {
        return None;
    }
    if text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits(text);
    }
    let mut parts = Parts::default();
    match iso(text) {
        Some((date, rest)) => {
            parts.date(date)?;
            parts.read(rest)?;
        }
        None => parts.read(text)?,
    }
    parts.moment()
}

/// What has been understood of a date so far.
#[derive(Debug, Default)]
struct Parts {
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    time: Option<Time>,
    afternoon: Option<bool>,
    /// Seconds east of Greenwich.
    zone: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    millisecond: u32,
}

impl Parts {
    fn date(&mut self, (year, month, day): (i32, u32, u32)) -> Option<()> {
        if self.year.is_some() {
            return None;
        }
        (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
        Some(())
    }

    /// Takes in the words of `text`; none when one of them contradicts the others.
    fn read(&mut self, text: &str) -> Option<()> {
        let mut comment = 0_usize;
        for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';')) {
            // `(CEST)` only repeats the zone.
            let opened = word.matches('(').count();
            if comment == 0 && opened == 0 && !word.is_empty() {
                self.word(word)?;
            }
            comment = (comment + opened).saturating_sub(word.matches(')').count());
        }
        Some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let first = word.chars().next()?;
        if first.is_ascii_digit() {
            return self.numeric(word);
        }
        if matches!(first, '+' | '-' | '−')
            && word.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
        {
            self.zone = Some(offset(word)?);
            return Some(());
        }
        if let Some(time) = word
            .strip_prefix(['T', 't'])
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            return self.numeric(time);
        }
        if names::is_english_weekday(word) {
            return Some(());
        }
        let lower = word.to_lowercase();
        let bare = lower.trim_matches(['.', '-']);
        match bare {
            "am" | "a.m" | "오전" => self.afternoon = Some(false),
            "pm" | "p.m" | "오후" => self.afternoon = Some(true),
            _ => {
                if let Some(month) = names::month(bare) {
                    // A later month name wins: "mar. 1 avr." begins with Tuesday.
                    self.month = Some(month);
                } else if let Some(zone) = names::zone(bare) {
                    self.zone = self.zone.or(Some(zone));
                } else if let Some((zone, rest)) = zone_and_offset(bare) {
                    self.zone = Some(zone + offset(rest)?);
                }
            }
        }
        Some(())
    }

    /// A word that begins with a digit: a time, a day, a year, or a date in one word.
    fn numeric(&mut self, word: &str) -> Option<()> {
        if word.contains(':') {
            return self.clock(word);
        }
        if self.year.is_some() && self.day.is_some() && self.time.is_none() {
            return self.clock(word.strip_suffix(['h', 'H']).unwrap_or(word));
        }
        let ends = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (number, rest) = word.split_at(ends);
        if number.len() <= 4 && names::splits_date(rest) {
            return self.in_one_word(word);
        }
        let value: u32 = number.parse().ok()?;
        match rest.to_lowercase().as_str() {
            "am" | "pm" => return self.clock(word),
            _ => {}
        }
        if number.len() == 4 {
            self.year = Some(i32::try_from(value).ok()?);
        } else if number.len() > 4 {
            return None;
        } else if self.day.is_none() {
            self.day = Some(value);
        } else if self.year.is_none() {
            self.year = Some(century(value));
        } else {
            return None;
        }
        Some(())
    }

    /// `01-Jan-2025`, `1/4/2025`, `1.4.2025`, `2025년`.
    fn in_one_word(&mut self, word: &str) -> Option<()> {
        let (word, time) = word
            .split_once(['T', 't'])
            .filter(|(_, time)| time.starts_with(|c: char| c.is_ascii_digit()))
            .unwrap_or((word, ""));
        let separator = word.chars().find(|c| !c.is_ascii_digit())?;
        let parts: Vec<&str> = word.split(separator).filter(|part| !part.is_empty()).collect();
        let [first, second, third] = parts[..] else { return None };
        let number = |text: &str| text.parse::<u32>().ok();
        let year = |text: &str| {
            let value = number(text)?;
            if text.len() <= 2 { Some(century(value)) } else { i32::try_from(value).ok() }
        };
        let date = if let Some(month) = names::month(&second.to_lowercase()) {
            (year(third)?, month, number(first)?)
        } else if first.len() == 4 {
            (year(first)?, number(second)?, number(third)?)
        } else {
            let (a, b) = (number(first)?, number(second)?);
            // With slashes the month comes first, as in the country of most
            // such feeds, unless it cannot be one.
            let month_first = separator == '/' && a <= 12 || b > 12;
            if month_first { (year(third)?, a, b) } else { (year(third)?, b, a) }
        };
        self.date(date)?;
        if time.is_empty() { Some(()) } else { self.clock(time) }
    }

    /// `19:48:21.5`, with a zone or AM/PM attached to it or not.
    fn clock(&mut self, word: &str) -> Option<()> {
        let ends = word
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, ':' | '.')))
            .unwrap_or(word.len());
        let (time, rest) = word.split_at(ends);
        // Decimal comma, as ISO 8601 prefers: the fraction is a word of its own and is lost.
        let (time, fraction) = time.split_once('.').unwrap_or((time, ""));
        let fields: Vec<u32> = if time.contains(':') {
            time.split(':')
                .filter(|part| !part.is_empty())
                .map(|part| part.parse().ok())
                .collect::<Option<_>>()?
        } else if matches!(time.len(), 4 | 6) {
            time.as_bytes()
                .chunks(2)
                .map(|pair| std::str::from_utf8(pair).ok()?.parse().ok())
                .collect::<Option<_>>()?
        } else {
            vec![time.parse().ok()?]
        };
        let field = |at: usize| fields.get(at).copied().unwrap_or(0);
        let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
        let time = Time {
            hour: field(0),
            minute: field(1),
            second: field(2).min(59),
            millisecond: fraction.parse().unwrap_or(0),
        };
        if self.time.is_some() || time.hour > 24 || time.minute > 59 || field(2) > 60 {
            return None;
        }
        self.time = Some(time);
        if rest.is_empty() { Some(()) } else { self.word(rest) }
    }

    fn moment(self) -> Option<Timestamp> {
        let year = self.year.filter(|year| (0..=9999).contains(year))?;
        let date = NaiveDate::from_ymd_opt(year, self.month?, self.day.unwrap_or(1))?;
        let time = self.time.unwrap_or(Time { hour: 0, minute: 0, second: 0, millisecond: 0 });
        let hour = match self.afternoon {
            Some(true) if time.hour < 12 => time.hour + 12,
            Some(false) if time.hour == 12 => 0,
            _ => time.hour,
        };
        let local = NaiveDateTime::from(date)
            + Duration::hours(hour.into())
            + Duration::minutes(time.minute.into())
            + Duration::seconds(time.second.into())
            + Duration::milliseconds(time.millisecond.into());
        let moment = local.checked_sub_signed(Duration::seconds(self.zone.unwrap_or(0)))?;
        Some(Timestamp::from(moment.and_utc()))
    }
}

/// RFC 822's rule for years of two digits.
fn century(year: u32) -> i32 {
    let year = i32::try_from(year).unwrap_or(0);
    match year {
        0..=49 => 2000 + year,
        50..=999 => 1900 + year,
        _ => year,
    }
}

/// A year, month and day at the start of a text, and what follows them:
/// `2025-04-02T…`, `2025-04`, `2025-092`.
fn iso(text: &str) -> Option<((i32, u32, u32), &str)> {
    let year = text.get(..4)?;
    if !year.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (number, rest) = (year.parse().ok()?, &text[4..]);
    if rest.is_empty() {
        return Some(((number, 1, 1), rest));
    }
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.'))?;
    let (month, rest) = leading(&rest[1..]);
    if month.len() == 3 {
        let day = NaiveDate::from_yo_opt(number, month.parse().ok()?)?;
        use chrono::Datelike;
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

fn leading(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()))
}

/// `20250402`, `20250402110500`, or seconds or milliseconds since 1970.
fn digits(text: &str) -> Option<Timestamp> {
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<u32>().ok();
    match text.len() {
        10 => text.parse().ok().map(Timestamp::from_secs),
        13 => text.parse().ok().map(Timestamp::from_millis),
        8 | 12 | 14 => {
            let year = i32::try_from(part(0..4)?).ok()?;
            let date = NaiveDate::from_ymd_opt(year, part(4..6)?, part(6..8)?)?;
            let (hour, minute) = (part(8..10).unwrap_or(0), part(10..12).unwrap_or(0));
            let moment = date.and_hms_opt(hour, minute, part(12..14).unwrap_or(0))?;
            Some(Timestamp::from(moment.and_utc()))
        }
        _ => None,
    }
}

/// Seconds east of Greenwich of `+0100`, `+01:00`, `-5`, `+1`.
fn offset(text: &str) -> Option<i64> {
    let mut chars = text.chars();
    let sign = if chars.next()? == '+' { 1 } else { -1 };
    let rest = chars.as_str();
    let end = rest.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(rest.len());
    let rest = &rest[..end];
    let (hours, minutes) = match rest.split_once(':') {
        Some((hours, minutes)) => (hours, minutes.get(..2).unwrap_or(minutes)),
        None if rest.len() > 2 => rest.split_at(rest.len().min(4) - 2),
        None => (rest, ""),
    };
    let hours: i64 = hours.parse().ok()?;
    let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    (hours <= 15 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

/// `gmt+02:00` in its zone and its offset.
fn zone_and_offset(word: &str) -> Option<(i64, &str)> {
    let at = word.find(['+', '-'])?;
    Some((names::zone(&word[..at])?, &word[at..]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_are_read_as_feeds_write_them() {
        for (given, expected) in [
            ("2025-04-02T11:05:00Z", "2025-04-02T11:05:00Z"),
            ("2025-04-02T12:05:00+01:00", "2025-04-02T11:05:00Z"),
            ("2025-04-02T12:05:00.250+0100", "2025-04-02T11:05:00Z"),
            ("2025-04-02t11:05z", "2025-04-02T11:05:00Z"),
            ("2025-04-02 11:05:00", "2025-04-02T11:05:00Z"),
            ("2025-04-02 11:05:00 UTC", "2025-04-02T11:05:00Z"),
            ("2025-04-02", "2025-04-02T00:00:00Z"),
            ("2025-04", "2025-04-01T00:00:00Z"),
            ("2025", "2025-01-01T00:00:00Z"),
            ("2025/4/2", "2025-04-02T00:00:00Z"),
            ("2025-092", "2025-04-02T00:00:00Z"),
            ("2011-02-2T10:00", "2011-02-02T10:00:00Z"),
            ("20250402", "2025-04-02T00:00:00Z"),
            ("20250402110500", "2025-04-02T11:05:00Z"),
            ("1743591900", "2025-04-02T11:05:00Z"),
            ("1743591900000", "2025-04-02T11:05:00Z"),
            ("Wed, 02 Apr 2025 12:05:00 +0100", "2025-04-02T11:05:00Z"),
            ("Mon, 2 Apr 25 11:05 GMT", "2025-04-02T11:05:00Z"),
            ("02 April 2025 11:05:00", "2025-04-02T11:05:00Z"),
            ("Wednesday, 2nd April, 2025 at 11:05", "2025-04-02T11:05:00Z"),
            ("April 2, 2025, 11:05 a.m.", "2025-04-02T11:05:00Z"),
            ("Wed, 02 Apr 2025 12:05:00 BST", "2025-04-02T11:05:00Z"),
            ("Wed, 02 Apr 2025 07:05:00 EDT", "2025-04-02T11:05:00Z"),
            ("Wed, 02 Apr 2025 11:05:00 GMT+00:00", "2025-04-02T11:05:00Z"),
            ("Wed Apr 02 2025 13:05:00 GMT+0200 (CEST)", "2025-04-02T11:05:00Z"),
            ("Wed Apr  2 11:05:00 2025", "2025-04-02T11:05:00Z"),
            ("Wed Apr  2 11:05:00 GMT 2025", "2025-04-02T11:05:00Z"),
            ("02-Apr-2025 11:05:00", "2025-04-02T11:05:00Z"),
            ("4/2/2025 11:05:00 PM", "2025-04-02T23:05:00Z"),
            ("25/04/2025 12:00 AM", "2025-04-25T00:00:00Z"),
            ("02.04.2025 11:05", "2025-04-02T11:05:00Z"),
            ("02.04.25", "2025-04-02T00:00:00Z"),
            ("mar., 1 avr. 2025 13:05:00 +0200", "2025-04-01T11:05:00Z"),
            ("Mittwoch, 2. April 2025 13:05 MESZ", "2025-04-02T11:05:00Z"),
            ("2 de abril de 2025", "2025-04-02T00:00:00Z"),
            ("Ср, 02 апр 2025 14:05:00 MSK", "2025-04-02T11:05:00Z"),
            ("śr., 02 kwi 2025 13:05:00 CEST", "2025-04-02T11:05:00Z"),
            ("Τετ, 02 Απρ 2025 14:05:00 EEST", "2025-04-02T11:05:00Z"),
            ("Wed, 02 Apr 2025 24:00:00 GMT", "2025-04-03T00:00:00Z"),
            ("Wed, 02 Apr 2025 11:05:60 GMT", "2025-04-02T11:05:59Z"),
            ("\n  Wed, 02 Apr 2025 11:05:00 Z\t", "2025-04-02T11:05:00Z"),
        ] {
            let read = parse(given).map(|moment| moment.to_string());
            assert_eq!(read.as_deref(), Some(expected), "{given}");
        }
    }

    #[test]
    fn what_is_no_date_is_absent() {
        for text in [
            "",
            "soon",
            "0",
            "12:00",
            "31 Feb 2025",
            "2025-13-01",
            "Wed, 02 Apr",
            "99:99 1 May 2025",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_future_is_told_as_it_is_and_the_distant_past_is_nothing() {
        for (given, expected) in [
            ("2999-01-01T00:00:00Z", parse("2999-01-01T00:00:00Z")),
            ("2025-04-02T11:04:59Z", parse("2025-04-02T11:04:59Z")),
            ("1970-01-01T00:00:00Z", None),
            ("0001-01-01T00:00:00Z", None),
        ] {
            assert_eq!(read(given), expected, "{given}");
        }
    }

    proptest! {
        #[test]
        fn a_moment_reads_back_from_both_standard_forms(secs in 0_i64..4_000_000_000) {
            let moment = Timestamp::from_secs(secs);
            prop_assert_eq!(parse(&moment.to_string()), Some(moment));
            prop_assert_eq!(parse(&moment.to_chrono().to_rfc2822()), Some(moment));
        }

        #[test]
        fn any_text_is_read_or_absent(text in "\\PC{0,40}", likely in "[0-9:/.+ TZapm-]{0,30}") {
            let _ = (parse(&text), parse(&likely));
        }
    }
}
