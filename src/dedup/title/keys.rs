//! The forms of a title under which titles of one announcement find each other.

use super::date::is_date_word;
use super::{Title, stem};
use crate::dedup::rarity::{information, is_stop};

/// A part with fewer words than this, or with less information, is not a title.
const FEWEST_WORDS: usize = 2;

/// A title with less information than this, in tenths of a bit, finds no other story.
const LEAST_INFORMATION: i32 = 90;

impl Title {
    /// The title without what stands before its first break, and without what stands behind its
    /// last: either may name a publisher. The same without a date at its beginning or its end.
    pub(in crate::dedup) fn parts(&self) -> Vec<Self> {
        let count = self.words.len();
        let is_date = |at: &usize| is_date_word(self, *at);
        let (before, behind) =
            ((0..count).take_while(is_date).count(), (0..count).rev().take_while(is_date).count());
        let ranges = [
            self.breaks.last().map(|at| 0..*at),
            self.breaks.first().map(|at| *at..count),
            (1..count).contains(&before).then_some(before..count),
            (1..count).contains(&behind).then(|| 0..count - behind),
        ];
        let parts = ranges.into_iter().flatten().map(|range| self.cut(range));
        parts.filter(|part| part.words.len() >= FEWEST_WORDS).collect()
    }

    /// How rare its words are, each of which counts as rare that is in no list: in tenths of a bit.
    pub(in crate::dedup) fn rarity(&self) -> i32 {
        self.words.iter().map(|word| information(word)).sum()
    }

    /// Its stems, each once and in order: the same for two titles that differ in articles, plurals
    /// and order. `None` where these say too little.
    pub(in crate::dedup) fn set(&self) -> Option<String> {
        self.stems().map(|stems| stems.join(" "))
    }

    fn stems(&self) -> Option<Vec<&str>> {
        let mut stems: Vec<&str> =
            self.words.iter().filter(|word| !is_stop(word)).map(|word| stem(word)).collect();
        stems.sort_unstable();
        stems.dedup();
        (stems.len() >= FEWEST_WORDS && self.rarity() >= LEAST_INFORMATION).then_some(stems)
    }

    /// The [set](Self::set) of all its stems, and two of a few each: those with the lowest and those
    /// with the highest hashes. One word more or another in its place leaves one of them as it is.
    pub(in crate::dedup) fn sets(&self) -> Vec<String> {
        let Some(stems) = self.stems() else { return Vec::new() };
        let mut sets = vec![stems.join(" ")];
        let mut by_hash = stems.clone();
        by_hash.sort_by_key(|stem| xxhash_rust::xxh3::xxh3_64(stem.as_bytes()));
        let mut add = |stems: &mut dyn Iterator<Item = &&str>| {
            let (mut part, mut says) = (Vec::new(), 0);
            for stem in stems {
                part.push(*stem);
                says += information(stem);
                if says >= 2 * LEAST_INFORMATION && part.len() >= FEWEST_WORDS {
                    break;
                }
            }
            if says >= 2 * LEAST_INFORMATION && part.len() < by_hash.len() {
                sets.push(format!("part {}", part.join(" ")));
            }
        };
        add(&mut by_hash.iter());
        add(&mut by_hash.iter().rev());
        sets
    }
}
