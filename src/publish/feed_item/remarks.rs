//! Writes the paragraphs that are added to a story's text: withdrawal, update, other publishers.

use std::collections::HashSet;

use super::Carried;
use crate::model::{Entry, Piece, Revision, Sources, Story, Timestamp};
use crate::publish::dates::day;
use crate::publish::text_escape::{escape, excerpt, line, listed};

/// Paragraphs around a story's text, as HTML.
#[derive(Debug, Clone)]
pub(super) struct Remarks {
    /// That it no longer applies: to be read first.
    before: String,
    /// That its source changed it, and in what; who published it too.
    pub(super) after: String,
}

impl Remarks {
    /// The remarks on `story` as `teller` states it. `dated` is the date that the feed gives the story.
    pub(super) fn on(
        story: &Story,
        teller: &Entry,
        dated: Timestamp,
        publisher: &str,
        copies: &[Carried],
        sources: &Sources,
    ) -> Self {
        Self {
            before: withdrawn(story, publisher),
            after: updated(story, teller, dated, sources) + &provenance(publisher, copies),
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
    let reason = match withdrawal.reason.as_deref().map(line) {
        Some(reason) if !reason.is_empty() => format!(" “{}”", escape(&excerpt(&reason, 600))),
        _ => String::new(),
    };
    format!(
        "<p><strong>Withdrawn on {day}: {publisher} says that this no longer applies.</strong>{reason}</p>"
    )
}

/// The last change that gives the story its date: one that the source itself speaks of, or any
/// other where the feed dates those.
fn updated(story: &Story, teller: &Entry, dated: Timestamp, sources: &Sources) -> String {
    let counts = |revision: &&Revision| match revision.source == teller.source {
        true => revision.major || revision.at <= dated,
        false => revision.at == dated,
    };
    let Some(revision) = story.history.iter().rev().find(counts) else { return String::new() };
    let change = change(revision);
    if revision.source != teller.source {
        let copy = story.members.iter().find(|member| member.entry.source == revision.source);
        let name = copy.map(|copy| super::name_of(&copy.entry, sources)).unwrap_or_default();
        let day = day(revision.at);
        return format!("<p>Updated {day} by {}: {change}</p>", escape(&name));
    }
    let stated = teller.updated.filter(|_| revision.major);
    format!("<p>Updated {}: {change}</p>", day(stated.unwrap_or(revision.at)))
}

/// A change in a sentence or in the words that changed, as HTML.
fn change(revision: &Revision) -> String {
    if let Some(note) = revision.note.as_deref().map(line).filter(|note| !note.is_empty()) {
        return escape(&note);
    }
    let mut sentences = Vec::new();
    if let Some(title) = revision.title.as_deref().map(line).filter(|title| !title.is_empty()) {
        sentences.push(format!("the title was “{}”.", escape(&excerpt(&title, 200))));
    }
    if !revision.change.is_empty() {
        let pieces = revision.change.iter().map(|piece| match piece {
            Piece::Kept(words) => escape(words),
            Piece::Gone(words) => format!("<del>{}</del>", escape(words.trim_end())) + space(words),
            Piece::Come(words) => format!("<ins>{}</ins>", escape(words.trim_end())) + space(words),
        });
        sentences.push(format!("“{}”", pieces.collect::<String>().trim()));
    } else if revision.text_changed {
        sentences.push("much of the text was rewritten.".to_owned());
    } else if revision.summary.is_some() {
        sentences.push("its summary was changed.".to_owned());
    }
    if sentences.is_empty() {
        return "it has a new date, and the same title and text as before.".to_owned();
    }
    sentences.join(" ")
}

/// The white space that ends these words.
fn space(words: &str) -> &'static str {
    if words.ends_with(char::is_whitespace) { " " } else { "" }
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{Evidence, Member, SourceId, StoryId};

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    fn revision(source: &str) -> Revision {
        Revision {
            at: at("2025-11-29T10:00:00Z"),
            source: SourceId::new(source),
            link: None,
            major: false,
            title: None,
            summary: None,
            text: None,
            text_changed: false,
            change: Vec::new(),
            note: None,
        }
    }

    /// The remark on a story of two sources with this revision, in a feed that dates it so.
    fn remark(revision: Revision, dated: &str) -> String {
        let told = at("2025-11-01T10:00:00Z");
        let mut story = Story::new(StoryId::from_bytes([1; 16]), "urn:1".to_owned(), told);
        for source in ["fcdo", "wire"] {
            let entry = Arc::new(Entry::of(SourceId::new(source)));
            story.members.push(Member::new(entry, Evidence::Founded, told));
        }
        story.history = vec![revision];
        let teller = &story.members[0].entry;
        updated(&story, teller, at(dated), &Sources::new())
    }

    #[test]
    fn a_revision_says_what_changed() {
        let (old, new) = ("2025-11-01T10:00:00Z", "2025-11-29T10:00:00Z");
        let words = || {
            let (gone, come) = (Piece::Gone("£40 ".to_owned()), Piece::Come("£45 ".to_owned()));
            vec![
                Piece::Kept("The fee is ".to_owned()),
                gone,
                come,
                Piece::Kept("now <b>".to_owned()),
            ]
        };
        let fcdo = || revision("fcdo");
        for (revision, dated, expected) in [
            (
                Revision { note: Some("Fees <raised>.".to_owned()), change: words(), ..fcdo() },
                new,
                "<p>Updated 29 November 2025: Fees &lt;raised&gt;.</p>",
            ),
            (
                Revision { title: Some("Fees & more".to_owned()), ..fcdo() },
                new,
                "<p>Updated 29 November 2025: the title was “Fees &amp; more”.</p>",
            ),
            (
                Revision { text_changed: true, change: words(), ..fcdo() },
                new,
                "<p>Updated 29 November 2025: “The fee is <del>£40</del> <ins>£45</ins> now &lt;b&gt;”</p>",
            ),
            (
                Revision { text_changed: true, ..fcdo() },
                new,
                "<p>Updated 29 November 2025: much of the text was rewritten.</p>",
            ),
            (
                Revision { summary: Some(String::new()), ..fcdo() },
                new,
                "<p>Updated 29 November 2025: its summary was changed.</p>",
            ),
            (
                Revision { major: true, ..fcdo() },
                old,
                "<p>Updated 29 November 2025: it has a new date, and the same title and text as before.</p>",
            ),
            (
                Revision { text_changed: true, ..revision("wire") },
                new,
                "<p>Updated 29 November 2025 by wire: much of the text was rewritten.</p>",
            ),
            // The feed does not date these.
            (Revision { text_changed: true, ..fcdo() }, old, ""),
            (Revision { major: true, ..revision("wire") }, old, ""),
        ] {
            assert_eq!(remark(revision, dated), expected);
        }
    }
}
