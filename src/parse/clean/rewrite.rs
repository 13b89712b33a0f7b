//! Writes the tags and text of HTML that may leave, and checks whether their nesting is sound.

use std::borrow::Cow;

use url::Url;

use super::policy::{self, Fate, lower};
use super::{boundary_before, plain_html, start_tag};
use crate::announcement::{Container, ContainerRole};
use crate::charset::is_allowed;
use crate::control_characters::is_odd_space;
use crate::markup::{self, Kind, Pieces};

/// HTML of which every tag was written here.
#[derive(Debug)]
pub(super) struct Rewritten {
    pub(super) html: String,
    pub(super) nesting: Nesting,
    /// Whether the end was left out because the result would have been too long.
    pub(super) cut: bool,
    /// Elements that their class, id or role names as surroundings.
    pub(super) containers: Vec<Container>,
}

impl Rewritten {
    fn without_html(nesting: Nesting) -> Self {
        Self { html: String::new(), nesting, cut: false, containers: Vec::new() }
    }
}

/// Who wrote the HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    /// A source. Only HTML that every parser reads alike is taken unmended.
    Raw,
    /// Ammonia, which writes every tag in one form.
    Mended,
    /// The same, to be mended once more: the attributes that name what an element is for stay.
    MendedOnce,
}

/// How the elements of HTML stand in one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nesting {
    /// As a browser would read them.
    Sound,
    /// To be mended by a parser of HTML.
    Unsound,
    /// Deeper than anybody writes by hand; parsers take quadratic time over it.
    TooDeep,
}

const MAX_DEPTH: usize = 200;

/// Writes the tags and text of `html` that may leave, in `limit` bytes at most. Links that are
/// written out in full can make the result much longer than the input.
///
/// With [`Input::Raw`] it stops with [`Nesting::Unsound`] at the first thing that a parser of HTML
/// might read in another way. With [`Input::Mended`] every tag is as ammonia writes it.
pub(super) fn rewrite(html: &str, base: Option<&Url>, limit: usize, input: Input) -> Rewritten {
    let mut rewriter = Rewriter {
        base,
        limit,
        raw: input == Input::Raw,
        keeps_roles: input == Input::MendedOnce,
        out: String::with_capacity(html.len().min(limit)),
        open: Vec::new(),
        closing: 0,
        sound: true,
        full: false,
        containers: Vec::new(),
    };
    let mut pieces = Pieces::of(html);
    while let Some(piece) = pieces.next() {
        if rewriter.raw && !plain_html::is_plain(piece, html) {
            let Some(end) = plain_html::end_of_hidden(piece, html) else {
                return Rewritten::without_html(Nesting::Unsound);
            };
            pieces.skip_to(end);
            continue;
        }
        match piece.kind {
            Kind::Text(text) => rewriter.text(text),
            Kind::Aside(_) => {}
            Kind::Stray | Kind::CData(_) | Kind::Unclosed(_) => rewriter.sound = false,
            Kind::Open { name, attributes, .. } => rewriter.start(&lower(name), attributes),
            Kind::Close { name } => rewriter.end(&lower(name)),
        }
        if rewriter.open.len() > MAX_DEPTH {
            return Rewritten::without_html(Nesting::TooDeep);
        }
        if rewriter.raw && !rewriter.sound {
            return Rewritten::without_html(Nesting::Unsound);
        }
        if rewriter.full {
            break;
        }
    }
    rewriter.finish()
}

/// An element that is open.
#[derive(Debug, Clone, Copy)]
struct Open {
    name: &'static str,
    /// Whether its tags leave: a link that leads nowhere only shapes the nesting.
    is_written: bool,
    /// Its place among the containers, if it is one.
    container: Option<usize>,
}

struct Rewriter<'b> {
    base: Option<&'b Url>,
    /// Bytes of the result at most, with all end tags.
    limit: usize,
    /// Whether the HTML is as a source wrote it.
    raw: bool,
    /// Whether class, id and role stay.
    keeps_roles: bool,
    out: String,
    open: Vec<Open>,
    containers: Vec<Container>,
    /// Bytes of their end tags.
    closing: usize,
    sound: bool,
    /// Whether something was left out because the result is as long as it may be.
    full: bool,
}

