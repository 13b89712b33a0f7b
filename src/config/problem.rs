//! Problems of a configuration, shown to people and as JSON.

use std::fmt;

use serde::Serialize;

use super::text::Position;
use crate::marked_line::MarkedLine;

/// One thing that is wrong, where, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Whether the plan can be used nevertheless.
    pub severity: Severity,
    /// A description of the fault.
    pub message: String,
    /// How to correct it.
    pub help: String,
    /// The place in a file.
    #[serde(flatten)]
    pub position: Position,
    /// Its meaning for `gazetted check`.
    #[serde(skip)]
    pub at_check: AtCheck,
    /// Other places that are part of the problem.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Note>,
}

/// The meaning of a problem for `gazetted check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtCheck {
    /// The same as at a start.
    Same,
    /// An error there although a start only warns.
    Fails,
    /// Reported there alone.
    Only,
}

/// Another place that belongs to a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How this place is related to the problem.
    pub message: String,
    /// The place in a file.
    #[serde(flatten)]
    pub position: Position,
}

/// Whether a problem prevents a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// No plan was made.
    Error,
    /// A plan was made, which is probably not what was meant.
    Warning,
}

impl Problem {
    pub(super) fn error(
        message: impl Into<String>,
        help: impl Into<String>,
        position: Position,
    ) -> Self {
        let (message, help) = (message.into(), help.into());
        Self {
            severity: Severity::Error,
            message,
            help,
            position,
            at_check: AtCheck::Same,
            also: Vec::new(),
        }
    }

    pub(super) fn warning(
        message: impl Into<String>,
        help: impl Into<String>,
        position: Position,
    ) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message, help, position) }
    }

    pub(super) fn see(mut self, message: &str, position: Position) -> Self {
        self.also.push(Note { message: message.into(), position });
        self
    }
}

impl Position {
    /// Shows the line, with carets under the span and `words` behind them.
    fn show(&self, f: &mut fmt::Formatter<'_>, words: &str) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "\n  {words}");
        }
        let start = self.column - 1;
        let line = MarkedLine::new(&self.excerpt, start..start + self.width);
        write!(f, "\n{:>5} | {}", self.line, line.text)?;
        let mut words = words.lines();
        let (space, carets) = (" ".repeat(line.before), "^".repeat(line.width));
        let first = format!("{space}{carets} {}", words.next().unwrap_or_default());
        write!(f, "\n      | {}", first.trim_end())?;
        words.try_for_each(|line| write!(f, "\n      | {space}{line}"))
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = if self.severity == Severity::Warning { "warning: " } else { "" };
        write!(f, "{}: {severity}{}", self.position, self.message)?;
        self.position.show(f, &self.help)?;
        self.also.iter().try_for_each(|Note { message, position }| {
            write!(f, "\n  {position}: {message}")?;
            position.show(f, "")
        })
    }
}

/// Everything wrong with a configuration, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(transparent)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// The problems as `gazetted check` sees them: some warnings of a start are errors there.
    pub fn checked(mut self) -> Self {
        let fails = |problem: &&mut Problem| problem.at_check == AtCheck::Fails;
        for problem in self.0.iter_mut().filter(fails) {
            problem.severity = Severity::Error;
        }
        self
    }

    /// The problems as a start or reload sees them, without the remarks of `gazetted check`.
    pub fn at_start(mut self) -> Self {
        self.0.retain(|problem| problem.at_check != AtCheck::Only);
        self
    }

    /// Whether any of them prevents a plan.
    pub fn are_fatal(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// A number of things in words: `1 source`, `2 sources`.
pub fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// All problems, then their number.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|problem| write!(f, "{problem}\n\n"))?;
        let errors = self.0.iter().filter(|problem| problem.severity == Severity::Error).count();
        match self.0.len() - errors {
            0 => write!(f, "{}", counted(errors, "problem")),
            warnings if errors == 0 => write!(f, "{}", counted(warnings, "warning")),
            warnings => {
                write!(f, "{}, {}", counted(errors, "problem"), counted(warnings, "warning"))
            }
        }
    }
}

impl std::error::Error for Problems {}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::text::File;
    use super::*;

    fn position(text: &str, meant: &str) -> Position {
        let files = File::new(Path::new("gazetted.toml"), text.into());
        let start = text.find(meant).unwrap_or_default();
        files.position(&(start..start + meant.len()))
    }

    #[test]
    fn a_problem_shows_file_line_column_the_line_and_a_remedy() {
        let text = "[polling]\nevry = \"15m\"\n";
        let problem =
            Problem::error("unknown key `evry`", "did you mean `every`?", position(text, "evry"));
        assert_eq!(
            problem.to_string(),
            "\
gazetted.toml:2:1: unknown key `evry`
    2 | evry = \"15m\"
      | ^^^^ did you mean `every`?"
        );
    }

    #[test]
    fn a_place_it_refers_to_is_shown_as_well() {
        let text = "id = \"a\"\nid2 = \"a\"\n";
        let problem = Problem::error("two sources named `a`", "rename one", position(text, "id2"))
            .see("the first is here", position(text, "id = "));
        let shown = Problems(vec![problem]).to_string();
        assert!(shown.contains("  gazetted.toml:1:1: the first is here\n    1 | id = \"a\"\n"));
        assert!(shown.ends_with("\n1 problem"));
    }

    #[test]
    fn a_long_line_is_shown_around_what_is_meant() {
        let text = format!("query = '{}needle{}'", "x ".repeat(300), " y".repeat(300));
        let shown = Problem::error("m", "h", position(&text, "needle")).to_string();
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines.iter().all(|line| line.chars().count() < 120), "{shown}");
        let column = |line: &str, what| line.find(what).map(|at| line[..at].chars().count());
        assert_eq!(column(lines[1], "needle"), column(lines[2], "^^^^^^ h"));
    }

    #[test]
    fn programs_read_the_same_as_json() {
        let problem = Problem::warning("m", "h", position("a = 1", "1"));
        let json = serde_json::to_value(Problems(vec![problem])).unwrap_or_default();
        assert_eq!(json[0]["severity"], "warning");
        assert_eq!((&json[0]["line"], &json[0]["column"]), (&1.into(), &5.into()));
        assert_eq!(json[0]["file"], "gazetted.toml");
    }
}
