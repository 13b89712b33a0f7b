//! Decodes the bytes of documents and pages into text.
//!
//! A document is decoded in this order: a byte-order mark; the pattern of zero bytes that UTF-16
//! and UTF-32 leave; UTF-8, if the bytes are that and say so by more than ASCII; the encoding
//! that HTTP states; the one that the XML declaration states; a guess. HTTP's ISO-8859-1 is the
//! default of many servers and yields to another encoding that the XML declaration states, where
//! the bytes agree with that. Single Windows-1252 bytes in UTF-8 are read as such, and so is
//! UTF-8 in a document that is declared Latin-1. A page is decoded by the same rule.

mod mojibake;

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

pub(crate) use self::mojibake::repair_line;
use crate::control_characters::{holds_removed, is_odd_space, is_removed};

/// The text of a document.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Decoded<'a> {
    /// The text, without byte-order mark and without characters that XML forbids.
    pub(crate) text: Cow<'a, str>,
    /// The encoding's name: `UTF-8`.
    pub(crate) encoding: &'static str,
    /// Assumptions and replacements, for people to read.
    pub(crate) warnings: Vec<String>,
}

/// Decodes a document.
pub(crate) fn decode_document<'a>(bytes: &'a [u8], content_type: Option<&str>) -> Decoded<'a> {
    let mut warnings = Vec::new();
    let (mut text, encoding) = choose(bytes, content_type, declared(bytes), &mut warnings);
    if holds_c1_control(text.as_bytes()) {
        // Some are bytes of UTF-8 that was decoded wrongly before it came here.
        text = Cow::Owned(mojibake::repair_document(&text).0.into_owned());
    }
    let (text, dropped) = without_forbidden(text);
    if dropped {
        warnings.push("control characters were dropped".to_owned());
    }
    Decoded { text, encoding, warnings }
}

/// Where a page may state its encoding itself, in bytes from its start, comments among them.
const PRESCAN: usize = 8192;

/// Decodes a page of HTML by the rule for documents; `<meta charset>` stands for the XML
/// declaration.
pub(crate) fn decode_page(body: &[u8], content_type: Option<&str>) -> String {
    let in_page = declared(body).or_else(|| declared_in_page(&body[..body.len().min(PRESCAN)]));
    let (text, _) = choose(body, content_type, in_page, &mut Vec::new());
    without_forbidden(text).0.into_owned()
}

/// The encoding named behind `charset=` at the start of a page.
fn declared_in_page(start: &[u8]) -> Option<String> {
    let lower = String::from_utf8_lossy(start).to_ascii_lowercase();
    let mut rest = lower.as_str();
    let mut shown = String::with_capacity(rest.len());
    while let Some((before, comment)) = rest.split_once("<!--") {
        shown.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
    }
    shown.push_str(rest);
    let label = shown.split("charset=").nth(1)?.trim_start_matches(['"', '\'', ' ']);
    let end = label.find(['"', '\'', ';', '>', ' ', '/']).unwrap_or(label.len());
    (end > 0).then(|| label[..end].to_owned())
}

