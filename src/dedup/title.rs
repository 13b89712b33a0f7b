//! Titles as words: without display types, site names and months, and with the parts that may name
//! a publisher.

mod agreement;
mod date;
mod difference;
mod display_type;
mod extra_words;
mod information;
mod keys;
mod label;
mod normalise;
mod series;
mod spelling;
mod stage;
mod translation;

use std::ops::Range;

pub(super) use agreement::{TitleMatch, title_match, titles_match};
use normalise::{one_form, written_date};
pub(super) use series::{CLOCKS_DIFFER, MOST_TITLES, Recurrence, recurrence};
use spelling::{Spelling, Style, brackets, without_hashtags};
use stage::{Stage, stage};

use super::calendar_words::month;
use super::number::{folded, goes_on, is_below_zero, roman_number, spelt_number, title_words};
use super::rarity::{information, is_stop};
use crate::model::Entry;
use crate::tokenize;

/// Display types that GOV.UK's organisation feeds, but not its finder nor its
/// syndicators, put before a title.
const DISPLAY_TYPES: &[&str] = &[
    "announcement",
    "authored article",
    "case study",
    "closed consultation",
    "collection",
    "consultation outcome",
    "corporate report",
    "correspondence",
    "decision",
    "detailed guide",
    "document collection",
    "fatality notice",
    "foi release",
    "form",
    "fraud notice",
    "government response",
    "guidance",
    "impact assessment",
    "independent report",
    "international treaty",
    "map",
    "national statistics",
    "news article",
    "news release",
    "news story",
    "notice",
    "official statistics",
    "open call for evidence",
    "open consultation",
    "oral statement to parliament",
    "organisation",
    "policy paper",
    "press release",
    "promotional material",
    "publication",
    "regulation",
    "research and analysis",
    "service",
    "speech",
    "standard",
    "statistical data set",
    "statistics",
    "statutory guidance",
    "transcript",
    "transparency data",
    "world news story",
    "written statement to parliament",
];

/// A title as identity compares it: folded words, without a display type before or the site's name
/// behind. Figures stay, so titles of a series differ by their numbers and dates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Title {
    pub(super) words: Vec<String>,
    /// Which words begin with a capital or a digit, where that says something: not the first one,
    /// and not in a title of capitals.
    names: Vec<bool>,
    /// Which words begin with a capital as they stand, the first one among them.
    capitals: Vec<bool>,
    /// How each word is spelt.
    spelling: Vec<Spelling>,
    /// How the whole title is written.
    style: Style,
    /// Where a word stands behind `|`, a dash or a colon, or at the edge of brackets around the
    /// beginning or the end.
    breaks: Vec<usize>,
    /// The breaks at brackets.
    brackets: Vec<usize>,
    /// The breaks at bars and slashes, on both sides of which a title may say the same.
    bars: Vec<usize>,
    /// The stage of a procedure that it states, its display type included.
    stage: Option<Stage>,
}

impl Title {
    /// Reads a title of a source whose documents are called `site`.
    pub(super) fn of(title: &str, site: &str) -> Self {
        let mut read = Self::read(title);
        read.stage = stage(&read.words);
        read.drop_display_type();
        read.drop_month(title);
        read.drop_site(site);
        read.write_figures_in_one_form();
        read
    }

    /// The title of an entry, without the names of its document and of its publisher.
    pub(super) fn of_entry(entry: &Entry) -> Self {
        let mut read = Self::of(&entry.title, &entry.feed.title);
        if let Some(language) = &entry.language {
            read.style.has_capital_nouns = has_capital_nouns(language);
            read.style.is_stated_english = is_of(language, &["en"]);
            read.style.is_foreign = !read.style.is_stated_english;
        }
        if let Some(publisher) = &entry.publisher {
            read.drop_publisher(&publisher.name);
        }
        read
    }

