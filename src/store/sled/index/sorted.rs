//! A set of numbers that are spread evenly, in little more memory than they take themselves.
//!
//! A set of the standard library takes twice as much. Numbers that begin alike lie in one
//! bucket. What has just come lies apart, in few and short buckets that stay near the processor, until it is
//! a sixteenth of the rest: one that came to its place at once would move hundreds, far away in
//! memory. Where somebody sees to it that very many begin alike, their bucket is long, and slow to add to.

use std::mem::take;

/// A set of numbers.
#[derive(Debug, Default)]
pub(super) struct Sorted {
    settled: Buckets<512>,
    /// None of them is among the settled.
    fresh: Buckets<64>,
}

/// So many are fresh at most, and a sixteenth of the settled.
const FRESH: usize = 4096;

impl Sorted {
    /// The set of these, which are sorted.
    pub(super) fn of(numbers: &[u64]) -> Self {
        let settled = Buckets::of(numbers.iter().copied(), numbers.len());
        Self { settled, fresh: Buckets::default() }
    }

    /// Adds a number, unless it is there.
    pub(super) fn insert(&mut self, number: u64) {
        if !self.settled.range(number, number).is_empty() || !self.fresh.insert(number) {
            return;
        }
        if self.fresh.count > FRESH + self.settled.count / 16 {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.settled = take(&mut self.settled).with(take(&mut self.fresh));
    }

    /// Removes a number, if it is there.
    pub(super) fn remove(&mut self, number: u64) {
        if !self.fresh.remove(number) {
            self.settled.remove(number);
        }
    }

    /// Those from the first to the last of two, which begin alike; in no order.
    pub(super) fn range(&self, first: u64, last: u64) -> impl Iterator<Item = u64> {
        let found = [self.settled.range(first, last), self.fresh.range(first, last)];
        found.into_iter().flatten().copied()
    }

    /// All of them, in no order.
    #[cfg(test)]
    fn iter(&self) -> impl Iterator<Item = u64> {
        self.settled.iter().chain(self.fresh.iter())
    }
}

/// A set of numbers, in buckets that hold so many on average at most.
#[derive(Debug)]
struct Buckets<const FULL: usize> {
    /// By how their numbers begin; a power of two of them.
    buckets: Vec<Vec<u64>>,
    count: usize,
}

impl<const FULL: usize> Default for Buckets<FULL> {
    fn default() -> Self {
        Self { buckets: vec![Vec::new()], count: 0 }
    }
}

/// A line of memory holds so many.
const STEP: usize = 8;

impl<const FULL: usize> Buckets<FULL> {
    /// So many numbers, which are sorted.
    fn of(numbers: impl Iterator<Item = u64>, count: usize) -> Self {
        let all = count.div_ceil(FULL).next_power_of_two();
        let mut numbers = numbers.peekable();
        let mut gathered = Vec::with_capacity(2 * FULL);
        let mut fill = |place| {
            gathered.clear();
            while let Some(number) = numbers.next_if(|number| place_of(*number, all) <= place) {
                gathered.push(number);
            }
            // As long as it is, and no longer.
            gathered.as_slice().to_vec()
        };
        Self { buckets: (0..all).map(&mut fill).collect(), count }
    }

    /// Whether it was not there.
    fn insert(&mut self, number: u64) -> bool {
        let bucket = self.bucket_mut(number);
        let Err(place) = bucket.binary_search(&number) else { return false };
        if bucket.len() == bucket.capacity() {
            // Not twice as much: that would be half empty.
            bucket.reserve_exact(8 + bucket.len() / 8);
        }
        bucket.insert(place, number);
        self.count += 1;
        if self.count > FULL * self.buckets.len() {
            *self = Self::of(self.iter(), self.count);
        }
        true
    }

    /// Whether it was there.
    fn remove(&mut self, number: u64) -> bool {
        let bucket = self.bucket_mut(number);
        let found = bucket.binary_search(&number);
        if let Ok(place) = found {
            bucket.remove(place);
            self.count -= 1;
        }
        found.is_ok()
    }

