//! Numbers everything that queries look for, so that it is found in a text.

use std::collections::HashMap;

use super::super::prefilter::{Had, Sign};
use super::super::symbol::{BySymbol, Symbol};
use super::NONE;

/// The numbers of the terms.
#[derive(Debug, Clone, Default)]
pub(super) struct Terms {
    numbers: HashMap<u64, u32, BySymbol>,
    /// For each number, those of the same symbol in a title and of two of it, or [`NONE`].
    pub(super) special: Vec<Special>,
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

    /// The number of a symbol, if a query looks for it.
    pub(super) fn get(&self, symbol: Symbol) -> Option<u32> {
        self.numbers.get(&symbol.0).copied()
    }
}

/// The beginnings of words that are looked for, by their first bytes: none is shorter.
#[derive(Debug, Clone, Default)]
pub(super) struct Prefixes(foldhash::HashMap<Head, Vec<(String, Symbol)>>);

type Head = [u8; 3];

impl Prefixes {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn add(&mut self, prefix: &str, symbol: Symbol) {
        let Some(head) = prefix.as_bytes().first_chunk::<3>() else { return };
        let list = self.0.entry(*head).or_default();
        if list.iter().all(|(known, _)| known != prefix) {
            list.push((prefix.to_owned(), symbol));
        }
    }

    /// Calls `see` for every prefix that `form` begins with. Returns how many it was compared with.
    pub(super) fn each(&self, form: &str, mut see: impl FnMut(Symbol)) -> usize {
        let head: Option<&Head> = form.as_bytes().first_chunk();
        let Some(prefixes) = head.and_then(|head| self.0.get(head)) else { return 0 };
        for (_, symbol) in prefixes.iter().filter(|(prefix, _)| form.starts_with(prefix)) {
            see(*symbol);
        }
        prefixes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
