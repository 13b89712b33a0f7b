//! Recognises namespaces and element names, however documents misspell them.

/// A vocabulary that elements of a feed are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// The format's own: no prefix, or the namespace of RSS 0.90, 1.0, 1.1.
    Own,
    Atom,
    Content,
    /// Dublin Core's elements.
    Core,
    /// Dublin Core's terms.
    Terms,
    Media,
    Itunes,
    Syndication,
    GeoRss,
    Geo,
    History,
    Tombstones,
    Rdf,
    Xhtml,
    /// Something else; left to itself.
    Other,
}

/// Each vocabulary with its address and the prefix that stands for it where
/// a document declares none.
const SPACES: &[(Space, &str, &str)] = &[
    (Space::Own, "http://purl.org/rss/1.0/", "rss"),
    (Space::Atom, "http://www.w3.org/2005/Atom", "atom"),
    (Space::Content, "http://purl.org/rss/1.0/modules/content/", "content"),
    (Space::Core, "http://purl.org/dc/elements/1.1/", "dc"),
    (Space::Terms, "http://purl.org/dc/terms/", "dcterms"),
    (Space::Media, "http://search.yahoo.com/mrss/", "media"),
    (Space::Itunes, "http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes"),
    (Space::Syndication, "http://purl.org/rss/1.0/modules/syndication/", "sy"),
    (Space::GeoRss, "http://www.georss.org/georss", "georss"),
    (Space::Geo, "http://www.w3.org/2003/01/geo/wgs84_pos#", "geo"),
    (Space::History, "http://purl.org/syndication/history/1.0", "fh"),
    (Space::Tombstones, "http://purl.org/atompub/tombstones/1.0", "at"),
    (Space::Rdf, "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"),
    (Space::Xhtml, "http://www.w3.org/1999/xhtml", "xhtml"),
];

/// Other addresses under which the same vocabularies go.
const ALIASES: &[(&str, Space)] = &[
    ("my.netscape.com/rdf/simple/0.9", Space::Own),
    ("my.netscape.com/publish/formats/rss-0.9", Space::Own),
    ("my.netscape.com/publish/formats/rss-0.91", Space::Own),
    ("channel.netscape.com/rdf/simple/0.9", Space::Own),
    ("purl.org/net/rss1.1", Space::Own),
    ("backend.userland.com/rss", Space::Own),
    ("backend.userland.com/rss2", Space::Own),
    ("backend.userland.com/rss091", Space::Own),
    ("blogs.law.harvard.edu/tech/rss", Space::Own),
    ("cyber.law.harvard.edu/rss", Space::Own),
    ("www.rssboard.org/rss-specification", Space::Own),
    ("purl.org/rss/2.0", Space::Own),
    ("purl.org/atom/ns", Space::Atom),
    ("example.com/newformat", Space::Atom),
    ("example.com/necho", Space::Atom),
    ("purl.org/echo", Space::Atom),
    ("uri/of/echo/namespace", Space::Atom),
    ("purl.org/pie", Space::Atom),
    ("purl.org/dc/elements/1.0", Space::Core),
    ("purl.org/metadata/dublin_core", Space::Core),
    ("search.yahoo.com/rss", Space::Media),
    ("video.search.yahoo.com/mrss", Space::Media),
    ("tools.search.yahoo.com/mrss", Space::Media),
    ("www.rssboard.org/media-rss", Space::Media),
    ("www.opengis.net/gml", Space::GeoRss),
    ("www.w3.org/2003/01/geo", Space::Geo),
    ("example.com/dtds/podcast-1.0.dtd", Space::Itunes),
];

/// The vocabulary with this address: forgiving about case, scheme, and what ends it.
pub(super) fn space_of(address: &str) -> Space {
    let exact = SPACES.iter().find(|(_, known, _)| *known == address);
    if let Some((space, _, _)) = exact {
        return *space;
    }
    let bare = bare(address);
    SPACES
        .iter()
        .find(|(_, known, _)| self::bare(known) == bare)
        .map(|(space, _, _)| *space)
        .or_else(|| ALIASES.iter().find(|(known, _)| *known == bare).map(|(_, space)| *space))
        .unwrap_or(Space::Other)
}

fn bare(address: &str) -> String {
    let lower = address.trim().to_ascii_lowercase();
    let rest = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    rest.unwrap_or(&lower).trim_end_matches(['/', '#', '=']).to_owned()
}

/// The vocabulary that a prefix stands for by custom.
pub(super) fn space_of_prefix(prefix: &str) -> Space {
    SPACES
        .iter()
        .find(|(_, _, known)| *known == prefix)
        .map_or(Space::Other, |(space, _, _)| *space)
}

/// The address of a vocabulary; none for [`Space::Other`].
pub(super) fn address_of(space: Space) -> Option<&'static str> {
    SPACES.iter().find(|(known, _, _)| *known == space).map(|(_, address, _)| *address)
}

