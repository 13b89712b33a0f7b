//! What became of a story in; what is said beside its own words, out.

use std::collections::HashSet;

use super::Carried;
use crate::model::{Entry, Story};
use crate::publish::dates::day;
use crate::publish::legible::{escape, legible, line, listed};

/// Remarks on a story, as HTML, each a paragraph or nothing.
pub(super) struct Remarks {
    /// That it no longer applies: to be read first.
    withdrawn: String,
    /// That its source changed it, and in what.
    updated: String,
    /// Who published it too.
    provenance: String,
}

impl Remarks {
    /// What is to be said of `story` as `teller` tells it.
    pub(super) fn on(story: &Story, teller: &Entry, publisher: &str, copies: &[Carried]) -> Self {
        Self {
            withdrawn: withdrawn(story, publisher),
            updated: updated(story, teller),
            provenance: provenance(publisher, copies),
        }
    }

    /// Summary and content of an entry; the longer of them bears the remarks.
    pub(super) fn around(
        &self,
        entry: &Entry,
        publisher: &str,
    ) -> (Option<String>, Option<String>) {
        let html = |html: &Option<String>| {
            let html = html.as_deref().filter(|html| !html.trim().is_empty())?;
            Some(legible(html).into_owned())
        };
        match (html(&entry.summary), html(&entry.content)) {
            (summary, Some(content)) => {
                let summary = summary.filter(|summary| *summary != content);
                (summary, Some(self.enclose(&content)))
            }
            (Some(summary), None) => (Some(self.enclose(&summary)), None),
            // A reader is owed some text (validator: MissingTextualContent).
            (None, None) => {
                let text = format!("<p>Published by {}.</p>", escape(publisher));
                (Some(self.enclose(&text)), None)
            }
        }
    }

    fn enclose(&self, html: &str) -> String {
        [&self.withdrawn, html, &self.updated, &self.provenance].concat()
    }
}

fn withdrawn(story: &Story, publisher: &str) -> String {
    let Some(withdrawal) = &story.withdrawn else { return String::new() };
    let (publisher, day) = (escape(publisher), day(withdrawal.at));
    format!(
        "<p><strong>Withdrawn on {day}: {publisher} says that this no longer applies.</strong></p>"
    )
}

/// The last change that the source itself speaks of.
fn updated(story: &Story, teller: &Entry) -> String {
    let mut latest_first = story.history.iter().rev();
    let Some(revision) =
        latest_first.find(|revision| revision.major && revision.source == teller.source)
    else {
        return String::new();
    };
    let day = day(teller.updated.unwrap_or(revision.at));
    match revision.note.as_deref().map(line).filter(|note| !note.is_empty()) {
        Some(note) => format!("<p>Updated {day}: {}</p>", escape(&note)),
        None => format!("<p>Updated {day}.</p>"),
    }
}

/// One visible line: who published it too, with links.
fn provenance(publisher: &str, copies: &[Carried]) -> String {
    let links: Vec<_> = also(publisher, copies)
        .into_iter()
        .map(|copy| match &copy.url {
            Some(url) => format!("<a href=\"{}\">{}</a>", escape(url), escape(&copy.by)),
            None => escape(&copy.by),
        })
        .collect();
    if links.is_empty() {
        return String::new();
    }
    format!("<p>Also published by {}.</p>", listed(&links))
}

/// The copies worth a reader's notice: one a name, and not the lead's own.
pub(super) fn also<'c>(lead: &str, copies: &'c [Carried]) -> Vec<&'c Carried> {
    let mut seen = HashSet::from([lead]);
    copies.iter().filter(|copy| seen.insert(copy.by.as_str())).collect()
}
