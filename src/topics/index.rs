//! All programs in; for a subject, where their words occur in it and which programs may match, out.
//!
//! Everything that any program looks for is a term: a word, a prefix, a label,
//! a vocabulary. A program waits on the terms of its trigger, the rarest list
//! of which a story must have one; those whose trigger a story pulls are asked
//! by their sketch, and only what is left is evaluated.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::eval::Span;
use super::program::{self, Kind, Program, Wanted};
use super::sketch::Code;
use super::subject::Subject;
use super::symbol::{BySymbol, Symbol};

/// Everything that any program looks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    terms: Terms,
    sieve: Sieve,
    prefixes: Prefixes,
    /// The vocabularies that a story with a term may have.
    implied: Lists,
    /// The programs that wait on a term.
    waiting: Lists,
    /// Programs that wait on none.
    always: Vec<u32>,
    code: Code,
    /// Where each program's sketch begins.
    sketches: Vec<u32>,
}

/// The numbers of the terms: while they are gathered, and for looking them up.
#[derive(Debug, Clone, Default)]
struct Terms {
    numbers: HashMap<u64, u32, BySymbol>,
    /// The same by the last digits of the symbol, or in the slots after, so
    /// that looking reads one place in memory. A power of two; at least half is
    /// empty, which the number [`NONE`] says.
    slots: Vec<(Symbol, u32)>,
}

impl Terms {
    /// The number of a term, a new one if need be.
    fn number(&mut self, symbol: Symbol) -> u32 {
        let new = self.numbers.len() as u32;
        *self.numbers.entry(symbol.0).or_insert(new)
    }

    /// To be called when all are gathered.
    fn lay_out(&mut self) {
        self.slots = vec![(Symbol(0), NONE); (self.numbers.len() * 2 + 1).next_power_of_two()];
        let mask = self.slots.len() - 1;
        for (&symbol, &number) in &self.numbers {
            let mut at = symbol as usize & mask;
            while self.slots[at].1 != NONE {
                at = (at + 1) & mask;
            }
            self.slots[at] = (Symbol(symbol), number);
        }
    }

