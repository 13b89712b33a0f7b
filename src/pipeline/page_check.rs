//! Decides whether the page that was fetched for an entry is the entry's own. Pure.
//!
//! In the place of a page that is gone, or that is not for everybody, a site may answer with another
//! one: its home page, a section, a login, a request for consent, an error page with status 200.
//! The text of such a page is not the announcement's.

use url::Url;

use crate::announcement::TitleWords;
use crate::enrich::Fetched;
use crate::model::{Entry, Failure, FailureKind};
use crate::parse::{self, Gate, PageHead};

/// The failure that another page is. It says nothing about whether the entry's page exists, and
/// nothing about other pages of the site.
const ANOTHER_PAGE: FailureKind = FailureKind::Redirect;

/// Words in the titles of error pages.
const ERRORS: [&str; 11] = [
    "not found",
    "no longer available",
    "nicht gefunden",
    "introuvable",
    "no encontrada",
    "não encontrada",
    "non trovata",
    "niet gevonden",
    "hittades inte",
    "nie znaleziono",
    "не найдена",
];

/// Words with which such titles name what was not found.
const PAGE_WORDS: [&str; 16] = [
    "page",
    "seite",
    "página",
    "pagina",
    "sidan",
    "siden",
    "strona",
    "strony",
    "stránka",
    "страница",
    "document",
    "url",
    "resource",
    "file",
    "object",
    "datei",
];

/// The page that came for an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The entry's own.
    Own,
    /// A page that stands before it.
    Gate(Gate),
    /// A page that leads on to this one by itself.
    LeadsTo(Url),
}

/// Checks that what was fetched for the page `asked` of an entry is that page.
pub(super) fn check(entry: &Entry, asked: &Url, fetched: &Fetched<'_>) -> Result<Answer, Failure> {
    let Some(url) = &fetched.document.url else { return Ok(Answer::Own) };
    let is_redirected = address(asked) != address(url);
    let PageHead { titles, headings, gate, leads_to } = parse::page_head(&fetched.text, url);
    if let Some(page) = leads_to {
        return Ok(Answer::LeadsTo(page));
    }
    let wanted = TitleWords::of(&entry.title);
    // The first heading of a section may be the newest announcement's.
    let headings = if is_redirected && is_section(asked, url) { &[][..] } else { &headings[..] };
    let names = || titles.iter().chain(headings);
    let is_home = is_redirected && url.path() == "/" && url.query().is_none();
    if !is_home && names().any(|name| wanted.are_mostly_in(name)) {
        return Ok(Answer::Own);
    }
    if let Some(gate) = gate {
        return Ok(Answer::Gate(gate));
    }
    if names().any(|name| names_an_error(name)) {
        return Err(Failure::new(ANOTHER_PAGE, "the site answers with an error page"));
    }
    if is_redirected && (!wanted.is_label() || is_section(asked, url)) {
        let message = "the site redirects to another page, which does not have the entry's title";
        return Err(Failure::new(ANOTHER_PAGE, message));
    }
    Ok(Answer::Own)
}

/// The address as far as a redirect from one form of it to another leads to the same page.
fn address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_prefix("www.").unwrap_or(host);
    let (path, query) = (url.path().trim_end_matches('/'), url.query().unwrap_or_default());
    format!("{host}{path}?{query}").to_ascii_lowercase()
}

/// Whether `url` is the home page or a section above the page that was asked for.
fn is_section(asked: &Url, url: &Url) -> bool {
    let segments = |url: &Url| -> Vec<String> {
        let segments = url.path().split('/').filter(|segment| !segment.is_empty());
        segments.map(str::to_ascii_lowercase).collect()
    };
    segments(asked).starts_with(&segments(url))
}