    fn read(title: &str) -> Self {
        let title = without_hashtags(title);
        let mut read = Self { style: Style::of(title), ..Self::default() };
        let mut last: Option<Range<usize>> = None;
        let mut cased = String::new();
        // How many words before this one are joined to it, as those of a date in digits.
        let mut joined = 0;
        // Whether the word before is a number whose groups of digits stand apart.
        let mut is_grouped = false;
        let mut numerals = Vec::new();
        let mut brackets = brackets(title);
        for (range, _) in tokenize::words(title) {
            let stated = &title[range.clone()];
            let mut form = folded(stated, &mut cased);
            if form.is_empty() {
                continue;
            }
            let before = last.as_ref().map(|last| &title[last.end..range.start]);
            let between = before.unwrap_or_default();
            if is_below_zero(&title[..range.start], &form) {
                form.insert(0, '-');
            }
            if let Some(number) = read.words.last_mut()
                && goes_on(number, is_grouped, between, &form)
            {
                number.push_str(&form);
                (last, is_grouped) = (Some(range), true);
                continue;
            }
            is_grouped = false;
            let place = read.words.len();
            let edge =
                brackets.iter_mut().find_map(|edge| edge.take_if(|edge| *edge < range.start));
            if edge.is_some() && place > 0 {
                read.brackets.push(place);
            }
            if edge.is_some() && place > 0 || breaks(between) {
                read.breaks.push(place);
            }
            if place > 0 && matches!(between.trim(), "/" | "|" | "｜") {
                read.bars.push(place);
            }
            joined = if matches!(between, "/" | "-" | ".") { joined + 1 } else { 0 };
            let capital = stated.starts_with(char::is_uppercase);
            read.capitals.push(capital);
            numerals.extend(roman_number(stated).map(|number| (place, number)));
            // A name may look like a number: Otto, Sète.
            if (place == 0 || !capital) && !is_stop(&form) && form != "nove" {
                form = spelt_number(&form).map_or(form, |number| number.to_string());
            }
            let digit = form.starts_with(char::is_numeric);
            read.names.push(digit || (capital && !read.words.is_empty()));
            read.words.push(form);
            read.spelling.push(Spelling::of(stated, before));
            last = Some(range);
            if joined == 2
                && let [.., first, second, third] = &mut read.words[..]
                && let Some(date) = written_date([first, second, third])
            {
                [*first, *second, *third] = date;
            }
        }
        read.style.capitals_tell = !are_mostly_capitals(&read.capitals);
        // In capitals throughout, XI may be a name.
        if read.style.capitals_tell || title.contains(char::is_lowercase) {
            for (place, number) in numerals {
                read.words[place] = number.to_string();
            }
        }
        // Where most words have capitals, these say nothing.
        if !read.style.capitals_tell && read.words.len() > 3 {
            for (name, word) in read.names.iter_mut().zip(&read.words) {
                *name = !is_stop(word);
            }
        }
        read
    }

    /// Whether the word at a place says nothing. A small word that has a capital within a sentence is a
    /// name, the letter of a line or an annex, or an abbreviation: Frankfurt (Oder), hepatitis A.
    pub(super) fn is_silent(&self, at: usize) -> bool {
        let is_capital = self.style.capitals_tell
            && self.spelling[at].is_capital_within
            && !self.breaks.contains(&at);
        is_stop(&self.words[at]) && !is_capital
    }

    /// Writes numbers, dates and names in one form, whatever form its source prefers.
    fn write_figures_in_one_form(&mut self) {
        let mut written =
            Self { stage: self.stage, style: std::mem::take(&mut self.style), ..Self::default() };
        let mut at = 0;
        while at < self.words.len() {
            for (own, theirs) in [
                (&self.breaks, &mut written.breaks),
                (&self.brackets, &mut written.brackets),
                (&self.bars, &mut written.bars),
            ] {
                if own.contains(&at) {
                    theirs.push(written.words.len());
                }
            }
            let next_break = self.breaks.iter().find(|place| **place > at);
            let end = next_break.copied().unwrap_or(self.words.len());
            let before = at.checked_sub(1).map(|before| self.words[before].as_str());
            let (forms, count) = one_form(&self.words[at..end], before);
            for form in forms {
                let digit = form.starts_with(|first: char| first.is_numeric());
                written.names.push(digit || self.names[at]);
                written.capitals.push(self.capitals[at]);
                written.spelling.push(self.spelling[at].clone());
                written.words.push(form);
            }
            at += count;
        }
        *self = written;
    }

