//! `gazetted man`: nothing in; the manual page in roff out.

use std::process::ExitCode;

use clap::Args;

use super::Done;

/// Write the manual page.
#[derive(Debug, Args)]
pub(super) struct Man {}

impl Man {
    pub(super) fn run(self) -> Done {
        clap_mangen::Man::new(super::command()).render(&mut std::io::stdout())?;
        Ok(ExitCode::SUCCESS)
    }
}
