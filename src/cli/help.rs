//! Examples, exit codes, files and environment: the end of every help text and manual page.

use std::fmt::Write as _;

/// The sections. The file's head describes its form.
const TEXTS: &str = include_str!("help.txt");

/// One section: its title, and entries with what they mean.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) entries: Vec<(String, String)>,
}

/// The sections at the end of a command's help, or of the program's own.
pub(super) fn sections(command: &str) -> Vec<Section> {
    let own = entries(command);
    let own = if own.is_empty() { entries("gazetted") } else { own };
    let is_code = |(name, _): &(String, String)| name.bytes().all(|byte| byte.is_ascii_digit());
    let (own_codes, examples): (Vec<_>, Vec<_>) = own.into_iter().partition(is_code);
    let mut codes = entries("EXIT STATUS");
    for (code, meaning) in own_codes {
        match codes.iter_mut().find(|(known, _)| *known == code) {
            Some(known) => known.1 = meaning,
            None => codes.push((code, meaning)),
        }
    }
    vec![
        Section { title: "EXAMPLES", entries: examples },
        Section { title: "EXIT STATUS", entries: codes },
        Section { title: "FILES", entries: entries("FILES") },
        Section { title: "ENVIRONMENT", entries: entries("ENVIRONMENT") },
    ]
}

/// The entries below a heading of the file.
fn entries(heading: &str) -> Vec<(String, String)> {
    let below = TEXTS.lines().skip_while(|line| line.strip_prefix("== ") != Some(heading)).skip(1);
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in below.take_while(|line| !line.is_empty()) {
        match (line.strip_prefix("  "), entries.last_mut()) {
            (Some(meaning), Some(entry)) => entry.1 = meaning.to_owned(),
            _ => entries.push((line.to_owned(), String::new())),
        }
    }
    entries
}

/// The command line with the sections at the end of each long help.
pub(super) fn explained(program: clap::Command) -> clap::Command {
    let names: Vec<String> =
        program.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let program = program.after_long_help(text("gazetted"));
    names.into_iter().fold(program, |program, name| {
        let text = text(&name);
        program.mut_subcommand(name, |command| {
            let nested: Vec<String> =
                command.get_subcommands().map(|nested| nested.get_name().to_owned()).collect();
            let command = command.after_long_help(text.clone());
            nested.into_iter().fold(command, |command, nested| {
                command.mut_subcommand(nested, |nested| nested.after_long_help(text.clone()))
            })
        })
    })
}

/// The sections as plain text.
fn text(command: &str) -> String {
    let mut text = String::new();
    for Section { title, entries } in sections(command) {
        let _ = writeln!(text, "{title}:");
        for (name, meaning) in entries {
            let _ = match (name.len() < 6, meaning.is_empty()) {
                (true, _) => writeln!(text, "  {name:<4}{meaning}"),
                (false, true) => writeln!(text, "  {name}"),
                (false, false) => writeln!(text, "  {name}\n        {meaning}"),
            };
        }
        text.push('\n');
    }
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_examples_and_every_example_is_one_that_parses() {
        let program = super::super::command();
        let names: Vec<&str> = program.get_subcommands().map(clap::Command::get_name).collect();
        let headings = TEXTS.lines().filter_map(|line| line.strip_prefix("== "));
        let guided: Vec<&str> = headings.take_while(|heading| *heading != "gazetted").collect();
        assert_eq!(names, guided);
        for command in guided.into_iter().chain(["gazetted"]) {
            let examples = sections(command).swap_remove(0).entries;
            assert!(!examples.is_empty());
            for (example, _) in examples {
                // Of a pipe, the part that is ours.
                let own = example.split(" | ").flat_map(|part| part.split(" && "));
                for part in own.filter(|part| part.starts_with("gazetted ")) {
                    let part = part.split(" > ").next().unwrap_or(part).replace('\'', "\"");
                    let mut quoted = part.split('"');
                    let mut words: Vec<String> = Vec::new();
                    while let Some(plain) = quoted.next() {
                        words.extend(plain.split_whitespace().map(str::to_owned));
                        words.extend(quoted.next().map(str::to_owned));
                    }
                    let parsed = super::super::command().try_get_matches_from(&words);
                    assert!(parsed.is_ok(), "{example}: {:?}", parsed.err());
                }
            }
        }
    }
}
