//! A text in; its words, folded, numbered and placed, out.
//!
//! Texts and queries are read by the same code, so that what looks alike is alike:
//! - a word is a run of letters, marks and digits; hyphens and slashes part words;
//! - an apostrophe inside a word is dropped (`O’Neill`), a possessive with its s
//!   (`Ukraine’s`); the dots of initials are dropped (`U.S.`), and the commas of
//!   numbers (`24,000`);
//! - a Chinese or Japanese character is a word of its own;
//! - addresses are no words;
//! - case and the diacritics of letters are folded: `Đinđić` is `dindic`.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::language::Dialect;
use super::remembered::Remembered;
use super::symbol::Symbol;

/// A text and its words.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    /// The text as it was.
    pub(super) text: String,
    /// Its words, in order.
    pub(super) words: Vec<Word>,
    /// The text in lower case; after it the folded forms of words that are more than that.
    forms: String,
}

/// One word of a text.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// Where it stands: bytes of the text.
    start: u32,
    end: u32,
    form_start: u32,
    form_end: u32,
    /// The number of its paragraph: the line.
    pub(super) paragraph: u32,
    /// The number of its sentence, counted through the text.
    pub(super) sentence: u32,
    pub(super) form: Symbol,
    pub(super) stem: Symbol,
    /// Only where it has a capital.
    pub(super) cased: Option<Symbol>,
}

impl Word {
    /// Where it stands: bytes of the text.
    pub(super) fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Words {
    /// Reads a text. What lies beyond 4 GiB is not read.
    pub(super) fn of(text: String, dialect: Dialect) -> Self {
        Remembered::with(|remembered| Self::read(text, dialect, remembered))
    }

    fn read(text: String, dialect: Dialect, remembered: &mut Remembered) -> Self {
        // Of nearly every word the folded form stands where the word does.
        let mut forms = text.to_ascii_lowercase();
        let mut words: Vec<Word> = Vec::with_capacity(text.len() / 6);
        let mut cased = String::new();
        let (mut paragraph, mut sentence, mut last) = (0, 0, 0..0);
        for (range, plain) in ranges(&text) {
            let stated = &text[range.clone()];
            let (form, cased, capital) = if plain {
                (range.clone(), stated, stated != &forms[range.clone()])
            } else {
                let start = forms.len();
                let cased = clean(stated, &mut cased);
                let capital = fold(cased, &mut forms);
                (start..forms.len(), cased, capital)
            };
            // A mark that belongs to no letter.
            if form.is_empty() {
                continue;
            }
            let (Ok(end), Ok(form_end)) = (u32::try_from(range.end), u32::try_from(form.end))
            else {
                break;
            };
            // A space between words, as between most, ends nothing.
            let spaced = range.start == last.end + 1 && text.as_bytes()[last.end] == b' ';
            if !spaced && !words.is_empty() {
                let between = &text[last.end..range.start];
                if between.contains('\n') {
                    paragraph += 1;
                    sentence += 1;
                } else if ends_sentence(&text[last.clone()], between, stated) {
                    sentence += 1;
                }
            }
            let folded = &forms[form.clone()];
            let own = remembered.expect((words.len(), &forms, form.clone()), dialect);
            words.push(Word {
                start: range.start as u32,
                end,
                form_start: form.start as u32,
                form_end,
                paragraph,
                sentence,
                form: Symbol::form(folded),
                stem: own.unwrap_or_default(),
                cased: capital.then(|| Symbol::cased(cased)),
            });
            last = range;
        }
        remembered.recall(
            &mut words,
            dialect,
            |word| &forms[word.form_start as usize..word.form_end as usize],
            |word, stem| word.stem = stem,
        );
        Self { text, words, forms }
    }

    /// The folded form of a word.
    pub(super) fn form(&self, word: &Word) -> &str {
        &self.forms[word.form_start as usize..word.form_end as usize]
    }
}

/// One word, as a query needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelt {
    /// With its case.
    pub(super) cased: String,
    /// Folded.
    pub(super) form: String,
    /// Whether it has a capital.
    pub(super) capital: bool,
    /// Whether a `*` follows it.
    pub(super) prefix: bool,
}

/// The words of a query's term.
pub(super) fn spelt(term: &str) -> Vec<Spelt> {
    ranges(term)
        .map(|(range, _)| {
            let (mut cased, mut form) = (String::new(), String::new());
            clean(&term[range.clone()], &mut cased);
            let capital = fold(&cased, &mut form);
            Spelt { cased, form, capital, prefix: term[range.end..].starts_with('*') }
        })
        .filter(|word| !word.form.is_empty())
        .collect()
}

