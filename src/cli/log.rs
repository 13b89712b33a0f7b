//! `gazetted log`: changes the log filter of the running daemon.

use std::process::ExitCode;

use clap::Args;

use super::{CliError, CommandResult, ConfigFile, ask};
use crate::control::Command;

/// Have the running daemon log more, or less, until the next reload.
#[derive(Debug, Args)]
pub(super) struct Log {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,gazetted::fetch=debug`.
    #[arg(value_name = "LEVEL")]
    filter: String,
}

impl Log {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let target = config.target()?;
        match ask::run_command::<()>(&target, &Command::Log { filter: self.filter })? {
            Some(answered) => answered.map_err(CliError::because)?,
            None => return Err(ask::no_daemon_error(&target)),
        };
        Ok(ExitCode::SUCCESS)
    }
}
