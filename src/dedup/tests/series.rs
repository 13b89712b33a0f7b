//! Titles that are alike: of a series without texts yet, or but for one small word.

use super::*;

const TITLE: &str = "Financial sanctions notice for the Dravenia regime";

/// The notice of a day of November, by its own publisher.
fn notice(day: u32) -> Entry {
    let link = format!("https://www.gov.uk/government/news/notice-{day}");
    dated(entry("treasury", &link, &link, TITLE), day, 9)
}

/// The copy of a syndicator, at an hour of a day.
fn copy(source: &str, day: u32, hour: u32) -> Entry {
    let link = format!("https://{source}.example/{day}-{hour}");
    dated(entry(source, &link, &link, TITLE), day, hour)
}

fn dated(entry: Entry, day: u32, hour: u32) -> Entry {
    let date = at(&format!("2025-11-{day:02}T{hour:02}:00:00Z"));
    Entry { published: Some(date), updated: Some(date), ..entry }
}

/// The pairs of source and day that are in one story, after these were read one by one.
fn read(entries: &[Entry]) -> BTreeSet<BTreeSet<String>> {
    let mut desk = Desk::new();
    desk.now = at("2025-11-28T09:00:00Z");
    for entry in entries {
        desk.read(std::slice::from_ref(entry));
        desk.now = desk.now.after(std::time::Duration::from_secs(3600));
    }
    for entry in entries {
        assert_eq!(desk.verdicts(std::slice::from_ref(entry)), [], "it is settled");
    }
    let name = |entry: &Entry| {
        let day = entry.published.unwrap().as_secs() / 86_400
            - at("2025-10-31T00:00:00Z").as_secs() / 86_400;
        format!("{} {day}", entry.source)
    };
    let names = |story: &Arc<Story>| story.members.iter().map(|one| name(&one.entry)).collect();
    desk.known.stories.values().map(names).collect()
}

/// Every order of these.
fn orders(entries: &[Entry]) -> Vec<Vec<Entry>> {
    let [first, rest @ ..] = entries else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for order in orders(rest) {
        for place in 0..=order.len() {
            let mut order = order.clone();
            order.insert(place, first.clone());
            all.push(order);
        }
    }
    all
}

fn sets(groups: &[&[&str]]) -> BTreeSet<BTreeSet<String>> {
    groups.iter().map(|group| group.iter().map(|name| (*name).to_owned()).collect()).collect()
}

#[test]
fn a_copy_joins_the_instalment_of_its_day_in_every_order() {
    let entries = [notice(3), notice(6), copy("mirror", 3, 14), copy("mirror", 6, 14)];
    let expected = sets(&[&["treasury 3", "mirror 3"], &["treasury 6", "mirror 6"]]);
    for order in orders(&entries) {
        assert_eq!(read(&order), expected, "{order:#?}");
    }
}

#[test]
fn a_copy_of_an_instalment_that_is_not_known_joins_no_other() {
    for order in orders(&[notice(3), notice(6), copy("mirror", 9, 14)]) {
        let expected = sets(&[&["treasury 3"], &["treasury 6"], &["mirror 9"]]);
        assert_eq!(read(&order), expected, "{order:#?}");
    }
}

#[test]
fn nobody_copies_what_is_not_published_yet() {
    for order in orders(&[copy("mirror", 3, 9), notice(6)]) {
        assert_eq!(read(&order).len(), 2, "{order:#?}");
    }
    // Clocks and time zones differ by less than a day.
    for order in orders(&[copy("mirror", 5, 20), notice(6)]) {
        assert_eq!(read(&order).len(), 1, "{order:#?}");
    }
}

#[test]
fn of_two_on_one_day_nobody_knows_which_is_copied() {
    let mut other = notice(3);
    other.url = Url::parse("https://www.gov.uk/government/news/notice-b").ok();
    other.guid = Some("b".to_owned());
    for order in orders(&[notice(3), other, copy("mirror", 3, 14)]) {
        let mut desk = Desk::new();
        desk.now = at("2025-11-28T09:00:00Z");
        for entry in &order {
            desk.read(std::slice::from_ref(entry));
        }
        assert_eq!(desk.known.stories.len(), 3, "{order:#?}");
    }
}

