//! Lists, advice and files of announcements that look like the site's own.

use super::look_alikes::{assert_apart, assert_whole};
use super::tests::{FORMS, read};

#[test]
fn lists_below_words_for_more_stay() {
    assert_whole(&[
        "<p>El ayuntamiento presenta el plan de verano.</p><ul><li>Más de 500 plazas nuevas</li><li>Doce autobuses más</li><li>Tres sedes abiertas</li><li>Entrada libre</li></ul>",
        "<p>La mairie présente le plan.</p><ul><li>Plus de mille places</li><li>Douze bus</li><li>Trois gymnases</li><li>Entrée libre</li></ul>",
        "<p>Il comune presenta il piano.</p><ul><li>Oltre 500 posti</li><li>Dodici autobus</li><li>Tre sedi aperte</li></ul>",
        "<p>A câmara apresenta o plano.</p><ul><li>Mais de mil lugares</li><li>Doze autocarros</li><li>Três sedes abertas</li></ul>",
        "<p>Die Stadt zeigt den Plan.</p><ul><li>Mehr von der Küste geschützt</li><li>Zwölf Busse</li><li>Drei Hallen</li></ul>",
        "<p>De gemeente toont het plan.</p><ul><li>Meer van de kust beschermd</li><li>Twaalf bussen</li><li>Drie hallen</li></ul>",
        "<p>Kommunen visar planen.</p><ul><li>Mer från havet till skolor</li><li>Tolv bussar</li><li>Tre hallar</li></ul>",
        "<h3>Plus d'informations</h3><p><a href=\"https://pref.example/arrete.pdf\">Arrêté du 3 mai 2025 (PDF)</a></p>",
        "<h3>Plus de détails</h3><p><a href=\"https://pref.example/arrete.pdf\">Arrêté du 3 mai 2025 (PDF)</a></p>",
        "<h3>More about the fund</h3><ul><li>Grants of up to 500 pounds</li><li>Open to clubs and schools</li><li>Forms at the town hall</li></ul>",
        "<h3>Mehr über den Fonds</h3><ul><li>Bis zu 500 Euro</li><li>Offen für Vereine und Schulen</li><li>Anträge im Rathaus</li></ul>",
        "<h3>Más sobre el fondo</h3><ul><li>Ayudas de 500 euros</li><li>Abierto a clubes y escuelas</li><li>Formularios en la sede</li></ul>",
        "<h3>Mais sobre o fundo</h3><ul><li>Apoios de 500 euros</li><li>Aberto a clubes e escolas</li><li>Formulários na sede</li></ul>",
        "<h3>Meer over het fonds</h3><ul><li>Tot 500 euro</li><li>Open voor clubs en scholen</li><li>Formulieren in het stadhuis</li></ul>",
        "<h3>Mer om fonden</h3><ul><li>Upp till 500 kronor</li><li>Öppen för klubbar och skolor</li><li>Blanketter i stadshuset</li></ul>",
        "<h3>Latest updates</h3><ul><li>14:00 A83 closed at Arrochar</li><li>12:00 Ferries from Tarn suspended</li><li>10:00 Schools closed</li></ul>",
        "<h3>Aktuelles zum Hochwasser</h3><ul><li>14 Uhr: Brücke gesperrt</li><li>12 Uhr: Fähren stehen still</li><li>10 Uhr: Schulen geschlossen</li></ul>",
        "<h3>Actualités de la crue</h3><ul><li>14 h : pont fermé</li><li>12 h : bacs arrêtés</li><li>10 h : écoles fermées</li></ul>",
    ]);
    assert_apart(&[
        (
            "<h3>More about ports</h3><ul><li><a href=\"/1\">Aid for Dravenia</a></li><li><a href=\"/2\">Talks with Haiti</a></li></ul>",
            &[],
            &["Dravenia", "Haiti"],
        ),
        (
            "<h3>Más sobre puertos</h3><ul><li><a href=\"/1\">Ayuda para Dravenia</a></li><li><a href=\"/2\">Diálogo con Haití</a></li></ul>",
            &[],
            &["Dravenia", "Haití"],
        ),
        (
            "<h3>Latest updates</h3><ul><li><a href=\"/1\">Aid for Dravenia</a></li><li><a href=\"/2\">Talks with Haiti</a></li></ul>",
            &[],
            &["Dravenia", "Haiti"],
        ),
        (
            "<h3>Related articles</h3><ul><li>Aid for Dravenia</li><li>Talks with Haiti</li><li>Quota for Chad</li></ul>",
            &[],
            &["Dravenia", "Haiti", "Chad"],
        ),
    ]);
}

