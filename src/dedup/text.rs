//! Reads the words of what an entry says itself, each with its place and kind.

use std::ops::Range;

use xxhash_rust::xxh3::xxh3_64;

use super::number::{NumberReader, decimal};
use super::title::normal_title;
use super::word_kind::{
    Form, Kind, Word, demote_nouns, kind_of, mark_calendar_characters, mark_portuguese_weekday,
};
use crate::model::Entry;
use crate::tokenize;

/// Lines that begin one release of a page which lists several.
const OPENINGS: &[&str] =
    &["press release", "news release", "media release", "press statement", "for immediate release"];

/// A release on a page of several has at least so many words, with its heading.
const FEWEST_OF_A_RELEASE: usize = 20;

/// More words of one text than this are not compared: a debate, a report.
pub(super) const MOST_WORDS: usize = 10_000;

/// The words of what the entry titled `title` says itself.
///
/// Compatibility forms are folded, case, quotes, soft hyphens and the genitive's
/// `'s` dropped, line breaks ignored. Of a page with several releases the one with the
/// title counts. Where none has it, nothing counts: such a page is evidence for no announcement.
pub(super) fn words(text: &str, title: &str) -> Vec<Word> {
    let mut words = Vec::with_capacity(text.len() / 6);
    for line in own_lines(text, title) {
        read_words(text, line, &mut words);
        if words.len() > MOST_WORDS {
            words.truncate(MOST_WORDS);
            break;
        }
    }
    demote_nouns(text, &mut words);
    words
}

/// The lines to read: all of them, or one release's out of several.
fn own_lines(text: &str, title: &str) -> Vec<Range<usize>> {
    let lines: Vec<Range<usize>> = lines(text).collect();
    let releases = releases(text, &lines, title);
    match releases.own {
        _ if releases.begin.len() < 2 => lines,
        None => Vec::new(),
        Some(own) => {
            let end = releases.begin.get(own + 1).copied().unwrap_or(lines.len());
            lines[releases.begin[own]..end].to_vec()
        }
    }
}

/// The releases that a page lists.
struct Releases {
    /// The line in which each begins.
    begin: Vec<usize>,
    /// The one with the entry's title.
    own: Option<usize>,
}

fn releases(text: &str, lines: &[Range<usize>], title: &str) -> Releases {
    let line = |place: usize| lines.get(place).map_or("", |line| &text[line.clone()]);
    // Where each release begins, and what it is called: behind the opening
    // words, or on the line below them. A heading said twice begins nothing new.
    let mut releases: Vec<(usize, Option<String>)> = Vec::new();
    for place in 0..lines.len() {
        let Some(behind) = behind_opening(line(place)) else { continue };
        let heading = if behind.is_empty() { line(place + 1) } else { behind };
        let heading = normal_title(heading, "");
        if releases.last().is_none_or(|(_, last)| heading.is_none() || *last != heading) {
            releases.push((place, heading));
        }
    }
    // As nearly every page.
    if releases.len() < 2 {
        return Releases { begin: Vec::new(), own: None };
    }
    // Those words over a list of links, or on a button, begin no release.
    let starts: Vec<usize> = releases.iter().skip(1).map(|(place, _)| *place).collect();
    let mut ends = starts.into_iter().chain([lines.len()]);
    releases.retain(|(place, _)| {
        let end = ends.next().unwrap_or(lines.len());
        let words = (*place..end).map(|place| line(place).split_whitespace().count());
        words.sum::<usize>() >= FEWEST_OF_A_RELEASE
    });
    let wanted = normal_title(title, "");
    let own = releases.iter().position(|(_, heading)| wanted.is_some() && *heading == wanted);
    Releases { begin: releases.into_iter().map(|(place, _)| place).collect(), own }
}

/// The bytes of an entry's text that are its own announcement, heading left out, where its page lists
/// several and one has its title.
pub(super) fn own_part(entry: &Entry) -> Option<Range<usize>> {
    let text = entry.text.as_str();
    let lines: Vec<Range<usize>> = lines(text).collect();
    let Releases { begin, own } = releases(text, &lines, &entry.title);
    let own = own.filter(|_| begin.len() > 1)?;
    let heading = begin[own];
    let alone = behind_opening(&text[lines[heading].clone()]).is_some_and(str::is_empty);
    let from = heading + if alone { 2 } else { 1 };
    let to = begin.get(own + 1).copied().unwrap_or(lines.len());
    (from < to).then(|| lines[from].start..lines[to - 1].end)
}

