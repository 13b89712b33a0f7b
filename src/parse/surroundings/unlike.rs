//! Twenty texts that were written before one of them was tried: ten announcements in surroundings
//! that are unlike each other, and ten that are announcements in all their parts.

use super::tests::{FORMS, read};

/// HTML of an entry, words of the announcement, and words that stand only around it.
type Text = (&'static str, &'static [&'static str], &'static [&'static str]);

const SURROUNDED: &[Text] = &[
    (
        "<p>Transport Scotland will resurface the A83 at Arrochar over six nights in June.</p><p>Drivers follow a diversion by Crianlarich.</p><p>Share this: <a href=\"https://www.facebook.com/sharer/sharer.php?u=x\">Facebook</a> | <a href=\"https://x.com/intent/post?url=x\">X</a></p><h3>More from Transport Scotland</h3><ul><li><a href=\"/n/11\">Ferries to Gambia</a> 3 June 2025</li><li><a href=\"/n/12\">Rail link to Bhutan</a> 2 June 2025</li></ul>",
        &["A83 at Arrochar", "diversion by Crianlarich"],
        &["Gambia", "Bhutan", "Facebook"],
    ),
    (
        "<div id=\"cookie-banner\">Wir verwenden Cookies, damit die Seite über Gambia gut läuft. <a href=\"/c\">Cookie-Einstellungen</a></div><p>Das Umweltamt warnt vor Blaualgen im Karrauer See.</p><p>Baden ist bis auf Weiteres verboten.</p><p><strong>Ansprechpartnerin für die Presse</strong></p><p>Gerda Bhutan</p><p>Telefon 0351 555 0102</p>",
        &["Blaualgen im Karrauer See", "bis auf Weiteres verboten"],
        &["Gambia", "Bhutan", "0102"],
    ),
    (
        "<p>La préfecture interdit la baignade à Carrou jusqu'au 12 juillet.</p><p>Des analyses sont faites chaque jour.</p><p>Abonnez-vous à notre lettre d'information sur la Gambie</p><p><a href=\"/a/3\">Article précédent : visite au Bhoutan</a></p><p><a href=\"/\">Retour à l'accueil</a></p>",
        &["baignade à Carrou", "analyses sont faites"],
        &["Gambie", "Bhoutan", "accueil"],
    ),
    (
        "<p>El ayuntamiento cierra la calle Mayor por obras desde el lunes.</p><p>Los autobuses pasan por la plaza.</p><p>Fuente: <a href=\"https://ayto.example/n/9\">https://ayto.example/n/9</a></p><h4>También le puede interesar</h4><ul><li><a href=\"/n/1\">Visita a Gambia</a></li><li><a href=\"/n/2\">Becas para Bután</a></li></ul><p>Síguenos en <a href=\"https://www.instagram.com/ayto\">Instagram</a> y <a href=\"https://x.com/ayto\">X</a></p>",
        &["calle Mayor por obras", "pasan por la plaza"],
        &["Gambia", "Bután", "Instagram"],
    ),
    (
        "<p>Gmina wymienia lampy przy ulicy Polnej.</p><p>Prace potrwają do końca maja.</p><p>Czytaj także:</p><p><a href=\"/w/1\">Delegacja z Gambii</a></p><p><a href=\"/w/2\">Wystawa o Bhutanie</a></p><p>Udostępnij: <a href=\"https://www.facebook.com/sharer.php?u=x\">Facebook</a></p>",
        &["lampy przy ulicy Polnej", "do końca maja"],
        &["Gambii", "Bhutanie", "Facebook"],
    ),
    (
        "<nav><a href=\"/\">Home</a> › <a href=\"/gambia\">Gambia</a></nav><p>De gemeente plant honderd bomen langs de Maas.</p><p>Bewoners kiezen de soorten.</p><p>Original article link: https://gemeente.example/n/4</p><p>Meer nieuws</p><p>Bezoek uit Bhutan</p><p>12 mei 2025</p><p>Brug in Orm open</p><p>11 mei 2025</p>",
        &["honderd bomen", "Bewoners kiezen"],
        &["Gambia", "Bhutan", "Brug in Orm"],
    ),
    (
        "<p>Il comune apre la piscina il primo giugno.</p><p>L'ingresso costa quattro euro.</p><div class=\"social-share\"><a href=\"https://wa.me/?text=x\"><img src=\"https://min.example/wa.png\" alt=\"Gambia\"></a></div><h3>Ultime notizie</h3><div><a href=\"/1\">Delegazione dal Bhutan</a><span>10/05/2025</span></div><div><a href=\"/2\">Fiera della Gambia</a><span>09/05/2025</span></div>",
        &["apre la piscina", "costa quattro euro"],
        &["Gambia", "Bhutan", "wa.png"],
    ),
    (
        "<p>Kommunen stänger bron vid Orm i två veckor.</p><p>Gående kan ta färjan.</p><p><strong>Pressjour</strong></p><p>Kontakt: press@gambia.example</p><h2>Relaterade nyheter</h2><ul><li><a href=\"/1\">Vänort i Bhutan</a></li></ul><p>Följ oss på <a href=\"https://www.linkedin.com/company/x\">LinkedIn</a></p>",
        &["bron vid Orm", "ta färjan"],
        &["gambia", "Bhutan", "LinkedIn"],
    ),
    (
        "<p>Министерство открывает мост через Тарн в мае.</p><p>Проезд бесплатный.</p><h3>Читайте также</h3><ul><li><a href=\"/1\">Визит в Гамбию</a></li><li><a href=\"/2\">Выставка о Бутане</a></li></ul><p>Поделиться: <a href=\"https://vk.com/share.php?url=x\">ВКонтакте</a></p>",
        &["мост через Тарн", "Проезд бесплатный"],
        &["Гамбию", "Бутане", "ВКонтакте"],
    ),
    (
        "<p>The council opens a second library van on Monday. It stops in eight villages.</p><p>Press release link: <a href=\"https://council.example/n/5\">https://council.example/n/5</a></p><p>Notes to editors: The first van began on 2 April 2024.</p><p>Latest news from the council</p><p><a href=\"/n/1\">Gambia twinning day</a> 4 May 2025</p><p><a href=\"/n/2\">Bhutan stall at the fair</a> 3 May 2025</p>",
        &["second library van", "first van began on 2 April 2024"],
        &["Gambia", "Bhutan", "council.example"],
    ),
];

const WHOLE: &[Text] = &[
    (
        "<p>Parliament's spring programme is out.</p><h3>Committees</h3><ul><li>Foreign affairs: Gambia</li><li>Transport: bridges</li></ul><h3>Enquiries</h3><p>Members may put questions on Bhutan until Friday.</p>",
        &["Foreign affairs: Gambia", "questions on Bhutan"],
        &[],
    ),
    (
        "<p>Die Verbraucherzentrale verklagt einen Händler, weil dessen Newsletter ohne Zustimmung kam.</p><p>Abonnieren mussten die Leser aus Gambia nichts.</p><p>Cookies setzte die Seite ebenfalls ohne Einwilligung.</p>",
        &["Newsletter ohne Zustimmung", "Gambia", "Cookies setzte die Seite"],
        &[],
    ),
    (
        "<p>Rappel de produit</p><p>Marque : Gambie</p><p>Lot : 4512</p><p>Motif : lait non déclaré</p><p>Contact : les consommateurs appellent le 0 800 100 200.</p>",
        &["Marque : Gambie", "lait non déclaré", "0 800 100 200"],
        &[],
    ),
    (
        "<p>Agenda de la semana</p><p>Próximos eventos</p><ul><li>Lunes: audiencia del embajador de Gambia</li><li>Martes: feria de Bután en Carrú</li></ul><p>Más información en la sede.</p>",
        &["embajador de Gambia", "feria de Bután", "Más información"],
        &[],
    ),
    (
        "<p>Zapisz się do 5 maja na szkolenie o Gambii.</p><p>Wyślij e-mail na szkolenia@min.example.</p><p>Kontakt z ptakami zgłoś weterynarzowi.</p><p>Więcej o chorobie: unikaj targów.</p>",
        &["szkolenie o Gambii", "szkolenia@min.example", "Kontakt z ptakami", "unikaj targów"],
        &[],
    ),
    (
        "<p>De inspectie publiceert haar jaarverslag.</p><h3>Meest gelezen</h3><p>Het rapport over Gambia is in 2024 het meest gelezen rapport van de inspectie.</p><h3>Lees ook</h3><p>De inspectie raadt scholen aan om ook het rapport over Bhutan te lezen.</p>",
        &["rapport over Gambia", "rapport over Bhutan"],
        &[],
    ),
    (
        "<p>Il ministro parla in diretta su <a href=\"https://www.youtube.com/live/x\">YouTube</a> alle 10:00.</p><p>Seguici in piazza a Carrù, dice il sindaco della Gambia.</p><p>Condividi il programma con chi arriva dal Bhutan.</p>",
        &["in diretta su YouTube alle 10:00", "sindaco della Gambia", "arriva dal Bhutan"],
        &[],
    ),
    (
        "<p>Nova estação em Carrú</p><p>A seguir</p><p>15 de maio de 2025: abertura da linha para a Gâmbia</p><p>20 de maio de 2025: visita do Butão</p><p>Originalmente publicado em 1931, o plano previa duas linhas.</p>",
        &["linha para a Gâmbia", "visita do Butão", "previa duas linhas"],
        &[],
    ),
    (
        "<p>Tsunami warning for the coast of Gambia</p><p>Status: in force</p><p>Next update: 14:00</p><p>Follow the advice of the police on the beach.</p><p>Share this warning with your neighbours.</p>",
        &[
            "coast of Gambia",
            "Status: in force",
            "Next update: 14:00",
            "advice of the police",
            "Share this warning",
        ],
        &[],
    ),
    (
        "<p>Προειδοποίηση για κύμα καύσωνα στην Κάρο</p><p>Επικοινωνία με ηλικιωμένους: καλέστε τους κάθε πρωί.</p><p>Νέα μέτρα για τη Γκάμπια</p><p>Δείτε τους γείτονές σας από το Μπουτάν.</p>",
        &["καλέστε τους κάθε πρωί", "Γκάμπια", "Μπουτάν"],
        &[],
    ),
];

fn faults((html, stays, goes): &Text) -> Option<String> {
    FORMS.iter().find_map(|form| {
        let entry = read(html, *form);
        let shown = entry.content.or(entry.summary).unwrap_or_default();
        let lost: Vec<_> = stays.iter().filter(|word| !entry.text.contains(**word)).collect();
        let kept: Vec<_> = goes
            .iter()
            .filter(|word| entry.text.contains(**word) || shown.contains(**word))
            .collect();
        let is_right = lost.is_empty() && kept.is_empty();
        (!is_right).then(|| format!("{html:.80} ({form:?}): lost {lost:?}, kept {kept:?}"))
    })
}

#[test]
fn unlike_surroundings_go_and_the_announcement_stays() {
    let wrong: Vec<String> = SURROUNDED.iter().filter_map(faults).collect();
    println!("{} of {}", SURROUNDED.len() - wrong.len(), SURROUNDED.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn announcements_that_look_like_surroundings_lose_nothing() {
    let mut wrong: Vec<String> = WHOLE.iter().filter_map(faults).collect();
    for (html, ..) in WHOLE {
        let entry = read(html, FORMS[2]);
        if !entry.set_aside.is_empty() {
            wrong.push(format!("{html:.80}: {:?}", entry.set_aside));
        }
    }
    println!("{} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
