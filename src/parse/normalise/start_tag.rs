//! Notes what a start tag means to the feed, by its name and where it stands, and edits it.

use memchr::memmem;
use url::Url;

use super::super::entry_id;
use super::super::names::{self, Space};
use super::noting::{Field, channel_page, cloud_of, decoded, link_of, publisher_of};
use super::repeated::Slot;
use super::{Container, Dialect, Frame, MAX_ADDRESS, MAX_BASES, Walk, root, text_construct};
use crate::markup::{self, Kind, Piece};
use crate::model::{Failure, FailureKind};

impl<'t> Walk<'t, '_> {
    pub(super) fn open(
        &mut self,
        piece: Piece<'t>,
        name: &'t str,
        attributes: &'t str,
    ) -> Result<(), Failure> {
        let parent = self.stack.last().map(|frame| frame.place);
        let mut frame = Frame {
            name,
            place: Container::Deep,
            start: piece.start,
            inside: piece.end,
            taken_out: false,
            renamed: None,
            slot: None,
            language: None,
            declares: 0,
        };
        self.limit_attributes(attributes)?;
        if parent.is_none() {
            self.open_root(&mut frame, piece, name, attributes);
        } else {
            frame.declares = self.common(piece, name, attributes)?;
        }
        let (prefix, local) = markup::split_name(name);
        match parent {
            None => {}
            Some(Container::Root) if self.dialect == Dialect::Rss => {
                self.open_beside_channel(&mut frame, piece, prefix, local);
            }
            Some(Container::Root | Container::Channel | Container::LaterChannel) => {
                self.open_in_feed(&mut frame, piece, prefix, local, attributes);
            }
            Some(Container::Wrapper) if self.starts_entry(name) => {
                self.unwrap_items();
                self.start_entry(&mut frame, attributes);
            }
            Some(Container::Entry | Container::Envelope) => {
                self.open_in_entry(&mut frame, piece, prefix, local, attributes)
            }
            Some(Container::FeedField(field)) => {
                if let Some(inner) = field.inner(local) {
                    frame.place = Container::FeedField(inner);
                }
            }
            Some(Container::EntryField(field)) => {
                if let Some(inner) = field.inner(local) {
                    frame.place = Container::EntryField(inner);
                }
            }
            Some(Container::Source) => self.open_in_source(&mut frame, prefix, local, attributes),
            Some(Container::Inline) => {
                self.escape_again(piece.start, piece.end);
                frame.place = Container::Inline;
            }
            Some(
                Container::Wrapper
                | Container::SourceField(_)
                | Container::Base64
                | Container::Deep,
            ) => {}
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
        let inner = &self.text.as_bytes()[piece.end..];
        self.has_inner_namespaces = memmem::find(inner, b"xmlns").is_some();
        self.outline.feed.language =
            markup::attribute(attributes, "xml:lang").map(decoded).filter(|lang| !lang.is_empty());
        self.dates.speak(self.outline.feed.language.as_deref());
        self.set_base(attributes);
        self.outline.feed.base = self.bases.last().map(|(_, base)| base.clone());
        frame.place = match self.root.kind() {
            root::RootKind::Channel => {
                self.outline.feed.links.extend(channel_page(attributes));
                self.channel_name = Some("channel");
                Container::Channel
            }
            root::RootKind::Entry => {
                self.begin_note(frame.start, attributes);
                Container::Entry
            }
            _ => Container::Root,
        };
    }

    /// feed-rs compares each attribute of a tag with all others.
    fn limit_attributes(&self, attributes: &str) -> Result<(), Failure> {
        let most = self.limits.attributes;
        if attributes.len() > 2 * most && markup::attributes(attributes).count() > most {
            let message = format!("an element has more than {most} attributes");
            return Err(Failure::new(FailureKind::TooLarge, message));
        }
        Ok(())
    }

    /// Notes and mends what matters at any depth: namespaces, bases and media types. Returns how
    /// many namespaces the tag declares.
    fn common(
        &mut self,
        piece: Piece<'t>,
        name: &'t str,
        attributes: &'t str,
    ) -> Result<usize, Failure> {
        if let Some(colon) = memchr::memchr(b':', name.as_bytes()) {
            self.root.meet(&name[..colon]);
        }
        if attributes.len() <= 1 {
            return Ok(0);
        }
        let mut declares = 0;
        if self.has_inner_namespaces && attributes.contains("xmlns") {
            declares = self.root.correct_addresses(&mut self.edits, self.text, attributes);
            let around: usize = self.stack.iter().map(|frame| frame.declares).sum();
            if self.root.has_too_many_prefixes() || around + declares > root::MAX_PREFIXES {
                let message = "more namespaces are declared than anybody needs";
                return Err(Failure::new(FailureKind::TooLarge, message));
            }
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
        if !prefix.is_empty() && local == "content" && self.root.space(prefix) == Space::Media {
            self.mark_picture(piece, name, attributes);
        }
        Ok(declares)
    }

    /// Gives a picture of MediaRSS a type, if it has none: feed-rs reads no `medium`.
    fn mark_picture(&mut self, piece: Piece<'t>, name: &str, attributes: &str) {
        let medium = markup::attribute(attributes, "medium");
        let is_picture = medium.is_some_and(|medium| medium.trim().eq_ignore_ascii_case("image"));
        if is_picture && markup::attribute(attributes, "type").is_none() {
            self.edits.insert(piece.start + 1 + name.len(), " type=\"image/x-unspecified\"");
        }
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
            if matches!(piece.kind, Kind::Open { empty: true, .. }) {
                // The items stand behind it, in the channel that the root gets for want of one.
                self.edits.replace(piece.start, piece.end, "");
            } else if self.channel_name.is_some() {
                frame.place = Container::LaterChannel;
                self.items_outside = true;
                self.edits.replace(piece.start, piece.end, "");
            } else {
                frame.place = Container::Channel;
                self.channel_name = Some(frame.renamed.unwrap_or(frame.name));
            }
        } else if own && local == "items" {
            self.items_outside = true;
            frame.place = Container::Wrapper;
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
        let is_later = self.stack.last().is_some_and(|at| at.place == Container::LaterChannel);
        if is_later && local != "items" {
            // Only the first channel describes the feed.
            frame.taken_out = true;
            return;
        }
        if space == Space::Own && local == "title" {
            frame.slot = Some(Slot::Title);
            frame.language = markup::attribute(attributes, "xml:lang");
        }
        if self.dialect == Dialect::Rss && space == Space::Own && local == "items" {
            frame.place = Container::Wrapper;
            return;
        }
        if self.text_construct(frame, piece, space, local, attributes) {
            return;
        }
        let atom = self.dialect == Dialect::Atom;
        match (space, local) {
            (Space::Atom | Space::Own, "link") if !atom && !attributes.is_empty() => {
                self.outline.feed.links.extend(link_of(attributes));
            }
            (Space::Own, "cloud") if !atom => self.outline.hints.cloud = cloud_of(attributes),
            (Space::History, "complete") => self.outline.hints.complete = true,
            (Space::Tombstones, "deleted-entry") => {
                let when = markup::attribute(attributes, "when");
                let when = when.and_then(|when| self.dates.read(&decoded(when)));
                let id = markup::attribute(attributes, "ref").map(decoded);
                let id = id.and_then(|id| entry_id::read(&id));
                if self.outline.hints.deleted.len() < self.limits.entries {
                    self.outline.hints.deleted.extend(id.map(|id| (id.text, when)));
                } else {
                    self.deletions_left_out += 1;
                }
            }
            _ => {
                if let Some(field) = Field::of_feed(space, local) {
                    frame.place = Container::FeedField(field);
                }
            }
        }
        frame.taken_out = !names::is_read_of_feed(space, local, atom);
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
        if space == Space::Own && self.is_envelope(piece, local) {
            frame.place = Container::Envelope;
            self.edits.replace(piece.start, piece.end, "");
            return;
        }
        frame.slot = slot_of(space, local, self.dialect);
        if frame.slot.is_some() {
            frame.language = markup::attribute(attributes, "xml:lang");
        }
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
                note.links.extend(link_of(attributes));
            }
            (Space::Own, "link") if !atom => frame.place = Container::EntryField(Field::Link),
            (Space::Own, "source") if atom => {
                note.source = Some(Box::default());
                frame.place = Container::Source;
            }
            (Space::Own, "source") => {
                note.publisher = Some(publisher_of(attributes));
                frame.place = Container::EntryField(Field::Publisher);
            }
            (Space::Own, "enclosure") => note.enclosures.extend(link_of(attributes)),
            _ => {
                let field = Field::of_recased(space, local, atom);
                if let Some(field) = field.or_else(|| Field::of_entry(space, local, atom)) {
                    frame.place = Container::EntryField(field);
                }
            }
        }
        frame.taken_out = !names::is_read_of_entry(space, local, atom);
    }

    fn open_in_source(
        &mut self,
        frame: &mut Frame<'t>,
        prefix: &str,
        local: &str,
        attributes: &str,
    ) {
        if self.space(prefix) != Space::Own {
            return;
        }
        let note = self.outline.entries.last_mut();
        let Some(source) = note.and_then(|note| note.source.as_mut()) else { return };
        let field = match local {
            "id" => Field::Id,
            "title" => Field::Title,
            "updated" | "modified" => Field::Updated,
            "rights" => Field::Rights,
            "link" => return source.links.extend(link_of(attributes)),
            _ => return,
        };
        frame.place = Container::SourceField(field);
    }

    /// The vocabulary of a prefix, the format's own counting as such.
    pub(super) fn space(&self, prefix: &str) -> Space {
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
            Dialect::Rss if local == "entry" => Some("item"),
            Dialect::Rss => names::rss_name(local).filter(|known| *known != local),
            Dialect::Atom if local == "item" => Some("entry"),
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
            text_construct::Form::Text | text_construct::Form::Html => Container::Deep,
            text_construct::Form::Xhtml => Container::Inline,
            text_construct::Form::Base64 => Container::Base64,
            text_construct::Form::Elsewhere => {
                frame.renamed = Some(text_construct::LEFT_OUT);
                Container::Deep
            }
        };
        if let Some(tag) = made.tag(name, attributes, piece) {
            self.edits.replace(piece.start, piece.end, tag);
        }
        true
    }
}

/// Which of the elements that count once in an entry this is.
fn slot_of(space: Space, name: &str, dialect: Dialect) -> Option<Slot> {
    match (space, name, dialect) {
        (Space::Own, "title", _) => Some(Slot::Title),
        (Space::Own, "description", Dialect::Rss) | (Space::Own, "summary", Dialect::Atom) => {
            Some(Slot::Description)
        }
        (Space::Content, "encoded", Dialect::Rss) | (Space::Own, "content", Dialect::Atom) => {
            Some(Slot::Content)
        }
        _ => None,
    }
}

fn attributes_of(piece: Piece<'_>) -> &str {
    match piece.kind {
        Kind::Open { attributes, .. } => attributes,
        _ => "",
    }
}
