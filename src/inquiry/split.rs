//! Finds the configuration line that keeps an entry out of a story.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::Records;
use crate::dedup;
use crate::model::Lookalikes;
use crate::store::StoreError;

/// The line that `gazetted split` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitAnswer {
    /// The entry's title.
    pub title: String,
    /// ID of its source.
    pub source: String,
    /// Pairs of addresses for `never`; none where the entry is alone in its story.
    #[serde(rename = "never")]
    pub pairs_to_separate: Vec<[String; 2]>,
}

impl Records {
    /// Finds the pairs of addresses that keep the entry at `address` out of the story that `name`
    /// means. None where the story has no such entry.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn split(&self, name: &str, address: &Url) -> Result<Option<SplitAnswer>, StoreError> {
        let Some(story) = self.find(name)? else { return Ok(None) };
        let mut known = Lookalikes::default();
        known.stories.insert(story.id, Arc::new(story));
        Ok(dedup::story_at(address, &known).map(|(story, place)| {
            let entry = &story.members[place].entry;
            SplitAnswer {
                title: entry.title.clone(),
                source: entry.source.to_string(),
                pairs_to_separate: dedup::split_pairs(story, place),
            }
        }))
    }
}
