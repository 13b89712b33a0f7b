//! Entries that one document lists together, or leaves out.

use super::*;

const WORKS: &str = "https://www.council.example/road-works";
const LONG: &str = "Apply to the harbourmaster in writing by the third of May with two references.";

fn notice(guid: &str, link: &str, title: &str, date: &str, text: &str) -> Entry {
    let date = (date != "-").then(|| at(date));
    Entry {
        text: text.to_owned(),
        published: date,
        updated: None,
        ..entry("fcdo", guid, link, title)
    }
}

/// How many stories a document makes, read three times.
fn stories_of(document: &[Entry]) -> usize {
    let mut desk = Desk::new();
    for _ in 0..3 {
        desk.read(document);
        desk.now = desk.now.after(std::time::Duration::from_secs(3600));
    }
    desk.known.stories.values().filter(|story| story.stands()).count()
}

#[test]
fn two_in_one_document_are_two() {
    let day = "2025-04-02T00:00:00Z";
    let next = "2025-04-03T00:00:00Z";
    for (what, document, expected) in [
        (
            "two ids, one link, one title, one date, two texts",
            vec![
                notice(
                    "w-101",
                    WORKS,
                    "Road closure",
                    day,
                    "High Street, Alderford, is closed for gas works.",
                ),
                notice(
                    "w-102",
                    WORKS,
                    "Road closure",
                    day,
                    "Mill Lane, Tarn, is closed while a wall is rebuilt.",
                ),
            ],
            2,
        ),
        (
            "the same on a page that nobody calls a list",
            vec![
                notice(
                    "tag:c.example,2025:1",
                    "https://c.example/gritting",
                    "Gritting tonight",
                    day,
                    "Routes one to four from six.",
                ),
                notice(
                    "tag:c.example,2025:2",
                    "https://c.example/gritting",
                    "Gritting tonight",
                    day,
                    "Routes five to nine from eight.",
                ),
                notice(
                    "tag:c.example,2025:3",
                    "https://c.example/gritting",
                    "Gritting tonight",
                    day,
                    "The airport road all night.",
                ),
            ],
            3,
        ),
        (
            "two vacancies without link and text",
            vec![
                notice("job-1000101", "-", "Librarian", day, ""),
                notice("job-1000102", "-", "Librarian", day, ""),
            ],
            2,
        ),
        (
            "two vacancies without link, with one sentence",
            vec![
                notice("job-1000101", "-", "Librarian", day, "Full time, at Carrow."),
                notice("job-1000102", "-", "Librarian", day, "Full time, at Carrow."),
            ],
            2,
        ),
        (
            "two vacancies with one text on two pages",
            vec![
                notice("job-1000101", "https://c.example/jobs/2", "Librarian", day, LONG),
                notice("job-1000102", "https://c.example/jobs/22", "Librarian", day, LONG),
            ],
            2,
        ),
        (
            "three warnings without ids on one page",
            vec![
                notice(
                    "-",
                    "https://c.example/weather-today",
                    "Weather warning",
                    "2025-04-01T00:00:00Z",
                    "Gales in the northern isles.",
                ),
                notice(
                    "-",
                    "https://c.example/weather-today",
                    "Weather warning",
                    day,
                    "Snow above three hundred metres.",
                ),
                notice(
                    "-",
                    "https://c.example/weather-today",
                    "Weather warning",
                    next,
                    "Ice on roads after a wet evening.",
                ),
            ],
            3,
        ),
        (
            "results without ids on a list, one a day",
            vec![
                notice(
                    "-",
                    "https://c.example/news",
                    "Auction results",
                    "2025-04-01T00:00:00Z",
                    "Sold at 99.",
                ),
                notice("-", "https://c.example/news", "Auction results", day, "Sold at 98."),
            ],
            2,
        ),
        // Controls: one entry that is listed twice.
        (
            "one entry under two made-up ids",
            vec![
                notice("a-5000001", "https://c.example/n/pier-opens", "Pier opens", day, LONG),
                notice("b-5000002", "https://c.example/n/pier-opens", "Pier opens", day, LONG),
            ],
            1,
        ),
        (
            "a page that is listed again with a longer text",
            vec![
                notice("-", "https://c.example/n/pier-opens", "Pier opens", day, LONG),
                notice(
                    "-",
                    "https://c.example/n/pier-opens",
                    "Pier opens",
                    next,
                    &format!("{LONG} Late letters count."),
                ),
            ],
            1,
        ),
        (
            "a page whose ids are the link and a time",
            vec![
                notice(
                    "https://c.example/n/pier#2025-04-02T00:00:00Z",
                    "https://c.example/n/pier",
                    "Pier opens",
                    day,
                    "Opens at nine.",
                ),
                notice(
                    "https://c.example/n/pier#2025-04-03T00:00:00Z",
                    "https://c.example/n/pier",
                    "Pier opens",
                    next,
                    "It opens at ten o'clock.",
                ),
            ],
            1,
        ),
        (
            "the same entry twice, without id and link",
            vec![
                notice("-", "-", "Pier opens", day, "Opens at nine."),
                notice("-", "-", "Pier opens", day, "Opens at nine."),
            ],
            1,
        ),
        (
            "the same id twice",
            vec![
                notice(
                    "n-5000001",
                    "https://c.example/n/1-pier",
                    "Pier opens",
                    day,
                    "Opens at nine.",
                ),
                notice(
                    "n-5000001",
                    "https://c.example/n/1-pier",
                    "Pier opens",
                    day,
                    "It opens at nine in the morning.",
                ),
            ],
            1,
        ),
    ] {
        assert_eq!(stories_of(&document), expected, "{what}");
    }
}

/// A delivery of a hub, or a document that breaks off, does not show what has left.
#[test]
fn in_a_part_of_a_document_nothing_has_left() {
    let day = "2025-04-02T00:00:00Z";
    for (what, one, other) in [
        (
            "pages and ids of two vacancies",
            notice("job-1000101", "https://c.example/jobs/2", "Harbour pilot", day, LONG),
            notice("job-1000102", "https://c.example/jobs/22", "Harbour pilot", day, LONG),
        ),
        (
            "ids without pages",
            notice("job-1000101", "-", "Harbour pilot", day, LONG),
            notice("job-1000102", "-", "Harbour pilot", day, LONG),
        ),
        (
            "two notices on one page",
            notice("w-1000101", WORKS, "Road closure", day, "High Street is closed for gas works."),
            notice("w-1000102", WORKS, "Road closure", day, "Mill Lane is closed for a week."),
        ),
    ] {
        let mut desk = Desk::new();
        desk.extent = Extent::Part;
        desk.read(std::slice::from_ref(&one));
        desk.read(std::slice::from_ref(&other));
        let stories = desk.known.stories.values().filter(|story| story.stands()).count();
        assert_eq!(stories, 2, "{what}");
        // In a whole document the first would be gone, and the other be what became of it.
    }
}

#[test]
fn ids_that_change_at_every_poll_repeat_nothing() {
    let day = "2025-04-02T00:00:00Z";
    let mut desk = Desk::new();
    for poll in 0..4 {
        let document: Vec<Entry> = ["Alderford", "Carrow", "Tarn"]
            .iter()
            .enumerate()
            .map(|(at, place)| {
                let text = format!("{place}: {LONG}");
                let link = format!("https://c.example/n/{at}-{place}");
                notice(
                    &format!("r-{poll}7{at}00000"),
                    &link,
                    &format!("Bridge at {place}"),
                    day,
                    &text,
                )
            })
            .collect();
        desk.read(&document);
    }
    assert_eq!(desk.known.stories.len(), 3);
}
