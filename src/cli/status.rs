//! `gazetted status`: shows how every source is doing, and why.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::output::print_json_line;
use super::{CliError, CommandResult, ConfigFile, Target, ask, nearest, print_line, show};
use crate::control::Command;
use crate::engine::TopicFillProgress;
use crate::inquiry::Question;
use crate::inquiry::status::{HubStatus, KeptStatus, SourceReport};
use crate::model::TopicSilence;

/// Show how every source is doing.
///
/// Asks the running daemon, also while the configuration file on disk is broken, and reads the
/// store where none runs. Exits with 1 where a named source is unknown.
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Only these sources.
    #[arg(value_name = "SOURCE")]
    sources: Vec<String>,
    /// Say nothing; exit with 0 if the running daemon is ready to serve, and with 1 otherwise.
    #[arg(long, conflicts_with_all = ["sources", "json"])]
    ready: bool,
    /// Print JSON Lines: one object a source, one a topic that is silent or being filled, one of
    /// what is kept, and one of what waits for a restart.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let target = &config.target()?;
        if self.ready {
            return is_ready(target);
        }
        let mut rows: Vec<SourceReport> = Vec::new();
        ask::ask(target, Question::Status, |value| rows.extend(serde_json::from_value(value)))?;
        for name in &self.sources {
            if rows.iter().all(|row| row.id != *name) {
                let known = rows.iter().map(|row| row.id.as_str());
                return Err(CliError::because(nearest::unknown("source", name, known)));
            }
        }
        if !self.sources.is_empty() {
            rows.retain(|row| self.sources.contains(&row.id));
        }
        // A command that names a source reports all of it, and nothing else.
        let (silent, filling) = match self.sources.is_empty() {
            true => (silent_topics(target)?, filling_topics(target)?),
            false => Default::default(),
        };
        let kept: Option<KeptStatus> = match self.sources.is_empty() {
            true => ask::ask_one(target, Question::Kept)?,
            false => None,
        };
        let pending = match self.sources.is_empty() {
            true => pending_changes(target)?,
            false => Vec::new(),
        };
        if self.json {
            let _ = rows.iter().all(print_json_line)
                && silent.iter().all(|topic| print_json_line(&of_topic(topic)))
                && filling.iter().all(|topic| print_json_line(&of_filling(topic)))
                && kept.iter().all(|kept| print_json_line(&json!({ "kept": kept })))
                && (pending.is_empty() || print_json_line(&json!({ "pending": pending })));
        } else {
            show::print_sources(&rows);
            if !self.sources.is_empty() {
                rows.iter().for_each(show::print_source);
            }
            for TopicSilence { topic, since, .. } in &silent {
                print_line(format_args!("topic {topic} is silent: no story since {since}"));
            }
            for TopicFillProgress { topic, matched, of } in &filling {
                print_line(format_args!(
                    "topic {topic} is being filled: {matched} of {of} stories matched"
                ));
            }
            kept.iter().for_each(show::print_store_size);
            pending.iter().all(print_line);
            if self.sources.is_empty()
                && let Some(HubStatus { subscriptions, hosts, failing }) =
                    ask::ask_one(target, Question::Hub)?
            {
                print_line(format_args!(
                    "our hub: {subscriptions} subscriptions of {hosts} hosts, {failing} failing"
                ));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// For health checks: whether a daemon runs and serves what it reads.
fn is_ready(target: &Target) -> CommandResult {
    match ask::run_command::<bool>(target, &Command::Ready)? {
        Some(answered) => answered.map_err(CliError::because)?,
        None => return Err(ask::no_daemon_error(target)),
    };
    Ok(ExitCode::SUCCESS)
}

/// The topics into which no story comes any more.
fn silent_topics(target: &Target) -> Result<Vec<TopicSilence>, CliError> {
    let mut silences: Vec<TopicSilence> = Vec::new();
    ask::ask(target, Question::Silences, |value| silences.extend(serde_json::from_value(value)))?;
    silences.retain(|silence| silence.ended.is_none());
    Ok(silences)
}

/// The topics whose changed query is matched with what is stored.
fn filling_topics(target: &Target) -> Result<Vec<TopicFillProgress>, CliError> {
    let mut fill_progress: Vec<TopicFillProgress> = Vec::new();
    ask::ask(target, Question::FillProgress, |value| {
        fill_progress.extend(serde_json::from_value(value))
    })?;
    Ok(fill_progress)
}

/// The changes of the configuration that wait for a restart.
fn pending_changes(target: &Target) -> Result<Vec<String>, CliError> {
    let mut pending: Vec<String> = Vec::new();
    ask::ask(target, Question::Pending, |value| pending.extend(serde_json::from_value(value)))?;
    Ok(pending)
}

/// The same as a line of JSON.
fn of_filling(filling: &TopicFillProgress) -> serde_json::Value {
    let TopicFillProgress { topic, matched, of } = filling;
    json!({ "topic": topic, "state": "filling", "matched": matched, "of": of })
}

/// A silent topic as a line of JSON; a line with `topic` is not a source.
fn of_topic(silence: &TopicSilence) -> serde_json::Value {
    let TopicSilence { topic, since, reported, .. } = silence;
    json!({
        "topic": topic,
        "state": "silent",
        "silent_since": since.to_string(),
        "reported": reported.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Timestamp, TopicId};

    #[test]
    fn a_topic_that_is_being_filled_is_a_line_that_no_source_is_mistaken_for() {
        let filling = TopicFillProgress { topic: TopicId::new("balkans"), matched: 200, of: 4100 };
        assert_eq!(
            of_filling(&filling).to_string(),
            r#"{"matched":200,"of":4100,"state":"filling","topic":"balkans"}"#
        );
    }

    #[test]
    fn a_silent_topic_is_a_line_that_no_source_is_mistaken_for() {
        let silence = TopicSilence {
            topic: TopicId::new("balkans"),
            since: Timestamp::from_secs(1_743_600_000),
            reported: Timestamp::from_secs(1_745_000_000),
            ended: None,
        };
        assert_eq!(
            of_topic(&silence).to_string(),
            r#"{"reported":"2025-04-18T18:13:20Z","silent_since":"2025-04-02T13:20:00Z","state":"silent","topic":"balkans"}"#
        );
    }
}
