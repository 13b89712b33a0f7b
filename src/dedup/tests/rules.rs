//! Each rule of identity, by an example of what departments and syndicators do.

use super::*;
use crate::model::Evidence;

const PAGE: &str = "https://www.gov.uk/government/news/uk-to-tackle-migrant-transit-routes";
const TITLE: &str = "UK to tackle migrant transit routes in the Western Balkans";

fn announcement() -> Entry {
    entry("fcdo", &format!("{PAGE}#2025-04-02T11:05:00Z"), PAGE, &format!("Press release: {TITLE}"))
}

#[test]
fn all_copies_of_one_page_are_one_story_and_each_says_why() {
    let mut desk = Desk::new();
    let finder = entry(
        "finder",
        "tag:www.gov.uk,2005:/government/news/uk-to-tackle-migrant-transit-routes",
        PAGE,
        TITLE,
    );
    let home = Entry { source: SourceId::new("home-office"), ..announcement() };
    let wired = original(
        entry("wired", "-", "https://wired.example/articles/uk+to+tackle+1?open", "Another title"),
        PAGE,
    );
    let mirror =
        updated(entry("mirror", "77", "https://mirror.example/77", TITLE), "2025-04-05T08:00:00Z");
    for copy in [announcement(), finder, home, wired, mirror] {
        desk.read(&[copy]);
    }
    let story = desk.only_story();
    assert_eq!(story.published_id, format!("{PAGE}#2025-04-02T11:05:00Z"));
    let expected = [
        ("fcdo", Tier::Founder),
        ("finder", Tier::Address),
        ("home-office", Tier::Address),
        ("mirror", Tier::Title),
        ("wired", Tier::Address),
    ];
    assert_eq!(tiers(story), expected.map(|(source, tier)| (source.to_owned(), tier)).into());
    assert!(matches!(&story.members[3].evidence, Evidence::SameAddress { as_original: true, .. }));
    assert_eq!(story.lead(&desk.sources).entry.source.as_str(), "fcdo");
    let copies: Vec<_> =
        story.copies(&desk.sources).iter().map(|copy| copy.entry.source.as_str()).collect();
    assert_eq!(copies, ["home-office", "finder", "mirror", "wired"]);
}

#[test]
fn a_department_leads_though_a_syndicator_told_first() {
    let mut desk = Desk::new();
    desk.read(&[entry("wired", "w1", "https://wired.example/1", TITLE)]);
    desk.read(&[announcement()]);
    let story = desk.only_story();
    assert_eq!(story.lead(&desk.sources).entry.source.as_str(), "fcdo");
    assert!(
        story.published_id.starts_with("tag:feeds.example.org,2026:story:"),
        "{}",
        story.published_id
    );
}

#[test]
fn a_revision_with_a_new_id_revises_under_the_old_published_id() {
    let mut desk = Desk::new();
    desk.read(&[announcement()]);
    let mut revised = updated(announcement(), "2025-04-03T08:30:00Z");
    revised.guid = Some(format!("{PAGE}#2025-04-03T08:30:00Z"));
    assert_eq!(desk.verdicts(&[revised.clone()]), [Verdict::Revised]);
    assert_eq!(desk.verdicts(&[revised]), []);
    let story = desk.only_story();
    assert_eq!(story.published_id, format!("{PAGE}#2025-04-02T11:05:00Z"));
    assert_eq!(story.updated, at("2025-04-03T08:30:00Z"));
    assert_eq!(story.dated, at("2025-04-02T11:05:00Z"));
}

#[test]
fn a_late_copy_of_an_old_document_revises_nothing() {
    let mut desk = Desk::new();
    desk.read(&[updated(announcement(), "2025-04-03T08:30:00Z")]);
    assert_eq!(desk.verdicts(&[announcement()]), []);
}

#[test]
fn neither_a_copy_nor_a_syndicators_second_run_moves_the_date() {
    let mut desk = Desk::new();
    desk.read(&[announcement()]);
    let copy = original(entry("wired", "w1", "https://wired.example/1", TITLE), PAGE);
    desk.read(&[updated(copy.clone(), "2025-04-02T15:00:00Z")]);
    assert_eq!(desk.verdicts(&[updated(copy, "2025-04-03T07:00:00Z")]), [Verdict::Revised]);
    assert_eq!(desk.only_story().updated, at("2025-04-02T11:05:00Z"));
}

