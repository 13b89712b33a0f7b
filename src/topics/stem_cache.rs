//! Caches the stems of words: stemming is the dearest step of reading a text, and texts repeat their words.
//!
//! A stem depends on the word and the dialect alone, so a cached one changes nothing but the time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::language::Dialect;
use super::symbol::Symbol;

/// Finds a word's stem.
pub(super) fn stem(form: &str, dialect: Dialect) -> Symbol {
    Symbol::stem(&dialect.stem(form), dialect.number())
}

/// The stems of words that were read before, by the symbol of the folded word and its dialect.
///
/// The map is seeded: nobody can choose words that all fall into one place.
#[derive(Default)]
pub(super) struct StemCache(foldhash::HashMap<u64, Symbol>);

/// A cache of more words is emptied: 2 MiB.
const MOST: usize = 100_000;

/// More caches than this are not kept once their texts are read.
const IDLE: usize = 4;

/// The caches of those who read texts by one plan: each text takes one and gives it back.
///
/// There are as many as texts are read at once, which are few. The loop goes from thread to
/// thread: if each thread had a cache, most of them would lie idle and be new to every word.
#[derive(Clone, Default)]
pub(super) struct StemCaches(Arc<Mutex<Vec<StemCache>>>);

impl fmt::Debug for StemCaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StemCaches")
    }
}

impl StemCaches {
    /// Calls `read`, for one text, with a cache.
    pub(super) fn with<T>(&self, read: impl FnOnce(&mut StemCache) -> T) -> T {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle().pop();
        let mut cache = known.unwrap_or_default();
        let read = read(&mut cache);
        let mut idle = idle();
        if idle.len() < IDLE {
            idle.push(cache);
        }
        read
    }
}

impl StemCache {
    /// The stem of a folded word, which has this symbol.
    pub(super) fn stem(&mut self, symbol: Symbol, form: &str, dialect: Dialect) -> Symbol {
        const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let key = symbol.0 ^ u64::from(dialect.code()).wrapping_mul(ODD);
        *self.0.entry(key).or_insert_with(|| stem(form, dialect))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Language;
    use super::*;

    #[test]
    fn a_cached_stem_is_the_stem() {
        let english = Language::default().dialect(None);
        let none = Language::new("none").unwrap().dialect(None);
        let spellings = Language { spellings: true, ..Language::default() }.dialect(None);
        let mut words: Vec<String> = (0..MOST + 10).map(|n| format!("w{n}ing")).collect();
        words.extend(["organisations", "sanctions", "a", "zemlja", "санкции"].map(str::to_owned));
        let mut cache = StemCache::default();
        for dialect in [english, none, spellings] {
            for word in words.iter().chain(&words[MOST..]) {
                let found = cache.stem(Symbol::form(word), word, dialect);
                assert_eq!(found, stem(word, dialect), "{word}");
            }
        }
        assert!(cache.0.len() <= MOST);
    }
}
