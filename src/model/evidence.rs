//! Why entries are in one story, and why others nearly are: shown by `explain`, undone by `split`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{SourceId, StoryId};

/// Why an entry is in its story; kept so that the join can be explained and undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// It is the story's first entry.
    Founded,
    /// It names an address that the story bears.
    SameAddress {
        /// The canonical address both name, or the publisher's own name of the page.
        address: String,
        /// Whether the entry named it as the original of its own page.
        #[serde(default)]
        as_original: bool,
    },
    /// It has the title of an entry of another host, told within days of it.
    SameTitle {
        /// The title, normalised.
        title: String,
        /// How far apart the two were dated, in hours.
        hours_apart: u64,
    },
    /// Its text stands in the text that led the story.
    SameText {
        /// Passages of five words that both texts have, what is common to many stories left out.
        shared: u32,
        /// Passages of the shorter of the two texts.
        of: u32,
        /// Whose text led the story then.
        leader: SourceId,
    },
    /// The operator says so: `force` in the configuration, or `gazetted join`.
    Forced {
        /// The address, canonical, of what it was joined with.
        with: String,
    },
    /// The operator took it out of another story: `never`, or `gazetted split`.
    Parted {
        /// The story it was in.
        from: StoryId,
    },
}

impl Evidence {
    /// The tier of the judgement.
    pub fn tier(&self) -> Tier {
        match self {
            Self::Founded | Self::Parted { .. } => Tier::Founder,
            Self::Forced { .. } => Tier::Forced,
            Self::SameAddress { .. } => Tier::Address,
            Self::SameTitle { .. } => Tier::Title,
            Self::SameText { .. } => Tier::Text,
        }
    }

    /// Which part of the shorter text stands in the other, where text decided: 0 to 1.
    pub fn score(&self) -> Option<f64> {
        match self {
            Self::SameText { shared, of, .. } => Some(share(*shared, *of)),
            _ => None,
        }
    }
}

/// As a press officer would say it, after the name of the source.
impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Founded => write!(f, "published it first"),
            Self::SameAddress { address, as_original: true } => {
                write!(f, "names {address} as the original of its page")
            }
            Self::SameAddress { address, as_original: false } => {
                write!(f, "links to the same page, {address}")
            }
            Self::SameTitle { title, hours_apart } => {
                let (apart, unit) = match hours_apart {
                    0..48 => (*hours_apart, "hours"),
                    _ => (hours_apart / 24, "days"),
                };
                write!(f, "has the same title on another site, “{title}”, {apart} {unit} apart")
            }
            Self::SameText { shared, of, leader } => write!(
                f,
                "shares {shared} of the {of} passages of the shorter text with the one of {leader}"
            ),
            Self::Forced { with } => write!(f, "was joined with {with} by the operator"),
            Self::Parted { from } => write!(f, "was taken out of story {from} by the operator"),
        }
    }
}

/// Which kind of evidence joined an entry to its story; the earlier is stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// None was needed.
    Founder,
    /// The operator decided.
    Forced,
    /// T0: one address.
    Address,
    /// T1: one title.
    Title,
    /// T2: one text.
    Text,
}

impl Tier {
    /// The name used in `explain` and in exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Founder => "founder",
            Self::Forced => "forced",
            Self::Address => "T0",
            Self::Title => "T1",
            Self::Text => "T2",
        }
    }
}

/// One piece of evidence that an entry and a story are one announcement, or are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// The finding.
    pub kind: FactorKind,
    /// How much it counted, in tenths of a bit: for one announcement where positive.
    pub weight: i32,
}

impl Factor {
    /// The sum of what was weighed, in tenths of a bit.
    pub fn sum(factors: &[Self]) -> i32 {
        factors.iter().map(|factor| factor.weight).sum()
    }
}

/// As in "title equal +6.2".
impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:+.1}", self.kind.as_str(), f64::from(self.weight) / 10.0)
    }
}

