//! Which addresses name one page of their own, rather than a site, a section or a list; and which
//! are one page in several languages.
//!
//! The last part of a path decides. A number behind a section is a page (`/news/7`), a date is a
//! list (`/news/2026/11`), a name behind `category` and its like is a list, and so are the words that
//! sites have for their sections. Doubt makes a list: a list that is taken for a page would join
//! strangers, a page that is taken for a list is only not found by its address.

use std::borrow::Cow;

use url::Url;

use super::address::{is_anchor, is_idle, is_route, plain_path};
use super::section_words::{
    CHOICES, CONNECTING, FILLERS, GROUPS, LISTS, MONTHS, PLACES, SECTIONS, VIEWS,
};
use super::wrapped_address::{decoded, unwrapped};
use crate::tokenize;

/// Whether an address names one page of its own: neither a front page nor a list, by which nobody
/// can say which announcement is meant.
pub(super) fn is_specific(url: &Url) -> bool {
    let inner = unwrapped(url);
    let url = inner.as_ref().unwrap_or(url);
    let fragment = url.fragment().unwrap_or_default();
    if is_anchor(fragment) || (is_route(fragment) && path_names_page(fragment)) {
        return true;
    }
    match query_names_page(url.query().unwrap_or_default()) {
        Some(names) => names,
        None => path_names_page(&plain_path(url.path())),
    }
}

/// Whether an address that is taken for a page may well be a section with a name of its own:
/// `/vacancies`, `/road-works`, `/news?region=north`. It joins two entries only if they agree in
/// their titles.
pub(super) fn is_doubtful(canonical: &str) -> bool {
    let Ok(url) = Url::parse(canonical) else { return false };
    let path = plain_path(url.path());
    let mut parts = path.split('/').filter(|part| !part.is_empty() && !is_language(part));
    let (first, last, more) =
        (parts.next().map(bare), parts.next().map(bare), parts.next().is_some());
    if url.fragment().is_some() {
        return false;
    }
    let has_digit = |text: &str| text.contains(|c: char| c.is_ascii_digit());
    match url.query().filter(|query| !query.is_empty()) {
        Some(query) => !has_digit(query) && !path_names_page(&path),
        None => {
            // A page below the news is news. Below a part of an office it may be a section again.
            let is_of_an_office = |part: &str| {
                words_of(part).count() == 1 && (!is_section(part) || OFFICE_PARTS.contains(&part))
            };
            let lone = match (&first, &last) {
                (Some(first), Some(last)) if is_of_an_office(first) => Some(last),
                (Some(first), None) => Some(first),
                _ => None,
            };
            !more
                && lone.is_some_and(|part| {
                    part.len() >= LEAST_LETTERS_OF_A_SECTION
                        && !has_digit(part)
                        && words_of(part).count() <= MOST_WORDS_OF_A_SECTION
                })
        }
    }
}

/// Sections below which an office has further ones.
const OFFICE_PARTS: &[&str] =
    &["about", "information", "office", "public", "resources", "service", "services"];

/// A lone part of a path with so few words may be the name of a section, unless it is as short as
/// codes of pages are.
const MOST_WORDS_OF_A_SECTION: usize = 2;
const LEAST_LETTERS_OF_A_SECTION: usize = 4;

/// Whether the parameters name a page, or show a list; nothing where they do neither.
fn query_names_page(query: &str) -> Option<bool> {
    let mut names = None;
    for parameter in query.split('&').filter(|one| !one.is_empty() && !is_idle(one)) {
        let parameter = parameter.to_ascii_lowercase();
        let (name, value) = parameter.split_once('=').unwrap_or((&parameter, ""));
        if VIEWS.contains(name) {
            if LISTS.contains(value) {
                return Some(false);
            }
            continue;
        }
        // A page may be chosen by its name: `?page=breakwater`.
        let counts = name.contains("page") || (PLACES.contains(name) && name != "p");
        let is_place = counts && value.bytes().all(|byte| byte.is_ascii_digit());
        if !is_place && !CHOICES.contains(name) {
            names = Some(true);
        }
    }
    names
}

