//! Reads robots.txt, and says whether a path may be asked for (P71, RFC 9309).
//!
//! A feed that the operator named is no crawl: robots.txt counts for it only where `robots = true`.
//! It counts for what documents name, unless `robots_for_pages = false`.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use crate::model::{Failure, FailureKind, Timestamp};

/// Sites whose rules are remembered. Entries can lead to any number of sites.
const MOST_SITES: usize = 10_000;

/// How long what a site said is believed.
const BELIEVED: Duration = Duration::from_secs(86_400);

/// How long a site is left alone whose robots.txt could not be read, unless it asks for longer.
const UNREAD: Duration = Duration::from_secs(3600);

/// Bytes of a robots.txt that are read, the least that RFC 9309 asks for. The rest counts for
/// nothing.
pub(super) const MOST: u64 = 500 * 1024;

/// The rules of one site that are for us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Robots {
    /// Patterns, and whether what they match is allowed.
    rules: Vec<(String, bool)>,
}

impl Robots {
    /// The rules of a site without a robots.txt.
    pub(super) fn allowing_all() -> Self {
        Self::default()
    }

    /// The rules for the product `name`: of the groups that name it, else of
    /// those for everybody.
    pub(super) fn parse(text: &str, name: &str) -> Self {
        let (mut ours, mut everybodys) = (None::<Self>, Self::default());
        let (mut names_us, mut names_all, mut in_rules) = (false, false, false);
        for line in text.trim_start_matches('\u{feff}').lines() {
            let line = line.split('#').next().unwrap_or_default();
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match key.trim().to_ascii_lowercase().as_str() {
                "user-agent" => {
                    if std::mem::take(&mut in_rules) {
                        (names_us, names_all) = (false, false);
                    }
                    names_us |= product(value).eq_ignore_ascii_case(name);
                    names_all |= value == "*";
                    if names_us {
                        ours.get_or_insert_default();
                    }
                }
                key @ ("allow" | "disallow") => {
                    in_rules = true;
                    if value.is_empty() {
                        continue;
                    }
                    let rule = (value.to_owned(), key == "allow");
                    if names_us && let Some(ours) = &mut ours {
                        ours.rules.push(rule.clone());
                    }
                    if names_all {
                        everybodys.rules.push(rule);
                    }
                }
                _ => {}
            }
        }
        ours.unwrap_or(everybodys)
    }

    /// Whether path and query may be asked for: the longest rule decides, and
    /// of two as long the one that allows.
    pub(super) fn allows(&self, target: &str) -> bool {
        self.rules
            .iter()
            .filter(|(pattern, _)| matches(pattern, target))
            .max_by_key(|(pattern, allowed)| (pattern.len(), *allowed))
            .is_none_or(|(_, allowed)| *allowed)
    }
}

/// The product's name, without version: letters, `-` and `_`.
fn product(value: &str) -> &str {
    let end = value.find(|c: char| !(c.is_ascii_alphabetic() || c == '-' || c == '_'));
    &value[..end.unwrap_or(value.len())]
}

