//! The one spelling of a page's address by which everybody who links to it agrees.

use url::Url;

use super::wrapped_address::unwrapped;

/// More steps than any address needs that somebody follows; each costs a few passes over it.
const MOST_STEPS: usize = 8;

/// The canonical spelling of a page's address. A fixed point:
/// `canonical(&canonical(url).parse()?)` is the same.
///
/// Scheme, `www.` and hosts for telephones, default ports, the order of parameters, escapes of
/// plain characters, slashes, names of index files, session ids, cache busters, print and AMP
/// versions, and what trackers add do not tell pages apart. Of an address that [wraps](unwrapped)
/// another the inner one counts. A fragment tells pages apart where it looks like an anchor: a
/// page with three announcements on it links to each by one.
///
/// On `www.gov.uk` the path alone is the page: organisation feeds put the time of the last
/// change behind `#`, and the content API has the same page below `/api/content`.
pub fn canonical(url: &Url) -> String {
    // What one step removes can have hidden what another would: a session id a wrapper, an index
    // file a session id. So the steps are repeated until the spelling stays as it is. An address
    // whose spelling never does keeps the one it came with.
    let mut spelling = step(url);
    for _ in 0..MOST_STEPS {
        match Url::parse(&spelling).map(|url| step(&url)) {
            Ok(next) if next != spelling => spelling = next,
            _ => return spelling,
        }
    }
    url.as_str().to_owned()
}

fn step(url: &Url) -> String {
    spelt(unwrapped(url).as_ref().unwrap_or(url))
}

fn spelt(url: &Url) -> String {
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
    let path = plain_path(&path);
    out.push_str(&path);
    if gov_uk && !path.starts_with("/search") {
        return out;
    }
    let mut parameters: Vec<String> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .map(unescape_plain)
        // As it reads, not as it is escaped.
        .filter(|parameter| !parameter.is_empty() && !is_idle(parameter))
        .collect();
    parameters.sort_unstable();
    if !parameters.is_empty() {
        // A query hangs on a path, so that the result reads back as it is.
        if path.is_empty() {
            out.push('/');
        }
        out.push('?');
        out.push_str(&parameters.join("&"));
    }
    let names = |fragment: &&str| is_anchor(fragment) || is_route(fragment);
    if let Some(fragment) = url.fragment().filter(names) {
        if path.is_empty() && parameters.is_empty() {
            out.push('/');
        }
        out.push('#');
        out.push_str(fragment.trim_end_matches('/'));
    }
    out
}

/// A path without empty parts, session ids, index files and the names of variants at its end.
pub(super) fn plain_path(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').filter(|part| !is_session_part(part)).collect();
    for part in &mut parts {
        while let Some((before, behind)) = part.rsplit_once(';')
            && is_session(behind.split('=').next().unwrap_or_default())
        {
            *part = before;
        }
    }
    parts.retain(|part| !part.is_empty());
    // The page as a feed links to it.
    if let ["feed" | "feeds" | "rss", "view", _, ..] = parts[..] {
        parts.drain(..2);
    }
    while let Some((last, before)) = parts.split_last()
        && (is_variant_part(last) || is_view_of(before.last().copied(), last))
    {
        parts.pop();
    }
    let lower = |part: &str| match is_shouted(part) {
        true => part.to_ascii_lowercase(),
        false => part.to_owned(),
    };
    parts.iter().flat_map(|part| ["/".to_owned(), lower(part)]).collect()
}

/// Whether the last part of a path is Plone's view of the page before it, which has a name.
fn is_view_of(before: Option<&str>, last: &str) -> bool {
    let is_page = |part: &str| part.contains(['-', '.']);
    last == "@@view" || last == "view" && before.is_some_and(is_page)
}

/// Whether all letters of a part are capitals: a site that writes it so answers to small ones as
/// well. In a part with both kinds, as in an ID, each letter counts.
fn is_shouted(part: &str) -> bool {
    // The letters of an escape are not letters of the name.
    part.contains(|c: char| c.is_ascii_uppercase())
        && !part.contains(|c: char| c.is_ascii_lowercase() || c == '%')
}

/// `(S(abc))` and its like, which ASP.NET puts into paths where cookies are off.
fn is_session_part(part: &str) -> bool {
    part.len() > 5
        && part.starts_with('(')
        && part.ends_with("))")
        && part[1..].starts_with(|kind: char| kind.is_ascii_uppercase())
        && part[2..].starts_with('(')
}

/// Last parts of a path that name the page before them, or a variant of it.
fn is_variant_part(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    let index = ["index", "default"].iter().any(|name| {
        let kind = part.strip_prefix(name).and_then(|rest| rest.strip_prefix('.'));
        kind.is_some_and(|kind| {
            matches!(kind, "html" | "htm" | "php" | "asp" | "aspx" | "jsp" | "shtml" | "cfm")
        })
    });
    index || matches!(part.as_str(), "amp" | "print" | "printable")
}

