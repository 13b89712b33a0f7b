//! Reads reading lists as OPML, and writes the sources as one.
//!
//! Folders become tags. Feeds that cannot be taken over are reported.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use ipnet::IpNet;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use serde::Serialize;
use url::Url;

use crate::fetch;
use crate::model::{Enrich, Source, Sources};
use crate::options::value::{WebAddress, slug};
use crate::tokenize::spaced;

/// The content of a reading list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct ReadingList {
    /// Its feeds, each once, in the order of the list.
    pub sources: Vec<Listed>,
    /// Feeds that were not taken over, each with the reason.
    pub left_out: Vec<String>,
}

/// One feed of a reading list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// A name made from its title, unlike any other.
    pub id: String,
    /// Its name in the list.
    pub title: String,
    /// Its address, as written.
    pub url: String,
    /// Its folders and categories.
    pub tags: Vec<String>,
    /// Where the full text of its entries comes from, if not from its document alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enrich: Option<Enrich>,
    /// Whether its address may be private: the operator named its site.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub allow_private: bool,
    /// Whether its address is private and a document named it: it is not polled unless the operator
    /// permits that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub needs_allow_private: bool,
}

impl Listed {
    /// A feed at an address, named after its title.
    pub fn new(ids: &mut Ids, title: &str, url: &Url, written: &str) -> Self {
        let host = url.host_str().unwrap_or_default().trim_start_matches("www.");
        let title = if title.trim().is_empty() { host } else { title.trim() };
        Self {
            id: ids.fresh(title, host),
            title: title.to_owned(),
            url: written.to_owned(),
            tags: Vec::new(),
            enrich: None,
            allow_private: false,
            needs_allow_private: false,
        }
    }

    /// The comment that a source which needs the operator's permission is written with.
    pub fn comment(&self) -> Option<&'static str> {
        self.needs_allow_private.then_some(PRIVATE_COMMENT)
    }

    /// The decision that the operator has to make about it, in words.
    pub fn open_decision(&self) -> Option<String> {
        let Self { id, url, .. } = self;
        self.needs_allow_private.then(|| {
            format!(
                "{id} is not polled: {url} is a private address, and the operator did not name it; \
                 for a site of your own write `allow_private = true` at this source"
            )
        })
    }
}

const PRIVATE_COMMENT: &str = "# Not polled: the address is private, and a reading list named it. For a site of your own:\n\
                               # allow_private = true\n";

/// Ids of sources, each given once.
#[derive(Debug, Default)]
pub struct Ids(BTreeSet<String>);

impl Ids {
    /// Those of known sources.
    pub fn of(sources: &Sources) -> Self {
        Self(sources.keys().map(ToString::to_string).collect())
    }

    /// An id that nobody gave yet: from the title, else from the host, numbered where it is taken.
    pub fn fresh(&mut self, title: &str, host: &str) -> String {
        let name =
            [slug(title), slug(host), "source".into()].into_iter().find(|name| !name.is_empty());
        let name = name.unwrap_or_default();
        let short: String = name.chars().take(56).collect();
        let numbered = (2_u64..).map(|number| format!("{}-{number}", short.trim_end_matches('-')));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let id = names.find(|name| !self.0.contains(name)).unwrap_or(name);
        self.0.insert(id.clone());
        id
    }
}

/// The text is not OPML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOpml {
    /// It is not well-formed.
    #[error("line {line}: {what}; export the list again from the reader it comes from")]
    Broken {
        /// Where, from 1.
        line: usize,
        /// The fault.
        what: String,
    },
    /// It is something else.
    #[error(
        "this is not OPML: there is no <opml> in it; export the list as OPML from the reader it comes from"
    )]
    SomethingElse,
}

