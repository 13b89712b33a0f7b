//! Takes the whole text of an entry from an element of a vocabulary that is not known.
//!
//! Publishers put whole texts into extensions of their own, beside a description of one sentence.
//! Such an element is recognised by its form: much more text than the description has, and not the
//! same text in two entries.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use super::clean::plain;
use super::feed_parser::DraftEntry;
use super::outline::Note;

/// How many times as long as the description it is at least.
const LONGER: usize = 2;

/// Makes the unknown elements of entries that have no whole text their contents.
pub(super) fn adopt(notes: &mut [Note], entries: &[DraftEntry]) {
    let mut texts: Vec<(usize, String, u64)> = Vec::new();
    for (at, (note, entry)) in notes.iter_mut().zip(entries).enumerate() {
        let Some(unknown) = note.unknown.take() else { continue };
        let text = plain(&unknown);
        if is_prose(&text) && text.len() >= LONGER * described(note, entry) {
            texts.push((at, unknown, xxh3_64(text.as_bytes())));
        }
    }
    let mut uses: HashMap<u64, usize> = HashMap::new();
    for (.., hash) in &texts {
        *uses.entry(*hash).or_default() += 1;
    }
    for (at, html, hash) in texts {
        if uses.get(&hash) == Some(&1) {
            notes[at].content = Some(html);
        }
    }
}

/// Bytes of text that an entry has otherwise; the most there can be where it has a whole text.
fn described(note: &Note, entry: &DraftEntry) -> usize {
    let is_whole = note.content.is_some()
        || entry.content.as_ref().is_some_and(|content| !content.body.trim().is_empty());
    if is_whole {
        return usize::MAX / LONGER;
    }
    let written = entry.summary.as_ref().map(|summary| summary.body.as_str());
    plain(written.or(note.description.as_deref()).unwrap_or_default()).len()
}

/// Whether a text is sentences, rather than numbers, codes or the notation of a program.
fn is_prose(text: &str) -> bool {
    let signs = text.chars().filter(|c| !c.is_whitespace()).count();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let ends_sentence = ['.', '!', '?', '。', '！', '？', '।', '۔', '؟', '።', '။'];
    4 * letters >= 3 * signs && text.contains(ends_sentence) && !text.starts_with(['{', '[', '<'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_prose() {
        for (text, is) in [
            ("The port of Orm closes for eighteen months.", true),
            ("港口将于一月三日关闭，为期十八个月。", true),
            ("45.2 13.4 45.3 13.5 45.4 13.6", false),
            ("{\"type\": \"Feature\", \"name\": \"a.b\"}", false),
            ("QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqaw==", false),
            ("news ports ferries harbours", false),
        ] {
            assert_eq!(is_prose(text), is, "{text}");
        }
    }
}
