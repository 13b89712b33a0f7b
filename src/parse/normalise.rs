//! A feed's text in; the same in the dialect that feed-rs knows, and an outline of it, out.
//!
//! One pass over the tags, before feed-rs sees the document. It holds the
//! limits, because feed-rs has none; notes what feed-rs does not tell
//! ([`Outline`]); and edits what feed-rs would refuse or pass over in silence:
//! every RSS becomes RSS 2.0, RDF among them, every Atom becomes Atom 1.0, and
//! known vocabularies get their true addresses. A document without such needs
//! is passed through with its root tag rewritten and nothing else.

mod edits;

mod noting;

mod root;

mod text_construct;

use std::borrow::Cow;

use memchr::{memchr_iter, memmem};
use url::Url;

use self::edits::Edits;
use self::noting::{Field, Rhythm};
use super::Limits;
use super::markup::{self, Kind, Piece, Pieces};
use super::names::{self, Space};
use super::outline::{Note, Outline};
use crate::model::{Failure, FailureKind, Timestamp};

use self::noting::tie_of;

pub(super) use self::noting::decoded;

/// A feed in the dialect that feed-rs knows.
#[derive(Debug)]
pub(super) struct Normalised<'t> {
    /// The document from its root on.
    pub(super) text: Cow<'t, str>,
    /// What feed-rs does not tell.
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
enum Place {
    Root,
    Channel,
    /// `<items>` around the items of a channel.
    Wrapper,
    Entry,
    FeedField(Field),
    EntryField(Field),
    /// An Atom text construct that holds base64.
    Base64,
    /// Inline XHTML, which must survive being decoded once more.
    Inline,
    /// Nothing that concerns us.
    Deep,
}

struct Frame<'t> {
    name: &'t str,
    place: Place,
    start: usize,
    /// Where its content starts.
    inside: usize,
    /// What it is called from now on.
    renamed: Option<&'static str>,
}

/// Walks the tags of `text`, which starts with the root's.
pub(super) fn normalise<'t>(
    text: &'t str,
    base: Option<&Url>,
    now: Timestamp,
    limits: &Limits,
) -> Result<Normalised<'t>, Failure> {
    let mut walk = Walk::new(text, base, now, limits);
    walk.run()?;
    Ok(walk.finish())
}

struct Walk<'t, 'l> {
    text: &'t str,
    now: Timestamp,
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
    has_bases: bool,
    /// Where the channel's end tag stands, and whether items follow it.
    channel_end: Option<(usize, usize)>,
    channel_name: Option<&'t str>,
    items_outside: bool,
    /// Where the document ends for us.
    end: usize,
}

impl<'t, 'l> Walk<'t, 'l> {
    fn new(text: &'t str, base: Option<&Url>, now: Timestamp, limits: &'l Limits) -> Self {
        Self {
            text,
            now,
            limits,
            dialect: Dialect::Rss,
            root: root::Root::default(),
            stack: Vec::with_capacity(16),
            edits: Edits::default(),
            outline: Outline::default(),
            rhythm: Rhythm::default(),
            elements: 0,
            bases: base.map(|base| (0, base.clone())).into_iter().collect(),
            has_bases: memmem::find(text.as_bytes(), b"xml:base").is_some(),
            channel_end: None,
            channel_name: None,
            items_outside: false,
            end: text.len(),
        }
    }

    fn run(&mut self) -> Result<(), Failure> {
        for piece in Pieces::of(self.text) {
            match piece.kind {
                Kind::Open { name, attributes, empty } => {
                    self.elements += 1;
                    if self.is_over_a_limit(name)? {
                        self.cut(piece.start);
                        return Ok(());
                    }
                    self.open(piece, name, attributes)?;
                    if empty {
                        self.close(piece, true);
                    }
                }
                Kind::Close { name } => self.close_named(piece, name),
                Kind::Text(_) | Kind::CData(_) => self.literal(piece),
                Kind::Aside(_) | Kind::Stray | Kind::Unclosed(_) => {}
            }
            if self.stack.is_empty() && self.elements > 0 {
                self.end = piece.end;
                self.look_behind();
                break;
            }
        }
        Ok(())
    }

