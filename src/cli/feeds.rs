//! Finds the feeds that somebody wants to read: of a site, of a reading list, of GOV.UK.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use url::Url;

use super::{CliError, print_error, unreadable};
use crate::clock::Clock;
use crate::config::opml::{self, Ids, Listed};
use crate::fetch::{self, Fetched, Fetcher};
use crate::model::{
    Document, Enrich, Failure, FailureKind, Location, Source, SourceId, SourceState, Sources,
};
use crate::parse::{self, Limits};

/// Paths at which sites keep their feeds as a rule. Tried where a page advertises none.
const COMMON_PATHS: [&str; 9] = [
    "feed",
    "feed.xml",
    "rss",
    "rss.xml",
    "atom.xml",
    "index.xml",
    "feed/",
    "feed.json",
    "feeds/all.atom.xml",
];

/// Words that a department's name writes without a capital.
const LOWER_CASE_WORDS: [&str; 6] = ["and", "for", "of", "the", "in", "to"];

/// Feeds that a command line names.
#[derive(Debug, Default, Args)]
pub(super) struct FeedArgs {
    /// A reading list whose feeds to add, or - for the standard input.
    #[arg(long, value_name = "FILE.opml|-")]
    opml: Vec<PathBuf>,
    /// Organisations of GOV.UK, by the last part of their page's address: home-office. Their
    /// announcements are read in full.
    #[arg(long, value_name = "SLUG", num_args = 1..)]
    govuk: Vec<String>,
}

/// Feeds that were found, and remarks on those that were left out.
#[derive(Debug, Default)]
pub(super) struct FoundFeeds {
    pub(super) sources: Vec<Listed>,
    /// Remarks on feeds that were left out, or that a site has besides.
    pub(super) notes: Vec<String>,
}

impl FeedArgs {
    /// Whether no feed is named.
    pub(super) fn is_empty(&self) -> bool {
        self.opml.is_empty() && self.govuk.is_empty()
    }

    /// Finds the feeds that are named here, and those of sites at `addresses`. What `known` has
    /// already is left out.
    pub(super) fn find(
        &self,
        addresses: &[String],
        known: &Sources,
        polling: &fetch::Settings,
    ) -> Result<FoundFeeds, CliError> {
        let mut feeds = FeedList::with_known(known);
        for file in &self.opml {
            let list = opml::read(&read(file)?, &feeds.all, &polling.allow_private)
                .map_err(|error| CliError::because(format!("{}: {error}", file.display())))?;
            feeds.found.notes.extend(list.left_out);
            feeds.found.notes.extend(list.sources.iter().filter_map(Listed::open_decision));
            list.sources.into_iter().for_each(|listed| feeds.add(listed));
        }
        for slug in &self.govuk {
            feeds.govuk(slug)?;
        }
        if !addresses.is_empty() {
            let (site, runtime) = (SiteSearch::new(polling)?, super::runtime()?);
            for address in addresses {
                runtime.block_on(site.find(address, &mut feeds))?;
            }
        }
        Ok(feeds.found)
    }
}

/// The feeds of GOV.UK organisations, for a new configuration without feeds of its own.
pub(super) fn govuk_feeds(slugs: &[&str]) -> FoundFeeds {
    let mut feeds = FeedList::with_known(&Sources::new());
    for slug in slugs {
        // Our own slugs are well formed.
        let _ = feeds.govuk(slug);
    }
    feeds.found
}

/// The bytes of a file, or of the standard input.
pub(super) fn read(file: &Path) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().lock().read_to_end(&mut bytes).map(drop),
        _ => std::fs::read(file).map(|read| bytes = read),
    };
    read.map_err(|error| unreadable(file, &error))?;
    Ok(bytes)
}

/// Collects feeds, each once.
struct FeedList {
    /// Those that were known, and those that were found.
    all: Sources,
    ids: Ids,
    found: FoundFeeds,
}

impl FeedList {
    fn with_known(known: &Sources) -> Self {
        Self { all: known.clone(), ids: Ids::of(known), found: FoundFeeds::default() }
    }

