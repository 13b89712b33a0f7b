//! The parts of a compiled query.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::pattern::Pattern;
use super::prefilter::{Prefilter, Sign, Trigger};
use super::query::{Field, Nearness, Query, Unit};
use super::symbol::Symbol;

/// A query, compiled.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) query: Query,
    pub(super) root: Clause,
    /// The words and labels without which no story matches.
    pub(super) prefilter: Prefilter,
    /// Changes with everything the program was compiled from.
    pub(super) digest: u64,
    pub(super) asks: Asks,
    /// Warnings that need nothing but the query.
    pub(super) warnings: Vec<Warning>,
    /// The vocabularies that it names.
    pub(super) vocabularies: BTreeSet<String>,
}

/// A warning of a query: the bytes it is about, the message and the remedy.
pub(super) type Warning = (Range<usize>, String, String);

/// Properties other than words that a query depends on.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asks {
    /// The sources of a story.
    pub(super) sources: bool,
    /// The language it is in.
    pub(super) language: bool,
    /// Its lead alone: words of a story can keep it out, and those of a copy are not to.
    pub(super) lead: bool,
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
        pattern: Pattern,
    },
    Vocabulary(Arc<Shared<Clause>>),
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
    /// The places of `of` that have none of `without` near them.
    Apart {
        from: Nearness,
        of: Box<Self>,
        without: Box<Self>,
        /// The second half as it is written: `NOT NEAR/6 @false_friends`.
        said: String,
    },
    Vocabulary(Arc<Shared<Places>>),
}

/// A word of a query: any of its symbols, one a language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) symbols: Vec<Symbol>,
    /// The letters, for judging how rare it is.
    pub(super) letters: String,
    /// How it is compared.
    pub(super) kind: Kind,
    /// Other spellings of a prefix that are as good.
    pub(super) others: Vec<String>,
}

impl Form {
    /// Of a prefix: whether a folded word begins so.
    pub(super) fn begins(&self, form: &str) -> bool {
        form.starts_with(&self.letters) || self.others.iter().any(|other| form.starts_with(other))
    }
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

/// A vocabulary, compiled once for all queries that use it in one field.
#[derive(Debug)]
pub(super) struct Shared<T> {
    pub(super) of: T,
    /// Stands for it among the words of a story.
    pub(super) symbol: Symbol,
    /// Signs of which a story must have one; `None` where there is no such list.
    pub(super) trigger: Option<Trigger>,
}

impl<T> Shared<T> {
    /// The prefilter of every clause that is this vocabulary.
    pub(super) fn prefilter(&self) -> Prefilter {
        match &self.trigger {
            Some(trigger) => Prefilter::One {
                signs: vec![Sign::anywhere(self.symbol)],
                frequency: trigger.frequency,
            },
            None => Prefilter::Anything,
        }
    }
}

impl<T> std::ops::Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.of
    }
}

impl Clause {
    /// The clauses that this one consists of, those of a vocabulary too.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match &self.test {
            Test::All(parts) | Test::Any(parts) => parts.iter().collect(),
            Test::Score { parts, .. } => parts.iter().map(|(part, _)| part).collect(),
            Test::Not(of) => vec![&**of],
            Test::Vocabulary(shared) => vec![&shared.of],
            _ => Vec::new(),
        }
    }

    /// The words that it looks for in texts, with their places.
    pub(super) fn places(&self) -> Option<&Places> {
        match &self.test {
            Test::Found(of) | Test::AtLeast { of, .. } | Test::First { of, .. } => Some(of),
            _ => None,
        }
    }
}

impl Places {
    /// The places that these consist of. Those that must not be near come last.
    pub(super) fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Phrase { .. } => Vec::new(),
            Self::Any(parts) => parts.iter().collect(),
            Self::Near { left, right, .. } | Self::Same { left, right, .. } => {
                vec![&**left, &**right]
            }
            Self::Apart { of, without, .. } => vec![&**of, &**without],
            Self::Vocabulary(shared) => vec![&shared.of],
        }
    }

    /// The same without those that must not be near.
    pub(super) fn wanted_parts(&self) -> Vec<&Self> {
        match self {
            Self::Apart { of, .. } => vec![&**of],
            _ => self.parts(),
        }
    }
}

/// Whether a story can be kept out by what it says.
pub(super) fn excludes(clause: &Clause) -> bool {
    let is_own = match &clause.test {
        Test::Not(_) => true,
        Test::Score { parts, .. } => parts.iter().any(|(_, weight)| *weight < 0),
        _ => false,
    };
    is_own || clause.parts().into_iter().any(excludes)
}

/// Something that a program looks for.
pub(super) enum Wanted<'a> {
    /// A word of texts.
    Word(&'a Form),
    /// A vocabulary: its symbol, and what a story must have for it.
    Vocabulary(Symbol, &'a Trigger),
}

/// Calls `look` for everything that texts are searched for. A vocabulary that
/// is in `seen` is passed over: thousands of topics share few.
pub(super) fn visit(
    clause: &Clause,
    seen: &mut BTreeSet<Symbol>,
    look: &mut impl FnMut(Wanted<'_>),
) {
    if let Test::Vocabulary(shared) = &clause.test
        && !seen.insert(shared.symbol)
    {
        return;
    }
    clause.parts().into_iter().for_each(|part| visit(part, seen, look));
    if let Some(places) = clause.places() {
        visit_places(places, seen, look);
    }
    if let Test::Vocabulary(shared) = &clause.test {
        visit_shared(shared, look);
    }
}

fn visit_places(places: &Places, seen: &mut BTreeSet<Symbol>, look: &mut impl FnMut(Wanted<'_>)) {
    if let Places::Vocabulary(shared) = places
        && !seen.insert(shared.symbol)
    {
        return;
    }
    if let Places::Phrase { words, .. } = places {
        words.iter().for_each(|word| look(Wanted::Word(word)));
    }
    places.parts().into_iter().for_each(|part| visit_places(part, seen, look));
    if let Places::Vocabulary(shared) = places {
        visit_shared(shared, look);
    }
}

fn visit_shared<T>(shared: &Shared<T>, look: &mut impl FnMut(Wanted<'_>)) {
    if let Some(trigger) = &shared.trigger {
        look(Wanted::Vocabulary(shared.symbol, trigger));
    }
}
