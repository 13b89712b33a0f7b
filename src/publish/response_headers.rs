//! Response headers of a document.

use std::cell::RefCell;
use std::time::Duration;

use axum::http::header::{
    ACCEPT_RANGES, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CACHE_CONTROL,
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, LAST_MODIFIED,
    LINK, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::coding::Coding;
use crate::model::Timestamp;

/// Pages show text and our own style sheet, and run nothing.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);

/// Everything else is data: should a browser show it, it shows it inert.
const DATA_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// The header values that are the same in every coding of a document.
pub(super) struct Facts<'a> {
    pub content_type: &'a HeaderValue,
    pub link: Option<&'a HeaderValue>,
    /// None for what is rendered when it is asked for.
    pub last_modified: Option<&'a HeaderValue>,
}

/// Headers of the full answer but for `Cache-Control`, which the moment decides.
pub(super) fn full(
    facts: &Facts<'_>,
    coding: Coding,
    tag: &HeaderValue,
    length: usize,
) -> HeaderMap {
    let mut headers = unchanged(facts, tag);
    headers.insert(CONTENT_TYPE, facts.content_type.clone());
    headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    if let Some(name) = coding.name() {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    if let Some(link) = facts.link {
        headers.insert(LINK, link.clone());
    }
    headers.insert(
        ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("ETag, Last-Modified, Link, Retry-After"),
    );
    // One feed is one small document: ranges of it serve nobody (Q32).
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
    headers.extend(safety(facts.content_type));
    headers
}

/// Headers of a 304 but for `Cache-Control` (Q25): no type and no length.
pub(super) fn unchanged(facts: &Facts<'_>, tag: &HeaderValue) -> HeaderMap {
    let mut headers = HeaderMap::from_iter([
        (ETAG, tag.clone()),
        (VARY, HeaderValue::from_static("Accept-Encoding")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")), // replaced when answering
        (ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ]);
    if let Some(last_modified) = facts.last_modified {
        headers.insert(LAST_MODIFIED, last_modified.clone());
    }
    headers
}

/// The headers that keep a browser from doing more with an answer than show it.
pub(super) fn safety(content_type: &HeaderValue) -> Vec<(HeaderName, HeaderValue)> {
    let nosniff = (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_page(content_type) {
        vec![
            nosniff,
            (CONTENT_SECURITY_POLICY, PAGE_POLICY),
            (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ]
    } else {
        vec![nosniff, (CONTENT_SECURITY_POLICY, DATA_POLICY)]
    }
}

thread_local! {
    /// The last second that this thread formatted, and the result: it is the same for a second.
    /// Were it one for all threads, they would fight over its count of references.
    static TOLD: RefCell<Option<(u64, HeaderValue)>> = const { RefCell::new(None) };
}

/// How long other caches may keep a cached response: a page for a minute, a feed until the next
/// planned poll, but at least five minutes and at most an hour (Q28). Private documents are for
/// the reader's own cache alone.
pub(super) fn freshness(
    content_type: &HeaderValue,
    now: Timestamp,
    next_poll: Option<Timestamp>,
    is_private: bool,
) -> HeaderValue {
    if is_page(content_type) {
        return if is_private { PRIVATE_PAGE } else { PUBLIC_PAGE };
    }
    let left = next_poll.map_or(Duration::ZERO, |next| now.until(next));
    let seconds = left.as_secs().clamp(300, 3600);
    if is_private {
        return cache_control("private", seconds);
    }
    TOLD.with_borrow_mut(|told| match told {
        Some((known, value)) if *known == seconds => value.clone(),
        _ => told.insert((seconds, cache_control("public", seconds))).1.clone(),
    })
}

const PUBLIC_PAGE: HeaderValue =
    HeaderValue::from_static("public, max-age=60, stale-while-revalidate=60, stale-if-error=86400");

const PRIVATE_PAGE: HeaderValue = HeaderValue::from_static(
    "private, max-age=60, stale-while-revalidate=60, stale-if-error=86400",
);

fn cache_control(whose: &str, seconds: u64) -> HeaderValue {
    let text =
        format!("{whose}, max-age={seconds}, stale-while-revalidate=60, stale-if-error=86400");
    HeaderValue::try_from(text).expect("digits and words are visible ASCII")
}

fn is_page(content_type: &HeaderValue) -> bool {
    content_type.as_bytes().starts_with(b"text/html")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_feed_may_be_kept_until_the_next_poll_within_bounds() {
        let now = Timestamp::from_secs(1_000_000);
        let feed = HeaderValue::from_static("application/atom+xml; charset=utf-8");
        for (next, max_age) in [
            (None, "max-age=300,"),
            (Some(now), "max-age=300,"),
            (Some(now.before(Duration::from_secs(500))), "max-age=300,"),
            (Some(now.after(Duration::from_secs(900))), "max-age=900,"),
            (Some(now.after(Duration::from_secs(90_000))), "max-age=3600,"),
        ] {
            for (is_private, whose) in
                [(false, "public, "), (true, "private, "), (false, "public, ")]
            {
                let header = freshness(&feed, now, next, is_private);
                let told = header.to_str().unwrap();
                assert!(told.starts_with(whose) && told.contains(max_age), "{told} for {next:?}");
            }
        }
    }
}
