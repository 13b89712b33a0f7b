//! The bytes of a page and its Content-Type in; its text out.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// Where a page may state its encoding itself.
const PROLOGUE: usize = 1024;

/// Decodes a page as browsers do: byte order mark, Content-Type, `<meta
/// charset>`, and else UTF-8 if it is that, or Windows-1252. Characters that
/// XML does not allow are dropped.
pub(super) fn decode(body: &[u8], content_type: Option<&str>) -> String {
    let stated = Encoding::for_bom(body)
        .map(|(encoding, _)| encoding)
        .or_else(|| content_type.and_then(charset_in))
        .or_else(|| {
            let prologue = &body[..body.len().min(PROLOGUE)];
            charset_in(&String::from_utf8_lossy(prologue))
        });
    let encoding = stated
        .unwrap_or_else(|| if std::str::from_utf8(body).is_ok() { UTF_8 } else { WINDOWS_1252 });
    let (text, _, _) = encoding.decode(body);
    text.chars().filter(|c| is_allowed(*c)).collect()
}

/// The encoding named behind `charset=`.
fn charset_in(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let label = lower.split("charset=").nth(1)?;
    let label = label.trim_start_matches(['"', '\'']);
    let end = label.find(['"', '\'', ';', '>', ' ', '/']).unwrap_or(label.len());
    Encoding::for_label(&label.as_bytes()[..end])
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{7E}' | '\u{85}' | '\u{A0}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_state_an_encoding_is_believed() {
        for (body, content_type, expected) in [
            (&b"caf\xC3\xA9"[..], None, "café"),
            (b"caf\xE9", None, "café"),
            (b"caf\xE9", Some("text/html; charset=ISO-8859-1"), "café"),
            (b"<meta charset='windows-1251'>\xEF", None, "<meta charset='windows-1251'>п"),
            (b"\xEF\xBB\xBFcaf\xC3\xA9", Some("text/html; charset=latin1"), "café"),
            (b"a\x00b\x0Bc", None, "abc"),
        ] {
            assert_eq!(decode(body, content_type), expected);
        }
    }
}
