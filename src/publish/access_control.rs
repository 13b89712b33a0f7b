//! Checks whether a key or credentials in a request open what is not public.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use url::form_urlencoded;

use crate::model::TopicId;

/// Who may read something: requests with one of the named keys, as `?key=` or
/// as the password in HTTP basic authentication, with the key's name or an empty one.
///
/// Only hashes of the keys are held, and hashes are compared in constant
/// time, so neither memory nor timing gives a key away.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AccessRule {
    keys: Vec<(String, blake3::Hash)>,
}

/// The access rules of all paths that are not for everybody.
#[derive(Debug, Default)]
pub(super) struct AccessRules {
    /// By the stem of the paths: `/topics/ID`.
    by_stem: HashMap<String, Arc<AccessRule>>,
    /// Knows every key of them all.
    porter: AccessRule,
}

/// Some clients leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Shows the names, and not what the keys hash to: a short key could be found from that.
impl fmt::Debug for AccessRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(name, _)| name)).finish()
    }
}

impl AccessRules {
    pub(super) fn new(rules: impl IntoIterator<Item = (String, AccessRule)>) -> Self {
        let mut all = Self::default();
        for (stem, rule) in rules {
            all.porter.keys.extend(rule.keys.iter().cloned());
            all.by_stem.insert(stem, Arc::new(rule));
        }
        all
    }

    /// The rule of a path, if it is not for everybody.
    pub(super) fn of(&self, path: &str) -> Option<&Arc<AccessRule>> {
        self.by_stem.get(stem(path))
    }

    /// The topics that the request has a key for.
    pub(super) fn opened(&self, query: Option<&str>, headers: &HeaderMap) -> Vec<TopicId> {
        let opens = |rule: &AccessRule| rule.admits(query, headers).is_some();
        let stems = self.by_stem.iter().filter(|(_, rule)| opens(rule));
        stems.filter_map(|(stem, _)| stem.strip_prefix(TOPICS).map(TopicId::new)).collect()
    }

    /// Whether everything is for everybody.
    pub(super) fn is_empty(&self) -> bool {
        self.by_stem.is_empty()
    }

    /// Whether the request has a valid key, whatever that opens.
    pub(super) fn know(&self, query: Option<&str>, headers: &HeaderMap) -> bool {
        self.porter.admits(query, headers).is_some()
    }
}

impl AccessRule {
    /// A rule that admits these keys, each with its name. Without keys it admits nobody.
    pub fn new(keys: impl IntoIterator<Item = (String, String)>) -> Self {
        let hashed = |(name, key): (String, String)| (name, blake3::hash(key.as_bytes()));
        Self { keys: keys.into_iter().map(hashed).collect() }
    }

    /// The name of the key in the request, if there is one.
    pub(super) fn admits(&self, query: Option<&str>, headers: &HeaderMap) -> Option<&str> {
        let stated = query.and_then(key_of);
        let stated = stated.and_then(|key| self.holder(None, key.as_bytes()));
        stated.or_else(|| {
            let (name, key) = credentials_of(headers)?;
            // Somebody who came with a key in the address may not know its name.
            self.holder((!name.is_empty()).then_some(name.as_slice()), &key)
        })
    }

    fn holder(&self, name: Option<&[u8]>, key: &[u8]) -> Option<&str> {
        let hash = blake3::hash(key);
        let mut holder = None;
        // Every key is compared, so that time does not tell which one fits.
        for (known, expected) in &self.keys {
            let fits = *expected == hash && name.is_none_or(|name| name == known.as_bytes());
            if fits {
                holder = Some(known.as_str());
            }
        }
        holder
    }
}

/// The beginning of the path of a topic.
const TOPICS: &str = "/topics/";

/// The part of a path that access rules apply to: the same for a topic's page, feeds and archive.
pub(super) fn stem(path: &str) -> &str {
    let Some(rest) = path.strip_prefix(TOPICS) else { return path };
    let end = rest.find(['.', '/']).unwrap_or(rest.len());
    &path[..TOPICS.len() + end]
}

pub(super) fn key_of(query: &str) -> Option<String> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find(|(name, _)| name == "key").map(|(_, key)| key.into_owned())
}

/// A query without the key in it.
pub(super) fn without_key(query: &str) -> String {
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "key");
    match key_of(query) {
        Some(_) => form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish(),
        None => query.to_owned(),
    }
}

/// Name and password of `Authorization: Basic …` (RFC 7617).
fn credentials_of(headers: &HeaderMap) -> Option<(Vec<u8>, Vec<u8>)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(encoded.trim()).ok()?;
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    Some((decoded[..colon].to_vec(), decoded[colon + 1..].to_vec()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_named_key_opens_and_nothing_else_does() {
        let keys = [("press", "s3cret/+&"), ("desk", "other")];
        let rule = AccessRule::new(keys.map(|(name, key)| (name.to_owned(), key.to_owned())));
        for (query, authorization, holder) in [
            (Some("key=s3cret%2F%2B%26"), None, Some("press")),
            (Some("a=b&key=other"), None, Some("desk")),
            (Some("key=Other"), None, None),
            (Some("key="), None, None),
            (Some("keys=other"), None, None),
            (None, None, None),
            (None, Some("Basic ZGVzazpvdGhlcg=="), Some("desk")), // desk:other
            (None, Some("basic ZGVzazpvdGhlcg"), Some("desk")),
            (None, Some("Basic cHJlc3M6b3RoZXI="), None), // press:other
            (None, Some("Basic Om90aGVy"), Some("desk")), // :other
            (None, Some("Basic OmJhZA=="), None),         // :bad
            (None, Some("Basic !!!"), None),
            (None, Some("Bearer other"), None),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = authorization {
                headers.insert(AUTHORIZATION, value.parse().unwrap());
            }
            assert_eq!(rule.admits(query, &headers), holder, "{query:?} {authorization:?}");
        }
        assert_eq!(AccessRule::default().admits(Some("key="), &HeaderMap::new()), None);
    }

    #[test]
    fn a_query_is_repeated_without_the_key() {
        for (query, without) in [
            ("key=s3cret", ""),
            ("before=1&key=s3cret&from=51", "before=1&from=51"),
            ("k%65y=s3cret&q=a%20b", "q=a+b"),
            ("q=a%20b&keys=1", "q=a%20b&keys=1"),
        ] {
            assert_eq!(without_key(query), without);
        }
    }

    #[test]
    fn a_guard_is_shown_without_its_keys() {
        let rule = AccessRule::new([("press".to_owned(), "s3cret".to_owned())]);
        assert_eq!(format!("{rule:?}"), "[\"press\"]");
    }

    #[test]
    fn all_of_a_topic_is_guarded_as_one() {
        for (path, stem_of_it) in [
            ("/topics/a", "/topics/a"),
            ("/topics/a.atom", "/topics/a"),
            ("/topics/a/archive/2026-04.atom", "/topics/a"),
            ("/topics/a-b.json", "/topics/a-b"),
            ("/stories.atom", "/stories.atom"),
        ] {
            assert_eq!(stem(path), stem_of_it);
        }
    }
}
