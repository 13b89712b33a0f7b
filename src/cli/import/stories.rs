//! `gazetted import stories`: takes over what `gazetted export stories --lossless` wrote.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::super::progress::Progress;
use super::super::{
    CliError, CommandResult, ConfigFile, print_json, print_line, runtime, unreadable,
};
use crate::store::{self, Commit, Fit, ImportCheck, Record, Store};

/// Records in one commit.
const BATCH: usize = 200;

/// Take over the stories of another store; the daemon must not run.
///
/// Ids, copies, revisions, evidence and what is remembered of the sources are
/// kept as they were. The whole file is read before anything is written; what
/// the store has already stays as it is.
#[derive(Debug, Args)]
pub(in crate::cli) struct Stories {
    /// A file that `gazetted export stories --lossless` wrote.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Print one JSON object instead of a line.
    #[arg(long)]
    json: bool,
}

impl Stories {
    pub(in crate::cli) fn run(self, config: &ConfigFile) -> CommandResult {
        let plan = config.plan()?;
        if plan.cluster.is_some() {
            return Err(CliError::because(
                "a node of a cluster takes over no stories: all nodes would have to; import them before `gazetted cluster init`",
            ));
        }
        // Nothing is opened, and so perhaps made, for a file that cannot be read.
        self.each("reading", |_, _| Ok(()))?;
        let store = store::open(&plan.store.path, plan.store.cache)?;
        let taken = self.take_over(&*store);
        store.close()?;
        let (stories, known) = taken?;
        if self.json {
            print_json(&json!({ "stories": stories, "known": known }));
            return Ok(ExitCode::SUCCESS);
        }
        print_line(format_args!(
            "{}: {stories} stories taken over, {known} were there already; topics are filled at the next start",
            plan.store.path.display()
        ));
        Ok(ExitCode::SUCCESS)
    }

    /// How many stories came, and how many were there.
    fn take_over(&self, store: &dyn Store) -> Result<(usize, usize), CliError> {
        let (mut ids, check) = (HashSet::new(), ImportCheck::of(store)?);
        self.each("comparing", |line, record| {
            if let Record::Story { story, .. } = &record
                && !ids.insert(story.id)
            {
                return Err(self.wrong(line, format!("story {} stands there twice", story.id)));
            }
            match check.fit(&record)? {
                Fit::Conflict(why) => Err(self.wrong(line, why)),
                Fit::New | Fit::Known => Ok(()),
            }
        })?;
        let runtime = runtime()?;
        let commit = |commit| runtime.block_on(store.commit(commit)).map_err(CliError::from);
        commit(store::topics_to_refill(store)?)?;
        let (mut stories, mut known) = (0, 0);
        let mut waiting = Vec::new();
        self.each("writing", |_, record| {
            let is_story = matches!(record, Record::Story { .. });
            if check.fit(&record)? == Fit::New {
                stories += usize::from(is_story);
                waiting.push(record);
            } else {
                known += usize::from(is_story);
            }
            match waiting.len() {
                BATCH => {
                    commit(Commit { restored: std::mem::take(&mut waiting), ..Commit::default() })
                }
                _ => Ok(()),
            }
        })?;
        commit(Commit { restored: waiting, ..Commit::default() })?;
        Ok((stories, known))
    }

    /// Hands every record of the file to `take`, with the number of its line.
    fn each(
        &self,
        what: &'static str,
        mut take: impl FnMut(usize, Record) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let failed = |error: std::io::Error| unreadable(&self.file, &error);
        let file = File::open(&self.file).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let mut progress = Progress::new(usize::try_from(bytes).unwrap_or(usize::MAX));
        let mut file = BufReader::new(file);
        let start = file.fill_buf().map_err(failed)?;
        if !start.is_empty() && store::is_backup(start) {
            let file = self.file.display();
            return Err(CliError::because(format!(
                "{file} is a backup, not an export: `gazetted restore {file}` takes it over"
            )));
        }
        for (place, line) in file.lines().enumerate() {
            let line = line.map_err(failed)?;
            progress.advance(line.len() + 1, what);
            let record = serde_json::from_str(&line).map_err(|error| {
                let column = error.column();
                let why = format!("this is not a line of `export stories --lossless`: {error}");
                // The place within the line is the line's, not the file's.
                self.wrong(place + 1, why.replace(&format!(" at line 1 column {column}"), ""))
            })?;
            take(place + 1, record)?;
        }
        progress.clear();
        Ok(())
    }

    fn wrong(&self, line: usize, why: String) -> CliError {
        CliError::because(format!("{}:{line}: {why}; nothing was imported", self.file.display()))
    }
}
