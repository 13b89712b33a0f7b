//! Says which topics a story is in, and why. Pure.
//!
//! [`TopicSet::compile`] makes one matcher of all queries; [`Subject`] is a
//! story as queries see it; [`TopicSet::matches`] and [`TopicSet::explain`]
//! walk the same path, so they cannot disagree.
//!
//! The language is described, with examples that are tests, in
//! `config/TOPICS.md`. Its way through the modules:
//!
//! ```text
//! query text ──query::parse──> Query ──compile──> Program ──┐
//!                                                           ├─> index ──> eval ──> matches, explain
//! story ──Subject::of── text, language ──> words as symbols ┘
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use crate::marked_line::MarkedLine;
use crate::model::TopicId;

pub mod query;

mod suggestions;

mod symbol;

mod language;

mod stem_cache;

mod text;

mod subject;

mod pattern;

mod program;

mod prefilter;

mod required;

mod terms;

mod compile;

mod lints;

mod index;

mod eval;

mod explain;

mod set;

mod work;

#[cfg(test)]
mod tests;

pub use explain::{Explanation, Highlight, Hit, NearMiss, Reason};
pub use language::{Language, UnknownLanguage};
pub use lints::TermCounts;
pub use query::Field;
pub use set::{Bounded, Looked, TopicSet};
pub use subject::Subject;
pub use suggestions::{StoryMatch, Suggestions};
pub use work::{Spent, Work};

/// Named lists of terms that queries share: `@western_balkans_places`.
pub type Vocabulary = BTreeMap<String, Vec<String>>;

/// Where a query stands, for problems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the topic's `query`.
    Query(TopicId),
    /// In an item of a vocabulary.
    Vocabulary(String, usize),
}

/// A problem of a query, and its remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProblem {
    /// Which text.
    pub place: Place,
    /// Bytes of that text.
    pub span: Range<usize>,
    /// The problem in words.
    pub message: String,
    /// The remedy.
    pub help: String,
    /// Whether the query can be used all the same.
    pub warning: bool,
}

impl query::SyntaxError {
    fn at(self, place: Place) -> QueryProblem {
        let Self { span, message, help } = self;
        QueryProblem { place, span, message, help, warning: false }
    }
}

impl QueryProblem {
    /// Line and column where it begins in `text`, counted from 1, in characters.
    pub fn line_and_column(&self, text: &str) -> (usize, usize) {
        let before = text.get(..self.span.start).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (line, column)
    }

    /// The line of `text` where it begins, with carets under the place; for
    /// where there is no file to point into.
    pub fn in_context(&self, text: &str) -> String {
        let (line, column) = self.line_and_column(text);
        let whole = text.lines().nth(line - 1).unwrap_or_default();
        let place = text.get(self.span.clone()).unwrap_or_default();
        let length = place.lines().next().map_or(0, |line| line.chars().count());
        let marked = MarkedLine::new(whole, column - 1..column - 1 + length);
        // As wide as the line's number and the bar after it.
        let margin = line.to_string().len() + 3;
        let (indent, carets) = (" ".repeat(margin + marked.before), "^".repeat(marked.width));
        format!("{line} | {}\n{indent}{carets} {self}", marked.text)
    }
}

impl fmt::Display for QueryProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.message, self.help)
    }
}
