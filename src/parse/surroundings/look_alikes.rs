//! Announcements that use the words of surroundings, beside surroundings that use them as well.
//!
//! Each table is one kind, written before it was tried, in several languages.

use super::tests::{FORMS, read};

/// A text of two paragraphs that stands before what is in question.
const BODY: &str = "<p>The minister opened the new bridge at Orm on Monday with the mayor.</p>\
<p>It carries two lanes and a path for bicycles across the Tarn.</p>";

/// Reads texts that are announcements in all their parts, each behind the body and before one more
/// paragraph.
pub(super) fn assert_whole(texts: &[&str]) {
    let mut lost = Vec::new();
    for text in texts {
        for form in FORMS {
            for html in [format!("{BODY}{text}"), format!("{BODY}{text}<p>Tolls are free.</p>")] {
                let entry = read(&html, form);
                if !entry.set_aside.is_empty() {
                    lost.push(format!("{text} ({form:?}): {:?}", entry.set_aside));
                    break;
                }
            }
        }
    }
    lost.sort();
    lost.dedup_by(|one, other| one.split(" (").next() == other.split(" (").next());
    assert!(lost.is_empty(), "{} of {}:\n{}", lost.len(), texts.len(), lost.join("\n"));
}

/// Reads texts behind the body: all but words that stay goes.
pub(super) fn assert_apart(texts: &[(&str, &[&str], &[&str])]) {
    let mut wrong = Vec::new();
    for (text, stays, goes) in texts {
        for form in FORMS {
            let entry = read(&format!("{BODY}{text}"), form);
            let html = entry.content.or(entry.summary).unwrap_or_default();
            let is_in = |word: &str| entry.text.contains(word) && html.contains(word);
            let is_near = |word: &str| entry.text.contains(word) || html.contains(word);
            let lost: Vec<_> = stays.iter().filter(|word| !is_in(word)).collect();
            let kept: Vec<_> = goes.iter().filter(|word| is_near(word)).collect();
            let body = ["at Orm on Monday", "bicycles across the Tarn"];
            if !lost.is_empty() || !kept.is_empty() || !body.iter().all(|word| is_in(word)) {
                wrong.push(format!("{text} ({form:?}): lost {lost:?}, kept {kept:?}"));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), texts.len(), wrong.join("\n"));
}

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
    assert_apart(&[
        (
            "<p>Original article link: https://dep.example/n/1</p><p>Talks with Sri Lanka 02/04/2025 11:05 Officials met in Colombo. Aid for Haiti 01/04/2025 09:15 A ship has left.</p>",
            &[],
            &["Colombo", "Haiti"],
        ),
        (
            "<p>Originalmeldung: https://amt.example/m/7</p><p>Hilfe für Haiti (28.03.2025) Ein Schiff ist unterwegs. Lage in Armenien (27.03.2025) Der Minister reist ab.</p>",
            &[],
            &["Haiti", "Armenien"],
        ),
        (
            "<p>Original article link: https://dep.example/n/1</p><p><a href=\"/a\">Aid for Haiti</a></p><p>02/04/2025</p><p><a href=\"/b\">Talks with Armenia</a></p><p>01/04/2025</p><p>Notes to editors: The levy was introduced in 2015 and has cut use.</p>",
            &["levy was introduced"],
            &["Haiti", "Armenia"],
        ),
        (
            "<p>Original article link: https://dep.example/n/1</p><p>Aid for Haiti</p><p>Talks with Armenia</p><p>Quota for Chad</p>",
            &[],
            &["Haiti", "Armenia", "Chad"],
        ),
    ]);
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
fn rows_below_a_heading_of_contacts_stay_unless_they_name_a_contact() {
    assert_whole(&[
        "<h3>Inquiries</h3><ul><li>Bus services in Wales</li><li>Sanctions on Dravenia</li><li>Flood defences</li></ul>",
        "<h3>Inquiries</h3><ul><li>Inquiry into bus services in Wales</li><li>Inquiry into sanctions on Dravenia</li></ul>",
        "<h3>Inquiries</h3><ul><li>Bus services in Wales, 12.05.2025</li><li>Sanctions on Dravenia, 14.05.2025</li></ul>",
        "<ul><li>Media relations officer appointed</li><li>New bridge in Orm</li><li>Ferry to Tarn resumes</li></ul>",
        "<ul><li>Press office moves</li><li>Mobile clinic opens in Orm</li><li>Phone lines to Tarn restored</li></ul>",
        "<p>Press team: Finland wins bronze at the games</p>",
        "<p>Media line: new tram to Tarn</p>",
        "<p>Contact: keep two metres from seals</p>",
        "<h3>Kontakt mit Infizierten</h3><ul><li>Abstand halten</li><li>Maske tragen</li></ul>",
        "<h3>Kontakt z zakażonymi zwierzętami</h3><ul><li>Myj ręce</li><li>Noś rękawice</li></ul>",
        "<p>Contacts</p><ul><li>Cas contacts en Bretagne</li><li>Cas contacts à Mayotte</li></ul>",
        "<h3>Contactos</h3><ul><li>Reunión con Dravenia</li><li>Visita a Carrú</li></ul>",
        "<h3>Контакти</h3><ul><li>Срещи с Дравения</li><li>Посещение в Кару</li></ul>",
    ]);
    assert_apart(&[
        (
            "<h3>Press contact</h3><p>Dravenia desk</p><p>Tel: 020 7946 0123</p><p>Bridge in Orm closed</p><p>Ferry to Tarn resumes</p>",
            &["Bridge in Orm closed", "Ferry to Tarn resumes"],
            &["Dravenia", "7946"],
        ),
        (
            "<h3>Media enquiries</h3><p>Ines Falk, <a href=\"mailto:press@min.example\">write to the press office</a></p>",
            &[],
            &["Falk", "press office"],
        ),
        (
            "<p><b>Pressekontakt</b></p><p>Ministerium für Dravenien</p><p>presse@min.example</p><p>Nur für Journalisten</p>",
            &[],
            &["Dravenien", "presse@", "Journalisten"],
        ),
        ("<p>Kontakt: presse@dravenien.example, 030 555 0101</p>", &[], &["dravenien"]),
    ]);
}

#[test]
fn sentences_with_the_words_of_newsletters_stay() {
    assert_whole(&[
        "<p>Register by e-mail at events@min.example by 5 May.</p>",
        "<p>Join us for updates on the flood response on Monday</p>",
        "<p>Register for emergency alerts before you travel to Dravenia.</p>",
        "<p>Sign up for flood alerts by 5 May 2025.</p>",
        "<h3>Sign up for the training</h3><p>Send an e-mail to training@min.example by 5 May.</p>",
        "<h3>Iscriviti al corso di lingua</h3><p>Manda una mail a corso@min.example entro il 5 maggio.</p>",
        "<h3>Suscríbase al plan de pensiones</h3><p>Envíe un e-mail a planes@min.example.</p>",
        "<h3>Abonnez-vous au théâtre</h3><p>Les élèves de Dravénie écrivent un e-mail à scene@min.example.</p>",
        "<p>Boletín Oficial del Estado: lunes 7 de abril de 2025</p>",
        "<p>Boletín Oficial del Estado</p><p><a href=\"/boe.pdf\">PDF de la disposición</a></p>",
        "<h3>Boletim epidemiológico n.º 12</h3><p><a href=\"/12.pdf\">Dengue na Dravénia</a></p>",
        "<p>Reciba el boletín de voto por correo antes del 5 de mayo.</p>",
        "<p>Recevoir une lettre recommandée sera possible en ligne dès lundi.</p>",
        "<h3>Nieuwsbrief over stikstof</h3><p><a href=\"/n.pdf\">Brief aan Dravenië</a></p>",
        "<h3>Newsletter 5/2025</h3><p><a href=\"/5.pdf\">Hilfe für Dravenien</a></p>",
        "<p>Newsletter: issue 12 on salmon farming in Dravenia</p>",
    ]);
    assert_apart(&[
        ("<p>Subscribe to our Dravenia newsletter</p>", &[], &["Dravenia"]),
        ("<p>Sign up for our Dravenia e-mail alerts</p>", &[], &["Dravenia"]),
        ("<p>Abonnez-vous à notre lettre d'information sur la Dravénie</p>", &[], &["Dravénie"]),
        (
            "<h3>Newsletter</h3><p>Subscribe to our newsletter on Dravenia</p><p><a href=\"/s\">Sign up</a></p>",
            &[],
            &["Dravenia", "Sign up"],
        ),
        (
            "<h3>Newsletter</h3><p>Ihre E-Mail-Adresse für Neues aus Dravenien</p><p><a href=\"/s\">Abonnieren</a></p>",
            &[],
            &["Dravenien"],
        ),
        (
            "<h3>Suscríbete al boletín de Dravenia</h3><p><a href=\"/s\">Suscribirse</a></p>",
            &[],
            &["Dravenia"],
        ),
    ]);
}

#[test]
fn sentences_with_links_to_networks_stay() {
    assert_whole(&[
        "<p>Join the hearing on <a href=\"https://www.youtube.com/live/abc\">YouTube</a> on Monday at 10:00.</p>",
        "<p>Follow the debate on <a href=\"https://www.youtube.com/watch?v=abc\">YouTube</a></p>",
        "<p>Follow the Foreign Office on <a href=\"https://x.com/fo\">X</a>.</p>",
        "<p>Join us on <a href=\"https://www.youtube.com/live/abc\">YouTube</a>.</p>",
        "<p>Find the form on <a href=\"https://www.facebook.com/min\">Facebook</a>, and send it by 5 May.</p>",
        "<p>Teilen Sie uns Ihre Meinung auf <a href=\"https://www.facebook.com/min\">Facebook</a> bis zum 5. Mai mit.</p>",
        "<p>Partagez vos photos de la crue sur <a href=\"https://www.facebook.com/min\">Facebook</a> avant lundi.</p>",
        "<p>Condividi la tua idea su <a href=\"https://www.instagram.com/min\">Instagram</a> entro il 5 maggio.</p>",
        "<p>Dela med dig av dina idéer på <a href=\"https://www.instagram.com/min\">Instagram</a> före den 5 maj.</p>",
    ]);
    assert_apart(&[
        (
            "<p>Follow us on <a href=\"https://x.com/dravenia\">X</a> and <a href=\"https://www.youtube.com/dravenia\">Dravenia TV</a></p>",
            &[],
            &["Dravenia"],
        ),
        (
            "<p>Folgen Sie uns auf <a href=\"https://x.com/min\">X</a>: heute live aus Dravenien</p>",
            &[],
            &["Dravenien"],
        ),
        (
            "<p>Partager sur <a href=\"https://www.facebook.com/sharer.php?u=x\">Facebook</a></p>",
            &[],
            &["Partager"],
        ),
    ]);
}

#[test]
fn sentences_with_the_words_of_ways_and_cookies_stay() {
    assert_whole(&[
        "<p>The vessel appeared on the <a href=\"https://a.example/l\">sanctions list</a> and the <a href=\"https://b.example/l\">EU list</a> in March.</p>",
        "<p>Il grano proviene da <a href=\"https://a.example/l\">Dravenia</a> e dalla <a href=\"https://b.example/l\">Tarnia</a>.</p>",
        "<p>The regulator found that the site uses advertising cookies before visitors consent.</p>",
        "<p>The site uses cookies that follow children, the regulator found.</p>",
        "<p>Die Website nutzt Cookies ohne Einwilligung, so die Behörde.</p>",
        "<p>\"We use cookies for adverts only\", the firm wrote to the regulator.</p>",
        "<ul><li>Guidance on cookie consent</li><li>Guidance on children's data</li></ul>",
        "<ul><li><a href=\"/1.pdf\">Guidance on cookie consent</a></li><li><a href=\"/2.pdf\">Guidance on children's data</a></li></ul>",
        "<h3>Cookie consent</h3><p>Sites must ask every visitor before they store a cookie.</p>",
        "<h3>Cookies recalled</h3><p>Brand X oat cookies, 200 g</p>",
        "<h3>Cookies</h3><p>Brand Y cookies with almonds, lot 12</p>",
        "<p>Cookies: undeclared milk in lot 12</p>",
        "<p>Cookies : rappel du lot 12</p>",
        "<p><a href=\"/p\">Retour sur la conférence de Paris</a></p>",
        "<p><a href=\"/p\">Volver a la escuela en Haití</a></p>",
        "<p><a href=\"/p\">Torna la fiera di Carrù</a></p>",
        "<p><a href=\"/p\">Zurück nach Haiti</a></p>",
        "<p><a href=\"/p\">Return to home allowed in Tarn</a></p>",
    ]);
    assert_apart(&[
        (
            "<p>We use cookies to improve your visit to our Dravenia pages. <a href=\"/c\">Accept</a></p>",
            &[],
            &["Dravenia"],
        ),
        ("<p>Diese Website verwendet Cookies für Dravenien.</p>", &[], &["Dravenien"]),
        (
            "<p>Ce site utilise des cookies pour la Dravénie.</p><p><a href=\"/c\">Accepter</a></p>",
            &[],
            &["Dravénie"],
        ),
        (
            "<h3>Cookies</h3><p>We use necessary cookies on our Dravenia pages.</p><p><a href=\"/c\">Cookie settings</a></p>",
            &[],
            &["Dravenia", "settings"],
        ),
        ("<p><a href=\"/c\">Cookie-Einstellungen</a></p>", &[], &["Einstellungen"]),
        ("<p><a href=\"/n\">Retour à la liste</a></p>", &[], &["liste"]),
        ("<p><a href=\"/n\">Zurück zur Übersicht</a></p>", &[], &["Übersicht"]),
        ("<p><a href=\"/n\">Volver al listado</a></p>", &[], &["listado"]),
        (
            "<p>The post <a href=\"https://min.example/n/1\">Bridge</a> appeared first on <a href=\"https://min.example\">Ministry for Dravenia</a>.</p>",
            &[],
            &["Dravenia"],
        ),
    ]);
}

#[test]
fn programmes_and_timelines_stay() {
    assert_whole(&[
        "<h3>Upcoming events</h3><ul><li>12 May 2025: public hearing in Carrow</li><li>14 May 2025: public hearing in Tarn</li></ul>",
        "<h3>Events</h3><p>12 May 2025</p><p>Public hearing in Carrow</p><p>14 May 2025</p><p>Public hearing in Tarn</p>",
        "<h3>What's on</h3><ul><li>Concert in Carrow, 12 May 2025</li><li>Fair in Tarn, 14 May 2025</li></ul>",
        "<h3>Weitere Termine</h3><ul><li>12.05.2025: Anhörung in Karrau</li><li>14.05.2025: Anhörung in Tarn</li></ul>",
        "<p><b>Next</b></p><p>12 May 2025: the council votes in Carrow</p>",
        "<h3>Latest updates</h3><ul><li>12 May 2025: the road to Tarn is open</li><li>11 May 2025: the ferry to Orm resumes</li></ul>",
        "<h3>Actualités de la crue</h3><p>12 mai 2025 : la route de Tarn est ouverte</p><p>11 mai 2025 : le bac d'Orm reprend</p>",
    ]);
    assert_apart(&[
        (
            "<h3>Upcoming events</h3><ul><li><a href=\"/e/1\">Hearing on Dravenia</a>, 12 May 2025</li><li><a href=\"/e/2\">Fair in Haiti</a>, 14 May 2025</li></ul>",
            &[],
            &["Dravenia", "Haiti"],
        ),
        (
            "<h3>Latest updates</h3><ul><li><a href=\"/1\">Aid for Dravenia</a> 12 May 2025</li><li><a href=\"/2\">Talks with Haiti</a> 11 May 2025</li></ul>",
            &[],
            &["Dravenia", "Haiti"],
        ),
        (
            "<p>More stories like this</p><p>Aid for Dravenia</p><p>12 May 2025</p><p>Talks with Haiti</p><p>11 May 2025</p>",
            &[],
            &["Dravenia", "Haiti"],
        ),
    ]);
}

#[test]
fn elements_with_the_names_of_surroundings_are_read_by_their_content() {
    assert_whole(&[
        "<div class=\"social\"><h3>Social affairs</h3><p><a href=\"/r\">Report on Dravenia</a></p></div>",
        "<div class=\"share\"><p>Share of renewables: <a href=\"/r\">44 per cent in Dravenia</a></p></div>",
        "<div class=\"cookies\"><p>Oat cookies recalled in Dravenia</p></div>",
        "<div id=\"subscribe\"><p>Flood alert for the coast of Dravenia</p></div>",
        "<div class=\"newsletter\"><p>Updates on the flood in Dravenia follow at noon.</p></div>",
    ]);
    assert_apart(&[
        (
            "<div class=\"social\"><a href=\"https://www.instagram.com/min\">Dravenia in pictures</a></div>",
            &[],
            &["Dravenia"],
        ),
        (
            "<div class=\"sharedaddy\"><a href=\"https://min.example/?share=x\">Click for Dravenia</a></div>",
            &[],
            &["Dravenia"],
        ),
        (
            "<div class=\"cookie-bar\">Cookies help the pages on Dravenia. <a href=\"/c\">OK</a></div>",
            &[],
            &["Dravenia"],
        ),
        (
            "<div class=\"newsletter\"><p>Dravenia in your inbox</p><p>E-mail address</p><p>Subscribe</p></div>",
            &[],
            &["Dravenia"],
        ),
    ]);
}
