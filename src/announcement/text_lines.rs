//! Reads cleaned HTML as lines of text, and writes it again without some of them.

mod reader;

use std::cell::OnceCell;
use std::ops::Range;

use url::Url;

use super::signs::Signs;
use super::vocabulary::{Heading, heading};
use super::{Cleaned, ContainerRole, kept_html};
use crate::model::Reason;

/// A link in a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Link {
    pub(super) url: Url,
    /// Where its label stands in the line's text.
    pub(super) label: Range<usize>,
}

/// A line of text: what stands between the beginning and end of blocks, or line breaks.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    /// Plain text, white space folded.
    pub(super) text: String,
    pub(super) links: Vec<Link>,
    /// The level of the heading that it is.
    pub(super) heading: Option<u8>,
    /// Whether all of it is emphasised.
    pub(super) is_strong: bool,
    /// Whether it stands in an item of a list.
    pub(super) is_item: bool,
    /// The role that its source gives to the element around it.
    pub(super) role: Option<(usize, ContainerRole)>,
    /// The elements around it, the outermost first, by number.
    pub(super) around: Vec<u32>,
    /// Why it is not part of the announcement.
    pub(super) set_aside: Option<Reason>,
    /// The kind of heading that it is, once somebody asked.
    known_heading: OnceCell<Option<Heading>>,
    /// The kind of heading that it begins with, once somebody asked.
    heading_before_colon: OnceCell<Option<Heading>>,
    /// How many words it has, once somebody asked.
    word_count: OnceCell<usize>,
    /// Where its words stand: in the text, and in the HTML.
    words: Vec<(usize, usize)>,
    /// Where its text ends in the HTML.
    end: usize,
    /// Where its line begins in the HTML, before pictures.
    start: usize,
}

impl Line {
    /// How many words it has. Where a script writes none apart, two letters count as one.
    pub(super) fn word_count(&self) -> usize {
        *self.word_count.get_or_init(|| {
            let is_joined = |c: &char| matches!(c, '\u{0E00}'..='\u{0EFF}' | '\u{3040}'..='\u{30FF}' | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}');
            let joined = match self.text.is_ascii() {
                true => 0,
                false => self.text.chars().filter(is_joined).count(),
            };
            self.words.len().max(joined / 2)
        })
    }

    /// The kind of heading that it is, if it stands alone.
    pub(super) fn known_heading(&self) -> Option<Heading> {
        *self.known_heading.get_or_init(|| heading(&self.text))
    }

    /// The kind of heading that it begins with, if a colon and more text follow.
    pub(super) fn heading_before_colon(&self) -> Option<Heading> {
        *self.heading_before_colon.get_or_init(|| {
            let (before, behind) = self.text.split_once([':', '：'])?;
            if behind.trim().is_empty() { None } else { heading(before) }
        })
    }

    /// Where it begins in the HTML if it is set aside for this reason: with the pictures that stand
    /// before it in its own block, unless those may belong to what stays.
    fn starts_for(&self, reason: Reason) -> usize {
        let has_pictures = matches!(
            reason,
            Reason::Sharing
                | Reason::OtherAnnouncements
                | Reason::KnownLinks
                | Reason::DatedLinks
                | Reason::BehindOriginal
        );
        let first = self.words.first().map_or(self.end, |(_, raw)| *raw);
        if has_pictures { self.start.min(first) } else { first }
    }

    /// Bytes of its text that are labels of links.
    fn linked_bytes(&self) -> usize {
        self.links.iter().map(|link| link.label.len()).sum()
    }

    /// Whether next to all of it is a link, or several.
    pub(super) fn is_linked(&self) -> bool {
        !self.links.is_empty() && 5 * self.linked_bytes() >= 4 * self.text.len()
    }

    /// The part of it that begins with the word at this place of its text.
    pub(super) fn behind(&self, at: usize) -> Option<Self> {
        let word = self.words.binary_search_by_key(&at, |(start, _)| *start).ok()?;
        Some(self.tail(word))
    }

    /// The part of it that begins with a word, by number.
    fn tail(&self, word: usize) -> Self {
        let (at, start) = self.words[word];
        let behind = self.links.iter().filter(|link| link.label.start >= at);
        let links = behind.map(|link| Link {
            url: link.url.clone(),
            label: link.label.start - at..link.label.end - at,
        });
        Self {
            start,
            text: self.text[at..].to_owned(),
            words: self.words[word..].iter().map(|(start, raw)| (start - at, *raw)).collect(),
            links: links.collect(),
            is_item: self.is_item,
            role: self.role,
            around: self.around.clone(),
            set_aside: self.set_aside,
            end: self.end,
            ..Self::default()
        }
    }

