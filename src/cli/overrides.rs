//! Writes overrides to the operator's `overrides.toml` and puts them in force.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::{
    CliError, CommandResult, ConfigFile, Target, print_error, print_json, print_line, reload,
};
use crate::clock::Clock;
use crate::config::Plan;
use crate::control::Reloaded;
use crate::control_characters::printable;
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
/// configuration does not include the file.
pub(super) fn keep(
    config: &ConfigFile,
    target: &Target,
    note: &str,
    tables: &str,
    json: bool,
) -> CommandResult {
    // Titles are what sources wrote, and a comment ends with its line.
    let note = printable(note).replace(['\n', '\t'], " ");
    let tables = format!("# {} {note}\n{tables}", Clock::wall().now());
    let file = write(&config.config, target.plan()?, &tables)?;
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
fn write(config: &Path, plan: &Plan, tables: &str) -> Result<Option<PathBuf>, CliError> {
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
        Some(text) => format!("{}\n\n{tables}", text.trim_end()),
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
