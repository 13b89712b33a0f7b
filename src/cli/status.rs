//! `gazetted status`: nothing in; how every source is doing, and why, out.

use std::process::ExitCode;

use clap::Args;

use super::{ConfigFile, Done, ask, print_line, show};
use crate::inquiry::Question;
use crate::inquiry::status::{HubStatus, SourceStatus};
use crate::model::TopicSilence;

/// Say how every source is doing.
#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    config: ConfigFile,
    /// Only these sources.
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Print one JSON object a source instead of a table.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self) -> Done {
        let plan = self.config.plan()?;
        let mut rows: Vec<SourceStatus> = Vec::new();
        ask::ask(plan.clone(), Question::Status, |value| {
            rows.extend(serde_json::from_value(value))
        })?;
        if !self.sources.is_empty() {
            rows.retain(|row| self.sources.contains(&row.id));
        }
        if self.json {
            rows.iter().all(|row| print_line(serde_json::to_string(row).unwrap_or_default()));
        } else {
            show::status_table(&rows);
            // Whoever names a source wants to know all of it.
            if !self.sources.is_empty() {
                rows.iter().for_each(show::status_in_full);
            } else {
                let mut silences: Vec<TopicSilence> = Vec::new();
                ask::ask(plan.clone(), Question::Silences, |value| {
                    silences.extend(serde_json::from_value(value))
                })?;
                for silence in silences.iter().filter(|silence| silence.ended.is_none()) {
                    let TopicSilence { topic, since, .. } = silence;
                    print_line(format_args!("topic {topic} is silent: no story since {since}"));
                }
                let hub = ask::ask_one(plan, Question::Hub)?;
                if let Some(HubStatus { subscriptions, hosts, failing }) = hub {
                    print_line(format_args!(
                        "our hub: {subscriptions} subscriptions of {hosts} hosts, {failing} failing"
                    ));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
