//! The option that names the language of the sources.

use std::str::FromStr;

use crate::options::Complaint;

/// A language whose words we can reduce to stems.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language(pub String);

/// Those of the Snowball stemmers.
const LANGUAGES: [&str; 18] = [
    "arabic",
    "danish",
    "dutch",
    "english",
    "finnish",
    "french",
    "german",
    "greek",
    "hungarian",
    "italian",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "tamil",
    "turkish",
];

impl FromStr for Language {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        if LANGUAGES.contains(&text) {
            return Ok(Self(text.into()));
        }
        let known = LANGUAGES.join(", ");
        Err(Complaint::new(format!("`{text}` is not a known language"), format!("one of {known}")))
    }
}

impl Default for Language {
    fn default() -> Self {
        Self("english".into())
    }
}
