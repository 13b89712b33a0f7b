//! Tests that each part of the query language means what it says.

use super::*;

const BALKANS: &str = "UK to tackle Western Balkan migrant transit routes\n\
    Foreign Secretary David Lammy travels to Kosovo and Serbia. \
    The U.S. envoy will join him in Priština.\n\
    Sanctions were not discussed; the WHO was. Who knows?";

#[test]
fn each_part_of_the_language_means_what_it_says() {
    for (query, holds) in [
        // Words, by stem and without case or diacritics.
        ("kosovo", true),
        ("route", true),
        ("sanctioned", true),
        ("pristina", true),
        ("Kosovan", false),
        ("us", true),
        // Phrases.
        ("\"western balkans\"", true),
        ("\"balkan western\"", false),
        ("\"transit routes foreign\"", false),
        ("\"serbia the\"", true),
        ("\"priština sanctions\"", false),
        // Exact forms, capitals, prefixes.
        ("=routes", true),
        ("=route", false),
        ("=\"western balkan\"", true),
        ("=\"western balkans\"", false),
        ("caps(WHO)", true),
        ("caps(KOSOVO)", false),
        ("caps(US)", true),
        ("caps(\"Western Balkan\")", true),
        ("sanct*", true),
        ("anctions*", false),
        ("\"western balk*\"", true),
        // AND, OR, NOT.
        ("kosovo AND serbia", true),
        ("kosovo AND albania", false),
        ("albania OR kosovo", true),
        ("kosovo NOT albania", true),
        ("kosovo NOT serbia", false),
        ("NOT albania", true),
        ("(albania OR kosovo) AND NOT (croatia OR slovenia)", true),
        // Nearness: neighbours are 1 apart.
        ("kosovo NEAR/2 serbia", true),
        ("kosovo NEAR/1 serbia", false),
        ("serbia NEAR/2 kosovo", true),
        ("serbia ONEAR/2 kosovo", false),
        ("kosovo ONEAR/2 serbia", true),
        ("routes NEAR/5 foreign", false),
        ("(albania OR kosovo) NEAR/3 (serbia OR croatia)", true),
        ("(kosovo NEAR/2 serbia) NEAR/2 envoy", false),
        ("(kosovo NEAR/2 serbia) NEAR/3 envoy", true),
        ("\"david lammy\" ONEAR/3 kosovo", true),
        ("who NEAR/50 who", true),
        ("kosovo NEAR/50 kosovo", false),
        // Places with nothing else near them; what overlaps is near.
        ("kosovo NOT NEAR/2 serbia", false),
        ("kosovo NOT NEAR/1 serbia", true),
        ("serbia NOT ONEAR/5 kosovo", true),
        ("kosovo NOT ONEAR/5 serbia", false),
        ("who NOT NEAR/2 (the OR knows)", false),
        ("who NOT NEAR/2 the", true),
        ("atleast(2, who NOT NEAR/2 the)", false),
        ("balkan NOT NEAR/1 \"western balkans\"", false),
        ("balkan NOT NEAR/9 albania", true),
        ("albania NOT NEAR/9 balkan", false),
        ("title:balkan NOT NEAR/99 kosovo", true),
        ("lead:(kosovo NOT NEAR/3 serbia)", false),
        ("(kosovo OR serbia) NOT NEAR/2 envoy", true),
        ("(kosovo NEAR/2 serbia) NOT NEAR/3 envoy", false),
        ("envoy NOT SAME/sentence serbia", true),
        ("envoy NOT SAME serbia", false),
        // Sentences and paragraphs.
        ("kosovo SAME/sentence serbia", true),
        ("serbia SAME/sentence envoy", false),
        ("serbia SAME envoy", true),
        ("serbia SAME/paragraph sanctions", false),
        ("(kosovo NEAR/9 envoy) SAME/sentence serbia", false),
        // Counts and beginnings.
        ("atleast(2, who)", true),
        ("atleast(3, who)", false),
        ("atleast(3, kosovo OR serbia OR priština)", true),
        ("atleast(2, \"western balkans\" OR balkan)", false),
        ("first(4, \"western balkans\")", false),
        ("first(5, \"western balkans\")", true),
        ("first(9, david)", false),
        ("text:first(3, david)", true),
        // Fields of a text.
        ("title:balkan", true),
        ("title:kosovo", false),
        ("lead:kosovo", true),
        ("lead:sanctions", false),
        ("text:sanctions", true),
        ("text:balkan", false),
        ("title:(migrant AND route)", true),
        ("title:(migrant NEAR/1 balkan)", true),
        // Scores.
        ("score(kosovo^2, albania^5, serbia) >= 3", true),
        ("score(kosovo^2, albania^5, serbia) >= 4", false),
        ("score(kosovo, who^-1) >= 1", false),
        ("score(albania) >= 0", true),
        // Patterns.
        ("/migra(nt|tion)s?/", true),
        ("title:/^uk to /", true),
        ("text:/^uk to /", false),
        ("lead:/sanctions/", false),
        ("/SANCTIONS WERE/", true),
        ("/(?-i)SANCTIONS WERE/", false),
    ] {
        assert_eq!(is_in(query, BALKANS), holds, "{query}");
    }
}

