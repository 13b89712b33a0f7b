//! Recognises files of other kinds by their first bytes, to say what came in the place of a feed.

/// Kinds of files, and how they begin.
const KINDS: &[(&str, &[u8])] = &[
    ("a PDF file", b"%PDF-"),
    ("a ZIP file or an Office document", b"PK\x03\x04"),
    ("a file packed with gzip", b"\x1f\x8b\x08"),
    ("a picture (PNG)", b"\x89PNG\r\n"),
    ("a picture (JPEG)", b"\xff\xd8\xff"),
    ("a picture (GIF)", b"GIF89a"),
    ("a picture (GIF)", b"GIF87a"),
    ("an old Office document", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("a picture (icon)", b"\0\0\x01\0"),
];

/// The kind of a file that no feed is, in words.
pub(super) fn of(body: &[u8]) -> Option<&'static str> {
    KINDS.iter().find(|(_, start)| body.starts_with(start)).map(|(kind, _)| *kind)
}