/// Reads a reading list. What `known` has already is left out, and no id of
/// `known` is given a second time. A private address outside of the `permitted` networks needs the
/// operator's decision, because whoever wrote the list may not choose it.
pub fn read(document: &[u8], known: &Sources, permitted: &[IpNet]) -> Result<ReadingList, NotOpml> {
    let text = decoded(document);
    let mut reader = quick_xml::Reader::from_str(&text);
    reader.config_mut().check_end_names = false;
    let mut listing = Listing::knowing(known, permitted);
    let mut folders: Vec<Option<String>> = Vec::new();
    let mut is_opml = false;
    loop {
        let event = reader.read_event().map_err(|error| {
            let end =
                usize::try_from(reader.error_position()).unwrap_or(usize::MAX).min(text.len());
            let line = text.as_bytes()[..end].iter().filter(|byte| **byte == b'\n').count() + 1;
            NotOpml::Broken { line, what: error.to_string() }
        })?;
        match event {
            Event::Start(element) if is(&element, "opml") => is_opml = true,
            Event::Start(element) if is(&element, "outline") => {
                let outline = Outline::of(&element);
                let folder = outline.address.is_none().then(|| outline.name.clone()).flatten();
                listing.take(outline, &folders);
                folders.push(folder);
            }
            Event::Empty(element) if is(&element, "outline") => {
                listing.take(Outline::of(&element), &folders);
            }
            Event::End(element) if element.name().as_ref().eq_ignore_ascii_case(b"outline") => {
                folders.pop();
            }
            Event::Eof if is_opml => return Ok(listing.list),
            Event::Eof => return Err(NotOpml::SomethingElse),
            _ => {}
        }
    }
}

fn is(element: &BytesStart<'_>, name: &str) -> bool {
    element.name().as_ref().eq_ignore_ascii_case(name.as_bytes())
}

/// The text, in the encoding that its first line states.
fn decoded(document: &[u8]) -> String {
    let head = String::from_utf8_lossy(&document[..document.len().min(200)]).into_owned();
    let stated = head.split_once("encoding=").and_then(|(_, rest)| {
        let quote = rest.chars().next()?;
        rest[1..].split(quote).next()
    });
    let encoding = stated
        .and_then(|label| encoding_rs::Encoding::for_label(label.as_bytes()))
        .unwrap_or(encoding_rs::UTF_8);
    encoding.decode(document).0.into_owned()
}

/// The attributes of an outline that matter here.
#[derive(Debug, Default)]
struct Outline {
    name: Option<String>,
    address: Option<String>,
    categories: Vec<String>,
}

impl Outline {
    fn of(element: &BytesStart<'_>) -> Self {
        let mut attributes = BTreeMap::new();
        for attribute in element.attributes().with_checks(false).flatten() {
            let name = String::from_utf8_lossy(attribute.key.as_ref()).to_ascii_lowercase();
            let value = attribute
                .normalized_value_with(XmlVersion::Implicit1_0, 1, resolve_predefined_entity)
                .map_or_else(
                    |_| String::from_utf8_lossy(&attribute.value).into_owned(),
                    |value| value.into_owned(),
                );
            attributes.insert(name, spaced(&value));
        }
        let filled = |name: &str| attributes.get(name).filter(|value| !value.is_empty()).cloned();
        let categories = filled("category").unwrap_or_default();
        Self {
            name: filled("title").or_else(|| filled("text")),
            address: filled("xmlurl"),
            categories: categories
                .split([',', '/'])
                .map(slug)
                .filter(|tag| !tag.is_empty())
                .collect(),
        }
    }
}

/// The list as far as it was read.
#[derive(Default)]
struct Listing<'a> {
    list: ReadingList,
    ids: Ids,
    /// Where an address stands in the list; nowhere where it was known before.
    addresses: BTreeMap<Url, Option<usize>>,
    /// Private networks that every source may be in.
    permitted: &'a [IpNet],
}

impl<'a> Listing<'a> {
    fn knowing(known: &Sources, permitted: &'a [IpNet]) -> Self {
        let mut listing = Self { ids: Ids::of(known), permitted, ..Self::default() };
        for source in known.values() {
            if let Some(url) = source.location.url() {
                listing.addresses.insert(url.clone(), None);
            }
        }
        listing
    }

    fn take(&mut self, outline: Outline, folders: &[Option<String>]) {
        let Some(written) = outline.address else { return };
        let WebAddress { written, url } = match written.parse() {
            Ok(address) => address,
            Err(complaint) => {
                let complaint: crate::options::Complaint = complaint;
                self.list.left_out.push(complaint.what);
                return;
            }
        };
        let mut tags: Vec<String> = Vec::new();
        let folders = folders.iter().flatten().map(|folder| slug(folder));
        for tag in folders.chain(outline.categories).filter(|tag| !tag.is_empty()) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        match self.addresses.get(&url) {
            // A feed in two folders is one source with both tags.
            Some(Some(place)) => {
                let listed = &mut self.list.sources[*place];
                tags.retain(|tag| !listed.tags.contains(tag));
                listed.tags.extend(tags);
            }
            Some(None) => self.list.left_out.push(format!("`{written}` is a source already")),
            None => {
                let title = outline.name.unwrap_or_default();
                let listed = Listed::new(&mut self.ids, &title, &url, &written);
                let needs_allow_private = fetch::names_private_host(&url, self.permitted);
                self.addresses.insert(url, Some(self.list.sources.len()));
                self.list.sources.push(Listed { tags, needs_allow_private, ..listed });
            }
        }
    }
}

