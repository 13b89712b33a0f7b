//! Reads the dates of feeds, in whatever form and language they are written.
//!
//! RFC 3339 and W3C-DTF with parts missing, RFC 822 with everything that is done to it, `asctime`,
//! JavaScript's dates, ISO 8601's weeks and basic form, numeric dates, and the names of months in
//! the languages of [`languages`]. A date that states no zone is read as UTC. Years of other
//! calendars are converted.
//!
//! `02/04/2025` is 2 April to some and 4 February to others. One document has one order:
//! [`Dates`] finds it by the document's other dates, else by its language and its country.

mod calendar;

mod clock;

mod east_asian;

mod iso;

mod languages;

mod names;

mod order;

mod prepare;

mod zone;

use chrono::{NaiveDate, NaiveDateTime};

use self::clock::Time;
pub(super) use self::names::tag_of;
pub(super) use self::order::Dates;
use self::order::{Evidence, Order, Usage};
use self::zone::Zone;
use crate::model::Timestamp;

/// Dates before this year are mistakes: there were no feeds, and no web.
const FIRST_YEAR: i32 = 1990;

/// No date is longer.
const MOST_BYTES: usize = 200;

/// A stated moment as far as it is believed: not before 1990.
fn believed(moment: Timestamp) -> Option<Timestamp> {
    Some(moment).filter(|moment| *moment >= earliest())
}

fn earliest() -> Timestamp {
    NaiveDate::from_ymd_opt(FIRST_YEAR, 1, 1)
        .and_then(|date| date.and_hms_opt(0, 0, 0))
        .map_or(Timestamp::EPOCH, |moment| Timestamp::from(moment.and_utc()))
}

/// The moment that a date states, of a document of which nothing is known.
#[cfg(test)]
fn parse(text: &str) -> Option<Timestamp> {
    parse_in(text, Usage::default()).map(|(moment, _)| moment)
}

fn parse_in(text: &str, usage: Usage<'_>) -> Option<(Timestamp, Option<Evidence>)> {
    let text = prepare::without_markup(text);
    let text = prepare::with_ascii_digits(text.trim());
    let text = prepare::with_decimal_point(&text);
    if text.len() > MOST_BYTES {
        return None;
    }
    if text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some((digits(&text)?, None));
    }
    if let Some(moment) = prepare::milliseconds(&text) {
        return Some((Timestamp::from_millis(moment), None));
    }
    let (text, comments) = zone::without_comments(prepare::without_label(&text));
    let text = text.trim();
    let east_asian = east_asian::as_iso(text);
    let text = east_asian.as_deref().unwrap_or(text);
    let mut parts = Parts { usage, ..Parts::default() };
    match iso::date(text) {
        Some((date, rest)) => {
            parts.date(date)?;
            parts.read(rest)?;
        }
        None => parts.read(text)?,
    }
    if parts.zone.is_none() && parts.time.is_some() {
        parts.zone = comments.iter().find_map(|comment| zone::of_comment(comment));
    }
    let evidence = parts.evidence;
    Some((parts.moment()?, evidence))
}

/// The parts of a date that have been understood so far.
#[derive(Debug, Default)]
struct Parts<'l> {
    usage: Usage<'l>,
    year: Option<i32>,
    month: Option<u32>,
    day: Option<u32>,
    time: Option<Time>,
    afternoon: Option<bool>,
    zone: Option<Zone>,
    evidence: Option<Evidence>,
    /// Whether an unknown word stands behind the day, where a month may.
    has_unknown_month: bool,
}

