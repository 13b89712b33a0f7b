//! `gazetted parse`: shows how a document is read.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use url::Url;

use super::{CliError, CommandResult, ConfigFile, print_json, show, unreadable};
use crate::announcement::Surroundings;
use crate::cancel::Cancelled;
use crate::clock::Clock;
use crate::config::Plan;
use crate::fetch::{Fetched, Fetcher, Settings};
use crate::model::{Document, Location, Source, SourceId, SourceState};
use crate::parse::{self, Limits};

/// Show what a document is read as.
///
/// The first thing to reach for when a source looks wrong. Uses the
/// configuration's limits where there is one, and needs none.
#[derive(Debug, Args)]
pub(super) struct Parse {
    /// A file, an address, or - for the standard input.
    #[arg(value_name = "FILE|URL|-", required_unless_present = "source")]
    document: Option<String>,
    /// Read it as this source is read: by its `cut`, `start_after` and `end_before`. Without a
    /// document, the source's own is fetched.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
    /// The Content-Type to read it by, instead of what the server says.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
}

impl Parse {
    pub(super) fn run(self, config: &ConfigFile) -> CommandResult {
        let (limits, polling, source) = match (&self.source, Plan::load(&config.config)) {
            (None, Ok(loaded)) => (loaded.plan.parsing, loaded.plan.polling, None),
            (None, Err(_)) => (Limits::default(), Settings::default(), None),
            (Some(id), _) => {
                let plan = config.plan()?;
                let source = plan.sources.get(&SourceId::new(id.as_str())).cloned();
                let unknown = || CliError::because(format!("no source is called {id}"));
                (plan.parsing, plan.polling, Some(source.ok_or_else(unknown)?))
            }
        };
        let place = self.document.clone().unwrap_or_default();
        let mut document = match (place.as_str(), &source) {
            ("", Some(source)) => fetch(&source.id.to_string(), source, polling)?,
            ("-", _) => {
                let mut body = Vec::new();
                std::io::stdin().lock().take(polling.max_document.0).read_to_end(&mut body)?;
                document("standard input", body)
            }
            (address, _) if address.starts_with("http://") || address.starts_with("https://") => {
                fetch(address, &named(address)?, polling)?
            }
            (path, _) => {
                let body =
                    std::fs::read(path).map_err(|error| unreadable(Path::new(path), &error))?;
                document(path, body)
            }
        };
        if self.content_type.is_some() {
            document.content_type = self.content_type;
        }
        let surroundings = match &source {
            Some(source) => Surroundings { rules: source.text(), ..Surroundings::default() },
            None => Surroundings::default(),
        };
        let name = self.document.or(self.source).unwrap_or_default();
        let parsed = parse::parse_until(&document, &limits, &surroundings, &Cancelled::never())
            .map_err(|failure| CliError::because(format!("{name}: {failure}")))?;
        if self.json {
            print_json(&parse::report(&parsed, document.at));
        } else {
            show::print_document(&parsed);
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn document(name: &str, body: Vec<u8>) -> Document {
    Document {
        source: SourceId::new(name),
        url: None,
        content_type: None,
        body: Bytes::from(body),
        at: Clock::wall().now(),
    }
}

/// The source of an address that the operator names, which may be private.
fn named(address: &str) -> Result<Source, CliError> {
    let url =
        Url::parse(address).map_err(|error| CliError::because(format!("{address}: {error}")))?;
    let location = Location::web(address, url);
    Ok(Source { allow_private: true, ..Source::at(SourceId::new("parse"), location) })
}

/// Asks as the daemon would, once.
fn fetch(name: &str, source: &Source, polling: Settings) -> Result<Document, CliError> {
    let fetched = super::runtime()?.block_on(async {
        Fetcher::new(&polling)?.fetch(source, &SourceState::default(), Clock::wall().now()).await
    });
    match fetched {
        Ok(Fetched::Document { document, .. }) => Ok(document),
        Ok(Fetched::Unchanged(_)) => Err(CliError::because(format!("{name} sent no document"))),
        Err(failure) => Err(CliError::because(format!("{name}: {failure}"))),
    }
}
