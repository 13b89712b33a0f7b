//! Rewrites a feed's text into the dialect that feed-rs knows, and notes an outline of it.
//!
//! It is one pass over the tags, before feed-rs sees the document. It holds the limits, because
//! feed-rs has none, and notes what feed-rs leaves out ([`Outline`]). It edits what feed-rs would
//! refuse or ignore: every RSS and RDF becomes RSS 2.0, every Atom becomes Atom 1.0, and known
//! vocabularies get their true addresses. In other documents only the root tag is rewritten.

mod edits;

mod entry_tag;

mod inside;

mod newest;

mod noting;

mod start_tag;

mod references;

mod repeated;

mod root;

mod text_construct;

use std::borrow::Cow;

use memchr::{memchr_iter, memmem};
use url::Url;

use self::edits::Edits;
use self::noting::{Field, Rhythm};
use self::repeated::{Chosen, Slot};
use super::clean::cut_to;
use super::date::Dates;
use super::outline::Outline;
use super::{Break, Limits};
use crate::cancel::Cancelled;
use crate::markup::{Kind, Piece, Pieces};
use crate::model::{Failure, FailureKind};

pub(super) use self::inside::text_of;
pub(super) use self::newest::{newest, warning as left_out_warning};
pub(super) use self::noting::decoded;
pub(super) use self::repeated::is_same_language;

/// A feed in the dialect that feed-rs knows.
#[derive(Debug)]
pub(super) struct Normalised<'t> {
    /// The document from its root on.
    pub(super) text: Cow<'t, str>,
    /// Everything that feed-rs leaves out.
    pub(super) outline: Outline,
}

/// Which family the root belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    Rss,
    Atom,
}

/// Where in a feed an open element stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Root,
    Channel,
    /// A channel behind the first, whose items continue it.
    LaterChannel,
    /// `<items>` around the items of a channel.
    Wrapper,
    Entry,
    /// An element around all that an entry holds, which no format knows.
    Envelope,
    FeedField(Field),
    EntryField(Field),
    /// The feed that an entry was taken from.
    Source,
    SourceField(Field),
    /// An Atom text construct that holds base64.
    Base64,
    /// Inline XHTML, which must survive being decoded once more.
    Inline,
    /// Nothing that concerns us.
    Deep,
}

struct Frame<'t> {
    name: &'t str,
    place: Container,
    start: usize,
    /// Where its content starts.
    inside: usize,
    /// Whether feed-rs is not to see it, because it is noted or not needed.
    taken_out: bool,
    /// Its new name.
    renamed: Option<&'static str>,
    /// Which of the elements that count once it is.
    slot: Option<Slot>,
    /// Its own `xml:lang`, where it has a slot.
    language: Option<&'t str>,
    /// How many namespaces its tag declares.
    declares: usize,
}

/// Walks the tags of `text`, which starts with the root's.
pub(super) fn normalise<'t>(
    text: &'t str,
    base: Option<&Url>,
    limits: &Limits,
    cancelled: &Cancelled,
) -> Result<Normalised<'t>, Failure> {
    let mut walk = Walk::new(text, base, limits, Dates::of(base));
    walk.run(cancelled)?;
    if let Some(dates) = walk.dates.again() {
        // Only now is it known in which order the document writes day and month.
        walk = Walk::new(text, base, limits, dates);
        walk.run(cancelled)?;
    }
    walk.finish()
}

struct Walk<'t, 'l> {
    text: &'t str,
    limits: &'l Limits,
    dialect: Dialect,
    root: root::Root<'t>,
    stack: Vec<Frame<'t>>,
    edits: Edits,
    outline: Outline,
    rhythm: Rhythm,
    elements: usize,
    /// The `xml:base` in effect, with the depth it was set at.
    bases: Vec<(usize, Url)>,
    /// Whether there is an `xml:base` anywhere.
    has_bases: bool,
    /// Whether namespaces are declared anywhere but in the root.
    has_inner_namespaces: bool,
    /// Where the channel's end tag stands, and whether items follow it.
    channel_end: Option<(usize, usize)>,
    channel_name: Option<&'t str>,
    items_outside: bool,
    dates: Dates,
    chosen_of_feed: Chosen<'t>,
    chosen_of_entry: Chosen<'t>,
    /// Open elements that are nested too deep to keep their tags.
    too_deep: usize,
    has_lost_tags: bool,
    has_bare_ampersand: bool,
    /// How many entries were left out.
    left_out: usize,
    /// How many notices of deleted entries were left out.
    deletions_left_out: usize,
    /// How many elements were left out because their entry gives another of their kind.
    repetitions: usize,
    /// Where the document ends for us.
    end: usize,
}

