//! How much it says that two titles have the same words.
//!
//! Two bodies give one title to two announcements where it has everyday words alone. A word that is not
//! in a list need not be rare, except in English, whose official words were counted. Names
//! tell: words with a capital, where capitals are a sign of names. Dates and the numbers of a body's own
//! series say when something was published, not what.

use super::Title;
use super::date::{counted, is_of_a_date};
use super::display_type::is_of_display_type;
use super::label::is_institution;
use super::normalise::is_digits;
use crate::dedup::number::{is_number, scale};
use crate::dedup::rarity::{OFTEN, information, is_english, is_everyday, is_foreign_stop};

/// Tenths of a bit of a name.
const NAME: i32 = 100;

/// The same of a short one.
const SHORT_NAME: i32 = 80;

/// The same of a word in small letters that English titles seldom have.
const ENGLISH: i32 = 60;

/// The same of a word of another language or script, which may be an everyday one.
const PLAIN: i32 = 38;

/// The same where the title has a name: what is said of somebody is seldom said twice in one day.
const BESIDE_A_NAME: i32 = 50;

/// The same of a long word: a compound says more.
const LONG: i32 = 50;

/// The same of a word of up to three letters.
const SHORT: i32 = 20;

/// The same of a syllable of Vietnamese, which writes them apart: of any word, and of a name.
const SYLLABLE: i32 = 20;
const SYLLABLE_OF_A_NAME: i32 = 50;

/// The same of a Chinese or Japanese character: a word has two or more.
const IDEOGRAPH: i32 = 20;

/// The same of a syllable in katakana, by which Japanese writes foreign names and words.
const KATAKANA: i32 = 15;

/// The same of a syllable in hiragana, which mostly joins words.
const HIRAGANA: i32 = 2;

/// The same of a character that many official titles in Chinese or Japanese have.
const OFFICIAL_CHARACTER: i32 = 10;

/// These characters.
const OFFICIAL_CHARACTERS: &str = "公告通知关于關於的部局厅长長会會议議见見发發布言人就答记記者问問例行开開展招聘\
    工作任命新市省区县國国政府务務委员員办辦理院党职職採用試験实実施大臣概要報道官談話結果募集催入札一般競争事项項\
    情况年度決定规規则則説明意";

/// The same of an amount.
const AMOUNT: i32 = 35;

/// The same of another number: days, years and instalments recur.
const NUMBER: i32 = 10;

/// From so many letters on a word is long.
const LETTERS_OF_LONG: usize = 13;

impl Title {
    /// How much it says that two titles have all its words, in tenths of a bit.
    pub(super) fn information(&self) -> i32 {
        let count = self.words.len();
        let is_named = (0..count).any(|at| self.capitals[at] && is_a_name(self, at));
        let plain = match () {
            () if is_in_english(self) => ENGLISH,
            () if is_named => BESIDE_A_NAME,
            () => PLAIN,
        };
        (0..count).map(|at| of_word(self, at, plain)).sum()
    }
}

/// Whether a title shows that it is in English: by a word that is one there alone, and by letters without
/// marks. Where its document says that it is, a small word that other languages have too is enough; on its
/// word alone it is not, since many systems state English unless somebody changes it.
fn is_in_english(title: &Title) -> bool {
    !title.style.is_foreign && reads_as_english(title)
}

/// The same, whatever its document states.
pub(super) fn reads_as_english(title: &Title) -> bool {
    let shows_it = |word: &String| {
        is_english(word)
            || is_english_participle(word)
            || title.style.is_stated_english && SMALL_ENGLISH.contains(&word.as_str())
    };
    title.words.iter().all(|word| word.is_ascii())
        && title.spelling.iter().all(|word| word.marks.is_empty())
        && title.words.iter().any(shows_it)
}

/// Whether a title shows that it is in another language: by marks of its letters, or by a small word that English has
/// not.
pub(super) fn reads_as_foreign(title: &Title) -> bool {
    let mut spelling = title.spelling.iter().zip(&title.capitals);
    // A name keeps its marks in every language.
    spelling.any(|(word, is_capital)| !is_capital && !word.marks.is_empty())
        || title.words.iter().any(|word| is_foreign_stop(word))
}

const SMALL_ENGLISH: &[&str] =
    &["at", "by", "for", "from", "in", "it", "on", "over", "to", "under"];

/// Whether a word ends as English verbs do in the past, and not as Danish and Dutch nouns do.
fn is_english_participle(word: &str) -> bool {
    word.len() > 4
        && word.ends_with("ed")
        && !["hed", "sted", "eed", "oed"].iter().any(|other| word.ends_with(other))
}

fn of_word(title: &Title, at: usize, plain: i32) -> i32 {
    let word = title.words[at].as_str();
    let letters = word.chars().count();
    let is_capital = title.capitals[at];
    if title.is_silent(at) || is_of_a_date(title, at) {
        return 0;
    }
    if word.starts_with(|first: char| first.is_numeric()) {
        if counted(word) != word {
            return 0;
        }
        return if is_amount(title, at) { AMOUNT } else { NUMBER };
    }
    match word.chars().next() {
        Some('\u{3040}'..='\u{309F}') => return HIRAGANA,
        Some('\u{30A0}'..='\u{30FF}') => return KATAKANA,
        Some('\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}') => {
            return if OFFICIAL_CHARACTERS.contains(word) { OFFICIAL_CHARACTER } else { IDEOGRAPH };
        }
        _ => {}
    }
    if is_everyday(word) || is_of_display_type(word) || is_institution(word) {
        return OFTEN;
    }
    let is_name = is_capital && is_a_name(title, at);
    match () {
        () if letters < 2 => 0,
        () if title.style.is_vietnamese && is_name => SYLLABLE_OF_A_NAME,
        () if title.style.is_vietnamese => SYLLABLE,
        () if is_name && letters < 4 => SHORT_NAME,
        () if is_name => NAME,
        () if plain == ENGLISH => ENGLISH.min(information(word)),
        () if letters < 4 => SHORT,
        () if letters >= LETTERS_OF_LONG => LONG,
        () => plain,
    }
}

/// Whether a word with a capital is a name: within a sentence, where capitals tell. Where all nouns have
/// them, a name is a noun behind a preposition without an article or behind another noun.
fn is_a_name(title: &Title, at: usize) -> bool {
    if at == 0 || !title.style.capitals_tell || title.breaks.contains(&at) {
        return false;
    }
    if !title.style.has_capital_nouns && !is_german(title) {
        return true;
    }
    let before = title.words[at - 1].as_str();
    BEFORE_NAMES.contains(&before) || title.capitals[at - 1] && before.chars().count() > 3
}

/// German words before which a noun without an article is mostly the name of a place or a person.
const BEFORE_NAMES: &[&str] =
    &["in", "nach", "bei", "aus", "von", "um", "zwischen", "herr", "herrn", "frau", "dr", "prof"];

/// Whether a title whose language nobody states has a word by which German is known.
fn is_german(title: &Title) -> bool {
    const KNOWN: &[&str] =
        &["der", "das", "dem", "und", "im", "zum", "zur", "fur", "auf", "wird", "beim", "vom"];
    !title.style.is_foreign && title.words.iter().any(|word| KNOWN.contains(&word.as_str()))
}

/// Whether a number is an amount: it has a unit, a fraction, or many digits.
fn is_amount(title: &Title, at: usize) -> bool {
    let word = title.words[at].as_str();
    let next = title.words.get(at + 1).map_or("", String::as_str);
    !is_digits(word) && is_number(word)
        || word.ends_with(|last: char| last.is_alphabetic())
        || scale(next).is_some()
        || word.len() > 4
}
