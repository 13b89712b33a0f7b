//! `gazetted backup`: writes the store to one compressed file with a checksum.

use std::path::PathBuf;
use std::process::ExitCode;

use super::progress::HumanBytes;
use super::{CliError, CommandResult, ConfigFile, ask, print_json, print_line};
use crate::control::Command;
use crate::store::{self, Contents};
use clap::Args;

/// Write everything that cannot be derived to one compressed file.
///
/// Works while the daemon runs. The file is read again before it gets its
/// name; one that had the name is replaced only then.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON object instead of a line.
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let target = config.target()?;
        let beside = target.store.display();
        let file = std::path::absolute(&self.file)?;
        let contents = match ask::run_command(&target, &Command::Backup { file: file.clone() })? {
            Some(written) => {
                let written = written.map_err(|error| {
                    CliError::because(format!(
                        "{error}\nthe running daemon writes it, as its own user: a place that it may write is beside {beside}"
                    ))
                })?;
                let contents: Contents = written.unwrap_or_default();
                // A service may have a /tmp of its own.
                if std::fs::metadata(&file).is_ok_and(|seen| seen.len() != contents.bytes)
                    || !file.exists()
                {
                    return Err(CliError::because(format!(
                        "the daemon wrote {} where this process does not see it; name a place beside {beside}",
                        file.display()
                    )));
                }
                contents
            }
            None => {
                let plan = target.plan()?;
                let store = store::open_existing(&plan.store.path, plan.store.cache)?;
                let contents = store::backup(&*store, &file)?;
                store.close()?;
                contents
            }
        };
        if self.json {
            print_json(&contents);
        } else {
            let Contents { stories, sources, bytes, .. } = contents;
            print_line(format_args!(
                "{}: {stories} stories, {sources} sources, {}",
                self.file.display(),
                HumanBytes(bytes)
            ));
        }
        Ok(ExitCode::SUCCESS)
    }
}
