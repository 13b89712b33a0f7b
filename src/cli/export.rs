//! `gazetted export`: what to write in; JSON Lines out.

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{ConfigFile, Done, Stop, ask};
use crate::inquiry::Question;

/// Write what is stored, for other programs.
#[derive(Debug, Args)]
pub(super) struct Export {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every story with its copies and evidence, a JSON object a line, oldest first.
    Stories {
        #[command(flatten)]
        config: ConfigFile,
        /// Write to this file instead of the standard output.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

impl Export {
    pub(super) fn run(self) -> Done {
        let What::Stories { config, output } = self.what;
        let mut to: BufWriter<Box<dyn Write>> = BufWriter::new(match &output {
            Some(path) => Box::new(
                std::fs::File::create(path)
                    .map_err(|error| Stop::because(format!("{}: {error}", path.display())))?,
            ),
            None => Box::new(std::io::stdout().lock()),
        });
        let mut written = Ok(());
        ask::ask(config.plan()?, Question::Export, |story| {
            if written.is_ok() {
                written = writeln!(to, "{story}");
            }
        })?;
        match written.and_then(|()| to.flush()) {
            // The reader has seen enough: `export stories | head`.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
            Err(error) => Err(error.into()),
            Ok(()) => Ok(ExitCode::SUCCESS),
        }
    }
}
