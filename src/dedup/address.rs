//! A link in; the one spelling by which everybody who links to that page agrees, out.

use url::Url;

/// The canonical spelling of a page's address. A fixed point:
/// `canonical(&canonical(url).parse()?)` is the same.
///
/// Scheme, `www.`, default ports, the order of parameters, escapes of plain
/// characters, trailing slashes and what trackers add do not tell pages apart.
/// A fragment does, where it looks like an anchor: a page with three
/// announcements on it links to each by one.
///
/// On `www.gov.uk` the path alone is the page: organisation feeds put the time of the last
/// change behind `#`, and the content API has the same page below `/api/content`.
pub fn canonical(url: &Url) -> String {
    let Some(host) = url.host_str() else { return url.as_str().to_owned() };
    let host = bare_host(host);
    let mut out = String::with_capacity(url.as_str().len());
    out.push_str("https://");
    out.push_str(host);
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
        out.push(':');
        out.push_str(&port.to_string());
    }
    let path = unescape_plain(url.path());
    let gov_uk = host == "gov.uk";
    let path = match path.strip_prefix("/api/content/") {
        Some(page) if gov_uk => format!("/{page}"),
        _ => path,
    };
    out.push_str(path.trim_end_matches('/'));
    if gov_uk && !path.starts_with("/search") {
        return out;
    }
    let mut parameters: Vec<String> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|parameter| !parameter.is_empty() && !is_tracking(parameter))
        .map(unescape_plain)
        .collect();
    parameters.sort_unstable();
    if !parameters.is_empty() {
        // A query hangs on a path, so that the result reads back as it is.
        if path.trim_end_matches('/').is_empty() {
            out.push('/');
        }
        out.push('?');
        out.push_str(&parameters.join("&"));
    }
    if let Some(anchor) = url.fragment().filter(|fragment| is_anchor(fragment)) {
        if path.trim_end_matches('/').is_empty() && parameters.is_empty() {
            out.push('/');
        }
        out.push('#');
        out.push_str(anchor);
    }
    out
}

/// The host without the dots of the root at its end and `www.` before a name.
fn bare_host(host: &str) -> &str {
    let mut bare = host.trim_end_matches('.');
    while let Some(rest) = bare.strip_prefix("www.").filter(|rest| rest.contains('.')) {
        bare = rest;
    }
    // `9.` is a name, but `9` is an address: what is left must not read as a number.
    let label = bare.rsplit('.').next().unwrap_or_default();
    let is_number = label.starts_with(|first: char| first.is_ascii_digit());
    if bare.is_empty() || (is_number && bare.len() < host.len()) { host } else { bare }
}

/// Whether an address names a page rather than a site: its front page says
/// nothing about which announcement is meant.
pub(super) fn names_a_page(url: &Url) -> bool {
    url.path().len() > 1 || url.query().is_some() || url.fragment().is_some_and(is_anchor)
}

/// Parameters that campaigns and share buttons add; none of them selects a page.
fn is_tracking(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default().to_ascii_lowercase();
    name.starts_with("utm_")
        || name.starts_with("mtm_")
        || name.starts_with("pk_")
        || name.starts_with("at_")
        || name.starts_with("hsa_")
        || matches!(
            name.as_str(),
            "fbclid"
                | "gclid"
                | "dclid"
                | "msclkid"
                | "twclid"
                | "igshid"
                | "yclid"
                | "mc_cid"
                | "mc_eid"
                | "xtor"
                | "ns_campaign"
                | "ns_mchannel"
                | "ns_source"
                | "ns_linkname"
                | "cmpid"
                | "cmp"
                | "ocid"
                | "ito"
                | "smid"
                | "sr_share"
                | "_ga"
                | "_gl"
                | "vgnextrefresh"
        )
}

