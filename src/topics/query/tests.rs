//! Tests the parser by tables and by properties.

use proptest::prelude::*;

use super::*;

/// Each query, and its plainest form.
#[test]
fn queries_are_read_and_written() {
    for (given, plain) in [
        ("kosovo", "kosovo"),
        ("  kosovo  OR\n serbia", "kosovo OR serbia"),
        ("“western  balkans”", "\"western balkans\""),
        ("\"kosovo\"", "kosovo"),
        ("\"AND\"", "\"AND\""),
        ("kosovo NOT serbia", "kosovo AND NOT serbia"),
        ("kosovo AND NOT serbia", "kosovo AND NOT serbia"),
        ("a AND (b AND c)", "a AND (b AND c)"),
        ("(((kosovo)))", "kosovo"),
        ("NOT (a OR b)", "NOT (a OR b)"),
        ("NOT a NEAR/3 b", "NOT a NEAR/3 b"),
        ("(a OR b) ONEAR/12 \"c d\"", "(a OR b) ONEAR/12 \"c d\""),
        ("a SAME b", "a SAME/paragraph b"),
        ("a SAME/s b", "a SAME/sentence b"),
        ("a NOT NEAR/3 b", "a NOT NEAR/3 b"),
        ("a NOT  ONEAR/3 (b OR c) AND d", "a NOT ONEAR/3 (b OR c) AND d"),
        ("a NOT SAME b", "a NOT SAME/paragraph b"),
        ("NOT a NOT NEAR/3 b", "NOT a NOT NEAR/3 b"),
        ("atleast(2, a NOT NEAR/3 b) NOT c", "atleast(2, a NOT NEAR/3 b) AND NOT c"),
        ("(a NEAR/5 b) NOT NEAR/3 c", "(a NEAR/5 b) NOT NEAR/3 c"),
        ("title: (a OR b)", "title:(a OR b)"),
        ("title:a NEAR/5 b", "title:a NEAR/5 b"),
        ("=Sanctions OR =\"asset freeze\"", "=Sanctions OR =\"asset freeze\""),
        ("caps( WHO )", "caps(WHO)"),
        ("caps(\"OR\")", "caps(\"OR\")"),
        ("sanction* AND \"asset freez*\"", "sanction* AND \"asset freez*\""),
        ("atleast(3, a OR b)", "atleast(3, a OR b)"),
        ("first( 50, \"a b\")", "first(50, \"a b\")"),
        ("first AND score", "first AND score"),
        ("score(a^3, b, c OR d^-2) >= 4", "score(a^3, b, c OR d^-2) >= 4"),
        ("title:/migra(nt|tion)s?/", "title:/migra(nt|tion)s?/"),
        ("/24\\/7/", "/24\\/7/"),
        ("@places AND text:@crimes", "@places AND text:@crimes"),
        ("link:https://www.gov.uk/x?a=b,c AND d", "link:\"https://www.gov.uk/x?a=b,c\" AND d"),
        ("link:(title:a)", "link:(title:a)"),
        (
            "INT/2024/5334756 OR O’Neill OR co-operation",
            "INT/2024/5334756 OR O’Neill OR co-operation",
        ),
        ("W5 OR near", "W5 OR near"),
    ] {
        let query = parse(given).unwrap_or_else(|error| panic!("{given}: {error}"));
        assert_eq!(query.to_string(), plain, "{given}");
        assert_eq!(parse(plain).as_ref(), Ok(&query), "{plain}");
    }
}

