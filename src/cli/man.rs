//! `gazetted man`: nothing, or a directory in; the manual pages in roff out.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Done, Stop};

/// Write the manual.
///
/// Prints the page of the program, or writes it and a page of each command to a directory.
#[derive(Debug, Args)]
pub(super) struct Man {
    /// The directory, which is made if there is none.
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl Man {
    pub(super) fn run(self) -> Done {
        match self.directory {
            None => clap_mangen::Man::new(super::command()).render(&mut std::io::stdout())?,
            Some(directory) => std::fs::create_dir_all(&directory)
                .and_then(|()| clap_mangen::generate_to(super::command(), &directory))
                .map_err(|error| Stop::because(format!("{}: {error}", directory.display())))?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
