//! Files as they were read in; a plan, or everything that is wrong with them, out.

mod access;

mod overrides;

mod secret_file;

mod settings;

mod sources;

mod topics;

use std::ops::Range;
use std::path::PathBuf;

use super::gather::Gathered;
use super::problem::{Problem, Problems, Severity, Spot};
use super::text::{At, File};
use super::{Loaded, Plan};
use crate::fetch;

/// A place: the file and the bytes in it.
type Place = (usize, Range<usize>);

/// What the service manager says of the place we run in.
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
    let mut desk = Desk { files, problems, environment };
    if incomplete {
        // What seems to be missing may stand in the file that could not be read.
        return Err(desk.conclude());
    }
    let settings = &parts[0].config;
    let server = desk.server(settings);
    let sources = desk.sources(&parts, &settings.polling);
    let topics = desk.topics(&parts, settings);
    let published = topics.as_ref().map_or(0, |topics| topics.list.len());
    let hub = desk.hub(&settings.hub);
    let polling = fetch::Settings {
        push: hub.callbacks.is_some(),
        ..desk.polling(&parts[0], &server, published)
    };
    let overrides = desk.overrides(&parts);
    let guards = desk.guards(&parts, &settings.access);
    let publish = desk.publish(settings, topics.as_ref().map(|topics| &topics.list[..]));

    if desk.problems.is_empty() {
        desk.nothing_is_missing(sources.len(), published);
    }

    let files = desk.files.iter().map(|file| file.path.clone()).collect();
    let (store, parsing) = (desk.store(&settings.store), settings::parsing(&settings.parsing));
    let problems = desk.conclude();
    match topics {
        Some(topics) if !problems.are_fatal() => Ok(Loaded {
            plan: Plan {
                files,
                store,
                server,
                polling,
                publish,
                parsing,
                hub,
                logging: settings::logging(&settings.logging),
                sources,
                topics: topics.list,
                queries: topics.queries,
                language: topics.language,
                samples: topics.samples,
                overrides,
                guards,
            },
            warnings: problems,
        }),
        _ => Err(problems),
    }
}

/// Where problems are collected while a plan is made.
struct Desk<'a> {
    files: Vec<File>,
    problems: Vec<Problem>,
    environment: &'a Environment,
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

    /// What a start can live with, because it may be there later, and `check` cannot.
    fn unusable_now(
        &mut self,
        (file, span): Place,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let spot = self.spot(file, span);
        let warning = Problem::warning(message, help, spot);
        self.problems.push(Problem { fails_check: true, ..warning });
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

    /// All problems in the order of the files; the same one twice is told once.
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