/// The levels of the questions by which an entry is compared with a story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// One names the page of the other as its original, or both name one.
    NamedOriginal,
    /// Both are at one page.
    SamePage,
    /// The titles have the same words.
    TitleEqual,
    /// Articles, plurals, the order or a few words more tell the titles apart.
    TitleNear,
    /// One title is the other with a part before or behind it.
    TitleWithPublisher,
    /// The titles share little.
    TitleDiffers,
    /// The titles are one but for some words in one place.
    TitleReplaces,
    /// The titles are one but for what they name in one place.
    TitleRenames,
    /// The titles name different numbers or dates.
    TitleFigures,
    /// Other stories bear the title, too.
    TitleRecurs,
    /// A source gives the title to several of its announcements, and no date says which this is.
    TitleOfSeries,
    /// Nine tenths of either text are in the other.
    TextEqual,
    /// Two thirds of the shorter text are in the other.
    TextContained,
    /// Half of the shorter text is in the other.
    TextMostly,
    /// The same, but the other is at least twice as long.
    TextQuoted,
    /// Some of the shorter text is in the other.
    TextSome,
    /// The texts share little.
    TextDiffers,
    /// A summary stands in the other text.
    SummaryContained,
    /// A summary shares most of its words with the other text.
    SummaryShares,
    /// A summary shares few words with the other text.
    SummaryDiffers,
    /// The texts are one but for what they name.
    Contradicts,
    /// Few of the names and numbers are in both texts.
    NamesDiffer,
    /// The texts are one but for one name or number.
    OneNameDiffers,
    /// Summaries name different people, places, dates or numbers.
    FactsDiffer,
    /// One text lists announcements.
    Lists,
    /// The texts share a piece and go on to say different things.
    GoesOn,
    /// Dated within a day and a half.
    SameDay,
    /// Dated within four days.
    DaysApart,
    /// Dated within four days, and nothing but the titles agree.
    DaysApartByTitle,
    /// Dated within eight days.
    WeekApart,
    /// Dated within two weeks.
    FortnightApart,
    /// Dated further apart.
    LongApart,
    /// A copy is dated before its original.
    BeforeOriginal,
    /// Two governments speak for themselves.
    OtherGovernment,
    /// Both are pages of one site.
    OneSite,
    /// One source lists both.
    OneSource,
    /// One source lists both, and names one page as their original.
    OneSourceTwice,
}

impl FactorKind {
    /// All of them.
    pub const ALL: [Self; 37] = [
        Self::NamedOriginal,
        Self::SamePage,
        Self::TitleEqual,
        Self::TitleNear,
        Self::TitleWithPublisher,
        Self::TitleDiffers,
        Self::TitleReplaces,
        Self::TitleRenames,
        Self::TitleFigures,
        Self::TitleRecurs,
        Self::TitleOfSeries,
        Self::TextEqual,
        Self::TextContained,
        Self::TextMostly,
        Self::TextQuoted,
        Self::TextSome,
        Self::TextDiffers,
        Self::SummaryContained,
        Self::SummaryShares,
        Self::SummaryDiffers,
        Self::Contradicts,
        Self::NamesDiffer,
        Self::OneNameDiffers,
        Self::FactsDiffer,
        Self::Lists,
        Self::GoesOn,
        Self::SameDay,
        Self::DaysApart,
        Self::DaysApartByTitle,
        Self::WeekApart,
        Self::FortnightApart,
        Self::LongApart,
        Self::BeforeOriginal,
        Self::OtherGovernment,
        Self::OneSite,
        Self::OneSource,
        Self::OneSourceTwice,
    ];

