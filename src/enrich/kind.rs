//! Refuses documents that are not pages: files, pictures, data.

use super::page::unreadable;
use crate::model::{Document, Failure};

/// Content types that are read as pages.
const PAGES: [&str; 4] = ["text/html", "application/xhtml+xml", "text/plain", "text/xml"];

/// How files begin that servers also send as pages.
const FILES: [(&[u8], &str); 9] = [
    (b"%PDF", "a PDF"),
    (b"PK\x03\x04", "an archive or an office document"),
    (b"\xD0\xCF\x11\xE0", "an office document"),
    (b"{\\rtf", "an office document"),
    (b"\xFF\xD8\xFF", "a picture"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "a picture or a recording"),
    (b"\x1F\x8B", "a compressed file"),
];

/// Checks that a document is a page, by what its server and its first bytes say.
pub(super) fn check(document: &Document) -> Result<(), Failure> {
    let body = document.body.trim_ascii_start();
    let is_file = FILES.iter().find(|(start, _)| body.starts_with(start));
    if let Some((_, kind)) = is_file {
        return Err(unreadable(&format!("it is {kind}")));
    }
    let stated = document.content_type.as_deref().unwrap_or_default();
    let stated = stated.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_markup = || {
        let start = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let start = String::from_utf8_lossy(&start[..start.len().min(1024)]).to_ascii_lowercase();
        start.starts_with("<!doctype html") || start.contains("<html")
    };
    let is_page = stated.is_empty() || PAGES.contains(&stated.as_str()) || is_markup();
    if !is_page {
        return Err(unreadable(&format!("it is of the type {stated}")));
    }
    // UTF-16 has a byte of zero in each letter of ASCII, other text has none.
    let is_wide = body.starts_with(b"\xFF\xFE") || body.starts_with(b"\xFE\xFF");
    let zeros = memchr::memchr_iter(0, &body[..body.len().min(1024)]).count();
    if !is_wide && zeros > MOST_ZEROS && 3 * zeros < body.len().min(1024) {
        return Err(unreadable("it is not text"));
    }
    Ok(())
}

/// Bytes of zero that a broken page may have at its start.
const MOST_ZEROS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{SourceId, Timestamp};

    #[test]
    fn files_are_no_pages() {
        for (content_type, body, is_page) in [
            (Some("text/html; charset=utf-8"), &b"<p>One</p>"[..], true),
            (None, b"<p>One</p>", true),
            (Some("application/xhtml+xml"), b"<html/>", true),
            (Some("text/plain"), b"One", true),
            (Some("application/xml"), b"<?xml version='1.0'?><html><p>One</p></html>", true),
            (Some("application/octet-stream"), b"<!DOCTYPE html><p>One</p>", true),
            (Some("text/html"), b"%PDF-1.7", false),
            (Some("application/pdf"), b"\n%PDF-1.7", false),
            (Some("text/html"), b"\xFF\xD8\xFF\xE0JFIF", false),
            (Some("text/html"), b"PK\x03\x04word/document.xml", false),
            (Some("application/json"), b"{\"error\":1}", false),
            (Some("text/csv"), b"id;name", false),
            (Some("application/xml"), b"<?xml version='1.0'?><alert/>", false),
            (Some("text/html"), b"a\0\0b\0cd\0efghi\0jklmnopq", false),
        ] {
            let document = Document {
                source: SourceId::new("min"),
                url: None,
                content_type: content_type.map(str::to_owned),
                body: bytes::Bytes::copy_from_slice(body),
                at: Timestamp::EPOCH,
            };
            assert_eq!(check(&document).is_ok(), is_page, "{content_type:?} {body:?}");
        }
    }
}