/// Whether a path names a page by its last part.
fn path_names_page(path: &str) -> bool {
    if has_kind_of_feed(path) {
        return false;
    }
    let parts: Vec<String> =
        path.split('/').filter(|part| !matches!(*part, "" | "!")).map(bare).collect();
    let mut parts = parts.as_slice();
    while let Some((last, before)) = parts.split_last() {
        let number = number(last);
        let parent = before.last().map_or("", String::as_str);
        if GROUPS.contains(parent) || (number.is_some() && PLACES.contains(parent)) {
            return false;
        }
        if is_place(last) || is_date(parts) {
            return before.iter().any(|part| is_headline(part));
        }
        if number.is_some() {
            return number != Some(0) || !is_section(parent);
        }
        if is_language(last) || FILLERS.contains(last.as_str()) {
            parts = before;
            continue;
        }
        // What is published under a day is a page, whatever it is called.
        let has_day = before.len() > 2 && is_day(before);
        return has_day || !is_section(last) || before.iter().any(|part| is_headline(part));
    }
    false
}

/// Whether a part is a place in a list: `page-2`, `page2`, `index_3`.
fn is_place(part: &str) -> bool {
    let word = part.trim_end_matches(|c: char| c.is_ascii_digit());
    let name = word.trim_end_matches(['-', '_']);
    let is_word = PLACES.contains(name) && name.len() > 1;
    word.len() < part.len() && (is_word || matches!(name, "index" | "list" | "default"))
}

/// A part of a path in lower case, without diacritics and the kind of file at its end.
fn bare(part: &str) -> String {
    let text = match part.contains('%') {
        true => Cow::Owned(decoded(part)),
        false => Cow::Borrowed(part),
    };
    let mut folded = String::with_capacity(text.len());
    for word in text.split_inclusive(|c| !tokenize::is_word(c)) {
        let letters = word.trim_end_matches(|c| !tokenize::is_word(c));
        tokenize::fold(letters, &mut folded);
        folded.push_str(&word[letters.len()..]);
    }
    let kinds = [
        "html", "htm", "php", "asp", "aspx", "jsp", "shtml", "xhtml", "cfm", "do", "xml", "nsf",
        "action",
    ];
    match folded.rsplit_once('.') {
        Some((name, kind)) if kinds.contains(&kind) => name.to_owned(),
        _ => folded,
    }
}

/// Whether a path is that of a feed.
fn has_kind_of_feed(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    let of_feeds = || path.split('/').any(|part| matches!(part, "rss" | "feed" | "feeds"));
    [".rss", ".atom", ".rdf"].iter().any(|kind| path.ends_with(kind))
        || (path.ends_with(".xml") && of_feeds())
}

/// The number that a part is.
fn number(part: &str) -> Option<u64> {
    let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    // A number with more digits is some number, too.
    is_number.then(|| part.parse().unwrap_or(u64::MAX))
}

fn is_year(number: u64) -> bool {
    (1950..=2100).contains(&number)
}

/// Whether the last parts of a path are a year, a month or a day.
fn is_date(parts: &[String]) -> bool {
    let [before @ .., last] = parts else { return false };
    let year = |parts: &[String]| {
        parts.last().is_some_and(|part| number(part).is_some_and(is_year) || is_date_part(part))
    };
    let is_part = |most: u64| {
        let single = number(last).is_some_and(|number| (1..=most).contains(&number));
        single || MONTHS.contains(last.as_str())
    };
    is_date_part(last) || (year(before) && is_part(12)) || is_day(parts)
}

/// Whether the last parts of a path are a day: `2026/11/30`.
fn is_day(parts: &[String]) -> bool {
    let [.., year, month, day] = parts else { return false };
    let within = |part: &str, most: u64| number(part).is_some_and(|n| (1..=most).contains(&n));
    number(year).is_some_and(is_year)
        && (within(month, 12) || MONTHS.contains(month.as_str()))
        && within(day, 31)
}

