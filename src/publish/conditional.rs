//! Evaluates a request's preconditions: whether the client has the document already.

use axum::http::HeaderMap;
use axum::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use std::time::{Duration, UNIX_EPOCH};

use crate::model::Timestamp;

/// The result of a GET's preconditions (RFC 9110 §13.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Precondition {
    /// Answer in full.
    Full,
    /// The client has the document with the tag at this place of the given ones.
    Holds(usize),
    /// The client has the current document in a coding that it does not name.
    HoldsSome,
}

/// Evaluates If-None-Match against `tags`, the tags of the current document in its codings, else
/// If-Modified-Since (Q22, Q23).
///
/// Comparison is weak, because proxies that compress on the way turn our
/// strong tags into weak ones. Whichever coding's tag a client sends, it has
/// the current state, whatever it would accept now.
pub(super) fn evaluate<'t>(
    headers: &HeaderMap,
    tags: impl Iterator<Item = Option<&'t str>> + Clone,
    modified: Timestamp,
) -> Precondition {
    let mut stated = headers.get_all(IF_NONE_MATCH).iter().peekable();
    if stated.peek().is_some() {
        for value in stated {
            let Ok(value) = value.to_str() else { continue };
            if value.trim() == "*" {
                return Precondition::HoldsSome;
            }
            for opaque in opaque_tags(value) {
                if let Some(place) = tags.clone().position(|tag| tag == Some(opaque)) {
                    return Precondition::Holds(place);
                }
            }
        }
        return Precondition::Full;
    }
    match headers.get(IF_MODIFIED_SINCE).and_then(|value| http_date(value.to_str().ok()?)) {
        Some(since) if since >= modified.as_secs() => Precondition::HoldsSome,
        _ => Precondition::Full,
    }
}

/// The quoted parts of a list of entity tags, with their quotes and without `W/`.
fn opaque_tags(list: &str) -> impl Iterator<Item = &str> {
    let mut rest = list;
    std::iter::from_fn(move || {
        let start = rest.find('"')?;
        let length = rest[start + 1..].find('"')? + 2;
        let tag = &rest[start..start + length];
        rest = &rest[start + length..];
        Some(tag)
    })
}

/// A header's date in seconds since 1970; none if it is not a date.
fn http_date(text: &str) -> Option<i64> {
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    let elapsed = date.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    i64::try_from(elapsed.as_secs()).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use Precondition::*;

    const MODIFIED: Timestamp = Timestamp::from_secs(1_743_591_900); // 2025-04-02T11:05:00Z

    fn evaluated(none_match: &[&str], modified_since: Option<&str>) -> Precondition {
        let mut headers = HeaderMap::new();
        for value in none_match {
            headers.append(IF_NONE_MATCH, value.parse().unwrap());
        }
        if let Some(value) = modified_since {
            headers.insert(IF_MODIFIED_SINCE, value.parse().unwrap());
        }
        let tags = ["\"a\"", "\"a-gzip\""];
        evaluate(&headers, tags.into_iter().map(Some), MODIFIED)
    }

    #[test]
    fn a_tag_of_any_coding_is_enough() {
        for (none_match, outcome) in [
            (&["\"a\""][..], Holds(0)),
            (&["\"a-gzip\""], Holds(1)),
            (&["W/\"a\""], Holds(0)),
            (&["\"x\", W/\"a-gzip\""], Holds(1)),
            (&["\"x\"", "\"a\""], Holds(0)),
            (&["*"], HoldsSome),
            (&["\"x\""], Full),
            (&["a"], Full),
            (&["\"a"], Full),
            (&[""], Full),
            (&["\"A\""], Full),
        ] {
            assert_eq!(evaluated(none_match, None), outcome, "{none_match:?}");
        }
    }

    #[test]
    fn a_date_counts_only_without_a_tag() {
        let same = "Wed, 02 Apr 2025 11:05:00 GMT";
        for (none_match, modified_since, outcome) in [
            (&[][..], same, HoldsSome),
            (&[], "Wed, 02 Apr 2025 11:05:01 GMT", HoldsSome),
            (&[], "Wed, 02 Apr 2025 11:04:59 GMT", Full),
            (&[], "Wednesday, 02-Apr-25 11:05:00 GMT", HoldsSome),
            (&[], "Wed Apr  2 11:05:00 2025", HoldsSome),
            (&[], "yesterday", Full),
            (&["\"x\""], same, Full),
            (&["\"a\""], "Thu, 01 Jan 1970 00:00:00 GMT", Holds(0)),
        ] {
            assert_eq!(evaluated(none_match, Some(modified_since)), outcome, "{modified_since}");
        }
    }
}
