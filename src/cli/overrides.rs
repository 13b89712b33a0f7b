//! Writes overrides to the operator's `overrides.toml` and puts them in force.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;
use toml_edit::{DocumentMut, Item, Table, Value};
use url::Url;

use super::{
    CliError, CommandResult, ConfigFile, Target, print_error, print_json, print_line, reload,
};
use crate::clock::Clock;
use crate::config::Plan;
use crate::control::Reloaded;
use crate::control_characters::printable;
use crate::dedup::Overrides;
use crate::store::{PRIVATE, Replacement};

/// The name of the file, wherever the configuration includes it from.
const NAME: &str = "overrides.toml";

/// A `[[story]]` table.
pub(super) fn table(key: &str, addresses: &[String; 2]) -> String {
    let [one, other] = addresses.each_ref().map(|text| toml::Value::String(text.clone()));
    format!("[[story]]\n{key} = [{one}, {other}]\n")
}

/// The output of `split --json` and `join --json`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Decided {
    /// The `[[story]]` tables; empty where the two are one story already.
    tables: String,
    /// The file that they were written to; none where the configuration includes no such file.
    file: Option<PathBuf>,
    /// The answer of the running daemon; none where none runs.
    reloaded: Option<Reloaded>,
}

/// Adds tables to the file and has the daemon reload; prints them where the
/// configuration does not include the file. Pairs that are `parted` are forced together no longer.
pub(super) fn keep(
    config: &ConfigFile,
    target: &Target,
    note: &str,
    tables: &str,
    parted: &[[String; 2]],
    json: bool,
) -> CommandResult {
    // Titles are what sources wrote, and a comment ends with its line.
    let note = printable(note).replace(['\n', '\t'], " ");
    let tables = format!("# {} {note}\n{tables}", Clock::wall().now());
    let file = write(&config.config, target.plan()?, &tables, parted)?;
    let reloaded = match &file {
        Some(_) => reload::reload(target, false)?,
        None => None,
    };
    let code = reloaded.as_ref().map_or(ExitCode::SUCCESS, reload::code_of);
    if json {
        print_json(&Decided { tables, file, reloaded });
        return Ok(code);
    }
    let Some(file) = file else {
        print_line(tables.trim_end());
        print_error(format_args!(
            "paste this into the configuration; with `include = [\"overrides*.toml\"]` in {} it would be kept in {NAME}",
            config.config.display()
        ));
        return Ok(code);
    };
    print_line(format_args!("written to {}", file.display()));
    match reloaded {
        Some(reloaded) => reload::show(&reloaded),
        None => drop(print_line("in force when gazetted runs next")),
    }
    Ok(code)
}

/// Adds to the file if the configuration includes it, which only reading it
/// again can tell; else leaves everything as it was.
fn write(
    config: &Path,
    plan: &Plan,
    tables: &str,
    parted: &[[String; 2]],
) -> Result<Option<PathBuf>, CliError> {
    let named = |file: &&PathBuf| file.file_name().is_some_and(|name| name == NAME);
    let file = plan.files.iter().find(named).cloned();
    let file = file.unwrap_or_else(|| config.with_file_name(NAME));
    let before = match fs::read_to_string(&file) {
        // Somebody else's, whatever it is for.
        Ok(_) if !plan.reads(&file) => return Ok(None),
        Ok(text) => Some(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => return Err(CliError::because(format!("{}: {error}", file.display()))),
    };
    let text = match &before {
        Some(text) => match without_forced(text, parted).trim_end() {
            "" => tables.to_owned(),
            kept => format!("{kept}\n\n{tables}"),
        },
        None => tables.to_owned(),
    };
    replace(&file, config, &text)?;
    let loaded = Plan::load(config);
    if matches!(&loaded, Ok(loaded) if loaded.plan.reads(&file)) {
        return Ok(Some(file));
    }
    match &before {
        Some(text) => replace(&file, config, text)?,
        None => fs::remove_file(&file)?,
    }
    loaded?;
    Ok(None)
}

/// The text without the tables that force two addresses together which are to be parted, as `join`
/// writes them. A table of more addresses is the operator's own, and stays.
fn without_forced(text: &str, parted: &[[String; 2]]) -> String {
    let urls = |texts: &[String]| -> Vec<Url> {
        texts.iter().filter_map(|text| Url::parse(text).ok()).collect()
    };
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text.to_owned() };
    let is_parted = |table: &Table| {
        let forced = table.get("force").and_then(Item::as_array);
        let forced = forced.into_iter().flatten().filter_map(Value::as_str);
        let forced = urls(&forced.map(str::to_owned).collect::<Vec<_>>());
        forced.len() == 2
            && parted.iter().any(|pair| {
                let both = Overrides::new([&forced[..]], [&urls(pair)[..]]);
                !both.contradictions().is_empty()
            })
    };
    if let Some(stories) = document.get_mut("story").and_then(Item::as_array_of_tables_mut) {
        stories.retain(|table| !is_parted(table));
    }
    document.to_string()
}

/// Gives a file another text, at once.
pub(super) fn replace(file: &Path, config: &Path, text: &str) -> Result<(), CliError> {
    let written = Replacement::begin(file, PRIVATE).and_then(|replacement| {
        let mut out = replacement.file();
        // Whoever may read the old one, or else the configuration that includes it, may read it.
        if let Ok(old) = fs::metadata(file).or_else(|_| fs::metadata(config)) {
            out.set_permissions(old.permissions())?;
        }
        out.write_all(text.as_bytes())?;
        replacement.finish()
    });
    written.map_err(|error| CliError::because(format!("{}: {error}", file.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_join_that_is_taken_back_leaves_the_file_and_nothing_else_does() {
        let (one, other) = ("https://a.example/1", "https://b.example/2");
        let joined = table("force", &[one, other].map(str::to_owned));
        let three = format!(
            "# mine\n[[story]]\nforce = [\"{one}\", \"{other}\", \"https://c.example/\"]\n"
        );
        let apart = table("never", &[one, other].map(str::to_owned));
        let parted = [[other.to_owned(), "https://www.a.example/1/".to_owned()]];
        for (text, left) in [
            (format!("# join\n{joined}"), String::new()),
            (three.clone(), three.clone()),
            (apart.clone(), apart.clone()),
            (format!("{apart}\n# join\n{joined}\n{three}"), format!("{apart}\n{three}")),
            ("not [ toml".to_owned(), "not [ toml".to_owned()),
        ] {
            assert_eq!(without_forced(&text, &parted), left, "{text}");
            assert_eq!(without_forced(&text, &[]), text);
        }
    }
}