fn choose<'a>(
    bytes: &'a [u8],
    content_type: Option<&str>,
    declared: Option<String>,
    warnings: &mut Vec<String>,
) -> (Cow<'a, str>, &'static str) {
    if let Some(found) = by_mark_or_zeros(bytes) {
        return found;
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let stated = stated(bytes, content_type, declared, warnings);
    if let Ok(text) = std::str::from_utf8(bytes) {
        // Only ISO-2022-JP and its like hide another script in ASCII bytes.
        return match stated.first() {
            Some(encoding) if !encoding.is_ascii_compatible() && text.is_ascii() => {
                (encoding.decode_without_bom_handling(bytes).0, encoding.name())
            }
            _ => (Cow::Borrowed(text), UTF_8.name()),
        };
    }
    let mut others = stated.iter().filter(|encoding| **encoding != UTF_8);
    let decoded = |encoding: &'static Encoding| encoding.decode_without_bom_handling(bytes);
    if let Some(first) = others.clone().next() {
        let clean = others.find_map(|encoding| match decoded(encoding) {
            (text, false) => Some((text, *encoding)),
            (_, true) => None,
        });
        let (text, encoding) = clean.unwrap_or_else(|| {
            warnings.push(format!("some bytes are not {}", first.name()));
            (decoded(first).0, *first)
        });
        if encoding != WINDOWS_1252 {
            return (text, encoding.name());
        }
        let (repaired, changed) = mojibake::repair_document(&text);
        if changed {
            warnings
                .push("UTF-8 in a document that is declared Latin-1 was read as such".to_owned());
        }
        return (Cow::Owned(repaired.into_owned()), encoding.name());
    }
    let (whole, broken) = sequences(bytes);
    if whole >= broken {
        warnings.push("bytes that are not UTF-8 were read as Windows-1252".to_owned());
        return (Cow::Owned(mixed(bytes)), UTF_8.name());
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Allow);
    warnings.push(match stated.first() {
        Some(encoding) => {
            format!("declared {}, but is not; read as {}", encoding.name(), guess.name())
        }
        None if !warnings.is_empty() => format!("its bytes were read as {}", guess.name()),
        None => format!("the encoding is not declared; read as {}", guess.name()),
    });
    (guess.decode_without_bom_handling(bytes).0, guess.name())
}

/// The encodings that HTTP and the document itself name, the more credible one first.
fn stated(
    bytes: &[u8],
    content_type: Option<&str>,
    declared: Option<String>,
    warnings: &mut Vec<String>,
) -> Vec<&'static Encoding> {
    let by_http = content_type.and_then(charset_of);
    let is_default = by_http.as_deref().is_some_and(is_servers_default);
    let mut stated = Vec::new();
    for label in by_http.into_iter().chain(declared) {
        match Encoding::for_label_no_replacement(label.as_bytes()) {
            // Single bytes that call themselves UTF-16 are not UTF-16.
            Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => {}
            Some(encoding) => stated.push(encoding),
            None => warnings.push(format!("the encoding {label:?} is not known")),
        }
    }
    if let [http, xml] = stated[..]
        && is_default
        && xml != UTF_8
        && xml != http
        && agrees(bytes, xml)
    {
        stated.swap(0, 1);
    }
    stated
}

/// Whether servers state this label for every document by default.
fn is_servers_default(label: &str) -> bool {
    ["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "us-ascii", "ascii"]
        .iter()
        .any(|default| label.eq_ignore_ascii_case(default))
}

/// Whether bytes can be in an encoding: all of them decode, and letters of another script stand
/// among their like rather than within Latin words.
fn agrees(bytes: &[u8], encoding: &'static Encoding) -> bool {
    let (text, has_errors) = encoding.decode_without_bom_handling(bytes);
    if has_errors {
        return false;
    }
    let is_foreign = |c: char| c.is_alphabetic() && c >= '\u{370}';
    let (mut foreign, mut mixed) = (0_usize, 0_usize);
    let mut before = ' ';
    for c in text.chars() {
        foreign += usize::from(is_foreign(c));
        let is_mixed = is_foreign(c) && before.is_ascii_alphabetic()
            || is_foreign(before) && c.is_ascii_alphabetic();
        mixed += usize::from(is_mixed);
        before = c;
    }
    4 * mixed <= foreign
}

/// UTF-16 and UTF-32, marked or recognised by the zeros beside the first `<` or `{`.
fn by_mark_or_zeros(bytes: &[u8]) -> Option<(Cow<'_, str>, &'static str)> {
    let wide = |skip: usize, encoding: &'static Encoding| {
        (encoding.decode_without_bom_handling(&bytes[skip..]).0, encoding.name())
    };
    let wider = |skip: usize, read: fn([u8; 4]) -> u32| {
        let text = bytes[skip..]
            .chunks_exact(4)
            .map(|four| {
                let four = [four[0], four[1], four[2], four[3]];
                char::from_u32(read(four)).unwrap_or(char::REPLACEMENT_CHARACTER)
            })
            .collect();
        (Cow::Owned(text), "UTF-32")
    };
    Some(match bytes {
        [0, 0, 0xFE, 0xFF, ..] => wider(4, u32::from_be_bytes),
        [0xFF, 0xFE, 0, 0, ..] => wider(4, u32::from_le_bytes),
        [0, 0, 0, b'<' | b'{', ..] => wider(0, u32::from_be_bytes),
        [b'<' | b'{', 0, 0, 0, ..] => wider(0, u32::from_le_bytes),
        [0xFE, 0xFF, ..] => wide(2, UTF_16BE),
        [0xFF, 0xFE, ..] => wide(2, UTF_16LE),
        [0, b'<' | b'{', ..] => wide(0, UTF_16BE),
        [b'<' | b'{', 0, ..] => wide(0, UTF_16LE),
        _ => return None,
    })
}

/// The `charset` parameter of a Content-Type.
fn charset_of(content_type: &str) -> Option<String> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']).trim();
        (name.trim().eq_ignore_ascii_case("charset") && !value.is_empty()).then(|| value.to_owned())
    })
}