/// A remark on an entry whose page lists several releases: which of them it is compared by, if any.
pub fn listing_remark(entry: &Entry) -> Option<String> {
    let lines: Vec<Range<usize>> = lines(&entry.text).collect();
    let Releases { begin, own } = releases(&entry.text, &lines, &entry.title);
    let remark = match own {
        _ if begin.len() < 2 => return None,
        Some(_) => "it is compared by the one with its title",
        None => "none has its title, so its text is compared with no other",
    };
    Some(format!("its page lists {} releases, and {remark}", begin.len()))
}

fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    text.split('\n').map(move |line| {
        let range = start..start + line.len();
        start = range.end + 1;
        range
    })
}

/// The text after `PRESS RELEASE :` at the beginning of a line; empty where those words stand alone.
fn behind_opening(line: &str) -> Option<&str> {
    OPENINGS.iter().find_map(|opening| {
        let rest = strip_prefix(line.trim(), opening)?.trim_start();
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix(':').map(str::trim) }
    })
}

/// The text after `prefix`, which is lower-case ASCII, whatever the line's case.
fn strip_prefix<'a>(line: &'a str, prefix: &str) -> Option<&'a str> {
    let head = line.get(..prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then(|| &line[prefix.len()..])
}

/// Appends the words of one line.
fn read_words(text: &str, line: Range<usize>, read: &mut Vec<Word>) {
    let (mut cased, mut form) = (String::new(), String::new());
    let mut last: Option<Range<usize>> = None;
    let mut numbers = NumberReader::default();
    for (place, plain) in tokenize::words(&text[line.clone()]) {
        let place = line.start + place.start..line.start + place.end;
        let stated = &text[place.clone()];
        form.clear();
        match plain {
            true => form.extend(stated.chars().map(|c| c.to_ascii_lowercase())),
            false => match decimal(stated) {
                Some(number) => form.push_str(&number),
                None => _ = tokenize::fold(tokenize::clean(stated, &mut cased), &mut form),
            },
        }
        let between = last.as_ref().map_or("", |last| &text[last.end..place.start]);
        let within_sentence = last.as_ref().is_some_and(|last| {
            !between.contains(':') && !tokenize::ends_sentence(&text[last.clone()], between, stated)
        });
        last = Some(place.clone());
        // A mark that belongs to no letter.
        if form.is_empty() {
            continue;
        }
        if numbers.takes(&form, between)
            && let Some(begun) = read.last_mut()
        {
            begun.hash = xxh3_64(numbers.digits().as_bytes());
            begun.place.end = place.end;
            if !begun.kind.is_figure() {
                begun.kind = Kind::Figure(Form::Spelt);
            }
            continue;
        }
        let number = numbers.read(&mut form);
        let hash = xxh3_64(form.as_bytes());
        let kind = match number {
            Some(number) => Kind::Figure(number),
            None => kind_of(stated, (&form, hash), within_sentence, read),
        };
        read.push(Word { hash, place, kind });
        if plain && form == "feira" {
            mark_portuguese_weekday(read);
        }
        if !plain && mark_calendar_characters(text, read) {
            numbers.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::SourceId;

    fn hashes(text: &str, title: &str) -> Vec<u64> {
        words(text, title).into_iter().map(|word| word.hash).collect()
    }

    #[test]
    fn tellings_of_one_sentence_agree() {
        let expected = hashes("the minister said 1500 people wont 1.5 each at 10 30", "");
        for text in [
            "The Minister's said 1,500 people won't 1.5 each, at 10:30.",
            "the minister\u{2019}s \u{201C}said\u{201D} 1,500 peo\u{AD}ple won\u{2019}t 1.5 each at 10:30",
            "THE\u{A0}MINISTER\nsaid 1500 people\n\nwon't (1.5) each \u{2013} at 10:30!",
        ] {
            assert_eq!(hashes(text, ""), expected, "{text}");
        }
    }

    #[test]
    fn a_number_is_one_word_however_it_is_spelt() {
        for (one, other) in [
            ("Some 12,400 cots", "Some 12 400 cots"),
            ("some 12.400 cots", "Some 12\u{A0}400 cots"),
            ("all 1,234,567 of them", "all 1 234 567 of them"),
            ("grew by 2,5 points", "grew by 2.5 points"),
            ("all 1'234'567 of them", "all 1.234.567 of them"),
            ("Some 12 thousand cots", "Some 12,000 cots"),
            ("com 3.500 mil euros", "com 3 500 mil euros"),
            ("It had nine reports", "It had 9 reports"),
            ("Er hat zwei Kinder", "Er hat 2 Kinder"),
            ("all forty-one of them", "all 41 of them"),
            ("quatre-vingt-douze maisons", "92 maisons"),
            ("einundvierzig Häuser", "41 Häuser"),
            ("le ventotto case", "le 28 case"),
            ("dwanaście tysięcy sztuk", "12 000 sztuk"),
            ("四十一名", "41名"),
            ("二〇二六年", "2026年"),
        ] {
            assert_eq!(hashes(one, ""), hashes(other, ""), "{one}");
        }
        for (one, other) in [
            ("Some 12,400 cots", "Some 12,500 cots"),
            ("in 2026 400 people", "in 2026400 people"),
            ("on 12. 400 people", "on 12400 people"),
            ("grew by 1.5 points", "grew by 15 points"),
            ("passe à 2,5 %", "passe à 25 %"),
        ] {
            assert_ne!(hashes(one, ""), hashes(other, ""), "{one}");
        }
    }

    #[test]
    fn each_word_knows_where_it_stands() {
        let text = "Ministers\u{2019} \u{A0}talks,\nsaid  \u{201C}No\u{A0}10\u{201D}";
        let places: Vec<&str> = words(text, "").into_iter().map(|word| &text[word.place]).collect();
        assert_eq!(places, ["Ministers", "talks", "said", "No", "10"]);
    }

    #[test]
    fn names_and_figures_are_told_from_other_words() {
        let text = "The talks in Dravenburg end on 3 May. They, said \u{201C}Liv Harkonsen\u{201D}, were hers. I agree.";
        let of_kind = |is_of_kind: fn(Kind) -> bool| -> Vec<&str> {
            let words = words(text, "").into_iter().filter(|word| is_of_kind(word.kind));
            words.map(|word| &text[word.place]).collect()
        };
        assert_eq!(of_kind(Kind::is_figure), ["3"]);
        assert_eq!(of_kind(Kind::is_day), ["May"]);
        assert_eq!(of_kind(Kind::is_name), ["Dravenburg", "May", "Liv", "Harkonsen"]);
    }

    #[test]
    fn of_several_releases_on_a_page_the_titled_one_counts_or_none() {
        let (bridges, ferries) = ("Blue it is. ".repeat(8), "All of them. ".repeat(8));
        let page = format!(
            "PRESS RELEASE : Bridges to be painted in blue\n{bridges}\nPress release: Ferries to run on all Sundays\n{ferries}\nPress release"
        );
        let own = hashes(&page, "Ferries to run on all Sundays");
        assert_eq!(own.len(), 2 + 6 + 24 + 2);
        assert_eq!(hashes(&page, "Lighthouses to shine in daytime too"), Vec::<u64>::new());
        let told = |title: &str| {
            let entry = Entry {
                text: page.clone(),
                title: title.to_owned(),
                ..Entry::of(SourceId::new("a"))
            };
            listing_remark(&entry).unwrap_or_default()
        };
        assert!(told("Ferries to run on all Sundays").ends_with("the one with its title"));
        assert!(told("Lighthouses to shine in daytime too").contains("2 releases, and none"));
        let entry = Entry {
            text: page.clone(),
            title: "Bridges to be painted in blue".to_owned(),
            ..Entry::of(SourceId::new("a"))
        };
        assert_eq!(own_part(&entry).map(|own| &page[own]), Some(bridges.as_str()));
        let twice = "PRESS RELEASE : Bridges to be painted in blue [May 2025]\nPRESS RELEASE : Bridges to be painted in blue [May 2025]\nBlue it is.";
        assert!(
            hashes(twice, "Any title at all").len() > 20,
            "a heading said twice is one release"
        );
    }

    proptest! {
        #[test]
        fn places_are_bytes_of_the_text(text in "[a-zA-Z0-9 '\u{2019}\u{A0},.\n\u{e9}\u{FB01}\u{AD}-]{0,80}") {
            for word in words(&text, "") {
                prop_assert!(!text[word.place].is_empty());
            }
        }
    }
}
