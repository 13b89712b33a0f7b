//! A labelled set: copies that must meet, look-alikes that must not, in several orders.

use std::collections::HashMap;

use proptest::prelude::*;

use super::releases::{Edit, FOOTER, RELEASES, series};
use super::*;
use crate::model::{Evidence, Forbidden, KeyKind};

/// An entry and the announcement that it really tells.
type Labelled = (String, Entry);

fn told(source: &str, link: &str, title: &str, text: &str, date: &str) -> Entry {
    Entry { text: text.to_owned(), ..updated(entry(source, link, link, title), date) }
}

/// Eight announcements by a department, each edited by four syndicators, and four series
/// of six, each told by the department and by one syndicator.
fn labelled() -> Vec<Labelled> {
    let mut set = Vec::new();
    for (title, path, text) in RELEASES {
        let text = format!("{text}\n{FOOTER}");
        let page = format!("https://www.gov.uk/government/news/{path}");
        set.push((path.to_owned(), told("fcdo", &page, title, &text, "2025-04-02T11:05:00Z")));
        for (number, edit) in Edit::ALL.into_iter().enumerate() {
            let source = ["wired", "mirror", "gazette", "courier"][number];
            let link = format!("https://{source}.example/{path}");
            let date = format!("2025-04-0{}T07:30:00Z", 2 + number);
            set.push((
                path.to_owned(),
                told(source, &link, &edit.title(title), &edit.of(&text), &date),
            ));
        }
    }
    for number in 0..6 {
        for (kind, (title, text)) in series(number).into_iter().enumerate() {
            let label = format!("series {kind}, {number}");
            let date = format!("2025-04-0{}T12:00:00Z", 1 + number);
            let page = format!("https://www.gov.uk/government/news/{kind}-{number}");
            set.push((label.clone(), told("home-office", &page, &title, &text, &date)));
            let link = format!("https://mirror.example/{kind}-{number}");
            // The syndicator drops what tells the instalments apart.
            let bare = title.split([':', '0', '1', '2', '3']).next().unwrap().to_owned();
            set.push((label, told("mirror", &link, &bare, &text, &date)));
        }
    }
    set
}

/// Pairwise precision and recall, and BCubed F1, of the stories that one order of arrival leads to.
fn measured(desk: &Desk, labels: &HashMap<String, String>) -> (f64, f64, f64) {
    let label = |entry: &Entry| labels[entry.url.as_ref().unwrap().as_str()].clone();
    let stories: Vec<Vec<String>> = desk
        .known
        .stories
        .values()
        .map(|story| story.members.iter().map(|member| label(&member.entry)).collect())
        .collect();
    let mut totals: BTreeMap<&str, f64> = BTreeMap::new();
    for label in labels.values() {
        *totals.entry(label).or_default() += 1.0;
    }
    let pairs = |count: f64| count * (count - 1.0) / 2.0;
    let (mut joined, mut right) = (0.0, 0.0);
    let (mut precision, mut recall, mut count) = (0.0, 0.0, 0.0);
    for story in &stories {
        let size = story.len() as f64;
        let mut of_label: BTreeMap<&str, f64> = BTreeMap::new();
        for label in story {
            *of_label.entry(label).or_default() += 1.0;
        }
        joined += pairs(size);
        for (label, same) in of_label {
            right += pairs(same);
            precision += same * same / size;
            recall += same * same / totals[label];
            count += same;
        }
    }
    let wanted: f64 = totals.values().map(|total| pairs(*total)).sum();
    let (precision, recall) = (precision / count, recall / count);
    (right / joined, right / wanted, 2.0 * precision * recall / (precision + recall))
}

/// Reads entries one by one, as so many documents.
fn read_all(set: impl IntoIterator<Item = Labelled>) -> (Desk, HashMap<String, String>) {
    let mut desk = Desk::new();
    desk.now = at("2025-04-08T09:00:00Z");
    let mut labels = HashMap::new();
    for (label, entry) in set {
        labels.insert(entry.url.as_ref().unwrap().to_string(), label);
        desk.read(&[entry]);
    }
    (desk, labels)
}

