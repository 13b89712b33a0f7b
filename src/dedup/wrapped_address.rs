//! Finds the page behind an address that wraps another: click trackers, mail filters, archives,
//! caches and translators. By the address alone; nothing is fetched.

use url::Url;

/// Wrappers within wrappers that are looked into.
const DEPTH: usize = 3;

/// Redirectors that carry the page in a parameter: the host (or what it ends with), how the path
/// begins, and the parameters.
const REDIRECTORS: &[(&str, &str, &[&str])] = &[
    ("safelinks.protection.outlook.com", "/", &["url"]),
    ("facebook.com", "/l.php", &["u"]),
    ("instagram.com", "/", &["u"]),
    ("youtube.com", "/redirect", &["q"]),
    ("vk.com", "/away.php", &["to"]),
    ("t.umblr.com", "/redirect", &["z"]),
    ("slack-redir.net", "/link", &["url"]),
    ("linkedin.com", "/redir", &["url"]),
    ("linkedin.com", "/safety/go", &["url"]),
    ("out.reddit.com", "/", &["url"]),
    ("duckduckgo.com", "/l/", &["uddg"]),
    ("bing.com", "/news/apiclick.aspx", &["url"]),
    ("translate.google.com", "/", &["u"]),
    ("webcache.googleusercontent.com", "/", &["q"]),
    ("linkprotect.cudasvc.com", "/url", &["a"]),
    ("exacttarget.com", "/", &["url"]),
    ("urldefense.proofpoint.com", "/", &["u"]),
];

/// Parts of the hosts whose addresses wrap others without a scheme.
const MIRRORS: &[&str] = &["google", "translate.goog", "ampproject", "archive", "arquivo"];

/// Last parts of the paths of other redirectors: `/url?q=https://…`.
const REDIRECTING: &[&str] = &[
    "url",
    "redirect",
    "redir",
    "redirector",
    "out",
    "away",
    "go",
    "goto",
    "link",
    "click",
    "track",
];

/// Parameters in which those carry the page.
const CARRIERS: &[&str] =
    &["url", "u", "q", "to", "target", "dest", "destination", "redirect", "redirecturl", "link"];

/// Archives whose addresses may leave the scheme of the page out.
const ARCHIVES: &[&str] =
    &["web.archive.org", "webarchive.nationalarchives.gov.uk", "arquivo.pt", "archive.ph"];

/// The page behind an address; nothing where it wraps none.
pub(super) fn unwrapped(url: &Url) -> Option<Url> {
    let mut page = inner(url)?;
    for _ in 1..DEPTH {
        match inner(&page) {
            Some(next) => page = next,
            None => break,
        }
    }
    Some(page)
}

fn inner(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    // Asked of every address, and hardly any wraps another.
    let rest = url.as_str().get("https://".len() + host.len()..).unwrap_or_default();
    if !rest.contains("http") && !MIRRORS.iter().any(|mirror| host.contains(mirror)) {
        return None;
    }
    redirected(url, host)
        .or_else(|| in_path(url, host))
        .or_else(|| mirrored(url, host))
        .filter(|page| page != url)
}

/// The address in a parameter.
fn redirected(url: &Url, host: &str) -> Option<Url> {
    let path = url.path();
    let known =
        REDIRECTORS.iter().filter(|(of, begins, _)| is_at(host, of) && path.starts_with(begins));
    for (of, _, names) in known {
        for (name, value) in url.query_pairs() {
            if names.iter().any(|known| name.eq_ignore_ascii_case(known)) {
                let value = match *of {
                    // Proofpoint writes `-3A` for `%3A` and `_` for `/`.
                    "urldefense.proofpoint.com" => {
                        decoded(&value.replace('-', "%").replace('_', "/"))
                    }
                    _ => value.trim_start_matches("cache:").to_owned(),
                };
                if let Some(page) = page(&value) {
                    return Some(page);
                }
            }
        }
    }
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let last = last.split('.').next().unwrap_or_default();
    if !REDIRECTING.contains(&last.to_ascii_lowercase().as_str()) {
        return None;
    }
    url.query_pairs()
        .filter(|(name, _)| CARRIERS.iter().any(|known| name.eq_ignore_ascii_case(known)))
        .find_map(|(_, value)| page(&value))
}

