//! Derives the prefilter of a compiled query: the words and labels that every match has.

use super::prefilter::{Had, Prefilter, Sign};
use super::program::{Clause, Form, Places, Scope, Test};
use super::query::Field;
use super::symbol::Symbol;

impl Prefilter {
    pub(super) fn of(clause: &Clause) -> Self {
        match &clause.test {
            Test::All(parts) => Self::all(parts.iter().map(Self::of)),
            Test::Any(parts) => Self::any(parts.iter().map(Self::of)),
            Test::Score { parts, threshold } => {
                // Parts with a negative weight are not needed.
                let parts = parts.iter().filter_map(|(part, weight)| {
                    let weight = u32::try_from(*weight).ok().filter(|weight| *weight > 0)?;
                    Some((Self::of(part), weight))
                });
                Self::weights(parts, i64::from(*threshold))
            }
            Test::AtLeast { times: 2.., of } => {
                let mut parts = Vec::new();
                Self::twice(of, &mut parts);
                Self::weights(parts.into_iter(), 2)
            }
            Test::Found(of) | Test::AtLeast { of, .. } | Test::First { of, .. } => {
                Self::of_places(of)
            }
            Test::Label { field, value, prefix: false } if *field != Field::Lang => {
                let signs = vec![Sign::anywhere(Symbol::label(*field, value))];
                Self::One { signs, frequency: LABELLED }
            }
            Test::Vocabulary(shared) => shared.prefilter(),
            Test::Not(_) | Test::Label { .. } | Test::Link { .. } | Test::Pattern { .. } => {
                Self::Anything
            }
        }
    }

    pub(super) fn of_places(places: &Places) -> Self {
        match places {
            Places::Phrase { words, scope } => {
                let had = match scope {
                    Scope::Field(Field::Title) => Had::InATitle,
                    _ => Had::Anywhere,
                };
                Self::all(words.iter().map(|word| Self::of_word(word, had)))
            }
            Places::Any(parts) => Self::any(parts.iter().map(Self::of_places)),
            Places::Near { left, right, .. } | Places::Same { left, right, .. } => {
                Self::all([left, right].into_iter().map(|side| Self::of_places(side)))
            }
            // Each place that is left is a place of `of`.
            Places::Apart { of, .. } => Self::of_places(of),
            Places::Vocabulary(shared) => shared.prefilter(),
        }
    }

    fn of_word(word: &Form, had: Had) -> Self {
        let rarer = match had {
            Had::Anywhere => 1,
            Had::InATitle => 8,
            Had::Twice => 4,
        };
        let frequency = (frequency(&word.letters) / rarer).max(1);
        let signs = word.symbols.iter().map(|symbol| Sign { symbol: *symbol, had }).collect();
        Self::One { signs, frequency }
    }

    /// Adds parts that weigh 2 together in every story that has `of` at two
    /// places. Only of a word of one symbol is it certain that it is then there twice.
    fn twice(of: &Places, parts: &mut Vec<(Self, u32)>) {
        match of {
            Places::Any(of) => of.iter().for_each(|part| Self::twice(part, parts)),
            Places::Phrase { words, .. } if words.len() == 1 && words[0].symbols.len() == 1 => {
                parts.push((Self::of_places(of), 1));
                parts.push((Self::of_word(&words[0], Had::Twice), 1));
            }
            of => parts.push((Self::of_places(of), 2)),
        }
    }
}

/// How many stories a label is likely on, on the scale of [`frequency`].
const LABELLED: usize = 160;

/// Words so frequent in what departments publish that hardly a story lacks them.
const EVERYWHERE: [&str; 40] = [
    "a",
    "about",
    "all",
    "and",
    "announce",
    "as",
    "at",
    "be",
    "been",
    "by",
    "change",
    "department",
    "for",
    "from",
    "government",
    "has",
    "have",
    "in",
    "international",
    "is",
    "it",
    "minister",
    "ministry",
    "more",
    "new",
    "of",
    "on",
    "public",
    "report",
    "secretary",
    "security",
    "statement",
    "support",
    "that",
    "the",
    "this",
    "to",
    "uk",
    "will",
    "with",
];

/// How many stories a word is likely in, on a scale of our own.
fn frequency(letters: &str) -> usize {
    const STEP: usize = 8;
    match letters {
        common if EVERYWHERE.contains(&common) => 100 * STEP,
        longer => 12usize.saturating_sub(longer.len()).max(1) * STEP,
    }
}
