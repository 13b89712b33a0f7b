//! Looks through a text once for the words without which the slow patterns cannot match.
//!
//! Patterns with word boundaries are slow where letters are not ASCII, and hardly any text has
//! these words.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// The kinds of words that a text has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Signs {
    /// A word of links to the original.
    pub(super) original: bool,
    /// A word for cookies.
    pub(super) cookies: bool,
    /// A word of offers of newsletters.
    pub(super) newsletter: bool,
}

const ORIGINAL: &[&str] = &[
    "original",
    "origineel",
    "first published",
    "article link",
    "article url",
    "release link",
    "release url",
    "story link",
    "story url",
    "in full",
    "view full",
    "oorspronkelijk",
    "oryginal",
    "původní",
    "eredeti",
    "оригинал",
    "Оригинал",
    "ОРИГИНАЛ",
];

const COOKIES: &[&str] =
    &["cookie", "ciastecz", "kakor", "informasjonskapsler", "evästeitä", "EVÄSTEITÄ", "Evästeitä"];

const NEWSLETTER: &[&str] = &[
    "newsletter",
    "alert",
    "update",
    "bulletin",
    "mail",
    "inbox",
    "lettre",
    "bolet",
    "bollettino",
    "nieuwsbrief",
    "nyhet",
    "biuletyn",
    "buletin",
];

static WORDS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let made = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build([ORIGINAL, COOKIES, NEWSLETTER].concat());
    made.expect("the words are fixed and few")
});

impl Signs {
    /// The signs of a text.
    pub(super) fn of(text: &str) -> Self {
        let mut signs = Self::default();
        for found in WORDS.find_overlapping_iter(text) {
            match found.pattern().as_usize().checked_sub(ORIGINAL.len()) {
                None => signs.original = true,
                Some(at) if at < COOKIES.len() => signs.cookies = true,
                Some(_) => signs.newsletter = true,
            }
        }
        signs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_found_whatever_their_case() {
        for (text, original, cookies, newsletter) in [
            ("Original article link: here", true, false, false),
            ("View the release in full", true, false, false),
            ("ОРИГИНАЛ: тук", true, false, false),
            ("We use COOKIES", false, true, false),
            ("Abonnez-vous à l'infolettre", false, false, true),
            ("Cookies and alerts, as first published", true, true, true),
            ("The minister opened the bridge", false, false, false),
        ] {
            assert_eq!(Signs::of(text), Signs { original, cookies, newsletter }, "{text}");
        }
    }
}
