//! Recognises the start tags of entries, and begins their notes.

use super::super::names::{self, Space};
use super::super::outline::Note;
use super::noting::{channel_page, decoded};
use super::repeated::Chosen;
use super::{Container, Dialect, Frame, Walk};
use crate::markup::{self, Kind, Piece, Pieces};

impl<'t> Walk<'t, '_> {
    /// Whether an element starts an entry where its parent may hold one.
    pub(super) fn starts_entry(&self, name: &str) -> bool {
        let parent = self.stack.last().map(|frame| frame.place);
        use Container::{Channel, LaterChannel, Root, Wrapper};
        if !matches!(parent, Some(Root | Channel | LaterChannel | Wrapper)) {
            return false;
        }
        let (prefix, local) = markup::split_name(name);
        // Some call an entry what the other format calls it.
        self.space(prefix) == Space::Own
            && (local.eq_ignore_ascii_case("item") || (local == "entry"))
    }

    pub(super) fn start_entry(&mut self, frame: &mut Frame<'t>, attributes: &'t str) {
        frame.place = Container::Entry;
        self.begin_note(frame.start, attributes);
    }

    pub(super) fn begin_note(&mut self, start: usize, attributes: &str) {
        self.chosen_of_entry = Chosen::default();
        let mut note = Note { span: start..start, ..Note::default() };
        if !attributes.trim().is_empty() {
            for (name, value) in markup::attributes(attributes) {
                match markup::split_name(name) {
                    ("rdf", "about") => note.about = Some(decoded(value)),
                    // The Channel Definition Format.
                    ("", "HREF" | "href") => note.links.extend(channel_page(attributes)),
                    ("", "LASTMOD" | "lastmod") => {
                        note.updated = self.dates.read(&decoded(value));
                    }
                    ("xml", "lang") => note.language = Some(decoded(value)),
                    _ => {}
                }
            }
        }
        note.base = self.bases.last().map(|(_, base)| base.clone());
        note.is_last = true;
        if let Some(before) = self.outline.entries.last_mut() {
            before.is_last = false;
        }
        self.outline.entries.push(note);
    }

    /// Whether an element that no format knows is the first of an entry and begins as entries do:
    /// `<item><article><title>`.
    pub(super) fn is_envelope(&self, piece: Piece<'t>, name: &str) -> bool {
        let Some(entry) = self.stack.last() else { return false };
        let is_first = self.text[entry.inside..piece.start].trim_ascii().is_empty();
        let is_unknown = names::rss_name(name).is_none() && names::atom_name(name).is_none();
        if !is_first || !is_unknown || self.dialect == Dialect::Atom {
            return false;
        }
        let inside = self.text[piece.end..].trim_ascii_start();
        Pieces::of(inside).next().is_some_and(|first| match first.kind {
            Kind::Open { name, .. } => {
                matches!(names::rss_name(name), Some("title" | "link" | "description" | "guid"))
            }
            _ => false,
        })
    }
}