/// Parameters that select no page: of trackers, of sessions, against caches, of variants.
pub(super) fn is_idle(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    let name = name.to_ascii_lowercase();
    let long_id = value.len() >= 16 && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let time = value.len() >= 9 && value.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let yes = matches!(value.to_ascii_lowercase().as_str(), "" | "1" | "true" | "yes" | "y");
    match name.as_str() {
        name if is_session(name) => true,
        "sid" | "s_id" | "session" => long_id,
        "_" | "cb" | "cachebuster" | "cachebust" | "nocache" | "rnd" | "rand" | "random" => true,
        "t" | "ts" | "time" | "timestamp" | "r" | "refresh" | "v" | "ver" => time,
        "print" | "printable" | "printview" | "amp" | "mobile" => yes,
        "output" | "outputtype" | "view" | "format" | "mode" | "display" => {
            matches!(value.to_ascii_lowercase().as_str(), "print" | "amp" | "printable")
        }
        _ => is_tracking(&name) || names_channel(&name, value),
    }
}

/// Whether a parameter says by which channel a reader comes: `from=rss`, `source=newsletter`.
fn names_channel(name: &str, value: &str) -> bool {
    let is_of_origin = matches!(
        name,
        "from"
            | "source"
            | "src"
            | "ref"
            | "referer"
            | "referrer"
            | "ref_src"
            | "via"
            | "origin"
            | "medium"
            | "channel"
    );
    is_of_origin
        && matches!(
            value.to_ascii_lowercase().as_str(),
            "rss"
                | "rss2"
                | "rssfeed"
                | "rss-feed"
                | "rss_feed"
                | "atom"
                | "feed"
                | "feeds"
                | "newsletter"
                | "email"
                | "e-mail"
                | "mail"
                | "mailing"
                | "twitter"
                | "facebook"
                | "linkedin"
                | "whatsapp"
                | "telegram"
                | "social"
                | "twsrc^tfw"
                | "twsrc%5etfw"
        )
}

/// Names of session ids.
fn is_session(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    matches!(
        name.as_str(),
        "jsessionid"
            | "phpsessid"
            | "sessionid"
            | "session_id"
            | "sessid"
            | "cfid"
            | "cftoken"
            | "oscsid"
            | "zenid"
            | "aspxautodetectcookiesupport"
    ) || name.starts_with("aspsessionid")
}

/// The host without the dots of the root at its end and `www.` before a name.
fn bare_host(host: &str) -> &str {
    let mut bare = host.trim_end_matches('.');
    let prefix = |host: &'_ str| {
        ["www.", "m.", "mobile.", "amp."].into_iter().find(|prefix| host.starts_with(prefix))
    };
    while let Some(rest) =
        prefix(bare).and_then(|prefix| bare.strip_prefix(prefix)).filter(|rest| rest.contains('.'))
    {
        bare = rest;
    }
    // `9.` is a name, but `9` is an address: what is left must not read as a number.
    let label = bare.rsplit('.').next().unwrap_or_default();
    let is_number = label.starts_with(|first: char| first.is_ascii_digit());
    if bare.is_empty() || (is_number && bare.len() < host.len()) { host } else { bare }
}

/// Parameters that campaigns, mailings, advertisements and share buttons add, in lower case.
#[rustfmt::skip]
fn is_tracking(name: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "utm_", "mtm_", "matomo_", "piwik_", "pk_", "at_", "hsa_", "wt_", "wt.", "elq",
        "vero_", "oly_", "gad_", "mkt_", "itm_", "stm_", "trk", "_hs", "fb_", "s_kwcid",
    ];
    BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || matches!(
            name,
            "fbclid" | "gclid" | "dclid" | "gbraid" | "wbraid" | "gclsrc" | "srsltid" | "msclkid"
                | "twclid" | "ttclid" | "li_fat_id" | "igshid" | "igsh" | "yclid" | "ysclid"
                | "rb_clickid" | "epik" | "ef_id" | "irclickid" | "mc_cid" | "mc_eid" | "dm_i"
                | "emci" | "emdi" | "ceid" | "__s" | "_ke" | "_kx" | "bsft_eid" | "ml_subscriber"
                | "ml_subscriber_hash" | "s_cid" | "sc_cid" | "sc_camp" | "sc_channel" | "icid" | "xtor" | "ns_campaign"
                | "ns_mchannel" | "ns_source" | "ns_linkname" | "ns_fee" | "cmpid" | "cmp"
                | "ncid" | "ocid" | "ito" | "smid" | "sr_share" | "_ga" | "_gl" | "vgnextrefresh"
        )
}

