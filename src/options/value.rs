//! The values of options: each type checks the text that people write.
//!
//! Each type here is a string in the file. Its `FromStr` is the check, its
//! `Display` the form in which defaults are stated.

mod access;

mod language;

mod network;
mod publisher;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;

pub use access::Access;
pub use language::Language;
pub use network::{
    Authority, BaseUrl, Contact, EntryAddress, Filter, HeaderName, HeaderText, Network, WebAddress,
};
pub use publisher::Publisher;

use super::Complaint;
use super::read::{Reader, Value};

/// Makes types readable from, and writable as, strings of the file.
macro_rules! written {
    ($($name:ty: $expected:literal),+ $(,)?) => {$(
        impl $crate::options::read::Value for $name {
            fn read(
                from: &toml::Spanned<toml::de::DeValue<'_>>,
                reader: &mut $crate::options::read::Reader,
            ) -> Option<Self> {
                let toml::de::DeValue::String(text) = from.get_ref() else {
                    return reader.mismatch(from, $expected);
                };
                text.parse().map_err(|complaint| reader.report(from.span(), complaint)).ok()
            }

            fn write(&self) -> String {
                $crate::options::read::quoted(&self.to_string())
            }

            fn shown(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

pub(crate) use written;

written! {
    Period: "a time such as \"15m\"",
    BackupInterval: "a time such as \"1d\", or \"never\"",
    Size: "a size such as \"10MiB\"",
    Id: "a name such as \"home-office\"",
    Title: "a title in quotes",
    Publisher: "the name of a publisher in quotes",
    Language: "a language such as \"english\"",
    EntryAddress: "an address such as \"https://www.example.org/news/1\"",
    WebAddress: "an address such as \"https://www.example.org/feed\"",
    BaseUrl: "an address such as \"https://news.example.org/\"",
    Contact: "a way to reach somebody such as \"mailto:security@example.org\"",
    Authority: "a host name such as \"news.example.org\"",
    Network: "a network such as \"10.0.0.0/8\"",
    Filter: "a filter such as \"info,gazetted::fetch=debug\"",
    HeaderName: "a header's name",
    HeaderText: "a header's value in quotes",
}

/// Displays newtypes as what they hold.
macro_rules! displayed {
    ($($name:ty),+ $(,)?) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

displayed! {
    Id, Title, Publisher, Language, EntryAddress, BaseUrl, Contact, Authority, Network, Filter,
    HeaderName, HeaderText,
}

/// Reads and writes a type of other crates as `$form`, which holds it.
macro_rules! written_as {
    ($($name:ty: $form:ident),+ $(,)?) => {$(
        impl Value for $name {
            fn read(
                from: &toml::Spanned<toml::de::DeValue<'_>>,
                reader: &mut Reader,
            ) -> Option<Self> {
                $form::read(from, reader).map(|form| form.0)
            }

            fn write(&self) -> String {
                $form(*self).write()
            }
        }
    )+};
}

written_as! { Duration: Period, IpNet: Network }

/// A duration: `15m`, `1h 30m`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

impl Period {
    #[cfg(test)]
    pub(crate) const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl FromStr for Period {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        if let Some(complaint) = months(text) {
            return Err(complaint);
        }
        humantime::parse_duration(text).map(Self).map_err(|_| {
            let help = match text.trim().parse::<u64>() {
                Ok(number) => {
                    format!("add the unit: `\"{number}s\"` is seconds, \"{number}m\" is minutes")
                }
                Err(_) => {
                    "write a number and a unit, s, m, h, d, w or y: `\"15m\"`, `\"1h 30m\"`, `\"7d\"`"
                        .into()
                }
            };
            Complaint::new(format!("`{text}` is not a valid duration"), help)
        })
    }
}

/// The fault of a duration in months: they differ in length, and a capital M is most
/// often a minute that was misspelt.
fn months(text: &str) -> Option<Complaint> {
    let digits = |c: char| c.is_ascii_digit();
    let (mut number, mut rest) = ("", text.trim());
    while !rest.is_empty() {
        let unit = rest.trim_start_matches(digits);
        number = if unit.len() < rest.len() { &rest[..rest.len() - unit.len()] } else { number };
        let unit = unit.trim_start();
        let end = unit.find(|c: char| !c.is_alphabetic()).unwrap_or(unit.len());
        if ["M", "month", "months"].contains(&&unit[..end]) {
            let many = if number == "1" { "month" } else { "months" };
            let what = format!("`{text}` would be {} {many}", in_words(number));
            let help = match &unit[..end] {
                "M" => format!("did you mean `{number}m`? The units are s, m, h, d, w and y"),
                _ => "months differ in length: write days or weeks, `\"30d\"` or `\"4w\"`".into(),
            };
            return Some(Complaint::new(what, help));
        }
        // A blank or a stray sign is left to the reader of durations.
        rest = unit[end..].trim_start_matches(|c: char| !c.is_ascii_digit());
    }
    None
}

/// Small numbers as people write them.
fn in_words(number: &str) -> &str {
    const WORDS: [&str; 12] = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    let place = number.parse().ok().and_then(|number: usize| number.checked_sub(1));
    place.and_then(|place| WORDS.get(place)).copied().unwrap_or(number)
}

/// In the largest unit that says it exactly: `36h`, never `1d 12h`.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)];
        match units.iter().find(|(_, unit)| millis >= *unit && millis.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{}{name}", millis / unit),
            None if millis == 0 => f.write_str("0s"),
            None => write!(f, "{millis}ms"),
        }
    }
}

/// How often backups are written: `1d`, or `never`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupInterval(pub Option<Duration>);

/// A backup reads the whole store.
const SHORTEST_BACKUP_INTERVAL: Duration = Duration::from_secs(60);

impl FromStr for BackupInterval {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        if text.trim() == "never" {
            return Ok(Self(None));
        }
        let Period(interval) = text.parse().map_err(|Complaint { what, help }| {
            Complaint::new(what, format!("{help}; `\"never\"` writes no backups"))
        })?;
        if interval < SHORTEST_BACKUP_INTERVAL {
            let what = format!("`{text}` is too short for a backup, which reads the whole store");
            return Err(Complaint::new(what, "write at least `\"1m\"`, or `\"never\"`"));
        }
        Ok(Self(Some(interval)))
    }
}

impl fmt::Display for BackupInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(interval) => Period(interval).fmt(f),
            None => f.write_str("never"),
        }
    }
}

