//! `gazetted explain`: shows every decision about one story.

use std::process::ExitCode;

use clap::Args;

use super::{
    CliError, CommandResult, ConfigFile, Target, ask, nearest, print_error, print_json, show,
};
use crate::control::Command;
use crate::inquiry::Question;
use crate::inquiry::changes::ArchiveLine;
use crate::inquiry::explain::{ExplainedStory, topics_of};

/// Show why a story is one story, and why it is in a topic or not.
///
/// A running daemon answers by the configuration in force, and the answer says where the file
/// differs. With `--file` the topics of the file decide, before they are in force.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The address of any of its entries, its published id, or its id.
    #[arg(value_name = "URL|ID")]
    story: String,
    /// Only this topic.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Judge by the topics of the configuration file, rather than by those in force.
    #[arg(long)]
    file: bool,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let target = config.target()?;
        if self.file {
            target.plan()?;
        }
        let question = Question::Explain { story: self.story.clone() };
        let Some(mut story) = ask::ask_one::<ExplainedStory>(&target, question)? else {
            return Err(CliError::because(format!(
                "no stored story has the address or id {}; try the link as a source lists it",
                self.story
            )));
        };
        if self.file {
            self.judge_by_file(&target, &mut story)?;
        } else if differs(&target)? {
            print_error(
                "note: the configuration file differs from the one in force, by which this is explained; \
                 `--file` explains by the file, `gazetted reload` puts it in force",
            );
        }
        if let Some(only) = &self.topic {
            let known = story.topics.iter().map(|topic| topic.id.as_str());
            if known.clone().all(|known| known != only) {
                return Err(CliError::because(nearest::unknown("topic", only, known)));
            }
            story.topics.retain(|topic| topic.id == *only);
        }
        if self.json {
            print_json(&story);
        } else {
            show::print_story(&story);
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Explains the topics by the plan in the file.
    fn judge_by_file(&self, target: &Target, story: &mut ExplainedStory) -> Result<(), CliError> {
        let question = Question::Archive { since: None, named: vec![self.story.clone()] };
        let plan = target.plan()?;
        ask::ask(target, question, |value| {
            if let Ok(ArchiveLine::Named(_, named)) = serde_json::from_value(value) {
                story.topics = topics_of(&named, plan);
            }
        })
    }
}

/// Whether a running daemon has another configuration in force than the file holds.
fn differs(target: &Target) -> Result<bool, CliError> {
    let Ok(plan) = &target.plan else { return Ok(false) };
    let command = Command::Ask { question: Question::Digest };
    let digest = ask::run_command::<u64>(target, &command)?.and_then(Result::ok).flatten();
    Ok(digest.is_some_and(|digest| digest != plan.digest))
}
