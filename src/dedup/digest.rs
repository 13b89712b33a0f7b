//! Tells a digest, or another notice of an office, from a copy of what it shares a text with.
//!
//! A copy adds a header, a footer, a list of headlines. It does not go on about something else, under a title that
//! has no word of the original's.

use super::diff_names::ACCOUNT;
use super::rules::Rules;
use super::shingles::{Overlap, Passages};
use super::text_match::{FULL_TEXT, MOSTLY};
use super::title::{Title, share_a_word, telling_hashes, title_match};
use crate::model::Entry;

/// A text of fewer words is not a release in full.
const FEWEST_OF_A_RELEASE: usize = FULL_TEXT - FULL_TEXT / 5;

/// A sentence of fewer words may be a headline or a part of a frame.
const FEWEST_OF_AN_ITEM: usize = 10;

/// So many sentences about something else are further items.
const FEWEST_ITEMS: usize = 2;

/// Hundredths of the words of a sentence that say something, from which on it may speak of the text that the
/// digest holds.
const AKIN: u32 = 20;

/// Whether the longer of two texts is a digest that holds the other, which is `part` of it. Shingles
/// that are `common` to many texts say nothing of this one.
pub(super) fn is_digest(
    longer: &Entry,
    (held, part): (&Entry, &Passages),
    overlap: &Overlap,
    common: &[u64],
    rules: &Rules<'_>,
) -> bool {
    // Of a page that lists releases only the one with its title is compared.
    let says_more =
        overlap.of_longer as usize >= overlap.of as usize + FEWEST_ITEMS * FEWEST_OF_AN_ITEM;
    if !says_more || !overlap.reaches(MOSTLY) || share_a_word(&longer.title, &held.title) {
        return false;
    }
    let speak = [longer, held].map(|entry| rules.speaks_for_itself(entry));
    match speak {
        // Of an announcement others may carry a part.
        [true, false] => false,
        [false, true] if goes_on(overlap) => true,
        _ => part.len() >= FEWEST_OF_A_RELEASE && lists_further_items(longer, part, common),
    }
}

/// Whether the longer of two texts is longer by an account of something else.
fn goes_on(overlap: &Overlap) -> bool {
    let more = overlap.of_longer.saturating_sub(overlap.of);
    overlap.of as usize >= FEWEST_OF_A_RELEASE && more >= ACCOUNT && more * 2 >= overlap.of
}

/// Whether most of what a text says besides a `part` of it are sentences about other things, which they name.
fn lists_further_items(longer: &Entry, part: &Passages, common: &[u64]) -> bool {
    let (mut items, mut akin) = (Vec::new(), 0);
    for line in longer.text.lines().filter(|line| ends_a_sentence(line)) {
        let line = Entry { text: line.to_owned(), ..Entry::of(longer.source.clone()) };
        let Some(read) = Passages::of(&line) else { continue };
        let overlap = read.overlap(part, common);
        if read.len() < FEWEST_OF_AN_ITEM || overlap.shared > 0 || overlap.of == 0 {
            continue;
        }
        let (telling, known) = read.telling_shared(part);
        match read.has_names() && known * 100 < telling * AKIN {
            true => items.push(line.text),
            false => akin += 1,
        }
    }
    items.sort_unstable();
    items.dedup();
    items.len() >= FEWEST_ITEMS && items.len() >= 3 * akin
}

fn ends_a_sentence(line: &str) -> bool {
    let line = line.trim_end_matches(['"', '”', '’', '»', '“', ')', ' ']);
    line.ends_with(['.', '!', '?', '…', '。', '！', '？', '।', '؟'])
}

/// Whether a text of several parts may be what they are parts of, rather than a list of announcements: its title
/// speaks of one of them, and it has no part's title for a heading.
pub(super) fn may_be_one_text<'a>(
    whole: &Entry,
    parts: impl Iterator<Item = (&'a Entry, &'a Passages)> + Clone,
) -> bool {
    let telling = telling_hashes(&whole.title);
    // The words of a script without capitals are too short to tell.
    let has_case = whole.title.chars().any(|c| c.is_lowercase() || c.is_uppercase());
    let speaks_of = |text: &Passages| !has_case || telling.iter().any(|word| text.has_word(*word));
    let is_headed = |title: &str| {
        let title = Title::of(title, "");
        let is_heading = |line: &str| {
            !ends_a_sentence(line) && title_match(&Title::of(line, ""), &title).agreement() > 0
        };
        whole.text.lines().any(is_heading)
    };
    let mut texts = parts.clone();
    texts.any(|(_, text)| speaks_of(text))
        && !parts.into_iter().any(|(part, _)| part.title != whole.title && is_headed(&part.title))
}