/// Whether the name of a page, apart from its site's, says that a page was not found: headlines speak
/// of "404 new flats", and of divers that were not found.
fn names_an_error(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut parts = lower.split(['|', '–', '—', '·', ':']).flat_map(|part| part.split(" - "));
    parts.any(|part| {
        let words = part.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        let words: Vec<&str> =
            words.filter(|word| !matches!(*word, "error" | "fehler" | "erreur" | "http")).collect();
        let rest = || words.iter().filter(|word| **word != "404");
        match ERRORS.iter().find(|known| part.contains(*known)) {
            Some(known) => {
                rest().count() == known.split(' ').count()
                    || rest().any(|word| PAGE_WORDS.contains(word))
            }
            None => words == ["404"],
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::model::{Document, Enrich, SourceId, Timestamp};

    /// An answer in the place of the page.
    #[derive(Debug, PartialEq, Eq)]
    enum Instead {
        Gate,
        Another(String),
        Other(FailureKind),
    }

    fn checked(title: &str, asked: &str, url: &str, html: &str) -> Option<Instead> {
        let entry = Entry { title: title.to_owned(), ..Entry::of(SourceId::new("dep")) };
        let document = Document {
            source: SourceId::new("dep"),
            url: Some(Url::parse(url).unwrap()),
            content_type: Some("text/html; charset=utf-8".to_owned()),
            body: bytes::Bytes::copy_from_slice(html.as_bytes()),
            at: Timestamp::EPOCH,
        };
        let fetched = Fetched::of(&document, Enrich::Page).unwrap();
        match check(&entry, &Url::parse(asked).unwrap(), &fetched) {
            Ok(Answer::Own) => None,
            Ok(Answer::Gate(_)) => Some(Instead::Gate),
            Ok(Answer::LeadsTo(page)) => Some(Instead::Another(page.to_string())),
            Err(failure) => Some(Instead::Other(failure.kind)),
        }
    }

    #[test]
    fn a_page_is_the_entrys_own_by_its_address_or_its_title() {
        let (other, gate) = (|| Some(Instead::Other(ANOTHER_PAGE)), || Some(Instead::Gate));
        let home = "<title>Ministry of Finance</title><h1>Budget of 2026 is published</h1>";
        let named = "<title>Budget of 2026 is published | Finance</title>";
        let budget = "Budget of 2026 is published";
        for (title, asked, url, html, failure) in [
            (budget, "http://min.example/a", "https://www.min.example/A/", home, None),
            (budget, "https://min.example/news/a", "https://min.example/", named, other()),
            (budget, "https://min.example/news/a", "https://min.example/news", home, other()),
            (budget, "https://min.example/news/a", "https://min.example/news", named, None),
            (budget, "https://min.example/a/print", "https://min.example/b", named, None),
            (budget, "https://r.example/17", "https://min.example/2026/budget", named, None),
            (budget, "https://r.example/17", "https://min.example/2026/budget", home, None),
            (
                budget,
                "https://min.example/a",
                "https://min.example/start",
                "<h1>News</h1>",
                other(),
            ),
            ("", "https://min.example/a", "https://min.example/b", "<h1>News</h1>", None),
            ("", "https://min.example/b/a", "https://min.example/b", "<h1>News</h1>", other()),
            (
                "Ministry of Finance publishes the report",
                "https://min.example/a",
                "https://min.example/start",
                "<title>Ministry of Finance</title>",
                other(),
            ),
            (
                "Sécurité routière : un plan",
                "https://min.example/a",
                "https://min.example/b",
                "<title>S&eacute;curit&eacute; routi&egrave;re&nbsp;: un plan</title>",
                None,
            ),
            (
                "財務省が予算を発表",
                "https://min.example/a",
                "https://min.example/b",
                "<h1>予算を発表 財務省</h1>",
                None,
            ),
            (
                budget,
                "https://min.example/a",
                "https://min.example/a",
                "<title>Sign in</title><input type=password>",
                gate(),
            ),
            (
                "New rules for cookies and consent",
                "https://min.example/a",
                "https://min.example/a",
                "<title>New rules for cookies and consent</title><p>A cookie banner.</p>",
                None,
            ),
            (
                budget,
                "https://min.example/a",
                "https://min.example/a",
                "<meta http-equiv=refresh content=\"0; URL='/b'\"><p>You are sent on.</p>",
                Some(Instead::Another("https://min.example/b".to_owned())),
            ),
            (
                budget,
                "https://min.example/a",
                "https://min.example/a",
                "<meta http-equiv=Refresh content='300;url=/b'><title>Budget of 2026 is published</title>",
                None,
            ),
            (
                budget,
                "https://min.example/a",
                "https://min.example/a",
                "<noscript><meta http-equiv=refresh content='0;url=/nojs'></noscript><h1>Budget of 2026 is published</h1>",
                None,
            ),
            (
                budget,
                "https://min.example/a",
                "https://min.example/a",
                "<title>404 – Seite nicht gefunden</title>",
                other(),
            ),
            (
                "Notice 14",
                "https://min.example/a",
                "https://min.example/a",
                "<title>404 new flats for Carrow</title>",
                None,
            ),
            (
                "Notice 14",
                "https://min.example/a",
                "https://min.example/a",
                "<title>Plongeur introuvable au large d'Orm</title>",
                None,
            ),
            (
                "Notice 14",
                "https://min.example/a",
                "https://min.example/a",
                "<title>Visas on arrival no longer available</title>",
                None,
            ),
            (
                "Notice 14",
                "https://min.example/a",
                "https://min.example/a",
                "<title>Page not found - Ministry</title>",
                other(),
            ),
            (
                "Notice 14",
                "https://min.example/a",
                "https://min.example/a",
                "<title>Ministry | 404 Not Found</title>",
                other(),
            ),
            (
                "Notice 14",
                "https://min.example/a",
                "https://min.example/a",
                "<h1>La página no encontrada</h1>",
                other(),
            ),
            (
                "Notice 14",
                "https://min.example/?p=71",
                "https://min.example/2026/basin",
                "<h1>Nordbecken geschlossen</h1>",
                None,
            ),
            (
                "Wreck not found after 404 days",
                "https://min.example/a",
                "https://min.example/a",
                "<title>Wreck not found after 404 days</title>",
                None,
            ),
        ] {
            let html = format!("<!DOCTYPE html><html>{html}</html>");
            assert_eq!(checked(title, asked, url, &html), failure, "{title}: {asked} to {url}");
        }
    }
}
