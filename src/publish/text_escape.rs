//! Cleans and escapes text so that every format can carry it.

use std::borrow::Cow;

use crate::control_characters::{close_isolates, is_odd_space, is_removed};

/// `text` without what XML 1.0 cannot hold or what feed validators object to:
/// control characters, unassigned non-characters, the replacement character. What reorders or hides
/// text goes, too.
/// One such character would make the whole feed unreadable (Q1).
pub(super) fn legible(text: &str) -> Cow<'_, str> {
    if is_plain(text) || text.chars().all(is_legible) {
        return Cow::Borrowed(text);
    }
    // U+FFFD stands where a character was lost; something must stay visible there.
    let replaced = text.chars().map(|c| match c {
        '\u{fffd}' => '?',
        c if is_odd_space(c) => ' ',
        c => c,
    });
    Cow::Owned(replaced.filter(|&c| is_legible(c)).collect())
}

/// Whether all of it is printable ASCII, tabs and line ends, as most texts are. Checked in
/// strides of many bytes.
fn is_plain(text: &str) -> bool {
    let plain =
        |all, byte: &u8| all & (matches!(byte, b' '..=b'~') | matches!(byte, b'\t' | b'\n'));
    text.as_bytes().chunks(64).all(|stride| stride.iter().fold(true, plain))
}

fn is_legible(c: char) -> bool {
    match c {
        '\t' | '\n' => true,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' | '\u{fffd}' => false,
        c if is_removed(c) => false,
        _ => !matches!(u32::from(c) & 0xffff, 0xfffe | 0xffff),
    }
}

/// One line: legible, runs of white space as one space, no isolate left open.
pub(super) fn line(text: &str) -> String {
    closed(begun(&legible(text), usize::MAX, text.len()))
}

fn closed(line: String) -> String {
    match close_isolates(&line) {
        Cow::Owned(closed) => closed,
        Cow::Borrowed(_) => line,
    }
}

/// The words of a text with a space between them, until they are longer than `limit` characters;
/// as a rule that takes so many bytes.
fn begun(text: &str, limit: usize, bytes: usize) -> String {
    match text.is_ascii() {
        true => joined(text.split_ascii_whitespace(), limit, bytes),
        false => joined(text.split_whitespace(), limit, bytes),
    }
}

fn joined<'t>(words: impl Iterator<Item = &'t str>, limit: usize, bytes: usize) -> String {
    let mut line = String::with_capacity(bytes);
    let mut length = 0;
    for word in words {
        if length > limit {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        line.push_str(word);
        length += word.chars().count();
    }
    line
}

/// The first `limit` characters of a text as one line, cut between words.
pub(super) fn excerpt(text: &str, limit: usize) -> String {
    let mut line = begun(&legible(text), limit, text.len().min(limit + 64));
    let Some((end, _)) = line.char_indices().nth(limit) else {
        return closed(line);
    };
    let cut = line[..end].rfind(' ').unwrap_or(end);
    line.truncate(line[..cut].trim_end_matches([',', ';', ':', '.', ' ']).len());
    line.push('…');
    closed(line)
}

/// Plain text as HTML.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 8);
    let text = legible(text);
    let mut rest = &*text;
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (before, from) = rest.split_at(at);
        html.push_str(before);
        html.push_str(match from.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        });
        rest = &from[1..];
    }
    html.push_str(rest);
    html
}

/// Whether a reader that guesses could take plain text for markup. It is `&` with a name that
/// means something, or with a number, even where nothing ends it: not the one in `R&D`.
pub(super) fn looks_like_markup(text: &str) -> bool {
    let after = |mark: char| text.match_indices(mark).map(|(at, _)| &text[at + 1..]);
    after('<').any(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)))
        || after('&').any(|rest| {
            let word = rest.strip_prefix('#').unwrap_or(rest);
            let end = word.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(word.len());
            let (word, after) = word.split_at(end);
            let entity = format!("&{word};");
            !word.is_empty()
                && (rest.starts_with('#')
                    || after.starts_with(';')
                    || !word.chars().all(char::is_alphabetic)
                    || htmlize::unescape(entity.as_str()) != entity)
        })
}

/// The placeholders for `&` and `<` in a text until it is written. Unicode keeps them for such
/// uses, and [`legible`] leaves them in no text.
const STANDS_FOR: [(char, char, &[u8]); 2] =
    [('&', '\u{fdd0}', b"&#x26;"), ('<', '\u{fdd1}', b"&#x3C;")];

/// A plain text where a format has no way to say that it is plain. Its marks will be written as
/// numbers, by which the RSS Advisory Board's profile and the W3C's validator tell them from markup.
pub(super) fn to_be_numbered(text: &str) -> String {
    if !looks_like_markup(text) {
        return text.to_owned();
    }
    let stand_in = |c| STANDS_FOR.iter().find(|(mark, ..)| *mark == c).map_or(c, |(_, by, _)| *by);
    text.chars().map(stand_in).collect()
}

