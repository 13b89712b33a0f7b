//! Recognises the contacts of a press office: a row of lines that names an address or a number.
//!
//! Words alone are no sign. Parliaments hold inquiries, and agencies advise against contact.

use std::sync::LazyLock;

use regex::Regex;

use super::line_kind::{DATE, is_prose};
use super::text_lines::Line;

/// An address or a number, or a word for one.
static ADDRESS_OR_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[\w.+-]+@[\w-]+\.[\w.-]+|\b\d[\d ()/.+-]{6,}\d\b|\bhttps?://|\bwww\.|\b(?:tel|fax|phone|telephone|telefon|tél|téléphone|teléfono|telefono|e-?mail|mobile|handy)\b")
        .expect("a fixed pattern")
});

/// An address or the number of a telephone, as written. Sums stand in groups of three as well.
static DETAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) [\w.+-]+@[\w-]+\.[\w.-]+
        | (?: \+\d | \b0 | \( (?: \+\d | 0 | \d{3}\) ) ) [\d\ ()/.+-]{5,} \d\b
        | \b\d{3} (?: [-.\ ]\d{3}[-.\ ]\d{4} | -\d{3}-\d{3} )\b
        | \b(?:tel|fax|phone|telephone|telefon|tél|téléphone|teléfono|telefono|mobile|handy|тел) \b\W{0,4}[+(]?\d",
    )
    .expect("a fixed pattern")
});

/// Words of sentences that name a contact.
static CONTACT_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:journalist\w*|enquir\w+|(?:media|press|news) inquir\w+|contact\w*|news ?desk|press office|presse\w*|kontakt\w*|prensa|stampa)\b")
        .expect("a fixed pattern")
});

/// Words of sentences for journalists.
static PRESS_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:journalist\w*|giornalist\w*|periodist\w*|media|press|news ?(?:desk|room)|presse\w*|medien\w*|redaktion\w*|prensa|stampa)\b")
        .expect("a fixed pattern")
});

/// A number that is free of charge, or one for emergencies: those are for everybody.
static FREE_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?x) (?: ^ | [^\d+] ) (?: \+\d{1,3}[\ -]? )? (?: 0?800 | 0?808 | 0?900 | 0120 | 0?116 | 1800 | 1-800 ) [\ /.-]? \d{2}")
        .expect("a fixed pattern")
});

/// The longest line of a contact, in bytes. Each of its numbers is compared with its dates.
const MOST_BYTES: usize = 1000;

/// Lines of a contact that are read below its heading.
pub(super) const MOST_LINES: usize = 12;

/// Lines that name the contact before its first address or number.
pub(super) const MOST_BEFORE: usize = 3;

/// Whether a line may stand in a row of contacts: a name or an office, an address, a sentence
/// about them.
pub(super) fn is_in_row(line: &Line) -> bool {
    let count = line.word_count();
    count <= 7 && !line.text.ends_with(['.', '!', '?'])
        || count <= 30
            && ADDRESS_OR_NUMBER.is_match(&line.text)
            && !speaks_to_the_public(line, &line.text)
        || count <= 40 && CONTACT_WORDS.is_match(&line.text)
}

/// Whether a line behind its heading and a colon names a contact.
pub(super) fn is_inline(line: &Line, behind: &str) -> bool {
    names_contact(line) && !speaks_to_the_public(line, behind)
}

/// How many of these lines are a contact: those up to the last that names one, by an address, by
/// a number, or in words beside such a line. A name and an office may stand before the first, but no
/// list of something else.
pub(super) fn row_length<'l>(lines: impl Iterator<Item = &'l Line>) -> usize {
    let (mut length, mut is_named, mut has_items) = (0, false, false);
    for (at, line) in lines.enumerate() {
        let names = names_contact(line);
        if !is_named && names && (at > MOST_BEFORE || has_items && !line.is_item) {
            return 0;
        }
        is_named |= names;
        has_items |= line.is_item;
        if names || is_named && CONTACT_WORDS.is_match(&line.text) {
            length = at + 1;
        }
    }
    length
}

/// Whether a line has an address, a number of a telephone or a link to one.
pub(super) fn names_contact(line: &Line) -> bool {
    if line.text.len() > MOST_BYTES {
        return false;
    }
    let is_detail = |found: regex::Match<'_>| {
        let mut dates = DATE.find_iter(&line.text);
        !dates.any(|date| date.start() < found.end() && found.start() < date.end())
    };
    let is_address = || {
        let mut words = line.text.split_whitespace();
        let first = words.next().unwrap_or_default();
        words.next().is_none() && (first.starts_with("http") || first.starts_with("www."))
    };
    line.links.iter().any(|link| matches!(link.url.scheme(), "mailto" | "tel"))
        || DETAIL.find_iter(&line.text).any(is_detail)
        || is_address()
}

/// Whether a heading names the press.
pub(super) fn is_of_the_press(heading: &str) -> bool {
    PRESS_WORDS.is_match(heading)
}

/// Whether contacts are those to which an announcement sends its readers, rather than a press
/// office's: free numbers, or a list of places with a number each.
pub(super) fn are_for_the_public<'l>(mut lines: impl Iterator<Item = &'l Line> + Clone) -> bool {
    let is_place = |line: &&Line| line.is_item && names_contact(line) && !line.text.contains('@');
    let names_press = lines.clone().any(|line| PRESS_WORDS.is_match(&line.text));
    !names_press
        && (lines.clone().filter(is_place).count() >= 2
            || lines.any(|line| FREE_NUMBER.is_match(&line.text)))
}

/// Whether a line is a sentence with a number for everybody, as the recall of a product has.
pub(super) fn speaks_to_the_public(line: &Line, text: &str) -> bool {
    is_prose(line) && !PRESS_WORDS.is_match(text)
}
