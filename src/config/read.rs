//! Reads one configuration file, and reports everything in it that cannot be understood.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeTable;

use super::file::Config;
use super::problem::Problem;
use super::text::File;
use super::unclosed_list;
use crate::options::read::{Reader, near, nearest};
use crate::options::{Contents, Described, Table};

/// The content of one file.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) config: Config,
    /// Options with an invalid value, as `source[3].id`. They are reported already, and not reported
    /// as missing too.
    pub(super) broken: BTreeSet<String>,
    places: BTreeMap<String, Range<usize>>,
}

impl Read {
    /// The span of an option of the settings, such as `polling.floor`; empty if it is not written.
    pub(super) fn place(&self, option: &str) -> Range<usize> {
        self.places.get(option).cloned().unwrap_or_default()
    }
}

/// The tables that an included file can hold.
const INCLUDABLE_TABLES: [&str; 5] = ["include", "source", "topic", "story", "vocabulary"];

/// A file with more problems than this is not a configuration file.
const MAX_PROBLEMS: usize = 100;

/// Reads one of `files`. `None` if it is not TOML.
pub(super) fn read(files: &[File], file: usize, problems: &mut Vec<Problem>) -> Option<Read> {
    let mut report = |message: String, help: String, span: Range<usize>| {
        problems.push(Problem::error(message, help, files[file].position(&span)));
    };
    let (table, errors) = DeTable::parse_recoverable(&files[file].text);
    if !errors.is_empty() {
        // Later errors on the same line are most often the same mistake again, and so are all those
        // inside a list without an end.
        let (mut lines, list) = (BTreeMap::new(), unclosed_list::find(&files[file].text));
        for error in errors {
            let span = error.span().unwrap_or_default();
            if list.is_some_and(|list| span.start > list) {
                continue;
            }
            lines.entry(files[file].position(&span).line).or_insert((span, error));
        }
        for (span, error) in lines.into_values().take(MAX_PROBLEMS) {
            let (message, help) = syntax(error.message());
            report(message, help, span);
        }
        if let Some(list) = list {
            let (_, help) = syntax("array");
            report("a list without an end".to_owned(), help, list..list + 1);
        }
        return None;
    }
    let mut table = table.into_inner();
    if file > 0 {
        let known = Config::describe();
        let is_misplaced = |key: &str| {
            !INCLUDABLE_TABLES.contains(&key) && known.iter().any(|option| option.name == key)
        };
        let keys = table.keys().filter(|key| is_misplaced(key.get_ref()));
        for key in keys.cloned().collect::<Vec<_>>() {
            table.remove(key.get_ref().as_ref());
            let main = files[0].path.display();
            let message = format!("`{}` in an included file", key.get_ref());
            report(message, format!("settings are in one place: move it to {main}"), key.span());
        }
    }
    let mut reader = Reader::default();
    let config = reader.file(&table);
    let Reader { mistakes, unknown, broken, places, .. } = reader;
    let is_another_kind = mistakes.len() + unknown.len() >= MAX_PROBLEMS;
    for (span, complaint) in mistakes.into_iter().take(MAX_PROBLEMS) {
        report(complaint.what, complaint.help, span);
    }
    for (table, key, span) in unknown.into_iter().take(MAX_PROBLEMS) {
        report(format!("unknown key `{key}`"), suggestion(&key, &table), span);
    }
    (!is_another_kind).then_some(Read { config, broken, places })
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

/// Suggests a known key for an unknown one of `table`: the name in other programs, the table
/// where it is known, or the nearest known key.
fn suggestion(key: &str, table: &str) -> String {
    let file = Config::describe();
    let name = table.split('[').next().unwrap_or_default();
    let inside = |table: &Described| table.contents.as_ref().map_or(Vec::new(), names_of);
    let here = file.iter().find(|option| option.name == name);
    let known = here.map_or_else(|| Vec::from_iter(file.iter().map(|option| option.name)), inside);
    let other_name = OTHER_NAMES.iter().find_map(|(other, meant)| {
        let near = strsim::damerau_levenshtein(key, other) <= 1;
        known.iter().find(|known| near && *known == meant)
    });
    if let Some(meant) = other_name {
        return format!("did you mean `{meant}`?");
    }
    if here.is_some() && file.iter().any(|option| option.name == key) {
        return "it belongs at the top of the file, before every table".to_owned();
    }
    let elsewhere = |table: &&Described| table.name != name && inside(table).contains(&key);
    if let Some(table) = file.iter().find(elsewhere) {
        return format!("it belongs under {}", table.header());
    }
    match near(key, &known).and_then(|near| file.iter().find(|option| option.name == near)) {
        Some(table) if here.is_none() && table.header().starts_with("[[") => {
            format!("did you mean `{}`?", table.header())
        }
        _ => nearest(key, &known),
    }
}

/// The names of the options of a table.
fn names_of(table: &Contents) -> Vec<&'static str> {
    table.options.iter().map(|option| option.name).collect()
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
