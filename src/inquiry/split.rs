//! A story and the address of one of its entries in; what keeps the two apart, out.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Records;
use crate::dedup;
use crate::model::Lookalikes;
use crate::store::StoreError;

/// What `gazetted split` has to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// What the entry says.
    pub title: String,
    /// Who says so.
    pub source: String,
    /// Pairs of addresses for `never`; none where the entry is alone in its story.
    pub never: Vec<[String; 2]>,
}

impl Records {
    /// How the entry at `address` is kept out of the story that `name` means;
    /// nothing where the story has no such entry.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn split(&self, name: &str, address: &Url) -> Result<Option<Split>, StoreError> {
        let Some(story) = self.find(name)? else { return Ok(None) };
        let mut known = Lookalikes::default();
        known.stories.insert(story.id, Arc::new(story));
        Ok(dedup::story_at(address, &known).map(|(story, place)| {
            let entry = &story.members[place].entry;
            Split {
                title: entry.title.clone(),
                source: entry.source.to_string(),
                never: dedup::split_pairs(story, place),
            }
        }))
    }
}