/// The address in the path: archives (`/20250102030405/https://…`), trackers of mailings
/// (`/CL0/https:%2F%2F…/1/…`) and mail filters (`/v3/__https://…__;`).
fn in_path(url: &Url, host: &str) -> Option<Url> {
    let whole = &url[url::Position::BeforePath..];
    if is_at(host, "urldefense.com") {
        let (_, rest) = whole.split_once("/__")?;
        return page(rest.split_once("__;")?.0);
    }
    // Older mailings of GovDelivery end with the page.
    if is_at(host, "govdelivery.com")
        && let Some((_, last)) = whole.rsplit_once("&&&")
    {
        return page(last);
    }
    let segments = || url.path_segments().into_iter().flatten();
    if let Some(encoded) = segments().find(|segment| {
        let start = segment.get(..10).unwrap_or_default().to_ascii_lowercase();
        start.starts_with("https:%2f")
            || start.starts_with("http:%2f")
            || start.starts_with("https%3a")
            || start.starts_with("http%3a")
    }) {
        return page(&decoded(encoded));
    }
    let is_time = |segment: &str| {
        let digits = segment.bytes().take_while(u8::is_ascii_digit).count();
        let rest = &segment[digits..];
        let flag = rest.is_empty() || (rest.len() == 3 && rest.ends_with('_')) || rest == "*";
        (8..=14).contains(&digits) && flag
    };
    let mut at = 0;
    let path = whole.trim_start_matches('/');
    for segment in path.split('/') {
        at += segment.len() + 1;
        if is_time(segment) {
            let rest = path.get(at..)?;
            if rest.starts_with("http:/") || rest.starts_with("https:/") {
                return page(rest);
            }
            // Archives take addresses without a scheme, too.
            if ARCHIVES.iter().any(|archive| is_at(host, archive)) {
                return page(&format!("https://{rest}"));
            }
        }
    }
    None
}

/// Mirrors: pages served under a host of the mirror's own.
fn mirrored(url: &Url, host: &str) -> Option<Url> {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let amp = |path: &str| -> Option<Url> {
        let rest = path.trim_start_matches('/');
        let secure = rest.strip_prefix("s/");
        let scheme = if secure.is_some() { "https" } else { "http" };
        let rest = secure.unwrap_or(rest);
        rest.split('/').next()?.contains('.').then(|| page(&format!("{scheme}://{rest}{query}")))?
    };
    if is_at(host, "cdn.ampproject.org") {
        let path = url.path();
        return ["/c/", "/v/", "/wp/"].iter().find_map(|kind| amp(path.strip_prefix(kind)?));
    }
    if host.split('.').any(|label| label == "google")
        && let Some(path) = url.path().strip_prefix("/amp/")
    {
        return amp(path);
    }
    if let Some(name) = host.strip_suffix(".translate.goog") {
        // Dots are hyphens there, and hyphens two.
        let name = name.replace("--", "\u{0}").replace('-', ".").replace('\u{0}', "-");
        let kept: Vec<&str> = url
            .query()
            .unwrap_or_default()
            .split('&')
            .filter(|one| !one.is_empty() && !one.starts_with("_x_tr_"))
            .collect();
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        return page(&format!("https://{name}{}{query}", url.path()));
    }
    None
}

