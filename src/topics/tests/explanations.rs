//! Tests the explanations of matches and near misses.

use super::super::query::Field;
use super::*;

const TEXT: &str = "UK sanctions Kosovo gang\n\
    The Foreign Secretary announced in London today, after long talks with many partners, the sanctions.\n\
    A member of the WHO was not sanctioned. Serbia was.";

#[test]
fn a_story_that_is_in_is_told_by_what_was_found() {
    for (query, summary) in [
        ("kosovo", "in it: “Kosovo” (title)"),
        ("sanction", "in it: “sanctions” (title), “sanctions” (text), “sanctioned” (text)"),
        ("\"foreign secretaries\" OR albania", "in it: “Foreign Secretary” (text)"),
        ("kosovo NEAR/2 gang", "in it: “Kosovo gang” (title)"),
        ("kosovo NOT albania", "in it: “Kosovo” (title)"),
        ("NOT albania", "in it: nothing that it leaves out"),
        ("score(kosovo^2, albania^9) >= 2", "in it: “Kosovo” (title)"),
        ("/sanction\\w*/", "“sanctioned” (text)"),
    ] {
        let explanation = explained(query, TEXT);
        assert!(explanation.matched && explanation.near_miss.is_none(), "{query}");
        assert!(explanation.summary.contains(summary), "{query}: {}", explanation.summary);
    }
}

/// Where one change would have let the story in and it has something of the
/// topic, that is a near miss.
#[test]
fn a_near_miss_says_what_was_lacking() {
    for (query, near_miss) in [
        ("kosovo AND albania", "`albania` is nowhere"),
        ("kosovo NOT serbia", "`NOT serbia` leaves it out"),
        ("announced NEAR/10 sanctions", "`announced NEAR/10 sanctions` was 11 apart"),
        ("gang ONEAR/3 kosovo", "`gang ONEAR/3 kosovo` was 1 apart, in the other order"),
        ("kosovo NEAR/3 serbia", "`kosovo NEAR/3 serbia` has its sides in different texts"),
        ("kosovo NEAR/3 (albania OR croatia)", "lacks `albania` or `croatia`"),
        (
            "member SAME/sentence serbia",
            "`member SAME/sentence serbia` never has both in one sentence",
        ),
        ("announced SAME member", "never has both in one paragraph"),
        ("atleast(4, sanction)", "`atleast(4, sanction)` is 3 times in a copy at most"),
        ("first(5, announced)", "`first(5, announced)` ends at word 8 at the earliest"),
        ("title:serbia", "`title:serbia` is in the story, but not in its title"),
        ("\"kosovo sanctions\"", "`\"kosovo sanctions\"` has its words apart from each other"),
        ("=sanction", "`=sanction` is there only as “sanctioned”, “sanctions”"),
        ("caps(FOREIGN)", "`caps(FOREIGN)` is there only as “Foreign”"),
        ("score(kosovo^2, albania) >= 3", "reached 2 of 3"),
        ("(albania AND croatia) OR (kosovo AND croatia)", "`croatia` is nowhere"),
        ("kosovo AND (albania OR croatia)", "`albania OR croatia` is nowhere"),
        ("kosovo AND tag:uk", "`tag:uk` asks for what the story lacks: it has no tag"),
        ("kosovo AND /x+y/", "`/x+y/` fits nothing"),
    ] {
        let explanation = explained(query, TEXT);
        assert!(!explanation.matched, "{query}");
        let told = explanation.near_miss.unwrap_or_default();
        assert!(told.contains(near_miss), "{query}: {told:?} and {}", explanation.summary);
        assert!(explanation.summary.starts_with("nearly in it, one term short: "));
    }
}

#[test]
fn a_place_that_something_near_it_leaves_out_is_shown() {
    let query = "sanctions NOT NEAR/6 (benefit OR claimant)";
    let text = "Benefit sanctions fall\nNew sanctions on Russia follow.";
    let explanation = explained(query, text);
    assert!(explanation.matched);
    assert_eq!(explanation.summary, "in it: “sanctions” (text)");
    let [part] = explanation.reason.parts.as_slice() else { panic!("{explanation:?}") };
    assert_eq!(part.query, "NOT NEAR/6 (benefit OR claimant)");
    assert_eq!((part.holds, part.note.as_deref()), (false, Some("1 place does not count")));
    assert_eq!(part.hits[0].found, "Benefit sanctions");
    let marks =
        compiled(query, &Vocabulary::new()).highlights(&subject_of(text, &Language::default()), 0);
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert_eq!(marks[0].field, Field::Text);

    let left_out = explained(query, "Benefit sanctions fall");
    assert_eq!(
        left_out.near_miss.as_deref(),
        Some(
            "`sanctions NOT NEAR/6 (benefit OR claimant)` is only where “Benefit sanctions” (title) leaves it out"
        )
    );
    let absent = explained(query, "Benefits rise");
    assert_eq!(
        absent.summary,
        "not in it: `sanctions NOT NEAR/6 (benefit OR claimant)` is nowhere"
    );
}

#[test]
fn what_is_far_from_a_topic_is_no_near_miss() {
    for (query, summary) in [
        ("albania", "not in it: `albania` is nowhere"),
        ("albania OR croatia", "`albania OR croatia` is nowhere"),
        ("kosovo AND albania AND croatia", "`albania` is nowhere; `croatia` is nowhere"),
        ("\"north macedonia\"", "lacks `north`"),
        ("albania NEAR/3 croatia", "lacks both sides"),
        ("tag:uk", "it has no tag"),
        ("NOT kosovo", "`NOT kosovo` leaves it out"),
    ] {
        let explanation = explained(query, TEXT);
        assert!(
            !explanation.matched && explanation.near_miss.is_none(),
            "{query}: {explanation:?}"
        );
        assert!(explanation.summary.contains(summary), "{query}: {}", explanation.summary);
    }
}

