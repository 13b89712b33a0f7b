//! Notes what the elements of a feed or an entry say, beside what feed-rs reads of them.

use std::time::Duration;

use url::Url;

use super::super::address::{tidied, without_markup};
use super::super::assemble::language_tag;
use super::super::clean::is_of_html;
use super::super::date::Dates;
use super::super::names::{self, Space};
use super::super::outline::{Link, Note, Outline, Publisher};
use super::MAX_ADDRESS;
use super::inside::{html_of, text_of};
use crate::markup::{self, Kind, Pieces};

/// Bytes of an element of an unknown vocabulary that may hold the whole text of an entry.
const SHORTEST_UNKNOWN: usize = 200;

/// Keywords of one element; an entry keeps no more.
const MAX_KEYWORDS: usize = 100;

/// An element whose text is noted when it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Title,
    Description,
    Published,
    Updated,
    Created,
    Author,
    /// A person as Atom writes one.
    Person,
    Publisher,
    /// RSS's own link.
    Link,
    /// An address beside RSS's own link.
    Address,
    /// The address of the page behind a link that counts readers.
    Counted,
    Body,
    /// An element of a vocabulary that is not known, which may hold the whole text.
    Unknown,
    Generator,
    Subject,
    Keywords,
    Language,
    Rights,
    Comments,
    Point,
    Latitude,
    Longitude,
    TimeToLive,
    SkipHours,
    SkipDays,
    Hour,
    Day,
    UpdatePeriod,
    UpdateFrequency,
    UpdateBase,
}

impl Field {
    /// The field that a child of an entry is, if feed-rs does not read it.
    pub(super) fn of_entry(space: Space, name: &str, atom: bool) -> Option<Self> {
        Some(match (space, name) {
            (Space::Own | Space::Atom, "pubDate" | "published" | "issued") => Self::Published,
            (Space::Terms, "issued" | "available") => Self::Published,
            (Space::Own | Space::Atom, "updated" | "modified") => Self::Updated,
            (Space::Terms, "modified") | (Space::Core | Space::Terms, "date") => Self::Updated,
            (Space::Own | Space::Atom | Space::Terms, "created") => Self::Created,
            (Space::Own | Space::Atom, "id") if !atom => Self::Id,
            (Space::Atom, "title") => Self::Title,
            (Space::Atom, "summary") => Self::Description,
            (Space::Atom, "content") | (Space::Xhtml, "body" | "div") => Self::Body,
            (Space::Own, "body" | "content" | "encoded") if !atom => Self::Body,
            (Space::Own | Space::Other, name) if names::is_full_text(name) => Self::Body,
            (Space::Other, "content") => Self::Body,
            (Space::Own, "url" | "uri" | "permalink") if !atom => Self::Address,
            (Space::Other, "origLink") => Self::Counted,
            (Space::Atom, "author") => Self::Person,
            (Space::Content, "items") => Self::Body,
            (Space::Core, "identifier") if !atom => Self::Id,
            (Space::Core, "publisher") => Self::Publisher,
            (Space::Core, "title") => Self::Title,
            (Space::Core, "description") => Self::Description,
            (Space::Core, "creator" | "contributor") if atom => Self::Author,
            (Space::Itunes, "author") => Self::Author,
            (Space::Core, "subject") => Self::Subject,
            (Space::Itunes, "keywords") | (Space::Media, "keywords") => Self::Keywords,
            (Space::Core, "language") => Self::Language,
            (Space::Core, "rights") | (Space::Own, "copyright") => Self::Rights,
            (Space::Own, "comments") => Self::Comments,
            (Space::GeoRss, "point") => Self::Point,
            (Space::Geo, "lat") => Self::Latitude,
            (Space::Geo, "long") => Self::Longitude,
            (Space::Own, name) if !atom && names::is_date(name) => Self::Created,
            (Space::Own, "lastmod") if !atom => Self::Updated,
            (Space::Other, _) => Self::Unknown,
            (Space::Own, name) if !atom && names::rss_name(name).is_none() => Self::Unknown,
            _ => return None,
        })
    }

    /// The field that a child of an entry is whose name is written in another case than its
    /// vocabulary does. feed-rs reads none of these.
    pub(super) fn of_recased(space: Space, name: &str, atom: bool) -> Option<Self> {
        let name = names::in_its_case(space, name)?;
        match (space, name) {
            (Space::Content, "encoded") => Some(Self::Body),
            (Space::Core, "creator") => Some(Self::Author),
            _ => Self::of_entry(space, name, atom),
        }
    }