/// Each broken query, the part of it that is pointed at, and words of the
/// message and of the help.
#[test]
fn mistakes_are_pointed_at_and_mended() {
    for (given, at, message, help) in [
        ("", "", "empty", "for example"),
        ("  ", "  ", "empty", "for example"),
        (
            "a AND b OR c",
            "a AND b OR c",
            "two ways",
            "write either `(a AND b) OR c` or `a AND (b OR c)`",
        ),
        (
            "a OR b NOT title:c OR d",
            "a OR b NOT title:c OR d",
            "two ways",
            "`a OR (b AND NOT title:c) OR d` or `(a OR b) AND (NOT title:c OR d)`",
        ),
        (
            "x AND (western balkans sanctions)",
            "western balkans",
            "side by side",
            "write \"western balkans sanctions\" for the phrase, or western AND balkans AND sanctions",
        ),
        ("\"a b\" c", "\"a b\" c", "side by side", "AND, OR or NEAR/10"),
        ("kosovo and serbia", "and", "ordinary word", "capitals: AND"),
        ("not kosovo", "not", "ordinary word", "capitals: NOT"),
        ("kosovo near serbia", "near", "ordinary word", "NEAR/10"),
        ("a NEAR b", "NEAR", "how near", "NEAR/10"),
        ("a NEAR/0 b", "NEAR/0", "how near", "from 1"),
        ("a w/5 b", "w/5", "not an operator", "write NEAR/5"),
        ("a NEAR5 b", "NEAR5", "not an operator", "write NEAR/5"),
        ("a pre/3 b", "pre/3", "not an operator", "write ONEAR/3"),
        ("a w/s b", "w/s", "not an operator", "SAME/sentence"),
        ("a SAME/page b", "SAME/page", "no `SAME/page`", "SAME/paragraph"),
        ("a NEAR/2 b NEAR/3 c", "a NEAR/2 b NEAR/3 c", "two ways", "`(a NEAR/2 b) NEAR/3 c`"),
        (
            "a NEAR/2 b NOT NEAR/3 c",
            "a NEAR/2 b NOT NEAR/3 c",
            "two ways",
            "`(a NEAR/2 b) NOT NEAR/3 c`",
        ),
        ("a AND NOT NEAR/3 b", "NEAR/3", "between two terms", "write a NOT NEAR/3 b"),
        ("a NOT NEAR/3", "", "missing at the end", "write a term"),
        ("hd=kosovo", "hd=kosovo", "not a field", "write title:kosovo"),
        ("lp=(a or b)", "lp=", "not a field", "write lead:"),
        ("a AND co=russia", "co=russia", "not a field", "quote it"),
        ("atleast3 sanctions", "atleast3", "not an operator", "write atleast(3, …)"),
        ("ATLEAST5(sanctions)", "ATLEAST5", "not an operator", "atleast(5, …)"),
        ("hlead(kosovo)", "hlead(", "not a function", "write lead:(…)"),
        ("a OR Headline (b)", "Headline (", "side by side", "AND"),
        ("a OR title(b)", "title(", "not a function", "write title:(…)"),
        ("a NEAR/3 body(b)", "body(", "not a function", "write text:(…)"),
        ("gang /s boat", "/s", "not an operator", "write SAME/sentence"),
        ("gang /p boat AND kosovo /p serbia", "/p", "not an operator", "SAME/paragraph"),
        ("gang /5 boat", "/5", "not an operator", "write NEAR/5"),
        ("gang +3 boat", "+3", "not an operator", "write ONEAR/3"),
        ("gang same boat", "same", "ordinary word", "SAME"),
        ("gang n5 boat", "n5", "not an operator", "write NEAR/5"),
        ("sanction$", "sanction$", "means nothing", "sanction*"),
        ("tilte:kosovo", "tilte", "no field", "did you mean `title:`"),
        ("a OR body:b", "body", "no field", "did you mean `text:`?"),
        ("a OR qqq:b", "qqq", "no field", "fields are title:"),
        ("(a OR b", "(", "never closed", "close it"),
        ("a OR b)", ")", "cannot stand", "open it before"),
        ("a OR ()", "()", "nothing between", "a term"),
        ("a AND", "", "missing at the end", "take the operator away"),
        ("AND a", "AND", "cannot stand", "both sides"),
        ("a AND OR b", "OR", "cannot stand", "both sides"),
        ("NOT NOT a", "NOT NOT ", "more than once", "one"),
        ("\"a b", "\"a b", "does not end", "close it"),
        ("\"\"", "\"\"", "nothing between", "words"),
        ("/a", "/a", "does not end", "slash"),
        ("-kosovo", "-", "nothing here", "write NOT"),
        ("kosovo || serbia", "|", "nothing here", "write OR"),
        ("kosovo && serbia", "&", "nothing here", "write AND"),
        ("*tion", "*", "comes last", "pattern"),
        ("kosovo|serbia", "|", "nothing here", "write OR"),
        ("kosovo; serbia", ";", "nothing here", "double quotes"),
        ("organi?ation", "?", "nothing here", "organi[sz]ation"),
        ("sanction!", "!", "nothing here", "sanction*"),
        ("\"a b\"~5", "~", "nothing here", "NEAR/5"),
        ("title=kosovo", "title=kosovo", "not a field", "write title:kosovo"),
        (
            "https://www.gov.uk/x",
            "https://www.gov.uk/x",
            "link:",
            "write link:https://www.gov.uk/x",
        ),
        ("atlest(3, a)", "atlest", "no function", "did you mean `atleast(`?"),
        ("CAPS(WHO)", "CAPS", "no function", "did you mean `caps(`?"),
        ("xyzzy(a)", "xyzzy", "no function", "caps( atleast("),
        ("kosovo (a OR b)", "kosovo (", "side by side", "AND"),
        ("a, b", ",", "cannot stand", "AND or OR"),
        ("a^3", "^3", "cannot stand", "score("),
        ("atleast(a, 3)", "a", "how often", "atleast(3, sanctions)"),
        ("first(a)", "a", "within how many words", "first(50, sanctions)"),
        ("score(a, b)", "score(a, b)", "no threshold", ">= 3"),
        ("score(a^x) >= 1", "^", "whole number", "^3"),
        ("score(a) > 3", ">", "compares nothing", ">= 3"),
        ("@", "@", "name of a vocabulary", "right after"),
        ("caps()", ")", "wants a word", "caps(WHO)"),
        ("a AND =", "", "wants a word", "=sanctions"),
    ] {
        let error = parse(given).expect_err(given);
        assert_eq!(given.get(error.span.clone()), Some(at), "{given}: {error}");
        assert!(error.message.contains(message), "{given}: {}", error.message);
        assert!(error.help.contains(help), "{given}: {}", error.help);
    }
}