/// Elements of RSS whose name is often written in another case.
const RSS_NAMES: &[&str] = &[
    "channel",
    "item",
    "items",
    "title",
    "link",
    "description",
    "language",
    "copyright",
    "managingEditor",
    "webMaster",
    "pubDate",
    "lastBuildDate",
    "category",
    "generator",
    "ttl",
    "image",
    "url",
    "skipHours",
    "hour",
    "skipDays",
    "day",
    "author",
    "comments",
    "enclosure",
    "guid",
    "source",
];

/// How RSS itself writes a name, if it is one of its own.
pub(super) fn rss_name(name: &str) -> Option<&'static str> {
    // The Channel Definition Format writes everything in capitals.
    if name == "ABSTRACT" {
        return Some("description");
    }
    RSS_NAMES.iter().find(|known| known.eq_ignore_ascii_case(name)).copied()
}

/// Elements of other vocabularies that are read.
const OTHER_NAMES: &[&str] = &[
    "encoded",
    "creator",
    "contributor",
    "publisher",
    "title",
    "description",
    "subject",
    "keywords",
    "language",
    "rights",
    "date",
    "issued",
    "available",
    "modified",
    "created",
    "published",
    "updated",
    "author",
    "summary",
    "updatePeriod",
    "updateFrequency",
    "updateBase",
];

/// How a vocabulary other than the format's own writes a name, where a document writes it in
/// another case.
pub(super) fn in_its_case(space: Space, name: &str) -> Option<&'static str> {
    if !matches!(
        space,
        Space::Atom
            | Space::Content
            | Space::Core
            | Space::Itunes
            | Space::Syndication
            | Space::Terms
    ) {
        return None;
    }
    let known = OTHER_NAMES.iter().find(|known| known.eq_ignore_ascii_case(name));
    known.copied().filter(|known| *known != name)
}

/// Whether a publisher calls the whole text of an entry so: Yandex's `full-text` and its like.
pub(super) fn is_full_text(name: &str) -> bool {
    let letters =
        name.bytes().filter(u8::is_ascii_alphabetic).map(|byte| byte.to_ascii_lowercase());
    letters.eq("fulltext".bytes())
}

/// Names by which RSS without a vocabulary calls the date of an entry, in lower case and without
/// hyphens and underscores.
const DATES: &[&str] = &[
    "createdat",
    "createddate",
    "creationdate",
    "date",
    "datecreated",
    "dateposted",
    "datepublished",
    "postdate",
    "posteddate",
    "pubdate",
    "pubdatetime",
    "publicationdate",
    "publishdate",
    "published",
    "publishedat",
    "publisheddate",
    "pubtime",
    "timestamp",
];

/// Whether an element without a vocabulary is called as the date of an entry.
pub(super) fn is_date(name: &str) -> bool {
    let letters = name.bytes().filter(|byte| !matches!(byte, b'-' | b'_'));
    let letters = letters.map(|byte| byte.to_ascii_lowercase());
    DATES.iter().any(|known| letters.clone().eq(known.bytes()))
}

/// Whether feed-rs is to read a child of the feed: nothing else reads it for us.
pub(super) fn is_read_of_feed(space: Space, name: &str, atom: bool) -> bool {
    space == Space::Own
        && match name {
            "title" | "link" => true,
            "id" | "author" | "rights" | "entry" => atom,
            "copyright" | "item" => !atom,
            _ => false,
        }
}

/// Whether feed-rs is to read a child of an entry: nothing else reads it for us.
pub(super) fn is_read_of_entry(space: Space, name: &str, atom: bool) -> bool {
    match space {
        Space::Own => match name {
            "title" | "link" | "author" | "category" | "item" | "entry" => true,
            "id" | "content" | "summary" | "rights" => atom,
            "description" | "guid" => !atom,
            _ => false,
        },
        Space::Content => name == "encoded",
        Space::Core => name == "creator" && !atom,
        Space::Itunes => matches!(name, "title" | "image" | "summary") && !atom,
        Space::Media => true,
        _ => false,
    }
}

/// How Atom 1.0 calls an element of Atom 0.3.
pub(super) fn atom_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "modified" => "updated",
        "issued" => "published",
        "tagline" => "subtitle",
        "copyright" => "rights",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_recognised_as_they_are_misspelt() {
        for (address, space) in [
            ("http://purl.org/dc/elements/1.1/", Space::Core),
            ("http://purl.org/dc/elements/1.1", Space::Core),
            ("https://search.yahoo.com/mrss", Space::Media),
            ("http://www.w3.org/2005/atom", Space::Atom),
            ("http://purl.org/atom/ns#", Space::Atom),
            ("http://my.netscape.com/rdf/simple/0.9/", Space::Own),
            ("http://www.itunes.com/DTDs/Podcast-1.0.dtd", Space::Itunes),
            ("urn:x", Space::Other),
        ] {
            assert_eq!(space_of(address), space, "{address}");
        }
    }
}
