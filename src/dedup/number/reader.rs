//! Reads the numbers of a running text as one word each, however they are spelt: `12,400`, `12 400`,
//! `12.400`, `12 thousand`; `nine` and `9`, `forty-one`, `einundvierzig`, `四十一` and `41`.

use super::number_words::{
    han_number, is_han_numeral, is_hundred, is_number_alone, is_one, is_thousand, spelt_number,
};
use crate::dedup::word_kind::Form;

/// A number with a comma before its decimals, `2,5`, with a point: three digits behind a comma are a group
/// of thousands.
pub(in crate::dedup) fn decimal(stated: &str) -> Option<String> {
    let (whole, decimals) = stated.split_once(',')?;
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (is_digits(whole) && is_digits(decimals) && decimals.len() != 3)
        .then(|| format!("{whole}.{decimals}"))
}

/// Reads numbers word by word.
#[derive(Debug, Default)]
pub(in crate::dedup) struct NumberReader {
    /// The digits of the number that was read last; empty behind any other word.
    digits: String,
    /// Whether groups of three digits may follow.
    takes_groups: bool,
    /// The number that was read last, where words spell it out.
    spelt: Option<u32>,
    /// The Chinese or Japanese numerals that were read last.
    han: String,
}

impl NumberReader {
    /// The digits of the number so far.
    pub(in crate::dedup) fn digits(&self) -> &str {
        &self.digits
    }

    /// Whether a folded word goes on with the number that was read last, with this between them.
    pub(in crate::dedup) fn takes(&mut self, word: &str, between: &str) -> bool {
        if !self.han.is_empty() {
            return between.is_empty() && self.takes_numeral(word);
        }
        if self.digits.is_empty() {
            return false;
        }
        if self.takes_groups && is_group(word) && joins_groups(between) {
            self.digits.push_str(word);
            return true;
        }
        let is_space = between.chars().all(char::is_whitespace);
        if is_space && is_thousand(word) {
            self.digits.push_str("000");
            (self.takes_groups, self.spelt) = (false, None);
            return true;
        }
        let Some(number) = self.spelt.filter(|_| is_space || between == "-") else { return false };
        let whole = match (number, spelt_number(word)) {
            (20..=90, Some(unit @ 1..=9)) if number % 10 == 0 => number + unit,
            (20..=90, None) if number % 10 == 0 && is_one(word) => number + 1,
            // French counts in twenties.
            (60 | 80, Some(teens @ 10..=19)) if between == "-" => number + teens,
            (4, Some(20)) if between == "-" => 80,
            (4, None) if between == "-" && word == "vingts" => 80,
            (2..=9, _) if is_hundred(word) => number * 100,
            _ => return false,
        };
        self.digits = whole.to_string();
        self.spelt = Some(whole);
        true
    }

    /// The same of a character behind numerals.
    fn takes_numeral(&mut self, word: &str) -> bool {
        let mut characters = word.chars();
        let (Some(numeral), None) = (characters.next(), characters.next()) else { return false };
        if !is_han_numeral(numeral) {
            return false;
        }
        self.han.push(numeral);
        self.digits = match han_number(&self.han) {
            Some(number) => number.to_string(),
            None => self.han.clone(),
        };
        true
    }

    /// Reads a folded word, and writes it in digits if it is a number. Returns how it was written.
    pub(in crate::dedup) fn read(&mut self, word: &mut String) -> Option<Form> {
        self.forget();
        if let Some(numeral) = single(word).filter(|only| is_han_numeral(*only)) {
            self.han.push(numeral);
            let number = han_number(&self.han).filter(|_| is_number_alone(numeral))?;
            *word = number.to_string();
            return Some(Form::Spelt);
        }
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            drop_thousands_dots(word);
            self.takes_groups = word.len() <= 3;
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
            if word.bytes().all(|byte| byte.is_ascii_digit()) {
                self.digits.push_str(word);
            }
            return Some(if is_number { Form::Digits } else { Form::Mixed });
        }
        if let Some(number) = spelt_number(word) {
            *word = number.to_string();
            self.digits.push_str(word);
            self.spelt = Some(number);
            return Some(Form::Spelt);
        }
        word.starts_with(char::is_numeric).then_some(Form::Mixed)
    }

    /// Forgets the number that was read last: another word follows it.
    pub(in crate::dedup) fn forget(&mut self) {
        self.digits.clear();
        self.han.clear();
        (self.takes_groups, self.spelt) = (false, None);
    }
}

/// The only character of a word.
fn single(word: &str) -> Option<char> {
    let mut characters = word.chars();
    characters.next().filter(|_| characters.next().is_none())
}

pub(super) fn is_group(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether two groups of digits with this between them are one number.
pub(super) fn joins_groups(between: &str) -> bool {
    matches!(between, " " | "\u{A0}" | "\u{202F}" | "\u{2009}" | "'" | "\u{2019}")
}

/// Takes the dots of thousands out of a number: `12.400` is 12400.
pub(super) fn drop_thousands_dots(number: &mut String) {
    let mut groups = number.split('.');
    let first = groups.next().is_some_and(|first| {
        (1..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_digit())
    });
    if first && groups.all(is_group) {
        number.retain(|c| c != '.');
    }
}
