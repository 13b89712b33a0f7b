//! Sources that are careless with what they copy, or worse.

use super::releases::{Edit, FOOTER, OTHER_NEWS, RELEASES};
use super::*;
use crate::dedup::shingles::Passages;
use crate::dedup::text::MOST_WORDS;

const PAGE: &str = "https://www.gov.uk/government/news/carrow-slipway";

fn release(source: &str, number: usize, host: &str) -> Entry {
    let (title, path, text) = RELEASES[number];
    let link = format!("https://{host}/{path}");
    Entry { text: text.to_owned(), ..entry(source, &link, &link, title) }
}

fn hour(desk: &mut Desk) {
    desk.now = desk.now.after(std::time::Duration::from_secs(3600));
}

fn standing(desk: &Desk) -> Vec<&Arc<Story>> {
    desk.known.stories.values().filter(|story| story.stands()).collect()
}

#[test]
fn an_empty_entry_filled_in_later_takes_over_nobodys_story() {
    let (title, _, text) = RELEASES[0];
    let original = Entry { text: text.to_owned(), ..entry("fcdo", PAGE, PAGE, title) };
    let link = "https://mirror.example/soon";
    let bait = entry("mirror", link, link, "More to follow");
    let mut desk = Desk::new();
    desk.read(std::slice::from_ref(&bait));
    hour(&mut desk);
    desk.read(std::slice::from_ref(&original));
    hour(&mut desk);
    let copied = Edit::Retold.of(&format!("{text}\n{FOOTER}"));
    desk.read(&[Entry { text: copied, ..bait }]);
    let [story] = standing(&desk)[..] else { panic!("{:#?}", desk.clusters()) };
    assert_eq!(story.published_id, PAGE);
    assert_eq!(story.lead(&desk.sources).entry.source.as_str(), "fcdo");
}

#[test]
fn a_copy_that_turns_to_something_else_makes_no_strangers_one() {
    for (first, second) in [(0, 1), (1, 0)] {
        let one = release("fcdo", first, "harbours.example");
        let other = release("treasury", second, "stores.example");
        let longer = |told: &Entry| format!("{}\n{FOOTER}\n{FOOTER}", told.text);
        let link = "https://home-office.example/page";
        let bait = Entry {
            text: longer(&one),
            ..entry("home-office", link, link, "What ministers said today")
        };
        let mut desk = Desk::new();
        let brief = Entry { text: String::new(), ..bait.clone() };
        let turned = Entry { text: longer(&other), ..bait.clone() };
        for told in [&one, &other, &bait, &brief, &turned, &brief, &bait, &turned] {
            desk.read(std::slice::from_ref(told));
            hour(&mut desk);
        }
        let stories = standing(&desk);
        assert_eq!(stories.len(), 2, "{:#?}", desk.clusters());
        let both = |story: &&Arc<Story>| {
            let told = |source: &str| {
                story.members.iter().any(|member| member.entry.source.as_str() == source)
            };
            told("fcdo") && told("treasury")
        };
        assert!(!stories.iter().any(both), "{:#?}", desk.clusters());
    }
}

#[test]
fn who_copies_an_announcement_cannot_take_it_back() {
    let original = release("fcdo", 0, "harbours.example");
    let link = "https://treasury.example/copy";
    let copy = Entry {
        text: format!("{}\n{FOOTER}", original.text),
        ..entry("treasury", link, link, "Boats return to the water")
    };
    let mut desk = Desk::new();
    desk.read(&[original]);
    desk.read(&[copy]);
    let leads = |desk: &Desk| {
        let story = desk.only_story();
        let lead = story.lead(&desk.sources).entry.source.to_string();
        (lead, story.withdrawn.is_some())
    };
    assert_eq!(leads(&desk), ("fcdo".to_owned(), false), "a longer text takes no lead");
    desk.withdraw("treasury", link, None);
    assert_eq!(leads(&desk), ("fcdo".to_owned(), false));
    desk.withdraw("fcdo", "https://harbours.example/carrow-slipway", None);
    assert!(leads(&desk).1, "nobody stands by it any more");
}

