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

use super::prefilter::{Code, Trigger};
use super::program::{self, Kind, Program, Wanted};
use super::query::Field;
use super::subject::Subject;
use super::symbol::{BySymbol, Symbol};
use wanted::{Prefixes, Sieve, Terms};

/// Everything that any program looks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    terms: Terms,
    sieve: Sieve,
    prefixes: Prefixes,
    /// The vocabularies that a story with a term may have.
    implied: Lists,
    waiting: Waiting,
    /// Programs that wait on no term.
    always: Vec<u32>,
    programs: usize,
}

impl Index {
    pub(super) fn of(programs: &[Arc<Program>]) -> Self {
        let mut index = Self::default();
        let (mut implied, mut waiting) = (Vec::new(), Vec::new());
        let mut code = Code::default();
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
            let prefilter = code.add(&program.prefilter, &mut |sign| terms.sign(sign));
            match program.prefilter.trigger() {
                None => index.always.push(place),
                Some(Trigger { signs, .. }) => {
                    waiting
                        .extend(signs.into_iter().map(|sign| (terms.sign(sign), place, prefilter)));
                }
            }
        }
        index.programs = programs.len();
        index.implied = Lists::of(implied, index.terms.len());
        index.waiting = Waiting::of(waiting, code, index.terms.len());
        index.sieve = Sieve::of(&index.terms.numbers);
        index.terms.lay_out();
        index
    }

    /// Where what is wanted occurs.
    pub(super) fn occurrences(&self, subject: &Subject) -> Occurrences {
        let mut found = Found { present: Bits::of(self.terms.len()), ..Found::default() };
        let mut cost = 0;
        for (section, of) in (0..).zip(&subject.sections) {
            let title = of.field == Field::Title;
            cost += of.words.words.len();
            for (at, word) in (0..).zip(&of.words.words) {
                let mut see = |symbol: Symbol| {
                    if self.sieve.may_hold(symbol)
                        && let Some(term) = self.terms.get(symbol)
                    {
                        let special = &self.terms.special[term as usize];
                        if !found.add(symbol, term, section, at) && special.twice != NONE {
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
            for vocabulary in self.implied.list(term) {
                found.have(*vocabulary);
            }
            next += 1;
        }
        Occurrences { cost: cost as u64, ..found.placed() }
    }

    /// The programs that may match, ascending; every other one certainly does not.
    pub(super) fn candidates(&self, occurrences: &Occurrences) -> Vec<u32> {
        let mut candidates = self.always.clone();
        let mut asked = Bits::of(self.programs);
        for term in &occurrences.terms {
            self.waiting.ask(*term, &mut asked, &occurrences.present, &mut candidates);
        }
        candidates.sort_unstable();
        candidates
    }
}

/// The programs that wait on each term, each followed by its prefilter, so that
/// what a term sets off is read in one go.
#[derive(Debug, Clone, Default)]
struct Waiting {
    /// Where each term's programs begin; one more than there are terms.
    starts: Vec<u32>,
    listed: Code,
    /// The long prefilters, once each: a program may wait on hundreds of terms.
    long: Code,
}

impl Waiting {
    /// Numbers of a prefilter that is still copied to each term.
    const SHORT: u32 = 24;

    /// From terms, programs, and where in `code` the programs' prefilters begin.
    fn of(mut waiting: Vec<(u32, u32, u32)>, code: Code, terms: usize) -> Self {
        waiting.sort_unstable();
        waiting.dedup();
        let mut listed = Code::default();
        let mut starts = Vec::with_capacity(terms + 1);
        let mut waiting = waiting.into_iter().peekable();
        for term in 0..terms as u32 {
            starts.push(listed.end());
            while let Some((_, program, prefilter)) = waiting.next_if(|(of, ..)| *of == term) {
                listed.note(program);
                if code.after(prefilter) - prefilter <= Self::SHORT {
                    listed.note(NONE);
                    listed.copy(&code, prefilter);
                } else {
                    listed.note(prefilter);
                }
            }
        }
        starts.push(listed.end());
        Self { starts, listed, long: code }
    }

    /// Adds those that wait on a term, were not asked, and may match what has the terms that are `present`.
    fn ask(&self, term: u32, asked: &mut Bits, present: &Bits, candidates: &mut Vec<u32>) {
        let has = |term| present.has(term);
        let (mut at, end) = (self.starts[term as usize], self.starts[term as usize + 1]);
        while at < end {
            let (program, long) = (self.listed.noted(at), self.listed.noted(at + 1));
            let (code, prefilter) =
                if long == NONE { (&self.listed, at + 2) } else { (&self.long, long) };
            if asked.add(program) && code.holds(prefilter, &has) {
                candidates.push(program);
            }
            at = if long == NONE { self.listed.after(prefilter) } else { at + 2 };
        }
    }
}

/// A wanted symbol at a word of a section.
#[derive(Debug, Clone, Copy)]
struct Occurrence {
    symbol: Symbol,
    section: u32,
    at: u32,
    /// The symbol's next occurrence, or [`NONE`].
    next: u32,
}

const NONE: u32 = u32::MAX;

/// The terms found in a subject so far.
#[derive(Debug, Default)]
struct Found {
    all: Vec<Occurrence>,
    terms: Vec<u32>,
    present: Bits,
}

impl Found {
    /// Whether it is the first of the term.
    fn add(&mut self, symbol: Symbol, term: u32, section: u32, at: u32) -> bool {
        self.all.push(Occurrence { symbol, section, at, next: NONE });
        self.have(term)
    }

    /// Whether it was not there before.
    fn have(&mut self, term: u32) -> bool {
        let new = self.present.add(term);
        if new {
            self.terms.push(term);
        }
        new
    }

    fn placed(mut self) -> Occurrences {
        // At least half of the slots stay empty, so that looking ends soon.
        let slots = (self.all.len() * 2).next_power_of_two();
        let mut slots = vec![Slot { first: NONE, last: NONE }; slots];
        let mask = slots.len() - 1;
        for i in 0..self.all.len() {
            let symbol = self.all[i].symbol;
            let mut at = symbol.0 as usize & mask;
            loop {
                let Slot { first, last } = &mut slots[at];
                if *first == NONE {
                    *first = i as u32;
                } else if self.all[*first as usize].symbol == symbol {
                    self.all[*last as usize].next = i as u32;
                } else {
                    at = (at + 1) & mask;
                    continue;
                }
                *last = i as u32;
                break;
            }
        }
        let Self { all, terms, present } = self;
        Occurrences { all, slots, terms, present, ..Occurrences::default() }
    }
}

/// A symbol's first and last occurrence.
#[derive(Debug, Clone, Copy)]
struct Slot {
    first: u32,
    last: u32,
}

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
    all: Vec<Occurrence>,
    /// By the last digits of the symbol, or in the slots after; a power of two.
    slots: Vec<Slot>,
    /// The terms that it has.
    terms: Vec<u32>,
    /// The same.
    present: Bits,
    /// How many words and prefixes were compared to find them.
    cost: u64,
    /// Vocabularies that were asked for already: thousands of topics share few.
    pub(super) vocabularies: RefCell<HashMap<u64, bool, BySymbol>>,
    pub(super) vocabulary_spans: RefCell<HashMap<u64, Rc<[Span]>, BySymbol>>,
}

impl Occurrences {
    /// The units of work that it took to find them.
    pub(super) fn cost(&self) -> u64 {
        self.cost
    }

    /// Whether any word that is looked for is there.
    pub(super) fn has_any(&self) -> bool {
        !self.all.is_empty()
    }

    /// Where a symbol occurs, as section and word, ascending.
    pub(super) fn of(&self, symbol: Symbol) -> impl Iterator<Item = (u32, u32)> + '_ {
        let mut next = self.first(symbol);
        std::iter::from_fn(move || {
            let occurrence = self.all.get(next as usize)?;
            next = occurrence.next;
            Some((occurrence.section, occurrence.at))
        })
    }

    fn first(&self, symbol: Symbol) -> u32 {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = symbol.0 as usize & mask;
        while let Some(slot) = self.slots.get(at) {
            if self.all.get(slot.first as usize).is_none_or(|first| first.symbol == symbol) {
                return slot.first;
            }
            at = (at + 1) & mask;
        }
        NONE
    }
}

/// A set of small numbers.
#[derive(Debug, Clone, Default)]
struct Bits {
    words: Vec<u64>,
}

impl Bits {
    fn of(numbers: usize) -> Self {
        Self { words: vec![0; numbers.div_ceil(64)] }
    }

    fn has(&self, number: u32) -> bool {
        self.words[number as usize / 64] & (1 << (number % 64)) != 0
    }

    /// Whether it was not in the set.
    fn add(&mut self, number: u32) -> bool {
        let word = &mut self.words[number as usize / 64];
        let before = *word;
        *word |= 1 << (number % 64);
        *word != before
    }
}

/// A list of numbers for each number, one after the other.
#[derive(Debug, Clone, Default)]
struct Lists {
    /// Where each list begins; one more than there are lists.
    starts: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    fn of(mut pairs: Vec<(u32, u32)>, lists: usize) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        let mut starts = Vec::with_capacity(lists + 1);
        let mut at = 0;
        for list in 0..=lists as u32 {
            at += pairs[at..].iter().take_while(|(of, _)| *of < list).count();
            starts.push(at as u32);
        }
        Self { starts, items: pairs.into_iter().map(|(_, item)| item).collect() }
    }

    fn list(&self, number: u32) -> &[u32] {
        match self.starts.get(number as usize..number as usize + 2) {
            Some(ends) => &self.items[ends[0] as usize..ends[1] as usize],
            None => &[],
        }
    }
}