/// Whether a host is this name or below it.
fn is_at(host: &str, name: &str) -> bool {
    host.strip_suffix(name).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// An absolute address of a page. Proxies make one slash of the two.
fn page(text: &str) -> Option<Url> {
    let text = text.trim();
    let text = match text.split_once(":/") {
        Some((scheme, rest)) if !rest.starts_with('/') => format!("{scheme}://{rest}"),
        _ => text.to_owned(),
    };
    let text = if text.to_ascii_lowercase().starts_with("http%3a")
        || text.to_ascii_lowercase().starts_with("https%3a")
    {
        decoded(&text)
    } else {
        text
    };
    let url = Url::parse(&text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.domain()?.contains('.')).then_some(url)
}

/// A text without its percent escapes.
pub(super) fn decoded(text: &str) -> String {
    let bytes: Vec<u8> =
        url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B")).as_bytes())
            .next()
            .map(|(_, value)| value.into_owned().into_bytes())
            .unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn behind(url: &str) -> Option<String> {
        unwrapped(&Url::parse(url).unwrap()).map(|page| page.to_string())
    }

    #[test]
    fn the_page_behind_a_wrapper_is_found() {
        const PAGE: &str = "https://ports.example/d?id=7";
        for wrapped in [
            "https://www.google.com/url?rct=j&sa=t&url=https://ports.example/d%3Fid%3D7&ct=ga&usg=x",
            "https://www.google.co.uk/url?q=https%3A%2F%2Fports.example%2Fd%3Fid%3D7",
            "https://eur02.safelinks.protection.outlook.com/?url=https%3A%2F%2Fports.example%2Fd%3Fid%3D7&data=05&reserved=0",
            "https://links-1.govdelivery.com/CL0/https:%2F%2Fports.example%2Fd%3Fid=7/1/0101/abc=123",
            "https://links.govdelivery.com/track?type=click&enid=ZWFz&&&100&&&https://ports.example/d?id=7",
            "https://l.facebook.com/l.php?u=https%3A%2F%2Fports.example%2Fd%3Fid%3D7&h=AT0",
            "https://lm.facebook.com/l.php?u=https%3A%2F%2Fports.example%2Fd%3Fid%3D7",
            "https://web.archive.org/web/20261110120000/https://ports.example/d?id=7",
            "https://web.archive.org/web/20261110120000id_/https:/ports.example/d?id=7",
            "https://webarchive.nationalarchives.gov.uk/ukgwa/20261110120000/https://ports.example/d?id=7",
            "https://arquivo.pt/wayback/20261110120000/https://ports.example/d?id=7",
            "https://webarchive.loc.gov/all/20261110120000/https://ports.example/d?id=7",
            "https://ports-example.translate.goog/d?id=7&_x_tr_sl=nl&_x_tr_tl=en",
            "https://translate.google.com/translate?sl=auto&tl=en&u=https://ports.example/d%3Fid%3D7",
            "https://ports-example.cdn.ampproject.org/c/s/ports.example/d?id=7",
            "https://www.google.com/amp/s/ports.example/d?id=7",
            "https://urldefense.com/v3/__https://ports.example/d?id=7__;!!abc",
            "https://urldefense.proofpoint.com/v2/url?u=https-3A__ports.example_d-3Fid-3D7&d=x",
            "https://www.youtube.com/redirect?event=x&q=https%3A%2F%2Fports.example%2Fd%3Fid%3D7",
            "https://mail.example.org/redirect?url=https%3A%2F%2Fports.example%2Fd%3Fid%3D7",
            "https://www.google.com/url?q=https%3A%2F%2Fweb.archive.org%2Fweb%2F20261110120000%2Fhttps%3A%2F%2Fports.example%2Fd%3Fid%3D7",
        ] {
            assert_eq!(behind(wrapped).as_deref(), Some(PAGE), "{wrapped}");
        }
    }

    #[test]
    fn an_address_that_only_mentions_another_wraps_none() {
        for url in [
            "https://ports.example/d?id=7",
            "https://news.google.com/rss/articles/CBMi",
            "https://login.example.org/signin?redirect=https%3A%2F%2Fports.example%2Fd",
            "https://share.example.org/page?url=https%3A%2F%2Fports.example%2Fd",
            "https://ports.example/20261110/notice",
            "https://ports.example/news/20261110120000/pier.html",
            "https://example.org/url?q=harbour",
            "https://example.org/url?q=http://localhost/x",
        ] {
            assert_eq!(behind(url), None, "{url}");
        }
    }
}