    /// The field that a child of the feed is, if feed-rs does not read it.
    pub(super) fn of_feed(space: Space, name: &str) -> Option<Self> {
        Some(match (space, name) {
            (Space::Own, "ttl") => Self::TimeToLive,
            (Space::Own, "skipHours") => Self::SkipHours,
            (Space::Own, "skipDays") => Self::SkipDays,
            (Space::Syndication, "updatePeriod") => Self::UpdatePeriod,
            (Space::Syndication, "updateFrequency") => Self::UpdateFrequency,
            (Space::Syndication, "updateBase") => Self::UpdateBase,
            (Space::Own | Space::Atom, "updated" | "modified" | "lastBuildDate") => Self::Updated,
            (Space::Own, "pubDate") => Self::Published,
            (Space::Core, "date") | (Space::Terms, "modified") => Self::Updated,
            (Space::Own, "managingEditor") => Self::Author,
            (Space::Atom, "author") => Self::Person,
            (Space::Own | Space::Atom, "generator") => Self::Generator,
            (Space::Core, "creator") | (Space::Itunes, "author") => Self::Author,
            (Space::Own, "language") | (Space::Core, "language") => Self::Language,
            (Space::Core, "rights") => Self::Rights,
            (Space::Core, "title") => Self::Title,
            _ => return None,
        })
    }

    /// Whether this element holds others that are noted in its stead.
    pub(super) fn inner(self, name: &str) -> Option<Self> {
        match self {
            Self::SkipHours if name.eq_ignore_ascii_case("hour") => Some(Self::Hour),
            Self::SkipDays if name.eq_ignore_ascii_case("day") => Some(Self::Day),
            Self::Person if name == "name" => Some(Self::Author),
            _ => None,
        }
    }
}

/// `sy:updatePeriod` and its companions, until both are known.
#[derive(Debug, Default)]
pub(super) struct Rhythm {
    period: Option<Duration>,
    frequency: Option<u32>,
}

impl Rhythm {
    /// The time between two changes, if the feed states one.
    pub(super) fn span(&self) -> Option<Duration> {
        Some(self.period? / self.frequency.unwrap_or(1).max(1))
    }
}

/// Notes the text of an element of an entry.
pub(super) fn note_in_entry(note: &mut Note, field: Field, raw: &str, dates: &mut Dates) {
    let mut moment = || dates.read(&text_of(raw));
    match field {
        Field::Published => note.published = moment().or(note.published),
        Field::Updated => note.updated = moment().or(note.updated),
        Field::Created => note.created = moment().or(note.created),
        Field::Id => keep(&mut note.about, raw),
        Field::Title => keep(&mut note.title, raw),
        Field::Description => keep(&mut note.description, raw),
        Field::Author => note.authors.push(text_of(raw)),
        Field::Publisher => {
            let name = text_of(raw);
            let publisher = note.publisher.get_or_insert_default();
            if publisher.name.is_empty() {
                publisher.name = name;
            }
        }
        Field::Body => keep_longer(&mut note.content, html_of(raw)),
        Field::Unknown if raw.len() >= SHORTEST_UNKNOWN && !is_structure(raw) => {
            keep_longer(&mut note.unknown, html_of(raw));
        }
        Field::Address => {
            let href = text_of(raw);
            note.links.push(Link { rel: "alternate".to_owned(), href, ..Link::default() });
        }
        Field::Counted => keep(&mut note.counted, raw),
        Field::Subject => note.subjects.push(text_of(raw)),
        Field::Keywords => {
            let words = text_of(raw);
            note.subjects.extend(words.split(',').take(MAX_KEYWORDS).map(|w| w.trim().to_owned()));
        }
        Field::Language => keep(&mut note.language, raw),
        Field::Rights => keep(&mut note.rights, raw),
        Field::Comments => keep(&mut note.comments, raw),
        Field::Point => {
            let text = text_of(raw);
            let mut numbers = text.split([' ', ',', '\n']).filter_map(|word| word.parse().ok());
            (note.latitude, note.longitude) = (numbers.next(), numbers.next());
        }
        Field::Latitude => note.latitude = text_of(raw).parse().ok(),
        Field::Longitude => note.longitude = text_of(raw).parse().ok(),
        _ => {}
    }
}

