//! Recognises what a title says of a date: words that are part of one, and parts that are the date of the
//! entry.

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use unicode_normalization::UnicodeNormalization;
use xxhash_rust::xxh3::xxh3_64;

use super::Title;
use super::display_type::MARKERS;
use super::normalise::is_digits;
use crate::dedup::calendar_words::{CalendarWord, calendar_word, english_month, month};
use crate::model::{Entry, Timestamp};

/// Whether a part of a title is the date of an entry and nothing else, in any of the usual forms. Clocks
/// differ by a day.
pub(super) fn is_date_of(label: &[String], entry: &Entry) -> bool {
    let Some(date) = entry.dated().map(Timestamp::to_chrono) else { return false };
    let label: Vec<&str> = label.iter().map(|word| counted(word)).collect();
    let days = [-1, 0, 1].into_iter();
    days.filter_map(|days| date.checked_add_signed(TimeDelta::days(days)))
        .any(|date| states(&label, date))
}

/// Whether these words state this day, with or without its year, and nothing else.
fn states(label: &[&str], date: DateTime<Utc>) -> bool {
    let (day, year) = (date.day().to_string(), date.year().to_string());
    let is_month = |word: &str| word.parse() == Ok(date.month()) || names_month(word, date.month());
    // `11.28` and `28.11`.
    let is_both = |word: &str| {
        word.split_once('.').is_some_and(|(one, other)| {
            is_month(one) && other == day || is_month(other) && one == day
        })
    };
    let belongs = |word: &str| {
        word == day
            || word == year
            || is_month(word)
            || is_both(word)
            || matches!(stated(word), Some(CalendarWord::Weekday(_)))
            || BESIDE_NUMBERS.contains(&word)
    };
    let any = |is: &dyn Fn(&str) -> bool| label.iter().any(|word| is(word));
    label.iter().all(|word| belongs(word))
        && (any(&is_both) || any(&|word| word == day) && any(&is_month))
}

/// Whether a folded word names a month, by its number.
fn names_month(word: &str, number: u32) -> bool {
    match stated(word) {
        Some(CalendarWord::Month(month) | CalendarWord::PerhapsMonth(month)) => {
            u32::from(month) == number
        }
        _ => false,
    }
}

fn stated(word: &str) -> Option<CalendarWord> {
    calendar_word(xxh3_64(word.as_bytes()))
}

/// Whether a word may be part of a date, written together with its figures or beside them.
pub(super) fn is_date_word(title: &Title, at: usize) -> bool {
    is_of_a_date(title, at) || counted(&title.words[at]) != title.words[at]
}

/// Whether a word is a month, a weekday, a year, or what stands beside the number of a day, a year or a
/// file.
pub(super) fn is_of_a_date(title: &Title, at: usize) -> bool {
    let word = title.words[at].as_str();
    let number = |at: Option<usize>| {
        at.and_then(|at| title.words.get(at))
            .is_some_and(|word| word.starts_with(|first: char| first.is_ascii_digit()))
    };
    let (before, behind) = (at.checked_sub(1), Some(at + 1));
    if is_digits(word) {
        let is_part_of_a_date = |at: Option<usize>| {
            at.and_then(|at| title.words.get(at)).is_some_and(|word| {
                is_calendar_word(word) || is_year(word) || is_beside_numbers(word)
            })
        };
        return is_year(word) || is_part_of_a_date(before) || is_part_of_a_date(behind);
    }
    // The Japanese era stands before its own word.
    let is_era = || matches!(word, "令" | "平" | "昭") && number(Some(at + 2));
    let is_beside_a_number = || number(before) || number(behind);
    is_calendar_word(word) || is_era() || is_beside_numbers(word) && is_beside_a_number()
}

fn is_beside_numbers(word: &str) -> bool {
    MARKERS.contains(&word) || BESIDE_NUMBERS.contains(&word)
}

fn is_calendar_word(word: &str) -> bool {
    let is_english = |(number, _)| english_month(number) == Some(word);
    month(word).is_some_and(is_english)
        || !matches!(stated(word), None | Some(CalendarWord::PerhapsMonth(_)))
}

/// A year of our era or of the Buddhist one.
fn is_year(word: &str) -> bool {
    word.len() == 4 && matches!(word.parse(), Ok(1900..=2100 | 2440..=2650))
}

/// Folded words for day, month, year and number in languages that put them beside the figures.
const BESIDE_NUMBERS: &[&str] = &[
    "年",
    "月",
    "日",
    "号",
    "號",
    "第",
    "令",
    "和",
    "년",
    "월",
    "일",
    "호",
    "제",
    "ngay",
    "thang",
    "nam",
    "so",
    "tahun",
    "tanggal",
    "nomor",
    "bulan",
    "года",
    "год",
    "г",
    "року",
    "р",
    "от",
    "roku",
    "r",
    "rok",
    "am",
    "vom",
    "den",
    "du",
    "de",
    "di",
    "del",
    "le",
    "يوم",
    "سنه",
    "لسنه",
    "رقم",
    "ฉบับที่",
    "วันที่",
    "संख्या",
    "sayili",
];

/// The digits of a number that is written together with the Korean word for year, month, day or number.
pub(super) fn counted(word: &str) -> &str {
    const COUNTERS: [&str; 4] = ["년", "월", "일", "호"];
    let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
    let counter: String = word[digits.len()..].nfc().collect();
    if COUNTERS.contains(&counter.as_str()) { digits } else { word }
}