#[test]
fn a_date_in_the_future_is_taken_as_the_moment_it_was_read() {
    let mut desk = Desk::new();
    let early = updated(announcement(), "2025-12-24T00:00:00Z");
    desk.read(&[early.clone()]);
    assert_eq!((desk.only_story().dated, desk.only_story().updated), (desk.now, desk.now));
    desk.now = at("2025-04-04T09:00:00Z");
    assert_eq!(desk.verdicts(&[early]), [], "and it does not move with the clock");
}

#[test]
fn a_source_cannot_take_over_a_story_by_claiming_its_id() {
    let mut desk = Desk::new();
    desk.read(&[announcement()]);
    let founded = desk.only_story().clone();
    let claim = entry(
        "mirror",
        &founded.published_id,
        "https://mirror.example/other",
        "Something else entirely is announced",
    );
    assert_eq!(desk.verdicts(&[claim]), [Verdict::New]);
    assert_eq!(*desk.known.stories[&founded.id], founded);
    let ids: BTreeSet<_> = desk.known.stories.values().map(|story| &story.published_id).collect();
    assert_eq!(ids.len(), 2, "no two stories bear one published id");
}

#[test]
fn ids_that_are_no_absolute_iris_are_replaced() {
    for (guid, kept) in [
        ("-", false),
        ("12345", false),
        ("/news/7", false),
        ("https://example.org/a b", false),
        ("https://example.org/?a[]=b", false),
        ("https://example.org/100%", false),
        ("https://example.org/100%25", true),
        ("https://[::1]/a", true),
        ("https://example.org/é", true),
        ("tag:example.org,2025:7", true),
        ("urn:uuid:8f0b0d3e-0000-4000-8000-000000000000", true),
        ("HTTPS://Example.org:443/A?utm_source=x", true),
    ] {
        let mut desk = Desk::new();
        desk.read(&[entry(
            "treasury",
            guid,
            "https://example.org/a",
            "A title with enough words in it",
        )]);
        let id = &desk.only_story().published_id;
        assert_eq!(id == guid, kept, "{guid} -> {id}");
        assert!(Url::parse(id).is_ok(), "{id}");
    }
}

#[test]
fn one_host_with_two_pages_of_one_title_has_made_two_announcements() {
    let mut desk = Desk::new();
    desk.read(&[
        entry(
            "treasury",
            "-",
            "https://www.gov.uk/government/news/a",
            "Notice to exporters on new licensing rules",
        ),
        entry(
            "treasury",
            "-",
            "https://www.gov.uk/government/news/b",
            "Notice to exporters on new licensing rules",
        ),
    ]);
    assert_eq!(desk.known.stories.len(), 2);
    // And a title that two stories bear is no evidence for a third telling.
    let third = entry(
        "wired",
        "-",
        "https://wired.example/1",
        "Notice to exporters on new licensing rules",
    );
    assert_eq!(desk.verdicts(&[third]), [Verdict::New]);
}

#[test]
fn a_title_joins_within_four_days_only() {
    for (date, joined) in [
        ("2025-04-06T11:05:00Z", true),
        ("2025-04-06T12:05:00Z", false),
        ("2025-03-29T11:05:00Z", true),
    ] {
        let mut desk = Desk::new();
        desk.now = at("2025-04-20T00:00:00Z");
        desk.read(&[announcement()]);
        desk.read(&[updated(entry("mirror", "m", "https://mirror.example/77", TITLE), date)]);
        assert_eq!(desk.known.stories.len() == 1, joined, "{date}");
    }
}

#[test]
fn a_front_page_and_a_link_that_entries_share_are_no_identity() {
    let mut desk = Desk::new();
    desk.read(&[
        entry("treasury", "1", "https://example.org/", "The first of two announcements here"),
        entry(
            "treasury",
            "2",
            "https://example.org/news",
            "The second of three announcements here",
        ),
        entry(
            "treasury",
            "3",
            "https://example.org/news",
            "The third announcement of the three here",
        ),
    ]);
    desk.read(&[entry(
        "fcdo",
        "4",
        "https://example.org/",
        "The fourth announcement has the front page",
    )]);
    assert_eq!(desk.known.stories.len(), 4);
    let again = [
        entry(
            "treasury",
            "2",
            "https://example.org/news",
            "The second of three announcements here",
        ),
        entry(
            "treasury",
            "3",
            "https://example.org/news",
            "The third announcement of the three here",
        ),
    ];
    assert_eq!(desk.verdicts(&again), [], "they do not replace each other");
}

