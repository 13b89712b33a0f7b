//! A document in; its entries, cleaned, and warnings out.

use crate::model::{Document, Entry, Failure, Feed, Hints};

/// Bounds on what one document may hold: the compiled `[parsing]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Entries kept, the first of the document.
    pub entries: usize,
    /// Bytes of one text field.
    pub field: usize,
    /// Nesting of elements.
    pub depth: usize,
    /// Elements of the whole document.
    pub elements: usize,
    /// Attributes of one element.
    pub attributes: usize,
}

/// What a document was read as.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// `RSS 2.0`, `Atom 1.0`, `JSON Feed 1.1` …
    pub format: String,
    /// The encoding it was decoded from.
    pub encoding: String,
    /// What it says of itself.
    pub feed: Feed,
    /// Its entries in document order.
    pub entries: Vec<Entry>,
    /// What it asks of its readers.
    pub hints: Hints,
    /// What was repaired or left out, in words.
    pub warnings: Vec<String>,
}

/// Reads a document. One bad entry is a warning; a document that is no feed
/// is a failure that says what it is instead.
pub fn parse(_document: &Document, _limits: &Limits) -> Result<Parsed, Failure> {
    todo!()
}