/// Whether a pattern with `*` and a final `$` matches the beginning of the target.
fn matches(pattern: &str, target: &str) -> bool {
    let (pattern, to_end) = match pattern.strip_suffix('$') {
        Some(pattern) => (pattern, true),
        None => (pattern, false),
    };
    let mut pieces = pattern.split('*');
    let Some(mut rest) = target.strip_prefix(pieces.next().unwrap_or_default()) else {
        return false;
    };
    let mut pieces = pieces.peekable();
    if pieces.peek().is_none() {
        return !to_end || rest.is_empty();
    }
    while let Some(piece) = pieces.next() {
        if to_end && pieces.peek().is_none() {
            return rest.ends_with(piece);
        }
        // The first place that fits leaves the most for the pieces after it.
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    true
}

/// The rules of a site, or why its robots.txt could not be read: then nothing is allowed.
pub(super) type Answer = Result<Robots, Failure>;

/// The rules of sites. What was read is believed for a day, a failure for an hour.
#[derive(Debug, Default)]
pub(super) struct Known(Mutex<HashMap<String, Remembered>>);

#[derive(Debug)]
struct Remembered {
    asked: Timestamp,
    until: Timestamp,
    answer: Answer,
}

impl Known {
    /// The rules of the origin of `url`, or why they could not be read, if it was asked lately.
    pub(super) fn of(&self, url: &Url, now: Timestamp) -> Option<Answer> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&url.origin().ascii_serialization())?;
        (known.asked <= now && now < known.until).then(|| {
            known.answer.clone().map_err(|failure| {
                // Nothing is sent for what is remembered, and the wait is shorter by now.
                let retry_after = failure.retry_after.map(|_| now.until(known.until));
                Failure { retry_after, unsent: true, ..failure }
            })
        })
    }

    /// Begins to ask the origin of `url`. An answer that never comes is a failure, too.
    pub(super) fn ask<'a>(&'a self, url: &Url, now: Timestamp) -> Asking<'a> {
        Asking { known: self, origin: url.origin().ascii_serialization(), now, is_answered: false }
    }

    fn learn(&self, origin: String, now: Timestamp, answer: Answer) {
        let long = match &answer {
            Ok(_) => BELIEVED,
            Err(failure) => failure.retry_after.unwrap_or(UNREAD).clamp(UNREAD, BELIEVED),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_SITES {
            known.retain(|_, remembered| now < remembered.until);
        }
        if known.len() >= MOST_SITES {
            known.clear();
        }
        known.insert(origin, Remembered { asked: now, until: now.after(long), answer });
    }
}

/// A request for a robots.txt that is under way. If it is given up, that is remembered.
pub(super) struct Asking<'a> {
    known: &'a Known,
    origin: String,
    now: Timestamp,
    is_answered: bool,
}

impl Asking<'_> {
    /// Remembers the answer, and returns it.
    pub(super) fn answered(mut self, answer: Answer) -> Answer {
        self.is_answered = true;
        let answer = answer.map_err(|failure| {
            let message = format!("the site's robots.txt cannot be read: {failure}");
            Failure { message, ..failure }
        });
        self.known.learn(std::mem::take(&mut self.origin), self.now, answer.clone());
        answer
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if !self.is_answered {
            let message = "the site's robots.txt did not come in time";
            let failure = Failure::new(FailureKind::Timeout, message);
            self.known.learn(std::mem::take(&mut self.origin), self.now, Err(failure));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn p71_the_group_that_names_us_decides_else_the_one_for_everybody() {
        let text = "# a comment\n\
            User-agent: *\nDisallow: /\n\n\
            User-Agent: Otherbot\nuser-agent: Gazetted/2.0\nDisallow: /private # inner\nAllow: /private/feed\n\
            Sitemap: https://example.org/map\n\
            User-agent: thirdbot\nDisallow: /feed\n";
        for (name, target, allowed) in [
            ("gazetted", "/feed", true),
            ("gazetted", "/private", false),
            ("gazetted", "/private/feed.atom", true),
            ("stranger", "/feed", false),
            ("thirdbot", "/feed?x=1", false),
            ("thirdbot", "/", true),
        ] {
            assert_eq!(Robots::parse(text, name).allows(target), allowed, "{name} {target}");
        }
    }

    #[test]
    fn p71_the_longest_rule_decides_and_allowing_wins_a_tie() {
        for (rules, target, allowed) in [
            ("", "/feed", true),
            ("Disallow:", "/feed", true),
            ("Disallow: /", "/feed", false),
            ("Disallow: /\nAllow: /f", "/feed", true),
            ("Disallow: /feed\nAllow: /feed", "/feed", true),
            ("Disallow: /*.atom$", "/a/feed.atom", false),
            ("Disallow: /*.atom$", "/a/feed.atom?x", true),
            ("Disallow: /*q=", "/search?q=1", false),
            ("Disallow: /a*b*c", "/a-b-c-d", false),
            ("Disallow: /a*b*c", "/a-c-b", true),
            ("Disallow: /feed$", "/feed", false),
            ("Disallow: /feed$", "/feeds", true),
        ] {
            let robots = Robots::parse(&format!("User-agent: *\n{rules}"), "gazetted");
            assert_eq!(robots.allows(target), allowed, "{rules:?} {target}");
        }
        assert!(Robots::allowing_all().allows("/feed"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}|(User-agent: \\*|Disallow: /[a*$]{0,6}|\n){0,9}", target in "/[a-c]{0,9}") {
            Robots::parse(&text, "gazetted").allows(&target);
        }
    }
}