#[test]
fn a_story_is_matched_as_a_whole_but_counted_copy_by_copy() {
    let mut first = entry("fcdo", "Kosovo visit", "Talks on crime");
    first.url = url("https://www.gov.uk/government/news/kosovo-visit");
    first.categories = vec!["Press release".to_owned()];
    first.authors = vec!["David Lammy".to_owned()];
    first.tags = vec!["org:home-office".to_owned(), "location:kosovo".to_owned()];
    first.language = Some("en-GB".to_owned());
    let mut second = entry("wired", "Kosovo visit", "Serbia was not mentioned");
    second.original = url("https://news.example.org/a/1");
    let story = story(vec![first, second]);
    let sources = sources(&[
        ("fcdo", "Foreign, Commonwealth & Development Office", "uk", Role::Department),
        ("wired", "Wired-Gov", "news", Role::Syndicator),
    ]);
    let subject = subject_of_story(&story, &sources, &Language::default());
    for (query, holds) in [
        ("crime AND serbia", true),
        ("crime NEAR/9 serbia", false),
        ("atleast(2, kosovo)", false),
        ("source:fcdo", true),
        ("source:\"Foreign, Commonwealth & Development Office\"", true),
        ("source:foreign*", true),
        ("source:foreign", false),
        ("source:(home-office OR wired)", true),
        ("tag:uk AND tag:news", true),
        ("role:syndicator", true),
        ("role:listing", false),
        ("org:home-office", true),
        ("org:\"Home Office\"", true),
        ("location:kosovo", true),
        ("location:/^kos/", true),
        ("category:press", true),
        ("category:\"press releases\"", true),
        ("author:lammy", true),
        ("lammy", false),
        ("lang:en", true),
        ("lang:en-GB", true),
        ("lang:fr", false),
        ("link:gov.uk", true),
        ("link:https://www.gov.uk/government/news", true),
        ("link:gov.uk/government/new", false),
        ("link:gov.uk/government/new*", true),
        ("link:example.org", true),
        ("link:/kosovo-visit$/", true),
        ("NOT role:department", false),
    ] {
        let set = compiled(query, &Vocabulary::new());
        assert_eq!(set.explain(&subject, 0).matched, holds, "{query}");
        assert_eq!(set.matches(&subject).len(), usize::from(holds), "{query}");
        assert_eq!(set.is_in(&subject, 0), holds, "{query}");
    }
}