impl<'t, 'l> Walk<'t, 'l> {
    fn new(text: &'t str, base: Option<&Url>, limits: &'l Limits, dates: Dates) -> Self {
        Self {
            text,
            limits,
            dialect: Dialect::Rss,
            root: root::Root::default(),
            stack: Vec::with_capacity(16),
            edits: Edits::default(),
            outline: Outline::default(),
            rhythm: Rhythm::default(),
            elements: 0,
            bases: base.map(|base| (0, base.clone())).into_iter().collect(),
            has_inner_namespaces: true,
            has_bases: memmem::find(text.as_bytes(), b"xml:base").is_some(),
            channel_end: None,
            channel_name: None,
            items_outside: false,
            dates,
            chosen_of_feed: Chosen::default(),
            chosen_of_entry: Chosen::default(),
            too_deep: 0,
            has_lost_tags: false,
            has_bare_ampersand: false,
            left_out: 0,
            deletions_left_out: 0,
            repetitions: 0,
            end: text.len(),
        }
    }

    fn run(&mut self, cancelled: &Cancelled) -> Result<(), Failure> {
        for piece in Pieces::of(self.text) {
            cancelled.check()?;
            self.limit_edits()?;
            match piece.kind {
                Kind::Open { name, attributes, empty } => {
                    self.elements += 1;
                    if self.elements > self.limits.elements {
                        let most = self.limits.elements;
                        let message = format!("more than {most} elements: the rest is left out");
                        self.outline.warnings.push(message);
                        self.outline.is_limited = true;
                        self.cut(piece.start);
                        return Ok(());
                    }
                    if self.too_deep > 0 || self.stack.len() >= self.limits.depth {
                        self.drop_tag(piece);
                        self.too_deep += usize::from(!empty);
                        continue;
                    }
                    self.open(piece, name, attributes)?;
                    if empty {
                        self.close(piece, true);
                    }
                }
                Kind::Close { .. } if self.too_deep > 0 => {
                    self.drop_tag(piece);
                    self.too_deep -= 1;
                }
                Kind::Close { name } => self.close_named(piece, name),
                Kind::Text(_) | Kind::CData(_) => self.literal(piece),
                Kind::Aside(_) | Kind::Stray | Kind::Unclosed(_) => {}
            }
            if self.stack.is_empty() && self.elements > 0 {
                self.end = piece.end;
                self.look_behind();
                return Ok(());
            }
        }
        self.outline.broken_off = Some(Break::Between);
        Ok(())
    }

    /// Takes away a tag that is nested too deep. Its text stays, apart from what surrounds it.
    fn drop_tag(&mut self, piece: Piece<'t>) {
        self.edits.replace(piece.start, piece.end, " ");
        self.has_lost_tags = true;
    }

    /// Takes the `<items>` around items away.
    fn unwrap_items(&mut self) {
        if let Some(frame) = self.stack.last_mut()
            && frame.renamed != Some("")
        {
            self.edits.replace(frame.start, frame.inside, "");
            frame.renamed = Some("");
        }
    }

    fn close_named(&mut self, piece: Piece<'t>, name: &str) {
        // An end tag that does not match is feed-rs' to refuse and `repair`'s
        // to mend; here it only must not confuse what is noted.
        let ends = |frame: &Frame<'_>| frame.name.eq_ignore_ascii_case(name);
        if self.stack.last().is_some_and(ends) {
            self.close(piece, false);
        } else if let Some(at) = self.stack.iter().rposition(ends) {
            let is_entry = |frame: &Frame<'_>| frame.place == Container::Entry;
            if self.stack[at + 1..].iter().any(is_entry) {
                self.end_entry(piece.start);
            }
            self.stack.truncate(at + 1);
            self.close(piece, false);
        }
    }

