//! Separates the entries of a document from what surrounds them, and puts their texts together.

use std::collections::HashSet;

use url::Url;

use crate::announcement::{self, Cleaned, Own, RepeatedLines, Separated, Surroundings};
use crate::cancel::Cancelled;
use crate::model::{Entry, Failure, SetAside};

/// The texts of an entry as its document has them, cleaned.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pub(super) summary: Cleaned,
    pub(super) content: Cleaned,
    /// The pieces that the operator's selectors took out of them.
    pub(super) cut: Vec<SetAside>,
    /// Hash of both as the document has them.
    pub(super) whole: u64,
}

/// Gives the entries their texts, apart from their surroundings.
pub(super) fn set_aside(
    entries: &mut [Entry],
    texts: Vec<Texts>,
    surroundings: &Surroundings<'_>,
    warnings: &mut Vec<String>,
    cancelled: &Cancelled,
) -> Result<(), Failure> {
    let addresses: HashSet<&str> =
        entries.iter().filter_map(|entry| entry.url.as_ref()).map(without_fragment).collect();
    let addresses: HashSet<String> = addresses.into_iter().map(str::to_owned).collect();
    let is_known =
        |url: &Url| addresses.contains(without_fragment(url)) || (surroundings.is_known)(url);
    let surroundings = Surroundings { is_known: &is_known, ..*surroundings };
    let (mut no_start, mut no_end) = (0_usize, 0_usize);
    let mut repeated = RepeatedLines::default();
    for (entry, texts) in entries.iter_mut().zip(texts) {
        cancelled.check()?;
        let own = Own { page: entry.url.as_ref(), title: &entry.title };
        let parts = [&texts.summary, &texts.content]
            .map(|text| announcement::separate(text, own, &surroundings));
        entry.set_aside = texts.cut;
        let has_text = !texts.summary.text.is_empty() || !texts.content.text.is_empty();
        no_start += usize::from(has_text && parts.iter().all(|part| part.is_start_missing));
        no_end += usize::from(has_text && parts.iter().all(|part| part.is_end_missing));
        entry.whole = Some(texts.whole);
        take(entry, parts);
        repeated.count(entry);
    }
    if repeated.is_any() {
        for entry in entries.iter_mut().filter(|entry| has_repeated(entry, &repeated)) {
            cancelled.check()?;
            let parts = [&entry.summary, &entry.content].map(|html| {
                let html = html.clone().unwrap_or_default();
                let cleaned =
                    Cleaned { text: super::clean::plain(&html), html, ..Cleaned::default() };
                announcement::separate_repeated(&cleaned, &|line| repeated.contains(line))
            });
            take(entry, parts);
        }
    }
    for (option, missing) in [("start_after", no_start), ("end_before", no_end)] {
        if missing > 0 {
            warnings.push(format!(
                "entries whose text does not hold `{option}`, kept whole: {missing}"
            ));
        }
    }
    Ok(())
}

fn without_fragment(url: &Url) -> &str {
    url.as_str().split('#').next().unwrap_or_default()
}

fn has_repeated(entry: &Entry, repeated: &RepeatedLines) -> bool {
    announcement::edge_lines(entry).into_iter().any(|line| repeated.contains(line))
}

/// Gives an entry what is left of its texts.
fn take(entry: &mut Entry, parts: [Separated; 2]) {
    let [mut summary, content] = parts;
    // The summary may be the beginning of a digest.
    let names_several = summary.names_several || content.names_several || {
        let both = summary.original.as_ref().zip(content.original.as_ref());
        both.is_some_and(|(one, other)| !announcement::is_same_page(one, other))
    };
    let original = content.original.or(summary.original).filter(|_| !names_several);
    for piece in content.set_aside.into_iter().chain(summary.set_aside) {
        if !entry.set_aside.contains(&piece) {
            entry.set_aside.push(piece);
        }
    }
    if entry.original.is_none() {
        entry.original = original;
    }
    if summary.html == content.html {
        summary.html.clear();
    }
    // Text that the summary repeats of the content would count twice.
    entry.text = match (summary.text, content.text) {
        (summary, content) if content.is_empty() => summary,
        (summary, content) if summary.is_empty() || repeats(&summary, &content) => content,
        (summary, content) => format!("{summary}\n{content}"),
    };
    entry.summary = Some(summary.html).filter(|html| !html.is_empty());
    entry.content = Some(content.html).filter(|html| !html.is_empty());
}

/// Whether the summary is the content's own beginning, or all of it.
fn repeats(summary: &str, content: &str) -> bool {
    let summary = summary.trim_end_matches(['…', '.', ' ', ']', '[']);
    content.starts_with(summary) || content.contains(summary)
}

#[cfg(test)]
mod controls;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod edges;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod labelled;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod mixtures;

#[cfg(test)]
mod originals;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod subjects;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
