//! Finds the words of all queries in a story, and the queries that may match it.
//!
//! Everything that any program looks for is a term: a word, a prefix, a label,
//! a vocabulary. A program waits on the terms of its trigger, the rarest list
//! of which a story must have one; those whose trigger a story pulls are asked
//! by their prefilter, and only what is left is evaluated.

mod wanted;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use smallvec::SmallVec;

use super::prefilter::{Condition, Trigger};
use super::program::{self, Kind, Program, Wanted};
use super::query::Field;
use super::subject::Subject;
use super::symbol::{BySymbol, Symbol};
use wanted::{Prefixes, Terms};

/// Everything that any program looks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    terms: Terms,
    prefixes: Prefixes,
    /// For each term, the vocabularies that a story with it may have.
    implied: Vec<Vec<u32>>,
    /// For each term, the programs that wait on it.
    waiting: Vec<Vec<u32>>,
    /// Programs that wait on no term.
    always: Vec<u32>,
    /// For each program, its prefilter.
    conditions: Vec<Condition>,
}

impl Index {
    pub(super) fn of(programs: &[Arc<Program>]) -> Self {
        let mut index = Self::default();
        let (mut implied, mut waiting) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for (place, program) in (0..).zip(programs) {
            let (terms, prefixes) = (&mut index.terms, &mut index.prefixes);
            program::visit(&program.root, &mut seen, &mut |wanted| match wanted {
                Wanted::Word(form) => {
                    for symbol in &form.symbols {
                        terms.number(*symbol);
                    }
                    if form.kind == Kind::Prefix {
                        for prefix in form.others.iter().chain([&form.letters]) {
                            prefixes.add(prefix, Symbol::prefix(prefix));
                        }
                    }
                }
                Wanted::Vocabulary(vocabulary, trigger) => {
                    let vocabulary = terms.number(vocabulary);
                    let signs = trigger.signs.iter();
                    implied.extend(signs.map(|sign| (terms.sign(*sign), vocabulary)));
                }
            });
            let terms = &mut index.terms;
            let condition = Condition::of(&program.prefilter, &mut |sign| terms.sign(sign));
            index.conditions.push(condition);
            match program.prefilter.trigger() {
                None => index.always.push(place),
                Some(Trigger { signs, .. }) => {
                    waiting.extend(signs.into_iter().map(|sign| (terms.sign(sign), place)));
                }
            }
        }
        index.implied = by_term(implied, index.terms.len());
        index.waiting = by_term(waiting, index.terms.len());
        index
    }

    /// Where what is wanted occurs.
    pub(super) fn occurrences(&self, subject: &Subject) -> Occurrences {
        let present = vec![false; self.terms.len()];
        let mut found = Occurrences { present, ..Occurrences::default() };
        let mut cost = 0;
        for (section, of) in (0..).zip(&subject.sections) {
            let title = of.field == Field::Title;
            cost += of.words.words.len();
            for (at, word) in (0..).zip(&of.words.words) {
                let mut see = |symbol: Symbol| {
                    if let Some(term) = self.terms.get(symbol) {
                        let special = &self.terms.special[term as usize];
                        found.at.entry(symbol.0).or_default().push((section, at));
                        if !found.have(term) && special.twice != NONE {
                            found.have(special.twice);
                        }
                        if title && special.titled != NONE {
                            found.have(special.titled);
                        }
                    }
                };
                see(word.stem);
                see(word.form);
                if let Some(cased) = word.cased {
                    see(cased);
                }
                if !self.prefixes.is_empty() {
                    cost += self.prefixes.each(of.words.form(word), see);
                }
            }
        }
        let labels = subject.labels.iter().filter_map(|label| self.terms.get(label.symbol));
        labels.for_each(|term| {
            found.have(term);
        });
        let mut next = 0;
        while let Some(&term) = found.terms.get(next) {
            for vocabulary in &self.implied[term as usize] {
                found.have(*vocabulary);
            }
            next += 1;
        }
        found.cost = cost as u64;
        found
    }

    /// The programs that may match, ascending; every other one certainly does not.
    pub(super) fn candidates(&self, occurrences: &Occurrences) -> Vec<u32> {
        let mut candidates = self.always.clone();
        let mut asked = vec![false; self.conditions.len()];
        let has = |term: u32| occurrences.present[term as usize];
        for program in occurrences.terms.iter().flat_map(|term| &self.waiting[*term as usize]) {
            let place = *program as usize;
            if !std::mem::replace(&mut asked[place], true) && self.conditions[place].holds(&has) {
                candidates.push(*program);
            }
        }
        candidates.sort_unstable();
        candidates
    }
}

/// Lists the second numbers of pairs by the first, which is a term.
fn by_term(mut pairs: Vec<(u32, u32)>, terms: usize) -> Vec<Vec<u32>> {
    pairs.sort_unstable();
    pairs.dedup();
    let mut lists = vec![Vec::new(); terms];
    for (term, number) in pairs {
        lists[term as usize].push(number);
    }
    lists
}

/// No number of a term.
const NONE: u32 = u32::MAX;

/// Words in a row: from `start` to before `end` in a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Span {
    pub(super) section: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// The terms that a subject has, and where.
#[derive(Debug, Default)]
pub(super) struct Occurrences {
    /// Where each symbol occurs, as section and word, ascending.
    at: HashMap<u64, SmallVec<[(u32, u32); 4]>, BySymbol>,
    /// The terms that it has.
    terms: Vec<u32>,
    /// Whether it has each term.
    present: Vec<bool>,
    /// How many words and prefixes were compared to find them.
    cost: u64,
    /// Vocabularies that were asked for already: thousands of topics share few.
    pub(super) vocabularies: RefCell<HashMap<u64, bool, BySymbol>>,
    pub(super) vocabulary_spans: RefCell<HashMap<u64, Rc<[Span]>, BySymbol>>,
}

impl Occurrences {
    /// Adds a term. Returns whether it was not there before.
    fn have(&mut self, term: u32) -> bool {
        let is_new = !std::mem::replace(&mut self.present[term as usize], true);
        if is_new {
            self.terms.push(term);
        }
        is_new
    }

    /// The units of work that it took to find them.
    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    /// Whether any word that is looked for is there.
    pub(super) fn has_any(&self) -> bool {
        !self.at.is_empty()
    }

    /// Where a symbol occurs, as section and word, ascending.
    pub(super) fn of(&self, symbol: Symbol) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.at.get(&symbol.0).into_iter().flatten().copied()
    }
}
