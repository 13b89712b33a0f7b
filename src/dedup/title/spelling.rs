//! Reads from a title what folding its words takes away: marks, capitals, signs and brackets; and tells
//! titles of the same folded words apart by it.
//!
//! Folded words find the titles to compare. What is written decides whether they are one: Habo and Håbo
//! are two municipalities.

use unicode_normalization::UnicodeNormalization;

use super::{Title, stem};
use crate::tokenize::fold;

/// How one word of a title is spelt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Spelling {
    /// The marks of its small Latin letters, in order. Capitals are often written without.
    pub(super) marks: String,
    /// The word in Latin letters without marks, where its language has a way to write it so that folding does not
    /// come to: `ue` for `ü`, and the Latin alphabet of Serbian.
    pub(super) transliterated: Option<String>,
    /// Whether it has a capital within a sentence, not in its first word nor the first of a quotation.
    pub(super) is_capital_within: bool,
}

impl Spelling {
    /// Reads a word, and what stands between it and the one before, if there is one.
    pub(super) fn of(stated: &str, between: Option<&str>) -> Self {
        let are_capitals = stated.chars().all(char::is_uppercase);
        let marks = if stated.is_ascii() || are_capitals { String::new() } else { marks(stated) };
        let begins = |between: &str| {
            between.contains(['.', '!', '?'])
                || between.ends_with(['"', '\'', '“', '‘', '«', '„', '‚'])
        };
        let is_capital_within = stated.starts_with(char::is_uppercase)
            && stated != "I"
            && between.is_some_and(|between| !begins(between));
        Self { marks, is_capital_within, transliterated: transliterated(stated) }
    }
}

/// A word with the letters by which others write its own.
fn transliterated(stated: &str) -> Option<String> {
    if stated.is_ascii() {
        return None;
    }
    let mut written = String::new();
    let mut differs = false;
    for letter in stated.nfc().flat_map(char::to_lowercase) {
        match letters_for(letter) {
            Some(letters) => {
                written.push_str(letters);
                differs = true;
            }
            None => written.push(letter),
        }
    }
    let mut form = String::new();
    fold(&written, &mut form);
    differs.then_some(form)
}

/// The letters that are written for a small one of German and the languages of the north, and the folded Latin ones
/// of Serbian.
#[rustfmt::skip]
fn letters_for(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ä' => "ae", 'ö' | 'ø' => "oe", 'ü' => "ue", 'å' => "aa",
        'а' => "a", 'б' => "b", 'в' => "v", 'г' => "g", 'д' | 'ђ' => "d", 'е' => "e", 'ж' | 'з' => "z",
        'и' => "i", 'ј' => "j", 'к' => "k", 'л' => "l", 'љ' => "lj", 'м' => "m", 'н' => "n", 'њ' => "nj",
        'о' => "o", 'п' => "p", 'р' => "r", 'с' | 'ш' => "s", 'т' => "t", 'ћ' | 'ц' | 'ч' => "c",
        'у' => "u", 'ф' => "f", 'х' => "h", 'џ' => "dz",
        _ => return None,
    })
}

impl Title {
    /// The title as it is written where its letters are not at hand: `Muenchen` for `München`. Serbian has two
    /// alphabets, and is known by letters that Russian and Bulgarian have not.
    pub(in crate::dedup) fn transliterated(&self) -> Option<Self> {
        let is_cyrillic = |word: &String| word.contains(|c| matches!(c, 'а'..='џ'));
        let is_serbian = |word: &String| word.contains(['ђ', 'ј', 'љ', 'њ', 'ћ', 'џ']);
        let has_one = self.spelling.iter().any(|word| word.transliterated.is_some());
        if !has_one || self.words.iter().any(is_cyrillic) && !self.words.iter().any(is_serbian) {
            return None;
        }
        let mut other = self.clone();
        for (word, spelling) in other.words.iter_mut().zip(&mut other.spelling) {
            if let Some(written) = spelling.transliterated.take() {
                (*word, spelling.marks) = (written, String::new());
            }
        }
        Some(other)
    }
}

/// The marks of the small Latin letters of a word, in the order of their code points: Vietnamese writes
/// the tone of a diphthong over either vowel.
fn marks(stated: &str) -> String {
    let mut marks: Vec<char> = Vec::new();
    for letter in stated.nfc().filter(|letter| letter.is_lowercase()) {
        match letter {
            'ø' | 'đ' | 'ł' | 'ħ' | 'ı' => marks.push(letter),
            'ё' => {}
            _ => {
                let mut parts = std::iter::once(letter).nfd();
                let base = parts.next().unwrap_or(letter);
                // Romanian is written with a comma or a cedilla.
                let mark = |mark: char| if mark == '\u{327}' { '\u{326}' } else { mark };
                if base.is_ascii_lowercase() {
                    marks.extend(parts.map(mark));
                }
            }
        }
    }
    marks.sort_unstable();
    marks.into_iter().collect()
}

