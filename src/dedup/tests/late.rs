//! Texts that come after their stories were founded.

use super::releases::{Edit, FOOTER, RELEASES};
use super::*;
use crate::model::Evidence;

const PAGE: &str = "https://www.gov.uk/government/news/carrow-slipway";
const COPY: &str = "https://mirror.example/1";

/// The department's announcement and a copy under another title, without and with text.
fn tellings() -> [(Entry, Entry); 2] {
    let (title, _, text) = RELEASES[0];
    let text = format!("{text}\n{FOOTER}");
    let original = entry("fcdo", PAGE, PAGE, title);
    let copy = entry("mirror", COPY, COPY, "Boats return to the water");
    let copied = Edit::Retold.of(&text);
    [(original.clone(), Entry { text, ..original }), (copy.clone(), Entry { text: copied, ..copy })]
}

fn hour(desk: &mut Desk) {
    desk.now = desk.now.after(std::time::Duration::from_secs(3600));
}

/// What is known after an original and a copy came in one order or another, an hour apart, each first
/// without its text: `brief` becomes `full`, and `short` becomes `copied`.
fn late_texts_in_every_order([brief, full, short, copied]: [&Entry; 4]) -> [Desk; 4] {
    let orders: [&[&Entry]; 4] = [
        &[brief, short, full, copied],
        &[short, brief, full, copied],
        &[brief, copied, full],
        &[short, full, copied],
    ];
    orders.map(|order| {
        let mut desk = Desk::new();
        for stated in order {
            desk.read(&[(*stated).clone()]);
            hour(&mut desk);
        }
        desk
    })
}

#[test]
fn a_story_follows_its_first_text_whichever_comes_late() {
    let [(brief, full), (short, copied)] = tellings();
    for mut desk in late_texts_in_every_order([&brief, &full, &short, &copied]) {
        let standing: Vec<_> = desk.known.stories.values().filter(|story| story.stands()).collect();
        let [story] = standing[..] else { panic!("{:#?}", desk.clusters()) };
        assert_eq!(story.members.len(), 2);
        // The department's word counts more, whoever was seen first.
        assert_eq!(story.published_id, PAGE);
        let because =
            |member: &crate::model::Member| matches!(member.evidence, Evidence::SameText { .. });
        assert!(story.members[1..].iter().any(because), "{:#?}", story.members);
        let forwards = desk.known.stories.values().find(|story| !story.stands()).unwrap();
        assert_eq!(forwards.merged_into, Some(story.id));
        for told in [&full, &copied] {
            assert_eq!(desk.verdicts(&[told.clone()]), [], "{}", told.title);
        }
    }
}

#[test]
fn the_operators_never_holds_for_late_texts() {
    let [(brief, _), (_, copied)] = tellings();
    let full = tellings()[0].1.clone();
    let mut desk = Desk::new();
    let pair = [Url::parse(PAGE).unwrap(), Url::parse(COPY).unwrap()];
    desk.overrides = Overrides::new([], [&pair[..]]);
    for told in [brief, copied, full] {
        desk.read(&[told]);
    }
    assert_eq!(desk.known.stories.values().filter(|story| story.stands()).count(), 2);
}

#[test]
fn a_text_that_changes_later_merges_nothing() {
    let [(_, full), (_, copied)] = tellings();
    let mut other = full.clone();
    other.text = RELEASES[5].2.to_owned();
    let mut desk = Desk::new();
    for told in [other, copied, full] {
        desk.read(&[told]);
        hour(&mut desk);
    }
    assert_eq!(desk.known.stories.values().filter(|story| story.stands()).count(), 2);
}

#[test]
fn those_who_told_it_before_under_titles_of_their_own_meet_in_the_first_text() {
    let [(brief, full), _] = tellings();
    let titled = |source: &str, part: &str, title: &str| {
        let link = format!("https://{source}.example/1");
        Entry { text: part.to_owned(), ..entry(source, &link, &link, title) }
    };
    // A third of either is in the other: nothing but the whole text shows that they are one.
    let words: Vec<&str> = full.text.split(' ').collect();
    let part = words.len() * 6 / 10;
    let (beginning, end) = (words[..part].join(" "), words[words.len() - part..].join(" "));
    let beginning = titled("courier", &beginning, "Carrow gets its boats back");
    let end = titled("gazette", &end, "A slipway for the harbour of Carrow");
    let mut desk = Desk::new();
    for told in [&brief, &beginning, &end, &full] {
        desk.read(&[told.clone()]);
        hour(&mut desk);
    }
    let standing: Vec<_> = desk.known.stories.values().filter(|story| story.stands()).collect();
    let [story] = standing[..] else { panic!("{:#?}", desk.clusters()) };
    assert_eq!((story.members.len(), story.published_id.as_str()), (3, PAGE));
}

const WARNING: &str = "Yellow warning of rain for the whole of Northshire";

/// The warning of one day by the office, and that of another by a syndicator, three days later.
fn warnings() -> [(Entry, Entry); 2] {
    let warning = |source: &str, link: &str, date: &str, text: &str| {
        let brief = updated(entry(source, link, link, WARNING), date);
        (brief.clone(), Entry { text: text.to_owned(), ..brief })
    };
    [
        warning(
            "fcdo",
            PAGE,
            "2025-03-30T09:00:00Z",
            "Heavy rain on Tuesday 10 November between 06:00 and 15:00. Some flooding of homes is possible.",
        ),
        warning(
            "mirror",
            COPY,
            "2025-04-02T07:00:00Z",
            "Heavy rain on Friday 13 November between 03:00 and 12:00. Some flooding of homes is possible.",
        ),
    ]
}

#[test]
fn late_texts_that_contradict_part_what_a_title_had_joined() {
    let [(brief, full), (short, copied)] = warnings();
    for mut desk in late_texts_in_every_order([&brief, &full, &short, &copied]) {
        assert_eq!(desk.known.stories.len(), 2, "{:#?}", desk.known.stories);
        // Whoever has read the story of the office finds the office's text under its ID.
        let of_office = desk.known.stories.values().find(|story| story.published_id == PAGE);
        if let Some(story) = of_office {
            assert_eq!(story.members[0].entry.source.as_str(), "fcdo");
        }
        for stated in [&full, &copied] {
            assert_eq!(desk.verdicts(&[stated.clone()]), [], "{}", stated.source);
        }
    }
}