/// Reads the set entry by entry in the order of `key`.
fn read_in_order(key: impl Fn(usize, &Labelled) -> u64) -> (Desk, HashMap<String, String>) {
    let mut set: Vec<(u64, Labelled)> = labelled()
        .into_iter()
        .enumerate()
        .map(|(place, labelled)| (key(place, &labelled), labelled))
        .collect();
    set.sort_by_key(|(key, _)| *key);
    read_all(set.into_iter().map(|(_, labelled)| labelled))
}

fn hash(seed: u64, place: usize) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(&place.to_le_bytes(), seed)
}

#[test]
fn copies_meet_and_look_alikes_do_not_in_any_order() {
    let dated =
        |_: usize, labelled: &Labelled| labelled.1.updated.unwrap().as_millis().unsigned_abs();
    let mut orders = vec![
        ("as written", read_in_order(|place, _| place as u64)),
        ("reversed", read_in_order(|place, _| u64::MAX - place as u64)),
        ("by date", read_in_order(dated)),
        ("latest first", read_in_order(|place, labelled| u64::MAX - dated(place, labelled))),
    ];
    orders.extend((0..8).map(|seed| ("shuffled", read_in_order(|place, _| hash(seed, place)))));
    for (order, (desk, labels)) in orders {
        let (precision, recall, b_cubed) = measured(&desk, &labels);
        println!("{order}: P {precision:.3} R {recall:.3} BCubed F1 {b_cubed:.3}");
        assert!(precision >= 1.0, "{order}: precision {precision}\n{:#?}", desk.clusters());
        assert!(recall >= 0.95, "{order}: recall {recall}\n{:#?}", desk.clusters());
        assert!(b_cubed >= 0.98, "{order}: BCubed F1 {b_cubed}");
    }
}

#[test]
fn whole_documents_say_the_same_as_single_entries() {
    for reversed in [false, true] {
        let mut documents: BTreeMap<SourceId, Vec<Labelled>> = BTreeMap::new();
        for labelled in labelled() {
            documents.entry(labelled.1.source.clone()).or_default().push(labelled);
        }
        let mut documents: Vec<Vec<Labelled>> = documents.into_values().collect();
        if reversed {
            documents.reverse();
        }
        let mut desk = Desk::new();
        desk.now = at("2025-04-08T09:00:00Z");
        let mut labels = HashMap::new();
        for document in documents {
            let entries: Vec<Entry> = document.iter().map(|(_, entry)| entry.clone()).collect();
            labels.extend(
                document.into_iter().map(|(label, entry)| (entry.url.unwrap().to_string(), label)),
            );
            desk.read(&entries);
            assert_eq!(desk.verdicts(&entries), [], "a second reading changes nothing");
        }
        let (precision, recall, b_cubed) = measured(&desk, &labels);
        println!("documents: P {precision:.3} R {recall:.3} BCubed F1 {b_cubed:.3}");
        assert!(precision >= 1.0 && recall >= 0.95 && b_cubed >= 0.98, "{:#?}", desk.clusters());
    }
}

#[test]
fn without_texts_titles_join_some_and_nothing_wrongly() {
    let set = labelled()
        .into_iter()
        .map(|(label, entry)| (label, Entry { text: String::new(), ..entry }));
    let (desk, labels) = read_all(set);
    let (precision, recall, _) = measured(&desk, &labels);
    println!("titles alone: P {precision:.3} R {recall:.3}");
    assert!(precision >= 1.0, "{:#?}", desk.clusters());
    assert!(recall > 0.0);
}

#[test]
fn the_evidence_of_a_copy_counts_its_passages_and_marks_them() {
    let (title, path, text) = RELEASES[0];
    let page = format!("https://www.gov.uk/government/news/{path}");
    let mut desk = Desk::new();
    desk.read(&[told("fcdo", &page, title, text, "2025-04-02T11:05:00Z")]);
    let copy = told(
        "courier",
        "https://courier.example/1",
        "An excerpt under a title of its own",
        &Edit::Truncated.of(text),
        "2025-04-03T07:30:00Z",
    );
    desk.read(&[copy.clone()]);
    let story = desk.only_story();
    let Evidence::SameText { shared, of, leader } = &story.members[1].evidence else {
        panic!("{:?}", story.members[1].evidence)
    };
    assert_eq!((shared, leader.as_str()), (of, "fcdo"), "the excerpt stands in it whole");
    assert_eq!(story.members[1].evidence.score(), Some(1.0));
    let stretches = crate::dedup::shared_passages(&copy, &story.members[0].entry);
    assert_eq!((stretches.len(), &stretches[0]), (1, &(0..copy.text.len())));
}

