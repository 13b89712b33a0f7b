//! Caches the stems of words.
//!
//! Stemming is the dearest step of reading a text, and texts repeat their
//! words. What comes out depends on the arguments alone, so remembering it
//! changes nothing but the time. The letters are kept and compared, so that
//! even words whose hashes collide are told apart.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use super::language::Dialect;
use super::symbol::Symbol;

/// Finds out a word's stem.
pub(super) fn stem(form: &str, dialect: Dialect) -> Symbol {
    Symbol::stem(&dialect.stem(form), dialect.number())
}

/// Words read before, in buckets by their letters. A word that is seen again
/// takes the first place of its bucket, and a new one the last, so that what
/// is frequent stays.
pub(super) struct StemCache {
    buckets: Vec<Bucket>,
    /// The words of the text that is being read, in order, and which of them each is.
    expected: Vec<(u32, Letters)>,
}

/// As many words as the processor fetches from memory at once: waiting for that
/// is most of what recalling costs.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Bucket([Word; WORDS]);

#[derive(Clone, Copy)]
struct Word {
    letters: Letters,
    stem: Symbol,
}

/// A folded word's bytes, zeros after them, and in the last byte how it is
/// read. No word has a zero byte, so no two look the same.
type Letters = [u64; 3];

/// Longer words are rare, and stemmed each time.
const LONGEST: usize = size_of::<Letters>() - 1;

/// Words in a bucket.
const WORDS: usize = 2;

/// Buckets: a power of two; 2 MiB in all.
const BUCKETS: usize = 1 << 15;

/// More tables than this are not kept once their texts are read.
const IDLE: usize = 4;

/// The tables of those who read texts by one plan: each text takes one and gives it back.
///
/// They are as many as texts are read at one time, which are few. The loop goes from thread to
/// thread: had each thread one of its own, most of them would lie about unused, and be new
/// to every word.
#[derive(Clone, Default)]
pub(super) struct StemCaches(Arc<Mutex<Vec<StemCache>>>);

impl fmt::Debug for StemCaches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StemCaches")
    }
}

impl StemCaches {
    /// Calls `read`, for one text, with what is remembered of others.
    pub(super) fn with<T>(&self, read: impl FnOnce(&mut StemCache) -> T) -> T {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = idle().pop();
        let mut remembered = known.unwrap_or_else(StemCache::new);
        remembered.expected.clear();
        let read = read(&mut remembered);
        let mut idle = idle();
        if idle.len() < IDLE {
            idle.push(remembered);
        }
        read
    }
}

const NOTHING: Bucket = Bucket([Word { letters: UNKNOWN, stem: Symbol(0) }; WORDS]);

impl StemCache {
    fn new() -> Self {
        Self { buckets: vec![NOTHING; BUCKETS], expected: Vec::new() }
    }

    /// To be called for every word of a text before any is recalled, with how many came before
    /// it and the text that it stands in. The table is too large for the nearest memory; recalled
    /// in a row, words do not wait for each other. Returns the stem of a word that is its own:
    /// that takes less time to find than to recall, and need not be recalled.
    pub(super) fn expect(
        &mut self,
        (number, text, form): (usize, &str, Range<usize>),
        dialect: Dialect,
    ) -> Option<Symbol> {
        let word = &text[form.clone()];
        if dialect.keeps(word) {
            return Some(Symbol::stem(word, dialect.number()));
        }
        self.expected.push((number as u32, letters(text.as_bytes(), form, dialect)));
        None
    }

    /// Calls `put` with each of the expected words and its stem; `form`
    /// says again how it is spelt.
    pub(super) fn recall<'f, W>(
        &mut self,
        words: &mut [W],
        dialect: Dialect,
        form: impl Fn(&W) -> &'f str,
        put: impl Fn(&mut W, Symbol),
    ) {
        for (number, letters) in &self.expected {
            let Some(word) = words.get_mut(*number as usize) else { break };
            let Bucket(bucket) = &mut self.buckets[bucket(letters)];
            match bucket.iter().position(|known| known.letters == *letters) {
                Some(at) if *letters != UNKNOWN => {
                    put(word, bucket[at].stem);
                    if at > 0 {
                        bucket.swap(at, 0);
                    }
                }
                _ => {
                    let stem = stem(form(word), dialect);
                    put(word, stem);
                    if *letters != UNKNOWN {
                        bucket[WORDS - 1] = Word { letters: *letters, stem };
                    }
                }
            }
        }
    }
}

