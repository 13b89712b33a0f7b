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

/// Ids that are places in the list: each entry has another one when a new one comes. No story may
/// be given to another announcement, and none is news twice.
#[test]
fn ids_that_are_places_repeat_nothing() {
    let titles = [
        "Bridge at Carrow",
        "Ferry to Tarn",
        "School at Orm",
        "Sea wall at Lowhaven",
        "Library opens",
    ];
    let place_names: [fn(usize) -> String; 3] = [
        |place| format!("item-2025-000{place}"),
        |place| place.to_string(),
        |place| format!("https://c.example/list#{place}"),
    ];
    for name in place_names {
        for (has_links, dates) in [
            (true, ["2025-04-02T00:00:00Z"; 5]),
            (false, ["2025-04-02T00:00:00Z"; 5]),
            (true, ["-"; 5]),
            (false, ["-"; 5]),
        ] {
            let mut desk = Desk::new();
            let mut before = BTreeMap::new();
            for newest in 2..=titles.len() {
                let listed = titles[..newest].iter().rev().enumerate();
                let document: Vec<Entry> = listed
                    .map(|(place, title)| {
                        let link = format!(
                            "https://c.example/n/{}",
                            title.replace(' ', "-").to_lowercase()
                        );
                        let link = if has_links { &link } else { "-" };
                        let text = format!("{title}: more.");
                        notice(&name(place), link, title, dates[place], &text)
                    })
                    .collect();
                let what = format!("{} {has_links} {}, {newest}", name(0), dates[0]);
                let verdicts = desk.verdicts(&document);
                let new = verdicts.iter().filter(|verdict| **verdict == Verdict::New).count();
                assert_eq!(new, if newest == 2 { 2 } else { 1 }, "{what}: {verdicts:?}");
                assert!(!verdicts.contains(&Verdict::Revised), "{what}: {verdicts:?}");
                let stories = desk.known.stories.values();
                let now: BTreeMap<_, _> = stories
                    .map(|story| (story.id.to_string(), story.members[0].entry.title.clone()))
                    .collect();
                for (id, title) in &before {
                    assert_eq!(now.get(id), Some(title), "{what}");
                }
                before = now;
            }
            assert_eq!(before.len(), titles.len());
        }
    }
}

/// One id for whatever a source says now.
#[test]
fn an_id_for_whatever_is_latest_names_nothing() {
    let day = "2025-04-02T00:00:00Z";
    for id in ["0", "latest", "alert-2025", "https://c.example/"] {
        for link in ["-", "own", "https://c.example/news"] {
            let alert = |title: &str, text: &str| {
                let own = format!("https://c.example/n/{}", title.replace(' ', "-"));
                notice(id, if link == "own" { &own } else { link }, title, day, text)
            };
            let gale = alert("Gale in the north", "Ships stay in port until the wind drops.");
            let longer = alert(
                "Gale in the north",
                "Ships stay in port until the wind drops, and ferries stop at noon.",
            );
            let quake = alert("Quake off Tarn", "Buildings shook, and nobody was hurt in town.");
            let mut desk = Desk::new();
            for document in [[gale], [longer]] {
                desk.read(&document);
            }
            assert_eq!(desk.known.stories.len(), 1, "{id} {link}");
            desk.read(&[quake]);
            assert_eq!(desk.known.stories.len(), 2, "{id} {link}: {:#?}", desk.clusters());
        }
    }
}

/// Documents that grow: each entry has one story, and a second reading changes nothing, however little
/// the names of its entries say.
#[test]
fn entries_without_names_of_their_own_stay_apart_and_settle() {
    const PLACES: [&str; 4] = ["High Street", "Mill Lane", "The Quay", "Orm Bridge"];
    let words: [fn(&str) -> String; 3] = [
        |_| String::new(),
        |place| format!("{place} closed."),
        |place| format!("{place} in Alderford is closed for gas works until the end of the week."),
    ];
    let dates: [fn(usize) -> String; 3] = [
        |_| "-".to_owned(),
        |_| "2025-04-02T00:00:00Z".to_owned(),
        |place| format!("2025-04-0{}T00:00:00Z", place + 1),
    ];
    let page = "https://www.council.example/transport/road-works-today";
    let mut wrong = Vec::new();
    for id in ["-", "0", "N/A", "https://www.council.example/", "link"] {
        for link in ["-", "https://www.council.example/news", page] {
            for (length, text) in words.iter().enumerate() {
                for (dated, date) in dates.iter().enumerate() {
                    for one_title in [true, false] {
                        // One id and one page mean one entry, where no text shows another.
                        let has_id_and_page = link == page && !matches!(id, "-" | "link");
                        if length == 0 && (one_title || has_id_and_page)
                            || id == "link" && link != page
                        {
                            continue;
                        }
                        let notices: Vec<Entry> = PLACES
                            .iter()
                            .enumerate()
                            .map(|(at, place)| {
                                let title = match one_title {
                                    true => "Road closure".to_owned(),
                                    false => format!("{place} works"),
                                };
                                let id = if id == "link" { link } else { id };
                                notice(id, link, &title, &date(at), &text(place))
                            })
                            .collect();
                        let mut desk = Desk::new();
                        let mut unsettled = Vec::new();
                        for listed in 1..=notices.len() {
                            desk.read(&notices[..listed]);
                            unsettled.extend(desk.verdicts(&notices[..listed]));
                        }
                        // The oldest leave first.
                        for left in 1..notices.len() {
                            unsettled.extend(desk.verdicts(&notices[left..]));
                        }
                        let stories = desk.known.stories.len();
                        if stories != notices.len() || !unsettled.is_empty() {
                            wrong.push(format!(
                                "id {id}, link {link}, text {length}, dates {dated}, one title {one_title}: {stories} stories, {unsettled:?}"
                            ));
                        }
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// An entry without names of its own that is corrected, beside one that is not.
#[test]
fn a_correction_of_an_entry_without_names_is_no_news() {
    let day = "2025-04-02T00:00:00Z";
    for id in ["-", "0"] {
        for link in ["-", "https://c.example/news"] {
            let closure =
                |text: &str| notice(id, link, "Road closure", day, &format!("{text} is closed."));
            let works = notice(id, link, "Sea wall", day, "Works begin on the sea wall.");
            let mut desk = Desk::new();
            desk.read(&[closure("High Street"), closure("Mill Lane"), works.clone()]);
            desk.read(&[closure("High Street"), closure("Mill Lane, Tarn,"), works]);
            assert_eq!(desk.known.stories.len(), 3, "{id} {link}: {:#?}", desk.clusters());
            let texts: BTreeSet<_> = desk
                .known
                .stories
                .values()
                .map(|story| story.members[0].entry.text.clone())
                .collect();
            assert!(texts.contains("High Street is closed."), "{texts:?}");
            assert!(texts.contains("Mill Lane, Tarn, is closed."), "{texts:?}");
        }
    }
}
