//! A masthead and accounts in; a JSON Feed 1.1 out.

use serde::Serialize;

use super::Format;
use super::account::Account;
use super::masthead::{Masthead, at};
use super::site::Site;

/// What `_provenance` means, for whoever reads the document.
const ABOUT: &str = "Who published this first, and who carried it too.";

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
    content_html: &'a str,
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

/// The feed as bytes, which depend on the arguments alone (Q20).
pub(super) fn render(masthead: &Masthead, accounts: &[Account<'_>], site: &Site) -> Vec<u8> {
    let name = site.name();
    let hub = site.hub.as_ref().filter(|_| !masthead.place.archived);
    let previous = masthead.place.previous.as_deref().or(masthead.earlier.as_deref());
    let feed = Feed {
        version: "https://jsonfeed.org/version/1.1",
        title: &masthead.title,
        description: &masthead.description,
        home_page_url: site.address(&masthead.page),
        feed_url: masthead.address(Format::Json, site),
        // The archived feeds are the further pages: each ends, and none repeats.
        next_url: previous.map(|stem| site.address(&at(stem, Format::Json))),
        icon: site.address(super::pages::ICON_PATH),
        favicon: site.address(super::pages::ICON_PATH),
        authors: [Author { name: &name }],
        hubs: hub.iter().map(|hub| Hub { r#type: "WebSub", url: hub.as_str() }).collect(),
        items: accounts.iter().filter(|told| told.withdrawn.is_none()).map(item).collect(),
    };
    serde_json::to_vec(&feed).expect("these are strings and numbers")
}

fn item<'a>(account: &'a Account<'_>) -> Item<'a> {
    Item {
        id: &account.id,
        url: &account.url,
        external_url: account.original.as_ref().map(|original| original.url.as_str()),
        title: &account.title,
        content_html: account.body(),
        summary: &account.excerpt,
        image: account.image.as_deref(),
        date_published: account.published.to_string(),
        date_modified: account.updated.to_string(),
        authors: account.authors.iter().map(|name| Author { name }).collect(),
        tags: &account.categories,
        language: account.language,
        attachments: account
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
            story_url: &account.page,
            source: Publisher {
                title: &account.source.name,
                feed_url: account.source.feed.as_deref(),
            },
            copies: account
                .copies
                .iter()
                .map(|copy| Copied { title: &copy.by, url: copy.url.as_deref() })
                .collect(),
        },
    }
}
