//! Compiles the files that were read to a plan, or reports everything that is wrong with them.

mod access;

mod cluster_settings;

mod overrides;

mod secret_file;

mod settings;

mod sources;

mod topics;

pub(super) use settings::store_directory;

use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;
use url::{Host, Url};
use xxhash_rust::xxh3::Xxh3;

use super::changes::WrittenOptions;
use super::file::Config;
use super::gather::Gathered;
use super::problem::{AtCheck, Problem, Problems, Severity};
use super::read::Read;
use super::text::{File, FileSpan, Position};
use super::{Loaded, Plan, shared};
use crate::fetch;
use crate::model::{Location, Sources};
use crate::options::read::Value;
use crate::options::{Table, WrittenOption};

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

/// Compiles the files that were read, or reports everything that is wrong with them.
pub(super) fn compile(gathered: Gathered, environment: &Environment) -> Result<Loaded, Problems> {
    let Gathered { files, parts, problems, incomplete, .. } = gathered;
    let written_options =
        parts.first().map(|main| WrittenOptions::of(&main.config)).unwrap_or_default();
    let mut diagnostics = Diagnostics { files, problems, environment, written_options };
    if incomplete {
        // Names that seem to be missing may stand in the file that could not be read.
        return Err(diagnostics.into_problems());
    }
    let settings = &parts[0].config;
    let server = diagnostics.server(&parts[0]);
    let sources = diagnostics.sources(&parts, settings);
    diagnostics.warn_if_anonymous(settings, &sources);
    let topics = diagnostics.topics(&parts, settings, &sources);
    let published = topics.as_ref().map_or(0, |topics| topics.list.len());
    let hub = diagnostics.hub(&settings.hub);
    let polling = fetch::Settings {
        push: hub.callback_base.is_some(),
        is_shared: !settings.cluster.servers.is_empty(),
        ..diagnostics.polling(&parts[0], &server, published)
    };
    let digest = digest(&parts);
    let overrides = diagnostics.overrides(&parts);
    let access_rules = diagnostics.access_rules(&parts, &settings.access);
    let cluster = diagnostics.cluster(&parts[0]);
    let publish = diagnostics.publish(settings, topics.as_ref().map(|topics| &topics.list[..]));

    if diagnostics.problems.is_empty() {
        diagnostics.warn_if_empty(sources.len(), published);
    }

    let shared = cluster.as_ref().map(|_| shared::text_of(&diagnostics.files, &parts).into());
    let files = diagnostics.files.iter().map(|file| file.path.clone()).collect();
    let store = diagnostics.store(&settings.store);
    let written_options = Arc::new(std::mem::take(&mut diagnostics.written_options));
    let problems = diagnostics.into_problems();
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
                access_rules,
                cluster,
                shared,
                local: Arc::new(shared::Local::of(settings)),
                public_version: None,
                written_options,
            };
            plan.public_version = plan.hash_of_public();
            Ok(Loaded { plan, warnings: problems })
        }
        _ => Err(problems),
    }
}

/// A hash of all that the files say.
fn digest(parts: &[Read]) -> u64 {
    let mut hash = Xxh3::new();
    for Read { config, .. } in parts {
        add(&mut hash, Table::state(config, ""));
        add_all(&mut hash, &config.source);
        add_all(&mut hash, &config.topic);
        add_all(&mut hash, &config.story);
        hash.update(config.vocabulary.write().as_bytes());
    }
    hash.digest()
}

fn add_all<T: Table>(hash: &mut Xxh3, tables: &[Spanned<T>]) {
    let default = T::default();
    hash.update(&tables.len().to_le_bytes());
    tables.iter().for_each(|table| add(hash, table.get_ref().differing(&default)));
}

fn add(hash: &mut Xxh3, options: Vec<WrittenOption>) {
    hash.update(&options.len().to_le_bytes());
    for WrittenOption { table, name, hash: value, .. } in options {
        hash.update(format!("{table}.{name}").as_bytes());
        hash.update(&value.to_le_bytes());
    }
}

/// The problems that are found while a plan is compiled.
struct Diagnostics<'a> {
    files: Vec<File>,
    problems: Vec<Problem>,
    environment: &'a Environment,
    written_options: WrittenOptions,
}

impl Diagnostics<'_> {
    /// Where a span is. An empty one means the file as a whole.
    fn position(&self, (file, span): FileSpan) -> Position {
        if span.is_empty() {
            return Position::of_file(self.files[file].path.clone());
        }
        self.files[file].position(&span)
    }

    fn error(&mut self, span: FileSpan, message: impl Into<String>, help: impl Into<String>) {
        let position = self.position(span);
        self.problems.push(Problem::error(message, help, position));
    }

    fn warn(&mut self, span: FileSpan, message: impl Into<String>, help: impl Into<String>) {
        let position = self.position(span);
        self.problems.push(Problem::warning(message, help, position));
    }

    /// Reports a fault that may mend itself later: a warning at a start, an error for `check`.
    fn unusable_now(
        &mut self,
        span: FileSpan,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let position = self.position(span);
        let warning = Problem::warning(message, help, position);
        self.problems.push(Problem { at_check: AtCheck::Fails, ..warning });
    }

    /// Reports what `check` alone warns of.
    fn remark(&mut self, span: FileSpan, message: impl Into<String>, help: impl Into<String>) {
        let position = self.position(span);
        let warning = Problem::warning(message, help, position);
        self.problems.push(Problem { at_check: AtCheck::Only, ..warning });
    }

    /// Remarks that public sources cannot find out who polls them.
    fn warn_if_anonymous(&mut self, settings: &Config, sources: &Sources) {
        let is_public = |location: &Location| match location.url().and_then(Url::host) {
            Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".local"),
            Some(Host::Ipv4(address)) => fetch::is_public(address.into()),
            Some(Host::Ipv6(address)) => fetch::is_public(address.into()),
            None => false,
        };
        if !sources.values().any(|source| is_public(&source.location)) {
            return;
        }
        let named = settings.polling.from.is_some() || settings.polling.user_agent.is_some();
        if !named && settings.server.base_url.is_none() {
            self.remark(
                (0, 0..0),
                "public sources are polled without `[polling] from` and `[server] base_url`",
                "set both: a source can find out whom to write to, and readers follow links",
            );
        } else if !named {
            self.remark(
                (0, 0..0),
                "public sources are polled without `[polling] from`",
                "set it to an address where sources can write to you",
            );
        } else if settings.server.base_url.is_none() {
            self.remark(
                (0, 0..0),
                "feeds link to this machine: `[server] base_url` is not set",
                "set it to the address that readers use",
            );
        }
    }

    /// Warns of a plan without sources or topics: it is valid, but nobody means it.
    fn warn_if_empty(&mut self, sources: usize, topics: usize) {
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

    /// Reports two things of one name.
    fn report_duplicate(&mut self, what: &str, name: &str, span: FileSpan, first: &FileSpan) {
        let problem = Problem::error(
            format!("a second {what} named `{name}`"),
            "give it another name, or take one of the two out",
            self.position(span),
        );
        let first = self.position(first.clone());
        self.problems.push(problem.see("the first is here", first));
    }

    /// All problems in the order of the files, without duplicates.
    fn into_problems(self) -> Problems {
        let mut problems = self.problems;
        let order = |problem: &Problem| {
            let file = self.files.iter().position(|file| file.path == problem.position.file);
            (file, problem.position.line, problem.position.column)
        };
        problems.sort_by_key(order);
        problems.dedup();
        debug_assert!(
            problems.iter().all(|p| !p.help.is_empty() || p.severity == Severity::Warning)
        );
        Problems(problems)
    }
}
