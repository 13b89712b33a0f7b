//! Chooses between elements of an entry that are given twice, of which feed-rs would take the last.

use super::super::clean::{cut_to, plain};
use super::{Frame, Walk, inside};
use crate::markup::{Kind, Piece, Pieces};

/// An element that counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    Title,
    Description,
    Content,
}

/// The elements of the feed or of the open entry that were chosen so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Chosen<'t>([Option<Held<'t>>; 3]);

/// An element that holds its slot.
#[derive(Debug, Clone, Copy)]
struct Held<'t> {
    start: usize,
    end: usize,
    rank: Rank,
    /// Whether the rank tells pictures from words. Reading a text for that takes time, and few
    /// entries give two.
    is_ranked: bool,
    content: &'t str,
}

/// The greater rank is chosen; of equals the longer text, or the first title.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// It says nothing.
    Blank,
    /// It shows a picture, and has no words.
    Picture,
    OtherLanguage,
    NoLanguage,
    /// It is in the language of the entry or of the feed.
    SameLanguage,
}

impl<'t> Walk<'t, '_> {
    /// Ends an element that counts once: takes it or the one before it out.
    pub(super) fn choose(&mut self, frame: &mut Frame<'t>, piece: Piece<'t>, content: &'t str) {
        let Some(slot) = frame.slot else { return };
        let mut rank = if is_blank(content) { Rank::Blank } else { self.rank(frame.language) };
        let is_in_feed = !self.stack.iter().any(|frame| frame.place == super::Container::Entry);
        let chosen = if is_in_feed { &mut self.chosen_of_feed } else { &mut self.chosen_of_entry };
        let held = &mut chosen.0[slot as usize];
        if let Some(held) = held.as_mut() {
            if !held.is_ranked {
                held.rank = held.rank.min(most_of(held.content));
                held.is_ranked = true;
            }
            rank = rank.min(most_of(content));
        }
        let is_ranked = held.is_some();
        let is_longer = |held: &Held<'_>| {
            slot != Slot::Title && content.trim().len() > held.content.trim().len()
        };
        let says_more = |held: &Held<'_>| rank > held.rank || rank == held.rank && is_longer(held);
        if let Some(held) = held {
            let is_lost = rank == held.rank && rank > Rank::Picture && !is_in_feed;
            self.repetitions += usize::from(is_lost && content.trim() != held.content.trim());
        }
        match held {
            Some(held) if !says_more(held) => {
                frame.taken_out = true;
                return;
            }
            Some(held) => self.edits.replace(held.start, held.end, ""),
            None => {}
        }
        *held = Some(Held { start: frame.start, end: piece.end, rank, is_ranked, content });
        if slot == Slot::Title
            && rank > Rank::Blank
            && !is_in_feed
            && let Some(note) = self.outline.entries.last_mut()
        {
            note.title_at = Some(frame.inside..frame.inside + content.len());
        }
    }

    fn rank(&self, language: Option<&str>) -> Rank {
        let Some(language) = language else { return Rank::NoLanguage };
        let entry = self.outline.entries.last().and_then(|note| note.language.as_deref());
        let wanted = entry.or(self.outline.feed.language.as_deref());
        match wanted.is_some_and(|wanted| is_same_language(wanted, language)) {
            true => Rank::SameLanguage,
            false => Rank::OtherLanguage,
        }
    }
}

/// Whether two tags name one language, wherever it is spoken.
pub(in crate::parse) fn is_same_language(one: &str, other: &str) -> bool {
    let primary = |tag: &str| tag.trim().split(['-', '_']).next().map(str::to_ascii_lowercase);
    primary(one) == primary(other)
}

/// The highest rank that an element with this inside may have.
fn most_of(content: &str) -> Rank {
    let html = inside::html_of(cut_to(content, MOST_READ));
    if plain(&html).is_empty() { Rank::Picture } else { Rank::SameLanguage }
}

/// Bytes of an element that are read for words.
const MOST_READ: usize = 64 * 1024;

/// Whether the inside of an element says nothing.
fn is_blank(content: &str) -> bool {
    Pieces::of(content).all(|piece| match piece.kind {
        Kind::Text(text) | Kind::CData(text) => text.trim().is_empty(),
        Kind::Open { name, .. } => !matches!(name, "img" | "video" | "audio" | "iframe"),
        Kind::Close { .. } | Kind::Aside(_) => true,
        Kind::Stray | Kind::Unclosed(_) => false,
    })
}
