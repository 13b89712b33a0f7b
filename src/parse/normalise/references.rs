//! Mends references in text that feed-rs cannot resolve: it would drop the whole text, or refuse
//! the document.

use memchr::{memchr_iter, memmem};

use super::super::repair::{Reference, reference};
use super::Walk;
use crate::model::Failure;

impl Walk<'_, '_> {
    /// Escapes each `&` in a text that begins no reference.
    pub(super) fn escape_bare(&mut self, start: usize, end: usize) {
        for at in memchr_iter(b'&', &self.text.as_bytes()[start..end]) {
            let at = start + at;
            if is_common(&self.text.as_bytes()[at..]) {
                continue;
            }
            if let Reference::None = reference(&self.text[at..end]) {
                if self.edits.are_too_many() {
                    return;
                }
                self.edits.insert(at + 1, "amp;");
                self.has_bare_ampersand = true;
            }
        }
    }

    /// Writes numeric references as feed-rs reads them. Those to control characters are read as
    /// Windows-1252 or dropped.
    pub(super) fn mend_references(&mut self) -> Result<(), Failure> {
        let mut mended = false;
        for at in memmem::find_iter(&self.text.as_bytes()[..self.end], b"&#") {
            let (character, length) = match reference(&self.text[at..]) {
                Reference::Means(character, length) => (Some(character), length),
                Reference::Nothing(length) => (None, length),
                Reference::Good(_) if self.text.as_bytes()[at + 2] == b'X' => {
                    self.edits.replace(at + 2, at + 3, "x");
                    self.limit_edits()?;
                    continue;
                }
                Reference::Good(_) | Reference::None => continue,
            };
            self.edits.replace(at, at + length, character.map(String::from).unwrap_or_default());
            self.limit_edits()?;
            mended = true;
        }
        if mended {
            let message = "references to control characters were replaced or dropped";
            self.outline.warnings.push(message.to_owned());
        }
        if self.has_bare_ampersand {
            self.outline.warnings.push("a bare & was escaped".to_owned());
        }
        Ok(())
    }
}

/// Whether a reference is one of those that most texts have: a quick look.
fn is_common(text: &[u8]) -> bool {
    [b"&lt;".as_slice(), b"&gt;", b"&amp;", b"&quot;", b"&#39;", b"&nbsp;"]
        .iter()
        .any(|known| text.starts_with(known))
}
