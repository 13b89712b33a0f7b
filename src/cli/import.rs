//! `gazetted import`: adds the sources of a reading list, or takes over the stories of another store.

mod stories;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{CliError, CommandResult, ConfigFile, feeds, print_error, print_json, print_line};
use crate::config::opml::{self, Listed, ReadingList};
use crate::config::{Plan, counted};
use crate::model::Sources;

/// Add the sources of a reading list in OPML.
///
/// Prints them as configuration, or adds them to a file. Folders become tags.
/// Feeds that are sources already are left out.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Import {
    #[command(subcommand)]
    command: Option<ImportCommand>,
    /// The reading list, or - for the standard input.
    #[arg(value_name = "FILE.opml|-", required = true)]
    list: Option<PathBuf>,
    /// Write the sources to this file, or to the end of it where it belongs to the configuration.
    #[arg(long, value_name = "FILE.toml")]
    to: Option<PathBuf>,
    /// Print one JSON object instead of configuration.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum ImportCommand {
    /// Take over the stories of another store; the daemon must not run.
    Stories(stories::Stories),
}

/// A reading list, and where its sources go.
struct List<'a> {
    config: &'a ConfigFile,
    list: PathBuf,
    to: Option<PathBuf>,
    json: bool,
}

impl Import {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let Self { command, list, to, json } = self;
        match (command, list) {
            (Some(ImportCommand::Stories(stories)), _) => stories.run(config),
            (None, Some(list)) => List { config, list, to, json }.run(),
            (None, None) => {
                Err(CliError::because("name a reading list, or say `import stories FILE`"))
            }
        }
    }
}

impl List<'_> {
    fn run(self) -> CommandResult {
        // The first thing that a newcomer does may be to import.
        let plan = match self.config.config.exists() {
            true => Some(self.config.plan()?),
            false => None,
        };
        let none = Sources::new();
        let known = plan.as_ref().map_or(&none, |plan| &plan.sources);
        let permitted = plan.as_ref().map_or(&[][..], |plan| &plan.polling.allow_private);
        let list = opml::read(&feeds::read(&self.list)?, known, permitted)
            .map_err(|error| CliError::because(format!("{}: {error}", self.list.display())))?;
        if let Some(to) = &self.to {
            write(&list, to, plan.as_ref())?;
        }
        if self.json {
            print_json(&list);
            return Ok(ExitCode::SUCCESS);
        }
        let count = list.sources.len();
        match &self.to {
            None => print_line(list.to_toml().trim_end()),
            Some(to) => {
                print_line(format_args!("{} written to {}", counted(count, "source"), to.display()))
            }
        };
        for left_out in &list.left_out {
            print_error(format_args!("left out: {left_out}"));
        }
        for decision in list.sources.iter().filter_map(Listed::open_decision) {
            print_error(format_args!("note: {decision}"));
        }
        if let Some(to) = &self.to {
            self.advise(to);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Says what is still missing before the sources are polled.
    fn advise(&self, to: &Path) {
        match Plan::load(&self.config.config) {
            Ok(loaded) if loaded.plan.reads(to) => {
                print_error(format_args!("`gazetted reload` puts them in force"));
            }
            _ => print_error(format_args!(
                "{} is not part of the configuration yet: name it in `include` of {}",
                to.display(),
                self.config.config.display()
            )),
        }
    }
}

/// Adds the sources to a file; what is in it stays.
fn write(list: &ReadingList, to: &Path, plan: Option<&Plan>) -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::because(format!("{}: {error}", to.display()));
    let is_there = to.symlink_metadata().is_ok();
    // Nobody knows which sources are in a file that is not part of the configuration.
    if is_there && !plan.is_some_and(|plan| plan.reads(to)) {
        return Err(CliError::because(format!(
            "{} is there already and not part of the configuration; name another file, or include this one first",
            to.display()
        )));
    }
    // A new file follows no link; one of the configuration may well be a link.
    let mut file =
        OpenOptions::new().create_new(!is_there).append(true).open(to).map_err(failed)?;
    let blank = if file.metadata().map_err(failed)?.len() > 0 { "\n" } else { "" };
    // One write, so that text which another program appends cannot end up in the middle.
    file.write_all(format!("{blank}{}", list.to_toml()).as_bytes()).map_err(failed)?;
    file.sync_all().map_err(failed)
}
