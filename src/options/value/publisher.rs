//! The name of a publisher, as `[[source]] publisher` states it.

use std::str::FromStr;

use crate::options::Complaint;

/// A government or another publisher: a name on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publisher(pub String);

impl FromStr for Publisher {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let name = text.trim();
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(Complaint::new(
                "not the name of a publisher",
                "write a name on one line, as in \"United Kingdom\", or leave it out",
            ));
        }
        Ok(Self(name.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_publisher_is_a_name_on_one_line() {
        assert_eq!(" United Kingdom ".parse(), Ok(Publisher("United Kingdom".into())));
        for wrong in ["", "  ", "a\nb"] {
            assert!(wrong.parse::<Publisher>().is_err(), "{wrong:?}");
        }
    }
}
