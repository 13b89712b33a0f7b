//! Revisions, completions and withdrawals of what sources said.

use super::*;
use crate::model::{Enriched, WithdrawnBy};

const PAGE: &str = "https://www.gov.uk/government/news/harbour-fees";

fn fees() -> Entry {
    Entry {
        summary: Some("Mooring fees stay as they are.".to_owned()),
        text: "Mooring fees stay as they are.".to_owned(),
        ..entry("fcdo", &format!("{PAGE}#1"), PAGE, "Mooring fees for the coming year")
    }
}

/// The same with its full text, as enrichment leaves it.
fn enriched(entry: Entry) -> Entry {
    let stated = entry.statement();
    Entry {
        text: "Mooring fees stay as they are until the end of next year, the harbours say."
            .to_owned(),
        tags: vec!["org:harbours".to_owned()],
        enriched: Some(Enriched { stated, stale: false, of_page: true }),
        ..entry
    }
}

fn hours(desk: &mut Desk, hours: u64) {
    desk.now = desk.now.after(std::time::Duration::from_secs(hours * 3600));
}

#[test]
fn a_revision_keeps_what_was_said_before() {
    let mut desk = Desk::new();
    desk.read(&[fees()]);
    let mut revised = updated(fees(), "2025-04-03T08:00:00Z");
    revised.title = "Mooring fees for the next two years".to_owned();
    revised.text = "Mooring fees rise.".to_owned();
    revised.change_note = Some("Fees of the second year added.".to_owned());
    assert_eq!(desk.verdicts(&[revised.clone()]), [Verdict::Revised]);
    assert_eq!(desk.verdicts(&[revised]), []);
    let [revision] = &desk.only_story().history[..] else { panic!("one revision") };
    assert_eq!(revision.title.as_deref(), Some("Mooring fees for the coming year"));
    assert_eq!(revision.summary, None, "it did not change");
    assert_eq!(revision.text.as_deref(), Some("Mooring fees stay as they are."));
    assert_eq!(revision.note.as_deref(), Some("Fees of the second year added."));
    assert!(revision.major && revision.text_changed);
    assert_eq!(revision.source.as_str(), "fcdo");
}

#[test]
fn the_memory_of_revisions_is_bounded() {
    let mut desk = Desk::new();
    desk.read(&[fees()]);
    for number in 0..40 {
        let revised = Entry { text: format!("{number} {}", "fee ".repeat(1000)), ..fees() };
        desk.read(&[revised]);
    }
    let history = &desk.only_story().history;
    assert_eq!(history.len(), 20);
    let kept: usize =
        history.iter().filter_map(|revision| revision.text.as_ref()).map(String::len).sum();
    assert!(kept <= 24 * 1024, "{kept} bytes of former texts");
    assert!(history.iter().all(|revision| revision.text_changed));
    assert!(history[19].text.is_some() && history[0].text.is_none());
}

#[test]
fn a_full_text_that_arrives_later_completes_and_is_no_news() {
    let mut desk = Desk::new();
    desk.read(&[fees()]);
    let (revised, dated) = (desk.only_story().revised, desk.only_story().updated);
    hours(&mut desk, 1);
    assert_eq!(desk.verdicts(&[enriched(fees())]), [Verdict::Completed]);
    let story = desk.only_story();
    assert!(story.members[0].entry.text.contains("the harbours say"));
    assert_eq!((story.revised, story.updated), (revised, dated));
    assert_eq!(story.history, []);
    // The document goes on listing it without its full text.
    assert_eq!(desk.verdicts(&[fees()]), []);
    assert_eq!(desk.verdicts(&[enriched(fees())]), []);
}

