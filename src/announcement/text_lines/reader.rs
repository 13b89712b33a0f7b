//! Collects the lines of cleaned HTML.

use std::ops::Range;

use url::Url;

use super::{Line, Link};
use crate::announcement::share_links::shares;
use crate::announcement::{Cleaned, Container, ContainerRole};
use crate::control_characters::is_needless_hint;
use crate::markup::{Kind, Pieces, attribute, is_block};

/// Lines of a text that is read. A longer one stays whole.
const MOST_LINES: usize = 4000;

/// The lines of a text.
pub(super) struct Read {
    pub(super) lines: Vec<Line>,
    /// Links for sharing that hold nothing but pictures.
    pub(super) share_pictures: Vec<Range<usize>>,
}

/// Reads the lines of a text; none where it has too many.
pub(super) fn read(cleaned: &Cleaned) -> Option<Read> {
    let mut reader = Reader {
        containers: &cleaned.containers,
        lines: Vec::new(),
        line: Line::default(),
        open: Vec::new(),
        elements: 0,
        link: None,
        share_pictures: Vec::new(),
        share_link: None,
        line_start: 0,
        has_space: false,
        before: None,
        plain_words: 0,
    };
    for piece in Pieces::of(&cleaned.html) {
        match piece.kind {
            Kind::Text(text) => reader.text(text, piece.start),
            Kind::Open { name, attributes, .. } => reader.open(name, attributes, piece.start),
            Kind::Close { name } => reader.close(name, piece.start),
            _ => {}
        }
        if reader.lines.len() > MOST_LINES {
            return None;
        }
    }
    reader.end_line();
    let Reader { lines, share_pictures, .. } = reader;
    Some(Read { lines, share_pictures })
}

/// The text that was read so far.
struct Reader<'h> {
    containers: &'h [Container],
    lines: Vec<Line>,
    line: Line,
    open: Vec<Element<'h>>,
    elements: u32,
    /// The link that is open, and where its label begins.
    link: Option<(Url, usize)>,
    share_pictures: Vec<Range<usize>>,
    /// Where the open link begins, if it is for sharing and no text has come in it.
    share_link: Option<usize>,
    /// Behind the last tag that ends a line.
    line_start: usize,
    has_space: bool,
    /// The character before, where the line does not end in it.
    before: Option<char>,
    /// Words of the line outside emphasis.
    plain_words: usize,
}

struct Element<'h> {
    name: &'h str,
    number: u32,
    role: Option<(usize, ContainerRole)>,
}

impl<'h> Reader<'h> {
    fn open(&mut self, name: &'h str, attributes: &str, start: usize) {
        if is_block(name) || matches!(name, "br" | "tr") {
            self.end_line();
            self.line_start = start + 1;
        } else if matches!(name, "td" | "th") {
            self.has_space = true;
        }
        if matches!(name, "br" | "hr" | "img" | "wbr" | "col") {
            return;
        }
        if name == "a" {
            let href = attribute(attributes, "href").map(htmlize::unescape_attribute);
            let url = href.and_then(|href| Url::parse(&href).ok());
            self.share_link = url.as_ref().filter(|url| shares(url)).map(|_| start);
            self.link = url.map(|url| (url, usize::MAX));
        }
        let at = self.containers.binary_search_by_key(&start, |container| container.range.start);
        let role = at.ok().map(|at| (at, self.containers[at].role));
        let role = role.or_else(|| self.open.last().and_then(|element| element.role));
        self.elements += 1;
        self.open.push(Element { name, number: self.elements, role });
    }

    fn close(&mut self, name: &str, start: usize) {
        if is_block(name) {
            self.end_line();
            self.line_start = start + 1;
        } else if matches!(name, "td" | "th") {
            self.has_space = true;
        }
        if name == "a" {
            self.end_link();
            self.link = None;
            self.share_pictures.extend(self.share_link.take().map(|opened| opened..start));
        }
        if let Some(at) = self.open.iter().rposition(|element| element.name == name) {
            self.open.truncate(at);
        }
    }

