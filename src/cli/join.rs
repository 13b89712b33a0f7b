//! `gazetted join`: makes one story of two, for good.

use std::process::ExitCode;

use clap::Args;
use url::Url;

use super::overrides::{self, Decided};
use super::{CliError, CommandResult, ConfigFile, Target, ask, print_json, print_line};
use crate::inquiry::Question;
use crate::inquiry::explain::ExplainedStory;

/// Make one story of two for good.
///
/// Writes a `[[story]]` table to `overrides.toml` beside the configuration,
/// if that includes it, and reloads; otherwise prints the table.
#[derive(Debug, Args)]
pub(super) struct Join {
    /// The address of an entry of the one story.
    #[arg(value_name = "URL")]
    one: Url,
    /// The address of an entry of the other.
    #[arg(value_name = "URL")]
    other: Url,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl Join {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let Self { one, other, json } = self;
        let target = Target::from(config.plan()?);
        let (first, second) = (story_at(&target, &one)?, story_at(&target, &other)?);
        if first.id == second.id && json {
            print_json(&Decided::default());
            return Ok(ExitCode::SUCCESS);
        }
        if first.id == second.id {
            print_line(format_args!("they are one story already: {}", first.title));
            return Ok(ExitCode::SUCCESS);
        }
        let table = overrides::table("force", &[one.to_string(), other.to_string()]);
        let (first, second) = (first.title, second.title);
        let note =
            format!("join: \u{201c}{first}\u{201d} and \u{201c}{second}\u{201d} are one story");
        overrides::keep(config, &target, &note, &table, &[], json)
    }
}

fn story_at(target: &Target, address: &Url) -> Result<ExplainedStory, CliError> {
    let question = Question::Explain { story: address.to_string() };
    ask::ask_one(target, question)?.ok_or_else(|| {
        CliError::because(format!(
            "no stored story has an entry at {address}; try the link as a source lists it"
        ))
    })
}
