//! The options that a running daemon goes on using until a restart, whatever its files say.

use std::path::{Path, PathBuf};

use super::Plan;
use crate::options::{AtReload, WrittenOption};

/// The values of the options that are read at a start alone, as they were at the start.
#[derive(Debug, Clone)]
pub struct InUse {
    store: PathBuf,
    options: Vec<WrittenOption>,
}

impl InUse {
    /// The values of the plan that a daemon starts with.
    pub fn since_start(plan: &Plan) -> Self {
        Self { store: plan.store.path.clone(), options: at_start(plan).cloned().collect() }
    }

    /// The directory of the store that is open.
    pub fn store(&self) -> &Path {
        &self.store
    }

    /// The options that have another value in a plan.
    pub(super) fn differing<'a>(&self, plan: &'a Plan) -> Vec<&'a WrittenOption> {
        let both = self.options.iter().zip(at_start(plan));
        both.filter(|(in_use, written)| in_use != written).map(|(_, written)| written).collect()
    }
}

/// The options of a plan that are read at a start alone.
fn at_start(plan: &Plan) -> impl Iterator<Item = &WrittenOption> {
    let settings = plan.written_options.settings();
    settings.filter(|option| option.at_reload == AtReload::NeedsRestart)
}