    /// The words used in `explain`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NamedOriginal => "named as the original",
            Self::SamePage => "same page",
            Self::TitleEqual => "title equal",
            Self::TitleNear => "title nearly equal",
            Self::TitleWithPublisher => "title equal but for a publisher",
            Self::TitleDiffers => "titles differ",
            Self::TitleReplaces => "titles differ in one place",
            Self::TitleRenames => "titles name different things in one place",
            Self::TitleFigures => "titles name different numbers or dates",
            Self::TitleRecurs => "title recurs",
            Self::TitleOfSeries => "title of a series",
            Self::TextEqual => "text equal",
            Self::TextContained => "text contained",
            Self::TextMostly => "text mostly contained",
            Self::TextQuoted => "text quoted",
            Self::TextSome => "text partly shared",
            Self::TextDiffers => "texts differ",
            Self::SummaryContained => "summary contained",
            Self::SummaryShares => "summary in similar words",
            Self::SummaryDiffers => "summaries in different words",
            Self::Contradicts => "texts contradict",
            Self::NamesDiffer => "texts name different things",
            Self::OneNameDiffers => "texts differ in one name or number",
            Self::FactsDiffer => "summaries contradict",
            Self::Lists => "one text is a list",
            Self::GoesOn => "texts go on differently",
            Self::SameDay => "same day",
            Self::DaysApart => "days apart",
            Self::DaysApartByTitle => "days apart, by title alone",
            Self::WeekApart => "a week apart",
            Self::FortnightApart => "two weeks apart",
            Self::LongApart => "long apart",
            Self::BeforeOriginal => "dated before its original",
            Self::OtherGovernment => "other government",
            Self::OneSite => "two pages of one site",
            Self::OneSource => "two entries of one source",
            Self::OneSourceTwice => "one source names one original twice",
        }
    }
}

/// A story that another resembles without being one with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Related {
    /// Which story.
    pub story: StoryId,
    /// Passages of five words that both texts have.
    pub shared: u32,
    /// Passages of the shorter text.
    pub of: u32,
    /// The evidence against joining, if the texts alone would have joined them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forbidden: Option<Forbidden>,
    /// The weighed evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub factors: Vec<Factor>,
}

impl Related {
    /// Which part of the shorter text stands in the other: 0 to 1.
    pub fn score(&self) -> f64 {
        share(self.shared, self.of)
    }
}

fn share(shared: u32, of: u32) -> f64 {
    if of == 0 { 0.0 } else { f64::from(shared) / f64::from(of) }
}

/// Evidence against two texts being one announcement, however alike they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Forbidden {
    /// The source tells both: it means two announcements.
    OneSource,
    /// Both are pages of one site, under two addresses.
    OneSite {
        /// The site's host.
        host: String,
    },
    /// Their titles name different numbers or dates, as those of a series do.
    Figures {
        /// Numbers and dates that only one title names.
        one: Vec<String>,
        /// And the reverse.
        other: Vec<String>,
    },
    /// Their texts name different people, places and numbers, as those of a
    /// weekly report or of a series of statements do.
    Names {
        /// Names and numbers that both texts have.
        shared: u32,
        /// Different ones of the text with fewer.
        of: u32,
    },
    /// Their titles are one but for what they name in one place.
    Titles,
    /// Their summaries name different people, places, dates or numbers.
    Facts,
    /// Two governments say it, each for itself.
    Governments,
    /// Their texts are one but for names, numbers and dates, of which each has
    /// its own in the same places.
    Renamed {
        /// How many such places there are.
        places: u32,
    },
    /// They are dated too far apart.
    Dates {
        /// How far, in hours.
        hours_apart: u64,
    },
    /// The text holds several announcements that have nothing in common.
    Listing,
    /// Another story is more alike; two stories are never merged.
    Better,
    /// The operator said `never`.
    Never,
}

/// As a press officer would say it, after "not one story, because".
impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneSource => write!(f, "one source tells both, which means two announcements"),
            Self::OneSite { host } => {
                write!(f, "both are pages of {host}, which means two announcements")
            }
            Self::Figures { one, other } => write!(
                f,
                "one title names {} where the other names {}",
                one.join(", "),
                other.join(", ")
            ),
            Self::Names { shared, of } => {
                write!(f, "only {shared} of {of} names and numbers are in both texts")
            }
            Self::Titles => write!(f, "the titles name different things in one place"),
            Self::Facts => write!(f, "the summaries name different things"),
            Self::Governments => write!(f, "two governments say it, each for itself"),
            Self::Renamed { places: 1 } => {
                write!(f, "the texts are one but for what they name in one place")
            }
            Self::Renamed { places } => {
                write!(f, "the texts are one but for what they name in {places} places")
            }
            Self::Dates { hours_apart } => {
                write!(f, "they are dated {} days apart", hours_apart / 24)
            }
            Self::Listing => write!(f, "one text holds announcements that have nothing in common"),
            Self::Better => write!(f, "another story is more alike, and stories are never merged"),
            Self::Never => write!(f, "the operator keeps them apart"),
        }
    }
}