/// Whether a fragment names a place in the page, not a tracker, a state of
/// scripts, a time, or the place where every page's text begins.
fn is_anchor(fragment: &str) -> bool {
    fragment.starts_with(|first: char| first.is_ascii_alphabetic())
        && fragment.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !matches!(
            fragment.to_ascii_lowercase().as_str(),
            "comments"
                | "respond"
                | "content"
                | "main"
                | "main-content"
                | "maincontent"
                | "top"
                | "contents"
                | "rss"
        )
}

/// Writes characters plainly that need no escape and the rest of the escapes
/// in capitals (RFC 3986 §6.2.2). A `%` that begins no escape is escaped itself, so
/// that it does not begin one together with a character written plainly after it.
fn unescape_plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let hex = rest.as_bytes().get(at + 1..at + 3).unwrap_or_default();
        let digit = |at: usize| char::from(*hex.get(at)?).to_digit(16);
        let code =
            digit(0).zip(digit(1)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match code {
            Some(byte)
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') =>
            {
                out.push(byte.into());
                rest = &rest[at + 3..];
            }
            Some(byte) => {
                out.push_str(&format!("%{byte:02X}"));
                rest = &rest[at + 3..];
            }
            None => {
                out.push_str("%25");
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn canonical_of(text: &str) -> String {
        canonical(&Url::parse(text).unwrap())
    }

    #[test]
    fn one_page_has_one_spelling() {
        for (given, expected) in [
            ("HTTP://Example.org:80/a/../b?utm_source=x#utm_medium=y", "https://example.org/b"),
            ("https://www.example.org/b/", "https://example.org/b"),
            ("https://example.org", "https://example.org"),
            ("https://example.org./?b=2&a=1&fbclid=z", "https://example.org/?a=1&b=2"),
            ("https://example.org:8443/%7euser/%c3%a9", "https://example.org:8443/~user/%C3%A9"),
            ("https://example.org/log#v1.2", "https://example.org/log#v1.2"),
            ("https://example.org/#notice-3", "https://example.org/#notice-3"),
            ("https://example.org/a#comments", "https://example.org/a"),
            ("https://user:secret@example.org/a", "https://example.org/a"),
            (
                "https://www.gov.uk/government/news/x#2025-04-02T11:05:00Z",
                "https://gov.uk/government/news/x",
            ),
            (
                "https://www.gov.uk/api/content/government/news/x",
                "https://gov.uk/government/news/x",
            ),
            (
                "http://gov.uk/government/news/x?from=rss#contents",
                "https://gov.uk/government/news/x",
            ),
            ("https://www.gov.uk/search/all?b=1&a=2", "https://gov.uk/search/all?a=2&b=1"),
            ("https://example.org/100%", "https://example.org/100%25"),
            ("https://example.org/?a=%c%44", "https://example.org/?a=%25cD"),
            ("https://example.org/%+1%%41", "https://example.org/%25+1%25A"),
            ("https://www.com/a", "https://www.com/a"),
            ("https://www.www.example.org./a", "https://example.org/a"),
            ("https://./a", "https://./a"),
            ("https://9..../a", "https://9..../a"),
        ] {
            assert_eq!(canonical_of(given), expected, "{given}");
            assert_eq!(canonical_of(expected), expected, "not a fixed point: {expected}");
        }
    }

    #[test]
    fn a_front_page_names_no_page() {
        for (given, expected) in [
            ("https://example.org", false),
            ("https://example.org/#top", false),
            ("https://example.org/a", true),
            ("https://example.org/?p=7", true),
            ("https://example.org/#notice-3", true),
        ] {
            assert_eq!(names_a_page(&Url::parse(given).unwrap()), expected, "{given}");
        }
    }

    proptest! {
        #[test]
        fn every_address_has_a_fixed_point(text in "https?://[a-z.]{1,8}(:[0-9]{1,4})?(/[ -~é]{0,20})?") {
            if let Ok(url) = Url::parse(&text) {
                let once = canonical(&url);
                let again = Url::parse(&once).map(|url| canonical(&url));
                prop_assert_eq!(again.unwrap(), once);
            }
        }
    }
}