    fn get(&self, symbol: Symbol) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = symbol.0 as usize & mask;
        while let Some((known, number)) = self.slots.get(at).filter(|(_, number)| *number != NONE) {
            if *known == symbol {
                return Some(*number);
            }
            at = (at + 1) & mask;
        }
        None
    }
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
                    let symbols = trigger.symbols.iter();
                    implied.extend(symbols.map(|symbol| (terms.number(*symbol), vocabulary)));
                }
            });
            let mut number = |symbol| index.terms.number(symbol);
            index.sketches.push(index.code.add(&program.sketch, &mut number));
            match program.sketch.trigger() {
                None => index.always.push(place),
                Some(trigger) => {
                    waiting.extend(trigger.symbols.into_iter().map(|term| (number(term), place)));
                }
            }
        }
        index.implied = Lists::of(implied, index.terms.numbers.len());
        index.waiting = Lists::of(waiting, index.terms.numbers.len());
        index.sieve = Sieve::of(&index.terms.numbers);
        index.terms.lay_out();
        index
    }

    /// Where what is wanted occurs.
    pub(super) fn occurrences(&self, subject: &Subject) -> Occurrences {
        let mut found = Found { present: Bits::of(self.terms.numbers.len()), ..Found::default() };
        for (section, of) in (0..).zip(&subject.sections) {
            for (at, word) in (0..).zip(&of.words.words) {
                let mut see = |symbol: Symbol| {
                    if self.sieve.may_hold(symbol)
                        && let Some(term) = self.terms.get(symbol)
                    {
                        found.add(symbol, term, section, at);
                    }
                };
                see(word.stem);
                see(word.form);
                if let Some(cased) = word.cased {
                    see(cased);
                }
                if !self.prefixes.is_empty() {
                    self.prefixes.each(of.words.form(word), see);
                }
            }
        }
        let labels = subject.labels.iter().filter_map(|label| self.terms.get(label.symbol));
        labels.for_each(|term| found.have(term));
        let mut next = 0;
        while let Some(&term) = found.terms.get(next) {
            self.implied.list(term).iter().for_each(|vocabulary| found.have(*vocabulary));
            next += 1;
        }
        found.placed()
    }

    /// The programs that may match, ascending; every other one certainly does not.
    pub(super) fn candidates(&self, occurrences: &Occurrences) -> Vec<u32> {
        let mut asked = Bits::of(self.sketches.len());
        let mut candidates = Vec::new();
        let waiting = occurrences.terms.iter().flat_map(|term| self.waiting.list(*term));
        for &program in self.always.iter().chain(waiting) {
            let has = |term| occurrences.present.has(term);
            if asked.add(program) && self.code.holds(self.sketches[program as usize], &has) {
                candidates.push(program);
            }
        }
        candidates.sort_unstable();
        candidates
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

/// What has been found in a subject, as it is found.
#[derive(Debug, Default)]
struct Found {
    all: Vec<Occurrence>,
    terms: Vec<u32>,
    present: Bits,
}

impl Found {
    fn add(&mut self, symbol: Symbol, term: u32, section: u32, at: u32) {
        self.all.push(Occurrence { symbol, section, at, next: NONE });
        self.have(term);
    }

    fn have(&mut self, term: u32) {
        if self.present.add(term) {
            self.terms.push(term);
        }
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

/// What of everything wanted a subject has, and where.
#[derive(Debug, Default)]
pub(super) struct Occurrences {
    all: Vec<Occurrence>,
    /// By the last digits of the symbol, or in the slots after; a power of two.
    slots: Vec<Slot>,
    /// The terms that it has.
    terms: Vec<u32>,
    /// The same.
    present: Bits,
    /// Vocabularies that were asked for already: thousands of topics share few.
    pub(super) vocabularies: RefCell<HashMap<u64, bool, BySymbol>>,
    pub(super) vocabulary_spans: RefCell<HashMap<u64, Rc<[Span]>, BySymbol>>,
}

impl Occurrences {
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

/// Says of most symbols that nobody looks for them, from memory so small that
/// the processor keeps it at hand: a bit for each of the hash's last digits.
#[derive(Debug, Clone, Default)]
struct Sieve {
    bits: Vec<u64>,
}

impl Sieve {
    /// Bits a symbol: about one in sixteen others then passes for wanted.
    const SPARSITY: usize = 16;

    fn of(wanted: &HashMap<u64, u32, BySymbol>) -> Self {
        let words = (wanted.len() * Self::SPARSITY).div_ceil(64).next_power_of_two();
        let mut sieve = Self { bits: vec![0; words] };
        for symbol in wanted.keys() {
            let (word, bit) = sieve.place(*symbol);
            sieve.bits[word] |= bit;
        }
        sieve
    }

    fn may_hold(&self, symbol: Symbol) -> bool {
        let (word, bit) = self.place(symbol.0);
        self.bits.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// The number of bits is a power of two, so the mask keeps within them.
    fn place(&self, hash: u64) -> (usize, u64) {
        let mask = self.bits.len().wrapping_sub(1);
        ((hash >> 6) as usize & mask, 1 << (hash & 63))
    }
}

/// The beginnings of words that are looked for, by their first three bytes:
/// none is shorter.
#[derive(Debug, Clone, Default)]
struct Prefixes {
    heads: HashMap<u64, Vec<Prefix>, BySymbol>,
    /// Says of most words that no prefix begins as they do.
    begun: Vec<u64>,
}

#[derive(Debug, Clone)]
struct Prefix {
    /// Its first eight bytes, and which of them it has.
    start: u64,
    mask: u64,
    text: String,
    symbol: Symbol,
}

impl Prefixes {
    const HEAD: usize = 3;
    /// Words of bits in `begun`.
    const BEGUN: usize = 512;

    fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    fn add(&mut self, prefix: &str, symbol: Symbol) {
        let (start, length) = (first_bytes(prefix), prefix.len().min(8));
        let Some(head) = head(start, prefix) else { return };
        let list = self.heads.entry(head).or_default();
        if list.iter().all(|known| known.symbol != symbol) {
            let mask = u64::MAX >> (64 - 8 * length);
            list.push(Prefix { start, mask, text: prefix.to_owned(), symbol });
        }
        self.begun.resize(Self::BEGUN, 0);
        let (word, bit) = begun(head);
        self.begun[word] |= bit;
    }

    /// Calls `see` for every prefix that `form` begins with.
    fn each(&self, form: &str, mut see: impl FnMut(Symbol)) {
        let start = first_bytes(form);
        let Some(head) = head(start, form) else { return };
        let (word, bit) = begun(head);
        if self.begun[word] & bit == 0 {
            return;
        }
        for prefix in self.heads.get(&head).into_iter().flatten() {
            let begins = start & prefix.mask == prefix.start;
            if begins && (prefix.text.len() <= 8 || form.starts_with(&prefix.text)) {
                see(prefix.symbol);
            }
        }
    }
}

/// The first eight bytes as a number, the first the lowest; zeros where there are fewer.
fn first_bytes(form: &str) -> u64 {
    let mut bytes = [0; 8];
    let length = form.len().min(8);
    bytes[..length].copy_from_slice(&form.as_bytes()[..length]);
    u64::from_le_bytes(bytes)
}

/// The key of the first three bytes, if there are three; multiplied so that
/// all bits of it tell keys apart.
fn head(start: u64, form: &str) -> Option<u64> {
    let three = start & (u64::MAX >> (64 - 8 * Prefixes::HEAD));
    (form.len() >= Prefixes::HEAD).then(|| three.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

fn begun(head: u64) -> (usize, u64) {
    ((head >> 55) as usize % Prefixes::BEGUN, 1 << (head >> 49 & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sieve_holds_back_nothing_that_is_wanted() {
        for count in [0, 1, 3, 1_000] {
            let symbols: Vec<_> = (0..count).map(|n| Symbol::form(&format!("word{n}"))).collect();
            let wanted = symbols.iter().map(|symbol| (symbol.0, 0)).collect();
            let sieve = Sieve::of(&wanted);
            assert!(symbols.iter().all(|symbol| sieve.may_hold(*symbol)));
            let passed =
                (0..1_000).filter(|n| sieve.may_hold(Symbol::form(&format!("other{n}")))).count();
            assert!(passed < 150, "{passed} of 1000 others pass {count}");
        }
    }

    #[test]
    fn a_word_has_every_prefix_it_begins_with() {
        let mut prefixes = Prefixes::default();
        for prefix in ["san", "sanct", "sanctuary", "đin"] {
            prefixes.add(prefix, Symbol::prefix(prefix));
        }
        for (word, found) in
            [("sanctions", vec!["san", "sanct"]), ("sa", vec![]), ("đinđić", vec!["đin"])]
        {
            let mut seen = Vec::new();
            prefixes.each(word, |symbol| seen.push(symbol));
            assert_eq!(seen, found.into_iter().map(Symbol::prefix).collect::<Vec<_>>(), "{word}");
        }
    }
}
