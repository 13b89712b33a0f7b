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
