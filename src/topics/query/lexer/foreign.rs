//! Recognises the syntax of other query languages, and says how it is written here.

use std::ops::Range;

use super::super::{Field, SyntaxError};
use super::nearest;

/// A sign that means something in other query languages.
pub(super) fn foreign(c: char, span: Range<usize>) -> SyntaxError {
    let help = match c {
        '-' | '–' | '—' => "to leave something out, write NOT before it",
        '!' => "to leave something out, write NOT before it; for every ending, sanction*",
        '+' | '&' => "to ask for both, write AND between them",
        '|' => "to ask for either, write OR between them",
        '~' => {
            "for words near each other, write a NEAR/5 b; words of like meaning go in a vocabulary"
        }
        '\\' => "a term with signs in it is put in double quotes; a pattern stands between slashes",
        '?' | '[' | '{' => "write a pattern between slashes: /organi[sz]ation/",
        '\'' | '‘' | '’' | '‚' | '‹' | '`' => {
            "write a phrase in double quotes: \"western balkans\""
        }
        _ => "if it is part of a word, put the whole in double quotes",
    };
    SyntaxError::new(span, format!("`{c}` means nothing here"), help)
}

/// The proximity operators of other languages, where a term has just ended: `/s`, `/5`, `+3`.
/// A pattern cannot stand there.
pub(super) fn proximity(rest: &str, start: usize) -> Option<SyntaxError> {
    let sign = rest.chars().next().filter(|sign| matches!(sign, '/' | '+'))?;
    let operator = rest.split(char::is_whitespace).next()?;
    let help = match &operator[1..] {
        "s" | "S" | "sent" => "write SAME/sentence".to_owned(),
        "p" | "P" | "para" => "write SAME/paragraph".to_owned(),
        distance if distance.parse::<u32>().is_ok_and(|distance| distance > 0) => {
            format!("write {}/{distance}", if sign == '+' { "ONEAR" } else { "NEAR" })
        }
        _ => return None,
    };
    let message = format!("`{operator}` is not an operator");
    Some(SyntaxError::new(start..start + operator.len(), message, help))
}

/// The remedy for a condition on dates, which a query cannot have.
const DATES: &str = "choose dates with `gazetted try --since 1y` or on the page /search";

/// The words that dates follow in other languages: `after:2024`, `date>2024`.
fn is_about_dates(word: &str) -> bool {
    matches!(
        word.to_lowercase().as_str(),
        "date" | "pd" | "pdate" | "pubdate" | "after" | "before" | "since" | "until" | "daterange"
    )
}

/// A field that other languages write as a function: `hlead(x)`; or a function of theirs.
pub(super) fn call(word: &str, span: Range<usize>) -> Option<SyntaxError> {
    let lower = word.to_lowercase();
    let help = match lower.as_str() {
        "allcaps" => "write caps(…)".to_owned(),
        "singular" | "plural" => "write = before the form that is meant: =sanctions".to_owned(),
        "around" => "write NEAR/5 between the two terms".to_owned(),
        _ if is_about_dates(&lower) => DATES.to_owned(),
        _ => match lower.strip_prefix("atl").filter(|count| count.parse::<u32>().is_ok()) {
            Some(count) => format!("write atleast({count}, …)"),
            None => format!("write {}:(…)", field_called(&lower)?),
        },
    };
    Some(SyntaxError::new(span, format!("`{word}(` is not a function"), help))
}

/// A comparison of a word with a number: `wc>200`, `date>2024`.
pub(super) fn comparison(word: &str, span: Range<usize>) -> Option<SyntaxError> {
    let (message, help) = match word.to_lowercase().as_str() {
        "wc" | "wordcount" | "length" => {
            ("a query cannot ask how long a text is", "take it away, or quote it to search for it")
        }
        _ if is_about_dates(word) => ("a query cannot ask for dates", DATES),
        _ => return None,
    };
    Some(SyntaxError::new(span, message, help))
}

/// The remedy for an operator of other languages that is a mere word here.
pub(in crate::topics::query) fn operator_elsewhere(word: &str) -> Option<&'static str> {
    Some(match word {
        "ADJ" | "adj" | "NEXT" | "PRE" => "write ONEAR/1",
        "BUT" => "write NOT alone",
        "XOR" | "xor" => "write (a OR b) NOT (a AND b)",
        "%" => "to leave something out, write NOT before it",
        "aft" | "bef" => DATES,
        _ => return None,
    })
}

/// The field of that name here, or of that name elsewhere.
fn field_called(word: &str) -> Option<&'static str> {
    let lower = word.to_lowercase();
    let ours = Field::ALL.map(Field::as_str).into_iter().find(|name| *name == lower);
    ours.or_else(|| elsewhere_called(&lower))
}

