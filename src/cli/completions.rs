//! `gazetted completions`: writes the completions of a shell.

use std::process::ExitCode;

use clap::Args;
use clap_complete::Shell;

use super::CommandResult;

/// Write completions for a shell.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell to write completions for.
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> CommandResult {
        clap_complete::generate(
            self.shell,
            &mut super::command(),
            "gazetted",
            &mut std::io::stdout(),
        );
        Ok(ExitCode::SUCCESS)
    }
}