    fn end_entry(&mut self, end: usize) {
        if let Some(note) = self.outline.entries.last_mut() {
            note.span.end = end;
        }
        self.limit_entries();
    }

    /// Closes the innermost element, by an end tag or because it is empty.
    fn close(&mut self, piece: Piece<'t>, empty: bool) {
        let Some(mut frame) = self.stack.pop() else { return };
        let depth = self.stack.len();
        while self.bases.last().is_some_and(|(at, _)| *at > depth) {
            self.bases.pop();
        }
        let text = self.text;
        let content = if empty { "" } else { &text[frame.inside..piece.start] };
        self.choose(&mut frame, piece, content);
        match frame.place {
            Container::FeedField(field) => {
                let (outline, rhythm) = (&mut self.outline, &mut self.rhythm);
                noting::note_in_feed(outline, rhythm, field, content, &mut self.dates);
            }
            Container::EntryField(Field::Link) if !empty => {
                if let Some(link) = noting::mended_link(content) {
                    self.edits.replace(frame.inside, piece.start, link);
                }
            }
            Container::EntryField(field) => {
                if let Some(note) = self.outline.entries.last_mut() {
                    noting::note_in_entry(note, field, content, &mut self.dates);
                }
            }
            Container::Entry => self.end_entry(piece.end),
            Container::SourceField(field) => {
                let note = self.outline.entries.last_mut();
                if let Some(source) = note.and_then(|note| note.source.as_mut()) {
                    noting::note_in_entry(source, field, content, &mut self.dates);
                }
            }
            Container::Base64 if !empty => {
                let most = self.limits.field.in_memory().saturating_mul(2);
                let text = text_construct::from_base64(cut_to(content, most));
                self.edits.replace(frame.inside, piece.start, text);
            }
            Container::Channel if depth > 0 => {
                self.channel_end = Some((piece.start, piece.end));
            }
            Container::LaterChannel | Container::Envelope => {
                self.edits.replace(piece.start, piece.end, "")
            }
            _ => {}
        }
        if frame.taken_out {
            self.edits.replace(frame.start, piece.end, "");
            return;
        }
        if empty {
            return;
        }
        match frame.renamed {
            // Only the tags go; what is between them stays.
            Some("") => self.edits.replace(piece.start, piece.end, ""),
            Some(name) => {
                self.edits.replace(piece.start + 2, piece.start + 2 + frame.name.len(), name);
            }
            // feed-rs compares the names of start and end tags as they are written.
            None => match piece.kind {
                Kind::Close { name } if name != frame.name => {
                    let end = piece.start + 2 + name.len();
                    self.edits.replace(piece.start + 2, end, frame.name.to_owned());
                }
                _ => {}
            },
        }
        if depth == 0 {
            self.close_root(piece.start, piece.end);
        }
    }

    /// Text inside inline XHTML must survive being decoded once more: feed-rs
    /// hands out markup and decoded text in one string.
    fn literal(&mut self, piece: Piece<'t>) {
        if self.stack.last().map(|frame| frame.place) != Some(Container::Inline) {
            if let Kind::Text(_) = piece.kind {
                self.escape_bare(piece.start, piece.end);
            }
            return;
        }
        match piece.kind {
            Kind::CData(text) => {
                // Escaping makes it many times as long, and no more than this is kept.
                let text = cut_to(text, self.limits.field.in_memory().saturating_add(1));
                let text = htmlize::escape_text(htmlize::escape_text(text).into_owned());
                self.edits.replace(piece.start, piece.end, text.into_owned());
            }
            _ => self.escape_again(piece.start, piece.end),
        }
    }

