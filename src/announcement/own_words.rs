//! Recognises lines in which a site or its publisher speaks of itself.
//!
//! That most entries repeat a line shows that it is a formula. Courts dismiss appeals and
//! ministries impose measures in formulas, too: only a sign of the site itself shows that the
//! line is not part of the announcement.

use std::sync::LazyLock;

use regex::Regex;

use super::contacts;
use super::line_kind::is_file;
use super::share_links::{is_profile, shares};
use super::text_lines::Line;
use super::vocabulary::{RIGHTS, names_origin};

/// Words for the site, its press office, its newsletters and its rights.
static OF_A_SITE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) \b (?:
            web\ ?(?:site|page)s? | home\ ?page | this\ (?:page|site|article|e-?mail|press\ release|news\ release)
          | (?:press|media|news)\ (?:service|office|release|centre|center|team|desk|department|room|relations|contact|enquiries|inquiries)s?
          | newsletters? | (?:un)?subscrib(?:e|ing|ed) | follow\ (?:us|@\w+) | copyright | disclaimer | privacy\ policy | terms\ (?:of\ use|and\ conditions)
          | (?:more|further)\ information | find\ out\ more | read\ more | click\ here | about\ (?:us|the\ author) | published\ by
          | internet(?:seiten?|auftritt) | web(?:seiten?|auftritt) | diese[rn]?\ (?:seite|pressemitteilung|meldung) | presse(?:stelle|dienst|kontakt|büro|referat|mitteilung|information)\w*
          | abonnieren | impressum | datenschutz(?:erklärung|hinweise) | (?:weitere|mehr)\ informationen
          | site\ (?:internet|web) | cette\ page | (?:ce|le)\ communiqué | (?:service|bureau|contacts?)\ (?:de\ )?presse | lettre\ d['’]information | abonn(?:ez|er)\b | mentions\ légales | en\ savoir\ plus | plus\ d['’]informations? | suivez-nous
          | (?:sitio|p[áa]gina|portal)\ web | esta\ p[áa]gina | (?:oficina|gabinete|nota|comunicado)\ de\ (?:prensa|comunicaci[óo]n) | bolet[íi]n\ (?:informativo|de\ noticias) | suscr[íi]b\w+ | aviso\ legal | m[áa]s\ informaci[óo]n | s[íi]guenos
          | (?:assessoria|gabinete|nota)\ de\ (?:imprensa|comunicaç[ãa]o) | s[íi]tio\ (?:web|da\ internet) | mais\ informaç(?:ões|ão)
          | sito\ (?:web|internet|istituzionale) | (?:ufficio|comunicato)\ stampa | note\ legali | (?:maggiori|ulteriori)\ informazioni | iscriviti
          | deze\ (?:pagina|website) | persvoorlichting | persbericht | nieuwsbrief | meer\ informatie
          | stron\w+\ internetow\w+ | (?:biuro|komunikat)\ prasow[ey] | więcej\ informacji
          | tiskov[éáý]\w*\ (?:oddělení|odbor|zpráva|mluvčí) | webov\w+\ (?:stránk|sídl)\w* | více\ informací
          | webbplats\w* | hjemmeside\w* | nettsted\w* | press(?:tjänst|meddelande|emeddelelse|emelding|ekontakt|ikontakt)\w* | mer(?:e)?\ information | verkkosivu\w* | lisätietoja
          | (?:веб-?)?сайт\w* | пресс?-?\ ?служб\w* | прес-?служб\w* | пресс?-?(?:релиз|центр|центар|центр)\w* | подпис(?:ывайтесь|аться) | підпис(?:уйтесь|атися)
          | ιστοσελίδα\w* | ιστότοπο\w* | γραφείο\ τύπου | δελτίο\ τύπου | (?:web|internet)\ sitesi\w* | basın\ (?:müşavirliği|merkezi|bürosu|bülteni)
          | site-ul\w* | birou(?:l)?\ de\ presă | comunicat\ de\ presă | honlap\w* | sajtó(?:osztály|iroda|közlemény)\w*
        ) \b
        | الموقع\ (?:الإلكتروني|الرسمي) | المكتب\ (?:الصحفي|الإعلامي) | אתר\ האינטרנט | דוברות
        | 网站 | 網站 | 本网 | 责任编辑 | 責任編輯 | ホームページ | ウェブサイト | 広報(?:課|室) | 著作権 | お問い?合わ?せ | 홈페이지 | 누리집 | 저작권 | 대변인실",
    )
    .expect("a fixed pattern")
});

/// Whether a line speaks of the site or of its publisher: it leads elsewhere, names the press
/// office's address, or has a word that announcements do not use of their subject.
pub(super) fn speaks_of_the_site(line: &Line) -> bool {
    let leads_elsewhere =
        line.is_mostly_linked() && !line.links.iter().all(|link| is_file(&link.url));
    let is_the_sites = |url: &url::Url| {
        let is_front_page = url.path().len() <= 1 && url.query().is_none();
        matches!(url.scheme(), "http" | "https") && is_front_page || is_profile(url) || shares(url)
    };
    let label = line.text.split([':', '：']).next().unwrap_or_default();
    leads_elsewhere
        || line.links.iter().any(|link| is_the_sites(&link.url))
        || contacts::names_contact(line) && !contacts::speaks_to_the_public(line, &line.text)
        || label.len() < line.text.len() && names_origin(label)
        || RIGHTS.is_match(&line.text)
        || OF_A_SITE.is_match(&line.text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::announcement::Cleaned;
    use crate::announcement::text_lines::Layout;

    #[test]
    fn a_site_speaks_of_itself_in_other_words_than_announcements() {
        for (text, is_the_sites) in [
            ("Western Balkans press service", true),
            ("Source: Agency for Armenia", true),
            ("© 2026 Ministry of Ports", true),
            ("More information is on the website of the ministry.", true),
            ("Alle Rechte vorbehalten.", true),
            ("Abonnez-vous à la lettre d'information du ministère", true),
            ("Подписывайтесь на наш канал", true),
            ("责任编辑：李明", true),
            ("Pressestelle: 030 555 0101", true),
            ("The appeal was dismissed with costs to the state of Dravenia.", false),
            ("Sanctions against Dravenia", false),
            ("Committee on Sanctions against Dravenia", false),
            ("Live broadcast from 10:00.", false),
            ("All EU ports are closed to it from today.", false),
            ("Do not eat the product, and return it to the shop for a refund.", false),
            ("Police ask witnesses to call 101.", false),
            ("Embargo: not for publication before 3 December 2026, 10:00.", false),
            ("Санкции против Дравении продлены на шесть месяцев.", false),
            ("Die Klage wurde abgewiesen, die Revision nicht zugelassen.", false),
            ("Le pourvoi est rejeté et la requérante condamnée aux dépens.", false),
            ("El buque no podrá entrar en ningún puerto de la Unión.", false),
            ("Il ricorso è respinto.", false),
            ("Skargę oddalono w całości.", false),
            ("津波の心配はありません。", false),
            ("لا خطر من وقوع تسونامي على الساحل.", false),
        ] {
            let html = format!("<p>{text}</p>");
            let cleaned = Cleaned { text: text.to_owned(), html, ..Cleaned::default() };
            let layout = Layout::of(&cleaned);
            assert_eq!(speaks_of_the_site(&layout.lines[0]), is_the_sites, "{text}");
        }
    }
}