/// What a copy adds may bring a story into a topic, and never keeps it out.
#[test]
fn words_of_a_copy_alone_do_not_keep_a_story_out() {
    let sources = sources(&[
        ("v", "Ministry", "uk", Role::Department),
        ("a", "Carrier", "trade", Role::Department),
        ("b", "Other carrier", "trade", Role::Department),
    ]);
    let text = "The ministry lists three men.";
    let mut entries = vec![entry("v", "UK sanctions Kosovo gang", text)];
    entries.push(entry("a", "Banana market report", text));
    let story_of_two = story(entries.clone());
    entries.push(entry("b", "Banana prices", text));
    let of_a = "leaves it out by words of the copy of `a` alone";
    for (query, matched, summary) in [
        ("sanctions NOT banana", true, format!("(title). Its lead decides: `NOT banana` {of_a}")),
        (
            "sanctions AND NOT (market OR albania)",
            true,
            format!("`NOT (market OR albania)` {of_a}"),
        ),
        ("kosovo AND NOT (market AND kosovo)", true, format!("`NOT (market AND kosovo)` {of_a}")),
        ("sanctions NOT source:a", true, format!("`NOT source:a` {of_a}")),
        ("score(sanctions^2, banana^-1) >= 2", true, "Its lead decides: `score(".to_owned()),
        ("ministry NOT kosovo", false, "one term short: `NOT kosovo` leaves it out".to_owned()),
        ("market NOT banana", false, format!("one term short: `NOT banana` {of_a}")),
        ("market AND sanctions", true, "in it: “market” (title), “sanctions” (title)".to_owned()),
    ] {
        let set = compiled(query, &Vocabulary::new());
        let subject = subject_of_story(&story_of_two, &sources, &Language::default());
        let explanation = set.explain(&subject, 0);
        assert!(explanation.summary.contains(&summary), "{query}: {}", explanation.summary);
        assert_eq!((explanation.matched, explanation.reason.holds), (matched, matched), "{query}");
        assert_eq!(set.matches(&subject), if matched { vec![0] } else { vec![] }, "{query}");
        assert_eq!(set.is_in(&subject, 0), matched, "{query}");
        let by_lead = explanation.summary.contains("Its lead decides");
        let marks = set.highlights(&subject, 0);
        assert!(!by_lead || marks.iter().all(|mark| mark.member == 0), "{query}: {marks:?}");
    }
    let subject = subject_of_story(&story(entries), &sources, &Language::default());
    let told = compiled("lists AND albania NOT banana", &Vocabulary::new()).explain(&subject, 0);
    let both = "`NOT banana` leaves it out by words of the copies of `a`, `b` alone";
    assert!(told.summary.contains(both), "{}", told.summary);
}

#[test]
fn places_come_with_their_surroundings() {
    let explanation = explained("partners OR \"kosovo gang\"", TEXT);
    let hits: Vec<_> = explanation.reason.parts.iter().flat_map(|part| &part.hits).collect();
    let [partners, gang] = hits[..] else { panic!("{hits:?}") };
    assert_eq!(partners.field, Field::Text);
    assert_eq!(partners.before, "today, after long talks with many ");
    assert_eq!(
        (partners.found.as_str(), partners.after.as_str()),
        ("partners", ", the sanctions.")
    );
    assert_eq!(&TEXT.split_once('\n').expect("two lines").1[partners.range.clone()], "partners");
    assert_eq!(
        (gang.before.as_str(), gang.found.as_str(), gang.after.as_str()),
        ("UK sanctions ", "Kosovo gang", "")
    );
}

#[test]
fn the_reason_has_the_shape_of_the_query() {
    let words = vocabulary(&[("places", &["Kosovo", "Albania"])]);
    let set = compiled("title:@places AND (gang OR boat) AND NOT croatia", &words);
    let reason = set.explain_text(TEXT, 0).reason;
    let told: Vec<_> = reason.parts.iter().map(|part| (part.query.as_str(), part.holds)).collect();
    assert_eq!(told, [("title:@places", true), ("gang OR boat", true), ("NOT croatia", true)]);
    // Of alternatives, those that hold.
    let alternatives: Vec<_> =
        reason.parts[0].parts.iter().map(|part| part.query.as_str()).collect();
    assert_eq!(alternatives, ["title:Kosovo"]);
    assert!(!reason.parts[2].parts[0].holds);
    let far = set.explain_text("Boats", 0).reason;
    assert_eq!(far.parts[0].parts.len(), 2, "where none holds, all are told");
}

#[test]
fn highlights_mark_terms_and_not_what_stands_between() {
    let set =
        compiled("(announced NEAR/20 sanctions) AND kosovo AND NOT albania", &Vocabulary::new());
    let subject = subject_of(TEXT, &Language::default());
    let (title, body) = TEXT.split_once('\n').expect("two lines");
    let marked: Vec<_> = set
        .highlights(&subject, 0)
        .into_iter()
        .map(|mark| if mark.field == Field::Title { &title[mark.range] } else { &body[mark.range] })
        .collect();
    assert_eq!(marked, ["sanctions", "Kosovo", "announced", "sanctions", "sanctioned"]);
}

#[test]
fn an_explanation_survives_being_sent() {
    let explanation = explained("kosovo AND (albania OR gang NEAR/2 kosovo)", TEXT);
    let sent = serde_json::to_string(&explanation).expect("it serialises");
    assert_eq!(serde_json::from_str::<Explanation>(&sent).expect("it reads"), explanation);
}
