//! Finds where the entries before those of a document are.

use url::Url;

use crate::model::Hints;

/// Where the entries before those of the document at `url` are, if it is known:
/// what the document says (`rel="next"`, `prev-archive`, `next_url`), else the next page of a
/// WordPress site or a GOV.UK search, whose feeds have pages without saying so. After a gap, the
/// caller follows this until something is known again.
pub fn older_page(url: &Url, hints: &Hints) -> Option<Url> {
    if let Some(next) = &hints.next {
        // A page that names itself, or leaves the web, leads nowhere.
        return (next != url && matches!(next.scheme(), "http" | "https")).then(|| next.clone());
    }
    let is_search = url.host_str() == Some("www.gov.uk") && url.path().starts_with("/search/");
    let name = match (is_search, hints.paged) {
        (true, _) => "page",
        (false, true) => "paged",
        (false, false) => return None,
    };
    let page = url.query_pairs().find(|(known, _)| known == name);
    let page: u32 = page.map_or(Some(1), |(_, number)| number.parse().ok())?;
    // The other parameters are kept as written: `organisations[]` is not re-encoded.
    let kept = url.query().unwrap_or_default().split('&');
    let is_page = |pair: &str| pair.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
    let kept = kept.filter(|pair| !pair.is_empty() && !is_page(pair));
    let next = format!("{name}={}", page.checked_add(1)?);
    let query: Vec<_> = kept.chain([next.as_str()]).collect();
    let mut older = url.clone();
    older.set_query(Some(&query.join("&")));
    Some(older)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn older_entries_are_where_the_document_or_the_site_puts_them() {
        let search = "https://www.gov.uk/search/news-and-communications.atom";
        for (url, next, older_at) in [
            ("https://a.example/feed", None, None),
            (
                "https://a.example/feed",
                Some("https://a.example/feed?p=2"),
                Some("https://a.example/feed?p=2"),
            ),
            ("https://a.example/feed", Some("https://a.example/feed"), None),
            ("https://a.example/feed", Some("ftp://a.example/feed"), None),
            (search, None, Some(&*format!("{search}?page=2"))),
            (
                &format!("{search}?organisations[]=home-office&page=2&q=a"),
                None,
                Some(&*format!("{search}?organisations[]=home-office&q=a&page=3")),
            ),
            (&format!("{search}?page=many"), None, None),
            ("https://www.gov.uk/government/organisations/home-office.atom", None, None),
        ] {
            let next = next.map(|next| Url::parse(next).unwrap());
            let hints = Hints { next, ..Hints::default() };
            let found = older_page(&Url::parse(url).unwrap(), &hints);
            assert_eq!(found.as_ref().map(Url::as_str), older_at, "{url}");
        }
        for (url, older_at) in [
            ("https://a.example/feed/", "https://a.example/feed/?paged=2"),
            ("https://a.example/?feed=rss2&paged=2", "https://a.example/?feed=rss2&paged=3"),
        ] {
            let hints = Hints { paged: true, ..Hints::default() };
            let found = older_page(&Url::parse(url).unwrap(), &hints);
            assert_eq!(found.as_ref().map(Url::as_str), Some(older_at));
        }
    }
}