/// A number of bytes: `10MiB`, `64 kB`, `512 B`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    pub(crate) const fn mebibytes(number: u64) -> Self {
        Self(number << 20)
    }

    /// A limit on what stands in memory.
    pub(crate) fn of_memory(bytes: usize) -> Self {
        Self(u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    /// For limits on what stands in memory, where an address can count no further.
    pub(crate) fn in_memory(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl FromStr for Size {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let text = text.trim();
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, unit) = (&text[..digits], text[digits..].trim_start());
        let unit = SIZES.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit));
        match (number.parse::<u64>(), unit) {
            (Ok(number), Some((_, unit))) => number.checked_mul(*unit).map(Self).ok_or_else(|| {
                Complaint::new(format!("`{text}` is too large to count"), "write a smaller size")
            }),
            _ => Err(Complaint::new(
                format!("`{text}` is not a valid size"),
                "write a whole number and a unit, B, KiB, MiB or GiB: `\"10MiB\"`",
            )),
        }
    }
}

/// In the largest unit that says it exactly.
impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = SIZES.iter().find(|(_, unit)| self.0 >= *unit && self.0.is_multiple_of(*unit));
        let (name, unit) = exact.unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / unit)
    }
}

/// The name of a source, topic or vocabulary as it stands in addresses and logs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(pub String);

const ID_LENGTH: usize = 64;

impl FromStr for Id {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        let well_formed = text.len() <= ID_LENGTH
            && text.chars().all(|c| plain(c) || c == '-')
            && text.starts_with(plain)
            && text.ends_with(plain);
        if well_formed {
            return Ok(Self(text.into()));
        }
        let rule = format!(
            "use lower-case letters, digits and hyphens between them, at most {ID_LENGTH}: it stands in addresses"
        );
        let help = match slug(text) {
            slug if slug.is_empty() => rule,
            slug => format!("write `{slug}`; {rule}"),
        };
        Err(Complaint::new(format!("`{text}` cannot be a name"), help))
    }
}