/// The encoding that the XML declaration names.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = &bytes[..bytes.len().min(1024)];
    let start = memchr::memmem::find(head, b"<?xml")?;
    let head = &head[start..];
    let head = &head[..memchr::memchr(b'>', head)?];
    let head = std::str::from_utf8(head).ok()?;
    let value = head.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value[1..].split(quote).next()?.trim();
    (!label.is_empty()).then(|| label.to_owned())
}

/// How many sequences of several bytes are UTF-8, and how many bytes are not.
fn sequences(bytes: &[u8]) -> (usize, usize) {
    bytes.utf8_chunks().fold((0, 0), |(whole, broken), chunk| {
        let letters = chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
        (whole + letters, broken + chunk.invalid().len())
    })
}

fn mixed(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    text
}

/// Whether a character may stand in a text: XML 1.0 allows it, it is not a C1 control, and it is not one
/// that reorders or hides text.
pub(crate) fn is_allowed(c: char) -> bool {
    !matches!(c,
        '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\x7F'..='\u{9F}'
        | '\u{FFFE}' | '\u{FFFF}')
        && !is_removed(c)
}

/// Drops characters that XML forbids, and says whether there were any. NEL, U+0085, is a line
/// end; white space of odd kinds keeps words apart.
fn without_forbidden(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches('\u{FEFF}')),
        Cow::Owned(text) if text.starts_with('\u{FEFF}') => {
            Cow::Owned(text.trim_start_matches('\u{FEFF}').to_owned())
        }
        owned => owned,
    };
    if !may_hold_forbidden(text.as_bytes()) || text.chars().all(is_allowed) {
        return (text, false);
    }
    let allowed = text.chars().filter_map(|c| match c {
        '\u{85}' => Some('\n'),
        c if is_odd_space(c) => Some(' '),
        c => is_allowed(c).then_some(c),
    });
    (Cow::Owned(allowed.collect()), true)
}

/// A quick look before the exact one: most documents hold none of these bytes.
fn may_hold_forbidden(bytes: &[u8]) -> bool {
    let control = |byte: u8| {
        (byte < 0x20) & (byte != b'\t') & (byte != b'\n') & (byte != b'\r') | (byte == 0x7F)
    };
    // Without a branch in the inner loop the compiler takes many bytes at once.
    bytes.chunks(4096).any(|chunk| chunk.iter().fold(false, |seen, byte| seen | control(*byte)))
        || memchr::memmem::find_iter(bytes, b"\xEF\xBF")
            .any(|at| bytes.get(at + 2).is_some_and(|last| *last >= 0xBE))
        || holds_c1_control(bytes)
        || holds_removed(bytes)
}