#[test]
fn deep_nesting_is_refused_and_not_a_crash() {
    for deep in ["(".repeat(60_000), "title:".repeat(10_000), format!("{}a", "NOT (".repeat(9_000))]
    {
        assert!(parse(&deep).is_err());
    }
    assert!(parse(&"a OR ".repeat(20_000)).is_err());
    assert!(parse(&format!("{}a{}", "(".repeat(40), ")".repeat(40))).is_ok());
}

#[test]
fn items_of_vocabularies_are_plain_terms_or_queries() {
    for (item, query) in [
        ("Kosovo", "Kosovo"),
        ("Bosnia and Herzegovina", "\"Bosnia and Herzegovina\""),
        (
            "Foreign, Commonwealth & Development Office",
            "\"Foreign, Commonwealth & Development Office\"",
        ),
        ("caps(WHO)", "caps(WHO)"),
        ("bosnia NEAR/3 herzegovina", "bosnia NEAR/3 herzegovina"),
        ("sanction*", "sanction*"),
    ] {
        assert_eq!(parse_item(item).map(|query| query.to_string()), Ok(query.to_owned()));
    }
    assert!(parse_item("a (b").is_err());
    assert!(parse_item(" ").is_err());
}

fn query(ask: Ask) -> Query {
    Query { span: 0..0, ask }
}

