//! Numbers, spread evenly over all there are, in; the same in order, in little more memory than they are, out.
//!
//! A set of the standard library takes twice as much. Numbers that begin alike lie in one
//! bucket; whenever the buckets are full on average there are twice as many. Where somebody
//! sees to it that very many begin alike, their bucket is long, and slow to add to.

/// A bucket holds as many on average at most. More save memory, fewer time.
const FULL: usize = 512;

/// A line of memory holds so many.
const STEP: usize = 8;

/// A set of numbers.
#[derive(Debug)]
pub(super) struct Sorted {
    /// By how their numbers begin; a power of two of them.
    buckets: Vec<Vec<u64>>,
    count: usize,
}

impl Default for Sorted {
    fn default() -> Self {
        Self { buckets: vec![Vec::new()], count: 0 }
    }
}

impl Sorted {
    /// The set of these, which are sorted.
    pub(super) fn of(mut numbers: &[u64]) -> Self {
        let count = numbers.len();
        let all = count.div_ceil(FULL).next_power_of_two();
        let mut buckets = Vec::with_capacity(all);
        for place in 0..all {
            let (here, rest) = part(numbers, place, all);
            buckets.push(here.to_vec());
            numbers = rest;
        }
        Self { buckets, count }
    }

    /// Adds a number, unless it is there.
    pub(super) fn insert(&mut self, number: u64) {
        let bucket = self.bucket_mut(number);
        let Err(place) = bucket.binary_search(&number) else { return };
        if bucket.len() == bucket.capacity() {
            // Not twice as much: that would be half empty.
            bucket.reserve_exact(8 + bucket.len() / 8);
        }
        bucket.insert(place, number);
        self.count += 1;
        if self.count > FULL * self.buckets.len() {
            self.double();
        }
    }

    /// Removes a number, if it is there.
    pub(super) fn remove(&mut self, number: u64) {
        let bucket = self.bucket_mut(number);
        if let Ok(place) = bucket.binary_search(&number) {
            bucket.remove(place);
            self.count -= 1;
        }
    }

    /// Those from the first to the last of two, which begin alike.
    pub(super) fn range(&self, first: u64, last: u64) -> &[u64] {
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
    pub(super) fn iter(&self) -> impl Iterator<Item = u64> {
        self.buckets.iter().flatten().copied()
    }

    /// Puts another number in place of each, which leaves them in order and in their buckets.
    pub(super) fn renew(&mut self, other: impl Fn(u64) -> u64) {
        for number in self.buckets.iter_mut().flatten() {
            *number = other(*number);
        }
    }

    fn bucket_mut(&mut self, number: u64) -> &mut Vec<u64> {
        let place = place_of(number, self.buckets.len());
        &mut self.buckets[place]
    }

    fn double(&mut self) {
        let all = 2 * self.buckets.len();
        let halved = std::mem::replace(&mut self.buckets, Vec::with_capacity(all));
        for (place, whole) in halved.into_iter().enumerate() {
            let (first, second) = part(&whole, 2 * place, all);
            self.buckets.extend([first.to_vec(), second.to_vec()]);
        }
    }
}

/// Sorted numbers as those up to one of so many buckets, and the others.
fn part(numbers: &[u64], place: usize, all: usize) -> (&[u64], &[u64]) {
    numbers.split_at(numbers.partition_point(|number| place_of(*number, all) <= place))
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
        ) {
            let mut plain = begun;
            let begun: Vec<u64> = plain.iter().copied().collect();
            let mut sorted = Sorted::of(&begun);
            for (number, which, step) in steps {
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
                let range: Vec<u64> = plain.range(first..=last).copied().collect();
                prop_assert_eq!(sorted.range(first, last), range);
            }
            prop_assert_eq!(sorted.iter().collect::<BTreeSet<_>>(), plain.clone());
            prop_assert!(sorted.iter().is_sorted());
            let count = sorted.count;
            prop_assert_eq!(count, plain.len());
            prop_assert!(count <= FULL * sorted.buckets.len(), "it has room");
        }
    }
}