    /// Whether the document is to be cut before this element.
    fn is_over_a_limit(&mut self, name: &str) -> Result<bool, Failure> {
        let limits = self.limits;
        if self.stack.len() >= limits.depth {
            let message = format!("elements are nested more than {} deep", limits.depth);
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        if self.elements > limits.elements {
            let message = format!("more than {} elements: the rest is left out", limits.elements);
            self.outline.warnings.push(message);
            return Ok(true);
        }
        if self.outline.entries.len() >= limits.entries && self.starts_entry(name) {
            let message = format!("more than {} entries: the rest is left out", limits.entries);
            self.outline.warnings.push(message);
            return Ok(true);
        }
        Ok(false)
    }

    fn open(
        &mut self,
        piece: Piece<'t>,
        name: &'t str,
        attributes: &'t str,
    ) -> Result<(), Failure> {
        let parent = self.stack.last().map(|frame| frame.place);
        let mut frame = Frame {
            name,
            place: Place::Deep,
            start: piece.start,
            inside: piece.end,
            renamed: None,
        };
        if parent.is_none() {
            self.open_root(&mut frame, piece, name, attributes);
        } else {
            self.common(piece, name, attributes)?;
        }
        let (prefix, local) = markup::split_name(name);
        match parent {
            None => {}
            Some(Place::Root) if self.dialect == Dialect::Rss => {
                self.open_beside_channel(&mut frame, piece, prefix, local);
            }
            Some(Place::Root | Place::Channel) => {
                self.open_in_feed(&mut frame, piece, prefix, local, attributes);
            }
            Some(Place::Wrapper) => {
                if self.starts_entry(name) {
                    self.unwrap_items();
                    self.start_entry(&mut frame, attributes);
                }
            }
            Some(Place::Entry) => self.open_in_entry(&mut frame, piece, prefix, local, attributes),
            Some(Place::FeedField(field)) => {
                if let Some(inner) = field.inner(local) {
                    frame.place = Place::FeedField(inner);
                }
            }
            Some(Place::Inline) => {
                self.escape_again(piece.start, piece.end);
                frame.place = Place::Inline;
            }
            Some(Place::EntryField(_) | Place::Base64 | Place::Deep) => {}
        }
        self.stack.push(frame);
        Ok(())
    }

    fn open_root(
        &mut self,
        frame: &mut Frame<'t>,
        piece: Piece<'t>,
        name: &'t str,
        attributes: &'t str,
    ) {
        self.root = root::Root::read(piece, name, attributes);
        self.dialect = if self.root.is_atom() { Dialect::Atom } else { Dialect::Rss };
        self.outline.format = self.root.format();
        self.outline.feed.language =
            markup::attribute(attributes, "xml:lang").map(decoded).filter(|lang| !lang.is_empty());
        self.set_base(attributes);
        self.outline.feed.base = self.bases.last().map(|(_, base)| base.clone());
        frame.place = match self.root.kind() {
            root::RootKind::Channel => {
                self.channel_name = Some("channel");
                Place::Channel
            }
            root::RootKind::Entry => {
                self.begin_note(attributes);
                Place::Entry
            }
            _ => Place::Root,
        };
    }

    /// What matters at any depth: namespaces, bases, the number of attributes.
    fn common(
        &mut self,
        piece: Piece<'t>,
        name: &'t str,
        attributes: &'t str,
    ) -> Result<(), Failure> {
        if let Some(colon) = memchr::memchr(b':', name.as_bytes()) {
            self.root.meet(&name[..colon]);
        }
        if attributes.len() <= 1 {
            return Ok(());
        }
        if attributes.len() > 2 * self.limits.attributes
            && markup::attributes(attributes).count() > self.limits.attributes
        {
            let message = format!("an element has more than {} attributes", self.limits.attributes);
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        if memmem::find(attributes.as_bytes(), b"xmlns").is_some() {
            self.root.correct_addresses(&mut self.edits, self.text, attributes);
        }
        if self.has_bases && attributes.contains("xml:base") {
            self.set_base(attributes);
            self.hide_bad_base(attributes);
        }
        let (prefix, local) = markup::split_name(name);
        // feed-rs gives up the whole feed over a type that it does not know.
        if !prefix.is_empty() && matches!(local, "title" | "description" | "summary") {
            text_construct::correct_media_type(&mut self.edits, piece, name, attributes);
        }
        Ok(())
    }

    /// Hides from feed-rs an `xml:base` that it would give the feed up over.
    fn hide_bad_base(&mut self, attributes: &'t str) {
        for (name, value) in markup::attributes(attributes) {
            if name == "xml:base" && (!root::is_base(value) || self.bases.len() > MAX_BASES) {
                let start = name.as_ptr() as usize - self.text.as_ptr() as usize;
                self.edits.replace(start, start + name.len(), "left-out");
            }
        }
    }

    fn set_base(&mut self, attributes: &str) {
        let Some(written) = markup::attribute(attributes, "xml:base") else { return };
        let written = decoded(written);
        let joined = match self.bases.last() {
            Some((_, base)) => base.join(&written),
            None => Url::parse(&written),
        };
        if let Ok(base) = joined {
            // Nested relative bases grow with their depth, and their sum with its square.
            if self.bases.len() <= MAX_BASES && base.as_str().len() <= MAX_ADDRESS {
                self.bases.push((self.stack.len() + 1, base));
            }
        }
    }

    fn open_beside_channel(
        &mut self,
        frame: &mut Frame<'t>,
        piece: Piece<'t>,
        prefix: &str,
        local: &'t str,
    ) {
        let own = prefix.is_empty() || self.root.space(prefix) == Space::Own;
        let local = if own { self.canonical(frame, piece, prefix, local) } else { local };
        if own && local == "channel" {
            frame.place = Place::Channel;
            if self.channel_name.is_some() {
                // A second channel continues the first.
                self.edits.replace(piece.start, piece.end, "");
            }
            self.channel_name.get_or_insert(frame.renamed.unwrap_or(frame.name));
        } else if own && local == "item" {
            self.items_outside = true;
            let attributes = attributes_of(piece);
            self.start_entry(frame, attributes);
        }
    }

    fn open_in_feed(
        &mut self,
        frame: &mut Frame<'t>,
        piece: Piece<'t>,
        prefix: &str,
        local: &'t str,
        attributes: &'t str,
    ) {
        let space = self.space(prefix);
        let local = self.canonical(frame, piece, prefix, local);
        if self.starts_entry(frame.name) {
            self.start_entry(frame, attributes);
            return;
        }
        if self.dialect == Dialect::Rss && space == Space::Own && local == "items" {
            frame.place = Place::Wrapper;
            return;
        }
        if self.text_construct(frame, piece, space, local, attributes) {
            return;
        }
        match (space, local) {
            (Space::Atom, "link") | (Space::Own, "link") if !attributes.is_empty() => {
                self.outline.feed.links.extend(tie_of(attributes));
            }
            (Space::History, "complete") => self.outline.hints.complete = true,
            (Space::Tombstones, "deleted-entry") => {
                let when = markup::attribute(attributes, "when");
                let when = when.and_then(|when| super::date::read(&decoded(when), self.now));
                let guid = markup::attribute(attributes, "ref").map(decoded);
                self.outline.hints.deleted.extend(guid.map(|guid| (guid, when)));
            }
            _ => {
                if let Some(field) = Field::of_feed(space, local) {
                    frame.place = Place::FeedField(field);
                }
            }
        }
    }

    fn open_in_entry(
        &mut self,
        frame: &mut Frame<'t>,
        piece: Piece<'t>,
        prefix: &str,
        local: &'t str,
        attributes: &'t str,
    ) {
        let space = self.space(prefix);
        let local = self.canonical(frame, piece, prefix, local);
        if self.text_construct(frame, piece, space, local, attributes) {
            return;
        }
        let atom = self.dialect == Dialect::Atom;
        let Some(note) = self.outline.entries.last_mut() else { return };
        match (space, local) {
            (Space::Own, "item" | "entry") => self.outline.nested = true,
            (Space::Own, "guid") => {
                let says = markup::attribute(attributes, "isPermaLink")
                    .or_else(|| markup::attribute(attributes, "ispermalink"));
                note.guid_is_no_link = says.is_some_and(|says| !says.eq_ignore_ascii_case("true"));
            }
            (Space::Atom | Space::Own, "link") if !atom && !attributes.is_empty() => {
                note.links.extend(tie_of(attributes));
            }
            (Space::Own, "enclosure") => note.enclosures.extend(tie_of(attributes)),
            _ => {
                if let Some(field) = Field::of_entry(space, local, atom) {
                    frame.place = Place::EntryField(field);
                }
            }
        }
    }

    /// Whether an element starts an entry where its parent may hold one.
    fn starts_entry(&self, name: &str) -> bool {
        let parent = self.stack.last().map(|frame| frame.place);
        if !matches!(parent, Some(Place::Root | Place::Channel | Place::Wrapper)) {
            return false;
        }
        let (prefix, local) = markup::split_name(name);
        let own = self.space(prefix) == Space::Own;
        match self.dialect {
            Dialect::Rss => own && local.eq_ignore_ascii_case("item"),
            Dialect::Atom => own && local == "entry",
        }
    }

    fn start_entry(&mut self, frame: &mut Frame<'t>, attributes: &'t str) {
        frame.place = Place::Entry;
        self.begin_note(attributes);
    }

    fn begin_note(&mut self, attributes: &str) {
        let mut note = Note::default();
        if !attributes.trim().is_empty() {
            for (name, value) in markup::attributes(attributes) {
                match markup::split_name(name) {
                    ("rdf", "about") => note.about = Some(decoded(value)),
                    // The Channel Definition Format.
                    ("", "HREF" | "href") => {
                        note.links.extend(tie_of(&format!("href=\"{value}\"")));
                    }
                    ("", "LASTMOD" | "lastmod") => {
                        note.updated = super::date::read(&decoded(value), self.now);
                    }
                    ("xml", "lang") => note.language = Some(decoded(value)),
                    _ => {}
                }
            }
        }
        note.base = self.bases.last().map(|(_, base)| base.clone());
        self.outline.entries.push(note);
    }

    /// The vocabulary of a prefix, the format's own counting as such.
    fn space(&self, prefix: &str) -> Space {
        if prefix.is_empty() {
            return Space::Own;
        }
        match self.root.space(prefix) {
            Space::Atom if self.dialect == Dialect::Atom => Space::Own,
            space => space,
        }
    }

    /// The name of an element as its format writes it; the tag is edited to match.
    fn canonical(
        &mut self,
        frame: &mut Frame<'t>,
        piece: Piece<'t>,
        prefix: &str,
        local: &'t str,
    ) -> &'t str {
        if !prefix.is_empty() {
            return local;
        }
        let known = match self.dialect {
            Dialect::Rss if local.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                names::rss_name(local).filter(|known| *known != local)
            }
            Dialect::Atom if self.root.is_old_atom() => names::atom_name(local),
            _ => None,
        };
        let Some(known) = known else { return local };
        self.edits.replace(piece.start + 1, piece.start + 1 + local.len(), known);
        frame.renamed = Some(known);
        known
    }

