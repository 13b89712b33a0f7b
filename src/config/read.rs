//! Reads one configuration file, and reports everything in it that cannot be understood.
//!
//! Serde stops at the first error. So that all are reported at once, the entry it
//! stopped at is reported and taken out, and the rest is read again until it reads
//! whole: every option has a default, so every removal leaves something readable.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::Deserialize;
use toml::de::{DeTable, DeValue, Deserializer};

use super::file::Config;
use super::problem::{Problem, Spot};
use super::text::{At, File};

/// The content of one file.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) config: Config,
    /// Entries that were taken out, as `source[3].id`: they are reported already
    /// and must not be missed as well.
    pub(super) broken: BTreeSet<String>,
}

/// The tables that an included file can hold.
const SHARED: [&str; 5] = ["include", "source", "topic", "story", "vocabulary"];

/// A file with more problems than this is of another kind altogether.
const MOST: usize = 100;

/// Reads one of `files`. None, where it is not TOML.
pub(super) fn read(files: &[File], file: usize, problems: &mut Vec<Problem>) -> Option<Read> {
    let mut tell = |message: String, help: String, span: Range<usize>| {
        problems.push(Problem::error(message, help, Spot::of(files, &At { file, span })));
    };
    let parse = || DeTable::parse_recoverable(&files[file].text);
    let (mut table, errors) = parse();
    if !errors.is_empty() {
        // Later errors on the same line are most often the same mistake again.
        let mut lines = BTreeMap::new();
        for error in errors {
            let span = error.span().unwrap_or_default();
            lines.entry(files[file].place(&span).line).or_insert((span, error));
        }
        for (span, error) in lines.into_values().take(MOST) {
            let (message, help) = syntax(error.message());
            tell(message, help, span);
        }
        return None;
    }
    let mut misplaced = Vec::new();
    if file > 0 {
        let known = keys_of("");
        let is_misplaced = |key: &str| !SHARED.contains(&key) && known.iter().any(|k| k == key);
        let keys = table.get_ref().keys().filter(|key| is_misplaced(key.get_ref()));
        misplaced.extend(keys.cloned());
        for key in &misplaced {
            table.get_mut().remove(key.get_ref().as_ref());
            let main = files[0].path.display();
            let message = format!("`{}` in an included file", key.get_ref());
            tell(message, format!("settings stand in one place: move it to {main}"), key.span());
        }
    }
    let (mut broken, mut spans) = (BTreeSet::new(), Vec::new());
    loop {
        let error = match Config::deserialize(Deserializer::from(table)) {
            Ok(config) => return Some(Read { config, broken }),
            Err(error) => error,
        };
        // The table went with that attempt: a long file's is large, and few files have mistakes.
        table = parse().0;
        for key in &misplaced {
            table.get_mut().remove(key.get_ref().as_ref());
        }
        for span in &spans {
            take_out(table.get_mut(), span, "");
        }
        let span = error.span().unwrap_or_default();
        let taken = take_out(table.get_mut(), &span, "");
        spans.push(span.clone());
        let (message, help) = wording(error.message(), taken.as_deref().unwrap_or_default());
        tell(message, help, span);
        broken.insert(taken?);
        if broken.len() == MOST {
            return None;
        }
    }
}

/// Takes out the innermost entry whose key or value is at `span`, and says
/// which that was.
fn take_out(table: &mut DeTable<'_>, span: &Range<usize>, path: &str) -> Option<String> {
    let holds = |at: Range<usize>| at.start <= span.start && span.end <= at.end && at.end > 0;
    let mut here = None;
    for (key, value) in table.iter_mut() {
        let own = format!("{path}{}", key.get_ref());
        let at_value = holds(value.span());
        let inside = match value.get_mut() {
            DeValue::Table(inner) => take_out(inner, span, &format!("{own}.")),
            DeValue::Array(items) => items.iter_mut().enumerate().find_map(|(index, item)| {
                let DeValue::Table(inner) = item.get_mut() else { return None };
                take_out(inner, span, &format!("{own}[{index}]."))
            }),
            _ => None,
        };
        if inside.is_some() {
            return inside;
        }
        if at_value || holds(key.span()) {
            here = Some((key.get_ref().clone(), own));
        }
    }
    let (key, own) = here?;
    table.remove(key.as_ref())?;
    Some(own)
}

/// The TOML parser's message as ours, with a remedy.
fn syntax(message: &str) -> (String, String) {
    let help = if message.contains("duplicate key") {
        "keep one of the two"
    } else if message.contains("invalid basic string") || message.contains("invalid literal string")
    {
        "close the quotes on the same line; a text of several lines stands in '''"
    } else if message.contains("string") {
        "put the text in quotes: `\"15m\"`"
    } else if message.contains("array") {
        "a list is written [\"a\", \"b\"], with commas between and a ] at its end"
    } else if message.contains("table") {
        "a table begins with [name], an entry of a list of tables with [[name]], alone on its line"
    } else {
        "an option is written `key = value`, alone on its line"
    };
    (message.into(), help.into())
}