/// Whether a fragment names a place in the page, not a tracker, a state of
/// scripts, a time, or the place where every page's text begins.
pub(super) fn is_anchor(fragment: &str) -> bool {
    // Ten digits are a time.
    let is_number =
        (1..=6).contains(&fragment.len()) && fragment.bytes().all(|byte| byte.is_ascii_digit());
    is_number
        || fragment.starts_with(|first: char| first.is_ascii_alphabetic())
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

/// Whether a fragment is the path of a page that a script shows: `#/news/12`, `#!/news/12`.
pub(super) fn is_route(fragment: &str) -> bool {
    fragment.contains('/')
        && fragment
            .starts_with(|first: char| matches!(first, '/' | '!') || first.is_ascii_alphabetic())
        && fragment
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '!'))
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
    fn a_wrapped_address_that_grows_by_its_escapes_is_unwrapped_to_the_end() {
        let braces = "{".repeat(60);
        let inner = format!("https://b.example/?go=1&url=https://c.example/{braces}");
        let outer = Url::parse(&format!("https://a.example/out?url={inner}")).unwrap();
        let once = canonical(&outer);
        assert_eq!(canonical(&Url::parse(&once).unwrap()), once);
    }

    #[test]
    fn what_one_removal_uncovers_is_removed_as_well() {
        for (given, expected) in [
            ("https://a.example/(S(abc));jsessionid=1/b", "https://a.example/b"),
            ("https://www.gov.uk/api/content/api/content/x", "https://gov.uk/x"),
        ] {
            assert_eq!(canonical_of(given), expected, "{given}");
        }
    }

    #[test]
    fn what_selects_no_page_is_left_out() {
        const PAGE: &str = "https://ports.example/news/pier";
        for given in [
            "https://ports.example/news/pier;jsessionid=0A1B2C?utm_source=x",
            "https://ports.example/(S(lit3py55t21z5v55vlm25s55))/news/pier",
            "https://ports.example//news//pier/",
            "https://ports.example/news/pier/index.html",
            "https://ports.example/news/pier?PHPSESSID=aaa",
            "https://ports.example/news/pier?t=1683312440",
            "https://ports.example/news/pier?t=%31683312440&utm%5fsource=x",
            "https://ports.example/news/pier?t=%2e683312440",
            "https://ports.example/news/pier?_=17",
            "https://ports.example/news/pier?print=1",
            "https://ports.example/news/pier?output=amp",
            "https://ports.example/news/pier/amp/",
            "https://m.ports.example/news/pier",
            "https://www.google.com/url?q=https://ports.example/news/pier",
            "https://a.example/url;jsessionid=1?q=https://ports.example/news/pier",
            "https://ports.example/NEWS/PIER",
            "https://ports.example/news/pier/@@view",
            "https://ports.example/news/pier?wt_mc=rss",
            "https://ports.example/news/pier?WT.mc_id=a",
            "https://ports.example/news/pier?_hsenc=p2&_hsmi=3",
            "https://ports.example/news/pier?mkt_tok=MT",
            "https://ports.example/news/pier?gbraid=0A&wbraid=1",
            "https://ports.example/news/pier?srsltid=Af",
            "https://ports.example/news/pier?piwik_campaign=x",
            "https://ports.example/news/pier?trk=feed",
            "https://ports.example/news/pier?elqTrackId=1&elq=2",
            "https://ports.example/news/pier?s_cid=5&icid=6",
            "https://ports.example/news/pier?emci=a&emdi=b&ceid=c",
            "https://ports.example/news/pier?__s=xyz",
            "https://ports.example/news/pier?from=rss",
            "https://ports.example/news/pier?source=RSS",
            "https://ports.example/news/pier?ref=newsletter",
            "https://ports.example/news/pier?ysclid=m1&ttclid=E1",
        ] {
            assert_eq!(canonical_of(given), PAGE, "{given}");
        }
        for other in [
            "https://ports.example/news/pier?t=7",
            "https://ports.example/news/pier?print=map",
            "https://ports.example/news/pier?source=harbour",
            "https://ports.example/news/pier?from=2026-11-01",
            "https://ports.example/news/pier/view",
            "https://ports.example/news/Pier",
        ] {
            assert_ne!(canonical_of(other), PAGE, "{other}");
        }
        for (one, other) in [
            ("https://ports.example/sea-wall/view", "https://ports.example/sea-wall"),
            ("https://ports.example/wall.pdf/view", "https://ports.example/wall.pdf"),
            ("https://ec.example/detail/EN/IP_26_2811", "https://ec.example/detail/en/ip_26_2811"),
        ] {
            assert_eq!(canonical_of(one), canonical_of(other), "{one}");
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