    pub(super) fn cut(&self, range: Range<usize>) -> Self {
        let within = |places: &[usize]| {
            let within = places.iter().filter(|at| range.start < **at && **at < range.end);
            within.map(|at| at - range.start).collect()
        };
        Self {
            words: self.words[range.clone()].to_vec(),
            names: self.names[range.clone()].to_vec(),
            capitals: self.capitals[range.clone()].to_vec(),
            spelling: self.spelling[range.clone()].to_vec(),
            breaks: within(&self.breaks),
            brackets: within(&self.brackets),
            bars: within(&self.bars),
            stage: self.stage,
            style: self.style.clone(),
        }
    }

    fn drop_display_type(&mut self) {
        let Some(at) = self.breaks.first().copied().filter(|at| *at < self.words.len()) else {
            return;
        };
        if DISPLAY_TYPES.contains(&self.words[..at].join(" ").as_str()) {
            *self = self.cut(at..self.words.len());
        }
    }

    fn drop_month(&mut self, title: &str) {
        let count = self.words.len();
        let bracketed = title.trim_end().ends_with(']') && title.contains('[');
        if bracketed
            && let [.., word, year] = &self.words[..]
            && month(word).is_some()
            && year.len() == 4
            && year.bytes().all(|byte| byte.is_ascii_digit())
        {
            *self = self.cut(0..count - 2);
        }
    }

    /// Drops `… - GOV.UK` or `… | the site's own title`, that title's beginning included.
    fn drop_site(&mut self, site: &str) {
        let Some(at) = self.breaks.last().copied() else { return };
        let behind = &self.words[at..];
        let site = Self::read(site).words;
        let is_site = behind == ["gov", "uk"] || (!behind.is_empty() && site.starts_with(behind));
        if is_site && at > 0 {
            *self = self.cut(0..at);
        }
    }

    /// Drops `… - Publisher` or `Publisher: …`, where the entry itself names the publisher.
    fn drop_publisher(&mut self, name: &str) {
        let name = Self::words_of(name);
        let (Some(first), Some(last)) = (self.breaks.first(), self.breaks.last()) else { return };
        let (before, behind) = (0..*last, *first..self.words.len());
        if !name.is_empty() && self.words[*last..] == name {
            *self = self.cut(before);
        } else if !name.is_empty() && self.words[..*first] == name {
            *self = self.cut(behind);
        }
    }

    /// The words of a name, in the form in which titles are compared.
    pub(super) fn words_of(name: &str) -> Vec<String> {
        let mut name = Self::read(name);
        name.write_figures_in_one_form();
        name.words
    }

    /// Its words, one space between them.
    pub(super) fn normal(&self) -> String {
        self.words.join(" ")
    }
}

/// Whether so many words have capitals that these say nothing.
pub(super) fn are_mostly_capitals(capitals: &[bool]) -> bool {
    capitals.iter().filter(|capital| **capital).count() * 3 > capitals.len() * 2
}

/// Whether the language of a BCP 47 tag writes every noun with a capital.
fn has_capital_nouns(language: &str) -> bool {
    is_of(language, &["de", "lb", "gsw"])
}

/// Whether the primary language of a BCP 47 tag is one of these.
fn is_of(language: &str, languages: &[&str]) -> bool {
    let primary = language.split('-').next().unwrap_or_default();
    languages.iter().any(|known| primary.eq_ignore_ascii_case(known))
}

