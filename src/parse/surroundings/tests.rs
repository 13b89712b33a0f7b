//! Announcements apart from what surrounds them, as documents and pages have them.

use url::Url;

use super::controls::CONTROLS;
use super::labelled::{Labelled, labelled};
use crate::model::{Document, Entry, Reason, SourceId, Timestamp};
use crate::parse::{self, Limits};

pub(super) fn document(body: String) -> Document {
    Document {
        source: SourceId::new("min"),
        url: Some(Url::parse("https://min.example/feed").unwrap()),
        content_type: None,
        body: body.into(),
        at: Timestamp::parse_rfc3339("2025-04-05T10:00:00Z").unwrap(),
    }
}

/// How a document can hold an entry's text.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    RssDescription,
    RssDescriptionCdata,
    ContentEncoded,
    AtomContent,
    AtomSummary,
}

pub(super) const FORMS: [Form; 5] = [
    Form::RssDescription,
    Form::RssDescriptionCdata,
    Form::ContentEncoded,
    Form::AtomContent,
    Form::AtomSummary,
];

/// An entry with this text, among others that say something else.
pub(super) fn read(html: &str, form: Form) -> Entry {
    let escaped = htmlize::escape_text(html);
    let item = |number: usize, text: String| {
        let link = format!("https://min.example/n/{number}");
        match form {
            Form::AtomContent | Form::AtomSummary => format!(
                "<entry><id>{link}</id><title>Notice {number}</title><updated>2025-04-03T10:00:00Z</updated><link href=\"{link}\"/>{text}</entry>"
            ),
            _ => format!("<item><title>Notice {number}</title><link>{link}</link>{text}</item>"),
        }
    };
    let text = match form {
        Form::RssDescription => format!("<description>{escaped}</description>"),
        Form::RssDescriptionCdata => format!("<description><![CDATA[{html}]]></description>"),
        Form::ContentEncoded => format!("<content:encoded><![CDATA[{html}]]></content:encoded>"),
        Form::AtomContent => format!("<content type=\"html\">{escaped}</content>"),
        Form::AtomSummary => format!("<summary type=\"html\">{escaped}</summary>"),
    };
    let others: String = (2..6).map(|number| item(number, String::new())).collect();
    let items = item(1, text) + &others;
    let whole = match form {
        Form::AtomContent | Form::AtomSummary => format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>tag:min.example,2025:f</id><title>Ministry</title><updated>2025-04-03T10:00:00Z</updated>{items}</feed>"
        ),
        _ => format!(
            "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Ministry</title><link>https://min.example/</link><description>d</description>{items}</channel></rss>"
        ),
    };
    let parsed = parse::parse(&document(whole), &Limits::default()).unwrap();
    Entry::clone(&parsed.entries[0])
}