#[test]
fn a_revision_keeps_the_full_text_until_it_is_fetched_again() {
    let mut desk = Desk::new();
    desk.read(&[enriched(fees())]);
    let revised = Entry { title: "Mooring fees for longer".to_owned(), ..fees() };
    assert_eq!(wanted(&desk, &revised), Wanted::New);
    assert_eq!(desk.verdicts(&[revised.clone()]), [Verdict::Revised]);
    let told = &desk.only_story().members[0].entry;
    assert_eq!(told.title, "Mooring fees for longer");
    assert!(told.text.contains("the harbours say"));
    assert_eq!(told.tags, ["org:harbours"]);
    assert_eq!(wanted(&desk, &revised), Wanted::Again);
    assert_eq!(desk.verdicts(&[revised.clone()]), []);
    assert_eq!(desk.verdicts(&[enriched(revised.clone())]), [Verdict::Completed]);
    assert_eq!(wanted(&desk, &revised), Wanted::Read);
}

#[test]
fn an_entry_is_settled_when_judging_it_changes_nothing() {
    let mut desk = Desk::new();
    let settled = |desk: &Desk, entry: &Entry| {
        let candidates =
            candidates(&[Arc::new(entry.clone())], Extent::Whole, &desk.rules(), desk.now);
        is_settled(&candidates[0], &desk.known)
    };
    assert!(!settled(&desk, &fees()));
    desk.read(&[fees()]);
    assert!(settled(&desk, &fees()));
    assert!(!settled(&desk, &enriched(fees())));
    desk.read(&[enriched(fees())]);
    assert!(settled(&desk, &fees()) && settled(&desk, &enriched(fees())));
    assert!(!settled(&desk, &updated(fees(), "2025-04-03T08:00:00Z")));
}

fn wanted(desk: &Desk, entry: &Entry) -> Wanted {
    let candidates = candidates(&[Arc::new(entry.clone())], Extent::Whole, &desk.rules(), desk.now);
    wants_enrichment(&candidates[0], &desk.known, desk.now, desk.now)
}

#[test]
fn an_original_found_by_enrichment_does_not_make_the_entry_another() {
    let original_page = "https://www.gov.uk/government/news/the-original";
    for first_enriched in [true, false] {
        let mut desk = Desk::new();
        let plain =
            entry("wired", "-", "https://wired.example/1", "A title of the syndicator's own");
        let stated = plain.statement();
        let rich = Entry {
            enriched: Some(Enriched { stated, stale: false, of_page: true }),
            ..original(plain.clone(), original_page)
        };
        let (first, second) = if first_enriched { (rich, plain) } else { (plain, rich) };
        desk.read(&[first.clone()]);
        desk.read(&[second.clone()]);
        desk.read(&[first]);
        let story = desk.only_story();
        assert_eq!(story.members.len(), 1);
        assert_eq!(story.members[0].entry.original.as_ref().map(Url::as_str), Some(original_page));
        desk.read(&[entry("fcdo", "-", original_page, "The department's title is another one")]);
        assert_eq!(desk.only_story().members.len(), 2, "and it is found by its original");
    }
}

#[test]
fn a_tombstone_withdraws_what_its_source_told_and_a_later_telling_restores_it() {
    let mut desk = Desk::new();
    desk.read(&[fees()]);
    let guid = fees().guid.unwrap();
    let when = Some(at("2025-04-03T07:00:00Z"));
    assert_eq!(desk.withdraw("mirror", &guid, when), 0, "another source cannot");
    assert_eq!(desk.withdraw("fcdo", &guid, when), 1);
    assert_eq!(desk.withdraw("fcdo", &guid, when), 0, "once is enough");
    let withdrawal = desk.only_story().withdrawn.clone().unwrap();
    assert_eq!((withdrawal.by, Some(withdrawal.at)), (WithdrawnBy::Tombstone, when));
    assert_eq!(desk.verdicts(&[fees()]), [], "the entry as it was deleted stays deleted");
    assert_eq!(desk.verdicts(&[updated(fees(), "2025-04-03T08:00:00Z")]), [Verdict::Withdrawn]);
    assert_eq!(desk.only_story().withdrawn, None);
    assert_eq!(desk.withdraw("fcdo", &guid, when), 0, "the tombstone is older than the entry");
}

#[test]
fn a_copy_that_is_withdrawn_withdraws_itself_alone() {
    let mut desk = Desk::new();
    desk.read(&[fees()]);
    desk.read(&[original(entry("wired", "w1", "https://wired.example/1", "Mooring fees"), PAGE)]);
    assert_eq!(desk.withdraw("wired", "w1", None), 1);
    let story = desk.only_story();
    assert_eq!(story.withdrawn, None);
    assert!(story.members[1].withdrawn.is_some());
}

