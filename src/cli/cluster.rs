//! `gazetted cluster`: begins a cluster of several machines, and shows its state.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{CliError, CommandResult, ConfigFile, ask, print_json, print_line};
use crate::clock::Clock;
use crate::control::Command;
use crate::daemon;
use crate::pipeline::{ClusterStatus, NodeStatus};
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
    Pause(Pause),
    Resume(Resume),
}

/// Begin a cluster from the store of this machine.
///
/// Makes the stream on the NATS servers. The daemon must not run. Other machines join with a
/// backup of this store; with an empty store, they can begin with empty ones.
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

/// Have no node poll, until `gazetted cluster resume`.
///
/// All nodes go on serving readers.
#[derive(Debug, Args)]
struct Pause {}

/// Have all nodes poll again.
#[derive(Debug, Args)]
struct Resume {}

impl Cluster {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        match self.command {
            ClusterCommand::Init(init) => init.run(config),
            ClusterCommand::Status(status) => status.run(config),
            ClusterCommand::Pause(Pause {}) => pause(config, true),
            ClusterCommand::Resume(Resume {}) => pause(config, false),
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
        let daemon::Begun { stream, node, stories, .. } = begun;
        print_line(format_args!("the stream {stream} begins with the store of node {node}"));
        print_line(match stories {
            0 => "start gazetted here, and on the other machines with empty stores".to_owned(),
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

/// A node is called silent after so many seconds: it sends heartbeats far more often.
const SILENT: u64 = 10;

fn show(status: &ClusterStatus) {
    let ClusterStatus { name, sequence, leader, term, plan, digest, paused, .. } = status;
    for one in &status.nodes {
        let NodeStatus {
            node, sequence, lag, heard, partitions, version, rules, not_ready, ..
        } = one;
        let state = match not_ready {
            _ if *heard > SILENT => format!("silent for {heard} s"),
            None => "ready".to_owned(),
            Some(why) => format!("not ready: {why}"),
        };
        print_line(format_args!(
            "{node}: {state}; sequence {sequence}, {lag} s behind, {partitions} of {} shares, gazetted {version} (rules {rules})",
            ClusterStatus::SHARES
        ));
    }
    let leader = leader.as_ref().map_or("nobody".to_owned(), ToString::to_string);
    let term = term.map_or("none".to_owned(), |term| term.to_string());
    print_line(format_args!(
        "cluster {name}: {leader} leads (term {term}); this node is at sequence {sequence}, state {digest}, plan {plan}"
    ));
    if *paused {
        print_line("nobody polls: `gazetted cluster resume` ends the pause");
    }
}

fn pause(config: &ConfigFile, pauses: bool) -> CommandResult {
    let target = config.target()?;
    match ask::run_command::<bool>(&target, &Command::Pause { pauses })? {
        None => Err(ask::no_daemon_error(&target)),
        Some(answer) => {
            answer.map_err(CliError::because)?;
            print_line(if pauses { "no node polls; all serve" } else { "all nodes poll again" });
            Ok(ExitCode::SUCCESS)
        }
    }
}
