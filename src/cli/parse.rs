//! `gazetted parse`: shows how a document is read.

use std::io::Read;
use std::process::ExitCode;

use bytes::Bytes;
use clap::Args;
use url::Url;

use super::{ConfigFile, Done, Stop, print_json, show};
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
    #[arg(value_name = "FILE|URL|-")]
    document: String,
    /// Print one JSON object instead of lines.
    #[arg(long)]
    json: bool,
    /// The Content-Type to read it by, instead of what the server says.
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
}

impl Parse {
    pub(super) fn run(self, config: &ConfigFile) -> Done {
        let (limits, polling) = match Plan::load(&config.config) {
            Ok(loaded) => (loaded.plan.parsing, loaded.plan.polling),
            Err(_) => (Limits::default(), Settings::default()),
        };
        let mut document = match self.document.as_str() {
            "-" => {
                let mut body = Vec::new();
                std::io::stdin().lock().take(polling.max_document).read_to_end(&mut body)?;
                document("standard input", body)
            }
            address if address.starts_with("http://") || address.starts_with("https://") => {
                fetch(address, polling)?
            }
            path => {
                let body = std::fs::read(path)
                    .map_err(|error| Stop::because(format!("{path}: {error}")))?;
                document(path, body)
            }
        };
        if self.content_type.is_some() {
            document.content_type = self.content_type;
        }
        let parsed = parse::parse(&document, &limits)
            .map_err(|failure| Stop::because(format!("{}: {failure}", self.document)))?;
        if self.json {
            print_json(&parse::report(&parsed, document.at));
        } else {
            show::document(&parsed);
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

/// Asks as the daemon would, once. What the operator names may be private.
fn fetch(address: &str, polling: Settings) -> Result<Document, Stop> {
    let url = Url::parse(address).map_err(|error| Stop::because(format!("{address}: {error}")))?;
    let location = Location::web(address, url);
    let source = Source { allow_private: true, ..Source::at(SourceId::new("parse"), location) };
    let fetched = super::runtime()?.block_on(async {
        Fetcher::new(&polling)?.fetch(&source, &SourceState::default(), Clock::wall().now()).await
    });
    match fetched {
        Ok(Fetched::Document { document, .. }) => Ok(document),
        Ok(Fetched::Unchanged { .. }) => Err(Stop::because(format!("{address} sent no document"))),
        Err(failure) => Err(Stop::because(format!("{address}: {failure}"))),
    }
}
