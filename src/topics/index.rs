//! All programs in; for a subject, where their words occur in it and which programs may match, out.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::program::{self, Kind, Program};
use super::subject::Subject;
use super::symbol::{BySymbol, Symbol};

/// Everything that any program looks for.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// What is looked for, and the programs that need it.
    wanted: HashMap<u64, Vec<u32>, BySymbol>,
    sieve: Sieve,
    prefixes: Prefixes,
    /// Programs that no list of symbols stands for.
    always: Vec<u32>,
}

/// A symbol at a word of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Occurrence {
    symbol: Symbol,
    section: u32,
    at: u32,
}

/// Where in a subject the wanted symbols occur.
#[derive(Debug)]
pub(super) struct Occurrences {
    all: Vec<Occurrence>,
    /// Each symbol's first place in `all`, ascending; ends with a sentinel.
    first: Vec<(Symbol, u32)>,
}

impl Index {
    pub(super) fn of(programs: &[Arc<Program>]) -> Self {
        let mut index = Self::default();
        let mut seen = BTreeSet::new();
        for (place, program) in programs.iter().enumerate() {
            let place = place as u32;
            program::visit_forms(&program.root, &mut seen, &mut |form| {
                for symbol in &form.symbols {
                    index.wanted.entry(symbol.0).or_default();
                    if form.kind == Kind::Prefix {
                        index.prefixes.add(&form.letters, *symbol);
                    }
                }
            });
            match &program.needs {
                None => index.always.push(place),
                Some(needs) => {
                    for symbol in needs {
                        index.wanted.entry(symbol.0).or_default().push(place);
                    }
                }
            }
        }
        index.sieve = Sieve::of(&index.wanted);
        index
    }

    /// Where the wanted symbols occur.
    pub(super) fn occurrences(&self, subject: &Subject) -> Occurrences {
        let mut all = Vec::new();
        for (section, of) in (0..).zip(&subject.sections) {
            for (at, word) in (0..).zip(&of.words.words) {
                let mut see = |symbol: Symbol| {
                    if self.sieve.may_hold(symbol) && self.wanted.contains_key(&symbol.0) {
                        all.push(Occurrence { symbol, section, at });
                    }
                };
                see(word.stem);
                see(word.form);
                if let Some(cased) = word.cased {
                    see(cased);
                }
                if !self.prefixes.steps.is_empty() {
                    self.prefixes.each(of.words.form(word), see);
                }
            }
        }
        all.sort_unstable();
        let mut first: Vec<(Symbol, u32)> = Vec::new();
        for (i, occurrence) in (0..).zip(&all) {
            if first.last().is_none_or(|(symbol, _)| *symbol != occurrence.symbol) {
                first.push((occurrence.symbol, i));
            }
        }
        Occurrences { all, first }
    }

    /// The programs that may match, ascending; every other one certainly does not.
    pub(super) fn candidates(&self, subject: &Subject, occurrences: &Occurrences) -> Vec<u32> {
        let mut candidates = self.always.clone();
        let words = occurrences.first.iter().map(|(symbol, _)| *symbol);
        let labels = subject.labels.iter().map(|label| label.symbol);
        for symbol in words.chain(labels) {
            if let Some(programs) = self.wanted.get(&symbol.0) {
                candidates.extend(programs);
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}

impl Occurrences {
    /// Where a symbol occurs, as section and word, ascending.
    pub(super) fn of(&self, symbol: Symbol) -> impl ExactSizeIterator<Item = (u32, u32)> + '_ {
        let range = match self.first.binary_search_by_key(&symbol, |(symbol, _)| *symbol) {
            Ok(i) => {
                let end = self.first.get(i + 1).map_or(self.all.len(), |(_, end)| *end as usize);
                self.first[i].1 as usize..end
            }
            Err(_) => 0..0,
        };
        self.all[range].iter().map(|occurrence| (occurrence.section, occurrence.at))
    }

    /// Whether a symbol occurs at a word.
    pub(super) fn is_at(&self, symbol: Symbol, section: u32, at: u32) -> bool {
        self.all.binary_search(&Occurrence { symbol, section, at }).is_ok()
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

    fn of(wanted: &HashMap<u64, Vec<u32>, BySymbol>) -> Self {
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

/// The beginnings of words that are looked for, as a tree of their bytes.
#[derive(Debug, Clone, Default)]
struct Prefixes {
    /// From a node by a byte to the next; node 0 is the root.
    steps: HashMap<u64, u32, BySymbol>,
    /// The symbol of the prefix that ends at a node.
    ends: HashMap<u64, Symbol, BySymbol>,
}

impl Prefixes {
    fn add(&mut self, prefix: &str, symbol: Symbol) {
        let mut node = 0;
        for byte in prefix.bytes() {
            let new = self.steps.len() as u32 + 1;
            node = *self.steps.entry(step(node, byte)).or_insert(new);
        }
        self.ends.insert(u64::from(node), symbol);
    }

    /// Calls `see` for every prefix that `form` begins with.
    fn each(&self, form: &str, mut see: impl FnMut(Symbol)) {
        let mut node = 0;
        for byte in form.bytes() {
            let Some(&next) = self.steps.get(&step(node, byte)) else { return };
            node = next;
            if let Some(&symbol) = self.ends.get(&u64::from(node)) {
                see(symbol);
            }
        }
    }
}

/// The key of a step; multiplied so that all bits of it tell keys apart.
fn step(node: u32, byte: u8) -> u64 {
    (u64::from(node) << 8 | u64::from(byte)).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sieve_holds_back_nothing_that_is_wanted() {
        for count in [0, 1, 3, 1_000] {
            let symbols: Vec<_> = (0..count).map(|n| Symbol::form(&format!("word{n}"))).collect();
            let wanted = symbols.iter().map(|symbol| (symbol.0, Vec::new())).collect();
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
