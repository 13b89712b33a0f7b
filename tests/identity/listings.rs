//! Tests by the real binary that pages which list announcements are refused or split, with the reason.

use std::fmt::Write;

use super::releases::RELEASES;
use super::telling;
use crate::support::binary::Gazetted;
use crate::support::http::get;

const DATE: &str = "2025-04-02T11:05:00Z";

/// A release as a page has it: below the heading of an archive, or bare.
fn release(number: usize, heading: bool) -> String {
    let release = &RELEASES[number];
    let paragraphs: String =
        release.text.lines().map(|line| format!("&lt;p>{line}&lt;/p>")).collect();
    match heading {
        true => format!("&lt;p>PRESS RELEASE : {} [April 2025]&lt;/p>{paragraphs}", release.title),
        false => paragraphs,
    }
}

fn page(numbers: std::ops::Range<usize>, heading: bool) -> String {
    numbers.map(|number| release(number, heading)).collect()
}

/// What is stored once these were polled: each source with the page it tells, one after the other.
fn told(tellings: &[(&str, &str, String)]) -> Gazetted {
    let mut config =
        "[server]\nlisten = \"127.0.0.1:0\"\nbase_url = \"https://feeds.example.org/\"\n\
                      [store]\npath = \"store\"\n"
            .to_owned();
    for (source, ..) in tellings {
        let role = if *source == "fcdo" { "department" } else { "syndicator" };
        write!(
            config,
            "[[source]]\nid = \"{source}\"\nfile = \"{source}.xml\"\nrole = \"{role}\"\n"
        )
        .unwrap();
    }
    config += "[[topic]]\nid = \"gangs\"\ntitle = \"Gangs\"\nquery = \"Dravenburg\"\n";
    let gazetted = Gazetted::with(&config);
    for (source, title, text) in tellings {
        let link = format!("https://{source}.example/news/release-of-the-day-in-full");
        let document = telling(source, &link, title, DATE, text);
        std::fs::write(gazetted.path().join(format!("{source}.xml")), document).unwrap();
    }
    for (source, ..) in tellings {
        gazetted.succeed(&["poll", source]);
    }
    gazetted
}

#[test]
fn of_a_page_with_several_headings_the_titled_release_counts_or_none_and_explain_says_so() {
    let all = page(0..3, true);
    let gazetted = told(&[
        ("fcdo", "Ministers act on forged flags", release(1, false)),
        ("archive", RELEASES[1].title, all.clone()),
        ("parl", "All that was released in April", all),
    ]);
    let archive =
        gazetted.succeed(&["explain", "https://archive.example/news/release-of-the-day-in-full"]);
    assert!(archive.contains("Published in 2 entries"), "{archive}");
    let said = "its page lists 3 releases, and it is compared by the one with its title";
    assert!(archive.contains(said), "{archive}");
    assert!(archive.contains("\nnot in gangs\n"), "another release names the town: {archive}");
    let parl =
        gazetted.succeed(&["explain", "https://parl.example/news/release-of-the-day-in-full"]);
    assert!(parl.contains("Published by one source"), "{parl}");
    assert!(parl.contains("lists 3 releases, and none has its title"), "{parl}");
    assert!(parl.contains("\nin gangs\n"), "{parl}");

    let told_by = |page: &str| {
        let mut stories = gazetted.stories().into_iter();
        stories.find(|story| story.to_string().contains(page)).unwrap()["id"].clone()
    };
    let ids = [
        "archive.example/news/release-of-the-day-in-full",
        "parl.example/news/release-of-the-day-in-full",
    ]
    .map(told_by);
    let daemon = gazetted.start();
    let pages = ids.map(|id| get(daemon.address, &format!("/stories/{}", id.as_str().unwrap())));
    let [archive, parl] = pages.map(|page| page.text().to_owned());
    assert!(archive.contains(&format!("<span class=\"meta\">{said}</span>")), "{archive}");
    assert_eq!(archive.matches("its page lists").count(), 1, "the other page holds one release");
    assert!(parl.contains("3 releases, and none has its title"), "{parl}");
}

#[test]
fn a_page_without_headings_takes_in_nothing_and_explain_says_what_it_holds() {
    let digest = ("trade", "This week in short", page(3..6, false));
    let copies = [
        ("fcdo", RELEASES[3].title, release(3, false)),
        ("mirror", RELEASES[4].other_title, release(4, false)),
    ];
    for digest_at in 0..=2 {
        let mut tellings = copies.to_vec();
        tellings.insert(digest_at, digest.clone());
        let gazetted = told(&tellings);
        let explained =
            gazetted.succeed(&["explain", "https://trade.example/news/release-of-the-day-in-full"]);
        assert!(explained.contains("Published by one source"), "{explained}");
        for title in [RELEASES[3].title, RELEASES[4].other_title] {
            let near = explained.split("  near: ").find(|near| near.starts_with(title));
            let near = near.unwrap_or_else(|| panic!("{digest_at}: {explained}"));
            assert!(near.contains("announcements that have nothing in common"), "{near}");
        }
    }
}