/// Whether what stands between two words parts a title.
fn breaks(between: &str) -> bool {
    let dash = |c: char| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '~');
    let spaced = between.starts_with(char::is_whitespace) && between.ends_with(char::is_whitespace);
    between.contains(['|', '\u{B7}', '\u{2022}', '\u{BB}', '\u{203A}', '：', '｜'])
        || (spaced && (between.contains(dash) || between.trim() == "/"))
        || (between.contains(':') && between.ends_with(|c: char| !c.is_alphanumeric() && c != ':'))
}

/// A word without the s of a plural.
pub(super) fn stem(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(bare) if bare.len() >= 3 && !bare.ends_with('s') && word.is_ascii() => bare,
        _ => word,
    }
}

/// Whether two words are forms of one: `agree` and `agreed`.
pub(super) fn are_forms(one: &str, other: &str) -> bool {
    let shared = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let rest = |word: &str| word.chars().count() - shared;
    let letters = |word: &str| word.chars().all(char::is_alphabetic);
    shared >= 5 && rest(one) <= 3 && rest(other) <= 3 && letters(one) && letters(other)
}

/// The title in its normal form: lower case, no punctuation, without a display type before or the
/// site's name behind. `None` when what remains is too short to tell two announcements apart.
pub fn normal_title(title: &str, site: &str) -> Option<String> {
    let title = Title::of(title, site);
    (title.words.len() >= 4).then(|| title.normal())
}

/// Words of half the titles of governments, by which none is known.
fn is_telling(word: &str) -> bool {
    word.chars().count() > 4 && word.chars().all(char::is_alphabetic) && information(word) > 40
}

/// Whether two titles have a word in common, other than short and common ones and numbers.
pub(super) fn share_a_word(one: &str, other: &str) -> bool {
    let others = title_words(other);
    title_words(one).iter().filter(|word| is_telling(word)).any(|word| others.contains(word))
}

/// The hashes of the words of a title by which it is known.
pub(super) fn telling_hashes(title: &str) -> Vec<u64> {
    let words = title_words(title).into_iter().filter(|word| is_telling(word));
    words.map(|word| xxhash_rust::xxh3::xxh3_64(word.as_bytes())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tellings_of_one_title_agree() {
        let expected = Some(
            "nato must be stronger fairer and more lethal foreign secretary to say".to_owned(),
        );
        for title in [
            "Press release: NATO must be ‘stronger, fairer, and more lethal’ Foreign Secretary to say",
            "NATO must be 'stronger, fairer, and more lethal' Foreign Secretary to say ",
            "NATO must be “stronger, fairer and more lethal”: Foreign Secretary to say - GOV.UK",
            "NATO must be stronger, fairer, and more lethal – Foreign Secretary to say | Wired-Gov",
            "PRESS RELEASE : NATO must be stronger, fairer and more lethal Foreign Secretary to say [June 2025]",
        ] {
            assert_eq!(normal_title(title, "Wired-Gov"), expected, "{title}");
        }
    }

    #[test]
    fn what_differs_stays_different() {
        for (one, other) in [
            (
                "PM call with Prime Minister Modi: 25 April 2025",
                "PM call with Prime Minister Modi: 26 April 2025",
            ),
            ("Weekly road fuel prices [week 25]", "Weekly road fuel prices [week 26]"),
            ("Growth was 1.5 per cent last year", "Growth was 15 per cent last year"),
            (
                "Consultation: new rules for all ports",
                "Consultation outcome: new rules for all harbours",
            ),
        ] {
            assert_ne!(normal_title(one, ""), normal_title(other, ""), "{one}");
        }
    }

    #[test]
    fn words_of_half_of_all_titles_are_not_shared() {
        assert!(share_a_word("A speech on rivers and grain", "Minister speaks on rivers"));
        assert!(!share_a_word(
            "Statement by the Foreign Secretary",
            "Foreign Secretary: statement"
        ));
    }

    #[test]
    fn a_short_title_is_no_evidence() {
        for title in [
            "",
            "Statement",
            "Press release: Weekly update",
            "Foreign Secretary's statement",
            "???",
        ] {
            assert_eq!(normal_title(title, ""), None, "{title}");
        }
    }
}
