//! Reads from an answer's headers how long it holds and how long to stay away (P23-P26).

use std::time::Duration;

use chrono::NaiveDateTime;
use reqwest::header::{AGE, AsHeaderName, CACHE_CONTROL, DATE, EXPIRES, HeaderMap, RETRY_AFTER};

use crate::model::{Freshness, Timestamp};

/// Seconds beyond which RFC 9111 §1.2.2 has a recipient stop counting.
const MOST_SECONDS: u64 = 1 << 31;

/// How long an answer received at `now` says it holds, and for how long it
/// asks to be left alone.
pub(super) fn freshness(headers: &HeaderMap, now: Timestamp) -> Freshness {
    let (lifetime, retry_after) = (lifetime(headers, now), retry_after(headers, now));
    Freshness { lifetime, retry_after, partial: false }
}

/// `max-age` less `Age`; else `Expires` less `Date`. `s-maxage` is for shared
/// caches, which we are not. An answer that is not to be stored, or is always
/// to be checked, says nothing of when there will be news.
fn lifetime(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let control = CacheControl::of(headers);
    if control.unstored {
        return None;
    }
    if let Some(max_age) = control.max_age {
        let age = text(headers, AGE).and_then(seconds).unwrap_or(0);
        return Some(Duration::from_secs(max_age?.saturating_sub(age)));
    }
    let expires = http_date(text(headers, EXPIRES)?)?;
    let date = text(headers, DATE).and_then(http_date).unwrap_or(now);
    (expires > date).then(|| date.until(expires).min(Duration::from_secs(MOST_SECONDS)))
}

/// Delta seconds, or a date taken relative to the answer's own `Date`, so that
/// a server whose clock is wrong still gets the wait it meant.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = text(headers, RETRY_AFTER)?;
    if let Some(seconds) = seconds(value) {
        return (seconds > 0).then(|| Duration::from_secs(seconds));
    }
    let until = http_date(value)?;
    let date = text(headers, DATE).and_then(http_date).unwrap_or(now);
    (until > date).then(|| date.until(until))
}

/// The directives that are read of the Cache-Control header.
#[derive(Debug, Default)]
struct CacheControl {
    /// The first `max-age`: present, and then valid or not.
    max_age: Option<Option<u64>>,
    /// `no-cache` or `no-store`.
    unstored: bool,
}

impl CacheControl {
    fn of(headers: &HeaderMap) -> Self {
        let mut control = Self::default();
        let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
        for directive in values.flat_map(directives) {
            let (name, argument) = match directive.split_once('=') {
                Some((name, argument)) => (name.trim(), Some(argument.trim().trim_matches('"'))),
                None => (directive.trim(), None),
            };
            if name.eq_ignore_ascii_case("max-age") {
                control.max_age.get_or_insert_with(|| argument.and_then(seconds));
            } else if name.eq_ignore_ascii_case("no-store")
                // `no-cache="set-cookie"` is about that field alone.
                || (name.eq_ignore_ascii_case("no-cache") && argument.is_none())
            {
                control.unstored = true;
            }
        }
        control
    }
}

/// Splits at commas outside quotes.
fn directives(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    value.split(move |c| {
        quoted ^= c == '"';
        c == ',' && !quoted
    })
}

/// A header's first value, if it is text.
fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// Digits alone; a number too large to count is the largest that counts.
fn seconds(value: &str) -> Option<u64> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(value.parse().unwrap_or(MOST_SECONDS).min(MOST_SECONDS))
}