    /// Whether it begins with a link that is most of it.
    pub(super) fn is_mostly_linked(&self) -> bool {
        2 * self.linked_bytes() >= self.text.len() && !self.links.is_empty()
    }
}

/// Cleaned HTML as lines.
pub(super) struct Layout<'h> {
    html: &'h str,
    pub(super) lines: Vec<Line>,
    /// The kinds of words that are in some of them.
    pub(super) signs: Signs,
    /// Links for sharing that hold nothing but pictures.
    share_pictures: Vec<Range<usize>>,
}

impl<'h> Layout<'h> {
    pub(super) fn of(cleaned: &'h Cleaned) -> Self {
        let Some(read) = reader::read(cleaned) else {
            let (lines, signs) = (Vec::new(), Signs::default());
            return Self { html: &cleaned.html, lines, signs, share_pictures: Vec::new() };
        };
        let signs = Signs::of(&cleaned.text);
        let reader::Read { lines, share_pictures } = read;
        Self { html: &cleaned.html, lines, signs, share_pictures }
    }

    /// Parts a line before `at` in its text; false where that is its beginning, or within a word
    /// that the HTML writes in another way.
    pub(super) fn split(&mut self, index: usize, at: usize) -> bool {
        let line = &mut self.lines[index];
        let word = match line.words.binary_search_by_key(&at, |(start, _)| *start) {
            Ok(word) => word,
            Err(0) => return false,
            Err(next) => {
                let (start, raw) = line.words[next - 1];
                let part = &line.text[start..at];
                // Where the text has one of these, the HTML has a reference, or a tag in its place.
                if part.contains(['<', '&']) || self.html.get(raw..raw + part.len()) != Some(part) {
                    return false;
                }
                line.words.insert(next, (at, raw + part.len()));
                next
            }
        };
        if word == 0 {
            return false;
        }
        let second = line.tail(word);
        (line.known_heading, line.heading_before_colon) = (OnceCell::new(), OnceCell::new());
        line.word_count = OnceCell::new();
        line.end = line.words[word].1;
        line.words.truncate(word);
        line.text.truncate(line.text[..at].trim_end().len());
        line.links.retain(|link| link.label.start < at);
        for link in &mut line.links {
            link.label.end = link.label.end.min(line.text.len());
        }
        line.is_strong = false;
        self.lines.insert(index + 1, second);
        true
    }

    /// The places of the lines that are part of the announcement.
    pub(super) fn kept(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        (0..self.lines.len()).filter(|index| self.lines[*index].set_aside.is_none())
    }

    /// The text that is left, a line a line.
    pub(super) fn text(&self) -> String {
        let kept: Vec<&str> = self.kept().map(|index| self.lines[index].text.as_str()).collect();
        kept.join("\n")
    }

    /// The HTML that is left.
    pub(super) fn html(&self) -> String {
        kept_html::without(&self.zones(), self.html)
    }

    /// Whether the HTML that is left is not all of it.
    pub(super) fn is_shortened(&self) -> bool {
        !self.share_pictures.is_empty() || self.lines.iter().any(|line| line.set_aside.is_some())
    }

    /// The parts of the HTML that were set aside: from the first word of a row of lines, or a
    /// picture before it, to the end of its last, and to the end of all where nothing is kept
    /// behind it.
    fn zones(&self) -> Vec<Range<usize>> {
        let mut zones: Vec<Range<usize>> = Vec::new();
        let mut continues = false;
        for line in &self.lines {
            match (line.set_aside, continues) {
                (Some(_), true) => {
                    if let Some(zone) = zones.last_mut() {
                        zone.end = line.end;
                    }
                }
                (Some(reason), false) => zones.push(line.starts_for(reason)..line.end),
                (None, _) => {}
            }
            continues = line.set_aside.is_some();
        }
        if continues && let Some(zone) = zones.last_mut() {
            zone.end = self.html.len();
        }
        if !self.share_pictures.is_empty() {
            zones.extend(self.share_pictures.iter().cloned());
            zones = joined(zones);
        }
        zones
    }
}

/// Ranges in order, those that touch as one.
fn joined(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| (range.start, range.end));
    let mut joined: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut().filter(|last| range.start <= last.end) {
            Some(last) => last.end = last.end.max(range.end),
            None => joined.push(range),
        }
    }
    joined
}
