//! Collects all keys under which a story is found.

use std::collections::BTreeSet;

use super::compare::leading;
use super::entry_keys::candidate_of;
use super::key_hash::published_key;
use super::rules::Rules;
use crate::model::{Key, Lookalikes, Story, Timestamp};

/// The keys under which a story is found, but for its published id.
pub(super) fn keys_of(story: &Story, rules: &Rules<'_>, now: Timestamp) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    let nothing = Lookalikes::default();
    for member in &story.members {
        let candidate = candidate_of(member.entry.clone(), rules, now.min(member.joined));
        keys.extend(candidate.new_keys(story, &nothing));
    }
    if let Some((leader, _)) = leading(story, rules) {
        let candidate = candidate_of(leader.entry.clone(), rules, now.min(leader.joined));
        keys.extend(candidate.leading_keys());
    }
    keys.remove(&published_key(&story.published_id));
    keys
}
