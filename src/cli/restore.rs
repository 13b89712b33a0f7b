//! `gazetted restore`: makes a store from a backup.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{CommandResult, ConfigFile, print_json, print_line};
use crate::daemon;
use crate::store::{self, Contents};

/// Make the store anew from a backup; the daemon must not run.
///
/// A damaged store is replaced; an undamaged one only with `--replace`.
/// The old store is kept in the same directory, and printed.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup, as `gazetted backup` wrote it.
    #[arg(value_name = "FILE", required_unless_present = "snapshot")]
    file: Option<PathBuf>,
    /// Take the newest snapshot of the cluster from the NATS servers instead of a file.
    #[arg(long, conflicts_with = "file")]
    snapshot: bool,
    /// Replace a store even if it is not damaged.
    #[arg(long)]
    replace: bool,
    /// Print one JSON object instead of a line.
    #[arg(long)]
    json: bool,
}

impl Restore {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let plan = config.plan()?;
        let (path, cache) = (&plan.store.path, plan.store.cache);
        let contents = match &self.file {
            Some(file) => store::restore(file, path, cache, self.replace)?,
            None => {
                let fetched = super::runtime()?.block_on(daemon::fetch_snapshot(&plan))?;
                store::restore(fetched.file(), path, cache, self.replace)?
            }
        };
        if self.json {
            print_json(&contents);
        } else {
            let Contents { stories, sources, former_store, .. } = contents;
            print_line(format_args!(
                "{}: {stories} stories, {sources} sources; topics are filled at the next start",
                path.display()
            ));
            if let Some(kept) = former_store {
                print_line(format_args!(
                    "the former store is kept as {}; remove it once the restored one is as it should be",
                    kept.display()
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