#[test]
fn nobody_comes_to_lead_its_equals_by_writing_more_later() {
    let original = release("fcdo", 0, "harbours.example");
    let link = "https://treasury.example/copy";
    let shorter: Vec<&str> = original.text.split_inclusive(". ").collect();
    let copy = Entry {
        text: shorter[..shorter.len() - 1].concat(),
        ..entry("treasury", link, link, "Boats return to the water")
    };
    let mut desk = Desk::new();
    desk.read(std::slice::from_ref(&original));
    desk.read(std::slice::from_ref(&copy));
    let leads = |desk: &Desk| desk.only_story().lead(&desk.sources).entry.source.to_string();
    assert_eq!(leads(&desk), "fcdo");
    hour(&mut desk);
    desk.read(&[Entry { text: format!("{}\n{FOOTER}", original.text), ..copy }]);
    assert_eq!(leads(&desk), "fcdo");
    desk.read(&[Entry { text: original.text[..120].to_owned(), ..original }]);
    assert_eq!(leads(&desk), "fcdo", "nor does one lose the lead by writing less");
}

#[test]
fn a_page_that_two_sources_list_is_withdrawn_by_the_one_that_knows() {
    let told = |source: &str| release(source, 0, "harbours.example");
    let mut desk = Desk::new();
    desk.read(&[told("fcdo")]);
    desk.read(&[told("home-office")]);
    desk.withdraw("fcdo", "https://harbours.example/carrow-slipway", None);
    assert!(desk.only_story().withdrawn.is_some());
}

#[test]
fn releases_whose_figures_are_in_a_table_alone_stay_apart() {
    let told = |source: &str, path: &str, date: &str| {
        let link = format!("https://figures.example/{path}");
        let stated = entry(source, &link, &link, "Catches landed at all harbours");
        Entry { text: RELEASES[0].2.to_owned(), ..updated(stated, date) }
    };
    for (one, other, stories) in [
        (("landings-a", "2025-04-01T09:00:00Z"), ("landings-b", "2025-04-02T09:00:00Z"), 2),
        // The first in the evening, the second in the morning.
        (("landings-a", "2025-04-01T17:00:00Z"), ("landings-b", "2025-04-02T08:30:00Z"), 2),
        // What two offices announce together has one day, or is hours apart.
        (("landings-a", "2025-04-02T09:00:00Z"), ("landings-b", "2025-04-02T11:00:00Z"), 1),
        (("landings-a", "2025-04-01T23:30:00Z"), ("landings-b", "2025-04-02T00:15:00Z"), 1),
    ] {
        let mut desk = Desk::new();
        desk.read(&[told("fcdo", one.0, one.1)]);
        desk.read(&[told("treasury", other.0, other.1)]);
        assert_eq!(desk.known.stories.len(), stories, "{one:?} {other:?}");
    }
}

#[test]
fn of_releases_that_have_one_text_a_copy_joins_the_one_of_its_day() {
    let told = |source: &str, host: &str, day: u8| {
        let link = format!("https://{host}/{day}");
        let stated = entry(source, &link, &link, &format!("Catches of all harbours, {host}"));
        let date = format!("2025-04-0{day}T09:00:00Z");
        Entry { text: RELEASES[0].2.to_owned(), ..updated(stated, &date) }
    };
    let mut desk = Desk::new();
    for day in 1..=3 {
        desk.read(&[told("fcdo", "figures.example", day)]);
    }
    desk.read(&[told("mirror", "mirror.example", 2)]);
    let homes = desk.known.stories.values().filter(|story| story.members.len() == 2);
    let days: Vec<&str> =
        homes.filter_map(|story| story.members[0].entry.guid.as_deref()).collect();
    assert_eq!(days, ["https://figures.example/2"]);
}

