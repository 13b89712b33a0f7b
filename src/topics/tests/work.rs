//! Tests that the work of random and hostile queries ends at its bound.

#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::super::{Spent, Work};
use super::properties::{sensible, text};
use super::*;

fn subject(text: &str) -> Subject {
    subject_of(text, &Language::default())
}

/// Compiles a query as that of somebody who is not trusted.
fn untrusted(query: &str) -> Result<TopicSet, Vec<QueryProblem>> {
    let (set, _) = TopicSet::compile(&[], &Vocabulary::new(), &Language::default()).unwrap();
    set.alone_for_anybody(&TopicId::new("query"), query, None).map(|(set, _)| set)
}

/// Asks everything that a search asks; returns whether it matches and the units it took.
fn search(set: &TopicSet, subject: &Subject, units: u64) -> (Result<bool, Spent>, u64) {
    let go_on = || true;
    let work = Work::bounded(units, &go_on);
    let answer = set.within(&work).look_at(subject).and_then(|looked| {
        let is_in = looked.is_in(0)?;
        looked.count_terms(0, &mut TermCounts::default())?;
        looked.highlights(0)?;
        Ok(is_in)
    });
    (answer, work.spent())
}

/// Queries that ask for as much as two kilobytes can.
pub(super) fn hostile() -> Vec<(&'static str, String)> {
    let or = |parts: Vec<String>| parts.join(" OR ");
    let times = |count: usize, part: &str| vec![part.to_owned(); count];
    let numbered =
        |count: usize, part: &dyn Fn(usize) -> String| (0..count).map(part).collect::<Vec<_>>();
    let common = "(the OR the* OR =the OR met OR tee OR tee*)";
    let near = format!("({common} NEAR/99 {common})");
    let deep = format!("(({near} NEAR/99 {near}) NEAR/99 {common})");
    vec![
        ("nested NEAR", deep.clone()),
        ("many NEAR", or(times(16, &near))),
        ("NEAR of NOT", format!("{common} AND NOT ({near} NEAR/9 zebra)")),
        ("NOT NEAR", format!("{deep} NOT NEAR/9 {near}")),
        ("SAME", or(times(16, &format!("({common} SAME/paragraph {common})")))),
        ("atleast", or(numbered(30, &|n| format!("atleast({}, {common})", 90_000 + n)))),
        ("first", or(numbered(40, &|n| format!("first({}, met OR tee OR the)", n + 1)))),
        ("prefixes", or(numbered(70, &|n| format!("\"tee met\" NEAR/{} the*", n + 1)))),
        ("common words", or(times(160, "\"the x\""))),
        ("long phrases", or(numbered(16, &|n| format!("\"{}z\"", "the tee met ".repeat(n + 1))))),
        ("many NOT", numbered(60, &|n| format!("NOT atleast({}, the)", 90_000 + n)).join(" ")),
        (
            "score",
            format!("score({}) >= 500", numbered(60, &|n| format!("first({n}1, the)")).join(", ")),
        ),
        ("patterns", or(numbered(20, &|n| format!("/(e|t)[ehmt ]{{{}}}z{{2}}\\b/", n + 5)))),
        ("counted repetition", "/(?s).*(e|t).{150}\\bzz/".to_owned()),
        ("nested repetition", "/((t?h?e? ?){7}){7}z/".to_owned()),
        ("alternation", format!("/({})z/", numbered(150, &|n| format!("tee {n}x")).join("|"))),
        ("unicode classes", "/\\w+ \\w+ z/ OR /\\d{2}\\b.z/".to_owned()),
        ("word boundaries", or(numbered(15, &|n| format!("/\\b[e-j]{{{}}}\\b.{{3}}\\bz/", n + 1)))),
    ]
}

#[test]
fn hostile_queries_end_at_their_bound_and_take_what_they_take() {
    let mut text = "Title\n".to_owned();
    (0..300).for_each(|n| text += &format!("the tee met x — the the {n} tée met the zz? "));
    let subject = subject(&text);
    for (form, query) in hostile() {
        assert!(query.len() < 2048, "{form}: no address has {} bytes", query.len());
        let set = untrusted(&query).unwrap_or_else(|problems| panic!("{form}: {problems:?}"));
        let (whole, units) = search(&set, &subject, u64::MAX / 2);
        assert_eq!(whole, Ok(set.is_in(&subject, 0)), "{form}");
        assert!(units > 2_000, "{form} takes {units} units, and is not hostile");
        assert_eq!(search(&set, &subject, units + 1), (whole, units), "{form}: always the same");
        for part in [units / 100, units / 2, units - 1] {
            assert_eq!(search(&set, &subject, part), (Err(Spent), part), "{form} with {part}");
        }
    }
}

#[test]
fn what_is_larger_than_a_search_may_be_is_refused_with_a_reason() {
    for query in [
        "/\\w{12}/",
        "/[a-z ].{800}x/",
        "/((a?){30}){30}/",
        "/\\w+ \\w+/ OR /\\w+-\\w+/ OR /\\w+/",
        "/\\pL{12}/",
    ] {
        let problems = untrusted(query).expect_err(query);
        assert!(problems[0].message.contains("at most 64 KiB"), "{query}: {problems:?}");
        // Analysts' own topics are trusted.
        compiled(query, &Vocabulary::new());
    }
}

#[test]
fn an_owner_who_says_no_ends_the_work() {
    let set = untrusted("the NEAR/5 tee").unwrap();
    let subject = subject(&"the tee ".repeat(20_000));
    let no = || false;
    let work = Work::bounded(u64::MAX / 2, &no);
    let answer = set.within(&work).look_at(&subject).and_then(|looked| looked.is_in(0));
    assert_eq!(answer, Err(Spent));
}

#[test]
fn vocabularies_that_no_known_topic_uses_do_not_exist() {
    let words = vocabulary(&[("open", &["@inner"]), ("inner", &["sanctions"]), ("secret", &["x"])]);
    let topics = ["@open", "@secret"].map(|query| (TopicId::new(query), query.to_owned()));
    let (set, _) = TopicSet::compile(&topics, &words, &Language::default()).unwrap();
    let ask = |query: &str, known| set.alone_for_anybody(&TopicId::new("query"), query, known);
    for known in ["@open", "@inner", "title:@inner"] {
        assert!(ask(known, Some(vec![0])).is_ok(), "{known}");
    }
    for query in ["@secret", "@secre", "@nothing"] {
        let problems = ask(query, Some(vec![0])).expect_err(query);
        let told = format!("{problems:?}").replace(query.trim_start_matches('@'), "");
        assert!(!told.contains("secret") && told.contains("there is no vocabulary"), "{told}");
    }
    assert!(ask("@secret", None).is_ok(), "nothing is private");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn bounded_work_gives_the_same_answer_or_none(
        query in sensible(),
        text in text(),
        part in 0.0..1.5f64,
    ) {
        let (subject, query) = (subject(&text), query.to_string());
        let set = untrusted(&query).map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
        let (whole, units) = search(&set, &subject, u64::MAX / 2);
        prop_assert_eq!(whole, Ok(set.is_in(&subject, 0)));
        let bound = (units as f64 * part) as u64;
        let (answer, spent) = search(&set, &subject, bound);
        prop_assert!(spent <= bound);
        prop_assert_eq!(answer, if bound > units { whole } else { Err(Spent) }, "{} of {}", bound, units);
    }
}
