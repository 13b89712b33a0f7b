//! Checks that the documents are true: commands, links, events, tests and lengths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::tidy::{ROOT, files, holds_tests, none_of, sources, text};

/// The documents that people read.
fn documents() -> Vec<PathBuf> {
    let mut documents: Vec<PathBuf> =
        ["docs", "config", "benches"].iter().flat_map(|directory| files(directory, "md")).collect();
    documents.extend(["README.md", "SECURITY.md", "CHANGELOG.md"].map(PathBuf::from));
    documents
}

/// The words of a command line, as a shell splits them: quotes hold words together.
fn shell_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    for c in line.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            None if c.is_whitespace() => words.extend(Some(std::mem::take(&mut word))),
            // A comment, a pipe, or a redirection ends the command.
            None if "|<>&".contains(c) || c == '#' && word.is_empty() => break,
            _ => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// The arguments of every `gazetted` in the code blocks of a document.
fn command_lines(document: &str) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    let mut is_shell = false;
    for line in document.lines().map(str::trim) {
        if let Some(language) = line.strip_prefix("```") {
            is_shell = language == "sh";
            continue;
        }
        if !is_shell {
            continue;
        }
        let arguments = match line.split_once(" -- ") {
            Some((cargo, arguments)) if cargo.starts_with("cargo run") => arguments,
            _ => match line.trim_start_matches("sudo ").strip_prefix("gazetted ") {
                Some(arguments) => arguments,
                None => continue,
            },
        };
        lines.push(shell_words(arguments));
    }
    lines
}

#[test]
fn the_command_lines_of_the_documents_are_understood() {
    let mut count = 0;
    let mut broken = Vec::new();
    for document in documents() {
        for line in command_lines(&text(&document)) {
            count += 1;
            let shown = format!("{}: gazetted {}", document.display(), line.join(" "));
            let words = std::iter::once("gazetted").chain(line.iter().map(String::as_str));
            if let Err(error) = gazetted::cli::command().try_get_matches_from(words) {
                let help =
                    [clap::error::ErrorKind::DisplayHelp, clap::error::ErrorKind::DisplayVersion];
                if !help.contains(&error.kind()) {
                    broken.push(format!("{shown}: {}", error.kind()));
                }
            }
            for path in line.iter().filter(|word| word.starts_with("config/")) {
                if !Path::new(ROOT).join(path).exists() {
                    broken.push(format!("{shown}: {path} does not exist"));
                }
            }
        }
    }
    assert!(count > 20, "the documents show how to use the program: {count} commands");
    none_of(broken, "the documents show commands that work");
}

#[test]
fn links_of_documents_lead_to_files_that_exist() {
    let mut broken = Vec::new();
    for document in documents() {
        let directory = Path::new(ROOT).join(&document);
        let directory = directory.parent().unwrap();
        for link in text(&document).split("](").skip(1) {
            let link = link.split(')').next().unwrap();
            let path = link.split('#').next().unwrap();
            let is_of_another_site = path.contains("://") || path.starts_with("mailto:");
            if !path.is_empty() && !is_of_another_site && !directory.join(path).exists() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    none_of(broken, "links lead to files that exist");
}

#[test]
fn the_readme_is_short_and_the_book_has_every_page() {
    let words = text("README.md").split_whitespace().count();
    assert!(words <= 1200, "README.md has {words} words, at most 1,200");
    let pictures = files("docs", "png");
    assert_eq!(pictures.len(), 2, "the README shows a topic and a story: {pictures:?}");
    for picture in pictures {
        let bytes = std::fs::metadata(Path::new(ROOT).join(&picture)).unwrap().len();
        assert!(bytes <= 200_000, "{} has {bytes} bytes, at most 200,000", picture.display());
    }
    let summary = text("docs/SUMMARY.md");
    let missing = files("docs", "md").into_iter().filter_map(|page| {
        let name = page.strip_prefix("docs").unwrap().to_str().unwrap().to_owned();
        (name != "SUMMARY.md" && !summary.contains(&format!("({name})"))).then_some(name)
    });
    none_of(missing.collect(), "docs/SUMMARY.md lists every page of docs/");
}

#[test]
fn the_book_has_its_pages_in_docs_and_a_summary_that_mdbook_reads() {
    let book: toml::Table = text("docs/book.toml").parse().expect("docs/book.toml is TOML");
    assert_eq!(book["book"]["src"].as_str(), Some("."));
    // mdbook would write a page that is missing, and read what it built if that were in `src`.
    assert_eq!(book["build"]["create-missing"].as_bool(), Some(false));
    assert!(book["build"]["build-dir"].as_str().unwrap().starts_with("../target/"));
    // A heading first, then pages before the chapters, then chapters: mdbook refuses other lines.
    let summary = text("docs/SUMMARY.md");
    let mut lines = summary.lines().filter(|line| !line.trim().is_empty());
    assert!(lines.next().is_some_and(|line| line.starts_with("# ")), "{summary}");
    let is_page = |line: &&str| line.starts_with('[') && line.ends_with(".md)");
    let is_chapter = |line: &&str| line.trim_start().starts_with("- [") && line.ends_with(".md)");
    let other: Vec<_> = lines.skip_while(is_page).filter(|line| !is_chapter(line)).collect();
    none_of(
        other.into_iter().map(str::to_owned).collect(),
        "after the pages before them, docs/SUMMARY.md has chapters alone",
    );
}

/// What stands in backticks in a document and is built of small letters and `_`.
fn names_in_backticks(document: &str) -> BTreeSet<String> {
    let is_name = |word: &&str| {
        !word.is_empty()
            && word.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit())
    };
    document.split('`').skip(1).step_by(2).filter(is_name).map(String::from).collect()
}

#[test]
fn the_events_of_the_logs_are_documented() {
    let mut events = BTreeSet::new();
    for path in sources().iter().filter(|path| !holds_tests(path)) {
        for part in text(path).split("event = \"").skip(1) {
            events.insert(part.split('"').next().unwrap().to_owned());
        }
    }
    assert!(events.contains("ready"), "events are not written as they were: {events:?}");
    let rows: String = text("docs/log-events.md")
        .lines()
        .filter_map(|row| row.strip_prefix("| `"))
        .map(|row| format!("`{}\n", row.split('|').next().unwrap()))
        .collect();
    assert_eq!(names_in_backticks(&rows), events, "docs/log-events.md has a row for each event");
}

#[test]
fn every_test_that_holds_a_defence_is_there() {
    let named: BTreeSet<String> = names_in_backticks(&text("SECURITY.md"))
        .into_iter()
        .filter(|name| name.matches('_').count() > 2)
        .collect();
    assert!(named.len() > 30, "SECURITY.md names the tests: {named:?}");
    let all = ["src", "tests"].map(|directory| files(directory, "rs")).concat();
    let all: String = all.iter().map(text).collect();
    let missing = named.into_iter().filter(|name| !all.contains(&format!("fn {name}("))).collect();
    none_of(missing, "SECURITY.md names tests that exist");
}
