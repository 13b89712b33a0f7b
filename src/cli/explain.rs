//! `gazetted explain`: a story's address or id in; every decision about it out.

use std::process::ExitCode;

use clap::Args;

use super::{ConfigFile, Done, Stop, ask, print_json, show};
use crate::inquiry::Question;
use crate::inquiry::explain::ExplainedStory;

/// Say why a story is one story, and why it is in a topic or not.
#[derive(Debug, Args)]
pub(super) struct Explain {
    #[command(flatten)]
    config: ConfigFile,
    /// The address of any of its entries, its published id, or its id.
    #[arg(value_name = "URL|ID")]
    story: String,
    /// Only this topic.
    #[arg(long, value_name = "TOPIC")]
    topic: Option<String>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub(super) fn run(self) -> Done {
        let plan = self.config.plan()?;
        if let Some(topic) = &self.topic
            && plan.topics.iter().all(|known| known.id.as_str() != topic)
        {
            return Err(Stop::because(format!("no topic is called {topic}")));
        }
        let mut answer = None;
        ask::ask(plan, Question::Explain { story: self.story.clone() }, |value| {
            answer = Some(value)
        })?;
        let Some(mut story) =
            answer.and_then(|value| serde_json::from_value::<ExplainedStory>(value).ok())
        else {
            return Err(Stop::because(format!(
                "no stored story has the address or id {}; try the link as a source lists it",
                self.story
            )));
        };
        if let Some(only) = &self.topic {
            story.topics.retain(|topic| topic.id == *only);
        }
        if self.json {
            print_json(&story);
        } else {
            show::story(&story);
        }
        Ok(ExitCode::SUCCESS)
    }
}
