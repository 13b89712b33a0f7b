//! The words of a text and their kinds, by what they are evidence of.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::LazyLock;

use unicode_normalization::char::is_combining_mark;
use xxhash_rust::xxh3::xxh3_64;

use super::calendar_words::{CalendarWord, calendar_word, is_relative_day, weekday_of_character};
use super::rarity::{is_common, is_stop};

/// A word as T2 compares it, and where it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Hash of its normal form. Stored keys are made of it: its definition is fixed.
    pub(super) hash: u64,
    /// The bytes of the text that it was read from.
    pub(super) place: Range<usize>,
    /// Its kind.
    pub(super) kind: Kind,
}

/// The kind of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number, a date in digits or the like.
    Figure(Form),
    /// A month, by a number that tells it from the others of its language.
    Month(u8),
    /// A weekday from Monday on.
    Weekday(u8),
    /// A name: a capital within a sentence. Spellings of one name have one hash of its consonants;
    /// abbreviations and words of many titles have none, as they often stand for a longer name.
    Name(Option<NonZeroU32>),
    /// A word with a capital that begins a sentence: a name, or not.
    Capital,
    /// A word in a script without capitals: a name, or not.
    Uncased,
    /// The same of a character that is a word by itself.
    Ideograph,
    /// A word for today, yesterday or tomorrow in such a script.
    RelativeDay,
    /// Any other word.
    Plain,
}

/// How a number is written. `1.5m` and `1.5 million` differ in this, and not in what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// In digits alone.
    Digits,
    /// With letters: `10am`, `5th`.
    Mixed,
    /// In words.
    Spelt,
}

impl Kind {
    /// Whether it is a number.
    pub(super) fn is_figure(self) -> bool {
        matches!(self, Self::Figure(_))
    }

    /// Whether it names somebody, a place or a day.
    pub(super) fn is_name(self) -> bool {
        matches!(self, Self::Name(_)) || self.is_day()
    }

    /// Whether it is a month or a weekday.
    pub(super) fn is_day(self) -> bool {
        matches!(self, Self::Month(_) | Self::Weekday(_))
    }
}

/// The kind of a word that is not a number, `stated` in a text and folded to `form`.
/// `before` are the words before it.
pub(super) fn kind_of(
    stated: &str,
    (form, hash): (&str, u64),
    within_sentence: bool,
    before: &[Word],
) -> Kind {
    let begins_with = |is: fn(char) -> bool| stated.chars().next().is_some_and(is);
    let follows_a_number = || match before {
        [.., last] if last.kind.is_figure() => true,
        [.., number, last] => number.kind.is_figure() && is_of(last.hash),
        _ => false,
    };
    match calendar_word(hash) {
        Some(CalendarWord::Month(month)) => return Kind::Month(month),
        Some(CalendarWord::PerhapsMonth(month)) if follows_a_number() => return Kind::Month(month),
        // March and May have names of their own, not only short forms.
        Some(CalendarWord::PerhapsMonth(month @ (3 | 5)))
            if form != "mar" && before.last().is_some_and(|last| is_in(last.hash)) =>
        {
            return Kind::Month(month);
        }
        Some(CalendarWord::Weekday(day)) => return Kind::Weekday(day),
        Some(CalendarWord::RelativeDay) => return Kind::RelativeDay,
        Some(CalendarWord::PerhapsMonth(_)) | None => {}
    }
    if !begins_with(|first| first.is_lowercase() || first.is_uppercase()) {
        return match stated.chars().nth(1) {
            _ if !begins_with(char::is_alphabetic) => Kind::Plain,
            None => Kind::Ideograph,
            Some(_) => Kind::Uncased,
        };
    }
    match is_capitalised(stated) {
        false => Kind::Plain,
        true if within_sentence => Kind::Name(name_hash(stated, form)),
        true if is_stop(form) => Kind::Plain,
        true => Kind::Capital,
    }
}

/// The words between a day and its month, as in `3 de mayo`.
fn is_of(hash: u64) -> bool {
    static OF: LazyLock<[u64; 5]> =
        LazyLock::new(|| ["de", "di", "d", "of", "del"].map(|word| xxh3_64(word.as_bytes())));
    OF.contains(&hash)
}

/// The words before a month alone, as in `en mai`.
fn is_in(hash: u64) -> bool {
    static IN: LazyLock<[u64; 6]> =
        LazyLock::new(|| ["en", "em", "in", "im", "i", "fin"].map(|word| xxh3_64(word.as_bytes())));
    IN.contains(&hash)
}

/// More than one letter, the first of them a capital. `I` is not a name.
fn is_capitalised(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.next().is_some_and(char::is_alphanumeric)
}

