//! Text that stands around an announcement in its source, and why it was set aside.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A piece of text that is not part of the announcement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetAside {
    /// Why it is not.
    pub reason: Reason,
    /// How it begins: at most [`SetAside::MOST_TEXT`] bytes of plain text.
    pub text: String,
    /// Characters of the whole piece.
    pub characters: u32,
}

impl SetAside {
    /// Bytes that are kept of one piece.
    pub const MOST_TEXT: usize = 300;

    /// The note of a whole piece.
    pub fn of(reason: Reason, text: &str) -> Self {
        let most = text.len().min(Self::MOST_TEXT);
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let characters = text.chars().count().try_into().unwrap_or(u32::MAX);
        Self { reason, text: text[..end].trim_end().to_owned(), characters }
    }
}

/// Why a piece of text is not part of the announcement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The line that links to the original.
    OriginalLink,
    /// It follows the link to the original and lists other announcements.
    BehindOriginal,
    /// A heading such as "Latest news" or "Related" stands over it.
    OtherAnnouncements,
    /// A run of linked titles with dates.
    DatedLinks,
    /// Its links lead to other entries.
    KnownLinks,
    /// The source repeats it from entry to entry.
    Repeated,
    /// Buttons and links for sharing and following.
    Sharing,
    /// An offer of a newsletter or of alerts.
    Newsletter,
    /// A notice about cookies or consent.
    Cookies,
    /// A block of contacts.
    Contact,
    /// Links for finding the way on the site.
    Navigation,
    /// The operator's `cut`, `start_after` or `end_before` says so.
    Rule,
    /// The title, author and date that a content management system writes over the text.
    Metadata,
}

impl Reason {
    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OriginalLink => "original-link",
            Self::BehindOriginal => "behind-original",
            Self::OtherAnnouncements => "other-announcements",
            Self::DatedLinks => "dated-links",
            Self::KnownLinks => "known-links",
            Self::Repeated => "repeated",
            Self::Sharing => "sharing",
            Self::Newsletter => "newsletter",
            Self::Cookies => "cookies",
            Self::Contact => "contact",
            Self::Navigation => "navigation",
            Self::Rule => "rule",
            Self::Metadata => "metadata",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OriginalLink => "the link to the original",
            Self::BehindOriginal => "a list behind the link to the original",
            Self::OtherAnnouncements => "a list of other announcements",
            Self::DatedLinks => "linked titles with dates",
            Self::KnownLinks => "links to other entries",
            Self::Repeated => "repeated from entry to entry",
            Self::Sharing => "sharing",
            Self::Newsletter => "newsletter",
            Self::Cookies => "cookie notice",
            Self::Contact => "contacts",
            Self::Navigation => "navigation",
            Self::Rule => "the configuration of the source",
            Self::Metadata => "title, author and date over the text",
        })
    }
}

/// State of the texts of a source.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TextState {
    /// Hash of the operator's [`TextRules`](super::TextRules) by which the last document was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<u64>,
    /// Hash of the limits of `[parsing]` that left a part of the last document out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limits: Option<u64>,
    /// Lines that are repeated at their edges.
    pub edges: EdgeLines,
}

/// Lines at the edges of a source's texts, and in how many of its entries each was seen.
///
/// Only turns change it, so the same turns make the same counts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EdgeLines {
    /// Entries that were counted; halved with the counts when it grows large.
    pub entries: u32,
    /// Hashes of lines with their counts, by hash.
    pub lines: Vec<(u64, u32)>,
}

impl EdgeLines {
    /// Lines that are counted for one source.
    const MOST_LINES: usize = 32;
    /// Entries after which older ones count half.
    const MOST_ENTRIES: u32 = 64;
    /// Entries that a line must have stood in.
    const LEAST: u32 = 4;

    /// Counts the edge lines of one new entry, each once.
    pub fn learn(&mut self, mut lines: Vec<u64>) {
        lines.sort_unstable();
        lines.dedup();
        if lines.is_empty() {
            return;
        }
        if self.entries >= Self::MOST_ENTRIES {
            self.entries /= 2;
            self.lines.iter_mut().for_each(|(_, count)| *count /= 2);
            self.lines.retain(|(_, count)| *count > 0);
        }
        self.entries += 1;
        let mut new = Vec::new();
        for hash in lines {
            match self.lines.binary_search_by_key(&hash, |(hash, _)| *hash) {
                Ok(at) => self.lines[at].1 += 1,
                Err(_) => new.push(hash),
            }
        }
        // Misra and Gries: where there is no room, every count pays for the newcomers, so that
        // frequent lines stay.
        if self.lines.len() + new.len() > Self::MOST_LINES {
            self.lines.iter_mut().for_each(|(_, count)| *count -= 1);
            self.lines.retain(|(_, count)| *count > 0);
        }
        let room = Self::MOST_LINES.saturating_sub(self.lines.len());
        self.lines.extend(new.into_iter().take(room).map(|hash| (hash, 1)));
        self.lines.sort_unstable();
    }

    /// Whether the source repeats a line from entry to entry.
    pub fn is_repeated(&self, hash: u64) -> bool {
        let found = self.lines.binary_search_by_key(&hash, |(hash, _)| *hash);
        found.is_ok_and(|at| {
            let count = self.lines[at].1;
            count >= Self::LEAST && 3 * count >= 2 * self.entries
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_repeated_once_most_entries_have_it() {
        let mut edges = EdgeLines::default();
        for entry in 0..3 {
            edges.learn(vec![7, 100 + entry, 200 + entry]);
        }
        assert!(!edges.is_repeated(7));
        for entry in 3..500 {
            edges.learn(vec![7, 100 + entry, 200 + entry, 300 + entry, 400 + entry]);
            assert!(edges.is_repeated(7), "{entry}");
            assert!(edges.lines.len() <= EdgeLines::MOST_LINES);
        }
        for entry in 500..600 {
            edges.learn(vec![100 + entry]);
        }
        assert!(!edges.is_repeated(7), "a source that stops repeating it is believed");
    }
}