/// A label as labels are compared: its words, folded, one space between them.
pub(super) fn label(value: &str) -> String {
    let (mut label, mut cased) = (String::with_capacity(value.len()), String::new());
    for (range, _) in ranges(value) {
        let before = label.len();
        if before > 0 {
            label.push(' ');
        }
        let begun = label.len();
        fold(clean(&value[range], &mut cased), &mut label);
        if label.len() == begun {
            label.truncate(before);
        }
    }
    label
}

/// Where the words of a text stand; and whether each is plain: ASCII letters
/// and digits alone, and so clean as it is.
fn ranges(text: &str) -> impl Iterator<Item = (Range<usize>, bool)> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let mut start = next_word(text, at)?;
        while let Some(length) = address_length(&text[start..]) {
            start = next_word(text, start + length)?;
        }
        let plain = plain_end(text.as_bytes(), start);
        let end = plain.unwrap_or_else(|| connected_end(text, start));
        at = end;
        Some((start..end, plain.is_some()))
    })
}

fn next_word(text: &str, at: usize) -> Option<usize> {
    // Nearly every word stands after one space.
    match text.as_bytes().get(at..at + 2) {
        Some([b' ', byte]) if byte.is_ascii_alphanumeric() => Some(at + 1),
        _ => Some(at + text[at..].find(is_word)?),
    }
}

/// How long the address is that a text begins with. Its parts are no words:
/// syndicators end with links to much that the text is not about.
fn address_length(text: &str) -> Option<usize> {
    // Asked of every word.
    let [b'h', b't', b't', b'p', rest @ ..] = text.as_bytes() else { return None };
    if !rest.starts_with(b"s://") && !rest.starts_with(b"://") {
        return None;
    }
    Some(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// The end of a word of ASCII letters with nothing at its end that could go
/// on: nearly every word, and reading words is most of the work.
fn plain_end(text: &[u8], start: usize) -> Option<usize> {
    let length = text[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let end = start + length;
    let ends = match text.get(end..) {
        None | Some([]) => true,
        Some([b'.' | b',' | b'\'', rest @ ..]) => rest.first().is_none_or(u8::is_ascii_whitespace),
        Some([byte, ..]) => byte.is_ascii(),
    };
    (ends && length > 0).then_some(end)
}

fn connected_end(text: &str, start: usize) -> usize {
    let mut end = start;
    // How long the run of letters or digits since the last connector is.
    let mut run = 0;
    let mut initials = true;
    let mut last = '\0';
    let mut rest = text[start..].chars();
    while let Some(c) = rest.next() {
        if is_word(c) {
            if is_ideograph(c) {
                return if run == 0 && end == start { end + c.len_utf8() } else { end };
            }
            run += 1;
            initials &= run == 1 && c.is_alphabetic();
            last = c;
            end += c.len_utf8();
            continue;
        }
        let mut ahead = rest.clone();
        let (next, after) = (ahead.next().unwrap_or(' '), ahead.next().unwrap_or(' '));
        let connects = match c {
            '.' if initials && is_apostrophe(next) => matches!(after, 's' | 'S'),
            '.' if initials => next.is_alphabetic() && !is_word(after),
            '.' | ',' if last.is_ascii_digit() => next.is_ascii_digit(),
            _ if is_apostrophe(c) => last.is_alphabetic() && next.is_alphabetic(),
            _ => false,
        };
        if !connects {
            break;
        }
        run = 0;
        initials &= c == '.';
        end += c.len_utf8();
    }
    end
}

pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric()
    } else {
        c.is_alphanumeric() || is_combining_mark(c)
    }
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '’' | 'ʼ')
}

/// Scripts without spaces between words, whose characters carry meaning.
fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// A word without apostrophes, possessive s, dots of initials, commas of numbers.
fn clean<'a>(word: &str, cased: &'a mut String) -> &'a str {
    cased.clear();
    let mut letters = word;
    if let Some((at, _)) = word.char_indices().rfind(|(_, c)| is_apostrophe(*c))
        && matches!(word[at..].trim_start_matches(is_apostrophe), "s" | "S")
    {
        letters = &word[..at];
    }
    let number = letters.starts_with(|c: char| c.is_ascii_digit());
    cased.extend(letters.chars().filter(|c| match c {
        '.' => number,
        c => is_word(*c),
    }));
    cased
}

/// Appends a word without case and diacritics; says whether it had a capital.
fn fold(cased: &str, form: &mut String) -> bool {
    if cased.is_ascii() {
        let start = form.len();
        form.push_str(cased);
        form[start..].make_ascii_lowercase();
        return cased.bytes().any(|b| b.is_ascii_uppercase());
    }
    let mut capital = false;
    for c in cased.nfkd().filter(|c| is_word(*c) && !matches!(c, '\u{300}'..='\u{36F}')) {
        capital |= c.is_uppercase();
        for lower in c.to_lowercase() {
            match lower {
                'ß' => form.push_str("ss"),
                'æ' => form.push_str("ae"),
                'œ' => form.push_str("oe"),
                'þ' => form.push_str("th"),
                'ø' => form.push('o'),
                'đ' | 'ð' => form.push('d'),
                'ł' => form.push('l'),
                'ħ' => form.push('h'),
                'ı' => form.push('i'),
                'ς' => form.push('σ'),
                // İ becomes i and a dot above.
                '\u{300}'..='\u{36F}' => {}
                lower => form.push(lower),
            }
        }
    }
    capital
}

