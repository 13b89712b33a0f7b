//! Sources that list other entries at every poll, the same under other names, or all of one date.

use super::watching::{document, events, renamed, sliding, status};
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

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_in_which_an_older_page_breaks_off_is_left_out_with_a_warning() {
    let world = sliding().await;
    world.site.document("/dep", document(21..26, Some("/dep?p=2")));
    let page = document(16..21, Some("/dep?p=3"));
    let end = page.rfind("</title>").unwrap() + "</title>".len();
    world.site.document("/dep?p=2", page[..end].to_owned());
    world.site.document("/dep?p=3", document(9..16, None));
    world.pass(2 * HOUR).await;
    let warnings = status(&world, "dep").warnings;
    let expected = "the entry that is cut off was left out";
    assert!(warnings.iter().any(|warning| warning.contains(expected)), "{warnings:?}");
    let stories = world.stories();
    assert_eq!(stories.len(), 24, "half of an entry is no story");
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_without_id_and_link_on_an_older_page_are_told_apart_by_their_words() {
    let rss = |titles: &[&str], next: &str| {
        let items: String = titles
            .iter()
            .map(|title| {
                format!("<item><title>{title}</title><pubDate>Thu, 03 Apr 2025 08:00:00 GMT</pubDate></item>")
            })
            .collect();
        format!(
            "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>D</title>\
             <atom:link rel=\"next\" href=\"{next}\"/>{items}</channel></rss>"
        )
    };
    let first = rss(&["Harbour of Carrow closes", "Ferry to Tarn resumes"], "/dep?p=9");
    let world = World::new().await.source("dep", first).start().await;
    world.site.document("/dep", rss(&["Bridge at Orm opens", "Levy on bags rises"], "/dep?p=2"));
    let older =
        rss(&["Levy on bags rises", "Library van stops", "Ferry to Tarn resumes"], "/dep?p=3");
    world.site.document("/dep?p=2", older);
    world.pass(2 * HOUR).await;
    assert_eq!(world.stories().len(), 5);
}