impl Rewriter<'_> {
    fn text(&mut self, text: &str) {
        if !self.may_hold_text() && !text.trim().is_empty() {
            self.sound = false;
        }
        let start = self.out.len();
        escape_into(&mut self.out, text);
        if self.out.len() + self.closing > self.limit {
            self.full = true;
            cut_escaped(&mut self.out, start, self.limit.saturating_sub(self.closing));
        }
    }

    fn last(&self) -> &'static str {
        self.open.last().map_or("", |open| open.name)
    }

    fn is_open(&self, name: &str) -> bool {
        self.open.iter().any(|open| open.name == name)
    }

    fn may_hold_text(&self) -> bool {
        !matches!(self.last(), "table" | "tbody" | "thead" | "tfoot" | "tr" | "colgroup")
    }

    fn start(&mut self, name: &str, attributes: &str) {
        let Some(name) = policy::shaping(name) else { return };
        self.sound &= !self.closes_from_within(name);
        self.close_implied(name);
        self.sound &= self.may_start(name);
        let start = self.out.len();
        let is_written = policy::fate(name) == Fate::Stays
            && start_tag::write(&mut self.out, name, attributes, self.base);
        if is_written && self.keeps_roles {
            start_tag::add_roles(&mut self.out, attributes);
        }
        let is_void = matches!(name, "br" | "hr" | "img" | "wbr" | "col" | "source");
        let closing = if is_void || !is_written { 0 } else { name.len() + "</>".len() };
        if self.out.len() + self.closing + closing > self.limit {
            self.full = true;
            self.out.truncate(start);
        } else if !is_void {
            self.closing += closing;
            let role = if is_written { container_role(name, attributes) } else { None };
            let container = role.filter(|_| self.containers.len() < MAX_CONTAINERS).map(|role| {
                self.containers.push(Container { range: start..start, role });
                self.containers.len() - 1
            });
            self.open.push(Open { name, is_written, container });
        }
    }

    /// Closes what a browser would close before this element.
    fn close_implied(&mut self, name: &str) {
        if policy::is_block(name) && self.last() == "p" {
            self.pop();
        }
        let last = self.last();
        let same = match name {
            "li" => last == "li",
            "dt" | "dd" => matches!(last, "dt" | "dd"),
            "tr" => {
                if matches!(last, "td" | "th") {
                    self.pop();
                }
                self.last() == "tr"
            }
            "td" | "th" => matches!(last, "td" | "th"),
            _ => false,
        };
        if same {
            self.pop();
        }
    }

    /// Whether a browser would close an item around this one together with elements in it.
    fn closes_from_within(&self, name: &str) -> bool {
        let same: &[&str] = match name {
            "li" => &["li"],
            "dt" | "dd" => &["dt", "dd"],
            _ => return false,
        };
        let mut around =
            self.open.iter().rev().map(|open| open.name).skip_while(|name| *name == "p");
        let first = around.next().unwrap_or_default();
        if same.contains(&first) {
            return false;
        }
        let stops =
            |name: &&str| policy::is_block(name) && !matches!(*name, "address" | "div" | "p");
        let mut inner = std::iter::once(first).chain(around);
        inner
            .find(|name| same.contains(name) || stops(name))
            .is_some_and(|name| same.contains(&name))
    }

    /// Whether a browser would put this element where it stands.
    fn may_start(&self, name: &str) -> bool {
        let parent = self.last();
        match name {
            "tr" => matches!(parent, "table" | "tbody" | "thead" | "tfoot"),
            "td" | "th" => parent == "tr",
            "tbody" | "thead" | "tfoot" | "caption" | "colgroup" => parent == "table",
            "col" => matches!(parent, "table" | "colgroup"),
            "a" => self.may_hold_text() && !self.is_open("a"),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.may_hold_text() && !is_heading(parent) && !self.is_open("p")
            }
            _ => self.may_hold_text() && !(policy::is_block(name) && self.is_open("p")),
        }
    }

    fn end(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| open.name == name) else {
            // Nothing is open, but a browser makes an element of some of these end tags.
            if self.raw && name == "br" {
                self.start("br", "");
            } else if self.raw && name == "p" {
                self.start("p", "");
                self.pop();
            }
            let closes_other =
                is_heading(name) && self.open.iter().any(|open| is_heading(open.name));
            self.sound &= !(self.raw && closes_other);
            return;
        };
        let may_imply = !self.raw || policy::is_block(name);
        let implied = |open: &Open| {
            may_imply
                && matches!(open.name, "p" | "li" | "dt" | "dd" | "td" | "th" | "tr" | "tbody")
        };
        self.sound &= self.open[at + 1..].iter().all(implied);
        while self.open.len() > at {
            self.pop();
        }
    }

    fn pop(&mut self) {
        let Some(Open { name, is_written, container }) = self.open.pop() else { return };
        if is_written {
            self.closing -= name.len() + "</>".len();
            self.out.push_str("</");
            self.out.push_str(name);
            self.out.push('>');
        }
        if let Some(container) = container {
            self.containers[container].range.end = self.out.len();
        }
    }

    fn finish(mut self) -> Rewritten {
        while !self.open.is_empty() {
            self.pop();
        }
        let nesting = if self.sound { Nesting::Sound } else { Nesting::Unsound };
        let trimmed = self.out.trim();
        if trimmed.len() == self.out.len() {
            let Self { out: html, full: cut, containers, .. } = self;
            return Rewritten { html, nesting, cut, containers };
        }
        let before = self.out.len() - self.out.trim_start().len();
        for Container { range, .. } in &mut self.containers {
            *range = range.start.saturating_sub(before)..range.end.saturating_sub(before);
        }
        let html = trimmed.to_owned();
        Rewritten { html, nesting, cut: self.full, containers: self.containers }
    }
}

