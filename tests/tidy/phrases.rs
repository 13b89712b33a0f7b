//! Checks everything that people read for phrases that plain language leaves out.
//!
//! These are the phrases that the project wrote before it agreed on plain language. Code spans are
//! left out, so that names of tests and options may stay.

use std::sync::LazyLock;

use regex::Regex;

use super::{files, holds_tests, none_of, sources, text};

/// A phrase to avoid, what to write instead, and the phrases that only look like it.
const PHRASES: &[(&str, &str, &str)] = &[
    (r"(?:^|[.!?;] )\W*What [^.!?]*(?:[.!:;]|$)", "begin with the subject", r"What changed\b"),
    (r"(?:^|[.!?] )\W*Of [a-z]", "begin with the subject", r"Of course"),
    (
        r"(?i)\b(?:is|are|was|were) no [a-z]",
        "`is not a`",
        r"(?i)there \w+ no|no (?:longer|more|less)",
    ),
    (r"(?i)\btold\b", "`reported`, `notified`, `logged`", ""),
    (r"(?i)\b(?:is|are|was|were|be) said\b", "`reported`, `stated`", ""),
    (r"(?i)\b(?:tells?|telling) nothing of\b", "`reveals nothing about`", ""),
    (r"(?i)\bbear(?:s|ers?)?\b", "`has`", ""),
    (r"(?i)\bless ado\b", "`in fewer steps`", ""),
    (r"(?i)\b(?:comes|came) to (?:\d|be |lead|that\b)", "`reaches`, `becomes`", ""),
    (r"(?i)\bjudging [a-z ]*came to\b", "`verdict`", ""),
    (r"(?i)\bfor ever\b", "`permanently`", ""),
    (r"(?i)\blength of time\b", "`duration`", ""),
    (r"(?i)\b(?:of them|is all|sources?) well\b", "`healthy`", ""),
    (r"(?i)\bbec[ao]me of\b", "name the result", ""),
    (r"\bNone of \d", "`No match among`", ""),
    (r"(?i)\bhardly chooses\b", "`too common to narrow the search`", ""),
    (r"(?i)\bnobody else's\b|\bwhether nobody\b", "name who or what", ""),
    (r"(?i)\b(?:takes?|taken) in\b", "`read`, `accepted`, `stored`", r"(?i)taken? in part"),
    (r"(?i)\bbelieved\b", "`trusted`", ""),
    (r"(?i)\bceases?\b", "`stops`", ""),
    (r"(?i)\bon the shelf\b", "`in the response cache`", ""),
];

/// The compiled phrases, each with its exceptions.
static COMPILED: LazyLock<Vec<(Regex, Option<Regex>, &str)>> = LazyLock::new(|| {
    let compiled = |pattern: &str| Regex::new(pattern).unwrap();
    let one = |(phrase, instead, allowed): &(&str, &'static str, &str)| {
        (compiled(phrase), (!allowed.is_empty()).then(|| compiled(allowed)), *instead)
    };
    PHRASES.iter().map(one).collect()
});

/// Every phrase in a text that is to be written otherwise.
fn found(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (phrase, allowed, instead) in &*COMPILED {
        for place in phrase.find_iter(text) {
            // An exception may begin before the phrase, as "there" does before "is no".
            let start = text[..place.start()].char_indices().rev().nth(8).map_or(0, |(at, _)| at);
            let around = &text[start..text.len().min(place.end() + ends(text, place.end()))];
            if !allowed.as_ref().is_some_and(|allowed| allowed.is_match(around)) {
                found.push(format!("“{}”: write {instead}", place.as_str().trim()));
            }
        }
    }
    found
}

/// Bytes from a place to the end of the word there.
fn ends(text: &str, from: usize) -> usize {
    text[from..].find(|c: char| !c.is_alphanumeric()).unwrap_or(text.len() - from)
}

/// A text without code spans.
fn without_code(text: &str) -> String {
    text.split('`').enumerate().map(|(at, part)| if at % 2 == 0 { part } else { "CODE" }).collect()
}

/// The paragraphs, list items, headings and table cells of a document, each with its line.
fn of_markdown(document: &str) -> Vec<(usize, String)> {
    let mut parts: Vec<(usize, String)> = Vec::new();
    let (mut is_code, mut is_open) = (false, false);
    for (at, line) in document.lines().enumerate() {
        let line = line.trim();
        if line.starts_with("```") {
            is_code = !is_code;
        }
        let begins = line.starts_with(['#', '|', '-', '*'])
            || line.split_once(". ").is_some_and(|(first, _)| first.parse::<u8>().is_ok());
        if is_code || line.is_empty() || begins {
            is_open = false;
        }
        if is_code || line.is_empty() || line.starts_with("```") {
            continue;
        }
        if line.starts_with('|') {
            parts.extend(line.split('|').map(|cell| (at + 1, cell.trim().to_owned())));
        } else if is_open && let Some((_, part)) = parts.last_mut() {
            part.push(' ');
            part.push_str(line);
        } else {
            parts.push((at + 1, line.trim_start_matches(['#', '-', '*', ' ']).to_owned()));
            is_open = !line.starts_with('#');
        }
    }
    parts
}

/// The comments of a TOML or shell file, those of neighbouring lines together.
fn of_comments(file: &str) -> Vec<(usize, String)> {
    let mut parts: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (at, line) in file.lines().enumerate() {
        let comment = line.trim().strip_prefix("# ");
        match (comment, parts.last_mut()) {
            (Some(comment), Some((_, part))) if is_open => {
                part.push(' ');
                part.push_str(comment);
            }
            (Some(comment), _) => parts.push((at + 1, comment.to_owned())),
            (None, _) => {
                parts.extend(line.split_once(" # ").map(|(_, rest)| (at + 1, rest.to_owned())));
            }
        }
        is_open = comment.is_some();
    }
    parts
}