/// How a whole title is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// Whether capitals are a sign of names: not where most words have them.
    pub(super) capitals_tell: bool,
    /// Whether its language writes every noun with a capital, as German does.
    pub(super) has_capital_nouns: bool,
    /// Whether its document states a language other than English.
    pub(super) is_foreign: bool,
    /// Whether its document states English.
    pub(super) is_stated_english: bool,
    /// Whether it is in Vietnamese, which writes syllables apart and tells words by their marks.
    pub(super) is_vietnamese: bool,
    /// Whether it ends in an ellipsis, because it was cut.
    pub(super) is_cut: bool,
    /// The signs of currencies in it.
    currencies: String,
}

impl Style {
    pub(super) fn of(title: &str) -> Self {
        let is_currency = |c: &char| matches!(c, '$' | '£' | '¥' | '€' | '₩' | '₹' | '₺' | '₽');
        Self {
            is_vietnamese: title.nfc().any(|c| matches!(c, '\u{1EA0}'..='\u{1EF9}' | 'ơ' | 'ư')),
            is_cut: title.ends_with('\u{2026}') || title.ends_with("..."),
            currencies: title.chars().filter(is_currency).collect(),
            ..Self::default()
        }
    }

    /// Whether two titles name amounts in different currencies.
    pub(super) fn pays_otherwise(&self, other: &Self) -> bool {
        let (own, others) = (&self.currencies, &other.currencies);
        !own.is_empty() && !others.is_empty() && !own.chars().any(|sign| others.contains(sign))
    }
}

/// Where the brackets end in which a title begins, and where those begin in which it ends.
pub(super) fn brackets(title: &str) -> [Option<usize>; 2] {
    const OPENING: &[char] = &['(', '[', '（', '［', '【', '〔'];
    const CLOSING: &[char] = &[')', ']', '）', '］', '】', '〕'];
    let text = title.trim();
    let start = title.len() - title.trim_start().len();
    let first = || {
        let inside = text.strip_prefix(OPENING)?;
        Some(start + text.len() - inside.len() + inside.find(CLOSING)?)
    };
    let last = || {
        let open = text.strip_suffix(CLOSING)?.rfind(OPENING)?;
        Some(start + open)
    };
    [first(), last()]
}

/// A title without the tags at its end.
pub(super) fn without_hashtags(title: &str) -> &str {
    let mut rest = title.trim_end();
    while let Some((before, last)) = rest.rsplit_once(char::is_whitespace)
        && last.len() > 1
        && last.starts_with('#')
        && !last[1..].starts_with(|first: char| first.is_ascii_digit())
    {
        rest = before.trim_end();
    }
    rest
}

/// Whether two titles of the same folded words name different things all the same: names with other
/// marks or, at the same place of the same sentence, with another ending; amounts in other currencies.
pub(super) fn are_spelt_apart(one: &Title, other: &Title) -> bool {
    one.style.pays_otherwise(&other.style) || marks_differ(one, other) || endings_differ(one, other)
}

/// Whether a name that both have has other marks in each. A title that has none at all was written
/// without.
fn marks_differ(one: &Title, other: &Title) -> bool {
    let has_marks = |title: &Title| title.spelling.iter().any(|word| !word.marks.is_empty());
    if !has_marks(one) || !has_marks(other) {
        return false;
    }
    let is_known = |at: usize| {
        let mut theirs =
            (0..other.words.len()).filter(|there| other.words[*there] == one.words[at]);
        let marks = |there: usize| other.spelling[there].marks == one.spelling[at].marks;
        theirs.clone().next().is_none() || theirs.any(marks)
    };
    (0..one.words.len()).any(|at| {
        let tells = one.style.is_vietnamese || one.capitals[at] && one.style.capitals_tell;
        tells && !is_known(at)
    })
}

/// Whether two titles are one word for word but for the ending of a name: Niger, Nigeria. In the same
/// sentence a name has the same case.
fn endings_differ(one: &Title, other: &Title) -> bool {
    let names = |at: usize| {
        one.names[at] && other.names[at] && stem(&one.words[at]) != stem(&other.words[at])
    };
    one.words.len() == other.words.len()
        && one.style.capitals_tell
        && other.style.capitals_tell
        && (0..one.words.len()).all(|at| one.words[at] == other.words[at] || names(at))
        && one.words != other.words
}