/// Containers that are noted of one text.
const MAX_CONTAINERS: usize = 200;

fn is_heading(name: &str) -> bool {
    matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

/// The role of an element, by its class, id or role attribute.
fn container_role(name: &str, attributes: &str) -> Option<ContainerRole> {
    let by_name = ContainerRole::of_element(name);
    if attributes.is_empty() {
        return by_name;
    }
    let named = markup::attributes(attributes).filter(|(name, _)| {
        ["class", "id", "role"].iter().any(|known| name.eq_ignore_ascii_case(known))
    });
    named.filter_map(|(_, value)| ContainerRole::named(value)).next().or(by_name)
}

/// Cuts escaped text, which begins at `start`, so that no more than `limit` bytes are left
/// in all, and no half of a character or reference.
pub(super) fn cut_escaped(out: &mut String, start: usize, limit: usize) {
    let end = boundary_before(out, limit.max(start));
    out.truncate(end);
    let text = &out[start..];
    if let Some(at) = text.rfind('&').filter(|at| !text[*at..].contains(';')) {
        out.truncate(start + at);
    }
}

/// Text as HTML writes it, its entities in one form.
fn escape_into(out: &mut String, text: &str) {
    let decoded = match memchr::memchr(b'&', text.as_bytes()) {
        Some(_) => htmlize::unescape(text),
        None => Cow::Borrowed(text),
    };
    let mut rest = &*decoded;
    loop {
        let (run, after) = rest.split_at(ready_run(rest.as_bytes()));
        out.push_str(run);
        let mut chars = after.chars();
        let Some(c) = chars.next() else { return };
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\u{A0}' => out.push_str("&nbsp;"),
            c if is_odd_space(c) => out.push(' '),
            c if is_allowed(c) => out.push(c),
            _ => {}
        }
        rest = chars.as_str();
    }
}

/// How many bytes at the start of a text can leave unchanged.
fn ready_run(text: &[u8]) -> usize {
    let is_doubtful = |byte: &u8| {
        matches!(byte, b'&' | b'<' | b'>' | 0x7F | 0xC2 | 0xE2 | 0xEF | 0xF3)
            || *byte < b' ' && !matches!(byte, b'\n' | b'\t')
    };
    text.iter().position(is_doubtful).unwrap_or(text.len())
}
