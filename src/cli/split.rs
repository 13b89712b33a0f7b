//! `gazetted split`: takes an entry out of a story, for good.

use clap::Args;
use url::Url;

use super::{CliError, CommandResult, ConfigFile, Target, ask, overrides};
use crate::inquiry::Question;
use crate::inquiry::split::SplitAnswer;

/// Take an entry out of a story for good.
///
/// Writes a `[[story]]` table to `overrides.toml` beside the configuration,
/// if that includes it, in the place of one that `gazetted join` wrote, and
/// reloads; otherwise prints the table.
#[derive(Debug, Args)]
pub(super) struct Split {
    /// The story: the address of any of its entries, its published id, or its id.
    #[arg(value_name = "STORY")]
    story: String,
    /// The address of the entry that does not belong to it.
    #[arg(value_name = "URL")]
    address: Url,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl Split {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let Self { story, address, json } = self;
        let target = Target::from(config.plan()?);
        let question = Question::Split { story: story.clone(), address: address.clone() };
        let Some(SplitAnswer { title, source, pairs_to_separate }) =
            ask::ask_one(&target, question)?
        else {
            return Err(CliError::because(format!(
                "no entry at {address} is in a story {story}; `gazetted explain {address}` says where it is"
            )));
        };
        if pairs_to_separate.is_empty() {
            return Err(CliError::because(format!(
                "nothing else is in that story, or nothing with another address: {address} cannot be split from it"
            )));
        }
        let tables = pairs_to_separate
            .iter()
            .map(|pair| overrides::table("never", pair))
            .collect::<String>();
        let note = format!("split: \u{201c}{title}\u{201d} of {source} is another story");
        overrides::keep(config, &target, &note, &tables, &pairs_to_separate, json)
    }
}
