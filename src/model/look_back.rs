//! How far back to look among the stored stories.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// How far back to look, by the dates of stories.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum LookBack {
    /// The usual window. Where it holds no story that the asker may see, everything.
    #[default]
    Usual,
    /// So long.
    Span {
        /// As it was written: `2y`.
        said: String,
        /// The same.
        span: Duration,
    },
    /// Everything that is stored.
    All,
}

/// A text that says no span of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a span of time; write for example 30d, 12w, 2y or all")]
pub struct NotASpan(String);

impl LookBack {
    /// Days of the usual window.
    pub const USUAL_DAYS: u32 = 90;

    /// The date of the oldest story to look at.
    pub fn since(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Usual => now.before(Duration::from_secs(u64::from(Self::USUAL_DAYS) * 24 * 3600)),
            Self::Span { span, .. } => now.before(*span),
            Self::All => Timestamp::from_millis(i64::MIN),
        }
    }

    /// As it stands behind "the past": `90 days`, `year`, `2 years`; `all time` for everything.
    pub fn in_words(&self) -> String {
        let said = match self {
            Self::Usual => return format!("{} days", Self::USUAL_DAYS),
            Self::All => return "all time".to_owned(),
            Self::Span { said, .. } => said,
        };
        let digits = said.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = said.split_at(digits);
        let unit = match unit.trim() {
            "d" | "day" | "days" => "day",
            "w" | "week" | "weeks" => "week",
            "M" | "month" | "months" => "month",
            "y" | "year" | "years" => "year",
            "h" | "hr" | "hour" | "hours" => "hour",
            _ => return said.clone(),
        };
        if count == "1" { unit.to_owned() } else { format!("{count} {unit}s") }
    }
}

impl FromStr for LookBack {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let said = text.trim();
        if said == "all" {
            return Ok(Self::All);
        }
        match humantime::parse_duration(said) {
            Ok(span) if !span.is_zero() => Ok(Self::Span { said: said.to_owned(), span }),
            _ => Err(NotASpan(said.chars().take(40).collect())),
        }
    }
}

/// As addresses and options have it; empty for the usual window.
impl fmt::Display for LookBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Usual => "",
            Self::Span { said, .. } => said,
            Self::All => "all",
        })
    }
}

impl From<LookBack> for String {
    fn from(span: LookBack) -> Self {
        span.to_string()
    }
}

impl TryFrom<String> for LookBack {
    type Error = NotASpan;

    fn try_from(text: String) -> Result<Self, NotASpan> {
        if text.is_empty() { Ok(Self::Usual) } else { text.parse() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_told_and_written_as_it_was_given() {
        for (text, days, words) in [
            ("30d", 30, "30 days"),
            ("1w", 7, "week"),
            ("730d", 730, "730 days"),
            ("2y", 730, "2 years"),
            (" 6months ", 182, "6 months"),
            ("1y 2d", 367, "1y 2d"),
        ] {
            let read: LookBack = text.parse().expect(text);
            let now = Timestamp::from_secs(2_000_000_000);
            assert_eq!(read.since(now).until(now).as_secs() / 86_400, days, "{text}");
            assert_eq!(read.in_words(), words);
            assert_eq!(read.to_string(), text.trim());
            assert_eq!(LookBack::try_from(String::from(read.clone())), Ok(read));
        }
        assert_eq!("all".parse(), Ok(LookBack::All));
        assert_eq!(LookBack::try_from(String::new()), Ok(LookBack::Usual));
    }

    #[test]
    fn what_is_not_a_span_is_refused_with_what_to_write() {
        for text in ["banana", "-3d", "0d", "90", "", "d", "2 fortnights", "99999999999999999999y"]
        {
            let error = text.parse::<LookBack>().expect_err(text).to_string();
            assert!(error.contains("is not a span of time; write for example 30d"), "{error}");
        }
    }
}