    fn text_construct(
        &mut self,
        frame: &mut Frame<'t>,
        piece: Piece<'t>,
        space: Space,
        local: &str,
        attributes: &'t str,
    ) -> bool {
        if self.dialect == Dialect::Rss || space != Space::Own {
            return false;
        }
        let Some(made) = text_construct::read(local, attributes) else { return false };
        let name = frame.renamed.unwrap_or(frame.name);
        if let Some(note) = self.outline.entries.last_mut().filter(|_| local == "content") {
            if self.has_bases && attributes.contains("xml:base") {
                note.base = self.bases.last().map(|(_, base)| base.clone());
            }
            note.links.extend(made.source(attributes));
        }
        frame.place = match made.form {
            text_construct::Form::Text | text_construct::Form::Html => Place::Deep,
            text_construct::Form::Xhtml => Place::Inline,
            text_construct::Form::Base64 => Place::Base64,
            text_construct::Form::Elsewhere => {
                frame.renamed = Some(text_construct::LEFT_OUT);
                Place::Deep
            }
        };
        if let Some(tag) = made.tag(name, attributes, piece) {
            self.edits.replace(piece.start, piece.end, tag);
        }
        true
    }

    /// Takes the `<items>` around items away.
    fn unwrap_items(&mut self) {
        if let Some(frame) = self.stack.last_mut() {
            if frame.renamed != Some("") {
                self.edits.replace(frame.start, frame.inside, "");
                frame.renamed = Some("");
            }
        }
    }

