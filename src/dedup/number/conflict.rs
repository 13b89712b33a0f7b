//! Numbers and dates by which two titles contradict each other.

use std::collections::{BTreeSet, HashMap};
use std::iter::repeat;
use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64;

use super::number_words::{han_number, is_han_numeral};
use super::reader::{drop_thousands_dots, is_group, joins_groups};
use crate::dedup::calendar_words::{CalendarWord, calendar_word, month};
use crate::tokenize;

/// Numbers that titles spell out. `one` is left out: it is seldom a number.
const SPELLED: &[(&str, &str)] = &[
    ("first", "1"),
    ("two", "2"),
    ("second", "2"),
    ("three", "3"),
    ("third", "3"),
    ("four", "4"),
    ("fourth", "4"),
    ("five", "5"),
    ("fifth", "5"),
    ("six", "6"),
    ("sixth", "6"),
    ("seven", "7"),
    ("seventh", "7"),
    ("eight", "8"),
    ("eighth", "8"),
    ("nine", "9"),
    ("ninth", "9"),
    ("ten", "10"),
    ("tenth", "10"),
    ("eleven", "11"),
    ("eleventh", "11"),
    ("twelve", "12"),
    ("twelfth", "12"),
    ("thirteenth", "13"),
    ("fourteenth", "14"),
    ("fifteenth", "15"),
    ("sixteenth", "16"),
    ("seventeenth", "17"),
    ("eighteenth", "18"),
    ("nineteenth", "19"),
    ("twentieth", "20"),
];

/// Words that multiply the number before them, by how many zeros they stand for.
const SCALES: &[(usize, &str)] = &[
    (3, "thousand k tausend tsd tys tysiecy tis тыс тысяч тис тисяч хил хиляди хиљада"),
    (
        6,
        "million millions m mio mln millionen millones millon milioni milione milhoes milhao miljoen miljoner \
         millioner milioane milion miliona milionu milionow miliony miljona miljonit milj miljoonaa milions milio \
         millio millioer milijuna milijona milijonov milijonu miljoni miljonu milyon млн миллионов миллиона \
         миллион мільйонів мільйони милиона милион милијуна милиона εκατ εκατομμυρια",
    ),
    (
        9,
        "billion billions bn b mrd mia mld mldr milliarden milliards milliard miliardi miliardo miljard miljarder \
         milliarder miliarde miliard miliarda miliardow miliardy miliardy milliardia milyar млрд миллиардов \
         миллиарда миллиард мільярдів мільярди милиарда милиард милијарди δισ δισεκατομμυρια",
    ),
    (12, "trillion trillions tn"),
];

/// The numbers and dates that a title names, by what they measure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::dedup) struct Figures {
    years: BTreeSet<String>,
    months: BTreeSet<String>,
    days: BTreeSet<String>,
    weekdays: BTreeSet<String>,
    numbers: BTreeSet<String>,
}

impl Figures {
    /// Reads them from a title, display type and site name included.
    pub(in crate::dedup) fn of(title: &str) -> Self {
        Self::of_words(&title_words(title))
    }

    /// The same of words that were split already.
    pub(in crate::dedup) fn of_words(words: &[String]) -> Self {
        let mut figures = Self::default();
        let mut place = 0;
        while place < words.len() {
            place += figures.read(&words[place..], place.checked_sub(1).map(|at| &*words[at]));
        }
        figures
    }

    /// Reads what stands at the beginning of `words`; how many words that were.
    fn read(&mut self, words: &[String], before: Option<&str>) -> usize {
        let (word, next) = (words[0].as_str(), words.get(1).map_or("", |next| next));
        if let Some(day) = date_parts(word) {
            let [day, month, year] = day;
            self.days.insert(day);
            self.months.insert(month);
            self.years.insert(year);
            return 1;
        }
        if let Some((month, is_certain)) = month(word) {
            // `may` is a month only beside a number, or behind a preposition.
            let is_dated = || {
                is_number(next)
                    || before
                        .is_some_and(|before| is_number(before) || BEFORE_MONTHS.contains(&before))
            };
            if is_certain || is_dated() {
                self.months.insert(month.to_string());
            }
            if let Some(day) = day(next) {
                self.days.insert(day);
                return 2;
            }
            return 1;
        }
        if let Some(weekday) = weekday(word) {
            self.weekdays.insert(weekday.to_string());
            return 1;
        }
        let numerals = words.iter().map_while(|word| han_numeral(word)).collect::<String>();
        let characters = numerals.chars().count();
        if characters > 1
            && let Some(number) = han_number(&numerals)
        {
            self.numbers.insert(number.to_string());
            return characters;
        }
        if let Some(day) = day(word).filter(|_| month(next).is_some()) {
            self.days.insert(day);
            return 1;
        }
        if word.len() == 4 && matches!(word.parse(), Ok(1900..=2100)) {
            self.years.insert(word.to_owned());
            return 1;
        }
        if let Some(digit) = spelled(word) {
            let scale = scale(next);
            self.numbers.insert(multiplied(digit, scale.unwrap_or_default()));
            return 1 + usize::from(scale.is_some());
        }
        // A number that is part of a name says nothing of a series.
        if before == Some("covid") {
            return 1;
        }
        if !word.contains(|c: char| c.is_ascii_digit()) {
            return 1;
        }
        let scale = scale(next).filter(|_| is_number(word));
        let number = match (scale, ordinal(word)) {
            (Some(zeros), _) => multiplied(word, zeros),
            (None, Some(bare)) => bare.to_owned(),
            (None, None) => amount(word).unwrap_or_else(|| word.replace(',', "")),
        };
        self.numbers.insert(number);
        1 + usize::from(scale.is_some())
    }