/// Whether UTF-8 text holds one of U+0080 to U+009F.
fn holds_c1_control(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0xC2, bytes)
        .any(|at| bytes.get(at + 1).is_some_and(|next| (0x80..0xA0).contains(next)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_encoding_is_chosen_in_the_stated_order() {
        let utf16 = |text: &str, mark: &[u8], big: bool| {
            let units = text.encode_utf16();
            let bytes = units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() });
            [mark.to_vec(), bytes.collect()].concat()
        };
        let cyrillic = encoding_rs::KOI8_R.encode("<r>Совет министров</r>").0.into_owned();
        for (bytes, content_type, text, encoding) in [
            ("<r>é</r>".as_bytes().to_vec(), None, "<r>é</r>", "UTF-8"),
            (
                b"\xEF\xBB\xBF<r>x</r>".to_vec(),
                Some("text/xml; charset=koi8-r"),
                "<r>x</r>",
                "UTF-8",
            ),
            (utf16("<r>é</r>", b"\xFF\xFE", false), None, "<r>é</r>", "UTF-16LE"),
            (utf16("<r>é</r>", b"", true), None, "<r>é</r>", "UTF-16BE"),
            (
                "<r>é</r>".as_bytes().to_vec(),
                Some("text/xml; charset=iso-8859-1"),
                "<r>é</r>",
                "UTF-8",
            ),
            (
                b"<r>\xE9</r>".to_vec(),
                Some("text/xml; charset=\"iso-8859-1\""),
                "<r>é</r>",
                "windows-1252",
            ),
            (cyrillic, Some("application/xml;charset=KOI8-R"), "<r>Совет министров</r>", "KOI8-R"),
            (
                b"<?xml version='1.0' encoding='utf-16'?><r>x</r>".to_vec(),
                None,
                "<?xml version='1.0' encoding='utf-16'?><r>x</r>",
                "UTF-8",
            ),
            ([b"\0\0\0<".to_vec(), b"\0\0\0r\0\0\0>".to_vec()].concat(), None, "<r>", "UTF-32"),
        ] {
            let decoded = decode_document(&bytes, content_type);
            assert_eq!((decoded.text.as_ref(), decoded.encoding), (text, encoding));
        }
    }

    #[test]
    fn a_lie_about_utf8_is_seen_through() {
        let one = decode_document(
            b"<?xml version='1.0' encoding='utf-8'?><r>\xC3\xA9 \x93q\x94 \xC3\xA8</r>",
            None,
        );
        assert!(one.text.ends_with("<r>é “q” è</r>"), "{}", one.text);
        let all =
            decode_document(b"<?xml version='1.0' encoding='utf-8'?><r>caf\xE9 na\xEFve</r>", None);
        assert!(all.text.ends_with("<r>café naïve</r>"), "{}", all.text);
        assert_eq!(all.warnings.len(), 1);
    }

    #[test]
    fn of_two_statements_the_one_that_decodes_counts() {
        let text = "<?xml version='1.0' encoding='windows-1251'?><r>Совет</r>";
        let bytes = encoding_rs::WINDOWS_1251.encode(text).0;
        let decoded = decode_document(&bytes, Some("text/xml; charset=utf-8"));
        assert_eq!((decoded.text.as_ref(), decoded.encoding), (text, "windows-1251"));
    }

    #[test]
    fn control_characters_do_not_get_in() {
        let decoded = decode_document("a\0b\u{1b}c\u{fffe}d\te\u{85}f".as_bytes(), None);
        assert_eq!(decoded.text, "abcd\te\nf");
        let words = decode_document(b"line\x0Bone\x0Cbreak", None);
        assert_eq!(words.text, "line one break");
    }

    #[test]
    fn the_default_of_a_server_yields_to_a_declaration_that_the_bytes_agree_with() {
        for (declared, text, http, read_as) in [
            ("windows-1251", "Заявление министра", "ISO-8859-1", "windows-1251"),
            ("iso-8859-7", "Ανακοίνωση του υπουργείου", "iso-8859-1", "ISO-8859-7"),
            ("iso-8859-2", "Ogłoszenie o przetargu, świadczenie", "latin1", "ISO-8859-2"),
            ("shift_jis", "外務大臣会談", "ISO-8859-1", "Shift_JIS"),
            ("windows-1256", "بيان صحفي", "iso-8859-1", "windows-1256"),
            ("gb18030", "外交部发言人", "us-ascii", "gb18030"),
            // The declaration is wrong: letters of another script within Latin words.
            ("windows-1251", "Déclaration des ministères délégués", "iso-8859-1", "windows-1252"),
            // HTTP is believed where it states something that no server states by default.
            ("iso-8859-1", "Заявление министра", "windows-1251", "windows-1251"),
        ] {
            let text = format!("<?xml version='1.0' encoding='{declared}'?><r>{text}</r>");
            let encoding = Encoding::for_label(read_as.as_bytes()).unwrap();
            let bytes = encoding.encode(&text).0;
            let decoded = decode_document(&bytes, Some(&format!("text/xml; charset={http}")));
            assert_eq!((decoded.text.as_ref(), decoded.encoding), (&*text, read_as));
        }
    }

    #[test]
    fn pages_are_decoded_by_the_same_rule() {
        for (body, content_type, expected) in [
            (&b"caf\xC3\xA9"[..], None, "café"),
            (b"caf\xE9", None, "café"),
            (b"caf\xE9", Some("text/html; charset=ISO-8859-1"), "café"),
            (b"<meta charset='windows-1251'>\xEF", None, "<meta charset='windows-1251'>п"),
            (b"<meta charset=utf-16>caf\xC3\xA9", None, "<meta charset=utf-16>café"),
            (b"\xEF\xBB\xBFcaf\xC3\xA9", Some("text/html; charset=latin1"), "café"),
            (b"a\x00b\x0Bc", None, "ab c"),
            (
                b"<meta charset=utf-8>schlie\xC3\x9Ft",
                Some("text/html; charset=iso-8859-1"),
                "<meta charset=utf-8>schließt",
            ),
            (
                b"<meta charset=windows-1251>\xCF\xEE",
                Some("text/html; charset=utf-8"),
                "<meta charset=windows-1251>По",
            ),
            (
                b"<!-- charset=latin1 --><meta charset=koi8-r>\xF0\xCF",
                None,
                "<!-- charset=latin1 --><meta charset=koi8-r>По",
            ),
        ] {
            assert_eq!(decode_page(body, content_type), expected);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_decode_to_allowed_characters(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
        ) {
            let decoded = decode_document(&bytes, None);
            prop_assert!(decoded.text.chars().all(is_allowed));
        }
    }
}