#[test]
fn vocabularies_stand_for_any_of_their_terms() {
    let words = vocabulary(&[
        ("countries", &["Kosovo", "Bosnia and Herzegovina", "@more"]),
        ("more", &["caps(ALBANIA)", "serbia NEAR/3 montenegro"]),
        ("departments", &["Home Office", "fcdo"]),
    ]);
    let text = "Bosnia and Herzegovina\nSerbia with Montenegro, not Albania";
    let subject = subject_of(text, &Language::default());
    for (query, holds) in [
        ("@countries", true),
        ("title:@countries", true),
        ("text:(@countries AND NOT kosovo)", true),
        ("text:caps(ALBANIA)", false),
        ("@more NEAR/3 albania", true),
        ("atleast(2, @countries)", true),
        ("atleast(3, @countries)", false),
        ("source:@departments", false),
    ] {
        assert_eq!(compiled(query, &words).is_in(&subject, 0), holds, "{query}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused_where_it_stands() {
    let words = vocabulary(&[
        ("places", &["Kosovo", "title:Serbia"]),
        ("round", &["a", "@about"]),
        ("about", &["@round"]),
        ("broken", &["Kosovo", "a AND (b"]),
        ("nothing", &[]),
    ]);
    for (query, at, message, help) in [
        ("a OR @plces", "@plces", "no vocabulary `plces`", "did you mean @places?"),
        ("@xyzzy", "@xyzzy", "no vocabulary", "[vocabulary] xyzzy ="),
        ("@nothing", "@nothing", "is empty", "a term"),
        ("title:(a OR text:b)", "text:b", "nothing is in both", "title:a OR text:a"),
        ("(a AND b) NEAR/3 c", "(a AND b)", "no place", "(a NEAR/5 c) AND (b NEAR/5 c)"),
        ("a NEAR/3 (NOT c)", "(NOT c)", "no place", "NOT (b NEAR/5 c)"),
        ("a SAME /b+/", "/b+/", "no place", "prefix"),
        ("title:a NEAR/3 text:b", "title:a NEAR/3 text:b", "different fields", "title:("),
        ("ab*", "ab*", "too many", "3 letters"),
        ("=sanction*", "=sanction*", "not a whole word", "sanction*"),
        ("a OR \"s*n\"", "\"s*n\"", "comes last", "pattern"),
        ("caps(who)", "caps(who)", "no capital", "=who"),
        ("tag:caps(UK)", "caps(UK)", "capitals", "tag:value"),
        ("role:syndicater", "syndicater", "no role", "role:syndicator?"),
        ("tag:(a NEAR/2 b)", "(a NEAR/2 b)", "labels", "tag:value"),
        ("a OR \"—\"", "\"—\"", "no word", "pattern"),
        ("\"https://www.gov.uk\"", "\"https://www.gov.uk\"", "no word", "link:"),
        (
            "((((a NEAR/2 b) NEAR/2 c) NEAR/2 d) NEAR/2 e) SAME f",
            "((((a NEAR/2 b) NEAR/2 c) NEAR/2 d) NEAR/2 e) SAME f",
            "4 deep",
            "AND",
        ),
        ("/a(b/", "/a(b/", "unclosed group", "\\"),
        ("/\\w{900}{900}/", "/\\w{900}{900}/", "cannot be read", "pattern"),
    ] {
        let problems = tried(query, &words).expect_err(query);
        let problem = problems
            .iter()
            .find(|problem| problem.place == super::super::Place::Query(TopicId::new("topic")));
        let problem = problem.unwrap_or_else(|| panic!("{query}: {problems:?}"));
        assert_eq!(&query[problem.span.clone()], at, "{query}: {problem}");
        assert!(problem.message.contains(message), "{query}: {problem}");
        assert!(problem.help.contains(help), "{query}: {problem}");
    }
    let place_of = |query: &str| {
        let problems = tried(query, &words).expect_err(query);
        problems.into_iter().map(|problem| (problem.place, problem.message)).collect::<Vec<_>>()
    };
    let item = |name: &str, at| super::super::Place::Vocabulary(name.to_owned(), at);
    assert!(place_of("text:@places").iter().any(|(place, _)| *place == item("places", 1)));
    assert!(place_of("a").iter().any(|(place, _)| *place == item("broken", 1)));
    let around = place_of("@round");
    assert!(
        around.iter().any(|(place, message)| *place == item("about", 0)
            && message.contains("@round uses @about uses @round")),
        "{around:?}"
    );
}

#[test]
fn a_query_has_few_patterns() {
    let many = |count: usize| vec!["/a+/"; count].join(" OR ");
    assert!(tried(&many(20), &Vocabulary::new()).is_ok());
    let problems = tried(&many(21), &Vocabulary::new()).expect_err("too many");
    assert!(problems[0].message.contains("at most 20 patterns"), "{problems:?}");
}

#[test]
fn a_copy_is_read_in_its_own_language() {
    let mut french = entry("fcdo", "Nouvelles lois", "Les oiseaux nationaux");
    french.language = Some("fr-FR".to_owned());
    let story = story(vec![french, entry("fcdo", "Sanctioned ministers", "")]);
    let english = Language::default();
    let both = Language { also: vec!["french".to_owned()], ..Language::default() };
    for (language, holds) in [(&english, false), (&both, true)] {
        let topic = TopicId::new("t");
        let query = "\"oiseau national\" AND sanctions";
        let (set, _) =
            TopicSet::of_one(&topic, query, &Vocabulary::new(), language).expect("it compiles");
        let subject = subject_of_story(&story, &Sources::new(), language);
        assert_eq!(set.matches(&subject).len(), usize::from(holds));
    }
}

#[test]
fn what_must_match_is_read_in_every_language_of_the_topics() {
    for (also, query, sample) in [
        ("french", "\"oiseau national\"", "Les oiseaux nationaux"),
        ("german", "sanktion", "Neue Sanktionen gegen eine Bank"),
        ("norwegian", "fartøy", "Fartøyene ligger i havn"),
    ] {
        for language in
            [Language::default(), Language { also: vec![also.to_owned()], ..Language::default() }]
        {
            let topic = TopicId::new("t");
            let (set, _) = TopicSet::of_one(&topic, query, &Vocabulary::new(), &language)
                .expect("it compiles");
            let explanation = set.explain_in_any_language(sample, 0);
            assert!(!set.explain_text(sample, 0).matched, "{sample}");
            assert_eq!(explanation.matched, !language.also.is_empty(), "{sample}");
        }
    }
}

#[test]
fn norwegian_is_known_by_its_written_forms() {
    let language = Language { also: vec!["norwegian".to_owned()], ..Language::default() };
    let topic = TopicId::new("t");
    let (set, _) =
        TopicSet::of_one(&topic, "fartøy", &Vocabulary::new(), &language).expect("it compiles");
    for (tag, holds) in
        [("nb", true), ("nn-NO", true), ("NB-no", true), ("no", true), ("en", false)]
    {
        let mut copy = entry("fcdo", "Fartøyene i havn", "");
        copy.language = Some(tag.to_owned());
        let subject = subject_of_story(&story(vec![copy]), &Sources::new(), &language);
        assert_eq!(!set.matches(&subject).is_empty(), holds, "{tag}");
    }
}

#[test]
fn a_language_is_guessed_where_a_query_asks_for_it_and_matches_the_same_where_none_does() {
    let words = "Le ministre des affaires étrangères a annoncé hier de nouvelles sanctions contre \
                 les personnes qui ont organisé le trafic aux frontières de la région.";
    let story = story(vec![entry("fcdo", "Nouvelles sanctions annoncées", words)]);
    let vocabulary = vocabulary(&[("spoken", &["lang:fr", "lang:de"])]);
    for (query, guesses) in [
        ("sanctions AND lang:fr", true),
        ("sanctions AND @spoken", true),
        ("sanctions NOT border", false),
    ] {
        let topic = TopicId::new("t");
        let language = Language::default();
        let (set, _) =
            TopicSet::of_one(&topic, query, &vocabulary, &language).expect("it compiles");
        let subject = set.subject(&story, &Sources::new());
        assert_eq!(set.matches(&subject), [0], "{query}");
        let is_guessed =
            subject.labels.iter().any(|label| label.field == crate::topics::Field::Lang);
        assert_eq!(is_guessed, guesses, "{query}");
    }
}

#[test]
fn what_can_hardly_be_meant_is_warned_of() {
    for (query, message) in [
        ("a AND NOT a", "`a` is both asked for and left out"),
        ("x OR (a NOT (b OR a))", "can never match"),
        ("score(a^2, b^-4) >= 3", "add up to 2"),
        ("first(2, \"a b c\")", "takes 3 words"),
        ("NOT a", "nearly every story"),
        ("a OR NOT b", "nearly every story"),
    ] {
        let (_, warnings) = tried(query, &Vocabulary::new()).expect(query);
        assert!(warnings.iter().all(|warning| warning.warning));
        assert!(
            warnings.iter().any(|warning| warning.message.contains(message)),
            "{query}: {warnings:?}"
        );
    }
    let (_, warnings) = tried("a NOT b", &vocabulary(&[("unused", &["x"])])).expect("it compiles");
    assert_eq!(warnings, []);
    let topics = [(TopicId::new("t"), "a".to_owned())];
    let unused = vocabulary(&[("unused", &["x"])]);
    let (set, warnings) =
        TopicSet::compile(&topics, &unused, &Language::default()).expect("it compiles");
    assert!(warnings[0].message.contains("no topic uses the vocabulary `unused`"));
    assert_eq!(set.warnings(), warnings);
}

#[test]
fn problems_show_their_place_in_the_query() {
    let query = "kosovo OR\n  tilte:serbia";
    let problem = &tried(query, &Vocabulary::new()).expect_err("no such field")[0];
    assert_eq!(problem.line_and_column(query), (2, 3));
    assert!(
        problem.in_context(query).starts_with("2 |   tilte:serbia\n      ^^^^^ there is no field")
    );
}

#[test]
fn unknown_sources_and_words_of_every_story_are_warned_of() {
    let sources = sources(&[("home-office", "Home Office", "uk", Role::Department)]);
    let topics = [(TopicId::new("t"), "uk AND source:(home-ofice OR \"Home Office\")".to_owned())];
    let (set, _) =
        TopicSet::compile(&topics, &Vocabulary::new(), &Language::default()).expect("it compiles");
    let warnings = set.check_sources(&sources);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].help.contains("source:home-office"), "{warnings:?}");
    let subjects = ["UK a", "UK b", "c"].map(|text| subject_of(text, &Language::default()));
    let warnings = set.check_terms(0, &subjects);
    assert!(warnings.len() == 1 && warnings[0].message.contains("`uk` is in 66 %"), "{warnings:?}");
}