    /// These and others, none of which is among them. A bucket that was read is given back at once:
    /// both before and after do not stand side by side.
    fn with<const OTHER: usize>(self, others: Buckets<OTHER>) -> Self {
        let count = self.count + others.count;
        let mut here = self.buckets.into_iter().flatten().peekable();
        let mut there = others.buckets.into_iter().flatten().peekable();
        let both = std::iter::from_fn(|| match (here.peek(), there.peek()) {
            (Some(one), Some(other)) if one > other => there.next(),
            (None, _) => there.next(),
            _ => here.next(),
        });
        Self::of(both, count)
    }

    fn range(&self, first: u64, last: u64) -> &[u64] {
        let bucket = &self.buckets[place_of(first, self.buckets.len())];
        let from = self.place_in(bucket, first);
        let count = bucket[from..].iter().take_while(|number| **number <= last).count();
        &bucket[from..from + count]
    }

    /// Where the first number that is not less stands in a bucket. Numbers are spread evenly, so it
    /// is looked for about where it should be: a search by halves would touch as many lines
    /// of memory as it takes steps, and that is what looking for a key costs.
    fn place_in(&self, bucket: &[u64], number: u64) -> usize {
        let rest = number.checked_shl(self.buckets.len().ilog2()).unwrap_or(0);
        let guess = ((u128::from(rest) * bucket.len() as u128) >> u64::BITS) as usize;
        let is_less = |other: &u64| *other < number;
        let (mut low, mut high, mut step) = (guess, guess, STEP);
        while low > 0 && !is_less(&bucket[low - 1]) {
            low = low.saturating_sub(step);
            step *= 2;
        }
        step = STEP;
        while high < bucket.len() && is_less(&bucket[high]) {
            high = (high + step).min(bucket.len());
            step *= 2;
        }
        low + bucket[low..high].partition_point(is_less)
    }

    /// All of them, in order.
    fn iter(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().flatten().copied()
    }

    fn bucket_mut(&mut self, number: u64) -> &mut Vec<u64> {
        let place = place_of(number, self.buckets.len());
        &mut self.buckets[place]
    }
}

/// In which of so many buckets, a power of two, a number lies.
fn place_of(number: u64, all: usize) -> usize {
    // Of one bucket no bit says which.
    number.checked_shr(u64::BITS - all.ilog2()).unwrap_or(0) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_set_of_the_standard_library_holds(
            begun in prop::collection::btree_set(any::<u64>(), 0..1500),
            steps in prop::collection::vec((any::<u64>(), any::<prop::sample::Index>(), 0..3), 0..700),
            settled in any::<prop::sample::Index>(),
        ) {
            let mut plain = begun;
            let begun: Vec<u64> = plain.iter().copied().collect();
            let mut sorted = Sorted::of(&begun);
            let settled = settled.index(steps.len().max(1));
            for (at, (number, which, step)) in steps.into_iter().enumerate() {
                if at == settled {
                    sorted.settle();
                }
                let known = plain.iter().nth(which.index(plain.len().max(1))).copied();
                match (step, known) {
                    (0, Some(known)) => {
                        plain.remove(&known);
                        sorted.remove(known);
                    }
                    (1, Some(known)) => sorted.insert(known),
                    _ => {
                        plain.insert(number);
                        sorted.insert(number);
                    }
                }
                let (first, last) = (number >> 32 << 32, number | u64::from(u32::MAX));
                let range: BTreeSet<u64> = sorted.range(first, last).collect();
                prop_assert_eq!(plain.range(first..=last).copied().collect::<BTreeSet<_>>(), range);
            }
            prop_assert_eq!(sorted.iter().collect::<BTreeSet<_>>(), plain.clone());
            prop_assert_eq!(sorted.iter().count(), plain.len());
            prop_assert_eq!(sorted.settled.count + sorted.fresh.count, plain.len());
            prop_assert!(sorted.settled.iter().is_sorted() && sorted.fresh.iter().is_sorted());
            prop_assert!(sorted.fresh.count <= 64 * sorted.fresh.buckets.len(), "it has room");
        }
    }

    #[test]
    fn what_comes_one_by_one_settles() {
        let mut sorted = Sorted::default();
        // Multiplied by an odd number, all are different and spread over all there are.
        let spread = |number: u64| number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..100_000).map(spread).for_each(|number| sorted.insert(number));
        assert!(sorted.fresh.count <= FRESH + sorted.settled.count / 16 + 1);
        assert_eq!(sorted.iter().count(), 100_000);
        assert!((0..100_000).map(spread).all(|number| sorted.range(number, number).eq([number])));
    }
}