/// The name nearest to a text: `Home Office` gives `home-office`; empty where
/// the text has no letter or digit of ASCII.
pub(crate) fn slug(text: &str) -> String {
    let lower = text.to_ascii_lowercase().replace(['\'', '’'], "");
    let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut slug = String::new();
    for word in words {
        let room = ID_LENGTH.saturating_sub(slug.len() + usize::from(!slug.is_empty()));
        if room == 0 {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(&word[..word.len().min(room)]);
    }
    slug
}

/// A title for readers: one line that is not empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title(pub String);

impl FromStr for Title {
    type Err = Complaint;

    fn from_str(text: &str) -> Result<Self, Complaint> {
        if text.trim().is_empty() {
            return Err(Complaint::new("an empty title", "write the title that readers see"));
        }
        if text.chars().any(char::is_control) {
            return Err(Complaint::new("a title of more than one line", "write it on one line"));
        }
        Ok(Self(text.trim().into()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn help<T: FromStr<Err = Complaint> + fmt::Debug>(text: &str) -> String {
        text.parse::<T>().unwrap_err().to_string()
    }

    #[test]
    fn periods_are_read_as_people_write_them() {
        for (written, seconds, stated) in [
            ("15m", 900, "15m"),
            ("1h 30m", 5400, "90m"),
            ("90min", 5400, "90m"),
            ("1 day", 86_400, "1d"),
            ("2 weeks", 1_209_600, "14d"),
            ("3w", 1_814_400, "21d"),
            ("1y", 31_557_600, "8766h"),
            ("0s", 0, "0s"),
        ] {
            let period: Period = written.parse().unwrap();
            assert_eq!(period, Period::seconds(seconds), "{written}");
            assert_eq!(period.to_string(), stated);
        }
        assert!(help::<Period>("15").contains("\"15s\""));
        for (written, what, instead) in [
            ("5M", "`5M` would be five months", "did you mean `5m`?"),
            ("1h 30 M", "would be 30 months", "did you mean `30m`?"),
            ("1 month", "would be one month", "30d"),
            ("2months", "would be two months", "4w"),
        ] {
            let complaint = help::<Period>(written);
            assert!(complaint.contains(what) && complaint.contains(instead), "{complaint}");
        }
        for wrong in ["", "M", "m", "5", "-5m", "5 m M", "5mm", "ä5M"] {
            assert!(wrong.parse::<Period>().is_err(), "{wrong}");
        }
        assert!(help::<Period>("soon").contains("\"15m\""));
    }

    #[test]
    fn backups_are_written_as_often_as_stated_or_never() {
        for (written, seconds) in [("1d", Some(86_400)), ("1m", Some(60)), ("never", None)] {
            let interval = BackupInterval(seconds.map(Duration::from_secs));
            assert_eq!(written.parse(), Ok(interval), "{written}");
            assert_eq!(interval.to_string(), written);
        }
        assert!(help::<BackupInterval>("59s").contains("\"1m\""));
        for bad in ["daily", "1", "0s"] {
            assert!(help::<BackupInterval>(bad).contains("\"never\""), "{bad}");
        }
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (written, bytes, stated) in [
            ("10MiB", 10 << 20, "10MiB"),
            ("10 mib", 10 << 20, "10MiB"),
            ("64 kB", 64_000, "64kB"),
            ("512 B", 512, "512B"),
            ("1024KiB", 1 << 20, "1MiB"),
            ("0B", 0, "0B"),
        ] {
            let size: Size = written.parse().unwrap();
            assert_eq!((size.0, size.to_string().as_str()), (bytes, stated), "{written}");
        }
        for bad in ["", "10", "MiB", "-1MiB", "1.5MiB", "10 Mbit", "99999999999TiB"] {
            assert!(bad.parse::<Size>().is_err(), "{bad}");
        }
    }

    #[test]
    fn names_stand_in_addresses_unescaped() {
        for good in ["home-office", "a", "2025", "x9"] {
            assert!(good.parse::<Id>().is_ok(), "{good}");
        }
        for (bad, slug) in [
            ("Home Office", "`home-office`"),
            ("-a", "`a`"),
            ("children’s_commissioner", "`childrens-commissioner`"),
        ] {
            assert!(help::<Id>(bad).contains(slug), "{bad}");
        }
        assert!(help::<Id>("").contains("lower-case"));
    }

    proptest! {
        #[test]
        fn what_is_stated_reads_back(millis in 0u64..1_000_000_000_000, bytes: u64, text: String) {
            let period = Period(Duration::from_millis(millis));
            prop_assert_eq!(period.to_string().parse(), Ok(period));
            prop_assert_eq!(Size(bytes).to_string().parse(), Ok(Size(bytes)));
            let slug = slug(&text);
            prop_assert!(slug.is_empty() || slug.parse::<Id>().is_ok(), "{}", slug);
        }
    }
}
