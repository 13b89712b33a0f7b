//! What a changed topic gained and lost.

use std::fmt;

use crate::model::TopicId;

/// What matching a topic's stories anew has changed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFillResult {
    /// Which.
    pub topic: TopicId,
    /// How many stories were matched.
    pub matched: usize,
    /// How many of them are new to it.
    pub added: usize,
    /// How many it has lost.
    pub lost: usize,
}

impl fmt::Display for TopicFillResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { matched, added, lost, .. } = self;
        let stories = if *matched == 1 { "story" } else { "stories" };
        write!(f, "{} {stories} matched again, +{added} −{lost}", grouped(*matched))
    }
}

/// `1,204`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (number, told) in [(0, "0"), (999, "999"), (1_204, "1,204"), (1_000_000, "1,000,000")] {
            assert_eq!(grouped(number), told);
        }
    }
}