    fn add(&mut self, listed: Listed) {
        if let Ok(url) = Url::parse(&listed.url) {
            let id = SourceId::new(listed.id.as_str());
            let source = Source::at(id.clone(), Location::web(&listed.url, url));
            self.all.insert(id, source.into());
        }
        self.found.sources.push(listed);
    }

    /// Adds a feed, unless it is known.
    fn add_new(&mut self, title: &str, written: &str, url: &Url, more: impl FnOnce(&mut Listed)) {
        let has_url = |location: &Location| location.url() == Some(url);
        if let Some(source) = self.all.values().find(|source| has_url(&source.location)) {
            self.found.notes.push(format!("{written} is a source already: {}", source.id));
            return;
        }
        let mut listed = Listed::new(&mut self.ids, title, url, written);
        more(&mut listed);
        self.add(listed);
    }

    fn govuk(&mut self, slug: &str) -> Result<(), CliError> {
        // The address of the organisation's page is accepted, too.
        let name = slug.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let name = name.trim_end_matches(".atom");
        if name.is_empty()
            || !name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        {
            return Err(CliError::because(format!(
                "`{slug}` is not an organisation of GOV.UK; write the last part of its page's address, as home-office"
            )));
        }
        let written = format!("https://www.gov.uk/government/organisations/{name}.atom");
        let url = Url::parse(&written).map_err(CliError::because)?;
        self.add_new(&title_of_slug(name), &written, &url, |listed| {
            listed.enrich = Some(Enrich::Govuk);
            listed.tags = vec!["uk".to_owned()];
        });
        Ok(())
    }
}

/// A department's name as its slug spells it: `Department for Business and Trade`.
fn title_of_slug(slug: &str) -> String {
    let word = |(place, word): (usize, &str)| {
        if place > 0 && LOWER_CASE_WORDS.contains(&word) {
            return word.to_owned();
        }
        let mut letters = word.chars();
        let first = letters.next().map(|letter| letter.to_ascii_uppercase());
        first.into_iter().chain(letters).collect()
    };
    let words: Vec<String> = slug.split('-').enumerate().map(word).collect();
    words.join(" ").replacen("Hm ", "HM ", 1)
}

/// Finds the feeds of sites, as politely as the daemon polls.
struct SiteSearch {
    fetcher: Fetcher,
    spacing: std::time::Duration,
}

/// A document, and the address that it came from.
struct FetchedPage {
    document: Document,
    url: Url,
    /// Whether the operator's permission was needed, and holds for this address too.
    is_private: bool,
}

impl SiteSearch {
    fn new(polling: &fetch::Settings) -> Result<Self, CliError> {
        let fetcher = Fetcher::new(polling).map_err(CliError::because)?;
        Ok(Self { fetcher, spacing: polling.spacing })
    }

    /// Finds the feed at an address: itself, else the first that its page advertises, else the
    /// first in a common place. Others that it advertises are noted, and so are those that are
    /// private and not of the site that the operator named.
    async fn find(&self, address: &str, feeds: &mut FeedList) -> Result<(), CliError> {
        let written = match address.contains("://") {
            true => address.to_owned(),
            false => format!("https://{address}"),
        };
        let url = Url::parse(&written).map_err(|error| {
            CliError::because(format!("`{address}` is not an address: {error}"))
        })?;
        let page = self.fetch_named(&url).await.map_err(|failure| {
            CliError::because(format!("{written}: {failure}; write the address of a page or feed"))
        })?;
        let title = match parse::parse(&page.document, &Limits::default()) {
            Ok(parsed) => {
                let moved = page.url != url;
                let written = if moved { page.url.to_string() } else { written };
                feeds.add_new(&parsed.feed.title, &written, &page.url, |listed| {
                    listed.allow_private = page.is_private;
                });
                return Ok(());
            }
            Err(failure) => failure.message,
        };
        let advertised = parse::advertised(&page.document);
        let advertises = !advertised.is_empty();
        let candidates = match advertises {
            true => advertised,
            false => COMMON_PATHS.iter().filter_map(|path| common_path(&page.url, path)).collect(),
        };
        let (mut is_found, mut refused) = (false, Vec::new());
        for candidate in candidates {
            tokio::time::sleep(self.spacing).await;
            // The page chose this address. Only on the site that the operator named may it be private.
            let may_be_private = page.is_private && candidate.origin() == url.origin();
            let found = match self.fetch(&candidate, may_be_private).await {
                Ok(found) => found,
                Err(failure) => {
                    if is_refused(&failure) {
                        refused.push(format!(
                            "{candidate} was not asked: it is a private address, and {address} \
                             advertises it; if it is a feed of your own, `gazetted source add {candidate}`"
                        ));
                    }
                    continue;
                }
            };
            let Ok(parsed) = parse::parse(&found.document, &Limits::default()) else { continue };
            let (url, title) = (found.url, parsed.feed.title);
            if is_found {
                feeds.found.notes.push(format!("{address} also has {url} ({title})"));
                continue;
            }
            is_found = true;
            feeds.add_new(&title, url.as_str(), &url, |listed| {
                listed.allow_private = found.is_private;
            });
            if !advertises {
                break;
            }
        }
        if is_found {
            feeds.found.notes.append(&mut refused);
            return Ok(());
        }
        let refused: String = refused.iter().map(|refused| format!("\n{refused}")).collect();
        Err(CliError::because(format!("no feed was found at {written}: {title}{refused}")))
    }

