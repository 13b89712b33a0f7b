//! Topics' bounds and the moment in; what outlived its time taken out of them, out.

use std::collections::BTreeSet;

use super::Editor;
use crate::model::Timestamp;
use crate::store::{Commit, StoreError};

impl Editor {
    /// Takes out of the topics what outlived its time in them while nothing was polled.
    pub(super) async fn shed(&mut self, now: Timestamp) -> Result<(), StoreError> {
        loop {
            let places = self.filing.shed(now, &mut BTreeSet::new());
            if places.is_empty() {
                return Ok(());
            }
            match self.store.commit(Commit { places, ..Commit::default() }).await {
                // Its places go with the next gathering that has room.
                Err(StoreError::Full { .. }) => {
                    return tokio::task::block_in_place(|| self.filing.recall(&*self.store));
                }
                shed => shed?,
            }
        }
    }
}
