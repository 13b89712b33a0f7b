//! Paragraphs of HTML that we add to a story's text: withdrawal, update and other publishers.

use std::collections::HashSet;

use super::Carried;
use crate::model::{Entry, Story};
use crate::publish::dates::day;
use crate::publish::text_escape::{escape, line, listed};

/// Paragraphs around a story's text, as HTML.
#[derive(Debug, Clone)]
pub(super) struct Remarks {
    /// That it no longer applies: to be read first.
    before: String,
    /// That its source changed it, and in what; who published it too.
    pub(super) after: String,
}

impl Remarks {
    /// The remarks on `story` as `teller` states it.
    pub(super) fn on(story: &Story, teller: &Entry, publisher: &str, copies: &[Carried]) -> Self {
        Self {
            before: withdrawn(story, publisher),
            after: updated(story, teller) + &provenance(publisher, copies),
        }
    }

    /// A text with the remarks around it.
    pub(super) fn around(&self, html: &str) -> String {
        [&self.before, html, &self.after].concat()
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
