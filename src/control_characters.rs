//! Characters that change how other text is shown: which are removed, closed, or kept from a terminal.
//!
//! A leaf library: every stage may use it, and it does no input or output.
//!
//! Overrides and embeddings (U+202A to U+202E) never stay in a text: an override shows letters in
//! another order than they are read in, and both reach beyond the text that holds them. Isolates
//! (U+2066 to U+2069) replaced them in Unicode 6.3 and stay, but a field of one line closes those
//! it opened. Marks (U+061C, U+200E, U+200F) order only what is beside them, and stay.
//!
//! Tags (U+E0000 to U+E007F) are letters that nobody sees. They do not stay either: the flags of England,
//! Scotland and Wales, which are written with them, become black flags. The separators of lines and
//! paragraphs (U+2028, U+2029) become spaces, as vertical tabs and form feeds do.

use std::borrow::Cow;

/// Isolates within isolates that are kept. More are no writing of anybody's.
const DEEPEST: usize = 16;

const POP_ISOLATE: char = '\u{2069}';

/// Whether a character stays in no text: an override or embedding of direction, a separator of lines
/// or paragraphs, or a tag.
pub fn is_removed(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{E0000}'..='\u{E007F}')
}

/// Whether any character of UTF-8 text [`is_removed`]; a quick look at its bytes.
pub fn holds_removed(text: &[u8]) -> bool {
    let holds = |begin: &[u8], ends: std::ops::RangeInclusive<u8>| {
        memchr::memmem::find_iter(text, begin)
            .any(|at| text.get(at + begin.len()).is_some_and(|end| ends.contains(end)))
    };
    holds(b"\xE2\x80", 0xA8..=0xAE) || holds(b"\xF3\xA0", 0x80..=0x81)
}

/// Whether a character only parts words. It is written as a space, because programs disagree about it.
pub fn is_odd_space(c: char) -> bool {
    matches!(c, '\u{B}' | '\u{C}' | '\u{2028}' | '\u{2029}')
}

/// A field of one line in which every isolate that is opened is closed, and no other.
pub fn close_isolates(text: &str) -> Cow<'_, str> {
    if memchr::memmem::find(text.as_bytes(), b"\xE2\x81").is_none() {
        return Cow::Borrowed(text);
    }
    let mut closed = String::with_capacity(text.len() + 3);
    let (mut open, mut left_out) = (0_usize, 0_usize);
    for c in text.chars() {
        match c {
            '\u{2066}'..='\u{2068}' if open == DEEPEST => left_out += 1,
            '\u{2066}'..='\u{2068}' => {
                open += 1;
                closed.push(c);
            }
            POP_ISOLATE if left_out > 0 => left_out -= 1,
            POP_ISOLATE if open == 0 => {}
            POP_ISOLATE => {
                open -= 1;
                closed.push(c);
            }
            c => closed.push(c),
        }
    }
    closed.extend(std::iter::repeat_n(POP_ISOLATE, open));
    Cow::Owned(closed)
}

/// Whether a character only says where a word may be broken, or shows nothing at all, and is not needed
/// behind `before`.
pub fn is_needless_hint(before: char, c: char) -> bool {
    match c {
        // Thai and its neighbours write no spaces between words.
        '\u{200B}' => !matches!(before,
            '\u{0E00}'..='\u{0FFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}'),
        // Persian, Indic scripts and emoji join letters.
        '\u{200C}' | '\u{200D}' => before < '\u{0590}',
        c => is_break_hint(c),
    }
}

fn is_break_hint(c: char) -> bool {
    // The invisible operators of mathematics, deprecated controls and annotations show nothing either.
    matches!(c, '\u{AD}' | '\u{180E}' | '\u{200B}'..='\u{200D}' | '\u{2060}'..='\u{2064}'
        | '\u{206A}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// The treatment of a character in terminals and logs.
enum Shown {
    AsItIs,
    /// It parts words: a line end of another kind, or a command to the terminal.
    AsSpace,
    /// It is invisible, or changes how its neighbours are shown.
    NotAtAll,
}

fn shown(c: char) -> Shown {
    match c {
        '\n' | '\t' => Shown::AsItIs,
        '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' => Shown::AsSpace,
        // The mark, embeddings and overrides, isolates and former controls, annotations.
        '\u{061C}'
        | '\u{200E}'
        | '\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{200B}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        // Tags: letters that nobody sees.
        | '\u{E0000}'..='\u{E007F}' => Shown::NotAtAll,
        _ => Shown::AsItIs,
    }
}

/// Whether all of a text can be shown as it is. Most text is, and is told in strides of many bytes.
fn is_plain(text: &str) -> bool {
    let plain =
        |all, byte: &u8| all & (matches!(byte, b' '..=b'~') | matches!(byte, b'\t' | b'\n'));
    text.as_bytes().chunks(64).all(|stride| stride.iter().fold(true, plain))
        || text.chars().all(|c| matches!(shown(c), Shown::AsItIs))
}

/// Text for a terminal or a log: without what commands the terminal, reorders or hides text.
/// Line ends and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let printed = text.chars().filter_map(|c| match shown(c) {
        Shown::AsItIs => Some(c),
        Shown::AsSpace => Some(' '),
        Shown::NotAtAll => None,
    });
    Cow::Owned(printed.collect())
}