#[test]
fn a_department_that_is_told_later_leads_the_texts_that_follow() {
    let (title, path, text) = RELEASES[1];
    let text = format!("{text}\n{FOOTER}");
    let mut desk = Desk::new();
    let words: Vec<&str> = text.split_whitespace().collect();
    let (start, end) =
        (words[..words.len() * 6 / 10].join(" "), words[words.len() * 4 / 10..].join(" "));
    let page = format!("https://www.gov.uk/government/news/{path}");
    desk.read(&[told(
        "courier",
        "https://courier.example/1",
        "The beginning",
        &start,
        "2025-04-02T12:00:00Z",
    )]);
    desk.read(&[told("fcdo", &page, title, &text, "2025-04-02T11:05:00Z")]);
    desk.read(&[told(
        "gazette",
        "https://gazette.example/1",
        "The end",
        &end,
        "2025-04-03T12:00:00Z",
    )]);
    assert_eq!(desk.only_story().members.len(), 3);
}

#[test]
fn what_nearly_joins_is_remembered_with_what_forbade_it() {
    let (title, path, text) = RELEASES[2];
    let page = format!("https://www.gov.uk/government/news/{path}");
    let first = told("fcdo", &page, title, text, "2025-04-02T11:05:00Z");
    let like = |source: &str, link: &str, title: &str, text: &str, date: &str| {
        let mut desk = Desk::new();
        desk.now = at("2025-04-28T09:00:00Z");
        desk.read(&[first.clone()]);
        let judged = desk.read(&[told(source, link, title, text, date)]);
        assert_eq!(desk.known.stories.len(), 2, "{title}");
        let story = &judged.admitted[0].story;
        assert_eq!(story.related.len(), 1, "{title}");
        let near = crate::dedup::near(story, &desk.known, &desk.rules(), desk.now);
        assert_eq!(near[0].story, story.related[0].story);
        story.related[0].clone()
    };
    let elsewhere = "https://courier.example/1";
    let again = "2025-04-03T11:05:00Z";
    let of_one_source = like("fcdo", "https://other.example/1", "Another page", text, again);
    assert_eq!(of_one_source.forbidden, Some(Forbidden::OneSource));
    let longer = format!("{text}\n{}", RELEASES[6].2);
    let of_one_site = like("home-office", "https://www.gov.uk/b", "Another page", &longer, again);
    assert_eq!(of_one_site.forbidden, Some(Forbidden::OneSite { host: "gov.uk".to_owned() }));
    let late = like("courier", elsewhere, "A late copy", text, "2025-04-20T11:05:00Z");
    assert!(matches!(late.forbidden, Some(Forbidden::Dates { hours_apart: 432 })), "{late:?}");
    // A third of it stands among other words.
    let words: Vec<&str> = text.split_whitespace().collect();
    let other: Vec<&str> = RELEASES[5].2.split_whitespace().collect();
    let mixed = [&words[..words.len() * 4 / 10], &other[..words.len() * 6 / 10]].concat().join(" ");
    let partly = like("courier", elsewhere, "Partly the same", &mixed, again);
    assert_eq!(partly.forbidden, None);
    assert!((0.3..0.5).contains(&partly.score()), "{}", partly.score());
}

#[test]
fn two_offices_on_one_site_that_tell_it_word_for_word_tell_one_story() {
    let (title, path, text) = RELEASES[2];
    let page = format!("https://www.gov.uk/government/news/{path}");
    let first = told("fcdo", &page, title, text, "2025-04-02T11:05:00Z");
    let elsewhere = "https://www.gov.uk/government/news/another-page";
    for (second, expected) in [(text.to_owned(), 1), (text.replace("Wren", "Finch"), 2)] {
        let again = told("home-office", elsewhere, "Another", &second, "2025-04-02T15:05:00Z");
        let mut desk = Desk::new();
        desk.read(&[first.clone()]);
        desk.read(&[again]);
        assert_eq!(desk.known.stories.len(), expected);
    }
}