/// The hash of a name's first letter and its consonants: `Zelenskyy` and `Zelensky` have one.
fn name_hash(stated: &str, form: &str) -> Option<NonZeroU32> {
    let is_abbreviation =
        stated.chars().filter(|letter| letter.is_alphabetic()).all(char::is_uppercase);
    if is_abbreviation || is_common(form) || is_stop(form) {
        return None;
    }
    let is_vowel = |letter: char| "aeiouyаеиоуыэюяіьъαεηιουω".contains(letter);
    let mut letters: Vec<char> = Vec::with_capacity(form.len());
    let consonants = form.chars().enumerate().filter(|(at, letter)| *at == 0 || !is_vowel(*letter));
    letters
        .extend(consonants.map(|(_, letter)| letter).filter(|letter| !is_combining_mark(*letter)));
    letters.dedup();
    let letters: String = letters.into_iter().collect();
    #[allow(clippy::cast_possible_truncation)]
    NonZeroU32::new(xxh3_64(letters.as_bytes()) as u32)
}

/// Marks the weekday of Portuguese `terça-feira`, whose first word means a number elsewhere.
pub(super) fn mark_portuguese_weekday(read: &mut [Word]) {
    static ORDINALS: LazyLock<[u64; 5]> = LazyLock::new(|| {
        ["segunda", "terca", "quarta", "quinta", "sexta"].map(|word| xxh3_64(word.as_bytes()))
    });
    let [.., ordinal, _] = read else { return };
    if let Some(day) = (1..).zip(*ORDINALS).find(|(_, hash)| *hash == ordinal.hash) {
        ordinal.kind = Kind::Weekday(day.0);
    }
}

/// Marks what two characters mean together: a weekday, a day beside today. Returns whether the last one
/// is no number by itself, as in `星期四`.
pub(super) fn mark_calendar_characters(text: &str, read: &mut [Word]) -> bool {
    let [.., first, second] = read else { return false };
    let character = |word: &Word| text[word.place.clone()].chars().next();
    let (Some(one), Some(other)) = (character(first), character(second)) else { return false };
    if first.place.end != second.place.start {
        return false;
    }
    if is_relative_day(one, other) {
        (first.kind, second.kind) = (Kind::RelativeDay, Kind::RelativeDay);
    } else if other == '曜'
        && let Some(day) = weekday_of_character(one)
    {
        first.kind = Kind::Weekday(day);
    } else if matches!(one, '期' | '周' | '週' | '拜')
        && let Some(day) = weekday_of_character(other)
    {
        second.kind = Kind::Weekday(day);
        return true;
    }
    false
}

/// Hundredths of words with a capital within sentences from which on a text capitalises all nouns.
const CAPITALS_OF_GERMAN: usize = 18;

/// Hundredths of the commonest German words in a German text.
const GERMAN_WORDS: usize = 8;

/// Common German words that are rare in other languages.
const GERMAN: &str = "der die das den dem des ein eine einer einem einen eines und im zum zur mit von fur auf wird ist nicht";

/// Words before which a noun without an article is mostly the name of a place or a person.
const BEFORE_NAMES: &str =
    "in nach bei aus von zwischen herr herrn frau dr prof stadt gemeinde landkreis kreis";

fn hashes(words: &str) -> HashSet<u64> {
    words.split_whitespace().map(|word| xxh3_64(word.as_bytes())).collect()
}

/// Takes nouns for ordinary words in a text that capitalises all of them, as German does: there a capital
/// is no sign of a name. Names keep others: one stands behind another noun (`Ministerin Petra
/// Lindner`), behind a preposition without an article, or in quotation marks.
pub(super) fn demote_nouns(text: &str, words: &mut [Word]) {
    static GERMAN_HASHES: LazyLock<HashSet<u64>> = LazyLock::new(|| hashes(GERMAN));
    static BEFORE_NAMES_HASHES: LazyLock<HashSet<u64>> = LazyLock::new(|| hashes(BEFORE_NAMES));
    let is_name = |word: &&Word| matches!(word.kind, Kind::Name(_));
    let capitals = words.iter().filter(is_name).count();
    if capitals * 100 < words.len() * CAPITALS_OF_GERMAN {
        return;
    }
    let german = words.iter().filter(|word| GERMAN_HASHES.contains(&word.hash)).count();
    if german * 100 < words.len() * GERMAN_WORDS {
        return;
    }
    let mut before: Option<(u64, Kind, usize)> = None;
    for word in words {
        let stated = (word.hash, word.kind, word.place.end);
        if matches!(word.kind, Kind::Name(_)) {
            let between = before.map_or("", |(.., end)| &text[end..word.place.start]);
            let follows_a_name = before.is_some_and(|(hash, kind, _)| {
                matches!(kind, Kind::Name(_) | Kind::Capital) || BEFORE_NAMES_HASHES.contains(&hash)
            });
            let is_quoted = between.contains(['„', '“', '”', '"', '«', '»', '‚']);
            let is_signed =
                is_quoted || (follows_a_name && matches!(between, " " | "\u{A0}" | ". "));
            if !is_signed && !text[word.place.clone()].chars().all(char::is_uppercase) {
                word.kind = Kind::Plain;
            }
        }
        before = Some(stated);
    }
}