/// Whether one part is a year, or a month or a day with its year: `2026-11`, `november-2026`.
fn is_date_part(part: &str) -> bool {
    if part.len() == 8
        && let (Some(date), true) = (number(part), part.is_ascii())
    {
        let (month, day) = (date / 100 % 100, date % 100);
        return is_year(date / 10_000) && (1..=12).contains(&month) && (1..=31).contains(&day);
    }
    let mut has_year = false;
    let fits = |word: &str| {
        let number = number(word);
        let year = number.is_some_and(is_year);
        has_year |= year;
        year || number.is_some_and(|number| (1..=31).contains(&number)) || MONTHS.contains(word)
    };
    words_of(part).all(fits) && has_year
}

fn words_of(part: &str) -> impl Iterator<Item = &str> {
    part.split(['-', '_', '.', '+', ' ']).filter(|word| !word.is_empty())
}

/// Whether a part has the words of a sentence, as only headlines have.
fn is_headline(part: &str) -> bool {
    words_of(part).count() >= HEADLINE && !is_section(part)
}

/// So many words are a headline rather than the name of a section.
const HEADLINE: usize = 5;

/// Whether the words of a part are those of a section: `press-releases`, `sala-de-prensa`,
/// `news-2026`.
fn is_section(part: &str) -> bool {
    let known = |word: &str| {
        SECTIONS.contains(word)
            || GROUPS.contains(word)
            || CONNECTING.contains(word)
            || number(word).is_some_and(is_year)
    };
    // The content system of the German government calls its lists so.
    words_of(part).all(known) || part.ends_with("_node")
}

/// The page without the language in which it is shown: `/en/`, `/pt-br/`, `?lang=de`. Two
/// addresses that agree in this are versions of one page.
pub(super) fn without_language(canonical: &str) -> String {
    let Ok(url) = Url::parse(canonical) else { return canonical.to_owned() };
    let parts = url.path_segments().into_iter().flatten().filter(|part| !is_language(part));
    let mut page =
        format!("{}/{}", url.host_str().unwrap_or_default(), parts.collect::<Vec<_>>().join("/"));
    let is_choice = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        !matches!(name, "lang" | "language" | "locale" | "hl" | "setlang" | "l")
    };
    for parameter in url.query().into_iter().flat_map(|query| query.split('&')).filter(is_choice) {
        page.push('&');
        page.push_str(parameter);
    }
    page
}

/// Codes of the languages in which governments publish.
const LANGUAGES: &[&str] = &[
    "ar", "be", "bg", "bs", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi",
    "fr", "ga", "gd", "gl", "he", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "ko", "lt", "lv",
    "mk", "mt", "nb", "nl", "nn", "no", "pl", "pt", "rm", "ro", "ru", "se", "sk", "sl", "sq", "sr",
    "sv", "th", "tr", "uk", "vi", "zh",
];