/// Serde's message as an operator reads it, with a remedy. `path` is the
/// entry it is about.
fn wording(message: &str, path: &str) -> (String, String) {
    if let Some((what, help)) = message.split_once('\n') {
        return (what.into(), help.into());
    }
    let key = path.rsplit('.').next().unwrap_or_default();
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    if what.starts_with("unknown field ") {
        return (format!("unknown key `{key}`"), suggestion(key, &quoted(expected), path));
    }
    if let Some(word) = what.strip_prefix("unknown variant ") {
        let word = word.trim_matches('`');
        return (format!("`{word}` is not a known `{key}`"), nearest(word, &quoted(expected)));
    }
    if let Some((_, found)) = what.split_once(": ") {
        let expected = match expected {
            "a boolean" => "`true` or `false`",
            "a sequence" if ["source", "topic", "story"].contains(&path) => {
                return (
                    format!("[{path}] is one table, but there can be many"),
                    format!("write `[[{path}]]`"),
                );
            }
            "a sequence" => "a list such as [\"a\", \"b\"]",
            "a string" | "path string" => "a text in quotes",
            "f64" => "a number such as 0.5",
            "a map" => "a table such as { name = \"value\" }",
            other if other.starts_with("struct") => "a table",
            other if other.contains("nonzero") => "a whole number above zero",
            other if other.ends_with("size") || other.starts_with(['u', 'i']) => "a whole number",
            other => other,
        };
        let found = found.replace("map", "a table").replace("sequence", "a list");
        return (format!("`{key}` cannot be {found}"), format!("write {expected}"));
    }
    (message.into(), "see config/reference.toml for what can stand here".into())
}

/// Suggests a known key for an unknown one: the name in other programs, the table
/// where it is known, or the nearest known key.
fn suggestion(key: &str, known: &[&str], path: &str) -> String {
    let other_name = OTHER_NAMES.iter().find_map(|(other, meant)| {
        let near = strsim::damerau_levenshtein(key, other) <= 1;
        known.iter().find(|known| near && *known == meant)
    });
    let here = path.rsplit_once('.').map_or("", |(table, _)| table);
    let here = here.split('[').next().unwrap_or_default();
    let elsewhere = TABLES.iter().find(|(table, _)| {
        table.split('[').next() != Some(here) && keys_of(table).iter().any(|known| known == key)
    });
    match (other_name, elsewhere) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, Some(("", _))) => "it belongs at the top of the file, before every table".into(),
        (None, Some((_, header))) => format!("it belongs under {header}"),
        (None, None) => nearest(key, known),
    }
}

/// The nearest word, or all of them.
fn nearest(word: &str, known: &[&str]) -> String {
    let Some(near) = near(word, known) else {
        return format!("known here: {}", known.join(", "));
    };
    let header = TABLES.iter().find(|(table, _)| table.strip_suffix("[0]") == Some(near));
    format!("did you mean `{}`?", header.map_or(near, |(_, header)| header))
}

/// The known word that differs in one letter of four, or holds or is held by this one.
fn near<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    let distance = |known: &str| strsim::damerau_levenshtein(&word, known);
    let best = known.iter().copied().min_by_key(|known| distance(known))?;
    let contained = best.len() > 2 && (word.contains(best) || best.contains(word.as_str()));
    (distance(best) <= 1 + best.len() / 4 || contained).then_some(best)
}

/// The names of our keys in other programs.
const OTHER_NAMES: [(&str, &str); 22] = [
    ("address", "listen"),
    ("address", "url"),
    ("bind", "listen"),
    ("category", "tags"),
    ("directory", "path"),
    ("every", "interval"),
    ("feed", "url"),
    ("feeds", "source"),
    ("folder", "tags"),
    ("href", "url"),
    ("level", "filter"),
    ("limit", "entries"),
    ("link", "url"),
    ("log", "logging"),
    ("name", "id"),
    ("path", "file"),
    ("period", "interval"),
    ("port", "listen"),
    ("refresh", "interval"),
    ("token", "token_file"),
    ("uri", "url"),
    ("vocabularies", "vocabulary"),
];

/// The words that stand in backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The tables of a file and how each begins.
pub(super) const TABLES: [(&str, &str); 13] = [
    ("", ""),
    ("store", "[store]"),
    ("server", "[server]"),
    ("access", "[access]"),
    ("polling", "[polling]"),
    ("parsing", "[parsing]"),
    ("publish", "[publish]"),
    ("hub", "[hub]"),
    ("logging", "[logging]"),
    ("source[0]", "[[source]]"),
    ("topic[0]", "[[topic]]"),
    ("story[0]", "[[story]]"),
    ("defaults", "[defaults]"),
];

/// The keys that a table of [`TABLES`] can hold. Serde knows them and names
/// them when it meets one that it does not know, so they are stated once, as
/// the fields of [`Config`].
pub(super) fn keys_of(table: &str) -> Vec<String> {
    let header = match TABLES.iter().find(|(name, _)| *name == table) {
        Some((_, header)) if header.starts_with('[') => header,
        _ => "",
    };
    match toml::from_str::<Config>(&format!("{header}\n\"?\" = 0")) {
        Err(error) => {
            let expected = error.message().split_once(", expected ").unwrap_or_default().1;
            quoted(expected).into_iter().map(String::from).collect()
        }
        Ok(_) => Vec::new(),
    }
}
