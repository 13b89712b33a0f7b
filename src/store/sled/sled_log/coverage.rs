//! Which ranges of keys are spoken for.

use std::collections::BTreeMap;
use std::ops::Bound;

/// A range of keys; an empty end is no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyRange {
    pub(super) from: Vec<u8>,
    pub(super) to: Vec<u8>,
}

impl KeyRange {
    pub(super) fn everything() -> Self {
        Self { from: Vec::new(), to: Vec::new() }
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.from.as_slice() <= key && (self.to.is_empty() || key < self.to.as_slice())
    }
}

impl std::fmt::Display for KeyRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { from, to } = self;
        match (from.is_empty(), to.is_empty()) {
            (true, true) => f.write_str("all keys"),
            (true, false) => write!(f, "keys below {}", to.escape_ascii()),
            (false, true) => write!(f, "keys from {}", from.escape_ascii()),
            (false, false) => {
                write!(f, "keys from {} to {}", from.escape_ascii(), to.escape_ascii())
            }
        }
    }
}

/// Disjoint ranges of keys, by where they begin.
#[derive(Debug, Default)]
pub(super) struct Coverage(BTreeMap<Vec<u8>, Vec<u8>>);

impl Coverage {
    /// The parts of a range that are not covered yet.
    pub(super) fn gaps(&self, range: &KeyRange) -> Vec<KeyRange> {
        let mut gaps = Vec::new();
        let mut from = range.from.clone();
        let before = self.0.range::<[u8], _>((Bound::Unbounded, Bound::Included(&from[..])));
        if let Some((_, end)) = before.last() {
            if end.is_empty() {
                return gaps;
            }
            from = from.max(end.clone());
        }
        let ends = |key: &[u8]| !range.to.is_empty() && key >= range.to.as_slice();
        while !ends(&from) {
            let next =
                self.0.range::<[u8], _>((Bound::Included(&from[..]), Bound::Unbounded)).next();
            let Some((start, end)) = next.filter(|(start, _)| !ends(start)) else {
                gaps.push(KeyRange { from, to: range.to.clone() });
                break;
            };
            if *start > from {
                gaps.push(KeyRange { from, to: start.clone() });
            }
            if end.is_empty() {
                break;
            }
            from = end.clone();
        }
        gaps
    }

    /// Covers a range, and returns what of it was not covered before.
    pub(super) fn cover(&mut self, range: &KeyRange) -> Vec<KeyRange> {
        let gaps = self.gaps(range);
        self.0.extend(gaps.iter().map(|gap| (gap.from.clone(), gap.to.clone())));
        gaps
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_key_is_given_out_once(ranges in prop::collection::vec((0u8..30, 0u8..30), 0..12)) {
            let mut coverage = Coverage::default();
            let mut given = [0; 30];
            let mut wanted = [0; 30];
            for (from, to) in ranges {
                // An empty range is none; an end of zero is no end.
                if to != 0 && to <= from {
                    continue;
                }
                let key = |byte: u8| if byte == 0 { Vec::new() } else { vec![byte] };
                let range = KeyRange { from: key(from), to: key(to) };
                let gaps = coverage.cover(&range);
                for byte in 1u8..30 {
                    given[usize::from(byte)] +=
                        gaps.iter().filter(|gap| gap.contains(&[byte])).count();
                    wanted[usize::from(byte)] |= usize::from(range.contains(&[byte]));
                }
            }
            prop_assert_eq!(given, wanted);
        }
    }
}
