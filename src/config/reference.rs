//! Compares `config/reference.toml` with the code.

use std::collections::BTreeSet;

use super::file::{Config, Source, Story, Topic};
use super::read::{TABLES, keys_of};

const REFERENCE: &str = include_str!("../../config/reference.toml");

/// The reference with its defaults taken out of comments.
fn stated() -> toml::Table {
    let uncommented = REFERENCE.lines().map(|line| match line.strip_prefix('#') {
        Some(default) if !default.starts_with(' ') => default,
        _ => line,
    });
    uncommented.collect::<Vec<_>>().join("\n").parse().unwrap()
}

/// The defaults of the code, with one empty entry in each list of tables.
fn defaults() -> toml::Table {
    let one = |table: toml::Table| toml::Value::Array(vec![toml::Value::Table(table)]);
    let mut defaults = toml::Table::try_from(Config::default()).unwrap();
    let source = toml::Table::try_from(Source::default()).unwrap();
    let topic = toml::Table::try_from(Topic::default()).unwrap();
    let story = toml::Table::try_from(Story::default()).unwrap();
    for (name, table) in [("source", source), ("topic", topic), ("story", story)] {
        defaults.insert(name.into(), one(table));
    }
    defaults.insert("vocabulary".into(), toml::Value::Table(toml::Table::new()));
    defaults
}

/// The keys that stand in no table.
const AT_THE_TOP: [&str; 5] =
    ["include", "reload", "language", "other_languages", "join_spellings"];

#[test]
fn the_reference_states_every_default_of_the_code() {
    let (stated, defaults) = (stated(), defaults());
    for (table, value) in &defaults {
        assert_eq!(stated.get(table), Some(value), "[{table}]");
    }
    assert_eq!(stated, defaults);
}

#[test]
fn the_reference_names_every_key_of_the_code_and_no_other() {
    let mut named: BTreeSet<(String, String)> = BTreeSet::new();
    let mut header = "";
    for line in REFERENCE.lines() {
        if line.starts_with('[') {
            header = line;
        } else if let Some((key, _)) = line.trim_start_matches(['#', ' ']).split_once(" = ")
            && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        {
            named.insert((header.into(), key.into()));
        }
    }
    named.retain(|(header, _)| header != "[vocabulary]");
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    for (table, header) in TABLES {
        let header = if table.is_empty() { "" } else { header };
        known.extend(keys_of(table).into_iter().map(|key| (header.into(), key)));
    }
    // At the top of the file stand tables too.
    known.retain(|(header, key)| !header.is_empty() || AT_THE_TOP.contains(&key.as_str()));
    assert_eq!(named, known);
}

#[test]
fn every_table_of_the_file_is_known_with_its_keys() {
    for (table, _) in TABLES {
        assert!(!keys_of(table).is_empty(), "{table}");
        let name = table.split('[').next().unwrap();
        assert!(name.is_empty() || keys_of("").iter().any(|key| key == name), "{table}");
    }
    // `vocabulary` alone has no keys of its own.
    assert_eq!(keys_of("").len(), TABLES.len() - 1 + AT_THE_TOP.len() + ["vocabulary"].len());
}