    /// The figures that only one of the two names, where both name figures of one kind and neither's
    /// are among the other's.
    ///
    /// A title without figures contradicts none, nor does one that leaves some out.
    pub(in crate::dedup) fn contradict(&self, other: &Self) -> Option<(Vec<String>, Vec<String>)> {
        let kinds = [
            (&self.years, &other.years),
            (&self.months, &other.months),
            (&self.days, &other.days),
            (&self.weekdays, &other.weekdays),
            (&self.numbers, &other.numbers),
        ];
        kinds.into_iter().find_map(|(own, others)| {
            let only_own: Vec<String> = own.difference(others).cloned().collect();
            let only_others: Vec<String> = others.difference(own).cloned().collect();
            (!only_own.is_empty() && !only_others.is_empty()).then_some((only_own, only_others))
        })
    }
}

/// Words before a month without its day.
const BEFORE_MONTHS: &[&str] = &[
    "in", "for", "of", "from", "since", "until", "en", "em", "im", "fur", "seit", "bis", "de",
    "du", "di", "del", "pour", "para", "per", "por", "van", "voor", "pentru", "din",
];

/// The digits of a number that a word spells out.
pub(in crate::dedup) fn spelled(word: &str) -> Option<&'static str> {
    let (_, digits) = SPELLED.iter().find(|(spelled, _)| *spelled == word)?;
    Some(digits)
}

/// How many zeros a word stands for that multiplies the number before it.
pub(in crate::dedup) fn scale(word: &str) -> Option<usize> {
    static ZEROS: LazyLock<HashMap<&str, usize>> = LazyLock::new(|| {
        let rows =
            SCALES.iter().flat_map(|(zeros, words)| words.split_whitespace().zip(repeat(*zeros)));
        rows.collect()
    });
    ZEROS.get(word).copied()
}

/// A number in digits, multiplied by so many tens: `1.5` by six is `1500000`.
pub(in crate::dedup) fn multiplied(number: &str, zeros: usize) -> String {
    let number = number.replace(',', "");
    let (whole, decimals) = number.split_once('.').unwrap_or((&number, ""));
    let (before, behind) = decimals.split_at(decimals.len().min(zeros));
    let behind = behind.trim_end_matches('0');
    let digits = format!("{whole}{before:0<zeros$}");
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    if behind.is_empty() { digits.to_owned() } else { format!("{digits}.{behind}") }
}

/// A number with the word that multiplies it in one word: `5m` is `5000000`.
pub(in crate::dedup) fn amount(word: &str) -> Option<String> {
    let end = word.find(char::is_alphabetic).filter(|end| is_number(&word[..*end]))?;
    Some(multiplied(&word[..end], scale(&word[end..])?))
}

/// Whether a word is a number in digits.
pub(in crate::dedup) fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
}

/// `3rd` is 3.
fn ordinal(word: &str) -> Option<&str> {
    ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| word.strip_suffix(suffix))
        .filter(|bare| is_number(bare))
}

/// The number of a weekday in any language.
fn weekday(word: &str) -> Option<u8> {
    match calendar_word(xxh3_64(word.as_bytes()))? {
        CalendarWord::Weekday(day) => Some(day),
        _ => None,
    }
}

/// The Chinese or Japanese numeral that a word is.
fn han_numeral(word: &str) -> Option<char> {
    let mut characters = word.chars();
    let numeral = characters.next().filter(|_| characters.next().is_none())?;
    is_han_numeral(numeral).then_some(numeral)
}

/// The day of a month, `3rd` as well.
pub(in crate::dedup) fn day(word: &str) -> Option<String> {
    let bare = ordinal(word).unwrap_or(word);
    bare.parse::<u8>().ok().filter(|day| (1..=31).contains(day)).map(|day| day.to_string())
}