    fn text(&mut self, text: &str, start: usize) {
        if self.line.text.is_empty() {
            self.line.text.reserve(text.len());
            self.line.words.reserve(text.len() / 5);
        }
        let mut at = 0;
        while at < text.len() {
            let raw = start + at;
            let run = plain_run(&text.as_bytes()[at..]);
            if run > 0 {
                at += run;
                self.begin_word(raw);
                self.line.text.push_str(&text[at - run..at]);
                self.before = None;
                self.line.end = start + at;
                continue;
            }
            let Some(c) = text[at..].chars().next() else { return };
            let (c, length) = match c {
                '&' => reference(&text[at..]),
                c => (c, c.len_utf8()),
            };
            at += length;
            if c.is_whitespace() {
                self.has_space = true;
                self.before = Some(' ');
                continue;
            }
            let before = self.before.or_else(|| self.line.text.chars().next_back());
            if is_needless_hint(before.unwrap_or_default(), c) {
                continue;
            }
            self.begin_word(raw);
            self.line.text.push(c);
            self.before = None;
            self.line.end = start + at;
        }
    }

    /// Begins a word where the next characters belong to none.
    fn begin_word(&mut self, raw: usize) {
        self.share_link = None;
        if self.line.text.is_empty() {
            self.begin_line();
        }
        if self.has_space || self.line.text.is_empty() {
            if !self.line.text.is_empty() {
                self.line.text.push(' ');
            }
            self.line.words.push((self.line.text.len(), raw));
            let strong = |element: &Element<'_>| matches!(element.name, "b" | "strong");
            self.plain_words += usize::from(!self.open.iter().any(strong));
        }
        self.has_space = false;
        if let Some((_, label)) = &mut self.link
            && *label == usize::MAX
        {
            *label = self.line.text.len();
        }
    }

    fn begin_line(&mut self) {
        let element = |name: &str| self.open.iter().any(|element| element.name == name);
        let heading = self.open.iter().rev().find_map(|element| match element.name {
            "h1" => Some(1),
            "h2" => Some(2),
            "h3" => Some(3),
            "h4" => Some(4),
            "h5" => Some(5),
            "h6" => Some(6),
            _ => None,
        });
        self.line.heading = heading;
        self.line.start = self.line_start;
        self.line.is_item = element("li");
        self.line.role = self.open.last().and_then(|element| element.role);
        self.line.around = self.open.iter().map(|element| element.number).collect();
        self.plain_words = 0;
    }

    fn end_link(&mut self) {
        let Some((url, label)) = &mut self.link else { return };
        let start = std::mem::replace(label, usize::MAX);
        if start < self.line.text.len() {
            let label = start..self.line.text.len();
            self.line.links.push(Link { url: url.clone(), label });
        }
    }

    fn end_line(&mut self) {
        self.end_link();
        self.has_space = false;
        if self.line.text.is_empty() {
            return;
        }
        let mut line = std::mem::take(&mut self.line);
        line.is_strong = self.plain_words == 0;
        self.lines.push(line);
    }
}

/// How many bytes at the start of a text are parts of words, whatever stands beside them.
fn plain_run(text: &[u8]) -> usize {
    // Only these bytes begin a reference, white space or an invisible character.
    let is_doubtful =
        |byte: &u8| *byte <= b' ' || matches!(byte, b'&' | 0x7F | 0xC2 | 0xE1..=0xE3 | 0xEF);
    text.iter().position(is_doubtful).unwrap_or(text.len())
}

/// The character that a reference stands for, and its length. Cleaned HTML has few of them.
fn reference(text: &str) -> (char, usize) {
    let end = text.bytes().take(12).position(|byte| byte == b';').map_or(1, |at| at + 1);
    let decoded = htmlize::unescape(&text[..end]);
    let mut characters = decoded.chars();
    match (characters.next(), characters.next()) {
        (Some(c), None) => (c, end),
        _ => ('&', 1),
    }
}
