//! Reads JSON Feeds that hold what JSON does not know.

use super::*;

#[test]
fn json_with_half_a_character_is_read() {
    let feed = |title: &str| {
        format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\
             \"items\":[{{\"id\":\"1\",\"title\":\"{title}\"}}]}}"
        )
    };
    for (written, title, is_repaired) in [
        ("A \\ud83d", "A \u{FFFD}", true),
        ("A \\ud83d\\ude00", "A \u{1F600}", false),
        ("\\ude00 B \\\\ud83d", "\u{FFFD} B \\ud83d", true),
    ] {
        let parsed = read_well(&feed(written));
        assert_eq!(parsed.entries[0].title, title, "{written}");
        assert_eq!(!parsed.warnings.is_empty(), is_repaired, "{:?}", parsed.warnings);
    }
}

#[test]
fn one_value_that_json_does_not_know_costs_neither_its_entry_nor_the_document() {
    for (value, guid) in [
        ("1e999999", Some("1e999999")),
        ("-1e400", Some("-1e400")),
        ("0017", Some("0017")),
        ("NaN", None),
        ("undefined", None),
        ("\"urn:\u{85}b\"", None),
        ("\"two\nlines\"", None),
        ("17", Some("17")),
    ] {
        let item = |id: &str| {
            format!("{{\"id\":{id},\"url\":\"https://a.example/{}\",\"title\":\"A \"}}", id.len())
        };
        let feed = format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"items\":[{},{}]}}",
            item(value),
            item("\"urn:a\""),
        );
        let parsed = read_well(&feed);
        assert_eq!(parsed.entries.len(), 2, "{value}");
        assert_eq!(parsed.entries[1].guid.as_deref(), Some("urn:a"), "{value}");
        if guid.is_some() {
            assert_eq!(parsed.entries[0].guid.as_deref(), guid, "{value}");
        }
        assert_eq!(parsed.warnings.is_empty(), value == "17", "{value}: {:?}", parsed.warnings);
    }
}

#[test]
fn items_of_other_apis_are_read() {
    for (written, title, url, text, date) in [
        (
            r#"[{"id":1,"url":"https://a.example/1","title":"One","content_html":"<p>Text</p>","date_published":"2025-04-02T11:05:00Z"}]"#,
            "One",
            "https://a.example/1",
            "Text",
            "2025-04-02T11:05:00Z",
        ),
        (
            r#"[{"id":1,"guid":{"rendered":"https://a.example/?p=1"},"link":"https://a.example/1","title":{"rendered":"One &amp; two"},"content":{"rendered":"<p>Text</p>","protected":false},"date":"2025-04-02T13:05:00","date_gmt":"2025-04-02T11:05:00"}]"#,
            "One & two",
            "https://a.example/1",
            "Text",
            "2025-04-02T11:05:00Z",
        ),
        (
            r#"{"count":1,"items":[{"link":"https://a.example/1","headline":"One","description":"Text","pubDate":"Wed, 02 Apr 2025 11:05:00 GMT"}]}"#,
            "One",
            "https://a.example/1",
            "Text",
            "2025-04-02T11:05:00Z",
        ),
    ] {
        let parsed = read_well(written);
        let entry = &parsed.entries[0];
        assert_eq!(parsed.format, "JSON", "{written}");
        assert_eq!(entry.title, title, "{written}");
        assert_eq!(entry.url.as_ref().map(Url::as_str), Some(url), "{written}");
        assert_eq!(entry.text, text, "{written}");
        assert_eq!(entry.published.map(|at| at.to_string()).as_deref(), Some(date), "{written}");
    }
    let one_untitled = r#"[{"url":"https://a.example/1","title":"One"},{"url":"https://a.example/2","content_text":"Text"}]"#;
    assert_eq!(read_well(one_untitled).entries.len(), 2);
    for written in ["[]", "[1,2]", r#"[{"error":"none"}]"#, r#"[{"name":"Rate","value":2}]"#] {
        let failure = parse(&document(written), &Limits::default()).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotAFeed, "{written}");
    }
}

#[test]
fn items_are_read_as_a_list_whatever_holds_them() {
    let feed = |items: &str| {
        format!("{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\"{items}}}")
    };
    let item = |title: &str| format!("{{\"id\":\"{title}\",\"title\":\"{title}\"}}");
    let numbered =
        format!(",\"items\":{{\"0\":{},\"2\":{},\"10\":{}}}", item("a"), item("b"), item("c"));
    for (items, titles, warning) in [
        (numbered, &["a", "b", "c"][..], None),
        (format!(",\"items\":{}", item("a")), &["a"], None),
        (format!(",\"items\":[{},],", item("a")), &["a"], Some("values that JSON does not know")),
        (",\"items\":null".to_owned(), &[], None),
        (String::new(), &[], Some("the JSON Feed has no `items`")),
    ] {
        let parsed = read_well(&feed(&items));
        let read: Vec<&str> = parsed.entries.iter().map(|entry| entry.title.as_str()).collect();
        assert_eq!(read, titles, "{items}");
        let warnings = parsed.warnings.join("; ");
        assert_eq!(warnings.is_empty(), warning.is_none(), "{items}: {warnings}");
        assert!(warnings.contains(warning.unwrap_or_default()), "{items}: {warnings}");
    }
    for items in ["\"none\"", "17", "true"] {
        let items = feed(&format!(",\"items\":{items}"));
        let failure = parse(&document(&items), &Limits::default()).unwrap_err();
        assert!(failure.message.contains("instead of a list"), "{failure}");
    }
}

#[test]
fn dates_of_json_are_read_as_those_of_xml() {
    let item = |date: &str| format!("{{\"id\":\"{date}\",\"date_published\":\"{date}\"}}");
    let feed = format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"T\",\"language\":\"pl\",\
         \"items\":[{},{},{},{}]}}",
        item("02/04/2025"),
        item("25/04/2025"),
        item("3 listopada 2025"),
        item("soon")
    );
    let parsed = read_well(&feed);
    let dates: Vec<_> = parsed.entries.iter().map(|entry| entry.published).collect();
    let dates: Vec<_> = dates.iter().map(|date| date.map(|date| date.to_string())).collect();
    let some = |date: &str| Some(format!("{date}T00:00:00Z"));
    assert_eq!(dates, [some("2025-04-02"), some("2025-04-25"), some("2025-11-03"), None]);
    assert_eq!(parsed.warnings, ["dates that could not be read: 1, such as `soon`"]);
}