/// Whether a part of a path is a language: `en`, `pt-br`, `zh_CN`.
fn is_language(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    let (language, country) = part.split_once(['-', '_']).unwrap_or((&part, ""));
    LANGUAGES.contains(&language)
        && (country.is_empty() || country.len() == 2 || country == "latn" || country == "cyrl")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::address::canonical;
    use super::*;

    #[test]
    fn versions_of_a_page_in_other_languages_agree_but_for_the_language() {
        let of = |url: &str| without_language(&canonical(&Url::parse(url).unwrap()));
        assert_eq!(of("https://a.example/en/news/pier"), of("https://a.example/fr/news/pier"));
        assert_eq!(of("https://a.example/news/pier?lang=en"), of("https://a.example/news/pier"));
        assert_eq!(of("https://a.example/pt-br/pier"), of("https://a.example/pier"));
        assert_ne!(of("https://a.example/news/pier"), of("https://a.example/news/quay"));
    }

    #[test]
    fn a_name_of_its_own_at_the_top_of_a_site_may_be_that_of_a_section() {
        for (address, expected) in [
            ("council.example/vacancies", true),
            ("council.example/road-works", true),
            ("council.example/en/whats-on", true),
            ("council.example/ausschreibungen", true),
            ("council.example/offres-emploi.html", true),
            ("council.example/news?region=north", true),
            ("council.example/alerts?area=wales", true),
            ("council.example/about/vacancies", true),
            ("council.example/transport/road-works", true),
            ("council.example/business/tenders", true),
            ("council.example/services/planning-applications", true),
            ("ville.example/fr/services/offres-emploi", true),
            ("stadt.example/rathaus/ausschreibungen.html", true),
            ("council.example/news/strike", false),
            ("council.example/media-centre/pier-opens", false),
            ("council.example/transport/pier-opens-in-march", false),
            ("council.example/services/7", false),
            ("council.example/news/pier-opens", false),
            ("council.example/new-pier-opens-in-march", false),
            ("council.example/road-works/7", false),
            ("council.example/a4711", false),
            ("council.example/d", false),
            ("council.example/news?id=9", false),
            ("council.example/news/pier-opens?from=rss", false),
        ] {
            let url = Url::parse(&format!("https://{address}")).unwrap();
            assert_eq!(is_doubtful(&canonical(&url)), expected, "{address}");
        }
    }

    const PAGES: &[&str] = &[
        "www.mzv.example/news/7",
        "ministry.example/en/news/12",
        "www.landkreis.example/aktuelles/meldungen/348",
        "www.prefecture.example/actualites/8.html",
        "www.ayto.example/noticias/detalle/5",
        "www.comune.example/it/notizie/dettaglio.aspx?id=9",
        "regering.example/nyheder/2025/14",
        "gov.example/2025/11/30/412",
        "gov.example/news/2025/11/30/7",
        "gov.example/node/412",
        "vlada.example/sr/vesti/2025/11/sednica-vlade",
        "gov.example/article/7.html",
        "ministry.example/?p=77",
        "ministry.example/index.php?option=com_content&view=article&id=33",
        "gov.example/aktualnosci,61.html",
        "uutiset.example/fi/uutiset/2025/11/30/uusi-silta",
        "www.mofa.example/press/release/press4e_003412.html",
        "www.parlament.example/hirek/-/asset_publisher/kPz/content/uj-torveny",
        "www.gov.example/web/ministerstvo/nowy-most",
        "gov.example/category/economy/new-harbour-tax-announced",
        "gov.example/topics/trade/2025/11/deal-with-dravenia",
        "www.cour.example/communique/3",
        "gov.example/news-detail.php?newsid=31",
        "gov.example/press-releases/item/412-bridge-opens",
        "gov.example/duyurular/detay/19",
        "gov.example/novice/2025-11-30-odprtje-mostu/",
        "gov.example/news/new-measures-on-tax-from-2025/print",
        "www.legislation.example/uksi/2025/1234",
        "gov.example/en/press/7/details",
        "gov.example/s/7f3a9c",
        "gov.example/12",
        "gov.example/statements/2025/11/30/statement",
        "www.bundesministerium.example/SharedDocs/Pressemitteilungen/DE/2025/11/20251130-bruecke.html",
        "www.sejm.example/Sejm10.nsf/komunikat.xsp?documentId=9F3",
        "www.court.example/cases/12",
        "www.senat.example/presse/cp20251130.html",
        "www.vlada.example/index.php/sr/vesti/31",
        "www.gov.example/pt-br/assuntos/noticias/2025/11/ponte-inaugurada",
        "www.mext.example/b_menu/houdou/2025/1130/01.html",
        "www.mofa.example/press/kaiken/kaiken23_000145.html",
        "www.gencat.example/ca/actualitat/detall/El-port-reobre",
        "www.gov.example/en/media/press-releases/5",
        "www.stat.example/til/asas/2025/11/asas_2025_11_2025-11-30_tie_001_fi.html",
        "www.regjeringen.example/no/aktuelt/ny-bru/id3012345/",
        "www.gob.example/presidencia/prensa/apertura-del-puerto?idiom=es",
        "www.ministry.example/#/news/12",
        "www.ministry.example/notice.do?seq=9",
        "www.korea.example/news/policyNewsView.do?newsId=148",
        "www.council.example/news/article/44/road-closed",
        "www.council.example/meldung/7-neue-bruecke",
        "www.government.example/speeches/2025/11/30/speech",
        "www.agency.example/warnings/3",
        "www.agency.example/archives/412",
        "www.eu.example/commission/presscorner/detail/en/ip_25_2891",
    ];

    const LISTS_OF_PAGES: &[&str] = &[
        "gov.example/news/2025",
        "gov.example/news/2025/11/",
        "gov.example/news/2025/11/30",
        "gov.example/sv/nyheter/sida/3",
        "gov.example/news/page/2",
        "gov.example/presse/archiv/2025",
        "gov.example/category/economy",
        "gov.example/tag/ukraine/",
        "gov.example/taxonomy/term/12",
        "gov.example/thema/klima",
        "gov.example/topics/trade",
        "gov.example/actualites/rubrique/4",
        "gov.example/news?year=2025&month=11",
        "gov.example/noticias/pagina/4",
        "gov.example/fr/salle-de-presse/2025/11",
        "gov.example/author/press-office",
        "gov.example/news.aspx?page=3&category=12",
        "gov.example/search?q=bridge",
        "gov.example/?cat=5",
        "gov.example/?m=202511",
        "gov.example/government/organisations/ports-ministry",
        "gov.example/index.php?option=com_content&view=category&id=8",
        "gov.example/press-releases/november-2025",
        "gov.example/news/index.php?start=20",
        "gov.example/news/0",
        "gov.example/ministerio/prensa",
        "gov.example/en/departments/transport/press-releases",
        "gov.example/noviembre-2025",
        "gov.example/news-and-events",
        "gov.example/sala-de-prensa",
        "gov.example/presse/pressemitteilungen-2025.html",
        "gov.example/vesti/2025-11",
        "gov.example/category/economy/page/3",
        "gov.example/en/news?category=press&sort=date",
        "gov.example/news/page-2",
        "gov.example/presse/seite3.html",
        "gov.example/xwfb/index_4.html",
        "www.eu.example/commission/presscorner/home/en",
        "www.bundesministerium.example/DE/Presse/Pressemitteilungen/pressemitteilungen_node.html",
        "www.gov.example/pt-br/assuntos/noticias",
        "www.mext.example/b_menu/houdou/2025/11/index.htm",
        "www.gencat.example/ca/actualitat",
        "www.regjeringen.example/no/aktuelt/",
        "www.gov.example/en/media/press-releases?pageNumber=2",
        "www.court.example/judgments/2025/",
        "www.ministry.example/#/news",
        "www.ministry.example/news/index/page/2",
        "www.council.example/news/archive/2025/november",
        "www.agency.example/warnings",
        "www.agency.example/tags/storm/page/2",
        "www.senat.example/salle-de-presse.html",
        "www.sejm.example/aktualnosci/strona/4",
        "www.government.example/press/2025-11",
        "www.vlada.example/index.php/sr/vesti",
        "www.vlada.example/novosti?stranica=2",
        "www.gob.example/presidencia/archivo/prensa",
        "www.council.example/blog/author/anna",
        "www.ministry.example/media-centre/latest-news",
        "www.ministry.example/newsroom/all?year=2025",
    ];

    #[test]
    fn pages_with_numbers_dates_and_parameters_are_told_from_lists() {
        for (addresses, expected) in [(PAGES, true), (LISTS_OF_PAGES, false)] {
            for address in addresses {
                let url = Url::parse(&format!("https://{address}")).unwrap();
                assert_eq!(is_specific(&url), expected, "{address}");
            }
        }
    }

    #[test]
    fn neither_a_front_page_nor_a_list_is_a_page_of_its_own() {
        for (given, expected) in [
            ("https://example.org", false),
            ("https://example.org/#top", false),
            ("https://example.org/news", false),
            ("https://example.org/en/", false),
            ("https://example.org/news/index.php", false),
            ("https://example.org/news/2026/11/", false),
            ("https://example.org/press-releases?page=2", false),
            ("https://example.org/notices.html", false),
            ("https://www.google.com/url?q=https://example.org/news", false),
            ("https://example.org/aktuelles/presse", false),
            ("https://example.org/a", true),
            ("https://example.org/?p=7", true),
            ("https://example.org/#notice-3", true),
            ("https://example.org/news/breakwater", true),
            ("https://example.org/news/20261", true),
            ("https://example.org/index.php?id=5", true),
            ("https://example.org/news/notice-of-closure", true),
        ] {
            assert_eq!(is_specific(&Url::parse(given).unwrap()), expected, "{given}");
        }
    }
}