#[test]
fn a_page_that_lists_announcements_joins_none_of_them() {
    let announcements = RELEASES[..3].iter().map(|(title, path, text)| {
        let page = format!("https://www.gov.uk/government/news/{path}");
        told("fcdo", &page, title, text, "2025-04-02T11:05:00Z")
    });
    let all = RELEASES[..3].iter().map(|(_, _, text)| *text).collect::<Vec<_>>().join("\n");
    let list =
        told("courier", "https://courier.example/all", "This week", &all, "2025-04-03T07:00:00Z");
    for place in 0..4 {
        let mut set: Vec<Entry> = announcements.clone().collect();
        set.insert(place, list.clone());
        let mut desk = Desk::new();
        for entry in set {
            desk.read(&[entry]);
        }
        assert_eq!(desk.known.stories.len(), 4, "{:#?}", desk.clusters());
        let related: Vec<_> =
            desk.known.stories.values().flat_map(|story| &story.related).collect();
        assert_eq!(related.len(), 3);
        assert!(related.iter().all(|related| related.forbidden == Some(Forbidden::Listing)));
    }
}

#[test]
fn an_excerpt_that_keeps_something_of_the_title_joins_the_long_text() {
    let long = RELEASES[3..6].iter().map(|(_, _, text)| *text).collect::<Vec<_>>().join("\n");
    let page = "https://www.gov.uk/government/speeches/long";
    let speech = told(
        "fcdo",
        page,
        "A speech on rivers, grain and lighthouses",
        &long,
        "2025-04-02T11:05:00Z",
    );
    let words: Vec<&str> = long.split_whitespace().take(120).collect();
    let excerpt = told(
        "courier",
        "https://courier.example/1",
        "Minister speaks on rivers",
        &words.join(" "),
        "2025-04-03T07:00:00Z",
    );
    for (first, second) in [(&speech, &excerpt), (&excerpt, &speech)] {
        let mut desk = Desk::new();
        desk.read(&[first.clone()]);
        desk.read(&[second.clone()]);
        assert_eq!(desk.only_story().members.len(), 2);
    }
}

#[test]
fn boilerplate_joins_nothing() {
    // Five announcements of a department share a long footer: the sixth, told by a
    // syndicator, is mostly that.
    let mut desk = Desk::new();
    let footer = format!("{FOOTER}\n{}", RELEASES[7].2);
    for (title, path, text) in &RELEASES[..6] {
        let page = format!("https://www.gov.uk/government/news/{path}");
        let start: Vec<&str> = text.split_whitespace().take(40).collect();
        let text = format!("{}\n{footer}", start.join(" "));
        desk.read(&[told("fcdo", &page, title, &text, "2025-04-02T11:05:00Z")]);
    }
    let start: Vec<&str> = RELEASES[6].2.split_whitespace().take(40).collect();
    let sixth = format!("{}\n{footer}", start.join(" "));
    let copy =
        told("courier", "https://courier.example/6", "The sixth", &sixth, "2025-04-03T07:00:00Z");
    let judged = desk.read(&[copy]);
    assert_eq!(judged.admitted[0].verdict, Verdict::New);
    assert_eq!(judged.admitted[0].story.related, []);
    let most = desk.known.by_key.iter().filter(|(key, _)| key.kind == KeyKind::Passage);
    assert!(most.map(|(_, bearers)| bearers.len()).max().unwrap() <= 5, "keys stay short");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_part_of_the_set_in_any_order_is_sorted_out(
        set in Just(labelled()).prop_shuffle(), count in 10..88_usize,
    ) {
        let (desk, labels) = read_all(set.into_iter().take(count));
        let (precision, recall, b_cubed) = measured(&desk, &labels);
        prop_assert!(precision.is_nan() || precision >= 1.0, "{:#?}", desk.clusters());
        // What the order may cost: a cut copy that meets another cut copy first.
        prop_assert!(recall.is_nan() || recall >= 0.9, "recall {recall}: {:#?}", desk.clusters());
        prop_assert!(b_cubed >= 0.98, "BCubed F1 {b_cubed}: {:#?}", desk.clusters());
    }

    #[test]
    fn a_crash_and_a_second_reading_of_the_last_documents_change_nothing(
        set in Just(labelled()).prop_shuffle(), crash in 1..88_usize, again in 1..10_usize,
    ) {
        let entries: Vec<Entry> = set.into_iter().map(|(_, entry)| entry).collect();
        let read = |entries: &mut dyn Iterator<Item = &Entry>| {
            let mut desk = Desk::new();
            desk.now = at("2025-04-08T09:00:00Z");
            for entry in entries {
                desk.read(&[entry.clone()]);
            }
            (desk.known.stories, desk.known.by_key)
        };
        let crash = crash.min(entries.len());
        let from = crash.saturating_sub(again);
        let smooth = read(&mut entries.iter());
        let crashed = read(&mut entries[..crash].iter().chain(&entries[from..]));
        prop_assert_eq!(smooth, crashed);
    }
}

