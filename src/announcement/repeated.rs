//! Sets aside the lines that a source repeats at the beginning or end of its entries.
//!
//! A line counts as repeated when most entries of a document have it, or most of the entries that
//! were counted in the source's state ([`crate::model::EdgeLines`]). Repetition alone shows that a
//! line is a formula, and formulas say what matters: "The appeal was dismissed", "Severity: amber".
//! So a repeated line goes only where the site speaks of itself in it ([`own_words`]). Only a row
//! of such lines at an edge goes, never all that an entry says, no sentence at the beginning, and
//! nothing below a heading for notes to editors. Lines stay of which another entry has one that
//! differs in a word.

use std::collections::{HashMap, HashSet};

use super::line_kind::{SENTENCE_MARKS, begins_facts, is_field};
use super::text_lines::{Layout, Line};
use super::{beginning, own_words};
use crate::model::{Entry, Reason};

/// Lines that are looked at from the beginning and from the end of a text.
const FIRST: usize = 3;
const LAST: usize = 8;

/// Entries of a document in which a line must stand.
const LEAST: usize = 4;

/// The lines that most entries of one document have at an edge.
#[derive(Debug, Default)]
pub struct RepeatedLines {
    entries: usize,
    counts: HashMap<u64, usize>,
    /// The lines that have these words in common, but for one: the first of them.
    frames: HashMap<u64, u64>,
    /// Lines of which another entry has one that differs in a word: values of a template.
    varied: HashSet<u64>,
}

impl RepeatedLines {
    /// Counts the edge lines of an entry, each once. An entry of a single line says nothing of
    /// its edges.
    pub fn count(&mut self, entry: &Entry) {
        let lines: HashSet<u64> = edge_lines(entry).into_iter().collect();
        if lines.len() < 2 {
            return;
        }
        self.entries += 1;
        for line in lines {
            *self.counts.entry(line).or_default() += 1;
        }
        for text in edge_texts(entry) {
            let line = hash(text);
            for frame in frames(text) {
                let first = *self.frames.entry(frame).or_insert(line);
                if first != line {
                    self.varied.extend([first, line]);
                }
            }
        }
    }

    /// Keeps only what is repeated; whether anything is.
    pub fn is_any(&mut self) -> bool {
        let (entries, varied) = (self.entries, &self.varied);
        self.counts.retain(|line, count| {
            *count >= LEAST && 3 * *count >= 2 * entries && !varied.contains(line)
        });
        !self.counts.is_empty()
    }

    /// Whether most entries have the line with this hash.
    pub fn contains(&self, hash: u64) -> bool {
        self.counts.contains_key(&hash)
    }
}

/// Hashes of the lines and sentences at the edges of what an entry says, with those that were set
/// aside as repeated.
pub fn edge_lines(entry: &Entry) -> Vec<u64> {
    let mut hashes: Vec<u64> = edge_texts(entry).into_iter().map(hash).collect();
    let repeated = entry.set_aside.iter().filter(|piece| piece.reason == Reason::Repeated);
    hashes.extend(repeated.map(|piece| hash_of(&piece.text, piece.characters)));
    hashes
}

/// The lines and sentences at the edges of what an entry says.
fn edge_texts(entry: &Entry) -> Vec<&str> {
    let lines: Vec<&str> = entry.text.lines().collect();
    let last = lines.len().saturating_sub(LAST);
    let mut texts = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        if at >= FIRST && at < last {
            continue;
        }
        texts.push(*line);
        if at + 1 == lines.len() {
            texts.extend(last_sentences(line).into_iter().map(|start| &line[start..]));
        }
    }
    texts
}

/// Hashes of a short line without each of its words in turn.
fn frames(line: &str) -> impl Iterator<Item = u64> {
    let words: Vec<&str> = line.split_whitespace().take(MOST_WORDS_OF_A_VALUE + 1).collect();
    let is_short = (2..=MOST_WORDS_OF_A_VALUE).contains(&words.len());
    let count = if is_short { words.len() } else { 0 };
    (0..count).map(move |left_out| {
        let rest = [&words[..left_out], &["\n"], &words[left_out + 1..]].concat().join(" ");
        xxhash_rust::xxh3::xxh3_64(rest.as_bytes())
    })
}

