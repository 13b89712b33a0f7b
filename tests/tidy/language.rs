//! Checks names and comments against the project's rules for plain language.

use std::path::PathBuf;

use super::{files, holds_tests, none_of, text};

/// Names that nobody would search for.
const FORMER_NAMES: &[&str] = &[
    "account",
    "admission",
    "advice",
    "alignment",
    "candidate",
    "dormant",
    "enforce",
    "figures",
    "filling",
    "gathering",
    "guard",
    "heads",
    "home",
    "intake",
    "keeping",
    "landings",
    "layout",
    "ledger",
    "legible",
    "likeness",
    "listening",
    "market",
    "masthead",
    "memory",
    "older",
    "opening",
    "pages_round",
    "passages",
    "patience",
    "phrase",
    "press",
    "pulling",
    "pulse",
    "reaching",
    "refilled",
    "refusal",
    "remembered",
    "room",
    "rounds",
    "settle",
    "shelf",
    "sketch",
    "stamp",
    "stands",
    "strict",
    "survey",
    "telling",
    "transfer",
    "trial",
    "unite",
    "weave",
    "words",
    "desk",
    "errand",
    "standing",
    "told",
    "heard",
    "editor",
];

/// Names of types, functions and constants that a reader could not understand without their file.
const FORMER_ITEMS: &[&str] = &[
    "asked_once",
    "brought",
    "client_is_named",
    "desk",
    "fenced",
    "give_way",
    "hurry",
    "lacked",
    "market",
    "nameless",
    "nobody_runs",
    "now_and_then",
    "parted",
    "put_off",
    "sight",
    "spot",
    "take_up",
];

fn code() -> Vec<PathBuf> {
    ["src", "tests", "benches"].map(|directory| files(directory, "rs")).concat()
}

#[test]
fn files_are_named_by_the_fields_terms() {
    let named = |path: &&PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        path.starts_with("src") && FORMER_NAMES.contains(&&*stem)
    };
    let found = code().iter().filter(named).map(|path| path.display().to_string()).collect();
    none_of(found, "a file is found by its name: use the field's term");
}

/// The name of the item that a line defines.
fn item(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix("pub").unwrap_or(line);
    let line = match line.strip_prefix('(').and_then(|scope| scope.split_once(')')) {
        Some((_, rest)) => rest,
        None => line,
    };
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    let mut words = words.filter(|word| !["", "async"].contains(word));
    let keyword = words.next()?;
    let is_item = ["fn", "struct", "enum", "trait", "type", "const", "static"].contains(&keyword);
    words.next().filter(|_| is_item)
}

#[test]
fn items_have_names_that_need_no_other_file() {
    let mut broken = Vec::new();
    for path in code().iter().filter(|path| path.starts_with("src") && !holds_tests(path)) {
        for (at, line) in text(path).lines().enumerate() {
            let name = item(line).map(str::to_lowercase).unwrap_or_default();
            if FORMER_ITEMS.contains(&&*name) {
                broken.push(format!("{}:{}: {name}", path.display(), at + 1));
            }
        }
    }
    none_of(broken, "a name says what it stands for");
}

#[test]
fn the_name_of_an_item_is_found() {
    for (line, name) in [
        ("    pub(super) async fn begin(&self) {", Some("begin")),
        ("pub(in crate::cli) struct Desk<'a> {", Some("Desk")),
        ("const MOST: usize = 1;", Some("MOST")),
        ("        let fn_name = item(line);", None),
        ("", None),
    ] {
        assert_eq!(item(line), name, "{line}");
    }
}

/// "X in; Y, out" describes no module.
fn is_in_and_out(line: &str) -> bool {
    let line = line.trim_end_matches('.').to_lowercase();
    (line.contains(" in; ") || line.contains(" in, ")) && line.contains("out")
}

#[test]
fn a_first_line_says_in_plain_words_what_the_file_is() {
    let mut broken = Vec::new();
    for path in [code(), files("fuzz/fuzz_targets", "rs")].concat() {
        let text = text(&path);
        let header = text.lines().take_while(|line| line.starts_with("//!")).take(3);
        let header = header.map(|line| line.trim_start_matches("//!")).collect::<String>();
        let first = header.split(". ").next().unwrap_or_default();
        if is_in_and_out(first) || first.trim_start().starts_with("What ") {
            broken.push(format!("{}:{first}", path.display()));
        }
    }
    none_of(broken, "a file's first line is a plain sentence");
}

/// The documentation comments of a source: each as one text, with its line.
fn docs(source: &str) -> Vec<(usize, String)> {
    let mut docs: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (at, line) in source.lines().enumerate() {
        let Some(said) = line.trim_start().strip_prefix("///") else {
            is_open = false;
            continue;
        };
        match docs.last_mut().filter(|_| is_open) {
            Some((_, doc)) => doc.push_str(said),
            None => docs.push((at + 1, said.trim_start().to_owned())),
        }
        is_open = true;
    }
    docs
}

#[test]
fn documentation_is_a_plain_sentence() {
    let mut broken = Vec::new();
    for path in code().iter().filter(|path| path.starts_with("src") && !holds_tests(path)) {
        for (line, doc) in docs(&text(path)) {
            let words = doc.split_whitespace().count();
            let is_code = doc.contains('`') || doc.contains('[');
            if doc.starts_with("What ") || (words < 2 && !is_code) {
                broken.push(format!("{}:{line}: {doc}", path.display()));
            }
        }
    }
    none_of(broken, "documentation says what something is, subject first, in more than one word");
}

#[test]
fn the_former_pattern_is_seen() {
    for (line, is_one) in [
        ("A source in; one poll, whatever happens, out.", true),
        ("What is asked of the desk in; pages and health out.", true),
        ("Merges two stories in one step.", false),
        ("Puts a plan in force, and takes topics out of it.", false),
    ] {
        assert_eq!(is_in_and_out(line), is_one, "{line}");
    }
}
