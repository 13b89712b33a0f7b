//! Reads a configuration file and all that it includes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::problem::{AtCheck, Problem};
use super::read::{self, Read};
use super::text::{File, Position};

/// Patterns of the configurations that are delivered, for files that may come later.
const SHIPPED: [&str; 3] = ["topics.d/*.toml", "sources.d/*.toml", "overrides*.toml"];

/// A configuration file and all that it includes, in the order of reading.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// At least one, the file that was named first.
    pub(super) files: Vec<File>,
    /// The content of each file.
    pub(super) parts: Vec<Read>,
    pub(super) problems: Vec<Problem>,
    /// Whether a file could not be read at all, so that what others miss may stand there.
    pub(super) incomplete: bool,
    seen: BTreeSet<PathBuf>,
}

/// Reads a configuration file and, after it, what it includes, each file once.
pub(super) fn gather(path: &Path) -> Gathered {
    let mut gathered = Gathered::default();
    let help = "name it with --config FILE or in $GAZETTED_CONFIG";
    gathered.add(path, help, Position::of_file(path));
    let mut next = 0;
    while next < gathered.parts.len() {
        for pattern in gathered.parts[next].config.include.clone() {
            gathered.follow(next, &pattern);
        }
        next += 1;
    }
    gathered
}

impl Gathered {
    /// Reads one file. `wanted` is where it was asked for.
    fn add(&mut self, path: &Path, help: &str, wanted: Position) {
        let text = match std::fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes),
            Err(error) => {
                let message = format!("{} cannot be read: {error}", path.display());
                return self.missing(Problem::error(message, help, wanted));
            }
        };
        let Ok(text) = text else {
            let message = format!("{} is not UTF-8 text", path.display());
            return self.missing(Problem::error(message, "save it as UTF-8", wanted));
        };
        self.seen.insert(path.canonicalize().unwrap_or_else(|_| path.into()));
        self.files.push(File::new(path, text));
        let read = read::read(&self.files, self.files.len() - 1, &mut self.problems);
        self.incomplete |= read.is_none();
        self.parts.push(read.unwrap_or_default());
    }

    fn missing(&mut self, problem: Problem) {
        self.incomplete = true;
        self.problems.push(problem);
    }

    /// Reads the files that a pattern of `file` means, in the order of their names.
    fn follow(&mut self, file: usize, pattern: &toml::Spanned<String>) {
        let position = self.files[file].position(&pattern.span());
        let pattern = pattern.get_ref();
        let place = beside(&self.files[file].path, Path::new(pattern));
        let found = match glob::glob(&place.to_string_lossy()) {
            Ok(paths) => paths.flatten().collect::<Vec<_>>(),
            Err(error) => {
                let message = format!("`{pattern}` is not a valid pattern: {}", error.msg);
                let help = "`*` stands for any part of a name, `?` for one character";
                return self.missing(Problem::error(message, help, position));
            }
        };
        if found.is_empty() && !pattern.contains(['*', '?', '[']) {
            let message = format!("there is no file {}", place.display());
            let help = "paths are relative to the file that includes them";
            return self.missing(Problem::error(message, help, position));
        }
        let is_literal = !pattern.contains(['*', '?', '[']);
        if !found.is_empty() && found.iter().all(|path| path.is_dir()) {
            let what = if is_literal { "is a directory" } else { "matches directories alone" };
            let help =
                format!("write `{}/*.toml` for the files in it", pattern.trim_end_matches('/'));
            self.problems.push(Problem::warning(
                format!("`{pattern}` {what}"),
                help,
                position.clone(),
            ));
        } else if found.is_empty() && !SHIPPED.contains(&pattern.as_str()) {
            let help = "correct the pattern, or take it out of `include`";
            let warning =
                Problem::warning(format!("`{pattern}` matches no file"), help, position.clone());
            self.problems.push(Problem { at_check: AtCheck::Only, ..warning });
        }
        for path in found {
            let known = path.canonicalize().is_ok_and(|path| self.seen.contains(&path));
            if known || path.is_dir() {
                continue;
            }
            // Reading a pipe would wait for ever, in a reload too.
            if let Err(error) = crate::fetch::regular(&path) {
                let message = format!("{} cannot be read: {error}", path.display());
                self.missing(Problem::error(message, "take it out of `include`", position.clone()));
            } else {
                self.add(&path, "make it readable, or take it out of `include`", position.clone());
            }
        }
    }
}

/// A path as it is meant in `file`: relative to its directory.
pub(super) fn beside(file: &Path, path: &Path) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(path)
}