#[test]
fn an_entry_without_guid_and_link_is_known_by_its_words() {
    let mut desk = Desk::new();
    let told = entry("treasury", "-", "-", "Gilt auction results");
    desk.read(&[told.clone()]);
    assert_eq!(desk.verdicts(&[told]), []);
    assert_eq!(
        desk.verdicts(&[entry("treasury", "-", "-", "Gilt auction calendar")]),
        [Verdict::New]
    );
}

#[test]
fn a_repeat_within_a_document_is_dropped_and_the_later_wording_kept() {
    let mut desk = Desk::new();
    let later =
        updated(entry("fcdo", "x", PAGE, "A later wording of the title"), "2025-04-03T08:00:00Z");
    desk.read(&[entry("fcdo", "x", PAGE, "An earlier wording of the title"), later]);
    assert_eq!(desk.only_story().members.len(), 1);
    assert_eq!(desk.only_story().members[0].entry.title, "A later wording of the title");
}

#[test]
fn what_was_removed_does_not_return_as_news() {
    let mut desk = Desk::new();
    desk.read(&[announcement()]);
    desk.known.stories.clear();
    let judged = desk.read(&[announcement()]);
    assert_eq!((judged.admitted.len(), judged.known), (0, 1));
}

#[test]
fn news_is_what_the_source_had_not_told_itself() {
    let mut desk = Desk::new();
    desk.read(&[announcement()]);
    let judged = desk.read(&[Entry { source: SourceId::new("home-office"), ..announcement() }]);
    assert_eq!((judged.new.len(), judged.known), (1, 0));
    let judged = desk.read(&[Entry { source: SourceId::new("home-office"), ..announcement() }]);
    assert_eq!((judged.new.len(), judged.known), (0, 1));
}

#[test]
fn an_original_that_many_entries_of_a_document_name_is_no_identity() {
    let mut desk = Desk::new();
    let document: Vec<Entry> = ["first", "second", "third"]
        .iter()
        .map(|which| {
            let link = format!("https://wired.example/{which}");
            let title = format!("The {which} of three announcements");
            original(entry("wired", "-", &link, &title), "https://www.gov.uk/government/news")
        })
        .collect();
    desk.read(&document);
    assert_eq!(desk.known.stories.len(), 3);
    assert_eq!(desk.verdicts(&document), []);
}

#[test]
fn a_page_that_moves_stays_the_same_entry_where_its_publisher_names_it() {
    let mut desk = Desk::new();
    let named = |link: &str, title: &str| Entry {
        content_id: Some("5f9a:en".to_owned()),
        ..entry("fcdo", &format!("{link}#1"), link, title)
    };
    let (old, new) =
        ("https://www.gov.uk/government/news/old", "https://www.gov.uk/government/news/new");
    desk.read(&[named(old, "The title that the page had first")]);
    assert_eq!(desk.verdicts(&[named(new, "The title that it has now")]), [Verdict::Revised]);
    let elsewhere =
        Entry { source: SourceId::new("home-office"), ..named(new, "The title that it has now") };
    assert_eq!(desk.verdicts(&[elsewhere]), [Verdict::Joined]);
    let welsh = Entry {
        content_id: Some("5f9a:cy".to_owned()),
        ..entry("fcdo", "-", &format!("{old}.cy"), "Y teitl")
    };
    assert_eq!(desk.verdicts(&[welsh]), [Verdict::New]);
}

#[test]
fn ids_that_change_at_every_poll_do_not_make_an_entry_new() {
    let mut desk = Desk::new();
    let told = |guid: &str, text: &str| Entry {
        text: text.to_owned(),
        ..entry("treasury", guid, "-", "Gilt auction results")
    };
    desk.read(&[told("a1", "Bids of 3 billion"), told("b1", "Bids of 4 billion")]);
    assert_eq!(desk.known.stories.len(), 2, "two results under one title are two");
    assert_eq!(
        desk.verdicts(&[told("a2", "Bids of 3 billion"), told("b2", "Bids of 4 billion")]),
        []
    );
    assert_eq!(desk.verdicts(&[told("c1", "Bids of 5 billion")]), [Verdict::New]);
}

