//! `gazetted export`: what to write in; JSON Lines or OPML out.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{ConfigFile, Done, Stop, ask};
use crate::config::opml;
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
    /// The sources as OPML, for feed readers and for `import`.
    Opml {
        #[command(flatten)]
        config: ConfigFile,
        /// Write to this file instead of the standard output.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

impl Export {
    pub(super) fn run(self) -> Done {
        match self.what {
            What::Stories { config, output } => {
                let mut to = writer(output.as_deref())?;
                let mut written = Ok(());
                ask::ask(config.plan()?, Question::Export, |story| {
                    if written.is_ok() {
                        written = writeln!(to, "{story}");
                    }
                })?;
                conclude(written.and_then(|()| to.flush()))
            }
            What::Opml { config, output } => {
                let plan = config.plan()?;
                let list = opml::write(&plan.sources, &plan.server.site.title);
                let mut to = writer(output.as_deref())?;
                conclude(to.write_all(list.as_bytes()).and_then(|()| to.flush()))
            }
        }
    }
}

fn writer(file: Option<&Path>) -> Result<BufWriter<Box<dyn Write>>, Stop> {
    Ok(BufWriter::new(match file {
        Some(path) => Box::new(
            std::fs::File::create(path)
                .map_err(|error| Stop::because(format!("{}: {error}", path.display())))?,
        ),
        None => Box::new(std::io::stdout().lock()),
    }))
}

fn conclude(written: std::io::Result<()>) -> Done {
    match written {
        // The reader has seen enough: `export stories | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}
