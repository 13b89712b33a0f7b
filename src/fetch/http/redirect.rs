//! Reads where a redirect leads, or why it is not followed (P48).

use std::borrow::Cow;

use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

use crate::fetch::error_text;
use crate::model::{Failure, FailureKind};

/// Where a redirect leads: relative or not, to http or https, without a fragment
/// and without credentials of its own (P48).
pub(super) fn target(from: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let Some(location) = headers.get(LOCATION) else {
        return Err(refused("the redirect does not say where to"));
    };
    let unreadable = || refused("the redirect leads to no address that can be read");
    let to = from.join(&readable(location.as_bytes())).map_err(|_| unreadable())?;
    if !matches!(to.scheme(), "http" | "https") {
        let message = format!("the redirect leads to a {} address", error_text::shown(to.scheme()));
        return Err(refused(&message));
    }
    Ok(bare(&to))
}

/// An address that may hold raw bytes. Bytes that are not UTF-8 go back to the server as they
/// came, each escaped, as browsers do.
fn readable(location: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(location) {
        return Cow::Borrowed(text);
    }
    let escaped = location.iter().map(|byte| match byte {
        0x80.. => format!("%{byte:02X}"),
        byte => char::from(*byte).to_string(),
    });
    Cow::Owned(escaped.collect())
}

/// The address without fragment, user and password.
pub(super) fn bare(url: &Url) -> Url {
    let mut url = url.clone();
    url.set_fragment(None);
    // These can only fail for addresses without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

/// The failure of a redirect that is not followed.
pub(super) fn refused(message: &str) -> Failure {
    Failure::new(FailureKind::Redirect, message)
}

/// The failure of redirects that lead back to an address that was asked. No cookie is ever sent
/// (P64), so a site that wants one sends every request round in a circle.
pub(super) fn in_a_circle(wants_cookie: bool) -> Failure {
    refused(match wants_cookie {
        true => {
            "the redirects lead in a circle, because the site wants a cookie back and none is ever \
             sent: ask its operator for an address that needs none"
        }
        false => "the redirects lead in a circle",
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn raw_bytes_in_a_location_are_followed_as_browsers_do() {
        let from = Url::parse("https://min.example/feed").unwrap();
        for (location, to) in [
            (&b"/caf\xE9.xml"[..], "https://min.example/caf%E9.xml"),
            (b"/caf\xC3\xA9.xml", "https://min.example/caf%C3%A9.xml"),
            (b"https://min.example/a?q=\xFC&r=1", "https://min.example/a?q=%FC&r=1"),
            (b"/a b.xml", "https://min.example/a%20b.xml"),
            (b"caf%E9.xml", "https://min.example/caf%E9.xml"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(LOCATION, HeaderValue::from_bytes(location).unwrap());
            assert_eq!(target(&from, &headers).unwrap().as_str(), to);
        }
    }
}