#[test]
fn the_last_line_stays_though_it_begins_like_a_heading() {
    assert_whole(&[
        "<p>The firm recalls these products:</p><ul><li>Smoked salmon</li><li>Deli turkey breast</li></ul>",
        "<ul><li>Trois gymnases</li><li>Plus de mille places</li></ul>",
        "<ul><li>More in full-time work</li><li>More in full-time education</li></ul>",
        "<ul><li>Freiner en ville</li><li>Partager la route</li></ul>",
        "<ul><li>Vaya a pie</li><li>Comparta coche</li></ul>",
        "<p>Explore the coast</p>",
        "<ul><li>Younger</li><li>Older</li></ul>",
        "<ul><li>Sanità</li><li>Condividi la strada</li></ul>",
        "<p>Dela vägen</p>",
        "<p>Deel de weg</p>",
        "<p>Aktuelles Wissen</p>",
    ]);
    assert_apart(&[
        ("<p>Related articles</p>", &[], &["Related"]),
        ("<h3>Share this page</h3>", &[], &["Share"]),
        ("<h3>Weitere Meldungen</h3>", &[], &["Weitere"]),
    ]);
}

#[test]
fn advice_with_a_number_and_programmes_are_no_contacts() {
    assert_whole(&[
        "<p>Contact: Anyone who finds dead birds should contact the helpline on 03459 33 55 77.</p>",
        "<p>Kontakt: Wer tote Vögel findet, nimmt Kontakt mit dem Amt auf, 030 555 0101.</p>",
        "<p>Contacto: quien encuentre aves muertas debe contactar con el centro en el 0900 555 010.</p>",
        "<p>Contacts: toute personne qui trouve des oiseaux contacte la mairie au 01 23 45 67 89.</p>",
        "<h3>Inquiries</h3><ul><li>Bus services in Wales</li><li>Sanctions on Dravenia</li><li>Flood defences</li></ul><p>Committee office: 020 7219 3000</p>",
        "<h3>Enquiries</h3><ul><li>Rail fares in Wales</li><li>Aid for Haiti</li><li>Fishing quotas</li><li>School meals</li></ul><p>Clerk: clerk@min.example</p>",
    ]);
    assert_apart(&[
        (
            "<h3>Media enquiries</h3><ul><li>Ines Falk</li><li>020 7946 0123</li></ul>",
            &[],
            &["Falk", "7946"],
        ),
        (
            "<p>Contact: journalists should contact the Dravenia desk on 020 7946 0123.</p>",
            &[],
            &["Dravenia"],
        ),
        (
            "<p>Kontakt: Journalisten erreichen die Stelle für Dravenien unter 030 555 0101.</p>",
            &[],
            &["Dravenien"],
        ),
    ]);
}

#[test]
fn rows_of_documents_are_no_breadcrumbs() {
    assert_whole(&[
        "<p>The following orders are in force:</p><p><a href=\"/o/12\">Order 12/2025</a>, <a href=\"/o/13\">Order 13/2025</a></p>",
        "<p><a href=\"/d.pdf\">Decision</a> | <a href=\"/s.pdf\">Summary</a></p>",
        "<p><a href=\"/b/2025/1\">Bescheid 1/2025</a> und <a href=\"/b/2025/2\">Bescheid 2/2025</a></p>",
    ]);
}

#[test]
fn elements_named_for_the_subject_stay() {
    assert_whole(&[
        "<div class=\"navigation-warning\"><p>Buoy 7 off Orm is unlit. <a href=\"/c\">Chart</a></p></div>",
        "<div class=\"menu\"><p>Monday: fish with peas. <a href=\"/a\">Allergens</a></p></div>",
        "<div class=\"field--name-field-related-documents\"><a href=\"/o.pdf\">Order 12 (PDF)</a></div>",
        "<footer class=\"attachments\"><a href=\"/full.pdf\">Full text of the decision</a></footer>",
        "<aside class=\"sidebar\"><a href=\"/plan.pdf\">Plan of Orm</a> <a href=\"/map.docx\">Form for Tarn</a></aside>",
        "<div class=\"related-downloads\"><a href=\"/get/12\">Order 12</a></div>",
    ]);
    assert_apart(&[
        (
            "<div class=\"related-posts\"><a href=\"/n/9\">Aid for Dravenia</a></div>",
            &[],
            &["Dravenia"],
        ),
        (
            "<div class=\"menu\"><a href=\"/a\">Dravenia</a> <a href=\"/b\">Haiti</a></div>",
            &[],
            &["Dravenia", "Haiti"],
        ),
    ]);
}

#[test]
fn advice_to_sign_up_and_sentences_behind_links_stay() {
    assert_whole(&[
        "<p>Sign up for e-mail alerts now, the agency tells residents by the river.</p>",
        "<p>Get flood alerts by phone, text or e-mail.</p>",
        "<p>Subscribe to the flood e-mail alerts before winter, ministers say.</p>",
        "<p>You can also find us at the town hall and on <a href=\"https://www.facebook.com/council\">Facebook</a> on Saturday.</p>",
    ]);
    assert_apart(&[
        ("<p>Sign up for our e-mail alerts about Dravenia.</p>", &[], &["Dravenia"]),
        (
            "<p>Follow us on <a href=\"https://x.com/min\">X</a> and Dravenia.</p>",
            &[],
            &["Dravenia"],
        ),
        (
            "<p>By continuing to use this site you agree to our use of cookies for Dravenia. <a href=\"/c\">Accept</a></p>",
            &[],
            &["Dravenia"],
        ),
    ]);
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
