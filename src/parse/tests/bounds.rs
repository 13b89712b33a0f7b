//! Reads documents that say one thing very often, at great length, or twice.

use super::*;

/// Documents of one entry that has this id, in each format.
fn with_id(id: &str) -> [String; 4] {
    [
        format!(
            "<rss version='2.0'><channel><title>T</title><item><title>I</title><guid>{id}</guid></item></channel></rss>"
        ),
        format!(
            "<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id><entry><id>{id}</id><title>I</title></entry></feed>"
        ),
        format!(
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'><channel><title>T</title></channel><item rdf:about='{id}'><title>I</title></item></rdf:RDF>"
        ),
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[{{\"id\":\"{id}\",\"title\":\"I\",\"content_text\":\"x\"}}]}}"
        ),
    ]
}

#[test]
fn an_id_of_any_length_is_kept_short_and_the_same() {
    let long = |end: &str| format!("{}{end}", "https://a.bc/go?u=".repeat(5000));
    let [ones, others] = [long("1"), long("2")].map(|id| with_id(&id));
    for (one, other) in ones.iter().zip(&others) {
        let parsed = read_well(one);
        let id = parsed.entries[0].guid.clone().unwrap();
        assert!(id.len() <= 2048 && id.contains("https://a.bc/go?u="), "{id}");
        assert_eq!(read_well(one).entries[0].guid.as_ref(), Some(&id));
        assert_ne!(read_well(other).entries[0].guid.as_ref(), Some(&id));
        assert_eq!(parsed.entries[0].url, None, "a shortened id is no address");
        let warning = "ids too long to be kept whole, kept as a hash and their beginning: 1";
        assert_eq!(parsed.warnings, [warning]);
    }
    for whole in with_id("https://a.example/1") {
        assert_eq!(read_well(&whole).entries[0].guid.as_deref(), Some("https://a.example/1"));
        assert_eq!(read_well(&whole).warnings, [""; 0]);
    }
}

#[test]
fn notices_of_deleted_entries_are_bounded_and_name_entries_by_the_same_ids() {
    let long = "x".repeat(5000);
    let deleted = |id: &str| format!("<at:deleted-entry ref='{id}' when='2025-04-02T11:05:00Z'/>");
    let notices: String = [&*long, "2", "3", "4", "5"].map(deleted).concat();
    let feed = format!(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:at='http://purl.org/atompub/tombstones/1.0'>\
         <id>f</id>{notices}<entry><id>{long}</id><title>I</title></entry></feed>"
    );
    let limits = Limits { entries: 3, ..Limits::default() };
    let parsed = parse(&document(&feed), &limits).unwrap();
    let ids: Vec<&str> = parsed.hints.deleted.iter().map(|(id, _)| &**id).collect();
    assert_eq!(ids, [parsed.entries[0].guid.as_deref().unwrap(), "2", "3"]);
    let warning =
        "notices of deleted entries, more than the 3 that are kept, which were left out: 2";
    assert!(parsed.warnings.iter().any(|given| given == warning), "{:?}", parsed.warnings);
}

#[test]
fn a_media_type_that_is_too_long_is_none() {
    for (written, kept) in [("text/html", Some("text/html")), (&*"x/".repeat(4000), None)] {
        let enclosure =
            format!("<enclosure url='https://example.org/1.pdf' type='{written}' length='9'/>");
        let parsed = read_well(&with_item(&enclosure));
        assert_eq!(parsed.entries[0].enclosures[0].media_type.as_deref(), kept);
    }
}

#[test]
fn of_two_texts_the_longer_counts_and_the_other_is_reported() {
    let lost = |count: usize| {
        format!(
            "titles, descriptions or contents that their entry gives more than once, which were left out: {count}"
        )
    };
    for (inside, text, left_out) in [
        (
            "<description>Short.</description><description>The long text.</description>",
            "The long text.",
            1,
        ),
        (
            "<description>The long text.</description><description>Short.</description>",
            "The long text.",
            1,
        ),
        ("<description>Same.</description><description>Same.</description>", "Same.", 0),
        ("<description>Text.</description><description> </description>", "Text.", 0),
        ("<description/><description>Text.</description>", "Text.", 0),
        (
            "<description>One.</description><description>The second.</description><description>Two.</description>",
            "The second.",
            2,
        ),
        (
            "<description xml:lang='fr'>Un texte assez long.</description><description xml:lang='en'>Text.</description>",
            "Text.",
            0,
        ),
        ("<title>Another title</title><description>Text.</description>", "Text.", 1),
    ] {
        let feed = with_item(inside)
            .replace("<title>T</title>", "<title>T</title><language>en</language>");
        let parsed = read_well(&feed);
        assert_eq!(parsed.entries[0].title, "I", "{inside}");
        assert_eq!(parsed.entries[0].text, text, "{inside}");
        let warnings: Vec<String> = (left_out > 0).then(|| lost(left_out)).into_iter().collect();
        assert_eq!(parsed.warnings, warnings, "{inside}");
    }
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><id>f</id><entry><id>1</id><title>I</title>\
                <content>Short.</content><content>The long text.</content></entry></feed>";
    assert_eq!(read_well(atom).entries[0].text, "The long text.");
}

#[test]
fn only_the_entry_that_was_cut_off_is_marked_if_it_is_kept() {
    let dated = |n: usize| {
        format!(
            "<item><title>Entry {n}</title><pubDate>0{n} Apr 2025 11:05:00 GMT</pubDate></item>"
        )
    };
    let rss = format!(
        "<rss version='2.0'><channel><title>T</title>{}<item><title>Cut off</title><pub",
        [1, 2, 3].map(dated).concat()
    );
    let object = |n: usize| {
        format!(
            "{{\"id\":\"{n}\",\"title\":\"Entry {n}\",\"date_published\":\"2025-04-0{n}T11:05:00Z\"}},"
        )
    };
    let json = format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[{}{{\"id\":\"4\",\"title\":\"Cut off\",\"date_pub",
        [1, 2, 3].map(object).concat()
    );
    for text in [rss, json] {
        for (most, titles, broken_off) in [
            (10, &["Entry 1", "Entry 2", "Entry 3", "Cut off"][..], Break::WithinLast),
            (4, &["Entry 1", "Entry 2", "Entry 3", "Cut off"], Break::WithinLast),
            (3, &["Entry 1", "Entry 2", "Entry 3"], Break::Between),
            (2, &["Entry 2", "Entry 3"], Break::Between),
            (1, &["Entry 3"], Break::Between),
        ] {
            let limits = Limits { entries: most, ..Limits::default() };
            let parsed = parse(&document(&text), &limits).unwrap();
            let found: Vec<&str> = parsed.entries.iter().map(|entry| &*entry.title).collect();
            assert_eq!(found, titles, "{most} {text}");
            assert_eq!(parsed.broken_off, Some(broken_off), "{most} {text}");
            let marked: Vec<&str> = parsed
                .entries
                .iter()
                .filter(|entry| entry.cut_off)
                .map(|entry| &*entry.title)
                .collect();
            let expected = if broken_off == Break::WithinLast { vec!["Cut off"] } else { vec![] };
            assert_eq!(marked, expected, "{most} {text}");
        }
    }
}

#[test]
fn a_text_that_is_cut_is_reported_also_where_selectors_shorten_it() {
    let rules = crate::model::TextRules { cut: vec!["div.ad".to_owned()], ..Default::default() };
    let surroundings = Surroundings { rules: &rules, ..Surroundings::default() };
    let limits = Limits { field: Size(2000), ..Limits::default() };
    for (words, is_cut) in [(900, true), (50, false)] {
        let html = format!(
            "<div class=\"ad\">{}</div><p>{}</p>",
            "Buy. ".repeat(100),
            "word ".repeat(words)
        );
        let item = format!("<description><![CDATA[{html}]]></description>");
        let document = document(&with_item(&item));
        let parsed = parse_until(&document, &limits, &surroundings, &Cancelled::never()).unwrap();
        let warning = "texts too long or too deep, which were cut: 1";
        assert_eq!(parsed.warnings.iter().any(|given| given == warning), is_cut, "{words}");
        assert!(!parsed.entries[0].text.contains("Buy"));
    }
}
