//! Writes `config/reference.toml` and `docs/options.md` from the declarations of the options.

use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use super::file::{Config, Source, Story, Topic};
use crate::options::read::Reader;
use crate::options::{AtReload, Described, Table};

const REFERENCE_BEGINS: &str = "\
# Every option of gazetted.toml.
#
# A line that begins with \"# \" is prose; a line that begins with \"#\" and a key
# states that option's default, so that taking the \"#\" away changes nothing.
# Durations are written \"90s\", \"15m\", \"1h 30m\", \"7d\", \"2w\", \"1y\"; sizes \"512KiB\", \"10MiB\".
# Paths are relative to the file that names them. Unknown keys are errors:
# `gazetted check` reports every problem at once.
";

const OPTIONS_BEGIN: &str = "\
# Options

All options of `gazetted.toml`, table by table. [reference.toml](../config/reference.toml) says the same as a
configuration file. Unless the last column says otherwise, a changed value is in force after a reload.
";

/// The lines of an option in the reference: documentation, and the default or an example.
fn reference_of(option: &Described) -> String {
    let mut text = String::new();
    for line in option.about {
        text += &format!("# {}\n", line.trim());
    }
    if let Some(note) = note(option.at_reload) {
        text += &format!("# {note}.\n");
    }
    match option.example {
        "" => text + &format!("#{} = {}\n", option.name, option.default),
        example => text + &format!("# {} = {example}\n", option.name),
    }
}

fn note(at_reload: AtReload) -> Option<&'static str> {
    match at_reload {
        AtReload::InForce => None,
        AtReload::FillsTopic => Some("A change fills the topic anew from the stored stories"),
        AtReload::NeedsRestart => Some("A change needs a restart"),
    }
}

fn reference() -> String {
    let mut text = REFERENCE_BEGINS.to_owned();
    for option in Config::describe() {
        let Some(contents) = &option.contents else {
            text += &format!("\n{}", reference_of(&option));
            continue;
        };
        text += "\n";
        for line in option.about {
            text += &format!("# {}\n", line.trim());
        }
        text += &format!("{}\n", option.header());
        text.extend(contents.options.iter().map(reference_of));
        if !option.example.is_empty() {
            text += &format!("# {}\n", option.example);
        }
    }
    text
}

fn options_page() -> String {
    let mut text = OPTIONS_BEGIN.to_owned();
    let row = |option: &Described| {
        let about = option.about.iter().map(|line| line.trim());
        let about = Vec::from_iter(about).join(" ").replace('|', "\\|");
        let value = match (option.example, option.default.as_str()) {
            ("", default) => format!("`{default}`"),
            (example, _) => format!("none; for example `{}`", example.replace('|', "\\|")),
        };
        let note = note(option.at_reload).unwrap_or_default();
        format!("| `{}` | {value} | {about} | {note} |\n", option.name)
    };
    const HEAD: &str = "\n| option | default | meaning | at a reload |\n|---|---|---|---|\n";
    text += &format!("\n## At the top of the file\n{HEAD}");
    let options = Config::describe();
    text.extend(options.iter().filter(|option| option.contents.is_none()).map(row));
    for table in &options {
        let Some(contents) = &table.contents else { continue };
        let about = Vec::from_iter(table.about.iter().map(|line| line.trim())).join(" ");
        text += &format!("\n## `{}`\n\n{about}\n", table.header());
        if contents.options.is_empty() {
            text += &format!("\n```toml\n{}\n```\n", table.example);
        } else {
            text += HEAD;
            text.extend(contents.options.iter().map(row));
        }
    }
    text
}

/// Compares a file with what the declarations give, and writes it anew where the two differ.
fn is_up_to_date(path: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::fs::read_to_string(&path).unwrap_or_default() != wanted {
        std::fs::write(&path, wanted).unwrap();
        panic!("{} was not up to date and is written anew: commit it", path.display());
    }
}

#[test]
fn the_reference_is_written_from_the_declarations() {
    is_up_to_date("config/reference.toml", &reference());
}

#[test]
fn the_page_of_options_is_written_from_the_declarations() {
    is_up_to_date("docs/options.md", &options_page());
}

/// Reads a file in which nothing may be wrong.
pub(super) fn read(text: &str) -> Config {
    let (table, errors) = DeTable::parse_recoverable(text);
    assert!(errors.is_empty(), "{errors:?}\n{text}");
    let mut reader = Reader::default();
    let config = reader.file(&table.into_inner());
    assert!(reader.mistakes.is_empty() && reader.unknown.is_empty(), "{reader:?}\n{text}");
    config
}

#[test]
fn taking_the_comment_signs_of_the_defaults_away_changes_nothing() {
    let text = reference();
    let uncommented = text.lines().map(|line| match line.strip_prefix('#') {
        Some(default) if !default.starts_with(' ') => default,
        _ => line,
    });
    let text = Vec::from_iter(uncommented).join("\n");
    let expected = Config {
        source: vec![Spanned::new(0..0, Source::default())],
        topic: vec![Spanned::new(0..0, Topic::default())],
        story: vec![Spanned::new(0..0, Story::default())],
        ..Config::default()
    };
    assert!(text.contains("\nevenness = 0.35\n"), "{text}");
    assert_eq!(read(&text), expected);
}

#[test]
fn every_example_is_a_value_that_can_be_read() {
    for table in Config::describe() {
        let Some(contents) = &table.contents else { continue };
        for option in contents.options.iter().filter(|option| !option.example.is_empty()) {
            let text = format!("{}\n{} = {}\n", table.header(), option.name, option.example);
            assert_ne!(read(&text), read(&format!("{}\n", table.header())), "{text}");
        }
        read(&format!("{}\n{}\n", table.header(), table.example));
    }
}