#[test]
fn a_notice_on_the_page_withdraws_the_story_and_moves_its_date() {
    let mut desk = Desk::new();
    desk.read(&[enriched(fees())]);
    hours(&mut desk, 2);
    let withdrawn = Entry { withdrawn: Some(at("2025-04-03T10:00:00Z")), ..enriched(fees()) };
    assert_eq!(desk.verdicts(&[withdrawn.clone()]), [Verdict::Withdrawn]);
    assert_eq!(desk.verdicts(&[withdrawn]), []);
    let story = desk.only_story();
    assert_eq!(story.withdrawn.as_ref().unwrap().by, WithdrawnBy::Notice);
    assert_eq!(story.updated, desk.now);
}

#[test]
fn a_page_counts_as_gone_when_it_is_gone_twice() {
    let mut desk = Desk::new();
    desk.read(&[fees()]);
    let missing = |date: &str| Entry { missing: Some(at(date)), ..fees() };
    assert_eq!(desk.verdicts(&[missing("2025-04-03T09:00:00Z")]), [Verdict::Completed]);
    assert_eq!(desk.verdicts(&[missing("2025-04-03T10:00:00Z")]), [], "too soon to be sure");
    assert_eq!(desk.verdicts(&[fees()]), [], "not looked at");
    assert_eq!(desk.only_story().withdrawn, None);
    assert_eq!(desk.verdicts(&[missing("2025-04-04T09:00:00Z")]), [Verdict::Withdrawn]);
    assert_eq!(desk.only_story().withdrawn.as_ref().unwrap().by, WithdrawnBy::Missing);
    assert_eq!(desk.verdicts(&[enriched(fees())]), [Verdict::Withdrawn], "it is back");
    assert_eq!(desk.only_story().withdrawn, None);
}

#[test]
fn an_entry_that_was_cut_off_is_completed_by_the_whole_of_it_and_by_nothing_else() {
    const LINK: &str = "https://ports.example/news/harbour-levy-rises";
    const TITLE: &str = "The harbour levy rises in May";
    let part = |guid: &str, link: &str, title: &str| Entry {
        cut_off: true,
        updated: None,
        ..entry("fcdo", guid, link, title)
    };
    let whole = entry("fcdo", "urn:ports:1", LINK, TITLE);
    for (part, is_same) in [
        (part("-", "-", TITLE), true),
        (part("urn:ports:1", "-", ""), true),
        (part("-", LINK, ""), true),
        (part("-", LINK, "The harbour levy rises in June"), true),
        (part("urn:ports:1", LINK, TITLE), true),
        (part("urn:ports:2", "-", TITLE), false),
        (part("-", "https://ports.example/news/levy-of-last-year", TITLE), false),
        (part("-", "-", "The lighthouse is lit again"), false),
        (updated(part("-", "-", TITLE), "2024-04-02T11:05:00Z"), false),
    ] {
        let mut desk = Desk::new();
        assert_eq!(desk.verdicts(&[part.clone()]), [Verdict::New]);
        let verdicts = desk.verdicts(&[whole.clone()]);
        assert_eq!(verdicts == [Verdict::Completed], is_same, "{part:?}: {verdicts:?}");
        if is_same {
            assert_eq!(desk.only_story().members.len(), 1);
            assert_eq!(*desk.only_story().members[0].entry, whole);
            assert!(desk.only_story().history.is_empty());
            // Part of it takes nothing away.
            assert_eq!(desk.verdicts(&[part]), []);
            assert_eq!(*desk.only_story().members[0].entry, whole);
        }
    }
    // Of two with its title neither is known to be the one.
    let mut desk = Desk::new();
    desk.read(&[part("-", "-", TITLE)]);
    let other = entry("fcdo", "urn:ports:9", "https://ports.example/news/levy-of-last-year", TITLE);
    let verdicts = desk.verdicts(&[whole, other]);
    assert!(!verdicts.contains(&Verdict::Completed), "{verdicts:?}");
}
