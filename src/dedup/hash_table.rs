//! A table of words by their hashes, for questions that every word of every text is asked.

use std::collections::HashMap;

/// Values by hash.
#[derive(Debug)]
pub(super) struct HashTable<T> {
    /// Ascending by hash.
    rows: Vec<(u64, T)>,
}

impl<T: Copy> HashTable<T> {
    pub(super) fn new(rows: HashMap<u64, T>) -> Self {
        let mut rows: Vec<(u64, T)> = rows.into_iter().collect();
        rows.sort_unstable_by_key(|(hash, _)| *hash);
        Self { rows }
    }

    pub(super) fn get(&self, hash: u64) -> Option<T> {
        let at = self.rows.binary_search_by_key(&hash, |(known, _)| *known).ok()?;
        Some(self.rows[at].1)
    }
}