#[test]
fn pages_of_one_site_that_bear_no_date_are_never_one_by_their_text() {
    let told = |source: &str, path: &str| {
        let link = format!("https://figures.example/{path}");
        let stated = entry(source, &link, &link, "Catches landed at all harbours");
        Entry { text: RELEASES[0].2.to_owned(), updated: None, ..stated }
    };
    let mut desk = Desk::new();
    desk.read(&[told("fcdo", "landings-a")]);
    desk.read(&[told("treasury", "landings-b")]);
    assert_eq!(desk.known.stories.len(), 2);
}

#[test]
fn a_page_without_headings_that_lists_announcements_takes_in_none_of_their_copies() {
    let parts: Vec<&str> = RELEASES[..3].iter().map(|(.., text)| *text).collect();
    let link = "https://courier.example/week";
    let digest =
        Entry { text: parts.join("\n"), ..entry("courier", link, link, "The week in short") };
    for (number, part) in parts.iter().enumerate() {
        let link = "https://mirror.example/1";
        let text = format!("{part}\n{FOOTER}");
        let copy = Entry { text, ..entry("mirror", link, link, "From all over the country") };
        for order in [[&digest, &copy], [&copy, &digest]] {
            let mut desk = Desk::new();
            for told in order {
                desk.read(std::slice::from_ref(told));
            }
            assert_eq!(desk.known.stories.len(), 2, "{number}");
        }
    }
}

#[test]
fn a_list_of_two_announcements_that_took_in_a_copy_of_one_takes_in_none_of_the_other() {
    // Half of a text may well be a copy of it; whoever tells the other half shows that it was none.
    let other = format!("{}\nNotes to editors\n{}", RELEASES[0].2, &RELEASES[2].2[..240]);
    let text = format!("{}\n{other}", RELEASES[1].2);
    let told = |source: &str, title: &str, text: &str| {
        let link = format!("https://{source}.example/1");
        Entry { text: text.to_owned(), ..entry(source, &link, &link, title) }
    };
    let mut desk = Desk::new();
    desk.read(&[told("courier", "Grain stores, and a slipway for Carrow", &text)]);
    desk.read(&[told("mirror", "Grain stores for the valleys", RELEASES[1].2)]);
    assert_eq!(desk.known.stories.len(), 1, "{:#?}", desk.clusters());
    desk.read(&[told("gazette", "Carrow has a slipway again", &other)]);
    assert_eq!(desk.known.stories.len(), 2, "{:#?}", desk.clusters());
    desk.read(&[told("wired", "Slipway opens at Carrow", &other)]);
    let sizes: BTreeSet<usize> =
        desk.known.stories.values().map(|story| story.members.len()).collect();
    assert_eq!((desk.known.stories.len(), sizes), (2, BTreeSet::from([2])));
}

#[test]
fn no_date_that_a_copy_claims_makes_it_the_original() {
    for date in ["1990-01-01T00:00:00Z", "2025-04-01T00:00:00Z", "2199-01-01T00:00:00Z"] {
        let original = release("fcdo", 0, "harbours.example");
        let link = "https://mirror.example/1";
        let copy = Entry {
            text: Edit::Framed.of(&original.text),
            ..updated(entry("mirror", link, link, "Boats return to the water"), date)
        };
        let mut desk = Desk::new();
        desk.read(&[original]);
        let id = desk.only_story().published_id.clone();
        desk.read(std::slice::from_ref(&copy));
        hour(&mut desk);
        desk.read(&[updated(copy, "2199-01-02T00:00:00Z")]);
        desk.withdraw("mirror", link, None);
        let of_it = |story: &&&Arc<Story>| story.published_id == id;
        let stories = standing(&desk);
        let story = stories.iter().find(of_it).unwrap();
        assert_eq!(story.lead(&desk.sources).entry.source.as_str(), "fcdo", "{date}");
        assert!(story.withdrawn.is_none() && story.updated <= desk.now, "{date}");
    }
}