    fn close_named(&mut self, piece: Piece<'t>, name: &str) {
        // An end tag that does not match is feed-rs' to refuse and `repair`'s
        // to mend; here it only must not confuse what is noted.
        if self.stack.last().is_some_and(|frame| frame.name == name) {
            self.close(piece, false);
        } else if let Some(at) = self.stack.iter().rposition(|frame| frame.name == name) {
            self.stack.truncate(at + 1);
            self.close(piece, false);
        }
    }

    /// Closes the innermost element, by an end tag or because it is empty.
    fn close(&mut self, piece: Piece<'t>, empty: bool) {
        let Some(frame) = self.stack.pop() else { return };
        let depth = self.stack.len();
        while self.bases.last().is_some_and(|(at, _)| *at > depth) {
            self.bases.pop();
        }
        let content = if empty { "" } else { &self.text[frame.inside..piece.start] };
        match frame.place {
            Place::FeedField(field) => {
                noting::note_in_feed(&mut self.outline, &mut self.rhythm, field, content, self.now);
            }
            Place::EntryField(field) => {
                if let Some(note) = self.outline.entries.last_mut() {
                    noting::note_in_entry(note, field, content, self.now);
                }
            }
            Place::Base64 if !empty => {
                let text = text_construct::from_base64(content);
                self.edits.replace(frame.inside, piece.start, text);
            }
            Place::Channel if depth > 0 => {
                if self.channel_end.is_some() {
                    self.edits.replace(piece.start, piece.end, "");
                } else {
                    self.channel_end = Some((piece.start, piece.end));
                }
            }
            _ => {}
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
            None => {}
        }
        if depth == 0 {
            self.close_root(piece.start, piece.end);
        }
    }

