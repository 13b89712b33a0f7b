//! Numbers everything that queries look for, and checks quickly whether a word is among it.

use std::collections::HashMap;

use super::super::prefilter::{Had, Sign};
use super::super::symbol::{BySymbol, Symbol};
use super::NONE;

/// The numbers of the terms: while they are gathered, and for looking them up.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    pub(super) numbers: HashMap<u64, u32, BySymbol>,
    /// For each number, those of the same symbol in a title and of two of it, or [`NONE`].
    pub(super) special: Vec<Special>,
    /// The numbers by the last digits of the symbol, or in the slots after, so
    /// that looking reads one place in memory. A power of two; at least half is
    /// empty, which the number [`NONE`] says.
    slots: Vec<(Symbol, u32)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Special {
    pub(super) titled: u32,
    pub(super) twice: u32,
}

impl Terms {
    pub(super) fn len(&self) -> usize {
        self.special.len()
    }

    /// The number of a symbol, a new one if need be.
    pub(super) fn number(&mut self, symbol: Symbol) -> u32 {
        let new = self.special.len() as u32;
        let number = *self.numbers.entry(symbol.0).or_insert(new);
        if number == new {
            self.anew();
        }
        number
    }

    fn anew(&mut self) -> u32 {
        self.special.push(Special { titled: NONE, twice: NONE });
        self.special.len() as u32 - 1
    }

    /// The number of a symbol that is had in some way.
    pub(super) fn sign(&mut self, sign: Sign) -> u32 {
        let symbol = self.number(sign.symbol) as usize;
        let known = match sign.had {
            Had::Anywhere => return symbol as u32,
            Had::InATitle => self.special[symbol].titled,
            Had::Twice => self.special[symbol].twice,
        };
        if known != NONE {
            return known;
        }
        let new = self.anew();
        match sign.had {
            Had::InATitle => self.special[symbol].titled = new,
            _ => self.special[symbol].twice = new,
        }
        new
    }

    /// To be called when all are gathered.
    pub(super) fn lay_out(&mut self) {
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

    pub(super) fn get(&self, symbol: Symbol) -> Option<u32> {
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

/// Rules out most symbols that nobody looks for, in memory so small that
/// the processor keeps it at hand: a bit for each of the hash's last digits.
#[derive(Debug, Clone, Default)]
pub(super) struct Sieve {
    bits: Vec<u64>,
}

impl Sieve {
    /// Bits a symbol: about one in sixteen others then passes for wanted.
    const SPARSITY: usize = 16;

    pub(super) fn of(wanted: &HashMap<u64, u32, BySymbol>) -> Self {
        let words = (wanted.len() * Self::SPARSITY).div_ceil(64).next_power_of_two();
        let mut sieve = Self { bits: vec![0; words] };
        for symbol in wanted.keys() {
            let (word, bit) = sieve.place(*symbol);
            sieve.bits[word] |= bit;
        }
        sieve
    }

    pub(super) fn may_hold(&self, symbol: Symbol) -> bool {
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
pub(super) struct Prefixes {
    heads: HashMap<u64, Vec<Prefix>, BySymbol>,
    /// Rules out most words that begin with no prefix.
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

    pub(super) fn is_empty(&self) -> bool {
        self.heads.is_empty()
    }

    pub(super) fn add(&mut self, prefix: &str, symbol: Symbol) {
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

    /// Calls `see` for every prefix that `form` begins with. Returns how many it was compared with.
    pub(super) fn each(&self, form: &str, mut see: impl FnMut(Symbol)) -> usize {
        let start = first_bytes(form);
        let Some(head) = head(start, form) else { return 0 };
        let (word, bit) = begun(head);
        if self.begun[word] & bit == 0 {
            return 0;
        }
        let prefixes = self.heads.get(&head).map_or(&[][..], Vec::as_slice);
        for prefix in prefixes {
            let begins = start & prefix.mask == prefix.start;
            if begins && (prefix.text.len() <= 8 || form.starts_with(&prefix.text)) {
                see(prefix.symbol);
            }
        }
        prefixes.len()
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
