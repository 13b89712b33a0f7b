//! `gazetted compact`: writes a store anew in less space.

use std::process::ExitCode;

use super::progress::HumanBytes;
use super::{CommandResult, ConfigFile, print_json, print_line};
use crate::store::{self, Compaction};
use clap::Args;

/// Write the store anew without the room that removed stories left in it.
///
/// The daemon must not run, and the disk must have room for a second store meanwhile.
#[derive(Debug, Args)]
pub(super) struct Compact {
    /// Print one JSON object instead of a line.
    #[arg(long)]
    json: bool,
}

impl Compact {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let plan = config.plan()?;
        let compaction = store::compact(&plan.store.path, plan.store.cache)?;
        if self.json {
            print_json(&compaction);
        } else {
            let Compaction { stories, before, after } = compaction;
            print_line(format_args!(
                "{}: {stories} stories, {} before, {} now",
                plan.store.path.display(),
                HumanBytes(before),
                HumanBytes(after)
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
