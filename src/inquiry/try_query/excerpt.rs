//! Shows a story that a query matches: its title and the part of its text that matters, marked.

use std::ops::Range;
use std::sync::Arc;

use crate::config::Plan;
use crate::model::Story;
use crate::publish::{FoundStory, Marked};
use crate::topics::{Field, Highlight};

/// Characters of text shown around what was caught.
pub(super) const EXCERPT: usize = 240;

/// A story with what speaks for the query marked.
pub(super) fn found(story: Arc<Story>, highlights: &[Highlight], plan: &Plan) -> FoundStory {
    let lead = story.lead(&plan.sources);
    let leads = |member: usize| std::ptr::eq(&raw const story.members[member], lead);
    let ranges = |member: usize, field: Field| {
        let of_it = move |mark: &&Highlight| mark.member == member && mark.field == field;
        highlights.iter().filter(of_it).map(|mark| mark.range.clone()).collect::<Vec<_>>()
    };
    let place = (0..story.members.len()).find(|member| leads(*member)).unwrap_or_default();
    // The lead's words where they speak for it, else those of the copy that do.
    let speaks = |member: &usize| !ranges(*member, Field::Text).is_empty();
    let others = 0..story.members.len();
    let speaker = std::iter::once(place).chain(others).find(speaks).unwrap_or(place);
    let text = story.members[speaker].text();
    let title = &lead.entry.title;
    let title = marked(title, 0..title.len(), &ranges(place, Field::Title));
    let marks = ranges(speaker, Field::Text);
    let excerpt = marked(text, around(text, marks.first()), &marks);
    FoundStory { title, excerpt, story }
}

/// The part of a text that is shown for the sake of `mark`, between words.
pub(super) fn around(text: &str, mark: Option<&Range<usize>>) -> Range<usize> {
    let before = mark.and_then(|mark| text.get(..mark.start)).unwrap_or_default();
    // From the beginning of the mark's paragraph, where that is near.
    let paragraph = before.rfind('\n').map_or(0, |end| end + 1);
    let near = before.char_indices().rev().nth(EXCERPT / 3).map_or(0, |(at, _)| at);
    let start = if paragraph >= near {
        paragraph
    } else {
        before[near..].find(' ').map_or(near, |space| near + space + 1)
    };
    let rest = &text[start..];
    let end = match rest.char_indices().nth(EXCERPT) {
        None => rest.len(),
        Some((end, _)) => rest[..end].rfind(char::is_whitespace).unwrap_or(end),
    };
    // A mark that is longer than all this is shown whole.
    start..(start + end).max(mark.map_or(0, |mark| mark.end))
}

/// A part of a text, with these marks, which stand in order.
pub(super) fn marked(text: &str, shown: Range<usize>, marks: &[Range<usize>]) -> Vec<Marked> {
    let mut parts = Vec::new();
    let mut tell = |range: Range<usize>, marked: bool| {
        let part = text.get(range).unwrap_or_default();
        if !part.is_empty() {
            parts.push(Marked { text: part.replace('\n', " "), marked });
        }
    };
    let mut told = shown.start;
    for mark in marks.iter().filter(|mark| mark.start >= shown.start && mark.end <= shown.end) {
        tell(told..mark.start, false);
        tell(mark.clone(), true);
        told = mark.end;
    }
    tell(told..shown.end, false);
    if shown.end < text.trim_end().len() {
        parts.push(Marked { text: " …".to_owned(), marked: false });
    }
    if shown.start > 0 {
        parts.insert(0, Marked { text: "… ".to_owned(), marked: false });
    }
    parts
}
