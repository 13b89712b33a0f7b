//! `gazetted poll`: sources in; one poll of each, and what came of it, out.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::{ConfigFile, Done, Stop, print_json_line, show};
use crate::clock::Clock;
use crate::config::Plan;
use crate::control::{self, Command};
use crate::inquiry::polled::PollReport;
use crate::model::SourceId;
use crate::pipeline::{EngineDriver, Pipeline, Request};
use crate::publish::ResponseCache;
use crate::store::{self, Store};

/// Poll once, now, and say what came of it.
///
/// A source that asked to be left alone, or was asked too recently, is not
/// asked. Exits with 1 when a source failed.
#[derive(Debug, Args)]
pub(super) struct Poll {
    #[command(flatten)]
    config: ConfigFile,
    /// The sources to poll; all when none is named.
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Print one JSON object a source instead of a table.
    #[arg(long)]
    json: bool,
}

impl Poll {
    pub(super) fn run(self) -> Done {
        let plan = self.config.plan()?;
        let chosen = chosen(&plan, &self.sources)?;
        let bar = progress(chosen.len());
        let mut reports: Vec<PollReport> = Vec::with_capacity(chosen.len());
        let mut ended = |report: PollReport| {
            bar.set_message(report.source.clone());
            bar.inc(1);
            reports.push(report);
        };
        super::runtime()?.block_on(async {
            match control::connect(&plan).await {
                Some(stream) => {
                    let command =
                        Command::Poll { sources: chosen.iter().map(ToString::to_string).collect() };
                    let item = |value| {
                        ended(serde_json::from_value(value).expect("the daemon sends poll reports"))
                    };
                    control::command(stream, &command, item).await.map_err(Stop::because)
                }
                None => poll_here(plan, chosen, &mut ended).await,
            }
        })?;
        bar.finish_and_clear();
        reports.sort_by(|a, b| a.source.cmp(&b.source));
        if self.json {
            reports.iter().all(print_json_line);
        } else {
            show::poll_table(&reports);
        }
        Ok(if reports.iter().any(PollReport::failed) {
            ExitCode::FAILURE
        } else {
            ExitCode::SUCCESS
        })
    }
}

/// The named sources, or all; a name that is none is an error with the nearest one.
fn chosen(plan: &Plan, named: &[String]) -> Result<BTreeSet<SourceId>, Stop> {
    if named.is_empty() {
        return Ok(plan.sources.keys().cloned().collect());
    }
    let find = |name: &String| match plan.sources.get_key_value(name.as_str()) {
        Some((id, _)) => Ok(id.clone()),
        None => {
            let near = |id: &&SourceId| (strsim::jaro_winkler(id.as_str(), name) * 1000.0) as u32;
            let nearest = plan.sources.keys().max_by_key(near);
            let hint = nearest.map_or(String::new(), |id| format!("; did you mean {id}?"));
            Err(Stop::because(format!("no source is called {name}{hint}")))
        }
    };
    named.iter().map(find).collect()
}

/// One pass by this process, with nobody serving.
async fn poll_here(
    plan: Plan,
    chosen: BTreeSet<SourceId>,
    ended: &mut impl FnMut(PollReport),
) -> Result<(), Stop> {
    let store: Arc<dyn Store> = store::open(&plan.store.path, plan.store.cache)?;
    let clock = Clock::wall();
    let driver = EngineDriver::open(
        Arc::new(plan),
        store.clone(),
        Arc::new(ResponseCache::default()),
        clock.now(),
    )
    .await?;
    let source_states = driver.source_states();
    let (requests, incoming) = mpsc::channel(chosen.len().max(1));
    let pipeline = Pipeline::new(driver, clock, incoming)
        .map_err(|failure| Stop { code: super::BAD_CONFIGURATION, message: failure.to_string() })?
        .only(chosen.clone());
    let mut polls = JoinSet::new();
    for source in chosen {
        let (done, polled) = oneshot::channel();
        requests
            .send(Request::PollNow { source: source.clone(), done })
            .await
            .map_err(Stop::because)?;
        polls.spawn(async move { (source, polled.await.ok()) });
    }
    let pipeline = tokio::spawn(pipeline.run());
    while let Some(Ok((source, polled))) = polls.join_next().await {
        let state = source_states
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .get(&source)
            .map(|state| (**state).clone());
        ended(PollReport::of(&source, polled, &state.unwrap_or_default()));
    }
    drop(requests);
    pipeline.await.map_err(Stop::because)??;
    Ok(store.close()?)
}

/// A bar for a person at a terminal, nothing for a pipe.
fn progress(polls: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} polled  {msg}");
    let bar = ProgressBar::new(polls as u64);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
