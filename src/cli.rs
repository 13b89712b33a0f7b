//! The command line: one command a file.
//!
//! Commands that only read ask a running daemon over its control socket and open the store
//! themselves where none runs.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, FromArgMatches, Parser, Subcommand};

use self::output::{print_error, print_json, print_line};
use crate::config::{Loaded, Plan, Problems, counted};
use crate::daemon::DaemonError;
use crate::store::{Backups, StoreError, StoredBackup};

mod ask;

mod backup;

mod check;

mod check_store;

mod cluster;

mod compact;

mod completions;

mod explain;

mod export;

mod feeds;

mod help;

mod import;

mod init;

mod join;

mod log;

mod logging;

mod man;

mod nearest;

mod output;

mod overrides;

mod parse;

mod poll;

mod progress;

mod reload;

mod restore;

mod run;

mod show;

mod source;

mod split;

mod status;

mod try_query;

/// Polls departments' feeds, recognises one announcement in many of them, and
/// publishes merged topic feeds.
#[derive(Debug, Parser)]
#[command(name = "gazetted", version, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    config: ConfigFile,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    Source(source::SourceCommand),
    Run(run::Run),
    Check(check::Check),
    Poll(poll::Poll),
    Parse(parse::Parse),
    Explain(explain::Explain),
    Try(try_query::Try),
    Status(status::Status),
    Reload(reload::Reload),
    Log(log::Log),
    Split(split::Split),
    Join(join::Join),
    Import(import::Import),
    Export(export::Export),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Compact(compact::Compact),
    Cluster(cluster::Cluster),
    Man(man::Man),
    Completions(completions::Completions),
}

/// Where the configuration is.
#[derive(Debug, Args)]
struct ConfigFile {
    /// The configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "GAZETTED_CONFIG",
        default_value = "/etc/gazetted/gazetted.toml"
    )]
    config: PathBuf,
}

impl ConfigFile {
    /// The plan; warnings go to the standard error, problems end the command.
    fn plan(&self) -> Result<Plan, CliError> {
        let loaded = Plan::load(&self.config)?;
        let warnings = loaded.warnings.at_start();
        if !warnings.0.is_empty() {
            print_error(&warnings);
        }
        Ok(loaded.plan)
    }

    /// The store and the plan that a command is about. A running daemon can be asked even if the file
    /// cannot be used.
    fn target(&self) -> Result<Target, CliError> {
        let (target, warnings) = self.target_and_warnings()?;
        if !warnings.0.is_empty() {
            print_error(&warnings);
        }
        Ok(target)
    }

    /// The same with the warnings, which are not printed.
    fn target_and_warnings(&self) -> Result<(Target, Problems), CliError> {
        let problems = match Plan::load(&self.config) {
            Ok(Loaded { plan, warnings }) => return Ok((plan.into(), warnings.at_start())),
            Err(problems) => problems,
        };
        match Plan::store_path(&self.config) {
            Some(store) => {
                let target = Target { store, plan: Err(problems), warned: Cell::new(false) };
                Ok((target, Problems::default()))
            }
            None => Err(problems.into()),
        }
    }
}

/// The store whose daemon is asked, and the plan for opening it if no daemon runs.
#[derive(Debug)]
struct Target {
    store: PathBuf,
    plan: Result<Plan, Problems>,
    /// Whether the user was warned that the file cannot be used.
    warned: Cell<bool>,
}

impl From<Plan> for Target {
    fn from(plan: Plan) -> Self {
        Self { store: plan.store.path.clone(), plan: Ok(plan), warned: Cell::new(false) }
    }
}

impl Target {
    /// The plan in the file; its problems end the command.
    fn plan(&self) -> Result<&Plan, CliError> {
        self.plan.as_ref().map_err(|problems| problems.clone().into())
    }

    /// Warns that the running daemon answers by the configuration in force, as the file cannot be used.
    fn warn_of_file(&self) {
        if let Err(problems) = &self.plan
            && !self.warned.replace(true)
        {
            let count = counted(problems.0.len(), "problem");
            print_error(format_args!(
                "warning: the configuration file cannot be used ({count}, see `gazetted check`); \
                 the running daemon answers by the configuration in force"
            ));
        }
    }
}

/// The command line as clap knows it, for the manual and completions.
pub fn command() -> clap::Command {
    help::explained(<Cli as clap::CommandFactory>::command())
}

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(output::report_panic));
    let matches = command().get_matches();
    let Cli { config, command } =
        Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match command.run(&config) {
        Ok(code) => code,
        Err(error) => {
            print_error(format_args!("gazetted: {}", error.message));
            ExitCode::from(error.code)
        }
    }
}

impl Command {
    fn run(self, config: &ConfigFile) -> CommandResult {
        match self {
            Self::Init(command) => command.run(),
            Self::Source(command) => command.run(config),
            Self::Run(command) => command.run(config),
            Self::Check(command) => command.run(config),
            Self::Poll(command) => command.run(config),
            Self::Parse(command) => command.run(config),
            Self::Explain(command) => command.run(config),
            Self::Try(command) => command.run(config),
            Self::Status(command) => command.run(config),
            Self::Reload(command) => command.run(config),
            Self::Log(command) => command.run(config),
            Self::Split(command) => command.run(config),
            Self::Join(command) => command.run(config),
            Self::Import(command) => command.run(config),
            Self::Export(command) => command.run(config),
            Self::Backup(command) => command.run(config),
            Self::Restore(command) => command.run(config),
            Self::Compact(command) => command.run(config),
            Self::Cluster(command) => command.run(config),
            Self::Man(command) => command.run(),
            Self::Completions(command) => command.run(),
        }
    }
}

/// The exit code of a command, or the error that ended it.
type CommandResult = Result<ExitCode, CliError>;

/// The error that ended a command, and the exit code for a supervisor.
#[derive(Debug)]
struct CliError {
    code: u8,
    message: String,
}

/// The configuration is bad: `EX_CONFIG`. systemd does not start it again.
const BAD_CONFIGURATION: u8 = 78;
/// The command line cannot be used, as clap exits.
const USAGE: u8 = 2;
/// The store is damaged or full: `EX_IOERR`. systemd does not start it again.
const STORE_FAILED: u8 = 74;

impl CliError {
    fn because(message: impl ToString) -> Self {
        Self { code: 1, message: message.to_string() }
    }
}

impl From<Problems> for CliError {
    fn from(problems: Problems) -> Self {
        let problems = problems.at_start();
        Self {
            code: BAD_CONFIGURATION,
            message: format!("the configuration cannot be used\n\n{problems}"),
        }
    }
}

impl From<StoreError> for CliError {
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

impl From<DaemonError> for CliError {
    fn from(error: DaemonError) -> Self {
        match error {
            DaemonError::Store(error) => error.into(),
            DaemonError::Configuration(problems) => problems.into(),
            DaemonError::Polling(_) => Self { code: BAD_CONFIGURATION, message: error.to_string() },
            _ => Self::because(error),
        }
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> Self {
        Self::because(error)
    }
}

/// The error of a file that a command was given and cannot read.
fn unreadable(file: &Path, error: &std::io::Error) -> CliError {
    let file = file.display();
    CliError::because(match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no file {file}"),
        std::io::ErrorKind::IsADirectory => format!("{file} is a directory, not a file"),
        _ => format!("{file} cannot be read: {error}"),
    })
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
