//! Sources that list other entries at every poll, the same under other names, or all of one date.

use super::watching::{document, events, renamed, status};
use super::world::{DAY, HOUR};
use crate::support::world::World;

/// One source that serves these documents, each at one poll.
async fn served(documents: &[String]) -> World {
    let world = World::new().await.source("dep", documents[0].as_bytes()).start().await;
    for document in &documents[1..] {
        world.site.document("/dep", document.as_bytes());
        world.pass(2 * HOUR).await;
    }
    world
}

/// A document whose entries are all of one date.
fn dated(numbers: std::ops::Range<u32>, date: &str) -> String {
    document(numbers, None).replace("2025-04-03T08:00:00Z", date)
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_are_missed_where_a_document_shares_none_with_the_one_before() {
    let other_host = |document: String| document.replace("dep.example", "www.dep.example/en");
    let reversed = {
        let whole = document(6..16, None);
        let (head, entries) = whole.split_at(whole.find("<entry>").unwrap());
        let mut entries: Vec<&str> = entries.split_inclusive("</entry>").collect();
        let end = entries.pop().unwrap();
        entries.reverse();
        format!("{head}{}{end}", entries.concat())
    };
    let with_counter = |numbers: std::ops::Range<u32>, views: u32| {
        document(numbers, None)
            .replace("\"/>", &format!("?views={views}\"/>"))
            .replace("</id>", &format!("-{views}</id>"))
    };
    for (name, documents, gaps, stories) in [
        (
            "two entries, each time others",
            vec![document(1..3, None), document(3..5, None), document(5..7, None)],
            2,
            6,
        ),
        ("others under ids that rotate", vec![renamed(1..11, 0), renamed(11..21, 1)], 1, 20),
        (
            "another host, as after a move",
            vec![document(1..11, None), other_host(document(1..11, None))],
            0,
            10,
        ),
        ("another order and half of them new", vec![document(1..11, None), reversed], 0, 15),
        (
            "a counter in ids and links",
            vec![with_counter(1..11, 7), with_counter(2..12, 8), with_counter(3..13, 12)],
            0,
            12,
        ),
        (
            "one date for all, others each time",
            vec![dated(1..6, "2025-04-02T00:00:00Z"), dated(6..11, "2025-04-03T00:00:00Z")],
            1,
            10,
        ),
        (
            "an empty document in between",
            vec![document(1..11, None), document(0..0, None), document(2..12, None)],
            0,
            11,
        ),
        (
            "an empty document, then others",
            vec![document(1..11, None), document(0..0, None), document(21..31, None)],
            1,
            20,
        ),
    ] {
        let world = served(&documents).await;
        let report = status(&world, "dep");
        assert_eq!((report.gaps, world.stories().len()), (gaps, stories), "{name}: {report:?}");
        let warned = report.warnings.iter().any(|warning| warning.contains("may have been missed"));
        assert_eq!(warned, gaps > 0, "{name}: {report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_without_a_rhythm_that_deserves_it_raises_no_alarm_of_silence() {
    // Thirty entries of one date, and then nothing.
    let world = served(&[dated(1..31, "2025-04-02T00:00:00Z")]).await;
    world.pass(40 * DAY).await;
    assert!(events(&world, "dep").is_empty(), "{:?}", events(&world, "dep"));

    // Every entry is dated at the poll, though none is new.
    let world = served(&[dated(1..11, "2025-04-02T00:00:00Z")]).await;
    for day in 3..29 {
        world.site.document("/dep", dated(1..11, &format!("2025-04-{day:02}T07:59:00Z")));
        world.pass(DAY).await;
    }
    assert!(events(&world, "dep").is_empty(), "{:?}", events(&world, "dep"));

    // Ten a month on one day, as statistics come.
    let world = served(&[dated(1..11, "2025-04-02T09:30:00Z")]).await;
    for month in 5..8_u32 {
        world.pass(30 * DAY).await;
        let last = 10 * (month - 3) + 1;
        world.site.document("/dep", dated(last - 10..last, &format!("2025-0{month}-02T09:30:00Z")));
        world.pass(2 * HOUR).await;
    }
    world.pass(29 * DAY).await;
    let silences = events(&world, "dep").iter().filter(|event| *event == "silent").count();
    assert_eq!(silences, 0, "{:?}", events(&world, "dep"));
}