/// A written document in which the marks [to be numbered](to_be_numbered) are.
pub(super) fn numbered(document: Vec<u8>) -> Vec<u8> {
    let first = &[0xef, 0xb7];
    if memchr::memmem::find(&document, first).is_none() {
        return document;
    }
    let mut numbered = document;
    for (_, by, number) in STANDS_FOR {
        let mut buffer = [0; 4];
        let by = by.encode_utf8(&mut buffer).as_bytes();
        let (mut written, mut from) = (Vec::with_capacity(numbered.len() + 64), 0);
        for at in memchr::memmem::find_iter(&numbered, by) {
            written.extend_from_slice(&numbered[from..at]);
            written.extend_from_slice(number);
            from = at + by.len();
        }
        written.extend_from_slice(&numbered[from..]);
        numbered = written;
    }
    numbered
}

/// "A, B and C" from names; "A; B, C; and D" where a name has a comma in it.
pub(super) fn listed(names: &[String]) -> String {
    let parts = names.iter().any(|name| name.contains(", "));
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] if parts => format!("{}; and {last}", rest.join("; ")),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A language tag that is one, as far as its form says (BCP 47).
pub(super) fn language(tag: Option<&str>) -> Option<&str> {
    let tag = tag?.trim();
    let mut parts = tag.split('-');
    let primary = parts.next()?;
    let well_formed = (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
        });
    well_formed.then_some(tag)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_left_out() {
        for (given, kept) in [
            ("plain", "plain"),
            ("a\u{0}b\u{1b}c", "abc"),
            ("tab\tand\nline", "tab\tand\nline"),
            ("carriage\r\nreturn", "carriage\nreturn"),
            ("nel\u{85}c1\u{9f}", "nelc1"),
            ("non\u{fffe}char\u{1ffff}", "nonchar"),
            ("lost\u{fffd}byte", "lost?byte"),
            ("a\u{202e}b\u{202c}c\u{2067}d", "abc\u{2067}d"),
            ("Ελλάδα 🇬🇷", "Ελλάδα 🇬🇷"),
        ] {
            assert_eq!(legible(given), kept, "{given:?}");
        }
    }

    #[test]
    fn an_excerpt_ends_between_words() {
        for (given, limit, short) in [
            ("one two three", 100, "one two three"),
            ("one two three", 9, "one two…"),
            ("one, two", 5, "one…"),
            ("one two three", 7, "one…"),
            ("one two  ", 7, "one two"),
            ("unbroken", 3, "unb…"),
            ("\u{2067}one two\u{2069} three", 8, "\u{2067}one…\u{2069}"),
            ("\u{2067}one", 8, "\u{2067}one\u{2069}"),
            ("", 3, ""),
        ] {
            assert_eq!(excerpt(given, limit), short, "{given:?}");
        }
    }

    #[test]
    fn only_what_a_guessing_reader_would_misread_looks_like_markup() {
        for (text, looks) in [
            ("Foreign, Commonwealth & Development Office", false),
            ("R&D budget", false),
            ("3 < 4", false),
            ("use of &amp; in titles", true),
            ("&#8217;", true),
            ("<b>bold</b>", true),
            ("a </p>", true),
            ("&copy 2025", true),
            ("Q3&4", true),
            ("A&E, M&S, &c.", false),
        ] {
            assert_eq!(looks_like_markup(text), looks, "{text}");
        }
    }

    #[test]
    fn marks_that_could_be_misread_are_written_as_numbers_and_no_others() {
        for (given, written) in [
            ("use of <b> & &amp;", "use of &#x3C;b> &#x26; &#x26;amp;"),
            ("R&D 3 < 4", "R&D 3 < 4"),
            ("ﷺ <3", "ﷺ <3"),
        ] {
            let document = numbered(to_be_numbered(given).into_bytes());
            assert_eq!(String::from_utf8(document).unwrap(), written, "{given}");
        }
        assert!(!legible("a\u{fdd0}b\u{fdd1}").contains(['\u{fdd0}', '\u{fdd1}']));
    }

    #[test]
    fn names_are_listed_as_people_list_them() {
        let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(listed(&names(&[])), "");
        assert_eq!(listed(&names(&["A"])), "A");
        assert_eq!(listed(&names(&["A", "B"])), "A and B");
        assert_eq!(listed(&names(&["A", "B", "C"])), "A, B and C");
        assert_eq!(listed(&names(&["A", "B, C & D", "E"])), "A; B, C & D; and E");
    }

    #[test]
    fn a_language_is_carried_only_when_it_is_one() {
        for (given, carried) in [
            (Some("en-GB"), Some("en-GB")),
            (Some(" cy "), Some("cy")),
            (Some("english"), None),
            (Some("en_GB"), None),
            (Some(""), None),
            (None, None),
        ] {
            assert_eq!(language(given), carried);
        }
    }
}