#[test]
fn a_title_alone_never_joins_two_governments() {
    let title = "Statement on the occasion of the International Day for the Elimination of Violence against Women";
    let at = "2025-11-25T09:00:00Z";
    let ours = "https://www.gov.uk/government/news/statement-of-25-november";
    let theirs = "https://www.canada.ca/en/women/news/statement";
    for same_title in
        [title.to_owned(), format!("{title} and the Sixteen Days of Activism that follow it")]
    {
        let mut desk = Desk::new();
        let canada = source(SourceId::new("women-canada"), Role::Department, 9);
        let canada = Source { publisher: Some("Canada".into()), ..canada };
        desk.sources.insert(canada.id.clone(), Arc::new(canada));
        desk.read(&[told("fcdo", ours, &same_title, "", at)]);
        desk.read(&[told("women-canada", theirs, &same_title, "", at)]);
        assert_eq!(desk.known.stories.len(), 2, "{same_title}");
    }
    // Nor with a summary that has the words of the title.
    let summaries = [
        (
            "The United Kingdom marks the International Day for the Elimination of Violence against Women and stands with survivors everywhere.",
            "On the International Day for the Elimination of Violence against Women, Canada calls for an end to impunity.",
        ),
        (
            "On the occasion of the International Day for the Elimination of Violence against Women the Minister met survivors in Leeds.",
            "Ottawa lights the Peace Tower purple for the Elimination of Violence against Women on this International Day.",
        ),
    ];
    for (one, other) in summaries {
        let mut desk = Desk::new();
        let canada = source(SourceId::new("women-canada"), Role::Department, 9);
        let canada = Source { publisher: Some("Canada".into()), ..canada };
        desk.sources.insert(canada.id.clone(), Arc::new(canada));
        desk.read(&[told("fcdo", ours, title, one, at)]);
        desk.read(&[told("women-canada", theirs, title, other, at)]);
        assert_eq!(desk.known.stories.len(), 2, "{one}");
    }
}

/// Anybody who has several notices on one page of a name of its own.
#[test]
fn a_section_with_a_name_of_its_own_joins_no_strangers() {
    let at = "2025-11-25T09:00:00Z";
    for section in [
        "vacancies",
        "road-works",
        "travel-advisories",
        "news?region=north",
        "about/vacancies",
        "transport/road-works",
        "services/planning-applications",
    ] {
        let page = format!("https://www.council.example/{section}");
        let mut desk = Desk::new();
        desk.read(&[told("fcdo", &page, "Librarian, Carrow", "", at)]);
        let other = Entry {
            guid: Some("g-1000001".to_owned()),
            ..told("wired", &page, "Gritter driver, Tarn", "", at)
        };
        desk.read(&[other]);
        assert_eq!(desk.known.stories.len(), 2, "{section}");
        // The same notice, carried by another.
        desk.read(&[told("mirror", &page, "Librarian, Carrow", "", at)]);
        assert_eq!(desk.known.stories.len(), 2, "{section}");
    }
}

#[test]
fn a_page_that_is_used_again_has_a_story_of_another_id_than_its_retired_one() {
    let page = "https://www.gov.uk/guidance/closures";
    let notice = |guid: &str, title: &str, date: &str| Entry {
        guid: Some(guid.to_owned()),
        ..told("fcdo", page, title, "", date)
    };
    let mut desk = Desk::new();
    desk.read(&[notice("123", "The slipway at Carrow closes", "2024-01-02T09:00:00Z")]);
    let retired = *desk.known.stories.keys().next().unwrap();
    // Its keys stay.
    desk.known.stories.clear();
    desk.read(&[notice("124", "Ferries to Ostra stop for a week", "2025-11-25T09:00:00Z")]);
    assert!(!desk.known.stories.is_empty(), "the new notice is news");
    assert!(!desk.known.stories.contains_key(&retired), "under an id of its own");
}
