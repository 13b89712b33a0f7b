//! The files of a configuration, and positions in them.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

/// The number of a file, and bytes of its text. An empty span means the file as a whole.
pub(super) type FileSpan = (usize, Range<usize>);

/// A file that was read.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) text: Arc<str>,
    /// The offset of each line: thousands of samples look their positions up.
    lines: Arc<[usize]>,
}

/// A place in a file, ready to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The path of the file.
    pub file: PathBuf,
    /// From 1; 0 where the file as a whole is meant.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// The text of the line, without its end.
    pub excerpt: String,
    /// How many characters of it are meant.
    pub width: usize,
}

impl Position {
    /// The file as a whole.
    pub(super) fn of_file(file: impl Into<PathBuf>) -> Self {
        Self { file: file.into(), line: 0, column: 0, excerpt: String::new(), width: 0 }
    }
}

/// `FILE:LINE:COLUMN`, as editors and terminals follow it.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}:{}", self.line, self.column)?;
        }
        Ok(())
    }
}

impl File {
    pub(super) fn new(path: &Path, text: String) -> Self {
        let ends = text.match_indices('\n').map(|(newline, _)| newline + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Self { path: path.into(), text: text.into(), lines }
    }

    /// Where a span begins, and how much of its first line it covers.
    pub(super) fn position(&self, span: &Range<usize>) -> Position {
        let start = self.boundary(span.start);
        let line = self.lines.partition_point(|begins| *begins <= start);
        let line_start = self.lines[line - 1];
        let rest = &self.text[line_start..];
        let excerpt = rest[..rest.find('\n').unwrap_or(rest.len())].trim_end_matches('\r');
        let end = self.boundary(span.end).clamp(start, (line_start + excerpt.len()).max(start));
        Position {
            file: self.path.clone(),
            line,
            column: self.text[line_start..start].chars().count() + 1,
            excerpt: mask_credentials(excerpt),
            width: self.text[start..end].chars().count().max(1),
        }
    }

    /// The bytes of the file that give the bytes `within` of the value of the string at `string`,
    /// whose span includes its quotes.
    pub(super) fn within(&self, string: &Range<usize>, within: &Range<usize>) -> Range<usize> {
        let Some(raw) = self.text.get(string.clone()) else { return string.clone() };
        let (start, end) = (offset_in_source(raw, within.start), offset_in_source(raw, within.end));
        string.start + start..string.start + end.max(start)
    }

    /// `offset`, or the nearest place before it where a character begins.
    fn boundary(&self, offset: usize) -> usize {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

/// Replaces the user and password in every URL of a line with as many stars.
fn mask_credentials(line: &str) -> String {
    let mut shown = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("://") {
        let end = after.find(['/', '"', '\'', ' ']).unwrap_or(after.len());
        let named = after[..end].rfind('@').unwrap_or(0);
        shown.push_str(before);
        shown.push_str("://");
        shown.extend(after[..named].chars().map(|_| '*'));
        rest = &after[named..];
    }
    shown + rest
}

/// The offset in a TOML string as written of the character that gives byte `offset` of its value.
fn offset_in_source(raw: &str, offset: usize) -> usize {
    let mut length = 0;
    let body = decode_string(raw);
    for (at, piece) in &body.pieces {
        if length + piece.len_utf8() > offset {
            return *at;
        }
        length += piece.len_utf8();
    }
    body.end
}

/// A TOML string as written, character by character of its value.
struct DecodedString {
    /// Where each character of the value is written, and the character.
    pieces: Vec<(usize, char)>,
    /// Where the closing quotes begin.
    end: usize,
}

/// Decodes a TOML string that the parser has accepted. Nothing is checked again; what cannot occur
/// is skipped.
fn decode_string(raw: &str) -> DecodedString {
    let quote = if raw.starts_with('\'') { "'''" } else { "\"\"\"" };
    let quotes = if raw.starts_with(quote) { 3 } else { 1 };
    let literal = quote == "'''";
    let mut at = quotes.min(raw.len());
    let end = raw.len().saturating_sub(quotes).max(at);
    if quotes == 3 {
        at += line_end(&raw[at..end]);
    }
    let mut pieces = Vec::new();
    while let Some(next) = raw.get(at..end).and_then(|rest| rest.chars().next()) {
        let rest = &raw[at..end];
        let (read, gives) = match next {
            '\\' if !literal => escape(rest),
            // TOML leaves it to the reader whether line ends are unified; ours keeps them.
            _ => (next.len_utf8(), Some(next)),
        };
        pieces.extend(gives.map(|character| (at, character)));
        at += read.max(1);
    }
    DecodedString { pieces, end }
}

/// The length and the character of an escape at the start of `rest`. A backslash that
/// ends its line takes all white space after it and gives nothing.
fn escape(rest: &str) -> (usize, Option<char>) {
    let mut characters = rest.chars().skip(1);
    let Some(kind) = characters.next() else { return (1, None) };
    let hexadecimal = |digits: usize| {
        let code = rest.get(2..2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        (2 + digits, code.and_then(char::from_u32))
    };
    match kind {
        'b' => (2, Some('\u{8}')),
        't' => (2, Some('\t')),
        'n' => (2, Some('\n')),
        'f' => (2, Some('\u{c}')),
        'r' => (2, Some('\r')),
        'e' => (2, Some('\u{1b}')),
        'x' => hexadecimal(2),
        'u' => hexadecimal(4),
        'U' => hexadecimal(8),
        '"' | '\\' => (2, Some(kind)),
        _ => (rest.len() - rest[1..].trim_start_matches([' ', '\t', '\r', '\n']).len(), None),
    }
}

/// The length of the line end at the start of `text`, if there is one.
fn line_end(text: &str) -> usize {
    match text.as_bytes() {
        [b'\r', b'\n', ..] => 2,
        [b'\n', ..] => 1,
        _ => 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_password_in_an_address_is_shown_as_stars() {
        for (line, shown) in [
            ("proxy = \"socks5://me:word@host:1\"", "proxy = \"socks5://*******@host:1\""),
            ("url = \"https://a.example/@b\"", "url = \"https://a.example/@b\""),
            ("a://b@c d://é@f/", "a://*@c d://*@f/"),
        ] {
            assert_eq!(mask_credentials(line), shown);
            assert_eq!(shown.chars().count(), line.chars().count());
        }
    }

    #[test]
    fn a_place_is_counted_in_lines_and_characters_from_one() {
        let file = File::new(Path::new("a.toml"), "a = 1\r\nwörld = \"x\"\n".into());
        let place = |span| file.position(&span);
        assert_eq!(
            place(7..13),
            Position {
                file: "a.toml".into(),
                line: 2,
                column: 1,
                excerpt: "wörld = \"x\"".into(),
                width: 5
            }
        );
        assert_eq!((place(16..19).column, place(16..19).width), (9, 3));
        assert_eq!((place(0..19).line, place(0..19).width), (1, 5));
        assert_eq!((place(20..20).line, place(999..1000).line), (3, 3));
    }

    #[test]
    fn a_place_in_a_string_is_found_behind_its_escapes() {
        for (raw, value, find) in [
            ("'a OR b'", "a OR b", "b"),
            (r#""say \"hello\" b""#, "say \"hello\" b", "b"),
            ("'''\na AND\n  b'''", "a AND\n  b", "b"),
            ("\"\"\"\\\n   a \\u00e9 b\"\"\"", "a é b", "b"),
            (r#""\t\x41b""#, "\tAb", "b"),
        ] {
            let parsed: toml::Table = format!("x = {raw}").parse().unwrap();
            assert_eq!(parsed["x"].as_str(), Some(value));
            let at = offset_in_source(raw, value.rfind(find).unwrap());
            assert_eq!(at, raw.rfind(find).unwrap(), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn strings_are_taken_apart_as_the_parser_reads_them(
            body in r#"([ -~é🦀\t]|\\[btnfre"\\]|\\u00e9|\\U0001f980|\\\n  |\n|\r\n){0,12}"#,
            quote in prop::sample::select(vec!["\"", "'", "\"\"\"", "'''"]),
        ) {
            let raw = format!("{quote}{body}{quote}");
            let text = format!("x = {raw}");
            let Ok(table) = text.parse::<toml::Table>() else { return Ok(()) };
            let taken: String = decode_string(&raw).pieces.iter().map(|(_, piece)| piece).collect();
            prop_assert_eq!(table["x"].as_str(), Some(taken.as_str()));
        }
    }
}