impl Parts<'_> {
    fn date(&mut self, (year, month, day): (i32, u32, u32)) -> Option<()> {
        if self.year.is_some() {
            return None;
        }
        (self.year, self.month, self.day) = (Some(year), Some(month), Some(day));
        Some(())
    }

    /// Reads the words of `text`; none when one of them contradicts the others.
    fn read(&mut self, text: &str) -> Option<()> {
        let mut tokens = tokens(text);
        if let Some((zone, words)) = zone::of_words(&tokens) {
            self.zone = Some(zone);
            tokens.drain(words);
        }
        let names = if self.month.is_none() { self.find_month(&tokens) } else { Vec::new() };
        let day = self.day_of_month(&tokens, &names);
        for (at, token) in tokens.iter().enumerate() {
            let before = at.checked_sub(1).map_or("", |before| tokens[before]);
            let behind = tokens.get(at + 1).copied().unwrap_or_default();
            // "No. 5 of 3 May": a number before the day is something else's, or the end of a span.
            let is_beside_day = day.is_some_and(|(day, last)| at != day && at <= last)
                && is_short_number(token)
                && !clock::is_announced(token, before, behind);
            if !is_beside_day && !names.get(at).copied().unwrap_or(false) {
                self.token(token, before, behind)?;
            }
        }
        Some(())
    }

    /// Sets the month that a word names. Returns which tokens are the names of months and
    /// weekdays of another language than English.
    fn find_month(&mut self, tokens: &[&str]) -> Vec<bool> {
        if is_numbered(tokens) {
            return Vec::new();
        }
        // Behind the time a zone is not a name: CET is not the Croatian "četvrtak".
        let time = tokens.iter().position(|token| token.contains(':')).unwrap_or(tokens.len());
        let is_zone = |word: &str| zone::of_word(word).is_some();
        let words: Vec<&str> = tokens
            .iter()
            .enumerate()
            .map(|(at, token)| (at, bare(token)))
            .filter(|(at, word)| is_word(word) && !(*at > time && is_zone(word)))
            .map(|(_, word)| word)
            .collect();
        let english = words.iter().rev().find_map(|word| names::english_month(word));
        if english.is_some() && words.iter().all(|word| is_english(word)) {
            self.month = english;
            return Vec::new();
        }
        let Some((month, known)) = names::month(&words, self.usage.language) else {
            self.month = words.iter().find_map(|word| names::roman_month(word));
            return Vec::new();
        };
        self.month = Some(month);
        let names: Vec<&str> =
            words.iter().zip(known).filter(|(_, known)| *known).map(|(word, _)| *word).collect();
        // A day may stand before a name in one word: `28.novembra`.
        tokens.iter().map(|token| is_word(token) && names.contains(&bare(token))).collect()
    }

    /// Where the day stands that a named month has before it, and where the last number before the
    /// month does, which is another where the date is a span of days.
    fn day_of_month(&self, tokens: &[&str], names: &[bool]) -> Option<(usize, usize)> {
        self.month?;
        let is_month = |at: &usize| match names.get(*at) {
            Some(is_name) => *is_name && names::month(&[bare(tokens[*at])], None).is_some(),
            None => names::english_month(bare(tokens[*at])).is_some(),
        };
        let month = (0..tokens.len()).find(is_month)?;
        let day = (0..month).rev().find(|at| is_short_number(tokens[*at]))?;
        let is_name = |at: usize| names.get(at) == Some(&true) || is_english(bare(tokens[at]));
        let first = (0..day).find(|at| !is_name(*at)).unwrap_or(day);
        Some((if is_span(&tokens[first..=day]) { first } else { day }, day))
    }

    fn token(&mut self, token: &str, before: &str, behind: &str) -> Option<()> {
        let first = token.chars().next()?;
        if first.is_ascii_digit() {
            return self.numeric(token, before, behind);
        }
        if matches!(first, '+' | '-' | '−')
            && token.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
        {
            self.zone = Some(Zone::Offset(zone::offset(token)?));
            return Some(());
        }
        if let Some(time) = token
            .strip_prefix(['T', 't'])
            .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        {
            return self.numeric(time, before, behind);
        }
        if let Some((afternoon, rest)) = clock::half_before(token) {
            self.afternoon = Some(afternoon);
            return if rest.is_empty() { Some(()) } else { self.numeric(rest, "", behind) };
        }
        if names::is_english_weekday(bare(token)) || names::english_month(bare(token)).is_some() {
            return Some(());
        }
        let lower = token.to_lowercase();
        let word = lower.trim_matches(['.', '-']);
        let language = self.usage.language;
        // "am" is also a German word, so it counts behind a time alone.
        if let Some(afternoon) =
            clock::half_behind(word, behind, language).filter(|_| self.time.is_some())
        {
            self.afternoon = Some(afternoon);
        } else if let Some(time) = Time::called(word) {
            self.afternoon = time.half_of(self.time).or(self.afternoon);
            self.time = self.time.or(Some(time));
        } else if let Some((zone, rest)) = zone::and_offset(word) {
            self.zone = Some(Zone::Offset(zone + zone::offset(rest)?));
        } else if let Some(zone) = zone::of_word(token.trim_matches(['.', '-']))
            // Before the time, "pet" is the Croatian Friday.
            && (self.time.is_some() || token.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            self.zone = self.zone.or(Some(zone));
        } else {
            let is_behind_day = self.day.is_some() && self.month.is_none() && self.year.is_none();
            self.has_unknown_month |= is_behind_day && names::may_be_month(word);
        }
        Some(())
    }

    /// A word that begins with a digit: a time, a day, a year, or a date in one word.
    fn numeric(&mut self, word: &str, before: &str, behind: &str) -> Option<()> {
        let has_day = self.year.is_some() && self.day.is_some();
        if let Some(time) = &mut self.time
            && time.takes_minute(word, before)
        {
            return Some(());
        }
        let is_clock = word.contains(':')
            || clock::is_marked(word)
            || self.time.is_none() && (has_day || clock::is_announced(word, before, behind));
        if is_clock {
            return self.clock(word);
        }
        let ends = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let (number, rest) = word.split_at(ends);
        if number.len() <= 4 && splits_date(rest) {
            return self.in_one_word(word);
        }
        let value: u32 = number.parse().ok()?;
        if matches!(rest.to_lowercase().as_str(), "am" | "pm") {
            return self.clock(word);
        }
        self.number(number, value)
    }

    /// A number by itself, by what is still missing.
    fn number(&mut self, number: &str, value: u32) -> Option<()> {
        if number.len() == 4 {
            // A program that knows two digits of a year fills up with zeros. Year 1 is how others
            // write that there is no date.
            let year = i32::try_from(value).ok()?;
            self.year = Some(if (20..100).contains(&year) { century(value) } else { year });
        } else if number.len() > 4 {
            return None;
        } else if self.month.is_none() && (self.day.is_some() || self.year.is_some()) {
            // `28. 11. 2025` and `2025. 11. 28.`: no word names the month.
            if self.has_unknown_month {
                return None;
            }
            self.month = Some(value);
        } else if self.day.is_none() {
            self.day = Some(value);
        } else if self.year.is_none() {
            self.year = Some(century(value));
        } else {
            return None;
        }
        Some(())
    }

    /// `01-Jan-2025`, `1/4/2025`, `1.4.2025`.
    fn in_one_word(&mut self, word: &str) -> Option<()> {
        let (word, time) = word
            .split_once(['T', 't'])
            .filter(|(_, time)| time.starts_with(|c: char| c.is_ascii_digit()))
            .unwrap_or((word, ""));
        let separator = word.chars().find(|c| !c.is_ascii_digit())?;
        let parts: Vec<&str> = word.split(separator).filter(|part| !part.is_empty()).collect();
        let number = |text: &str| text.parse::<u32>().ok();
        let [first, second, third] = parts[..] else {
            // `28.11. 2025`
            let [first, second] = parts[..] else { return None };
            self.number(first, number(first)?)?;
            // `2-3 April`: a span of days.
            let is_span = self.month.is_some() && self.year.is_none() && second.len() <= 2;
            return if is_span { Some(()) } else { self.number(second, number(second)?) };
        };
        let year = |text: &str| {
            let value = number(text)?;
            if text.len() <= 2 { Some(century(value)) } else { i32::try_from(value).ok() }
        };
        let second = bare(second);
        let named = names::english_month(second)
            .or_else(|| names::month(&[second], None).map(|(month, _)| month))
            .or_else(|| names::roman_month(second));
        let date = if let Some(month) = named {
            (year(third)?, month, number(first)?)
        } else if first.len() >= 3 {
            let year = calendar::leading_year(number(first)?);
            (i32::try_from(year).ok()?, number(second)?, number(third)?)
        } else {
            let (a, b) = (number(first)?, number(second)?);
            let (month, day) = self.ordered(a, b, separator);
            (year(third)?, month, day)
        };
        self.date(date)?;
        if time.is_empty() { Some(()) } else { self.clock(time) }
    }

    /// The month and the day among two numbers. Nobody puts the month first before dots.
    fn ordered(&mut self, a: u32, b: u32, separator: char) -> (u32, u32) {
        if a > 12 || b > 12 {
            let only = if a > 12 { Order::DayFirst } else { Order::MonthFirst };
            self.evidence = Some(Evidence::Only(only));
            return if a > 12 { (b, a) } else { (a, b) };
        }
        if separator == '.' {
            return (b, a);
        }
        if a != b {
            self.evidence = Some(Evidence::Both);
        }
        let Usage { order, is_known, .. } = self.usage;
        // With hyphens the day comes first, unless the document is known to do otherwise.
        let month_first = order == Order::MonthFirst && (separator == '/' || is_known);
        if month_first { (a, b) } else { (b, a) }
    }

    /// `19:48:21.5`, with a zone or AM/PM attached to it or not.
    fn clock(&mut self, word: &str) -> Option<()> {
        let (time, rest) = Time::read(word)?;
        if self.time.is_some() {
            return None;
        }
        self.time = Some(time);
        if rest.is_empty() { Some(()) } else { self.token(rest, "", "") }
    }

    fn moment(self) -> Option<Timestamp> {
        let year = self.year.filter(|year| (0..=9999).contains(year))?;
        let date = calendar::day_of(year, self.month.unwrap_or(0), self.day.unwrap_or(1))?;
        let time = self.time.unwrap_or_default();
        let local = NaiveDateTime::from(date) + time.since_midnight(self.afternoon);
        let moment = self.zone.unwrap_or(Zone::Offset(0)).to_utc(local)?;
        Some(Timestamp::from(moment.and_utc()))
    }
}