#[test]
fn a_title_that_comes_back_after_a_year_is_no_series_of_this_week() {
    let mut last_year = notice(3);
    last_year.url = Url::parse("https://www.gov.uk/government/news/notice-of-last-year").ok();
    last_year.guid = None;
    last_year.published = Some(at("2024-11-05T09:00:00Z"));
    last_year.updated = last_year.published;
    let mut desk = Desk::new();
    desk.now = at("2025-11-28T09:00:00Z");
    for entry in [last_year, notice(3), copy("mirror", 6, 9)] {
        desk.read(&[entry]);
    }
    assert_eq!(desk.known.stories.len(), 2);
}

#[test]
fn what_is_shown_beside_a_story_is_not_weighed_against_itself() {
    let mut desk = Desk::new();
    desk.now = at("2025-11-28T09:00:00Z");
    desk.read(&[notice(3)]);
    desk.read(&[Entry { title: format!("{TITLE} - Orm"), ..copy("mirror", 8, 9) }]);
    // As a program that asks has it: read from the store once more.
    let story = desk.known.stories.values().find(|story| story.published_id.contains("gov.uk"));
    let mut again = Story::clone(story.unwrap());
    again.members[0].entry = Arc::new(Entry::clone(&again.members[0].entry));
    for related in crate::dedup::near(&again, &desk.known, &desk.rules(), desk.now) {
        let is_series =
            |factor: &crate::model::Factor| factor.kind == crate::model::FactorKind::TitleOfSeries;
        assert!(!related.factors.iter().any(is_series), "{related:?}");
    }
}

/// Two titles and texts that differ by one small word, and the same by numbers written in two ways.
#[test]
fn a_negation_parts_two_announcements_and_a_spelling_parts_none() {
    for (one, other, text, other_text, stories) in [
        (
            "Lowhaven bridge to reopen to lorries in spring",
            "Lowhaven bridge not to reopen to lorries in spring",
            "",
            "",
            2,
        ),
        (
            "Lowhaven bridge to reopen to lorries in spring",
            "Lowhaven bridge not to reopen to lorries in spring",
            "The bridge at Lowhaven will reopen to lorries in spring.",
            "The bridge at Lowhaven will not reopen to lorries in spring.",
            2,
        ),
        (
            "Brücke von Lowhaven öffnet im Frühjahr für Lastwagen",
            "Brücke von Lowhaven öffnet im Frühjahr nicht für Lastwagen",
            "",
            "",
            2,
        ),
        (
            "Orm harbour gets £5 million for new breakwater",
            "Orm harbour gets £5m for new breakwater",
            "",
            "",
            1,
        ),
        (
            "The Prime Minister opens the sea wall at Tarn on 24 Feb",
            "The PM opens the sea wall at Tarn on 24 February",
            "",
            "",
            1,
        ),
        (
            "Orm harbour gets £5 million for new breakwater",
            "Orm harbour gets £6m for new breakwater",
            "",
            "",
            2,
        ),
    ] {
        let mut desk = Desk::new();
        desk.now = at("2025-11-28T09:00:00Z");
        for (source, title, text) in [("fcdo", one, text), ("wired", other, other_text)] {
            let link = format!("https://{source}.example/n/1-a");
            let entry = dated(entry(source, &link, &link, title), 25, 9);
            desk.read(&[Entry { text: text.to_owned(), ..entry }]);
        }
        assert_eq!(desk.known.stories.len(), stories, "{one} / {other}");
    }
}

#[test]
fn a_copy_of_a_daily_series_never_joins_the_next_instalment() {
    // Each copy comes thirteen hours after its original, eleven before the next.
    for order in orders(&[notice(3), notice(4), copy("mirror", 3, 22), copy("mirror", 4, 22)]) {
        for story in read(&order) {
            let next = ["treasury 4", "mirror 3"].map(str::to_owned);
            assert!(!next.iter().all(|name| story.contains(name)), "{order:#?}");
        }
    }
    let entries = [notice(3), notice(4), copy("mirror", 3, 12), copy("mirror", 4, 12)];
    let expected = sets(&[&["treasury 3", "mirror 3"], &["treasury 4", "mirror 4"]]);
    assert_eq!(read(&entries), expected);
    // A date without a time stands for its day.
    let entries = [notice(3), notice(4), copy("mirror", 3, 0), copy("mirror", 4, 0)];
    assert_eq!(read(&entries), expected);
}
