//! `gazetted join`: two entries that are about one thing in; one story out.

use std::process::ExitCode;

use clap::Args;
use url::Url;

use super::{ConfigFile, Done, Stop, ask, overrides, print_line};
use crate::config::Plan;
use crate::inquiry::Question;
use crate::inquiry::explain::ExplainedStory;

/// Make one story of two for good.
///
/// Writes a `[[story]]` table to `overrides.toml` beside the configuration,
/// if that includes it, and reloads; otherwise prints the table.
#[derive(Debug, Args)]
pub(super) struct Join {
    #[command(flatten)]
    config: ConfigFile,
    /// The address of an entry of the one story.
    #[arg(value_name = "URL")]
    one: Url,
    /// The address of an entry of the other.
    #[arg(value_name = "URL")]
    other: Url,
}

impl Join {
    pub(super) fn run(self) -> Done {
        let Self { config, one, other } = self;
        let plan = config.plan()?;
        let (first, second) = (story_at(&plan, &one)?, story_at(&plan, &other)?);
        if first.id == second.id {
            print_line(format_args!("they are one story already: {}", first.title));
            return Ok(ExitCode::SUCCESS);
        }
        let table = overrides::table("force", &[one.to_string(), other.to_string()]);
        let (first, second) = (first.title, second.title);
        let note =
            format!("join: \u{201c}{first}\u{201d} and \u{201c}{second}\u{201d} are one story");
        overrides::keep(&config, &plan, &note, &table)
    }
}

fn story_at(plan: &Plan, address: &Url) -> Result<ExplainedStory, Stop> {
    let question = Question::Explain { story: address.to_string() };
    ask::ask_one(plan.clone(), question)?.ok_or_else(|| {
        Stop::because(format!(
            "no stored story has an entry at {address}; try the link as a source lists it"
        ))
    })
}
