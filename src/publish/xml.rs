//! Names, attributes and texts in; XML, escaped as the libraries escape it, out.
//!
//! The libraries make a tree of a feed before they write it. Its stories are nearly all of it,
//! and rendered again and again: they are written as they are told.

/// A document, or a part of one, that is being written.
#[derive(Debug, Default)]
pub(super) struct Xml(Vec<u8>);

impl Xml {
    /// Nothing yet, with room for so many bytes.
    pub(super) fn with_room(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// What was written.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// Takes in what is written already.
    pub(super) fn raw(&mut self, xml: &[u8]) {
        self.0.extend_from_slice(xml);
    }

    /// `<name a="b">`, of the attributes those that there are.
    pub(super) fn start<'t>(
        &mut self,
        name: &str,
        attributes: impl IntoIterator<Item = Option<(&'t str, &'t str)>>,
    ) {
        self.tag(name, attributes, b">");
    }

    /// `<name a="b"/>`
    pub(super) fn empty<'t>(
        &mut self,
        name: &str,
        attributes: impl IntoIterator<Item = Option<(&'t str, &'t str)>>,
    ) {
        self.tag(name, attributes, b"/>");
    }

    fn tag<'t>(
        &mut self,
        name: &str,
        attributes: impl IntoIterator<Item = Option<(&'t str, &'t str)>>,
        end: &[u8],
    ) {
        self.0.push(b'<');
        self.raw(name.as_bytes());
        for (name, value) in attributes.into_iter().flatten() {
            self.0.push(b' ');
            self.raw(name.as_bytes());
            self.raw(b"=\"");
            self.text(value);
            self.0.push(b'"');
        }
        self.raw(end);
    }

    /// `</name>`
    pub(super) fn end(&mut self, name: &str) {
        self.raw(b"</");
        self.raw(name.as_bytes());
        self.0.push(b'>');
    }

    /// `<name>text</name>`
    pub(super) fn element(&mut self, name: &str, text: &str) {
        self.element_with(name, [], text);
    }

    /// `<name a="b">text</name>`
    pub(super) fn element_with<'t>(
        &mut self,
        name: &str,
        attributes: impl IntoIterator<Item = Option<(&'t str, &'t str)>>,
        text: &str,
    ) {
        self.start(name, attributes);
        self.text(text);
        self.end(name);
    }

    /// `<name><![CDATA[text]]></name>`
    pub(super) fn character_data(&mut self, name: &str, text: &str) {
        self.start(name, []);
        // What would end it is parted.
        let mut rest = text;
        loop {
            let end = memchr::memmem::find(rest.as_bytes(), b"]]>");
            let part = end.map_or(rest, |at| &rest[..at + 2]);
            self.raw(b"<![CDATA[");
            self.raw(part.as_bytes());
            self.raw(b"]]>");
            rest = &rest[part.len()..];
            if rest.is_empty() {
                break;
            }
        }
        self.end(name);
    }

    /// A text between tags or in an attribute.
    fn text(&mut self, text: &str) {
        // Of most strides it is told at once that nothing in them is a mark.
        const STRIDE: usize = 32;
        let bytes = text.as_bytes();
        let mut written = 0;
        for (stride, start) in bytes.chunks(STRIDE).zip((0..).step_by(STRIDE)) {
            if !stride.iter().fold(false, |any, byte| any | is_mark(*byte)) {
                continue;
            }
            for (byte, at) in stride.iter().zip(start..).filter(|(byte, _)| is_mark(**byte)) {
                self.0.extend_from_slice(&bytes[written..at]);
                written = at + 1;
                self.0.extend_from_slice(match byte {
                    b'<' => b"&lt;",
                    b'>' => b"&gt;",
                    b'&' => b"&amp;",
                    b'"' => b"&quot;",
                    _ => b"&apos;",
                });
            }
        }
        self.0.extend_from_slice(&bytes[written..]);
    }
}

fn is_mark(byte: u8) -> bool {
    matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'')
}

/// A document before and behind the last place where it says `mark`, which stays before.
pub(super) fn split_after<'d>(document: &'d [u8], mark: &str) -> (&'d [u8], &'d [u8]) {
    document.split_at(last(document, mark).map_or(document.len(), |at| at + mark.len()))
}

/// The same with the mark behind.
pub(super) fn split_before<'d>(document: &'d [u8], mark: &str) -> (&'d [u8], &'d [u8]) {
    document.split_at(last(document, mark).unwrap_or(document.len()))
}

fn last(document: &[u8], mark: &str) -> Option<usize> {
    memchr::memmem::rfind(document, mark.as_bytes())
}