    /// Text inside inline XHTML must survive being decoded once more: feed-rs
    /// hands out markup and decoded text in one string.
    fn literal(&mut self, piece: Piece<'t>) {
        if self.stack.last().map(|frame| frame.place) != Some(Place::Inline) {
            return;
        }
        match piece.kind {
            Kind::CData(text) => {
                let text = htmlize::escape_text(htmlize::escape_text(text).into_owned());
                self.edits.replace(piece.start, piece.end, text.into_owned());
            }
            _ => self.escape_again(piece.start, piece.end),
        }
    }

    fn escape_again(&mut self, start: usize, end: usize) {
        for at in memchr_iter(b'&', &self.text.as_bytes()[start..end]) {
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
        let open = self.stack.iter().position(|frame| frame.place == Place::Entry);
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
            if frame.place == Place::Channel && self.items_outside {
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

    fn finish(mut self) -> Normalised<'t> {
        let missing_channel = self.dialect == Dialect::Rss && self.channel_name.is_none();
        let (start, end, tag) = self.root.tag(missing_channel);
        self.edits.replace(start, end, tag);
        self.outline.hints.update_period = self.rhythm.span();
        Normalised { text: self.edits.apply(self.text, 0, self.end), outline: self.outline }
    }
}

/// `xml:base` attributes inside one another, and the bytes of an address.
const MAX_BASES: usize = 8;
const MAX_ADDRESS: usize = 2048;

fn attributes_of(piece: Piece<'_>) -> &str {
    match piece.kind {
        Kind::Open { attributes, .. } => attributes,
        _ => "",
    }
}
