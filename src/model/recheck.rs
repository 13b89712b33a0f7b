//! The progress of checking the pages of a source's stored entries again: plain data.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{Entry, Failure, Timestamp};

/// The result of visiting entries' pages during a poll.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recheck {
    /// Without a new document: the source's stored entries, some with the new text of their
    /// pages. Empty with a document, or if no page was visited.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Arc<Entry>>,
    /// The state of the round after this poll.
    pub round: RecheckRound,
    /// The 429 with which the source's own origin answered for a page (P28).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Failure>,
}

/// One round over the pages of a source's entries: to fetch for those that have no text
/// yet, and to see whether the others still stand. It takes as many polls as it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecheckRound {
    /// Start of the previous round.
    pub since: Timestamp,
    /// Start of this round.
    pub began: Timestamp,
    /// The page that was visited last.
    #[serde(default)]
    pub after: Option<Url>,
    /// Whether pages remain to be visited.
    pub open: bool,
    /// Whether a server refused a page.
    #[serde(default)]
    pub refused: bool,
    /// [`Source::page_rules`](super::Source::page_rules) by which pages are read; zero where that is
    /// not known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rules: u64,
    /// Whether every page is read again, because they were read by other rules before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_anew: bool,
    /// The pages requested in this round.
    #[serde(default, skip_serializing_if = "PageCount::is_empty")]
    pub pages: PageCount,
    /// Servers that asked to be left alone in this round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<PageHold>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How many pages were asked for, and how many of them gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PageCount {
    /// Pages asked for.
    pub asked: u32,
    /// Pages that could not be read, or had no text.
    pub failed: u32,
    /// The reason of the last failure.
    pub why: String,
}

impl PageCount {
    /// Whether none was asked for.
    pub fn is_empty(&self) -> bool {
        self.asked == 0
    }

    /// Why no page could be read; `None` if one was, or none was asked for.
    pub fn all_failed(&self) -> Option<String> {
        let all = self.asked > 0 && self.failed == self.asked;
        all.then(|| {
            format!(
                "none of its entries' pages can be read ({} asked for); the last: {}",
                self.asked, self.why
            )
        })
    }

    /// Adds the pages of one poll.
    pub fn add(&mut self, more: Self) {
        self.asked = self.asked.saturating_add(more.asked);
        self.failed = self.failed.saturating_add(more.failed);
        if more.failed > 0 {
            self.why = more.why;
        }
    }
}

/// A server that answered for a page and asked to be left alone, which is no source's own. Kept
/// with the source whose page it was, so that a restart does not forget it (P26, P28).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PageHold {
    /// The origin (`https://www.gov.uk`), or the address where the answer was about that alone.
    pub of: String,
    /// End of the hold.
    pub until: Timestamp,
}

impl RecheckRound {
    /// The round that follows another, which may not have seen every page.
    pub fn following(before: Option<&Self>, now: Timestamp) -> Self {
        let since = before.map_or(now, |before| match before.open || before.refused {
            true => before.since,
            false => before.began,
        });
        let held = before.into_iter().flat_map(|before| &before.held);
        let held = held.filter(|hold| hold.until > now).cloned().collect();
        let rules = before.map_or(0, |before| before.rules);
        let is_anew = before.is_some_and(|before| before.open && before.is_anew);
        let pages = PageCount::default();
        Self {
            since,
            began: now,
            after: None,
            open: true,
            refused: false,
            rules,
            is_anew,
            pages,
            held,
        }
    }
}
