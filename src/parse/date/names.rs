//! Finds the month among the words of a date.
//!
//! All words of a date are of one language. So "Pazar" beside "Kasım" is the Turkish Sunday and
//! not the Polish October: the language that knows the most words of a date reads it.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

use super::languages::{LANGUAGES, PAIRS};

/// Letters that a word needs at least to be a month's or a weekday's abbreviation.
const SHORTEST_MONTH: usize = 3;
const SHORTEST_WEEKDAY: usize = 2;

/// The meaning of a word in one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Meaning {
    Month(u32),
    Weekday,
}

/// Every form of every name, folded and in order, with the place of its language.
static FORMS: LazyLock<Vec<(String, usize, Meaning)>> = LazyLock::new(|| {
    let mut forms = Vec::new();
    for (place, language) in LANGUAGES.iter().enumerate() {
        for (month, names) in (1..).zip(language.months) {
            let names = names.split(' ').map(|name| (folded(name), place, Meaning::Month(month)));
            forms.extend(names);
        }
        let weekdays = language.weekdays.split_whitespace();
        forms.extend(weekdays.map(|name| (folded(name), place, Meaning::Weekday)));
    }
    forms.sort();
    forms
});

/// A word without case, accents and other marks that people leave out.
pub(super) fn folded(word: &str) -> String {
    if word.is_ascii() {
        return word.to_ascii_lowercase();
    }
    let marked = word.to_lowercase();
    // Vowels of Thai and of the scripts of India are letters in this, and of the class zero.
    let plain = marked.nfkd().filter(|c| canonical_combining_class(*c) == 0);
    let letter = |c| match c {
        'ı' => 'i',
        'ł' => 'l',
        'ø' => 'o',
        'đ' | 'ð' => 'd',
        'ħ' => 'h',
        'ς' => 'σ',
        'ي' => 'ی',
        'ك' => 'ک',
        c => c,
    };
    plain.map(letter).collect()
}

/// The meanings of a word in each language that knows it as a name or the beginning of one.
struct Reading {
    /// The month by language; zero for none.
    months: [u32; LANGUAGES.len()],
    weekdays: [bool; LANGUAGES.len()],
    /// Whether the word is a whole name.
    whole: [bool; LANGUAGES.len()],
}

impl Reading {
    fn of(word: &str) -> Self {
        let mut reading = Self {
            months: [0; LANGUAGES.len()],
            weekdays: [false; LANGUAGES.len()],
            whole: [false; LANGUAGES.len()],
        };
        let word = folded(word);
        let letters = word.chars().count();
        let start = FORMS.partition_point(|(form, ..)| *form < word);
        let mut ambiguous = [false; LANGUAGES.len()];
        for (form, language, meaning) in &FORMS[start..] {
            if !form.starts_with(&word) {
                break;
            }
            let is_whole = form.len() == word.len();
            match meaning {
                Meaning::Month(month) if letters >= SHORTEST_MONTH || is_whole => {
                    // Whole names come first in the order of the forms.
                    let known = reading.months[*language];
                    if known == 0 {
                        reading.months[*language] = *month;
                        reading.whole[*language] |= is_whole;
                    } else if known != *month && !reading.whole[*language] {
                        ambiguous[*language] = true;
                    }
                }
                Meaning::Weekday if letters >= SHORTEST_WEEKDAY => {
                    reading.weekdays[*language] = true;
                    reading.whole[*language] |= is_whole && reading.months[*language] == 0;
                }
                _ => {}
            }
        }
        for (month, _) in reading.months.iter_mut().zip(ambiguous).filter(|(_, is)| *is) {
            *month = 0;
        }
        reading
    }

    fn is_known(&self, language: usize) -> bool {
        self.months[language] != 0 || self.weekdays[language]
    }
}

/// The month that the words of one date name, and which of the words are a month or a weekday.
/// Of languages that know equally many words, `hint` counts, a BCP 47 tag.
pub(super) fn month(words: &[&str], hint: Option<&str>) -> Option<(u32, Vec<bool>)> {
    if let Some(month) = pair(words) {
        return Some((month, vec![true; words.len()]));
    }
    let hint = hint.and_then(|hint| hint.split('-').next());
    let readings: Vec<Reading> = words.iter().map(|word| Reading::of(word)).collect();
    let candidates = (0..LANGUAGES.len()).filter_map(|language| {
        let month = month_in(&readings, language)?;
        let known = readings.iter().filter(|reading| reading.is_known(language)).count();
        let whole = readings.iter().filter(|reading| reading.whole[language]).count();
        let is_hinted = hint.is_some_and(|hint| hint.eq_ignore_ascii_case(LANGUAGES[language].tag));
        Some(((known, is_hinted, whole, std::cmp::Reverse(language)), month))
    });
    let ((.., language), month) = candidates.max_by_key(|(rank, _)| *rank)?;
    let explained = readings.iter().map(|reading| reading.is_known(language.0)).collect();
    Some((month, explained))
}

/// The month that words name in one language. A word that may be a weekday, too, is the month
/// only where no other is; of several such the last, for weekdays come first.
fn month_in(readings: &[Reading], language: usize) -> Option<u32> {
    let named = || readings.iter().rev().filter(|reading| reading.months[language] != 0);
    let pure = named().find(|reading| !reading.weekdays[language]);
    pure.or_else(|| named().next()).map(|reading| reading.months[language])
}

fn pair(words: &[&str]) -> Option<u32> {
    let is = |word: &str, name: &str| folded(word) == folded(name);
    words.windows(2).find_map(|two| {
        let found = PAIRS.iter().find(|(first, second, _)| is(two[0], first) && is(two[1], second));
        found.map(|(.., month)| *month)
    })
}

/// The month of an English name or abbreviation, which most dates have.
pub(super) fn english_month(word: &str) -> Option<u32> {
    let names = LANGUAGES[0].months.iter();
    let is_it = |name: &&&str| {
        word.len() >= SHORTEST_MONTH
            && name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    (1..).zip(names).find(|(_, name)| is_it(name)).map(|(month, _)| month)
}

/// Whether a word is an English weekday, as most feeds write it.
pub(super) fn is_english_weekday(word: &str) -> bool {
    let mut names = LANGUAGES[0].weekdays.split(' ');
    word.len() >= SHORTEST_MONTH
        && names.any(|name| {
            name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        })
}

/// Whether an unknown word may be the name of a month: it is long enough for one, and does not itself
/// say "month" of the number behind it.
pub(super) fn may_be_month(word: &str) -> bool {
    const MONTH: [&str; 9] =
        ["tháng", "thg", "เดือน", "mėn", "mėnesio", "mēneša", "місяця", "месяца", "mjeseca"];
    word.chars().filter(|c| c.is_alphabetic()).count() >= SHORTEST_MONTH && !MONTH.contains(&word)
}

/// The month of a Roman numeral.
pub(super) fn roman_month(word: &str) -> Option<u32> {
    const NUMERALS: [&str; 12] =
        ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
    (1..).zip(NUMERALS).find(|(_, numeral)| *numeral == word).map(|(month, _)| month)
}

/// The tag of a language that is called so: `en` for "English".
pub(in crate::parse) fn tag_of(name: &str) -> Option<&'static str> {
    let name = folded(name.trim());
    let is_called = |called: &str| called.split(' ').any(|known| folded(known) == name);
    LANGUAGES.iter().find(|language| is_called(language.called)).map(|language| language.tag)
}