/// Whether a sentence ends between two words.
fn ends_sentence(before: &str, between: &str, after: &str) -> bool {
    let Some(stop) = between.find(['.', '!', '?', '。']) else { return false };
    if between[stop..].starts_with('。') {
        return true;
    }
    const SHORTENED: [&str; 12] =
        ["mr", "mrs", "ms", "dr", "st", "rt", "hon", "gen", "col", "lt", "sgt", "vs"];
    let numbered = after.starts_with(|c: char| c.is_ascii_digit())
        && ["no", "nos", "art"].iter().any(|short| before.eq_ignore_ascii_case(short));
    let shortened = between[stop..].starts_with('.')
        && (numbered
            || before.chars().count() == 1
            || before.contains('.')
            || SHORTENED.iter().any(|short| before.eq_ignore_ascii_case(short)));
    !shortened
        && between[stop..].contains(char::is_whitespace)
        && !after.starts_with(char::is_lowercase)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::topics::Language;

    fn forms(text: &str) -> Vec<String> {
        spelt(text).into_iter().map(|word| word.form).collect()
    }

    #[test]
    fn words_of_a_text() {
        for (text, words) in [
            ("UK-Germany Trinity House", "uk germany trinity house"),
            ("Ukraine’s recovery", "ukraine recovery"),
            ("the children's, the ministers' and O'Neill", "the children the ministers and oneill"),
            ("the U.S. and the U.K.'s allies", "the us and the uk allies"),
            ("24,000 returns, £465,000; 3.5%", "24000 returns 465000 3.5"),
            ("General Licence INT/2024/5334756", "general licence int 2024 5334756"),
            ("on GOV.UK, R&D", "on gov uk r d"),
            ("Đinđić, Łódź, Priština, straße, ﬁnance", "dindic lodz pristina strasse finance"),
            ("İstanbul ISTANBUL", "istanbul istanbul"),
            ("制裁 ロシア", "制 裁 ロ シ ア"),
            ("हिन्दी", "हिन्दी"),
            ("6 April 2025.", "6 april 2025"),
            ("Read on: https://www.gov.uk/a-b/c, http", "read on http"),
            ("http://a", ""),
            ("—‘’“”", ""),
        ] {
            assert_eq!(forms(text).join(" "), words, "{text}");
        }
    }

    #[test]
    fn sentences_and_paragraphs_are_counted() {
        for (text, sentences, paragraphs) in [
            ("One here. Two there! Three? Four", 4, 1),
            ("Mr. Lammy met the U.S. Secretary", 1, 1),
            ("It cost 3.5 million. and lower case goes on", 1, 1),
            ("He said “No.” Then he left", 2, 1),
            ("See No. 10 Downing Street", 1, 1),
            ("A title\nA body. More", 3, 2),
        ] {
            let words = Words::of(text.to_owned(), Language::default().dialect(None));
            let last = words.words.last().unwrap();
            assert_eq!((last.sentence + 1, last.paragraph + 1), (sentences, paragraphs), "{text}");
        }
    }

    #[test]
    fn labels_are_compared_by_their_words() {
        assert_eq!(label("Home Office"), label("home-office"));
        assert_eq!(
            label("Prime Minister’s Office, 10 Downing Street"),
            label("prime ministers office 10 downing street").replace("ministers", "minister")
        );
    }

    proptest! {
        #[test]
        fn any_text_has_words_in_order_and_within_it(text in "\\PC{0,80}") {
            let words = Words::of(text.clone(), Language::default().dialect(None));
            let mut last = 0;
            for word in &words.words {
                let range = word.range();
                prop_assert!(last <= range.start && range.start < range.end);
                prop_assert!(text.get(range.clone()).is_some());
                last = range.end;
            }
            let spelt = spelt(&text);
            prop_assert_eq!(spelt.len(), words.words.len());
            for (one, other) in words.words.iter().zip(spelt) {
                prop_assert_eq!(words.form(one), other.form);
            }
        }

        #[test]
        fn folding_twice_changes_nothing(text in "[\\p{Latin}\\p{Greek}\\p{Cyrillic}0-9 '’.,-]{0,40}") {
            let once = label(&text);
            prop_assert_eq!(label(&once), once);
        }
    }
}
