//! `gazetted check`: reports everything that is wrong with the configuration or the store.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::{
    BAD_CONFIGURATION, CliError, CommandResult, ConfigFile, Target, ask, check_store, print_json,
    print_line, show, try_query,
};
use crate::clock::Clock;
use crate::config::{Loaded, Plan, Problems, Sample, counted};
use crate::daemon;
use crate::inquiry::Question;
use crate::inquiry::changes::{ArchiveLine, Changes, Comparison, State, TopicChange};
use crate::inquiry::losses::{Losses, Wanted};
use crate::inquiry::samples::{self, FailedSample, SampleResults};
use crate::inquiry::status::BackupStatus;
use crate::model::Story;

/// The exit code when readers would notice the change.
const EXIT_TOPICS_CHANGE: u8 = 2;

/// Say everything that is wrong with the configuration.
///
/// Compiles it as a start or a reload would, and tries each topic on its
/// `must_match` and `must_not_match` samples; samples that are addresses stand
/// for the stored stories. Exits with 78 when a start would refuse it or when a
/// source's file is not there or is not a regular file, else with 1 when a sample fails, else, with `--archive`, with 2 when a topic
/// would gain or lose stories, appear or go, or stored stories would be removed.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Also say which stories each topic would gain and lose, of those that are
    /// stored; exits with 2 when any would.
    #[arg(long)]
    archive: bool,
    /// How far to look back for that, by the stories' dates.
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = humantime::parse_duration)]
    since: Duration,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
    /// Read every record of the store instead; the daemon must not run. Exits with 74 when it is damaged.
    #[arg(long)]
    store: bool,
    /// Save what can be read of a damaged store; it is kept as it was.
    #[arg(long, requires = "store")]
    repair: bool,
}

/// The output of `check --json`.
#[derive(Default, Serialize)]
struct Report {
    usable: bool,
    sources: usize,
    topics: usize,
    samples: usize,
    problems: Problems,
    failed_samples: Vec<FailedSample>,
    untried_samples: Vec<String>,
    /// Warnings of what a reload would take away.
    losses: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
    /// The stored stories that `[store] keep` and `[store] stories` would remove, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    removal: Option<Removal>,
    /// The result of trying the servers of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    cluster: Option<ClusterCheck>,
    /// The last automatic backup of the store, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    backup: Option<BackupStatus>,
}

/// The stored stories that would be removed.
#[derive(Serialize)]
struct Removal {
    stories: u64,
    of: u64,
}

/// The part of a check that is about the servers of a cluster.
#[derive(Serialize)]
struct ClusterCheck {
    usable: bool,
    notes: Vec<String>,
}

/// The part of a check that needs the store.
#[derive(Default)]
struct StoreAnswers {
    changes: Option<Changes>,
    losses: Losses,
    /// Stories that samples name.
    named: BTreeMap<String, Story>,
    /// Why the store cannot be asked.
    unreachable: Option<String>,
}

/// Tries the servers of the cluster, if there is one.
fn check_cluster(plan: &Plan) -> Result<Option<ClusterCheck>, CliError> {
    if plan.cluster.is_none() {
        return Ok(None);
    }
    Ok(Some(match super::runtime()?.block_on(daemon::check_servers(plan)) {
        Ok(notes) => ClusterCheck { usable: true, notes },
        Err(error) => ClusterCheck { usable: false, notes: vec![error.to_string()] },
    }))
}

