//! Texts behind a link to the original.

use super::labelled::BODY;
use super::tests::{FORMS, read};

#[test]
fn notes_and_text_behind_the_original_stay() {
    let original = "<p>Original article link: https://dep.example/n/1</p>";
    let mut wrong = Vec::new();
    for (link, text, stays) in [
        (
            original,
            "<p>Notes to editors: The scheme began on 2 April 2024 and was extended on 3 May 2025.</p>",
            "was extended on 3 May 2025",
        ),
        (
            original,
            "<p>The council voted for the plan on 2 April 2024. Works began on 3 May 2025 and will take two years.</p>",
            "voted for the plan",
        ),
        (
            "<p>Press release link: <a href=\"https://dep.example/n/1\">https://dep.example/n/1</a></p>",
            "<p>On 2 April 2024 Parliament passed the act, and on 3 May 2025 Minister Orlov signed the order.</p>",
            "Minister Orlov signed",
        ),
        (
            "<p>Originalmeldung: https://amt.example/m/7</p>",
            "<p>Hintergrund: Das Gesetz trat am 1. Januar 2023 in Kraft und wurde am 5. Mai 2024 geändert.</p>",
            "wurde am 5. Mai 2024",
        ),
        (
            "<p>Originalmeldung: https://amt.example/m/7</p>",
            "<p>Der Bundestag hat das Gesetz am 1. Januar 2023 beschlossen. Zum 5. Mai 2024 Fristen zu ändern, lehnte er ab.</p>",
            "Bundestag hat das Gesetz",
        ),
        (
            "<p>Article original : <a href=\"https://dep.example/n/1\">ici</a></p>",
            "<p>Contexte : le plan a été présenté le 2 avril 2024, puis voté le 3 mai 2025 par le Sénat.</p>",
            "voté le 3 mai 2025",
        ),
        (
            "<p>Comunicado original: https://dep.example/n/1</p>",
            "<p>El plan se presentó el 2 de abril de 2024. El Congreso lo aprobó el 3 de mayo de 2025 y entra en vigor en junio.</p>",
            "entra en vigor en junio",
        ),
        (
            "<p>Oryginalny artykuł: https://dep.example/n/1</p>",
            "<p>Ustawa weszła w życie 2 kwietnia 2024 roku i została zmieniona 3 maja 2025 roku na wniosek senatu.</p>",
            "na wniosek senatu",
        ),
        (
            original,
            "<h3>Who can apply</h3><p>Farmers with fewer than ten cows can apply by 2 May 2025.</p><h3>How to apply</h3><p>Send the form to the ministry by 3 June 2025 at the latest.</p>",
            "Farmers with fewer than ten cows",
        ),
        (
            original,
            "<ul><li>Date: 5 May 2025</li><li>Place: town hall of Carrow</li><li>Entry: free</li></ul>",
            "town hall of Carrow",
        ),
        (
            original,
            "<p><a href=\"/a\">Aid for Haiti</a></p><p>02/04/2025</p><p><a href=\"/b\">Talks with Armenia</a></p><p>01/04/2025</p><p>Notes to editors: The levy was introduced in 2015 and has cut use.</p>",
            "levy was introduced in 2015",
        ),
    ] {
        for form in FORMS {
            for html in [
                format!("{BODY}{link}{text}"),
                format!("{BODY}{link}{text}").replace("</p><p>", " "),
            ] {
                let entry = read(&html, form);
                if !entry.text.contains(stays) || entry.original.is_none() {
                    wrong.push(format!("{stays} ({form:?}): {:?}", entry.set_aside));
                    break;
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_text_that_names_several_originals_has_none() {
    let named = |url: &str| {
        format!("<p>New ferry for Tarn.</p><p>Original article: <a href=\"{url}\">{url}</a></p>")
    };
    for (urls, original) in [
        (&["https://a.example/n/bridge", "https://b.example/n/ferry"][..], None),
        (&["https://a.example/n/bridge", "https://a.example/n/ferry"], None),
        (&["https://a.example/n?id=1", "https://a.example/n?id=2"], None),
        (
            &["https://a.example/n/bridge", "https://b.example/1", "https://a.example/n/bridge"],
            None,
        ),
        (
            &["https://www.a.example/n/bridge/", "http://a.example/n/bridge#top"],
            Some("http://a.example/n/bridge#top"),
        ),
        (
            &["https://a.example/n/bridge", "https://a.example/n/bridge?utm_source=rss"],
            Some("https://a.example/n/bridge?utm_source=rss"),
        ),
        (&["https://a.example/n/bridge"], Some("https://a.example/n/bridge")),
    ] {
        let html: String = urls.iter().map(|url| named(url)).collect();
        for form in FORMS {
            let entry = read(&format!("{BODY}{html}"), form);
            let found = entry.original.as_ref().map(url::Url::as_str);
            assert_eq!(found, original, "{urls:?} {form:?}");
            assert!(entry.text.contains("New ferry for Tarn."), "{urls:?} {}", entry.text);
        }
    }
}

#[test]
fn the_original_of_one_part_is_not_that_of_the_text() {
    let part = "<p>The ferry to Tarn sails again from Monday, the ministry says.</p>";
    let behind = "<p>The harbour office of Carrow has two new pilots, and a third is wanted.</p>\
        <p>In Lowhaven the council has bought the old customs house for the archive.</p>";
    let notes = "<p>Notes to editors: The levy was introduced in 2015 and has cut use.</p>\
        <p>The ministry has published the figures of each harbour on its own pages.</p>";
    for (link, label) in [
        ("Original article: ", "https://dep.example/n/ferry"),
        ("Originalmeldung: ", "https://dep.example/n/ferry"),
        ("Article original : ", "https://dep.example/n/ferry"),
        ("", "Original article"),
    ] {
        let link = format!("<p>{link}<a href=\"https://dep.example/n/ferry\">{label}</a></p>");
        for form in FORMS {
            let original = |html: &str| read(&format!("{BODY}{html}"), form).original;
            assert_eq!(original(&format!("{part}{link}{behind}")), None, "{link} {form:?}");
            let text = read(&format!("{BODY}{part}{link}{behind}"), form).text;
            assert!(text.contains("rigina"), "the line of the link stays: {text}");
            for one in [format!("{part}{link}"), format!("{part}{link}{notes}")] {
                assert!(original(&one).is_some(), "{one} {form:?}");
            }
        }
        let above = read(&format!("{link}{BODY}{behind}"), FORMS[0]);
        assert!(above.original.is_some(), "{link} stands over its text");
    }
}

#[test]
fn the_subject_of_a_text_is_not_its_original() {
    for (line, has_original) in [
        ("<p>Read it in full: https://court.example/judgments/12</p>", false),
        ("<p><a href=\"https://court.example/judgments/12\">Read in full</a></p>", false),
        ("<p>See the original document: https://un.example/reports/12</p>", false),
        ("<p>View the original statement: https://un.example/reports/12</p>", false),
        ("<p><a href=\"https://un.example/r/12\">Read the original text</a></p>", false),
        ("<p>View the press release in full: https://dep.example/n/12</p>", true),
        ("<p>Original article: https://dep.example/n/12</p>", true),
        ("<p><a href=\"https://dep.example/n/12\">View original</a></p>", true),
    ] {
        let html = format!("<p>The minister has welcomed the ruling of the court.</p>{line}");
        for form in FORMS {
            assert_eq!(read(&html, form).original.is_some(), has_original, "{line} {form:?}");
        }
    }
}
