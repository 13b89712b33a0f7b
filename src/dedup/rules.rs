//! The configuration that decides identity, and the habits of the source that is judged.

use super::overrides::Overrides;
use crate::model::{Entry, Habits, Role, Sources};

/// The configuration and the habits by which entries are judged.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Roles and ranks: who leads.
    pub sources: &'a Sources,
    /// The authority of minted ids: `tag:AUTHORITY,2026:…` (RFC 4151).
    pub authority: &'a str,
    /// Which addresses are one story, and which are not, whatever is judged.
    pub overrides: &'a Overrides,
    /// The habits of the source whose document is judged.
    pub habits: Habits,
}

impl Rules<'_> {
    /// Whether a source publishes what it says itself.
    pub(super) fn speaks_for_itself(&self, entry: &Entry) -> bool {
        let role = self.sources.get(&entry.source).map(|source| source.role);
        role == Some(Role::Department) && entry.original.is_none()
    }
}