#[test]
fn one_front_page_told_by_two_sources_under_one_title_is_one_story() {
    let told = |source: &str, guid: &str| {
        entry(source, guid, "https://books.example/", "A shelf of books that anybody may read")
    };
    let mut desk = Desk::new();
    desk.read(&[told("treasury", "1")]);
    assert_eq!(desk.verdicts(&[told("mirror", "2")]), [Verdict::Joined]);
    // One source means two, and nothing says which of them the other repeats.
    let verdicts = desk.verdicts(&[told("treasury", "3")]);
    assert_eq!(verdicts, [Verdict::Revised, Verdict::New, Verdict::New]);
    assert_eq!(desk.known.stories.len(), 3);
}

fn at_page(entry: Entry, page: &str) -> Entry {
    Entry { page: Some(Url::parse(page).unwrap()), ..entry }
}

#[test]
fn links_that_lead_to_one_page_are_one_page() {
    const FINAL: &str = "https://ports.example/news/2026/pier-opens";
    let short = |source: &str, link: &str, title: &str| {
        at_page(entry(source, "-", &format!("https://ports.example/{link}"), title), FINAL)
    };
    let plain = entry("mirror", "-", FINAL, "Boats may land at the new pier");
    for (first, second) in [
        (short("fcdo", "x/17", "The pier opens on Monday"), plain.clone()),
        (plain, short("fcdo", "x/17", "The pier opens on Monday")),
        (
            short("fcdo", "x/17", "The pier opens on Monday"),
            short("mirror", "p?id=17", "Boats may land at the new pier"),
        ),
    ] {
        let mut desk = Desk::new();
        desk.read(&[first.clone()]);
        assert_eq!(desk.verdicts(&[second.clone()]), [Verdict::Joined]);
        assert_eq!(desk.verdicts(&[first, second]), []);
    }
}

#[test]
fn a_link_that_is_gone_and_leads_where_another_leads_is_the_same_entry() {
    const FINAL: &str = "https://ports.example/news/2026/pier-opens";
    let old = entry("fcdo", "a", FINAL, "The pier opens on Monday");
    let moved = at_page(
        entry("fcdo", "b", "https://ports.example/r/17", "The pier opens on Tuesday"),
        FINAL,
    );
    let mut desk = Desk::new();
    desk.read(&[old.clone()]);
    assert_eq!(desk.verdicts(&[moved.clone()]), [Verdict::Revised]);
    assert_eq!(desk.only_story().members.len(), 1);
    // Both in one document are two.
    let mut desk = Desk::new();
    desk.read(&[old, moved]);
    assert_eq!(desk.known.stories.len(), 2);
}

#[test]
fn a_page_to_which_links_of_several_titles_lead_is_none_of_theirs() {
    const MISSING: &str = "https://ports.example/page-not-found";
    let lost = |number: usize| {
        let link = format!("https://ports.example/n/{number}");
        at_page(entry("fcdo", &link, &link, &format!("Announcement number {number}")), MISSING)
    };
    let mut desk = Desk::new();
    desk.read(&[lost(1), lost(2)]);
    assert_eq!(desk.known.stories.len(), 2);
    let elsewhere = at_page(
        entry("mirror", "-", "https://ports.example/n/9", "Something that nobody else has"),
        MISSING,
    );
    assert_eq!(desk.verdicts(&[elsewhere]), [Verdict::New]);
}

#[test]
fn the_publisher_that_an_entry_names_is_no_part_of_its_title() {
    let named = |title: &str, name: &str| Entry {
        publisher: Some(crate::model::Publisher { name: name.to_owned(), url: None }),
        ..entry("mirror", "m", "https://mirror.example/77", title)
    };
    const BARE: &str = "Sea wall at Orm to be raised";
    for (title, name, joins) in [
        ("Sea wall at Orm to be raised - Ministry of Ports", "Ministry of Ports", true),
        ("Sea wall at Orm to be raised | Ministry of Ports", "Ministry of Ports", true),
        ("MINISTRY OF PORTS: Sea wall at Orm to be raised", "Ministry of Ports", true),
        ("Sea wall at Orm to be raised - Ministry of Ports 2", "Ministry of Ports 2", true),
        // A number behind the title tells instalments apart, unless it is the publisher's.
        ("Sea wall at Orm to be raised - Part 2", "Ministry of Ports", false),
    ] {
        let mut desk = Desk::new();
        desk.read(&[entry("fcdo", "f", "https://ports.example/sea-wall", BARE)]);
        desk.read(&[named(title, name)]);
        assert_eq!(desk.known.stories.len() == 1, joins, "{title}");
    }
}
