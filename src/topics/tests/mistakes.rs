//! Tests the messages for broken queries.

use super::*;

fn told(query: &str) -> String {
    let vocabulary =
        vocabulary(&[("western_balkans_places", &["Kosovo"]), ("crimes", &["smuggling"])]);
    let problems = match tried(query, &vocabulary) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    let told = problems.iter().map(|problem| {
        let kind = if problem.warning { "warning:\n" } else { "" };
        format!("{kind}{}", problem.in_context(query))
    });
    told.collect::<Vec<_>>().join("\n")
}

/// `mistakes.txt` holds queries, each line after `> `, and what is said to them.
#[test]
fn every_mistake_is_shown_where_it_is_with_what_to_write_instead() {
    let cases = include_str!("mistakes.txt").trim_end().split("\n\n");
    let mut count = 0;
    for case in cases {
        let (query, expected): (Vec<_>, Vec<_>) =
            case.lines().partition(|line| line.starts_with("> "));
        let query: Vec<_> = query.into_iter().map(|line| &line[2..]).collect();
        let query = query.join("\n");
        assert_eq!(told(&query), expected.join("\n"), "{query}");
        count += 1;
    }
    assert!(count > 60, "{count} cases");
}

#[test]
fn a_query_nested_beyond_reason_is_told_what_to_do() {
    let deep = format!("{}kosovo{}", "(".repeat(10_000), ")".repeat(10_000));
    let told = told(&deep);
    assert!(told.ends_with("move parts of the query to vocabularies"), "{}", &told[20_000..]);
}
