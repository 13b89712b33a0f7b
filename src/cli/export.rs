//! `gazetted export`: writes what is stored as JSON Lines, OPML or a site of files.

use std::fs::File;
use std::io::{BufWriter, StdoutLock, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::json;

use super::{CliError, CommandResult, ConfigFile, Target, ask, print_error, print_json};
use crate::clock::Clock;
use crate::config::{Plan, opml};
use crate::control::Command;
use crate::control_characters::printable_json;
use crate::inquiry::static_site::{LastVisit, Part};
use crate::inquiry::{Question, Records};
use crate::model::{Timestamp, TopicId};
use crate::pipeline::EngineDriver;
use crate::publish::{Directory, Put, ResponseCache};
use crate::store::{self, PRIVATE, Replacement, SHARED, Store};

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
        /// Write to this file instead of the standard output.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Everything that `gazetted import stories` needs to make the same store of it.
        #[arg(long)]
        lossless: bool,
    },
    /// The whole site as files, for another web server: feeds, pages, archives.
    Site {
        /// An empty directory, or one that this command wrote to before.
        directory: PathBuf,
        /// A private topic to write all the same.
        #[arg(long, value_name = "TOPIC")]
        private: Vec<String>,
        /// Print one JSON object instead of a line.
        #[arg(long)]
        json: bool,
    },
    /// The sources as OPML, for feed readers and for `import`.
    Opml {
        /// Write to this file instead of the standard output.
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

impl Export {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        match self.what {
            What::Stories { output, lossless } => {
                // Private topics' stories are among them.
                let mut to = Output::to(output.as_deref(), PRIVATE)?;
                let mut written = Ok(());
                let question = if lossless { Question::Records } else { Question::Export };
                ask::ask(&config.target()?, question, |story| {
                    if written.is_ok() {
                        written = writeln!(to, "{}", printable_json(&story.to_string()));
                    }
                })?;
                conclude(written.and_then(|()| to.finish()))
            }
            What::Site { directory, private, json } => {
                site(config.plan()?, &directory, &private, json)
            }
            What::Opml { output } => {
                let plan = config.plan()?;
                let list = opml::write(&plan.sources, &plan.server.site.title);
                let mut to = Output::to(output.as_deref(), SHARED)?;
                for left_out in opml::left_out(&plan.sources) {
                    print_error(format_args!("left out: {left_out}"));
                }
                conclude(to.write_all(list.as_bytes()).and_then(|()| to.finish()))
            }
        }
    }
}

/// Writes what the running daemon serves, or what one would serve.
fn site(plan: Plan, directory: &Path, private: &[String], json: bool) -> CommandResult {
    let target = Target::from(plan);
    let plan = target.plan()?;
    let topics = || plan.topics.iter().filter(|topic| topic.private);
    if let Some(unknown) = private.iter().find(|id| topics().all(|t| t.id.as_str() != **id)) {
        return Err(CliError::because(format!("no private topic is called {unknown}")));
    }
    let private: Vec<TopicId> = private.iter().map(|id| TopicId::new(id.as_str())).collect();
    let failed = |error| CliError::because(format!("{}: {error}", directory.display()));
    let mut to = Directory::open(directory).map_err(failed)?;
    let mut written = Ok(());
    let command = Command::Site { private: private.clone() };
    let told = ask::send_command(&target, &command, |item| {
        let document = serde_json::from_value(item).map_err(std::io::Error::other);
        if written.is_ok() {
            written = document.and_then(|document| to.put(&document));
        }
    })?;
    match told {
        Some(told) => told.map_err(CliError::because)?,
        None => {
            let cache = Arc::new(ResponseCache::new());
            let (records, now) = alone(plan.clone(), &cache)?;
            let mut put = |part: Part<'_>| {
                if let Part::Document(document) = part {
                    written = to.put(&document);
                }
                written.is_ok()
            };
            records.site(&cache, &private, &mut LastVisit::default(), now, &mut put)?;
            records.store().close()?;
        }
    }
    // Half of it is no reason to remove the other half.
    written.map_err(failed)?;
    let Put { files, written, removed } = to.finish().map_err(failed)?;
    if json {
        print_json(&json!({ "files": files, "written": written, "removed": removed }));
        return Ok(ExitCode::SUCCESS);
    }
    print_error(format_args!(
        "{}: {files} files, {written} written, {removed} removed",
        directory.display()
    ));
    Ok(ExitCode::SUCCESS)
}

/// Opens the store as a daemon would, where none runs.
fn alone(plan: Plan, cache: &Arc<ResponseCache>) -> Result<(Records, Timestamp), CliError> {
    let store: Arc<dyn Store> = store::open_existing(&plan.store.path, plan.store.cache)?;
    let (plan, now) = (Arc::new(plan), Clock::wall().now());
    let opening = EngineDriver::open(plan.clone(), store.clone(), cache.clone(), now);
    let driver = super::runtime()?.block_on(opening)?;
    Ok((Records::new(plan, store, driver.source_states()), now))
}

/// Where an export goes.
enum Output {
    Standard(BufWriter<StdoutLock<'static>>),
    /// A device, such as `/dev/stdout`, which is written to where it is.
    Device(BufWriter<File>),
    /// Takes the place of a former export only when it is complete.
    File(BufWriter<Replacement>),
}

impl Output {
    fn to(file: Option<&Path>, mode: u32) -> Result<Self, CliError> {
        let Some(path) = file else {
            return Ok(Self::Standard(BufWriter::new(std::io::stdout().lock())));
        };
        // `/dev/shm` has ordinary files as well.
        let is_device =
            path.starts_with("/dev") && path.symlink_metadata().is_ok_and(|known| !known.is_file());
        let output = match is_device {
            true => File::options().write(true).open(path).map(BufWriter::new).map(Self::Device),
            false => Replacement::begin(path, mode).map(BufWriter::new).map(Self::File),
        };
        output.map_err(|error| CliError::because(format!("{}: {error}", path.display())))
    }

    fn finish(self) -> std::io::Result<()> {
        match self {
            Self::Standard(mut out) => out.flush(),
            Self::Device(mut out) => out.flush(),
            Self::File(out) => {
                out.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish()
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Standard(out) => out.write(bytes),
            Self::Device(out) => out.write(bytes),
            Self::File(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Standard(out) => out.flush(),
            Self::Device(out) => out.flush(),
            Self::File(out) => out.flush(),
        }
    }
}

fn conclude(written: std::io::Result<()>) -> CommandResult {
    match written {
        // The reader has seen enough: `export stories | head`.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(ExitCode::SUCCESS),
    }
}
