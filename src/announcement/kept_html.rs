//! Writes HTML without the parts of it that were set aside.

use std::ops::Range;

use crate::markup::{Kind, Pieces};

/// The HTML without these zones, which are in order, and without the elements that are empty for
/// that.
pub(super) fn without(zones: &[Range<usize>], html: &str) -> String {
    let mut writer = Writer { html, zones, out: String::new(), open: Vec::new() };
    for piece in Pieces::of(html) {
        match piece.kind {
            Kind::Open { name, .. } => writer.open(name, piece.start..piece.end),
            Kind::Close { .. } => writer.close(piece.start..piece.end),
            _ => writer.text(piece.start..piece.end),
        }
    }
    trim_breaks(&mut writer.out, 0);
    writer.out.trim_start().to_owned()
}

struct Writer<'w> {
    html: &'w str,
    zones: &'w [Range<usize>],
    out: String,
    open: Vec<Written>,
}

/// An element that is open.
struct Written {
    /// Where its tag stands in what was written.
    start: usize,
    has_content: bool,
    has_lost: bool,
}

impl Writer<'_> {
    fn is_lost(&self, at: usize) -> bool {
        let after = self.zones.partition_point(|zone| zone.end <= at);
        self.zones.get(after).is_some_and(|zone| zone.start <= at)
    }

    fn note(&mut self, has_content: bool, has_lost: bool) {
        if let Some(element) = self.open.last_mut() {
            element.has_content |= has_content;
            element.has_lost |= has_lost;
        }
    }

    fn open(&mut self, name: &str, tag: Range<usize>) {
        if matches!(name, "br" | "hr" | "img" | "wbr" | "col") {
            let lost = self.is_lost(tag.start);
            self.note(name == "img" && !lost, lost);
            if !lost {
                self.out.push_str(&self.html[tag]);
            }
            return;
        }
        self.open.push(Written { start: self.out.len(), has_content: false, has_lost: false });
        self.out.push_str(&self.html[tag]);
    }

    fn close(&mut self, tag: Range<usize>) {
        let Some(Written { start, has_content, has_lost }) = self.open.pop() else { return };
        if has_lost && !has_content {
            self.out.truncate(start);
        } else {
            if has_lost {
                trim_breaks(&mut self.out, start);
            }
            self.out.push_str(&self.html[tag]);
        }
        self.note(has_content, has_lost);
    }

    fn text(&mut self, text: Range<usize>) {
        let mut at = text.start;
        let first = self.zones.partition_point(|zone| zone.end <= text.start);
        for zone in &self.zones[first..] {
            if zone.start >= text.end {
                break;
            }
            let kept = &self.html[at..zone.start.max(at)];
            self.out.push_str(kept);
            at = zone.end.min(text.end).max(at);
            let has_content = !kept.trim().is_empty();
            self.note(has_content, true);
        }
        let kept = &self.html[at..text.end];
        self.out.push_str(kept);
        self.note(!kept.trim().is_empty(), false);
    }
}

/// Takes line breaks and white space from the end, back to `start`.
fn trim_breaks(out: &mut String, start: usize) {
    loop {
        let trimmed = out.trim_end();
        let trimmed = trimmed.strip_suffix("<br>").unwrap_or(trimmed).len();
        if trimmed == out.len() || trimmed < start {
            return;
        }
        out.truncate(trimmed);
    }
}
