//! Writes a JSON Feed 1.1 with serde.

use serde::Serialize;

use super::Format;
use super::feed_item::FeedItem;
use super::feed_meta::{FeedMeta, at};
use super::site::Site;

/// The meaning of `_provenance`, for people who read the document.
const ABOUT: &str = "The first publisher, and all others that carried the story.";

// The order of the fields is the order in the document: the version comes first (Q40).
#[derive(Serialize)]
struct Feed<'a> {
    version: &'static str,
    title: &'a str,
    description: &'a str,
    home_page_url: String,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    icon: String,
    favicon: String,
    authors: [Author<'a>; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hubs: Vec<Hub<'a>>,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Hub<'a> {
    r#type: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_url: Option<&'a str>,
    title: &'a str,
    content_html: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: String,
    date_modified: String,
    authors: Vec<Author<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    _provenance: Provenance<'a>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

#[derive(Serialize)]
struct Provenance<'a> {
    about: &'static str,
    story_url: &'a str,
    source: Publisher<'a>,
    copies: Vec<Copied<'a>>,
}

#[derive(Serialize)]
struct Publisher<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    feed_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Copied<'a> {
    title: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
}

/// A longer document than 250 kB is too long (Q40); this leaves room for an address.
const MOST: usize = 249_000;

/// The feed as bytes, which depend on the arguments alone (Q20). One that would be too long
/// is cut where a page of what comes after it goes on; a single story never is.
pub(super) fn render(meta: &FeedMeta, items: &[FeedItem<'_>], site: &Site) -> Vec<u8> {
    let told: Vec<_> = items.iter().filter(|told| told.withdrawn.is_none()).collect();
    // The archived feeds are the further pages: each ends, and none repeats.
    let previous = meta.place.previous.as_deref().or(meta.earlier.as_deref());
    let whole = written(meta, &told, previous, site);
    let (mut length, mut kept) = (whole.len(), told.len());
    while length > MOST && kept > 1 {
        kept -= 1;
        length -= ",".len() + json(&item(told[kept])).len();
    }
    match (&meta.pages, told.get(kept)) {
        (Some(pages), Some(_)) => {
            let rest = format!("{pages}?before={}", told[kept - 1].place);
            written(meta, &told[..kept], Some(&rest), site)
        }
        _ => whole,
    }
}

fn written(meta: &FeedMeta, told: &[&FeedItem<'_>], next: Option<&str>, site: &Site) -> Vec<u8> {
    let name = site.name();
    let hub = site.hub.as_ref().filter(|_| !meta.place.archived);
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: &meta.title,
        description: &meta.description,
        home_page_url: site.address(&meta.page),
        feed_url: meta.address(Format::Json, site),
        next_url: next.map(|stem| site.address(&at(stem, Format::Json))),
        icon: site.address(super::pages::ICON_PATH),
        favicon: site.address(super::pages::ICON_PATH),
        authors: [Author { name: &name }],
        hubs: hub.iter().map(|hub| Hub { r#type: "WebSub", url: hub.as_str() }).collect(),
        items: told.iter().map(|told| item(told)).collect(),
    };
    json(&feed)
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("these are strings and numbers")
}

fn item<'a>(item: &'a FeedItem<'_>) -> Item<'a> {
    Item {
        id: &item.id,
        url: &item.url,
        external_url: item.original.as_ref().map(|original| original.url.as_str()),
        title: &item.title,
        content_html: item.body(),
        summary: &item.excerpt,
        image: item.image.as_deref(),
        date_published: item.published.to_string(),
        date_modified: item.updated.to_string(),
        authors: item.authors.iter().map(|name| Author { name }).collect(),
        tags: &item.categories,
        language: item.language,
        attachments: item
            .enclosures
            .iter()
            .map(|file| Attachment {
                url: &file.url,
                mime_type: file.media_type,
                size_in_bytes: file.length,
            })
            .collect(),
        _provenance: Provenance {
            about: ABOUT,
            story_url: &item.page,
            source: Publisher { title: &item.source.name, feed_url: item.source.feed.as_deref() },
            copies: item
                .copies
                .iter()
                .map(|copy| Copied { title: &copy.by, url: copy.url.as_deref() })
                .collect(),
        },
    }
}