impl Check {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        if self.store {
            return check_store::run(&config.plan()?, self.repair, self.json);
        }
        let report = match Plan::load(&config.config) {
            Ok(Loaded { plan, warnings }) => self.report_on(&plan, warnings.checked())?,
            Err(problems) => Report { problems, ..Report::default() },
        };
        if self.json {
            print_json(&report);
        } else {
            print(&report);
        }
        let is_cluster_unreachable = report.cluster.as_ref().is_some_and(|cluster| !cluster.usable);
        let changed = report
            .changes
            .as_ref()
            .is_some_and(|changes| changes.any() || report.removal.is_some());
        Ok(
            match (
                report.usable,
                report.failed_samples.is_empty() && !is_cluster_unreachable,
                changed,
            ) {
                (false, _, _) => ExitCode::from(BAD_CONFIGURATION),
                (true, false, _) => ExitCode::FAILURE,
                (true, true, true) => ExitCode::from(EXIT_TOPICS_CHANGE),
                (true, true, false) => ExitCode::SUCCESS,
            },
        )
    }

    fn report_on(&self, plan: &Plan, problems: Problems) -> Result<Report, CliError> {
        let StoreAnswers { changes, losses, named, unreachable } = self.ask_store(plan)?;
        let mut report = Report {
            usable: !problems.are_fatal(),
            sources: plan.sources.len(),
            topics: plan.topics.len(),
            samples: plan.samples.len(),
            problems,
            changes,
            removal: losses
                .stories
                .as_ref()
                .map(|loss| Removal { stories: loss.removed, of: loss.of }),
            losses: losses.warnings(),
            cluster: check_cluster(plan)?,
            backup: BackupStatus::newest(&plan.store.path, Clock::wall().now()),
            ..Report::default()
        };
        let SampleResults { failed, untried } =
            samples::try_samples(plan, |address| named.get(address).cloned());
        report.failed_samples = failed;
        report.untried_samples.extend(untried.into_iter().map(|Sample { at, text, .. }| {
            let why = unreachable.as_deref().unwrap_or("no stored story has this address");
            format!("{at}: {text} was not tried: {why}")
        }));
        Ok(report)
    }

    /// Asks the store for the stories that samples name, and with `--archive` for the stories that
    /// topics would gain and lose. Only `--archive` fails if the store cannot be asked.
    fn ask_store(&self, plan: &Plan) -> Result<StoreAnswers, CliError> {
        let addresses = samples::story_addresses(plan);
        let target = Target::from(plan.clone());
        let losses = losses(plan, &target).or_else(|error| match self.archive {
            true => Err(error),
            false => Ok(Losses::default()),
        })?;
        let mut archive = StoreAnswers { losses, ..StoreAnswers::default() };
        if addresses.is_empty() && !self.archive {
            return Ok(archive);
        }
        let now = Clock::wall().now();
        let since = self.archive.then(|| now.before(self.since));
        let named = addresses.into_iter().cloned().collect();
        let loss = archive.losses.stories.clone();
        let mut comparison = since.map(|since| Comparison::new(plan, since, now, loss));
        let asked = ask::ask(&target, Question::Archive { since, named }, |value| {
            match (serde_json::from_value(value), &mut comparison) {
                (Ok(ArchiveLine::Named(name, story)), _) => {
                    archive.named.insert(name, story);
                }
                (Ok(ArchiveLine::Topics(topics)), Some(comparison)) => {
                    comparison.published(topics);
                }
                (Ok(ArchiveLine::Story(story, topics)), Some(comparison)) => {
                    comparison.story(&story, &topics);
                }
                _ => {}
            }
        });
        match asked {
            Ok(()) => archive.changes = comparison.map(Comparison::finish),
            Err(error) if self.archive => return Err(error),
            Err(error) => archive.unreachable = Some(error.message),
        }
        Ok(archive)
    }
}

/// Asks for the losses by a reload of the plan. The store is opened only for a plan that removes
/// stories.
fn losses(plan: &Plan, target: &Target) -> Result<Losses, CliError> {
    let question = Question::Losses { wanted: Wanted::of(plan) };
    let losses = match plan.store.retention.is_bounded() {
        true => ask::ask_one(target, question)?,
        false => ask::ask_daemon(target, question)?,
    };
    Ok(losses.unwrap_or_default())
}

fn print(report: &Report) {
    if !report.problems.0.is_empty() {
        print_line(&report.problems);
    }
    report.failed_samples.iter().all(print_line);
    for untried in &report.untried_samples {
        print_line(format_args!("warning: {untried}"));
    }
    for loss in &report.losses {
        print_line(format_args!("warning: {loss}"));
    }
    if report.usable {
        let Report { sources, topics, samples, failed_samples, .. } = report;
        let failed = match failed_samples.len() {
            0 => "all as expected".to_owned(),
            failed => format!("{failed} not as expected"),
        };
        print_line(format_args!(
            "{}, {}, {}: {failed}",
            counted(*sources, "source"),
            counted(*topics, "topic"),
            counted(*samples, "sample")
        ));
    }
    for note in report.cluster.iter().flat_map(|cluster| &cluster.notes) {
        print_line(format_args!("[cluster] {note}"));
    }
    report.backup.iter().for_each(show::print_backup);
    if let Some(changes) = &report.changes {
        print_changes(changes);
    }
}

fn print_changes(changes: &Changes) {
    let Changes { since, looked_at, topics, warnings } = changes;
    for warning in warnings {
        print_line(format_args!("\nwarning: {warning}"));
    }
    let day = since.get(..10).unwrap_or(since);
    print_line(format_args!("\n{looked_at} stored stories since {day}"));
    let of_note = |topic: &&TopicChange| topic.state != State::Same || topic.formerly.is_some();
    for change in topics.iter().filter(of_note) {
        let TopicChange { topic, state, formerly, stories, added, adds, lost, loses } = change;
        let note = match (state, formerly) {
            (State::New, _) => ", new".to_owned(),
            (State::Removed, _) => ", removed".to_owned(),
            (_, Some(formerly)) => format!(", formerly {formerly}"),
            _ => format!(", {stories} in all"),
        };
        print_line(format_args!("\ntopic {topic}: +{added} −{lost} stories{note}"));
        try_query::stories('+', *added, adds);
        try_query::stories('-', *lost, loses);
    }
    let same = topics.len() - topics.iter().filter(of_note).count();
    let stay = if same == 1 { "stays as it is" } else { "stay as they are" };
    print_line(format_args!("\n{} {stay}", counted(same, "topic")));
}
