//! Texts that were written before one of them was tried: announcements in surroundings that are
//! unlike each other, and announcements that look like surroundings in all their parts.

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

/// Further surroundings, written when those above were read rightly.
const SURROUNDED_OTHERWISE: &[Text] = &[
    (
        "<table><tr><td><p>Kaupunki sulkee sillan kahdeksi viikoksi.</p><p>Jalankulkijat käyttävät lauttaa.</p></td></tr></table><p>Lue myös</p><ul><li><a href=\"/1\">Vierailu Gambiasta</a></li><li><a href=\"/2\">Näyttely Bhutanista</a></li></ul><p>Jaa: <a href=\"https://www.facebook.com/sharer.php?u=x\">Facebook</a></p>",
        &["sulkee sillan", "käyttävät lauttaa"],
        &["Gambiasta", "Bhutanista", "Facebook"],
    ),
    (
        "<p>Belediye köprüyü iki hafta kapatıyor.</p><p>Yayalar vapura binebilir.</p><h3>İlgili haberler</h3><p><a href=\"/1\">Gambiya heyeti geldi</a></p><p>12.05.2025</p><p><a href=\"/2\">Butan sergisi</a></p><p>11.05.2025</p>",
        &["köprüyü iki hafta", "vapura binebilir"],
        &["Gambiya", "Butan"],
    ),
    (
        "<p>市政府本周关闭大桥维修。</p><p>行人可以乘坐渡轮过河。</p><h3>相关新闻</h3><ul><li><a href=\"/1\">冈比亚代表团来访</a></li><li><a href=\"/2\">不丹展览开幕</a></li></ul><p>分享到</p><p><a href=\"https://x.com/intent/tweet?url=x\">X</a></p>",
        &["关闭大桥维修", "乘坐渡轮过河"],
        &["冈比亚", "不丹"],
    ),
    (
        "<p>A város két hétre lezárja a hidat.</p><p>A gyalogosok kompra szállhatnak.</p><p><b>Kapcsolat</b></p><p>Gambia Referatúra</p><p>Telefon: +36 1 555 0103</p><p><a href=\"/hirlevel\">Iratkozzon fel a bhutáni hírlevélre</a></p>",
        &["lezárja a hidat", "kompra szállhatnak"],
        &["Gambia", "0103"],
    ),
    (
        "<p>Primăria închide podul două săptămâni.</p><p>Pietonii pot lua bacul.</p><p>Sursa: Biroul de presă</p><div class=\"related-posts\"><p>Citește și: <a href=\"/1\">Delegație din Gambia</a></p><p><a href=\"/2\">Expoziție din Bhutan</a></p></div>",
        &["închide podul", "lua bacul"],
        &["Gambia", "Bhutan"],
    ),
];

/// Announcements that look like surroundings, in other languages.
const WHOLE_OTHERWISE: &[Text] = &[
    (
        "<p>The inspectorate has fined three firms.</p><p>Related offences</p><ul><li>Gambia Foods: no licence</li><li>Bhutan Mills: false labels</li></ul><p>More on the fines</p><p>The firms may appeal until 5 May 2025.</p>",
        &["Gambia Foods", "Bhutan Mills", "may appeal"],
        &[],
    ),
    (
        "<p>Verkehrsmeldung</p><p>Linie 4: Umleitung über den Gambia-Platz</p><p>Linie 5: Ausfall bis 14:00</p><p>Kontakt zu Ersatzbussen: Haltestelle Bhutanweg</p><p>Nächste Meldung: 15:00</p>",
        &["Gambia-Platz", "Ausfall bis 14:00", "Bhutanweg", "Nächste Meldung: 15:00"],
        &[],
    ),
    (
        "<p>Le ministre reçoit les lettres des élèves.</p><p>Suivez-nous, disent les élèves de Gambie, jusqu'à la rivière.</p><p>Voir aussi l'annexe sur le Bhoutan.</p><p>Retour en classe lundi.</p><p>Plus d'informations : 12 écoles ferment en Gambie.</p>",
        &[
            "élèves de Gambie",
            "annexe sur le Bhoutan",
            "Retour en classe lundi",
            "12 écoles ferment",
        ],
        &[],
    ),
    (
        "<p>Haber: deprem tatbikatı yapılacak.</p><p>Diğer duyurular</p><p>Gambiya Caddesi pazar günü trafiğe kapalı olacak ve otobüsler çevre yolundan gidecek.</p><p>Paylaşım noktaları: Butan Parkı</p>",
        &["Gambiya Caddesi", "Butan Parkı"],
        &[],
    ),
    (
        "<p>Министр ответил на вопросы.</p><p>Контакты с Гамбией продолжаются.</p><p>Поделиться опытом приехали врачи из Бутана.</p><p>Новости науки министр читает каждый день.</p><p>Следующая встреча: 5 мая 2025 года</p>",
        &["Контакты с Гамбией", "врачи из Бутана", "Новости науки", "Следующая встреча"],
        &[],
    ),
    (
        "<p>Lista de espera</p><p>Últimas vagas: 12 em Gâmbia, 3 no Butão</p><p>Contactos necessários: cartão de cidadão e morada</p><p>Inscreva-se por e-mail até 5 de maio: vagas@min.example</p><p>Siga as instruções da polícia.</p>",
        &["12 em Gâmbia", "cartão de cidadão", "vagas@min.example", "Siga as instruções"],
        &[],
    ),
    (
        "<p>Museum in Tarn wieder offen</p><h3>Veranstaltungen</h3><ul><li>Lesung über Gambia, 12.05.2025</li><li>Film aus Bhutan, 14.05.2025</li><li>Führung, 16.05.2025</li></ul><h3>Newsletter</h3><p>Das Museum stellt seinen gedruckten Newsletter ein, weil das Porto zu teuer wurde.</p>",
        &["Lesung über Gambia", "Film aus Bhutan", "Porto zu teuer"],
        &[],
    ),
    (
        "<p>港が再開しました。</p><p>お知らせ</p><p>ガンビア行きの便は五月五日から運航します。</p><p>次の便：ブータン行き</p><p>共有の席はありません。</p>",
        &["ガンビア行きの便", "ブータン行き", "共有の席"],
        &[],
    ),
    (
        "<p>Join the navy</p><p>Register at the Gambia office by 5 May.</p><p>Follow up with the Bhutan desk.</p><p>Print the form and post it.</p><p>Home: a town by the sea</p>",
        &["Gambia office", "Bhutan desk", "Print the form", "town by the sea"],
        &[],
    ),
    (
        "<p>Original Gambia masks return home.</p><p>First published in 1931, the catalogue lists them: <a href=\"https://museum.example/c\">catalogue</a></p><p>View in full dress: the guard of Bhutan.</p><p>Read the statement of the museum <a href=\"https://museum.example/s\">here</a>.</p>",
        &[
            "Original Gambia masks",
            "First published in 1931",
            "guard of Bhutan",
            "statement of the museum here",
        ],
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
    let texts = || SURROUNDED.iter().chain(SURROUNDED_OTHERWISE);
    let wrong: Vec<String> = texts().filter_map(faults).collect();
    println!("{} of {}", texts().count() - wrong.len(), texts().count());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn announcements_that_look_like_surroundings_lose_nothing() {
    let texts = || WHOLE.iter().chain(WHOLE_OTHERWISE);
    let mut wrong: Vec<String> = texts().filter_map(faults).collect();
    for (html, ..) in texts() {
        let entry = read(html, FORMS[2]);
        if !entry.set_aside.is_empty() {
            wrong.push(format!("{html:.80}: {:?}", entry.set_aside));
        }
    }
    println!("{} wrong", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