fn known_fields() -> String {
    let names = Field::ALL.map(|field| format!("{field}:"));
    format!("fields are {}", names.join(" "))
}

/// The sign that was meant by a character that merely looks like it, as
/// keyboards of other scripts and web pages bring them; an invisible one means nothing.
pub(super) fn meant(c: char) -> Option<Option<char>> {
    match c {
        // The full-width forms of the signs of ASCII; letters and digits are folded anyway.
        '\u{FF01}'..='\u{FF5E}' if !c.is_alphanumeric() => {
            Some(char::from_u32(u32::from(c) - 0xFEE0))
        }
        '\u{AD}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2060}' | '\u{FEFF}' => Some(None),
        _ => None,
    }
}

pub(super) fn lookalike(c: char, span: Range<usize>) -> SyntaxError {
    match meant(c).flatten() {
        Some(sign) => SyntaxError::new(
            span,
            format!("`{c}` only looks like `{sign}`"),
            format!("type it anew: `{sign}`"),
        ),
        None => SyntaxError::new(
            span,
            format!("an invisible character stands here, U+{:04X}", u32::from(c)),
            "take it away, or type this part of the query anew",
        ),
    }
}

/// The operator that a word with letters of another alphabet looks like.
fn operator_in_disguise(word: &str) -> Option<&'static str> {
    if word.is_ascii() {
        return None;
    }
    let latin = |c| match c {
        'А' | 'Α' => 'A',
        'Е' | 'Ε' => 'E',
        'М' | 'Μ' => 'M',
        'Ν' => 'N',
        'О' | 'Ο' => 'O',
        'Т' | 'Τ' => 'T',
        'Ѕ' => 'S',
        c => c,
    };
    let plain: String = word.chars().map(latin).collect();
    ["AND", "OR", "NOT", "NEAR", "ONEAR", "SAME"].into_iter().find(|name| {
        plain.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Words that look like something of ours and would be read as mere words.
pub(super) fn mistaken(word: &str, span: Range<usize>) -> Option<SyntaxError> {
    if let Some((name, value)) = word.split_once('=')
        && !name.is_empty()
        && name.chars().all(char::is_alphabetic)
    {
        let message = format!("`{name}=` is not a field");
        let help = match field_called(name) {
            Some(field) => format!("write {field}:{value}"),
            None => format!("{}; if it is text, quote it", known_fields()),
        };
        return Some(SyntaxError::new(span, message, help));
    }
    if let Some(stem) = word.split_once('$').map(|(stem, _)| stem)
        && stem.chars().count() > 2
        && stem.chars().all(char::is_alphabetic)
    {
        let message = format!("`$` means nothing in `{word}`");
        let help = format!("for every ending, write {stem}*; if it is text, quote it");
        return Some(SyntaxError::new(span, message, help));
    }
    if let Some(name) = operator_in_disguise(word) {
        let message = format!("`{word}` only looks like {name}: a letter is of another alphabet");
        return Some(SyntaxError::new(span, message, format!("type it anew: {name}")));
    }
    word.contains("://").then(|| {
        let help = format!("write link:{word}, or quote it to search for its words");
        SyntaxError::new(span, "an address is searched for in the field `link:`", help)
    })
}

pub(super) fn unknown_field(word: &str, span: Range<usize>) -> SyntaxError {
    let names = Field::ALL.map(Field::as_str);
    if is_about_dates(word) {
        return SyntaxError::new(span, format!("there is no field `{word}:`"), DATES);
    }
    let help = match elsewhere_called(word).or_else(|| nearest(word, names)) {
        Some(name) => format!("did you mean `{name}:`? If it is text, quote it: \"{word}: …\""),
        None => known_fields(),
    };
    SyntaxError::new(span, format!("there is no field `{word}:`"), help)
}

/// Names of our fields in other press databases.
fn elsewhere_called(word: &str) -> Option<&'static str> {
    Some(match word.to_lowercase().as_str() {
        "headline" | "heading" | "hl" | "hd" | "ti" | "intitle" | "allintitle" => "title",
        "body" | "content" | "fulltext" | "intext" | "allintext" => "text",
        "summary" | "abstract" | "ab" | "intro" | "hlead" | "hlp" | "lp" => "lead",
        "byline" | "by" | "au" => "author",
        "country" | "place" | "region" | "re" => "location",
        "department" | "ministry" | "organisation" | "organization" => "org",
        "publication" | "publisher" | "feed" | "pub" | "rst" | "sn" => "source",
        "subject" | "topic" | "keyword" | "su" | "ns" => "category",
        "url" | "inurl" | "allinurl" | "site" => "link",
        "language" | "la" => "lang",
        _ => return None,
    })
}
