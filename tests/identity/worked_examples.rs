//! The examples of `docs/identity.md` are what `explain` says of the cases that they stand for.

use std::path::Path;

use serde_json::Value;

use crate::support::binary::Gazetted;

const PAGE: &str = include_str!("../../docs/identity.md");

/// The case of each example, in the order of the page, and the key of the entry that is explained.
const EXAMPLES: [(&str, &str); 5] = [
    ("wrapped-link-2", "d"),
    ("control-edited-copy-1", "d1"),
    ("series-2", "s2"),
    ("same-title-6", "s2"),
    ("parts-first-1", "orig"),
];

/// The output of `explain` for an entry once the documents of a case are read.
fn explained(case: &str, key: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/identity/cases").join(case);
    // Dates in the past on any machine.
    let read = |name: &str| {
        std::fs::read_to_string(folder.join(name)).unwrap().replace("2026-11-", "2025-11-")
    };
    let config = read("c.toml").replace("127.0.0.1:29999", "127.0.0.1:0");
    let gazetted = Gazetted::with(&config);
    let expected: Value = serde_json::from_str(&read("expected.json")).unwrap();
    for step in expected["steps"].as_array().unwrap() {
        let over = step["over"].as_str().unwrap();
        let document = read(step["document"].as_str().unwrap());
        std::fs::write(gazetted.path().join(over), document).unwrap();
        gazetted.succeed(&["poll", over.split('.').next().unwrap()]);
    }
    let entries = expected["entries"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["key"] == key).unwrap();
    gazetted.succeed(&["explain", entry["url"].as_str().unwrap()])
}

#[test]
fn the_examples_are_what_explain_says() {
    let blocks: Vec<&str> = PAGE.split("```text\n").skip(1).collect();
    assert_eq!(blocks.len(), EXAMPLES.len());
    let mut wrong = String::new();
    for ((case, key), block) in EXAMPLES.into_iter().zip(blocks) {
        let shown = block.split("```").next().unwrap();
        let explained = explained(case, key);
        let missing = |line: &&str| !explained.lines().any(|said| said.trim() == line.trim());
        for line in shown.lines().filter(missing) {
            wrong += &format!("{case} does not say: {line}\n{explained}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
