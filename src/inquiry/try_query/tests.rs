//! Tests excerpts and weeks.

use super::excerpt::{EXCERPT, around, marked};
use super::*;
use crate::publish::Marked;

fn shown(text: &str, marks: &[(usize, usize)]) -> String {
    let marks: Vec<_> = marks.iter().map(|(start, end)| *start..*end).collect();
    let parts = marked(text, around(text, marks.first()), &marks);
    let tell = |part: Marked| if part.marked { format!("[{}]", part.text) } else { part.text };
    parts.into_iter().map(tell).collect()
}

#[test]
fn weeks_are_those_of_iso_8601_and_leave_none_out() {
    let at = |day: &str| Timestamp::parse_rfc3339(&format!("{day}T12:00:00Z")).unwrap();
    let counts = BTreeMap::from([(week_of(at("2024-12-29")), 2), (week_of(at("2025-01-06")), 1)]);
    let told: Vec<_> = weeks(&counts, at("2020-01-01"), at("2025-01-13"))
        .into_iter()
        .map(|week| (week.week, week.monday, week.count))
        .collect();
    let expected = [
        ("2024-W52", "2024-12-23", 2), // 29 December 2024 was a Sunday
        ("2025-W01", "2024-12-30", 0),
        ("2025-W02", "2025-01-06", 1),
        ("2025-W03", "2025-01-13", 0),
    ];
    let expected = expected.map(|(week, monday, count)| (week.into(), monday.into(), count));
    assert_eq!(told, expected);
}

#[test]
fn an_excerpt_begins_near_its_first_mark_and_ends_between_words() {
    let text = format!("First.\n{}sanctions on {}", "word ".repeat(100), "more ".repeat(100));
    let mark = text.find("sanctions").unwrap();
    let told = shown(&text, &[(mark, mark + 9)]);
    assert!(told.starts_with("… word word "), "{told}");
    assert!(told.contains(" [sanctions] on more"), "{told}");
    assert!(told.ends_with("more …"), "{told}");
    assert!(told.chars().count() < EXCERPT + 10, "{told}");
}

#[test]
fn a_short_text_is_shown_whole_and_marks_may_stand_anywhere() {
    for (text, marks, told) in [
        ("", vec![], ""),
        ("É", vec![(0, 2)], "[É]"),
        ("a b c", vec![(0, 1), (4, 5)], "[a] b [c]"),
        ("one\ntwo", vec![(4, 7)], "… [two]"),
        ("no mark", vec![], "no mark"),
    ] {
        assert_eq!(shown(text, &marks), told, "{text:?} {marks:?}");
    }
}

#[test]
fn a_mark_longer_than_an_excerpt_is_shown_whole() {
    let text = "word ".repeat(200);
    let told = shown(&text, &[(0, text.len())]);
    assert_eq!(told, format!("[{text}]"));
}
