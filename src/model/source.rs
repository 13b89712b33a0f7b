//! A source as configured: one feed of one department or syndicator.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use super::{SourceId, are_one, publisher_of};

/// One feed that the operator named, as the plan holds it. There can be very many: what few
/// of them have is boxed.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its name.
    pub id: SourceId,
    /// The publisher's name as readers see it: the configured title, else the ID.
    pub title: Arc<str>,
    /// Where its document is.
    pub location: Location,
    /// The operator's labels, which topics can ask for: `tag:uk`.
    pub tags: Vec<String>,
    /// Its role in the stories that it carries.
    pub role: Role,
    /// Among sources of one role, the lower rank leads a story.
    pub rank: i32,
    /// Whom it speaks for, where the operator says so: a government or another publisher.
    pub publisher: Option<Box<str>>,
    /// Its place in the configuration; settles what rank leaves open.
    pub position: usize,
    /// Where the full text of its entries comes from.
    pub enrich: Enrich,
    /// How often it may be asked, where the operator says so.
    pub pace: Option<Box<Pace>>,
    /// Sent with every request to its origin and to no other (P70).
    pub headers: Box<[(String, Secret)]>,
    /// Whether its address may be private: a site of the operator's own.
    pub allow_private: bool,
    /// Whether its hub is asked to push: not, where hubs cannot reach us.
    pub push: bool,
    /// The operator's rules for where its announcements begin and end.
    pub text: Option<Box<TextRules>>,
}

impl Source {
    /// Whether a page is on the source's own site, as far as addresses show it. Whoever lists pages
    /// of another site cites them, or has its feed elsewhere: that counts against it only beside a
    /// source that is at home there.
    pub fn is_at_home(&self, page: &Url) -> bool {
        let Location::Web { url, .. } = &self.location else { return true };
        if url.host() == page.host() {
            return true;
        }
        match (publisher_of(url), publisher_of(page)) {
            (Some(own), Some(its)) => {
                let stated = self.publisher.as_deref();
                own == its || stated.is_some_and(|stated| are_one(stated, &its))
            }
            _ => true,
        }
    }

    /// A source at a place, everything else as it is by default.
    pub fn at(id: SourceId, location: Location) -> Self {
        Self {
            title: id.shared(),
            id,
            location,
            tags: Vec::new(),
            role: Role::default(),
            rank: 0,
            publisher: None,
            position: 0,
            enrich: Enrich::default(),
            pace: None,
            headers: Box::default(),
            allow_private: false,
            push: false,
            text: None,
        }
    }

    /// The operator's rules for where its announcements begin and end.
    pub fn text(&self) -> &TextRules {
        static NONE: TextRules = TextRules { cut: Vec::new(), start_after: None, end_before: None };
        self.text.as_deref().unwrap_or(&NONE)
    }

    /// A hash of fixed definition of all that decides what is read of its entries' pages.
    pub fn page_rules(&self) -> u64 {
        let text = self.text().hash().unwrap_or_default();
        let bytes = [self.enrich.as_str().as_bytes(), &text.to_le_bytes()].concat();
        // Zero is kept for what is not known.
        xxhash_rust::xxh3::xxh3_64(&bytes).max(1)
    }

    /// How often it may be asked.
    pub fn pace(&self) -> Pace {
        self.pace.as_deref().copied().unwrap_or_default()
    }
}

/// Where the announcements of a source begin and end, where that cannot be seen automatically.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TextRules {
    /// CSS selectors of elements that are not part of them.
    pub cut: Vec<String>,
    /// Text up to which, and with which, nothing is part of them.
    pub start_after: Option<String>,
    /// Text from which on nothing is.
    pub end_before: Option<String>,
}

impl TextRules {
    /// A hash of fixed definition, by which a document is seen to have been read by other rules.
    pub fn hash(&self) -> Option<u64> {
        (*self != Self::default()).then(|| {
            let parts = (&self.cut, &self.start_after, &self.end_before);
            let bytes = rmp_serde::to_vec(&parts).expect("texts are plain data");
            xxhash_rust::xxh3::xxh3_64(&bytes)
        })
    }
}

/// A text that no log line, page or error may show: its `Debug` hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one request that carries it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Every source of the plan, by name.
pub type Sources = BTreeMap<SourceId, Arc<Source>>;

/// Where a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// Over http or https, as subscribed: byte for byte (P66).
    Web {
        /// The address.
        url: Url,
        /// As the operator wrote it, where that differs: see [`Location::written`].
        written: Option<Box<str>>,
    },
    /// A file, read again when it changed.
    File(PathBuf),
}

impl Location {
    /// A web location from the address as written and as parsed.
    pub fn web(written: &str, url: Url) -> Self {
        let written = (written != url.as_str()).then(|| written.into());
        Self::Web { url, written }
    }

    /// The address on the web; only such a source has a server, which is asked politely, and pages.
    pub fn url(&self) -> Option<&Url> {
        match self {
            Self::Web { url, .. } => Some(url),
            Self::File(_) => None,
        }
    }

    /// The address as the operator wrote it; files have none.
    pub fn written(&self) -> Option<&str> {
        match self {
            Self::Web { url, written } => Some(written.as_deref().unwrap_or(url.as_str())),
            Self::File(_) => None,
        }
    }

    /// A hash of fixed definition, by which a source is seen to have moved in
    /// the configuration.
    pub fn hash(&self) -> u64 {
        match self {
            Self::File(path) => xxhash_rust::xxh3::xxh3_64(path.as_os_str().as_encoded_bytes()),
            Self::Web { .. } => {
                xxhash_rust::xxh3::xxh3_64(self.written().unwrap_or_default().as_bytes())
            }
        }
    }

    /// Scheme, host and port: what a source shares politeness with. Files have none.
    pub fn origin(&self) -> Option<String> {
        Some(self.url()?.origin().ascii_serialization())
    }
}

/// A source's role in the stories that it carries; the earlier one leads.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The publisher itself.
    #[default]
    Department,
    /// The publisher's own list of several departments' news: a finder, a search.
    Listing,
    /// Somebody who carries what others publish.
    Syndicator,
}

impl Role {
    /// The word used in the configuration and by `role:` in queries.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Department => "department",
            Self::Listing => "listing",
            Self::Syndicator => "syndicator",
        }
    }
}

/// Where the full text of a source's entries comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Enrich {
    /// From the document alone.
    #[default]
    None,
    /// From GOV.UK's content API.
    Govuk,
    /// From the entry's page.
    Page,
}

impl Enrich {
    /// The word used in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Govuk => "govuk",
            Self::Page => "page",
        }
    }
}

/// The operator's settings for a source's polling. `None` leaves it to the schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pace {
    /// A fixed interval that switches the adaptive schedule off.
    pub interval: Option<Duration>,
    /// Never more often than this.
    pub min: Option<Duration>,
    /// Never less often than this.
    pub max: Option<Duration>,
    /// Do not report when it falls silent.
    pub mute_silence: bool,
    /// How many new entries it may bring a day.
    pub new_a_day: Option<usize>,
}
