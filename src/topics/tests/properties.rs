//! Compares matcher, explanation and reference evaluation on random queries and texts.

use proptest::prelude::*;

use super::super::query::{Ask, Field, Nearness, Query, Unit};
use super::naive::Naive;
use super::*;

fn query(ask: Ask) -> Query {
    Query { span: 0..0, ask }
}

/// Few words, so that they meet often.
fn term() -> impl Strategy<Value = Ask> {
    let words = proptest::sample::select(vec!["red", "reds", "green", "BLUE", "blues", "grey"]);
    let phrase = proptest::sample::select(vec![
        "red",
        "red green",
        "blue red",
        "red red",
        "green blue grey",
    ]);
    prop_oneof![
        4 => phrase.prop_map(|phrase| Ask::Words(phrase.to_owned())),
        1 => Just(Ask::Words("gre*".to_owned())),
        1 => words.prop_map(|word| Ask::Exact(word.to_owned())),
        1 => proptest::sample::select(vec!["Red", "BLUE", "Red green"])
            .prop_map(|word| Ask::Caps(word.to_owned())),
    ]
}

pub(super) fn nearness() -> impl Strategy<Value = Nearness> {
    prop_oneof![
        (1..6u32).prop_map(Nearness::Within),
        (1..6u32).prop_map(Nearness::Following),
        proptest::sample::select(vec![Unit::Sentence, Unit::Paragraph]).prop_map(Nearness::In),
    ]
}

/// Something with places.
fn places() -> impl Strategy<Value = Query> {
    term().prop_map(query).prop_recursive(3, 10, 3, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let unit = prop_oneof![Just(Unit::Sentence), Just(Unit::Paragraph)];
        prop_oneof![
            proptest::collection::vec(inner, 2..4).prop_map(Ask::Any),
            (1..6u32, any::<bool>(), boxed.clone(), boxed.clone()).prop_map(
                |(distance, ordered, left, right)| Ask::Near { distance, ordered, left, right }
            ),
            (unit, boxed.clone(), boxed.clone()).prop_map(|(unit, left, right)| Ask::Same {
                unit,
                left,
                right
            }),
            (nearness(), boxed.clone(), boxed).prop_map(|(from, of, without)| Ask::Apart {
                from,
                of,
                without
            }),
        ]
        .prop_map(query)
    })
}

/// Any query over titles and texts that makes sense.
pub(super) fn sensible() -> impl Strategy<Value = Query> {
    let boxed = || places().prop_map(Box::new);
    let field = proptest::sample::select(vec![Field::Title, Field::Lead, Field::Text]);
    let counted = prop_oneof![
        3 => places().prop_map(|query| query.ask),
        1 => (1..4u32, boxed()).prop_map(|(times, of)| Ask::AtLeast { times, of }),
        1 => (1..12u32, boxed()).prop_map(|(words, of)| Ask::First { words, of }),
    ]
    .prop_map(query);
    let leaf = (proptest::option::of(field), counted).prop_map(|(field, of)| match field {
        Some(field) => query(Ask::In { field, of: Box::new(of) }),
        None => of,
    });
    leaf.prop_recursive(3, 16, 3, |inner| {
        let many = proptest::collection::vec(inner.clone(), 2..4);
        prop_oneof![
            many.clone().prop_map(Ask::All),
            many.prop_map(Ask::Any),
            inner.clone().prop_map(|of| Ask::Not(Box::new(of))),
            (proptest::collection::vec((inner, -3..4i32), 1..4), -1..4i32)
                .prop_map(|(parts, threshold)| Ask::Score { parts, threshold }),
        ]
        .prop_map(query)
    })
}

pub(super) fn text() -> impl Strategy<Value = String> {
    let piece = proptest::sample::select(vec![
        "red", "Red", "reds", "green", "greens", "blue", "BLUE", "Blues", "grey", "on", "on", ".",
        "\n",
    ]);
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.join(" ").replace(" .", "."))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_matcher_agrees_with_the_naive_evaluator(
        queries in proptest::collection::vec(sensible(), 1..6),
        text in text(),
    ) {
        let language = Language::default();
        let topics: Vec<_> = (0..).zip(&queries)
            .map(|(i, query): (usize, _)| (TopicId::new(i.to_string()), query.to_string()))
            .collect();
        let (set, _) = TopicSet::compile(&topics, &Vocabulary::new(), &language)
            .map_err(|problems| TestCaseError::fail(format!("{problems:?}")))?;
        let subject = subject_of(&text, &language);
        let matched = set.matches(&subject);
        let naive = Naive::of(&text);
        for (topic, query) in queries.iter().enumerate() {
            let expected = naive.holds(query, None);
            prop_assert_eq!(matched.contains(&topic), expected, "{} in {:?}", query, text);
            let explanation = set.explain(&subject, topic);
            prop_assert_eq!(explanation.matched, expected);
            prop_assert_eq!(explanation.reason.holds, expected);
        }
    }

    #[test]
    fn highlights_are_in_order_apart_and_within_the_text(query in sensible(), text in text()) {
        let set = compiled(&query.to_string(), &Vocabulary::new());
        let (title, body) = text.trim().split_once('\n').unwrap_or((text.trim(), ""));
        let (title, body) = (title.trim_end(), body.trim());
        let marks = set.highlights(&subject_of(&text, &Language::default()), 0);
        for mark in &marks {
            let text = if mark.field == Field::Title { title } else { body };
            prop_assert!(text.get(mark.range.clone()).is_some_and(|found| !found.is_empty()));
        }
        for two in marks.windows(2) {
            prop_assert!((two[0].field, two[0].range.end) <= (two[1].field, two[1].range.start) || two[0].field < two[1].field);
        }
    }
}
