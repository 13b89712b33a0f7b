//! One item as one source states it.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{SetAside, SourceId, Timestamp};

/// One item as one source states it, cleaned by `parse`: no text holds a
/// control character, no HTML holds anything that runs, every URL is absolute.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Who says so.
    pub source: SourceId,
    /// The document's own metadata when the entry was read: `atom:source` (Q8).
    #[serde(default)]
    pub feed: Feed,
    /// The id the source gave it, byte for byte. An identity within this source only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guid: Option<String>,
    /// The page the entry is about, http or https.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    /// Where this was first published, when the entry names another place:
    /// "Original article link", `rel=via`, `rel=canonical`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Url>,
    /// The address that the page itself gives, or that its link leads to, where that is another
    /// one on the same host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Url>,
    /// Plain text, one line, may be empty.
    #[serde(default)]
    pub title: String,
    /// A short account: sanitised HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The full account, where the source gives one: sanitised HTML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Summary and content as plain text, for matching; paragraphs are lines.
    #[serde(default)]
    pub text: String,
    /// Who published it first, where it is taken from elsewhere and says so: RSS `<source>`,
    /// `atom:source`, `dc:publisher`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<Publisher>,
    /// Names of the authors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Labels of the categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Further tags that enrichment found: `org:home-office`, `location:kosovo`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// BCP 47 language tag, where stated or detected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When the source says it was published. May lie in the future: what is
    /// published of it does not (Q6).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Timestamp>,
    /// When the source says it was last changed. May lie in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// Attached files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure>,
    /// A picture for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Url>,
    /// The page with readers' comments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<Url>,
    /// Copyright, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// Latitude and longitude in degrees.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geo: Option<(f64, f64)>,
    /// The publisher's own name of the page, which outlives its address:
    /// GOV.UK's `content_id` and locale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_id: Option<String>,
    /// Whether its document broke off within it: what is missing may only not have come.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut_off: bool,
    /// The publisher's note on its last change, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change_note: Option<String>,
    /// When the publisher withdrew the page, if it did: it stands, but no longer applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Timestamp>,
    /// Why the publisher withdrew the page, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_because: Option<String>,
    /// When the page was found to be gone (404 or 410). One finding proves
    /// nothing; `dedup` waits for a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Timestamp>,
    /// The result of its enrichment, once its page was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enriched: Option<Enriched>,
    /// The text around the announcement; no part of summary, content and text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub set_aside: Vec<SetAside>,
    /// Hash of summary and content as the document has them, before anything was set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole: Option<u64>,
}

impl Entry {
    /// An entry that says nothing yet; for building one field by field.
    pub fn of(source: SourceId) -> Self {
        Self {
            source,
            feed: Feed::default(),
            guid: None,
            url: None,
            original: None,
            page: None,
            title: String::new(),
            summary: None,
            content: None,
            text: String::new(),
            publisher: None,
            authors: Vec::new(),
            categories: Vec::new(),
            tags: Vec::new(),
            language: None,
            published: None,
            updated: None,
            enclosures: Vec::new(),
            image: None,
            comments: None,
            rights: None,
            geo: None,
            content_id: None,
            cut_off: false,
            change_note: None,
            withdrawn: None,
            withdrawn_because: None,
            missing: None,
            enriched: None,
            set_aside: Vec::new(),
            whole: None,
        }
    }

    /// The entry's own date: when it was published, else when it was changed.
    pub fn dated(&self) -> Option<Timestamp> {
        self.published.or(self.updated)
    }

    /// A number that changes when what the document says of it does; to be
    /// taken before enrichment adds to it. Neither the document's metadata nor the id
    /// counts, nor what we note ourselves.
    pub fn statement(&self) -> u64 {
        let stated = Self {
            feed: Feed::default(),
            guid: None,
            missing: None,
            enriched: None,
            set_aside: Vec::new(),
            whole: None,
            ..self.clone()
        };
        let bytes = rmp_serde::to_vec_named(&stated).expect("an entry is plain data");
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }

    /// The [statement](Self::statement) that the document made of it, whatever was added since.
    pub fn stated(&self) -> u64 {
        self.enriched.map_or_else(|| self.statement(), |enriched| enriched.stated)
    }

    /// Whether only more or less of the same words was set aside than in `other`: the source has
    /// changed nothing.
    pub fn is_other_cut_of(&self, other: &Self) -> bool {
        let of_page = |entry: &Self| entry.enriched.is_some_and(|enriched| enriched.of_page);
        let is_of_page = of_page(self);
        self.whole.is_some() && self.whole == other.whole && is_of_page == of_page(other) && {
            let content = if is_of_page { &self.content } else { &other.content };
            let alike = Self {
                summary: other.summary.clone(),
                content: content.clone(),
                text: other.text.clone(),
                original: other.original.clone(),
                page: other.page.clone(),
                ..self.clone()
            };
            alike.says_the_same_as(other)
        }
    }

    /// Whether `other` says the same in everything a reader could notice.
    /// The document's metadata does not count: it changes at every poll, and
    /// neither does the id, which GOV.UK changes together with `updated`, nor
    /// what we note of our own visits to the page.
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        let Self {
            source,
            feed: _,
            guid: _,
            url,
            original,
            page,
            title,
            summary,
            content,
            text,
            publisher,
            authors,
            categories,
            tags,
            language,
            published,
            updated,
            enclosures,
            image,
            comments,
            rights,
            geo,
            content_id,
            cut_off,
            change_note,
            withdrawn,
            withdrawn_because,
            missing: _,
            enriched: _,
            set_aside: _,
            whole: _,
        } = self;
        *source == other.source
            && *url == other.url
            && *original == other.original
            && *page == other.page
            && *title == other.title
            && *summary == other.summary
            && *content == other.content
            && *text == other.text
            && *publisher == other.publisher
            && *authors == other.authors
            && *categories == other.categories
            && *tags == other.tags
            && *language == other.language
            && *published == other.published
            && *updated == other.updated
            && *enclosures == other.enclosures
            && *image == other.image
            && *comments == other.comments
            && *rights == other.rights
            && *geo == other.geo
            && *content_id == other.content_id
            && *cut_off == other.cut_off
            && *change_note == other.change_note
            && *withdrawn == other.withdrawn
            && *withdrawn_because == other.withdrawn_because
    }
}

/// That an entry's full text was fetched, and for which wording of the source's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enriched {
    /// Hash of what the document said before anything was added to it.
    pub stated: u64,
    /// Whether the source has said something else since, so that what was
    /// fetched is still shown but should be fetched again.
    #[serde(default)]
    pub stale: bool,
    /// Whether its text is the page's, rather than what the document said.
    #[serde(default)]
    pub of_page: bool,
}

/// Who published an entry first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Publisher {
    /// The name, plain text; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The publisher's site or feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
}

/// A file attached to an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Where it is.
    pub url: Url,
    /// Its media type, as stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Its size in bytes, as stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}

/// A document's own metadata, which `atom:source` repeats.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Feed {
    /// Its id, as stated; empty where it has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Its title, plain text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The page it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Url>,
    /// When it says it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// BCP 47 language tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Copyright, plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
    /// Names of its authors: who speaks when the entry does not say (RFC 4287 §4.2.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
}