/// JSON for a terminal or a log: the same value, with what [`printable`] leaves out escaped.
/// Only strings hold such characters.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    if is_plain(json) {
        return Cow::Borrowed(json);
    }
    let mut printed = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if matches!(shown(c), Shown::AsItIs) {
            printed.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                printed.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Cow::Owned(printed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_closes_the_isolates_that_it_opens_and_no_others() {
        for (given, closed) in [
            ("plain", "plain"),
            ("\u{2067}שלום\u{2069} today", "\u{2067}שלום\u{2069} today"),
            ("\u{2067}שלום", "\u{2067}שלום\u{2069}"),
            ("\u{2066}a\u{2068}b\u{2069}", "\u{2066}a\u{2068}b\u{2069}\u{2069}"),
            ("a\u{2069}b", "ab"),
            ("\u{2069}\u{2067}", "\u{2067}\u{2069}"),
            ("a word\u{2060}joiner, a ⁇", "a word\u{2060}joiner, a ⁇"),
        ] {
            assert_eq!(close_isolates(given), closed, "{given:?}");
        }
        let deep = format!("{}x{}", "\u{2067}".repeat(500), "\u{2069}".repeat(300));
        let closed = close_isolates(&deep);
        let count = |c| closed.matches(c).count();
        assert_eq!((count('\u{2067}'), count('\u{2069}')), (DEEPEST, DEEPEST));
        assert_eq!(close_isolates(&closed), closed);
    }

    #[test]
    fn what_is_removed_is_found_among_its_neighbours() {
        for c in ('\u{2000}'..='\u{2070}').chain('\u{DFFF0}'..='\u{E0200}') {
            assert_eq!(holds_removed(format!("“a{c}b”").as_bytes()), is_removed(c), "{c:?}");
        }
    }

    #[test]
    fn nothing_that_reorders_hides_or_commands_is_printed() {
        for (given, printed, json) in [
            ("a \u{1b}[31mred", "a  [31mred", "a \\u001b[31mred"),
            ("csi \u{9b}2J", "csi  2J", "csi \\u009b2J"),
            ("bell\u{7}\u{7f}", "bell  ", "bell\\u0007\\u007f"),
            ("exe.\u{202e}fdp\u{202c}", "exe.fdp", "exe.\\u202efdp\\u202c"),
            ("\u{2067}שלום\u{2069}", "שלום", "\\u2067שלום\\u2069"),
            ("a\u{200f}b\u{200e}c\u{61c}d", "abcd", "a\\u200fb\\u200ec\\u061cd"),
            ("a\u{2028}b\u{2029}c", "a b c", "a\\u2028b\\u2029c"),
            ("hi\u{e0041}\u{e007f}", "hi", "hi\\udb40\\udc41\\udb40\\udc7f"),
            ("a\u{200b}b\u{feff}c\u{2060}d\u{206e}e", "abcde", "a\\u200bb\\ufeffc\\u2060d\\u206ee"),
            ("carriage\rreturn", "carriage return", "carriage\\u000dreturn"),
            // Persian and emoji need their joiners; text keeps its lines.
            (
                "می\u{200c}خواهم 👩\u{200d}🚒\n\tÉ …",
                "می\u{200c}خواهم 👩\u{200d}🚒\n\tÉ …",
                "می\u{200c}خواهم 👩\u{200d}🚒\n\tÉ …",
            ),
        ] {
            assert_eq!(printable(given), printed, "{given:?}");
            assert_eq!(printable_json(given), json, "{given:?}");
        }
    }

    #[test]
    fn escaped_json_says_the_same() {
        let all: String = ('\0'..='\u{2100}').chain('\u{E0000}'..='\u{E0080}').collect();
        let json = serde_json::json!({ "title": all }).to_string();
        let printed = printable_json(&json);
        assert_eq!(printable(&printed), printed);
        let read: Result<serde_json::Value, _> = serde_json::from_str(&printed);
        assert_eq!(read.ok().and_then(|read| read["title"].as_str().map(str::to_owned)), Some(all));
    }
}