fn hash(line: &str) -> u64 {
    let line = line.trim();
    hash_of(beginning(line), line.chars().count().try_into().unwrap_or(u32::MAX))
}

/// The hash of a line by its beginning, as much as is kept of a piece that is set aside, and by
/// its length where that is not all of it: notices with one formula name different persons.
fn hash_of(beginning: &str, characters: u32) -> u64 {
    let is_whole = beginning.chars().count() >= characters as usize;
    let seed = if is_whole { 0 } else { characters.into() };
    xxhash_rust::xxh3::xxh3_64_with_seed(beginning.as_bytes(), seed)
}

/// Where the last sentences of a line begin, the last first, so far that each reaches to the end
/// of the line.
fn last_sentences(line: &str) -> Vec<usize> {
    let mut starts = Vec::new();
    for (at, _) in line.match_indices(' ').rev().take(120) {
        // Nearly every word ends in a letter.
        if line[..at].ends_with(|c: char| c.is_ascii_alphanumeric()) {
            continue;
        }
        let ends =
            line[..at].trim_end_matches(['"', '”', '’', ')', '»']).ends_with(['.', '!', '?', '…']);
        let start = at + 1;
        if ends && line[start..].split(' ').count() >= 3 {
            starts.push(start);
            if starts.len() == 3 {
                break;
            }
        }
    }
    starts
}

pub(super) fn set_aside(layout: &mut Layout<'_>, is_repeated: &dyn Fn(u64) -> bool) {
    let kept: Vec<usize> = layout.kept().collect();
    let repeats = |line: &Line| is_repeated(hash(&line.text));
    if kept.iter().all(|index| repeats(&layout.lines[*index])) {
        return;
    }
    let is_noted = kept.iter().any(|index| begins_facts(&layout.lines[*index]));
    let repeats = |index: &&usize| repeats(&layout.lines[**index]);
    let speaks = |index: &&usize| own_words::speaks_of_the_site(&layout.lines[**index]);
    // Announcements of a series begin with the same sentences.
    let is_above =
        |index: &&usize| !is_sentence(&layout.lines[**index]) && repeats(index) && speaks(index);
    let above = kept.iter().take(FIRST).take_while(is_above).count();
    // Behind a line in which the site speaks, a row goes on in names and labels.
    let may_be_below = |index: &&usize| {
        let line = &layout.lines[**index];
        repeats(index) && (speaks(index) || !is_sentence(line) && !is_field(line))
    };
    let below: Vec<&usize> = kept.iter().rev().take(LAST).take_while(may_be_below).collect();
    let below = below.iter().rposition(speaks).map_or(0, |last| last + 1);
    for index in &kept[..above] {
        layout.lines[*index].set_aside = Some(Reason::Repeated);
    }
    if is_noted {
        return;
    }
    let behind = kept.len() - below;
    for index in &kept[behind..] {
        layout.lines[*index].set_aside = Some(Reason::Repeated);
    }
    if below < LAST
        && let Some(index) = kept[above..behind].last().copied()
    {
        let line = &layout.lines[index];
        let sentences = last_sentences(&line.text);
        let found = sentences.into_iter().rev().find(|start| {
            is_repeated(hash(&line.text[*start..]))
                && line.behind(*start).is_some_and(|rest| own_words::speaks_of_the_site(&rest))
        });
        if let Some(start) = found
            && layout.split(index, start)
        {
            layout.lines[index + 1].set_aside = Some(Reason::Repeated);
        }
    }
}

fn is_sentence(line: &Line) -> bool {
    line.text.ends_with(SENTENCE_MARKS) && !line.is_mostly_linked()
}

/// Words of a line that is compared with others by each of its words.
const MOST_WORDS_OF_A_VALUE: usize = 12;
