//! `gazetted poll`: polls sources once, by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::output::print_json_line;
use super::progress::Progress;
use super::{CliError, CommandResult, ConfigFile, USAGE, ask, nearest, print_error, show};
use crate::clock::Clock;
use crate::config::Plan;
use crate::control::Command;
use crate::inquiry::Records;
use crate::inquiry::polled::{PollLine, PollReport};
use crate::model::SourceId;
use crate::pipeline::{EngineDriver, Pipeline, Request};
use crate::publish::ResponseCache;
use crate::store::{self, Store};

/// Poll once, now, and show the outcome.
///
/// A source that asked to be left alone, or that was asked too recently, is not asked unless
/// `--now` says so. Exits with 1 when a source failed or was not asked.
#[derive(Debug, Args)]
pub(super) struct Poll {
    /// The sources to poll; all when none is named.
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Ask the named sources once in spite of holds, floors and `hard_floor`, after saying what
    /// that overrides.
    #[arg(long)]
    now: bool,
    /// Print JSON Lines, one object a source, instead of a table.
    #[arg(long)]
    json: bool,
}

impl Poll {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        if self.now && self.sources.is_empty() {
            let message = "`--now` is for named sources: `gazetted poll --now SOURCE`".to_owned();
            return Err(CliError { code: USAGE, message });
        }
        let target = config.target()?;
        if let Ok(plan) = &target.plan {
            let known = |name: &&String| !plan.sources.contains_key(name.as_str());
            if let Some(name) = self.sources.iter().find(known) {
                let known = plan.sources.keys().map(SourceId::as_str);
                return Err(CliError::because(nearest::unknown("source", name, known)));
            }
        }
        let count = match &target.plan {
            Ok(plan) if self.sources.is_empty() => plan.sources.len(),
            _ => self.sources.len(),
        };
        let mut progress = Progress::new(count);
        let mut reports: Vec<PollReport> = Vec::with_capacity(count);
        let mut show_line = |line: PollLine| match line {
            PollLine::Ended(report) => {
                progress.advance(1, &report.source);
                reports.push(report);
            }
            PollLine::Overrides { source, overrides } => {
                progress.clear();
                for bound in overrides {
                    print_error(format_args!("{source}: overrides {bound}"));
                }
            }
        };
        let command = Command::Poll { sources: self.sources.clone(), now: self.now };
        let item = |value| {
            show_line(serde_json::from_value(value).expect("the daemon sends poll reports"));
        };
        match ask::send_command(&target, &command, item)? {
            Some(answered) => answered.map_err(CliError::because)?,
            None => {
                let plan = target.plan()?.clone();
                let chosen = match self.sources.as_slice() {
                    [] => plan.sources.keys().cloned().collect(),
                    named => named.iter().map(|name| SourceId::new(name.as_str())).collect(),
                };
                super::runtime()?.block_on(poll_here(plan, chosen, self.now, &mut show_line))?;
            }
        }
        progress.clear();
        reports.sort_by(|a, b| a.source.cmp(&b.source));
        if self.json {
            reports.iter().all(print_json_line);
        } else {
            show::print_polls(&reports);
        }
        let is_done = |report: &PollReport| !report.failed() && !report.was_refused();
        Ok(if reports.iter().all(is_done) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Polls in this process, without a server.
async fn poll_here(
    plan: Plan,
    chosen: BTreeSet<SourceId>,
    insists: bool,
    show_line: &mut impl FnMut(PollLine),
) -> Result<(), CliError> {
    let store: Arc<dyn Store> = store::open(&plan.store.path, plan.store.cache)?;
    let clock = Clock::wall();
    let plan = Arc::new(plan);
    let cache = Arc::new(ResponseCache::default());
    let driver = EngineDriver::open(plan.clone(), store.clone(), cache, clock.now()).await?;
    let records = Records::new(plan, store.clone(), driver.source_states());
    let mut overridden = BTreeMap::new();
    for source in chosen.iter().filter(|_| insists) {
        let overrides = records.overridden(source, clock.now());
        show_line(PollLine::Overrides { source: source.to_string(), overrides: overrides.clone() });
        overridden.insert(source.clone(), overrides);
    }
    let (requests, incoming) = mpsc::channel(chosen.len().max(1));
    let pipeline = Pipeline::new(driver, clock.clone(), incoming)
        .map_err(|failure| CliError {
            code: super::BAD_CONFIGURATION,
            message: failure.to_string(),
        })?
        .only(chosen.clone());
    let mut polls = JoinSet::new();
    for source in chosen {
        let (done, polled) = oneshot::channel();
        requests
            .send(Request::PollNow { source: source.clone(), insists, done })
            .await
            .map_err(CliError::because)?;
        polls.spawn(async move { (source, polled.await.ok()) });
    }
    let pipeline = tokio::spawn(pipeline.run());
    while let Some(Ok((source, polled))) = polls.join_next().await {
        let overrides = overridden.remove(&source).unwrap_or_default();
        let report = PollReport::of(&source, polled, &records, overrides);
        show_line(PollLine::Ended(report));
    }
    drop(requests);
    pipeline.await.map_err(CliError::because)??;
    Ok(store.close()?)
}
