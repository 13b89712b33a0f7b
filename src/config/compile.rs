//! Compiles the files that were read to a plan, or reports everything that is wrong with them.

mod access;

mod cluster;

mod overrides;

mod secret_file;

mod settings;

mod sources;

mod topics;

pub(super) use settings::store_directory;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use url::{Host, Url};

use super::changes::StatedOptions;
use super::file::Config;
use super::gather::Gathered;
use super::problem::{AtCheck, Problem, Problems, Severity, Spot};
use super::read::Read;
use super::text::{At, File};
use super::{Loaded, Plan, shared};
use crate::fetch;
use crate::model::{Location, Sources};
use crate::options::read::Value;

/// A place: the file and the bytes in it.
type Place = (usize, Range<usize>);

/// The directories that the service manager provides.
#[derive(Debug, Clone, Default)]
pub(super) struct Environment {
    /// Where state belongs.
    pub(super) state_directory: Option<PathBuf>,
    /// Where secrets were put.
    pub(super) credentials_directory: Option<PathBuf>,
}

impl Environment {
    /// As systemd tells a service.
    pub(super) fn of_process() -> Self {
        let first = |name| std::env::split_paths(&std::env::var_os(name)?).next();
        Self {
            state_directory: first("STATE_DIRECTORY"),
            credentials_directory: first("CREDENTIALS_DIRECTORY"),
        }
    }
}

/// Compiles what was gathered, or tells all that is wrong with it.
pub(super) fn compile(gathered: Gathered, environment: &Environment) -> Result<Loaded, Problems> {
    let Gathered { files, parts, problems, incomplete, .. } = gathered;
    let stated = parts.first().map(|main| StatedOptions::of(&main.config)).unwrap_or_default();
    let mut desk = Desk { files, problems, environment, stated };
    if incomplete {
        // Names that seem to be missing may stand in the file that could not be read.
        return Err(desk.conclude());
    }
    let settings = &parts[0].config;
    let server = desk.server(&parts[0]);
    let sources = desk.sources(&parts, settings);
    desk.client_is_named(settings, &sources);
    let topics = desk.topics(&parts, settings);
    let published = topics.as_ref().map_or(0, |topics| topics.list.len());
    let hub = desk.hub(&settings.hub);
    let polling = fetch::Settings {
        push: hub.callbacks.is_some(),
        is_shared: !settings.cluster.servers.is_empty(),
        ..desk.polling(&parts[0], &server, published)
    };
    let digest = digest(&parts);
    let overrides = desk.overrides(&parts);
    let guards = desk.guards(&parts, &settings.access);
    let cluster = desk.cluster(&parts[0]);
    let publish = desk.publish(settings, topics.as_ref().map(|topics| &topics.list[..]));

    if desk.problems.is_empty() {
        desk.nothing_is_missing(sources.len(), published);
    }

    let shared = cluster.as_ref().map(|_| shared::text_of(&desk.files, &parts).into());
    let files = desk.files.iter().map(|file| file.path.clone()).collect();
    let store = desk.store(&settings.store);
    let stated = Arc::new(std::mem::take(&mut desk.stated));
    let problems = desk.conclude();
    match topics {
        Some(topics) if !problems.are_fatal() => {
            let mut plan = Plan {
                files,
                digest,
                store,
                server,
                polling,
                publish,
                parsing: settings.parsing.clone(),
                hub,
                logging: settings::logging(&settings.logging),
                sources,
                topics: topics.list,
                queries: topics.queries,
                language: topics.language,
                samples: topics.samples,
                reload: settings.reload,
                overrides,
                guards,
                cluster,
                shared,
                local: Arc::new(settings.clone()),
                public_version: None,
                stated,
            };
            plan.public_version = plan.hash_of_public();
            Ok(Loaded { plan, warnings: problems })
        }
        _ => Err(problems),
    }
}

