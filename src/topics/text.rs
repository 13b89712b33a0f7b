//! Reads a text as numbered, placed words with their stems, as topics match them.
//!
//! Texts and queries are split by the same code ([`tokenize`]), so that what looks alike is alike.

use std::ops::Range;

use super::language::Dialect;
use super::stem_cache::{StemCache, StemCaches};
use super::symbol::Symbol;
use crate::tokenize::{self, clean, ends_sentence, fold};

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
    pub(super) fn of(text: String, dialect: Dialect, stems: &StemCaches) -> Self {
        stems.with(|stems| Self::read(text, dialect, stems))
    }

    fn read(text: String, dialect: Dialect, stems: &mut StemCache) -> Self {
        // Of nearly every word the folded form stands where the word does.
        let mut forms = text.to_ascii_lowercase();
        let mut words: Vec<Word> = Vec::with_capacity(text.len() / 6);
        let mut cased = String::new();
        let (mut paragraph, mut sentence, mut last) = (0, 0, 0..0);
        for (range, plain) in tokenize::words(&text) {
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
            let symbol = Symbol::form(folded);
            words.push(Word {
                start: range.start as u32,
                end,
                form_start: form.start as u32,
                form_end,
                paragraph,
                sentence,
                form: symbol,
                stem: stems.stem(symbol, folded, dialect),
                cased: capital.then(|| Symbol::cased(cased)),
            });
            last = range;
        }
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
    /// The folded word.
    pub(super) form: String,
    /// Whether it has a capital.
    pub(super) capital: bool,
    /// Whether a `*` follows it.
    pub(super) prefix: bool,
}

/// The words of a query's term.
pub(super) fn spelt(term: &str) -> Vec<Spelt> {
    tokenize::words(term)
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
    for (range, _) in tokenize::words(value) {
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::topics::Language;

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
            let words = Words::of(
                text.to_owned(),
                Language::default().dialect(None),
                &StemCaches::default(),
            );
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
            let words = Words::of(text.clone(), Language::default().dialect(None), &StemCaches::default());
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
