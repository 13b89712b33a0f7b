//! Sections and lines that look like a site's and are what an announcement says.

use super::tests::document;
use crate::parse::{self, Limits};

/// An announcement of ordinary length.
const LONG: &str = "<p>The ministry for harbours closes the north basin at Carrow for eighteen months.</p><p>Divers found that the sheet piling of 1931 has lost two thirds of its thickness, and that the ice house stands on it.</p>";

fn text(title: &str, html: &str) -> String {
    let (title, html) = (htmlize::escape_text(title), htmlize::escape_text(html));
    let whole = format!(
        "<rss version=\"2.0\"><channel><title>M</title><item><title>{title}</title><link>https://min.example/n/1</link><description>{html}</description></item></channel></rss>"
    );
    let parsed = parse::parse(&document(whole), &Limits::default()).unwrap();
    parsed.entries[0].text.clone()
}

#[test]
fn a_section_that_is_the_subject_of_its_announcement_stays() {
    let mut wrong = Vec::new();
    for (title, html, stays) in [
        (
            "Hotline for flood victims",
            "<p>The tax office opens a hotline.</p><h3>Contact us</h3><p>Phone: 01632 960 010</p><p>E-mail: help@tax.example</p><p>Have your number ready.</p>".to_owned(),
            &["01632 960 010", "help@tax.example"][..],
        ),
        (
            "Oficina de víctimas",
            "<p>El ministerio abre una oficina.</p><h3>Contacto</h3><p>Teléfono: 91 555 01 01</p><p>Correo: victimas@min.example</p>".to_owned(),
            &["91 555 01 01", "victimas@min.example"],
        ),
        (
            "Vigilance crues",
            format!("{LONG}<h3>Contacts</h3><ul><li>Tarn : 05 63 45 61 61</li><li>Aude : 04 68 10 27 00</li></ul><p>Appelez la préfecture avant tout déplacement dans la vallée.</p>"),
            &["05 63 45 61 61", "04 68 10 27 00"],
        ),
        (
            "Szukamy pasażerów",
            format!("{LONG}<h3>Kontakt</h3><p>Infolinia: 800 555 010</p>"),
            &["800 555 010"],
        ),
        (
            "被災者の相談",
            "<p>相談の窓口を開設しました。</p><h3>お問い合わせ</h3><p>電話：0120-555-010</p>".to_owned(),
            &["0120-555-010"],
        ),
        (
            "Нова гаряча лінія",
            "<p>Міністерство відкрило лінію.</p><h3>Контакти</h3><p>Телефон: 0 800 555 010</p><p>Пошта: dopomoha@min.example</p>".to_owned(),
            &["0 800 555 010", "dopomoha@min.example"],
        ),
        (
            "Rückruf",
            "<p>Geben Sie das Spielzeug zurück:</p><h3>Ansprechpartner</h3><ul><li>Spielhaus Karrau, 030 555 0101</li><li>Spielhalle Tarn, 030 555 0102</li></ul>".to_owned(),
            &["Spielhaus Karrau", "030 555 0102"],
        ),
        (
            "Our new contact points",
            format!("{LONG}<h2>Contact</h2><p>Carrow desk: 01632 960 001</p>"),
            &["01632 960 001"],
        ),
        (
            "Programme of harbour day",
            "<p>Harbour day is on Sunday.</p><h3>Events</h3><ul><li><a href=\"/e1\">11:00 Parade of tugs, quay</a></li><li><a href=\"/e2\">13:00 Rope throwing, quay</a></li></ul>".to_owned(),
            &["Parade of tugs", "Rope throwing"],
        ),
        (
            "Ministerin auf Reisen",
            "<p>Die Ministerin besucht vier Häfen.</p><h3>Termine</h3><ul><li><a href=\"/1\">3. Dezember: Ketzin</a></li><li><a href=\"/2\">4. Dezember: Orm</a></li><li><a href=\"/3\">5. Dezember: Tarn</a></li></ul>".to_owned(),
            &["Ketzin", "Tarn"],
        ),
        (
            "Recall of oat cookies",
            format!("{LONG}<h3>Cookies</h3><p>We use cookies of batch 12 as an example.</p>"),
            &["batch 12"],
        ),
        (
            "Loomis fined",
            format!("{LONG}<p>The line \u{2018}We use cookies was shown to 4 million visitors\u{2019} could not be refused.</p><p>We use cookies in the meaning of section 6.</p>"),
            &["4 million", "section 6"],
        ),
        (
            "Cookie act adopted",
            format!("{LONG}<p>By using this site you agree to our cookies: such a sentence is unlawful.</p>"),
            &["unlawful"],
        ),
        (
            "Ministry starts a newsletter",
            "<h3>Newsletter</h3><p>Subscribe to the new newsletter of the ministry from Monday on.</p><p>It replaces the gazette.</p>".to_owned(),
            &["Subscribe to the new newsletter"],
        ),
        (
            "Orm Retail fined",
            format!("{LONG}<p>Subscribe buttons for its newsletter were ticked in advance.</p><p>Sign up for the newsletter was impossible to refuse.</p>"),
            &["ticked in advance", "impossible to refuse"],
        ),
        (
            "Libraries",
            format!("{LONG}<p><a href=\"https://min.example/n/1\">Read more books, says minister</a></p>"),
            &["Read more books"],
        ),
        (
            "Care plan",
            format!("{LONG}<p>Two ways of care are paid:</p><p><a href=\"/a\">Home</a></p><p><a href=\"/b\">Hospital</a></p>"),
            &["Home", "Hospital"],
        ),
        (
            "New route",
            "<p><a href=\"/s/1\">Carrow</a> &gt; <a href=\"/s/2\">Tarn</a> &gt; <a href=\"/s/3\">Orm</a></p><p>The ferry takes this route from Monday on, says the ministry.</p>".to_owned(),
            &["Carrow", "Orm"],
        ),
        (
            "Treaty in force",
            "<p>The treaty is in force.</p><div class=\"footer\"><p><a href=\"/1\">Annex I</a> <a href=\"/2\">Reservations of Dravenia</a></p></div><p>It was signed at Orm.</p>".to_owned(),
            &["Reservations of Dravenia"],
        ),
        (
            "Sanctions list amended",
            "<p>The regulator has frozen assets.</p><h3>Related entries</h3><ul><li><a href=\"/l/12\">Oleg Harbin, born 1961</a></li><li><a href=\"/l/13\">Dravenia Shipping Ltd</a></li></ul><p>The freeze is in force at once.</p>".to_owned(),
            &["Oleg Harbin", "Dravenia Shipping"],
        ),
        (
            "Pilots",
            format!("{LONG}<h3>See also</h3><ul><li><a href=\"/act/4\">Harbours Act 1931, section 4</a></li><li><a href=\"/act/9\">Pilots Order 2019</a></li></ul>"),
            &["Harbours Act", "Pilots Order"],
        ),
        (
            "大臣会見",
            format!("{LONG}<h3>関連情報</h3><ul><li><a href=\"/k/4.html\">会見録</a></li><li><a href=\"/k/9.html\">配付資料</a></li></ul>"),
            &["会見録", "配付資料"],
        ),
        (
            "Social aid",
            format!("{LONG}<div class=\"social\"><p>Social aid: <a href=\"https://www.facebook.com/aid\">the page of the county</a> takes claims until 9 May of this year.</p></div>"),
            &["takes claims"],
        ),
    ] {
        let text = text(title, &html);
        let lost = stays.iter().filter(|words| !text.contains(**words));
        wrong.extend(lost.map(|words| format!("{title}, {words}: {text}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_sections_of_a_site_go_beside_announcements_on_other_subjects() {
    for around in [
        "<h3>Press contact</h3><p>Ada Brenn</p><p>01632 960 100</p>",
        "<h3>Kontakt</h3><p>Pressestelle</p><p>presse@min.example</p><p>030 555 0101</p>",
        "<h3>Contact</h3><p>Tom Weld, 01632 960 100</p>",
        "<h3>Contatti</h3><p>Ufficio comunicazione: 06 555 0101</p>",
        "<h3>Newsletter</h3><p>Subscribe to our newsletter</p><p>Your e-mail address</p>",
        "<h3>Upcoming events</h3><ul><li><a href=\"/e1\">Open day 01632</a></li><li><a href=\"/e2\">Talk</a></li></ul>",
        "<h3>See also</h3><ul><li><a href=\"/n/4\">Order 01632 of the county</a></li><li><a href=\"/n/5\">Wolves</a></li></ul>",
        "<p>We use cookies on page 01632.</p>",
        "<p>We use cookies to improve page 01632.</p>",
    ] {
        let text = text("North basin closes", &format!("{LONG}{around}"));
        let is_left = ["01632", "0101", "newsletter"].iter().any(|words| text.contains(words));
        assert!(!is_left, "{around}: {text}");
        assert!(text.contains("two thirds"), "{around}: {text}");
    }
}