/// Day, month and year of `12/03/2025`, `12.3.25` and `2025-03-12`.
pub(in crate::dedup) fn date_parts(word: &str) -> Option<[String; 3]> {
    let parts: Vec<u32> =
        word.split(['/', '.', '-']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let [first, month, last] = parts[..] else { return None };
    let (day, year) = if first > 31 { (last, first) } else { (first, last) };
    let year = if year < 100 { year + 2000 } else { year };
    ((1..=31).contains(&day) && (1..=12).contains(&month) && (1900..=2100).contains(&year))
        .then(|| [day, month, year].map(|number| number.to_string()))
}

/// A word of a title without case and diacritics. A comma before one or two digits is that of a
/// fraction.
pub(in crate::dedup) fn folded(stated: &str, cased: &mut String) -> String {
    let fraction = stated.split_once(',').filter(|(whole, fraction)| {
        let are_digits = |digits: &str| digits.chars().all(|c| c.is_ascii_digit());
        are_digits(whole)
            && are_digits(fraction)
            && (matches!(fraction.len(), 1 | 2) || *whole == "0")
    });
    let mut form = String::new();
    match fraction {
        Some((whole, fraction)) => form.extend([whole, ".", fraction]),
        None => _ = tokenize::fold(tokenize::clean(stated, cased), &mut form),
    }
    if !form.starts_with('0') {
        drop_thousands_dots(&mut form);
    }
    form
}

/// Whether a folded word goes on with the number before it, with this between them: `12 000`.
pub(in crate::dedup) fn goes_on(before: &str, is_grouped: bool, between: &str, form: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    (is_grouped || (1..=3).contains(&before.len()))
        && digits(before)
        && !before.starts_with('0')
        && joins_groups(between)
        && is_group(form)
}

/// Whether a number that stands behind this part of a title is below zero: behind a minus that joins
/// it to nothing.
pub(in crate::dedup) fn is_below_zero(before: &str, form: &str) -> bool {
    let Some(rest) = before.strip_suffix(['-', '\u{2212}', '\u{2013}']) else { return false };
    form.starts_with(|first: char| first.is_ascii_digit())
        && (rest.is_empty() || rest.ends_with(|last: char| last.is_whitespace() || last == '('))
}

/// The words of a title as they stand, dates with their marks: `2025-04-02`.
pub(in crate::dedup) fn title_words(title: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut cased, mut last, mut is_grouped) = (String::new(), 0..0, false);
    for (range, _) in tokenize::words(title) {
        let mut form = folded(&title[range.clone()], &mut cased);
        if is_below_zero(&title[..range.start], &form) {
            form.insert(0, '-');
        }
        let between = title.get(last.end..range.start).unwrap_or_default();
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        last = range;
        match words.last_mut() {
            Some(before)
                if matches!(between, "-" | "/" | ":")
                    && before.ends_with(|last: char| last.is_ascii_digit())
                    && digits(&form) =>
            {
                before.push_str(between);
                before.push_str(&form);
            }
            _ if form.is_empty() => {}
            Some(before) if goes_on(before, is_grouped, between, &form) => {
                before.push_str(&form);
                is_grouped = true;
                continue;
            }
            _ => words.push(form),
        }
        is_grouped = false;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_of_a_series_contradict_each_other() {
        for (one, other) in [
            (
                "PM call with President Macron: 25 April 2025",
                "PM call with President Macron: 26 April 2025",
            ),
            ("Road fuel prices, week of 3 March", "Road fuel prices, week of 3 April"),
            ("EU adopts 15th sanctions package", "EU adopts sixteenth sanctions package"),
            ("Statistics for 2024", "Statistics for 2025"),
            ("Small boats: 12/03/2025", "Small boats: 13 March 2025"),
            ("COP29 opens", "COP30 opens"),
            ("Ministers met on Monday", "Ministers met on Tuesday"),
            ("Q1 accounts", "Q2 accounts"),
            ("水利部公告二〇二六年第四十一号", "水利部公告二〇二六年第四十二号"),
            ("Riunione di giovedì", "Riunione di martedì"),
        ] {
            assert!(Figures::of(one).contradict(&Figures::of(other)).is_some(), "{one}");
            assert!(Figures::of(other).contradict(&Figures::of(one)).is_some(), "{one}");
        }
    }

    #[test]
    fn tellings_of_one_announcement_do_not() {
        for (one, other) in [
            ("Five million doses of Covid vaccine", "COVID-19: 5 million doses given"),
            ("£5 million for 3 harbours", "Three harbours get £5m"),
            ("Support worth £1.6bn agreed", "UK agrees 1.6 billion of support"),
            ("UK invests £2.5b in fusion", "£2.5 billion for fusion"),
            ("PM call with President Macron: 25 April 2025", "PM call with President Macron"),
            ("Statement of 12 March 2025", "Statement of 12/03/2025"),
            ("Spring Statement 2025", "Spring Statement on 26 March"),
            ("We may need 3 more", "3 more needed by May 2025"),
            ("The second package, 24 Feb", "2nd package: 24th February"),
            ("1,500 new officers", "1500 new officers hired in 2025"),
        ] {
            assert_eq!(Figures::of(one).contradict(&Figures::of(other)), None, "{one}");
        }
    }
}
