//! Runs every example of TOPICS.md.

use std::collections::BTreeSet;

use super::super::query::{Ask, Field};
use super::*;

const PAGE: &str = include_str!("../../../config/TOPICS.md");

/// The blocks of the page in that language: the lines between the fences.
fn blocks(language: &str) -> Vec<&'static str> {
    let opening = format!("```{language}\n");
    let after = PAGE.split(opening.as_str()).skip(1);
    after.map(|rest| rest.split("```").next().expect("a split has a first part")).collect()
}

/// A block's query and the lines after it that begin with one of the marks.
fn example(block: &str, marks: [char; 2]) -> (String, Vec<(char, &str)>) {
    let (mut query, mut lines) = (String::new(), Vec::new());
    for line in block.lines() {
        match marks.into_iter().find(|mark| line.starts_with([*mark]) && line[1..].starts_with(' '))
        {
            Some(mark) => lines.push((mark, &line[2..])),
            None => query.push_str(line),
        }
    }
    assert!(!lines.is_empty(), "{block}: an example shows something");
    (query, lines)
}

fn page_vocabulary() -> Vocabulary {
    let [file] = blocks("toml")[..] else { panic!("the page has one file") };
    let file: toml::Table = file.parse().expect("the page's file is TOML");
    file["vocabulary"].clone().try_into().expect("it has a vocabulary")
}

#[test]
fn the_file_on_the_page_keeps_its_samples() {
    let file: toml::Table = blocks("toml")[0].parse().expect("the page's file is TOML");
    let topic = &file["topic"][0];
    let set = compiled(topic["query"].as_str().expect("a query"), &page_vocabulary());
    for (samples, wanted) in [("must_match", true), ("must_not_match", false)] {
        for sample in topic[samples].as_array().expect("a list") {
            let sample = sample.as_str().expect("a text");
            assert_eq!(set.explain_text(sample, 0).matched, wanted, "{sample}");
        }
    }
}

#[test]
fn every_example_on_the_page_is_true() {
    let examples = blocks("query");
    assert!(examples.len() > 20, "the examples are found");
    for block in examples {
        let (query, lines) = example(block, ['+', '-']);
        let set = compiled(&query, &page_vocabulary());
        assert_eq!(set.warnings(), []);
        for (mark, text) in lines {
            let text = text.replace(" / ", "\n").replace(" \\ ", "\n");
            let explanation = set.explain_text(&text, 0);
            assert_eq!(
                explanation.matched,
                mark == '+',
                "{query}: {text}: {}",
                explanation.summary
            );
        }
    }
}

#[test]
fn every_mistake_on_the_page_is_answered_as_it_says() {
    let mistakes = blocks("refused");
    assert!(mistakes.len() > 4, "the mistakes are found");
    for block in mistakes {
        let (query, lines) = example(block, ['!', '!']);
        let problems = tried(&query, &page_vocabulary()).expect_err(&query);
        for (_, answer) in lines {
            assert!(
                problems.iter().any(|problem| problem.help.contains(answer)),
                "{query}: {problems:?}"
            );
        }
    }
}

#[test]
fn the_page_leaves_nothing_of_the_language_out() {
    let (mut fields, mut kinds) = (BTreeSet::new(), BTreeSet::new());
    for block in blocks("query") {
        let set = compiled(&example(block, ['+', '-']).0, &page_vocabulary());
        set.query(0).visit(&mut |part| {
            if let Ask::In { field, .. } = &part.ask {
                fields.insert(*field);
            }
            let name = format!("{:?}", part.ask);
            kinds.insert(name.split(['(', ' ']).next().unwrap_or_default().to_owned());
        });
    }
    assert_eq!(fields, Field::ALL.into_iter().collect());
    let all = [
        "All",
        "Any",
        "Apart",
        "AtLeast",
        "Caps",
        "Exact",
        "First",
        "In",
        "Near",
        "Not",
        "Pattern",
        "Same",
        "Score",
        "Vocabulary",
        "Words",
    ];
    assert_eq!(kinds, all.map(str::to_owned).into_iter().collect());
}