#[test]
fn of_a_text_without_end_only_the_beginning_is_compared() {
    let words = |from: usize| -> String {
        (from..from + 150_000).map(|number| format!("word{number} ")).collect()
    };
    let told = |text: String| Entry { text, ..entry("fcdo", "-", PAGE, "A report") };
    let (one, other) = (told(words(0)), told(words(40)));
    assert!(one.text.len() > 1_000_000);
    let (one, other) = (Passages::of(&one).unwrap(), Passages::of(&other).unwrap());
    assert_eq!((one.len(), other.len()), (MOST_WORDS, MOST_WORDS));
    assert!(one.keys(&[]).len() <= 96);
}

#[test]
fn a_document_that_says_nothing_new_has_no_text_read() {
    let mut desk = Desk::new();
    let told: Vec<Entry> = (0..8).map(|number| release("fcdo", number, "a.example")).collect();
    desk.read(&told);
    let read = |entries: Vec<Entry>, desk: &Desk| {
        let entries: Vec<_> = entries.into_iter().map(Arc::new).collect();
        let mut candidates = candidates(&entries, Extent::Whole, &desk.rules(), desk.now);
        read_texts(&mut candidates, &desk.known);
        candidates.iter().filter(|candidate| candidate.passages.is_some()).count()
    };
    assert_eq!(read(told.clone(), &desk), 0);
    let mut more = told;
    more.push(Entry { text: RELEASES[0].2.to_owned(), ..entry("fcdo", "urn:new", "-", "New") });
    assert_eq!(read(more, &desk), 9);
}

#[test]
fn a_story_holds_so_many_entries_however_often_it_is_repeated() {
    let original = release("fcdo", 0, "www.gov.uk");
    let repeated = |source: &str, number: u32| {
        let link = format!("https://{source}.example/{number}");
        Entry {
            original: original.url.clone(),
            published: original
                .published
                .map(|at| at.after(std::time::Duration::from_secs(60 * u64::from(number)))),
            ..Entry { text: original.text.clone(), ..entry(source, &link, &link, &original.title) }
        }
    };
    let mut desk = Desk::new();
    desk.read(std::slice::from_ref(&original));
    let document: Vec<Entry> = (0..100).map(|number| repeated("mirror", number)).collect();
    let judged = desk.read(&document);
    let story = desk.only_story();
    let of_mirror =
        story.members.iter().filter(|one| one.entry.source.as_str() == "mirror").count();
    assert_eq!((of_mirror, judged.left_out), (10, 90));
    let whole = story.clone();
    // Listed again, now or later, it changes nothing, and another source still joins.
    hour(&mut desk);
    let judged = desk.read(&document);
    assert_eq!((judged.admitted.len(), judged.known, judged.left_out), (0, 100, 90));
    assert_eq!(desk.only_story(), &whole);
    desk.read(&[repeated("gazette", 1)]);
    assert_eq!(desk.only_story().members.len(), whole.members.len() + 1);
    // However many sources there are, there is an end.
    for number in 0..300 {
        desk.read(&[repeated(&format!("mirror-{number}"), 7)]);
    }
    assert_eq!(desk.only_story().members.len(), 250);
}

#[test]
fn a_digest_that_has_one_release_in_full_is_not_its_copy() {
    let others = "The ferry to Lunna sails again on weekdays after Shetland engineers replaced both of its bow thrusters.\n\
        Vets in Fife found bluetongue in four sheep, and no livestock may leave the parish of Anstruther.\n\
        Judge Marie Durand takes over the maritime court at Brest in January from Paul Kerbrat.";
    for (number, heading) in [(0, "Also today"), (1, "Außerdem"), (6, "")] {
        let original = release("fcdo", number, "harbours.example");
        let link = "https://courier.example/evening";
        let text = format!("{}\n{heading}\n{others}", original.text);
        let digest = Entry { text, ..entry("courier", link, link, "Evening bulletin") };
        let copy = Entry { text: format!("{}\n{OTHER_NEWS}", original.text), ..digest.clone() };
        for (told, stories) in [(&digest, 2), (&copy, 1)] {
            for order in [[&original, told], [told, &original]] {
                let mut desk = Desk::new();
                for told in order {
                    desk.read(std::slice::from_ref(told));
                }
                assert_eq!(desk.known.stories.len(), stories, "{number} {:#?}", desk.clusters());
            }
        }
    }
}

