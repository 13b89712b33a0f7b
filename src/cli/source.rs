//! `gazetted source add`: adds feeds to an existing configuration.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::json;
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::feeds::{self, FeedArgs, FoundFeeds};
use super::{
    CliError, CommandResult, ConfigFile, Target, overrides, print_json, print_line, reload,
};
use crate::config::opml::Listed;
use crate::config::{Plan, counted};

/// Add sources to the configuration.
#[derive(Debug, Args)]
pub(super) struct SourceCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Find the feeds of sites and add them to the configuration file.
    ///
    /// The feed is the address itself, or what its page advertises, or what is in a common
    /// place. Comments and order of the file stay as they are. A running daemon reloads.
    Add(Add),
}

#[derive(Debug, Args)]
struct Add {
    /// Sites or feeds.
    #[arg(value_name = "ADDRESS", required_unless_present_any = ["opml", "govuk"])]
    addresses: Vec<String>,
    #[command(flatten)]
    wanted: FeedArgs,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl SourceCommand {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let What::Add(add) = self.what;
        add.run(config)
    }
}

impl Add {
    fn run(self, config: &ConfigFile) -> CommandResult {
        let plan = config.plan()?;
        let found = self.wanted.find(&self.addresses, &plan.sources, &plan.polling)?;
        if !self.json {
            feeds::print_found(&found);
        }
        let FoundFeeds { sources, notes } = found;
        let reloaded = match sources.is_empty() {
            true => None,
            false => {
                add_to_file(config, &sources)?;
                reload::reload(&Target::from(plan), false)?
            }
        };
        let code = reloaded.as_ref().map_or(ExitCode::SUCCESS, reload::code_of);
        let file = &config.config;
        if self.json {
            print_json(&json!({
                "file": file, "sources": sources, "notes": notes, "reloaded": reloaded,
            }));
            return Ok(code);
        }
        print_line(format_args!("{}: {} added", file.display(), counted(sources.len(), "source")));
        if let Some(reloaded) = &reloaded {
            reload::show(reloaded);
        }
        Ok(code)
    }
}

/// Adds the sources to the file. One that the file cannot take leaves it as it was.
fn add_to_file(config: &ConfigFile, sources: &[Listed]) -> Result<(), CliError> {
    let file = &config.config;
    let failed =
        |error: &dyn std::fmt::Display| CliError::because(format!("{}: {error}", file.display()));
    let before = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let after = with_sources(&before, sources).map_err(|error| failed(&error))?;
    overrides::replace(file, file, &after)?;
    if let Err(problems) = Plan::load(file) {
        overrides::replace(file, file, &before)?;
        return Err(problems.into());
    }
    Ok(())
}

/// The text with the sources behind those that it has; everything else in it stays.
fn with_sources(text: &str, sources: &[Listed]) -> Result<String, String> {
    let mut document: DocumentMut = text.parse().map_err(|error| format!("{error}"))?;
    let tables = document
        .entry("source")
        .or_insert(Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
        .ok_or(
            "its sources are written as `source = […]`: write them as [[source]] tables first",
        )?;
    for listed in sources {
        let Listed { id, title, url, tags, enrich, allow_private, .. } = listed;
        let mut table = Table::new();
        table.decor_mut().set_prefix("\n");
        table["id"] = value(id.as_str());
        table["title"] = value(title.as_str());
        table["url"] = value(url.as_str());
        if let Some(comment) = listed.comment()
            && let Some(mut key) = table.key_mut("url")
        {
            key.leaf_decor_mut().set_prefix(comment);
        }
        if !tags.is_empty() {
            table["tags"] = value(tags.iter().map(String::as_str).collect::<toml_edit::Array>());
        }
        if let Some(enrich) = enrich {
            table["enrich"] = value(enrich.as_str());
        }
        if *allow_private {
            table["allow_private"] = value(true);
        }
        tables.push(table);
    }
    Ok(document.to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::opml::Ids;

    fn listed() -> Listed {
        let url = url::Url::parse("https://b.example/feed").unwrap();
        Listed::new(&mut Ids::default(), "B's news", &url, url.as_str())
    }

    const ADDED: &str =
        "\n[[source]]\nid = \"bs-news\"\ntitle = \"B's news\"\nurl = \"https://b.example/feed\"\n";

    #[test]
    fn a_source_is_added_behind_the_others_and_nothing_else_changes() {
        let head = "# mine\n[server] # here\ntitle = 'x'\n\n# the first\n[[source]]\nid = \"a\"\nurl = \"https://a.example/\" # why\nheaders = { X-A = \"1\" }\n";
        for tail in [
            "",
            "\n# a topic\n[[topic]]\nid = \"t\" # t\nquery = '''\nx\n'''\n",
            "\n[source.extra]\n\n[vocabulary]\na = [\n  \"b\", # c\n]\n# the end\n",
        ] {
            let text = format!("{head}{tail}");
            let added = with_sources(&text, &[listed()]).unwrap();
            assert_eq!(added.replacen(ADDED, "", 1), text, "{added}");
            let place = |text: &str| added.find(text).unwrap_or(usize::MAX);
            assert!(place("bs-news") < place("[[topic]]").min(place("[vocabulary]")), "{added}");
        }
        let alone = with_sources("title = 1\n", &[listed()]).unwrap();
        assert_eq!(alone, format!("title = 1\n{ADDED}"));
    }

    #[test]
    fn a_source_that_needs_a_decision_is_written_with_a_comment() {
        let listed = Listed { needs_allow_private: true, ..listed() };
        let list = crate::config::opml::ReadingList {
            sources: vec![listed.clone()],
            left_out: Vec::new(),
        };
        let added = with_sources("", &[listed]).unwrap();
        assert!(added.contains("\n# allow_private = true\nurl = "), "{added}");
        assert_eq!(added.trim(), list.to_toml().trim());
    }

    #[test]
    fn a_list_that_is_no_list_of_tables_is_refused() {
        let refused = with_sources("source = [{ id = \"a\" }]\n", &[listed()]).unwrap_err();
        assert!(refused.contains("[[source]]"), "{refused}");
    }
}