/// Notes the text of an element of the feed.
pub(super) fn note_in_feed(
    outline: &mut Outline,
    rhythm: &mut Rhythm,
    field: Field,
    raw: &str,
    dates: &mut Dates,
) {
    let hints = &mut outline.hints;
    match field {
        Field::TimeToLive => {
            let minutes = text_of(raw).parse::<f64>().ok().filter(|m| (1.0..1e7).contains(m));
            hints.ttl = minutes.map(|minutes| Duration::from_secs_f64(minutes * 60.0));
        }
        Field::Hour => match text_of(raw).parse() {
            Ok(24) => hints.skip_hours.push(0),
            Ok(hour @ 0..=23) => hints.skip_hours.push(hour),
            _ => {}
        },
        Field::Day => {
            const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            let day = text_of(raw).to_ascii_lowercase();
            let found = DAYS.iter().position(|known| day.starts_with(known));
            hints.skip_days.extend(found.and_then(|day| u8::try_from(day).ok()));
        }
        Field::UpdatePeriod => {
            rhythm.period = match text_of(raw).to_ascii_lowercase().as_str() {
                "hourly" => Some(Duration::from_secs(3600)),
                "daily" => Some(Duration::from_secs(86_400)),
                "weekly" => Some(Duration::from_secs(7 * 86_400)),
                "monthly" => Some(Duration::from_secs(30 * 86_400)),
                "yearly" => Some(Duration::from_secs(365 * 86_400)),
                _ => None,
            };
        }
        Field::UpdateFrequency => rhythm.frequency = text_of(raw).parse().ok(),
        Field::UpdateBase => hints.update_base = dates.read(&text_of(raw)),
        Field::Generator => hints.paged = text_of(raw).to_ascii_lowercase().contains("wordpress"),
        Field::Language => {
            keep(&mut outline.feed.language, raw);
            dates.speak(outline.feed.language.as_deref().and_then(language_tag).as_deref());
        }
        field => note_in_entry(&mut outline.feed, field, raw, dates),
    }
}

/// A link as Atom writes it: `rel` is `alternate` by default.
pub(super) fn link_of(attributes: &str) -> Option<Link> {
    let mut link = Link::default();
    for (name, value) in markup::attributes(attributes) {
        match name {
            "href" | "url" => link.href = decoded(value),
            "rel" => link.rel = decoded(value).to_ascii_lowercase(),
            "type" => link.media_type = Some(decoded(value)),
            "length" => link.length = value.trim().parse().ok(),
            "hreflang" => link.language = Some(decoded(value)),
            _ => {}
        }
    }
    if link.rel.is_empty() {
        "alternate".clone_into(&mut link.rel);
    }
    // The IANA's own names, spelt out.
    if let Some(rel) = link.rel.strip_prefix("http://www.iana.org/assignments/relation/") {
        link.rel = rel.to_owned();
    }
    (!link.href.is_empty()).then_some(link)
}

/// The address of a `<cloud>` that is asked over HTTP to report news. Its other protocols are out
/// of use.
pub(super) fn cloud_of(attributes: &str) -> Option<Url> {
    let value = |name| markup::attribute(attributes, name).map(decoded).unwrap_or_default();
    let (host, path) = (value("domain"), value("path"));
    let port: u16 = value("port").parse().ok().filter(|port| *port > 0)?;
    let scheme = match value("protocol").to_ascii_lowercase().as_str() {
        "http-post" if port != 443 => "http",
        "http-post" | "https-post" => "https",
        _ => return None,
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '[' | ']' | ':');
    let is_long = host.len() + path.len() > MAX_ADDRESS;
    if host.is_empty() || is_long || !host.chars().all(is_name) {
        return None;
    }
    Url::parse(&format!("{scheme}://{host}:{port}/{}", path.trim_start_matches('/'))).ok()
}

/// The page of a channel or item of the Channel Definition Format.
pub(super) fn channel_page(attributes: &str) -> Option<Link> {
    let written =
        markup::attribute(attributes, "HREF").or_else(|| markup::attribute(attributes, "href"))?;
    Some(Link { rel: "alternate".to_owned(), href: decoded(written), ..Link::default() })
}

/// The address that an RSS link was meant to hold, escaped, where it holds something else: a link
/// of HTML, or an address with something around it.
pub(super) fn mended_link(raw: &str) -> Option<String> {
    let is_markup = Pieces::of(raw).any(|piece| matches!(piece.kind, Kind::Open { .. }));
    let written = if is_markup { raw.trim().to_owned() } else { text_of(raw) };
    let address = without_markup(&written);
    let address = tidied(&address);
    (address != written).then(|| htmlize::escape_text(address).into_owned())
}

/// The publisher that the tag of an RSS `<source>` names the feed of.
pub(super) fn publisher_of(attributes: &str) -> Publisher {
    let href = markup::attribute(attributes, "url").map(decoded).filter(|href| !href.is_empty());
    Publisher { href, ..Publisher::default() }
}

/// Whether an element holds others of a vocabulary, rather than text or HTML.
fn is_structure(raw: &str) -> bool {
    Pieces::of(raw).any(|piece| match piece.kind {
        Kind::Open { name, .. } => name.contains(':') || !is_of_html(name),
        _ => false,
    })
}

fn keep_longer(slot: &mut Option<String>, text: String) {
    if text.len() > slot.as_ref().map_or(0, String::len) {
        *slot = Some(text);
    }
}

fn keep(slot: &mut Option<String>, raw: &str) {
    let text = text_of(raw);
    if !text.is_empty() {
        *slot = Some(text);
    }
}

/// An attribute's value, decoded, without white space around it.
pub(in crate::parse) fn decoded(value: &str) -> String {
    htmlize::unescape_attribute(value.trim()).into_owned()
}
