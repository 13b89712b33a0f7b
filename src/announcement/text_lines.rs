//! Reads cleaned HTML as lines of text, and writes it again without some of them.

use std::cell::OnceCell;
use std::ops::Range;

use url::Url;

use super::signs::Signs;
use super::vocabulary::{Heading, heading};
use super::{Cleaned, Container, ContainerRole, kept_html};
use crate::control_characters::is_needless_hint;
use crate::markup::{Kind, Pieces, attribute};
use crate::model::Reason;

/// Lines of a text that is read. A longer one stays whole.
const MOST_LINES: usize = 4000;

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
    /// How many words it has, once somebody asked.
    word_count: OnceCell<usize>,
    /// Where its words stand: in the text, and in the HTML.
    words: Vec<(usize, usize)>,
    /// Where its text ends in the HTML.
    end: usize,
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

    /// Bytes of its text that are labels of links.
    fn linked_bytes(&self) -> usize {
        self.links.iter().map(|link| link.label.len()).sum()
    }

    /// Whether next to all of it is a link, or several.
    pub(super) fn is_linked(&self) -> bool {
        !self.links.is_empty() && 5 * self.linked_bytes() >= 4 * self.text.len()
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
}

impl<'h> Layout<'h> {
    pub(super) fn of(cleaned: &'h Cleaned) -> Self {
        let mut reader = Reader {
            containers: &cleaned.containers,
            lines: Vec::new(),
            line: Line::default(),
            open: Vec::new(),
            elements: 0,
            link: None,
            has_space: false,
            before: None,
            plain_words: 0,
        };
        for piece in Pieces::of(&cleaned.html) {
            match piece.kind {
                Kind::Text(text) => reader.text(text, piece.start),
                Kind::Open { name, attributes, .. } => reader.open(name, attributes, piece.start),
                Kind::Close { name } => reader.close(name),
                _ => {}
            }
            if reader.lines.len() > MOST_LINES {
                let (lines, signs) = (Vec::new(), Signs::default());
                return Self { html: &cleaned.html, lines, signs };
            }
        }
        reader.end_line();
        let signs = Signs::of(&cleaned.text);
        Self { html: &cleaned.html, lines: reader.lines, signs }
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
        let mut second = Line {
            text: line.text[at..].to_owned(),
            words: line.words[word..].iter().map(|(start, raw)| (start - at, *raw)).collect(),
            heading: None,
            is_strong: false,
            links: Vec::new(),
            known_heading: OnceCell::new(),
            word_count: OnceCell::new(),
            ..line.clone()
        };
        (line.known_heading, line.word_count) = (OnceCell::new(), OnceCell::new());
        line.end = line.words[word].1;
        line.words.truncate(word);
        line.text.truncate(line.text[..at].trim_end().len());
        let (first, rest): (Vec<Link>, Vec<Link>) =
            std::mem::take(&mut line.links).into_iter().partition(|link| link.label.start < at);
        line.links = first;
        for link in &mut line.links {
            link.label.end = link.label.end.min(line.text.len());
        }
        second.links = rest;
        for link in &mut second.links {
            link.label = link.label.start - at..link.label.end - at;
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

    /// The parts of the HTML that were set aside: from the first word of a row of lines to the
    /// end of its last, and to the end of all where nothing is kept behind it.
    fn zones(&self) -> Vec<Range<usize>> {
        let mut zones: Vec<Range<usize>> = Vec::new();
        let mut continues = false;
        for line in &self.lines {
            let start = line.words.first().map_or(line.end, |(_, raw)| *raw);
            match (line.set_aside.is_some(), continues) {
                (true, true) => {
                    if let Some(zone) = zones.last_mut() {
                        zone.end = line.end;
                    }
                }
                (true, false) => zones.push(start..line.end),
                (false, _) => {}
            }
            continues = line.set_aside.is_some();
        }
        if continues && let Some(zone) = zones.last_mut() {
            zone.end = self.html.len();
        }
        zones
    }
}

/// Collects the lines of HTML.
struct Reader<'h> {
    containers: &'h [Container],
    lines: Vec<Line>,
    line: Line,
    open: Vec<Element<'h>>,
    elements: u32,
    /// The link that is open, and where its label begins.
    link: Option<(Url, usize)>,
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
        } else if matches!(name, "td" | "th") {
            self.has_space = true;
        }
        if matches!(name, "br" | "hr" | "img" | "wbr" | "col") {
            return;
        }
        if name == "a" {
            let href = attribute(attributes, "href").map(htmlize::unescape_attribute);
            let url = href.and_then(|href| Url::parse(&href).ok());
            self.link = url.map(|url| (url, usize::MAX));
        }
        let at = self.containers.binary_search_by_key(&start, |container| container.range.start);
        let role = at.ok().map(|at| (at, self.containers[at].role));
        let role = role.or_else(|| self.open.last().and_then(|element| element.role));
        self.elements += 1;
        self.open.push(Element { name, number: self.elements, role });
    }

    fn close(&mut self, name: &str) {
        if is_block(name) {
            self.end_line();
        } else if matches!(name, "td" | "th") {
            self.has_space = true;
        }
        if name == "a" {
            self.end_link();
            self.link = None;
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

fn is_block(name: &str) -> bool {
    !matches!(
        name,
        "a" | "abbr"
            | "acronym"
            | "b"
            | "bdi"
            | "br"
            | "cite"
            | "code"
            | "col"
            | "colgroup"
            | "del"
            | "dfn"
            | "em"
            | "i"
            | "img"
            | "ins"
            | "kbd"
            | "mark"
            | "q"
            | "rp"
            | "rt"
            | "ruby"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strike"
            | "strong"
            | "sub"
            | "sup"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "time"
            | "tr"
            | "tt"
            | "u"
            | "var"
            | "wbr"
            | "caption"
    )
}
