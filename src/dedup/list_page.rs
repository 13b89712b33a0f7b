//! Which addresses name one page of their own, rather than a site, a section or a list; and which
//! are one page in several languages.

use url::Url;

use super::address::{is_anchor, is_idle, plain_path};
use super::wrapped_address::unwrapped;

/// Whether an address names one page of its own: neither a front page nor a list, by which nobody
/// can say which announcement is meant.
pub(super) fn is_specific(url: &Url) -> bool {
    let inner = unwrapped(url);
    let url = inner.as_ref().unwrap_or(url);
    if url.fragment().is_some_and(is_anchor) {
        return true;
    }
    let selects = |parameter: &str| {
        let name = parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
        !parameter.is_empty() && !is_idle(parameter) && !LISTING.contains(&name.as_str())
    };
    if url.query().unwrap_or_default().split('&').any(selects) {
        return true;
    }
    let path = plain_path(url.path());
    path.split('/').filter(|part| !part.is_empty()).any(|part| !is_section(part))
}

/// Parameters that only choose what a list shows.
const LISTING: &[&str] = &[
    "lang", "language", "locale", "hl", "page", "p_p_id", "start", "offset", "sort", "order",
    "limit", "per_page", "year", "month",
];

/// Parts of paths that name a section, a year, a month or a language rather than a page.
fn is_section(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    let bare = part.rsplit_once('.').map_or(part.as_str(), |(name, kind)| match kind {
        "html" | "htm" | "php" | "asp" | "aspx" | "jsp" | "shtml" | "cfm" | "do" | "xml"
        | "rss" => name,
        _ => &part,
    });
    let is_number = bare.bytes().all(|byte| byte.is_ascii_digit()) && bare.len() <= 4;
    let is_time = is_number
        && bare
            .parse::<u16>()
            .is_ok_and(|number| (1..=12).contains(&number) || (1950..=2100).contains(&number));
    is_time
        || is_language(bare)
        || bare.split(['-', '_']).all(|word| SECTIONS.contains(&word) || word == "and")
}

/// Words of the addresses of sections.
const SECTIONS: &[&str] = &[
    "about",
    "aktualnosci",
    "aktualno",
    "aktuelles",
    "aktuell",
    "actualidad",
    "actualite",
    "actualites",
    "actus",
    "agenda",
    "alerts",
    "all",
    "announcement",
    "announcements",
    "archive",
    "archives",
    "artikel",
    "article",
    "articles",
    "avisos",
    "blog",
    "briefings",
    "bulletin",
    "bulletins",
    "category",
    "centre",
    "center",
    "closures",
    "communiques",
    "communique",
    "comunicados",
    "comunicati",
    "content",
    "current",
    "default",
    "department",
    "detail",
    "details",
    "events",
    "feed",
    "feeds",
    "front",
    "frontpage",
    "gazette",
    "government",
    "haber",
    "haberler",
    "hirek",
    "home",
    "index",
    "info",
    "information",
    "item",
    "items",
    "komunikaty",
    "lajme",
    "latest",
    "list",
    "main",
    "media",
    "medien",
    "meldungen",
    "ministry",
    "nachrichten",
    "news",
    "newsroom",
    "nieuws",
    "noticias",
    "notice",
    "notices",
    "notizie",
    "nouvelles",
    "novice",
    "novini",
    "novosti",
    "nyheter",
    "nyheder",
    "office",
    "page",
    "pages",
    "portal",
    "prensa",
    "presse",
    "press",
    "pressemitteilungen",
    "pressemeldungen",
    "presseinformationen",
    "pressreleases",
    "priopcenia",
    "public",
    "publications",
    "releases",
    "release",
    "results",
    "rss",
    "room",
    "sala",
    "search",
    "section",
    "site",
    "sitemap",
    "speeches",
    "stampa",
    "start",
    "statements",
    "stiri",
    "stories",
    "story",
    "tag",
    "tags",
    "topic",
    "topics",
    "updates",
    "update",
    "uutiset",
    "vesti",
    "vijesti",
    "warnings",
    "web",
    "welcome",
    "whats",
    "new",
    "wiadomosci",
];

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