#[test]
fn controls_lose_nothing() {
    let mut wrong = Vec::new();
    for (name, html) in CONTROLS {
        for form in FORMS {
            let entry = read(html, form);
            if !entry.set_aside.is_empty() {
                wrong.push(format!("{name} ({form:?}): {:?}", entry.set_aside));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_original_in_plain_text_is_found_though_text_follows() {
    let layouts = ["layouts, tuned on", "layouts, held out"].map(labelled);
    let syndicated = |text: &&Labelled| text.html.contains("https://dep.example/news/pilot");
    let syndicated: Vec<&Labelled> = layouts.iter().flatten().filter(syndicated).collect();
    assert_eq!(syndicated.len(), 3);
    for layout in syndicated {
        for form in FORMS {
            let original = read(layout.html, form).original;
            let original = original.as_ref().map(Url::as_str);
            let name = layout.name;
            assert_eq!(original, Some("https://dep.example/news/pilot"), "{name} {form:?}");
        }
    }
}

#[test]
fn a_line_that_most_entries_repeat_is_set_aside() {
    let item = |number: usize, html: &str| {
        format!(
            "<item><title>Visit {number}</title><link>https://min.example/n/{number}</link><description>{}</description></item>",
            htmlize::escape_text(html)
        )
    };
    let read = |items: String| {
        let whole = format!(
            "<rss version=\"2.0\"><channel><title>Ministry</title><link>https://min.example/</link><description>d</description>{items}</channel></rss>"
        );
        parse::parse(&document(whole), &Limits::default()).unwrap().entries
    };
    let footer = "The website of the ministry has more on the summit of the Western Balkans.";
    for form in [
        "<p>{visit}</p><p>{footer}</p>",
        "{visit} {footer}",
        "{visit}<br/><br/>{footer}",
        "<p>Western Balkans press service</p><p>{visit}</p>",
    ] {
        let items: String = (0..25)
            .map(|n| {
                let visit = format!("The minister visited harbour number {n} and met its crew. Tea was served to {n} people.");
                item(n, &form.replace("{visit}", &visit).replace("{footer}", footer))
            })
            .collect();
        for entry in read(items) {
            assert!(!entry.text.contains("Balkans"), "{form}: {}", entry.text);
            assert!(entry.text.contains("Tea was served"), "{form}: {}", entry.text);
            assert_eq!(entry.set_aside[0].reason, Reason::Repeated);
        }
    }
    // Facts that several entries share stay, as do texts that are nothing else.
    let notes = "<p>Visit {n} took place.</p><h3>Notes to editors</h3><p>The regime was set up in 2019 and covers ships.</p>";
    let same = "<p>Strong winds are expected.</p>";
    for form in [notes, same] {
        let items: String =
            (0..10).map(|n| item(n, &form.replace("{n}", &n.to_string()))).collect();
        for entry in read(items) {
            assert!(entry.set_aside.is_empty(), "{:?}", entry.set_aside);
        }
    }
}

/// The announcement of the tests below.
const BODY: &str = "<p>The harbour fund paid for the works at Carrow.</p><p>The levy rises in May, the minister said.</p>";

#[test]
fn a_link_to_the_original_takes_no_words_before_it() {
    for end in [
        "<p>The works are done.Original article link: https://dep.example/news/pilot</p>",
        "<p>The works are done. (Original article: https://dep.example/news/pilot)</p>",
        "<p>The works are done.|<a href=\"https://dep.example/news/pilot\">Original article</a></p>",
        "<p>The works are done. Source:<a href=\"https://dep.example/news/pilot\">Original article</a></p>",
    ] {
        for form in FORMS {
            for html in [format!("{BODY}{end}"), end.to_owned()] {
                let entry = read(&html, form);
                assert!(entry.text.contains("The works are done."), "{html}: {entry:?}");
                let original = entry.original.as_ref().map(Url::as_str);
                assert_eq!(original, Some("https://dep.example/news/pilot"), "{html}");
            }
        }
    }
}

#[test]
fn contacts_and_elements_with_misleading_names_stay() {
    for html in [
        "<p>WhatsApp the crisis line: <a href=\"https://wa.me/447700900000\">+44 7700 900000</a></p>",
        "<p>To apply, write to <a href=\"mailto:grants@dep.example?subject=Grant&amp;body=Name\">grants@dep.example</a>.</p>",
        "<div class=\"newsletter-content\"><p>The harbour fund paid for new works.</p></div>",
        "<div class=\"social-security\"><p>Benefits rise by three per cent.</p></div>",
        "<div class=\"cookie\"><p>The bakery of the year is in Carrow.</p></div>",
    ] {
        for html in [format!("{BODY}{html}"), format!("{html}<p>Ministry of Ports</p>")] {
            let entry = read(&html, Form::ContentEncoded);
            assert!(entry.set_aside.is_empty(), "{html}: {:?}", entry.set_aside);
        }
    }
}

#[test]
fn notices_with_one_formula_that_name_other_persons_stay() {
    let formula =
        "By decision of the council of ministers under article twelve of the act. ".repeat(8);
    let items: String = (0..10)
        .map(|n| {
            let person = "x".repeat(n + 1);
            format!("<item><title>Notice {n}</title><link>https://min.example/n/{n}</link><description>{}</description></item>",
                htmlize::escape_text(format!("<p>Listed on day {n}.</p><p>{formula}{person} is listed.</p>")))
        })
        .collect();
    let whole = format!("<rss version=\"2.0\"><channel><title>M</title>{items}</channel></rss>");
    for entry in parse::parse(&document(whole), &Limits::default()).unwrap().entries {
        assert!(entry.text.ends_with(" is listed."), "{:?}", entry.set_aside);
    }
}

#[test]
fn a_text_of_very_many_lines_stays_whole_and_headings_take_linear_time() {
    let link = "<p>Original article link: https://dep.example/news/pilot</p>";
    let html = format!("{BODY}{link}{}", "<p>One more line of the act</p>".repeat(4500));
    let entry = read(&html, Form::ContentEncoded);
    assert_eq!(entry.text.matches("One more line").count(), 4500);
    let headings = format!("{BODY}{}", "<p>More</p>".repeat(3900));
    assert!(read(&headings, Form::ContentEncoded).text.contains("harbour fund"));
}

#[test]
fn pages_that_differ_in_their_query_are_other_entries() {
    let item = |number: usize, html: &str| {
        let link = format!("https://min.example/news?id={number}");
        let html = htmlize::escape_text(html);
        format!(
            "<item><title>Notice {number}</title><link>{link}</link><description>{html}</description></item>"
        )
    };
    let others: String =
        (2..5).map(|n| format!("<p><a href=\"https://min.example/news?id={n}\">Notice number {n} of the year</a></p>")).collect();
    let items =
        item(1, &format!("{BODY}{others}")) + &(2..5).map(|n| item(n, "")).collect::<String>();
    let whole = format!("<rss version=\"2.0\"><channel><title>M</title>{items}</channel></rss>");
    let parsed = parse::parse(&document(whole), &Limits::default()).unwrap();
    let entry = &parsed.entries[0];
    assert!(!entry.text.contains("Notice number"), "{}", entry.text);
    assert!(entry.text.contains("harbour fund"), "{}", entry.text);
}

/// Lists behind the link to the original, in texts that lost their line ends and have no dates.
#[test]
fn a_run_on_list_behind_the_original_goes_by_its_heading() {
    const BODY: &str = "The minister signed an agreement with Kosovo on mixed patrols. Forty officers will share a control room from January. Results are published each spring.";
    let wire = "Original article link: https://fo.example/news/patrols";
    for list in [
        "Latest News from Foreign Office New sanctions on Quorland Eleven firms have their assets frozen from midnight. Trade deal cuts a tariff for Quorland Bakers can sell abroad without duty.",
        "Related content: Aid for Quorland Tents and blankets arrive on Friday. New envoy named Dr Ines Falk takes up the post in Quorland.",
        "More from Foreign Office Aid for Quorland Tents and blankets arrive on Friday. New envoy named Dr Ines Falk takes up her post in April.",
        "Other news 14 officers sent to Quorland They stay until May. Bridges repaired The army lends its engineers to the town.",
        "Read also Quorland votes Observers leave on Friday for the whole month. Visa rules change Students may stay for a year.",
        "Most read Quorland votes Observers leave on Friday for the whole month. Visa rules change Students may stay for a year.",
        "Weitere Meldungen Quorland wählt Die Beobachter reisen am Freitag ab. Neue Regeln für Visa Studierende bleiben ein Jahr.",
        "Dernières actualités Quorland vote Les observateurs partent vendredi pour un mois. Visas Les étudiants restent un an de plus.",
        "Últimas noticias Quorland vota Los observadores viajan el viernes. Cambian los visados Los estudiantes se quedan un año.",
        "Ultime notizie Quorland vota Gli osservatori partono venerdì per un mese intero. Visti Gli studenti restano un anno.",
        "Najnowsze wiadomości Quorland głosuje Obserwatorzy wyjeżdżają w piątek na cały miesiąc. Wizy Studenci zostają rok.",
        "Последние новости Quorland голосует Наблюдатели уезжают в пятницу на целый месяц. Визы Студенты остаются на год.",
    ] {
        for form in FORMS {
            let entry = read(&format!("{BODY} {wire} {list}"), form);
            assert_eq!(entry.text, BODY, "{form:?} {list}");
            assert!(entry.original.is_some(), "{list}");
        }
    }
    for (behind, stays) in [
        // Notes to editors in the same run stay.
        (
            "Latest News from Foreign Office New sanctions on Quorland Eleven firms have their assets frozen. Notes to editors The patrols do not touch the ban on lorries.",
            "Notes to editors The patrols do not touch the ban on lorries.",
        ),
        ("Notes to editors The patrols do not touch the ban.", "do not touch the ban"),
        (
            "Latest news from the border is that the first patrol has left, and nobody was stopped on its first night.",
            "nobody was stopped on its first night",
        ),
        (
            "Related measures were taken in Quorland a year ago, when the minister closed two roads.",
            "closed two roads",
        ),
        (
            "More patrols will follow. The minister said that she would ask Parliament for the money in the spring.",
            "she would ask Parliament",
        ),
        (
            "Background: Kosovo and its neighbours agreed in 2024 to share what their cameras see.",
            "their cameras see",
        ),
        (
            "More information The agreement can be read on the site of the parliament.",
            "can be read on the site",
        ),
    ] {
        let entry = read(&format!("{BODY} {wire} {behind}"), Form::RssDescription);
        assert!(entry.text.starts_with(BODY) && entry.text.contains(stays), "{}", entry.text);
    }
}
