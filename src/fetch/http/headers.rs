//! Writes the headers of every request, and reads those of an answer.

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, FROM, HeaderMap, HeaderName,
    HeaderValue, LAST_MODIFIED, LINK, TRANSFER_ENCODING, USER_AGENT,
};
use url::Url;

use crate::fetch::{Settings, coding};
use crate::model::{Failure, FailureKind, Validators};
use crate::websub::inbound;

/// Bytes of a validator that are remembered.
const MOST_VALIDATOR: usize = 8 * 1024;

/// RFC 3229's headers, by which only new entries are asked for and sent (P52).
const A_IM: HeaderName = HeaderName::from_static("a-im");
const IM: HeaderName = HeaderName::from_static("im");

const ACCEPTED: &str = "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, \
    application/feed+json;q=0.9, application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, \
    */*;q=0.1";

/// The headers of every request: the same for all sources (P60, P61, P63).
pub(super) fn of_every_request(settings: &Settings) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(ACCEPTED));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(coding::ACCEPTED));
    headers.insert(USER_AGENT, header("user-agent", &settings.identity())?.1);
    if settings.deltas {
        headers.insert(A_IM, HeaderValue::from_static("feed"));
    }
    if let Some(from) = &settings.from {
        headers.insert(FROM, header("from", from)?.1);
    }
    Ok(headers)
}

/// A header as the operator wrote it. Its value is marked as sensitive: it may be a credential.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Failure> {
    let unusable =
        || Failure::new(FailureKind::Internal, format!("the header {name:?} cannot be sent"));
    let name = HeaderName::try_from(name).map_err(|_| unusable())?;
    let mut value = HeaderValue::try_from(value).map_err(|_| unusable())?;
    // A header that only one source wants may be a secret, too.
    value.set_sensitive(name != USER_AGENT && name != FROM);
    Ok((name, value))
}

/// ETag and Last-Modified of an answer as they came (P2, P3); absurdly long ones are dropped.
pub(super) fn validators(url: &Url, headers: &HeaderMap) -> Validators {
    let bytes = |name| {
        let value: &HeaderValue = headers.get(name)?;
        let bytes = value.as_bytes();
        (!bytes.is_empty() && bytes.len() <= MOST_VALIDATOR).then(|| bytes.to_vec())
    };
    Validators {
        etag: bytes(ETAG),
        last_modified: bytes(LAST_MODIFIED),
        of: Some(url.as_str().into()),
        offer: inbound::offer_in_links(
            headers.get_all(LINK).iter().map(HeaderValue::as_bytes),
            url,
        )
        .map(Box::new),
    }
}

/// The codings of a body that are still to be undone, in the order in which they were applied: the
/// document's own, and those of the connection except for the chunks, which are undone on the way.
pub(super) fn codings(headers: &HeaderMap) -> Vec<Vec<u8>> {
    let own = headers.get_all(CONTENT_ENCODING).iter().map(|value| value.as_bytes().to_vec());
    let of_connection = headers.get_all(TRANSFER_ENCODING).iter();
    let of_connection =
        of_connection.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    let unchunked = of_connection
        .map(|coding| coding.trim_ascii().to_ascii_lowercase())
        .filter(|coding| coding != b"chunked");
    own.chain(unchunked).collect()
}

/// Whether a 226 says that it is a feed's new entries.
pub(super) fn is_delta(headers: &HeaderMap) -> bool {
    let said = headers.get_all(IM).iter().filter_map(|value| value.to_str().ok());
    said.flat_map(|value| value.split(',')).any(|im| im.trim().eq_ignore_ascii_case("feed"))
}

pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}
