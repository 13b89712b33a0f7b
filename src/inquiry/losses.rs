//! Says what a plan takes away that its changes do not show: stored stories, and the IDs of feeds.

use serde::{Deserialize, Serialize};

use super::Records;
use super::status::BackupStatus;
use crate::config::{self, Plan};
use crate::engine;
use crate::model::{Story, StoryId, Timestamp};
use crate::store::{Retention, StoreError};

/// The parts of a plan that take something away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The limits of stored stories.
    pub retention: Retention,
    /// The authority of the IDs of feeds.
    pub authority: String,
}

impl Wanted {
    /// Those of a plan.
    pub fn of(plan: &Plan) -> Self {
        let authority = plan.server.site.authority.clone();
        Self { retention: plan.store.retention, authority }
    }
}

/// The losses by a plan, once it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Losses {
    /// The stories that will be removed.
    pub stories: Option<StoryLoss>,
    /// The authority in force, if the plan has another: every feed has a new ID.
    pub authority: Option<String>,
}

/// The stories that will be removed by `[store] keep` and `[store] stories`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoryLoss {
    /// How many.
    pub removed: u64,
    /// How many are stored.
    pub of: u64,
    /// The newest automatic backup.
    pub backup: Option<BackupStatus>,
    /// The last of the stories that are more than are kept, in the order of first sight.
    pub(super) surplus_to: Option<(Timestamp, StoryId)>,
}

impl StoryLoss {
    /// Whether a story is one of them.
    pub fn takes(&self, story: &Story, retention: &Retention, now: Timestamp) -> bool {
        let place = Some((story.first_seen, story.id));
        place <= self.surplus_to || retention.outlived(story, now)
    }
}

impl Losses {
    /// A warning about each.
    pub fn warnings(&self) -> Vec<String> {
        let stories = self.stories.as_ref().map(|StoryLoss { removed, of, backup, .. }| {
            let backup = match backup {
                Some(BackupStatus { file, made, .. }) => {
                    format!("the newest backup is {file}, made at {made}")
                }
                None => "there is no backup: `gazetted backup FILE` writes one".to_owned(),
            };
            format!(
                "[store]: {removed} of {of} stored stories will be removed by `keep` or `stories`, \
                 and do not come back if the option is changed back; {backup}"
            )
        });
        let authority = self.authority.as_ref().map(|authority| {
            format!(
                "[server]: every feed has a new ID, so that readers may show its stories again; \
                 write `authority = \"{authority}\"` to keep the IDs"
            )
        });
        stories.into_iter().chain(authority).collect()
    }
}

impl Records {
    /// Returns the losses by a plan. A daemon compares with its own plan; a store alone does
    /// not know the plan that was last in force, so that only stories count.
    pub fn losses(&self, wanted: &Wanted, now: Timestamp) -> Result<Losses, StoreError> {
        let plan = self.plan();
        let (before, after) = (&plan.store.retention, &wanted.retention);
        let is_daemon = self.in_use.is_some();
        let is_other = is_daemon && plan.server.site.authority != wanted.authority;
        let authority = is_other.then(|| plan.server.site.authority.clone());
        if is_daemon && before == after {
            return Ok(Losses { stories: None, authority });
        }
        let surplus = after.surplus(self.store().count()?);
        let (mut removed, mut visited, mut surplus_to) = (0, 0, None);
        engine::retiring(after, &**self.store(), now, |story| {
            visited += 1;
            if visited <= surplus {
                surplus_to = Some((story.first_seen, story.id));
            }
            // The plan in force removes it, too.
            removed += u64::from(!(is_daemon && before.outlived(&story, now)));
        })?;
        let (of, backup) =
            (self.store().count()?, BackupStatus::newest(self.in_use().store(), now));
        let loss = StoryLoss { removed, of, backup, surplus_to };
        Ok(Losses { stories: Some(loss).filter(|loss| loss.removed > 0), authority })
    }

    /// A warning for each address that `[[story]]` of a plan names anew and no stored story has.
    pub fn unknown_addresses(&self, plan: &Plan) -> Result<Vec<String>, StoreError> {
        let (before, mut unknown) = (self.plan(), Vec::new());
        for address in plan.overrides.added_to(&before.overrides) {
            if self.find(address)?.is_none() {
                unknown.push(format!(
                    "[[story]]: no stored story has an entry at {address}; it counts once a source lists one"
                ));
            }
        }
        Ok(unknown)
    }

    /// The changes of the plan in force that wait for a restart, a line each.
    pub fn pending(&self) -> Vec<String> {
        let pending = self.in_use.as_ref().map(|in_use| config::pending(in_use, &self.plan()));
        pending.into_iter().flatten().map(|change| change.to_string()).collect()
    }
}