    /// Fetches the document at an address that the operator named, which may be private.
    async fn fetch_named(&self, url: &Url) -> Result<FetchedPage, Failure> {
        match self.fetch(url, false).await {
            Err(failure) if is_refused(&failure) => self.fetch(url, true).await,
            fetched => fetched,
        }
    }

    /// Fetches a document. A permission for a private address ends at its origin.
    async fn fetch(&self, url: &Url, allow_private: bool) -> Result<FetchedPage, Failure> {
        let (state, now) = (SourceState::default(), Clock::wall().now());
        let location = Location::web(url.as_str(), url.clone());
        let source = Source { allow_private, ..Source::at(SourceId::new("new"), location) };
        match self.fetcher.fetch(&source, &state, now).await? {
            Fetched::Document { document, moved, .. } => {
                let is_private =
                    allow_private && moved.as_ref().is_none_or(|to| to.origin() == url.origin());
                Ok(FetchedPage { document, url: moved.unwrap_or_else(|| url.clone()), is_private })
            }
            Fetched::Unchanged(_) => {
                Err(Failure::new(FailureKind::NotAFeed, "it sent no document"))
            }
        }
    }
}

/// Whether an address was not asked because it is private.
fn is_refused(failure: &Failure) -> bool {
    failure.kind == FailureKind::Forbidden && failure.unsent
}

/// The address of a path below a page, which is read as a directory.
fn common_path(page: &Url, path: &str) -> Option<Url> {
    let mut base = page.clone();
    base.set_query(None);
    base.set_fragment(None);
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    base.join(path).ok()
}

/// Prints the feeds that were found, and the remarks.
pub(super) fn print_found(found: &FoundFeeds) {
    for Listed { id, title, url, .. } in &found.sources {
        print_error(format_args!("found: {id}: {title} ({url})"));
    }
    for note in &found.notes {
        print_error(format_args!("note: {note}"));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_organisation_is_named_by_its_slug_or_its_page() {
        let mut feeds = FeedList::with_known(&Sources::new());
        for slug in [
            "hm-treasury",
            "https://www.gov.uk/government/organisations/department-for-business-and-trade",
        ] {
            feeds.govuk(slug).unwrap();
        }
        feeds.govuk("hm-treasury").unwrap();
        for bad in ["", "Home Office", "a/b?c"] {
            assert!(feeds.govuk(bad).is_err(), "{bad}");
        }
        let titles: Vec<_> =
            feeds.found.sources.iter().map(|listed| listed.title.as_str()).collect();
        assert_eq!(titles, ["HM Treasury", "Department for Business and Trade"]);
        assert_eq!(feeds.found.notes.len(), 1, "{:?}", feeds.found.notes);
        assert!(feeds.found.sources.iter().all(|listed| listed.enrich == Some(Enrich::Govuk)));
    }

    #[test]
    fn common_places_are_beside_the_page() {
        let page = Url::parse("https://a.example/news?x=1").unwrap();
        assert_eq!(
            common_path(&page, "feed.xml").unwrap().as_str(),
            "https://a.example/news/feed.xml"
        );
    }
}
