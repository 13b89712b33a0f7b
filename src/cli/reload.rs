//! `gazetted reload`: puts a changed configuration in force.

use std::process::ExitCode;

use clap::Args;

use super::{
    BAD_CONFIGURATION, CliError, CommandResult, ConfigFile, Target, ask, print_error, print_json,
    print_line,
};
use crate::control::{Command, Reloaded};

/// Put the changed configuration in force.
///
/// The running daemon reads it again and answers with what changed, a line
/// each. A bad file changes nothing: exits with 78. `systemctl reload gazetted`
/// does the same and leaves the answer in the log.
#[derive(Debug, Args)]
pub(super) struct Reload {
    /// Accept a configuration that has no sources or no topics any more. In a cluster: replace the plan
    /// in force, even if this node's files do not belong to it.
    #[arg(long)]
    force: bool,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl Reload {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        // The daemon answers with the warnings of the file.
        let (target, _) = config.target_and_warnings()?;
        let Some(reloaded) = reload(&target, self.force)? else {
            // A broken file matters more than a daemon that does not run.
            target.plan()?;
            return Err(ask::no_daemon_error(&target));
        };
        if self.json {
            print_json(&reloaded);
            return Ok(code_of(&reloaded));
        }
        show(&reloaded);
        Ok(code_of(&reloaded))
    }
}

/// Has the daemon read its configuration again; `None` where none runs.
pub(super) fn reload(target: &Target, force: bool) -> Result<Option<Reloaded>, CliError> {
    match ask::run_command(target, &Command::Reload { force })? {
        None => Ok(None),
        Some(Ok(Some(reloaded))) => Ok(Some(reloaded)),
        Some(Ok(None)) => Err(CliError::because("the daemon did not say what came of it")),
        Some(Err(error)) => Err(CliError::because(error)),
    }
}

/// Prints the answer for people.
pub(super) fn show(Reloaded { in_force, changes, problems }: &Reloaded) {
    problems.iter().for_each(|problem| print_error(format_args!("{problem}")));
    changes.iter().all(print_line);
    match (in_force, changes.is_empty()) {
        (true, true) => print_line("nothing changed"),
        (true, false) => true,
        (false, _) => print_line("not in force; the daemon goes on as before"),
    };
}

pub(super) fn code_of(reloaded: &Reloaded) -> ExitCode {
    if reloaded.in_force { ExitCode::SUCCESS } else { BAD_CONFIGURATION.into() }
}