/// Any term's text: words, and what needs quotes.
fn term_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        "[a-zA-Zé0-9'*./:=@^,()-]{1,8}( [A-Z&/a-z]{1,5}){0,2}",
        Just("AND".to_owned()),
        Just("NEAR/3".to_owned()),
    ]
    .prop_filter("no words", |text: &String| !text.trim().is_empty())
}

fn field() -> impl Strategy<Value = Field> {
    proptest::sample::select(Field::ALL.to_vec())
}

/// Any query, whether it makes sense or not.
pub(in crate::topics) fn any_query() -> impl Strategy<Value = Query> {
    let leaf = prop_oneof![
        4 => term_text().prop_map(Ask::Words),
        1 => term_text().prop_map(Ask::Exact),
        1 => term_text().prop_map(Ask::Caps),
        1 => "[a-z_][a-z0-9_-]{0,5}".prop_map(Ask::Vocabulary),
        1 => "[a-z(|)/.]{1,6}".prop_map(Ask::Pattern),
    ]
    .prop_map(query);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let many = proptest::collection::vec(inner.clone(), 2..4);
        let unit = prop_oneof![Just(Unit::Sentence), Just(Unit::Paragraph)];
        prop_oneof![
            many.clone().prop_map(Ask::All),
            many.prop_map(Ask::Any),
            boxed.clone().prop_map(Ask::Not),
            (1..100u32, any::<bool>(), boxed.clone(), boxed.clone()).prop_map(
                |(distance, ordered, left, right)| Ask::Near { distance, ordered, left, right }
            ),
            (unit.clone(), boxed.clone(), boxed.clone())
                .prop_map(|(unit, left, right)| Ask::Same { unit, left, right }),
            (1..100u32, any::<bool>(), boxed.clone(), boxed.clone()).prop_map(
                |(distance, ordered, of, without)| Ask::Apart {
                    from: if ordered {
                        Nearness::Following(distance)
                    } else {
                        Nearness::Within(distance)
                    },
                    of,
                    without
                }
            ),
            (unit, boxed.clone(), boxed.clone()).prop_map(|(unit, of, without)| Ask::Apart {
                from: Nearness::In(unit),
                of,
                without
            }),
            (1..100u32, boxed.clone()).prop_map(|(times, of)| Ask::AtLeast { times, of }),
            (1..100u32, boxed.clone()).prop_map(|(words, of)| Ask::First { words, of }),
            (field(), boxed).prop_map(|(field, of)| Ask::In { field, of }),
            (proptest::collection::vec((inner, -9..9i32), 1..4), -9..9i32)
                .prop_map(|(parts, threshold)| Ask::Score { parts, threshold }),
        ]
        .prop_map(query)
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_the_same_query(query in any_query()) {
        let written = query.to_string();
        let read = parse(&written);
        prop_assert!(read.as_ref() == Ok(&query), "{written}\n{read:?}\n{query:?}");
    }

    #[test]
    fn any_text_is_a_query_or_an_error_that_points_into_it(text in "[ -~“”é()\"/*:=@^,]{0,40}") {
        if let Err(error) = parse(&text) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{error:?}");
        }
    }

    #[test]
    fn any_pieces_of_queries_are_a_query_or_an_error_that_points_into_it(
        pieces in proptest::collection::vec(proptest::sample::select(vec![
            "a", "\"b c\"", "AND", "OR", "NOT", "NEAR/3", "NOT NEAR/2", "SAME", "(", ")", ",", "title:", "link:",
            "=", "caps(", "atleast(2,", "first(3,", "score(", "^2", ">= 3", "@v", "/x/", "*", "2",
        ]), 0..12)
    ) {
        let text = pieces.join(" ");
        match parse(&text) {
            Ok(query) => prop_assert_eq!(parse(&query.to_string()), Ok(query)),
            Err(error) => prop_assert!(text.get(error.span.clone()).is_some(), "{:?}", error),
        }
    }
}
