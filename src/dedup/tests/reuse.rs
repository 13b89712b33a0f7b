//! One source: names that are given to one announcement after the other.

use super::*;

const BASIN: &str = "The harbour office closes the north basin at Crail for lock repairs from Monday, and sends all boats over ten metres to the quay at Pittenweem.";
const FERRY: &str = "Passengers with cars can cross to Lunna again on all weekdays since the new linkspan passed its trials under full load during last night.";

struct Stated<'a> {
    guid: &'a str,
    link: &'a str,
    title: &'a str,
    text: &'a str,
    day: u8,
}

fn stated(one: &Stated<'_>) -> Entry {
    let Stated { guid, link, title, text, day } = one;
    let date = Some(at(&format!("2025-03-{day:02}T09:00:00Z")));
    let entry = Entry { updated: None, published: date, ..entry("fcdo", guid, link, title) };
    Entry { text: (*text).to_owned(), ..entry }
}

fn stories_of(documents: &[&[Stated<'_>]]) -> usize {
    let mut desk = Desk::new();
    for document in documents {
        desk.read(&document.iter().map(stated).collect::<Vec<_>>());
        desk.now = desk.now.after(std::time::Duration::from_secs(3600));
    }
    desk.known.stories.len()
}

/// Two announcements that a document of one entry lists one after the other, under these names.
fn follow([first, second]: [(&str, &str, &str); 2], texts: [&str; 2], days: [u8; 2]) -> usize {
    let one = |(guid, link, title), text, day| Stated { guid, link, title, text, day };
    stories_of(&[&[one(first, texts[0], days[0])], &[one(second, texts[1], days[1])]])
}

#[test]
fn one_name_does_not_outvote_title_date_and_text() {
    const BASIN_TITLE: &str = "Basin closed at Crail";
    const FERRY_TITLE: &str = "Ferries to Lunna resume";
    for (guid, links) in [
        ("urn:oid:2.49.0.1.752.1", ["-", "-"]),
        ("https://dep.example/rss/alert", ["-", "-"]),
        ("tag:dep.example,2026:latest", ["-", "-"]),
        ("-", ["https://dep.example/news/alert.html"; 2]),
        ("-", ["https://dep.example/news/1"; 2]),
        ("https://dep.example/news/1", ["https://dep.example/news/1"; 2]),
        ("1", ["https://dep.example/news/1"; 2]),
        ("7 at https://dep.example", ["https://dep.example/node/7"; 2]),
        ("https://dep.example/?p=1", ["https://dep.example/?p=1"; 2]),
    ] {
        let names = [(guid, links[0], BASIN_TITLE), (guid, links[1], FERRY_TITLE)];
        assert_eq!(follow(names, [BASIN, FERRY], [28, 29]), 2, "{names:?}");
        // A new wording of the same is a revision.
        let reworded = BASIN.replace("all boats over ten metres", "boats of more than ten metres");
        let same = [(guid, links[0], BASIN_TITLE), (guid, links[1], "Basin at Crail closed")];
        assert_eq!(follow(same, [BASIN, &reworded], [28, 29]), 1, "{names:?}");
    }
    // Pages that are counted from one again, of which the feed has no text.
    for guid in ["-", "1", "https://dep.example/news/1"] {
        let link = "https://dep.example/news/1";
        let names = [(guid, link, BASIN_TITLE), (guid, link, FERRY_TITLE)];
        assert_eq!(follow(names, ["", ""], [10, 28]), 2, "{guid}");
        assert_eq!(follow(names, ["", ""], [28, 28]), 1, "{guid}: retitled on its day");
    }
    let day = [
        ("2025-03-28", "https://dep.example/a-1", BASIN_TITLE),
        ("2025-03-28", "https://dep.example/a-2", FERRY_TITLE),
    ];
    assert_eq!(
        follow(day, ["", ""], [28, 28]),
        2,
        "an id that is the day says no more than the date"
    );
}

#[test]
fn a_page_that_is_used_for_one_notice_after_the_other_has_a_story_for_each() {
    let longer = |text: &str| {
        format!("{text} {text} Questions are answered at the office on weekdays.")
            .replace("  ", " ")
    };
    let texts = [longer(BASIN), longer(FERRY)];
    let texts = [texts[0].as_str(), texts[1].as_str()];
    for (guid, links) in [
        ("urn:notice", ["https://dep.example/notice-of-the-week"; 2]),
        ("urn:met:bulletin:1", ["https://dep.example/b/4411", "https://dep.example/b/4412"]),
        ("-", ["https://dep.example/oppslag#41", "https://dep.example/oppslag#42"]),
    ] {
        let names =
            [(guid, links[0], "Notice of the week"), (guid, links[1], "Notice of the week")];
        assert_eq!(follow(names, texts, [21, 28]), 2, "{names:?}");
    }
    let names = ["https://dep.example/b/4411", "https://dep.example/b/4412"]
        .map(|link| ("nippo-0001", link, "Daily report"));
    assert_eq!(follow(names, ["", ""], [27, 28]), 2);
}

#[test]
fn what_a_document_lists_at_once_is_several_whatever_their_names_are() {
    let minutes = |guid, day| Stated {
        guid,
        link: "https://dep.example/pleno/actas-y-acuerdos.html",
        title: "Acta de la sesión plenaria",
        text: "",
        day,
    };
    for guid in ["-", "https://dep.example/pleno/actas-y-acuerdos.html"] {
        assert_eq!(stories_of(&[&[minutes(guid, 24), minutes(guid, 10)]]), 2, "{guid}");
        assert_eq!(
            stories_of(&[&[minutes(guid, 24), minutes(guid, 24)]]),
            1,
            "{guid}: listed twice"
        );
    }
    let report = |title, text, day| Stated {
        guid: "urn:newsml:dep:floods",
        link: "https://dep.example/floods",
        title,
        text,
        day,
    };
    let first = || report("Situation report 12", BASIN, 28);
    let second = || report("Situation report 13", FERRY, 29);
    assert_eq!(stories_of(&[&[second(), first()]]), 2);
    assert_eq!(stories_of(&[&[second(), first()], &[second(), first()], &[second()]]), 2);
    let notice = |title, day| report(title, "", day);
    assert_eq!(
        stories_of(&[&[notice("Notice to mariners 42", 27), notice("Notice to mariners 41", 26)]]),
        2
    );
}

#[test]
fn a_vacancy_that_comes_is_not_the_one_that_went() {
    let nurse =
        |ward: &'static str| Stated { guid: "-", link: "-", title: "Nurse", text: ward, day: 1 };
    let undated = |wards: &[&'static str]| -> Vec<Entry> {
        wards.iter().map(|ward| Entry { published: None, ..stated(&nurse(ward)) }).collect()
    };
    let mut desk = Desk::new();
    desk.read(&undated(&["Ward 3", "Ward 4", "Ward 5"]));
    desk.read(&undated(&["Ward 4", "Ward 5", "Ward 6"]));
    assert_eq!(desk.known.stories.len(), 4, "{:#?}", desk.clusters());
}

#[test]
fn short_texts_under_new_ids_and_links_are_known_where_their_document_has_them_once() {
    let job = |number: u8, title: &'static str, text: &'static str| {
        let names = format!(
            "https://jobs.example/{}/{number}",
            if number.is_multiple_of(2) { "a" } else { "b" }
        );
        Entry { text: text.to_owned(), ..entry("fcdo", &names, &names, title) }
    };
    let (cook, pilot) = ("Crail, 37 hours, £26,400.", "Lunna, 20 hours.");
    let mut desk = Desk::new();
    desk.read(&[job(1, "School cook", cook), job(3, "Harbour pilot", pilot)]);
    desk.read(&[job(2, "School cook", cook), job(4, "Harbour pilot", pilot)]);
    assert_eq!(desk.known.stories.len(), 2, "{:#?}", desk.clusters());
    // Two of one wording may be two vacancies.
    desk.read(&[job(5, "School cook", cook), job(7, "School cook", cook)]);
    assert_eq!(desk.known.stories.len(), 4, "{:#?}", desk.clusters());
}

#[test]
fn a_page_linked_by_a_feed_of_its_site_is_that_page() {
    let of = |link: &str| crate::dedup::canonical(&Url::parse(link).unwrap());
    let page = of("https://news.un.org/en/story/2026/11/1168901");
    assert_eq!(of("https://news.un.org/feed/view/en/story/2026/11/1168901"), page);
    assert_ne!(of("https://news.un.org/feed/view"), page);
}

#[test]
fn a_site_that_moves_keeps_title_and_text_and_the_time_or_the_day() {
    let told = |link: &str, text: &str, date: &str| Entry {
        text: text.to_owned(),
        ..updated(entry("fcdo", link, link, "North basin at Crail closed"), date)
    };
    let count = |second: Entry| {
        let mut desk = Desk::new();
        desk.read(&[told("https://old.example/index.php?id=771", BASIN, "2025-03-04T11:05:10Z")]);
        desk.read(&[second]);
        desk.known.stories.len()
    };
    let new = "https://new.example/news/north-basin-at-crail-closed";
    let framed = format!("{BASIN} Read more on our site.");
    assert_eq!(count(told(new, BASIN, "2025-03-04T00:00:00Z")), 1, "its date has lost the time");
    assert_eq!(count(told(new, &framed, "2025-03-04T11:05:10Z")), 1, "the text has gained a line");
    let other = BASIN.replace("north basin", "south basin").replace("Pittenweem", "Anstruther");
    assert_eq!(
        count(told(new, &other, "2025-03-04T11:05:10Z")),
        2,
        "another notice of that second"
    );
    assert_eq!(count(told(new, BASIN, "2025-03-05T00:00:00Z")), 2, "the notice of the next day");
    assert_eq!(count(told(new, BASIN, "2025-03-04T15:00:00Z")), 2, "the notice of the afternoon");
}

#[test]
fn a_page_with_a_new_id_and_title_and_the_same_text_is_a_revision() {
    let count = |link: &str, titles: [&str; 2], texts: [&str; 2]| {
        follow([("r-1", link, titles[0]), ("r-2", link, titles[1])], texts, [3, 5])
    };
    let page = "https://port.example/news/901";
    let closed = "North basin at Crail closed";
    let longer = BASIN.replace("from Monday", "from Monday morning");
    assert_eq!(
        count(page, [closed, "Lock repairs at Crail close north basin"], [BASIN, &longer]),
        1
    );
    assert_eq!(count(page, [closed, &format!("Note: {closed}")], [BASIN, &longer]), 1);
    // What is named differs, or the page may be overwritten.
    let other = BASIN.replace("Crail", "Lunna").replace("Pittenweem", "Anstruther");
    assert_eq!(count(page, [closed, "North basin at Lunna closed"], [BASIN, &other]), 2);
    let notice = "https://port.example/news/notice";
    let almond = "The food office recalls almond biscuits of the baker because the label does not state that they hold milk, and shops take them back without a receipt.";
    let walnut = almond.replace("almond", "walnut");
    assert_eq!(
        count(
            notice,
            ["Recall of almond biscuits", "Recall of walnut biscuits"],
            [almond, &walnut]
        ),
        2
    );
}