#[test]
fn a_fingerprint_changes_with_what_decides_and_with_nothing_else() {
    let words = vocabulary(&[("v", &["a", "@w"]), ("w", &["source:b"]), ("x", &["c"])]);
    let of = |query: &str, words: &Vocabulary, language: &Language, sources: &Sources| {
        let set = TopicSet::of_one(&TopicId::new("t"), query, words, language).expect(query).0;
        set.topic_version(0, sources)
    };
    let english = Language::default();
    let one = sources(&[("b", "B", "uk", Role::Department)]);
    let other = sources(&[("b", "B", "eu", Role::Department)]);
    let usual = of("@v", &words, &english, &one);
    assert_eq!(usual, of(" ( @v )", &words, &english, &one));
    let mut more = words.clone();
    more.get_mut("x").expect("it is there").push("d".to_owned());
    assert_eq!(usual, of("@v", &more, &english, &one));
    assert_ne!(usual, of("@v", &words, &english, &other), "a vocabulary asks for sources");
    assert_ne!(usual, of("@v OR b", &words, &english, &one));
    assert_ne!(usual, of("@v", &words, &Language { spellings: true, ..english.clone() }, &one));
    more.get_mut("w").expect("it is there").push("d".to_owned());
    assert_ne!(usual, of("@v", &more, &english, &one));
    assert_eq!(of("a", &words, &english, &one), of("a", &words, &english, &other));
}

#[test]
fn a_prefix_stands_for_both_spellings_where_they_are_one_word() {
    let one = Language { spellings: true, ..Language::default() };
    for (query, text) in [
        ("organis*", "An organization"),
        ("organiz*", "Organised crime"),
        ("defenc*", "The Defense Secretary"),
        ("labor*", "A Labour minister"),
        ("\"harbour* mast*\"", "The harbor master"),
    ] {
        for (language, expected) in [(&one, true), (&Language::default(), false)] {
            let (topic, nothing) = (TopicId::new("topic"), Vocabulary::new());
            let (set, _) =
                TopicSet::of_one(&topic, query, &nothing, language).expect("it compiles");
            let is_in = set.is_in(&subject_of(text, language), 0);
            assert_eq!(is_in, expected, "{query} in {text}");
            assert_eq!(set.matches(&subject_of(text, language)).len(), usize::from(expected));
        }
    }
}
