//! Writes numbers, dates and a few names of titles in one form: "£5 million", "24 Feb", "PM"; and
//! recognises the codes of files.
//!
//! One title spells out what another shortens. Left as they are, the words would look like those of
//! two instalments, which name different things in one place.

use crate::dedup::calendar_words::{english_month, month};
use crate::dedup::number::{amount, date_parts, day, is_number, multiplied, scale, spelled};

/// The form of what folded words begin with, and how many of them it replaces.
pub(super) fn one_form(words: &[String], before: Option<&str>) -> (Vec<String>, usize) {
    let word = words[0].as_str();
    let next = words.get(1).map_or("", String::as_str);
    if let Some([day, month, year]) = date_parts(word) {
        return (vec![day, name_of(&month), year], 1);
    }
    if let Some(zeros) = scale(next)
        && let Some(number) = spelled(word).or(Some(word).filter(|word| is_number(word)))
    {
        return (vec![multiplied(number, zeros)], 2);
    }
    if let Some(amount) = amount(word) {
        return (vec![amount], 1);
    }
    if let Some(day) = day(word).filter(|_| month(next).is_some()) {
        return (vec![day, full_month(next)], 2);
    }
    if month(word).is_some()
        && let Some(day) = day(next)
    {
        return (vec![full_month(word), day], 2);
    }
    if month(word).is_some() && (is_year(next) || before.is_some_and(is_number)) {
        return (vec![full_month(word)], 1);
    }
    if let Some(number) = spelled(word).filter(|_| !matches!(word, "first" | "second")) {
        let is_ordinal = word.ends_with("th") || word == "third";
        let form = match (is_ordinal, number) {
            (false, _) => number.to_owned(),
            (true, "3") => "3rd".to_owned(),
            (true, _) => format!("{number}th"),
        };
        return (vec![form], 1);
    }
    for (long, short) in SHORT_NAMES {
        if words.len() >= long.len() && words.iter().zip(*long).all(|(word, long)| word == long) {
            return (vec![(*short).to_owned()], long.len());
        }
    }
    (vec![word.to_owned()], 1)
}

/// Names and the short forms that titles use for them.
const SHORT_NAMES: &[(&[&str], &str)] = &[
    (&["prime", "minister"], "pm"),
    (&["united", "kingdom"], "uk"),
    (&["united", "states", "of", "america"], "us"),
    (&["united", "states"], "us"),
    (&["usa"], "us"),
    (&["european", "union"], "eu"),
    (&["1st"], "first"),
    (&["2nd"], "second"),
];

/// The day, the month and the year of a date in digits, whose parts were read as three words.
pub(super) fn written_date(parts: [&str; 3]) -> Option<[String; 3]> {
    let [day, month, year] = date_parts(&parts.join("/"))?;
    Some([day, name_of(&month), year])
}

fn full_month(word: &str) -> String {
    let name = month(word).and_then(|(month, _)| english_month(month));
    name.unwrap_or(word).to_owned()
}

fn name_of(month: &str) -> String {
    let name = month.parse().ok().and_then(english_month);
    name.unwrap_or(month).to_owned()
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && matches!(word.parse(), Ok(1900..=2100))
}

/// Whether a word is digits alone.
pub(super) fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Letters of a series of files.
const MOST_LETTERS_OF_A_SERIES: usize = 6;

/// Whether words are letters and two or three numbers behind them.
pub(super) fn is_code(label: &[String]) -> bool {
    let [series, numbers @ ..] = label else { return false };
    let is_series = |word: &str| {
        word.len() <= MOST_LETTERS_OF_A_SERIES && word.bytes().all(|byte| byte.is_ascii_lowercase())
    };
    is_series(series)
        && matches!(numbers.len(), 2 | 3)
        && numbers.iter().all(|word| is_digits(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_one_form() {
        for (text, expected) in [
            ("5 million pounds", "5000000"),
            ("five million pounds", "5000000"),
            ("5m pounds", "5000000"),
            ("2.5 mrd euro", "2500000000"),
            ("2.5b pounds", "2500000000"),
            ("0.5m pounds", "500000"),
            ("2.25k pounds", "2250"),
            ("1.2345k pounds", "1234.5"),
            ("4g masts", "4g"),
            ("24th feb", "24 february"),
            ("sept 24", "september 24"),
            ("may 2025", "may"),
            ("may agree", "may"),
            ("12.03.2025", "12 march 2025"),
            ("third tunnel", "3rd"),
            ("2nd tunnel", "second"),
            ("seven ferries", "7"),
            ("united states of america", "us"),
            ("united utilities", "united"),
        ] {
            let words: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(one_form(&words, None).0.join(" "), expected, "{text}");
        }
    }
}