/// The letters of words that are too long to be cached.
const UNKNOWN: Letters = [0; 3];

fn letters(text: &[u8], form: Range<usize>, dialect: Dialect) -> Letters {
    const WIDE: usize = size_of::<Letters>();
    let length = form.len();
    if length > LONGEST {
        return UNKNOWN;
    }
    // The bytes after the word are fetched with it and taken out again: most words are shorter
    // than what copying as many bytes as they have would take.
    let bytes = match text[form.start..].first_chunk::<WIDE>() {
        Some(wide) => *wide,
        None => {
            let mut bytes = [0; WIDE];
            bytes[..length].copy_from_slice(&text[form]);
            bytes
        }
    };
    let mut letters = UNKNOWN;
    for (place, (letters, bytes)) in letters.iter_mut().zip(bytes.as_chunks().0).enumerate() {
        let own = length.saturating_sub(place * 8).min(8) as u32;
        let mask = u64::MAX.checked_shr(64 - 8 * own).unwrap_or(0);
        *letters = u64::from_le_bytes(*bytes) & mask;
    }
    letters[letters.len() - 1] |= u64::from(dialect.code()) << 56;
    letters
}

/// Words that all fall into one bucket slow down only the texts that have them.
fn bucket(letters: &Letters) -> usize {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let mixed = letters
        .iter()
        .fold(0, |mixed: u64, part| (mixed ^ part).wrapping_mul(ODD).rotate_right(29));
    mixed as usize % BUCKETS
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Language;
    use super::*;

    #[test]
    fn what_is_remembered_is_what_is_found_out() {
        let english = Language::default().dialect(None);
        let none = Language::new("none").unwrap().dialect(None);
        let spellings = Language { spellings: true, ..Language::default() }.dialect(None);
        let mut words: Vec<String> = (0..3 * BUCKETS).map(|n| format!("w{n}ing")).collect();
        let long = [LONGEST, LONGEST + 1, LONGEST + 2].map(|length| "e".repeat(length));
        words.extend(["organisations", "sanctions", "a", "zemlja", "санкции"].map(str::to_owned));
        words.extend(long);
        let mut remembered = StemCache::new();
        for dialect in [english, none, spellings] {
            let words: Vec<_> = words.iter().chain(&words).chain(words.iter().rev()).collect();
            let found = recalled(&mut remembered, &words, dialect);
            for (word, found) in words.into_iter().zip(found) {
                assert_eq!(found, stem(word, dialect), "{word}");
            }
        }
    }

    /// As the words of one text.
    fn recalled(remembered: &mut StemCache, words: &[&String], dialect: Dialect) -> Vec<Symbol> {
        remembered.expected.clear();
        let mut text = String::new();
        let places = words.iter().map(|word| {
            text.push_str(word);
            text.len() - word.len()..text.len()
        });
        let places: Vec<Range<usize>> = places.collect();
        let mut found: Vec<_> = Vec::new();
        for (word, place) in words.iter().zip(places) {
            let own = remembered.expect((found.len(), &text, place), dialect);
            found.push((*word, own));
        }
        remembered.recall(
            &mut found,
            dialect,
            |(word, _)| word.as_str(),
            |(_, found), stem| *found = Some(stem),
        );
        found.into_iter().map(|(_, found)| found.unwrap()).collect()
    }

    #[test]
    fn a_frequent_word_stays_when_rare_ones_crowd_its_bucket() {
        let english = Language::default().dialect(None);
        let letters = |word: &str| letters(word.as_bytes(), 0..word.len(), english);
        let place = |word: &str| bucket(&letters(word));
        let crowd: Vec<String> = (0..)
            .map(|n| format!("rare{n}ly"))
            .filter(|word| place(word) == place("often"))
            .take(2 * WORDS)
            .collect();
        let often = "often".to_owned();
        let mut remembered = StemCache::new();
        for rare in &crowd {
            recalled(&mut remembered, &[&often, &often, rare], english);
        }
        let Bucket(bucket) = &remembered.buckets[place(&often)];
        assert!(bucket.iter().any(|word| word.letters == letters(&often)));
    }
}
