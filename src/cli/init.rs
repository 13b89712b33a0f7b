//! `gazetted init`: writes a first configuration that runs.

use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::feeds::{self, FeedArgs, FoundFeeds};
use super::{CliError, CommandResult, print_json, print_line};
use crate::config::opml::ReadingList;
use crate::config::{Plan, counted};
use crate::fetch;
use crate::model::Sources;

/// The name of the file.
const NAME: &str = "gazetted.toml";

/// Departments to begin with, where no feed is named.
const FIRST: [&str; 5] = [
    "foreign-commonwealth-development-office",
    "home-office",
    "hm-treasury",
    "ministry-of-defence",
    "department-for-business-and-trade",
];

/// Topics to start from.
const TOPICS: [(&str, &str); 6] = [
    ("western-balkans", include_str!("../../config/topics/western-balkans.toml")),
    ("sanctions", include_str!("../../config/topics/sanctions.toml")),
    ("ukraine", include_str!("../../config/topics/ukraine.toml")),
    ("defence", include_str!("../../config/topics/defence.toml")),
    ("trade", include_str!("../../config/topics/trade.toml")),
    (
        "migration-and-organised-crime",
        include_str!("../../config/topics/migration-and-organised-crime.toml"),
    ),
];

/// Write a first configuration, which runs as it is.
///
/// Writes DIR/gazetted.toml and asks nothing. A file that is there already is left alone: exits
/// with 1. Without a feed to read it begins with five departments of GOV.UK.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The directory, which is created if it does not exist.
    #[arg(value_name = "DIR", default_value = ".")]
    directory: PathBuf,
    /// Sites or feeds to read. For a site, the feed that it advertises is used, or one in a common
    /// place.
    #[arg(long, value_name = "ADDRESS", num_args = 1..)]
    url: Vec<String>,
    #[command(flatten)]
    wanted: FeedArgs,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl Init {
    pub(super) fn run(self) -> CommandResult {
        let file = self.directory.join(NAME);
        // No site is asked for feeds that would not be used.
        if file.symlink_metadata().is_ok() {
            return Err(is_there(&file));
        }
        let found = match self.url.is_empty() && self.wanted.is_empty() {
            true => feeds::govuk_feeds(&FIRST),
            false => self.wanted.find(&self.url, &Sources::new(), &fetch::Settings::default())?,
        };
        if !self.json {
            feeds::print_found(&found);
        }
        let FoundFeeds { sources, notes } = found;
        let list = ReadingList { sources, left_out: notes };
        write(&self.directory, &file, &configuration(&list))?;
        // A file of ours that does not compile is a fault of ours, and is said at once.
        let plan = Plan::load(&file)?.plan;
        if self.json {
            print_json(&json!({ "file": file, "sources": list.sources, "notes": list.left_out }));
            return Ok(ExitCode::SUCCESS);
        }
        let shown = file.display();
        print_line(format_args!(
            "{shown}: {}, and a topic of everything they announce\n\n  \
             gazetted check --config {shown}\n  gazetted run --config {shown}\n\n\
             then look at {}; `gazetted source add` adds further feeds",
            counted(plan.sources.len(), "source"),
            plan.server.site.base_url
        ));
        Ok(ExitCode::SUCCESS)
    }
}

fn is_there(file: &Path) -> CliError {
    CliError::because(format!(
        "{} is there already and stays as it is; `gazetted source add` adds feeds to it",
        file.display()
    ))
}

/// Writes the file, never in the place of another.
fn write(directory: &Path, file: &Path, text: &str) -> Result<(), CliError> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => is_there(file),
        _ => CliError::because(format!("{}: {error}", file.display())),
    };
    std::fs::create_dir_all(directory).map_err(failed)?;
    let mut out = OpenOptions::new().write(true).create_new(true).open(file).map_err(failed)?;
    out.write_all(text.as_bytes()).map_err(failed)?;
    out.sync_all().map_err(failed)
}

/// The text of the file.
fn configuration(list: &ReadingList) -> String {
    let mut text = String::from(HEAD);
    text.push_str(&list.to_toml());
    text.push_str(EVERYTHING);
    for (name, topic) in TOPICS {
        let _ = writeln!(text, "\n# {name}.toml\n#");
        for line in topic.trim_end().lines() {
            text.push_str(if line.is_empty() { "#" } else { "# " });
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

const HEAD: &str = r#"# The configuration of gazetted. It works as it is; every option, with its default,
# is in reference.toml, and the language of topics in TOPICS.md, both beside the
# documentation. After a change: `gazetted check`, then `gazetted reload`.

# Further files with sources and topics, beside this one.
include = ["topics.d/*.toml", "sources.d/*.toml", "overrides*.toml"]

[store]
# Where stories are kept, beside this file.
path = "gazetted-data/store"

[server]
listen = "127.0.0.1:8484"
# The address that readers use, usually that of a proxy that speaks TLS.
# base_url = "https://news.example.org/"
title = "Announcements"

[polling]
# Address at which sources can reach the operator of this client.
# from = "feeds@example.org"

# Defaults for every source.
# [defaults]
# tags = ["uk"]

# The sources: one [[source]] for each feed that is read.

"#;

const EVERYTHING: &str = r#"# The topics: one [[topic]] for each published feed. This one holds every story.

[[topic]]
id = "everything"
title = "Everything"
description = "Every announcement, once."
query = '''role:department OR role:listing OR role:syndicator'''

# Topics to start from. Take the hashes away from one, or put it into a file of topics.d/.
"#;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// The file, with every topic taken out of its comment.
    #[test]
    fn the_topics_in_comments_are_ones_that_compile() {
        let text = configuration(&ReadingList {
            sources: feeds::govuk_feeds(&FIRST).sources,
            left_out: Vec::new(),
        });
        let (head, topics) = text.split_once("# Topics to start from.").unwrap();
        let directory = tempfile::TempDir::new().unwrap();
        let file = directory.path().join(NAME);
        std::fs::write(&file, &text).unwrap();
        let plan = Plan::load(&file).unwrap_or_else(|problems| panic!("{problems}")).plan;
        assert_eq!((plan.topics.len(), plan.sources.len()), (1, FIRST.len()));
        for (place, (name, _)) in TOPICS.iter().enumerate() {
            let begin = topics.find(&format!("# {name}.toml\n")).unwrap();
            let end = TOPICS.get(place + 1).map_or(topics.len(), |(next, _)| {
                topics.find(&format!("# {next}.toml\n")).unwrap()
            });
            let lines = topics[begin..end].lines().skip(2);
            let topic: String =
                lines.flat_map(|line| [line.get(2..).unwrap_or_default(), "\n"]).collect();
            std::fs::write(&file, format!("{head}{topic}")).unwrap();
            let plan = Plan::load(&file).unwrap_or_else(|problems| panic!("{problems}")).plan;
            assert_eq!(plan.topics.len(), 2, "{name}");
        }
    }
}
