//! Has feed-rs read a normalised document. feed-rs is used nowhere else.
//!
//! Its panics become errors, its random ids and its own reading of dates are switched off, and its
//! model ends here: the rest of the stage knows [`Draft`].

use std::panic::{AssertUnwindSafe, catch_unwind};

use feed_rs::model;
use feed_rs::parser::Builder;
use url::Url;

use super::outline::Link;

/// A feed as feed-rs read it; nothing in it is clean yet.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) id: String,
    pub(super) title: Option<Text>,
    pub(super) links: Vec<Link>,
    pub(super) language: Option<String>,
    pub(super) rights: Option<Text>,
    pub(super) authors: Vec<String>,
    pub(super) entries: Vec<DraftEntry>,
}

/// An entry as feed-rs read it.
#[derive(Debug, Default)]
pub(super) struct DraftEntry {
    pub(super) id: String,
    pub(super) title: Option<Text>,
    pub(super) links: Vec<Link>,
    pub(super) summary: Option<Text>,
    pub(super) content: Option<Text>,
    pub(super) authors: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) language: Option<String>,
    pub(super) rights: Option<Text>,
    /// Files of MediaRSS.
    pub(super) media: Vec<Link>,
    /// Addresses of pictures, the best first.
    pub(super) pictures: Vec<String>,
    /// A title or description that only MediaRSS or iTunes gives.
    pub(super) media_title: Option<String>,
    pub(super) media_description: Option<String>,
    pub(super) credits: Vec<String>,
}

/// A text and its stated type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) body: String,
    pub(super) markup: Markup,
}

/// Whether a text is HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Markup {
    /// It is, or the format does not say.
    Html,
    /// It is stated to be plain text, which Atom's writers often state of HTML.
    Unsure,
    /// It is plain text, whatever it looks like.
    None,
}

/// Reads a normalised document, except for its dates, which the pass before it notes.
pub(super) fn read(text: &str, base: Option<&Url>) -> Result<Draft, String> {
    let parser = Builder::new()
        .base_uri(base.map(Url::as_str))
        .id_generator(|_, _, _| String::new())
        .sanitize_content(false)
        .timestamp_parser(|_| None)
        .build();
    match catch_unwind(AssertUnwindSafe(|| parser.parse(text.as_bytes()))) {
        Ok(Ok(feed)) => Ok(draft(feed)),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the parser panicked".to_owned()),
    }
}

fn draft(feed: model::Feed) -> Draft {
    let json = feed.feed_type == model::FeedType::JSON;
    let atom = feed.feed_type == model::FeedType::Atom;
    Draft {
        id: feed.id,
        title: feed.title.map(|title| text(title, atom)),
        links: feed.links.into_iter().map(link).collect(),
        language: feed.language,
        rights: feed.rights.map(|rights| text(rights, atom)),
        authors: feed.authors.into_iter().filter_map(person).collect(),
        entries: feed.entries.into_iter().map(|entry| draft_entry(entry, atom, json)).collect(),
    }
}

fn draft_entry(entry: model::Entry, atom: bool, json: bool) -> DraftEntry {
    let mut draft = DraftEntry {
        id: entry.id,
        title: entry.title.map(|title| text(title, atom || json)),
        links: entry.links.into_iter().map(link).collect(),
        summary: entry.summary.map(|summary| text(summary, atom || json)),
        content: entry.content.and_then(|content| {
            let kind = content.content_type;
            let markup = match kind.ty() == "text" && kind.subty() == "plain" {
                true if json => Markup::None,
                true => Markup::Unsure,
                false => Markup::Html,
            };
            content.body.map(|body| Text { body, markup })
        }),
        authors: entry.authors.into_iter().filter_map(person).collect(),
        categories: entry.categories.into_iter().map(|c| c.label.unwrap_or(c.term)).collect(),
        language: entry.language,
        rights: entry.rights.map(|rights| text(rights, atom)),
        ..DraftEntry::default()
    };
    for object in entry.media {
        take_media(&mut draft, object);
    }
    draft
}

fn take_media(draft: &mut DraftEntry, object: model::MediaObject) {
    for content in object.content {
        let Some(url) = content.url else { continue };
        let media_type = content.content_type.map(|kind| kind.to_string());
        let is_picture = match media_type.as_deref() {
            Some(kind) => kind.starts_with("image/"),
            None => is_picture_file(url.path()),
        };
        if is_picture {
            draft.pictures.push(url.into());
        } else {
            let link = Link {
                rel: "media".into(),
                href: url.into(),
                media_type,
                length: content.size,
                language: None,
            };
            draft.media.push(link);
        }
    }
    draft.pictures.extend(object.thumbnails.into_iter().map(|thumbnail| thumbnail.image.uri));
    draft.credits.extend(object.credits.into_iter().map(|credit| credit.entity));
    draft.media_title = draft.media_title.take().or(object.title.map(|title| title.content));
    draft.media_description =
        draft.media_description.take().or(object.description.map(|text| text.content));
}

/// Whether a file is a picture by the ending of its name.
fn is_picture_file(path: &str) -> bool {
    let ending = path.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let pictures = ["jpg", "jpeg", "png", "gif", "webp", "avif", "svg", "bmp", "tif", "tiff"];
    ending.is_some_and(|ending| pictures.contains(&&*ending))
}

/// A text; its type counts only where the format states one.
fn text(text: model::Text, typed: bool) -> Text {
    let is_plain = typed && text.content_type.subty() == "plain";
    Text { body: text.content, markup: if is_plain { Markup::Unsure } else { Markup::Html } }
}

fn link(link: model::Link) -> Link {
    Link {
        rel: link.rel.unwrap_or_default().trim().to_ascii_lowercase(),
        href: link.href,
        media_type: link.media_type,
        length: link.length,
        language: link.href_lang,
    }
}

/// A person's name; RSS gives an address with the name in brackets, or a name alone.
fn person(person: model::Person) -> Option<String> {
    let stated = match person.name.as_str() {
        // Names that feed-rs makes up where the document gives none.
        "author" | "managingEditor" | "webMaster" | "unknown" | "" => {
            person.email.or(person.uri).unwrap_or_default()
        }
        _ => person.name,
    };
    Some(stated).filter(|name| !name.trim().is_empty())
}
