//! Tells prose, titles, dates and headings apart among the lines of a text.

use std::sync::LazyLock;

use regex::Regex;
use url::Url;

use super::text_lines::Line;
use super::vocabulary::Heading;

/// A date as people write it, in any language.
pub(super) static DATE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x) \b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b | \b(?:19|20)\d{2}-\d{2}-\d{2}\b
        | \b\d{1,2}(?:st|nd|rd|th|er|\.|º|ª)?\s+(?:de\ |di\ |of\ )?\p{L}{3,14}\.?,?\s+(?:de\ |del\ )?(?:19|20)\d{2}\b
        | \b\p{L}{3,14}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+(?:19|20)\d{2}\b
        | \b(?:19|20)\d{2}\.\s?\p{L}{3,14}\s\d{1,2}\.
        | (?:19|20)\d{2}\s?[年년]\s?\d{1,2}\s?[月월]\s?\d{1,2}\s?[日일]",
    )
    .expect("a fixed pattern")
});

/// Marks that end a sentence.
pub(super) const SENTENCE_MARKS: [char; 7] = ['.', '!', '?', '…', '。', '।', '؟'];

/// Whether a line ends a sentence and is long enough for one.
pub(super) fn is_prose(line: &Line) -> bool {
    let ends = line.text.ends_with(['.', '!', '?', '…', '"', '”', '’', ')', '»', '“', '。']);
    !line.is_linked() && ends && (line.word_count() >= 8 || line.text.chars().count() >= 60)
}

/// Whether a line is as those of lists are: a link, a date, a title.
pub(super) fn is_listed(line: &Line) -> bool {
    line.is_linked()
        || !is_dated_statement(line)
            && (is_date(line) || is_title(line) || line.known_heading().is_some())
}

fn is_title(line: &Line) -> bool {
    line.word_count() <= 24 && !line.text.ends_with(['.', '!', '?', '…', ';', ',', ':', '。'])
}

/// Digits of the shortest date, `1.1.25`.
const LEAST_DIGITS: usize = 4;

/// The first date in a text. Hardly any line has so many digits, and the pattern is slow where
/// letters are not ASCII.
pub(super) fn date_in(text: &str) -> Option<regex::Match<'_>> {
    let mut digits = text.chars().filter(|c| c.is_numeric());
    digits.nth(LEAST_DIGITS - 1).and_then(|_| DATE.find(text))
}

/// Words of a line that is a date and little else: four, and six of a date between its parts.
const MOST_WORDS_OF_A_DATE: usize = 11;

/// Whether a line is a date and little else.
pub(super) fn is_date(line: &Line) -> bool {
    if line.text.split_whitespace().nth(MOST_WORDS_OF_A_DATE).is_some() {
        return false;
    }
    date_in(&line.text).is_some_and(|date| {
        let rest = [&line.text[..date.start()], &line.text[date.end()..]].concat();
        rest.split_whitespace().count() <= 4
    })
}

/// Whether a line states what happens on a date, as programmes and timelines do: a colon stands
/// between the date and the rest.
pub(super) fn is_dated_statement(line: &Line) -> bool {
    line.text.contains([':', '：'])
        && date_in(&line.text).is_some_and(|date| {
            date.start() < 4 && line.text[date.end()..].trim_start().starts_with([':', '：'])
        })
}

/// Whether a line is a label and its value: "Severity: amber".
pub(super) fn is_field(line: &Line) -> bool {
    line.links.is_empty()
        && !line.text.ends_with(SENTENCE_MARKS)
        && line.word_count() <= MOST_WORDS_OF_A_FIELD
        && line.text.split_once([':', '：']).is_some_and(|(label, value)| {
            label.split_whitespace().count() <= 4
                && label.chars().any(char::is_alphabetic)
                && !value.trim().is_empty()
        })
}

const MOST_WORDS_OF_A_FIELD: usize = 12;

/// Whether a part of the announcement begins with a line: a heading such as "Notes to editors",
/// alone or with its text behind a colon.
pub(super) fn begins_facts(line: &Line) -> bool {
    line.known_heading() == Some(Heading::Facts)
        || line.heading_before_colon() == Some(Heading::Facts) && !is_date(line)
}

/// Whether an address is that of a file to read or to fill in.
pub(super) fn is_file(url: &Url) -> bool {
    const KINDS: [&str; 10] =
        ["pdf", "doc", "docx", "odt", "rtf", "xls", "xlsx", "ods", "csv", "zip"];
    let name = url.path().rsplit('/').next().unwrap_or_default();
    let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
    KINDS.iter().any(|known| kind.eq_ignore_ascii_case(known))
}

/// Whether a line is a label, rather than a sentence or a fact with a number.
pub(super) fn is_label(line: &Line) -> bool {
    let is_sentence = line.word_count() >= 4 && line.text.ends_with(['.', '!', '?']);
    !is_sentence && !line.text.contains(char::is_numeric)
}
