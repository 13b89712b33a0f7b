//! Watches the free disk space: below the limit, nothing new is taken in.

use std::time::Duration;

use tokio::time::Instant;

use super::compute::blocking;
use crate::config::StorePlan;
use crate::store::{Store, StoreError};

/// The interval between two checks.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// The wait before a turn that a full disk kept out is written again.
const RETRY: Duration = Duration::from_secs(30);

/// Whether the free space is below the limit.
pub(super) struct DiskWatch {
    is_low: bool,
    next_check: Instant,
    retry_at: Instant,
    /// Whether this process appended the turn that a full disk keeps out.
    is_own: bool,
}

/// A change of the free space that the loop acts on.
pub(super) enum DiskChange {
    /// The space fell below the limit; the error says so.
    BecameLow(StoreError),
    /// There is enough space again.
    HasRoom,
}

impl Default for DiskWatch {
    fn default() -> Self {
        Self { is_low: false, next_check: Instant::now(), retry_at: Instant::now(), is_own: true }
    }
}

impl DiskWatch {
    /// Whether the free space is below the limit.
    pub(super) fn is_low(&self) -> bool {
        self.is_low
    }

    /// When a turn that a full disk kept out is tried again.
    pub(super) fn retry_at(&self) -> Instant {
        self.retry_at
    }

    /// A full disk keeps a turn out. `is_own`: this process has appended it.
    pub(super) fn keep_out(&mut self, is_own: bool) {
        self.is_own = is_own;
    }

    /// Whether this process has appended the turn that was kept out last.
    pub(super) fn kept_out_is_own(&self) -> bool {
        self.is_own
    }

    /// Puts the next try off.
    pub(super) fn retry_later(&mut self) {
        self.retry_at = Instant::now() + RETRY;
    }

    /// Compares the free space with the plan's limit, once a second at most.
    pub(super) fn check(
        &mut self,
        store: &dyn Store,
        plan: &StorePlan,
    ) -> Result<Option<DiskChange>, StoreError> {
        if Instant::now() < self.next_check {
            return Ok(None);
        }
        self.next_check = Instant::now() + CHECK_EVERY;
        let Some(room) = blocking(|| store.disk_space())? else { return Ok(None) };
        let was_low = self.is_low;
        self.is_low = room.is_low(plan.min_free, was_low);
        match (was_low, self.is_low) {
            (true, true) => self.retry_later(),
            (false, true) => {
                let (path, needed) = (plan.path.display().to_string(), room.needed(plan.min_free));
                let full = StoreError::Full { path, free: room.free, needed };
                return Ok(Some(DiskChange::BecameLow(full)));
            }
            (true, false) => return Ok(Some(DiskChange::HasRoom)),
            (false, false) => {}
        }
        Ok(None)
    }
}
