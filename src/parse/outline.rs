//! The notes that the pass before feed-rs makes of a document, because feed-rs leaves them out.

use std::ops::Range;

use url::Url;

use super::Break;
use crate::model::{Hints, Timestamp};

/// Notes of the pass before feed-rs on a document.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// The format and its version: `RSS 2.0`.
    pub(super) format: String,
    /// Notes on the feed itself.
    pub(super) feed: Note,
    /// Its entries in the document's order, as many as feed-rs will find.
    pub(super) entries: Vec<Note>,
    /// Its requests to readers, such as `ttl`.
    pub(super) hints: Hints,
    /// Whether an entry stands inside another, which no format knows.
    pub(super) nested: bool,
    /// Where the document breaks off, if it does. Only mending tells in what.
    pub(super) broken_off: Option<Break>,
    /// Omissions, for people to read.
    pub(super) warnings: Vec<String>,
    /// How many entries were left out, because the document lists more than are kept.
    pub(super) left_out: usize,
    /// Whether a limit left anything out: with a higher one the document says more.
    pub(super) is_limited: bool,
}

/// Notes on one entry, or on the feed as a whole.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Note {
    /// `rdf:about`.
    pub(super) about: Option<String>,
    /// Whether a guid is its entry's address: unless it says it is not.
    pub(super) guid_is_no_link: bool,
    /// Links as Atom writes them, where feed-rs does not look.
    pub(super) links: Vec<Link>,
    /// Attached files.
    pub(super) enclosures: Vec<Link>,
    pub(super) title: Option<String>,
    /// Where its own title stands in the text, if it has one that is not blank.
    pub(super) title_at: Option<Range<usize>>,
    pub(super) description: Option<String>,
    /// Its full text as HTML, where a format does not know that.
    pub(super) content: Option<String>,
    /// The longest element of an unknown vocabulary, as HTML.
    pub(super) unknown: Option<String>,
    /// The page behind a link that counts readers, such as `feedburner:origLink`.
    pub(super) counted: Option<String>,
    pub(super) published: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
    pub(super) created: Option<Timestamp>,
    pub(super) authors: Vec<String>,
    pub(super) subjects: Vec<String>,
    pub(super) language: Option<String>,
    pub(super) rights: Option<String>,
    pub(super) comments: Option<String>,
    pub(super) latitude: Option<f64>,
    pub(super) longitude: Option<f64>,
    /// `atom:source`: the feed that the entry was taken from.
    pub(super) source: Option<Box<Note>>,
    /// RSS `<source>` or `dc:publisher`: who published it first.
    pub(super) publisher: Option<Publisher>,
    /// The base of relative links, where `xml:base` states one.
    pub(super) base: Option<Url>,
    /// Where the entry stands in the text.
    pub(super) span: Range<usize>,
    /// Whether no other begins behind it in the document.
    pub(super) is_last: bool,
}

impl Note {
    /// The entry's own date: when it was published, else when it was changed.
    pub(super) fn dated(&self) -> Option<Timestamp> {
        self.published.or(self.updated).or(self.created)
    }
}

/// A publisher as written.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Publisher {
    pub(super) name: String,
    pub(super) href: Option<String>,
}

/// A link as written.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Link {
    pub(super) rel: String,
    pub(super) href: String,
    pub(super) media_type: Option<String>,
    pub(super) length: Option<u64>,
    /// `hreflang`
    pub(super) language: Option<String>,
}