/// The three forms of RFC 9110 §5.6.7, and RFC 2822 dates of other zones.
fn http_date(value: &str) -> Option<Timestamp> {
    let utc = |format| NaiveDateTime::parse_from_str(value, format).ok().map(|date| date.and_utc());
    utc("%a, %d %b %Y %H:%M:%S GMT")
        .or_else(|| utc("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| utc("%a %b %e %H:%M:%S %Y"))
        .map(Timestamp::from)
        .or_else(|| chrono::DateTime::parse_from_rfc2822(value).ok().map(Timestamp::from))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    const NOW: &str = "2025-04-02T11:00:00Z";

    fn headers(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(':').unwrap();
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_bytes(value.trim().as_bytes()).unwrap(),
            );
        }
        headers
    }

    fn read(lines: &[&str]) -> Freshness {
        freshness(&headers(lines), Timestamp::parse_rfc3339(NOW).unwrap())
    }

    #[test]
    fn p23_how_long_an_answer_holds() {
        for (lines, lifetime) in [
            (&[][..], None),
            (&["cache-control: max-age=600"], Some(600)),
            (&["cache-control: Max-Age=\"600\""], Some(600)),
            (&["cache-control: max-age=600", "age: 100"], Some(500)),
            (&["cache-control: max-age=600", "age: 700"], Some(0)),
            (&["cache-control: max-age=600", "age: -5"], Some(600)),
            (&["cache-control: public, s-maxage=9000, max-age=600"], Some(600)),
            (&["cache-control: s-maxage=9000"], None),
            (&["cache-control: max-age=600, max-age=900"], Some(600)),
            (&["cache-control: max-age=600", "cache-control: max-age=900"], Some(600)),
            (&["cache-control: max-age=-1"], None),
            (&["cache-control: max-age=soon"], None),
            (&["cache-control: max-age"], None),
            (&["cache-control: max-age=99999999999999999999"], Some(1 << 31)),
            (&["cache-control: x=\"a, max-age=1\", max-age=600"], Some(600)),
            (&["cache-control: no-cache, max-age=600"], None),
            (&["cache-control: max-age=600, no-store"], None),
            (&["cache-control: no-cache=\"set-cookie\", max-age=600"], Some(600)),
            // Expires.
            (&["expires: Wed, 02 Apr 2025 12:00:00 GMT"], Some(3600)),
            (
                &["expires: Wed, 02 Apr 2025 12:00:00 GMT", "date: Wed, 02 Apr 2025 10:00:00 GMT"],
                Some(7200),
            ),
            (&["expires: Wed, 02 Apr 2025 12:00:00 GMT", "date: today"], Some(3600)),
            (&["expires: Wed, 02 Apr 2025 10:00:00 GMT"], None),
            (&["expires: 0"], None),
            (&["expires: Wed, 02 Apr 2025 12:00:00 GMT", "cache-control: no-cache"], None),
            (&["expires: Wed, 02 Apr 2025 12:00:00 GMT", "cache-control: max-age=60"], Some(60)),
            (&["expires: Wed, 02 Apr 2025 12:00:00 GMT", "cache-control: max-age=x"], None),
            (&["expires: Wed, 02 Apr 2025 12:00:00 GMT", "cache-control: public"], Some(3600)),
        ] {
            assert_eq!(read(lines).lifetime, lifetime.map(Duration::from_secs), "{lines:?}");
        }
    }

    #[test]
    fn p26_how_long_an_answer_asks_to_be_left_alone() {
        let skewed = "date: Wed, 02 Apr 2025 10:00:00 GMT";
        for (lines, wait) in [
            (&["retry-after: 120"][..], Some(120)),
            (&["retry-after: 604800"], Some(604_800)),
            (&["retry-after: Wed, 02 Apr 2025 12:00:00 GMT"], Some(3600)),
            (&["retry-after: Wednesday, 02-Apr-25 12:00:00 GMT"], Some(3600)),
            (&["retry-after: Wed Apr  2 12:00:00 2025"], Some(3600)),
            (&["retry-after: Wed, 02 Apr 2025 12:00:00 GMT", skewed], Some(7200)),
            (&["retry-after: Wed, 02 Apr 2025 09:00:00 GMT"], None),
            (&["retry-after: -120"], None),
            (&["retry-after: 0"], None),
            (&["retry-after: 1.5"], None),
            (&["retry-after: later"], None),
            (&["retry-after:"], None),
            (&[], None),
        ] {
            assert_eq!(read(lines).retry_after, wait.map(Duration::from_secs), "{lines:?}");
        }
    }
}
