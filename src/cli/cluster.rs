//! `gazetted cluster`: begins a cluster of several machines, and shows its state.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{CliError, CommandResult, ConfigFile, ask, print_json, print_line};
use crate::clock::Clock;
use crate::control::Command;
use crate::daemon;
use crate::pipeline::{ClusterStatus, NodeStatus, UpgradeStep};
use crate::store::{self, Store};

/// Work with several machines as one.
#[derive(Debug, Args)]
pub(super) struct Cluster {
    #[command(subcommand)]
    command: ClusterCommand,
}

#[derive(Debug, Subcommand)]
enum ClusterCommand {
    Init(Init),
    Status(Status),
    Upgrade(Upgrade),
    Pause(Pause),
    Resume(Resume),
    Skip(Skip),
}

/// Begin a cluster from the store of this machine.
///
/// Makes the stream on the NATS servers, with a snapshot of this store. The daemon must not run. Other
/// machines begin with empty stores: they take the snapshot.
#[derive(Debug, Args)]
struct Init {
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Show the state of every node, as the running daemon of this machine sees it.
///
/// Exits with 1 if this node is not ready.
#[derive(Debug, Args)]
struct Status {
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Change to a version of gazetted with another rules version.
///
/// Run it once before the programs are replaced: no node polls then, and all go on serving readers.
/// Replace the programs, one node after the other. Run it again on a node with the new
/// version: its rules version is in force from then on, and all nodes poll again.
#[derive(Debug, Args)]
struct Upgrade {
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

/// Have no node poll, until `gazetted cluster resume`.
///
/// All nodes go on serving readers.
#[derive(Debug, Args)]
struct Pause {
    /// Print one JSON object instead of a line.
    #[arg(long)]
    json: bool,
}

/// Have all nodes poll again.
#[derive(Debug, Args)]
struct Resume {
    /// Print one JSON object instead of a line.
    #[arg(long)]
    json: bool,
}

/// Have all nodes go on without a turn at which they all stopped.
///
/// The polls of that turn are made again. Report the fault with the lines of the log about it.
#[derive(Debug, Args)]
struct Skip {
    /// The sequence of the turn, which `gazetted cluster status` shows.
    sequence: u64,
    /// Print one JSON object instead of a line.
    #[arg(long)]
    json: bool,
}

impl Cluster {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        match self.command {
            ClusterCommand::Init(init) => init.run(config),
            ClusterCommand::Status(status) => status.run(config),
            ClusterCommand::Upgrade(upgrade) => upgrade.run(config),
            ClusterCommand::Pause(Pause { json }) => pause(config, true, json),
            ClusterCommand::Resume(Resume { json }) => pause(config, false, json),
            ClusterCommand::Skip(skip) => skip.run(config),
        }
    }
}

impl Init {
    fn run(self, config: &ConfigFile) -> CommandResult {
        let plan = config.plan()?;
        store::restrict_umask();
        let store: Arc<dyn Store> = store::open(&plan.store.path, plan.store.cache)?;
        let begun =
            super::runtime()?.block_on(daemon::begin_stream(plan, store.clone(), &Clock::wall()));
        store.close()?;
        let begun = begun?;
        if self.json {
            print_json(&begun);
            return Ok(ExitCode::SUCCESS);
        }
        let daemon::Begun { stream, node, stories, has_snapshot, .. } = begun;
        print_line(format_args!("the stream {stream} begins with the store of node {node}"));
        print_line(match stories {
            0 => "start gazetted here, and on the other machines with empty stores".to_owned(),
            _ if has_snapshot => format!(
                "{stories} stories, also in a snapshot on the servers; start gazetted here, and on the other machines with empty stores"
            ),
            _ => format!(
                "{stories} stories; write a backup here, restore it on the other machines, and start gazetted on all of them"
            ),
        });
        Ok(ExitCode::SUCCESS)
    }
}

impl Status {
    fn run(self, config: &ConfigFile) -> CommandResult {
        let target = config.target()?;
        let status: ClusterStatus = match ask::run_command(&target, &Command::Cluster)? {
            None => return Err(ask::no_daemon_error(&target)),
            Some(answer) => answer.map_err(CliError::because)?.ok_or_else(|| {
                CliError::because(
                    "this machine is alone: there is no [cluster] in its configuration",
                )
            })?,
        };
        let own = status.nodes.iter().find(|node| node.node == status.node);
        let is_ready = own.is_some_and(|own| own.not_ready.is_none());
        if self.json {
            print_json(&status);
        } else {
            show(&status);
        }
        Ok(if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn show(status: &ClusterStatus) {
    let ClusterStatus { name, sequence, leader, term, plan, digest, paused, rules, .. } = status;
    for one in &status.nodes {
        let NodeStatus {
            node, sequence, lag, heard, partitions, version, rules, not_ready, ..
        } = one;
        let state = match not_ready {
            _ if one.is_silent() => format!("silent for {heard} s"),
            None => "ready".to_owned(),
            Some(why) => format!("not ready: {why}"),
        };
        print_line(format_args!(
            "{node}: {state}; sequence {sequence}, {lag} s behind, {partitions} of {} partitions, gazetted {version} (rules {rules})",
            ClusterStatus::PARTITIONS
        ));
    }
    let leader = leader.as_ref().map_or("nobody".to_owned(), ToString::to_string);
    let term = term.map_or("none".to_owned(), |term| term.to_string());
    print_line(format_args!(
        "cluster {name}: {leader} leads (term {term}); this node is at sequence {sequence}, state {digest}, plan {plan}; rules version {rules} is in force"
    ));
    if *paused {
        print_line("nobody polls: `gazetted cluster resume` ends the pause");
    }
}

/// Gives a command to the daemon of this machine.
fn command<T: serde::de::DeserializeOwned>(
    config: &ConfigFile,
    command: &Command,
) -> Result<T, CliError> {
    let target = config.target()?;
    match ask::run_command(&target, command)? {
        None => Err(ask::no_daemon_error(&target)),
        Some(answer) => answer
            .map_err(CliError::because)?
            .ok_or_else(|| CliError::because("the daemon gave no answer")),
    }
}

fn pause(config: &ConfigFile, pauses: bool, json: bool) -> CommandResult {
    command::<bool>(config, &Command::Pause { pauses })?;
    if json {
        print_json(&serde_json::json!({ "paused": pauses }));
    } else {
        print_line(if pauses { "no node polls; all serve" } else { "all nodes poll again" });
    }
    Ok(ExitCode::SUCCESS)
}

impl Upgrade {
    fn run(self, config: &ConfigFile) -> CommandResult {
        let step: UpgradeStep = command(config, &Command::Upgrade)?;
        if self.json {
            print_json(&step);
            return Ok(ExitCode::SUCCESS);
        }
        match step {
            UpgradeStep::Paused { rules } => {
                print_line(
                    "no node polls, and all serve. Replace the program on one node after the other,",
                );
                print_line(
                    "then run `gazetted cluster upgrade` again. Where the new version also has rules",
                );
                print_line(format_args!("version {rules}, run `gazetted cluster resume` instead."));
            }
            UpgradeStep::Done { rules, silent } => {
                print_line(format_args!(
                    "rules version {rules} is in force, and all nodes poll again; write a backup now"
                ));
                for node in silent {
                    print_line(format_args!(
                        "node {node} is silent: start it with this version, from a new backup if it does not go on"
                    ));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Skip {
    fn run(self, config: &ConfigFile) -> CommandResult {
        let sequence = self.sequence;
        command::<bool>(config, &Command::Skip { sequence })?;
        if self.json {
            print_json(&serde_json::json!({ "skipped": sequence }));
        } else {
            print_line(format_args!("all nodes skip the turn at sequence {sequence}"));
        }
        Ok(ExitCode::SUCCESS)
    }
}