/// The text of a template between its tags.
fn of_template(template: &str) -> Vec<(usize, String)> {
    static OTHER: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?s)\{%.*?%\}|\{\{.*?\}\}|<(?:code|pre)>.*?</").unwrap());
    let lines = template.lines().enumerate();
    let texts = lines.flat_map(|(at, line)| {
        let line = OTHER.replace_all(line, " … ").into_owned();
        let parts = line.split(['<', '>']).map(str::to_owned).collect::<Vec<_>>();
        parts.into_iter().map(move |part| (at + 1, part.trim().to_owned()))
    });
    texts.collect()
}

/// The string literals of a source that read like a sentence, less those of its unit tests.
fn of_literals(source: &str) -> Vec<(usize, String)> {
    static LITERAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r##"(?s)(?://[^\n]*)|'(?:"|\\.)'|r#"(.*?)"#|"((?:[^"\\]|\\.)*)""##).unwrap()
    });
    // Line breaks of the source, and the names of what is filled in.
    static OTHER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\\\n\s*|\{[^{}]*\}").unwrap());
    let shipped = source.split("#[cfg(test)]\n#[allow").next().unwrap_or_default();
    let shipped = shipped.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let literals = LITERAL.captures_iter(shipped).filter_map(|literal| {
        let text = literal.get(1).or_else(|| literal.get(2))?;
        let line = shipped[..text.start()].matches('\n').count() + 1;
        Some((line, OTHER.replace_all(text.as_str(), "").into_owned()))
    });
    literals.filter(|(_, text)| text.matches(' ').count() >= 2).collect()
}

/// The help of a command and of all below it, each with the command's name.
fn of_help(command: &clap::Command) -> Vec<(String, String)> {
    let own = [command.get_about(), command.get_long_about()];
    let arguments = command.get_arguments();
    let help = arguments.flat_map(|argument| [argument.get_help(), argument.get_long_help()]);
    let texts = own.into_iter().chain(help).flatten();
    let texts = texts.map(|text| (command.get_name().to_owned(), text.to_string()));
    texts.chain(command.get_subcommands().flat_map(of_help)).collect()
}

#[test]
fn nothing_that_people_read_has_a_phrase_that_plain_language_leaves_out() {
    let mut broken = Vec::new();
    let mut parts = 0;
    let mut check = |place: String, part: &str| {
        parts += 1;
        broken.extend(found(&without_code(part)).into_iter().map(|one| format!("{place}: {one}")));
    };
    let documents = ["docs", "config", "benches", "fuzz", "tests"].map(|of| files(of, "md"));
    let documents = documents.into_iter().flatten();
    for path in documents.chain(["README.md", "SECURITY.md", "CHANGELOG.md"].map(Into::into)) {
        for (line, part) in of_markdown(&text(&path)) {
            check(format!("{}:{line}", path.display()), &part);
        }
    }
    for path in ["config", "packaging"].iter().flat_map(|of| files(of, "toml")) {
        for (line, part) in of_comments(&text(&path)) {
            check(format!("{}:{line}", path.display()), &part);
        }
    }
    for path in files("templates", "html") {
        for (line, part) in of_template(&text(&path)) {
            check(format!("{}:{line}", path.display()), &part);
        }
    }
    for path in sources().into_iter().filter(|path| !holds_tests(path)) {
        for (line, part) in of_literals(&text(&path)) {
            check(format!("{}:{line}", path.display()), &part);
        }
    }
    for (command, part) in of_help(&gazetted::cli::command()) {
        check(format!("gazetted {command} --help"), &part);
    }
    assert!(parts > 2_000, "only {parts} parts were found");
    none_of(broken, "write it plainly");
}

#[test]
fn the_former_phrases_are_found_and_plain_ones_are_not() {
    for former in [
        "What became of them, as a feed.",
        "Ports are held. What overlaps is near.",
        "`x` is no absolute address",
        "10 sources, 10 of them well.",
        "None of 2 stories dated within a year matches.",
        "Whether nobody is told when it lists nothing new.",
        "such a term hardly chooses",
        "Of a longer one the newest are kept.",
        "it is said to have news",
        "words are read with less ado",
        "They alone are believed.",
        "What is not known is null.",
    ] {
        assert!(!found(&without_code(former)).is_empty(), "{former}");
    }
    for plain in [
        "What does a poll cost?",
        "There is no match.",
        "It is no longer served.",
        "`told` is a field",
        "10 sources, all healthy.",
        "`x` is not an absolute URL",
    ] {
        assert_eq!(found(&without_code(plain)), [""; 0], "{plain}");
    }
}

#[test]
fn every_kind_of_file_is_read() {
    let of = |parts: Vec<(usize, String)>| -> Vec<String> {
        parts.into_iter().map(|(_, part)| part).filter(|part| !part.is_empty()).collect()
    };
    let document = "# Head\n\nOne\ntwo.\n- an item\n  goes on\n```sh\ncode\n```\n| a | b |\n";
    assert_eq!(of(of_markdown(document)), ["Head", "One two.", "an item goes on", "a", "b"]);
    assert_eq!(of(of_comments("# a\n# b\nx = 1 # c\n")), ["a b", "c"]);
    let source =
        "let a = \"one two {told}three\"; // \"no no no\"\nb('\"', r#\"raw \"a\" b\"#, \"x\")";
    assert_eq!(of(of_literals(source)), ["one two three", "raw \"a\" b"]);
    let template = of(of_template("<p title=\"A title\">Nothing {{ yet }}.</p>"));
    assert_eq!(template, ["p title=\"A title\"", "Nothing  … .", "/p"]);
}
