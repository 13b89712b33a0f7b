//! Bounds the cost of cleaning all texts of one document together.

use crate::cancel::Cancelled;

/// The cost that cleaning may still have. Each text has bounds of its own, but a document can hold
/// very many texts.
#[derive(Debug)]
pub(in crate::parse) struct Allowance {
    /// Bytes of HTML that may still be written.
    pub(super) output: usize,
    /// Bytes that may still be mended.
    mending: usize,
    /// Whether anybody waits for the result.
    pub(in crate::parse) cancelled: Cancelled,
}

/// Bytes that are mended for one document: ammonia takes about a second for them.
const MENDING: usize = 8 << 20;

/// Steps of a parser that take as long as mending one byte.
const STEPS_A_BYTE: usize = 32;

/// HTML written for a document: [`GROWTH`] times its length and [`BASE_OUTPUT`], because addresses
/// written out in full and `rel` make links longer. Above [`MOST_OUTPUT`] it may only be half as
/// long again as the document.
const BASE_OUTPUT: usize = 1 << 20;
const GROWTH: usize = 4;
const MOST_OUTPUT: usize = 12 << 20;

impl Allowance {
    /// For a document of so many bytes.
    pub(in crate::parse) fn of_document(bytes: usize, cancelled: Cancelled) -> Self {
        let grown = bytes.saturating_mul(GROWTH).saturating_add(BASE_OUTPUT);
        let output = grown.min(MOST_OUTPUT.max(bytes.saturating_add(bytes / 2)));
        Self { output, mending: MENDING, cancelled }
    }

    /// For a single text, which has its own limit.
    pub(in crate::parse) fn of_text(cancelled: Cancelled) -> Self {
        Self { output: usize::MAX, mending: MENDING, cancelled }
    }

    /// Whether anything more may be mended.
    pub(super) fn may_mend(&self) -> bool {
        self.mending > 0
    }

    /// Spends what mending costs; false where not as much is left, and nothing is then.
    pub(super) fn spend(&mut self, bytes: usize, steps: usize) -> bool {
        let left = self.mending.checked_sub(bytes.saturating_add(steps / STEPS_A_BYTE));
        self.mending = left.unwrap_or_default();
        left.is_some()
    }
}