/// Whether a word is a day's number, or that of an issue.
fn is_short_number(word: &str) -> bool {
    let digits = word.strip_suffix('.').unwrap_or(word);
    matches!(digits.len(), 1 | 2) && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether words are two days with a word or a mark between them, "28 and 29": such a date is that of
/// the first. A number behind other words may be an issue's.
fn is_span(words: &[&str]) -> bool {
    let [first, between, last] = words else { return false };
    let number = |word: &str| word.trim_end_matches('.').parse::<u32>().ok();
    is_short_number(first)
        && !between.contains(|c: char| c.is_numeric())
        && number(first) < number(last)
}

/// The words of a date.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::with_capacity(8);
    for token in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '،' | '|')) {
        // `كانون الثاني/يناير` names a month twice, `Europe/Paris` a place once.
        let is_text = token.starts_with(|c: char| c.is_alphabetic());
        let is_twice = is_text && token.contains('/') && zone::of_place(token).is_none();
        let parts = token.split(|c: char| is_twice && c == '/');
        tokens.extend(parts.filter(|part| !part.is_empty()));
    }
    tokens
}

/// Whether a date numbers its month apart, as `28. 11. 2025` and `2025. 11. 28.` do. A word beside
/// it names a weekday, whatever else it may be the beginning of.
fn is_numbered(tokens: &[&str]) -> bool {
    let digits = |token: &str| {
        let digits = token.strip_suffix('.').unwrap_or(token);
        digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits.len())
    };
    tokens.windows(3).any(|three| {
        let lengths = [three[0], three[1], three[2]].map(digits);
        let is_dotted = three[0].ends_with('.') && three[1].ends_with('.');
        is_dotted
            && matches!(
                lengths,
                [Some(1 | 2), Some(1 | 2), Some(4)] | [Some(4), Some(1 | 2), Some(1 | 2)]
            )
    })
}

/// A token as a word: without the day that stands before it, as in `28.novembra`, or dots.
fn bare(token: &str) -> &str {
    let end = token.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(0);
    let rest = &token[end..];
    // `5th`, `23-án` and the zone of `10:30Z` are not words.
    let token = if end == 0 || rest.chars().count() >= 4 { rest } else { token };
    token.trim_matches(['.', '-', '/', '"', '\u{200E}', '\u{200F}'])
}

/// Whether a word is one that English dates have.
fn is_english(word: &str) -> bool {
    names::english_month(word).is_some()
        || names::is_english_weekday(word)
        || matches!(word, "AM" | "PM" | "am" | "pm" | "a.m" | "p.m" | "T" | "at" | "of")
        || zone::of_word(word).is_some()
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic())
}

/// Whether the text after a number goes on with a date in one word: `-Jan-2025`.
fn splits_date(rest: &str) -> bool {
    let mut chars = rest.chars();
    matches!(chars.next(), Some('-' | '/' | '.' | '_')) && chars.any(|c| c.is_ascii_digit())
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