    fn escape_again(&mut self, start: usize, end: usize) {
        for at in memchr_iter(b'&', &self.text.as_bytes()[start..end]) {
            if self.edits.are_too_many() {
                return;
            }
            self.edits.insert(start + at + 1, "amp;");
        }
    }

    fn close_root(&mut self, start: usize, end: usize) {
        let tags = self.last_tags();
        if !tags.is_empty() {
            self.edits.replace(start, end, tags);
        }
    }

    /// The end of a document of RSS, whatever its root was called.
    fn last_tags(&mut self) -> String {
        if self.dialect == Dialect::Atom {
            return String::new();
        }
        let bare = self.root.kind() == root::RootKind::Channel;
        if !bare && !self.items_outside && self.channel_name.is_some() {
            return "</rss>".to_owned();
        }
        // The channel, if there is one, ends where the document does.
        if let Some((start, end)) = self.channel_end.filter(|_| self.items_outside) {
            self.edits.replace(start, end, "");
        }
        format!("</{}></rss>", self.channel_name.unwrap_or("channel"))
    }

    /// Ends the document before the entry that is open, or that would start here.
    fn cut(&mut self, here: usize) {
        let open = self.stack.iter().position(|frame| frame.place == Container::Entry);
        let at = match open {
            Some(at) => {
                self.outline.entries.pop();
                let start = self.stack[at].start;
                self.stack.truncate(at);
                start
            }
            None => here,
        };
        self.end = at;
        let mut tags = String::new();
        while self.stack.len() > 1 {
            let Some(frame) = self.stack.pop() else { break };
            let name = frame.renamed.unwrap_or(frame.name);
            let is_continued = frame.place == Container::Channel && self.items_outside;
            if is_continued || frame.place == Container::LaterChannel {
                continue;
            }
            if !name.is_empty() {
                tags.push_str(&format!("</{name}>"));
            }
        }
        let last = self.last_tags();
        if last.is_empty() {
            tags.push_str(&format!("</{}>", self.root.element()));
        }
        tags.push_str(&last);
        self.edits.insert(at, tags);
    }

    /// Notes what follows the root's end.
    fn look_behind(&mut self) {
        let rest = &self.text[self.end..];
        if super::repair::find_root(rest).is_some() {
            self.outline.warnings.push("a second document follows the first: left out".to_owned());
        }
    }

    fn limit_edits(&self) -> Result<(), Failure> {
        if self.edits.are_too_many() {
            let message = "more of it would have to be corrected than of any feed";
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Normalised<'t>, Failure> {
        self.limit_edits()?;
        self.mend_references()?;
        self.leave_out_oldest();
        self.outline.left_out = self.left_out;
        self.outline.is_limited |=
            self.left_out > 0 || self.deletions_left_out > 0 || self.has_lost_tags;
        if self.left_out > 0 {
            let kept = self.outline.entries.len();
            self.outline.warnings.push(newest::warning(kept, self.left_out));
        }
        if self.deletions_left_out > 0 {
            let (kept, left_out) = (self.limits.entries, self.deletions_left_out);
            self.outline.warnings.push(format!(
                "notices of deleted entries, more than the {kept} that are kept, which were left out: {left_out}"
            ));
        }
        if self.repetitions > 0 {
            self.outline.warnings.push(format!(
                "titles, descriptions or contents that their entry gives more than once, which were left out: {}",
                self.repetitions
            ));
        }
        self.outline.warnings.extend(self.dates.warning());
        if self.has_lost_tags {
            let depth = self.limits.depth;
            let message = format!("elements nested more than {depth} deep lost their tags");
            self.outline.warnings.push(message);
        }
        let missing_channel = self.dialect == Dialect::Rss && self.channel_name.is_none();
        let (start, end, tag) = self.root.tag(missing_channel);
        self.edits.replace(start, end, tag);
        self.outline.hints.update_period = self.rhythm.span();
        Ok(Normalised { text: self.edits.apply(self.text, 0, self.end), outline: self.outline })
    }
}

/// `xml:base` attributes inside one another, and the bytes of an address.
const MAX_BASES: usize = 8;
const MAX_ADDRESS: usize = 2048;