impl ReadingList {
    /// The list as `[[source]]` tables, for a file of `sources.d/`.
    pub fn to_toml(&self) -> String {
        let mut toml = String::new();
        for listed in &self.sources {
            let Listed { id, title, url, tags, enrich, allow_private, .. } = listed;
            let text = |text: &str| toml::Value::String(text.into()).to_string();
            let _ = write!(
                toml,
                "[[source]]\nid = {}\ntitle = {}\n{}url = {}\n",
                text(id),
                text(title),
                listed.comment().unwrap_or_default(),
                text(url)
            );
            if !tags.is_empty() {
                let tags: Vec<String> = tags.iter().map(|tag| text(tag)).collect();
                let _ = writeln!(toml, "tags = [{}]", tags.join(", "));
            }
            if let Some(enrich) = enrich {
                let _ = writeln!(toml, "enrich = \"{}\"", enrich.as_str());
            }
            if *allow_private {
                toml.push_str("allow_private = true\n");
            }
            toml.push('\n');
        }
        toml
    }
}

/// The sources of a plan as OPML, in the order of the configuration: each in a
/// folder named after its first tag, all its tags as categories. Files are
/// left out, which no other reader could read.
pub fn write(sources: &Sources, title: &str) -> String {
    let mut ordered: Vec<&Source> = sources.values().map(|source| &**source).collect();
    ordered.sort_by_key(|source| source.position);
    let mut folders: Vec<(Option<&str>, Vec<String>)> = Vec::new();
    for source in ordered {
        let Some(written) = source.location.written() else { continue };
        let folder = source.tags.first().map(String::as_str);
        let categories = match source.tags.as_slice() {
            [] => String::new(),
            tags => format!(" category=\"{}\"", escaped(&tags.join(","))),
        };
        let (name, address) = (escaped(&source.title), escaped(written));
        let outline = format!(
            "<outline type=\"rss\" text=\"{name}\" title=\"{name}\" xmlUrl=\"{address}\"{categories}/>"
        );
        match folders.iter_mut().find(|(name, _)| *name == folder) {
            Some((_, outlines)) => outlines.push(outline),
            None => folders.push((folder, vec![outline])),
        }
    }
    let mut opml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head>\n    <title>{}</title>\n  </head>\n  <body>\n",
        escaped(title)
    );
    for (folder, outlines) in folders {
        match folder.map(escaped) {
            Some(name) => {
                let _ = writeln!(opml, "    <outline text=\"{name}\" title=\"{name}\">");
                outlines.iter().for_each(|outline| {
                    let _ = writeln!(opml, "      {outline}");
                });
                opml.push_str("    </outline>\n");
            }
            None => outlines.iter().for_each(|outline| {
                let _ = writeln!(opml, "    {outline}");
            }),
        }
    }
    opml.push_str("  </body>\n</opml>\n");
    opml
}

/// The sources that a reading list cannot have, each with the reason, in the order of the
/// configuration.
pub fn left_out(sources: &Sources) -> Vec<String> {
    let mut files: Vec<&Source> = sources.values().map(|source| &**source).collect();
    files.retain(|source| source.location.written().is_none());
    files.sort_by_key(|source| source.position);
    let reason =
        |source: &&Source| format!("{}: a file, which no other reader can read", source.id);
    let mut left_out: Vec<String> = files.iter().map(reason).collect();
    let mut kept: Vec<&Source> = sources.values().map(|source| &**source).collect();
    kept.retain(|source| source.location.written().is_some() && !source.headers.is_empty());
    kept.sort_by_key(|source| source.position);
    left_out.extend(kept.iter().map(|source| {
        format!("{}: its headers and credentials; the source itself is in the list", source.id)
    }));
    left_out
}

/// Text for an attribute, without the characters that XML cannot hold.
fn escaped(text: &str) -> String {
    let text: String =
        text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}')).collect();
    quick_xml::escape::escape(text).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
