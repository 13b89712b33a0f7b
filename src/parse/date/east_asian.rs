//! Reads the dates of Chinese, Japanese and Korean, which number years, months and days.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::calendar;

/// A year, month and day with their signs, and the era before the year, if there is one.
static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<era>令和|平成|昭和|中華民國|中华民国|民國|民国)? \s*
        (?P<year>元|\d{1,4}) \s* [年년] \s*
        (?P<month>\d{1,2}) \s* [月월] \s*
        (?P<day>\d{1,2}) \s* [日일号號]?",
    )
    .expect("the pattern is fixed and compiles")
});

/// A time of day, before noon or after it.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<half>上午|早上|凌晨|午前|오전|下午|晚上|午後|오후)? \s*
        (?P<hour>\d{1,2}) \s* (?: : | [時时點点시] ) \s*
        (?: (?P<minute>\d{1,2}) \s* [分분]? )?
        (?: :? \s* (?P<second>\d{1,2}) \s* [秒초]? )?",
    )
    .expect("the pattern is fixed and compiles")
});

/// A date of a Japanese era with its parts between dots: `R8.11.28`, `令和8/11/28`.
static NUMBERED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) ^
        (?P<era>令和?|平成?|昭和?|[RHS]) \.? \s*
        (?P<year>元|\d{1,2}) \s* [./-] \s* (?P<month>\d{1,2}) \s* [./-] \s* (?P<day>\d{1,2})",
    )
    .expect("the pattern is fixed and compiles")
});

/// Such a date and time in ISO 8601, and what follows them, which may be a zone; none for another.
pub(super) fn as_iso(text: &str) -> Option<String> {
    let pattern = match text.chars().next()? {
        _ if text.contains(['年', '년']) => &DATE,
        '令' | '平' | '昭' | 'R' | 'H' | 'S' => &NUMBERED,
        _ => return None,
    };
    let text = &*with_ascii_numbers(text);
    let date = pattern.captures(text)?;
    let year = year(&date)?;
    let rest = &text[date.get(0)?.end()..];
    let number =
        |found: &Captures<'_>, name| -> Option<u32> { found.name(name)?.as_str().parse().ok() };
    let mut iso = format!("{year:04}-{:02}-{:02}", number(&date, "month")?, number(&date, "day")?);
    let Some(time) = TIME.captures(rest) else { return Some(iso) };
    let hour = match (number(&time, "hour")?, time.name("half").map(|half| half.as_str())) {
        (12, Some("上午" | "早上" | "凌晨" | "午前" | "오전")) => 0,
        (hour @ 0..12, Some("下午" | "晚上" | "午後" | "오후")) => hour + 12,
        (hour, _) => hour,
    };
    let minute = number(&time, "minute").unwrap_or(0);
    let second = number(&time, "second").unwrap_or(0);
    let zone = &rest[time.get(0)?.end()..];
    iso.push_str(&format!("T{hour:02}:{minute:02}:{second:02} {zone}"));
    Some(iso)
}

/// Numbers in Chinese characters as ASCII has them: `二〇二五` digit by digit, `二十六` by tens.
fn with_ascii_numbers(text: &str) -> Cow<'_, str> {
    let digit = |c: char| "〇一二三四五六七八九".chars().position(|known| known == c);
    let digit = |c: char| if c == '零' { Some(0) } else { digit(c) };
    let is_number = |c: char| c == '十' || digit(c).is_some();
    if !text.contains(is_number) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_number) {
        let (before, from) = rest.split_at(start);
        let (number, after) = from.split_at(from.find(|c| !is_number(c)).unwrap_or(from.len()));
        written.push_str(before);
        match number.split_once('十') {
            Some((tens, units)) => {
                let value = |digits: &str| digits.chars().next().and_then(digit);
                let number = 10 * value(tens).unwrap_or(1) + value(units).unwrap_or(0);
                written.push_str(&number.to_string());
            }
            None => number.chars().filter_map(digit).for_each(|digit| {
                written.push_str(&digit.to_string());
            }),
        }
        rest = after;
    }
    Cow::Owned(written + rest)
}

/// The year by our count. The first of an era is called 元.
fn year(date: &Captures<'_>) -> Option<u32> {
    let year = match date.name("year")?.as_str() {
        "元" => 1,
        number => number.parse().ok()?,
    };
    Some(match date.name("era").map(|era| era.as_str()) {
        Some("令和" | "令" | "R") => 2018 + year,
        Some("平成" | "平" | "H") => 1988 + year,
        Some("昭和" | "昭" | "S") => 1925 + year,
        Some(_) => 1911 + year,
        None => calendar::leading_year(year),
    })
}
