//! Arguments in; a command carried out, and its exit code, out.
//!
//! One command a file. Commands that only read ask a running daemon over its
//! control socket and open the store themselves where none runs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::output::{print_error, print_json, print_json_line, print_line};
use crate::config::{Plan, Problems};
use crate::daemon::DaemonError;
use crate::store::{Backups, StoreError, StoredBackup};

mod ask;

mod backup;

mod check;

mod compact;

mod completions;

mod explain;

mod export;

mod import;

mod join;

mod log;

mod logging;

mod man;

mod output;

mod overrides;

mod parse;

mod poll;

mod reload;

mod restore;

mod run;

mod show;

mod split;

mod status;

mod survey;

mod trial;

/// Polls departments' feeds, recognises one announcement in many of them, and
/// publishes merged topic feeds.
#[derive(Debug, Parser)]
#[command(name = "gazetted", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Poll, merge and serve until told to stop.
    Run(run::Run),
    /// Say everything that is wrong with the configuration.
    Check(check::Check),
    /// Poll once, now, and say what came of it.
    Poll(poll::Poll),
    /// Show what a document is read as.
    Parse(parse::Parse),
    /// Say why a story is one story, and why it is in a topic or not.
    Explain(explain::Explain),
    /// Say what a query would have caught among the stored stories.
    Try(trial::Try),
    /// Say how every source is doing.
    Status(status::Status),
    /// Put the changed configuration in force.
    Reload(reload::Reload),
    /// Have the running daemon log more, or less.
    Log(log::Log),
    /// Take an entry out of a story for good.
    Split(split::Split),
    /// Make one story of two for good.
    Join(join::Join),
    /// Make sources of a reading list in OPML.
    Import(import::Import),
    /// Write what is stored, for other programs.
    Export(export::Export),
    /// Write everything that cannot be derived to one compressed file.
    Backup(backup::Backup),
    /// Make the store anew from a backup.
    Restore(restore::Restore),
    /// Write the store anew in less room.
    Compact(compact::Compact),
    /// Write the manual.
    Man(man::Man),
    /// Write completions for a shell.
    Completions(completions::Completions),
}

/// Where the configuration is.
#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(
        long,
        value_name = "FILE",
        env = "GAZETTED_CONFIG",
        default_value = "/etc/gazetted/gazetted.toml"
    )]
    config: PathBuf,
}

impl ConfigFile {
    /// The plan; warnings go to the standard error, problems end the command.
    fn plan(&self) -> Result<Plan, Stop> {
        let loaded = Plan::load(&self.config)?;
        if !loaded.warnings.0.is_empty() {
            print_error(&loaded.warnings);
        }
        Ok(loaded.plan)
    }
}

/// The command line as clap knows it, for the manual and completions.
pub fn command() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(output::report_panic));
    let done = match Cli::parse().command {
        Command::Run(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Poll(command) => command.run(),
        Command::Parse(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Try(command) => command.run(),
        Command::Status(command) => command.run(),
        Command::Reload(command) => command.run(),
        Command::Log(command) => command.run(),
        Command::Split(command) => command.run(),
        Command::Join(command) => command.run(),
        Command::Import(command) => command.run(),
        Command::Export(command) => command.run(),
        Command::Backup(command) => command.run(),
        Command::Restore(command) => command.run(),
        Command::Compact(command) => command.run(),
        Command::Man(command) => command.run(),
        Command::Completions(command) => command.run(),
    };
    match done {
        Ok(code) => code,
        Err(stop) => {
            print_error(format_args!("gazetted: {}", stop.message));
            ExitCode::from(stop.code)
        }
    }
}

/// What a command comes to: an exit code, or why it had to stop.
type Done = Result<ExitCode, Stop>;

/// Why a command stopped, and the exit code that says so to a supervisor.
#[derive(Debug)]
struct Stop {
    code: u8,
    message: String,
}

/// The configuration is bad: `EX_CONFIG`. systemd does not start it again.
const BAD_CONFIGURATION: u8 = 78;
/// The store is damaged or full: `EX_IOERR`. systemd does not start it again.
const STORE_FAILED: u8 = 74;

impl Stop {
    fn because(message: impl ToString) -> Self {
        Self { code: 1, message: message.to_string() }
    }
}

impl From<Problems> for Stop {
    fn from(problems: Problems) -> Self {
        Self {
            code: BAD_CONFIGURATION,
            message: format!("the configuration cannot be used\n\n{problems}"),
        }
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        let mut message = error.to_string();
        if let StoreError::Damaged { path, .. } = &error
            && let Some(StoredBackup { file, made, .. }) =
                Backups::beside(Path::new(path)).newest_verified()
        {
            let file = file.display();
            message += &format!(
                "\nthe last backup is of {made}: `gazetted restore {file}` takes the store back to it"
            );
        }
        Self { code: error.exit_code(), message }
    }
}

impl From<DaemonError> for Stop {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::Store(error) => error.into(),
            DaemonError::Polling(_) => Self { code: BAD_CONFIGURATION, message: error.to_string() },
            _ => Self::because(error),
        }
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::because(error)
    }
}

/// The runtime every command that waits runs on.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