#[test]
fn an_entry_that_lists_two_announcements_of_others_makes_them_no_one() {
    let told = |source: &str, number: usize| {
        let (title, path, text) = RELEASES[number];
        let link = format!("https://{source}.example/{path}");
        Entry { text: text.to_owned(), ..entry(source, &link, &link, title) }
    };
    let (first, second) = (told("mirror", 0), told("courier", 6));
    let both = |between: &str| format!("{}\n{between}\n{}", first.text, second.text);
    for (title, text) in [
        ("The day in brief", both("")),
        ("What happened on Wednesday", both("")),
        ("Slipway at Carrow, and other news", both(RELEASES[6].0)),
    ] {
        let link = "https://treasury.example/day";
        let list = updated(entry("treasury", link, link, title), "2025-04-02T10:00:00Z");
        let mut desk = Desk::new();
        for told in [&first, &second, &Entry { text, ..list }] {
            desk.read(std::slice::from_ref(told));
            hour(&mut desk);
        }
        assert_eq!(standing(&desk).len(), 3, "{title} {:#?}", desk.clusters());
    }
}

#[test]
fn a_copier_that_denies_what_it_copied_hides_nobody() {
    let original = release("fcdo", 0, "harbours.example");
    let link = "https://treasury.example/copy";
    let copy =
        Entry { text: original.text.clone(), ..entry("treasury", link, link, &original.title) };
    let mut desk = Desk::new();
    desk.read(std::slice::from_ref(&copy));
    hour(&mut desk);
    desk.read(std::slice::from_ref(&original));
    assert_eq!(standing(&desk).len(), 1);
    hour(&mut desk);
    let denied = copy.text.replace("Mooring fees stay at", "Mooring fees will not stay at");
    desk.read(&[updated(Entry { text: denied, ..copy }, "2025-04-03T09:30:00Z")]);
    let stories = standing(&desk);
    assert_eq!(stories.len(), 2, "{:#?}", desk.clusters());
    let leads =
        stories.iter().any(|story| story.lead(&desk.sources).entry.source.as_str() == "fcdo");
    assert!(leads, "the department's words have a story of their own");
}

#[test]
fn a_copier_that_revises_often_pushes_out_no_correction_of_the_department() {
    let original = release("fcdo", 0, "harbours.example");
    let link = "https://treasury.example/copy";
    let copy =
        Entry { text: original.text.clone(), ..entry("treasury", link, link, &original.title) };
    let mut desk = Desk::new();
    desk.read(std::slice::from_ref(&original));
    desk.read(std::slice::from_ref(&copy));
    let corrected = original.text.replace("forty boats", "forty-one boats");
    desk.read(&[Entry { text: corrected, ..original }]);
    for number in 0..40 {
        let text = format!("{}\nSeen {} by our readers.", copy.text, "often ".repeat(number + 1));
        desk.read(&[Entry { text, ..copy.clone() }]);
    }
    let story = desk.known.stories.values().find(|story| story.members.len() == 2).unwrap();
    let of = |source: &str| {
        let history = story.history.iter().filter(|one| one.source.as_str() == source);
        history.filter(|one| one.text.is_some()).count()
    };
    assert!(story.history.len() <= 20);
    assert_eq!(of("fcdo"), 1, "{} of the copier", of("treasury"));
}
