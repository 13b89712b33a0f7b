//! What a compiled query is made of; and which words a story must have for it.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use regex::Regex;

use super::query::{Field, Query, Unit};
use super::symbol::Symbol;

/// A query, compiled.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) query: Query,
    pub(super) root: Clause,
    /// No story without one of these can match; `None` where there is no such list.
    pub(super) needs: Option<Vec<Symbol>>,
    /// Changes with everything the program was compiled from.
    pub(super) digest: u64,
    /// Whether what the sources are has a say.
    pub(super) asks_sources: bool,
}

/// A part of a query that a story fulfils or not.
#[derive(Debug)]
pub(super) struct Clause {
    /// As it is written, in its plainest form.
    pub(super) said: String,
    /// Bytes of the text it was read from: of the query or the vocabulary's item.
    pub(super) span: Range<usize>,
    pub(super) test: Test,
}

#[derive(Debug)]
pub(super) enum Test {
    All(Vec<Clause>),
    Any(Vec<Clause>),
    Not(Box<Clause>),
    Score {
        parts: Vec<(Clause, i32)>,
        threshold: i32,
    },
    /// It is somewhere.
    Found(Places),
    /// It is that often in one copy.
    AtLeast {
        times: u32,
        of: Places,
    },
    /// It is within so many words of the beginning of a copy: of its text,
    /// or of its title and the text after it.
    First {
        words: u32,
        from_text: bool,
        of: Places,
    },
    Label {
        field: Field,
        value: String,
        prefix: bool,
    },
    Link {
        value: String,
        prefix: bool,
    },
    Pattern {
        scope: Scope,
        regex: Regex,
    },
    Vocabulary(Arc<Clause>),
}

/// Something that has places in a text.
#[derive(Debug)]
pub(super) enum Places {
    /// Words in a row.
    Phrase {
        words: Vec<Form>,
        scope: Scope,
    },
    Any(Vec<Places>),
    Near {
        distance: u32,
        ordered: bool,
        left: Box<Self>,
        right: Box<Self>,
    },
    Same {
        unit: Unit,
        left: Box<Self>,
        right: Box<Self>,
    },
    Vocabulary(Arc<Places>),
}

/// A word of a query: any of its symbols, one a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) symbols: Vec<Symbol>,
    /// The letters, for judging how rare it is.
    pub(super) letters: String,
    /// How it is compared.
    pub(super) kind: Kind,
}

/// How a word of a query is compared with those of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// By stem.
    Stem,
    /// By its letters, whatever their case.
    Exact,
    /// By its letters and their case.
    Cased,
    /// By its first letters.
    Prefix,
}

/// Where a term is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Scope {
    /// In titles and texts: where no field is named.
    Anywhere,
    /// In one field.
    Field(Field),
}

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
    if EVERYWHERE.contains(&letters) { 100 } else { 12usize.saturating_sub(letters.len()).max(1) }
}

/// Symbols of which a story must have one, and how many stories are likely to.
struct Need {
    symbols: Vec<Symbol>,
    frequency: usize,
}

impl Need {
    fn union(needs: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        let mut union = Self { symbols: Vec::new(), frequency: 0 };
        for need in needs {
            let need = need?;
            union.symbols.extend(need.symbols);
            union.frequency += need.frequency;
        }
        Some(union)
    }

    fn rarest(needs: impl Iterator<Item = Option<Self>>) -> Option<Self> {
        needs.flatten().min_by_key(|need| need.frequency)
    }
}

/// The shortest list of symbols of which a matching story must have one.
pub(super) fn needs(root: &Clause) -> Option<Vec<Symbol>> {
    let mut symbols = of_clause(root)?.symbols;
    symbols.sort_unstable();
    symbols.dedup();
    Some(symbols)
}

fn of_clause(clause: &Clause) -> Option<Need> {
    match &clause.test {
        Test::All(parts) => Need::rarest(parts.iter().map(of_clause)),
        Test::Any(parts) => Need::union(parts.iter().map(of_clause)),
        // A threshold that nothing need reach needs nothing.
        Test::Score { parts, threshold } if *threshold > 0 => Need::union(
            parts.iter().filter(|(_, weight)| *weight > 0).map(|(part, _)| of_clause(part)),
        ),
        Test::Found(of) | Test::AtLeast { of, .. } | Test::First { of, .. } => of_places(of),
        Test::Label { field, value, prefix: false } if *field != Field::Lang => {
            Some(Need { symbols: vec![Symbol::label(*field, value)], frequency: 20 })
        }
        Test::Vocabulary(clause) => of_clause(clause),
        Test::Not(_)
        | Test::Score { .. }
        | Test::Label { .. }
        | Test::Link { .. }
        | Test::Pattern { .. } => None,
    }
}

fn of_places(places: &Places) -> Option<Need> {
    match places {
        Places::Phrase { words, .. } => Need::rarest(words.iter().map(|word| {
            Some(Need { symbols: word.symbols.clone(), frequency: frequency(&word.letters) })
        })),
        Places::Any(parts) => Need::union(parts.iter().map(of_places)),
        Places::Near { left, right, .. } | Places::Same { left, right, .. } => {
            Need::rarest([of_places(left), of_places(right)].into_iter())
        }
        Places::Vocabulary(places) => of_places(places),
    }
}

/// Calls `look` for every word in the query that texts are searched for. A
/// vocabulary that is in `seen` is passed over: thousands of topics share few.
pub(super) fn visit_forms(
    clause: &Clause,
    seen: &mut BTreeSet<usize>,
    look: &mut impl FnMut(&Form),
) {
    match &clause.test {
        Test::All(parts) | Test::Any(parts) => {
            parts.iter().for_each(|part| visit_forms(part, seen, look));
        }
        Test::Not(of) => visit_forms(of, seen, look),
        Test::Score { parts, .. } => {
            parts.iter().for_each(|(part, _)| visit_forms(part, seen, look));
        }
        Test::Found(of) | Test::AtLeast { of, .. } | Test::First { of, .. } => {
            visit_places(of, seen, look);
        }
        Test::Vocabulary(shared) => {
            if seen.insert(Arc::as_ptr(shared).addr()) {
                visit_forms(shared, seen, look);
            }
        }
        Test::Label { .. } | Test::Link { .. } | Test::Pattern { .. } => {}
    }
}

fn visit_places(places: &Places, seen: &mut BTreeSet<usize>, look: &mut impl FnMut(&Form)) {
    match places {
        Places::Phrase { words, .. } => words.iter().for_each(look),
        Places::Any(parts) => parts.iter().for_each(|part| visit_places(part, seen, look)),
        Places::Near { left, right, .. } | Places::Same { left, right, .. } => {
            visit_places(left, seen, look);
            visit_places(right, seen, look);
        }
        Places::Vocabulary(shared) => {
            if seen.insert(Arc::as_ptr(shared).addr()) {
                visit_places(shared, seen, look);
            }
        }
    }
}
