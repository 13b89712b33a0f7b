//! A redirect's headers in; the address it leads to, or why it is not followed, out (P48).

use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

use crate::fetch::words;
use crate::model::{Failure, FailureKind};

/// Where a redirect leads: relative or not, to http or https, without a fragment
/// and without credentials of its own (P48).
pub(super) fn target(from: &Url, headers: &HeaderMap) -> Result<Url, Failure> {
    let Some(location) = headers.get(LOCATION) else {
        return Err(refused("the redirect does not say where to"));
    };
    let unreadable = || refused("the redirect leads to no address that can be read");
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| unreadable())?;
    let to = from.join(location).map_err(|_| unreadable())?;
    if !matches!(to.scheme(), "http" | "https") {
        let message = format!("the redirect leads to a {} address", words::shown(to.scheme()));
        return Err(refused(&message));
    }
    Ok(bare(&to))
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
