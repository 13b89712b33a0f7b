//! `gazetted check`: a configuration, or a store, in; everything that is wrong with it out.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{BAD_CONFIGURATION, ConfigFile, Done, print_line, survey};
use crate::config::{Loaded, Plan, Problems};

/// Say everything that is wrong with the configuration.
///
/// Compiles it as a start or a reload would, and tries each topic on its
/// `must_match` and `must_not_match` samples. Exits with 78 when a start would
/// refuse it, with 1 when a sample fails.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    config: ConfigFile,
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

/// What `check --json` prints.
#[derive(Serialize)]
struct Report {
    usable: bool,
    sources: usize,
    topics: usize,
    samples: usize,
    problems: Problems,
    failed_samples: Vec<FailedSample>,
}

/// A sample that a topic treats otherwise than its author expects.
#[derive(Serialize)]
struct FailedSample {
    at: String,
    topic: String,
    must_match: bool,
    text: String,
    because: String,
}

impl Check {
    pub(super) fn run(self) -> Done {
        if self.store {
            return survey::run(&self.config.plan()?.store, self.repair, self.json);
        }
        let report = match Plan::load(&self.config.config) {
            Ok(Loaded { plan, warnings }) => Report {
                usable: true,
                sources: plan.sources.len(),
                topics: plan.topics.len(),
                samples: plan.samples.len(),
                problems: warnings,
                failed_samples: failed_samples(&plan),
            },
            Err(problems) => Report {
                usable: false,
                sources: 0,
                topics: 0,
                samples: 0,
                problems,
                failed_samples: Vec::new(),
            },
        };
        if self.json {
            print_line(serde_json::to_string_pretty(&report).unwrap_or_default());
        } else {
            print(&report);
        }
        Ok(match (report.usable, report.failed_samples.is_empty()) {
            (false, _) => ExitCode::from(BAD_CONFIGURATION),
            (true, false) => ExitCode::FAILURE,
            (true, true) => ExitCode::SUCCESS,
        })
    }
}

fn failed_samples(plan: &Plan) -> Vec<FailedSample> {
    let tried = plan
        .samples
        .iter()
        .map(|sample| (sample, plan.queries.explain_text(&sample.text, sample.topic)));
    tried
        .filter(|(sample, explanation)| explanation.matched != sample.must_match)
        .map(|(sample, explanation)| FailedSample {
            at: sample.at.clone(),
            topic: plan.topics[sample.topic].id.to_string(),
            must_match: sample.must_match,
            text: sample.text.clone(),
            because: explanation.summary,
        })
        .collect()
}

fn print(report: &Report) {
    if !report.problems.0.is_empty() {
        print_line(&report.problems);
    }
    for FailedSample { at, topic, must_match, text, because } in &report.failed_samples {
        let what =
            if *must_match { "does not match what it must" } else { "matches what it must not" };
        print_line(format_args!("{at}: topic {topic} {what}\n    {text}\n    {because}"));
    }
    if report.usable {
        let Report { sources, topics, samples, failed_samples, .. } = report;
        let failed = match failed_samples.len() {
            0 => "all as expected".to_owned(),
            failed => format!("{failed} not as expected"),
        };
        print_line(format_args!("{sources} sources, {topics} topics, {samples} samples: {failed}"));
    }
}
