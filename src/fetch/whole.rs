//! Tells whether a document came whole although its transfer broke off.
//!
//! Some servers promise more bytes than they send, leave out the last chunk, or the trailer of gzip.
//! Browsers show what came. A document is whole if its root is closed.

use serde::de::IgnoredAny;

use crate::markup::{Kind, Pieces};

/// Bytes at the start of a document in which its root begins, and at the end in which it is closed.
const START: usize = 64 * 1024;
const END: usize = 4 * 1024;

/// Whether a document is whole: JSON that ends, or markup whose first element does.
pub(super) fn is_whole(document: &[u8]) -> bool {
    let document = document.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(document).trim_ascii();
    if document.starts_with(b"{") {
        return serde_json::from_slice::<IgnoredAny>(document).is_ok();
    }
    let start = String::from_utf8_lossy(&document[..document.len().min(START)]);
    let root = Pieces::of(&start).find_map(|piece| match piece.kind {
        Kind::Open { name, empty: false, .. } => Some(name),
        _ => None,
    });
    let Some(root) = root else { return false };
    let end = String::from_utf8_lossy(&document[document.len().saturating_sub(END)..]);
    let mut pieces = Pieces::of(&end[end.rfind("</").unwrap_or(end.len())..]);
    pieces.next().is_some_and(|piece| match piece.kind {
        Kind::Close { name } => name.eq_ignore_ascii_case(root),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_whole_if_its_root_is_closed() {
        for (document, is) in [
            ("<?xml version='1.0'?>\n<rss><channel></channel></rss>\n", true),
            ("\u{feff}<!-- a --><rdf:RDF>x</rdf:RDF ><!-- cached", true),
            ("<RSS></rss>", true),
            ("<feed><entry></entry>", false),
            ("<feed><entry></entry></fee", false),
            ("<feed></feed", false),
            ("{\"items\":[]} ", true),
            ("{\"items\":[", false),
            ("", false),
            ("text", false),
        ] {
            assert_eq!(is_whole(document.as_bytes()), is, "{document}");
        }
    }
}
