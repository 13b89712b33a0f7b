//! Collects changes to a text and makes them all at once.

use std::borrow::Cow;

/// Changes to a text, each in terms of the text as it was.
#[derive(Debug, Default)]
pub(super) struct Edits {
    changes: Vec<Change>,
}

#[derive(Debug)]
struct Change {
    start: usize,
    end: usize,
    text: Cow<'static, str>,
}

/// Changes to one document.
const MAX_CHANGES: usize = 500_000;

impl Edits {
    /// Puts `text` in the place of what stands from `start` to `end`.
    pub(super) fn replace(&mut self, start: usize, end: usize, text: impl Into<Cow<'static, str>>) {
        self.changes.push(Change { start, end, text: text.into() });
    }

    /// Puts `text` before what stands at `at`.
    pub(super) fn insert(&mut self, at: usize, text: impl Into<Cow<'static, str>>) {
        self.replace(at, at, text);
    }

    /// Whether there are more than anybody needs. Each takes many times the few bytes that ask
    /// for it.
    pub(super) fn are_too_many(&self) -> bool {
        self.changes.len() > MAX_CHANGES
    }

    /// The text from `from` to `to` with all changes made. Of two that overlap, the one that
    /// starts first is made, and of two that start together the longer.
    pub(super) fn apply(mut self, text: &str, from: usize, to: usize) -> Cow<'_, str> {
        if self.changes.is_empty() {
            return Cow::Borrowed(&text[from..to]);
        }
        // Insertions come before replacements at the same place.
        let order = |change: &Change| {
            let length = change.end - change.start;
            (change.start, length > 0, std::cmp::Reverse(length))
        };
        self.changes.sort_by_key(order);
        let added: usize = self.changes.iter().map(|change| change.text.len()).sum();
        let mut result = String::with_capacity(to - from + added);
        let mut at = from;
        for change in &self.changes {
            if change.start >= at && change.end <= to {
                result.push_str(&text[at..change.start]);
                result.push_str(&change.text);
                at = change.end;
            }
        }
        result.push_str(&text[at..to]);
        Cow::Owned(result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_made_in_the_order_of_the_text() {
        let mut edits = Edits::default();
        edits.replace(4, 5, "E");
        edits.insert(0, "<");
        edits.replace(1, 3, "");
        edits.replace(2, 4, "overlaps");
        edits.insert(6, ">");
        assert_eq!(edits.apply("abcdef", 0, 6), "<adEf>");
        let mut edits = Edits::default();
        edits.replace(1, 2, "tag");
        edits.replace(1, 4, "");
        edits.insert(1, "!");
        assert_eq!(edits.apply("abcdef", 0, 6), "a!ef");
        assert_eq!(Edits::default().apply("abcdef", 1, 3), "bc");
    }
}