/// A hash of all that the files say.
fn digest(parts: &[Read]) -> u64 {
    let mut hash = xxhash_rust::xxh3::Xxh3::new();
    for part in parts {
        let written = part.config.write();
        hash.update(&written.len().to_le_bytes());
        hash.update(written.as_bytes());
    }
    hash.digest()
}

/// Where problems are collected while a plan is made.
struct Desk<'a> {
    files: Vec<File>,
    problems: Vec<Problem>,
    environment: &'a Environment,
    stated: StatedOptions,
}

impl Desk<'_> {
    /// A place; where nothing stands, the file as a whole.
    fn spot(&self, file: usize, span: Range<usize>) -> Spot {
        if span.is_empty() {
            return Spot::file(self.files[file].path.clone());
        }
        Spot::of(&self.files, &At { file, span })
    }

    fn error(
        &mut self,
        (file, span): (usize, Range<usize>),
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let spot = self.spot(file, span);
        self.problems.push(Problem::error(message, help, spot));
    }

    fn warn(
        &mut self,
        (file, span): (usize, Range<usize>),
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let spot = self.spot(file, span);
        self.problems.push(Problem::warning(message, help, spot));
    }

    /// Reports a fault that may mend itself later: a warning at a start, an error for `check`.
    fn unusable_now(
        &mut self,
        (file, span): Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let spot = self.spot(file, span);
        let warning = Problem::warning(message, help, spot);
        self.problems.push(Problem { at_check: AtCheck::Fails, ..warning });
    }

    /// Reports what `check` alone warns of.
    fn remark(&mut self, (file, span): Place, message: impl Into<String>, help: impl Into<String>) {
        let spot = self.spot(file, span);
        let warning = Problem::warning(message, help, spot);
        self.problems.push(Problem { at_check: AtCheck::Only, ..warning });
    }

    /// Whoever is polled should be able to find out by whom.
    fn client_is_named(&mut self, settings: &Config, sources: &Sources) {
        let is_public = |location: &Location| match location.url().and_then(Url::host) {
            Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".local"),
            Some(Host::Ipv4(address)) => fetch::is_public(address.into()),
            Some(Host::Ipv6(address)) => fetch::is_public(address.into()),
            None => false,
        };
        let named = settings.polling.from.is_some()
            || settings.polling.user_agent.is_some()
            || settings.server.base_url.is_some();
        if !named && sources.values().any(|source| is_public(&source.location)) {
            self.remark(
                (0, 0..0),
                "public sources are polled without `[polling] from` and `[server] base_url`",
                "set one of them, so that a source can find out whom to write to",
            );
        }
    }

    /// A plan can be empty, but nobody means that.
    fn nothing_is_missing(&mut self, sources: usize, topics: usize) {
        for (count, message, help) in [
            (
                sources,
                "no sources",
                "add a [[source]] with `id` and `url`: there is nothing to read",
            ),
            (
                topics,
                "no topics",
                "add a [[topic]] with `id`, `title` and `query`: nothing is published",
            ),
        ] {
            if count == 0 {
                self.warn((0, 0..0), message, help);
            }
        }
    }

    /// Two things that bear one name.
    fn twice(
        &mut self,
        what: &str,
        name: &str,
        (file, span): (usize, Range<usize>),
        first: &(usize, Range<usize>),
    ) {
        let problem = Problem::error(
            format!("a second {what} named `{name}`"),
            "give it another name, or take one of the two out",
            self.spot(file, span),
        );
        let first = self.spot(first.0, first.1.clone());
        self.problems.push(problem.see("the first is here", first));
    }

    /// All problems in the order of the files; each once.
    fn conclude(self) -> Problems {
        let mut problems = self.problems;
        let order = |problem: &Problem| {
            let file = self.files.iter().position(|file| file.path == problem.spot.file);
            (file, problem.spot.line, problem.spot.column)
        };
        problems.sort_by_key(order);
        problems.dedup();
        debug_assert!(
            problems.iter().all(|p| !p.help.is_empty() || p.severity == Severity::Warning)
        );
        Problems(problems)
    }
}
